#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every built-in scenario: the journeys that the plugin shows of its capture are those of its
truth file. Each message of a scenario says its name again and again, so that what is true is
known by the payload alone, which nothing else tells apart.

Usage: journeys.py RELAYSIM FOLDER
"""
import collections
import concurrent.futures
import glob
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

from patience import PATIENCE

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))

import tshark  # noqa: E402
from truth_file import OTHER, Truth  # noqa: E402

RELAYSIM, FOLDER = os.path.abspath(sys.argv.pop(1)), os.path.abspath(sys.argv.pop(1))
NAMES = [os.path.basename(path)[:-len(".scn")]
         for path in sorted(glob.glob(os.path.join(FOLDER, "*.scn")))]

PROXIES = ("192.0.2.7", "192.0.2.8", "192.0.2.9")  # as relays see them

# Whose capture lacks frames on purpose: what is joined there has to be true, and may be less.
LACKING = {"capture-lossy"}


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


class Shown:
    """What tshark shows of an EndMessage."""

    def __init__(self, frame, layer):
        def number(field):
            value = layer.one(field)
            return None if value is None else int(value, 0)
        self.frame = frame
        self.key = (number("sstp.stream"),
                    "initiator" if layer.one("sstp.from_initiator") == "1" else "acceptor",
                    number("sstp.message.number"))
        self.journey, self.hop = number("sstp.journey"), number("sstp.journey.hop")
        self.before = number("sstp.journey.from")
        self.after = {int(value) for value in layer.values("sstp.journey.to")}
        self.certainty = number("sstp.journey.certainty")
        self.states = set(layer.values("sstp.journey.state"))


class JourneysTest(unittest.TestCase):
    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="relaysim-")
        os.chmod(cls.folder, 0o755)
        cls.ws = tshark.Wireshark()
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(cls.play, NAMES))

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)
        cls.ws.close()

    @classmethod
    def path(cls, name, ending):
        return os.path.join(cls.folder, name + ending)

    @classmethod
    def play(cls, name):
        subprocess.run([RELAYSIM, "scenario", name, "-w", cls.path(name, ".pcapng"), "--truth",
                        cls.path(name, ".truth")], capture_output=True, text=True,
                       timeout=PATIENCE, check=True)

    def shown(self, name, story, two_pass):
        """{key of the truth: EndMessage}. Where commands are cut, that of which the first piece
        comes first need not be the connection whose first command does: they are told apart by
        who connects, and then by their order.  What is shown on both sides of a proxy is known by
        the frame where it is shown first."""
        frames = self.ws.dissect(self.path(name, ".pcapng"), two_pass=two_pass)
        layers = [(frame.number, layer) for frame in frames for layer in frame.commands]
        connects = sorted((int(layer.one("sstp.stream")), layer.values("sstp.source_device_url")[0],
                           frame.value("ip.src") in PROXIES) for frame in frames
                          for layer in frame.commands if layer.values("sstp.source_device_url") and
                          layer.one("sstp.from_initiator") == "1")
        streams = {}
        for device in {device for _, device, _ in connects}:
            true = sorted(stream for stream, ends in story.names.items()
                          if ends.get("initiator") == device)
            near = [stream for stream, of, is_far in connects if of == device and not is_far]
            far = [stream for stream, of, is_far in connects if of == device and is_far]
            streams.update(zip(near, true))
            streams.update(zip(far, [stream for stream in true if stream in story.proxied]))
        ends = [Shown(number, layer) for number, layer in layers
                if layer.one("sstp.command") in ("15", "0x0f")]
        return {(streams[end.key[0]], *end.key[1:]): end for end in reversed(ends)
                if end.journey is not None}

    def compare(self, name, story, shown, two_pass):
        numbers = {}
        for payload, group in story.groups.items():
            for leg in group:
                if leg.key not in shown:
                    # What was cut off on its way is in no capture.
                    self.assertTrue(name in LACKING or not leg.is_delivered, leg.key)
                    continue
                end = shown[leg.key]
                what = "%s: %r in frame %d" % (name, leg.key, end.frame)
                self.assertEqual(numbers.setdefault(payload, end.journey), end.journey, what)
                self.assertEqual(end.hop, leg.hop, what)
                parent = shown[leg.parent.key] if leg.parent else None
                self.assertEqual(end.before, parent.frame if parent else None, what)
                if two_pass and parent:
                    self.assertIn(end.frame, parent.after, what)
                if two_pass:
                    self.assertEqual(end.states, story.states(group), what)
        self.assertEqual(len(set(numbers.values())), len(numbers), name)
        return len(numbers)

    def test_truth(self):
        num, hops = 0, 0
        for name in NAMES:
            with self.subTest(scenario=name):
                story = Story(Truth(self.path(name, ".truth")))
                for two_pass in (False, True):
                    count = self.compare(name, story, self.shown(name, story, two_pass), two_pass)
                num += count
                hops += sum(leg.hop > 0 for leg in story.legs)
        self.assertGreater(num, 50)
        self.assertGreater(hops, 50)


if __name__ == "__main__":
    unittest.main(verbosity=2)
