/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * story: what happened to each message, over all connections of a capture, and who has it.
 *
 * An acknowledgement moves a message one hop on (GRVSSTP 3.1.5.19): its sender has it, then a
 * relay, then another relay or the recipient.  The story is fed, in the order of time, with
 * the commands of all connections and what an observer said of each (state/observer.h), and
 * joins what belongs together:
 *
 *     leg      one message on one connection, once: from a Message to its EndMessage
 *     hop      from one device or relay to the next; its legs are the attempts, for what was
 *              not acknowledged when a connection was lost comes again on another
 *     journey  all hops of one message, from the first that was seen: a tree, for a fanout
 *              branches
 *     sight    a leg of a connection that is captured at two places, before and after a proxy
 *              or an address translator: the same leg, no hop
 *
 * No evidence joins two hops alone.  The contents, UserRef and resource are the same; the one
 * who received is the one who sends, by what the ends of connections call themselves; the
 * session to the next is for a recipient that the session before had named; and nothing is
 * sent on before it had come, by the clocks as far as they are certain.  SSTP_STORY_CERTAIN
 * is what only one message can be: contents that begin once in all that was captured, that are
 * long enough to tell something, and that came to a relay after the last of what left it and was
 * not seen to come.  SSTP_STORY_LIKELY is the same before that, for another message may have come
 * unseen, too; and what repeats, told apart by its turn alone, for a queue is first in, first out
 * per recipient and resource.  Everything else is left
 * open: the hop begins a journey of its own, and sstp_story_candidates() has the hops that it
 * might continue.
 *
 * What the capture does not show is not known, and said so.  A queue may hold what came
 * before the capture began, or over a connection that nobody captured: what is found without
 * origin makes its queue's turn worthless.
 *
 *     struct sstp_story *story = sstp_story_new(&(struct sstp_story_config){.key = ...});
 *     uint32_t connection = sstp_story_connect(story, &transport);
 *     leg = sstp_story_command(story, &event);
 *     ...
 *     sstp_story_finish(story);
 *     for (uint32_t i = 0; i < sstp_story_num_journeys(story); i++) ...
 *
 * It may be asked at any time, also before it is finished, for what is known by then.
 * It keeps no payload and no name longer than it needs: what grows has a cap (SSTP_STORY_*_MAX
 * and the configuration), after which nothing more of that kind is followed, and
 * sstp_story_is_full() says so.  Memory that is not there counts as a cap.
 */
#ifndef SSTP_STORY_STORY_H
#define SSTP_STORY_STORY_H

#include "core/command.h"
#include "core/mem.h"
#include "state/observer.h"
#include "story/digest.h"

#define SSTP_STORY_NONE UINT32_MAX

/* Contents whose payload and whose UserRef are both shorter than this, in bytes, are never certain:
 * what is short may have passed where nobody captured, too, for an application may count its
 * UserRefs from one each day. */
#define SSTP_STORY_TELLING_LEN 16u
/* Names that one end of a connection is known by. */
#define SSTP_STORY_NAMES_MAX 4u
/* Places from which a capture may come. */
#define SSTP_STORY_POINTS_MAX 65535u
/* Connections, and sessions of all of them. */
#define SSTP_STORY_CONNECTIONS_MAX 10000000u
#define SSTP_STORY_SESSIONS_MAX 10000000u
/* Defaults of the configuration. */
#define SSTP_STORY_LEGS_MAX 100000000u
#define SSTP_STORY_PLACES_MAX 50000000u
#define SSTP_STORY_TEXT_MAX (UINT32_C(1) << 30)

struct sstp_story;

struct sstp_story_config {
    const struct sstp_mem *mem; /* NULL: libc's; has to outlive the story */
    uint8_t key[SSTP_DIGEST_KEY_LEN];
    /* Times are kept with each leg, 24 bytes more; without them all times below are 0, and
     * clocks are compared by the second. */
    bool keeps_times;
    /* What was joined stays so, and journeys keep their numbers; else sstp_story_finish()
     * takes back what turned out to be doubtful. */
    bool keeps_numbers;
    /* 0: the defaults */
    uint32_t max_legs;
    uint32_t max_places; /* in queues: one for each recipient of each leg */
    uint32_t max_text;   /* bytes of names and addresses */
};

/* NULL without memory. */
struct sstp_story *sstp_story_new(const struct sstp_story_config *config);
void sstp_story_free(struct sstp_story *story); /* NULL is fine */

/* Times of this point are right up to so many nanoseconds either way, against those of the
 * others; 0 unless said.  Two commands of one point are in their right order. */
void sstp_story_set_uncertainty(struct sstp_story *story, uint32_t point, int64_t uncertainty_ns);

/* ------------------------------------------------------------------------
 * What is told to it
 */

/* Where a connection was captured, and between whom.  The addresses are any bytes. */
struct sstp_story_transport {
    uint32_t point; /* from 0 */
    struct sstp_span initiator, acceptor;
};

/* A connection is seen for the first time.  Its number, counted from 0, or SSTP_STORY_NONE:
 * that one is fine below, and tells nothing. */
uint32_t sstp_story_connect(struct sstp_story *story, const struct sstp_story_transport *transport);

/* A command.  Data need not be told. */
struct sstp_story_event {
    uint32_t connection;
    bool from_initiator;
    uint32_t label; /* the caller's own word for the place: a frame, the number of a record */
    int64_t time_ns;
    const struct sstp_command *command;
    /* What the observer said: sstp_story_observed() fills it in. */
    uint32_t session;        /* index in the observer; SSTP_STORY_NONE */
    uint32_t message;        /* likewise, in its direction */
    uint32_t entry;          /* EndMessage: position in the ledger; SSTP_STORY_NONE: unknown */
    uint32_t first, covered; /* the entries that a MessageCount acknowledged */
    /* EndMessage: */
    bool has_digest;           /* all of the payload is known */
    struct sstp_digest digest; /* of the payload, by the story's key */
    uint64_t length;           /* of the payload, in bytes */
};

/* Fills in what the observer said of the command, and sets has_digest to false. */
void sstp_story_observed(struct sstp_story_event *event, const struct sstp_observer *observer,
                         const struct sstp_observation *seen);

/* Takes the next command.  Of an EndMessage the number of its leg, counted from 0, else
 * SSTP_STORY_NONE.  Commands of one direction of a connection come in their order; those of
 * different connections in the order of time, as far as that is known. */
uint32_t sstp_story_command(struct sstp_story *story, const struct sstp_story_event *event);

/* Commands of the connection were missed. */
void sstp_story_gap(struct sstp_story *story, uint32_t connection);

/* Its transport has ended: what is not acknowledged never will be. */
void sstp_story_end(struct sstp_story *story, uint32_t connection);

/* All has been told. */
void sstp_story_finish(struct sstp_story *story);

bool sstp_story_is_finished(const struct sstp_story *story);

/* Whether a cap was reached, and something is not followed. */
bool sstp_story_is_full(const struct sstp_story *story);

/* ------------------------------------------------------------------------
 * What it tells
 */

enum sstp_story_certainty {
    SSTP_STORY_OPEN, /* nothing is claimed */
    SSTP_STORY_CERTAIN,
    SSTP_STORY_LIKELY
};

/* The message on one leg. */
enum sstp_story_passage {
    SSTP_STORY_SENT,         /* and not acknowledged so far */
    SSTP_STORY_ACKNOWLEDGED, /* the receiver has it */
    SSTP_STORY_CUT_OFF,      /* the connection ended before that */
    SSTP_STORY_DECLINED,     /* the session was refused, or lost all its recipients */
    SSTP_STORY_NOT_SEEN      /* whether it was acknowledged nobody can say */
};

struct sstp_story_leg {
    uint32_t label;
    uint32_t connection, session; /* index in its observer */
    bool from_initiator;
    int64_t time_ns, acknowledged_ns;
    uint32_t acknowledged_label; /* 0 without */
    enum sstp_story_passage passage;

    uint32_t journey, hop;               /* hop: 0 is the first that was seen */
    uint32_t from;                       /* the leg one hop before; SSTP_STORY_NONE */
    uint32_t attempt_of;                 /* the first leg of the same hop: itself, mostly */
    uint32_t sight_of;                   /* the leg that this one shows again: itself, mostly */
    enum sstp_story_certainty certainty; /* that it belongs to its journey; OPEN: it begins it */
    struct sstp_span sender, receiver;   /* what they call themselves; empty: not known */
    struct sstp_span resource_url;
};

/* The leg of a message by the observer's number of it in its direction; SSTP_STORY_NONE as
 * long as it has not ended. */
uint32_t sstp_story_leg_of(const struct sstp_story *story, uint32_t connection, bool from_initiator,
                           uint32_t message);

uint32_t sstp_story_num_legs(const struct sstp_story *story);
void sstp_story_leg(const struct sstp_story *story, uint32_t leg, struct sstp_story_leg *told);

/* The legs one hop after that of `leg`, attempts too, one by one: first with `after`
 * SSTP_STORY_NONE, then with the last; SSTP_STORY_NONE at the end. */
uint32_t sstp_story_next_hop(struct sstp_story *story, uint32_t leg, uint32_t after);

/* The other legs of the same hop, and sights, likewise, in order, the first one too. */
uint32_t sstp_story_next_attempt(struct sstp_story *story, uint32_t leg, uint32_t after);

/* The legs that an open one might continue, at most so many of them, the newest first;
 * returns how many. */
unsigned sstp_story_candidates(const struct sstp_story *story, uint32_t leg, uint32_t *candidates,
                               unsigned max);

/* One recipient that the session of a leg names. */
struct sstp_story_recipient {
    struct sstp_span identity_url, device_url, relay_url; /* views, good as long as the story */
    bool is_there;                                        /* it is who receives the leg */
    bool is_gone; /* the receiver has said that it does not get this leg */
    uint8_t gone; /* StatusId */
};

/* Calls for each of them; as many as `max` at most, and returns how many there are. */
typedef void (*sstp_story_meet)(void *cookie, const struct sstp_story_recipient *recipient);
unsigned sstp_story_recipients(const struct sstp_story *story, uint32_t leg, unsigned max,
                               sstp_story_meet meet, void *cookie);

/* Journeys are counted from 0 in the order in which they were first seen.  One that turned
 * out to be the beginning of another has no leg of its own left. */
uint32_t sstp_story_num_journeys(const struct sstp_story *story);

/* The leg with which a journey begins; SSTP_STORY_NONE where it has none. */
uint32_t sstp_story_journey(const struct sstp_story *story, uint32_t journey);

enum sstp_story_outcome {
    SSTP_STORY_DELIVERED, /* acknowledged by the recipient's device */
    SSTP_STORY_WAITING,   /* a relay has acknowledged it, and no later hop was seen */
    SSTP_STORY_REFUSED,
    SSTP_STORY_UNDER_WAY, /* sent, and not acknowledged */
    SSTP_STORY_NOT_KNOWN, /* the capture does not reach there */
    SSTP_STORY_OUTCOMES
};

/* "delivered", "waiting", "refused", "under way", "not known" */
const char *sstp_story_outcome_name(enum sstp_story_outcome outcome);

/* Why a branch was refused. */
enum sstp_story_refusal {
    SSTP_STORY_NOT_REFUSED,
    SSTP_STORY_BY_STATUS,   /* SessionStatus: StatusId */
    SSTP_STORY_BY_RESPONSE, /* OpenResponse: ResponseId */
};

/* One recipient of a journey. */
struct sstp_story_branch {
    struct sstp_span identity_url, device_url, relay_url; /* views, good as long as the story */
    enum sstp_story_outcome outcome;
    enum sstp_story_refusal refusal;
    uint8_t reason; /* the id */
    /* The least of the joins up to there.  Of what is waiting or under way no more than LIKELY where
     * another leg of the same contents, or of unknown ones, may be a later one of this branch; and
     * OPEN where others that came later have left its queue: it has gone on unseen, or was dropped.
     * OPEN, too, of what is not known: that is the outcome where messages of the same contents
     * left, and nobody can say which. */
    enum sstp_story_certainty certainty;
    uint32_t leg;            /* the last of this branch */
    struct sstp_span holder; /* who has it; empty: not known */
    int64_t since_ns;        /* since it was acknowledged to him, or he sent it first */
};

/* Calls for each recipient of a journey; as many as `max` at most, and returns how many there
 * are. */
typedef void (*sstp_story_visit)(void *cookie, const struct sstp_story_branch *branch);
unsigned sstp_story_branches(struct sstp_story *story, uint32_t journey, unsigned max,
                             sstp_story_visit visit, void *cookie);

/* Recipients of a journey that are looked at for all of its outcomes: a FanoutOpen may name
 * thousands, and be followed by thousands of messages. */
#define SSTP_STORY_RECIPIENTS_MAX 1000u

/* Which outcomes its recipients have, the first of them, as bits of 1 << outcome. */
unsigned sstp_story_outcomes(struct sstp_story *story, uint32_t journey);

/* The connection of which this one is another sight, and how many commands agree;
 * SSTP_STORY_NONE. */
uint32_t sstp_story_sight_of(const struct sstp_story *story, uint32_t connection);

#endif
