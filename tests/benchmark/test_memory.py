#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a frame takes of tshark's memory in one pass, where its bytes are of no use to any other, and in two:
little more than the same bytes as plain data, and no more than MQTT in the same shape.

    python3 tests/benchmark/test_memory.py
"""
import argparse
import os
import unittest

import encapsulation
import traffic
from benchmark import STATISTICS, run
from tshark import Wireshark

SIZES = {"longlived": 16 << 20, "keepalive": 16 << 20, "polling": 3000}
SEGMENTS = 20000
# Times plain data.
LIMITS = {(): {"longlived": 1.3, "keepalive": 1.3, "polling": 1.3},
          ("-2",): {"longlived": 2.2, "keepalive": 1.75, "polling": 1.4}}


class MemoryTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.wireshark = Wireshark(debug=False)
        cls.start = encapsulation.start_up(cls.wireshark)

    @classmethod
    def tearDownClass(cls):
        cls.wireshark.close()

    def test_encapsulations(self):
        for passes, limits in LIMITS.items():
            for kind, size in SIZES.items():
                with self.subTest(kind, passes=passes):
                    row = encapsulation.measure(self.wireshark, argparse.Namespace(folder=None), kind,
                                                size, self.start, passes)
                    ours, data = (row["octets of memory a frame" + what] for what in ("", ", as data"))
                    self.assertGreater(data, 0)
                    self.assertLess(ours / data, limits[kind],
                                    "%d octets a frame, %d as data" % (ours, data))

    def test_straddling(self):
        peaks = {}
        for kind in ("sstp", "mqtt"):
            file = self.wireshark.path(kind + ".pcapng")
            traffic.write(file, kind, SEGMENTS, straddling=True)
            os.chmod(file, 0o644)
            for passes in LIMITS:
                peaks[kind, passes] = run(self.wireshark, file, list(passes) + STATISTICS)[1]
            os.unlink(file)
        for passes in LIMITS:
            self.assertLess(peaks["sstp", passes], peaks["mqtt", passes])


if __name__ == "__main__":
    unittest.main()
