# SPDX-License-Identifier: GPL-2.0-or-later
"""README.md: the report that it shows is the one that is printed, and each question of its table, and of
that of analyzer/cli/README.md, is answered by the command beside it."""
import csv
import glob
import io
import json
import os
import re
import shutil
import tempfile
import unittest

import analyze
import points

# What answers have to say.
ANSWERS = {
    "what has not been delivered, and who has it?":
        r"waiting: to \S+; grooveDNS://relay1\.groove\.example has it since",
    "what happened to my message?": r'Journey 8 "track me".*\n(.*\n)*.*o-+>\|.* sent on #1',
    "every message with its delay, for a spreadsheet": r"(?s).*ack_delay_ns.*acknowledged",
    "a page to pass on": r"\A\Z",
    "everything, for another program": r'\A\{"type":"command","schema":1,',
    "two captures of the same way, both with losses, by clocks that differ":
        r"of them|its clock is 3 ms ahead",
    "a story to give away of a capture that nobody may see?": r"\A\Z",
    "a capture for several machines": r'"schema":1,',
    "did anybody break a rule?": r"3  version_unsupported: MajorVersionNumber is not 1",
    "what went over one connection, command by command?": r"#0 .* EndMessage s=0x21",
}


def section(page="README.md", heading="Reports"):
    with open(os.path.join(analyze.TOP, page), encoding="utf-8") as file:
        return re.search(r"^## %s\n(.*?)^## " % heading, file.read(), re.S | re.M).group(1)


class ReadmeTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        shutil.copy(analyze.sample("demo"), os.path.join(self.folder, "FILE"))
        shutil.copy(analyze.sample("demo"), os.path.join(self.folder, "ring_00001.pcapng"))
        near = points.bursts(connections=2, rounds=2)
        for name, packets in (("client-side", points.lossy(near, 0.02, 1)), ("relay-side",
                              points.lossy(points.at(near, 20 * points.MS, 3 * points.MS), 0.02, 2))):
            points.write(os.path.join(self.folder, name + ".pcapng"), packets)

    def run_command(self, command):
        words = []
        for word in re.findall(r'"[^"]*"|\S+', command):
            if "*" in word:
                words += sorted(glob.glob(word, root_dir=self.folder))
            else:
                words.append(word.strip('"'))
        self.assertEqual(words[0], "grvsstp-analyze")
        return analyze.run(*words[1:], cwd=self.folder)

    def test_first_screen(self):
        self.assertIn("    build/release/analyzer/cli/grvsstp-analyze samples/demo.pcapng\n",
                      section())
        text = re.search(r"begins like this:\n\n((?:    .*\n|\n)+)", section()).group(1)
        lines = [line[4:] for line in text.rstrip("\n").split("\n")]
        printed = analyze.good("samples/demo.pcapng", cwd=analyze.TOP).split("\n")
        self.assertGreater(len(lines), 10)
        for number, line in enumerate(lines):
            said = printed[number]
            if line.endswith("..."):  # cut to the width of a page
                said = said[:len(line) - 3] + "..."
            self.assertEqual(line, said)

    def test_pictures(self):
        """One of the packet list, one of the report."""
        with open(os.path.join(analyze.TOP, "README.md"), encoding="utf-8") as file:
            paths = re.findall(r"!\[[^]]*\]\((\S+\.png)\)", file.read())
        self.assertEqual(len(paths), 2)
        for path in paths:
            with open(os.path.join(analyze.TOP, path), "rb") as file:
                picture = file.read()
            self.assertEqual(picture[:8], b"\x89PNG\r\n\x1a\n")
            self.assertLess(len(picture), 150_000)

    def test_questions(self):
        rows = re.findall(r"^\| ([^|]*\?|[^|]*) \| `([^`]+)`",
                          section("analyzer/cli/README.md", "What it answers"), re.M)
        some = re.findall(r"^\| ([^|]*\?|[^|]*) \| `([^`]+)`", section(), re.M)
        self.assertGreaterEqual(len(some), 5)
        self.assertLessEqual(set(some), set(rows))
        self.assertLessEqual(set(ANSWERS), {question for question, _ in rows})
        for question, command in rows:
            result = self.run_command(command)
            self.assertEqual(result.returncode, int("--fail-on" in command), result.stderr)
            self.assertEqual(result.stderr, b"", question)
            self.assertRegex(result.stdout.decode(), ANSWERS.get(question, r"\A"))
        with open(os.path.join(self.folder, "report.html"), encoding="utf-8") as file:
            self.assertIn("31 of 39 copies were delivered", file.read())
        few = analyze.run("--table", "findings", "few.pcapng", cwd=self.folder)
        self.assertIn(b"version_unsupported", few.stdout)

    def test_what_is_said_of_them(self):
        """A spreadsheet reads the one, a program the other."""
        table = analyze.run("--table", "messages", "--format", "csv", "FILE", cwd=self.folder)
        rows = list(csv.DictReader(io.StringIO(table.stdout.decode(), newline="")))
        self.assertEqual(len(rows), 40)
        self.assertTrue(all(int(row["ack_delay_ns"]) > 0 for row in rows))
        every = analyze.run("--format", "json", "FILE", cwd=self.folder).stdout.decode()
        self.assertEqual({json.loads(line)["schema"] for line in every.splitlines()}, {1})
        clocks = analyze.good("client-side.pcapng", "relay-side.pcapng", "--table", "points",
                              cwd=self.folder)
        self.assertRegex(clocks, r"relay-side\.pcapng .* 3(\.\d+)? ms ")


if __name__ == "__main__":
    unittest.main()
