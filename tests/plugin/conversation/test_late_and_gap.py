# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures that begin late, miss frames, or have them cut short: what is not known is
absent, what is shown is true, and nobody is accused."""

import section4_acknowledgement
import section4_sessions
from scenario import (CLIENT, PASSES, RELAY, Capture, Scenario, ScenarioTest, findings_of, henc,
                      layers_by_row, main, sstp, state_of)
from section4_sessions import APPHANDLER, OK_STOP, START, STOP, device, entry, identity

GAP = ("gap", "note")
ASSUME = "grvsstp.assume_nothing_outstanding:TRUE"
FOLLOW_NOT = "grvsstp.follow_states:FALSE"
COUNTED = ("sstp.message.number", "sstp.ack.acked_in", "sstp.ack.covered", "sstp.ack.acks",
           "sstp.ack.first", "sstp.ack.last", "sstp.ack.time", "sstp.message.ack_time",
           "sstp.ack.outstanding", "sstp.ack.remaining")


def late_carrier(capture, place):
    """The capture begins after the SYNs."""
    return henc.Plain(capture, place, handshake=False)


def late():
    """A conversation whose beginning nobody saw: each state is absent until a command
    fixes it, and there are no numbers and counts."""
    tale = Scenario("late")
    line = tale.line("A-B")
    unknown = dict(number=None, outstanding=None, session=None)
    line.noop(RELAY, 2, outstanding=None, covered=None, remaining=None)
    line.data(CLIENT, 3, **dict(unknown, outstanding=None))
    line.end(CLIENT, 3, **unknown)
    line.noop(RELAY, 1, outstanding=None, covered=None, remaining=None)
    line.begin(CLIENT, 3, number=None, outstanding=None)
    line.data(CLIENT, 3, number=None)
    line.end(CLIENT, 3, number=None, outstanding=None)
    line.respond(RELAY, 3, STOP, "blocked")
    line.respond(RELAY, 3, START, "ready")
    # The other kinds of first command on a session.
    line.respond(RELAY, 4, STOP, "blocked", receiver=None)
    line.respond(RELAY, 5, START, "ready", receiver=None)
    line.respond(RELAY, 6, OK_STOP, "suspended")
    line.respond(RELAY, 7, sstp.OK, "ready")
    line.row(RELAY, sstp.session_status(8, 5, device("B"), identity("B")))
    line.close(RELAY, 8, 0x15)
    line.close(CLIENT, 9)
    # What is opened now is known, but for the counts.
    request = line.fanout(CLIENT, 10, APPHANDLER, [entry("B"), entry("C")])
    line.respond(RELAY, 10, OK_STOP, "suspended", answers=request)
    line.respond(RELAY, 10, START, "ready")
    line.row(RELAY, sstp.session_status(10, 5, device("B"), identity("B")), session="ready",
             receiver="waiting", active=1)
    line.begin(CLIENT, 10, number=None, outstanding=None)
    line.data(CLIENT, 10, number=None)
    line.end(CLIENT, 10, number=None, outstanding=None)
    line.noop(RELAY, 2, outstanding=None, covered=None, remaining=None)
    line.finish(RELAY, count=7, outstanding=None, covered=None, remaining=None)
    return tale


def late_trusting():
    """The same beginning where a user knows that nothing was outstanding."""
    tale = Scenario("late, trusting")
    line = tale.line("A-B")
    line.noop(RELAY, 0, remaining=0)
    # A message whose Message nobody saw has no number, but a place in the list.
    line.data(CLIENT, 3, number=None, session=None)
    headless = line.end(CLIENT, 3, number=None, outstanding=1, session=None)
    first = line.message(CLIENT, 3, number=1, before=1)
    second = line.message(CLIENT, 3, number=2, before=2)
    line.noop(RELAY, 2, acks=[headless, first], remaining=1)
    line.finish(RELAY, count=1, acks=[second])
    return tale


def with_gap(lost_to_end):
    """A gap in the middle of a message: what is after it is as in a late capture, but
    for the Open, which was seen."""
    tale = Scenario("gap")
    line = tale.line("A-B")
    line.greet()
    line.opened(CLIENT, 3, APPHANDLER)
    line.opened(CLIENT, 4, APPHANDLER)
    request = line.fanout(CLIENT, 5, APPHANDLER, [entry("B"), entry("C")])
    line.respond(RELAY, 5, OK_STOP, "suspended", answers=request)
    first = line.message(CLIENT, 3, number=1, before=0)
    line.noop(RELAY, 1, acks=[first])
    line.message(CLIENT, 3, number=2, before=0)  # will never be known to be acknowledged
    line.begin(CLIENT, 3, number=3, outstanding=1)
    lost = [line.data(CLIENT, 3, number=None)]
    if lost_to_end:
        lost.append(line.row(CLIENT, sstp.end_message(3)))
        line.begin(CLIENT, 3, number=None, outstanding=None, findings=[GAP])
        line.data(CLIENT, 3, number=None)
    else:
        line.data(CLIENT, 3, number=None, session=None, findings=[GAP])
    line.end(CLIENT, 3, number=None, outstanding=None,
             session="ready" if lost_to_end else None)
    line.noop(RELAY, 2, outstanding=None, covered=None, remaining=None)
    line.noop(RELAY, 9, outstanding=None, covered=None, remaining=None)
    line.begin(CLIENT, 3, number=None, outstanding=None)
    line.data(CLIENT, 3, number=None)
    line.end(CLIENT, 3, number=None, outstanding=None)
    line.data(CLIENT, 4, number=None, session=None)
    line.respond(RELAY, 4, STOP, "blocked", receiver="buffering")
    line.respond(RELAY, 5, START, "ready", receiver=None)
    line.row(RELAY, sstp.session_status(5, 5, device("B"), identity("B")), session="ready")
    line.close(RELAY, 5)
    line.finish(RELAY, count=1, outstanding=None, covered=None, remaining=None)
    return tale, lost


def false_words(row, layer, numbers, two_pass):
    """What is shown of a row and is not so; what is not shown is no false word."""
    wanted = row.wanted(numbers, two_pass)
    wrong = ["%s shown %r, not %r" % (name, values, wanted.get(name))
             for name, values in state_of(layer).items() if values != wanted.get(name)]
    return wrong + ["accused of %s" % finding[0] for finding in findings_of(layer)
                    if finding not in row.wanted_findings(two_pass) + [GAP]]


class LateAndGap(ScenarioTest):
    def assert_shown_in_the_end(self, tale, capture, preferences=()):
        """In two passes all of it; one pass cannot tell lost from late, and says less."""
        path = self.write(capture)
        for two_pass, label in PASSES:
            frames = self.ws.dissect(path, two_pass=two_pass, preferences=preferences)
            if two_pass:
                self.assert_shown(tale, capture, frames, two_pass, label)
            else:
                self.assertEqual([word for row, layer in layers_by_row(tale, capture, frames)
                                  for word in false_words(row, layer, capture, two_pass)], [])

    def test_late(self):
        self.check(late(), make=late_carrier)

    def test_late_joined(self):
        self.check(late(), make=late_carrier, joined=True)

    def test_preference(self):
        """Off, no count is attributed; on, each."""
        self.check(late_trusting(), make=late_carrier, preferences=[ASSUME])
        path = self.write(late_trusting().play(make=late_carrier))
        for two_pass, _ in PASSES:
            for frame in self.ws.dissect(path, two_pass=two_pass):
                for layer in frame.commands:
                    self.assertEqual([name for name in COUNTED if layer.values(name)], [])

    def test_preference_with_a_connect(self):
        """Where the Connect is in the capture the preference changes nothing, and a gap
        is a gap."""
        self.check(section4_acknowledgement.multiple_sessions(), preferences=[ASSUME])
        self.check_gap(False, preferences=[ASSUME])

    def test_preference_off(self):
        """Without following states there are none, and no links, and no accusations."""
        tale = section4_acknowledgement.received_while_blocked()
        path = self.write(tale.play())
        for two_pass, _ in PASSES:
            for frame in self.ws.dissect(path, two_pass=two_pass, preferences=[FOLLOW_NOT]):
                for layer in frame.commands:
                    shown = [name for name in state_of(layer)
                             if name not in ("sstp.connection.version",
                                             "sstp.message.reassembled_in")]
                    self.assertEqual(shown, [])
                self.assertEqual(frame.findings, [])

    def check_gap(self, lost_to_end, preferences=()):
        tale, lost = with_gap(lost_to_end)
        capture = tale.play()
        tale.lose(capture, *lost)
        for row in tale.rows:
            if row.end and (row.end not in tale.rows or lost[0].end is row.end):
                row.end = None  # it is not whole
        self.assert_shown_in_the_end(tale, capture, preferences)

    def test_gap(self):
        """One Data lost, and a Data and the EndMessage after it."""
        for lost_to_end in (False, True):
            self.check_gap(lost_to_end)

    def test_connect_behind_a_gap(self):
        """The next Connect makes all certain again."""
        tale = Scenario("Connect after a gap")
        line = tale.line("A-B")
        line.greet()
        line.opened(CLIENT, 3, APPHANDLER)
        line.message(CLIENT, 3, number=1, before=0)
        lost = [line.row(CLIENT, sstp.connect_close(0))]
        line.sessions.clear()
        line.version = None
        connect = line.row(CLIENT, sstp.connect("t", ["s"]), connection="connecting",
                           findings=[GAP])
        line.version = "1.5"
        line.row(RELAY, sstp.connect_response(sstp.OK, ["t"]), answers=connect)
        line.opened(CLIENT, 3, APPHANDLER)
        one = line.message(CLIENT, 3, number=1, before=0)
        two = line.message(CLIENT, 3, number=2, before=1)
        line.noop(RELAY, 1, acks=[one], remaining=1)
        line.finish(RELAY, count=1, acks=[two])
        capture = tale.play()
        tale.lose(capture, *lost)
        self.assert_shown_in_the_end(tale, capture)


class Numbers:
    """The frames' numbers in a capture; 0 for what is not in it."""

    def __init__(self, capture):
        self.numbers = {id(frame): n for n, frame in enumerate(capture.frames, 1)}

    def number(self, frame):
        return self.numbers.get(id(frame), 0)


class NothingFalse(ScenarioTest):
    """Whatever is missing: what is shown is what is shown of the whole, or absent, and
    no finding is above a note."""

    @staticmethod
    def scenarios():
        return [section4_acknowledgement.multiple_sessions_by_message,
                section4_acknowledgement.interleaved,
                section4_acknowledgement.blocked_amid_message,
                section4_sessions.bidirectional, section4_sessions.multidrop_fanout]

    def assert_nothing_false(self, tales, capture):
        """tales: [(label, Scenario)], all in one capture; most commands show a state."""
        path = self.write(capture)
        numbers = Numbers(capture)
        rows = {}
        for label, tale in tales:
            for row in tale.rows:
                rows.setdefault(numbers.number(row.frame), []).append((label, row))
        shown, wrong = 0, []
        for two_pass, passes in PASSES:
            for frame in self.ws.dissect(path, two_pass=two_pass):
                sent = rows.get(frame.number, [])
                where = "%s, frame %d" % (passes, frame.number)
                wrong += ["%s: accused of %s" % (where, name)
                          for name, severity in frame.findings if severity != "note"]
                wrong += [where + ": malformed"] * frame.is_malformed
                for (label, row), layer in zip(sent, frame.commands):
                    shown += bool(state_of(layer))
                    wrong += ["%s, %s, %r: %s" % (where, label, row, text) for text in
                              false_words(row, layer, numbers, two_pass)]
        with self.subTest(tales[0][1].name):
            self.assertEqual(len(wrong), 0, "%s\n%s" % (self.keep(path), "\n".join(wrong[:30])))
            self.assertGreater(shown, len(tales) * len(tales[0][1].rows) // 2)

    def test_each_frame_lost(self):
        """One after the other, each frame with data."""
        for make in self.scenarios():
            capture = Capture()
            tales = []
            for number in range(len(make().rows)):
                tale = make()
                tale.play(capture, place=3 * number)
                tales.append(("%s without %r" % (tale.name, tale.rows[number]), tale))
            for number, (_, tale) in enumerate(tales):
                tale.lose(capture, tale.rows[number])
            self.assert_nothing_false(tales, capture)

    def test_where_the_gap_is(self):
        """On the first frame with data after the loss, of the side that lost it, or, where
        that says no more, of the one that acknowledges it; once, and in two passes, for one
        cannot tell lost from late."""
        for make in self.scenarios()[:4]:
            capture = Capture()
            rows = []
            for number in range(len(make().rows)):
                tale = make()
                tale.play(capture, place=3 * number)
                lost = tale.rows[number]
                later = [row for row in tale.rows[number + 1:] if row.line == lost.line]
                after = [row for row in later if row.from_client == lost.from_client] or later
                rows.append((lost, after[0] if after else None))
            capture.lose(*(lost.frame for lost, _ in rows))
            numbers = Numbers(capture)
            wanted = {numbers.number(after.frame): repr(lost) for lost, after in rows if after}
            path = self.write(capture)
            for two_pass, label in PASSES:
                found = [frame.number for frame in self.ws.dissect(path, two_pass=two_pass)
                         for finding in frame.findings if finding == GAP]
                missed = set(wanted) - set(found) if two_pass else set()
                self.assertEqual((len(set(found)), set(found) - set(wanted), missed),
                                 (len(found), set(), set()), "%s, %s; not: %s" % (
                                     self.keep(path), label,
                                     [wanted[number] for number in sorted(missed)]))

    def test_each_pair_lost(self):
        """Each two frames in a row, which may be of both sides."""
        for make in self.scenarios():
            capture = Capture()
            tales = []
            for number in range(len(make().rows) - 1):
                tale = make()
                tale.play(capture, place=3 * number)
                tales.append(("%s without %r" % (tale.name, tale.rows[number:number + 2]), tale))
            for number, (_, tale) in enumerate(tales):
                tale.lose(capture, *tale.rows[number:number + 2])
            self.assert_nothing_false(tales, capture)

    def test_each_beginning_lost(self):
        """The capture begins at each frame, after the SYNs."""
        for make in self.scenarios():
            capture = Capture()
            tales = []
            for number in range(1, len(make().rows)):
                tale = make()
                tale.play(capture, make=late_carrier, place=3 * number)
                tales.append(("%s from %r" % (tale.name, tale.rows[number]), tale))
            for number, (_, tale) in enumerate(tales, 1):
                tale.lose(capture, *tale.rows[:number])
            self.assert_nothing_false(tales, capture)

    def test_snap_lengths(self):
        """Every frame cut to the same length, from the headers alone to all of it."""
        for make in self.scenarios()[:3]:
            capture = Capture()
            tales = []
            for number, snap in enumerate(range(54, 140, 2)):
                tale = make()
                first = len(capture.frames)
                tale.play(capture, place=3 * number)
                for frame in capture.frames[first:]:
                    frame.snap = snap
                tales.append(("%s cut to %d" % (tale.name, snap), tale))
            self.assert_nothing_false(tales, capture)

    def test_each_frame_snapped(self):
        """One frame cut to its TCP header, and to a few bytes of the command."""
        for make in self.scenarios():
            for snap in (54, 57, 61):
                capture = Capture()
                tales = []
                for number in range(len(make().rows)):
                    tale = make()
                    tale.play(capture, place=3 * number)
                    tale.rows[number].frame.snap = snap
                    tales.append(("%s, %r cut to %d" % (tale.name, tale.rows[number], snap),
                                  tale))
                self.assert_nothing_false(tales, capture)

    def test_half_a_connection(self):
        """One direction alone accuses nobody."""
        for make in self.scenarios():
            for side in (CLIENT, RELAY):
                for carrier in (henc.Plain, late_carrier):
                    tale = make()
                    capture = tale.play(make=carrier)
                    tale.lose(capture, *[row for row in tale.rows if row.from_client != side])
                    path = self.write(capture)
                    for two_pass, label in PASSES:
                        for frame in self.ws.dissect(path, two_pass=two_pass):
                            self.assertEqual(
                                [found for found in frame.findings if found[1] != "note"], [],
                                "%s, %s, %s, frame %d" % (tale.name, side, label, frame.number))


if __name__ == "__main__":
    main()
