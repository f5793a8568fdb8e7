# SPDX-License-Identifier: GPL-2.0-or-later
"""The labels of the tests: CONTRIBUTING.md says what each is, and whoever picks by label names
one that there is."""
import os
import re
import unittest

from house import TOP
from test_citations import texts

GIVEN = re.compile(r'\bLABELS\s+("[\w;]+"|\w+)')
TOLD = re.compile(r"^\| `(\w+)` \|", re.MULTILINE)
# `ctest -L unit`, `-L 'dissect|statistics'`, `-LE live`, require_labels FOLDER unit oom
PICKED = re.compile(r"\bctest\b(?:\\\n|[^\n`#])*? -LE? +(?:'([\w|]+)'|\"([\w|]+)\"|(\w+))")
REQUIRED = re.compile(r'^require_labels "\$\w+" ([\w ]+)$', re.MULTILINE)


def given(all_texts):
    return {label for name, text in all_texts if name.endswith("CMakeLists.txt")
            for labels in GIVEN.findall(text) for label in labels.strip('"').split(";")}


def picked(text):
    for groups in PICKED.findall(text):
        yield from "".join(groups).split("|")
    for labels in REQUIRED.findall(text):
        yield from labels.split()


class LabelTest(unittest.TestCase):
    def setUp(self):
        self.texts = dict(texts())
        self.given = given(self.texts.items())

    def test_told(self):
        table = self.texts["CONTRIBUTING.md"].partition("| label | what |")[2].partition("\n\n")[0]
        self.assertEqual(set(TOLD.findall(table)), self.given)

    def test_picked(self):
        lost = ["%s: %s" % (name, label) for name, text in self.texts.items()
                for label in picked(text) if label not in self.given]
        self.assertEqual(lost, [])
        self.assertIn("unit", list(picked(self.texts["CONTRIBUTING.md"])))
        self.assertIn("oom", list(picked(self.texts["tests/run.sh"])))
        self.assertIn("statistics", list(picked(self.texts["tests/versions/run.sh"])))


if __name__ == "__main__":
    unittest.main()
