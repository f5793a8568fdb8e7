/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtual_connection: the virtual connections of a capture, by GUID between two
 * addresses, and what the first pass learned of each message.
 */
#ifndef GRVHENC_VIRTUAL_CONNECTION_H
#define GRVHENC_VIRTUAL_CONNECTION_H

#include "follow/connection.h"
#include "henc/virtual.h"

/* The place of what the first pass looks at, in the frame that brought it, which need not be the
 * one at hand. */
struct grvhenc_moment {
    uint32_t frame;
    uint32_t key; /* unique for the message, or the piece, in this frame */
    int64_t time_ns;
    wmem_allocator_t *pool;
};

/* One virtual connection.  File scope. */
struct grvhenc_virtual {
    struct henc_virtual observer; /* first pass only, but for what does not change */
    struct grvsstp_connection *connection;
    enum henc_kind kind;
    const char *guid;
    /* First pass: */
    bool has_begun;       /* a message of it was seen */
    bool is_deaf[2];      /* by from_client: bytes were lost, and nothing came since */
    wmem_list_t *waiting; /* records whose data waits; NULL until the first */
    wmem_list_t *listed;  /* struct grvhenc_tcp *, that something is waited for on (arrive.h) */
};

/* SSTP bytes that a message released, in the order of their direction. */
struct grvhenc_delivery {
    bool from_initiator;
    bool is_copy;    /* `bytes` are ours; else they lie in the message's body */
    uint32_t offset; /* in the body */
    struct sstp_span bytes;
    uint32_t source_frame;           /* that brought them */
    uint32_t key;                    /* of the SSTP chunk in this frame */
    const struct grvsstp_plan *plan; /* of it; NULL where it is nothing but whole commands */
};

/* What the first pass found out about a message, or about a piece of a LongLived
 * body.  File scope; every pass shows it. */
struct grvhenc_record {
    struct grvhenc_virtual *v;
    enum henc_half half;
    enum henc_state state;
    uint32_t findings;
    bool is_repeat;
    const char *undecoded;   /* the encoding that keeps the body from being read; NULL if it is */
    uint32_t echo_len;       /* octets of the body's echo string */
    uint32_t ping_data_len;  /* after the prefix of the echo string */
    uint32_t waiting_octets; /* of its data that had to wait for the number `awaited` */
    uint32_t awaited;
    uint32_t frame;    /* that brought them */
    uint32_t shown_in; /* the frame where they were decoded at last; 0: nowhere */
    bool to_server;
    unsigned num_deliveries;
    struct grvhenc_delivery *deliveries;
};

/* First pass: the one that has this GUID so far; NULL where there is none. */
struct grvhenc_virtual *grvhenc_virtual_known(enum henc_kind kind, struct sstp_span guid,
                                              const address *client, const address *server,
                                              wmem_allocator_t *pool);

/* First pass: the virtual connection that a request belongs to, which is a new
 * one where the old one has ended.  `client` and `server` are the addresses that
 * the request went between. */
struct grvhenc_virtual *grvhenc_virtual_of_request(struct sstp_span guid,
                                                   struct grvhenc_moment moment,
                                                   const address *client, const address *server,
                                                   const struct henc_message *message);

/* First pass: the virtual connection that an answer of Polling belongs to by its own GUID,
 * for its request was not captured. */
struct grvhenc_virtual *grvhenc_virtual_of_answer(struct sstp_span guid,
                                                  struct grvhenc_moment moment,
                                                  const address *client, const address *server);

/* First pass: keeps a result, and gives its deliveries to the SSTP connection.
 * `body_tvb` holds the body that deliveries may lie in. */
struct grvhenc_record *grvhenc_record_new(struct grvhenc_virtual *v, enum henc_half half,
                                          const struct henc_result *result, tvbuff_t *body_tvb,
                                          const struct grvhenc_moment *moment);

/* First pass: the record serves the frame at hand, whose pool it is, and no other, unless its data
 * waits. */
void grvhenc_record_drop(const struct grvhenc_record *record, wmem_allocator_t *pool);

/* First pass: data that the message of the record brought may have to wait. */
void grvhenc_record_wait(struct grvhenc_record *record, const struct henc_result *result,
                         const struct henc_message *message);

/* First pass, at SSTP bytes of a side: where their answers cannot have been seen, because a
 * half is missing, the handshake's end, or what came last, the states know it. */
void grvhenc_note_one_sided(struct grvhenc_virtual *v, bool from_client, enum henc_state state);

/* Later passes: whether the other half of a connection was never seen, and this
 * frame is the last of the half that was (GRVHENC 3.1.4.1). */
bool grvhenc_virtual_lacks_half(const struct grvhenc_virtual *v, uint32_t frame);

#endif
