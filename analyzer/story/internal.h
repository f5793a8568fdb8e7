/* SPDX-License-Identifier: GPL-2.0-or-later */
/* internal: what the story is made of, for the files of this room alone. */
#ifndef SSTP_STORY_INTERNAL_H
#define SSTP_STORY_INTERNAL_H

#include "state/array.h"
#include "state/fanout.h"
#include "story/index.h"
#include "story/story.h"
#include "story/texts.h"

#define NONE SSTP_STORY_NONE

/* Legs of one contents that are looked at for what a leg may belong to, the newest first. */
#define STORY_LOOK_BACK 64u
/* Places of a queue that are looked at, from its head on. */
#define STORY_LOOK_AHEAD 64u
/* Hops of a journey, and attempts one after the other: a chain of claims ends somewhere. */
#define STORY_DEPTH_MAX 250u

/* How a leg belongs to its journey. */
enum story_kind {
    STORY_ROOT,    /* it begins it: `from` is the journey's number */
    STORY_HOP,     /* it goes on from the leg `from` */
    STORY_ATTEMPT, /* it tries again what the leg `from` tried first */
    STORY_SIGHT    /* it shows the leg `from` at another place */
};

struct story_leg {
    uint32_t label;
    uint32_t session : 31;
    uint32_t has_come : 1; /* see holder.c */
    union {
        struct {
            uint32_t contents; /* index; NONE where the payload is not known */
            uint32_t link;     /* the next older one of the same contents, or of unknown ones */
        };
        uint32_t digest[2]; /* is_alone */
    };
    uint32_t from;            /* a leg, or a journey: see enum story_kind */
    unsigned kind : 2;        /* enum story_kind */
    unsigned certainty : 2;   /* enum sstp_story_certainty, as it was when it was joined */
    unsigned passage : 3;     /* enum sstp_story_passage */
    unsigned may_vanish : 1;  /* the message may leave a queue without a word */
    unsigned is_passed : 1;   /* of the first leg of a hop: one of them was acknowledged */
    unsigned is_repeated : 1; /* there is an attempt after it */
    unsigned has_others : 1;  /* of the first leg of a hop: there are attempts beside it */
    unsigned is_alone : 1;    /* no other has its contents: they have no record of their own */
    unsigned tells : 1;       /* is_alone: as in struct story_contents */
    unsigned when : 19;       /* of its end, in STORY_WHEN_SHIFT, from anywhere */
};
#define STORY_SESSIONS_MASK 0x7fffffffu /* more than SSTP_STORY_SESSIONS_MAX */

/* About a second, of which a leg knows six days. */
#define STORY_WHEN_SHIFT 30
#define STORY_WHEN_MASK 0x7ffffu

/* Of a leg, where they are kept. */
struct story_times {
    int64_t end_ns, acknowledged_ns;
    uint32_t acknowledged_label;
};

/* Contents that several legs had: payload, UserRef, resource and all.  Half a digest: of ten
 * million contents two have the same by a chance of three in a million. */
struct story_contents {
    uint32_t digest[2];
    uint32_t newest : 29; /* leg */
    uint32_t tells : 1;   /* they or their UserRef are long enough */
    uint32_t roots : 2;   /* journeys that begin with them, as far as STORY_ROOTS_MANY */
};
#define STORY_ROOTS_MANY 3u
#define STORY_LEGS_MAX ((1u << 27) - 1)

struct story_journey {
    uint32_t leg : 27;     /* STORY_LEGS_MAX: none any more */
    uint32_t outcomes : 5; /* bits, once all is told; 0: not yet asked for */
};

/* One recipient of a session. */
struct story_recipient {
    uint32_t identity, device, relay; /* texts */
    uint32_t way;                     /* beyond the receiver; NONE: it goes no further */
    uint32_t gone_at;                 /* the first leg that it does not get any more */
    uint8_t gone;                     /* StatusId */
    bool is_gone;
};

/* A way by which messages go on from a session's receiver. */
struct story_onward {
    uint32_t way;
    uint32_t num; /* recipients that are left there */
};

struct story_session {
    uint32_t connection;
    uint32_t resource; /* text */
    uint32_t index;    /* in the observer */
    uint32_t way;      /* by which its messages come to its receiver; NONE */
    uint32_t num_recipients;
    uint32_t num_ways; /* different ones of the recipients */
    struct story_recipient *recipients;
    uint32_t *sorted; /* of the recipients, by identity and device; NULL until it is asked for */
    struct story_onward *ways;  /* by their numbers */
    uint32_t source;            /* session + 1 that is known to have named all of its recipients */
    struct sstp_fanout *fanout; /* NULL where it is none, or closed */
    struct sstp_digesting contents; /* of the message under way, but for its payload */
    uint8_t message_flags;
    uint8_t response; /* ResponseId that refused it */
    bool tells_by_user_ref, has_ways;
    bool from_initiator; /* its originator */
    bool is_fanout, was_refused, is_closed;
};

/* One direction of a connection. */
struct story_direction {
    struct sstp_array legs; /* of uint32_t, by the observer's number of the message */
    /* EndMessages that are not acknowledged: the legs from position `first` on. */
    uint32_t *outstanding;
    uint32_t first, head, num, size;
};

/* A command that the other view of its connection has not shown so far. */
struct story_shown {
    uint64_t hash;
    uint32_t leg; /* of an EndMessage */
};

struct story_shown_queue {
    struct story_shown *shown;
    uint32_t head, num, size; /* num counts those before the head, too */
};

/* A connection that may be the same as another, captured at another place. */
struct story_likeness {
    uint32_t other;     /* connection */
    uint32_t num_equal; /* commands of both */
    bool is_over;       /* they are not the same */
    bool is_first;      /* of both, the one that was seen first */
    struct story_shown_queue waiting[2];
};

struct story_connection {
    uint32_t point;
    uint32_t names[2][SSTP_STORY_NAMES_MAX]; /* texts, by is_initiator */
    uint8_t num_names[2];
    uint32_t addresses[2];
    bool is_called_relay[2], is_called_device[2]; /* by is_initiator: how the first name begins */
    bool is_a_client;                             /* its initiator has attached */
    bool is_over, is_accepted;
    uint64_t connect_hash;      /* 0: none waits for its answer */
    struct sstp_array sessions; /* of uint32_t, by the observer's index */
    struct story_direction directions[2];
    struct story_likeness *likeness; /* NULL */
};

/* What one device or relay sends to one recipient, of one resource: a queue. */
struct story_way_key {
    /* Texts.  To another relay `device` is that, and `identity` stands for the recipients. */
    uint32_t sender, identity, device, resource;
};

struct story_way {
    struct story_way_key key;
    uint32_t *places; /* legs in the order in which they came to the sender; taken: STORY_TAKEN */
    uint32_t head, num, size;
    /* What left it and may be anything that waited, or that nobody saw come, since the last
     * one that was unmistakable. */
    uint32_t num_open;
    uint32_t num_given_up; /* legs that were cut off, and not tried again */
};
#define STORY_TAKEN UINT32_C(0x80000000)

struct sstp_story {
    const struct sstp_mem *mem;
    struct sstp_story_config config;
    bool is_full, is_finished;
    uint32_t num_places;
    uint32_t newest_unread; /* leg whose payload is not known; NONE */
    struct sstp_texts texts;
    struct sstp_array uncertainties; /* int64_t, by point */
    struct sstp_array connections, sessions, legs, times, contents, ways;
    struct sstp_array journeys; /* struct story_journey */
    struct sstp_array unseen;   /* uint32_t, by the text of a relay: see holder.c; leg + 1 */
    struct sstp_index contents_index, ways_index;
    uint32_t connecting[16]; /* connections whose Connect waits for its answer, the last ones */
    unsigned num_connecting;
    /* Legs that are no roots, by (from, way, number); made when it is asked for. */
    uint32_t *order;
    uint32_t num_order, num_ordered; /* legs there were then */
};

static inline struct story_leg *story_leg(const struct sstp_story *story, uint32_t index)
{
    return sstp_array_at(&story->legs, index);
}

static inline struct story_session *story_session(const struct sstp_story *story, uint32_t index)
{
    return sstp_array_at(&story->sessions, index);
}

static inline struct story_connection *story_connection(const struct sstp_story *story,
                                                        uint32_t index)
{
    return sstp_array_at(&story->connections, index);
}

static inline struct story_contents *story_contents(const struct sstp_story *story, uint32_t index)
{
    return sstp_array_at(&story->contents, index);
}

static inline struct story_way *story_way(const struct sstp_story *story, uint32_t index)
{
    return sstp_array_at(&story->ways, index);
}

static inline struct story_journey *story_journey(const struct sstp_story *story, uint32_t index)
{
    return sstp_array_at(&story->journeys, index);
}

/* The next older leg of the same contents. */
static inline uint32_t story_before(const struct story_leg *leg)
{
    return leg->is_alone || leg->contents == NONE ? NONE : leg->link;
}

/* Whether more than one journey begins with the contents of the leg. */
static inline bool story_is_ambiguous(const struct sstp_story *story, const struct story_leg *leg)
{
    return !leg->is_alone && leg->contents != NONE &&
           story_contents(story, leg->contents)->roots > 1;
}

/* NULL without memory; the story is full then. */
void *story_resize(struct sstp_story *story, void *block, size_t size);

/* ---- connection.c ---- */

/* What an end calls itself, first of all; SSTP_TEXT_NONE where that is not known. */
uint32_t story_party(const struct story_connection *connection, bool is_initiator);
bool story_has_name(const struct story_connection *connection, bool is_initiator, uint32_t name);
/* Whether an end can only be a relay, or only a device, going by what it does and is called. */
bool story_is_relay(const struct story_connection *connection, bool is_initiator);
bool story_is_device(const struct story_connection *connection, bool is_initiator);
/* Connect, ConnectResponse and Attach. */
void story_take_ends(struct sstp_story *story, const struct sstp_story_event *event);

/* ---- session.c ---- */

/* The session of an event; NONE. */
uint32_t story_find_session(const struct sstp_story *story, const struct sstp_story_event *event);
void story_take_session(struct sstp_story *story, const struct sstp_story_event *event);
/* The way by which the session's messages leave its originator, and those by which they go on
 * from its receiver, once both are known. */
void story_find_ways(struct sstp_story *story, struct story_session *session);
/* The recipient of these texts; NULL. */
const struct story_recipient *story_find_recipient(struct sstp_story *story,
                                                   struct story_session *session, uint32_t identity,
                                                   uint32_t device);
/* What a leg of the session goes on by: whether this is one of the ways. */
struct story_onward *story_find_onward(const struct story_session *session, uint32_t way);
/* Whether the recipient is who receives the session's messages. */
bool story_is_there(const struct sstp_story *story, const struct story_session *session,
                    const struct story_recipient *recipient);

/* ---- way.c ---- */

/* The way of a key, made where there is none; NONE without room. */
uint32_t story_way_of(struct sstp_story *story, const struct story_way_key *key);
bool story_way_enter(struct sstp_story *story, struct story_way *way, uint32_t leg);
/* Where a leg stands in it; NONE. */
uint32_t story_way_find(const struct story_way *way, uint32_t leg);
void story_way_take(struct story_way *way, uint32_t place);
extern const struct sstp_index_of story_ways_of;

/* ---- contents.c ---- */

/* What a leg that is about to come says. */
struct story_saying {
    uint32_t contents; /* NONE: not known, or without room */
    bool is_alone;     /* nothing has said it before; then */
    bool tells;
    uint64_t digest;
};

/* The contents of a payload on a session. */
struct story_saying story_saying_of(struct sstp_story *story, const struct sstp_story_event *event,
                                    const struct story_session *session);
/* The leg has come. */
void story_say(struct sstp_story *story, uint32_t leg, const struct story_saying *saying);
extern const struct sstp_index_of story_contents_of;

/* ---- holder.c ---- */

/* A leg that has its place: whether it leaves a relay, and nobody saw it come there. */
void story_note_unseen(struct sstp_story *story, uint32_t leg);
/* The same of all legs anew, now that what came late, by other clocks, is joined. */
void story_note_all_unseen(struct sstp_story *story);
/* Whether something that nobody saw come left the receiver of a hop after it had that: what has the
 * same contents may have come so, too. */
bool story_may_lack(const struct sstp_story *story, uint32_t hop);

/* ---- join.c ---- */

/* The EndMessage's leg finds its place in a journey. */
void story_join(struct sstp_story *story, uint32_t leg);
/* Takes back the joins of which too much turned out to be unknown. */
void story_revise(struct sstp_story *story);

/* ---- passage.c ---- */

void story_send(struct sstp_story *story, const struct sstp_story_event *event, uint32_t leg);
void story_acknowledge(struct sstp_story *story, const struct sstp_story_event *event);
/* What is outstanding will not be acknowledged any more; where it is after all, by what was told
 * late, that is taken back. */
void story_cut_off(struct sstp_story *story, struct story_direction *direction);
/* Nobody will see whether what is outstanding is acknowledged. */
void story_miss(struct sstp_story *story, struct story_connection *connection);

/* ---- sight.c ---- */

/* Whether the command shows one again that the other view of the connection has shown; then,
 * for an EndMessage, *leg is that. */
bool story_see(struct sstp_story *story, const struct sstp_story_event *event, uint32_t *leg);
/* The leg of a command that story_see() did not know. */
void story_show(struct sstp_story *story, const struct sstp_story_event *event, uint32_t leg);
void story_free_likeness(struct sstp_story *story, struct story_connection *connection);

/* ---- told.c ---- */

/* The first leg of the hop that a leg belongs to. */
uint32_t story_hop_of(const struct sstp_story *story, uint32_t leg);
/* The leg with which the journey of a leg begins, and how many hops there are up to it. */
uint32_t story_root_of(const struct sstp_story *story, uint32_t leg, uint32_t *num_hops);
/* Those that come from `leg`, by any kind: the range of story->order. */
void story_order_range(struct sstp_story *story, uint32_t leg, uint32_t *first, uint32_t *end);
/* How sure the leg's join is by now. */
enum sstp_story_certainty story_certainty(const struct sstp_story *story, uint32_t leg);
/* Whether who sends on a session may be the sender, or the receiver, of another one, going by what
 * they call themselves. */
bool story_may_send(const struct sstp_story *story, const struct story_session *session,
                    const struct story_session *other, bool is_sender);
/* Whether two legs of different points may have ended in either order. */
bool story_may_cross(const struct sstp_story *story, uint32_t a, uint32_t b);

#endif
