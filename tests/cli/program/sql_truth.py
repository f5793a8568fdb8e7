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

RELAYSIM = os.path.join(analyze.BUILD_DIR, "relaysim", "relaysim")
# Queues, attempts after lost connections and a relay's crash, fanouts, refusals, and what HTTP
# carries.
SCENARIOS = ("1.3.5.2-a-long-queue", "3.1.7-connection-dropped", "1.3.5.2-relay-killed",
             "4.2.6.1-resource-handler-lost", "4.2.4-fanout-denied", "henc-all-carriers")
SHARES = 3


def play(folder):
    """A capture set."""
    played = os.path.join(folder, "played.pcapng")
    subprocess.run([RELAYSIM, "scenario", *SCENARIOS, "-w", played], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return [played, analyze.sample("demo")]


def write_shares(folder, captures):
    """The reports of all shares, as several machines would write them."""
    reports = []
    for share in range(SHARES):
        reports.append(os.path.join(folder, "share-%d.json" % share))
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
    """`certain` and `single` journeys, {legs: branches}."""

    def __init__(self, captures):
        self.records = analyze.records(*captures)
        legs = collections.defaultdict(set)
        for message in analyze.of_type(self.records, "message"):
            if "journey" in message:
                legs[message["journey"]].add(leg_of(message))
        self.certain, self.single = {}, {}
        for journey in analyze.of_type(self.records, "journey"):
            branches = sorted(map(branch_of, journey["branches"]))
            if is_joined_for_certain(journey):
                self.certain[frozenset(legs[journey["journey"]])] = branches
            elif len(journey["hops"]) == 1:
                self.single[frozenset(legs[journey["journey"]])] = branches

    def hold(self, test, found):
        """What a database calls certain is equal, and of what it calls single, nothing else is
        said; `found` is {certainty: {legs: branches}}."""
        for legs in set(self.certain) | set(found["certain"]):
            test.assertEqual(found["certain"].get(legs), self.certain.get(legs), sorted(legs))
        for legs, branches in found["single"].items():
            test.assertEqual(branches, self.single.get(legs), sorted(legs))

    def of_type(self, name):
        return analyze.of_type(self.records, name)
