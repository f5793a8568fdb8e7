# SPDX-License-Identifier: GPL-2.0-or-later
"""Commands come out of TCP whole and in order, however the segments are cut."""

import random

import harness
from harness import DissectTest, commands_in, stories
from pdml import normal
from stories import CLIENT, RELAY, sstp

# Enough to tell every command of the short conversation apart, and cheap to extract.
FIELDS = ["tcp.stream", "sstp.command", "sstp.command.length", "sstp.session_id", "sstp.event_id",
          "sstp.message_count", "sstp.target_device_url", "sstp.source_device_url",
          "sstp.auth_token", "sstp.registration_token", "sstp.product.version",
          "sstp.resource_url", "sstp.identity_url", "sstp.device_url", "sstp.account_url",
          "sstp.fanout.index", "sstp.open.response", "sstp.session_status.count",
          "sstp.message.user_ref", "sstp.data", "sstp.close.reason",
          "sstp.connect_close.return_time"]
OURS = FIELDS[1:]


class Framing(DissectTest):
    def columns(self, file, **keywords):
        """{tcp.stream: {field: [values in order]}}, empty values left out."""
        streams = {}
        for row in self.ws.fields(file, FIELDS, "-Y", "grvsstp", **keywords):
            stream = streams.setdefault(int(row[0][0]), {field: [] for field in OURS})
            for field, values in zip(OURS, row[1:]):
                stream[field] += [v.replace(":", "") if field in ("sstp.data", "sstp.auth_token")
                                  else v for v in values if v]
        return streams

    def encoded(self, story):
        wanted = {field: [] for field in OURS}
        for command in stories.commands_of(story):
            for name, value in command.fields:
                if name in wanted and value:
                    wanted[name].append(value)
        return wanted

    def assert_streams(self, file, story_list, label="", **keywords):
        seen = self.columns(file, **keywords)
        self.assertEqual(sorted(seen), list(range(len(story_list))), label)
        for number, story in enumerate(story_list):
            wanted = self.encoded(story)
            for field in OURS:
                self.assertEqual(seen[number][field], wanted[field],
                                 "%s, connection %d: %s" % (label, number, field))

    def assert_no_findings(self, file, **keywords):
        self.assertEqual(self.ws.count(file, "_ws.expert.group != 0x0a000000 and sstp and "
                                             "_ws.expert.severity >= 0x600000", **keywords), 0)
        self.assertEqual(self.ws.count(file, "_ws.malformed or sstp.expert.gap", **keywords), 0)

    def test_cut_everywhere(self):
        """One connection for each byte of the conversation, cut there."""
        story = stories.short_conversation()
        total = len(sstp.join(stories.commands_of(story)))
        capture = harness.new_capture()
        for cut in range(1, total):
            stories.play(capture.connection(harness.client_address(cut)), story, cut=cut)
        file = self.write(capture)
        for two_pass in (False, True):
            self.assert_streams(file, [story] * (total - 1), "-2: %r" % two_pass,
                                two_pass=two_pass)
        self.assert_no_findings(file)

    def test_pieces_say_whose_they_are(self):
        """Pieces of a split command have its connection, side and encapsulation."""
        capture = harness.new_capture()
        stories.play(capture.connection(), stories.greeting(), size=40)
        for two_pass in (False, True):
            rows = self.ws.fields(self.write(capture), [
                "sstp.command.part", "sstp.stream", "sstp.from_initiator", "sstp.encap"],
                "-Y", "sstp.command.part", two_pass=two_pass)
            self.assertGreater(len(rows), 3)
            self.assertEqual({(row[1][0], row[3][0]) for row in rows}, {("0", "0")})
            self.assertEqual({normal("sstp.from_initiator", row[2][0]) for row in rows},
                             {"0", "1"})

    def test_cut_everywhere_without_syn(self):
        """The same where the capture began later, at a command.  (The first command
        of each side stays whole: a few bytes of one tell nobody what they are.)"""
        story = stories.short_conversation()
        total = len(sstp.join(stories.commands_of(story)))
        first = len(story[0][1]) + len(story[1][1])
        capture = harness.new_capture()
        for cut in range(first, total):
            stories.play(capture.connection(harness.client_address(cut), handshake=False), story,
                         cut=cut)
        self.assert_streams(self.write(capture), [story] * (total - first))

    def test_small_segments(self):
        """Segments of 1, 2, 3, ... bytes, on the port and on another one."""
        story = stories.short_conversation()
        capture = harness.new_capture()
        for size in range(1, 41):
            stories.play(capture.connection(harness.client_address(size)), story, size=size)
        for two_pass in (False, True):
            self.assert_streams(self.write(capture), [story] * 40, two_pass=two_pass)
        self.assert_no_findings(self.write(capture))

    def test_random_cuts(self):
        seed = 2492
        chance = random.Random(seed)
        story = stories.conversation(6)
        data = [(side, octets) for side, octets, _ in stories.turns(story)]
        capture = harness.new_capture()
        for number in range(60):
            connection = capture.connection(harness.client_address(number))
            for side, octets in data:
                cuts = [chance.randrange(len(octets)) for _ in range(chance.randrange(12))]
                connection.send(octets, side, cuts=cuts)
        self.assert_streams(self.write(capture), [story] * 60, "seed %d" % seed)

    def test_interleaved_connections(self):
        """Every connection has state of its own, IPv6 too."""
        story = stories.conversation(6)
        capture = harness.new_capture()
        connections = [capture.connection(harness.client_address(n)) for n in range(10)]
        connections += [capture.connection(("2001:db8::%x" % n, 40000), ("2001:db8::ffff", 2492))
                        for n in range(1, 6)]
        for from_client, octets, _ in stories.turns(story):
            for at in range(0, len(octets), 50):
                for connection in connections:
                    connection.send(octets[at:at + 50], from_client)
        self.assert_streams(self.write(capture), [story] * 15)

    def test_many_in_a_segment(self):
        """Several commands share a segment and the Info column; none is forgotten."""
        story = stories.greeting()
        sequence = [(CLIENT, c) for c in sstp.message_sequence(0x21, b"x")]
        noops = [(RELAY, sstp.noop(0))] * 200
        capture = harness.new_capture()
        connection = capture.connection()
        stories.play(connection, story + sequence + noops)
        file = self.write(capture)
        frames = self.ws.dissect(file)
        layers = commands_in(frames)
        self.assert_commands(layers, stories.commands_of(story + sequence + noops))
        self.assertEqual(len(frames[-1].commands), 200)
        infos = self.ws.info(file)
        self.assertEqual(infos[-2], ("GRVSSTP", "Message, Data, EndMessage s=0x21"))
        self.assertRegex(infos[-1][1], r"^Noop, Noop, Noop(, Noop)* and \d+ more$")

    def test_info_column(self):
        capture = harness.new_capture()
        connection = capture.connection()
        story = [(side, c) for side, c in stories.greeting()]
        story += [(CLIENT, sstp.end_message(0x21)), (RELAY, sstp.noop(2)),
                  (CLIENT, sstp.close(0x21, 0x15))]
        stories.play(connection, story)
        connection.send(sstp.join([sstp.data(1, b"a"), sstp.data(2, b"b")]))
        self.assertEqual([info for protocol, info in self.ws.info(self.write(capture))
                          if protocol == "GRVSSTP"],
                         ["Connect 1.6 to grooveDNS://relay1.example", "ConnectResponse Ok 1.6",
                          "EndMessage s=0x21", "Noop [acks 2]", "Close s=0x21 EmptySession",
                          "Data s=0x1, Data s=0x2"])

    def test_many_segments(self):
        """A FanoutOpen of 65,535 bytes, the largest command there is."""
        entries = [("grooveIdentity://%d" % n, "", "") for n in range(2000)]
        fanout = sstp.fanout_open(0x22, "res", entries, 6)
        fill = 65535 - len(fanout)
        entries.append(("x" * (fill - 4), "", ""))
        fanout = sstp.fanout_open(0x22, "res", entries, 6)
        self.assertEqual(len(fanout), 65535)
        story = stories.greeting() + [(CLIENT, fanout), (CLIENT, sstp.noop(0))]
        for size in (1460, 977, 65000):
            capture = harness.new_capture()
            connection = capture.connection()
            frames = stories.play(connection, story, size=size)
            numbers = [str(capture.number(f)) for f in frames[2:]]
            for two_pass in (False, True):
                seen = self.ws.dissect(self.write(capture), two_pass=two_pass)
                layers = commands_in(seen)
                self.assert_commands(layers, stories.commands_of(story))
                self.assert_quiet(seen)
                self.assertEqual(layers[2].values("sstp.command.segment"), numbers)
                if two_pass:
                    forward = [layer.values("sstp.command.reassembled_in")
                               for frame in seen for layer in frame.ours
                               if not layer.values("sstp.command")]
                    self.assertEqual(forward, [[numbers[-1]]] * (len(numbers) - 1))

    def test_segments_of_a_command(self):
        """sstp.command.segment names each frame once, a command in one frame has none."""
        capture = harness.new_capture()
        connection = capture.connection()
        stories.play(connection, stories.greeting())
        data = sstp.data(0x21, b"0123456789" * 10)
        first, second, third = connection.send(sstp.join([sstp.noop(), data, sstp.noop()]),
                                               cuts=[8, 50])
        one, two, three = (capture.number(f) for f in (first, second, third))
        frames = self.ws.dissect(self.write(capture), two_pass=True)
        by_number = {frame.number: frame for frame in frames}
        layers = by_number[three].commands
        self.assertEqual([layer.one("sstp.command") for layer in layers], ["0x0e", "0x10"])
        self.assertEqual(layers[0].values("sstp.command.segment"),
                         [str(one), str(two), str(three)])
        self.assertEqual(layers[1].values("sstp.command.segment"), [])
        for number in (one, two):
            self.assertEqual(by_number[number].ours[-1].one("sstp.command.reassembled_in"),
                             str(three))
        self.assertEqual(by_number[one].commands[0].values("sstp.command.segment"), [])
        self.assertEqual(by_number[three].value("sstp.data"), (b"0123456789" * 10).hex())

    def test_length_without_meaning_never_loops(self):
        """Segments full of headers that lead nowhere end, and quickly."""
        capture = harness.new_capture()
        connection = capture.connection()
        stories.play(connection, stories.greeting())
        for length in (0, 1, 2):
            connection.send(sstp.with_length(sstp.noop(), length).data[:3] * 400)
        connection.send(sstp.join([sstp.noop(3)] * 5))
        frames = self.ws.dissect(self.write(capture))
        self.assertEqual([layer.one("sstp.message_count") for layer in frames[-1].commands],
                         ["3"] * 5)


if __name__ == "__main__":
    harness.main()
