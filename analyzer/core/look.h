/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * look: how much speaks for it that these bytes are SSTP commands.
 *
 * SSTP has no magic number, so the question is asked in bits of evidence: by how
 * many powers of two chance is excluded.  A fixed CommandLength is worth 16, a
 * known CommandId 3, a printable character in a URL 1, a session that was named
 * before 32.  Whoever asks compares the sum with what a wrong answer would cost.
 */
#ifndef SSTP_CORE_LOOK_H
#define SSTP_CORE_LOOK_H

#include "core/command.h"

/* Evidence to ask for: before a connection on any port, and one on SSTP's own
 * port, is taken for SSTP; before framing starts again at any offset, and at the
 * first byte of a segment, on a connection that is known to be SSTP. */
#define SSTP_LOOK_ANY_PORT 40
#define SSTP_LOOK_OWN_PORT 24
#define SSTP_LOOK_ANY_OFFSET 26
#define SSTP_LOOK_SEGMENT_START 14

/* What is known beside the bytes. */
struct sstp_look_hint {
    bool has_session_id; /* a SessionId that this direction has used */
    uint32_t session_id;
    /* A connection is known to begin here.  A Connect may then name a device by whatever bytes;
     * elsewhere a string of other than printable characters is none. */
    bool is_start;
};

struct sstp_look {
    int bits;              /* of evidence; negative when the bytes cannot be commands */
    bool wants_more;       /* the first command is not there whole: more bytes may tell more */
    unsigned num_commands; /* that were there whole */
};

/* Looks at the commands that would start at the first byte.  `is_end` says that
 * the bytes end where the sender's segment ended, which is worth something when
 * a command ends there too.  `hint` may be NULL. */
struct sstp_look sstp_look(struct sstp_span bytes, bool is_end, const struct sstp_look_hint *hint);

/* Where framing may start again: the first offset with the evidence for any
 * offset; without one the first byte, if it has that of a segment's start; or
 * bytes.len for nowhere. */
size_t sstp_look_find(struct sstp_span bytes, bool is_end, const struct sstp_look_hint *hint);

/* Who has sent these commands, of which the first begins at the first byte: by what only one
 * side may send, or by the sessions that they name. */
enum sstp_look_sender {
    SSTP_LOOK_ANYBODY, /* the commands do not tell */
    SSTP_LOOK_INITIATOR,
    SSTP_LOOK_ACCEPTOR
};
enum sstp_look_sender sstp_look_sender(struct sstp_span bytes);

/* Whether the header of three bytes is one that a command can have. */
bool sstp_look_header_is_plausible(const uint8_t *header);

#endif
