# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures that lack something: lost, late, repeated and shortened segments, and
conversations that were under way already."""

import os
import random

import encapsulated
import harness
from harness import DissectTest, commands_in, stories
from mutate import MILLISECOND, Joined, read_packets, skewed
from stories import CLIENT, RELAY, sstp
from wireshark_test import BAD

OUT_OF_ORDER = "tcp.reassemble_out_of_order:TRUE"


def numbered(count, size=40, session_id=0x21):
    """Messages whose Data tells which one it is."""
    story = []
    for number in range(count):
        payload = b"%06d " % number + bytes((number + i) & 0x7F for i in range(size - 7))
        story += [(CLIENT, c) for c in sstp.message_sequence(session_id, payload,
                                                             user_ref="n%d" % number)]
    return story


def opened():
    """What comes before messages of session 0x21."""
    return stories.greeting() + [(CLIENT, sstp.open_session(0x21, "res", "id", "dpp:///b")),
                                 (RELAY, sstp.open_response(0x21, 0))]


class Loss(DissectTest):
    def setup_connection(self, **keywords):
        capture = harness.new_capture()
        connection = capture.connection(**keywords)
        stories.play(connection, opened())
        return capture, connection

    def shown(self, frames):
        """(id, session, user reference, data) of each command, in order."""
        return [(layer.one("sstp.command"), layer.one("sstp.session_id"),
                 layer.one("sstp.message.user_ref"), layer.one("sstp.data"))
                for layer in commands_in(frames)]

    def encoded(self, commands):
        def first(command, field):
            return (command.values(field) or [None])[0]
        return [("0x%02x" % c.data[0], first(c, "sstp.session_id"),
                 first(c, "sstp.message.user_ref"), first(c, "sstp.data")) for c in commands]

    def assert_honest(self, frames, story, label):
        """What is shown was sent, in the order it was sent, and nothing else is found
        but the gap."""
        rest = iter(self.encoded(stories.commands_of(story)))
        for command in self.shown(frames):
            self.assertTrue(any(self.is_begun(command, sent) for sent in rest),
                            "%s: %r was never sent (so)" % (label, command))
        for frame in frames:
            self.assertEqual([f for f, severity in frame.findings if severity != "note"], [],
                             "%s: frame %d" % (label, frame.number))
            self.assertFalse(frame.is_malformed, label)

    @staticmethod
    def is_begun(shown, sent):
        """What is shown is the command sent, or the part of it that was captured."""
        return shown[0] == sent[0] and all(
            mine is None or (theirs is not None and theirs.startswith(mine))
            for mine, theirs in zip(shown[1:], sent[1:]))

    def gaps(self, frames):
        return [frame.number for frame in frames if ("gap", "note") in frame.findings]

    # -- late segments -----------------------------------------------------

    def test_first_segment_late(self):
        """What TCP kept until then has lost what it acknowledged: nobody is blamed by it."""
        packets = read_packets(os.path.join(harness.HERE, "cases", "reference.pcap"))
        times = [packet.time for packet in packets]
        first, second = [at for at, packet in enumerate(packets) if packet.payload and
                         packet.sender == packets[0].sender][:2]
        for places in range(3):
            late = list(packets)
            late.insert(first - places, late.pop(second))
            joined = Joined()
            joined.add([packet.at(time) for packet, time in zip(late, times)], None)
            capture = joined.capture.write(self.ws.path("late.pcapng"))
            for two_pass in (False, True):
                frames = self.ws.dissect(capture, two_pass=two_pass, preferences=[OUT_OF_ORDER])
                self.assertEqual([finding for frame in frames for finding in frame.findings
                                  if finding[1] in BAD or finding[0] == "gap"], [],
                                 "%d places before, %s" % (places, two_pass))

    # -- lost segments -----------------------------------------------------

    def test_lost_at_command_boundaries(self):
        """A segment of whole commands is lost: a gap, and everything else is there."""
        capture, connection = self.setup_connection()
        opening = commands_in(self.ws.dissect(self.write(capture)))
        frames = [connection.send(sstp.join([c for _, c in numbered(10)[at:at + 3]]))[0]
                  for at in range(0, 30, 3)]
        capture.lose(frames[4], frames[5])
        behind = capture.number(frames[6])
        for two_pass in (False, True):
            seen = self.ws.dissect(self.write(capture), two_pass=two_pass)
            left = [c for at, (_, c) in enumerate(numbered(10)) if at // 3 not in (4, 5)]
            self.assertEqual(self.shown(seen)[len(opening):], self.encoded(left))
            # One pass cannot know whether the segment is only late.
            self.assertEqual(self.gaps(seen), [behind] if two_pass else [])
            self.assert_honest(seen[len(capture.frames) - len(frames) + 2:], numbered(10), "")

    def test_lost_anywhere(self):
        """Any one segment of a cut stream is lost: the framing is found again."""
        story = numbered(12)
        data = sstp.join(stories.commands_of(story))
        for size in (30, 97, 300):
            count = -(-len(data) // size)
            capture = harness.new_capture()
            connections = []
            for lost in range(1, count - 1):
                connection = capture.connection(harness.client_address(lost))
                stories.play(connection, opened())
                frames = connection.send(data, size=size)
                capture.lose(frames[lost])
                connections.append((lost, frames))
            seen = self.ws.dissect(self.write(capture), two_pass=True)
            for number, (lost, frames) in enumerate(connections):
                label = "segment %d of %d, each %d bytes" % (lost, count, size)
                mine = self.stream_of(seen, number)
                whole = opened() + story
                self.assert_honest(mine, whole, label)
                self.assertEqual(self.gaps(mine), [capture.number(frames[lost + 1])], label)
                # Before the loss everything, after it all but at most four commands.
                ends, end = [], 0
                for command in stories.commands_of(story):
                    end += len(command)
                    ends.append(end)
                before = sum(1 for e in ends if e <= lost * size)
                after = sum(1 for e, c in zip(ends, stories.commands_of(story))
                            if e - len(c) >= (lost + 1) * size)
                shown = len(commands_in(mine)) - 2
                self.assertGreaterEqual(shown, before + after - 4, label)

    def test_lost_inside_data(self):
        """A hole inside one big command: framing goes on after it exactly."""
        capture, connection = self.setup_connection()
        big = sstp.data(0x21, bytes(i & 0xFF for i in range(2048)))
        story = [(CLIENT, sstp.message(0x21, 0, user_ref="big")), (CLIENT, big),
                 (CLIENT, sstp.end_message(0x21))] + numbered(3)
        frames = connection.send(sstp.join(stories.commands_of(story)), size=500)
        capture.lose(frames[1])
        seen = self.ws.dissect(self.write(capture), two_pass=True)
        self.assertEqual(self.shown(seen)[-10:], self.encoded([c for _, c in story[2:]]))
        self.assertEqual(self.gaps(seen), [capture.number(frames[2])])
        self.assertEqual([f for frame in seen for f in frame.findings if f[1] != "note"], [])

    @staticmethod
    def everything(story):
        return opened() + [
            (CLIENT, sstp.open_session(0x21, "res", "id", "dpp:///b")),
            (RELAY, sstp.open_response(0x21, 0))] + story

    def test_losses_both_ways(self):
        """Random losses in both directions: nothing is shown that was not sent."""
        for seed in range(20):
            chance = random.Random(seed)
            capture, connection = self.setup_connection()
            story = []
            for number in range(30):
                sequence = numbered(number + 1)[-3:]
                story += sequence + [(RELAY, sstp.noop(1))]
                frames = connection.send(sstp.join(stories.commands_of(sequence)),
                                         size=chance.choice((20, 64, 1460)))
                frames += connection.send(sstp.noop(1).data, from_client=False)
                capture.lose(*[f for f in frames if chance.random() < 0.1])
            whole = self.everything(story)
            seen = self.ws.dissect(self.write(capture))
            sides = {True: [], False: []}
            for layer in commands_in(seen):
                sides[layer.one("sstp.from_initiator") == "1"].append(layer.one("sstp.command"))
            for side in (CLIENT, RELAY):
                rest = iter("0x%02x" % c.data[0] for s, c in whole if s == side)
                for command in sides[side]:
                    self.assertIn(command, rest, "seed %d" % seed)
                self.assertGreater(len(sides[side]), 20, "seed %d" % seed)
            for frame in seen:
                self.assertEqual([f for f in frame.findings if f[1] != "note"], [],
                                 "seed %d, frame %d" % (seed, frame.number))

    # -- order -------------------------------------------------------------

    def test_swapped(self):
        """Swapped segments come out right, with TCP's own preference and without it."""
        story = numbered(12)
        data = sstp.join(stories.commands_of(story))
        capture = harness.new_capture()
        swaps = range(1, 12)
        for number in swaps:
            connection = capture.connection(harness.client_address(number))
            stories.play(connection, opened())
            frames = connection.send(data, size=61)
            capture.swap(frames[number], frames[number + 1])
        whole = self.encoded(stories.commands_of(opened() + story))
        # Each command is where its last byte is, which one pass cannot know.
        for preferences in ([OUT_OF_ORDER], []):
            seen = self.ws.dissect(self.write(capture), preferences=preferences, two_pass=True)
            for number in range(len(swaps)):
                mine = self.stream_of(seen, number)
                self.assertCountEqual(self.shown(mine), whole, number)
                self.assert_quiet(mine, number)
            seen = self.ws.dissect(self.write(capture), preferences=preferences)
            for number in range(len(swaps)):
                mine = self.stream_of(seen, number)
                self.assertEqual([c for c in self.shown(mine) if c not in whole], [], number)
                self.assertEqual(self.gaps(mine), [], number)

    def test_repeated(self):
        """Retransmissions, whole, in part and overlapping, and duplicates in the
        capture: no command twice, no finding."""
        story = numbered(6)
        data = sstp.join(stories.commands_of(story))

        def duplicate(capture, connection):
            frames = connection.send(data, size=80)
            for frame in frames:
                capture.repeat(frame)

        def retransmit(_, connection):
            for at in range(0, len(data), 80):
                piece = data[at:at + 80]
                connection.send(piece)
                connection.send_again(piece, len(piece))

        def much_later(_, connection):
            connection.send(data, size=80)
            connection.send_again(data[:80], len(data))

        def keep_alive(_, connection):
            connection.send(data[:100])
            connection.keep_alive()
            connection.send(data[100:])

        for repeat in (duplicate, retransmit, much_later, keep_alive):
            capture = harness.new_capture()
            connection = capture.connection()
            stories.play(connection, opened())
            repeat(capture, connection)
            for preferences in ((), (OUT_OF_ORDER,)):
                seen = self.ws.dissect(self.write(capture), preferences=preferences)
                label = "%s %s" % (repeat.__name__, preferences)
                self.assertEqual(self.shown(seen), self.encoded(
                    stories.commands_of(opened() + story)), label)
                self.assert_quiet(seen, label)

    def test_overlapping(self):
        """Segments that bring old bytes with new ones after: TCP hands these on only
        in parts, so commands may be missed, but none is shown twice or wrong."""
        story = numbered(12)
        data = sstp.join(stories.commands_of(story))
        capture = harness.new_capture()
        for number, overlap in enumerate((1, 30, 99)):
            connection = capture.connection(harness.client_address(number))
            stories.play(connection, opened())
            connection.send(data[:100])
            connection.next[0] -= overlap
            connection.send(data[100 - overlap:200])
            connection.send(data[200:], size=70)
        for preferences in ((), (OUT_OF_ORDER,)):
            seen = self.ws.dissect(self.write(capture), preferences=preferences)
            for number in range(3):
                mine = self.stream_of(seen, number)
                self.assert_honest(mine, opened() + story, number)
                self.assertGreater(len(commands_in(mine)), 25)

    # -- parts of a conversation -------------------------------------------

    def test_mid_stream(self):
        """The capture begins anywhere, in the middle of a command, without SYN; the
        other side's first Noop tells what this is."""
        story = numbered(8)
        data = sstp.join(stories.commands_of(story))
        starts = range(0, 150, 7)
        capture = harness.new_capture()
        for start in starts:
            connection = capture.connection(harness.client_address(start), handshake=False)
            connection.send(data[start:start + 60])
            connection.send(sstp.noop(1).data, from_client=False)
            connection.send(data[start + 60:], size=120)
        seen = self.ws.dissect(self.write(capture))
        for number, start in enumerate(starts):
            mine = self.stream_of(seen, number)
            sent = [layer for layer in commands_in(mine) if layer.one("sstp.command") != "0x10"]
            self.assertEqual(len(commands_in(mine)) - len(sent), 1, start)
            self.assertGreaterEqual(len(sent), 14, start)
            rest = iter(self.encoded(stories.commands_of(story)))
            for command in self.shown(mine):
                if command[0] != "0x10":
                    self.assertTrue(any(self.is_begun(command, one) for one in rest), start)
            self.assertEqual([f for frame in mine for f in frame.findings if f[1] != "note"], [])

    def test_half_a_connection(self):
        """Only one direction was captured."""
        for side in (CLIENT, RELAY):
            for handshake in (True, False):
                capture = harness.new_capture()
                connection = capture.connection(handshake=handshake)
                story = stories.conversation(6)
                for from_client, octets, _ in stories.turns(story):
                    if from_client == side:
                        connection.send(octets, from_client)
                    else:
                        connection.skip(len(octets), from_client)
                seen = self.ws.dissect(self.write(capture))
                commands = [c for from_client, c in story if from_client == side]
                self.assert_commands(commands_in(seen), commands)
                self.assertEqual({layer.one("sstp.from_initiator") for layer in commands_in(seen)},
                                 {"1" if side == CLIENT else "0"})
                for frame in seen:
                    self.assertEqual([f for f in frame.findings if f[1] != "note"], [])

    def test_taken_by_others(self):
        """A server's clock so far behind that HTTP has its side of LongLived, or the beginning,
        before any request.  What it says is not known, on the other TCP connection either."""
        for sample, skews in ("longlived", (50, 100, 200)), ("longlived-proxy", (100, 200, 1000)):
            packets = read_packets(encapsulated.write(sample, self.ws.path("")))
            for skew in skews:
                joined = Joined()
                joined.add(skewed(packets, -skew * MILLISECOND), None)
                file = joined.capture.write(self.ws.path("skewed.pcapng"))
                frames = self.ws.dissect(file, two_pass=True)
                self.assertGreater(len(commands_in(frames)), 10)
                self.assertEqual([(frame.number, name) for frame in frames
                                  for name, severity in frame.findings if severity in BAD], [],
                                 "%s, %d ms" % (sample, skew))

    def test_port_used_again(self):
        """The same addresses and ports again: another connection."""
        capture = harness.new_capture()
        story = stories.conversation(6)
        for isn in (1000, 900_000):
            connection = capture.connection(client_isn=isn, server_isn=isn + 7)
            stories.play(connection, story)
            connection.fin()
        seen = self.ws.dissect(self.write(capture))
        self.assert_commands(commands_in(seen), stories.commands_of(story + story))
        self.assertEqual([layer.one("sstp.stream") for layer in commands_in(seen)],
                         ["0"] * len(story) + ["1"] * len(story))
        self.assert_quiet(seen)

    def test_sequence_numbers_wrap(self):
        capture = harness.new_capture()
        connection = capture.connection(client_isn=(1 << 32) - 700, server_isn=(1 << 32) - 90)
        story = stories.conversation(6)
        stories.play(connection, story, size=100)
        for preferences in ((), ("tcp.relative_sequence_numbers:FALSE",)):
            seen = self.ws.dissect(self.write(capture), preferences=preferences)
            self.assert_commands(commands_in(seen), stories.commands_of(story))
            self.assert_quiet(seen)

    # -- shortened frames --------------------------------------------------

    def test_snap_lengths(self):
        """Every snap length from 60 to 200: what is there is shown, nothing is
        called malformed."""
        story = stories.conversation(6)[:-3] + numbered(3)
        capture = harness.new_capture()
        lengths = range(60, 201)
        for length in lengths:
            connection = capture.connection(harness.client_address(length))
            for frame in stories.play(connection, story, size=400):
                frame.snap = length
        file = self.write(capture)
        for two_pass in (False, True):
            shown = dict.fromkeys(range(len(lengths)), 0)
            for row in self.ws.fields(file, ["tcp.stream", "sstp.command", "_ws.malformed",
                                             "sstp.expert.gap", "_ws.expert.severity"],
                                      "-Y", "grvsstp", two_pass=two_pass):
                label = "snap length %d" % lengths[int(row[0][0])]
                shown[int(row[0][0])] += len(row[1])
                self.assertEqual(row[2:4], [[], []], label)
                self.assertLess(max(map(int, row[4]), default=0), 0x600000, label)
            self.assertGreater(shown[0], 5)
            self.assertEqual(list(shown.values()), sorted(shown.values()))
            self.assertLessEqual(shown[len(lengths) - 1], len(story))

    def test_snapped_frames_say_so(self):
        """Wireshark's own note stands on each frame of ours that was cut short."""
        capture = harness.new_capture()
        connection = capture.connection()
        stories.play(connection, stories.conversation(6), singly=True)
        file = self.write(capture, snaplen=100)
        cut = [n for n, frame in enumerate(capture.frames, 1)
               if len(frame.octets) > 100 and frame.payload]
        seen = self.ws.dissect(file)
        self.assertEqual([f.number for f in seen if f.has_layer("_ws.short")], cut)
        for frame in seen:
            self.assertEqual(frame.findings, [])

    def test_a_message_snapped(self):
        """A message of which some bytes were cut off is as long as it was."""
        story = [sstp.message(5), sstp.data(5, bytes(1000)), sstp.data(5, bytes(300)),
                 sstp.end_message(5)]
        for size, number in ((200, 2), (200, 5), (1400, None)):
            capture, connection = self.setup_connection()
            frames = connection.send(sstp.join(story), size=size)
            if number is not None:
                frames[number].snap = 150
            for two_pass in (False, True):
                seen = self.ws.dissect(self.write(capture), two_pass=two_pass)
                lengths = [command.one("sstp.message.length") for frame in seen
                           for command in frame.commands if command.values("sstp.message.length")]
                self.assertEqual(lengths, ["1300"], "size %d, frame %s" % (size, number))

    def test_a_session_id_snapped(self):
        """A Data that does not say of which session it is: nothing is told of it, and of no message
        how long it is."""
        for snap in (54 + 13 + 3, 54 + 13 + 6):  # Ethernet to TCP, the Message, a part of the header
            capture, connection = self.setup_connection()
            frames = connection.send(sstp.join([sstp.message(0x21), sstp.data(0x21, bytes(300))]),
                                     size=200)
            connection.send(sstp.join([sstp.end_message(0x21)]))
            frames[0].snap = snap
            for two_pass in (False, True):
                seen = self.ws.dissect(self.write(capture), two_pass=two_pass)
                self.assertEqual([f for frame in seen for f in frame.findings if f[1] != "note"], [])
                last = commands_in(seen)[-1]
                self.assertEqual(last.one("sstp.command"), "0x0f")
                self.assertIsNone(last.one("sstp.message.length"))
                self.assertNotIn("s=0x0", "".join(layer.one("sstp.summary")
                                                  for layer in commands_in(seen)))

    def test_destinations_snapped(self):
        """A FanoutOpen of which destinations were cut off: nobody knows how many there are."""
        entries = [("grooveIdentity://%d" % i, "dpp:///%d" % i, "", "") for i in range(3)]
        for snap in range(54 + 40, 54 + 110, 5):
            capture = harness.new_capture()
            connection = capture.connection()
            stories.play(connection, stories.greeting(6))
            frame, = connection.send(sstp.join([sstp.fanout_open(0x22, "res", entries, minor=6)]))
            frame.snap = snap
            for command in (sstp.open_response(0x22, 0x0b),
                            sstp.session_status(0x22, 5, indexes=[2])):
                connection.send(sstp.join([command]), from_client=False)
            for two_pass in (False, True):
                seen = self.ws.dissect(self.write(capture), two_pass=two_pass)
                self.assertEqual([f for shown in seen for f in shown.findings], [], "snap %d" % snap)
                for layer in commands_in(seen)[2:]:
                    self.assertNotIn("destination", layer.one("sstp.summary"))
                    self.assertIsNone(layer.one("sstp.fanout.active"))

    def test_one_frame_snapped(self):
        """One frame is short, all others are whole: framing goes on after it."""
        story = numbered(8)
        for size in (50, 200):
            capture, connection = self.setup_connection()
            frames = connection.send(sstp.join(stories.commands_of(story)), size=size)
            for snap in (54, 56, 60, 80):
                frames[1].snap = snap
                seen = self.ws.dissect(self.write(capture))
                whole = self.everything(story)
                self.assertEqual([f for frame in seen for f in frame.findings
                                  if f[1] != "note"], [])
                self.assertEqual(self.shown(seen)[-3:],
                                 self.encoded(stories.commands_of(whole))[-3:],
                                 "size %d, snap %d" % (size, snap))


if __name__ == "__main__":
    harness.main()
