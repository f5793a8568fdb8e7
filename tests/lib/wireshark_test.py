# SPDX-License-Identifier: GPL-2.0-or-later
"""The base of all tests that run tshark or sharkd on captures they make."""

import os
import unittest

from tshark import Wireshark

BAD = ("warning", "error")  # severities that a clean conversation never has
PASSES = ((False, "one pass"), (True, "two passes"))


class WiresharkTest(unittest.TestCase):
    """One Wireshark with the plugin for all tests of a file."""

    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        cls.ws = Wireshark()

    @classmethod
    def tearDownClass(cls):
        cls.ws.close()

    def write(self, capture, name="test.pcapng", **keywords):
        """Writes a capture to where the programs can read it; returns the path."""
        return capture.write(self.ws.path(name), **keywords)

    def keep(self, path):
        """Copies a capture that failed to where GRVSSTP_KEEP says."""
        folder = os.environ.get("GRVSSTP_KEEP")
        if not folder:
            return path
        kept = os.path.join(folder, self.id() + "-" + os.path.basename(path))
        with open(path, "rb") as source, open(kept, "wb") as target:
            target.write(source.read())
        return kept


def main():
    unittest.main(verbosity=2)
