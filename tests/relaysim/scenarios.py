#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every built-in scenario, played live; and its capture, opened with the plugin: exactly
the findings that the scenario states, and the numbers that the specification prints.

Usage: scenarios.py RELAYSIM FOLDER
Without GRVSSTP_BUILD_DIR, as where the plugin is sanitized, they are only played.
"""
import collections
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

RELAYSIM, FOLDER = sys.argv.pop(1), sys.argv.pop(1)
FILES = sorted(glob.glob(os.path.join(FOLDER, "*.scn")))
NAMES = [os.path.basename(path)[:-len(".scn")] for path in FILES]
HAS_PLUGIN = "GRVSSTP_BUILD_DIR" in os.environ
# Slow machines, sanitizers: far beyond what any takes.
TIMEOUT = 120
# What time decides, where writes are cut and bytes come late: how a delivery session and
# the acknowledgements of the messages before fall together.
SEEDS = (1, 2, 3)

if HAS_PLUGIN:
    import tshark
    PASSES = ((False, "one pass"), (True, "two passes"))


def play(*arguments, **options):
    return subprocess.run([RELAYSIM, "scenario", *arguments], capture_output=True, text=True,
                          timeout=TIMEOUT, **options)


def declared(path):
    """The words of each declaration of a scenario, by its first one."""
    lines = collections.defaultdict(list)
    with open(path, encoding="utf-8") as file:
        for line in file:
            words = line.split("#")[0].split()
            if words:
                lines[words[0]].append(words[1:])
    return lines


def stated(path):
    """{finding: how often, or None for once or more}"""
    return {words[0]: int(words[1]) if len(words) > 1 else None
            for words in declared(path)["finding"]}


class Played(unittest.TestCase):
    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="relaysim-")
        os.chmod(cls.folder, 0o755)
        cls.ws = tshark.Wireshark() if HAS_PLUGIN else None

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)
        if cls.ws:
            cls.ws.close()

    def path(self, name):
        return os.path.join(self.folder, name)

    def play(self, name, *arguments):
        """Plays a scenario, returns its capture."""
        capture = self.path("capture.pcapng")
        result = play(name, "-w", capture, *arguments)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        os.chmod(capture, 0o644)
        return capture


class BuiltIn(Played):
    def test_list(self):
        """Every file is in the program, by name and title."""
        result = play("--list")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        titles = [" ".join(declared(path)["title"][0]) for path in FILES]
        self.assertEqual([line.split(None, 1) for line in result.stdout.splitlines()],
                         [list(row) for row in zip(NAMES, titles)])

    def test_section_4(self):
        """Every example of the specification's section 4 has one."""
        for section in ("4.1.1", "4.1.2", "4.1.3", "4.2.1", "4.2.2", "4.2.3", "4.2.4", "4.2.5",
                        "4.2.6", "4.2.6.1", "4.2.6.2", "4.3.1", "4.3.2", "4.3.3", "4.3.4", "4.4",
                        "4.4.1"):
            self.assertTrue([name for name in NAMES if name.startswith(section + "-")], section)

    def test_all(self):
        for name, path in zip(NAMES, FILES):
            with self.subTest(name):
                capture = self.play(name)
                if HAS_PLUGIN:
                    for two_pass, label in PASSES:
                        with self.subTest(label):
                            self.check_findings(capture, stated(path), two_pass)

    def check_findings(self, capture, wanted, two_pass):
        """On the second pass exactly those, on the first none besides."""
        frames = self.ws.dissect(capture, two_pass=two_pass)
        self.assertGreater(sum(len(frame.commands) for frame in frames), 0)
        self.assertFalse([frame.number for frame in frames if frame.is_malformed])
        found = collections.Counter(name for frame in frames for name, _ in frame.findings)
        self.assertLessEqual(set(found), set(wanted))
        for name, num in wanted.items():
            if two_pass and num is None:
                self.assertGreater(found[name], 0, name)
            elif num is not None:
                self.assertLessEqual(found[name], num, name)
                self.assertEqual(found[name] == num or not two_pass, True, name)


if __name__ == "__main__":
    unittest.main(verbosity=2)
