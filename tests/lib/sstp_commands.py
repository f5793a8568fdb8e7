# SPDX-License-Identifier: GPL-2.0-or-later
"""The 18 commands of Groove SSTP, written from MS-GRVSSTP 2.2 and SPECIFICATION.md.

This encoder knows nothing of the C code: it is the second opinion that the
dissector is held against.  Every function returns a Command, which holds the
bytes and, beside them, the fields that a decoder has to show:

    c = open_session(0x21, "grooveTelespace", "grooveIdentity://a", "dpp:///b")
    c.data      # the bytes
    c.fields    # [("sstp.command", "0x05"), ("sstp.command.length", "61"), ...]

Values are written as tshark's PDML writes them in `show` (numbers in the base of
the field, bytes as hexadecimal digits without separators, booleans as 1 or 0).
Bytes that are none have no field, for tshark prints an empty one as "<MISSING>".

What the functions will not write, `patched`, `with_length` and `raw` will.
"""

import struct

IDS = {
    "Connect": 0x01, "ConnectResponse": 0x02, "ConnectAuthenticate": 0x03, "ConnectClose": 0x04,
    "Open": 0x05, "FanoutOpen": 0x06, "OpenResponse": 0x07, "Attach": 0x08,
    "AttachResponse": 0x09, "AttachAuthenticate": 0x0A, "Register": 0x0B,
    "RegisterResponse": 0x0C, "Message": 0x0D, "Data": 0x0E, "EndMessage": 0x0F, "Noop": 0x10,
    "Close": 0x11, "SessionStatus": 0x12,
}
NAMES = {value: name for name, value in IDS.items()}

# ConnectResponse ResponseIds with a meaning for the layout (2.2.2.1).
OK, TRY_LATER, WILL_UPGRADE, NEW_VERSION_REQUIRED = 0x00, 0x02, 0x03, 0x05
RESTING = 0x01  # ConnectClose ReasonId (2.2.4.1)

# Bits of the Message flags (SPECIFICATION.md, 2.2.10).
F, G, S, A, E, D = 0x40, 0x20, 0x10, 0x04, 0x02, 0x01


class Command:
    """One command: its bytes, and the fields that a decoder shows of it."""

    def __init__(self, name, data, fields):
        self.name = name
        self.data = data
        self.fields = fields

    def __len__(self):
        return len(self.data)

    def __repr__(self):
        return "%s(%d bytes)" % (self.name, len(self.data))

    def values(self, field):
        """Every value of one field, in order."""
        return [value for name, value in self.fields if name == field]


class Token:
    """A security token: its bytes, and the fields inside it."""

    def __init__(self, data=b"", fields=()):
        self.data = data
        self.fields = list(fields)


def join(commands):
    """The bytes of several commands, one after the other."""
    return b"".join(command.data for command in commands)


# ---------------------------------------------------------------------------
# Building


class _Body:
    """Collects the fields after the header, in wire order."""

    def __init__(self):
        self.data = b""
        self.fields = []

    def number(self, field, size, value, base=10):
        self.data += value.to_bytes(size, "little")
        if field is not None:
            text = "0x%0*x" % (2 * size, value) if base == 16 else str(value)
            self.fields.append((field, text))
        return self

    def bits(self, *names_and_values):
        self.fields += [(name, str(value)) for name, value in names_and_values]
        return self

    def string(self, field, text):
        raw = text.encode("latin-1")
        self.data += raw + b"\0"
        self.fields.append((field, text))
        return self

    def strings(self, field, texts):
        self.number(field + ".count", 1, len(texts))
        for text in texts:
            self.string(field, text)
        return self

    def token(self, field, token):
        if isinstance(token, (bytes, bytearray)):
            token = Token(bytes(token))
        self.number(field + ".length", 2, len(token.data))
        self.data += token.data
        if token.data:
            self.fields.append((field, token.data.hex()))
        self.fields += token.fields
        return self

    def finish(self, name):
        command_id = IDS[name]
        length = 3 + len(self.data)
        header = [("sstp.command", "0x%02x" % command_id), ("sstp.command.length", str(length))]
        return Command(name, struct.pack("<BH", command_id, length) + self.data,
                       header + self.fields)


def _session(session_id):
    return _Body().number("sstp.session_id", 4, session_id, 16)


def _event(event_id):
    return _Body().number("sstp.event_id", 4, event_id, 16)


def _version(body, version):
    return body.number("sstp.version.major", 1, version[0]).number(
        "sstp.version.minor", 1, version[1])


# ---------------------------------------------------------------------------
# Connection commands


def connect(target, sources, token=b"", product="P", capabilities="", version=(1, 5), reserved=0):
    """2.2.1"""
    body = _version(_Body(), version).number("sstp.connect.reserved", 1, reserved, 16)
    body.string("sstp.target_device_url", target).strings("sstp.source_device_url", sources)
    body.token("sstp.auth_token", token)
    body.string("sstp.product.version", product).string("sstp.product.capabilities", capabilities)
    return body.finish("Connect")


def connect_response(response=OK, targets=(), token=b"", flags=0, product="P", capabilities="",
                     version=(1, 5), retry_time=0, reserved=0):
    """2.2.2"""
    body = _version(_Body(), version).number("sstp.connect.response", 1, response, 16)
    body.token("sstp.auth_token", token)
    if response != NEW_VERSION_REQUIRED:
        body.number("sstp.connect.flags", 1, flags, 16)
        body.bits(("sstp.connect.flags.reserved", "0x%02x" % (flags >> 2)),
                  ("sstp.connect.flags.single_hop", flags >> 1 & 1),
                  ("sstp.connect.flags.multi_drop", flags & 1))
    body.string("sstp.product.version", product).string("sstp.product.capabilities", capabilities)
    if response == OK:
        body.strings("sstp.target_device_url", targets)
        body.number("sstp.connect.reserved", 1, reserved, 16)
    if response in (TRY_LATER, WILL_UPGRADE):
        body.number("sstp.connect.retry_time", 4, retry_time)
    return body.finish("ConnectResponse")


def connect_authenticate(token=b""):
    """2.2.3"""
    return _Body().token("sstp.auth_token", token).finish("ConnectAuthenticate")


def connect_close(reason=0, message_count=0, return_time=0):
    """2.2.4"""
    body = _Body().number("sstp.connect_close.reason", 1, reason, 16)
    body.number("sstp.message_count", 4, message_count)
    if reason == RESTING:
        body.number("sstp.connect_close.return_time", 4, return_time)
    return body.finish("ConnectClose")


def noop(message_count=0):
    """2.2.13"""
    return _Body().number("sstp.message_count", 4, message_count).finish("Noop")


def attach(event_id, resource, account, token=b""):
    """2.2.14"""
    body = _event(event_id).string("sstp.resource_url", resource)
    return body.string("sstp.account_url", account).token("sstp.auth_token", token).finish("Attach")


def attach_response(event_id, response=OK, token=b""):
    """2.2.15"""
    body = _event(event_id).number("sstp.attach.response", 1, response, 16)
    return body.token("sstp.auth_token", token).finish("AttachResponse")


def attach_authenticate(event_id, token=b""):
    """2.2.16"""
    return _event(event_id).token("sstp.auth_token", token).finish("AttachAuthenticate")


def register(event_id, token=b""):
    """2.2.17"""
    return _event(event_id).token("sstp.registration_token", token).finish("Register")


def register_response(event_id, token=b""):
    """2.2.18"""
    return _event(event_id).token("sstp.registration_token", token).finish("RegisterResponse")


# ---------------------------------------------------------------------------
# Session commands


def _open_flags(body, flags):
    body.number("sstp.open.flags", 1, flags, 16)
    return body.bits(("sstp.open.flags.reserved", "0x%02x" % (flags >> 1)),
                     ("sstp.open.flags.identity_targeted", flags & 1))


def open_session(session_id, resource, identity, device, flags=0, reserved=0):
    """2.2.5"""
    body = _session(session_id).string("sstp.resource_url", resource)
    body.string("sstp.identity_url", identity).string("sstp.device_url", device)
    return _open_flags(body, flags).number("sstp.open.reserved", 2, reserved, 16).finish("Open")


def fanout_open(session_id, resource, entries, minor=5, flags=0, reserved=0, count=None):
    """2.2.6; entries are (identity, device, relay), and from 1.6 up failover URLs after them."""
    body = _open_flags(_session(session_id).string("sstp.resource_url", resource), flags)
    body.number("sstp.fanout.count", 2, len(entries) if count is None else count)
    for index, entry in enumerate(entries):
        body.fields.append(("sstp.fanout.index", str(index)))
        body.string("sstp.identity_url", entry[0]).string("sstp.device_url", entry[1])
        body.string("sstp.relay_url", entry[2])
        if minor >= 6:
            body.string("sstp.failover_device_urls", entry[3] if len(entry) > 3 else "")
    return body.number("sstp.open.reserved", 2, reserved, 16).finish("FanoutOpen")


def open_response(session_id, response=OK):
    """2.2.7"""
    return _session(session_id).number("sstp.open.response", 1, response, 16).finish("OpenResponse")


def session_status(session_id, status, device="", identity="", indexes=None, reserved=0):
    """2.2.8; indexes None is the form of 1.5, a list (which may be empty) that of 1.6."""
    body = _session(session_id).number("sstp.session_status", 1, status, 16)
    body.number("sstp.session_status.reserved", 1, reserved, 16)
    body.string("sstp.device_url", device).string("sstp.identity_url", identity)
    if indexes is not None:
        body.number("sstp.session_status.count", 2, len(indexes))
        for index in indexes:
            body.number("sstp.session_status.index", 2, index)
    return body.finish("SessionStatus")


def close(session_id, reason=0):
    """2.2.9"""
    return _session(session_id).number("sstp.close.reason", 1, reason, 16).finish("Close")


def message(session_id, message_count=0, flags=0, user_ref="", ttl=None, stream_size=None,
            fragment=None, ephemeral_reserved=b""):
    """2.2.10; ttl sets E, stream_size (three numbers) S, fragment (four values) F.

    ephemeral_reserved is what stands after TTL: nothing, 4 or 5 bytes (SPECIFICATION.md)."""
    flags |= (E if ttl is not None else 0) | (S if stream_size else 0) | (F if fragment else 0)
    body = _session(session_id).number("sstp.message_count", 4, message_count)
    body.number("sstp.message.flags", 1, flags, 16)
    body.bits(("sstp.message.flags.reserved1", flags >> 7 & 1),
              ("sstp.message.flags.fragment", flags >> 6 & 1),
              ("sstp.message.flags.track", flags >> 5 & 1),
              ("sstp.message.flags.stream_size", flags >> 4 & 1),
              ("sstp.message.flags.reserved2", flags >> 3 & 1),
              ("sstp.message.flags.ack_immediately", flags >> 2 & 1),
              ("sstp.message.flags.ephemeral", flags >> 1 & 1),
              ("sstp.message.flags.do_not_deliver_if_offline", flags & 1))
    body.string("sstp.message.user_ref", user_ref)
    if ttl is not None:
        body.number("sstp.message.ttl", 4, ttl)
        if len(ephemeral_reserved) >= 4:
            body.number("sstp.message.reserved1", 4,
                        int.from_bytes(ephemeral_reserved[:4], "little"), 16)
        if len(ephemeral_reserved) >= 5:
            body.number("sstp.message.reserved2", 1, ephemeral_reserved[4], 16)
    if stream_size:
        for field, size in zip(("byte_stream_size", "session_size", "message_size"), stream_size):
            body.number("sstp.message." + field, 8, size)
    if fragment:
        body.number("sstp.message.fragment.count", 4, fragment[0])
        body.number("sstp.message.fragment.number", 4, fragment[1])
        body.string("sstp.message.fragment.id", fragment[2])
        body.number("sstp.message.fragment.offset", 8, fragment[3])
    return body.finish("Message")


def data(session_id, payload=b""):
    """2.2.11"""
    body = _session(session_id)
    body.data += payload
    if payload:
        body.fields.append(("sstp.data", payload.hex()))
    body.fields.append(("sstp.data.length", str(len(payload))))
    return body.finish("Data")


def end_message(session_id):
    """2.2.12"""
    return _session(session_id).finish("EndMessage")


def message_sequence(session_id, payload, piece=2048, **keywords):
    """A Message, its Data commands and the EndMessage (3.1.4.6)."""
    pieces = [payload[i:i + piece] for i in range(0, len(payload), piece)] or [b""]
    return ([message(session_id, **keywords)] + [data(session_id, p) for p in pieces] +
            [end_message(session_id)])


# ---------------------------------------------------------------------------
# Security tokens (SPECIFICATION.md, Security tokens)


def _token(version, message_id, parts):
    out = bytes((version[0], version[1], message_id))
    fields = [("sstp.sec.version.major", str(version[0])),
              ("sstp.sec.version.minor", str(version[1])),
              ("sstp.sec.message", str(message_id))]
    for field, part in parts:
        out += struct.pack("<H", len(part)) + part
        if field == "sstp.sec.field":
            fields.append((field + ".length", str(len(part))))
        if part:
            fields.append((field, part.hex()))
    return Token(out, fields)


def sec_connect(iv, hmac, nonce, version=(1, 3)):
    return _token(version, 1, [("sstp.sec.iv", iv), ("sstp.sec.hmac", hmac),
                               ("sstp.sec.encrypted_device_nonce", nonce)])


def sec_connect_response(iv, hmac, device_nonce, relay_nonce, version=(1, 3)):
    return _token(version, 2, [("sstp.sec.iv", iv), ("sstp.sec.hmac", hmac),
                               ("sstp.sec.device_nonce", device_nonce),
                               ("sstp.sec.encrypted_relay_nonce", relay_nonce)])


def sec_unknown(message_id, parts, version=(1, 4)):
    """A message whose layout is not published: a header and length-prefixed parts."""
    return _token(version, message_id, [("sstp.sec.field", part) for part in parts])


# ---------------------------------------------------------------------------
# Malformed commands


def raw(command_id, body=b"", length=None):
    """Any bytes after any header."""
    return Command(NAMES.get(command_id, "0x%02x" % command_id),
                   struct.pack("<BH", command_id, 3 + len(body) if length is None else length) +
                   body, [])


def with_length(command, length):
    """The same bytes with another CommandLength in front."""
    return Command(command.name, command.data[:1] + struct.pack("<H", length) + command.data[3:],
                   [])


def shortened(command, size):
    """The first `size` bytes, CommandLength saying so."""
    return with_length(Command(command.name, command.data[:size], []), size)


def lengthened(command, extra):
    """Bytes appended after the last field, CommandLength counting them."""
    return with_length(Command(command.name, command.data + extra, []),
                       len(command.data) + len(extra))


def patched(command, offset, octets):
    """Bytes replaced in place."""
    return Command(command.name,
                   command.data[:offset] + octets + command.data[offset + len(octets):], [])
