/* SPDX-License-Identifier: GPL-2.0-or-later */
/* client_config: what `relaysim client` is asked to do. */
#ifndef RELAYSIM_CMD_CLIENT_CONFIG_H
#define RELAYSIM_CMD_CLIENT_CONFIG_H

#include "record/recording.h"
#include "cmd/client_print.h"
#include "cmd/client_way.h"
#include "carrier/carrier.h"
#include "carrier/http_options.h"

struct client_timers {
    int64_t ack_delay_ms, connect_timeout_ms, open_timeout_ms, auth_timeout_ms;
    int64_t transport_timeout_ms, outbound_idle_ms, inbound_idle_ms;
    int64_t http_establish_ms, http_receive_ms, http_keepalive_ms;
};

/* What is not asked for is NULL, 0 or false; all outlives the call. */
struct client_run {
    const char *relay;          /* to connect to, or ... */
    struct client_ways ways;    /* (how; one at least) */
    struct proxy_login *login;  /* (and as whom, where there is a proxy) */
    const char *const *listens; /* ... to be connected to; ended by NULL */
    struct recording_files files; /* what it leaves */
    const char *device_url, *target_url, *account_url;
    const char *const *identity_urls;
    size_t num_identities;
    bool attaches;
    uint8_t minor_version;
    const char *resource_url;
    const struct sstp_fanout_entry *recipients; /* one: a session; more: a fanout session */
    size_t num_recipients;
    /* To send: so many messages of this content, or every line of standard input. */
    unsigned num_messages;
    struct sstp_span content;
    bool sends_lines;
    uint8_t flags;              /* enum sstp_flag of Message, of every message */
    uint32_t ttl;               /* seconds, with the E flag */
    double messages_per_second; /* 0: as fast as they go */
    bool receives;
    enum client_format format;
    unsigned num_expected;    /* 0: as many as come */
    int64_t timeout_ms;       /* 0: never */
    int64_t lines_timeout_ms; /* from the end of the lines on; 0: never */
    int64_t retry_ms;         /* for so long to try to be ready for the first time */
    int64_t retry_pause_ms;   /* the first one before another attempt */
    struct client_timers timers;
    struct http_options http; /* for a carrier over HTTP */
};

#endif
