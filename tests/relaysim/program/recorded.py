# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs that record, and what their captures hold."""
import contextlib
import json
import os
import re
import signal
import struct
import subprocess
import threading

import live
from live import BOB, RELAYSIM, URL
from patience import PATIENCE


class Reader(threading.Thread):
    """Keeps what comes from a file that is no file on a disk: lines at once, all in the end."""

    def __init__(self, file):
        super().__init__(daemon=True)
        self.file, self.data, self.has_moved = file, bytearray(), threading.Condition()
        self.start()

    def run(self):
        with contextlib.suppress(OSError, ValueError):  # somebody else has closed it
            while data := self.file.read1(1 << 16):
                with self.has_moved:
                    self.data += data
                    self.has_moved.notify_all()
        self.file.close()

    def await_line(self, pattern):
        """The first line that has it."""
        def find():
            return re.search(b"^.*(?:%s).*\n" % pattern.encode(), self.data, re.M)
        with self.has_moved:
            if not self.has_moved.wait_for(find, PATIENCE):
                raise AssertionError("%r did not come: %r" % (pattern, self.data[-1000:]))
            return find().group().decode()

    def all(self):
        self.join(PATIENCE)
        assert not self.is_alive()
        return self.data


def blocks(data):
    """(type, body) of each block of a capture, which have to be whole."""
    at = 0
    while at < len(data):
        kind, length = struct.unpack_from("<II", data, at)
        assert length % 4 == 0 and at + length <= len(data), (at, length, len(data))
        assert struct.unpack_from("<I", data, at + length - 4) == (length,), at
        yield kind, data[at + 8:at + length - 4]
        at += length


def options(body, at):
    """{code: value} of a block's options from there on."""
    found = {}
    while at < len(body):
        code, length = struct.unpack_from("<HH", body, at)
        if code == 0:
            break
        found[code] = body[at + 4:at + 4 + length]
        at += 4 + (length + 3) // 4 * 4
    return found


class Capture:
    """What a capture says of its packets: their times, and how many were dropped."""

    def __init__(self, data):
        self.times, self.said, self.comments, self.statistics = [], 0, [], None
        kinds = []
        for kind, body in blocks(data):
            kinds.append(kind)
            if kind == 6:
                high, low, length = struct.unpack_from("<III", body, 4)
                self.times.append((high << 32 | low) / 1e9)
                found = options(body, 20 + (length + 3) // 4 * 4)
                self.said += int.from_bytes(found.get(4, b""), "little")
                if 1 in found:
                    self.comments.append(found[1].decode())
            elif kind == 5:
                found = options(body, 12)
                self.statistics = tuple(int.from_bytes(found[code], "little") for code in (4, 5))
        assert kinds[:2] == [0x0a0d0d0a, 1], kinds[:2]


class Recorded(live.Relay):
    """A relay of the test's, whose stdout and stderr are read as they come."""

    def __init__(self, test, *arguments, results="stdout", **started):
        self.url = URL
        self.process = test.start(
            [RELAYSIM, "relay", "--url", URL, "--listen", "127.0.0.1:0", *arguments],
            **{"text": False, **started})
        self.stdout, self.stderr = (Reader(file) if file is not None else None
                                    for file in (self.process.stdout, self.process.stderr))
        reader = self.stdout if results == "stdout" else self.stderr
        self.address = reader.await_line("^ready").split()[1]

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        self.process.wait(PATIENCE)
        for reader in (self.stdout, self.stderr):
            if reader is not None:
                reader.join(PATIENCE)
        return self.process.returncode


class RecordingTest(live.LiveTest):
    def start(self, arguments, **options_):
        process = subprocess.Popen(arguments, **{"stdout": subprocess.PIPE,
                                                 "stderr": subprocess.PIPE, **options_})
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def fifo(self, name):
        os.mkfifo(self.path(name))
        return self.path(name)

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def exchange(self, relay, text="Hello"):
        """A message through the relay."""
        self.check(relay.client("--to", BOB, "--message", text), 0, "^$")
        received = relay.receive(1)
        self.check(received, 0, "^$")
        self.assertEqual(json.loads(received.stdout)["text"], text)
