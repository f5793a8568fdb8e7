# SPDX-License-Identifier: GPL-2.0-or-later
"""No source is so long that it has more than one job.

What is past the limit is split where its seam is, never at a line number; what has no seam says so
in LONG."""
import os
import subprocess
import tempfile
import unittest

from house import TOP, listed

LINES_MAX = 600
ENDINGS = (".c", ".h", ".py", ".sh")
# path: why it has no seam
LONG = {}


def sources(top):
    """The paths of every source that git has, or does not ignore."""
    return [name for name in listed(top, "--cached", "--others", "--exclude-standard")
            if name.endswith(ENDINGS) and os.path.isfile(os.path.join(top, name))]


def wrong(top=TOP, excepted=None):
    """A sentence for each source past the limit, and for each exception that is none."""
    rest = dict(LONG if excepted is None else excepted)
    for name in sources(top):
        with open(os.path.join(top, name), "rb") as file:
            num = file.read().count(b"\n")
        is_excepted = rest.pop(name, None) is not None
        if num > LINES_MAX and not is_excepted:
            yield "%s has %d lines, more than %d: split it where its seam is" % (name, num, LINES_MAX)
        elif num <= LINES_MAX and is_excepted:
            yield "%s has %d lines: its row in LONG can go" % (name, num)
    for name in sorted(rest):
        yield "%s is no source: its row in LONG can go" % name


class LengthTest(unittest.TestCase):
    def test_sources(self):
        self.assertGreater(len(sources(TOP)), 500)
        self.assertEqual(list(wrong()), [])

    def test_rows_say_why(self):
        for name, why in LONG.items():
            self.assertGreater(len(why), 20, name)

    def test_what_is_too_long_would_be_seen(self):
        """In a repository of its own: at the limit, one beyond, excepted, and excepted in vain."""
        with tempfile.TemporaryDirectory() as top:
            subprocess.run(["git", "init", "-q", top], check=True)

            def write(name, num):
                with open(os.path.join(top, name), "w", encoding="ascii") as file:
                    file.write("x\n" * num)

            write("a.c", LINES_MAX)
            write("b.md", LINES_MAX + 1)
            self.assertEqual(list(wrong(top, {})), [])
            for name in ("c.c", "d.h", "e.py", "f.sh"):
                write(name, LINES_MAX + 1)
                self.assertEqual(len(list(wrong(top, {}))), 1)
                self.assertIn(name + " has 601 lines", next(wrong(top, {})))
                self.assertEqual(list(wrong(top, {name: "it is a table"})), [])
                os.unlink(os.path.join(top, name))
            for name in ("a.c", "b.md", "gone.c"):
                self.assertIn("can go", next(wrong(top, {name: "it was long"})))


if __name__ == "__main__":
    unittest.main()
