# SPDX-License-Identifier: GPL-2.0-or-later
"""Carries two byte streams through the seven encapsulations, as captures show them.

    capture = Capture()
    carrier = LongLived(capture, Place(1))
    carrier.open()
    carrier.send(True, b"...")      # one write: a body of KeepAlive or Polling
    carrier.send(False, b"...")
    carrier.close()

or `play(carrier, chunks)` with a list of (from_client, bytes).  What the wire
carried is in `carrier.log`, message by message.  A cut inside commands is a chunk
that ends there; a cut between TCP segments is one that the carrier's `cuts` names:
a function of (from_client, message) that returns offsets into the message, head
included.  Carriers in one capture may be interleaved call by call.

Like sstp_commands.py this shares nothing with what it tests.
"""

import base64
import ipaddress
import struct

import henc_http as http

TCP, OVER_443, TUNNEL, SOCKS, LONGLIVED, KEEPALIVE, POLLING = range(7)
NAMES = ("TCP", "SSTP over 443", "Secure Tunnel", "SOCKS", "LongLived", "KeepAlive", "Polling")


class Place:
    """Who talks to whom: addresses and a supply of ports of its own for each number."""

    def __init__(self, number, server="198.51.100.1", client=None, ipv6=False):
        self.number = number
        self.client = client or "10.%d.%d.%d" % (1 + (number >> 14), number >> 7 & 127,
                                                 1 + (number & 127))
        self.server = server
        if ipv6:
            self.client, self.server = "2001:db8::%x" % (number + 1), "2001:db8:1::1"
        self.port = 20000 + number * 7 % 9973
        self.guid = http.guid(number)

    def ends(self, server_port):
        """The addresses of the next TCP connection."""
        self.port += 1
        return (self.client, self.port), (self.server, server_port)


class Sent:
    """A message on the wire: what it is, its bytes, the frames that carry it."""

    def __init__(self, what, from_client, data, frames, connection):
        self.what = what
        self.from_client = from_client
        self.data = data
        self.frames = frames
        self.connection = connection


class Challenge:
    """An answer that asks for authentication, before the request is sent again."""

    def __init__(self, status="407 Proxy Authentication Required", body=b"<html>Who?</html>\r\n",
                 closes=True, version="1.1", via=True):
        self.status = status
        self.body = body
        self.closes = closes
        self.version = version
        self.via = via

    def answer(self):
        extra = (["Via: 1.1 SPIRIT1B"] if self.via else []) + [
            "Proxy-Authenticate: Basic realm=\"proxy\"", "Proxy-Support: Session-Based",
            "Content-Type: text/html"]
        return http.answer_head(len(self.body), self.status, self.version, extra,
                                "Proxy/5.0") + self.body


def credentials(number):
    """What the client adds to the request after the n-th challenge."""
    if number == 0:
        return []
    secret = base64.b64encode(b"user:secret%d" % number).decode("ascii")
    return ["Proxy-Authorization: Basic " + secret]


def no_cuts(_from_client, _message):
    return ()


class Carrier:
    """What all seven have in common."""

    encap = None

    def __init__(self, capture, place, port, cuts=no_cuts, handshake=True, end="fin", acks=False):
        self.capture = capture
        self.place = place
        self.port = port
        self.cuts = cuts
        self.handshake = handshake  # whether the capture shows the SYNs
        self.end = end              # how TCP connections end: fin, rst, or None
        self.acks = acks
        self.log = []

    def connect(self):
        """A new TCP connection to the server or proxy."""
        client, server = self.place.ends(self.port)
        return self.capture.connection(client, server, handshake=self.handshake, acks=self.acks)

    def disconnect(self, connection, from_client=True):
        if self.end == "fin":
            connection.fin(from_client)
        elif self.end == "rst":
            connection.rst(from_client)

    def put(self, connection, from_client, data, what="data"):
        frames = connection.send(data, from_client, cuts=self.cuts(from_client, data))
        self.log.append(Sent(what, from_client, data, frames, connection))
        return frames

    def messages(self, what):
        return [sent for sent in self.log if sent.what == what]

    def challenged(self, connection, request, challenges, what):
        """Sends what `request(extra headers)` makes until it is no longer refused;
        returns the connection it was sent on last, without its answer."""
        for number, challenge in enumerate(challenges):
            self.put(connection, True, request(credentials(number)), what)
            self.put(connection, False, challenge.answer(), "challenge")
            if challenge.closes:
                self.disconnect(connection, from_client=False)
                connection = self.connect()
        self.put(connection, True, request(credentials(len(challenges))), what)
        return connection


def play(carrier, chunks):
    """Opens, sends every (from_client, bytes), closes."""
    carrier.open()
    for from_client, data in chunks:
        carrier.send(from_client, data)
    carrier.close()
    return carrier


# ---------------------------------------------------------------------------
# One TCP connection


class Plain(Carrier):
    """SSTP as it is, over port 2492 or, in cleartext, 443."""

    def __init__(self, capture, place, port=2492, **keywords):
        super().__init__(capture, place, port, **keywords)
        self.encap = OVER_443 if port == 443 else TCP
        self.connection = None

    def open(self):
        self.connection = self.connect()

    def send(self, from_client, data):
        return self.put(self.connection, from_client, data)

    def close(self):
        self.disconnect(self.connection)


class Tunnel(Plain):
    """HTTP CONNECT (2.2.5, 4.6)."""

    def __init__(self, capture, place, port=8080, target_port=443, challenges=(), version="1.0",
                 target=http.SERVER, **keywords):
        super().__init__(capture, place, port, **keywords)
        self.encap = TUNNEL
        self.target = "%s:%d" % (target, target_port)
        self.challenges = challenges
        self.version = version
        self.handshake_cuts = no_cuts
        self.behind_reply = b""  # bytes of the server in the segment of the 200

    def _request(self, extra):
        return http.crlf(["CONNECT %s HTTP/1.0" % self.target, "User-Agent:" + http.AGENT,
                          "proxy-Connection: Keep-Alive", "Pragma: no-cache"] + list(extra))

    def open(self):
        connection = self.connect()
        uncut, self.cuts = self.cuts, self.handshake_cuts
        self.connection = self.challenged(connection, self._request, self.challenges, "connect")
        lines = ["HTTP/%s 200 Connection established" % self.version]
        if self.version == "1.1":
            lines += ["Via: 1.1 SPIRIT1B", "Proxy-Connection: Keep-Alive",
                      "Proxy-Agent: Example/1.0"]
        self.put(self.connection, False, http.crlf(lines) + self.behind_reply, "connected")
        self.cuts = uncut


class Socks(Plain):
    """SOCKS version 5 (2.2.6, RFC 1928, RFC 1929)."""

    def __init__(self, capture, place, port=1080, target=http.SERVER, target_port=2492, user=None,
                 password="secret", bound="10.150.2.110", **keywords):
        super().__init__(capture, place, port, **keywords)
        self.encap = SOCKS
        self.target = target
        self.target_port = target_port
        self.user = user
        self.password = password
        self.bound = bound
        self.handshake_cuts = no_cuts

    @staticmethod
    def _address(text):
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            name = text.encode("ascii")
            return b"\x03" + bytes((len(name),)) + name
        return (b"\x01" if address.version == 4 else b"\x04") + address.packed

    def open(self):
        uncut, self.cuts = self.cuts, self.handshake_cuts
        connection = self.connection = self.connect()
        self.put(connection, True, b"\x05\x02\x00\x02", "methods")
        self.put(connection, False, b"\x05\x02" if self.user else b"\x05\x00", "method")
        if self.user:
            user, password = self.user.encode("ascii"), self.password.encode("ascii")
            self.put(connection, True, b"\x01" + bytes((len(user),)) + user +
                     bytes((len(password),)) + password, "password")
            self.put(connection, False, b"\x01\x00", "accepted")
        self.put(connection, True, b"\x05\x01\x00" + self._address(self.target) +
                 struct.pack(">H", self.target_port), "connect")
        self.put(connection, False, b"\x05\x00\x00" + self._address(self.bound) +
                 struct.pack(">H", 1046), "connected")
        self.cuts = uncut


# ---------------------------------------------------------------------------
# Two TCP connections


class Halves(Carrier):
    """What LongLived and KeepAlive share: GET and POST of one GUID."""

    def __init__(self, capture, place, port=80, proxy=False, challenges=(), server=http.SERVER,
                 name=None, request_id=None, echo=http.ECHO, answer_echo=None, get_first=True,
                 version="2.0", answer_version="1.0", via=False, **keywords):
        super().__init__(capture, place, port, **keywords)
        self.proxy = proxy
        self.challenges = challenges
        self.server = server
        self.guid = name or place.guid
        self.request_id = request_id or (http.guid(place.number, salt=99) if proxy else None)
        self.echo = echo
        self.answer_echo = echo if answer_echo is None else answer_echo
        self.get_first = get_first
        self.version = version
        self.answer_version = answer_version
        self.via = ["Via: 1.1 SPIRIT1B", "X-Cache: MISS from proxy"] if via else []
        self.get = self.post = None

    def target(self, path):
        return http.absolute(self.server, path) if self.proxy else path

    def answer(self, connection, what, length, body=b"", status="200 OK"):
        head = http.answer_head(length, status, self.answer_version, self.via)
        return self.put(connection, False, head + body, what)

    def close(self, from_client=True):
        self.disconnect(self.get, from_client)
        self.disconnect(self.post, from_client)


class LongLived(Halves):
    """2.2.2, 4.1: two bodies without an end."""

    encap = LONGLIVED

    def __init__(self, *arguments, length=http.LONGLIVED_LENGTH, header_length=None,
                 echo_apart=False, **keywords):
        super().__init__(*arguments, **keywords)
        self.length = length
        self.header_length = length if header_length is None else header_length
        self.echo_apart = echo_apart  # the echo string in a segment of its own

    def _get_request(self, extra):
        path = http.longlived_uri(self.server, self.guid, "GET", self.request_id, self.length,
                                  self.version)
        return http.get_head(self.target(path), self.server, extra=extra)

    def _post_request(self, extra):
        path = http.longlived_uri(self.server, self.guid, "POST", version=self.version)
        head = http.post_head(self.target(path), self.server, self.header_length, extra=extra)
        return head if self.echo_apart else head + self.echo

    def open_get(self):
        self.get = self.challenged(self.connect(), self._get_request, self.challenges,
                                   "get request")

    def open_post(self):
        # After a challenged POST nothing can come: its body has no end.
        closing = [Challenge(c.status, c.body, True, c.version, c.via) for c in self.challenges]
        self.post = self.challenged(self.connect(), self._post_request, closing, "post request")
        if self.echo_apart:
            self.put(self.post, True, self.echo, "echo")

    def answer_get(self, data=b""):
        """The answer, its echo, and perhaps data right after it."""
        self.answer(self.get, "get answer", self.header_length, self.answer_echo + data)

    def open(self):
        for step in (self.open_get, self.open_post) if self.get_first else (self.open_post,
                                                                            self.open_get):
            step()
        self.answer_get()

    def send(self, from_client, data):
        return self.put(self.post if from_client else self.get, from_client, data)


class KeepAlive(Halves):
    """2.2.3, 4.2: a request and an answer a chunk, over two persistent connections."""

    encap = KEEPALIVE

    def _get_request(self, extra=()):
        path = http.keepalive_uri(self.server, self.guid, "GET", self.request_id, self.version)
        return http.get_head(self.target(path), self.server, True, self.proxy, extra)

    def post_request(self, body, extra=()):
        path = http.keepalive_uri(self.server, self.guid, "POST", version=self.version)
        return http.post_head(self.target(path), self.server, len(body), True, self.proxy,
                              extra) + body

    def open_get(self):
        self.get = self.challenged(self.connect(), self._get_request, self.challenges,
                                   "get request")

    def open_post(self, body=None):
        body = self.echo if body is None else body
        self.post = self.challenged(self.connect(), lambda extra: self.post_request(body, extra),
                                    self.challenges, "post request")

    def answer_post(self, body=b""):
        return self.answer(self.post, "post answer", len(body), body)

    def answer_get(self, body):
        return self.answer(self.get, "get answer", len(body), body)

    def ask(self):
        """GET: the client is ready for the next chunk."""
        return self.put(self.get, True, self._get_request(), "get request")

    def open(self):
        for step in (self.open_get, self.open_post) if self.get_first else (self.open_post,
                                                                            self.open_get):
            step()
        self.answer_post(http.NO_DATA)
        self.answer_get(self.answer_echo)
        self.ask()

    def post_chunk(self, data):
        """POST without its answer."""
        return self.put(self.post, True, self.post_request(data), "post request")

    def send(self, from_client, data):
        if from_client:
            frames = self.post_chunk(data)
            self.answer_post()
        else:
            frames = self.answer_get(data)
            self.ask()
        return frames

    def lose_post(self, with_rst=True):
        """The POST connection breaks."""
        if with_rst:
            self.post.rst(from_client=False)
        else:
            self.post.fin(from_client=False)

    def reopen_post(self, body):
        """A new TCP connection of the same GUID, without an echo (3.3.7.1)."""
        self.post = self.connect()
        frames = self.post_chunk(body)
        self.answer_post()
        return frames


# ---------------------------------------------------------------------------
# A TCP connection for each exchange


class Polling(Carrier):
    """2.2.4, 4.3.  The client's chunks ride on requests, the server's on answers; an
    answer waits for the next call, so that both may ride on one exchange."""

    encap = POLLING

    def __init__(self, capture, place, port=80, proxy=False, challenges=(), server=http.SERVER,
                 name=None, poll=(120, 5, 3), answer_version="1.0", via=False, start=0,
                 version="1.2", **keywords):
        super().__init__(capture, place, port, **keywords)
        self.proxy = proxy
        self.challenges = challenges
        self.server = server
        self.guid = name or place.guid
        self.poll = poll
        self.version = version
        self.answer_version = answer_version
        self.via = ["Via: 1.1 SPIRIT1B"] if via else []
        self.numbers = [start, start]  # of the next request, the next answer
        self.open_exchange = None      # the connection whose request has no answer

    # -- one message -------------------------------------------------------

    def request_bytes(self, number, data, extra=(), **keywords):
        keywords.setdefault("version", self.version)
        body = http.polling_body(self.server, self.guid, number, data, **keywords)
        uri = http.absolute(self.server, "") if self.proxy else "/"
        return http.polling_head(uri, self.server, len(body), extra) + body

    def answer_bytes(self, number, data, **keywords):
        keywords.setdefault("version", self.version)
        keywords.setdefault("poll", self.poll)
        body = http.polling_body(self.server, self.guid, number, data, **keywords)
        return http.answer_head(len(body), "200 OK", self.answer_version, self.via) + body

    def request(self, data=b"", number=None, challenges=(), **keywords):
        """A request on a TCP connection of its own, which it returns."""
        if number is None:
            number = self.numbers[0]
            self.numbers[0] += 1
            if not data:  # a poll waits (2.2.4.2.1.1)
                self.capture.now += self.poll[1] * 10 ** 9
        return self.challenged(
            self.connect(), lambda extra: self.request_bytes(number, data, extra, **keywords),
            challenges, "request")

    def answer(self, connection, data=b"", number=None, closes=True, **keywords):
        if number is None:
            number = self.numbers[1]
            self.numbers[1] += 1
        frames = self.put(connection, False, self.answer_bytes(number, data, **keywords), "answer")
        if closes:
            self.disconnect(connection, from_client=False)
        return frames

    def refuse(self, connection, status="400 Bad Request"):
        frames = self.put(connection, False, http.answer_head(
            0, status, self.answer_version, self.via), "refusal")
        self.disconnect(connection, from_client=False)
        return frames

    def probe(self):
        """The first request and its 400, which is success (SPECIFICATION.md)."""
        connection = self.request(b"", number=0, challenges=self.challenges)
        self.refuse(connection)

    # -- as a stream -------------------------------------------------------

    def open(self):
        self.probe()

    def settle(self, data=b""):
        """Answers the request that is open."""
        connection, self.open_exchange = self.open_exchange, None
        return self.answer(connection, data)

    def send(self, from_client, data):
        if from_client:
            if self.open_exchange is not None:
                self.settle()
            self.open_exchange = self.request(data)
            return self.log[-1].frames
        if self.open_exchange is None:
            self.open_exchange = self.request()
        return self.settle(data)

    def close(self):
        if self.open_exchange is not None:
            self.settle()
