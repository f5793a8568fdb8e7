#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Messages through a relay, between two of them, and from device to device.

Usage: exchange.py RELAYSIM
"""
import json
import os
import signal
import subprocess
import time
import unittest

from live import BOB, LiveTest, RELAYSIM, Relay, URL, commands_of, run
from patience import PATIENCE, TIMEOUT


class Exchange(LiveTest):
    def test_through_the_relay(self):
        capture, truth = self.path("relay.pcapng"), self.path("relay.json")
        with Relay("-w", capture, "--truth", truth) as relay:
            sent = relay.client("--to", BOB, "--message", "Hello, Bob", "--messages=3", "-w",
                                self.path("client.pcapng"))
            self.check(sent, 0, "^$")
            self.assertEqual(sent.stdout, "")
            self.await_whole(capture, 1000)
            self.check_capture(capture)  # while it grows
            received = relay.receive(3)
            self.check(received, 0)
            lines = [json.loads(line) for line in received.stdout.splitlines()]
            self.assertEqual([line["text"] for line in lines], ["Hello, Bob"] * 3)
            self.assertEqual([line["user_ref"] for line in lines],
                             ["relaysim-1", "relaysim-2", "relaysim-3"])
            self.assertEqual(lines[0]["identity"], BOB)
            # They were acknowledged, and come no second time.
            self.check(relay.client("--identity", BOB, "--receive", "--expect", "1", "--timeout",
                                    "1", device="dpp:///bob"), 1, "0 of 1 messages came")
            self.assertEqual(relay.stop(), 0)
        self.check_capture(capture)
        self.check_capture(self.path("client.pcapng"))
        self.check_judged_clean(capture)
        with open(truth, encoding="ascii") as file:
            commands = commands_of(file)
        self.assertEqual({command["from"] for command in commands}, {"acceptor"})
        self.assertIn("RegisterResponse", {command["command"] for command in commands})

    def test_binary_and_large(self):
        content = bytes(range(256)) * 1000
        with open(self.path("file"), "wb") as file:
            file.write(content)
        with Relay() as relay:
            self.check(relay.client("--to", BOB + ",dpp:///bob", "--file", self.path("file")), 0)
            self.check(relay.client("--to", BOB, "--size", "1000000", "--messages", "20"), 0)
            received = relay.receive(21)
            self.check(received, 0)
            lines = [json.loads(line) for line in received.stdout.splitlines()]
            sizes = sorted(line["size"] for line in lines)
            self.assertEqual(sizes, [256000] + [1000000] * 20)
            self.assertEqual([line["device"] for line in lines if "base64" in line],
                             ["dpp:///bob"])

    def test_delivered_at_once(self):
        with Relay() as relay:
            receiver = subprocess.Popen(
                [RELAYSIM, "client", "--relay", relay.address, "--relay-url", URL, "--device",
                 "dpp:///bob", "--identity", BOB, "--receive", "--expect", "1", "-v"],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            self.assertRegex(receiver.stderr.readline(), "ready")
            self.check(relay.client("--to", BOB, "--message", "now"), 0)
            stdout, _ = receiver.communicate(timeout=PATIENCE)
            self.assertEqual(json.loads(stdout)["text"], "now")
            self.assertEqual(receiver.returncode, 0)

    def test_fanout(self):
        with Relay("--lock-out", "grooveIdentity://mallory") as relay:
            self.check(relay.client("--to", BOB, "--to", "grooveIdentity://carl", "--message",
                                    "both"), 0)
            self.check(relay.receive(1), 0)
            self.check(relay.client("--to", BOB, "--to", "grooveIdentity://mallory", "--message",
                                    "one"), 1, "mallory is no longer a recipient: LockedOut")
            self.check(relay.client("--to", BOB + ",,grooveDNS://elsewhere", "--message", "x"), 1,
                       "bob is no longer a recipient: DNSLookupFailed")
        with Relay("--no-single-hop") as relay:
            self.check(relay.client("--to", BOB + ",,grooveDNS://elsewhere", "--message", "x"), 1,
                       "the session was refused: FanoutNotSupported")

    def test_through_two_relays(self):
        """relay1 to relay2 and relay3, over one connection each, and what becomes of it."""
        two_url, three_url = "grooveDNS://relay2.example", "grooveDNS://relay3.example"
        carl, dora = "grooveIdentity://carl", "grooveIdentity://dora"
        mallory = "grooveIdentity://mallory"
        captures = {name: self.path(name) for name in ("one.pcapng", "two.pcapng")}
        with Relay("-w", captures["two.pcapng"], "--lock-out", mallory, url=two_url) as two, \
                Relay(url=three_url) as three, \
                Relay("--peer", two_url + "=" + two.address, "--peer",
                      three_url + "=" + three.address, "--peer",
                      "grooveDNS://gone.example=127.0.0.1:1",
                      "-w", captures["one.pcapng"]) as one:
            for text in ("first", "second"):
                self.check(one.client("--to", BOB, "--to", carl + ",," + two_url, "--to",
                                      dora + ",dpp:///dora," + three_url, "--message", text),
                           0, "^$")
            for relay, identity, device in ((one, BOB, "dpp:///bob"), (two, carl, "dpp:///carl"),
                                            (three, dora, "dpp:///dora")):
                received = relay.client("--identity", identity, "--receive", "--expect", "2",
                                        "--timeout", TIMEOUT, device=device)
                self.check(received, 0, "^$")
                lines = [json.loads(line)["text"] for line in received.stdout.splitlines()]
                self.assertEqual(lines, ["first", "second"])
            self.check(one.client("--to", BOB, "--to", carl + ",,grooveDNS://gone.example",
                                  "--message", "x"), 1, "carl is no longer a recipient: "
                       "HostNotReachable")
            # The last recipient of a session at another relay: it is told at once.
            self.check(one.client("--to", mallory + ",," + two_url, "--message", "x"), 1,
                       "mallory is no longer a recipient: LockedOut")
            two.stop()
            # Relay1 sees the ConnectClose; the next attempt finds nobody.
            self.check(one.client("--to", BOB, "--to", carl + ",," + two_url, "--message", "x"), 1,
                       "carl is no longer a recipient: HostNotReachable")
            self.assertEqual(one.stop(), 0)
        for capture in captures.values():
            self.check_capture(capture)
            self.check_judged_clean(capture)

    def test_device_to_device(self):
        receiver = subprocess.Popen(
            [RELAYSIM, "client", "--listen", "127.0.0.1:0", "--device", "dpp:///bob", "--receive",
             "--expect", "2"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        address = receiver.stderr.readline().split()[1]
        for _ in range(2):
            self.check(run("client", "--relay", address, "--relay-url", "dpp:///bob", "--device",
                           "dpp:///alice", "--to", BOB + ",dpp:///bob", "--message", "direct"), 0)
        stdout, stderr = receiver.communicate(timeout=PATIENCE)
        self.assertEqual(receiver.returncode, 0, stderr)
        self.assertEqual([json.loads(line)["text"] for line in stdout.splitlines()], ["direct"] * 2)

    def test_ends_with_connect_close(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with Relay() as relay:
                receiver = self.start(relay.client_arguments(
                    "--identity", BOB, "--receive", "-v", device="dpp:///bob"))
                self.assertRegex(receiver.stderr.readline(), "ready")
                self.assertEqual(relay.stop(number), 0)
                self.assertRegex(receiver.stderr.readline(),
                                 "the other side closed the connection: NoReason")
                receiver.send_signal(signal.SIGTERM)
                receiver.communicate(timeout=PATIENCE)
                self.assertEqual(receiver.returncode, 0)

    def test_beyond_ascii(self):
        with Relay() as relay:
            self.check(relay.client("--to", BOB, "--message", "Gr\u00fc\u00dfe",
                                    env={**os.environ, "LC_ALL": "C"}), 0)
            self.assertEqual(json.loads(relay.receive(1).stdout)["text"], "Gr\u00fc\u00dfe")

    def test_counters(self):
        """As JSON, at SIGUSR1 and at the end."""
        with Relay() as relay:
            counters = relay.counters()
            self.assertLess(counters.pop("uptime"), 300)
            self.assertLess(abs(counters.pop("t") - time.time()), 300)
            at_first = counters.pop("memory")
            self.assertEqual(set(counters.values()), {0})
            self.check(relay.client("--to", BOB, "--message", "x", "--messages", "3"), 0)
            counters = relay.counters()
            self.assertGreater(counters.pop("bytes_in"), 200)
            self.assertGreater(counters.pop("bytes_out"), 50)
            # Three messages are stored; a thousandth of what the program itself takes.
            self.assertLess(abs(counters.pop("memory") - at_first), 1000000)
            self.assertGreater(at_first, 10000)
            del counters["t"], counters["uptime"]
            self.assertEqual(counters, {
                "connections": 1, "connections_open": 0, "sessions": 1, "messages_in": 3,
                "messages_delivered": 0, "messages_forwarded": 0, "messages_discarded": 0,
                "messages_stored": 3, "acks_sent": 3, "acks_received": 0})
            self.check(relay.receive(2), 0)
            self.assertEqual(relay.stop(), 0)
            last = json.loads(relay.last)
            self.assertEqual(last["messages_delivered"] + last["messages_stored"], 3)
            self.assertEqual(last["connections"], 2)
        with open("/dev/full", "w", encoding="ascii") as full:
            relay = subprocess.Popen([RELAYSIM, "relay", "--url", URL, "--listen", "127.0.0.1:0"],
                                     stdout=full, stderr=subprocess.PIPE, text=True)
            relay.send_signal(signal.SIGTERM)
            relay.communicate(timeout=PATIENCE)
            self.assertNotEqual(relay.returncode, 0)

    def test_large_both_ways(self):
        """Neither end waits for the other to take its message first."""
        size = ["--size", "16000000", "--messages", "2"]
        with Relay() as relay:
            sent = relay.client("--to", BOB, *size)
            self.check(sent, 0)
            both = relay.client("--to", "grooveIdentity://alice", *size, "--identity", BOB,
                                "--receive", "--expect", "2", "--timeout", TIMEOUT,
                                device="dpp:///bob")
            self.check(both, 0)
            self.assertEqual(len(both.stdout.splitlines()), 2)

    def test_longest_names(self):
        """They have room in every command on the way, tokens included."""
        url, device, account = ("%s%s" % (head, "x" * (900 - len(head)))
                                for head in ("grooveDNS://", "dpp:///", "grooveAccount://"))
        with Relay("--auth", "required", url=url) as relay:
            self.check(relay.client("--identity", "grooveIdentity://alice", "--account", account,
                                    "--to", BOB + "," + device, "--resource", "r" * 900,
                                    "--message", "x", device=device), 0)
            self.check(relay.client("--identity", BOB, "--receive", "--expect", "1", "--account",
                                    account, "--resource", "r" * 900, "--timeout", TIMEOUT,
                                    device=device), 0)


if __name__ == "__main__":
    unittest.main()
