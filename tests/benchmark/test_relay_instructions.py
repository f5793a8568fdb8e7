#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the relay's own work costs grows as it does: each row of relay_instructions.py, under callgrind."""

import unittest

import relay_instructions
from tshark import BUILD_DIR


class RelayInstructionsTest(unittest.TestCase):
    def test_linear(self):
        for row in relay_instructions.ROWS:
            with self.subTest(row):
                small, large = relay_instructions.measure(BUILD_DIR, row)
                self.assertLessEqual(large / small, relay_instructions.LIMIT,
                                     "%.0f instructions each, and with ten times as many %.0f" % (
                                         small, large))


if __name__ == "__main__":
    unittest.main()
