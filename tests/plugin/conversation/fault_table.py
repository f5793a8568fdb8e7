# SPDX-License-Identifier: GPL-2.0-or-later
"""The fault catalogue: each illegal act, one by one, in a conversation that is clean
around it (fault_words.py)."""

from fault_words import (ACCEPTED, ATTACH, ATTACHED, CONNECT, FIRST_OF_ACCEPTOR, Fault, GOODBYE,
                         GREETING, NEXT, NOTE, NOT_SUPPORTED, NO_ENTRIES, NO_RESOURCE, OK,
                         OK_STOP, REFUSED, REGISTERED, RESPONSES, START, STILL, STOP, TOKEN,
                         UNKNOWN, acknowledged, c, fanned, fanout, message, open_, opened, r,
                         refusable, sent)
from scenario import CLIENT, RELAY, sstp, stories


# ---------------------------------------------------------------------------
# wrong_role


def wrong_roles():
    greeted = GREETING + opened()
    for command in (CONNECT, sstp.connect_authenticate(TOKEN),
                    sstp.attach(FIRST_OF_ACCEPTOR, stories.RELAY_URL, stories.ACCOUNT, TOKEN),
                    sstp.attach_authenticate(1, TOKEN), sstp.register(FIRST_OF_ACCEPTOR, TOKEN)):
        yield Fault("acceptor sends " + command.name, "wrong_role", greeted, r(command), STILL)
    yield Fault("acceptor sends the first Connect", "wrong_role", [], r(CONNECT), GREETING + NEXT)
    yield Fault("FanoutOpen to a client that has attached", "wrong_role", GREETING + ATTACHED,
                r(fanout(FIRST_OF_ACCEPTOR)), NEXT)
    for command in (ACCEPTED, sstp.attach_response(1, 0, TOKEN), sstp.register_response(1)):
        yield Fault("initiator sends " + command.name, "wrong_role", greeted, c(command), STILL)
    yield Fault("initiator answers its own Connect", "wrong_role", c(CONNECT), c(ACCEPTED),
                r(ACCEPTED) + NEXT)
    for side, session_id in ((CLIENT, 3), (RELAY, FIRST_OF_ACCEPTOR)):
        who = "initiator" if side else "acceptor"
        before = GREETING + opened(session_id, side)
        after = acknowledged(session_id, side) + NEXT
        yield Fault("%s answers its own Open" % who, "wrong_role",
                    GREETING + sent(side, open_(session_id)),
                    sent(side, sstp.open_response(session_id, OK)),
                    sent(not side, sstp.open_response(session_id, OK)) + after)
        yield Fault("%s stops itself" % who, "wrong_role", before,
                    sent(side, sstp.open_response(session_id, STOP)), after)
        for command in message(session_id):
            yield Fault("%s sends %s against the session" % (not side and "initiator" or
                                                             "acceptor", command.name),
                        "wrong_role", before, sent(not side, command), after)
    yield Fault("originator sends SessionStatus", "wrong_role", GREETING + fanned(),
                c(sstp.session_status(4, 4, indexes=[0])), acknowledged(4) + NEXT)


# ---------------------------------------------------------------------------
# unexpected_command


def wrong_connection_states():
    name = "unexpected_command"
    for command in (open_(3), fanout(4), sstp.noop(0), sstp.close(3), sstp.connect_close(0),
                    sstp.attach(1, stories.RELAY_URL, stories.ACCOUNT, TOKEN),
                    sstp.register(1, TOKEN), sstp.connect_authenticate(TOKEN), *message(3)):
        if command.name != "ConnectClose":
            yield Fault("%s before Connect" % command.name, name, [], c(command), GREETING + NEXT)
        yield Fault("%s before ConnectResponse" % command.name, name, c(CONNECT),
                    c(command) if command.name != "ConnectClose" else c(CONNECT),
                    r(ACCEPTED) + NEXT)
        yield Fault("%s when refused" % command.name, name, c(CONNECT) + r(REFUSED),
                    c(command) if command.name != "ConnectClose" else r(REFUSED),
                    r(sstp.connect_close(0)))
        yield Fault("%s after the own ConnectClose" % command.name, name,
                    GREETING + opened() + fanned(9) + GOODBYE, c(command))
    yield Fault("ConnectClose before Connect", name, [], c(sstp.connect_close(0)), clean=GREETING)
    for command in (sstp.noop(0), ACCEPTED, open_(FIRST_OF_ACCEPTOR)):
        yield Fault("%s of the acceptor before Connect" % command.name, name, [], r(command),
                    GREETING + NEXT)
    for command in (sstp.noop(0), open_(FIRST_OF_ACCEPTOR)):
        yield Fault("%s of the acceptor before ConnectResponse" % command.name, name, c(CONNECT),
                    r(command), r(ACCEPTED) + NEXT)
    yield Fault("second Connect", name, GREETING + opened(), c(CONNECT), STILL)
    yield Fault("second ConnectResponse", name, GREETING + opened(), r(ACCEPTED), STILL)
    yield Fault("late refusal", name, GREETING + opened(), r(REFUSED), STILL)


# The states of GRVSSTP 3.1.5.7 by what leads there, and what may come there.
SESSION_STATES = {
    "opening": (c(open_(3)), (OK, NO_RESOURCE, UNKNOWN, NO_ENTRIES, NOT_SUPPORTED, OK_STOP)),
    "suspended": (c(open_(3)) + r(sstp.open_response(3, OK_STOP)), (START,)),
    "ready": (opened(), (START, STOP)),
    "blocked": (opened() + r(sstp.open_response(3, STOP)), (START, STOP)),
}
TO_READY = {"opening": r(sstp.open_response(3, OK)), "suspended": r(sstp.open_response(3, START)),
            "ready": [], "blocked": r(sstp.open_response(3, START))}


def wrong_session_states():
    for state, (path, allowed) in SESSION_STATES.items():
        for response, text in RESPONSES.items():
            if response not in allowed:
                yield Fault("%s while %s" % (text, state), "unexpected_command", GREETING + path,
                            r(sstp.open_response(3, response)), TO_READY[state] + STILL)
    begin, data, end = message(3)
    for state in ("opening", "suspended"):
        after = c(data, end) + TO_READY[state] + r(sstp.noop(1)) + STILL
        yield Fault("Message while %s" % state, "unexpected_command",
                    GREETING + SESSION_STATES[state][0], c(begin), after,
                    clean=GREETING + SESSION_STATES[state][0] + TO_READY[state] + STILL)
        for command in (data, end):
            yield Fault("%s alone while %s" % (command.name, state), "unexpected_command",
                        GREETING + SESSION_STATES[state][0], c(command),
                        TO_READY[state] +
                        (r(sstp.noop(1)) if command is end else []) + STILL,
                        clean=GREETING + SESSION_STATES[state][0] + TO_READY[state] + STILL)
    for form, text in ((sstp.session_status(3, 4, indexes=[0, 1]), "by index"),
                       (sstp.session_status(3, 3, stories.RELAY_URL, "", []), "by URL")):
        yield Fault("SessionStatus %s on a session opened by Open" % text, "unexpected_command",
                    GREETING + opened(), r(form), STILL)


def wrong_receiver_states():
    begin, data, end = message(3)
    before = GREETING + opened()
    name = "unexpected_command"
    yield Fault("Data while waiting", name, before, c(data), STILL)
    yield Fault("Data after the EndMessage", name, before + c(begin, data, end), c(data),
                r(sstp.noop(1)) + STILL)
    # An EndMessage enters the ledger whatever it ends (SPECIFICATION.md).
    yield Fault("EndMessage while waiting", name, before, c(end), r(sstp.noop(1)) + STILL,
                clean=before + STILL)
    yield Fault("EndMessage without Data", name, before + c(begin), c(end),
                r(sstp.noop(1)) + STILL, clean=before + STILL)
    yield Fault("Message while ready", name, before + c(begin), c(begin),
                c(data, end) + r(sstp.noop(1)) + STILL)
    yield Fault("Message while buffering", name, before + c(begin, data), c(begin),
                c(data, end) + r(sstp.noop(1)) + STILL)


def wrong_event_states():
    name = "unexpected_command"
    before = GREETING + ATTACHED
    yield Fault("second AttachResponse", name, before, r(sstp.attach_response(1, 0, TOKEN)), NEXT)
    yield Fault("AttachAuthenticate before AttachResponse", name, GREETING + ATTACH,
                c(sstp.attach_authenticate(1, TOKEN)), r(sstp.attach_response(1, 0, TOKEN)) + NEXT)
    yield Fault("Register of the device before AttachResponse", name, GREETING + ATTACH,
                c(sstp.register(1, TOKEN)),
                r(sstp.attach_response(1, 0, TOKEN), sstp.register_response(1)) + NEXT,
                clean=before + NEXT)
    yield Fault("second RegisterResponse", name, before + REGISTERED, r(sstp.register_response(2)),
                NEXT)
    yield Fault("RegisterResponse without Register", name, before, r(sstp.register_response(1)),
                NEXT)
    yield Fault("AttachResponse to a Register", name, before + c(sstp.register(2, TOKEN)),
                r(sstp.attach_response(2, 0, TOKEN)), r(sstp.register_response(2)) + NEXT)
    yield Fault("AttachAuthenticate on a Register", name, before + c(sstp.register(2, TOKEN)),
                c(sstp.attach_authenticate(2, TOKEN)), r(sstp.register_response(2)) + NEXT)


# ---------------------------------------------------------------------------
# unknown_session


def unknown_sessions():
    name = "unknown_session"
    before = GREETING + opened()
    for command in message(9):
        yield Fault("%s of no session" % command.name, name, before, c(command), STILL)
        yield Fault("%s of the acceptor's, of no session" % command.name, name, before,
                    r(*[one for one in message(FIRST_OF_ACCEPTOR) if one.name == command.name]),
                    STILL)
    for command in (sstp.open_response(9), sstp.session_status(9, 4, indexes=[0, 1]),
                    sstp.attach_response(9, 0, TOKEN), sstp.register_response(9)):
        yield Fault("%s of no session" % command.name, name, before, r(command), STILL)
    yield Fault("AttachAuthenticate of no session", name, before,
                c(sstp.attach_authenticate(9, TOKEN)), STILL)
    # A message that has no session is in nobody's list, but its count counts.
    yield Fault("count on a Message of no session", name, before + opened(7 | FIRST_OF_ACCEPTOR,
                RELAY) + r(*message(7 | FIRST_OF_ACCEPTOR)), c(sstp.message(9, 1)), STILL,
                clean=before + NEXT)
    # After a Close or a refusal of one's own.
    closed = GREETING + opened() + c(sstp.close(3))
    for command in message(3):
        yield Fault("%s after the own Close" % command.name, name, closed, c(command),
                    r(sstp.noop(1)) + NEXT if command.name == "EndMessage" else NEXT,
                    clean=closed + NEXT)
    stopped = GREETING + opened() + r(sstp.close(3))
    yield Fault("OpenResponse after the own Close", name, stopped,
                r(sstp.open_response(3, START)), NEXT)
    emptied = GREETING + fanned() + r(sstp.close(4, 0x15))
    yield Fault("SessionStatus after the own Close", name, emptied,
                r(sstp.session_status(4, 4, indexes=[0, 1])), NEXT)
    detached = GREETING + ATTACHED + c(sstp.close(1))
    yield Fault("AttachAuthenticate after the own Close", name, detached,
                c(sstp.attach_authenticate(1, TOKEN)), NEXT)
    for response in (NO_RESOURCE, UNKNOWN, NO_ENTRIES, NOT_SUPPORTED):
        refused = GREETING + c(refusable(response)) + r(sstp.open_response(4, response))
        for command in message(4):
            yield Fault("%s after %s" % (command.name, RESPONSES[response]), name, refused,
                        c(command), r(sstp.noop(1)) + NEXT if command.name == "EndMessage" else
                        NEXT, clean=refused + NEXT)
        yield Fault("OpenResponse after %s" % RESPONSES[response], name, refused,
                    r(sstp.open_response(4, START)), NEXT)


def crossings():
    """Notes: the other side has closed, and what was under way is to be ignored."""
    name, note = "unknown_session", dict(severity=NOTE)
    before = GREETING + opened()
    yield Fault("Close of no session", name, before, c(sstp.close(9)), STILL, **note)
    yield Fault("Close of no session, by the acceptor", name, before, r(sstp.close(9)), STILL,
                **note)
    yield Fault("Closes that cross", name, before + c(sstp.close(3)), r(sstp.close(3)), NEXT,
                **note)
    yield Fault("own Close twice", name, before + c(sstp.close(3)), c(sstp.close(3)), NEXT, **note)
    yield Fault("message after the other side's Close", name, before + r(sstp.close(3)),
                c(*message(3)), r(sstp.noop(1)) + NEXT, clean=before + r(sstp.close(3)) + NEXT,
                **note)
    yield Fault("end of a message after the other side's Close", name,
                before + c(*message(3)[:1]) + r(sstp.close(3)), c(*message(3)[1:]),
                r(sstp.noop(1)) + NEXT, clean=before + r(sstp.close(3)) + NEXT, **note)
    yield Fault("OpenResponse after the other side's Close", name, before + c(sstp.close(3)),
                r(sstp.open_response(3, STOP), sstp.open_response(3, START)), NEXT, **note)
    yield Fault("SessionStatus after the other side's Close", name,
                GREETING + fanned() + c(sstp.close(4)),
                r(sstp.session_status(4, 4, indexes=[0, 1])), NEXT, **note)
    yield Fault("AttachResponse after the other side's Close", name,
                GREETING + ATTACH + c(sstp.close(1)), r(sstp.attach_response(1, 0, TOKEN)), NEXT,
                **note)
    yield Fault("RegisterResponse after the other side's Close", name,
                GREETING + ATTACHED + c(sstp.register(2, TOKEN), sstp.close(2)),
                r(sstp.register_response(2)), NEXT, **note)
    yield Fault("commands after the other side's ConnectClose", name,
                before + fanned() + opened(FIRST_OF_ACCEPTOR, RELAY) + r(sstp.connect_close(0)),
                c(sstp.message(3), sstp.data(3, b"late"), sstp.close(4),
                  sstp.open_response(FIRST_OF_ACCEPTOR, STOP)), **note)


# ---------------------------------------------------------------------------
# duplicate_session, session_id_range


def duplicates():
    name = "duplicate_session"
    before = GREETING + opened()
    yield Fault("Open twice", name, before, c(open_(3)), STILL)
    yield Fault("Open while opening", name, GREETING + c(open_(3)), c(open_(3)),
                r(sstp.open_response(3)) + STILL)
    yield Fault("FanoutOpen of an open session", name, before, c(fanout(3)), STILL)
    yield Fault("Open of a fanout session", name, GREETING + fanned(), c(open_(4)),
                acknowledged(4) + NEXT)
    yield Fault("Open twice, by the acceptor", name, GREETING + opened(FIRST_OF_ACCEPTOR, RELAY),
                r(open_(FIRST_OF_ACCEPTOR)), acknowledged(FIRST_OF_ACCEPTOR, RELAY) + NEXT)
    yield Fault("Open of an attach session", name, GREETING + ATTACHED, c(open_(1)), NEXT)
    yield Fault("FanoutOpen of a register session", name, GREETING + ATTACHED + REGISTERED,
                c(fanout(2)), NEXT)
    attach = sstp.attach(3, stories.RELAY_URL, stories.ACCOUNT, TOKEN)
    yield Fault("Attach of an open session", name, before, c(attach), STILL)
    yield Fault("Attach twice", name, GREETING + ATTACHED, [ATTACH[0]], REGISTERED + NEXT)
    yield Fault("Register of an open session", name, before, c(sstp.register(3, TOKEN)), STILL)
    yield Fault("Register twice", name, GREETING + ATTACHED + REGISTERED,
                c(sstp.register(2, TOKEN)), NEXT)


def ranges():
    name = "session_id_range"
    last, first = FIRST_OF_ACCEPTOR - 1, FIRST_OF_ACCEPTOR
    for session_id in (first, 0xFFFFFFFF):
        yield Fault("initiator opens 0x%08x" % session_id, name, GREETING, c(open_(session_id)),
                    r(sstp.open_response(session_id)) + acknowledged(session_id) + NEXT,
                    clean=GREETING + NEXT)
        yield Fault("initiator's FanoutOpen of 0x%08x" % session_id, name, GREETING,
                    c(fanout(session_id)),
                    r(sstp.open_response(session_id, OK_STOP)) + NEXT, clean=GREETING + NEXT)
        yield Fault("Attach of 0x%08x" % session_id, name, GREETING,
                    c(sstp.attach(session_id, stories.RELAY_URL, stories.ACCOUNT, TOKEN)),
                    r(sstp.attach_response(session_id, 0, TOKEN)) + NEXT, clean=GREETING + NEXT)
        yield Fault("Register of 0x%08x" % session_id, name, GREETING + ATTACHED,
                    c(sstp.register(session_id, TOKEN)),
                    r(sstp.register_response(session_id)) + NEXT,
                    clean=GREETING + ATTACHED + NEXT)
    for session_id in (0, last):
        yield Fault("acceptor opens 0x%08x" % session_id, name, GREETING, r(open_(session_id)),
                    c(sstp.open_response(session_id)) + acknowledged(session_id, RELAY) + NEXT,
                    clean=GREETING + NEXT)
        yield Fault("acceptor's FanoutOpen of 0x%08x" % session_id, name, GREETING,
                    r(fanout(session_id)),
                    c(sstp.open_response(session_id, OK_STOP)) + NEXT, clean=GREETING + NEXT)


# ---------------------------------------------------------------------------
# Acknowledgement, fanout, flow control


def acknowledgements():
    name = "ack_excess"
    before = GREETING + opened()
    both = before + opened(FIRST_OF_ACCEPTOR, RELAY)
    for count in (1, 0xFFFFFFFF):
        yield Fault("Noop(%d) with nothing outstanding" % count, name, before,
                    r(sstp.noop(count)), STILL)
    yield Fault("Noop(2) with one outstanding", name, before + c(*message(3)), r(sstp.noop(2)),
                STILL, clean=before + STILL)
    yield Fault("Noop(1) twice", name, before + c(*message(3)) + r(sstp.noop(1)), r(sstp.noop(1)),
                STILL)
    yield Fault("Noop for a message that has not ended", name, before + c(*message(3)[:2]),
                r(sstp.noop(1)), c(message(3)[2]) + r(sstp.noop(1)) + STILL)
    yield Fault("count of the own messages", name, before + c(*message(3)), c(sstp.noop(1)),
                r(sstp.noop(1)) + STILL)
    begin, data, end = message(FIRST_OF_ACCEPTOR, message_count=2)
    yield Fault("Message with one too many", name, both + c(*message(3)), r(begin),
                r(data, end) + c(sstp.noop(1)) + STILL, clean=both + STILL)
    yield Fault("ConnectClose with one too many", name, before, r(sstp.connect_close(0, 1)))


def unacknowledged():
    """The carrier closes TCP after each story."""
    name, note = "unacknowledged", dict(severity=NOTE)
    before = GREETING + opened() + opened(FIRST_OF_ACCEPTOR, RELAY)
    first = len(before) + 2  # the first message's EndMessage
    for label, story, ends in (
            ("initiator", c(*message(3)), [first]),
            ("acceptor", r(*message(FIRST_OF_ACCEPTOR)), [first]),
            ("two of three", c(*message(3), *message(3)) + c(*message(3)) + r(sstp.noop(1)),
             [first + 3, first + 6]),
            ("both sides", c(*message(3)) + r(*message(FIRST_OF_ACCEPTOR)), [first, first + 3])):
        for who, side in (("initiator", CLIENT), ("acceptor", RELAY)):
            yield Fault("messages of %s, ConnectClose of the %s" % (label, who), name,
                        before + story, sent(side, sstp.connect_close(0)), late=ends,
                        clean=before + NEXT, **note)
        yield Fault("messages of %s, transport lost" % label, name, before + story, [], late=ends,
                    clean=before, **note)
    yield Fault("the last count leaves one", name, before + c(*message(3), *message(3)),
                r(sstp.connect_close(0, 1)), late=[first + 3], clean=before + NEXT, **note)


def bad_indexes():
    name = "bad_index"
    before = GREETING + fanned()  # three destinations
    status = sstp.session_status
    after = acknowledged(4) + NEXT
    for indexes in ([3], [0xFFFF], [0, 3], [3, 1]):
        yield Fault("indexes %r of three" % indexes, name, before, r(status(4, 4, indexes=indexes)),
                    after)
    gone = before + r(status(4, 4, indexes=[1]))
    for indexes in ([1], [0, 1]):
        yield Fault("indexes %r again" % indexes, name, gone, r(status(4, 4, indexes=indexes)),
                    after, severity=NOTE)


def blocked_sends():
    begin, data, end = message(3)
    before = GREETING + opened() + r(sstp.open_response(3, STOP))
    after = r(sstp.noop(1), sstp.open_response(3, START)) + STILL
    yield Fault("Message while blocked", "blocked_send", before, c(begin), c(data, end) + after,
                severity=NOTE, clean=before + r(sstp.open_response(3, START)) + STILL)
    yield Fault("Message while blocked, by the acceptor", "blocked_send",
                GREETING + opened(FIRST_OF_ACCEPTOR, RELAY) +
                c(sstp.open_response(FIRST_OF_ACCEPTOR, STOP)),
                r(message(FIRST_OF_ACCEPTOR)[0]),
                r(*message(FIRST_OF_ACCEPTOR)[1:]) + c(sstp.noop(1)) + NEXT, severity=NOTE,
                clean=GREETING + NEXT)


def unfit_responses():
    name, note = "response_unfit", dict(severity=NOTE)
    for response in (NO_RESOURCE, NO_ENTRIES, NOT_SUPPORTED):
        yield Fault("Open answered %s" % RESPONSES[response], name, GREETING + c(open_(3)),
                    r(sstp.open_response(3, response)), NEXT, **note)
    for response in (OK, NO_RESOURCE, NOT_SUPPORTED):
        yield Fault("FanoutOpen answered %s" % RESPONSES[response], name, GREETING + c(fanout(4)),
                    r(sstp.open_response(4, response)), NEXT, **note)
    yield Fault("FanoutOpen without entries answered OkStopSending", name,
                GREETING + c(fanout(4, 0)), r(sstp.open_response(4, OK_STOP)), NEXT, **note)
    yield Fault("presence FanoutOpen answered OkStopSending", name,
                GREETING + c(refusable(NO_RESOURCE)), r(sstp.open_response(4, OK_STOP)), NEXT,
                **note)


def sizes():
    name, note = "size_mismatch", dict(severity=NOTE)
    before = GREETING + opened()
    for size in (6, 8):
        begin, data, end = message(3, stream_size=(0, 0, size))
        yield Fault("MessageSize %d, and 7 octets" % size, name, before + c(begin, data), c(end),
                    r(sstp.noop(1)) + STILL, clean=before + STILL, **note)
    for label, keywords in (
            ("more in the message than is left", dict(stream_size=(9, 6, 7))),
            ("more left than in the stream", dict(stream_size=(7, 8, 7))),
            ("more in the message than in the stream", dict(stream_size=(6, 0, 7))),
            ("fragment 3 of 2", dict(fragment=(2, 3, "id", 0))),
            ("fragment of none", dict(fragment=(0, 0, "id", 0)))):
        begin, data, end = message(3, **keywords)
        yield Fault(label, name, before, c(begin), c(data, end) + r(sstp.noop(1)) + STILL,
                    clean=before + STILL, **note)


def timers():
    """A frame every tenth of a second: so many lie between that the timer is over."""
    name, note = "timer", dict(severity=NOTE)
    late = c(*[sstp.noop(0)] * 60)
    before = GREETING + opened() + opened(FIRST_OF_ACCEPTOR, RELAY)
    asked = before + c(*message(3, flags=sstp.A)) + late
    yield Fault("acknowledged late though asked for at once", name, asked, r(sstp.noop(1)), STILL,
                clean=before + c(*message(3)) + late + r(sstp.noop(1)) + STILL, **note)
    yield Fault("acknowledged late by a Message", name, asked,
                r(sstp.message(FIRST_OF_ACCEPTOR, 1)),
                r(*message(FIRST_OF_ACCEPTOR)[1:]) + c(sstp.noop(1)) + STILL,
                clean=before + STILL, **note)


def devices():
    other = sstp.connect_response(sstp.OK, ["grooveDNS://other"], b"", 3, "P", "", version=(1, 6))
    yield Fault("answered by another device", "device_not_asked_for", c(CONNECT), r(other), NEXT,
                severity=NOTE, clean=GREETING + NEXT)


def faults():
    out = []
    for part in (wrong_roles, wrong_connection_states, wrong_session_states,
                 wrong_receiver_states, wrong_event_states, unknown_sessions, crossings,
                 duplicates, ranges, acknowledgements, unacknowledged, bad_indexes,
                 blocked_sends, unfit_responses, sizes, timers, devices):
        out += part()
    return out
