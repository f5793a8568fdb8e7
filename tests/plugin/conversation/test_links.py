# SPDX-License-Identifier: GPL-2.0-or-later
"""Links between commands, and the times along them: who answers whom, who acknowledges
whom, exact to the nanosecond; on which pass; and the same whatever the order in which
frames are asked for."""

import random

import section4_acknowledgement
import section4_sessions
from scenario import (ACKS_MAX, CLIENT, FORWARD, PASSES, RELAY, STATE_FIELDS, Capture, Scenario,
                      ScenarioTest, main, sstp, state_of, stories)
from section4_sessions import APPHANDLER, OK_STOP, START, entry
from tshark import sharkd_labels

LINK_FIELDS = ("sstp.response_in", "sstp.response_to", "sstp.response_time",
               "sstp.session.opened_in", "sstp.session.resource_url", "sstp.ack.acked_in",
               "sstp.ack.acks", "sstp.ack.first", "sstp.ack.last", "sstp.ack.time",
               "sstp.message.ack_time", "sstp.message.reassembled_in")


class Timed:
    """A capture whose frames have the times that they are given."""

    def __init__(self):
        self.capture = Capture()
        self.connection = self.capture.connection()
        self.origin = self.capture.now

    def send(self, offset_ns, side, *commands, **keywords):
        """The frames' numbers; the first has this time, the next a millisecond more."""
        self.capture.now = self.origin + offset_ns
        frames = self.connection.send(sstp.join(commands), side, **keywords)
        return [self.capture.number(frame) for frame in frames]


class Links(ScenarioTest):
    def links_of(self, path, two_pass):
        """{frame: {field: values}} of the frames that show a link; frames hold a command."""
        found = {}
        for frame in self.ws.dissect(path, two_pass=two_pass):
            for layer in frame.commands:
                shown = {name: layer.values(name) for name in LINK_FIELDS if layer.values(name)}
                if shown:
                    found[frame.number] = shown
        return found

    # -- exact values ------------------------------------------------------

    def test_responses(self):
        """Connect, Open, FanoutOpen, Attach and Register with their answers: the first
        answer has the links, and each request its own."""
        second = 1_000_000_000
        t = Timed()
        rows = [
            ("Connect", t.send(0, CLIENT, sstp.connect("t", ["s"]))),
            ("ConnectResponse", t.send(250_000_001, RELAY, sstp.connect_response(sstp.OK, ["t"]))),
            ("Attach", t.send(1 * second, CLIENT, sstp.attach(1, "relay", "account", b""))),
            ("Register 2", t.send(1 * second + 7, CLIENT, sstp.register(2))),
            ("AttachResponse", t.send(3 * second + 5, RELAY, sstp.attach_response(1))),
            ("AttachAuthenticate", t.send(4 * second, CLIENT, sstp.attach_authenticate(1))),
            ("second AttachResponse", t.send(5 * second, RELAY, sstp.attach_response(1))),
            ("RegisterResponse 2", t.send(6 * second, RELAY, sstp.register_response(2))),
            ("Register 1", t.send(7 * second, CLIENT, sstp.register(1))),
            ("RegisterResponse 1", t.send(90 * second, RELAY, sstp.register_response(1))),
            ("Open", t.send(100 * second, CLIENT, sstp.open_session(3, "res", "id", "dev"))),
            ("FanoutOpen", t.send(100 * second + 1, CLIENT,
                                  sstp.fanout_open(4, "fan", [entry("B")]))),
            ("OpenResponse 4", t.send(101 * second, RELAY, sstp.open_response(4, OK_STOP))),
            ("StartSending 4", t.send(102 * second, RELAY, sstp.open_response(4, START))),
            ("OpenResponse 3", t.send(4000 * second, RELAY, sstp.open_response(3))),
        ]
        number = {name: str(frames[0]) for name, frames in rows}
        answers = {"ConnectResponse": ("Connect", "0.250000001"),
                   "AttachResponse": ("Attach", "2.000000005"),
                   "RegisterResponse 2": ("Register 2", "4.999999993"),
                   "RegisterResponse 1": ("Register 1", "83.000000000"),
                   "OpenResponse 4": ("FanoutOpen", "0.999999999"),
                   "OpenResponse 3": ("Open", "3900.000000000")}
        path = self.write(t.capture)
        for two_pass, label in PASSES:
            wanted = {}
            for answer, (request, time) in answers.items():
                wanted[answer] = {"sstp.response_to": [number[request]],
                                  "sstp.response_time": [time]}
                if two_pass:
                    wanted[request] = {"sstp.response_in": [number[answer]]}
            links = self.links_of(path, two_pass)
            for name in number:
                shown = {field: values for field, values in links.get(int(number[name]),
                                                                      {}).items()
                         if field.startswith("sstp.response")}
                self.assertEqual(shown, wanted.get(name, {}), "%s, %s" % (name, label))

    def test_session(self):
        """opened_in on the later commands, resource_url on all, until the id is used for
        another session."""
        t = Timed()
        for side, command in stories.greeting(5):
            t.send(0, side, command)
        first = t.send(10, CLIENT, sstp.open_session(3, "first", "id", "dev"))[0]
        frames = {"first": [first]}
        frames["first"] += t.send(20, RELAY, sstp.open_response(3))
        for command in sstp.message_sequence(3, b"x"):
            frames["first"] += t.send(30, CLIENT, command)
        t.send(40, RELAY, sstp.noop(1))
        frames["first"] += t.send(50, CLIENT, sstp.close(3))
        second = t.send(60, CLIENT, sstp.fanout_open(3, "second", [entry("B"), entry("C")]))[0]
        frames["second"] = [second]
        frames["second"] += t.send(70, RELAY, sstp.open_response(3, OK_STOP))
        frames["second"] += t.send(80, RELAY, sstp.session_status(3, 5, entry("B")[1],
                                                                  entry("B")[0]))
        frames["second"] += t.send(90, RELAY, sstp.close(3, 0x15))
        path = self.write(t.capture)
        for two_pass, _ in PASSES:
            links = self.links_of(path, two_pass)
            shown = {frame: (values.get("sstp.session.opened_in"),
                             values.get("sstp.session.resource_url"))
                     for frame, values in links.items() if "sstp.session.resource_url" in values}
            wanted = {}
            for (url, numbers), opener in zip(frames.items(), (first, second)):
                wanted.update({frame: ([str(opener)] if frame != opener else None, [url])
                               for frame in numbers})
            self.assertEqual(shown, wanted)
        self.assertEqual(self.ws.count(path, 'sstp.session.resource_url == "first"'), 6)
        self.assertEqual(self.ws.count(path, "sstp.session.opened_in == %d" % second), 3)

    def greeted(self):
        """A session 3 of the client, and 0x80000000 of the relay."""
        t = Timed()
        for side, command in stories.greeting(5) + [
                (CLIENT, sstp.open_session(3, "r", "id", "d")), (RELAY, sstp.open_response(3)),
                (RELAY, sstp.open_session(0x80000000, "r", "id", "d")),
                (CLIENT, sstp.open_response(0x80000000))]:
            t.send(0, side, command)
        return t

    def test_acknowledgement(self):
        """acks, first, last, and the times of both ends; from the oldest message for the
        count, from its own EndMessage for each message."""
        t = self.greeted()
        ends = []
        for number in range(3):
            begin, data, end = sstp.message_sequence(3, b"x")
            t.send(1000 + 1000 * number, CLIENT, begin)
            t.send(1001 + 1000 * number, CLIENT, data)
            ends += t.send(1002 + 1000 * number, CLIENT, end)
        two = t.send(1_000_001_002, RELAY, sstp.noop(2))[0]
        # The last on a Message, half a second later.
        one = t.send(1_500_003_003, RELAY, sstp.message(0x80000000, 1))[0]
        path = self.write(t.capture)
        for two_pass, label in PASSES:
            links = {frame: {name: values for name, values in shown.items() if "ack" in name}
                     for frame, shown in self.links_of(path, two_pass).items()}
            links = {frame: shown for frame, shown in links.items() if shown}
            a, b, c = map(str, ends)
            wanted = {
                two: {"sstp.ack.acks": [a, b], "sstp.ack.first": [a], "sstp.ack.last": [b],
                      "sstp.ack.time": ["1.000000000"]},
                one: {"sstp.ack.acks": [c], "sstp.ack.first": [c], "sstp.ack.last": [c],
                      "sstp.ack.time": ["1.500000001"]}}
            if two_pass:
                wanted[ends[0]] = {"sstp.ack.acked_in": [str(two)],
                                   "sstp.message.ack_time": ["1.000000000"]}
                wanted[ends[1]] = {"sstp.ack.acked_in": [str(two)],
                                   "sstp.message.ack_time": ["0.999999000"]}
                wanted[ends[2]] = {"sstp.ack.acked_in": [str(one)],
                                   "sstp.message.ack_time": ["1.500000001"]}
            self.assertEqual(links, wanted, label)

    def test_cap(self):
        """The first 64 of what a count covers are linked; all of them are counted, and
        the last is the last."""
        for count in (ACKS_MAX - 1, ACKS_MAX, ACKS_MAX + 1, 200):
            t = self.greeted()
            ends = []
            for number in range(count):
                begin, data, end = sstp.message_sequence(3, b"x")
                t.send(1000 * number, CLIENT, begin, data)
                ends += t.send(1000 * number + 1, CLIENT, end)
            ack = t.send(10_000_000, RELAY, sstp.noop(count))[0]
            path = self.write(t.capture)
            for two_pass, label in PASSES:
                layer = self.ws.dissect(path, two_pass=two_pass)[ack - 1].commands[0]
                texts = [str(end) for end in ends]
                self.assertEqual(layer.values("sstp.ack.acks"), texts[:ACKS_MAX], label)
                self.assertEqual(layer.values("sstp.ack.first"), texts[:1])
                self.assertEqual(layer.values("sstp.ack.last"), texts[-1:])
                self.assertEqual(layer.values("sstp.ack.covered"), [str(count)])
                self.assertEqual(layer.values("sstp.ack.remaining"), ["0"])
            acked = self.ws.fields(path, ["sstp.ack.acked_in"], "-Y", "sstp.ack.acked_in",
                                   two_pass=True)
            self.assertEqual(acked, [[[str(ack)]]] * count)

    def test_message(self):
        """reassembled_in from the Message and each Data to the EndMessage, and back by
        its segments; of two messages that interleave each to its own."""
        t = self.greeted()
        t.send(0, CLIENT, sstp.open_session(5, "r", "id", "d"))
        t.send(0, RELAY, sstp.open_response(5))
        begin3 = t.send(0, CLIENT, sstp.message(3))
        data3 = t.send(0, CLIENT, sstp.data(3, b"one"))
        begin5 = t.send(0, CLIENT, sstp.message(5))
        data5 = t.send(0, CLIENT, sstp.data(5, b"two"))
        data3 += t.send(0, CLIENT, sstp.data(3, b"three"))
        end5 = t.send(0, CLIENT, sstp.end_message(5))[0]
        end3 = t.send(0, CLIENT, sstp.end_message(3))[0]
        path = self.write(t.capture)
        for two_pass, label in PASSES:
            frames = self.ws.dissect(path, two_pass=two_pass)
            shown = {frame.number: frame.commands[0].values("sstp.message.reassembled_in")
                     for frame in frames if frame.commands}
            shown = {number: values for number, values in shown.items() if values}
            wanted = {number: [str(end3)] for number in begin3 + data3}
            wanted.update({number: [str(end5)] for number in begin5 + data5})
            self.assertEqual(shown, wanted if two_pass else {}, label)
            for end, segments in ((end3, data3), (end5, data5)):
                self.assertEqual(frames[end - 1].commands[0].values("sstp.message.segment"),
                                 [str(number) for number in segments], label)

    def test_message_without_an_end(self):
        """No EndMessage, no link: the next Message, a Close, or nothing follows."""
        t = self.greeted()
        begin, data, end = sstp.message_sequence(3, b"x")
        lost = t.send(0, CLIENT, begin) + t.send(0, CLIENT, data)
        again = t.send(0, CLIENT, begin) + t.send(0, CLIENT, data)
        ended = t.send(0, CLIENT, end)[0]
        lost += t.send(0, CLIENT, begin) + t.send(0, CLIENT, data)
        t.send(0, CLIENT, sstp.close(3))
        lost += t.send(0, RELAY, sstp.message(0x80000000))
        links = {row[0][0]: row[1] for row in self.ws.fields(
            self.write(t.capture), ["frame.number", "sstp.message.reassembled_in"], "-Y",
            "sstp.command in {0x0d, 0x0e}", two_pass=True)}
        wanted = {str(number): [] for number in lost}
        wanted.update({str(number): [str(ended)] for number in again})
        self.assertEqual(links, wanted)

    # -- several commands in a frame, several frames for a command ------------

    def test_all_in_one_frame(self):
        """A whole message, and its acknowledgement with the next: the links name frames,
        so both ends of one may be in the same."""
        tale = Scenario("one frame a side")
        line = tale.line("A-B")
        line.greet()
        line.opened(CLIENT, 3, APPHANDLER)
        line.opened(RELAY, 0x80000000, APPHANDLER)
        ends = [line.message(CLIENT, 3, number=n + 1, before=n) for n in range(3)]
        back = line.message(RELAY, 0x80000000, number=1, before=0, count=2, acks=ends[:2],
                            covered=2, remaining=1)
        line.noop(RELAY, 1, acks=ends[2:])
        line.close(RELAY, 0x80000000)
        line.finish(count=1, acks=[back])
        capture, path = self.check(tale, joined=True)
        self.assertEqual(len({id(row.frame) for row in tale.rows}), 7)
        self.assertEqual(capture.number(ends[0].frame), capture.number(ends[2].frame))
        # Filters pick the frame by the link.
        self.assertEqual(self.ws.count(path, "sstp.ack.acks == %d" % capture.number(
            ends[0].frame)), 1)

    def test_cut_anywhere(self):
        """The command is in the frame that completes it; frames and times go by that."""
        for size in (7, 20, 64):
            t = Timed()
            connection = t.connection
            last = {}
            commands = [(side, command) for side, command in stories.greeting(5)]
            commands += [(CLIENT, sstp.open_session(3, "r", "id", "d")),
                         (RELAY, sstp.open_response(3))]
            commands += [(CLIENT, command) for command in sstp.message_sequence(3, b"x" * 100)]
            commands += [(RELAY, sstp.noop(1))]
            for side, command in commands:
                frames = connection.send(command.data, side, size=size)
                last[command.name] = frames[-1]
            number = {name: t.capture.number(frame) for name, frame in last.items()}
            frames = self.ws.dissect(self.write(t.capture), two_pass=True)
            shown = {}
            for frame in frames:
                for layer in frame.commands:
                    shown[frame.number] = layer
            self.assertEqual(sorted(shown), sorted(number.values()))

            def value(name, field):
                return shown[number[name]].one(field)

            self.assertEqual(value("ConnectResponse", "sstp.response_to"),
                             str(number["Connect"]))
            self.assertEqual(value("Connect", "sstp.response_in"), str(number["ConnectResponse"]))
            self.assertEqual(value("Open", "sstp.response_in"), str(number["OpenResponse"]))
            self.assertEqual(value("Data", "sstp.session.opened_in"), str(number["Open"]))
            self.assertEqual(value("Data", "sstp.message.reassembled_in"),
                             str(number["EndMessage"]))
            self.assertEqual(value("EndMessage", "sstp.ack.acked_in"), str(number["Noop"]))
            self.assertEqual(value("Noop", "sstp.ack.first"), str(number["EndMessage"]))
            nanoseconds = last["Noop"].time - last["EndMessage"].time
            self.assertEqual(value("Noop", "sstp.ack.time"), "0.%09d" % nanoseconds)
            self.assertEqual(value("EndMessage", "sstp.message.ack_time"), "0.%09d" % nanoseconds)


class AnyOrder(ScenarioTest):
    """The same conversations, asked for in other ways."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.scenarios = [section4_acknowledgement.multi_client_single_hop(),
                         section4_acknowledgement.received_while_blocked(),
                         section4_sessions.loss_of_relay(), section4_sessions.device_to_relay()]

    def paths(self):
        for tale in self.scenarios:
            for joined in (False, True):
                yield tale.name, self.write(tale.play(joined=joined))

    def test_forward_only_on_the_second_pass(self):
        for name, path in self.paths():
            one, two = (self.ws.dissect(path, two_pass=two_pass) for two_pass, _ in PASSES)
            seen = set()
            for first, second in zip(one, two):
                for early, late in zip(first.commands, second.commands):
                    early, late = state_of(early), state_of(late)
                    self.assertEqual([field for field in FORWARD if field in early], [], name)
                    seen.update(field for field in FORWARD if field in late)
                    self.assertEqual(early, {field: values for field, values in late.items()
                                             if field not in FORWARD}, name)
            self.assertEqual(seen, set(FORWARD), name)

    def test_sharkd(self):
        """Backwards and at random: the same lines as in order."""
        for name, path in self.paths():
            count = len(self.ws.dissect(path))
            numbers = list(range(1, count + 1))
            in_order = dict(zip(numbers, map(sharkd_labels, self.ws.sharkd(path, numbers))))
            self.assertGreater(sum(map(len, in_order.values())), 200, name)
            shuffled = numbers * 2
            random.Random(4).shuffle(shuffled)
            for order in (numbers[::-1], shuffled):
                for number, tree in zip(order, self.ws.sharkd(path, order)):
                    self.assertEqual(sharkd_labels(tree), in_order[number],
                                     "%s, frame %d" % (name, number))

    def test_sharkd_like_two_passes(self):
        """sharkd has read the whole capture before it shows a frame: every value of the
        second pass is in its tree."""
        for name, path in self.paths():
            frames = self.ws.dissect(path, two_pass=True)
            trees = self.ws.sharkd(path, [frame.number for frame in frames])
            for frame, tree in zip(frames, trees):
                # "!" in a label is the severity after it, or above what has one.
                labels = [line.split(" !")[0].strip() for line in sharkd_labels(tree)]
                for layer in frame.ours:
                    for (field, _), text in zip(layer.fields, layer.texts):
                        if field in STATE_FIELDS:
                            self.assertIn(text, labels, "%s, frame %d" % (name, frame.number))

    def test_filtered(self):
        """What a display filter or a field list leaves out changes nothing of the rest."""
        for name, path in self.paths():
            for two_pass, label in PASSES:
                whole = {frame.number: [state_of(layer) for layer in frame.commands]
                         for frame in self.ws.dissect(path, two_pass=two_pass) if frame.commands}
                for text in ("sstp.command == 0x0f", "sstp.ack.covered",
                             "sstp.session.state == \"ready\"", "frame.number > 10"):
                    part = {frame.number: [state_of(layer) for layer in frame.commands]
                            for frame in self.ws.dissect(path, "-Y", text, two_pass=two_pass)
                            if frame.commands}
                    self.assertTrue(part, "%s, %s" % (name, text))
                    self.assertEqual(part, {number: whole[number] for number in part},
                                     "%s, %s, %s" % (name, text, label))
                # A field list asks for no tree: only what is wanted is worked out.
                rows = self.ws.fields(path, STATE_FIELDS, "-Y", "grvsstp", two_pass=two_pass)
                self.assertEqual(rows, [
                    [[value for state in states for value in state.get(field, [])]
                     for field in STATE_FIELDS] for _, states in sorted(whole.items())], name)

    def test_one_field_at_a_time(self):
        """A value does not depend on which others are asked for."""
        tale = section4_acknowledgement.multiple_sessions_by_message()
        path = self.write(tale.play(joined=True))
        for two_pass, _ in PASSES:
            together = self.ws.fields(path, STATE_FIELDS, "-Y", "grvsstp", two_pass=two_pass)
            for column, field in enumerate(STATE_FIELDS):
                alone = self.ws.fields(path, [field], "-Y", "grvsstp", two_pass=two_pass)
                self.assertEqual([row[0] for row in alone], [row[column] for row in together],
                                 field)


if __name__ == "__main__":
    main()
