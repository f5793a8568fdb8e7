#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""`relaysim client` as who uses it expects it: waiting for a relay, strangers.

Usage: client_program.py RELAYSIM
"""
import contextlib
import json
import socket
import unittest

from live import BOB, LiveTest, Relay, RELAYSIM, URL, run


class Client(LiveTest):
    def test_strangers(self):
        """Who listens has not failed when somebody comes who has no business there."""
        receiver = self.start([RELAYSIM, "client", "--listen", "127.0.0.1:0", "--device",
                               "dpp:///bob", "--receive", "--expect", "1"])
        address = receiver.stderr.readline().split()[1]
        host, port = address.split(":")
        for data in (b"", b"GET / HTTP/1.1\r\n\r\n", b"\x01"):
            with socket.create_connection((host, int(port))) as stranger:
                stranger.settimeout(20)
                stranger.sendall(data)
                stranger.shutdown(socket.SHUT_WR)
                with contextlib.suppress(ConnectionResetError):
                    while stranger.recv(1000):
                        pass
        self.check(run("client", "--relay", address, "--relay-url", "dpp:///bob", "--device",
                       "dpp:///alice", "--to", BOB + ",dpp:///bob", "--message", "x"), 0)
        stdout, stderr = receiver.communicate(timeout=20)
        self.assertEqual(receiver.returncode, 0, stderr)
        self.assertEqual(json.loads(stdout)["text"], "x")


if __name__ == "__main__":
    unittest.main()
