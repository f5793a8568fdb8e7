# SPDX-License-Identifier: GPL-2.0-or-later
"""Plays one conversation: play.py NAME ADDRESS FOLDER.  foreign.py starts it, captures what
passes, and ends what it started.  `play.py --packages` prints what all of them need."""

import sys

import files  # noqa: F401  (each registers its conversations)
import stores  # noqa: F401
import talk  # noqa: F401
import web  # noqa: F401
from stage import CONVERSATIONS, Stage


def main():
    if sys.argv[1:] == ["--packages"]:
        print("\n".join(sorted({package for _, packages in CONVERSATIONS.values()
                                for package in packages})))
        return
    name, address, folder = sys.argv[1:]
    CONVERSATIONS[name][0](Stage(address, folder))


if __name__ == "__main__":
    main()
