# SPDX-License-Identifier: GPL-2.0-or-later
"""What hostile clients do to a relay, each act a function that looks at the answers too.

An act takes a Target, a random.Random and an Event that ends it; it returns how much of it
was done, and raises AssertionError where the relay neither answers as the specification says
nor closes.  None leaves anything in the store for longer than a second or two.
"""
import collections
import contextlib
import os
import socket
import struct
import threading
import time
from typing import NamedTuple

from raw import Raw, sstp
from patience import PATIENCE

OK, UNKNOWN, START_SENDING, OK_STOP_SENDING = 0x00, 0x05, 0x09, 0x0B
PROTOCOL_ERROR, TOO_MANY_UNKNOWN = 0x03, 0x0F
NOBODY = "grooveIdentity://nobody"
LIFE = {"flags": sstp.A | sstp.E, "ttl": 1}  # of a message that nobody is to fetch
MAX_FANOUT = 65535
# Bytes that two sockets and the relay between them never hold.
UNREAD_MAX = 128 << 20


class Target(NamedTuple):
    """A relay.  `takes` is whether it takes a Connect without a token, `believes` whether
    whoever attaches is believed; `other_url` is a relay that it forwards to."""
    address: str
    url: str
    takes: bool = True
    believes: bool = False
    other_url: str = ""

    def connect(self, minor=None, device="dpp:///mallory"):
        return Raw(self.address, minor, device, url=self.url, timeout=PATIENCE)


def check(is_so, *what):
    """An assertion that stays where Python drops assertions."""
    if not is_so:
        raise AssertionError(" ".join(str(thing) for thing in what))


def check_closed(peer, reason):
    """Nothing but a ConnectClose with this reason, and the end."""
    told = [(name, data[3]) for name, data in peer.end()]
    check(told == [("ConnectClose", reason)], told, "is not ConnectClose", reason)


# ---------------------------------------------------------------------------
# Bytes


def samples():
    """One good command of each kind, as it would be in SSTP 1.6."""
    return [sstp.connect("grooveDNS://x", ["dpp:///a"], b"token", "P", "c"),
            sstp.connect_response(0, ["grooveDNS://x"], b"token", 3, "P", "c"),
            sstp.connect_authenticate(b"token"), sstp.connect_close(0, 1), sstp.noop(1),
            sstp.open_session(1, "r", NOBODY, "dpp:///b"),
            sstp.fanout_open(1, "r", [(NOBODY, "dpp:///b", "grooveDNS://x")], 6),
            sstp.open_response(1), sstp.session_status(1, 4, "dpp:///b", NOBODY, [0]),
            sstp.close(1), sstp.message(1, user_ref="ref"),
            sstp.message(1, flags=sstp.E | sstp.A, user_ref="ref", ttl=5), sstp.data(1, b""),
            sstp.end_message(1), sstp.attach(1, "grooveDNS://x", "grooveAccount://a", b"token"),
            sstp.attach_response(1, 0, b"token"), sstp.attach_authenticate(1, b"token"),
            sstp.register(1, b"token"), sstp.register_response(1, b"token")]


def malformed():
    """Commands that do not fit their CommandLength, or that no client may send so: each
    earns a ConnectClose ProtocolError."""
    opened = sstp.open_session(1, "r", NOBODY, "dpp:///b")
    fanout = sstp.fanout_open(1, "r", [(NOBODY, "", "")], 6)
    message = sstp.message(1, 0, user_ref="ref")
    rows = [sstp.raw(command_id, bytes(4)) for command_id in (0x00, 0x13, 0xFF)]
    rows += [sstp.shortened(sstp.noop(0), size) for size in range(3)]
    for sample in samples():
        rows += [sstp.shortened(sample, size) for size in range(3, len(sample))]
        if sample.name != "Data":  # whose end is where its CommandLength says
            rows.append(sstp.lengthened(sample, b"\0"))
    return rows + [
        sstp.data(1, bytes(2049)),
        sstp.fanout_open(1, "r", [(NOBODY, "", "")], 6, count=9),
        sstp.fanout_open(1, "r", [(NOBODY, "", "")], 6, count=65535),
        sstp.fanout_open(1, "r", [(NOBODY, "", "")], 5),
        sstp.lengthened(opened, b"more"), sstp.lengthened(fanout, b"more"),
        sstp.lengthened(message, b"more"), sstp.patched(message, 11, bytes([sstp.E])),
        sstp.patched(message, 11, bytes([sstp.S | sstp.F])),
        sstp.connect("grooveDNS://x", ["dpp:///again"]), sstp.connect_response(0),
        sstp.attach_response(1), sstp.register_response(1),
        sstp.open_session(1, "", NOBODY, ""), sstp.open_session(1 << 31, "r", NOBODY, "")]


def send_malformed(target, rand, over):
    rows = malformed()
    num = 0
    for row in rand.sample(rows, 20):
        if over.is_set():
            break
        with target.connect(6) as peer:
            peer.send(row, sstp.noop(0))
            check_closed(peer, PROTOCOL_ERROR)
        num += 1
    return num


def send_random_bytes(target, rand, over):
    """Before a Connect and, where that is taken, after one; in pieces of any length."""
    num = 0
    while num < 20 and not over.is_set():
        minor = rand.choice((None, 5, 6)) if target.takes else None
        with target.connect(minor) as peer, contextlib.suppress(OSError):
            for _ in range(rand.randrange(1, 20)):
                # With the CommandIds in front more often than chance has it.
                head = bytes([rand.randrange(1, 0x14), rand.randrange(64), 0])
                peer.send(rand.choice((b"", head)) + rand.randbytes(rand.randrange(1, 64)))
            peer.socket.shutdown(socket.SHUT_WR)
            peer.end()
        num += 1
    return num


# ---------------------------------------------------------------------------
# Connections


# In so many seconds comes one of a crowd, and one crowd at a time: who is pushed out by it must
# have said nothing for longer than a busy machine keeps a good client from speaking.
CROWD_PACE = 0.02
CROWDS = collections.defaultdict(threading.Lock)  # by address


def crowd_half_open(target, _rand, over):
    """Who connects and says nothing is closed without a word, sooner or later."""
    peers = []
    with CROWDS[target.address]:
        while len(peers) < 300 and not over.wait(CROWD_PACE):
            peers.append(target.connect())
    for peer in peers:
        if not over.is_set():
            check(peer.end() == [], "a silent one was told something")
        peer.socket.close()
    return len(peers)


def trickle(target, _rand, over):
    """A Connect of a byte now and then does not keep the connection."""
    connect = sstp.connect(target.url, ["dpp:///mallory"], b"", "x" * 500).data
    peers = [target.connect() for _ in range(20)]
    closed = n = 0
    while closed < len(peers) and not over.is_set():
        closed = 0
        for peer in peers:
            try:
                peer.socket.send(connect[n:n + 1])
            except OSError:
                closed += 1
        n += 1
        check(n < len(connect), "a Connect may take as long as it likes")
        time.sleep(0.05)
    for peer in peers:
        if not over.is_set():
            check(peer.end() == [], "a slow one was told something")
        peer.socket.close()
    return len(peers)


def name_no_device(target, rand, over):
    """A Connect without a SourceDeviceURL, or with an empty one: it identifies nobody."""
    num = 0
    for devices in ([], [""], ["", "dpp:///mallory"], ["dpp:///mallory", ""]) * 2:
        if over.is_set():
            break
        with target.connect() as peer:
            token = rand.choice((b"", sstp.sec_unknown(1, []).data, b"?"))
            peer.send(sstp.connect(target.url, devices, token, "P", "", version=(1, 6)))
            check_closed(peer, PROTOCOL_ERROR)
        num += 1
    return num


def refuse_then_go_on(target, rand, over):
    """A Connect that is refused, with commands after it that have no state."""
    num = 0
    while num < 20 and not over.is_set():
        url = "grooveDNS://wrong" if target.takes else target.url
        with target.connect() as peer:
            peer.send(sstp.connect(url, ["dpp:///mallory"], b"", "P", "", version=(1, 6)),
                      *rand.sample(samples()[4:], 5))
            name, data = peer.receive()
            check(name == "ConnectResponse" and data[5] != OK, name, data)
        num += 1
    return num


def vanish(target, rand, over):
    """In the middle of a message, without a goodbye: the transport is reset."""
    num = 0
    while num < 20 and not over.is_set():
        with target.connect(rand.choice((5, 6))) as peer:
            peer.send(sstp.open_session(1, "r", NOBODY, ""), sstp.message(1),
                      *[sstp.data(1, bytes(2048))] * rand.randrange(20))
            if rand.randrange(2):
                peer.expect("OpenResponse", value=OK)
            peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        num += 1
    return num


# ---------------------------------------------------------------------------
# Sessions


def name_unknown_sessions(target, _rand, over):
    commands = (sstp.message(7), sstp.data(7, b"x"), sstp.end_message(7), sstp.open_response(7),
                sstp.session_status(7, 4, "", "", []), sstp.attach_authenticate(7),
                sstp.register(7, b""))
    for num, command in enumerate(commands):
        if over.is_set():
            return num
        with target.connect(6) as peer:
            peer.send(command)
            check_closed(peer, TOO_MANY_UNKNOWN)
    return len(commands)


def acknowledge_nothing(target, _rand, over):
    """Counts of what was never sent, in every command that has one."""
    with target.connect(6) as peer:
        peer.send(*[sstp.noop(0xFFFFFFFF)] * 1000, sstp.open_session(1, "r", NOBODY, ""))
        peer.expect("OpenResponse", value=OK)
        peer.send(*sstp.message_sequence(1, b"x", message_count=0x80000000, **LIFE))
        peer.expect("Noop", at=3, value=1)
        over.wait(0.05)
        peer.send(sstp.connect_close(0, 12345))
        check(peer.end() == [], "a ConnectClose was answered")
    return 1002


def numbered(command, session_id):
    return sstp.patched(command, 3, struct.pack("<I", session_id)).data


def open_and_close(peer, first, count):
    """That many sessions, one after the other, each answered by Ok."""
    opened, closed = sstp.open_session(1, "r", NOBODY, ""), sstp.close(1)
    answer = sstp.open_response(1, OK)
    ids = range(first, first + count)
    peer.send(b"".join(numbered(opened, n) + numbered(closed, n) for n in ids))
    came = b""
    while len(came) < count * len(answer):
        data = peer.socket.recv(1 << 16)
        check(data, "the connection was closed")
        came += data
    check(came == b"".join(numbered(answer, n) for n in ids), "not every session was opened")


def churn_sessions(target, _rand, over):
    """Opened and closed without end, on one connection."""
    num = 0
    with target.connect(6) as peer:
        while num < 20000 and not over.is_set():
            open_and_close(peer, num + 1, 1000)
            num += 1000
    return num


def open_too_many(target, _rand, over):
    """So many are open at a time, and one more is refused."""
    with target.connect(6) as peer:
        peer.send(*[sstp.open_session(n, "r", NOBODY, "") for n in range(1, 2001)])
        answers = [peer.receive()[1][7] for _ in range(2000)]
        check(answers == [OK] * 1024 + [UNKNOWN] * 976, "of 2000 sessions not 1024 were opened")
        over.wait(0.05)
    return 2000


def recipients(count, relay_url, minor):
    """Entries that fill one FanoutOpen to its last byte."""
    entries = [["grooveIdentity://%05d" % n, "", relay_url] for n in range(count)]
    free = MAX_FANOUT - len(sstp.fanout_open(1, "r", entries, minor))
    for n in range(count):
        more = min(free, 70)
        entries[n][0] += "x" * more
        free -= more
    return [tuple(entry) for entry in entries]


def fan_out(target, rand, over):
    """65,535 bytes and 1,000 recipients who never come, here or at another relay."""
    minor = rand.choice((5, 6))
    entries = recipients(1000, rand.choice(("", target.other_url)), minor)
    with target.connect(minor) as peer:
        peer.send(sstp.fanout_open(1, "r", entries, minor))
        check(peer.expect("OpenResponse")[7] == OK_STOP_SENDING, "a fanout began by itself")
        peer.expect("OpenResponse", value=START_SENDING)
        peer.send(*sstp.message_sequence(1, b"to all", **LIFE))
        peer.expect("Noop", at=3, value=1)
        over.wait(0.05)
    return len(entries)


# ---------------------------------------------------------------------------
# Not reading, and not ending


def leave_unread(target, _rand, over):
    """Who asks and asks, and takes no answer, is not asked for more."""
    with target.connect(6) as peer:
        peer.send(*[sstp.open_session(n, "r", NOBODY, "") for n in range(1, 1025)])
        question = sstp.open_session(1, "r", NOBODY, "")  # refused: too many are open
        questions = b"".join(numbered(question, n) for n in range(2001, 3001))
        peer.socket.settimeout(0.5)
        num = 0
        with contextlib.suppress(TimeoutError):
            while num < UNREAD_MAX and not over.is_set():
                num += peer.socket.send(questions)
        check(num < UNREAD_MAX, "the relay goes on to ask who does not take its answers")
        over.wait(1)
    return num // len(question)


def leave_unfinished(target, _rand, over):
    """Messages that never end, in many sessions, up to what a connection may hold."""
    with target.connect(6) as peer:
        for session in range(1, 17):
            peer.send(sstp.open_session(session, "r", NOBODY, ""), sstp.message(session),
                      *[sstp.data(session, bytes(2048))] * 64)
            peer.expect("OpenResponse", value=OK)
        over.wait(1)
    return 16


def attach(target, device, identity):
    """A client that has attached and registered an identity, where whoever says so is
    believed; it has to answer the sessions that come."""
    peer = target.connect(6, device)
    account = identity.replace("grooveIdentity", "grooveAccount")
    peer.send(sstp.attach(1, target.url, account))
    check(peer.expect("AttachResponse")[7] == OK, "the Attach was not answered by Ok")
    token = sstp.sec_unknown(16, [account.encode(), identity.encode()], version=(1, 3))
    peer.send(sstp.register(2, token.data))
    peer.expect("RegisterResponse")
    return peer


def never_take(target, rand, over):
    """A recipient that opens its door and reads nothing; what it was sent goes when its
    connection and its time are over."""
    name = "mallory%d" % rand.randrange(4)
    identity = "grooveIdentity://" + name
    with attach(target, "dpp:///" + name, identity) as taker, target.connect(6) as sender:
        sender.send(sstp.open_session(1, "r", identity, ""))
        sender.expect("OpenResponse", value=OK)
        sender.send(*sstp.message_sequence(1, bytes(1000), **LIFE))
        sender.expect("Noop", at=3, value=1)
        session = int.from_bytes(taker.expect("Open")[3:7], "little")
        taker.send(sstp.open_response(session))
        for _ in range(40):
            sender.send(*sstp.message_sequence(1, bytes(100000), **LIFE))
            sender.expect("Noop", at=3, value=1)
        over.wait(1)
    return 41


def register_what_is_not_theirs(target, rand, over):
    """Tokens of every kind, with and without anything in them, in Attach and Register."""
    num = 0
    while num < 20 and not over.is_set():
        with target.connect() as peer:
            tokens = [sstp.sec_unknown(rand.randrange(20), [rand.randbytes(rand.randrange(40))
                                                            for _ in range(rand.randrange(4))]).data
                      for _ in range(4)] + [b"", os.urandom(50)]
            peer.send(sstp.connect(target.url, ["dpp:///m"], rand.choice(tokens), "P", "",
                                   version=(1, 6)),
                      sstp.attach(1, target.url, "grooveAccount://m", rand.choice(tokens)),
                      sstp.register(1, rand.choice(tokens)), sstp.register(2, rand.choice(tokens)),
                      sstp.attach_authenticate(1, rand.choice(tokens)),
                      sstp.connect_authenticate(rand.choice(tokens)))
            peer.socket.shutdown(socket.SHUT_WR)
            told = peer.end()
            check(told and told[0][0] == "ConnectResponse", told)
        num += 1
    return num


# Those that need no established connection come first.
EVERYWHERE = [send_random_bytes, crowd_half_open, trickle, name_no_device, refuse_then_go_on,
              register_what_is_not_theirs]
WHERE_TAKEN = [send_malformed, vanish, name_unknown_sessions, acknowledge_nothing, churn_sessions,
               open_too_many, fan_out, leave_unread, leave_unfinished]
WHERE_BELIEVED = [never_take]


def acts_against(target):
    acts = list(EVERYWHERE)
    if target.takes:
        acts += WHERE_TAKEN
    if target.believes:
        acts += WHERE_BELIEVED
    return acts
