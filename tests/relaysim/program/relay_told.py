#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a relay tells: its log, its counters, and who manages it.

Usage: relay_told.py RELAYSIM
"""
import fcntl
import json
import os
import re
import resource
import select
import signal
import socket
import termios
import unittest

import live
from attacks import OK
from raw import Raw
from patience import PATIENCE
from relay_test import BASIC, RelayTest


class Log(RelayTest):
    STAMP = r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} "

    def lines(self, path):
        with open(path, encoding="utf-8") as file:
            return file.read().splitlines()

    def test_file(self):
        """Appended to, with date and time; what went wrong is on stderr, too."""
        path = self.path("log")
        with open(path, "w", encoding="ascii") as file:
            file.write("before\n")
        relay = self.relay("--log", path, "-v", "--max-half-open", "1")
        with Raw(relay.address, 6), Raw(relay.address), Raw(relay.address):
            self.assertRegex(relay.process.stderr.readline(), "^relaysim: .*--max-half-open")
        self.assertEqual(relay.stop(), 0)
        self.assertEqual(relay.log, "")
        lines = self.lines(path)
        self.assertEqual(lines[0], "before")
        for line in lines[1:]:
            self.assertRegex(line, self.STAMP)
        self.assertEqual(sum("established with dpp:///mallory" in line for line in lines), 1)
        self.assertEqual(sum("--max-half-open" in line for line in lines), 1)

    def test_opened_anew(self):
        """At SIGHUP; where that fails it goes on in the old one, and says so."""
        path, old = self.path("log"), self.path("old")
        relay = self.relay("--log", path, "-v")
        os.rename(path, old)
        relay.process.send_signal(signal.SIGHUP)
        self.wait_until(lambda: os.path.exists(path) and self.lines(path))
        self.assertEqual(self.answer(relay.address, "dpp:///a"), OK)
        self.wait_until(lambda: any("dpp:///a" in line for line in self.lines(path)))
        before = self.lines(old)
        os.rename(path, self.path("second"))
        os.mkdir(path)
        relay.process.send_signal(signal.SIGHUP)
        self.assertRegex(relay.process.stderr.readline(), "cannot be opened anew.*directory")
        self.assertEqual(self.answer(relay.address, "dpp:///b"), OK)
        self.assertEqual(relay.stop(), 0)
        self.assertEqual(self.lines(old), before)
        self.assertTrue(any("dpp:///b" in line for line in self.lines(self.path("second"))))

    def test_refused(self):
        result = live.run(*BASIC, "--listen", "127.0.0.1:0", "--log", self.folder, "--store",
                          self.path("store"))
        self.check(result, 2, "cannot write the log %s: Is a directory" % self.folder)
        self.assertEqual(os.listdir(self.folder), [])

    def visit_often(self, relay, number):
        for _ in range(number):
            with Raw(relay.address, 6, device="dpp:///" + 1000 * "x"):
                pass

    def test_reader_stops(self):
        """Of a FIFO: the relay goes on, and says later how much is missing."""
        path = self.path("fifo")
        os.mkfifo(path)
        relay = self.relay("--log", path, "-v")  # nobody reads it yet
        reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        self.visit_often(relay, 150)
        self.assertRegex(relay.process.stderr.readline(), "log cannot be written: nobody reads it")
        text = b""
        while select.select([reader], [], [], 0)[0]:
            text += os.read(reader, 1 << 16)
        self.assertGreater(len(text), 30000)
        self.visit_often(relay, 1)
        while b"are missing here" not in text or not text.endswith(b"\n"):
            self.assertTrue(select.select([reader], [], [], PATIENCE)[0])
            text += os.read(reader, 1 << 16)
        for line in text.decode().splitlines():
            self.assertRegex(line, self.STAMP)
        self.assertRegex(text.decode(), r"\d+ lines are missing here, .*: nobody read")
        self.assertEqual(relay.stop(), 0)

    def test_stderr_reader_stops(self):
        """Without a file, nobody who reads stderr holds the relay up."""
        relay = self.relay("-v")
        self.visit_often(relay, 150)
        self.assertEqual(relay.counters()["connections"], 150)
        self.wait_for_line(relay.process.stderr, "dpp:///xxx")
        relay.process.terminate()
        text = relay.process.stderr.read()
        self.assertRegex(text, "lines are missing here")
        self.assertEqual(relay.process.wait(PATIENCE), 0)

    def test_disk_is_full(self):
        """It is told of once, on stderr; lines begin where lines begin afterwards."""
        path = self.path("log")
        relay = self.relay("--log", path, "-v")
        unlimited = resource.prlimit(relay.process.pid, resource.RLIMIT_FSIZE)
        self.visit_often(relay, 1)
        size = os.path.getsize(path)
        resource.prlimit(relay.process.pid, resource.RLIMIT_FSIZE, (size + 1000, unlimited[1]))
        self.visit_often(relay, 5)
        self.assertRegex(relay.process.stderr.readline(), "log cannot be written: File too large")
        resource.prlimit(relay.process.pid, resource.RLIMIT_FSIZE, unlimited)
        self.visit_often(relay, 1)
        self.assertEqual(relay.stop(), 0)
        self.assertEqual(relay.log, "")
        torn = [line for line in self.lines(path) if not re.match(self.STAMP, line)]
        self.assertEqual(torn, [])
        self.assertTrue(any("lines are missing here, which could not be written: File too large"
                            in line for line in self.lines(path)))


class Counters(RelayTest):
    def test_every_so_often(self):
        relay = self.relay("--counters", "0.05", "--auth", "off")
        one, two = (json.loads(relay.process.stdout.readline()) for _ in range(2))
        self.assertLess(one["uptime"], two["uptime"])
        self.assertLess(abs(one["t"] + two["uptime"] - one["uptime"] - two["t"]), 5)
        self.check(relay.client("--to", live.BOB, "--message", "x"), 0)
        while json.loads(relay.process.stdout.readline())["messages_stored"] != 1:
            pass
        self.assertEqual(relay.stop(), 0)

    def test_nobody_reads(self):
        """Lines are left out, and nobody is held up; it is no failure."""
        relay = self.relay("--counters", "0.001", "--auth", "off")
        self.wait_until(lambda: self.is_full(relay.process.stdout))
        self.check(relay.client("--to", live.BOB, "--message", "x"), 0)
        relay.process.terminate()
        lines = [json.loads(line) for line in relay.process.stdout]
        self.assertEqual(lines[-1]["messages_stored"], 1)
        self.assertEqual(relay.process.wait(PATIENCE), 0)

    @staticmethod
    def is_full(pipe):
        waiting = fcntl.ioctl(pipe, termios.FIONREAD, b"\0\0\0\0")
        return int.from_bytes(waiting, "little") > 60000


class Notify(RelayTest):
    """A service manager, which is a socket of the test's own."""

    def manager(self, address):
        manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(manager.close)
        manager.settimeout(PATIENCE)
        manager.bind(address)
        return manager

    def start_with(self, name, *arguments, **environment):
        return self.relay("--auth", "off", *arguments,
                          env={**os.environ, "NOTIFY_SOCKET": name, **environment})

    def wait_for(self, manager, wanted):
        """Everything up to the line that is wanted."""
        lines = []
        while wanted not in lines:
            lines += manager.recv(10000).decode().split("\n")
        return lines

    def test_life(self):
        for name in (self.path("socket"), "@relaysim-%d" % os.getpid()):
            manager = self.manager(name.replace("@", "\0"))
            log = self.path("log" + name[0].replace("/", ""))
            relay = self.start_with(name, "--log", log)
            self.assertEqual(manager.recv(1000), b"READY=1")
            self.assertEqual(manager.recv(1000), b"STATUS=0 connections, 0 messages stored")
            os.remove(log)
            relay.process.send_signal(signal.SIGHUP)
            reloading = manager.recv(1000).decode().split("\n")
            self.assertEqual(reloading[0], "RELOADING=1")
            self.assertRegex(reloading[1], r"^MONOTONIC_USEC=\d+$")
            self.assertEqual(manager.recv(1000), b"READY=1")
            self.assertTrue(os.path.exists(log))
            peer = Raw(relay.address, 6)
            relay.process.terminate()
            self.wait_for(manager, "STOPPING=1")
            peer.socket.close()
            self.assertEqual(relay.process.wait(PATIENCE), 0)

    def test_watchdog(self):
        """As long as the loop turns, and no longer."""
        manager = self.manager(self.path("socket"))
        relay = self.start_with(self.path("socket"), WATCHDOG_USEC="200000")
        for _ in range(3):
            self.wait_for(manager, "WATCHDOG=1")
        relay.process.send_signal(signal.SIGSTOP)
        manager.settimeout(1)
        with self.assertRaises(TimeoutError):
            while True:
                manager.recv(1000)
        relay.process.send_signal(signal.SIGCONT)
        manager.settimeout(PATIENCE)
        self.wait_for(manager, "WATCHDOG=1")
        with Raw(relay.address, 6):
            self.wait_for(manager, "STATUS=1 connections, 0 messages stored")
        self.assertEqual(relay.stop(), 0)

    def test_not_meant(self):
        """A watchdog that is another process's."""
        manager = self.manager(self.path("socket"))
        relay = self.start_with(self.path("socket"), WATCHDOG_USEC="100000", WATCHDOG_PID="1")
        self.assertEqual(manager.recv(1000), b"READY=1")
        self.assertEqual(manager.recv(1000), b"STATUS=0 connections, 0 messages stored")
        manager.settimeout(1)
        with self.assertRaises(TimeoutError):
            manager.recv(1000)
        self.assertEqual(relay.stop(), 0)

    def test_nobody_there(self):
        """Told, and no reason not to serve."""
        for name in (self.path("nowhere"), "nonsense", "/" + 200 * "x"):
            relay = self.start_with(name)
            self.assertRegex(relay.process.stderr.readline(), "^relaysim: ")
            self.assertEqual(self.answer(relay.address, "dpp:///a"), OK)
            self.assertEqual(relay.stop(), 0)

    def test_manager_does_not_read(self):
        self.manager(self.path("socket"))
        relay = self.start_with(self.path("socket"), WATCHDOG_USEC="20000")
        self.check(relay.client("--to", live.BOB, "--message", "x"), 0)
        self.check(relay.receive(1), 0)
        self.assertEqual(relay.stop(), 0)


if __name__ == "__main__":
    unittest.main()
