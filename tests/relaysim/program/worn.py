#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Built-in scenarios whose captures are worn ("--fault capture ..."), over every carrier that they have
no reason not to travel by, in each kind of wear and in seeded mixes.

Where every byte is there the plugin shows what the truth file tells, finds exactly what the scenario
states, and `-z grvsstp,selfcheck` finds nothing: in one pass and in two; in one it may know less where
segments are out of order.  Where bytes are missing it may know less, and says nothing that is false.

Usage: worn.py RELAYSIM FOLDER [--all] [--seed N] [--via WAY] [--kind KIND] [--keep FOLDER]

A choice, the same each time, or another one by another seed; with --all every scenario over every
carrier in every kind, and mixes; those of everyday/, too, and of findings/ by the way that each tells
of: nothing is found but what it states, and that where every byte is there (ninja worn).
"""
import argparse
import collections
import concurrent.futures
import glob
import os
import random
import re
import shutil
import subprocess
import sys
import time

# (which takes RELAYSIM and FOLDER off the command line)
import carried
from carried import CARRIERS, CUT, FOREIGN, reason_not_to
from played import FOLDER, HAS_PLUGIN
from scenarios import declared, play, stated
import scenarios

if HAS_PLUGIN:
    import selfcheck
    import shown
    import tshark
    import truth_file
    from pdml import packets_of, parted
    from wireshark_test import BAD

    # What is read of a capture: who speaks to whom and when, and what is ours.
    ASKED = ("-T", "pdml", "-J", "frame ip ipv6 " + shown.PROTOCOLS, "-Y", shown.FILTER,
             *selfcheck.ASKED)

# Stories of minutes and hours are among them; a choice has none, for they are long.
EVERYDAY, FINDINGS = "everyday/", "findings/"
FILES = scenarios.FILES + [path for group in (EVERYDAY, FINDINGS)
                           for path in sorted(glob.glob(os.path.join(FOLDER, group, "*.scn")))]
NAMES = [os.path.relpath(path, FOLDER)[:-len(".scn")] for path in FILES]

# What a kind leaves: every byte in order; every byte, but out of order; or not all of them.
WHOLE, MOVED, LOSSY = "whole", "moved", "lossy"

# (faults, what they leave), by a name for each.
KINDS = {
    "segments": (["segments 1 to 300"], WHOLE),
    "small": (["segments 23"], WHOLE),
    "offload": (["offload"], WHOLE),
    "resend": (["resend 1 of 3"], MOVED),
    "delay": (["delay 20ms"], WHOLE),
    "duplicate": (["duplicate 1 of 2"], WHOLE),
    "span": (["duplicate 1 of 1 vlan 20", "vlan 10"], WHOLE),
    "ipv6": (["ipv6"], WHOLE),
    "nat": (["nat"], WHOLE),
    "cooked": (["link cooked"], WHOLE),
    "cooked2": (["link cooked2", "ipv6"], WHOLE),
    "loopback": (["link loopback"], WHOLE),
    "raw": (["link raw", "ipv6"], WHOLE),
    "ring": (["ring 20000 bytes"], WHOLE),
    "reorder": (["reorder 1 of 4"], MOVED),
    "far": (["reorder 1 of 4 by 3"], MOVED),
    "jitter": (["jitter 5ms"], MOVED),
    "points": (["points ahead 70ms apart 3ms drift 50ppm", "nat"], MOVED),
    "lose": (["lose 1 of 8"], LOSSY),
    "start": (["start after 40 segments"], LOSSY),
    "snap": (["snap 96"], LOSSY),
}
# What mixes are made of: one of each line, or none.
PARTS = (("segments 1 to 300", "segments 536", "offload"), ("resend 1 of 5",), ("delay 5ms",),
         ("duplicate 1 of 4", "duplicate 1 of 3 vlan 7"), ("reorder 1 of 9", "reorder 1 of 9 by 2"),
         ("jitter 2ms",), ("ipv6",), ("nat",), ("ring 30000 bytes",),
         ("points ahead -20ms apart 2ms",), ("lose 1 of 20",), ("start after 25 segments",),
         ("snap 200",))
OUT_OF_ORDER = ("resend", "reorder", "jitter", "points")
NOT_ALL = ("lose", "start", "snap")

WAYS = ("tcp", *CARRIERS)
RUNS = 2      # at a time
GROUP = 12    # scenarios of a run
CHOICE = 3    # of the scenarios, where not all are asked for
MIXES = 3     # of each way
KINDS_CHOSEN = 1
OF_THE_CAPTURE = ("gap", "sequence_gap", "missing_half")
TCP_MALFORMED = "Reassembly error, protocol TCP"
OUT_ALREADY = "capture-out-of-order"  # before anything is done to it
# Wireshark's own dissectors of SOCKS and of HTTP's CONNECT follow the handshake in the order of the
# capture, and SOCKS no handshake in pieces.
DISTURBING = ("segments", "resend", "reorder", "jitter", "points", "start", "lose", "snap",
              "duplicate")

# Where the proxies of the stage are seen.
PROXIES = [prefix + str(host) for prefix in ("192.0.2.", "2001:db8:2::") for host in (7, 8, 9)]


def is_far(frame):
    """Between a proxy of the stage and a relay."""
    if not hasattr(frame, "is_far"):  # it is asked for each several times
        frame.is_far = any(frame.value(name) in PROXIES
                           for name in ("ip.src", "ip.dst", "ipv6.src", "ipv6.dst"))
    return frame.is_far


carried.is_far = is_far


def text_of(name):
    with open(FILES[NAMES.index(name)], encoding="utf-8") as file:
        return file.read()


def has_handshake(name):
    return re.search(r"\b(through|CONNECT|SOCKS)\b", text_of(name)) is not None


def has_puppet(name):
    """Puppets tell what they say, and of no state and no message; speakers tell nothing."""
    lines = declared(FILES[NAMES.index(name)])
    return bool(lines["puppet"] or lines["speaker"])


def has_proxy(name):
    return re.search(r"\b(proxy|through)\b", text_of(name)) is not None


def leaves(faults):
    """What a mix of faults leaves."""
    if any(fault.startswith(NOT_ALL) for fault in faults):
        return LOSSY
    return MOVED if any(fault.startswith(OUT_OF_ORDER) for fault in faults) else WHOLE


def mix(seed, way):
    """Some of the parts, at most one of each line."""
    rng = random.Random("%s %s" % (seed, way))
    return [rng.choice(part) for part in PARTS if rng.random() < 0.35]


def names_of(way):
    """Those that travel so."""
    word = "TCP" if way == "tcp" else CARRIERS[way][0]
    return [name for name, path in zip(NAMES, FILES)
            if name != FOREIGN and (way == "tcp" or declared(path)["relay"] and
                                   not name.startswith(FINDINGS) and
                                   reason_not_to(path, word) is None)
            and not (way == "socks" and name == CUT)]


class Job:
    """Some scenarios over one way, worn so."""

    def __init__(self, way, label, faults, left, names, seed):
        self.way, self.label, self.faults, self.left = way, label, faults, left
        self.names, self.seed = names, seed
        self.wrong = []

    def __str__(self):
        return "%s, %s" % (self.way, self.label)

    @property
    def is_in_order(self):
        return not any(fault.startswith(OUT_OF_ORDER) for fault in self.faults)

    def play(self, folder):
        """The captures, whole, and the truth."""
        prefix = os.path.join(folder, re.sub(r"\W+", "-", "%s %s %d" % (self, self.names[0],
                                                                        self.seed)))
        arguments = [part for fault in self.faults for part in ("--fault", "capture " + fault)]
        if self.way != "tcp":
            arguments += ["--via", self.way]
        self.command = [*self.names, *arguments, "--seed", str(self.seed)]
        result = play(*self.command, "--simulated", "--answers", "-w", prefix + ".pcapng", "--truth",
                      prefix + ".json")
        if result.returncode != 0:
            self.wrong.append("ended with %d: %s" % (result.returncode, result.stderr[-1000:]))
        captures = []
        suffixes = ("-1", "-2") if any(f.startswith("points") for f in self.faults) else ("",)
        for suffix in suffixes:
            capture = prefix + suffix + ".pcapng"
            if any(fault.startswith("ring") for fault in self.faults):
                files = sorted(glob.glob(prefix + suffix + "_*.pcapng"))
                subprocess.run(["mergecap", "-a", "-w", capture, *files], check=True)
            os.chmod(capture, 0o644)
            captures.append(capture)
        return captures, prefix + ".json"

    def bad(self, text, *arguments):
        self.wrong.append(text % arguments)


# What is told in the order of time, which is not that of a capture out of order.
ORDERED = re.compile(r", (connection states|states of session|messages delivered|session \d+ from|"
                     r"messages acknowledged)")


class Judge:
    def __init__(self, ws, job, capture, truth):
        self.ws, self.job, self.capture = ws, job, capture
        self.truth = truth_file.Truth(truth)
        # The leg of a proxy to the relay tells of one end alone.
        self.has_puppet = any(map(has_puppet, job.names)) or job.names[0].startswith(FINDINGS)
        self.has_others = (job.way in ("connect", "socks") or self.has_puppet or
                           any(map(has_proxy, job.names)))
        self.cut = self.truth.cut()

    def look(self):
        for two_pass in (False, True):
            label = "two passes" if two_pass else "one pass"
            pdml, rows = parted(self.ws.tshark(self.capture, *ASKED, two_pass=two_pass))
            frames = [tshark.Frame(packet) for packet in packets_of(pdml)]
            for sentence in self.check_frames(frames, two_pass):
                self.job.bad("%s, %s: %s", os.path.basename(self.capture), label, sentence)
            for sentence in self.check_self(selfcheck.rows_of(rows), two_pass,
                                            any(frame.commands for frame in frames)):
                self.job.bad("%s, %s: selfcheck: %s", os.path.basename(self.capture), label, sentence)

    def knows_all(self, two_pass):
        return self.job.left == WHOLE or self.job.left == MOVED and two_pass

    def check_frames(self, frames, two_pass):
        yield from self.check_findings(frames, two_pass)
        yield from ("frame %d is malformed" % frame.number for frame in frames
                    if frame.ours and self.is_malformed(frame))
        # What tells an end is taken for it.
        yield from ("frame %d ends no connection" % frame.number for frame in frames
                    for command in frame.commands if command.one("sstp.command") == "0x04" and
                    command.one("sstp.connection.state") not in (None, "closed"))
        if self.has_puppet:
            return
        if self.knows_all(two_pass):
            yield from self.check_truth(frames, two_pass)
        else:
            yield from self.check_messages(frames)

    def is_malformed(self, frame):
        """Wireshark's TCP says so of its own, too, where a snap length cut what was sent again."""
        return any(layer.name.startswith("_ws.malformed") and
                   not (self.job.left == LOSSY and TCP_MALFORMED in layer.text)
                   for layer in frame.layers)

    def check_truth(self, frames, two_pass):
        shown = truth_file.Shown(carried.Dissected(frames), self.capture)
        numbers = {id(command): command.stream for command in shown.commands}
        carried.renumber(shown, frames, self.truth)
        for command in shown.commands:
            if command.stream is None:
                command.stream = numbers[id(command)]
        found = truth_file.differences(self.truth, shown, in_order=self.job.left != MOVED)
        return [difference for difference in found
                if (two_pass or ", messages acknowledged" not in difference) and not (
                    self.job.left == MOVED and ORDERED.search(difference))]

    def check_findings(self, frames, two_pass):
        wanted, found = collections.Counter(), collections.Counter()
        all_known = self.knows_all(two_pass)
        for frame in frames:
            found.update(name for name, severity in frame.findings
                         if all_known or severity in BAD)
        for name in self.job.names:
            wanted.update({finding: 1000 for finding in stated(FILES[NAMES.index(name)])})
        for name in ("timer", "sequence_repeat", *(() if all_known else OF_THE_CAPTURE)):
            del found[name]
        if not found <= wanted:
            yield "findings %r" % dict(found - wanted)
        if all_known and two_pass and self.job.names[0].startswith(FINDINGS):
            lacks = set(wanted) - set(found) - {"timer", "sequence_repeat"}
            if lacks:
                yield "lacks findings %r" % sorted(lacks)

    def check_messages(self, frames):
        """What is told of a message that ends is true of one that was sent."""
        sent = collections.Counter(event["length"] for event in self.truth.of("message-sent"))
        shown = collections.Counter(
            int(command.one("sstp.message.length")) for frame in frames
            for command in frame.commands
            if command.one("sstp.command") == "0x0f" and command.one("sstp.message.length"))
        for length in shown:
            if length not in sent:
                yield "a message of %d bytes, which nobody sent" % length

    def check_self(self, rows, two_pass, has_commands):
        # What speakers say nobody has told: it is held against what is missing.
        if self.job.left == LOSSY and self.job.names[0].startswith(FINDINGS):
            return
        if isinstance(rows, str):
            # A short story may be over when the capture begins.
            if has_commands or self.job.left != LOSSY:
                yield "no rows"
            return
        for row in selfcheck.amiss(rows, self.has_others):
            is_state = row[2] in ("connection", "sessions")
            # States are told in the order of time, which is not that of such a capture.
            if row[6] > 0 and (self.job.is_in_order or not is_state):
                yield "%r" % (row,)
            elif self.knows_all(two_pass) and not (
                    self.has_others or row[0] in self.cut or is_state and self.job.left == MOVED):
                yield "lacks %r" % (row,)


def jobs_of(arguments):
    """What is to be played."""
    rng = random.Random(arguments.seed)
    for way in WAYS if arguments.via is None else [arguments.via]:
        kinds = [(label, *KINDS[label]) for label in KINDS]
        for number in range(MIXES):
            faults = mix(arguments.seed * 100 + number, way)
            kinds.append(("mix %s" % ", ".join(faults), faults, leaves(faults)))
        if not arguments.all and arguments.kind is None:
            kinds = rng.sample(kinds, KINDS_CHOSEN)
        for label, faults, left in kinds:
            is_disturbed = any(fault.startswith(DISTURBING) for fault in faults)
            if arguments.kind not in (None, label) or (
                    is_disturbed and way in ("connect", "socks")):
                continue
            names = [name for name in names_of(way) if not (is_disturbed and has_handshake(name))]
            if "nat" in faults:  # all proxies and clients have one address
                if way in ("connect", "socks"):
                    continue
                names = [name for name in names if not has_proxy(name)]
            if left != LOSSY:  # as it is already
                names = [name for name in names if name != "capture-lossy"]
            if not arguments.all:
                names = [name for name in names if not name.startswith((EVERYDAY, FINDINGS))]
                names = rng.sample(names, min(CHOICE, len(names)))
            # A capture begins once, and so in one of them.
            group = 1 if any(fault.startswith("start") for fault in faults) else GROUP
            findings = [name for name in names if name.startswith(FINDINGS)]
            names = [name for name in names if name not in findings]
            puppets = [name for name in names if has_puppet(name)]
            moved = [name for name in names if name == OUT_ALREADY]
            names = [name for name in names if name not in puppets + moved]
            # Stories of hours are played alone.
            everyday = [name for name in names if name.startswith(EVERYDAY)]
            names = [name for name in names if name not in everyday]
            for some in [names[at:at + group] for at in range(0, len(names), group)] + [
                    [name] for name in puppets + everyday] + [
                        findings[at:at + group] for at in range(0, len(findings), group)]:
                yield Job(way, label, faults, left, some, arguments.seed)
            for name in moved:
                yield Job(way, label, faults, MOVED if left == WHOLE else left, [name],
                          arguments.seed)


def run(ws, job, folder, keep):
    captures, truth = job.play(folder)
    if HAS_PLUGIN:
        for capture in captures:
            Judge(ws, job, capture, truth).look()
    if job.wrong and keep:
        for capture in captures:
            shutil.copy(capture, keep)
        shutil.copy(truth, keep)
    for path in glob.glob(truth[:-len(".json")] + "*"):
        os.unlink(path)
    return job


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--via", choices=WAYS)
    parser.add_argument("--kind")
    parser.add_argument("--keep", help="folder for the captures that are told wrong")
    arguments = parser.parse_args()
    began, failed = time.monotonic(), 0
    with tshark.Wireshark(debug=False) as ws, concurrent.futures.ThreadPoolExecutor(RUNS) as pool:
        jobs = list(jobs_of(arguments))
        for job in pool.map(lambda job: run(ws, job, ws.folder, arguments.keep), jobs):
            failed += bool(job.wrong)
            print("%s: %s" % (job, "%d wrong" % len(job.wrong) if job.wrong else "right"), flush=True)
            if job.wrong:
                print("    relaysim scenario %s" % " ".join(
                    '"%s"' % word if " " in word else word for word in job.command))
                print("    " + "\n    ".join(job.wrong[:12]), flush=True)
    print("seed %d: %d captures, %d wrong, %d s" % (arguments.seed, len(jobs), failed,
                                                    time.monotonic() - began))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
