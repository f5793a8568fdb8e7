/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * town_people: who lives in a town and what passes between them, for town.c and its parts alone.
 */
#ifndef TESTS_STORY_TOWN_PEOPLE_H
#define TESTS_STORY_TOWN_PEOPLE_H

#include "town.h"

#define TOWN_RECIPIENTS_MAX 6u

struct party {
    char *name;          /* what it calls itself */
    char *identity;      /* of a device */
    struct party *relay; /* of a device; NULL for a relay */
    bool is_online;
};

/* What one sends to the next for a set of recipients, in order, until it is acknowledged. */
struct channel {
    struct party *from, *to;
    bool is_fanout;
    unsigned num;
    struct party *recipients[TOWN_RECIPIENTS_MAX];
    const char *resource;
    GQueue entries;    /* struct entry, not acknowledged */
    GList *next;       /* that is not sent; NULL: all are */
    struct link *link; /* on which its session is open */
    uint32_t id;       /* of the session */
};

struct entry {
    struct channel *channel;
    uint32_t message;
    uint32_t hop;
    uint32_t leg;      /* of its last sending; SSTP_STORY_NONE: hidden */
    bool is_processed; /* since it was last sent */
};

/* A connection. */
struct link {
    struct tale_connection *connection;
    struct party *ends[2];    /* by is_initiator */
    GQueue unacknowledged[2]; /* struct entry, by from_initiator */
    uint32_t next_id[2];
    bool is_hidden;
};

struct message {
    const char *text, *user_ref;
    bool repeats;
    struct party *recipients[TOWN_RECIPIENTS_MAX];
    bool is_delivered[TOWN_RECIPIENTS_MAX];
    unsigned num;
    struct channel *channel; /* by which it begins */
};

struct true_leg {
    uint32_t message, hop;
    int64_t time_ns, acked_ns; /* acked_ns 0: it was not, or hidden */
};

struct true_hop {
    uint32_t parent; /* UINT32_MAX: it begins */
    const struct channel *channel;
};

struct town {
    const struct town_config *config;
    struct tale tale;
    GRand *rand;
    GPtrArray *devices, *relays;
    GPtrArray *channels, *links;
    GHashTable *link_of; /* "a b" to the link */
    GHashTable *channel_of;
    GArray *messages;   /* struct message */
    GArray *hops;       /* struct true_hop */
    GHashTable *hop_of; /* "message channel" to hop + 1 */
    GArray *legs;       /* struct true_leg */
    GStringChunk *texts;
    bool is_capturing;
};

static inline unsigned town_below(struct town *town, unsigned num)
{
    return (unsigned)g_rand_int_range(town->rand, 0, (gint32)num);
}

static inline bool town_happens(struct town *town, double chance)
{
    return g_rand_double(town->rand) < chance;
}

static inline uint32_t town_parent(const struct town *town, uint32_t hop)
{
    return g_array_index(town->hops, struct true_hop, hop).parent;
}

/* ---- town_traffic.c ---- */

/* What the connection of two is called; to be freed. */
char *town_pair_name(const struct party *a, const struct party *b);
/* What has arrived is acknowledged, or some of it. */
void town_acknowledge(struct town *town, struct link *link, bool from_initiator);
/* The sessions are gone, and what was not acknowledged will be sent again. */
void town_lose(struct town *town, struct link *link);
/* What `from` sends to `to` for these recipients; of a relay, what it has from `source`. */
struct channel *town_channel_to(struct town *town, struct party *from, struct party *to,
                                bool is_fanout, struct party *const *recipients, unsigned num,
                                const char *resource, const struct channel *source);
/* A message waits there; `parent` is the hop by which it came, or UINT32_MAX. */
void town_enqueue(struct town *town, struct channel *channel, uint32_t message, uint32_t parent);
/* What was on its way arrives. */
void town_process(struct town *town, struct link *link, bool from_initiator);
/* The next of those that wait goes out, on a connection that is opened for it. */
void town_send_next(struct town *town, struct channel *channel);

/* ---- town_judge.c ---- */

/* How the joins came out, and what is claimed of recipients. */
void town_judge_legs(const struct town *town, struct town_result *result);
void town_judge_journeys(const struct town *town, struct town_result *result);

#endif
