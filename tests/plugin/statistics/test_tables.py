# SPDX-License-Identifier: GPL-2.0-or-later
"""`-z grvsstp,connections`, `grvsstp,sessions` and `grvsstp,acks`."""

import random

from statistics_harness import (CARRIERS, DEVICE, PASSES, RELAY, SIDES, Capture, Place, Plain,
                                StatisticsTest, Story, Truth, main, randomly, rank, sstp)

SECOND = 1_000_000_000


def seconds(ns):
    return "%.6f" % (ns / SECOND)


def all_carriers(seed):
    """A conversation over each encapsulation, all in one capture, chunk by chunk in
    turn."""
    rng = random.Random(seed)
    capture = Capture()
    stories = []
    for stream, (name, make, _, _) in enumerate(CARRIERS):
        stories.append(Story(capture, make(capture, Place(stream + 1)), name, stream))
        stories[-1].open()
        stories[-1].greet()
    steps = [(story, randomly(story, rng)) for story in stories]
    while steps:
        story, going = rng.choice(steps)
        if next(going, "over") == "over":
            steps.remove((story, going))
            story.close()
    return capture, stories


class TableTest(StatisticsTest):
    def tables(self, capture, **keywords):
        """Both passes' lines of the three tables; the passes have to agree."""
        path = self.write(capture)
        found = []
        for two_pass, label in PASSES:
            found.append([self.table(path, name, two_pass=two_pass, **keywords)
                          for name in ("connections", "sessions", "acks")])
        self.assertEqual(found[0], found[1])
        return found[0]

    def story(self, **keywords):
        capture = Capture()
        story = Story(capture, Plain(capture, Place(1), **keywords))
        story.open()
        return capture, story

    # -- against the truth -------------------------------------------------

    def assert_connection(self, row, story, truth):
        _, _, port, has_port = next(c for c in CARRIERS if c[0] == story.name)
        place = story.carrier.place
        frames = [frame for frame, _ in truth.frames()]
        times = [frame.time for frame in frames]
        wanted = {
            "Stream": str(story.stream), "Encapsulation": story.name, "Version": "1.6",
            "Acceptor": "%s:%d" % (place.server, port), "State": "closed",
            "First frame": str(story.capture.number(frames[0])),
            "Last frame": str(story.capture.number(frames[-1])),
            "Duration": seconds(max(times) - min(times)),
            "Sessions": str(len(truth.sessions))}
        for me, side in ((True, "Init."), (False, "Acc.")):
            wanted["%s commands" % side] = str(truth.commands[me])
            wanted["%s messages" % side] = str(truth.messages[me])
            wanted["%s payload" % side] = str(truth.payload[me])
            wanted["%s outstanding" % side] = str(len(truth.waiting[me]))
        initiator = row.pop("Initiator")
        self.assertEqual(row, wanted)
        self.assertEqual(initiator.split(":")[0], place.client)
        self.assertEqual(":" in initiator, has_port)

    def assert_sessions(self, rows, story, truth):
        rows = {row["Session"]: row for row in rows if row["Stream"] == str(story.stream)}
        self.assertEqual(set(rows), set(truth.sessions))
        for name, session in truth.sessions.items():
            is_closed = name == "0x00000022"
            self.assertEqual(rows[name], {
                "Stream": str(story.stream), "Session": name, "ResourceURL": "apphandler",
                "Originator": SIDES[name < "0x8"], "Kind": "messages",
                "State": "closed" if is_closed else "ready",
                "Opened in": str(session["opened in"]), "Last frame": str(session["last frame"]),
                "Commands": str(session["commands"]), "Messages": str(session["messages"]),
                "Payload": str(session["payload"]), "Blocked": "0", "Destinations": "",
                "End": "Close Idle" if is_closed else ""})

    def assert_acks(self, rows, story, truth):
        rows = {row["From"]: row for row in rows if row["Stream"] == str(story.stream)}
        for me in (True, False):
            row, latencies = rows[SIDES[me]], truth.latencies[me]
            self.assertEqual(row["Messages"], str(truth.messages[me]))
            self.assertEqual(row["Counts"], str(truth.counts[me]))
            self.assertEqual(row["Acknowledged"], str(len(latencies)))
            self.assertEqual(row["Unacknowledged"], str(len(truth.waiting[me])))
            self.assertEqual(row["Most outstanding"], str(truth.most[me]))
            self.assert_latencies(row, latencies)

    def assert_latencies(self, row, latencies):
        self.assertEqual(row["Minimum (s)"], seconds(min(latencies)))
        self.assertEqual(row["Median (s)"], seconds(rank(latencies, 500)))
        self.assertEqual(row["95% (s)"], seconds(rank(latencies, 950)))
        self.assertEqual(row["Maximum (s)"], seconds(max(latencies)))
        self.assertAlmostEqual(float(row["Average (s)"]),
                               sum(latencies) / len(latencies) / SECOND, delta=1e-6)

    def test_every_encapsulation_at_once(self):
        for seed in range(2):
            with self.subTest(seed=seed):
                capture, stories = all_carriers(seed)
                connections, sessions, acks = self.tables(
                    capture, preferences=["tcp.reassemble_out_of_order:TRUE"])
                self.assertEqual(len(connections), len(stories))
                for story, row in zip(stories, connections):
                    truth = Truth(story)
                    self.assert_connection(row, story, truth)
                    self.assert_sessions(sessions, story, truth)
                    self.assert_acks(acks, story, truth)

    # -- acknowledgement ---------------------------------------------------

    def test_ranks(self):
        """Of 1, 2, 3... messages, each with a wait of its own."""
        rng = random.Random(7)
        capture = Capture(tick=1000)
        stories = []
        for stream, number in enumerate((1, 2, 3, 19, 20, 21, 39, 40, 41, 100)):
            story = Story(capture, Plain(capture, Place(stream + 1)), stream=stream)
            stories.append(story)
            story.open()
            story.greet()
            story.open_session(0x21)
            for _ in range(number):
                story.send(0x21, b"a" * rng.randint(1, 50))
                capture.now += rng.randint(0, 3000) * 1000
                story.acknowledge(False, 1)
        _, _, acks = self.tables(capture)
        self.assertEqual(len(acks), len(stories))
        for story, row in zip(stories, acks):
            with self.subTest(story.stream):
                self.assert_latencies(row, Truth(story).latencies[True])

    def test_one_count_for_many(self):
        capture, story = self.story()
        story.greet()
        story.open_session(0x21)
        for _ in range(300):
            story.say(True, *[command for _ in range(100)
                              for command in sstp.message_sequence(0x21, b"x")])
        story.acknowledge(False, 30000)
        connections, _, acks = self.tables(capture)
        self.assertEqual(connections[0]["Init. outstanding"], "0")
        self.assertEqual((acks[0]["Messages"], acks[0]["Counts"], acks[0]["Acknowledged"],
                          acks[0]["Most outstanding"]), ("30000", "1", "30000", "30000"))
        self.assert_latencies(acks[0], Truth(story).latencies[True])

    def test_nothing_acknowledged(self):
        capture, story = self.story()
        story.greet()
        story.open_session(0x21)
        story.send(0x21)
        story.send(0x21)
        connections, _, acks = self.tables(capture)
        self.assertEqual(connections[0]["Init. outstanding"], "2")
        self.assertEqual(connections[0]["Acc. outstanding"], "0")
        self.assertEqual(len(acks), 1)
        self.assertEqual((acks[0]["Acknowledged"], acks[0]["Unacknowledged"]), ("0", "2"))
        self.assertEqual({acks[0][c] for c in acks[0] if c.endswith("(s)")}, {""})

    def test_more_counted_than_sent(self):
        capture, story = self.story()
        story.greet()
        story.open_session(0x21)
        story.send(0x21)
        story.acknowledge(False, 5)
        _, _, acks = self.tables(capture)
        self.assertEqual((acks[0]["Acknowledged"], acks[0]["Unacknowledged"]), ("1", "0"))

    # -- what is not known -------------------------------------------------

    def test_late(self):
        """Without a Connect nothing is known of what is outstanding."""
        capture, story = self.story(handshake=False)
        story.say(True, *sstp.message_sequence(0x21, b"text"))
        story.acknowledge(False, 1)
        story.say(True, *sstp.message_sequence(0x21, b"more"))
        connections, sessions, acks = self.tables(capture)
        self.assertEqual((connections[0]["Version"], connections[0]["Init. outstanding"],
                          connections[0]["Acc. outstanding"]), ("", "", ""))
        self.assertEqual((connections[0]["Init. messages"], connections[0]["Init. payload"]),
                         ("2", "8"))
        self.assertEqual((sessions[0]["ResourceURL"], sessions[0]["Opened in"],
                          sessions[0]["State"], sessions[0]["Messages"]), ("", "", "ready", "2"))
        self.assertEqual((acks[0]["Messages"], acks[0]["Acknowledged"],
                          acks[0]["Unacknowledged"]), ("2", "0", ""))

    def test_trusting(self):
        """...unless the user says that nothing was."""
        capture, story = self.story(handshake=False)
        story.say(True, *sstp.message_sequence(0x21, b"text"))
        story.acknowledge(False, 1)
        story.say(True, *sstp.message_sequence(0x21, b"more"))
        _, _, acks = self.tables(capture,
                                 preferences=["grvsstp.assume_nothing_outstanding:TRUE"])
        self.assertEqual((acks[0]["Acknowledged"], acks[0]["Unacknowledged"]), ("1", "1"))

    def test_not_followed(self):
        """Without states the commands are still counted."""
        capture, story = self.story()
        story.greet()
        story.open_session(0x21)
        story.send(0x21)
        connections, sessions, acks = self.tables(capture,
                                                  preferences=["grvsstp.follow_states:FALSE"])
        self.assertEqual((connections[0]["Init. commands"], connections[0]["State"],
                          connections[0]["Sessions"]), ("5", "", "0"))
        self.assertEqual(sessions, [])
        self.assertEqual(acks[0]["Messages"], "1")

    def test_nothing_of_ours(self):
        capture = Capture()
        capture.connection(server=("198.51.100.1", 9)).send(b"nothing")
        self.assertEqual(self.tables(capture), [[], [], []])

    # -- sessions ----------------------------------------------------------

    def test_ends(self):
        """What refused or closed a session, and how many destinations it has."""
        entries = [("grooveIdentity://%d" % i, "dpp:///d%d" % i, RELAY) for i in range(3)]
        capture, story = self.story()
        story.greet()
        for session_id, resource, answer in ((0x21, "apphandler", sstp.open_response(0x21, 4)),
                                             (0x22, "apphandler", sstp.close(0x22, 0x0d)),
                                             (0x23, "apphandler", sstp.close(0x23, 0x77))):
            story.say(True, sstp.open_session(session_id, resource, "grooveIdentity://a", DEVICE))
            story.say(False, answer)
        story.say(True, sstp.fanout_open(0x24, "apphandler", entries, minor=6))
        story.say(False, sstp.open_response(0x24, 0x0b))
        story.say(False, sstp.session_status(0x24, 2, indexes=[1]))
        story.say(False, sstp.open_response(0x24, 0x09), sstp.open_response(0x24, 0x0a))
        story.say(True, sstp.attach(0x25, RELAY, "grooveAccount://a"))
        story.say(False, sstp.attach_response(0x25, 1))
        _, sessions, _ = self.tables(capture)
        shown = [(row["Session"], row["Kind"], row["End"], row["Destinations"], row["Blocked"])
                 for row in sessions]
        self.assertEqual(shown, [
            ("0x00000021", "messages", "OpenResponse NoResource", "", "0"),
            ("0x00000022", "messages", "Close InternalError", "", "0"),
            ("0x00000023", "messages", "Close 0x77", "", "0"),
            ("0x00000024", "fanout", "", "2 of 3", "2"),
            ("0x00000025", "attach", "AttachResponse AttachRejected", "", "0")])

    def test_id_used_again(self):
        """Two sessions of one number are two lines."""
        capture, story = self.story()
        story.greet()
        for resource in ("first", "second"):
            story.open_session(0x21, resource)
            story.send(0x21)
            story.say(True, sstp.close(0x21))
        _, sessions, _ = self.tables(capture)
        self.assertEqual([(row["Session"], row["ResourceURL"], row["Messages"])
                          for row in sessions],
                         [("0x00000021", "first", "1"), ("0x00000021", "second", "1")])

    def test_many_sessions(self):
        """More than fit into one block of anything."""
        capture, story = self.story()
        story.greet()
        ids = range(0x21, 0x21 + 3000)
        story.say(True, *[sstp.open_session(i, "r%d" % i, "grooveIdentity://a", DEVICE)
                          for i in ids])
        story.say(False, *[sstp.open_response(i) for i in ids])
        connections, sessions, _ = self.tables(capture)
        self.assertEqual(connections[0]["Sessions"], "3000")
        self.assertEqual([(row["Session"], row["ResourceURL"], row["State"]) for row in sessions],
                         [("0x%08x" % i, "r%d" % i, "ready") for i in ids])

    # -- filters -----------------------------------------------------------

    def test_filter(self):
        capture, stories = all_carriers(11)
        path = self.write(capture)
        for name in ("connections", "sessions", "acks"):
            rows = self.table(path, "%s,sstp.stream == 5" % name)
            self.assertEqual({row["Stream"] for row in rows}, {"5"}, name)
        truth = Truth(stories[5])
        rows = self.table(path, "connections,sstp.stream == 5 && sstp.command == 0x0f")
        self.assertEqual(int(rows[0]["Init. messages"]), truth.messages[True])
        self.assertLess(int(rows[0]["Init. commands"]), truth.commands[True])

    def test_wrong_filter(self):
        capture, story = self.story()
        story.greet()
        path = self.write(capture)
        for name in ("connections", "sessions", "acks"):
            done = self.ws.tshark(path, "-q", "-z", "grvsstp,%s,sstp.nonsense" % name, check=False)
            self.assertNotEqual(done.returncode, 0, name)
            self.assertIn("sstp.nonsense", done.stderr, name)


if __name__ == "__main__":
    main()
