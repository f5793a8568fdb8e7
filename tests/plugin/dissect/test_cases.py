# SPDX-License-Identifier: GPL-2.0-or-later
"""Each capture of the folder `cases` shows what its row in cases.py says, in every mode."""

import os
import shutil

import cases
import harness
from harness import DissectTest
from told import told_of
from wireshark_test import PASSES

REASSEMBLE = "tcp.reassemble_out_of_order:%s"
LONG = "sstp.message.length > 2048"


class Cases(DissectTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        shutil.copytree(cases.FOLDER, cls.ws.path("cases"))
        cls.references = {}

    def file(self, name):
        return self.ws.path(os.path.join("cases", name + ".pcap"))

    def seen(self, case, two_pass, reassembles):
        mode = {"two_pass": two_pass, "preferences": [REASSEMBLE % str(reassembles).upper()]}
        if (two_pass, reassembles) not in self.references:
            frames = self.ws.dissect(self.file("reference"), **mode)
            self.references[two_pass, reassembles] = told_of(frames)
        options = [option % {"folder": self.ws.path("cases")} for option in case.options]
        frames = self.ws.dissect(self.file(case.name), *options, decode_as=case.decode_as,
                                 **mode)
        return cases.Seen(frames, self.references[two_pass, reassembles], two_pass, reassembles)

    def check(self, case):
        for two_pass, label in PASSES:
            for reassembles in (False, True):
                seen = self.seen(case, two_pass, reassembles)
                wrong = [str(complaint) for complaint in (check(seen) for check in case.checks)
                         if complaint]
                if wrong:
                    self.fail("%s, %s%s:\n%s" % (
                        case.name, label, ", reassembling out of order" if reassembles else "",
                        "\n".join(wrong)))

    def test_each_capture_has_its_row(self):
        captures = [name[:-len(".pcap")] for name in os.listdir(cases.FOLDER)
                    if name.endswith(".pcap")]
        self.assertEqual(sorted(captures), sorted(case.name for case in cases.CASES))

    def test_one_big_message_is_saved_whole(self):
        """Its frames, found by its length, are all that is needed to show it again."""
        harness.needs_to_take_along(self)
        folder = self.ws.path("saved")
        os.makedirs(folder)
        os.chmod(folder, 0o777)  # tshark runs as another user
        saved = os.path.join(folder, "one_big_message.pcap")

        def shown(file):
            return [(layer.values("sstp.message.length"), layer.values("sstp.message.payload"))
                    for frame in self.ws.dissect(file, two_pass=True)
                    for layer in frame.commands if layer.one("sstp.command") == "0x0f"]

        for reassembles in ("FALSE", "TRUE"):
            self.ws.tshark(self.file("one_big_message"), "-Y", LONG, "-w", saved, two_pass=True,
                           preferences=[REASSEMBLE % reassembles])
            wanted = [row for row in shown(self.file("one_big_message"))
                      if int(row[0][0]) > 2048]
            self.assertTrue(wanted)
            self.assertEqual([row for row in shown(saved) if row in wanted], wanted)


def add_tests():
    for case in cases.CASES:
        setattr(Cases, "test_" + case.name, lambda self, case=case: self.check(case))


add_tests()

if __name__ == "__main__":
    harness.main()
