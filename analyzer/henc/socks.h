/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * socks: the handshakes of SOCKS (RFC 1928, RFC 1929; version 4 and 4A), after which a
 * connection carries what it carries (GRVSSTP 2.1).
 */
#ifndef SSTP_HENC_SOCKS_H
#define SSTP_HENC_SOCKS_H

#include "core/wire.h"

/* A handshake is not longer, in either direction. */
#define HENC_SOCKS_LEN_MAX 1024u

/* Whether the bytes that a client and a server have sent are a handshake that went well, all
 * of it and nothing else. */
bool henc_socks_is_handshake(struct sstp_span client, struct sstp_span server);

#endif
