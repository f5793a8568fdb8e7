# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures with errors thrown in: no crash, no hang, no dissector bug."""

import os
import shutil
import subprocess
import unittest

from encap_harness import EncapTest, main
from capture import Capture
import tshark
from test_determinism import everything

EDITCAP = os.environ.get("GRVSSTP_EDITCAP", "editcap")
HEADERS = 54  # Ethernet, IP and TCP stay as they are
SEEDS = int(os.environ.get("GRVSSTP_MUTATIONS", "6"))
# One byte in so many is changed.
RATES = ("0.0005", "0.005", "0.03")


@unittest.skipUnless(shutil.which(EDITCAP), "editcap is not installed")
class Mutations(EncapTest):
    def survive(self, path, *options, two_pass=True, label=""):
        command = tshark.drop_privileges() + [tshark.TSHARK, "-n", "-r", path, "-V"]
        command += (["-2"] if two_pass else []) + list(options)
        try:
            done = subprocess.run(command, env=self.ws.env, cwd=self.ws.folder, timeout=600,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        except subprocess.TimeoutExpired:
            self.fail("%s: hangs (%s)" % (label, self.keep(path)))
        said = done.stdout + done.stderr
        if done.returncode != 0 or b"Dissector bug" in said or b"ASSERT" in done.stderr:
            self.fail("%s: %d (%s)\n%s" % (label, done.returncode, self.keep(path),
                                           done.stderr.decode("utf-8", "replace")[-2000:]))
        return done.stdout

    def test_mutated(self):
        whole = everything()
        source = whole.write(self.ws.path("whole.pcap"), kind="pcap")
        for seed in range(1, SEEDS + 1):
            for rate in RATES:
                target = self.ws.path("mutated-%d-%s.pcap" % (seed, rate))
                subprocess.run([EDITCAP, "-F", "pcap", "-E", rate, "-o", str(HEADERS), "--seed",
                                str(seed), source, target], check=True, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
                with self.subTest(seed=seed, rate=rate):
                    text = self.survive(target, two_pass=seed % 2 == 0,
                                        label="seed %d, rate %s" % (seed, rate))
                    self.assertIn(b"\nGroove Simple Symmetric Transport Protocol", text)
                os.unlink(target)

    def test_frames_dropped_and_shuffled(self):
        """Every n-th frame missing; the file backwards."""
        for label, change in [("every %d-th missing" % n, lambda f, n=n: [
                x for i, x in enumerate(f) if i % n]) for n in (2, 3, 7, 31)] + [
                    ("backwards", lambda f: f[::-1])]:
            with self.subTest(label):
                capture = Capture()
                capture.frames = change(everything().frames)
                self.survive(self.write(capture), label=label)

    def test_cut_short(self):
        for snaplen in range(54, 700, 61):
            with self.subTest(snaplen):
                self.survive(self.write(everything(), snaplen=snaplen),
                             label="snap length %d" % snaplen)


if __name__ == "__main__":
    main()
