# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads who includes whom, and says what of it the rooms (rooms.py) do not allow.

    python3 tests/house/house.py [FOLDER]      prints each include that goes up, and each circle
"""
import os
import re
import subprocess
import sys

import rooms

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+"([^"]+)"', re.MULTILINE)


def listed(top, *options):
    """The paths of all files that git has, or lists with those options; of what came as a tarball,
    which has no .git, all but what was built since."""
    if os.path.exists(os.path.join(top, ".git")):
        names = subprocess.run(["git", "-c", "safe.directory=*", "ls-files", "-z", *options], cwd=top,
                               check=True, stdout=subprocess.PIPE).stdout.decode().split("\0")
        return sorted(filter(None, names))
    found = []
    for folder, folders, names in os.walk(top):
        folders[:] = [name for name in folders if name != "__pycache__" and
                      (folder != top or name != "build")]
        found += [os.path.relpath(os.path.join(folder, name), top) for name in names]
    return sorted(found)


def place_of(path):
    """The house of a file, and its room there."""
    house = max((house for house in rooms.STOREYS if path.startswith(house + "/")), key=len)
    return house, os.path.dirname(path)[len(house) + 1:]


def floor_of(house, room):
    """How high a room lies, from 0; None where the house has no such room."""
    for floor, storey in enumerate(rooms.STOREYS[house]):
        if room == storey or isinstance(storey, tuple) and room in storey:
            return floor
    return None


class House:
    """The sources of a checkout."""

    def __init__(self, top=TOP):
        self.top = top
        self.files = {}  # path -> the paths that it includes, or names that are nowhere
        for house in rooms.STOREYS:
            for folder, folders, names in os.walk(os.path.join(top, house)):
                folders.sort()
                for name in sorted(names):
                    if name.endswith((".c", ".h")):
                        path = os.path.relpath(os.path.join(folder, name), top)
                        if place_of(path)[0] == house:
                            self.files[path] = []
        for path in self.files:
            with open(os.path.join(top, path), encoding="utf-8") as file:
                for name in INCLUDE.findall(file.read()):
                    self.files[path].append(self.resolve(path, name))

    def resolve(self, path, name):
        """The file that an include means, seen from the top; None where there is none."""
        house = place_of(path)[0]
        places = [house] + rooms.GROUNDS[house] + [os.path.dirname(path), "analyzer/core"]
        for place in places:
            found = os.path.normpath(os.path.join(place, name))
            if found in self.files:
                return found
        return None

    def upward(self):
        """A sentence for each include that the rooms do not allow."""
        for path, included in self.files.items():
            for other in included:
                why = other and self.refusal(path, other)
                if why:
                    yield "%s includes %s: %s" % (path, other, why)

    @staticmethod
    def refusal(path, other):
        house, room = place_of(path)
        other_house, other_room = place_of(other)
        if house != other_house:
            return None if other_house in rooms.GROUNDS[house] else \
                "%s does not stand on %s" % (house, other_house)
        here, there = floor_of(house, room), floor_of(house, other_room)
        if here is None or there is None:
            return "rooms.py has no room for one of them"
        if there > here:
            return "%s lies above %s" % (other_room or "the top", room or "the top")
        if there == here and room != other_room:
            return "%s and %s stand beside each other" % (room, other_room)
        return None

    def circles(self):
        """A sentence for each circle of units: a .c and a .h of one name are one unit."""
        units = {}
        for path, included in self.files.items():
            unit = os.path.splitext(path)[0]
            others = units.setdefault(unit, set())
            others.update(os.path.splitext(other)[0] for other in included if other)
            others.discard(unit)
        for circle in strong_components(units):
            if place_of(circle[0])[0] in rooms.WITHOUT_CIRCLES:
                yield "a circle of includes: " + ", ".join(circle)


def strong_components(graph):
    """The strongly connected components of two members and more (Tarjan), sorted."""
    index, low, stack, found = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in sorted(graph.get(node, ())):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            component = stack[stack.index(node):]
            del stack[stack.index(node):]
            if len(component) > 1:
                found.append(sorted(component))

    for node in sorted(graph):
        if node not in index:
            visit(node)
    return sorted(found)


def main():
    house = House(*sys.argv[1:2])
    findings = list(house.upward()) + list(house.circles())
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
