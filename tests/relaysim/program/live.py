#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The programs, live on loopback sockets: exit codes, sentences, captures.

Usage: live.py RELAYSIM
"""
import contextlib
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))

import raw  # noqa: E402  pylint: disable=wrong-import-position
from patience import PATIENCE, TIMEOUT  # noqa: E402  pylint: disable=wrong-import-position
import sstp_commands as sstp  # noqa: E402  pylint: disable=wrong-import-position
from reserved import reserved_address  # noqa: E402  pylint: disable=wrong-import-position

RELAYSIM = sys.argv.pop(1)
URL = "grooveDNS://relay1.example"
BOB = "grooveIdentity://bob"


def run(*arguments, timeout=PATIENCE, **options):
    return subprocess.run([RELAYSIM, *arguments], capture_output=True, text=True, timeout=timeout,
                          **options)


def commands_of(truth):
    """The commands in a truth file."""
    return [event for event in map(json.loads, truth) if event["event"] == "command"]


def ghost_lives(opened):
    """The answer to an Open of a relay that asks who is there."""
    return sstp.open_response(int.from_bytes(opened[3:7], "little"))


def as_nobody():
    """tshark started by root warns on stderr, and should not be."""
    if os.getuid() == 0:
        return ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
    return []


class Proxy:
    """Carries bytes to an address, and cuts each connection after so many of them."""

    def __init__(self, address, num_bytes):
        host, port = address.split(":")
        self.target, self.num_bytes, self.num_carried = (host, int(port)), num_bytes, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.accept)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        # Nothing else wakes it up everywhere.
        self.target = None
        socket.create_connection(self.listener.getsockname()).close()
        self.thread.join()
        self.listener.close()

    def accept(self):
        while True:
            peer, _ = self.listener.accept()
            if self.target is None:
                peer.close()
                return
            self.num_carried += 1
            with peer, contextlib.suppress(ConnectionError), \
                    socket.create_connection(self.target) as other:
                self.carry(peer, other)

    def carry(self, one, other):
        left = self.num_bytes
        while True:
            for source in select.select([one, other], [], [], 0.1)[0]:
                data = source.recv(min(left, 10000))
                if not data:
                    return
                (other if source is one else one).sendall(data)
                left -= len(data)
                time.sleep(0.005)  # for the acknowledgements to come before the cut
            if left == 0 or self.target is None:
                return


class Relay:
    """A relay on a free port, ended by SIGTERM; its stderr is in `log`."""

    def __init__(self, *arguments, url=URL, address="127.0.0.1:0", **options):
        self.url = url
        self.process = subprocess.Popen(
            [RELAYSIM, "relay", "--url", url, "--listen", address, *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
        ready = self.process.stdout.readline().split()
        assert ready and ready[0] == "ready", ready
        self.address, self.addresses = ready[1], ready[1:]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.stop()

    def lives_as_long_as(self, test):
        """At the most: it ends with the test, whatever becomes of that."""
        for cleanup in (self.process.stderr.close, self.process.stdout.close, self.process.wait,
                        self.process.kill):
            test.addCleanup(cleanup)
        return self

    def counters(self):
        """What it has done so far."""
        self.process.send_signal(signal.SIGUSR1)
        return json.loads(self.process.stdout.readline())

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        self.last, self.log = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode

    def client_arguments(self, *arguments, device="dpp:///alice"):
        return [RELAYSIM, "client", "--relay", self.address, "--relay-url", self.url, "--device",
                device, *arguments]

    def client(self, *arguments, device="dpp:///alice", **options):
        if not any(argument.startswith("--timeout") for argument in arguments):
            arguments += ("--timeout", TIMEOUT)  # a sender's own is shorter
        return run(*self.client_arguments(*arguments, device=device)[1:], **options)

    def receive(self, number, *arguments, timeout=TIMEOUT, **options):
        return self.client("--identity", BOB, "--receive", "--expect", str(number),
                           "--timeout", timeout, *arguments, device="dpp:///bob", **options)


class LiveTest(unittest.TestCase):
    """A folder of its own, and what tests of programs have in common."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="relaysim-")
        os.chmod(self.folder, 0o755)
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def await_true(self, condition, what):
        end = time.monotonic() + PATIENCE
        while not condition():
            self.assertLess(time.monotonic(), end, what)
            time.sleep(0.02)

    def check(self, result, code, stderr="^"):
        self.assertEqual(result.returncode, code, result.stderr)
        self.assertRegex(result.stderr, stderr)
        if code != 0:
            for line in result.stderr.splitlines():
                self.assertRegex(line, "^relaysim: ")

    def check_capture(self, path, initiators=None):
        """capinfos and tshark read it without complaint."""
        os.chmod(path, 0o644)
        capinfos = subprocess.run(as_nobody() + ["capinfos", path], capture_output=True, text=True,
                                  check=True)
        self.assertEqual(capinfos.stderr, "")
        self.assertRegex(capinfos.stdout, r"Strict time order: +True")
        self.assertRegex(capinfos.stdout, r"Capture application: relaysim ")
        tshark = subprocess.run(
            as_nobody() + ["tshark", "-r", path, "-o", "tcp.check_checksum:TRUE", "-o",
                           "ip.check_checksum:TRUE", "-o", "tcp.analyze_sequence_numbers:TRUE",
                           "-Y", "tcp.analysis.flags || tcp.checksum.status == 0 || "
                           "ip.checksum.status == 0 || _ws.malformed"],
            capture_output=True, text=True, check=True, env={**os.environ, "HOME": self.folder})
        self.assertEqual(tshark.stdout, "")

    def await_whole(self, path, size=1):
        """A capture is written a little after what it tells of, and may be in the middle of it:
        until there are so many bytes, and whole packets."""
        self.await_true(lambda: os.path.getsize(path) >= size and not subprocess.run(
            ["capinfos", path], capture_output=True, check=False).stderr, path)

    def check_judged_clean(self, path):
        """The plugin finds SSTP in it, and nothing to complain of.  (Where the build has a
        plugin that tshark can load.)"""
        if "GRVSSTP_BUILD_DIR" not in os.environ:
            return
        import tshark  # pylint: disable=import-outside-toplevel
        with tshark.Wireshark() as wireshark:
            frames = wireshark.dissect(path)
        self.assertGreater(sum(len(frame.commands) for frame in frames), 10)
        bad = [(frame.number, expert) for frame in frames for expert in frame.experts
               if expert[1] in ("warning", "error")]
        self.assertEqual(bad, [])

    def streams(self, path):
        """The bytes of each direction of each TCP stream of a capture."""
        out = subprocess.run(
            as_nobody() + ["tshark", "-r", path, "-Y", "tcp.len > 0", "-T", "fields", "-e",
                           "tcp.stream", "-e", "ip.src", "-e", "tcp.payload"],
            capture_output=True, text=True, check=True, env={**os.environ, "HOME": self.folder})
        streams = {}
        for line in out.stdout.splitlines():
            stream, source, payload = line.split("\t")
            side = "initiator" if source.startswith("192.0.2.") else "acceptor"
            key = (int(stream), side)
            streams[key] = streams.get(key, b"") + bytes.fromhex(payload)
        return streams

    def start(self, arguments, **options):
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        process = subprocess.Popen(arguments, text=True, **options)
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                self.addCleanup(pipe.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process


class Live(LiveTest):
    def test_through_the_relay(self):
        capture, truth = self.path("relay.pcapng"), self.path("relay.json")
        with Relay("-w", capture, "--truth", truth) as relay:
            sent = relay.client("--to", BOB, "--message", "Hello, Bob", "--messages=3", "-w",
                                self.path("client.pcapng"))
            self.check(sent, 0, "^$")
            self.assertEqual(sent.stdout, "")
            self.await_whole(capture, 1000)
            self.check_capture(capture)  # while it grows
            received = relay.receive(3)
            self.check(received, 0)
            lines = [json.loads(line) for line in received.stdout.splitlines()]
            self.assertEqual([line["text"] for line in lines], ["Hello, Bob"] * 3)
            self.assertEqual([line["user_ref"] for line in lines],
                             ["relaysim-1", "relaysim-2", "relaysim-3"])
            self.assertEqual(lines[0]["identity"], BOB)
            # They were acknowledged, and come no second time.
            self.check(relay.client("--identity", BOB, "--receive", "--expect", "1", "--timeout",
                                    "1", device="dpp:///bob"), 1, "0 of 1 messages came")
            self.assertEqual(relay.stop(), 0)
        self.check_capture(capture)
        self.check_capture(self.path("client.pcapng"))
        self.check_judged_clean(capture)
        with open(truth, encoding="ascii") as file:
            commands = commands_of(file)
        self.assertEqual({command["from"] for command in commands}, {"acceptor"})
        self.assertIn("RegisterResponse", {command["command"] for command in commands})

    def test_binary_and_large(self):
        content = bytes(range(256)) * 1000
        with open(self.path("file"), "wb") as file:
            file.write(content)
        with Relay() as relay:
            self.check(relay.client("--to", BOB + ",dpp:///bob", "--file", self.path("file")), 0)
            self.check(relay.client("--to", BOB, "--size", "1000000", "--messages", "20"), 0)
            received = relay.receive(21)
            self.check(received, 0)
            lines = [json.loads(line) for line in received.stdout.splitlines()]
            sizes = sorted(line["size"] for line in lines)
            self.assertEqual(sizes, [256000] + [1000000] * 20)
            self.assertEqual([line["device"] for line in lines if "base64" in line],
                             ["dpp:///bob"])

    def test_delivered_at_once(self):
        with Relay() as relay:
            receiver = subprocess.Popen(
                [RELAYSIM, "client", "--relay", relay.address, "--relay-url", URL, "--device",
                 "dpp:///bob", "--identity", BOB, "--receive", "--expect", "1", "-v"],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            self.assertRegex(receiver.stderr.readline(), "ready")
            self.check(relay.client("--to", BOB, "--message", "now"), 0)
            stdout, _ = receiver.communicate(timeout=PATIENCE)
            self.assertEqual(json.loads(stdout)["text"], "now")
            self.assertEqual(receiver.returncode, 0)

    def test_fanout(self):
        with Relay("--lock-out", "grooveIdentity://mallory") as relay:
            self.check(relay.client("--to", BOB, "--to", "grooveIdentity://carl", "--message",
                                    "both"), 0)
            self.check(relay.receive(1), 0)
            self.check(relay.client("--to", BOB, "--to", "grooveIdentity://mallory", "--message",
                                    "one"), 1, "mallory is no longer a recipient: LockedOut")
            self.check(relay.client("--to", BOB + ",,grooveDNS://elsewhere", "--message", "x"), 1,
                       "bob is no longer a recipient: DNSLookupFailed")
        with Relay("--no-single-hop") as relay:
            self.check(relay.client("--to", BOB + ",,grooveDNS://elsewhere", "--message", "x"), 1,
                       "the session was refused: FanoutNotSupported")

    def test_through_two_relays(self):
        """relay1 to relay2 and relay3, over one connection each, and what becomes of it."""
        two_url, three_url = "grooveDNS://relay2.example", "grooveDNS://relay3.example"
        carl, dora = "grooveIdentity://carl", "grooveIdentity://dora"
        mallory = "grooveIdentity://mallory"
        captures = {name: self.path(name) for name in ("one.pcapng", "two.pcapng")}
        with Relay("-w", captures["two.pcapng"], "--lock-out", mallory, url=two_url) as two, \
                Relay(url=three_url) as three, \
                Relay("--peer", two_url + "=" + two.address, "--peer",
                      three_url + "=" + three.address, "--peer",
                      "grooveDNS://gone.example=127.0.0.1:1",
                      "-w", captures["one.pcapng"]) as one:
            for text in ("first", "second"):
                self.check(one.client("--to", BOB, "--to", carl + ",," + two_url, "--to",
                                      dora + ",dpp:///dora," + three_url, "--message", text),
                           0, "^$")
            for relay, identity, device in ((one, BOB, "dpp:///bob"), (two, carl, "dpp:///carl"),
                                            (three, dora, "dpp:///dora")):
                received = relay.client("--identity", identity, "--receive", "--expect", "2",
                                        "--timeout", TIMEOUT, device=device)
                self.check(received, 0, "^$")
                lines = [json.loads(line)["text"] for line in received.stdout.splitlines()]
                self.assertEqual(lines, ["first", "second"])
            self.check(one.client("--to", BOB, "--to", carl + ",,grooveDNS://gone.example",
                                  "--message", "x"), 1, "carl is no longer a recipient: "
                       "HostNotReachable")
            # The last recipient of a session at another relay: it is told at once.
            self.check(one.client("--to", mallory + ",," + two_url, "--message", "x"), 1,
                       "mallory is no longer a recipient: LockedOut")
            two.stop()
            # Relay1 sees the ConnectClose; the next attempt finds nobody.
            self.check(one.client("--to", BOB, "--to", carl + ",," + two_url, "--message", "x"), 1,
                       "carl is no longer a recipient: HostNotReachable")
            self.assertEqual(one.stop(), 0)
        for capture in captures.values():
            self.check_capture(capture)
            self.check_judged_clean(capture)

    def test_device_to_device(self):
        receiver = subprocess.Popen(
            [RELAYSIM, "client", "--listen", "127.0.0.1:0", "--device", "dpp:///bob", "--receive",
             "--expect", "2"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        address = receiver.stderr.readline().split()[1]
        for _ in range(2):
            self.check(run("client", "--relay", address, "--relay-url", "dpp:///bob", "--device",
                           "dpp:///alice", "--to", BOB + ",dpp:///bob", "--message", "direct"), 0)
        stdout, stderr = receiver.communicate(timeout=PATIENCE)
        self.assertEqual(receiver.returncode, 0, stderr)
        self.assertEqual([json.loads(line)["text"] for line in stdout.splitlines()], ["direct"] * 2)

    def test_ends_with_connect_close(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with Relay() as relay:
                receiver = self.start(relay.client_arguments(
                    "--identity", BOB, "--receive", "-v", device="dpp:///bob"))
                self.assertRegex(receiver.stderr.readline(), "ready")
                self.assertEqual(relay.stop(number), 0)
                self.assertRegex(receiver.stderr.readline(),
                                 "the other side closed the connection: NoReason")
                receiver.send_signal(signal.SIGTERM)
                receiver.communicate(timeout=PATIENCE)
                self.assertEqual(receiver.returncode, 0)

    def open(self, name):
        """For what is too much for a pipe that nobody reads."""
        file = open(self.path(name), "w", encoding="utf-8")
        self.addCleanup(file.close)
        return file

    def lines(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read().splitlines()

    def test_connects_again_to_receive(self):
        """The relay is ended, and killed, and comes back: the receiver does, too."""
        address = reserved_address()
        with Relay(address=address) as relay:
            receiver = self.start(relay.client_arguments(
                "--identity", BOB, "--receive", "--expect", "3", "-v", device="dpp:///bob"))
            self.assertRegex(receiver.stderr.readline(), "ready")
            self.check(relay.client("--to", BOB, "--message", "0"), 0)
            self.assertEqual(json.loads(receiver.stdout.readline())["text"], "0")
            self.assertEqual(relay.stop(), 0)
        for n, number in enumerate((signal.SIGKILL, signal.SIGTERM), 1):
            with Relay(address=address) as relay:
                self.check(relay.client("--to", BOB, "--message", str(n)), 0)
                self.assertEqual(json.loads(receiver.stdout.readline())["text"], str(n))
                relay.stop(number)
        _, stderr = receiver.communicate(timeout=PATIENCE)
        self.assertEqual(receiver.returncode, 0, stderr)
        pauses = re.findall(r"trying again in (\S+) seconds", stderr)
        self.check_pause(pauses[0], 0.25)

    def check_pause(self, seconds, most):
        """Chance takes up to half of it off."""
        self.assertLessEqual(most / 2, float(seconds))
        self.assertLessEqual(float(seconds), most)

    def check_course(self, file, course):
        """The next lines of the log: words, or a pause."""
        for expected in course:
            line = file.readline()
            if isinstance(expected, float):
                self.assertRegex(line, r"trying again in \S+ seconds")
                self.check_pause(line.split()[-2], expected)
            else:
                self.assertRegex(line, expected)

    def check_all_came(self, lines, number):
        """In order; what was sent again may have come twice."""
        numbers = [int(json.loads(line)["user_ref"].removeprefix("relaysim-")) for line in lines]
        self.assertEqual(sorted(set(numbers)), list(range(1, number + 1)))
        first = list(dict.fromkeys(numbers))
        self.assertEqual(first, sorted(first))

    def test_crossed_connections(self):
        """The relay has not noticed that the client's last connection is gone."""
        with Relay("--connections-per-device", "1", "--auth", "off",
                   address=reserved_address()) as relay:
            receiver = self.start(relay.client_arguments("--identity", BOB, "--receive", "--expect",
                                                         "1", "-v", device="dpp:///bob"))
            self.assertRegex(receiver.stderr.readline(), "ready")
            receiver.send_signal(signal.SIGSTOP)
            relay.stop(signal.SIGKILL)
            with Relay("--connections-per-device", "1", "--auth", "off",
                       address=relay.address) as relay:
                ghost = raw.Raw(relay.address, 6, device="dpp:///bob")
                receiver.send_signal(signal.SIGCONT)
                self.check_course(receiver.stderr, ("connection was lost", 0.25))
                for pause in (0.5, 1.0):
                    ghost.send(ghost_lives(ghost.expect("Open")))
                    self.check_course(receiver.stderr, ("CrossedConnections", pause))
                ghost.socket.close()
                self.check(relay.client("--to", BOB, "--message", "x"), 0)
                _, stderr = receiver.communicate(timeout=PATIENCE)
                self.assertEqual(receiver.returncode, 0, stderr)

    def test_error_again_and_again(self):
        """A relay that always says so in the end: the client ends, too, but not at once."""
        def misunderstand(peer):
            with peer, raw.Raw.of(peer) as client:
                client.expect("Connect")
                client.send(sstp.connect_response(targets=[URL]))
                client.expect("Open")
                client.send(sstp.connect_close(3))
                client.end()
        with contextlib.closing(raw.FakeRelay(misunderstand)) as relay:
            sent = run("client", "--relay", relay.address, "--relay-url", URL, "--device",
                       "dpp:///alice", "--to", BOB, "--message", "x", "-v")
            self.assertEqual(sent.returncode, 1, sent.stderr)
            self.assertEqual(sent.stderr.count("trying again"), 5)
            self.assertRegex(sent.stderr.splitlines()[-1],
                             "^relaysim: the other side closed the connection: ProtocolError$")

    def test_silent_relay(self):
        """It answers Connect, and then nothing: ResponseTimeout, and another attempt where
        there has been a good one."""
        said = []

        def answer(peer):
            with peer, raw.Raw.of(peer) as client:
                client.expect("Connect")
                client.send(sstp.connect_response(targets=[URL]))
                if len(said) == 1:
                    client.send(sstp.attach_response(1))
                    client.expect("Register")
                    client.send(sstp.register_response(2))
                    said.append("ready")
                    time.sleep(0.1)
                else:
                    said.append(client.expect("ConnectClose")[3])
        with contextlib.closing(raw.FakeRelay(answer)) as relay:
            arguments = ["client", "--relay", relay.address, "--relay-url", URL, "--device",
                         "dpp:///bob", "--identity", BOB, "--receive", "--auth-timeout", "1.5"]
            self.check(run(*arguments), 1, "the other side did not answer")
            receiver = self.start([RELAYSIM, *arguments, "-v"])
            self.check_course(receiver.stderr, (
                "ready", "connection was lost", 0.25, "did not answer", 0.5, "did not answer",
                1.0))
            self.await_true(lambda: len(said) >= 4, said)
            receiver.send_signal(signal.SIGTERM)
            receiver.communicate(timeout=PATIENCE)
        self.assertEqual(said[:4], [8, "ready", 8, 8])  # ResponseTimeout

    def test_no_transport(self):
        """Nobody answers the SYN: the queue of a listener that accepts nobody is full."""
        with socket.socket() as full:
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            with socket.create_connection(full.getsockname()):
                address = "127.0.0.1:%d" % full.getsockname()[1]
                self.check(run("client", "--relay", address, "--relay-url", URL, "--device",
                               "dpp:///alice", "--to", BOB, "--message", "x",
                               "--transport-timeout", "0.3"), 1,
                           "cannot connect to .*: there was no answer in time")

    def test_sends_again(self):
        """A connection that breaks every now and then: all messages arrive."""
        with Relay() as relay, Proxy(relay.address, 300000) as proxy:
            sent = run("client", "--relay", proxy.address, "--relay-url", URL, "--device",
                       "dpp:///alice", "--to", BOB, "--size", "2000", "--messages", "500", "-v")
            self.check(sent, 0)
            self.assertGreater(proxy.num_carried, 2)
            self.assertRegex(sent.stderr, "the connection was lost")
            received = relay.receive(relay.counters()["messages_in"])
            self.check(received, 0)
            self.check_all_came(received.stdout.splitlines(), 500)

    def test_receives_again(self):
        with Relay() as relay, Proxy(relay.address, 300000) as proxy:
            self.check(relay.client("--to", BOB, "--size", "2000", "--messages", "500"), 0)
            receiver = self.start([RELAYSIM, "client", "--relay", proxy.address, "--relay-url",
                                   URL, "--device", "dpp:///bob", "--identity", BOB, "--receive"],
                                  stdout=self.open("received"))
            self.await_true(lambda: relay.counters()["messages_stored"] == 0, "all are taken")
            receiver.send_signal(signal.SIGTERM)
            _, stderr = receiver.communicate(timeout=PATIENCE)
            self.assertEqual(receiver.returncode, 0, stderr)
            self.assertGreater(proxy.num_carried, 2)
            self.check_all_came(self.lines("received"), 500)

    def test_device_to_device_again(self):
        receiver = self.start([RELAYSIM, "client", "--listen", "127.0.0.1:0", "--device",
                               "dpp:///bob", "--receive"], stdout=self.open("received"))
        address = receiver.stderr.readline().split()[1]
        with Proxy(address, 300000) as proxy:
            self.check(run("client", "--relay", proxy.address, "--relay-url", "dpp:///bob",
                           "--device", "dpp:///alice", "--to", BOB + ",dpp:///bob", "--size",
                           "2000", "--messages", "500"), 0)
            self.assertGreater(proxy.num_carried, 2)
        receiver.send_signal(signal.SIGTERM)
        _, stderr = receiver.communicate(timeout=PATIENCE)
        self.assertEqual(receiver.returncode, 0, stderr)
        self.check_all_came(self.lines("received"), 500)

    def test_listening_sender(self):
        """Who listens sends to the device that comes, and goes on when it comes back."""
        sender = self.start([RELAYSIM, "client", "--listen", "127.0.0.1:0", "--device",
                             "dpp:///alice", "--to", BOB + ",dpp:///bob", "--size", "2000",
                             "--messages", "500"])
        address = sender.stderr.readline().split()[1]
        with Proxy(address, 300000) as proxy:
            receiver = self.start([RELAYSIM, "client", "--relay", proxy.address, "--relay-url",
                                   "dpp:///alice", "--device", "dpp:///bob", "--receive"],
                                  stdout=self.open("received"))
            _, stderr = sender.communicate(timeout=PATIENCE)
            self.assertEqual(sender.returncode, 0, stderr)
            receiver.send_signal(signal.SIGTERM)
            receiver.communicate(timeout=PATIENCE)
            self.assertGreater(proxy.num_carried, 2)
            self.check_all_came(self.lines("received"), 500)

    def test_refused(self):
        with Relay("--auth", "required", "--max-connections", "1") as relay:
            self.check(relay.client("--to", BOB, "--message", "x"), 1,
                       "the connection was refused: AuthenticationFailed")
            self.check(run("client", "--relay", relay.address, "--relay-url", URL + "x",
                           "--device", "dpp:///alice", "--to", BOB, "--message", "x"), 1,
                       "the connection was refused: WrongDevice")
            self.check(relay.receive(0, timeout="3"), 0)
            self.check(relay.client("--identity", BOB, "--receive", device="dpp:///bob",
                                    env={**os.environ, "RELAYSIM_SECRET": "wrong"}), 1,
                       "the connection was refused: AuthenticationFailed")
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            address = "127.0.0.1:%d" % taken.getsockname()[1]
            self.check(run("client", "--relay", address, "--relay-url", URL, "--device",
                           "dpp:///alice", "--to", BOB, "--message", "x"), 1,
                       "cannot connect to .*: connection refused")
            taken.listen()
            self.check(run("relay", "--url", URL, "--listen", address), 1, "cannot listen on")

    def test_no_answer(self):
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            address = "127.0.0.1:%d" % silent.getsockname()[1]
            self.check(run("client", "--relay", address, "--relay-url", URL, "--device",
                           "dpp:///alice", "--to", BOB, "--message", "x", "--timeout=1"), 1,
                       "time is up: 0 of 1 messages were acknowledged")

    def test_stalled_peer(self):
        """A peer that takes nothing any more does not keep a client whose time is up."""
        with Relay() as relay:
            sender = subprocess.Popen(
                [RELAYSIM, "client", "--relay", relay.address, "--relay-url", URL, "--device",
                 "dpp:///alice", "--to", BOB, "--size", "16000000", "--messages", "200",
                 "--timeout", "10", "-v"], stderr=subprocess.PIPE, text=True)
            self.assertRegex(sender.stderr.readline(), "ready")
            relay.process.send_signal(signal.SIGSTOP)
            try:
                _, stderr = sender.communicate(timeout=PATIENCE)
            finally:
                relay.process.send_signal(signal.SIGCONT)
                sender.kill()
            self.assertEqual(sender.returncode, 1)
            self.assertRegex(stderr, "time is up: ")

    def test_closed_standard_streams(self):
        """No socket takes their place, and what cannot be printed is not acknowledged."""
        with Relay() as relay:
            client = [RELAYSIM, "client", "--relay", relay.address, "--relay-url", URL]
            send = client + ["--device", "dpp:///alice", "--to", BOB, "--message", "x"]
            receive = client + ["--device", "dpp:///bob", "--identity", BOB, "--receive",
                                "--expect", "1", "--timeout", TIMEOUT]
            for redirections, arguments, code in (("<&- >&- 2>&-", send, 0), (">&-", receive, 1)):
                with self.subTest(redirections=redirections):
                    result = subprocess.run(["sh", "-c", 'exec "$@" ' + redirections, "sh",
                                             *arguments], timeout=PATIENCE,
                                            stderr=subprocess.DEVNULL)
                    self.assertEqual(result.returncode, code)
            self.check(relay.receive(1), 0)

    def test_beyond_ascii(self):
        with Relay() as relay:
            self.check(relay.client("--to", BOB, "--message", "Gr\u00fc\u00dfe",
                                    env={**os.environ, "LC_ALL": "C"}), 0)
            self.assertEqual(json.loads(relay.receive(1).stdout)["text"], "Gr\u00fc\u00dfe")

    def test_counters(self):
        """As JSON, at SIGUSR1 and at the end."""
        with Relay() as relay:
            counters = relay.counters()
            self.assertLess(counters.pop("uptime"), 300)
            self.assertLess(abs(counters.pop("t") - time.time()), 300)
            at_first = counters.pop("memory")
            self.assertEqual(set(counters.values()), {0})
            self.check(relay.client("--to", BOB, "--message", "x", "--messages", "3"), 0)
            counters = relay.counters()
            self.assertGreater(counters.pop("bytes_in"), 200)
            self.assertGreater(counters.pop("bytes_out"), 50)
            # Three messages are stored; a thousandth of what the program itself takes.
            self.assertLess(abs(counters.pop("memory") - at_first), 1000000)
            self.assertGreater(at_first, 10000)
            del counters["t"], counters["uptime"]
            self.assertEqual(counters, {
                "connections": 1, "connections_open": 0, "sessions": 1, "messages_in": 3,
                "messages_delivered": 0, "messages_forwarded": 0, "messages_discarded": 0,
                "messages_stored": 3, "acks_sent": 3, "acks_received": 0})
            self.check(relay.receive(2), 0)
            self.assertEqual(relay.stop(), 0)
            last = json.loads(relay.last)
            self.assertEqual(last["messages_delivered"] + last["messages_stored"], 3)
            self.assertEqual(last["connections"], 2)
        with open("/dev/full", "w", encoding="ascii") as full:
            relay = subprocess.Popen([RELAYSIM, "relay", "--url", URL, "--listen", "127.0.0.1:0"],
                                     stdout=full, stderr=subprocess.PIPE, text=True)
            relay.send_signal(signal.SIGTERM)
            relay.communicate(timeout=PATIENCE)
            self.assertNotEqual(relay.returncode, 0)

    def test_timers_and_limits(self):
        """The options reach the relay: a few whose effect is seen from outside."""
        with Relay("--connect-timeout", "0.2", "--max-half-open", "2") as relay:
            host, port = relay.address.split(":")
            peers = [socket.create_connection((host, int(port))) for _ in range(4)]
            for peer in peers:
                peer.settimeout(PATIENCE)
                with contextlib.suppress(ConnectionResetError):
                    self.assertEqual(peer.recv(100), b"")
                peer.close()
        with Relay("--max-fanout", "2", "--max-message", "1000", "--auth-timeout", "0",
                   "--max-events", "1") as relay:
            self.check(relay.client("--to", BOB, "--to", "grooveIdentity://carl", "--message", "x"),
                       0)
            self.check(relay.client("--to", BOB, "--to", "grooveIdentity://carl", "--to",
                                    "grooveIdentity://dora", "--message", "x"), 1,
                       "the session was refused: Unknown")
            self.check(relay.client("--to", BOB, "--size", "1001"), 1,
                       "the session was closed: QuotaWouldBeExceeded")
            self.check(relay.client("--to", BOB, "--size", "1000"), 0)
            # Its Attach is one, so that there is no room for a Register.
            self.check(relay.receive(1), 1, "the relay ended the registration")
        with Relay("--max-events", "2") as relay:
            self.check(relay.receive(0, timeout="3"), 0)

    def test_hostile_bytes(self):
        with Relay() as relay:
            host, port = relay.address.split(":")
            for data in (b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01" + bytes(200), b"\xff" * 5000):
                with socket.create_connection((host, int(port))) as peer:
                    peer.settimeout(PATIENCE)
                    peer.sendall(data)
                    answer = b""
                    try:
                        while chunk := peer.recv(1000):
                            answer += chunk
                    except ConnectionResetError:
                        pass
                    # ConnectClose, 8 bytes, ProtocolError
                    self.assertEqual(answer, bytes.fromhex("0408000300000000"))
            self.check(relay.client("--to", BOB, "--message", "still there"), 0)
            self.assertEqual(relay.stop(), 0)

    def test_large_both_ways(self):
        """Neither end waits for the other to take its message first."""
        size = ["--size", "16000000", "--messages", "2"]
        with Relay() as relay:
            sent = relay.client("--to", BOB, *size)
            self.check(sent, 0)
            both = relay.client("--to", "grooveIdentity://alice", *size, "--identity", BOB,
                                "--receive", "--expect", "2", "--timeout", TIMEOUT,
                                device="dpp:///bob")
            self.check(both, 0)
            self.assertEqual(len(both.stdout.splitlines()), 2)

    def test_usage(self):
        """Exit code 2 and one sentence."""
        client = ["client", "--relay", "127.0.0.1:1", "--relay-url", URL, "--device", "dpp:///a"]
        peer = ["client", "--relay", "127.0.0.1:1", "--relay-url", "dpp:///b", "--device",
                "dpp:///a"]
        rows = [
            ([], "a subcommand is needed"),
            (["nonsense"], "there is no subcommand \"nonsense\""),
            (["scenario"], "the name of a scenario or of a file is needed"),
            (["relay"], "--url is needed"),
            (["relay", "--url", URL, "--nonsense"], "--nonsense"),
            (["relay", "--url="], "--url is a device URL"),
            (["relay", "--url", "dpp:///x"], "--url is a device URL"),
            (["relay", "--url", URL, "word"], "no argument such as \"word\""),
            (["relay", "--url", URL, "--listen", "nowhere"], "is not an address and a port"),
            (["relay", "--url", URL, "--listen", "127.0.0.1:65536"], "is not an address"),
            (["relay", "--url", URL, "--store", "/nonexistent/x.db"],
             "the store /nonexistent/x.db cannot be opened: No such file"),
            (["relay", "--url", URL, "--store", "/"], "the store / cannot be opened: Is a dir"),
            (["relay", "--url", URL, "--auth", "maybe"], "--auth is off, optional or required"),
            (["relay", "--url", URL, "--sstp-version", "2.0"], "--sstp-version is 1.5 or 1.6"),
            (["relay", "--url", URL, "--listen-443", "nowhere"],
             "--listen-443 nowhere is not an address and a port"),
            (["relay", "--url", URL, "--listen-http", "x"], "--listen-http x is not an address and"),
            (["relay", "--url", URL, "--peer", "a=b"], "--peer is URL=ADDR:PORT"),
            (["relay", "--url", URL, "--peer", "grooveDNS://b=b"], "--peer is URL=ADDR:PORT"),
            (["relay", "--url", URL, "--peer", "grooveDNS://b"], "--peer is URL=ADDR:PORT"),
            (["relay", "--url", URL, "--peer", URL + "=127.0.0.1:1"], "which is this relay"),
            (["relay", "--url", URL, "--peer", "grooveDNS://b=127.0.0.1:1", "--peer",
              "grooveDNS://b=127.0.0.1:2"], "another --peer already"),
            (["relay", "--url", URL, "--max-connections", "0"], "--max-connections is a number from 1 to"),
            (["relay", "--url", URL, "--max-fanout", "65536"], "to 65535"),
            (["relay", "--url", URL, "--open-timeout", "0"], "--open-timeout is a number of"),
            (["relay", "--url", URL, "--max-cached", "0"], "--max-cached is a number of bytes from 1 to"),
            (["relay", "--url", URL, "--peer-idle", "-1"], "(0: never), not -1"),
            (["relay", "--url", URL, "--ack-delay", "nan"], "--ack-delay is a number of"),
            (["relay", "--url", URL, "--ack-delay", "x"], "--ack-delay"),
            (["relay", "--url", URL, "-w", "/nonexistent/x"], "cannot write /nonexistent/x"),
            (client, "nothing to do"),
            (client + ["--message", "x"], "--to is needed"),
            (client + ["--to", BOB, "--receive", "--identity", BOB], "--lines is needed"),
            (client + ["--message", "x", "--to", BOB, "--expect", "1"], "--expect needs"),
            (client + ["--message", "x", "--to", "bob"], "--to is IDENTITY"),
            (peer + ["--message", "x", "--to", BOB, "--to", BOB], "a peer device takes a single"),
            (peer + ["--message", "x", "--to", BOB + ",," + URL], "a peer device takes a single"),
            (["client", "--listen", "127.0.0.1:0", "--relay-url", URL, "--device", "dpp:///a",
              "--message", "x", "--to", BOB, "--to", BOB], "a peer device takes a single"),
            (client + ["--message", "x", "--to", BOB, "--auth-timeout", "-1"], "--auth-timeout is"),
            (client + ["--message", "x", "--to", BOB, "--transport-timeout", "0"],
             "--transport-timeout is"),
            (client + ["--message", "x", "--to", BOB + ",phone"], "--to is IDENTITY"),
            (client + ["--message", "x", "--size", "5", "--to", BOB], "exclude each other"),
            (client + ["--lines", "--file", "-", "--to", BOB], "exclude each other"),
            (client + ["--lines", "--messages", "2", "--to", BOB], "--lines has many"),
            (client + ["--receive", "--identity", BOB, "--ttl", "0"], "--ttl is for what is sent"),
            (client + ["--receive", "--identity", BOB, "--rate", "1"], "--rate is for what is"),
            (["client", "--listen", "127.0.0.1:0", "--device", "dpp:///a", "--receive", "--retry",
              "1"], "--retry is for who connects"),
            (["client", "--relay", "127.0.0.1:1", "--relay-url", "http://x", "--device",
              "dpp:///a", "--receive", "--identity", BOB], "--relay-url is a relay's URL"),
            (client + ["--message", "x", "--to", BOB, "--messages", "0"], "--messages is a num"),
            (client + ["--message", "x", "--to", BOB, "--account", ""], "--account is a URL"),
            (client + ["--message", "x", "--to", BOB, "--resource", "a\nb"], "--resource is a URL"),
            (client + ["--message", "x", "--to", BOB, "--resource", "r" * 901],
             "a URL of --resource has 901 characters: at most 900 have room"),
            (client + ["--message", "x", "--to", BOB, "--account", "r" * 901],
             "a URL of --account has 901 characters"),
            (client + ["--message", "x", "--to", BOB + ",dpp:///" + "x" * 2048],
             "a URL of --to has 2055 characters"),
            (["client", "--relay", "127.0.0.1:1", "--relay-url", URL, "--device",
              "dpp:///" + "x" * 2041, "--message", "x", "--to", BOB],
             "a URL of --device has 2048 characters"),
            (["client", "--relay", "127.0.0.1:1", "--relay-url", URL + "x" * 900, "--device",
              "dpp:///a", "--message", "x", "--to", BOB], "a URL of --relay-url has 926 char"),
            (["relay", "--url", URL, "--url", URL + "x" * 948],
             "the device URLs of --url have 1002 characters, with one more for each"),
            (["relay", "--url", URL, "--peer", "grooveDNS://" + "x" * 900 + "=127.0.0.1:1"],
             "a URL of --peer has 912 characters"),
            (["bench", "--relay", "127.0.0.1:1", "--relay-url", URL + "x" * 900],
             "a URL of --relay-url has 926 characters"),
            (client + ["--message", "x", "--to", BOB, "--inbound-idle", "-1"], "--inbound-idle is"),
            (["demo", "-w", self.path("same"), "--truth", self.path("same")],
             "are the same file"),
            (client + ["--file", "/nonexistent", "--to", BOB], "/nonexistent"),
            (client + ["--receive"], "--identity is needed"),
            (client + ["--receive", "--identity", "bob"], "--identity is a URL"),
            (client + ["--via", "polling", "--receive", "--identity", BOB], "--via is "),
            (client + ["--proxy", "127.0.0.1:8080"], "--proxy is for --via connect"),
            (client + ["--via", "socks"], "--proxy ADDR:PORT is needed"),
            (client + ["--via", "socks", "--proxy", "proxy.example:80", "--message", "x", "--to",
                       BOB], "proxy.example:80 is not an address and a port"),
            (["client", "--relay", "relay1.example", "--relay-url", URL, "--device", "dpp:///a",
              "--via", "connect", "--proxy", "127.0.0.1:8080"],
             "relay1.example is not a name or address and a port"),
            (["client", "--listen", "127.0.0.1:0", "--device", "dpp:///a", "--via", "connect",
              "--proxy", "127.0.0.1:8080"], "--via is for who connects"),
            (client + ["--via", "443", "--proxy", "127.0.0.1:8080"], "--proxy is for --via connect"),
            (client + ["--listen", "127.0.0.1:0"], "either --relay"),
            (["client", "--device", "dpp:///a", "--receive"], "either --relay"),
            (["client", "--relay", "127.0.0.1:1", "--device", "dpp:///a"], "--relay-url is needed"),
            (["client", "--listen", "127.0.0.1:0", "--receive"], "--device is needed"),
            (["demo", "-w", "/nonexistent/x"], "cannot write /nonexistent/x"),
        ]
        for arguments, sentence in rows:
            with self.subTest(arguments=arguments):
                result = run(*arguments)
                self.check(result, 2, re.escape(sentence))
                self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
                self.assertEqual(result.stdout, "")

    def test_longest_names(self):
        """They have room in every command on the way, tokens included."""
        url, device, account = ("%s%s" % (head, "x" * (900 - len(head)))
                                for head in ("grooveDNS://", "dpp:///", "grooveAccount://"))
        with Relay("--auth", "required", url=url) as relay:
            self.check(relay.client("--identity", "grooveIdentity://alice", "--account", account,
                                    "--to", BOB + "," + device, "--resource", "r" * 900,
                                    "--message", "x", device=device), 0)
            self.check(relay.client("--identity", BOB, "--receive", "--expect", "1", "--account",
                                    account, "--resource", "r" * 900, "--timeout", TIMEOUT,
                                    device=device), 0)

    def test_help_and_version(self):
        for arguments in (["--help"], ["relay", "--help"], ["client", "--help"],
                          ["demo", "--help"], ["bench", "--help"], ["scenario", "--help"]):
            result = run(*arguments)
            self.check(result, 0, "^$")
            self.assertRegex(result.stdout, "Usage:")
            with open("/dev/full", "w", encoding="ascii") as full:
                result = subprocess.run([RELAYSIM, *arguments], stdout=full, text=True,
                                        stderr=subprocess.PIPE, timeout=PATIENCE)
                self.check(result, 1, "stdout could not be written")
        for arguments in (["--version"], ["relay", "--version"], ["client", "--version"],
                          ["demo", "--version"], ["bench", "--version"], ["scenario", "--version"]):
            result = run(*arguments)
            self.check(result, 0, "^$")
            self.assertRegex(result.stdout, r"^relaysim \d+\.\d+")

    def test_demo(self):
        """The tour: all 18 commands, and the truth is what the bytes say."""
        capture, truth = self.path("demo.pcapng"), self.path("demo.json")
        result = run("demo", "-w", capture, "--truth=" + truth, timeout=PATIENCE)
        self.check(result, 0, "^$")
        self.check_capture(capture)
        with open(truth, encoding="ascii") as file:
            commands = commands_of(file)
        self.assertEqual(len({command["command"] for command in commands}), 18)
        self.assertEqual([command["t"] for command in commands],
                         sorted(command["t"] for command in commands))
        # The lengths of the commands add up to the bytes of each direction.
        streams = self.streams(capture)
        lengths = {key: 0 for key in streams}
        for command in commands:
            key = (command["stream"], command["from"])
            at, length = lengths[key], command["command.length"]
            self.assertEqual(streams[key][at + 1] | streams[key][at + 2] << 8, length)
            if command["command"] == "Data":
                self.assertEqual(streams[key][at + 7:at + length].hex(), command["data"])
            lengths[key] += length
        self.assertEqual(lengths, {key: len(data) for key, data in streams.items()})
        fields = {name for command in commands for name in command}
        for name in ("message.ttl", "message.reserved1", "message.reserved2",
                     "message.fragment.offset", "message.session_size", "connect.retry_time",
                     "connect_close.return_time", "session_status.index", "failover_device_urls",
                     "registration_token"):
            self.assertIn(name, fields)

    def test_demo_is_the_same(self):
        """What the tour says is the same each time; when a relay opens and closes the
        sessions of its deliveries depends on who is faster."""
        scripted = {"Connect", "ConnectResponse", "Attach", "Register", "FanoutOpen", "Message",
                    "Data"}
        passing = {"t", "message_count", "stream", "session", "session_id", "event_id"}
        told = []
        for name in ("one.json", "two.json"):
            self.check(run("demo", "--truth", self.path(name), timeout=PATIENCE), 0)
            with open(self.path(name), encoding="ascii") as file:
                commands = commands_of(file)
            told.append(sorted(json.dumps({key: value for key, value in command.items()
                                           if key not in passing}, sort_keys=True)
                               for command in commands if command["command"] in scripted))
        self.assertGreater(len(told[0]), 200)
        self.assertEqual(told[0], told[1])


if __name__ == "__main__":
    unittest.main()
