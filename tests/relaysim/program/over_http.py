#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""SSTP over HTTP, live, each way by the same tests: client and relay, what the plugin shows of
their captures, TCP connections that are cut, programs that are killed.

Usage: over_http.py RELAYSIM
"""
import contextlib
import json
import os
import re
import select
import shutil
import signal
import socket
import threading
import time
import unittest

from live import BOB, LiveTest, Proxy, RELAYSIM, Relay, URL, run, sstp  # whose path it is on
from patience import PATIENCE, TIMEOUT
from reserved import reserved_address

LONGLIVED, KEEPALIVE, POLLING = "4", "5", "6"  # sstp.encap
FAST = ("--poll-min", "0", "--poll-max", "0")


class HttpRelay(Relay):
    """One that is come to over HTTP."""

    def __init__(self, *arguments, http="127.0.0.1:0", poll=FAST, **options):
        super().__init__("--listen-http", http, *poll, *arguments, **options)
        self.address = self.addresses[1]


class Cutter(Proxy):
    """The same for several connections at a time."""

    def accept(self):
        threads = []
        while True:
            peer, _ = self.listener.accept()
            if self.target is None:
                peer.close()
                break
            self.num_carried += 1
            threads.append(threading.Thread(target=self.serve, args=(peer, self.target)))
            threads[-1].start()
        for thread in threads:
            thread.join()

    def serve(self, peer, target):
        with peer, contextlib.suppress(ConnectionError), \
                socket.create_connection(target) as other:
            self.carry(peer, other)


class Way:
    """The tests of one way."""
    via, encapsulation = None, None
    options = ()  # of the client
    establish = "--http-establish"

    def client(self, relay, *arguments, **options):
        return relay.client("--via", self.via, *self.options, *arguments, **options)

    def receive(self, relay, number, *arguments, **options):
        return relay.receive(number, "--via", self.via, *self.options, *arguments, **options)

    def received(self, relay, number, *arguments):
        result = self.receive(relay, number, *arguments)
        self.check(result, 0)
        return [json.loads(line) for line in result.stdout.splitlines()]

    def recording(self, name):
        return ["-w", self.path(name), "--truth", self.path(name + ".truth")]

    def check_shown(self, *names):
        """What the plugin shows is what was told, in one pass and in two; and there is nothing to
        complain of."""
        self.check_capture(self.path(names[0]))
        if "GRVSSTP_BUILD_DIR" not in os.environ:
            return
        import truth_file  # pylint: disable=import-outside-toplevel
        import tshark  # pylint: disable=import-outside-toplevel
        with tshark.Wireshark() as wireshark:
            for name in names:
                os.chmod(self.path(name), 0o644)
                truth = truth_file.Truth(self.path(name + ".truth"))
                for two_pass in (False, True):
                    frames = wireshark.dissect(self.path(name), two_pass=two_pass)
                    found = truth_file.differences(
                        truth, truth_file.Shown(wireshark, self.path(name), frames))
                    # In one pass nobody knows yet what is acknowledged later.
                    self.assertEqual([difference for difference in found if two_pass or
                                      ", messages acknowledged" not in difference], [])
                self.assertEqual([expert for frame in frames for expert in frame.experts
                                  if expert[1] in ("warning", "error")], [])
                self.assertEqual({command.one("sstp.encap") for frame in frames
                                  for command in frame.commands}, {self.encapsulation})

    def test_both_ways(self):
        """What is sent is delivered and acknowledged; captures and truth."""
        with HttpRelay(*self.recording("relay")) as relay:
            self.check(self.client(relay, "--to", BOB, "--message", "Hello, Bob", "--messages", "3",
                                   *self.recording("alice")), 0, "^$")
            lines = self.received(relay, 3, *self.recording("bob"))
            self.assertEqual([line["text"] for line in lines], ["Hello, Bob"] * 3)
            self.check(self.receive(relay, 1, timeout="1"), 1, "0 of 1 messages came")
            self.assertEqual(relay.stop(), 0)
        self.check_shown("relay", "alice")

    def test_large(self):
        with HttpRelay() as relay:
            self.check(self.client(relay, "--to", BOB, "--size", "1000000", "--messages", "5"), 0)
            self.assertEqual([line["size"] for line in self.received(relay, 5)], [1000000] * 5)

    def test_at_once(self):
        """Who waits gets it while it waits; and others, by another way."""
        with HttpRelay() as relay:
            receiver = self.start(relay.client_arguments(
                "--via", self.via, *self.options, "--identity", BOB, "--receive", "--expect", "2",
                "--timeout", TIMEOUT, "-v", device="dpp:///bob"))
            self.assertRegex(receiver.stderr.readline(), "ready")
            self.check(self.client(relay, "--to", BOB, "--message", "now"), 0)
            relay.address = relay.addresses[0]
            self.check(relay.client("--to", BOB, "--message", "now"), 0)
            stdout, _ = receiver.communicate(timeout=PATIENCE)
            self.assertEqual(len(stdout.splitlines()), 2)
            self.assertEqual(receiver.returncode, 0)

    def test_cut(self):
        """TCP connections that are cut again and again: all comes, and nothing twice that was
        acknowledged."""
        with HttpRelay() as relay, Cutter(relay.address, 60000) as proxy:
            relay.address = proxy.address
            self.check(self.client(relay, "--to", BOB, "--size", "10000", "--messages", "20"), 0)
            lines = self.received(relay, 20)
            self.assertEqual({line["user_ref"] for line in lines},
                             {"relaysim-%d" % i for i in range(1, 21)})
            self.assertGreater(proxy.num_carried, 4)

    def test_kill(self):
        """kill -9 of the relay and of who waits: nothing that was acknowledged is lost."""
        arguments = ["--store", self.path("store.db")]
        http = reserved_address()
        with HttpRelay(*arguments, http=http) as relay:
            self.check(self.client(relay, "--to", BOB, "--message", "kept", "--messages", "5"), 0)
            receiver = self.start(relay.client_arguments(
                "--via", self.via, *self.options, "--identity", BOB, "--receive", "-v",
                device="dpp:///bob"))
            self.assertRegex(receiver.stderr.readline(), "ready")
            receiver.kill()
            relay.stop(signal.SIGKILL)
        with HttpRelay(*arguments, http=http) as relay:
            waiting = self.start(relay.client_arguments(
                "--via", self.via, *self.options, "--identity", BOB, "--receive", "--timeout",
                TIMEOUT, "-v", device="dpp:///bob"))
            self.assertRegex(waiting.stderr.readline(), "ready")
            relay.stop(signal.SIGKILL)
            with HttpRelay(*arguments, http=http) as again:
                # It comes back by itself.
                self.check(self.client(again, "--to", BOB, "--message", "last"), 0)
                self.await_line(waiting, "last")

    def await_line(self, process, text):
        for line in process.stdout:
            if json.loads(line)["text"] == text:
                return
        self.fail("%s did not come" % text)

    def test_refused(self):
        with HttpRelay() as relay:
            relay.url = "grooveDNS://another.example"
            self.check(self.client(relay, "--to", BOB, "--message", "x"), 1,
                       "cannot connect to %s: the other side answered 404$" % relay.address)
        nobody = reserved_address()
        relay.url, relay.address = URL, nobody
        self.check(self.client(relay, "--to", BOB, "--message", "x"), 1,
                   "cannot connect to %s: connection refused$" % nobody)

    def test_other_side(self):
        """Where no HTTP is spoken, and where nothing is said at all."""
        with Relay() as relay:
            self.check(self.client(relay, "--to", BOB, "--message", "x"), 1,
                       "cannot connect to %s: " % relay.address)
        with Silent() as relay:
            self.check(self.client(relay, "--to", BOB, "--message", "x", self.establish, "0.3"),
                       1, "the other side did not answer in time$")


class Silent(Relay):
    """A socket that listens, and nobody who accepts."""

    def __init__(self):  # pylint: disable=super-init-not-called
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.url = URL

    def __exit__(self, *_):
        self.listener.close()


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

    GUID = "m3u7m5ev6iz9hj6mx97s4kdrnk8khajvb3bwnba"

    def ask(self, relay, number, data=b"", guid=GUID, checksum=None, head=None):
        """One exchange, by hand: the answer, or nothing."""
        if checksum is None:
            checksum = sum(((byte ^ 0x80) - 0x80 + 1) * (i + 1) for i, byte in enumerate(data))
        body = b"1.2\0grooveDNS://relay1.example\0%s\0%d\0%d\0" % (guid.encode(), number, checksum)
        body += data
        head = head or b"POST / HTTP/1.0\r\nContent-Length: %d\r\n\r\n" % len(body)
        host, port = relay.address.split(":")
        with socket.create_connection((host, int(port)), PATIENCE) as peer:
            peer.sendall(head + body)
            answer = b""
            with contextlib.suppress(ConnectionError):
                while piece := peer.recv(100000):
                    answer += piece
        return answer

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
    assert shutil.which(RELAYSIM)
    unittest.main()
