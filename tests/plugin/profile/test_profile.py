# SPDX-License-Identifier: GPL-2.0-or-later
"""The configuration profile: what its files name exists, tshark shows and colours by it
wherever it was installed, its zip is one that Wireshark imports, and nothing of the
user's own is touched."""

import glob
import os
import re
import shutil
import subprocess
import sys
import unittest
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "lib"))

from tshark import BUILD_DIR, TSHARK, Wireshark  # noqa: E402

TOP = os.path.join(HERE, "..", "..", "..")
SOURCE = os.path.join(TOP, "plugin", "profile")
NAME = "Groove SSTP"
FILES = ["colorfilters", "dfilter_buttons", "preferences", "recent"]

CMAKE = os.environ.get("GRVSSTP_CMAKE", "cmake")
ZIP = os.path.join(BUILD_DIR, "grvsstp-profile.zip")

# What some rules are, by the commands that they are for.
BY_COMMAND = {
    "SSTP connection":
        'sstp.command in {"Connect", "ConnectResponse", "ConnectAuthenticate", "ConnectClose", '
        '"Attach", "AttachResponse", "AttachAuthenticate", "Register", "RegisterResponse"}',
    "SSTP session":
        'sstp.command in {"Open", "FanoutOpen", "OpenResponse", "SessionStatus", "Close"}',
    "SSTP message":
        'sstp.command in {"Message", "Data", "EndMessage"} || sstp.command.reassembled_in'}

# The oldest time that a zip can hold is the beginning of 1980: this is ours.
ZIP_TIME = (2000, 1, 1, 0, 0, 0)


# ---------------------------------------------------------------------------
# What the files say


def read(name):
    with open(os.path.join(SOURCE, name), encoding="ascii") as file:
        return file.read()


def colours():
    """(name, filter, background, foreground) of each rule, in their order."""
    rule = re.compile(r"@([^@]+)@([^@]+)@\[(\d+,\d+,\d+)\]\[(\d+,\d+,\d+)\]")
    lines = [line for line in read("colorfilters").splitlines() if not line.startswith("#")]
    return [rule.fullmatch(line).groups() for line in lines]


def buttons():
    """(label, filter) of each button."""
    row = re.compile(r'"TRUE","([^"]+)","([^"]+)","[^"]+"')
    lines = [line for line in read("dfilter_buttons").splitlines() if not line.startswith("#")]
    rows = [row.fullmatch(line).groups() for line in lines]
    return [(label, text.replace(r"\x22", '"')) for label, text in rows]


def entries(name, key):
    """The list after a key of preferences or recent, taken apart."""
    block = re.search(r"^%s:\n((?:\t.*\n)+)" % re.escape(key), read(name), re.MULTILINE).group(1)
    return re.findall(r'"([^"]*)"|([^\s",]+)', block)


def pairs(name, key):
    flat = [quoted or bare for quoted, bare in entries(name, key)]
    return list(zip(flat[0::2], flat[1::2]))


def columns():
    """(title, format) of each column."""
    return pairs("preferences", "gui.column.format")


def custom_columns():
    """(title, field, which of its values) of each column of ours."""
    found = [(title, re.fullmatch(r"%Cus:([a-z0-9_.]+):(-1|1):R", text))
             for title, text in columns() if text.startswith("%Cus")]
    return [(title, match.group(1), int(match.group(2))) for title, match in found]


def catalogue():
    """{what follows sstp.expert.: its severities} of the catalogues of findings."""
    found = {}
    for header in glob.glob(os.path.join(TOP, "analyzer", "*", "*findings.h")):
        with open(header, encoding="ascii") as file:
            for name, severity in re.findall(r'^ +X\(\w+, *"(\w+)", *(\w+),', file.read(),
                                             re.MULTILINE):
                found.setdefault(name, set()).add(severity)
    return found


def experts(text):
    return set(re.findall(r"sstp\.expert\.(\w+)", text))


# ---------------------------------------------------------------------------


def snapshot(folder):
    """{path: bytes} of all files below, our profile aside."""
    found = {}
    for path, _, names in os.walk(folder):
        for name in names:
            full = os.path.join(path, name)
            relative = os.path.relpath(full, folder)
            if os.path.join("profiles", NAME) not in relative:
                with open(full, "rb") as file:
                    found[relative] = file.read()
    return found


class Profile(unittest.TestCase):
    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        cls.ws = Wireshark()
        cls.capture = cls.sample("demo")

    @classmethod
    def tearDownClass(cls):
        cls.ws.close()

    @classmethod
    def sample(cls, name):
        path = cls.ws.path(name + ".pcapng")
        shutil.copyfile(os.path.join(TOP, "samples", name + ".pcapng"), path)
        return path

    def setUp(self):
        """A user who has something of his own: a default profile and another one."""
        self.home = self.ws.path("home")
        self.settings = os.path.join(self.home, "wireshark")
        shutil.rmtree(self.settings, ignore_errors=True)
        self.ws.env.pop("WIRESHARK_DATA_DIR", None)
        own = {
            "preferences": 'gui.column.format:\n\t"Mine", "%m",\n\t"Info", "%i"\n',
            "colorfilters": "@Mine@tcp@[0,0,0][65535,65535,65535]\n",
            "dfilter_buttons": '"TRUE","Mine","tcp",""\n',
            "profiles/Other/preferences": "gui.layout_type: 3\n"}
        for name, text in own.items():
            self.write(os.path.join(self.settings, name), text)
        self.open_to_all(self.home)
        self.own = snapshot(self.settings)
        self.assertEqual(sorted(own), sorted(self.own))

    @staticmethod
    def write(path, text):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="ascii") as file:
            file.write(text)

    @staticmethod
    def open_to_all(folder):
        subprocess.run(["chmod", "-R", "a+rwX", folder], check=True)

    # -- ways to get it ----------------------------------------------------

    def put_into_home(self, source=SOURCE):
        folder = os.path.join(self.settings, "profiles", NAME)
        os.makedirs(folder)
        for name in FILES:
            shutil.copyfile(os.path.join(source, name), os.path.join(folder, name))
        self.open_to_all(self.home)

    def install(self):
        """Installs into a staged folder; returns it."""
        stage = self.ws.path("stage")
        shutil.rmtree(stage, ignore_errors=True)
        subprocess.run([CMAKE, "--install", BUILD_DIR, "--component", "profile"], check=True,
                       stdout=subprocess.DEVNULL, env=dict(os.environ, DESTDIR=stage))
        subprocess.run(["chmod", "-R", "a+rX", stage], check=True)
        return stage

    def installed(self, stage):
        return sorted(os.path.join(path, name)[len(stage):]
                      for path, _, names in os.walk(stage) for name in names)

    # -- what tshark makes of it --------------------------------------------

    def rows(self, *options):
        """The cells of the packet list as the profile has them, the arrow left out."""
        text = self.ws.tshark(self.capture, "-C", NAME, "-T", "tabs", *options, two_pass=True)
        cells = [[cell.strip() for cell in line.split("\t")] for line in text.splitlines()]
        for row in cells:
            self.assertEqual(row.pop(3), "\u2192")
            self.assertEqual(len(row), len(columns()), row)
        return cells

    def assert_columns(self):
        """Every cell of ours says what the field says."""
        rows = self.rows()
        fields = self.ws.fields(self.capture, [field for _, field, _ in custom_columns()],
                                two_pass=True)
        self.assertEqual(len(rows), len(fields))
        titles = [title for title, _ in columns()]
        for index, (title, _, which) in enumerate(custom_columns()):
            place = titles.index(title)
            shown = [row[place] for row in rows]
            wanted = [frame[index][0 if which == 1 else -1] if frame[index] else ""
                      for frame in fields]
            self.assertEqual(shown, wanted, title)
            self.assertGreater(len(set(shown)), 1, title + " says nothing")

    def assert_own_untouched(self):
        self.assertEqual(snapshot(self.settings), self.own)


class Files(Profile):
    def test_no_protocol_is_told_anything(self):
        """The profile is how things look: above all it leaves TCP alone, which with
        tcp.reassemble_out_of_order waits for ever for what was lost."""
        keys = re.findall(r"^([\w.]+):", read("preferences"), re.MULTILINE)
        self.assertEqual([key for key in keys if not key.startswith("gui.")], [])
        self.assertTrue(keys)

    def test_every_filter_compiles(self):
        named = colours() + buttons()
        self.assertGreater(len(colours()), 10)
        self.assertGreater(len(buttons()), 5)
        for row in named:
            with self.subTest(row[0]):
                self.ws.count(self.capture, row[1])

    def test_names_are_given_once(self):
        for names in ([row[0] for row in colours()], [row[0] for row in buttons()],
                      [title for title, _ in columns()]):
            self.assertEqual(len(names), len(set(names)))

    def test_colours_are_in_range(self):
        for row in colours():
            for colour in row[2:]:
                for part in colour.split(","):
                    self.assertLessEqual(int(part), 65535, row[0])

    def test_columns_name_registered_fields(self):
        known = {line.split("\t")[2] for line in self.ws.run([TSHARK, "-G", "fields"]).splitlines()
                 if line.startswith("F\t")}
        wanted = [field for _, field, _ in custom_columns()]
        self.assertIn("sstp.stream", wanted)
        self.assertEqual([field for field in wanted if field not in known], [])

    def test_widths_are_those_of_the_columns(self):
        formats = [re.sub(r"(%Cus:[^:]+):.*", r"\1", text) for _, text in columns()]
        widths = pairs("recent", "column.width")
        self.assertEqual([text for text, _ in widths], formats)
        for text, width in widths:
            self.assertEqual(int(width) > 0, text.startswith("%Cus"), text)

    def test_problems_are_the_findings_from_warning_up(self):
        """A finding added to a catalogue has to be added here, and a note must not be."""
        rules = {row[0]: row[1] for row in colours()}
        malformed, violation = rules["SSTP malformed"], rules["SSTP violation"]
        fixed, sometimes = re.fullmatch(
            r'(.*) \|\| \(\((.*)\) && _ws\.expert\.severity >= "Warning"\)', violation).groups()
        found = catalogue()
        self.assertEqual(experts(malformed), {n for n, s in found.items() if s == {"ERROR"}})
        self.assertEqual(experts(fixed), {n for n, s in found.items() if s == {"WARNING"}})
        self.assertEqual(experts(sometimes), {n for n, s in found.items() if len(s) > 1})
        self.assertEqual(dict(buttons())["Problems"], malformed + " || " + violation)


class InTshark(Profile):
    def test_from_the_users_profiles(self):
        self.put_into_home()
        self.assert_columns()
        self.assert_own_untouched()

    def test_from_the_global_profiles(self):
        """Wireshark copies it into the user's profiles, file by file, and uses the copy."""
        stage = self.install()
        profiles = [path for path in self.installed(stage) if path.endswith("/preferences")]
        self.assertEqual(len(profiles), 1)
        folder = os.path.dirname(stage + profiles[0])
        self.ws.env["WIRESHARK_DATA_DIR"] = os.path.dirname(os.path.dirname(folder))
        self.assert_columns()
        copy = os.path.join(self.settings, "profiles", NAME)
        self.assertEqual(sorted(os.listdir(copy)), FILES)
        self.assert_own_untouched()

    def test_another_profile_is_as_before(self):
        """Who does not ask for it does not get it."""
        self.put_into_home()
        first = self.ws.tshark(self.capture, "-T", "tabs").splitlines()[3]
        self.assertEqual(len(first.split("\t")), 2)  # the user's own columns
        self.assert_own_untouched()

    def coloured(self, name):
        """{rule: frames} of a sample."""
        text = self.ws.tshark(self.sample(name), "-C", NAME, "--color", "-T", "fields",
                              "-e", "frame.number", "-e", "frame.coloring_rule.name",
                              two_pass=True)
        found = {}
        for line in text.splitlines():
            number, rule = re.sub("\x1b\\[[0-9;]*[mK]", "", line).split("\t")
            found.setdefault(rule, set()).add(int(number))
        return found

    def frames(self, name, display_filter):
        shown = self.ws.tshark(self.sample(name), "-Y", display_filter, "-T", "fields",
                               "-e", "frame.number", two_pass=True)
        return {int(number) for number in shown.splitlines()}

    def test_colours(self):
        """Every frame has one, and the first rule that fits gives it."""
        self.put_into_home()
        for name in ("demo", "keepalive"):
            found = self.coloured(name)
            left = set()
            for rule, text, _, _ in colours():
                fits = self.frames(name, text)
                self.assertEqual(found.get(rule, set()), fits - left, name + ": " + rule)
                before, left = left, left | fits
                if rule in BY_COMMAND:
                    self.assertEqual(found.get(rule, set()),
                                     self.frames(name, BY_COMMAND[rule]) - before, rule)
            self.assertEqual(set().union(*found.values()), left)
        for rule in ("SSTP violation", "SSTP refused or failed", "SSTP flow control",
                     "SSTP connection", "SSTP session", "SSTP acknowledgement", "SSTP message"):
            self.assertIn(rule, self.coloured("demo"))
        self.assertIn("SSTP encapsulation", self.coloured("keepalive"))


class Installed(Profile):
    def test_layout_of_the_zip(self):
        """What Wireshark's import takes: files in one folder, which becomes the profile, of
        the names that belong to a profile, one of them at least with more than comments."""
        with zipfile.ZipFile(ZIP) as packed:
            self.assertIsNone(packed.testzip())
            members = packed.infolist()
            self.assertEqual(sorted(member.filename for member in members),
                             ["%s/%s" % (NAME, name) for name in FILES])
            for member in members:
                self.assertIn(member.compress_type, (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
                self.assertFalse(member.flag_bits & 1, "encrypted")
                self.assertEqual(member.date_time, ZIP_TIME)
                self.assertEqual(member.extra, b"")  # other times, and who made it
                with open(os.path.join(SOURCE, os.path.basename(member.filename)), "rb") as file:
                    self.assertEqual(packed.read(member), file.read())

    def test_the_zip_unpacked(self):
        with zipfile.ZipFile(ZIP) as packed:
            packed.extractall(self.ws.path("unpacked"))
        self.put_into_home(os.path.join(self.ws.path("unpacked"), NAME))
        self.assert_columns()
        self.assert_own_untouched()

    def test_what_is_installed(self):
        """The profile in a folder of global profiles with nothing else beside, and the zip."""
        stage = self.install()
        paths = self.installed(stage)
        ours = [path for path in paths if "/profiles/%s/" % NAME in path]
        self.assertEqual([os.path.basename(path) for path in ours], FILES)
        self.assertTrue(all(re.search("/wireshark/profiles/[^/]+/[^/]+$", path) for path in ours))
        rest = [path for path in paths if path not in ours]
        self.assertEqual(len(rest), 1, rest)
        self.assertTrue(rest[0].endswith("/share/grvsstp/grvsstp-profile.zip"), rest)
        for path in ours:
            with open(stage + path, "rb") as file, \
                    open(os.path.join(SOURCE, os.path.basename(path)), "rb") as source:
                self.assertEqual(file.read(), source.read())


if __name__ == "__main__":
    unittest.main(verbosity=2)
