# SPDX-License-Identifier: GPL-2.0-or-later
"""Conversations to put into captures: lists of (from_client, Command).

Each is legal from its first command to its last, so that a decoder has nothing to
complain of; what is illegal stands in malformed.py.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))

import sstp_commands as sstp  # noqa: E402  pylint: disable=wrong-import-position

CLIENT, RELAY = True, False

DEVICE = "dpp:///mk8k5dap7nfbni3ctwybmew2h2sgi3fh3gj5iui"
PEER_DEVICE = "dpp:///x7w2kq4m9tz3hvb5njc8r6dpysf2ague4wknm7ti"
RELAY_URL = "grooveDNS://relay1.example"
OTHER_RELAY_URL = "grooveDNS://relay2.example"
ACCOUNT = "grooveAccount://8qztw4cnrjkhm3vbx6yfd5sgpa2eu7ki"
IDENTITY = "grooveIdentity://5rvq8bn2wkd7ezj4xtc9mphyafs3g6ui"
PEER_IDENTITY = "grooveIdentity://j6hk3ewt9bqz7mvxcn4p8dyrfs2a5gui"
RESOURCE = "grooveTelespace://q2w4bnm8kz6xvjc3t9rhpdyf7sea5gui"


def octets(first, count):
    """Recognisable bytes: count of them, upwards from first, high ones too."""
    return bytes((first + 7 * i) & 0xFF for i in range(count))


SEC_CONNECT = sstp.sec_connect(
    bytes.fromhex("e94cb5b2b7df00c965ed36eaed61261da8a0a2cb5d1b8366"),
    bytes.fromhex("9890f12014f531cf1d0393090dee8e708d93218c"),
    bytes.fromhex("590f17da461a3d1aae5b86999345599f41c57ec407f59eed"))
SEC_CONNECT_RESPONSE = sstp.sec_connect_response(
    bytes.fromhex("690619ae3bad0b7a5a7a67e0a2904165285bf6d2e78eb4f6"),
    bytes.fromhex("9d054d7db0a0ed481ed705baf024a0d6be022bd1"),
    bytes.fromhex("00e8f4ab6cb1f0c0e92dc80b2d915e074c9a2434b7f1b810"),
    bytes.fromhex("bc51278e48f5d6739a53323f6893b6c51d554fe242512113"))
SOME_TOKEN = sstp.sec_unknown(9, [octets(0x11, 20), b"", octets(0x80, 24)])


def published():
    """The Connect, ConnectResponse and Noop printed in MS-GRVHENC 4.3."""
    connect = sstp.connect(
        "grooveDNS://server01.relay.net", ["dpp:///mk8k5dap7nfbni3ctwybmew2h2sgi3fh3gj5iui"],
        SEC_CONNECT, "Groove Client 4.2 2623", "", version=(1, 5))
    response = sstp.connect_response(
        sstp.OK, ["grooveDNS://server01.relay.net"], SEC_CONNECT_RESPONSE, 3,
        "Groove Relay 12.0 1407", "", version=(1, 5))
    return [(CLIENT, connect), (RELAY, response), (RELAY, sstp.noop(1))]


def greeting(minor=6):
    """Connect and ConnectResponse."""
    return [
        (CLIENT, sstp.connect(RELAY_URL, [DEVICE], SEC_CONNECT, "Groove Client 14.0 4006",
                              "ABC;MDF", version=(1, minor))),
        (RELAY, sstp.connect_response(sstp.OK, [RELAY_URL, OTHER_RELAY_URL], SEC_CONNECT_RESPONSE,
                                      3, "Groove Relay 14.0 4006", "", version=(1, minor))),
    ]


def conversation(minor=6):
    """A client and its relay: all 18 commands, in the forms of one version."""
    entries = [(PEER_IDENTITY, PEER_DEVICE, ""), (PEER_IDENTITY, "", ""),
               (IDENTITY, PEER_DEVICE, OTHER_RELAY_URL)]
    story = greeting(minor) + [
        (CLIENT, sstp.connect_authenticate(SOME_TOKEN)),
        (CLIENT, sstp.attach(0x01, RELAY_URL, ACCOUNT, sstp.sec_unknown(6, [octets(1, 24)]))),
        (RELAY, sstp.attach_response(0x01, 0x00, sstp.sec_unknown(7, [octets(2, 24)]))),
        (CLIENT, sstp.attach_authenticate(0x01, sstp.sec_unknown(11, [octets(3, 20)]))),
        (CLIENT, sstp.register(0x02, sstp.sec_unknown(16, [octets(4, 300), octets(5, 40)]))),
        (RELAY, sstp.register_response(0x02)),
        (CLIENT, sstp.open_session(0x21, RESOURCE, PEER_IDENTITY, PEER_DEVICE)),
        (RELAY, sstp.open_response(0x21, 0x00)),
    ]
    payload = b"Content-Type: application/octet-stream\r\n\r\n" + octets(9, 3000)
    story += [(CLIENT, c) for c in sstp.message_sequence(
        0x21, payload, user_ref="msg-1", flags=sstp.A | sstp.G,
        stream_size=(len(payload), len(payload), len(payload)))]
    story += [
        (RELAY, sstp.noop(1)),
        (CLIENT, sstp.fanout_open(0x22, RESOURCE, entries, minor)),
        (RELAY, sstp.open_response(0x22, 0x0B)),
        (RELAY, sstp.open_response(0x22, 0x09)),
    ]
    story += [(CLIENT, c) for c in sstp.message_sequence(
        0x22, b"to three", ttl=86400, fragment=(2, 1, "frag-7", 0))]
    if minor >= 6:
        story += [(RELAY, sstp.session_status(0x22, 0x02, indexes=[0, 2])),
                  (RELAY, sstp.session_status(0x22, 0x04, "", PEER_IDENTITY, indexes=[]))]
    else:
        story += [(RELAY, sstp.session_status(0x22, 0x01, OTHER_RELAY_URL, "")),
                  (RELAY, sstp.session_status(0x22, 0x05, PEER_DEVICE, PEER_IDENTITY))]
    story += [(RELAY, sstp.open_session(0x80000001, RESOURCE, IDENTITY, DEVICE)),
              (CLIENT, sstp.open_response(0x80000001, 0x00))]
    story += [(RELAY, c) for c in sstp.message_sequence(0x80000001, b"", message_count=1)]
    story += [
        (CLIENT, sstp.close(0x21, 0x00)),
        (RELAY, sstp.close(0x22, 0x15)),
        (CLIENT, sstp.connect_close(0x01, 1, 600)),
    ]
    return story


def short_conversation():
    """All 18 commands in about 600 bytes, for cutting everywhere."""
    token = sstp.sec_unknown(9, [b"\x01\x10\x00"])
    return [
        (CLIENT, sstp.connect("grooveDNS://r1", ["dpp:///a"], token, "Groove 14", "X",
                              version=(1, 6))),
        (RELAY, sstp.connect_response(sstp.OK, ["grooveDNS://r1"], token, 3, "Relay 14", "",
                                      version=(1, 6))),
        (CLIENT, sstp.connect_authenticate(token)),
        (CLIENT, sstp.attach(1, "grooveDNS://r1", "grooveAccount://a", token)),
        (RELAY, sstp.attach_response(1, 0, token)),
        (CLIENT, sstp.attach_authenticate(1, token)),
        (CLIENT, sstp.register(2, token)),
        (RELAY, sstp.register_response(2, b"")),
        (CLIENT, sstp.open_session(3, "res", "id", "dpp:///b")),
        (RELAY, sstp.open_response(3, 0)),
        (CLIENT, sstp.message(3, 0, user_ref="u")),
        (CLIENT, sstp.data(3, b"\x10\x07\x00\x01\x00\x00\x00 looks like a Noop")),
        (CLIENT, sstp.end_message(3)),
        (RELAY, sstp.noop(1)),
        (CLIENT, sstp.fanout_open(4, "res", [("id1", "dpp:///c", ""), ("id2", "", "")], 6)),
        (RELAY, sstp.open_response(4, 0x0B)),
        (RELAY, sstp.session_status(4, 4, "", "id1", [])),
        (RELAY, sstp.close(4, 0x15)),
        (CLIENT, sstp.close(3, 0)),
        (CLIENT, sstp.connect_close(1, 0, 60)),
    ]


def refusals():
    """A story for each ResponseId but Ok: the forms of ConnectResponse."""
    connect = (CLIENT, sstp.connect(RELAY_URL, [DEVICE, PEER_DEVICE], b"", "Groove Client 12.0"))
    stories = []
    for response in (0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x09):
        refusal = sstp.connect_response(
            response, product="Groove Relay 12.0 1407", retry_time=300 + response,
            token=SOME_TOKEN if response == 0x06 else b"")
        stories.append([connect, (RELAY, refusal)])
    return stories


def messages():
    """Every combination of the optional fields of Message, on one session."""
    commands = []
    for number in range(8):
        ttl = 3600 + number if number & 1 else None
        sizes = (5_000_000_000 + number, 4096, 2) if number & 2 else None
        fragment = (9, number, "fragment-%d" % number, 1 << 33) if number & 4 else None
        commands.append(dict(ttl=ttl, stream_size=sizes, fragment=fragment))
    commands += [dict(ttl=7, ephemeral_reserved=bytes(4)), dict(ttl=8, ephemeral_reserved=bytes(5)),
                 dict(ttl=9, ephemeral_reserved=bytes(5), stream_size=(3, 3, 3),
                      fragment=(1, 0, "", 0)),
                 dict(flags=sstp.D), dict(flags=sstp.A), dict(flags=sstp.G), dict(user_ref="")]
    story = greeting() + [(CLIENT, sstp.open_session(5, RESOURCE, PEER_IDENTITY, "", flags=1)),
                          (RELAY, sstp.open_response(5, 0))]
    for number, keywords in enumerate(commands):
        keywords.setdefault("user_ref", "ref %d" % number)
        story += [(CLIENT, c) for c in sstp.message_sequence(5, b"m%d" % number, **keywords)]
        story.append((RELAY, sstp.noop(1)))
    return story + [(CLIENT, sstp.connect_close(0, 0))]


def bulk(number_of_messages, payload=b"payload of one message", session_id=0x21):
    """Message, Data, EndMessage over and over, as on a busy connection, with the
    greeting in front and an acknowledgement by Noop after every fourth message."""
    story = greeting() + [(CLIENT, sstp.open_session(session_id, RESOURCE, PEER_IDENTITY, "", 1)),
                          (RELAY, sstp.open_response(session_id, 0))]
    for number in range(number_of_messages):
        story += [(CLIENT, c) for c in sstp.message_sequence(
            session_id, payload, user_ref="bulk-%d" % number)]
        if number % 4 == 3:
            story.append((RELAY, sstp.noop(4)))
    return story


# ---------------------------------------------------------------------------
# Onto the wire


def turns(story):
    """Neighbouring commands of one side joined: (from_client, bytes, [Command])."""
    joined = []
    for from_client, command in story:
        if joined and joined[-1][0] == from_client:
            joined[-1][1].append(command)
        else:
            joined.append((from_client, [command]))
    return [(side, sstp.join(commands), commands) for side, commands in joined]


def play(connection, story, cut=None, size=None, singly=False):
    """Sends a story over a connection: a turn at a time, or each command in a
    segment of its own (singly); cut in two at one offset counted over the whole
    story, and into segments of `size`.  Returns the frames with data."""
    frames = []
    at = 0
    parts = ([(side, command.data) for side, command in story] if singly else
             [(side, data) for side, data, _ in turns(story)])
    for from_client, data in parts:
        cuts = [cut - at] if cut is not None and at < cut < at + len(data) else []
        frames += connection.send(data, from_client, cuts=cuts, size=size)
        at += len(data)
    return frames


def commands_of(story):
    return [command for _, command in story]
