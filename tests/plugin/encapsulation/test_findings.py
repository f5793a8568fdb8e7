# SPDX-License-Identifier: GPL-2.0-or-later
"""Each finding of the encapsulations, raised by one capture that breaks one rule, on
the frame that breaks it, and nothing else of a warning's weight."""

from encap_harness import BAD, PASSES, EncapTest, chunks_of, main, stories
import henc_encoder as henc
import henc_http as http
from capture import Capture
from henc_encoder import Place

SHORT = stories.short_conversation()
CHUNKS = chunks_of(SHORT)


def noops(octets):
    """Noop commands of just so many octets, a multiple of 7."""
    return stories.sstp.noop(0).data * (octets // 7)


LONG = 3_000_000_000  # nanoseconds: no two clocks differ by as much
MINUTE = 60_000_000_000


class Findings(EncapTest):
    def assert_finding(self, capture, name, severity, frame, second_pass_only=False, also=()):
        """`also`: other findings that the same violation cannot but raise."""
        number = capture.number(frame)
        path = self.write(capture)
        for two_pass, label in PASSES:
            shown = self.shown(path, two_pass)
            found = [(n, f) for n, each in sorted(shown.items()) for f in each.findings]
            mine = [n for n, f in found if f[0] == name]
            if second_pass_only and not two_pass:
                self.assertEqual(mine, [], "%s: claimed too early" % label)
            else:
                self.assertEqual(mine, [number], "%s: frames with %s; all: %r" % (label, name,
                                                                                  found))
                self.assertIn((number, (name, severity)), found, label)
            others = [(n, f) for n, f in found if f[1] in BAD and f[0] != name and f[0] not in also]
            self.assertEqual(others, [], "%s: accused of more" % label)

    # -- the names ---------------------------------------------------------

    def test_guid_length(self):
        for length in (38, 40, 42):
            with self.subTest(length):
                capture = Capture()
                carrier = henc.Polling(capture, Place(1), name=http.guid(5, length))
                carrier.refuse(carrier.request(b"", number=0))
                self.assert_finding(capture, "guid_length", "note", carrier.log[0].frames[-1])

    def test_guid_length_in_a_uri(self):
        capture = Capture()
        carrier = henc.LongLived(capture, Place(1), name=http.guid(5, 42))
        carrier.open_get()
        self.assert_finding(capture, "guid_length", "note", carrier.log[0].frames[-1],
                            also=("missing_half",))

    def test_encap_version(self):
        capture = Capture()
        carrier = henc.Polling(capture, Place(1))
        carrier.refuse(carrier.request(b"", number=0, version="1.3"))
        self.assert_finding(capture, "encap_version", "warning", carrier.log[0].frames[-1])

    def test_encap_version_in_a_uri(self):
        for kind in (henc.LongLived, henc.KeepAlive):
            with self.subTest(kind.__name__):
                capture = Capture()
                carrier = kind(capture, Place(1), version="2.1")
                carrier.open_get()
                self.assert_finding(capture, "encap_version", "warning",
                                    carrier.log[0].frames[-1], also=("missing_half",))

    # -- Polling -----------------------------------------------------------

    def polling(self, capture):
        """A connection just established, and a number due on either side."""
        carrier = henc.Polling(capture, Place(1))
        carrier.open()
        for side, data in CHUNKS[:2]:
            carrier.send(side, data)
        return carrier

    def test_checksum_bad(self):
        capture = Capture()
        carrier = self.polling(capture)
        data = CHUNKS[2][1]
        carrier.answer(carrier.request(data, checksum=http.polling_checksum(data) + 1))
        self.assert_finding(capture, "checksum_bad", "warning",
                            carrier.messages("request")[-1].frames[-1])

    def test_checksum_bad_in_an_answer(self):
        capture = Capture()
        carrier = self.polling(capture)
        carrier.answer(carrier.request(), noops(7), checksum=1)
        self.assert_finding(capture, "checksum_bad", "warning", carrier.log[-1].frames[-1])

    def test_sequence_gap(self):
        """An exchange that the capture lacks."""
        capture = Capture()
        carrier = self.polling(capture)
        for side, data in CHUNKS[2:6]:
            carrier.send(side, data)
        before = len(capture.frames)
        carrier.answer(carrier.request(noops(14)), noops(14))
        capture.lose(*capture.frames[before:])
        number = carrier.numbers[0]
        for _ in range(3):
            carrier.answer(carrier.request(noops(7)), noops(7))
        path = self.write(capture)
        for two_pass, label in PASSES:
            shown = self.shown(path, two_pass)
            found = [(n, f) for n, each in sorted(shown.items()) for f in each.findings]
            gaps = [n for n, f in found if f == ("sequence_gap", "warning")]
            if not two_pass:  # it may still come
                self.assertEqual(found, [], label)
                continue
            self.assertIn(len(gaps), (1, 2), "%s: one for each direction at most: %r" % (label,
                                                                                        found))
            self.assertEqual([f for _, f in found if f[1] in BAD and f[0] != "sequence_gap"], [],
                             label)
            sequences = [layer.one("sstp.encap.sequence") for each in shown.values()
                         for layer in each.messages if layer.values("sstp.encap.sequence")]
            self.assertIn(str(number), sequences)
            commands = [layer for each in shown.values() for layer in each.commands]
            late = [layer for layer in commands if layer.one("sstp.command") == "0x10"]
            self.assertEqual(len(late), 6, "%s: commands after the gap" % label)

    def test_sequence_repeat(self):
        capture = Capture()
        carrier = self.polling(capture)
        carrier.send(True, CHUNKS[2][1])
        carrier.settle(CHUNKS[3][1])
        number = carrier.numbers[0] - 1
        carrier.request(CHUNKS[2][1], number=number)
        self.assert_finding(capture, "sequence_repeat", "note", carrier.log[-1].frames[-1])
        commands = [layer.one("sstp.command") for each in self.shown(self.write(capture)).values()
                    for layer in each.commands]
        self.assertEqual(commands.count("0x08"), 1, "Attach is decoded twice")

    def test_polling_before_its_handshake(self):
        capture = Capture()
        carrier = henc.Polling(capture, Place(1))
        connection = carrier.request(b"", number=0)
        second = carrier.request(CHUNKS[0][1], number=0)
        capture.now += LONG
        carrier.answer(second)
        carrier.refuse(connection)
        self.assert_finding(capture, "handshake_order", "warning",
                            carrier.messages("request")[1].frames[-1], second_pass_only=True)

    def polling_without_a_probe(self, capture):
        """The second request of the handshake, which has its answer; returns its frame."""
        carrier = henc.Polling(capture, Place(1))
        carrier.answer(carrier.request(CHUNKS[0][1], number=0))
        return carrier.messages("request")[0].frames[-1]

    def test_polling_without_its_first_request(self):
        capture = Capture()
        other = capture.connection()
        other.send(b"x")
        capture.now += MINUTE
        self.assert_finding(capture, "handshake_order", "warning",
                            self.polling_without_a_probe(capture), second_pass_only=True)

    def test_polling_whose_first_request_may_not_be_captured(self):
        """The capture may begin between the two, or lack the first."""
        for label, pause, lost in (("just begun", 0, 0), ("a while", MINUTE - 1_000_000_000, 0),
                                   ("incomplete", MINUTE, 10)):
            with self.subTest(label):
                capture = Capture()
                other = capture.connection()
                other.send(b"x")
                capture.now += pause
                other.skip(lost)
                other.send(b"x")
                self.polling_without_a_probe(capture)
                path = self.write(capture)
                for two_pass, _ in PASSES:
                    self.assertEqual([finding for frame in self.shown(path, two_pass).values()
                                      for finding in frame.findings if finding[1] in BAD], [])

    def test_polling_body_too_long(self):
        frame = {}
        for label, size in (("at the limit", 32768), ("one above", 32769)):
            capture = Capture()
            carrier = self.polling(capture)
            head = len(http.polling_body(http.SERVER, carrier.guid, 1, b"", checksum=10 ** 9))
            payload = b"z" * (size - head - 7 - 4)
            data = stories.sstp.noop(0).data + stories.sstp.data(3, payload).data
            data = data[:size - head]
            carrier.answer(carrier.request(data, checksum=10 ** 9))
            frame[label] = (capture, carrier.messages("request")[-1])
        capture, sent = frame["at the limit"]
        found = self.findings_of(capture)
        self.assertFalse([f for fs in found.values() for f in fs
                          if f[0] == "content_length_exceeded"])
        capture, sent = frame["one above"]
        self.assertIn(b"Content-Length: 32769\r\n", sent.data)
        self.assert_finding(capture, "content_length_exceeded", "warning", sent.frames[-1],
                            also=("checksum_bad", "length_invalid", "unexpected_command",
                                  "trailing_bytes", "truncated"))

    def test_polling_two_requests(self):
        """Both TCP connections are open before the first answer leaves."""
        capture = Capture()
        carrier = self.polling(capture)
        first = carrier.request(noops(7))
        second = carrier.request(noops(14))
        number = carrier.messages("request")[-1].frames[-1]
        capture.now += LONG
        carrier.answer(first)
        carrier.answer(second)
        self.assert_finding(capture, "out_of_turn", "warning", number, second_pass_only=True)

    def test_polling_names(self):
        for keywords, severity in ((dict(guid="b5s2fj8q55cxne2v4wr48ad9ciffsznzq9apczi"),
                                    "warning"), (dict(server="other.example.net"), "note")):
            with self.subTest(severity):
                capture = Capture()
                carrier = self.polling(capture)
                name, server = carrier.guid, carrier.server
                connection = carrier.request(noops(7))
                carrier.guid = keywords.get("guid", name)
                carrier.server = keywords.get("server", server)
                frames = carrier.answer(connection, noops(7))
                carrier.guid, carrier.server = name, server
                self.assert_finding(capture, "encap_mismatch", severity, frames[-1])
                shown = self.shown(self.write(capture))[capture.number(frames[-1])]
                self.assertEqual([layer.one("sstp.encap.guid") for layer in shown.messages],
                                 [keywords.get("guid", name)])

    def test_poll_timer(self):
        capture = Capture()
        carrier = self.polling(capture)
        carrier.answer(carrier.request())
        capture.now -= 4 * 10 ** 9  # of the five seconds that the next poll waits
        carrier.answer(carrier.request())
        self.assert_finding(capture, "timer", "note", carrier.messages("request")[-1].frames[-1])

    def test_answers_alone(self):
        """Answers whose requests are not captured belong to the connection of their GUID."""
        capture = Capture()
        carrier = self.polling(capture)
        for _ in range(3):
            carrier.answer(carrier.request(noops(7)), noops(14))
        answers = carrier.messages("answer")
        lost = [frame for sent in carrier.messages("request") for frame in sent.frames]
        numbers = [sent.frames[-1] for sent in answers]
        capture.lose(*lost)
        wanted = [capture.number(frame) for frame in numbers]
        for two_pass, label in PASSES:
            shown = self.shown(self.write(capture), two_pass)
            found = {number: each for number, each in shown.items() if each.messages}
            if not two_pass:  # the requests may still come
                self.assertLessEqual(set(found), set(wanted), label)
                continue
            self.assertEqual(sorted(found), wanted, label)
            self.assertEqual({layer.one("sstp.encap.guid") for each in found.values()
                              for layer in each.messages}, {carrier.guid}, label)
            self.assertEqual(len({layer.one("sstp.stream") for each in found.values()
                                  for layer in each.messages}), 1, label)
            self.assertEqual([layer.one("sstp.command") for each in found.values()
                              for layer in each.commands][-6:], ["0x10"] * 6, label)
            self.assertEqual([f for each in shown.values() for f in each.findings if f[1] in BAD],
                             [], label)

    def test_body_that_waits(self):
        """A body that is never answered says how much of it waits for which number."""
        capture = Capture()
        carrier = self.polling(capture)
        before = len(capture.frames)
        carrier.answer(carrier.request(noops(7)))
        capture.lose(*capture.frames[before:])
        carrier.request(noops(14))
        shown = self.shown(self.write(capture), True)
        layer = shown[capture.number(carrier.log[-1].frames[-1])].messages[0]
        self.assertEqual((layer.one("sstp.encap.waiting"), layer.one("sstp.encap.waits_for")),
                         ("14", str(carrier.numbers[0] - 2)))
        self.assertEqual(layer.values("sstp.encap.shown_in"), [])
        # With its answer it is shown.
        waiting = carrier.log[-1]
        frames = carrier.answer(waiting.connection, noops(7))
        shown = self.shown(self.write(capture), True)
        layer = shown[capture.number(waiting.frames[-1])].messages[0]
        self.assertEqual(layer.values("sstp.encap.shown_in"), [str(capture.number(frames[-1]))])

    # -- LongLived and KeepAlive --------------------------------------------

    def test_empty_get_answer(self):
        capture = Capture()
        carrier = henc.KeepAlive(capture, Place(1))
        carrier.open()
        for side, data in CHUNKS[:2]:
            carrier.send(side, data)
        self.assert_finding(capture, "out_of_turn", "warning", carrier.answer_get(b"")[-1])

    def test_two_posts(self):
        capture = Capture()
        carrier = henc.KeepAlive(capture, Place(1))
        carrier.open()
        for side, data in CHUNKS[:2]:
            carrier.send(side, data)
        carrier.post_chunk(noops(7))
        second = carrier.post_chunk(noops(14))
        carrier.answer_post()
        carrier.answer_post()
        self.assert_finding(capture, "out_of_turn", "warning", second[-1])

    def test_guid_in_use(self):
        for kind in (henc.LongLived, henc.KeepAlive):
            with self.subTest(kind.__name__):
                capture = Capture()
                carrier = kind(capture, Place(1))
                carrier.open()
                carrier.open_get()
                self.assert_finding(capture, "guid_in_use", "warning",
                                    carrier.log[-1].frames[-1], second_pass_only=True)

    def test_wrong_half(self):
        capture = Capture()
        carrier = henc.LongLived(capture, Place(1))
        carrier.open()
        for side, data in CHUNKS:
            carrier.send(side, data)
        frames = carrier.put(carrier.post, False, noops(14), "data")
        self.assert_finding(capture, "wrong_half", "warning", frames[-1])
        shown = self.shown(self.write(capture))[capture.number(frames[-1])]
        self.assertEqual(shown.commands, [])
        self.assertEqual([layer.one("sstp.skipped") for layer in shown.messages],
                         [":".join("%02x" % octet for octet in noops(14))])

    def test_header(self):
        capture = Capture()
        carrier = henc.LongLived(capture, Place(1), length=1000, header_length=1000)
        carrier.open_get()
        self.assert_finding(capture, "encap_header", "note", carrier.log[0].frames[-1],
                            also=("missing_half",))

    def test_header_field_missing(self):
        capture = Capture()
        carrier = henc.LongLived(capture, Place(1))
        get_head = http.get_head
        http.get_head = lambda *args, **keywords: get_head(*args, **keywords).replace(
            b"Pragma: no-cache\r\n", b"")
        try:
            carrier.open_get()
        finally:
            http.get_head = get_head
        self.assert_finding(capture, "encap_header", "note", carrier.log[0].frames[-1],
                            also=("missing_half",))

    def test_refused_has_no_missing_half(self):
        capture = Capture()
        carrier = henc.LongLived(capture, Place(1))
        carrier.open_get()
        answer = http.answer_head(0, "400 Bad Request", "1.0", [])
        carrier.put(carrier.get, False, answer, "refusal")
        carrier.get.fin()
        self.assertEqual([f for fs in self.findings_of(capture).values() for f in fs], [])

    def test_echo_mismatch(self):
        for kind in (henc.LongLived, henc.KeepAlive):
            with self.subTest(kind.__name__):
                capture = Capture()
                carrier = kind(capture, Place(1), answer_echo=b"GroovePing: 1.0,Pong\r\n")
                henc.play(carrier, CHUNKS)
                self.assert_finding(capture, "echo_mismatch", "warning",
                                    carrier.messages("get answer")[0].frames[-1])

    def test_echo_without_crlf_is_the_same(self):
        for kind in (henc.LongLived, henc.KeepAlive):
            with self.subTest(kind.__name__):
                capture = Capture()
                henc.play(kind(capture, Place(1), answer_echo=http.ECHO[:-2]), CHUNKS)
                self.assertEqual([f for fs in self.findings_of(capture).values() for f in fs
                                  if f[1] in BAD], [])

    def test_missing_half(self):
        for kind in (henc.LongLived, henc.KeepAlive):
            for half in ("get", "post"):
                with self.subTest("%s without %s" % (kind.__name__, half)):
                    capture = Capture()
                    carrier = henc.play(kind(capture, Place(1)), CHUNKS)
                    gone, kept = ((carrier.get, carrier.post) if half == "get" else
                                  (carrier.post, carrier.get))
                    port = gone.ends[0][1]
                    capture.lose(*[f for f in capture.frames if port in (
                        int.from_bytes(f.octets[34:36], "big"),
                        int.from_bytes(f.octets[36:38], "big"))])
                    last = [sent for sent in carrier.log if sent.connection is kept][-1]
                    self.assert_finding(capture, "missing_half", "warning", last.frames[-1],
                                        second_pass_only=True)
                    commands = [layer for each in self.shown(self.write(capture), True).values()
                                for layer in each.commands]
                    self.assertEqual(len(commands), sum(side == (half == "get")
                                                        for side, _ in SHORT))

    def test_halves_of_two_types(self):
        """A POST session of KeepAlive is none of a LongLived connection's: the other is missing."""
        capture = Capture()
        carrier = henc.LongLived(capture, Place(1))
        carrier.open()
        for frame in capture.frames:
            if frame.payload.startswith(b"POST "):
                frame.octets = frame.octets.replace(b"ConnType=LongLived", b"ConnType=KeepAlive")
        frames = self.shown(self.write(capture), True).values()
        halves = [frame.number for frame in frames for name, severity in frame.findings
                  if (name, severity) == ("missing_half", "warning")]
        self.assertEqual(len(halves), 2)

    def test_longlived_agreed_too_long(self):
        capture = Capture()
        carrier = henc.LongLived(capture, Place(1), length=http.LONGLIVED_LENGTH + 1,
                                 header_length=http.LONGLIVED_LENGTH)
        henc.play(carrier, CHUNKS)
        self.assert_finding(capture, "content_length_exceeded", "warning",
                            carrier.messages("get request")[0].frames[-1])

    def test_keepalive_body_too_long(self):
        for label, extra, found in (("at the limit", 0, False), ("one above", 1, True)):
            with self.subTest(label):
                capture = Capture()
                carrier = henc.KeepAlive(capture, Place(1))
                carrier.open()
                for side, data in CHUNKS[:10]:
                    carrier.send(side, data)
                message, end = stories.sstp.message(3).data, stories.sstp.end_message(3).data
                body = message + stories.sstp.data(3, b"d" * 2000).data * 16
                rest = 32768 + extra - len(body) - len(end) - 7
                body += stories.sstp.data(3, b"e" * rest).data + end
                self.assertEqual(len(body), 32768 + extra)
                carrier.send(True, body)
                sent = carrier.messages("post request")[-1]
                if found:
                    self.assert_finding(capture, "content_length_exceeded", "warning",
                                        sent.frames[-1])
                else:
                    names = {f[0] for fs in self.findings_of(capture).values() for f in fs}
                    self.assertNotIn("content_length_exceeded", names)

    def test_longlived_data_before_the_echo(self):
        capture = Capture()
        carrier = henc.LongLived(capture, Place(1))
        carrier.open_get()
        carrier.open_post()
        carrier.send(*CHUNKS[0])
        early = carrier.log[-1]
        capture.now += LONG
        carrier.answer_get()
        for side, data in CHUNKS[1:]:
            carrier.send(side, data)
        self.assert_finding(capture, "handshake_order", "warning", early.frames[-1],
                            second_pass_only=True)

    def test_keepalive_data_instead_of_the_echo(self):
        capture = Capture()
        carrier = henc.KeepAlive(capture, Place(1))
        carrier.open_get()
        carrier.open_post(CHUNKS[0][1])
        self.assert_finding(capture, "handshake_order", "warning",
                            carrier.messages("post request")[0].frames[-1],
                            second_pass_only=True)

    def test_keepalive_body_sent_twice(self):
        for with_rst in (True, False):
            with self.subTest("RST" if with_rst else "FIN"):
                capture = Capture()
                carrier = henc.KeepAlive(capture, Place(1))
                carrier.open()
                for side, data in CHUNKS[:2]:
                    carrier.send(side, data)
                carrier.post_chunk(CHUNKS[2][1])
                carrier.lose_post(with_rst)
                frames = carrier.reopen_post(CHUNKS[2][1])
                for side, data in CHUNKS[3:]:
                    carrier.send(side, data)
                carrier.close()
                self.assert_finding(capture, "sequence_repeat", "note", frames[-1])
                shown = self.shown(self.write(capture))
                self.assertEqual(sum(len(each.commands) for each in shown.values()), len(SHORT))
                self.assertEqual(len({layer.one("sstp.stream") for each in shown.values()
                                      for layer in each.commands}), 1)

    def test_keepalive_same_body_in_good_faith(self):
        """The same bytes on purpose: two Noops, one after the other, are two."""
        capture = Capture()
        carrier = henc.KeepAlive(capture, Place(1))
        carrier.open()
        for side, data in CHUNKS[:2]:
            carrier.send(side, data)
        for _ in range(3):
            carrier.send(True, noops(7))
        carrier.lose_post()  # the last one has its answer
        carrier.reopen_post(noops(7))
        shown = self.shown(self.write(capture))
        names = [layer.one("sstp.command") for each in shown.values() for layer in each.commands]
        self.assertEqual(names.count("0x10"), 4)
        self.assertEqual([f for each in shown.values() for f in each.findings], [])

    def test_gap(self):
        """Lost bytes in a LongLived body: found again at the next command."""
        for from_client in (True, False):
            with self.subTest("client" if from_client else "server"):
                capture = Capture()
                carrier = henc.LongLived(capture, Place(1))
                carrier.open()
                for side, data in CHUNKS:
                    carrier.send(side, data)
                mine = [sent for sent in carrier.log if sent.what == "data" and
                        sent.from_client == from_client]
                capture.lose(*mine[2].frames)
                self.assert_finding(capture, "gap", "note", mine[3].frames[-1],
                                    second_pass_only=True)
                shown = self.shown(self.write(capture), True)
                self.assertTrue(any(each.commands for number, each in shown.items()
                                    if number == capture.number(mine[3].frames[-1])),
                                "not found again")

    # -- and none in clean ones -------------------------------------------

    def test_quiet(self):
        """Nothing at all, not even a note, in legal conversations."""
        ways = [(henc.LongLived, dict()), (henc.LongLived, dict(proxy=True, port=8080)),
                (henc.KeepAlive, dict()), (henc.KeepAlive, dict(proxy=True, port=8080)),
                (henc.Polling, dict()), (henc.Polling, dict(proxy=True, port=8080)),
                (henc.Polling, dict(challenges=[henc.Challenge("401 Unauthorized")])),
                (henc.Plain, dict(port=443)), (henc.Tunnel, dict()), (henc.Socks, dict())]
        for minor in (5, 6):
            capture = Capture()
            for number, (kind, options) in enumerate(ways):
                henc.play(kind(capture, Place(number), **options),
                          chunks_of(stories.conversation(minor)))
            for two_pass, label in PASSES:
                shown = self.shown(self.write(capture), two_pass)
                self.assertEqual([(n, each.findings) for n, each in shown.items()
                                  if each.findings], [], label)
                self.assertEqual(sum(len(each.commands) for each in shown.values()),
                                 len(ways) * len(stories.conversation(minor)), label)


if __name__ == "__main__":
    main()
