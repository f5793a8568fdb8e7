# SPDX-License-Identifier: GPL-2.0-or-later
"""What the HTTP encapsulations cost in tshark when there is very much of them.

    python3 tests/benchmark/encapsulation.py [--exchanges 100000] [--octets 1073741824] [--twice]

Polling: so many exchanges, each on a TCP connection of its own, commands cut across
the bodies.  LongLived: a body of so many octets that has no end.  KeepAlive: the same
octets in bodies of 32,000.  Each is written and dissected at a quarter, half and all
of its size, beside the same frames dissected as plain data (Decode As): time shall
grow as the size does, and memory as TCP's own does.  --twice is in two passes (tshark -2).
"""

import argparse
import collections
import json
import os
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "lib")]

import henc_encoder as henc  # noqa: E402
import henc_http as http  # noqa: E402
import sstp_commands as sstp  # noqa: E402
from benchmark import STATISTICS, run  # noqa: E402
from capture import ACK, Capture, pcapng_header  # noqa: E402
from tshark import BUILD_DIR, TSHARK, Failure, Wireshark  # noqa: E402

SEGMENT = 1460     # octets, as capture.py cuts
MESSAGE = 2000     # octets of a message's payload
ACK_EVERY = 64     # messages
TWICE = ["-2"]     # passes of tshark
URL = "grooveDNS://" + http.SERVER


class Spill(Capture):
    """A capture that does not stay in memory: frames go to the file as they are made."""

    def __init__(self, out):
        super().__init__(tick=10_000)
        self.out = out
        self.count = 0
        out.write(pcapng_header())

    def add(self, octets, payload=b""):
        length = len(octets)
        pad = -length % 4
        total = 32 + length + pad
        self.out.write(struct.pack("<IIIIIII", 6, total, 0, self.now >> 32, self.now & 0xFFFFFFFF,
                                   length, length) + octets + b"\0" * pad +
                       struct.pack("<I", total))
        self.now += self.tick
        self.count += 1


def opening():
    """A connection and a session, as (from_client, bytes)."""
    return [(True, sstp.connect(URL, ["dpp:///device"], b"", "Groove 14", "", (1, 6)).data),
            (False, sstp.connect_response(sstp.OK, [URL], b"", 3, "Relay 14", "", (1, 6)).data),
            (True, sstp.open_session(0x21, "grooveTelespace", "grooveIdentity://a", "").data),
            (False, sstp.open_response(0x21).data)]


def messages():
    """ACK_EVERY messages as one string of bytes."""
    return b"".join(sstp.join(sstp.message_sequence(
        0x21, bytes((number + i) & 0xFF for i in range(MESSAGE)), user_ref="m%02d" % number))
        for number in range(ACK_EVERY))


def begun(kind, out):
    """A capture, and a carrier in it that has a session."""
    capture = Spill(out)
    carrier = kind(capture, henc.Place(1))
    carrier.log = collections.deque(maxlen=1)
    carrier.open()
    for side, data in opening():
        carrier.send(side, data)
    return capture, carrier


class Polling(henc.Polling):
    """Its ports come again after so many connections, with other numbers of TCP's."""

    PORTS = range(20000, 60000)

    def __init__(self, capture, place):
        super().__init__(capture, place)
        self.connections = 0

    def connect(self):
        self.place.port = self.PORTS[self.connections % len(self.PORTS)]
        isn = 1000 + 1_000_000 * (self.connections // len(self.PORTS))
        self.connections += 1
        client, server = self.place.ends(self.port)
        return self.capture.connection(client, server, client_isn=isn, server_isn=isn + 4000)


def write_polling(out, exchanges):
    """Client and server each have the next 150 octets to say in every exchange."""
    capture, carrier = begun(Polling, out)
    text = sstp.join(sstp.message_sequence(0x21, b"p" * 300, user_ref="poll"))
    ends, at = len(text), 0
    owed = 0
    for _ in range(exchanges):
        piece = text[at:at + 150]
        at = (at + len(piece)) % ends
        owed += at == 0
        connection = carrier.request(piece)
        answer = sstp.noop(owed).data if owed and at == 0 else b""
        owed = 0 if answer else owed
        carrier.answer(connection, answer)
    return capture.count


def write_longlived(out, octets):
    capture, carrier = begun(henc.LongLived, out)
    block, written, rest = messages(), 0, b""
    while written < octets:
        rest += block
        whole = len(rest) - len(rest) % SEGMENT
        carrier.send(True, rest[:whole])
        carrier.post.segment(False, ACK)
        rest = rest[whole:]
        carrier.send(False, sstp.noop(ACK_EVERY - 1).data)
        written += whole
    return capture.count


def write_keepalive(out, octets):
    capture, carrier = begun(henc.KeepAlive, out)
    block, written, rest = messages(), 0, b""
    while written < octets:
        rest += block
        while len(rest) >= 32000:
            carrier.send(True, rest[:32000])
            rest, written = rest[32000:], written + 32000
        carrier.send(False, sstp.noop(ACK_EVERY - 1).data)
    return capture.count


# name: (writer, unit)
KINDS = {"polling": (write_polling, "exchanges"), "longlived": (write_longlived, "octets"),
         "keepalive": (write_keepalive, "octets")}


def prove(wireshark, file, kind):
    """What is measured is what it claims to be."""
    encap = {"polling": 6, "longlived": 4, "keepalive": 5}[kind]
    text = wireshark.run([TSHARK, "-n", "-r", file, "-c", "3000", "-Y",
                          "sstp.command == 0x0f && sstp.encap == %d" % encap,
                          "-T", "fields", "-e", "sstp.command"])
    if not text.strip():
        raise Failure("%s: no message in the first frames" % kind)
    lost = "tcp.analysis.retransmission || tcp.analysis.lost_segment || sstp.expert.gap"
    text = wireshark.run([TSHARK, "-n", "-r", file, "-Y", lost, "-T", "fields", "-e", "frame.number"])
    if text.strip():
        raise Failure("%s: what waits is measured, from frame %s on" % (kind, text.split()[0]))


def start_up(wireshark):
    """What tshark costs before the first frame."""
    file = wireshark.path("empty.pcapng")
    with open(file, "wb") as out:
        out.write(pcapng_header())
    os.chmod(file, 0o644)
    return run(wireshark, file, STATISTICS)


def measure(wireshark, arguments, kind, size, start, passes=()):
    """What one size costs, ours and as plain data; `start` is (seconds, MiB) of no frames, `passes`
    options of tshark."""
    writer, _ = KINDS[kind]
    file = os.path.join(arguments.folder or wireshark.folder, "benchmark-%s.pcapng" % kind)
    try:
        with open(file, "wb", buffering=1 << 20) as out:
            frames = writer(out, size)
        os.chmod(file, 0o644)
        prove(wireshark, file, kind)
        options = list(passes) + STATISTICS
        ours = run(wireshark, file, options)
        data = run(wireshark, file, ["-d", "tcp.port==80,data"] + options)
    finally:
        if os.path.exists(file):
            os.unlink(file)
    return {"size": size, "frames": frames,
            "us a frame": (ours[0] - start[0]) / frames * 1e6,
            "us a frame, as data": (data[0] - start[0]) / frames * 1e6,
            "peak MiB": ours[1], "peak MiB, as data": data[1],
            "octets of memory a frame": (ours[1] - start[1]) * (1 << 20) / frames,
            "octets of memory a frame, as data": (data[1] - start[1]) * (1 << 20) / frames}


def growth(rows):
    """Time a frame of the whole beside that of a quarter: 1 is linear."""
    return rows[-1]["us a frame"] / max(rows[0]["us a frame"], 1e-9)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--exchanges", type=int, default=100_000, help="of Polling")
    parser.add_argument("--octets", type=int, default=1 << 30, help="of LongLived and KeepAlive")
    parser.add_argument("--kinds", nargs="+", choices=sorted(KINDS), default=list(KINDS))
    parser.add_argument("--twice", action="store_const", const=TWICE, default=())
    parser.add_argument("--build", default=BUILD_DIR)
    parser.add_argument("--folder", help="where the captures go (1.2 GB; default: a temporary "
                                         "folder); readable to everybody")
    parser.add_argument("--json", help="also write the results to this file")
    arguments = parser.parse_args()
    results = {}
    with Wireshark(build_dir=arguments.build, debug=False) as wireshark:
        start = start_up(wireshark)
        for kind in arguments.kinds:
            unit = KINDS[kind][1]
            whole = arguments.exchanges if unit == "exchanges" else arguments.octets
            rows = [measure(wireshark, arguments, kind, whole // part, start, arguments.twice)
                    for part in (4, 2, 1)]
            results[kind] = {"rows": rows, "growth": growth(rows)}
            print("\n%s: time a frame grows by %.2f from a quarter to the whole" %
                  (kind, growth(rows)))
            print("%14s %9s %22s %22s %28s" % (unit, "frames", "us a frame (as data)",
                                               "peak MiB (as data)", "memory a frame (as data)"))
            for row in rows:
                print("%14d %9d %12.2f (%7.2f) %12.0f (%7.0f) %18.0f (%7.0f)" % (
                    row["size"], row["frames"], row["us a frame"], row["us a frame, as data"],
                    row["peak MiB"], row["peak MiB, as data"], row["octets of memory a frame"],
                    row["octets of memory a frame, as data"]))
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as out:
            json.dump(results, out, indent=1)


if __name__ == "__main__":
    main()
