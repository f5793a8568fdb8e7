/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * divide: one TCP connection that carries an encapsulation, and how its
 * chunks divide into HTTP messages and pieces of bodies that do not end.
 *
 * The first pass divides, shows each message to the observer of its virtual
 * connection (analyzer/henc/virtual.h), and keeps a plan in the frame; every pass
 * shows by the plan (packet-grvhenc.c).
 */
#ifndef GRVHENC_DIVIDE_H
#define GRVHENC_DIVIDE_H

#include "henc/http.h"
#include "tcp/transport.h"
#include "http/virtual_connection.h"

/* One direction of a taken TCP connection; first pass only. */
struct grvhenc_side {
    struct grvsstp_sequence sequence;
    bool has_gap;                      /* bytes were lost since the last SSTP data */
    uint32_t last_frame;               /* with bytes of it; 0 as long as there was none */
    bool awaits_echo;                  /* the next byte of the stream is its first */
    struct grvhenc_virtual *streaming; /* whose LongLived body these bytes are */
    const char *undecoded;             /* an encoding keeps that from being read; file scope */
    /* The beginning of a message in segments that TCP was not asked to join; file
     * scope. */
    struct sstp_span carried;
    uint8_t *carried_block; /* the block that is all of it; NULL where it is part of another */
};

/* A TCP connection of an encapsulation.  File scope. */
struct grvhenc_tcp {
    uint32_t first_frame;
    uint64_t number; /* the engine's name for it */
    address client, server;
    uint32_t client_port;
    bool is_from_start;
    struct grvsstp_missing missing;
    struct grvhenc_side sides[2]; /* by from_client */
    /* A head that was read when the connection was taken, of the message at `head_at`; NULL
     * after that chunk. */
    struct henc_http head;
    const uint8_t *head_at;
    /* Whose the last request was: a response names nobody.  First pass only. */
    struct grvhenc_virtual *current;
    enum henc_half current_half;
    bool is_answered; /* that request; first pass only */
    bool has_lost;    /* bytes of either side are missing; first pass only */
    /* The frame that ended it, and what it meant; 0 while there is none. */
    uint32_t end_frame;
    struct grvhenc_record *end_record;
    /* A body without end goes on in segments that have no plan of their own. */
    struct grvhenc_record *stream_records[2]; /* by from_client */
};

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
    GRVHENC_ITEM_WAIT     /* the beginning of something; TCP is asked for more */
};

struct grvhenc_item {
    enum grvhenc_item_kind kind;
    uint32_t offset, len; /* in the chunk */
    uint32_t wanted;      /* WAIT: for pinfo->desegment_len */
    uint32_t head_len;    /* MESSAGE */
    /* MESSAGE, in the frame that was divided: what was read of it, of pinfo's pool; else NULL. */
    const struct grvhenc_read *read;
    struct grvhenc_record *record;
};

struct grvhenc_plan {
    /* What was carried and the chunk after it, where there was anything; items then
     * lie in these bytes.  File scope. */
    struct sstp_span joined;
    uint32_t num_carried;
    unsigned num_items;
    struct grvhenc_item items[];
};

/* First pass: divides the chunk, and keeps the plan unless the chunk is one plain piece of
 * a LongLived body.  Returns the plan, for this frame alone. */
const struct grvhenc_plan *grvhenc_divide(struct grvhenc_tcp *tcp, bool from_client, tvbuff_t *tvb,
                                          packet_info *pinfo,
                                          const struct grvsstp_transport *transport);

/* First pass: what TCP knows to be missing of the connection, the states forget. */
void grvhenc_note_missing(struct grvhenc_tcp *tcp, conversation_t *conversation,
                          const packet_info *pinfo);

/* The plan of the chunk that begins at `seq`; NULL for a plain piece of a body. */
const struct grvhenc_plan *grvhenc_plan_get(packet_info *pinfo, uint32_t seq);

#endif
