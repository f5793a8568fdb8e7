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
    NO_SOCKS = ("socks", "the proxy: connection refused")

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

    def test_socks_of_its_own(self):
        """Beside a proxy of HTTP, or alone."""
        http_proxy = self.proxy("connect", "ConnectPort 443")
        socks_proxy = self.proxy("socks")
        with Relay("--listen-443", "127.0.0.1:0", "--listen-http", "127.0.0.1:0") as relay:
            usual, other, http = relay.addresses
            socks = ["--socks-proxy", socks_proxy]
            at = ["--relay-443", other, "--relay-http", http]
            self.check_taken(self.auto(usual, *at, "--proxy", http_proxy, *socks),
                             [("connect", "the proxy answered 403")], "socks")
            self.check_taken(self.auto(reserved_address(), *at, "--proxy", http_proxy, *socks),
                             [("connect", "the proxy answered 403"),
                              ("socks", "the proxy says: connection refused")], "longlived")
            self.check(self.auto(usual, *at, *socks), 0, "^$")
            self.check(self.auto(reserved_address(), *at, *socks), 1, "connection refused$")

    def check_broken(self, proxy, failed, taken):
        """Through a proxy that breaks some of the ways; where that of SOCKS should be, is nobody."""
        with Relay("--listen-443", "127.0.0.1:0", "--listen-http", "127.0.0.1:0") as relay:
            usual, other, http = relay.addresses
            self.check_taken(self.auto(usual, "--proxy", proxy, "--relay-443", other, "--relay-http",
                                       http, "--socks-proxy", reserved_address()), failed, taken)

    def test_squid_that_breaks(self):
        """No tunnels; no bodies as long as LongLived says its own is; no bodies as long in answers; one
        encapsulation after the other."""
        no_tunnel = ["http_access deny CONNECT"]
        refused = [("connect", "the proxy answered 403"),
                   self.NO_SOCKS]
        kinds = {"longlived": "LongLived", "keepalive": "KeepAlive"}

        def denied(*names):
            return ["acl broken url_regex ConnType=(%s)" % "|".join(kinds[name] for name in names),
                    "http_access deny broken"]
        for lines, failed, taken in (
                ([], [], "connect"),
                (no_tunnel, refused, "longlived"),
                ([*no_tunnel, "request_body_max_size 64 KB"],
                 [*refused, ("longlived", "the proxy answered 413")], "keepalive"),
                ([*no_tunnel, "reply_body_max_size 64 KB all"],
                 [*refused, ("longlived", "the proxy answered 403")], "keepalive"),
                ([*no_tunnel, *denied("longlived")],
                 [*refused, ("longlived", "the proxy answered 403")], "keepalive"),
                ([*no_tunnel, *denied("longlived", "keepalive")],
                 [*refused, ("longlived", "the proxy answered 403"),
                  ("keepalive", "the proxy answered 403")], "polling")):
            with self.subTest(lines=lines):
                self.check_broken(self.start_squid("acl CONNECT method CONNECT", *lines,
                                                   "http_access allow all"), failed, taken)

    def test_tinyproxy_that_breaks(self):
        """It filters LongLived, and does not keep what KeepAlive needs to be kept."""
        self.write("filter", "ConnType=LongLived")
        self.check_broken(
            self.proxy("connect", "ConnectPort 1", 'Filter "%s"' % self.path("filter"), "FilterURLs On"),
            [("connect", "the proxy answered 403"), self.NO_SOCKS,
             ("longlived", "the proxy answered 403"),
             ("keepalive", "(the proxy closed the connection|"
              "the connection was lost before the answer)")], "polling")

    def test_all_broken(self):
        """Then it says of each way why it leads nowhere."""
        proxy = self.start_squid("http_access deny all")
        self.check(self.auto(reserved_address(), "--proxy", proxy, "--socks-proxy",
                             reserved_address()), 1,
                   "connect: the proxy answered 403; socks: the proxy: connection refused; "
                   "longlived: the proxy answered 403; keepalive: the proxy answered 403; "
                   "polling: the proxy answered 403$")

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
        self.check(run(*client, "--relay", "127.0.0.1:1", "--socks-proxy", "127.0.0.1:2"), 2,
                   "--socks-proxy is for --via auto")
        self.check(run(*client, "--relay", "127.0.0.1:1", "--socks-proxy", "nowhere", "--via", "auto"),
                   2, "nowhere is not an address and a port")
        self.check(run(*client, "--relay", "127.0.0.1:1", "--relay-443", "nowhere", "--via", "auto"),
                   2, "nowhere is not an address and a port")


if __name__ == "__main__":
    unittest.main()
