# SPDX-License-Identifier: GPL-2.0-or-later
"""`-z conv,grvsstp`, `-z endpoints,grvsstp`, `-z flow,grvsstp` and `-z follow,grvsstp`."""

import random
import re
from collections import Counter

from statistics_harness import (CARRIERS, PASSES, TSHARK, Capture, KeepAlive, Place, Plain,
                                StatisticsTest, Story, Truth, main, randomly, sstp)


def over_every_carrier(seed=1, **keywords):
    rng = random.Random(seed)
    capture = Capture()
    stories = []
    for stream, (name, make, _, _) in enumerate(CARRIERS):
        story = Story(capture, make(capture, Place(stream + 1, **keywords)), name, stream)
        stories.append(story)
        story.open()
        story.greet()
        for _ in randomly(story, rng):
            pass
        story.close()
    return capture, stories


def two_bodies_in_a_frame():
    """KeepAlive: two POSTs of the client in one segment, one command in each."""
    capture = Capture()
    carrier = KeepAlive(capture, Place(1))
    carrier.open()
    carrier.send(True, sstp.connect("grooveDNS://a", ["dpp:///b"]).data)
    carrier.send(False, sstp.connect_response(targets=["grooveDNS://a"]).data)
    carrier.post.send(carrier.post_request(sstp.noop(0).data) +
                      carrier.post_request(sstp.noop(0).data))
    carrier.answer_post()
    carrier.answer_post()
    return capture


class ConversationTest(StatisticsTest):
    def conversations(self, path, **keywords):
        """[(a, b, frames of b, bytes of b or None, frames of a, bytes of a)], of few bytes
        only, for tshark rounds the others."""
        text = self.statistics(path, "conv,grvsstp", **keywords)
        found = []
        for line in text.splitlines():
            match = re.match(r"(\S+)\s+<-> (\S+)\s+(\d+) (\d+) (\S+)\s+(\d+) (\d+) (\S+)", line)
            if match:
                a, b, *counts = match.groups()
                sizes = [int(counts[i + 1]) if counts[i + 2] == "bytes" else None for i in (0, 3)]
                found.append((a.split(":")[0], b.split(":")[0], int(counts[0]), sizes[0],
                              int(counts[3]), sizes[1]))
        return sorted(found, key=str)

    def endpoints(self, path, **keywords):
        """{address: [sent frames, sent bytes, received frames, received bytes]}, summed over
        ports; None for bytes that tshark rounds (4.6)."""
        text = self.statistics(path, "endpoints,grvsstp", **keywords)
        found = {}
        for line in text.splitlines():
            match = re.match(r"([0-9a-f.:]+)\s" + r"\s+(\d+)( bytes| [kM]B|)\b" * 6, line)
            if not match:
                continue
            numbers = [None if unit.endswith("B") else int(number)
                       for number, unit in zip(match.groups()[1::2], match.groups()[2::2])]
            self.assertEqual(numbers[0], numbers[2] + numbers[4], line)
            if None not in numbers:
                self.assertEqual(numbers[1], numbers[3] + numbers[5], line)
            total = found.setdefault(match.group(1), [0] * 4)
            found[match.group(1)] = [None if None in pair else sum(pair)
                                     for pair in zip(total, numbers[2:])]
        return found

    def assert_endpoints(self, shown, wanted, label=""):
        self.assertEqual(set(shown), set(wanted), label)
        for address, numbers in shown.items():
            known = [want if number is None else number
                     for number, want in zip(numbers, wanted[address])]
            self.assertEqual(known, wanted[address], "%s %s" % (label, address))

    @staticmethod
    def counts(stories):
        """What both should say."""
        conversations, endpoints = [], {}
        for story in stories:
            place, frames, size = story.carrier.place, Counter(), Counter()
            for frame, from_client in Truth(story).frames():
                frames[from_client] += 1
                size[from_client] += len(frame.octets)
            conversations.append((place.client, place.server, frames[False],
                                  size[False] if size[False] < 10000 else None,
                                  frames[True], size[True] if size[True] < 10000 else None))
            for address, me in ((place.client, True), (place.server, False)):
                total = endpoints.setdefault(address, [0] * 4)
                endpoints[address] = [total[0] + frames[me], total[1] + size[me],
                                      total[2] + frames[not me], total[3] + size[not me]]
        return sorted(conversations, key=str), endpoints

    def test_every_carrier(self):
        capture, stories = over_every_carrier()
        path = self.write(capture)
        conversations, endpoints = self.counts(stories)
        for two_pass, label in PASSES:
            self.assertEqual(self.conversations(path, two_pass=two_pass), conversations, label)
            self.assert_endpoints(self.endpoints(path, two_pass=two_pass), endpoints, label)

    def test_same_hosts(self):
        """Connections between the same two hosts are lines of their own."""
        capture = Capture()
        stories = []
        for stream, (name, make, _, _) in enumerate(CARRIERS * 2):
            place = Place(stream + 1, client="192.0.2.7")
            stories.append(Story(capture, make(capture, place), name, stream))
            stories[-1].open()
            stories[-1].greet()
            stories[-1].close()
        path = self.write(capture)
        conversations, endpoints = self.counts(stories)
        self.assertEqual(self.conversations(path), conversations)
        self.assert_endpoints(self.endpoints(path), endpoints)

    def test_ipv6(self):
        capture = Capture()
        story = Story(capture, Plain(capture, Place(1, ipv6=True)))
        story.open()
        story.greet()
        path = self.write(capture)
        self.assert_endpoints(self.endpoints(path), self.counts([story])[1])
        self.assertEqual(self.table(path, "connections")[0]["Acceptor"], "[2001:db8:1::1]:2492")

    def test_a_frame_counts_once(self):
        path = self.write(two_bodies_in_a_frame())
        self.assertEqual(self.ws.count(path, "sstp.command == 0x10"), 1)
        self.assertEqual(self.table(path, "connections")[0]["Init. commands"], "3")
        (_, _, received, _, sent, _), = self.conversations(path)
        self.assertEqual((received, sent), (1, 2))
        self.assertEqual(self.endpoints(path)["198.51.100.1"][2], 2)

    def test_filter(self):
        capture, stories = over_every_carrier()
        path = self.write(capture)
        text = self.statistics(path, "conv,grvsstp,sstp.stream==6")
        self.assertEqual(text.count("<->"), 1)
        self.assertIn(stories[6].carrier.place.client, text)


class FlowTest(StatisticsTest):
    def test_arrows(self):
        capture = Capture()
        story = Story(capture, Plain(capture, Place(1)))
        story.open()
        story.greet()
        story.open_session(0x21)
        story.send(0x21, b"x" * 4000, piece=500)
        path = self.write(capture)
        for two_pass, label in PASSES:
            text = self.statistics(path, "flow,grvsstp,standard", two_pass=two_pass)
            labels = [line.split("|")[2].strip() for line in text.splitlines()
                      if re.match(r"\|[0-9.]+\|", line)]
            self.assertEqual(labels[:4], ["Connect", "ConnectResponse", "Open", "OpenResponse"],
                             label)
            self.assertRegex(labels[4], "^Message, [0-9]+ Data", label)
            self.assertIn("(2492)", text, label)
            arrows = [line for line in text.splitlines() if "->" in line or "<-" in line]
            self.assertEqual(["->" in arrow for arrow in arrows[:5]],
                             [True, False, True, False, True], label)
            self.assertIn("SSTP 0: OpenResponse s=0x21 Ok", text, label)

    def test_every_carrier(self):
        capture, stories = over_every_carrier()
        text = self.statistics(self.write(capture), "flow,grvsstp,standard")
        for story in stories:
            comments = [line for line in text.splitlines()
                        if line.split("|")[-1].strip().startswith("SSTP %d:" % story.stream) or
                        ("|SSTP %d: " % story.stream) in line]
            self.assertEqual(len(comments), len(Truth(story).frames()), story.name)

    def test_with_filter(self):
        capture, _ = over_every_carrier()
        text = self.statistics(self.write(capture), "flow,grvsstp,standard,sstp.stream==5")
        self.assertIn("SSTP 5: ", text)
        self.assertNotIn("SSTP 4: ", text)


class FollowTest(StatisticsTest):
    @staticmethod
    def payloads(story):
        """[(from_client, bytes)] of each Data that has any."""
        return [(said.from_client, bytes.fromhex(said.command.values("sstp.data")[0]))
                for said in story.said if said.command.values("sstp.data")]

    def body(self, path, kind, stream, **keywords):
        text = self.statistics(path, "follow,grvsstp,%s,%s" % (kind, stream), **keywords)
        parts = re.split("={60,}\n", text)
        self.assertEqual(len(parts), 3, text[:500])
        head, lines = parts[1].split("Node 0: ")[0], parts[1].split("\n", 4)
        self.assertIn("Filter: sstp.stream eq %s" % stream, head)
        return lines[2][len("Node 0: "):], lines[3][len("Node 1: "):], lines[4]

    def test_raw(self):
        capture, stories = over_every_carrier()
        path = self.write(capture)
        for story in stories:
            for two_pass, label in PASSES:
                with self.subTest(story.name, passes=label):
                    client, server, text = self.body(path, "raw", story.stream, two_pass=two_pass)
                    shown = [(not line.startswith("\t"), bytes.fromhex(line.strip()))
                             for line in text.splitlines()]
                    self.assertEqual(shown, self.payloads(story))
                    self.assertEqual(client.split(":")[0], story.carrier.place.client)
                    self.assertEqual(server.split(":")[0], story.carrier.place.server)

    def test_ascii_and_hex(self):
        capture = Capture()
        story = Story(capture, Plain(capture, Place(1)))
        story.open()
        story.greet()
        story.open_session(0x21)
        story.open_session(0x80000021)
        story.send(0x21, b"from the client")
        story.send(0x80000021, b"from the server\x01")
        path = self.write(capture)
        client, server, text = self.body(path, "ascii", 0)
        self.assertEqual(text, "15\nfrom the client\n\t16\nfrom the server.\n")
        self.assertEqual((client.split(":")[0], server), ("10.1.0.2", "198.51.100.1:2492"))
        _, _, text = self.body(path, "hex", 0)
        self.assertEqual([" ".join(line.split()[:4]) for line in text.splitlines()],
                         ["00000000 66 72 6f", "00000000 66 72 6f"])
        self.assertEqual([line.startswith("\t") for line in text.splitlines()], [False, True])

    def test_server_first(self):
        """Node 0 is who opened the connection, whoever sent data first."""
        capture = Capture()
        story = Story(capture, Plain(capture, Place(1)))
        story.open()
        story.greet()
        story.open_session(0x80000021)
        story.send(0x80000021, b"only the server")
        client, _, text = self.body(self.write(capture), "ascii", 0)
        self.assertEqual(client.split(":")[0], "10.1.0.2")
        self.assertEqual(text, "\t15\nonly the server\n")

    def test_by_addresses(self):
        capture = Capture()
        story = Story(capture, Plain(capture, Place(1)))
        story.open()
        story.greet()
        story.open_session(0x21)
        story.send(0x21, b"found")
        text = self.statistics(self.write(capture), "follow,grvsstp,ascii,198.51.100.1:2492,"
                               "10.1.0.2:%d" % story.carrier.place.port)
        self.assertIn("\n5\nfound\n", text)

    def test_no_such_stream(self):
        capture, _ = over_every_carrier()
        text = self.statistics(self.write(capture), "follow,grvsstp,ascii,99")
        self.assertTrue(text.strip().splitlines()[-2].startswith("Node 1: :0"), text)


class ListedTest(StatisticsTest):
    def test_all_are_offered(self):
        done = self.ws.run([TSHARK, "-z", "help"], check=False)
        listed = (done.stdout + done.stderr).split()
        for name in ("grvsstp,tree", "grvsstp,connections", "grvsstp,sessions", "grvsstp,acks",
                     "grvsstp,journeys", "grvsstp,selfcheck", "conv,grvsstp", "endpoints,grvsstp",
                     "follow,grvsstp",
                     "flow,grvsstp", "flow,grvsstp_journeys"):
            self.assertIn(name, listed)


if __name__ == "__main__":
    main()
