#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Command lines that are wrong: one line on stderr that says what and where, exit code 2.

Usage: usage.py RELAYSIM
"""
import os
import re
import subprocess
import sys
import unittest

from patience import PATIENCE

RELAYSIM = sys.argv.pop(1)
RELAY = ["relay", "--url", "grooveDNS://relay1.example"]
CLIENT = ["client", "--relay", "127.0.0.1:1", "--relay-url", "grooveDNS://relay1.example",
          "--device", "dpp:///a"]
SEND = CLIENT + ["--to", "grooveIdentity://bob", "--message", "x"]
SUBCOMMANDS = ("relay", "client", "demo", "bench", "scenario", "store")
MANUAL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "relaysim",
                      "man", "relaysim.1")


class Usage(unittest.TestCase):
    def check(self, arguments, sentence):
        with self.subTest(arguments=arguments):
            result = subprocess.run([RELAYSIM, *arguments], capture_output=True, timeout=PATIENCE,
                                    check=False)
            stderr = result.stderr.decode("ascii")
            self.assertEqual(result.returncode, 2, stderr)
            self.assertEqual(stderr.count("\n"), 1, stderr)
            self.assertRegex(stderr, "^relaysim: [^\n]*" + re.escape(sentence))
            self.assertEqual(result.stdout, b"")

    def test_numbers(self):
        for arguments, sentence in (
                (SEND + ["--messages", "-1"], "--messages is a number from 1 to 2147483647, not"),
                (SEND + ["--messages", "0"], "--messages is a number from 1 to 2147483647, not 0"),
                (SEND + ["--messages=0x10"], "--messages is a number from 1 to 2147483647"),
                (SEND + ["--messages=1k"], "--messages is a number from 1 to 2147483647"),
                (SEND + ["--messages=99999999999999999999"], "--messages is a number from 1"),
                (CLIENT + ["--size", "-5"], "--size is a number of bytes from 0 to 16MiB, not -5"),
                (CLIENT + ["--size", "17MiB"], "--size is a number of bytes from 0 to 16MiB"),
                (SEND + ["--ttl", "4294967296"], "--ttl is a number from 0 to 4294967295, not"),
                (SEND + ["--ttl", "1.5"], "--ttl is a number from 0 to 4294967295, not 1.5"),
                (SEND + ["--rate", "-1"], "--rate is a number from 0 to 1000000, not -1"),
                (SEND + ["--retry", "x"], "--retry is a number of seconds from 0 to"),
                (SEND + ["--format", "xml"], "--format is json or text, not xml"),
                (CLIENT + ["--expect", "-1"], "--expect is a number from 0 to"),
                (CLIENT + ["--timeout", "1e3"], "--timeout is a number of seconds from 0 to"),
                (CLIENT + ["--timeout", "1d"], "--timeout is a number of seconds from 0 to"),
                (CLIENT + ["--timeout", "-1"], "--timeout is a number of seconds from 0 to"),
                (["bench", "--fanout", "0"], "--fanout is a number from 1 to 1000, not 0"),
                (["bench", "--messages", "10 "], "--messages is a number from 1 to 10000000"),
                (["bench", "--patience", "86401"], "--patience is a number of seconds from 0.001"),
                (RELAY + ["--quota", "-1"], "--quota is a number of bytes from 0 to"),
                (RELAY + ["--quota", "1.5"], "--quota is a number of bytes from 0 to"),
                (RELAY + ["--connections-per-device", "-1"], "--connections-per-device is a num"),
                (RELAY + ["--max-message", "2G"], "--max-message is a number of bytes from 1 to 1"),
                (RELAY + ["--max-stored", "0"], "--max-stored is a number of bytes from 1 to 1T"),
                (RELAY + ["--ack-delay", "0"], "--ack-delay is a number of seconds from 0.001 to"),
                (RELAY + ["--ack-delay", "inf"], "--ack-delay is a number of seconds from 0.001"),
                (["scenario", "x", "--seed", "1.5"], "--seed is a number from 0 to 18446744")):
            self.check(arguments, sentence)

    def test_once(self):
        """What is given twice is a mistake, and nobody can know which of the two was meant."""
        for arguments, name in (
                (SEND + ["--message", "y"], "message"),
                (SEND + ["--messages=1", "--messages=1"], "messages"),
                (SEND + ["-v", "--verbose"], "verbose"),
                (SEND + ["-vv"], "verbose"),
                (SEND + ["-w", "/dev/null", "--write=/dev/null"], "write"),
                (RELAY + ["--store", "memory", "--store", "memory"], "store"),
                (RELAY + ["--ack-delay", "1", "--ack-delay", "2"], "ack-delay"),
                (RELAY + ["--auth=off", "--auth=off"], "auth"),
                (["bench", "--json", "--json"], "json"),
                (["demo", "--truth", "/dev/null", "--truth", "/dev/null"], "truth"),
                (["scenario", "x", "--seed", "1", "--seed", "1"], "seed")):
            self.check(arguments, f"--{name} can be given once; see relaysim {arguments[0]}")

    def test_flags(self):
        """A flag takes no value, whatever it says."""
        for arguments in (SEND + ["--verbose=no"], SEND + ["--verbose=yes"], SEND + ["--receive="],
                          RELAY + ["--no-multi-drop=0"], ["bench", "--json=false"],
                          ["scenario", "--list=anything"]):
            self.check(arguments, "takes no value")
        for subcommand in SUBCOMMANDS:
            self.check([subcommand, "--help=no"], "--help takes no value such as \"no\"")
            self.check([subcommand, "--version=1"], "--version takes no value such as \"1\"")

    def test_unknown(self):
        for arguments, sentence in (
                (RELAY + ["--lisen", "127.0.0.1:0"], "there is no option --lisen; is it --listen?"),
                (RELAY + ["--max-conections=5"], "no option --max-conections; is it --max-connect"),
                (SEND + ["--verbos"], "there is no option --verbos; is it --verbose?"),
                (SEND + ["-verbose"], "there is no option -verbose; is it --verbose?"),
                (SEND + ["-x"], "there is no option -x; see"),
                (SEND + ["--nonsense=5"], "there is no option --nonsense; see"),
                (["demo", "-wfile"], "the value of -w is a word of its own: -w FILE"),
                (["demo", "-w"], "-w needs a value after it"),
                (["demo", "--truth"], "--truth needs a value after it"),
                (["demo", "--truth="], "--truth is the name of a file, not nothing")):
            self.check(arguments, sentence)

    def test_values_that_look_like_options(self):
        """A value is whatever follows; and after -- there are only arguments."""
        self.check(RELAY[:2] + ["--verbose=no"], "--url is a device URL such as")
        self.check(["demo", "--", "--verbose=no"], "takes no argument such as \"--verbose=no\"")
        self.check(["scenario", "--", "--list"], "cannot read --list")

    def test_that_exclude_each_other(self):
        for arguments, sentence in (
                (["bench", "--offline", "--rate", "5"], "--rate measures latency, and --offline"),
                (["bench", "--relay", "127.0.0.1:1", "--store", "x"], "give one of them"),
                (SEND + ["--size", "5"], "exclude each other"),
                (SEND + ["--expect", "5"], "--expect needs --receive"),
                (CLIENT + ["--receive", "--identity", "grooveIdentity://bob", "--messages", "2"],
                 "--to is needed: to whom"),
                (["scenario", "--list", "x"], "--list takes no argument")):
            self.check(arguments, sentence)

    def test_manual(self):
        """Every option of --help is in the man page, and none is there that is not."""
        with open(MANUAL, encoding="utf-8") as file:
            manual = file.read().replace("\\-", "-").replace("\\~", " ")
        described, offered = set(re.findall(r"--([a-z][a-z0-9-]+)", manual)), {"name"}
        for subcommand in SUBCOMMANDS:
            text = subprocess.run([RELAYSIM, subcommand, "--help"], capture_output=True, text=True,
                                  timeout=PATIENCE, check=True).stdout
            offered |= set(re.findall(r"^  (?:-\w, )?--([a-z0-9-]+)", text, re.MULTILINE))
        self.assertEqual(offered, described)


if __name__ == "__main__":
    unittest.main()
