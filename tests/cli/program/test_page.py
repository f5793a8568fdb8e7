# SPDX-License-Identifier: GPL-2.0-or-later
"""The page in Chromium, as people use it: at a desk and on a phone, without script, on paper."""
import http.server
import os
import pathlib
import tempfile
import threading
import unittest

import analyze
import browser
from test_records import hostile_capture

DESK, PHONE, SMALL_PHONE = (1280, 900), (390, 844), (320, 640)
# The tools, heads and rows of the table after a heading.
TABLE = """(() => {
    const title = [...document.querySelectorAll('h2')].find(e => e.textContent === %r);
    let next = title.nextElementSibling;
    while (!next.querySelector('table')) next = next.nextElementSibling;
    return {table: next.querySelector('table'), tools: next.previousElementSibling};
})()"""
WIDTH = "document.documentElement.scrollWidth"


class PageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.chromium = cls.enterClassContext(browser.Browser())
        cls.demo = cls.write("demo", analyze.sample("demo"))

    @classmethod
    def write(cls, name, *captures):
        path = os.path.join(cls.folder, name + ".html")
        analyze.good(*captures, "--format", "html", "--output", path)
        return pathlib.Path(path).as_uri()

    def open(self, size, url=None, script=True):
        page = self.chromium.page(*size)
        page.ask("Emulation.setScriptExecutionDisabled", value=not script)
        page.go(url or self.demo)
        return page

    def column(self, page, title, head, shown_only=True):
        """The texts of a column, row by row."""
        return page.value(
            "(() => { const table = %s.table; const column = [...table.tHead.rows[0].cells]"
            ".findIndex(e => e.textContent.trim() === %r); return [...table.tBodies[0].rows]"
            ".filter(row => !%s || row.offsetHeight > 0)"
            ".map(row => row.cells[column].textContent); })()"
            % (TABLE % title, head, "true" if shown_only else "false"))

    def click_head(self, page, title, head):
        page.click("[...%s.table.tHead.querySelectorAll('button')]"
                   ".find(e => e.textContent === %r)" % (TABLE % title, head))

    def filter(self, page, title, text):
        page.click("%s.tools.querySelector('input')" % (TABLE % title))
        page.type(text)

    def test_asks_nobody(self):
        page = self.open(DESK)
        self.assertEqual([event["request"]["url"] for event in
                          page.told("Network.requestWillBeSent")], [self.demo])
        self.assertEqual(page.told("Log.entryAdded"), [])

    def test_cannot_ask_anybody(self):
        """What the page would fetch, were it talked into that."""
        seen = []

        class Server(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                seen.append(self.path)

        with http.server.HTTPServer(("127.0.0.1", 0), Server) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            page = self.open(DESK)
            for tag, member, kind in (("img", "src", "img-src"),
                                      ("script", "src", "script-src-elem"),
                                      ("iframe", "src", "frame-src")):
                blocked = page.value(
                    "new Promise(done => { addEventListener('securitypolicyviolation', "
                    "e => done(e.effectiveDirective), {once: true}); "
                    "const e = document.createElement(%r); e[%r] = 'http://127.0.0.1:%d/x'; "
                    "document.body.append(e); })" % (tag, member, server.server_port))
                self.assertEqual(blocked, kind)
            server.shutdown()
        self.assertEqual(seen, [])

    def test_fits(self):
        for size in (DESK, PHONE, SMALL_PHONE):
            page = self.open(size)
            self.assertLessEqual(page.value(WIDTH), size[0])
            # No text of a drawing is cut off, and none is too small to be read.
            cut = page.value(
                "[...document.querySelectorAll('svg text')].filter(e => e.getClientRects().length)"
                ".filter(e => { const a = e.getBoundingClientRect(), "
                "b = e.ownerSVGElement.getBoundingClientRect(); "
                "return a.left < b.left - 1 || a.right > b.right + 1 || a.height < 10; })"
                ".map(e => e.textContent)")
            self.assertEqual(cut, [], size)

    def test_sorting(self):
        page = self.open(DESK)
        for clicks, up in ((1, True), (2, False)):
            self.click_head(page, "All journeys", "length")
            lengths = [int(text) for text in self.column(page, "All journeys", "length")]
            self.assertEqual(len(lengths), 33)
            self.assertEqual(lengths, sorted(lengths, reverse=not up), clicks)
            self.assertEqual(page.value(
                "%s.table.querySelector('[aria-sort]').getAttribute('aria-sort')"
                % (TABLE % "All journeys")), "ascending" if up else "descending")
        self.click_head(page, "All journeys", "outcome")
        outcomes = self.column(page, "All journeys", "outcome")
        self.assertEqual(outcomes, sorted(outcomes))
        # By what they last, and not by the digits.
        self.click_head(page, "All journeys", "lasts")
        lasting = self.column(page, "All journeys", "lasts")
        self.assertEqual(lasting[-1], "121 ms")
        self.assertTrue(lasting[0].endswith("us"))

    def test_filtering(self):
        for size in (DESK, PHONE):
            page = self.open(size)
            self.filter(page, "All journeys", "WAITING")
            self.assertEqual(self.column(page, "All journeys", "journey"), ["28", "30", "31"],
                             size)

    def test_phone(self):
        """Rows are stacked: a cell a line, after its heading; and there is a way to sort."""
        page = self.open(PHONE)
        tops = page.value("[...%s.table.tBodies[0].rows[0].cells].filter(e => e.offsetHeight)"
                          ".map(e => e.getBoundingClientRect().top)" % (TABLE % "All journeys"))
        self.assertEqual(tops, sorted(set(tops)))
        self.assertEqual(page.value(
            "getComputedStyle(%s.table.tBodies[0].rows[0].cells[0], '::before').content"
            % (TABLE % "All journeys")), '"journey"')
        page.value("(() => { const e = %s.tools.querySelector('select'); "
                   "e.value = [...e.options].find(o => o.text === 'length \\u2193').value; "
                   "e.dispatchEvent(new Event('change')); })()" % (TABLE % "All journeys"))
        lengths = [int(text) for text in self.column(page, "All journeys", "length")]
        self.assertEqual(lengths, sorted(lengths, reverse=True))
        # Steps in words instead of lanes.
        self.assertEqual(page.value("[...document.querySelectorAll('.ladder')]"
                                    ".filter(e => e.getClientRects().length).length"), 0)
        self.assertGreater(page.value("document.querySelector('.steps').offsetHeight"), 40)

    def test_following_a_journey(self):
        """A link leads to its drawing, which opens, also without script."""
        for script in (True, False):
            for size in (DESK, PHONE):
                page = self.open(size, script=script)
                row = "%s.table.tBodies[0].rows[20].cells[0].firstChild" % (TABLE % "All journeys")
                self.assertEqual(page.value(row + ".textContent"), "20")
                shown = ("(() => { const e = document.getElementById('j20'); "
                         "const r = e.getBoundingClientRect(); return r.height > 0 && r.top >= 0 && "
                         "r.top < innerHeight; })()")
                self.assertFalse(page.value(shown))
                page.click(row)
                self.assertTrue(page.value(
                    "new Promise(done => { const look = () => %s ? done(true) "
                    ": setTimeout(look, 20); look(); })" % shown if script else shown))
                self.assertEqual(page.value("location.hash"), "#j20")
                self.assertTrue(page.value("document.getElementById('j20').closest('details').open"))

    def test_without_script(self):
        page = self.open(DESK, script=False)
        self.assertEqual(page.value("document.querySelectorAll('input, th button').length"), 0)
        self.assertEqual(len(self.column(page, "All journeys", "journey")), 33)
        page.click("document.querySelector('details[open] > summary')")
        self.assertEqual(page.value("document.querySelector('details').open"), False)

    def test_paper(self):
        page = self.open(DESK)
        self.assertGreater(page.value("document.querySelectorAll('details:not([open])').length"), 9)
        paper = page.pdf()
        self.assertTrue(paper.startswith(b"%PDF-"))
        self.assertGreater(paper.count(b"/Type /Page\n"), 3)
        self.assertGreater(page.value("document.querySelectorAll('details:not([open])').length"), 9)
        # What the printer is given: all is open, nothing is beyond the edge, no tools.
        page = self.open((740, 1000), script=False)
        page.ask("Emulation.setEmulatedMedia", media="print")
        self.assertLessEqual(page.value(WIDTH), 740)
        hidden = page.value("[...document.querySelectorAll('ul.branches')]"
                            ".filter(e => e.getBoundingClientRect().height === 0).length")
        self.assertEqual(hidden, 0)
        wide = page.value("[...document.querySelectorAll('table, svg')]"
                          ".filter(e => e.getBoundingClientRect().right > innerWidth + 1).length")
        self.assertEqual(wide, 0)

    def test_hostile_text(self):
        url = self.write("hostile", hostile_capture(os.path.join(self.folder, "hostile.pcapng")))
        page = self.open(PHONE, url)
        self.assertEqual(page.value("document.scripts.length"), 1)
        self.assertEqual(page.told("Log.entryAdded") + page.told("Runtime.exceptionThrown"), [])
        self.assertEqual([event["request"]["url"] for event in
                          page.told("Network.requestWillBeSent")], [url])
        text = page.value("document.body.textContent")
        self.assertIn("<script>", text)
        self.assertIn("\\x1b[31m", text)
        self.assertLessEqual(page.value(WIDTH), PHONE[0])
        self.filter(page, "All journeys", "<SCRIPT>")
        self.assertEqual(len(self.column(page, "All journeys", "journey")), 1)


if __name__ == "__main__":
    unittest.main()
