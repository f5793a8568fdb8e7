#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Random runs over HTTP in tshark: what the initiator of a run said and heard, carried by
LongLived, KeepAlive and Polling.

In order, both passes show of every command what the endpoints know (truth.py).  Seen at two
places, out of order, with losses, nobody is blamed; where every byte is there two passes tell the
same, but for what no capture tells, and else what is said is true.

    test_random_over_http.py TEST_RANDOM_RUNS [SEED...] [--keep FOLDER]
"""

import argparse
import collections
import os
import random
import re
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "lib"), os.path.join(HERE, "..", "plugin", "dissect")]
from capture import Capture  # noqa: E402
from henc_encoder import KeepAlive, LongLived, Place, Polling  # noqa: E402
from mutate import (FAR, MILLISECOND, SKEWS, Joined, Mutation, Packet, by_connection,  # noqa: E402
                    in_order, read_packets, skewed)
from shown import FILTER, PROTOCOLS, read_pdml  # noqa: E402
from test_kinds import COUNTED, OF_THE_CAPTURE, SHOWN, Run  # noqa: E402
from told import LINKS, differences, told_of  # noqa: E402
from truth import compare, over_polling, write_run  # noqa: E402
from tshark import Wireshark  # noqa: E402
from wireshark_test import BAD  # noqa: E402

CARRIERS = {"longlived": LongLived, "keepalive": KeepAlive, "polling": Polling}
SEEDS = [6, 43, 48, 49]  # of less than 300 commands
SLOW_SEED = 41           # goes on for seconds
BODY_MAX = 32000         # octets; KeepAlive and Polling have no more than 32,768
TICK = MILLISECOND // 5
QUEUED_MAX = 500 * MILLISECOND
BEGINNING = 4            # packets: TCP's handshake and the first request


def chunks_of(packets):
    """What each side sent, a body each: (from the initiator, bytes, time)."""
    initiator = packets[0].sender
    for packet in packets:
        for at in range(0, len(packet.payload), BODY_MAX):
            yield packet.sender == initiator, packet.payload[at:at + BODY_MAX], packet.time


def carried(make, connections):
    """The connections of a run, one after the other, each by a carrier of this class; as packets."""
    capture = Capture(start=connections[0][0].time, tick=TICK)
    for number, packets in enumerate(connections):
        carrier = make(capture, Place(number))
        carrier.open()
        for from_client, data, time in chunks_of(packets):
            capture.now = max(capture.now, time)
            carrier.send(from_client, data)
        carrier.close()
    return [Packet(frame.octets, frame.time) for frame in capture.frames]


# ---------------------------------------------------------------------------
# What a seed makes of the packets


def apart(packets, skew):
    mutation = Mutation("two taps", "skew of %d ms" % skew,
                        lambda: skewed(packets, skew * MILLISECOND))
    numbers = {id(packet.octets): number for number, packet in enumerate(packets, 1)}
    mutation.numbers = [numbers[id(packet.octets)] for packet in mutation.packets]
    return mutation


def two_taps(packets, rng):
    return apart(packets, rng.choice((1, -1)) * rng.choice(SKEWS))


def reordered(packets, rng):
    """By some places, and not by seconds: nothing stays in a queue for so long.  Nothing comes
    before a connection has begun (test_kinds.py has that)."""
    rareness = rng.randint(1, 20)
    times = [packet.time for packet in packets]
    connections = collections.defaultdict(list)
    for index, packet in enumerate(packets):
        connections[packet.connection].append(index)

    def place(index):
        first = connections[packets[index].connection][:BEGINNING]
        if index in first or rng.randrange(rareness):
            return index
        other = min(max(index + rng.randint(-FAR, FAR), first[-1]), len(packets) - 1)
        return other if abs(times[other] - times[index]) < QUEUED_MAX else index

    order = sorted(range(len(packets)), key=[place(i) for i in range(len(packets))].__getitem__)
    return Mutation("reordered", "one of %d" % rareness,
                    lambda: in_order([packets[index] for index in order], times))


def lost(packets, rng):
    rareness = rng.randint(10, 200)
    numbers = [number for number in range(1, len(packets) + 1) if rng.randrange(rareness) != 0]
    mutation = Mutation("lost", "one of %d" % rareness,
                        lambda: [packets[number - 1] for number in numbers], is_whole=False)
    mutation.numbers = numbers  # in the original
    return mutation


# Between two TCP connections nothing tells what crossed what: in either order nobody did wrong, but
# the states are others.
OF_THE_ORDER = ("sstp.connection.state", "sstp.session.state", "sstp.session.receiver_state",
                "sstp.session.resource_url", "sstp.session.opened_in", "sstp.response_in",
                "sstp.response_to", "sstp.ack.outstanding", "sstp.ack.remaining",
                "sstp.fanout.active")
# Of an id that was used before, where its last Open is lost.
OF_THE_ID = ("sstp.session.opened_in", "sstp.session.resource_url")
TOO_MANY = "one too many"
CANNOT_BE_ASKED = re.compile(r" s=0x8|(connection|session)\..*state is .*, not (None|\['closed'\])")


class Judged(Run):
    """Mutations of random runs on their way through tshark."""

    def add(self, original, mutation):
        mutation.first = len(self.joined) + 1
        super().add(original, mutation)

    def judge(self, original, mutation, frames, two_pass):
        is_whole = mutation.is_whole
        wrong = ["frame %d is malformed" % frame.number for frame in frames
                 if frame.is_malformed and frame.layers]
        wrong += ["frame %d: %s" % (frame.number, name) for frame in frames
                  for name, severity in frame.findings
                  if (severity in BAD and (is_whole or name not in OF_THE_CAPTURE)) or
                  (is_whole and name == "gap")]
        if not is_whole:
            return wrong + differences_after_losses(original, mutation, frames)
        # One pass does not know yet what comes late.
        return wrong + differences(original.told, told_of(frames), may_lack=not two_pass,
                                   may_lose=not two_pass, without=OF_THE_ORDER)


def differences_after_losses(original, mutation, frames):
    """What is said without all that came before has to be true, as far as its speaker can be
    asked: the side that opened the session, and that has it."""
    by_frame = told_of(frames, lambda frame: mutation.numbers[frame.number - mutation.first])
    # Of what came without its request nobody knows what carries it, and who answers.
    ways = [told.values["sstp.encap"] for told in original.told_by_frame]
    by_frame = [told for told in by_frame if told.values["sstp.encap"] in ways]
    without = COUNTED + OF_THE_ID
    if original.file == "polling":  # shows what has waited where it waited in vain
        without += tuple(LINKS)
    true = [words for words in differences(original.told_by_frame, by_frame, may_lack=True,
                                           may_lose=True, without=without)
            if not CANNOT_BE_ASKED.search(words)]
    return [words for words in true if not words.endswith(TOO_MANY)] + [
        words for words in differences(original.told, told_of(frames), may_lack=True,
                                       may_lose=True) if words.endswith(TOO_MANY)]


class Original:
    """A run over HTTP in order, as class Run of test_kinds.py takes it."""

    def __init__(self, kind, seed, packets):
        self.file, self.name, self.packets = kind, "%s %d" % (kind, seed), packets
        self.told = self.told_by_frame = None

    def tell(self, frames):
        """frames: as two passes show it."""
        self.told = told_of(frames)
        self.told_by_frame = told_of(frames, lambda frame: frame.number)


class RandomOverHttp(unittest.TestCase):
    program = keep = None
    seeds = SEEDS
    rounds = 2  # of each damage
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.ws = Wireshark(debug=False)
        cls.originals, cls.lines = [], {}
        for seed in cls.seeds:
            connections, cls.lines[seed] = cls.run_of(seed)
            cls.originals += [(seed, Original(kind, seed, carried(CARRIERS[kind], connections)))
                              for kind in CARRIERS]

    @classmethod
    def run_of(cls, seed):
        """The packets of each connection of a run, and what its ends know."""
        with tempfile.TemporaryDirectory() as folder:
            prefix = os.path.join(folder, "run")
            lines = write_run(cls.program, seed, prefix)
            return by_connection(read_packets(prefix + ".pcapng")), lines

    @classmethod
    def tearDownClass(cls):
        cls.ws.close()

    def shown(self, original, two_pass):
        alone = Joined()
        alone.add(original.packets, None)
        file = alone.capture.write(self.ws.path("original.pcapng"))
        text = self.ws.tshark(file, "-T", "pdml", "-J", PROTOCOLS, "-Y", FILTER,
                              two_pass=two_pass)
        return list(read_pdml(text).values())

    def in_order(self, two_pass):
        for seed, original in self.originals:
            with self.subTest(run=original.name):
                frames = self.shown(original, two_pass)
                lines = self.lines[seed]
                if original.file == "polling":
                    lines = over_polling(lines)
                compare(self, [(frame.number, layer) for frame in frames
                               for layer in frame.commands],
                        lines, two_pass, original.name)
                self.assertEqual([finding for frame in frames for finding in frame.bad], [])

    def test_one_pass(self):
        self.in_order(False)

    def test_two_passes(self):
        self.in_order(True)

    def damaged(self, make):
        run = Judged(self.ws, keep=self.keep)
        for seed, original in self.originals:
            original.tell(self.shown(original, two_pass=True))
            rng = random.Random(seed)
            for _ in range(self.rounds):
                run.add(original, make(original.packets, rng))
        self.assert_told(run)

    def assert_told(self, run):
        run.flush()
        wrong = sorted("%s, %s, %s: %s" % (name, mutation, label, text)
                       for rows in run.wrong.values() for name, mutation, label, words in rows
                       for text in words[:SHOWN])
        self.assertEqual(wrong, [], "\n" + "\n".join(wrong))

    def test_two_taps(self):
        self.damaged(two_taps)

    def test_always_behind(self):
        """Where one side is seen late there is hardly a moment at which nothing of it is lacking,
        and nothing lacks for long."""
        connections, _ = self.run_of(SLOW_SEED)
        original = Original("keepalive", SLOW_SEED, carried(KeepAlive, connections))
        original.tell(self.shown(original, two_pass=True))
        run = Judged(self.ws, keep=self.keep)
        for skew in (SKEWS[-1], -SKEWS[-1]):
            run.add(original, apart(original.packets, skew))
        self.assert_told(run)

    def test_reordered(self):
        self.damaged(reordered)

    def test_lost(self):
        self.damaged(lost)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("program")
    parser.add_argument("--keep", help="folder for the captures that are told wrong")
    parser.add_argument("--rounds", type=int, default=RandomOverHttp.rounds)
    parser.add_argument("--only", action="append", default=[], help="a test")
    parser.add_argument("seeds", nargs="*", type=int)
    arguments = parser.parse_args()
    RandomOverHttp.program = os.path.abspath(arguments.program)
    RandomOverHttp.keep = arguments.keep
    RandomOverHttp.rounds = arguments.rounds
    RandomOverHttp.seeds = arguments.seeds or SEEDS
    unittest.main(argv=sys.argv[:1] + ["RandomOverHttp." + name for name in arguments.only])


if __name__ == "__main__":
    main()
