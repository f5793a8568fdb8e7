#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Random runs in tshark: the plugin shows of every command what the endpoints know.

Each seed is written as a capture of what the initiator heard, with the truth beside
it (write_run.h); both passes are compared field by field.

    test_random_captures.py TEST_RANDOM_RUNS [SEED...]
"""

import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tshark import Wireshark  # noqa: E402
from truth import FIELDS, compare, write_run  # noqa: E402

# Two connections, a lost transport, crossing closes, version 1.5, twins, all 18
# commands: what they show together is checked below.
SEEDS = [16, 24, 35, 43, 51, 54, 65, 67]


class RandomCaptures(unittest.TestCase):
    program = None
    seeds = SEEDS
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.ws = Wireshark()
        cls.captures = {}
        with tempfile.TemporaryDirectory() as folder:
            for seed in cls.seeds:
                prefix = os.path.join(folder, "run")
                lines = write_run(cls.program, seed, prefix)
                capture = cls.ws.path("seed-%d.pcapng" % seed)
                with open(prefix + ".pcapng", "rb") as file, open(capture, "wb") as copy:
                    copy.write(file.read())
                cls.captures[seed] = (capture, lines)

    @classmethod
    def tearDownClass(cls):
        cls.ws.close()

    def compare(self, seed, two_pass):
        capture, lines = self.captures[seed]
        commands = [(frame.number, layer)
                    for frame in self.ws.dissect(capture, two_pass=two_pass)
                    for layer in frame.commands]
        compare(self, commands, lines, two_pass, "seed %d" % seed)

    def test_one_pass(self):
        for seed in self.seeds:
            with self.subTest(seed=seed):
                self.compare(seed, False)

    def test_two_passes(self):
        for seed in self.seeds:
            with self.subTest(seed=seed):
                self.compare(seed, True)

    def test_there_is_something_to_compare(self):
        lines = [line for _, lines in self.captures.values() for line in lines]
        for name in FIELDS:
            self.assertGreater(len([line for line in lines if line.get(name) is not None]), 20,
                               name)
        if self.seeds is SEEDS:
            self.assertEqual(len({line["command"] for line in lines}), 18)
            self.assertEqual({line["stream"] for line in lines}, {0, 1})
            self.assertEqual({name for line in lines for name in line["findings"] or ()},
                             {"blocked_send", "unknown_session", "unacknowledged", "bad_index"})


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    RandomCaptures.program = os.path.abspath(sys.argv[1])
    if len(sys.argv) > 2:
        RandomCaptures.seeds = [int(seed) for seed in sys.argv[2:]]
    unittest.main(argv=sys.argv[:1])
