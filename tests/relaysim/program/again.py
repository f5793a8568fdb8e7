#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Connections that are lost, refused or not answered, and what comes after them.

Usage: again.py RELAYSIM
"""
import contextlib
import json
import re
import signal
import socket
import time
import unittest

import raw
import sstp_commands as sstp
from live import BOB, LiveTest, Proxy, RELAYSIM, Relay, URL, ghost_lives, run
from patience import PATIENCE
from reserved import reserved_address


class Again(LiveTest):
    def open(self, name):
        """For what is too much for a pipe that nobody reads."""
        file = open(self.path(name), "w", encoding="utf-8")
        self.addCleanup(file.close)
        return file

    def lines(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read().splitlines()

    def check_pause(self, seconds, most):
        """Chance takes up to half of it off."""
        self.assertLessEqual(most / 2, float(seconds))
        self.assertLessEqual(float(seconds), most)

    def check_course(self, file, course):
        """The next lines of the log: words, or a pause."""
        for expected in course:
            line = file.readline()
            if isinstance(expected, float):
                self.assertRegex(line, r"trying again in \S+ seconds")
                self.check_pause(line.split()[-2], expected)
            else:
                self.assertRegex(line, expected)

    def check_all_came(self, lines, number):
        """In order; what was sent again may have come twice."""
        numbers = [int(json.loads(line)["user_ref"].removeprefix("relaysim-")) for line in lines]
        self.assertEqual(sorted(set(numbers)), list(range(1, number + 1)))
        first = list(dict.fromkeys(numbers))
        self.assertEqual(first, sorted(first))

    def test_connects_again_to_receive(self):
        """The relay is ended, and killed, and comes back: the receiver does, too."""
        address = reserved_address()
        with Relay(address=address) as relay:
            receiver = self.start(relay.client_arguments(
                "--identity", BOB, "--receive", "--expect", "3", "-v", device="dpp:///bob"))
            self.assertRegex(receiver.stderr.readline(), "ready")
            self.check(relay.client("--to", BOB, "--message", "0"), 0)
            self.assertEqual(json.loads(receiver.stdout.readline())["text"], "0")
            self.assertEqual(relay.stop(), 0)
        for n, number in enumerate((signal.SIGKILL, signal.SIGTERM), 1):
            with Relay(address=address) as relay:
                self.check(relay.client("--to", BOB, "--message", str(n)), 0)
                self.assertEqual(json.loads(receiver.stdout.readline())["text"], str(n))
                relay.stop(number)
        _, stderr = receiver.communicate(timeout=PATIENCE)
        self.assertEqual(receiver.returncode, 0, stderr)
        pauses = re.findall(r"trying again in (\S+) seconds", stderr)
        self.check_pause(pauses[0], 0.25)

    def test_crossed_connections(self):
        """The relay has not noticed that the client's last connection is gone."""
        with Relay("--connections-per-device", "1", "--auth", "off",
                   address=reserved_address()) as relay:
            receiver = self.start(relay.client_arguments("--identity", BOB, "--receive", "--expect",
                                                         "1", "-v", device="dpp:///bob"))
            self.assertRegex(receiver.stderr.readline(), "ready")
            receiver.send_signal(signal.SIGSTOP)
            relay.stop(signal.SIGKILL)
            with Relay("--connections-per-device", "1", "--auth", "off",
                       address=relay.address) as relay:
                ghost = raw.Raw(relay.address, 6, device="dpp:///bob")
                receiver.send_signal(signal.SIGCONT)
                self.check_course(receiver.stderr, ("connection was lost", 0.25))
                for pause in (0.5, 1.0):
                    ghost.send(ghost_lives(ghost.expect("Open")))
                    self.check_course(receiver.stderr, ("CrossedConnections", pause))
                ghost.socket.close()
                self.check(relay.client("--to", BOB, "--message", "x"), 0)
                _, stderr = receiver.communicate(timeout=PATIENCE)
                self.assertEqual(receiver.returncode, 0, stderr)

    def test_error_again_and_again(self):
        """A relay that always says so in the end: the client ends, too, but not at once."""
        def misunderstand(peer):
            with peer, raw.Raw.of(peer) as client:
                client.expect("Connect")
                client.send(sstp.connect_response(targets=[URL]))
                client.expect("Open")
                client.send(sstp.connect_close(3))
                client.end()
        with contextlib.closing(raw.FakeRelay(misunderstand)) as relay:
            sent = run("client", "--relay", relay.address, "--relay-url", URL, "--device",
                       "dpp:///alice", "--to", BOB, "--message", "x", "-v")
            self.assertEqual(sent.returncode, 1, sent.stderr)
            self.assertEqual(sent.stderr.count("trying again"), 5)
            self.assertRegex(sent.stderr.splitlines()[-1],
                             "^relaysim: the other side closed the connection: ProtocolError$")

    def test_silent_relay(self):
        """It answers Connect, and then nothing: ResponseTimeout, and another attempt where
        there has been a good one."""
        said = []

        def answer(peer):
            with peer, raw.Raw.of(peer) as client:
                client.expect("Connect")
                client.send(sstp.connect_response(targets=[URL]))
                if len(said) == 1:
                    client.send(sstp.attach_response(1))
                    client.expect("Register")
                    client.send(sstp.register_response(2))
                    said.append("ready")
                    time.sleep(0.1)
                else:
                    said.append(client.expect("ConnectClose")[3])
        with contextlib.closing(raw.FakeRelay(answer)) as relay:
            arguments = ["client", "--relay", relay.address, "--relay-url", URL, "--device",
                         "dpp:///bob", "--identity", BOB, "--receive", "--auth-timeout", "3"]
            self.check(run(*arguments), 1, "the other side did not answer")
            receiver = self.start([RELAYSIM, *arguments, "-v"])
            self.check_course(receiver.stderr, (
                "ready", "connection was lost", 0.25, "did not answer", 0.5, "did not answer",
                1.0))
            self.await_true(lambda: len(said) >= 4, said)
            receiver.send_signal(signal.SIGTERM)
            receiver.communicate(timeout=PATIENCE)
        self.assertEqual(said[:4], [8, "ready", 8, 8])  # ResponseTimeout

    def test_no_transport(self):
        """Nobody answers the SYN: the queue of a listener that accepts nobody is full."""
        with socket.socket() as full:
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            with socket.create_connection(full.getsockname()):
                address = "127.0.0.1:%d" % full.getsockname()[1]
                self.check(run("client", "--relay", address, "--relay-url", URL, "--device",
                               "dpp:///alice", "--to", BOB, "--message", "x",
                               "--transport-timeout", "0.3"), 1,
                           "cannot connect to .*: there was no answer in time")

    def test_sends_again(self):
        """A connection that breaks every now and then: all messages arrive."""
        with Relay() as relay, Proxy(relay.address, 300000) as proxy:
            sent = run("client", "--relay", proxy.address, "--relay-url", URL, "--device",
                       "dpp:///alice", "--to", BOB, "--size", "2000", "--messages", "500", "-v")
            self.check(sent, 0)
            self.assertGreater(proxy.num_carried, 2)
            self.assertRegex(sent.stderr, "the connection was lost")
            received = relay.receive(relay.counters()["messages_in"])
            self.check(received, 0)
            self.check_all_came(received.stdout.splitlines(), 500)

    def test_receives_again(self):
        with Relay() as relay, Proxy(relay.address, 300000) as proxy:
            self.check(relay.client("--to", BOB, "--size", "2000", "--messages", "500"), 0)
            receiver = self.start([RELAYSIM, "client", "--relay", proxy.address, "--relay-url",
                                   URL, "--device", "dpp:///bob", "--identity", BOB, "--receive"],
                                  stdout=self.open("received"))
            self.await_true(lambda: relay.counters()["messages_stored"] == 0, "all are taken")
            receiver.send_signal(signal.SIGTERM)
            _, stderr = receiver.communicate(timeout=PATIENCE)
            self.assertEqual(receiver.returncode, 0, stderr)
            self.assertGreater(proxy.num_carried, 2)
            self.check_all_came(self.lines("received"), 500)

    def test_device_to_device_again(self):
        receiver = self.start([RELAYSIM, "client", "--listen", "127.0.0.1:0", "--device",
                               "dpp:///bob", "--receive"], stdout=self.open("received"))
        address = receiver.stderr.readline().split()[1]
        with Proxy(address, 300000) as proxy:
            self.check(run("client", "--relay", proxy.address, "--relay-url", "dpp:///bob",
                           "--device", "dpp:///alice", "--to", BOB + ",dpp:///bob", "--size",
                           "2000", "--messages", "500"), 0)
            self.assertGreater(proxy.num_carried, 2)
        receiver.send_signal(signal.SIGTERM)
        _, stderr = receiver.communicate(timeout=PATIENCE)
        self.assertEqual(receiver.returncode, 0, stderr)
        self.check_all_came(self.lines("received"), 500)

    def test_listening_sender(self):
        """Who listens sends to the device that comes, and goes on when it comes back."""
        sender = self.start([RELAYSIM, "client", "--listen", "127.0.0.1:0", "--device",
                             "dpp:///alice", "--to", BOB + ",dpp:///bob", "--size", "2000",
                             "--messages", "500"])
        address = sender.stderr.readline().split()[1]
        with Proxy(address, 300000) as proxy:
            receiver = self.start([RELAYSIM, "client", "--relay", proxy.address, "--relay-url",
                                   "dpp:///alice", "--device", "dpp:///bob", "--receive"],
                                  stdout=self.open("received"))
            _, stderr = sender.communicate(timeout=PATIENCE)
            self.assertEqual(sender.returncode, 0, stderr)
            receiver.send_signal(signal.SIGTERM)
            receiver.communicate(timeout=PATIENCE)
            self.assertGreater(proxy.num_carried, 2)
            self.check_all_came(self.lines("received"), 500)


if __name__ == "__main__":
    unittest.main()
