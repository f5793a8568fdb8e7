# SPDX-License-Identifier: GPL-2.0-or-later
"""What tests/README.md promises of installing is proven by the file beside it, which has the words that
are named; and each step that tests/packages/run.sh and each build that tests/builds/run.sh has is promised."""
import os
import re
import unittest

from house import TOP

PAGE = "tests/README.md"
HEADING = "What is promised of installing, and what proves it"
ROW = re.compile(r"^\| ([^|]+) \| `([^`|]+)` \| `([^`|]+)` \|$", re.MULTILINE)
# What each of these is made of: what run.sh prints as it goes on, and the cases of a build.
PACKAGES, BUILDS = "tests/packages/run.sh", "tests/builds/run.sh"
STEP = re.compile(r'^echo "([^"$]+)', re.MULTILINE)
BUILD = re.compile(r"^    ([a-z-]+\))$", re.MULTILINE)


def read(name):
    with open(os.path.join(TOP, name), encoding="utf-8") as file:
        return file.read()


def rows_of(page):
    return ROW.findall(page.partition("\n## %s\n" % HEADING)[2].partition("\n## ")[0])


def broken(rows, read_file):
    """A sentence for each row whose words are nowhere."""
    for promise, name, words in rows:
        try:
            text = read_file(name)
        except FileNotFoundError:
            yield "%s: there is no %s" % (promise, name)
            continue
        if words not in text:
            yield "%s: %s does not say %s" % (promise, name, words)


def untold(rows, name, parts):
    """The parts of a file that no row names."""
    return [part for part in parts if (name, part) not in {row[1:] for row in rows}]


class PromisesTest(unittest.TestCase):
    def setUp(self):
        self.rows = rows_of(read(PAGE))

    def test_proven(self):
        self.assertGreater(len(self.rows), 25)
        self.assertEqual(list(broken(self.rows, read)), [])

    def test_promised(self):
        steps = [step for step in STEP.findall(read(PACKAGES)) if not step.startswith("Passed")]
        builds = BUILD.findall(read(BUILDS))
        self.assertGreater(len(steps), 8)
        self.assertGreater(len(builds), 3)
        self.assertEqual(untold(self.rows, PACKAGES, steps), [])
        self.assertEqual(untold(self.rows, BUILDS, builds), [])

    def test_every_row_is_read(self):
        table = read(PAGE).partition("\n## %s\n" % HEADING)[2]
        lines = [line for line in table.split("\n") if line.startswith("|")]
        self.assertEqual(len(lines) - 2, len(self.rows))

    def test_a_broken_one_is_seen(self):
        files = {"a.sh": 'echo "Doing this"\necho "Doing: $that"\necho "Doing more"\n'}

        def read_file(name):
            if name not in files:
                raise FileNotFoundError(name)
            return files[name]

        page = "\n## %s\n\n| a | b | c |\n|---|---|---|\n| one | `a.sh` | `Doing this` |\n" % HEADING
        rows = rows_of(page)
        self.assertEqual(rows, [("one", "a.sh", "Doing this")])
        self.assertEqual(list(broken(rows, read_file)), [])
        self.assertEqual(STEP.findall(files["a.sh"]), ["Doing this", "Doing: ", "Doing more"])
        self.assertEqual(untold(rows, "a.sh", STEP.findall(files["a.sh"])), ["Doing: ", "Doing more"])
        rows = [("two", "b.sh", "x"), ("three", "a.sh", "Doing that")]
        self.assertEqual(list(broken(rows, read_file)), [
            "two: there is no b.sh", "three: a.sh does not say Doing that"])


if __name__ == "__main__":
    unittest.main()
