# SPDX-License-Identifier: GPL-2.0-or-later
"""Each illegal act of the fault catalogue raises exactly its finding: on its command, so
often, with its severity and section, and nothing else in the whole conversation, in one
pass and in two.  The conversations without it raise nothing."""

import fault_table
import malformed
from fault_words import (ACCEPTED, ATTACH, ATTACHED, CONNECT, GOODBYE, GREETING, NEXT, OK_STOP,
                         REGISTERED, START, TOKEN, acknowledged, c, fanned, fanout, message, open_,
                         opened, r)
from scenario import (CLIENT, PASSES, Capture, ScenarioTest, findings_of, henc, main, sstp,
                      stories)

PAUSE = 600 * 10 ** 9  # between stories, in ns: longer than any of them asks a device to stay away
STATES = ("connecting", "established", "aborting", "closed")


class Played:
    """Stories in one capture, each on a TCP connection of its own."""

    def __init__(self, stories_, ends=True):
        self.capture = Capture(tick=100_000_000)  # a tenth of a second
        self.stories = []
        for number, story in enumerate(stories_):
            connection = self.capture.connection(*henc.Place(number).ends(2492))
            self.stories.append([connection.send(command.data, side)[-1]
                                 for side, command in story])
            if ends:
                connection.fin()
            self.capture.now += PAUSE
        numbers = {id(frame): n for n, frame in enumerate(self.capture.frames, 1)}
        self.stories = [[numbers[id(frame)] for frame in frames] for frames in self.stories]


class FaultTest(ScenarioTest):
    def dissected(self, played, two_pass):
        """{frame number: its command layers}; a frame carries one command here."""
        frames = self.ws.dissect(self.write(played.capture), "-J", "frame grvsstp", "-Y",
                                 "grvsstp", two_pass=two_pass)
        for frame in frames:
            self.assertFalse(frame.is_malformed, frame.number)
        return {frame.number: frame for frame in frames}

    def story_of(self, shown, frames, label):
        """The command layer of each frame of a story, in order."""
        layers = []
        for number in frames:
            ours = shown[number].commands if number in shown else []
            self.assertEqual(len(ours), 1, "%s: frame %d" % (label, number))
            layers.append(ours[0])
        return layers

    def messages_of(self, played):
        """{frame number: the texts of its experts}"""
        rows = self.ws.fields(self.write(played.capture), ["frame.number", "_ws.expert.message"],
                              "-Y", "grvsstp", two_pass=True)
        return {int(row[0][0]): " | ".join(row[1]) for row in rows}


def at(layers):
    """[(index, finding, severity)] of a story."""
    return [(index,) + finding for index, layer in enumerate(layers)
            for finding in findings_of(layer)]


class Faults(FaultTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.faults = fault_table.faults()
        names = [fault.name for fault in cls.faults]
        assert len(names) == len(set(names)), "names are used twice"

    def test_every_finding_has_its_faults(self):
        """Those of plugin/FIELDS.md that are about the course of the conversation."""
        self.assertEqual(
            {(fault.finding, fault.severity) for fault in self.faults},
            {("wrong_role", "warning"), ("unexpected_command", "warning"),
             ("unknown_session", "warning"), ("unknown_session", "note"),
             ("duplicate_session", "warning"), ("session_id_range", "warning"),
             ("ack_excess", "warning"), ("unacknowledged", "note"), ("bad_index", "warning"),
             ("bad_index", "note"), ("blocked_send", "note"), ("response_unfit", "note"),
             ("size_mismatch", "note"), ("timer", "note"), ("device_not_asked_for", "note")})

    def test_each_fault(self):
        played = Played(fault.story for fault in self.faults)
        for two_pass, label in PASSES:
            shown = self.dissected(played, two_pass)
            for fault, frames in zip(self.faults, played.stories):
                with self.subTest(fault.name, passes=label):
                    layers = self.story_of(shown, frames, fault.name)
                    self.assertEqual(at(layers), [(place, fault.finding, fault.severity)
                                                  for place in fault.places(two_pass)])

    def test_sections(self):
        """The text names the section of the specification."""
        played = Played(fault.story for fault in self.faults)
        texts = self.messages_of(played)
        for fault, frames in zip(self.faults, played.stories):
            for place in fault.places(two_pass=True):
                with self.subTest(fault.name):
                    self.assertIn(fault.section, texts.get(frames[place], ""))

    def test_states_stay(self):
        """A violation alone changes nothing: the connection is in the state in which the
        command before left it, and so is the session where both are of one."""
        stay = [fault for fault in self.faults if fault.severity == "warning" and fault.before
                and fault.bad[0][1].name not in ("ConnectClose", "Connect", "Message", "Data",
                                                 "EndMessage")]
        self.assertGreater(len(stay), 90)
        played = Played(fault.story for fault in stay)
        shown = self.dissected(played, two_pass=False)
        for fault, frames in zip(stay, played.stories):
            with self.subTest(fault.name):
                layers = self.story_of(shown, frames, fault.name)
                first = len(fault.before)
                before, bad = layers[first - 1], layers[first]
                self.assertEqual(bad.one("sstp.connection.state"),
                                 before.one("sstp.connection.state"))
                self.assertIn(bad.one("sstp.connection.state"), STATES)
                opens = fault.bad[0][1].name in ("Open", "FanoutOpen")
                if before.one("sstp.session_id") == bad.one("sstp.session_id") and \
                        not (opens and fault.finding != "duplicate_session"):
                    self.assertEqual(bad.one("sstp.session.state"),
                                     before.one("sstp.session.state"))

    def test_states_have_names(self):
        """No command shows a state that plugin/FIELDS.md does not list."""
        played = Played(fault.story for fault in self.faults)
        values = {"sstp.connection.state": set(STATES),
                  "sstp.session.state": {"opening", "suspended", "ready", "blocked", "closed"},
                  "sstp.session.receiver_state": {"waiting", "ready", "buffering"}}
        rows = self.ws.fields(self.write(played.capture), list(values), "-Y", "grvsstp")
        for column, (name, allowed) in enumerate(values.items()):
            self.assertEqual({value for row in rows for value in row[column]}, allowed, name)

    def test_without_the_fault(self):
        played = Played(fault.clean for fault in self.faults)
        for two_pass, label in PASSES:
            shown = self.dissected(played, two_pass)
            for fault, frames in zip(self.faults, played.stories):
                with self.subTest(fault.name, passes=label):
                    self.assertEqual(at(self.story_of(shown, frames, fault.name)), [])

    def test_no_end_no_note(self):
        """While the transport is there, a message may still be acknowledged."""
        stories_ = [fault.before for fault in self.faults
                    if fault.finding == "unacknowledged" and not fault.bad]
        self.assertEqual(len(stories_), 4)
        played = Played(stories_, ends=False)
        for two_pass, _ in PASSES:
            shown = self.dissected(played, two_pass)
            for frames in played.stories:
                self.assertEqual(at(self.story_of(shown, frames, "no end")), [])

    def test_reset(self):
        """A RST ends the transport as a FIN does."""
        for from_client in (CLIENT, not CLIENT):
            capture = Capture()
            connection = capture.connection()
            frames = [connection.send(command.data, side)[-1] for side, command in
                      GREETING + opened() + c(*message(3))]
            connection.rst(from_client)
            path = self.write(capture)
            for two_pass, _ in PASSES:
                found = {frame.number: frame.findings for frame in
                         self.ws.dissect(path, two_pass=two_pass) if frame.findings}
                self.assertEqual(found, {capture.number(frames[-1]): [("unacknowledged", "note")]}
                                 if two_pass else {})


class Returns(FaultTest):
    def test_comes_back_too_soon(self):
        """A device that was told to stay away comes on another TCP connection."""
        later = c(CONNECT) + r(sstp.connect_response(0x02, retry_time=60, version=(1, 6)),
                               sstp.connect_close(0))
        resting = GREETING + r(sstp.connect_close(1, 0, 60))
        for story in (later, resting):
            capture = Capture()
            first = []
            for number, wait in enumerate((0, 5, 100)):
                capture.now += wait * 10 ** 9
                connection = capture.connection(*henc.Place(number).ends(2492))
                first.append([connection.send(command.data, side)[-1]
                              for side, command in story][0])
                connection.fin()
            path = self.write(capture)
            for two_pass, label in PASSES:
                found = {frame.number: frame.findings for frame in
                         self.ws.dissect(path, two_pass=two_pass) if frame.findings}
                self.assertEqual(found, {capture.number(first[1]): [("timer", "note")]}, label)


class Versions(FaultTest):
    def test_version_in_force(self):
        """The lesser minor version, 0 included, from the answer on."""
        rows = [(ours, theirs) for ours in (0, 5, 6) for theirs in (0, 6)]
        played = Played(
            c(sstp.connect(stories.RELAY_URL, [stories.DEVICE], version=(1, ours))) +
            r(sstp.connect_response(sstp.OK, [stories.RELAY_URL], version=(1, theirs))) +
            c(sstp.noop(0)) for ours, theirs in rows)
        shown = self.dissected(played, two_pass=False)
        for (ours, theirs), frames in zip(rows, played.stories):
            layers = self.story_of(shown, frames, "versions")
            version = "1.%d" % min(ours, theirs)
            self.assertEqual([layer.values("sstp.connection.version") for layer in layers],
                             [[], [version], [version]], (ours, theirs))


class Clean(FaultTest):
    """What is legal, though seldom, and at the edges: nothing is found."""

    def rows(self):
        presence = c(sstp.open_session(3, "grooveWanDPP", "", ""))
        yield "edges of the ids", GREETING + opened(0) + opened(0x7FFFFFFF) + opened(
            0x80000000, not CLIENT) + opened(0xFFFFFFFF, not CLIENT) + NEXT
        yield "id used again", GREETING + (opened() + acknowledged() + c(sstp.close(3))) * 3 + NEXT
        yield "id used again after the other side's Close", GREETING + (
            opened() + r(sstp.close(3))) * 3 + NEXT
        yield "id used again after a refusal", GREETING + (
            c(open_(3)) + r(sstp.open_response(3, 0x05))) * 3 + opened() + NEXT
        yield "presence refused", GREETING + presence + r(sstp.open_response(3, 0x04)) + NEXT
        yield "Close while opening", GREETING + c(fanout(4)) + r(sstp.close(4, 0x15)) + NEXT
        yield "SessionStatus and Close while opening", GREETING + c(fanout(4)) + r(
            sstp.session_status(4, 2, indexes=[0, 1, 2]), sstp.close(4, 0x15)) + NEXT
        yield "SessionStatus while suspended", GREETING + c(fanout(4)) + r(
            sstp.open_response(4, OK_STOP), sstp.session_status(4, 2, indexes=[0, 1]),
            sstp.open_response(4, START)) + acknowledged(4) + NEXT
        yield "no entries, answered Ok and Close", GREETING + c(fanout(4, 0)) + r(
            sstp.open_response(4, 0), sstp.close(4, 0x15)) + NEXT
        yield "no entries, answered Ok", GREETING + c(fanout(4, 0)) + r(
            sstp.open_response(4, 0)) + NEXT
        yield "no entries, answered NoFanoutEntries", GREETING + c(fanout(4, 0)) + r(
            sstp.open_response(4, 0x08)) + NEXT
        yield "FanoutOpen between relays, both ways", GREETING + fanned() + r(
            fanout(0x80000000)) + c(sstp.open_response(0x80000000, OK_STOP),
                                    sstp.open_response(0x80000000, START)) + NEXT
        yield "several accounts", GREETING + ATTACHED + c(
            sstp.attach(9, stories.RELAY_URL, "grooveAccount://other")) + r(
                sstp.attach_response(9)) + REGISTERED + NEXT
        yield "attach session closed", GREETING + ATTACH + r(sstp.close(1, 0x05)) + NEXT
        yield "register session closed", GREETING + ATTACHED + c(sstp.register(2)) + r(
            sstp.close(2, 0x05)) + NEXT
        yield "challenge", GREETING + ATTACH + r(sstp.attach_response(1)) + c(
            sstp.attach_authenticate(1)) + r(sstp.attach_response(1)) + c(
                sstp.register(1)) + r(sstp.register_response(1)) + REGISTERED + NEXT
        yield "ConnectAuthenticate", GREETING + c(sstp.connect_authenticate(b"")) + NEXT
        yield "refused", c(CONNECT) + r(sstp.connect_response(0x02, retry_time=60),
                                        sstp.connect_close(1, 0, 60))
        yield "gives up waiting", c(CONNECT) + c(sstp.connect_close(0x08))
        yield "one too many connections", c(CONNECT) + r(ACCEPTED, sstp.connect_close(0x0C))
        yield "closes that cross", GREETING + c(sstp.connect_close(2)) + r(sstp.connect_close(2))
        yield "count that crosses a ConnectClose", GREETING + opened() + c(*message(3)) + r(
            sstp.connect_close(0, 1)) + c(sstp.noop(0), sstp.connect_close(0))
        yield "empty message", GREETING + opened() + c(*sstp.message_sequence(3, b"")) + r(
            sstp.noop(1)) + NEXT
        yield "counts of 0", GREETING + opened() + c(sstp.noop(0)) + r(sstp.noop(0)) + NEXT
        yield "Start and Stop over and over", GREETING + opened() + r(
            *[sstp.open_response(3, response) for response in (START, 0x0A, 0x0A, START, START)
              ]) + acknowledged() + NEXT
        yield "sessions left open", GREETING + opened() + fanned() + opened(5) + GOODBYE
        yield "the long conversation, 1.5", stories.conversation(5)
        yield "the long conversation, 1.6", stories.conversation(6)

        yield "FanoutOpen refused, with a relay", GREETING + c(sstp.fanout_open(
            4, "res", [("grooveIdentity://i", "", "grooveDNS://other")], 6)) + r(
                sstp.open_response(4, 0x0C)) + NEXT
        yield "asked for at once", GREETING + opened() + c(*message(3, flags=sstp.A)) + r(
            sstp.noop(1)) + NEXT
        yield "sizes that fit", GREETING + opened() + c(*message(
            3, stream_size=(9, 8, 7), fragment=(2, 2, "id", 2))) + r(sstp.noop(1)) + NEXT

    def test_nothing_is_found(self):
        rows = list(self.rows())
        played = Played(story for _, story in rows)
        for two_pass, label in PASSES:
            shown = self.dissected(played, two_pass)
            for (name, _), frames in zip(rows, played.stories):
                with self.subTest(name, passes=label):
                    self.assertEqual(at(self.story_of(shown, frames, name)), [])


# ---------------------------------------------------------------------------
# Bytes that break a rule, where the command itself is in its place


def legal_before(command):
    """What has to have passed for a command of malformed.rows() to be in its place."""
    begin, data, _ = message(3)
    registered = ATTACHED + c(sstp.register(2, TOKEN))
    return {
        "Connect": [], "ConnectResponse": c(CONNECT), "OpenResponse": GREETING + c(open_(3)),
        "SessionStatus": GREETING + fanned(4), "Close": GREETING + opened(),
        "Message": GREETING + opened(), "Data": GREETING + opened() + c(begin),
        "EndMessage": GREETING + opened() + c(begin, data), "AttachResponse": GREETING + ATTACH,
        "AttachAuthenticate": GREETING + ATTACHED, "Register": GREETING + ATTACHED,
        "RegisterResponse": GREETING + registered,
    }.get(command.name, GREETING)


def legal_behind(command):
    """What shows that decoding goes on."""
    refused = command.name == "ConnectResponse" and command.data[5] != sstp.OK
    if command.name == "ConnectClose" or refused:
        return r(sstp.connect_close(0))
    if command.name == "Connect":
        return r(ACCEPTED) + c(sstp.noop(0)) + r(sstp.noop(0))
    return c(sstp.noop(0)) + r(sstp.noop(0))


class MalformedBytes(FaultTest):
    def test_each_rule(self):
        """The findings of the bytes come alone too."""
        # What begins with a Connect of an impossible length is not taken for SSTP.
        rows = [row for row in malformed.rows()
                if not (row[1].name == "Connect" and "length_invalid" in row[2])]
        stories_ = []
        for _, command, _ in rows:
            side = stories.RELAY if command.name in malformed.FROM_RELAY else CLIENT
            stories_.append((legal_before(command), [(side, command)], legal_behind(command)))
        played = Played((before + bad + after for before, bad, after in stories_), ends=False)
        for two_pass, label in PASSES:
            shown = self.dissected(played, two_pass)
            for (name, command, wanted), (before, _, _), frames in zip(rows, stories_,
                                                                       played.stories):
                with self.subTest(name, passes=label):
                    found = at(self.story_of(shown, frames, name))
                    self.assertEqual({place for place, _, _ in found},
                                     {len(before)} if wanted else set())
                    self.assertEqual({(finding, severity) for _, finding, severity in found},
                                     set(wanted.items()))


if __name__ == "__main__":
    main()
