/* SPDX-License-Identifier: GPL-2.0-or-later */
/* demo_actor: how the actors of the demo connect, send, and take notice. */
#include "demo.h"

#include <string.h>

#define PRODUCT_2010 "Groove Client 14.0 4006" /* note <1> of GRVSSTP */
#define RESOURCE "apphandler"                  /* as in GRVSSTP 4.2 */
#define FIRST_HOST 10u

/* ------------------------------------------------------------------------
 * The cast
 */

/* A name such as Groove's own, of characters that were in its URLs. */
static char *random_name(struct demo *demo, const char *scheme, size_t len)
{
    static const char characters[] = "abcdefghijkmnpqrstuvwxyz23456789";
    GString *name = g_string_new(scheme);
    for (size_t i = 0; i < len; i++) {
        uint8_t byte;
        random_seeded_fill(&demo->random, &byte, 1);
        g_string_append_c(name, characters[byte % (sizeof characters - 1)]);
    }
    return g_string_free(name, FALSE);
}

static struct actor *add_actor(struct demo *demo)
{
    g_assert(demo->num_actors < DEMO_ACTORS_MAX);
    struct actor *actor = &demo->actors[demo->num_actors++];
    actor->demo = demo;
    actor->major_version = 1;
    actor->minor_version = 6;
    actor->product_version = PRODUCT_2010;
    actor->availability = SSTP_HANDLER_READY;
    return actor;
}

struct actor *demo_actor(struct demo *demo, const char *name)
{
    struct actor *actor = add_actor(demo);
    actor->name = actor->secret = name;
    actor->host = (uint8_t)(FIRST_HOST + demo->num_actors - 1);
    actor->device_url = random_name(demo, "dpp:///", 40);
    actor->identity_url = random_name(demo, "grooveIdentity://", 39);
    actor->account_url = random_name(demo, "grooveAccount://", 39);
    return actor;
}

struct actor *demo_again(struct actor *actor)
{
    struct actor *again = add_actor(actor->demo);
    again->name = actor->name;
    again->secret = actor->secret;
    again->host = actor->host;
    again->product_version = actor->product_version;
    again->minor_version = actor->minor_version;
    again->device_url = g_strdup(actor->device_url);
    again->identity_url = g_strdup(actor->identity_url);
    again->account_url = g_strdup(actor->account_url);
    return again;
}

struct station *demo_station(struct demo *demo, const char *url,
                             const struct sstp_relay_config *config)
{
    struct sstp_relay_config relay_config = *config;
    char *error = NULL;

    g_assert(demo->num_stations < DEMO_RELAYS_MAX);
    struct station *station = &demo->stations[demo->num_stations];
    station->url = url;
    station->host = (uint8_t)(demo->num_stations + 1);
    relay_config.urls = &station->url;
    relay_config.num_urls = 1;
    relay_config.random = (struct sstp_sec_random){random_seeded_fill, &demo->random};
    relay_config.ack_delay_ms = DEMO_ACK_DELAY_MS;
    relay_config.idle_ms = DEMO_IDLE_MS;
    station->relay = relay_net_new(demo->net, &relay_config, "127.0.0.1:0", NULL, 0, &error);
    if (station->relay == NULL) {
        (void)demo_is_wrong(demo, error);
        g_free(error);
        return NULL;
    }
    station->address = relay_net_address(station->relay);
    demo->num_stations++;
    return station;
}

/* ------------------------------------------------------------------------
 * What the endpoint tells
 */

static void on_message(struct actor *actor, struct sstp_ep *ep, const struct sstp_ep_event *event)
{
    if (actor->num_received < DEMO_NUMBERS_MAX)
        actor->numbers[actor->num_received] = event->number;
    actor->num_received++;
    actor->num_bytes_received += (unsigned)event->message->data.len;
    if (!actor->holds)
        (void)sstp_ep_complete(ep, event->number);
}

static void on_event(void *cookie, struct sstp_ep *ep, const struct sstp_ep_event *event)
{
    struct actor *actor = cookie;

    switch (event->kind) {
    case SSTP_EP_EVENT_REFUSED:
        actor->response_id = event->response_id;
        break;
    case SSTP_EP_EVENT_ESTABLISHED:
        actor->response_id = SSTP_CONNECT_RESPONSE_OK;
        break;
    case SSTP_EP_EVENT_OPEN:
        *event->availability = actor->availability;
        break;
    case SSTP_EP_EVENT_OPENED:
        actor->num_opened++;
        actor->opened_id = event->session_id;
        break;
    case SSTP_EP_EVENT_SESSION_STATUS:
        actor->num_lost++;
        break;
    case SSTP_EP_EVENT_SESSION_CLOSED:
        actor->num_sessions_closed++;
        if (event->is_open_refused)
            actor->open_response_id = event->response_id;
        else
            actor->session_reason_id = event->reason_id;
        break;
    case SSTP_EP_EVENT_MESSAGE:
        on_message(actor, ep, event);
        break;
    case SSTP_EP_EVENT_ACKNOWLEDGED:
        actor->num_acknowledged++;
        break;
    case SSTP_EP_EVENT_UNACKNOWLEDGED:
        actor->num_unacknowledged++;
        break;
    case SSTP_EP_EVENT_CLOSED:
        actor->is_closed = true;
        actor->close_reason_id = event->reason_id;
        break;
    case SSTP_EP_EVENT_CONNECT:
    case SSTP_EP_EVENT_CONNECT_AUTHENTICATE:
    case SSTP_EP_EVENT_FANOUT_OPEN:
    case SSTP_EP_EVENT_SESSION_STATE: /* the scenes ask for it */
    case SSTP_EP_EVENT_ACKNOWLEDGED_LATE:
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
    struct actor *actor = cookie;
    (void)client;
    actor->is_ready = true;
}

static void on_failed(void *cookie, struct sstp_client *client, const char *why)
{
    struct actor *actor = cookie;
    (void)client;
    (void)why;
    actor->has_failed = true;
}

static void on_sent(void *cookie, struct sstp_ep *ep, const struct sstp_command *command)
{
    const struct actor *actor = cookie;
    (void)ep;
    if (actor->socket != NULL)
        net_sent(actor->socket, command);
}

/* ------------------------------------------------------------------------
 * Connections
 */

static void on_gone(void *cookie)
{
    struct actor *actor = cookie;
    sstp_client_free(actor->client);
    actor->client = NULL;
    actor->socket = NULL;
}

static bool make_client(struct actor *actor, const char *target_url, bool is_originator,
                        bool attaches)
{
    struct demo *demo = actor->demo;
    const struct sstp_client_config config = {
        .device_url = actor->device_url,
        .target_url = target_url,
        .is_originator = is_originator,
        .attaches = attaches,
        .account_url = actor->account_url,
        .identity_urls = (const char *const *)&actor->identity_url,
        .num_identities = 1,
        .device_key = sstp_sec_derive_key(actor->secret, actor->device_url),
        .account_key = sstp_sec_derive_key(actor->secret, actor->account_url),
        .random = {random_seeded_fill, &demo->random},
        .major_version = actor->major_version,
        .minor_version = actor->minor_version,
        .product_version = actor->product_version,
        .now_ms = net_now_ms(demo->net),
        .ack_delay_ms = DEMO_ACK_DELAY_MS,
        .first_session_id = 0x21, /* as in the published client data */
        .ready = on_ready,
        .failed = on_failed,
        .event = on_event,
        .sent = on_sent,
        .cookie = actor};
    actor->is_ready = actor->is_closed = actor->has_failed = false;
    actor->response_id = actor->open_response_id = actor->session_reason_id = -1;
    actor->client = sstp_client_new(&config);
    return actor->client != NULL;
}

struct sstp_ep *actor_ep(struct actor *actor)
{
    return sstp_client_ep(actor->client);
}

void actor_wake(struct actor *actor)
{
    net_wake(actor->socket);
}

static void on_connected(void *cookie, struct net_connection *socket, const char *why)
{
    struct actor *actor = cookie;
    (void)why;
    if (socket == NULL) {
        actor->has_failed = true;
        return;
    }
    actor->socket = socket;
    net_start(socket, actor_ep(actor), (struct net_handler){NULL, on_gone, actor});
    sstp_ep_tick(actor_ep(actor), net_now_ms(actor->demo->net));
    (void)sstp_client_start(actor->client);
}

static bool dial(struct actor *actor, const char *address, uint8_t host)
{
    char *error = NULL;
    const struct net_hosts hosts = {actor->host, host};
    if (net_connect(actor->demo->net, address, hosts, on_connected, actor, &error))
        return true;
    (void)demo_is_wrong(actor->demo, error);
    g_free(error);
    return false;
}

bool actor_dial(struct actor *actor, const struct station *station, bool attaches)
{
    return make_client(actor, station->url, true, attaches) &&
           dial(actor, station->address, station->host);
}

bool actor_dial_for(struct actor *actor, const struct station *station, const char *target_url)
{
    return make_client(actor, target_url, true, false) &&
           dial(actor, station->address, station->host);
}

static void on_accepted(void *cookie, struct net_connection *socket)
{
    struct actor *actor = cookie;
    if (actor->socket != NULL || !make_client(actor, NULL, false, false))
        return;
    actor->socket = socket;
    net_start(socket, actor_ep(actor), (struct net_handler){NULL, on_gone, actor});
}

bool actor_dial_device(struct actor *actor, struct actor *acceptor)
{
    struct demo *demo = actor->demo;
    char *error = NULL;

    if (!net_listen(demo->net, "127.0.0.1:0", 1, on_accepted, acceptor, &acceptor->listener,
                    &error)) {
        (void)demo_is_wrong(demo, error);
        g_free(error);
        return false;
    }
    char *address = net_listener_address(acceptor->listener);
    const bool is_dialled = make_client(actor, acceptor->device_url, true, false) &&
                            dial(actor, address, acceptor->host);
    g_free(address);
    DO(is_dialled);
    AWAIT(demo, actor->is_ready && acceptor->is_ready);
    net_listener_close(acceptor->listener);
    return true;
}

bool actor_leave(struct actor *actor, uint8_t reason_id)
{
    sstp_ep_tick(actor_ep(actor), net_now_ms(actor->demo->net));
    sstp_ep_close_connection(actor_ep(actor), reason_id, 0);
    actor_wake(actor);
    AWAIT(actor->demo, actor->socket == NULL);
    return true;
}

/* ------------------------------------------------------------------------
 * Sessions and messages
 */

bool actor_open(struct actor *actor, const struct actor *to, bool to_device, uint32_t *session_id)
{
    const enum sstp_ep_err err = sstp_ep_open(
        actor_ep(actor), sstp_span_of_string(RESOURCE), sstp_span_of_string(to->identity_url),
        sstp_span_of_string(to_device ? to->device_url : ""), NULL, session_id);
    EXPECT(actor->demo, err == SSTP_EP_OK);
    actor_wake(actor);
    return true;
}

int actor_session_state(struct actor *actor, uint32_t session_id)
{
    enum sstp_session_state state;
    if (actor->client == NULL || !sstp_ep_session_state(actor_ep(actor), session_id, &state))
        return -1;
    return (int)state;
}

bool actor_send(struct actor *actor, uint32_t session_id, struct sstp_span data, uint8_t flags)
{
    const struct sstp_ep_message message = {.flags = flags, .data = data};
    sstp_ep_tick(actor_ep(actor), net_now_ms(actor->demo->net));
    EXPECT(actor->demo,
           sstp_ep_send_message(actor_ep(actor), session_id, &message, NULL) == SSTP_EP_OK);
    actor_wake(actor);
    return true;
}

GString *demo_mime(struct demo *demo, size_t len)
{
    static const char *const words[] = {"the",     "workspace", "meeting", "notes",  "were",
                                        "changed", "by",        "Anna",    "before", "lunch"};
    GString *text = g_string_new("MIME-Version: 1.0\r\n"
                                 "Content-Type: multipart/related; boundary=\"groove-boundary\"\r\n"
                                 "\r\n"
                                 "--groove-boundary\r\n"
                                 "Content-Type: text/xml; charset=utf-8\r\n"
                                 "Content-Location: urn:groove.net:delta\r\n"
                                 "\r\n"
                                 "<urn:groove.net:Delta Sequence=\"");
    uint8_t byte;
    random_seeded_fill(&demo->random, &byte, 1);
    g_string_append_printf(text, "%u\">\r\n", byte);
    while (text->len < len) {
        random_seeded_fill(&demo->random, &byte, 1);
        g_string_append(text, words[byte % G_N_ELEMENTS(words)]);
        g_string_append(text, byte % 11 == 0 ? "\r\n" : " ");
    }
    g_string_append(text, "\r\n</urn:groove.net:Delta>\r\n--groove-boundary--\r\n");
    return text;
}

GByteArray *demo_binary(struct demo *demo, size_t len)
{
    GByteArray *bytes = g_byte_array_new();
    g_byte_array_set_size(bytes, (guint)len);
    random_seeded_fill(&demo->random, bytes->data, len);
    return bytes;
}
