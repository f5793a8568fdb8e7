# SPDX-License-Identifier: GPL-2.0-or-later
"""What `-z grvsstp,selfcheck` says about a capture that carries its answers."""
import re

LINE = re.compile(r"^ *(\d+) \|(\w+) *\|(\w+) *\| *(\d+) \| *(\d+) \| *(\d+) \| *(\d+) \| *(\d+) \|"
                  r" *(\d+) \| *(\d*) \|(.*?) *\|$")


ASKED = ("-z", "grvsstp,selfcheck")


def selfcheck(ws, capture, *arguments):
    """[(stream, side, what, told, shown, alike, different, not shown, not told, frame, text)]; or
    what it says instead."""
    return rows_of(ws.tshark(capture, "-q", *ASKED, *arguments))


def rows_of(text):
    """The same of what was printed."""
    rows = [match.groups() for match in map(LINE.match, text.splitlines()) if match]
    return [(int(row[0]), row[1], row[2], *map(int, row[3:9]), row[9], row[10])
            for row in rows] or text


def amiss(rows, has_others=False):
    """Those where not everything that is told is shown, or something else is; of those who tell
    something, if there are others."""
    return [row for row in rows if (row[3] > 0 or not has_others) and
            (row[3:5] != (row[5], row[5]) or row[6:9] != (0, 0, 0))]
