# SPDX-License-Identifier: GPL-2.0-or-later
"""`--export-objects grvsstp,DIR`: every whole message, byte by byte."""

import os
import random
import re

from statistics_harness import (CARRIERS, PASSES, SIDES, Capture, Place, Plain, StatisticsTest,
                                Story, main, randomly, sstp)

MIME = (b"MIME-Version: 1.0\r\nContent-Type: Multipart/Related;\r\n boundary=x\r\n\r\n"
        b"--x\r\n\r\n<a/>\r\n--x--\r\n")


class ObjectsTest(StatisticsTest):
    def export(self, path, **keywords):
        """{file name: bytes}"""
        folder = self.new_folder()
        self.ws.tshark(path, "-q", "--export-objects", "grvsstp," + folder, **keywords)
        found = {}
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), "rb") as file:
                found[name] = file.read()
        return found

    @staticmethod
    def messages(story):
        """{file name: payload} of every message that has one, from what was sent."""
        numbers, going, whole = {True: 0, False: 0}, {}, {}
        for said in story.said:
            name = said.command.name
            if name not in ("Message", "Data", "EndMessage"):
                continue
            session = said.command.values("sstp.session_id")[0]
            if name == "Message":
                numbers[said.from_client] += 1
                going[session] = (numbers[said.from_client], b"")
            elif name == "Data" and said.command.values("sstp.data"):
                number, payload = going[session]
                payload += bytes.fromhex(said.command.values("sstp.data")[0])
                going[session] = (number, payload)
            elif name == "EndMessage":
                number, payload = going.pop(session)
                if payload:
                    whole["stream-%d-session-%s-%s-message-%d.bin" %
                          (story.stream, session, SIDES[said.from_client], number)] = payload
        return whole

    def story(self, **keywords):
        capture = Capture()
        story = Story(capture, Plain(capture, Place(1), **keywords))
        story.open()
        return capture, story

    def test_every_carrier(self):
        rng = random.Random(5)
        capture = Capture()
        wanted = {}
        for stream, (name, make, _, _) in enumerate(CARRIERS):
            story = Story(capture, make(capture, Place(stream + 1)), name, stream)
            story.open()
            story.greet()
            for _ in randomly(story, rng):
                pass
            story.close()
            wanted.update(self.messages(story))
        path = self.write(capture)
        for two_pass, label in PASSES:
            found = self.export(path, two_pass=two_pass)
            self.assertEqual(sorted(found), sorted(wanted), label)
            self.assertEqual(found, wanted, label)

    def test_mime(self):
        """A MIME header stays with its message and says what it is."""
        rows = ((MIME, "eml"), (MIME[:-5].replace(b"\r\n", b"\n"), "eml"),
                (b"Content-Type: text/plain\r\n\r\n", "eml"),
                (b"Content-Type: text/plain\r\n", "bin"),         # no end of the header
                (b"\r\nContent-Type: text/plain\r\n\r\n", "bin"),  # no header
                (b" Content-Type: text/plain\r\n\r\n", "bin"),
                (b"MIME-Version: 1.0\r\n\r\nContent-Type: text/plain\r\n\r\n", "bin"),
                (b"Content-Type: ../../etc/passwd\0\r\n\r\n", "eml"),
                (b"Content-Type:\r\n\r\n", "bin"), (b"Content-Type: none\r\n\r\n", "bin"),
                (b"X: " + b"y" * 8200 + b"\r\nContent-Type: a/b\r\n\r\n", "bin"),
                (b"Content-Type: " + b"a/" * 5000 + b"\r\n\r\n", "bin"),
                (b"Content-Type: " + b"a/" * 500 + b"\r\n\r\n", "eml"),
                (b"\x00\xff\n\n", "bin"), (b"\n", "bin"), (b":", "bin"), (b": a\n\n", "bin"))
        capture, story = self.story()
        story.greet()
        story.open_session(0x21)
        for payload, _ in rows:
            story.send(0x21, payload)
        found = self.export(self.write(capture))
        self.assertEqual(found, {
            "stream-0-session-0x00000021-initiator-message-%d.%s" % (number, extension): payload
            for number, (payload, extension) in enumerate(rows, 1)})

    def test_empty_messages(self):
        capture, story = self.story()
        story.greet()
        story.open_session(0x21)
        story.send(0x21, b"")
        story.send(0x21, b"not empty")
        self.assertEqual(self.export(self.write(capture)), {
            "stream-0-session-0x00000021-initiator-message-2.bin": b"not empty"})

    def test_late(self):
        """Messages without numbers are named by their frames, the second of one frame by
        tshark's own means."""
        capture, story = self.story(handshake=False)
        story.say(True, *sstp.message_sequence(0x21, b"one"))
        story.say(True, *sstp.message_sequence(0x21, b"two"),
                  *sstp.message_sequence(0x21, b"three"))
        found = self.export(self.write(capture))
        self.assertEqual(sorted(found.values()), [b"one", b"three", b"two"])
        for name in found:
            self.assertRegex(name, r"^stream-0-session-0x00000021-initiator-frame-[12]")

    def test_names_are_ours(self):
        """What the wire says is in no name."""
        capture, story = self.story()
        story.say(True, sstp.connect("../../x", ["/etc/passwd"], version=(1, 6)))
        story.say(False, sstp.connect_response(targets=["../y"], version=(1, 6)))
        story.open_session(0x21, "../../../../tmp/evil|\n\x1b[31m")
        story.send(0x21, b"Content-Type: ../../evil\r\n\r\n", user_ref="../../evil")
        path = self.write(capture)
        for name in self.export(path):
            self.assertTrue(re.fullmatch(r"[a-z0-9-]+\.(eml|bin)", name), name)
        sessions = self.table(path, "sessions")
        self.assertEqual(sessions[0]["ResourceURL"], "../../../../tmp/evil...[31m")

    def test_none(self):
        capture, story = self.story()
        story.greet()
        self.assertEqual(self.export(self.write(capture)), {})


if __name__ == "__main__":
    main()
