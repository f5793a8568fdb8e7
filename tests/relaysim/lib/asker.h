/* SPDX-License-Identifier: GPL-2.0-or-later */
/* asker: the client of Polling, in memory, and whatever is answered to it. */
#ifndef TESTS_RELAYSIM_ASKER_H
#define TESTS_RELAYSIM_ASKER_H

#include "carrier/carrier.h"
#include "carrier/http_options.h"
#include "henc/http.h"
#include "henc/polling.h"
#include "pair.h"
#include "polling_states.h"

struct asker {
    struct pair *pair;
    struct carrier *carrier;
    struct carrier_transport *transport; /* of the request under way; NULL */
    GByteArray *said;                    /* the last request */
    struct henc_http http;
    struct henc_polling request;
    int64_t now_ms;
};

/* The next request, which takes its transport and is said. */
bool asker_hear(struct asker *asker);

void asker_answer_bytes(struct asker *asker, const void *bytes, size_t len, size_t cut);

void asker_answer_status(struct asker *asker, unsigned status);

/* A 200 with this body, of which what is not set is as it should be. */
void asker_answer_ok(struct asker *asker, struct henc_polling answer, size_t cut);

void asker_begin(struct asker *asker, const struct http_options *options);

void asker_end(struct asker *asker);

void asker_wait(struct asker *asker, int64_t ms);

/* The endpoint has output, and nobody has told the carrier: its deadline does. */
void asker_speak(struct asker *asker);

/* Up to a request that has no answer yet. */
void asker_go_to(struct asker *asker, enum state state);

#endif
