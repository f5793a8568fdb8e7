#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""SSTP over Polling, live: what http_way.py has of each way, answers that are lost, intervals,
proxies, and requests that break rules.

Usage: over_http_polling.py RELAYSIM
"""
import contextlib
import json
import re
import select
import socket
import unittest

from live import BOB, LiveTest, RELAYSIM, URL, run
from patience import PATIENCE
from http_way import Cutter, HttpRelay, Way, polling_request

POLLING = "6"  # sstp.encap


class Polling(Way, LiveTest):
    via, encapsulation = "polling", POLLING
    establish = "--poll-timeout"

    def test_repeated(self):
        """Answers that are lost are asked for again, and each exchange happens once: the virtual
        connection goes on, and no message comes twice."""
        with HttpRelay(*self.recording("relay")) as relay, Loser(relay.address) as loser:
            relay.address = loser.address
            self.check(self.client(relay, "--to", BOB, "--size", "40000", "--messages", "20",
                                   "--poll-repeats", "9"), 0)
            lines = self.received(relay, 20, "--poll-repeats", "9")
            self.assertEqual([line["user_ref"] for line in lines],
                             ["relaysim-%d" % i for i in range(1, 21)])
            self.assertGreater(loser.num_lost, 3)
            self.assertEqual(relay.counters()["connections"], 2)

    def test_not_repeated(self):
        """Otherwise it is lost with the first of them (GRVHENC 3.5.7), and there is another."""
        with HttpRelay() as relay, Loser(relay.address, most=1) as loser:
            relay.address = loser.address
            self.check(self.client(relay, "--to", BOB, "--message", "x", "--messages", "3",
                                   "--poll-repeats", "0"), 0)
            self.assertGreater(relay.counters()["connections"], 1)

    def test_goodbye(self):
        """A relay that ends says so to who polls, when that one asks."""
        with HttpRelay() as relay:
            receiver = self.start(relay.client_arguments(
                "--via", self.via, "--identity", BOB, "--receive", "-v", device="dpp:///bob"))
            self.assertRegex(receiver.stderr.readline(), "ready")
            self.assertEqual(relay.stop(), 0)
            self.assertRegex(receiver.stderr.readline(), "closed the connection: NoReason")

    def test_silent(self):
        """Who does not ask any more is given up, and what was under way goes elsewhere."""
        with HttpRelay("--poll-patience", "0.3") as relay:
            receiver = self.start(relay.client_arguments(
                "--via", self.via, "--identity", BOB, "--receive", "-v", device="dpp:///bob"))
            self.assertRegex(receiver.stderr.readline(), "ready")
            receiver.kill()
            receiver.wait()
            self.await_true(lambda: relay.counters()["connections_open"] == 0, "it is still there")
            self.check(self.client(relay, "--to", BOB, "--message", "late"), 0)
            self.assertEqual(len(self.received(relay, 1)), 1)

    def test_intervals(self):
        """What a relay says is what a client does: no poll before its time."""
        with HttpRelay(*self.recording("relay"), poll=("--poll-min", "1", "--poll-max", "2",
                                                       "--poll-repetitions", "1")) as relay:
            self.check(self.client(relay, "--to", BOB, "--message", "x", "--messages", "3"), 0)
            self.check(self.receive(relay, 4, timeout="4"), 1)
            self.assertEqual(relay.stop(), 0)
        self.check_shown("relay")

    def test_wrong_intervals(self):
        for arguments, words in (
                (("--poll-min", "7", "--poll-max", "6"), "--poll-min 7 is more than --poll-max 6$"),
                (("--poll-max", "86401"), "--poll-max is a number from 0 to 86400, not 86401")):
            result = run("relay", "--url", URL, "--listen-http", "127.0.0.1:0", *arguments)
            self.check(result, 2, words)

    def test_proxy(self):
        """Through a proxy that forwards, and through those that want to know who asks."""
        with HttpRelay() as relay:
            for scheme in (None, "basic", "ntlm"):
                with self.subTest(scheme):
                    proxy = self.start([RELAYSIM, "proxy", "--listen", "127.0.0.1:0",
                                        *(["--auth", scheme, "user:secret"] if scheme else [])])
                    ready, address = proxy.stdout.readline().split()
                    self.assertEqual(ready, "ready")
                    options = ["--proxy", address, "--to", BOB, "--message", "x"]
                    login = ["--proxy-auth", "%s:user:secret" % scheme] if scheme else []
                    self.check(self.client(relay, *options, *login), 0, "^$")
                    if scheme:
                        self.check(self.client(relay, *options, "--proxy-auth",
                                               "%s:user:wrong" % scheme), 1, "the proxy answered 407")
                        self.check(self.client(relay, *options), 1, "the proxy answered 407")
                    proxy.kill()
            self.assertEqual(len(self.received(relay, 3)), 3)

    # ---- who does wrong ----

    @staticmethod
    def say(relay, data, source="127.0.0.1"):
        """Over a TCP connection: all that comes back."""
        host, port = relay.address.split(":")
        with socket.create_connection((host, int(port)), PATIENCE, (source, 0)) as peer:
            peer.sendall(data)
            answer = b""
            with contextlib.suppress(ConnectionError):
                while piece := peer.recv(100000):
                    answer += piece
        return answer

    def ask(self, relay, *arguments, source="127.0.0.1", **options):
        """One exchange, by hand: the answer, or nothing."""
        return self.say(relay, polling_request(*arguments, **options), source)

    def status(self, *arguments, **options):
        return self.ask(*arguments, **options)[:12]

    def test_hostile(self):
        """Requests that break rules are refused, and nobody else notices."""
        bad = b"HTTP/1.0 400"
        with HttpRelay() as relay:
            receiver = self.start(relay.client_arguments(
                "--via", self.via, "--identity", BOB, "--receive", "--expect", "1", "-v",
                device="dpp:///bob"))
            self.assertRegex(receiver.stderr.readline(), "ready")
            self.assertEqual(self.status(relay, 1), bad)             # of no connection
            self.assertEqual(self.status(relay, 0, b"x"), bad)
            self.assertEqual(self.status(relay, 0, guid=""), bad)
            self.assertEqual(self.status(relay, 0, guid="x" * 65), bad)
            self.assertEqual(self.status(relay, 0, guid="\n"), bad)
            self.assertEqual(self.status(relay, 0), bad)             # the probe
            connect = b"\x01\x07\x00nonsense"
            self.assertEqual(self.status(relay, 0, connect, checksum=1), bad)
            self.assertEqual(self.status(relay, 0), bad)             # and once more: it is gone
            answer = self.ask(relay, 0, connect)
            self.assertEqual(answer[:12], b"HTTP/1.0 200")
            self.assertIn(b"\x04", answer[-40:])                     # ConnectClose
            for head in (b"POST / HTTP/1.0\r\nContent-Length: 32769\r\n\r\n",
                         b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
                         b"POST / HTTP/1.0\r\nContent-Length: 99999999999999999999\r\n\r\n"):
                self.assertEqual(self.status(relay, 0, head=head), bad)
            self.assertEqual(self.status(relay, 0, head=b"POST / HTTP/1.1\r\nTransfer-Encoding: "
                                         b"chunked\r\n\r\n"), b"HTTP/1.0 501")
            self.check(self.client(relay, "--to", BOB, "--message", "well"), 0)
            stdout, _ = receiver.communicate(timeout=PATIENCE)
            self.assertEqual(json.loads(stdout)["text"], "well")

    def test_pipelined(self):
        """A TCP connection brings one request: what comes after it has no answer, and did nothing."""
        noop = b"\x10\x07\0\0\0\0\0"
        with HttpRelay() as relay:
            answer = self.say(relay, polling_request(0, guid="first") +
                              polling_request(0, guid="second"))
            self.assertEqual(answer.count(b"HTTP/1.0 400"), 1)
            self.assertEqual(self.status(relay, 0, noop, guid="second"), b"HTTP/1.0 400")
            self.assertEqual(self.status(relay, 0, noop, guid="first"), b"HTTP/1.0 200")

    def test_guessed(self):
        """Who has somebody else's GUID gets nothing by it, and puts nothing in, but with the very
        number that is due."""
        with HttpRelay(poll=("--poll-min", "600", "--poll-max", "600")) as relay:
            receiver = self.start(relay.client_arguments(
                "--via", self.via, "--identity", BOB, "--receive", "--expect", "1", "-v", "-w",
                self.path("bob"), device="dpp:///bob"))
            self.assertRegex(receiver.stderr.readline(), "ready")
            self.await_true(lambda: self.guid_in(self.path("bob")), "there is no GUID")
            guid = self.guid_in(self.path("bob"))
            for number in (0, 1, 2, 99):
                self.assertEqual(self.status(relay, number, b"\x10\x07\0\1\0\0\0", guid=guid),
                                 b"HTTP/1.0 400")
            self.assertEqual(self.status(relay, 4, guid=guid, source="127.0.0.2"), b"HTTP/1.0 400")
            self.assertEqual(relay.counters()["connections_open"], 1)
            receiver.kill()

    @staticmethod
    def guid_in(path):
        with open(path, "rb") as file:
            found = re.search(rb"grooveDNS://relay1.example\0([a-z0-9]{39})\0", file.read())
        return found and found.group(1).decode()


class Loser(Cutter):
    """Lets one answer of some get lost, whole or in part, as its connection is."""

    def __init__(self, address, most=1000):
        super().__init__(address, 1 << 30)
        self.most = most
        self.num_lost = self.num_served = 0

    def carry(self, one, other):
        self.num_served += 1
        spares = self.num_served % 4 or self.num_lost == self.most
        limit = None if spares else self.num_served % 7 * 20
        num_heard = 0
        while True:
            for source in select.select([one, other], [], [], 0.1)[0]:
                data = source.recv(10000)
                if not data:
                    return
                if source is other and limit is not None:
                    num_heard += len(data)
                    if num_heard > limit:
                        self.num_lost += 1
                        return
                (other if source is one else one).sendall(data)
            if self.target is None:
                return


if __name__ == "__main__":
    unittest.main()
