# SPDX-License-Identifier: GPL-2.0-or-later
"""What dissecting SSTP costs in tshark, in instructions, beside MQTT and beside next to nothing.

    python3 tests/benchmark/instructions.py [--rows NAME ...] [--build build/release]

The rows of benchmark.py and some more, under callgrind (valgrind): a count is the same on a
busy machine, to a hundredth.  Only what happens for each packet is counted (PER_PACKET), for
starting up takes some half a million more or less from one run to the next; each number is the
difference of a large and a small capture of the same shape, which leaves out what the first packet
takes.  `--keep FOLDER` keeps callgrind's files, for `callgrind_annotate`.  README.md beside has what
came out.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import traffic  # noqa: E402
from benchmark import STATISTICS, fields  # noqa: E402
from tshark import BUILD_DIR, TSHARK, Failure, Wireshark, drop_privileges  # noqa: E402

PROFILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "plugin", "profile")
ECHO = ["-d", "tcp.port==2492,echo", "-d", "tcp.port==1883,echo"]
COLOURS = ["--color"]
OURS = ["-C", "Groove SSTP"]
TWO_PASSES = ["-2"]
SSTP_FIELDS = fields("sstp.command", "sstp.session_id")
MQTT_FIELDS = fields("mqtt.msgtype", "mqtt.msgid")

# What tshark calls for each packet, none from inside another.
PER_PACKET = ("epan_dissect_run", "epan_dissect_run_with_taps", "epan_dissect_fill_in_columns",
              "write_fields_proto_tree", "epan_dissect_reset")

# name: (protocol, straddling, options)
ROWS = {
    "floor": ("sstp", False, ECHO + STATISTICS),
    "statistics": ("sstp", False, STATISTICS),
    "statistics mqtt": ("mqtt", False, STATISTICS),
    "statistics twice": ("sstp", False, TWO_PASSES + STATISTICS),
    "statistics twice mqtt": ("mqtt", False, TWO_PASSES + STATISTICS),
    "straddling": ("sstp", True, STATISTICS),
    "straddling mqtt": ("mqtt", True, STATISTICS),
    "fields floor": ("sstp", False, ECHO + fields("tcp.len", "tcp.seq")),
    "fields": ("sstp", False, SSTP_FIELDS),
    "fields mqtt": ("mqtt", False, MQTT_FIELDS),
    "colours": ("sstp", False, COLOURS),
    "profile columns": ("sstp", False, OURS),
    "profile": ("sstp", False, OURS + COLOURS),
}

# Of these all is counted: tshark prints the packet list by functions that have no names.
PACKET_LISTS = ("colours", "profile columns", "profile")


def prepare(wireshark, folder):
    """The profile in the user's settings, and a folder that the user may write to."""
    shutil.copytree(PROFILE, os.path.join(wireshark.env["XDG_CONFIG_HOME"], "wireshark",
                                          "profiles", OURS[1]))
    os.makedirs(folder)
    for path in (folder, wireshark.env["XDG_CONFIG_HOME"]):
        subprocess.run(["chmod", "-R", "a+rwX", path], check=True)


def count(wireshark, folder, file, options, within=PER_PACKET):
    """Instructions of one tshark, within those functions or, where there are none, in all."""
    out = os.path.join(folder, "callgrind.out")
    command = drop_privileges() + ["valgrind", "--tool=callgrind", "--callgrind-out-file=" + out]
    command += ["--toggle-collect=" + function for function in within]
    command += [TSHARK, "-n", "-r", file] + options
    done = subprocess.run(command, env=dict(wireshark.env, COLORTERM="truecolor"), text=True,
                          cwd=wireshark.folder, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, check=False)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or found is None:
        raise Failure("%r ended with %d\n%s" % (command, done.returncode, done.stderr[-2000:]))
    return int(found.group(1))


def measure(wireshark, arguments, row):
    """Instructions a segment."""
    kind, straddling, options = ROWS[row]
    folder = os.path.join(wireshark.folder, "callgrind")
    sizes = (arguments.segments // 8, arguments.segments)
    counts = []
    for segments in sizes:
        file = wireshark.path("instructions.pcapng")
        traffic.write(file, kind, segments, straddling=straddling)
        os.chmod(file, 0o644)
        counts.append(count(wireshark, folder, file, options,
                            () if row in PACKET_LISTS else PER_PACKET))
    if arguments.keep:
        shutil.copy(os.path.join(folder, "callgrind.out"),
                    os.path.join(arguments.keep, row.replace(" ", "-") + ".callgrind"))
    return (counts[1] - counts[0]) / (sizes[1] - sizes[0])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--segments", type=int, default=8000)
    parser.add_argument("--rows", nargs="+", choices=sorted(ROWS), default=list(ROWS))
    parser.add_argument("--build", default=BUILD_DIR)
    parser.add_argument("--keep", help="a folder for callgrind's files")
    arguments = parser.parse_args()
    with Wireshark(build_dir=arguments.build, debug=False) as wireshark:
        prepare(wireshark, os.path.join(wireshark.folder, "callgrind"))
        for row in arguments.rows:
            print("%-22s %9.0f instructions a segment" %
                  (row, measure(wireshark, arguments, row)), flush=True)


if __name__ == "__main__":
    main()
