# SPDX-License-Identifier: GPL-2.0-or-later
"""Whole messages are handed to other dissectors: by ResourceURL, by heuristic, as MIME."""

import harness
from harness import DissectTest, stories

CLIENT, RELAY = stories.CLIENT, stories.RELAY
sstp = stories.sstp

SCRIPT = """
local by_url = Proto("byurl", "By ResourceURL")
local by_heuristic = Proto("byheur", "By heuristic")
for name, proto in pairs{byurl = by_url, byheur = by_heuristic} do
    local text = ProtoField.string(name .. ".text", "Text")
    proto.fields = {text}
    function proto.dissector(tvb, pinfo, tree)
        if tvb:len() > 3 and tvb(0, 4):string() == "FAIL" then
            tvb(tvb:len(), 1):uint() -- beyond the end
        end
        pinfo.cols.protocol = "NOTOURS"
        pinfo.cols.info = "nor this"
        tree:add(proto, tvb()):add(text, tvb())
        return tvb:len()
    end
end
DissectorTable.get("sstp.resource_url"):add("grooveWanDPP", by_url)
by_heuristic:register_heuristic("sstp.payload", function(tvb, pinfo, tree)
    if tvb:len() < 4 or tvb(0, 4):string() ~= "HEUR" then
        return false
    end
    by_heuristic.dissector(tvb, pinfo, tree)
    return true
end)
"""
MIME = (b"MIME-Version: 1.0\r\nContent-Type: text/plain\r\nSubject: a note\r\n\r\n"
        b"plain words\r\n")


def session(session_id, resource, *payloads):
    story = [(CLIENT, sstp.open_session(session_id, resource, "id", "dpp:///b")),
             (RELAY, sstp.open_response(session_id, 0))]
    for payload in payloads:
        story += [(CLIENT, c) for c in sstp.message_sequence(session_id, payload)]
    return story


class Payload(DissectTest):
    def show(self, story, *options, size=None, two_pass=False):
        """[(found by URL, by heuristic, texts of both, subject)] of the frames that end a message."""
        capture = harness.new_capture()
        stories.play(capture.connection(), stories.greeting() + story, size=size)
        script = self.ws.path("payload.lua")
        with open(script, "w", encoding="utf-8") as file:
            file.write(SCRIPT)
        return self.ws.fields(
            self.write(capture),
            ["byurl.text", "byheur.text", "imf.subject", "_ws.col.Protocol", "_ws.col.Info"],
            "-X", "lua_script:" + script, "-Y", "sstp.command == EndMessage", *options,
            two_pass=two_pass)

    def test_by_resource_url(self):
        """Without regard to case, with the whole message, however it was cut."""
        for resource in ("grooveWanDPP", "grooveWANDPP", "GROOVEWANDPP"):
            for size in (None, 50):
                for two_pass in (False, True):
                    rows = self.show(session(0x21, resource, b"abc" * 40), size=size,
                                     two_pass=two_pass)
                    self.assertEqual(rows[0][:3], [["abc" * 40], [], []], (resource, size))
        self.assertEqual(self.show(session(0x21, "grooveWanDP", b"abc"))[0][:3], [[], [], []])

    def test_by_heuristic(self):
        """Where no dissector has the ResourceURL; the table goes first."""
        self.assertEqual(self.show(session(0x21, "other", b"HEURistic"))[0][:3],
                         [[], ["HEURistic"], []])
        self.assertEqual(self.show(session(0x21, "grooveWanDPP", b"HEURistic"))[0][:3],
                         [["HEURistic"], [], []])

    def test_mime(self):
        for size in (None, 40):
            rows = self.show(session(0x21, "other", MIME, b"Content-Typist: no"), size=size)
            self.assertEqual([row[2] for row in rows][-2:] if size else rows[0][2:3],
                             [["a note"], []] if size else [["a note"]])

    def test_columns_stay(self):
        """The columns speak of the commands."""
        for row in self.show(session(0x21, "grooveWanDPP", b"abc")):
            self.assertEqual(row[3], ["GRVSSTP"])
            self.assertIn("EndMessage s=0x21", row[4][0])

    def test_failure_stays_in_the_payload(self):
        """A payload dissector that fails takes nothing of what follows with it."""
        rows = self.show(session(0x21, "grooveWanDPP", b"FAIL", b"fine"))
        self.assertEqual(rows[-1][0], ["fine"])
        self.assertEqual(rows[-1][4][0].count("EndMessage"), 2 if len(rows) == 1 else 1)

    def test_without_a_tree(self):
        """Who counts packets only still calls the dissector of the table."""
        capture = harness.new_capture()
        stories.play(capture.connection(),
                     stories.greeting() + session(0x21, "grooveWanDPP", b"abc"))
        script = self.ws.path("payload.lua")
        with open(script, "w", encoding="utf-8") as file:
            file.write(SCRIPT)
        text = self.ws.tshark(self.write(capture), "-X", "lua_script:" + script, "-q", "-z",
                              "io,phs")
        self.assertIn("byurl", text)

    def test_without_states(self):
        """Without states nobody knows the ResourceURL; heuristics go on."""
        options = ("-o", "grvsstp.follow_states:FALSE")
        self.assertEqual(self.show(session(0x21, "grooveWanDPP", b"abc"), *options)[0][:2],
                         [[], []])
        self.assertEqual(self.show(session(0x21, "other", b"HEUR!"), *options)[0][:2],
                         [[], ["HEUR!"]])


if __name__ == "__main__":
    harness.main()
