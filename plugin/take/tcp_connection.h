/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tcp_connection: a TCP connection that carries SSTP commands as they are, and where the chunks
 * of each direction are put in their place: one that came early waits for what is before it.
 */
#ifndef GRVSSTP_TCP_CONNECTION_H
#define GRVSSTP_TCP_CONNECTION_H

#include "follow/late.h"
#include "take/early.h"
#include "take/prefix.h"
#include "tcp/transport.h"

/* What TCP's conversation is to us.  Lives in file scope. */
struct grvsstp_tcp {
    /* The same addresses and ports again, inside a tunnel, whose conversation
     * Wireshark does not begin anew; NULL for the last. */
    struct grvsstp_tcp *newer;
    struct grvsstp_connection *connection;
    address initiator;
    uint32_t initiator_port;
    enum grvsstp_way way;                 /* by which it was taken */
    bool is_counted;                      /* first pass: every byte from the SYN on was */
    struct grvsstp_sequence sequences[2]; /* by from_initiator; first pass only */
    struct grvsstp_numbers numbers[2];    /* likewise */
    struct grvsstp_late late[2];          /* likewise */
    uint32_t last_frame;                  /* that handed something on */
    bool has_held;                        /* frames of it were held before it was taken (held.h) */
    uint32_t shown_frame;                 /* whose chunk was shown, while that is dissected */
    struct grvsstp_early *early;          /* first pass; NULL: nothing is kept for a SYN */
    const tcp_flow_t *flows[2];           /* by from_initiator; first pass only */
    /* What stands before the first command of each side, and where. */
    struct {
        struct grvsstp_prefix prefix;
        uint32_t frame, seq;
    } prefixes[2];
};

/* That of a conversation in this frame, or NULL. */
struct grvsstp_tcp *grvsstp_tcp_find(conversation_t *conversation, uint32_t frame);

/* First pass: what has come of the conversation so far may begin one, and is too little to tell.
 * If it does, its number is of now. */
void grvsstp_tcp_await(const conversation_t *conversation);

/* First pass: a new one of the conversation, from this frame on, also where it had another
 * before.  Who opened it is the caller's to say.  `early`, or NULL, turns out to be its
 * beginning (adopt.h). */
struct grvsstp_tcp *grvsstp_tcp_new(conversation_t *conversation,
                                    enum grvsstp_encapsulation encapsulation, uint32_t frame,
                                    const struct grvsstp_tcp *early);

/* First pass: from now on a connection is shown as another one, and nothing of it waits. */
void grvsstp_tcp_leave(struct grvsstp_tcp *tcp, const struct grvsstp_tcp *other);

/* Whether the sender of these bytes, the first commands of a connection, is who opened it.
 * `analysis` may be NULL. */
bool grvsstp_tcp_sender_is_initiator(const struct tcp_analysis *analysis, uint32_t srcport,
                                     uint32_t destport, struct sstp_span bytes);

/* `srcport` is TCP's own. */
bool grvsstp_tcp_is_from_initiator(const struct grvsstp_tcp *tcp, uint32_t srcport,
                                   const packet_info *pinfo);

/* First pass: what TCP itself knows of the directions. */
void grvsstp_tcp_note_flows(struct grvsstp_tcp *tcp, conversation_t *conversation,
                            packet_info *pinfo);

/* First pass: the next byte of this direction is the first of it, and has this number. */
void grvsstp_tcp_start(struct grvsstp_tcp *tcp, bool from_initiator, uint32_t number);

/* First pass: a Connect is the first command there is, and what its sender had received is none:
 * where both directions begin that are not known yet.  `acknowledged` is NULL where no number
 * tells. */
void grvsstp_tcp_start_at_connect(struct grvsstp_tcp *tcp, bool from_initiator, uint32_t seq,
                                  const uint32_t *acknowledged);

/* First pass: the same after bytes that are no commands, unless the direction is farther. */
void grvsstp_tcp_start_after(struct grvsstp_tcp *tcp, bool from_initiator, uint32_t number);

/* First pass: the length of a proxy's answer to the request for a tunnel, which comes before the
 * first command of the server; 0 where the bytes do not begin with one, or it was noted before. */
uint32_t grvsstp_tcp_note_answer(struct grvsstp_tcp *tcp, struct sstp_span bytes, uint32_t frame,
                                 uint32_t seq);

/* First pass: divides the chunk, or keeps it while bytes before it are missing.  `begins`: the
 * SYN was captured, and where the direction begins will show, as it will where the answer to
 * the Connect is there.  Its plan. */
struct grvsstp_plan *grvsstp_tcp_note_chunk(struct grvsstp_tcp *tcp, bool from_initiator,
                                            struct grvsstp_chunk *chunk,
                                            const uint32_t *acknowledged, bool begins,
                                            wmem_allocator_t *pool);

/* After the first pass: nothing waits any more, and what is missing is known. */
void grvsstp_tcp_finish(void);

/* Forgets the capture before; for an init routine. */
void grvsstp_tcp_reset(void);

#endif
