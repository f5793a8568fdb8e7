# SPDX-License-Identifier: GPL-2.0-or-later
"""Random towns as captures, and what grvsstp-analyze says of them beside what is true.

    town = Town(folder, seed=5, journeys=1000, words=["ends-early"])
    count = town.judge(analyze.records(town.capture))
    assert not count.wrong

    town.py SEED JOURNEYS [WORD...]      prints it all; see write_town
"""
import collections
import json
import os
import subprocess
import sys
import tempfile

import analyze

WRITER = os.path.join(analyze.BUILD_DIR, "tests", "story", "write_town")
STEP = 1_000_000  # nanoseconds between two events of a town, at least
KINDS = ("unique", "repeated")


class Count:
    """How it came out, by KINDS; `wrong` has a sentence for each sure claim that is not true."""

    def __init__(self):
        self.joins = {kind: collections.Counter() for kind in KINDS}
        self.recipients = {kind: collections.Counter() for kind in KINDS}
        self.journeys = {kind: collections.Counter() for kind in KINDS}
        self.wrong = []

    def lines(self):
        for kind in KINDS:
            joins, people, journeys = self.joins[kind], self.recipients[kind], self.journeys[kind]
            yield ("%s contents: %d journeys, %d of them the truth in all; joins: %d certain, %d of "
                   "them wrong, %d likely, %d of them wrong, %d open; recipients: %d sure, %d of "
                   "them wrong, %d likely, %d of them wrong, %d open, %d of %d deliveries seen" % (
                       kind, journeys["all"], journeys["exact"], joins["certain"],
                       joins["certain wrong"], joins["likely"], joins["likely wrong"],
                       joins["open"], people["certain"], people["certain wrong"], people["likely"],
                       people["likely wrong"], people["open"], people["seen"],
                       people["delivered"]))


class Town:
    def __init__(self, folder, seed, journeys, words=()):
        prefix = os.path.join(folder, "town")
        subprocess.run([WRITER, prefix, str(seed), str(journeys), *words], check=True)
        self.capture = prefix + ".pcap"
        # Whether the capture has all that happened up to its end.
        self.has_all = not {"begins-late", "lacks-connections"} & set(words)
        self.begins_late = "begins-late" in words
        self.hops, self.messages, self.legs = {}, {}, {}
        self.of_message = collections.defaultdict(dict)  # message: {hop: [legs]}
        with open(prefix + ".jsonl", encoding="utf-8") as file:
            for line in map(json.loads, file):
                if line["type"] == "hop":
                    self.hops[line["hop"]] = line
                elif line["type"] == "message":
                    self.messages[line["message"]] = line
                else:
                    assert line["t_ns"] not in self.legs
                    self.legs[line["t_ns"]] = line
                    self.of_message[line["message"]].setdefault(line["hop"], []).append(line)

    def leg_at(self, time):
        """Another point may have seen it up to half a step earlier or later."""
        return self.legs[round(time / STEP) * STEP]

    def kind(self, message):
        return KINDS[self.messages[message]["repeats"]]

    def depth(self, hop):
        parent = self.hops[hop]["parent"]
        return 0 if parent < 0 else 1 + self.depth(parent)

    def custody(self, message, device):
        """Who has it in truth, of what was captured, and since when; None: since it was made. A
        relay may send on what it has not acknowledged, or not so that it arrived."""
        hops = self.of_message[message]
        at = [hop for hop in hops if self.hops[hop]["parent"] < 0 and
              device in self.hops[hop]["devices"]]
        holder, since = (self.hops[at[0]]["sender"] if at else None), None
        while at:
            acked = [leg["acked_ns"] for leg in hops[at[0]] if leg["acked_ns"] is not None]
            if acked:
                holder, since = self.hops[at[0]]["receiver"], min(acked)
            at = [hop for hop in hops if self.hops[hop]["parent"] == at[0] and
                  device in self.hops[hop]["devices"]]
        return holder, since

    # -----------------------------------------------------------------------

    def judge(self, found):
        count = Count()
        exact = collections.defaultdict(list)
        for journey in found:
            hops = [self.leg_at(hop["t_ns"]) for hop in journey["hops"]]
            is_exact = all([self.judge_hop(count, journey, index, hops)
                            for index in range(len(hops))])
            if self.hops[hops[0]["hop"]]["parent"] < 0:
                is_exact &= all([self.judge_recipient(count, journey, branch, hops[0]["message"])
                                 for branch in journey["branches"]])
            exact[hops[0]["message"]].append(is_exact and {leg["t_ns"] for leg in hops})
        for message, hops in self.of_message.items():
            journeys = count.journeys[self.kind(message)]
            journeys["all"] += 1
            journeys["exact"] += exact[message] == [{leg["t_ns"] for legs in hops.values()
                                                     for leg in legs}]
        for kind in KINDS:
            count.recipients[kind]["delivered"] = sum(
                sum(message["to"].values()) for number, message in self.messages.items()
                if self.kind(number) == kind and number in self.of_message)
        return count

    def say(self, count, journey, sentence, *values):
        count.wrong.append("journey %d: " % journey["journey"] + sentence % values)

    def judge_hop(self, count, journey, index, legs):
        """Whether it is the truth, whatever is claimed."""
        hop, leg = journey["hops"][index], legs[index]
        truth = self.hops[leg["hop"]]
        joins = count.joins[self.kind(leg["message"])]
        before = hop.get("after")
        other = hop.get("attempt_of", index)
        is_right = (before is None or legs[before]["hop"] == truth["parent"]) and \
            legs[other]["hop"] == leg["hop"]
        certainty = hop.get("certainty")
        if certainty is None and truth["parent"] >= 0 and other == index:
            joins["open"] += 1
        if certainty is not None:
            joins[certainty] += 1
            joins[certainty + " wrong"] += not is_right
        if certainty == "certain" and not is_right:
            self.say(count, journey, "hop %d, of message %d, is joined wrongly", index,
                     leg["message"])
        for name, value in (("sender", hop.get("sender")), ("receiver", hop.get("receiver"))):
            if value is not None and value != truth[name]:
                self.say(count, journey, "the %s of hop %d is %s", name, index, truth[name])
        acked = hop.get("acked_t_ns")
        if (acked is None or round(acked / STEP) * STEP != leg["acked_ns"]) and \
                not (acked is None and (self.begins_late or leg["acked_ns"] is None)):
            self.say(count, journey, "hop %d was acknowledged at %s, not %s", index,
                     leg["acked_ns"], acked)
        if (hop["passage"] == "acknowledged") != (acked is not None):
            self.say(count, journey, "hop %d is %s", index, hop["passage"])
        return is_right and hop["hop"] == self.depth(leg["hop"])

    def judge_recipient(self, count, journey, branch, message):
        truth = self.messages[message]["to"]
        people = count.recipients[self.kind(message)]
        device, certainty = branch.get("device_url"), branch.get("certainty")
        if device is None:  # somebody of whom nothing is claimed
            return False
        if device not in truth:
            self.say(count, journey, "%s is no recipient of message %d", device, message)
            return False
        people["seen"] += branch["outcome"] == "delivered"
        people["open"] += certainty is None
        if branch["outcome"] == "not known":  # which is no claim
            return certainty is None and not self.has_all
        holder, since = self.custody(message, device)
        if branch["outcome"] == "delivered":
            is_right = truth[device] and (not self.has_all or
                                          (branch["holder"], branch["since_ns"]) == (device, since))
        else:  # what a capture does not have may have been delivered long since
            is_right = not self.has_all or not truth[device] and \
                (branch["outcome"] != "waiting" or
                 (branch.get("holder"), branch.get("since_ns")) == (holder, since))
        if certainty is not None:
            people[certainty] += 1
            people[certainty + " wrong"] += not is_right
        if certainty == "certain" and not is_right:
            self.say(count, journey, "message %d is not %s to %s: %s has it since %s", message,
                     branch["outcome"], device, holder, since)
        return is_right


def main():
    with tempfile.TemporaryDirectory() as folder:
        town = Town(folder, int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
        count = town.judge(analyze.lines(town.capture, "--format", "json", "--table", "journeys"))
        for line in count.lines():
            print(" ".join(sys.argv[3:]) or "whole", line)
        for sentence in count.wrong[:20]:
            print(sentence)
        return 1 if count.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
