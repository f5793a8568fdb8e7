# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes the captures of the seven encapsulations in this folder: one short
conversation of all 18 commands in each.

    python3 samples/make_encapsulations.py [folder]
"""

import os
import random
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
for part in ("lib", os.path.join("plugin", "dissect")):
    sys.path.insert(0, os.path.join(HERE, "..", "tests", part))

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


def main(folder=HERE):
    for number, (name, make) in enumerate(CAPTURES.items(), 1):
        capture = Capture(tick=5_000_000)
        make(capture, henc.Place(number))
        capture.write(os.path.join(folder, name + ".pcapng"))


if __name__ == "__main__":
    main(*sys.argv[1:])
