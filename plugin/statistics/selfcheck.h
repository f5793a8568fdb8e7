/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * selfcheck: the parts of `-z grvsstp,selfcheck`, which holds what the plugin shows against the
 * answers that a capture carries (relaysim -w FILE --answers): comments of its packets, one JSON
 * object each.
 *
 * Both are made into the same words, a line for each value, "name<TAB>value\n": so they are
 * compared as texts, and the first line that differs says what is wrong.
 */
#ifndef GRVSSTP_STATISTICS_SELFCHECK_H
#define GRVSSTP_STATISTICS_SELFCHECK_H

#include "show/tap.h"

#include <glib.h>

enum grvsstp_answer_kind {
    GRVSSTP_ANSWER_COMMAND,      /* a command was sent */
    GRVSSTP_ANSWER_MESSAGE,      /* the EndMessage of one was */
    GRVSSTP_ANSWER_ACKNOWLEDGED, /* a message left its sender's list */
    GRVSSTP_ANSWER_CONNECTION,   /* a connection has another state */
    GRVSSTP_ANSWER_SESSION,      /* a session has, as its originator sees it */
    GRVSSTP_ANSWER_KINDS
};

/* What one comment says. */
struct grvsstp_answer {
    enum grvsstp_answer_kind kind;
    uint32_t stream;     /* sstp.stream */
    bool from_initiator; /* who sent the command or message, or opened the session */
    bool at_initiator;   /* of a state: the end that tells it */
    uint32_t session_id; /* of a session's state, else 0 */
    char *words;         /* to be freed */
};

/* False for a comment that is no answer, or one about something else.  It comes from a file:
 * it can be anything. */
bool grvsstp_answer_read(struct grvsstp_answer *answer, const char *comment);

/* The words of a command, of its EndMessage, and of the message at a position of the ledger that
 * it acknowledges; to be freed. */
char *grvsstp_shown_command(const struct sstp_command *command);
char *grvsstp_shown_message(const struct sstp_command *command, uint32_t entry);
char *grvsstp_shown_acknowledged(uint32_t entry);

/* Those of a state that a command left; NULL where it tells of none.  A session's id is that of
 * the command. */
char *grvsstp_shown_connection(const struct sstp_observation *seen);
char *grvsstp_shown_session(const struct sstp_command *command,
                            const struct sstp_observation *seen);

/* Adds a line, and a value of bytes: as text where they are UTF-8, else in hexadecimal. */
void grvsstp_words_add(GString *words, const char *name, const char *value);
#define GRVSSTP_WORDS_HEX "hex:"  /* before the digits */
#define GRVSSTP_WORDS_BETWEEN "|" /* of a list */

/* Data longer than this has a digest of its digits instead, under GRVSSTP_DATA_DIGEST. */
#define GRVSSTP_ANSWER_DATA_MAX 64u
#define GRVSSTP_DATA_DIGEST "data_sha256_of_hex"

/* ---- selfcheck_streams.c: which connection of the answers one of the capture is ----
 *
 * They are counted by their first bytes, which two connections that begin together may have in
 * another order in the capture than they happened, and some of which it may lack; and each end of
 * one through a proxy tells its own side, under a number of its own.  So a connection has its own
 * number at once where that alone can have said what is shown of it, by those of its commands that
 * only few have.  Any other waits for the end, when all is told: it is the one that is left of
 * those that said all of it.  Those that stay alike are taken in order if none of them is missing,
 * else by their numbers where those said all of it; the rest is held against nothing, for less is
 * compared rather than something else. */

#define GRVSSTP_SELFCHECK_STREAMS_MAX (1u << 20) /* more are not held against anything */
/* Added to the number of one that is none of those that were told. */
#define GRVSSTP_SELFCHECK_UNTOLD GRVSSTP_SELFCHECK_STREAMS_MAX

/* Something that is shown. */
struct grvsstp_shown {
    enum grvsstp_answer_kind kind;
    bool from_initiator;
    uint32_t session_id; /* of a session's state, else 0 */
    uint32_t frame;
    char *words; /* to be freed */
};

/* What becomes of it once it is known whose it is; the words are taken over. */
typedef void (*grvsstp_shown_handler)(uint32_t told_stream, const struct grvsstp_shown *shown);

/* A command was told. */
void grvsstp_selfcheck_streams_told(uint32_t stream, bool from_initiator, const char *words);

/* Something is shown; the words are taken over. */
void grvsstp_selfcheck_streams_shown(uint32_t stream, const struct grvsstp_shown *shown,
                                     grvsstp_shown_handler handler);

/* Nothing more comes: what still waits has its turn. */
void grvsstp_selfcheck_streams_finish(grvsstp_shown_handler handler);

/* Another capture, or the same once more. */
void grvsstp_selfcheck_streams_forget(void);

#endif
