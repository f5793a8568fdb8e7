#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The stories of minutes and hours, on the simulated clock: each comes out as told, twice the same to
the byte; the plugin finds in its capture what it states, and shows what its answers tell.  Live, with
the waits skipped, everybody says the same, and the same becomes of every message.  All that holds over
each carrier, too.

Usage: everyday.py RELAYSIM FOLDER
"""
import collections
import concurrent.futures
import glob
import os
import unittest

from played import FOLDER, HAS_PLUGIN, Played, play
from scenarios import declared, stated
import selfcheck
from simulated import told, truth_of
import truth_file

GROUP = "everyday/"
NAMES = sorted(GROUP + os.path.basename(path)[:-len(".scn")]
               for path in glob.glob(os.path.join(FOLDER, GROUP, "*.scn")))
MINUTE = 60
RUNS = 4  # at a time, for they mostly wait
# By its --via: whether each end tells of a connection of its own, to a proxy.
CARRIERS = {"443": False, "connect": True, "socks": True, "longlived": False, "keepalive": False,
            "polling": False}


def fates(events):
    """What became of every message, and what everybody said: of connections from proxies, which
    name nobody, in whichever order they were made."""
    commands, messages = told(events)
    said = collections.defaultdict(list)
    for ((device, _), side), lines in sorted(commands.items()):
        said[device, side].append(lines)
    return {key: sorted(lines) for key, lines in said.items()}, messages


class Everyday(Played):
    def play_it(self, name, label, how="--simulated", *arguments):
        """The capture, and beside it the truth."""
        capture = self.path(os.path.basename(name) + label)
        self.check(play(name, how, *arguments, "--answers", "-w", capture, "--truth",
                        capture + ".json"))
        os.chmod(capture, 0o644)
        return capture

    def test_list(self):
        result = play("--list")
        self.check(result)
        rows = [line.split(None, 1) for line in result.stdout.split("\n\n")[1].splitlines()]
        self.assertEqual(rows, [[name, " ".join(declared(self.file_of(name))["title"][0])]
                                for name in NAMES])

    @staticmethod
    def file_of(name):
        return os.path.join(FOLDER, name + ".scn")

    def test_all(self):
        self.assertEqual(len(NAMES), 6)
        for name in NAMES:
            with self.subTest(name):
                first, second = (self.play_it(name, "%d.pcapng" % i) for i in range(2))
                with open(first, "rb") as one, open(second, "rb") as two:
                    self.assertTrue(one.read() == two.read())
                if HAS_PLUGIN:
                    self.check_shown(name, first)

    def test_live(self):
        """On sockets, by a clock that waits for nothing."""
        for name in NAMES:
            with self.subTest(name):
                live = self.play_it(name, "live.pcapng", "--skip-waits")
                simulated = self.play_it(name, "simulated.pcapng")
                for one, other in zip(told(truth_of(live + ".json")),
                                      told(truth_of(simulated + ".json"))):
                    self.assertEqual(one, other)
                    self.assertGreater(len(one), 0)
                if HAS_PLUGIN:
                    self.check_shown(name, live)

    def test_carried(self):
        """Over each carrier: as told, the same on the simulated clock and live, and messages fare as
        they do over TCP."""
        def both(job):
            name, via = job
            return [self.play_it(name, "-%s%s.pcapng" % (via, how), how, "--via", via)
                    for how in ("--simulated", "--skip-waits")]
        jobs = [(name, via) for via in CARRIERS for name in NAMES]
        straight = {name: fates(truth_of(self.play_it(name, "-tcp.pcapng") + ".json"))[1]
                    for name in NAMES}
        with concurrent.futures.ThreadPoolExecutor(RUNS) as pool:
            for (name, via), captures in zip(jobs, pool.map(both, jobs)):
                with self.subTest(name, via=via):
                    simulated, live = (fates(truth_of(capture + ".json")) for capture in captures)
                    self.assertEqual(simulated, live)
                    self.assertEqual(simulated[1], straight[name])
                    if HAS_PLUGIN:
                        self.check_shown(name, captures[0], CARRIERS[via])

    def check_shown(self, name, capture, has_others=False):
        frames = self.ws.dissect(capture, two_pass=True)
        self.assertEqual({finding for frame in frames for finding, _ in frame.findings},
                         set(stated(self.file_of(name))))
        seconds = [float(frames[i].value("frame.time_epoch")) for i in (0, -1)]
        self.assertGreater(seconds[1] - seconds[0], MINUTE)
        cut = truth_file.Truth(capture + ".json").cut()
        self.assertEqual(
            [row for row in selfcheck.amiss(selfcheck.selfcheck(self.ws, capture, "-2"), has_others)
             if row[0] not in cut or (row[6], row[8]) != (0, 0)], [])


if __name__ == "__main__":
    unittest.main()
