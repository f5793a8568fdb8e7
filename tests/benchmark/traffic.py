# SPDX-License-Identifier: GPL-2.0-or-later
"""Large captures of SSTP and of MQTT in the same shape, written as fast as Python can.

Both have `connections` TCP connections whose sides send in turn, so that each
acknowledges the other: segments of 1,400 bytes, seven messages in each.

SSTP:  Message, Data, EndMessage, Message, Data, EndMessage, Noop
MQTT:  four PUBLISH of QoS 1 and three PUBACK

`straddling` shifts the cuts by half a segment, so that every segment ends inside a
message.
"""

import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import sstp_commands as sstp  # noqa: E402
from capture import Capture, Connection  # noqa: E402

SEGMENT = 1400
PER_SEGMENT = 7
VARIANTS = 32  # different payloads, so that nothing can be learnt by heart


def sstp_segment(from_client, variant):
    """Seven commands in 1,400 bytes."""
    session = 0x21 if from_client else 0x80000001

    def message(number, size):
        return [sstp.message(session, 0, user_ref="m%03d" % number),
                sstp.data(session, bytes((variant * 7 + number + i) & 0xFF for i in range(size))),
                sstp.end_message(session)]
    rest = message(2 * variant, 600) + [sstp.noop(2)]
    used = sum(len(c) for c in rest + message(2 * variant + 1, 0))
    return sstp.join(message(2 * variant + 1, SEGMENT - used) + rest)


def sstp_opening():
    url = "grooveDNS://relay1.example"
    return [
        (True, sstp.connect(url, ["dpp:///device"], b"", "Groove Client 14.0 4006", "",
                            version=(1, 6)).data),
        (False, sstp.connect_response(sstp.OK, [url], b"", 3, "Groove Relay 14.0 4006", "",
                                      version=(1, 6)).data),
        (True, sstp.open_session(0x21, "grooveTelespace", "grooveIdentity://a", "").data),
        (False, sstp.open_response(0x21).data +
         sstp.open_session(0x80000001, "grooveTelespace", "grooveIdentity://b", "").data),
        (True, sstp.open_response(0x80000001).data),
    ]


def _mqtt_packet(first, body):
    length = b""
    left = len(body)
    while True:
        left, octet = divmod(left, 128)[0], left % 128
        length += bytes([octet | (0x80 if left else 0)])
        if not left:
            return bytes([first]) + length + body


def mqtt_segment(from_client, variant):
    """Four PUBLISH and three PUBACK in 1,400 bytes."""
    del from_client

    def publish(number, size):
        topic = b"groove/telespace/%02d" % (number % 8)
        return _mqtt_packet(0x32, struct.pack(">H", len(topic)) + topic +
                            struct.pack(">H", 1 + number) +
                            bytes((variant + number + i) & 0xFF for i in range(size)))

    def puback(number):
        return _mqtt_packet(0x40, struct.pack(">H", 1 + number))
    number = 4 * variant
    rest = b"".join(puback(number + i) for i in range(3))
    rest += b"".join(publish(number + i, 300) for i in range(3))
    last = publish(number + 3, SEGMENT - len(rest) - len(publish(number + 3, 300)) + 300)
    return last + rest


def mqtt_opening():
    return [(True, _mqtt_packet(0x10, b"\0\4MQTT\4\2\0\x3c\0\6groove")),
            (False, _mqtt_packet(0x20, b"\0\0")),
            (True, _mqtt_packet(0x82, b"\0\1\0\x08groove/#\1")),
            (False, _mqtt_packet(0x90, b"\0\1\1"))]


KINDS = {"sstp": (2492, sstp_opening, sstp_segment), "mqtt": (1883, mqtt_opening, mqtt_segment)}


class _Sender:
    """One direction of one connection: everything of a frame but what changes."""

    def __init__(self, connection, side, payloads):
        frame = connection.segment(side == 0, 0x18, payloads[0])
        connection.capture.frames.pop()
        head = frame.octets[:-len(payloads[0])]
        self.in_front = head[:38]    # to after the ports
        self.after = head[46:50]    # offset, flags, window
        self.seq = connection.next[side]
        src_dst, ports = head[26:34], head[34:38]
        fixed = src_dst + struct.pack(">HH", 6, 20 + SEGMENT) + ports + self.after + bytes(4)
        self.sums = [sum(struct.unpack(">%dH" % ((len(fixed) + SEGMENT) // 2), fixed + payload))
                     for payload in payloads]


def write(path, kind, segments, connections=16, straddling=False):
    """Writes the capture; returns the number of messages in it after the openings."""
    port, opening, make_segment = KINDS[kind]
    capture = Capture()
    opened = []
    payloads = [[make_segment(side == 0, variant) for variant in range(VARIANTS)]
                for side in (0, 1)]
    assert all(len(p) == SEGMENT for side in payloads for p in side)
    half = SEGMENT // 2
    for number in range(connections):
        connection = Connection(("192.0.2.%d" % (1 + number), 49152 + number),
                                ("198.51.100.1", port), capture=capture)
        for from_client, octets in opening():
            connection.send(octets, from_client)
        if straddling:
            for side in (0, 1):
                connection.send(payloads[side][-1][:half], side == 0)
        opened.append(connection)
    if straddling:  # second half of one variant, first half of the next
        payloads = [[side[v - 1][half:] + side[v][:half] for v in range(VARIANTS)]
                    for side in payloads]
    senders = [[_Sender(connection, side, payloads[side]) for side in (0, 1)]
               for connection in opened]
    with open(path, "wb", buffering=1 << 20) as out:
        capture.write(path + ".opening")
        with open(path + ".opening", "rb") as first:
            out.write(first.read())
        os.unlink(path + ".opening")
        _write_segments(out, segments, senders, payloads, capture.now)
    return segments * PER_SEGMENT


def _write_segments(out, segments, senders, payloads, now):
    length = 54 + SEGMENT
    block = 32 + length + (-length % 4)
    tail = bytes(-length % 4) + struct.pack("<I", block)
    header, numbers = struct.Struct("<IIIIIII").pack, struct.Struct(">II").pack
    pair = struct.Struct(">HH").pack
    connections = len(senders)
    for count in range(segments):
        both = senders[count % connections]
        turn = count // connections
        side = turn & 1
        me, other = both[side], both[1 - side]
        variant = (turn >> 1) % VARIANTS
        seq, ack = me.seq, other.seq
        total = (me.sums[variant] + (seq >> 16) + (seq & 0xFFFF) + (ack >> 16) + (ack & 0xFFFF))
        total = (total & 0xFFFF) + (total >> 16)
        total = (total & 0xFFFF) + (total >> 16)
        out.write(b"".join((
            header(6, block, 0, now >> 32, now & 0xFFFFFFFF, length, length), me.in_front,
            numbers(seq, ack), me.after, pair(~total & 0xFFFF, 0), payloads[side][variant],
            tail)))
        me.seq = (seq + SEGMENT) & 0xFFFFFFFF
        now += 10_000


