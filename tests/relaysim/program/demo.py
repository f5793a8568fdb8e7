#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The tour, help and version.

Usage: demo.py RELAYSIM
"""
import json
import subprocess
import unittest

from live import LiveTest, RELAYSIM, commands_of, run
from patience import PATIENCE


class Demo(LiveTest):
    def test_help_and_version(self):
        for arguments in (["--help"], ["relay", "--help"], ["client", "--help"],
                          ["demo", "--help"], ["bench", "--help"], ["scenario", "--help"]):
            result = run(*arguments)
            self.check(result, 0, "^$")
            self.assertRegex(result.stdout, "Usage:")
            with open("/dev/full", "w", encoding="ascii") as full:
                result = subprocess.run([RELAYSIM, *arguments], stdout=full, text=True,
                                        stderr=subprocess.PIPE, timeout=PATIENCE)
                self.check(result, 1, "stdout could not be written")
        for arguments in (["--version"], ["relay", "--version"], ["client", "--version"],
                          ["demo", "--version"], ["bench", "--version"], ["scenario", "--version"]):
            result = run(*arguments)
            self.check(result, 0, "^$")
            self.assertRegex(result.stdout, r"^relaysim \d+\.\d+")

    def test_demo(self):
        """The tour: all 18 commands, and the truth is what the bytes say."""
        capture, truth = self.path("demo.pcapng"), self.path("demo.json")
        result = run("demo", "-w", capture, "--truth=" + truth, timeout=PATIENCE)
        self.check(result, 0, "^$")
        self.check_capture(capture)
        with open(truth, encoding="ascii") as file:
            commands = commands_of(file)
        self.assertEqual(len({command["command"] for command in commands}), 18)
        self.assertEqual([command["t"] for command in commands],
                         sorted(command["t"] for command in commands))
        # The lengths of the commands add up to the bytes of each direction, as far as each TCP
        # connection is one of SSTP: up to the first through a proxy, of which each end tells apart.
        ends = {}
        for command in commands:
            ends.setdefault(command["stream"], set()).add(command["from"])
        plain = min(stream for stream, sides in ends.items() if len(sides) == 1)
        self.assertGreater(plain, 20)
        commands = [command for command in commands if command["stream"] < plain]
        streams = {key: data for key, data in self.streams(capture).items() if key[0] < plain}
        lengths = {key: 0 for key in streams}
        for command in commands:
            key = (command["stream"], command["from"])
            at, length = lengths[key], command["command.length"]
            self.assertEqual(streams[key][at + 1] | streams[key][at + 2] << 8, length)
            if command["command"] == "Data":
                self.assertEqual(streams[key][at + 7:at + length].hex(), command["data"])
            lengths[key] += length
        self.assertEqual(lengths, {key: len(data) for key, data in streams.items()})
        fields = {name for command in commands for name in command}
        for name in ("message.ttl", "message.reserved1", "message.reserved2",
                     "message.fragment.offset", "message.session_size", "connect.retry_time",
                     "connect_close.return_time", "session_status.index", "failover_device_urls",
                     "registration_token"):
            self.assertIn(name, fields)

    def test_demo_is_the_same(self):
        """What the tour says is the same each time; when a relay opens and closes the
        sessions of its deliveries depends on who is faster."""
        scripted = {"Connect", "ConnectResponse", "Attach", "Register", "FanoutOpen", "Message",
                    "Data"}
        passing = {"t", "message_count", "stream", "session", "session_id", "event_id"}
        told = []
        for name in ("one.json", "two.json"):
            self.check(run("demo", "--truth", self.path(name), timeout=PATIENCE), 0)
            with open(self.path(name), encoding="ascii") as file:
                commands = commands_of(file)
            told.append(sorted(json.dumps({key: value for key, value in command.items()
                                           if key not in passing}, sort_keys=True)
                               for command in commands if command["command"] in scripted))
        self.assertGreater(len(told[0]), 200)
        self.assertEqual(told[0], told[1])


if __name__ == "__main__":
    unittest.main()
