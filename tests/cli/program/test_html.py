# SPDX-License-Identifier: GPL-2.0-or-later
"""The page: whole, for nobody but its reader, and harmless whatever the senders say."""
import base64
import hashlib
import html.parser
import os
import tempfile
import unittest

import analyze
from test_records import HOSTILE, hostile_capture

VOID = {"meta", "line", "rect", "path", "input", "br"}


class Page(html.parser.HTMLParser):
    """The elements of a page, which has to close what it opens."""

    def __init__(self, text):
        super().__init__()
        self.stack, self.elements, self.texts = [], [], []
        self.feed(text)
        self.close()
        assert not self.stack, self.stack

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag, tag

    def handle_data(self, data):
        if self.stack and data.strip():
            self.texts.append((self.stack[-1], data.strip()))

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    def text_of(self, tag):
        return [text for name, text in self.texts if name == tag]


def page(*arguments):
    return Page(analyze.good(*arguments, "--format", "html"))


class HtmlTest(unittest.TestCase):
    def test_answer_and_journeys(self):
        found = page(analyze.sample("demo"))
        answers = found.text_of("p")
        self.assertIn("31 of 39 copies were delivered, 3 waiting, 5 refused. "
                      "grooveDNS://relay1.groove.example has 3 of those that wait.", answers)
        self.assertEqual(found.text_of("b"), ["740", "23", "40", "33", "6"])
        drawn = [attributes["id"] for attributes in found.all("h3")]
        self.assertEqual(drawn[:5], ["j28", "j29", "j30", "j31", "j32"])
        self.assertEqual(len(drawn), 10)  # and the five that were delivered last
        # A ladder and bars for each; delays; connections.
        self.assertEqual(len(found.all("svg")), 2 * 10 + 2)

    def test_delays_are_those_of_the_messages(self):
        counts, seen = [], page(analyze.sample("acknowledgement"))
        texts = iter(text for tag, text in seen.texts if tag == "text")
        for attributes in seen.all("text"):
            text = next(texts)
            if attributes.get("class") == "count" and text.isdigit():
                counts.append(int(text))
        self.assertEqual(sum(counts), 18)

    def test_rows_are_those_of_the_tables(self):
        found = page(analyze.sample("demo"))
        rows = sum(len(analyze.table(name, analyze.sample("demo")))
                   for name in ("points", "connections", "journeys", "findings"))
        self.assertEqual(len(found.all("tr")), rows + 4)
        for attributes in found.all("td"):
            self.assertTrue(attributes["data-head"])  # for the phone, where rows are stacked

    def test_picked(self):
        found = page(analyze.sample("demo"), "--journey", "3")
        self.assertEqual([attributes["id"] for attributes in found.all("h3")], ["j3"])

    def test_asks_nobody(self):
        found = page(analyze.sample("single-hop"))
        policy = [attributes["content"] for attributes in found.all("meta")
                  if attributes.get("http-equiv") == "Content-Security-Policy"]
        [script] = found.text_of("script")
        for word in ("default-src 'none'", "base-uri 'none'"):
            self.assertIn(word, policy[0])
        for _, attributes in found.elements:
            for name in attributes:
                self.assertNotIn(name, ("src", "href", "style", "action"))
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
