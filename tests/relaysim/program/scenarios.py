#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every built-in scenario, played live; and its capture, opened with the plugin: exactly
the findings that the scenario states, and the numbers that the specification prints.

Usage: scenarios.py RELAYSIM FOLDER
Without GRVSSTP_BUILD_DIR, as where the plugin is sanitized, they are only played.
"""
import collections
import concurrent.futures
import glob
import os
import unittest

from played import FOLDER, HAS_PLUGIN, Played, play

FILES = sorted(glob.glob(os.path.join(FOLDER, "*.scn")))
NAMES = [os.path.basename(path)[:-len(".scn")] for path in FILES]
SEEDS = (1, 2, 3)
LATE = ("--fault", "split", "--fault", "delay 10ms")

# Where it is the story itself that bytes come together, or are missing; and where there is
# no Connect by which the plugin would know a connection that begins with half a command.
NOT_LATE = {"2.2.8-aggregated-by-a-relay", "capture-lossy", "capture-out-of-order",
            "3.1.7-connection-dropped", "3.1.5-violations"}
# What has passed when the proxy dies is a matter of time.
NOT_ALIKE = {"transport-proxy-dies"}

# The MessageCounts of the specification's tables, in order of time: who is told and by
# whom, as the last octets of their addresses, the count, how many are left outstanding.
# The first device is 10, the first relay 1.
COUNTS = {
    "4.2.1-device-to-device": [(10, 11, 1, 0)],
    "4.3.1-two-sessions": [(10, 11, 2, 2), (10, 11, 2, 0)],
    "4.3.2-interleaved": [(10, 11, 1, 1), (10, 11, 1, 0)],
    "4.3.3-acks-of-two-relays": [(1, 3, 1, 0), (1, 2, 1, 0), (10, 1, 3, 0)],
    "4.3.4-acks-of-two-clients": [(1, 3, 1, 0), (1, 2, 2, 0), (10, 1, 3, 0), (11, 1, 1, 0)],
    "4.4-flow-control": [(10, 11, 1, 2), (10, 11, 3, 0)],
    "4.4.1-sent-while-blocked": [(10, 11, 1, 1), (10, 11, 2, 0)],
}

# Figure 20, between A and Relay1 and between both relays, from FanoutOpen on.
FIGURE_20 = {
    ("192.0.2.10", "198.51.100.1"): [
        "FanoutOpen s=0x21 apphandler, 4 destinations", "OpenResponse s=0x21 OkStopSending",
        "OpenResponse s=0x21 StartSending", "Message s=0x21", "Data s=0x21", "Data s=0x21",
        "EndMessage s=0x21", "Noop [acks 1]"],
    ("192.0.2.1", "198.51.100.2"): [
        "FanoutOpen s=0x1 apphandler, 2 destinations", "OpenResponse s=0x1 OkStopSending",
        "OpenResponse s=0x1 StartSending", "Message s=0x1", "Data s=0x1", "Data s=0x1",
        "EndMessage s=0x1", "Noop [acks 1]"],
}

# Figures 29 to 31 of [MS-GRVHENC]: who says what to whom, as the last octets of their addresses,
# until both have shaken hands.  The proxy is 7.
TUNNEL = [(10, 7, "Connect"), (7, 1, "Connect"), (1, 7, "ConnectResponse"),
          (7, 10, "ConnectResponse")]
ASKS = "CONNECT server.domain.net:443"
THROUGH_PROXIES = {
    "henc-4.4-secure-tunnel": [(10, 7, ASKS), (7, 10, "200")] + TUNNEL,
    "henc-4.5-socks": [(10, 7, "method 0"), (7, 10, ""),
                       (10, 7, "command 1 server.domain.net 2492"), (7, 10, "result 0")] + TUNNEL,
    "henc-4.6-proxy-ntlm": [(10, 7, ASKS), (7, 10, "407"), (10, 7, ASKS + " ntlm 1"),
                            (7, 10, "407 ntlm 2"), (10, 7, ASKS + " ntlm 3"), (7, 10, "200")]
                           + TUNNEL,
}
# What the example of 4.6 has in every request, but for the name of the program.
FIELDS = ["User-Agent: relaysim", "Proxy-Connection: Keep-Alive", "Pragma: no-cache"]


def declared(path):
    """The words of each declaration of a scenario, by its first one."""
    lines = collections.defaultdict(list)
    with open(path, encoding="utf-8") as file:
        for line in file:
            words = line.split("#")[0].split()
            if words:
                lines[words[0]].append(words[1:])
    return lines


def stated(path):
    """{finding: how often, or None for once or more}"""
    return {words[0]: int(words[1]) if len(words) > 1 else None
            for words in declared(path)["finding"]}


class BuiltIn(Played):
    def test_list(self):
        """Every file is in the program, by name and title."""
        result = play("--list")
        self.check(result)
        titles = [" ".join(declared(path)["title"][0]) for path in FILES]
        stories = result.stdout.split("\n\n")[0].splitlines()  # and one for each finding after them
        self.assertEqual([line.split(None, 1) for line in stories],
                         [list(row) for row in zip(NAMES, titles)])

    def test_section_4(self):
        """Every example of the specification's section 4 has one."""
        for section in ("henc-4.1", "henc-4.2", "henc-4.3", "henc-4.4", "henc-4.5", "henc-4.6",
                        "4.1.1", "4.1.2", "4.1.3", "4.2.1", "4.2.2", "4.2.3", "4.2.4", "4.2.5",
                        "4.2.6", "4.2.6.1", "4.2.6.2", "4.3.1", "4.3.2", "4.3.3", "4.3.4", "4.4",
                        "4.4.1"):
            self.assertTrue([name for name in NAMES if name.startswith(section + "-")], section)

    def test_all(self):
        """Each is played; its capture has exactly the findings that it states, and the
        numbers that the specification prints."""
        played = self.play_all(NAMES)
        for name, path in zip(NAMES, FILES):
            result, capture = played[name]
            with self.subTest(name):
                self.check(result)
                if HAS_PLUGIN:
                    self.check_findings(capture, stated(path), is_repeated=any(
                        words[0] == "proxy-dies" for words in declared(path)["fault"]))
                    self.check_counts(capture, COUNTS.get(name))
        if HAS_PLUGIN:
            self.check_figure_20(played["4.2.6-single-hop"][1])
            self.check_order(played["capture-out-of-order"][1])
            for name, wanted in THROUGH_PROXIES.items():
                with self.subTest(name):
                    self.check_through_proxy(played[name][1], wanted)

    def test_all_together(self):
        """In one capture; on the first pass nothing is found that no scenario states."""
        capture = self.path("together.pcapng")
        self.check(play(*NAMES, "-w", capture))
        if HAS_PLUGIN:
            os.chmod(capture, 0o644)
            wanted = collections.Counter()
            for path in FILES:
                wanted.update({name: num or 1000 for name, num in stated(path).items()})
            found = self.findings(capture, two_pass=False)
            # Whom one story has told to come back later is there again in the next.
            del found["timer"]
            del found["sequence_repeat"]
            self.assertLessEqual(found, wanted)

    def findings(self, capture, two_pass):
        frames = self.ws.dissect(capture, two_pass=two_pass)
        self.assertGreater(sum(len(frame.commands) for frame in frames), 0)
        self.assertFalse([frame.number for frame in frames if frame.is_malformed])
        return collections.Counter(name for frame in frames for name, _ in frame.findings)

    def check_findings(self, capture, wanted, is_repeated):
        """`is_repeated`: who polls may have asked again."""
        found = self.findings(capture, two_pass=True)
        if is_repeated:
            del found["sequence_repeat"]
        self.assertEqual(set(found), set(wanted))
        for name, num in wanted.items():
            self.assertEqual(found[name], num or found[name], name)

    def check_counts(self, capture, wanted):
        if wanted is None:
            return
        rows = self.ws.fields(capture, ["ip.dst", "ip.src", "sstp.ack.covered",
                                        "sstp.ack.remaining"], "-Y", "sstp.ack.covered > 0")
        self.assertEqual([tuple(int(cell[0].split(".")[-1]) for cell in row) for row in rows],
                         wanted)

    def check_order(self, capture):
        """What is out of order is in its place, whether TCP waits for it or not."""
        self.assertTrue(self.ws.fields(capture, ["frame.number"], "-Y",
                                       "tcp.analysis.out_of_order || tcp.analysis.retransmission"))
        waits, does_not = (sorted(
            summary for row in self.ws.fields(
                capture, ["sstp.summary"], "-Y", "sstp.command", two_pass=True,
                preferences=["tcp.reassemble_out_of_order:" + value]) for summary in row[0])
                           for value in ("TRUE", "FALSE"))
        self.assertEqual(waits, does_not)
        self.assertEqual(len([summary for summary in waits if summary.startswith("Data")]), 30)

    def check_figure_20(self, capture):
        streams = commands_by_stream(self.ws, capture)
        for hosts, wanted in FIGURE_20.items():
            told = [summary for _, summary in streams[hosts + (0,)]]
            first = next(i for i, summary in enumerate(told) if summary.startswith("FanoutOpen"))
            self.assertEqual(told[first:first + len(wanted)], wanted)

    def check_through_proxy(self, capture, wanted):
        rows = self.ws.fields(
            capture, ["ip.src", "ip.dst", "http.request.method", "http.request.uri",
                      "http.response.code", "ntlmssp.messagetype", "socks.auth_method",
                      "socks.command", "socks.remote_name", "socks.port", "socks.results",
                      "sstp.summary"], "-Y", "http || socks || sstp.command")
        told = []
        for (source, target, method, uri, status, ntlm, auth, command, name, port, result,
             summary) in rows[:len(wanted)]:
            request = method + uri if method else []  # since 4.4 answers repeat what was asked
            words = request + status + ["ntlm %d" % int(number, 0) for number in ntlm]
            if summary:
                words = summary[0].split()[:1]
            elif command:
                words = ["command", *command, *name, *port]
            else:
                words += ["method " + number for number in auth]
                words += ["result " + number for number in result]
            told.append((int(source[0].split(".")[-1]), int(target[0].split(".")[-1]),
                         " ".join(words)))
        self.assertEqual(told, wanted)
        for row in self.ws.fields(capture, ["http.request.line"], "-Y",
                                  "http.request.method == CONNECT"):
            self.assertEqual([line.replace("\\r\\n", "").strip() for line in row[0]][:3], FIELDS)
        ports = {tuple(cell[0] for cell in row) for row in self.ws.fields(
            capture, ["ip.dst", "tcp.dstport"], "-Y", "tcp.flags.syn == 1 && tcp.flags.ack == 0 && "
            "ip.addr != 192.0.2.11")}
        socks = ASKS not in [what for _, _, what in wanted]
        self.assertEqual(ports, {("198.51.100.7", "1080" if socks else "8080"),
                                 ("198.51.100.1", "2492" if socks else "443")})


def commands_by_stream(ws, capture):
    """{(initiator, acceptor, how many of these hosts' connections came before): [(whether
    from the initiator, summary)]}: connections may begin in another order."""
    rows = ws.fields(capture, ["ip.src", "ip.dst", "tcp.stream", "sstp.from_initiator",
                               "sstp.summary"], "-Y", "sstp.command")
    streams, places, keys = {}, collections.Counter(), {}
    for source, target, tcp, sides, summaries in rows:
        for side, summary in zip(sides, summaries):
            is_initiator = side in ("1", "True")
            hosts = (source[0], target[0]) if is_initiator else (target[0], source[0])
            if tcp[0] not in keys:
                keys[tcp[0]] = hosts + (places[hosts],)
                places[hosts] += 1
            streams.setdefault(keys[tcp[0]], []).append((is_initiator, summary))
    return streams


class Late(Played):
    """Where writes are cut at random and bytes come late, the same is said."""

    def test_same_commands(self):
        """How acknowledgements fall together is a matter of time; only their sum is not."""
        # (Those over HTTP have more TCP connections than SSTP's; carried.py plays them.)
        names = [name for name in NAMES if name not in NOT_LATE | NOT_ALIKE and
                 not name.startswith("henc-")]
        self.compare(names, lambda summary: "Noop" not in summary)

    def test_same_counts(self):
        """Nor is it where the specification prints them."""
        self.compare(sorted(COUNTS), lambda summary: summary != "Noop")

    def compare(self, names, is_told):
        courses = {"no": ()}
        courses.update({seed: LATE + ("--seed", str(seed)) for seed in SEEDS})

        def one(course):
            capture = self.path("%s.pcapng" % course)
            return course, play(*names, *courses[course], "-w", capture), capture
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            played = list(pool.map(one, courses))
        told, segments = {}, {}
        for course, result, capture in played:
            self.check(result)
            if not HAS_PLUGIN:
                continue
            os.chmod(capture, 0o644)
            streams = commands_by_stream(self.ws, capture)
            segments[course] = self.ws.count(capture, "tcp.len > 0")
            told[course] = {(stream, side): [summary for from_initiator, summary in commands
                                             if from_initiator == side and is_told(summary)]
                            for stream, commands in streams.items() for side in (True, False)}
        if not HAS_PLUGIN:
            return
        self.assertGreater(len(told["no"]), 2 * len(names) - 1)
        for seed in SEEDS:
            self.assertGreater(segments[seed], 2 * segments["no"])  # the faults were there
            self.assertEqual(set(told[seed]), set(told["no"]))
            for key in told["no"]:
                with self.subTest(key, seed=seed):
                    self.assertEqual(told[seed][key], told["no"][key])


if __name__ == "__main__":
    unittest.main()
