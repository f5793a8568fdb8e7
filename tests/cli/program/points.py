# SPDX-License-Identifier: GPL-2.0-or-later
"""Traffic as several capture points see it: late, with other clocks, with losses, cut otherwise.

    packets = points.bursts()                  # [Seen(time, octets, is_up)]: as the clients' side sees it
    far = points.at(packets, delay=20 * MS)    # as the relay's side does
    points.write("far.pcap", points.lossy(far, 0.05, seed=1))
"""
import collections
import random
import struct

import sstp_commands as sstp
from capture import Capture, Connection, Frame, checksum

MS = 1_000_000
Seen = collections.namedtuple("Seen", "time octets is_up")
ETHERNET, IPV4 = 14, 20
PORT = 2492


def bursts(connections=16, rounds=60, size=1100, delay=20 * MS):
    """Connections between one side and another, `delay` away; each sends six messages at a time
    that do not end where segments end, and has them acknowledged together."""
    chance = random.Random(4)
    packets = []
    start = Capture().now
    for number in range(connections):
        capture = Capture(start=start + number * 137_000, tick=0)
        connection = Connection(("192.0.2.%d" % (number + 1), 50000 + number),
                                ("198.51.100.1", PORT), capture=capture, handshake=False)

        def put(is_up, after, data=None, flags=0x18, capture=capture, connection=connection):
            capture.now += after
            if data is None:
                connection.segment(is_up, flags)
                connection.next[0 if is_up else 1] += bool(flags & 2)
            else:
                connection.send(data, is_up)

        answer = 2 * delay + MS
        put(True, 0, None, 2)
        put(False, answer, None, 0x12)
        put(True, MS, None, 0x10)
        for is_up, data in opening(number):
            put(is_up, MS if is_up else answer, data)
        for turn in range(rounds):
            for index in range(6):
                payload = bytes(chance.getrandbits(8) for _ in range(size))
                put(True, 200_000, sstp.join(sstp.message_sequence(
                    0x21, payload, user_ref="m%d.%d.%d" % (number, turn, index))))
            put(False, answer, sstp.noop(6).data)
            capture.now += MS
        packets += [Seen(frame.time, frame.octets, port_of(frame.octets) == PORT)
                    for frame in capture.frames]
    return sorted(packets, key=lambda packet: packet.time)


def opening(number):
    device, relay = "dpp:///device%d" % number, "grooveDNS://relay1.example"
    return [(True, sstp.connect(relay, [device], version=(1, 6)).data),
            (False, sstp.connect_response(targets=[relay]).data),
            (True, sstp.open_session(0x21, "apphandler", "grooveIdentity://id", relay).data),
            (False, sstp.open_response(0x21).data)]


def port_of(octets):
    """The destination's."""
    return struct.unpack(">H", octets[36:38])[0]


def at(packets, delay=0, offset=0, drift=0.0, jitter=0, seed=7):
    """The same packets at a point that is `delay` away from where they are known, by a clock that
    is `offset` ahead and gains `drift`."""
    chance = random.Random(seed)
    start = packets[0].time
    seen = []
    for packet in packets:
        time = packet.time + (delay if packet.is_up else -delay)
        if jitter:
            time += int(chance.expovariate(1 / jitter)) * (1 if packet.is_up else -1)
        seen.append(packet._replace(time=time + offset + int((time - start) * drift)))
    return sorted(seen, key=lambda packet: packet.time)


def lossy(packets, share, seed):
    chance = random.Random(seed)
    return [packet for packet in packets if chance.random() >= share]


def hops(packets, count):
    """Routers have been passed, and a VLAN tag was put on."""
    changed = []
    for packet in packets:
        ip = bytearray(packet.octets[ETHERNET:ETHERNET + IPV4])
        ip[8] -= count if packet.is_up else 0
        ip[10:12] = b"\0\0"
        ip[10:12] = struct.pack(">H", checksum(bytes(ip)))
        changed.append(packet._replace(octets=packet.octets[:12] + b"\x81\x00\x00\x07" +
                                       packet.octets[12:14] + bytes(ip) +
                                       packet.octets[ETHERNET + IPV4:]))
    return changed


def ip_packet(protocol, octets, number):
    """Of a switch that mirrors."""
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(octets), number & 0xffff, 0, 60, protocol,
                       0, b"\x0a\0\0\x01", b"\x0a\0\0\x02")
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + octets


def tunnelled(packets, kind):
    """As a switch sends them to who captures: IP in GRE, ERSPAN of a type, or VXLAN."""
    heads = {"gre": (47, b"\0\0\x08\0"), "erspan1": (47, b"\0\0\x88\xbe"),
             "erspan2": (47, b"\x10\0\x88\xbe\0\0\0\1\x10\x07\0\x01\0\0\0\0"),
             "erspan3": (47, b"\x10\0\x22\xeb\0\0\0\1\x20\x07\0\x01\0\0\0\0\0\0\0\0"),
             "vxlan": (17, b"\xc0\0\x12\xb5")}
    protocol, head = heads[kind]
    changed = []
    for number, packet in enumerate(packets):
        inner = packet.octets[ETHERNET:] if kind == "gre" else packet.octets
        if kind == "vxlan":
            inner = struct.pack(">HH", 16 + len(inner), 0) + b"\x08\0\0\0\0\0\x07\0" + inner
        changed.append(packet._replace(octets=bytes(12) + b"\x08\0" +
                                       ip_packet(protocol, head + inner, number)))
    return changed


def offloaded(packets, most=9000, within=2 * MS):
    """As a host sees it whose network card cuts segments."""
    flows = collections.OrderedDict()
    for packet in packets:
        flows.setdefault(packet.octets[26:38], []).append(packet)
    joined = []
    for flow in flows.values():
        at_packet = 0
        while at_packet < len(flow):
            first = flow[at_packet]
            data, last = first.octets[54:], at_packet
            while first.octets[47] & 2 == 0 and data and last + 1 < len(flow) and \
                    flow[last + 1].time - flow[last].time < within and \
                    flow[last + 1].octets[54:] and \
                    len(data) + len(flow[last + 1].octets) - 54 < most:
                last += 1
                data += flow[last].octets[54:]
            ip = bytearray(first.octets[ETHERNET:ETHERNET + IPV4])
            if last > at_packet:
                ip[2:4] = struct.pack(">H", 40 + len(data))
                ip[10:12] = b"\0\0"
                ip[10:12] = struct.pack(">H", checksum(bytes(ip)))
            joined.append(first._replace(octets=first.octets[:ETHERNET] + bytes(ip) +
                                         first.octets[34:54] + data))
            at_packet = last + 1
    return sorted(joined, key=lambda packet: packet.time)


def read(path):
    """The packets of a file in pcap with nanoseconds.  Up is from lower addresses to higher ones:
    between two of them it is the same way whoever has connected."""
    with open(path, "rb") as file:
        data = file.read()
    packets, at = [], 24
    while at < len(data):
        seconds, nanoseconds, length, _ = struct.unpack_from("=IIII", data, at)
        octets = data[at + 16:at + 16 + length]
        packets.append(Seen(seconds * 1_000_000_000 + nanoseconds, octets,
                            octets[26:30] < octets[30:34]))
        at += 16 + length
    return packets


def write(path, packets):
    capture = Capture()
    capture.frames = [Frame(packet.octets, packet.time)
                      for packet in sorted(packets, key=lambda packet: packet.time)]
    return capture.write(str(path))


def translated(packets):
    """The clients' addresses and ports are others, as after an address translator."""
    changed = []
    for packet in packets:
        octets = bytearray(packet.octets)
        address, port = (26, 34) if packet.is_up else (30, 36)
        octets[address:address + 2] = b"\xcb\x00"
        octets[port] ^= 0x10
        octets[24:26] = b"\0\0"
        octets[24:26] = struct.pack(">H", checksum(bytes(octets[14:34])))
        changed.append(packet._replace(octets=bytes(octets)))
    return changed
