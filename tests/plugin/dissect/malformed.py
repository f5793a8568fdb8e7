# SPDX-License-Identifier: GPL-2.0-or-later
"""Commands that break a rule of GRVSSTP 2.2, and what has to be found in each.

A row is (name, command, {finding: severity}); the finding is what follows
`sstp.expert.`.  Each is sent on a connection of its own after a Connect and a
ConnectResponse of version 1.6, with good commands after it that have to be
decoded all the same.
"""

import stories
from stories import CLIENT, RELAY, sstp

ERROR, WARNING, NOTE = "error", "warning", "note"
TOKEN_AT = 3 + 4  # of Register: after header and EventId


def rows():
    connect = sstp.connect(stories.RELAY_URL, ["dpp:///a"], b"", "P", "")
    response = sstp.connect_response(sstp.OK, [stories.RELAY_URL], b"", 3, "P", "", version=(1, 6))
    opened = sstp.open_session(3, "res", "id", "dpp:///b")
    fanout = sstp.fanout_open(4, "res", [("id1", "", "")], 6)
    message = sstp.message(3, 0, user_ref="ref")
    status = sstp.session_status(4, 4, "", "id1", [])
    register = sstp.register(2, b"\x01\x04\x63\x02\x00ab")

    table = [
        # CommandLength outside the command's limits
        ("Connect too short", sstp.shortened(connect, 11), {"length_invalid": ERROR}),
        ("Connect too long", sstp.connect("x" * 2050, [], b""), {"length_invalid": ERROR}),
        ("ConnectClose of 9", sstp.lengthened(sstp.connect_close(0), b"\0"),
         {"length_invalid": ERROR}),
        ("ConnectClose of 13", sstp.lengthened(sstp.connect_close(1, 0, 5), b"\0"),
         {"length_invalid": ERROR}),
        ("OpenResponse of 7", sstp.shortened(sstp.open_response(3), 7), {"length_invalid": ERROR}),
        ("OpenResponse of 9", sstp.lengthened(sstp.open_response(3), b"\0"),
         {"length_invalid": ERROR}),
        ("Close of 12", sstp.lengthened(sstp.close(3), bytes(4)), {"length_invalid": ERROR}),
        ("EndMessage of 6", sstp.shortened(sstp.end_message(3), 6), {"length_invalid": ERROR}),
        ("EndMessage of 8", sstp.lengthened(sstp.end_message(3), b"\0"),
         {"length_invalid": ERROR}),
        ("Noop of 3", sstp.shortened(sstp.noop(0), 3), {"length_invalid": ERROR}),
        ("Noop of 11", sstp.lengthened(sstp.noop(0), bytes(4)), {"length_invalid": ERROR}),
        ("Data of 6", sstp.shortened(sstp.data(3), 6), {"length_invalid": ERROR}),
        ("Data of 2056", sstp.data(3, bytes(2049)), {"length_invalid": ERROR}),
        ("Register of 8193", sstp.register(2, sstp.sec_unknown(99, [bytes(8193 - 14)])),
         {"length_invalid": ERROR}),
        # The fields and CommandLength do not end together
        ("trailing byte", sstp.lengthened(opened, b"\0"), {"trailing_bytes": ERROR}),
        ("trailing text", sstp.lengthened(message, b"more"), {"trailing_bytes": ERROR}),
        ("trailing in token", sstp.lengthened(register, b"\0"), {"trailing_bytes": ERROR}),
        ("string unterminated", sstp.shortened(message, 15), {"string_unterminated": ERROR}),
        ("URL unterminated", sstp.shortened(opened, 14), {"string_unterminated": ERROR}),
        ("reserved cut off", sstp.shortened(opened, len(opened) - 1), {"truncated": ERROR}),
        ("token too long", sstp.patched(register, TOKEN_AT, b"\xff\x00"), {"truncated": ERROR}),
        ("TTL missing", sstp.patched(message, 11, bytes([sstp.E])), {"truncated": ERROR}),
        ("stream sizes missing", sstp.patched(message, 11, bytes([sstp.S])),
         {"truncated": ERROR}),
        ("too many source URLs", sstp.patched(connect, 6 + len(stories.RELAY_URL) + 1, b"\x09"),
         {"string_unterminated": ERROR}),
        # What stands after the one entry is read as an entry with an empty IdentityURL.
        ("too many fanout entries", sstp.fanout_open(4, "res", [("id1", "", "")], 6, count=9),
         {"string_unterminated": ERROR, "string_empty": WARNING}),
        # CommandId
        ("command 0x13", sstp.raw(0x13, bytes(4)), {"unknown_command": ERROR}),
        ("command 0xff", sstp.raw(0xFF, b"what is this?"), {"unknown_command": ERROR}),
        # Reserved
        ("Connect Reserved", sstp.connect(stories.RELAY_URL, ["s"], b"", "P", "", reserved=1),
         {"reserved_not_zero": WARNING}),
        ("ConnectResponse flags", sstp.patched(response, 8, b"\x83"),
         {"reserved_not_zero": WARNING}),
        ("Open flags", sstp.open_session(3, "res", "id", "", flags=0x80),
         {"reserved_not_zero": WARNING}),
        ("Open Reserved", sstp.open_session(3, "res", "id", "", reserved=0x0100),
         {"reserved_not_zero": WARNING}),
        ("FanoutOpen Reserved", sstp.fanout_open(4, "res", [("id1", "", "")], 6, reserved=1),
         {"reserved_not_zero": WARNING}),
        ("FailoverDeviceURLs", sstp.fanout_open(4, "res", [("id1", "", "", "dpp:///z")], 6),
         {"reserved_not_zero": WARNING}),
        ("Message flags r1", sstp.message(3, 0, flags=0x80), {"reserved_not_zero": WARNING}),
        ("Message flags r2", sstp.message(3, 0, flags=0x08), {"reserved_not_zero": WARNING}),
        ("Message Reserved1", sstp.message(3, 0, ttl=1, ephemeral_reserved=b"\0\1\0\0"),
         {"reserved_not_zero": WARNING}),
        ("Message Reserved2", sstp.message(3, 0, ttl=1, ephemeral_reserved=b"\0\0\0\0\1"),
         {"reserved_not_zero": WARNING}),
        ("SessionStatus Reserved", sstp.session_status(4, 4, "", "id1", [], reserved=1),
         {"reserved_not_zero": WARNING}),
        # Values without a meaning
        ("ResponseId 0x07", sstp.connect_response(0x07), {"value_unknown": WARNING}),
        ("ReasonId 0x0b", sstp.connect_close(0x0B), {"value_unknown": WARNING}),
        ("OpenResponse 0x01", sstp.open_response(3, 0x01), {"value_unknown": WARNING}),
        ("StatusId 0x06", sstp.session_status(4, 0x06, "", "id1", []),
         {"value_unknown": WARNING}),
        ("Close reason 0x01", sstp.close(3, 0x01), {"value_unknown": WARNING}),
        ("AttachResponse 0x04", sstp.attach_response(1, 0x04), {"value_unknown": WARNING}),
        ("major version 2", sstp.connect(stories.RELAY_URL, ["s"], b"", "P", "", version=(2, 5)),
         {"version_unsupported": WARNING}),
        # The other version's form on a connection of 1.6
        ("FanoutOpen of 1.5", sstp.fanout_open(4, "res", [("id1", "dpp:///a", "grooveDNS://r")]),
         {"version_form": WARNING}),
        ("SessionStatus of 1.5", sstp.session_status(4, 4, "dpp:///a", "id1"),
         {"version_form": WARNING}),
        # Texts, and what a SessionStatus names
        ("no product", sstp.connect(stories.RELAY_URL, ["s"], b"", "", ""),
         {"string_empty": WARNING}),
        ("no product in the answer",
         sstp.connect_response(sstp.OK, [stories.RELAY_URL], b"", 3, "", "", version=(1, 6)),
         {"string_empty": WARNING}),
        ("space before a capability", sstp.connect(stories.RELAY_URL, ["s"], b"", "P", "ABC; X"),
         {"capabilities_form": WARNING}),
        ("identity and indexes", sstp.session_status(4, 4, "", "id1", [0]),
         {"session_status_form": WARNING}),
        ("nobody named", sstp.session_status(4, 4, "", "", []), {"session_status_form": WARNING}),
        ("recipient's status of a relay", sstp.session_status(4, 5, "grooveDNS://r1", "", []),
         {"session_status_form": WARNING}),
    ]
    good = [("good Open", opened), ("good FanoutOpen", fanout), ("good Message", message),
            ("good SessionStatus", status), ("good Register", register), ("good Connect", connect)]
    return table + [(name, command, {}) for name, command in good]


# Commands whose sender is the relay; the client sends the others.
FROM_RELAY = {"ConnectResponse", "AttachResponse", "RegisterResponse", "OpenResponse",
              "SessionStatus"}


def story(command):
    """The story around one row.  The malformed command is the third."""
    side = RELAY if command.name in FROM_RELAY else CLIENT
    return stories.greeting(6) + [(side, command), (side, sstp.noop(0)),
                                  (not side, sstp.noop(0))]


# Token rows: (name, command, {finding: severity}).
def token_rows():
    def connect(token):
        return sstp.connect(stories.RELAY_URL, ["dpp:///a"], token, "P", "")

    iv, hmac, nonce = (stories.octets(n, size) for n, size in ((1, 24), (2, 20), (3, 24)))
    known = sstp.sec_connect(iv, hmac, nonce)
    good = known.data
    return [
        ("good SecConnect", connect(known), {}),
        ("token of 2", connect(good[:2]), {"sec_token_malformed": ERROR}),
        ("token overruns", connect(good[:-1]), {"sec_token_malformed": ERROR}),
        ("token leaves bytes", connect(good + b"\0"), {"sec_token_malformed": ERROR}),
        ("IV of 16", connect(sstp.sec_connect(iv[:16], hmac, nonce)),
         {"sec_length_unusual": NOTE}),
        ("HMAC of 32", connect(sstp.sec_connect(iv, hmac + hmac[:12], nonce)),
         {"sec_length_unusual": NOTE}),
        ("version 1.5", connect(sstp.sec_connect(iv, hmac, nonce, version=(1, 5))),
         {"sec_version_unusual": NOTE}),
        ("version 1.4", connect(sstp.sec_connect(iv, hmac, nonce, version=(1, 4))), {}),
        ("unknown message", sstp.connect_authenticate(sstp.sec_unknown(5, [hmac, nonce])), {}),
        ("unknown layout", sstp.connect_authenticate(
            sstp.Token(b"\x01\x04\x05\xff\xffjunk",
                       [("sstp.sec.version.major", "1"), ("sstp.sec.version.minor", "4"),
                        ("sstp.sec.message", "5"), ("sstp.sec.name", "SecConnectAuthenticate"),
                        ("sstp.sec.opaque", b"\xff\xffjunk".hex())])),
         {}),
        ("empty token", sstp.connect_authenticate(b""), {}),
    ]
