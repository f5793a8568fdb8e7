#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests that failed said, in short: of all that ctest tells of them, what is wrong.

Usage: failures.py RESULTS, as written by ctest --output-junit
"""
import re
import sys
import xml.etree.ElementTree

LINES_MAX = 40  # of one test
# What a test says first of what is wrong: unittest, GLib, a sanitizer, valgrind, an assertion in C.
TELLING = re.compile(r"^(FAIL: |ERROR:|not ok |Bail out! |Traceback |==\d+==|.*runtime error: |"
                     r".*Assertion .* failed)")


def essence(output):
    """From the first telling line on; without one, the end."""
    lines = output.rstrip().splitlines()
    first = next((n for n, line in enumerate(lines) if TELLING.match(line)), None)
    if first is None:
        return lines[-LINES_MAX:]
    return lines[first:first + LINES_MAX]


def failures(path):
    """[(name, lines)] of those that failed or did not run."""
    return [(case.get("name"), essence(case.findtext("system-out", "")))
            for case in xml.etree.ElementTree.parse(path).iter("testcase")
            if case.get("status") not in ("run", "disabled")]


if __name__ == "__main__":
    for name, lines in failures(sys.argv[1]):
        print("FAILED: " + name)
        for line in lines:
            print("    " + line)
