# SPDX-License-Identifier: GPL-2.0-or-later
"""analyzer/RULES.md and the findings hold each other: every finding judges a rule, every rule
has a finding that there is or says why none, and the test that it names."""
import os
import re
import unittest

from house import TOP

PAGE = "analyzer/RULES.md"
CATALOGUES = ("analyzer/core/findings.h", "analyzer/henc/henc_findings.h")
SECTION = re.compile(r"[234](\.\d+)+(, [234](\.\d+)+)*")
WHO = {"sender", "receiver", "both", "nobody", "initiator", "acceptor", "originator", "client",
       "relay", "server"}


def read(name):
    with open(os.path.join(TOP, name), encoding="utf-8") as file:
        return file.read()


def rows_of(page, cells):
    """The rows of the tables that have so many cells, their heads apart."""
    for line in page.splitlines():
        if not line.startswith("| ") or line.startswith(("| section |", "| test |")):
            continue
        row = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(row) == cells:
            yield row


def catalogued():
    return {name for catalogue in CATALOGUES
            for name in re.findall(r'X\(\w+,\s*"(\w+)",', read(catalogue))}


def wrong_in(page, findings, text_of):
    """What is wrong with a page, in words."""
    found, judged = [], set()
    files = dict(rows_of(page, 2))
    for section, strength, who, rule, finding, test in rows_of(page, 6):
        where = "%s, %s" % (section, rule)
        if not SECTION.fullmatch(section) or strength not in ("MUST", "SHOULD", "") or \
                who not in WHO:
            found.append("no row: %s" % where)
        if finding.startswith("none: ") and len(finding) > len("none: ") and not test:
            continue
        name = finding.strip("`")
        judged.add(name)
        if name not in findings:
            found.append("no such finding, %s: %s" % (name, where))
        file, _, what = test.partition(": ")
        if file not in files or not what or what not in text_of(files[file]):
            found.append("no such test, %r: %s" % (test, where))
    return found + ["no rule for %s" % name for name in sorted(findings - judged)]


class Rules(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.page = read(PAGE)

    def wrong(self, page):
        return wrong_in(page, catalogued(), read)

    def test_page(self):
        self.assertGreater(len(list(rows_of(self.page, 6))), 200)
        self.assertEqual(self.wrong(self.page), [])

    def test_no_rule_is_there_twice(self):
        rows = [tuple(row[:4]) for row in rows_of(self.page, 6)]
        self.assertEqual(len(rows), len(set(rows)))

    def test_every_table_is_read(self):
        """No line of a table is left out for want of a cell."""
        lines = [line for line in self.page.splitlines() if line.startswith("| ")
                 and not line.startswith(("| section |", "| test |"))]
        self.assertEqual(len(lines), len(list(rows_of(self.page, 6))) +
                         len(list(rows_of(self.page, 2))))

    def test_what_is_wrong_would_be_seen(self):
        """A finding without a rule, a rule without its finding, reason or test."""
        row = next(line for line in self.page.splitlines() if "`checksum_bad`" in line)
        for label, page in (
                ("no rule", self.page.replace(row + "\n", "")),
                ("no finding", self.page.replace("`checksum_bad`", "`checksum_worse`")),
                ("no reason", self.page.replace("`checksum_bad`", "none:")),
                ("no test", self.page.replace("test_checksum_bad", "test_checksum_worse")),
                ("no section", self.page.replace(row, row.replace("| 2.2.4.1.3.1.3, 3.6.5.3 |",
                                                                  "| somewhere |")))):
            with self.subTest(label):
                self.assertNotEqual(page, self.page)
                self.assertNotEqual(self.wrong(page), [])


if __name__ == "__main__":
    unittest.main()
