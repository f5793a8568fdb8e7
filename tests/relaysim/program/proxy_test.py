# SPDX-License-Identifier: GPL-2.0-or-later
"""A client that comes through a proxy: a real one, tinyproxy, which is asked with CONNECT, or
microsocks, which speaks SOCKS5; or `relaysim proxy`."""
import contextlib
import os
import shutil
import socket

from live import BOB, LiveTest, RELAYSIM, URL, run
from patience import TIMEOUT
from reserved import reserved_address

SOON = ("--poll-max", "0", "--poll-min", "0")  # who polls
PROGRAMS = {"connect": "tinyproxy", "socks": "microsocks"}


class ProxyTest(LiveTest):
    def proxy(self, via, *options):
        """Starts a real one; where it listens, once it does."""
        if shutil.which(PROGRAMS[via]) is None:
            self.skipTest(PROGRAMS[via] + " is not installed")
        address = reserved_address()
        port = address.split(":")[1]
        if via == "socks":
            arguments = ["microsocks", "-i", "127.0.0.1", "-p", port, *options]
        else:
            with open(self.path("tinyproxy.conf"), "w", encoding="ascii") as config:
                config.write("\n".join(("Listen 127.0.0.1", "Port " + port, "Timeout 600",
                                        "MaxClients 20", "Allow 127.0.0.0/8",
                                        'LogFile "%s"' % self.path("tinyproxy.log"), *options)))
            arguments = ["tinyproxy", "-d", "-c", self.path("tinyproxy.conf")]
        with open(os.devnull, "w", encoding="ascii") as nowhere:
            process = self.start(arguments, stdout=nowhere, stderr=nowhere)
        self.await_true(lambda: self.is_there(address, process), "no proxy is there")
        return address

    def is_there(self, address, process):
        self.assertIsNone(process.poll(), "the proxy has ended")
        host, port = address.split(":")
        with contextlib.suppress(ConnectionRefusedError):
            socket.create_connection((host, int(port))).close()
            return True
        return False

    def client(self, via, proxy, relay, device, *arguments, **options):
        return run("client", "--via", via, "--proxy", proxy, "--relay", relay, "--relay-url", URL,
                   "--device", device, "--timeout", TIMEOUT, *arguments, **options)

    def send(self, via, proxy, relay, *arguments, **options):
        return self.client(via, proxy, relay, "dpp:///alice", "--to", BOB, *arguments, **options)

    @staticmethod
    def sender(via, proxy, relay):
        return [RELAYSIM, "client", "--via", via, "--proxy", proxy, "--relay", relay,
                "--relay-url", URL, "--device", "dpp:///alice", "--to", BOB, "--message", "x"]

    def check_shown(self, path, encapsulation):
        if "GRVSSTP_BUILD_DIR" not in os.environ:
            return
        import tshark  # pylint: disable=import-outside-toplevel
        with tshark.Wireshark() as wireshark:
            frames = wireshark.dissect(path)
        commands = [command for frame in frames for command in frame.commands]
        self.assertEqual([int(command.one("sstp.command"), 16) for command in commands],
                         [0x01, 0x02, 0x05, 0x07, 0x0d, 0x0e, 0x0f, 0x10, 0x11, 0x04])
        self.assertEqual([frame.findings for frame in frames if frame.findings], [])
        self.assertEqual({command.one("sstp.encap") for command in commands}, {encapsulation})

    def own_proxy(self, *arguments, **options):
        if "--listen" not in arguments:
            arguments = ("--listen", "127.0.0.1:0", *arguments)
        process = self.start([RELAYSIM, "proxy", *arguments], **options)
        return process, process.stdout.readline().split()[1]
