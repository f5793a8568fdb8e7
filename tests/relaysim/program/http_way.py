# SPDX-License-Identifier: GPL-2.0-or-later
"""SSTP over HTTP, live, each way by the same tests: client and relay, what the plugin shows of
their captures, TCP connections that are cut, programs that are killed."""
import contextlib
import json
import os
import signal
import socket
import threading

from live import BOB, Proxy, Relay, URL
from patience import PATIENCE, TIMEOUT
from reserved import reserved_address

FAST = ("--poll-min", "0", "--poll-max", "0")


def polling_request(number, data=b"", guid="m3u7m5ev6iz9hj6mx97s4kdrnk8khajvb3bwnba", checksum=None,
                    head=None):
    """Of Polling, to relay1.example."""
    if checksum is None:
        checksum = sum(((byte ^ 0x80) - 0x80 + 1) * (i + 1) for i, byte in enumerate(data))
    body = b"1.2\0grooveDNS://relay1.example\0%s\0%d\0%d\0" % (guid.encode(), number, checksum)
    body += data
    return (head or b"POST / HTTP/1.0\r\nContent-Length: %d\r\n\r\n" % len(body)) + body


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
