# SPDX-License-Identifier: GPL-2.0-or-later
"""What the pages of the repository say: their commands, and the cells of their tables."""
import glob
import os
import re

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Whose commands they are.
PAGES = ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "samples/README.md", "tests/README.md",
         "tests/benchmark/README.md"] + sorted(
    os.path.relpath(path, TOP) for house in ("analyzer", "plugin", "relaysim")
    for path in (glob.glob(os.path.join(TOP, house, "README.md")) +
                 glob.glob(os.path.join(TOP, house, "*", "README.md"))))
MANUALS = ("analyzer/cli/man/grvsstp-analyze.1", "plugin/man/grvsstp.7",
           "relaysim/man/relaysim.1", "relaysim/man/relaysimdump.1", "relaysim/man/relaysim-scenario.5")
PROGRAMS = ("sh", "python3", "ninja", "cmake", "ctest", "tshark", "wireshark", "grvsstp-analyze",
            "relaysim", "relaysimdump", "sudo", "install", "apt-get", "npm", "node", "man", "mkdir",
            "cat", "clickhouse-client", "tcpdump", "seq")
# One line of a shell: variables, a program, and what it is to do.
COMMAND = re.compile(r"(?:export )?(?:[A-Z_]+=(?:\"[^\"]*\"|\S*) ?)*(?:(?:%s|(?:build|tests)/\S+) .+)?" %
                     "|".join(map(re.escape, PROGRAMS)))
# `relaysim bench`, `tshark -2`: a name, and nothing to type.
NAME = re.compile(r"relaysim(?: [a-z]+)?(?: --[a-z0-9-]+)?|grvsstp-analyze|(?:tests|build)/\S+|"
                  r"tshark -[2z]|cmake --install|.*(?:\.\.\. |->).*")


def read(page):
    with open(os.path.join(TOP, page), encoding="utf-8") as file:
        return file.read()


def is_command(text):
    return bool(text) and COMMAND.fullmatch(text) is not None and NAME.fullmatch(text) is None


def split_lines(block):
    """The lines of a shell script, those that go on being one."""
    for line in re.sub(r"\\\n\s*", "", block).split("\n"):
        if is_command(line.strip()):
            yield line.strip()


def of_page(page):
    text = read(page)
    for block in re.findall(r"(?:^    .*\n)+", text, re.M):
        yield from split_lines(re.sub("^    ", "", block, flags=re.M))
    for inline in re.findall(r"`([^`]+)`", re.sub(r"^    .*$", "", text, flags=re.M)):
        inline = re.sub(r"\s+", " ", inline)
        if is_command(inline):
            yield inline


def of_manual(page):
    section = re.search(r"^\.SH EXAMPLES\n(.*?)^\.SH ", read(page), re.S | re.M)
    for block in re.findall(r"^\.(?:nf|EX)\n(.*?)^\.(?:fi|EE)$", section.group(1) if section else "",
                            re.S | re.M):
        block = re.sub(r"^\.R[SE]\n", "", block, flags=re.M)
        yield from split_lines(block.replace("\\(rs\n", "\\\n").replace("\\-", "-"))


def commands():
    """(page, command), each as it stands there."""
    for page in PAGES:
        for command in of_page(page):
            yield page, command
    for page in MANUALS:
        for command in of_manual(page):
            yield page, command


def cells(page, heading, column):
    """What stands in backquotes in one column of the tables of a section."""
    section = re.search(r"^## %s\n(.*?)(?=^## |\Z)" % re.escape(heading), read(page), re.S | re.M)
    for line in section.group(1).split("\n"):
        if line.startswith("|"):
            parts = re.split(r"(?<!\\)(?<!\|)\|(?!\|)", line)
            yield from re.findall(r"`([^`]+)`", parts[1 + column])
