#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A client as a program: relays that are strangers or not there, and signals.

Usage: client_program.py RELAYSIM
"""
import contextlib
import fcntl
import json
import os
import re
import signal
import socket
import subprocess
import termios
import unittest

import raw
import sstp_commands as sstp
from live import BOB, RELAYSIM, URL, LiveTest, Relay, client_at, run
from patience import PATIENCE, TIMEOUT
from reserved import reserved_address

CONNECTED = ("Connect", sstp.connect_response(targets=[URL]))
ATTACHED = ("Attach", sstp.attach_response(1))


def refuse(response, **fields):
    return "Connect", sstp.join([sstp.connect_response(response, **fields), sstp.connect_close()])


def play(turns):
    """A relay that answers each of these commands with that, and then waits for the end."""
    def behaviour(peer):
        with peer, raw.Raw.of(peer) as client:
            for name, answer in turns:
                client.expect(name)
                client.send(answer)
            client.end()
    return contextlib.closing(raw.FakeRelay(behaviour))


def send_to(relay, *arguments, **options):
    return run("client", "--relay", relay.address, "--relay-url", URL, "--device", "dpp:///alice",
               "--to", BOB, *arguments, **options)


def receive_from(relay, *arguments, **options):
    return run("client", "--relay", relay.address, "--relay-url", URL, "--device", "dpp:///bob",
               "--identity", BOB, "--receive", "--timeout", TIMEOUT, *arguments, **options)


class Client(LiveTest):
    def test_strangers(self):
        """Who listens has not failed when somebody comes who has no business there."""
        receiver = self.start([RELAYSIM, "client", "--listen", "127.0.0.1:0", "--device",
                               "dpp:///bob", "--receive", "--expect", "1"])
        address = receiver.stderr.readline().split()[1]
        host, port = address.split(":")
        for data in (b"", b"GET / HTTP/1.1\r\n\r\n", b"\x01"):
            with socket.create_connection((host, int(port))) as stranger:
                stranger.settimeout(PATIENCE)
                stranger.sendall(data)
                stranger.shutdown(socket.SHUT_WR)
                with contextlib.suppress(ConnectionResetError):
                    while stranger.recv(1000):
                        pass
        self.check(run("client", "--relay", address, "--relay-url", "dpp:///bob", "--device",
                       "dpp:///alice", "--to", BOB + ",dpp:///bob", "--message", "x"), 0)
        stdout, stderr = receiver.communicate(timeout=PATIENCE)
        self.assertEqual(receiver.returncode, 0, stderr)
        self.assertEqual(json.loads(stdout)["text"], "x")

    def test_sends_to_who_speaks(self):
        """A stranger who came first and says nothing, or a device that leaves, keeps nothing."""
        def receive(device, *arguments):
            return self.start([RELAYSIM, "client", "--relay", address, "--relay-url",
                               "dpp:///alice", "--device", device, "--receive", "-v", *arguments])
        for is_silent in (True, False):
            with self.subTest(is_silent=is_silent):
                sender = self.start([RELAYSIM, "client", "--listen", "127.0.0.1:0", "--device",
                                     "dpp:///alice", "--to", BOB + ",dpp:///bob", "--lines"],
                                    stdin=subprocess.PIPE)
                address = sender.stderr.readline().split()[1]
                host, port = address.split(":")
                if is_silent:
                    with socket.create_connection((host, int(port))):
                        receiver = receive("dpp:///bob", "--expect", "1")
                        stdout, stderr = sender.communicate("x\n", timeout=PATIENCE)
                else:
                    first = receive("dpp:///bob", "--expect", "1")
                    self.assertIn("ready", first.stderr.readline())
                    receiver = receive("dpp:///bob", "--expect", "1")
                    self.assertIn("ready", receiver.stderr.readline())
                    sender.stdin.write("x\n")
                    sender.stdin.flush()
                    came = first.communicate(timeout=PATIENCE)[0]
                    self.assertEqual(json.loads(came)["text"], "x")
                    stdout, stderr = sender.communicate("y\n", timeout=PATIENCE)
                self.assertEqual((sender.returncode, stdout), (0, ""), stderr)
                received = receiver.communicate(timeout=PATIENCE)[0]
                self.assertEqual(json.loads(received)["text"], "x" if is_silent else "y")

    def test_nobody_is_left(self):
        """The last recipient is lost: it ends then, and not when its time is up."""
        with Relay("--lock-out", BOB) as relay:
            for to, reason in ((BOB + ",,grooveDNS://elsewhere", "DNSLookupFailed"),
                               (BOB + ",," + URL, "LockedOut")):
                sent = relay.client("--to", to, "--message", "x", "--messages", "3", "--timeout",
                                    "0")
                self.check(sent, 1, "bob is no longer a recipient: " + reason)

    def test_reasons(self):
        """What the other side said is in the sentence, by its name or its number."""
        rows = [
            (send_to, [refuse(9)],
             "^relaysim: the connection was refused: ConnectRejected \\(see its --lock-out\\)$"),
            (send_to, [refuse(2, retry_time=7)],
             "the connection was refused: TryLater, again in 7 seconds \\(.*--max-connections\\)$"),
            (send_to, [("Connect", sstp.connect_close(9))],
             "the other side closed the connection: Rejected$"),
            (send_to, [CONNECTED, ("Open", sstp.connect_close(0x77))],
             "the other side closed the connection: 0x77, which has no name$"),
            (receive_from, [CONNECTED, ("Attach", sstp.attach_response(1, 1))],
             "the relay rejected the account: AttachRejected$"),
            (receive_from, [CONNECTED, ("Attach", sstp.attach_response(1, 2))],
             "the relay rejected the account: AccountUnknown$"),
            (receive_from, [CONNECTED, ("Attach", sstp.close(1, 5))],
             "the relay ended the registration: UserAuthenticationFailed \\(.*--account.*\\)$"),
            (receive_from, [CONNECTED, ATTACHED, ("Register", sstp.close(2, 0x0d))],
             "the relay ended the registration: InternalError \\(.* 1000 identities.*\\)$"),
            # After the answer to it: nothing will come any more.
            (receive_from, [CONNECTED, ATTACHED, ("Register", sstp.join(
                [sstp.register_response(2), sstp.close(2, 5)]))],
             "the registration was closed: UserAuthenticationFailed$"),
            (send_to, [CONNECTED, ("Open", sstp.open_response(1, 4))],
             "the session was refused: NoResource$"),
            (send_to, [CONNECTED, ("Open", sstp.join(
                [sstp.open_response(1), sstp.close(1, 0x0b)]))],
             "the session was closed: QuotaWouldBeExceeded \\(.*--quota.*\\)$"),
            (send_to, [CONNECTED, ("Open", sstp.join(
                [sstp.open_response(1), sstp.close(1, 0x77)]))],
             "the session was closed: 0x77, which has no name$"),
        ]
        for function, turns, sentence in rows:
            with self.subTest(sentence=sentence), play(turns) as relay:
                sent = function(relay, *(("--message", "x") if function is send_to else ()))
                self.check(sent, 1, sentence)
                self.assertEqual(len(sent.stderr.splitlines()), 1, sent.stderr)


class Retry(LiveTest):
    """A relay that is not there yet."""

    def test_comes_later(self):
        address = reserved_address()
        sender = self.start(client_at(address, "--to", BOB, "--message", "x", "--retry", TIMEOUT,
                                      "-v"))
        for words in ("cannot connect to .*: connection refused", "trying again in 0") * 2:
            self.assertRegex(sender.stderr.readline(), words)
        with Relay(address=address) as relay:
            _, stderr = sender.communicate(timeout=PATIENCE)
            self.assertEqual(sender.returncode, 0, stderr)
            self.check(relay.receive(1), 0)

    def test_try_later(self):
        """As long as it has asked for, also where it breaks off without its ConnectClose."""
        for last in (sstp.connect_close(), b""):
            answers = [[sstp.connect_response(2, retry_time=1), last]]

            def behaviour(peer, answers=answers):
                with peer, raw.Raw.of(peer) as client:
                    client.expect("Connect")
                    client.send(*(answers.pop() if answers else
                                  [sstp.connect_response(targets=[URL]), sstp.connect_close(9)]))
            with self.subTest(last=last), \
                    contextlib.closing(raw.FakeRelay(behaviour)) as relay:
                sent = send_to(relay, "--message", "x", "--retry", "60", "-v")
                self.assertEqual(sent.returncode, 1)
                pause, = re.findall("trying again in (.*) seconds", sent.stderr)
                self.assertLessEqual(1, float(pause))
                self.assertLessEqual(float(pause), 1.25)
                self.assertRegex(sent.stderr, "Rejected$")

    def test_gives_up(self):
        sent = subprocess.run(client_at(reserved_address(), "--to", BOB, "--message", "x",
                                        "--retry", "0.4"), capture_output=True, text=True,
                              timeout=PATIENCE, check=False)
        self.check(sent, 1, "^relaysim: cannot connect to .*: connection refused$")
        # It would be too late.
        with play([refuse(2, retry_time=100)]) as relay:
            self.check(send_to(relay, "--message", "x", "--retry", "10"), 1,
                       "^relaysim: the connection was refused: TryLater, again in 100 seconds \\(")


class Signals(LiveTest):
    def ready(self, relay, *arguments, **options):
        """A receiver; its messages go to a file, for a terminal is no place to look for them."""
        with open(self.path("messages"), "w", encoding="ascii") as file:
            receiver = self.start(relay.client_arguments("--identity", BOB, "--receive", "-v",
                                                         *arguments, device="dpp:///bob"),
                                  stdout=file, **options)
        self.assertRegex(receiver.stderr.readline(), "ready")
        return receiver

    def test_terminal_is_closed(self):
        """When it closes, the client ends in order."""
        with Relay("-v") as relay:
            master, slave = os.openpty()

            def take_terminal():
                os.setsid()
                fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            receiver = self.ready(relay, stdin=slave, preexec_fn=take_terminal)
            os.close(slave)
            os.close(master)
            self.assertEqual(receiver.wait(timeout=PATIENCE), 0)
            relay.stop()
            self.assertRegex(relay.log, "NoReason")

    def test_second(self):
        """Different ones, for both to come while it sleeps."""
        with Relay() as relay:
            receiver = self.ready(relay)
            for number in (signal.SIGSTOP, signal.SIGTERM, signal.SIGINT, signal.SIGCONT):
                receiver.send_signal(number)
            self.assertEqual(receiver.wait(timeout=PATIENCE), 1)
            self.assertRegex(receiver.stderr.read(),
                             "relaysim: ended at once by a second signal\n$")

    def test_hangup_unfinished(self):
        with Relay() as relay:
            receiver = self.ready(relay, "--expect", "1")
            receiver.send_signal(signal.SIGHUP)
            self.assertEqual(receiver.wait(timeout=PATIENCE), 1)
            self.assertRegex(receiver.stderr.read(), "relaysim: interrupted\n$")

    def test_nohup(self):
        with Relay() as relay:
            receiver = self.ready(relay, "--expect", "1", preexec_fn=lambda: signal.signal(
                signal.SIGHUP, signal.SIG_IGN))
            receiver.send_signal(signal.SIGHUP)
            self.check(relay.client("--to", BOB, "--message", "x"), 0)
            self.assertEqual(receiver.wait(timeout=PATIENCE), 0)


if __name__ == "__main__":
    unittest.main()
