# SPDX-License-Identifier: GPL-2.0-or-later
"""What capturing does to a conversation: the same packets late, lost, sent again, seen at two
places with two clocks; and what TCP's ends and a request that has to be asked again do to it.  The
conversation itself stays what it was.

    original = read_conversations("samples/demo.pcapng")[0]
    for mutation in all_kinds(original):
        print(mutation.label, mutation.is_whole, len(mutation.packets))

Only Ethernet, IPv4 and TCP.  `Joined` writes many of them one after the other into a single
capture, each with addresses of its own.
"""

import copy
import random
import struct
from functools import partial

from capture import Capture, checksum

IP_AT, IP_LEN = 14, 20
TCP_AT = IP_AT + IP_LEN
ICMP, UNREACHABLE, FRAGMENTATION_NEEDED = 1, 3, 4
FAR = 5                                                # places that a packet is moved
QUOTED = (1500, 128, 60)                               # bytes of an IP packet
SKEWS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)     # milliseconds
HOLES = ((1, 2), (2, 30), (11, 12), (11, 50), (47, 60))
BEGINNINGS = (b"\x01", b"GET ", b"POST ")               # of a Connect, of a request
LATE = ((), (3,), (5, 6), (2, 4))                      # of seven pieces
AT_ONCE = 20                                           # seeds
FIN, SYN, ACK = 0x01, 0x02, 0x10                       # of TCP's flags
MILLISECOND = 1_000_000


class Seen:
    """Something that was captured at a time, in nanoseconds."""

    def at(self, time):
        other = copy.copy(self)
        other.time = time
        return other


class Packet(Seen):
    """An Ethernet frame with TCP in it."""

    def __init__(self, octets, time):
        self.octets = octets
        self.time = time
        self.source, self.target = octets[26:30], octets[30:34]
        self.ports = struct.unpack_from(">HH", octets, TCP_AT)
        self.seq, self.ack = struct.unpack_from(">II", octets, TCP_AT + 4)
        self.flags = octets[TCP_AT + 13]
        length, = struct.unpack_from(">H", octets, IP_AT + 2)
        self.payload_at = TCP_AT + (octets[TCP_AT + 12] >> 4) * 4
        self.payload = octets[self.payload_at:IP_AT + length]

    @property
    def sender(self):
        return self.source, self.ports[0]

    @property
    def connection(self):
        return frozenset(((self.source, self.ports[0]), (self.target, self.ports[1])))

    @property
    def end(self):
        """TCP's number after it."""
        return (self.seq + len(self.payload) + (self.flags & (FIN | SYN) != 0)) & 0xFFFFFFFF

    def with_payload(self, payload, back=0):
        """The same segment with other bytes, that begin so many bytes before its own."""
        octets = bytearray(self.octets[:self.payload_at])
        struct.pack_into(">H", octets, IP_AT + 2, self.payload_at - IP_AT + len(payload))
        struct.pack_into(">I", octets, TCP_AT + 4, (self.seq - back) & 0xFFFFFFFF)
        return Packet(bytes(octets) + payload, self.time)

    def with_numbers(self, seq, ack, flags):
        """The same segment with other numbers and flags of TCP's."""
        octets = bytearray(self.octets)
        struct.pack_into(">II", octets, TCP_AT + 4, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF)
        octets[TCP_AT + 13] = flags
        return Packet(bytes(octets), self.time)

    def with_port(self, old, new):
        """The same segment on another port."""
        octets = bytearray(self.octets)
        for at, port in zip((TCP_AT, TCP_AT + 2), self.ports):
            struct.pack_into(">H", octets, at, new if port == old else port)
        return Packet(bytes(octets), self.time)

    def render(self, addresses):
        """The frame between other addresses."""
        octets = bytearray(self.octets)
        octets[26:30], octets[30:34] = addresses[self.source], addresses[self.target]
        seal(octets)
        octets[TCP_AT + 16:TCP_AT + 18] = b"\0\0"
        segment = bytes(octets[TCP_AT:self.payload_at + len(self.payload)])
        pseudo = bytes(octets[26:34]) + struct.pack(">HH", 6, len(segment))
        struct.pack_into(">H", octets, TCP_AT + 16, checksum(pseudo + segment))
        return bytes(octets)


class Quote(Seen):
    """A router's ICMP error that quotes the first bytes of a packet."""

    payload = b""

    def __init__(self, packet, kept, time):
        self.packet, self.kept, self.time = packet, kept, time
        self.source, self.connection, self.sender = packet.source, packet.connection, None

    def render(self, addresses):
        quoted = self.packet.render(addresses)
        body = struct.pack(">BBHI", UNREACHABLE, FRAGMENTATION_NEEDED, 0, 1400)
        body += quoted[IP_AT:IP_AT + self.kept]
        body = body[:2] + struct.pack(">H", checksum(body)) + body[4:]
        octets = bytearray(quoted[6:12] + quoted[:6] + b"\x08\x00" + struct.pack(
            ">BBHHHBBH4s4s", 0x45, 0, IP_LEN + len(body), 7, 0, 64, ICMP, 0,
            bytes([203, 0, 113, 1]), addresses[self.packet.source]))
        seal(octets)
        return bytes(octets) + body


def seal(octets):
    """Gives a frame the checksum of its IP header."""
    octets[IP_AT + 10:IP_AT + 12] = b"\0\0"
    struct.pack_into(">H", octets, IP_AT + 10, checksum(bytes(octets[IP_AT:TCP_AT])))


class Mutation:
    """What became of a conversation.  is_whole: every byte of it is there."""

    def __init__(self, kind, label, make, is_whole=True):
        self.kind, self.label, self.make, self.is_whole = kind, label, make, is_whole

    @property
    def packets(self):
        """In the order of the capture."""
        return self.make()


# ---------------------------------------------------------------------------
# Kinds


def in_order(packets, times):
    """The packets in this order, at these times: a capture file knows no going back."""
    return [packet.at(time) for packet, time in zip(packets, times)]


def inserted(packets, extras):
    """Packets, and after the one of each index those that came in between."""
    result = []
    for index, packet in enumerate(packets):
        result.append(packet)
        result += [extra.at(packet.time + 1 + i) for i, extra in enumerate(extras.get(index, ()))]
    return result


def untouched(packets):
    yield Mutation("untouched", "untouched", lambda: packets)


def moved(packets):
    times = [packet.time for packet in packets]

    def make(index, places):
        order = packets[:index] + packets[index + 1:]
        order.insert(index + places, packets[index])
        return in_order(order, times)

    for index in range(len(packets)):
        for places in list(range(-FAR, 0)) + list(range(1, FAR + 1)):
            if 0 <= index + places < len(packets):
                yield Mutation("moved", "packet %d moved by %d" % (index + 1, places),
                               partial(make, index, places))


def lost(packets):
    for index, packet in enumerate(packets):
        yield Mutation("lost", "packet %d lost" % (index + 1),
                       partial(without, packets, packet), is_whole=not packet.payload)


def without(packets, *missing):
    return [packet for packet in packets if not any(packet is other for other in missing)]


def one_direction(packets):
    for source in sorted({packet.source for packet in packets}):
        yield Mutation("one direction", "nothing from %s" % ".".join(map(str, source)),
                       partial(without, packets, *[p for p in packets if p.source == source]),
                       is_whole=False)


def follower(packets, index):
    """The index of the segment that goes on where this one ends, or None."""
    packet = packets[index]
    end = (packet.seq + len(packet.payload)) & 0xFFFFFFFF
    return next((i for i in range(index + 1, len(packets)) if packets[i].payload
                 and packets[i].sender == packet.sender and packets[i].seq == end
                 and packets[i].connection == packet.connection), None)


def sent_again(packets):
    """Each segment once more, with other boundaries."""
    def yielded(label, extras, lost=()):
        return Mutation("sent again", label,
                        lambda: without(inserted(packets, extras), *lost))

    for index, packet in enumerate(packets):
        payload, half = packet.payload, len(packet.payload) // 2
        if half:
            yield yielded("packet %d again, in halves" % (index + 1), {index: [
                packet.with_payload(payload[:half]),
                packet.with_payload(payload[half:], back=-half)]})
        later = follower(packets, index) if payload else None
        if later is None:
            continue
        other = packets[later]
        both = other.with_payload(payload + other.payload, back=len(payload))
        middle = other.with_payload(payload[half:] + other.payload[:len(other.payload) // 2 + 1],
                                    back=len(payload) - half)
        names = index + 1, later + 1
        yield yielded("packet %d again, with packet %d" % names, {later: [both]})
        yield yielded("part of packet %d again, with a part of packet %d" % names,
                      {later: [middle]})
        yield yielded("part of packet %d again, with new bytes of packet %d" % names,
                      {later - 1: [middle]})
        yield yielded("packet %d lost, then sent with packet %d" % names, {later: [both]},
                      lost=[packet])


def cuts(payload):
    """In the first line, in the middle, and where a body of HTTP has just begun."""
    body = payload.find(b"\r\n\r\n") + 4
    places = {11, len(payload) // 2, body + 3 if body > 3 else 0}
    return sorted(place for place in places if 1 < place < len(payload))


def in_two(packets):
    """Each segment in two, of which the second begins with bytes of the first."""
    for index, packet in enumerate(packets):
        for cut in cuts(packet.payload):
            extras = {index: [packet.with_payload(packet.payload[:cut]),
                              packet.with_payload(packet.payload[cut // 2:], back=-(cut // 2))]}
            yield Mutation("in two", "packet %d in two, to %d and on" % (index + 1, cut),
                           partial(without, inserted(packets, extras), packet))


def in_three(packets):
    """Each request in three, of which the second, a byte, comes last."""
    for index, packet in enumerate(packets):
        payload = packet.payload
        for cut in cuts(payload) if payload.startswith((b"POST ", b"GET ")) else ():
            if cut + 1 == len(payload):
                continue
            extras = {index: [packet.with_payload(payload[:cut]),
                              packet.with_payload(payload[cut + 1:], back=-(cut + 1)),
                              packet.with_payload(payload[cut:cut + 1], back=-cut)]}
            yield Mutation("in three", "packet %d in three, its byte %d late" % (index + 1, cut),
                           partial(without, inserted(packets, extras), packet))


def piece_late(packets):
    """Each Connect, and each request, in three, of which the second comes last, or after what
    comes next."""
    for index, packet in enumerate(packets):
        payload = packet.payload
        for begin, end in HOLES if payload.startswith(BEGINNINGS) else ():
            if end >= len(payload):
                continue
            first, last = packet.with_payload(payload[:begin]), packet.with_payload(
                payload[end:], back=-end)
            middle = packet.with_payload(payload[begin:end], back=-begin)
            for places in range(min(3, len(packets) - index)):
                extras = {index: [first, last]}
                extras.setdefault(index + places, []).append(middle)
                yield Mutation("piece late", "packet %d in three, its bytes %d to %d %d later" % (
                    index + 1, begin, end, places),
                    partial(without, inserted(packets, extras), packet))


def in_pieces(packet, head_len):
    """The segment in seven, of which the first has its head."""
    rest = len(packet.payload) - head_len
    places = [0] + [head_len + rest * i // 7 for i in range(1, 7)] + [len(packet.payload)]
    return [packet.with_payload(packet.payload[begin:end], back=-begin)
            for begin, end in zip(places, places[1:])]


def acknowledged(packets, index, head_len, late):
    """A segment in seven, each acknowledged before the next one; of some that is captured first."""
    packet, extras = packets[index], []
    other = [other for other in packets[:index] if other.connection == packet.connection
             and other.sender != packet.sender][-1]
    for number, piece in enumerate(in_pieces(packet, head_len)):
        ack = other.with_payload(b"").with_numbers(other.end, piece.end, ACK)
        extras += [ack, piece] if number in late else [piece, ack]
    return without(inserted(packets, {index: extras}), packet)


def acknowledged_early(packets):
    """Each request in seven, of which some, or none, are captured after what acknowledges them."""
    for index, packet in enumerate(packets):
        body = packet.payload.find(b"\r\n\r\n") + 4
        if not packet.payload.startswith((b"POST ", b"GET ")):
            continue
        for head_len in sorted({0, body if len(packet.payload) - body >= 7 else 0}):
            for late in LATE:
                label = "packet %d in seven after its byte %d" % (index + 1, head_len)
                if late:
                    label += ", %s late" % " and ".join(str(number + 1) for number in late)
                yield Mutation("acknowledged early", label,
                               partial(acknowledged, packets, index, head_len, late))


def is_half(packets, index):
    """Whether a message of HTTP's is on one of two TCP connections that only go together: LongLived
    and KeepAlive end with one of them."""
    def others(some):
        return {packet.connection for packet in some} - {packets[index].connection}
    return packets[index].payload.startswith((b"GET ", b"POST ", b"HTTP/")) and bool(
        others(packets[:index]) & others([packet for packet in packets[index:] if packet.payload]))


def pieces(payload):
    """Where it is cut: nowhere, and so that the last byte comes by itself, too."""
    return sorted({0, len(payload) - 1, *cuts(payload)})


def ended_before(packets, index, cut, is_captured=True):
    """After so many bytes of a segment the other side has ended, and its sender knows that."""
    packet, result = packets[index], []
    others = [other for other in packets
              if other.connection == packet.connection and other.sender != packet.sender]
    before = [other for other in packets[:index] if any(other is one for one in others)]
    end = before[-1].end
    for i, other in enumerate(packets):
        is_others = any(other is one for one in others)
        if i == index:
            fin = before[-1].with_payload(b"").with_numbers(end, packet.seq + cut, FIN | ACK)
            rest = packet.with_payload(packet.payload[cut:], back=-cut)
            rest = rest.with_numbers(rest.seq, end + 1, rest.flags)
            if cut:
                result.append(packet.with_payload(packet.payload[:cut]))
            if is_captured:
                result.append(fin.at(packet.time + 1))
            result.append(rest.at(packet.time + 2))
        elif i < index or other.connection != packet.connection:
            result.append(other)
        elif not is_others:
            result.append(other.with_numbers(other.seq, end + 1, other.flags))
        elif not other.flags & FIN:  # that was sent already
            result.append(other.with_numbers(end + 1, other.ack, other.flags))
    return result


def half_closed(packets):
    """Who has heard all, and the other side's end, says the rest."""
    for index, packet in enumerate(packets):
        others = [(i, other) for i, other in enumerate(packets)
                  if other.connection == packet.connection and other.sender != packet.sender]
        if (not packet.payload or others[0][0] > index or is_half(packets, index) or
                any(other.payload for i, other in others if i > index) or
                any(other.flags & FIN for i, other in others if i < index)):
            continue
        for cut in pieces(packet.payload):
            label = "the other end before packet %d, from its byte %d on" % (index + 1, cut)
            yield Mutation("half closed", label, partial(ended_before, packets, index, cut))
            yield Mutation("half closed", label + ", not captured",
                           partial(ended_before, packets, index, cut, False))


def exchange(packets, index):
    """Of a request that begins its TCP connection, is the only one, and is answered: the packets up
    to it."""
    request = packets[index]
    own = [packet for packet in packets if packet.connection == request.connection]
    said = [packet for packet in own if packet.payload]
    if (not request.payload.startswith(b"POST ") or not own[0].flags & SYN or len(said) < 2 or
            [packet.sender == request.sender for packet in said].count(True) > 1 or
            is_half(packets, index)):
        return []
    return [packet for packet in packets[:index + 1] if packet.connection == request.connection]


def unanswered(packets, index, cut, is_captured):
    """The request has a TCP connection of its own before, and the other side ends that in the middle
    of it."""
    before = exchange(packets, index)
    port = before[0].ports[0]
    asked = [packet.with_port(port, port ^ 0x4000) for packet in before]
    asked = ended_before(asked, len(asked) - 1, cut, is_captured)
    asked.append(asked[-1].with_payload(b"", back=-len(asked[-1].payload)))
    asked[-1] = asked[-1].with_numbers(asked[-1].seq, asked[-1].ack, FIN | ACK)
    first = next(i for i, packet in enumerate(packets) if packet is before[0])
    start = before[0].time - len(asked)
    asked = [packet.at(start + i) for i, packet in enumerate(asked)]
    return packets[:first] + asked + packets[first:]


def asked_again(packets):
    """A request that was cut off, before it is asked over the TCP connection that it has."""
    for index, packet in enumerate(packets):
        if packet.payload and exchange(packets, index):
            for cut in pieces(packet.payload):
                label = "packet %d before, the other end from its byte %d on" % (index + 1, cut)
                yield Mutation("asked again", label, partial(unanswered, packets, index, cut, True))
                yield Mutation("asked again", label + ", not captured",
                               partial(unanswered, packets, index, cut, False))


def quoted(packets):
    """At each place an error that quotes the last segment of each side."""
    for index in range(len(packets)):
        quotes, senders = [], set()
        for packet in reversed(packets[:index + 1]):
            if packet.payload and packet.source not in senders:
                senders.add(packet.source)
                quotes.append(Quote(packet, QUOTED[index % len(QUOTED)], 0))
        if quotes:
            yield Mutation("quoted", "quotes after packet %d" % (index + 1),
                           partial(inserted, packets, {index: quotes}))


def skewed(packets, skew):
    """What comes from the server by a clock that is ahead by `skew`."""
    client = min(packets, key=lambda packet: packet.time).source
    return sorted((packet.at(packet.time + (skew if packet.source != client else 0))
                   for packet in packets), key=lambda packet: packet.time)


def two_taps(packets):
    """Each direction seen at a place of its own, with clocks that differ."""
    for skew in SKEWS:
        for sign in (1, -1):
            yield Mutation("two taps", "skew of %d ms" % (sign * skew),
                           partial(skewed, packets, sign * skew * MILLISECOND))


def at_once(packets, seeds=range(AT_ONCE)):
    """A network that does all of that, and loses nothing."""
    times = [packet.time for packet in packets]

    def make(seed):
        rng = random.Random(seed)
        order = sorted(range(len(packets)), key=lambda i: i + (
            rng.randint(-FAR, FAR) if rng.random() < 0.3 else 0))
        extras = {}
        for index, packet in enumerate(packets):
            half = len(packet.payload) // 2
            if half and rng.random() < 0.2:
                extras[index] = [packet.with_payload(packet.payload[half:], back=-half),
                                 packet.with_payload(packet.payload[:half]),
                                 Quote(packet, rng.choice(QUOTED), 0)]
        late = in_order([packets[i] for i in order], times)
        skew = rng.choice((-1, 0, 1)) * rng.randint(1, SKEWS[-1]) * MILLISECOND
        return skewed(inserted(late, {order.index(i): extra for i, extra in extras.items()}), skew)

    for seed in seeds:
        yield Mutation("at once", "all at once, seed %d" % seed, partial(make, seed))


KINDS = (untouched, moved, lost, one_direction, sent_again, in_two, in_three, piece_late,
         acknowledged_early, half_closed, asked_again, quoted, two_taps, at_once)


def all_kinds(packets):
    for kind in KINDS:
        yield from kind(packets)


def kinds_after(packets, kept):
    """All kinds of what follows the first `kept` packets, which come as they came."""
    start, rest = packets[:kept], packets[kept:]

    def make(mutation):
        return start + [packet.at(max(packet.time, start[-1].time))
                        for packet in mutation.packets]

    for mutation in all_kinds(rest):
        yield Mutation(mutation.kind, "after packet %d: %s" % (kept, mutation.label),
                       partial(make, mutation), mutation.is_whole)


def kinds_within(packets, kept):
    """All kinds of the first `kept` packets; what follows comes as it came."""
    start, rest = packets[:kept], packets[kept:]

    def make(mutation):
        end = max(packet.time for packet in mutation.packets) if mutation.packets else 0
        delay = max(0, end - rest[0].time)
        return mutation.packets + [packet.at(packet.time + delay) for packet in rest]

    for mutation in all_kinds(start):
        yield Mutation("handshake", mutation.label, partial(make, mutation), is_whole=False)


# ---------------------------------------------------------------------------
# Files


def read_packets(path):
    """All packets of a pcapng of one Ethernet interface that counts nanoseconds, or of a pcap
    of microseconds."""
    with open(path, "rb") as file:
        data = file.read()
    if data[:4] == b"\xd4\xc3\xb2\xa1":
        return list(_of_pcap(data))
    return list(_of_pcapng(data))


def _of_pcap(data):
    at = 24
    while at < len(data):
        seconds, rest, kept, _ = struct.unpack_from("<IIII", data, at)
        yield Packet(data[at + 16:at + 16 + kept], seconds * 1_000_000_000 + rest * 1000)
        at += 16 + kept


def _of_pcapng(data):
    at = 0
    while at < len(data):
        kind, length = struct.unpack_from("<II", data, at)
        if kind == 6:
            _, high, low, kept, _ = struct.unpack_from("<IIIII", data, at + 8)
            yield Packet(data[at + 28:at + 28 + kept], high << 32 | low)
        at += length


def by_connection(packets):
    """The packets of each TCP connection by itself."""
    connections = {}
    for packet in packets:
        connections.setdefault(packet.connection, []).append(packet)
    return list(connections.values())


class Joined:
    """Many conversations in one capture, one after the other."""

    PAUSE = 10_000 * MILLISECOND

    def __init__(self):
        self.capture = Capture()
        self.parts = []  # (first frame, what the caller calls it)

    def __len__(self):
        return len(self.capture.frames)

    def add(self, packets, name):
        number = len(self.parts)
        self.parts.append((len(self) + 1, name))
        addresses = {}
        for packet in packets:
            for address in packet_addresses(packet):
                addresses.setdefault(address, bytes([10, number >> 8, number & 0xFF,
                                                     len(addresses) + 1]))
        start = self.capture.now + self.PAUSE
        for packet in packets:
            self.capture.now = start + packet.time - packets[0].time
            self.capture.add(packet.render(addresses))

    def name_of(self, frame):
        """What the caller calls the part that a frame is of."""
        return next(name for first, name in reversed(self.parts) if first <= frame)

    def split(self, frames):
        """What was shown of each part: (name, {number: frame}) from {number: frame}."""
        ends = [first for first, _ in self.parts[1:]] + [len(self) + 1]
        for (first, name), end in zip(self.parts, ends):
            yield name, {number: frames[number] for number in range(first, end)
                         if number in frames}


def packet_addresses(packet):
    packet = getattr(packet, "packet", packet)
    return packet.source, packet.target
