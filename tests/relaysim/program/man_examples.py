#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs what stands under EXAMPLES in relaysim(1), as it stands there but for the ports, which are
free ones, and for `sleep`, which waits until the relays listen.

Usage: man_examples.py RELAYSIM relaysim.1
"""
import collections
import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from patience import PATIENCE
from reserved import reserved_address

RELAYSIM, PAGE = sys.argv[1:3]
del sys.argv[1:3]

# What each example prints, by a word of the sentence above it.
PRINTS = {
    "tour": "",
    "specification's": "4.3.1-two-sessions",
    "waits there": '"text":"Hello, Bob"',
    "each line": "relaysim-5\t5\n",
    "Two relays": '"text":"Hello, both"',
    "durable relay": "deliveries",
    "without a relay": '"text":"Hello, Bob"',
}


def examples():
    """(sentence, script) of each."""
    with open(PAGE, encoding="ascii") as file:
        section = re.search(r"^\.SH EXAMPLES\n(.*?)^\.SH ", file.read(), re.S | re.M).group(1)
    for sentence, script in re.findall(
            r"((?:^[^.\n][^\n]*\n)+)\.PP\n\.nf\n\.RS\n(.*?)\.RE\n\.fi\n", section, re.S | re.M):
        yield sentence.replace("\n", " "), script.replace("\\(rs", "\\").replace("\\-", "-")


def free_ports(script):
    """The same with ports that nobody has."""
    script = re.sub(r"(relaysim relay (?:(?!--listen)[^&])*) &",
                    r"\1 --listen 127.0.0.1:2492 &", script)
    addresses = collections.defaultdict(reserved_address)
    return re.sub(r"127\.0\.0\.1:\d+", lambda match: addresses[match[0]], script)


# In the place of sleep(1): until somebody listens at all of $PORTS.
WAIT = """#!/usr/bin/env python3
import os, socket, time
for port in os.environ["PORTS"].split():
    while True:
        try:
            socket.create_connection(("127.0.0.1", int(port))).close()
            break
        except ConnectionRefusedError:
            time.sleep(0.05)
"""


class Examples(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="relaysim-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        os.mkdir(self.path("bin"))
        os.symlink(os.path.abspath(RELAYSIM), self.path("bin/relaysim"))
        with open(self.path("bin/sleep"), "w", encoding="ascii") as file:
            file.write(WAIT)
        os.chmod(self.path("bin/sleep"), 0o755)

    def path(self, name):
        return os.path.join(self.folder, name)

    def run_script(self, script, expected):
        """Runs it, and ends what it has left running."""
        environment = {**os.environ, "PATH": self.path("bin") + ":" + os.environ["PATH"],
                       "PORTS": " ".join(re.findall(r"--listen 127\.0\.0\.1:(\d+)", script))}
        with open(self.path("output"), "w+", encoding="utf-8") as output:
            shell = subprocess.Popen(["sh", "-e", "-c", script], stdin=subprocess.DEVNULL,
                                     stdout=output, stderr=subprocess.STDOUT, cwd=self.folder,
                                     env=environment, start_new_session=True)
            try:
                code = shell.wait(timeout=PATIENCE)
                # What runs in the background may have a moment more to go.
                end = time.monotonic() + PATIENCE
                while True:
                    output.seek(0)
                    said = output.read()
                    if code != 0 or expected in said or time.monotonic() > end:
                        break
                    time.sleep(0.05)
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(shell.pid, signal.SIGTERM)
        self.assertEqual(code, 0, said)
        self.assertIn(expected, said)
        self.assertNotIn("relaysim: ", said)

    def test_all(self):
        scripts = list(examples())
        self.assertEqual(len(scripts), len(PRINTS))
        for (sentence, script), (words, expected) in zip(scripts, PRINTS.items()):
            with self.subTest(sentence=sentence):
                self.assertIn(words, sentence)
                self.run_script(free_ports(script), expected)


if __name__ == "__main__":
    unittest.main()
