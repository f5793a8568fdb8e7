# SPDX-License-Identifier: GPL-2.0-or-later
"""What is told at the end of a run of the tests that failed."""
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import failures  # noqa: E402

RESULTS = """<testsuite>
<testcase name="good" status="run"><system-out>FAIL: no</system-out></testcase>
<testcase name="python" status="fail"><failure message=""/><system-out>test_a ... FAIL
test_b ... ok

======================================================================
FAIL: test_a (__main__.T.test_a)
AssertionError: 1 != 2 : a &lt;b&gt;
</system-out></testcase>
<testcase name="glib" status="fail"><system-out>ok 1 /a
Bail out! ERROR:test_x.c:75:check: assertion failed
</system-out></testcase>
<testcase name="gone" status="notrun"><system-out>Unable to find it</system-out></testcase>
</testsuite>
"""


class Failures(unittest.TestCase):
    def test_essence(self):
        with tempfile.NamedTemporaryFile("w", suffix=".xml") as file:
            file.write(RESULTS)
            file.flush()
            self.assertEqual(failures.failures(file.name), [
                ("python", ["FAIL: test_a (__main__.T.test_a)", "AssertionError: 1 != 2 : a <b>"]),
                ("glib", ["Bail out! ERROR:test_x.c:75:check: assertion failed"]),
                ("gone", ["Unable to find it"])])

    def test_length(self):
        many = ["line %d" % n for n in range(1000)]
        self.assertEqual(failures.essence("\n".join(many)), many[-failures.LINES_MAX:])
        self.assertEqual(failures.essence("\n".join(many + ["not ok 1"] + many)),
                         (["not ok 1"] + many)[:failures.LINES_MAX])


if __name__ == "__main__":
    unittest.main(verbosity=2)
