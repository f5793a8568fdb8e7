# SPDX-License-Identifier: GPL-2.0-or-later
"""Very many commands in one frame: Wireshark's limit on tree items is never met, and
what is left out is said."""

import re

from encap_harness import PASSES, EncapTest, chunks_of, main, stories
import henc_encoder as henc
from capture import Capture
from henc_encoder import Place

NOOP = stories.sstp.noop(0).data
CHUNKS = chunks_of(stories.short_conversation())
SAID = re.compile(r"left out|not shown|not dissected|more (commands|octets|bytes)|beyond|limit",
                  re.I)


class Bounds(EncapTest):
    def assert_bounded(self, capture, frame, behind):
        """The frame with the many says what it leaves out; commands after it are found."""
        number = capture.number(frame)
        path = self.write(capture)
        for two_pass, label in PASSES:
            text = self.ws.tshark(path, "-V", "-Y", "frame.number == %d" % number,
                                  two_pass=two_pass)
            self.assertNotIn("items to the tree", text, label)
            self.assertNotIn("Dissector bug", text, label)
            self.assertNotIn("Malformed Packet", text, label)
            layers = text[text.find("\nGroove"):]
            self.assertRegex(layers, SAID, "%s: nothing says that something is left out" % label)
            self.assertGreater(layers.count("\nGroove"), 100, label)
            rest = self.ws.fields(path, ["sstp.command"], "-Y", "frame.number > %d" % number,
                                  two_pass=two_pass)
            found = [name for row in rest for name in row[0]]
            self.assertEqual(found, behind, label)

    def test_sixty_thousand_in_a_keepalive_body(self):
        capture = Capture(tick=1000)
        carrier = henc.KeepAlive(capture, Place(1))
        carrier.open()
        for side, data in CHUNKS[:2]:
            carrier.send(side, data)
        frames = carrier.post_chunk(NOOP * 60000)
        carrier.answer_post()
        carrier.send(True, CHUNKS[2][1])
        self.assert_bounded(capture, frames[-1], ["0x03", "0x08"])

    def test_a_mebibyte_in_one_segment_of_longlived(self):
        """As TCP would put it together, or offloading leaves it."""
        for kind in (henc.LongLived, henc.Plain):
            with self.subTest(kind.__name__):
                capture = Capture(tick=1000)
                carrier = kind(capture, Place(1))
                carrier.open()
                for side, data in CHUNKS[:2]:
                    carrier.send(side, data)
                connection = carrier.post if kind is henc.LongLived else carrier.connection
                frames = []
                for _ in range(17):
                    frames += connection.send(NOOP * 8900, size=62300)
                carrier.send(True, CHUNKS[2][1])
                path = self.write(capture)
                for two_pass, label in PASSES:
                    text = self.ws.tshark(path, "-V", two_pass=two_pass, check=False).stdout
                    self.assertNotIn("items to the tree", text, label)
                    self.assertNotIn("Dissector bug", text, label)
                rows = self.ws.fields(path, ["sstp.command"], "-Y",
                                      "frame.number > %d" % capture.number(frames[-1]))
                self.assertEqual([name for row in rows for name in row[0]], ["0x03", "0x08"])

    def test_nothing_is_left_out_of_ordinary_bodies(self):
        """The longest legal body, full of the shortest commands, is shown whole."""
        capture = Capture(tick=1000)
        carrier = henc.KeepAlive(capture, Place(1))
        carrier.open()
        for side, data in CHUNKS[:2]:
            carrier.send(side, data)
        frames = carrier.send(True, NOOP * (32768 // 7))
        rows = self.ws.fields(self.write(capture), ["sstp.command"], "-Y",
                              "frame.number == %d" % capture.number(frames[-1]))
        self.assertEqual(len(rows[0][0]), 32768 // 7)


if __name__ == "__main__":
    main()
