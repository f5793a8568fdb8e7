#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the relay's own work costs (relay_instructions.py, under callgrind) grows as it does, and not from
one day to the next: more than a tenth above relay_instructions.json, or below it, is red.

    python3 tests/benchmark/test_relay_instructions.py [--update]
"""

import json
import os
import sqlite3
import sys
import unittest

import relay_instructions
from tshark import BUILD_DIR

KEPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "relay_instructions.json")
LIMIT = 0.1


def version():
    """SQLite's, as in "3.40": what it does for the store is counted, too."""
    return ".".join(sqlite3.sqlite_version.split(".")[:2])


def kept():
    with open(KEPT, encoding="utf-8") as file:
        return json.load(file)


def update():
    counted = {row: round(relay_instructions.measure(BUILD_DIR, row)[1])
               for row in relay_instructions.ROWS}
    every = dict(kept(), **{version(): counted})
    with open(KEPT, "w", encoding="utf-8") as file:
        json.dump(every, file, indent=4, sort_keys=True)
        file.write("\n")
    print(counted)


class RelayInstructionsTest(unittest.TestCase):
    def test_rows(self):
        numbers = kept().get(version(), {})
        for row in relay_instructions.ROWS:
            small, large = relay_instructions.measure(BUILD_DIR, row)
            with self.subTest(row, about="linear"):
                self.assertLessEqual(large / small, relay_instructions.LIMIT,
                                     "%.0f instructions each, and with ten times as many %.0f" % (
                                         small, large))
            if numbers:
                with self.subTest(row, about="kept"):
                    self.assertLess(abs(large / numbers[row] - 1), LIMIT,
                                    "%.0f instructions, %d are kept; --update keeps the new" % (
                                        large, numbers[row]))


if __name__ == "__main__":
    if "--update" in sys.argv:
        update()
    else:
        unittest.main()
