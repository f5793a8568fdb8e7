# SPDX-License-Identifier: GPL-2.0-or-later
"""How a connection is recognised: port, heuristic, Decode As, preference."""

import harness
from harness import DissectTest, commands_in, stories
from stories import CLIENT, RELAY, sstp

STORY = stories.conversation(6)


class Ports(DissectTest):
    def capture_on(self, client_port, server_port, story=STORY, **keywords):
        capture = harness.new_capture()
        play = {key: keywords.pop(key) for key in ("size", "singly", "cut") if key in keywords}
        connection = capture.connection(client=("192.0.2.1", client_port),
                                        server=("198.51.100.1", server_port), **keywords)
        stories.play(connection, story, **play)
        return self.write(capture)

    def assert_decoded(self, file, story=STORY, label="", **keywords):
        frames = self.ws.dissect(file, **keywords)
        self.assert_commands(commands_in(frames), stories.commands_of(story), label)
        for layer, (from_client, _) in zip(commands_in(frames), story):
            self.assertEqual(layer.one("sstp.from_initiator"), "1" if from_client else "0", label)
        self.assert_quiet(frames, label)

    def test_any_port(self):
        """The port, and any other by heuristic, with SYN and without."""
        for ports in ((49152, 2492), (2492, 49152), (49152, 50000), (50000, 4000), (40123, 8443),
                      (40123, 1234)):
            for handshake in (True, False):
                file = self.capture_on(*ports, handshake=handshake)
                self.assert_decoded(file, label="%r, SYN %r" % (ports, handshake))

    def test_first_segments_small(self):
        """A Connect that comes in drops, with the SYN in the capture."""
        long = stories.greeting() + [(CLIENT, sstp.noop(0)), (RELAY, sstp.noop(0))]
        for server_port, story in ((2492, stories.short_conversation()), (2492, long),
                                   (50000, long)):
            for size in range(1, 30):
                file = self.capture_on(49152, server_port, size=size, story=story)
                self.assert_decoded(file, story, "port %d, size %d" % (server_port, size))

    def test_begun_anywhere(self):
        """Without SYN, from each command of the conversation on, on our port: at the
        latest the second command tells."""
        capture = harness.new_capture()
        for start in range(len(STORY)):
            stories.play(capture.connection(harness.client_address(start), handshake=False),
                         STORY[start:], singly=True)
        frames = self.ws.dissect(self.write(capture))
        for start in range(len(STORY) - 2):
            shown = [layer.one("sstp.command") for layer in
                     commands_in(self.stream_of(frames, start))]
            sent = ["0x%02x" % c.data[0] for _, c in STORY[start:]]
            self.assertIn(shown, (sent, sent[1:]), "from command %d" % start)

    def test_same_ends_again(self):
        """Connections of the same ends one after the other, and of others of which the ports
        have the same sum in between: each is one of its own, whichever pass asks for it."""
        capture = harness.new_capture()
        ends = [(49152, 2492), (49152, 2492), (49151, 2493), (49152, 2492), (2493, 49151)]
        for number, (client_port, server_port) in enumerate(ends):
            isn = 1000000 * (1 + number)
            connection = capture.connection(client=("192.0.2.1", client_port),
                                            server=("198.51.100.1", server_port),
                                            client_isn=isn, server_isn=2 * isn)
            stories.play(connection, STORY)
            connection.fin()
            connection.fin(False)
        file = self.write(capture)
        for options in ([], ["-2"]):
            frames = self.ws.dissect(file, *options)
            for stream in range(len(ends)):
                layers = commands_in(self.stream_of(frames, stream))
                self.assert_commands(layers, stories.commands_of(STORY), "stream %d" % stream)
            self.assert_quiet(frames)

    def test_decode_as(self):
        """Decode As takes the user's word, even for one lonely Noop."""
        story = [(CLIENT, sstp.noop(70000)), (RELAY, sstp.data(9, b"x"))]
        file = self.capture_on(49152, 50000, story, handshake=False)
        self.assertEqual(self.ws.count(file, "grvsstp"), 0)
        frames = self.ws.dissect(file, decode_as=["tcp.port==50000,grvsstp"])
        self.assert_commands(commands_in(frames), stories.commands_of(story))
        # And the other way: what the user wants as something else is not ours.
        file = self.capture_on(49152, 2492)
        self.assertEqual(self.ws.count(file, "grvsstp", decode_as=["tcp.port==2492,echo"]), 0)

    def test_decided_out_of_order(self):
        """The user's word holds as well of what TCP hands to nobody: a Connect after its answer."""
        capture = harness.new_capture()
        for port in (2492, 50000):
            connection = capture.connection(server=("198.51.100.1", port))
            frames = stories.play(connection, STORY, singly=True)
            capture.swap(*frames[:2])
        file = self.write(capture)
        for two_pass in (False, True):
            self.assertGreater(self.ws.count(file, "grvsstp", two_pass=two_pass), 20)
            rules = ["tcp.port==2492,echo", "tcp.port==50000,echo"]
            self.assertEqual(self.ws.count(file, "grvsstp", two_pass=two_pass, decode_as=rules), 0)

    def test_lua_takes_our_port(self):
        """A user's Lua that owns the port in Wireshark's table has every byte of it."""
        script = self.ws.path("owner.lua")
        with open(script, "w", encoding="utf-8") as lua:
            lua.write('local p = Proto("owner", "Owner of 2492")\n'
                      "function p.dissector(tvb, pinfo, tree)\n"
                      "    tree:add(p, tvb())\n"
                      "    return tvb:len()\n"
                      "end\n"
                      'DissectorTable.get("tcp.port"):add(2492, p)\n')
        for handshake in (True, False):
            file = self.capture_on(49152, 2492, handshake=handshake)
            for two_pass in (False, True):
                frames = self.ws.dissect(file, "-X", "lua_script:" + script, two_pass=two_pass)
                self.assertEqual(commands_in(frames), [])
                with_data = [frame for frame in frames if frame.value("tcp.len", "0") != "0"]
                self.assertGreater(len(with_data), 10)
                self.assertEqual([f.number for f in frames if f.has_layer("owner")],
                                 [f.number for f in with_data])

    def test_port_preference(self):
        story = stories.greeting() + [(CLIENT, sstp.noop(0))] * 3
        file = self.capture_on(49152, 50001, story)
        heuristic_off = ["--disable-heuristic", "grvsstp_tcp"]
        self.assertEqual(len(commands_in(self.ws.dissect(file, *heuristic_off))), 0)
        frames = self.ws.dissect(file, *heuristic_off,
                                 preferences=["grvsstp.tcp.port:2492,50001"])
        self.assert_commands(commands_in(frames), stories.commands_of(story))

    def test_listed(self):
        """Where users look: Decode As tables and the list of heuristics."""
        self.assertIn("tcp.port\t2492\tgrvsstp", self.ws.run([harness.TSHARK, "-G", "decodes"]))
        self.assertIn("tcp\tgrvsstp\tT", self.ws.run([harness.TSHARK, "-G", "heuristic-decodes"]))


if __name__ == "__main__":
    harness.main()
