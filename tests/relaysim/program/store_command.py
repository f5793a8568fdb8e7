#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""`relaysim store`: a list, an export, a copy and a purge of what a relay has kept.

Usage: store_command.py RELAYSIM
"""
import contextlib
import json
import os
import re
import sqlite3
import subprocess
import unittest

from relay_with_store import BOB, RELAYSIM, Relay, StoreTest
from patience import PATIENCE, TIMEOUT

CARL, DAVE = "grooveIdentity://carl", "grooveIdentity://dave"


class StoreCommand(StoreTest):
    def setUp(self):
        super().setUp()
        with Relay(self.store) as relay:
            for _ in range(3):  # each with a row of its own
                self.check(relay.client("--to", BOB, "--message", "to bob"))
            self.check(relay.client("--to", BOB, "--to", CARL + ",dpp:///carl", "--message",
                                    "to both"))
            # Whom the store knows, and has nothing for.
            self.check(relay.client("--to", DAVE, "--message", "to dave"))
            self.check(relay.client("--identity", DAVE, "--receive", "--expect", "1", "--timeout",
                                    TIMEOUT, device="dpp:///dave"))
            self.assertEqual(relay.stop(), 0)

    def run_store(self, *arguments, code=0, store=None):
        result = subprocess.run([RELAYSIM, "store", store or self.store, *arguments],
                                capture_output=True, timeout=PATIENCE, check=False)
        self.assertEqual(result.returncode, code, result.stderr)
        if code != 0:
            self.assertRegex(result.stderr.decode(), "^relaysim: [^\n]*\n$")
        return result.stdout.decode() if code == 0 else result.stderr.decode()

    def counts(self, *arguments):
        """Messages of each identity."""
        queues = json.loads(self.run_store("--json", *arguments))["queues"]
        return {queue["identity"]: queue["messages"] for queue in queues}

    def change(self, sql, *values):
        with contextlib.closing(sqlite3.connect(self.store)) as database:
            database.execute(sql, values)
            database.commit()

    def test_list(self):
        listed = json.loads(self.run_store("--json"))
        self.assertEqual(listed["messages"], 4)
        self.assertEqual(len(listed["queues"]), 2)
        bob = next(queue for queue in listed["queues"] if queue["identity"] == BOB)
        self.assertEqual((bob["messages"], bob["device"], bob["expires_in_s"]), (4, "", None))
        self.assertLess(bob["oldest_s"], 600)
        self.assertEqual(listed["devices"], ["dpp:///dave"])
        self.assertEqual(len(listed["accounts"]), 1)
        text = self.run_store()
        self.assertRegex(text, "^4 messages, [0-9]+ bytes\n")
        self.assertRegex(text, f"(?m)^ +4 .* {BOB} - ")
        self.assertIn("1 devices\n  dpp:///dave\n", text)
        self.assertEqual(self.counts("--identity", CARL), {CARL: 1})

    def test_foreign_bytes(self):
        """What anybody has put into a URL neither breaks a line nor drives a terminal."""
        self.change("UPDATE queue SET identity = 'a' || char(10, 27) || CAST(x'ff' AS TEXT)"
                    " WHERE identity = ?", BOB)
        self.assertIn("a\\n\\x1b\\xff", self.run_store())
        queue = json.loads(self.run_store("--json"))["queues"][0]
        self.assertEqual(queue["identity_bytes"], "610a1bff")

    def test_export(self):
        lines = [json.loads(line) for line in self.run_store("--export", "-").splitlines()]
        self.assertEqual([line["data"] for line in lines], ["to bob"] * 3 + ["to both"])
        self.assertEqual([recipient["identity"] for recipient in lines[3]["recipients"]],
                         [BOB, CARL])
        path = os.path.join(self.folder, "lines")
        self.run_store("--export", path, "--identity", CARL)
        with open(path, encoding="utf-8") as file:
            self.assertEqual([json.loads(line)["recipients"][0]["device"] for line in file],
                             ["dpp:///carl"])
        self.assertIn("cannot be made: File exists", self.run_store("--export", path, code=2))

        folder = os.path.join(self.folder, "out")
        self.run_store("--export-folder", folder)
        with open(os.path.join(folder, "messages.jsonl"), encoding="utf-8") as file:
            files = [json.loads(line)["file"] for line in file]
        data = []
        for name in files:
            with open(os.path.join(folder, name), "rb") as file:
                data.append(file.read())
        self.assertEqual(data, [b"to bob"] * 3 + [b"to both"])
        self.assertIn("cannot be made: File exists",
                      self.run_store("--export-folder", folder, code=2))

    def test_backup(self):
        copy = os.path.join(self.folder, "copy.db")
        self.run_store("--backup", copy)
        listed, copied = (re.sub(r'"oldest_s":\d+', "", self.run_store("--json", store=store))
                          for store in (None, copy))
        self.assertEqual(listed, copied)
        self.assertIn("File exists", self.run_store("--backup", copy, code=2))
        with Relay(copy) as relay:
            self.assertEqual([line["text"] for line in self.check(relay.receive(4))],
                             ["to bob"] * 3 + ["to both"])
        # The first one still has them.
        self.assertEqual(self.counts(), {BOB: 4, CARL: 1})

    def test_purge(self):
        """Of a message for several, only that share goes; and the relay goes on with it."""
        self.assertEqual(self.run_store("--purge", "--identity", BOB), "4 messages removed\n")
        self.assertEqual(self.counts(), {CARL: 1})
        self.assertEqual(self.run_store("--purge", "--identity", BOB), "0 messages removed\n")
        with Relay(self.store, "-v") as relay:
            self.assertIn(" 1 messages in ", relay.stderr())
            self.check(relay.client("--to", BOB, "--message", "later"))
            self.assertEqual([line["text"] for line in self.check(relay.receive(1))], ["later"])
            self.assertEqual(relay.stop(), 0)
        self.assertEqual(self.run_store("--purge", "--all"), "1 messages removed\n")
        self.assertEqual(self.counts(), {})

    def test_purge_by_time(self):
        self.change("UPDATE message SET stored = stored - 7200000 WHERE id = 1")
        self.change("UPDATE message SET expires = 1 WHERE id = 2")
        self.change("UPDATE message SET stored = 0 WHERE id = 3")
        self.assertEqual(self.counts("--older-than", "3600"), {BOB: 1})
        self.assertEqual(self.run_store("--purge", "--older-than", "3600"), "1 messages removed\n")
        self.assertEqual(self.run_store("--purge", "--expired"), "1 messages removed\n")
        self.assertEqual(self.counts(), {BOB: 2, CARL: 1})

    def test_in_use(self):
        with Relay(self.store) as relay:
            self.assertIn("is in use by another process", self.run_store(code=2))
            self.assertEqual(relay.stop(), 0)

    def test_refused(self):
        for arguments, words in ((["--purge"], "--purge needs to know what"),
                                 (["--all"], "--all goes with --purge"),
                                 (["--backup", "x", "--export", "y"], "exclude each other"),
                                 (["another"], "one store is needed")):
            self.assertIn(words, self.run_store(*arguments, code=2))
        missing = os.path.join(self.folder, "missing.db")
        self.assertIn("there is no store", self.run_store(store=missing, code=2))
        self.assertFalse(os.path.exists(missing))
        self.assertEqual(self.counts(), {BOB: 4, CARL: 1})


unittest.main(verbosity=2)
