#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds the plugin against the Wireshark of another Debian and runs the dissection
# and encapsulation tests there:
#
#     tests/versions/run.sh trixie|sid [FOLDER]
#
# FOLDER holds the root file systems that debootstrap makes (default: build/roots);
# a root that is there already is used again.  Wants to be root, for debootstrap and
# chroot.  The checkout is copied, nothing is written to it.
set -eu

suite=${1:-}
case $suite in
trixie | sid) ;;
*)
    echo "usage: $0 trixie|sid [FOLDER]" >&2
    exit 2
    ;;
esac
source=$(cd "$(dirname "$0")/../.." && pwd)
folder=${2:-$source/build/roots}
# shellcheck source=tests/lib/debian.sh
. "$source/tests/lib/debian.sh"
root=$folder/$suite
packages="cmake ninja-build gcc libc6-dev pkg-config python3 util-linux tshark wireshark-dev
    libwireshark-dev libwiretap-dev libwsutil-dev libglib2.0-dev libhttp-parser-dev nettle-dev"

if [ "$(id -u)" -ne 0 ]; then
    echo "$0: debootstrap and chroot need root" >&2
    exit 2
fi

if [ ! -e "$root/etc/debian_version" ]; then
    mkdir -p "$folder"
    debian_make "$suite" "$root" "$root.log" || {
        echo "$0: debootstrap failed; see $root.log" >&2
        exit 1
    }
fi
# shellcheck disable=SC2086 # a list of words
if ! chroot "$root" dpkg-query -W $packages >/dev/null 2>&1; then
    debian_update "$root"
    chroot "$root" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y --no-install-recommends $packages
fi

# The checkout as it stands, uncommitted changes included.  The files become new (-m):
# by their own times ninja could take an object of another checkout for theirs.
mkdir -p "$root/grvsstp/checkout"
find "$root/grvsstp/checkout" -mindepth 1 -maxdepth 1 -exec rm -rf {} +
tar -C "$source" -c -h --exclude=./.git --exclude=./build --exclude=__pycache__ . |
    tar -C "$root/grvsstp/checkout" -x -m --no-same-owner

chroot "$root" /bin/sh -eu <<'INSIDE'
tshark --version 2>/dev/null | head -n 1
cmake -G Ninja -S /grvsstp/checkout -B /grvsstp/build -DCMAKE_BUILD_TYPE=Release \
    -DGRVSSTP_RELAYSIM=OFF
cmake --build /grvsstp/build --target grvsstp
cd /grvsstp/build
ctest -L 'dissect|encapsulation|conversation|statistics' --output-on-failure
INSIDE
