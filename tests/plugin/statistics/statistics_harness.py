# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests of the statistics share: conversations that know when which command
was complete, and what they should add up to.

    story = Story(capture, Tcp(capture, Place(1)))
    story.open()
    story.say(True, connect(...))
    truth = Truth(story)
    truth.latencies[True]      nanoseconds, of the client's messages

The truth is counted here from what was sent; it shares nothing with the plugin.
Directions are indexed by from_client.
"""

import os
import sys
import tempfile
from collections import Counter

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "lib"))

import sstp_commands as sstp  # noqa: E402
from capture import Capture  # noqa: E402,F401
from henc_encoder import (KeepAlive, LongLived, Place, Plain, Polling, Socks,  # noqa: E402,F401
                          Tunnel)
from tshark import TSHARK  # noqa: E402
from wireshark_test import PASSES, WiresharkTest, main  # noqa: E402,F401

RELAY = "grooveDNS://relay1.example.net"
DEVICE = "dpp:///device1"
SIDES = {True: "initiator", False: "acceptor"}


def over_443(capture, place, **keywords):
    return Plain(capture, place, port=443, **keywords)


# name in the tables, maker, port of the server, whether the client has one
CARRIERS = (("TCP", Plain, 2492, True), ("SSTP over 443", over_443, 443, True),
            ("Secure Tunnel", Tunnel, 8080, True), ("SOCKS", Socks, 1080, True),
            ("LongLived", LongLived, 80, False), ("KeepAlive", KeepAlive, 80, False),
            ("Polling", Polling, 80, False))
IN_BODIES = ("KeepAlive", "Polling")  # a chunk is there when its body is


# ---------------------------------------------------------------------------
# Telling a story


class Said:
    """One command, and the frame that completed it."""

    def __init__(self, from_client, command, frame):
        self.from_client = from_client
        self.command = command
        self.frame = frame

    def number(self, field, base=10):
        """The value of a field that the command has."""
        return int(self.command.values(field)[0], base)


class Story:
    """A conversation over a carrier."""

    def __init__(self, capture, carrier, name="TCP", stream=0):
        self.capture = capture
        self.carrier = carrier
        self.name = name
        self.stream = stream
        self.said = []

    def open(self):
        self.carrier.open()

    def close(self):
        self.carrier.close()

    def say(self, from_client, *commands):
        """Commands in one chunk."""
        data = sstp.join(commands)
        frames = self.carrier.send(from_client, data)
        at = 0
        for command in commands:
            at += len(command)
            self.said.append(Said(from_client, command, self._completing(frames, at)))

    def _completing(self, frames, end):
        if self.name in IN_BODIES:
            return frames[-1]
        for frame in frames:
            end -= len(frame.payload)
            if end <= 0:
                return frame
        raise AssertionError("a command ends after its frames")

    def greet(self, minor=6):
        self.say(True, sstp.connect(RELAY, [DEVICE], version=(1, minor)))
        self.say(False, sstp.connect_response(targets=[RELAY], version=(1, minor)))

    def open_session(self, session_id, resource="apphandler"):
        """Opened by the side whose half of the numbers it is from."""
        originator = session_id < 0x80000000
        self.say(originator, sstp.open_session(session_id, resource, "grooveIdentity://a", DEVICE))
        self.say(not originator, sstp.open_response(session_id))

    def send(self, session_id, payload=b"text", **keywords):
        self.say(session_id < 0x80000000, *sstp.message_sequence(session_id, payload, **keywords))

    def acknowledge(self, from_client, count):
        self.say(from_client, sstp.noop(count))


def randomly(story, rng, steps=30):
    """Goes on for so many steps: messages of every size on two sessions of each side,
    some interleaved, acknowledged by and by.  Some stay unacknowledged."""
    sessions = {True: (0x21, 0x22), False: (0x80000021, 0x80000022)}
    outstanding = {True: 0, False: 0}

    def count_for(from_client):
        count = rng.randint(0, outstanding[not from_client])
        outstanding[not from_client] -= count
        return count

    for session_id in sessions[True] + sessions[False]:
        story.open_session(session_id)
    for _ in range(steps):
        story.capture.now += rng.randint(0, 50) * 1_000_000
        from_client = rng.random() < 0.6
        one, other = sessions[from_client]
        payload = bytes(rng.randrange(256) for _ in range(rng.choice((0, 1, 100, 2048, 5000))))
        act = rng.randrange(4)
        if act == 0:
            count = count_for(from_client)
            if count:
                story.acknowledge(from_client, count)
        elif act == 1:
            count = count_for(from_client)
            first = sstp.message_sequence(one, payload, message_count=count)
            second = sstp.message_sequence(other, b"short")
            story.say(from_client, first[0], second[0], *second[1:], *first[1:])
            outstanding[from_client] += 2
        else:
            count = count_for(from_client)
            story.say(from_client, *sstp.message_sequence(one, payload, message_count=count))
            outstanding[from_client] += 1
        yield
    story.say(False, sstp.close(0x22, 2))
    story.say(True, sstp.connect_close(0, count_for(True)))


# ---------------------------------------------------------------------------
# What it adds up to


def rank(values, permille):
    """The nearest rank."""
    values = sorted(values)
    return values[max(1, -(-len(values) * permille // 1000)) - 1]


class Truth:
    """What the commands of a story add up to, from a Connect on."""

    def __init__(self, story):
        self.story = story
        self.commands = Counter()
        self.messages = Counter()
        self.payload = Counter()
        self.counts = Counter()
        self.most = Counter()
        self.waiting = {True: [], False: []}
        self.latencies = {True: [], False: []}
        self.sessions = {}
        for said in story.said:
            self._take(said)

    def _take(self, said):
        me, command = said.from_client, said.command
        self.commands[me] += 1
        if command.values("sstp.data.length"):
            self.payload[me] += said.number("sstp.data.length")
        if command.values("sstp.message_count") and said.number("sstp.message_count"):
            self.counts[not me] += 1
            waiting = self.waiting[not me]
            for _ in range(said.number("sstp.message_count")):
                self.latencies[not me].append(said.frame.time - waiting.pop(0))
        if command.name == "EndMessage":
            self.messages[me] += 1
            self.waiting[me].append(said.frame.time)
            self.most[me] = max(self.most[me], len(self.waiting[me]))
        if command.values("sstp.session_id"):
            self._take_session(said)

    def _take_session(self, said):
        session = self.sessions.setdefault(said.command.values("sstp.session_id")[0], Counter())
        session["commands"] += 1
        session["messages"] += said.command.name == "EndMessage"
        if said.command.values("sstp.data.length"):
            session["payload"] += said.number("sstp.data.length")
        if said.command.name == "Open":
            session["opened in"] = self.story.capture.number(said.frame)
        session["last frame"] = self.story.capture.number(said.frame)

    def frames(self):
        """The frames that completed commands, in order: (frame, from_client)."""
        frames = []
        for said in self.story.said:
            if all(frame is not said.frame for frame, _ in frames):
                frames.append((said.frame, said.from_client))
        return frames


# ---------------------------------------------------------------------------
# What tshark says


class StatisticsTest(WiresharkTest):
    def statistics(self, path, *names, **keywords):
        """What `-z` prints."""
        options = [part for name in names for part in ("-z", name)]
        return self.ws.tshark(path, "-q", *options, **keywords)

    def new_folder(self):
        """An empty one, where the unprivileged user can write."""
        folder = tempfile.mkdtemp(dir=self.ws.folder)
        os.chmod(folder, 0o777)
        return folder

    def table(self, path, name, **keywords):
        """The lines of a table, each {column: cell}."""
        lines = self.statistics(path, "grvsstp," + name, **keywords).splitlines()
        rows = [[cell.strip() for cell in line.split("|")[:-1]] for line in lines if "|" in line]
        self.assertTrue(rows, "no table: %r" % lines)
        for row in rows:
            self.assertEqual(len(row), len(rows[0]), row)
        return [dict(zip(rows[0], row)) for row in rows[1:]]
