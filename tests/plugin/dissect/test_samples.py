# SPDX-License-Identifier: GPL-2.0-or-later
"""The captures in samples/ decode cleanly; that relaysim makes them, relaysim.simulated says."""

import os
import shutil

import harness  # has the folder of this:
import selfcheck
from harness import DissectTest, commands_in, stories

SAMPLES = os.path.join(harness.HERE, "..", "..", "..", "samples")


class Samples(DissectTest):
    def test_vectors(self):
        file = self.ws.path("vectors.pcapng")
        shutil.copyfile(os.path.join(SAMPLES, "vectors.pcapng"), file)
        frames = self.ws.dissect(file)
        self.assert_commands(commands_in(frames), stories.commands_of(stories.published()))
        # The Noop was printed by itself: on this connection there is nothing to acknowledge.
        self.assertEqual([f for frame in frames for f in frame.findings],
                         [("ack_excess", "warning")])

    def test_every_capture(self):
        """Whatever lies there: our protocol is in it, nothing is malformed, and it carries its
        answers, of which nothing is shown otherwise and nothing lacks."""
        names = [name for name in sorted(os.listdir(SAMPLES)) if name.endswith(".pcapng")]
        self.assertIn("vectors.pcapng", names)
        for name in names:
            file = self.ws.path(name)
            shutil.copyfile(os.path.join(SAMPLES, name), file)
            frames = self.ws.dissect(file, two_pass=True)
            self.assertTrue(commands_in(frames), name)
            for frame in frames:
                self.assertFalse(frame.is_malformed, name)
            for arguments in ([], ["-2"]):
                rows = selfcheck.selfcheck(self.ws, file, *arguments)
                self.assertNotIsInstance(rows, str, name)
                self.assertGreater(sum(row[3] for row in rows), 2, name)
                # Nobody tells of a proxy's far side.
                self.assertEqual(selfcheck.amiss(rows, has_others=True), [], name)


if __name__ == "__main__":
    harness.main()
