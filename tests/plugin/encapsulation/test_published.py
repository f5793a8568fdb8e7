# SPDX-License-Identifier: GPL-2.0-or-later
"""The exchanges printed in MS-GRVHENC 4.3 against golden values."""

import os

from encap_harness import HERE, PASSES, EncapTest, main
import henc_http as http
import published

# frame, state, number, checksum printed, calculated with monster2 and with server01, commands
GOLDEN = (
    (4, "probing", "0", "0", "0", "0", []),
    (5, "probed", None, None, None, None, []),
    (12, "connecting", "0", "539304", "539304", "537659", ["0x01"]),
    (13, "established", "0", "660819", "660819", "650528", ["0x02"]),
    (20, None, "38", "0", "0", "0", []),
    (21, "established", "38", "62", "62", "62", ["0x10"]),
    (28, "established", "39", "0", "0", "0", []),
    (29, "established", "39", "0", "0", "0", []))


class Published(EncapTest):
    def compare(self, name, column):
        path = self.ws.path(name)
        with open(os.path.join(HERE, "vectors", name), "rb") as source, open(path, "wb") as copy:
            copy.write(source.read())
        for two_pass, label in PASSES:
            shown = self.shown(path, two_pass)
            self.assertEqual(sorted(shown), [row[0] for row in GOLDEN], label)
            for row in GOLDEN:
                frame = shown[row[0]]
                self.assertEqual(len(frame.messages), 1, "frame %d" % row[0])
                layer = frame.messages[0]
                where = "%s, frame %d" % (label, row[0])
                self.assertEqual(layer.one("sstp.encap"), "6", where)
                self.assertEqual(layer.one("sstp.encap.state"), row[1], where)
                self.assertEqual(layer.one("sstp.encap.sequence"), row[2], where)
                self.assertEqual(layer.one("sstp.encap.checksum"), row[3], where)
                self.assertEqual(layer.one("sstp.encap.checksum_calculated"), row[column], where)
                good = None if row[3] is None else "1" if row[3] == row[column] else "0"
                self.assertEqual(layer.one("sstp.encap.checksum.status"), good, where)
                self.assertEqual([c.one("sstp.command") for c in frame.commands], row[6], where)
                self.assertEqual(
                    [f for f in frame.findings if f[0] == "checksum_bad"],
                    [("checksum_bad", "warning")] if good == "0" else [], where)
                self.assertEqual([f for f in frame.bad if f[0] != "checksum_bad"], [], where)
                if row[2] is not None:
                    self.assertEqual(layer.one("sstp.encap.guid"),
                                     published.GUIDS[row[0] > 20 - 1], where)

    def test_with_the_name_put_back(self):
        self.compare("polling-restored.pcapng", 4)

    def test_as_printed(self):
        self.compare("polling-as-printed.pcapng", 5)

    def test_poll_intervals(self):
        path = os.path.join(HERE, "vectors", "polling-restored.pcapng")
        lines = self.ws.tshark(path, "-Y", "sstp.encap.poll.max == 120 && sstp.encap.poll.min == 5 "
                               "&& sstp.encap.poll.repetitions == 3", "-T", "fields", "-e",
                               "frame.number")
        self.assertEqual(lines.split(), ["13", "21", "29"])

    def test_the_vectors_are_what_published_py_makes(self):
        for name, server in (("as-printed", b"server01"), ("restored", b"monster2")):
            made = self.write(published.capture(server))
            with open(made, "rb") as a, open(os.path.join(
                    HERE, "vectors", "polling-%s.pcapng" % name), "rb") as b:
                self.assertEqual(a.read(), b.read())

    def test_the_encoder_agrees(self):
        """The checksum of the tests' own encoder, before it judges others."""
        for data, total in ((published.CONNECT.replace(b"server01", b"monster2"), 539304),
                            (published.CONNECT_RESPONSE.replace(b"server01", b"monster2"), 660819),
                            (published.NOOP, 62), (b"", 0)):
            self.assertEqual(http.polling_checksum(data), total)


if __name__ == "__main__":
    main()
