# SPDX-License-Identifier: GPL-2.0-or-later
"""What stored messages and attached clients cost a relay, in memory and in time, a power of ten apart.

    python3 tests/benchmark/backlog.py [--messages 1000000] [--clients 10000] [--build build/release]

Messages of 100 bytes wait for a tenth as many recipients, each in a row of its own, which is the most
that they cost; a relay is started with that store.  Clients connect, attach and register over TCP, and
have nothing to say.  Each is taken at a hundredth, a tenth and all of its number: what one costs in
memory that the relay has then and had not empty, and in processor time until it is ready, or until
all have come.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "lib")]

from crowd import COMING_SECONDS, Crowd, Failure, Relay, wait_until  # noqa: E402
from tshark import BUILD_DIR  # noqa: E402

STEPS = (100, 10, 1)
BENCH_MAX = 1000  # clients of one `relaysim bench`
DESCRIPTORS = 3000  # of a relay, beside those of clients


def cost_of_messages(arguments, num):
    """(bytes of memory, microseconds) a message."""
    program = os.path.join(arguments.build, "relaysim", "relaysim")
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        with Relay(program, 1, over_http=False) as empty:
            resident, cpu = empty.resident(), empty.cpu()
        subprocess.run([os.path.join(os.path.abspath(arguments.build), "tests", "benchmark",
                                     "relay_cost"), "backlog", str(num)], cwd=folder, check=True)
        with Relay(program, 1, "--store", os.path.join(folder, "relay_cost.db"),
                   over_http=False) as relay:
            return (relay.resident() - resident) / num, (relay.cpu() - cpu) * 1e6 / num


def cost_of_clients(arguments, num):
    """(bytes of memory, microseconds) a client."""
    program = os.path.join(arguments.build, "relaysim", "relaysim")
    sizes = [min(BENCH_MAX, num - done) for done in range(0, num, BENCH_MAX)]
    with Relay(program, num + len(sizes), over_http=False) as relay:
        resident, cpu = relay.resident(), relay.cpu()
        crowds = []
        try:
            for size in sizes:
                crowds.append(Crowd(program, relay, "tcp", argparse.Namespace(clients=size)))
                there = sum(sizes[:len(crowds)]) + len(crowds)  # each has one who would send
                wait_until(lambda: relay.counters()["connections_open"] == there or
                           crowds[-1].process.poll() is not None, COMING_SECONDS,
                           "not all of them have come")
                if crowds[-1].process.poll() is not None:
                    raise Failure("the clients have gone")
            return (relay.resident() - resident) / num, (relay.cpu() - cpu) * 1e6 / num
        finally:
            for crowd in crowds:
                crowd.process.kill()
                crowd.process.communicate()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--clients", type=int, default=10_000)
    parser.add_argument("--folder", help="where the store goes, 300 bytes a message (a temporary one)")
    parser.add_argument("--build", default=BUILD_DIR)
    arguments = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < arguments.clients + DESCRIPTORS:
        raise Failure("%d clients need more descriptors than %d: see ulimit -n" % (
            arguments.clients, hard))
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    print("%-10s %10s %12s %12s" % ("", "number", "bytes each", "us each"))
    for what, cost, whole in (("messages", cost_of_messages, arguments.messages),
                              ("clients", cost_of_clients, arguments.clients)):
        for step in STEPS:
            num = max(whole // step, 1)
            print("%-10s %10d %12.0f %12.2f" % ((what, num) + cost(arguments, num)), flush=True)


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit("backlog.py: %s" % failure)
