/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * contents: the digest of a message's contents that records carry: 128 bits of SHA-256, which any
 * process makes alike, and of which nobody makes two contents with one digest.
 */
#ifndef ANALYZE_DISSECT_CONTENTS_H
#define ANALYZE_DISSECT_CONTENTS_H

struct grvsstp_contents_digest;

extern const struct grvsstp_contents_digest contents_digest;

#endif
