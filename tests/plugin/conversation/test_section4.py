# SPDX-License-Identifier: GPL-2.0-or-later
"""Every worked example of MS-GRVSSTP section 4: at every command each field of state and
acknowledgement, in one pass and in two; and the tables of 4.3 row by row."""

import section4_acknowledgement
import section4_sessions
from scenario import PASSES, ScenarioTest, layers_by_row, main


class Section4(ScenarioTest):
    def all_of(self, scenarios, joined):
        for tale in scenarios:
            with self.subTest(tale.name):
                self.check(tale, joined=joined)

    def test_sessions(self):
        """4.1 and 4.2, each command in a frame of its own."""
        self.all_of(section4_sessions.scenarios(), joined=False)

    def test_acknowledgement(self):
        """4.3 and 4.4, likewise."""
        self.all_of(section4_acknowledgement.scenarios(), joined=False)

    def test_many_commands_in_a_frame(self):
        """The same where one side's commands share frames."""
        self.all_of(section4_sessions.scenarios() + section4_acknowledgement.scenarios(),
                    joined=True)


class Tables(ScenarioTest):
    """The OutboundMessageLists of 4.3 and 4.4, from nothing but what is shown: an
    EndMessage enters its frame, sstp.ack.acks takes frames out from the front."""

    def replay(self, tale, capture, frames):
        lists = {}
        after = {}
        for row, layer in layers_by_row(tale, capture, frames):
            mine = lists.setdefault((row.line, row.from_client), [])
            others = lists.setdefault((row.line, not row.from_client), [])
            if row.command.name == "EndMessage":
                mine.append(row.frame)
                self.assertEqual(layer.values("sstp.ack.outstanding"), [str(len(mine))], row)
            acks = layer.values("sstp.ack.acks")
            if acks:
                oldest = [str(capture.number(frame)) for frame in others[:len(acks)]]
                self.assertEqual(acks, oldest, row)
                del others[:len(acks)]
                self.assertEqual(layer.values("sstp.ack.covered"), [str(len(acks))], row)
                self.assertEqual(layer.values("sstp.ack.remaining"), [str(len(others))], row)
            after[row] = {line: [id(frame) for side in (True, False)
                                  for frame in lists.get((line, side), [])]
                           for line in tale.lines}
        return after

    def test_row_by_row(self):
        scenarios = [tale for tale in section4_acknowledgement.scenarios() if tale.tables]
        self.assertGreaterEqual(sum(len(tale.tables) for tale in scenarios), 25)
        for tale in scenarios:
            capture = tale.play()
            path = self.write(capture)
            for two_pass, label in PASSES:
                after = self.replay(tale, capture, self.ws.dissect(path, two_pass=two_pass))
                for number, (row, lists) in enumerate(tale.tables, 1):
                    for line, messages in lists:
                        with self.subTest(tale.name, table=number, line=line.name, passes=label):
                            self.assertEqual(after[row][line],
                                             [id(message.frame) for message in messages])

    def test_totals(self):
        """One connection of 4.3.4 acknowledges for two: the relays' count of 2 becomes
        a 3 and a 1."""
        tale = section4_acknowledgement.multi_client_single_hop()
        capture = tale.play()
        rows = self.ws.fields(self.write(capture), ["sstp.stream", "sstp.message_count",
                                                    "sstp.ack.covered", "sstp.ack.remaining"],
                              "-Y", "sstp.ack.covered > 0")
        self.assertEqual(rows, [[["2"], ["1"], ["1"], ["0"]], [["1"], ["2"], ["2"], ["0"]],
                                [["0"], ["3"], ["3"], ["0"]], [["3"], ["1"], ["1"], ["0"]]])


if __name__ == "__main__":
    main()
