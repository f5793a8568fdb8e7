/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flow: one direction of a virtual connection, its bodies put in order.
 *
 * Bodies of Polling carry a Sequence-Number and travel over many TCP
 * connections.  Those that come early are parked (copied) until the missing ones
 * are there or given up; the caps below bound how long.  Bodies of the other
 * encapsulations come in order and pass through.  Which numbers to give up, and
 * when, decides virtual.c; here is the mechanism.
 */
#ifndef SSTP_HENC_FLOW_H
#define SSTP_HENC_FLOW_H

#include "core/mem.h"
#include "core/wire.h"
#include "henc/digest.h"

/* Parked bodies of one direction.  A client has one request outstanding
 * (GRVHENC 3.5.1.1, ClientOKtoSend), so a few are much; the octets are those of
 * 32 full bodies. */
#define HENC_PARKED_COUNT_MAX 32u
#define HENC_PARKED_OCTETS_MAX (32u * 32768u)

/* How many delivered bodies are kept in mind to tell a repetition. */
#define HENC_SEEN_MAX 8u

enum henc_direction { HENC_TO_SERVER = 0, HENC_TO_CLIENT = 1 };

/* SSTP bytes to be fed to the stream of a direction, now. */
struct henc_delivery {
    uint64_t chunk; /* the caller's name for the message that brought them */
    enum henc_direction direction;
    struct sstp_span bytes; /* the caller's, or parked ones: good until the next call */
    bool is_parked;         /* came earlier than in this call */
    bool after_gap;         /* bytes before these are missing */
};

/* Both directions' parked bodies and the one that came. */
#define HENC_DELIVERIES_MAX (2u * HENC_PARKED_COUNT_MAX + 1u)

struct henc_deliveries {
    size_t num;
    struct henc_delivery items[HENC_DELIVERIES_MAX];
};

/* A body, or what there is of it. */
struct henc_body {
    uint64_t chunk;
    uint32_t number;        /* Sequence-Number */
    struct sstp_span bytes; /* application data only */
    bool is_cut;            /* more followed, and is not in the capture */
};

struct henc_parked {
    struct henc_parked *next; /* of the next higher number, or equal and later */
    struct henc_body body;    /* its bytes stand after this struct */
    struct henc_digest digest;
    bool is_answered; /* a request that has its 200 */
};

struct henc_flow {
    enum henc_direction direction;
    bool is_known;      /* next is */
    bool is_lost;       /* the next delivery comes after a gap */
    bool gap_is_noted;  /* a finding has told of the number missing now */
    bool has_delivered; /* application data */
    uint64_t next;      /* Sequence-Number that is due; may be one above 32 bits */
    uint32_t first;     /* that was seen; what is below was before the capture */
    struct henc_parked *parked;
    size_t num_parked;
    size_t parked_octets;
    struct henc_parked *spent; /* delivered, their bytes still in the caller's hands */
    struct {
        uint32_t number;
        struct henc_digest digest;
    } seen[HENC_SEEN_MAX]; /* a ring */
    size_t num_seen;       /* ever */
};

/* Where a number stands. */
enum henc_place {
    HENC_PLACE_DUE,    /* next in order, or the first ever */
    HENC_PLACE_EARLY,  /* lower numbers are missing */
    HENC_PLACE_REPEAT, /* same number and bytes as a body delivered or parked */
    HENC_PLACE_REUSED, /* the number of a body with other bytes */
    HENC_PLACE_LATE    /* lower than due, and not among those kept in mind */
};

void henc_flow_init(struct henc_flow *flow, enum henc_direction direction);

/* Frees whatever is parked. */
void henc_flow_clear(struct henc_flow *flow, const struct sstp_mem *mem);

/* Frees what earlier deliveries pointed at. */
void henc_flow_free_spent(struct henc_flow *flow, const struct sstp_mem *mem);

enum henc_place henc_flow_place(const struct henc_flow *flow, uint32_t number,
                                const struct henc_digest *digest);

/* Delivers bytes without regard to numbers; empty ones are not put on the list. */
void henc_flow_pass(struct henc_flow *flow, const struct henc_body *body,
                    struct henc_deliveries *out);

/* Delivers the body that is due, or a reused number, and every parked one that
 * it was wanting. */
void henc_flow_take(struct henc_flow *flow, const struct henc_body *body,
                    const struct henc_digest *digest, struct henc_deliveries *out);

/* Whether one more body may be parked under the caps. */
bool henc_flow_has_room(const struct henc_flow *flow, size_t octets);

/* Parks a copy of an early body, for which there has to be room.  Returns false
 * when there is no memory; then nothing has changed. */
bool henc_flow_park(struct henc_flow *flow, const struct sstp_mem *mem,
                    const struct henc_body *body, const struct henc_digest *digest);

/* Gives up the numbers before the lowest parked one, of which there has to be
 * one, and delivers from there.  Returns whether no finding has told of it yet. */
bool henc_flow_give_up(struct henc_flow *flow, struct henc_deliveries *out);

/* Gives up the numbers before this one, which is higher than any parked. */
bool henc_flow_skip_to(struct henc_flow *flow, uint32_t number);

/* The parked body with this number, NULL if there is none. */
struct henc_parked *henc_flow_find(const struct henc_flow *flow, uint32_t number);

#endif
