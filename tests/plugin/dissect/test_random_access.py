# SPDX-License-Identifier: GPL-2.0-or-later
"""Frames asked for in any order show what they show in order (sharkd)."""

import random

import harness
import malformed
import test_loss
from harness import DissectTest, stories
from stories import sstp
from tshark import sharkd_labels

LACKING = "2"  # sstp.stream of the connection that lacks segments, and has them swapped


def mixed_capture():
    """Split commands, losses, swaps, repeats, findings, several connections."""
    capture = harness.new_capture()
    first = capture.connection()
    second = capture.connection(("192.0.2.2", 40000), ("198.51.100.1", 50000))
    story = stories.conversation(6)
    for from_client, octets, _ in stories.turns(story):
        first.send(octets, from_client, size=100)
        second.send(octets, from_client, size=333)
    data = sstp.join([c for _, c in test_loss.numbered(20)])
    third = capture.connection(("192.0.2.3", 40000))
    stories.play(third, stories.greeting(5))
    frames = third.send(data, size=70)
    capture.lose(frames[3], frames[9])
    capture.swap(frames[5], frames[6])
    capture.repeat(frames[12])
    for number, row in enumerate(malformed.rows()):
        stories.play(capture.connection(harness.client_address(100 + number)),
                     malformed.story(row[1]), size=40)
    for frame in capture.frames[::17]:
        frame.snap = 90
    return capture


class RandomAccess(DissectTest):
    def test_random_order(self):
        capture = mixed_capture()
        file = self.write(capture)
        numbers = list(range(1, len(capture.frames) + 1))
        in_order = dict(zip(numbers, self.ws.sharkd(file, numbers)))
        shown = sum(1 for tree in in_order.values() if sharkd_labels(tree))
        self.assertGreater(shown, 200)
        for seed in range(3):
            order = numbers * 2
            random.Random(seed).shuffle(order)
            for number, tree in zip(order, self.ws.sharkd(file, order)):
                self.assertEqual(sharkd_labels(tree), sharkd_labels(in_order[number]),
                                 "seed %d, frame %d" % (seed, number))

    def test_like_tshark(self):
        """sharkd and the second pass of tshark show the same lines."""
        capture = mixed_capture()
        file = self.write(capture)
        frames = self.ws.dissect(file, two_pass=True)
        trees = self.ws.sharkd(file, [frame.number for frame in frames])
        for frame, tree in zip(frames, trees):
            ours = [layer.showname for layer in frame.ours]
            theirs = [line.split(" !")[0] for line in sharkd_labels(tree)
                      if not line.startswith(" ")]
            self.assertEqual(ours, theirs, frame.number)

    def assert_agree(self, first, second, forward):
        """One pass shows of a frame what two show; where bytes are missing, no more than that."""
        one, two = ([[f for f in layer.fields if f[0] not in forward] for layer in frame.ours]
                    for frame in (first, second))
        if not any(("sstp.stream", LACKING) in layer for layer in one):
            self.assertEqual(one, two, first.number)
            return
        for layer in one:
            if "sstp.command" in dict(layer):
                shown = set(layer) - {("sstp", "")}  # which is there once a frame
                self.assertTrue(any(shown <= set(other) for other in two), first.number)

    def test_passes_agree(self):
        """One pass shows what the second shows, but for the links forward, and what is settled
        late."""
        file = self.write(mixed_capture())
        forward = ("sstp.command.reassembled_in", "sstp.message.reassembled_in",
                   "sstp.message.fragment.reassembled_in",
                   "sstp.response_in", "sstp.ack.acked_in", "sstp.message.ack_time",
                   # those of the story: conversation/test_journeys.py
                   "sstp.journey", "sstp.journey.hop", "sstp.journey.from", "sstp.journey.to",
                   "sstp.journey.certainty", "sstp.journey.state")
        one = self.ws.dissect(file)
        two = self.ws.dissect(file, two_pass=True)
        for first, second in zip(one, two):
            self.assert_agree(first, second, forward)
            if ("sstp.stream", LACKING) in [f for layer in first.ours for f in layer.fields]:
                self.assertLessEqual(set(first.findings), set(second.findings), first.number)
                continue
            # That an acknowledgement never came, only the end of the capture tells.
            known = [f for f in second.findings if f[0] != "unacknowledged"]
            self.assertEqual([f for f in first.findings if f[0] != "unacknowledged"], known,
                             first.number)

    def test_no_tree(self):
        """Without a tree (-q, columns only) nothing else is decided than with one."""
        file = self.write(mixed_capture())
        with_tree = [info for info in self.ws.info(file, "-V") if info]
        columns = self.ws.info(file)
        self.assertTrue(with_tree)
        filtered = self.ws.info(file, "-Y", "frame")
        self.assertEqual(columns, filtered)
        counted = self.ws.tshark(file, "-q", "-z", "io,phs,grvsstp")
        self.assertIn("grvsstp", counted)


if __name__ == "__main__":
    harness.main()
