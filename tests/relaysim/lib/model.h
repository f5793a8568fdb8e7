/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * model: what the world outside knows of a durable store on a disk that fails (faulty_vfs.h):
 * what it was told is safe, and what has left.  By that what is left of it after a power cut is
 * judged.
 *
 *     struct model *model = model_new(seed);
 *     faulty_vfs_reset();
 *     g_assert_true(model_open(model));
 *     model_turn(model);
 *     char *wrong = model_end(model, 0);
 */
#ifndef TESTS_MODEL_H
#define TESTS_MODEL_H

#include "random.h"
#include "store/internal.h"

#define MODEL_ROUNDS 12u
#define MODEL_QUEUES 4u
#define MODEL_MESSAGES 512u

enum model_share { SHARE_NONE, SHARE_THERE, SHARE_TAKEN, SHARE_GONE };

struct model_message {
    bool is_safe;
    enum model_share shares[MODEL_QUEUES];
    struct sstp_store_message *stored[MODEL_QUEUES]; /* while SHARE_THERE */
};

/* What the world outside knows of the store. */
struct model {
    struct sstp_store *store;
    struct rng rng;
    int64_t now_ms;
    struct model_message messages[MODEL_MESSAGES];
    unsigned num_messages;
    unsigned num_accounts, num_accounts_safe;
    char *failure;
    unsigned num_failures, num_recoveries;
};

struct model *model_new(uint64_t seed);
void model_free(struct model *model);

/* One whose store is open on an empty disk, of which calls fail from the `fail_at`th of the next
 * on. */
struct model *model_failing(uint64_t seed, unsigned fail_at, unsigned num_fails, int failure);

/* False where the file cannot even be opened, which only a fault may cause. */
bool model_open(struct model *model);

/* A message of some length, which says its number, to one queue or several. */
void model_send(struct model *model);

/* The recipient of a queue acknowledges its oldest messages, or some out of turn; and all
 * recipients all. */
void model_acknowledge(struct model *model);
void model_take_all(struct model *model);

/* Writes until there is nothing to write, or it fails; returns which. */
bool model_settle(struct model *model);

/* One turn of the relay's loop. */
void model_turn(struct model *model);

struct sstp_store_queue *model_queue(struct sstp_store *store, unsigned q);

/* Counts the calls of MODEL_ROUNDS turns without errors. */
unsigned model_count_calls(uint64_t seed);

/* The power is cut, and comes back (faulty_vfs_reboot()); frees the model.  What is wrong with what
 * is left of the store, to be freed; NULL: nothing. */
char *model_end(struct model *model, uint64_t seed);

#endif
