# SPDX-License-Identifier: GPL-2.0-or-later
"""Just enough of an MQTT broker and of Redis Streams to see whether the load programs
notice what a server does wrong.

A fault is a function of the message's number and its bytes; it returns the messages
that the receivers get instead, as a list.
"""

import socket
import threading
import time


class FakeServer:
    """Answers each connection in a thread of its own; to be used with `with`."""

    def __init__(self, fault=None, window=None):
        self.fault = fault or (lambda number, message: [message])
        self.window = window    # acknowledge only when so many messages are waiting
        self.too_many = False   # more than the window came
        self.lock = threading.Condition()
        self.number = 0
        self.sockets = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.acceptor = threading.Thread(target=self.accept, daemon=True)

    def __enter__(self):
        self.acceptor.start()
        return self

    def __exit__(self, *_):
        # Not before the thread is over: it could still accept by the number of the
        # descriptor, which may be the next server's by then.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.acceptor.join()
        self.listener.close()
        with self.lock:
            for connection in self.sockets:
                connection.close()

    def accept(self):
        try:
            while True:
                connection, _ = self.listener.accept()
                with self.lock:
                    self.sockets.append(connection)
                threading.Thread(target=self.serve, args=(connection,), daemon=True).start()
        except OSError:
            pass  # closed: the test is over

    def serve(self, connection):
        try:
            with connection, connection.makefile("rb") as stream:
                self.talk(connection, stream)
        except (OSError, ValueError):
            pass

    def talk(self, connection, stream):
        raise NotImplementedError

    def delivered(self, message):
        """What becomes of a message that has come."""
        messages = self.fault(self.number, message)
        self.number += 1
        return messages

    def hold_back(self, connection, answers):
        """True while the window is not full; looks whether more comes when it is."""
        if self.window is None:
            return False
        if len(answers) < self.window:  # the tests send whole windows
            return True
        connection.settimeout(0.2)
        try:
            self.too_many = self.too_many or connection.recv(1, socket.MSG_PEEK) != b""
        except TimeoutError:
            pass
        connection.settimeout(None)
        return False


class FakeBroker(FakeServer):
    """MQTT 3.1.1, QoS 1, one topic.  A goodbye has its turn after `goodbye_seconds`."""

    def __init__(self, *arguments, goodbye_seconds=0, **options):
        super().__init__(*arguments, **options)
        self.goodbye_seconds = goodbye_seconds
        self.waiting = {}   # client: messages for it
        self.present = {}   # client: its connection

    @staticmethod
    def read_packet(stream):
        kind = stream.read(1)
        length, shift = 0, 0
        while True:
            octet = stream.read(1)
            if not octet:
                return None, b""
            length |= (octet[0] & 0x7F) << shift
            shift += 7
            if octet[0] < 0x80:
                return kind[0], stream.read(length)

    @staticmethod
    def publish(connection, message):
        length = 9 + len(message)
        header = bytearray([0x32])
        while length > 127:
            header.append(length & 0x7F | 0x80)
            length >>= 7
        header.append(length)
        connection.sendall(bytes(header) + b"\0\5bench\0\1" + message)

    def on_publish(self, message):
        for one in self.delivered(message):
            for client, waiting in self.waiting.items():
                if client in self.present:
                    self.publish(self.present[client], one)
                else:
                    waiting.append(one)

    def talk(self, connection, stream):
        client, acks = "", []
        while True:
            kind, rest = self.read_packet(stream)
            if kind == 0xE0:
                time.sleep(self.goodbye_seconds)
            with self.lock:
                if kind is None or kind == 0xE0:
                    if self.present.get(client) is connection:  # it may be back already
                        del self.present[client]
                    return
                if kind == 0x10:
                    client = rest[12:].decode()
                    connection.sendall(b"\x20\x02\0\0")
                    for message in self.waiting.get(client, []):
                        self.publish(connection, message)
                    self.present[client] = connection
                elif kind == 0x82:
                    self.waiting[client] = []
                    connection.sendall(b"\x90\x03" + rest[:2] + b"\x01")
                elif kind == 0x32:
                    acks.append(b"\x40\x02" + rest[7:9])
                    self.on_publish(rest[9:])
                    if not self.hold_back(connection, acks):
                        connection.sendall(b"".join(acks))
                        acks = []
                elif kind == 0xC0:
                    connection.sendall(b"\xd0\0")


class FakeRedis(FakeServer):
    """One stream with consumer groups; answers XACK with `acked` of how many it was given."""

    def __init__(self, *arguments, acked=lambda count: count, **options):
        super().__init__(*arguments, **options)
        self.acked = acked
        self.entries = []
        self.groups = {}

    @staticmethod
    def read_command(stream):
        line = stream.readline()
        if not line.startswith(b"*"):
            return line.split()
        command = []
        for _ in range(int(line[1:])):
            length = int(stream.readline()[1:])
            command.append(stream.read(length + 2)[:-2])
        return command

    def add(self, message):
        self.entries += self.delivered(message)
        self.lock.notify_all()
        return b"$%d\r\n%d-0\r\n" % (len(b"%d-0" % self.number), self.number)

    def read_group(self, group, count):
        while self.groups[group] == len(self.entries):
            self.lock.wait()
        first = self.groups[group]
        found = self.entries[first:first + count]
        self.groups[group] += len(found)
        answer = b"*1\r\n*2\r\n$5\r\nbench\r\n*%d\r\n" % len(found)
        for number, message in enumerate(found, first):
            entry = b"%d-0" % number
            answer += b"*2\r\n$%d\r\n%s\r\n*2\r\n$1\r\nm\r\n$%d\r\n%s\r\n" % (
                len(entry), entry, len(message), message)
        return answer

    def talk(self, connection, stream):
        queue, acks = None, []
        while command := self.read_command(stream):
            name = command[0]
            with self.lock:
                if name == b"XADD" and queue is not None:
                    queue.append(command[-1])
                    answer = b"+QUEUED\r\n"
                elif name == b"XADD":
                    acks.append(self.add(command[-1]))
                    if self.hold_back(connection, acks):
                        continue
                    answer, acks = b"".join(acks), []
                elif name == b"MULTI":
                    queue, answer = [], b"+OK\r\n"
                elif name == b"EXEC":
                    answer = b"*%d\r\n" % len(queue) + b"".join(map(self.add, queue))
                    queue = None
                elif name == b"XGROUP":
                    self.groups[command[3]] = 0
                    answer = b"+OK\r\n"
                elif name == b"XREADGROUP":
                    answer = self.read_group(command[2], int(command[5]))
                elif name == b"XACK":
                    answer = b":%d\r\n" % self.acked(len(command) - 3)
                else:
                    answer = b"-ERR unknown command\r\n"
            connection.sendall(answer)
