/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * carried: carriers over HTTP, of a client or of a server, and their owner, as an input's program
 * (program.h) drives them: bytes come in pieces, transports break, time passes, the endpoint has
 * something to say or leaves.  What is asked and answered is the target's own.
 *
 * Besides the sanitizers: what was due is done, and who is gone has told its endpoint.
 */
#ifndef TESTS_FUZZ_CARRIED_H
#define TESTS_FUZZ_CARRIED_H

#include "carrier/door.h"
#include "carrier/http_options.h"

#include "pair.h"
#include "program.h"

#define CARRIED_NAME "relay.example"
#define CARRIED_GUID "m3u7m5ev6iz9hj6mx97s4kdrnk8khajvb3bwnba"
#define CARRIED_MAX 12u
#define CARRIED_UNSAID_MAX (3u << 16)

enum carried_operation {
    CARRIED_ASK,    /* or answer: the target's own */
    CARRIED_BYTES,  /* any */
    CARRIED_PIECES, /* what was to be said goes on */
    CARRIED_OPEN,
    CARRIED_PICK, /* another transport */
    CARRIED_LOSE,
    CARRIED_WAIT,
    CARRIED_SPEAK,
    CARRIED_LEAVE
};

struct carried {
    const struct carried_target *target;
    struct pair *pair;
    struct http_server *http;
    struct carrier *carriers[CARRIED_MAX]; /* of a client one; of a server all doors */
    bool has_started;                      /* one of them has the endpoint */
    struct carrier_transport *at;          /* that is spoken over; NULL */
    uint8_t unsaid[CARRIED_UNSAID_MAX];    /* to it, up to `unsaid_len` */
    size_t unsaid_len;
    int64_t now_ms;
    bool is_server;
};

struct carried_target {
    /* What the first byte of a step chooses from. */
    const enum carried_operation *operations;
    unsigned num_operations;
    int64_t waits[8];
    const char *words[2]; /* of BYTES, beside those of all HTTP */
    unsigned unreachable; /* the second byte of OPEN, modulo 8, where a client reaches nobody */
    bool has_peers;       /* some come to a server from another address */
    bool closes;          /* the owner closes what is over */
    /* Looks at all that there is to be said, and takes it. */
    void (*hear)(const struct carried *carried, struct carrier *carrier);
    /* The step ASK: what is said is put in with carried_add(), and carried_say(). */
    void (*ask)(struct carried *carried, struct program_step *step);
    /* An input begins, whose first byte is `how`; the carrier of a client is put in its place. */
    void (*begin)(struct carried *carried, uint8_t how);
};

/* Runs a whole input; whether it is a server that is under test is the first bit. */
int carried_run(const uint8_t *data, size_t size, const struct carried_target *target);

/* Bytes that are to be said, as far as there is room; and says the next `len` of them, from memory
 * of just that length. */
void carried_add(struct carried *carried, const void *bytes, size_t len);
void __attribute__((format(printf, 2, 3)))
carried_add_text(struct carried *carried, const char *format, ...);
void carried_say(struct carried *carried, size_t len);

/* Opens a transport, where there is room or one is wanted; `how` says what comes of it. */
void carried_open(struct carried *carried, uint8_t how);

/* Random numbers for a carrier's configuration: always the same. */
void carried_fill(void *cookie, void *bytes, size_t len);

/* A message of HTTP, whole, and as long as it says; *body is that. */
void carried_check_message(struct sstp_span said, bool is_response, struct henc_http *http,
                           struct sstp_span *body);

#endif
