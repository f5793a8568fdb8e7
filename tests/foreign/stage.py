# SPDX-License-Identifier: GPL-2.0-or-later
"""A stage for one conversation between programs that are not ours: an address of its own on
loopback, a folder, servers that are started and have come up, clients that are run.

    @conversation("redis-server", "redis-tools")
    def redis(stage):
        stage.serve("redis-server", "--bind", stage.address, "--port", 6379, port=6379)
        stage.run("redis-cli", "-h", stage.address, "SET", "key", "value")

Everything that is started is in the process group of whoever plays the conversation, which
ends it.
"""

import os
import socket
import subprocess
import sys
import time

PATIENCE = 60  # seconds, for anything
CONVERSATIONS = {}


def conversation(*packages):
    """Registers a function; packages are those of Debian that it needs."""
    def register(function):
        CONVERSATIONS[function.__name__] = (function, packages)
        return function
    return register


def words(parts):
    return [str(part) for part in parts]


class Stage:
    def __init__(self, address, folder):
        self.address = address
        self.folder = folder

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, name, text, mode=0o644):
        """A file in the folder; returns its path."""
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        os.chmod(path, mode)
        return path

    def fill(self, size=9000, name="content"):
        """A file of bytes that are the same each time."""
        return self.write(name, bytes((i * 7 + i // 251) & 0xFF for i in range(size)))

    def text(self, lines=150, name="text.txt"):
        return self.write(name, "".join("Line %d of a text about nothing.\n" % i
                                        for i in range(lines)))

    def give_to_nobody(self):
        subprocess.run(["chown", "-R", "nobody:nogroup", self.folder], check=True)

    @staticmethod
    def as_nobody(*command):
        return ("setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups") + command

    # -- running -----------------------------------------------------------

    def start(self, *command, **keywords):
        """A program in the background; what it says goes to the file `said`."""
        with open(self.path("said"), "ab") as said:
            return subprocess.Popen(words(command), cwd=self.folder, stdin=subprocess.DEVNULL,
                                    stdout=said, stderr=said, **keywords)

    def serve(self, *command, port, **keywords):
        """A server; returns when it takes connections on the port."""
        server = self.start(*command, **keywords)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if server.poll() is not None:
                sys.exit("%s ended with %d" % (command[0], server.returncode))
            if is_listening(self.address, port):
                return server
            time.sleep(0.05)
        sys.exit("%s does not listen on port %d" % (command[0], port))

    def run(self, *command, check=True, says=b"", **keywords):
        """A program to its end; `says` is its standard input."""
        with open(self.path("said"), "ab") as said:
            return subprocess.run(words(command), cwd=self.folder, check=check, input=says,
                                  timeout=PATIENCE, stdout=said, stderr=said, **keywords)

    # -- clients by hand ---------------------------------------------------

    def connect(self, port):
        return Client(self.address, port)


def is_listening(address, port):
    """By the kernel's table: a connection would be part of the capture."""
    wanted = ["%s:%04X" % (socket.inet_aton(a)[::-1].hex().upper(), port)
              for a in (address, "0.0.0.0")]
    with open("/proc/net/tcp", encoding="ascii") as table:
        if any(line.split()[1] in wanted and line.split()[3] == "0A"
               for line in table.readlines()[1:]):
            return True
    with open("/proc/net/tcp6", encoding="ascii") as table:
        return any(line.split()[1] in ("%s:%04X" % ("0" * 32, port),) and
                   line.split()[3] == "0A" for line in table.readlines()[1:])


class Client:
    """A line of text or bytes, and what comes back."""

    def __init__(self, address, port):
        self.socket = socket.create_connection((address, port), PATIENCE)
        self.socket.settimeout(PATIENCE)
        # What is sent by itself is a segment of its own.
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, data):
        self.socket.sendall(data if isinstance(data, bytes) else data.encode())
        return self

    def until(self, wanted):
        """Reads on until it has seen these bytes; returns all that was read."""
        wanted = wanted if isinstance(wanted, bytes) else wanted.encode()
        data = b""
        while wanted not in data:
            piece = self.socket.recv(65536)
            if not piece:
                raise EOFError("the server has closed before it said %r: %r" % (wanted, data))
            data += piece
        return data

    def exactly(self, count):
        data = b""
        while len(data) < count:
            piece = self.socket.recv(count - len(data))
            if not piece:
                raise EOFError("the server has closed after %d of %d bytes" % (len(data), count))
            data += piece
        return data

    def ask(self, question, wanted):
        return self.send(question).until(wanted)

    def close(self):
        self.socket.close()
