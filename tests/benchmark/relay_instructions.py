# SPDX-License-Identifier: GPL-2.0-or-later
"""What the relay's own work costs, in instructions, and whether ten times as much costs ten times as much.

    python3 tests/benchmark/relay_instructions.py [--rows NAME ...] [--build build/release]

A row is so many of one thing, which relay_cost (relay_cost.c) does without a socket under callgrind
(valgrind): a count is the same on a busy machine.  Each is taken at a hundredth, a tenth and all of
its size; what one more costs, from the hundredth to the tenth and from there to the whole, is
printed with the ratio of both, and where that is above 1.1 the program ends with 1.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "lib")]

from tshark import BUILD_DIR, Failure  # noqa: E402

LIMIT = 1.1  # of the ratio
# name: (size, what one is)
ROWS = {
    "named": (1500, "a lost recipient of a fanout session of SSTP 1.5"),
    "offline": (5000, "a message of 1 KiB, stored and brought"),
    "backlog": (5000, "a message of 100 bytes, stored, for a tenth as many recipients"),
    "opening": (5000, "the same, and read when a relay starts, five times"),
}


def count(build, row, num):
    """Instructions of so many."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["valgrind", "--tool=callgrind",
                   "--callgrind-out-file=" + os.path.join(folder, "callgrind.out"),
                   os.path.join(os.path.abspath(build), "tests", "benchmark", "relay_cost"), row, str(num)]
        done = subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True, check=False)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or found is None:
        raise Failure("%r ended with %d\n%s" % (command, done.returncode, done.stderr[-2000:]))
    return int(found.group(1))


def measure(build, row):
    """What one more costs: (from a hundredth to a tenth, from there to the whole)."""
    whole = ROWS[row][0]
    sizes = [whole // part for part in (100, 10, 1)]
    counts = [count(build, row, size) for size in sizes]
    return tuple((counts[i + 1] - counts[i]) / (sizes[i + 1] - sizes[i]) for i in range(2))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--rows", nargs="+", choices=sorted(ROWS), default=list(ROWS))
    parser.add_argument("--build", default=BUILD_DIR)
    arguments = parser.parse_args()
    is_linear = True
    for row in arguments.rows:
        small, large = measure(arguments.build, row)
        is_linear &= large / small <= LIMIT
        print("%-10s %10.0f %10.0f %6.2f  %s" % (row, small, large, large / small, ROWS[row][1]),
              flush=True)
    return 0 if is_linear else 1


if __name__ == "__main__":
    sys.exit(main())
