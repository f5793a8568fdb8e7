# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# debian: other Debian systems for the tests in fresh, packages and versions, made from where
# this machine has its own packages from.  To be sourced.
#
#     debian_make bookworm FOLDER LOG [--include=git]     a root folder with apt set up
#     debian_update FOLDER                                apt-get update in it
#     debian_plain sid FOLDER                             both, once: FOLDER/sid-plain
#     debian_enter ROOT && debian_inside_as USER ROOT ls  runs programs there
#
# What sets variables does so in a shell of its own: the names are those of who calls.
#
# The mirrors, their keys and apt's own settings (proxies, retries, dates) are those of the
# machine: no host is named here.

# What tests/plugin/window wants besides Wireshark.
# shellcheck disable=SC2034  # for who sources this
debian_window_packages="at-spi2-core dbus gir1.2-atspi-2.0 imagemagick python3-gi xdotool xvfb"

# debian_uri CODENAME: the mirror that this machine takes a Debian of that codename from;
# nothing where it takes none.
debian_uri()
{
    # shellcheck disable=SC2016  # apt's variables
    apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' \
        "Codename: $1" | head -n 1
}

# debian_codename: what this machine is.
debian_codename()
{
    # shellcheck disable=SC1091
    (. /etc/os-release && echo "$VERSION_CODENAME")
}

# debian_key CODENAME: the keyring that its lists are signed by, as the sources say.
debian_key()
{
    entry=$(apt-get indextargets 'Created-By: Packages' 'Origin: Debian' "Codename: $1" |
        sed -n 's/^Sourcesentry: *\(.*\):[0-9]*$/\1/p' | head -n 1)
    [ -z "$entry" ] || sed -n 's/^Signed-By: *\(\/.*\)/\1/p; s/.*signed-by=\(\/[^], ]*\).*/\1/p' "$entry" |
        head -n 1
}

# debian_settings: what apt is set to for fetching, as lines of its configuration.
debian_settings()
{
    apt-config dump | grep -E '^Acquire::(https?|ftp|Retries|Check-Valid-Until|Check-Date|ForceIPv|Max-)' || true
}

debian_make()
(
    suite=$1
    folder=$2
    log=$3
    shift 3
    own=$(debian_codename)
    mirror=$(debian_uri "$own")
    if [ -z "$mirror" ]; then
        echo "this machine's apt names no mirror of Debian; run apt-get update, or see" \
            "apt-get indextargets" >&2
        return 1
    fi
    key=$(debian_key "$own")
    [ -n "$key" ] || key=/usr/share/keyrings/debian-archive-keyring.gpg
    mkdir -p "$(dirname "$folder")"
    debootstrap --variant=minbase --keyring="$key" "$@" "$suite" "$folder" "$mirror" \
        >"$log" 2>&1 || return 1
    mkdir -p "$folder/etc/apt/apt.conf.d"
    debian_settings >"$folder/etc/apt/apt.conf.d/99machine"
    {
        echo "deb $mirror $suite main"
        # sid has neither of them
        if [ "$suite" = "$own" ]; then
            for more in updates security; do
                uri=$(debian_uri "$suite-$more")
                [ -z "$uri" ] || echo "deb $uri $suite-$more main"
            done
        fi
    } >"$folder/etc/apt/sources.list"
)

debian_update()
{
    said=$(chroot "$1" apt-get -q update 2>&1) && return 0
    case $said in
    *"is expired"* | *"not valid yet"*)
        echo "warning: the mirror's Release file is past its date; going on with it" >&2
        chroot "$1" apt-get -q -o Acquire::Check-Valid-Until=false -o Acquire::Check-Date=false \
            update
        echo 'Acquire::Check-Valid-Until "false"; Acquire::Check-Date "false";' \
            >"$1/etc/apt/apt.conf.d/99expired"
        ;;
    *)
        echo "$said" >&2
        return 1
        ;;
    esac
}

# debian_plain SUITE FOLDER: FOLDER/SUITE-plain, a Debian as it comes, with its lists; one that is
# there already is used again.
debian_plain()
{
    [ ! -f "$2/$1-plain.done" ] || return 0
    echo "Making $2/$1-plain"
    rm -rf "$2/$1-plain"
    debian_make "$1" "$2/$1-plain" "$2/$1-plain.log" || return 1
    debian_update "$2/$1-plain" || return 1
    touch "$2/$1-plain.done"
}

# debian_enter ROOT: what programs in it expect, mounted in the namespace of who calls.
debian_enter()
{
    mount -t proc proc "$1/proc"
    mount -t devpts -o newinstance,ptmxmode=0666 devpts "$1/dev/pts"
    mount -t tmpfs -o mode=1777 tmpfs "$1/dev/shm"
    echo "127.0.0.1 localhost $(uname -n)" >"$1/etc/hosts"
}

# debian_inside ROOT COMMAND...: as root there, with nothing of this machine's environment.
debian_inside()
(
    root=$1
    shift
    chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb LC_ALL=C.UTF-8 \
        DEBIAN_FRONTEND=noninteractive "$@" </dev/null
)

# debian_inside_as USER ROOT COMMAND...: as one of its users, in that user's folder.
debian_inside_as()
(
    user=$1
    root=$2
    shift 2
    debian_inside "$root" setpriv --reuid "$user" --regid "$user" --clear-groups \
        env -C "/home/$user" HOME="/home/$user" "$@"
)
