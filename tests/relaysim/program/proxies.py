#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""`relaysim client --via`: on the port of SSL; through real proxies; and through some that do wrong.

Usage: proxies.py RELAYSIM
"""
import contextlib
import json
import os
import unittest

import raw
from live import BOB, Relay, URL, run
from patience import PATIENCE, TIMEOUT
from proxy_test import PROGRAMS, ProxyTest, SOON
from reserved import reserved_address

PORT_443, CONNECT, SOCKS = "1", "2", "3"  # sstp.encap


class Port443(ProxyTest):
    """Cleartext SSTP as if on the port of SSL: both sides' captures show it there."""

    def test_both_ways(self):
        with Relay("--listen-443", "127.0.0.1:0", "--listen", "127.0.0.1:0", "-w",
                   self.path("relay")) as relay:
            usual, other, address = relay.addresses
            sent = run("client", "--via", "443", "--relay", address, "--relay-url", URL, "--device",
                       "dpp:///alice", "--to", BOB, "--message", "small", "--timeout", TIMEOUT,
                       "-w", self.path("client"))
            self.check(sent, 0)
            self.assertEqual(relay.stop(), 0)
        self.assertEqual(len({usual, other, address}), 3)
        for name in ("relay", "client"):
            self.check_capture(self.path(name))
            self.check_shown(self.path(name), PORT_443)

    def test_doors(self):
        """Whoever comes to either door, meets those of the other."""
        with Relay("--listen-443", "127.0.0.1:0") as relay:
            self.check(relay.client("--to", BOB, "--message", "x"), 0)
            relay.address = relay.addresses[1]
            self.check(relay.receive(1, "--via", "443"), 0)


class Through(ProxyTest):
    def check_both_ways(self, via, encapsulation):
        """Much goes through, and what comes is what was sent; the capture shows the proxy."""
        proxy = self.proxy(via)
        with Relay() as relay:
            for name in ("127.0.0.1:", "localhost:"):
                at = name + relay.address.split(":")[1]
                self.check(self.send(via, proxy, at, "--size", "300000", "--messages", "20",
                                     "-w", self.path("capture"), "--truth", self.path("truth")), 0)
                received = self.client(via, proxy, at, "dpp:///bob", "--identity", BOB,
                                       "--receive", "--expect", "20")
                self.check(received, 0)
                lines = [json.loads(line) for line in received.stdout.splitlines()]
                self.assertEqual([line["size"] for line in lines], [300000] * 20)
            self.check(self.send(via, proxy, relay.address, "--message", "small",
                                 "-w", self.path("small"), "--truth", self.path("small.truth")), 0)
        self.check_capture(self.path("small"))
        self.check_shown(self.path("small"), encapsulation)

    def test_connect(self):
        self.check_both_ways("connect", CONNECT)

    def test_socks(self):
        self.check_both_ways("socks", SOCKS)

    def test_dante(self):
        """Its answers have the address that it connects from, and its user names are the system's."""
        proxy = self.start_dante()
        with Relay() as relay:
            for name in ("127.0.0.1:", "localhost:"):
                at = name + relay.address.split(":")[1]
                self.check(self.send("socks", proxy, at, "--size", "300000", "--messages", "5", "-w",
                                     self.path("capture"), "--truth", self.path("truth")), 0)
                self.check(self.client("socks", proxy, at, "dpp:///bob", "--identity", BOB,
                                       "--receive", "--expect", "5"), 0)
            self.check(self.send("socks", proxy, relay.address, "--message", "small",
                                 "-w", self.path("small"), "--truth", self.path("small.truth")), 0)
        self.check_capture(self.path("small"))
        self.check_shown(self.path("small"), SOCKS)
        self.check(self.send("socks", proxy, reserved_address(), "--message", "x"), 1,
                   "the proxy says: connection refused$")
        self.check(self.send("socks", proxy, "[::1]:1", "--message", "x"), 1,
                   "the proxy says: address type not supported$")

    def test_forwarding(self):
        """tinyproxy hands bodies on as they come, however long they say they are."""
        proxy = self.proxy("connect")
        with Relay("--listen-http", "127.0.0.1:0", *SOON) as relay:
            at = relay.addresses[1]
            for via in ("longlived", "polling"):
                self.check(self.send(via, proxy, at, "--size", "300000", "--messages", "5"), 0)
                self.check(self.client(via, proxy, at, "dpp:///bob", "--identity", BOB,
                                       "--receive", "--expect", "5"), 0)
            # But it ends both connections at the end of an answer's body: that of GET's
            # handshake, before or after POST's.
            self.check(self.send("keepalive", proxy, at, "--message", "x"), 1,
                       "(the proxy closed the connection|the connection was lost)$")


class Login(ProxyTest):
    """Who asks, and where nobody sees it."""
    PASSWORD = "open-sesame"

    def proxies(self):
        return (("connect", self.proxy("connect", "BasicAuth user " + self.PASSWORD)),
                ("socks", self.proxy("socks", "-u", "user", "-P", self.PASSWORD)))

    def ways(self):
        """Of telling it: the option, and the environment."""
        with open(self.path("login"), "w", encoding="ascii") as file:
            file.write("user:%s\n" % self.PASSWORD)
        os.chmod(self.path("login"), 0o600)
        variable = {**os.environ, "RELAYSIM_PROXY_PASSWORD": self.PASSWORD}
        return (("basic:user:" + self.PASSWORD, None), ("basic:user", variable),
                ("basic:@" + self.path("login"), None))

    def test_told(self):
        with Relay() as relay:
            for via, proxy in self.proxies():
                for login, environment in self.ways():
                    sent = self.send(via, proxy, relay.address, "--message", "x", "-v",
                                     "--truth", self.path("truth"), "--proxy-auth", login,
                                     env=environment)
                    self.check(sent, 0)
                    with open(self.path("truth"), encoding="ascii") as truth:
                        for text in (sent.stderr, truth.read()):
                            self.assertNotIn("sesame", text)

    def test_list_of_processes(self):
        """Once it runs, its arguments do not show the password."""
        for arguments in (["--proxy-auth", "basic:user:" + self.PASSWORD],
                          ["--proxy-auth=basic:user:" + self.PASSWORD]):
            process = self.start([*self.sender("connect", reserved_address(), "127.0.0.1:1"),
                                  "--retry", TIMEOUT, "-v", *arguments])
            process.stderr.readline()  # it has tried
            with open("/proc/%d/cmdline" % process.pid, "rb") as file:
                line = file.read()
            self.assertIn(b"--message", line)
            self.assertNotIn(b"sesame", line)
            self.assertNotIn(b"user", line)
            process.kill()
            process.wait()

    def test_wrong_use(self):
        client = ["client", "--relay", "127.0.0.1:1", "--relay-url", URL, "--device", "dpp:///a",
                  "--to", BOB, "--message", "x", "--proxy", "127.0.0.1:2", "--via"]
        with open(self.path("empty"), "w", encoding="ascii"):
            pass
        with open(self.path("long"), "w", encoding="ascii") as file:
            file.write("x" * 600)
        environment = {name: value for name, value in os.environ.items()
                       if name != "RELAYSIM_PROXY_PASSWORD"}
        for via, login, words in (
                ("connect", "basic", "--proxy-auth is basic or ntlm, a colon, and USER"),
                ("connect", "digest:sesame", "--proxy-auth is basic or ntlm, a colon, and USER"),
                ("connect", "basic:user", "--proxy-auth: there is no password"),
                ("connect", "basic::sesame", "--proxy-auth: the user for the proxy is empty"),
                ("connect", "basic:@/nonexistent", "/nonexistent cannot be read: No such file"),
                ("connect", "basic:@" + self.path("empty"), "cannot be read: it is empty"),
                ("connect", "basic:@" + self.path("long"), "its first line is too long"),
                ("connect", "ntlm:" + "x" * 129 + ":sesame", "at most 128 bytes each with NTLM"),
                ("socks", "ntlm:user:sesame", "--proxy-auth ntlm is for proxies of HTTP")):
            with self.subTest(via=via, login=login):
                result = run(*client, via, "--proxy-auth", login, env=environment)
                self.check(result, 2, words)
                self.assertNotIn("sesame", result.stderr)
        self.check(run(*client[:-3], "--proxy-auth", "basic:user:sesame"), 2,
                   "--proxy-auth is for a proxy: --proxy is needed")
        self.check(run(*client, "connect", "--proxy-auth", "basic:@" + self.path("long"), "-w",
                       self.path("long")), 2, "are the same file")


class Refused(ProxyTest):
    def test_forbidden(self):
        proxy = self.proxy("connect", "ConnectPort 443")
        with Relay() as relay:
            self.check(self.send("connect", proxy, relay.address, "--message", "x"), 1,
                       "cannot connect to %s: the proxy answered 403$" % relay.address)

    def test_authentication(self):
        self.check(self.send("connect", self.proxy("connect", "BasicAuth user password"),
                             "127.0.0.1:1", "--message", "x"), 1,
                   "the proxy answered 407: it wants to know who asks, and is not told$")
        self.check(self.send("socks", self.proxy("socks", "-u", "user", "-P", "password"),
                             "127.0.0.1:1", "--message", "x"), 1,
                   "the proxy wants to know who asks, and is not told$")

    def test_wrong_password(self):
        for via, proxy, words in (
                ("connect", self.proxy("connect", "BasicAuth user password"),
                 "the proxy answered 40[17]: it does not know this user, or not this password$"),
                ("socks", self.proxy("socks", "-u", "user", "-P", "password"),
                 "the proxy does not know this user, or not this password$")):
            self.check(self.send(via, proxy, "127.0.0.1:1", "--message", "x",
                                 "--proxy-auth", "basic:user:other"), 1, words)

    def test_ntlm_is_not_taken(self):
        self.check(self.send("connect", self.proxy("connect", "BasicAuth user password"),
                             "127.0.0.1:1", "--message", "x", "--proxy-auth", "ntlm:user:password"),
                   1, "the proxy answered 407: it does not take NTLM$")

    def test_no_relay(self):
        relay = reserved_address()
        self.check(self.send("connect", self.proxy("connect"), relay, "--message", "x"), 1,
                   "cannot connect to %s: the proxy answered 5[0-9][0-9]$" % relay)
        self.check(self.send("socks", self.proxy("socks"), relay, "--message", "x"), 1,
                   "cannot connect to %s: the proxy says: connection refused$" % relay)

    def test_no_proxy(self):
        for via in PROGRAMS:
            self.check(self.send(via, reserved_address(), "127.0.0.1:1", "--message", "x"), 1,
                       "cannot connect to 127.0.0.1:1: the proxy: connection refused$")

    def test_relay_comes_later(self):
        """Each attempt asks the proxy anew."""
        for via in PROGRAMS:
            proxy, address = self.proxy(via), reserved_address()
            sender = self.start([*self.sender(via, proxy, address), "--retry", TIMEOUT, "-v"])
            for words in ("cannot connect to .*: the proxy", "trying again in 0"):
                self.assertRegex(sender.stderr.readline(), words)
            with Relay(address=address) as relay:
                _, stderr = sender.communicate(timeout=PATIENCE)
                self.assertEqual(sender.returncode, 0, stderr)
                self.check(relay.receive(1), 0)


class Wrong(ProxyTest):
    """Proxies that are none."""

    def check_answer(self, via, answer, words, ends=True):
        def behaviour(peer):
            with peer:
                peer.recv(1000)
                peer.sendall(answer)
                if ends:
                    return
                with contextlib.suppress(ConnectionError):
                    while peer.recv(1000):
                        pass
        with contextlib.closing(raw.FakeRelay(behaviour)) as fake:
            self.check(self.send(via, fake.address, "relay1.example:2492", "--message", "x"), 1,
                       words)

    def test_answers(self):
        for via, answer, words in (
                ("connect", b"", "the proxy closed the connection$"),
                ("connect", b"HTTP/1.0 200", "the proxy closed the connection$"),
                ("connect", b"\x00" * 100, "the proxy's answer is none of HTTP$"),
                ("socks", b"", "the proxy closed the connection$"),
                ("socks", b"HTTP/1.0 400 Bad Request\r\n\r\n",
                 "the proxy's answer is none of SOCKS5$")):
            with self.subTest(via=via, answer=answer):
                self.check_answer(via, answer, words)

    def test_sstp_too_early(self):
        """Whoever speaks before our Connect breaks a rule of SSTP."""
        self.check_answer("connect", b"HTTP/1.0 200 OK\r\n\r\n" + b"\x07\x00\x10\x00\x00\x00\x00",
                          "the other side broke a rule of SSTP", ends=False)

    def test_silence(self):
        def behaviour(peer):
            with peer, contextlib.suppress(ConnectionError):
                while peer.recv(1000):
                    pass
        for via in PROGRAMS:
            with contextlib.closing(raw.FakeRelay(behaviour)) as fake:
                self.check(self.send(via, fake.address, "relay1.example:2492", "--message", "x",
                                     "--transport-timeout", "0.2"), 1,
                           "the proxy did not answer in time$")


if __name__ == "__main__":
    unittest.main()
