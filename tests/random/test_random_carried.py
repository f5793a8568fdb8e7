#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Random messages over all seven carriers in tshark: both passes show of every command what the
endpoints of the run know (truth.py), and blame nobody.

Each seed is a run, as test_random_captures.py has it, which every carrier carries; many of them are
in a capture, one after the other.  Prints how many messages were compared.

    test_random_carried.py TEST_RANDOM_RUNS [--messages N] [--seed FIRST] [--keep FOLDER]
"""

import argparse
import os
import shutil
import sys
import tempfile
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from functools import partial

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "lib"), os.path.join(HERE, "..", "plugin", "dissect")]
from henc_encoder import KeepAlive, LongLived, Plain, Polling, Socks, Tunnel  # noqa: E402
from mutate import Joined, by_connection, read_packets  # noqa: E402
from shown import FILTER, PROTOCOLS, read_pdml  # noqa: E402
from test_random_over_http import carried  # noqa: E402
from truth import compare, over_polling, write_run  # noqa: E402
from tshark import Wireshark  # noqa: E402

CARRIERS = {"TCP": Plain, "443": partial(Plain, port=443), "Secure Tunnel": Tunnel, "SOCKS": Socks,
            "LongLived": LongLived, "KeepAlive": KeepAlive, "Polling": Polling}
BATCH = 30000     # frames of a capture
FAILURES_MAX = 5  # then it ends


class Batch:
    """Runs of some seeds, carried by all, in one capture."""

    def __init__(self):
        self.joined, self.num_messages, self.num_runs = Joined(), 0, 0

    def add(self, program, seed):
        with tempfile.TemporaryDirectory() as folder:
            prefix = os.path.join(folder, "run")
            lines = write_run(program, seed, prefix)
            connections = by_connection(read_packets(prefix + ".pcapng"))
        self.num_runs += 1
        for way, make in CARRIERS.items():
            self.joined.add(carried(make, connections), (seed, way, lines))
            self.num_messages += sum(line["command"] == "EndMessage" for line in lines)

    def judge(self, ws, path):
        """What is not as the endpoints have it, in sentences."""
        def look(two_pass):
            text = ws.tshark(path, "-T", "pdml", "-J", PROTOCOLS, "-Y", FILTER, two_pass=two_pass)
            return [sentence for (seed, way, lines), frames in self.joined.split(read_pdml(text))
                    for sentence in wrong(frames.values(), lines, two_pass, seed, way)]
        with ThreadPoolExecutor() as pool:
            return [sentence for found in pool.map(look, (False, True)) for sentence in found]


def wrong(frames, lines, two_pass, seed, way):
    commands = [(frame.number, layer) for frame in frames for layer in frame.commands]
    bad = [finding for frame in frames for finding in frame.bad]
    # The streams of a run count from that of its first command.
    first = min((int(layer.one("sstp.stream")) for _, layer in commands), default=0)
    if way == "Polling":
        lines = over_polling(lines)
    label = "seed %d over %s, %s" % (seed, way, "two passes" if two_pass else "one pass")
    try:
        compare(unittest.TestCase(), commands, lines, two_pass, label, first)
    except AssertionError as error:
        yield str(error)
    if bad:
        yield "%s: %r" % (label, bad)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("program")
    parser.add_argument("--messages", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1, help="the first one")
    parser.add_argument("--keep", help="folder for the captures that are told wrong")
    arguments = parser.parse_args()
    program, seed = os.path.abspath(arguments.program), arguments.seed
    began, failures = time.monotonic(), []
    num_messages = num_runs = 0
    with Wireshark(debug=False) as ws:
        while num_messages < arguments.messages and len(failures) < FAILURES_MAX:
            batch = Batch()
            while len(batch.joined) < BATCH and num_messages + batch.num_messages < arguments.messages:
                batch.add(program, seed)
                seed += 1
            path = batch.joined.capture.write(ws.path("carried.pcapng"))
            found = batch.judge(ws, path)
            for sentence in found:
                print(sentence, file=sys.stderr, flush=True)
            if found and arguments.keep:
                os.makedirs(arguments.keep, exist_ok=True)
                shutil.copy(path, os.path.join(arguments.keep, "before-seed-%d.pcapng" % seed))
            failures += found
            num_messages += batch.num_messages
            num_runs += batch.num_runs
            print("%d messages so far, up to seed %d, %d s" % (
                num_messages, seed - 1, time.monotonic() - began), file=sys.stderr, flush=True)
    print("seeds %d to %d, %d runs over %d carriers: %d messages, each in one pass and two; %d "
          "differences" % (arguments.seed, seed - 1, num_runs, len(CARRIERS), num_messages,
                           len(failures)))
    sys.exit(1 if failures or num_messages == 0 else 0)


if __name__ == "__main__":
    main()
