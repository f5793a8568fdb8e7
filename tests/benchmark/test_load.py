# SPDX-License-Identifier: GPL-2.0-or-later
"""The load programs of the relay's peers: what they notice, what they say, what they print.

Usage: test_load.py FOLDER   (where bench_redis, bench_mosquitto and the others are)
"""

import json
import os
import socket
import subprocess
import sys
import unittest
from unittest import mock

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import relay  # noqa: E402
import servers  # noqa: E402
from fake_servers import FakeBroker, FakeRedis  # noqa: E402

FOLDER = sys.argv.pop(1)
MESSAGES = 20
BAD = 7  # the number of the message that something happens to
# Seconds; more than a load program has with a server that is silent, which it then says.
PATIENCE = 120


def run(program, *arguments):
    return subprocess.run([os.path.join(FOLDER, program), *map(str, arguments)],
                          capture_output=True, text=True, timeout=PATIENCE, check=False)


def instead(*build):
    """A fault: instead of message BAD come those that the functions make of it."""
    return lambda number, message: ([make(message) for make in build] if number == BAD
                                    else [message])


def same(message):
    return message


def flipped(position):
    def flip(message):
        changed = bytearray(message)
        changed[position] ^= 1
        return bytes(changed)
    return flip


class Swapped:
    """Message BAD comes after the next one."""

    def __init__(self):
        self.held = []

    def __call__(self, number, message):
        if number == BAD:
            self.held = [message]
            return []
        held, self.held = self.held, []
        return [message] + held


FAULTS = {
    "lost": (instead(), "gets message 8 where message 7 is due"),
    "doubled": (instead(same, same), "gets message 7 where message 8 is due"),
    "swapped": (Swapped(), "gets message 8 where message 7 is due"),
    "short": (instead(lambda m: m[:-1]), "gets 99 bytes as message 7; 100 were sent"),
    "long": (instead(lambda m: m + b"x"), "gets 101 bytes as message 7; 100 were sent"),
    "first byte": (instead(flipped(8)), "gets message 7 with other contents"),
    "last byte": (instead(flipped(-1)), "gets message 7 with other contents"),
    "one too many": (lambda number, m: [m, m] if number == MESSAGES - 1 else [m],
                     "gets a message more than the 20 that were sent"),
}


class LoadTest:
    """For each of the two programs."""

    def load(self, *arguments, **options):
        with self.server(**options) as server:
            done = run(self.program, "--port", server.port, "--messages", MESSAGES, "--size", 100,
                       *arguments)
            self.assertFalse(server.too_many)
            return done

    def result(self, *arguments, **options):
        done = self.load(*arguments, **options)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(len(done.stdout.splitlines()), 1)
        return json.loads(done.stdout)

    def test_online(self):
        result = self.result("--fanout", 3)
        self.assertEqual([result[key] for key in ("mode", "messages", "size", "fanout")],
                         ["online", MESSAGES, 100, 3])
        self.assertAlmostEqual(result["deliveries_per_second"] * result["seconds"], 3 * MESSAGES,
                               delta=1)
        latency = result["latency_ms"]
        self.assertEqual(list(latency), ["p50", "p95", "p99", "max"])
        self.assertEqual(sorted(latency.values()), list(latency.values()))
        self.assertLessEqual(latency["max"], result["seconds"] * 1000)

    def test_sizes(self):
        for size in (10, 127, 128, 16384, 200000, 1048576):
            with self.subTest(size=size):
                self.assertEqual(self.result("--size", size, "--messages", 3)["size"], size)

    def test_offline(self):
        result = self.result("--offline")
        self.assertEqual(list(result), ["mode", "messages", "size", "fanout", "store_per_second",
                                        "drain_per_second"])
        self.assertEqual(result["mode"], "offline")

    def test_rate(self):
        result = self.result("--rate", 50)
        self.assertEqual((result["mode"], result["rate"]), ("rate", 50))
        self.assertGreater(result["seconds"], 0.37)  # 19 intervals of 20 ms

    def test_window(self):
        self.result("--window", 5, "--batch", 1, window=5)

    def test_faults(self):
        for name, (fault, sentence) in FAULTS.items():
            with self.subTest(fault=name):
                done = self.load(fault=fault)
                self.assertEqual((done.returncode, done.stdout), (1, ""))
                self.assertIn(sentence, done.stderr)
                self.assertEqual(len(done.stderr.splitlines()), 1)

    def test_nobody_listens(self):
        with socket.socket() as held:  # so that nobody else takes it meanwhile
            held.bind(("127.0.0.1", 0))
            done = run(self.program, "--port", held.getsockname()[1])
        self.assertEqual(done.returncode, 1)
        self.assertIn("no connection to 127.0.0.1:", done.stderr)

    def test_usage(self):
        for arguments, sentence in (
                ([], "--port is missing"),
                (["--port", 0], "--port needs a number from 1 to 65535, not '0'"),
                (["--port", 65536], "not '65536'"),
                (["--port", "1x"], "not '1x'"),
                (["--messages", 0], "not '0'"),
                (["--messages", -1], "not '-1'"),
                (["--size", 9], "from 10 to 1048576"),
                (["--size", 1048577], "from 10 to 1048576"),
                (["--fanout", 1001], "from 1 to 1000"),
                (["--window", ""], "not ''"),
                (["--port", 1, "--messages", 100001, "--fanout", 1000], "100000000 deliveries"),
                (["--port", 1, "--offline", "--rate", 1], "no --rate"),
                (["--port", 1, "--offline", "--fanout", 2], "one receiver"),
                (["--port", 1, "more"], "'more' is not an option"),
                (["--nothing"], "nothing")):
            with self.subTest(arguments=arguments):
                done = run(self.program, *arguments)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn(sentence, done.stderr)
                self.assertEqual(len(done.stderr.splitlines()), 1)


class MosquittoTest(LoadTest, unittest.TestCase):
    program, server = "bench_mosquitto", FakeBroker

    def test_late_goodbye(self):
        """What is sent waits until the broker knows that the receiver is not there."""
        self.result("--offline", goodbye_seconds=0.5)


class RedisTest(LoadTest, unittest.TestCase):
    program, server = "bench_redis", FakeRedis

    def test_acknowledgement_in_vain(self):
        done = self.load(acked=lambda count: count - 1)
        self.assertEqual(done.returncode, 1)
        self.assertIn("acknowledgements of receiver 0 for", done.stderr)


class ForwardTest(unittest.TestCase):
    """The floor is its own server."""

    def test_modes(self):
        for size, more in ((10, []), (1024, ["--rate", "200"]), (100000, ["--window", "3"])):
            with self.subTest(size=size):
                done = run("bench_forward", "--port", 1, "--messages", 50, "--size", size,
                           "--fanout", 1, *more)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                result = json.loads(done.stdout)
                self.assertEqual((result["messages"], result["size"]), (50, size))
                self.assertGreater(result["latency_ms"]["p50"], 0)

    def test_usage(self):
        for more in (["--fanout", "2"], ["--fanout", "1", "--offline"]):
            done = run("bench_forward", "--port", 1, "--messages", 5, "--size", 100, *more)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertIn("no --fanout, no --offline", done.stderr)


class MachineTest(unittest.TestCase):
    """What the disk and loopback do by themselves."""

    def result(self, program, *arguments):
        done = run(program, "--port", 1, *arguments)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        result = json.loads(done.stdout)
        self.assertEqual(result["mode"], "online")
        self.assertGreater(result["deliveries_per_second"], 0)
        return result

    def test_append(self):
        for size, window in ((10, 1), (1024, 7), (1048576, 20)):
            with self.subTest(size=size):
                result = self.result("bench_append", "--messages", 20, "--size", size,
                                     "--window", window)
                self.assertEqual([result[key] for key in relay.LOAD], [20, size, 1])

    def test_send(self):
        for size, fanout in ((10, 1), (1024, 100), (200000, 3)):
            with self.subTest(size=size):
                result = self.result("bench_send", "--messages", 20, "--size", size,
                                     "--fanout", fanout)
                self.assertEqual([result[key] for key in relay.LOAD], [20, size, fanout])

    def test_usage(self):
        for program, *more in (("bench_append", "--fanout", 2), ("bench_append", "--rate", 5),
                               ("bench_append", "--offline"), ("bench_send", "--offline"),
                               ("bench_send", "--rate", 5)):
            done = run(program, "--port", 1, *more)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertIn("no --offline", done.stderr)


class RelayTest(unittest.TestCase):
    """What relay.py makes of the results."""

    class Bench:
        peers_only = False
        peers = {name: relay.PEERS[name] for name in ("redis", "mosquitto")}

        @staticmethod
        def contestants():
            return ["durable", "redis", "memory", "mosquitto"]

    @staticmethod
    def rounds(mode, key, **figures):
        return [{name: dict({"mode": mode, "messages": 10, "fanout": 1, "client_cpu": 1,
                             "server_cpu": 1, "wall": 1}, **key(values[number]))
                 for name, values in figures.items()} for number in range(3)]

    def test_ratios(self):
        rounds = self.rounds("online", lambda value: {"deliveries_per_second": value},
                             durable=[30, 20, 60], redis=[20, 20, 20],
                             memory=[30, 20, 60], mosquitto=[20, 20, 20])
        lines = relay.summarise(self.Bench, "one-1k", rounds)
        self.assertEqual([(line["peer"], line["ratio"], line["target"], line["is_reached"])
                          for line in lines],
                         [("redis", {"median": 1.5, "min": 1, "max": 3}, 1.5, True),
                          ("mosquitto", {"median": 1.5, "min": 1, "max": 3}, 2, False)])

    def test_latencies_are_better_when_smaller(self):
        rounds = self.rounds("rate", lambda value: {"latency_ms": {"p50": value, "p99": value}},
                             durable=[1, 1, 1], redis=[2, 4, 3],
                             memory=[1, 1, 1], mosquitto=[0.5, 1, 2])
        lines = relay.summarise(self.Bench, "latency-1k", rounds)
        self.assertEqual(lines[0]["ratio"], {"median": 3, "min": 2, "max": 4})
        self.assertEqual([line.get("is_reached") for line in lines], [True, None, False, None])

    def test_another_target_for_a_figure(self):
        rounds = self.rounds("offline", lambda value: {"store_per_second": value,
                                                       "drain_per_second": value},
                             durable=[3, 3, 3], **{"redis-multi": [2, 2, 2]})
        bench = mock.Mock(peers_only=False, peers={"redis-multi": relay.PEERS["redis-multi"]})
        lines = relay.summarise(bench, "offline-1k", rounds)
        self.assertEqual([(line["figure"], line["target"], line["is_reached"]) for line in lines],
                         [("store", 2, False), ("drain", 1.5, True)])

    def test_floors(self):
        rounds = self.rounds("rate", lambda value: {"latency_ms": {"p50": value, "p99": value}},
                             durable=[2, 4, 8], memory=[1, 1.2, 1.2], bench_forward=[1, 1, 1])
        lines = relay.floors_of(self.Bench, "latency-1k", rounds)
        self.assertEqual([(line["store"], line["figure"], line["is_reached"]) for line in lines],
                         [("durable", "latency p50", False), ("memory", "latency p50", True)])
        self.assertEqual(lines[0]["ratio"], {"median": 0.25, "min": 0.125, "max": 0.5})

    def test_each_store_has_its_floors(self):
        rounds = self.rounds("online", lambda value: {"deliveries_per_second": value},
                             durable=[4, 4, 4], memory=[9, 9, 9], bench_forward=[10, 10, 10],
                             bench_append=[9, 9, 9], bench_send=[10, 10, 10])
        lines = relay.floors_of(self.Bench, "one-1k", rounds)
        self.assertEqual([(line["floor"], line["store"], line.get("is_reached"))
                          for line in lines],
                         [("bench_forward", "durable", None), ("bench_forward", "memory", None),
                          ("bench_append", "durable", False), ("bench_send", "memory", True)])
        self.assertEqual(relay.floors_of(self.Bench, "offline-1k", rounds), [])

    def test_missing_server(self):
        with self.assertRaisesRegex(servers.Missing, "apt-get install .* no-such-server"):
            servers.find("no-such-server")

    def test_file_system(self):
        self.assertEqual(servers.filesystem("/proc/self"), "proc")


if __name__ == "__main__":
    unittest.main()
