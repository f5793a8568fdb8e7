# SPDX-License-Identifier: GPL-2.0-or-later
"""What tshark's PDML says, cut out of its text.

    for packet in packets_of(text):
        for layer in packet.layers:          # of the packet, not those within others
            print(packet.number, layer.name, layer.values("sstp.command"))

An XML parser makes an object of each of some hundred fields a packet, of which a test looks at a few:
most of a long run's time.  So a packet is its text, and a layer finds its fields when it is asked.
That needs what tshark has written since it writes PDML: an element is a line, indented by its depth,
and every < and > in a value is escaped.  tests/plugin/dissect/test_pdml.py holds all that is found
here against an XML parser.
"""

import re
from html import unescape

SEVERITIES = {0x100000: "comment", 0x200000: "chat", 0x400000: "note", 0x600000: "warning",
              0x800000: "error"}
BYTES_FIELDS = {
    "sstp.auth_token", "sstp.registration_token", "sstp.data", "sstp.message.payload",
    "sstp.sec.iv", "sstp.sec.hmac", "sstp.sec.encrypted_device_nonce", "sstp.sec.device_nonce",
    "sstp.sec.encrypted_relay_nonce", "sstp.sec.field", "sstp.sec.opaque"}

# tshark writes a field's attributes in one of three orders, and in each of them `show` comes after
# some of these.
ELEMENT = re.compile(r'<(?:field|proto) name="([^"]*)"(?: showname="[^"]*")?(?: hide="yes")?'
                     r'(?: size="\d+")?(?: pos="\d+")?(?: show="([^"]*)")?')
ATTRIBUTES = re.compile(r'<(?:field|proto)((?: \w+="[^"]*")*)')
ATTRIBUTE = re.compile(r' (\w+)="([^"]*)"')
# An expert, and what is within it, each an element without others.
EXPERT = re.compile(r'<field name="_ws\.expert" [^>]*[^/]>\n((?: *<field [^>]*/>\n)*) *</field>')
EXPERT_BEGIN = '<field name="_ws.expert"'

# Bytes that XML does not allow can come from the wire.
CONTROL = bytes((*range(9), 11, 12, *range(14, 32)))
FORBIDDEN = CONTROL.decode() + "\ufffe\uffff"


class cached_property:  # pylint: disable=invalid-name
    """As functools has it, but without a lock, which took more time than what it is for."""

    def __init__(self, make):
        self.make, self.name = make, make.__name__
        self.__doc__ = make.__doc__

    def __get__(self, owner, _):
        value = owner.__dict__[self.name] = self.make(owner)
        return value


class Failure(AssertionError):
    """A program did not do what it had to."""


def normal(name, show):
    """The same text for a value in every Wireshark version."""
    if show in ("True", "False"):
        return "1" if show == "True" else "0"
    if name in BYTES_FIELDS:
        return show.replace(":", "")
    return show


def is_plain(text):
    """Whether its values are what they say: nothing is escaped, and nothing is white space that XML
    takes for a blank.  (Whatever else ends a line ends an element.)"""
    return "&" not in text and "\t" not in text and text.count("\n") == text.count(">\n")


def plain(value):
    return unescape(value.replace("\n", " ").replace("\t", " "))


class Layer:
    """One protocol layer of a packet: its fields in the order of the tree."""

    def __init__(self, text):
        """text: from after the < of its first element to before that of its last."""
        self.text = text
        self.name = text[text.index('"') + 1:text.index('"', text.index('"') + 1)]

    @cached_property
    def _head(self):
        return attributes("<" + self.text[:self.text.find(">")])

    @property
    def showname(self):
        return self._head.get("showname")

    @cached_property
    def _body(self):
        """Its elements, but for the experts and what is in them, from the end of the first one on."""
        body = self.text[self.text.find(">"):]
        if EXPERT_BEGIN not in body:
            return body
        body = EXPERT.sub("", body)
        if EXPERT_BEGIN in body:
            raise Failure("an expert as no tshark wrote it before: %r" %
                          body[body.index(EXPERT_BEGIN):][:1000])
        return body

    @cached_property
    def _found(self):
        """(name, show as it is written)"""
        return ELEMENT.findall(self._body)

    @cached_property
    def _is_plain(self):
        return is_plain(self._body)

    def _read(self, name, show):
        return normal(name, show if self._is_plain else plain(show))

    @cached_property
    def fields(self):
        """(name, show)"""
        return [(name, self._read(name, show)) for name, show in self._found]

    @cached_property
    def _elements(self):
        return [attributes(found[0]) for found in ATTRIBUTES.finditer(self._body)]

    @cached_property
    def texts(self):
        """What a reader sees, in the order of the fields."""
        return [element.get("showname") or element.get("show", "") for element in self._elements]

    @cached_property
    def places(self):
        """(name, position, size)"""
        return [(element.get("name", ""), int(element.get("pos", 0)), int(element.get("size", 0)))
                for element in self._elements]

    @cached_property
    def experts(self):
        """(name, severity)"""
        if EXPERT_BEGIN not in self.text:
            return []
        return [expert_of(found[1]) for found in EXPERT.finditer(self.text)]

    @cached_property
    def _values(self):
        """{name: values as they are written}"""
        values = {}
        for name, show in self._found:
            if name in values:
                values[name].append(show)
            else:
                values[name] = [show]
        return values

    def has(self, name):
        """Whether there is a field of that name, without reading the others."""
        return ' name="%s"' % name in self._body

    def values(self, name):
        """Every value of a field, in order."""
        values = self._values.get(name)
        return [self._read(name, value) for value in values] if values else []

    def one(self, name):
        """The only value of a field; None where it is absent."""
        values = self.values(name)
        if len(values) > 1:
            raise Failure("%s is there %d times: %r" % (name, len(values), values))
        return values[0] if values else None

    def grouped(self):
        """{field: [values]} of our own fields."""
        return {name: self.values(name) for name in self._values if name.startswith("sstp.")}


def attributes(element):
    return {name: plain(value) for name, value in ATTRIBUTE.findall(element)}


def expert_of(text):
    """(name, severity) of what is within an expert."""
    found, severity = None, None
    for name, show in ELEMENT.findall(text):
        if name == "_ws.expert.severity":
            severity = SEVERITIES.get(int(show), show)
        elif not name.startswith("_ws."):
            found = name
    return found, severity


class Packet:
    """What is between <packet> and </packet>."""

    NUMBER = re.compile(r'<field name="num" pos="\d+" show="(\d+)"')

    def __init__(self, text):
        self.text = text

    @cached_property
    def number(self):
        """Of the frame."""
        return int(self.NUMBER.search(self.text)[1])

    @cached_property
    def layers(self):
        """The outermost ones, in order."""
        return [Layer(part) for part in self.text.split("\n  <")[1:] if not part.startswith("/")]

    def layers_of(self, names):
        """Those that are called so."""
        return [layer for layer in self.layers if layer.name in names]


def parted(text):
    """The PDML, and what tshark has printed after it (-z)."""
    pdml, end, rest = text.rpartition("</pdml>\n")
    return pdml + end, rest


def packets_of(text):
    """Every packet of a PDML text."""
    octets = text.encode()
    if (len(octets.translate(None, CONTROL)) < len(octets) or
            any(char in text for char in FORBIDDEN[len(CONTROL):])):
        text = text.translate({ord(char): "?" for char in FORBIDDEN})
    if not text[-100:].rstrip().endswith("</pdml>"):
        raise Failure("PDML without an end: %r" % text[-1000:])
    for part in text.split("\n<packet>")[1:]:
        packet, end, _ = part.partition("\n</packet>")
        if not end:
            raise Failure("a packet without an end: %r" % part[-1000:])
        yield Packet(packet)
