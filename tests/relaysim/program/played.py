# SPDX-License-Identifier: GPL-2.0-or-later
"""Scenarios that are played, live.  It takes RELAYSIM and the FOLDER of the stories off the command
line.
"""
import concurrent.futures
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

from patience import PATIENCE

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))

RELAYSIM, FOLDER = os.path.abspath(sys.argv.pop(1)), os.path.abspath(sys.argv.pop(1))
HAS_PLUGIN = "GRVSSTP_BUILD_DIR" in os.environ

if HAS_PLUGIN:
    import tshark


def play(*arguments, program=RELAYSIM, **options):
    return subprocess.run([program, "scenario", *arguments], capture_output=True, text=True,
                          timeout=PATIENCE, check=False, **options)


class Played(unittest.TestCase):
    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="relaysim-")
        os.chmod(cls.folder, 0o755)
        cls.ws = tshark.Wireshark() if HAS_PLUGIN else None

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)
        if cls.ws:
            cls.ws.close()

    def path(self, name):
        return os.path.join(self.folder, name)

    def file(self, name, content):
        with open(self.path(name), "wb") as file:
            file.write(content)
        return self.path(name)

    def play_all(self, names, *arguments, label=""):
        """Plays scenarios, some at a time, for they mostly wait; returns
        {name: (result, capture)}."""
        def one(name):
            capture = self.path("%s%s.pcapng" % (name, label))
            result = play(name, "-w", capture, *arguments)
            os.chmod(capture, 0o644)
            return name, (result, capture)
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            return dict(pool.map(one, names))

    def check(self, result, code=0, stderr="^$"):
        self.assertEqual(result.returncode, code, result.stderr)
        self.assertRegex(result.stderr, stderr)
