#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Processes that are stopped: their connections exist, and nobody is there.

Usage: hung.py RELAYSIM
"""
import contextlib
import json
import signal
import time
import unittest

import live  # takes RELAYSIM off the command line
from raw import Raw, sstp
from patience import PATIENCE

BOB = live.BOB


class Hung(live.LiveTest):
    def receiver(self, relay, device, *arguments):
        """One that has registered Bob's identity."""
        process = self.start(relay.client_arguments(
            "--identity", BOB, "--receive", "--ack-delay", "0.1", "-v", *arguments, device=device))
        self.addCleanup(process.send_signal, signal.SIGCONT)
        return process

    def send(self, relay, text):
        self.check(relay.client("--to", BOB, "--message", text), 0)

    def texts(self, process, number):
        return [json.loads(process.stdout.readline())["text"] for _ in range(number)]

    def wait_until_taken(self, relay):
        while relay.counters()["messages_stored"] > 0:
            time.sleep(0.05)

    def end(self, process, number=signal.SIGTERM):
        process.send_signal(number)
        process.communicate(timeout=PATIENCE)

    def test_tablet_after_phone(self):
        """The phone has hung, with a message in its socket: the tablet gets everything, in
        order, and the phone is told when it goes on."""
        with live.Relay("--hung-timeout", "4") as relay:
            phone = self.receiver(relay, "dpp:///phone")
            self.expect_line(phone, "ready")
            self.send(relay, "1")
            self.assertEqual(self.texts(phone, 1), ["1"])
            self.wait_until_taken(relay)
            phone.send_signal(signal.SIGSTOP)
            self.send(relay, "2")
            tablet = self.receiver(relay, "dpp:///tablet")
            self.expect_line(tablet, "ready")
            self.send(relay, "3")
            self.assertEqual(self.texts(tablet, 2), ["2", "3"])
            self.send(relay, "4")
            self.assertEqual(self.texts(tablet, 1), ["4"])
            phone.send_signal(signal.SIGCONT)
            self.expect_line(phone, "ResponseTimeout|connection was lost")
            self.expect_line(phone, "ready")  # and is the newest
            self.wait_until_taken(relay)
            self.send(relay, "5")
            while self.texts(phone, 1) != ["5"]:  # it had 2, which came to the tablet, too
                pass
            self.end(phone)
            self.end(tablet)

    def test_tablet_beside_phone(self):
        """The phone lives, with a session that is open: the newest has each new message."""
        with live.Relay() as relay:
            phone = self.receiver(relay, "dpp:///phone")
            self.expect_line(phone, "ready")
            self.send(relay, "1")
            self.assertEqual(self.texts(phone, 1), ["1"])
            tablet = self.receiver(relay, "dpp:///tablet")
            self.expect_line(tablet, "ready")
            for text in ("2", "3"):
                self.send(relay, text)
                self.assertEqual(self.texts(tablet, 1), [text])
            self.end(tablet)
            self.send(relay, "4")
            self.assertEqual(self.texts(phone, 1), ["4"])
            self.end(phone)

    def test_device_comes_again(self):
        """With one connection for each device: who has hung makes room."""
        with live.Relay("--connections-per-device", "1", "--hung-timeout", "4") as relay:
            first = self.receiver(relay, "dpp:///phone")
            self.expect_line(first, "ready")
            first.send_signal(signal.SIGSTOP)
            self.send(relay, "1")
            second = self.receiver(relay, "dpp:///phone")
            self.expect_line(second, "ready")
            self.assertEqual(self.texts(second, 1), ["1"])
            first.send_signal(signal.SIGCONT)
            self.expect_line(first, "ResponseTimeout|connection was lost")
            self.expect_line(first, "CrossedConnections")
            self.end(second)
            self.expect_line(first, "ready")
            self.send(relay, "2")
            while self.texts(first, 1) != ["2"]:
                pass
            self.end(first)

    def test_crowd_beside_one_that_waits(self):
        """Who waits for the answers of others has said who it is: it goes for no crowd of those
        who have not."""
        with live.Relay("--auth", "off", "--connections-per-device", "1", "--hung-timeout", "4",
                        "--max-half-open", "2") as relay, contextlib.ExitStack() as stack:
            stack.enter_context(Raw(relay.address, 6, device="dpp:///phone"))
            phone = stack.enter_context(Raw(relay.address))
            phone.send(sstp.connect(live.URL, ["dpp:///phone"], b"", "P", "", version=(1, 6)))
            crowd = [stack.enter_context(Raw(relay.address)) for _ in range(6)]
            self.assertIsNone(crowd[0].receive())
            self.assertEqual(phone.receive()[0], "ConnectResponse")
            phone.send(sstp.open_session(1, "app", BOB, ""))
            phone.expect("OpenResponse", value=0)

    def test_too_many_wait(self):
        """Nor do those who wait become a crowd themselves."""
        with live.Relay("--auth", "off", "--connections-per-device", "1", "--hung-timeout",
                        "3600") as relay, contextlib.ExitStack() as stack:
            stack.enter_context(Raw(relay.address, 6, device="dpp:///phone"))
            for _ in range(65):
                phone = stack.enter_context(Raw(relay.address))
                phone.send(sstp.connect(live.URL, ["dpp:///phone"], b"", "P", "", version=(1, 6)))
            self.expect_line(relay.process, "dpp:///phone is refused, too many wait for the answers")

    def test_device_is_there(self):
        """Who lives keeps its place; both sides say why."""
        with live.Relay("--connections-per-device", "1") as relay:
            first = self.receiver(relay, "dpp:///phone")
            self.expect_line(first, "ready")
            self.check(relay.client("--identity", BOB, "--receive", device="dpp:///phone"), 1,
                       "CrossedConnections")
            self.send(relay, "1")
            self.assertEqual(self.texts(first, 1), ["1"])
            self.end(first)
        self.assertRegex(relay.log, "(?m)^relaysim: connection .*dpp:///phone.*"
                                    "--connections-per-device")

    def test_other_relay(self):
        """One that hangs keeps no sender: it is told, and those of this relay get theirs."""
        other_url = "grooveDNS://relay2.example"
        with live.Relay(url=other_url) as other, \
                live.Relay("--hung-timeout", "4", "--peer", "%s=%s" % (other_url, other.address)) \
                as relay:
            self.addCleanup(other.process.send_signal, signal.SIGCONT)
            recipients = ("--to", BOB, "--to", "grooveIdentity://carol,," + other_url)
            self.check(relay.client(*recipients, "--message", "1"), 0)
            other.process.send_signal(signal.SIGSTOP)
            self.check(relay.client(*recipients, "--message", "2"), 1,
                       "carol is no longer a recipient: ConnectionClosed")
            other.process.send_signal(signal.SIGCONT)
            self.check(relay.client(*recipients, "--message", "3"), 0)
            phone = self.receiver(relay, "dpp:///phone")
            self.assertEqual(self.texts(phone, 3), ["1", "2", "3"])
            self.end(phone)

    def test_relay_is_stopped(self):
        """The relay hangs itself, and nobody else is to blame for the time."""
        with live.Relay("--hung-timeout", "3") as relay:
            phone = self.receiver(relay, "dpp:///phone")
            self.expect_line(phone, "ready")
            tablet = self.receiver(relay, "dpp:///tablet")
            self.expect_line(tablet, "ready")
            self.send(relay, "1")
            self.assertEqual(self.texts(tablet, 1), ["1"])
            relay.process.send_signal(signal.SIGSTOP)
            time.sleep(5)
            relay.process.send_signal(signal.SIGCONT)
            self.wait_until_taken(relay)
            self.send(relay, "2")
            self.assertEqual(self.texts(tablet, 1), ["2"])
            self.assertEqual(relay.counters()["connections_open"], 2)
            self.end(tablet)
            self.end(phone)


if __name__ == "__main__":
    unittest.main()
