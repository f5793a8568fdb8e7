# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether the packages are compiled and linked as fast as elsewhere.

    flags.py PACKAGES PRESET     prints each difference; exit code 1 if there is one

Both are build folders, one that dpkg-buildpackage made, one of `cmake --preset release`.  Debian adds
what hardens, and a level of optimization of its own, of which the last one counts.
"""
import re
import shlex
import subprocess
import sys

LEVEL = re.compile(r"-O\w*")
# What makes a program fast or slow; -f...-prefix-map are but names.
FLAG = re.compile(r"-f(?!\S*-prefix-map)\S*|-m\S*|-DNDEBUG")
PRODUCTS = {"grvsstp.so", "grvsstp-analyze", "relaysim", "relaysimdump"}


def commands_of(folder):
    """What builds everything, a command each."""
    return subprocess.run(["ninja", "-C", folder, "-t", "commands"], check=True, text=True,
                          stdout=subprocess.PIPE).stdout.splitlines()


def flags_of(commands):
    """{what is made: (its level of optimization, its flags)}, but for the tests."""
    found = {}
    for command in commands:
        words = shlex.split(command)
        if "-o" not in words:
            continue
        made = words[words.index("-o") + 1]
        if not made.startswith(("tests/", "alone/")):
            levels = [word for word in words if LEVEL.fullmatch(word)]
            found[made] = (levels[-1] if levels else "-O0",
                           {word for word in words if FLAG.fullmatch(word)})
    return found


def differences(packages, preset):
    """A sentence for each, of two lists of commands."""
    packages, preset = flags_of(packages), flags_of(preset)
    for made, (level, flags) in preset.items():
        if made not in packages:
            yield "the packages make no %s" % made
            continue
        theirs, has = packages[made]
        if theirs != level:
            yield "%s is made with %s in the packages, and elsewhere with %s" % (made, theirs, level)
        for flag in sorted(flags - has):
            yield "%s is made without %s in the packages" % (made, flag)
    for name in sorted(PRODUCTS - {made.rpartition("/")[2] for made in preset}):
        yield "elsewhere nothing makes %s" % name


def main():
    found = list(differences(*map(commands_of, sys.argv[1:3])))
    print("\n".join(found) if found else "the packages are built as elsewhere")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
