# SPDX-License-Identifier: GPL-2.0-or-later
"""A capture that is still being written: each frame's commands are there as soon as
the frame is, though the 2 GB of a LongLived body are far from complete."""

import os
import select
import subprocess
import time

from encap_harness import EncapTest, chunks_of, main, stories
import henc_encoder as henc
import tshark
from capture import Capture, write_pcap
from henc_encoder import Place

SHORT = stories.short_conversation()
PATIENCE = 150  # seconds


class Live:
    """tshark reading from a pipe that stays open; one line a frame."""

    def __init__(self, ws, *fields):
        selection = [part for field in fields for part in ("-e", field)]
        command = tshark.drop_privileges() + [
            tshark.TSHARK, "-n", "-l", "-r", "-", "-T", "fields"] + selection
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, env=ws.env, cwd=ws.folder)
        self.pending = b""

    def write(self, octets):
        self.process.stdin.write(octets)
        self.process.stdin.flush()

    def line(self, patience=PATIENCE):
        """The next line; None when none comes in time."""
        end = time.monotonic() + patience
        while b"\n" not in self.pending:
            ready = select.select([self.process.stdout], [], [], max(0, end - time.monotonic()))[0]
            if not ready:
                return None
            more = os.read(self.process.stdout.fileno(), 65536)
            if not more:
                return None
            self.pending += more
        line, self.pending = self.pending.split(b"\n", 1)
        return line.decode()

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(timeout=PATIENCE)


def records(frames):
    """The file header, and each frame's record."""
    class Sink:
        def __init__(self):
            self.parts = []

        def write(self, octets):
            self.parts.append(octets)
    sink = Sink()
    write_pcap(sink, frames)
    return sink.parts


class Growing(EncapTest):
    def follow(self, capture):
        """What each frame shows while nothing after it has been written yet."""
        header, *frames = records(capture.frames)
        live = Live(self.ws, "frame.number", "sstp.command")
        shown = []
        try:
            live.write(header)
            for number, record in enumerate(frames, 1):
                live.write(record)
                line = live.line()
                self.assertIsNotNone(line, "frame %d is not shown before the next comes" % number)
                self.assertEqual(line.split("\t")[0], str(number))
                shown.append([part for part in line.split("\t")[1].split(",") if part])
        finally:
            live.close()
        return shown

    def expected(self, capture, carrier):
        """Which commands end in which frame."""
        position, ends = {True: 0, False: 0}, {True: {}, False: {}}
        total = {True: 0, False: 0}
        for side, command in SHORT:
            total[side] += len(command.data)
            ends[side][total[side]] = "0x%02x" % command.data[0]
        wanted = [[] for _ in capture.frames]
        for sent in carrier.messages("data"):
            for frame in sent.frames:
                begin = position[sent.from_client]
                position[sent.from_client] += len(frame.payload)
                wanted[capture.number(frame) - 1] = [
                    name for at, name in sorted(ends[sent.from_client].items())
                    if begin < at <= position[sent.from_client]]
        self.assertEqual(position, total)
        return wanted

    def test_longlived(self):
        for label, ways in (("direct", {}), ("proxy", dict(port=8080, proxy=True))):
            for size in (None, 11):
                with self.subTest("%s, segments of %r" % (label, size)):
                    capture = Capture()
                    cuts = (lambda _, m, s=size: range(s, len(m), s)) if size else henc.no_cuts
                    carrier = henc.LongLived(capture, Place(1), cuts=cuts, **ways)
                    carrier.open()
                    for side, data in chunks_of(SHORT):
                        carrier.send(side, data)
                    self.assertEqual(self.follow(capture), self.expected(capture, carrier))

    def test_keepalive_and_polling(self):
        """A body's commands are there when the body is."""
        for kind in (henc.KeepAlive, henc.Polling):
            with self.subTest(kind.__name__):
                capture = Capture()
                henc.play(kind(capture, Place(1)), chunks_of(SHORT))
                shown = self.follow(capture)
                self.assertEqual(sorted(name for each in shown for name in each),
                                 sorted("0x%02x" % c.data[0] for _, c in SHORT))


if __name__ == "__main__":
    main()
