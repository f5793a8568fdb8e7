# SPDX-License-Identifier: GPL-2.0-or-later
"""What the fault catalogue is told with: a Fault, what the text of each finding has to name, and
the clean parts of conversations.

A Fault is a story in three parts.  `bad` are the commands that have the finding, each
once; `before` and `after` have none, with `bad` between them and, unless `clean` says
otherwise, without it.  After `bad` the conversation goes on, so that what a violation
drags along is seen.
"""

from scenario import CLIENT, RELAY, sstp, stories
from section4_sessions import APPHANDLER, entry

NOTE, WARNING = "note", "warning"
OK, NO_RESOURCE, UNKNOWN, NO_ENTRIES = 0x00, 0x04, 0x05, 0x08
START, STOP, OK_STOP, NOT_SUPPORTED = 0x09, 0x0A, 0x0B, 0x0C
RESPONSES = {OK: "Ok", NO_RESOURCE: "NoResource", UNKNOWN: "Unknown",
             NO_ENTRIES: "NoFanoutEntries", START: "StartSending", STOP: "StopSending",
             OK_STOP: "OkStopSending", NOT_SUPPORTED: "FanoutNotSupported"}
FIRST_OF_ACCEPTOR = 0x80000000
TOKEN = stories.SOME_TOKEN


class Fault:
    def __init__(self, name, finding, before, bad, after=(), severity=WARNING, section=None,
                 clean=None, late=()):
        self.name = name
        self.finding = finding
        self.severity = severity
        self.section = section or SECTIONS[finding]
        self.before = list(before)
        self.bad = list(bad)
        self.after = list(after)
        self.clean = self.before + self.after if clean is None else list(clean)
        self.late = list(late)  # indexes of the commands that have it on the second pass only

    @property
    def story(self):
        return self.before + self.bad + self.after

    def places(self, two_pass):
        """Indexes in the story of the commands with the finding."""
        first = len(self.before)
        return sorted(list(range(first, first + len(self.bad))) +
                      (self.late if two_pass else []))


# What the text of each has to name.
SECTIONS = {
    "wrong_role": "GRVSSTP 3.", "unexpected_command": "GRVSSTP 3.", "unknown_session": "GRVSSTP ",
    "duplicate_session": "GRVSSTP 3.", "session_id_range": "GRVSSTP 3.1.4.3.1",
    "ack_excess": "GRVSSTP 3.1.5.19", "unacknowledged": "GRVSSTP 3.1.7.1",
    "bad_index": "GRVSSTP 2.2.8.1", "blocked_send": "GRVSSTP 4.4.1",
    "response_unfit": "GRVSSTP 3.1.5.5", "size_mismatch": "GRVSSTP 2.2.10.1",
    "timer": "3.1.2.1", "device_not_asked_for": "GRVSSTP 3.1.4.1"}


# ---------------------------------------------------------------------------
# Clean parts


def c(*commands):
    """Sent by the initiator."""
    return [(CLIENT, command) for command in commands]


def r(*commands):
    """Sent by the acceptor."""
    return [(RELAY, command) for command in commands]


def sent(side, *commands):
    return [(side, command) for command in commands]


CONNECT = sstp.connect(stories.RELAY_URL, [stories.DEVICE], b"", "P", "", version=(1, 6))
ACCEPTED = sstp.connect_response(sstp.OK, [stories.RELAY_URL], b"", 3, "P", "", version=(1, 6))
REFUSED = sstp.connect_response(0x01, product="P", version=(1, 6))
GREETING = c(CONNECT) + r(ACCEPTED)
GOODBYE = c(sstp.connect_close(0))


def open_(session_id):
    return sstp.open_session(session_id, APPHANDLER, stories.PEER_IDENTITY, stories.PEER_DEVICE)


def fanout(session_id, count=3):
    return sstp.fanout_open(session_id, APPHANDLER, [entry("%d" % i) for i in range(count)], 6)


def refusable(response, session_id=4):
    """A FanoutOpen that may be refused so."""
    resource = "grooveWanDPP" if response == NO_RESOURCE else APPHANDLER
    relay = "grooveDNS://other" if response == NOT_SUPPORTED else ""
    return sstp.fanout_open(session_id, resource, [entry("0", relay)], 6)


def message(session_id, **keywords):
    return sstp.message_sequence(session_id, b"payload", **keywords)


def opened(session_id=3, side=CLIENT):
    return sent(side, open_(session_id)) + sent(not side, sstp.open_response(session_id, OK))


def fanned(session_id=4):
    return c(fanout(session_id)) + r(sstp.open_response(session_id, OK_STOP),
                                     sstp.open_response(session_id, START))


def acknowledged(session_id=3, side=CLIENT):
    return sent(side, *message(session_id)) + sent(not side, sstp.noop(1))


ATTACH = c(sstp.attach(1, stories.RELAY_URL, stories.ACCOUNT, TOKEN))
ATTACHED = ATTACH + r(sstp.attach_response(1, 0, TOKEN))
REGISTERED = c(sstp.register(2, TOKEN)) + r(sstp.register_response(2))

# Shows that all goes on as if nothing had been.
NEXT = opened(0x50) + acknowledged(0x50) + GOODBYE
STILL = acknowledged() + NEXT  # session 3 works
