#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Types what CONTRIBUTING.md says for building by hand, fuzzing and measuring, and what other pages say
for measuring, in a fresh clone of the last commit, each made short: half an hour on two cores.  The
default run has no time for it.  Wants what the pages say: clang with libclang-rt, redis-server,
mosquitto.

Usage: by_hand.py [FOLDER]     (default: build/by-hand; it is removed first)
"""
import os
import re
import shutil
import subprocess
import sys

import pages

TYPED = ("CONTRIBUTING.md", "relaysim/README.md", "tests/benchmark/README.md")
# What is added to a command to make it short, by a pattern; None: not here.
SHORT = (
    (r"ctest --test-dir build/dev", None),  # all tests
    (r"ctest -R benchmark\.\S+", None),  # the default run has them
    (r"ctest -R (\S+)", r"ctest --test-dir build/dev -R \1"),
    (r"ctest .*", r"\g<0> --no-tests=error"),
    (r"(?:mkdir new && )?build/fuzz/\S+ .*", r"\g<0> -runs=200"),
    (r"cmake --build .*|cmake --preset .*", r"\g<0>"),
    (r"mkdir .*|export .*|tests/fuzz/coverage\.sh .*|python3 tests/house/.*", r"\g<0>"),
    (r"ninja -C build/release (?:relaysim bench_peers|story_cost)", r"\g<0>"),
    (r"python3 tests/benchmark/relay\.py", r"\g<0> --quick"),
    (r"python3 tests/benchmark/crowd\.py", r"\g<0> --clients 20 --seconds 2 --build build/release"),
    (r"python3 tests/benchmark/backlog\.py",
     r"\g<0> --messages 1000 --clients 20 --build build/release"),
    (r"ninja -C build/release random-runs-nightly",
     r"cmake -DGRVSSTP_NIGHTLY_SECONDS=20 build/release && \g<0>"),
    (r"ninja -C build/release soak",
     r"cmake -DGRVSSTP_SOAK_SECONDS=20 build/release && ninja -C build/release relaysim soak"),
)


def script():
    yield "set -ex"
    has_release = False
    for command in dict.fromkeys(command for page in TYPED for command in pages.of_page(page)):
        for pattern, short in SHORT:
            if re.fullmatch(pattern, command):
                if short is None:
                    break
                if "build/release" in command + short and not has_release:
                    yield "cmake --preset release && ninja -C build/release"
                    has_release = True
                yield re.sub(pattern, short, command, count=1)
                break


def main():
    folder = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else
                             os.path.join(pages.TOP, "build", "by-hand"))
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run(["git", "clone", "-q", pages.TOP, folder], check=True)
    done = subprocess.run(["sh", "-c", "\n".join(script())], cwd=folder, check=False,
                          stdin=subprocess.DEVNULL)
    print("by hand: %s" % ("passed" if done.returncode == 0 else "FAILED"))
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
