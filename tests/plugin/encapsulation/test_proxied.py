# SPDX-License-Identifier: GPL-2.0-or-later
"""What proxies, and those who write their own HTTP, do to messages: bodies compressed or in
chunks, lines that end with LF alone, a line's end within the URI.  What Wireshark can undo is
decoded, the rest is said, and nobody is accused of it."""

import gzip
import zlib

from encap_harness import EncapTest, Run, chunks_of, main, stories
from henc_encoder import KeepAlive, LongLived, Place, Polling

STORY = stories.conversation(6)


def parts(message):
    """Head and body of an HTTP message; the body of a message without one is empty."""
    head, _, body = message.partition(b"\r\n\r\n")
    return head, body


def with_body(head, body, *fields):
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length")]
    return b"\r\n".join(lines + list(fields)) + b"\r\n\r\n" + body


def chunked(head, body, *fields):
    out = b""
    for at in range(0, len(body), 50):
        piece = body[at:at + 50]
        out += b"%x\r\n" % len(piece) + piece + b"\r\n"
    return with_body(head, out + b"0\r\n\r\n", b"Transfer-Encoding: chunked", *fields)


def sized(head, body, *fields):
    return with_body(head, body, b"Content-Length: %d" % len(body), *fields)


def encoded(name, encode, frame=sized):
    def change(message):
        head, body = parts(message)
        return frame(head, encode(body), b"Content-Encoding: " + name) if body else message
    return change


def deflate(body):
    return zlib.compress(body)


def lf_alone(message):
    head, body = parts(message)
    return head.replace(b"\r\n", b"\n") + b"\n\n" + body


def line_in_uri(message):
    line, end, rest = message.partition(b"\r\n")
    if line.startswith(b"HTTP/"):
        return message
    return line.replace(b"/2.0/", b"/2.0/\n", 1) + end + rest


DECODED = {
    "gzip": encoded(b"gzip", gzip.compress),
    "x-gzip": encoded(b"x-gzip", gzip.compress),
    "deflate": encoded(b"deflate", deflate),
    "chunked": lambda m: chunked(*parts(m)) if parts(m)[1] else m,
    "gzip, chunked": encoded(b"gzip", gzip.compress, chunked),
    "identity": encoded(b"identity", bytes),
    "LF alone": lf_alone,
    "a line's end in the URI": line_in_uri,
}
# A request whose body is encoded is not known for one of Polling.
ANSWERS_ONLY = {"gzip", "x-gzip", "deflate", "gzip, chunked"}


def proxied(carrier, change, answers_only=False):
    """A carrier whose messages a proxy has changed."""
    class Proxied(carrier):
        def put(self, connection, from_client, data, what="data"):
            if not (from_client and answers_only):
                data = change(data)
            return super().put(connection, from_client, data, what)
    return Proxied


class TestProxied(EncapTest):
    def test_decoded(self):
        run = Run()
        number = 0
        for carrier in (KeepAlive, Polling):
            for name, change in DECODED.items():
                if carrier is Polling and "URI" in name:
                    continue
                kind = proxied(carrier, change, carrier is Polling and name in ANSWERS_ONLY)
                for port in (80, 45678):
                    number += 1
                    run.add("%s, %s, port %d" % (carrier.__name__, name, port),
                            kind(run.capture, Place(number), port), chunks_of(STORY), STORY)
        for name in ("LF alone", "a line's end in the URI"):
            class Proxied(LongLived):
                def put(self, connection, from_client, data, what="data", change=DECODED[name]):
                    if what != "data":
                        data = change(data)
                    return super().put(connection, from_client, data, what)
            number += 1
            run.add("LongLived, " + name, Proxied(run.capture, Place(number)), chunks_of(STORY),
                    STORY)
        self.assert_equal_to(run)

    def shown_of(self, carrier, change, answers_only=False, **keywords):
        run = Run()
        run.add("", proxied(carrier, change, answers_only)(run.capture, Place(1)),
                chunks_of(STORY), STORY)
        return self.shown(self.write(run.capture), **keywords)

    def test_not_decoded(self):
        """An encoding that nobody knows, one that is none, and one that the user does not
        want undone."""
        for name, change, preferences in (
                ("unknown", encoded(b"secret", bytes), ()),
                ("broken", encoded(b"gzip", lambda body: b"\x1f\x8b" + body), ()),
                ("not wanted", encoded(b"gzip", gzip.compress), ("http.decompress_body:FALSE",))):
            for carrier, answers_only in ((KeepAlive, False), (KeepAlive, True), (Polling, True)):
                for two_pass in (False, True):
                    label = "%s, %s, answers only %r, two passes %r" % (
                        name, carrier.__name__, answers_only, two_pass)
                    shown = self.shown_of(carrier, change, answers_only, two_pass=two_pass,
                                          preferences=preferences)
                    said = [layer for frame in shown.values() for layer in frame.messages
                            if layer.values("sstp.encap.undecoded")]
                    self.assertTrue(said, label)
                    self.assertEqual([f for frame in shown.values() for f in frame.bad], [], label)
                    self.assertFalse(any(frame.is_malformed for frame in shown.values()), label)
                    decoded = [layer.one("sstp.from_initiator") for frame in shown.values()
                               for layer in frame.commands]
                    self.assertNotIn("0", decoded, label)
                    if answers_only and carrier is KeepAlive:
                        self.assertEqual(len(decoded), sum(1 for side, _ in STORY if side), label)

    def test_longlived_in_chunks(self):
        """A body without end that is cut into chunks is shown as not decoded."""
        class Chunked(LongLived):
            def put(self, connection, from_client, data, what="data"):
                if what == "data":
                    data = b"%x\r\n" % len(data) + data + b"\r\n"
                else:
                    head, body = parts(data)
                    if body:
                        body = b"%x\r\n" % len(body) + body + b"\r\n"
                        data = with_body(head, body, b"Transfer-Encoding: chunked")
                return super().put(connection, from_client, data, what)
        run = Run()
        run.add("", Chunked(run.capture, Place(1)), chunks_of(STORY), STORY)
        for two_pass in (False, True):
            shown = self.shown(self.write(run.capture), two_pass)
            self.assertEqual([f for frame in shown.values() for f in frame.bad], [])
            self.assertEqual([c for frame in shown.values() for c in frame.commands], [])
            said = {value for frame in shown.values() for layer in frame.messages
                    for value in layer.values("sstp.encap.undecoded")}
            self.assertEqual(said, {"chunked"})


if __name__ == "__main__":
    main()
