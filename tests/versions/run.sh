#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds against the Wireshark of another Debian, warnings being errors, and runs there what has to
# do with Wireshark: the tests of the plugin, of grvsstp-analyze, of relaysim's interface and of what the
# plugin shows of its captures, of what the pages tell people to type and of what is installed, the
# sanitized drivers, and the window.
set -eu

usage()
{
    cat <<END
usage: $0 bookworm|trixie|sid [FOLDER [TESTS]]

  FOLDER  where the root folders are made (default: build/roots); those that are there already are
          used again.  FOLDER/SUITE-pictures are screenshots of the window then.
  TESTS   a regular expression: only the tests whose names match, \`window' among them

GRVSSTP_CCACHE may name a folder, writable for everybody, in which ccache keeps what was compiled.
Needs root, debootstrap and unshare.  The checkout is copied, nothing is written to it.
END
}

# In namespaces of its own, every mount and every process ends with this script.
if [ "$(id -u)" -eq 0 ] && [ -z "${GRVSSTP_VERSIONS_NAMESPACE:-}" ]; then
    export GRVSSTP_VERSIONS_NAMESPACE=yes
    exec unshare --mount --pid --fork --kill-child --propagation private sh "$0" "$@"
fi

checkout=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
root=$checkout
# shellcheck source=tests/lib/prepare.sh
. "$checkout/tests/lib/prepare.sh"
# shellcheck source=tests/lib/debian.sh
. "$checkout/tests/lib/debian.sh"
suite=${1:-}
folder=${2:-$checkout/build/roots}
chosen=${3:-.}
case $suite in
bookworm | trixie | sid) ;;
--help)
    usage
    exit 0
    ;;
*)
    usage >&2
    exit 2
    ;;
esac
[ "$(id -u)" -eq 0 ] || fail "only root can make and enter a root folder"

root=$folder/$suite-versions
log=$root.log
pictures=$folder/$suite-pictures
packages="$build_packages chromium-headless-shell fonts-dejavu-core microsocks
    python3-jsonschema tinyproxy-bin
    wireshark wireshark-common util-linux"
# ClickHouse is in Debian 12 alone; how long something takes says nothing here, and random.runs is
# without Wireshark.
left_out='^analyze\.sql$|^dissect\.benchmark$|^random\.runs$'
mkdir -p "$folder"
: >"$log"

debian_plain "$suite" "$folder" || fail "making $folder/$suite-plain; see the log beside it"
if [ ! -f "$root.done" ]; then
    echo "Making $root"
    rm -rf --one-file-system "$root"
    cp -a "$folder/$suite-plain" "$root"
    debian_inside "$root" useradd -m tester
    touch "$root.done"
fi
debian_enter "$root"
packages="$packages $debian_window_packages ${GRVSSTP_CCACHE:+ccache}"
# shellcheck disable=SC2086  # a list of words
debian_inside "$root" dpkg-query -W $packages >/dev/null 2>&1 ||
    debian_inside "$root" apt-get -q install -y --no-install-recommends $packages >>"$log" 2>&1 ||
    fail "apt-get install; see $log"
launcher=
if [ -n "${GRVSSTP_CCACHE:-}" ]; then
    mkdir -p "$root/ccache"
    mount --bind "$GRVSSTP_CCACHE" "$root/ccache"
    launcher=-DCMAKE_C_COMPILER_LAUNCHER=ccache
fi

# tester COMMAND...: as an ordinary user in the checkout.
tester()
{
    debian_inside_as tester "$root" env -C /home/tester/grvsstp CCACHE_DIR=/ccache \
        PYTHONDONTWRITEBYTECODE=1 "$@"
}

# The checkout as it stands, uncommitted changes included.  The files become new (-m):
# by their own times ninja could take an object of another checkout for theirs.
mkdir -p "$root/home/tester/grvsstp"
find "$root/home/tester/grvsstp" -mindepth 1 -maxdepth 1 ! -name build -exec rm -rf {} +
tar -C "$checkout" -c -h --exclude=./.git --exclude=./build --exclude=__pycache__ . |
    tar -C "$root/home/tester/grvsstp" -x -m --no-same-owner
debian_inside "$root" chown -R tester: /home/tester
tester tshark --version 2>/dev/null | head -n 1

# ---------------------------------------------------------------------------

failures=0
# build PRESET TARGET...
build()
{
    preset=$1
    shift
    echo "Building, $preset"
    tester cmake --preset "$preset" $launcher >>"$log" 2>&1 || fail "cmake; see $log"
    tester ninja -C "build/$preset" -j "$jobs" "$@" >"$log.build" 2>&1 || {
        grep -A 20 -E 'FAILED|error' "$log.build" | head -n 60
        fail "ninja; see $log.build"
    }
}

# run CTEST CHOICE...
run()
{
    tester "$@" --output-on-failure --no-tests=ignore --parallel "$jobs" -E "$left_out" ||
        failures=$((failures + 1))
}

# choose NAMES: a regular expression of those that were asked for, too.
choose()
{
    tester ctest --test-dir build/release -N -R "$1" | sed -n 's/^ *Test *#[0-9]*: //p' |
        grep -E "$chosen" | sed 's/[.]/\\./g; s/.*/^&$/' | paste -sd '|'
}

# The rest is built and tested there by tests/packages/run.sh.
build release grvsstp grvsstp-analyze relaysim relaysimdump test_random_runs write_town clock_shim
run ctest --test-dir build/release -R "$chosen" \
    -L 'dissect|encapsulation|conversation|statistics|analyze|random|pages|packages'
# Those that hold captures of relaysim against what the plugin shows.
names=$(choose '^relaysim\.(answers|carried|demo|everyday|exchange|extcap|findings|journeys|over_http|over_http_polling|own_proxy|proxies|recording|scenarios|simulated|truth|worn)$')
[ -z "$names" ] || run ctest --test-dir build/release -R "$names"

build asan dissect_driver grvsstp-analyze relaysim write_town
run ctest --test-dir build/asan -R "$chosen" -L 'dissect|encapsulation|analyze'

if echo window | grep -qE "$chosen"; then
    mkdir -p "$pictures"
    tester python3 tests/plugin/window/test_window.py --pictures pictures ||
        failures=$((failures + 1))
    cp "$root"/home/tester/grvsstp/pictures/*.png "$pictures" 2>/dev/null || true
fi
[ "$failures" -eq 0 ] || fail "something does not work with this Wireshark"
echo "Passed on $suite; pictures of the window are in $pictures"
