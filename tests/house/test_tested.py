# SPDX-License-Identifier: GPL-2.0-or-later
"""Every file of the rooms without sockets has a test (tested.py); and what has none would be seen."""
import os
import shutil
import tempfile
import unittest

import tested
from house import TOP


class Tested(unittest.TestCase):
    def test_every_file_has_its_test(self):
        self.assertEqual(list(tested.missing()), [])

    def test_rows_say_why(self):
        for why, test, paths in tested.THROUGH:
            self.assertTrue(why and test and paths)

    def test_what_has_none_would_be_seen(self):
        """In a copy of the rooms and tests: a file more, a test less, a test that is not run, and
        rows that are no use."""
        with tempfile.TemporaryDirectory() as top:
            for folder in ("analyzer", "relaysim", "tests"):
                shutil.copytree(os.path.join(TOP, folder), os.path.join(top, folder),
                                ignore=shutil.ignore_patterns("corpus", "golden", "*.pcap*"))
            self.assertEqual(list(tested.missing(top)), [])

            def seen(folder, name):
                """What is said of a new, empty file, or of a file that is gone."""
                path = os.path.join(top, folder, name)
                if os.path.exists(path):
                    os.rename(path, path + ".gone")
                    found = list(tested.missing(top))
                    os.rename(path + ".gone", path)
                else:
                    open(path, "w", encoding="utf-8").close()
                    found = list(tested.missing(top))
                    os.unlink(path)
                return " ".join(found)

            store, endpoint = "relaysim/store", "relaysim/endpoint"
            for file in ("fresh.c", "disk_fresh.c"):
                self.assertIn("%s/%s has no test" % (store, file), seen(store, file))
            self.assertIn("wire.c has no test", seen("tests/core", "test_wire.c"))
            self.assertIn("test_fresh.c is not run", seen("tests/core", "test_fresh.c"))
            self.assertIn("which there is not", seen("tests/" + endpoint, "test_note.c"))
            self.assertIn("is no file", seen(endpoint, "tell.c"))
            self.assertIn("can go", seen("tests/" + endpoint, "test_tell.c"))
            # A part of a module, and what is no test at all.
            self.assertEqual(seen("analyzer/core", "wire_fresh.c"), "")
            self.assertEqual(seen("tests/core", "README"), "")


if __name__ == "__main__":
    unittest.main()
