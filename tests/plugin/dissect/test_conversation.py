# SPDX-License-Identifier: GPL-2.0-or-later
"""relaysim's demo on live sockets: tshark shows every command that relaysim says it
sent, field by field, in its connection and direction, and finds nothing wrong."""

import json
import os
import subprocess
import tempfile

import harness
from harness import DissectTest, commands_in, stories
from tshark import BUILD_DIR, Failure

RELAYSIM = os.environ.get("GRVSSTP_RELAYSIM") or os.path.join(
    BUILD_DIR, "relaysim", "relaysim")
# Of an event, not of the command.
ABOUT = ("t", "stream", "event", "from", "session")


def same(field, shown, sent):
    """Whether the values that tshark shows are the one (or the list) sent."""
    sent = sent if isinstance(sent, list) else [sent]
    if field in ("sstp.data", "sstp.auth_token", "sstp.registration_token"):
        sent = [value for value in sent if value]  # no bytes, no field
    if len(shown) != len(sent):
        return False
    return all(int(mine, 0) == theirs if isinstance(theirs, int) else mine == theirs
               for mine, theirs in zip(shown, sent))


def differences(layer, event):
    found = []
    if layer.one("sstp.command") != "0x%02x" % stories.sstp.IDS[event["command"]]:
        return ["%s shown, %s sent" % (layer.one("sstp.summary"), event["command"])]
    for name, sent in event.items():
        field = "sstp." + name
        if name not in ABOUT and name != "command":
            shown = layer.values(field)
            if not same(field, shown, sent):
                found.append("%s: shown %r, sent %r" % (field, shown, sent))
    sent_fields = {"sstp." + name for name in event}
    for name in harness.ENCODER_FIELDS - sent_fields - {"sstp.fanout.index", "sstp.data.length"}:
        if layer.values(name) and not name.startswith("sstp.sec.") and \
                not name.endswith("token.length") and ".flags." not in name:
            found.append("%s: shown %r, not sent" % (name, layer.values(name)))
    return found


class Conversation(DissectTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not os.access(RELAYSIM, os.X_OK):
            raise Failure("%s does not exist: relaysim has not been built" % RELAYSIM)
        cls.file = cls.ws.path("demo.pcapng")
        with tempfile.TemporaryDirectory() as folder:
            capture, truth = os.path.join(folder, "c.pcapng"), os.path.join(folder, "t.json")
            subprocess.run([RELAYSIM, "demo", "-w", capture, "--truth", truth], check=True,
                           stdout=subprocess.DEVNULL, timeout=600)
            with open(truth, encoding="utf-8") as file:
                events = [json.loads(line) for line in file]
            with open(capture, "rb") as file, open(cls.file, "wb") as copy:
                copy.write(file.read())
        cls.sent = {}
        for event in events:
            if event["event"] == "command":
                cls.sent.setdefault((event["stream"], event["from"]), []).append(event)

    def shown(self, **keywords):
        table = {}
        frames = self.ws.dissect(self.file, **keywords)
        for layer in commands_in(frames):
            side = "initiator" if layer.one("sstp.from_initiator") == "1" else "acceptor"
            table.setdefault((int(layer.one("sstp.stream")), side), []).append(layer)
        return table, frames

    def test_every_command_is_there(self):
        """The demo is worth comparing with: all 18 commands."""
        self.assertEqual({event["command"] for events in self.sent.values() for event in events},
                         set(stories.sstp.IDS))
        self.assertGreater(sum(map(len, self.sent.values())), 100)

    def test_against_the_truth(self):
        for two_pass in (False, True):
            shown, _ = self.shown(two_pass=two_pass)
            self.check_legs(shown)
            for key, events in self.sent.items():
                self.assertEqual(len(shown[key]), len(events), key)
                for number, (layer, event) in enumerate(zip(shown[key], events)):
                    self.assertEqual(differences(layer, event), [], "%r, command %d: %s" % (
                        key, number, event["command"]))

    def check_legs(self, shown):
        """Every stream is told of.  What goes through a proxy is two, a leg on either side of it,
        and one end tells of each; both show the same."""
        legs = sorted(set(shown) - set(self.sent))
        self.assertLess(set(self.sent), set(shown))
        for near, far in zip(legs[::2], legs[1::2]):
            self.assertEqual((near[1], far), ("acceptor", (near[0] + 1, "initiator")))
            for side in ("initiator", "acceptor"):
                one, other = ([layer.one("sstp.summary").split(" [")[0]
                               for layer in shown[stream, side]] for stream in (near[0], far[0]))
                self.assertEqual(one, other)
        self.assertEqual(len(legs), 6)

    def test_every_carrier_is_there(self):
        """All seven ways, as relaysim calls them."""
        shown, _ = self.shown(two_pass=False)
        self.assertEqual({layer.one("sstp.encap") for layers in shown.values()
                          for layer in layers}, {str(number) for number in range(7)})

    def test_nothing_is_found(self):
        """Nothing above a note, but for the version that the demo has refused."""
        for two_pass in (False, True):
            _, frames = self.shown(two_pass=two_pass)
            for frame in frames:
                foreign = any(layer.one("sstp.version.major") not in ("1", None)
                              for layer in frame.commands)
                allowed = [("version_unsupported", "warning")] if foreign else []
                self.assertEqual([f for f in frame.findings if f[1] != "note"], allowed,
                                 frame.number)
                self.assertFalse(frame.is_malformed, frame.number)

    def test_capture_is_sound(self):
        """What relaysim writes has no fault that TCP would remark on."""
        self.assertEqual(self.ws.count(self.file, "tcp.analysis.flags or _ws.malformed or "
                                                  "tcp.checksum.status == 0",
                                       preferences=["tcp.check_checksum:TRUE"]), 0)


if __name__ == "__main__":
    harness.main()
