# SPDX-License-Identifier: GPL-2.0-or-later
"""--shrink: what is left still raises the finding, in tshark as well, and no packet of it can be
left out."""
import os
import struct
import sys
import tempfile
import unittest

import analyze
import points
import sstp_commands as sstp
from capture import Capture
from tshark import Wireshark

sys.path.insert(0, os.path.join(analyze.TOP, "tests", "plugin", "conversation"))
sys.path.insert(0, os.path.join(analyze.TOP, "tests", "plugin", "encapsulation"))
import fault_table  # noqa: E402
import test_faults  # noqa: E402

PACKET = 6  # Enhanced Packet Block


def blocks(path):
    """[(type, octets)] of a pcapng file."""
    with open(path, "rb") as file:
        data = file.read()
    found, at = [], 0
    while at < len(data):
        kind, length = struct.unpack_from("=II", data, at)
        found.append((kind, data[at:at + length]))
        at += length
    return found


def without(path, number, to):
    """The same file but for its packet `number`."""
    seen = 0
    with open(to, "wb") as file:
        for kind, octets in blocks(path):
            seen += kind == PACKET
            if kind != PACKET or seen != number:
                file.write(octets)
    return to


class ShrinkTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.wireshark = Wireshark()

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        os.chmod(self.folder, 0o755)

    def path(self, name):
        return os.path.join(self.folder, name)

    def shrink(self, capture, finding, to="min.pcapng"):
        to = self.path(to)
        printed = analyze.good(*([capture] if isinstance(capture, str) else capture), "--shrink",
                               finding, "-w", to)
        self.assertEqual(len(printed.splitlines()), 1 + self.count(to), printed)
        return to

    def count(self, path):
        return sum(kind == PACKET for kind, octets in blocks(path))

    def raised(self, path, finding):
        """The frames that raise it."""
        return [int(row["frame"]) for row in analyze.table("findings", path)
                if row["finding"] == finding]

    def assert_fewest(self, path, finding, in_tshark=False):
        """The last packet raises it, once, with a comment on each; without any packet nobody
        does."""
        num = self.count(path)
        self.assertEqual(self.raised(path, finding), [num])
        rows = self.wireshark.tshark(path, "-2", "-Y", "sstp.expert." + finding, "-T", "fields",
                                     "-e", "frame.number", "-e", "sstp.expert." + finding)
        self.assertEqual([line.split("\t")[0] for line in rows.splitlines()], [str(num)])
        comments = self.wireshark.tshark(path, "-T", "fields", "-e", "frame.comment").splitlines()
        for number, comment in enumerate(comments, 1):
            self.assertTrue(comment.startswith("%d of %d: " % (number, num)), comment)
            self.assertNotIn("as well", comment)
        self.assertIn("This raises sstp.expert.%s, a" % finding, comments[-1])
        for number in range(1, num + 1):
            less = without(path, number, self.path("less.pcapng"))
            self.assertEqual(self.raised(less, finding), [], "without %d" % number)
            if in_tshark:
                self.assertEqual(self.wireshark.tshark(less, "-2", "-Y", "sstp.expert." + finding),
                                 "")

    def test_faults(self):
        """One of each kind that a conversation's course raises, out of all of them."""
        chosen, kinds = [], set()
        for fault in fault_table.faults():
            if (fault.finding, fault.severity) not in kinds:
                kinds.add((fault.finding, fault.severity))
                chosen.append(fault)
        self.assertGreater(len(chosen), 12)
        played = test_faults.Played(fault.story for fault in chosen)
        capture = played.capture.write(self.path("faults.pcapng"))
        order = {}
        for row in analyze.table("findings", capture):
            order.setdefault(row["finding"], []).append(int(row["frame"]))
        for index, (fault, frames) in enumerate(zip(chosen, played.stories)):
            place = [frames[number] for number in fault.places(two_pass=True)][0]
            with self.subTest(fault.name):
                self.assertIn(place, order[fault.finding])
                finding = "%s:%d" % (fault.finding, order[fault.finding].index(place) + 1)
                shrunk = self.shrink(capture, finding)
                self.assertLess(self.count(shrunk), len(frames) + 4)
                if fault.finding not in ("unacknowledged", "timer"):
                    self.assert_fewest(shrunk, fault.finding, in_tshark=index % 4 == 0)

    def long_capture(self, turns):
        """Thousands of packets of sixteen connections; amidst them one of so many messages, on
        which too much is acknowledged."""
        packets = points.bursts(connections=16, rounds=30)
        late = Capture(start=packets[len(packets) // 2].time, tick=points.MS)
        connection = late.connection(("192.0.2.77", 50000), ("198.51.100.1", points.PORT))
        for is_up, data in points.opening(77):
            connection.send(data, is_up)
        for turn in range(turns):
            connection.send(sstp.join(sstp.message_sequence(0x21, b"x" * 900)))
            connection.send(sstp.noop(1).data, False)
        connection.send(sstp.noop(3).data, False)
        return sorted(packets + [points.Seen(frame.time, frame.octets,
                                             points.port_of(frame.octets) == points.PORT)
                                 for frame in late.frames], key=lambda packet: packet.time)

    def test_long_capture(self):
        """From one file; from two points, one of which lacks some packets; twice the same."""
        packets = self.long_capture(turns=1)
        self.assertGreater(len(packets), 3000)
        whole = points.write(self.path("whole.pcap"), packets)
        shrunk = self.shrink(whole, "ack_excess")
        self.assertLess(self.count(shrunk), 10)
        self.assert_fewest(shrunk, "ack_excess", in_tshark=True)
        self.assertEqual(blocks(self.shrink(whole, "ack_excess", "again.pcapng")), blocks(shrunk))
        worn = points.write(self.path("worn.pcap"), points.lossy(packets, 0.02, 3))
        other = points.write(self.path("other.pcap"), points.at(packets, points.MS))
        shrunk = self.shrink([worn, other], "sstp.expert.ack_excess:1", "both.pcapng")
        self.assertLess(self.count(shrunk), 10)
        self.assert_fewest(shrunk, "ack_excess")

    def test_all_that_came_before(self):
        """What is outstanding is known only to who has seen it all: nothing of the connection can
        be left out but what says nothing."""
        whole = points.write(self.path("whole.pcap"), self.long_capture(turns=8))
        shrunk = self.shrink(whole, "ack_excess")
        self.assertGreater(self.count(shrunk), 16)
        self.assertLess(self.count(shrunk), 25)
        self.assert_fewest(shrunk, "ack_excess")

    def test_encapsulations(self):
        """A finding on a virtual connection, which has two TCP connections, or a tunnel."""
        for name in ("keepalive", "longlived", "longlived-proxy", "polling", "socks"):
            for row in analyze.table("findings", analyze.sample(name)):
                self.shrink(analyze.sample(name), row["finding"])

    def test_standard_input(self):
        with open(analyze.sample("demo"), "rb") as file:
            data = file.read()
        to = self.path("piped.pcapng")
        analyze.good("-", "--shrink", "unknown_session", "-w", to, stdin=data)
        self.assertEqual(blocks(to), blocks(self.shrink(analyze.sample("demo"),
                                                        "unknown_session")))

    def test_causes(self):
        """What each packet is there for, told from what comes of all others."""
        shrunk = self.shrink(analyze.sample("demo"), "unknown_session")
        comments = self.wireshark.tshark(shrunk, "-T", "fields", "-e",
                                         "frame.comment").splitlines()
        self.assertEqual(len(comments), 3)
        self.assertIn("FanoutOpen of session 0x22", comments[0])
        self.assertIn("Without this packet the state of its connection would be not known there, "
                      "and not established.", comments[1])

    def refuse(self, *arguments, word, code):
        result = analyze.run(*arguments)
        said = result.stderr.decode()
        self.assertEqual((result.returncode, said.count("\n")), (code, 1), said)
        self.assertIn(word, said)
        self.assertEqual(result.stdout, b"")

    def test_wrong_ones(self):
        demo, to = analyze.sample("demo"), self.path("min.pcapng")
        for finding, word, code in (("nobody", "no such finding", 2), (":1", "no such finding", 2),
                                    ("unknown_session:0", "after the colon", 2),
                                    ("unknown_session:x", "after the colon", 2),
                                    ("ack_excess", "raise no such finding", 1),
                                    ("unknown_session:2", "only once", 1)):
            self.refuse(demo, "--shrink", finding, "-w", to, word=word, code=code)
            self.assertFalse(os.path.exists(to))
        good = ("--shrink", "unknown_session")
        self.refuse(demo, *good, word="-w", code=2)
        self.refuse(demo, "-w", to, word="--shrink", code=2)
        self.refuse(self.path("absent"), *good, "-w", to, word="No such file", code=2)
        for more in (("--format", "json"), ("--table", "findings"), ("-Y", "tcp"),
                     ("--journey", "1"), ("--output", to), ("--fail-on", "note")):
            self.refuse(demo, *good, "-w", to, *more, word="no report", code=2)

    def test_not_writable(self):
        demo, good = analyze.sample("demo"), ("--shrink", "unknown_session")
        self.refuse(demo, *good, "-w", self.path("no/folder"), word="no/folder", code=2)
        self.refuse(demo, *good, "-w", self.folder, word=self.folder, code=2)
        self.refuse(demo, *good, "-w", "/dev/full", word="No space left", code=1)

    def test_never_over_a_capture(self):
        with open(analyze.sample("demo"), "rb") as file:
            data = file.read()
        path, link = self.path("mine.pcapng"), self.path("link")
        with open(path, "wb") as file:
            file.write(data)
        os.symlink(path, link)
        for to in (path, link):
            self.refuse(path, "--shrink", "unknown_session", "-w", to, word="overwrite", code=2)
            self.refuse(path, "--output", to, word="overwrite", code=2)
        with open(path, "rb") as file:
            self.assertEqual(file.read(), data)


if __name__ == "__main__":
    unittest.main()
