# SPDX-License-Identifier: GPL-2.0-or-later
"""Random towns: no sure claim about a journey, a hop, a time or a recipient is wrong, whatever the
capture lacks; what is certain, likely and open is printed.

    test_towns.py                     a short, seeded choice
    test_towns.py --journeys N        new towns of N messages in all
"""
import random
import sys
import tempfile
import unittest

import analyze
from town import Town

# What the capture lacks, and how many of a hundred journeys of unique contents are told in all.
ROWS = ((("long-repeats",), 100), (("ends-early", "long-repeats"), 100), (("begins-late",), 30),
        (("lacks-connections",), 70), (("lacks-connections", "begins-late", "ends-early"), 30))
SHORT = 600


class TownTest(unittest.TestCase):
    journeys = None  # in all; None: the short choice

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def seed(self, short):
        return short if self.journeys is None else random.SystemRandom().randrange(1 << 31)

    def read(self, town):
        """Its journeys; each line is held against the schema where they are few."""
        arguments = (town.capture, "--table", "journeys", "--format", "json")
        if self.journeys is None:
            return analyze.records(*arguments)
        return analyze.lines(*arguments)

    def test_truth(self):
        for number, (words, percent) in enumerate(ROWS):
            seed = self.seed(number + 1)
            num = SHORT if self.journeys is None else self.journeys // len(ROWS)
            town = Town(self.folder, seed, num, words)
            count = town.judge(self.read(town))
            print("seed %d, %s" % (seed, ", ".join(words)), *count.lines(), sep="\n  ", flush=True)
            with self.subTest(seed=seed, words=words):
                self.assertEqual(count.wrong[:10], [])
                unique = count.journeys["unique"]
                self.assertGreaterEqual(unique["exact"] * 100, unique["all"] * percent)
                self.assertEqual(count.joins["unique"]["certain wrong"], 0)
                self.assertGreater(count.joins["unique"]["certain"],
                                   count.joins["unique"]["likely"])


if __name__ == "__main__":
    if sys.argv[1:2] == ["--journeys"]:
        TownTest.journeys = int(sys.argv.pop(2))
        sys.argv.pop(1)
    unittest.main()
