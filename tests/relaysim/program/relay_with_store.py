# SPDX-License-Identifier: GPL-2.0-or-later
"""What the live tests of the store share: a relay with one, and its clients.

The name of the program is the first argument of the test.
"""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from patience import PATIENCE, TIMEOUT

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
        code = self.process.wait(PATIENCE)
        self.process.stdout.close()
        return code

    def counters(self):
        """What it has done so far."""
        self.process.send_signal(signal.SIGUSR1)
        return json.loads(self.process.stdout.readline())

    def stderr(self):
        self.log.seek(0)
        return self.log.read()

    def wait_for(self, words):
        deadline = time.monotonic() + PATIENCE
        while words not in self.stderr():
            assert time.monotonic() < deadline, self.stderr()
            time.sleep(0.05)

    def start_client(self, *arguments, device="dpp:///alice", stdout=subprocess.PIPE):
        return subprocess.Popen(
            [RELAYSIM, "client", "--relay", self.ready[1], "--relay-url", URL, "--device", device,
             *arguments], stdout=stdout, stderr=subprocess.PIPE, text=True)

    def client(self, *arguments, **options):
        client = self.start_client(*arguments, **options)
        client.out, client.err = client.communicate(timeout=PATIENCE)
        return client

    def receive(self, number, *arguments):
        return self.client("--identity", BOB, "--receive", "--expect", str(number), "--timeout",
                           TIMEOUT, *arguments, device="dpp:///bob")


class StoreTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="relaysim-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.store = os.path.join(self.folder, "store.db")

    def check(self, client, code=0):
        """Its exit code; returns what it received."""
        self.assertEqual(client.returncode, code, client.err)
        return [json.loads(line) for line in client.out.splitlines()]
