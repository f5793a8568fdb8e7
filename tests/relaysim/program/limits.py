#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a limit refuses: the relay tells it with the option's name, the client with a reason.

Usage: limits.py RELAYSIM
"""
import contextlib
import json
import os
import unittest

import live  # takes RELAYSIM off the command line
from raw import Raw, sstp
from patience import PATIENCE, TIMEOUT

BOB = live.BOB
NUM_IDENTITIES = 1000


class Limits(live.LiveTest):
    @contextlib.contextmanager
    def relay(self, *arguments, says):
        """A relay that says this, and nothing else, by the time it ends."""
        with live.Relay(*arguments) as relay:
            yield relay
        lines = relay.log.splitlines()
        self.assertEqual(bool(lines), bool(says), relay.log)
        for line in lines:
            self.assertRegex(line, "^relaysim: connection [0-9]+: .*(%s)" % says)

    def refused(self, result, reason, hint):
        """With one line that has both."""
        self.check(result, 1, "(?m)^relaysim: .*%s.*%s" % (reason, hint))

    def send(self, relay, *arguments, to=(BOB,)):
        return relay.client(*[word for url in to for word in ("--to", url)], "--size", "1000",
                            *arguments)

    def test_identities(self):
        """As many as the relay takes are registered, whatever a command holds."""
        names = ["grooveIdentity://one-of-a-usual-length-%d" % n for n in range(NUM_IDENTITIES)]
        arguments = [word for name in names for word in ("--identity", name)]
        with self.relay(says="more than %d" % NUM_IDENTITIES) as relay:
            self.check(self.send(relay, to=names[-1:]), 0)
            received = relay.client(*arguments, "--receive", "--expect", "1", "--timeout", TIMEOUT,
                                    device="dpp:///bob")
            self.check(received, 0)
            self.assertEqual(json.loads(received.stdout)["identity"], names[-1])
            self.refused(relay.client(*arguments, "--identity", BOB, "--receive",
                                      device="dpp:///bob"),
                         "the relay ended the registration: InternalError", "1000 identities")

    def test_identity_of_another_account(self):
        """Alice and Bob together, and then Bob alone: who it is that he belongs to."""
        both = ("--identity", "grooveIdentity://alice", "--identity", BOB)
        with self.relay(says="belongs to another account") as relay:
            for n in range(2):
                self.check(self.send(relay), 0)
                alone = ("--identity", BOB, "--account", "grooveAccount://alice")
                self.check(relay.client(*(alone if n else both), "--receive", "--expect", "1",
                                        "--timeout", TIMEOUT, device="dpp:///bob"), 0)
            self.refused(relay.client("--identity", BOB, "--receive", device="dpp:///bob"),
                         "the relay ended the registration: UserAuthenticationFailed",
                         "another account, which --account has to name")

    def test_fanout(self):
        names = ["grooveIdentity://r%d" % n for n in range(3)]
        with self.relay("--max-fanout", "2", says="--max-fanout") as relay:
            self.check(self.send(relay, to=names[:2]), 0)
            self.refused(self.send(relay, to=names), "the session was refused: Unknown",
                         "--max-fanout")

    def test_quota(self):
        with self.relay("--quota", "2000", says="--quota") as relay:
            self.check(self.send(relay), 0)
            self.refused(self.send(relay), "the session was closed: QuotaWouldBeExceeded",
                         "--quota")
            self.check(self.send(relay, to=("grooveIdentity://carl",)), 0)

    def test_queues(self):
        with self.relay("--max-queues", "1", says="--max-queues") as relay:
            self.check(self.send(relay), 0)
            self.refused(self.send(relay, "--resource", "other"),
                         "the session was closed: QuotaWouldBeExceeded", "--max-queues")

    def test_message(self):
        with self.relay("--max-message", "500", says="--max-message") as relay:
            self.refused(self.send(relay), "the session was closed: QuotaWouldBeExceeded",
                         "--max-message")

    def test_connections(self):
        with self.relay("--max-connections", "1", says="--max-connections") as relay:
            receiver = self.start(relay.client_arguments("--identity", BOB, "--receive", "-v",
                                                         device="dpp:///bob"))
            self.assertRegex(receiver.stderr.readline(), "ready")
            self.refused(self.send(relay), "the connection was refused: TryLater",
                         "--max-connections")
            receiver.terminate()
            receiver.communicate(timeout=PATIENCE)

    def test_unfinished(self):
        """It gives the session up; who sends short messages always gets through."""
        with self.relay("--max-message", "1000000", "--max-assembling", "2000000",
                        says="--max-assembling") as relay, contextlib.ExitStack() as stack:
            for n in range(4):
                peer = stack.enter_context(Raw(relay.address, 6, device="dpp:///%d" % n))
                peer.send(sstp.open_session(1, "app", BOB, ""))
                peer.expect("OpenResponse")
                peer.send(sstp.message(1), *[sstp.data(1, os.urandom(2000))] * 300)
                if n == 3:
                    peer.expect("Close")
            self.check(self.send(relay), 0)


if __name__ == "__main__":
    unittest.main()
