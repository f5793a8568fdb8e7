# SPDX-License-Identifier: GPL-2.0-or-later
"""What a command costs where many sessions are open and many messages unacknowledged.

    python3 tests/benchmark/states.py [--commands 3200000] [--rounds 3] [--build build/release]

Each row is one connection with the same number of commands, small ones, many to a
segment: on one session or on a hundred thousand, acknowledged one by one or a
million by one count.  A command has to cost the same in all of them: what is printed
is CPU time a command, start-up subtracted, and its ratio to the first row of the
round.
"""

import argparse
import os
import statistics
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import traffic  # noqa: E402
from benchmark import STATISTICS, run, spread  # noqa: E402
from capture import Capture, Connection  # noqa: E402
from tshark import BUILD_DIR, Wireshark  # noqa: E402

SEGMENT = 1400
sstp = traffic.sstp


def message(session_id):
    """Message, Data and EndMessage in 35 bytes."""
    packed = struct.pack("<I", session_id)
    return (struct.pack("<BH", 0x0D, 13) + packed + bytes(4) + b"\0" + b"\0"
            + struct.pack("<BH", 0x0E, 8) + packed + b"x"
            + struct.pack("<BH", 0x0F, 7) + packed)


def play(connection, pieces, from_client):
    """Whole pieces, as many to a segment as fit."""
    batch, size = [], 0
    for piece in pieces:
        if size + len(piece) > SEGMENT:
            connection.send(b"".join(batch), from_client)
            batch, size = [], 0
        batch.append(piece)
        size += len(piece)
    if batch:
        connection.send(b"".join(batch), from_client)


def write(path, num_commands, num_sessions, per_count):
    """Opens the sessions, sends messages on them in turn, and acknowledges
    `per_count` at a time; returns the number of commands."""
    capture = Capture()
    # TCP acknowledges as it goes, or its own analysis would search longer and longer.
    connection = Connection(("192.0.2.1", 49152), ("198.51.100.1", 2492), capture=capture,
                            acks=True)
    for from_client, octets in traffic.sstp_opening()[:2]:
        connection.send(octets, from_client)
    ids = range(1, num_sessions + 1)
    play(connection, [sstp.open_session(i, "r", "id", "").data for i in ids], True)
    play(connection, [sstp.open_response(i, 0).data for i in ids], False)
    used = 2 + 2 * num_sessions
    num_messages = (num_commands - used) * per_count // (3 * per_count + 1)
    block = max(per_count, 40)  # messages of one turn
    done = 0
    while done < num_messages:
        now = min(block, num_messages - done)
        play(connection, [message(1 + (done + i) % num_sessions) for i in range(now)], True)
        counts = [per_count] * (now // per_count) + ([now % per_count] if now % per_count else [])
        play(connection, [sstp.noop(count).data for count in counts], False)
        used += 3 * now + len(counts)
        done += now
    capture.write(path)
    os.chmod(path, 0o644)
    return used


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--commands", type=int, default=3_200_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--build", default=BUILD_DIR)
    arguments = parser.parse_args()
    many = arguments.commands // 3
    rows = [("one session, counts of 1", 1, 1),
            ("one session, one count for all", 1, many),
            ("%d sessions, counts of 1" % min(100_000, many // 2), min(100_000, many // 2), 1),
            ("%d sessions, one count for all" % min(100_000, many // 2),
             min(100_000, many // 2), many)]
    with Wireshark(build_dir=arguments.build, debug=False) as wireshark:
        files = []
        for number, (name, num_sessions, per_count) in enumerate(rows):
            path = os.path.join(wireshark.folder, "states-%d.pcapng" % number)
            files.append((name, path, write(path, arguments.commands, num_sessions, per_count)))
        empty = os.path.join(wireshark.folder, "states-empty.pcapng")
        write(empty, 4, 1, 1)
        results = {name: [] for name, _, _ in files}
        for _ in range(arguments.rounds):
            start = run(wireshark, empty, STATISTICS)[0]
            for name, path, commands in files:
                results[name].append((run(wireshark, path, STATISTICS)[0] - start) / commands * 1e6)
        first = results[files[0][0]]
        print("%-36s %10s %22s" % ("", "us", "ratio min/median/max"))
        for name, _, _ in files:
            ratios = spread([mine / base for mine, base in zip(results[name], first)])
            print("%-36s %10.3f %8.2f %6.2f %6.2f" % (
                name, statistics.median(results[name]), ratios["min"], ratios["median"],
                ratios["max"]))


if __name__ == "__main__":
    main()
