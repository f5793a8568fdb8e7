# SPDX-License-Identifier: GPL-2.0-or-later
"""What the encapsulation tests share: reading only our layers out of PDML, and
holding what a capture shows against the conversations that went into it.

    run = Run()                                    # a capture, and who is where in it
    run.add("cut at 7", carrier_of(run.capture), chunks, story)
    self.assert_equal_to(run)                      # in one pass and in two
"""

import bisect
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in (os.path.join(HERE, "..", "..", "lib"), os.path.join(HERE, "..", "dissect")):
    sys.path.insert(0, folder)

import stories  # noqa: E402
from capture import Capture  # noqa: E402
from harness import ENCODER_FIELDS  # noqa: E402
from henc_encoder import play  # noqa: E402
from shown import FILTER, OURS, read_pdml  # noqa: E402,F401
from wireshark_test import BAD, PASSES, WiresharkTest, main  # noqa: E402,F401


def wanted_fields(command):
    fields = {}
    for name, value in command.fields:
        fields.setdefault(name, []).append(value)
    return fields


def shown_fields(layer):
    fields = {}
    for name, value in layer.fields:
        if name in ENCODER_FIELDS:
            fields.setdefault(name, []).append(value)
    return fields


class Case:
    """One conversation in a capture: the frames from `first` up, and what it carries."""

    def __init__(self, label, carrier, story, first):
        self.label = label
        self.carrier = carrier
        self.first = first
        self.wanted = {True: [], False: []}
        for from_client, command in story:
            self.wanted[from_client].append((command.name, wanted_fields(command)))


class Run:
    """A capture of one conversation after the other."""

    def __init__(self):
        self.capture = Capture(tick=100_000)
        self.cases = []

    def add(self, label, carrier, chunks, story):
        self.cases.append(Case(label, carrier, story, len(self.capture.frames) + 1))
        play(carrier, chunks)
        return carrier

    def by_case(self, shown):
        """[(case, [frames])]"""
        firsts = [case.first for case in self.cases]
        frames = [[] for _ in self.cases]
        for number in sorted(shown):
            frames[bisect.bisect_right(firsts, number) - 1].append(shown[number])
        return list(zip(self.cases, frames))


def complaint_about(case, frames, clean):
    """What is wrong with a conversation as shown; None when nothing is."""
    layers = [layer for frame in frames for layer in frame.commands]
    for from_client in (True, False):
        mine = [layer for layer in layers
                if layer.values("sstp.from_initiator") == ["1" if from_client else "0"]]
        wanted = case.wanted[from_client]
        side = "client" if from_client else "server"
        names = [layer.one("sstp.command") for layer in mine]
        if len(mine) != len(wanted):
            return "%s sent %d commands, shown %d: %s" % (side, len(wanted), len(mine), names)
        for index, (layer, (name, fields)) in enumerate(zip(mine, wanted)):
            shown = shown_fields(layer)
            if shown != fields:
                return "%s, command %d (%s):\n  shown %r\n  sent  %r" % (side, index, name, shown,
                                                                        fields)
    if len(layers) != sum(len(wanted) for wanted in case.wanted.values()):
        return "commands without a direction"
    for layer in layers:
        if layer.values("sstp.encap") != [str(case.carrier.encap)]:
            return "sstp.encap is %r on %s" % (layer.values("sstp.encap"),
                                               layer.one("sstp.summary"))
    if clean:
        for frame in frames:
            if frame.bad:
                return "frame %d is accused: %r" % (frame.number, frame.bad)
    if any(frame.is_malformed and frame.layers for frame in frames):
        return "malformed"
    streams = {tuple(layer.values("sstp.stream")) for layer in layers}
    if len(streams) != 1:
        return "streams %r" % sorted(streams)
    return None


class EncapTest(WiresharkTest):
    """Holds the conversations of a capture against what is shown of them."""

    def shown(self, path, two_pass=False, preferences=(), **keywords):
        text = self.ws.tshark(path, "-T", "pdml", "-J", "grvsstp grvhenc", "-Y", FILTER,
                              two_pass=two_pass, preferences=preferences, **keywords)
        return read_pdml(text)

    def assert_equal_to(self, run, clean=True, preferences=(), passes=PASSES):
        """What every conversation of the capture carried is what is shown of it."""
        path = self.write(run.capture)
        for two_pass, label in passes:
            self.compare(run, self.shown(path, two_pass, preferences), label, clean, path)

    def compare(self, run, shown, label, clean, path):
        complaints, streams = [], set()
        for case, frames in run.by_case(shown):
            complaint = complaint_about(case, frames, clean)
            if complaint:
                complaints.append("%s, from frame %d on: %s" % (case.label, case.first, complaint))
                continue
            streams.add(next(frame.commands[0].one("sstp.stream") for frame in frames
                             if frame.commands))
        if complaints:
            self.fail("%s: %d of %d conversations are not shown as sent (%s); the first:\n%s" %
                      (label, len(complaints), len(run.cases), self.keep(path),
                       "\n".join(complaints[:3])))
        self.assertEqual(len(streams), len(run.cases), "%s: streams are shared" % label)

    def findings_of(self, capture, two_pass=True, **keywords):
        """{frame number: [(finding, severity)]}"""
        shown = self.shown(self.write(capture), two_pass, **keywords)
        return {number: frame.findings for number, frame in shown.items() if frame.findings}


def chunks_of(story):
    return [(side, data) for side, data, _ in stories.turns(story)]
