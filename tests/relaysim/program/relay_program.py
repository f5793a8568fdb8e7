#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Where a relay listens, how many callers it takes, and what it is told in files.

Usage: relay_program.py RELAYSIM
"""
import contextlib
import os
import re
import resource
import shutil
import subprocess
import threading
import unittest

import live
from attacks import OK
from raw import Raw, sstp
from patience import PATIENCE
from relay_test import BASIC, RelayTest, TRY_LATER, connect_command

SAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "samples")


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
        # Those of the example are nobody's here.
        used = re.sub("^(listen-[a-z0-9]+) = .*", r"\1 = 127.0.0.1:0", used, flags=re.M)
        with open(self.path("login"), "w", encoding="ascii") as login:
            login.write("user:password\n")
        used = re.sub("@/etc/relaysim/proxy-login", "@" + self.path("login"), used)
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


if __name__ == "__main__":
    unittest.main()
