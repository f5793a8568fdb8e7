# SPDX-License-Identifier: GPL-2.0-or-later
"""The repository stands alone: it cites the two published documents and its own files, and
names no host that packages come from."""
import os
import re
import unittest

from house import TOP, listed

# What nobody who has the repository has: notes and pages of somebody's own.
ABSENT = re.compile(r"\berrata\b|\bdesign/\w|\bnotes/\w|\(notes, section|\bspec/\w|\bsstps\.md\b|\.\./shared\b")
HOST = re.compile(r"https?://[\w.-]*(debian|ubuntu|npmjs|pypi)[\w.-]*", re.IGNORECASE)
# The name of a file format, which Debian asks for in these letters.
FORMAT = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n"
# A page or source of ours that a text names; relative to the top or to the text's folder.
NAMED = re.compile(r"\b((?:analyzer|plugin|relaysim|samples|tests)/[\w./-]*\w\.(?:md|py|sh|c|h|txt|\d))\b")
SELF = "tests/house/test_citations.py"


def texts():
    """Path and text of every file, but captures and corpora."""
    for name in listed(TOP):
        path = os.path.join(TOP, name)
        if name == SELF or "/corpus/" in name or not os.path.isfile(path):
            continue
        with open(path, "rb") as file:
            data = file.read()
        if b"\0" not in data:
            yield name, data.decode("utf-8", "replace")


def cited(name, text, pattern):
    for number, line in enumerate(text.splitlines(), 1):
        match = pattern.search(line)
        if match:
            yield "%s:%d: %s" % (name, number, match.group())


def lost_files(files):
    """What pages name, `x.c` and the like, that is nowhere; of paths and texts."""
    for page, text in files.items():
        if not page.endswith(".md"):
            continue
        folder = os.path.dirname(page)
        for name in re.findall(r"`([\w./-]+\.(?:c|h|py))`", text):
            places = (name, os.path.normpath(os.path.join(folder, name)))
            below = [path for path in files if path.startswith(folder + "/" if folder else "")
                     and ("/" + path).endswith("/" + name)]
            if not below and not any(place in files for place in places):
                yield "%s names %s" % (page, name)


class CitationTest(unittest.TestCase):
    def test_nothing_that_is_not_here(self):
        found = [row for name, text in texts() for row in cited(name, text, ABSENT)]
        self.assertEqual(found, [])

    def test_no_host(self):
        found = [row for name, text in texts() for row in cited(name, text.replace(FORMAT, ""), HOST)]
        self.assertEqual(found, [])

    def test_named_files_are_there(self):
        lost = []
        for name, text in texts():
            for path in NAMED.findall(text):
                if not os.path.exists(os.path.join(TOP, path)):
                    lost.append("%s names %s" % (name, path))
        self.assertEqual(lost, [])

    def test_files_that_pages_name_are_there(self):
        """By a path from the page or from the top, or of one below the page."""
        self.assertEqual(list(lost_files(dict(texts()))), [])

    def test_a_file_that_is_lost_is_seen(self):
        pages = {"a/README.md": "`b.c` `c/b.h` `../d.py` `e.txt` `x*.c` `a/c/b.c`",
                 "a/c/b.c": "", "a/c/b.h": "", "d.py": ""}
        self.assertEqual(list(lost_files(pages)), [])
        for name in ("a/c/b.h", "d.py"):
            rest = {path: text for path, text in pages.items() if path != name}
            self.assertEqual(len(list(lost_files(rest))), 1, name)
        self.assertEqual(len(list(lost_files({"README.md": "`gone.c`"}))), 1)

    def test_functions_of_the_walks_are_there(self):
        """ARCHITECTURE.md names functions; a walk that leads nowhere is worse than none."""
        with open(os.path.join(TOP, "ARCHITECTURE.md"), encoding="utf-8") as file:
            named = set(re.findall(r"`(\w+)\(\)`", file.read()))
        self.assertGreater(len(named), 20)
        defined = set()
        for name, text in texts():
            if name.endswith(".c"):
                defined.update(re.findall(r"^[\w *]*?\b(\w+)\([^;]*?\)\n\{", text, re.MULTILINE))
        self.assertEqual(named - defined, set())

    def test_a_violation_is_seen(self):
        for line in ("/* The ranges are right (errata). */", "see design/fields.md",
                     "# notes/style.md", "(spec/sstps.md 4.1)", "../shared/cases"):
            self.assertEqual(len(list(cited("x", line, ABSENT))), 1, line)
        self.assertEqual(len(list(cited("x", "deb http://" + "deb.debian.org/ main", HOST))), 1)
        for line in ("The specification's errors", "a design of its own", "/* note <19> */"):
            self.assertEqual(list(cited("x", line, ABSENT)), [], line)

    def test_it_reads_the_repository(self):
        self.assertGreater(len(list(texts())), 500)


if __name__ == "__main__":
    unittest.main()
