# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures of clients and servers that say anything: the corpora of the fuzz targets, each input a
connection, its bytes both ways and in segments of any size; and files that are cut or changed
anywhere.  The report is printed in every form, and a sanitized build says nothing."""
import os
import random
import subprocess
import tempfile
import unittest

import analyze
from capture import Capture

RELAYSIM = os.path.join(analyze.BUILD_DIR, "relaysim", "relaysim")
CORPUS = os.path.join(analyze.TOP, "tests", "fuzz", "corpus")
# Of a corpus: ports that have its bytes looked at.
KINDS = (("stream", (2492, 443)), ("henc", (80, 443)), ("polling", (80,)), ("proxy", (80, 443)),
         ("halves", (80,)), ("observer", (2492,)))
FORMS = (("--format", "json"), ("--format", "html"), (), ("--table", "commands"))


def inputs(name):
    folder = os.path.join(CORPUS, name)
    for file_name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, file_name), "rb") as file:
            yield file.read()


def converse(capture, number, port, data, chance):
    """The bytes, in turns of both sides, in segments of any size."""
    connection = capture.connection(("192.0.2.%d" % (number % 250 + 1), 10000 + number),
                                    ("198.51.100.1", port), handshake=chance.random() < 0.8)
    from_client = chance.random() < 0.7
    while data:
        size = chance.choice((1, 7, 60, 400, 1400, 1400))
        connection.send(data[:size], from_client)
        data = data[size:]
        if chance.random() < 0.1:
            from_client = not from_client
    if chance.random() < 0.5:
        connection.fin()


class CorpusTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def test_corpora(self):
        for name, ports in KINDS:
            chance, capture, number = random.Random(name), Capture(), 0
            for data in inputs(name):
                for port in ports:
                    converse(capture, number, port, data[:40_000], chance)
                    number += 1
            self.assertGreater(number, 10, name)
            path = capture.write(self.path(name + ".pcapng"))
            analyze.parse(analyze.good(path, "--format", "json"))
            for form in FORMS[1:]:
                analyze.good(path, *form)

    def test_scenarios(self):
        """Some of them told as scenarios, which relaysim plays: what nobody would say, too."""
        for name, ports in KINDS:
            chance, capture, number = random.Random(name), Capture(), 0
            for data in inputs(name):
                converse(capture, number, ports[0], data[:40_000], chance)
                number += 1
            path = capture.write(self.path(name + ".pcapng"))
            rows = [row["connection"] for row in analyze.lines(
                        path, "--format", "json", "--table", "connections")
                    if row["initiator_commands"] + row["acceptor_commands"]]
            scenarios = []
            for connection in chance.sample(rows, min(3, len(rows))):
                scenarios.append(self.path("%s-%d.scn" % (name, connection)))
                result = analyze.run("--scenario", connection, "--output", scenarios[-1], path)
                said = result.stderr.decode()
                self.assertEqual(result.returncode, 0, said)
                for line in said.splitlines():
                    self.assertTrue(line.startswith("grvsstp-analyze: --scenario "), said)
            if os.path.exists(RELAYSIM) and scenarios:
                done = subprocess.run([RELAYSIM, "scenario", "--simulated", *scenarios],
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
                self.assertEqual(done.returncode, 0, done.stderr.decode()[-4000:])

    def test_damaged_files(self):
        """Bytes of a capture file are others, or it is cut: one sentence at most for each file, and
        no more than its exit says."""
        chance = random.Random(5)
        for number in range(16):
            with open(analyze.sample(chance.choice(("demo", "polling", "socks"))), "rb") as file:
                data = bytearray(file.read())
            for _ in range(chance.choice((1, 4, 30))):
                data[chance.randrange(len(data))] = chance.randrange(256)
            path = self.path("damaged")
            with open(path, "wb") as file:
                file.write(data[:chance.randrange(1, len(data) + 1)])
            result = analyze.run(path, *FORMS[number % len(FORMS)])
            said = result.stderr.decode()
            self.assertIn(result.returncode, (0, 1, 2), said)
            self.assertEqual(said.count("\n"), min(result.returncode, 1), said)


if __name__ == "__main__":
    unittest.main()
