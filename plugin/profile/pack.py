# SPDX-License-Identifier: GPL-2.0-or-later
"""Packs files as one folder of a zip: the same bytes whenever and wherever it is made.

    pack.py ZIP FOLDER FILE...
"""
import os
import sys
import zipfile

MODE = 0o100644 << 16  # a file that everybody may read
UNIX = 3


def main(target, folder, *files):
    with zipfile.ZipFile(target, "w") as packed:
        for path in files:
            member = zipfile.ZipInfo(folder + "/" + os.path.basename(path), (2000, 1, 1, 0, 0, 0))
            member.compress_type = zipfile.ZIP_DEFLATED
            member.create_system, member.external_attr = UNIX, MODE
            with open(path, "rb") as file:
                packed.writestr(member, file.read())


if __name__ == "__main__":
    main(*sys.argv[1:])
