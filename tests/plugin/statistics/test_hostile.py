# SPDX-License-Identifier: GPL-2.0-or-later
"""Every statistic on captures that are wrong: damaged bytes, lost and repeated and
swapped frames, cut-off packets.  Nothing may crash, complain or hang, and the two
passes have to count the same commands: one pass those of them that nothing came late for,
and that waited for nothing."""

import random
import re

from statistics_harness import (CARRIERS, PASSES, Capture, Place, StatisticsTest, Story, main,
                                randomly)

ALL = ("grvsstp,tree", "grvsstp,connections", "grvsstp,sessions", "grvsstp,acks",
       "grvsstp,journeys", "grvsstp,selfcheck", "conv,grvsstp", "endpoints,grvsstp",
       "flow,grvsstp,standard",
       "flow,grvsstp_journeys,standard", "follow,grvsstp,hex,0",
       "follow,grvsstp,raw,6", "grvsstp,sessions,sstp.stream > 2")
TELLING = (0x00, 0x01, 0x06, 0x0d, 0x0e, 0x0f, 0x10, 0x11, 0x12, 0x7f, 0x80, 0xff)
HEADERS = 14 + 20 + 20  # Ethernet, IPv4, TCP without options


def sessions_of_all_carriers(rng):
    capture = Capture()
    for stream, (name, make, _, _) in enumerate(CARRIERS):
        story = Story(capture, make(capture, Place(stream + 1)), name, stream)
        story.open()
        story.greet()
        for _ in randomly(story, rng, steps=12):
            pass
        story.close()
    return capture


def damage_bytes(capture, rng):
    """A few bytes of every third payload are others; TCP's checksum says nothing."""
    for frame in capture.frames:
        if not frame.payload or rng.randrange(3):
            continue
        octets = bytearray(frame.octets)
        for _ in range(rng.randint(1, 4)):
            octets[rng.randrange(HEADERS, len(octets))] = rng.choice(TELLING)
        frame.octets = bytes(octets)


def lose_frames(capture, rng):
    capture.lose(*[frame for frame in capture.frames if rng.randrange(20) == 0])


def repeat_frames(capture, rng):
    for frame in [frame for frame in capture.frames if rng.randrange(15) == 0]:
        capture.repeat(frame)


def swap_frames(capture, rng):
    for _ in range(len(capture.frames) // 20):
        at = rng.randrange(len(capture.frames) - 1)
        capture.swap(capture.frames[at], capture.frames[at + 1])


def cut_frames(capture, rng):
    for frame in capture.frames:
        if rng.randrange(10) == 0:
            frame.snap = rng.randrange(20, len(frame.octets) + 1)


def move_clock(capture, rng):
    """Times that go backwards, and as far apart as a file can say."""
    for frame in capture.frames:
        if rng.randrange(10) == 0:
            frame.time = rng.choice((0, 1, 2 ** 62, frame.time - 10 ** 9, frame.time + 10 ** 12))


DAMAGES = (damage_bytes, lose_frames, repeat_frames, swap_frames, cut_frames, move_clock)
# After these something may come late, or may be waited for over HTTP.
HAVE_LATE = (damage_bytes, lose_frames, swap_frames, cut_frames)


def num_commands(tree):
    """How many commands a tree of `-z grvsstp,tree` counts."""
    return int(re.search(r"^Commands +(\d+) ", tree, re.MULTILINE).group(1))


class HostileTest(StatisticsTest):
    def survive(self, capture, label, has_late=False):
        path = self.write(capture)
        trees = []
        for two_pass, passes in PASSES:
            done = self.ws.tshark(path, "-q", "--export-objects", "grvsstp," + self.new_folder(),
                                  *[part for name in ALL for part in ("-z", name)],
                                  two_pass=two_pass, check=False)
            self.assertEqual((done.returncode, done.stderr), (0, ""),
                             "%s, %s: %s" % (label, passes, self.keep(path)))
            trees.append(self.statistics(path, "grvsstp,tree", two_pass=two_pass))
        if not has_late:
            self.assertEqual(trees[0], trees[1], "%s: %s" % (label, self.keep(path)))
        self.assertLessEqual(*[num_commands(tree) for tree in trees])

    def test_each_damage(self):
        for damage in DAMAGES:
            with self.subTest(damage.__name__):
                rng = random.Random(damage.__name__)
                capture = sessions_of_all_carriers(rng)
                damage(capture, rng)
                self.survive(capture, damage.__name__, has_late=damage in HAVE_LATE)

    def test_all_at_once(self):
        for seed in range(4):
            with self.subTest(seed=seed):
                rng = random.Random(seed)
                capture = sessions_of_all_carriers(rng)
                for damage in DAMAGES:
                    damage(capture, rng)
                self.survive(capture, seed, has_late=True)


if __name__ == "__main__":
    main()
