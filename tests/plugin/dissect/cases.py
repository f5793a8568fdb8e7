# SPDX-License-Identifier: GPL-2.0-or-later
"""Small captures, each of a kind that is easily read wrong, and what is right of them: a row
a case, the capture of the same name in the folder `cases`.

A row is the name and checks.  A check gets what was seen (Seen) and says what is wrong with
it, or nothing.  All of them hold in one pass and two, with and without
tcp.reassemble_out_of_order, unless a check says otherwise.
"""

import functools
import os

import harness  # noqa: F401  (it knows where tests/lib is)
from told import differences, told_of
from wireshark_test import BAD

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "cases")
CONNECT, CONNECT_RESPONSE = "0x01", "0x02"
TUNNEL, SOCKS, LONG_LIVED, KEEP_ALIVE = "2", "3", "4", "5"


class Seen:
    """What tshark shows of a case, in one of the modes."""

    def __init__(self, frames, reference, two_pass, reassembles):
        self.frames = frames
        self.reference = reference      # what is told of reference.pcap, in the same mode
        self.two_pass = two_pass
        self.reassembles = reassembles  # tcp.reassemble_out_of_order

    def __getitem__(self, number):
        return self.frames[number - 1]

    @property
    def findings(self):
        """(frame, name, severity)"""
        return [(frame.number,) + finding for frame in self.frames for finding in frame.findings]

    @property
    def commands(self):
        return [layer for frame in self.frames for layer in frame.commands]

    def values(self, field):
        return [value for frame in self.frames for layer in frame.layers
                for value in layer.values(field)]


def check(function):
    """Makes `function(seen, ...)` a maker of checks, called without what was seen."""
    @functools.wraps(function)
    def maker(*arguments, **keywords):
        return lambda seen: function(seen, *arguments, **keywords)
    return maker


def only(condition):
    """Makes a modifier: its check holds in these modes alone."""
    return lambda wanted: lambda seen: wanted(seen) if condition(seen) else None


in_two_passes = only(lambda seen: seen.two_pass)
reassembling = only(lambda seen: seen.reassembles)
not_reassembling = only(lambda seen: not seen.reassembles)


# ---------------------------------------------------------------------------
# Checks


@check
def quiet(seen):
    """No finding from warning up, and nothing malformed."""
    bad = [finding for finding in seen.findings if finding[2] in BAD]
    bad += [(frame.number, "malformed") for frame in seen.frames if frame.is_malformed]
    return bad and "findings %r" % bad


@check
def finds(seen, name, frame, severity="warning"):
    """A finding, in this frame and nowhere else."""
    found = [finding for finding in seen.findings if finding[1] == name]
    return found != [(frame, name, severity)] and "%s: %r" % (name, found)


@check
def finds_no(seen, name, times=0):
    """A finding is not there, or so many times."""
    found = [finding for finding in seen.findings if finding[1] == name]
    return len(found) != times and "%s: %r" % (name, found)


@check
def commands(seen, frame, *wanted, encap=None):
    """The commands of a frame."""
    shown = [layer.one("sstp.command") for layer in seen[frame].commands]
    carriers = {layer.one("sstp.encap") for layer in seen[frame].commands}
    if encap is not None and carriers != {encap}:
        return "frame %d carried by %r" % (frame, carriers)
    return shown != list(wanted) and "frame %d shows %r" % (frame, shown)


@check
def decodes(seen, number):
    """So many commands."""
    return len(seen.commands) != number and "%d commands" % len(seen.commands)


@check
def values(seen, field, *wanted):
    """All values of a field, in order."""
    shown = seen.values(field)
    return shown != list(wanted) and "%s is %r" % (field, shown)


@check
def never(seen, field, value=None):
    """A field is nowhere, or has this value nowhere."""
    shown = seen.values(field)
    return (shown if value is None else value in shown) and "%s is %r" % (field, shown)


@check
def layer(seen, name, *frames):
    """Frames that have a layer of this protocol."""
    lacking = [number for number in frames if not seen[number].has_layer(name)]
    return lacking and "no %s in %r" % (name, lacking)


@check
def layer_everywhere(seen, name):
    """Every frame with TCP data has it."""
    lacking = [frame.number for frame in seen.frames
               if frame.value("tcp.len", "0") != "0" and not frame.has_layer(name)]
    return lacking and "no %s in %r" % (name, lacking)


@check
def not_ours(seen, protocol):
    """Frames of this protocol have nothing of us."""
    wrong = [frame.number for frame in seen.frames if frame.has_layer(protocol)
             and (frame.ours or frame.has_layer("grvhenc"))]
    return wrong and "ours in %r" % wrong


@check
def as_reference(seen, encap=None, late=False):
    """The conversation of reference.pcap: states, numbers, links and counts.  late: what comes
    out of order may be settled late, and then shows on the second pass alone."""
    found = differences(seen.reference, told_of(seen.frames),
                        may_lack=late and not seen.two_pass, without=("sstp.encap",))
    carriers = {layer.one("sstp.encap") for layer in seen.commands}
    if encap is not None and carriers != {encap}:
        found.append("carried by %r" % carriers)
    if [f for f in seen.findings if f[2] in BAD]:
        found.append("findings %r" % seen.findings)
    return "\n".join(found[:12])


# What a loss does not change: numbers are those of what was captured.
COUNTED = ("sstp.encap", "sstp.message.number", "sstp.message.length", "sstp.ack.covered",
           "sstp.ack.outstanding", "sstp.ack.remaining", "sstp.ack.acks", "sstp.ack.first",
           "sstp.ack.last", "sstp.ack.acked_in")


@check
def nothing_else(seen):
    """What is told is that of reference.pcap, or less."""
    return "\n".join(differences(seen.reference, told_of(seen.frames), may_lack=True,
                                 may_lose=True, without=COUNTED)[:12])


# ---------------------------------------------------------------------------
# The cases


class Case:
    """A row.  options: of tshark, where %(folder)s is the folder of the captures."""

    def __init__(self, name, *checks, options=(), decode_as=()):
        self.name = name
        self.checks = checks
        self.options = options
        self.decode_as = decode_as


# Each side of the conversation of reference.pcap, and what it sums up to.
REFERENCE = (
    decodes(31), quiet(), finds_no("gap"),
    lambda seen: len(seen.values("sstp.message.number")) != 19 and "messages",
    lambda seen: len([c for c in seen.commands if c.one("sstp.command") == "0x0f"]) != 5 and "ends",
    values("sstp.ack.covered", "2", "1", "2"))

CASES = [
    Case("reference", *REFERENCE),

    # Polling, KeepAlive, LongLived.  What another TCP connection may still make right is known
    # when the capture is.
    Case("po_lost_exchange_then_last",
         in_two_passes(commands(29, "0x0d", "0x0e", "0x0f", "0x10")),
         in_two_passes(finds("sequence_gap", 29))),
    Case("po_first_200_seq5", in_two_passes(commands(13, CONNECT_RESPONSE)),
         in_two_passes(finds("sequence_gap", 13))),
    Case("po_half_close_before_answer", quiet(), never("sstp.encap.state", "closed")),
    Case("po_answer_other_server", quiet(), finds("encap_mismatch", 21, "note")),
    # The answer comes later than two clocks can make of it that the handshakes went by.
    Case("po_two_outstanding", in_two_passes(finds("out_of_turn", 24))),
    Case("ka_empty_get_answer", finds("out_of_turn", 16)),
    Case("ka_gzip", finds_no("encap_malformed"), quiet(), as_reference(KEEP_ALIVE)),
    Case("ll_data_on_post_from_server", finds("wrong_half", 12), layer("grvhenc", 12),
         commands(12)),
    Case("ll_400", finds_no("missing_half"), quiet()),
    Case("ll_other_server", quiet(), finds("encap_header", 8, "note")),
    Case("ll_answer_before_question", as_reference(LONG_LIVED, late=True)),

    # Proxies and tunnels
    Case("tunnel_443_to_443", commands(6, CONNECT, encap=TUNNEL),
         commands(7, CONNECT_RESPONSE, encap=TUNNEL), quiet()),
    Case("tunnel_early_data", commands(5, CONNECT, encap=TUNNEL), commands(6),
         commands(7, CONNECT_RESPONSE, encap=TUNNEL), quiet(), finds_no("gap")),
    Case("get_before_connect_on_proxy", quiet(), as_reference(TUNNEL)),
    Case("connect_and_sstp_in_one_segment", commands(4, CONNECT, encap=TUNNEL), decodes(18),
         quiet(), finds_no("gap")),
    Case("proxy_v1_and_connect_in_one_segment", layer("proxy", 4), commands(4, CONNECT),
         as_reference(), finds_no("gap")),
    Case("socks_port_9050", as_reference(SOCKS), decode_as=["tcp.port==9050,socks"]),
    Case("lua_wrapper", layer_everywhere("wrapper"), as_reference(),
         options=("-X", "lua_script:%(folder)s/wrapper.lua")),
    Case("midstream_on_own_port", decodes(77), quiet(), decode_as=["tcp.port==2492,grvsstp"]),

    # Rules
    Case("15_status4_empty_identity", finds("session_status_form", 9),
         lambda seen: [v for v in seen.values("sstp.fanout.active") if v != "4"]),
    Case("15_status1_with_identity", finds("session_status_form", 9)),
    Case("16_nothing", finds("session_status_form", 9),
         lambda seen: [v for v in seen.values("sstp.fanout.active") if v != "4"]),
    Case("fanout_ok", quiet(), finds("response_unfit", 7, "note")),
    Case("fanout_refused_2007",
         in_two_passes(lambda seen: seen[6].commands[0].values("sstp.response_in") != ["7"]),
         lambda seen: seen[7].commands[0].values("sstp.response_to") != ["6"]),
    Case("fragment_number", quiet(), finds("size_mismatch", 8, "note")),
    Case("empty_product_version",
         lambda seen: seen.findings != [(frame, "string_empty", "warning") for frame in (4, 5)]
         and "%r" % seen.findings),

    # What TCP hands over, and in which order
    Case("icmp_quotes_a_segment", as_reference(), not_ours("icmp"), never("sstp.skipped")),
    # One pass cannot know whether what is missing is only late.
    Case("ip_fragment_cut_by_snaplen", quiet(),
         in_two_passes(not_reassembling(finds_no("gap", times=1)))),
    # Commands of a body, of which the capture has the beginning of the request alone.
    Case("po_request_cut_by_snaplen", quiet(), not_ours("tcp")),
    Case("loss_with_reassemble_out_of_order", quiet(), in_two_passes(finds_no("gap", times=1))),
    Case("answer_before_question", as_reference(late=True)),
    Case("openresponse_before_open", as_reference(late=True)),
    Case("one_direction_only", quiet(), nothing_else()),
    # TCP hands on nothing of what was acknowledged before it came, here a Connect in pieces.
    Case("connect_acknowledged_before_it_came", quiet(), in_two_passes(
        lambda seen: [layer.one("sstp.command") for layer in seen.commands] !=
        [CONNECT, CONNECT_RESPONSE])),
    Case("ack_before_data", as_reference(late=True), finds_no("gap")),
    # Since 4.4 TCP takes them for two connections.
    Case("server_syn_after_data",
         not_reassembling(in_two_passes(as_reference(late=True))), quiet(),
         finds_no("gap")),
    Case("server_syn_after_end", as_reference(late=True), finds_no("gap")),
    Case("client_syn_after_end", as_reference(late=True), finds_no("gap")),
    Case("one_big_message"),
]
