# SPDX-License-Identifier: GPL-2.0-or-later
"""The rooms of the house: which folder may include which.

`STOREYS` has, for each of the houses, its rooms from the ground up: a room may
include itself and the rooms before it.  Rooms that stand beside each other, in one tuple,
do not see each other.  `GROUNDS` says on which other houses one stands.
"""

STOREYS = {
    "analyzer": ["core", ("henc", "state"), "story"],
    # Above the plugin, though in the analyzer's folder.
    "analyzer/cli": ["base", "capture", "points", "record", "report", "share", "scenario",
                     "dissect", "shrink", "cmd", ""],
    "plugin": ["fields", "tcp", "follow", "show", ("statistics", "http"), "take", ""],
    "relaysim": ["base", "security", "endpoint", ("client", "store"), "relay", "carrier",
                 ("record", "simulated"), "net", ("live", "proxy"), "scenario", "play", ("demo", "bench"), "cmd", ""],
}

GROUNDS = {
    "analyzer": [],
    "analyzer/cli": ["plugin", "analyzer"],
    "plugin": ["analyzer"],
    "relaysim": ["analyzer"],
}

# Where the circles within the rooms are cut.
WITHOUT_CIRCLES = ["analyzer", "analyzer/cli", "plugin", "relaysim"]
