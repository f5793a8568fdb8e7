#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The scenario command: what it reads, prints and refuses.

Usage: scenario_command.py RELAYSIM FOLDER
"""
import glob
import json
import os
import re
import shutil
import subprocess
import unittest

from played import FOLDER, Played, RELAYSIM, play
from patience import PATIENCE


def words_of_the_language():
    """The first column of the parser's tables."""
    words = set()
    for path in glob.glob(os.path.join(FOLDER, "..", "*.c")):
        with open(path, encoding="utf-8") as file:
            words.update(re.findall(r'^ +\{"([a-z-]+)",', file.read(), re.MULTILINE))
    return sorted(words)


WORDS = words_of_the_language()


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
            ((12, "A loses-its-POST"), (13, None), ":12: A has no TCP connection for POST of its "
             "own: only KeepAlive can do without for a while"),
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
            (["/dev/zero"], "/dev/zero:1: a scenario has at most 8 MiB"),
            ([self.file("program", b"\x7fELF\x02\x01\n\0\0>\0")],
             ".*/program:2: there is a zero byte in the line: this is no text; "),
            ([self.file("latin", "title S\u00e4nger\nwait 1s\n".encode("latin-1"))],
             ".*/latin:1: the line is not in UTF-8"),
            ([self.file("utf16", "title T\nwait 1s\n".encode("utf-16"))],
             ".*/utf16:1: the line is not in UTF-8"),
            ([self.file("huge.scn", b"# much\n" * 1200000)],
             ".*/huge.scn:1: a scenario has at most 8 MiB"),
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
        who = {}
        if os.geteuid() == 0:  # nobody may not be let into the folder of the program
            who = {"user": 65534, "group": 65534, "program": shutil.copy(RELAYSIM, self.folder)}
        self.check(play(path, **who), 2, "^relaysim: cannot read .*secret.scn: Permission denied\n$")

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
                (b"include /dev/zero\n", "a scenario has at most 8 MiB")):
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
                   "^relaysim: .*:12: how often is a number from 1 to 200000, not \"1000000000\"\n$")

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
    unittest.main()
