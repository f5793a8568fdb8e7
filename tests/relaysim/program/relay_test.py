# SPDX-License-Identifier: GPL-2.0-or-later
"""A relay as a program, and what tests of it have in common."""
import live
from raw import Raw, sstp

TRY_LATER = 0x02
BASIC = ["relay", "--url", live.URL]


def connect_command(device):
    return sstp.connect(live.URL, [device], b"", "P", "", version=(1, 6))


class RelayTest(live.LiveTest):
    def relay(self, *arguments, **options):
        return live.Relay(*arguments, **options).lives_as_long_as(self)

    def answer(self, address, device):
        """The id of the ConnectResponse to a caller, who leaves again."""
        with Raw(address) as peer:
            peer.send(connect_command(device))
            name, command = peer.receive()
            self.assertEqual(name, "ConnectResponse")
            return command[5]

    def wait_for_line(self, pipe, pattern):
        """The first line that matches; the end of the file fails."""
        for line in pipe:
            if pattern in line:
                return line
        self.fail("no line with " + pattern)

    def wait_until(self, is_so):
        self.await_true(is_so, "it never was so")
