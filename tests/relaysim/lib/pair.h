/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pair: two endpoints joined in memory, with a clock of their own, or one that
 * is fed by the test.
 *
 * Every command that is sent, every event that is told and every note that is taken is
 * written down, a line each, so that a test reads as what went over the wire:
 *
 *     A Connect 1.6 to dpp:///b
 *     B ConnectResponse Ok 1.6
 *
 * A has opened the connection, B has accepted it.
 */
#ifndef TESTS_RELAYSIM_PAIR_H
#define TESTS_RELAYSIM_PAIR_H

#include <glib.h>

#include "endpoint/endpoint.h"

struct pair;

struct side {
    struct pair *pair;
    const char *name;
    struct sstp_ep *ep;
    const char *device_url;

    /* How it answers. */
    struct sstp_ep_connect_answer connect_answer;
    enum sstp_availability availability;
    bool holds;         /* completes no message by itself */
    bool closes_opened; /* closes each session in its OPENED event */

    unsigned num_released; /* lenders */

    /* What it has seen last. */
    uint32_t opened_id, event_id;
    uint32_t wait_time;             /* RetryTime or ReturnTime that it was told */
    GArray *numbers;                /* uint64_t, of the messages */
    GByteArray *data;               /* of the last message */
    struct sstp_ep_message message; /* the last one, its spans gone */
};

struct pair {
    struct side a, b;
    int64_t now_ms;
    GString *commands; /* what was sent since it was last compared */
    GString *events;   /* likewise, what was told */
    GString *notes;    /* likewise, what was noted */
};

/* What is not set: A and B are clients dpp:///a and dpp:///b, of version 1.6. */
struct pair_config {
    enum sstp_ep_role a_role, b_role;
    uint8_t a_minor, b_minor, a_major;
    bool multi_drop, single_hop; /* of B */
    struct sstp_ep_limits limits;
    const struct sstp_mem *mem; /* NULL: libc's */
    size_t ack_count;
    int64_t open_timeout_ms, outbound_idle_ms, inbound_idle_ms; /* of A */
};

/* Either endpoint may be NULL where `mem` has no memory for it. */
struct pair *pair_new(const struct pair_config *config);
void pair_free(struct pair *pair);

/* Carries bytes both ways until there are none, `cut` at a time (0: all). */
void pair_exchange_cut(struct pair *pair, size_t cut);
void pair_exchange(struct pair *pair);

/* Connects A to B, checks that it went well, and forgets what was said. */
void pair_connect(struct pair *pair);

/* Opens a session of one side's to the other, and forgets what was said. */
uint32_t pair_open(struct pair *pair, struct side *from);

/* Lets time pass, and carries what comes of it. */
void pair_advance(struct pair *pair, int64_t ms);

/* A command from the other side, that it never sent. */
void side_inject(struct side *side, const struct sstp_command *command);
void side_inject_bytes(struct side *side, const void *bytes, size_t len);

/* Command number `n`, from 0, of the small ones that the side has put out and that have
 * not been carried yet; its spans are good until they are. */
struct sstp_command side_output(const struct side *side, size_t n);

/* Sends text as a message; asserts that it could. */
void side_send(struct side *side, uint32_t session_id, const char *text, uint8_t flags);

/* Completes the n-th message that the side has received, from 0. */
void side_complete(struct side *side, guint n);

/* What has been sent, or told, since the last time is exactly this; then it is
 * forgotten. */
#define assert_commands(pair, expected)                                                            \
    do {                                                                                           \
        g_assert_cmpstr((pair)->commands->str, ==, expected);                                      \
        g_string_truncate((pair)->commands, 0);                                                    \
    } while (0)
#define assert_events(pair, expected)                                                              \
    do {                                                                                           \
        g_assert_cmpstr((pair)->events->str, ==, expected);                                        \
        g_string_truncate((pair)->events, 0);                                                      \
    } while (0)

#define assert_notes(pair, expected)                                                               \
    do {                                                                                           \
        g_assert_cmpstr((pair)->notes->str, ==, expected);                                         \
        g_string_truncate((pair)->notes, 0);                                                       \
    } while (0)

static inline struct sstp_span span_text(const char *text)
{
    return sstp_span_of_string(text);
}

#endif
