# SPDX-License-Identifier: GPL-2.0-or-later
"""The benchmark of the encapsulations runs and measures what it says, on captures too
small for numbers."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

from encap_harness import HERE, main

SCRIPT = os.path.join(HERE, "..", "..", "benchmark", "encapsulation.py")


class Linear(unittest.TestCase):
    def test_runs(self):
        with tempfile.TemporaryDirectory() as folder:
            result = os.path.join(folder, "result.json")
            done = subprocess.run(
                [sys.executable, SCRIPT, "--exchanges", "400", "--octets", "2000000", "--json",
                 result], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stdout)
            with open(result, encoding="utf-8") as file:
                numbers = json.load(file)
        self.assertEqual(sorted(numbers), ["keepalive", "longlived", "polling"])
        for kind, found in numbers.items():
            sizes = [row["size"] for row in found["rows"]]
            self.assertEqual([4 * sizes[0], 2 * sizes[1]], [sizes[2]] * 2, kind)
            self.assertGreater(found["rows"][2]["frames"], found["rows"][0]["frames"])


if __name__ == "__main__":
    main()
