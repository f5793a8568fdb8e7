# SPDX-License-Identifier: GPL-2.0-or-later
"""Every built-in scenario, and those of everyday: each hop, time of custody and outcome of its journeys is
that of its truth file; and where the capture begins late, ends early, or lacks connections, directions or
packets, nothing is said for sure that the truth contradicts.

    test_stories.py                     a seeded choice of what is lacking
    test_stories.py --seconds N         new choices for so long
"""
import collections
import concurrent.futures
import glob
import os
import random
import struct
import subprocess
import sys
import tempfile
import time
import unittest

import analyze

sys.path.insert(0, os.path.join(analyze.TOP, "tests", "relaysim", "program"))

from legs import PROXIES, Story  # noqa: E402
from truth_file import OTHER, Truth  # noqa: E402

RELAYSIM = os.path.join(analyze.BUILD_DIR, "relaysim", "relaysim")
STORIES = os.path.join(analyze.TOP, "relaysim", "scenario", "stories")
NAMES = [os.path.relpath(path, STORIES)[:-len(".scn")]
         for group in (".", "everyday") for path in sorted(glob.glob(os.path.join(STORIES, group, "*.scn")))]
# Whose capture lacks frames on purpose; whose speakers tell nothing.
OTHERS = {"capture-lossy", "word-by-word"}
# Dissected by several processes, too: in one the first bytes of connections come in another order than their
# first whole commands.
DEALT_OUT = ("transport-split-and-late", "henc-all-carriers", "4.2.6.2-relay-lost", "transport-proxy-dies",
             "everyday/a-relay-restarts")
VIAS = ("tcp", "443", "connect", "socks", "longlived", "keepalive", "polling")
PACKET = 6  # the type of a block
SLACK = 2_000_000  # nanoseconds: what the simulated network takes for a segment, and more


def nanoseconds(seconds):
    return round(seconds * 1e9)


class Told:
    """A scenario that was played, what was true, and what the report has of its capture."""

    def __init__(self, folder, name, *options):
        self.name = " ".join((name, *options))
        prefix = os.path.join(folder, "-".join((os.path.basename(name), *options)))
        self.capture = prefix + ".pcapng"
        done = subprocess.run([RELAYSIM, "scenario", name, "--simulated", "-w", self.capture, "--truth",
                               prefix + ".json", *options], stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, check=False)
        said = done.stderr.decode()
        if done.returncode != 0 and options:  # not every story comes about over every carrier
            raise unittest.SkipTest(said)
        if done.returncode != 0:
            raise AssertionError("%s: %s" % (self.name, said))
        truth = Truth(prefix + ".json")
        self.story = Story(truth)
        self.counts = collections.defaultdict(list)  # (stream, side): when it sent MessageCounts
        for event in truth.of("command"):
            if event.get("message_count"):
                self.counts[event["stream"], event["from"]].append(nanoseconds(event["t"]))
        self.legs = {leg.key: leg for leg in self.story.legs}
        records = analyze.records(self.capture)
        connects = [(row["connection"], row.get("initiator_device"), row["initiator"] in PROXIES)
                    for row in analyze.of_type(records, "connection")]
        self.streams = self.story.streams(connects)
        self.journeys = analyze.of_type(records, "journey")
        self.of_place = collections.defaultdict(list)
        self.of_contents = collections.defaultdict(list)  # and by what they carried
        for message in analyze.of_type(records, "message"):
            if "end_frame" in message:
                place = (message["connection"], message["from"], message["end_frame"])
                self.of_place[place].append((message["journey"], self.leg_of(message)))
                self.of_contents[message["end_frame"], message.get("contents")].append(self.leg_of(message))

    def leg_of(self, message):
        return self.legs[self.streams[message["connection"]], message["from"], message["number"]]

    def leg_of_hop(self, journey, hop, used):
        """Of messages that end in one frame the first one of the journey that was not asked for."""
        place = (hop["connection"], hop["from"], hop["frame"])
        found = [leg for number, leg in self.of_place[place] if number == journey["journey"]]
        used[place] += 1
        return found[used[place] - 1]

    def passes(self, leg):
        """Between which times its acknowledgement may have been captured."""
        acked = nanoseconds(leg.acked)
        sent = [sent for sent in self.counts[leg.key[0], OTHER[leg.key[1]]] if sent <= acked]
        return sent[-1] - SLACK, acked + SLACK

    def is_ack_of(self, time_ns, leg):
        if leg.acked is None:
            return False
        begin, end = self.passes(leg)
        return begin <= time_ns <= end


class Blocks:
    """A capture in pcapng, of which packets can be left out."""

    def __init__(self, path):
        with open(path, "rb") as file:
            data = file.read()
        self.blocks, at = [], 0
        while at < len(data):
            kind, length = struct.unpack_from("<II", data, at)
            self.blocks.append((kind, data[at:at + length]))
            at += length
        self.num = sum(kind == PACKET for kind, _ in self.blocks)

    def write(self, path, kept):
        """With those packets, counted from 1, of which `kept` is true; returns their numbers."""
        numbers, number = [], 0
        with open(path, "wb") as file:
            for kind, block in self.blocks:
                if kind == PACKET:
                    number += 1
                    if not kept(number, block[28:]):
                        continue
                    numbers.append(number)
                file.write(block)
        return numbers


def ends_of(octets):
    """Addresses and ports of a packet over IPv4 and TCP, as it goes and either way."""
    ports = 14 + 4 * (octets[14] & 15)
    way = (octets[26:30] + octets[ports:ports + 2], octets[30:34] + octets[ports + 2:ports + 4])
    return way, frozenset(way)


class Damage:
    """What a capture lacks, by chance: its beginning, its end, connections, directions, packets."""

    def __init__(self, chance, num):
        self.chance, self.lost = chance, {}
        kinds = chance.sample(("late", "early", "connections", "directions", "packets"),
                              chance.choice((1, 1, 2)))
        self.begin = chance.randrange(num // 2) if "late" in kinds else 0
        self.end = chance.randrange(num // 2, num) if "early" in kinds else num
        self.kinds = kinds

    def __str__(self):
        return " ".join(self.kinds)

    def keeps(self, number, octets):
        if not self.begin < number <= self.end:
            return False
        way, ends = ends_of(octets)
        if ends not in self.lost:
            is_gone = self.chance.random() < 0.3
            self.lost[ends] = {ends} if is_gone and "connections" in self.kinds else \
                {way} if is_gone and "directions" in self.kinds else ()
        if way in self.lost[ends] or ends in self.lost[ends]:
            return False
        return "packets" not in self.kinds or self.chance.random() >= 0.03


class Part:
    """What the report has of a capture that lacks packets, beside what was true."""

    def __init__(self, test, told, blocks, damage, what):
        self.test, self.told, self.what = test, told, what
        path = told.capture + ".part.pcapng"
        self.numbers = blocks.write(path, damage.keeps)
        records = analyze.records(path)
        self.journeys = analyze.of_type(records, "journey")
        self.messages = collections.defaultdict(list)
        for message in analyze.of_type(records, "message"):
            if "journey" in message:
                self.messages[message["journey"], message["connection"], message["from"],
                              message["end_frame"]].append(message)
        self.legs = [[self.leg_of(journey, hop) for hop in journey["hops"]] for journey in self.journeys]
        self.shown = [leg for legs in self.legs for leg in legs if leg is not None]

    def leg_of(self, journey, hop):
        """None where two could be meant."""
        messages = self.messages[journey["journey"], hop["connection"], hop["from"], hop["frame"]]
        found = {message.get("contents") for message in messages}
        if len(found) != 1:
            return None
        legs = self.told.of_contents[self.numbers[hop["frame"] - 1], found.pop()]
        return legs[0] if len(legs) == 1 else None

    def say(self, journey, sentence, *values):
        self.test.wrong.append("%s, journey %d: %s" % (self.what, journey["journey"], sentence % values))

    def judge(self):
        for journey, legs in zip(self.journeys, self.legs):
            for index, (hop, leg) in enumerate(zip(journey["hops"], legs)):
                self.test.count["hops"] += 1
                self.test.count["hops not told apart"] += leg is None
                if leg is not None:
                    self.judge_hop(journey, index, hop, leg, legs)
            for branch in journey["branches"]:
                self.judge_branch(journey, branch, legs)

    def judge_hop(self, journey, index, hop, leg, legs):
        for name, truth in (("sender", leg.sender), ("receiver", leg.receiver)):
            if hop.get(name, truth) != truth:
                self.say(journey, "the %s of hop %d is %s", name, index, truth)
        if "acked_t_ns" in hop and not self.told.is_ack_of(hop["acked_t_ns"], leg):
            self.say(journey, "hop %d was acknowledged at %s", index, leg.acked)
        if hop["passage"] in ("cut off", "declined") and leg.acked is not None:
            self.say(journey, "hop %d is %s, and was acknowledged", index, hop["passage"])
        if hop.get("certainty") != "certain":
            return
        self.test.count["certain"] += 1
        for name, is_right in (("after", lambda other: leg.goes_on_from(other)),
                               ("attempt_of", lambda other: leg.parent is other.parent),
                               ("sight_of", lambda other: leg is other)):
            other = legs[hop[name]] if name in hop else None
            if other is not None and not (leg.payload == other.payload and is_right(other)):
                self.say(journey, "hop %d is not %s %d", index, name, hop[name])

    def judge_branch(self, journey, branch, legs):
        last = legs[branch["last_hop"]] if "last_hop" in branch else None
        if branch.get("certainty") != "certain" or last is None:
            return
        recipient = (branch.get("identity_url", ""), branch.get("device_url", ""))
        outcome, group = branch["outcome"], self.told.story.groups[last.payload]
        named = [leg for leg in group if recipient in leg.recipients]
        self.test.count[outcome] += 1
        if outcome == "delivered":
            is_right = any(leg.receiver == branch["holder"] and self.told.is_ack_of(branch["since_ns"], leg)
                           for leg in named or group)
        elif outcome == "refused":
            is_right = any(self.told.story.is_gone(leg, recipient) or leg.acked is None for leg in named)
        else:
            is_right = not any(leg.goes_on_from(last) and leg in self.shown for leg in named) and \
                (outcome != "waiting" or any(leg.receiver == branch["holder"] and leg.acked is not None or
                                             leg.sender == branch["holder"] for leg in group))
        if not is_right:
            self.say(journey, "%s is not %s with %s since %s", recipient, outcome, branch.get("holder"),
                     branch.get("since_ns"))


def bare_journey(journey):
    """Whom it passed and who has it; where an address translator is between, seen once or twice."""
    hops = {(hop["hop"], hop.get("sender"), hop.get("receiver"), hop["passage"]) for hop in journey["hops"]}
    return sorted(hops), [(branch["identity_url"], branch["outcome"], branch["holder"])
                          for branch in journey["branches"]]


class StoriesTest(unittest.TestCase):
    maxDiff = 4000
    seconds = None

    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory())

    def setUp(self):
        self.count = collections.Counter()

    def check_hops(self, told, journey, legs, what):
        for hop, leg in zip(journey["hops"], legs):
            self.assertEqual(hop["hop"], leg.hop, what)
            self.assertEqual((hop.get("sender"), hop.get("receiver")), (leg.sender, leg.receiver), what)
            if "after" in hop:
                self.assertTrue(leg.goes_on_from(legs[hop["after"]]), what)
            elif "attempt_of" in hop:
                self.assertIs(legs[hop["attempt_of"]].parent, leg.parent, what)
            elif "sight_of" in hop:
                self.assertIs(legs[hop["sight_of"]], leg, what)
            else:
                self.assertIsNone(leg.parent, what)
            self.assertEqual(hop["passage"] == "acknowledged", "acked_t_ns" in hop, what)
            self.assertEqual("acked_t_ns" in hop, leg.acked is not None, what)
            if leg.acked is not None:
                self.assertTrue(told.is_ack_of(hop["acked_t_ns"], leg), what)
            self.count[hop.get("certainty", "first")] += 1

    def check_branches(self, told, journey, group, what):
        recipients = list(group[0].recipients)
        shown = [(branch.get("identity_url", ""), branch.get("device_url", ""))
                 for branch in journey["branches"]]
        self.assertEqual(sorted(shown), sorted(recipients), what)
        for recipient, branch in zip(shown, journey["branches"]):
            of = "%s, %s" % (what, recipient)
            holder, since = told.story.custody(group, recipient)
            self.assertEqual(branch["outcome"], told.story.state(group, recipient), of)
            self.assertEqual(branch.get("holder"), holder, of)
            if since is not None:
                self.assertTrue(told.is_ack_of(branch["since_ns"], since), of)
            else:  # he made it
                self.assertEqual(branch["since_ns"], journey["hops"][0]["t_ns"], of)
            self.count[branch["outcome"]] += 1

    def check_whole(self, told):
        shown = {leg.payload for legs in told.of_place.values() for _, leg in legs}
        self.assertEqual(len(told.journeys), len(shown), told.name)
        # What was cut off on its way is in no capture.
        self.assertEqual([group[0].key for payload, group in told.story.groups.items()
                          if payload not in shown and any(leg.is_delivered for leg in group)], [])
        for journey in told.journeys:
            used = collections.Counter()
            legs = [told.leg_of_hop(journey, hop, used) for hop in journey["hops"]]
            what = "%s, journey %d" % (told.name, journey["journey"])
            [payload] = {leg.payload for leg in legs}
            group = told.story.groups[payload]
            self.assertEqual({leg.key for leg in legs},
                             {leg.key for leg in group if leg.is_delivered or leg in legs}, what)
            self.check_hops(told, journey, legs, what)
            self.check_branches(told, journey, group, what)

    def test_truth(self):
        for name in NAMES:
            if name in OTHERS:
                continue
            with self.subTest(name):
                told = Told(self.folder, name)
                self.check_whole(told)
                if name in DEALT_OUT:
                    one, several = (analyze.good("--jobs", jobs, "--format", "json", told.capture)
                                    for jobs in (1, 3))
                    self.assertTrue(one == several)
        print("whole:", dict(self.count), flush=True)
        self.assertGreater(self.count["certain"], 300)

    def test_worn(self):
        """As relaysim has others capture it: in ring files, twice, at two points, before and after a
        translator. It is the same story, and what is said of clocks is true."""
        name, prefix = "everyday/a-workspace", os.path.join(self.folder, "worn")
        whole = [bare_journey(journey) for journey in Told(self.folder, name).journeys]
        hours = 7 * 3600 * 1000
        for ahead, kinds in ((None, ["ring 20000 bytes"]), (None, ["duplicate 1 of 1 vlan 7"]),
                             (80, ["apart 5ms"]), (-400, ["apart 1ms", "offload", "ring 30000 bytes"]),
                             (hours, ["apart 20ms", "nat"]), (500, ["apart 20ms", "nat", "segments 200"])):
            if ahead is not None:
                kinds = ["points ahead %dms %s" % (ahead, kinds[0])] + kinds[1:]
            faults = [word for kind in kinds for word in ("--fault", "capture " + kind)]
            subprocess.run([RELAYSIM, "scenario", name, "--simulated", "-w", prefix + ".pcapng", *faults],
                           check=True, stdout=subprocess.DEVNULL)
            files = sorted(glob.glob(prefix + "*"))
            found = analyze.records(*files)
            for path in files:
                os.unlink(path)
            shown = [bare_journey(journey) for journey in analyze.of_type(found, "journey")]
            self.assertEqual(len(shown), len(whole), kinds)
            self.assertEqual(shown, whole, kinds)
            seen = analyze.of_type(found, "point")
            self.assertEqual(len(seen), 1 if ahead is None else 2, kinds)
            if ahead is None:
                continue
            truth = ahead * 1_000_000 * (1 if "-2" in seen[1]["name"] else -1)
            self.assertLessEqual(seen[1]["offset_low_ns"], truth, kinds)
            self.assertGreaterEqual(seen[1]["offset_high_ns"], truth, kinds)
            self.assertLessEqual(seen[1]["drift_low_ppm"], 0, kinds)
            self.assertGreaterEqual(seen[1]["drift_high_ppm"], 0, kinds)
            self.assertEqual(seen[1]["clock_steps"], 0, kinds)

    def damage(self, seed):
        chance = random.Random(seed)
        name = chance.choice([name for name in NAMES if name not in OTHERS])
        try:
            told = Told(self.folder, name, "--via", chance.choice(VIAS))
        except unittest.SkipTest:
            told = Told(self.folder, name)
        blocks = Blocks(told.capture)
        for turn in range(2):
            damage = Damage(chance, blocks.num)
            Part(self, told, blocks, damage, "seed %d, %s, %d: %s" % (seed, told.name, turn, damage)).judge()

    def test_damaged(self):
        self.wrong = []
        seeds = range(8)
        if self.seconds is not None:
            end = time.monotonic() + self.seconds
            seeds = iter(lambda: random.SystemRandom().randrange(1 << 31)
                         if time.monotonic() < end else None, None)
        for seed in seeds:
            with self.subTest(seed=seed):
                self.damage(seed)
        print("damaged:", dict(self.count), flush=True)
        self.assertEqual(self.wrong, [])


if __name__ == "__main__":
    if sys.argv[1:2] == ["--seconds"]:
        StoriesTest.seconds = int(sys.argv.pop(2))
        sys.argv.pop(1)
    unittest.main()
