# SPDX-License-Identifier: GPL-2.0-or-later
"""Whatever carries the commands and wherever it cuts them, what is shown is what was
sent: every command with every field, in order, on one stream for each connection.

Short conversation of all 18 commands: cut at every position behind the tunnel's
handshake in turn, as TCP segments, as HTTP bodies, and inside HTTP heads.  Long
ones: cut at random on all levels, with fixed seeds."""

import random

from encap_harness import EncapTest, Run, chunks_of, main, stories
import cutting
import henc_encoder as henc
from henc_encoder import Challenge, Place

SHORT = stories.short_conversation()
SHORT_CHUNKS = chunks_of(SHORT)
SHORT_LENGTH = sum(len(data) for _, data in SHORT_CHUNKS)
SEEDS = range(18)


def long_story(rng):
    """Hundreds of commands: the conversation of all 18, many messages, any sizes."""
    minor = rng.choice((5, 6))
    story = stories.conversation(minor)[:-1]
    for number in range(rng.randint(10, 40)):
        payload = bytes(rng.getrandbits(8) for _ in range(rng.choice((0, 1, 30, 300, 2500))))
        story += [(True, command) for command in stories.sstp.message_sequence(
            0x22, payload, piece=rng.choice((64, 500, 2048)), user_ref="m%d" % number)]
        if rng.random() < 0.3:
            story.append((False, stories.sstp.noop(1)))
    return story + stories.conversation(minor)[-1:]


class Equality:
    """The tests; a subclass says what carries the commands."""

    def carriers(self):
        """Functions of (capture, place, cuts=...), for each way to set it up."""
        raise NotImplementedError

    bodies = True       # whether a cut between chunks differs from one between segments
    message_length = 0  # of the longest HTTP message of the short conversation, 0: no HTTP

    def test_every_position(self):
        run = Run()
        for position in range(SHORT_LENGTH):
            make = self.carriers()[position % len(self.carriers())]
            run.add("cut at %d" % position, make(run.capture, Place(position)),
                    cutting.split_at(SHORT_CHUNKS, position), SHORT)
        self.assert_equal_to(run)

    def test_every_position_of_every_message(self):
        """Every message, its head included, in two TCP segments."""
        if not self.message_length:
            self.skipTest("there is no HTTP behind the tunnel's handshake")
        run = Run()
        for offset in range(1, self.message_length):
            make = self.carriers()[offset % len(self.carriers())]
            carrier = make(run.capture, Place(offset), cuts=cutting.cut_everywhere_at(offset))
            run.add("segments cut at %d" % offset, carrier, SHORT_CHUNKS, SHORT)
        longest = max(len(sent.data) for case in run.cases for sent in case.carrier.log)
        self.assertLessEqual(longest, self.message_length + 1, "message_length is too short")
        self.assert_equal_to(run)

    def test_byte_by_byte(self):
        run = Run()
        for number, make in enumerate(self.carriers()):
            carrier = make(run.capture, Place(number), cuts=lambda _, m: range(len(m)))
            run.add("every byte a segment", carrier, SHORT_CHUNKS, SHORT)
        run.add("every byte a chunk", self.carriers()[0](run.capture, Place(1000)),
                [(side, bytes((octet,))) for side, data in SHORT_CHUNKS for octet in data], SHORT)
        self.assert_equal_to(run)

    def test_long_ones_at_random(self):
        run = Run()
        for seed in SEEDS:
            rng = random.Random(seed)
            story = long_story(rng)
            way = seed % len(self.carriers())
            chunks = cutting.split_randomly(chunks_of(story), rng, (60, 300, 20000)[seed % 3])
            carrier = self.carriers()[way](run.capture, Place(seed),
                                           cuts=cutting.random_cuts(rng, rng.choice((40, 700))))
            run.add("seed %d, way %d" % (seed, way), carrier, chunks, story)
        self.assert_equal_to(run)


class Tcp(Equality, EncapTest):
    def carriers(self):
        return [henc.Plain]


class Over443(Equality, EncapTest):
    def carriers(self):
        return [lambda *a, **k: henc.Plain(*a, port=443, **k)]


class SecureTunnel(Equality, EncapTest):
    def carriers(self):
        once, twice = [Challenge()], [Challenge(closes=False), Challenge(closes=False)]
        ways = [dict(), dict(target_port=2492), dict(version="1.1", challenges=once),
                dict(port=3128, version="1.1", challenges=twice),
                dict(port=3128, target_port=2492, challenges=[Challenge(), Challenge(
                    closes=False, body=b"")]),
                dict(port=80, challenges=[Challenge(body=b"x" * 5000, closes=False)])]
        return [lambda *a, w=way, **k: henc.Tunnel(*a, **w, **k) for way in ways]


class Socks(Equality, EncapTest):
    def carriers(self):
        ways = [dict(), dict(user="groove"), dict(target="203.0.113.9", bound="2001:db8::9"),
                dict(target="2001:db8::7", user="u", password=""), dict(target_port=443),
                dict(target="203.0.113.9", target_port=443, bound="proxy.example")]
        return [lambda *a, w=way, **k: henc.Socks(*a, **w, **k) for way in ways]


class LongLived(Equality, EncapTest):
    message_length = 530

    def carriers(self):
        ways = [dict(), dict(port=8080, proxy=True, challenges=[Challenge()]),
                dict(get_first=False), dict(port=3128, proxy=True, answer_version="1.1", via=True),
                dict(echo_apart=True), dict(port=9999, proxy=True, challenges=[
                    Challenge(), Challenge(closes=False)])]
        return [lambda *a, w=way, **k: henc.LongLived(*a, **w, **k) for way in ways]


class KeepAlive(Equality, EncapTest):
    message_length = 570

    def carriers(self):
        ways = [dict(), dict(port=8080, proxy=True, challenges=[Challenge()]),
                dict(get_first=False), dict(port=3128, proxy=True, answer_version="1.1", via=True),
                dict(port=9999, proxy=True, challenges=[Challenge(), Challenge(closes=False)])]
        return [lambda *a, w=way, **k: henc.KeepAlive(*a, **w, **k) for way in ways]


class Polling(Equality, EncapTest):
    message_length = 480

    def carriers(self):
        ways = [dict(), dict(port=8080, proxy=True, challenges=[Challenge()]),
                dict(poll=(600, 1, 10)), dict(port=3128, proxy=True, answer_version="1.1",
                                              via=True)]
        return [lambda *a, w=way, **k: henc.Polling(*a, **w, **k) for way in ways]


if __name__ == "__main__":
    main()
