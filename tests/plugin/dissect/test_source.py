# SPDX-License-Identifier: GPL-2.0-or-later
"""What a frame shows of bytes that others brought, where they are read again from the file: from one that
is compressed, and with frames in it that tshark does not keep (-R)."""

import gzip
import os
import re

import harness
from harness import DissectTest, stories
from stories import sstp
from tshark import TSHARK

NUM = 40
SIZE = 900  # octets of a segment; of a payload twice that


def payload(number):
    return bytes((number * 5 + i) & 0xFF for i in range(2 * SIZE + number))


def messages():
    return sstp.join(command for number in range(NUM)
                     for command in sstp.message_sequence(0x21, payload(number)))


def capture():
    """The same messages, on two connections by turns, and after what was sent before."""
    capture = harness.new_capture()
    connections = [capture.connection(), capture.connection(("192.0.2.2", 40000))]
    for connection in connections:
        stories.play(connection, stories.greeting(6))
        connection.send(sstp.open_session(0x21, "grooveTelespace", "grooveIdentity://a", "").data,
                        True)
        connection.send(sstp.open_response(0x21).data, False)
    text = messages()
    for at in range(0, len(text), SIZE):
        for connection in connections:
            connection.send(text[at:at + SIZE], True)
    return capture


class SourceTest(DissectTest):
    def payloads(self, file, *options):
        """What is shown of messages, by frame, and the frames of its pieces."""
        text = self.ws.run([TSHARK, "-n", "-r", file, *options, "-T", "fields",
                            "-e", "frame.number", "-e", "sstp.message.payload",
                            "-Y", "sstp.message.payload"])
        return [value for line in text.splitlines()
                for value in re.split("[,]", line.split("\t")[1])]

    def setUp(self):
        self.file = self.write(capture())
        self.expected = sorted(payload(number).hex() for number in range(NUM) for _ in range(2))

    def test_read_again(self):
        self.assertEqual(sorted(self.payloads(self.file)), self.expected)
        self.assertEqual(sorted(self.payloads(self.file, "-2")), self.expected)

    def test_compressed(self):
        packed = self.file + ".gz"
        with open(self.file, "rb") as plain, gzip.open(packed, "wb") as out:
            out.write(plain.read())
        os.chmod(packed, 0o644)
        self.assertEqual(sorted(self.payloads(packed, "-2")), self.expected)

    def test_frames_that_are_not_kept(self):
        """A read filter has them dissected, and their numbers given to others."""
        for refused in ("frame.len == %d" % (SIZE + 54), "tcp.dstport == 40000 || frame.len < 80",
                        "tcp.srcport == 40000 && tcp.seq > 20000 && tcp.seq < 30000"):
            shown = self.payloads(self.file, "-2", "-R", "!(%s)" % refused)
            self.assertEqual([value for value in shown if value not in self.expected], [], refused)
        self.assertGreater(len(shown), NUM)


if __name__ == "__main__":
    harness.main()
