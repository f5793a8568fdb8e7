# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# prepare: what relaysim/demo.sh and tests/run.sh begin with: packages, configuring,
# building.  To be sourced by a script that has set $root to the top folder of the
# checkout:
#
#     install_packages $build_packages
#     logged configure cmake -G Ninja -S "$root" -B "$root/build/release"
#
# Progress goes to stderr.  What apt, cmake and ninja say goes to build/log, and is
# shown where one of them fails.
# shellcheck disable=SC2034  # the variables are for the scripts that source this

: "${root:?}"

# To build everything, and to look at a capture.
build_packages="cmake gcc libc6-dev libglib2.0-dev libhttp-parser-dev libjemalloc-dev
    libjson-glib-dev libntlm0-dev libsqlite3-dev libuv1-dev nettle-dev ninja-build pkg-config python3 tshark wireshark-dev"
# To run the tests besides.  The sanitizers come with gcc.
test_packages="chromium-headless-shell clickhouse-client fonts-dejavu-core microsocks python3-jsonschema tinyproxy-bin valgrind wireshark-common"
# Likewise, but what would run from then on once it is installed: it is unpacked, and its
# libraries with it.
unpacked_packages="clickhouse-server dante-server libecap3 libltdl7 libmnl0 libnetfilter-conntrack3
    libnfnetlink0 libnsl2 libpopt0 libtirpc3 libwrap0 squid squid-common squid-langpack
    libldb2 libtalloc2 libtdb1 libtevent0 libwbclient0 samba-libs winbind"

jobs=$(nproc 2>/dev/null) || jobs=2

say()
{
    printf '%s\n' "$*" >&2
}

fail()
{
    say "$(basename "$0"): $*"
    exit 1
}

# logged NAME COMMAND...: runs a command whose output only matters if it fails.
logged()
{
    log=$root/build/log/$1.log
    shift
    mkdir -p "$root/build/log"
    if ! "$@" >"$log" 2>&1 </dev/null; then
        tail -n 80 "$log" >&2
        fail "'$1' failed; all that it said is in $log"
    fi
}

# install_packages PACKAGE...: installs those that are missing.
install_packages()
{
    if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
        say "No apt-get here.  These Debian packages, or what they are called here, are needed:"
        say " " "$@"
        return
    fi
    missing=
    for package in "$@"; do
        dpkg-query -W -f='${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed ||
            missing="$missing $package"
    done
    [ -n "$missing" ] || return 0

    as_root=
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null ||
            fail "packages are missing, and here is neither root nor sudo to install them;" \
                "run as root: apt-get install --no-install-recommends$missing"
        as_root=sudo # asks for a password on the terminal, whatever stdin and stderr are
    fi
    say "Installing with apt-get:$missing"
    logged apt-update $as_root apt-get -q -o DPkg::Lock::Timeout=300 update
    # shellcheck disable=SC2086  # both are lists of words
    logged apt-install $as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -q -o DPkg::Lock::Timeout=300 install -y --no-install-recommends $missing
}

# unpack_packages PACKAGE...: into build/unpacked, those that are not there yet.
unpack_packages()
{
    unpacked=$root/build/unpacked
    command -v dpkg-deb >/dev/null && command -v apt-get >/dev/null || return 0
    mkdir -p "$unpacked/.packages"
    for package in "$@"; do
        [ ! -e "$unpacked/.packages/$package" ] || continue
        (
            cd "$unpacked/.packages"
            logged "unpack-$package" apt-get -q download "$package"
            dpkg-deb -x "$package"_*.deb "$unpacked"
            rm "$package"_*.deb
            : >"$package"
        )
    done
}
