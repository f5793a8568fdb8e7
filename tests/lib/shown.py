# SPDX-License-Identifier: GPL-2.0-or-later
"""Reading only our own layers out of PDML, which is much faster where there are many frames.

    text = ws.tshark(capture, "-T", "pdml", "-J", PROTOCOLS, "-Y", FILTER)
    for number, frame in read_pdml(text).items():
        print(number, frame.commands)
"""

from pdml import packets_of
from wireshark_test import BAD

OURS = ("grvsstp", "grvhenc", "_ws.malformed")
FILTER = " || ".join(OURS)
PROTOCOLS = " ".join(OURS)


class Shown:
    """The layers of one frame that are ours, and whether something ran off its end."""

    def __init__(self, number, layers):
        self.number = number
        self.layers = [layer for layer in layers if layer.name in OURS[:2]]
        self.is_malformed = any(layer.name == OURS[2] for layer in layers)

    @property
    def commands(self):
        return [layer for layer in self.layers if layer.has("sstp.command")]

    @property
    def messages(self):
        """The encapsulation's own layers."""
        return [layer for layer in self.layers if layer.name == "grvhenc"]

    @property
    def findings(self):
        return [(name[len("sstp.expert."):], severity) for layer in self.layers
                for name, severity in layer.experts if name and name.startswith("sstp.expert.")]

    @property
    def bad(self):
        return [finding for finding in self.findings if finding[1] in BAD]


def read_pdml(text):
    """Every frame that has a layer of ours, by its number."""
    shown = {}
    for packet in packets_of(text):
        layers = packet.layers_of(OURS)
        if layers:
            shown[packet.number] = Shown(packet.number, layers)
    return shown
