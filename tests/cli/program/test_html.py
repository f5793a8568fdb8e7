# SPDX-License-Identifier: GPL-2.0-or-later
"""The page: whole, for nobody but its reader, and harmless whatever the senders say."""
import base64
import hashlib
import html.parser
import os
import tempfile
import unittest

import analyze
import points
from test_records import HOSTILE, hostile_capture

VOID = {"meta", "line", "rect", "path", "input", "br"}


class Page(html.parser.HTMLParser):
    """The elements of a page, which has to close what it opens."""

    def __init__(self, text):
        super().__init__()
        self.stack, self.elements, self.texts = [], [], []
        self.tables, self.title = {}, None
        self.feed(text)
        self.close()
        assert not self.stack, self.stack

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag == "tbody":
            self.tables[self.title] = []
        elif tag == "tr" and "tbody" in self.stack:
            self.tables[self.title].append([])
        elif tag == "td":
            self.tables[self.title][-1].append("")
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag, tag

    def handle_data(self, data):
        if "td" in self.stack:
            self.tables[self.title][-1][-1] += data
        elif self.stack and self.stack[-1] == "h2":
            self.title = data
        if self.stack and data.strip():
            self.texts.append((self.stack[-1], data.strip()))

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    def text_of(self, tag):
        return [text for name, text in self.texts if name == tag]


    def drawn(self):
        """The journeys that are."""
        return [attributes["id"] for attributes in self.all("ul") if "id" in attributes]

    def rows_of(self, title):
        """The texts of the table after a heading, row by row."""
        return self.tables[title]


def page(*arguments):
    return Page(analyze.good(*arguments, "--format", "html"))


class HtmlTest(unittest.TestCase):
    def test_answer_and_journeys(self):
        found = page(analyze.sample("demo"))
        self.assertIn("31 of 39 copies were delivered, 3 waiting, 5 refused. "
                      "grooveDNS://relay1.groove.example has 3 of those that wait. "
                      "The oldest has waited for 97.3 ms: journey", found.text_of("p"))
        self.assertEqual(found.text_of("b")[:5], ["33", "8", "636 us", "23", "6"])
        # The undelivered, and the others, the slowest first.
        self.assertEqual(found.drawn()[:5], ["j28", "j29", "j30", "j31", "j32"])
        self.assertEqual(sorted(found.drawn()), sorted("j%d" % i for i in range(33)))
        self.assertEqual(sum("open" in attributes for attributes in found.all("details")), 5)
        # Who has it has it as long as is said of him: a relay that sent it on before it acknowledged it.
        self.assertIn("grooveDNS://relay1.groove.example has it, since 97.3 ms before the end",
                      found.text_of("title"))
        # A ladder and bars for each; delays; connections.
        self.assertEqual(len(found.all("svg")), 2 * 33 + 2)
        self.assertEqual(len(found.all("ol")), 33)

    def test_parts_in_their_order(self):
        self.assertEqual(page(analyze.sample("demo")).text_of("h2"),
                         ["Where it was captured", "Not delivered",
                          "Journeys: what was not delivered, and the slowest",
                          "Time to acknowledgement", "Connections over time", "Findings",
                          "Connections", "All journeys"])
        self.assertEqual(page(analyze.sample("single-hop")).text_of("h2")[:2],
                         ["Where it was captured", "Journeys: the slowest"])

    def test_undelivered(self):
        """Who has what for whom, since when: a row a recipient, as the records have it."""
        found = page(analyze.sample("demo"))
        cells = found.rows_of("Not delivered")
        expected = [(str(journey["journey"]), branch["identity_url"], branch["outcome"],
                     branch["holder"])
                    for journey in analyze.of_type(analyze.records(analyze.sample("demo")),
                                                   "journey")
                    for branch in journey["branches"]
                    if branch["outcome"] not in ("delivered", "not known")]
        self.assertEqual([(row[0], row[1], row[2].partition(":")[0], row[3]) for row in cells],
                         expected)

    def test_links_lead_to_drawings(self):
        found = page(analyze.sample("demo"))
        links = [attributes["href"] for attributes in found.all("a")]
        self.assertGreater(len(links), 33 + 8)
        self.assertEqual({link[1:] for link in links}, set(found.drawn()))
        for link in links:
            self.assertEqual(link[0], "#")

    def test_two_hundred_are_drawn(self):
        """Of 1,200 journeys; the others are listed, without a link."""
        with tempfile.TemporaryDirectory() as folder:
            path = points.write(os.path.join(folder, "many.pcap"),
                                points.bursts(connections=10, rounds=20))
            found = page(path)
        self.assertEqual(len(found.drawn()), 200)
        self.assertEqual(len(found.rows_of("All journeys")), 1200)
        self.assertEqual(len(found.all("a")), 200)
        self.assertIn("Drawn are 200 of 1200.", found.text_of("p"))

    def test_points_and_clocks(self):
        with tempfile.TemporaryDirectory() as folder:
            near = points.bursts(connections=2, rounds=2)
            files = [points.write(os.path.join(folder, "near.pcap"), near),
                     points.write(os.path.join(folder, "far.pcap"),
                                  points.at(near, 20 * points.MS, 3 * points.MS))]
            found = page(*files)
            rows = found.rows_of("Where it was captured")
            clock = analyze.of_type(analyze.records(*files), "point")[1]
            skewed = page(files[0], points.write(os.path.join(folder, "skewed.pcap"),
                                                 points.at(near, 20 * points.MS, 420_123 * points.MS)))
        self.assertEqual([row[1] for row in rows], ["near.pcap", "far.pcap"])
        self.assertIn("ms and", rows[1][7])
        self.assertEqual(rows[1][10], str(clock["shared_packets"]))
        # Numbers and their heads stand at the right, also where the first row has none.
        num = len(rows[1])
        self.assertEqual([cell.get("class") for cell in found.all("th")[:num]],
                         [cell.get("class") for cell in found.all("td")[num:2 * num]])
        # Bounds of minutes may be broken, for else the table is wider than the page.
        self.assertRegex(skewed.rows_of("Where it was captured")[1][7],
                         r"^7 min 0\.1\d* s and 7 min 0\.1\d* s$")
        self.assertEqual(skewed.all("td")[num + 7].get("class"), "n long")

    def test_delays_are_those_of_the_messages(self):
        seen = page(analyze.sample("acknowledgement"))
        texts = iter(text for tag, text in seen.texts if tag == "text")
        counts = [int(text) for attributes, text in zip(seen.all("text"), texts)
                  if attributes.get("class") == "count"]
        self.assertEqual(sum(counts), 18)

    def test_rows_are_those_of_the_tables(self):
        found = page(analyze.sample("demo"))
        for title, name in (("Where it was captured", "points"), ("Connections", "connections"),
                            ("All journeys", "journeys"), ("Findings", "findings")):
            self.assertEqual(len(found.rows_of(title)),
                             len(analyze.table(name, analyze.sample("demo"))))
        for attributes in found.all("td"):
            self.assertTrue(attributes["data-head"])  # for the phone, where rows are stacked

    def test_picked(self):
        found = page(analyze.sample("demo"), "--journey", "3")
        self.assertEqual(found.drawn(), ["j3"])
        self.assertNotIn("Not delivered", found.text_of("h2"))

    def test_asks_nobody(self):
        found = page(analyze.sample("single-hop"))
        policy = [attributes["content"] for attributes in found.all("meta")
                  if attributes.get("http-equiv") == "Content-Security-Policy"]
        [script] = found.text_of("script")
        for word in ("default-src 'none'", "base-uri 'none'"):
            self.assertIn(word, policy[0])
        for _, attributes in found.elements:
            for name in attributes:
                self.assertNotIn(name, ("src", "style", "action"))
                self.assertFalse(name.startswith("on"), name)
        text = analyze.good(analyze.sample("single-hop"), "--format", "html")
        script = text.partition("<script>")[2].partition("</script>")[0]
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        self.assertIn("script-src 'sha256-%s'" % digest, policy[0])

    def test_hostile_text_stays_text(self):
        with tempfile.TemporaryDirectory() as folder:
            path = hostile_capture(os.path.join(folder, "hostile.pcapng"))
            found = page(path)
            text = analyze.good(path, "--format", "html")
        self.assertEqual(len(found.all("script")), 1)
        for character in "\x1b\r\x9b":
            self.assertNotIn(character, text)
        titles = " ".join(found.text_of("h3") + found.text_of("td"))
        for harmless in ("<script>", "=1+1", "\\x1b[31m"):
            self.assertIn(harmless, HOSTILE + ("\\x1b[31m",))
            self.assertIn(harmless, titles)

    def test_nothing_found(self):
        found = page(analyze.sample("demo"), "-Y", "sstp.stream == 999")
        self.assertIn("No message was followed.", found.text_of("p"))
        refused = analyze.run(analyze.sample("demo"), "--format", "html", "--table", "messages")
        self.assertEqual(refused.returncode, 2)


if __name__ == "__main__":
    unittest.main()
