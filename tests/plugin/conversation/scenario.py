# SPDX-License-Identifier: GPL-2.0-or-later
"""Conversations told command by command, each with what has to be shown of it.

    tale = Scenario()
    line = tale.line("A-B")
    line.greet()
    line.open(CLIENT, 0x21, RES)                      # session='opening'
    line.answer_open(RELAY, 0x21, sstp.OK, "ready")
    end = line.message(CLIENT, 0x21, number=1, before=0)
    line.noop(RELAY, 1, acks=[end], remaining=0)
    self.check(tale)                                  # ScenarioTest: one pass and two

What a command leaves behind (states, counts, numbers) is written down by the test.
What follows from a reference to another command (frames, times, links back from the
answered to the answer) is worked out here, once the frames have their numbers.
Every state field that is not expected must be absent.
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in (os.path.join(HERE, "..", "..", "lib"), os.path.join(HERE, "..", "dissect")):
    sys.path.insert(0, folder)

import stories  # noqa: E402
import henc_encoder as henc  # noqa: E402
from capture import Capture  # noqa: E402
from stories import CLIENT, RELAY, sstp  # noqa: E402,F401
from wireshark_test import PASSES, WiresharkTest, main  # noqa: E402,F401

ACKS_MAX = 64  # sstp.ack.acks names so many

# What a row says of a command, and the field that shows it.
STATES = {
    "connection": "sstp.connection.state", "version": "sstp.connection.version",
    "session": "sstp.session.state", "receiver": "sstp.session.receiver_state",
    "url": "sstp.session.resource_url", "number": "sstp.message.number",
    "outstanding": "sstp.ack.outstanding", "covered": "sstp.ack.covered",
    "remaining": "sstp.ack.remaining", "active": "sstp.fanout.active",
}
# What links between commands come to.
LINKS = ("sstp.session.opened_in", "sstp.response_to", "sstp.response_time", "sstp.ack.acks",
         "sstp.ack.first", "sstp.ack.last", "sstp.ack.time")
FORWARD = ("sstp.response_in", "sstp.ack.acked_in", "sstp.message.ack_time",
           "sstp.message.reassembled_in")
STATE_FIELDS = tuple(STATES.values()) + LINKS + FORWARD

ANY = object()  # as a value: nothing is said about this field


def seconds(nanoseconds):
    """A relative time as tshark prints it."""
    return "%d.%09d" % divmod(nanoseconds, 1_000_000_000)


class Row:
    """A command of one connection and what has to be shown of it."""

    def __init__(self, line, from_client, command, states):
        self.line = line
        self.from_client = from_client
        self.command = command
        self.states = states   # {key of STATES: value}
        self.opened = None     # the row that opened its session
        self.answered = None   # the row that this one is the first answer to
        self.answer = None     # the reverse
        self.acks = []         # the EndMessages that its count covers
        self.acked = None      # the reverse
        self.end = None        # of a Message or Data: the EndMessage
        self.findings = []     # (finding, severity), on every pass
        self.late_findings = []  # on the second pass only
        self.frame = None      # its frame in the capture, once played

    def __repr__(self):
        return "%s, %s: %r" % (self.line.name, "client" if self.from_client else "server",
                               self.command)

    def wanted(self, capture, two_pass):
        """{field: [values]}"""
        fields = {STATES[key]: [str(value)] for key, value in self.states.items()
                  if value is not None}

        def frame(name, *rows):
            fields[name] = [str(capture.number(row.frame)) for row in rows]

        def time(name, earlier, later):
            fields[name] = [seconds(later.frame.time - earlier.frame.time)]

        if self.opened:
            frame("sstp.session.opened_in", self.opened)
        if self.answered:
            frame("sstp.response_to", self.answered)
            time("sstp.response_time", self.answered, self)
        if self.acks:
            frame("sstp.ack.acks", *self.acks[:ACKS_MAX])
            frame("sstp.ack.first", self.acks[0])
            frame("sstp.ack.last", self.acks[-1])
            time("sstp.ack.time", self.acks[0], self)
        if two_pass and self.answer:
            frame("sstp.response_in", self.answer)
        if two_pass and self.acked:
            frame("sstp.ack.acked_in", self.acked)
            time("sstp.message.ack_time", self, self.acked)
        if two_pass and self.end:
            frame("sstp.message.reassembled_in", self.end)
        return fields

    def wanted_findings(self, two_pass):
        return sorted(self.findings + (self.late_findings if two_pass else []))


class Ending:
    """The transport of a line goes."""

    def __init__(self, line):
        self.line = line


class Line:
    """One SSTP connection of a scenario.  Each method adds rows."""

    def __init__(self, scenario, name, minor=5):
        self.scenario = scenario
        self.name = name
        self.minor = minor
        self.version = None  # in force, as shown
        self.sessions = {}   # id: (the row that opened it, its ResourceURL)
        self.messages = {}   # (side, id): rows of the message that is under way
        self.has_ended = False

    def row(self, side, command, answers=None, acks=(), findings=(), late_findings=(),
            **states):
        """Any command.  Connection, version, ResourceURL and the frame of the Open are
        the usual ones unless told otherwise; opened=None: not shown."""
        row = Row(self, side, command, {"connection": "established", "version": self.version})
        self._find_session(row, states)
        row.states.update(states)
        row.findings = list(findings)
        row.late_findings = list(late_findings)
        if answers is not None:
            row.answered = answers
            answers.answer = row
        row.acks = list(acks)
        for end in acks:
            end.acked = row
        self._follow_message(row)
        self.scenario.steps.append(row)
        return row

    def _find_session(self, row, states):
        ids = row.command.values("sstp.session_id") or row.command.values("sstp.event_id")
        if not ids:
            return
        opens = ("Open", "FanoutOpen", "Attach")
        if row.command.name in opens and states.get("opened", row) is row:
            self.sessions[ids[0]] = (row, row.command.values("sstp.resource_url")[0])
        opener, url = self.sessions.get(ids[0], (None, None))
        row.opened = None if opener is row else states.pop("opened", opener)
        if row.opened is not None and row.opened.command.name == "Attach":
            row.opened = None  # opened_in speaks of Open and FanoutOpen
        row.states["url"] = url

    def _follow_message(self, row):
        ids = row.command.values("sstp.session_id")
        key = (row.from_client, ids[0] if ids else None)
        if row.command.name == "Message":
            self.messages[key] = [row]
        elif row.command.name == "Data" and key in self.messages:
            self.messages[key].append(row)
        elif row.command.name == "EndMessage":
            for part in self.messages.pop(key, []):
                part.end = row

    # -- the usual commands ------------------------------------------------

    def greet(self, offered=None, accepted=None, token=b"", answer_token=b""):
        """Connect and ConnectResponse Ok; returns the Connect."""
        offered = self.minor if offered is None else offered
        accepted = self.minor if accepted is None else accepted
        connect = self.row(CLIENT, sstp.connect(
            stories.RELAY_URL, [stories.DEVICE], token, "Groove Client 14.0 4006", "",
            version=(1, offered)), connection="connecting")
        self.version = "1.%d" % min(offered, accepted)
        self.row(RELAY, sstp.connect_response(
            sstp.OK, [stories.RELAY_URL], answer_token, 3, "Groove Relay 14.0 4006", "",
            version=(1, accepted)), answers=connect)
        return connect

    def open(self, side, session_id, resource, identity=stories.PEER_IDENTITY,
             device=stories.PEER_DEVICE, **states):
        states.setdefault("session", "opening")
        return self.row(side, sstp.open_session(session_id, resource, identity, device), **states)

    def fanout(self, side, session_id, resource, entries, **states):
        states.setdefault("session", "opening")
        states.setdefault("active", len(entries))
        return self.row(side, sstp.fanout_open(session_id, resource, entries, self.minor),
                        **states)

    def respond(self, side, session_id, response, session, **states):
        """OpenResponse; the MessageReceiver waits for a message unless told otherwise.
        answers: the Open, on the first one."""
        states.setdefault("receiver", None if session == "closed" else "waiting")
        return self.row(side, sstp.open_response(session_id, response), session=session, **states)

    def opened(self, side, session_id, resource):
        """Open and OpenResponse Ok."""
        request = self.open(side, session_id, resource)
        self.respond(not side, session_id, sstp.OK, "ready", answers=request)

    def begin(self, side, session_id, number, outstanding, count=0, session="ready", **states):
        """Message."""
        return self.row(side, sstp.message(session_id, count), session=session, receiver="ready",
                        number=number, outstanding=outstanding, **states)

    def data(self, side, session_id, number, payload=b"some of it", session="ready", **states):
        return self.row(side, sstp.data(session_id, payload), session=session,
                        receiver="buffering", number=number, **states)

    def end(self, side, session_id, number, outstanding, session="ready", **states):
        """EndMessage."""
        return self.row(side, sstp.end_message(session_id), session=session, receiver="waiting",
                        number=number, outstanding=outstanding, **states)

    def message(self, side, session_id, number, before, pieces=1, session="ready", late=(),
                **states):
        """A whole message; `before` are outstanding in this direction before it.  States
        are of the Message (its count).  Returns the EndMessage."""
        self.begin(side, session_id, number, before, session=session, **states)
        for _ in range(pieces):
            self.data(side, session_id, number, session=session)
        return self.end(side, session_id, number, before + 1, session=session,
                        late_findings=late)

    def noop(self, side, count, acks=(), remaining=0, **states):
        if count:
            states.setdefault("covered", len(acks))
            states.setdefault("remaining", remaining)
        states.setdefault("outstanding", remaining)
        return self.row(side, sstp.noop(count), acks=acks, **states)

    def close(self, side, session_id, reason=0, **states):
        states.setdefault("session", "closed")
        return self.row(side, sstp.close(session_id, reason), **states)

    def finish(self, side=CLIENT, count=0, acks=(), remaining=0, reason=0, **states):
        """ConnectClose."""
        if count:
            states.setdefault("covered", len(acks))
            states.setdefault("remaining", remaining)
        states.setdefault("outstanding", remaining)
        states.setdefault("connection", "closed")
        return self.row(side, sstp.connect_close(reason, count), acks=acks, **states)

    def lose(self):
        """The transport goes, here and not at the end of the scenario."""
        self.scenario.steps.append(Ending(self))


class Scenario:
    """Rows of one or several connections, in the order in which they pass."""

    def __init__(self, name=""):
        self.name = name
        self.lines = []
        self.steps = []
        self.tables = []  # (row, {line: [EndMessage rows]}): what is outstanding after it

    def line(self, name, minor=5):
        line = Line(self, name, minor)
        self.lines.append(line)
        return line

    def table(self, **outbound):
        """After the last row, the OutboundMessageLists are these: {key: (line, rows)}."""
        self.tables.append((self.rows[-1], list(outbound.values())))

    @property
    def rows(self):
        return [step for step in self.steps if isinstance(step, Row)]

    def lose(self, capture, *rows):
        """The capture did not see them: nothing is shown of them, and so nothing wanted."""
        capture.lose(*(row.frame for row in rows))
        self.steps = [step for step in self.steps if step not in rows]

    # -- onto the wire -----------------------------------------------------

    def play(self, capture=None, make=henc.Plain, joined=False, ends=True, place=0):
        """Into a capture, each line over a carrier of its own: each command in a chunk of
        its own or, joined, all that one side has to say.  ends: the transports go at
        the end.  place: of the first line, the others have the next."""
        capture = Capture() if capture is None else capture
        carriers = {}
        for number, line in enumerate(self.lines, place):
            carriers[line] = make(capture, henc.Place(number))
            carriers[line].open()
        for step in self._chunks(joined):
            if isinstance(step, Ending):
                carriers.pop(step.line).close()
                continue
            frames = carriers[step[0].line].send(
                step[0].from_client, b"".join(row.command.data for row in step))
            _locate(step, frames)
        for carrier in carriers.values() if ends else ():
            carrier.close()
        return capture

    def _chunks(self, joined):
        chunks = []
        for step in self.steps:
            after = chunks[-1] if chunks and isinstance(chunks[-1], list) else None
            if isinstance(step, Ending):
                chunks.append(step)
            elif joined and after and (after[0].line, after[0].from_client) == (
                    step.line, step.from_client):
                after.append(step)
            else:
                chunks.append([step])
        return chunks


def _locate(rows, frames):
    """Sets the frame in which each command of a chunk is complete.  Whatever a carrier
    puts around the chunk stands in front of it."""
    end = sum(len(row.command.data) for row in rows)
    end = sum(len(frame.payload) for frame in frames) - end
    reached = 0
    frames = iter(frames)
    frame = None
    for row in rows:
        end += len(row.command.data)
        while reached < end:
            frame = next(frames)
            reached += len(frame.payload)
        row.frame = frame


# ---------------------------------------------------------------------------
# Comparing


def state_of(layer):
    """{field: [values]} of the state fields that a layer shows."""
    fields = {}
    for name, value in layer.fields:
        if name in STATE_FIELDS:
            fields.setdefault(name, []).append(value)
    return fields


def layers_by_row(scenario, capture, frames):
    """[(row, layer)]; fails where other commands are shown than were sent."""
    rows = {}
    for row in scenario.rows:
        rows.setdefault(capture.number(row.frame), []).append(row)
    pairs = []
    for frame in frames:
        sent = rows.pop(frame.number, [])
        shown = [layer.one("sstp.command") for layer in frame.commands]
        if shown != ["0x%02x" % row.command.data[0] for row in sent]:
            raise AssertionError("frame %d shows %r, sent was %r" % (frame.number, shown, sent))
        pairs += zip(sent, frame.commands)
    if rows:
        raise AssertionError("nothing is shown of %r" % rows)
    order = {id(row): place for place, row in enumerate(scenario.rows)}
    return sorted(pairs, key=lambda pair: order[id(pair[0])])


def findings_of(layer):
    return sorted((name[len("sstp.expert."):], severity) for name, severity in layer.experts
                  if name and name.startswith("sstp.expert."))


def complaints(scenario, capture, frames, two_pass):
    """What is wrong with a scenario as shown, a line for each field."""
    wrong = []
    streams = {line: str(number) for number, line in enumerate(
        dict.fromkeys(row.line for row in scenario.rows))}
    for row, layer in layers_by_row(scenario, capture, frames):
        label = "frame %d, %r" % (capture.number(row.frame), row)
        shown, wanted = state_of(layer), row.wanted(capture, two_pass)
        for name in STATE_FIELDS:
            if wanted.get(name) != [str(ANY)] and shown.get(name) != wanted.get(name):
                wrong.append("%s: %s shown %r, wanted %r" % (label, name, shown.get(name),
                                                             wanted.get(name)))
        if layer.values("sstp.stream") != [streams[row.line]]:
            wrong.append("%s: sstp.stream %r" % (label, layer.values("sstp.stream")))
        if findings_of(layer) != row.wanted_findings(two_pass):
            wrong.append("%s: findings %r, wanted %r" % (label, findings_of(layer),
                                                         row.wanted_findings(two_pass)))
    return wrong


class ScenarioTest(WiresharkTest):
    """Holds what is shown against scenarios."""

    def assert_shown(self, scenario, capture, frames, two_pass, label):
        wrong = complaints(scenario, capture, frames, two_pass)
        if wrong:
            path = self.keep(self.write(capture, "failed.pcapng"))
            self.fail("%s, %s: %d differences (%s)\n%s" % (scenario.name, label, len(wrong), path,
                                                           "\n".join(wrong[:40])))

    def check(self, scenario, make=henc.Plain, joined=False, ends=True, preferences=()):
        """Plays it, and compares every command in one pass and in two."""
        capture = scenario.play(make=make, joined=joined, ends=ends)
        path = self.write(capture)
        for two_pass, label in PASSES:
            frames = self.ws.dissect(path, two_pass=two_pass, preferences=preferences)
            self.assert_shown(scenario, capture, frames, two_pass, label)
        return capture, path
