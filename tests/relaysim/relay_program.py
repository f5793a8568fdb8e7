#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""`relaysim relay` as a program among others: its addresses, what it does without file
descriptors, its signals, its log and its supervisor, live on loopback sockets.

Usage: relay_program.py RELAYSIM
"""
import contextlib
import os
import resource
import threading
import unittest

import live  # takes RELAYSIM off the command line
from attacks import OK
from raw import Raw, sstp

TRY_LATER = 0x02
BASIC = ["relay", "--url", live.URL]


def connect_command(device):
    return sstp.connect(live.URL, [device], b"", "P", "", version=(1, 6))


class RelayTest(live.LiveTest):
    def relay(self, *arguments, **options):
        relay = live.Relay(*arguments, **options)
        for pipe in (relay.process.stdout, relay.process.stderr):
            self.addCleanup(pipe.close)
        self.addCleanup(relay.process.wait)
        self.addCleanup(relay.process.kill)
        return relay

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
        for _ in range(600):
            if is_so():
                return
            threading.Event().wait(0.05)
        self.fail("it never was so")


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
        process.communicate(timeout=30)
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
        with open(capture, "rb") as file:
            before = file.read()
        self.assertNotEqual(before, b"")
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
            crowd = [stack.enter_context(Raw(address)) for _ in range(30)]
            for n, caller in enumerate(crowd):
                caller.send(connect_command("dpp:///c%d" % n))
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
            for _ in range(40):
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
            _, stderr = process.communicate(timeout=30)
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


if __name__ == "__main__":
    unittest.main()
