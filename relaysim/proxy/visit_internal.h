/* SPDX-License-Identifier: GPL-2.0-or-later */
/* visit_internal: what the files of a visit share. */
#ifndef RELAYSIM_PROXY_VISIT_INTERNAL_H
#define RELAYSIM_PROXY_VISIT_INTERNAL_H

#include "carrier/proxy_ntlm.h"
#include "henc/http.h"
#include "proxy/visit.h"

enum proxy_visit_phase {
    VISIT_ASKING,     /* awaits (more of) a request */
    VISIT_OPENING,    /* awaits the server */
    VISIT_TUNNEL,     /* what comes goes to the other side */
    VISIT_FORWARDING, /* a request's body, and its answer */
    VISIT_SKIPPING,   /* awaits the end of the body of a request that was answered */
    VISIT_OVER
};

enum proxy_visit_speech { VISIT_UNKNOWN, VISIT_HTTP, VISIT_SOCKS };

struct proxy_visit {
    const struct proxy_visit_config *config;
    enum proxy_visit_phase phase;
    enum proxy_visit_speech speech;
    GByteArray *heard; /* of the client, not dealt with */
    GByteArray *outputs[PROXY_SIDE_COUNT];
    char *address; /* of the server that is there, or is being opened; NULL */
    bool has_server, is_wanted, is_server_over;
    int64_t deadline;
    bool is_known;   /* the client has said who it is */
    bool was_served; /* it has had an answer, and may think before it asks again */
    bool is_asking;  /* the beginning of a request is there */

    /* ---- HTTP ---- */
    uint8_t challenge[PROXY_NTLM_CHALLENGE_LEN];
    bool has_challenge;
    GByteArray *request;   /* the head that goes to the server, once it is there */
    uint64_t request_left; /* of the request's body */
    GByteArray *answer;    /* the beginning of the answer: its head is not whole */
    bool is_answered;      /* it is whole */
    uint64_t answer_left;  /* of its body */
    bool has_no_end;       /* that ends with the server's connection */
    bool stays;            /* the client's connection, after the answer */

    /* ---- SOCKS ---- */
    unsigned step;
};

/* The first bytes that were heard are dealt with. */
void visit_understood(struct proxy_visit *visit, size_t len);

void visit_say(struct proxy_visit *visit, enum proxy_side to, const void *bytes, size_t len);

/* A server is wanted; `address` is taken over. */
void visit_want(struct proxy_visit *visit, char *address);

/* The visit ends, when what has been said is gone. */
void visit_end(struct proxy_visit *visit);

/* The phases in which one speech differs from the other: false while more has to be heard. */
bool visit_http_ask(struct proxy_visit *visit);
bool visit_socks_ask(struct proxy_visit *visit);

void visit_http_opened(struct proxy_visit *visit);
void visit_socks_opened(struct proxy_visit *visit);
void visit_http_not_opened(struct proxy_visit *visit, enum proxy_why why);
void visit_socks_not_opened(struct proxy_visit *visit, enum proxy_why why);

/* ---- HTTP alone ---- */

/* What the client has sent goes on: false while there is nothing to go on. */
bool visit_http_forward(struct proxy_visit *visit);
bool visit_http_skip(struct proxy_visit *visit);

/* The server has sent something, or has gone. */
void visit_http_answer(struct proxy_visit *visit, const uint8_t *data, size_t len);
void visit_http_server_lost(struct proxy_visit *visit);

void visit_http_refuse(struct proxy_visit *visit, unsigned status, const char *text);

#endif
