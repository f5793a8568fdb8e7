#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Signals to a relay, and its end.

Usage: relay_end.py RELAYSIM SLOW_DISK, the second being slow_disk.c
"""
import contextlib
import fcntl
import json
import os
import signal
import socket
import struct
import sys
import termios
import unittest

import live
from attacks import OK
from raw import Raw, sstp
from patience import PATIENCE
from relay_test import RelayTest

SLOW_DISK = sys.argv.pop(1)


class Signals(RelayTest):
    def receiver(self, relay):
        """Somebody who is there; ends with the reason of the ConnectClose."""
        peer = Raw(relay.address, 6)
        self.addCleanup(peer.socket.close)
        return peer

    def test_second_signal(self):
        """It does not wait for those who take nothing, and says so by its exit code."""
        for numbers in ((signal.SIGTERM, signal.SIGTERM), (signal.SIGINT, signal.SIGTERM)):
            relay = self.relay("--auth", "off")
            peer = self.receiver(relay)
            relay.process.send_signal(numbers[0])
            self.assertEqual(peer.receive()[0], "ConnectClose")
            # It would wait for the peer's end of the connection.
            relay.process.send_signal(numbers[1])
            _, stderr = relay.process.communicate(timeout=PATIENCE)
            self.assertEqual(relay.process.returncode, 1)
            self.assertRegex(stderr, "^relaysim: ended at once by a second signal")

    def test_hangup_without_files(self):
        """No terminal, and nothing to open anew: it serves on."""
        relay = self.relay("-v", start_new_session=True)
        relay.process.send_signal(signal.SIGHUP)
        self.wait_for_line(relay.process.stderr, "no files")
        self.assertEqual(self.answer(relay.address, "dpp:///a"), OK)
        self.assertEqual(relay.stop(), 0)

    def in_terminal(self, *arguments, ignores=False):
        """A relay that leads a session with a terminal of its own; that, to be closed."""
        master, slave = os.openpty()

        def take_terminal():
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            if ignores:
                signal.signal(signal.SIGHUP, signal.SIG_IGN)
        relay = self.relay("-v", "--auth", "off", *arguments, preexec_fn=take_terminal)
        os.close(slave)
        return relay, master

    def test_terminal_is_closed(self):
        """ConnectClose to everybody, files or not; never the death that is a signal's default."""
        for arguments in ((), ("--log", self.path("log"))):
            relay, master = self.in_terminal("--store", self.path("store"), *arguments)
            peer = self.receiver(relay)
            os.close(master)
            self.assertEqual(peer.receive()[0], "ConnectClose")
            peer.socket.close()
            stdout, _ = relay.process.communicate(timeout=PATIENCE)
            self.assertEqual(relay.process.returncode, 0)
            self.assertEqual(json.loads(stdout)["connections"], 1)

    def test_terminal_is_there(self):
        """With a terminal, SIGHUP opens files where there are some, and else ends it."""
        relay, master = self.in_terminal("--log", self.path("log"))
        os.remove(self.path("log"))
        relay.process.send_signal(signal.SIGHUP)
        self.wait_until(lambda: os.path.exists(self.path("log")))
        self.assertEqual(relay.stop(), 0)
        os.close(master)
        relay, master = self.in_terminal()
        relay.process.send_signal(signal.SIGHUP)
        self.assertEqual(relay.process.wait(PATIENCE), 0)
        os.close(master)

    def test_nohup(self):
        relay, master = self.in_terminal(ignores=True)
        os.close(master)
        relay.process.send_signal(signal.SIGHUP)
        self.wait_for_line(relay.process.stderr, "no files")
        self.assertEqual(self.answer(relay.address, "dpp:///a"), OK)
        self.assertEqual(relay.stop(), 0)

    def test_nobody_reads_stdout(self):
        """The relay serves on; at the end there is a sentence, and the store has everything."""
        relay = self.relay("--store", self.path("store"), "--auth", "off")
        relay.process.stdout.close()
        relay.process.send_signal(signal.SIGUSR1)
        self.assertRegex(relay.process.stderr.readline(), "stdout could not be written: Broken pipe")
        self.check(relay.client("--to", live.BOB, "--message", "kept"), 0)
        relay.process.terminate()
        stderr = relay.process.stderr.read()
        self.assertEqual(stderr, "")
        self.assertEqual(relay.process.wait(PATIENCE), 1)
        relay = self.relay("--store", self.path("store"), "--auth", "off")
        self.check(relay.receive(1), 0)
        self.assertEqual(relay.stop(), 0)


class End(RelayTest):
    def test_acknowledges_what_is_stored(self):
        """By the ConnectClose, and only once it is in the file: the next run has it all."""
        for number in (1, 200):
            store = self.path("store%d" % number)
            relay = self.relay("--store", store, "--auth", "off", "--ack-delay", "60")
            with Raw(relay.address, 6) as peer:
                peer.send(sstp.open_session(1, "app", live.BOB, ""))
                peer.expect("OpenResponse", value=OK)
                for n in range(number):
                    peer.send(*sstp.message_sequence(1, b"message %d" % n))
                self.wait_until(lambda: relay.counters()["messages_in"] == number)
                relay.process.terminate()
                said = peer.end()
                self.assertEqual(said[-1][0], "ConnectClose")
                acknowledged = sum(
                    int.from_bytes(command[4:8] if name == "ConnectClose" else command[3:7],
                                   "little")
                    for name, command in said if name in ("ConnectClose", "Noop"))
                self.assertEqual(acknowledged, number)
            self.assertEqual(relay.process.wait(PATIENCE), 0)
            relay = self.relay("--store", store, "--auth", "off")
            self.assertEqual(relay.counters()["messages_stored"], number)
            self.assertEqual(relay.stop(), 0)

    def test_store_is_slow(self):
        """It is waited for, but not by the peers: they get their ConnectClose, which does not
        acknowledge what is not safe."""
        block, store = self.path("block"), self.path("store")
        asan = os.environ.get("ASAN_OPTIONS", "")
        relay = self.relay("--store", store, "--auth", "off", "--ack-delay", "60",
                           env={**os.environ, "LD_PRELOAD": SLOW_DISK, "SLOW_DISK": block,
                                "ASAN_OPTIONS": asan + ":verify_asan_link_order=0"})
        with Raw(relay.address, 6) as peer:
            peer.send(sstp.open_session(1, "app", live.BOB, ""))
            peer.expect("OpenResponse", value=OK)
            with open(block, "w", encoding="ascii"):
                pass
            peer.send(*sstp.message_sequence(1, b"not safe yet"))
            self.wait_until(lambda: relay.counters()["messages_in"] == 1)
            relay.process.terminate()
            name, command = peer.receive()
            self.assertEqual((name, command[4:8]), ("ConnectClose", bytes(4)))
        self.assertIsNone(relay.process.poll())
        os.remove(block)
        self.assertEqual(relay.process.wait(PATIENCE), 0)
        relay = self.relay("--store", store, "--auth", "off")
        self.check(relay.receive(1), 0)
        self.assertEqual(relay.stop(), 0)

    def test_others_do_not_close(self):
        """One never closes its side, one does not even take what it asked for."""
        relay = self.relay("--auth", "off")
        with Raw(relay.address, 6) as silent, Raw(relay.address, 6, device="dpp:///x") as stuck:
            stuck.socket.settimeout(0.5)
            question = sstp.open_session(1, "r", "no identity", "").data  # refused
            with contextlib.suppress(TimeoutError):
                while True:
                    stuck.socket.sendall(1000 * question)
            relay.process.terminate()
            self.assertEqual(silent.receive()[0], "ConnectClose")
            self.assertEqual(relay.process.wait(PATIENCE), 0)

    def test_another_relay_does_not_answer(self):
        """It is dialed, and never takes the call: nothing that the end would wait for."""
        with socket.create_server(("127.0.0.1", 0), backlog=0) as deaf, \
                contextlib.ExitStack() as callers:
            address = "127.0.0.1:%d" % deaf.getsockname()[1]
            callers.enter_context(socket.create_connection(deaf.getsockname()))  # all it takes
            relay = self.relay("--auth", "off", "-v", "--peer", "grooveDNS://deaf=" + address)
            peer = callers.enter_context(Raw(relay.address, 6))
            peer.send(sstp.fanout_open(1, "r", [("grooveIdentity://x", "", "grooveDNS://deaf")], 6))
            self.assertEqual(peer.receive()[0], "OpenResponse")
            self.wait_until(lambda: self.is_dialing(address))
            relay.process.terminate()
            self.assertEqual(peer.receive()[0], "ConnectClose")
            peer.socket.close()
            self.assertEqual(relay.process.wait(PATIENCE), 0)
            self.assertNotIn("does not close", relay.process.stderr.read())

    @staticmethod
    def is_dialing(address):
        """Whether somebody's SYN for this address has not been answered."""
        host, port = address.split(":")
        wanted = "%08X:%04X" % (struct.unpack("<I", socket.inet_aton(host))[0], int(port))
        with open("/proc/net/tcp", encoding="ascii") as table:
            return any(fields[2] == wanted and fields[3] == "02"  # TCP_SYN_SENT
                       for fields in (line.split() for line in table))

    def test_nobody_can_come_meanwhile(self):
        relay = self.relay("--auth", "off")
        with Raw(relay.address, 6) as peer:
            relay.process.terminate()
            self.assertEqual(peer.receive()[0], "ConnectClose")
            with self.assertRaises(ConnectionRefusedError):
                Raw(relay.address)
            peer.socket.close()
            self.assertEqual(relay.process.wait(PATIENCE), 0)


if __name__ == "__main__":
    unittest.main()
