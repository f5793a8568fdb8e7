# SPDX-License-Identifier: GPL-2.0-or-later
"""What the dissection tests share: a Wireshark per test file, and comparing what it
shows with what the encoder in tests/lib says a command holds."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))

import stories  # noqa: E402
from capture import Capture  # noqa: E402
from tshark import TSHARK  # noqa: E402,F401
from wireshark_test import WiresharkTest, main  # noqa: E402,F401

HERE = os.path.dirname(os.path.abspath(__file__))


def fields_of_the_encoder():
    """Every field that the encoder knows: of these, a command shows exactly its own."""
    names = set()
    for minor in (5, 6):
        for command in stories.commands_of(stories.conversation(minor)):
            names.update(name for name, _ in command.fields)
    for story in stories.refusals() + [stories.messages(), stories.published()]:
        for command in stories.commands_of(story):
            names.update(name for name, _ in command.fields)
    return names


ENCODER_FIELDS = fields_of_the_encoder()


def takes_along(ws):
    """Whether this tshark saves the frames that a displayed one needs, as Wireshark's own HTTP
    tells it.  That of 4.4 takes along what no filter has been asked about yet, and it asks of none
    before all are marked: every frame counts as displayed then."""
    capture = new_capture()
    connection = capture.connection(server=("198.51.100.1", 80))
    connection.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n" + bytes(3000),
                    from_client=False)
    folder = ws.path("along")
    os.makedirs(folder)
    os.chmod(folder, 0o777)  # tshark runs as another user
    saved = os.path.join(folder, "displayed.pcapng")
    ws.run([TSHARK, "-n", "-2", "-r", capture.write(ws.path("http.pcapng")),
            "-Y", "http.response", "-w", saved])
    return len(ws.run([TSHARK, "-n", "-r", saved]).splitlines()) == 3


def needs_to_take_along(test):
    """Skips a test, or a class of them, where tshark does not; that of 4.0 does."""
    if not takes_along(test.ws) and " 4.0." not in test.ws.run([TSHARK, "--version"]):
        raise unittest.SkipTest("this tshark saves no frame along with one that needs it")


def differences(layer, command):
    """How a dissected layer differs from the command, in words."""
    found = []
    for name in sorted(ENCODER_FIELDS):
        shown, wanted = layer.values(name), command.values(name)
        if shown != wanted:
            found.append("%s: shown %r, encoded %r" % (name, shown, wanted))
    return found


class DissectTest(WiresharkTest):
    """Holds what is shown against the commands that were sent."""

    def assert_commands(self, layers, commands, label=""):
        """The layers are these commands, in this order, field by field."""
        self.assertEqual([layer.one("sstp.command") for layer in layers],
                         ["0x%02x" % command.data[0] for command in commands],
                         "%s: other commands than were sent" % label)
        for number, (layer, command) in enumerate(zip(layers, commands)):
            self.assertEqual(differences(layer, command), [],
                             "%s: command %d, %s" % (label, number, command.name))

    def assert_quiet(self, frames, label=""):
        """No finding of ours, nothing malformed."""
        for frame in frames:
            self.assertEqual(frame.findings, [], "%s: frame %d" % (label, frame.number))
            self.assertFalse(frame.is_malformed, "%s: frame %d" % (label, frame.number))

    def stream_of(self, frames, tcp_stream):
        return [frame for frame in frames if frame.tcp_stream == tcp_stream]


def commands_in(frames):
    """The command layers of several frames, in order."""
    return [layer for frame in frames for layer in frame.commands]


def new_capture():
    return Capture()


def client_address(number):
    """An address and port of its own for each of many connections."""
    return ("192.0.2.%d" % (1 + number // 20000), 30000 + number % 20000)
