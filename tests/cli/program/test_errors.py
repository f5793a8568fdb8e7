# SPDX-License-Identifier: GPL-2.0-or-later
"""What cannot be read or written gets one sentence, and the exit code that goes with it."""
import os
import signal
import subprocess
import tempfile
import time
import unittest

import analyze


class ErrorTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def put(self, name, data):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.write(data)
        return path

    def loop(self, name):
        """Something that nobody can open, root neither."""
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.symlink(path, path)
        return path

    def sample(self, name="demo"):
        with open(analyze.sample(name), "rb") as file:
            return file.read()

    def assert_refused(self, *arguments, words, code=2, **more):
        result = analyze.run(*arguments, **more)
        said = result.stderr.decode()
        self.assertEqual(result.returncode, code, said)
        self.assertEqual(said.count("\n"), 1, said)
        self.assertTrue(said.startswith("grvsstp-analyze: "), said)
        for word in words:
            self.assertIn(word, said)
        return result.stdout.decode()

    def test_unreadable(self):
        table = [(self.put("text", b"hello, this is no capture\n" * 40), "not a capture"),
                 (self.put("empty", b""), "empty"),
                 (self.folder, "folder"),
                 (os.path.join(self.folder, "absent"), "No such file"),
                 (self.loop("loop"), "Too many")]
        for path, word in table:
            self.assertEqual(self.assert_refused(path, words=[path, word]), "")

    def test_a_good_one_beside_a_bad_one(self):
        self.assert_refused(analyze.sample("demo"), self.put("text", b"no capture" * 100),
                            words=["text", "not a capture"])

    def test_cut_file(self):
        """What is there is reported."""
        whole = self.sample()
        path = self.put("cut.pcapng", whole[:len(whole) * 2 // 3])
        printed = self.assert_refused(path, words=[path, "cut short"], code=1)
        self.assertIn("connections", printed)

    def test_no_packets(self):
        path = self.put("none.pcap", bytes.fromhex(
            "d4c3b2a1020004000000000000000000ffff000001000000"))
        self.assertIn("1 file, 0 packets\n", analyze.good(path))

    def test_lengths_that_no_packet_has(self):
        """A packet whose file says that it was longer than any can be, or cut to nothing."""
        head = bytes.fromhex("d4c3b2a1020004000000000000000000ffff000001000000")
        for captured, length in ((60, 0xffffffff), (60, 0x80000000), (0, 0xffffffff), (0, 0)):
            packet = b"".join(number.to_bytes(4, "little") for number in (1, 2, captured, length))
            path = self.put("lengths.pcap", head + 2 * (packet + bytes(captured)))
            self.assertIn("1 file, 2 packets,", analyze.good(path))
            self.assertIn("2 files, 4 packets,", analyze.good(path, self.put("x", head + 2 * (
                packet + bytes(captured)))))

    def test_standard_input_that_stops(self):
        data = self.sample()
        printed = self.assert_refused("-", words=["cut short"], code=1,
                                      stdin=data[:len(data) // 2])
        self.assertIn("connections", printed)
        self.assert_refused("-", words=["- cannot be read"], stdin=b"")

    def test_standard_input_that_stops_beside_files(self):
        demo, data = analyze.sample("demo"), self.sample("polling")
        printed = self.assert_refused(demo, "-", words=["- is read as far", "cut short"], code=1,
                                      stdin=data[:len(data) // 2])
        self.assertIn("2 files", printed)
        self.assert_refused(demo, "-", words=["- cannot be read", "empty"], stdin=b"")
        self.assert_refused(demo, "-", words=["- cannot be read", "not a capture"],
                            stdin=b"no capture" * 100)
        self.addCleanup(analyze.ENVIRONMENT.update,
                        TMPDIR=analyze.ENVIRONMENT.get("TMPDIR", "/tmp"))
        analyze.ENVIRONMENT["TMPDIR"] = os.path.join(self.folder, "absent")
        self.assert_refused(demo, "-", words=["kept in", "absent"], stdin=data)

    def test_full_disk(self):
        if not os.path.exists("/dev/full"):
            self.fail("no /dev/full here")
        demo = analyze.sample("demo")
        for form in (["text"], ["json"], ["csv", "--table", "commands"], ["html"]):
            self.assert_refused(demo, "--format", *form, "--output", "/dev/full",
                                words=["/dev/full", "No space left"], code=1)
            with open("/dev/full", "wb") as full:
                done = subprocess.run([analyze.PROGRAM, demo, "--format", *form], stdout=full,
                                      stderr=subprocess.PIPE, env=analyze.ENVIRONMENT, check=False)
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr.decode(), r"\A.*standard output: No space left.*\n\Z")
        self.assert_refused(demo, "--shrink", "unknown_session", "-w", "/dev/full",
                            words=["/dev/full", "No space left"], code=1)

    def test_configuration_that_cannot_be_read(self):
        """Of Wireshark's files that nobody can open one is named, and the report is made."""
        for name in ("preferences", "hosts", "subnets", "ss7pcs"):
            self.loop(os.path.join("config", "wireshark", name))
        kept = analyze.ENVIRONMENT.copy()
        self.addCleanup(lambda: (analyze.ENVIRONMENT.clear(), analyze.ENVIRONMENT.update(kept)))
        analyze.ENVIRONMENT["XDG_CONFIG_HOME"] = os.path.join(self.folder, "config")
        printed = self.assert_refused(analyze.sample("demo"), code=0,
                                      words=["cannot be read", "of the kind"])
        self.assertIn("connections", printed)

    def test_output_that_cannot_be(self):
        path = os.path.join(self.folder, "no", "such", "folder")
        self.assert_refused(analyze.sample("demo"), "--output", path, words=[path])

    def test_reader_who_leaves(self):
        """Nothing is said, and nobody waits."""
        program = subprocess.Popen([analyze.PROGRAM, analyze.sample("demo"), "--format", "json"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env=analyze.ENVIRONMENT)
        program.stdout.close()
        said = program.stderr.read().decode()
        program.stderr.close()
        self.assertEqual((program.wait(), said), (1, ""))

    def test_interrupt_prints_what_there_is(self):
        read, write = os.pipe()
        program = subprocess.Popen([analyze.PROGRAM, "-", "--table", "commands"], stdin=read,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env=analyze.ENVIRONMENT)
        os.close(read)
        data = self.sample()
        os.write(write, data[:len(data) // 2])
        while True:  # until it handles the signal, from before its first packet on
            with open("/proc/%d/status" % program.pid, encoding="ascii") as status:
                caught = [line for line in status if line.startswith("SigCgt:")][0]
            if int(caught.split()[1], 16) & 1 << (signal.SIGINT - 1):
                break
            self.assertIsNone(program.poll())
            time.sleep(0.02)
        program.send_signal(signal.SIGINT)
        os.close(write)
        said = program.stderr.read().decode()
        program.stdout.close()
        program.stderr.close()
        self.assertEqual(program.wait(), 1)
        self.assertIn("interrupted", said)


if __name__ == "__main__":
    unittest.main()
