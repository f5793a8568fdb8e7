# SPDX-License-Identifier: GPL-2.0-or-later
"""relaysimdump: relaysim among the interfaces of Wireshark, as Wireshark calls it, and with tshark
itself.  It takes RELAYSIM and RELAYSIMDUMP off the command line.
"""
import os
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import unittest

from patience import PATIENCE

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))

RELAYSIM, RELAYSIMDUMP = os.path.abspath(sys.argv.pop(1)), os.path.abspath(sys.argv.pop(1))
HAS_PLUGIN = "GRVSSTP_BUILD_DIR" in os.environ
INTERFACE = "sstp-relaysim"
STORY = "4.2.1-device-to-device"

if HAS_PLUGIN:
    import tshark


def ask(*arguments):
    return subprocess.run([RELAYSIMDUMP, *arguments], capture_output=True, text=True,
                          timeout=PATIENCE, check=False)


def sentences(text, word):
    """The lines that begin with a word, as {key: value}."""
    return [dict(re.findall(r"\{([a-z]+)=([^{}]*)\}", line))
            for line in text.splitlines() if line.split(" ")[0] == word]


def blocks(data):
    """How many whole blocks of pcapng there are; fails when there is a part of another."""
    at = num = 0
    while at < len(data):
        length = struct.unpack_from("<I", data, at + 4)[0]
        end = at + length
        if length < 12 or end > len(data) or struct.unpack_from("<I", data, end - 4)[0] != length:
            raise AssertionError("no block of pcapng at %d of %d" % (at, len(data)))
        at, num = end, num + 1
    return num


def packet_times(reader):
    """Nanoseconds since 1970 of each packet, as it comes, while there are any."""
    while len(head := reader.read(8)) == 8:
        kind, length = struct.unpack("<II", head)
        body = reader.read(length - 8)
        if kind == 6:  # an Enhanced Packet Block
            high, low = struct.unpack_from("<II", body, 4)
            yield high << 32 | low
    raise AssertionError("it ended before")


def poll_in(reader):
    """Whether there are bytes, and not only nobody who writes."""
    asked = select.poll()
    asked.register(reader, select.POLLIN)
    return any(event & select.POLLIN for _, event in asked.poll(0))


class Described(unittest.TestCase):
    def describe(self, *arguments):
        result = ask(*arguments)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return result.stdout

    def test_interfaces(self):
        text = self.describe("--extcap-interfaces", "--extcap-version=4.0")
        self.assertRegex(sentences(text, "extcap")[0]["version"], r"^\d+\.\d+\.\d+$")
        self.assertEqual(sentences(text, "interface"), [
            {"value": INTERFACE, "display": "SSTP demo traffic (relaysim)"}])

    def test_link_types(self):
        text = self.describe("--extcap-interface", INTERFACE, "--extcap-dlts")
        self.assertEqual(sentences(text, "dlt"), [
            {"number": "1", "name": "EN10MB", "display": "Ethernet"}])

    def test_options(self):
        """Whatever the dialog offers is taken: every option, every story, every way."""
        text = self.describe("--extcap-interface", INTERFACE, "--extcap-config")
        arguments, values = sentences(text, "arg"), sentences(text, "value")
        self.assertEqual([argument["number"] for argument in arguments],
                         [str(number) for number in range(len(arguments))])
        help_text = ask("--help").stdout
        for argument in arguments:
            self.assertIn(" " + argument["call"], help_text)
            chosen = [value for value in values if value["arg"] == argument["number"]]
            self.assertEqual(bool(chosen), argument["type"] == "selector")
            self.assertEqual(sum(value["default"] == "true" for value in chosen), bool(chosen))
        known = subprocess.run([RELAYSIM, "scenario", "--list"], capture_output=True, text=True,
                               timeout=PATIENCE, check=True).stdout.split("\n\n")
        alone, everyday, findings = ([line.split()[0] for line in group.splitlines()]
                                     for group in known)
        self.assertEqual(["demo"] + everyday + alone + findings,
                         [value["value"] for value in values if value["arg"] == "0"])
        for way in [value["value"] for value in values if value["arg"] == "2"]:
            result = ask("--extcap-interface", INTERFACE, "--via", way, "--extcap-dlts")
            self.assertEqual((result.returncode, result.stderr), (0, ""))

    def test_mistakes(self):
        this = ("--extcap-interface", INTERFACE)
        capture = (*this, "--capture", "--fifo", "/nonexistent/fifo")
        for arguments, why in (
                ((), "--extcap-interface is needed"),
                (("--extcap-interface", "eth0", "--extcap-dlts"), 'no interface "eth0"'),
                (this, "one of --extcap-dlts"),
                ((*this, "--capture"), "--capture needs --fifo"),
                ((*this, "--extcap-capture-filter", "tcp"), "no capture filters"),
                ((*capture, "--extcap-capture-filter", "tcp"), "no capture filters"),
                (capture, "cannot write /nonexistent/fifo"),
                ((*capture, "--scenario", "nosuch"), "nosuch"),
                ((*capture, "--via", "pigeon"), "pigeon"),
                ((*capture, "--split"), "the tour"),
                ((*capture, "--scenario", "4.2.1-device-to-device", "--via", "polling"),
                 "not played over Polling"),
                ((*capture, "--rate", "-1"), "rate"),
                ((*capture, "more"), 'no argument such as "more"')):
            result = ask(*arguments)
            self.assertEqual((result.returncode, result.stdout), (2, ""), arguments)
            self.assertIn(why, result.stderr)
            self.assertEqual(result.stderr.count("\n"), 1, result.stderr)

    def test_filter_that_is_empty(self):
        result = ask("--extcap-interface", INTERFACE, "--extcap-capture-filter", "")
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, "", ""))


class Captured(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="relaysim-")
        self.fifo = os.path.join(self.folder, "fifo")
        os.mkfifo(self.fifo)

    def tearDown(self):
        shutil.rmtree(self.folder)

    def begin(self, *arguments):
        process = subprocess.Popen(
            [RELAYSIMDUMP, "--capture", "--extcap-interface", INTERFACE, "--fifo", self.fifo,
             *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        return process

    def reader(self, process):
        """The end of the FIFO to read from, once there is something in it."""
        reader = os.open(self.fifo, os.O_RDONLY | os.O_NONBLOCK)
        while not select.select([reader], [], [], 0.1)[0] or not poll_in(reader):
            if process.poll() is not None:
                os.close(reader)
                self.fail("it ended before it wrote: %s" % process.stderr.read().decode())
        os.set_blocking(reader, True)
        return open(reader, "rb")

    def end(self, process):
        code = process.wait(PATIENCE)
        self.assertEqual((code, process.stdout.read(), process.stderr.read()), (0, b"", b""))

    def test_stopped(self):
        """It is stopped in the middle of a play that would wait for long."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            process = self.begin("--scenario", "2.2.4-a-relay-rests", "--rate", "0")
            with self.reader(process) as reader:
                data = reader.read(2000)
                process.send_signal(number)
                data += reader.read()
            self.end(process)
            self.assertGreater(blocks(data), 8)

    def test_reader_leaves(self):
        for arguments in (("--scenario", STORY, "--rate", "0"), ("--scenario", STORY), ()):
            process = self.begin(*arguments)
            with self.reader(process) as reader:
                self.assertEqual(len(reader.read(1000)), 1000)
            self.end(process)

    def test_no_reader(self):
        """Stopped before anybody has come to read."""
        process = self.begin()
        # It ignores no signal from when it waits for a reader on; before, they end it.
        process.send_signal(signal.SIGTERM)
        self.assertIn(process.wait(PATIENCE), (0, -signal.SIGTERM))

    def test_duration(self):
        process = self.begin("--scenario", STORY, "--rate", "0", "--duration", "1")
        with self.reader(process) as reader:
            data = reader.read()
        self.end(process)
        self.assertGreater(blocks(data), 20)

    def test_skips_waits(self):
        """An hour of a story passes while somebody looks on."""
        process = self.begin("--scenario", "everyday/a-laptop-that-sleeps", "--skip-waits")
        with self.reader(process) as reader:
            times = packet_times(reader)
            first_ns = next(times)
            for time_ns in times:
                if time_ns - first_ns > 3600 * 10**9:
                    break
        self.end(process)

    def test_file(self):
        story = os.path.join(self.folder, "mine.scn")
        with open(story, "w", encoding="utf-8") as file:
            file.write("title Mine\ndevice A\ndevice B\nA connects to B\n"
                       "expect A B connected\n")
        process = self.begin("--file", story, "--duration", "1", "--rate", "60")
        with self.reader(process) as reader:
            data = reader.read()
        self.end(process)
        self.assertGreater(blocks(data), 8)


@unittest.skipUnless(HAS_PLUGIN, "tshark is asked in the release build")
class InWireshark(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.ws = tshark.Wireshark()
        extcap = os.path.join(cls.ws.folder, "extcap")
        os.mkdir(extcap)
        shutil.copy(RELAYSIMDUMP, extcap)
        os.chmod(os.path.join(extcap, "relaysimdump"), 0o755)
        cls.env = dict(cls.ws.env, WIRESHARK_EXTCAP_DIR=extcap)

    @classmethod
    def tearDownClass(cls):
        cls.ws.close()

    def tshark(self, *arguments):
        result = subprocess.run([*tshark.drop_privileges(), tshark.TSHARK, *arguments],
                                capture_output=True, text=True, timeout=PATIENCE, check=False,
                                env=self.env, cwd=self.ws.folder)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    def test_listed(self):
        self.assertRegex(self.tshark("-D"), r"(?m)^\d+\. %s \(SSTP demo traffic" % INTERFACE)
        self.assertIn("EN10MB", self.tshark("-i", INTERFACE, "-L"))

    def test_live(self):
        """The packets of the story come, and the plugin reads them; tshark ends it."""
        commands = self.tshark("-i", INTERFACE, "-c", "60", "-Y", "sstp.command", "-T", "fields",
                               "-e", "sstp.command")
        self.assertGreater(len(commands.split()), 10, commands)

    def test_options(self):
        shown = self.tshark("-i", INTERFACE, "-o", "extcap.sstp_relaysim.scenario:" + STORY,
                            "-o", "extcap.sstp_relaysim.rate:6000",
                            "-o", "extcap.sstp_relaysim.duration:3",
                            "-Y", "sstp.command", "-T", "fields", "-e", "sstp.stream")
        self.assertIn("0", shown.split())


if __name__ == "__main__":
    unittest.main()
