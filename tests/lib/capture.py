# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes captures of TCP conversations, good and bad ones.

    capture = Capture()
    c = capture.connection(("192.0.2.1", 49152), ("198.51.100.1", 2492))
    frames = c.send(b"...", from_client=True, cuts=[3, 7])
    c.send(b"...", from_client=False)
    c.fin()
    capture.write("out.pcapng")

Nothing is random and no clock is read: the same calls make the same bytes.
Frames are objects, so that a test can lose, swap, repeat or cut any of them
before the file is written; `capture.number(frame)` is what Wireshark calls it.
"""

import functools
import ipaddress
import struct

FIN, SYN, RST, PSH, ACK = 0x01, 0x02, 0x04, 0x08, 0x10
START = 1_600_000_000_000_000_000  # of the first frame, in nanoseconds since the epoch
TICK = 1_000_000                   # from one frame to the next: a millisecond
ETHERNET = 1                       # link type


address_of = functools.lru_cache(maxsize=1000)(ipaddress.ip_address)


def checksum(octets):
    """The Internet checksum (RFC 1071)."""
    if len(octets) % 2:
        octets += b"\0"
    # A carry goes back in at the end, so 0x10000 counts as 1: it is a remainder by 0xFFFF, of which
    # no sum of anything is 0.
    number = int.from_bytes(octets, "big")
    return ~(number % 0xFFFF or (0xFFFF if number else 0)) & 0xFFFF


class Frame:
    """An Ethernet frame, and when it was seen."""

    def __init__(self, octets, time, payload=b""):
        self.octets = octets
        self.time = time        # nanoseconds since the epoch
        self.payload = payload  # of TCP
        self.snap = None        # bytes captured of it, None for all


class Capture:
    """Frames in the order of the file."""

    def __init__(self, start=START, tick=TICK):
        self.frames = []
        self.now = start
        self.tick = tick

    def connection(self, client=("192.0.2.1", 49152), server=("198.51.100.1", 2492), **keywords):
        """A TCP connection whose frames go to this capture; see Connection."""
        return Connection(client, server, capture=self, **keywords)

    def add(self, octets, payload=b""):
        frame = Frame(octets, self.now, payload)
        self.now += self.tick
        self.frames.append(frame)
        return frame

    def number(self, frame):
        """The frame's number in the file, from 1."""
        return next(i for i, f in enumerate(self.frames, 1) if f is frame)

    def lose(self, *frames):
        """The capture did not see them."""
        self.frames = [f for f in self.frames if not any(f is lost for lost in frames)]

    def swap(self, one, other):
        """Two frames arrive in the other order."""
        i, j = self.number(one) - 1, self.number(other) - 1
        self.frames[i], self.frames[j] = other, one
        one.time, other.time = other.time, one.time

    def repeat(self, frame, after=None):
        """The same frame once more, after another one (after itself by default)."""
        position = self.number(after or frame)
        again = Frame(frame.octets, self.frames[position - 1].time + self.tick // 2,
                      frame.payload)
        self.frames.insert(position, again)
        return again

    def write(self, path, kind=None, snaplen=None):
        """Writes pcapng, or pcap when the name ends in .pcap; at most snaplen bytes a frame."""
        kind = kind or ("pcap" if str(path).endswith(".pcap") else "pcapng")
        write_file = write_pcap if kind == "pcap" else write_pcapng
        with open(path, "wb") as out:
            write_file(out, self.frames, snaplen)
        return path


class Connection:
    """One TCP connection.

    handshake False: the capture begins after the SYNs.  acks True: every data
    segment is acknowledged by a segment of its own, as on a quiet wire."""

    def __init__(self, client, server, capture=None, handshake=True, acks=False, mss=1460,
                 client_isn=1000, server_isn=5000):
        self.capture = Capture() if capture is None else capture
        self.ends = (client, server)
        self.next = [client_isn, server_isn]
        self.mss = mss
        self.acks = acks
        self.ip_id = 0
        if handshake:
            self.handshake()

    # -- segments ----------------------------------------------------------

    def segment(self, from_client, flags, payload=b"", seq=None, options=b""):
        """One segment at any sequence number (default: the next); moves nothing."""
        me = 0 if from_client else 1
        seq = self.next[me] if seq is None else seq
        ack = self.next[1 - me] if flags & ACK else 0
        header = struct.pack(">HHIIBBHHH", self.ends[me][1], self.ends[1 - me][1],
                             seq & 0xFFFFFFFF, ack & 0xFFFFFFFF, (5 + len(options) // 4) << 4,
                             flags, 65535, 0, 0) + options
        return self.capture.add(self._packet(me, header, payload), payload)

    def _packet(self, me, tcp, payload):
        src, dst = (address_of(self.ends[end][0]) for end in (me, 1 - me))
        length = len(tcp) + len(payload)
        pseudo = src.packed + dst.packed + struct.pack(">IHBB", length, 0, 0, 6)
        tcp = tcp[:16] + struct.pack(">H", checksum(pseudo + tcp + payload)) + tcp[18:]
        macs = bytes.fromhex("020000000001020000000002")
        if me == 1:
            macs = macs[6:] + macs[:6]
        if src.version == 6:
            ip = struct.pack(">IHBB", 6 << 28, length, 6, 64) + src.packed + dst.packed
            return macs + b"\x86\xdd" + ip + tcp + payload
        self.ip_id = (self.ip_id + 1) & 0xFFFF
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + length, self.ip_id, 0x4000, 64, 6, 0)
        ip += src.packed + dst.packed
        ip = ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:]
        return macs + b"\x08\x00" + ip + tcp + payload

    def handshake(self):
        options = struct.pack(">BBH", 2, 4, self.mss)
        frames = [self.segment(True, SYN, options=options)]
        self.next[0] += 1
        frames.append(self.segment(False, SYN | ACK, options=options))
        self.next[1] += 1
        frames.append(self.segment(True, ACK))
        return frames

    def send(self, data, from_client=True, cuts=(), size=None):
        """Sends bytes, cut at the offsets of `cuts` and into segments of `size`
        (default: the MSS).  Returns the frames with data."""
        me = 0 if from_client else 1
        size = size or self.mss
        bounds = [0] + sorted(c for c in set(cuts) if 0 < c < len(data)) + [len(data)]
        frames = []
        for begin, end in zip(bounds, bounds[1:]):
            for at in range(begin, end, size):
                piece = data[at:min(at + size, end)]
                frames.append(self.segment(from_client, PSH | ACK, piece))
                self.next[me] += len(piece)
                if self.acks:
                    self.segment(not from_client, ACK)
        return frames

    def skip(self, count, from_client=True):
        """`count` bytes pass that the capture never sees."""
        self.next[0 if from_client else 1] += count

    def send_again(self, data, after, from_client=True):
        """A retransmission: the bytes that went out `after` bytes before now."""
        return self.segment(from_client, PSH | ACK, data,
                            seq=self.next[0 if from_client else 1] - after)

    def keep_alive(self, from_client=True):
        """A TCP keep-alive: one byte that was sent already."""
        return self.segment(from_client, ACK, b"\0",
                            seq=self.next[0 if from_client else 1] - 1)

    def fin(self, from_client=True):
        """Both sides close."""
        frames = []
        for side in (from_client, not from_client):
            frames.append(self.segment(side, FIN | ACK))
            self.next[0 if side else 1] += 1
        frames.append(self.segment(from_client, ACK))
        return frames

    def rst(self, from_client=True):
        return self.segment(from_client, RST | ACK)


# ---------------------------------------------------------------------------
# Files


def _kept(frame, snaplen):
    limits = [limit for limit in (frame.snap, snaplen) if limit is not None]
    return frame.octets[:min(limits)] if limits else frame.octets


def write_pcap(out, frames, snaplen=None):
    """The classic format, microseconds."""
    out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, snaplen or 262144, ETHERNET))
    for frame in frames:
        kept = _kept(frame, snaplen)
        seconds, rest = divmod(frame.time, 1_000_000_000)
        out.write(struct.pack("<IIII", seconds, rest // 1000, len(kept), len(frame.octets)) + kept)


def _block(kind, body):
    body += b"\0" * (-len(body) % 4)
    length = 12 + len(body)
    return struct.pack("<II", kind, length) + body + struct.pack("<I", length)


def pcapng_header(snaplen=None):
    """Section header and one Ethernet interface that counts nanoseconds."""
    section = struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)
    resolution = struct.pack("<HHB3x", 9, 1, 9) + struct.pack("<HH", 0, 0)
    interface = struct.pack("<HHI", ETHERNET, 0, snaplen or 0) + resolution
    return _block(0x0A0D0D0A, section) + _block(1, interface)


def write_pcapng(out, frames, snaplen=None):
    out.write(pcapng_header(snaplen))
    for frame in frames:
        kept = _kept(frame, snaplen)
        out.write(_block(6, struct.pack("<IIIII", 0, frame.time >> 32, frame.time & 0xFFFFFFFF,
                                        len(kept), len(frame.octets)) + kept))
