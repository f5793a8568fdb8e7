#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a segment costs in tshark, counted in instructions, which a busy machine does not change: more
than a tenth above instructions.json, or below it, is red, for then another number is to be kept.

    python3 tests/benchmark/test_instructions.py [--update | --profile]

--profile counts the packet list with our profile, and with Wireshark's own columns and colours, and ends with 1 where
the profile takes more than 1.4 times as much (`ninja profile_cost`).
"""
import argparse
import json
import os
import re
import subprocess
import sys
import unittest

import instructions
from tshark import TSHARK, Wireshark

KEPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "instructions.json")
ROWS = ("statistics", "straddling", "fields")
LIMIT = 0.1
PROFILE_LIMIT = 1.4
ARGUMENTS = argparse.Namespace(segments=1200, keep=None)


def measure(*rows):
    """{row: instructions a segment}"""
    with Wireshark(debug=False) as wireshark:
        instructions.prepare(wireshark, wireshark.path("callgrind"))
        return {row: instructions.measure(wireshark, ARGUMENTS, row) for row in rows}


def count():
    """{row: instructions a segment, above the floor}"""
    measured = measure("floor", *ROWS)
    floor = measured.pop("floor")
    return {row: round(number - floor) for row, number in measured.items()}


def kept():
    with open(KEPT, encoding="utf-8") as file:
        return json.load(file)


def version():
    """Wireshark's, as in "4.0": what it does for us is counted, too."""
    text = subprocess.run([TSHARK, "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout
    return re.search(r"(\d+\.\d+)\.\d+", text).group(1)


def update():
    every = dict(kept(), **{version(): count()})
    with open(KEPT, "w", encoding="utf-8") as file:
        json.dump(every, file, indent=4, sort_keys=True)
        file.write("\n")
    print(every)


def profile():
    measured = measure("colours", "profile")
    ratio = measured["profile"] / measured["colours"]
    print("%d instructions a segment with the profile, %d with Wireshark's own: %.2f" %
          (measured["profile"], measured["colours"], ratio))
    return 0 if ratio <= PROFILE_LIMIT else 1


class InstructionsTest(unittest.TestCase):
    def test_kept(self):
        numbers = kept().get(version())
        if numbers is None:
            self.skipTest("no numbers are kept for Wireshark " + version())
        self.assertEqual(set(numbers), set(ROWS))
        for row, counted in count().items():
            with self.subTest(row):
                self.assertLess(abs(counted / numbers[row] - 1), LIMIT,
                                "%d instructions a segment, %d are kept; --update keeps the new" %
                                (counted, numbers[row]))


if __name__ == "__main__":
    if "--update" in sys.argv:
        update()
    elif "--profile" in sys.argv:
        sys.exit(profile())
    else:
        unittest.main()
