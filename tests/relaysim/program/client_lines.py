#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a client reads and prints.

Usage: client_lines.py RELAYSIM
"""
import datetime
import json
import os
import re
import select
import signal
import subprocess
import time
import unittest

from live import BOB, RELAYSIM, URL, LiveTest, Proxy, Relay, client_at, run
from patience import PATIENCE, TIMEOUT
from reserved import reserved_address


class Lines(LiveTest):
    """--lines, and --file -."""

    def send(self, relay, data, *arguments):
        return subprocess.run(relay.client_arguments("--to", BOB, "--lines", *arguments),
                              input=data, capture_output=True, timeout=PATIENCE, check=False)

    def test_bytes(self):
        """Whatever a line is made of, with and without a newline at the end."""
        for end in (b"", b"\n"):
            with self.subTest(end=end), Relay() as relay:
                sent = self.send(relay, b"one\n\n\x00two\xff\r\n three" + end)
                self.assertEqual((sent.returncode, sent.stderr), (0, b""))
                received = relay.receive(4)
                self.check(received, 0)
                lines = [json.loads(line) for line in received.stdout.splitlines()]
                self.assertEqual([line.get("text", line.get("base64")) for line in lines],
                                 ["one", "", "AHR3b/8N", " three"])
                self.assertEqual([line["user_ref"] for line in lines],
                                 ["relaysim-%d" % n for n in range(1, 5)])

    def test_many(self):
        """They are read while earlier ones are acknowledged: none is lost, all are in order."""
        texts = ["line %d" % n for n in range(30000)]
        with Relay() as relay:
            sent = self.send(relay, "\n".join(texts).encode())
            self.assertEqual((sent.returncode, sent.stderr), (0, b""))
            received = relay.receive(len(texts), "--format", "text")
            self.check(received, 0)
            self.assertEqual([line.split("\t")[-1] for line in received.stdout.splitlines()],
                             texts)

    def test_as_they_come(self):
        """A line is sent when it is there; the end of the input is the end."""
        with Relay() as relay:
            receiver = self.start(relay.client_arguments(
                "--identity", BOB, "--receive", "--format", "text", device="dpp:///bob"))
            sender = self.start(relay.client_arguments("--to", BOB, "--lines"),
                                stdin=subprocess.PIPE)
            for word in ("one", "two"):
                sender.stdin.write(word + "\n")
                sender.stdin.flush()
                self.assertRegex(receiver.stdout.readline(), "\t%s\n$" % word)
            sender.stdin.close()
            self.assertEqual(sender.wait(timeout=PATIENCE), 0)

    def test_terminal(self):
        master, slave = os.openpty()
        with Relay() as relay, open(master, "wb", buffering=0) as terminal:
            sender = self.start(relay.client_arguments("--to", BOB, "--lines"), stdin=slave)
            os.close(slave)
            terminal.write(b"typed\n\x04")
            self.assertEqual(sender.wait(timeout=PATIENCE), 0)
            self.assertEqual(json.loads(relay.receive(1).stdout)["text"], "typed")

    def test_what_else_it_may_be(self):
        with Relay() as relay:
            arguments = relay.client_arguments("--to", BOB, "--lines")
            path = self.path("file")
            with open(path, "w", encoding="ascii") as file:
                file.write("a\nb\n")
            for name, code, stderr in ((path, 0, "^$"), ("/dev/null", 0, "^$"), (
                    self.folder, 1, "standard input cannot be read: Is a directory$")):
                descriptor = os.open(name, os.O_RDONLY)
                result = subprocess.run(arguments, stdin=descriptor, capture_output=True,
                                        text=True, timeout=PATIENCE, check=False)
                os.close(descriptor)
                self.check(result, code, stderr)
            self.check(relay.receive(2), 0)

    def test_too_long(self):
        """It is told, with the limit; what came before it is sent."""
        with Relay() as relay:
            sent = self.send(relay, b"one\ntwo\n" + bytes((16 << 20) + 1) + b"\nfour\n")
            self.assertEqual(sent.returncode, 1)
            self.assertEqual(sent.stderr, b"relaysim: line 3 of standard input is longer than the "
                             b"16777216 bytes of a message; it and all that follow are not sent\n")
            self.check(relay.receive(2), 0)

    def test_held_back(self):
        """Whoever writes is held back while the relay takes nothing."""
        line = b"x" * 99999 + b"\n"
        with Relay() as relay:
            sender = subprocess.Popen(relay.client_arguments("--to", BOB, "--lines", "--timeout",
                                                             TIMEOUT), stdin=subprocess.PIPE)
            relay.process.send_signal(signal.SIGSTOP)
            os.set_blocking(sender.stdin.fileno(), False)
            data, written = b"", 0
            # A second is long enough to be sure of it, and too short to make it fail.
            while written < 100 << 20 and select.select([], [sender.stdin], [], 1)[1]:
                data = data or line
                num = os.write(sender.stdin.fileno(), data)
                data, written = data[num:], written + num
            relay.process.send_signal(signal.SIGCONT)
            self.assertLess(written, 50 << 20)
            os.set_blocking(sender.stdin.fileno(), True)
            sender.stdin.write(data)
            sender.stdin.close()
            self.assertEqual(sender.wait(timeout=PATIENCE), 0)
            self.assertEqual(relay.counters()["messages_in"],
                             (written + len(data)) // len(line))

    def test_sent_again(self):
        """A connection that breaks every now and then: all lines arrive, in order."""
        texts = ["%d %s" % (n, "x" * 2000) for n in range(300)]
        with Relay() as relay, Proxy(relay.address, 300000) as proxy:
            sent = subprocess.run(client_at(proxy.address, "--to", BOB, "--lines", "-v"),
                                  input="\n".join(texts), capture_output=True, text=True,
                                  timeout=PATIENCE, check=False)
            self.assertEqual(sent.returncode, 0, sent.stderr)
            self.assertRegex(sent.stderr, "the connection was lost")
            number = relay.counters()["messages_in"]
            received = relay.receive(number)
            self.check(received, 0)
            came = [json.loads(line)["text"] for line in received.stdout.splitlines()]
            self.assertEqual(list(dict.fromkeys(came)), texts)

    def test_interrupted(self):
        """While it waits for a line, or for the relay."""
        with Relay() as relay:
            for at, words in ((relay.address, "ready"), (reserved_address(), "trying again")):
                sender = self.start(client_at(at, "--to", BOB, "--lines", "--retry", "100", "-v"),
                                    stdin=subprocess.PIPE)
                while not re.search(words, sender.stderr.readline()):
                    pass
                sender.send_signal(signal.SIGTERM)
                self.assertEqual(sender.wait(timeout=PATIENCE), 1)
                self.assertRegex(sender.stderr.read(), "relaysim: interrupted\n$")

    def test_file(self):
        """All of standard input, or of something that has no end."""
        with Relay() as relay:
            arguments = relay.client_arguments("--to", BOB, "--file")
            sent = subprocess.run(arguments + ["-"], input=b"one\n\x00\n", capture_output=True,
                                  timeout=PATIENCE, check=False)
            self.assertEqual((sent.returncode, sent.stderr), (0, b""))
            self.assertEqual(json.loads(relay.receive(1).stdout)["base64"], "b25lCgAK")
            for name, words in (
                    ("/dev/zero", "^relaysim: /dev/zero is longer than the 16 MiB of a message$"),
                    (self.folder, "^relaysim: cannot read .*: Is a directory$"),
                    ("/nonexistent", "^relaysim: cannot read /nonexistent: No such file")):
                self.check(run(*arguments[1:], name), 2, words)


class Sending(LiveTest):
    def lines(self, relay, number, *arguments):
        received = relay.receive(number, *arguments)
        self.check(received, 0)
        return [json.loads(line) for line in received.stdout.splitlines()]

    def test_flags(self):
        """As the receiver sees them."""
        rows = [((), 4, None), (("--ttl", "60"), 6, 60), (("--ttl", "0"), 6, 0),
                (("--ttl", "4294967295"), 6, 4294967295), (("--ack-immediately",), 4, None),
                (("--not-if-offline",), 5, None),
                (("--not-if-offline", "--ttl=9", "--ack-immediately"), 7, 9)]
        with Relay() as relay:
            for arguments, _, _ in rows:
                self.check(relay.client("--to", BOB, "--message", "x", *arguments), 0, "^$")
            lines = self.lines(relay, len(rows))
            self.assertEqual([(line["flags"], line.get("ttl")) for line in lines],
                             [row[1:] for row in rows])
            # The last one asks for its acknowledgement, unless all do.
            for arguments in ((), ("--ack-immediately",)):
                self.check(relay.client("--to", BOB, "--message", "x", "--messages", "3",
                                        *arguments), 0)
            self.assertEqual([line["flags"] for line in self.lines(relay, 6)], [0, 0, 4, 4, 4, 4])

    def test_discarded(self):
        """The relay acts on them."""
        for arguments in (("--ttl", "1"), ("--not-if-offline",)):
            with self.subTest(arguments=arguments), Relay("--offline-ttl", "0.2") as relay:
                self.check(relay.client("--to", BOB, "--message", "x", *arguments), 0)
                while relay.counters()["messages_discarded"] == 0:
                    pass
                self.check(relay.client("--to", BOB, "--message", "y"), 0)
                self.assertEqual(self.lines(relay, 1)[0]["text"], "y")

    def test_rate(self):
        """None goes before its time."""
        with Relay() as relay:
            truth = self.path("truth")
            self.check(relay.client("--to", BOB, "--message", "x", "--messages", "6", "--rate",
                                    "10", "--truth", truth), 0)
            with open(truth, encoding="ascii") as file:
                times = [event["t"] for event in map(json.loads, file)
                         if event["event"] == "message-sent"]
            self.assertEqual(len(times), 6)
            # What a busy machine was late with it may make up for, but for a tenth of a second.
            self.assertGreaterEqual(times[-1] - times[0], 0.38)
            self.check(relay.client("--to", BOB, "--message", "x", "--messages", "1000", "--rate",
                                    "1000000"), 0)

    def test_several_listen(self):
        receiver = self.start([RELAYSIM, "client", "--listen", "127.0.0.1:0", "--listen",
                               "127.0.0.2:0", "--device", "dpp:///bob", "--receive", "--expect",
                               "2", "--format", "text"])
        for host in ("127.0.0.1", "127.0.0.2"):
            address = receiver.stderr.readline().split()[1]
            self.assertEqual(address.split(":")[0], host)
            self.check(run("client", "--relay", address, "--relay-url", "dpp:///bob", "--device",
                           "dpp:///alice", "--to", BOB + ",dpp:///bob", "--message", host), 0)
            self.assertEqual(receiver.stdout.readline().rstrip("\n").split("\t")[1:],
                             ["dpp:///alice", BOB, "dpp:///bob", "apphandler", "relaysim-1", host])
        self.assertEqual(receiver.wait(timeout=PATIENCE), 0)


class Printing(LiveTest):
    def test_formats(self):
        """When it came and from where; text whose columns nothing can be taken for."""
        nasty = "tab\t newline\n escape\x1b[31m backslash\\ \u00fc"
        with Relay() as relay:
            for _ in range(2):
                self.check(relay.client("--to", BOB + ",dpp:///bob", "--message", nasty), 0)
            received = relay.receive(1)
            self.check(received, 0)
            line = json.loads(received.stdout)
            self.assertEqual(line["text"], nasty)
            self.assertEqual(line["from"], URL)
            self.assertIsNotNone(datetime.datetime.fromisoformat(line["received"]).tzinfo)
            received = relay.receive(1, "--format", "text")
            self.check(received, 0)
            self.assertEqual(received.stdout.count("\n"), 1)
            time, *columns = received.stdout.rstrip("\n").split("\t")
            self.assertIsNotNone(datetime.datetime.fromisoformat(time).tzinfo)
            self.assertEqual(columns, [
                URL, BOB, "dpp:///bob", "apphandler", "relaysim-1",
                "tab\\t newline\\n escape\\x1b[31m backslash\\\\ \u00fc"])

    def test_nobody_reads(self):
        """It goes on serving its connection, and can be ended; what was not written is not
        acknowledged."""
        with Relay() as relay:
            self.check(relay.client("--to", BOB, "--size", "100000", "--messages", "50"), 0)
            receiver = self.start(relay.client_arguments("--identity", BOB, "--receive", "-v",
                                                         device="dpp:///bob"))
            self.assertRegex(receiver.stderr.readline(), "ready")
            select.select([receiver.stdout], [], [], PATIENCE)
            receiver.send_signal(signal.SIGTERM)
            self.assertEqual(receiver.wait(timeout=PATIENCE), 0)
            self.check(relay.receive(50), 0)

    def test_stdout_fails(self):
        """One sentence, exit code 1, and the message stays with the relay."""
        with Relay() as relay:
            self.check(relay.client("--to", BOB, "--message", "x"), 0)
            with open("/dev/full", "w", encoding="ascii") as full:
                receiver = subprocess.run(
                    relay.client_arguments("--identity", BOB, "--receive", "--expect", "1",
                                           device="dpp:///bob"), stdout=full,
                    stderr=subprocess.PIPE, text=True, timeout=PATIENCE, check=False)
            self.check(receiver, 1, "^relaysim: the messages cannot be written to stdout: No space "
                       "left on device$")
            self.check(relay.receive(1), 0)

    def test_reader_ends_it(self):
        """What has been read is acknowledged, also when the client is ended by its reader."""
        with Relay() as relay:
            for _ in range(30):
                self.check(relay.client("--to", BOB, "--message", "once"), 0)
                receiver = self.start(relay.client_arguments("--identity", BOB, "--receive",
                                                             device="dpp:///bob"))
                self.assertRegex(receiver.stdout.readline(), "once")
                receiver.terminate()
                self.assertEqual(receiver.wait(timeout=PATIENCE), 0)
            self.assertEqual(relay.counters()["messages_stored"], 0)

    def test_reader_goes(self):
        """As head(1) does: noticed even while nothing comes."""
        with Relay() as relay:
            receiver = self.start(relay.client_arguments("--identity", BOB, "--receive", "-v",
                                                         device="dpp:///bob"))
            self.assertRegex(receiver.stderr.readline(), "ready")
            receiver.stdout.close()
            self.assertRegex(receiver.stderr.readline(),
                             "^relaysim: the messages cannot be written to stdout: Broken pipe$")
            self.assertEqual(receiver.wait(timeout=PATIENCE), 1)


if __name__ == "__main__":
    unittest.main()
