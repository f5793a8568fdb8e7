# SPDX-License-Identifier: GPL-2.0-or-later
"""However the packets are dealt out, it is one and the same report."""
import collections
import json
import unittest

import analyze

# What only one process or all shares together know.
OF_ALL = ("connection", "journey", "hop", "share")


def bare(record):
    """Without the numbers of one process."""
    return json.dumps({key: value for key, value in record.items() if key not in OF_ALL},
                      sort_keys=True)


class ShareTest(unittest.TestCase):
    def test_all_shares_have_all_records(self):
        capture = analyze.sample("demo")
        whole = collections.Counter(bare(record) for record in analyze.records(capture)
                                    if record["type"] != "journey")
        for num in (1, 3, 9):
            found = collections.Counter()
            for share in range(num):
                records = analyze.records(capture, "--share", "%d/%d" % (share, num))
                self.assertEqual({record["share"] for record in records} - {share}, set())
                found.update(bare(record) for record in records)
            self.assertEqual(found, whole, num)

    def test_what_joins_need(self):
        """The same contents on both hops, by whatever share they were seen; who sent it to whom."""
        capture = analyze.sample("demo")
        legs = collections.defaultdict(list)
        for share in range(3):
            records = analyze.records(capture, "--share", "%d/3" % share)
            numbers = {record["connection"] for record in analyze.of_type(records, "connection")}
            for record in analyze.of_type(records, "message"):
                self.assertIn(record["connection"], numbers)
                if "contents" in record:
                    legs[record["contents"]].append(record)
        journeys = [record for record in analyze.records(capture) if record["type"] == "journey"]
        joined = 0
        for journey in journeys:
            frames = {hop["frame"] for hop in journey["hops"]}
            if len(frames) < 2:
                continue
            joined += 1
            senders = [{record["end_frame"]: record.get("sender") for record in records}
                       for records in legs.values()]
            hops = {hop["frame"]: hop.get("sender") for hop in journey["hops"]}
            self.assertTrue(any(hops.items() <= group.items() for group in senders), hops)
        self.assertGreater(joined, 3)

    def test_wrong(self):
        for wrong in ("1", "/", "1/", "/2", "2/2", "-1/2", "0/0", "0/99999", "a/b"):
            result = analyze.run("--share", wrong, analyze.sample("demo"))
            self.assertEqual(result.returncode, 2)
            self.assertIn(b"has to be I/N", result.stderr)
        for other in (("--format", "text"), ("--undelivered",), ("--table", "journeys")):
            result = analyze.run("--share", "0/2", *other, analyze.sample("demo"))
            self.assertEqual((result.returncode, result.stdout), (2, b""))
            self.assertEqual(result.stderr.count(b"\n"), 1)


if __name__ == "__main__":
    unittest.main()
