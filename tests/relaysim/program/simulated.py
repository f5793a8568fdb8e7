#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Built-in scenarios and the tour on the simulated network and clock: each comes out as it does live,
twice the same to the byte, and the plugin shows what the truth tells.

Usage: simulated.py RELAYSIM FOLDER
"""
import collections
import concurrent.futures
import json
import os
import subprocess
import unittest

from played import HAS_PLUGIN, RELAYSIM, Played, play
from scenarios import FILES, NAMES, declared
from patience import PATIENCE
import selfcheck

SIMULATED = "--simulated"
SAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "samples")
# What has passed when the proxy dies is a matter of time.
DIES = {name for name, path in zip(NAMES, FILES) if any(
    words[0] == "proxy-dies" for words in declared(path)["fault"])}
# An hour, in which it says nothing.
DAY = b"""title A day
relay R store file
device A relay R
device B relay R attaches
A connects
expect A connected
wait 86400s
A opens S to B
expect S ready
A sends M on S size 10
expect R stored 1
wait 3600s
B connects
expect B received M
"""
# Bytes that no endpoint tells of; what is not in the capture, or not where it belongs; and who calls
# first but is not first to speak SSTP.
OTHERWISE = {"3.1.5-violations", "3.1.7-connection-dropped", "capture-lossy", "capture-out-of-order",
             "henc-all-carriers", "transport-split-and-late"}


def truth_of(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def told(events):
    """{(whose, how many came before, side): [command]}, and what became of messages.  How
    acknowledgements fall together is a matter of time: they are left out of the one, and counted in
    the other."""
    whose, num = {}, collections.Counter()
    commands, messages = collections.defaultdict(list), collections.Counter()
    for event in events:
        if event["event"].startswith("message-"):
            messages[event["event"]] += 1
        if event["event"] != "command":
            continue
        stream = event["stream"]
        if stream not in whose:
            device = str(event.get("source_device_url"))
            whose[stream] = (device, num[device])
            num[device] += 1
        if event["command"] == "Noop":
            continue
        commands[whose[stream], event["from"]].append(
            tuple(str(event.get(key)) for key in ("command", "command.length", "session", "data")))
    return commands, messages


class Simulated(Played):
    def play_it(self, label, *arguments, **options):
        """The capture, with answers, and beside it the truth."""
        capture = self.path(label + ".pcapng")
        self.check(play(*arguments, SIMULATED, "--answers", "-w", capture, "--truth",
                        capture + ".json", **options))
        os.chmod(capture, 0o644)
        return capture

    def test_as_live(self):
        """The same commands of everybody, and the same fate of every message."""
        def one(name):
            truth = self.path(name + "-live.json")
            return name, truth, play(name, "--truth", truth)
        num = 0
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            for name, truth, result in pool.map(one, NAMES):
                with self.subTest(name):
                    self.check(result)
                    capture = self.play_it(name, name)
                    commands, messages = told(truth_of(capture + ".json"))
                    live_commands, live_messages = told(truth_of(truth))
                    self.assertEqual(messages, live_messages)
                    if name not in DIES:
                        self.assertEqual(commands, live_commands)
                    num += sum(map(len, commands.values()))
        self.assertGreater(num, 1000)

    def check_same(self, first, second):
        for suffix in ("", ".json"):
            with open(first + suffix, "rb") as one, open(second + suffix, "rb") as two:
                self.assertTrue(one.read() == two.read(), second + suffix)

    def test_twice(self):
        """To the byte, wherever the program lies in memory and whatever the time is: another seed
        gives another course."""
        first = self.play_it("first", *NAMES)
        self.check_same(first, self.play_it("second", *NAMES, env={**os.environ, "TZ": "Asia/Tokyo",
                                                                   "LC_ALL": "C"}))
        other = self.play_it("other", *NAMES, "--seed", "2")
        with open(first, "rb") as one, open(other, "rb") as two:
            self.assertNotEqual(one.read(), two.read())

    def test_carriers(self):
        """By another way, where writes are cut and bytes come late, and where the capture is worn."""
        name = "4.2.6-single-hop"
        for arguments in (("--via", "polling", "--through-proxy"), ("--via", "socks"),
                          ("--fault", "split", "--fault", "delay 10ms", "--seed", "5"),
                          ("--fault", "capture lose 1 of 9", "--fault", "capture reorder 1 of 9")):
            with self.subTest(arguments):
                self.check_same(self.play_it("one", name, *arguments),
                                self.play_it("two", name, *arguments))

    def test_tour(self):
        """It knows no seed: the same each time."""
        captures = [self.path("tour%d.pcapng" % i) for i in range(2)]
        for capture in captures:
            self.check(subprocess.run(
                [RELAYSIM, "demo", SIMULATED, "-w", capture, "--truth", capture + ".json"],
                capture_output=True, text=True, timeout=PATIENCE, check=False))
        self.check_same(*captures)

    def test_day(self):
        """Nobody waits for it; the relay's file keeps what it has for as long."""
        events = truth_of(self.play_it("day", self.file("day.scn", DAY)) + ".json")
        self.assertEqual(collections.Counter(event["event"] for event in events)["message-acked"], 2)
        self.assertGreater(events[-1]["t"] - events[0]["t"], 86400 + 3600)

    def test_start_time(self):
        for time, seconds in ((None, 1273658400), ("2007-01-30T00:00:00Z", 1170115200),
                              ("2007-01-30T01:00:00+01:00", 1170115200)):
            arguments = [] if time is None else ["--start-time", time]
            first = truth_of(self.play_it("start", "4.2.1-device-to-device", *arguments) +
                             ".json")[0]
            self.assertEqual(int(first["t"]), seconds)
        for words, stderr in ((("--start-time", "noon", SIMULATED), "^relaysim: --start-time is a "
                               "date and a time from 1970 to 2199, such as 2010-05-12T10:00:00Z"),
                              (("--start-time", "2007-01-30T00:00:00Z"), "^relaysim: --start-time "
                               "sets a simulated clock: --simulated is needed\n$"),
                              ((SIMULATED, "--skip-waits"), "^relaysim: --simulated plays in memory "
                               "and --skip-waits on sockets: one of them can be had\n$")):
            self.check(play("4.2.1-device-to-device", *words), 2, stderr)

    def test_samples(self):
        """The captures that are given away are what is played; `ninja samples` makes them anew."""
        folder = self.path("samples")
        os.mkdir(folder)
        subprocess.run(["sh", os.path.join(SAMPLES, "make.sh"), RELAYSIM, folder], check=True,
                       timeout=PATIENCE)
        self.assertEqual(sorted(os.listdir(folder)), sorted(
            name for name in os.listdir(SAMPLES) if name.endswith(".pcapng")))
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), "rb") as one, \
                    open(os.path.join(SAMPLES, name), "rb") as other:
                self.assertTrue(one.read() == other.read(), name)

    @unittest.skipUnless(HAS_PLUGIN, "without the plugin")
    def test_shown(self):
        """What the plugin shows is the truth, in one pass and in two, and it says so itself."""
        capture = self.play_it("shown", *(name for name in NAMES if name not in OTHERWISE))
        for passes in ((), ("-2",)):
            rows = selfcheck.selfcheck(self.ws, capture, *passes)
            self.assertGreater(sum(row[3] for row in rows), 1000)
            self.assertEqual(selfcheck.amiss(rows, has_others=True), [])


if __name__ == "__main__":
    unittest.main()
