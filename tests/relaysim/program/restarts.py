#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The relay ends and comes again, and so does the proxy: who sends and who receives goes on by the
same way, each that there is, straight and through a proxy, and all messages come.

Usage: restarts.py RELAYSIM
"""
import json
import signal
import threading
import unittest

from live import BOB, RELAYSIM, Relay, URL
from patience import PATIENCE, TIMEOUT
from proxy_test import ProxyTest
from reserved import reserved_address

NUM_MESSAGES, RATE = 80, 40
# The word of --via, which of the relay's addresses that is, and whether there is a proxy.
WAYS = [("tcp", 0, False), ("443", 1, False), ("connect", 0, True), ("socks", 0, True)] + [
    (via, 2, has_proxy) for via in ("longlived", "keepalive", "polling") for has_proxy in (False, True)]


class Restarts(ProxyTest):
    def begin(self, via, door, has_proxy):
        self.addresses = [reserved_address() for _ in range(3)]
        self.way = ["--via", via, "--relay", self.addresses[door], "--relay-url", URL, "--retry",
                    TIMEOUT, "--retry-pause", "0.05"]
        self.proxy_address = reserved_address()
        if has_proxy:
            self.way += ["--proxy", self.proxy_address]

    def start_relay(self):
        usual, other, http = self.addresses
        return Relay("--listen-443", other, "--listen-http", http, "--poll-min", "0", "--poll-max", "0",
                     "--poll-patience", "1", "--store", self.path("store.db"),
                     address=usual).lives_as_long_as(self)

    def start_proxy(self):
        return self.own_proxy("--listen", self.proxy_address)[0]

    def client(self, device, *arguments):  # pylint: disable=arguments-differ
        return self.start([RELAYSIM, "client", *self.way, "--device", device, *arguments])

    def collect(self, receiver):
        """All that come, in the background: whoever writes them is not kept waiting."""
        received = set()

        def read():
            for line in receiver.stdout:
                received.add(json.loads(line)["user_ref"])
        thread = threading.Thread(target=read)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(receiver.kill)
        return received

    def await_messages(self, sender, relay, num):
        """So many have come to a relay; or it had all of them already."""
        self.await_true(lambda: sender.poll() is not None or relay.counters()["messages_in"] >= num,
                        "nobody sends")

    def check_goes_on(self, via, door, has_proxy):
        self.begin(via, door, has_proxy)
        relay = self.start_relay()
        proxy = self.start_proxy() if has_proxy else None
        received = self.collect(self.client("dpp:///bob", "--identity", BOB, "--receive"))
        sender = self.client("dpp:///alice", "--to", BOB, "--message", "x", "--messages",
                             str(NUM_MESSAGES), "--rate", str(RATE), "--timeout", TIMEOUT)
        for number in (signal.SIGTERM, signal.SIGKILL):
            self.await_messages(sender, relay, 5)
            relay.stop(number)
            relay = self.start_relay()
        self.await_messages(sender, relay, 5)
        if has_proxy:
            proxy.kill()
            proxy.wait()
            self.start_proxy()
        _, stderr = sender.communicate(timeout=PATIENCE)
        self.assertEqual(sender.returncode, 0, stderr)
        self.await_true(lambda: len(received) == NUM_MESSAGES, "some have not come")
        self.assertEqual(received, {"relaysim-%d" % i for i in range(1, NUM_MESSAGES + 1)})
        self.assertEqual(relay.stop(), 0)


def add_tests():
    for way in WAYS:
        setattr(Restarts, "test_%s%s" % (way[0], "_proxy" if way[2] else ""),
                lambda self, way=way: self.check_goes_on(*way))


add_tests()
if __name__ == "__main__":
    unittest.main()
