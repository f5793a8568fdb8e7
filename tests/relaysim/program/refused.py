#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What is refused, who does not answer, and bytes that nobody should send.

Usage: refused.py RELAYSIM
"""
import contextlib
import os
import signal
import socket
import subprocess
import unittest

from live import BOB, LiveTest, RELAYSIM, Relay, URL, run
from patience import PATIENCE, TIMEOUT


class Refused(LiveTest):
    def test_refused(self):
        with Relay("--auth", "required", "--max-connections", "1") as relay:
            self.check(relay.client("--to", BOB, "--message", "x"), 1,
                       "the connection was refused: AuthenticationFailed")
            self.check(run("client", "--relay", relay.address, "--relay-url", URL + "x",
                           "--device", "dpp:///alice", "--to", BOB, "--message", "x"), 1,
                       "the connection was refused: WrongDevice")
            self.attach(relay)
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
            self.attach(relay)

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


if __name__ == "__main__":
    unittest.main()
