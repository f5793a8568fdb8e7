# SPDX-License-Identifier: GPL-2.0-or-later
"""What the Info column says of messages and acknowledgements: `EndMessage s=0x21 [#14,
acked in 203]`, `Noop [acks #12-#14]`."""

import section4_acknowledgement
from scenario import (CLIENT, PASSES, RELAY, Scenario, ScenarioTest, henc, main, sstp)
from section4_sessions import APPHANDLER


class InfoColumn(ScenarioTest):
    def story(self, messages=3):
        """A session 0x21 with messages outstanding, and one of the relay's."""
        tale = Scenario("column")
        line = tale.line("A-B")
        line.greet()
        line.opened(CLIENT, 0x21, APPHANDLER)
        line.opened(RELAY, 0x80000000, APPHANDLER)
        ends = [line.message(CLIENT, 0x21, number=n + 1, before=n) for n in range(messages)]
        return tale, line, ends

    def infos(self, path, two_pass):
        """{frame number: text}"""
        return {int(row[0][0]): row[1][0] for row in self.ws.fields(
            path, ["frame.number", "_ws.col.Info"], "-Y", "grvsstp", two_pass=two_pass)}

    def assert_infos(self, tale, wanted, **keywords):
        """wanted: {row: (text on the first pass, text on the second)}"""
        capture = tale.play(**keywords)
        path = self.write(capture)
        for number, (two_pass, label) in enumerate(PASSES):
            shown = self.infos(path, two_pass)
            for row, texts in wanted.items():
                self.assertEqual(shown[capture.number(row.frame)], texts[number],
                                 "%r, %s" % (row, label))
        return capture, path

    def test_message(self):
        """The number at once, the acknowledgement on the second pass; and nothing of it
        beside the Message and the Data."""
        tale, line, ends = self.story(14)
        line.noop(RELAY, 13, acks=ends[:13], remaining=1)
        noop = line.noop(RELAY, 1, acks=ends[13:])
        capture = tale.play()
        acked_in = capture.number(noop.frame)
        begin, data = tale.rows[6:8]
        self.assertEqual((begin.command.name, data.command.name), ("Message", "Data"))
        self.assert_infos(tale, {
            begin: ("Message s=0x21",) * 2, data: ("Data s=0x21",) * 2,
            ends[0]: ("EndMessage s=0x21 [#1]",
                      "EndMessage s=0x21 [#1, acked in %d]" % (acked_in - 1)),
            ends[13]: ("EndMessage s=0x21 [#14]",
                       "EndMessage s=0x21 [#14, acked in %d]" % acked_in)})

    def test_never_acknowledged(self):
        tale, line, ends = self.story(2)
        line.noop(RELAY, 1, acks=ends[:1], remaining=1)
        self.assert_infos(tale, {ends[1]: ("EndMessage s=0x21 [#2]",) * 2})

    def test_counts(self):
        """One, several, and by each command that has a count."""
        tale, line, ends = self.story(15)
        eleven = line.noop(RELAY, 11, acks=ends[:11], remaining=4)
        three = line.noop(RELAY, 3, acks=ends[11:14], remaining=1)
        begin = line.begin(RELAY, 0x80000000, number=1, outstanding=0, count=1, acks=ends[14:],
                           covered=1, remaining=0)
        line.data(RELAY, 0x80000000, number=1)
        back = line.end(RELAY, 0x80000000, number=1, outstanding=1)
        finish = line.finish(count=1, acks=[back])
        capture, _ = self.assert_infos(tale, {
            eleven: ("Noop [acks #1-#11]",) * 2, three: ("Noop [acks #12-#14]",) * 2,
            begin: ("Message s=0x80000000 [acks #15]",) * 2})
        # Each direction has numbers of its own.
        self.assert_infos(tale, {
            back: ("EndMessage s=0x80000000 [#1]",
                   "EndMessage s=0x80000000 [#1, acked in %d]" % capture.number(finish.frame)),
            finish: ("ConnectClose NoReason [acks #1]",) * 2})

    def test_two(self):
        tale, line, ends = self.story(2)
        self.assert_infos(tale, {line.noop(RELAY, 2, acks=ends): ("Noop [acks #1-#2]",) * 2})

    def test_no_count(self):
        tale, line, _ = self.story(0)
        self.assert_infos(tale, {line.noop(RELAY, 0): ("Noop",) * 2})

    def test_excess(self):
        """What is there is named, what is not cannot be."""
        tale, line, ends = self.story(2)
        self.assert_infos(tale, {line.noop(RELAY, 9, acks=ends): ("Noop [acks #1-#2]",) * 2})

    def test_several_in_a_frame(self):
        tale, line, ends = self.story(2)
        noop = line.noop(RELAY, 2, acks=ends)
        capture = tale.play(joined=True)
        frame = capture.number(noop.frame)
        self.assert_infos(tale, {
            ends[1]: ("OpenResponse s=0x80000000 Ok, Message, Data, EndMessage s=0x21 [#1], "
                      "Message, Data, EndMessage s=0x21 [#2]",
                      "OpenResponse s=0x80000000 Ok, Message, Data, EndMessage s=0x21 "
                      "[#1, acked in %d], Message, Data, EndMessage s=0x21 [#2, acked in %d]" %
                      (frame, frame))}, joined=True)

    def test_nothing_that_is_not_known(self):
        """Without the Connect there are no numbers."""
        tale = Scenario("late")
        line = tale.line("A-B")
        rows = [line.noop(RELAY, 2)]
        rows += [line.row(CLIENT, command) for command in sstp.message_sequence(0x21, b"x")]
        rows += [line.noop(RELAY, 1)]
        capture = tale.play(make=lambda *a: henc.Plain(*a, handshake=False))
        path = self.write(capture)
        for two_pass, _ in PASSES:
            for text in self.infos(path, two_pass).values():
                self.assertNotIn("#", text)
                self.assertNotIn("acked in", text)

    def test_summary(self):
        """The summary of the command names no other command: it is the same on both
        passes and for all."""
        path = self.write(section4_acknowledgement.multiple_sessions().play())
        for two_pass, _ in PASSES:
            for (summary,) in self.ws.fields(path, ["sstp.summary"], "-Y",
                                             "sstp.command == 0x0f", two_pass=two_pass):
                self.assertIn(summary, (["EndMessage s=0x1"], ["EndMessage s=0x2"]))

    def test_like_the_fields(self):
        """Everywhere in 4.3 and 4.4 the column says what the fields say."""
        for tale in section4_acknowledgement.scenarios():
            path = self.write(tale.play())
            for two_pass, label in PASSES:
                infos = self.infos(path, two_pass)
                for frame in self.ws.dissect(path, "-Y", "sstp.command == 0x0f",
                                             two_pass=two_pass):
                    layer = frame.commands[0]
                    text = "[#%s" % layer.one("sstp.message.number")
                    if layer.one("sstp.ack.acked_in"):
                        text += ", acked in %s" % layer.one("sstp.ack.acked_in")
                    info = infos[frame.number]
                    self.assertTrue(info.endswith(text + "]"), "%s, %s: %s" % (tale.name, label,
                                                                               info))


if __name__ == "__main__":
    main()
