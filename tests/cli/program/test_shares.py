# SPDX-License-Identifier: GPL-2.0-or-later
"""However the packets are dealt out, it is one and the same report."""
import collections
import json
import os
import signal
import subprocess
import tempfile
import time
import unittest

import analyze
import points
import sstp_commands as sstp
from capture import Capture, Connection
from points import MS
from test_points import bare as placeless

PATIENCE = 300  # seconds
FORMATS = {"text": ("--format", "text"), "json": ("--format", "json"),
           "html": ("--format", "html"),
           "csv": ("--format", "csv", "--table", "messages"),
           "commands": ("--table", "commands")}

# What only one process or all shares together know.
OF_ALL = ("connection", "journey", "hop", "share")


def bare(record):
    """Without the numbers of one process."""
    return json.dumps({key: value for key, value in record.items() if key not in OF_ALL},
                      sort_keys=True)


class ShareTest(unittest.TestCase):
    def test_all_shares_have_all_records(self):
        capture = analyze.sample("demo")
        whole = collections.Counter(bare(record) for record in analyze.records(capture)
                                    if record["type"] != "journey")
        for num in (1, 3, 16):
            found = collections.Counter()
            for share in range(num):
                records = analyze.records(capture, "--share", "%d/%d" % (share, num))
                self.assertEqual({record["share"] for record in records} - {share}, set())
                found.update(bare(record) for record in records)
            self.assertEqual(found, whole, num)

    def test_what_joins_need(self):
        """The same contents on both hops, by whatever share they were seen; who sent it to whom."""
        capture = analyze.sample("demo")
        legs = collections.defaultdict(list)
        for share in range(3):
            records = analyze.records(capture, "--share", "%d/3" % share)
            numbers = {record["connection"] for record in analyze.of_type(records, "connection")}
            for record in analyze.of_type(records, "message"):
                self.assertIn(record["connection"], numbers)
                if "contents" in record:
                    legs[record["contents"]].append(record)
        journeys = [record for record in analyze.records(capture) if record["type"] == "journey"]
        joined = 0
        for journey in journeys:
            frames = {hop["frame"] for hop in journey["hops"]}
            if len(frames) < 2:
                continue
            joined += 1
            senders = [{record["end_frame"]: record.get("sender") for record in records}
                       for records in legs.values()]
            hops = {hop["frame"]: hop.get("sender") for hop in journey["hops"]}
            self.assertTrue(any(hops.items() <= group.items() for group in senders), hops)
        self.assertGreater(joined, 3)

    def test_wrong(self):
        for wrong in ("1", "/", "1/", "/2", "2/2", "-1/2", "0/0", "0/99999", "a/b"):
            result = analyze.run("--share", wrong, analyze.sample("demo"))
            self.assertEqual(result.returncode, 2)
            self.assertIn(b"has to be I/N", result.stderr)
        for other in (("--format", "text"), ("--undelivered",), ("--table", "journeys")):
            result = analyze.run("--share", "0/2", *other, analyze.sample("demo"))
            self.assertEqual((result.returncode, result.stdout), (2, b""))
            self.assertEqual(result.stderr.count(b"\n"), 1)


class OneReportTest(unittest.TestCase):
    """The report of one process is that of any number of them."""

    @classmethod
    def setUpClass(cls):
        cls.near = points.bursts(connections=9, rounds=4)
        cls.far = points.at(cls.near, 20 * MS, 3_000_000 * MS, 50e-6, MS // 2)

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def write(self, name, packets):
        return points.write(os.path.join(self.folder, name), packets)

    def check(self, files, ways, formats):
        for name in formats:
            one = analyze.run("--jobs", "1", *FORMATS[name], *files)
            self.assertEqual(one.returncode, 0, one.stderr)
            for way in ways:
                several = analyze.run(*way, *FORMATS[name], *files)
                self.assertEqual((several.returncode, several.stderr), (0, b""), (way, name))
                self.assertEqual(several.stdout, one.stdout, (way, name))

    def test_sample(self):
        demo = [analyze.sample("demo")]
        self.check(demo, [("--jobs", str(jobs)) for jobs in range(2, 17)], ["json"])
        self.check(demo, [("--memory", "100K", "--jobs", "2")],
                   ["text", "html", "csv", "commands"])

    def test_encapsulations(self):
        """A virtual connection with many TCP connections; Wireshark finds some by looking."""
        for name in ("polling", "keepalive", "longlived-proxy"):
            self.check([analyze.sample(name), analyze.sample("demo"), analyze.sample("socks")],
                       [("--jobs", "3")], ["json"])

    def test_ring_files(self):
        files = [self.write("ring_%05d.pcap" % index, self.near[40 * index:40 * index + 40])
                 for index in range(len(self.near) // 40 + 1)]
        self.check(files, [("--jobs", "2"), ("--jobs", "16"), ("--memory", "1K", "--jobs", "1")],
                   ["json", "text"])

    def test_two_points(self):
        files = [self.write("near.pcap", points.lossy(self.near, 0.05, 1)),
                 self.write("far.pcap", points.hops(points.lossy(self.far, 0.05, 2), 2))]
        self.check(files, [("--jobs", "2"), ("--jobs", "7"), ("--memory", "1K", "--jobs", "2")],
                   ["json", "text"])

    def test_return_too_early(self):
        """A device that was asked to stay away comes back from another address."""
        capture = Capture()
        for number, ask in enumerate((True, False, False)):
            connection = Connection(("192.0.2.%d" % (number + 1), 50000), ("198.51.100.1", 2492),
                                    capture=capture)
            device = "dpp:///device" if number < 2 else "dpp:///other"
            connection.send(sstp.connect("grooveDNS://relay1.example", [device],
                                         version=(1, 6)).data, True)
            connection.send(sstp.connect_response(
                sstp.TRY_LATER if ask else sstp.OK, ["grooveDNS://relay1.example"],
                **({"retry_time": 60} if ask else {})).data, False)
        path = capture.write(os.path.join(self.folder, "returns.pcapng"))
        found = analyze.table("findings", path)
        self.assertEqual([(row["finding"], row["initiator"]) for row in found],
                         [("timer", "192.0.2.2")])
        self.check([path], [("--jobs", "2"), ("--jobs", "3")], ["json", "text", "commands"])

    def test_filter(self):
        """What a display filter counts over all of the capture is the same in each share."""
        for text in ("frame.number > 100 && frame.time_relative > 0.2", "sstp.stream == 4",
                     "tcp.stream in {2, 9}", "sstp.journey == 1"):
            self.check(["-Y", text, analyze.sample("demo")], [("--jobs", "4")], ["json"])

    def test_filter_of_share(self):
        result = analyze.run("--share", "0/2", "-Y", "tcp.stream == 4", analyze.sample("demo"))
        self.assertEqual((result.returncode, result.stdout), (2, b""))
        self.assertIn(b"no share has them", result.stderr)

    def test_picked(self):
        demo = analyze.sample("demo")
        self.check(["--undelivered", demo], [("--jobs", "3")], ["text", "html"])
        self.check(["--journey", "3", demo], [("--jobs", "3")], ["text", "json"])


class SplitTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = os.path.join(folder.name, "split")

    def split(self, num, *files):
        self.assertEqual(analyze.good("--split", num, "-w", self.folder, *files), "")
        return sorted(os.path.join(self.folder, name) for name in os.listdir(self.folder))

    def records(self, *arguments):
        return [placeless(record) for record in analyze.records(*arguments)
                if record["type"] != "point"]

    def test_merged(self):
        """All buckets together are the whole; no pair is in two of them."""
        whole = self.records(analyze.sample("demo"))
        files = self.split(5, analyze.sample("demo"))
        self.assertEqual([os.path.basename(file) for file in files],
                         ["share-%03d.pcapng" % number for number in range(5)])
        self.assertEqual(self.records(*("--point=all=" + file for file in files)), whole)
        pairs = collections.Counter()
        for file in files:
            pairs.update({frozenset((row["initiator"], row["acceptor"]))
                          for row in analyze.table("connections", file)})
        self.assertGreater(len(pairs), 5)
        self.assertEqual(set(pairs.values()), {1})

    def test_ring_and_points(self):
        """Ring files are one point, which has a capture a bucket; other points have theirs."""
        near = points.bursts(connections=6, rounds=2)
        far = points.lossy(points.at(near, 20 * MS, 7000 * MS), 0.05, 3)
        place = os.path.dirname(self.folder)
        files = [points.write(os.path.join(place, "ring_%d.pcap" % index),
                              near[100 * index:100 * index + 100])
                 for index in range(len(near) // 100 + 1)]
        files.append(points.write(os.path.join(place, "far.pcap"), far))
        whole = analyze.table("messages", *files)
        split = self.split(3, *files)
        self.assertEqual([os.path.basename(file) for file in split],
                         ["share-%03d-point-%d.pcapng" % (number, point)
                          for number in range(3) for point in range(2)])
        again = analyze.table("messages", *("--point=%s=%s" % (file[-8], file) for file in split))
        told = ("from", "number", "user_ref", "length", "state", "end_t_ns", "acked_t_ns")
        self.assertEqual([[row[key] for key in told] for row in again],
                         [[row[key] for key in told] for row in whole])

    def test_wrong(self):
        demo = analyze.sample("demo")
        for arguments, said in ((("--split", "0", "-w", self.folder), b"from 1 to"),
                                (("--split", "2"), b"say with -w"),
                                (("-w", self.folder), b"neither is given"),
                                (("--split", "2", "-w", self.folder, "--format", "json"),
                                 b"no report"),
                                (("--split", "2", "-w", demo), b"-w ")):
            result = analyze.run(*arguments, demo)
            self.assertEqual((result.returncode, result.stdout), (2, b""), arguments)
            self.assertEqual(result.stderr.count(b"\n"), 1)
            self.assertIn(said, result.stderr)
        self.split(2, demo)
        result = analyze.run("--split", "2", "-w", self.folder, demo)
        self.assertEqual(result.returncode, 2)
        self.assertIn(b"is there already", result.stderr)


class ProcessTest(unittest.TestCase):
    """What several processes have to take care of."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.capture = points.write(os.path.join(cls.folder.name, "big.pcap"), points.bursts())
        cls.temporary = os.path.join(cls.folder.name, "tmp")
        os.mkdir(cls.temporary)
        cls.environment = dict(analyze.ENVIRONMENT, TMPDIR=cls.temporary)

    def run_in(self, folder, *arguments):
        return subprocess.run([analyze.PROGRAM, *arguments], check=False, capture_output=True,
                              env=dict(analyze.ENVIRONMENT, TMPDIR=folder))

    def begin(self, *arguments):
        """The program, once it has a child; or None where it was faster than that."""
        process = subprocess.Popen([analyze.PROGRAM, *arguments, self.capture],
                                   env=self.environment, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, start_new_session=True)
        children = "/proc/%d/task/%d/children" % (process.pid, process.pid)
        deadline = time.monotonic() + PATIENCE
        while process.poll() is None and time.monotonic() < deadline:
            with open(children, encoding="ascii") as file:
                found = [int(number) for number in file.read().split()]
            if found:
                return process, found
            time.sleep(0.002)
        return process, []

    def until(self, attempt):
        """Tries until the program was caught in the middle."""
        for _ in range(50):
            if attempt():
                return
        self.fail("it was never caught in the middle")

    def test_child_dies(self):
        def attempt():
            process, children = self.begin("--jobs", "3")
            if children:
                os.kill(children[-1], signal.SIGKILL)
            out, err = process.communicate(timeout=PATIENCE)
            if b"ended by signal" not in err:
                return False
            self.assertEqual((process.returncode, out), (1, b""))
            self.assertRegex(err, rb"\Agrvsstp-analyze: the process with share \d of 3 was ended by "
                                  rb"signal 9 \(Killed\); nothing is reported\n\Z")
            return True
        self.until(attempt)
        self.assertEqual(os.listdir(self.temporary), [])

    def test_interrupt(self):
        """To all processes, as a terminal does it, or to the first alone."""
        for send in (os.kill, os.killpg):
            def attempt(send=send):
                process, children = self.begin("--jobs", "2")
                if children:
                    send(process.pid, signal.SIGINT)
                out, err = process.communicate(timeout=PATIENCE)
                if b"interrupted" not in err:
                    return False
                self.assertEqual(process.returncode, 1)
                self.assertEqual(err, b"grvsstp-analyze: interrupted; the report is of what was "
                                      b"read until then\n")
                self.assertIn(b"1 file, ", out)
                return True
            self.until(attempt)
        self.assertEqual(os.listdir(self.temporary), [])

    def test_temporary_files(self):
        """They have no names; without a place for them nothing is reported."""
        nowhere = os.path.join(self.folder.name, "nowhere")
        for arguments in (("--jobs", "2"), ("--memory", "1M", "--jobs", "1")):
            result = self.run_in(self.temporary, *arguments, self.capture)
            self.assertEqual((result.returncode, result.stderr), (0, b""))
            self.assertEqual(os.listdir(self.temporary), [])
            result = self.run_in(nowhere, *arguments, self.capture)
            self.assertEqual((result.returncode, result.stdout), (1, b""))
            self.assertIn(b"a temporary file cannot be made", result.stderr)
        result = self.run_in(nowhere, "--jobs", "1", self.capture)
        self.assertEqual((result.returncode, result.stderr), (0, b""))

    def test_bad_input(self):
        """As one process has it, and said once."""
        cut = os.path.join(self.folder.name, "cut.pcap")
        with open(self.capture, "rb") as file, open(cut, "wb") as short:
            short.write(file.read(200_001))
        text = os.path.join(self.folder.name, "text")
        with open(text, "w", encoding="ascii") as file:
            file.write("no capture\n" * 1000)
        for files in ([cut], [cut, self.capture], [text], [self.capture, text],
                      [os.path.join(self.folder.name, "none")], [self.folder.name]):
            one = analyze.run("--jobs", "1", *files)
            several = analyze.run("--jobs", "3", *files)
            self.assertNotEqual(one.returncode, 0)
            self.assertEqual((several.returncode, several.stderr, several.stdout),
                             (one.returncode, one.stderr, one.stdout))

    def test_standard_input(self):
        with open(self.capture, "rb") as file:
            octets = file.read()
        one = analyze.good("-", stdin=octets)
        self.assertEqual(analyze.good("--jobs", "3", "--memory", "1M", "-", stdin=octets), one)
        result = analyze.run("--share", "0/2", "-", stdin=octets)
        self.assertEqual((result.returncode, result.stdout), (2, b""))
        self.assertIn(b"can be read but once", result.stderr)

    def test_wrong(self):
        for option, wrong in (("--jobs", "0"), ("--jobs", "two"), ("--jobs", "1000"),
                              ("--memory", "0"), ("--memory", "-1"), ("--memory", "G"),
                              ("--memory", "1GB"), ("--memory", "99999999T")):
            result = analyze.run(option, wrong, self.capture)
            self.assertEqual((result.returncode, result.stdout), (2, b""))
            self.assertIn(option.encode() + b" " + wrong.encode() + b": has to be", result.stderr)


if __name__ == "__main__":
    unittest.main()
