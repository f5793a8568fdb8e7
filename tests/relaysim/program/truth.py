#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The truth files of relay, client and demo against what the plugin shows of their captures:
messages and their numbers, acknowledgements, states, what was discarded; and every kind of
event that is broken is noticed.

Usage: truth.py RELAYSIM
"""
import copy
import json
import os
import shutil
import signal
import sys
import time
import unittest

import hostile  # takes RELAYSIM off the command line
import live
import truth_file
from hostile import Raw, sstp
from patience import PATIENCE

import tshark  # hostile has its folder in the path

URL = live.URL
SILENT_URL, GONE_URL = "grooveDNS://silent.example", "grooveDNS://gone.example"
QUOTA = 400000


def identity(name):
    return "grooveIdentity://" + name


class TruthTest(live.LiveTest):
    @classmethod
    def setUpClass(cls):
        cls.wireshark = tshark.Wireshark()

    @classmethod
    def tearDownClass(cls):
        cls.wireshark.close()

    def shown(self, capture):
        path = self.wireshark.path("%s.pcapng" % self.id())
        shutil.copyfile(capture, path)
        os.chmod(path, 0o644)
        return truth_file.Shown(self.wireshark, path)

    def recording(self, name):
        return ["-w", self.path(name + ".pcapng"), "--truth", self.path(name + ".json")]

    def compare(self, name):
        truth = truth_file.Truth(self.path(name + ".json"))
        shown = self.shown(self.path(name + ".pcapng"))
        self.assertEqual(truth_file.differences(truth, shown), [])
        return truth, shown

    def await_event(self, name, kind, number, **members):
        """Waits until the truth file, which is written as things happen, has so many."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            events = []
            with open(self.path(name + ".json"), encoding="utf-8") as file:
                for line in file:
                    if line.endswith("\n"):
                        events.append(json.loads(line))
            events = [event for event in events if event["event"] == kind and
                      all(event.get(key) == value for key, value in members.items())]
            if len(events) >= number:
                return events
            time.sleep(0.05)
        raise AssertionError("%s of %r did not come" % (kind, members))


class Demo(TruthTest):
    def test_demo(self):
        self.check(live.run("demo", *self.recording("demo"), timeout=PATIENCE), 0, "^$")
        truth, _ = self.compare("demo")
        self.assertEqual(truth_file.between_ends(truth), [])
        for kind, number in (("message-sent", 30), ("message-delivered", 30),
                             ("message-acked", 30), ("session-state", 100),
                             ("connection-state", 100), ("message-discarded", 1)):
            self.assertGreaterEqual(len(truth.of(kind)), number, kind)
        states = {event["state"] for event in truth.of("session-state")}
        self.assertEqual(states, {"opening", "suspended", "ready", "blocked", "closed"})
        states = {event["state"] for event in truth.of("connection-state")}
        self.assertEqual(states, {"connecting", "established", "aborting", "closed"})


class Broken(TruthTest):
    """The comparison notices each event that is missing, doubled or wrong."""

    def assert_noticed(self, truth, shown, change):
        broken = copy.copy(truth)
        broken.events = change([dict(event) for event in truth.events])
        self.assertNotEqual(truth_file.differences(broken, shown) +
                            truth_file.between_ends(broken), [])

    def each(self, truth, kind):
        """A few events of a kind, by their places: such as the capture, which was made at
        the initiator, can know of."""
        places = [i for i, event in enumerate(truth.events) if event["event"] == kind and
                  (kind in ("message-sent", "message-delivered") or event["at"] == "initiator") and
                  "why" not in event]
        self.assertGreater(len(places), 2)
        return [places[0], places[len(places) // 2], places[-1]]

    def test_broken(self):
        self.check(live.run("demo", *self.recording("demo"), timeout=PATIENCE), 0, "^$")
        truth, shown = self.compare("demo")
        wrong = {"message-sent": ("number", "session", "ordinal", "length", "from"),
                 "message-delivered": ("number", "session", "length"),
                 "message-acked": ("number",), "session-state": ("session", "state"),
                 "connection-state": ("state",)}

        def without(place):
            return lambda events: events[:place] + events[place + 1:]

        def twice(place):
            return lambda events: events[:place] + events[place:place + 1] + events[place:]

        def changed(place, name):
            def change(events):
                value = events[place][name]
                events[place][name] = value + 1 if isinstance(value, int) else \
                    truth_file.OTHER.get(value, "established" if value != "established" else "x")
                if name == "from":
                    events[place]["at"] = events[place]["from"]
                return events
            return change

        for kind, names in wrong.items():
            for place in self.each(truth, kind):
                for what, change in [("missing", without(place)), ("doubled", twice(place))] + \
                        [(name, changed(place, name)) for name in names]:
                    with self.subTest(kind=kind, event=truth.events[place], what=what):
                        self.assert_noticed(truth, shown, change)

        # In another order of time.
        self.assert_noticed(truth, shown, lambda events: events[1:2] + events[:1] + events[2:])
        # A connection that is not there, or two that are exchanged.
        self.assert_noticed(truth, shown, lambda events: [event for event in events
                                                          if event.get("stream") != 2])
        self.assert_noticed(truth, shown, lambda events: [
            {**event, "stream": {3: 4, 4: 3}.get(event["stream"], event["stream"])}
            for event in events if "stream" in event])


class Town(TruthTest):
    """One relay, and everything that can become of a message."""

    def setUp(self):
        super().setUp()
        self.silent = hostile.FakeRelay(lambda peer: None)
        self.addCleanup(self.silent.close)
        self.relay = live.Relay(
            *self.recording("relay"), "--quota", str(QUOTA), "--offline-ttl", "0.3",
            "--delivery-idle", "0.5", "--ack-delay", "0.2", "--peer",
            GONE_URL + "=127.0.0.1:1", "--peer", SILENT_URL + "=" + self.silent.address)
        self.relay.lives_as_long_as(self)

    def raw(self, device="dpp:///raw"):
        raw = Raw(self.relay.address, 6, device)
        self.addCleanup(raw.socket.close)
        return raw

    def open_session(self, raw, session, to):
        raw.send(sstp.open_session(session, "apphandler", identity(to), ""))
        self.assertEqual(raw.expect("OpenResponse")[7], hostile.OK)

    def send(self, raw, session, user_ref, payload=b"x", **keywords):
        raw.send(*sstp.message_sequence(session, payload, user_ref=user_ref, **keywords))

    def receive(self, name, expected=0, seconds="20"):
        """The UserRefs that a recipient gets."""
        options = ["--expect", str(expected)] if expected > 0 else []
        result = self.relay.client("--identity", identity(name), "--receive", *options,
                                   "--timeout", seconds, *self.recording(name),
                                   device="dpp:///" + name)
        self.check(result, 0)
        self.compare(name)
        return [json.loads(line)["user_ref"] for line in result.stdout.splitlines()]

    def finish(self):
        """Ends the relay, and compares."""
        self.assertEqual(self.relay.stop(), 0)
        truth, shown = self.compare("relay")
        self.check_capture(self.path("relay.pcapng"))
        return truth, shown

    def test_fanout(self):
        sent = self.relay.client("--to", identity("bob"), "--to", identity("carl"), "--message",
                                 "Hello", "--messages", "40", *self.recording("alice"))
        self.check(sent, 0)
        truth, _ = self.compare("alice")
        self.assertEqual([e["number"] for e in truth.of("message-acked")], list(range(1, 41)))
        self.assertEqual([e["at"] for e in truth.of("connection-state")], ["initiator"] * 3)
        for name in ("bob", "carl"):
            self.assertEqual(len(self.receive(name, 40)), 40)
        truth, _ = self.finish()
        self.assertEqual(len(truth.of("message-delivered", **{"from": "initiator"})), 40)
        self.assertEqual(len(truth.of("message-sent", at="acceptor")), 80)
        self.assertEqual(truth.of("message-discarded"), [])

    def test_expiry(self):
        with self.raw() as raw:
            self.open_session(raw, 1, "dora")
            self.send(raw, 1, "ttl", ttl=1)
            self.send(raw, 1, "offline", flags=sstp.D)
            self.send(raw, 1, "both", flags=sstp.D, ttl=1)
            self.send(raw, 1, "stays", ttl=1000)
        self.await_event("relay", "message-discarded", 3)
        received = self.receive("dora", 1)
        self.assertEqual(received, ["stays"])
        truth, shown = self.finish()
        discarded = truth.of("message-discarded")
        self.assertEqual([(e["why"], *truth_file.user_refs(shown, e)) for e in discarded],
                         [("DoNotDeliverIfOffline", "offline"), ("DoNotDeliverIfOffline", "both"),
                          ("TTL", "ttl")])
        for event in discarded:
            self.assertEqual((event["at"], event["from"], event["session"], event["length"],
                              event["identity_url"], event["device_url"], event["resource_url"]),
                             ("acceptor", "initiator", 1, 1, identity("dora"), "", "apphandler"))

    def test_quota_and_crossing_close(self):
        """The relay's Close crosses the client's, and a message that is after the first."""
        with self.raw() as raw:
            self.open_session(raw, 1, "erin")
            self.send(raw, 1, "fits", b"x" * 240000)
            sequence = sstp.message_sequence
            raw.send(*sequence(1, b"x" * 240000, user_ref="too much"),
                     *sequence(1, b"y", user_ref="too late"), sstp.close(1))
            raw.expect("Close", at=3, value=1)
            self.open_session(raw, 2, "frank")
            self.send(raw, 2, "after", b"z", flags=sstp.A)
            self.await_event("relay", "message-delivered", 1, session=2)
            raw.send(sstp.connect_close())
            raw.end()
        self.assertEqual(self.receive("erin", 1), ["fits"])
        self.assertEqual(self.receive("frank", 1), ["after"])
        truth, shown = self.finish()
        discarded = truth.of("message-discarded")
        self.assertEqual([(e["why"], e["number"], *truth_file.user_refs(shown, e))
                          for e in discarded],
                         [("quota", 2, "too much"), ("session closed", 3, "too late")])
        self.assertEqual([e["state"] for e in truth.of("session-state", stream=0, session=1)],
                         ["opening", "ready", "closed"])
        self.assertEqual(truth.of("session-state", stream=0, session=1)[-1]["why"], "Close sent")

    def test_quota_of_client(self):
        """A client that is told so, with all that it knows of it."""
        sent = self.relay.client("--to", identity("erin"), "--size", "160000", "--messages", "5",
                                 *self.recording("alice"))
        self.check(sent, 1, "QuotaWouldBeExceeded")
        truth, _ = self.compare("alice")
        given_up = truth.of("message-unacknowledged")
        self.assertEqual({e["why"] for e in given_up}, {"session closed"})
        self.assertGreaterEqual(len(given_up), 1)
        relay, _ = self.finish()
        # Those that were discarded, and none else, were given up.
        self.assertEqual(sorted(e["number"] for e in relay.of("message-discarded")),
                         [e["number"] for e in given_up])

    def test_kill(self):
        """A recipient is killed before it acknowledges: its messages come again."""
        receiver = self.start(self.relay.client_arguments(
            "--identity", identity("gina"), "--receive", "-v", device="dpp:///gina"))
        self.assertRegex(receiver.stderr.readline(), "ready")
        with self.raw() as raw:
            self.open_session(raw, 1, "gina")
            for n in range(9):
                self.send(raw, 1, "kept-%d" % n)
            for n in range(9):
                self.assertEqual(json.loads(receiver.stdout.readline())["user_ref"], "kept-%d" % n)
            receiver.send_signal(signal.SIGKILL)
            lost = self.await_event("relay", "message-unacknowledged", 9)
            raw.send(sstp.connect_close())
            raw.end()
        self.assertEqual({e["why"] for e in lost}, {"connection closed"})
        self.assertEqual(self.receive("gina", 9), ["kept-%d" % n for n in range(9)])
        truth, _ = self.finish()
        ends = {e["stream"]: e["why"] for e in truth.of("connection-state", state="closed")}
        self.assertEqual(ends[lost[0]["stream"]], "transport lost")
        self.assertEqual({e["why"] for e in truth.of("session-state", stream=lost[0]["stream"],
                                                     state="closed")}, {"connection closed"})
        self.assertEqual(len(truth.of("message-sent", at="acceptor")), 18)
        self.assertEqual(len(truth.of("message-acked", at="acceptor")), 9)

    def test_reconnect(self):
        """One client, several connections, one file."""
        with live.Proxy(self.relay.address, 40000) as proxy:
            sent = live.run("client", "--relay", proxy.address, "--relay-url", URL, "--device",
                            "dpp:///alice", "--to", identity("hugo"), "--size", "500",
                            "--messages", "150", *self.recording("alice"))
        self.check(sent, 0)
        truth, _ = self.compare("alice")
        lost = [e for e in truth.of("connection-state", state="closed")
                if e["why"] == "transport lost"]
        self.assertGreaterEqual(len(lost), 2)
        self.assertEqual([e["stream"] for e in truth.of("connection-state", state="connecting")],
                         list(range(proxy.num_carried)))
        self.finish()

    def test_other_relays(self):
        """One that cannot be reached, and one that never answers."""
        result = self.relay.client("--to", identity("ivan") + ",," + GONE_URL, "--message", "x",
                                   *self.recording("alice"))
        self.check(result, 1, "HostNotReachable")
        self.compare("alice")
        with self.raw() as raw:
            # Who does not wait for StartSending is heard all the same.
            raw.send(sstp.fanout_open(1, "r", [(identity("ivan"), "", SILENT_URL)], 6),
                     *sstp.message_sequence(1, b"x", user_ref="first"), sstp.close(1))
            self.await_event("relay", "message-discarded", 1)
            raw.end()
        with self.raw() as raw:
            raw.send(sstp.fanout_open(1, "r", [(identity("ivan"), "", SILENT_URL)], 6),
                     *sstp.message_sequence(1, b"x", user_ref="second"))
            self.await_event("relay", "message-delivered", 2)
        self.await_event("relay", "message-discarded", 2)
        self.relay.stop()
        truth = truth_file.Truth(self.path("relay.json"))
        self.assertEqual([(e["why"], e["relay_url"]) for e in truth.of("message-discarded")],
                         [("session closed", SILENT_URL), ("connection closed", SILENT_URL)])

    def test_ends_while_somebody_is_there(self):
        receiver = self.start(self.relay.client_arguments(
            "--identity", identity("karl"), "--receive", "-v",
            *self.recording("karl"), device="dpp:///karl"))
        self.assertRegex(receiver.stderr.readline(), "ready")
        self.check(self.relay.client("--to", identity("karl"), "--message", "x"), 0)
        receiver.stdout.readline()
        truth, _ = self.finish()
        self.assertRegex(receiver.stderr.readline(), "closed the connection")
        receiver.send_signal(signal.SIGTERM)
        receiver.wait(timeout=PATIENCE)
        self.assertEqual([e["why"] for e in truth.of("connection-state", state="closed")],
                         ["ConnectClose received", "ConnectClose sent"])
        truth, _ = self.compare("karl")
        self.assertEqual([e["why"] for e in truth.of("connection-state", state="closed")],
                         ["ConnectClose received"])


if __name__ == "__main__":
    unittest.main()
