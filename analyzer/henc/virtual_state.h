/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virtual_state: what goes into a virtual connection (virtual.h), what comes out, and what is
 * known of it in between. */
#ifndef SSTP_HENC_VIRTUAL_STATE_H
#define SSTP_HENC_VIRTUAL_STATE_H

#include "henc/echo.h"
#include "henc/flow.h"
#include "henc/henc_findings.h"
#include "henc/phase.h"
#include "henc/polling.h"
#include "henc/poll_timer.h"

enum henc_error {
    HENC_OK = 0,
    HENC_ERROR_MEMORY = -1 /* an early body could not be parked: it is as if never seen */
};

/* Requests of Polling without an answer that are kept in mind.  One is the rule,
 * more come from a capture out of order or from answers that it lacks. */
#define HENC_OUTSTANDING_MAX 4u

/* Where messages lie no farther apart than this, their times do not tell which was first: clocks of
 * two captures that are put together differ by less, and so long waits nothing in the queues of a
 * machine that captures. */
#define HENC_SKEW_MAX_NS INT64_C(2000000000)

struct henc_message {
    uint64_t chunk;          /* the caller's name for this message, e.g. its frame */
    uint64_t transport;      /* the caller's name for the TCP connection */
    enum henc_half half;     /* of the request, for a response of the request it answers */
    unsigned status;         /* of a response; 0 for a request */
    bool from_start;         /* the TCP connection was captured from its SYN on, without loss */
    bool lacks_start;        /* no SYN of the TCP connection was seen so far */
    bool has_content_length; /* the header is there */
    bool is_cut;             /* the body goes on, and the capture does not hold it */
    /* What its sender can have known.  is_unaware: when it left, its sender had acknowledged
     * nothing of this TCP connection that has not been shown.  opened: the chunk of the
     * TCP connection's SYN, where the SYN of the other side has been seen too, else 0. */
    bool is_unaware;
    bool has_ended; /* its TCP connection, before this message was seen */
    uint64_t opened;
    /* A request's: what its client said just before may not be in the capture, for that begins
     * there, or is known to lack something. */
    bool may_follow_unseen;
    bool lacks_header;  /* henc_http_lacks_header() */
    bool lacks_request; /* an answer's: nothing was seen before it on its TCP connection, or lost */
    int64_t time_ns;    /* since any fixed moment */
    uint64_t content_length;            /* what the header says */
    const struct henc_uri *uri;         /* of a request, else NULL */
    const struct henc_polling *polling; /* body of a Polling request or 200; NULL for
                                         * others, and where parsing was not OK */
    struct sstp_span body; /* all of it, and for LongLived what is there (or nothing) */
};

/* A piece of the body of a LongLived POST request (half POST) or GET response
 * (half GET). */
struct henc_piece {
    uint64_t chunk;
    enum henc_half half;
    bool is_cut;     /* bytes after these are missing */
    bool after_loss; /* bytes before these are missing */
    struct sstp_span bytes;
};

struct henc_result {
    enum henc_state state; /* after the message */
    uint32_t findings;     /* bits of enum henc_finding */
    bool is_repeat;        /* the body was sent before; nothing of it is delivered */
    struct henc_echo echo; /* at the start of the body; len 0 if there is none */
    /* Polling: the data is not delivered now; it waits for the body of this number, or, where
     * that is its own, it comes too late. */
    bool is_waiting;
    uint32_t awaited;
    struct henc_deliveries deliveries;
};

/* What is known of one half of LongLived or KeepAlive. */
struct henc_half_state {
    bool is_requested;
    bool is_challenged; /* the last answer was 401 or 407, or perhaps: the request comes again */
    bool is_answered;   /* by a 200 */
    bool has_transport;
    bool is_heard;      /* both directions of its TCP connection are captured... */
    bool is_from_start; /* ...from its first request on */
    bool awaits_echo;   /* the next body begins with the echo string */
    bool has_echo;
    bool order_is_noted; /* handshake_order has been told for this half */
    bool length_is_noted;
    uint64_t transport;
    uint64_t last_chunk;
    uint64_t octets;       /* of bodies, for LongLived */
    uint64_t octets_limit; /* as agreed */
    struct henc_digest echo;
    unsigned num_open; /* KeepAlive: requests on this TCP connection without an answer */
    bool has_answer;   /* the one before had one */
    bool has_server;   /* of the last request */
    struct henc_digest server;
};

struct henc_outstanding {
    bool is_used;
    bool is_challenged;
    bool is_probe;
    bool has_ended; /* its TCP connection, without an answer */
    uint64_t chunk;
    uint32_t number;
    uint64_t transport;
    struct henc_digest digest;
};

/* Read state through the results; the members are the module's own. */
struct henc_virtual {
    struct sstp_mem mem;
    enum henc_kind kind;
    enum henc_phase phase;
    struct henc_half_state halves[2]; /* by enum henc_half */
    struct henc_flow flows[2];        /* by enum henc_direction */
    bool handshake_is_seen;           /* its beginning is in the capture */
    bool has_lost;                    /* bytes of it are not in the capture */
    int64_t first_ns, last_ns;        /* of its messages */
    bool has_early_data;              /* on POST, before anything of GET was seen */
    bool post_awaits_answer;          /* KeepAlive: the last POST has no 200 */
    bool post_was_echo;               /* KeepAlive: and it was the echo string */
    bool post_is_known;               /* KeepAlive: any POST was seen, and the last could be read */
    bool post_is_reopened;            /* KeepAlive: no body yet on this transport */
    struct henc_digest post_digest;   /* KeepAlive: of the last POST's body */
    struct henc_outstanding outstanding[HENC_OUTSTANDING_MAX]; /* Polling */
    bool has_dropped_request; /* Polling: there were more, since all had their answers */
    size_t num_requests;      /* Polling */
    bool has_request_number;  /* Polling: highest_request is one */
    bool has_answer_number;
    uint32_t highest_request;
    uint32_t highest_answer; /* the request number that has its 200 */
    bool has_names;          /* Polling: of the last request */
    struct henc_digest guid, server;
    bool may_have_begun;                /* Polling: before the first request that was seen */
    bool has_settled, has_early_answer; /* Polling: a TCP connection with its answer */
    uint64_t settled_transport;         /* after its request */
    uint64_t early_transport;           /* whose request was not seen before it */
    struct henc_poll_timer poll_timer;
};

#endif
