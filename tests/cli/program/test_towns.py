# SPDX-License-Identifier: GPL-2.0-or-later
"""Random towns: no sure claim about a journey, a hop, a time or a recipient is wrong, whatever the
capture lacks; what is certain, likely and open is printed.

    test_towns.py                     a short, seeded choice
    test_towns.py --journeys N        new towns of N messages in all
"""
import os
import random
import sys
import tempfile
import unittest

import analyze
import points
import test_points
from town import Town

# What the capture lacks, and how many of a hundred journeys of unique contents are told in all.
ROWS = ((("long-repeats",), 100), (("ends-early", "long-repeats"), 100), (("begins-late",), 30),
        (("lacks-connections",), 70), (("lacks-connections", "begins-late", "ends-early"), 30),
        (("lacks-connections", "says-again"), 70), (("begins-late", "says-again"), 20),
        (("says-again", "long-repeats"), 100))
SHORT = 600


class TownTest(unittest.TestCase):
    journeys = None  # in all; None: the short choice

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def seed(self, short):
        return short if self.journeys is None else random.SystemRandom().randrange(1 << 31)

    def read(self, town):
        """Its journeys; each line is held against the schema where they are few."""
        arguments = (town.capture, "--table", "journeys", "--format", "json")
        if self.journeys is None:
            return analyze.records(*arguments)
        return analyze.lines(*arguments)

    def test_truth(self):
        for number, (words, percent) in enumerate(ROWS):
            seed = self.seed(number + 1)
            num = SHORT if self.journeys is None else self.journeys // len(ROWS)
            town = Town(self.folder, seed, num, words)
            count = town.judge(self.read(town))
            print("seed %d, %s" % (seed, ", ".join(words)), *count.lines(), sep="\n  ", flush=True)
            with self.subTest(seed=seed, words=words):
                self.assertEqual(count.wrong[:10], [])
                unique = count.journeys["unique"]
                self.assertGreaterEqual(unique["exact"] * 100, unique["all"] * percent)
                self.assertEqual(count.joins["unique"]["certain wrong"], 0)
                joins = count.joins["unique"]
                if town.has_all:  # nothing is doubtful
                    self.assertGreater(joins["certain"], 0)
                    self.assertEqual((joins["likely"], joins["open"]), (0, 0))
                self.assertGreater(joins["certain"] + joins["likely"],
                                   0 if town.begins_late else joins["open"])
                for people in count.recipients.values():
                    self.assertLessEqual(people["likely wrong"] * 50, people["likely"])


HOUR = 3600 * 1000 * points.MS


class SeenTest(unittest.TestCase):
    """One town, captured in many ways."""
    @classmethod
    def setUpClass(cls):
        cls.kept = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.kept.cleanup)
        cls.town = Town(cls.kept.name, 6, 400, ["long-repeats"])
        cls.packets = points.read(cls.town.capture)
        cls.placed = analyze.records(cls.town.capture)
        cls.whole = test_points.without_places(cls.placed)

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def write(self, name, packets):
        return points.write(os.path.join(self.folder, name), packets)

    def assert_whole(self, found):
        """The report is that of the whole; a difference of all would take minutes to print."""
        found = test_points.without_places(found)
        self.assertEqual(len(found), len(self.whole))
        for one, other in zip(found, self.whole):
            self.assertEqual(one, other)

    def test_ring_files(self):
        """Cut at every thousandth packet, named in shuffled order."""
        files = [self.write("ring_%03d.pcap" % (at // 1000), self.packets[at:at + 1000])
                 for at in range(0, len(self.packets), 1000)]
        self.assertGreater(len(files), 2)
        random.Random(1).shuffle(files)
        self.assert_whole(analyze.records(*files))

    def test_mirrored_port(self):
        """Everything twice, the second one as it left a router."""
        copies = [packet._replace(time=packet.time + 30_000) for packet in points.hops(self.packets, 1)]
        found = analyze.records(self.write("span.pcap", self.packets + copies))
        self.assertEqual(analyze.of_type(found, "point")[0]["duplicates"], len(copies))
        self.assert_whole(found)

    def at(self, point):
        """Another clock, VLAN tags, other TTLs, and some way between."""
        offset, drift, delay = ((20_000, 50e-6, 2_000), (80 * points.MS, 50e-6, 100_000),
                                (7 * HOUR, -50e-6, 100_000))[point]
        return offset, drift, points.hops(points.at(self.packets, delay, offset, drift, delay // 4,
                                                    seed=point), 2 + point)

    def assert_clock(self, point, offset, drift):
        middle = (self.packets[-1].time - self.packets[0].time) / 2
        self.assertLessEqual(point["offset_low_ns"], offset + drift * middle)
        self.assertGreaterEqual(point["offset_high_ns"], offset + drift * middle)
        self.assertLessEqual(point["drift_low_ppm"], drift * 1e6)
        self.assertGreaterEqual(point["drift_high_ppm"], drift * 1e6)

    def test_four_points(self):
        """What all have seen is told as of the first alone, and their clocks are known."""
        seen = [self.at(point) for point in range(3)]
        files = [self.town.capture] + [self.write("p%d.pcap" % point, packets)
                                       for point, (_, _, packets) in enumerate(seen)]
        found = analyze.records(*files)
        self.assert_whole(found)
        for point, (offset, drift, _) in zip(analyze.of_type(found, "point")[1:], seen):
            self.assert_clock(point, offset, drift)

    def split(self):
        """Between two points, by who speaks with whom: they share no packet."""
        sides = ([], [])
        for packet in self.packets:
            pair = packet.octets[26:34] if packet.is_up else packet.octets[30:34] + packet.octets[26:30]
            sides[sum(pair) % 2].append(packet)
        return sides

    def joins(self, found, times):
        """How many are certain; each of them is right."""
        num = 0
        for journey in analyze.of_type(found, "journey"):
            legs = [self.town.leg_at(times[os.path.basename(hop["file"])][hop["frame"] - 1])
                    for hop in journey["hops"]]
            for hop, leg in zip(journey["hops"], legs):
                if hop.get("certainty") != "certain":
                    continue
                num += 1
                if "after" in hop:
                    self.assertEqual(legs[hop["after"]]["hop"],
                                     self.town.hops[leg["hop"]]["parent"])
                if "attempt_of" in hop:
                    self.assertEqual(legs[hop["attempt_of"]]["hop"], leg["hop"])
        return num

    def test_points_that_share_nothing(self):
        """What relays pass on tells how the clocks differ, and messages are followed from one
        point to the other, in one process and in several."""
        near, far = self.split()
        times = {"near.pcap": [packet.time for packet in near],
                 "far.pcap": [packet.time for packet in far]}
        all_certain = self.joins(self.placed, {"town.pcap": [packet.time for packet in self.packets]})
        arguments = ["--point", "near=" + self.write("near.pcap", near)]
        for number, (offset, drift) in enumerate(((0, 0), (7 * HOUR, 50e-6), (-40 * points.MS, 0))):
            seen = points.at(far, 0, offset, drift)
            path = self.write("far.pcap", seen)
            found = analyze.records(*arguments, "--point", "far=" + path, "--jobs", 1 + number % 2)
            [_, clock] = sorted(analyze.of_type(found, "point"), key=lambda point: point["name"] ==
                                ("far" if seen[0].time >= near[0].time else "near"))
            sign = 1 if clock["name"] == "far" else -1
            self.assertEqual(clock["shared_packets"], 0)
            self.assertGreater(clock["relayed_messages"], 100)
            span = self.packets[-1].time - self.packets[0].time
            true_offsets = sorted(sign * (offset + drift * at) for at in (0, span))
            self.assertLessEqual(clock["offset_low_ns"], true_offsets[1])
            self.assertGreaterEqual(clock["offset_high_ns"], true_offsets[0])
            self.assertLessEqual(clock["offset_low_ns"], clock["offset_ns"])
            self.assertGreaterEqual(clock["offset_high_ns"], clock["offset_ns"])
            self.assertLessEqual(clock["drift_low_ppm"], sign * drift * 1e6)
            self.assertGreaterEqual(clock["drift_high_ppm"], sign * drift * 1e6)
            self.assertGreater(self.joins(found, times), all_certain * 0.98)
        told = analyze.good(*arguments, "--point", "far=" + path)
        self.assertRegex(told, r"its clock is .* ahead, right to .*, by [\d,]+ relayed messages")
        other = analyze.records(*arguments, "--point", "far=" + path, "--jobs", 2)
        self.assertEqual(other, found)

    def judge(self, *files):
        """Nothing that is said surely is wrong; how many legs are told."""
        found = analyze.records(*files)
        count = self.town.judge(analyze.of_type(found, "journey"))
        self.assertEqual(count.wrong[:5], [])
        return found, sum(len(journey["hops"]) for journey in analyze.of_type(found, "journey"))

    def test_lossy_points(self):
        """Each point lacks other packets; what all lack is not known, and nothing else."""
        self.town.has_all, self.town.begins_late = False, True
        # It has the first packet: its clock is the one that the report goes by.
        first = self.write("first.pcap", self.packets[:1] + points.lossy(self.packets[1:], 0.03, 1))
        files = [first] + [self.write("p%d.pcap" % point,
                                      points.lossy(self.at(point)[2], 0.03, point + 2))
                           for point in (1, 2)]
        for num in (2, 3):
            found, told = self.judge(*files[:num])
            self.assertGreater(told, len(self.town.legs) * (0.995 if num == 3 else 0.99))
            unknown = [message for message in analyze.of_type(found, "message")
                       if message["state"] in ("unknown", "incomplete")]
            self.assertLess(len(unknown), len(self.town.legs) * 0.1)
        self.assertLess(self.judge(first)[1], len(self.town.legs) * 0.98)

    def damaged(self, chance):
        """Begins late, ends early, lacks whole connections, directions and packets."""
        span = self.packets[-1].time - self.packets[0].time
        begin = self.packets[int(len(self.packets) * chance.uniform(0, 0.4))].time
        end = self.packets[int(len(self.packets) * chance.uniform(0.5, 1)) - 1].time
        self.assertGreater(span, 0)
        lost = {}

        def is_lost(packet):
            ends = frozenset((packet.octets[26:30] + packet.octets[34:36],
                              packet.octets[30:34] + packet.octets[36:38]))
            if ends not in lost:
                lost[ends] = chance.choice((None,) * 14 + ("all", "up", "down"))
            return lost[ends] == "all" or lost[ends] == ("up" if packet.is_up else "down") or \
                chance.random() < 0.01

        return [packet for packet in self.packets if begin <= packet.time <= end and
                not is_lost(packet)]

    def test_damaged_captures(self):
        self.town.has_all, self.town.begins_late = False, True
        for seed in range(6):
            with self.subTest(seed=seed):
                self.judge(self.write("damaged.pcap", self.damaged(random.Random(seed))))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--journeys"]:
        TownTest.journeys = int(sys.argv.pop(2))
        sys.argv.pop(1)
    unittest.main()
