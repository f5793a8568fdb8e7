#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The relay's store in a file, as processes see it: crashes, other users, a full disk.

Usage: durable.py RELAYSIM
"""
import contextlib
import json
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest

RELAYSIM = sys.argv.pop(1)
URL = "grooveDNS://relay1.example"
BOB = "grooveIdentity://bob"


class Relay:
    """A relay with a store; its stderr goes to a file."""

    def __init__(self, store, *arguments, **options):
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [RELAYSIM, "relay", "--url", URL, "--listen", "127.0.0.1:0", "--store", store,
             *arguments], stdout=subprocess.PIPE, stderr=self.log, text=True, **options)
        self.ready = self.process.stdout.readline().split()

    def __enter__(self):
        assert self.ready and self.ready[0] == "ready", self.stderr()
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.stop(signal.SIGKILL)
        self.log.close()

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        code = self.process.wait(30)
        self.process.stdout.close()
        return code

    def stderr(self):
        self.log.seek(0)
        return self.log.read()

    def wait_for(self, words):
        deadline = time.monotonic() + 30
        while words not in self.stderr():
            assert time.monotonic() < deadline, self.stderr()
            time.sleep(0.05)

    def start_client(self, *arguments, device="dpp:///alice"):
        return subprocess.Popen(
            [RELAYSIM, "client", "--relay", self.ready[1], "--relay-url", URL, "--device", device,
             *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def client(self, *arguments, **options):
        client = self.start_client(*arguments, **options)
        client.out, client.err = client.communicate(timeout=60)
        return client

    def receive(self, number, *arguments):
        return self.client("--identity", BOB, "--receive", "--expect", str(number), "--timeout",
                           "20", *arguments, device="dpp:///bob")


class Durable(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="relaysim-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.store = os.path.join(self.folder, "store.db")

    def check(self, client, code=0):
        self.assertEqual(client.returncode, code, client.err)
        return [json.loads(line) for line in client.out.splitlines()]

    def check_refused(self, words):
        result = subprocess.run([RELAYSIM, "relay", "--url", URL, "--listen", "127.0.0.1:0",
                                 "--store", self.store], capture_output=True, text=True, timeout=30)
        self.assertEqual(result.returncode, 2)
        self.assertEqual(result.stdout, "")
        self.assertRegex(result.stderr, f"^relaysim: the store {self.store} {words}[^\n]*\n$")

    def test_identity_of_two_accounts(self):
        """As earlier versions let them register: said in a sentence, and nothing is lost."""
        with Relay(self.store) as relay:
            self.check(relay.client("--identity", BOB, "--account", "one", "--to", BOB,
                                    "--message", "kept"))
            self.assertEqual(relay.stop(), 0)
        with contextlib.closing(sqlite3.connect(self.store)) as database:
            database.execute("INSERT INTO account SELECT 'two', key FROM account")
            database.execute("INSERT INTO identity VALUES ('two', ?)", (BOB,))
            database.commit()
        with Relay(self.store) as relay:
            self.assertRegex(relay.stderr(), "^relaysim: in the store [^\n]*, grooveIdentity://bob "
                             "belongs to more than one account, as 1 [^\n]*\n$")
            kept = relay.client("--identity", BOB, "--account", "one", "--receive", "--expect", "1",
                                "--timeout", "20")
            self.assertEqual([line["text"] for line in self.check(kept)], ["kept"])
            self.assertEqual(relay.stop(), 0)
        with contextlib.closing(sqlite3.connect(self.store)) as database:
            rows = database.execute("SELECT account, url FROM identity ORDER BY account")
            self.assertEqual(rows.fetchall(), [("one", BOB), ("two", BOB)])

    def test_restart(self):
        """What was acknowledged survives each end; what was received does not come again."""
        for number in (signal.SIGKILL, signal.SIGTERM):
            with self.subTest(number=number):
                with Relay(self.store) as relay:
                    self.check(relay.client("--to", BOB, "--message", "a", "--messages=20"))
                    self.check(relay.client("--to", BOB + ",dpp:///bob", "--size=100000"))
                    self.assertEqual(relay.stop(number), -9 if number == signal.SIGKILL else 0)
                with Relay(self.store) as relay:
                    lines = self.check(relay.receive(21))
                    self.assertEqual([line["user_ref"] for line in lines if line["size"] == 1],
                                     [f"relaysim-{i}" for i in range(1, 21)])
                    self.assertEqual([line["device"] for line in lines if line["size"] == 100000],
                                     ["dpp:///bob"])
                    self.assertEqual(relay.stop(), 0)
                with Relay(self.store) as relay:
                    self.check(relay.client("--identity", BOB, "--receive", "--expect", "1",
                                            "--timeout", "1", device="dpp:///bob"), 1)
                    self.assertEqual(relay.stop(), 0)
        # A clean end leaves one file.
        self.assertEqual(os.listdir(self.folder), ["store.db"])

    def test_small_cache(self):
        """What does not stay in memory comes from the file, in order and whole."""
        with Relay(self.store, "--max-cached", "30000") as relay:
            self.check(relay.client("--to", BOB, "--size=10000", "--messages=100"))
            lines = self.check(relay.receive(100))
            self.assertEqual([line["user_ref"] for line in lines],
                             [f"relaysim-{i}" for i in range(1, 101)])
            letters = "".join(chr(ord("a") + i % 26) for i in range(10000))
            self.assertEqual({line["text"] for line in lines}, {letters})

    def test_expiry_while_down(self):
        with Relay(self.store) as relay:
            self.check(relay.client("--to", BOB, "--message", "stays"))
            relay.stop(signal.SIGKILL)
        with sqlite3.connect(self.store) as db:
            db.execute("UPDATE message SET expires = ?", (int(time.time() * 1000) - 1,))
        db.close()
        with Relay(self.store) as relay:
            self.check(relay.client("--identity", BOB, "--receive", "--expect", "1", "--timeout",
                                    "1", device="dpp:///bob"), 1)

    def test_registry(self):
        """Devices and accounts are known again, and so is who is not them."""
        with Relay(self.store) as relay:
            self.check(relay.client("--to", BOB, "--message", "a"))
            self.check(relay.receive(1))
            relay.stop(signal.SIGKILL)
        with Relay(self.store) as relay:
            self.check(relay.client("--to", BOB, "--message", "b"))
            os.environ["RELAYSIM_SECRET"] = "another"
            self.addCleanup(os.environ.pop, "RELAYSIM_SECRET", None)
            self.check(relay.receive(1), 1)
            del os.environ["RELAYSIM_SECRET"]
            self.check(relay.receive(1))

    def test_in_use(self):
        with Relay(self.store) as relay:
            self.check_refused("is in use by another process")
            self.check(relay.client("--to", BOB, "--message", "still there"))
            relay.stop()
        db = sqlite3.connect(self.store)
        db.execute("BEGIN IMMEDIATE")
        self.check_refused("is in use by another process")
        db.close()

    def test_other_files(self):
        with open(self.store, "w", encoding="ascii") as file:
            file.write("no store\n" * 1000)
        self.check_refused("is damaged, or not a store at all")
        os.unlink(self.store)
        os.mkdir(self.store)
        self.check_refused("cannot be opened: Is a directory")
        os.rmdir(self.store)
        with Relay(self.store) as relay:
            self.check(relay.client("--to", BOB, "--message", "a", "--messages", "200"))
            relay.stop()
        with open(self.store, "r+b") as file:
            file.seek(8192)
            file.write(b"\x55" * 8192)
        self.check_refused("is damaged: ")
        os.unlink(self.store)
        with sqlite3.connect(self.store) as db:
            db.execute("PRAGMA application_id = 0x47535354")
            db.execute("PRAGMA user_version = 999")
        db.close()
        self.check_refused("was written by a later relaysim")

    def test_full_disk(self):
        """Senders are held back, nothing is lost, and it goes on when there is room."""
        # A limit on the size of files that can be moved from outside; Python itself
        # ignores the signal that comes with it, and so does its child.
        with Relay(self.store, "-v", restore_signals=False) as relay:
            self.check(relay.client("--to", BOB, "--message", "before"))
            unlimited = resource.prlimit(relay.process.pid, resource.RLIMIT_FSIZE)
            resource.prlimit(relay.process.pid, resource.RLIMIT_FSIZE, (100000, unlimited[1]))
            sender = relay.start_client("--to", BOB, "--size=10000", "--messages=300")
            relay.wait_for("senders are held back")
            # A second one does not even begin: its session stays suspended.
            self.check(relay.client("--to", BOB, "--message", "late", "--timeout=1"), 1)
            self.assertIsNone(sender.poll())
            resource.prlimit(relay.process.pid, resource.RLIMIT_FSIZE, unlimited)
            relay.wait_for("the store can be written again")
            sender.out, sender.err = sender.communicate(timeout=30)
            self.check(sender)
            self.assertEqual(relay.stderr().count("held back"), 1)
            relay.stop(signal.SIGKILL)
        with Relay(self.store) as relay:
            sizes = [line["size"] for line in self.check(relay.receive(301))]
            self.assertEqual(sizes, [6] + [10000] * 300)

    def test_killed_when_full(self):
        with Relay(self.store, restore_signals=False) as relay:
            resource.prlimit(relay.process.pid, resource.RLIMIT_FSIZE, (100000, 100000))
            sender = relay.start_client("--to", BOB, "--size=10000", "--messages=300", "--timeout",
                                        "5")
            relay.wait_for("senders are held back")
            self.assertEqual(relay.stop(), 0)
            sender.out, sender.err = sender.communicate(timeout=30)
            self.check(sender, 1)
        with Relay(self.store) as relay:
            self.check(relay.client("--to", BOB, "--message", "goes on"))


unittest.main(verbosity=2)
