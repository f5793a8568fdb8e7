# SPDX-License-Identifier: GPL-2.0-or-later
"""The request/response pairs that MS-GRVHENC 4.3 prints in full, byte for byte.

The document replaced the server's name after its capture was made: as printed
(`server01`) both checksums are wrong, with `monster2` put back they are right
(SPECIFICATION.md).  The fifth pair, number 37, is printed with its middle left out.
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "lib"))

from capture import Capture  # noqa: E402

GUIDS = ("m3u7m5ev6iz9hj6mx97s4kdrnk8khajvb3bwnba", "a5s2fj8q55cxne2v4wr48ad9ciffsznzq9apczi")

CONNECT = bytes.fromhex("""
    01bc000105 00 67726f6f7665444e533a2f2f73657276657230312e72656c61792e6e657400 01
    6470703a2f2f2f6d6b386b35646170376e66626e69336374777962 6d65773268327367693366683367 6a3569756900
    4d00 010301 1800 e94cb5b2b7df00c965ed36eaed61261da8a0a2cb5d1b8366
    1400 9890f12014f531cf1d0393090dee8e708d93218c
    1800 590f17da461a3d1aae5b86999345599f41c57ec407f59eed
    47726f6f766520436c69656e7420342e32203236323300 00""")
CONNECT_RESPONSE = bytes.fromhex("""
    02a9000105 00 6700 010302 1800 690619ae3bad0b7a5a7a67e0a2904165285bf6d2e78eb4f6
    1400 9d054d7db0a0ed481ed705baf024a0d6be022bd1
    1800 00e8f4ab6cb1f0c0e92dc80b2d915e074c9a2434b7f1b810
    1800 bc51278e48f5d6739a53323f6893b6c51d554fe242512113
    03 47726f6f76652052656c61792031322e30203134303700 00
    01 67726f6f7665444e533a2f2f73657276657230312e72656c61792e6e657400 00""")
NOOP = bytes.fromhex("10070001000000")

REQUEST = """POST / HTTP/1.0
Accept: */*
Content-Type: application/octet-stream
User-Agent: Mozilla/4.0 (compatible; MSIE 5.5; Win32)
Host: 10.150.1.226
Content-Length: %d
Pragma: no-cache
Cache-Control: no-cache
Expires: 0
Cache-Control: max-age=0

"""
ANSWER = """HTTP/1.0 %s
Date: Wed, 26 Dec 2007 19:01:55 GMT
Server: Groove-Relay/12.0
Connection: Keep-Alive
Content-Length: %d

"""


def head(text):
    return text.replace("\n", "\r\n").encode("ascii")


def fields(guid, number, checksum, poll=b""):
    return b"\0".join([b"1.2", b"grooveDNS://server01.relay.net", GUIDS[guid].encode("ascii"),
                       b"%d" % number, b"%d" % checksum]) + b"\0" + poll


POLL = b"120,5,3\0"
# (request body, status, answer body); the probe's Content-Length is printed as 79.
PAIRS = (
    (fields(0, 0, 0), "400 Bad Request", b""),
    (fields(0, 0, 539304) + CONNECT, "200 OK", fields(0, 0, 660819, POLL) + CONNECT_RESPONSE),
    (fields(1, 38, 0), "200 OK", fields(1, 38, 62, POLL) + NOOP),
    (fields(1, 39, 0), "200 OK", fields(1, 39, 0, POLL)))


def capture(server_name=b"server01"):
    """The four pairs, each on a TCP connection of its own."""
    made = Capture(tick=20_000_000)
    for number, (request, status, answer) in enumerate(PAIRS):
        request = request.replace(b"server01", server_name)
        answer = answer.replace(b"server01", server_name)
        connection = made.connection(("10.150.2.110", 1046 + number), ("10.150.1.226", 80))
        connection.send(head(REQUEST % len(request)) + request)
        connection.send(head(ANSWER % (status, len(answer))) + answer, from_client=False)
        connection.fin(from_client=False)
    return made


if __name__ == "__main__":
    folder = os.path.join(HERE, "vectors")
    os.makedirs(folder, exist_ok=True)
    capture().write(os.path.join(folder, "polling-as-printed.pcapng"))
    capture(b"monster2").write(os.path.join(folder, "polling-restored.pcapng"))
