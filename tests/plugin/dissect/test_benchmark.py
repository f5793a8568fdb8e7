# SPDX-License-Identifier: GPL-2.0-or-later
"""The benchmark runs and measures what it says, on a capture too small for numbers."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

import harness

SCRIPT = os.path.join(harness.HERE, "..", "..", "benchmark", "benchmark.py")
STATES = os.path.join(harness.HERE, "..", "..", "benchmark", "states.py")


class Benchmark(unittest.TestCase):
    def test_runs(self):
        with tempfile.TemporaryDirectory() as folder:
            result = os.path.join(folder, "result.json")
            done = subprocess.run(
                [sys.executable, SCRIPT, "--segments", "600", "--rounds", "1", "--json", result],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stdout)
            with open(result, encoding="utf-8") as file:
                numbers = json.load(file)
        self.assertEqual(sorted(numbers), ["fields", "states", "statistics", "straddling"])
        for row in numbers.values():
            self.assertEqual(sorted(row), ["journeys", "mqtt", "sstp", "sstp / mqtt", "states"])
            self.assertGreater(row["sstp"]["peak MiB"]["median"], 50)

    def test_states_runs(self):
        done = subprocess.run([sys.executable, STATES, "--commands", "3000", "--rounds", "1"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual(len(done.stdout.splitlines()), 5, done.stdout)


if __name__ == "__main__":
    harness.main()
