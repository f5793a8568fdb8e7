#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""One scenario for each finding that plugin/FIELDS.md lists, and none for another: each is played,
on the simulated network and live, and the plugin finds in its capture what it is named after, as
often as it states, and nothing else but what it states.

Usage: findings.py RELAYSIM FOLDER
"""
import collections
import concurrent.futures
import glob
import os
import re
import unittest

from played import FOLDER, HAS_PLUGIN, Played, play
from scenarios import declared, stated

GROUP = "findings/"
NAMES = sorted(GROUP + os.path.basename(path)[:-len(".scn")]
               for path in glob.glob(os.path.join(FOLDER, GROUP, "*.scn")))
FILES = [os.path.join(FOLDER, name + ".scn") for name in NAMES]
PAGE = os.path.join(FOLDER, "..", "..", "..", "plugin", "FIELDS.md")
RUNS = 4  # at a time
# What cannot be raised without another one: the commands after a missing body are in doubt.
COMPANIONS = {"findings/sequence_gap": {"gap"}}


def listed():
    """How often each (finding, severity) is listed."""
    with open(PAGE, encoding="utf-8") as file:
        return collections.Counter(
            re.findall(r"^\| `sstp\.expert\.(\w+)` \| (\w+) \|", file.read(), re.M))


def finding_of(name):
    """What a scenario is named after: "bad_index" of "findings/bad_index-repeated"."""
    return name[len(GROUP):].split("-")[0]


class Findings(Played):
    def test_list(self):
        """Each is in the program, after the others, by name and title."""
        result = play("--list")
        self.check(result)
        rows = [line.split(None, 1) for line in result.stdout.split("\n\n")[2].splitlines()]
        self.assertEqual(rows, [[name, " ".join(declared(path)["title"][0])]
                                for name, path in zip(NAMES, FILES)])

    def test_stated(self):
        """Each states what it is named after, and nothing else without need."""
        for name, path in zip(NAMES, FILES):
            self.assertEqual(set(stated(path)), {finding_of(name)} | COMPANIONS.get(name, set()), name)

    def test_live(self):
        with concurrent.futures.ThreadPoolExecutor(RUNS) as pool:
            for result in pool.map(lambda i: play(*NAMES[i::RUNS]), range(RUNS)):
                self.check(result)

    @unittest.skipUnless(HAS_PLUGIN, "without the plugin")
    def test_found(self):
        """In the capture of each; and both ways against the list."""
        found = collections.Counter()
        for name, path in zip(NAMES, FILES):
            capture = self.path(os.path.basename(path) + ".pcapng")
            with self.subTest(name):
                self.check(play(name, "--simulated", "-w", capture))
                os.chmod(capture, 0o644)
                frames = self.ws.dissect(capture, two_pass=True)
                self.assertFalse([frame.number for frame in frames if frame.is_malformed])
                here = collections.Counter(f for frame in frames for f in frame.findings)
                nums = collections.Counter()
                for (finding, _), num in here.items():
                    nums[finding] += num
                wanted = stated(path)
                self.assertEqual(set(nums), set(wanted))
                for finding, num in wanted.items():
                    self.assertEqual(nums[finding], num or nums[finding], finding)
                found.update(one for one in here if one[0] == finding_of(name))
        self.assertEqual(found, listed())


if __name__ == "__main__":
    unittest.main()
