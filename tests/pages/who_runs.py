# SPDX-License-Identifier: GPL-2.0-or-later
"""Who runs the commands of the pages.

HERE are those that test_commands.py runs, in a folder with a copy of what is built and of the samples:
a pattern for the command, and one for what it prints.  ELSEWHERE are those that another file runs, with
words of it that say so; a row with a pattern more is for those pages alone.  TARGETS take minutes or
hours; of these the build has to know the name, and a test of the default run has a part of the same.
"""

HERE = (
    (r"install -D \S+ \S+", None),  # by a test of its own, as all with None
    (r"sudo xargs .* rm < \S+", None),
    (r"WIRESHARK_PLUGIN_DIR=\S+ wireshark \S+", r"ConnectResponse Ok"),
    (r"tshark -G plugins \| grep grvsstp", r"grvsstp\.so"),
    (r"tshark (-2 )?-r \S+ -Y grvsstp -T fields .*", r"(?m)^\d+\tConnect 1\.6 to "),
    (r"tshark -C \"Groove SSTP\" .*", r"ConnectResponse Ok"),
    (r"wireshark -C \"Groove SSTP\"", r"ConnectResponse Ok"),
    (r"tshark -D", r"SSTP demo traffic \(relaysim\)"),
    (r"relaysim demo -w - \| tshark -r -", r"GRVHENC"),
    (r"\S+relaysim demo -w \S+", r"(?m)^ 1  device to device.*done$"),
    (r"\S+relaysim scenario --list", r"(?m)^4\.3\.1-two-sessions "),
    (r"tshark -r FILE -o 'gui\.column\.format:.*", r"Message.*0x00000021"),
    (r"grvsstp-analyze capture\.pcapng", r"Not delivered"),
    (r"grvsstp-analyze --table messages --format csv ring_\*\.pcapng > \S+", r"\A\Z"),
    (r"grvsstp-analyze --undelivered client\.pcapng relay\.pcapng", r"(?i)delivered"),
    (r"grvsstp-analyze --format html --output report\.html ring_\*\.pcapng", r"\A\Z"),
    (r"tshark -q -z grvsstp,selfcheck -r samples/\S+",  # each row: told, shown and alike as often
     r"\A(?:(?!.*\d \|).*\n|.*\|.*\|.* (\d+) \| +\1 \| +\1 \| +0 \| +0 \| +0 \|.*\n)+\Z"),
    (r"grvsstp-analyze --format html samples/demo\.pcapng", r"31 of 39 copies were delivered"),
    (r"grvsstp-analyze --fail-on warning capture\.pcapng", r"version_unsupported"),
    (r"grvsstp-analyze --shrink ack_excess:2 .*", None),
    (r"grvsstp-analyze --scenario \d .*--output story\.scn .*", r"\A\Z"),
    (r"relaysim scenario story\.scn -w story\.pcapng", r"(?m)^story\.scn +done$"),
    (r"relaysim scenario (findings|everyday)/[a-z_-]+ --simulated -w \S+", r"(?m) done$"),
    (r"relaysim scenario 4\.2\.\S+ (--simulated|--via) .*", r"(?m) done$"),
    (r"tcpdump -w - port 2492 \| grvsstp-analyze -", r"Not delivered"),
)

ELSEWHERE = (
    (r"sh relaysim/demo\.sh", "tests/fresh/run.sh", "sh relaysim/demo.sh"),
    (r"sh tests/run\.sh", ".ci/run", "tests/run.sh"),
    (r"sudo apt-get build-dep .*", "tests/packages/run.sh", "dpkg-buildpackage"),
    (r"DEB_BUILD_OPTIONS=nocheck", "tests/packages/run.sh", "build elsewhere/and/deeper nocheck"),
    (r"sudo apt-get install \.\./.*", "tests/packages/run.sh", "As README.md says"),
    (r"sudo cmake --install build/release", "tests/pages/test_commands.py", '"--install", BUILD_DIR'),
    (r"man (-l relaysim/man/)?(grvsstp(-analyze)?|relaysim(-scenario|dump)?)(\.5)?",
     "debian/tests/open-sample", "for page in grvsstp grvsstp-analyze relaysim relaysim-scenario relaysimdump"),
    (r"(build/release/analyzer/cli/)?grvsstp-analyze .*", "tests/cli/program/test_readme.py",
     "analyzer/cli/README.md", r"(analyzer/cli/)?README\.md"),
    (r"grvsstp-analyze --share ./2 .*|cat analyzer/sql/.*|(INTO=|CLICKHOUSE_CLIENT=|clickhouse-client).*",
     "tests/cli/program/test_sql.py", "The commands of analyzer/sql/README.md"),
    (r"npm install .*|node analyzer/sql/.*", "tests/cli/program/sql_engines.py",
     'PAGE = "analyzer/sql/README.md"'),
    (r"(seq 5 \| )?relaysim (demo|scenario|relay|client|bench) .*",
     "tests/relaysim/program/man_examples.py", "Runs what stands under EXAMPLES in relaysim(1)",
     r"relaysim/man/relaysim\.1"),
    (r"tshark -i sstp-relaysim .*", "tests/relaysim/program/extcap.py", "extcap.sstp_relaysim.scenario"),
    (r"relaysim scenario FILE\.scn -w FILE\.pcapng", "tests/relaysim/program/scenario_command.py", ".scn"),
    (r"relaysim scenario everyday/NAME --simulated -w FILE\.pcapng", "tests/relaysim/program/everyday.py",
     '"--simulated"'),
    (r"python3 tests/house/house\.py", "tests/house/test_house.py", "house"),
    (r"python3 tests/plugin/dissect/test_commands\.py --update",
     "tests/plugin/dissect/test_commands.py", "--update"),
    (r"ctest .*-L (unit|house)|ctest --test-dir build/dev|ctest -R fields_page",
     "tests/run.sh", "ctest --test-dir"),
    (r"cmake (--build )?--preset (dev|fuzz|coverage).*|mkdir new .*|export (G_SLICE|ASAN_OPTIONS)=.*|"
     r"build/fuzz/.*|GRVSSTP_FUZZ_TRACE=1|tests/fuzz/coverage\.sh build/coverage",
     "tests/pages/by_hand.py", "Types what CONTRIBUTING.md says"),
    (r"ctest -R benchmark\.((relay_)?instructions|memory)|python3 tests/benchmark/(test_)?(relay_)?instructions\.py.*",
     "tests/benchmark/CMakeLists.txt", "instructions.py"),
    (r"tshark -2 -Y FILTER -w FILE", "tests/plugin/dissect/test_saved.py", '"-w"'),
    (r"python3 tests/pages/by_hand\.py", "tests/pages/by_hand.py", "Usage: by_hand.py"),
    (r"sh tests/(builds|packages|foreign|versions)/run\.sh.*|tests/(fresh|versions)/run\.sh \w+",
     "CONTRIBUTING.md", "as root"),
    (r"apt-get install --no-install-recommends redis-server mosquitto|python3 tests/benchmark/relay\.py",
     "tests/pages/by_hand.py", r"tests/benchmark/relay\.py"),
    (r"python3 tests/benchmark/crowd\.py", "tests/pages/by_hand.py", r"tests/benchmark/crowd\.py"),
    (r"python3 tests/benchmark/backlog\.py", "tests/pages/by_hand.py", r"tests/benchmark/backlog\.py"),
    (r"python3 tests/benchmark/linear\.py", "tests/benchmark/CMakeLists.txt", "linear.py"),
    (r"tests/cli/program/test_stories\.py --seconds N", "tests/cli/CMakeLists.txt", "journeys stories"),
    (r"python3 tests/benchmark/benchmark\.py", "tests/plugin/dissect/test_benchmark.py", '"benchmark.py"'),
    (r"tests/relaysim/program/soak\.py RELAYSIM --seed N|cmake -DGRVSSTP_SOAK_SECONDS=N",
     "tests/relaysim/program/CMakeLists.txt", "soak.py"),
)

TARGETS = r"ninja (?:-C build/release )?([a-z_-]+(?: [a-z_-]+)?)"
