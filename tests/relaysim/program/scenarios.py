#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every built-in scenario, played live; and its capture, opened with the plugin: exactly
the findings that the scenario states, and the numbers that the specification prints.

Usage: scenarios.py RELAYSIM FOLDER
Without GRVSSTP_BUILD_DIR, as where the plugin is sanitized, they are only played.
"""
import collections
import concurrent.futures
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from patience import PATIENCE

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))

RELAYSIM, FOLDER = os.path.abspath(sys.argv.pop(1)), os.path.abspath(sys.argv.pop(1))
FILES = sorted(glob.glob(os.path.join(FOLDER, "*.scn")))
NAMES = [os.path.basename(path)[:-len(".scn")] for path in FILES]
HAS_PLUGIN = "GRVSSTP_BUILD_DIR" in os.environ
SEEDS = (1, 2, 3)
LATE = ("--fault", "split", "--fault", "delay 10ms")

# Where it is the story itself that bytes come together, or are missing; and where there is
# no Connect by which the plugin would know a connection that begins with half a command.
NOT_LATE = {"2.2.8-aggregated-by-a-relay", "capture-lossy", "capture-out-of-order",
            "3.1.7-connection-dropped", "3.1.5-violations"}

# The MessageCounts of the specification's tables, in order of time: who is told and by
# whom, as the last octets of their addresses, the count, how many are left outstanding.
# The first device is 10, the first relay 1.
COUNTS = {
    "4.2.1-device-to-device": [(10, 11, 1, 0)],
    "4.3.1-two-sessions": [(10, 11, 2, 2), (10, 11, 2, 0)],
    "4.3.2-interleaved": [(10, 11, 1, 1), (10, 11, 1, 0)],
    "4.3.3-acks-of-two-relays": [(1, 3, 1, 0), (1, 2, 1, 0), (10, 1, 3, 0)],
    "4.3.4-acks-of-two-clients": [(1, 3, 1, 0), (1, 2, 2, 0), (10, 1, 3, 0), (11, 1, 1, 0)],
    "4.4-flow-control": [(10, 11, 1, 2), (10, 11, 3, 0)],
    "4.4.1-sent-while-blocked": [(10, 11, 1, 1), (10, 11, 2, 0)],
}

# Figure 20, between A and Relay1 and between both relays, from FanoutOpen on.
FIGURE_20 = {
    ("192.0.2.10", "198.51.100.1"): [
        "FanoutOpen s=0x21 apphandler, 4 destinations", "OpenResponse s=0x21 OkStopSending",
        "OpenResponse s=0x21 StartSending", "Message s=0x21", "Data s=0x21", "Data s=0x21",
        "EndMessage s=0x21", "Noop [acks 1]"],
    ("192.0.2.1", "198.51.100.2"): [
        "FanoutOpen s=0x1 apphandler, 2 destinations", "OpenResponse s=0x1 OkStopSending",
        "OpenResponse s=0x1 StartSending", "Message s=0x1", "Data s=0x1", "Data s=0x1",
        "EndMessage s=0x1", "Noop [acks 1]"],
}

if HAS_PLUGIN:
    import tshark


def play(*arguments, **options):
    return subprocess.run([RELAYSIM, "scenario", *arguments], capture_output=True, text=True,
                          timeout=PATIENCE, check=False, **options)


def declared(path):
    """The words of each declaration of a scenario, by its first one."""
    lines = collections.defaultdict(list)
    with open(path, encoding="utf-8") as file:
        for line in file:
            words = line.split("#")[0].split()
            if words:
                lines[words[0]].append(words[1:])
    return lines


def stated(path):
    """{finding: how often, or None for once or more}"""
    return {words[0]: int(words[1]) if len(words) > 1 else None
            for words in declared(path)["finding"]}


def words_of_the_language():
    """The first column of the parser's tables."""
    words = set()
    for path in glob.glob(os.path.join(FOLDER, "..", "*.c")):
        with open(path, encoding="utf-8") as file:
            words.update(re.findall(r'^ +\{"([a-z-]+)",', file.read(), re.MULTILINE))
    return sorted(words)


WORDS = words_of_the_language()


class Played(unittest.TestCase):
    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="relaysim-")
        os.chmod(cls.folder, 0o755)
        cls.ws = tshark.Wireshark() if HAS_PLUGIN else None

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)
        if cls.ws:
            cls.ws.close()

    def path(self, name):
        return os.path.join(self.folder, name)

    def file(self, name, content):
        with open(self.path(name), "wb") as file:
            file.write(content)
        return self.path(name)

    def play_all(self, names, *arguments, label=""):
        """Plays scenarios, some at a time, for they mostly wait; returns
        {name: (result, capture)}."""
        def one(name):
            capture = self.path("%s%s.pcapng" % (name, label))
            result = play(name, "-w", capture, *arguments)
            os.chmod(capture, 0o644)
            return name, (result, capture)
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            return dict(pool.map(one, names))

    def check(self, result, code=0, stderr="^$"):
        self.assertEqual(result.returncode, code, result.stderr)
        self.assertRegex(result.stderr, stderr)


class BuiltIn(Played):
    def test_list(self):
        """Every file is in the program, by name and title."""
        result = play("--list")
        self.check(result)
        titles = [" ".join(declared(path)["title"][0]) for path in FILES]
        self.assertEqual([line.split(None, 1) for line in result.stdout.splitlines()],
                         [list(row) for row in zip(NAMES, titles)])

    def test_section_4(self):
        """Every example of the specification's section 4 has one."""
        for section in ("4.1.1", "4.1.2", "4.1.3", "4.2.1", "4.2.2", "4.2.3", "4.2.4", "4.2.5",
                        "4.2.6", "4.2.6.1", "4.2.6.2", "4.3.1", "4.3.2", "4.3.3", "4.3.4", "4.4",
                        "4.4.1"):
            self.assertTrue([name for name in NAMES if name.startswith(section + "-")], section)

    def test_all(self):
        """Each is played; its capture has exactly the findings that it states, and the
        numbers that the specification prints."""
        played = self.play_all(NAMES)
        for name, path in zip(NAMES, FILES):
            result, capture = played[name]
            with self.subTest(name):
                self.check(result)
                if HAS_PLUGIN:
                    self.check_findings(capture, stated(path))
                    self.check_counts(capture, COUNTS.get(name))
        if HAS_PLUGIN:
            self.check_figure_20(played["4.2.6-single-hop"][1])
            self.check_order(played["capture-out-of-order"][1])

    def test_all_together(self):
        """In one capture; on the first pass nothing is found that no scenario states."""
        capture = self.path("together.pcapng")
        self.check(play(*NAMES, "-w", capture))
        if HAS_PLUGIN:
            os.chmod(capture, 0o644)
            wanted = collections.Counter()
            for path in FILES:
                wanted.update({name: num or 1000 for name, num in stated(path).items()})
            found = self.findings(capture, two_pass=False)
            # Whom one story has told to come back later is there again in the next.
            del found["timer"]
            self.assertLessEqual(found, wanted)

    def findings(self, capture, two_pass):
        frames = self.ws.dissect(capture, two_pass=two_pass)
        self.assertGreater(sum(len(frame.commands) for frame in frames), 0)
        self.assertFalse([frame.number for frame in frames if frame.is_malformed])
        return collections.Counter(name for frame in frames for name, _ in frame.findings)

    def check_findings(self, capture, wanted):
        found = self.findings(capture, two_pass=True)
        self.assertEqual(set(found), set(wanted))
        for name, num in wanted.items():
            self.assertEqual(found[name], num or found[name], name)

    def check_counts(self, capture, wanted):
        if wanted is None:
            return
        rows = self.ws.fields(capture, ["ip.dst", "ip.src", "sstp.ack.covered",
                                        "sstp.ack.remaining"], "-Y", "sstp.ack.covered > 0")
        self.assertEqual([tuple(int(cell[0].split(".")[-1]) for cell in row) for row in rows],
                         wanted)

    def check_order(self, capture):
        """What is out of order is in its place, whether TCP waits for it or not."""
        self.assertTrue(self.ws.fields(capture, ["frame.number"], "-Y",
                                       "tcp.analysis.out_of_order || tcp.analysis.retransmission"))
        waits, does_not = (sorted(
            summary for row in self.ws.fields(
                capture, ["sstp.summary"], "-Y", "sstp.command", two_pass=True,
                preferences=["tcp.reassemble_out_of_order:" + value]) for summary in row[0])
                           for value in ("TRUE", "FALSE"))
        self.assertEqual(waits, does_not)
        self.assertEqual(len([summary for summary in waits if summary.startswith("Data")]), 30)

    def check_figure_20(self, capture):
        streams = commands_by_stream(self.ws, capture)
        for hosts, wanted in FIGURE_20.items():
            told = [summary for _, summary in streams[hosts + (0,)]]
            first = next(i for i, summary in enumerate(told) if summary.startswith("FanoutOpen"))
            self.assertEqual(told[first:first + len(wanted)], wanted)


class Late(Played):
    """Where writes are cut at random and bytes come late, the same is said."""

    def test_same_commands(self):
        """How acknowledgements fall together is a matter of time; only their sum is not."""
        names = [name for name in NAMES if name not in NOT_LATE]
        self.compare(names, lambda summary: "Noop" not in summary)

    def test_same_counts(self):
        """Nor is it where the specification prints them."""
        self.compare(sorted(COUNTS), lambda summary: summary != "Noop")

    def compare(self, names, is_told):
        courses = {"no": ()}
        courses.update({seed: LATE + ("--seed", str(seed)) for seed in SEEDS})

        def one(course):
            capture = self.path("%s.pcapng" % course)
            return course, play(*names, *courses[course], "-w", capture), capture
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            played = list(pool.map(one, courses))
        told, segments = {}, {}
        for course, result, capture in played:
            self.check(result)
            if not HAS_PLUGIN:
                continue
            os.chmod(capture, 0o644)
            streams = commands_by_stream(self.ws, capture)
            segments[course] = self.ws.count(capture, "tcp.len > 0")
            told[course] = {(stream, side): [summary for from_initiator, summary in commands
                                             if from_initiator == side and is_told(summary)]
                            for stream, commands in streams.items() for side in (True, False)}
        if not HAS_PLUGIN:
            return
        self.assertGreater(len(told["no"]), 2 * len(names) - 1)
        for seed in SEEDS:
            self.assertGreater(segments[seed], 2 * segments["no"])  # the faults were there
            self.assertEqual(set(told[seed]), set(told["no"]))
            for key in told["no"]:
                with self.subTest(key, seed=seed):
                    self.assertEqual(told[seed][key], told["no"][key])


def commands_by_stream(ws, capture):
    """{(initiator, acceptor, how many of these hosts' connections came before): [(whether
    from the initiator, summary)]}: connections may begin in another order."""
    rows = ws.fields(capture, ["ip.src", "ip.dst", "tcp.stream", "sstp.from_initiator",
                               "sstp.summary"], "-Y", "sstp.command")
    streams, places, keys = {}, collections.Counter(), {}
    for source, target, tcp, sides, summaries in rows:
        for side, summary in zip(sides, summaries):
            is_initiator = side in ("1", "True")
            hosts = (source[0], target[0]) if is_initiator else (target[0], source[0])
            if tcp[0] not in keys:
                keys[tcp[0]] = hosts + (places[hosts],)
                places[hosts] += 1
            streams.setdefault(keys[tcp[0]], []).append((is_initiator, summary))
    return streams


class CommandLine(Played):
    STORY = """title A story
device A
device B holds
A connects to B
expect A B connected
A opens s to B
expect s ready
A sends M on s ack-immediately
expect B received M
B completes M
expect A acknowledged M by Noop 1
A closes s
expect s closed NoReason
"""

    def story(self, *changes):
        """The story with its lines changed: (line, text), None to leave it out."""
        lines = self.STORY.splitlines()
        for line, text in changes:
            lines[line - 1] = text
        path = self.path("story.scn")
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(line for line in lines if line is not None) + "\n")
        return path

    def test_story(self):
        result = play(self.story())
        self.check(result)
        self.assertRegex(result.stdout, "^%s +done\n$" % re.escape(self.path("story.scn")))

    def test_failures(self):
        """A step that fails says where, what was expected, what there is, and the seed."""
        rows = [
            ((9, None), (10, None), (11, None), "B was told of message M, which nothing expects"),
            ((13, None), "B was told of Close NoReason of s, which nothing expects"),
            ((12, "A leaves"), (13, None),
             "B was told of ConnectClose NoReason, which nothing expects"),
            ((12, "A loses-its-connection"), (13, None),
             "B was told of the loss of the connection, which nothing expects"),
            ((13, "expect s closed Idle"),
             ":13: \"expect s closed Idle\" does not hold: s is ready; A was told of nothing that "
             "is not expected before; B was told of Close NoReason of s"),
            ((11, "expect A acknowledged M by Noop 2"),
             ":11: .* does not hold: A was told of the acknowledgement of M by Noop 1"),
            ((9, "expect B received nothing"), (10, "wait 100ms"), (11, "expect B received nothing"),
             ":11: .* does not hold: B was told of message M"),
            ((8, "A sends M on s"), (4, None), ":4: A is not connected", (5, None)),
            ((7, None), (8, "A sends M on s ack-immediately"), ":7: \"A sends M .*\" cannot be "
             "done: the connection or session is in no state that allows it"),
            ((6, "A opens s to B\nexpect s suspended"),
             ":7: \"expect s suspended\" did not come about: s is ready"),
            ((4, "A connects to B asking-for dpp:///c"),
             ":5: \"expect A B connected\" does not hold: A was told of ConnectResponse "
             "WrongDevice"),
            ((10, "B completes M M"), ":10: \"B completes M M\" cannot be done"),
        ]
        for row in rows:
            changes = [part for part in row if isinstance(part, tuple)]
            wanted = next(part for part in row if isinstance(part, str))
            with self.subTest(wanted):
                result = play(self.story(*changes), "--seed", "77")
                self.check(result, 1, "^relaysim: [^\n]*" + wanted)
                for line in result.stderr.splitlines():
                    self.assertRegex(line, "^relaysim: .*story.scn.*\\(seed 77\\)$")
                self.assertRegex(result.stdout, "FAILED\n$")

    def test_mistake(self):
        """Exit code 2, before anything is played or written."""
        capture = self.path("never.pcapng")
        result = play("4.2.1-device-to-device", self.story((13, "expect s shut")), "-w", capture)
        self.check(result, 2, "^relaysim: .*/story.scn:13: there is no \"shut\" so far; [^\n]*\n$")
        self.assertEqual(result.stdout, "")
        self.assertFalse(os.path.exists(capture))

    def test_usage(self):
        rows = [
            (["nonsense"], "cannot read nonsense: No such file .*relaysim scenario --list"),
            (["/nonexistent/x.scn"], "cannot read /nonexistent/x.scn: No such file"),
            ([self.folder], ".* is a folder; the name of a file in it is needed"),
            (["/dev/zero"], "/dev/zero:1: a scenario has at most 256 KiB"),
            ([self.file("program", b"\x7fELF\x02\x01\n\0\0>\0")],
             ".*/program:2: there is a zero byte in the line: this is no text; "),
            ([self.file("latin", "title S\u00e4nger\nwait 1s\n".encode("latin-1"))],
             ".*/latin:1: the line is not in UTF-8"),
            ([self.file("utf16", "title T\nwait 1s\n".encode("utf-16"))],
             ".*/utf16:1: the line is not in UTF-8"),
            ([self.file("huge.scn", b"# much\n" * 40000)],
             ".*/huge.scn:1: a scenario has at most 256 KiB"),
            ([self.file("empty.scn", b"")], ".*/empty.scn:1: the file has no title\n"
             "relaysim: .*/empty.scn:1: the file has no step"),
            (["/proc/self/mem"], "cannot read /proc/self/mem: Input/output error"),
            (["4.2.1-device-to-device", "--seed", "-1"], "--seed is a number from 0 to 18446744073709551615, not -1"),
            (["4.2.1-device-to-device", "--fault", "magic"], "--fault: the faults are split"),
            (["--list", "x"], "--list takes no argument"),
            (["4.2.1-device-to-device", "-w", "/nonexistent/x"], "cannot write /nonexistent/x"),
            (["4.2.1-device-to-device"] * 201, "at most 200 scenarios"),
        ]
        for arguments, wanted in rows:
            with self.subTest(wanted):
                result = play(*arguments)
                self.check(result, 2, "^relaysim: " + wanted)
                self.assertEqual(len(result.stderr.splitlines()), wanted.count("\n") + 1)
                self.assertEqual(result.stdout, "")

    def test_unreadable(self):
        path = self.file("secret.scn", b"title T\nwait 1s\n")
        os.chmod(path, 0)
        user = {"user": 65534, "group": 65534} if os.geteuid() == 0 else {}
        self.check(play(path, **user), 2, "^relaysim: cannot read .*secret.scn: Permission denied\n$")

    def test_all_mistakes(self):
        """Of all files, each in its line, and nothing that only follows from them."""
        one = self.story((2, "devise A"), (8, "A snds M on s ack-immediately"), (13, "expect B shut"))
        result = play(one, "4.2.1-device-to-device", self.file("other.scn", b"device 9\n"))
        self.assertEqual(result.returncode, 2)
        self.assertEqual(result.stderr.replace(self.folder + "/", ""), """\
relaysim: story.scn:2: "devise" is neither a word of the language nor a name so far
relaysim: story.scn:13: there is no "shut" so far; a relay, device or session is needed here
relaysim: other.scn:1: a name begins with a letter, unlike "9"
relaysim: other.scn:1: the file has no title
relaysim: other.scn:1: the file has no step
""")
        many = self.file("many.scn", b"title T\ndevice A\n" + b"".join(
            b"A verb%d\n" % number for number in range(500)))
        result = play(many)
        self.assertEqual(result.returncode, 2)
        self.assertEqual(len(result.stderr.splitlines()), 21)
        self.assertTrue(result.stderr.endswith("\nrelaysim: and 480 more\n"))

    def test_standard_input(self):
        """By a pipe, a file and a named pipe; once."""
        path = self.story()
        with open(path, encoding="utf-8") as file:
            text = file.read()
        result = play("-", input=text)
        self.check(result)
        self.assertRegex(result.stdout, "^standard input +done\n$")
        with open(path, "rb") as file:
            self.check(play("-", stdin=file))
        result = play("-", input="device 9\n" + text)
        self.check(result, 2, "^relaysim: standard input:1: a name begins with a letter, unlike "
                              "\"9\"\n$")
        self.check(play("-", "-", input=text), 2,
                   "^relaysim: standard input can be read only once: say \"-\" once\n$")
        fifo = self.path("fifo")
        os.mkfifo(fifo)
        with subprocess.Popen([RELAYSIM, "scenario", fifo], stdout=subprocess.PIPE,
                              text=True) as reader:
            with open(fifo, "w", encoding="utf-8") as writer:
                writer.write(text)
            self.assertRegex(reader.communicate(timeout=PATIENCE)[0], "^.*/fifo +done\n$")
        self.assertEqual(reader.returncode, 0)

    def test_other_systems(self):
        """A byte order mark, and lines that end in CR LF."""
        with open(self.story(), "rb") as file:
            text = file.read()
        self.check(play(self.file("dos.scn", b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n"))))

    def test_include(self):
        """From the folder of who includes; built-in ones by name; files are named in
        mistakes and failures."""
        cast, steps = self.STORY.split("A connects", 1)
        steps = "A connects" + steps
        os.mkdir(self.path("parts"))
        self.file("parts/cast.scn", cast.encode())
        self.file("parts/all.scn", b"include cast.scn\ninclude ./steps.scn\n")
        self.file("parts/steps.scn", steps.encode())
        main = self.file("main.scn", b"title By parts\ninclude parts/all.scn\n")
        self.check(play(main))
        self.check(play("main.scn", cwd=self.folder))
        self.check(play("-", input="title T\ninclude parts/all.scn\n", cwd=self.folder))
        self.check(play("-", input="title T\ninclude 4.2.1-device-to-device\n"))
        self.check(play("-", input="title T\ninclude 4.3.1-two-sessions.scn\n"))

        self.file("parts/steps.scn", steps.replace("Noop 1", "Noop 2").encode())
        self.check(play(main), 1, "^relaysim: %s:8: \"expect A acknowledged M by Noop 2\" does not "
                                  "hold" % re.escape(self.path("parts/steps.scn")))
        self.file("parts/steps.scn", b"A flies\ninclude cast.scn x\n")
        self.check(play(main), 2, "^relaysim: .*/parts/steps.scn:1: \"flies\" is nothing .*\n"
                                  "relaysim: .*/parts/steps.scn:2: the line goes on .*\n$")
        for text, wanted in (
                (b"include ../main.scn\n", "files include each other in a circle: .*/main.scn "
                 "includes .*/parts/all.scn includes .*/parts/steps.scn includes "
                 ".*/parts/../main.scn\n"),
                (b"include all.scn\n", "files include each other in a circle: .*/main.scn includes "
                 ".*/parts/all.scn includes .*/parts/steps.scn includes .*/parts/all.scn\n"),
                (b"include nowhere\n", "cannot read .*/parts/nowhere: No such file or directory; nor "
                 "is it one of relaysim scenario --list\n"),
                (b"include .\n", ".*/parts/. is a folder"),
                (b"include /dev/zero\n", "a scenario has at most 256 KiB")):
            with self.subTest(text):
                self.file("parts/steps.scn", text)
                result = play(main)
                self.check(result, 2, "^relaysim: .*" + wanted)
                self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)

    def test_repetition(self):
        """What fails in one says in which file and line, and is shown as it was done."""
        self.check(play(self.story((8, "repeat 3 as i\nA sends M{i} on s\nend"),
                                   (9, "repeat 3 as i\nexpect B received M{i}\nend"),
                                   (10, "repeat 3 as i\nB completes M{i}\nend"),
                                   (11, "expect A acknowledged M1 M2 M3"))))
        result = play(self.story((12, "repeat 2 as i\nA closes s # {i}\nend")))
        self.check(result, 1, "^relaysim: [^\n]*/story.scn:13: \"A closes s # {i}\" cannot be done")
        self.check(play(self.story((12, "repeat 1000000000 as i\nwait 1s\nend"))), 2,
                   "^relaysim: .*:12: how often is a number from 1 to 10000, not \"1000000000\"\n$")

    def test_several(self):
        """One after the other into one capture and one truth file, also after a failure."""
        capture, truth = self.path("several.pcapng"), self.path("several.json")
        result = play("4.2.1-device-to-device", self.story((13, None)),
                      "4.3.2-interleaved.scn", "-w", capture, "--truth", truth)
        self.check(result, 1, "which nothing expects")
        self.assertEqual([line.split()[-1] for line in result.stdout.splitlines()],
                         ["done", "FAILED", "done"])
        with open(truth, encoding="utf-8") as file:
            streams = {json.loads(line)["stream"] for line in file}
        self.assertEqual(streams, {0, 1, 2})

    def test_faults_in_the_truth_file(self):
        """What was meant to go wrong, and what did on purpose."""
        truth = self.path("faults.json")
        for name, *wanted in (("3.1.7-connection-dropped", ("plan", "drop; seed 9"),
                               ("reset", "the connection is reset")),
                              ("3.1.5-violations",) + 3 * (
                                  ("bytes", "bytes are sent that the endpoint knows nothing of"),)):
            with self.subTest(name):
                self.check(play(name, "--truth", truth, "--seed", "9"))
                with open(truth, encoding="utf-8") as file:
                    events = [json.loads(line) for line in file]
                self.assertEqual([(event["fault"], event["text"]) for event in events
                                  if event["event"] == "fault"], list(wanted))

    def test_manual(self):
        """relaysim-scenario(5) names every word of the language, and its story is true."""
        with open(os.path.join(FOLDER, "..", "..", "man", "relaysim-scenario.5"), encoding="utf-8") as file:
            manual = file.read().replace("\\-", "-")
        self.assertGreater(len(WORDS), 80)
        text = re.sub(r"\\f[BIRP]|\\~", " ", manual)
        self.assertEqual([word for word in WORDS
                          if not re.search(r"(?<![\w-])%s(?![\w-])" % word, text)], [])
        story = re.search(r"\.nf\n\.RS\n(.*?)\.RE\n", manual, re.DOTALL).group(1)
        self.check(play(self.file("manual.scn", story.encode())))
        begin, end = story.split("A sends", 1)
        repetition = re.findall(r"\.nf\n\.RS\n(repeat.*?)\.RE\n", manual, re.DOTALL)[0]
        self.check(play(self.file("repetition.scn", (
            begin.replace("A opens s1 to B\nexpect s1 ready\n", "") + repetition +
            "repeat 3 as i\nrepeat 5 as j\nexpect B received M{i}-{j}\n"
            "expect A acknowledged M{i}-{j}\nend\nend\n").encode())))
        self.assertTrue(end)

    def test_a_drop_depends_on_the_seed(self):
        """Where a connection is reset is the seed's to say."""
        lengths = set()
        for seed in range(4):
            truth = self.path("drop.pcapng")
            self.check(play("3.1.7-connection-dropped", "--seed", str(seed), "-w", truth))
            lengths.add(os.path.getsize(truth))
        self.assertGreater(len(lengths), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
