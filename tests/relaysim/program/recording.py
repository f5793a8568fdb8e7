#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures and truth files of running programs: readers that stop, disks that fill, clocks that
jump, files that are moved away, and standard output.

Usage: recording.py RELAYSIM CLOCK_SHIM
"""
import json
import os
import pty
import resource
import select
import shutil
import signal
import subprocess
import sys
import time
import unittest

import live
from live import BOB, RELAYSIM, URL
from recorded import Capture, Reader, Recorded, RecordingTest
import truth_file
from clock_shim import ClockShim
from patience import PATIENCE
from raw import sstp

SHIM = sys.argv.pop(1)


class Fifo(RecordingTest):
    def test_reader_stops(self):
        """Everybody is served; whole packets and lines are dropped, and it is said where."""
        capture, truth = self.fifo("capture"), self.fifo("truth")
        readers = [os.open(path, os.O_RDONLY | os.O_NONBLOCK) for path in (capture, truth)]
        with Recorded(self, "-w", capture, "--truth", truth) as relay:
            self.check(relay.client("--to", BOB, "--size", "1000000", "--messages", "50"), 0, "^$")
            self.check(relay.receive(50), 0, "^$")
            relay.stderr.await_line("capture %s is not written as fast as packets come" % capture)
            relay.stderr.await_line("truth file %s is not written as fast as lines" % truth)
            for reader in readers:
                os.set_blocking(reader, True)
            captured, told = (Reader(os.fdopen(reader, "rb")) for reader in readers)
            # There is room again, as soon as somebody asks for it.
            end = time.monotonic() + PATIENCE
            while b"the capture %s goes on" % capture.encode() not in relay.stderr.data or \
                    b"the truth file %s goes on" % truth.encode() not in relay.stderr.data:
                self.assertLess(time.monotonic(), end, relay.stderr.data)
                self.exchange(relay)
            self.assertEqual(relay.stop(), 1)
        found = Capture(captured.all())
        frames, dropped = found.statistics
        self.assertGreater(dropped, 0)
        self.assertEqual((len(found.times), found.said), (frames - dropped, dropped))
        self.assertEqual(found.comments, ["packets dropped before this one: %d" % dropped])
        events = [json.loads(line) for line in told.all().splitlines()]
        self.assertEqual(len([event for event in events if event["event"] == "lines-dropped"]), 1)
        self.assertIn(b"lacks %d of its packets" % dropped, relay.stderr.data)

    def test_reader_comes_late(self):
        capture = self.fifo("capture")
        with Recorded(self, "-w", capture) as relay:
            self.exchange(relay)
            with open(capture, "rb") as file:
                reader = Reader(file)
                self.assertEqual(relay.stop(), 0)
                found = Capture(reader.all())
        self.assertEqual(found.statistics, (len(found.times), 0))

    def test_reader_goes_away(self):
        """The next one gets a whole capture, too."""
        capture = self.fifo("capture")
        with Recorded(self, "-w", capture) as relay:
            with open(capture, "rb") as file:
                file.read(1)
            for _ in range(2):  # it is noticed with a packet
                self.exchange(relay)
            relay.stderr.await_line("the reader of the capture %s has gone away" % capture)
            with open(capture, "rb") as file:
                reader = Reader(file)
                self.exchange(relay)
                relay.stop()
                self.assertGreater(len(Capture(reader.all()).times), 20)


    def test_who_serves_nobody_waits(self):
        """The tour is over, and its reader has still to come."""
        capture = self.fifo("capture")
        demo = self.start([RELAYSIM, "demo", "-w", capture])
        Reader(demo.stdout).await_line("a relay that rests .* done")
        with self.assertRaises(subprocess.TimeoutExpired):
            demo.wait(4)  # longer than one who serves would
        with open(capture, "rb") as file:
            found = Capture(Reader(file).all())
        self.assertEqual(demo.wait(PATIENCE), 0)
        demo.stderr.close()
        self.assertGreater(len(found.times), 500)
        self.assertEqual(found.statistics, (len(found.times), 0))


class Full(RecordingTest):
    def limit(self, process, length):
        hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (length, hard))

    def test_room_again(self):
        """It is told at once, and nothing is missing when there is room in time."""
        capture, truth = self.path("capture"), self.path("truth")
        with Recorded(self, "-w", capture, "--truth", truth) as relay:
            self.limit(relay.process, 10001)
            self.check(relay.client("--to", BOB, "--size", "1000", "--messages", "20"), 0, "^$")
            relay.stderr.await_line("the capture %s cannot be written: File too large" % capture)
            self.check(relay.receive(20), 0, "^$")
            relay.stderr.await_line("the truth file %s cannot be written: File too la" % truth)
            self.limit(relay.process, resource.RLIM_INFINITY)
            relay.stderr.await_line("the capture %s is written again" % capture)
            relay.stderr.await_line("the truth file %s is written again" % truth)
            self.exchange(relay)
            self.assertEqual(relay.stop(), 0)
        found = Capture(self.read("capture"))
        self.assertEqual(found.statistics, (len(found.times), 0))
        self.check_capture(capture)
        events = [json.loads(line) for line in self.read("truth").splitlines()]
        self.assertEqual(len([event for event in events
                              if event["event"] == "message-delivered"]), 21)

    def test_full_to_the_end(self):
        """Whole packets and lines, and an exit code that says that some are missing."""
        capture, truth = self.path("capture"), self.path("truth")
        with Recorded(self, "-w", capture, "--truth", truth) as relay:
            self.limit(relay.process, 10001)
            self.check(relay.client("--to", BOB, "--size", "1000", "--messages", "20"), 0, "^$")
            relay.stderr.await_line("the capture %s cannot be written: File too large" % capture)
            self.check(relay.receive(20), 0, "^$")
            self.assertEqual(relay.stop(), 1)
        self.assertGreater(len(Capture(self.read("capture")).times), 3)
        self.assertTrue(self.read("truth").endswith(b"}\n"))
        relay.stderr.await_line(r"the capture %s lacks \d+ of its packets" % capture)
        relay.stderr.await_line(r"the truth file %s lacks \d+ of its lines" % truth)
        # Part of a record, which has room until it is taken back, is nothing written.
        self.assertNotIn(b"is written again", relay.stderr.all())


class StandardOutput(RecordingTest):
    def run_bytes(self, *arguments, **options_):
        return subprocess.run([RELAYSIM, *arguments], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=PATIENCE, check=False, **options_)

    def test_results_give_way(self):
        """A capture or truth on stdout is nothing else; the results are on stderr."""
        rows = [
            (["demo"], b" 1  device to device"),
            (["scenario", "4.3.1-two-sessions"], b"4.3.1-two-sessions +done"),
            (["bench", "--messages", "50"], b"50 messages of 1024 bytes"),
            (["bench", "--messages", "50", "--json"], b'{"mode"'),
        ]
        for arguments, result in rows:
            for to_stdout in (["-w", "-"], ["--truth=-"], ["--write", "/dev/stdout"]):
                with self.subTest(arguments=arguments + to_stdout):
                    done = self.run_bytes(*arguments, *to_stdout)
                    self.assertEqual(done.returncode, 0, done.stderr)
                    self.assertRegex(done.stderr, result)
                    if to_stdout[0] == "--truth=-":
                        events = [json.loads(line) for line in done.stdout.splitlines()]
                        self.assertGreater(len(events), 10)
                    else:
                        self.assertGreater(len(Capture(done.stdout).times), 10)

    def test_tshark_reads_it(self):
        with self.start([RELAYSIM, "demo", "-w", "-"], stderr=subprocess.DEVNULL) as demo:
            shown = subprocess.run(live.as_nobody() + ["tshark", "-r", "-"], stdin=demo.stdout,
                                   capture_output=True, text=True, check=True, timeout=PATIENCE,
                                   env={**os.environ, "HOME": self.folder})
        self.assertGreater(len(shown.stdout.splitlines()), 500)

    def test_relay_and_client(self):
        """The ready line, counters and messages."""
        with Recorded(self, "-w", "-", results="stderr") as relay:
            self.check(relay.client("--to", BOB, "--message", "Hello"), 0, "^$")
            received = relay.receive(1, "--truth", "-")
            self.assertEqual(received.returncode, 0)
            self.assertEqual(json.loads(received.stderr)["text"], "Hello")
            self.assertIn('"message-delivered"', received.stdout)
            self.assertEqual(relay.stop(), 0)
        self.assertGreater(len(Capture(relay.stdout.all()).times), 20)
        self.assertRegex(relay.stderr.data, rb'"connections":2,')

    def test_full_to_the_end(self):
        """A file that standard output goes to ends as any other, and keeps what was in it."""
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (30001, resource.RLIM_INFINITY))
        for option, mode, before in (("-w", "wb", b""), ("--truth", "wb", b""),
                                     ("--truth", "ab", b'{"t": 0}\n')):
            with self.subTest(option=option, mode=mode):
                with open(self.path("recorded"), "wb") as file:
                    file.write(before)
                with open(self.path("recorded"), mode) as file:
                    done = subprocess.run([RELAYSIM, "demo", option, "-"], stdout=file,
                                          stderr=subprocess.PIPE, timeout=PATIENCE, check=False,
                                          preexec_fn=limit)
                self.assertEqual(done.returncode, 1)
                self.assertIn(b"cannot be written: File too large", done.stderr)
                data = self.read("recorded")
                self.assertEqual(data[:len(before)], before)
                if option == "-w":
                    self.assertGreater(len(Capture(data).times), 10)
                else:
                    self.assertEqual(data[-1:], b"\n")
                    self.assertGreater(len([json.loads(line) for line in data.splitlines()]), 10)

    def test_reader_goes_away(self):
        """The relay serves on, and says so."""
        with Recorded(self, "-w", "-", results="stderr") as relay:
            relay.process.stdout.raw.close()
            for _ in range(2):
                self.exchange(relay)
            relay.stderr.await_line("the reader of the capture on standard output has gone away")
            self.exchange(relay)
            self.assertEqual(relay.stop(), 1)
            relay.stderr.await_line("the capture on standard output lacks")

    def test_refused(self):
        for arguments in (["demo"], ["relay", "--url", URL], ["bench"],
                          ["scenario", "4.3.1-two-sessions"]):
            result = live.run(*arguments, "-w", "-", "--truth", "-")
            self.check(result, 2, "both want standard output")
            self.assertEqual(result.stdout, "")
        main, side = pty.openpty()
        with os.fdopen(main, "rb", closefd=True), os.fdopen(side, "wb") as terminal:
            result = subprocess.run([RELAYSIM, "demo", "-w", "-"], stdout=terminal, text=True,
                                    stderr=subprocess.PIPE, timeout=PATIENCE, check=False)
            self.check(result, 2, "standard output is a terminal")
            self.assertEqual(select.select([main], [], [], 0)[0], [])

    def test_refused_before_anything_is_written(self):
        """What was there is there still, and nothing new."""
        with open(self.path("capture"), "w", encoding="ascii") as file:
            file.write("what was there")
        rows = [["--truth", "/nonexistent/truth"], ["--store", "/nonexistent/store"]]
        for row in rows:
            self.check(live.run("relay", "--url", URL, "--listen", "127.0.0.1:0", "-w",
                                self.path("capture"), *row), 2, "nonexistent")
            self.check(live.run("relay", "--url", URL, "--listen", "127.0.0.1:0", "-w",
                                self.path("new"), *row), 2, "nonexistent")
        self.assertEqual(self.read("capture"), b"what was there")
        self.assertFalse(os.path.exists(self.path("new")))


class Bench(RecordingTest):
    def test_captures_its_own_sockets(self):
        capture, truth = self.path("capture"), self.path("truth")
        done = live.run("bench", "--messages", "20", "--fanout", "2", "-w", capture, "--truth",
                        truth)
        self.check(done, 0, "^$")
        self.check_capture(capture)
        self.check_judged_clean(capture)
        self.assertEqual(len({stream for stream, _ in self.streams(capture)}), 3)
        events = truth_file.Truth(truth)
        self.assertEqual(len(events.of("message-sent")), 20)
        self.assertEqual(len(events.of("message-delivered")), 40)


class Clock(RecordingTest):
    def test_jumps(self):
        """Hours ahead and back: all in order, with the time that has passed."""
        capture, truth = self.path("capture"), self.path("truth")
        clock = ClockShim(SHIM, self.folder)
        begin = time.time()
        with Recorded(self, "-w", capture, "--truth", truth, env=clock.environment()) as relay:
            for seconds in (0, 7200, -7200):
                clock.set(seconds)
                self.exchange(relay)
            self.assertEqual(relay.stop(), 0)
        end = time.time()
        told = [json.loads(line)["t"] for line in self.read("truth").splitlines()]
        for times in (Capture(self.read("capture")).times, told):
            self.assertGreater(len(times), 60)
            self.assertEqual(times, sorted(times))
            self.assertGreaterEqual(times[0], begin - 1)
            self.assertLessEqual(times[-1], end + 1)
            # Three exchanges, and not all in the same moment.
            self.assertGreater(len(set(times)), 30)


class Hangup(RecordingTest):
    def move(self, process, *paths):
        """As logrotate does, to names that end like `.1`."""
        for path, moved in paths:
            os.rename(path, moved)
        process.send_signal(signal.SIGHUP)
        for path, _ in paths:
            self.await_true(lambda path=path: os.path.exists(path), path)

    def compare(self, capture, truth):
        """The truth has the numbers that the capture has; where there is a plugin."""
        if "GRVSSTP_BUILD_DIR" not in os.environ:
            return
        import tshark  # pylint: disable=import-outside-toplevel
        with tshark.Wireshark() as wireshark:
            path = wireshark.path("capture.pcapng")
            shutil.copyfile(capture, path)
            os.chmod(path, 0o644)
            shown = truth_file.Shown(wireshark, path).streams()
        told = truth_file.Truth(truth)
        self.assertEqual(sorted(shown), sorted(told.ends()))
        for stream, commands in shown.items():
            end = next(iter(told.ends()[stream]))
            self.assertEqual([command["command"] for command in
                              told.of("command", stream=stream, **{"from": end})],
                             [sstp.NAMES[command.id] for command in commands
                              if command.side == end])

    def check_all(self, captures, truths, number):
        """Each is whole, and nothing is lost between them."""
        self.assertEqual(sum(len(truth_file.Truth(truth).of("message-delivered"))
                             for truth in truths), number)
        for capture, truth in zip(captures, truths):
            self.check_capture(capture)
            self.assertEqual(Capture(self.read(capture)).statistics[1], 0)
            self.compare(capture, truth)

    def receiver(self, relay, *arguments, **started):
        receiver = self.start(relay.client_arguments("--identity", BOB, "--receive", "-v",
                                                     *arguments, device="dpp:///bob"), **started)
        lines, log = Reader(receiver.stdout), Reader(receiver.stderr)
        log.await_line("ready")
        return receiver, lines

    def play(self, relay, lines, process, capture, truth):
        """Messages, and the files of who records them moved away between them."""
        moved = ["", ""]
        for number in range(1, 4):
            for i in range(3):
                text = "%d-%d" % (number, i)
                self.check(relay.client("--to", BOB, "--message", text), 0, "^$")
                lines.await_line('"text":"%s"' % text)
            if number < 3:
                moved[number - 1] = ".%d" % number
                self.move(process, (capture, capture + moved[number - 1]),
                          (truth, truth + moved[number - 1]))
        return [[path + end for end in (*moved, "")] for path in (capture, truth)]

    def test_client_of_nohup(self):
        """Files are opened anew for it, too."""
        capture = self.path("capture")
        with Recorded(self) as relay:
            receiver, _ = self.receiver(
                relay, "-w", capture,
                preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
            self.move(receiver, (capture, capture + ".1"))

    def test_client(self):
        capture, truth = self.path("capture"), self.path("truth")
        with Recorded(self) as relay:
            receiver, lines = self.receiver(relay, "-w", capture, "--truth", truth)
            captures, truths = self.play(relay, lines, receiver, capture, truth)
            receiver.send_signal(signal.SIGTERM)
            self.assertEqual(receiver.wait(PATIENCE), 0)
        self.check_all(captures, truths, 9)

    def test_relay(self):
        capture, truth = self.path("capture"), self.path("truth")
        with Recorded(self, "-w", capture, "--truth", truth) as relay:
            _, lines = self.receiver(relay)
            captures, truths = self.play(relay, lines, relay.process, capture, truth)
            self.assertEqual(relay.stop(), 0)
        self.check_all(captures, truths, 9)

    def test_client_without_files_ends(self):
        with Recorded(self) as relay:
            receiver, _ = self.receiver(relay)
            receiver.send_signal(signal.SIGHUP)
            self.assertEqual(receiver.wait(PATIENCE), 0)
            self.assertEqual(relay.stop(), 0)


if __name__ == "__main__":
    unittest.main()
