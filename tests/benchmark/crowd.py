# SPDX-License-Identifier: GPL-2.0-or-later
"""What a thousand clients cost a relay that have nothing to say, by the way that they come: memory
and processor time.

    python3 tests/benchmark/crowd.py [--clients 1000] [--seconds 60] [--build build/release]

`relaysim bench --hold` are the clients: they connect, attach and register, and are there.  The relay tells its clients over Polling to ask as the products do, every five seconds at
first and every two minutes in the end.  Each row is a relay of its own; the last has pollers and
LongLived clients at once, as many of each.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "lib")]

from servers import Failure, cpu_seconds  # noqa: E402
from tshark import BUILD_DIR  # noqa: E402

URL = "grooveDNS://relay1.example"
ROWS = (("tcp",), ("longlived",), ("keepalive",), ("polling",), ("longlived", "polling"))
HALF_OPEN_MAX = 2002  # all clients of a row at once
COMING_SECONDS = 300  # until all are there


class Relay:
    """`relaysim relay`, with room for so many."""

    def __init__(self, program, num, *options, over_http=True):
        http = ["--listen-http", "127.0.0.1:0"] if over_http else []
        self.process = subprocess.Popen(
            [program, "relay", "--url", URL, "--listen", "127.0.0.1:0", *http, "--max-connections",
             str(num), "--max-half-open", str(min(max(num, 64), HALF_OPEN_MAX)), *options],
            stdout=subprocess.PIPE, text=True)
        _, self.tcp, *addresses = self.process.stdout.readline().split()
        self.http = addresses[0] if addresses else None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def counters(self):
        self.process.send_signal(signal.SIGUSR1)
        return json.loads(self.process.stdout.readline())

    def cpu(self):
        return cpu_seconds(self.process.pid)

    def resident(self):
        with open("/proc/%d/status" % self.process.pid, encoding="ascii") as status:
            return 1024 * int(next(line for line in status if line.startswith("VmRSS")).split()[1])


def wait_until(is_so, seconds, what):
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise Failure(what)
        time.sleep(0.2)


class Crowd:
    """One `relaysim bench`: so many clients, and one who would send, that are there until it is
    killed."""

    def __init__(self, program, relay, via, arguments):
        self.via = via
        self.process = subprocess.Popen(
            [program, "bench", "--relay", relay.tcp if via == "tcp" else relay.http, "--via", via,
             "--fanout", str(arguments.clients), "--messages", "1", "--hold",
             "86400", "--patience", str(COMING_SECONDS)], stdout=subprocess.PIPE, text=True)


def idle(relay, arguments):
    """Processor time of so long, in milliseconds a second."""
    before, begin = relay.cpu(), time.monotonic()
    time.sleep(arguments.seconds)
    return 1000 * (relay.cpu() - before) / (time.monotonic() - begin)


def run(row, arguments):
    program = os.path.join(arguments.build, "relaysim", "relaysim")
    num = len(row) * (arguments.clients + 1)
    with Relay(program, num) as relay:
        memory, resident = relay.counters()["memory"], relay.resident()
        crowds, begin = [], relay.cpu()
        try:
            for via in row:
                crowds.append(Crowd(program, relay, via, arguments))
            wait_until(lambda: relay.counters()["connections_open"] == num or
                       any(crowd.process.poll() is not None for crowd in crowds), COMING_SECONDS,
                       "not all of them have come")
            coming = relay.cpu() - begin
            memory, resident = relay.counters()["memory"] - memory, relay.resident() - resident
            early = idle(relay, arguments)
            wait_until(lambda: relay.counters()["connections_open"] == num, 1, "some have gone")
            # Who polls asks less often by now.
            late = idle(relay, arguments)
        finally:
            for crowd in crowds:
                crowd.process.kill()
                crowd.process.communicate()
    return {"way": " and ".join(row), "clients": num, "memory": memory / num / 1024,
            "resident": resident / num / 1024, "coming": 1000 * coming / num, "early": early,
            "late": late}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, default=1000, help="of each way (1000)")
    parser.add_argument("--seconds", type=int, default=60, help="that each is looked at (60)")
    parser.add_argument("--build", default=BUILD_DIR)
    arguments = parser.parse_args()
    print("%-22s %8s %12s %12s %14s %14s %14s" % (
        "way", "clients", "KiB a client", "resident", "ms to come", "ms/s at first", "ms/s then"))
    for row in ROWS:
        print("%(way)-22s %(clients)8d %(memory)12.1f %(resident)12.1f %(coming)14.2f "
              "%(early)14.1f %(late)14.1f" % run(row, arguments), flush=True)


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit("crowd.py: %s" % failure)
