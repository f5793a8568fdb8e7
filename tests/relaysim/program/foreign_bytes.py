#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Bytes that somebody else has chosen, live: no line of a log is forged by them, no terminal
driven, no line of JSON invalid, and nothing lost.

Usage: foreign_bytes.py RELAYSIM
"""
import json
import os
import subprocess
import unittest

import live  # takes RELAYSIM off the command line
from raw import Raw, sstp
from patience import PATIENCE, TIMEOUT

EVIL = "\xff\xfe\n12:00:00.000 forged\r\x1b[31m\x9b2J\xe2\x80\xae\xe2\x80\xa8\t\\n\x7f"
ESCAPED = (r"\xff\xfe\n12:00:00.000 forged\r\x1b[31m\x9b2J\xe2\x80\xae\xe2\x80\xa8\t\\n\x7f")
OPEN_RESPONSE_OK = 1  # GRVSSTP 2.2.7


def is_harmless(line):
    """Of printable characters alone."""
    return line.decode("utf-8").isprintable()


class ForeignBytes(live.LiveTest):
    def check_log(self, log):
        for line in log.splitlines():
            self.assertTrue(is_harmless(line), line)
            self.assertNotRegex(line, rb"^12:00:00\.000 forged")

    def lines(self, data):
        """Lines of JSON, each valid and harmless."""
        for line in data.split(b"\n")[:-1]:
            self.assertTrue(is_harmless(line), line)
            yield json.loads(line)

    def test_received(self):
        """All that a peer names, in the receiver's JSON, its log and its truth."""
        truth = self.path("truth")
        receiver = subprocess.Popen(
            [live.RELAYSIM, "client", "--listen", "127.0.0.1:0", "--device", "dpp:///bob",
             "--receive", "--expect", "1", "-v", "--truth", truth],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(receiver.wait)
        self.addCleanup(receiver.kill)
        address = receiver.stderr.readline().split()[1].decode()
        with Raw(address) as peer:
            peer.send(sstp.connect("dpp:///bob", ["dpp:///" + EVIL, "dpp:///good"], b"", EVIL, "",
                                   version=(1, 5)))
            self.assertEqual(peer.receive()[0], "ConnectResponse")
            peer.send(sstp.open_session(1, "r" + EVIL, "i" + EVIL, "dpp:///bob" + EVIL),
                      *sstp.message_sequence(1, EVIL.encode("latin-1"), user_ref="u" + EVIL))
            stdout, stderr = receiver.communicate(timeout=PATIENCE)
        self.assertEqual(receiver.returncode, 0, stderr)
        message, = self.lines(stdout)
        for name, wire in (("resource", "r" + EVIL), ("identity", "i" + EVIL),
                           ("device", "dpp:///bob" + EVIL), ("user_ref", "u" + EVIL)):
            self.assertEqual(bytes.fromhex(message[name + "_bytes"]), wire.encode("latin-1"))
            self.assertIn("\ufffd\ufffd\n12:00:00.000 forged\r\x1b[31m", message[name])
        self.check_log(stderr)
        with open(truth, "rb") as file:
            events = list(self.lines(file.read()))
        self.assertIn("ConnectResponse", [event.get("command") for event in events])

    def test_relay(self):
        """What it logs and tells of clients; its own client hands such a device over, too."""
        truth = self.path("truth")
        process = subprocess.Popen(
            [live.RELAYSIM, "relay", "--url", live.URL, "--listen", "127.0.0.1:0", "--auth", "off",
             "-v", "--truth", truth],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        address = process.stdout.readline().split()[1].decode()
        with Raw(address) as peer:
            peer.send(sstp.connect(live.URL, ["dpp:///" + EVIL], b"", EVIL, "", version=(1, 5)))
            peer.expect("ConnectResponse")
            peer.send(sstp.open_session(1, "r" + EVIL, "grooveIdentity://" + EVIL, ""))
            peer.expect("OpenResponse")
            peer.send(*sstp.message_sequence(1, b"x", user_ref=EVIL), sstp.close(1),
                      sstp.connect_close(0, 0))
            peer.end()
        client = [live.RELAYSIM, "client", "--relay", address, "--relay-url", live.URL, "--device",
                  b"dpp:///" + EVIL.encode("latin-1"), "-v"]
        evil_bob = b"grooveIdentity://" + EVIL.encode("latin-1")
        sent = subprocess.run(client + ["--to", evil_bob, "--message", "x"], capture_output=True,
                              timeout=PATIENCE, check=False)
        self.assertEqual(sent.returncode, 0, sent.stderr)
        self.check_log(sent.stderr)
        received = subprocess.run(
            client + ["--identity", evil_bob, "--receive", "--expect", "2", "--timeout", TIMEOUT],
            capture_output=True, timeout=PATIENCE, check=False)
        self.assertEqual(received.returncode, 0, received.stderr)
        self.check_log(received.stderr)
        for message in self.lines(received.stdout):
            self.assertEqual(bytes.fromhex(message["identity_bytes"]), evil_bob)
        process.terminate()
        _, log = process.communicate(timeout=PATIENCE)
        self.assertEqual(process.returncode, 0, log)
        self.check_log(log)
        self.assertIn(ESCAPED.encode(), log)
        with open(truth, "rb") as file:
            events = list(self.lines(file.read()))
        wire = {event["command"]: event for event in events if event["event"] == "command"}
        opened = wire["Open"]  # the relay's, to its client
        self.assertEqual(bytes.fromhex(opened["identity_url_bytes"]), evil_bob)

    def test_sentences(self):
        """What the user, a file or the system has put into them: one line, whatever it is."""
        evil = EVIL.encode("latin-1")
        story = os.path.join(self.folder.encode(), evil + b".scn")
        with open(story, "wb") as file:
            file.write(b"title x\n" + evil)
        for arguments in ([evil], ["--" + EVIL], ["relay", b"--" + evil], ["relay", b"--url", evil],
                          ["relay", b"--auth", evil], ["client", b"--messages", evil],
                          ["scenario", b"--fault", evil, "x"], ["scenario", evil],
                          ["scenario", story], ["demo", evil], ["demo", "-w", b"/nowhere/" + evil],
                          ["relay", "--url", live.URL, "--listen", evil],
                          ["relay", "--url", live.URL, "--store", b"/nowhere/" + evil]):
            with self.subTest(arguments=arguments):
                result = subprocess.run([live.RELAYSIM, *arguments], capture_output=True,
                                        timeout=PATIENCE, check=False)
                self.assertEqual(result.returncode, 2, result.stderr)
                self.assertEqual(result.stderr.count(b"\n"), 1, result.stderr)
                self.check_log(result.stderr)

    def test_verdicts(self):
        """The names of files that are printed as results."""
        name = b"\xff\n\x1b[31m"
        story = os.path.join(self.folder.encode(), name + b".scn")
        with open(story, "wb") as file:
            file.write(b"title Nothing happens\ndevice Device1\nwait 1ms\n")
        for arguments in (["demo", "-w", os.path.join(self.folder.encode(), name)],
                          ["scenario", story]):
            with self.subTest(arguments=arguments):
                result = subprocess.run([live.RELAYSIM, *arguments], capture_output=True,
                                        timeout=PATIENCE, check=False)
                self.check_log(result.stdout)
                self.assertIn(rb"\xff\n\x1b[31m", result.stdout)

    def test_long(self):
        """A line has an end, and says what it leaves out."""
        result = subprocess.run([live.RELAYSIM, "relay", "--url", "\x1b" * 100000],
                                capture_output=True, timeout=PATIENCE, check=False)
        self.assertEqual(result.returncode, 2)
        self.assertLess(len(result.stderr), 4097)
        self.assertRegex(result.stderr, rb"^relaysim: [ -~]+\.\.\. \(\d+ bytes more\)\n$")


if __name__ == "__main__":
    unittest.main()
