# SPDX-License-Identifier: GPL-2.0-or-later
"""From a capture to a scenario: every connection of samples, and of relaysim's own stories over
its carriers, is told as a scenario, played, and captured once more; and the two captures say the
same, but for what was somebody's.

Usage: test_scenario.py [--all [CARRIER ...]]: all stories over all carriers.
"""
import concurrent.futures
import os
import random
import subprocess
import sys
import tempfile
import unittest

import analyze
import replayed
from wireshark_test import WiresharkTest

SAMPLES = sorted(name[:-len(".pcapng")] for name in os.listdir(analyze.SAMPLES)
                 if name.endswith(".pcapng"))
# What is not in a capture is not in its scenario.
LOST = ("bytes of the connection are missing from the capture, or could not be read, and so are the "
        "commands that were in them")
VIAS = ("tcp", "443", "connect", "socks", "longlived", "keepalive", "polling")



# What tshark shows in the order of the capture, the scenario has in that of the connection.
OUT_OF_ORDER = "capture-out-of-order"


def stories():
    done = subprocess.run([replayed.RELAYSIM, "scenario", "--list"], stdout=subprocess.PIPE,
                          check=True)
    names = [line.split()[0] for line in done.stdout.decode().splitlines() if line]
    # Those of the groups break rules, or take hours.
    return [name for name in names if name != OUT_OF_ORDER and "/" not in name]


class ScenarioTest(WiresharkTest):
    def path(self, name):
        return os.path.join(self.ws.folder, name)

    def check(self, capture, seed=1):
        """Every connection of a capture; [(number, what could not be said, differences)]."""
        os.chmod(capture, 0o644)
        lives = replayed.conversations(self.ws, capture)
        paths = [self.path("%d.scn" % number) for number in lives]
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            told = list(pool.map(lambda number, path: replayed.tell(capture, number, path, seed),
                                 lives, paths))
        for life, path in zip(lives.values(), paths):
            with open(path, encoding="utf-8") as file:
                self.assertEqual(replayed.leaks(life, file.read()), [], path)
        copy = self.path("copy.pcapng")
        replayed.play(paths, copy)
        os.chmod(copy, 0o644)
        copies = replayed.played(self.ws, copy)
        self.assertEqual(len(copies), len(lives))
        return [(number, said, replayed.differences(life, other, with_findings=not said))
                for (number, life), other, said in zip(lives.items(), copies, told)]

    def assert_same(self, results):
        for number, said, found in results:
            if LOST not in said:
                self.assertEqual(found, [], "connection %d (%s)" % (number, said))

    def test_samples(self):
        """Each, whatever carries it."""
        for name in SAMPLES:
            if name == "demo":
                continue  # it has twenty connections over TCP: test_stories has such
            with self.subTest(name):
                capture = self.path(name + ".pcapng")
                with open(analyze.sample(name), "rb") as sample, open(capture, "wb") as file:
                    file.write(sample.read())
                self.assert_same(self.check(capture))

    def play_stories(self, names, via, seed):
        """The capture; None where one of them does not go over it."""
        capture = self.path("story.pcapng")
        done = subprocess.run([replayed.RELAYSIM, "scenario", *names, "--simulated", "--via", via,
                               "-w", capture, "--seed", str(seed)],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        return capture if done.returncode == 0 else None

    def test_stories(self):
        """Two of them, each over another carrier; the seed chooses."""
        seed = int(os.environ.get("GRVSSTP_SEED", random.SystemRandom().randrange(1 << 32)))
        names, chance, num = stories(), random.Random(seed), 0
        for _ in range(20):
            if num == 2:
                break
            name, via = chance.choice(names), chance.choice(VIAS)
            capture = self.play_stories([name], via, seed)
            if capture is None:
                continue  # not over this one
            num += 1
            with self.subTest("%s over %s, seed %d" % (name, via, seed)):
                self.assert_same(self.check(capture, seed))
        self.assertEqual(num, 2)


class PointsTest(unittest.TestCase):
    """relaysim's two points, by what their packets say: who was nearer, and how clocks differ."""

    def test_clocks(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "p.pcapng")
            for name, fault, ahead, drift in (
                    ("1.3.5.2-a-long-queue", "points ahead 70ms apart 3ms", 70, 0),
                    ("4.2.6-single-hop", "points ahead -20ms apart 2ms drift 50ppm", -20, 50),
                    ("4.2.6-single-hop", "points ahead 70ms apart 3ms, capture ipv6, capture lose 1 of 8",
                     70, 0)):
                with self.subTest(fault):
                    subprocess.run([replayed.RELAYSIM, "scenario", name, "--simulated", "-w", path,
                                    "--fault", "capture " + fault], stdout=subprocess.DEVNULL, check=True)
                    row = analyze.records("--table", "points", path[:-7] + "-1.pcapng",
                                          path[:-7] + "-2.pcapng")[1]
                    # The one whose clock says less is the first.
                    self.assertLessEqual(row["offset_low_ns"], abs(ahead) * 1e6 + 1e5)
                    self.assertGreaterEqual(row["offset_high_ns"], abs(ahead) * 1e6 - 1e5)
                    self.assertEqual(row["name"].endswith("-2.pcapng"), ahead > 0)
                    self.assertLessEqual(row["drift_low_ppm"], drift if ahead > 0 else -drift)
                    self.assertGreaterEqual(row["drift_high_ppm"], drift if ahead > 0 else -drift)
                    self.assertEqual(row["clock_steps"], 0)


def main_all(vias):
    """A line for each connection that is not the same, or of which something cannot be told."""
    ScenarioTest.setUpClass()
    test, num_bad = ScenarioTest(), 0
    for via in vias:
        names = [name for name in stories() if test.play_stories([name], via, 1)]
        results = test.check(test.play_stories(names, via, 1))
        for number, said, found in results:
            num_bad += bool(found) and LOST not in said
            if found or said:
                print("over %s, connection %d: %s; %s" % (via, number, said, found[:3]), flush=True)
        print("over %s: %d stories, %d connections, %d of them not the same" % (
            via, len(names), len(results), sum(bool(found) for _, _, found in results)), flush=True)
    ScenarioTest.tearDownClass()
    return 1 if num_bad else 0


if __name__ == "__main__":
    if "--all" in sys.argv:
        sys.exit(main_all(sys.argv[sys.argv.index("--all") + 1:] or VIAS))
    unittest.main(verbosity=2)
