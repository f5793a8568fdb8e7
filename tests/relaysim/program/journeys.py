#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every built-in scenario: the journeys that the plugin shows of its capture are those of its
truth file.

Usage: journeys.py RELAYSIM FOLDER
"""
import concurrent.futures
import glob
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

from patience import PATIENCE

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))

import tshark  # noqa: E402
from legs import PROXIES, Story  # noqa: E402
from truth_file import Truth  # noqa: E402

RELAYSIM, FOLDER = os.path.abspath(sys.argv.pop(1)), os.path.abspath(sys.argv.pop(1))
NAMES = [os.path.basename(path)[:-len(".scn")]
         for path in sorted(glob.glob(os.path.join(FOLDER, "*.scn")))]

# Whose capture lacks frames on purpose: what is joined there has to be true, and may be less.
LACKING = {"capture-lossy"}


class Shown:
    """What tshark shows of an EndMessage."""

    def __init__(self, frame, layer):
        def number(field):
            value = layer.one(field)
            return None if value is None else int(value, 0)
        self.frame = frame
        self.key = (number("sstp.stream"),
                    "initiator" if layer.one("sstp.from_initiator") == "1" else "acceptor",
                    number("sstp.message.number"))
        self.journey, self.hop = number("sstp.journey"), number("sstp.journey.hop")
        self.before = number("sstp.journey.from")
        self.after = {int(value) for value in layer.values("sstp.journey.to")}
        self.certainty = number("sstp.journey.certainty")
        self.states = set(layer.values("sstp.journey.state"))


class JourneysTest(unittest.TestCase):
    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="relaysim-")
        os.chmod(cls.folder, 0o755)
        cls.ws = tshark.Wireshark()
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(cls.play, NAMES))

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)
        cls.ws.close()

    @classmethod
    def path(cls, name, ending):
        return os.path.join(cls.folder, name + ending)

    @classmethod
    def play(cls, name):
        subprocess.run([RELAYSIM, "scenario", name, "-w", cls.path(name, ".pcapng"), "--truth",
                        cls.path(name, ".truth")], capture_output=True, text=True,
                       timeout=PATIENCE, check=True)

    def shown(self, name, story, two_pass):
        """{key of the truth: EndMessage}. What is shown on both sides of a proxy is known by the
        frame where it is shown first."""
        frames = self.ws.dissect(self.path(name, ".pcapng"), two_pass=two_pass)
        layers = [(frame.number, layer) for frame in frames for layer in frame.commands]
        connects = sorted((int(layer.one("sstp.stream")), layer.values("sstp.source_device_url")[0],
                           frame.value("ip.src") in PROXIES) for frame in frames
                          for layer in frame.commands if layer.values("sstp.source_device_url") and
                          layer.one("sstp.from_initiator") == "1")
        streams = story.streams(connects)
        ends = [Shown(number, layer) for number, layer in layers
                if layer.one("sstp.command") in ("15", "0x0f")]
        return {(streams[end.key[0]], *end.key[1:]): end for end in reversed(ends)
                if end.journey is not None}

    def compare(self, name, story, shown, two_pass):
        numbers = {}
        for payload, group in story.groups.items():
            for leg in group:
                if leg.key not in shown:
                    # What was cut off on its way is in no capture.
                    self.assertTrue(name in LACKING or not leg.is_delivered, leg.key)
                    continue
                end = shown[leg.key]
                what = "%s: %r in frame %d" % (name, leg.key, end.frame)
                self.assertEqual(numbers.setdefault(payload, end.journey), end.journey, what)
                self.assertEqual(end.hop, leg.hop, what)
                parent = shown[leg.parent.key] if leg.parent else None
                self.assertEqual(end.before, parent.frame if parent else None, what)
                if two_pass and parent:
                    self.assertIn(end.frame, parent.after, what)
                if two_pass:
                    self.assertEqual(end.states, story.states(group), what)
        self.assertEqual(len(set(numbers.values())), len(numbers), name)
        return len(numbers)

    def test_truth(self):
        num, hops = 0, 0
        for name in NAMES:
            with self.subTest(scenario=name):
                story = Story(Truth(self.path(name, ".truth")))
                for two_pass in (False, True):
                    count = self.compare(name, story, self.shown(name, story, two_pass), two_pass)
                num += count
                hops += sum(leg.hop > 0 for leg in story.legs)
        self.assertGreater(num, 50)
        self.assertGreater(hops, 50)


if __name__ == "__main__":
    unittest.main(verbosity=2)
