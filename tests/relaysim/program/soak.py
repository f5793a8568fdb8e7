#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Relays under load for a long time, with real processes: the good clients get everything in
order, the hostile ones get what the specification says, and nothing grows.

Usage: soak.py RELAYSIM [--seconds S] [--seed N] [--leaky LIBRARY]

Three relays: one with its store in a file, one in memory that believes whoever attaches, one
in memory that wants proof and speaks SSTP 1.5; the first two forward to each other.  In rounds,
all at once: a courier and its subscribers (visitors.py), who stay for the whole run, clients that
come and go, and the hostile acts of attacks.py.  Between the rounds it is quiet, and then
  * the connections, the file descriptors and the stored messages are back to where they were;
  * the memory in use, that which is resident, the store and its log are noted.
At the end the medians of these in the second and in the last quarter of the rounds are compared:
the first quarter is for caches and pools to fill up.  SIGTERM has to end every relay with exit
code 0 and without a word on stderr, but of limits that the hostile met.  A run that fails keeps
its folder.

With --leaky the relays lose memory on purpose (leaky.c), and the run is good when all of them are
found out.
"""
import argparse
import itertools
import json
import math
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import attacks
import visitors
from attacks import Target, check
from raw import FakeRelay
from patience import PATIENCE
from reserved import reserved_address

KIB, MIB = 1 << 10, 1 << 20
URLS = ["grooveDNS://relay%d.example" % n for n in (1, 2, 3)]
ROGUE_URL = "grooveDNS://rogue.example"

# What may be more in the last quarter than in the second.  The memory in use is counted by the
# relay itself, and where it is quiet it is the same to some KiB; a table may have grown to its
# next size.  In a round there are ten thousand sessions: 16 bytes lost with each of them are more.
# With a store in a file there are SQLite's pages beside it, up to what it may keep.
GROWTH_MAX = {"memory": 256 * KIB, "store": 8 * MIB, "files": 0}
PAGES_MAX = 4 * MIB
# What is resident is another matter: an allocator that has the same to do in another order ends
# with other holes, in huge pages, and gives back what was freed half a minute later.  In a few
# rounds that says nothing; in a quarter of an hour, with two million sessions, it shows what
# counting does not see.  A sanitizer's allocator keeps more, also for the traces of who
# allocated; what was lost there is told at the end.  What was freed is held back by it, up to
# QUARANTINE_MIB.
RESIDENT_GROWTH_MAX, SANITIZED_RESIDENT_GROWTH_MAX = 8 * MIB, 16 * MIB
RESIDENT_SECONDS_MIN = 900
QUARANTINE_MIB = 16
# The log is moved into the store beyond 32 MiB; a batch may have begun before.
LOG_MAX = STORE_MAX = 64 * MIB

NUM_ROUNDS_MIN = 5  # the first is not judged
VARIETY_SECONDS_MAX = 300  # after the time is over, for what there was no time for
QUIET_MAX = PATIENCE  # until it has to be quiet again
NUM_STAYING = (2, 2, 0)  # connections: a courier and subscribers, and of the first relay
NUM_ATTACKERS = 3  # of each relay
# So many silent connections push the oldest out.  At the pace of a crowd a good client has four
# seconds to speak, and then the timeout is not over yet.
MAX_HALF_OPEN = 200
CONNECT_TIMEOUT = 5  # seconds; longer than a busy machine lets anybody wait


def be_a_rogue(rand):
    """What listens where another relay should be.  Every second time it seems to be one at
    first: who is refused waits longer each time before the next attempt."""
    times = itertools.count()
    response = attacks.sstp.connect_response(0, [ROGUE_URL], b"", 3, "x", "", version=(1, 6)).data

    def behaviour(peer):
        peer.settimeout(1)
        peer.recv(1000)
        if next(times) % 2 == 0:
            peer.sendall(response)
            peer.recv(1000)
        peer.sendall(rand.choice((b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", rand.randbytes(100),
                                  attacks.sstp.noop(7).data)))
        peer.close()
    return behaviour


class RelayProcess:
    def __init__(self, relaysim, folder, number, target, *arguments, leaky=None):
        self.number, self.target = number, target
        self.pages_max = PAGES_MAX if "--store" in arguments else 0
        self.store = os.path.join(folder, "store%d.db" % number)
        self.log_path = os.path.join(folder, "stderr%d" % number)
        options = os.environ.get("ASAN_OPTIONS", "")
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [relaysim, "relay", "--url", target.url, "--listen", target.address,
                 "--connect-timeout", str(CONNECT_TIMEOUT), "--ack-delay", "0.2", "--max-half-open",
                 str(MAX_HALF_OPEN), *arguments], stdout=subprocess.PIPE, stderr=log, text=True,
                env={**os.environ, **({"LD_PRELOAD": leaky} if leaky else {}),
                     "ASAN_OPTIONS": "%s:quarantine_size_mb=%d:verify_asan_link_order=0:"
                     "thread_local_quarantine_size_kb=64" % (options, QUARANTINE_MIB)})
        check(self.process.stdout.readline().startswith("ready"), self.complaints())

    def complaints(self):
        """What it said, but for what the hostile are told of."""
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return "".join(line for line in log
                           if "see --max-" not in line and "--max-half-open" not in line)

    def counters(self):
        check(self.process.poll() is None, "relay", self.number, "has ended:", self.complaints())
        self.process.send_signal(signal.SIGUSR1)
        return json.loads(self.process.stdout.readline())

    def num_files(self):
        return len(os.listdir("/proc/%d/fd" % self.process.pid))

    def resident(self):
        with open("/proc/%d/status" % self.process.pid, encoding="ascii") as status:
            return next(int(line.split()[1]) * KIB for line in status
                        if line.startswith("VmRSS"))

    @staticmethod
    def size(path):
        return os.stat(path).st_size if os.path.exists(path) else 0

    def end(self):
        """What there is to say against the way it ended."""
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=PATIENCE)
        said = self.complaints()
        return ["relay %d ended with %d" % (self.number, self.process.returncode)
                for _ in range(self.process.returncode != 0)] + \
               ["relay %d said: %s" % (self.number, said[-3000:]) for _ in range(said != "")]


class World:
    def __init__(self, relaysim, folder, seed, leaky):
        self.seed, self.faults, self.acts, self.visits = seed, [], {}, {}
        self.lock = threading.Lock()
        self.rogue = FakeRelay(be_a_rogue(random.Random(seed)))
        addresses = [reserved_address() for _ in URLS]
        self.targets = [Target(addresses[0], URLS[0], other_url=URLS[1]),
                        Target(addresses[1], URLS[1], believes=True, other_url=URLS[0]),
                        Target(addresses[2], URLS[2], takes=False)]
        one, two, three = self.targets
        self.relays = [
            RelayProcess(relaysim, folder, 1, one, "--store", os.path.join(folder, "store1.db"),
                         "--peer", two.url + "=" + two.address, "--peer",
                         ROGUE_URL + "=" + self.rogue.address, leaky=leaky),
            RelayProcess(relaysim, folder, 2, two, "--auth", "off", "--peer",
                         one.url + "=" + one.address, leaky=leaky),
            RelayProcess(relaysim, folder, 3, three, "--auth", "required", "--sstp-version",
                         "1.5", leaky=leaky)]
        self.log = open(os.path.join(folder, "subscribers"), "wb")
        self.subscribers = [visitors.Subscriber(relaysim, one, "ann", self.log),
                            visitors.Subscriber(relaysim, two, "ben", self.log)]
        self.courier = visitors.Courier(one, [("grooveIdentity://ann", "", ""),
                                              ("grooveIdentity://ben", "", two.url)])
        self.guests = visitors.Visitors(relaysim, self.targets)
        self.acts_of = {target: itertools.cycle(attacks.acts_against(target))
                        for target in self.targets}
        guests = self.guests
        self.visits_of = {
            one: itertools.cycle([guests.offline, guests.comes_and_goes, guests.through_both,
                                  guests.is_killed, guests.with_a_rogue, guests.large]),
            two: itertools.cycle([guests.slow, guests.through_both, guests.offline,
                                  guests.is_killed, guests.comes_and_goes, guests.large]),
            three: itertools.cycle([guests.offline, guests.comes_and_goes, guests.is_killed,
                                    guests.large])}
        self.files_max = [math.inf] * len(self.relays)

    def fault(self, *what):
        with self.lock:
            self.faults.append(" ".join(str(thing) for thing in what))

    def attack(self, target, rand, over):
        while not over.is_set():
            with self.lock:
                act = next(self.acts_of[target])
            key = (target.url, act.__name__)
            try:
                num = act(target, rand, over)
            except Exception as error:  # pylint: disable=broad-except
                self.fault("%s: %s: %r" % (*key, error))
                return
            with self.lock:
                times, total = self.acts.get(key, (0, 0))
                self.acts[key] = (times + 1, total + num)

    def visit(self, target, rand, over):
        while not over.is_set():
            visit = next(self.visits_of[target])
            key = (target.url, visit.__name__)
            try:
                visit(target, "@%d" % self.targets.index(target), rand)
            except Exception as error:  # pylint: disable=broad-except
                self.fault("%s: %s: %r" % (*key, error))
                return
            self.visits[key] = self.visits.get(key, 0) + 1

    def play(self, seconds, number):
        """One round; all of it is over after it."""
        over = threading.Event()
        threads = []
        for n, target in enumerate(self.targets):
            for m in range(NUM_ATTACKERS):
                rand = random.Random("%d %d %d %d" % (self.seed, number, n, m))
                threads.append(threading.Thread(target=self.attack, args=(target, rand, over)))
            rand = random.Random("%d %d %d" % (self.seed, number, n))
            threads.append(threading.Thread(target=self.visit, args=(target, rand, over)))
        before = self.courier.num_acked
        self.courier.goes.set()
        for thread in threads:
            thread.start()
        over.wait(seconds)
        over.set()
        for thread in threads:
            thread.join()
        deadline = time.monotonic() + QUIET_MAX
        while self.courier.num_acked <= before:
            check(time.monotonic() < deadline, "the courier was not served:", self.courier.fault)
            time.sleep(0.01)
        self.courier.pause()

    def join_relays(self):
        """Has each of the two that forward connect to the other, as it then stays."""
        for target in self.targets[:2]:
            self.guests.through_both(target, "@%d" % self.targets.index(target),
                                     random.Random(self.seed))

    def settle(self):
        """Waits until it is quiet, and says what the relays hold then: at first, those who stay,
        and nothing else."""
        deadline = time.monotonic() + QUIET_MAX
        while True:
            rows = [{**relay.counters(), "files": relay.num_files()} for relay in self.relays]
            now = [(row["connections_open"], row["messages_stored"], row["files"])
                   for row in rows]
            if all(is_open == stays and stored == 0 and files <= files_max
                   for (is_open, stored, files), stays, files_max
                   in zip(now, NUM_STAYING, self.files_max)):
                break
            check(time.monotonic() < deadline, "connections, stored messages and files of the "
                  "relays are", now, "and not", NUM_STAYING, "with none and at most",
                  self.files_max)
            time.sleep(0.2)
        self.files_max = [min(row["files"], most) for row, most in zip(rows, self.files_max)]
        for relay, row in zip(self.relays, rows):
            row["resident"] = relay.resident()
            row["store"] = relay.size(relay.store)
            row["log"] = relay.size(relay.store + "-wal")
        return rows

    def check_subscribers(self):
        deadline = time.monotonic() + QUIET_MAX
        for subscriber in self.subscribers:
            while subscriber.num_got < self.courier.num_sent and time.monotonic() < deadline:
                time.sleep(0.01)
            check(not subscriber.faults, *subscriber.faults[:3])
            check(subscriber.num_got == self.courier.num_sent, subscriber.name, "got",
                  subscriber.num_got, "of", self.courier.num_sent)

    def end(self):
        """What there is to say against the end of the relays."""
        self.courier.end()
        for subscriber in self.subscribers:
            if subscriber.end() != 0:
                self.fault(subscriber.name, "ended badly")
        for relay in self.relays:
            for sentence in relay.end():
                self.fault(sentence)
        self.rogue.close()
        self.log.close()

    def kill(self):
        """All processes, where the run has failed; and what the relays said before."""
        self.courier.is_over = True
        for relay in self.relays:
            if relay.process.poll() is None and relay.complaints():
                self.fault("relay", relay.number, "said:", relay.complaints()[-3000:])
        for process in [s.process for s in self.subscribers] + [r.process for r in self.relays]:
            if process.poll() is None:
                process.kill()
                process.wait()


def quarters(values):
    """The medians of the first to the fourth quarter of the rounds."""
    edges = [len(values) * n // 4 for n in range(5)]
    return [statistics.median(values[first:max(last, first + 1)])
            for first, last in zip(edges, edges[1:])]


def report(world, samples, growth_max):
    """Prints the medians of the quarters, and returns what there is to say against them."""
    wrong = []
    for relay, rows in zip(world.relays, zip(*samples)):
        for name in ("memory", "resident", "files", "store", "log"):
            values = [row[name] for row in rows]
            medians = quarters(values)
            print("relay %d: %-8s %s" % (relay.number, name, " ".join("%9d" % q for q in medians)))
            limit = {"store": STORE_MAX, "log": LOG_MAX}.get(name)
            if limit is not None and max(values) > limit:
                wrong.append("relay %d: its %s had %d bytes" % (relay.number, name, max(values)))
            most = growth_max.get(name, math.inf) + (relay.pages_max if name == "memory" else 0)
            if medians[3] > medians[1] + most:
                wrong.append("relay %d: its %s grew from %d to %d" % (relay.number, name,
                                                                      medians[1], medians[3]))
    return wrong


def run(world, seconds, length):
    """Plays rounds; the samples of all but the first."""
    begin, samples = time.monotonic(), []
    world.join_relays()
    world.settle()
    for number in itertools.count():
        late = time.monotonic() - begin - seconds
        if late > 0 and number >= NUM_ROUNDS_MIN and (late > VARIETY_SECONDS_MAX or
                                                      not left_out(world)):
            return samples[1:]
        world.play(length, number)
        if world.faults:
            return samples
        world.check_subscribers()
        samples.append(world.settle())
        print("%6d s  memory %s" % (time.monotonic() - begin, " ".join(
            "%7d KiB" % (row["memory"] / KIB) for row in samples[-1])), flush=True)


def summary(world, samples):
    for key, (times, total) in sorted(world.acts.items()):
        print("%s: %s %d times, %d in all" % (*key, times, total))
    for key, times in sorted(world.visits.items()):
        print("%s: %s %d times" % (*key, times))
    for n, row in enumerate(samples[-1] if samples else [], 1):
        print("relay %d: %d connections, %d sessions, %d messages in, %d delivered, %d forwarded, "
              "%d discarded" % (n, row["connections"], row["sessions"], row["messages_in"],
                                row["messages_delivered"], row["messages_forwarded"],
                                row["messages_discarded"]))
    print("the subscribers got %d messages each, visitors %d" %
          (world.courier.num_sent, world.guests.num_messages))


def left_out(world):
    """The acts that there was no time for yet."""
    return [(target.url, act.__name__) for target in world.targets
            for act in attacks.acts_against(target)
            if (target.url, act.__name__) not in world.acts]


def judge(world, samples, options):
    """What there is to say against a run that went to its end."""
    growth_max = dict(GROWTH_MAX)
    if options.seconds >= RESIDENT_SECONDS_MIN:
        with open(options.relaysim, "rb") as program:
            growth_max["resident"] = SANITIZED_RESIDENT_GROWTH_MAX \
                if b"__asan_init" in program.read() else RESIDENT_GROWTH_MAX
    grown = report(world, samples, growth_max)
    if options.leaky:
        return ["relay %d is leaky, and was not found out" % relay.number
                for relay in world.relays
                if not any(what.startswith("relay %d: its memory grew" % relay.number)
                           for what in grown)]
    world.end()
    return grown + ["there was no time for %s at %s" % (act, url)
                    for url, act in left_out(world)]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("relaysim")
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 30))
    parser.add_argument("--leaky")
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="relaysim-soak-")
    print("seed %d, in %s" % (options.seed, folder), flush=True)
    world = World(options.relaysim, folder, options.seed, options.leaky)
    samples = []
    try:
        samples = run(world, options.seconds, min(20, max(2, options.seconds / 15)))
        summary(world, samples)
        if not world.faults:
            world.faults += judge(world, samples, options)
    except (AssertionError, OSError, subprocess.SubprocessError) as error:
        world.fault(repr(error))
    finally:
        world.kill()
    if world.faults:
        print("\n".join(world.faults[:20]))
        print("failed: seed %d, see %s" % (options.seed, folder))
        sys.exit(1)
    shutil.rmtree(folder)


main()
