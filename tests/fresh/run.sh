#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Does what a newcomer does: takes a Debian 12 with nothing but git, clones this
# repository into it and runs the two commands of the README there, twice each.  In between it
# goes on in the README: a report, installing for everybody, and removing that again.
set -eu

usage()
{
    cat <<END
usage: $0 [--worktree] [--root FOLDER] [--keep] [--demo] [root|user]

  root        as root, with the clone in /root, which nobody else may enter (default)
  user        as a plain user with sudo, with the clone in a home folder
  --worktree  the files as they stand here, not the last commit
  --root      where a pristine Debian is made, once (default: build/roots/bookworm-fresh);
              each try has a copy of it, FOLDER.root or FOLDER.user
  --keep      leaves that copy after
  --demo      the first of the two commands alone, and what README.md goes on with

Needs root, git, debootstrap and unshare.  Exit code: 0 if both commands did their job
both times and nothing but the build folder changed, 1 if not.
END
}

fail()
{
    echo "FAILED: $*"
    exit 1
}

# In namespaces of its own, every mount and every process ends with this script.
if [ "$(id -u)" -eq 0 ] && [ -z "${GRVSSTP_FRESH_NAMESPACE:-}" ]; then
    export GRVSSTP_FRESH_NAMESPACE=yes
    exec unshare --mount --pid --fork --kill-child --propagation private sh "$0" "$@"
fi

checkout=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
# shellcheck source=tests/lib/debian.sh
. "$checkout/tests/lib/debian.sh"
pristine=$checkout/build/roots/bookworm-fresh
from_worktree=false
keep=false
demo_alone=false
who=root
while [ $# -gt 0 ]; do
    case $1 in
    --worktree) from_worktree=true ;;
    --root)
        [ $# -gt 1 ] || { usage >&2; exit 2; }
        pristine=$2
        shift
        ;;
    --root=*) pristine=${1#*=} ;;
    --keep) keep=true ;;
    --demo) demo_alone=true ;;
    root | user) who=$1 ;;
    --help)
        usage
        exit 0
        ;;
    *)
        usage >&2
        exit 2
        ;;
    esac
    shift
done
[ "$(id -u)" -eq 0 ] || fail "only root can make and enter a root folder"

# ---------------------------------------------------------------------------
# The system

if [ ! -f "$pristine.done" ]; then
    echo "Making $pristine"
    rm -rf "$pristine"
    mkdir -p "$(dirname "$pristine")" # for the log
    debian_make bookworm "$pristine" "$pristine.log" --include=git ||
        fail "debootstrap; see $pristine.log"
    debian_update "$pristine" || fail "apt-get update"
    touch "$pristine.done"
fi

system=$pristine.$who
log=$system.log
finish()
{
    status=$?
    umount -l "$system/dev/shm" "$system/dev/pts" "$system/proc" 2>/dev/null || true
    $keep || rm -rf --one-file-system "$system"
    exit "$status"
}
trap finish EXIT
trap 'exit 130' HUP INT TERM
rm -rf --one-file-system "$system"
cp -a "$pristine" "$system"
echo "127.0.0.1 localhost $(uname -n)" >"$system/etc/hosts"
mount -t proc proc "$system/proc"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$system/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$system/dev/shm" # which squid shares memory in

# ---------------------------------------------------------------------------
# The newcomer and the clone

# enter USER SCRIPT: runs a line of shell as a fresh login of that user would.
enter()
{
    chroot "$system" env -i TERM=dumb su -l "$1" -c "$2" </dev/null
}

if [ "$who" = user ]; then
    login=tester
    home=/home/tester
    chroot "$system" useradd -m -s /bin/sh tester
else
    login=root
    home=/root
fi
chmod 700 "$system$home"
clone=$home/grvsstp
if $from_worktree; then
    mkdir "$system$clone"
    tar -C "$checkout" --exclude=./build -cf - . | tar -C "$system$clone" --no-same-owner -xf -
    chroot "$system" chown -R "$login:" "$clone"
else
    git -C "$checkout" bundle create -q "$system/var/tmp/grvsstp.bundle" HEAD
    enter "$login" "git clone -q /var/tmp/grvsstp.bundle $clone" ||
        fail "git clone"
    rm -f "$system/var/tmp/grvsstp.bundle"
fi

# All that is not system, the build folder left aside.
snapshot()
{
    (
        cd "$system"
        find root home tmp var/tmp \( -path ".$clone/build" -o -path "${clone#/}/build" \
            -o -path "${clone#/}/.git" \) -prune -o -type f -print0 | sort -z | xargs -0 sha256sum
        find root home tmp var/tmp \( -path "${clone#/}/build" -o -path "${clone#/}/.git" \) \
            -prune -o -printf '%y %m %u %p\n' | sort
    )
    enter "$login" "cd $clone && git status --porcelain"
}

# ---------------------------------------------------------------------------
# The two commands

failures=0
complain()
{
    echo "FAILED: $*; see $log"
    failures=$((failures + 1))
}

# try NAME COMMAND PATTERN: the command succeeds, a line of it matches, and nothing but
# the build folder has changed.
try()
{
    echo "== $1: $2" >>"$log"
    begin=$(date +%s)
    enter "$login" "$2" >"$system.out" 2>>"$log" || complain "$1"
    echo "$1: $(($(date +%s) - begin)) s; its last line: $(tail -n 1 "$system.out")"
    cat "$system.out" >>"$log"
    grep -Eq "$3" "$system.out" || complain "$1 prints nothing that matches '$3'"
    snapshot >"$system.after"
    diff "$system.before" "$system.after" ||
        complain "$1 changed something else than its build folder"
}

: >"$log"
snapshot >"$system.before"
$from_worktree || [ -z "$(enter "$login" "cd $clone && git status --porcelain")" ] ||
    fail "the clone is not clean"

if [ "$who" = user ]; then
    if enter tester "sh $clone/relaysim/demo.sh" >>"$log" 2>&1; then
        fail "the demo claims to work without the packages and without sudo"
    fi
    grep -q 'neither root nor sudo' "$log" || fail "no clear sentence without sudo; see $log"
    echo "without sudo: $(tail -n 1 "$log")"
    chroot "$system" sh -c 'apt-get -q update && DEBIAN_FRONTEND=noninteractive \
        apt-get -q install -y --no-install-recommends sudo' >>"$log" 2>&1 || fail "installing sudo"
    echo 'tester ALL=(ALL) NOPASSWD: ALL' >"$system/etc/sudoers.d/tester"
    snapshot >"$system.before"
fi

try "demo, first time" "cd $clone && sh relaysim/demo.sh" 'FanoutDeviceEntry'
try "demo, again, from elsewhere" "cd / && sh $clone/relaysim/demo.sh" 'FanoutDeviceEntry'

# told PATTERN: the one command of README.md that matches, as this user types it: root has no sudo.
told()
{
    said=$(sed -n "s/^    \($1\)\$/\1/p" "$checkout/README.md")
    [ "$(printf '%s\n' "$said" | grep -c .)" -eq 1 ] || fail "README.md has not one command $1"
    [ "$who" = user ] || said=${said#sudo }
    printf '%s\n' "$said"
}
try "a report" "cd $clone && $(told 'build.*grvsstp-analyze .*')" '^Not delivered$'
try "installing" "cd $clone && $(told 'sudo cmake --install .*')" 'bin/relaysim$'
try "what is installed" "grvsstp-analyze --version && relaysim --version &&
    tshark -G plugins | grep grvsstp && tshark -D | grep relaysim" 'SSTP demo traffic'
try "removing it" "cd $clone && $(told 'sudo xargs .*') && ! command -v relaysim &&
    ! tshark -G plugins | grep grvsstp && echo nothing left" '^nothing left$'
if $demo_alone; then
    [ "$failures" -eq 0 ] || exit 1
    echo "Passed as $who, without the tests."
    exit 0
fi

try "tests, first time" "cd $clone && sh tests/run.sh" '^[1-9][0-9]* passed, 0 failed$'
try "tests, again, from elsewhere" "cd / && sh $clone/tests/run.sh" \
    '^[1-9][0-9]* passed, 0 failed$'
[ -f "$system$clone/build/demo.pcapng" ] || complain "no demo capture"
[ "$failures" -eq 0 ] || exit 1
echo "Passed as $who."
