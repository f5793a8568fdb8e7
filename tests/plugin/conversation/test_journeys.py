# SPDX-License-Identifier: GPL-2.0-or-later
"""Journeys: one message over several connections; on which command, on which pass; and the same
whatever the order in which frames are asked for."""

import random

from scenario import CLIENT, PASSES, RELAY, Capture, ScenarioTest, main, sstp
from tshark import TSHARK, sharkd_labels

URL = "grooveDNS://r"
MESSAGE, DATA, END_MESSAGE = 13, 14, 15
FIELDS = ("sstp.journey", "sstp.journey.hop", "sstp.journey.from", "sstp.journey.to",
          "sstp.journey.certainty", "sstp.journey.state")
LATER = ("sstp.journey.to", "sstp.journey.state")
TEXT = b"a long message of which there is no other" * 100
OFF = ("-o", "grvsstp.follow_journeys:FALSE")


def joined(commands):
    return sstp.join(commands)


class Story:
    """A leaves messages with the relay, B fetches them; each on a connection of its own."""

    def __init__(self):
        self.capture = Capture()
        self.num = 0

    def connect(self, device, server=("198.51.100.1", 2492)):
        self.num += 1
        connection = self.capture.connection(("192.0.2.%d" % self.num, 50000 + self.num), server)
        connection.send(sstp.connect(URL, [device], version=(1, 6)).data, CLIENT)
        connection.send(sstp.connect_response(sstp.OK, [URL], version=(1, 6)).data, RELAY)
        return connection

    def leave(self, texts, device="dpp:///a", cuts=()):
        """The frames of the EndMessages."""
        a = self.connect(device)
        a.send(sstp.open_session(0x21, "res", "id:b", "dpp:///b").data, CLIENT)
        a.send(sstp.open_response(0x21).data, RELAY)
        ends = [self.say(a, CLIENT, 0x21, text, cuts) for text in texts]
        a.send(sstp.noop(len(texts)).data, RELAY)
        return ends

    def fetch(self, texts, is_acknowledged=True, cuts=()):
        b = self.connect("dpp:///b")
        b.send(sstp.attach(0x21, URL, "account").data, CLIENT)
        b.send(sstp.open_session(0x80000001, "res", "id:b", "dpp:///b").data, RELAY)
        b.send(sstp.open_response(0x80000001).data, CLIENT)
        ends = [self.say(b, RELAY, 0x80000001, text, cuts) for text in texts]
        if is_acknowledged:
            b.send(sstp.noop(len(texts)).data, CLIENT)
        return ends

    def say(self, connection, side, session, text, cuts):
        frames = connection.send(joined(sstp.message_sequence(session, text)), side, cuts=cuts)
        return self.capture.number(frames[-1])


class Journeys(ScenarioTest):
    def shown(self, path, two_pass, *options):
        """{frame: {command: {field: values}}} where one of the fields is shown."""
        found = {}
        for frame in self.ws.dissect(path, *options, two_pass=two_pass):
            for layer in frame.commands:
                fields = {name: layer.values(name) for name in FIELDS if layer.values(name)}
                if fields:
                    found.setdefault(frame.number, {})[int(layer.one("sstp.command"), 0)] = fields
        return found

    def ends(self, path, two_pass):
        """{frame: {field: values}} of the EndMessages."""
        return {frame: commands[END_MESSAGE] for frame, commands in self.shown(path, two_pass).items()
                if END_MESSAGE in commands}

    def test_two_hops(self):
        """Whole, and cut into segments at other places on each hop."""
        for cuts in ((), (1, 500, 2063, 4000)):
            story = Story()
            first, = story.leave([TEXT])
            second, = story.fetch([TEXT], cuts=cuts)
            path = self.write(story.capture)
            wanted = {first: {"sstp.journey": ["0"], "sstp.journey.hop": ["0"],
                              "sstp.journey.to": [str(second)],
                              "sstp.journey.state": ["delivered"]},
                      second: {"sstp.journey": ["0"], "sstp.journey.hop": ["1"],
                               "sstp.journey.from": [str(first)],
                               "sstp.journey.certainty": ["1"],
                               "sstp.journey.state": ["delivered"]}}
            self.assertEqual(self.ends(path, True), wanted)
            early = {frame: {name: value for name, value in fields.items() if name not in LATER}
                     for frame, fields in wanted.items()}
            self.assertEqual(self.ends(path, False), early)

    def test_message_and_data(self):
        """They have the number of their journey, once its EndMessage is known."""
        story = Story()
        story.leave([TEXT])
        path = self.write(story.capture)
        commands = [command for shown in self.shown(path, True).values() for command in shown]
        self.assertEqual(set(commands), {MESSAGE, DATA, END_MESSAGE})
        for shown in self.shown(path, True).values():
            for command, fields in shown.items():
                if command != END_MESSAGE:
                    self.assertEqual(fields, {"sstp.journey": ["0"]})
        self.assertEqual({command for shown in self.shown(path, False).values()
                          for command in shown}, {END_MESSAGE})

    def test_states(self):
        cases = (("waiting", None), ("under way", False), ("delivered", True))
        for state, fetched in cases:
            story = Story()
            first, = story.leave([TEXT])
            if fetched is not None:
                story.fetch([TEXT], is_acknowledged=fetched)
            ends = self.ends(self.write(story.capture), True)
            self.assertEqual(ends[first]["sstp.journey.state"], [state])

    def test_other_contents(self):
        story = Story()
        first, = story.leave([TEXT])
        second, = story.fetch([TEXT[:-1] + b"!"])
        ends = self.ends(self.write(story.capture), True)
        self.assertEqual(ends[first]["sstp.journey"], ["0"])
        self.assertEqual(ends[second]["sstp.journey"], ["1"])
        self.assertNotIn("sstp.journey.certainty", ends[second])

    def test_short_ones(self):
        """By their order alone."""
        story = Story()
        came = story.leave([b"ok", b"ok", b"no"])
        went = story.fetch([b"ok", b"ok", b"no"])
        ends = self.ends(self.write(story.capture), True)
        self.assertEqual([ends[frame]["sstp.journey.from"] for frame in went],
                         [[str(frame)] for frame in came])
        self.assertEqual({ends[frame]["sstp.journey.certainty"][0] for frame in went}, {"2"})

    def test_a_proxy_is_no_hop(self):
        """Both sides of one connection: the same message, seen twice."""
        story = Story()
        outer = story.capture.connection(("192.0.2.1", 50001), ("192.0.2.9", 2492))
        inner = story.capture.connection(("192.0.2.9", 50002), ("198.51.100.1", 2492))
        ends = []
        for side, commands in (
                (CLIENT, [sstp.connect(URL, ["dpp:///a"], version=(1, 6))]),
                (RELAY, [sstp.connect_response(sstp.OK, [URL], version=(1, 6))]),
                (CLIENT, [sstp.open_session(0x21, "res", "id:b", "")]),
                (RELAY, [sstp.open_response(0x21)]),
                (CLIENT, sstp.message_sequence(0x21, TEXT)),
                (RELAY, [sstp.noop(1)])):
            for connection in (outer, inner) if side == CLIENT else (inner, outer):
                frames = connection.send(joined(commands), side)
                if len(commands) > 1:
                    ends.append(story.capture.number(frames[-1]))
        shown = self.ends(self.write(story.capture), True)
        for end in ends:
            self.assertEqual((shown[end]["sstp.journey"], shown[end]["sstp.journey.hop"],
                              shown[end]["sstp.journey.state"]), (["0"], ["0"], ["waiting"]))

    def test_switched_off(self):
        story = Story()
        story.leave([TEXT])
        story.fetch([TEXT])
        path = self.write(story.capture)
        for two_pass in PASSES:
            self.assertEqual(self.shown(path, two_pass, *OFF), {})
        self.assertNotIn("dpp:///a", self.ws.run([TSHARK, "-q", "-r", path, *OFF, "-z",
                                                  "grvsstp,journeys"]))

    def test_random_order(self):
        story = Story()
        story.leave([TEXT, b"ok"])
        story.fetch([TEXT, b"ok"])
        path = self.write(story.capture)
        numbers = list(range(1, len(story.capture.frames) + 1))
        in_order = dict(zip(numbers, self.ws.sharkd(path, numbers)))
        self.assertTrue(any("Journey" in label for tree in in_order.values()
                            for label in sharkd_labels(tree)))
        order = numbers * 2
        random.Random(1).shuffle(order)
        for number, tree in zip(order, self.ws.sharkd(path, order)):
            self.assertEqual(sharkd_labels(tree), sharkd_labels(in_order[number]), number)

    def test_table(self):
        """A line a message, in both passes alike."""
        story = Story()
        first, _ = story.leave([TEXT, b"ok"])
        story.fetch([TEXT])
        path = self.write(story.capture)
        for passes in ([], ["-2"]):
            text = self.ws.run([TSHARK, "-q", "-n", "-r", path, *passes, "-z",
                                "grvsstp,journeys"])
            lines = [[cell.strip() for cell in line.split("|")] for line in text.splitlines()
                     if line.count("|") > 5]
            rows = [dict(zip(lines[0], line)) for line in lines[1:]]
            self.assertEqual([row["Journey"] for row in rows], ["0", "1"])
            self.assertEqual([row["State"] for row in rows], ["delivered", "waiting"])
            self.assertEqual([row["Undelivered is with"] for row in rows], ["", URL])
            self.assertEqual([row["Hops"] for row in rows], ["2", "1"])
            self.assertEqual([row["Delivered"] for row in rows], ["1", "0"])
            self.assertEqual(rows[0]["Frame"], str(first))
            self.assertEqual(rows[0]["Certainty"], "certain")

    def test_ladder(self):
        story = Story()
        story.leave([TEXT])
        story.leave([b"another"], "dpp:///c")
        story.fetch([TEXT])
        text = self.ws.run([TSHARK, "-q", "-n", "-2", "-r", self.write(story.capture), "-z",
                            "flow,grvsstp_journeys,standard,sstp.journey == 0"])
        self.assertIn("#0 hop 0", text)
        self.assertIn("#0 hop 1", text)
        self.assertIn("journey 0, hop 1, certain, from ", text)
        self.assertNotIn("#1", text)


if __name__ == "__main__":
    main()
