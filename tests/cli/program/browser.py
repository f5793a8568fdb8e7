# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's Chromium without a window, driven by its DevTools protocol over two pipes.

    with browser.Browser() as chromium:
        page = chromium.page(width=390, height=800)
        page.go("file:///tmp/report.html")
        page.value("document.querySelectorAll('table').length")
"""
import base64
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time

PATIENCE = 120  # seconds, for what takes one
PROGRAMS = ("chromium-headless-shell", "chromium")
# Its descriptors 3 and 4 are the protocol's; Python's own are closed on the way.
LAUNCH = ("import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); "
          "os.execv(sys.argv[3], sys.argv[3:])")
OPTIONS = ("--headless", "--no-sandbox",  # for root; what it shows is our own
           "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars",
           "--disable-background-networking", "--disable-component-update",
           "--remote-debugging-pipe")


class Browser:
    def __enter__(self):
        program = next(filter(None, map(shutil.which, PROGRAMS)), None)
        if program is None:
            raise FileNotFoundError("no %s here: tests/run.sh installs it" % PROGRAMS[0])
        self.folder = tempfile.mkdtemp(prefix="grvsstp-browser-")
        ours, theirs = os.pipe(), os.pipe()
        with open(os.path.join(self.folder, "said"), "wb") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-c", LAUNCH, str(ours[0]), str(theirs[1]), program, *OPTIONS,
                 "--user-data-dir=" + os.path.join(self.folder, "profile")],
                pass_fds=(ours[0], theirs[1]), stdin=subprocess.DEVNULL, stdout=said, stderr=said,
                env=dict(os.environ, HOME=self.folder))
        os.close(ours[0])
        os.close(theirs[1])
        self.to, self.come_from = ours[1], theirs[0]
        self.number, self.left, self.events = 0, b"", []
        return self

    def __exit__(self, *_):
        self.process.kill()  # nothing of it is kept
        self.process.wait()
        os.close(self.to)
        os.close(self.come_from)
        shutil.rmtree(self.folder, ignore_errors=True)  # its children may still be at it

    def next_answer(self, end):
        """The next message; events are kept, and are no answer."""
        while b"\0" not in self.left:
            ready, _, _ = select.select([self.come_from], [], [], max(0, end - time.monotonic()))
            part = os.read(self.come_from, 1 << 16) if ready else b""
            if not part:
                with open(os.path.join(self.folder, "said"), encoding="utf-8",
                          errors="replace") as file:
                    raise RuntimeError("Chromium says no more: %s" % file.read()[-2000:])
            self.left += part
        message, _, self.left = self.left.partition(b"\0")
        message = json.loads(message)
        if "method" in message:
            self.events.append(message)
        return message

    def ask(self, method, session=None, **parameters):
        self.number += 1
        question = {"id": self.number, "method": method, "params": parameters}
        if session is not None:
            question["sessionId"] = session
        text = json.dumps(question).encode() + b"\0"
        while text:
            text = text[os.write(self.to, text):]
        end = time.monotonic() + PATIENCE
        while True:
            answer = self.next_answer(end)
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError("%s: %s" % (method, answer["error"]))
                return answer["result"]

    def wait_for(self, method, session):
        """The first event of that name since the events were forgotten."""
        end = time.monotonic() + PATIENCE
        while True:
            for event in self.events:
                if event["method"] == method and event.get("sessionId") == session:
                    return event["params"]
            self.next_answer(end)

    def page(self, width, height):
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        return Page(self, self.ask("Target.attachToTarget", targetId=target,
                                   flatten=True)["sessionId"], width, height)


class Page:
    def __init__(self, browser, session, width, height):
        self.browser, self.session = browser, session
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.ask(domain + ".enable")
        self.resize(width, height)

    def ask(self, method, **parameters):
        return self.browser.ask(method, self.session, **parameters)

    def resize(self, width, height):
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height,
                 deviceScaleFactor=1, mobile=width < 600)

    def go(self, url):
        self.browser.events = []
        self.ask("Page.navigate", url=url)
        self.browser.wait_for("Page.loadEventFired", self.session)

    def told(self, method):
        """The events of a name since the page began to load."""
        return [event["params"] for event in self.browser.events
                if event["method"] == method and event.get("sessionId") == self.session]

    def value(self, expression):
        """What JavaScript makes of it; a promise is waited for."""
        answer = self.ask("Runtime.evaluate", expression=expression, returnByValue=True,
                          awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError("%s: %s" % (expression, answer["exceptionDetails"]))
        return answer["result"].get("value")

    def click(self, expression):
        """As with a mouse, in the middle of an element, once that is in sight."""
        x, y = self.value("(() => { const e = %s; e.scrollIntoView({block: 'center'}); "
                          "const r = e.getBoundingClientRect(); "
                          "return [r.x + Math.min(r.width, 40) / 2, r.y + r.height / 2]; })()"
                          % expression)
        for kind in ("mousePressed", "mouseReleased"):
            self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def type(self, text):
        """With the keyboard, into what has the focus."""
        self.ask("Input.insertText", text=text)

    def pdf(self):
        return base64.b64decode(self.ask("Page.printToPDF", printBackground=True,
                                         preferCSSPageSize=True)["data"])

    def picture(self, path, whole=False):
        """A PNG of what is in sight, or of the whole page."""
        shot = self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        with open(path, "wb") as file:
            file.write(base64.b64decode(shot["data"]))
