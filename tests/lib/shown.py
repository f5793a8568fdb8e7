# SPDX-License-Identifier: GPL-2.0-or-later
"""Reading only our own layers out of PDML, which is much faster where there are many frames.

    text = ws.tshark(capture, "-T", "pdml", "-J", PROTOCOLS, "-Y", FILTER)
    for number, frame in read_pdml(text).items():
        print(number, frame.commands)
"""

import io
import re
import xml.etree.ElementTree as ElementTree

from tshark import Layer
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
        return [layer for layer in self.layers if layer.values("sstp.command")]

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
    text = re.sub("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "?", text)
    shown, number, layers = {}, None, []
    depth = 0
    for event, element in ElementTree.iterparse(io.BytesIO(text.encode()), ("start", "end")):
        if event == "start":
            depth += element.tag == "proto"
            continue
        if element.tag == "proto":
            depth -= 1
            name = element.get("name")
            if name == "geninfo":
                number = int(element[0].get("show"))
            elif depth == 0 and name in OURS:
                layers.append(Layer(element))
            if depth == 0:
                element.clear()
        elif element.tag == "packet":
            if layers:
                shown[number] = Shown(number, layers)
            number, layers = None, []
            element.clear()
    return shown
