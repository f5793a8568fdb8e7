# SPDX-License-Identifier: GPL-2.0-or-later
"""One state for each connection, whatever carries it; and a new connection, on the same
addresses and ports or of the same GUID, starts afresh."""

import section4_acknowledgement
import section4_sessions
from scenario import CLIENT, PASSES, RELAY, Capture, Scenario, ScenarioTest, henc, main
from section4_sessions import APPHANDLER, UNACKNOWLEDGED

CARRIERS = {
    "TCP": henc.Plain,
    "SSTP over 443": lambda *a, **k: henc.Plain(*a, port=443, **k),
    "Secure Tunnel": henc.Tunnel,
    "SOCKS": henc.Socks,
    "LongLived": henc.LongLived,
    "LongLived over a proxy": lambda *a, **k: henc.LongLived(
        *a, port=8080, proxy=True, challenges=[henc.Challenge()], **k),
    "KeepAlive": henc.KeepAlive,
    "KeepAlive over a proxy": lambda *a, **k: henc.KeepAlive(
        *a, port=3128, proxy=True, answer_version="1.1", via=True, **k),
    "Polling": henc.Polling,
    "Polling over a proxy": lambda *a, **k: henc.Polling(
        *a, port=8080, proxy=True, challenges=[henc.Challenge()], **k),
}


def together(name, scenarios):
    """Their lines in one scenario, one after the other."""
    tale = Scenario(name)
    for part in scenarios:
        tale.lines += part.lines
        tale.steps += part.steps
    return tale


def add_plain_story(tale, name):
    """A message each way, all acknowledged."""
    line = tale.line(name)
    line.greet()
    line.opened(CLIENT, 3, APPHANDLER)
    line.opened(RELAY, 0x80000000, APPHANDLER)
    one = line.message(CLIENT, 3, number=1, before=0, pieces=2)
    two = line.message(RELAY, 0x80000000, number=1, before=0, count=1, acks=[one], covered=1,
                       remaining=0)
    line.finish(count=1, acks=[two])
    return line


class EachCarrier(ScenarioTest):
    """Scenarios of section 4 in every encapsulation."""

    @staticmethod
    def all_of_it():
        """Several examples side by side in one capture."""
        return together("4.2 to 4.4", [
            section4_sessions.bidirectional(), section4_sessions.device_to_relay(),
            section4_acknowledgement.multiple_sessions_by_message(),
            section4_acknowledgement.interleaved(),
            section4_acknowledgement.received_while_blocked(),
            section4_acknowledgement.single_hop()])

    def test_each_command_a_chunk(self):
        for name, make in CARRIERS.items():
            with self.subTest(name):
                self.check(self.all_of_it(), make=make)

    def test_joined(self):
        """What one side has to say in one body."""
        for name, make in CARRIERS.items():
            with self.subTest(name):
                self.check(self.all_of_it(), make=make, joined=True)

    def test_cut_in_small_segments(self):
        """Every message of the carrier in segments of a few bytes."""
        def cut(make):
            return lambda *a: make(*a, cuts=lambda _, m: range(0, len(m), 11))

        for name, make in CARRIERS.items():
            with self.subTest(name):
                self.check(section4_acknowledgement.received_while_blocked(), make=cut(make))

    def test_end_of_the_transport(self):
        """Where an end is seen, it is the end of what was outstanding.  A Polling
        connection has none (SPECIFICATION.md)."""
        for name, make in CARRIERS.items():
            tale = Scenario("unacknowledged")
            line = tale.line("A-B")
            line.greet()
            line.opened(CLIENT, 3, APPHANDLER)
            line.message(CLIENT, 3, number=1, before=0,
                         late=[] if name.startswith("Polling") else [UNACKNOWLEDGED])
            with self.subTest(name):
                self.check(tale, make=make)

    def test_two_interleaved(self):
        """Two connections take turns, command by command; the same ids on both."""
        for name, make in CARRIERS.items():
            tale = Scenario("two")
            add_plain_story(tale, "first")
            add_plain_story(tale, "second")
            half = len(tale.steps) // 2
            tale.steps = [row for pair in zip(tale.steps[:half], tale.steps[half:])
                          for row in pair]
            with self.subTest(name):
                self.check(tale, make=make)


class Again(ScenarioTest):
    """Addresses, ports and GUIDs that are used a second time."""

    def check_twice(self, make, late):
        """The same line once more after the first; nothing is left of it.  late: what is
        found on the second pass on the message that is never acknowledged."""
        tale = Scenario("twice")
        lines = []
        for name in ("first", "second"):
            lines.append(tale.line(name))
            line = lines[-1]
            line.greet()
            line.opened(CLIENT, 3, APPHANDLER)
            one = line.message(CLIENT, 3, number=1, before=0)
            line.noop(RELAY, 1, acks=[one])
            line.message(CLIENT, 3, number=2, before=0, late=late)
            line.lose()
        # Not opened together: the second when the first has gone.
        capture = Capture()
        carriers = {}
        for step in tale.steps:
            if step.line not in carriers:
                carriers[step.line] = make(capture, lines.index(step.line))
                carriers[step.line].open()
            if hasattr(step, "command"):
                step.frame = carriers[step.line].send(step.from_client, step.command.data)[-1]
            else:
                carriers[step.line].close()
        path = self.write(capture)
        for two_pass, label in PASSES:
            self.assert_shown(tale, capture, self.ws.dissect(path, two_pass=two_pass), two_pass,
                              label)

    def test_ports(self):
        """TCP: new SYNs on the same four numbers, after a FIN, a RST, and nothing."""
        for end, late in (("fin", [UNACKNOWLEDGED]), ("rst", [UNACKNOWLEDGED]), (None, [])):
            for make in (henc.Plain, henc.Tunnel, henc.Socks):
                def carrier(capture, number, make=make, end=end):
                    made = make(capture, henc.Place(0), end=end)
                    made.connect = lambda: capture.connection(
                        *henc.Place(0).ends(made.port), client_isn=1000 + number * 900_000,
                        server_isn=5000 + number * 700_000)
                    return made

                with self.subTest(make.__name__, end=end):
                    self.check_twice(carrier, late)

    def test_guid(self):
        """HTTP: a connection of the same GUID between the same addresses."""
        for make in (henc.LongLived, henc.KeepAlive):
            for end in ("fin", "rst"):
                shared = henc.Place(0)  # its ports go on, its GUID does not

                def carrier(capture, _, make=make, end=end, shared=shared):
                    return make(capture, shared, end=end)

                with self.subTest(make.__name__, end=end):
                    self.check_twice(carrier, [UNACKNOWLEDGED])

    def test_polling_guid(self):
        """Polling: a new probe of the same GUID is a new connection."""
        shared = henc.Place(0)
        tale = Scenario("Polling twice")
        capture = Capture()
        for name in ("first", "second"):
            line = add_plain_story(tale, name)
            carrier = henc.Polling(capture, shared)
            carrier.open()
            for row in tale.rows:
                if row.line is line:
                    row.frame = carrier.send(row.from_client, row.command.data)[-1]
            carrier.close()
        path = self.write(capture)
        for two_pass, label in PASSES:
            self.assert_shown(tale, capture, self.ws.dissect(path, two_pass=two_pass), two_pass,
                              label)


if __name__ == "__main__":
    main()
