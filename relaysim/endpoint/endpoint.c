/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "endpoint/endpoint.h"
#include "endpoint/internal.h"

#include "core/decode.h"
#include "core/encode.h"

#include <assert.h>
#include <stdlib.h>

static const struct sstp_ep_limits default_limits = {
    .max_sessions = 1024,
    .max_attaches = 1024,
    .max_fanout_entries = 1024,
    .max_message = 16u << 20,
    .max_assembling = 32u << 20,
    .max_unacknowledged = 65536,
    .max_queued = 256u << 10,
    .max_unread = 64u << 20,
};

/* ------------------------------------------------------------------------
 * Life
 */

static void set_default(size_t *limit, size_t value)
{
    if (*limit == 0)
        *limit = value;
}

static void set_defaults(struct sstp_ep_config *config)
{
    struct sstp_ep_limits *limits = &config->limits;

    if (config->major_version == 0 && config->minor_version == 0) {
        config->major_version = 1;
        config->minor_version = 6;
    }
    if (config->product_capabilities == NULL)
        config->product_capabilities = "";
    if (config->ack_delay_ms == 0)
        config->ack_delay_ms = SSTP_EP_ACK_DELAY_MS;
    if (config->ack_count == 0)
        config->ack_count = SSTP_EP_ACK_COUNT;
    if (config->connect_timeout_ms == 0)
        config->connect_timeout_ms = SSTP_EP_CONNECT_TIMEOUT_MS;
    if (config->open_timeout_ms == 0)
        config->open_timeout_ms = SSTP_EP_OPEN_TIMEOUT_MS;
    if (config->auth_timeout_ms == 0)
        config->auth_timeout_ms = SSTP_EP_AUTH_TIMEOUT_MS;
    set_default(&limits->max_sessions, default_limits.max_sessions);
    set_default(&limits->max_attaches, default_limits.max_attaches);
    set_default(&limits->max_fanout_entries, default_limits.max_fanout_entries);
    set_default(&limits->max_message, default_limits.max_message);
    set_default(&limits->max_assembling, default_limits.max_assembling);
    set_default(&limits->max_unacknowledged, default_limits.max_unacknowledged);
    set_default(&limits->max_queued, default_limits.max_queued);
    set_default(&limits->max_unread, default_limits.max_unread);
}

struct sstp_ep *sstp_ep_new(const struct sstp_ep_config *config)
{
    assert(config->event != NULL && config->num_device_urls <= UINT8_MAX);
    struct sstp_ep *ep = config->mem->resize(config->mem->cookie, NULL, sizeof *ep);
    if (ep == NULL)
        return NULL;
    memset(ep, 0, sizeof *ep);
    ep->config = *config;
    set_defaults(&ep->config);
    sstp_stream_init(&ep->stream, config->mem, SSTP_STREAM_ENDPOINT);
    sstp_ep_output_init(&ep->output, config->mem, config->release, config->cookie);
    sstp_ep_ledger_init(&ep->inbound, config->mem);
    sstp_ep_ledger_init(&ep->outbound, config->mem);
    ep->state = SSTP_CONNECTION_TRANSPORT_CONNECTED;
    ep->version = SSTP_VERSION_1_5;
    ep->now_ms = config->now_ms;
    ep->ack_deadline_ms = ep->open_deadline_ms = ep->auth_deadline_ms = SSTP_EP_NEVER;
    ep->last_sent_ms = ep->last_received_ms = ep->last_heard_ms = config->now_ms;
    ep->connect_deadline_ms =
        config->is_puppet ? SSTP_EP_NEVER : config->now_ms + ep->config.connect_timeout_ms;
    ep->next_id = config->first_session_id != 0 ? config->first_session_id : 1;
    return ep;
}

void sstp_ep_free(struct sstp_ep *ep)
{
    if (ep == NULL)
        return;
    const struct sstp_mem *mem = ep->config.mem;
    sstp_ep_free_sessions(ep);
    if (ep->sessions != NULL)
        mem->resize(mem->cookie, ep->sessions, 0);
    if (ep->attaches != NULL)
        mem->resize(mem->cookie, ep->attaches, 0);
    sstp_ep_ledger_clear(&ep->inbound);
    sstp_ep_ledger_clear(&ep->outbound);
    sstp_ep_output_clear(&ep->output);
    sstp_stream_clear(&ep->stream);
    mem->resize(mem->cookie, ep, 0);
}

enum sstp_connection_state sstp_ep_state(const struct sstp_ep *ep)
{
    return ep->state;
}

enum sstp_version sstp_ep_version(const struct sstp_ep *ep)
{
    return ep->version;
}

/* ------------------------------------------------------------------------
 * Input
 */

typedef void handler(struct sstp_ep *ep, const struct sstp_command *command);

/* clang-format off */

/* Who handles a command, and the reason of the ConnectClose that it earns while
 * the connection is not established; ANY has handlers that look for themselves.
 * A role without a handler answers ConnectClose ProtocolError (GRVSSTP 3.2.5.3,
 * 3.2.5.6, 3.2.5.14, 3.2.5.16-17, 3.3.5.15, 3.3.5.18).  Where 3.1.5 names no
 * reason for a connection that is not established, no session can have state. */
#define ANY 0xff
#define UNKNOWN SSTP_CONNECT_CLOSE_TOO_MANY_UNKNOWN_SESSION_CMDS
#define PROTOCOL SSTP_CONNECT_CLOSE_PROTOCOL_ERROR

static const struct {
    handler *client, *relay;
    uint8_t too_early;
} handlers[SSTP_COMMAND_ID_MAX + 1] = {
/*                             | client                      | relay                           | before 'established' */
    [SSTP_CONNECT]             = {sstp_ep_on_connect,           sstp_ep_on_connect,               ANY     },
    [SSTP_CONNECT_RESPONSE]    = {sstp_ep_on_connect_response,  sstp_ep_on_connect_response,      ANY     },
    [SSTP_CONNECT_AUTHENTICATE] = {NULL,                        sstp_ep_on_connect_authenticate,  PROTOCOL},
    [SSTP_CONNECT_CLOSE]       = {sstp_ep_on_connect_close,     sstp_ep_on_connect_close,         ANY     },
    [SSTP_OPEN]                = {sstp_ep_on_open,              sstp_ep_on_open,                  UNKNOWN },
    [SSTP_FANOUT_OPEN]         = {NULL,                         sstp_ep_on_fanout_open,           UNKNOWN },
    [SSTP_OPEN_RESPONSE]       = {sstp_ep_on_open_response,     sstp_ep_on_open_response,         UNKNOWN },
    [SSTP_SESSION_STATUS]      = {sstp_ep_on_session_status,    sstp_ep_on_session_status,        UNKNOWN },
    [SSTP_CLOSE]               = {sstp_ep_on_close,             sstp_ep_on_close,                 UNKNOWN },
    [SSTP_MESSAGE]             = {sstp_ep_on_message,           sstp_ep_on_message,               UNKNOWN },
    [SSTP_DATA]                = {sstp_ep_on_data,              sstp_ep_on_data,                  UNKNOWN },
    [SSTP_END_MESSAGE]         = {sstp_ep_on_end_message,       sstp_ep_on_end_message,           UNKNOWN },
    [SSTP_NOOP]                = {sstp_ep_on_noop,              sstp_ep_on_noop,                  PROTOCOL},
    [SSTP_ATTACH]              = {NULL,                         sstp_ep_on_attach,                UNKNOWN },
    [SSTP_ATTACH_RESPONSE]     = {sstp_ep_on_attach_response,   NULL,                             PROTOCOL},
    [SSTP_ATTACH_AUTHENTICATE] = {NULL,                         sstp_ep_on_attach_authenticate,   UNKNOWN },
    [SSTP_REGISTER]            = {NULL,                         sstp_ep_on_register,              UNKNOWN },
    [SSTP_REGISTER_RESPONSE]   = {sstp_ep_on_register_response, NULL,                             PROTOCOL},
};

/* clang-format on */

static void handle(struct sstp_ep *ep, struct sstp_span bytes)
{
    struct sstp_command command;
    enum sstp_connection_state next;

    ep->handled = bytes;
    ep->last_received_ms = ep->last_heard_ms = ep->now_ms;
    ep->num_heard++;
    /* GRVSSTP 3.1.5; 3.1.5.8 and 3.3.5.6.1 for the form of the other version. */
    const bool is_valid = sstp_command_decode(bytes, ep->version, NULL, &command) &&
                          ((command.id != SSTP_FANOUT_OPEN && command.id != SSTP_SESSION_STATUS) ||
                           command.form == ep->version);
    if (ep->state == SSTP_CONNECTION_ABORTING && (!is_valid || command.id != SSTP_CONNECT_CLOSE))
        return; /* refused: nothing but the end is awaited */
    if (!is_valid) {
        sstp_ep_refuse(ep, SSTP_CONNECT_CLOSE_PROTOCOL_ERROR);
        return;
    }
    handler *on_command =
        ep->config.role == SSTP_EP_RELAY ? handlers[command.id].relay : handlers[command.id].client;
    if (on_command == NULL)
        sstp_ep_refuse(ep, SSTP_CONNECT_CLOSE_PROTOCOL_ERROR);
    else if (handlers[command.id].too_early != ANY &&
             !sstp_connection_transition(ep->state, command.id, command.response_id, &next))
        sstp_ep_refuse(ep, handlers[command.id].too_early);
    else
        on_command(ep, &command);
}

void sstp_ep_receive(struct sstp_ep *ep, const void *data, size_t len)
{
    const struct sstp_chunk chunk = sstp_chunk(data, len);
    size_t pos = 0;
    struct sstp_piece piece;

    ep->num_bytes_heard += len;
    if (ep->config.is_puppet)
        return;
    assert(!ep->is_receiving);
    ep->is_receiving = true;
    while (ep->state != SSTP_CONNECTION_CLOSED) {
        const enum sstp_stream_result result = sstp_stream_next(&ep->stream, chunk, &pos, &piece);
        if (result == SSTP_STREAM_USED_UP)
            break;
        if (result == SSTP_STREAM_NO_MEMORY)
            sstp_ep_finish(ep,
                           &(struct sstp_ep_event){.end = SSTP_EP_END_NO_MEMORY,
                                                   .reason_id = SSTP_CONNECT_CLOSE_INTERNAL_ERROR,
                                                   .is_local = true});
        else if (piece.kind == SSTP_PIECE_BROKEN)
            sstp_ep_refuse(ep, SSTP_CONNECT_CLOSE_PROTOCOL_ERROR);
        else if (piece.kind == SSTP_PIECE_WHOLE || piece.kind == SSTP_PIECE_END)
            handle(ep, piece.command);
    }
    ep->is_receiving = false;
}

/* ------------------------------------------------------------------------
 * Time
 */

/* When an idle timer ends that began at `last_ms`. */
static int64_t idle_deadline(const struct sstp_ep *ep, int64_t last_ms, int64_t idle_ms)
{
    return idle_ms != 0 && ep->state == SSTP_CONNECTION_ESTABLISHED ? last_ms + idle_ms
                                                                    : SSTP_EP_NEVER;
}

/* The Noop that shows whether the transport still carries anything (Appendix A). */
static void break_silence(struct sstp_ep *ep)
{
    const struct sstp_ep_config *config = &ep->config;
    const bool is_outbound_due =
        idle_deadline(ep, ep->last_sent_ms, config->outbound_idle_ms) <= ep->now_ms;
    const bool is_inbound_due =
        idle_deadline(ep, ep->last_received_ms, config->inbound_idle_ms) <= ep->now_ms;

    if (!is_outbound_due && !is_inbound_due)
        return;
    if (is_inbound_due)
        ep->last_received_ms = ep->now_ms; /* the timer begins anew */
    (void)sstp_ep_answer(ep, &(struct sstp_command){
                                 .id = SSTP_NOOP, .message_count = sstp_ep_take_message_count(ep)});
}

void sstp_ep_tick(struct sstp_ep *ep, int64_t now_ms)
{
    ep->now_ms = now_ms;
    if (ep->state == SSTP_CONNECTION_CLOSED)
        return;
    /* GRVSSTP 3.1.6.1 */
    if (ep->ack_deadline_ms <= now_ms)
        (void)sstp_ep_answer(
            ep, &(struct sstp_command){.id = SSTP_NOOP,
                                       .message_count = sstp_ep_take_message_count(ep)});
    break_silence(ep);
    if (ep->open_deadline_ms <= now_ms)
        sstp_ep_close_unanswered(ep);
    if (ep->connect_deadline_ms <= now_ms || ep->auth_deadline_ms <= now_ms) {
        ep->connect_deadline_ms = ep->auth_deadline_ms = SSTP_EP_NEVER;
        /* Before its Connect nobody knows that the peer speaks SSTP at all. */
        const uint8_t reason_id = SSTP_CONNECT_CLOSE_RESPONSE_TIMEOUT;
        if (ep->state != SSTP_CONNECTION_TRANSPORT_CONNECTED &&
            !sstp_ep_answer(
                ep, &(struct sstp_command){.id = SSTP_CONNECT_CLOSE, .reason_id = reason_id}))
            return;
        sstp_ep_finish(ep, &(struct sstp_ep_event){.end = SSTP_EP_END_TIMEOUT,
                                                   .reason_id = reason_id,
                                                   .is_local = true});
    }
}

void sstp_ep_limit_outbound_idle(struct sstp_ep *ep, int64_t idle_ms)
{
    if (ep->config.outbound_idle_ms == 0 || ep->config.outbound_idle_ms > idle_ms)
        ep->config.outbound_idle_ms = idle_ms;
}

int64_t sstp_ep_now_ms(const struct sstp_ep *ep)
{
    return ep->now_ms;
}

uint64_t sstp_ep_num_heard(const struct sstp_ep *ep)
{
    return ep->num_heard;
}

int64_t sstp_ep_last_heard_ms(const struct sstp_ep *ep)
{
    return ep->last_heard_ms;
}

uint64_t sstp_ep_num_taken(const struct sstp_ep *ep)
{
    return ep->num_taken;
}

int64_t sstp_ep_next_deadline(const struct sstp_ep *ep)
{
    const struct sstp_ep_config *config = &ep->config;
    const int64_t deadlines[] = {ep->connect_deadline_ms, ep->open_deadline_ms,
                                 ep->auth_deadline_ms,
                                 idle_deadline(ep, ep->last_sent_ms, config->outbound_idle_ms),
                                 idle_deadline(ep, ep->last_received_ms, config->inbound_idle_ms)};
    int64_t first_ms = ep->ack_deadline_ms;

    if (ep->state == SSTP_CONNECTION_CLOSED)
        return SSTP_EP_NEVER;
    for (size_t i = 0; i < sizeof deadlines / sizeof deadlines[0]; i++)
        if (deadlines[i] < first_ms)
            first_ms = deadlines[i];
    return first_ms;
}
