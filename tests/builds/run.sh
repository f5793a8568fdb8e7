#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds in every way that somebody may: from a tarball without .git, as an ordinary user, in a
# folder whose name has blanks and letters that are not ASCII; all of it, without relaysim, without
# the plugin, for debugging.  Runs the short tests of each, and installs it.
set -eu

usage()
{
    cat <<END
usage: $0 [--worktree] [FOLDER [BUILD...]]

  FOLDER      where it is done (default: build/builds); it is made anew, and removed at the end
  BUILD       whole, no-relaysim, no-plugin, debug: these only
  --worktree  the files as they stand here, not the last commit

GRVSSTP_CCACHE may name a folder, writable for everybody, in which ccache keeps what was compiled.
END
}

checkout=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
is_worktree=false
case ${1:-} in
--worktree)
    is_worktree=true
    shift
    ;;
--help)
    usage
    exit 0
    ;;
-*)
    usage >&2
    exit 2
    ;;
esac
folder=${1:-$checkout/build/builds}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- whole no-relaysim no-plugin debug
jobs=$(nproc)

fail()
{
    echo "FAILED: $*" >&2
    exit 1
}

# Where nobody else writes, so that all of it can be removed.
[ ! -e "$folder" ] || fail "$folder is there already; name a folder that is not"
mkdir -p "$folder"
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' HUP INT TERM
source="$folder/Grüße, 世界 & co/grvsstp"
mkdir -p "$source" "$folder/home"
if $is_worktree; then
    tar -C "$checkout" --exclude=./build --exclude=./.git --exclude=__pycache__ -cf - .
else
    git -C "$checkout" archive --format=tar HEAD
fi | tar -C "$source" --no-same-owner -xf -

# ordinary COMMAND...: as an ordinary user, in the sources.
as_user=
if [ "$(id -u)" -eq 0 ]; then
    as_user="setpriv --reuid nobody --regid nogroup --clear-groups"
    chown -R nobody:nogroup "$folder"
fi
chmod -R u+w "$folder"
launcher=
[ -z "${GRVSSTP_CCACHE:-}" ] || launcher=-DCMAKE_C_COMPILER_LAUNCHER=ccache
ordinary()
{
    # shellcheck disable=SC2086  # words
    $as_user env -C "$source" HOME="$folder/home" CCACHE_DIR="${GRVSSTP_CCACHE:-}" \
        PYTHONDONTWRITEBYTECODE=1 "$@" </dev/null
}

# quietly COMMAND...: shows what it said only if it fails.
quietly()
{
    ordinary "$@" >"$folder/log" 2>&1 || {
        grep -A 20 -E 'FAILED|rror|failed' "$folder/log" | head -n 60
        fail "$name: $*"
    }
}

# build OPTIONS...: in build/NAME, which is of the tarball's name as well.
build()
{
    echo "$name: building"
    quietly cmake -G Ninja -B "build/$name" $launcher "$@"
    quietly cmake --build "build/$name" --parallel "$jobs"
}

# try TESTS: those that are short, and these besides.
try()
{
    quietly ctest --test-dir "build/$name" --output-on-failure --no-tests=error \
        --parallel "$jobs" -L 'unit|house|packages|oom'
    quietly ctest --test-dir "build/$name" --output-on-failure --no-tests=error -R "$1"
}

# installed FILE...: which an ordinary user installs, under a folder of its own, and no other
# program or plugin.
installed()
{
    quietly env DESTDIR="$folder/home/$name" cmake --install "build/$name" --prefix /usr
    (cd "$folder/home/$name" && find . -type f \( -perm -u+x -o -name '*.so' \) ! -name '*.sh' |
        sed 's,.*/,,' | sort | paste -sd ' ') >"$folder/found"
    [ "$(cat "$folder/found")" = "$*" ] ||
        fail "$name installs $(cat "$folder/found"), and not $*"
    for program in "$folder/home/$name"/usr/bin/*; do
        [ ! -x "$program" ] || quietly "$program" --version
    done
}

for name in "$@"; do
    case $name in
    whole)
        build
        try '^(dissect\.samples|analyze\.errors|relaysim\.demo)$'
        installed grvsstp-analyze grvsstp.so relaysim relaysimdump
        ;;
    no-relaysim)
        build -DGRVSSTP_RELAYSIM=OFF
        try '^(dissect\.samples|analyze\.errors)$'
        installed grvsstp-analyze grvsstp.so
        ;;
    no-plugin)
        build -DGRVSSTP_PLUGIN=OFF
        try '^relaysim\.demo$'
        installed relaysim relaysimdump
        ;;
    debug)
        build -DCMAKE_BUILD_TYPE=Debug -DGRVSSTP_TESTS=OFF
        installed grvsstp-analyze grvsstp.so relaysim relaysimdump
        ;;
    *) fail "there is no build $name; see --help" ;;
    esac
    echo "$name: passed"
done
echo "Passed: $*"
