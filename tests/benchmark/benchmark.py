# SPDX-License-Identifier: GPL-2.0-or-later
"""What dissecting SSTP costs in tshark, beside MQTT and beside next to nothing.

    python3 tests/benchmark/benchmark.py [--segments 1000000] [--rounds 5] [--build build/release]

Writes captures of 16 connections, 1,400-byte segments and seven messages in each, and
runs tshark over them in interleaved rounds, for machines change their speed under
one's feet: only ratios within a round mean anything.  The floor is the same file
with a trivial dissector (Decode As echo): reading, Ethernet, IP and TCP.  Times are
CPU time of the process, user and system together.

What following the states costs is the difference to the same run without them
(grvsstp.follow_states): time and memory a command.  What following the journeys costs
is the same with grvsstp.follow_journeys: the ratio of both times, and memory a message.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import traffic  # noqa: E402
from tshark import BUILD_DIR, TSHARK, Failure, Wireshark, drop_privileges  # noqa: E402

STATISTICS = ["-q", "-z", "io,stat,0"]


def fields(*names):
    return ["-T", "fields"] + [part for name in names for part in ("-e", name)]


# name: (straddling, {protocol: options}, options of the floor)
ROWS = {
    "statistics": (False, {"sstp": STATISTICS, "mqtt": STATISTICS}, STATISTICS),
    "fields": (False, {"sstp": fields("sstp.command", "sstp.session_id"),
                       "mqtt": fields("mqtt.msgtype", "mqtt.msgid")},
               fields("tcp.len", "tcp.seq")),
    "states": (False, {"sstp": fields("sstp.session.state", "sstp.ack.outstanding"),
                       "mqtt": fields("mqtt.msgtype", "mqtt.msgid")},
               fields("tcp.len", "tcp.seq")),
    "straddling": (True, {"sstp": STATISTICS, "mqtt": STATISTICS}, STATISTICS),
}
WITHOUT_STATES = ["-o", "grvsstp.follow_states:FALSE"]
WITHOUT_JOURNEYS = ["-o", "grvsstp.follow_journeys:FALSE"]
MESSAGES = 2  # SSTP's, in each segment


def run(wireshark, file, options):
    """CPU seconds and peak resident MiB of one tshark."""
    command = drop_privileges() + [TSHARK, "-n", "-r", file] + options
    with subprocess.Popen(command, env=wireshark.env, cwd=wireshark.folder,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        errors = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0 or errors.strip():
        raise Failure("%r ended with %d\n%s" % (command, process.returncode, errors.decode()))
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def prove(wireshark, file, kind, segments):
    """What is measured is what it claims to be: seven messages in every segment."""
    field = {"sstp": "sstp.command", "mqtt": "mqtt.msgtype"}[kind]
    text = wireshark.run([TSHARK, "-n", "-r", file, "-c", "1000", "-T", "fields", "-e", field,
                          "-Y", "tcp.len == %d" % traffic.SEGMENT])
    lines = text.splitlines()[32:]  # after the first of each connection and side
    if segments >= 500 and (not lines or any(len(line.split(",")) != traffic.PER_SEGMENT
                                             for line in lines)):
        raise Failure("%s: not %d messages a segment: %r" % (kind, traffic.PER_SEGMENT, lines[:3]))


def measure(wireshark, arguments, row):
    """All rounds of one row: [{what: (seconds, MiB)}]."""
    straddling, options, floor = ROWS[row]
    files = {}
    rounds = []
    try:
        for kind in options:
            files[kind] = os.path.join(arguments.folder or wireshark.folder,
                                       "benchmark-%s-%s.pcapng" % (row, kind))
            traffic.write(files[kind], kind, arguments.segments, straddling=straddling)
            os.chmod(files[kind], 0o644)
            prove(wireshark, files[kind], kind, arguments.segments)
        files["nothing"] = os.path.join(arguments.folder or wireshark.folder, "benchmark-0.pcapng")
        traffic.write(files["nothing"], "sstp", 0)
        os.chmod(files["nothing"], 0o644)
        for _ in range(arguments.rounds):
            result = {"start": run(wireshark, files["nothing"], STATISTICS)}
            for kind, chosen in options.items():
                echo = ["-d", "tcp.port==%d,echo" % traffic.KINDS[kind][0]]
                result[kind + " floor"] = run(wireshark, files[kind], echo + floor)
                result[kind] = run(wireshark, files[kind], chosen)
            result["stateless"] = run(wireshark, files["sstp"], WITHOUT_STATES + options["sstp"])
            result["journeyless"] = run(wireshark, files["sstp"],
                                        WITHOUT_JOURNEYS + options["sstp"])
            rounds.append(result)
    finally:
        for file in files.values():
            if os.path.exists(file):
                os.unlink(file)
    return rounds


def spread(values):
    return {"min": min(values), "median": statistics.median(values), "max": max(values)}


def summarise(rounds, segments):
    """Microseconds a segment (start-up subtracted) and a message (floor subtracted)."""
    def segment(result, what):
        return (result[what][0] - result["start"][0]) / segments * 1e6

    def message(result, kind):
        return (result[kind][0] - result[kind + " floor"][0]) / (
            segments * traffic.PER_SEGMENT) * 1e6

    summary = {}
    for kind in ("sstp", "mqtt"):
        summary[kind] = {
            "floor, us a segment": spread([segment(r, kind + " floor") for r in rounds]),
            "us a segment": spread([segment(r, kind) for r in rounds]),
            "us a message above the floor": spread([message(r, kind) for r in rounds]),
            "ratio to the floor": spread([segment(r, kind) / max(segment(r, kind + " floor"), 1e-9)
                                          for r in rounds]),
            "peak MiB": spread([r[kind][1] for r in rounds]),
        }
    commands = segments * traffic.PER_SEGMENT
    summary["states"] = {
        "us a command": spread([(r["sstp"][0] - r["stateless"][0]) / commands * 1e6
                                for r in rounds]),
        "bytes a command": spread([(r["sstp"][1] - r["stateless"][1]) * 2**20 / commands
                                   for r in rounds]),
    }
    summary["journeys"] = {
        "with them / without": spread([segment(r, "sstp") / max(segment(r, "journeyless"), 1e-9)
                                       for r in rounds]),
        "bytes a message": spread([(r["sstp"][1] - r["journeyless"][1]) * 2**20 /
                                   (segments * MESSAGES) for r in rounds]),
    }
    summary["sstp / mqtt"] = {
        "a segment": spread([segment(r, "sstp") / max(segment(r, "mqtt"), 1e-9) for r in rounds]),
        "a message above the floor": spread(
            [message(r, "sstp") / max(message(r, "mqtt"), 1e-9) for r in rounds]),
        "peak memory": spread([r["sstp"][1] / r["mqtt"][1] for r in rounds]),
    }
    return summary


def show(row, summary):
    print("\n%-12s %-32s %10s %10s %10s" % (row, "", "min", "median", "max"))
    for what, lines in summary.items():
        for name, values in lines.items():
            print("  %-12s %-30s %10.3f %10.3f %10.3f" % (
                what, name, values["min"], values["median"], values["max"]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--segments", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows", nargs="+", choices=sorted(ROWS), default=list(ROWS))
    parser.add_argument("--build", default=BUILD_DIR)
    parser.add_argument("--folder", help="where the captures go (1.5 GB each; default: a "
                                         "temporary folder); readable to everybody")
    parser.add_argument("--json", help="also write the results to this file")
    arguments = parser.parse_args()
    results = {}
    with Wireshark(build_dir=arguments.build, debug=False) as wireshark:
        version = wireshark.run([TSHARK, "--version"]).splitlines()[0]
        print("%s; %d segments of %d bytes on 16 connections, %d messages each; %d rounds" % (
            version, arguments.segments, traffic.SEGMENT, traffic.PER_SEGMENT, arguments.rounds))
        for row in arguments.rows:
            results[row] = summarise(measure(wireshark, arguments, row), arguments.segments)
            show(row, results[row])
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as out:
            json.dump(results, out, indent=1)


if __name__ == "__main__":
    main()
