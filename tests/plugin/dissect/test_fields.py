# SPDX-License-Identifier: GPL-2.0-or-later
"""The display filters that users may rely on: names, types and bases."""

import harness
from harness import DissectTest, stories

# name: (type, base); the base is that of `tshark -G fields`.
HEX, DEC, NONE = "BASE_HEX", "BASE_DEC", ""
U8, U16, U32, U64 = "FT_UINT8", "FT_UINT16", "FT_UINT32", "FT_UINT64"
BOOL, STRING, BYTES, FRAME = "FT_BOOLEAN", "FT_STRING", "FT_BYTES", "FT_FRAMENUM"

CONTRACT = {
    # Every command
    "sstp.command": (U8, HEX), "sstp.command.length": (U16, DEC), "sstp.stream": (U32, DEC),
    "sstp.from_initiator": (BOOL, None), "sstp.summary": (STRING, None),
    "sstp.session_id": (U32, HEX), "sstp.event_id": (U32, HEX),
    # Connection commands
    "sstp.version.major": (U8, DEC), "sstp.version.minor": (U8, DEC),
    "sstp.target_device_url": (STRING, None), "sstp.target_device_url.count": (U8, DEC),
    "sstp.source_device_url": (STRING, None), "sstp.source_device_url.count": (U8, DEC),
    "sstp.auth_token": (BYTES, None), "sstp.auth_token.length": (U16, DEC),
    "sstp.registration_token": (BYTES, None), "sstp.registration_token.length": (U16, DEC),
    "sstp.product.version": (STRING, None), "sstp.product.capabilities": (STRING, None),
    "sstp.connect.response": (U8, HEX), "sstp.connect.flags": (U8, HEX),
    "sstp.connect.flags.single_hop": (BOOL, None), "sstp.connect.flags.multi_drop": (BOOL, None),
    "sstp.connect.flags.reserved": (U8, HEX), "sstp.connect.retry_time": (U32, DEC),
    "sstp.connect_close.reason": (U8, HEX), "sstp.connect_close.return_time": (U32, DEC),
    "sstp.message_count": (U32, DEC), "sstp.account_url": (STRING, None),
    "sstp.attach.response": (U8, HEX),
    # Session commands
    "sstp.resource_url": (STRING, None), "sstp.identity_url": (STRING, None),
    "sstp.device_url": (STRING, None), "sstp.relay_url": (STRING, None),
    "sstp.failover_device_urls": (STRING, None), "sstp.open.flags": (U8, HEX),
    "sstp.open.flags.identity_targeted": (BOOL, None), "sstp.fanout.count": (U16, DEC),
    "sstp.fanout.index": (U16, DEC), "sstp.open.response": (U8, HEX),
    "sstp.session_status": (U8, HEX), "sstp.session_status.count": (U16, DEC),
    "sstp.session_status.index": (U16, DEC), "sstp.close.reason": (U8, HEX),
    "sstp.message.flags": (U8, HEX), "sstp.message.flags.fragment": (BOOL, None),
    "sstp.message.flags.track": (BOOL, None), "sstp.message.flags.stream_size": (BOOL, None),
    "sstp.message.flags.ack_immediately": (BOOL, None),
    "sstp.message.flags.ephemeral": (BOOL, None),
    "sstp.message.flags.do_not_deliver_if_offline": (BOOL, None),
    "sstp.message.user_ref": (STRING, None), "sstp.message.ttl": (U32, DEC),
    "sstp.message.byte_stream_size": (U64, DEC), "sstp.message.session_size": (U64, DEC),
    "sstp.message.message_size": (U64, DEC), "sstp.message.fragment.count": (U32, DEC),
    "sstp.message.fragment.number": (U32, DEC), "sstp.message.fragment.id": (STRING, None),
    "sstp.message.fragment.offset": (U64, DEC), "sstp.data": (BYTES, None),
    "sstp.data.length": (U16, DEC), "sstp.message.payload": (BYTES, None),
    "sstp.message.length": (U64, DEC), "sstp.message.segment": (FRAME, None),
    "sstp.message.reassembled_in": (FRAME, None), "sstp.command.segment": (FRAME, None),
    "sstp.command.reassembled_in": (FRAME, None),
    # Security tokens
    "sstp.sec.version.major": (U8, DEC), "sstp.sec.version.minor": (U8, DEC),
    "sstp.sec.message": (U8, DEC), "sstp.sec.name": (STRING, None), "sstp.sec.iv": (BYTES, None),
    "sstp.sec.hmac": (BYTES, None), "sstp.sec.encrypted_device_nonce": (BYTES, None),
    "sstp.sec.device_nonce": (BYTES, None), "sstp.sec.encrypted_relay_nonce": (BYTES, None),
    "sstp.sec.field": (BYTES, None), "sstp.sec.field.length": (U16, DEC),
}
EXPERTS = ("length_invalid", "trailing_bytes", "string_unterminated", "truncated",
           "unknown_command", "reserved_not_zero", "value_unknown", "version_unsupported",
           "version_form", "gap")
# Of Wireshark's own Secure Socket Tunneling dissector.
FOREIGN = ["sstp." + name for name in (
    "majorversion minorversion reserved iscontrol length messagetype numattrib attribreserved "
    "attribid attriblengthreserved attriblength dataunknown hash nonce cert_hash padding "
    "compoundmac encapsulatedprotocol status attribvalue").split()]

MNEMONICS = {
    "sstp.command": {i: name for name, i in stories.sstp.IDS.items()},
    "sstp.connect.response": {
        0: "Ok", 1: "WrongDevice", 2: "TryLater", 3: "WillUpgrade", 4: "WontUpgrade",
        5: "NewVersionRequired", 6: "AuthenticationFailed", 9: "ConnectRejected"},
    "sstp.connect_close.reason": {
        0: "NoReason", 1: "Resting", 2: "Idle", 3: "ProtocolError",
        4: "DeviceAuthenticationFailed", 5: "UserAuthenticationFailed",
        6: "StaleConnectAuthenticate", 7: "StaleAttachAuthenticate", 8: "ResponseTimeout",
        9: "Rejected", 0xA: "DecryptionFailed", 0xC: "CrossedConnections", 0xD: "InternalError",
        0xE: "Upgrade", 0xF: "TooManyUnknownSessionCmds", 0x10: "NewVersionRequired"},
    "sstp.open.response": {
        0: "Ok", 4: "NoResource", 5: "Unknown", 8: "NoFanoutEntries", 9: "StartSending",
        0xA: "StopSending", 0xB: "OkStopSending", 0xC: "FanoutNotSupported"},
    "sstp.session_status": {
        1: "DNSLookupFailed", 2: "HostNotReachable", 3: "ConnectionClosed",
        4: "QuotaWouldBeExceeded", 5: "LockedOut"},
    "sstp.close.reason": {
        0: "NoReason", 2: "Idle", 3: "ProtocolError", 4: "DeviceAuthenticationFailed",
        5: "UserAuthenticationFailed", 7: "StaleAttachAuthenticate",
        0xB: "QuotaWouldBeExceeded", 0xD: "InternalError", 0x15: "EmptySession"},
    "sstp.attach.response": {
        0: "Ok", 1: "AttachRejected", 2: "AccountUnknown", 3: "AwaitingRegister"},
}


class Fields(DissectTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.fields = {}  # name: [(type, parent, base)]
        for line in cls.ws.run([harness.TSHARK, "-G", "fields"]).splitlines():
            parts = line.split("\t")
            if parts[0] == "F" and parts[2].startswith(("sstp", "grvsstp")):
                cls.fields.setdefault(parts[2], []).append((parts[3], parts[4], parts[5]))

    def test_contract(self):
        wrong = []
        for name, (kind, base) in CONTRACT.items():
            entries = [e for e in self.fields.get(name, []) if e[1] == "grvsstp"]
            if len(entries) != 1:
                wrong.append("%s: registered %d times" % (name, len(entries)))
            elif entries[0][0].replace("STRINGZ", "STRING") != kind:  # one type to filters
                wrong.append("%s: %s instead of %s" % (name, entries[0][0], kind))
            elif base is not None and entries[0][2].split("|")[0] != base:
                wrong.append("%s: %s instead of %s" % (name, entries[0][2], base))
        self.assertEqual(wrong, [])

    def test_experts(self):
        for name in EXPERTS:
            self.assertEqual([e[1] for e in self.fields.get("sstp.expert." + name, [])],
                             ["grvsstp"], name)

    def test_nothing_of_the_other_sstp_is_reused(self):
        for name in FOREIGN:
            self.assertEqual([e[1] for e in self.fields.get(name, [])], ["sstp"], name)

    def test_prefix(self):
        """Everything of ours is sstp.*"""
        ours = [name for name, entries in self.fields.items()
                if any(e[1] == "grvsstp" for e in entries)]
        self.assertGreater(len(ours), 90)
        self.assertEqual([name for name in ours if not name.startswith("sstp.")], [])

    def test_protocol(self):
        protocols = [line.split("\t") for line in
                     self.ws.run([harness.TSHARK, "-G", "protocols"]).splitlines()]
        self.assertEqual([p[1] for p in protocols if p[2] == "grvsstp"], ["GRVSSTP"])
        others = [p for p in protocols if p[2] == "sstp"]
        self.assertIn("SSTP", [p[1] for p in others])

    def test_mnemonics(self):
        """tshark -G values lists every coded value to the letter, and no other."""
        shown = {}
        for line in self.ws.run([harness.TSHARK, "-G", "values"]).splitlines():
            parts = line.split("\t")
            if parts[0] == "V" and parts[1] in MNEMONICS:
                shown.setdefault(parts[1], {})[int(parts[2], 16)] = parts[3]
        self.assertEqual(shown, MNEMONICS)


class Filters(DissectTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        capture = harness.new_capture()
        connection = capture.connection()
        cls.frames = stories.play(connection, stories.conversation(), singly=True)
        connection.fin()
        cls.total = len(capture.frames)
        cls.file = capture.write(cls.ws.path("filters.pcapng"))
        # A Data of 2,055 bytes takes two segments; the first holds no command.
        cls.commands = len(stories.conversation())

    def test_protocol_filters(self):
        data = len(self.frames)
        self.assertEqual(self.ws.count(self.file, "grvsstp"), data)
        self.assertEqual(self.ws.count(self.file, "sstp"), data)
        self.assertEqual(self.ws.count(self.file, "!grvsstp"), self.total - data)
        self.assertEqual(self.ws.count(self.file, "!sstp"), self.total - data)
        self.assertEqual(self.ws.count(self.file, "sstp.command"), self.commands)

    def test_field_filters(self):
        rows = [("sstp.command == 0x06", 1), ("sstp.command == FanoutOpen", 1),
                ("sstp.command == Noop", 1), ('sstp.command in {"Message", "EndMessage"}', 6),
                ("sstp.session_id == 0x80000001", 5), ("sstp.event_id == 1", 3),
                ("sstp.close.reason == EmptySession", 1), ("sstp.message.ttl == 86400", 1),
                ('sstp.identity_url contains "rvq8bn2"', 2),
                ("sstp.connect.flags.single_hop == 1", 1), ("sstp.from_initiator == 0", 14),
                ("sstp.stream == 0 and sstp.command", self.commands),
                ("sstp.sec.iv[0:2] == e9:4c", 1), ('sstp.summary contains "s=0x21"', 7)]
        for display_filter, frames in rows:
            self.assertEqual(self.ws.count(self.file, display_filter), frames, display_filter)

    def test_extraction(self):
        values = self.ws.fields(self.file, ["sstp.command", "sstp.session_id", "grvsstp", "sstp"])
        commands = [row for row in values if row[0]]
        self.assertEqual([row[0][0] for row in commands],
                         ["0x%02x" % c.data[0] for c in
                          stories.commands_of(stories.conversation())])
        self.assertEqual(commands[-1][0], ["0x04"])
        self.assertTrue(all(row[2] and row[3] for row in commands))

    def test_json(self):
        packets = self.ws.json(self.file, "-Y", "sstp.command == Close")
        self.assertEqual(len(packets), 2)
        layers = packets[0]["_source"]["layers"]
        self.assertIn('"sstp.close.reason"', str(layers["grvsstp"]).replace("'", '"'))

    def test_disabling(self):
        """--disable-protocol grvsstp takes ours away, sstp only the other one."""
        for protocol, there in (("grvsstp", False), ("sstp", True)):
            text = self.ws.tshark(self.file, "--disable-protocol", protocol, "-T", "fields",
                                  "-e", "frame.protocols")
            self.assertEqual("grvsstp" in text, there, protocol)


if __name__ == "__main__":
    harness.main()
