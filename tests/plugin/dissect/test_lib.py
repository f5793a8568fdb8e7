# SPDX-License-Identifier: GPL-2.0-or-later
"""The tools of the dissection tests can be trusted: without the plugin they fail, the
encoder writes the published bytes, and Wireshark finds no fault with the captures."""

import os
import subprocess
import sys
import tempfile
import unittest

import harness
from harness import stories
from stories import sstp
from mutate import KINDS, Joined, Packet, all_kinds
from tshark import Failure, Wireshark

VECTORS = os.path.join(harness.HERE, "..", "..", "..", "samples", "vectors")


def vector(name):
    """The bytes of a file of hexadecimal digits; what follows a # is a remark."""
    with open(os.path.join(VECTORS, name), encoding="utf-8") as file:
        return bytes.fromhex("".join(line.split("#")[0] for line in file))


class Plugin(unittest.TestCase):
    def test_absence_fails(self):
        """No plugin built, an empty folder, a broken file: a failure, never a skip."""
        with tempfile.TemporaryDirectory() as folder:
            with self.assertRaises(Failure):
                Wireshark(build_dir=folder)
            os.mkdir(os.path.join(folder, "plugins"))
            with self.assertRaises(Failure):
                Wireshark(build_dir=folder)
            with Wireshark(plugin=False) as bare:
                version = bare.run([harness.TSHARK, "--version"]).split()[2].split(".")
            place = os.path.join(folder, "plugins", ".".join(version[:2]), "epan")
            os.makedirs(place)
            with open(os.path.join(place, "grvsstp.so"), "wb") as file:
                file.write(b"\x7fELF is not enough")
            with self.assertRaises(Failure):
                Wireshark(build_dir=folder)

    def test_a_test_file_fails_without_it(self):
        """The exit code that ctest sees."""
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(
                [sys.executable, os.path.join(harness.HERE, "test_ports.py")],
                env=dict(os.environ, GRVSSTP_BUILD_DIR=folder), stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, check=False)
            self.assertNotEqual(done.returncode, 0)

    def test_version_matches(self):
        with Wireshark() as wireshark:
            self.assertTrue(wireshark.run([harness.TSHARK, "--version"]).startswith("TShark"))


class Encoder(unittest.TestCase):
    def test_published_vectors(self):
        commands = stories.commands_of(stories.published())
        for name, command in zip(("connect.hex", "connect_response.hex", "noop.hex"), commands):
            self.assertEqual(vector(name).hex(), command.data.hex(), name)

    def test_every_command(self):
        names = {command.name for command in stories.commands_of(stories.conversation())}
        self.assertEqual(names, set(sstp.IDS))
        for command in stories.commands_of(stories.conversation()):
            self.assertEqual(command.data[0], sstp.IDS[command.name])
            self.assertEqual(int.from_bytes(command.data[1:3], "little"), len(command))

    def test_fixed_lengths(self):
        """2.2: the commands whose length is fixed."""
        for command, length in ((sstp.connect_close(0), 8), (sstp.connect_close(1), 12),
                                (sstp.open_response(1), 8), (sstp.close(1), 8),
                                (sstp.end_message(1), 7), (sstp.noop(1), 7),
                                (sstp.data(1), 7), (sstp.message(1), 13)):
            self.assertEqual(len(command), length, command)


class Captures(harness.DissectTest):
    def test_no_fault(self):
        """Checksums are right, and TCP has nothing to remark."""
        strict = ["tcp.check_checksum:TRUE", "ip.check_checksum:TRUE"]
        for ends in ({}, {"client": ("2001:db8::1", 40000), "server": ("2001:db8::2", 2492)}):
            for name in ("test.pcapng", "test.pcap"):
                capture = harness.new_capture()
                connection = capture.connection(acks=True, **ends)
                stories.play(connection, stories.conversation(), size=77)
                connection.fin()
                capture.connection(client=("192.0.2.7", 1024)).rst()
                file = self.write(capture, name)
                self.assertEqual(self.ws.count(
                    file, "tcp.analysis.flags or tcp.checksum.status == 0 or _ws.malformed or "
                          "ip.checksum.status == 0", preferences=strict), 0)
                self.assertEqual(len(self.ws.dissect(file)), len(capture.frames))


class Mutations(harness.DissectTest):
    """What tests/lib/mutate.py does to a conversation leaves the conversation as it was."""

    def setUp(self):
        capture = harness.new_capture()
        connection = capture.connection(acks=True)
        stories.play(connection, stories.short_conversation(), size=77)
        connection.fin()
        self.packets = [Packet(frame.octets, frame.time) for frame in capture.frames]

    @staticmethod
    def request():
        """Packets of a request that posts something, which some kinds are of."""
        capture = harness.new_capture()
        connection = capture.connection(server=("198.51.100.1", 80), acks=True)
        connection.send(b"POST / HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello")
        connection.send(b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", from_client=False)
        connection.fin(from_client=False)
        return [Packet(frame.octets, frame.time) for frame in capture.frames]

    @staticmethod
    def bytes_of(packets):
        """{(sender, sequence number): byte}; fails where a byte is sent again as another."""
        sent = {}
        for packet in packets:
            for at, byte in enumerate(packet.payload):
                if sent.setdefault((packet.sender, packet.seq + at), byte) != byte:
                    raise Failure("byte %d of %r" % (packet.seq + at, packet.sender))
        return sent

    def test_bytes(self):
        kinds = set()
        for packets in (self.packets, self.request()):
            original = self.bytes_of(packets)
            for mutation in all_kinds(packets):
                sent = self.bytes_of(mutation.packets)
                kinds.add(mutation.kind)
                if mutation.kind == "asked again":  # over a connection more, before
                    self.assertLess(original.items(), sent.items(), mutation.label)
                elif mutation.is_whole:
                    self.assertEqual(sent, original, mutation.label)
                else:
                    self.assertLess(sent.items(), original.items(), mutation.label)
        self.assertEqual(len(kinds), len(KINDS))

    def test_files(self):
        """The clock of a file never goes back, checksums are right, parts are told apart."""
        joined = Joined()
        mutations = list(all_kinds(self.packets))
        for mutation in mutations:
            joined.add(mutation.packets, mutation)
        times = [frame.time for frame in joined.capture.frames]
        self.assertEqual(times, sorted(times))
        file = self.write(joined.capture, "mutations.pcapng")
        strict = ["tcp.check_checksum:TRUE", "ip.check_checksum:TRUE"]
        self.assertEqual(self.ws.count(file, "(tcp.checksum.status == 0 && !icmp) || "
                                             "ip.checksum.status == 0 || icmp.checksum.status == 0",
                                       preferences=strict), 0)
        frames = {number: number for number in range(1, len(joined) + 1)}
        parts = list(joined.split(frames))
        self.assertEqual([len(part) for _, part in parts],
                         [len(mutation.packets) for mutation in mutations])
        self.assertIs(joined.name_of(len(joined)), mutations[-1])
        self.assertEqual(self.ws.count(file, "tcp.flags.syn == 1 && !icmp"),
                         sum(packet.octets[47] & 2 == 2 for mutation in mutations
                             for packet in mutation.packets if hasattr(packet, "octets")))


if __name__ == "__main__":
    harness.main()
