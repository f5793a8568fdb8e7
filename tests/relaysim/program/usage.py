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
URL = "grooveDNS://relay1.example"
BOB = "grooveIdentity://bob"
RELAY = ["relay", "--url", URL]
WORN = ["--fault", "capture ipv6"]
CLIENT = ["client", "--relay", "127.0.0.1:1", "--relay-url", URL, "--device", "dpp:///a"]
SEND = CLIENT + ["--to", BOB, "--message", "x"]
SUBCOMMANDS = ("relay", "client", "demo", "bench", "scenario", "store", "proxy")
HOUSE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "relaysim")
MANUAL = os.path.join(HOUSE, "man", "relaysim.1")
COMPLETION = os.path.join(HOUSE, "completion", "relaysim")


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

    def test_sentences(self):
        client = ["client", "--relay", "127.0.0.1:1", "--relay-url", URL, "--device", "dpp:///a"]
        peer = ["client", "--relay", "127.0.0.1:1", "--relay-url", "dpp:///b", "--device",
                "dpp:///a"]
        rows = [
            ([], "a subcommand is needed"),
            (["nonsense"], "there is no subcommand \"nonsense\""),
            (["scenario"], "the name of a scenario or of a file is needed"),
            (["relay"], "--url is needed"),
            (["relay", "--url", URL, "--nonsense"], "--nonsense"),
            (["relay", "--url="], "--url is a device URL"),
            (["relay", "--url", "dpp:///x"], "--url is a device URL"),
            (["relay", "--url", URL, "word"], "no argument such as \"word\""),
            (["relay", "--url", URL, "--listen", "nowhere"], "is not an address and a port"),
            (["relay", "--url", URL, "--listen", "127.0.0.1:65536"], "is not an address"),
            (["relay", "--url", URL, "--store", "/nonexistent/x.db"],
             "the store /nonexistent/x.db cannot be opened: No such file"),
            (["relay", "--url", URL, "--store", "/"], "the store / cannot be opened: Is a dir"),
            (["relay", "--url", URL, "--auth", "maybe"], "--auth is off, optional or required"),
            (["relay", "--url", URL, "--sstp-version", "2.0"], "--sstp-version is 1.5 or 1.6"),
            (["relay", "--url", URL, "--listen-443", "nowhere"],
             "--listen-443 nowhere is not an address and a port"),
            (["relay", "--url", URL, "--listen-http", "x"], "--listen-http x is not an address and"),
            (["relay", "--url", URL, "--peer", "a=b"], "--peer is URL=ADDR:PORT"),
            (["relay", "--url", URL, "--peer", "grooveDNS://b=b"], "--peer is URL=ADDR:PORT"),
            (["relay", "--url", URL, "--peer", "grooveDNS://b"], "--peer is URL=ADDR:PORT"),
            (["relay", "--url", URL, "--peer", URL + "=127.0.0.1:1"], "which is this relay"),
            (["relay", "--url", URL, "--peer", "grooveDNS://b=127.0.0.1:1", "--peer",
              "grooveDNS://b=127.0.0.1:2"], "another --peer already"),
            (["relay", "--url", URL, "--max-connections", "0"], "--max-connections is a number from 1 to"),
            (["relay", "--url", URL, "--max-fanout", "65536"], "to 65535"),
            (["relay", "--url", URL, "--open-timeout", "0"], "--open-timeout is a number of"),
            (["relay", "--url", URL, "--max-cached", "0"], "--max-cached is a number of bytes from 1 to"),
            (["relay", "--url", URL, "--peer-idle", "-1"], "(0: never), not -1"),
            (["relay", "--url", URL, "--ack-delay", "nan"], "--ack-delay is a number of"),
            (["relay", "--url", URL, "--ack-delay", "x"], "--ack-delay"),
            (["relay", "--url", URL, "-w", "/nonexistent/x"], "cannot write /nonexistent/x"),
            (client, "nothing to do"),
            (client + ["--message", "x"], "--to is needed"),
            (client + ["--to", BOB, "--receive", "--identity", BOB], "--lines is needed"),
            (client + ["--message", "x", "--to", BOB, "--expect", "1"], "--expect needs"),
            (client + ["--message", "x", "--to", "bob"], "--to is IDENTITY"),
            (peer + ["--message", "x", "--to", BOB, "--to", BOB], "a peer device takes a single"),
            (peer + ["--message", "x", "--to", BOB + ",," + URL], "a peer device takes a single"),
            (["client", "--listen", "127.0.0.1:0", "--relay-url", URL, "--device", "dpp:///a",
              "--message", "x", "--to", BOB, "--to", BOB], "a peer device takes a single"),
            (client + ["--message", "x", "--to", BOB, "--auth-timeout", "-1"], "--auth-timeout is"),
            (client + ["--message", "x", "--to", BOB, "--transport-timeout", "0"],
             "--transport-timeout is"),
            (client + ["--message", "x", "--to", BOB + ",phone"], "--to is IDENTITY"),
            (client + ["--message", "x", "--size", "5", "--to", BOB], "exclude each other"),
            (client + ["--lines", "--file", "-", "--to", BOB], "exclude each other"),
            (client + ["--lines", "--messages", "2", "--to", BOB], "--lines has many"),
            (client + ["--receive", "--identity", BOB, "--ttl", "0"], "--ttl is for what is sent"),
            (client + ["--receive", "--identity", BOB, "--rate", "1"], "--rate is for what is"),
            (["client", "--listen", "127.0.0.1:0", "--device", "dpp:///a", "--receive", "--retry",
              "1"], "--retry is for who connects"),
            (["client", "--relay", "127.0.0.1:1", "--relay-url", "http://x", "--device",
              "dpp:///a", "--receive", "--identity", BOB], "--relay-url is a relay's URL"),
            (client + ["--message", "x", "--to", BOB, "--messages", "0"], "--messages is a num"),
            (client + ["--message", "x", "--to", BOB, "--account", ""], "--account is a URL"),
            (client + ["--message", "x", "--to", BOB, "--resource", "a\nb"], "--resource is a URL"),
            (client + ["--message", "x", "--to", BOB, "--resource", "r" * 901],
             "a URL of --resource has 901 characters: at most 900 have room"),
            (client + ["--message", "x", "--to", BOB, "--account", "r" * 901],
             "a URL of --account has 901 characters"),
            (client + ["--message", "x", "--to", BOB + ",dpp:///" + "x" * 2048],
             "a URL of --to has 2055 characters"),
            (["client", "--relay", "127.0.0.1:1", "--relay-url", URL, "--device",
              "dpp:///" + "x" * 2041, "--message", "x", "--to", BOB],
             "a URL of --device has 2048 characters"),
            (["client", "--relay", "127.0.0.1:1", "--relay-url", URL + "x" * 900, "--device",
              "dpp:///a", "--message", "x", "--to", BOB], "a URL of --relay-url has 926 char"),
            (["relay", "--url", URL, "--url", URL + "x" * 948],
             "the device URLs of --url have 1002 characters, with one more for each"),
            (["relay", "--url", URL, "--peer", "grooveDNS://" + "x" * 900 + "=127.0.0.1:1"],
             "a URL of --peer has 912 characters"),
            (["bench", "--relay", "127.0.0.1:1", "--relay-url", URL + "x" * 900],
             "a URL of --relay-url has 926 characters"),
            (client + ["--message", "x", "--to", BOB, "--inbound-idle", "-1"], "--inbound-idle is"),
            (["demo", "-w", "same", "--truth", "./same"],
             "are the same file"),
            (client + ["--file", "/nonexistent", "--to", BOB], "/nonexistent"),
            (client + ["--receive"], "--identity is needed"),
            (client + ["--receive", "--identity", "bob"], "--identity is a URL"),
            (client + ["--via", "pigeons", "--receive", "--identity", BOB], "--via is "),
            (client + ["--proxy", "127.0.0.1:8080"], "--proxy is for --via connect"),
            (client + ["--via", "socks"], "--proxy ADDR:PORT is needed"),
            (client + ["--via", "socks", "--proxy", "proxy.example:80", "--message", "x", "--to",
                       BOB], "proxy.example:80 is not an address and a port"),
            (["client", "--relay", "relay1.example", "--relay-url", URL, "--device", "dpp:///a",
              "--via", "connect", "--proxy", "127.0.0.1:8080"],
             "relay1.example is not a name or address and a port"),
            (["client", "--listen", "127.0.0.1:0", "--device", "dpp:///a", "--via", "connect",
              "--proxy", "127.0.0.1:8080"], "--via is for who connects"),
            (client + ["--via", "443", "--proxy", "127.0.0.1:8080"], "--proxy is for --via connect"),
            (client + ["--listen", "127.0.0.1:0"], "either --relay"),
            (["client", "--device", "dpp:///a", "--receive"], "either --relay"),
            (["client", "--relay", "127.0.0.1:1", "--device", "dpp:///a"], "--relay-url is needed"),
            (["client", "--listen", "127.0.0.1:0", "--receive"], "--device is needed"),
            (["client", "--listen", "127.0.0.1:0", "--device", "y", "--receive"],
             "--device is this device's URL"),
            (["demo", *WORN], "--fault \"capture ...\" wears the capture, and none is written: -w"),
            (["scenario", "4.2.1-device-to-device", *WORN], "wears the capture, and none is written"),
            (["relay", "--url", URL, *WORN], "wears the capture, and none is written"),
            (client + ["--message", "x", "--to", BOB, *WORN], "wears the capture, and none is written"),
            (["proxy", *WORN], "wears the capture, and none is written"),
            (["bench", *WORN], "wears the capture, and none is written"),
            (["demo", "-w", "/nonexistent/x"], "cannot write /nonexistent/x"),
        ]
        for arguments, sentence in rows:
            self.check(arguments, sentence)

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


class Completion(unittest.TestCase):
    """What bash offers for the last of some words."""

    def complete(self, *words):
        script = ('set -u; source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))\n'
                  '_relaysim "$1" "${COMP_WORDS[COMP_CWORD]}"; printf "%s\\n" "${COMPREPLY[@]}"')
        result = subprocess.run(["bash", "-c", script, "bash", COMPLETION, RELAYSIM, *words],
                                capture_output=True, text=True, timeout=PATIENCE, check=True)
        self.assertEqual(result.stderr, "")
        return sorted(filter(None, result.stdout.split("\n")))

    def test_subcommands(self):
        self.assertEqual(self.complete(""), sorted([*SUBCOMMANDS, "--help", "--version"]))
        self.assertEqual(self.complete("sc"), ["scenario"])
        self.assertEqual(self.complete("nonsense", "-"), [])

    def test_options(self):
        for subcommand in SUBCOMMANDS:
            text = subprocess.run([RELAYSIM, subcommand, "--help"], capture_output=True, text=True,
                                  timeout=PATIENCE, check=True).stdout
            offered = re.findall(r"^  (?:-\w, )?(--[a-z0-9-]+)", text, re.MULTILINE)
            self.assertEqual(self.complete(subcommand, "-"), sorted(offered))
        self.assertEqual(self.complete("client", "--receive", "--rel"),
                         ["--relay", "--relay-443", "--relay-http", "--relay-url"])

    def test_values(self):
        for words, offered in ((("client", "--format", ""), ["json", "text"]),
                               (("client", "--via", "=", "po"), ["polling"]),
                               (("client", "--format", "="), ["json", "text"]),
                               (("client", "--device", ""), []),
                               (("relay", "--peer-proxy", ""), []),
                               (("client", "--receive", ""), [])):
            self.assertEqual(self.complete(*words), offered, words)

    def test_names(self):
        """Of scenarios, which are files as well, and of files and folders."""
        self.assertEqual(self.complete("scenario", "--simulated", "4.3.1"), ["4.3.1-two-sessions"])
        here = os.path.join(HOUSE, "man", "relaysim")
        for words in (("scenario",), ("store",), ("client", "-w"), ("relay", "--log")):
            self.assertEqual(self.complete(*words, here + "."), [here + ".1"], words)
        self.assertEqual(self.complete("store", "--export-folder", here), [])
        self.assertEqual(self.complete("store", "--export-folder", HOUSE + "/ma"), [HOUSE + "/man"])


if __name__ == "__main__":
    unittest.main()
