#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A store whose disk is full: what frees space is always written, and it goes on.

Usage: full_disk.py RELAYSIM

The disk is a small one where this user may mount one, and always a limit on the size of
files.
"""
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

INSIDE = "RELAYSIM_FULL_DISK"  # whether a small disk can be mounted, once that is known

if INSIDE not in os.environ:
    # As root, or as one of a name space of its own.
    WAYS = [["unshare", "-m"], ["unshare", "-rm"]]
    can = [way for way in WAYS if subprocess.run(
        [*way, "mount", "-t", "tmpfs", "tmpfs", "/tmp"], capture_output=True,
        check=False).returncode == 0]
    os.environ[INSIDE] = "yes" if can else "no"
    command = [*(can[0] if can else []), sys.executable, *sys.argv]
    os.execvp(command[0], command)

from relay_with_store import BOB, Relay, StoreTest
from patience import PATIENCE, TIMEOUT

MIB = 1 << 20


class FullDisk(StoreTest):
    """By a limit on the size of files."""

    def setUp(self):
        super().setUp()
        self.spare = tempfile.mkdtemp(prefix="relaysim-")  # on another disk
        self.addCleanup(shutil.rmtree, self.spare)

    def relay(self, *arguments):
        relay = Relay(self.store, *arguments)
        resource.prlimit(relay.process.pid, resource.RLIMIT_FSIZE, (MIB, MIB))
        return relay

    def fill(self, relay):
        """Until senders are held back."""
        sender = relay.start_client("--to", BOB, "--size", "500", "--messages", "9000",
                                    "--timeout", TIMEOUT)
        self.addCleanup(sender.communicate)
        self.addCleanup(sender.kill)
        relay.wait_for("senders are held back")
        return sender

    def drain(self, relay):
        """Until nothing is left; returns the lines."""
        path = os.path.join(self.spare, "received")
        with open(path, "w", encoding="utf-8") as file:
            client = relay.start_client("--identity", BOB, "--receive", device="dpp:///bob",
                                        stdout=file)
            self.addCleanup(client.wait)
            self.addCleanup(client.kill)
            deadline = time.monotonic() + PATIENCE
            while relay.counters()["messages_stored"] > 0:
                self.assertLess(time.monotonic(), deadline, relay.stderr())
                time.sleep(0.1)
            client.terminate()
            _, stderr = client.communicate(timeout=PATIENCE)
        self.assertEqual(client.returncode, 0, stderr)
        with open(path, encoding="utf-8") as file:
            return file.read().splitlines()

    def test_goes_on(self):
        """Somebody takes the messages: the others go through, and nothing comes again."""
        with self.relay() as relay:
            sender = self.fill(relay)
            received = self.check(relay.receive(9000))
            self.assertEqual([line["user_ref"] for line in received],
                             [f"relaysim-{i}" for i in range(1, 9001)])
            sender.out, sender.err = sender.communicate(timeout=PATIENCE)
            self.check(sender)
            self.assertEqual(relay.stop(), 0, relay.stderr())
        with Relay(self.store, "-v") as relay:
            self.assertIn(" 0 messages in ", relay.stderr())

    def test_sender_gives_up(self):
        """What is taken frees what there is, whatever else had been tried; killed, too."""
        with self.relay() as relay:
            sender = self.fill(relay)
            sender.kill()
            self.assertGreater(len(self.drain(relay)), 500)
            self.check(relay.client("--to", BOB, "--size", "100000", "--messages", "3"))
            self.assertEqual(relay.stop(signal.SIGKILL), -signal.SIGKILL)
        with Relay(self.store, "-v") as relay:
            self.assertIn(" 3 messages in ", relay.stderr())
            self.assertEqual([line["size"] for line in self.check(relay.receive(3))], [100000] * 3)

    def test_restarted_when_full(self):
        """Whoever comes to a relay that was started on a full disk empties it."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            with self.subTest(number=number):
                with self.relay() as relay:
                    self.fill(relay)
                    code = relay.stop(number)
                    if number == signal.SIGTERM:
                        self.assertEqual(code, 1, relay.stderr())
                        self.assertIn("is not in the store", relay.stderr())
                with self.relay("-v") as relay:
                    self.assertNotIn(" 0 messages in ", relay.stderr())
                    self.drain(relay)
                    self.check(relay.client("--to", BOB, "--message", "goes on"))
                    self.assertEqual(relay.stop(), 0, relay.stderr())
                with Relay(self.store, "-v") as relay:
                    self.assertEqual([line["text"] for line in self.check(relay.receive(1))],
                                     ["goes on"])
                    self.assertEqual(relay.stop(), 0, relay.stderr())

    def test_new_device(self):
        """Who has never registered comes to its messages, on a disk without space, too."""
        with self.relay() as relay:
            self.fill(relay)
            client = relay.client("--identity", BOB, "--account", "account://new", "--receive",
                                  "--expect", "100", "--timeout", TIMEOUT, device="dpp:///new")
            self.check(client)


@unittest.skipIf(os.environ[INSIDE] == "no", "no disk can be mounted here")
class SmallDisk(FullDisk):
    """One of 3 MB."""

    def setUp(self):
        super().setUp()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", self.folder], check=True)
        self.addCleanup(subprocess.run, ["umount", self.folder], check=True)

    def relay(self, *arguments):
        return Relay(self.store, *arguments)


unittest.main(verbosity=2)
