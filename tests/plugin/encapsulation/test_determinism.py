# SPDX-License-Identifier: GPL-2.0-or-later
"""The same in one pass, in the second of two, after preferences changed, and for
frames asked for in any order; but for links to frames that come later."""

import contextlib
import json
import random

from encap_harness import EncapTest, chunks_of, main, stories
import cutting
import henc_encoder as henc
from capture import Capture
from henc_encoder import Challenge, Place
from tshark import SHARKD, Failure, sharkd_labels

# What only a second look can tell (plugin/FIELDS.md).
FORWARD = {"sstp.response_in", "sstp.ack.acked_in", "sstp.message.ack_time",
           "sstp.command.reassembled_in", "sstp.message.reassembled_in",
           "sstp.message.fragment.reassembled_in", "sstp.encap.shown_in",
           "sstp.journey", "sstp.journey.hop", "sstp.journey.from", "sstp.journey.to",
           "sstp.journey.certainty", "sstp.journey.state"}
LATE_FINDINGS = {"sstp.expert.missing_half", "sstp.expert.unacknowledged"}


def everything(rng=None):
    """All encapsulations, with chunks of several at a time in turn, and some damage."""
    return everything_and_waiting(rng)[0]


def everything_and_waiting(rng=None):
    """The same; and the frames of what is damaged, that wait for what may yet come."""
    rng = rng or random.Random(5)
    capture = Capture()
    cuts = cutting.random_cuts(rng, 90)
    carriers = [
        henc.Plain(capture, Place(1), cuts=cuts),
        henc.Plain(capture, Place(2), port=443, cuts=cuts),
        henc.Tunnel(capture, Place(3), challenges=[Challenge()], version="1.1"),
        henc.Socks(capture, Place(4), user="me"), henc.LongLived(capture, Place(5), cuts=cuts),
        henc.LongLived(capture, Place(6), port=8080, proxy=True, challenges=[Challenge()]),
        henc.KeepAlive(capture, Place(7), cuts=cuts),
        henc.KeepAlive(capture, Place(8), port=3128, proxy=True, via=True),
        henc.Polling(capture, Place(9), cuts=cuts),
        henc.Polling(capture, Place(10), port=8080, proxy=True, challenges=[Challenge()]),
        henc.LongLived(capture, Place(11)), henc.Polling(capture, Place(12))]
    queues = [cutting.split_randomly(chunks_of(stories.conversation()), rng, longest)
              for longest in (4000, 4000, 4000, 4000, 700, 4000, 400, 4000, 400, 4000, 4000, 4000)]
    for carrier in carriers:
        carrier.open()
    while any(queues):
        for carrier, queue in zip(carriers, queues):
            if queue:
                carrier.send(*queue.pop(0))
    for carrier in carriers:
        carrier.close()
    # the last LongLived lacks its GET half, the last Polling some exchanges
    capture.lose(*[frame for sent in carriers[10].log if sent.connection is carriers[10].get
                   for frame in sent.frames])
    capture.lose(*[frame for sent in carriers[11].log[9:12] for frame in sent.frames])
    waiting = [capture.number(frame) for carrier in carriers[10:] for sent in carrier.log
               for frame in sent.frames if any(frame is other for other in capture.frames)]
    return capture, waiting


def plain(shown):
    """{frame: [what each layer says]}, links to later frames left out; layers that
    hold nothing else (pieces of what is put together later) too."""
    said = {}
    for number, frame in shown.items():
        layers = []
        for layer in frame.layers:
            lines = [(name, text) for (name, _), text in zip(layer.fields, layer.texts)
                     if name not in FORWARD]
            experts = [expert for expert in layer.experts if expert[0] not in LATE_FINDINGS]
            layers.append((layer.name, lines, experts))
        said[number] = layers
    return said


class Determinism(EncapTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.capture, cls.waiting = everything_and_waiting()
        cls.path = cls.capture.write(cls.ws.path("everything.pcapng"))

    def assert_same(self, one, other, label):
        for number in sorted(set(one) | set(other)):
            self.assertEqual(one.get(number), other.get(number), "%s: frame %d" % (label, number))

    def test_one_pass_and_two(self):
        one, two = (plain(self.shown(self.path, two_pass)) for two_pass in (False, True))
        self.assertGreater(len(one), 500)
        for number in self.waiting:
            self.assert_nothing_else(one.pop(number, []), two.pop(number, []), number)
        self.assert_same(one, two, "one pass, two passes")

    def assert_nothing_else(self, early, late, number):
        """What waited says on the second pass, too, what it did on the first."""
        def all_of(layers):
            return [(name, said) for name, lines, experts in layers for said in lines + experts]
        said_late = all_of(late)
        self.assertFalse([said for said in all_of(early) if said not in said_late], number)

    def test_with_and_without_a_tree(self):
        """Columns alone, as while scrolling: the same Info as with the details."""
        def lines(*options, **keywords):
            return [line for line in self.ws.tshark(self.path, *options, **keywords).splitlines()
                    if " GRV" in line]
        for two_pass in (False, True):
            columns = lines(two_pass=two_pass)
            self.assertGreater(len(columns), 300)
            for options in (["-Y", "frame.number > 0"], ["-Y", "grvsstp || grvhenc"]):
                self.assertEqual(columns, lines(*options, two_pass=two_pass))

    # -- sharkd ------------------------------------------------------------

    def session(self, requests):
        """The answers of one sharkd to a list of (method, params)."""
        lines = [json.dumps({"jsonrpc": "2.0", "id": n, "method": method, "params": params})
                 for n, (method, params) in enumerate(requests, 1)]
        done = self.ws.run([SHARKD, "-"], check=False, stdin="\n".join(lines) + "\n")
        answers = {}
        for line in done.stdout.splitlines():
            if line.startswith("{"):
                answer = json.loads(line)
                answers[answer.get("id")] = answer
        if done.returncode != 0 or len(answers) < len(requests):
            raise Failure("sharkd ended with %d after %d of %d answers: %s" % (
                done.returncode, len(answers), len(requests), done.stderr[-2000:]))
        bad = [(request, answers[n]) for n, request in enumerate(requests, 1)
               if "error" in answers[n]]
        if bad:
            raise Failure("sharkd: %r" % bad[:3])
        return [answers[n].get("result") for n in range(1, len(requests) + 1)]

    def labels(self, results, frames):
        labels = {}
        for number, result in zip(frames, results):
            labels[number] = [sharkd_labels(result["tree"], name) for name in
                              ("grvhenc", "grvsstp")]
        return labels

    def frame_requests(self, frames):
        return [("frame", {"frame": number, "proto": True}) for number in frames]

    def ours(self):
        return sorted(self.shown(self.path, True))

    def test_random_order(self):
        frames = self.ours()
        load = [("load", {"file": self.path})]
        in_order = self.labels(self.session(load + self.frame_requests(frames))[1:], frames)
        self.assertTrue(all(any(each) for each in in_order.values()))
        for seed in range(3):
            mixed = frames * 2
            random.Random(seed).shuffle(mixed)
            results = self.session(load + self.frame_requests(mixed))[1:]
            for number, result in zip(mixed, results):
                self.assertEqual(self.labels([result], [number])[number], in_order[number],
                                 "seed %d, frame %d" % (seed, number))

    def test_backwards_right_after_loading(self):
        frames = self.ours()
        load = [("load", {"file": self.path})]
        forward = self.labels(self.session(load + self.frame_requests(frames))[1:], frames)
        backward = frames[::-1]
        self.assertEqual(self.labels(self.session(load + self.frame_requests(backward))[1:],
                                     backward), forward)

    @contextlib.contextmanager
    def without_strict_memory(self, is_wanted):
        """Wireshark 4.0's HTTP keeps a pointer to its list of ports when sharkd changes the
        list and frees the old one (http_tcp_range); strict memory overwrites what it reads."""
        strict = self.ws.env.pop("WIRESHARK_DEBUG_WMEM_OVERRIDE", None) if is_wanted else None
        try:
            yield
        finally:
            if strict is not None:
                self.ws.env["WIRESHARK_DEBUG_WMEM_OVERRIDE"] = strict

    def test_preferences_there_and_back(self):
        """Changed, loaded, changed back, loaded: as if nothing had been."""
        frames = self.ours()
        load = [("load", {"file": self.path})]
        asked = self.frame_requests(frames)
        first = self.labels(self.session(load + asked)[1:], frames)
        for name, value, default in (("grvsstp.follow_states", "FALSE", "TRUE"),
                                     ("tcp.desegment_tcp_streams", "FALSE", "TRUE"),
                                     ("http.desegment_body", "FALSE", "TRUE"),
                                     ("tcp.reassemble_out_of_order", "TRUE", "FALSE"),
                                     ("http.tcp.port", "81", "80,3128,3132,5985,8080,8088,11371,"
                                                             "1900,2869,2710")):
            with self.subTest(name), self.without_strict_memory(name == "http.tcp.port"):
                requests = load + asked[:51] + [("setconf", {"name": name, "value": value})] + \
                    load + asked + [("setconf", {"name": name, "value": default})] + load + asked
                results = self.session(requests)
                changed = self.labels(results[54:54 + len(frames)], frames)
                if name == "grvsstp.follow_states":
                    self.assertNotEqual(changed, first, "the change had no effect")
                elif "desegment" in name:  # we put HTTP's messages together ourselves
                    self.assertEqual(changed, first)
                self.assertEqual(self.labels(results[-len(frames):], frames), first)


if __name__ == "__main__":
    main()
