# SPDX-License-Identifier: GPL-2.0-or-later
"""The engines that npm has, a current ClickHouse and DuckDB: their journeys, too, are those that one
process reports as certain, and the commands of analyzer/sql/README.md do what they say.

    python3 sql_engines.py [FOLDER]      a folder where npm has installed them, or is to
"""
import collections
import json
import os
import re
import sys
import tempfile
import unittest

import analyze
import readme
import sql_truth

FOLDER = sys.argv.pop() if len(sys.argv) > 1 else os.path.join(analyze.BUILD_DIR, "npm")
PAGE = "analyzer/sql/README.md"
# Of each leg its name, of each branch what sql_truth.py has.
QUESTIONS = {
    "chdb": """SELECT certainty, arrayMap(leg -> leg.2, legs) AS names,
        arrayMap(branch -> [branch.1, branch.2, branch.3, branch.4, toString(branch.5)],
                 branches) AS told FROM grvsstp.journeys;""",
    "duckdb": """SELECT certainty, to_json(list_transform(legs, lambda leg: leg.name)) AS names,
        to_json(list_transform(branches, lambda branch: [branch.identity, branch.device,
            branch.outcome, branch.holder, CAST(branch.since_ns AS VARCHAR)])) AS told
        FROM journeys;"""}


def of_page(heading, word):
    return [command for command in readme.commands(PAGE, heading, ["npm", "node"])
            if word in command]


class EnginesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        os.makedirs(FOLDER, exist_ok=True)
        # npm looks for a project above, and node for modules.
        with open(os.path.join(FOLDER, "package.json"), "w", encoding="utf-8") as file:
            file.write('{"private": true}\n')
        for heading in ("## ClickHouse", "## DuckDB"):
            for command in of_page(heading, "npm install"):
                readme.run(command + " --no-audit --no-fund", FOLDER, "/usr/bin")
        os.symlink(os.path.join(FOLDER, "node_modules"), os.path.join(cls.folder, "node_modules"))
        os.symlink(os.path.join(analyze.TOP, "analyzer"), os.path.join(cls.folder, "analyzer"))
        sets = sql_truth.capture(cls.folder)
        cls.reports = sql_truth.write_shares(cls.folder, sets)
        cls.truth = sql_truth.Truth(sets)

    def follow(self, heading, word, engine):
        """Runs the page's commands, of all shares, and one that asks for the journeys."""
        commands = of_page(heading, word)
        self.assertGreater(len(commands), 2)
        for command in commands:
            printed = readme.run(re.sub(r"-- share-0.json.*", "-- " + " ".join(self.reports),
                                        command), self.folder, "/usr/bin")
            if "tables.sql" not in command:
                self.assertGreater(len(printed.splitlines()), 3, command)
        with open(os.path.join(self.folder, "journeys.sql"), "w", encoding="utf-8") as file:
            file.write(QUESTIONS[engine])
        *program, _ = re.sub(r" --.*", "", commands[-1]).split(" ")
        found = collections.defaultdict(dict)
        printed = readme.run(" ".join(program + ["journeys.sql"]), self.folder, "/usr/bin")
        for row in map(json.loads, printed.splitlines()):
            names, told = (json.loads(value) if isinstance(value, str) else value
                           for value in (row["names"], row["told"]))
            found[row["certainty"]][frozenset(names)] = sorted(
                (*branch[:4], int(branch[4])) for branch in told)
        self.assertGreater(len(found["certain"]), 250)
        self.truth.hold(self, found)
        self.assertGreater(len(found["single"]), 10)

    def test_clickhouse_of_today(self):
        self.follow("## ClickHouse", "chdb.mjs", "chdb")

    def test_duckdb(self):
        self.follow("## DuckDB", "run.mjs", "duckdb")


if __name__ == "__main__":
    unittest.main()
