#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Whether the plugin leaves everything else alone: real conversations of some thirty protocols
# between programs of Debian, on loopback, moved to the ports that the plugin looks at, and shown
# with it and without; see foreign.py, whose arguments are ours.  As root.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
# shellcheck source=tests/lib/prepare.sh
. "$root/tests/lib/prepare.sh"

export PYTHONDONTWRITEBYTECODE=1
[ "$(id -u)" -eq 0 ] || fail "only root may capture"

# shellcheck disable=SC2046,SC2086  # lists of words
install_packages $build_packages $test_packages tcpdump \
    $(python3 "$root/tests/foreign/play.py" --packages)
logged configure-release cmake --preset release -S "$root" -B "$root/build/release"
logged build-release cmake --build "$root/build/release" --parallel "$jobs" --target grvsstp
exec python3 "$root/tests/foreign/foreign.py" "$@"
