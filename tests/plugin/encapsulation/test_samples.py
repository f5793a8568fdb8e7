# SPDX-License-Identifier: GPL-2.0-or-later
"""The captures of the encapsulations: those of tests/plugin/dissect/encapsulated.py show the whole
conversation, and those in samples/, which relaysim has made, every command, by the way that
they are named after, and what really happened."""

import os
import shutil

from encap_harness import HERE, PASSES, EncapTest, main, stories  # has the folders of these:
import encapsulated
import selfcheck
import sstp_commands as sstp

SAMPLES = os.path.join(HERE, "..", "..", "..", "samples")
# name: sstp.encap of its commands; and of those between a tunnel's proxy and the relay
ENCAPS = {"cleartext-443": "1", "secure-tunnel": "2", "socks": "3", "longlived": "4",
          "longlived-proxy": "4", "keepalive": "5", "polling": "6"}
PROXIED = ("secure-tunnel", "socks", "longlived-proxy")  # of whose far side nobody tells
FAR = {"secure-tunnel": "1", "socks": "0"}


class Samples(EncapTest):
    def findings(self, shown):
        return [finding for each in shown.values() for finding in each.findings]

    def commands(self, shown):
        return [layer for number in sorted(shown) for layer in shown[number].commands]

    def test_show_the_conversation(self):
        wanted = ["0x%02x" % command.data[0] for command in
                  stories.commands_of(stories.conversation())]
        self.assertEqual(set(encapsulated.CAPTURES), set(ENCAPS))
        for name in encapsulated.CAPTURES:
            path = encapsulated.write(name, self.ws.path(""))
            for two_pass, label in PASSES:
                with self.subTest("%s, %s" % (name, label)):
                    shown = self.shown(path, two_pass)
                    layers = self.commands(shown)
                    self.assertEqual(sorted(layer.one("sstp.command") for layer in layers),
                                     sorted(wanted))
                    self.assertEqual({layer.one("sstp.encap") for layer in layers}, {ENCAPS[name]})
                    self.assertEqual(self.findings(shown), [("sequence_repeat", "note")]
                                     if name == "keepalive" else [])

    def test_show_what_happened(self):
        for name, encap in ENCAPS.items():
            path = shutil.copyfile(os.path.join(SAMPLES, name + ".pcapng"),
                                   self.ws.path(name + ".pcapng"))
            for two_pass, label in PASSES:
                with self.subTest("%s, %s" % (name, label)):
                    shown = self.shown(path, two_pass)
                    layers = self.commands(shown)
                    self.assertEqual({int(layer.one("sstp.command"), 16) for layer in layers},
                                     set(sstp.IDS.values()))
                    self.assertEqual({layer.one("sstp.encap") for layer in layers},
                                     {encap, FAR.get(name, encap)})
                    self.assertEqual(self.findings(shown), [("sequence_repeat", "note")]
                                     if name == "keepalive" else [])
                    rows = selfcheck.selfcheck(self.ws, path, *(["-2"] if two_pass else []))
                    self.assertGreater(sum(row[3] for row in rows), 90)
                    self.assertEqual(selfcheck.amiss(rows, has_others=name in PROXIED), [])


if __name__ == "__main__":
    main()
