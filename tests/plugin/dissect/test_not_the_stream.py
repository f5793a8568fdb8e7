# SPDX-License-Identifier: GPL-2.0-or-later
"""Segments that TCP dissects and that its connection did not carry (so): those that a router's
ICMP error quotes, and the first fragment of an IP packet that nobody puts together."""

import struct

import harness
from capture import checksum
from harness import DissectTest, stories
from tshark import release

ICMP, UNREACHABLE, FRAGMENTATION_NEEDED = 1, 3, 4
IP_AT, IP_LEN = 14, 20


def quote(frame, kept):
    """The Ethernet frame of an ICMP error that quotes `kept` bytes of a frame's IP packet."""
    packet = frame.octets[IP_AT:]
    body = struct.pack(">BBHI", UNREACHABLE, FRAGMENTATION_NEEDED, 0, 1400) + packet[:kept]
    body = body[:2] + struct.pack(">H", checksum(body)) + body[4:]
    header = struct.pack(">BBHHHBBH4s4s", 0x45, 0, IP_LEN + len(body), 7, 0, 64, ICMP, 0,
                         bytes([203, 0, 113, 1]), packet[12:16])
    header = header[:10] + struct.pack(">H", checksum(header)) + header[12:]
    return frame.octets[6:12] + frame.octets[:6] + b"\x08\x00" + header + body


def fragments(frame, cut):
    """The two fragments of a frame's IP packet, the first with `cut` bytes after the header."""
    ethernet, packet = frame.octets[:IP_AT], frame.octets[IP_AT:]
    parts = [(packet[IP_LEN:IP_LEN + cut], 0x2000), (packet[IP_LEN + cut:], cut // 8)]
    for data, flags_and_offset in parts:
        header = bytearray(packet[:IP_LEN])
        struct.pack_into(">H", header, 2, IP_LEN + len(data))
        struct.pack_into(">H", header, 6, flags_and_offset)
        struct.pack_into(">H", header, 10, 0)
        struct.pack_into(">H", header, 10, checksum(bytes(header)))
        yield ethernet + bytes(header) + data


class NotTheStream(DissectTest):
    def setUp(self):
        self.capture = harness.new_capture()
        # Far from the relative numbers that TCP shows.
        connection = self.capture.connection(acks=True, client_isn=0x40000000)
        self.data = stories.play(connection, stories.conversation(), singly=True)
        connection.fin()
        self.clean = self.table()

    def table(self, **keywords):
        """What our layers show, by the bytes of their frames: the numbers of frames move."""
        file = self.capture.write(self.ws.path("not_the_stream.pcapng"))
        frames = self.ws.dissect(file, **keywords)
        self.assertEqual(len(frames), len(self.capture.frames))
        return [[layer.values(name) for name in (
            "sstp.command", "sstp.summary", "sstp.message.number", "sstp.connection.state",
            "sstp.session.state", "sstp.ack.covered", "sstp.ack.outstanding")]
                for frame in frames for layer in frame.ours], \
            [f for frame in frames for f in frame.findings]

    def test_icmp_quotes_each_segment(self):
        """Each data segment quoted by an error right after it, whole or in part."""
        for kept in (1500, 128, 60):
            for two_pass in (False, True):
                plain = list(self.capture.frames)
                for frame in self.data:
                    at = self.capture.number(frame)
                    error = self.capture.add(quote(frame, kept))
                    self.capture.frames.pop()
                    error.time = frame.time + 1000
                    self.capture.frames.insert(at, error)
                table = self.table(two_pass=two_pass)
                self.capture.frames = plain
                if not two_pass:
                    self.assertEqual(table, self.clean, "%d bytes quoted" % kept)
                else:
                    self.assertEqual(table[0], self.clean[0], "%d bytes quoted" % kept)

    def test_icmp_frames_are_not_ours(self):
        error = self.capture.add(quote(self.data[0], 1500))
        file = self.capture.write(self.ws.path("icmp.pcapng"))
        frames = self.ws.dissect(file)
        self.assertTrue(frames[-1].has_layer("icmp"))
        self.assertEqual(frames[-1].ours, [])
        self.assertIsNotNone(error)

    def test_first_fragment(self):
        """In Wireshark 4.0 the number of a fragment is absolute while the others are relative: its
        command is lost, and said so, and nothing else is.  Later it is relative, too, and the
        command is one with a hole, shown when that was waited for."""
        sent = [command for command, _ in self.clean_commands()]
        frame = max(self.data, key=lambda f: len(f.octets))
        lost = self.capture.number(frame) - 1
        first, second = fragments(frame, 400)
        for octets, at in ((first, lost), (second, lost + 1)):
            part = self.capture.add(octets)
            self.capture.frames.pop()
            part.time = frame.time + at - lost
            self.capture.frames.insert(at, part)
        self.capture.lose(frame)
        for two_pass in (False, True):
            file = self.capture.write(self.ws.path("fragment.pcapng"))
            frames = self.ws.dissect(file, two_pass=two_pass,
                                     preferences=["ip.defragment:FALSE"])
            shown = [layer.one("sstp.command") for f in frames for layer in f.commands]
            findings = [f for frame in frames for f in frame.findings]
            self.assertEqual([f for f in findings if f[1] != "note"], [])
            self.assertEqual(("gap", "note") in findings, two_pass)
            is_lost = release() < (4, 4) or not two_pass
            self.assertEqual(len(shown), len(sent) - is_lost)

    def clean_commands(self):
        return [(row[0], row[1]) for row in self.clean[0] if row[0]]


if __name__ == "__main__":
    harness.main()
