# SPDX-License-Identifier: GPL-2.0-or-later
"""Journeys that two ClickHouse servers join from the shares of captures are those that one process
reports as certain; and each question has its answer."""
import collections
import os
import tempfile
import unittest

import analyze
import clickhouse
import readme
import sql_truth

JOURNEYS = """
SELECT certainty, arrayMap(leg -> leg.2, legs) AS names,
       arrayMap(branch -> [branch.1, branch.2, branch.3, branch.4, toString(branch.5)],
                branches) AS told
FROM grvsstp.journeys
"""


class SqlTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        sets = sql_truth.capture(folder)
        cls.reports = sql_truth.write_shares(folder, sets)
        cls.truth = sql_truth.Truth(sets)
        cls.cluster = cls.enterClassContext(clickhouse.Cluster())
        cls.cluster.make_tables()
        cls.cluster.load(cls.reports)
        cls.found = collections.defaultdict(dict)
        for row in cls.cluster.rows(JOURNEYS):
            cls.found[row["certainty"]][frozenset(row["names"])] = sorted(
                (*branch[:4], int(branch[4])) for branch in row["told"])

    def test_certain_journeys_are_those_of_one_process(self):
        self.assertGreater(len(self.truth.certain), 250)
        self.truth.hold(self, self.found)
        outcomes = {branch[2] for journey in self.found["certain"].values() for branch in journey}
        self.assertLessEqual({"delivered", "waiting", "refused"}, outcomes)

    def test_both_servers_have_their_part(self):
        parts = [int(self.cluster.rows("SELECT count() AS num FROM grvsstp.messages_here",
                                       server=server)[0]["num"]) for server in range(2)]
        self.assertEqual(sum(parts), len(self.truth.of_type("message")))
        self.assertGreater(min(parts), sum(parts) // 4)

    def test_tables_have_every_record(self):
        for kind in ("point", "connection", "session", "message", "finding"):
            [row] = self.cluster.rows("SELECT count() AS num FROM grvsstp.%ss" % kind, server=1)
            self.assertEqual(int(row["num"]), len(self.truth.of_type(kind)), kind)

    def ask(self, name):
        return self.cluster.rows(clickhouse.question(name + ".sql"), server=1)

    def test_undelivered(self):
        expected = collections.Counter()
        for certainty in ("certain", "likely", "single"):
            for branches in self.found[certainty].values():
                expected.update(branch[:4] for branch in branches
                                if branch[2] not in ("delivered", "not known"))
        told = {(row["identity"], row["device"], row["outcome"], row["holder"]):
                int(row["messages"]) for row in self.ask("undelivered")}
        self.assertGreater(len(expected), 3)
        self.assertLessEqual(set(expected.items()), set(told.items()))
        self.assertIn("not told apart", {outcome for _, _, outcome, _ in told})

    def test_connections(self):
        rows = self.ask("connections")
        self.assertEqual(sum(int(row["connections"]) for row in rows),
                         len(self.truth.of_type("connection")))
        self.assertEqual(sum(int(row["messages_there"]) + int(row["messages_back"])
                             for row in rows),
                         sum(message["state"] != "incomplete"
                             for message in self.truth.of_type("message")))

    def test_journeys(self):
        rows = self.ask("journeys")
        self.assertEqual(len(rows), 100)
        lasting = [float(row["seconds"]) for row in rows]
        self.assertEqual(lasting, sorted(lasting, reverse=True))

    def test_delays(self):
        rows = self.ask("delays")
        acknowledged = [message for message in self.truth.of_type("message")
                        if message["state"] == "acknowledged"]
        hops = [row for row in rows if row["what"] == "hop"]
        self.assertEqual(sum(int(row["messages"]) for row in hops), len(acknowledged))
        self.assertAlmostEqual(max(float(row["longest_ms"]) for row in hops),
                               max(message["ack_delay_ns"] for message in acknowledged) / 1e6, 3)
        self.assertIn("journey", {row["what"] for row in rows})

    def test_what_is_no_report(self):
        for wrong in (analyze.sample("demo"), os.path.join(analyze.TOP, "README.md")):
            with self.assertRaisesRegex(RuntimeError, "no report of grvsstp-analyze"):
                self.cluster.load([wrong])
        with self.assertRaisesRegex(RuntimeError, "name the reports"):
            self.cluster.load([])


class PageTest(unittest.TestCase):
    """The commands of analyzer/sql/README.md, on three servers."""

    def test_commands(self):
        with tempfile.TemporaryDirectory() as folder, clickhouse.Cluster() as pair, \
                clickhouse.Cluster(1) as alone:
            os.symlink(os.path.join(analyze.TOP, "analyzer"), os.path.join(folder, "analyzer"))
            os.symlink(analyze.sample("demo"), os.path.join(folder, "capture.pcapng"))
            programs = os.path.join(folder, "programs")
            os.mkdir(programs)
            os.symlink(analyze.PROGRAM, os.path.join(programs, "grvsstp-analyze"))
            pair.servers += alone.servers
            pair.write_client(programs, {"db1": 0, "db2": 1, "db3": 2})
            del pair.servers[2:]
            known = ["grvsstp-analyze", "cat", "clickhouse-client", "sh"]
            printed = {}
            for heading in ("# sql: records of many captures, in a database", "## ClickHouse"):
                found = readme.commands("analyzer/sql/README.md", heading, known)
                self.assertGreater(len(found), 1)
                for command in found:
                    printed[command] = readme.run(command, folder, programs)
        asked = {command: told for command, told in printed.items() if "--format" in command}
        self.assertEqual(len(asked), 4)
        for command, told in asked.items():
            self.assertIn("groove", told, command)


if __name__ == "__main__":
    unittest.main()
