# SPDX-License-Identifier: GPL-2.0-or-later
"""The well-behaved clients of the soak run: what each of them gets, and in which order.

A Courier and its Subscribers stay for the whole run; a visit is a client or two that come,
do something and go.  Every one raises AssertionError, or notes a fault, when a message is
missing, comes twice without reason, or comes out of order.
"""
import itertools
import json
import subprocess
import threading
import time

import attacks
from attacks import check
from raw import sstp
from patience import PATIENCE, TIMEOUT

ACK_DELAY = ("--ack-delay", "0.2")


class Subscriber:
    """`relaysim client --receive` that stays, and what it gets from the courier."""

    def __init__(self, relaysim, target, name, log):
        self.name, self.faults, self.num_got = name, [], 0
        self.process = subprocess.Popen(
            [relaysim, "client", "--relay", target.address, "--relay-url", target.url, "--device",
             "dpp:///" + name, "--identity", "grooveIdentity://" + name, "--receive", *ACK_DELAY],
            stdout=subprocess.PIPE, stderr=log, text=True)
        self.thread = threading.Thread(target=self.read)
        self.thread.start()

    def read(self):
        for line in self.process.stdout:
            number = int(json.loads(line)["text"].split()[0])
            if number != self.num_got + 1:
                self.faults.append("%s got number %d after number %d" %
                                   (self.name, number, self.num_got))
            self.num_got = number

    def end(self):
        self.process.terminate()
        code = self.process.wait(PATIENCE)
        self.thread.join()
        self.process.stdout.close()
        return code


class Courier(threading.Thread):
    """Sends numbered messages to all subscribers, on one connection and one fanout session,
    of which so many are under way."""

    WINDOW = 32

    def __init__(self, target, recipients):
        super().__init__(daemon=True)
        self.num_sent = self.num_acked = 0
        self.fault = None
        self.goes, self.is_over = threading.Event(), False
        self.peer = target.connect(6, "dpp:///courier")
        self.peer.send(sstp.fanout_open(1, "app", recipients, 6))
        check(self.peer.expect("OpenResponse")[7] == attacks.OK_STOP_SENDING, "no fanout")
        self.peer.expect("OpenResponse", value=attacks.START_SENDING)
        self.start()

    def run(self):
        try:
            while not self.is_over:
                under_way = self.num_sent - self.num_acked
                if self.goes.is_set() and under_way < self.WINDOW:
                    self.send()
                elif under_way > 0:
                    self.read()
                else:
                    self.goes.wait(0.1)
        except (OSError, AssertionError) as fault:
            self.fault = "the courier: %r" % fault

    def send(self):
        self.num_sent += 1
        text = b"%d %b" % (self.num_sent, b"x" * (self.num_sent * 7919 % 3000))
        self.peer.send(*sstp.message_sequence(1, text, flags=sstp.A))
        time.sleep(0.01)  # a steady load, not all there is

    def read(self):
        command = self.peer.receive()
        check(command, "the relay closed its connection")
        if command[0] == "Noop":
            self.num_acked += int.from_bytes(command[1][3:7], "little")
        else:  # StopSending and StartSending: the window is small enough to ignore them
            check(command[0] == "OpenResponse", "the relay told it", command)

    def pause(self):
        """Until everything is acknowledged."""
        self.goes.clear()
        deadline = time.monotonic() + PATIENCE
        while self.num_acked < self.num_sent:
            check(self.fault is None and time.monotonic() < deadline, self.fault or
                  "the courier waits for %d acknowledgements" % (self.num_sent - self.num_acked))
            time.sleep(0.01)

    def end(self):
        self.is_over = True
        self.join(10)
        self.peer.send(sstp.connect_close(0))
        self.peer.end()
        self.peer.socket.close()


def number_of(line):
    """Of a message, as relaysim's client counts those that it sends."""
    return int(line["user_ref"].split("-")[1])


class Visitors:
    """The visits, each with the relays that it needs."""

    def __init__(self, relaysim, targets):
        self.relaysim, self.targets = relaysim, targets
        self.tags = itertools.count(1)
        self.num_messages = 0
        self.lock = threading.Lock()

    def arguments(self, target, device, *arguments):
        return [self.relaysim, "client", "--relay", target.address, "--relay-url", target.url,
                "--device", "dpp:///" + device, "--timeout", TIMEOUT, *ACK_DELAY, *arguments]

    def client(self, target, device, *arguments, code=0):
        result = subprocess.run(self.arguments(target, device, *arguments), capture_output=True,
                                text=True, timeout=PATIENCE)
        check(result.returncode == code and "Sanitizer" not in result.stderr and
              "runtime error" not in result.stderr, device, "ended with", result.returncode,
              "and said:", result.stderr[-2000:])
        return result

    def send(self, target, sender, to, tag, number, *arguments, code=0):
        recipients = [word for name in to for word in ("--to", "grooveIdentity://" + name)]
        return self.client(target, sender, *recipients, "--messages", str(number),
                           "--message", tag, *arguments, code=code)

    def receive(self, target, name, number, *arguments):
        result = self.client(target, name, "--identity", "grooveIdentity://" + name, "--receive",
                             "--expect", str(number), *arguments)
        return [json.loads(line) for line in result.stdout.splitlines()]

    def check_all(self, name, lines, tag, numbers):
        got = [(line["text"].rstrip("."), line["user_ref"]) for line in lines]
        wanted = [(tag, "relaysim-%d" % number) for number in numbers]
        check(got == wanted, name, "got", len(got), "messages, not the", len(wanted),
              "that were sent in their order; the first ones:", got[:3], wanted[:3])
        with self.lock:
            self.num_messages += len(lines)

    def offline(self, target, who, rand):
        """Sent while nobody is there, in one version, and fetched in the other."""
        tag, number = "offline %d" % next(self.tags), rand.randrange(50, 200)
        versions = rand.sample(["1.5", "1.6"], 2)
        name = "offline" + who
        padding = "." * rand.randrange(2000)
        self.send(target, who, [name], tag + padding, number, "--sstp-version", versions[0],
                  "--account", "grooveAccount://" + who)
        self.check_all(name, self.receive(target, name, number, "--sstp-version", versions[1]), tag,
                       range(1, number + 1))

    def comes_and_goes(self, target, who, rand):
        """A recipient that fetches a part, leaves, and comes again for the next."""
        tag, number = "parts %d" % next(self.tags), 150
        name = "parts" + who
        self.send(target, who, [name], tag, number, "--account", "grooveAccount://" + who)
        lines = []
        for part in (rand.randrange(1, 70), rand.randrange(1, 70)):
            lines += self.receive(target, name, part)
        lines += self.receive(target, name, number - len(lines))
        self.check_all(name, lines, tag, range(1, number + 1))

    def is_killed(self, target, who, rand):
        """A recipient that is killed: what it had not acknowledged comes again, nothing is
        left out, and nothing changes places."""
        tag, number = "killed %d" % next(self.tags), 300
        name = "killed" + who
        self.send(target, who, [name], tag, number, "--account", "grooveAccount://" + who)
        victim = subprocess.Popen(
            self.arguments(target, name, "--identity", "grooveIdentity://" + name, "--receive"),
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        first = [victim.stdout.readline() for _ in range(rand.randrange(1, 200))]
        victim.kill()
        first += victim.stdout.read().splitlines()
        victim.stdout.close()
        victim.wait()
        seen = [number_of(json.loads(line)) for line in first if line.rstrip().endswith("}")]
        check(seen == [*range(1, len(seen) + 1)], name, "got", seen, "before it was killed")
        self.send(target, who, [name], "end", 1, "--account", "grooveAccount://" + who)
        again = subprocess.Popen(
            self.arguments(target, name, "--identity", "grooveIdentity://" + name, "--receive"),
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        lines = []
        for line in again.stdout:
            lines.append(json.loads(line))
            if lines[-1]["text"] == "end":
                break
        again.terminate()
        code = again.wait(PATIENCE)
        again.stdout.close()  # before, it would be a reader who goes away
        check(code == 0 and lines, name, "got no end")
        begin = number_of(lines[0]) if len(lines) > 1 else number + 1
        check(begin <= len(seen) + 1, name, "had", len(seen), "and then got", begin)
        self.check_all(name, lines[:-1], tag, range(begin, number + 1))

    def large(self, target, who, _rand):
        tag = next(self.tags)
        name = "large" + who
        self.client(target, who, "--to", "grooveIdentity://" + name, "--size",
                    str(1000000 + tag), "--messages", "3", "--account", "grooveAccount://" + who)
        lines = self.receive(target, name, 3)
        check([line["size"] for line in lines] == [1000000 + tag] * 3, "other sizes came")
        with self.lock:
            self.num_messages += 3

    def slow(self, target, who, _rand):
        """A recipient that reads a little at a time gets everything all the same."""
        tag, number = next(self.tags), 60
        name = "slow" + who
        with attacks.attach(target, "dpp:///" + name, "grooveIdentity://" + name) as peer:
            self.send(target, who, [name], "%d %s" % (tag, "." * 5000), number)
            session, got, data = peer.expect("Open")[3:7], 0, b""
            peer.send(sstp.open_response(int.from_bytes(session, "little")))
            real = peer.socket.recv

            def receive_slowly():
                while len(peer.bytes) < 3 or len(peer.bytes) < peer.length():
                    time.sleep(0.005)
                    piece = real(3000)
                    check(piece, "the slow one was closed")
                    peer.bytes += piece
                return peer.receive()

            while got < number:
                command, piece = receive_slowly()
                if command == "Data":
                    data += piece[7:]
                elif command == "EndMessage":
                    check(data.split()[0] == b"%d" % tag, "the slow one got", data[:20])
                    got, data = got + 1, b""
                    peer.send(sstp.noop(1))
            peer.send(sstp.connect_close(0))
            peer.end()
        with self.lock:
            self.num_messages += number

    def through_both(self, target, who, rand):
        """To recipients of this relay and of another one."""
        tag, number = "both %d" % next(self.tags), rand.randrange(20, 60)
        here, there = "here" + who, "there" + who
        other = next(t for t in self.targets if t.url == target.other_url)
        self.send(target, who, [here, there + ",," + other.url], tag, number)
        self.check_all(here, self.receive(target, here, number), tag, range(1, number + 1))
        self.check_all(there, self.receive(other, there, number), tag, range(1, number + 1))

    def with_a_rogue(self, target, who, _rand):
        """One of the recipients is at a relay that is none: the other one gets it."""
        tag = "rogue %d" % next(self.tags)
        name = "rogue" + who
        result = self.send(target, who, [name, "lost,,grooveDNS://rogue.example"], tag, 1, code=1)
        check("lost is no longer a recipient: " in result.stderr, result.stderr)
        self.check_all(name, self.receive(target, name, 1), tag, [1])
