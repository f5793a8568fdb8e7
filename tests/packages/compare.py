# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether packages have the files that `cmake --install` makes, and no other.

    compare.py INSTALLED UNPACKED...     prints each difference; exit code 1 if there is one

INSTALLED is what was installed with DESTDIR, UNPACKED are what `dpkg-deb -x` made of the packages.
Documentation that a package must or may have besides is left out; what Debian does to files,
compressing and stripping, is undone.
"""
import gzip
import os
import re
import subprocess
import sys

# What of a package is not from `cmake --install`.
BESIDE = re.compile(r"usr/share/(doc/[^/]+/(copyright|changelog\S*|README\S*|FIELDS\S*|RULES\S*|examples/.*)"
                    r"|lintian/overrides/.*)")
DOCUMENTATION = re.compile(r"usr/share/doc/[^/]+/")


def files_of(top):
    """{path seen from the top: (whole path, whether it can be run)}"""
    found = {}
    for folder, _, names in os.walk(top):
        for name in names:
            full = os.path.join(folder, name)
            found[os.path.relpath(full, top)] = (full, bool(os.stat(full).st_mode & 0o111))
    return found


def name_of(path):
    """The same for a file here and there: its package's folder of documentation, and compression,
    are nothing that CMake knows."""
    return DOCUMENTATION.sub("usr/share/doc/*/", path[:-3] if path.endswith(".gz") else path)


def content(full):
    """The bytes that count: of what was compiled and then stripped its build id stands for them."""
    with (gzip.open if full.endswith(".gz") else open)(full, "rb") as file:
        data = file.read()
    if data[:4] != b"\x7fELF":
        return data
    notes = subprocess.run(["readelf", "-n", full], stdout=subprocess.PIPE, text=True,
                           check=True).stdout
    return re.search(r"Build ID: ([0-9a-f]+)", notes).group(1)


def differences(installed, packages):
    """A sentence for each."""
    left = {name_of(path): (path, *what) for path, what in files_of(installed).items()}
    for package in packages:
        for path, (full, can_run) in sorted(files_of(package).items()):
            # Of the documentation some is installed by CMake, too.
            if name_of(path) not in left:
                if not BESIDE.fullmatch(path):
                    yield "%s has %s, which CMake does not install" % (package, path)
                continue
            _, whole, could_run = left.pop(name_of(path))
            if content(full) != content(whole):
                yield "%s has another %s" % (package, path)
            if can_run != could_run:
                yield "%s: who may run %s is different" % (package, path)
    for path, _, _ in left.values():
        yield "no package has %s" % path


def main():
    found = list(differences(sys.argv[1], sys.argv[2:]))
    print("\n".join(found) if found else "the packages have what cmake --install makes")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
