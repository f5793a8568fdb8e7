#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""`relaysim client --via`: on the port of SSL; through real proxies: tinyproxy, which is asked with
CONNECT, and microsocks, which speaks SOCKS5; and through some that do wrong.

Usage: proxies.py RELAYSIM
"""
import contextlib
import json
import os
import shutil
import socket
import unittest

import raw
from live import BOB, LiveTest, RELAYSIM, Relay, URL, run
from patience import PATIENCE, TIMEOUT
from reserved import reserved_address

PORT_443, CONNECT, SOCKS = "1", "2", "3"  # sstp.encap
SOON = ("--poll-max", "0", "--poll-min", "0")  # who polls
PROGRAMS = {"connect": "tinyproxy", "socks": "microsocks"}


class ProxyTest(LiveTest):
    def proxy(self, via, *options):
        """Starts a real one; where it listens, once it does."""
        if shutil.which(PROGRAMS[via]) is None:
            self.skipTest(PROGRAMS[via] + " is not installed")
        address = reserved_address()
        port = address.split(":")[1]
        if via == "socks":
            arguments = ["microsocks", "-i", "127.0.0.1", "-p", port, *options]
        else:
            with open(self.path("tinyproxy.conf"), "w", encoding="ascii") as config:
                config.write("\n".join(("Listen 127.0.0.1", "Port " + port, "Timeout 600",
                                        "MaxClients 20", "Allow 127.0.0.0/8",
                                        'LogFile "%s"' % self.path("tinyproxy.log"), *options)))
            arguments = ["tinyproxy", "-d", "-c", self.path("tinyproxy.conf")]
        with open(os.devnull, "w", encoding="ascii") as nowhere:
            process = self.start(arguments, stdout=nowhere, stderr=nowhere)
        self.await_true(lambda: self.is_there(address, process), "no proxy is there")
        return address

    def is_there(self, address, process):
        self.assertIsNone(process.poll(), "the proxy has ended")
        host, port = address.split(":")
        with contextlib.suppress(ConnectionRefusedError):
            socket.create_connection((host, int(port))).close()
            return True
        return False

    def client(self, via, proxy, relay, device, *arguments, **options):
        return run("client", "--via", via, "--proxy", proxy, "--relay", relay, "--relay-url", URL,
                   "--device", device, "--timeout", TIMEOUT, *arguments, **options)

    def send(self, via, proxy, relay, *arguments, **options):
        return self.client(via, proxy, relay, "dpp:///alice", "--to", BOB, *arguments, **options)

    @staticmethod
    def sender(via, proxy, relay):
        return [RELAYSIM, "client", "--via", via, "--proxy", proxy, "--relay", relay,
                "--relay-url", URL, "--device", "dpp:///alice", "--to", BOB, "--message", "x"]


    def check_shown(self, path, encapsulation):
        if "GRVSSTP_BUILD_DIR" not in os.environ:
            return
        import tshark  # pylint: disable=import-outside-toplevel
        with tshark.Wireshark() as wireshark:
            frames = wireshark.dissect(path)
        commands = [command for frame in frames for command in frame.commands]
        self.assertEqual([int(command.one("sstp.command"), 16) for command in commands],
                         [0x01, 0x02, 0x05, 0x07, 0x0d, 0x0e, 0x0f, 0x10, 0x11, 0x04])
        self.assertEqual([frame.findings for frame in frames if frame.findings], [])
        self.assertEqual({command.one("sstp.encap") for command in commands}, {encapsulation})


    def own_proxy(self, *arguments, **options):
        if "--listen" not in arguments:
            arguments = ("--listen", "127.0.0.1:0", *arguments)
        process = self.start([RELAYSIM, "proxy", *arguments], **options)
        return process, process.stdout.readline().split()[1]


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
