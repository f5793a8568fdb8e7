/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replace: other strings and bytes in the place of somebody's, made up from a seed: of the same
 * length and kind, the same where they were the same, different where they were different.
 *
 * A string is taken apart where its punctuation is, which stays, so that a name is replaced by the
 * same name in whichever URL it stands.  Small letters become small letters, capital ones capital,
 * digits digits, and everything else letters: so nothing that somebody has put into a name can harm
 * whoever reads it.  What belongs to the protocol and to nobody stays, see replace_is_kept().
 *
 * All originals have to be learned before anything is replaced: then none of four bytes or more
 * stands in what is made up, not even by chance.
 */
#ifndef ANALYZE_SCENARIO_REPLACE_H
#define ANALYZE_SCENARIO_REPLACE_H

#include <glib.h>

#include "core/wire.h"

/* Shorter originals may be there by chance. */
#define REPLACE_LEN_MIN 4u

struct replace;

struct replace *replace_new(guint64 seed);
void replace_free(struct replace *replace);

/* Learns a string. */
void replace_learn(struct replace *replace, struct sstp_span text);

/* Appends what a string becomes. */
void replace_text(struct replace *replace, struct sstp_span text, GString *to);

/* Appends what bytes become that mean nothing to us, such as those of a token. */
void replace_bytes(struct replace *replace, struct sstp_span bytes, GByteArray *to);

/* What contents become: the key of a filler (relaysim-scenario(5)). */
guint32 replace_key(struct replace *replace, struct sstp_span contents);

/* Whether a word, of no matter which case, is a scheme of a URL or a resource that has its meaning
 * in the protocol alone. */
gboolean replace_is_kept(struct sstp_span word);

/* How many originals have had to get what another one has, for there was nothing else of their
 * length. */
guint replace_num_alike(const struct replace *replace);

#endif
