/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * connection: one TCP connection that carries an encapsulation, and what the first pass keeps
 * of each of its chunks.
 */
#ifndef GRVHENC_CONNECTION_H
#define GRVHENC_CONNECTION_H

#include "henc/http.h"
#include "http/virtual_connection.h"
#include "tcp/transport.h"

/* The pieces that an HTTP message came in.  File scope. */
struct grvhenc_joint {
    uint32_t reassembled_in; /* the frame of the last; 0 as long as it is not there */
    bool is_unplaced;        /* of a piece it is not known where it can be read again */
    wmem_array_t *pieces;    /* struct grvhenc_piece_of, of all */
};

/* What a frame brought of one. */
struct grvhenc_piece_of {
    uint32_t frame;
    uint32_t offset; /* in the frame (follow/source.h); 0 where it cannot be read again */
    uint32_t len;
};

/* The beginning of an HTTP message, kept until the rest is there. */
struct grvhenc_carried {
    uint8_t *bytes; /* file scope; NULL where there is none */
    size_t len, size;
    size_t wanted; /* nobody has to look before there are so many; 0: before a line ends */
    struct grvhenc_joint *joint;
};

/* A message longer than this is shown as far as it came.  Bodies have no more than 32,768
 * octets (GRVHENC 3.3.4.6, 3.5.4). */
#define GRVHENC_CARRIED_MAX (UINT32_C(1) << 20)

/* Where nothing tells by how much the clocks of both directions differ. */
#define GRVHENC_SKEW_UNKNOWN INT64_MAX

struct grvhenc_chunk;
struct grvhenc_plan;

/* One direction; first pass only. */
struct grvhenc_side {
    struct grvsstp_sequence sequence;
    bool is_absent;   /* what the other side acknowledged did not come, nor anything after it */
    bool is_given_up; /* bytes up to the number `given_up` were waited for in vain */
    uint32_t given_up;
    bool is_acknowledged; /* by the other side, up to the number `acknowledged` */
    uint32_t acknowledged;
    bool is_lacking; /* the capture tells of bytes that are not there, from `lacking_at` on */
    uint32_t lacking_at;
    int64_t lacking_since_ns;
    bool has_gap;                      /* bytes were lost since the last SSTP data */
    uint32_t last_frame;               /* with bytes of it; 0 as long as there was none */
    bool awaits_echo;                  /* the next byte of the stream is its first */
    struct grvhenc_virtual *streaming; /* whose LongLived body these bytes are */
    const char *undecoded;             /* an encoding keeps that from being read; file scope */
    struct grvhenc_carried carried;
    /* Chunks that wait, by their numbers. */
    struct grvhenc_chunk *waiting;
    unsigned num_waiting;
    uint32_t num_bytes;             /* of them */
    bool is_tried;                  /* the first of them, in vain since anything has come */
    struct grvhenc_plan *last_part; /* of the last chunk that was divided at once; NULL */
};

/* File scope. */
struct grvhenc_tcp {
    uint32_t first_frame;
    uint64_t number; /* the engine's name for it */
    address client, server;
    uint32_t client_port;
    bool is_from_start;
    int64_t skew_ns;              /* the server's clock is ahead by less (handshake.h) */
    struct grvhenc_side sides[2]; /* by from_client */
    const tcp_flow_t *flows[2];   /* by from_client; first pass only */
    uint32_t last_frame;          /* that handed something on; first pass only */
    uint32_t shown_frame;         /* whose chunk was shown, while that is dissected; else 0 */
    /* A head that was read when the connection was taken, of the message at `head_at`; NULL
     * after that chunk. */
    struct henc_http *head; /* file scope */
    const uint8_t *head_at;
    /* Whose the last request was: a response names nobody.  First pass only. */
    struct grvhenc_virtual *current;
    enum henc_half current_half;
    bool is_answered; /* that request; first pass only */
    bool has_lost;    /* bytes of either side are missing; first pass only */
    bool has_untold;  /* and of what virtual connection was not known then; likewise */
    /* First pass: */
    bool is_busy;                      /* a chunk of it is being divided */
    struct grvhenc_virtual *listed_by; /* that something of it waits for (arrive.h); NULL */
    bool is_unknown;    /* something waits, and nobody knows for what virtual connection */
    bool is_lacking;    /* the capture tells of bytes that are not there */
    bool is_followed;   /* since a frame before this one */
    bool has_early_end; /* its end came before anything of it was seen */
    /* The frame that ended it, and what it meant; 0 while there is none. */
    uint32_t end_frame;
    int64_t end_ns;
    bool is_over; /* and that was told; first pass only */
    struct grvhenc_record *end_record;
    /* A body without end goes on in segments that have no plan of their own. */
    struct grvhenc_record *stream_records[2]; /* by from_client */
};

/* That head is wanted no more. */
static inline void grvhenc_tcp_forget_head(struct grvhenc_tcp *tcp)
{
    wmem_free(wmem_file_scope(), tcp->head);
    tcp->head = NULL;
    tcp->head_at = NULL;
}

/* A message that was read. */
struct grvhenc_read {
    struct henc_http http;
    struct sstp_span body;
};

enum grvhenc_item_kind {
    GRVHENC_ITEM_MESSAGE, /* a message of an encapsulation */
    GRVHENC_ITEM_HTTP,    /* an HTTP message that is none, or bytes that are no message */
    GRVHENC_ITEM_STREAM,  /* a piece of a LongLived body */
    GRVHENC_ITEM_STRAY,   /* data where none may be */
    GRVHENC_ITEM_OLD,     /* bytes that came before */
    GRVHENC_ITEM_PART     /* the beginning or middle of a message */
};

struct grvhenc_item {
    enum grvhenc_item_kind kind;
    uint32_t offset, len; /* in the chunk */
    uint32_t head_len;    /* MESSAGE */
    /* MESSAGE, in the frame that was divided: what was read of it, of pinfo's pool; else NULL. */
    const struct grvhenc_read *read;
    struct grvhenc_record *record;
    const struct grvhenc_joint *joint; /* PART */
};

/* How a chunk divides.  File scope, but for the first time that it is shown. */
struct grvhenc_plan {
    /* What was carried and the chunk after it, where there was anything; items then
     * lie in these bytes.  File scope, or NULL where the joint's pieces are read again. */
    struct sstp_span joined;
    const struct grvhenc_joint *joint;
    unsigned num_items;
    const struct grvhenc_item *items;
};

#endif
