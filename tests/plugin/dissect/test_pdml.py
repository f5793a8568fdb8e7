#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What tests/lib/pdml.py cuts out of PDML is what an XML parser finds in it, and what is no whole
PDML is refused."""

import glob
import os
import unittest
import xml.etree.ElementTree as ElementTree

import harness
from pdml import FORBIDDEN, SEVERITIES, Failure, normal, packets_of
from stories import sstp

SAMPLES = os.path.join(harness.HERE, "..", "..", "..", "samples")


class Parsed:
    """A layer, as an XML parser has it."""

    def __init__(self, element):
        self.name, self.showname = element.get("name"), element.get("showname")
        self.fields, self.texts, self.places, self.experts = [], [], [], []
        self.collect(element)

    def collect(self, parent):
        for element in parent:
            name = element.get("name", "")
            if name == "_ws.expert":
                parts = {part.get("name"): part.get("show") for part in element}
                number = int(parts.pop("_ws.expert.severity"))
                names = [part for part in parts if not part.startswith("_ws.")]
                self.experts.append((names[-1] if names else None, SEVERITIES[number]))
                continue
            self.fields.append((name, normal(name, element.get("show", ""))))
            self.texts.append(element.get("showname") or element.get("show", ""))
            self.places.append((name, int(element.get("pos", 0)), int(element.get("size", 0))))
            self.collect(element)


def parsed(text):
    """[(number, layers)]"""
    text = "".join("?" if char in FORBIDDEN else char for char in text)
    for packet in ElementTree.fromstring(text.encode()).iter("packet"):
        layers = [Parsed(element) for element in packet]
        number = dict(layers[0].fields)["num"]
        yield int(number), layers


class Pdml(harness.DissectTest):
    def check(self, text):
        """Returns how many fields and experts were compared."""
        num_fields = num_experts = 0
        packets = list(packets_of(text))
        wanted = list(parsed(text))
        self.assertEqual(len(packets), len(wanted))
        for packet, (number, layers) in zip(packets, wanted):
            self.assertEqual(packet.number, number)
            self.assertEqual([layer.name for layer in packet.layers],
                             [layer.name for layer in layers])
            for found, layer in zip(packet.layers, layers):
                for what in ("showname", "fields", "texts", "places", "experts"):
                    self.assertEqual(getattr(found, what), getattr(layer, what),
                                     "frame %d, %s: %s" % (number, layer.name, what))
                for name, _ in layer.fields:
                    self.assertEqual(found.values(name), [show for field, show in layer.fields
                                                          if field == name])
                    self.assertTrue(found.has(name), name)
                num_fields += len(layer.fields)
                num_experts += len(layer.experts)
        return num_fields, num_experts

    def test_samples(self):
        files = sorted(glob.glob(os.path.join(SAMPLES, "*.pcapng")))
        files = [file for file in files if os.path.getsize(file) < 70000]
        self.assertGreater(len(files), 5)
        for file in files:
            num_fields, _ = self.check(self.ws.tshark(file, "-T", "pdml", two_pass=True))
            self.assertGreater(num_fields, 100, file)

    def conversation(self):
        """With what has to be escaped, bytes that XML does not allow, and experts."""
        capture = harness.new_capture()
        connection = capture.connection()
        product = "a<b> & \"c\" 'd' \x01\x1f\x7f \n\t \xe4 show=\"1\" &lt;"
        connection.send(sstp.connect("dpp:///target", ["dpp:///source"], product=product).data)
        connection.send(sstp.data(7, b"x" * 20).data)
        connection.send(b"\x09\x00\x00\x00\x00", from_client=False)
        return self.ws.tshark(self.write(capture), "-T", "pdml")

    def test_escapes_and_experts(self):
        text = self.conversation()
        self.assertIn("&lt;b&gt;", text)
        self.assertGreater(self.check(text)[1], 0)

    def test_a_difference_is_found(self):
        """That this file can fail."""
        text = self.conversation()
        for old, new in (('size="1" pos="54" show="0x01"', 'pos="54" size="1" show="0x01"'),
                         ('<field name="sstp.stream" ', '<field hide="no" name="sstp.stream" '),
                         ('<field name="sstp.encap"', '<field  name="sstp.encap"')):
            self.assertIn(old, text)
            with self.assertRaises(AssertionError, msg=old):
                self.check(text.replace(old, new))

    def test_forbidden(self):
        text = self.conversation()
        self.check(text.replace("showname=\"CommandId", "showname=\"\x01\x1f\ufffe CommandId"))

    def test_not_whole(self):
        text = self.conversation()
        for cut in (text[:len(text) // 2], text.replace("</packet>", "", 1), ""):
            with self.assertRaises(Failure):
                for packet in packets_of(cut):
                    self.assertTrue(packet.layers)

    def test_another_expert(self):
        message = '<field name="_ws.expert.message"'
        text = self.conversation().replace(message, '<field name="deeper">\n' + message, 1)
        with self.assertRaises(Failure):
            for packet in packets_of(text):
                self.assertTrue([layer.fields for layer in packet.layers])


if __name__ == "__main__":
    unittest.main(verbosity=2)
