/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench/party.h"

#include "base/random.h"
#include "base/product.h"
#include "base/reason.h"

void bench_party_init(struct bench_party *party, struct bench *bench, const char *run,
                      unsigned number)
{
    party->bench = bench;
    party->device_url = g_strdup_printf("dpp:///bench-%s-%u", run, number);
    party->identity_url = g_strdup_printf("grooveIdentity://bench-%s-%u", run, number);
    party->account_url = g_strdup_printf("grooveAccount://bench-%s-%u", run, number);
}

void bench_party_clear(struct bench_party *party)
{
    sstp_client_free(party->client);
    g_free(party->device_url);
    g_free(party->identity_url);
    g_free(party->account_url);
}

void bench_party_leave(struct bench_party *party)
{
    if (party->socket == NULL)
        return;
    sstp_ep_close_connection(sstp_client_ep(party->client), SSTP_CONNECT_CLOSE_NO_REASON, 0);
    net_wake(party->socket);
}

/* ------------------------------------------------------------------------
 * Events
 */

static void on_closed(struct bench_party *party, const struct sstp_ep_event *event)
{
    if (event->end == SSTP_EP_END_LOCAL)
        return;
    if (event->end == SSTP_EP_END_PEER || event->end == SSTP_EP_END_VIOLATION)
        bench_fail(
            party->bench, "a connection was closed: %s",
            reason_of(sstp_connect_close_reason_name(event->reason_id), event->reason_id).text);
    else
        bench_fail(party->bench, "a connection was lost");
}

static void on_event(void *cookie, struct sstp_ep *ep, const struct sstp_ep_event *event)
{
    struct bench_party *party = cookie;
    struct bench *bench = party->bench;

    switch (event->kind) {
    case SSTP_EP_EVENT_REFUSED:
        bench_fail(
            bench, "a connection was refused: %s%s",
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
            bench_on_session_ready(party);
        break;
    case SSTP_EP_EVENT_SESSION_STATUS:
        bench_fail(bench, "the relay gave up a recipient");
        break;
    case SSTP_EP_EVENT_SESSION_CLOSED:
        if (party->is_sender)
            bench_fail(bench, "the relay closed the session");
        break;
    case SSTP_EP_EVENT_MESSAGE:
        if (bench_on_message(party, event->message->data)) {
            (void)sstp_ep_complete(ep, event->number);
            bench_on_completed(bench);
        }
        break;
    case SSTP_EP_EVENT_ACKNOWLEDGED:
        bench_on_acknowledged(party);
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

static void on_ready(void *cookie, struct sstp_client *client)
{
    struct bench_party *party = cookie;
    (void)client;
    bench_on_ready(party);
}

static void on_failed(void *cookie, struct sstp_client *client, const char *why)
{
    const struct bench_party *party = cookie;
    (void)client;
    bench_fail(party->bench, "%s", why);
}

static void on_sent(void *cookie, const struct sstp_command *command)
{
    const struct bench_party *party = cookie;
    live_connection_sent(party->live, command);
}

static void on_noted(void *cookie, const struct sstp_ep_note *note)
{
    const struct bench_party *party = cookie;
    live_connection_noted(party->live, note);
}

/* ------------------------------------------------------------------------
 * Connections
 */

static void on_output_is_empty(void *cookie)
{
    struct bench_party *party = cookie;
    if (party->is_sender)
        bench_on_room(party);
}

static void on_gone(void *cookie)
{
    struct bench_party *party = cookie;
    party->socket = NULL;
    bench_on_gone(party);
}

static void on_connected(void *cookie, struct net_connection *socket, const char *why)
{
    struct bench_party *party = cookie;

    if (socket == NULL) {
        bench_fail(party->bench, "cannot connect to %s: %s", party->address, why);
        return;
    }
    party->socket = socket;
    bench_on_there(party);
    party->live = live_connection_new(socket, party->recording);
    live_connection_start(party->live, sstp_client_ep(party->client),
                          (struct live_handler){on_output_is_empty, on_gone, party});
    if (sstp_client_start(party->client) != SSTP_EP_OK)
        bench_fail(party->bench, "memory is out, or a URL is too long");
}

bool bench_party_dial(struct bench_party *party, struct net *net, const char *address,
                      const char *relay_url)
{
    char *error = NULL;
    party->address = address;
    const struct sstp_client_config config = {
        .device_url = party->device_url,
        .target_url = relay_url,
        .is_originator = true,
        .attaches = party->attaches,
        .account_url = party->account_url,
        .identity_urls = (const char *const *)&party->identity_url,
        .num_identities = 1,
        .device_key = sstp_sec_derive_key(party->secret, party->device_url),
        .account_key = sstp_sec_derive_key(party->secret, party->account_url),
        .random = {random_system, NULL},
        .major_version = 1,
        .minor_version = 6,
        .product_version = PRODUCT_CLIENT_2010,
        .now_ms = net_now_ms(net),
        .ready = on_ready,
        .failed = on_failed,
        .event = on_event,
        .cookie = party,
        .witness = {.sent = recording_truth(party->recording) != NULL ? on_sent : NULL,
                    .noted = recording_truth(party->recording) != NULL ? on_noted : NULL,
                    .cookie = party}};
    party->client = sstp_client_new(&config);
    if (party->client != NULL &&
        net_connect(net, address, (struct net_hosts){0, 0}, 0, on_connected, party, &error))
        return true;
    bench_fail(party->bench, "%s", error != NULL ? error : "memory is out");
    g_free(error);
    return false;
}
