# SPDX-License-Identifier: GPL-2.0-or-later
"""Connections on which another protocol goes before SSTP, or carries it: each is shown as the
same conversation on a connection of its own, nothing is missed that is there, and whoever
carries it keeps it."""

import harness
import stories
from harness import DissectTest, commands_in
from stories import CLIENT, RELAY, sstp
from told import differences, told_of
from wireshark_test import BAD, PASSES

STORY = stories.conversation(6)
CHUNKS = [(side, data) for side, data, _ in stories.turns(STORY)]
TCP, OVER_443, TUNNEL, SOCKS = "0", "1", "2", "3"

PROXY_MAGIC = b"\r\n\r\n\0\r\nQUIT\n"
# Of a client that is not the balancer: else the PROXY dissector of 4.4 calls itself without end.
PROXY_HEADERS = {
    "1": b"PROXY TCP4 203.0.113.9 198.51.100.1 50123 2492\r\n",
    "1, unknown": b"PROXY UNKNOWN\r\n",
    "2": PROXY_MAGIC + b"\x21\x11\0\x0c\xcb\0\x71\x09\xc6\x33\x64\1\xc3\xcb\x09\xbc",
    "2, with more": PROXY_MAGIC + b"\x21\x11\0\x13\xcb\0\x71\x09\xc6\x33\x64\1\xc3\xcb\x09\xbc"
                                  b"\4\0\4\0\0\0\0",
}
BOUND = b"\5\0\0\1\0\0\0\0\0\0"
SOCKS_HANDSHAKES = {
    "5, address": [(True, b"\5\1\0"), (False, b"\5\0"),
                   (True, b"\5\1\0\1\xc6\x33\x64\1\x09\xbc"), (False, BOUND)],
    "5, name": [(True, b"\5\1\0"), (False, b"\5\0"),
                (True, b"\5\1\0\3\5relay\x01\xbb"), (False, BOUND)],
    "5, password": [(True, b"\5\2\0\2"), (False, b"\5\2"), (True, b"\1\2me\3pwd"),
                    (False, b"\1\0"), (True, b"\5\1\0\3\5relay\x09\xbc"), (False, BOUND)],
    "4": [(True, b"\4\1\x09\xbc\xc6\x33\x64\1me\0"), (False, b"\0\x5a\0\0\0\0\0\0")],
    "4A": [(True, b"\4\1\x01\xbb\0\0\0\1me\0relay\0"), (False, b"\0\x5a\0\0\0\0\0\0")],
}
OK = b"HTTP/1.0 200 Connection established\r\n\r\n"


def connect(target):
    return b"CONNECT %s HTTP/1.0\r\nUser-Agent: x\r\n\r\n" % target


WRAPPER = """
local wrapper = Proto("wrapper", "A length in front of SSTP")
local sstp = Dissector.get("grvsstp")
local function dissect(tvb, pinfo, tree)
    local at = 0
    while at < tvb:len() do
        local len = tvb(at + 2, 2):uint()
        tree:add(wrapper, tvb(at, 4))
        sstp:call(tvb(at + 4, len):tvb(), pinfo, tree)
        at = at + 4 + len
    end
    return tvb:len()
end
wrapper.dissector = dissect
%s
"""
ON_PORT = 'DissectorTable.get("tcp.port"):add(%d, wrapper)'
ON_HEURISTICS = """wrapper:register_heuristic("tcp", function(tvb, pinfo, tree)
    if tvb:len() < 4 or tvb(0, 2):uint() ~= 0xfeed then return false end
    dissect(tvb, pinfo, tree)
    return true
end)"""
FOR_DECODE_AS = 'DissectorTable.get("tcp.port"):add_for_decode_as(wrapper)'


def wrapped(data):
    return b"\xfe\xed" + len(data).to_bytes(2, "big") + data


class HandedOn(DissectTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        capture = harness.new_capture()
        cls.play(capture.connection(), CHUNKS)
        file = capture.write(cls.ws.path("plain.pcapng"))
        cls.plain = {two_pass: told_of(cls.ws.dissect(file, two_pass=two_pass))
                     for two_pass, _ in PASSES}

    @staticmethod
    def play(connection, chunks):
        for from_client, data in chunks:
            connection.send(data, from_client)
        connection.fin()

    def connection(self, capture, port, number=1, **keywords):
        """Each from a port of its own: since 4.6 HTTP keeps what is in a tunnel by the name of its
        end in the place of the client, and takes two clients with the same port for one."""
        return capture.connection(("192.0.%d.%d" % (2 + number // 200, 1 + number % 200),
                                   40001 + number), ("198.51.100.1", port), **keywords)

    def check(self, rows, *options, **keywords):
        """Rows of label, chunks, port, encapsulation, and a protocol that is there, too: in every
        frame with data for "wrapper".  Each is the conversation, without a finding."""
        capture = harness.new_capture()
        for number, (_, chunks, port, _, _) in enumerate(rows):
            self.play(self.connection(capture, port, number), chunks)
        file = self.write(capture)
        for two_pass, passes in PASSES:
            frames = self.ws.dissect(file, *options, two_pass=two_pass, **keywords)
            for number, (label, _, port, encap, layer) in enumerate(rows):
                where = "%s, port %d, %s" % (label, port, passes)
                mine = [f for f in frames if f.tcp_stream is not None and
                        "192.0.%d.%d" % (2 + number // 200, 1 + number % 200) in
                        (f.value("ip.src"), f.value("ip.dst"))]
                self.check_one(where, mine, two_pass, encap, layer)

    def check_one(self, where, frames, two_pass, encap, layer):
        self.assertEqual(differences(self.plain[two_pass], told_of(frames),
                                     without=("sstp.encap",)), [], where)
        found = [f for frame in frames for f in frame.findings if f[0] == "gap" or f[1] in BAD]
        self.assertEqual(found, [], where)
        self.assertEqual({c.one("sstp.encap") for c in commands_in(frames)}, {encap}, where)
        with_layer = [f.number for f in frames if layer and f.has_layer(layer)]
        with_data = [f.number for f in frames if f.value("tcp.len", "0") != "0"]
        if layer == "wrapper":
            self.assertEqual(with_layer, with_data, where)
        elif layer:
            self.assertTrue(with_layer, where)

    def test_proxy_protocol(self):
        rows = []
        for name, header in PROXY_HEADERS.items():
            for port in (2492, 50000, 443):
                encap = OVER_443 if port == 443 else TCP
                # By itself it is TLS's on TLS's port.
                rows.append(("PROXY %s, by itself" % name, [(True, header)] + CHUNKS, port, encap,
                             "proxy" if port != 443 else None))
                first = (True, header + CHUNKS[0][1])
                rows.append(("PROXY %s, with the Connect" % name, [first] + CHUNKS[1:], port, encap,
                             "proxy"))
        self.check(rows)

    def test_socks(self):
        """Told by its handshake, by Decode As, by its port."""
        handshakes = SOCKS_HANDSHAKES.items()
        self.check([("SOCKS " + name, handshake + CHUNKS, port, SOCKS, layer)
                    for name, handshake in handshakes
                    for port, layer in ((9050, None), (50000, None), (1080, "socks"))])
        self.check([("SOCKS " + name, handshake + CHUNKS, 9050, SOCKS, "socks")
                    for name, handshake in handshakes], decode_as=["tcp.port==9050,socks"])

    def test_tunnels(self):
        """Through each kind of proxy port, to each kind of port."""
        get = [(True, b"GET http://www.example.net/ HTTP/1.1\r\nHost: x\r\n\r\n"),
               (False, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")]
        denied = [(True, connect(b"relay:443")),
                  (False, b"HTTP/1.0 407 Who?\r\nContent-Length: 2\r\n\r\nno")]
        inner = [(True, connect(b"relay:443")), (False, OK)]
        at_once = [(True, inner[0][1] + CHUNKS[0][1]), (False, OK)] + CHUNKS[1:]
        stories_of = {"407 first": denied + inner + CHUNKS, "GET before": get + inner + CHUNKS}
        for target in (b"80", b"8080", b"443"):
            outer = [(True, connect(b"proxy:" + target)), (False, OK)]
            label = "CONNECT in CONNECT proxy:%d" % int(target)
            stories_of[label] = outer + inner + CHUNKS
            stories_of[label + ", at once"] = outer + at_once
        rows = []
        for port in (80, 8080, 443, 3128, 45678):
            for target in (443, 2492, 80, 8080, 45678, port):
                asked = (True, connect(b"relay:%d" % target))
                label = "CONNECT relay:%d" % target
                early = [asked, CHUNKS[0], (False, OK)] + CHUNKS[1:]
                at_once = [(True, asked[1] + CHUNKS[0][1]), (False, OK)] + CHUNKS[1:]
                for how, chunks in (("", [asked, (False, OK)] + CHUNKS), (", early", early),
                                    (", at once", at_once)):
                    rows.append((label + how, chunks, port, TUNNEL, "http"))
            rows += [(label, chunks, port, TUNNEL, "http")
                     for label, chunks in stories_of.items()]
        # On other ports HTTP is found by the GET, and gets what is after the CONNECT.
        rows += [("GET before, at once", get + at_once, port, TUNNEL, "http")
                 for port in (80, 8080)]
        self.check(rows)

    def test_answer_without_its_request(self):
        """The CONNECT is not in the capture, and the proxy grants it after the client's first
        command, in a segment of its own, with the answer to that command, and late."""
        capture = harness.new_capture()
        self.play(self.connection(capture, 2492), CHUNKS)
        commands = [c.one("sstp.command") for c in
                    commands_in(self.ws.dissect(self.write(capture), two_pass=True))]
        for port in (8080, 45678, 443):
            for label, chunks, swapped in (
                    ("by itself", [CHUNKS[0], (False, OK)] + CHUNKS[1:], False),
                    ("with the ConnectResponse",
                     [CHUNKS[0], (False, OK + CHUNKS[1][1])] + CHUNKS[2:], False),
                    ("late", [CHUNKS[0], (False, OK)] + CHUNKS[1:], True)):
                capture = harness.new_capture()
                connection = self.connection(capture, port)
                connection.skip(100)
                self.play(connection, chunks)
                if swapped:
                    capture.swap(*[frame for frame in capture.frames if frame.payload][1:3])
                for two_pass, passes in PASSES:
                    where = "%s, port %d, %s" % (label, port, passes)
                    frames = self.ws.dissect(self.write(capture), two_pass=two_pass)
                    self.assertEqual([f for frame in frames for f in frame.findings
                                      if f[1] in BAD], [], where)
                    self.assertEqual([c for frame in frames for c in frame.layers
                                      if c.values("sstp.skipped")], [], where)
                    if two_pass and port == 8080:
                        # HTTP's: what came before the answer could be the body of a request,
                        # and after a late one nothing is known.
                        shown = [c.one("sstp.command") for c in commands_in(frames)]
                        self.assertEqual(commands[len(commands) - len(shown):], shown, where)
                        self.assertGreaterEqual(len(shown), 0 if swapped else len(commands) - 2,
                                                where)
                    elif two_pass:
                        self.assertEqual(differences(self.plain[True], told_of(frames),
                                                     without=("sstp.encap",)), [], where)
                        self.assertEqual({c.one("sstp.encap") for c in commands_in(frames)},
                                         {TUNNEL}, where)

    def test_wrapped(self):
        """Every frame is the wrapper's, however it was registered."""
        small = [(side, data[at:at + 700]) for side, data in CHUNKS
                 for at in range(0, len(data), 700)]
        one = [(side, wrapped(data)) for side, data in small]
        two = [(side, wrapped(data[:len(data) // 2]) + wrapped(data[len(data) // 2:]))
               for side, data in small]
        for name, registration, port, decode_as in (
                ("port", ON_PORT % 7777, 7777, ()), ("own port", ON_PORT % 2492, 2492, ()),
                ("heuristics", ON_HEURISTICS, 7777, ()),
                ("heuristics, own port", ON_HEURISTICS, 2492, ()),
                ("Decode As", FOR_DECODE_AS, 7777, ("tcp.port==7777,wrapper",)),
                ("Decode As, own port", FOR_DECODE_AS, 2492, ("tcp.port==2492,wrapper",))):
            script = self.ws.path("wrapper.lua")
            with open(script, "w", encoding="utf-8") as lua:
                lua.write(WRAPPER % registration)
            self.check([(name, one, port, TCP, "wrapper"),
                        (name + ", two in a segment", two, port, TCP, "wrapper")],
                       "-X", "lua_script:" + script, decode_as=decode_as)

    def test_fin_is_no_byte(self):
        """One side sends after its FIN."""
        def play(connection, chunks):
            for from_client, data in chunks[:4]:
                connection.send(data, from_client)
            connection.segment(True, 0x11)
            connection.next[0] += 1
            for from_client, data in chunks[4:]:
                connection.send(data, from_client)
        capture = harness.new_capture()
        play(self.connection(capture, 2492), CHUNKS)
        for two_pass, _ in PASSES:
            frames = self.ws.dissect(self.write(capture), two_pass=two_pass)
            self.assertEqual(len(commands_in(frames)), len(STORY))
            self.assertNotIn("gap", [f[0] for frame in frames for f in frame.findings])

    def test_keep_alives_without_analysis(self):
        """A byte before the first, and one that came before: nothing of them is ours."""
        def play(connection, chunks):
            for side in (True, False):
                connection.keep_alive(side)
            for number, (from_client, data) in enumerate(chunks):
                connection.send(data, from_client)
                connection.keep_alive(number % 2 == 0)
            connection.fin()
        capture = harness.new_capture()
        play(self.connection(capture, 2492), CHUNKS)
        play(self.connection(capture, 50000), CHUNKS)
        file = self.write(capture)
        for two_pass, _ in PASSES:
            for analysis in ("TRUE", "FALSE"):
                frames = self.ws.dissect(
                    file, two_pass=two_pass,
                    preferences=["tcp.analyze_sequence_numbers:" + analysis])
                self.assertEqual(len(commands_in(frames)), 2 * len(STORY))
                self.assert_quiet(frames, "analysis " + analysis)

    def test_what_is_missing_is_said(self):
        """The same connections without the bytes that ours begins with, or those of its answer."""
        handshake = SOCKS_HANDSHAKES["5, name"]
        for label, chunks, lost in (("Connect", CHUNKS, 0), ("answer", CHUNKS, 1),
                                    ("Connect, SOCKS", handshake + CHUNKS, 4),
                                    ("answer, SOCKS", handshake + CHUNKS, 5)):
            capture = harness.new_capture()
            connection = self.connection(capture, 2492 if chunks is CHUNKS else 50000)
            for number, (from_client, data) in enumerate(chunks):
                frames = connection.send(data, from_client)
                if number == lost:
                    capture.lose(*frames)
            frames = self.ws.dissect(self.write(capture), two_pass=True)
            self.assertIn(("gap", "note"), [f for frame in frames for f in frame.findings], label)
            self.assertEqual([f for frame in frames for f in frame.findings if f[1] in BAD], [])

    def test_decode_as_own_port(self):
        """Decode As to what the port is anyway takes the user's word."""
        story = [(CLIENT, sstp.noop(70000)), (RELAY, sstp.data(9, b"x"))]
        for handshake in (True, False):
            capture = harness.new_capture()
            connection = self.connection(capture, 2492, handshake=handshake)
            for from_client, command in story:
                connection.send(command.data, from_client)
            file = self.write(capture)
            for two_pass, _ in PASSES:
                frames = self.ws.dissect(file, two_pass=two_pass,
                                         decode_as=["tcp.port==2492,grvsstp"])
                self.assert_commands(commands_in(frames), stories.commands_of(story))
            self.assertEqual(self.ws.count(file, "grvsstp", decode_as=["tcp.port==2492,mqtt"]), 0)


if __name__ == "__main__":
    harness.main()
