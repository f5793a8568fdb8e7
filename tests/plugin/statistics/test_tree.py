# SPDX-License-Identifier: GPL-2.0-or-later
"""`-z grvsstp,tree`."""

import re
from collections import Counter

from statistics_harness import (CARRIERS, DEVICE, PASSES, RELAY, SIDES, Capture, Place, Plain,
                                StatisticsTest, Story, main, sstp)

CODES = {"ConnectResponse": ("ConnectResponse ids", "sstp.connect.response"),
         "OpenResponse": ("OpenResponse ids", "sstp.open.response"),
         "AttachResponse": ("AttachResponse ids", "sstp.attach.response"),
         "SessionStatus": ("SessionStatus ids", "sstp.session_status"),
         "Close": ("Close reasons", "sstp.close.reason"),
         "ConnectClose": ("ConnectClose reasons", "sstp.connect_close.reason")}
# Of the codes that the story uses (MS-GRVSSTP 2.2).
NAMES = {"sstp.connect.response": {0: "Ok", 6: "AuthenticationFailed"},
         "sstp.open.response": {0: "Ok", 4: "NoResource", 9: "StartSending", 0x0a: "StopSending"},
         "sstp.attach.response": {0: "Ok", 2: "AccountUnknown"},
         "sstp.session_status": {4: "QuotaWouldBeExceeded"},
         "sstp.close.reason": {0: "NoReason", 0x15: "EmptySession"},
         "sstp.connect_close.reason": {0: "NoReason", 1: "Resting", 2: "Idle"}}


class TreeTest(StatisticsTest):
    def tree(self, path, extra="", **keywords):
        """{(branch, ..., leaf): count}"""
        text = self.statistics(path, "grvsstp,tree" + extra, **keywords)
        counts, above = {}, []
        for line in text.splitlines():
            found = re.match(r"( *)(\S.*?)\s{2,}(\d+)\s", line)
            if not found or line.startswith("Topic"):
                continue
            above = above[:len(found.group(1))] + [found.group(2)]
            counts[tuple(above)] = int(found.group(3))
        return counts

    def wanted(self, stories):
        counts = Counter({(branch,): 0 for branch, _ in CODES.values()})
        for story in stories:
            for said in story.said:
                name = said.command.name
                if name.startswith("0x"):
                    name = "unknown command " + name
                counts["Commands",] += 1
                counts["Commands", name] += 1
                counts["Commands", name, "from the " + SIDES[said.from_client]] += 1
                counts["Commands by encapsulation",] += 1
                counts["Commands by encapsulation", story.name] += 1
                if name in CODES:
                    branch, field = CODES[name]
                    code = said.number(field, 16)
                    counts[branch,] += 1
                    counts[branch, NAMES[field].get(code, "unknown value 0x%02x" % code)] += 1
        return dict(counts)

    def test_all_of_it(self):
        capture = Capture()
        stories = []
        for stream, (name, make, _, _) in enumerate(CARRIERS):
            story = Story(capture, make(capture, Place(stream + 1)), name, stream)
            stories.append(story)
            story.open()
            story.greet()
            for session_id in (0x21, 0x80000021):
                story.open_session(session_id)
                story.send(session_id, b"x" * 5000)
            story.say(False, *[sstp.open_response(0x21, code) for code in (0x0a, 0x09, 0x04, 0x66)])
            story.say(True, sstp.fanout_open(0x22, "apphandler", [("i", "d", "r")], minor=6))
            story.say(False, sstp.session_status(0x22, 4, indexes=[0]), sstp.close(0x22, 0x15))
            story.say(True, sstp.attach(0x23, RELAY, "grooveAccount://a"),
                      sstp.attach(0x24, RELAY, "grooveAccount://b"))
            story.say(False, sstp.attach_response(0x23), sstp.attach_response(0x24, 2))
            story.say(True, sstp.raw(0x2a, b"what?"))
            story.say(False, sstp.close(0x21, 0), sstp.close(0x99, 0xee))
            story.say(False, sstp.connect_close(stream % 3, 1))
            story.close()
        story = Story(capture, Plain(capture, Place(50)))
        stories.append(story)
        story.open()
        story.say(True, sstp.connect(RELAY, [DEVICE]))
        story.say(False, sstp.connect_response(6))
        path = self.write(capture)
        for two_pass, label in PASSES:
            self.assertEqual(self.tree(path, two_pass=two_pass), self.wanted(stories), label)
        self.assertEqual(self.tree(path, ",sstp.stream == 4"), self.wanted(stories[4:5]))

    def test_nothing(self):
        capture = Capture()
        capture.connection(server=("198.51.100.1", 9)).send(b"nothing")
        self.assertEqual(set(self.tree(self.write(capture)).values()), {0})


if __name__ == "__main__":
    main()
