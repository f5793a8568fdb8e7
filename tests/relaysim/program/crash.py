#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""kill -9 at random moments, with real processes: what was acknowledged is not lost.

Usage: crash.py RELAYSIM CRASH_CLIENT [--via WAY] [--kills N] [--seed N] [--clock-shim LIBRARY] [--full]

Under load from several clients, the relay, another one that it forwards to, and the
clients are killed and started again; and so is the proxy, where the way is one through a
proxy: `--via longlived` leads straight to the relay, `--via longlived-proxy` through one, and
the first relay reaches the other likewise.  LongLived is renewed again and again.  With --clock-shim, the clocks of the relays are set
by days, forward and back, while they run, and the messages have an hour to live.  With
--full, their disks are full at times.  At the end, of each message:
  * every transmission that was acknowledged to its sender came to each recipient;
  * no transmission came again once the recipient's acknowledgement of it was stored,
    nor twice on one connection;
  * on each connection they came in the order in which they were sent, and the messages
    for the first time in the order of their numbers.
"""
import argparse
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from clock_shim import ClockShim
from patience import PATIENCE, TIMEOUT
from reserved import reserved_port

URLS = {"relay": "grooveDNS://relay1.example", "relay2": "grooveDNS://relay2.example"}
PROXY = "proxy"
AT_RELAY2 = ",," + URLS["relay2"]

# Who sends to whom, all at the first relay.  Dave only comes at the end.
SENDERS = {
    "amy": ["bob"],
    "ann": ["bob", "carl", "dave"],
    "abe": ["carl,dpp:///carl"],
    "ada": ["dave"],
    "alf": ["bob", "erin" + AT_RELAY2],
    "art": ["erin" + AT_RELAY2, "fred" + AT_RELAY2],
}
RECEIVERS = {"bob": "relay", "carl": "relay", "erin": "relay2", "fred": "relay2"}
LATE = "dave"

# Words of --via: whether there is a proxy, and at which of a relay's doors it comes in.
WAYS = {"tcp": ("tcp", False, "--listen"), "443": ("443", False, "--listen-443"),
        "connect": ("connect", True, "--listen"), "socks": ("socks", True, "--listen")}
for over_http in ("longlived", "keepalive", "polling"):
    WAYS[over_http] = (over_http, False, "--listen-http")
    WAYS[over_http + "-proxy"] = (over_http, True, "--listen-http")
SMALL_LIMIT = "2000000"  # of LongLived
# Whoever polls and is killed says nothing, and is not waited for longer than this.
POLLING = ["--poll-min", "0", "--poll-max", "1", "--poll-patience", "2"]


class World:
    def __init__(self, relaysim, client, folder, way, clock_shim):
        self.relaysim, self.client, self.folder = relaysim, client, folder
        self.via, self.has_proxy, self.door = WAYS[way]
        self.clocks = {}
        for name in URLS if clock_shim else []:
            os.mkdir(self.path(name + ".clock"))
            self.clocks[name] = ClockShim(clock_shim, self.path(name + ".clock"))
        self.num_steps = self.num_full = 0
        self.ports = {name: reserved_port() for name in [*URLS, PROXY]}
        self.http_ports = {name: reserved_port() for name in URLS}
        self.processes = {}
        self.log = open(os.path.join(folder, "stderr"), "ab")

    def path(self, name):
        return os.path.join(self.folder, name)

    def address(self, name):
        """Where clients come to."""
        ports = self.ports if self.door == "--listen" else self.http_ports
        return f"127.0.0.1:{ports[name]}"

    def relay_arguments(self, name):
        arguments = [self.relaysim, "relay", "--url", URLS[name], "--listen",
                     f"127.0.0.1:{self.ports[name]}", "--store", self.path(name + ".db")]
        if self.door != "--listen":
            arguments += [self.door, self.address(name), *POLLING, "--longlived-limit", SMALL_LIMIT]
        if name == "relay2":
            return arguments
        other = URLS["relay2"]
        if not self.has_proxy:
            return arguments + ["--peer", f"{other}=127.0.0.1:{self.ports['relay2']}"]
        return arguments + ["--peer", f"{other}={self.address('relay2')}", "--peer-proxy",
                            f"{other}={self.via}:127.0.0.1:{self.ports[PROXY]}"]

    def start_program(self, name, arguments, clock=None):
        log = open(self.path(name + ".stderr"), "ab") if clock else self.log
        process = subprocess.Popen(arguments + (["-v"] if clock else []), stdout=subprocess.PIPE,
                                   stderr=log, env=clock and clock.environment())
        if not process.stdout.readline().startswith(b"ready"):
            raise SystemExit(f"{name} did not start: see {self.path('stderr')}")
        self.processes[name] = process

    def start_client(self, name):
        to = SENDERS.get(name)
        relay = RECEIVERS.get(name, "relay")
        arguments = [self.client, "--via", self.via, "--longlived-limit", SMALL_LIMIT]
        if self.has_proxy:
            arguments += ["--proxy", f"127.0.0.1:{self.ports[PROXY]}"]
        arguments += ["send" if to else "receive", self.address(relay), URLS[relay], name,
                      self.path(name)]
        arguments += ["grooveIdentity://" + recipient for recipient in to or []]
        open(self.path(name), "ab").close()  # which is read before it is there
        self.processes[name] = subprocess.Popen(arguments, stderr=self.log)

    def start(self, name):
        if name in URLS:
            self.start_program(name, self.relay_arguments(name), self.clocks.get(name))
        elif name == PROXY:
            self.start_program(name, [self.relaysim, "proxy", "--listen",
                                      f"127.0.0.1:{self.ports[PROXY]}"])
        else:
            self.start_client(name)

    def programs(self):
        """All but the clients."""
        return [*URLS, PROXY] if self.has_proxy else list(URLS)

    def check_alive(self):
        for name, process in self.processes.items():
            if process.poll() is not None:
                raise SystemExit(f"{name} has ended by itself, with {process.returncode}: "
                                 f"see {self.path('stderr')}")

    def kill(self, name, number=signal.SIGKILL):
        self.check_alive()
        process = self.processes.pop(name)
        process.send_signal(number)
        process.wait(PATIENCE)
        if process.stdout:
            process.stdout.close()
        return process.returncode

    def set_clock(self, name, seconds):
        """Until the relay has noticed, and has that on its disk."""
        before = self.steps(name)
        self.clocks[name].set(seconds)
        wait_until(lambda: self.steps(name) > before, f"{name} has not noticed its clock")
        # Its acknowledgement comes after the step has been written.
        subprocess.run([self.relaysim, "client", "--relay", f"127.0.0.1:{self.ports[name]}",
                        "--relay-url", URLS[name], "--device", "dpp:///probe", "--to",
                        "grooveIdentity://nobody", "--message", "after it", "--timeout", TIMEOUT],
                       check=True, stdout=subprocess.DEVNULL)
        self.num_steps += 1

    def steps(self, name):
        with open(self.path(name + ".stderr"), encoding="utf-8") as file:
            return file.read().count("the clock has been set")

    def fill_disk(self, name, num_bytes):
        """No file grows beyond that, or all may grow again."""
        limit = resource.RLIM_INFINITY if num_bytes is None else num_bytes
        resource.prlimit(self.processes[name].pid, resource.RLIMIT_FSIZE,
                         (limit, resource.RLIM_INFINITY))
        self.num_full += num_bytes is not None

    def end(self):
        for process in self.processes.values():
            process.kill()
            process.wait()
        self.log.close()

    def lines(self, name):
        with open(self.path(name), encoding="ascii") as file:
            return [line.split() for line in file.read().splitlines(keepends=True)
                    if line.endswith("\n")]  # a killed process may have left a half


def wait_until(is_so, otherwise):
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        if time.monotonic() > deadline:
            raise SystemExit(otherwise)
        time.sleep(0.05)


def acknowledged(world, sender):
    return {int(line[1]) for line in world.lines(sender) if line[0] == "acked"}


def got(world, receiver, sender):
    return {int(line[2]) for line in world.lines(receiver)
            if line[0] == "got" and line[1] == sender}


def settled(world, receiver):
    """Whether any of its acknowledgements were taken."""
    return any(line[0] == "settled" and int(line[1]) > 0 for line in world.lines(receiver))


def missing(world):
    """What was acknowledged and has not come, as rows of receiver, sender, number."""
    rows = []
    for sender, recipients in SENDERS.items():
        done = acknowledged(world, sender)
        for recipient in recipients:
            receiver = recipient.split(",")[0]
            rows += [(receiver, sender, transmission)
                     for transmission in sorted(done - got(world, receiver, sender))]
    return rows


def judge_receiver(world, receiver):
    """The sentences that there are to say against what a receiver saw, and how much it saw."""
    wrong, in_run, settled, first_numbers, last = [], [], set(), {}, {}
    num = 0
    for line in world.lines(receiver):
        if line[0] == "run":
            in_run, last = [], {}
        elif line[0] == "settled":
            settled.update(in_run[:int(line[1])])
        else:
            sender, transmission, number = line[1], int(line[2]), int(line[3])
            num += 1
            if (sender, transmission) in settled:
                wrong.append(f"{receiver} got {sender}'s transmission {transmission} again")
            if transmission <= last.get(sender, 0):
                wrong.append(f"{receiver} got {sender}'s transmission {transmission} after "
                             f"{last[sender]}")
            last[sender] = transmission
            seen = first_numbers.setdefault(sender, [0, set()])
            if number not in seen[1]:
                if number < seen[0]:
                    wrong.append(f"{receiver} got {sender}'s message {number} after {seen[0]}")
                seen[0] = number
                seen[1].add(number)
            in_run.append((sender, transmission))
    return wrong, num, len(settled)


def disturb(world, chance, is_full):
    """What else happens to a relay, which may be killed next."""
    name = chance.choice(list(URLS))
    if is_full and chance.random() < 0.5:
        world.fill_disk(name, chance.choice([None, chance.randrange(50000, 2000000)]))
    elif world.clocks:
        world.fill_disk(name, None)
        world.set_clock(name, chance.uniform(-9, 9) * 86400)


def play(world, kills, chance, is_full):
    counts = {}
    weights = {"relay": 6, "relay2": 3, PROXY: 4 if world.has_proxy else 0}
    victims = [name for name, weight in weights.items() for _ in range(weight)]
    victims += list(SENDERS) + list(RECEIVERS) * 2
    for name in [*world.programs(), *SENDERS, *RECEIVERS]:
        world.start(name)
    time.sleep(0.5)
    for _ in range(kills):
        time.sleep(chance.uniform(0.05, 0.8))
        if world.clocks or is_full:
            disturb(world, chance, is_full)
            time.sleep(chance.uniform(0, 0.5))
        victim = chance.choice(victims)
        world.kill(victim)
        if chance.random() < 0.3:
            time.sleep(chance.uniform(0, 0.3))
        world.start(victim)
        counts[victim] = counts.get(victim, 0) + 1
    for name in URLS:
        world.fill_disk(name, None)
    wait_until(lambda: all(acknowledged(world, name) for name in SENDERS),
               "not every sender was served")
    for name in SENDERS:
        code = world.kill(name, signal.SIGTERM)
        if code != 0:
            raise SystemExit(f"{name} ended with {code}")
    world.start(LATE)
    deadline = time.monotonic() + PATIENCE
    while (missing(world) or not all(settled(world, name) for name in [*RECEIVERS, LATE])) and \
            time.monotonic() < deadline:
        world.check_alive()
        time.sleep(0.2)
    time.sleep(0.5)  # for what should not come
    for name in world.programs():
        code = world.kill(name, signal.SIGTERM)
        if code != 0:
            raise SystemExit(f"{name} ended with {code}")
    return counts


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("relaysim")
    parser.add_argument("client")
    parser.add_argument("--via", choices=[*WAYS, "any"], default="tcp")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 30))
    parser.add_argument("--clock-shim")
    parser.add_argument("--full", action="store_true")
    options = parser.parse_args()
    chance = random.Random(options.seed)
    way = chance.choice(list(WAYS)[1:]) if options.via == "any" else options.via
    print(f"seed {options.seed}, by {way}")
    folder = tempfile.mkdtemp(prefix="relaysim-crash-")
    world = World(options.relaysim, options.client, folder, way, options.clock_shim)
    try:
        counts = play(world, options.kills, chance, options.full)
    finally:
        world.end()
    wrong = [f"{receiver} never got {sender}'s transmission {transmission}"
             for receiver, sender, transmission in missing(world)]
    for receiver in [*RECEIVERS, LATE]:
        sentences, num, num_settled = judge_receiver(world, receiver)
        wrong += sentences
        print(f"{receiver} got {num}, {num_settled} of them for good")
        if num == 0 or num_settled == 0:
            wrong.append(f"{receiver} got nothing")
    for sender in SENDERS:
        print(f"{sender} sent {sum(line[0] == 'sent' for line in world.lines(sender))}, "
              f"{len(acknowledged(world, sender))} acknowledged")
    print("killed:", ", ".join(f"{name} {num}" for name, num in sorted(counts.items())))
    print(f"clocks set {world.num_steps} times, disks full {world.num_full} times")
    if wrong:
        print("\n".join(wrong[:20]))
        print(f"{len(wrong)} wrong; see {folder}")
        sys.exit(1)
    shutil.rmtree(folder)


main()
