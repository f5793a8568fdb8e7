#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The relay's store in a file, as processes see it: crashes, other users, a full disk.

Usage: durable.py RELAYSIM
"""
import contextlib
import os
import resource
import signal
import sqlite3
import subprocess
import time
import unittest

from relay_with_store import BOB, RELAYSIM, URL, Relay, StoreTest
from patience import PATIENCE, TIMEOUT


class Durable(StoreTest):
    def check_refused(self, words):
        result = subprocess.run([RELAYSIM, "relay", "--url", URL, "--listen", "127.0.0.1:0",
                                 "--store", self.store], capture_output=True, text=True,
                                timeout=PATIENCE)
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
                                "--timeout", TIMEOUT)
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

    def test_names(self):
        """A name is the file of that name, whatever SQLite itself would make of it."""
        for name in (":memory:", "file:x?mode=memory", "file:y", "memory.db"):
            with self.subTest(name=name):
                with Relay(name, cwd=self.folder) as relay:
                    self.check(relay.client("--to", BOB, "--message", "kept"))
                    relay.stop(signal.SIGKILL)
                self.assertIn(name, os.listdir(self.folder))
                with Relay(name, cwd=self.folder) as relay:
                    self.assertEqual([line["text"] for line in self.check(relay.receive(1))],
                                     ["kept"])

    def test_no_names(self):
        for name, words in (("", "--store is the name of a file"),
                            ("/dev/null", "the store /dev/null is not a regular file"),
                            (self.folder + "/", "cannot be opened: Is a directory")):
            result = subprocess.run([RELAYSIM, "relay", "--url", URL, "--listen", "127.0.0.1:0",
                                     "--store", name], capture_output=True, text=True,
                                    timeout=PATIENCE)
            self.assertEqual(result.returncode, 2, name)
            self.assertRegex(result.stderr, f"^relaysim: [^\n]*{words}[^\n]*\n$")

    def test_moved_away(self):
        """A file that nobody finds any more under its name: said at once, and no message is
        acknowledged that would be in it."""
        def unlink(path):
            os.unlink(path)

        def replace(path):
            with open(path + ".new", "wb"):
                pass
            os.rename(path + ".new", path)

        def rename(path):
            os.rename(path, path + ".away")

        def empty(path):
            os.truncate(path, 0)

        for suffix in ("", "-wal"):
            for act in (unlink, replace, rename, empty):
                with self.subTest(act=act.__name__, suffix=suffix):
                    self.store = os.path.join(self.folder, f"{act.__name__}{suffix}.db")
                    with Relay(self.store) as relay:
                        self.check(relay.client("--to", BOB, "--message", "before"))
                        act(self.store + suffix)
                        relay.wait_for("the store is not where it was: ")
                        self.check(relay.client("--to", BOB, "--message", "late", "--timeout=1"), 1)
                        self.assertEqual(relay.stop(), 1)

    def test_moved_back(self):
        with Relay(self.store) as relay:
            os.rename(self.store, self.store + ".away")
            relay.wait_for("the store is not where it was: ")
            os.rename(self.store + ".away", self.store)
            relay.wait_for("the store can be written again")
            self.check(relay.client("--to", BOB, "--message", "after"))
            relay.stop(signal.SIGKILL)
        with Relay(self.store) as relay:
            self.assertEqual([line["text"] for line in self.check(relay.receive(1))], ["after"])

    def test_not_registered(self):
        """Who cannot be kept as registered is told so."""
        with Relay(self.store, "-v") as relay:
            os.rename(self.store, self.store + ".away")
            relay.wait_for("the store is not where it was: ")
            client = relay.receive(1)
            self.check(client, 1)
            self.assertIn("the relay ended the registration", client.err)
            relay.wait_for("a Register is refused, for the store cannot be written")

    def test_full_disk(self):
        """Senders are held back, nothing is lost, and it goes on when there is room."""
        # A limit on the size of files that can be moved from outside.  The signal that comes
        # with it is no death.
        with Relay(self.store, "-v") as relay:
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
            sender.out, sender.err = sender.communicate(timeout=PATIENCE)
            self.check(sender)
            self.assertEqual(relay.stderr().count("held back"), 1)
            relay.stop(signal.SIGKILL)
        with Relay(self.store) as relay:
            sizes = [line["size"] for line in self.check(relay.receive(301))]
            self.assertEqual(sizes, [6] + [10000] * 300)

    def test_killed_when_full(self):
        with Relay(self.store) as relay:
            resource.prlimit(relay.process.pid, resource.RLIMIT_FSIZE, (100000, 100000))
            sender = relay.start_client("--to", BOB, "--size=10000", "--messages=300", "--timeout",
                                        "15")
            relay.wait_for("senders are held back")
            self.assertEqual(relay.stop(), 1)
            self.assertIn("is not in the store", relay.stderr())
            sender.out, sender.err = sender.communicate(timeout=PATIENCE)
            self.check(sender, 1)
        with Relay(self.store) as relay:
            self.check(relay.client("--to", BOB, "--message", "goes on"))


unittest.main(verbosity=2)
