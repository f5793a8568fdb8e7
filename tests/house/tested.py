# SPDX-License-Identifier: GPL-2.0-or-later
"""Which test is whose: every file of the rooms that have no sockets has one of its name.

`relaysim/store/expiry.c` is tested by `tests/relaysim/store/test_expiry.c`, `analyzer/core/wire.c`
by `tests/core/test_wire.c`.  A part of a module, by its name, may be tested with the module:
`truth_event.c` by `test_truth.c`.  What else is tested through another says why in THROUGH.

    python3 tests/house/tested.py [FOLDER]     prints each file that has no test
"""
import os
import re
import sys

from house import TOP

# Rooms that have neither sockets nor threads nor Wireshark, or only in some of their files, and
# where their tests are.
PURE = {
    "analyzer/core": "tests/core",
    "analyzer/henc": "tests/henc",
    "analyzer/state": "tests/state",
    "analyzer/story": "tests/story",
    "analyzer/cli/base": "tests/cli",
    "analyzer/cli/capture": "tests/cli",
    "analyzer/cli/points": "tests/cli",
    "analyzer/cli/record": "tests/cli",
    "analyzer/cli/report": "tests/cli",
    "analyzer/cli/scenario": "tests/cli",
    "analyzer/cli/share": "tests/cli",
    "analyzer/cli/shrink": "tests/cli",
    "relaysim/base": "tests/relaysim/base",
    "relaysim/security": "tests/relaysim/security",
    "relaysim/endpoint": "tests/relaysim/endpoint",
    "relaysim/client": "tests/relaysim/client",
    "relaysim/store": "tests/relaysim/store",
    "relaysim/relay": "tests/relaysim/relay",
    "relaysim/carrier": "tests/relaysim/carrier",
    "relaysim/record": "tests/relaysim/record",
    "relaysim/simulated": "tests/relaysim/simulated",
    "relaysim/proxy": "tests/relaysim/proxy",
    "relaysim/scenario": "tests/relaysim/scenario",
    "relaysim/play": "tests/relaysim/play",
}

# (why, the test that goes through them, the files)
THROUGH = [
    ("commands go in and come out by endpoint/endpoint.h alone, which is one machine",
     "tests/relaysim/endpoint/test_connection.c", ["relaysim/endpoint/end.c"]),
    ("likewise", "tests/relaysim/endpoint/test_session.c", ["relaysim/endpoint/open.c"]),
    ("likewise", "tests/relaysim/endpoint/test_message.c",
     ["relaysim/endpoint/acknowledge.c", "relaysim/endpoint/send.c"]),
    ("likewise", "tests/relaysim/endpoint/test_note.c", ["relaysim/endpoint/tell.c"]),
    ("likewise: the whole of it", "tests/relaysim/endpoint/test_hostile.c",
     ["relaysim/endpoint/endpoint.c"]),
    ("what a delivery owes and where it can go shows in what is delivered",
     "tests/relaysim/relay/test_deliver.c", ["relaysim/relay/delivery.c"]),
    ("it says lines and wakes sockets, for all others", "tests/relaysim/relay/test_refusal.c",
     ["relaysim/relay/connection.c"]),
    ("it opens files for people who name them", "tests/relaysim/program/scenarios.py",
     ["relaysim/scenario/load.c"]),
    ("it opens the two files, as the options say", "tests/relaysim/program/recording.py",
     ["relaysim/record/recording.c"]),
    ("its only user is the thread of a recording file",
     "tests/relaysim/record/test_recording_file.c", ["relaysim/record/recording_output.c"]),
    ("a table, whose rows are held against severities", "tests/henc/test_findings.c",
     ["analyzer/henc/henc_findings.c"]),
    ("a story is one machine: what captures hold goes in, what happened comes out",
     "tests/story/test_join.c",
     ["analyzer/story/connection.c", "analyzer/story/contents.c", "analyzer/story/holder.c",
      "analyzer/story/index.c",
      "analyzer/story/passage.c", "analyzer/story/session.c", "analyzer/story/tell.c",
      "analyzer/story/texts.c", "analyzer/story/told.c", "analyzer/story/way.c"]),
    ("how sure an outcome is is told with it", "tests/story/test_branch.c",
     ["analyzer/story/doubt.c"]),
    ("what the endpoint says is passed on as it is, after what a proxy is asked",
     "tests/relaysim/carrier/test_connect.c", ["relaysim/carrier/pass.c"]),
    ("a row of functions of pass.c", "tests/relaysim/carrier/test_carrier.c",
     ["relaysim/carrier/direct.c"]),
    ("it has Wireshark's reader in it, for files of all formats", "tests/cli/program/test_errors.py",
     ["analyzer/cli/capture/reader.c", "analyzer/cli/capture/source.c"]),
    ("likewise: packets as Wireshark has them, and what several files show of each other",
     "tests/cli/program/test_points.py",
     ["analyzer/cli/capture/keep.c", "analyzer/cli/points/survey.c",
      "analyzer/cli/points/survey_clocks.c"]),
    ("it keeps pipes of the process, and says what is wrong with them",
     "tests/cli/program/test_errors.py", ["analyzer/cli/capture/spool.c"]),
    ("it hands on what a story tells, and that takes a capture", "tests/cli/program/test_journeys.py",
     ["analyzer/cli/record/journeys.c", "analyzer/cli/record/recipients.c"]),
    ("what processes have left is held against what one process says",
     "tests/cli/program/test_shares.py", ["analyzer/cli/share/merge.c", "analyzer/cli/share/open.c"]),
    ("it has a dissection made, by Wireshark in a process of its own, and looks at what it says",
     "tests/cli/program/test_shrink.py",
     ["analyzer/cli/shrink/candidates.c", "analyzer/cli/shrink/child.c",
      "analyzer/cli/shrink/explain.c", "analyzer/cli/shrink/trial.c"]),
    ("it is a visit's sockets", "tests/relaysim/program/own_proxy.py", ["relaysim/proxy/server.c"]),
    ("it moves sockets: every scenario is played, over every carrier",
     "tests/relaysim/program/carried.py",
     ["relaysim/play/act.c", "relaysim/play/cast.c", "relaysim/play/cast_proxy.c",
      "relaysim/play/cast_puppet.c", "relaysim/play/puppet.c",
      "relaysim/play/play.c", "relaysim/play/stage.c", "relaysim/play/station.c"]),
    ("heads and lines of HTTP, for the carriers that have them",
     "tests/relaysim/carrier/test_polling_client.c",
     ["relaysim/carrier/http_client.c", "relaysim/carrier/http_head.c",
      "relaysim/carrier/http_line.c", "relaysim/carrier/http_server.c",
      "relaysim/carrier/http_services.c"]),
]


def names_in(top, folder, pattern):
    """What the files of a folder are called, by a pattern with one group."""
    path = os.path.join(top, folder)
    names = sorted(os.listdir(path)) if os.path.isdir(path) else []
    return [match.group(1) for match in map(re.compile(pattern).fullmatch, names) if match]


def is_tested(name, tests):
    """By a test of its name, or, for a part of a module, by the module's."""
    while name not in tests and "_" in name:
        name = name.rpartition("_")[0]
    return name in tests


def registered(top, folder):
    """The words of the list that CMake makes the tests of a folder from."""
    words = set()
    while folder:
        path = os.path.join(top, folder, "CMakeLists.txt")
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                words |= set(re.findall(r"\w+", file.read()))
        folder = os.path.dirname(folder)
    return words


def missing(top=TOP, through=None):
    """A sentence for each file without a test, and for each row that is no use."""
    rows = {path: test for _, test, paths in through or THROUGH for path in paths}
    for room, folder in PURE.items():
        tests = set(names_in(top, folder, r"test_(\w+)\.c"))
        for name in sorted(tests - registered(top, folder)):
            yield "%s/test_%s.c is not run: no CMakeLists.txt names it" % (folder, name)
        for name in names_in(top, room, r"(\w+)\.c"):
            path = "%s/%s.c" % (room, name)
            test = rows.pop(path, None)
            if is_tested(name, tests):
                if test:
                    yield "%s has a test of its name: its row in THROUGH can go" % path
            elif test is None:
                yield "%s has no test: write %s/test_%s.c, or say in THROUGH of " \
                    "tests/house/tested.py which test goes through it, and why" % (path, folder, name)
            elif not os.path.exists(os.path.join(top, test)):
                yield "%s is said to be tested by %s, which there is not" % (path, test)
    for path in sorted(rows):
        yield "%s is no file of a room in PURE: its row in THROUGH can go" % path


def main():
    findings = list(missing(*sys.argv[1:2]))
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
