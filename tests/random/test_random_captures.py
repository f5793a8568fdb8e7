#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Random runs in tshark: the plugin shows of every command what the endpoints know.

Each seed is written as a capture of what the initiator heard, with the truth beside
it (write_run.h); both passes are compared field by field.

    test_random_captures.py TEST_RANDOM_RUNS [SEED...]
"""

import json
import os
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tshark import Wireshark  # noqa: E402

# Two connections, a lost transport, crossing closes, version 1.5, twins, all 18
# commands: what they show together is checked below.
SEEDS = [16, 24, 35, 43, 51, 54, 65, 67]

# Fields that the truth decides about: what its line has not is not shown.
NUMBERS = ["message.number", "ack.covered", "ack.remaining", "ack.outstanding", "fanout.active"]
TEXTS = ["connection.state", "session.state", "session.receiver_state", "session.resource_url"]
FRAMES = ["session.opened_in", "response_to", "ack.first", "ack.last", "ack.acks"]
FRAMES_LATER = ["response_in", "ack.acked_in"]  # on the second pass


class RandomCaptures(unittest.TestCase):
    program = None
    seeds = SEEDS
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.ws = Wireshark()
        cls.captures = {}
        with tempfile.TemporaryDirectory() as folder:
            for seed in cls.seeds:
                prefix = os.path.join(folder, "run")
                subprocess.run([cls.program, "--seed", str(seed), "--write", prefix], check=True,
                               stdout=subprocess.DEVNULL, timeout=600)
                with open(prefix + ".jsonl", encoding="utf-8") as file:
                    lines = [json.loads(line) for line in file]
                capture = cls.ws.path("seed-%d.pcapng" % seed)
                with open(prefix + ".pcapng", "rb") as file, open(capture, "wb") as copy:
                    copy.write(file.read())
                cls.captures[seed] = (capture, lines)

    @classmethod
    def tearDownClass(cls):
        cls.ws.close()

    def expected(self, line, frames, two_pass):
        """{field: values}; None where anything goes."""
        fields = {}
        for name in NUMBERS + TEXTS + FRAMES + FRAMES_LATER:
            value = line.get(name, [])
            if name in line and value is None:
                fields[name] = None
                continue
            values = value if isinstance(value, list) else [value]
            if name in FRAMES + FRAMES_LATER:
                values = [frames[at] for at in values]
            if name in FRAMES_LATER and not two_pass:
                values = []
            fields[name] = [str(value) for value in values]
        findings = line["findings"]
        if findings is not None and line["command"] == "EndMessage" and not two_pass:
            findings = [name for name in findings if name != "unacknowledged"]
        fields["findings"] = findings
        return fields

    def compare(self, seed, two_pass):
        capture, lines = self.captures[seed]
        commands = [(frame.number, layer)
                    for frame in self.ws.dissect(capture, two_pass=two_pass)
                    for layer in frame.commands]
        self.assertEqual(len(commands), len(lines))
        frames = [number for number, _ in commands]
        for at, ((number, layer), line) in enumerate(zip(commands, lines)):
            where = "seed %d, line %d, frame %d: %s" % (seed, at, number,
                                                       layer.one("sstp.summary"))
            self.assertEqual(layer.one("sstp.summary").split(" ")[0], line["command"], where)
            self.assertEqual(layer.one("sstp.stream"), str(line["stream"]), where)
            self.assertEqual(layer.one("sstp.from_initiator"), str(int(line["from_initiator"])),
                             where)
            expected = self.expected(line, frames, two_pass)
            shown = {name: layer.values("sstp." + name) for name in expected}
            # The tokens are no security messages, and how long an application takes is not
            # told: neither is what this is about.
            experts = [(name[len("sstp.expert."):], severity) for name, severity in layer.experts
                       if not name.startswith(("sstp.expert.sec_", "sstp.expert.timer"))]
            shown["findings"] = [name for name, _ in experts]
            known = [name for name in expected if expected[name] is not None]
            self.assertEqual({name: shown[name] for name in known},
                             {name: expected[name] for name in known}, where)
            self.assertEqual({severity for _, severity in experts} - {"note"}, set(), where)

    def test_one_pass(self):
        for seed in self.seeds:
            with self.subTest(seed=seed):
                self.compare(seed, False)

    def test_two_passes(self):
        for seed in self.seeds:
            with self.subTest(seed=seed):
                self.compare(seed, True)

    def test_there_is_something_to_compare(self):
        lines = [line for _, lines in self.captures.values() for line in lines]
        for name in NUMBERS + TEXTS + FRAMES + FRAMES_LATER:
            self.assertGreater(len([line for line in lines if line.get(name) is not None]), 20,
                               name)
        if self.seeds is SEEDS:
            self.assertEqual(len({line["command"] for line in lines}), 18)
            self.assertEqual({line["stream"] for line in lines}, {0, 1})
            self.assertEqual({name for line in lines for name in line["findings"] or ()},
                             {"blocked_send", "unknown_session", "unacknowledged", "bad_index"})


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    RandomCaptures.program = os.path.abspath(sys.argv[1])
    if len(sys.argv) > 2:
        RandomCaptures.seeds = [int(seed) for seed in sys.argv[2:]]
    unittest.main(argv=sys.argv[:1])
