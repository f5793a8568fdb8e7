#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""`relaysim relay` as a program among others: its addresses, what it does without file
descriptors, its signals, its log and its supervisor, live on loopback sockets.

Usage: relay_program.py RELAYSIM SLOW_DISK, the second being slow_disk.c
"""
import contextlib
import fcntl
import json
import os
import re
import resource
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import termios
import threading
import unittest

import live  # takes RELAYSIM off the command line
from attacks import OK
from raw import Raw, sstp
from patience import PATIENCE

SLOW_DISK = sys.argv.pop(1)
TRY_LATER = 0x02
SAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "samples")
BASIC = ["relay", "--url", live.URL]


def connect_command(device):
    return sstp.connect(live.URL, [device], b"", "P", "", version=(1, 6))


class RelayTest(live.LiveTest):
    def relay(self, *arguments, **options):
        return live.Relay(*arguments, **options).lives_as_long_as(self)

    def answer(self, address, device):
        """The id of the ConnectResponse to a caller, who leaves again."""
        with Raw(address) as peer:
            peer.send(connect_command(device))
            name, command = peer.receive()
            self.assertEqual(name, "ConnectResponse")
            return command[5]

    def wait_for_line(self, pipe, pattern):
        """The first line that matches; the end of the file fails."""
        for line in pipe:
            if pattern in line:
                return line
        self.fail("no line with " + pattern)

    def wait_until(self, is_so):
        self.await_true(is_so, "it never was so")


class Addresses(RelayTest):
    def start_several(self, *addresses):
        arguments = [argument for address in addresses for argument in ("--listen", address)]
        process = self.start([live.RELAYSIM, *BASIC, "--auth", "off", "--max-connections", "3",
                              *arguments])
        ready = process.stdout.readline().split()
        self.assertEqual(ready[:1], ["ready"], process.stderr.read() if not ready else "")
        return process, ready[1:]

    def test_several(self):
        """In the order of the options; the limit holds over all of them."""
        process, ready = self.start_several("127.0.0.1:0", "[::1]:0", "127.0.0.2:0")
        self.assertEqual([address.rsplit(":", 1)[0] for address in ready],
                         ["127.0.0.1", "[::1]", "127.0.0.2"])
        self.assertNotIn("0", [address.rsplit(":", 1)[1] for address in ready])
        with contextlib.ExitStack() as stack:
            for n, address in enumerate(ready):
                peer = stack.enter_context(Raw(address, 6, device="dpp:///%d" % n))
                peer.send(sstp.open_session(1, "app", live.BOB, ""))
                peer.expect("OpenResponse", value=OK)
            for address in ready:
                self.assertEqual(self.answer(address, "dpp:///late"), TRY_LATER)
        process.terminate()
        process.communicate(timeout=PATIENCE)
        self.assertEqual(process.returncode, 0)

    def test_ip6_beside_ip4(self):
        """[::] takes IPv6 alone, so that both can have one port."""
        one, ready = self.start_several("[::]:0", "0.0.0.0:0")
        port = ready[0].rsplit(":", 1)[1]
        one.terminate()
        one.wait()
        two, ready = self.start_several("[::]:" + port, "0.0.0.0:" + port)
        self.assertEqual(ready, ["[::]:" + port, "0.0.0.0:" + port])
        self.assertEqual(self.answer("[::1]:" + port, "dpp:///a"), OK)
        self.assertEqual(self.answer("127.0.0.1:" + port, "dpp:///a"), OK)
        two.terminate()
        two.wait()

    def test_wrong(self):
        """One that is no address: nothing is touched."""
        for address in ("127.0.0.1", "[::1]", "::1:2492", "127.0.0.1:65536", "nowhere:1", ""):
            with self.subTest(address=address):
                self.check(live.run(*BASIC, "--listen", "127.0.0.1:0", "--listen", address,
                                    "--store", self.path("store"), "-w", self.path("w")), 2,
                           "--listen %s is not an address and a port" %
                           address.replace("[", r"\["))
                self.assertEqual(os.listdir(self.folder), [])

    def test_in_use(self):
        """Also by itself; what the running relay writes stays as it is."""
        capture = self.path("capture")
        relay = self.relay("-w", capture, "--store", self.path("store"))
        self.await_whole(capture)
        with open(capture, "rb") as file:
            before = file.read()
        files = sorted(os.listdir(self.folder))
        for addresses, named in ((["127.0.0.1:0", relay.address], relay.address),
                                 (["127.0.0.3:" + relay.address.split(":")[1]] * 2,
                                  "127.0.0.3:" + relay.address.split(":")[1])):
            result = live.run(*BASIC, "--listen", addresses[0], "--listen", addresses[1],
                              "-w", capture, "--store", self.path("other"))
            self.check(result, 1, "cannot listen on %s: address already in use" % named)
            self.assertEqual(result.stdout, "")
        with open(capture, "rb") as file:
            self.assertEqual(file.read(), before)
        self.assertEqual(sorted(os.listdir(self.folder)), files)
        self.assertEqual(relay.stop(), 0)


class Descriptors(RelayTest):
    """Callers, and no file descriptors for them."""

    def setUp(self):
        super().setUp()
        self.running = self.relay("--auth", "off")
        self.pid = self.running.process.pid
        _, self.most = resource.prlimit(self.pid, resource.RLIMIT_NOFILE)

    def allow(self, more):
        """So many more than there are, once who has left is gone."""
        self.wait_until(lambda: self.running.counters()["connections_open"] == 0)
        taken = set(map(int, os.listdir("/proc/%d/fd" % self.pid)))
        free = [number for number in range(self.most) if number not in taken]
        resource.prlimit(self.pid, resource.RLIMIT_NOFILE, (free[more], self.most))

    def allow_all(self):
        resource.prlimit(self.pid, resource.RLIMIT_NOFILE, (self.most, self.most))

    def cpu_seconds(self):
        with open("/proc/%d/stat" % self.pid, encoding="ascii") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def test_told_try_later(self):
        """Each of a crowd is told so; who is connected stays; when somebody goes, another
        can come."""
        address = self.running.address
        self.allow(2)
        with contextlib.ExitStack() as stack:
            peers = [stack.enter_context(Raw(address)) for _ in range(2)]
            for n, peer in enumerate(peers):
                peer.send(connect_command("dpp:///%d" % n))
                self.assertEqual(peer.receive()[1][5], OK)
            crowd = []
            for n in range(30):
                crowd.append(stack.enter_context(Raw(address)))
                crowd[-1].send(connect_command("dpp:///c%d" % n))
            for caller in crowd:
                self.assertEqual(caller.receive()[1][5], TRY_LATER)
                caller.socket.close()
            self.assertRegex(self.running.process.stderr.readline(), "too many open files")
            peers[0].send(sstp.open_session(1, "app", live.BOB, ""))
            peers[0].expect("OpenResponse", value=OK)
            peers.pop().socket.close()
            self.wait_until(lambda: self.answer(address, "dpp:///late") == OK)
            self.wait_for_line(self.running.process.stderr, "room for callers again")
        self.assertEqual(self.running.stop(), 0)

    def test_silent_ones(self):
        """Those who say nothing do not keep the descriptors that others could be told with."""
        self.allow(0)
        with contextlib.ExitStack() as stack:
            for _ in range(16):
                stack.enter_context(Raw(self.running.address))
            self.assertEqual(self.answer(self.running.address, "dpp:///a"), TRY_LATER)
        self.assertEqual(self.running.stop(), 0)

    def test_none_at_all(self):
        """Callers wait, the relay neither stops nor turns in a circle, and takes them when it
        can."""
        with contextlib.ExitStack() as stack:
            peer = stack.enter_context(Raw(self.running.address, 6))
            resource.prlimit(self.pid, resource.RLIMIT_NOFILE, (4, self.most))
            callers = [stack.enter_context(Raw(self.running.address)) for _ in range(10)]
            for n, caller in enumerate(callers):
                caller.send(connect_command("dpp:///c%d" % n))
            self.assertRegex(self.running.process.stderr.readline(), "too many open files")
            before = self.cpu_seconds()
            threading.Event().wait(2)
            self.assertLess(self.cpu_seconds() - before, 0.5)
            peer.send(sstp.open_session(1, "app", live.BOB, ""))
            peer.expect("OpenResponse", value=OK)
            self.allow_all()
            for caller in callers:
                self.assertEqual(caller.receive()[1][5], OK)
            self.wait_for_line(self.running.process.stderr, "room for callers again")
        self.assertEqual(self.running.stop(), 0)

    def test_told_at_the_start(self):
        """A limit that is too low for the options."""
        def limited():
            resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200))
        for number, line in ((150, "--max-connections.*the system allows 200"), (20, None)):
            process = self.start([live.RELAYSIM, *BASIC, "--listen", "127.0.0.1:0",
                                  "--max-connections", str(number)], preexec_fn=limited)
            self.assertRegex(process.stdout.readline(), "^ready ")
            process.terminate()
            _, stderr = process.communicate(timeout=PATIENCE)
            if line:
                self.assertRegex(stderr, line)
            else:
                self.assertEqual(stderr, "")


class Crowded(RelayTest):
    def test_silent_callers_are_told_of(self):
        """Those beyond --max-half-open: at once, and then seldom."""
        relay = self.relay("--max-half-open", "2")
        with contextlib.ExitStack() as stack:
            for _ in range(20):
                stack.enter_context(Raw(relay.address))
            self.assertRegex(relay.process.stderr.readline(), "--max-half-open")
            self.assertEqual(relay.stop(), 0)
            self.assertNotIn("half-open", relay.log)

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


class Signals(RelayTest):
    def receiver(self, relay):
        """Somebody who is there; ends with the reason of the ConnectClose."""
        peer = Raw(relay.address, 6)
        self.addCleanup(peer.socket.close)
        return peer

    def test_second_signal(self):
        """It does not wait for those who take nothing, and says so by its exit code."""
        for numbers in ((signal.SIGTERM, signal.SIGTERM), (signal.SIGINT, signal.SIGTERM)):
            relay = self.relay("--auth", "off")
            peer = self.receiver(relay)
            relay.process.send_signal(numbers[0])
            self.assertEqual(peer.receive()[0], "ConnectClose")
            # It would wait for the peer's end of the connection.
            relay.process.send_signal(numbers[1])
            _, stderr = relay.process.communicate(timeout=PATIENCE)
            self.assertEqual(relay.process.returncode, 1)
            self.assertRegex(stderr, "^relaysim: ended at once by a second signal")

    def test_hangup_without_files(self):
        """No terminal, and nothing to open anew: it serves on."""
        relay = self.relay("-v", start_new_session=True)
        relay.process.send_signal(signal.SIGHUP)
        self.wait_for_line(relay.process.stderr, "no files")
        self.assertEqual(self.answer(relay.address, "dpp:///a"), OK)
        self.assertEqual(relay.stop(), 0)

    def in_terminal(self, *arguments, ignores=False):
        """A relay that leads a session with a terminal of its own; that, to be closed."""
        master, slave = os.openpty()

        def take_terminal():
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            if ignores:
                signal.signal(signal.SIGHUP, signal.SIG_IGN)
        relay = self.relay("-v", "--auth", "off", *arguments, preexec_fn=take_terminal)
        os.close(slave)
        return relay, master

    def test_terminal_is_closed(self):
        """ConnectClose to everybody, files or not; never the death that is a signal's default."""
        for arguments in ((), ("--log", self.path("log"))):
            relay, master = self.in_terminal("--store", self.path("store"), *arguments)
            peer = self.receiver(relay)
            os.close(master)
            self.assertEqual(peer.receive()[0], "ConnectClose")
            peer.socket.close()
            stdout, _ = relay.process.communicate(timeout=PATIENCE)
            self.assertEqual(relay.process.returncode, 0)
            self.assertEqual(json.loads(stdout)["connections"], 1)

    def test_terminal_is_there(self):
        """With a terminal, SIGHUP opens files where there are some, and else ends it."""
        relay, master = self.in_terminal("--log", self.path("log"))
        os.remove(self.path("log"))
        relay.process.send_signal(signal.SIGHUP)
        self.wait_until(lambda: os.path.exists(self.path("log")))
        self.assertEqual(relay.stop(), 0)
        os.close(master)
        relay, master = self.in_terminal()
        relay.process.send_signal(signal.SIGHUP)
        self.assertEqual(relay.process.wait(PATIENCE), 0)
        os.close(master)

    def test_nohup(self):
        relay, master = self.in_terminal(ignores=True)
        os.close(master)
        relay.process.send_signal(signal.SIGHUP)
        self.wait_for_line(relay.process.stderr, "no files")
        self.assertEqual(self.answer(relay.address, "dpp:///a"), OK)
        self.assertEqual(relay.stop(), 0)

    def test_nobody_reads_stdout(self):
        """The relay serves on; at the end there is a sentence, and the store has everything."""
        relay = self.relay("--store", self.path("store"), "--auth", "off")
        relay.process.stdout.close()
        relay.process.send_signal(signal.SIGUSR1)
        self.assertRegex(relay.process.stderr.readline(), "stdout could not be written: Broken pipe")
        self.check(relay.client("--to", live.BOB, "--message", "kept"), 0)
        relay.process.terminate()
        stderr = relay.process.stderr.read()
        self.assertEqual(stderr, "")
        self.assertEqual(relay.process.wait(PATIENCE), 1)
        relay = self.relay("--store", self.path("store"), "--auth", "off")
        self.check(relay.receive(1), 0)
        self.assertEqual(relay.stop(), 0)


class End(RelayTest):
    def test_acknowledges_what_is_stored(self):
        """By the ConnectClose, and only once it is in the file: the next run has it all."""
        for number in (1, 200):
            store = self.path("store%d" % number)
            relay = self.relay("--store", store, "--auth", "off", "--ack-delay", "60")
            with Raw(relay.address, 6) as peer:
                peer.send(sstp.open_session(1, "app", live.BOB, ""))
                peer.expect("OpenResponse", value=OK)
                for n in range(number):
                    peer.send(*sstp.message_sequence(1, b"message %d" % n))
                self.wait_until(lambda: relay.counters()["messages_in"] == number)
                relay.process.terminate()
                said = peer.end()
                self.assertEqual(said[-1][0], "ConnectClose")
                acknowledged = sum(
                    int.from_bytes(command[4:8] if name == "ConnectClose" else command[3:7],
                                   "little")
                    for name, command in said if name in ("ConnectClose", "Noop"))
                self.assertEqual(acknowledged, number)
            self.assertEqual(relay.process.wait(PATIENCE), 0)
            relay = self.relay("--store", store, "--auth", "off")
            self.assertEqual(relay.counters()["messages_stored"], number)
            self.assertEqual(relay.stop(), 0)

    def test_store_is_slow(self):
        """It is waited for, but not by the peers: they get their ConnectClose, which does not
        acknowledge what is not safe."""
        block, store = self.path("block"), self.path("store")
        asan = os.environ.get("ASAN_OPTIONS", "")
        relay = self.relay("--store", store, "--auth", "off", "--ack-delay", "60",
                           env={**os.environ, "LD_PRELOAD": SLOW_DISK, "SLOW_DISK": block,
                                "ASAN_OPTIONS": asan + ":verify_asan_link_order=0"})
        with Raw(relay.address, 6) as peer:
            peer.send(sstp.open_session(1, "app", live.BOB, ""))
            peer.expect("OpenResponse", value=OK)
            with open(block, "w", encoding="ascii"):
                pass
            peer.send(*sstp.message_sequence(1, b"not safe yet"))
            self.wait_until(lambda: relay.counters()["messages_in"] == 1)
            relay.process.terminate()
            name, command = peer.receive()
            self.assertEqual((name, command[4:8]), ("ConnectClose", bytes(4)))
        self.assertIsNone(relay.process.poll())
        os.remove(block)
        self.assertEqual(relay.process.wait(PATIENCE), 0)
        relay = self.relay("--store", store, "--auth", "off")
        self.check(relay.receive(1), 0)
        self.assertEqual(relay.stop(), 0)

    def test_others_do_not_close(self):
        """One never closes its side, one does not even take what it asked for."""
        relay = self.relay("--auth", "off")
        with Raw(relay.address, 6) as silent, Raw(relay.address, 6, device="dpp:///x") as stuck:
            stuck.socket.settimeout(0.5)
            question = sstp.open_session(1, "r", "no identity", "").data  # refused
            with contextlib.suppress(TimeoutError):
                while True:
                    stuck.socket.sendall(1000 * question)
            relay.process.terminate()
            self.assertEqual(silent.receive()[0], "ConnectClose")
            self.assertEqual(relay.process.wait(PATIENCE), 0)

    def test_another_relay_does_not_answer(self):
        """It is dialed, and never takes the call: nothing that the end would wait for."""
        with socket.create_server(("127.0.0.1", 0), backlog=0) as deaf, \
                contextlib.ExitStack() as callers:
            address = "127.0.0.1:%d" % deaf.getsockname()[1]
            callers.enter_context(socket.create_connection(deaf.getsockname()))  # all it takes
            relay = self.relay("--auth", "off", "-v", "--peer", "grooveDNS://deaf=" + address)
            peer = callers.enter_context(Raw(relay.address, 6))
            peer.send(sstp.fanout_open(1, "r", [("grooveIdentity://x", "", "grooveDNS://deaf")], 6))
            self.assertEqual(peer.receive()[0], "OpenResponse")
            self.wait_until(lambda: self.is_dialing(address))
            relay.process.terminate()
            self.assertEqual(peer.receive()[0], "ConnectClose")
            peer.socket.close()
            self.assertEqual(relay.process.wait(PATIENCE), 0)
            self.assertNotIn("does not close", relay.process.stderr.read())

    @staticmethod
    def is_dialing(address):
        """Whether somebody's SYN for this address has not been answered."""
        host, port = address.split(":")
        wanted = "%08X:%04X" % (struct.unpack("<I", socket.inet_aton(host))[0], int(port))
        with open("/proc/net/tcp", encoding="ascii") as table:
            return any(fields[2] == wanted and fields[3] == "02"  # TCP_SYN_SENT
                       for fields in (line.split() for line in table))

    def test_nobody_can_come_meanwhile(self):
        relay = self.relay("--auth", "off")
        with Raw(relay.address, 6) as peer:
            relay.process.terminate()
            self.assertEqual(peer.receive()[0], "ConnectClose")
            with self.assertRaises(ConnectionRefusedError):
                Raw(relay.address)
            peer.socket.close()
            self.assertEqual(relay.process.wait(PATIENCE), 0)


class Configuration(RelayTest):
    def write(self, *lines):
        path = self.path("relay.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        return path

    def start_with(self, *arguments):
        process = self.start([live.RELAYSIM, "relay", *arguments])
        ready = process.stdout.readline().split()
        self.assertEqual(ready[:1], ["ready"], process.stderr.read() if not ready else "")
        return process, ready[1:]

    def end(self, process):
        process.terminate()
        _, stderr = process.communicate(timeout=PATIENCE)
        self.assertEqual(process.returncode, 0, stderr)
        return stderr

    def test_options(self):
        """Repeated ones, flags, sizes and times reach the relay."""
        path = self.write("# a comment", "", "url=" + live.URL, "url = grooveDNS://other.example",
                          "listen = 127.0.0.1:0", "listen = 127.0.0.2:0", "auth = off",
                          "max-message = 1k", "no-multi-drop = no", "no-single-hop",
                          "store = " + self.path("store"), "connect-timeout = 2000ms")
        process, ready = self.start_with("--config", path)
        self.assertEqual([address.split(":")[0] for address in ready], ["127.0.0.1", "127.0.0.2"])
        with Raw(ready[0], 6, url="grooveDNS://other.example") as peer:
            peer.send(sstp.open_session(1, "app", live.BOB, ""))
            peer.expect("OpenResponse", value=OK)
            peer.send(*sstp.message_sequence(1, bytes(1001)))
            peer.expect("Close")
        with Raw(ready[1]) as silent:
            silent.end()  # the timeout
        self.assertTrue(os.path.exists(self.path("store")))
        self.assertRegex(self.end(process), "see --max-message")

    def test_command_line_wins(self):
        path = self.write("url = " + live.URL, "listen = 127.0.0.1:0", "listen = 127.0.0.3:0",
                          "max-connections = 1", "auth = required")
        process, ready = self.start_with("--config", path, "--listen", "127.0.0.2:0", "--auth=off",
                                         "--max-connections=5")
        self.assertEqual([address.split(":")[0] for address in ready], ["127.0.0.2"])
        with Raw(ready[0], 6):
            self.assertEqual(self.answer(ready[0], "dpp:///a"), OK)
        self.end(process)

    def test_mistakes(self):
        """All of them, with file and line; nothing is touched."""
        path = self.write("url = dpp:///not-a-relay", "listen = nowhere", "max-conections = 5",
                          "quota = -1", "peer = x", "store = " + self.path("store"), "verbose = 3",
                          "auth = off", "auth = off")
        result = live.run("relay", "--config", path, "--log", self.path("log"))
        self.check(result, 2)
        self.assertEqual([re.sub("^relaysim: %s:" % re.escape(path), "", line)[:33]
                          for line in result.stderr.splitlines()],
                         ["1: url is a device URL such as gr", "2: listen nowhere is not an addre",
                          "3: there is no option max-conecti", "4: quota is a number of bytes fro",
                          "5: peer is URL=ADDR:PORT, such as", "7: verbose is yes or no, not 3",
                          "9: auth stands on line 8 already,"])
        self.assertRegex(result.stderr, "is it max-connections")
        self.assertEqual(os.listdir(self.folder), ["relay.conf"])

    def test_none(self):
        self.check(live.run("relay", "--config", self.path("none")), 2,
                   "cannot read .*none: No such file or directory")
        self.check(live.run("relay", "--config", "/dev/zero"), 2, "more than 1 MiB")
        self.check(live.run("relay", "--config", "-", input="bogus = 1\n"), 2,
                   "^relaysim: standard input:1: there is no option bogus\n$")

    def test_sample(self):
        """samples/relay.conf has every option, and all of its lines are good."""
        with open(os.path.join(SAMPLES, "relay.conf"), encoding="utf-8") as file:
            text = file.read()
        named = re.findall("^#?([a-z0-9-]+) = ", text, re.M)
        options = re.findall("^  (?:-., )?--([a-z0-9-]+)", live.run("relay", "--help").stdout,
                             re.M)
        self.assertEqual(set(named), set(options) - {"help", "version", "config"})
        used = re.sub("^#([a-z0-9-]+ = )", r"\1", text, flags=re.M)
        used = re.sub("^(store|log|write|truth) = .*?([^/\n]*)$",
                      lambda match: "%s = %s" % (match[1], self.path(match[2])), used, flags=re.M)
        process, ready = self.start_with("--config", self.write(used), "--listen", "127.0.0.1:0")
        self.assertEqual(self.answer(ready[0], "dpp:///a"), OK)
        process.terminate()
        self.assertEqual(process.wait(PATIENCE), 0)

    @unittest.skipIf(shutil.which("systemd-analyze") is None, "there is no systemd-analyze")
    def test_unit(self):
        """The sample of a unit file, in the eyes of systemd."""
        with open(os.path.join(SAMPLES, "relaysim-relay.service"), encoding="utf-8") as file:
            unit = file.read()
        self.assertIn("/usr/local/bin/relaysim relay --config", unit)
        path = self.path("relaysim-relay.service")
        with open(path, "w", encoding="utf-8") as file:
            file.write(unit.replace("/usr/local/bin/relaysim", os.path.abspath(live.RELAYSIM)))
        result = subprocess.run(["systemd-analyze", "verify", "--man=no", path],
                                capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual((result.returncode, result.stdout + result.stderr), (0, ""))


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
