# SPDX-License-Identifier: GPL-2.0-or-later
"""Every command that README.md, CONTRIBUTING.md, the rooms' pages and the manuals tell people to type
is run by a test: here, or where who_runs.py says.  Nobody needs to install anything for it, or to be
root: `sudo` does without, `wireshark` is tshark, and `tcpdump` prints a sample."""
import glob
import os
import re
import shutil
import subprocess
import tempfile
import unittest

import by_hand
import pages
import who_runs

import sys
sys.path.insert(0, os.path.join(pages.TOP, "tests", "lib"))
from tshark import BUILD_DIR, drop_privileges  # noqa: E402

STAND_INS = {"sudo": 'exec "$@"',
             "wireshark": 'case $1 in -C) exec tshark "$@" -r build/demo.pcapng ;; esac\n'
                          'exec tshark -r "$@"',
             "tcpdump": "cat build/demo.pcapng"}


class CommandsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="grvsstp-pages-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.release = self.path("build/release")
        for part in ("plugins", "extcap"):
            shutil.copytree(os.path.join(BUILD_DIR, part), os.path.join(self.release, part))
        for part in ("relaysim/relaysim", "analyzer/cli/grvsstp-analyze"):
            os.makedirs(os.path.dirname(os.path.join(self.release, part)), exist_ok=True)
            shutil.copy(os.path.join(BUILD_DIR, part), os.path.join(self.release, part))
        shutil.unpack_archive(os.path.join(BUILD_DIR, "grvsstp-profile.zip"),
                              self.path("home/wireshark/profiles"))
        os.mkdir(self.path("bin"))
        os.mkdir(self.path("samples"))
        for name, script in STAND_INS.items():
            with open(self.path("bin/" + name), "w", encoding="utf-8") as file:
                file.write("#!/bin/sh\n" + script + "\n")
            os.chmod(self.path("bin/" + name), 0o755)
        for name in ("build/demo.pcapng", "capture.pcapng", "client.pcapng", "relay.pcapng",
                     "ring_00001.pcapng", "FILE", "samples/demo.pcapng"):
            shutil.copy(os.path.join(pages.TOP, "samples", "demo.pcapng"), self.path(name))
        shutil.copy(os.path.join(pages.TOP, "samples", "single-hop.pcapng"), self.path("samples"))
        if os.getuid() == 0:  # who runs it writes there
            subprocess.run(["chown", "-R", "nobody:nogroup", self.folder], check=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def type(self, command, plugin=True):
        """Somebody types it in the folder of the repository."""
        programs = [self.path("bin"), os.path.join(self.release, "relaysim"),
                    os.path.join(self.release, "analyzer/cli")]
        environment = {"PATH": os.pathsep.join(programs + [os.environ.get("PATH", "/usr/bin:/bin")]),
                       "HOME": self.path("home"), "XDG_CONFIG_HOME": self.path("home"),
                       "LC_ALL": "C.UTF-8", "TZ": "UTC",
                       "WIRESHARK_EXTCAP_DIR": os.path.join(self.release, "extcap")}
        if plugin:
            environment["WIRESHARK_PLUGIN_DIR"] = os.path.join(self.release, "plugins")
        return subprocess.run([*drop_privileges(), "sh", "-c", command], cwd=self.folder, check=False,
                              env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, encoding="utf-8")

    def test_each_has_somebody(self):
        """And nobody is named for a command that no page has."""
        rows = [(row[0], ".*") for row in who_runs.HERE] + \
            [(row[0], row[3] if len(row) > 3 else ".*") for row in who_runs.ELSEWHERE] + \
            [(who_runs.TARGETS, ".*")]
        commands = list(pages.commands())
        self.assertGreater(len(commands), 80)

        def takes(row, said):
            return re.fullmatch(row[1], said[0]) and re.fullmatch(row[0], said[1])

        lost = [said for said in commands if not any(takes(row, said) for row in rows)]
        self.assertEqual(lost, [])
        idle = [row for row in rows if not any(takes(row, said) for said in commands)]
        self.assertEqual(idle, [])

    def test_elsewhere(self):
        for _, name, words, *_ in who_runs.ELSEWHERE:
            self.assertIn(words, pages.read(name), name)

    def test_by_hand(self):
        """Each row that makes a command short is for one that its pages have."""
        typed = [command for page in by_hand.TYPED for command in pages.of_page(page)]
        idle = [pattern for pattern, _ in by_hand.SHORT
                if not any(re.fullmatch(pattern, command) for command in typed)]
        self.assertEqual(idle, [])

    def test_targets(self):
        known = subprocess.run(["ninja", "-C", BUILD_DIR, "-t", "targets", "all"], check=True,
                               stdout=subprocess.PIPE, text=True).stdout
        for page, command in pages.commands():
            match = re.fullmatch(who_runs.TARGETS, command)
            for target in match.group(1).split() if match else ():
                self.assertRegex(known, r"(?m)^(\S*/)?%s: " % re.escape(target), page)

    def test_here(self):
        for page, command in pages.commands():
            for pattern, printed in who_runs.HERE:
                if re.fullmatch(pattern, command) is None or printed is None:
                    continue
                with self.subTest(page=page, command=command):
                    # Of the plugin that is put in front nobody else is to see another.
                    result = self.type(command, plugin="WIRESHARK_PLUGIN_DIR" not in command)
                    self.assertEqual(result.returncode, int("--fail-on" in command), result.stderr)
                    if "relaysim demo" not in command:  # which says how far it is
                        self.assertEqual(result.stderr, "")
                    self.assertRegex(result.stdout, printed)
                break

    def test_shrink(self):
        """The manual's example wants a capture that breaks that rule twice."""
        [command] = [command for _, command in pages.commands()
                     if re.fullmatch(r"grvsstp-analyze --shrink ack_excess:2 .*", command)]
        result = self.type(command)
        self.assertEqual((result.returncode, result.stderr.count("\n")), (1, 1), result.stderr)
        self.assertIn("ack_excess", result.stderr)

    def test_installed_for_one_user(self):
        [command] = {command for _, command in pages.commands()
                     if command.startswith("install -D")}
        version = os.path.basename(*glob.glob(os.path.join(self.release, "plugins", "*")))
        command = command.replace("/4.0/", "/%s/" % version)
        # A lone user has no other place for what is the user's own.
        self.assertEqual(self.type(command, plugin=False).stderr, "")
        listed = self.type("tshark -G plugins | grep grvsstp", plugin=False)
        self.assertIn(self.path("home/.local/lib/wireshark/plugins"), listed.stdout)

    def test_installed_for_everybody(self):
        with tempfile.TemporaryDirectory() as target:
            subprocess.run(["cmake", "--install", BUILD_DIR], check=True,
                           env=dict(os.environ, DESTDIR=target), stdout=subprocess.DEVNULL)
            found = {os.path.basename(path) for path in
                     glob.glob(os.path.join(target, "**"), recursive=True) if os.path.isfile(path)}
        self.assertLessEqual({"grvsstp.so", "grvsstp-analyze", "relaysim", "relaysimdump", "relaysim.1",
                              "relaysim-scenario.5", "relaysimdump.1", "grvsstp.7",
                              "grvsstp-analyze.1", "colorfilters"}, found)

    def test_removed_for_everybody(self):
        """By the list that says where the files are, here of those that were put elsewhere.  The lists of
        parts have names of their own, so that no other test's list is overwritten meanwhile."""
        [command] = {command for _, command in pages.commands() if command.startswith("sudo xargs")}
        target = self.path("everybody")
        paths = []
        for part in ("Unspecified", "profile"):
            subprocess.run(["cmake", "--install", BUILD_DIR, "--component", part], check=True,
                           env=dict(os.environ, DESTDIR=target), stdout=subprocess.DEVNULL)
            with open(os.path.join(BUILD_DIR, "install_manifest_%s.txt" % part), encoding="utf-8") as file:
                paths += [target + line for line in file.read().splitlines()]
        with open(os.path.join(self.release, "install_manifest.txt"), "w", encoding="utf-8") as file:
            file.write("\n".join(paths))
        if os.getuid() == 0:
            subprocess.run(["chown", "-R", "nobody:nogroup", target], check=True)

        def left():
            return [name for _, _, names in os.walk(target) for name in names]
        self.assertIn("colorfilters", left())
        self.assertEqual(self.type(command, plugin=False).stderr, "")
        self.assertEqual(left(), [])


if __name__ == "__main__":
    unittest.main()
