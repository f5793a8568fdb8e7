# SPDX-License-Identifier: GPL-2.0-or-later
"""What shares are worth: grvsstp-analyze as one process, as two, and beside tshark.

    python3 tests/benchmark/shares.py [--segments 1000000] [--rounds 3] [--memory 2G]

Writes a capture of 64 connections between as many pairs of addresses: messages of 1,000 bytes in
four segments each, every eighth acknowledged, no two the same; and runs over it, in interleaved
rounds: `tshark -q -z io,stat,0` with the plugin, one process, two, and, with --memory, as many
shares as that takes.  What is printed are ratios within a round, of the time by the clock, of the
processor's, and of the longest way: the processor's time of the first process and of the slowest
of those beside each other, which is what the clock would show where nobody else is; and the most
memory that one process took.  The report has to be the same each time.
"""

import argparse
import hashlib
import os
import resource
import statistics
import struct
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "lib")]

import sstp_commands as sstp  # noqa: E402
from capture import Capture, Connection  # noqa: E402
from tshark import BUILD_DIR, TSHARK, Failure, Wireshark, drop_privileges  # noqa: E402

CONNECTIONS = 64
PAYLOAD = 1000
PIECES = 4        # segments of a message
ACK_EVERY = 8     # messages
TICK = 2_000      # nanoseconds between segments
MARK = b"reference %012d"
HEADERS = 54      # Ethernet, IPv4, TCP
URL = "grooveDNS://relay1.example"


def template(connection, is_up, data):
    """The frame of a segment, as the library makes it, to be filled in."""
    before = len(connection.capture.frames)
    connection.send(data, is_up)
    frames = connection.capture.frames[before:]
    if len(frames) != 1:
        raise Failure("%d bytes are no one segment" % len(data))
    return bytearray(frames[0].octets)


class Stream:
    """One connection: what it sends next."""

    def __init__(self, number, capture):
        self.connection = Connection(("192.0.2.%d" % (number + 1), 40000 + number),
                                     ("198.51.100.1", 2492), capture=capture, handshake=True)
        for is_up, data in ((True, sstp.connect(URL, ["dpp:///device%d" % number],
                                                version=(1, 6)).data),
                            (False, sstp.connect_response(targets=[URL]).data),
                            (True, sstp.open_session(0x21, "apphandler", "grooveIdentity://id",
                                                     URL).data),
                            (False, sstp.open_response(0x21).data)):
            self.connection.send(data, is_up)
        self.number = number
        self.count = 0

    def prepare(self):
        """After the opening: all that follows are these frames with other numbers in them."""
        message = sstp.join(sstp.message_sequence(
            0x21, bytes((self.number + i) & 0xFF for i in range(PAYLOAD)),
            user_ref=(MARK % 0).decode()))
        cut = -(-len(message) // PIECES)
        self.next = [self.connection.next[0], self.connection.next[1]]
        self.pieces = [template(self.connection, True, message[i:i + cut])
                       for i in range(0, len(message), cut)]
        self.noop = template(self.connection, False, sstp.noop(ACK_EVERY).data)
        self.mark = bytes(self.pieces[0]).index(MARK % 0)

    def frame(self, octets, is_up):
        own, other = (0, 1) if is_up else (1, 0)
        struct.pack_into(">II", octets, 38, self.next[own] & 0xFFFFFFFF,
                         self.next[other] & 0xFFFFFFFF)
        self.next[own] += len(octets) - HEADERS
        return octets

    def message(self):
        self.count += 1
        self.pieces[0][self.mark:self.mark + len(MARK % 0)] = \
            MARK % (self.number * 10 ** 9 + self.count)
        for piece in self.pieces:
            yield self.frame(piece, True)
        if self.count % ACK_EVERY == 0:
            yield self.frame(self.noop, False)


def write(path, segments):
    """A capture with so many segments of data, or a few more; returns how many messages."""
    capture = Capture()
    streams = [Stream(number, capture) for number in range(CONNECTIONS)]
    opening = list(capture.frames)
    for stream in streams:
        stream.prepare()
    now, done = capture.now, 0
    with open(path, "wb", buffering=1 << 20) as out:
        out.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65535, 1))
        for frame in opening:
            out.write(struct.pack("<IIII", frame.time // 10 ** 9, frame.time % 10 ** 9,
                                  len(frame.octets), len(frame.octets)) + frame.octets)
        while done < segments:
            for stream in streams:
                for octets in stream.message():
                    now += TICK
                    out.write(struct.pack("<IIII", now // 10 ** 9, now % 10 ** 9, len(octets),
                                          len(octets)))
                    out.write(octets)
                    done += 1
    return sum(stream.count for stream in streams)


class Sampler(threading.Thread):
    """What a process and each of its children have had of the processor, as long as they live."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.seconds, self.is_over = pid, {}, False

    def look(self, pid):
        with open("/proc/%d/stat" % pid, encoding="ascii", errors="replace") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        if fields[0] != "Z":
            self.seconds[pid] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def run(self):
        children = "/proc/%d/task/%d/children" % (self.pid, self.pid)
        while not self.is_over:
            try:
                self.look(self.pid)
                with open(children, encoding="ascii") as file:
                    for pid in file.read().split():
                        self.look(int(pid))
            except (OSError, IndexError):
                pass  # it has ended meanwhile
            time.sleep(0.005)

    def longest(self):
        self.is_over = True
        self.join()
        own = self.seconds.pop(self.pid, 0)
        return own + max(self.seconds.values(), default=0)


class Run:
    """One run: seconds by the clock, of the processor, and MiB of the biggest process."""

    def __init__(self, command, env, cwd=None):
        begin, before = time.monotonic(), os.times()
        with subprocess.Popen(command, env=env, cwd=cwd, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as process:
            sampler = Sampler(process.pid)
            sampler.start()
            text, errors = process.communicate()
            process.wait()
        self.longest = sampler.longest()
        after = os.times()
        if process.returncode != 0 or errors.strip():
            raise Failure("%r ended with %d\n%s" % (command, process.returncode, errors.decode()))
        self.clock = time.monotonic() - begin
        self.cpu = (after.children_user + after.children_system -
                    before.children_user - before.children_system)
        self.digest = hashlib.sha256(text).hexdigest()


class Watched(Run):
    """Under a parent of its own, so that the memory is of these processes alone."""

    def __init__(self, command, env, cwd=None):
        read, out = os.pipe()
        child = os.fork()
        if child == 0:
            status = 1
            try:
                os.close(read)
                run = Run(command, env, cwd)
                most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
                os.write(out, ("%r %r %r %r %s" % (run.clock, run.cpu, most, run.longest,
                                                   run.digest)).encode())
                status = 0
            except Failure as failure:
                print(failure, file=sys.stderr, flush=True)
            finally:
                os._exit(status)
        os.close(out)
        with os.fdopen(read) as file:
            told = file.read().split()
        os.waitpid(child, 0)
        if len(told) != 5:
            raise Failure("%r has failed" % command)
        self.clock, self.cpu, self.peak, self.longest = map(float, told[:4])
        self.digest = told[4]


def measure(wireshark, file, arguments):
    program = os.path.join(arguments.build, "analyzer", "cli", "grvsstp-analyze")
    env = dict(os.environ)
    rows = {"one process": [program, "--jobs", "1", file],
            "two": [program, "--jobs", "2", file]}
    if arguments.memory:
        rows["within " + arguments.memory] = [program, "--memory", arguments.memory, file]
    if arguments.only:
        rows = {name: rows[name] for name in rows if name in arguments.only}
    rounds = []
    for _ in range(arguments.rounds):
        result = {}
        if not arguments.only or "tshark" in arguments.only:
            result["tshark"] = Watched(drop_privileges() + [
                TSHARK, "-n", "-r", file, "-q", "-z", "io,stat,0"], wireshark.env, wireshark.folder)
        for name, command in rows.items():
            result[name] = Watched(command, env)
            print("  %-16s %8.1f s by the clock, %8.1f s of the processor, %6.0f MiB" % (
                name, result[name].clock, result[name].cpu, result[name].peak), flush=True)
        if len({result[name].digest for name in rows}) != 1:
            raise Failure("the reports differ")
        rounds.append(result)
    return rounds


def show(rounds):
    def ratio(text, value):
        values = [value(result) for result in rounds]
        print("%-44s %8.2f %8.2f %8.2f" % (text, min(values), statistics.median(values),
                                           max(values)))

    print("%-44s %8s %8s %8s" % ("", "min", "median", "max"))
    names = rounds[0].keys()
    if {"tshark", "one process"} <= names:
        ratio("one process / tshark, processor", lambda r: r["one process"].cpu / r["tshark"].cpu)
    if {"two", "one process"} <= names:
        ratio("one process / two, clock", lambda r: r["one process"].clock / r["two"].clock)
        ratio("one process / two, longest way", lambda r: r["one process"].longest / r["two"].longest)
        ratio("two / one process, processor", lambda r: r["two"].cpu / r["one process"].cpu)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--segments", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory", help="a row with this, too")
    parser.add_argument("--only", nargs="+", help="rows: tshark, 'one process', two, 'within 2G'")
    parser.add_argument("--build", default=BUILD_DIR)
    parser.add_argument("--folder", help="where the capture goes (320 bytes a segment; default: a "
                                         "temporary folder); readable to everybody")
    arguments = parser.parse_args()
    with Wireshark(build_dir=arguments.build, debug=False) as wireshark:
        file = os.path.join(arguments.folder or wireshark.folder, "shares.pcap")
        try:
            messages = write(file, arguments.segments)
            os.chmod(file, 0o644)
            print("%d messages, %d MB" % (messages, os.path.getsize(file) // 10 ** 6), flush=True)
            show(measure(wireshark, file, arguments))
        finally:
            if os.path.exists(file):
                os.unlink(file)


if __name__ == "__main__":
    main()
