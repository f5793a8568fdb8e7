/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * relay_model: what a relay owes for what it has acknowledged.
 *
 * Every message that is to be followed says its number in its data.  It is owed to the
 * recipients that it has when the relay takes it; a debt ends when the recipient
 * acknowledges it, or the relay says why it has discarded it.  All that has been
 * acknowledged to its sender and is still owed has to be in its queue.
 */
#ifndef TESTS_FUZZ_RELAY_MODEL_H
#define TESTS_FUZZ_RELAY_MODEL_H

#include "relay/relay.h"

#define MODEL_MESSAGES_MAX 512u
#define MODEL_NONE (-1) /* no message that is followed */
#define MODEL_DATA_MIN 5u

struct model_message {
    uint64_t label, number; /* where it came from; label 0: it has not come yet */
    uint32_t owed;          /* bits of recipients, see model_recipient() */
    uint32_t settled;
    uint32_t sent; /* at least once */
    unsigned order;
    bool is_acknowledged, may_expire;
};

struct model {
    struct model_message messages[MODEL_MESSAGES_MAX];
    unsigned num_messages;
    unsigned num_arrived;
    unsigned last_sent[2][32]; /* of a resource to a recipient, by bit: the order of the last
                                  that was new */
    bool is_blurred;           /* something was not followed to its end: nothing can be said */
    bool has_old_discards; /* of messages of which the relay does not know where they came from */
};

void model_reset(struct model *model);

/* A new one's number is written into its data, of at least MODEL_DATA_MIN bytes; it is
 * returned, or MODEL_NONE when there have been enough. */
int model_new_message(struct model *model, bool may_expire, uint8_t *data);

/* The number that is in the data. */
int model_find(const struct model *model, struct sstp_span data);

/* The bit of a recipient, or 0 for one that is not followed. */
uint32_t model_recipient(const char *identity_url, const char *device_url);

/* The relay has taken it in, for these recipients. */
void model_arrived(struct model *model, int message, uint64_t label, uint64_t number,
                   uint32_t owed);
void model_acknowledged(struct model *model, int message);
/* Of the resource with this index; what is new to a queue goes out in the order in which it
 * came. */
void model_sent(struct model *model, int message, uint32_t recipient, unsigned resource);
void model_settled(struct model *model, int message, uint32_t recipient);
void model_discarded(struct model *model, const struct sstp_relay_discard *discard);

/* All that was in the relay is gone, as it has no disk. */
void model_forget(struct model *model);

/* What is owed is in the store. */
void model_check(struct model *model, struct sstp_store *store, int64_t now_ms);

#endif
