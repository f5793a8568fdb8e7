# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether ten times as much of anything costs ten times as much, and no more.

    python3 tests/benchmark/linear.py [--rows NAME ...] [--scale 1.0] [--instructions]

Each row is a capture with very much of one thing: commands in one session, sessions that are all
open, recipients of fanout sessions, virtual connections of Polling, journeys of messages over two
hops.  Each is written at a hundredth, a tenth and all of its size, and dissected without a tree.
What one more costs, from the hundredth to the tenth, and from there to the whole, is printed with
the ratio of both: 1 is linear.  By default that is processor time, and memory; with
--instructions it is instructions under callgrind, which a busy machine does not change, of a
hundredth of all sizes; --scale makes all of them smaller, or larger.
"""

import argparse
import os
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "lib")]

import henc_encoder as henc  # noqa: E402
import instructions  # noqa: E402
import sstp_commands as sstp  # noqa: E402
import states  # noqa: E402
from benchmark import STATISTICS, run  # noqa: E402
from capture import Connection  # noqa: E402
from encapsulation import Spill, opening  # noqa: E402
from tshark import BUILD_DIR, TSHARK, Failure, Wireshark  # noqa: E402

RELAY = "grooveDNS://relay1.example"
LIMIT = 1.1      # of the ratio
ENTRIES = 1500   # of one FanoutOpen, which has room for few more
AT_ONCE = 40     # that one side says in turn


def connected(capture, number, device):
    """A TCP connection with an SSTP connection on it."""
    # TCP acknowledges as it goes, or its own analysis would search longer and longer.
    connection = Connection(("192.0.%d.%d" % (2 + number // 250, 1 + number % 250), 49152),
                            ("198.51.100.1", 2492), capture=capture, acks=True)
    connection.send(sstp.connect(RELAY, [device], version=(1, 6)).data, True)
    connection.send(sstp.connect_response(sstp.OK, [RELAY], version=(1, 6)).data, False)
    return connection


def blocks(num):
    """Ranges of AT_ONCE up to num."""
    return [range(first, min(first + AT_ONCE, num)) for first in range(0, num, AT_ONCE)]


def open_bytes(session, resource, identity, device):
    """An Open, faster than sstp_commands makes it."""
    body = struct.pack("<I", session) + b"\0".join((resource, identity, device)) + b"\0" + bytes(3)
    return struct.pack("<BH", 0x05, 3 + len(body)) + body


def whole_message(session, payload):
    """Message, Data and EndMessage."""
    packed = struct.pack("<I", session)
    return (struct.pack("<BH", 0x0D, 13) + packed + bytes(6) +
            struct.pack("<BH", 0x0E, 7 + len(payload)) + packed + payload +
            struct.pack("<BH", 0x0F, 7) + packed)


def write_commands(out, num):
    """Messages on one session, ten to a count; a message is three commands."""
    connection = connected(Spill(out), 0, "dpp:///device")
    connection.send(open_bytes(1, b"r", b"id", b""), True)
    connection.send(sstp.open_response(1).data, False)
    for block in blocks(num * 10 // 31):
        states.play(connection, [states.message(1) for _ in block], True)
        states.play(connection, [sstp.noop(10).data] * (len(block) // 10), False)


def write_sessions(out, num):
    """All open, with a message each."""
    connection = connected(Spill(out), 0, "dpp:///device")
    for block in blocks(num):
        states.play(connection, [open_bytes(1 + i, b"r", b"id", b"") for i in block], True)
        states.play(connection, [sstp.open_response(1 + i).data for i in block], False)
        states.play(connection, [states.message(1 + i) for i in block], True)
        connection.send(sstp.noop(len(block)).data, False)


def write_fanout(out, num):
    """Recipients, as many to a session as go into one FanoutOpen, a message to all, and one that
    goes; of a small capture each session has a quarter."""
    connection = connected(Spill(out), 0, "dpp:///device")
    each = min(ENTRIES, num // 4)
    for session in range(1, num // each + 1):
        entries = [("grooveIdentity://%d" % i, "dpp:///d%d" % i, "", "")
                   for i in range(session * each, (session + 1) * each)]
        connection.send(sstp.fanout_open(session, "grooveTelespace", entries, minor=6).data, True)
        connection.send(sstp.open_response(session).data, False)
        connection.send(states.message(session), True)
        connection.send(sstp.noop(1).data +
                        sstp.session_status(session, 4, indexes=[session % each]).data, False)


def write_virtual(out, num):
    """Virtual connections of Polling: Connect, Open and a message, in two exchanges."""
    capture = Spill(out)
    for number in range(num):
        carrier = henc.Polling(capture, henc.Place(number))
        said = opening()
        for i in (0, 2):
            connection = carrier.request(said[i][1])
            carrier.answer(connection, said[i + 1][1])


def write_journeys(out, num):
    """Messages from a device to a relay, and from there to another device."""
    capture = Spill(out)
    up = connected(capture, 0, "dpp:///a")
    down = connected(capture, 1, "dpp:///b")
    for connection, is_up, session in ((up, True, 1), (down, False, 0x80000001)):
        connection.send(open_bytes(session, b"grooveTelespace", b"grooveIdentity://b",
                                   b"dpp:///b"), is_up)
        connection.send(sstp.open_response(session).data, not is_up)
    for block in blocks(num):
        payloads = [b"message number %012d" % i for i in block]
        states.play(up, [whole_message(1, payload) for payload in payloads], True)
        up.send(sstp.noop(len(block)).data, False)
        states.play(down, [whole_message(0x80000001, payload) for payload in payloads], False)
        down.send(sstp.noop(len(block)).data, True)


# name: (writer, size, a filter that a frame of each capture passes)
ROWS = {
    "commands": (write_commands, 10_000_000, "sstp.ack.covered == 10"),
    "sessions": (write_sessions, 1_000_000, "sstp.session.state == \"ready\""),
    "fanout": (write_fanout, 1_000_000, "sstp.fanout.active > 0 && sstp.session_status"),
    "virtual": (write_virtual, 100_000, "sstp.encap == 6 && sstp.command == 0x07"),
    "journeys": (write_journeys, 1_000_000, "sstp.journey.hop == 1"),
}


def prove(wireshark, file, name):
    """What is measured is what it claims to be."""
    command = [TSHARK, "-n", "-r", file, "-c", "1000", "-2", "-Y", ROWS[name][2], "-T", "fields",
               "-e", "frame.number"]
    if not wireshark.run(command).strip():
        raise Failure("%s: no frame with %s" % (name, ROWS[name][2]))


def cost(wireshark, arguments, name, num):
    """(microseconds or instructions, MiB) of a capture with so many."""
    file = os.path.join(arguments.folder or wireshark.folder, "linear-%s.pcapng" % name)
    try:
        with open(file, "wb", buffering=1 << 20) as out:
            ROWS[name][0](out, num)
        os.chmod(file, 0o644)
        prove(wireshark, file, name)
        if arguments.instructions:
            folder = os.path.join(wireshark.folder, "callgrind")
            return instructions.count(wireshark, folder, file, STATISTICS, within=()), 0
        seconds, mebibytes = run(wireshark, file, STATISTICS)
        return seconds * 1e6, mebibytes
    finally:
        if os.path.exists(file):
            os.unlink(file)


def measure(wireshark, arguments, name):
    """(size, what one more costs, bytes of memory) from a hundredth to a tenth, and from there."""
    whole = int(ROWS[name][1] * arguments.scale * (0.01 if arguments.instructions else 1))
    sizes = [max(whole // part, AT_ONCE) for part in (100, 10, 1)]
    costs = [cost(wireshark, arguments, name, size) for size in sizes]
    return [(sizes[i + 1], (costs[i + 1][0] - costs[i][0]) / (sizes[i + 1] - sizes[i]),
             (costs[i + 1][1] - costs[i][1]) * 2 ** 20 / (sizes[i + 1] - sizes[i]))
            for i in range(2)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--rows", nargs="+", choices=sorted(ROWS), default=list(ROWS))
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--instructions", action="store_true")
    parser.add_argument("--build", default=BUILD_DIR)
    parser.add_argument("--folder", help="where the captures go (2 GB; default: a temporary "
                                         "folder); readable to everybody")
    arguments = parser.parse_args()
    unit = "instructions" if arguments.instructions else "us"
    is_linear = True
    with Wireshark(build_dir=arguments.build, debug=False) as wireshark:
        instructions.prepare(wireshark, wireshark.path("callgrind"))
        print("%-10s %10s %14s %10s %14s %8s %16s" % (
            "", "up to", unit, "up to", unit, "ratio", "bytes of memory"))
        for name in arguments.rows:
            small, large = measure(wireshark, arguments, name)
            ratio = large[1] / small[1]
            is_linear &= ratio <= LIMIT
            print("%-10s %10d %14.2f %10d %14.2f %8.2f %7.0f %8.0f" % (
                name, small[0], small[1], large[0], large[1], ratio, small[2], large[2]),
                flush=True)
    return 0 if is_linear or not arguments.instructions else 1


if __name__ == "__main__":
    sys.exit(main())
