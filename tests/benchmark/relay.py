# SPDX-License-Identifier: GPL-2.0-or-later
"""How fast the relay is, beside Redis Streams and Mosquitto.

    python3 tests/benchmark/relay.py [--rounds 5] [--rows one-1k ...] [--build build/release]

Durable, `relaysim bench --store FILE` is measured beside Redis with `appendfsync always`:
both have a message on the disk before they acknowledge it.  In memory, `--store memory`
is measured beside Mosquitto without persistence.  Every program bears the same load, by
the same rules: one sender with up to 1,024 messages unacknowledged, every delivery
checked and acknowledged.

Redis is measured twice.  `redis` sends plain XADDs, pipelined.  `redis-multi` sends
what can be sent at once between MULTI and EXEC, which Redis syncs together; a sender
that can do so gets several times as much out of it.

Beside these, each row has what the machine itself does: a process that hands on what
comes and does nothing else; a disk to which a window of messages is appended at a time,
with one fdatasync each; messages written to that many sockets, one by one.  Where a
relay is near those, the rest is the system's.

Machines change their speed under one's feet.  So each round runs all programs of a row
one after the other, in turning order, with a fresh server each, and what is printed is
the ratio within the rounds: above 1 the relay is better, in latencies, too.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "lib")]

import servers  # noqa: E402
from servers import Failure, Missing  # noqa: E402
from tshark import BUILD_DIR  # noqa: E402

LOAD = ("messages", "size", "fanout")  # options, and members of the result
RUN_SECONDS = 600
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
RATE = 500

# name: (messages, bytes, receivers, further options)
ROWS = {
    "one-1k": (60_000, 1024, 1, []),
    "one-16k": (10_000, 16384, 1, []),
    "fanout-1k": (3_000, 1024, 100, []),
    "fanout-16k": (1_000, 16384, 100, []),
    "offline-1k": (60_000, 1024, 1, ["--offline"]),
    "offline-16k": (10_000, 16384, 1, ["--offline"]),
    "latency-1k": (3 * RATE, 1024, 1, ["--rate", str(RATE)]),
}
# mode of the result: [(what, where in the result, unit, has it a target)]
FIGURES = {
    "online": [("deliveries", ("deliveries_per_second",), "/s", True)],
    "offline": [("store", ("store_per_second",), "/s", True),
                ("drain", ("drain_per_second",), "/s", True)],
    "rate": [("latency p50", ("latency_ms", "p50"), "ms", True),
             ("latency p99", ("latency_ms", "p99"), "ms", False)],
}
# peer: (store of the relay, server, load program, its options, target)
PEERS = {
    "redis": ("durable", servers.redis, "bench_redis", ["--batch", "1"], 1.5),
    "redis-multi": ("durable", servers.redis, "bench_redis", [], 1.5),
    "mosquitto": ("memory", servers.mosquitto, "bench_mosquitto", [], 2.0),
}
FIGURE_TARGETS = {("redis-multi", "store"): 2.0}  # where another one than the peer's
STORES = ("durable", "memory")
# What the machine does: (program, what it is, {row: (stores that are compared, target)})
FORWARDING = (STORES, 1 / 1.3)
HALF = 0.5
FLOORS = [
    ("bench_forward", "a process that only forwards",
     {"one-1k": (STORES, None), "one-16k": (STORES, None), "latency-1k": FORWARDING}),
    ("bench_append", "a window of messages appended and synced at a time",
     {"one-1k": (("durable",), HALF), "one-16k": (("durable",), HALF)}),
    ("bench_send", "a write for each message and receiver",
     {"one-1k": (("memory",), HALF), "one-16k": (("memory",), HALF),
      "fanout-1k": (STORES, HALF), "fanout-16k": (STORES, HALF)}),
]


class Bench:
    """What all runs have in common: where the programs are and where they may write."""

    def __init__(self, arguments, folder):
        self.folder = folder
        self.scale = 50 if arguments.quick else 1
        self.relaysim = os.path.join(arguments.build, "relaysim", "relaysim")
        self.peers_only = arguments.peers_only
        self.peer_folder = os.path.join(arguments.build, "tests", "benchmark")
        self.peers = {name: PEERS[name] for name in arguments.peers}
        needed = [] if self.peers_only else [(self.relaysim, "relaysim")]
        needed += [(os.path.join(self.peer_folder, program), "bench_peers")
                   for program in [floor[0] for floor in FLOORS]
                   + [peer[2] for peer in self.peers.values()]]
        for path, target in needed:
            if not os.access(path, os.X_OK):
                raise Missing("%s is missing; build it with: ninja -C %s %s" % (
                    path, arguments.build, target))

    def load(self, row):
        messages, size, fanout, more = ROWS[row]
        return ["--messages", str(max(messages // self.scale, 10)), "--size", str(size),
                "--fanout", str(fanout)] + more

    def run_ours(self, row, store):
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            place = os.path.join(folder, "store") if store == "durable" else "memory"
            return run([self.relaysim, "bench"] + self.load(row) + ["--store", place, "--json"],
                       folder)

    def run_peer(self, row, name):
        _, server, program, options, _ = self.peers[name]
        with tempfile.TemporaryDirectory(dir=self.folder) as folder, server(folder) as running:
            before = running.cpu()
            result = run([os.path.join(self.peer_folder, program), "--port", str(running.port)]
                         + self.load(row) + options, folder)
            result["server_cpu"] = running.cpu() - before
            return result

    def run_floor(self, row, program):
        return run([os.path.join(self.peer_folder, program), "--port", "1"] + self.load(row),
                   self.folder)

    def contestants(self):
        """What a round runs, each of ours next to its peers."""
        order = []
        for store in STORES:
            peers = [name for name, peer in self.peers.items() if peer[0] == store]
            if peers and not self.peers_only:
                order.append(store)
            order += peers
        return order

    def round(self, row, number):
        """One round of a row: {contestant: result}."""
        order = self.contestants()
        results = {}
        for name in order if number % 2 == 0 else reversed(order):
            progress("%s, round %d: %s" % (row, number + 1, name))
            results[name] = (self.run_ours(row, name) if name in STORES
                             else self.run_peer(row, name))
        for program, _, rows in FLOORS:
            if row in rows:
                progress("%s, round %d: %s" % (row, number + 1, program))
                results[program] = self.run_floor(row, program)
        return results


def progress(text):
    if sys.stderr.isatty():
        print("\r\033[K" + text, end="", file=sys.stderr, flush=True)


def run(command, folder):
    """What a load program prints, with the CPU time that it took, its children's included."""
    start = time.monotonic()
    with open(os.path.join(folder, "errors"), "w+b") as errors:
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=errors, cwd=folder) as process:
            try:
                signal.alarm(RUN_SECONDS)
                text = process.stdout.read()
                _, status, usage = os.wait4(process.pid, 0)
                process.returncode = os.waitstatus_to_exitcode(status)
            except BaseException:
                process.terminate()
                raise
            finally:
                signal.alarm(0)
        errors.seek(0)
        said = errors.read().decode(errors="replace").strip()
    if process.returncode != 0:
        raise Failure("%s ended with %d: %s" % (" ".join(command), process.returncode, said))
    try:
        result = json.loads(text)
        asked = [int(command[command.index("--" + key) + 1]) for key in LOAD]
        if result["mode"] not in FIGURES or [result[key] for key in LOAD] != asked:
            raise ValueError
    except (ValueError, KeyError, TypeError):
        raise Failure("%s printed no result of that load: %r" % (
            " ".join(command), text[:200])) from None
    result["client_cpu"] = usage.ru_utime + usage.ru_stime
    result["wall"] = time.monotonic() - start
    return result


def figure(result, where):
    for key in where:
        result = result[key]
    return result


def spread(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def cpu_of(rounds, name):
    """Medians: CPU microseconds a delivery, and how busy server and load program were."""
    def median(value):
        return statistics.median([value(result[name]) for result in rounds])

    first = rounds[0][name]
    deliveries = first["messages"] * first["fanout"]
    cpu = {"client_us": median(lambda r: r["client_cpu"]) / deliveries * 1e6,
           "client_busy": median(lambda r: r["client_cpu"] / r["wall"])}
    if name not in STORES:  # ours runs its relay itself: the client's figure is both
        cpu["server_us"] = median(lambda r: r["server_cpu"]) / deliveries * 1e6
        cpu["server_busy"] = median(lambda r: r["server_cpu"] / r["wall"])
    return cpu


def summarise(bench, row, rounds):
    """The lines of a row: one for each figure and peer."""
    lines = []
    mode = next(iter(rounds[0].values()))["mode"]
    for name, (store, _, _, _, target) in bench.peers.items():
        for what, where, unit, has_target in FIGURES[mode]:
            peer = [figure(result[name], where) for result in rounds]
            line = {"row": row, "figure": what, "unit": unit, "store": store, "peer": name,
                    "peer_figures": peer, "peer_cpu": cpu_of(rounds, name)}
            if not bench.peers_only:
                ours = [figure(result[store], where) for result in rounds]
                ratios = [ratio_of(mine, other, unit) for mine, other in zip(ours, peer)]
                line.update(our_figures=ours, our_cpu=cpu_of(rounds, store), ratio=spread(ratios))
                if has_target:
                    set_target(line, FIGURE_TARGETS.get((name, what), target))
            lines.append(line)
    return lines


def floors_of(bench, row, rounds):
    """The lines of what the machine does in a row, and how far from it ours are."""
    lines = []
    for program, _, rows in FLOORS:
        stores, target = rows.get(row, ((), None))
        stores = [store for store in stores if store in bench.contestants()]
        mode = rounds[0][program]["mode"] if stores else None
        for what, where, unit, has_target in FIGURES.get(mode, []):
            floor = [figure(result[program], where) for result in rounds]
            for store in stores if has_target else []:
                ours = [figure(result[store], where) for result in rounds]
                line = {"row": row, "figure": what, "unit": unit, "store": store,
                        "floor": program, "floor_figures": floor, "our_figures": ours,
                        "ratio": spread([ratio_of(*pair, unit) for pair in zip(ours, floor)])}
                if target is not None:
                    set_target(line, target)
                lines.append(line)
    return lines


def set_target(line, target):
    line.update(target=target, is_reached=line["ratio"]["median"] >= target)


def ratio_of(ours, other, unit):
    """More is better, in latencies, too."""
    if unit == "/s":
        return max(ours, 1e-9) / max(other, 1e-9)
    return max(other, 1e-9) / max(ours, 1e-9)


def show_floors(lines):
    for program, what, _ in FLOORS:
        print("\nthe machine itself: %s" % what)
        for line in [line for line in lines if line["floor"] == program]:
            print("%-12s %-12s %-12s%12s %12s %8.2f %6.2f %6.2f  %s" % (
                line["row"], line["figure"], line["store"],
                text_of(statistics.median(line["our_figures"]), line["unit"]),
                text_of(statistics.median(line["floor_figures"]), line["unit"]),
                line["ratio"]["median"], line["ratio"]["min"], line["ratio"]["max"],
                target_of(line)))


def target_of(line):
    if "target" not in line:
        return "   -"
    return "%4.2f %s" % (line["target"], "yes" if line["is_reached"] else "no")


def text_of(value, unit):
    return "%.3f ms" % value if unit == "ms" else "%.0f/s" % value


def show(line):
    peer = text_of(statistics.median(line["peer_figures"]), line["unit"])
    print("%-12s %-12s %-12s" % (line["row"], line["figure"], line["peer"]), end="")
    if "ratio" in line:
        ours = text_of(statistics.median(line["our_figures"]), line["unit"])
        print("%12s %12s %8.2f %6.2f %6.2f  %s" % (
            ours, peer, line["ratio"]["median"], line["ratio"]["min"], line["ratio"]["max"],
            target_of(line)))
        return
    values = spread(line["peer_figures"])
    cpu = line["peer_cpu"]
    print("%12s %12s %12s %9.1f %4.0f%% %9.1f %4.0f%%" % (
        peer, text_of(values["min"], line["unit"]), text_of(values["max"], line["unit"]),
        cpu["server_us"], cpu["server_busy"] * 100, cpu["client_us"], cpu["client_busy"] * 100))


def show_head(bench):
    print("%-12s %-12s %-12s" % ("row", "figure", "peer"), end="")
    if bench.peers_only:
        print("%12s %12s %12s %15s %15s" % ("median", "min", "max", "server us, busy",
                                            "client us, busy"))
    else:
        print("%12s %12s %8s %6s %6s  %s" % ("ours", "peer", "ratio", "min", "max", "target"))


def show_cpu(bench, lines):
    """Who works how much; the relay's figure is its own and its load's together."""
    print("\nCPU, microseconds a delivery, medians; server and load program together")
    for row in dict.fromkeys(line["row"] for line in lines):
        parts = {}
        for line in (line for line in lines if line["row"] == row):
            parts["relaysim " + line["store"]] = line["our_cpu"]["client_us"]
            parts[line["peer"]] = line["peer_cpu"]["client_us"] + line["peer_cpu"]["server_us"]
        print("%-12s " % row + "   ".join("%s %.1f" % part for part in parts.items()))


def measure(bench, arguments):
    rounds = 1 if arguments.quick else arguments.rounds
    kind = servers.filesystem(bench.folder)
    if kind in ("tmpfs", "ramfs"):
        raise Missing("%s is %s, which is memory; name a folder on a disk with --folder" % (
            bench.folder, kind))
    print("%d rounds; files in %s (%s)" % (rounds, bench.folder, kind))
    show_head(bench)
    syncs, floors, lines = [], [], []
    for row in arguments.rows:
        results = []
        for number in range(rounds):
            syncs.append(servers.syncs_per_second(bench.folder, 0.1 if arguments.quick else 0.5))
            results.append(bench.round(row, number))
        progress("")
        for line in summarise(bench, row, results):
            show(line)
            lines.append(line)
        floors += floors_of(bench, row, results)
        sys.stdout.flush()
    if floors:
        show_floors(floors)
    syncs = spread(syncs)
    print("\none after the other: %.0f fdatasync/s of 1 KiB (minimum %.0f, maximum %.0f)" % (
        syncs["median"], syncs["min"], syncs["max"]))
    if not bench.peers_only:
        show_cpu(bench, lines)
    return {"filesystem": kind, "rounds": rounds, "fdatasync_per_second": syncs,
            "lines": lines, "floors": floors}


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows", nargs="+", choices=list(ROWS), default=list(ROWS))
    parser.add_argument("--peers", nargs="+", choices=list(PEERS), default=list(PEERS))
    parser.add_argument("--peers-only", action="store_true",
                        help="without the relay: what the peers reach, and who is busy")
    parser.add_argument("--quick", action="store_true",
                        help="one round of few messages: shows that everything runs")
    parser.add_argument("--build", default=BUILD_DIR)
    parser.add_argument("--folder", help="where the servers write, on a disk (default: the build "
                                         "folder)")
    parser.add_argument("--json", help="also write the results to this file")
    arguments = parser.parse_args()
    if arguments.rounds < 1:
        parser.error("--rounds has to be 1 or more")
    return arguments


def on_signal(number, _):
    if number == signal.SIGALRM:
        raise Failure("a run takes longer than %d seconds" % RUN_SECONDS)
    # Once is enough: a second exception could leave subprocess with a lock taken, and the
    # servers would not be ended.
    for ending in ENDINGS:
        signal.signal(ending, signal.SIG_IGN)
    sys.exit(128 + number)


def main():
    arguments = read_arguments()
    for number in ENDINGS + (signal.SIGALRM,):
        signal.signal(number, on_signal)
    try:
        place = arguments.folder or arguments.build
        if not os.path.isdir(place):
            raise Missing("%s is no folder; --build and --folder say where the programs are and "
                          "where the servers write" % place)
        with tempfile.TemporaryDirectory(prefix="relay-benchmark-",
                                         dir=os.path.abspath(place)) as folder:
            results = measure(Bench(arguments, folder), arguments)
        if arguments.json:
            with open(arguments.json, "w", encoding="utf-8") as out:
                json.dump(results, out, indent=1)
    except (OSError, Missing) as error:
        print("relay.py: %s" % error, file=sys.stderr)
        return 2
    except Failure as error:
        print("relay.py: %s" % error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
