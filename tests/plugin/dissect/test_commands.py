# SPDX-License-Identifier: GPL-2.0-or-later
"""Every command and every field, against the encoder and against golden files.

The golden files in golden/ hold all that the plugin shows of a few captures, its
generated fields and Info column included; what the encoder knows, it is asked
for too, so that no wrong value can settle in a golden file.

    python3 test_commands.py --update        writes the golden files anew
"""

import json
import os
import re
import sys

import harness
import malformed
from harness import DissectTest, commands_in, stories

# Fields of later layers, which have tests of their own: they depend on more than
# the command they are shown on.
OTHER_LAYERS = ("sstp.connection.", "sstp.session.", "sstp.ack.", "sstp.encap",
                "sstp.response_", "sstp.message.number", "sstp.message.ack_time",
                "sstp.fanout.active", "sstp.journey", "sstp.expert.")
# Known only when a later frame has been seen: absent in one pass.
FORWARD = ("sstp.command.reassembled_in", "sstp.message.reassembled_in", "sstp.response_in",
           "sstp.ack.acked_in", "sstp.message.ack_time")


def play_all(story_list, **keywords):
    """One capture with a connection for each story."""
    capture = harness.new_capture()
    for number, story in enumerate(story_list):
        connection = capture.connection(harness.client_address(number))
        stories.play(connection, story, **keywords)
        connection.fin()
        capture.now += 3600 * 10 ** 9  # for who was told to stay away
    return capture


def captures():
    """{name: (capture, [story])}: what the golden files are made from."""
    table = {
        "published": [stories.published()],
        "conversation-1.6": [stories.conversation(6)],
        "conversation-1.5": [stories.conversation(5)],
        "refusals": stories.refusals(),
        "messages": [stories.messages()],
    }
    return {name: (play_all(story_list), story_list) for name, story_list in table.items()}


def malformed_captures():
    return {
        "malformed": play_all([malformed.story(row[1]) for row in malformed.rows()],
                              singly=True),
        "tokens": play_all([[(stories.CLIENT, row[1])] for row in malformed.token_rows()]),
    }


def golden_of(frames, infos):
    """What a golden file says of a capture: our frames, their Info, our layers."""
    result = []
    for frame, (protocol, info) in zip(frames, infos):
        if not frame.ours:
            continue
        layers = []
        for layer in frame.ours:
            entry = {name: values for name, values in layer.grouped().items()
                     if not name.startswith(OTHER_LAYERS)}
            entry["expert"] = ["%s (%s)" % (name[len("sstp.expert."):], severity)
                               for name, severity in layer.experts]
            layers.append(entry)
        result.append({"frame": frame.number, "protocol": protocol, "info": info,
                       "layers": layers})
    return result


def without_forward_links(golden):
    return [{**frame, "info": re.sub(r", acked in \d+", "", frame["info"]), "layers": [{name: values for name, values in layer.items()
                                  if name not in FORWARD} for layer in frame["layers"]]}
            for frame in golden]


def golden_path(name):
    return os.path.join(harness.HERE, "golden", name + ".json")


class Commands(DissectTest):
    def test_against_the_encoder(self):
        """Field by field, in one pass and in two, a turn in a segment and cut small."""
        for name, (_, story_list) in captures().items():
            for size in (None, 100):
                file = self.write(play_all(story_list, size=size))
                for two_pass in (False, True):
                    label = "%s, segments of %s%s" % (name, size, ", -2" if two_pass else "")
                    frames = self.ws.dissect(file, two_pass=two_pass)
                    for number, story in enumerate(story_list):
                        mine = self.stream_of(frames, number)
                        self.assert_commands(commands_in(mine), stories.commands_of(story), label)
                        # The published Noop was printed by itself.
                        allowed = [("ack_excess", "warning")] if name == "published" else []
                        self.assertEqual([f for frame in mine for f in frame.findings], allowed,
                                         label)
                        self.assertFalse(any(frame.is_malformed for frame in mine), label)

    def test_places(self):
        """Every field lies where its bytes are: command by command without a hole."""
        file = self.write(play_all([stories.conversation(6)], singly=True))
        for layer in commands_in(self.ws.dissect(file)):
            places = {name: (pos, size) for name, pos, size in layer.places}
            start, _ = places["sstp.command"]
            length = int(layer.one("sstp.command.length"))
            covered = set()
            for name, pos, size in layer.places:
                if name.startswith("sstp.") and name != "sstp.message.payload":
                    self.assertLessEqual(pos + size, start + length, name)
                    covered.update(range(pos, pos + size))
            self.assertEqual(covered, set(range(start, start + length)),
                             layer.one("sstp.summary"))

    def test_generated_fields(self):
        story = stories.conversation(6)
        file = self.write(play_all([story, story]))
        for number in (0, 1):
            layers = commands_in(self.stream_of(self.ws.dissect(file), number))
            for layer, (from_client, command) in zip(layers, story):
                self.assertEqual(layer.one("sstp.stream"), str(number))
                self.assertEqual(layer.one("sstp.from_initiator"), "1" if from_client else "0")
                summary = layer.one("sstp.summary")
                self.assertEqual(summary.split(" ")[0], command.name)
                ids = command.values("sstp.session_id") + command.values("sstp.event_id")
                if ids:
                    self.assertEqual(summary.split(" ")[1], "s=0x%x" % int(ids[0], 16))

    def test_security_message_names(self):
        layers = commands_in(self.ws.dissect(self.write(play_all([stories.conversation(6)]))))
        named = [(layer.one("sstp.command"), layer.one("sstp.sec.name")) for layer in layers
                 if layer.values("sstp.sec.message")]
        self.assertEqual(named[:6], [
            ("0x01", "SecConnect"), ("0x02", "SecConnectResponse"),
            ("0x03", "SecConnectAuthenticate"), ("0x08", "SecAttach"),
            ("0x09", "SecAttachResponse"), ("0x0a", "SecAttachAuthenticate")])

    def test_payload(self):
        """The whole message at EndMessage, and the frames it came in."""
        story = stories.conversation(6)
        file = self.write(play_all([story]))
        for two_pass in (False, True):
            frames = self.ws.dissect(file, two_pass=two_pass)
            layers = commands_in(frames)
            sent, payload = [], b""
            for _, command in story:
                if command.name == "Message":
                    payload = b""
                elif command.name == "Data":
                    payload += command.data[7:]
                elif command.name == "EndMessage":
                    sent.append(payload)
            ends = [layer for layer in layers if layer.one("sstp.command") == "0x0f"]
            self.assertEqual([layer.one("sstp.message.length") for layer in ends],
                             [str(len(p)) for p in sent])
            self.assertEqual([layer.values("sstp.message.payload") for layer in ends],
                             [[p.hex()] if p else [] for p in sent])
            first = next(f for f in frames if f.commands and
                         f.commands[-1].one("sstp.command") == "0x0f")
            data = [f.number for f in frames if f.number <= first.number and any(
                layer.one("sstp.command") == "0x0e" for layer in f.commands)]
            self.assertEqual(first.commands[-1].values("sstp.message.segment"),
                             [str(n) for n in data])
            forward = [layer.one("sstp.message.reassembled_in") for layer in layers
                       if layer.one("sstp.command") in ("0x0d", "0x0e")]
            if two_pass:
                self.assertNotIn(None, forward)
                self.assertEqual(forward[0], str(first.number))


class Golden(DissectTest):
    def all_captures(self):
        table = {name: capture for name, (capture, _) in captures().items()}
        table.update(malformed_captures())
        return table

    def test_golden(self):
        for name, capture in self.all_captures().items():
            with open(golden_path(name), encoding="utf-8") as file:
                golden = json.load(file)
            path = self.write(capture)
            for two_pass in (False, True):
                frames = self.ws.dissect(path, two_pass=two_pass)
                self.assertFalse(any(frame.is_malformed for frame in frames), name)
                seen = golden_of(frames, self.ws.info(path, two_pass=two_pass))
                wanted = golden if two_pass else without_forward_links(golden)
                seen = seen if two_pass else without_forward_links(seen)
                self.assertEqual(len(seen), len(wanted), name)
                for ours, theirs in zip(seen, wanted):
                    self.assertEqual(ours, theirs, "%s, -2: %r" % (name, two_pass))

    def update(self):
        for name, capture in self.all_captures().items():
            path = self.write(capture)
            golden = golden_of(self.ws.dissect(path, two_pass=True),
                               self.ws.info(path, two_pass=True))
            with open(golden_path(name), "w", encoding="utf-8") as file:
                json.dump(golden, file, indent=1, ensure_ascii=False)
                file.write("\n")
            print("wrote %s: %d frames" % (golden_path(name), len(golden)))


if __name__ == "__main__":
    if sys.argv[1:] == ["--update"]:
        Golden.setUpClass()
        try:
            Golden().update()
        finally:
            Golden.tearDownClass()
    else:
        harness.main()
