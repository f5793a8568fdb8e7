# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes samples/vectors.pcapng from samples/vectors/*.hex: the commands printed in
MS-GRVHENC 4.3, over TCP.

    python3 samples/make_vectors.py [OUTPUT]
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tests", "lib"))

from capture import Capture  # noqa: E402


def vector(name):
    """The bytes of a file of hexadecimal digits; what follows a # is a remark."""
    with open(os.path.join(HERE, "vectors", name), encoding="utf-8") as file:
        return bytes.fromhex("".join(line.split("#")[0] for line in file))


def main(output=os.path.join(HERE, "vectors.pcapng")):
    capture = Capture()
    connection = capture.connection(acks=True)
    connection.send(vector("connect.hex"), from_client=True)
    connection.send(vector("connect_response.hex"), from_client=False)
    connection.send(vector("noop.hex"), from_client=True)
    connection.fin()
    capture.write(output)
    print("%s: %d frames" % (output, len(capture.frames)))


if __name__ == "__main__":
    main(*sys.argv[1:])
