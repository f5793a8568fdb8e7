#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Built-in scenarios over every carrier that they have no reason not to travel by, straight and
through a proxy: each comes out as it does over TCP, the plugin finds exactly what the scenario
states, and shows what the truth file tells, in one pass and in two; clean, where writes are cut and
bytes come late, and where the proxy dies.

Usage: carried.py RELAYSIM FOLDER [--all] [--seed N]

Each of them over two of the carriers that need no proxy; of the rest a choice, the same each time, or
another one by another seed; with --all every one over all (ninja carried).
"""
import argparse
import collections
import concurrent.futures
import itertools
import os
import random
import re
import sys
import unittest

# (which takes RELAYSIM and FOLDER off the command line)
from scenarios import FILES, HAS_PLUGIN, LATE, NAMES, NOT_LATE, Played, declared, play, stated

if HAS_PLUGIN:
    import truth_file

ALL, SEED = False, 7
RUNS = 4    # at a time
CHOICE = 6  # of the scenarios, where not all are asked for
FOREIGN = "3.1.5-violations"  # has bytes that no endpoint tells of
# Wireshark's own dissector loses a SOCKS handshake that comes in pieces.
CUT, OVER_SOCKS = "transport-split-and-late", "henc-4.5-socks"
PROXIED = "--through-proxy"
DYING = ("--fault", "proxy-dies within 30000 bytes")

# By its --via: the word of a scenario, and the values of sstp.encap that its commands may have: who
# travels elsewise says so, and relays go to each other over TCP.
CARRIERS = {"443": ("443", "0"), "connect": ("CONNECT", "2"), "socks": ("SOCKS", "3"),
            "longlived": ("LongLived", "4"), "keepalive": ("KeepAlive", "5"),
            "polling": ("Polling", "6")}
STRAIGHT = ("443", "longlived", "keepalive", "polling")


def reason_not_to(path, word):
    """What the scenario says itself, or that it has a proxy, past which nobody goes straight."""
    for words in declared(path)["not-over"]:
        if word in words[:words.index("because")]:
            return " ".join(words[words.index("because") + 1:])
    if word == "443" and any("through" in words and "over" not in words
                             for words in declared(path)["device"]):
        return "a proxy"
    return None


def may_not_lose_its_proxy(name):
    """Who goes another way than asked for is cut off; and where a relay says goodbye, its last words
    may be lost."""
    with open(FILES[NAMES.index(name)], encoding="utf-8") as file:
        return re.search(r"\b(over|through|disconnected|rests|stops|dies|refused)\b", file.read())


class Carried(Played):
    def names(self, via, is_left_out=lambda name: False):
        """Those that are played so; the program says why it does not play the others."""
        word, names = CARRIERS[via][0], []
        for name, path in zip(NAMES, FILES):
            result = None
            if declared(path)["puppet"]:  # they go over all; analyze.scenario has them do so
                continue
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
    def chosen(names, label):
        return names if ALL else random.Random("%d %s" % (SEED, label)).sample(names, CHOICE)

    @staticmethod
    def has_relay(path):
        return bool(declared(path)["relay"])

    def play_over(self, via, names, arguments):
        """All of them, in some runs at the same time, for they mostly wait: the names, the capture,
        beside it the truth."""
        def one(group):
            capture = self.path("%s-%s%d.pcapng" % (via, group[0], len(arguments)))
            return group, capture, play(*group, "--via", via, "-w", capture, "--truth",
                                        capture + ".json", *arguments)
        with concurrent.futures.ThreadPoolExecutor(RUNS) as pool:
            groups = [names[i::RUNS] for i in range(min(RUNS, len(names)))]
            for group, capture, result in pool.map(one, groups):
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

    def check_findings(self, frames, names, num_legs):
        """Exactly those that the scenarios state, on each side of a proxy."""
        wanted, found = collections.Counter(), collections.Counter(
            finding for frame in frames for finding, _ in frame.findings)
        for name in names:
            wanted.update({finding: num * num_legs if num else 1000
                           for finding, num in stated(FILES[NAMES.index(name)]).items()})
        # Whom one story has told to come back later is there again in the next.
        del found["timer"]
        # Who polls asks again when he was not answered.
        del found["sequence_repeat"]
        self.assertLessEqual(found, wanted)

    def check_carried(self, via, frames):
        """Somebody has connected so."""
        encapsulations = {command.one("sstp.encap") for frame in frames for command in frame.commands
                          if command.one("sstp.command") == "0x01"}
        self.assertIn(CARRIERS[via][1], encapsulations)

    def check_clean(self, via, *arguments, is_left_out=lambda name: False):
        names = self.names(via, is_left_out)
        if arguments or via not in STRAIGHT:
            names = self.chosen(names, (via, *arguments))
        elif not ALL:
            first = SEED + STRAIGHT.index(via)
            names = [name for name in names
                     if (NAMES.index(name) + first) % len(STRAIGHT) < len(STRAIGHT) // 2]
        for group, capture in self.play_over(via, names, arguments):
            if not HAS_PLUGIN:
                continue
            for two_pass in (False, True):
                frames = self.ws.dissect(capture, two_pass=two_pass)
                self.check_truth(capture, frames, two_pass)
            self.check_findings(frames, group,
                                2 if PROXIED in arguments or via in ("connect", "socks") else 1)
            if not all(name.startswith("henc-") for name in group):
                self.check_carried(via, frames)

    def check_late(self, via, *arguments):
        """Where writes are cut at random, and bytes come late."""
        arguments += (*LATE, "--seed", str(SEED))
        names = self.chosen(self.names(via, lambda name: name in NOT_LATE), (via, *arguments))
        names = [name for name in names if name != OVER_SOCKS]
        for _, capture in self.play_over(via, names, arguments):
            if HAS_PLUGIN:
                self.check_truth(capture, self.ws.dissect(capture, two_pass=True))

    def test_socks(self):
        self.check_clean("socks", is_left_out=lambda name: name == CUT)

    def test_proxy_dies(self):
        """Whoever polls need not notice."""
        self.check_clean("polling", PROXIED, *DYING, "--seed", str(SEED),
                         is_left_out=may_not_lose_its_proxy)


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


class Leg:
    """One connection between a proxy and a relay, as the truth tells it or as it is shown: what the
    relay said, the time and the rest of each command; and how long the messages were that it got."""

    def __init__(self):
        self.said, self.got = [], []

    @property
    def content(self):
        return tuple(what for _, what in self.said), tuple(self.got)

    def difference(self, told):
        """From the truth's: the fewer commands of both are the same, from the first one on, and the
        fewer messages; and how late they came, which none did before it was said."""
        num = len(alike([what for _, what in self.said], [what for _, what in told.said]))
        late = sum(seconds if seconds >= 0 else 1000 for seconds in (
            seen - said for (seen, _), (said, _) in zip(self.said[:num], told.said)))
        return -num, -len(alike(self.got, told.got)), late


def alike(some, others):
    """What two lists have in common from their beginnings on."""
    return [one for one, _ in itertools.takewhile(lambda pair: pair[0] == pair[1],
                                                  zip(some, others))]


def far_legs(frames, truth):
    """Behind a proxy, by stream: (told, seen)."""
    told, seen = collections.defaultdict(Leg), collections.defaultdict(Leg)
    near = {event["stream"] for event in truth.of("command", command="Connect")}
    for event in truth.of("command"):
        if event["stream"] not in near:
            told[event["stream"]].said.append((event["t"], (event["command.length"],
                                                            event.get("auth_token", ""))))
    for event in truth.of("message-delivered", at="acceptor"):
        if event["stream"] in told:
            told[event["stream"]].got.append(event["length"])
    for frame in filter(is_far, frames):
        for command in frame.commands:
            leg = seen[int(command.one("sstp.stream"))]
            if command.one("sstp.from_initiator") != "1":
                leg.said.append((float(frame.value("frame.time_epoch")),
                                 (int(command.one("sstp.command.length"), 0),
                                  command.one("sstp.auth_token") or "")))
            elif command.one("sstp.message.length") and command.one("sstp.command") == "0x0f":
                leg.got.append(int(command.one("sstp.message.length")))
    return told, seen


def by_content(legs):
    """{all that a leg says: the streams of those that do, in the order of time}"""
    streams = collections.defaultdict(list)
    for _, stream, key in sorted((leg.said[0][0] if leg.said else 0, stream, leg.content)
                                 for stream, leg in legs.items()):
        streams[key].append(stream)
    return streams


def far_numbers(frames, truth):
    """{stream shown: stream told}, behind a proxy: in the order of time, where the same legs are there;
    else by what agrees most."""
    told, seen = far_legs(frames, truth)
    numbers, of_told = {}, by_content(told)
    for content, streams in by_content(seen).items():
        if len(streams) == len(of_told.get(content, ())):
            numbers.update(zip(streams, of_told[content]))
    for _, shown, true in sorted((seen[shown].difference(told[true]), shown, true)
                                 for shown in seen for true in told):
        if shown not in numbers and true not in numbers.values():
            numbers[shown] = true
    return numbers


def renumber(shown, frames, truth):
    """Devices that connect at the same time may have begun in another order than they came to speak
    SSTP: the connections of one device, which come after each other, tell which is which; behind a
    proxy, what relays say."""
    told = connections((event["stream"], event["source_device_url"][0])
                       for event in truth.of("command", command="Connect"))
    seen = connections((int(command.one("sstp.stream")), command.one("sstp.source_device_url"))
                       for frame in frames if not is_far(frame) for command in frame.commands
                       if command.one("sstp.command") == "0x01")
    numbers = {stream: told.get(key) for key, stream in seen.items()}
    numbers.update(far_numbers(frames, truth))
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
        if via == "socks":
            continue
        setattr(Carried, "test_" + via, lambda self, via=via: self.check_clean(via))
        setattr(Carried, "test_late_" + via, lambda self, via=via: self.check_late(via))
        if via not in ("443", "connect"):
            setattr(Carried, "test_proxied_" + via,
                    lambda self, via=via: self.check_clean(via, PROXIED))
            setattr(Carried, "test_late_proxied_" + via,
                    lambda self, via=via: self.check_late(via, PROXIED))


add_tests()
if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--seed", type=int, default=7)
    options, rest = parser.parse_known_args()
    ALL, SEED = options.all, options.seed
    unittest.main(argv=sys.argv[:1] + rest)
