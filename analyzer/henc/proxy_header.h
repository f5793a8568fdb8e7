/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * proxy_header: the header that a load balancer puts before a connection's first byte (the
 * PROXY protocol, version 1 and 2).
 */
#ifndef SSTP_HENC_PROXY_HEADER_H
#define SSTP_HENC_PROXY_HEADER_H

#include "core/wire.h"

/* The length of the header that is there whole at the start of bytes; 0 where there is none. */
size_t henc_proxy_header_len(struct sstp_span bytes);

#endif
