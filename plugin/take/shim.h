/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shim: a look at connections before those who own their ports.
 *
 * TLS calls everything on 443 its own, and HTTP waits for bodies of 2 GB, so
 * nobody would ever ask us.  A handle of no protocol stands in front of theirs:
 * it takes what is ours and hands on everything else, untouched.  On other ports
 * it is bound to each connection whose SYN was seen, for the order in which
 * heuristics are asked changes with every hit.
 */
#ifndef GRVSSTP_SHIM_H
#define GRVSSTP_SHIM_H

void grvsstp_shim_handoff(void);

#endif
