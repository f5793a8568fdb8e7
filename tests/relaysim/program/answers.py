# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures that carry their answers (--answers), and what `-z grvsstp,selfcheck` makes of them.

Usage: answers.py RELAYSIM
"""
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
import unittest

import live  # takes RELAYSIM off the command line
from patience import PATIENCE
import selfcheck

import tshark  # live has its folder in the path

RELAYSIM = live.RELAYSIM

STORIES = ("4.2.5-multi-drop", "4.2.6.1-resource-handler-lost", "4.3.4-acks-of-two-clients",
           "2.2.8-status-in-1.5-and-1.6", "2.2.9-quota", "4.4-flow-control",
           "henc-all-carriers")
THROUGH_A_RELAY = ("4.2.3-through-a-relay", "1.3.5.2-a-long-queue")
STATES = ("connection", "sessions")


def shortened(line):
    """A line of the truth as a comment has it."""
    event = json.loads(line)
    data = event.get("data", "")
    if len(data) > 128:
        del event["data"]
        event["data_sha256_of_hex"] = hashlib.sha256(data.encode()).hexdigest()
    return event


class Answers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.ws = tshark.Wireshark()
        cls.folder = tempfile.mkdtemp(prefix="relaysim-")
        os.chmod(cls.folder, 0o755)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)
        cls.ws.close()

    def path(self, name):
        return os.path.join(self.folder, name)

    def play(self, name, *arguments):
        """The capture and the truth of a run with answers."""
        capture, truth = self.path(name + ".pcapng"), self.path(name + ".json")
        result = subprocess.run([RELAYSIM, *arguments, "--answers", "-w", capture, "--truth", truth],
                                capture_output=True, text=True, timeout=PATIENCE, check=False)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        os.chmod(capture, 0o644)
        with open(truth, encoding="utf-8") as file:
            return capture, [shortened(line) for line in file]

    def comments(self, capture):
        """In the order of the packets."""
        text = self.ws.tshark(capture, "-T", "json", "--no-duplicate-keys",
                              "-J", "pkt_comment frame")
        found = []
        for packet in json.loads(text):
            value = packet["_source"]["layers"].get("pkt_comment", {}).get("frame.comment", [])
            found += [value] if isinstance(value, str) else value
        return found

    def check(self, capture, *arguments):
        rows = selfcheck.selfcheck(self.ws, capture, *arguments)
        self.assertIsInstance(rows, list)
        return rows

    def assert_right(self, capture, passes=((), ("-2",)), has_others=False):
        """Everything that is told is shown, in one pass and in two, and nothing else; unless it
        has others, who tell nothing.  Returns how much."""
        for arguments in passes:
            rows = self.check(capture, *arguments)
            self.assertEqual(selfcheck.amiss(rows, has_others), [])
        self.assertTrue(any(row[2] == "connection" for row in rows))
        return sum(row[3] for row in rows if row[2] not in STATES)

    def test_tour(self):
        """A proxy's leg to the relay is in the capture, too, and no end tells of it."""
        capture, truth = self.play("demo", "demo")
        self.assertEqual(sum(event["event"] in ("command", "message-sent", "message-acked")
                             for event in truth), self.assert_right(capture, has_others=True))

    def test_comments_are_the_truth(self):
        """Every line is in the capture, once, and what passed is not before what it came of."""
        capture, truth = self.play("truth", "scenario", "4.2.6-single-hop")
        comments = [json.loads(comment) for comment in self.comments(capture)]
        self.assertEqual(sorted(map(json.dumps, comments)), sorted(map(json.dumps, truth)))
        for kind in {event["event"] for event in truth}:
            times = [event["t"] for event in comments if event["event"] == kind]
            self.assertEqual(times, sorted(times), kind)

    def test_stories(self):
        capture, _ = self.play("stories", "scenario", *STORIES)
        self.assertGreater(self.assert_right(capture), 300)

    def test_carriers(self):
        for via in ("443", "longlived", "keepalive", "polling"):
            with self.subTest(via=via):
                capture, _ = self.play(via, "scenario", *THROUGH_A_RELAY, "--via", via)
                # Polling's bodies may be waited for in one pass.
                self.assertGreater(self.assert_right(capture, (("-2",),)), 300)

    def test_split(self):
        """Where half a Connect passes before another one, numbers are of the first bytes.  Each of
        these seeds has the connections in another order than their commands."""
        for seed in ("1", "9"):
            with self.subTest(seed=seed):
                capture, _ = self.play("split" + seed, "scenario", "transport-split-and-late",
                                       "--seed", seed)
                self.assertGreater(self.assert_right(capture), 40)

    def test_through_a_proxy(self):
        """Each end of a connection through one tells its own side, under a number of its own, and
        those that begin together may be numbered in another order in the capture."""
        for seed in ("1", "2", "3"):
            with self.subTest(seed=seed):
                capture, _ = self.play("proxy" + seed, "scenario", "--simulated",
                                       "4.2.4-fanout-denied", "4.2.5-multi-drop", "--via", "connect",
                                       "--seed", seed)
                self.assertGreater(self.assert_right(capture, has_others=True), 50)

    def test_gap_in_a_long_queue(self):
        """What is found again after hundreds that are missing is held against itself."""
        capture, _ = self.play("gap", "scenario", "--simulated", "1.3.5.2-a-long-queue", "--via",
                               "keepalive", "--fault", "capture lose 1 of 8", "--seed", "1000000")
        for arguments in ((), ("-2",)):
            rows = self.check(capture, *arguments)
            self.assertEqual([row for row in rows if row[6] > 0], [])

    def test_lossy(self):
        """Of a capture that lacks segments less is known, and nothing else."""
        capture, _ = self.play("lossy", "scenario", "capture-lossy", "capture-out-of-order")
        for arguments in ((), ("-2",)):
            rows = self.check(capture, *arguments)
            self.assertEqual([row for row in rows if row[6] > 0], [])
            self.assertGreater(sum(row[7] for row in rows), 0)

    def test_in_the_middle(self):
        """Where a capture begins in mid-conversation, what passes before anything that is told was
        told before."""
        capture, _ = self.play("middle", "scenario", "--simulated", "4.4-flow-control", "--fault",
                               "capture start after 10 segments", "--fault", "capture lose 1 of 3")
        for options in ((), ("-2",)):
            rows = self.check(capture, *options)
            self.assertEqual([row for row in rows if row[6] > 0], [])
            self.assertGreater(sum(row[8] for row in rows), 0)

    def test_cut_off(self):
        """Connections whose Connects are cut off by the snap length and whose other commands are
        alike are told apart by all of those, or not at all."""
        for seed in ("5", "11"):
            with self.subTest(seed=seed):
                capture, _ = self.play("snap" + seed, "scenario", "--simulated", "capture-lossy",
                                       "henc-all-carriers", "capture-out-of-order", "--fault",
                                       "capture snap 96", "--seed", seed)
                for arguments in ((), ("-2",)):
                    rows = self.check(capture, *arguments)
                    self.assertEqual([row for row in rows if row[6] > 0], [])
                    self.assertGreater(sum(row[5] for row in rows), 40)

    def test_found(self):
        """An answer that says something else is a difference, of its field."""
        capture, _ = self.play("found", "scenario", "4.2.1-device-to-device")
        with open(capture, "rb") as file:
            data = file.read()
        for place, other, what, words in (
                (b'"open.flags":0', b'"open.flags":1', "commands",
                 "told open.flags.1, shown open.flags.0"),
                (b'"resource_url":"apphandler"', b'"resource_url":"apphandles"', "commands",
                 "told resource_url.apphandles, shown resource_url.apphandler"),
                (b'"event":"message-sent","at":"initiator","from":"initiator","session":33',
                 b'"event":"message-sent","at":"initiator","from":"initiator","session":34',
                 "messages", "told session.34, shown session.33"),
                (b'"event":"connection-state","at":"initiator","state":"established"',
                 b'"event":"connection-state","at":"initiator","state":"connecting_"',
                 "connection", "told state.connecting_, shown state.established"),
                (b'"event":"session-state","at":"initiator","from":"initiator","session":33,'
                 b'"state":"ready"',
                 b'"event":"session-state","at":"initiator","from":"initiator","session":33,'
                 b'"state":"reads"', "sessions", "told state.reads, shown state.ready")):
            self.assertEqual(data.count(place), 1, place)
            wrong = self.path("wrong.pcapng")
            with open(wrong, "wb") as file:
                file.write(data.replace(place, other))
            rows = [row for row in self.check(wrong) if row[6] > 0]
            self.assertEqual([(row[1], row[2], row[6]) for row in rows],
                             [("both" if what == "connection" else "initiator", what, 1)])
            self.assertRegex(rows[0][10], words)
            self.assertRegex(rows[0][9], r"^\d+$")

    def test_other_order(self):
        """Connections are told apart by what was said, where they began in another order."""
        capture, _ = self.play("order", "scenario", "4.2.5-multi-drop")
        with open(capture, "rb") as file:
            data = file.read()
        self.assertGreater(data.count(b'"stream":1,'), 5)
        wrong = self.path("other-order.pcapng")
        with open(wrong, "wb") as file:
            file.write(data.replace(b'"stream":0,', b'"stream":x,').replace(
                b'"stream":1,', b'"stream":0,').replace(b'"stream":x,', b'"stream":1,'))
        os.chmod(wrong, 0o644)
        self.assertGreater(self.assert_right(wrong), 20)

    def test_missing(self):
        """A command that is not told, and one that is not there."""
        capture, _ = self.play("missing", "scenario", "4.2.1-device-to-device")
        with open(capture, "rb") as file:
            data = file.read()
        place, other = b'"event":"command","from":"acceptor"', b'"event":"commanx","from":"acceptor"'
        wrong = self.path("wrong.pcapng")
        with open(wrong, "wb") as file:
            file.write(data.replace(place, other, 1))
        self.assertEqual([row[1:9] for row in self.check(wrong) if row[6:9] != (0, 0, 0)],
                         [("acceptor", "commands", 2, 3, 2, 0, 0, 1)])

    def test_hostile(self):
        """Comments can be anything."""
        capture, _ = self.play("plain", "scenario", "4.2.1-device-to-device")
        arguments = []
        for number, comment in enumerate((
                "{", "{}", "[]", "{\"stream\":0}", "not an answer", "{\"stream\":-1,\"event\":\"command\"}",
                "{\"stream\":4294967295,\"event\":\"command\",\"from\":\"initiator\"}",
                "{\"stream\":99999999999999999999,\"event\":\"command\"}",
                "{\"stream\":0,\"event\":\"command\",\"from\":\"initiator\",\"a\":[[[{}]]]}",
                "{\"stream\":0,\"event\":{\"event\":\"command\"},\"stream\":0}",
                "{\"event\":\"command\",\"stream\":0,\"b\":\"\\ud800\",\"b_bytes\":[1,{\"c\":2}],\"d\"}",
                "{" + "\"x\":{" * 2000, "{\"stream\":0," + "\"event\":\"command\"," * 2000), 1):
            arguments += ["-a", "%d:%s" % (number, comment)]
        wrong = self.path("hostile.pcapng")
        subprocess.run(["editcap", *arguments, capture, wrong], check=True, timeout=PATIENCE)
        os.chmod(wrong, 0o644)
        self.assertTrue(self.check(wrong, "-2"))

    def test_states_of_a_relay(self):
        """Where the relay alone tells, its own states are compared."""
        with live.Relay("--answers", "-w", self.path("relay.pcapng")) as relay:
            relay.client("--to", "grooveIdentity://bob", "--message", "Hello", "--messages", "5")
            relay.client("--identity", "grooveIdentity://bob", "--receive", "--expect", "5",
                         "--timeout", str(PATIENCE), device="dpp:///bob")
            self.assertEqual(relay.stop(), 0)
        os.chmod(self.path("relay.pcapng"), 0o644)
        rows = self.check(self.path("relay.pcapng"))
        self.assertEqual([row for row in rows if row[6] > 0], [])
        states = {(row[0], row[2]): row[3:6] for row in rows if row[2] in STATES}
        self.assertEqual(set(states), {(0, "connection"), (0, "sessions"), (1, "connection"),
                                       (1, "sessions")})
        for key, (told, shown, alike) in states.items():
            self.assertGreater(told, 1, key)
            self.assertEqual((told, shown), (alike, alike), key)

    def test_without_capture(self):
        for arguments in (("demo",), ("scenario", "4.2.1-device-to-device"),
                          ("relay", "--url", "grooveDNS://r"), ("bench",)):
            result = subprocess.run([RELAYSIM, *arguments, "--answers"], capture_output=True,
                                    text=True, timeout=PATIENCE, check=False)
            self.assertEqual((result.returncode, result.stdout), (2, ""))
            self.assertIn("-w FILE is needed", result.stderr)

    def test_bench(self):
        capture, _ = self.play("bench", "bench", "--messages", "50", "--size", "3000")
        self.assertGreater(self.assert_right(capture, has_others=True), 50)


if __name__ == "__main__":
    unittest.main()
