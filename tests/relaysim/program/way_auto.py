#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""`relaysim client --via auto`: the ways in the products' order, until one leads to the relay.

Usage: way_auto.py RELAYSIM
"""
import contextlib
import unittest

import raw
from live import BOB, RELAYSIM, Relay, URL, run
from patience import PATIENCE, TIMEOUT
from proxy_test import ProxyTest
from reserved import reserved_address


class Auto(ProxyTest):
    """The ways in the products' order, until one leads to the relay."""

    def auto(self, relay, *arguments):
        return run("client", "--via", "auto", "--relay-url", URL, "--device", "dpp:///alice",
                   "--to", BOB, "--message", "x", "--timeout", TIMEOUT, "--relay", relay, *arguments)

    def check_taken(self, result, failed, taken):
        """One line for each way that failed, with its reason, and one for the one that was taken."""
        self.check(result, 0)
        lines = result.stderr.splitlines()
        self.assertEqual(len(lines), len(failed) + 1, result.stderr)
        for line, (name, why) in zip(lines, failed):
            self.assertRegex(line, "^relaysim: no way by %s: %s; trying [a-z0-9]+$" % (name, why))
        self.assertEqual(lines[-1], "relaysim: the way to the relay is " + taken)

    def test_without_proxy(self):
        nobody = reserved_address()
        refused = "connection refused"
        with Relay("--listen-443", "127.0.0.1:0", "--listen-http", "127.0.0.1:0") as relay:
            usual, other, http = relay.addresses
            self.check_taken(self.auto(usual), [], "tcp")
            self.check_taken(self.auto(nobody, "--relay-443", other), [("tcp", refused)], "443")
            self.check_taken(self.auto(nobody, "--relay-443", nobody, "--relay-http", http),
                             [("tcp", refused), ("443", refused)], "longlived")

    def test_other_protocol(self):
        """Whoever is there and does not speak SSTP is no relay."""
        def behaviour(peer):
            with peer:
                peer.recv(1000)
                peer.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")
        with Relay("--listen-443", "127.0.0.1:0") as relay, \
                contextlib.closing(raw.FakeRelay(behaviour)) as fake:
            self.check_taken(self.auto(fake.address, "--relay-443", relay.addresses[1]),
                             [("tcp", "(what is there does not speak SSTP|"
                               "the connection was lost before the answer)")], "443")

    def test_through_a_proxy(self):
        nobody = reserved_address()
        _, proxy = self.own_proxy()
        with Relay("--listen-443", "127.0.0.1:0", "--listen-http", "127.0.0.1:0") as relay:
            usual, other, http = relay.addresses
            through = ["--proxy", proxy, "--relay-443"]
            refused = ("connect", "the proxy answered 502")
            self.check_taken(self.auto(usual, *through, other), [], "connect")
            self.check_taken(self.auto(usual, *through, nobody), [refused], "socks")
            self.check_taken(self.auto(nobody, *through, nobody, "--relay-http", http),
                             [refused, ("socks", "the proxy says: connection refused")],
                             "longlived")

    def test_through_a_real_proxy(self):
        """It takes no tunnel and no SOCKS, but forwards."""
        proxy = self.proxy("connect", "ConnectPort 443")
        with Relay("--listen-443", "127.0.0.1:0", "--listen-http", "127.0.0.1:0") as relay:
            usual, other, http = relay.addresses
            self.check_taken(self.auto(usual, "--proxy", proxy, "--relay-443", other,
                                       "--relay-http", http, "--transport-timeout", "5"),
                             [("connect", "the proxy answered 403"),
                              ("socks", "the proxy did not answer in time")], "longlived")

    def test_none(self):
        nobody = reserved_address()
        result = self.auto(nobody, "--relay-443", nobody, "--relay-http", nobody)
        self.check(result, 1, r"cannot connect to %s: tcp: connection refused; "
                   "443: connection refused; longlived: .*connection refused" % nobody)

    def test_again(self):
        """When the way that was taken is lost, it is the first to be tried, and then the others."""
        nobody = reserved_address()
        _, proxy = self.own_proxy()
        with Relay("--listen-443", "127.0.0.1:0") as relay:
            usual, other = relay.addresses
            receiver = self.start(
                [RELAYSIM, "client", "--via", "auto", "--proxy", proxy, "--relay", usual,
                 "--relay-443", nobody, "--relay-url", URL, "--device", "dpp:///bob", "--identity",
                 BOB, "--receive", "--expect", "1", "--timeout", TIMEOUT, "-v"])
            for words in ("no way by connect", "the way to the relay is socks", "ready"):
                self.assertRegex(receiver.stderr.readline(), words)
            self.assertEqual(relay.stop(), 0)
        with Relay(address=usual) as relay:
            self.check(relay.client("--to", BOB, "--message", "x"), 0)
            _, stderr = receiver.communicate(timeout=PATIENCE)
            self.assertEqual(receiver.returncode, 0, stderr)
            self.assertRegex(stderr, "the way to the relay is socks")

    def test_wrong_use(self):
        client = ["client", "--relay-url", URL, "--device", "dpp:///a", "--to", BOB, "--message",
                  "x"]
        self.check(run(*client, "--relay", "127.0.0.1:1", "--relay-443", "127.0.0.1:2"), 2,
                   "--relay-443 and --relay-http are for --via auto")
        self.check(run(*client, "--relay", "127.0.0.1:1", "--relay-443", "nowhere", "--via", "auto"),
                   2, "nowhere is not an address and a port")


if __name__ == "__main__":
    unittest.main()
