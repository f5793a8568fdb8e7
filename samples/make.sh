#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes the captures that relaysim plays for this folder anew, with their answers, on its simulated
# clock: the same bytes each time.  `ninja samples` does it here.
#
#     sh samples/make.sh RELAYSIM [FOLDER]
set -eu

relaysim=$1
folder=${2:-$(dirname -- "$0")}
stories=$(dirname -- "$0")/stories

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
play acknowledgement scenario 4.3.1-two-sessions 4.3.2-interleaved 4.3.3-acks-of-two-relays \
    4.3.4-acks-of-two-clients
for name in vectors cleartext-443 secure-tunnel socks longlived longlived-proxy keepalive polling; do
    play "$name" scenario "$stories/$name.scn"
done
