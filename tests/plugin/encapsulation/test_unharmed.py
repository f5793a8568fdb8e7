# SPDX-License-Identifier: GPL-2.0-or-later
"""Traffic that is none of ours, on the same ports and of the same protocols: its
PDML is byte for byte the same with the plugin and without."""

import random
import unittest

from encap_harness import HERE  # noqa: F401  pylint: disable=unused-import
import henc_http as http
from capture import Capture
from tshark import Wireshark

RNG = random.Random(20)


def noise(count):
    return bytes(RNG.getrandbits(8) for _ in range(count))


def request(method, path, body=b"", headers=(), version="1.1"):
    lines = ["%s %s HTTP/%s" % (method, path, version), "Host: www.example.net"] + list(headers)
    if body:
        lines.append("Content-Length: %d" % len(body))
    return http.crlf(lines) + body


def answer(body=b"", status="200 OK", headers=(), version="1.1"):
    return http.crlf(["HTTP/%s %s" % (version, status), "Server: Example"] + list(headers) +
                     ["Content-Length: %d" % len(body)]) + body


def chunked(body, size=700):
    out = http.crlf(["HTTP/1.1 200 OK", "Transfer-Encoding: chunked",
                     "Content-Type: application/octet-stream"])
    for at in range(0, len(body), size):
        piece = body[at:at + size]
        out += b"%x\r\n" % len(piece) + piece + b"\r\n"
    return out + b"0\r\n\r\n"


def tls_record(kind, body, version=b"\x03\x03"):
    return bytes((kind,)) + version + len(body).to_bytes(2, "big") + body


def client_hello():
    name = b"www.example.net"
    sni = b"\x00\x00" + (len(name) + 5).to_bytes(2, "big") + (len(name) + 3).to_bytes(2, "big")
    sni += b"\x00" + len(name).to_bytes(2, "big") + name
    body = b"\x03\x03" + noise(32) + b"\x00" + b"\x00\x04\x13\x01\xc0\x2f" + b"\x01\x00"
    body += len(sni).to_bytes(2, "big") + sni
    return tls_record(22, b"\x01" + len(body).to_bytes(3, "big") + body, b"\x03\x01")


def tls_story():
    server = b"\x03\x03" + noise(32) + b"\x00" + b"\xc0\x2f" + b"\x00"
    server = tls_record(22, b"\x02" + len(server).to_bytes(3, "big") + server)
    story = [(True, client_hello()), (False, server + tls_record(22, b"\x0e\x00\x00\x00")),
             (True, tls_record(20, b"\x01") + tls_record(22, noise(40))),
             (False, tls_record(20, b"\x01") + tls_record(22, noise(40)))]
    for number in range(12):
        story.append((number % 3 != 0, tls_record(23, noise(50 + 700 * number))))
    return story + [(True, tls_record(21, noise(30)))]


SSH = [(False, b"SSH-2.0-OpenSSH_9.2p1\r\n"), (True, b"SSH-2.0-OpenSSH_9.0\r\n"),
       (True, b"\x00\x00\x00\x3c\x05\x14" + noise(58)), (False, noise(80))]
HELLO = ["User-Agent: " + http.AGENT, "Accept: */*"]
BINARY = ["Content-Type: application/octet-stream"]


def conversations():
    """(label, server port, [(from_client, bytes)])"""
    plain = [(True, request("GET", "/")), (False, answer(b"<html>hi</html>")),
             (True, request("POST", "/form", b"a=1&b=2")), (False, answer()),
             (True, request("HEAD", "/x")), (False, http.crlf(["HTTP/1.1 304 Not Modified"]))]
    download = [(True, request("GET", "/file.bin", headers=HELLO)),
                (False, answer(noise(40000), headers=BINARY))]
    small = [(True, request("GET", "/b", headers=HELLO)),
             (False, answer(b"\x0e\x0a\x00\x03\x00\x00\x00abc", headers=BINARY)),
             (True, request("POST", "/b", b"\x10\x07\x00\x01\x00\x00\x00", BINARY)),
             (False, answer(b"\x10\x07\x00\x01\x00\x00\x00"))]
    upload = [(True, request("POST", "/upload", noise(30000), BINARY)), (False, answer(b"ok")),
              (True, request("POST", "/", b"1.2\0other://thing\0" + noise(50), BINARY)),
              (False, answer(b"1.2\0" + noise(20)))]
    pieces = [(True, request("GET", "/c")), (False, chunked(noise(5000)))]
    pipelined = [(True, b"".join(request("GET", "/%d" % n) for n in range(5))),
                 (False, b"".join(answer(noise(300), headers=BINARY) for n in range(5)))]
    refused = [(True, request("GET", "http://www.example.net/", headers=HELLO)),
               (False, answer(b"who?", "407 Proxy Authentication Required",
                              ["Proxy-Authenticate: Basic realm=\"x\""])),
               (True, request("GET", "http://www.example.net/",
                              headers=["Proxy-Authorization: Basic dTpw"])),
               (False, answer(b"now you may"))]
    near = [(True, request("GET", "/2.0/relay/guid,ConnType=ShortLived", version="1.0")),
            (False, answer(b"no", "404 Not Found")),
            (True, request("GET", "/echo")), (False, answer(b"GroovePing: 1.0,Ping\r\n")),
            (True, request("POST", "/2.0/r/g", b"GroovePing: 1.0,Ping\r\n", BINARY)),
            (False, answer(b"<html></html>\r\n"))]
    until_close = [(True, request("GET", "/old", version="1.0")),
                   (False, http.crlf(["HTTP/1.0 200 OK"] + BINARY) + noise(3000))]
    duplex = http.crlf(["SSTP_DUPLEX_POST /sra_{BA195980-CD49-458b-9E23-C84EE0ADCD75}/ HTTP/1.1",
                        "Host: vpn.example.net", "Content-Length: 18446744073709551615"])
    control = b"\x10\x01\x00\x0e\x00\x01\x00\x01\x00\x01\x00\x06\x00\x01"
    other = [(True, duplex), (False, http.crlf(["HTTP/1.1 200 OK",
                                                "Content-Length: 18446744073709551615"])),
             (True, control), (False, b"\x10\x01\x00\x30\x00\x02\x00\x01\x00\x04\x00\x28" +
                               b"\0\0\0\3" + noise(32)), (True, b"\x10\x00\x00\x0c" + noise(8))]
    connect = [(True, http.crlf(["CONNECT www.example.net:443 HTTP/1.1",
                                 "Host: www.example.net:443"])),
               (False, http.crlf(["HTTP/1.1 200 Connection established"]))]
    to_ssh = [(True, http.crlf(["CONNECT host.example.net:22 HTTP/1.0"])),
              (False, http.crlf(["HTTP/1.0 200 Connection established", "Via: 1.1 x"]))]
    to_odd = [(True, http.crlf(["CONNECT host.example.net:9999 HTTP/1.0"])),
              (False, http.crlf(["HTTP/1.0 200 OK"])), (True, noise(90)), (False, noise(70))]
    denied = [(True, http.crlf(["CONNECT host.example.net:443 HTTP/1.0"])),
              (False, answer(b"<html>no</html>", "403 Forbidden", version="1.0"))]
    socks = [(True, b"\x05\x01\x00"), (False, b"\x05\x00"),
             (True, b"\x05\x01\x00\x03\x0fwww.example.net\x00\x50"),
             (False, b"\x05\x00\x00\x01\xc0\x00\x02\x09\x04\x16")]
    socks_ssh = socks[:2] + [(True, b"\x05\x01\x00\x01\xc0\x00\x02\x22\x00\x16"), socks[3]]
    socks_tls = socks[:2] + [(True, b"\x05\x01\x00\x03\x0fwww.example.net\x01\xbb"), socks[3]]
    socks4 = [(True, b"\x04\x01\x00\x50\xc0\x00\x02\x07me\x00"),
              (False, b"\x00\x5a\x00\x50\xc0\x00\x02\x07")]
    rows = [("plain", plain), ("download", download), ("small", small), ("upload", upload),
            ("chunked", pieces), ("pipelined", pipelined), ("407", refused), ("near", near),
            ("until close", until_close)]
    for port in (80, 8080, 3128, 45678):
        for label, story in rows:
            yield label, port, story
    for port in (443, 8443, 993, 45679):
        yield "TLS", port, tls_story()
    yield "the other sstp", 18443, other
    for port in (8080, 3128):
        yield "CONNECT, TLS", port, connect + tls_story()
        yield "CONNECT, SSH", port, to_ssh + SSH
        yield "CONNECT, something", port, to_odd
        yield "CONNECT, denied", port, denied
    yield "SOCKS, HTTP", 1080, socks + plain
    yield "SOCKS, SSH", 1080, socks_ssh + SSH
    yield "SOCKS, TLS", 1080, socks_tls + tls_story()
    yield "SOCKS 4, HTTP", 1080, socks4 + plain
    for port in (21, 25, 2491, 2493, 50000):
        yield "anything", port, [(True, noise(60)), (False, noise(900)), (True, b"\x01"),
                                 (True, b"\x00" * 40), (False, b"1.2\0")]


def quotations():
    """Ordinary requests whose target speaks of an encapsulation's."""
    for target in ("/?q=/2.0/r/g,ConnType=LongLived,ContentLength=1",
                   "/search?q=/2.0/relay.example/%s,ConnType=KeepAlive" % http.guid(1),
                   "/docs/2.0/relay.example/%s,ConnType=LongLived" % http.guid(1)):
        yield target, 80, [(True, request("GET", target, headers=HELLO)),
                           (False, answer(noise(500), headers=BINARY)),
                           (True, request("POST", target, noise(700), BINARY)),
                           (False, answer(b"ok"))]


def made(handshake=True, size=None, cuts=False, rows=None):
    capture = Capture(tick=100_000)
    for number, (_, port, story) in enumerate(rows or conversations()):
        connection = capture.connection(("10.9.%d.%d" % (number >> 7, 1 + (number & 127)),
                                         30000 + number), ("198.51.100.7", port),
                                        handshake=handshake)
        for from_client, data in story:
            at = [n for n in range(1, len(data)) if RNG.random() < 0.004] if cuts else []
            connection.send(data, from_client, size=size, cuts=at)
        connection.fin()
    return capture


class Unharmed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.with_it = Wireshark()
        cls.without = Wireshark(plugin=False)

    @classmethod
    def tearDownClass(cls):
        cls.with_it.close()
        cls.without.close()

    def assert_unharmed(self, capture, expected=("http", "sstp", "tls", "socks", "ssh"),
                        **keywords):
        path = capture.write(self.with_it.path("test.pcapng"))
        # SSTP_DUPLEX_POST is on a port of its own.
        rules = ["tcp.port==18443,http"]
        for two_pass in (False, True):
            ours, theirs = (ws.pdml(path, two_pass=two_pass, decode_as=rules, **keywords)
                            for ws in (self.with_it, self.without))
            for name in expected:
                self.assertIn('<proto name="%s"' % name, theirs)
            if ours == theirs:
                continue
            pairs = list(zip(theirs.split("</packet>"), ours.split("</packet>")))
            for number, (a, b) in enumerate(pairs, 1):
                if a != b:
                    lines = [(x, y) for x, y in zip(a.splitlines(), b.splitlines()) if x != y]
                    self.fail("two passes %r: frame %d differs:\n  without %s\n  with    %s" %
                              (two_pass, number, *(lines[0] if lines else (a[-500:], b[-500:]))))
            self.fail("other frames")

    def test_in_segments(self):
        self.assert_unharmed(made())

    def test_without_the_syns(self):
        self.assert_unharmed(made(handshake=False))

    def test_targets_that_quote_ours(self):
        self.assert_unharmed(made(rows=quotations()), ("http",))

    def test_in_tiny_segments(self):
        self.assert_unharmed(made(size=53))

    def test_cut_at_random(self):
        self.assert_unharmed(made(cuts=True))

    def test_out_of_order_preference(self):
        self.assert_unharmed(made(cuts=True), preferences=["tcp.reassemble_out_of_order:TRUE"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
