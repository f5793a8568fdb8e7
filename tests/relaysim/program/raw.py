# SPDX-License-Identifier: GPL-2.0-or-later
"""Sockets on which commands are written by hand, for tests that break the rules: `Raw` is a
client, `FakeRelay` another relay.  Nothing here shares code with relaysim."""
import contextlib
import os
import socket
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))

import sstp_commands as sstp  # noqa: E402  pylint: disable=wrong-import-position
from patience import PATIENCE  # noqa: E402  pylint: disable=wrong-import-position

URL = "grooveDNS://relay1.example"


class Raw:
    """A socket on which whole commands are sent and received."""

    def __init__(self, address, minor=None, device="dpp:///mallory", url=URL, timeout=PATIENCE):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host.strip("[]"), int(port)), timeout=timeout)
        self.bytes = b""
        if minor is not None:
            self.send(sstp.connect(url, [device], b"", "Groove Client 14.0 4006", "",
                                   version=(1, minor)))
            answer = self.receive()
            if answer is None or answer[0] != "ConnectResponse":
                raise AssertionError("%s instead of a ConnectResponse" % (answer,))

    @classmethod
    def of(cls, accepted):
        """The same on a socket that somebody has connected to."""
        self = cls.__new__(cls)
        self.socket, self.bytes = accepted, b""
        accepted.settimeout(PATIENCE)
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, *commands):
        self.socket.sendall(b"".join(getattr(command, "data", command) for command in commands))

    def receive(self):
        """(name, bytes) of the next command, or None at the end."""
        while len(self.bytes) < 3 or len(self.bytes) < self.length():
            try:
                data = self.socket.recv(100000)
            except ConnectionResetError:
                return None
            if not data:
                return None
            self.bytes += data
        length = self.length()
        command, self.bytes = self.bytes[:length], self.bytes[length:]
        return sstp.NAMES[command[0]], command

    def length(self):
        return int.from_bytes(self.bytes[1:3], "little")

    def expect(self, name, *, at=7, value=None):
        """The next command of this name, whatever comes before it."""
        while command := self.receive():
            if command[0] == name and (value is None or command[1][at] == value):
                return command[1]
        raise AssertionError("no %s came" % name)

    def end(self):
        """What comes until the relay closes."""
        commands = []
        while command := self.receive():
            commands.append(command)
        return commands


class FakeRelay(threading.Thread):
    """Listens as another relay would, and does to each connection what it is told."""

    def __init__(self, behaviour):
        super().__init__(daemon=True)
        self.behaviour = behaviour
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.open = []
        self.start()

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                peer, _ = self.listener.accept()
                self.open.append(peer)
                with contextlib.suppress(OSError):
                    self.behaviour(peer)

    def close(self):
        # A thread that is about to accept would do so by the number of the descriptor,
        # which may be another listener's by then; one that is busy sees that it is closed.
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        for peer in list(self.open):
            with contextlib.suppress(OSError):
                peer.shutdown(socket.SHUT_RDWR)
        self.join(1)
        self.listener.close()
        for peer in self.open:
            peer.close()
