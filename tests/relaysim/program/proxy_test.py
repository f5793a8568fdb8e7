# SPDX-License-Identifier: GPL-2.0-or-later
"""A client that comes through a proxy: a real one, tinyproxy and squid, which speak HTTP, microsocks and
dante, which speak SOCKS5; or `relaysim proxy`.

squid and dante are not installed, as they would run from then on: tests/lib/prepare.sh unpacks them
into build/unpacked."""
import contextlib
import os
import shutil
import socket

from live import BOB, LiveTest, RELAYSIM, URL, as_nobody, run
from patience import TIMEOUT
from reserved import reserved_address

SOON = ("--poll-max", "0", "--poll-min", "0")  # who polls
PROGRAMS = {"connect": "tinyproxy", "socks": "microsocks"}
UNPACKED = os.path.join(os.path.dirname(os.path.abspath(__file__)), *[".."] * 3, "build", "unpacked")
SQUID_CONFIG = """
http_port {address}
pid_filename none
cache_log {folder}/cache.log
access_log none
cache deny all
netdb_filename none
coredump_dir {folder}
pinger_enable off
visible_hostname proxy.example
shutdown_lifetime 0 seconds
error_directory {usr}/share/squid-langpack/templates
mime_table {usr}/share/squid/mime.conf
icon_directory {usr}/share/squid/icons
unlinkd_program {usr}/lib/squid/unlinkd
logfile_daemon {usr}/lib/squid/log_file_daemon
"""
DANTE_CONFIG = """
internal: {host} port = {port}
external: 127.0.0.1
socksmethod: none
clientmethod: none
errorlog: /dev/null
client pass {{ from: 127.0.0.0/8 to: 0.0.0.0/0 }}
socks pass {{ from: 127.0.0.0/8 to: 0.0.0.0/0 }}
"""


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

    def unpacked(self, *path):
        """What prepare.sh has unpacked there."""
        found = os.path.realpath(os.path.join(UNPACKED, "usr", *path))
        if not os.path.exists(found):
            self.skipTest("%s is not in build/unpacked: tests/lib/prepare.sh unpacks it" % path[-1])
        return found

    def write(self, name, text):
        """For somebody else to read, and to write."""
        with open(self.path(name), "w", encoding="ascii") as file:
            file.write(text + "\n")
        os.chmod(self.path(name), 0o666)
        return self.path(name)

    def start_unpacked(self, address, arguments):
        """With the libraries that are unpacked, too."""
        lib = self.unpacked("lib")
        libraries = [os.path.join(lib, name, *more) for name in os.listdir(lib)
                     for more in ((), ("samba",))]
        with open(os.devnull, "w", encoding="ascii") as nowhere:
            process = self.start(as_nobody() + arguments, stdout=nowhere, stderr=nowhere, env={
                **os.environ, "LD_LIBRARY_PATH": ":".join(libraries)})
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)  # with its children
        self.await_true(lambda: self.is_there(address, process), "no proxy is there")
        return address

    def start_squid(self, *lines):
        """With these lines of its configuration, besides the usual ones."""
        program, usr = self.unpacked("sbin", "squid"), self.unpacked()
        address = reserved_address()
        self.write("cache.log", "")
        config = self.write("squid.conf", (SQUID_CONFIG + "\n".join(lines)).format(
            address=address, folder=self.folder, usr=usr))
        return self.start_unpacked(address, [program, "-N", "-f", config])

    def start_dante(self):
        program, address = self.unpacked("sbin", "danted"), reserved_address()
        host, port = address.split(":")
        config = self.write("danted.conf", DANTE_CONFIG.format(host=host, port=port))
        return self.start_unpacked(address, [program, "-f", config, "-p", self.write("pid", "")])

    def is_there(self, address, process):
        self.assertIsNone(process.poll(), "the proxy has ended; 127 is for a missing library")
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
