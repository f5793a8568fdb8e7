# SPDX-License-Identifier: GPL-2.0-or-later
"""The captures of the encapsulations in samples/ are what their maker makes, and show
the whole conversation."""

import filecmp
import os
import shutil
import subprocess
import sys

from encap_harness import HERE, PASSES, EncapTest, main, stories

SAMPLES = os.path.join(HERE, "..", "..", "..", "samples")
# name: encapsulation, what may be noted
CAPTURES = {"cleartext-443": "1", "secure-tunnel": "2", "socks": "3", "longlived": "4",
            "longlived-proxy": "4", "keepalive": "5", "polling": "6"}


class Samples(EncapTest):
    def test_can_be_made_again(self):
        folder = self.ws.path("again")
        os.mkdir(folder)
        subprocess.run([sys.executable, os.path.join(SAMPLES, "make_encapsulations.py"), folder],
                       check=True)
        self.assertEqual(sorted(os.listdir(folder)), sorted(n + ".pcapng" for n in CAPTURES))
        for name in os.listdir(folder):
            self.assertTrue(filecmp.cmp(os.path.join(folder, name), os.path.join(SAMPLES, name),
                                        shallow=False), name)

    def test_show_the_conversation(self):
        wanted = ["0x%02x" % command.data[0] for command in
                  stories.commands_of(stories.conversation())]
        for name, encap in CAPTURES.items():
            path = shutil.copyfile(os.path.join(SAMPLES, name + ".pcapng"),
                                   self.ws.path(name + ".pcapng"))
            for two_pass, label in PASSES:
                with self.subTest("%s, %s" % (name, label)):
                    shown = self.shown(path, two_pass)
                    layers = [layer for number in sorted(shown)
                              for layer in shown[number].commands]
                    self.assertEqual(sorted(layer.one("sstp.command") for layer in layers),
                                     sorted(wanted))
                    self.assertEqual({layer.one("sstp.encap") for layer in layers}, {encap})
                    self.assertEqual([f for each in shown.values() for f in each.findings],
                                     [("sequence_repeat", "note")] if name == "keepalive" else [])


if __name__ == "__main__":
    main()
