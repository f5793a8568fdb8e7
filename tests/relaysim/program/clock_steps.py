#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The machine's clock is set while a relay runs: what it keeps lives as long as it was to.

Usage: clock_steps.py RELAYSIM CLOCK_SHIM
"""
import contextlib
import os
import re
import signal
import sqlite3
import sys
import time
import unittest

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from clock_shim import ClockShim
from relay_with_store import BOB, Relay, StoreTest

CLOCK_SHIM = sys.argv.pop(1)
HOUR = 3600


class ClockSteps(StoreTest):
    def setUp(self):
        super().setUp()
        self.clock = ClockShim(CLOCK_SHIM, self.folder)

    def relay(self):
        return Relay(self.store, "-v", env=self.clock.environment())

    def put(self, relay, seconds):
        """A message with so long to live: as no client asks for that, in the file."""
        self.check(relay.client("--to", BOB, "--message", "kept"))
        self.assertEqual(relay.stop(), 0)
        with contextlib.closing(sqlite3.connect(self.store)) as database:
            database.execute("UPDATE message SET expires = ?", (int(time.time() + seconds) * 1000,))
            database.commit()

    def test_forward(self):
        """By hours more than it has to live: it is there after a restart."""
        for ends in (signal.SIGTERM, signal.SIGKILL):
            with self.subTest(ends=ends):
                self.store = os.path.join(self.folder, f"{ends}.db")
                self.clock.set(0)
                with self.relay() as relay:
                    self.put(relay, HOUR)
                with self.relay() as relay:
                    self.clock.set(5 * HOUR)
                    relay.wait_for(" s; what is stored lives on")
                    # The clocks are read one after the other, on a busy machine with a pause.
                    step = int(re.search(r"set forward by (\d+) s", relay.stderr()).group(1))
                    self.assertAlmostEqual(step, 5 * HOUR, delta=60)
                    # What is acknowledged from then on is on the disk, and the step with it.
                    self.check(relay.client("--to", BOB, "--message", "after it"))
                    relay.stop(ends)
                with self.relay() as relay:
                    self.assertEqual([line["text"] for line in self.check(relay.receive(2))],
                                     ["kept", "after it"])

    def test_back(self):
        """It lives no longer than it was to: its time is over while the relay is down."""
        with self.relay() as relay:
            self.put(relay, HOUR)
        with self.relay() as relay:
            self.clock.set(-5 * HOUR)
            relay.wait_for("the clock has been set back by")
            self.assertEqual(relay.stop(), 0)
        self.clock.set(-4 * HOUR + 1)  # an hour later
        with self.relay() as relay:
            self.check(relay.client("--identity", BOB, "--receive", "--expect", "1", "--timeout",
                                    "1", device="dpp:///bob"), 1)
            self.assertEqual(relay.stop(), 0)


unittest.main(verbosity=2)
