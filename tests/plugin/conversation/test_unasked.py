# SPDX-License-Identifier: GPL-2.0-or-later
"""Where nobody asks for an item of ours, commands are not walked; what is found in them is told
all the same, and what others show of them, too."""

import collections
import re

import fault_table
import malformed
from scenario import (CLIENT, PASSES, RELAY, Capture, ScenarioTest, henc, main, sstp, stories)

MIME = (b"MIME-Version: 1.0\r\nContent-Type: text/plain\r\nSubject: a note\r\n\r\n"
        b"plain words\r\n")
WALKED = ["-z", "grvsstp,tree"]


class Unasked(ScenarioTest):
    def capture_of(self, stories_, size=None):
        """Each story on a connection of its own, which ends; with `size`, several commands in a
        segment."""
        capture = Capture(tick=100_000_000)
        for number, story in enumerate(stories_):
            connection = capture.connection(*henc.Place(number).ends(2492))
            stories.play(connection, story, **({"size": size} if size else {"singly": True}))
            connection.fin()
            capture.now += 600 * 10 ** 9
        return self.write(capture)

    def told(self, path, two_pass, *options):
        """The expert notes that a table has of our frames, where no tree is looked at."""
        text = self.ws.tshark(path, "-q", "-z", "expert", *options, two_pass=two_pass)
        return collections.Counter(
            {found.group(2).strip(): int(found.group(1))
             for found in re.finditer(r"^ *(\d+) +\S+ +GRVSSTP +(.*)", text, re.MULTILINE)})

    def listed(self, path, display_filter, two_pass):
        """The frames of the packet list: nothing of ours is in the filter."""
        text = self.ws.tshark(path, "-Y", display_filter, two_pass=two_pass)
        return [int(line.split()[0]) for line in text.splitlines()]

    def check(self, path, label):
        for two_pass, passes in PASSES:
            with self.subTest(label, passes=passes):
                told = self.told(path, two_pass)
                self.assertGreater(sum(told.values()), 0)
                # Who asks for a flow asks for each command.
                self.assertEqual(told, self.told(path, two_pass, *WALKED))
                with_notes = "_ws.expert && tcp.len > 0"
                shown = self.ws.fields(path, ["frame.number"], "-Y", with_notes,
                                       two_pass=two_pass)
                self.assertEqual(self.listed(path, with_notes, two_pass),
                                 [int(row[0][0]) for row in shown])

    def test_faults(self):
        faults = fault_table.faults()
        self.check(self.capture_of([fault.story for fault in faults]), "a command a segment")
        self.check(self.capture_of([fault.story for fault in faults], size=1400), "several")

    def test_bytes(self):
        rows = malformed.rows()
        self.check(self.capture_of([malformed.story(row[1]) for row in rows], size=1400), "bytes")
        self.check(self.capture_of([[(CLIENT, row[1])] for row in malformed.token_rows()]),
                   "tokens")

    def test_unacknowledged(self):
        """Which message nobody acknowledged shows on the second pass alone, of several
        messages in one segment and of those that were acknowledged."""
        messages = [(CLIENT, command) for number in range(3)
                    for command in sstp.message_sequence(0x21, b"abc", user_ref="m%d" % number)]
        story = stories.greeting() + [
            (CLIENT, sstp.open_session(0x21, "res", "id", "dpp:///b")),
            (RELAY, sstp.open_response(0x21, 0))] + messages + [(RELAY, sstp.noop(2))]
        path = self.capture_of([story], size=1400)
        self.assertEqual(sum(self.told(path, False).values()), 0)
        self.assertEqual(sum(self.told(path, True).values()), 1)

    def test_layers(self):
        """Who counts layers has one for each command, as where our fields are asked for."""
        story = stories.greeting() + [
            (CLIENT, sstp.open_session(0x21, "res", "id", "dpp:///b")),
            (RELAY, sstp.open_response(0x21, 0))] + [
                (CLIENT, command) for command in sstp.message_sequence(0x21, b"nothing")]
        path = self.capture_of([story], size=1400)
        counted = [[line.strip() for line in self.ws.tshark(
            path, "-q", "-z", "io,phs" + asked).splitlines() if " grvsstp " in line]
            for asked in ("", ",sstp.command")]
        self.assertGreater(len(counted[0]), 1)
        self.assertEqual(counted[0], counted[1])

    def test_payload(self):
        """A message that is another protocol's is handed over where only that is asked for."""
        story = stories.greeting() + [
            (CLIENT, sstp.open_session(0x21, "res", "id", "dpp:///b")),
            (RELAY, sstp.open_response(0x21, 0))] + [
                (CLIENT, command) for payload in (b"nothing", MIME, b"Message")
                for command in sstp.message_sequence(0x21, payload)]
        path = self.capture_of([story], size=1400)
        for two_pass, passes in PASSES:
            self.assertEqual(len(self.listed(path, "imf.subject == \"a note\"", two_pass)), 1,
                             passes)


if __name__ == "__main__":
    main()
