# SPDX-License-Identifier: GPL-2.0-or-later
"""Journeys: hops, custody and outcomes are those of the truth, and are drawn."""
import collections
import json
import os
import re
import subprocess
import tempfile
import unittest

import analyze
import points
from points import MS

RELAYSIM = os.path.join(analyze.BUILD_DIR, "relaysim", "relaysim")


class JourneyTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def play(self, *scenarios):
        """A live capture, and what its players say that they did."""
        capture, truth = self.path("played.pcapng"), self.path("truth.json")
        subprocess.run([RELAYSIM, "scenario", *scenarios, "-w", capture, "--truth", truth],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        with open(truth, encoding="utf-8") as file:
            return capture, [json.loads(line) for line in file]

    def test_a_fanout_over_two_relays(self):
        found = analyze.records(analyze.sample("single-hop"))
        [journey] = analyze.of_type(found, "journey")
        self.assertEqual(sorted(hop["hop"] for hop in journey["hops"]), [0, 1, 1, 1, 2, 2])
        self.assertEqual({hop.get("certainty") for hop in journey["hops"][1:]}, {"certain"})
        self.assertEqual([(branch["identity_url"][-1], branch["outcome"], branch["holder"])
                          for branch in journey["branches"]],
                         [(name, "delivered", "dpp:///" + name) for name in "bcde"])
        for branch in journey["branches"]:
            last = journey["hops"][branch["last_hop"]]
            self.assertEqual(branch["since_ns"], last["acked_t_ns"])
            self.assertEqual(last["receiver"], branch["holder"])
        of_journey = [message for message in analyze.of_type(found, "message")
                      if message.get("journey") == journey["journey"]]
        self.assertEqual(len(of_journey), 6)
        self.assertEqual({message["length"] for message in of_journey}, {3000})

    def test_outcomes_are_the_truth_s(self):
        """Every message of the truth is a leg; what was acknowledged is told so."""
        for scenario in ("4.3.3-acks-of-two-relays", "4.2.6-single-hop"):
            capture, truth = self.play(scenario)
            events = collections.Counter(event["event"] for event in truth)
            found = analyze.records(capture)
            messages = analyze.of_type(found, "message")
            self.assertEqual(len(messages), events["message-sent"], scenario)
            self.assertEqual(sum(message["state"] == "acknowledged" for message in messages),
                             events["message-acked"], scenario)
            hops = [hop for journey in analyze.of_type(found, "journey") for hop in journey["hops"]]
            self.assertEqual(len(hops), len(messages))

    def test_demo_says_who_has_what(self):
        found = analyze.of_type(analyze.records(analyze.sample("demo")), "journey")
        outcomes = collections.Counter(branch["outcome"] for journey in found
                                       for branch in journey["branches"])
        self.assertEqual(outcomes, {"delivered": 31, "waiting": 3, "refused": 5})
        for journey in found:
            for branch in journey["branches"]:
                if branch["outcome"] == "waiting":
                    self.assertTrue(branch["holder"].startswith("grooveDNS://"), branch)
                if branch["outcome"] == "refused":
                    self.assertIn("SessionStatus", branch["reason"])

    def test_picks(self):
        demo = analyze.sample("demo")
        everything = analyze.of_type(analyze.records(demo), "journey")
        identity = everything[-1]["branches"][0]["identity_url"]
        open_ones = [journey for journey in everything
                     if {branch["outcome"] for branch in journey["branches"]} - {"delivered"}]
        for arguments, expected in (
                (("--journey", "3"), everything[3:4]), (("--journey", "999"), []),
                (("--undelivered",), open_ones),
                (("--user-ref", "track"), [journey for journey in everything
                                           if "track" in journey.get("user_ref", "")]),
                (("--identity", identity),
                 [journey for journey in everything
                  if identity in [branch.get("identity_url") for branch in journey["branches"]]]),
                (("--undelivered", "--journey", "3"), [])):
            self.assertEqual(analyze.records(demo, *arguments), expected, arguments)
            rows = analyze.good(demo, *arguments, "--format", "csv").splitlines()
            self.assertEqual(len(rows), len(expected) + bool(expected))
        self.assertGreater(len(open_ones), 3)
        for wrong in (("--journey", "x"), ("--journey", "-1"),
                      ("--undelivered", "--table", "messages")):
            self.assertEqual(analyze.run(demo, *wrong).returncode, 2, wrong)

    def test_ladders(self):
        drawn = analyze.good(analyze.sample("single-hop"), "--journey", "0").splitlines()
        lanes = [line[28:].rsplit("  ", 1)[0] for line in drawn if re.match(r"\d{4}-", line)]
        self.assertEqual(len(lanes), 12)
        sent = [lane for lane in lanes if "->" in lane or "<-" in lane]
        self.assertEqual(len(sent), 6)
        for lane in sent:
            self.assertRegex(lane, r"o-+>|<-+o")
        self.assertEqual(sum("delivered: to grooveIdentity://" in line for line in drawn), 4)
        self.assertIn("no journey fits", analyze.good(analyze.sample("demo"), "--journey", "999"))

    def test_overview_begins_with_the_undelivered(self):
        printed = analyze.good(analyze.sample("demo"))
        self.assertIn("33 journeys to 39 recipients: 31 delivered, 3 waiting, 5 refused\n\n"
                      "Not delivered\nJourney ", printed)
        self.assertNotIn("Not delivered", analyze.good(analyze.sample("single-hop")))

    def test_both_sides_of_a_translator(self):
        """One connection, seen under two addresses: no hop, and nobody else has it."""
        near = points.bursts(connections=2, rounds=2)
        files = [points.write(self.path("inside.pcap"), near),
                 points.write(self.path("outside.pcap"), points.translated(
                     points.at(near, 20 * MS)))]
        found = analyze.of_type(analyze.records(*files, "--no-clock-correction"), "journey")
        alone = analyze.of_type(analyze.records(files[0]), "journey")
        self.assertEqual(len(found), 2 * 2 * 6)
        for journey, single in zip(found, alone):
            self.assertEqual([hop["hop"] for hop in journey["hops"]], [0, 0])
            self.assertEqual(journey["hops"][1]["sight_of"], 0)
            self.assertEqual(journey["branches"], single["branches"])

    def test_both_sides_of_a_translator_by_other_clocks(self):
        """Its packets are the same but for addresses, by which the clocks are compared."""
        near = points.bursts(connections=2, rounds=2)
        alone = analyze.of_type(analyze.records(points.write(self.path("alone.pcap"), near)), "journey")
        for offset in (-300 * MS, 500 * MS, 7 * 3600 * 1000 * MS):
            far = points.translated(points.at(near, 20 * MS, offset, 50e-6))
            found = analyze.records(points.write(self.path("inside.pcap"), near),
                                    points.write(self.path("outside.pcap"), far))
            clock = analyze.of_type(found, "point")[1]
            truth = offset if clock["name"] == "outside.pcap" else -offset
            self.assertLessEqual(clock["offset_low_ns"], truth + MS)
            self.assertGreaterEqual(clock["offset_high_ns"], truth - MS)
            journeys = analyze.of_type(found, "journey")
            self.assertEqual(len(journeys), len(alone))
            for journey in journeys:
                self.assertEqual([hop["hop"] for hop in journey["hops"]], [0, 0])
                self.assertEqual(journey["hops"][1]["sight_of"], 0)

    def tell(self, *options):
        """The journeys of a story; of each hop its depth and whether it is another sight."""
        capture = self.path("way.pcapng")
        subprocess.run([RELAYSIM, "scenario", "everyday/a-workspace", "--simulated", "-w", capture,
                        *options], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        found = analyze.of_type(analyze.records(capture), "journey")
        return [([(hop["hop"], "sight_of" in hop) for hop in journey["hops"]],
                 [(branch["device_url"], branch["outcome"], branch["certainty"], branch["holder"])
                  for branch in journey["branches"]]) for journey in found]

    def test_both_sides_of_a_proxy(self):
        """It opens connections of its own, and cuts their segments anew: each is seen twice, and
        none is a hop."""
        straight = self.tell()
        self.assertGreater(len(straight), 10)
        for options in (("connect",), ("socks",), ("longlived", "--through-proxy"),
                        ("keepalive", "--through-proxy")):
            found = self.tell("--via", *options)
            self.assertEqual([branches for _, branches in found],
                             [branches for _, branches in straight], options)
            for (hops, _), (whole, _) in zip(found, straight):
                for is_sight in (False, True):
                    self.assertEqual(sorted(hop for hop, is_other in hops if is_other == is_sight),
                                     sorted(hop for hop, _ in whole), options)

    def test_without(self):
        found = analyze.records(analyze.sample("demo"), "-o", "grvsstp.follow_journeys:FALSE")
        self.assertEqual(analyze.of_type(found, "journey"), [])
        self.assertEqual(len(analyze.of_type(found, "message")), 40)


if __name__ == "__main__":
    unittest.main()
