# SPDX-License-Identifier: GPL-2.0-or-later
"""What tshark shows of a random run, held against the truth beside it (write_run.h).

    lines = write_run(program, seed, prefix)           # prefix.pcapng, and the truth
    compare(test, commands, lines, two_pass, "seed 7")  # commands: (frame number, layer)
"""

import json
import subprocess

# Fields that the truth decides about: what its line has not is not shown.
NUMBERS = ["message.number", "ack.covered", "ack.remaining", "ack.outstanding", "fanout.active"]
TEXTS = ["connection.state", "session.state", "session.receiver_state", "session.resource_url"]
FRAMES = ["session.opened_in", "response_to", "ack.first", "ack.last", "ack.acks"]
FRAMES_LATER = ["response_in", "ack.acked_in"]  # on the second pass
FIELDS = NUMBERS + TEXTS + FRAMES + FRAMES_LATER


def write_run(program, seed, prefix):
    """Writes the run of this seed; returns its lines."""
    subprocess.run([program, "--seed", str(seed), "--write", prefix], check=True,
                   stdout=subprocess.DEVNULL, timeout=600)
    with open(prefix + ".jsonl", encoding="utf-8") as file:
        return [Line(json.loads(line)) for line in file]


class Line(dict):
    """One line of the truth; what it wants of any capture is made once."""

    def __init__(self, *arguments, **keywords):
        super().__init__(*arguments, **keywords)
        self.values = {"sstp." + name: texts(self.get(name, [])) for name in NUMBERS + TEXTS
                       if self.get(name, []) is not None}
        self.frames, self.later = ({"sstp." + name: listed(self.get(name, [])) for name in names
                                    if self.get(name, []) is not None}
                                   for names in (FRAMES, FRAMES_LATER))


def listed(value):
    return value if isinstance(value, list) else [value]


def texts(value):
    return [str(one) for one in listed(value)]


def expected(line, frames, two_pass):
    """{field: values}; None where anything goes."""
    fields = {}
    for name in FIELDS:
        value = line.get(name, [])
        if name in line and value is None:
            fields[name] = None
            continue
        values = value if isinstance(value, list) else [value]
        if name in FRAMES + FRAMES_LATER:
            values = [frames[at] for at in values]
        if name in FRAMES_LATER and not two_pass:
            values = []
        fields[name] = [str(value) for value in values]
    findings = line["findings"]
    if findings is not None and line["command"] == "EndMessage" and not two_pass:
        findings = [name for name in findings if name != "unacknowledged"]
    fields["findings"] = findings
    return fields


def over_polling(lines):
    """The lines of a run that Polling carries, which has no transport whose loss anybody could see."""
    return [Line(line, findings=None) if "unacknowledged" in (line["findings"] or ()) else line
            for line in lines]


def is_alike(layer, line, frames, two_pass, first):
    """Whether the line is what a command shows, as is mostly so, with no words for what is not."""
    if (layer.values("sstp.stream") != [str(first + line["stream"])] or
            layer.values("sstp.from_initiator") != ["1" if line["from_initiator"] else "0"] or
            layer.values("sstp.summary")[0].split(" ")[0] != line["command"]):
        return False
    for name, values in line.values.items():
        if layer.values(name) != values:
            return False
    for name, places in line.frames.items():
        if layer.values(name) != [frames[at] for at in places]:
            return False
    for name, places in line.later.items():
        if layer.values(name) != ([frames[at] for at in places] if two_pass else []):
            return False
    return not layer.experts and not line["findings"]


def compare(test, commands, lines, two_pass, label, first=0):
    """The commands, (frame number, layer) in the order of the capture, are what the lines say.
    first: the number of the stream that the lines call 0."""
    test.assertEqual(len(commands), len(lines), label)
    frames = [number for number, _ in commands]
    texts_of_frames = texts(frames)
    for at, ((number, layer), line) in enumerate(zip(commands, lines)):
        if is_alike(layer, line, texts_of_frames, two_pass, first):
            continue
        where = "%s, line %d, frame %d: %s" % (label, at, number, layer.one("sstp.summary"))
        test.assertEqual(layer.one("sstp.summary").split(" ")[0], line["command"], where)
        test.assertEqual(layer.one("sstp.stream"), str(first + line["stream"]), where)
        test.assertEqual(layer.one("sstp.from_initiator"), str(int(line["from_initiator"])), where)
        truth = expected(line, frames, two_pass)
        shown = {name: layer.values("sstp." + name) for name in truth}
        # The tokens are no security messages, and how long an application takes is not
        # told: neither is what this is about.
        experts = [(name[len("sstp.expert."):], severity) for name, severity in layer.experts
                   if not name.startswith(("sstp.expert.sec_", "sstp.expert.timer"))]
        shown["findings"] = [name for name, _ in experts]
        known = [name for name in truth if truth[name] is not None]
        test.assertEqual({name: shown[name] for name in known},
                         {name: truth[name] for name in known}, where)
        test.assertEqual({severity for _, severity in experts} - {"note"}, set(), where)
