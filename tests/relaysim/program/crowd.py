#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Thousands of connections to one relay, live on loopback sockets, and those among them that
do not read: everybody else is served, and the memory has a bound that the limits give.

Usage: crowd.py RELAYSIM
"""
import contextlib
import random
import resource
import socket
import threading
import time
import unittest

import attacks
import live  # takes RELAYSIM off the command line
import visitors
from attacks import OK, OK_STOP_SENDING, START_SENDING, Target
from raw import sstp
from patience import PATIENCE

KIB, MIB = 1 << 10, 1 << 20
TRY_LATER = 0x02
NUM_RECEIVERS = 3000
NUM_MESSAGES = 5
NUM_FILES = 2 * NUM_RECEIVERS  # of this process, and of the relay, which inherits the limit

# Of relaysim/net: output beyond which nothing more is read from a peer, what is read at a time, and
# what is copied for a socket that takes nothing.
UNSENT_MAX, READ_SIZE, WRITE_MAX = 1 * MIB, 64 * KIB, 256 * KIB
CONNECTION_MAX = 32 * KIB  # of one that is attached and has nothing to say


def raise_file_limit():
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and most < NUM_FILES:
        raise SystemExit("%d files are needed, and the system allows %d" % (NUM_FILES, most))
    resource.setrlimit(resource.RLIMIT_NOFILE, (NUM_FILES, most))


class Crowd(unittest.TestCase):
    def relay(self, *arguments):
        # A Connect that a busy relay has not read in time is taken for none.
        relay = live.Relay("--auth", "off", "--connect-timeout", "15", *arguments)
        relay.lives_as_long_as(self)
        return relay, Target(relay.address, live.URL, believes=True)

    def check_ends(self, relay, limit=None):
        """It has said nothing but that of a limit, and of those who never say anything."""
        self.assertEqual(relay.stop(), 0, relay.log)
        lines = [line for line in relay.log.splitlines() if "--max-half-open" not in line]
        self.assertEqual(lines != [], limit is not None, relay.log)
        for line in lines:
            self.assertIn("see " + limit, line)

    @staticmethod
    def name(number):
        return "grooveIdentity://r%d" % number

    def send_to_all(self, peer, first_session, texts):
        """To every receiver, with as few fanout sessions as that takes."""
        sessions = []
        for first in range(0, NUM_RECEIVERS, 1000):
            sessions.append(first_session + len(sessions))
            entries = [(self.name(n), "", "") for n in range(first, first + 1000)]
            peer.send(sstp.fanout_open(sessions[-1], "app", entries, 6))
            self.assertEqual(peer.expect("OpenResponse")[7], OK_STOP_SENDING)
            peer.expect("OpenResponse", value=START_SENDING)
        for text in texts:
            for session in sessions:
                peer.send(*sstp.message_sequence(session, text, flags=sstp.A))
                peer.expect("Noop", at=3, value=1)

    def check_gets(self, peer, texts):
        """In their order, over the session that the relay opens."""
        opened = peer.receive()
        self.assertEqual(opened[0], "Open")
        peer.send(sstp.open_response(int.from_bytes(opened[1][3:7], "little")))
        got = []
        while len(got) < len(texts):
            name, data = peer.receive()
            if name == "Data":
                got.append(data[7:])
        self.assertEqual(peer.receive()[0], "EndMessage")
        self.assertEqual(got, texts)
        peer.send(sstp.noop(len(texts)))

    def wait_for(self, relay, **wanted):
        deadline = time.monotonic() + PATIENCE
        while True:
            counters = relay.counters()
            if all(counters[name] == value for name, value in wanted.items()):
                return
            self.assertLess(time.monotonic(), deadline, "%s, not %s" % (counters, wanted))
            time.sleep(0.1)

    def test_thousands(self):
        """All of them get everything, while others do not read, speak slowly, or not at all."""
        relay, target = self.relay("--max-connections", str(NUM_RECEIVERS + 50))
        empty = relay.counters()["memory"]
        texts = [b"message %d" % n for n in range(NUM_MESSAGES)]
        with contextlib.ExitStack() as stack:
            receivers = [stack.enter_context(attacks.attach(target, "dpp:///%d" % n, self.name(n)))
                         for n in range(NUM_RECEIVERS)]
            counters = relay.counters()
            self.assertEqual(counters["connections_open"], NUM_RECEIVERS)
            self.assertLess((counters["memory"] - empty) / NUM_RECEIVERS, CONNECTION_MAX)
            over, faults = threading.Event(), []

            def attack(act):
                try:
                    while not over.is_set():
                        act(target, random.Random(1), over)
                except Exception as error:  # pylint: disable=broad-except
                    faults.append("%s: %r" % (act.__name__, error))

            threads = [threading.Thread(target=attack, args=(act,)) for act in
                       (attacks.crowd_half_open, attacks.trickle, attacks.leave_unread,
                        attacks.leave_unfinished, attacks.never_take, attacks.fan_out)]
            for thread in threads:
                thread.start()
            try:
                with target.connect(6, "dpp:///sender") as sender:
                    self.send_to_all(sender, 1, texts)
                    for receiver in receivers:
                        self.check_gets(receiver, texts)
                # And clients that come in the middle of it.
                guests = visitors.Visitors(live.RELAYSIM, [target])
                for visit in (guests.offline, guests.slow, guests.comes_and_goes):
                    visit(target, "guest", random.Random(1))
            finally:
                over.set()
                for thread in threads:
                    thread.join()
            self.assertEqual(faults, [])
            self.wait_for(relay, connections_open=NUM_RECEIVERS, messages_stored=0)
        self.wait_for(relay, connections_open=0)
        self.check_ends(relay, "--max-sessions")

    def test_full(self):
        """One more than there may be is told to try later, until somebody has gone."""
        relay, target = self.relay("--max-connections", "100")
        with contextlib.ExitStack() as stack:
            peers = [stack.enter_context(target.connect(6, "dpp:///%d" % n)) for n in range(100)]
            connect = sstp.connect(live.URL, ["dpp:///late"], b"", "P", "", version=(1, 6))
            for response in (TRY_LATER, OK):
                with target.connect() as late:
                    late.send(connect)
                    self.assertEqual(late.receive()[1][5], response)
                peers.pop().socket.close()
                self.wait_for(relay, connections_open=len(peers))
        self.check_ends(relay, "--max-connections")

    def test_memory_of_those_who_do_not_read(self):
        """They ask, and are sent messages, and take nothing of either."""
        num, max_message, max_queued = 20, 200 * KIB, 64 * KIB
        relay, target = self.relay("--max-message", str(max_message), "--max-queued",
                                   str(max_queued))
        # A buffer that grows doubles, and one more of half the size is there meanwhile.
        most = 2 * (UNSENT_MAX + READ_SIZE + max_queued + max_message) + WRITE_MAX
        stored, num_messages = 0, 10
        before = relay.counters()["memory"]
        with contextlib.ExitStack() as stack:
            for n in range(num):
                peer = stack.enter_context(attacks.attach(target, "dpp:///%d" % n, self.name(n)))
                sender = stack.enter_context(target.connect(6, "dpp:///s%d" % n))
                peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                sender.send(sstp.open_session(1, "app", self.name(n), ""))
                sender.expect("OpenResponse", value=OK)
                sender.send(*sstp.message_sequence(1, bytes(max_message), flags=sstp.A))
                sender.expect("Noop", at=3, value=1)
                session = int.from_bytes(peer.expect("Open")[3:7], "little")
                peer.send(sstp.open_response(session))
                for _ in range(num_messages - 1):
                    sender.send(*sstp.message_sequence(1, bytes(max_message), flags=sstp.A))
                    sender.expect("Noop", at=3, value=1)
                stored += num_messages * max_message
                self.ask_without_reading(peer)
            counters = relay.counters()
            self.assertEqual(counters["messages_stored"], num * num_messages)
            self.assertLess(counters["memory"] - before, stored + num * most)
            with target.connect(6, "dpp:///other") as other:
                other.send(sstp.open_session(1, "app", self.name(num), ""))
                other.expect("OpenResponse", value=OK)
        self.check_ends(relay)

    @staticmethod
    def ask_without_reading(peer):
        """Until the relay does not listen any more."""
        peer.socket.settimeout(0.3)
        question = sstp.open_session(1, "r", "no identity", "")  # refused
        questions = b"".join(attacks.numbered(question, n) for n in range(101, 1101))
        num = 0
        with contextlib.suppress(TimeoutError):
            while num < attacks.UNREAD_MAX:
                num += peer.socket.send(questions)
        attacks.check(num < attacks.UNREAD_MAX, "the relay goes on to listen")


if __name__ == "__main__":
    raise_file_limit()
    unittest.main()
