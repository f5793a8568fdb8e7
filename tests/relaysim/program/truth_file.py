# SPDX-License-Identifier: GPL-2.0-or-later
"""A truth file, a capture as tshark shows it, and what has to be the same in both.

    truth = Truth(path)
    shown = Shown(wireshark, capture)
    found = differences(truth, shown)   # sentences; none is well

A capture is made at one end of each connection.  What came there when that end had closed
is shown, and not told, for nobody looked at it; so is the rest of what was read together
with the command that made it close.
"""
import collections
import json

OTHER = {"initiator": "acceptor", "acceptor": "initiator"}
CLOSE, CONNECT_CLOSE, MESSAGE, END_MESSAGE = 0x11, 0x04, 0x0d, 0x0f


class Truth:
    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.events = [json.loads(line) for line in file]

    @property
    def events(self):
        return self._events

    @events.setter
    def events(self, events):
        self._events, self._of_stream = events, {}
        for event in events:
            self._of_stream.setdefault(event.get("stream"), []).append(event)

    def of_stream(self, number):
        return self._of_stream.get(number, [])

    def of(self, kind, **members):
        return [event for event in self.events if event["event"] == kind and
                all(event.get(name) == value for name, value in members.items())]

    def cut(self):
        """The streams that were cut off: what was told to be said at last need not have come out."""
        return {event["stream"] for event in self.of("connection-state", state="closed")
                if event["why"] in ("transport lost", "no memory")}

    def ends(self):
        """{stream: the ends of it that are in this process}"""
        ends = {}
        for event in self.events:
            if "stream" in event and event["event"] != "fault":
                end = event["from"] if event["event"] == "command" else event["at"]
                ends.setdefault(event["stream"], set()).add(end)
        return ends


class Command:
    """What tshark shows of one command."""

    def __init__(self, frame, layer):
        def number(field):
            value = layer.one(field)
            return None if value is None else int(value, 0)
        self.frame = frame
        self.stream = number("sstp.stream")
        self.side = "initiator" if layer.one("sstp.from_initiator") == "1" else "acceptor"
        self.id = number("sstp.command")
        self.session = number("sstp.session_id")
        self.connection_state = layer.one("sstp.connection.state")
        self.session_state = layer.one("sstp.session.state")
        self.ordinal = number("sstp.message.number")
        self.length = number("sstp.message.length")
        self.acked_in = number("sstp.ack.acked_in")
        self.covered = number("sstp.ack.covered") or 0
        self.user_ref = layer.one("sstp.message.user_ref")


class Shown:
    def __init__(self, wireshark, capture, frames=None):
        """Of a capture, in two passes; or of frames that have been dissected."""
        if frames is None:
            frames = wireshark.dissect(capture, two_pass=True)
        self.commands = [Command(frame.number, layer) for frame in frames
                         for layer in frame.commands]

    def streams(self):
        streams = {}
        for command in self.commands:
            streams.setdefault(command.stream, []).append(command)
        return streams


def in_both(some, others):
    return sorted((collections.Counter(some) & collections.Counter(others)).elements(), key=repr)


def without_repeats(values):
    return [value for i, value in enumerate(values) if i == 0 or value != values[i - 1]]


def readings(commands, end):
    """The commands as far as an end may have looked at them: nothing that came after its
    own ConnectClose, and of what it read last before that a beginning."""
    closes = [i for i, c in enumerate(commands) if c.id == CONNECT_CLOSE and c.side == end]
    if not closes:
        yield commands
        return
    block = closes[0]  # where what it sent at last begins
    while block > 0 and commands[block - 1].side == end:
        block -= 1
    last = block  # where what it read at last begins
    while last > 0 and commands[last - 1].side != end:
        last -= 1
    tail = [c for c in commands[block:] if c.side == end]
    for cut in range(block, last - 1, -1):
        yield commands[:cut] + tail


class Stream:
    """One connection: the events of the truth, and the commands, seen from `end`, where
    the capture was made; `own` are the ends that told the truth."""

    def __init__(self, truth, number, commands, own, in_order=True):
        self.in_order = in_order  # of time, the commands
        end = "initiator" if "initiator" in own else "acceptor"
        self.own = own
        self.events = truth.of_stream(number)
        self.commands, self.end = commands, end
        self.name = "stream %d at the %s" % (number, end)
        self.is_cut = any(event["event"] == "connection-state" and event["state"] == "closed" and
                          event["why"] in ("transport lost", "no memory") for event in self.events)
        # A relay's goodbye that waits for a GET, from behind a proxy that is dead.
        self.is_unheard = own == {"acceptor"} and not any(
            c.id == CONNECT_CLOSE and c.side == end for c in commands)

    def of(self, kind, **members):
        return [event for event in self.events if event["event"] == kind and
                all(event.get(name) == value for name, value in members.items())]

    def ended(self, side):
        """The EndMessages of a direction, in order: their place is their number."""
        return [c for c in self.commands if c.id == END_MESSAGE and c.side == side]

    def check_sent(self):
        """What was sent has its EndMessage, with its numbers and length, and none else."""
        for side in self.own:
            told = [(e["number"], e["session"], e["ordinal"], e["length"])
                    for e in self.of("message-sent", at=side)]
            shown = [(i, c.session, c.ordinal, c.length)
                     for i, c in enumerate(self.ended(side), 1)]
            if not self.in_order:  # their place says nothing
                told, shown = (sorted((message[1:] for message in some), key=repr)
                               for some in (told, shown))
            if self.is_cut or side != self.end:  # the rest did not get out, or not as far as here
                told = told[:len(shown)] if self.in_order else in_both(told, shown)
            yield "messages sent by the %s" % side, told, shown

    def check_taken(self):
        """What came was delivered or discarded, and nothing else was."""
        told = {e["number"]: (e["session"], e["length"])
                for e in self.of("message-delivered", at=self.end)}
        swallowed = {e["number"]: (e["session"], None)
                     for e in self.of("message-discarded", at=self.end, why="session closed")
                     if "length" not in e}
        yield "both delivered and discarded", sorted(set(told) & set(swallowed)), []
        shown = {i: (c.session, None if i in swallowed else c.length)
                 for i, c in enumerate(self.ended(OTHER[self.end]), 1)}
        yield "messages delivered", sorted({**told, **swallowed}.items()), sorted(shown.items())

    def check_acked(self):
        told = [e["number"] for e in self.of("message-acked", at=self.end)]
        # In order; the counts say how many had come where the reading ends.
        shown = [i for i, c in enumerate(self.ended(self.end), 1) if c.acked_in is not None]
        shown = shown[:sum(c.covered for c in self.commands if c.side != self.end)]
        yield "messages acknowledged", told, shown
        for side in self.own - {self.end}:
            # A count that found its end closed already is shown, but not told.
            far = [e["number"] for e in self.of("message-acked", at=side)]
            yield "messages acknowledged to the %s" % side, far, \
                [i for i, c in enumerate(self.ended(side), 1)
                 if c.acked_in is not None and i in far]
        given_up = [e["number"] for e in self.of("message-acked", at=self.end, given_up=True)]
        unacknowledged = {e["number"] for e in self.of("message-unacknowledged", at=self.end)}
        yield "given up", given_up, [number for number in told if number in unacknowledged]
        is_over = any(e["state"] == "closed" for e in self.of("connection-state", at=self.end))
        sent = {e["number"] for e in self.of("message-sent", at=self.end)}
        if is_over:
            yield "neither acknowledged nor given up", sorted(sent - set(told) - unacknowledged), []

    def check_connection(self):
        told = self.of("connection-state", at=self.end)
        yield "repeated connection states", without_repeats([e["state"] for e in told]), \
            [e["state"] for e in told]
        by_command = [e["state"] for e in told
                      if e.get("why") not in ("transport lost", "timeout", "no memory") and
                      not (self.is_unheard and e.get("why") == "ConnectClose sent")]
        yield "connection states", by_command, without_repeats(
            [c.connection_state for c in self.commands])

    def check_sessions(self):
        shown, told = {}, {}
        for command in self.commands:
            if command.session_state is not None:
                shown.setdefault(command.session, []).append(command.session_state)
        for event in self.of("session-state", at=self.end):
            if event.get("why") != "connection closed":  # which no command of it says
                told.setdefault(event["session"], []).append(event["state"])
        for session in sorted(set(shown) | set(told)):
            yield "states of session %d" % session, told.get(session, []), \
                without_repeats(shown.get(session, []))
        # Opened by a command, closed by one or with the connection.
        if self.of("connection-state", at=self.end, state="closed"):
            for session in told:
                states = [e["state"] for e in
                          self.of("session-state", at=self.end, session=session)]
                yield "session %d from its beginning to its end" % session, \
                    (states[0], states[-1], states.count("closed")), ("opening", "closed", 1)

    def check(self):
        for check in (self.check_sent, self.check_taken, self.check_acked, self.check_connection,
                      self.check_sessions):
            for what, told, shown in check():
                if told != shown:
                    yield "%s, %s: told %r, shown %r" % (self.name, what, told, shown)


def differences(truth, shown, in_order=True):
    """Sentences on what is not the same.  Where both ends are in the process, the capture
    was made at the initiator.  in_order: it is in the order of time."""
    found = []
    streams, ends = shown.streams(), truth.ends()
    if sorted(streams) != sorted(ends):
        found.append("streams: told %r, shown %r" % (sorted(ends), sorted(streams)))
    for number, commands in streams.items():
        own = ends.get(number, set())
        end = "initiator" if "initiator" in own else "acceptor"
        found.extend(min((list(Stream(truth, number, reading, own, in_order).check())
                          for reading in readings(commands, end)), key=len))
    times = [event["t"] for event in truth.events]
    if times != sorted(times):
        found.append("the events are not in the order of time")
    return found


def between_ends(truth):
    """The same for what both ends in one process tell: what one sends, the other gets."""
    found = []
    for number, ends in truth.ends().items():
        if len(ends) < 2:
            continue
        for side in OTHER:
            sent = [(e["number"], e["session"], e["length"])
                    for e in truth.of("message-sent", stream=number, at=side)]
            got = [(e["number"], e["session"], e["length"])
                   for e in truth.of("message-delivered", stream=number, at=OTHER[side])]
            swallowed = {e["number"] for e in
                         truth.of("message-discarded", stream=number, at=OTHER[side])
                         if "length" not in e}
            sent = [message for message in sent if message[0] not in swallowed]
            if sent != got:
                found.append("stream %d: the %s sent %r, delivered were %r" %
                             (number, side, sent, got))
            opened = {e["session"] for e in truth.of("session-state", stream=number, at=side)}
            others = {e["session"] for e in truth.of("session-state", stream=number,
                                                     at=OTHER[side])}
            if opened != others:
                found.append("stream %d: sessions %r and %r" % (number, opened, others))
    return found


def user_refs(shown, event):
    """The UserRefs of the messages that a message-discarded is about, from the capture."""
    ended = [c for c in shown.commands if c.id == END_MESSAGE and c.side == event["from"] and
             c.stream == event["stream"]]
    ordinal = ended[event["number"] - 1].ordinal
    return [c.user_ref for c in shown.commands if c.id == MESSAGE and c.side == event["from"] and
            c.stream == event["stream"] and c.ordinal == ordinal]
