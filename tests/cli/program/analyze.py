# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs grvsstp-analyze and reads what it says.

    result = analyze.run("capture.pcapng", "--table", "messages")
    records = analyze.records("capture.pcapng")        # JSON, every line held against the schema
"""
import collections
import csv
import io
import json
import os
import subprocess
import sys
import tempfile

import jsonschema

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
sys.path.insert(0, os.path.join(TOP, "tests", "lib"))
BUILD_DIR = os.environ.get("GRVSSTP_BUILD_DIR") or os.path.join(TOP, "build", "release")
PROGRAM = os.path.join(BUILD_DIR, "analyzer", "cli", "grvsstp-analyze")
SAMPLES = os.path.join(TOP, "samples")

with open(os.path.join(TOP, "analyzer", "cli", "schema.json"), encoding="utf-8") as file:
    SCHEMA = json.load(file)
# One for each type: what oneOf says of a line that fits none is of no use.
VALIDATORS = {name: jsonschema.Draft7Validator(dict(SCHEMA["definitions"][name],
                                                    definitions=SCHEMA["definitions"]))
              for name in SCHEMA["definitions"]}

# Wireshark and GLib give back at the end of the process what they took once.
ENVIRONMENT = dict(os.environ, ASAN_OPTIONS="detect_leaks=0")


def sample(name):
    return os.path.join(SAMPLES, name + ".pcapng")


def run(*arguments, stdin=None, cwd=None):
    """The program's end, with what it said as text."""
    return subprocess.run([PROGRAM, *map(str, arguments)], input=stdin, cwd=cwd, env=ENVIRONMENT,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)


def good(*arguments, stdin=None, cwd=None):
    """What it prints, where all is well."""
    result = run(*arguments, stdin=stdin, cwd=cwd)
    if result.returncode != 0 or result.stderr:
        raise AssertionError("%s: exit %d, %s" % (arguments, result.returncode,
                                                  result.stderr.decode()[-4000:]))
    return result.stdout.decode()


def parse(text):
    """The records of a JSON report, each held against the schema; of what there are hundreds,
    which takes long, every twentieth."""
    found, seen = [], collections.Counter()
    for line in text.splitlines():
        record = json.loads(line)
        seen[record["type"]] += 1
        if seen[record["type"]] <= 400 or seen[record["type"]] % 20 == 0:
            VALIDATORS[record["type"]].validate(record)
        found.append(record)
    return found


def lines(*arguments):
    """The records of a JSON report one by one, unchecked: for a hundred thousand of them."""
    with tempfile.TemporaryFile() as file:
        subprocess.run([PROGRAM, *map(str, arguments)], env=ENVIRONMENT, stdout=file, check=True)
        file.seek(0)
        yield from map(json.loads, file)


def records(*arguments, stdin=None):
    return parse(good(*arguments, "--format", "json", stdin=stdin))


def table(name, *arguments):
    """The rows of a CSV table, as dictionaries."""
    text = good(*arguments, "--format", "csv", "--table", name)
    return list(csv.DictReader(io.StringIO(text, newline="")))


def of_type(found, name):
    return [record for record in found if record["type"] == name]
