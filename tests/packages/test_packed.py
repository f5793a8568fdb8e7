# SPDX-License-Identifier: GPL-2.0-or-later
"""What cmake --install makes and what debian/ packs is the same, by their lists; run.sh compares the
packages themselves.  compare.py and flags.py, which do, see each kind of difference."""
import fnmatch
import glob
import gzip
import os
import re
import shutil
import subprocess
import tempfile
import unittest

import compare
import flags

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
BUILD_DIR = os.environ.get("GRVSSTP_BUILD_DIR") or os.path.join(TOP, "build", "release")
CMAKE = os.environ.get("GRVSSTP_CMAKE", "cmake")


def read(*names):
    with open(os.path.join(TOP, *names), encoding="utf-8") as file:
        return file.read()


def packed():
    """(package, pattern of files) of each line of debian/."""
    for path in glob.glob(os.path.join(TOP, "debian", "*.install")) + \
            glob.glob(os.path.join(TOP, "debian", "*.manpages")):
        for line in read(path).splitlines():
            yield os.path.basename(path).rpartition(".")[0], line.split()[0]
    for package, name in re.findall(r"dh_install -p(\S+) \$\$\(cd debian/tmp && find usr -name (\S+)\)",
                                    read("debian", "rules")):
        yield package, "usr/*/" + name


class PackedTest(unittest.TestCase):
    def test_lists(self):
        """Every file is in one package, and every line packs something."""
        with tempfile.TemporaryDirectory() as stage:
            subprocess.run([CMAKE, "--install", BUILD_DIR, "--prefix", "/usr"], check=True,
                           stdout=subprocess.DEVNULL, env=dict(os.environ, DESTDIR=stage))
            paths = sorted(compare.files_of(stage))
        self.assertIn("usr/bin/relaysim", paths)
        lines = list(packed())
        used = set()
        for path in paths:
            fitting = [line for line in lines if fnmatch.fnmatch(path, line[1]) or
                       fnmatch.fnmatch(path, line[1] + "/*")]
            self.assertEqual(len({package for package, _ in fitting}), 1, (path, fitting))
            used.update(fitting)
        self.assertEqual(set(lines) - used, set())

    def test_documents(self):
        """What is taken from the sources themselves is there."""
        for kind in ("docs", "examples"):
            for path in glob.glob(os.path.join(TOP, "debian", "*." + kind)):
                for pattern in read(path).split():
                    self.assertTrue(glob.glob(os.path.join(TOP, pattern)), pattern)

    def test_demo(self):
        """Who has typed `sh relaysim/demo.sh` alone goes on with README.md: all that is installed is built."""
        targets = re.search(r" --target (.+)", read("relaysim", "demo.sh")).group(1).split()
        said = subprocess.run(["ninja", "-C", BUILD_DIR, "-t", "commands", *targets], check=True, text=True,
                              stdout=subprocess.PIPE).stdout
        wanted = set()
        for path in glob.glob(os.path.join(BUILD_DIR, "**", "cmake_install.cmake"), recursive=True):
            with open(path, encoding="utf-8") as file:
                wanted.update(re.findall(r'file\(INSTALL .* FILES "%s/([^"]+)"' %
                                         re.escape(os.path.realpath(BUILD_DIR)), file.read()))
        self.assertGreater(len(wanted), 4)
        self.assertEqual([path for path in wanted if not re.search(r"[ /]%s[ \"']" % re.escape(path), said)], [])


class CompareTest(unittest.TestCase):
    def setUp(self):
        self.top = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.top)
        for name, data in (("installed/usr/bin/a", b"a"), ("one/usr/bin/a", b"a"),
                           ("installed/usr/share/doc/all/sql/b", b"b"),
                           ("two/usr/share/doc/two/sql/b.gz", gzip.compress(b"b")),
                           ("two/usr/share/doc/two/copyright", b"ours")):
            self.put(name, data)

    def put(self, name, data):
        path = os.path.join(self.top, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)

    def told(self):
        installed, *packages = [os.path.join(self.top, name) for name in ("installed", "one", "two")]
        return [sentence.replace(self.top, "")
                for sentence in compare.differences(installed, packages)]

    def test_same(self):
        self.assertEqual(self.told(), [])

    def test_not_packed(self):
        self.put("installed/usr/bin/c", b"c")
        self.assertEqual(self.told(), ["no package has usr/bin/c"])

    def test_not_installed(self):
        self.put("one/usr/bin/c", b"c")
        self.assertEqual(self.told(), ["/one has usr/bin/c, which CMake does not install"])

    def test_packed_twice(self):
        self.put("two/usr/bin/a", b"a")
        self.assertEqual(self.told(), ["/two has usr/bin/a, which CMake does not install"])

    def test_other_bytes(self):
        self.put("one/usr/bin/a", b"A")
        self.assertEqual(self.told(), ["/one has another usr/bin/a"])

    def test_other_rights(self):
        os.chmod(os.path.join(self.top, "one/usr/bin/a"), 0o755)
        self.assertEqual(self.told(), ["/one: who may run usr/bin/a is different"])


class FlagsTest(unittest.TestCase):
    OBJECT = "ccache cc -O3 -DNDEBUG -flto -ffile-prefix-map=a=. -o analyzer/a.o -c a.c"
    PRESET = [OBJECT, *map(": && cc -O3 -DNDEBUG -flto=2 a.o -o {} && :".format, sorted(flags.PRODUCTS))]
    HARDENED = [command.replace("cc -O3", "cc -g -O2 -fstack-protector-strong -D_FORTIFY_SOURCE=2 -O3")
                for command in PRESET]

    def told(self, *change):
        return list(flags.differences([command.replace(*change) for command in self.HARDENED],
                                      self.PRESET))

    def test_same(self):
        """What hardens is Debian's own, and so is a level before the last."""
        self.assertEqual(self.told("a=.", "b=."), [])

    def test_level(self):
        self.assertEqual(self.told(" -O3 -DNDEBUG -flto ", " -DNDEBUG -flto "),
                         ["analyzer/a.o is made with -O2 in the packages, and elsewhere with -O3"])

    def test_lost(self):
        self.assertEqual(self.told(" -flto ", " "),
                         ["analyzer/a.o is made without -flto in the packages"])
        self.assertEqual(len(self.told(" -flto=2", " -fno-lto")), len(flags.PRODUCTS))

    def test_not_made(self):
        self.assertEqual(self.told("-o relaysim ", ""), ["the packages make no relaysim"])
        self.assertEqual(list(flags.differences([], [])),
                         ["elsewhere nothing makes %s" % name for name in sorted(flags.PRODUCTS)])


if __name__ == "__main__":
    unittest.main()
