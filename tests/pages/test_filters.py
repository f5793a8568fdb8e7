# SPDX-License-Identifier: GPL-2.0-or-later
"""The filters, statistics and preferences that README.md and plugin/README.md name are there, and each
filter of theirs shows something of some sample, or says below why not."""
import collections
import os
import re
import sys
import unittest

import pages

sys.path.insert(0, os.path.join(pages.TOP, "tests", "lib"))
from tshark import Wireshark  # noqa: E402

SAMPLES = ("demo", "polling", "keepalive")
# What none of the samples has: broken rules, long waits.
NOWHERE = {
    "sstp.message.ack_time > 5", "sstp.response_time > 1", "sstp.ack.outstanding > 100",
    "sstp.expert.ack_excess", "sstp.expert.length_invalid", "sstp.expert.unexpected_command",
    "sstp.expert.unacknowledged"}


def filters():
    for each in pages.cells("README.md", "In Wireshark", 0):
        if "!" not in each or "response" in each:  # the VPN alone
            yield each
    yield from pages.cells("plugin/README.md", "Filters", 0)


class FiltersTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.ws = Wireshark()
        cls.addClassCleanup(cls.ws.close)

    def test_filters(self):
        wanted = sorted(set(filters()))
        self.assertGreater(len(wanted), 30)
        shown = collections.Counter()
        for sample in SAMPLES:
            for together in ([each for each in wanted if "," not in each],
                             *[[each] for each in wanted if "," in each]):
                shown.update(dict(zip(together, self.count(sample, together))))
        self.assertEqual({each for each in wanted if shown[each] == 0}, NOWHERE)

    def count(self, sample, wanted):
        """How many frames of the sample each filter passes."""
        capture = os.path.join(pages.TOP, "samples", sample + ".pcapng")
        if len(wanted) == 1:  # a comma would begin another
            return [self.ws.count(capture, wanted[0], two_pass=True)]
        text = self.ws.tshark(capture, "-q", "-z", "io,stat,0," + ",".join(wanted), two_pass=True)
        [row] = re.findall(r"^\|[^|]*<>[^|]*\|(.*)\|$", text, re.M)
        numbers = [int(cell) for cell in row.split("|")]
        self.assertEqual(len(numbers), 2 * len(wanted))
        return numbers[::2]

    def test_statistics(self):
        """Each of the table, of which N is a connection."""
        named = [each for each in pages.cells("plugin/README.md", "Statistics", 1)
                 if each.startswith("-z ")]
        self.assertGreater(len(named), 9)
        for each in named:
            with self.subTest(each):
                name = re.sub(r"\bN$", "0", each[len("-z "):].strip('"'))
                text = self.ws.tshark(os.path.join(pages.TOP, "samples", "demo.pcapng"), "-q",
                                      "-z", name)
                self.assertGreater(len(text.splitlines()), 4)

    def test_preferences(self):
        """Each is there, and takes the value that is told as its default."""
        rows = re.findall(r"^\| `([a-z_.]+)`[^|]*\| (\w+) \|", pages.read("plugin/README.md"), re.M)
        self.assertGreater(len(rows), 4)
        words = {"on": "TRUE", "off": "FALSE"}
        self.ws.tshark(os.path.join(pages.TOP, "samples", "demo.pcapng"), "-c", "1",
                       preferences=["%s:%s" % (name, words.get(value, value))
                                    for name, value in rows])

    def test_manual(self):
        """grvsstp(7) has the statistics and preferences of plugin/README.md, and no others."""
        manual = re.sub(r"\\f[A-Z]", "", pages.read("plugin/man/grvsstp.7")).replace("\\-", "-")
        named = set(re.findall(r"-z ([a-z]+,[a-z_]+)", manual))
        told = set(re.findall(r"`-z \"?([a-z]+,[a-z_]+)", "".join(
            "`%s`" % each for each in pages.cells("plugin/README.md", "Statistics", 1))))
        self.assertEqual(named, told)
        self.assertEqual(
            set(re.findall(r"^\.B (grvsstp\.[a-z_.]+)$", manual, re.M)),
            set(re.findall(r"^\| `(grvsstp\.[a-z_.]+)`", pages.read("plugin/README.md"), re.M)))


if __name__ == "__main__":
    unittest.main()
