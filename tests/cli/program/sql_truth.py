# SPDX-License-Identifier: GPL-2.0-or-later
"""What databases that have the shares of a capture set are to say: what one process says that has
all of it.

A leg is (file, frame, ordinal) of a message, as text; a branch (identity, device, outcome, holder,
since).
"""
import collections
import os
import subprocess

import analyze
from test_records import hostile_capture
from town import Town

RELAYSIM = os.path.join(analyze.BUILD_DIR, "relaysim", "relaysim")
# Queues, attempts after lost connections and a relay's crash, fanouts, refusals, and what HTTP
# carries.
SCENARIOS = ("1.3.5.2-a-long-queue", "3.1.7-connection-dropped", "1.3.5.2-relay-killed",
             "4.2.6.1-resource-handler-lost", "4.2.4-fanout-denied", "henc-all-carriers")
TOWNS = ((1, ("long-repeats",)), (2, ("says-again",)), (3, ("lacks-connections",)),
         (4, ("lacks-connections", "begins-late", "ends-early", "says-again")))
SHARES = 3


def capture(folder):
    """Sets of captures: what relaysim plays with what the demo did, random towns, seen whole and
    with holes, and senders who say what harms."""
    played = os.path.join(folder, "played.pcapng")
    subprocess.run([RELAYSIM, "scenario", *SCENARIOS, "-w", played], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    sets = [[played, analyze.sample("demo")], [hostile_capture(os.path.join(folder, "hostile.pcapng"))]]
    for number, (seed, words) in enumerate(TOWNS):
        home = os.path.join(folder, "town%d" % number)
        os.mkdir(home)
        sets.append([Town(home, seed, 150, words).capture])
    return sets


def write_shares(folder, sets):
    """The reports of all shares, as several machines would write them."""
    reports = []
    for captures in sets:
        for share in range(SHARES):
            reports.append(os.path.join(folder, "share-%d.json" % len(reports)))
            analyze.good("--share", "%d/%d" % (share, SHARES), "--output", reports[-1], *captures)
    return reports


def leg_of(message):
    return "%s %d %d" % (message["file"], message["frame"], message["ordinal"])


def branch_of(branch):
    return (branch.get("identity_url", ""), branch.get("device_url", ""), branch["outcome"],
            branch.get("holder", ""), branch.get("since_ns", 0))


def is_joined_for_certain(journey):
    rest = journey["hops"][1:]
    return bool(rest) and all(hop.get("certainty") == "certain" for hop in rest)


class Truth:
    """Journeys that are `certain`, `likely` and `single`: {legs: branches}."""

    def __init__(self, sets):
        self.records, self.certain, self.likely, self.single = [], {}, {}, {}
        for captures in sets:
            self.add(analyze.records(*captures))

    def add(self, records):
        self.records += records
        legs = collections.defaultdict(set)
        for message in analyze.of_type(records, "message"):
            if "journey" in message:
                legs[message["journey"]].add(leg_of(message))
        for journey in analyze.of_type(records, "journey"):
            kind = (self.certain if is_joined_for_certain(journey)
                    else self.single if len(journey["hops"]) == 1 else self.likely)
            kind[frozenset(legs[journey["journey"]])] = sorted(map(branch_of, journey["branches"]))

    def hold(self, test, found):
        """What is certain is so in a database, of the same legs and told alike, and nothing else
        is; what is single there is told alike, too.  `found` is {certainty: {legs: branches}}."""
        for legs, branches in self.certain.items():
            test.assertEqual(found["certain"].get(legs), branches, sorted(legs))
        test.assertEqual(set(found["certain"]) - set(self.certain), set())
        for legs, branches in found["single"].items():
            test.assertEqual(branches, self.single.get(legs), sorted(legs))

    def of_type(self, name):
        return analyze.of_type(self.records, name)
