# SPDX-License-Identifier: GPL-2.0-or-later
"""The commands of a page, and how they are run: as they stand there, one after the other."""
import os
import re
import subprocess

import analyze


def commands(page, heading, programs):
    """The indented lines of a section that begin with one of the programs, or set a variable for
    one."""
    with open(os.path.join(analyze.TOP, page), encoding="utf-8") as file:
        text = file.read()
    section = re.search(r"^%s\n(.*?)(?=^#|\Z)" % re.escape(heading), text, re.S | re.M).group(1)
    begin = re.compile(r"    ((?:[A-Z_]+=\S*(?: --host \S+\")? )*(?:%s) .*)" % "|".join(programs))
    return [match.group(1) for match in map(begin.fullmatch, section.split("\n")) if match]


def run(command, folder, programs):
    """What a command prints in a folder, with `programs` first in the PATH."""
    done = subprocess.run(["sh", "-c", command], cwd=folder, check=False,
                          env=dict(analyze.ENVIRONMENT,
                                   PATH=programs + os.pathsep + os.environ.get("PATH", "")),
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode != 0:
        raise AssertionError("%s: exit %d\n%s" % (command, done.returncode, done.stderr.decode()))
    return done.stdout.decode()
