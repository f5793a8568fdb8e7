#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes the captures that relaysim plays for this folder anew, with their answers, on its simulated
# clock: the same bytes each time.  `ninja samples` does it here.
#
#     sh samples/make.sh RELAYSIM [FOLDER]
set -eu

relaysim=$1
folder=${2:-$(dirname -- "$0")}

# play NAME ARGUMENT...
play()
{
    capture=$folder/$1.pcapng
    shift
    "$relaysim" "$@" --simulated --answers -w "$capture" >"$folder/.played" || {
        cat "$folder/.played" >&2
        exit 1
    }
    rm "$folder/.played"
}

play demo demo --scenes 13
play single-hop scenario 4.2.6-single-hop
