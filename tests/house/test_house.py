# SPDX-License-Identifier: GPL-2.0-or-later
"""Nobody includes what lies above, and no includes run in a circle: house.py, and rooms.py
for what is allowed."""
import os
import re
import shutil
import tempfile
import unittest

import rooms
from house import TOP, House, listed


class HouseTest(unittest.TestCase):
    def test_nobody_includes_upward(self):
        self.assertEqual(list(House().upward()), [])

    def test_no_circles(self):
        self.assertEqual(list(House().circles()), [])

    def test_every_include_is_found(self):
        """An include that resolves to nothing would be judged by nobody."""
        lost = [path for path, included in House().files.items() if None in included]
        self.assertEqual(lost, [])

    def test_every_room_is_there(self):
        for house, storeys in rooms.STOREYS.items():
            for storey in storeys:
                for room in storey if isinstance(storey, tuple) else (storey,):
                    self.assertTrue(os.path.isdir(os.path.join(TOP, house, room)), (house, room))


# A choice between versions of Wireshark.
CHOICE = re.compile(r"^[ \t]*#[ \t]*(el)?if.*(WIRESHARK_VERSION_|WIRESHARK_AT_LEAST)", re.MULTILINE)
COMPAT = "plugin/fields/compat.h"


def choices(top):
    """The files, but for the one that may, that ask which Wireshark they are built against."""
    for path in House(top).files:
        with open(os.path.join(top, path), encoding="utf-8") as file:
            if path != COMPAT and CHOICE.search(file.read()):
                yield path


class ListedTest(unittest.TestCase):
    def test_without_git(self):
        """A tarball has all files, and what is built in it is none of them."""
        with tempfile.TemporaryDirectory() as top:
            for name in ("a.c", "inner/b.py", "inner/build/c.sh", "build/release/d.c",
                         "inner/__pycache__/b.pyc"):
                os.makedirs(os.path.dirname(os.path.join(top, name)), exist_ok=True)
                with open(os.path.join(top, name), "w", encoding="ascii"):
                    pass
            self.assertEqual(listed(top), ["a.c", "inner/b.py", "inner/build/c.sh"])


class VersionsTest(unittest.TestCase):
    def test_one_header_knows_them(self):
        self.assertEqual(list(choices(TOP)), [])


class ViolationTest(unittest.TestCase):
    """What is not allowed is found: put into a copy of the sources."""

    def setUp(self):
        self.top = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.top)
        for house in rooms.STOREYS:
            shutil.copytree(os.path.join(TOP, house), os.path.join(self.top, house),
                            dirs_exist_ok=True)

    def put(self, path, include):
        with open(os.path.join(self.top, path), "a", encoding="utf-8") as file:
            file.write('#include "%s"\n' % include)

    def assert_only(self, findings, *words):
        findings = list(findings)
        self.assertEqual(len(findings), 1, findings)
        for word in words:
            self.assertIn(word, findings[0])

    def test_copy_is_clean(self):
        house = House(self.top)
        self.assertEqual(list(house.upward()) + list(house.circles()), [])

    def test_choice_of_a_version(self):
        path = "analyzer/cli/capture/keep.c"
        with open(os.path.join(self.top, path), "a", encoding="utf-8") as file:
            file.write("#if GRVSSTP_WIRESHARK_AT_LEAST(4, 6)\n#endif\n")
        self.assertEqual(list(choices(self.top)), [path])

    def test_upward_in_a_house(self):
        self.put("plugin/follow/message.c", "show/tap.h")
        self.assert_only(House(self.top).upward(), "plugin/follow/message.c", "plugin/show/tap.h",
                         "lies above")

    def test_beside(self):
        self.put("analyzer/state/array.c", "henc/text.h")
        self.assert_only(House(self.top).upward(), "analyzer/state/array.c", "beside")

    def test_another_house(self):
        self.put("analyzer/core/wire.c", "../../plugin/fields/fields.h")
        self.assert_only(House(self.top).upward(), "analyzer/core/wire.c",
                         "does not stand on plugin")

    def test_nobody_stands_on_the_program(self):
        for path in ("plugin/show/tap.c", "analyzer/state/array.c"):
            self.put(path, "../../analyzer/cli/base/plain.h")
        upward = list(House(self.top).upward())
        self.assertEqual(len(upward), 2, upward)
        for sentence in upward:
            self.assertIn("does not stand on analyzer/cli", sentence)

    def test_circle_in_a_room(self):
        self.put("analyzer/core/command.h", "core/look.h")
        self.assert_only(House(self.top).circles(), "analyzer/core/command", "analyzer/core/look")


if __name__ == "__main__":
    unittest.main()
