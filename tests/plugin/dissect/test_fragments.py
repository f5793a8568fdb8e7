# SPDX-License-Identifier: GPL-2.0-or-later
"""Fragments with one FragmentId are put together where the last of them ends, in whatever
order they come; the others say where that is."""

import harness
from harness import DissectTest, stories

CLIENT, RELAY = stories.CLIENT, stories.RELAY
sstp = stories.sstp
PASSES = ((False, "one pass"), (True, "two passes"))


def opened(*session_ids):
    return [part for session_id in session_ids for part in (
        (CLIENT, sstp.open_session(session_id, "apphandler", "grooveIdentity://i", "dpp:///b")),
        (RELAY, sstp.open_response(session_id, 0)))]


def fragment(payload, count, number, name="id", session_id=3, **keywords):
    return [(CLIENT, command) for command in sstp.message_sequence(
        session_id, payload, fragment=(count, number, name, 0), **keywords)]


class Fragments(DissectTest):
    def show(self, story, two_pass, *options, size=None):
        """[(whole, reassembled_in)] of each EndMessage, and its frame."""
        capture = harness.new_capture()
        stories.play(capture.connection(), stories.greeting() + story, singly=size is None,
                     size=size)
        frames = self.ws.dissect(self.write(capture), *options, two_pass=two_pass)
        self.assert_quiet(frames)
        return [(layer.values("sstp.message.whole"),
                 layer.values("sstp.message.fragment.reassembled_in"), frame.number)
                for frame in frames for layer in frame.commands
                if layer.one("sstp.command") == "0x0f"]

    def hexadecimal(self, octets):
        return [":".join("%02x" % octet for octet in octets)]

    def assert_joined(self, shown, last, whole, two_pass, others):
        """The ends of the messages: that of index `last` has the whole, `others` say where."""
        self.assertIn(shown[last][0], (self.hexadecimal(whole), [whole.hex()]))
        for index, (joined, where, _) in enumerate(shown):
            if index != last:
                self.assertEqual(joined, [], index)
            self.assertEqual(where, [str(shown[last][2])] if index in others and two_pass else [],
                             index)

    def test_in_order(self):
        for base in (0, 1):
            story = opened(3)
            for number, payload in enumerate((b"one ", b"two ", b"three")):
                story += fragment(payload, 3, base + number)
            for size in (None, 5, 10000):
                for two_pass, label in PASSES:
                    with self.subTest(base=base, size=size, passes=label):
                        self.assert_joined(self.show(story, two_pass, size=size), 2,
                                           b"one two three", two_pass, {0, 1})

    def test_out_of_order(self):
        """Other streams, other messages and a second session lie between."""
        plain = [(CLIENT, command) for command in sstp.message_sequence(3, b"plain")]
        story = opened(3, 5) + fragment(b"C", 3, 3) + plain + fragment(b"x", 2, 1, "other") + \
            fragment(b"A", 3, 1) + fragment(b"B", 3, 2, session_id=5) + fragment(b"A", 3, 1) + \
            fragment(b"B", 3, 2)
        for two_pass, label in PASSES:
            with self.subTest(label):
                self.assert_joined(self.show(story, two_pass), 6, b"ABC", two_pass, {0, 3, 5})

    def test_name_used_again(self):
        story = opened(3)
        for payload in (b"a", b"b", b"c", b"d"):
            story += fragment(payload, 2, 1 + "abcd".index(payload.decode()) % 2)
        shown = self.show(story, True)
        self.assertEqual([len(joined) for joined, _, _ in shown], [0, 1, 0, 1])

    def test_missing(self):
        story = opened(3) + fragment(b"one", 3, 1) + fragment(b"three", 3, 3)
        for two_pass, _ in PASSES:
            self.assertEqual([row[:2] for row in self.show(story, two_pass)], [([], [])] * 2)

    def test_longer_than_is_put_together(self):
        story = opened(3) + fragment(bytes(600000), 2, 1) + fragment(bytes(600000), 2, 2)
        limited = self.show(story, True, "-o", "grvsstp.message_max:1", size=60000)
        self.assertEqual([len(joined) for joined, _, _ in limited], [0, 0])
        self.assertEqual([len(where) for _, where, _ in limited], [1, 0])
        whole = self.show(story, True, size=60000)
        self.assertEqual([len(joined) for joined, _, _ in whole], [0, 1])

    def test_many_streams(self):
        """The oldest of too many makes room."""
        story = opened(3)
        for number in range(66):
            story += fragment(b"a", 2, 1, "id%d" % number)
        for number in (0, 65):
            story += fragment(b"b", 2, 2, "id%d" % number)
        shown = self.show(story, True)
        self.assertEqual([len(joined) for joined, _, _ in shown[-2:]], [0, 1])


if __name__ == "__main__":
    harness.main()
