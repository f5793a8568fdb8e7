#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds the Debian packages in a fresh Debian without a network and tries them in another: twice the
# same bytes, nothing that lintian warns of, installed, used by an ordinary user, upgraded, removed
# and purged with nothing left, and autopkgtest as Debian runs it.
set -eu

usage()
{
    cat <<END
usage: $0 [--no-tests] bookworm|trixie|sid [FOLDER]

  FOLDER      where the root folders are made (default: build/roots); those that are there
              already are used again
  --no-tests  builds without the tests of the packages, which CI has run

The packages are in FOLDER/SUITE-packages then, and what Wireshark's window showed with them in
FOLDER/SUITE-pictures.  Needs root, git, debootstrap and unshare.
END
}

fail()
{
    echo "FAILED: $*" >&2
    exit 1
}

# In namespaces of its own, every mount and every process ends with this script.
if [ "$(id -u)" -eq 0 ] && [ -z "${GRVSSTP_PACKAGES_NAMESPACE:-}" ]; then
    export GRVSSTP_PACKAGES_NAMESPACE=yes
    exec unshare --mount --pid --fork --kill-child --propagation private sh "$0" "$@"
fi

checkout=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
# shellcheck source=tests/lib/debian.sh
. "$checkout/tests/lib/debian.sh"
options=
case ${1:-} in
--no-tests)
    options=nocheck
    shift
    ;;
esac
suite=${1:-}
folder=${2:-$checkout/build/roots}
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

plain=$folder/$suite-plain      # a Debian as it comes
builder=$folder/$suite-builder  # with all that a build needs
user=$folder/$suite-user        # where they are installed
packages=$folder/$suite-packages
pictures=$folder/$suite-pictures
source=$folder/$suite-source.tar
log=$folder/$suite-packages.log
mkdir -p "$folder"
: >"$log"

finish()
{
    status=$?
    [ "$status" -eq 0 ] || tail -n 40 "$log" | cut -c 1-300 >&2
    exit "$status"
}
trap finish EXIT
trap 'exit 130' HUP INT TERM

install_packages()
{
    root=$1
    shift
    debian_inside "$root" apt-get -q install -y --no-install-recommends "$@" >>"$log" 2>&1 ||
        fail "apt-get install $*; see $log"
}

# ---------------------------------------------------------------------------
# Two Debians

debian_plain "$suite" "$folder" || fail "making $plain; see $plain.log"
if [ ! -f "$builder.done" ]; then
    echo "Making $builder"
    rm -rf --one-file-system "$builder"
    cp -a "$plain" "$builder"
    debian_enter "$builder"
    install_packages "$builder" dpkg-dev lintian
    debian_inside "$builder" useradd -m builder
    touch "$builder.done"
else
    debian_enter "$builder"
fi

# ---------------------------------------------------------------------------
# Twice the same

# The files as they stand here, also when somebody goes on with them.
tar -C "$checkout" --exclude=./build --exclude=./.git --exclude=__pycache__ -cf "$source" .

# build FOLDER OPTIONS: as an ordinary user, whom no network is there for.
build()
{
    top=/home/builder/$1
    rm -rf "$builder$top"
    mkdir -p "$builder$top/grvsstp"
    tar -C "$builder$top/grvsstp" --no-same-owner -xf "$source"
    debian_inside "$builder" chown -R builder: "/home/builder"
    debian_inside "$builder" env -C "$top/grvsstp" \
        apt-get -q build-dep -y --no-install-recommends ./ >>"$log" 2>&1 ||
        fail "apt-get build-dep; see $log"
    debian_inside "$builder" unshare --net \
        setpriv --reuid builder --regid builder --clear-groups env -C "$top/grvsstp" HOME=/home/builder \
        DEB_BUILD_OPTIONS="${2:+$2 }parallel=$(nproc)" dpkg-buildpackage -us -uc >>"$log" 2>&1 ||
        fail "dpkg-buildpackage; see $log"
}

echo "Building the packages"
build first "$options"
echo "Building them again, elsewhere"
build elsewhere/and/deeper nocheck
for file in "$builder"/home/builder/first/*.deb "$builder"/home/builder/first/*.dsc \
    "$builder"/home/builder/first/*.tar.*; do
    cmp "$file" "$builder/home/builder/elsewhere/and/deeper/$(basename "$file")" ||
        fail "$(basename "$file") is another one when it is built again"
done

echo "lintian"
debian_inside_as builder "$builder" \
    sh -c 'lintian --fail-on error,warning --info first/*.changes' >>"$log" 2>&1 ||
    fail "lintian; see $log"

echo "Comparing how they are compiled with what cmake --preset release does"
debian_inside_as builder "$builder" sh -ec '
    rm -rf preset
    cmake -S first/grvsstp --preset release -B preset
    python3 first/grvsstp/tests/packages/flags.py first/grvsstp/obj-* preset' >>"$log" 2>&1 ||
    fail "the packages are not compiled as elsewhere; see $log"

echo "Comparing them with what cmake --install makes"
debian_inside_as builder "$builder" sh -ec '
    rm -rf installed unpacked
    mkdir unpacked
    DESTDIR=/home/builder/installed cmake --install first/grvsstp/obj-*
    for package in wireshark-plugin-grvsstp grvsstp-analyze relaysim; do
        dpkg-deb -x first/"$package"_*.deb "unpacked/$package"
    done
    python3 first/grvsstp/tests/packages/compare.py installed unpacked/*' >>"$log" 2>&1 ||
    fail "the packages are not what cmake --install makes; see $log"

rm -rf "$packages"
mkdir -p "$packages"
cp "$builder"/home/builder/first/*.deb "$packages"

# ---------------------------------------------------------------------------
# A user

rm -rf --one-file-system "$user"
cp -a "$plain" "$user"
debian_enter "$user"
# shellcheck disable=SC2086  # a list of words
install_packages "$user" man-db tshark wireshark $debian_window_packages
mkdir -p "$user/packages/grvsstp"
cp "$packages"/*.deb "$user/packages"
tar -C "$user/packages/grvsstp" --no-same-owner -xf "$source"
cp "$checkout/debian/tests/open-sample" "$user/packages"

# All files with what is in them, and the packages that dpkg knows of; but for what apt and dpkg keep
# of what was done, and caches.
list_files()
{
    (
        cd "$user"
        set -- \( -path ./var/lib/dpkg -o -path ./var/lib/apt -o -path ./var/cache -o -path ./var/log \
            -o -path ./packages -o -path ./proc -o -path ./dev -o -path ./tmp -o -path ./home \
            -o -path ./etc/ld.so.cache \) -prune
        find . -xdev "$@" -o -printf '%y %m %u:%g %p %l\n' | sort
        find . -xdev "$@" -o -type f -print0 | sort -z | xargs -0 sha256sum
    )
    debian_inside "$user" dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n'
}

# What is the reader's own, but for the copy of our profile that Wireshark itself makes.
list_own()
{
    (cd "$user/home/reader" && find . -path '*/profiles/Groove SSTP' -prune -o -type f -print0 |
        sort -z | xargs -0 sha256sum)
}

# unchanged WHAT: neither the system nor what the reader has is another one than before.
unchanged()
{
    list_files | diff "$folder/$suite.before" - || fail "$1 leaves something"
    list_own | diff "$folder/$suite.own" - || fail "$1 changes what is the user's own"
}

debian_inside "$user" useradd -m reader
own=$user/home/reader/.config/wireshark
mkdir -p "$own/profiles/mine" "$own/profiles/Groove"
echo 'gui.column.format: "No.", "%m"' | tee "$own/preferences" "$own/profiles/Groove/preferences" \
    >"$own/profiles/mine/preferences"
debian_inside "$user" chown -R reader: /home/reader

# As README.md says, from the folder of the sources.  The packages are beside that, those of debugging
# symbols among them, and nobody wants these.
files=$(sed -n 's/^ *sudo apt-get install \(\.\.\/.*\)/\1/p' "$checkout/README.md")
[ -n "$files" ] || fail "README.md does not say how to install the packages"
ls "$packages"/*-dbgsym_*.deb >>"$log" 2>&1 || fail "there are no debugging symbols"
# install_ours OPTION
install_ours()
{
    debian_inside "$user" env -C /packages/grvsstp \
        sh -c "apt-get -q $1 install --no-install-recommends $files"
}

# What our packages depend on stays when they go; so it is there before.
others=$(install_ours -s |
    sed -n 's/^Inst \([^ ]*\) .*/\1/p' | grep -vxE 'wireshark-plugin-grvsstp|grvsstp-analyze|relaysim')
# shellcheck disable=SC2086  # a list of words
[ -z "$others" ] || install_packages "$user" $others
list_files >"$folder/$suite.before"
list_own >"$folder/$suite.own"

echo "Installing them: $files"
install_ours -y >>"$log" 2>&1 || fail "installing; see $log"
debian_inside "$user" dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' >"$folder/$suite.installed"
for package in wireshark-plugin-grvsstp grvsstp-analyze relaysim; do
    grep -qx "ii *$package" "$folder/$suite.installed" || fail "$package is not installed"
done
if grep -E 'dbgsym$' "$folder/$suite.installed"; then
    fail "debugging symbols are installed, too"
fi
# The plugin is loaded by the release of Wireshark that is here, and by none after it.
version=$(debian_inside "$user" tshark --version 2>/dev/null |
    sed -n '1s/^TShark (Wireshark) \([0-9]*[.][0-9]*\)[.].*/\1/p')
later=${version%.*}.$((${version#*.} + 1))
echo "The plugin is for Wireshark $version, and not for $later"
depends=$(debian_inside "$user" dpkg-query -W -f '${Depends}' wireshark-plugin-grvsstp)
for bound in ">= $version[.~][^)]*" "<< $later~"; do # the library's own lower bound may be a later one
    echo "$depends" | grep -qE "\\blibwireshark[0-9a-z]+ \\($bound\\)" ||
        fail "it depends on $depends, not on libwireshark ($bound)"
done
debian_inside_as reader "$user" sh /packages/open-sample ||
    fail "the packages do not work for an ordinary user"
debian_inside "$user" env PYTHONDONTWRITEBYTECODE=1 \
    python3 /packages/grvsstp/tests/plugin/window/test_window.py --installed --pictures /packages/pictures \
    >>"$log" 2>&1 || fail "they do not work in Wireshark's window; see $log"
rm -rf "$pictures"
cp -r "$user/packages/pictures" "$pictures"

echo "Upgrading, removing and purging them"
for package in "$packages"/*.deb; do
    case $package in *-dbgsym_*) continue ;; esac
    rm -rf "$user/packages/unpacked"
    dpkg-deb -R "$package" "$user/packages/unpacked"
    sed -i 's/^Version: .*/&+later/' "$user/packages/unpacked/DEBIAN/control"
    dpkg-deb --root-owner-group -b "$user/packages/unpacked" \
        "$user/packages/later-$(basename "$package")" >>"$log"
done
debian_inside "$user" sh -c 'apt-get -q install -y --no-install-recommends /packages/later-*.deb' \
    >>"$log" 2>&1 || fail "upgrading; see $log"
debian_inside_as reader "$user" sh /packages/open-sample >>"$log" 2>&1 ||
    fail "the upgraded packages do not work"
debian_inside "$user" apt-get -q remove -y wireshark-plugin-grvsstp grvsstp-analyze relaysim \
    >>"$log" 2>&1 || fail "removing; see $log"
unchanged removing
debian_inside "$user" dpkg --purge wireshark-plugin-grvsstp grvsstp-analyze relaysim \
    >>"$log" 2>&1 || fail "purging; see $log"
unchanged purging

echo "autopkgtest"
install_packages "$user" autopkgtest
debian_inside "$user" sh -c 'autopkgtest -B /packages/wireshark-plugin-grvsstp_*.deb \
    /packages/grvsstp-analyze_*.deb /packages/relaysim_*.deb /packages/grvsstp/ -- null' >>"$log" 2>&1 || fail "autopkgtest; see $log"
echo "Passed on $suite; the packages are in $packages, pictures of the window in $pictures"
