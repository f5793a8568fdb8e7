# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures that lack something: what can be known is decoded, and nobody is accused
of what the capture did."""

import random

from encap_harness import BAD, PASSES, EncapTest, Run, chunks_of, main, stories
import cutting
import henc_encoder as henc
from capture import Capture
from henc_encoder import Place

SHORT = stories.short_conversation()
CHUNKS = chunks_of(SHORT)
KINDS = [
    ("TCP", henc.Plain, {}), ("443", henc.Plain, dict(port=443)), ("tunnel", henc.Tunnel, {}),
    ("SOCKS", henc.Socks, {}), ("LongLived", henc.LongLived, {}), ("KeepAlive", henc.KeepAlive, {}),
    ("Polling", henc.Polling, {}),
    ("LongLived proxy", henc.LongLived, dict(port=8080, proxy=True)),
    ("KeepAlive proxy", henc.KeepAlive, dict(port=8080, proxy=True)),
    ("Polling proxy", henc.Polling, dict(port=8080, proxy=True))]
HTTP_KINDS = [row for row in KINDS if issubclass(row[1], (henc.Halves, henc.Polling))]
# What a capture may rightly be told to lack; never a warning about the peers.
LACKING = {"missing_half", "sequence_gap"}


def ids(commands):
    return ["0x%02x" % command.data[0] for command in commands]


def side_of(story, from_client):
    return [command for side, command in story if side == from_client]


WHOLE = PASSES[-1][1]  # one pass does not know yet what is late, and what is lost

class Damage(EncapTest):
    def shown_ids(self, shown, from_client=None):
        layers = [layer for number in sorted(shown) for layer in shown[number].commands]
        flag = {True: "1", False: "0"}
        return [layer.one("sstp.command") for layer in layers if from_client is None or
                layer.one("sstp.from_initiator") == flag[from_client]]

    def assert_no_accusation(self, shown, label, allowed=LACKING):
        found = [(number, finding) for number, frame in shown.items() for finding in frame.findings
                 if finding[1] in BAD and finding[0] not in allowed]
        self.assertEqual(found, [], label)
        malformed = [number for number, frame in shown.items()
                     if frame.is_malformed and frame.layers]
        self.assertEqual(malformed, [], label)

    def each_pass(self, capture, preferences=(), **keywords):
        path = self.write(capture, **keywords)
        for two_pass, label in PASSES:
            yield self.shown(path, two_pass, preferences), label

    def parts(self, capture, parts):
        """What is shown of each (label, first frame) of one capture, in both passes."""
        ends = [first for _, first in parts[1:]] + [len(capture.frames) + 1]
        for shown, which in self.each_pass(capture):
            for (label, first), end in zip(parts, ends):
                yield label, "%r, %s" % (label, which), {
                    number: frame for number, frame in shown.items() if first <= number < end}

    # -- TCP's own trouble -------------------------------------------------

    def test_retransmissions(self):
        """Every third data frame is seen twice: nothing changes."""
        run = Run()
        for number, (label, kind, ways) in enumerate(KINDS):
            run.add(label, kind(run.capture, Place(number), **ways), CHUNKS, SHORT)
        originals = [frame for frame in run.capture.frames if frame.payload][::3]
        firsts = [run.capture.frames[case.first - 1] for case in run.cases]
        for frame in originals:
            run.capture.repeat(frame)
        for case, frame in zip(run.cases, firsts):
            case.first = run.capture.number(frame)
        self.assert_equal_to(run)

    def test_rst_instead_of_fin(self):
        run = Run()
        for number, (label, kind, ways) in enumerate(KINDS):
            run.add(label, kind(run.capture, Place(number), end="rst", **ways), CHUNKS, SHORT)
        self.assert_equal_to(run)

    def test_acknowledgements_between(self):
        run = Run()
        for number, (label, kind, ways) in enumerate(KINDS):
            carrier = kind(run.capture, Place(number), acks=True,
                           cuts=cutting.random_cuts(random.Random(number), 60), **ways)
            run.add(label, carrier, CHUNKS, SHORT)
        self.assert_equal_to(run)

    def swapped(self):
        """In every message cut in several segments, two neighbours change places."""
        run = Run()
        swaps = []
        for number, (label, kind, ways) in enumerate(KINDS):
            carrier = kind(run.capture, Place(number), cuts=lambda _, m: range(20, len(m), 20),
                           **ways)
            run.add(label, carrier, CHUNKS, SHORT)
            for sent in carrier.log:
                if len(sent.frames) > 3 and sent.what not in ("connect", "connected"):
                    swaps.append((sent.frames[1], sent.frames[2]))
        for one, other in swaps:
            run.capture.swap(one, other)
        self.assertGreater(len(swaps), 20)
        return run

    def test_reordered_and_tcp_put_in_order(self):
        self.assert_equal_to(self.swapped(), preferences=["tcp.reassemble_out_of_order:TRUE"])

    def test_reordered_and_left_so(self):
        """TCP's default: bytes seem lost; nobody is accused, and most is found again."""
        run = self.swapped()
        for shown, label in self.each_pass(run.capture):
            self.assert_no_accusation(shown, label)
            # Of HTTP nothing: a head whose own segments are swapped Wireshark's HTTP takes first.
            if label == WHOLE:
                self.assertGreater(len(self.shown_ids(shown)),
                                   len(SHORT) * (len(KINDS) - len(HTTP_KINDS)) // 2)

    # -- captures that begin late or lack a part ----------------------------

    @staticmethod
    def late(capture, carrier, skipped):
        """A conversation whose first `skipped` chunks, and all before, were not seen."""
        first = len(capture.frames)
        carrier.open()
        for side, data in CHUNKS[:skipped]:
            carrier.send(side, data)
        del capture.frames[first:]
        for side, data in CHUNKS[skipped:]:
            carrier.send(side, data)
        carrier.close()

    def late_ones(self, kinds, skips):
        capture, parts = Capture(), []
        for label, kind, ways in kinds:
            for skipped in skips:
                parts.append(((label, kind, skipped), len(capture.frames) + 1))
                self.late(capture, kind(capture, Place(len(parts)), **ways), skipped)
        return capture, parts

    def test_capture_begins_late(self):
        for _, which, shown in self.parts(*self.late_ones(KINDS, (1, 2, 5, 6))):
            self.assert_no_accusation(shown, which)

    def test_bodies_tell_who_they_are(self):
        """KeepAlive and Polling name their connection in every request: all commands
        behind the first chunk seen are decoded, with the encapsulation known, but for
        the answer to KeepAlive's GET before, which names nothing."""
        kinds = [row for row in HTTP_KINDS if row[1] is not henc.LongLived]
        for (_, kind, skipped), which, shown in self.parts(*self.late_ones(kinds, (2, 6))):
            turns = stories.turns(SHORT)[skipped:]
            if kind is henc.KeepAlive:
                turns.remove(next(turn for turn in turns if not turn[0]))
            wanted = ids([command for _, _, commands in turns for command in commands])
            if which.endswith(WHOLE):
                self.assertEqual(sorted(self.shown_ids(shown)), sorted(wanted), which)
            self.assertEqual({layer.one("sstp.encap") for frame in shown.values()
                              for layer in frame.commands}, {str(kind.encap)}, which)

    def test_without_the_syns(self):
        """On their usual ports the encapsulations are known without a SYN."""
        run = Run()
        for number, (label, kind, ways) in enumerate(KINDS):
            run.add(label, kind(run.capture, Place(number), handshake=False, **ways), CHUNKS,
                    SHORT)
        self.assert_equal_to(run)

    def test_unknown_ports_with_the_syns(self):
        run = Run()
        for number, (label, kind, ways) in enumerate(HTTP_KINDS):
            carrier = kind(run.capture, Place(number), **dict(ways, port=45678))
            run.add(label, carrier, CHUNKS, SHORT)
        self.assert_equal_to(run)

    def test_one_direction_only(self):
        """The capture point sees what the client sends, and no answer."""
        capture, parts = Capture(), []
        for label, kind, ways in KINDS:
            if kind in (henc.Tunnel, henc.Socks):
                continue  # Wireshark cannot know that the tunnel stands
            place = Place(len(parts))
            parts.append((label, len(capture.frames) + 1))
            henc.play(kind(capture, place, **ways), CHUNKS)
            client = bytes(int(part) for part in place.client.split("."))
            capture.frames = capture.frames[:parts[-1][1] - 1] + [
                f for f in capture.frames[parts[-1][1] - 1:] if f.octets[26:30] == client]
        for _, which, shown in self.parts(capture, parts):
            self.assert_no_accusation(shown, which, LACKING)
            if which.endswith(WHOLE):
                self.assertEqual(self.shown_ids(shown, True), ids(side_of(SHORT, True)), which)

    def test_a_lost_frame_anywhere(self):
        """Each data frame lost in turn: nobody but the capture is blamed."""
        for label, kind, ways in HTTP_KINDS[:3]:
            whole = Capture()
            henc.play(kind(whole, Place(1), **ways), CHUNKS)
            with_data = [n for n, frame in enumerate(whole.frames) if frame.payload]
            run, firsts = Capture(), []
            for number, lost in enumerate(with_data):
                carrier = kind(run, Place(number), **ways)
                firsts.append(len(run.frames))
                henc.play(carrier, CHUNKS)
                del run.frames[firsts[-1] + lost]
            with self.subTest(label):
                for shown, which in self.each_pass(run):
                    self.assert_no_accusation(shown, which, LACKING)
                    if which == WHOLE:
                        self.assertGreater(len(self.shown_ids(shown)),
                                           len(with_data) * len(SHORT) // 2)

    # -- what Wireshark's own HTTP and SOCKS may not be able to hand over ----

    def test_tunnel_handshake_cut(self):
        """The messages of CONNECT and the reply of SOCKS cut in two: nobody is accused,
        and the stream is found again."""
        capture, parts = Capture(), []
        for label, kind, ways, positions in [
                ("tunnel", henc.Tunnel, {}, range(1, 150, 7)),
                ("SOCKS", henc.Socks, dict(user="me"), range(1, 10))]:
            for position in positions:
                parts.append(("%s, cut at %d" % (label, position), len(capture.frames) + 1))
                carrier = kind(capture, Place(len(parts)), **ways)
                carrier.handshake_cuts = lambda _, m, at=position, k=kind: (
                    [at] if at < len(m) and (k is henc.Tunnel or m[:3] == b"\5\0\0") else [])
                henc.play(carrier, CHUNKS)
        for _, which, shown in self.parts(capture, parts):
            self.assert_no_accusation(shown, which)
            self.assertGreaterEqual(len(self.shown_ids(shown)), len(SHORT) // 2, which)

    def test_data_behind_the_reply(self):
        capture = Capture()
        carrier = henc.Tunnel(capture, Place(1))
        carrier.behind_reply = CHUNKS[1][1]
        carrier.open()
        for side, data in CHUNKS[:1] + CHUNKS[2:]:
            carrier.send(side, data)
        for shown, which in self.each_pass(capture):
            self.assert_no_accusation(shown, which, LACKING | {"unexpected_command"})
            self.assertGreaterEqual(len(self.shown_ids(shown)), len(SHORT) // 2, which)

    # -- snap lengths ------------------------------------------------------

    def test_snap_lengths(self):
        capture, parts = Capture(), []
        for snaplen in (54, 55, 60, 100, 200, 350, 400, 450, 500):
            for label, kind, ways in KINDS:
                parts.append(("%s, %d octets" % (label, snaplen), len(capture.frames) + 1))
                henc.play(kind(capture, Place(len(parts)), **ways), CHUNKS)
                for frame in capture.frames[parts[-1][1] - 1:]:
                    frame.snap = snaplen
        for _, which, shown in self.parts(capture, parts):
            self.assert_no_accusation(shown, which)

    def test_one_frame_cut(self):
        """One frame was not captured whole; the commands in the others are there."""
        capture, parts = Capture(), []
        for label, kind, ways in KINDS:
            for index in (2, 5):
                parts.append(((label, index), len(capture.frames) + 1))
                carrier = kind(capture, Place(len(parts)), **ways)
                carrier.open()
                for number, (side, data) in enumerate(CHUNKS):
                    frames = carrier.send(side, data)
                    if number == index:
                        frames[-1].snap = len(frames[-1].octets) - 3
                carrier.close()
        turns = stories.turns(SHORT)
        for (_, index), which, shown in self.parts(capture, parts):
            self.assert_no_accusation(shown, which)
            self.assertGreaterEqual(len(self.shown_ids(shown)),
                                    len(SHORT) - len(turns[index][2]) - 1, which)


class OutOfOrder(EncapTest):
    """Polling's exchanges in the capture in another order than they were made."""

    def test_packets_interleave(self):
        """Each request is sent while the answer before is still on its way to the
        capture: the order is that of the numbers."""
        capture = Capture()
        carrier = henc.Polling(capture, Place(1))
        carrier.open()
        carrier.send(*CHUNKS[0])
        carrier.settle(CHUNKS[1][1])
        sstp = stories.sstp
        carrier.answer(carrier.request(sstp.open_session(3, "res", "id", "dpp:///b").data),
                       sstp.open_response(3, 0).data)
        story = b"".join(sstp.join(sstp.message_sequence(3, b"%d" % n * 40))
                         for n in range(6))
        pieces = [story[at:at + 23] for at in range(0, len(story), 23)]
        first = len(capture.frames)
        for piece in pieces:
            carrier.answer(carrier.request(piece))
        exchanges = []
        per = (len(capture.frames) - first) // len(pieces)
        for at in range(first, len(capture.frames), per):
            exchanges.append(capture.frames[at:at + per])
        self.assertTrue(all(len(exchange) == per for exchange in exchanges))
        # two exchanges at a time, frame by frame in turn, the later one leading
        times = [frame.time for frame in capture.frames]
        mixed = []
        for a, b in zip(exchanges[::2], exchanges[1::2]):
            mixed += [frame for pair in zip(b, a) for frame in pair]
        if len(exchanges) % 2:
            mixed += exchanges[-1]
        capture.frames[first:] = mixed
        for frame, time in zip(capture.frames, times):
            frame.time = time
        for two_pass, label in PASSES:
            shown = self.shown(self.write(capture), two_pass)
            layers = [layer for number in sorted(shown) for layer in shown[number].commands]
            payload = [value for layer in layers for value in layer.values("sstp.data")]
            if label == WHOLE:
                self.assertEqual(payload, [(b"%d" % n * 40).hex() for n in range(6)], label)
            self.assertEqual([f for frame in shown.values() for f in frame.bad], [], label)


if __name__ == "__main__":
    main()
