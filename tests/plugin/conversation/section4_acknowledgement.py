# SPDX-License-Identifier: GPL-2.0-or-later
"""The worked examples of MS-GRVSSTP 4.3 and 4.4 as scenarios, told from their prose.

The tables of OutboundMessageLists stand where the specification has them: after the
step that they describe, `tale.table` says which messages are outstanding on each
connection.  The InboundMessageLists and their 'processing' and 'complete' are the
receiver's own and not on the wire; what is seen of them is the count that follows.
"""

from scenario import CLIENT, RELAY, Scenario, sstp
from section4_sessions import APPHANDLER, OK_STOP, RELAY2, START, STOP, entry

RELAY3 = "grooveDNS://relay3.example"
BLOCKED_SEND = ("blocked_send", "note")


def two_sessions(name):
    """Device1 and Device2, and two sessions of Device1."""
    tale = Scenario(name)
    line = tale.line("Device1-Device2")
    line.greet()
    line.opened(CLIENT, 1, APPHANDLER)
    line.opened(CLIENT, 2, "otherhandler")
    return tale, line


def multiple_sessions():
    """4.3.1: A1, B1, A2, B2; B is done first, and nothing is acknowledged until A1 is."""
    tale, line = two_sessions("4.3.1")
    a1 = line.message(CLIENT, 1, number=1, before=0)
    b1 = line.message(CLIENT, 2, number=2, before=1)
    a2 = line.message(CLIENT, 1, number=3, before=2)
    b2 = line.message(CLIENT, 2, number=4, before=3)
    tale.table(out=(line, [a1, b1, a2, b2]))
    line.noop(RELAY, 2, acks=[a1, b1], remaining=2)
    tale.table(out=(line, [a2, b2]))
    line.noop(RELAY, 2, acks=[a2, b2], remaining=0)
    tale.table(out=(line, []))
    line.finish()
    return tale


def multiple_sessions_by_message():
    """4.3.1 with the other command that may carry the count, a Message."""
    tale, line = two_sessions("4.3.1, acknowledged by Message")
    line.opened(RELAY, 0x80000001, APPHANDLER)
    a1 = line.message(CLIENT, 1, number=1, before=0)
    b1 = line.message(CLIENT, 2, number=2, before=1)
    a2 = line.message(CLIENT, 1, number=3, before=2)
    b2 = line.message(CLIENT, 2, number=4, before=3)
    tale.table(out=(line, [a1, b1, a2, b2]))
    one = line.message(RELAY, 0x80000001, number=1, before=0, count=2, acks=[a1, b1], covered=2,
                       remaining=2)
    tale.table(out=(line, [a2, b2, one]))
    two = line.message(RELAY, 0x80000001, number=2, before=1, count=2, acks=[a2, b2], covered=2,
                       remaining=0)
    tale.table(out=(line, [one, two]))
    line.finish(count=2, acks=[one, two], remaining=0)
    tale.table(out=(line, []))
    return tale


def interleaved():
    """4.3.2: A begins first and ends last, so B is the older entry of the list, while
    the Message commands number A 1 and B 2."""
    tale, line = two_sessions("4.3.2")
    line.begin(CLIENT, 1, number=1, outstanding=0)
    line.data(CLIENT, 1, number=1)
    line.begin(CLIENT, 2, number=2, outstanding=0)
    line.data(CLIENT, 1, number=1)
    line.data(CLIENT, 2, number=2)
    tale.table(out=(line, []))
    b = line.end(CLIENT, 2, number=2, outstanding=1)
    tale.table(out=(line, [b]))
    line.data(CLIENT, 1, number=1)
    a = line.end(CLIENT, 1, number=1, outstanding=2)
    tale.table(out=(line, [b, a]))
    line.noop(RELAY, 1, acks=[b], remaining=1)
    tale.table(out=(line, [a]))
    line.noop(RELAY, 1, acks=[a], remaining=0)
    tale.table(out=(line, []))
    line.finish()
    return tale


def fanout_ready(line, session_id, entries):
    """A fanout session, up to StartSending."""
    request = line.fanout(CLIENT, session_id, APPHANDLER, entries)
    line.respond(RELAY, session_id, OK_STOP, "suspended", answers=request)
    line.respond(RELAY, session_id, START, "ready")


class SingleHop:
    """What 4.3.3 and 4.3.4 have in common: Device1's three sessions, and Relay1's to
    Relay2 and Relay3."""

    def __init__(self, name):
        self.tale = Scenario(name)
        self.device1 = self.tale.line("Device1-Relay1")
        self.relay2 = self.tale.line("Relay1-Relay2")
        self.relay3 = self.tale.line("Relay1-Relay3")
        for line in (self.device1, self.relay2, self.relay3):
            line.greet()
        fanout_ready(self.device1, 1, [entry("X", RELAY2)])
        fanout_ready(self.relay2, 1, [entry("X", RELAY2)])
        request = self.device1.open(CLIENT, 2, APPHANDLER, *entry("Y")[:2])
        self.device1.respond(RELAY, 2, sstp.OK, "ready", answers=request)
        fanout_ready(self.device1, 3, [entry("Z", RELAY3)])
        fanout_ready(self.relay3, 1, [entry("Z", RELAY3)])

    def outbound(self, device1=(), relay2=(), relay3=(), **more):
        """The OutboundMessageLists at this point."""
        self.tale.table(device1=(self.device1, device1), relay2=(self.relay2, relay2),
                        relay3=(self.relay3, relay3), **more)


def single_hop():
    """4.3.3; a message of Device1 is a, b, c, Relay1's copy of it a_, c_."""
    hop = SingleHop("4.3.3")
    a = hop.device1.message(CLIENT, 1, number=1, before=0)
    a_ = hop.relay2.message(CLIENT, 1, number=1, before=0)
    hop.outbound([a], [a_])
    b = hop.device1.message(CLIENT, 2, number=2, before=1)
    hop.outbound([a, b], [a_])
    c = hop.device1.message(CLIENT, 3, number=3, before=2)
    c_ = hop.relay3.message(CLIENT, 1, number=1, before=0)
    hop.outbound([a, b, c], [a_], [c_])
    hop.relay3.noop(RELAY, 1, acks=[c_], remaining=0)
    hop.outbound([a, b, c], [a_])
    hop.relay2.noop(RELAY, 1, acks=[a_], remaining=0)
    hop.outbound([a, b, c])
    hop.device1.noop(RELAY, 3, acks=[a, b, c], remaining=0)
    hop.outbound()
    return hop.tale


def multi_client_single_hop():
    """4.3.4: one count on the relays' connection concerns messages of two clients."""
    hop = SingleHop("4.3.4")
    device2 = hop.tale.line("Device2-Relay1")
    device2.greet()
    fanout_ready(device2, 1, [entry("X", RELAY2)])
    fanout_ready(hop.relay2, 2, [entry("X", RELAY2)])
    a = hop.device1.message(CLIENT, 1, number=1, before=0)
    a_ = hop.relay2.message(CLIENT, 1, number=1, before=0)
    hop.outbound([a], [a_], device2=(device2, []))
    d = device2.message(CLIENT, 1, number=1, before=0)
    d_ = hop.relay2.message(CLIENT, 2, number=2, before=1)
    hop.outbound([a], [a_, d_], device2=(device2, [d]))
    b = hop.device1.message(CLIENT, 2, number=2, before=1)
    hop.outbound([a, b], [a_, d_], device2=(device2, [d]))
    c = hop.device1.message(CLIENT, 3, number=3, before=2)
    c_ = hop.relay3.message(CLIENT, 1, number=1, before=0)
    hop.outbound([a, b, c], [a_, d_], [c_], device2=(device2, [d]))
    hop.relay3.noop(RELAY, 1, acks=[c_], remaining=0)
    hop.outbound([a, b, c], [a_, d_], device2=(device2, [d]))
    hop.relay2.noop(RELAY, 2, acks=[a_, d_], remaining=0)
    hop.outbound([a, b, c], device2=(device2, [d]))
    hop.device1.noop(RELAY, 3, acks=[a, b, c], remaining=0)
    device2.noop(RELAY, 1, acks=[d], remaining=0)
    hop.outbound(device2=(device2, []))
    return hop.tale


def flow_control():
    """4.4: session 1 is blocked after A1, so B2 overtakes A2; the counts go on."""
    tale, line = two_sessions("4.4")
    a1 = line.message(CLIENT, 1, number=1, before=0)
    line.respond(RELAY, 1, STOP, "blocked")
    b1 = line.message(CLIENT, 2, number=2, before=1)
    b2 = line.message(CLIENT, 2, number=3, before=2)
    tale.table(out=(line, [a1, b1, b2]))
    line.noop(RELAY, 1, acks=[a1], remaining=2)
    tale.table(out=(line, [b1, b2]))
    line.respond(RELAY, 1, START, "ready")
    a2 = line.message(CLIENT, 1, number=4, before=2)
    tale.table(out=(line, [b1, b2, a2]))
    line.noop(RELAY, 3, acks=[b1, b2, a2], remaining=0)
    tale.table(out=(line, []))
    line.finish()
    return tale


def blocked_amid_message():
    """4.4: what was begun before StopSending is brought to its end."""
    tale, line = two_sessions("4.4, amid a message")
    line.begin(CLIENT, 1, number=1, outstanding=0)
    line.respond(RELAY, 1, STOP, "blocked", receiver="ready")
    line.data(CLIENT, 1, number=1, session="blocked")
    line.respond(RELAY, 1, STOP, "blocked", receiver="buffering")
    a = line.end(CLIENT, 1, number=1, outstanding=1, session="blocked")
    line.respond(RELAY, 1, START, "ready")
    line.respond(RELAY, 1, START, "ready")
    line.noop(RELAY, 1, acks=[a], remaining=0)
    line.finish()
    return tale


def received_while_blocked():
    """4.4.1: B was under way when StopSending came; a note, and it counts."""
    tale, line = two_sessions("4.4.1")
    a = line.message(CLIENT, 1, number=1, before=0)
    line.respond(RELAY, 1, STOP, "blocked")
    b = line.message(CLIENT, 1, number=2, before=1, session="blocked", findings=[BLOCKED_SEND])
    tale.table(out=(line, [a, b]))
    line.noop(RELAY, 1, acks=[a], remaining=1)
    tale.table(out=(line, [b]))
    line.respond(RELAY, 1, START, "ready")
    c = line.message(CLIENT, 1, number=3, before=1)
    tale.table(out=(line, [b, c]))
    line.noop(RELAY, 2, acks=[b, c], remaining=0)
    tale.table(out=(line, []))
    line.finish()
    return tale


def scenarios():
    return [multiple_sessions(), multiple_sessions_by_message(), interleaved(), single_hop(),
            multi_client_single_hop(), flow_control(), blocked_amid_message(),
            received_while_blocked()]
