# SPDX-License-Identifier: GPL-2.0-or-later
"""What is told of a conversation, command by command, so that two captures of it can be
compared although their frames have other numbers and another order.

    told = told_of(ws.dissect(capture))
    differences(told, told_of(ws.dissect(other)))   # [] where both tell the same

A command is known by its connection, its direction and what is on the wire of it.  Links name
the commands that end in the frame they point at.
"""

import collections

# What tells commands of one direction from each other.
WIRE = ("sstp.command", "sstp.session_id", "sstp.summary", "sstp.data", "sstp.auth_token",
        "sstp.message.user_ref")
# As they are printed.
VALUES = (
    "sstp.connection.state", "sstp.connection.version", "sstp.session.state",
    "sstp.session.receiver_state", "sstp.session.resource_url", "sstp.message.number",
    "sstp.message.length", "sstp.message.payload", "sstp.ack.covered", "sstp.ack.outstanding",
    "sstp.ack.remaining", "sstp.fanout.active", "sstp.encap")
# Frame numbers, and what kinds of command they point at.
OPENERS, END_MESSAGE, COUNTERS = ("0x05", "0x06"), ("0x0f",), ("0x04", "0x0d", "0x10")
REQUESTS = OPENERS + ("0x01", "0x08", "0x0b")
ANSWERS = ("0x02", "0x07", "0x09", "0x0c", "0x11", "0x12")
LINKS = {
    "sstp.session.opened_in": OPENERS,
    "sstp.response_in": ANSWERS, "sstp.response_to": REQUESTS,
    "sstp.ack.acks": END_MESSAGE, "sstp.ack.first": END_MESSAGE, "sstp.ack.last": END_MESSAGE,
    "sstp.ack.acked_in": COUNTERS, "sstp.message.reassembled_in": END_MESSAGE}


class Told:
    """One command: its name, its values, and its links as sets of names."""

    def __init__(self, connection, layer):
        self.name = (connection, layer.one("sstp.from_initiator")) + tuple(
            value for field in WIRE for value in layer.values(field))
        self.command = layer.one("sstp.command")
        self.stub = self.name[:3] + tuple(layer.values("sstp.session_id"))
        self.summary = layer.one("sstp.summary")
        self.layer = layer
        self.values = {field: layer.values(field) for field in VALUES if layer.values(field)}
        self.links = {}

    def size(self):
        """How much is told."""
        return len(self.values) + len(self.links)

    def follow_links(self, ends_in):
        for field, commands in LINKS.items():
            links = [{told.name for told in ends_in.get(number, []) if told.command in commands}
                     for number in self.layer.values(field)]
            if links:
                self.links[field] = links


def told_of(frames, connection_of=lambda frame: 0):
    """The commands of all frames; connection_of names the connection of a frame where there
    are several."""
    told, ends_in = [], {}
    for frame in frames:
        for layer in frame.commands:
            command = Told(connection_of(frame), layer)
            told.append(command)
            ends_in.setdefault(str(frame.number), []).append(command)
    for command in told:
        command.follow_links(ends_in)
    return told


def differences(told, other, may_lack=False, may_lose=False, without=()):
    """How the other telling differs, in words.  may_lack: it may say less of a command, never
    otherwise.  may_lose: commands may be missing, or bytes of them.  Of commands that are the
    same on the wire, those are compared that agree best."""
    mine, theirs, found = _by_name(told), _by_name(other), []
    lost, many = collections.Counter(), []
    for name in list(mine) + [name for name in theirs if name not in mine]:
        pairs, missing, rest = _matched(mine[name], theirs[name], may_lack, without)
        found += [words for pair in pairs for words in pair]
        lost.update(command.stub for command in missing)
        many += rest
        if not may_lose:
            found += ["%s: not there" % command.summary for command in missing]
    for command in many:
        lost[command.stub] -= 1
        if not may_lose or lost[command.stub] < 0:
            found.append("%s: one too many" % command.summary)
    return found


def _by_name(told):
    named = collections.defaultdict(list)
    for command in told:
        named[command.name].append(command)
    return named


def _matched(mine, theirs, may_lack, without):
    """The differences of each pair, and what is left of either."""
    costs = [[_differences(one, other, may_lack, without) for one in mine] for other in theirs]
    taken_by = _agreeing([[i for i, found in enumerate(row) if not found] for row in costs],
                         sorted(range(len(theirs)), key=lambda j: -theirs[j].size()))
    pairs, used, taken = [[]] * len(taken_by), set(taken_by), set(taken_by.values())
    for found, i, j in sorted(((costs[j][i], i, j) for j in range(len(theirs)) if j not in taken
                               for i in range(len(mine)) if i not in used),
                              key=lambda row: (len(row[0]), -theirs[row[2]].size())):
        if i not in used and j not in taken:
            pairs.append(found)
            used.add(i)
            taken.add(j)
    return (pairs, [one for i, one in enumerate(mine) if i not in used],
            [other for j, other in enumerate(theirs) if j not in taken])


def _agreeing(rows, order):
    """As many pairs {i: j} as there can be where i is in rows[j]; the first of the order go first."""
    taken_by = {}
    for first in order:
        came_from, reached_by, queue = {}, {}, [first]
        while queue:
            j = queue.pop()
            free = next((i for i in rows[j] if i not in taken_by), None)
            if free is None:
                for i in rows[j]:
                    if i not in came_from:
                        came_from[i] = j
                        reached_by[taken_by[i]] = i
                        queue.append(taken_by[i])
                continue
            while free is not None:  # each on the way gives up what the one before it takes
                taken_by[free] = j
                free = reached_by.get(j)
                j = came_from.get(free)
            break
    return taken_by


def _same_links(one, other, may_lack):
    """may_lack: what is pointed at may not be shown."""
    return len(one) == len(other) and all(a & b or (may_lack and not b)
                                          for a, b in zip(one, other))


def _same_values(one, other, may_lack):
    del may_lack
    return one == other


def _differences(command, other, may_lack, without):
    found = []
    for kind, is_same in (("values", _same_values), ("links", _same_links)):
        mine, theirs = getattr(command, kind), getattr(other, kind)
        for field in sorted(set(mine) | set(theirs)):
            if field in without or (field not in theirs and may_lack):
                continue
            if field not in mine or field not in theirs or not is_same(
                    mine[field], theirs[field], may_lack):
                found.append("%s from %s: %s is %r, not %r" % (
                    command.summary, command.name[1], field, theirs.get(field),
                    mine.get(field)))
    return found
