#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Files that a command line names: an output that is also another file of it is refused, by
whatever spelling, and a command line that is refused leaves every file as it was.

Usage: named_files.py RELAYSIM
"""
import hashlib
import itertools
import os
import resource
import shutil
import signal
import subprocess
import time
import unittest

import live  # takes RELAYSIM off the command line
from patience import PATIENCE

RELAYSIM = os.path.abspath(live.RELAYSIM)
RELAY = ["relay", "--url", live.URL, "--listen", "127.0.0.1:0"]
CLIENT = ["client", "--relay", "127.0.0.1:1", "--relay-url", live.URL, "--device", "dpp:///a",
          "--to", live.BOB]
STORY = "title Nothing happens\ndevice Device1\nwait 1ms\n"

with open(RELAYSIM, "rb") as program:
    IS_SANITIZED = b"__asan_init" in program.read()


def limit_memory():
    """To what is many times the longest input.  (A sanitizer needs more than all.)"""
    if not IS_SANITIZED:
        resource.setrlimit(resource.RLIMIT_DATA, (1 << 28, 1 << 28))


class NamedFiles(live.LiveTest):
    def setUp(self):
        super().setUp()
        self.home = self.path("home")
        self.make_home()

    def make_home(self):
        """Links to files that are there, and to some that are not."""
        shutil.rmtree(self.home, ignore_errors=True)
        os.makedirs(os.path.join(self.home, "folder"))
        for name in ("one", "one-wal"):
            with open(os.path.join(self.home, name), "w", encoding="ascii") as file:
                file.write(STORY)
            os.link(os.path.join(self.home, name), os.path.join(self.home, name + ".hard"))
        for target, link in (("one", "one.link"), ("folder/back", "one.far"),
                             ("../one.link", "folder/back"), ("new", "new.link"),
                             ("new.link", "new.far"), ("folder", "door"), ("one-wal", "one-wal.link")):
            os.symlink(target, os.path.join(self.home, link))

    def state(self):
        """Every file by its name, with its contents; links as they are."""
        state = {}
        for folder, _, names in os.walk(self.home):
            for name in names:
                path = os.path.join(folder, name)
                if os.path.islink(path):
                    state[path] = os.readlink(path)
                else:
                    with open(path, "rb") as file:
                        state[path] = hashlib.sha256(file.read()).hexdigest()
        return state

    def check_refused(self, arguments, sentence="", **options):
        """Exit code 2 and a sentence, and nothing has changed."""
        with self.subTest(arguments=arguments):
            before = self.state()
            result = subprocess.run([RELAYSIM, *arguments], cwd=self.home, timeout=PATIENCE,
                                    stderr=subprocess.PIPE, check=False,
                                    **{"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL,
                                       **options})
            stderr = result.stderr.decode()
            self.assertEqual(self.state(), before, stderr)
            self.assertEqual(result.returncode, 2, stderr)
            self.assertEqual(stderr.count("\n"), 1, stderr)
            self.assertRegex(stderr, sentence)

    def check_pairs(self, command, inputs, outputs, stores=()):
        """Every two options, of which one is written, by every two spellings of one file."""
        spellings = {
            "one": ["one", "./one", "door/../one", os.path.join(self.home, "one"), "one.link",
                    "one.far", "one.hard", "folder/back"],
            "new": ["new", "folder/../new", "new.link", "new.far", os.path.join(self.home, "new")]}
        for first, second in itertools.combinations([*inputs, *outputs, *stores], 2):
            if first in inputs and second in inputs:
                continue
            for name, names in spellings.items():
                if name == "new" and first in inputs:
                    continue  # what is not there cannot be read
                # Each with the first and the second spelling, and the first with each.
                for one, two in {*((n, names[0]) for n in names), *((names[0], n) for n in names)}:
                    self.check_refused([*command, *self.option(first, one),
                                        *self.option(second, two)], "are the same file")

    @staticmethod
    def option(name, value):
        return [name, value] if name else [value]

    def test_relay(self):
        self.check_pairs(RELAY, [], ["-w", "--truth"], ["--store"])

    def test_client(self):
        self.check_pairs(CLIENT, ["--file"], ["-w", "--truth"])

    def test_demo(self):
        self.check_pairs(["demo"], [], ["-w", "--truth"])

    def test_bench(self):
        self.check_pairs(["bench"], [], ["-w", "--truth"], ["--store"])

    def test_scenario(self):
        self.check_pairs(["scenario"], [""], ["-w", "--truth"])

    def test_beside_the_store(self):
        """What SQLite keeps beside it, as long as it is in use."""
        for option, suffix in itertools.product(("-w", "--truth"), ("wal", "shm", "journal")):
            for store, name in (("one", "one-"), ("one.link", "one-"), ("one.far", "./one-"),
                                ("new", "new-"), ("new.far", "door/../new-")):
                self.check_refused([*RELAY, "--store", store, option, name + suffix],
                                   f"would destroy the {suffix} of --store")
        self.check_refused([*RELAY, "--store", "one", "-w", "one-wal.hard"], "destroy the wal")
        self.check_refused([*RELAY, "--store", "one", "-w", "one-wal.link"], "destroy the wal")

    def test_standard_streams(self):
        with open(os.path.join(self.home, "one"), "r+b") as file:
            for command, option in ((CLIENT, "--file"), (RELAY, "--store")):
                for name in ("-", "/dev/stdout", "/dev/fd/1"):
                    self.check_refused([*command, option, "one.link", "-w", name],
                                       "are the same file", stdout=file)
            for name in ("-", "/dev/stdin"):
                self.check_refused([*CLIENT, "--file", name, "--truth", "one.hard"],
                                   "are the same file", stdin=file)
            for option in ("-w", "--truth"):
                self.check_refused([*CLIENT, "--lines", option, "one.far"], "the same file",
                                   stdin=file)
            # The log would go over what is written there.
            self.assertEqual(subprocess.run([RELAYSIM, "demo", "-w", "one"], cwd=self.home,
                                            stdout=subprocess.DEVNULL, stderr=file,
                                            timeout=PATIENCE,
                                            check=False).returncode, 2)

    def test_what_may_be_shared(self):
        """Devices; and different files with names that look alike."""
        for arguments in (["demo", "-w", "/dev/null", "--truth", "/dev/null"],
                          ["demo", "-w", "one.pcapng", "--truth", "One.pcapng"],
                          ["demo", "-w", "folder/new", "--truth", "new"],
                          ["scenario", "one", "one.link", "-w", "/dev/null"],
                          ["scenario", "one", "-w", "one-wal.new", "--truth", "new"]):
            with self.subTest(arguments=arguments):
                self.make_home()
                result = subprocess.run([RELAYSIM, *arguments], cwd=self.home, timeout=PATIENCE,
                                        capture_output=True, check=False)
                self.assertEqual(result.returncode, 0, result.stderr)

    def test_includes(self):
        for name, text in (("story.scn", "title Nothing happens\ninclude door/../steps\n"),
                           ("steps", "device Device1\nwait 1ms\n")):
            with open(os.path.join(self.home, name), "w", encoding="ascii") as file:
                file.write(text)
        os.link(os.path.join(self.home, "steps"), os.path.join(self.home, "steps.hard"))
        self.check_refused(["scenario", "story.scn", "-w", "steps.hard"], "are the same file")

    def test_store(self):
        for option in ("--export", "--backup"):
            for name in ("one", "one.hard", "one-wal", "one-shm", "one-wal.link"):
                self.check_refused(["store", "one.far", option, name],
                                   "are the same file|would destroy")
        self.check_refused(["store", "one", "--export", "new", "--backup", "new.far"],
                           "are the same file|one at a time|not a store")

    def test_config(self):
        """A file of options is an input, too, and its options name files as any others do."""
        config = os.path.join(self.home, "config")
        for line, arguments, sentence in (
                ("", ["-w", "config"], "are the same file"),
                ("", ["--log", "door/../config"], "are the same file"),
                ("truth = ./config", [], "are the same file"),
                ("store = one", ["-w", "one.hard"], "are the same file"),
                ("write = new.far", ["--truth", "new"], "are the same file"),
                ("write = one-wal\nstore = one.link", [], "destroy the wal")):
            with open(config, "w", encoding="ascii") as file:
                file.write(line + "\n")
            self.check_refused([*RELAY, "--config", "config", *arguments], sentence)

    def test_special_inputs(self):
        """What has no end, or nothing to read: a sentence, and no memory taken."""
        for command, limit in ((CLIENT + ["--file"], "16 MiB"), (["scenario"], "at most 8 MiB"),
                               (RELAY + ["--config"], "1 MiB")):
            for name in ("/dev/zero", "folder"):
                self.check_refused([*command, name],
                                   limit if name == "/dev/zero" else "directory|folder",
                                   preexec_fn=limit_memory)
        for name, options in (("-", {"stdin": open("/dev/zero", "rb")}),
                              ("/dev/stdin", {"stdin": open("/dev/zero", "rb")})):
            with options["stdin"]:
                self.check_refused([*CLIENT, "--file", name], "16 MiB", **options)
        # A FIFO is read to its end, and not beyond the limit.
        fifo = os.path.join(self.folder, "fifo")
        os.mkfifo(fifo)
        with subprocess.Popen(["sh", "-c", "exec cat /dev/zero > fifo"], cwd=self.folder,
                              stderr=subprocess.DEVNULL) as writer:
            self.check_refused([*CLIENT, "--file", fifo], "16 MiB")
            writer.wait(PATIENCE)

    def test_log(self):
        """It is appended to what is there, but not to what is something else."""
        for other in ("-w", "--truth", "--store"):
            self.check_refused([*RELAY, "--log", "one.link", other, "one.hard"],
                               "are the same file")
        self.check_refused([*RELAY, "--log", "new-wal", "--store", "new.far"], "destroy the wal")

    def test_other_mistakes(self):
        """Whatever a command line is refused for, and however late that is found."""
        outputs = ["-w", "one", "--truth", "one-wal.link"]
        for arguments, sentence in (
                (RELAY + ["--auth", "maybe"], "--auth"),
                (RELAY + ["word"], "takes no argument"),
                (RELAY + ["--nonsense"], "--nonsense"),
                (RELAY[:3] + ["--listen", "nowhere"], "is not an address"),
                (RELAY + ["--listen", "127.0.0.1:99999"], "is not an address"),
                (RELAY + ["--peer", "x"], "--peer is"),
                (RELAY[:1], "--url is needed"),
                (RELAY + ["--store", "/nowhere/x"], "cannot be opened"),
                (RELAY + ["--store", "folder"], "cannot be opened: Is a directory"),
                (RELAY + ["--store", "one.capture"], "not a store"),
                (CLIENT, "nothing to do"),
                (CLIENT + ["--message", "x", "--file", "folder"], "exclude each other"),
                (CLIENT + ["--file", "/nowhere/x"], "cannot read|Failed to open"),
                (CLIENT + ["--file", "folder"], "directory"),
                (CLIENT + ["--message", "x", "--to", "nobody"], "--to is"),
                (["client", "--relay", "nowhere", *CLIENT[3:], "--message", "x"], "not an address"),
                (["client", "--listen", "nowhere", "--device", "dpp:///a", "--receive"],
                 "not an address"),
                (["demo", "word"], "takes no argument"),
                (["scenario", "/nowhere/x.scn"], "cannot read"),
                (["scenario", "one.capture"], "this is no text"),
                (["scenario", "4.3.1-two-sessions", "/nowhere/x.scn"], "cannot read"),
                (["scenario", "4.3.1-two-sessions", "--fault", "x"], "--fault"),
                (["scenario"], "is needed")):
            for name in ("one.capture", "one.capture-wal"):
                with open(os.path.join(self.home, name), "wb") as file:
                    file.write(b"\x0a\x0d\x0d\x0a" + bytes(range(256)) * 40)
            self.check_refused([*arguments, *outputs], sentence)
            self.check_refused([*arguments, "-w", "new.link", "--truth", "newer"], sentence)
        # One of two outputs cannot be written: the other is as it was.
        for command in (RELAY, CLIENT + ["--message", "x"], ["demo"], ["scenario", "one"]):
            for bad in ("/nowhere/x", "folder"):
                self.check_refused([*command, "-w", "one-wal", "--truth", bad], "cannot write")
                self.check_refused([*command, "--truth", "newer", "-w", bad], "cannot write")

    def test_started_twice(self):
        """A second relay for the same address or store leaves the files of the first alone."""
        first = live.Relay("-w", os.path.join(self.home, "one"), "--store",
                           os.path.join(self.home, "new"), "--truth",
                           os.path.join(self.home, "newer"))
        first.lives_as_long_as(self)
        # What the first has written so far stays, and in the same file.
        with open(os.path.join(self.home, "one"), "rb") as capture:
            deadline, before = time.monotonic() + PATIENCE, b""
            while not before.startswith(b"\x0a\x0d\x0d\x0a"):
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.02)
                capture.seek(0)
                before = capture.read()
            for arguments, code in (
                    (RELAY[:3] + ["--listen", first.address, "-w", "one", "--truth", "newer"], 1),
                    (RELAY + ["--store", "new", "-w", "one", "--truth", "newer"], 2)):
                result = subprocess.run([RELAYSIM, *arguments], cwd=self.home, timeout=PATIENCE,
                                        capture_output=True, check=False)
                self.assertEqual(result.returncode, code, result.stderr)
                capture.seek(0)
                self.assertEqual(capture.read()[:len(before)], before)
                self.assertEqual(os.stat(capture.name).st_ino, os.fstat(capture.fileno()).st_ino)
        self.assertEqual(first.stop(signal.SIGTERM), 0)


if __name__ == "__main__":
    unittest.main()
