#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""SSTP over LongLived and KeepAlive, live: what http_way.py has of each way, and whoever says
whatever over HTTP.

Usage: over_http.py RELAYSIM
"""
import contextlib
import select
import socket
import time
import unittest

from live import BOB, LiveTest, URL, sstp  # whose path it is on
from patience import PATIENCE
from http_way import HttpRelay, Way, polling_request

LONGLIVED, KEEPALIVE = "4", "5"  # sstp.encap


class LongLived(Way, LiveTest):
    via, encapsulation = "longlived", LONGLIVED

    def test_renewed(self):
        """At the content limit of either side there is a new virtual connection, and what was not
        acknowledged is sent again."""
        for relay_options, client_options in (((), ("--longlived-limit", "8000")),
                                              (("--longlived-limit", "8000"), ())):
            with HttpRelay(*relay_options, *self.recording("relay")) as relay:
                self.check(self.client(relay, "--to", BOB, "--size", "1000", "--messages", "15",
                                       *client_options, *self.recording("alice")), 0)
                lines = self.received(relay, 15, *client_options, *self.recording("bob"))
                self.assertEqual(len({line["user_ref"] for line in lines}), 15)
                self.assertEqual(relay.stop(), 0)
            limited = "alice" if client_options else "bob"
            self.assertGreater(self.num_gets(limited), 2)
            self.check_shown(limited)

    def test_as_the_products(self):
        """At the relay's content limit its half is closed alone, and the client does not notice: it
        hangs until a time of its own is up, and comes again (GRVHENC notes 13 and 17)."""
        hangs = ("--longlived-hangs", "--http-idle", "1.5", "--ack-delay", "0.1")
        with HttpRelay("--longlived-limit", "8000", "--longlived-hangs",
                       *self.recording("relay")) as relay:
            self.check(self.client(relay, "--to", BOB, "--size", "1000", "--messages", "10"), 0)
            begin = time.monotonic()
            lines = self.received(relay, 10, *hangs, *self.recording("bob"))
            self.assertGreater(time.monotonic() - begin, 1.5)
            self.assertEqual(len({line["user_ref"] for line in lines}), 10)
            self.assertEqual(relay.stop(), 0)
        self.assertGreater(self.num_gets("bob"), 1)
        self.check_shown("bob")

    def test_pause(self):
        """Before it comes again."""
        with HttpRelay("--longlived-limit", "8000") as relay:
            self.check(self.client(relay, "--to", BOB, "--size", "1000", "--messages", "10"), 0)
            received = self.receive(relay, 10, "-v", "--retry-pause", "0.002")
            self.check(received, 0)
            self.assertRegex(received.stderr, r"trying again in 0\.00[12] seconds")

    def num_gets(self, name):
        return sum(1 for data in self.streams(self.path(name)).values()
                   if data.startswith(b"GET /2.0/relay1.example/"))


class KeepAlive(Way, LiveTest):
    via, encapsulation = "keepalive", KEEPALIVE


class Hostile(LiveTest):
    """Whoever says whatever over HTTP harms nobody."""
    ECHO = b"GroovePing: 1.0,Ping\r\n"

    @staticmethod
    def visit(relay, source="127.0.0.1"):
        host, port = relay.address.split(":")
        return socket.create_connection((host, int(port)), timeout=PATIENCE,
                                        source_address=(source, 0))

    @staticmethod
    def line(method, guid, kind="LongLived", name="relay1.example"):
        return ("%s /2.0/%s/%s,ConnType=%s HTTP/1.0\r\n" % (method, name, guid, kind)).encode()

    def post(self, guid, kind="LongLived", body=ECHO, length=None):
        length = len(body) if length is None else length
        return self.line("POST", guid, kind) + b"Content-Length: %d\r\n\r\n" % length + body

    @staticmethod
    def answer(visitor):
        """All that comes until the end."""
        data = b""
        with contextlib.suppress(ConnectionResetError):
            while part := visitor.recv(100000):
                data += part
        return data

    def check_answer(self, visitor, status):
        with visitor:
            self.assertRegex(self.answer(visitor), b"^HTTP/1.0 %d " % status)

    def check_serves(self, relay):
        for via in ("longlived", "keepalive"):
            self.check(relay.client("--via", via, "--to", BOB, "--message", "x"), 0)

    def test_refused(self):
        """What is no request, or too much of one, has its answer and its end."""
        rows = ((b"\x01\xbc\x00", 400), (b"GET / HTTP/1.0\r\n\r\n", 404),
                (self.line("GET", "x" * 65) + b"\r\n", 400),
                (self.line("GET", "x", name="other") + b"\r\n", 404),
                (self.line("GET", "x") + b"X: y\r\n" * 10000, 400),
                (self.line("GET", "x" * 40000) + b"\r\n", 400),
                (self.line("POST", "x") + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
                (self.line("POST", "x") + b"Content-Length: 1\r\n\r\n" + self.ECHO, 400),
                (self.line("POST", "x") + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501),
                (self.post("x", "KeepAlive", length=99999), 400),
                (self.post("x", "KeepAlive", body=b"\x10\x07"), 400),
                (self.post("x", body=b"\x10\x07", length=100), 400))
        with HttpRelay() as relay:
            for data, status in rows:
                visitor = self.visit(relay)
                with contextlib.suppress(ConnectionError):
                    visitor.sendall(data)
                self.check_answer(visitor, status)
            self.check_serves(relay)
            self.assertEqual(relay.stop(), 0)

    def test_slow(self):
        """A head that comes a byte at a time does not come for ever, nor half a connection."""
        with HttpRelay("--http-establish", "1") as relay:
            slow, half = self.visit(relay), self.visit(relay)
            half.sendall(self.line("GET", "h") + b"\r\n")
            with contextlib.suppress(ConnectionError):
                for byte in self.line("GET", "s") * 1000:
                    slow.sendall(bytes([byte]))
                    if select.select([slow], [], [], 0.05)[0]:
                        break
            self.check_answer(slow, 408)
            with half:
                self.assertEqual(self.answer(half), b"")
            self.check_serves(relay)

    def test_guessed(self):
        """Whoever knows a GUID and comes from elsewhere gets nothing and says nothing; and its owner
        does not notice.  Nor does he of what is out of turn."""
        guid = "g" * 39
        with HttpRelay() as relay:
            get, post = self.visit(relay), self.visit(relay)
            with get, post:
                get.sendall(self.line("GET", guid) + b"\r\n")
                for source in ("127.0.0.2", "127.0.0.3"):
                    thief = self.visit(relay, source)
                    thief.sendall(self.post(guid, length=2147479552))
                    self.check_answer(thief, 400)
                post.sendall(self.post(guid, length=2147479552))
                self.assertRegex(get.recv(1000), b"^HTTP/1.0 200 OK\r\n")
                for data in (self.line("GET", guid) + b"\r\n", self.post(guid),
                             self.post(guid, "KeepAlive")):
                    thief = self.visit(relay)
                    thief.sendall(data)
                    self.check_answer(thief, 400)
                # It goes on: to a Connect there is an answer.
                post.sendall(sstp.connect(URL, ["dpp:///mallory"], b"", "Groove Client 14.0 4006",
                                          "", version=(1, 6)).data)
                self.assertEqual(get.recv(1000)[0], 2)
            self.check_serves(relay)

    def test_pipelined(self):
        """Requests that do not wait for their answers have them in order."""
        with HttpRelay() as relay, self.visit(relay) as visitor:
            visitor.sendall(self.post("p", "KeepAlive") + self.line("GET", "p", "KeepAlive") +
                            b"\r\n" + self.post("p", "KeepAlive", body=b""))
            data = b""
            while data.count(b"HTTP/1.0 200 OK") < 3:
                part = visitor.recv(1000)
                self.assertTrue(part, data)
                data += part
            self.assertLess(data.index(b"<html>"), data.index(b"GroovePing"))
            self.check_serves(relay)

    def test_guessed_turns(self):
        """The same of KeepAlive: whoever comes from elsewhere has neither of its turns."""
        with HttpRelay() as relay, self.visit(relay) as owner:
            guid = "k" * 39
            owner.sendall(self.post(guid, "KeepAlive") + self.line("GET", guid, "KeepAlive") + b"\r\n")
            self.assertIn(b"GroovePing", self.all_of(owner, b"GroovePing: 1.0,Ping"))
            for data in (self.line("GET", guid, "KeepAlive") + b"\r\n",
                         self.post(guid, "KeepAlive", body=b"\x10\x07\0\1\0\0\0")):
                thief = self.visit(relay, "127.0.0.2")
                thief.sendall(data)
                self.check_answer(thief, 400)
            connect = sstp.connect(URL, ["dpp:///mallory"], b"", "Groove Client 14.0 4006", "",
                                   version=(1, 6)).data
            owner.sendall(self.post(guid, "KeepAlive", body=connect) +
                          self.line("GET", guid, "KeepAlive") + b"\r\n")
            answer = self.all_of(owner, URL.encode())  # of the ConnectResponse
            self.assertIn(b"\r\n\r\n\x02", answer)

    def all_of(self, visitor, last):
        """What comes, until that has come, too."""
        data = b""
        while last not in data:
            part = visitor.recv(1000)
            self.assertTrue(part, data)
            data += part
        return data

    def test_proxy_that_keeps(self):
        """HTTP/1.1 as proxies speak it: requests of several clients over one TCP connection, each of
        which gets what is its own."""
        with HttpRelay() as relay, self.visit(relay) as proxy, self.visit(relay) as another:
            for guid, visitor in (("first", proxy), ("second", another)):
                visitor.sendall(self.as_1_1(self.post(guid, "KeepAlive")))
                self.all_of(visitor, b"</html>")
            for guid, visitor in (("second", proxy), ("first", another)):
                visitor.sendall(self.as_1_1(self.line("GET", guid, "KeepAlive") + b"\r\n"))
                self.all_of(visitor, b"GroovePing: 1.0,Ping")
            connect = sstp.connect(URL, ["dpp:///mallory"], b"", "Groove Client 14.0 4006", "",
                                   version=(1, 6)).data
            proxy.sendall(self.as_1_1(self.post("first", "KeepAlive", body=connect) +
                                      self.line("GET", "second", "KeepAlive") + b"\r\n"))
            another.sendall(self.as_1_1(self.line("GET", "first", "KeepAlive") + b"\r\n"))
            self.assertIn(b"\r\n\r\n\x02", self.all_of(another, URL.encode()))
            # To the other there is nothing to say.
            self.assertEqual(self.all_of(proxy, b"\r\n\r\n").partition(b"\r\n\r\n")[2], b"")
            proxy.settimeout(0.3)
            self.assertRaises(TimeoutError, proxy.recv, 1000)
            self.check_serves(relay)

    @staticmethod
    def as_1_1(requests):
        return requests.replace(b" HTTP/1.0\r\n", b" HTTP/1.1\r\nVia: 1.1 proxy\r\n"
                                b"Connection: keep-alive\r\n")

    def poll(self, relay, guid, data=b""):
        """The beginning of the answer to the first data over Polling, or to a probe."""
        with self.visit(relay) as visitor:
            visitor.sendall(polling_request(0, data, "guid%d" % guid))
            return self.answer(visitor)[:12]

    def test_abandoned(self):
        """GUIDs that nobody comes back to are kept for a while, and only so many of them: whoever has
        the same begins anew then."""
        begun, unknown, noop = b"HTTP/1.0 200", b"HTTP/1.0 400", b"\x10\x07\0\0\0\0\0"
        with HttpRelay("--max-half-open", "3", "--poll-establish", "2") as relay:
            self.assertEqual({self.poll(relay, guid) for guid in range(9)}, {unknown})  # probes
            # The oldest had to go for the newest.
            self.assertEqual(self.poll(relay, 0, noop), unknown)
            self.assertEqual(self.poll(relay, 8, noop), begun)
            self.assertEqual(self.poll(relay, 1), unknown)
            time.sleep(2.5)
            self.assertEqual(self.poll(relay, 1, noop), unknown)
            self.check_serves(relay)
            self.assertEqual(relay.stop(), 0)

    def test_half_at_the_end(self):
        """A relay does not stay for who has probed, or half connected, and is not there."""
        with HttpRelay() as relay, self.visit(relay) as first, self.visit(relay) as second:
            self.poll(relay, 1)
            for guid, visitor in (("first", first), ("second", second)):
                visitor.sendall(self.post(guid, "KeepAlive"))
                self.all_of(visitor, b"</html>")
            first.sendall(self.line("GET", "second", "KeepAlive") + b"\r\n")
            self.all_of(first, b"GroovePing: 1.0,Ping")
            self.assertEqual(relay.stop(), 0)

    def test_slow_body(self):
        """A body that is never whole does not stay, nor what it was to be part of."""
        with HttpRelay("--http-establish", "1") as relay:
            for data in (b"POST / HTTP/1.0\r\nContent-Length: 100\r\n\r\n1.2\0",
                         self.post("s", "KeepAlive", length=100)):
                visitor = self.visit(relay)
                visitor.sendall(data)
                self.check_answer(visitor, 408)
            self.check_serves(relay)
            self.await_true(lambda: relay.counters()["connections_open"] == 0, "some are there")

    def test_crowd_of_halves(self):
        """Half connections and silent ones push each other out, and nobody else."""
        with HttpRelay("--max-half-open", "10") as relay, contextlib.ExitStack() as stack:
            for i in range(60):
                visitor = stack.enter_context(self.visit(relay))
                if i % 2:
                    visitor.sendall(self.line("GET", "half%d" % i) + b"\r\n")
            self.check_serves(relay)
            self.assertEqual(relay.stop(), 0)
        self.assertRegex(relay.log, "more such than --max-half-open")


if __name__ == "__main__":
    unittest.main()
