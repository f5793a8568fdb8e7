# SPDX-License-Identifier: GPL-2.0-or-later
"""plugin/FIELDS.md has every field and finding that is registered, as it is registered, and
no other."""
import os
import re
import unittest

import harness
from harness import DissectTest

TOP = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", ".."))
PAGE = os.path.join(TOP, "plugin", "FIELDS.md")
CATALOGUES = ("analyzer/core/findings.h", "analyzer/henc/henc_findings.h")
OURS = ("grvsstp", "grvhenc")
BASES = {"BASE_HEX": "hex", "BASE_DEC": "dec"}


def rows_of(text):
    """The cells of each row of the page's tables that begins with a filter."""
    for line in text.splitlines():
        if line.startswith("| `"):
            cells = [cell.strip().replace("\\<", "<") for cell in line.strip("| ").split(" | ")]
            yield [cells[0].strip("`")] + cells[1:]


def page_of(text):
    """What a page says: {filter: (type, base)}, {(filter, severity, section, sentence)}."""
    fields, findings = {}, set()
    for row in rows_of(text):
        if row[0].startswith("sstp.expert."):
            findings.add(tuple(row))
        elif len(row) != 4 or not row[3]:
            raise AssertionError("no meaning: %s" % row)
        elif row[0] in fields:
            raise AssertionError("twice: %s" % row[0])
        else:
            fields[row[0]] = (row[1], row[2])
    return fields, findings


def catalogued():
    """The findings of the engine, as their tables have them."""
    found = set()
    for name in CATALOGUES:
        with open(os.path.join(TOP, name), encoding="utf-8") as file:
            for row in re.findall(r'X\(\w+,\s*"(\w+)",\s*(\w+),\s*\w+,\s*"([^"]*)",\s*"([^"]*)"\)',
                                  file.read()):
                found.add(("sstp.expert." + row[0], row[1].lower(), row[2], row[3]))
    return found


class FieldsPage(DissectTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with open(PAGE, encoding="utf-8") as file:
            cls.text = file.read()
        cls.fields, cls.experts = {}, {}
        for line in cls.ws.run([harness.TSHARK, "-G", "fields"]).splitlines():
            parts = line.split("\t")
            if parts[0] != "F" or parts[4] not in OURS:
                continue
            if parts[2].startswith("sstp.expert."):
                cls.experts.setdefault(parts[2], []).append(parts[1])
            else:
                kind = parts[3][len("FT_"):].lower().replace("stringz", "string")
                cls.fields[parts[2]] = (kind, BASES.get(parts[5].split("|")[0], ""))

    def test_fields(self):
        self.assertGreater(len(self.fields), 120)
        self.assertEqual(page_of(self.text)[0], self.fields)

    def test_findings(self):
        """The page has the catalogues' rows, and those are what is registered."""
        findings = page_of(self.text)[1]
        self.assertEqual(findings, catalogued())
        self.assertEqual({row[0] for row in findings}, set(self.experts))
        for name, sentences in self.experts.items():
            for sentence in sentences:
                self.assertIn(sentence, {"%s (%s)" % (row[3], row[2])
                                         for row in findings if row[0] == name})

    def test_what_is_wrong_would_be_seen(self):
        """A row that is gone, of another type, or without a meaning."""
        row = next(line for line in self.text.splitlines() if line.startswith("| `sstp.stream`"))
        self.assertNotEqual(page_of(self.text.replace(row + "\n", ""))[0], self.fields)
        self.assertNotEqual(page_of(self.text.replace(row, row.replace("uint32", "uint16")))[0],
                            self.fields)
        with self.assertRaises(AssertionError):
            page_of(self.text.replace(row, "| `sstp.stream` | uint32 | dec |  |"))


if __name__ == "__main__":
    unittest.main()
