# SPDX-License-Identifier: GPL-2.0-or-later
"""The legs of a truth file, joined by what they carried. Each message of a scenario says its name again
and again, so that what is true is known by the payload alone, which nothing else tells apart.

    story = Story(Truth(path))
    for payload, group in story.groups.items():      # one journey: its legs, by time
        story.states(group)                          # what became of it, for its recipients
        story.custody(group, recipient)              # who has it, and since which leg
"""
import collections

from truth_file import OTHER

PROXIES = ("192.0.2.7", "192.0.2.8", "192.0.2.9")  # as relays see them


class Leg:
    """One message on one connection, as it was."""

    def __init__(self, story, event, payload, recipients):
        side = event["from"]
        names = story.names[event["stream"]]
        self.time = event["t"]
        self.key = (event["stream"], side, event["ordinal"])
        self.number = event["number"]
        self.sender, self.receiver = names.get(side), names.get(OTHER[side])
        self.session = (event["stream"], side, event["session"])
        self.payload = payload
        self.recipients = recipients
        self.acked, self.is_delivered = None, False
        self.parent, self.hop = None, 0

    def goes_on_from(self, before):
        if before.receiver != self.sender or before.time > self.time:
            return False
        return set(self.recipients) <= set(before.recipients)


class Story:
    """The legs of a truth file, joined by what they carried."""

    def __init__(self, truth):
        self.names = collections.defaultdict(dict)
        self.legs = []
        self.statuses = []  # (time, session, the recipients that it takes out)
        self.open, self.data, self.sent = {}, collections.defaultdict(str), {}
        self.join_sides_of_proxies(truth)
        for event in truth.events:
            if event["event"] == "command":
                self.take(event)
            elif event["event"] == "message-sent":
                session = (event["stream"], event["from"], event["session"])
                self.legs.append(Leg(self, event, self.sent[session].popleft(),
                                     self.open.get(session, {})))
            elif event["event"] in ("message-acked", "message-delivered"):
                self.note_passage(event)
        self.join()

    def join_sides_of_proxies(self, truth):
        """Through a proxy the client tells of one stream and the relay of the one after it: they are
        one connection, which is shown twice."""
        ends = truth.ends()
        self.proxied = sorted(stream for stream, sides in ends.items() if sides == {"initiator"})
        far = sorted(stream for stream, sides in ends.items() if sides == {"acceptor"})
        near = dict(zip(far, self.proxied))
        for event in truth.events:
            if event.get("stream") in near:
                event["stream"] = near[event["stream"]]

    def note_passage(self, event):
        for leg in self.legs:
            if leg.key[:2] == (event["stream"], event["from"]) and leg.number == event["number"]:
                leg.is_delivered = True
                if event["event"] == "message-acked":
                    leg.acked = event["t"]

    def take(self, event):
        key = (event["stream"], event["from"], event.get("session"))
        command = event["command"]
        names = self.names[event["stream"]]
        if command == "Connect":
            names["initiator"] = event["source_device_url"][0]
            names["acceptor"] = event["target_device_url"]
        elif command == "ConnectResponse" and event["connect.response"] == 0:
            names["acceptor"] = event["target_device_url"][0]
        elif command == "Open":
            self.open[key] = {(event["identity_url"], event["device_url"]): ""}
        elif command == "FanoutOpen":
            self.open[key] = dict(zip(zip(event["identity_url"], event["device_url"]),
                                      event["relay_url"]))
        elif command == "Message":
            self.data[key] = ""
        elif command == "Data":
            self.data[key] += event["data"]
        elif command == "EndMessage":
            self.sent.setdefault(key, collections.deque()).append(self.data.pop(key))
        elif command == "SessionStatus":
            self.note_status(event)

    def note_status(self, event):
        session = (event["stream"], OTHER[event["from"]], event["session"])
        recipients = list(self.open.get(session, {}).items())
        indexes = event.get("session_status.index", [])
        gone = {recipients[i][0] for i in indexes if i < len(recipients)}
        if not indexes:
            identity, device = event["identity_url"], event["device_url"]
            gone = {name for name, relay in recipients
                    if (not identity and relay == device) or
                    (identity and name[0] == identity and device in ("", name[1]))}
        self.statuses.append((event["t"], session, gone))

    def join(self):
        self.groups = collections.defaultdict(list)
        for leg in sorted(self.legs, key=lambda leg: leg.time):
            group = self.groups[leg.payload]
            before = [other for other in group if leg.goes_on_from(other)]
            if before:
                leg.parent = before[-1]
                leg.hop = leg.parent.hop + 1
            group.append(leg)

    def is_gone(self, leg, recipient):
        """Whether a SessionStatus came for it before the leg was acknowledged."""
        return any(session == leg.session and recipient in gone and
                   (leg.acked is None or time < leg.acked)
                   for time, session, gone in self.statuses)

    def state(self, group, recipient):
        named = [leg for leg in group if recipient in leg.recipients]
        if any(leg.receiver == recipient[1] and leg.acked for leg in named):
            return "delivered"
        if any(self.is_gone(leg, recipient) for leg in named):
            return "refused"
        return "waiting" if any(leg.acked for leg in named) else "under way"

    def states(self, group):
        return {self.state(group, recipient) for recipient in group[0].recipients}

    def custody(self, group, recipient):
        """Who has it for a recipient, and the leg over whose acknowledgement he got it: None where he
        made it. One who gets it again has it since the first time; who was refused stays his who asked."""
        at = [leg for leg in group if leg.parent is None and recipient in leg.recipients]
        holder, since = (at[0].sender if at else None), None
        while at:
            acked = [leg for leg in at if leg.acked is not None and not self.is_gone(leg, recipient)]
            if acked:
                since = min(acked, key=lambda leg: leg.acked)
                holder = since.receiver
            at = [leg for leg in group if leg.parent in at and recipient in leg.recipients]
        return holder, since

    def streams(self, connects):
        """{number shown: stream} of connections, each (number, device that connects, whether it is the
        side of a proxy that is far from it). Where commands are cut, that of which the first piece comes
        first need not be the connection whose first command does: they are told apart by who connects,
        and then by their order."""
        streams = {}
        for device in {device for _, device, _ in connects}:
            true = sorted(stream for stream, ends in self.names.items()
                          if ends.get("initiator") == device)
            near = [number for number, of, is_far in connects if of == device and not is_far]
            far = [number for number, of, is_far in connects if of == device and is_far]
            streams.update(zip(near, true))
            streams.update(zip(far, [stream for stream in true if stream in self.proxied]))
        return streams
