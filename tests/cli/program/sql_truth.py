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
SHARES = 3


def capture(folder):
    """Sets of captures: what relaysim plays with what the demo did, a random town, and senders who
    say what harms."""
    played = os.path.join(folder, "played.pcapng")
    subprocess.run([RELAYSIM, "scenario", *SCENARIOS, "-w", played], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return [[played, analyze.sample("demo")], [Town(folder, 1, 150, ("long-repeats",)).capture],
            [hostile_capture(os.path.join(folder, "hostile.pcapng"))]]


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
        """What is certain is so in a database, and told alike, and what is single there, too.
        Beyond it a database is certain of a few that overtook others in a queue, which are no more
        than likely here: of the same legs.  `found` is {certainty: {legs: branches}}."""
        for legs, branches in self.certain.items():
            test.assertEqual(found["certain"].get(legs), branches, sorted(legs))
        beyond = set(found["certain"]) - set(self.certain)
        test.assertLessEqual(beyond, set(self.likely))
        test.assertLessEqual(len(beyond), len(self.certain) // 50)
        test.assertEqual({legs for legs in beyond if not any("town" in leg for leg in legs)},
                         set())
        for legs, branches in found["single"].items():
            test.assertEqual(branches, self.single.get(legs), sorted(legs))

    def of_type(self, name):
        return analyze.of_type(self.records, name)
