# SPDX-License-Identifier: GPL-2.0-or-later
"""The options do what the manual says, and wrong ones are told."""
import glob
import os
import re
import shutil
import tempfile
import unittest

import analyze
import sstp_commands as sstp
from capture import Capture
from tshark import Wireshark

MANUAL = os.path.join(analyze.TOP, "analyzer", "cli", "man", "grvsstp-analyze.1")
COMPLETION = os.path.join(analyze.TOP, "analyzer", "cli", "completion", "grvsstp-analyze")


class OptionTest(unittest.TestCase):
    def refuse(self, *arguments, word):
        result = analyze.run(*arguments)
        said = result.stderr.decode()
        self.assertEqual((result.returncode, said.count("\n")), (2, 1), said)
        self.assertIn(word, said)

    def test_wrong_ones(self):
        demo = analyze.sample("demo")
        for arguments, word in (
                ((), "no capture"), ((demo, "--format", "xml"), "--format xml"),
                ((demo, "--table", "x"), "--table x"), ((demo, "--format", "csv"), "--table"),
                ((demo, "--fail-on", "x"), "--fail-on x"), ((demo, "--no-such-option"), "--help"),
                ((demo, "-Y", "no.such.field"), "-Y no.such.field"),
                ((demo, "-o", "no.such:1"), "no such preference"), ((demo, "-o", "x"), "-o x"),
                ((demo, "-d", "tcp.port=1"), "-d tcp.port=1"),
                ((demo, "-d", "no.port==1,http"), "no table no.port"),
                ((demo, "-d", "tcp.port==1,nobody"), "no dissector nobody"),
                ((demo, "-d", "media_type==1,http"), "no table of numbers"),
                ((demo, "-C", "no such profile"), "no such configuration profile"),
                ((demo, "--scenario", "x"), "--scenario x"), ((demo, "--seed", "1"), "--seed 1"),
                ((demo, "--scenario", "1", "--seed", "x"), "--seed x"),
                ((demo, "--scenario", "1", "--format", "json"), "no report"),
                (("-", "-"), "standard input")):
            self.refuse(*arguments, word=word)

    def test_display_filter(self):
        all_of_them = analyze.of_type(analyze.records(analyze.sample("demo")), "command")
        some = analyze.of_type(analyze.records(analyze.sample("demo"), "-Y", "sstp.stream == 2"),
                               "command")
        self.assertGreater(len(some), 5)
        self.assertEqual([record["frame"] for record in some],
                         [record["frame"] for record in all_of_them if record["connection"] == 2])

    def test_display_filter_keeps_journeys_away(self):
        """Those of which it lets nothing through; of others the hops that it does."""
        whole = analyze.of_type(analyze.records(analyze.sample("single-hop")), "journey")[0]
        some = analyze.of_type(analyze.records(analyze.sample("single-hop"), "-Y",
                                               "sstp.stream == 0 || sstp.stream == 5"), "journey")
        self.assertEqual([{hop["connection"] for hop in journey["hops"]} for journey in some],
                         [{0, 1}])
        self.assertEqual([hop["frame"] for hop in some[0]["hops"]],
                         [hop["frame"] for hop in whole["hops"] if hop["connection"] in (0, 5)])
        self.assertEqual(analyze.of_type(analyze.records(
            analyze.sample("single-hop"), "-Y", "sstp.command == 1"), "journey"), [])

    def test_preference(self):
        without = analyze.good(analyze.sample("demo"), "-o", "grvsstp.follow_states:FALSE",
                               "--table", "sessions")
        self.assertNotIn("0x21", without)

    def test_decode_as(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "late.pcapng")
            capture = Capture()
            late = capture.connection(server=("198.51.100.1", 8888), handshake=False)
            late.send(sstp.noop(1).data)
            capture.write(path)
            self.assertEqual(analyze.of_type(analyze.records(path), "command"), [])
            taken = analyze.records(path, "-d", "tcp.port==8000-9000,grvsstp")
            self.assertEqual([record["command"] for record in analyze.of_type(taken, "command")],
                             ["Noop"])

    def test_fail_on(self):
        for severity, code in (("note", 1), ("warning", 1), ("error", 0)):
            result = analyze.run(analyze.sample("demo"), "--fail-on", severity)
            self.assertEqual(result.returncode, code, severity)
        self.assertEqual(analyze.run(analyze.sample("polling"), "--fail-on=note").returncode, 0)

    def test_output(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "report")
            self.assertEqual(analyze.good(analyze.sample("demo"), "--output", path), "")
            with open(path, encoding="utf-8") as file:
                self.assertEqual(file.read(), analyze.good(analyze.sample("demo")))

    def test_installed_plugin(self):
        """One beside the program steps back; an old one, which cannot, is told."""
        with Wireshark() as wireshark:
            plugins = wireshark.env["WIRESHARK_PLUGIN_DIR"]
            found = glob.glob(os.path.join(plugins, "*", "epan", "grvsstp.so"))
            program = wireshark.path("grvsstp-analyze")
            shutil.copy(analyze.PROGRAM, program)
            capture = wireshark.path("demo.pcapng")
            shutil.copy(analyze.sample("demo"), capture)
            self.assertEqual(wireshark.run([program, capture, "--table", "connections"]),
                             analyze.good("demo.pcapng", "--table", "connections",
                                          cwd=analyze.SAMPLES))
            self.assertIn("grvsstp.so among them", wireshark.run([program, "--version"]))
            with open(found[0], "rb") as file:
                old = file.read().replace(b"grvsstp_yields", b"grvsstp_stands")
            with open(found[0], "wb") as file:
                file.write(old)
            refused = wireshark.run([program, capture], check=False)
            self.assertEqual(refused.returncode, 2)
            self.assertIn("older than this program", refused.stderr)

    def test_version_and_help(self):
        said = analyze.good("--version")
        for word in ("grvsstp-analyze 0.", "Wireshark", "plugins in", "root"):
            self.assertIn(word, said)
        self.assertIn("CAPTURE", analyze.good("--help"))

    def test_manual_and_completion_have_every_option(self):
        help_text = analyze.good("--help")
        options = set(re.findall(r"(?<![\w-])(--[a-z-]+)", help_text)) - {"--help"}
        self.assertGreater(len(options), 7)
        with open(MANUAL, encoding="utf-8") as file:
            manual = file.read().replace("\\-", "-")
        with open(COMPLETION, encoding="utf-8") as file:
            completion = file.read()
        for option in sorted(options):
            self.assertRegex(manual, re.escape(option) + r"\b")
            self.assertIn(option, completion)
        named = set(re.findall(r"(?<![\w-])(--[a-z-]+)", manual)) - {"--help"}
        self.assertEqual(named - options, set())


if __name__ == "__main__":
    unittest.main()
