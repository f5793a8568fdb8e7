# SPDX-License-Identifier: GPL-2.0-or-later
"""The records: complete, as the schema says, and the same as what tshark shows."""
import collections
import hashlib
import json
import os
import pathlib
import struct
import tempfile
import unicodedata
import unittest

import analyze
import sstp_commands as sstp
from capture import Capture
from tshark import TSHARK, Wireshark

NAMES = sorted(name[:-len(".pcapng")] for name in os.listdir(analyze.SAMPLES)
               if name.endswith(".pcapng"))
HOSTILE = ("=1+1", "@SUM(A1)", "\x1b[31m", "a\r\nb", "\"q\",", "<script>", "\xff\xfe", "-2",
           "\t=2+2", "+3", "\x7f\x08", "' onclick='x", "]]></svg><b>", "&#60;i&#62;",
           "\u202etxt.exe".encode().decode("latin-1"), "\u009b31m".encode().decode("latin-1"))

TABLES = ("points", "connections", "sessions", "messages", "journeys", "findings", "commands")


def hostile_capture(path):
    """A capture whose senders say what harms terminals, spreadsheets and pages."""
    capture = Capture()
    for number, text in enumerate(HOSTILE):
        connection = capture.connection(("192.0.2.%d" % (number + 1), 50000),
                                        ("198.51.100.1", 2492))
        connection.send(sstp.connect("dpp:///" + text, ["dpp:///me" + text]).data)
        connection.send(sstp.connect_response(targets=["dpp:///" + text]).data, False)
        connection.send(sstp.open_session(0x21, text, "id" + text, "dpp:///" + text).data)
        connection.send(sstp.join(sstp.message_sequence(0x21, b"x", user_ref=text)))
    capture.write(path)
    return path


class RecordTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        os.chmod(self.folder, 0o755)

    def test_samples_fit_the_schema(self):
        for name in NAMES:
            found = analyze.records(analyze.sample(name))
            types = collections.Counter(record["type"] for record in found)
            self.assertGreater(types["command"], 2, name)
            self.assertGreater(types["connection"], 0, name)

    def test_commands_are_those_of_tshark(self):
        wireshark = Wireshark()
        for name in NAMES:
            path = analyze.sample(name)
            shown = [(frame.number, command.one("sstp.stream"), command.one("sstp.from_initiator"))
                     for frame in wireshark.dissect(path) for command in frame.commands]
            told = [(record["frame"], str(record["connection"]),
                     "1" if record["from"] == "initiator" else "0")
                    for record in analyze.of_type(analyze.records(path), "command")]
            self.assertEqual(told, shown, name)

    def test_community_id_is_wireshark_s(self):
        wireshark = Wireshark()
        fields = wireshark.run([TSHARK, "-G", "fields"])
        name = "communityid.hash" if "\tcommunityid.hash\t" in fields else "communityid"  # from 4.6 on
        rows = wireshark.tshark(analyze.sample("demo"), "--enable-protocol", "communityid", "-T",
                                "fields", "-e", "frame.number", "-e", name)
        shown = dict(line.split("\t")[:2] for line in rows.splitlines() if "\t1:" in line)
        found = analyze.of_type(analyze.records(analyze.sample("demo")), "connection")
        self.assertGreater(len(found), 20)
        for record in found:
            self.assertEqual(record["community_id"], shown[str(record["frame"])])

    def test_filters_show_what_they_are_of(self):
        wireshark = Wireshark()
        path = analyze.sample("acknowledgement")
        found = analyze.records(path)
        for kind in ("connection", "session", "message", "command"):
            record = analyze.of_type(found, kind)[-1]
            frames = wireshark.tshark(path, "-Y", record["filter"], "-T", "fields", "-e",
                                      "frame.number").split()
            self.assertIn(str(record["frame"]), frames, record)
            if kind == "message":
                self.assertEqual(sorted(map(int, frames)),
                                 sorted({record[name] for name in ("frame", "end_frame",
                                                                   "acked_frame")}))

    def test_messages_have_their_acknowledgement(self):
        found = analyze.of_type(analyze.records(analyze.sample("acknowledgement")), "message")
        self.assertEqual(len(found), 18)
        for record in found:
            self.assertEqual(record["state"], "acknowledged")
            self.assertEqual(record["ack_delay_ns"], record["acked_t_ns"] - record["end_t_ns"])

    def test_contents_are_one_digest_on_every_hop(self):
        """SHA-256 of what the schema says, in the form of 8-byte lengths before texts."""
        found = analyze.of_type(analyze.records(analyze.sample("single-hop")), "message")
        self.assertEqual(len(found), 6)
        with Wireshark() as wireshark:
            payloads = wireshark.path("payloads")
            os.mkdir(payloads)
            os.chmod(payloads, 0o777)  # for whom tshark runs as
            wireshark.tshark(analyze.sample("single-hop"), "-q", "--export-objects",
                             "grvsstp," + payloads)
            [payload] = {path.read_bytes() for path in pathlib.Path(payloads).iterdir()}
        self.assertEqual(len(payload), 3000)
        number = "<Q"
        told = b"".join(struct.pack(number, len(text)) + text
                        for text in (b"apphandler", found[0].get("user_ref", "").encode()))
        told += struct.pack(number, 0) + payload + struct.pack(number, len(payload))
        self.assertEqual({message["contents"] for message in found},
                         {hashlib.sha256(told).hexdigest()[:32]})

    def test_messages_say_whom_they_are_for(self):
        found = analyze.of_type(analyze.records(analyze.sample("single-hop")), "message")
        self.assertEqual([(message["sender"][-1], message["receiver"][-1],
                           "".join(url[-1] for url in message["recipient_identities"]))
                          for message in found[:2]], [("a", "e", "bcde"), ("e", "e", "de")])
        for message in found:
            last = [message["receiver"] == url for url in message["recipient_devices"]]
            self.assertEqual(message["recipient_states"],
                             ["there" if there else "beyond" for there in last])
            self.assertEqual(len(message["recipient_relays"]), len(last))
        refused = [message for message in analyze.of_type(analyze.records(analyze.sample("demo")),
                                                          "message")
                   if "refused" in message.get("recipient_states", ())]
        self.assertGreater(len(refused), 0)

    def test_csv_says_the_same(self):
        for name in TABLES:
            found = analyze.of_type(analyze.records(analyze.sample("demo")), name[:-1])
            rows = analyze.table(name, analyze.sample("demo"))
            self.assertEqual(len(rows), len(found), name)
            for row, record in zip(rows, found):
                for key, value in record.items():
                    if key in ("type", "schema", "findings"):
                        continue
                    if isinstance(value, list):
                        self.assertEqual(json.loads(row[key].lstrip("'")), value)
                    elif isinstance(value, float):
                        self.assertAlmostEqual(float(row[key]), value)
                    elif not str(value).startswith("-"):
                        self.assertEqual(row[key], str(value), (name, key))

    def test_hostile_text_harms_nothing(self):
        path = hostile_capture(os.path.join(self.folder, "hostile.pcapng"))
        found = analyze.records(path)
        messages = analyze.of_type(found, "message")
        self.assertEqual([record.get("user_ref_bytes", "") for record in messages],
                         ["fffe" if text == "\xff\xfe" else "" for text in HOSTILE])
        self.assertEqual([record["user_ref"] for record in messages],
                         [text.encode("latin-1").decode(errors="replace") for text in HOSTILE])

    def test_hostile_text_drives_no_terminal(self):
        path = hostile_capture(os.path.join(self.folder, "hostile \x1b[31m\n.pcapng"))
        for arguments in ((), ("--undelivered",), ("--journey", "2"), ("--user-ref", "script"),
                          *(("--table", name) for name in TABLES)):
            for character in set(analyze.good(path, *arguments)) - {"\n"}:
                # No control, and nothing that turns a line around.
                self.assertNotIn(unicodedata.category(character), ("Cc", "Cf", "Zl", "Zp"),
                                 (arguments, ascii(character)))
        missing = analyze.run(path + "\x1b[31m").stderr.decode()
        self.assertNotIn("\x1b", missing)

    def test_hostile_text_is_no_formula(self):
        path = hostile_capture(os.path.join(self.folder, "=cmd|hostile.pcapng"))
        for name in TABLES:
            for row in analyze.table(name, path):
                for key, value in row.items():
                    if value[:1] in "=+-@\t\r" and value:
                        self.assertRegex(value, r"\A-?[0-9.]+\Z", (name, key))

    def test_standard_input_says_the_same(self):
        path = analyze.sample("polling")
        with open(path, "rb") as file:
            told = analyze.good("-", "--format", "json", stdin=file.read())
        named = analyze.good(path, "--format", "json")
        self.assertEqual(told, named.replace(path, "-").replace('"polling.pcapng"', '"-"'))

    def test_schema_is_one(self):
        import jsonschema
        jsonschema.Draft7Validator.check_schema(analyze.SCHEMA)
        for record in analyze.records(analyze.sample("vectors")):
            jsonschema.validate(record, analyze.SCHEMA)
            with self.assertRaises(jsonschema.ValidationError):
                jsonschema.validate(dict(record, surprise=1), analyze.SCHEMA)


if __name__ == "__main__":
    unittest.main()
