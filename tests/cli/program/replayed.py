# SPDX-License-Identifier: GPL-2.0-or-later
"""A capture, told as scenarios by grvsstp-analyze and played by relaysim, against its own capture.

    lives = conversations(ws, capture)                   # {number of connection: Conversation}
    said = tell(capture, 0, "a.scn")                     # what the language cannot say
    play(["a.scn"], path)
    differences(lives[0], played(ws, path)[0])           # [] where they are the same

Both captures are read by tshark with the plugin: every field of every command is held against the
other's; what is somebody's may be something else, of the same length, and the same where it was
the same.
"""
import collections
import os
import re
import subprocess

import analyze
import shown
from pdml import BYTES_FIELDS

RELAYSIM = os.path.join(analyze.BUILD_DIR, "relaysim", "relaysim")

# Times are told in milliseconds; and over Polling somebody has to ask first.
PATIENCE = 0.05
PATIENCE_POLLING = 1.5
# A puppet has heard all that was said before it speaks: where both sides spoke at once, each change
# of speakers takes a trip, through a proxy at most so long (relaysim/simulated/network.c), and each
# command its time to send.
TRIP = 2 * 0.00135
SEND = 2 * 0.00004
PROXY = "192.0.2.7"  # as relays see it

# What is replaced: same length; equal where equal, different where different.
REPLACED = {
    "sstp.target_device_url", "sstp.source_device_url", "sstp.auth_token",
    "sstp.registration_token", "sstp.product.version", "sstp.product.capabilities",
    "sstp.resource_url", "sstp.identity_url", "sstp.device_url", "sstp.relay_url",
    "sstp.failover_device_urls", "sstp.message.user_ref", "sstp.message.fragment.id",
    "sstp.account_url", "sstp.data", "sstp.session.resource_url", "sstp.sec.iv", "sstp.sec.hmac",
    "sstp.sec.encrypted_device_nonce", "sstp.sec.device_nonce", "sstp.sec.encrypted_relay_nonce",
    "sstp.sec.field", "sstp.sec.opaque", "sstp.capability", "sstp.command.undecoded"}
# Where it was and when; how bytes lay in segments; what is put together from what is replaced; and
# journeys, which are of all connections.
LEFT_OUT = re.compile(
    r"sstp\.(stream|summary|encap.*|.*_in|response_to|ack\.(acks|first|last|acked_in|delay|time)|"
    r".*time.*|.*delay|.*segment.*|.*fragment(s|\.overlap|\.error|\.multiple.*|\.too_long|)|"
    r"journey.*|message\.(payload|whole)|.*reassembled.*|from_initiator|expert.*|.*\.frame|"
    r"message\.fragments.*|session\.(opened_in|blocked.*))$")


BYTES = BYTES_FIELDS | {"sstp.command.undecoded"}
# Words of the protocol, which stay.
OWN = {"dpp", "groovedns", "grooveidentity", "grooveaccount", "groovewandpp"}


class Conversation:
    """One connection, as tshark shows it: for each direction its commands, each a list of
    (field, value); the carrier; and which findings there are."""

    def __init__(self):
        self.commands = {"1": [], "0": []}
        self.order = []
        self.times = []  # of each command, in seconds since the first
        self.carrier = None
        self.findings = collections.Counter()


def fields_of(layer):
    return [(name, show) for name, show in layer.fields
            if name.startswith("sstp.") and not LEFT_OUT.match(name)]


def conversations(ws, capture):
    """Those with commands, by their numbers in the report."""
    rows = {row["connection"]: row["encapsulation"]
            for row in analyze.records("--table", "connections", capture)
            if row["initiator_commands"] + row["acceptor_commands"]}
    commands = list(analyze.lines(capture, "--format", "json", "--table", "commands"))
    # The report counts by the first command, sstp.stream by the first byte: a frame is of one of them.
    of_frame = {record["frame"]: record["connection"] for record in commands}
    text = ws.tshark(capture, "-T", "pdml", "-J", shown.PROTOCOLS, "-Y", shown.FILTER, two_pass=True)
    found, numbers = collections.defaultdict(Conversation), {}
    for number, frame in shown.read_pdml(text).items():
        for layer in frame.commands:
            stream = int(layer.values("sstp.stream")[0])
            if number in of_frame:
                numbers.setdefault(stream, of_frame[number])
            conversation = found[stream]
            side = layer.values("sstp.from_initiator")[0]
            conversation.commands[side].append(fields_of(layer))
            conversation.order.append((side, layer.values("sstp.command")[0]))
            conversation.findings.update(
                name for name, _ in layer.experts
                if name.startswith("sstp.expert.") and name not in ("sstp.expert.timer",))
    assert len(rows) == len(found), (rows, sorted(found))
    assert sorted(numbers.values()) == sorted(rows), (rows, numbers)
    by_number = {number: found[stream] for stream, number in numbers.items()}
    lives = {number: by_number[number] for number in rows}
    begun = {}
    for number, life in lives.items():
        life.carrier = rows[number]
    for record in commands:
        number, t_ns = record["connection"], record["t_ns"]
        lives[number].times.append((t_ns - begun.setdefault(number, t_ns)) / 1e9)
    return lives


def tell(capture, number, path, seed=1):
    """Writes the scenario of a connection; what it could not say, a sentence each."""
    result = analyze.run("--scenario", number, "--seed", seed, "--output", path, capture)
    text = result.stderr.decode()
    assert result.returncode == 0, text
    return [line.split(": ", 2)[2] for line in text.splitlines()]


def played(ws, capture):
    """The conversations of played scenarios, in their order: of what goes through a proxy, the
    client's leg."""
    lives = conversations(ws, capture)
    legs = {row["connection"] for row in analyze.records("--table", "connections", capture)
            if row["initiator"] == PROXY}
    return [life for number, life in lives.items() if number not in legs]


def play(paths, capture, *options):
    """Plays scenarios one after the other into one capture."""
    done = subprocess.run([RELAYSIM, "scenario", "--simulated", *paths, "-w", capture, *options],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        raise AssertionError("relaysim: exit %d, %s" % (done.returncode,
                                                        done.stderr.decode()[-2000:]))


def length_of(name, value):
    return len(value) // 2 if name in BYTES else len(value.encode())


class Mapping:
    """What each value has become, and nothing else has."""

    def __init__(self):
        self.there, self.back = {}, {}

    def wrong(self, name, old, new):
        kind = "data" if name in BYTES else "text"
        if length_of(name, old) != length_of(name, new):
            return "%s has %d bytes, and had %d" % (name, length_of(name, new),
                                                    length_of(name, old))
        # Of a few bytes others may be the same.
        if length_of(name, old) < 4:
            return None
        if old == new and old.lower() not in OWN:
            return "%s is still %r" % (name, old)
        if self.there.setdefault((kind, old), new) != new:
            return "%s is %r, and was %r where it is %r" % (name, new, old,
                                                            self.there[kind, old])
        if self.back.setdefault((kind, new), old) != old:
            return "%s is %r, as another one is" % (name, new)
        return None


def command_differences(mapping, where, old, new):
    if [name for name, _ in old] != [name for name, _ in new]:
        return ["%s has the fields %r, and had %r" % (where, [name for name, _ in new],
                                                      [name for name, _ in old])]
    found = []
    for (name, was), (_, value) in zip(old, new):
        if name in REPLACED:
            wrong = mapping.wrong(name, was, value)
        else:
            wrong = "%s is %s, and was %s" % (name, value, was) if value != was else None
        if wrong:
            found.append("%s: %s" % (where, wrong))
    return found


def latest(life):
    """When each command is said at the latest, where nobody speaks before he has heard the other."""
    at, before, found = 0, None, []
    for (side, _), time in zip(life.order, life.times):
        at = max(time, at + (SEND if side == before else TRIP))
        before = side
        found.append(at)
    return found


def late_sentences(life, copy):
    patience = PATIENCE_POLLING if life.carrier == "Polling" else PATIENCE
    wrong = [max(first - now, now - last) for first, last, now in
             zip(life.times, latest(life), copy.times)]
    if wrong and max(wrong) > patience:
        yield "command %d comes %.3f s earlier or later" % (wrong.index(max(wrong)), max(wrong))


def differences(life, copy, with_findings=True):
    """How the copy of a conversation differs, in words."""
    found, mapping = [], Mapping()
    if life.carrier != copy.carrier:
        found.append("it goes over %s, and went over %s" % (copy.carrier, life.carrier))
    for side, word in (("1", "initiator"), ("0", "acceptor")):
        old, new = life.commands[side], copy.commands[side]
        if len(old) != len(new):
            found.append("the %s has %d commands, and had %d" % (word, len(new), len(old)))
        for i, (one, other) in enumerate(zip(old, new)):
            found += command_differences(mapping, "%s %d" % (word, i), one, other)
    if life.order != copy.order:
        found.append("the commands of both sides are in another order")
    found += late_sentences(life, copy)
    if with_findings and life.findings != copy.findings:
        found.append("the findings are %r, and were %r" % (dict(copy.findings),
                                                           dict(life.findings)))
    return found


def originals(life):
    """All strings of four bytes or more, whole and between punctuation, in small letters; and all
    other bytes that are replaced."""
    texts, blobs = set(), set()
    for name, value in (field for side in life.commands.values() for command in side
                        for field in command if field[0] in REPLACED):
        if name in BYTES:
            blobs.add(value)
            continue
        texts.add(value.lower())
        texts.update(re.split(r"[^0-9A-Za-z\x80-\U0010ffff]+", value.lower()))
    return ({text for text in texts if len(text) >= 4} - OWN,
            {blob for blob in blobs if len(blob) >= 8})


def leaks(life, scenario):
    """Which of them stand in a scenario: strings in its texts, or as bytes; bytes in its bytes."""
    scenario = re.sub(r"^title .*", "", scenario.lower(), flags=re.M)  # carrier and length
    quoted = re.findall(r'"((?:[^"\\\n]|\\.)*)"', scenario)
    digits = " ".join(re.findall(r"(?<![\w])(?:[0-9a-f]{2}){4,}(?![\w])", scenario))
    texts, blobs = originals(life)
    inside = "\n".join(re.sub("|".join(map("^{}(?=://)".format, OWN)), "", text)
                       for text in quoted)
    return sorted([text for text in texts
                   if text in inside or text.encode().hex() in digits] +
                  [blob for blob in blobs if blob in digits or
                   bytes.fromhex(blob).decode("latin-1").lower() in inside])
