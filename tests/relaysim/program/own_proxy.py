#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""`relaysim proxy`, which needs nothing installed: clients that come through it, and relays.

Usage: own_proxy.py RELAYSIM
"""
import contextlib
import os
import socket
import unittest

from live import BOB, Relay, URL, run
from patience import PATIENCE, TIMEOUT
from proxy_test import ProxyTest, SOON
from reserved import reserved_address


class OwnProxy(ProxyTest):
    """`relaysim proxy`, which needs nothing installed."""
    FORWARDED = ("longlived", "keepalive", "polling")

    def test_through(self):
        """With a password and without; its capture shows both sides."""
        with Relay() as relay:
            named = "localhost:" + relay.address.split(":")[1]
            for auth, login, vias in (
                    ([], [], ("connect", "socks")),
                    (["--auth", "basic", "alice:sesame"], ["--proxy-auth", "basic:alice:sesame"],
                     ("connect", "socks")),
                    (["--auth", "ntlm", "alice:sesame"], ["--proxy-auth", "ntlm:A\\alice:sesame"],
                     ("connect",))):
                proxy, address = self.own_proxy(*auth, "-w", self.path("proxy"))
                for via in vias:
                    for at in (relay.address, named):
                        self.check(self.send(via, address, at, "--size", "300000", "--messages",
                                             "5", *login), 0)
                proxy.terminate()
                self.assertEqual(proxy.wait(PATIENCE), 0)
                self.check_capture(self.path("proxy"))
            self.check(relay.receive(50), 0)

    def test_forwarding(self):
        for auth, login in (([], []),
                            (["--auth", "basic", "alice:sesame"],
                             ["--proxy-auth", "basic:alice:sesame"]),
                            (["--auth", "ntlm", "alice:sesame"],
                             ["--proxy-auth", "ntlm:alice:sesame"])):
            _, proxy = self.own_proxy(*auth)
            for via in self.FORWARDED:
                with self.subTest(via=via, auth=auth), \
                        Relay("--listen-http", "127.0.0.1:0", *SOON) as relay:
                    at = relay.addresses[1]
                    self.check(self.send(via, proxy, at, "--size", "300000", "--messages", "5",
                                         *login), 0)
                    self.check(self.client(via, proxy, at, "dpp:///bob", "--identity", BOB,
                                           "--receive", "--expect", "5", *login), 0)

    def test_refused(self):
        _, address = self.own_proxy("--auth", "basic", "alice",
                                    env={**os.environ, "RELAYSIM_PROXY_PASSWORD": "sesame"})
        for via, words in (("connect", "the proxy answered 407: it does not know this user"),
                           ("socks", "the proxy does not know this user")):
            self.check(self.send(via, address, "127.0.0.1:1", "--message", "x", "--proxy-auth",
                                 "basic:alice:other"), 1, words)
        for via, words in (("connect", "the proxy answered 502$"),
                           ("socks", "the proxy says: connection refused$")):
            self.check(self.send(via, address, reserved_address(), "--message", "x",
                                 "--proxy-auth", "basic:alice:sesame"), 1, words)

    def test_list_of_processes(self):
        process, _ = self.own_proxy("--auth", "basic", "alice:sesame")
        with open("/proc/%d/cmdline" % process.pid, "rb") as file:
            line = file.read()
        self.assertIn(b"--auth", line)
        self.assertNotIn(b"sesame", line)

    def test_crowd(self):
        """Beyond --max-clients callers are closed, and who asks nothing does not stay."""
        _, address = self.own_proxy("--max-clients", "2", "--request-timeout", "0.2")
        host, port = address.split(":")
        with contextlib.ExitStack() as stack:
            peers = [stack.enter_context(socket.create_connection((host, int(port)), PATIENCE))
                     for _ in range(3)]
            for peer in peers:
                with contextlib.suppress(ConnectionError):
                    self.assertEqual(peer.recv(1000), b"")

    def test_killed(self):
        """A proxy that dies and comes back: everything arrives, as over a lost connection."""
        reserved = reserved_address()
        with Relay() as relay:
            sender = self.start([*self.sender("connect", reserved, relay.address), "--messages", "60",
                                 "--rate", "60", "--retry", TIMEOUT])
            for num in (1, 5, 9, 13):
                proxy, address = self.own_proxy("--listen", reserved)
                self.assertEqual(address, reserved)
                self.await_true(lambda: self.is_sending(sender, relay, num), "a few")
                proxy.kill()
                proxy.wait()
            self.own_proxy("--listen", reserved)
            _, stderr = sender.communicate(timeout=PATIENCE)
            self.assertEqual(sender.returncode, 0, stderr)
            received = relay.receive(60)
            self.check(received, 0)

    def is_sending(self, sender, relay, num):
        self.assertIsNone(sender.poll(), "the sender has ended")
        return relay.counters()["messages_in"] >= num

    def test_wrong_use(self):
        for arguments, words in (
                (["--listen", "nowhere"], "--listen nowhere is not an address and a port"),
                (["--auth", "digest", "a:sesame"], "--auth is basic or ntlm"),
                (["--auth", "basic"], "--auth has two words"),
                (["alice:sesame"], "--auth has two words"),
                (["--auth", "basic", "@/nonexistent"], "--auth: /nonexistent cannot be read")):
            result = run("proxy", *arguments)
            self.check(result, 2, words)
            self.assertNotIn("sesame", result.stderr)


class OtherRelays(ProxyTest):
    """A relay that reaches another one through a proxy."""
    OTHER = "grooveDNS://relay2.example"

    def check_reached(self, way, proxy, address, *arguments):
        with Relay("--peer", "%s=%s" % (self.OTHER, address), "--peer-proxy",
                   "%s=%s:%s" % (self.OTHER, way, proxy), "-v", *arguments) as relay:
            return relay.client("--to", BOB + ",," + self.OTHER, "--to",
                                "grooveIdentity://carol,,%s" % URL, "--message", "x")

    def test_through(self):
        _, proxy = self.own_proxy("--auth", "basic", "alice:sesame")
        with Relay(url=self.OTHER) as other:
            for way, host in (("connect", "127.0.0.1"), ("socks", "localhost")):
                at = host + ":" + other.address.split(":")[1]
                self.check(self.check_reached(way, proxy, at, "--proxy-auth",
                                              "basic:alice:sesame"), 0)
            self.check(other.receive(2), 0)

    def test_over_http(self):
        """The encapsulations, forwarded: each message over a connection of its own."""
        _, proxy = self.own_proxy("--auth", "basic", "alice:sesame")
        ways = ("longlived", "keepalive", "polling")
        with Relay("--listen-http", "127.0.0.1:0", *SOON, url=self.OTHER) as other:
            at = other.addresses[1]
            for way in ways:
                self.check(self.check_reached(way, proxy, at, "--proxy-auth",
                                              "basic:alice:sesame"), 0)
            self.check(other.receive(len(ways)), 0)

    def test_over_http_long(self):
        """What one LongLived connection does not carry is lost as with any connection: the sender is
        told, and what was acknowledged has come."""
        _, proxy = self.own_proxy()
        with Relay("--listen-http", "127.0.0.1:0", *SOON, url=self.OTHER) as other, \
                Relay("--peer", "%s=%s" % (self.OTHER, other.addresses[1]), "--peer-proxy",
                      "%s=longlived:%s" % (self.OTHER, proxy), "--longlived-limit", "8000") as relay:
            to = ["--to", BOB + ",," + self.OTHER, "--to", "grooveIdentity://carol,,%s" % URL]
            for size, code, words in ((1000, 0, "^$"), (7000, 1, "bob is no longer a recipient"),
                                      (1000, 0, "^$")):
                self.check(relay.client(*to, "--size", str(size), "--messages", "2"), code, words)
            self.check(other.receive(4), 0)

    def test_not_let_in(self):
        """The sender is told that the other relay is not reached."""
        _, proxy = self.own_proxy("--auth", "basic", "alice:sesame")
        with Relay(url=self.OTHER) as other:
            result = self.check_reached("connect", proxy, other.address)
            self.assertRegex(result.stderr, "HostNotReachable")
            self.assertEqual(other.counters()["messages_in"], 0)

    def test_wrong_use(self):
        relay, peer = ["relay", "--url", URL], ["--peer", self.OTHER + "=127.0.0.1:1"]
        proxy = ["--peer-proxy", self.OTHER + "=connect:127.0.0.1:2"]
        for arguments, words in (
                (["--peer-proxy", self.OTHER + "=127.0.0.1:2"], "--peer-proxy is URL=connect:"),
                (["--peer-proxy", self.OTHER + "=connect:nowhere:2"], "--peer-proxy is URL=connect:"),
                (proxy, "--peer-proxy names %s, which is no --peer" % self.OTHER),
                ([*peer, *proxy, *proxy], "or has a proxy already"),
                (["--peer", self.OTHER + "=relay2.example:1"], "without a proxy"),
                (["--peer", "grooveDNS://a,b=127.0.0.1:1", "--peer-proxy",
                  "grooveDNS://a,b=polling:127.0.0.1:2"], "cannot be asked for over HTTP"),
                ([*peer, "--proxy-auth", "basic:a:sesame"], "--peer-proxy is needed"),
                ([*peer, *proxy, "--proxy-auth", "digest:a:sesame"], "--proxy-auth is basic or"),
                ([*peer, "--peer-proxy", self.OTHER + "=socks:127.0.0.1:2", "--proxy-auth",
                  "ntlm:a:sesame"], "--proxy-auth ntlm is for proxies of HTTP")):
            result = run(*relay, *arguments)
            self.check(result, 2, words)
            self.assertNotIn("sesame", result.stderr)


if __name__ == "__main__":
    unittest.main()
