/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * config: what an endpoint is made with.
 */
#ifndef RELAYSIM_ENDPOINT_CONFIG_H
#define RELAYSIM_ENDPOINT_CONFIG_H

#include "core/mem.h"
#include "endpoint/event.h"

#define SSTP_EP_NEVER INT64_MAX
#define SSTP_EP_ACK_DELAY_MS 5000        /* GRVSSTP 3.1.2.1 */
#define SSTP_EP_ACK_COUNT 32             /* our choice, as 3.1.4.8 allows */
#define SSTP_EP_CONNECT_TIMEOUT_MS 30000 /* Appendix A, Connection Establishment Timer */
#define SSTP_EP_OPEN_TIMEOUT_MS 180000   /* Appendix A, Session Establishment Timer */
#define SSTP_EP_AUTH_TIMEOUT_MS 60000    /* Appendix A, Authentication Timer */

struct sstp_ep;

enum sstp_ep_err {
    SSTP_EP_OK = 0,
    SSTP_EP_NO_MEMORY = -1,
    SSTP_EP_WRONG_STATE = -2, /* the connection or session is not in a state that allows this */
    SSTP_EP_NO_SESSION = -3,
    SSTP_EP_FULL = -4,    /* a limit on what waits is reached: again when some of it has gone */
    SSTP_EP_TOO_LONG = -5 /* it does not fit into its command, or exceeds a limit */
};

enum sstp_ep_role { SSTP_EP_CLIENT, SSTP_EP_RELAY };

/* What several endpoints have of messages that are not whole yet.  Beyond `max_bytes` a
 * session that brings more ends with QuotaWouldBeExceeded, unless its connection has not
 * more than SSTP_EP_ASSEMBLING_SHARE: who sends short messages always gets through. */
#define SSTP_EP_ASSEMBLING_SHARE (64u << 10)
struct sstp_ep_assembling {
    size_t num_bytes, max_bytes;
};

/* What a peer may make grow.  0 stands for the default. */
struct sstp_ep_limits {
    size_t max_sessions;       /* open at a time, both ways together; 1024 */
    size_t max_attaches;       /* attach and register sessions; 1024 */
    size_t max_fanout_entries; /* of one FanoutOpen; 1024 */
    size_t max_message;        /* bytes of one message; 16 MiB */
    size_t max_assembling;     /* bytes of all unfinished messages together; 32 MiB */
    size_t max_unacknowledged; /* messages in either acknowledgement list; 65536 */
    size_t max_queued;         /* output bytes beyond which no message is taken; 256 KiB */
    size_t max_unread;         /* output bytes beyond which the peer is given up; 64 MiB */
};

struct sstp_ep_config {
    const struct sstp_mem *mem;
    enum sstp_ep_role role;
    bool is_originator; /* it opened the transport */
    bool is_puppet;     /* it says what sstp_ep_say() is given, and counts what it hears, no more */
    const char *const *device_urls; /* LocalDeviceURLs; strings and array outlive the endpoint */
    size_t num_device_urls;         /* at most 255 */
    uint8_t major_version, minor_version;          /* 0.0 stands for 1.6 */
    const char *product_version;                   /* outlives the endpoint */
    const char *product_capabilities;              /* likewise; NULL for none */
    bool supports_multi_drop, supports_single_hop; /* relay only */
    uint32_t upgrade_retry_time;                   /* RetryTime of a WillUpgrade, in seconds */
    int64_t now_ms;
    int64_t ack_delay_ms; /* 0: SSTP_EP_ACK_DELAY_MS */
    size_t ack_count;     /* a Noop at once for so many; 0: SSTP_EP_ACK_COUNT, SIZE_MAX: never */
    int64_t connect_timeout_ms; /* 0: SSTP_EP_CONNECT_TIMEOUT_MS */
    int64_t open_timeout_ms;    /* 0: SSTP_EP_OPEN_TIMEOUT_MS */
    /* Client: for each AttachResponse and RegisterResponse; 0: SSTP_EP_AUTH_TIMEOUT_MS */
    int64_t auth_timeout_ms;
    /* A Noop after so long without a command to the peer, or from it (Appendix A,
     * Outbound and Inbound Idle Timer); 0: never. */
    int64_t outbound_idle_ms, inbound_idle_ms;
    uint32_t first_session_id; /* without the bit that tells the side; 0: 1 */
    struct sstp_ep_limits limits;
    struct sstp_ep_assembling *assembling; /* outlives the endpoint; NULL: its own limit alone */

    /* The callback may call every function here on this endpoint but _free(),
     * _receive() and _tick(); none during EVENT_CONNECT. */
    void (*event)(void *cookie, struct sstp_ep *ep, const struct sstp_ep_event *event);
    /* See sstp_ep_lend_message(); NULL for who never calls that. */
    void (*release)(void *cookie, void *lender);
    /* Told of a limit, before what comes of it is told; calls nothing on the endpoint; may be
     * NULL. */
    void (*limited)(void *cookie, struct sstp_ep *ep, enum sstp_ep_limit limit);
    void *cookie;
    struct sstp_ep_witness witness;
};

#endif
