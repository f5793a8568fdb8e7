# SPDX-License-Identifier: GPL-2.0-or-later
"""What the encapsulation's own layer says of every HTTP message: fields, states,
and which virtual connection it belongs to."""

from encap_harness import PASSES, EncapTest, chunks_of, main, stories
import henc_encoder as henc
import henc_http as http
from capture import Capture
from henc_encoder import Challenge, Place

SHORT = stories.short_conversation()
CHUNKS = chunks_of(SHORT)
LENGTH = str(http.LONGLIVED_LENGTH)

FIELDS = ("encap", "encap.guid", "encap.half", "encap.version", "encap.server",
          "encap.request_id", "encap.content_length", "encap.echo", "encap.sequence",
          "encap.checksum", "encap.checksum_calculated", "encap.checksum.status",
          "encap.poll.max", "encap.poll.min", "encap.poll.repetitions", "encap.state")


class Merged:
    """A message's layers: a LongLived head and the beginning of its body are two.  The
    body's state is the later one; of the rest neither may contradict the other."""

    def __init__(self, layers):
        self.fields = {}
        for layer in layers:
            for field in FIELDS:
                value = layer.one("sstp." + field)
                if value is None:
                    continue
                if field != "encap.state" and self.fields.get(field, value) != value:
                    raise AssertionError("%s is %s and %s" % (field, self.fields[field], value))
                self.fields[field] = value

    def one(self, name):
        return self.fields.get(name[len("sstp."):])


class MessageTest(EncapTest):
    def message(self, capture, shown, sent):
        """The encapsulation layer of a message, in the frame where it ends."""
        number = capture.number(sent.frames[-1])
        self.assertIn(number, shown, "frame %d (%s) has no layer of ours" % (number, sent.what))
        layers = shown[number].messages
        has_body = sent.what in ("post request", "get answer")
        self.assertIn(len(layers), (1, 2) if has_body else (1,),
                      "frame %d (%s)" % (number, sent.what))
        return Merged(layers)

    def assert_messages(self, capture, carrier, wanted, what=None):
        """`wanted`: fields of each message in turn, those of them that matter."""
        path = self.write(capture)
        for two_pass, label in PASSES:
            shown = self.shown(path, two_pass)
            messages = [sent for sent in carrier.log if what is None or sent.what in what]
            self.assertGreaterEqual(len(messages), len(wanted))
            for number, (sent, fields) in enumerate(zip(messages, wanted)):
                layer = self.message(capture, shown, sent)
                self.assertEqual(layer.fields, dict(fields, encap=str(carrier.encap)),
                                 "%s: message %d, %s" % (label, number, sent.what))

    def states(self, capture, carrier, two_pass=False):
        """The state after each HTTP message."""
        shown = self.shown(self.write(capture), two_pass)
        states = []
        for sent in carrier.log:
            if sent.what in ("data", "echo"):
                continue
            states.append((sent.what, self.message(capture, shown, sent).one("sstp.encap.state")))
        return states

    def assert_states(self, capture, carrier, wanted):
        for two_pass, label in PASSES:
            states = self.states(capture, carrier, two_pass)
            self.assertEqual(states[:len(wanted)], wanted, label)
            self.assertEqual({state for _, state in states[len(wanted):]}, (
                {"established"} if len(states) > len(wanted) else set()), label)


class LongLivedMessages(MessageTest):
    def test_direct(self):
        capture = Capture()
        carrier = henc.play(henc.LongLived(capture, Place(1)), CHUNKS)
        common = {"encap.guid": carrier.guid}
        uri = dict(common, **{"encap.version": "2.0", "encap.server": http.SERVER})
        self.assert_messages(capture, carrier, [
            dict(uri, **{"encap.half": "0", "encap.content_length": LENGTH,
                         "encap.state": "connecting"}),
            dict(uri, **{"encap.half": "1", "encap.echo": "Ping", "encap.state": "connected"}),
            dict(common, **{"encap.half": "0", "encap.echo": "Ping",
                            "encap.state": "established"})],
            ("get request", "post request", "get answer"))

    def test_through_a_proxy(self):
        capture = Capture()
        carrier = henc.LongLived(capture, Place(2), port=3128, proxy=True, request_id=http.guid(77),
                                 challenges=[Challenge()], echo=b"GroovePing: 1.0,a b;c\r\n")
        henc.play(carrier, CHUNKS)
        common = {"encap.guid": carrier.guid}
        uri = dict(common, **{"encap.version": "2.0", "encap.server": http.SERVER})
        get = dict(uri, **{"encap.half": "0", "encap.content_length": LENGTH,
                           "encap.request_id": http.guid(77)})
        post = dict(uri, **{"encap.half": "1", "encap.echo": "a b;c"})
        self.assert_messages(capture, carrier, [
            dict(get, **{"encap.state": "connecting"}),
            dict(common, **{"encap.half": "0", "encap.state": "connecting"}),
            dict(get, **{"encap.state": "connecting"}),
            dict(post, **{"encap.state": "connected"}),
            dict(common, **{"encap.half": "1", "encap.state": "connected"}),
            dict(post, **{"encap.state": "connected"}),
            dict(common, **{"encap.half": "0", "encap.echo": "a b;c",
                            "encap.state": "established"})],
            ("get request", "post request", "get answer", "challenge"))

    def test_states(self):
        rows = [
            ("GET first", dict(), [("get request", "connecting"), ("post request", "connected"),
                                   ("get answer", "established")]),
            ("POST first", dict(get_first=False), [
                ("post request", "connecting"), ("get request", "connected"),
                ("get answer", "established")])]
        for label, ways, wanted in rows:
            with self.subTest(label):
                capture = Capture()
                carrier = henc.play(henc.LongLived(capture, Place(1), **ways), CHUNKS)
                self.assert_states(capture, carrier, wanted)

    def test_refused(self):
        capture = Capture()
        carrier = henc.LongLived(capture, Place(1))
        carrier.open_get()
        carrier.open_post()
        carrier.answer(carrier.get, "get answer", 0, status="400 Bad Request")
        carrier.close()
        self.assert_states(capture, carrier, [
            ("get request", "connecting"), ("post request", "connected"), ("get answer", "closed")])


class KeepAliveMessages(MessageTest):
    def test_direct(self):
        capture = Capture()
        carrier = henc.play(henc.KeepAlive(capture, Place(1)), CHUNKS)
        common = {"encap.guid": carrier.guid}
        uri = dict(common, **{"encap.version": "2.0", "encap.server": http.SERVER})
        get, post = dict(uri, **{"encap.half": "0"}), dict(uri, **{"encap.half": "1"})
        answer = {half: dict(common, **{"encap.half": half}) for half in "01"}
        done = {"encap.state": "established"}
        self.assert_messages(capture, carrier, [
            dict(get, **{"encap.state": "connecting"}),
            dict(post, **{"encap.state": "connected", "encap.echo": "Ping"}),
            dict(answer["1"], **{"encap.state": "connected"}),
            dict(answer["0"], **dict(done, **{"encap.echo": "Ping"})),
            dict(get, **done), dict(post, **done), dict(answer["1"], **done),
            dict(answer["0"], **done), dict(get, **done)])

    def test_states(self):
        def answer_first(carrier):
            carrier.open_get()
            carrier.open_post()
            carrier.answer_get(carrier.echo)
            carrier.answer_post(http.NO_DATA)
            carrier.ask()

        rows = [
            ("as printed", dict(), None, [
                ("get request", "connecting"), ("post request", "connected"),
                ("post answer", "connected"), ("get answer", "established")]),
            ("POST first", dict(get_first=False), None, [
                ("post request", "connecting"), ("get request", "connected"),
                ("post answer", "connected"), ("get answer", "established")]),
            ("GET answered first", dict(), answer_first, [
                ("get request", "connecting"), ("post request", "connected"),
                ("get answer", "connected"), ("post answer", "established")]),
            ("challenged", dict(proxy=True, port=8080, challenges=[Challenge(closes=False)]), None,
             [("get request", "connecting"), ("challenge", "connecting"),
              ("get request", "connecting"), ("post request", "connected"),
              ("challenge", "connected"), ("post request", "connected"),
              ("post answer", "connected"), ("get answer", "established")])]
        for label, ways, opened, wanted in rows:
            with self.subTest(label):
                capture = Capture()
                carrier = henc.KeepAlive(capture, Place(1), **ways)
                if opened:
                    opened(carrier)
                else:
                    carrier.open()
                for side, data in CHUNKS:
                    carrier.send(side, data)
                carrier.close()
                self.assert_states(capture, carrier, wanted)

    def test_closed_with_the_get_connection(self):
        capture = Capture()
        carrier = henc.KeepAlive(capture, Place(1))
        carrier.open()
        carrier.send(True, CHUNKS[0][1])
        carrier.disconnect(carrier.get)
        carrier.post_chunk(CHUNKS[2][1])
        self.assertEqual(self.states(capture, carrier)[-1], ("post request", "closed"))

    def test_open_without_the_post_connection(self):
        capture = Capture()
        carrier = henc.KeepAlive(capture, Place(1))
        carrier.open()
        carrier.send(True, CHUNKS[0][1])
        carrier.lose_post()
        carrier.reopen_post(CHUNKS[2][1])
        self.assertEqual(self.states(capture, carrier)[-1], ("post answer", "established"))


class PollingMessages(MessageTest):
    def test_fields(self):
        capture = Capture()
        carrier = henc.Polling(capture, Place(1), poll=(600, 7, 4))
        high = stories.sstp.data(3, b"\xff\x80" * 40).data
        carrier.open()
        carrier.send(True, CHUNKS[0][1])
        carrier.send(False, CHUNKS[1][1])
        carrier.send(True, high)
        carrier.close()
        common = {"encap.guid": carrier.guid, "encap.version": "1.2",
                  "encap.server": "grooveDNS://" + http.SERVER, "encap.checksum.status": "1"}
        poll = {"encap.poll.max": "600", "encap.poll.min": "7", "encap.poll.repetitions": "4"}

        def of(sequence, data, state, **more):
            total = str(http.polling_checksum(data))
            found = {"encap.sequence": str(sequence), "encap.checksum": total,
                     "encap.checksum_calculated": total, "encap.state": state}
            return dict(common, **found, **more)
        self.assertLess(http.polling_checksum(high), 0, "no negative checksum is among these")
        self.assert_messages(capture, carrier, [
            of(0, b"", "probing"),
            {"encap.guid": carrier.guid, "encap.state": "probed"},
            of(0, CHUNKS[0][1], "connecting"),
            of(0, CHUNKS[1][1], "established", **poll),
            of(1, high, "established"),
            of(1, b"", "established", **poll)])

    def test_states(self):
        for label, ways, wanted in [
                ("direct", dict(), [("request", "probing"), ("refusal", "probed"),
                                    ("request", "connecting"), ("answer", "established")]),
                ("challenged", dict(proxy=True, port=8080, challenges=[Challenge()]), [
                    ("request", "probing"), ("challenge", "probing"), ("request", "probing"),
                    ("refusal", "probed"), ("request", "connecting"), ("answer", "established")])]:
            with self.subTest(label):
                capture = Capture()
                carrier = henc.play(henc.Polling(capture, Place(1), **ways), CHUNKS)
                self.assert_states(capture, carrier, wanted)

    def test_refused_later(self):
        capture = Capture()
        carrier = henc.Polling(capture, Place(1))
        carrier.open()
        carrier.send(True, CHUNKS[0][1])
        carrier.settle(CHUNKS[1][1])
        carrier.refuse(carrier.request(CHUNKS[2][1]), "500 Internal Server Error")
        self.assertEqual(self.states(capture, carrier)[-1], ("refusal", "closed"))

    def test_checksum_status(self):
        data = CHUNKS[0][1]
        right = http.polling_checksum(data)
        rows = [("right", right, "1"), ("one more", right + 1, "0"), ("one less", right - 1, "0"),
                ("zero", 0, "0"), ("negated", -right, "0"), ("32 bits", right + (1 << 32), "0")]
        for label, printed, status in rows:
            with self.subTest(label):
                capture = Capture()
                carrier = henc.Polling(capture, Place(1))
                carrier.open()
                carrier.answer(carrier.request(data, checksum=printed))
                shown = self.shown(self.write(capture))
                layer = self.message(capture, shown, carrier.messages("request")[1])
                self.assertEqual(layer.one("sstp.encap.checksum"), str(printed))
                self.assertEqual(layer.one("sstp.encap.checksum_calculated"), str(right))
                self.assertEqual(layer.one("sstp.encap.checksum.status"), status)


class Streams(EncapTest):
    """Which messages make one virtual connection."""

    def streams(self, capture, two_pass=False):
        """[{streams}] for the frames of each address of a client, in order of sight."""
        shown = self.shown(self.write(capture), two_pass)
        return {number: {layer.one("sstp.stream") for layer in frame.commands}
                for number, frame in shown.items() if frame.commands}

    def all_of(self, capture, carrier, streams):
        found = set()
        for sent in carrier.log:
            for frame in sent.frames:
                found |= streams.get(capture.number(frame), set())
        return found

    def carriers(self, capture, first):
        return [kind(capture, Place(first + number)) for number, kind in
                enumerate((henc.LongLived, henc.KeepAlive, henc.Polling))]

    def test_both_legs_of_a_proxy(self):
        """The same GUID between other addresses, message by message in turn."""
        for number, kind in enumerate((henc.LongLived, henc.KeepAlive, henc.Polling)):
            with self.subTest(kind.__name__):
                capture = Capture()
                near = kind(capture, Place(1, server="192.0.2.80"), port=8080, proxy=True)
                far = kind(capture, Place(200, client="192.0.2.80"), name=near.guid)
                for carrier in (near, far):
                    carrier.open()
                for side, data in CHUNKS:
                    for carrier in ((near, far) if side else (far, near)):
                        carrier.send(side, data)
                near.close()
                far.close()
                streams = self.streams(capture)
                a, b = (self.all_of(capture, carrier, streams) for carrier in (near, far))
                self.assertEqual((len(a), len(b), len(a | b)), (1, 1, 2), number)

    def test_guid_used_again(self):
        for kind in (henc.LongLived, henc.KeepAlive, henc.Polling):
            with self.subTest(kind.__name__):
                capture = Capture()
                place = Place(1)
                carriers = [henc.play(kind(capture, place), CHUNKS) for _ in range(3)]
                streams = self.streams(capture)
                found = [self.all_of(capture, carrier, streams) for carrier in carriers]
                self.assertEqual([len(each) for each in found], [1, 1, 1])
                self.assertEqual(len(set.union(*found)), 3)

    def test_many_at_once(self):
        """Thirty virtual connections of all kinds, chunk by chunk in turn."""
        capture = Capture()
        carriers = [carrier for round_number in range(10)
                    for carrier in self.carriers(capture, 10 * round_number)]
        for carrier in carriers:
            carrier.open()
        for side, data in CHUNKS:
            for carrier in carriers:
                carrier.send(side, data)
        for carrier in carriers:
            carrier.close()
        for two_pass, label in PASSES:
            streams = self.streams(capture, two_pass)
            found = [self.all_of(capture, carrier, streams) for carrier in carriers]
            self.assertEqual([len(each) for each in found], [1] * 30, label)
            self.assertEqual(len(set.union(*found)), 30, label)
            commands = [layer for frame in self.shown(self.write(capture), two_pass).values()
                        for layer in frame.commands]
            self.assertEqual(len(commands), 30 * len(SHORT), label)


if __name__ == "__main__":
    main()
