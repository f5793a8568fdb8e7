/* SPDX-License-Identifier: GPL-2.0-or-later */
/* client_internal: what the parts of client_run share.  Everything is in one thread; the
 * run outlives its peers. */
#ifndef RELAYSIM_CMD_CLIENT_INTERNAL_H
#define RELAYSIM_CMD_CLIENT_INTERNAL_H

#include "cmd/client_input.h"
#include "cmd/client_lines.h"
#include "client/outbox.h"
#include "cmd/client_output.h"
#include "client/pace.h"
#include "client/retry.h"
#include "cmd/client_config.h"
#include "live/client.h"

#include <glib.h>

enum { CLIENT_SIGNALS = 3 };

struct run {
    const struct client_run *config;
    struct net *net;
    struct peer *sender; /* the connection on which to send: the first that is ready */
    uv_timer_t timeout;
    uv_signal_t signals[CLIENT_SIGNALS];
    struct recording *recording;
    GPtrArray *peers;
    struct peer *dialing; /* who is to become one of them; NULL */
    unsigned num_received;
    bool is_ending, has_failed, has_signal;
    bool has_terminal; /* whose end is the run's, too */

    struct client_output *output; /* for what comes; NULL without */
    GQueue unwritten;             /* struct unwritten, as the lines in the output */
    bool is_held;                 /* until the output has room */

    struct client_outbox *outbox;
    struct client_pace pace;
    uv_timer_t pace_timer;      /* until the next message is due */
    struct client_lines *lines; /* of standard input, with `input`; NULL without */
    struct client_input *input; /* NULL from its end on, too */
    bool has_all_lines;         /* `lines` has them up to the end of the input */

    struct client_way_state way;
    bool is_next_way; /* the next attempt is to be made at once, on another way */

    struct client_retry retry;
    bool is_given_up;   /* what ended the last connection would end the next one, too */
    uv_timer_t again;   /* until the next attempt */
    uint32_t wait_time; /* that the other side asked for, in seconds */
};

/* One connection. */
struct peer {
    struct run *run;
    struct live_client *client;
    char *device_url;    /* the other side's, once established */
    uint32_t session_id; /* on which it sends */
    bool has_session;
    bool is_refused; /* by the ConnectResponse */
    bool is_ready;   /* to send on, until its end */
    bool was_established;
    GHashTable *inbound; /* SessionId to struct client_source */
};

/* ------------------------------------------------------------------------
 * client_end
 */

/* Says goodbye to everybody; the loop ends with the last of them, or without
 * those that do not take it. */
void client_end(struct run *run);

/* The loop ends where there is nobody left to say goodbye to. */
void client_stop_if_alone(struct run *run);

/* The same where all is done. */
void client_end_if_done(struct run *run);

/* The end without all of it: says what is missing. */
void client_time_is_up(struct run *run);

/* The first failure is told, and makes the exit code. */
void client_fail(struct run *run, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* A hint of client/hint.h, where the other side is a relay; "" otherwise. */
const char *client_hint_of_relay(const struct run *run, const char *hint);

/* The same, for what another attempt would not mend.  No failure of who listens: anybody
 * may come. */
void client_give_up(struct run *run, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* A connection is lost, or could not be had, for a reason that may pass. */
void client_lose(struct run *run, const char *why, uint32_t wait_time);

/* ------------------------------------------------------------------------
 * client_peer: connections
 */

/* Connects to the relay; false with a sentence to be freed. */
bool client_dial(struct run *run, char **error);

/* Does not wait for that any more; harmless where nobody does. */
void client_stop_dialing(struct run *run);

/* Frees whom net_free() would find: nobody is told. */
void client_free_peers(struct run *run);

/* For net_listen(); the cookie is the run. */
void client_accepted(void *cookie, struct net_connection *socket);

/* ------------------------------------------------------------------------
 * client_send
 */

/* Makes the outbox, and begins to read the lines; false with a sentence. */
bool client_send_start(struct run *run);

/* Reads no more, also after a start that failed. */
void client_send_stop(struct run *run);

/* Opens the session to the recipients, where the peer is the one to send on. */
void client_send_open(struct peer *peer);

/* Sends what the endpoint takes now. */
void client_send_pump(struct peer *peer);

/* The oldest message is acknowledged. */
void client_send_acknowledged(struct peer *peer);

void client_send_session_closed(struct peer *peer, const struct sstp_ep_event *event);
void client_send_session_status(struct peer *peer, const struct sstp_ep_event *event);

/* ------------------------------------------------------------------------
 * client_receive
 */

/* Who the other side is. */
void client_receive_established(struct peer *peer, const struct sstp_ep_event *event);

void client_receive_open(struct peer *peer, const struct sstp_ep_event *event);
void client_receive_opened(struct peer *peer, const struct sstp_ep_event *event);
void client_receive_message(struct peer *peer, const struct sstp_ep_event *event);

/* Acknowledges all that is written, before the end: whoever reads it may be the one who ends us. */
void client_receive_take_notice(struct run *run);

/* The peer is about to be freed. */
void client_receive_gone(struct peer *peer);

/* Begins to write what comes; false with a sentence.  The stop is for a start that failed,
 * too. */
bool client_receive_start(struct run *run);
void client_receive_stop(struct run *run);

#endif
