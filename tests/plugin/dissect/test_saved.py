# SPDX-License-Identifier: GPL-2.0-or-later
"""Displayed packets, saved: they take along the frames that they need, and no others of the
kind, so that what was shown can be shown again."""

import os

import harness
from harness import DissectTest, commands_in, stories
from stories import CLIENT, RELAY, sstp

LONG, SHORT = 9000, 30
PORT = 50000
DECODE_AS = ["tcp.port==%d,grvsstp" % PORT]


class Saved(DissectTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        harness.needs_to_take_along(cls)

    def saved(self, size, display_filter, story):
        """What is left of a conversation in segments of `size` when what passes is saved."""
        capture = harness.new_capture()
        stories.play(capture.connection(server=("198.51.100.1", PORT)), story, size=size)
        file = capture.write(self.ws.path("whole.pcapng"))
        # tshark runs as another user, who may write here alone.
        folder = self.ws.path("saved")
        os.makedirs(folder, exist_ok=True)
        os.chmod(folder, 0o777)
        out = os.path.join(folder, "displayed.pcapng")
        if os.path.exists(out):
            os.remove(out)
        self.ws.run([harness.TSHARK, "-n", "-2", "-r", file, "-Y", display_filter, "-w", out])
        # What is left begins anywhere: the user says what it is.
        return self.ws.dissect(out, two_pass=True, decode_as=DECODE_AS), len(capture.frames)

    def story(self, length):
        payload = bytes(i * 7 & 0x7F for i in range(length))
        message = [(CLIENT, c) for c in sstp.message_sequence(0x21, payload, user_ref="wanted")]
        other = [(CLIENT, c) for c in sstp.message_sequence(0x21, b"x" * 4000, user_ref="other")]
        return stories.greeting() + [
            (CLIENT, sstp.open_session(0x21, "res", "id", "dpp:///b")),
            (RELAY, sstp.open_response(0x21, 0))] + other + message, payload

    def test_message(self):
        """By its length, and by what has nothing to do with its payload."""
        story, payload = self.story(LONG)
        for size in (1400, 500, 97):
            for display_filter in ("sstp.message.length == %d" % LONG,
                                   "sstp.command == EndMessage and sstp.message.number == 2"):
                frames, whole = self.saved(size, display_filter, story)
                ends = [layer for layer in commands_in(frames)
                        if layer.one("sstp.message.payload")]
                label = "%d: %s" % (size, display_filter)
                self.assertTrue(payload.hex() in [layer.one("sstp.message.payload")
                                                  for layer in ends], label)
                self.assertLess(len(frames), whole, label)

    def test_split_command(self):
        """A Data that comes in pieces, by its data: all of its frames, and only they."""
        story, payload = self.story(SHORT)
        wanted = "sstp.data contains %s" % ":".join("%02x" % b for b in payload[:12])
        frames, _ = self.saved(7, wanted, story)
        whole = self.ws.dissect(self.ws.path("whole.pcapng"), decode_as=DECODE_AS)
        data = next(layer for frame in whole for layer in frame.commands
                    if layer.one("sstp.data") == payload.hex())
        pieces = [int(number) for number in data.values("sstp.command.segment")]
        self.assertGreater(len(pieces), 4)
        times = {frame.value("frame.time_epoch") for frame in frames}
        self.assertEqual(times, {frame.value("frame.time_epoch") for frame in whole
                                 if frame.number in pieces})


if __name__ == "__main__":
    harness.main()
