# SPDX-License-Identifier: GPL-2.0-or-later
"""Wireshark's window, without anybody who looks at it: a display of its own (Xvfb), and what the
window tells programs that read it aloud (AT-SPI), by which it is also worked.

    display, window = Display("pictures"), Window("demo", "-r", "demo.pcapng")
    window.wait_for("label", "Packets: 748")
    window.press("push button", "Problems")
    display.picture("problems")

Runs inside of `dbus-run-session`, where the assistive technologies have a bus.
"""
import os
import re
import subprocess
import tempfile
import time

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib  # noqa: E402

PATIENCE = 60  # seconds, on a machine that has other things to do
SIZE = "1600x1000x24"
ROWS_MAX = 150  # that are read of a table


class Failure(AssertionError):
    """The window does not show what it has to."""


class Display:
    """A screen that is nowhere."""

    def __init__(self, folder):
        self.folder = folder
        reader, writer = os.pipe()
        self.server = subprocess.Popen(
            # Nor on an abstract socket, which another root would see, too.
            ["Xvfb", "-displayfd", str(writer), "-screen", "0", SIZE, "-nolisten", "tcp",
             "-nolisten", "local",
             # It would begin anew, and let nobody in meanwhile, where xdotool leaves as the last one.
             "-noreset"],
            pass_fds=[writer], stderr=subprocess.DEVNULL)
        os.close(writer)
        with os.fdopen(reader) as numbers:
            number = numbers.readline().strip()
        if not number:
            raise Failure("Xvfb does not start")
        os.environ["DISPLAY"] = ":" + number

    def close(self):
        self.server.terminate()
        self.server.wait()

    def picture(self, name):
        """Keeps what is on the screen, where pictures are wanted."""
        if self.folder:
            subprocess.run(["import", "-window", "root", "-trim", "+repage", "+dither",
                            "-colors", "64", os.path.join(self.folder, name + ".png")], check=True)


def role_of(node):
    """Its role, by one name whatever the version of AT-SPI."""
    name = node.get_role_name()
    return "push button" if name == "button" else name


def below(node, role=None):
    """A node and all that is in it, but for the insides of large tables, and for menus where none
    of their items is looked for."""
    yield node
    try:
        if role_of(node) in (("tree", "table") if role == "menu item" else
                                    ("tree", "table", "menu bar")):
            return
        children = [node.get_child_at_index(i) for i in range(node.get_child_count())]
    except GLib.Error:  # closed meanwhile
        return
    for child in filter(None, children):
        yield from below(child, role)


def is_shown(node):
    return node.get_state_set().contains(Atspi.StateType.SHOWING)


class Window:
    """A Wireshark of one test, once its window has a title that begins so."""

    def __init__(self, title, *arguments):
        self.stderr = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(["wireshark", *arguments], stderr=self.stderr,
                                        env=dict(os.environ, QT_LINUX_ACCESSIBILITY_ALWAYS_ON="1"))
        # Who asks a program that has only begun what it shows is never told.
        self.wait("a window %r" % title, lambda: subprocess.run(
            ["xdotool", "search", "--onlyvisible", "--name", "^" + title], stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, check=False).stdout)

    def close(self):
        self.process.terminate()
        self.process.wait()
        self.stderr.close()

    def said(self):
        self.stderr.seek(0)
        return self.stderr.read()

    # -- what there is -----------------------------------------------------

    def nodes(self, role):
        desktop = Atspi.get_desktop(0)
        for number in range(desktop.get_child_count()):
            program = desktop.get_child_at_index(number)
            if program and program.get_process_id() == self.process.pid:
                program.clear_cache()  # what was asked for too early is not there for ever
                yield from below(program, role)

    def find(self, role, name):
        """Those of a role whose name begins so."""
        found = []
        for node in self.nodes(role):
            try:
                if role_of(node) == role and (node.get_name() or "").startswith(name):
                    found.append(node)
            except GLib.Error:
                continue
        return found

    def wait(self, what, ask):
        """What `ask` finds, as soon as it finds anything."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise Failure("Wireshark ended with %d: %s" % (self.process.returncode,
                                                               self.said()))
            try:
                found = ask()
            except GLib.Error:
                found = None
            if found:
                return found
            time.sleep(0.2)
        raise Failure("never there: %s; %s" % (what, self.said()))

    def wait_for(self, role, name):
        return self.wait("%s %r" % (role, name), lambda: self.find(role, name))[0]

    def table(self, role, name, inside=None):
        """A table that has cells, of the whole program or of one of its windows."""
        def ask():
            tables = self.find(role, name) if inside is None else \
                [node for node in below(inside) if role_of(node) == role]
            return [table for table in tables if table.get_child_count() > 0]
        return self.wait("a table %r" % name, ask)[0]

    def cells(self, role, name, inside=None):
        """What its cells say, row by row, the first of them its heads."""
        table = self.table(role, name, inside)
        columns = table.get_table_iface().get_n_columns()
        num = min(table.get_child_count(), (1 + ROWS_MAX) * columns)
        texts = [table.get_child_at_index(i).get_name() for i in range(num)]
        return [texts[i:i + columns] for i in range(0, num, columns)]

    def cell(self, name):
        """The one whose text begins so, in whichever list that is shown it stands, and the one before
        it: (before, it).  They are good until the list is made anew."""
        for table in filter(is_shown, self.find("tree", "")):
            cells = [table.get_child_at_index(i)
                     for i in range(min(table.get_child_count(), ROWS_MAX))]
            for before, cell in zip(cells, cells[1:]):
                if (cell.get_name() or "").startswith(name) and cell.get_component_iface():
                    return before, cell
        return None

    @staticmethod
    def labels(inside):
        """What stands beside or on what can be filled in."""
        return {node.get_name() for node in below(inside) if role_of(node) in ("label", "check box")}

    @staticmethod
    def button(inside, name):
        return next(node for node in below(inside)
                    if role_of(node) == "push button" and node.get_name() == name)

    @staticmethod
    def text(inside):
        """What the texts in a window say."""
        found = []
        for node in below(inside):
            text = node.get_text_iface() if role_of(node) == "text" else None
            if text:
                found.append(Atspi.Text.get_text(node, 0, Atspi.Text.get_character_count(node)))
        return "\n".join(found)

    @staticmethod
    def release():
        """(4, 6), say."""
        said = subprocess.run(["wireshark", "--version"], stdout=subprocess.PIPE, text=True,
                              check=True).stdout
        return tuple(int(number) for number in re.search(r"(\d+)\.(\d+)\.", said).groups())

    # -- what can be done --------------------------------------------------

    def press(self, role, name):
        """Presses something; False where it is there and cannot be pressed."""
        node = self.wait_for(role, name)
        action = node.get_action_iface()
        names = [action.get_action_name(i) for i in range(action.get_n_actions())]
        return "Press" in names and action.do_action(names.index("Press"))

    @staticmethod
    def click(node, times=1):
        """With the mouse, in its middle."""
        place = node.get_component_iface().get_extents(Atspi.CoordType.SCREEN)
        subprocess.run(["xdotool", "mousemove", str(place.x + place.width // 2),
                        str(place.y + place.height // 2), "click", "--repeat", str(times), "--delay", "50", "1"], check=True)

    def tick(self, box):
        """A check box, which may be ticked already: what it begins with is another in each release."""
        def is_ticked():
            return box.get_state_set().contains(Atspi.StateType.CHECKED)
        if not is_ticked():
            self.click(box)
            self.wait("a tick", is_ticked)

    def choose(self, box, item):
        """Of what a box offers, with mouse and keyboard."""
        self.click(box)
        subprocess.run(["xdotool", "type", "--delay", "50", item], check=True)
        subprocess.run(["xdotool", "key", "Return"], check=True)
        self.wait_for("combo box", item)

    def dialog(self, title):
        """Another window of the program, by words of its title."""
        def ask():
            return [node for role in ("dialog", "frame") for node in self.find(role, "")
                    if title in (node.get_name() or "") and is_shown(node)]
        return self.wait("a window %r" % title, ask)[0]
