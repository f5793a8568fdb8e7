# SPDX-License-Identifier: GPL-2.0-or-later
"""Never a false word, whatever capturing made of a clean conversation: each packet of each
sample late, early, lost, sent again, in pieces, after the other side's end, asked again, quoted,
seen at two places; see tests/lib/mutate.py.

No violation is ever found.  Where every byte is there, two passes tell what they tell of the
original, and one pass nothing else, and all commands where every packet is in its place; where
bytes are missing, nothing that the original does not have.

    test_kinds.py                  a choice, the same each time
    test_kinds.py --seed N         another one
    test_kinds.py --all            every one (ninja kinds)
    test_kinds.py --all --sample polling --kind moved --keep FOLDER
    test_kinds.py --prefer tcp.reassemble_out_of_order:TRUE
    test_kinds.py --all --jobs 2   as many processes at a time
"""

import argparse
import collections
import multiprocessing
import os
import random
import re
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import encapsulated
import harness
from mutate import (Joined, all_kinds, at_once, by_connection, kinds_after, kinds_within,
                    read_packets)
from shown import FILTER, PROTOCOLS, read_pdml
from told import differences, told_of
from tshark import Wireshark
from wireshark_test import BAD

SAMPLES = os.path.join(harness.HERE, "..", "..", "..", "samples")
CASES = os.path.join(harness.HERE, "cases")
# One conversation each; of the others, which are in samples/, every TCP connection is one.
WHOLE = tuple(encapsulated.CAPTURES)
PLAIN = ("acknowledgement", "single-hop", "demo")
# Wireshark's own dissectors follow the handshake of a tunnel, and go by the order of the capture.
# Where it is disturbed nothing need be told, and what carries the connection is not known.
TUNNELS = ("secure-tunnel", "secure-tunnel-944", "secure-tunnel-8080", "socks")
UNCLEAN = "demo"      # has connections that are refused for what they say
CHOICE = 16           # of each kind and file, where not all are asked for
BATCH = 20000         # frames of a file
SHOWN = 5             # differences printed of a kind
# What is said of a capture, and not of a peer, where bytes are missing.
OF_THE_CAPTURE = ("sequence_gap", "missing_half")
# Of these every packet is in its place, so that one pass shows every command.
IN_ORDER = ("untouched", "half closed", "asked again")
# Numbers count what was captured.
COUNTED = ("sstp.message.number", "sstp.message.length", "sstp.message.payload",
           "sstp.ack.covered", "sstp.ack.outstanding", "sstp.ack.remaining", "sstp.ack.acks",
           "sstp.ack.first", "sstp.ack.last", "sstp.ack.acked_in", "sstp.fanout.active")

# Between two TCP connections nothing tells whether one side sent its Close before it had the
# other's ConnectClose: the Close acknowledges nothing of the connection that carried that.  Both
# are legal, and the state is another.
CROSSING = "sstp.connection.state is ['closed'], not ['established']"

# The version is that of the frame, and a command may be handed on with later ones.
LATER_VERSION = re.compile(r"Connect .*: sstp\.connection\.version is \['[\d.]+'\], not None")

# Such as were told wrong once, by what they show; they are tried whatever the choice.
ALWAYS = {
    # What belongs to a body came before the request that tells whose it is, and TCP took that for
    # one sent again or out of order.
    ("longlived", "packet 8 moved by 2"), ("longlived", "packet 8 moved by 4"),
    # HTTP has had TCP keep the server's bytes, for the body of an answer whose request comes late.
    ("longlived", "skew of -50 ms"), ("longlived-proxy", "skew of -100 ms"),
    # All that the server says comes before anything of the client's other TCP connection.
    ("longlived", "skew of -20 ms"),
    # Who was refused asks again, and that, or the refusal, is not in the capture.
    ("longlived-proxy", "packet 12 lost"), ("longlived-proxy", "packet 17 lost"),
    ("longlived-proxy", "packet 24 lost"),
    # An end before what it ended; and one whose acknowledgement a late segment takes back.
    ("longlived-proxy", "packet 19 moved by -5"), ("keepalive", "packet 72 moved by -5"),
    # The first request of a TCP connection is missing; the second waits, and ends elsewhere for it.
    ("keepalive", "packet 43 lost"),
    # A request before the server's SYN: what it acknowledges is still to come.
    ("keepalive", "packet 45 moved by -4"),
    # An answer before the client's SYN, with which TCP begins another connection.
    ("keepalive", "packet 44 moved by -4"), ("longlived-proxy", "packet 5 moved by -4"),
    ("polling", "packet 13 moved by -4"), ("polling", "packet 133 moved by -5"),
    # A request that is not the first, before the SYN of its TCP connection.
    ("keepalive", "packet 45 moved by -5"),
    # A piece of a body before the SYN of its TCP connection.
    ("longlived", "packet 10 moved by -5"), ("longlived-proxy", "packet 26 moved by -5"),
    # Commands on a port of HTTP's that are no body: in any order, and sent again.
    ("reference-80", "packet 4 moved by 1"), ("reference-80", "skew of -5 ms"),
    ("reference-80", "packet 4 lost, then sent with packet 6"),
    ("reference-80", "all at once, seed 2"), ("reference-80", "all at once, seed 6"),
    # The first answer of all before its SYN, and before all of its client.
    ("polling", "all at once, seed 3"), ("polling", "all at once, seed 17"),
    # The first request that is seen comes after its answer, and before those that it follows.
    ("polling", "all at once, seed 249"), ("polling", "all at once, seed 289"),
    # A request after the end and before the SYN, which TCP takes for sent again, both.
    ("polling", "all at once, seed 57"), ("polling", "all at once, seed 169"),
    # A Connect, or a request, in pieces that overlap, of which TCP hands the second to nobody: that
    # cut in its line, in its head, and where its body has begun.
    ("reference", "packet 4 in two, to 11 and on"),
    ("reference-80", "packet 4 in two, to 11 and on"),
    ("single-hop 1", "packet 4 in two, to 11 and on"),
    ("polling", "packet 4 in two, to 11 and on"), ("polling", "packet 4 in two, to 166 and on"),
    ("polling", "packet 12 in two, to 265 and on"), ("keepalive", "packet 8 in two, to 11 and on"),
    ("longlived-proxy", "packet 12 in two, to 11 and on"),
    # A SYN after the other side's end; and after what acknowledges more, here before any other; with
    # it TCP begins another connection since Wireshark 4.4.
    ("keepalive", "skew of 1000 ms"), ("keepalive", "skew of -1000 ms"),
    ("keepalive", "all at once, seed 12"), ("longlived-proxy", "all at once, seed 7"),
    ("reference", "all at once, seed 17"), ("reference-80", "all at once, seed 17"),
    # A request of which TCP keeps the pieces, for HTTP, and withholds those that were acknowledged
    # before: the last two, one in the middle, and on a TCP connection that is not the first.
    ("polling", "packet 4 in seven after its byte 254, 6 and 7 late"),
    ("polling", "packet 4 in seven after its byte 254, 4 late"),
    ("polling", "packet 92 in seven after its byte 0, 6 and 7 late"),
}

# Seeds of "at once" beyond those of all, by sample: such as were told wrong once.
SEEDS = {"polling": (57, 169, 249, 289)}

# TCP hands a segment on together with those that it has kept after it.
KEEPS = "tcp.reassemble_out_of_order:TRUE"
# Such as were told wrong with that; they are tried with it, too, beside the choice.
KEPT = {
    # A second request, which TCP keeps until it has the first, was sent after the answer to that.
    ("keepalive", "packet 13 moved by -5"), ("keepalive", "packet 45 moved by -2"),
    ("keepalive", "packet 45 moved by -4"), ("keepalive", "packet 46 moved by -4"),
    ("keepalive", "packet 48 moved by -5"), ("keepalive", "all at once, seed 4"),
    # A request that is lost: TCP keeps for ever what follows it.
    ("keepalive", "packet 43 lost"), ("keepalive", "packet 8 lost"),
    # A command that TCP keeps until it has the Connect.
    ("secure-tunnel", "after packet 13: packet 3 moved by -2"),
    ("secure-tunnel", "after packet 13: all at once, seed 14"),
    ("socks", "after packet 9: packet 3 moved by -2"),
    ("socks", "after packet 9: all at once, seed 14"),
    ("cleartext-443", "packet 6 moved by -3"), ("cleartext-443", "all at once, seed 17"),
    ("longlived", "packet 8 moved by 4"), ("longlived-proxy", "packet 28 moved by -5"),
    ("reference", "all at once, seed 7"), ("reference-80", "all at once, seed 7"),
    # What the server says before its SYN: TCP counts it from another beginning, and skips as much of
    # what comes first after that.
    ("cleartext-443", "packet 7 moved by -5"), ("reference", "packet 7 moved by -5"),
    ("reference-80", "packet 7 moved by -5"),
    # The server's bytes before the client's, on a port of HTTP's; TCP has kept what comes after them.
    ("reference-80", "packet 4 lost, then sent with packet 6"),
    ("reference-80", "all at once, seed 2"), ("reference-80", "all at once, seed 6"),
    # A request before its SYN, that waits for others, and is divided before its answer comes.
    ("polling", "all at once, seed 6"),
    # A request that TCP keeps, and withholds a piece of.
    ("polling", "packet 4 in seven after its byte 254, 6 and 7 late"),
}

# Kinds that are still told wrong, and of which files.
OVER_HTTP = ("keepalive", "longlived", "longlived-proxy", "polling")
WAITING = {}


def samples(folder):
    """(name, packets) of every conversation; the folder is to make some in."""
    for name in WHOLE:
        yield name, read_packets(encapsulated.write(name, folder))
    # To a port that is neither ours nor TLS's, and to one of HTTP's own.
    tunnel = read_packets(encapsulated.write("secure-tunnel", folder))
    for port, agent in ((944, b"M"), (8080, b"")):  # of the same length
        asked = b":%d HTTP/1.0\r\nUser-Agent:%s" % (port, agent)
        yield "secure-tunnel-%d" % port, [
            packet.with_payload(packet.payload.replace(b":443 HTTP/1.0\r\nUser-Agent:M", asked))
            for packet in tunnel]
    reference = read_packets(os.path.join(CASES, "reference.pcap"))
    yield "reference", reference
    # Where a command may be of a body of HTTP's whose request comes late.
    yield "reference-80", [packet.with_port(2492, 80) for packet in reference]
    for name in PLAIN:
        packets = read_packets(os.path.join(SAMPLES, name + ".pcapng"))
        for number, connection in enumerate(by_connection(packets), 1):
            yield "%s %d" % (name, number), connection


class Original:
    """A conversation as it was captured, and what two passes tell of it."""

    def __init__(self, name, packets):
        self.name, self.packets, self.told = name, packets, None
        self.file = name.split(" ")[0]
        self.num_before = 0  # packets, the first command

    def mutations(self):
        if self.file not in TUNNELS:
            yield from all_kinds(self.packets)
            yield from at_once(self.packets, SEEDS.get(self.name, ()))
            return
        yield from kinds_after(self.packets, self.num_before)
        yield from kinds_within(self.packets, self.num_before)


class Run:
    """Mutations on their way through tshark, a file at a time."""

    def __init__(self, ws, preferences=(), keep=None, job=0):
        self.ws = ws
        self.preferences = preferences
        self.keep = keep
        self.file = ws.path("kinds-%d.pcapng" % job)
        self.joined = Joined()
        self.num_mutations = self.num_frames = 0
        self.wrong = collections.defaultdict(list)  # by (sample, kind)

    def pdml(self, file, two_pass):
        return self.ws.tshark(file, "-T", "pdml", "-J", PROTOCOLS, "-Y", FILTER,
                              two_pass=two_pass, preferences=self.preferences)

    def clean(self, originals):
        """Those that are clean conversations, each told."""
        joined = Joined()
        for original in originals:
            joined.add(original.packets, original)
        text = self.pdml(joined.capture.write(self.file), two_pass=True)
        for (original, frames), (first, _) in zip(parts_of(joined, text), joined.parts):
            original.told = told_of(frames)
            original.num_before = next((frame.number - first for frame in frames
                                        if frame.commands), 0)
            bad = [f for frame in frames for f in frame.findings if f[1] in BAD]
            if bad and not original.name.startswith(UNCLEAN) or not original.told:
                raise AssertionError("%s is no clean conversation: %r" % (original.name, bad))
            if not bad:
                yield original

    def add(self, original, mutation):
        self.joined.add(mutation.packets, (original, mutation))
        if len(self.joined) > BATCH:
            self.flush()

    def flush(self):
        if not self.joined.parts:
            return
        file = self.joined.capture.write(self.file)
        with ThreadPoolExecutor() as pool:  # one tshark each
            texts = list(pool.map(partial(self.pdml, file), (False, True)))
        for two_pass, text in zip((False, True), texts):
            for (original, mutation), frames in parts_of(self.joined, text):
                wrong = self.judge(original, mutation, frames, two_pass)
                if wrong:
                    found = (original.name, mutation.label,
                             "two passes" if two_pass else "one pass", wrong)
                    self.wrong[original.file, mutation.kind].append(found)
                    self.keep_capture(original, mutation)
                    print("%s, %s, %s: %s" % (*found[:3], wrong[0]), file=sys.stderr, flush=True)
        self.num_mutations += len(self.joined.parts)
        self.num_frames += len(self.joined)
        self.joined = Joined()
        print("%d mutations, %d frames so far" % (self.num_mutations, self.num_frames),
              file=sys.stderr, flush=True)

    def judge(self, original, mutation, frames, two_pass):
        """What is wrong with what is shown of a mutation, in words."""
        is_whole = mutation.is_whole
        wrong = ["frame %d is malformed" % frame.number for frame in frames
                 if frame.is_malformed and frame.layers]
        for frame in frames:
            for name, severity in frame.findings:
                if is_whole and (severity in BAD or name == "gap") or (
                        severity in BAD and name not in OF_THE_CAPTURE):
                    wrong.append("frame %d: %s" % (frame.number, name))
        without = () if is_whole else COUNTED
        if mutation.kind == "handshake":
            without += ("sstp.encap",)
        is_all = two_pass and is_whole  # one pass does not know yet what comes late
        wrong += differences(original.told, told_of(frames), may_lack=not is_all,
                             may_lose=not is_all and mutation.kind not in IN_ORDER,
                             without=without)
        if KEEPS in self.preferences:
            wrong = [words for words in wrong if not LATER_VERSION.fullmatch(words)]
        if original.file in OVER_HTTP:
            wrong = [words for words in wrong
                     if not (words.startswith("Close ") and words.endswith(CROSSING))]
        return wrong

    def keep_capture(self, original, mutation):
        """The capture of a mutation by itself, for a closer look."""
        if self.keep:
            alone = Joined()
            alone.add(mutation.packets, None)
            alone.capture.write(os.path.join(self.keep, "%s, %s.pcapng" % (
                original.name, mutation.label)))


def parts_of(joined, text):
    """(what it was called, its frames) of each part of a file."""
    for name, frames in joined.split(read_pdml(text)):
        yield name, list(frames.values())


def choose(pairs, rng):
    """Some of each kind and file."""
    sorts = collections.defaultdict(list)
    for original, mutation in pairs:
        sorts[original.file, mutation.kind].append((original, mutation))
    for of_sort in sorts.values():
        chosen = rng.sample(of_sort, min(len(of_sort), CHOICE))
        yield from chosen
        yield from [pair for pair in of_sort if pair not in chosen
                    and (pair[0].name, pair[1].label) in ALWAYS]


def run_share(pairs, job, arguments):
    """What one process tries: (what is wrong, mutations, frames)."""
    with Wireshark(debug=False) as ws:
        run = Run(ws, arguments.prefer, arguments.keep, job)
        for original, mutation in pairs:
            run.add(original, mutation)
        run.flush()
    return run.wrong, run.num_mutations, run.num_frames


def run_all(pairs, arguments):
    """Their wrongs, and how many mutations and frames there were."""
    if arguments.jobs == 1:
        return run_share(pairs, 0, arguments)
    fork = multiprocessing.get_context("fork")  # for mutations cannot be sent: they are functions
    readers = []
    for job in range(arguments.jobs):
        reader, writer = fork.Pipe(duplex=False)
        fork.Process(target=lambda share, job, to: to.send(run_share(share, job, arguments)),
                     args=(pairs[job::arguments.jobs], job, writer), daemon=True).start()
        writer.close()
        readers.append(reader)
    shares = [reader.recv() for reader in readers]  # or EOFError, where one has died
    wrong = collections.defaultdict(list)
    for of_share, _, _ in shares:
        for sort, found in of_share.items():
            wrong[sort] += found
    return wrong, sum(share[1] for share in shares), sum(share[2] for share in shares)


def report(all_wrong):
    """Prints what is wrong; returns how many kinds are."""
    failed = 0
    for (file, kind), wrong in sorted(all_wrong.items()):
        waits = file in WAITING.get(kind, ())
        failed += not waits
        print("%s, %s: %d%s" % (file, kind, len(wrong), ", waited for" if waits else ""))
        for name, mutation, label, words in wrong[:SHOWN]:
            print("    %s, %s, %s: %d\n        %s" % (name, mutation, label, len(words),
                                                      "\n        ".join(words[:SHOWN])))
    return failed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--all", action="store_true", help="every mutation")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sample", help="of the samples whose names begin so")
    parser.add_argument("--kind")
    parser.add_argument("--prefer", action="append", default=[], help="a preference of tshark")
    parser.add_argument("--keep", help="folder for the captures that are told wrong")
    parser.add_argument("--jobs", type=int, default=1, help="processes at a time")
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    began = time.monotonic()
    with Wireshark(debug=False) as ws:
        run = Run(ws, arguments.prefer, arguments.keep)
        originals = [Original(name, packets) for name, packets in samples(ws.path(""))
                     if name.startswith(arguments.sample or "")]
        pairs = [(original, mutation) for original in run.clean(originals)
                 for mutation in original.mutations()
                 if mutation.kind == (arguments.kind or mutation.kind)]
    kept = []
    if not arguments.all:
        if not arguments.prefer:
            kept = [pair for pair in pairs if (pair[0].name, pair[1].label) in KEPT]
        pairs = list(choose(pairs, rng))
    print("%d mutations" % len(pairs), file=sys.stderr, flush=True)
    wrong, num_mutations, num_frames = run_all(pairs, arguments)
    failed = report(wrong)
    if kept:
        print("with %s:" % KEEPS)
        arguments.prefer = [KEEPS]
        failed += report(run_all(kept, arguments)[0])
    print("seed %d: %d mutations, %d frames, %d s" % (
        arguments.seed, num_mutations, num_frames, time.monotonic() - began))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
