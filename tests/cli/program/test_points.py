# SPDX-License-Identifier: GPL-2.0-or-later
"""Several files and several points give one report: that of the whole, but for what was lost."""
import os
import random
import resource
import subprocess
import tempfile
import unittest

import analyze
import points
from points import MS

HOUR = 3600 * 1000 * MS
MESSAGES = 16 * 60 * 6


PLACES = ("file", "frame", "filter", "captured_ns", "end_file", "end_frame", "acked_file",
          "acked_frame", "open_file", "open_frame", "last_file", "last_frame")


def bare(value):
    """A value of a record, but for where packets are."""
    if isinstance(value, list):
        return [bare(item) for item in value]
    if isinstance(value, dict):
        return {key: bare(item) for key, item in value.items() if key not in PLACES}
    return value


def without_places(found):
    return [bare(record) for record in found if record["type"] != "point"]


class PointTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.near = points.bursts(connections=8, rounds=4)
        cls.far = points.at(cls.near, 20 * MS)
        cls.many = points.bursts()
        cls.many_far = points.at(cls.many, 20 * MS)

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def write(self, name, packets):
        return points.write(os.path.join(self.folder, name), packets)

    def messages(self, *arguments):
        return [row for row in analyze.table("messages", *arguments)
                if row["end_frame"]]

    def test_whole(self):
        rows = self.messages(self.write("whole.pcap", self.many))
        self.assertEqual([row["state"] for row in rows], ["acknowledged"] * MESSAGES)

    def test_ring_files_in_any_order(self):
        """Cut at every 20th packet, some twenty files, named in shuffled order."""
        names = ["ring_%05d.pcap" % number for number in range(len(self.near) // 20 + 1)]
        random.Random(1).shuffle(names)
        files = [self.write(name, self.near[20 * index:20 * index + 20])
                 for index, name in enumerate(names)]
        whole = self.write("whole.pcap", self.near)
        ring = analyze.records(*sorted(files))
        self.assertEqual(len(analyze.of_type(ring, "point")), 1)
        self.assertEqual(analyze.of_type(ring, "point")[0]["name"], "ring_*.pcap")
        self.assertEqual(without_places(ring), without_places(analyze.records(whole)))
        random.Random(2).shuffle(files)
        self.assertEqual(analyze.records(*files), ring)

    def test_a_thousand_files(self):
        """With few open descriptors."""
        files = [self.write("r_%04d.pcap" % number, self.many[3 * number:3 * (number + 1)])
                 for number in range(1000)]
        kept = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (32, kept[1]))
        try:
            printed = analyze.good(*files)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, kept)
        self.assertIn("1,000 files, %s packets" % format(3000, ","), printed)

    def test_two_lossy_points(self):
        files = [self.write("near.pcap", points.lossy(self.many, 0.05, 1)),
                 self.write("far.pcap", points.lossy(self.many_far, 0.05, 2))]
        either = max(len(self.messages(file)) for file in files)
        both = self.messages(*files)
        self.assertLess(either, 5600)
        self.assertGreaterEqual(len(both), 5746)
        self.assertEqual(self.messages(*reversed(files)), both)
        self.assertLessEqual({row["state"] for row in both}, {"acknowledged", "unknown"})

    def test_offloaded_segments(self):
        joined = points.offloaded(self.many)
        self.assertLess(len(joined), len(self.many) // 2)
        files = [self.write("host.pcap", points.lossy(joined, 0.05, 3)),
                 self.write("wire.pcap", points.lossy(self.many_far, 0.05, 2))]
        self.assertGreaterEqual(len(self.messages(*files)), 5746)

    def test_clocks(self):
        """The report of both is that of the whole, by the clock of the one that began first; what
        is said of the other's clock is true."""
        whole = self.write("whole.pcap", self.near)
        for number, (offset, drift) in enumerate(((5_000, 0.0), (80 * MS, 50e-6), (3 * HOUR, -50e-6),
                                                  (7 * 60 * 1000 * MS, 50e-6))):
            other = points.hops(points.at(self.near, 20 * MS, offset, drift, MS // 2), 3)
            files = [whole, self.write("far%d.pcap" % number, other)]
            found = analyze.records(*files)
            clock = analyze.of_type(found, "point")[1]
            self.assertEqual(without_places(found), without_places(analyze.records(whole)))
            middle = (self.near[-1].time - self.near[0].time) / 2
            truth = offset + drift * middle
            self.assertLessEqual(clock["offset_low_ns"], truth)
            self.assertGreaterEqual(clock["offset_high_ns"], truth)
            self.assertLess(clock["offset_high_ns"] - clock["offset_low_ns"], 50 * MS)
            self.assertLessEqual(clock["drift_low_ppm"], drift * 1e6)
            self.assertGreaterEqual(clock["drift_high_ppm"], drift * 1e6)

    def test_pipes_beside_files(self):
        """Standard input, and a named pipe, are captures as any other."""
        files = [self.write("near.pcap", points.lossy(self.near, 0.05, 1)),
                 self.write("far.pcap", points.lossy(self.far, 0.05, 2))]
        with open(files[1], "rb") as file:
            data = file.read()
        both = analyze.records(*files)
        piped = analyze.records(files[0], "-", stdin=data)
        self.assertEqual(without_places(piped), without_places(both))
        fifo = os.path.join(self.folder, "fifo")
        os.mkfifo(fifo)
        with open(files[1], "rb") as file:
            writer = subprocess.Popen(["dd", "of=" + fifo, "status=none"], stdin=file)
        self.assertEqual(without_places(analyze.records(files[0], fifo)), without_places(both))
        self.assertEqual(writer.wait(), 0)

    def test_no_clock_correction(self):
        far = points.at(self.near, 20 * MS, HOUR)
        files = [self.write("near.pcap", points.lossy(self.near, 0.05, 1)),
                 self.write("far.pcap", points.lossy(far, 0.05, 2))]
        found = analyze.of_type(analyze.records(*files, "--no-clock-correction"), "point")
        self.assertNotIn("offset_ns", found[1])

    def test_mirrored_port(self):
        """Everything twice, the second one as it left a router: counted once."""
        twice = self.near + [packet._replace(time=packet.time + 30_000)
                             for packet in points.hops(self.near, 1)]
        found = analyze.records(self.write("span.pcap", twice))
        self.assertEqual(analyze.of_type(found, "point")[0]["duplicates"], len(self.near))
        whole = analyze.records(self.write("whole.pcap", self.near))
        self.assertEqual(without_places(found), without_places(whole))

    def test_mirrored_through_tunnels(self):
        """So is what a switch sends on in a tunnel, beside the packets themselves, or alone."""
        whole = analyze.records(self.write("whole.pcap", self.near))
        for kind in ("gre", "erspan1", "erspan2", "erspan3", "vxlan"):
            copies = points.tunnelled(points.hops(self.near, 1) if kind != "gre" else self.near,
                                      kind)
            late = [packet._replace(time=packet.time + 30_000) for packet in copies]
            for packets, num in ((self.near + late, len(self.near)), (copies, 0)):
                found = analyze.records(self.write(kind + ".pcap", packets))
                self.assertEqual(analyze.of_type(found, "point")[0]["duplicates"], num, kind)
                self.assertEqual(without_places(found), without_places(whole), kind)

    def test_given_points(self):
        half = len(self.near) // 2
        files = [self.write("first.pcap", self.near[:half]), self.write("x.pcap", self.near[half:]),
                 self.write("y.pcap", self.far)]
        found = analyze.of_type(analyze.records("--point", "near=" + files[0],
                                                "--point=near=" + files[1], files[2]), "point")
        self.assertEqual([(point["name"], point["files"]) for point in found],
                         [("near", 2), ("y.pcap", 1)])
        for wrong in ("near", "=x", "near="):
            result = analyze.run("--point", wrong)
            self.assertEqual(result.returncode, 2)
            self.assertIn(b"NAME=FILE", result.stderr)

    def test_reordered(self):
        """Neighbours of a direction have changed places, and some are lost."""
        chance = random.Random(9)
        packets = points.lossy(self.many, 0.02, 9)
        place = {}
        for index, packet in enumerate(packets):
            last = place.get(packet.octets[26:38])
            if last is not None and chance.random() < 0.02 and \
                    packet.time - packets[last].time < MS and len(packet.octets) > 60:
                one, other = packets[last], packets[index]
                packets[last] = other._replace(time=one.time)
                packets[index] = one._replace(time=other.time)
                place.pop(packet.octets[26:38])
            else:
                place[packet.octets[26:38]] = index
        self.assertGreaterEqual(len(self.messages(self.write("worn.pcap", packets))), 5600)


if __name__ == "__main__":
    unittest.main()
