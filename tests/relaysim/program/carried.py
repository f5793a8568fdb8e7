#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every built-in scenario over every carrier that it has no reason not to travel by: it comes out
as it does over TCP, the plugin finds exactly what the scenario states, and shows what the truth file
tells, in one pass and in two; clean, and where writes are cut and bytes come late.

Usage: carried.py RELAYSIM FOLDER
"""
import collections
import concurrent.futures
import os
import re
import unittest

# (which takes RELAYSIM and FOLDER off the command line)
from scenarios import FILES, HAS_PLUGIN, LATE, NAMES, NOT_LATE, Played, declared, play, stated

if HAS_PLUGIN:
    import truth_file

# The word of a scenario, and the values of sstp.encap that its commands may have: who travels
# elsewise says so, and relays go to each other over TCP.
RUNS = 4  # at a time
FOREIGN = "3.1.5-violations"  # has bytes that no endpoint tells of

CARRIERS = {"443": ("443", "0"), "longlived": ("LongLived", "4"), "keepalive": ("KeepAlive", "5"),
            "polling": ("Polling", "6")}


def reason_not_to(path, word):
    """What the scenario says itself."""
    for words in declared(path)["not-over"]:
        if word in words[:words.index("because")]:
            return " ".join(words[words.index("because") + 1:])
    return None


class Carried(Played):
    def names(self, via, is_left_out=lambda name: False):
        """Those that are played so; the program says why it does not play the others."""
        word, names = CARRIERS[via][0], []
        for name, path in zip(NAMES, FILES):
            result = None
            if reason_not_to(path, word) is not None or not self.has_relay(path):
                result = play(name, "--via", via)
                with self.subTest(name, via=via):
                    self.check(result, 2, "^relaysim: %s is not played over %s: .+$"
                               % (re.escape(name), word))
            elif name != FOREIGN and not is_left_out(name):
                names.append(name)
        self.assertGreater(len(names), 10)
        return names

    @staticmethod
    def has_relay(path):
        return bool(declared(path)["relay"])

    def play_over(self, via, names, *arguments):
        """All of them, in some runs at the same time, for they mostly wait: the names, the capture,
        beside it the truth."""
        def one(group):
            capture = self.path("%s-%s.pcapng" % (via, group[0]))
            return group, capture, play(*group, "--via", via, "-w", capture, "--truth",
                                        capture + ".json", *arguments)
        with concurrent.futures.ThreadPoolExecutor(RUNS) as pool:
            for group, capture, result in pool.map(one, [names[i::RUNS] for i in range(RUNS)]):
                self.check(result)
                os.chmod(capture, 0o644)
                yield group, capture

    def check_truth(self, capture, frames, two_pass=True):
        truth = truth_file.Truth(capture + ".json")
        shown = truth_file.Shown(Dissected(frames), capture)
        renumber(shown, frames, truth)
        differences = truth_file.differences(truth, shown)
        # In one pass nobody knows yet what is acknowledged later.
        self.assertEqual([difference for difference in differences
                          if two_pass or ", messages acknowledged" not in difference], [])

    def check_findings(self, frames, names):
        """Exactly those that the scenarios state."""
        wanted, found = collections.Counter(), collections.Counter(
            finding for frame in frames for finding, _ in frame.findings)
        for name in names:
            wanted.update({finding: num or 1000
                           for finding, num in stated(FILES[NAMES.index(name)]).items()})
        # Whom one story has told to come back later is there again in the next.
        del found["timer"]
        self.assertLessEqual(found, wanted)

    def check_carried(self, via, frames):
        """Somebody has connected so."""
        encapsulations = {command.one("sstp.encap") for frame in frames for command in frame.commands
                          if command.one("sstp.command") == "0x01"}
        self.assertIn(CARRIERS[via][1], encapsulations)

    def check_clean(self, via):
        for group, capture in self.play_over(via, self.names(via)):
            if not HAS_PLUGIN:
                continue
            for two_pass in (False, True):
                frames = self.ws.dissect(capture, two_pass=two_pass)
                self.check_truth(capture, frames, two_pass)
            self.check_findings(frames, group)
            self.check_carried(via, frames)

    def check_late(self, via):
        """Where writes are cut at random, and bytes come late."""
        names = self.names(via, lambda name: name in NOT_LATE)
        for _, capture in self.play_over(via, names, *LATE, "--seed", "7"):
            if HAS_PLUGIN:
                self.check_truth(capture, self.ws.dissect(capture, two_pass=True))


def connections(rows):
    """{(whose, how many came before): stream}, of (stream, whose)"""
    keys, num = {}, collections.Counter()
    for stream, whose in rows:
        keys[whose, num[whose]] = stream
        num[whose] += 1
    return keys


def is_far(frame):
    """Between a proxy of the stage and a relay."""
    return any(frame.value("ip." + side) in ("192.0.2.7", "192.0.2.8", "192.0.2.9")
               for side in ("src", "dst"))


def told_and_seen(frames, truth):
    """What tells streams apart, in the truth and in the capture: on the near side of a proxy, or
    without one, whose Connect it is; on the far side the relay tells, whose tokens differ."""
    def shown(number, field, far):
        return ((int(command.one("sstp.stream")), (far, command.one(field) or ""))
                for frame in frames if is_far(frame) == far for command in frame.commands
                if command.one("sstp.command") == number)
    near = truth.of("command", command="Connect")
    known = {event["stream"] for event in near}
    far = [event for event in truth.of("command", command="ConnectResponse")
           if event["stream"] not in known]
    yield ((event["stream"], (False, event["source_device_url"][0])) for event in near), \
        shown("0x01", "sstp.source_device_url", False)
    yield ((event["stream"], (True, event["auth_token"])) for event in far), \
        shown("0x02", "sstp.auth_token", True)


def renumber(shown, frames, truth):
    """Devices that connect at the same time may have begun in another order than they came to speak
    SSTP: the connections of one device, which come after each other, tell which is which."""
    numbers = {}
    for told, seen in told_and_seen(frames, truth):
        told = connections(told)
        numbers.update({stream: told.get(key) for key, stream in connections(seen).items()})
    for command in shown.commands:
        command.stream = numbers.get(command.stream, command.stream)


class Dissected:
    """For who asks for frames that are there."""

    def __init__(self, frames):
        self.frames = frames

    def dissect(self, *_, **__):
        return self.frames


def add_tests():
    for via in CARRIERS:
        setattr(Carried, "test_" + via, lambda self, via=via: self.check_clean(via))
        setattr(Carried, "test_late_" + via, lambda self, via=via: self.check_late(via))


add_tests()
if __name__ == "__main__":
    unittest.main()
