#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""`relaysim bench`: that it counts and checks what it says; not how fast anything is.

Usage: bench.py RELAYSIM
"""
import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from patience import PATIENCE

RELAYSIM = sys.argv.pop(1)
URL = "grooveDNS://relay1.example"


def bench(*arguments, timeout=PATIENCE, **environment):
    return subprocess.run([RELAYSIM, "bench", *arguments], capture_output=True, text=True,
                          timeout=timeout, check=False, env={**os.environ, **environment})


def head(number, sender=0):
    """How a message begins, up to the first byte that all have in common."""
    return number.to_bytes(4, "little") + sender.to_bytes(4, "little") + b"i"


class Relay:
    def __init__(self, *arguments):
        self.process = subprocess.Popen(
            [RELAYSIM, "relay", "--url", URL, "--listen", "127.0.0.1:0", *arguments],
            stdout=subprocess.PIPE, text=True)
        self.address = self.process.stdout.readline().split()[1]

    def __enter__(self):
        return self

    def counters_now(self):
        self.process.send_signal(signal.SIGUSR1)
        return json.loads(self.process.stdout.readline())

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
        self.counters = json.loads(self.process.stdout.read().splitlines()[-1])
        self.process.wait()


class Forger:
    """Between bench and relay: changes what comes from the relay, once."""

    def __init__(self, address, old, new):
        self.target = (address.split(":")[0], int(address.split(":")[1]))
        self.old, self.new = old, new
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            peer, _ = self.listener.accept()
            other = socket.create_connection(self.target)
            threading.Thread(target=self.carry, args=(peer, other, False), daemon=True).start()
            threading.Thread(target=self.carry, args=(other, peer, True), daemon=True).start()

    def carry(self, source, target, forges):
        try:
            while data := source.recv(1 << 16):
                target.sendall(data.replace(self.old, self.new, 1) if forges else data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass


class Bench(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="relaysim-bench-")
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def measure(self, *arguments):
        result = bench("--json", *arguments)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertEqual(len(result.stdout.splitlines()), 1)
        return json.loads(result.stdout)

    def check_failure(self, result, code, sentence):
        self.assertEqual(result.returncode, code, result.stderr)
        self.assertRegex(result.stderr, sentence)
        self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
        self.assertEqual(result.stdout, "")

    def test_modes(self):
        for store in ("memory", self.path("store")):
            for mode, arguments in (("online", []), ("online", ["--fanout", "7"]),
                                    ("online", ["--size", "70000", "--window", "3"]),
                                    ("online", ["--size", "8"]), ("rate", ["--rate", "400"]),
                                    ("rate", ["--rate", "5000", "--fanout", "3"]),
                                    ("offline", ["--offline"]),
                                    ("offline", ["--offline", "--fanout", "3"])):
                with self.subTest(store=store, arguments=arguments):
                    figures = self.measure("--messages", "300", "--store", store, *arguments)
                    self.assertEqual((figures["mode"], figures["messages"]), (mode, 300))
                    if mode == "offline":
                        self.assertGreater(figures["store_per_second"], 0)
                        self.assertGreater(figures["drain_per_second"], 0)
                        continue
                    latency = figures["latency_ms"]
                    self.assertGreater(latency["p50"], 0)
                    self.assertLessEqual(latency["p50"], latency["p99"])
                    self.assertLessEqual(latency["p99"], latency["max"])
                    self.assertAlmostEqual(figures["deliveries_per_second"] * figures["seconds"],
                                           300 * figures["fanout"], delta=0.01)

    def test_ways(self):
        """Over each carrier the same deliveries."""
        for via in ("443", "longlived", "keepalive", "polling"):
            with self.subTest(via):
                figures = self.measure("--via", via, "--messages", "200", "--fanout", "2")
                self.assertEqual((figures["messages"], figures["fanout"]), (200, 2))
        result = bench("--via", "socks")
        self.assertEqual(result.returncode, 2)
        self.assertRegex(result.stderr, "--via socks takes a proxy, and the bench has none$")

    def test_senders(self):
        """Several, in every mode: they share the messages, and the figures tell of each."""
        for mode, arguments in (("online", []), ("online", ["--size", "70000", "--window", "3"]),
                                ("rate", ["--rate", "1000"]),
                                ("online", ["--size", "8"]),
                                ("offline", ["--offline", "--fanout", "2"])):
            with self.subTest(arguments=arguments):
                figures = self.measure("--messages", "301", "--senders", "7", *arguments)
                self.assertEqual((figures["mode"], figures["messages"], figures["senders"]),
                                 (mode, 301, 7))
                names = (["sender_store_per_second", "sender_drain_per_second"]
                         if mode == "offline" else
                         ["sender_deliveries_per_second", "sender_latency_ms"])
                for name in names:
                    self.assertGreater(figures[name + "_min"], 0)
                    self.assertLessEqual(figures[name + "_min"], figures[name + "_max"])
                if mode == "offline":
                    self.assertLess(figures["sender_store_per_second_max"],
                                    7 * figures["store_per_second"] + 1)
                    continue
                # None takes longer than all together: 43 messages are each one's share.
                slowest = 43 * figures["fanout"] / figures["sender_deliveries_per_second_min"]
                self.assertLessEqual(slowest, figures["seconds"] * 1.001)
                self.assertLessEqual(figures["sender_latency_ms_min"],
                                     figures["latency_ms"]["max"])
        self.assertNotIn("sender_latency_ms_min", self.measure("--messages", "20"))

    def test_senders_share_the_rate(self):
        """A rate is that of all together."""
        figures = self.measure("--messages", "200", "--rate", "200", "--senders", "10")
        self.assertGreater(figures["seconds"], 0.9)

    def test_senders_are_connections(self):
        """Each with a device of its own, all at the same time."""
        with Relay("--max-connections", "5") as relay:
            self.measure("--relay", relay.address, "--senders", "3", "--fanout", "2",
                         "--messages", "60")
            self.check_failure(bench("--relay", relay.address, "--senders", "4", "--fanout", "2",
                                     "--messages", "60"), 1, "a connection was refused: TryLater")
        self.assertEqual(relay.counters["messages_in"], 60)
        self.assertEqual(relay.counters["messages_delivered"], 120)

    def test_authentication(self):
        """Whom it starts and whom it finds may want everybody to prove who he is."""
        for arguments in ([], ["--senders", "3", "--fanout", "2"], ["--offline"]):
            self.measure("--auth", "required", "--messages", "60", *arguments)
        self.measure("--auth", "off", "--messages", "60")
        with Relay("--auth", "required") as relay:
            self.check_failure(bench("--relay", relay.address), 1,
                               "a connection was refused: AuthenticationFailed; with --auth "
                               "required, senders authenticate, too")
            figures = self.measure("--relay", relay.address, "--auth", "required", "--messages",
                                   "60", "--senders", "2")
            self.assertEqual(figures["senders"], 2)
            result = bench("--relay", relay.address, "--auth", "required", "--messages", "60",
                           RELAYSIM_SECRET="sesame")
            self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertEqual(relay.counters["messages_in"], 120)
        self.assertEqual(relay.counters["messages_stored"], 0)

    def test_rate(self):
        """It takes its time."""
        figures = self.measure("--messages", "200", "--rate", "200")
        self.assertGreater(figures["seconds"], 0.9)

    def test_held(self):
        """All are there, and nothing is sent, until somebody could look; that is no standstill."""
        with Relay("--max-half-open", "200") as relay:
            held = subprocess.Popen([RELAYSIM, "bench", "--relay", relay.address, "--messages", "5",
                                     "--fanout", "3", "--hold", "3", "--patience", "0.5"],
                                    stdout=subprocess.PIPE, text=True)
            while relay.counters_now()["connections_open"] < 4:
                self.assertIsNone(held.poll())
            self.assertEqual(relay.counters_now()["messages_in"], 0)
            self.assertRegex(held.communicate(timeout=PATIENCE)[0], "5 messages of 1024 bytes")
            self.assertEqual(held.returncode, 0)
        self.assertEqual(relay.counters["messages_delivered"], 15)

    def test_files(self):
        """As many as the system lets it have, and a sentence where that is too few."""
        def limit():
            resource.setrlimit(resource.RLIMIT_NOFILE, (60, 300))
        arguments = [RELAYSIM, "bench", "--messages", "1", "--patience", str(PATIENCE)]
        for fanout, code in (("100", 0), ("250", 2)):
            result = subprocess.run([*arguments, "--fanout", fanout], preexec_fn=limit, text=True,
                                    capture_output=True, timeout=PATIENCE, check=False)
            self.assertEqual(result.returncode, code, result.stderr)
        self.assertRegex(result.stderr, "^relaysim: 315 open files are needed .* allows 300: raise")

    def test_another_relay(self):
        """What it says it did is what the relay has counted."""
        with Relay() as relay:
            self.measure("--relay", relay.address, "--messages", "500", "--fanout", "4")
            self.measure("--relay", relay.address, "--messages", "50", "--offline")
        counters = relay.counters
        self.assertEqual(counters["messages_in"], 550)
        self.assertEqual(counters["messages_delivered"], 2050)
        self.assertEqual(counters["messages_stored"], 0)

    def test_text(self):
        result = bench("--messages", "100")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertRegex(result.stdout, r"\A100 messages of 1024 bytes to 1 receiver\n[\d.]+ seconds\n"
                                        r"\d+ deliveries a second\n")
        self.assertRegex(result.stdout, r"latency in ms: p50 [\d.]+ p95 [\d.]+ p99 [\d.]+ max [\d.]+\n\Z")

    def test_wrong_deliveries(self):
        """A message that is not what was sent ends the run."""
        number = (7).to_bytes(8, "little")
        with Relay() as relay:
            for old, new, sentence in (
                    (number + b"i", number + b"!", "message 7 came with other contents"),
                    (number + b"i", (8).to_bytes(8, "little") + b"i",
                     "message 8 came to receiver .* where 7 was expected"),
                    (number + b"i", (1 << 60).to_bytes(8, "little") + b"i", "where 7 was expected")):
                with self.subTest(sentence=sentence):
                    forger = Forger(relay.address, old, new)
                    result = bench("--relay", forger.address, "--messages", "20")
                    self.check_failure(result, 1, sentence)

    def test_wrong_deliveries_of_several(self):
        """One that is lost, double, of another sender or of nobody ends the run."""
        with Relay() as relay:
            for old, new, sentence in (
                    (head(3, 1), head(3, 0), "message 3 of sender 1 came to receiver 1 where "),
                    (head(3, 1), head(2, 1), "message 2 of sender 2 .* where 3 was expected"),
                    (head(3, 1), head(4, 1), "message 4 of sender 2 .* where 3 was expected"),
                    (head(3, 1), head(3, 2), "message 3 of sender 3 .* no such sender"),
                    (head(3, 1), head(3, 1)[:8] + b"j",
                     "message 3 of sender 2 came with other contents")):
                with self.subTest(sentence=sentence):
                    forger = Forger(relay.address, old, new)
                    result = bench("--relay", forger.address, "--messages", "20", "--senders", "2")
                    self.check_failure(result, 1, sentence)

    def test_failures(self):
        with Relay() as relay:
            self.check_failure(bench("--relay", relay.address, "--relay-url", "grooveDNS://other"),
                               1, "refused: WrongDevice")
        with Relay("--quota", "5000") as relay:
            self.check_failure(bench("--relay", relay.address, "--offline"), 1,
                               "the relay closed the session")
            self.check_failure(bench("--relay", relay.address, "--offline", "--fanout", "2"), 1,
                               "the relay gave up a recipient")
        with socket.create_server(("127.0.0.1", 0)) as silent:
            address = "127.0.0.1:%d" % silent.getsockname()[1]
            self.check_failure(bench("--relay", address, "--patience", "1"), 1,
                               "the relay stands still: 0 messages sent")
        self.check_failure(bench("--relay", address), 1, "cannot connect to " + address)

    def test_store_that_is_none(self):
        """As with a relay: one sentence, exit code 2, and every file is as it was."""
        for name in ("none.db", "capture"):
            with open(self.path(name), "w", encoding="ascii") as file:
                file.write("what was there")
        for capture in ("capture", "new"):
            result = bench("--store", self.path("none.db"), "-w", self.path(capture))
            self.check_failure(result, 2, "^relaysim: the store .*none.db is damaged, or not a store "
                                          "at all\n$")
        for name in ("none.db", "capture"):
            with open(self.path(name), encoding="ascii") as file:
                self.assertEqual(file.read(), "what was there")
        self.assertFalse(os.path.exists(self.path("new")))

    def test_killed_relay(self):
        with Relay() as relay:
            running = subprocess.Popen(
                [RELAYSIM, "bench", "--relay", relay.address, "--messages", "100000", "--rate",
                 "1000"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            while relay.counters_now()["messages_in"] == 0:
                time.sleep(0.05)
            relay.process.terminate()
            out, err = running.communicate(timeout=PATIENCE)
        self.assertEqual((running.returncode, out), (1, ""))
        self.assertRegex(err, "^relaysim: a connection was closed: ")

    def test_no_relay_is_left(self):
        """Neither where the store cannot be opened, nor where the bench is killed."""
        result = bench("--store", "/nonexistent/store")
        self.assertEqual(result.returncode, 2)
        self.assertRegex(result.stderr, "/nonexistent/store")
        running = subprocess.Popen([RELAYSIM, "bench", "--rate", "1", "--store", self.path("s")],
                                   stdout=subprocess.PIPE)
        deadline = time.monotonic() + PATIENCE
        children = []
        while not children and time.monotonic() < deadline:
            path = f"/proc/{running.pid}/task/{running.pid}/children"
            with open(path, encoding="ascii") as file:
                children = file.read().split()
        self.assertEqual(len(children), 1)
        time.sleep(0.3)
        running.send_signal(signal.SIGKILL)
        running.wait()
        running.stdout.close()
        while os.path.exists("/proc/" + children[0]) and time.monotonic() < deadline:
            with open(f"/proc/{children[0]}/stat", encoding="ascii") as file:
                if file.read().split(") ")[1][0] == "Z":
                    break
            time.sleep(0.05)
        self.assertLess(time.monotonic(), deadline)

    def test_usage(self):
        for arguments, sentence in (
                (["--messages", "0"], "--messages is a number from 1 to 10000000"),
                (["--size", "7"], "--size is a number of bytes from 8"),
                (["--size", "2000000"], "--size is a number of bytes from 8"),
                (["--fanout", "1001"], "--fanout is a number from 1 to 1000"),
                (["--rate", "-1"], "--rate is a number"),
                (["--window", "70000"], "--window is a number"),
                (["--patience", "0"], "--patience is a number"),
                (["--offline", "--rate", "5"], "--rate measures latency"),
                (["--relay", "127.0.0.1:1", "--store", "x"], "give one of them"),
                (["--relay-url", "dpp:///x"], "--relay-url is a device URL"),
                (["--senders", "0"], "--senders is a number from 1 to 1000"),
                (["--senders", "1001"], "--senders is a number from 1 to 1000"),
                (["--fanout", "0"], "--fanout is a number from 1 to 1000"),
                (["--senders", "11", "--messages", "10"],
                 "--messages 10 are too few for --senders 11: each sends one at least"),
                (["--auth", "maybe"], "--auth is "),
                (["more"], 'takes no argument such as "more"'),
                (["--messages", "many"], re.escape("--messages"))):
            with self.subTest(arguments=arguments):
                self.check_failure(bench(*arguments), 2, sentence)


if __name__ == "__main__":
    unittest.main()
