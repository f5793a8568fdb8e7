# SPDX-License-Identifier: GPL-2.0-or-later
"""Wireshark's window with a sample, our profile and relaysim's interface, on a display of its own:
packet list, buttons, tables, following, live packets.  What it shows is held against tshark of the
same release.

    test_window.py [--pictures FOLDER] [TEST...]                with what was built
    test_window.py --installed [--pictures FOLDER] [TEST...]    with what is installed

Wants wireshark, xvfb, dbus, at-spi2-core, gir1.2-atspi-2.0, python3-gi, imagemagick and
xdotool.  It goes on as an ordinary user (`inner`), who sees nothing of the checkout: what to expect is in a file.
"""
import argparse
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
PYTHON = "/usr/bin/python3"
PROFILE = "Groove SSTP"
INTERFACE = "sstp-relaysim"
DISPLAY = "SSTP demo traffic (relaysim)"
STREAM = 2  # of the sample, whose messages lie close together
TABLES = ("acks", "connections", "journeys", "selfcheck", "sessions")
MAIN = {"main_x": 0, "main_y": 0, "main_width": 1560, "main_height": 960}

# ---------------------------------------------------------------------------
# Outside: what to expect


def options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--installed", action="store_true")
    parser.add_argument("--pictures", default="")
    parser.add_argument("tests", nargs="*", metavar="TEST",
                        default=unittest.TestLoader().getTestCaseNames(WindowTest))
    return parser.parse_args()


def outer(asked):
    for folder in ("lib", "plugin/profile"):
        sys.path.insert(0, os.path.join(HERE, "..", "..", folder))
    import test_profile
    import tshark

    class Installed(tshark.Wireshark):
        """The plugin as it was installed."""

        def _stage(self, build_dir, plugins):
            del self.env["WIRESHARK_PLUGIN_DIR"]

        def _prove(self, plugin, plugins):
            assert "grvsstp" in self.run([tshark.TSHARK, "-G", "plugins"]), "no plugin is installed"

    with (Installed if asked.installed else tshark.Wireshark)(debug=False) as ws:
        stage(ws, asked.installed, tshark.BUILD_DIR, test_profile)
        capture = ws.path("demo.pcapng")
        expected = {
            "packets": len(ws.info(capture)),
            "columns": [title for title, _ in test_profile.columns()],
            "rows": list_of(ws, capture, test_profile.columns()),
            "buttons": {label: ws.count(capture, text, two_pass=True)
                        for label, text in test_profile.buttons()},
            "stream": ws.count(capture, "sstp.stream == %d" % STREAM, two_pass=True),
            "frame": begins_and_ends(ws, capture),
            "tables": {title: rows for title, rows in (table(ws, capture, name)
                                                       for name in TABLES)},
            "journey": journey_of(ws, capture),
            "follow": followed(ws, capture),
            "options": asked_for(asked.installed, tshark.BUILD_DIR)}
        with open(ws.path("expected.json"), "w", encoding="utf-8") as file:
            json.dump(expected, file)
        for name in ("window.py", "test_window.py"):
            shutil.copyfile(os.path.join(HERE, name), ws.path(name))
        for name in ("pictures", "runtime"):
            os.mkdir(ws.path(name))
        os.chmod(ws.path("pictures"), 0o777)
        if os.getuid() == 0:
            shutil.chown(ws.path("runtime"), "nobody")
        os.chmod(ws.path("runtime"), 0o700)
        env = dict(ws.env, XDG_RUNTIME_DIR=ws.path("runtime"), GRVSSTP_WINDOW="inner")
        if not asked.installed:
            env["WIRESHARK_EXTCAP_DIR"] = ws.path("extcap")
        # The system's own Python: it has the bindings.  A bus for each: what is told of a program
        # that has ended stands in the next one's way.
        failed = [test for test in asked.tests
                  if subprocess.run(tshark.drop_privileges() + [
                      "dbus-run-session", "--", PYTHON, "-W", "ignore", ws.path("test_window.py"),
                      "WindowTest." + test], env=env, cwd=ws.folder, check=False).returncode != 0]
        if asked.pictures:
            shutil.copytree(ws.path("pictures"), asked.pictures, dirs_exist_ok=True)
    print("failed: " + " ".join(failed) if failed else "all of the window passed")
    return 1 if failed else 0


def stage(ws, is_installed, build_dir, test_profile):
    """The user's folder, and what is not installed."""
    settings = os.path.join(ws.path("home"), "wireshark")
    os.makedirs(os.path.join(settings, "profiles"))
    with open(os.path.join(settings, "recent_common"), "w", encoding="ascii") as file:
        file.writelines("gui.geometry_%s: %d\n" % pair for pair in MAIN.items())
    if not is_installed:
        folder = os.path.join(settings, "profiles", PROFILE)
        os.mkdir(folder)
        for name in test_profile.FILES:
            shutil.copy(os.path.join(test_profile.SOURCE, name), folder)
        os.mkdir(ws.path("extcap"))
        shutil.copy(os.path.join(build_dir, "extcap", "relaysimdump"), ws.path("extcap"))
    shutil.copy(os.path.join(test_profile.TOP, "samples", "demo.pcapng"), ws.folder)
    subprocess.run(["chmod", "-R", "a+rwX", ws.path("home")], check=True)


def list_of(ws, capture, columns):
    text = ws.tshark(capture, "-C", PROFILE, "-T", "tabs", two_pass=True)
    rows = [[cell.strip() for cell in line.split("\t")] for line in text.splitlines()]
    for row in rows:
        row.pop(3)  # an arrow
        assert len(row) == len(columns), row
    return rows


def table(ws, capture, name):
    """Its title, and its rows: the first has the heads."""
    lines = ws.tshark(capture, "-q", "-z", "grvsstp," + name).splitlines()
    title = next(line for line in lines if line.startswith("Groove SSTP ")).rstrip(":")
    return title, [[cell.strip() for cell in line.split("|")[:-1]] for line in lines if "|" in line]


def begins_and_ends(ws, capture):
    """A frame in which a message begins and another ends."""
    frames = ws.tshark(capture, "-Y", 'sstp.stream == %d && sstp.command == "Message" && '
                       'sstp.command == "EndMessage"' % STREAM, "-T", "fields", "-e", "frame.number")
    return frames.split()[0]


def asked_for(is_installed, build_dir):
    """What relaysimdump wants to have asked: [label]."""
    program = (glob.glob("/usr/lib*/**/extcap/relaysimdump", recursive=True)[0] if is_installed else
               os.path.join(build_dir, "extcap", "relaysimdump"))
    text = subprocess.run([program, "--extcap-interface", INTERFACE, "--extcap-config"],
                          stdout=subprocess.PIPE, text=True, check=True).stdout
    return re.findall(r"(?m)^arg .*\{display=([^}]*)\}", text)


def journey_of(ws, capture):
    """One that goes on by a relay: its number, its legs, and between how many addresses they went."""
    fields = ("sstp.journey", "ip.src", "ip.dst")
    rows = ws.tshark(capture, "-T", "fields", *(word for field in fields for word in ("-e", field)),
                     "-Y", "sstp.command == EndMessage && sstp.journey.hop == 1 && "
                           "!(sstp.journey.certainty == 2)", two_pass=True).splitlines()
    number = rows[-1].split("\t")[0].split(",")[0]
    lines = ws.tshark(capture, "-q", "-z", "flow,grvsstp_journeys,standard,sstp.journey == " + number,
                      two_pass=True).splitlines()
    legs = [line for line in lines if "#%s hop" % number in line]
    heads = re.findall(r"\d+\.\d+\.\d+\.\d+", "".join(lines[:2]))
    return {"number": number, "legs": len(legs), "nodes": len(set(heads))}


def followed(ws, capture):
    """Lines that one side sent on the connection of that frame."""
    lines = ws.tshark(capture, "-q", "-z", "follow,grvsstp,ascii,%d" % STREAM).splitlines()
    return [line for line in lines if re.fullmatch(r"[A-Za-z][ -~]{8,60}", line)
            and not line.startswith(("Follow", "Filter", "Node"))][:3]


# ---------------------------------------------------------------------------
# Inside: what there is

if os.environ.get("GRVSSTP_WINDOW") == "inner":
    from window import Display, Failure, Window, below, role_of, is_shown


class WindowTest(unittest.TestCase):
    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        with open("expected.json", encoding="utf-8") as file:
            cls.expected = json.load(file)
        cls.display = Display("pictures")

    @classmethod
    def tearDownClass(cls):
        cls.display.close()

    def open(self, title, *arguments):
        window = Window(title, "-C", PROFILE, *arguments)
        self.addCleanup(window.close)
        return window

    def open_sample(self):
        window = self.open("demo.pcapng", "-g", self.expected["frame"], "-r", "demo.pcapng")
        self.wait_for_displayed(window, self.expected["packets"])
        return window

    def wait_for_displayed(self, window, num):
        """So many packets pass."""
        text = "Packets: %d" % self.expected["packets"]
        if num != self.expected["packets"]:
            text += " · Displayed: %d " % num
        try:
            window.wait_for("label", text)
        except Failure as failure:
            labels = [node.get_name() for node in window.find("label", "Packets:")]
            self.fail("%s; the status bar says %s" % (failure, labels))

    def test_packet_list(self):
        """The cells are as tshark has them."""
        window = self.open_sample()
        window.wait_for("label", "Profile: " + PROFILE)
        rows = []

        def are_right():
            """Where Wireshark is still at them, a cell may be empty."""
            rows[:] = window.cells("tree", "Packet list")
            return rows[0] == self.expected["columns"] and \
                len(rows) > int(self.expected["frame"]) and \
                rows[1:] == self.expected["rows"][:len(rows) - 1]
        try:
            window.wait("the packet list as tshark has it", are_right)
        except Failure:
            self.assertEqual(rows, [self.expected["columns"]] + self.expected["rows"])
            raise
        window.wait("details", lambda: [
            cells for cells in window.cells("tree", "Packet details")
            if cells[0].startswith("Groove Simple Symmetric Transport Protocol")])
        self.display.picture("packet-list")

    def test_buttons(self):
        """Those of the profile filter what their filters do."""
        window = self.open_sample()
        for label, num in self.expected["buttons"].items():
            self.assertTrue(window.press("push button", label))
            self.wait_for_displayed(window, num)
        self.display.picture("button")

    def test_tables(self):
        window = self.open_sample()
        for title, wanted in self.expected["tables"].items():
            window.press("menu item", title)
            dialog = window.dialog(title)
            if len(wanted) == 1:
                continue
            rows = window.wait(title, lambda: len(cells := window.cells("tree", "", dialog)) ==
                               len(wanted) and cells)
            shown = [[cell.strip() for cell in row] for row in rows]
            self.assertEqual(shown[0], wanted[0])
            self.assertEqual(sorted(shown[1:]), sorted(wanted[1:]), title)
            self.display.picture(title.replace(" ", "-").lower())
        window.press("menu item", "Groove SSTP Commands")
        window.dialog("Groove SSTP Commands")
        self.display.picture("groove-sstp-commands")

    def test_flow_graph(self):
        """Of the journey that the display filter leaves: an arrow for each of its legs."""
        journey = self.expected["journey"]
        window = self.open("demo.pcapng", "-Y", "sstp.journey == " + journey["number"], "-r", "demo.pcapng")
        window.wait("details", lambda: window.cells("tree", "Packet details"))
        window.press("menu item", "Flow Graph")
        dialog = window.dialog("Flow")
        window.tick(window.wait_for("check box", "Limit to display filter"))
        window.choose(window.wait_for("combo box", "All Flows"), "Groove SSTP Journeys")
        window.wait_for("label", "%d node(s), %d item(s)" % (journey["nodes"], journey["legs"]))
        self.assertIn("Groove SSTP Journeys", [node.get_name() for node in below(dialog)
                                               if role_of(node) == "combo box"])
        self.display.picture("flow-graph")

    def test_connection(self):
        """Followed, where the release has a menu that we can enter; filtered in all of them."""
        window = self.open_sample()
        window.wait("details", lambda: window.cells("tree", "Packet details"))
        window.press("menu item", "Groove SSTP connection")
        self.wait_for_displayed(window, self.expected["stream"])
        self.assertTrue(window.find("menu item", "TCP Stream"))
        if window.release() >= (4, 4):
            window.press("menu item", "GRVSSTP Stream")
            dialog = window.dialog("Follow GRVSSTP Stream")
            for line in self.expected["follow"]:
                window.wait(line, lambda: line in window.text(dialog))
            self.display.picture("follow")
        else:
            self.assertFalse(window.find("menu item", "GRVSSTP Stream"))

    def test_live(self):
        """Packets from relaysim's interface, until it is stopped."""
        self.stop_live(self.open("Capturing from", "-k", "-i", INTERFACE))

    def test_options(self):
        """It is in the list of interfaces; its gear opens a dialog that asks for all of its options,
        with which it starts."""
        window = self.open("The Wireshark Network Analyzer")
        window.click(window.wait(DISPLAY, lambda: window.cell(DISPLAY))[0])
        dialog = window.dialog("Interface Options")
        labels = window.labels(dialog)
        self.assertGreater(len(self.expected["options"]), 8)
        self.assertEqual([label for label in self.expected["options"] if label not in labels], [])
        self.display.picture("options")
        window.click(window.button(dialog, "Save"))
        window.wait("no dialog", lambda: not is_shown(dialog))
        window.click(window.wait(DISPLAY, lambda: window.cell(DISPLAY))[1], 2)
        self.stop_live(window)

    def stop_live(self, window):
        window.wait("packets", lambda: any(
            int(re.match(r"Packets: (\d+)", node.get_name()).group(1)) > 20
            for node in window.find("label", "Packets: ")))
        window.press("push button", "Stop")  # unless all of it has come meanwhile
        self.assertIn("GRVSSTP", {row[4] for row in window.cells("tree", "Packet list")})
        self.display.picture("live")


if __name__ == "__main__":
    if "GRVSSTP_WINDOW" in os.environ:
        unittest.main(verbosity=2)
    sys.exit(outer(options()))
