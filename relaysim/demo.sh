#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# From a fresh checkout to decoded packets: installs what is missing, builds, lets
# relaysim talk SSTP with itself on loopback sockets, and prints the capture of it as
# tshark decodes it with the plugin.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
# shellcheck source=tests/lib/prepare.sh
. "$root/tests/lib/prepare.sh"

build=$root/build/release
capture=$root/build/demo.pcapng

# shellcheck disable=SC2086  # a list of words
install_packages $build_packages
say "Building in $build"
logged configure cmake -G Ninja -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Release \
    -DGRVSSTP_PLUGIN=ON -DGRVSSTP_RELAYSIM=ON
logged build cmake --build "$build" --parallel "$jobs" --target grvsstp grvsstp-analyze relaysim relaysimdump

"$build/relaysim/relaysim" demo -w "$capture"

# tshark reads no preferences of the user's here, so that everybody sees the same.
# Started by root, it ignores plugin variables; then it runs as nobody, who may not be
# able to read the checkout and gets copies.
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
trap 'exit 130' HUP INT TERM
mkdir "$stage/home"
plugins=$build/plugins
readable=$capture
as_nobody=
if [ "$(id -u)" -eq 0 ]; then
    cp -R "$plugins" "$stage/plugins"
    cp "$capture" "$stage/demo.pcapng"
    plugins=$stage/plugins
    readable=$stage/demo.pcapng
    chmod -R u=rwX,go= "$stage"
    chown -R nobody:nogroup "$stage"
    as_nobody="setpriv --reuid=nobody --regid=nogroup --clear-groups"
fi

run_tshark()
{
    # shellcheck disable=SC2086  # a list of words
    (cd "$stage/home" && $as_nobody env HOME="$stage/home" XDG_CONFIG_HOME="$stage/home" \
        WIRESHARK_PLUGIN_DIR="$plugins" tshark "$@")
}

# Prints the first command of a kind in full, without the layers below it.
print_command()
{
    run_tshark -2 -r "$readable" -Y "sstp.command == \"$1\"" -O grvsstp >"$stage/tree"
    awk -v name=", $1 " '
        /^[^ ]/ { shown = !found && /^Groove/ && index($0, name); found = found || shown }
        /^$/    { shown = 0 }
        shown' "$stage/tree" >"$stage/command"
    [ -s "$stage/command" ] || fail "tshark shows no $1 in $capture"
    cat "$stage/command"
}

run_tshark -G protocols >"$stage/protocols"
cut -f 3 "$stage/protocols" | grep -qx grvsstp ||
    fail "tshark did not load the plugin below $plugins"

echo "All frames with SSTP:"
echo
run_tshark -r "$readable" -Y grvsstp
echo
echo "A Message in full:"
echo
print_command Message
echo
echo "A FanoutOpen in full:"
echo
print_command FanoutOpen

wireshark=$(pkg-config --modversion wireshark)
plugin=${wireshark%.*}/epan/grvsstp.so
cat <<END

Capture: $capture
Plugin:  $build/plugins/$plugin

END
if [ "$(id -u)" -eq 0 ]; then
    cat <<END
Wireshark started by root loads plugins from its system folder alone.  To install ours
there (and relaysim in /usr/local), and to look at the capture:
    cmake --install '$build'
    wireshark '$capture'
END
else
    cat <<END
To look at it in Wireshark without installing anything:
    WIRESHARK_PLUGIN_DIR='$build/plugins' wireshark '$capture'
To install the plugin for yourself:
    install -D '$build/plugins/$plugin' ~/.local/lib/wireshark/plugins/$plugin
END
fi
