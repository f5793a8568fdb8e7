/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench/party.h"

#include "base/reason.h"

void bench_party_init(struct bench_party *party, const struct bench_party_owner *owner,
                      const char *run, unsigned number)
{
    party->owner = owner;
    party->device_url = g_strdup_printf("dpp:///bench-%s-%u", run, number);
    party->identity_url = g_strdup_printf("grooveIdentity://bench-%s-%u", run, number);
    party->account_url = g_strdup_printf("grooveAccount://bench-%s-%u", run, number);
}

void bench_party_clear(struct bench_party *party)
{
    live_client_free(party->client);
    g_free(party->device_url);
    g_free(party->identity_url);
    g_free(party->account_url);
}

void bench_party_leave(struct bench_party *party)
{
    if (party->client == NULL || live_client_connection(party->client) == NULL)
        return;
    sstp_ep_close_connection(live_client_ep(party->client), SSTP_CONNECT_CLOSE_NO_REASON, 0);
    live_client_wake(party->client);
}

/* ------------------------------------------------------------------------
 * Events
 */

static void G_GNUC_PRINTF(2, 3) fail(const struct bench_party *party, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *why = g_strdup_vprintf(format, args);
    va_end(args);
    party->owner->failed(party->owner->cookie, why);
    g_free(why);
}

static void on_closed(struct bench_party *party, const struct sstp_ep_event *event)
{
    if (event->end == SSTP_EP_END_LOCAL)
        return;
    if (event->end == SSTP_EP_END_PEER || event->end == SSTP_EP_END_VIOLATION)
        fail(party, "a connection was closed: %s",
             reason_of(sstp_connect_close_reason_name(event->reason_id), event->reason_id).text);
    else
        fail(party, "a connection was lost");
}

static void on_event(void *cookie, struct sstp_ep *ep, const struct sstp_ep_event *event)
{
    struct bench_party *party = cookie;

    switch (event->kind) {
    case SSTP_EP_EVENT_REFUSED:
        fail(party, "a connection was refused: %s%s",
             reason_of(sstp_connect_response_name(event->response_id), event->response_id).text,
             event->response_id == SSTP_CONNECT_RESPONSE_AUTHENTICATION_FAILED && !party->attaches
                 ? "; with --auth required, senders authenticate, too"
                 : "");
        break;
    case SSTP_EP_EVENT_OPEN:
        *event->availability = SSTP_HANDLER_READY;
        break;
    case SSTP_EP_EVENT_SESSION_STATE:
        if (party->is_sender && event->session_state == SSTP_SESSION_READY)
            party->owner->session_ready(party);
        break;
    case SSTP_EP_EVENT_SESSION_STATUS:
        fail(party, "the relay gave up a recipient");
        break;
    case SSTP_EP_EVENT_SESSION_CLOSED:
        if (party->is_sender)
            fail(party, "the relay closed the session");
        break;
    case SSTP_EP_EVENT_MESSAGE:
        if (party->owner->message(party, event->message->data)) {
            (void)sstp_ep_complete(ep, event->number);
            party->owner->completed(party);
        }
        break;
    case SSTP_EP_EVENT_ACKNOWLEDGED:
        party->owner->acknowledged(party);
        break;
    case SSTP_EP_EVENT_CLOSED:
        on_closed(party, event);
        break;
    case SSTP_EP_EVENT_UNACKNOWLEDGED: /* what ended its session is told, too */
    case SSTP_EP_EVENT_ACKNOWLEDGED_LATE:
    case SSTP_EP_EVENT_CONNECT:
    case SSTP_EP_EVENT_ESTABLISHED:
    case SSTP_EP_EVENT_CONNECT_AUTHENTICATE:
    case SSTP_EP_EVENT_FANOUT_OPEN:
    case SSTP_EP_EVENT_OPENED:
    case SSTP_EP_EVENT_ATTACH:
    case SSTP_EP_EVENT_ATTACH_RESPONSE:
    case SSTP_EP_EVENT_ATTACH_AUTHENTICATE:
    case SSTP_EP_EVENT_REGISTER:
    case SSTP_EP_EVENT_REGISTER_RESPONSE:
        break;
    }
}

static void on_ready(void *cookie)
{
    struct bench_party *party = cookie;
    party->owner->ready(party);
}

static void on_failed(void *cookie, const char *why)
{
    const struct bench_party *party = cookie;
    fail(party, "%s", why);
}

/* ------------------------------------------------------------------------
 * Connections
 */

static void on_output_is_empty(void *cookie)
{
    struct bench_party *party = cookie;
    if (party->is_sender)
        party->owner->room(party);
}

static void on_gone(void *cookie)
{
    struct bench_party *party = cookie;
    party->owner->gone(party);
}

static void on_not_connected(void *cookie, const char *why)
{
    const struct bench_party *party = cookie;
    fail(party, "cannot connect to %s: %s", party->address, why);
}

static void on_connected(void *cookie)
{
    struct bench_party *party = cookie;
    party->owner->there(party);
    if (live_client_start(party->client) != SSTP_EP_OK)
        fail(party, "memory is out, or a URL is too long");
}

bool bench_party_dial(struct bench_party *party, struct net *net, const char *address,
                      const char *relay_url)
{
    const struct live_client_config config = {
        .net = net,
        .recording = party->recording,
        .secret = party->secret,
        .client = {.device_url = party->device_url,
                   .target_url = relay_url,
                   .is_originator = true,
                   .attaches = party->attaches,
                   .account_url = party->account_url,
                   .identity_urls = (const char *const *)&party->identity_url,
                   .num_identities = 1,
                   .major_version = 1,
                   .minor_version = 6}};
    char *error = NULL;
    party->address = address;
    party->client =
        live_client_new(&config, (struct live_client_handler){.connected = on_connected,
                                                              .not_connected = on_not_connected,
                                                              .ready = on_ready,
                                                              .failed = on_failed,
                                                              .event = on_event,
                                                              .output_is_empty = on_output_is_empty,
                                                              .gone = on_gone,
                                                              .cookie = party});
    if (party->client != NULL &&
        live_client_dial(
            party->client,
            &(struct live_dial){.carrier = party->carrier, .address = address, .http = party->http},
            &error))
        return true;
    fail(party, "%s", error != NULL ? error : "memory is out");
    g_free(error);
    return false;
}
