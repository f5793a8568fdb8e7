# SPDX-License-Identifier: GPL-2.0-or-later
"""The programs, live on loopback sockets: what tests of them have in common.  It takes RELAYSIM,
the program, off the command line.
"""
import contextlib
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))

from patience import PATIENCE, TIMEOUT  # noqa: E402  pylint: disable=wrong-import-position
import sstp_commands as sstp  # noqa: E402  pylint: disable=wrong-import-position

RELAYSIM = sys.argv.pop(1)
URL = "grooveDNS://relay1.example"
BOB = "grooveIdentity://bob"


def run(*arguments, timeout=PATIENCE, **options):
    return subprocess.run([RELAYSIM, *arguments], capture_output=True, text=True, timeout=timeout,
                          **options)


def client_at(address, *arguments, device="dpp:///alice"):
    return [RELAYSIM, "client", "--relay", address, "--relay-url", URL, "--device", device,
            *arguments]


def commands_of(truth):
    """The commands in a truth file."""
    return [event for event in map(json.loads, truth) if event["event"] == "command"]


def ghost_lives(opened):
    """The answer to an Open of a relay that asks who is there."""
    return sstp.open_response(int.from_bytes(opened[3:7], "little"))


def as_nobody():
    """tshark started by root warns on stderr, and should not be."""
    if os.getuid() == 0:
        return ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
    return []


class Proxy:
    """Carries bytes to an address, and cuts each connection after so many of them."""

    def __init__(self, address, num_bytes):
        host, port = address.split(":")
        self.target, self.num_bytes, self.num_carried = (host, int(port)), num_bytes, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.accept)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        # Nothing else wakes it up everywhere.
        self.target = None
        socket.create_connection(self.listener.getsockname()).close()
        self.thread.join()
        self.listener.close()

    def accept(self):
        while True:
            peer, _ = self.listener.accept()
            if self.target is None:
                peer.close()
                return
            self.num_carried += 1
            with peer, contextlib.suppress(ConnectionError), \
                    socket.create_connection(self.target) as other:
                self.carry(peer, other)

    def carry(self, one, other):
        left = self.num_bytes
        while True:
            for source in select.select([one, other], [], [], 0.1)[0]:
                data = source.recv(min(left, 10000))
                if not data:
                    return
                (other if source is one else one).sendall(data)
                left -= len(data)
                time.sleep(0.005)  # for the acknowledgements to come before the cut
            if left == 0 or self.target is None:
                return


class Relay:
    """A relay on a free port, ended by SIGTERM; its stderr is in `log`."""

    def __init__(self, *arguments, url=URL, address="127.0.0.1:0", **options):
        self.url = url
        self.process = subprocess.Popen(
            [RELAYSIM, "relay", "--url", url, "--listen", address, *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
        ready = self.process.stdout.readline().split()
        assert ready and ready[0] == "ready", ready
        self.address, self.addresses = ready[1], ready[1:]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.stop()

    def lives_as_long_as(self, test):
        """At the most: it ends with the test, whatever becomes of that."""
        for cleanup in (self.process.stderr.close, self.process.stdout.close, self.process.wait,
                        self.process.kill):
            test.addCleanup(cleanup)
        return self

    def counters(self):
        """What it has done so far."""
        self.process.send_signal(signal.SIGUSR1)
        return json.loads(self.process.stdout.readline())

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        self.last, self.log = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode

    def client_arguments(self, *arguments, device="dpp:///alice"):
        return [RELAYSIM, "client", "--relay", self.address, "--relay-url", self.url, "--device",
                device, *arguments]

    def client(self, *arguments, device="dpp:///alice", **options):
        if not any(argument.startswith("--timeout") for argument in arguments):
            arguments += ("--timeout", TIMEOUT)  # a sender's own is shorter
        return run(*self.client_arguments(*arguments, device=device)[1:], **options)

    def receive(self, number, *arguments, timeout=TIMEOUT, **options):
        return self.client("--identity", BOB, "--receive", "--expect", str(number),
                           "--timeout", timeout, *arguments, device="dpp:///bob", **options)


class LiveTest(unittest.TestCase):
    """A folder of its own, and what tests of programs have in common."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="relaysim-")
        os.chmod(self.folder, 0o755)
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def await_true(self, condition, what):
        end = time.monotonic() + PATIENCE
        while not condition():
            self.assertLess(time.monotonic(), end, what)
            time.sleep(0.02)

    def check(self, result, code, stderr="^"):
        self.assertEqual(result.returncode, code, result.stderr)
        self.assertRegex(result.stderr, stderr)
        if code != 0:
            for line in result.stderr.splitlines():
                self.assertRegex(line, "^relaysim: ")

    def check_capture(self, path, initiators=None):
        """capinfos and tshark read it without complaint."""
        os.chmod(path, 0o644)
        capinfos = subprocess.run(as_nobody() + ["capinfos", path], capture_output=True, text=True,
                                  check=True)
        self.assertEqual(capinfos.stderr, "")
        self.assertRegex(capinfos.stdout, r"Strict time order: +True")
        self.assertRegex(capinfos.stdout, r"Capture application: relaysim ")
        tshark = subprocess.run(
            as_nobody() + ["tshark", "-r", path, "-o", "tcp.check_checksum:TRUE", "-o",
                           "ip.check_checksum:TRUE", "-o", "tcp.analyze_sequence_numbers:TRUE",
                           "-Y", "tcp.analysis.flags || tcp.checksum.status == 0 || "
                           "ip.checksum.status == 0 || _ws.malformed"],
            capture_output=True, text=True, check=True, env={**os.environ, "HOME": self.folder})
        self.assertEqual(tshark.stdout, "")

    def await_whole(self, path, size=1):
        """A capture is written a little after what it tells of, and may be in the middle of it:
        until there are so many bytes, and whole packets."""
        self.await_true(lambda: os.path.getsize(path) >= size and not subprocess.run(
            ["capinfos", path], capture_output=True, check=False).stderr, path)

    def check_judged_clean(self, path):
        """The plugin finds SSTP in it, and nothing to complain of.  (Where the build has a
        plugin that tshark can load.)"""
        if "GRVSSTP_BUILD_DIR" not in os.environ:
            return
        import tshark  # pylint: disable=import-outside-toplevel
        with tshark.Wireshark() as wireshark:
            frames = wireshark.dissect(path)
        self.assertGreater(sum(len(frame.commands) for frame in frames), 10)
        bad = [(frame.number, expert) for frame in frames for expert in frame.experts
               if expert[1] in ("warning", "error")]
        self.assertEqual(bad, [])

    def streams(self, path):
        """The bytes of each direction of each TCP stream of a capture."""
        out = subprocess.run(
            as_nobody() + ["tshark", "-r", path, "-Y", "tcp.len > 0", "-T", "fields", "-e",
                           "tcp.stream", "-e", "ip.src", "-e", "tcp.payload", "-E",
                           "occurrence=f"],
            capture_output=True, text=True, check=True, env={**os.environ, "HOME": self.folder})
        streams = {}
        for line in out.stdout.splitlines():
            stream, source, payload = line.split("\t")
            side = "initiator" if source.startswith("192.0.2.") else "acceptor"
            key = (int(stream), side)
            streams[key] = streams.get(key, b"") + bytes.fromhex(payload)
        return streams

    def start(self, arguments, **options):
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        process = subprocess.Popen(arguments, text=True, **options)
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                self.addCleanup(pipe.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def expect_line(self, process, pattern):
        """The next line of its stderr that matches."""
        lines = []
        while line := process.stderr.readline():
            lines.append(line)
            if re.search(pattern, line):
                return line
        self.fail("no %s in %s" % (pattern, lines))

    def attach(self, relay, *arguments):
        """Bob comes, has registered his identity, and goes again."""
        receiver = self.start(relay.client_arguments("--identity", BOB, "--receive", "-v",
                                                     *arguments, device="dpp:///bob"))
        self.expect_line(receiver, "ready")
        receiver.send_signal(signal.SIGTERM)
        receiver.communicate(timeout=PATIENCE)
        self.assertEqual(receiver.returncode, 0)
