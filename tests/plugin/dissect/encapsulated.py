# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures of the encapsulations, by the encoders of the tests: one short conversation of all 18
commands in each, the same bytes each time.

    path = encapsulated.write("polling", folder)       # of CAPTURES
"""

import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))

import cutting  # noqa: E402
import henc_encoder as henc  # noqa: E402
import stories  # noqa: E402
from capture import Capture  # noqa: E402

CHUNKS = [(side, data) for side, data, _ in stories.turns(stories.conversation())]


def cleartext_443(capture, place):
    henc.play(henc.Plain(capture, place, port=443), CHUNKS)


def secure_tunnel(capture, place):
    """Through a proxy that answers 407 first."""
    henc.play(henc.Tunnel(capture, place, challenges=[henc.Challenge()], version="1.1"), CHUNKS)


def socks(capture, place):
    """User and password, the relay by its name."""
    henc.play(henc.Socks(capture, place, user="groove"), CHUNKS)


def longlived(capture, place):
    henc.play(henc.LongLived(capture, place), CHUNKS)


def longlived_proxy(capture, place):
    """Absolute URI with ID=, one round of 407 on either connection."""
    henc.play(henc.LongLived(capture, place, port=8080, proxy=True, answer_version="1.1", via=True,
                             challenges=[henc.Challenge()]), CHUNKS)


def keepalive(capture, place):
    """Commands cut across bodies; the POST connection is lost on the way and opened
    again, and the body without an answer is sent a second time."""
    chunks = cutting.split_randomly(CHUNKS, random.Random(2), 900)
    lost = next(n for n in range(len(chunks) // 2, len(chunks)) if chunks[n][0])
    carrier = henc.KeepAlive(capture, place)
    carrier.open()
    for side, data in chunks[:lost]:
        carrier.send(side, data)
    carrier.post_chunk(chunks[lost][1])
    carrier.lose_post()
    carrier.reopen_post(chunks[lost][1])
    for side, data in chunks[lost + 1:]:
        carrier.send(side, data)
    carrier.close()


def polling(capture, place):
    """Commands cut across bodies, and so across TCP connections."""
    henc.play(henc.Polling(capture, place), cutting.split_randomly(CHUNKS, random.Random(3), 900))


CAPTURES = {
    "cleartext-443": cleartext_443, "secure-tunnel": secure_tunnel, "socks": socks,
    "longlived": longlived, "longlived-proxy": longlived_proxy, "keepalive": keepalive,
    "polling": polling}


def write(name, folder):
    """Makes one of them; where it is."""
    capture = Capture(tick=5_000_000)
    CAPTURES[name](capture, henc.Place(1 + list(CAPTURES).index(name)))
    path = os.path.join(folder, name + ".pcapng")
    capture.write(path)
    return path
