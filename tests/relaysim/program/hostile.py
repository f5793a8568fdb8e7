#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Hostile clients and relays, live on loopback sockets: the relay answers as the
specification says, or closes, keeps its memory, and serves everybody else meanwhile.

Usage: hostile.py RELAYSIM
"""
import contextlib
import os
import random
import signal
import socket
import subprocess
import threading
import time
import unittest

import attacks
import live  # takes RELAYSIM off the command line
from attacks import (OK, OK_STOP_SENDING, PROTOCOL_ERROR, START_SENDING, TOO_MANY_UNKNOWN, UNKNOWN,
                     recipients)
from raw import FakeRelay, Raw, sstp
from patience import PATIENCE, TIMEOUT

URL, BOB = live.URL, live.BOB
PEER_URL = "grooveDNS://relay2.example"
CONNECTION_CLOSED, QUOTA = 0x03, 0x04
EMPTY_SESSION = 0x15
QUOTA_WOULD_BE_EXCEEDED = 0x0B
MIB = 1 << 20

with open(live.RELAYSIM, "rb") as program:
    IS_SANITIZED = b"__asan_init" in program.read()


class Hostile(unittest.TestCase):
    def relay(self, *arguments):
        return live.Relay(*arguments).lives_as_long_as(self)

    def memory(self, relay):
        return relay.counters()["memory"]

    def num_files(self, relay):
        return len(os.listdir("/proc/%d/fd" % relay.process.pid))

    def await_files(self, relay, most):
        """Until so many are open, or fewer."""
        deadline = time.monotonic() + PATIENCE
        while self.num_files(relay) > most:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.1)

    def check_serves(self, relay):
        """Somebody else is served."""
        result = relay.client("--to", "grooveIdentity://witness", "--message", "x")
        self.assertEqual(result.returncode, 0, result.stderr)

    def check_ends(self, relay):
        """It is well, and its memory too, where a sanitizer looks."""
        self.check_serves(relay)
        self.assertEqual(relay.stop(), 0, relay.log)
        self.assertNotRegex(relay.log, "Sanitizer|runtime error")

    def test_random_bytes(self):
        """Before and behind a Connect, in pieces of any length."""
        relay, rand = self.relay(), random.Random(1)
        for n in range(300):
            with Raw(relay.address, None if n % 2 else 5 + n % 4 // 2) as peer, \
                    contextlib.suppress(OSError):
                for _ in range(rand.randrange(1, 20)):
                    # With the CommandIds in front more often than chance has it.
                    head = bytes([rand.randrange(1, 0x14), rand.randrange(64), 0])
                    peer.send(rand.choice((b"", head)) + rand.randbytes(rand.randrange(1, 64)))
                peer.socket.shutdown(socket.SHUT_WR)
                peer.end()
        self.check_ends(relay)

    def test_malformed_commands(self):
        """Whatever does not fit its CommandLength is answered by ConnectClose ProtocolError."""
        relay, rows = self.relay(), attacks.malformed()
        self.assertEqual({row.name for row in attacks.samples()}, set(sstp.IDS))
        for row in rows:
            with self.subTest(row=row.data), Raw(relay.address, 6) as peer:
                peer.send(row, sstp.noop(0))
                self.assertEqual([(name, data[3]) for name, data in peer.end()],
                                 [("ConnectClose", PROTOCOL_ERROR)])
        self.check_ends(relay)

    def test_connect_without_a_device(self):
        """Whatever has to be proven; and whoever reads the log learns what it was."""
        for auth in ("off", "optional", "required"):
            with self.subTest(auth=auth):
                relay = self.relay("--auth", auth, "--verbose")
                target = attacks.Target(relay.address, URL)
                attacks.name_no_device(target, random.Random(1), threading.Event())
                self.assertIsNone(relay.process.poll())
                self.assertEqual(relay.stop(), 0, relay.log)
                self.assertEqual(relay.log.count("the Connect names no device"), 8, relay.log)

    def test_unknown_sessions(self):
        """Commands of sessions that were never opened."""
        relay = self.relay()
        for command in (sstp.message(7), sstp.data(7, b"x"), sstp.end_message(7),
                        sstp.open_response(7), sstp.session_status(7, 4, "", "", []),
                        sstp.attach_authenticate(7), sstp.register(7, b"")):
            with self.subTest(command=command), Raw(relay.address, 6) as peer:
                peer.send(command)
                self.assertEqual([(name, data[3]) for name, data in peer.end()],
                                 [("ConnectClose", TOO_MANY_UNKNOWN)])
        self.check_ends(relay)

    def test_acknowledgements_out_of_nowhere(self):
        relay = self.relay()
        with Raw(relay.address, 6) as peer:
            peer.send(*[sstp.noop(0xFFFFFFFF)] * 1000, sstp.open_session(1, "r", BOB, ""))
            peer.expect("OpenResponse", value=OK)
            peer.send(*sstp.message_sequence(1, b"x", message_count=0x80000000, flags=sstp.A))
            peer.expect("Noop", at=3, value=1)
            peer.send(sstp.connect_close(0, 12345))
            self.assertEqual(peer.end(), [])
        self.check_ends(relay)

    def test_half_open(self):
        """Many who connect and say nothing: the oldest go, and who speaks gets through."""
        relay = self.relay("--max-half-open", "20", "--connect-timeout", "5")
        before = self.num_files(relay)
        peers = [Raw(relay.address) for _ in range(400)]
        self.check_serves(relay)
        self.assertLess(self.num_files(relay), before + 80)
        self.await_files(relay, before)  # and the rest when their time is up
        for peer in peers:
            peer.socket.close()
        self.check_ends(relay)

    def test_half_open_behind_a_connect(self):
        """More of them than there may be come at a moment when somebody else's Connect has
        not been read yet: that one has spoken, and stays."""
        relay = self.relay("--max-half-open", "5")
        relay.process.send_signal(signal.SIGSTOP)
        with Raw(relay.address) as good:
            good.send(sstp.connect(URL, ["dpp:///alice"], b"", "P", "", version=(1, 6)))
            crowd = [Raw(relay.address) for _ in range(40)]
            relay.process.send_signal(signal.SIGCONT)
            command = good.receive()
            self.assertIsNotNone(command, "the connection was closed")
            self.assertEqual(command[0], "ConnectResponse")
            for peer in crowd:
                peer.socket.close()
        self.check_ends(relay)

    def test_established_are_not_half_open(self):
        """Many who connect properly do not push out one who is slow to speak."""
        relay = self.relay("--max-half-open", "5")
        with Raw(relay.address) as slow, contextlib.ExitStack() as stack:
            for n in range(20):
                stack.enter_context(Raw(relay.address, 6, "dpp:///%d" % n))
            slow.send(sstp.connect(URL, ["dpp:///alice"], b"", "P", "", version=(1, 6)))
            self.assertEqual((slow.receive() or ["closed"])[0], "ConnectResponse")
        self.check_ends(relay)

    def test_slow_loris(self):
        """A Connect of a byte now and then does not keep the connection."""
        relay = self.relay("--connect-timeout", "2")
        attacks.trickle(attacks.Target(relay.address, URL), random.Random(1), threading.Event())
        self.check_ends(relay)

    def test_slow_messages(self):
        """Messages that never end, on many connections and sessions: each connection holds
        what it may, and no more."""
        relay = self.relay("--max-message", "100000")
        before = self.memory(relay)
        peers = []
        for _ in range(20):
            peer = Raw(relay.address, 6)
            peers.append(peer)
            for session in range(1, 20):
                peer.send(sstp.open_session(session, "r", BOB, ""), sstp.message(session),
                          *[sstp.data(session, bytes(2048))] * 45)
        self.check_serves(relay)
        # 200,000 bytes of unfinished messages a connection, in buffers that double.
        self.assertLess(self.memory(relay) - before, 40 * MIB)
        for peer in peers:
            peer.expect("Close", value=QUOTA_WOULD_BE_EXCEEDED)
            peer.socket.close()
        self.check_ends(relay)

    def test_sessions_without_number(self):
        """So many are open at a time; so many more are refused; and opening and closing goes
        on for ever without growth."""
        relay = self.relay("--max-sessions", "100")
        with Raw(relay.address, 6) as peer:
            peer.send(*[sstp.open_session(n, "r", BOB, "") for n in range(1, 20001)])
            answers = [peer.receive()[1][7] for _ in range(20000)]
            self.assertEqual(answers, [OK] * 100 + [UNKNOWN] * 19900)
        with Raw(relay.address, 6) as peer:
            def churn(first, count):
                for n in range(first, first + count, 1000):
                    attacks.open_and_close(peer, n, 1000)
            churn(1, 20000)
            before = self.memory(relay)
            churn(20001, 1000000 if not IS_SANITIZED else 100000)
            self.assertLess(self.memory(relay) - before, MIB // 4)
        self.check_ends(relay)

    def test_fanout_of_65535_bytes(self):
        for count, minor, answer in ((1024, 6, OK_STOP_SENDING), (1000, 5, OK_STOP_SENDING),
                                     (1025, 6, UNKNOWN), (2500, 6, UNKNOWN)):
            with self.subTest(count=count, minor=minor):
                relay = self.relay()
                with Raw(relay.address, minor) as peer:
                    fanout = sstp.fanout_open(1, "r", recipients(count, "", minor), minor)
                    self.assertEqual(len(fanout), 65535 if count < 2000 else len(fanout))
                    peer.send(fanout)
                    self.assertEqual(peer.expect("OpenResponse")[7], answer)
                    if answer == OK_STOP_SENDING:
                        peer.expect("OpenResponse", value=START_SENDING)
                        peer.send(*sstp.message_sequence(1, b"to all", flags=sstp.A))
                        peer.expect("Noop", at=3, value=1)
                        self.assertEqual(relay.counters()["messages_stored"], count)
                self.check_ends(relay)

    def test_fanout_of_65535_bytes_to_another_relay(self):
        """From SSTP 1.5 to 1.6 it grows by a byte an entry, and goes out as two."""
        with live.Relay("--max-fanout", "1100", url=PEER_URL) as two:
            relay = self.relay("--max-fanout", "1100", "--peer", PEER_URL + "=" + two.address)
            with Raw(relay.address, 5) as peer:
                entries = recipients(1024, PEER_URL, 5)
                self.assertEqual(len(sstp.fanout_open(1, "r", entries, 5)), 65535)
                peer.send(sstp.fanout_open(1, "r", entries, 5))
                peer.expect("OpenResponse", value=START_SENDING)
                peer.send(*sstp.message_sequence(1, b"to all", flags=sstp.A))
                peer.expect("Noop", at=3, value=1)
            self.assertEqual(two.counters()["messages_stored"], 1024)
            self.assertEqual(two.counters()["sessions"], 2)
            self.assertEqual(two.counters()["connections_open"], 1)
            self.check_ends(relay)

    def test_fanout_to_relays_that_nobody_knows(self):
        """1,000 of them: each is reported, and the session ends."""
        relay = self.relay()
        with Raw(relay.address, 6) as peer:
            peer.send(sstp.fanout_open(1, "r", [(BOB, "", "grooveDNS://%d" % n)
                                                for n in range(1000)], 6))
            peer.expect("OpenResponse", value=OK_STOP_SENDING)
            for _ in range(1000):
                self.assertEqual(peer.receive()[0], "SessionStatus")
            self.assertEqual(peer.receive()[0], "Close")
        self.check_ends(relay)

    def test_readers_that_do_not_read(self):
        """Who asks and takes no answers, and a recipient that takes nothing: both wait."""
        relay = self.relay()
        before = self.memory(relay)
        taker = subprocess.Popen(
            relay.client_arguments("--identity", BOB, "--receive", "--expect", "1000", "-v",
                                   device="dpp:///bob"),
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.addCleanup(taker.stderr.close)
        self.addCleanup(taker.wait)
        self.addCleanup(taker.kill)
        self.assertRegex(taker.stderr.readline(), "ready")
        taker.send_signal(signal.SIGSTOP)
        with Raw(relay.address, 6) as asker:
            asker.socket.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                for n in range(1, 3000000, 100):
                    asker.socket.send(b"".join(sstp.open_session(m, "r", BOB, "").data
                                               for m in range(n, n + 100)))
            result = relay.client("--to", BOB, "--size", "50000", "--messages", "1000")
            self.assertEqual(result.returncode, 0, result.stderr)
            self.check_serves(relay)
            # 50 MB are stored, and not stored again for who does not read.
            self.assertLess(self.memory(relay) - before, 75 * MIB)
        taker.send_signal(signal.SIGCONT)
        _, stderr = taker.communicate(timeout=PATIENCE)
        self.assertEqual(taker.returncode, 0, stderr)
        self.check_ends(relay)

    def test_closed_and_does_not_read(self):
        """Who broke a rule, and does not take what it had asked for before, has some seconds
        for that; then its socket is gone, too."""
        relay = self.relay()
        files = self.num_files(relay)
        question = sstp.open_session(1, "r", "no identity", "")  # refused
        questions = b"".join(attacks.numbered(question, n) for n in range(1, 5001))
        with Raw(relay.address, 6) as peer:
            peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            # Until the system takes no more answers, and the relay has to keep them.
            behind = bytes_in = 0
            while behind < 20000:
                self.assertLess(bytes_in, attacks.UNREAD_MAX)
                peer.send(questions)
                bytes_in += len(questions)
                while (counters := relay.counters())["bytes_in"] < bytes_in:
                    time.sleep(0.01)
                behind = bytes_in // len(question) * 8 - counters["bytes_out"]
            peer.send(b"\xff" * 10)
            self.await_files(relay, files)
        self.check_ends(relay)

    def test_hostile_relays(self):
        """Another relay that is none, in every way: ConnectionClosed, and the rest is served."""
        def garbage(peer):
            peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        def answer(*commands):
            def behaviour(peer):
                peer.recv(1000)
                peer.sendall(sstp.connect_response(0, [PEER_URL], b"", 3, "x", "",
                                                   version=(1, 6)).data)
                peer.recv(1000)
                peer.sendall(b"".join(command.data for command in commands))
            return behaviour

        rows = {"closes": lambda peer: peer.close(), "silent": lambda peer: None,
                "garbage": garbage, "refuses": answer(sstp.open_response(1, UNKNOWN)),
                "never answers": answer(), "closes the session": answer(sstp.close(1, 0)),
                "opens for nobody": answer(sstp.open_response(9, OK)),
                "acknowledges": answer(sstp.noop(1000), sstp.open_response(1, OK),
                                       sstp.connect_close(0, 99)),
                "loses what it has not": answer(sstp.session_status(1, 4, "", "", [0, 1, 2]))}
        for name, behaviour in rows.items():
            with self.subTest(name=name):
                fake = FakeRelay(behaviour)
                relay = self.relay("--peer", PEER_URL + "=" + fake.address, "--open-timeout", "1")
                with Raw(relay.address, 6) as peer:
                    peer.send(sstp.fanout_open(1, "r", [(BOB, "", ""), (BOB, "", PEER_URL)], 6))
                    # A session that was ready before it was lost is told so first.
                    told = {}
                    while len(told) < 2:
                        command, data = peer.receive()
                        if command != "OpenResponse" or data[7] == START_SENDING:
                            told[command] = data
                    status = told["SessionStatus"]
                    self.assertEqual(status[7], CONNECTION_CLOSED)
                    self.assertIn(PEER_URL.encode(), status)
                    peer.send(*sstp.message_sequence(1, b"x", flags=sstp.A))
                    peer.expect("Noop", at=3, value=1)
                self.check_ends(relay)
                fake.close()

    def test_relay_that_waits_for_the_close(self):
        """It has lost its last recipient, and leaves the Close to whoever opened (note 16)."""
        told = []

        def behaviour(peer):
            with Raw.of(peer) as raw:
                raw.receive()
                raw.send(sstp.connect_response(0, [PEER_URL], b"", 3, "x", "", version=(1, 6)))
                raw.receive()
                raw.send(sstp.open_response(1, OK),
                         sstp.session_status(1, 4, "dpp:///b", BOB, []))
                told.append(raw.receive())

        fake = FakeRelay(behaviour)
        self.addCleanup(fake.close)
        relay = self.relay("--peer", PEER_URL + "=" + fake.address)
        with Raw(relay.address, 6) as peer:
            peer.send(sstp.fanout_open(1, "r", [(BOB, "", ""), (BOB, "dpp:///b", PEER_URL)], 6))
            self.assertEqual(peer.expect("SessionStatus")[7], QUOTA)
            peer.send(*sstp.message_sequence(1, b"x", flags=sstp.A))
            peer.expect("Noop", at=3, value=1)
        self.check_ends(relay)
        self.assertEqual(told, [("Close", sstp.close(1, EMPTY_SESSION).data)])

    def test_all_at_once(self):
        """While all kinds of them are at it, somebody else is served, again and again."""
        relay = self.relay("--max-half-open", "50")
        over = threading.Event()

        def attack(seed):
            rand = random.Random(seed)
            while not over.is_set():
                with contextlib.suppress(OSError, AssertionError), \
                        Raw(relay.address, rand.choice((None, 5, 6))) as peer:
                    peer.socket.settimeout(1)
                    kind = rand.randrange(4)
                    if kind == 0:
                        peer.send(rand.randbytes(1000))
                    elif kind == 1:
                        peer.send(*[sstp.open_session(n, "r", BOB, "") for n in range(1, 500)])
                    elif kind == 2:
                        peer.send(sstp.open_session(1, "r", "grooveIdentity://spam", ""),
                                  *sstp.message_sequence(1, bytes(20000)))
                        peer.expect("OpenResponse")
                    else:
                        over.wait(0.2)

        threads = [threading.Thread(target=attack, args=(seed,)) for seed in range(6)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(5):
                self.check_serves(relay)
                over.wait(0.5)
        finally:
            over.set()
            for thread in threads:
                thread.join()
        self.assertGreater(relay.counters()["messages_in"], 5)
        self.check_ends(relay)


if __name__ == "__main__":
    unittest.main()
