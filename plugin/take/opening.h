/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * opening: what a TCP connection carried from its SYN on before somebody knew whose it is:
 * how many bytes, by our own count, and the bytes themselves where they may turn out to be
 * the beginning of ours.
 */
#ifndef GRVSSTP_OPENING_H
#define GRVSSTP_OPENING_H

#include "core/wire.h"
#include "tcp/transport.h"

#include <epan/address.h>

/* Of more bytes of one direction, or in more chunks, no account is kept: what has come by then
 * is no handshake. */
#define GRVSSTP_OPENING_LEN_MAX 4096u
#define GRVSSTP_OPENING_CHUNKS_MAX 256u

/* One direction. */
struct grvsstp_opening_side {
    bool has_hole;  /* bytes are missing: they are not in the capture */
    uint32_t len;   /* of what came before */
    uint32_t first; /* TCP's sequence number of the first byte */
    uint8_t *bytes; /* of len bytes; NULL where they are not kept */
};

/* Commands that were held, for they may be of a body of HTTP's: the first of them. */
struct grvsstp_opening_commands {
    uint32_t frame; /* 0: there are none */
    address src, dst;
    uint32_t srcport, destport;
};

/* File scope; first pass only. */
struct grvsstp_opening {
    conversation_t *conversation;
    bool is_over; /* the account is closed */
    /* Another protocol has taken the connection, and TCP counts what comes: in `len`. */
    bool is_by_tcp;
    bool is_unread;    /* what the client began with may be a request, which the capture lacks */
    bool has_withheld; /* of the client, segments of which TCP does not have the bytes */
    bool has_request;  /* a whole one of an encapsulation, of which TCP keeps a part */
    uint32_t num_chunks;
    uint32_t last_frame;                  /* of which a chunk was entered */
    uint32_t seen_frame;                  /* of which TCP has handed a chunk to us */
    struct grvsstp_opening_side sides[2]; /* [1] from the client */
    /* Whoever was bound to the connection after us, and gets what is not ours; NULL where the
     * ports decide. */
    dissector_handle_t behind;
    bool is_handing_on;     /* that one is at work */
    bool is_in_tunnel;      /* an HTTP proxy was asked for one */
    uint32_t tunnel_chunks; /* that are still looked at, whatever the account says */
    /* Chunks that came before bytes that they follow, which may say whose they are: struct
     * grvhenc_chunk *; NULL where there is none. */
    wmem_array_t *held;
    uint32_t held_len;     /* bytes of them, also when they are no longer held */
    uint32_t held_frame;   /* of the last */
    int64_t held_since_ns; /* the first of them */
    /* Chunks that came before any SYN, likewise: where one comes they are of the connection that
     * begins with it, and held there. */
    wmem_array_t *early;
    uint32_t early_len;
    int64_t early_since_ns;   /* the first of them */
    bool has_no_early;        /* there were too many of them */
    conversation_t *early_of; /* as which TCP has counted those that are held now; or NULL */
    struct grvsstp_opening_commands commands; /* among them */
    /* What is held begins with a Connect, perhaps: too little to tell. */
    bool is_awaited;
    uint32_t awaited_seq, awaited_srcport; /* the number of its first byte, and whose it is */
};

/* They are held no longer than this, and no more of them. */
#define GRVSSTP_OPENING_HELD_CHUNKS_MAX 64u
#define GRVSSTP_OPENING_HELD_LEN_MAX (UINT32_C(1) << 16)
#define GRVSSTP_OPENING_HELD_TIME_MAX_NS INT64_C(2000000000)

/* The handle that keeps the accounts; it is bound to the connections. */
extern dissector_handle_t grvsstp_watch_handle;

/* The account of a connection; NULL where none is kept. */
struct grvsstp_opening *grvsstp_opening_of(conversation_t *conversation);

/* The same, if no chunk up to this frame is missing in it. */
const struct grvsstp_opening *grvsstp_opening_intact(conversation_t *conversation, uint32_t frame);

/* The same, also where this frame is the first that brought bytes after missing ones: what was
 * counted is all that was before those; and where TCP has counted up to the frame before. */
const struct grvsstp_opening *grvsstp_opening_counted(conversation_t *conversation, uint32_t frame);

/* Opens the account of a connection. */
struct grvsstp_opening *grvsstp_opening_begin(conversation_t *conversation);

/* Enters a chunk that nobody of ours has taken. */
void grvsstp_opening_note(struct grvsstp_opening *opening,
                          const struct grvsstp_transport *transport, tvbuff_t *tvb, uint32_t frame);

/* After a frame, first pass, of a connection that SOCKS has taken: enters what TCP has counted. */
void grvsstp_opening_count(struct grvsstp_opening *opening, conversation_t *conversation,
                           const packet_info *pinfo);

/* Whether the captured SYN tells of bytes before the chunk, or that its sender had received, which
 * did not come. */
bool grvsstp_opening_lacks(const struct grvsstp_opening *opening,
                           const struct grvsstp_transport *transport);

/* First pass: whether commands that begin a chunk, after so many bytes of another protocol, may be
 * of the body of a request that the capture lacks a part of: then nobody knows whose they are. */
bool grvsstp_opening_is_unread(const struct grvsstp_transport *transport, size_t prefix_len);

/* Whether the sender of the chunk is the client: who sent the SYN. */
bool grvsstp_opening_is_client(const struct grvsstp_transport *transport);

/* The bytes of a direction that are kept, and nothing but they came by. */
struct sstp_span grvsstp_opening_bytes(const struct grvsstp_opening *opening, bool from_client);

/* First pass: whether the beginning of a Connect may be held that comes out of a tunnel of HTTP's.
 * No account is kept there, and it is tried once: much may begin so. */
bool grvsstp_opening_may_await_in_tunnel(const struct grvsstp_transport *transport);

/* First pass, before a piece of a request is entered that TCP keeps: whether so many more bytes can
 * be.  TCP has them all the same, and hands them on when it has the rest. */
bool grvsstp_opening_has_room(const struct grvsstp_opening *opening, uint32_t len);

/* First pass, after that: notes whether the request can be told by what there is of it. */
void grvsstp_opening_note_request(struct grvsstp_opening *opening);

/* First pass: the connection was taken with what the client has sent. */
void grvsstp_opening_forget_request(struct grvsstp_opening *opening);

/* First pass: whether the client may be in the middle of a request of an encapsulation, or TCP is,
 * which keeps that. */
bool grvsstp_opening_is_pending(const struct grvsstp_opening *opening);

#endif
