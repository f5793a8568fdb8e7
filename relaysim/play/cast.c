/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "play/cast.h"

#include "base/product.h"
#include "carrier/connect.h"
#include "carrier/direct.h"
#include "carrier/http_options.h"
#include "carrier/socks.h"

#define STOP_LOOK_MS 50 /* in which it is asked whether the play is stopped */

/* ------------------------------------------------------------------------
 * The cast
 */

static void on_settled(void *cookie)
{
    struct cast *cast = cookie;
    for (size_t i = 0; i < cast->num_stations; i++)
        if (cast->stations[i].relay != NULL)
            live_relay_settled(cast->stations[i].relay);
    for (guint i = 0; i < cast->ended->len; i++)
        live_relay_settled(g_ptr_array_index(cast->ended, i));
}

bool cast_init(struct cast *cast, const struct recording *recording, struct faults *faults,
               uint64_t seed, struct cast_world world)
{
    const struct net_config config = {.capture = recording->capture,
                                      .clock = &recording->clock,
                                      .simulation = world.simulation,
                                      .has_sockets = world.has_sockets,
                                      .faults = faults,
                                      .has_both_ends = true,
                                      .settled = on_settled,
                                      .cookie = cast};
    g_assert(cast->wrong != NULL);
    cast->recording = recording;
    cast->random.state = seed;
    cast->ended = g_ptr_array_new();
    cast->net = net_new(&config);
    return cast->net != NULL;
}

void cast_clear(struct cast *cast)
{
    for (size_t i = 0; i < cast->num_actors; i++) {
        live_client_free(cast->actors[i].client);
        g_free(cast->actors[i].device_url);
        g_free(cast->actors[i].identity_url);
        g_free(cast->actors[i].account_url);
        proxy_login_free(cast->actors[i].login);
    }
    for (size_t i = 0; i < cast->num_proxies; i++)
        cast_proxy_clear(&cast->proxies[i]);
    for (size_t i = 0; i < cast->num_stations; i++) {
        live_relay_end(cast->stations[i].relay);
        station_release(cast, &cast->stations[i]);
    }
    for (size_t i = 0; i < cast->num_puppets; i++)
        cast_puppet_end(&cast->puppets[i]);
    if (cast->net != NULL)
        net_free(cast->net);
    for (size_t i = 0; i < cast->num_puppets; i++)
        cast_puppet_clear(&cast->puppets[i]);
    for (size_t i = 0; i < cast->num_stations; i++) {
        live_relay_free(cast->stations[i].relay);
        for (size_t door = 0; door < STATION_DOORS; door++)
            g_free(cast->stations[i].addresses[door]);
    }
    for (guint i = 0; i < cast->ended->len; i++)
        live_relay_free(g_ptr_array_index(cast->ended, i));
    g_ptr_array_free(cast->ended, TRUE);
}

bool cast_is_stopped(const struct cast *cast)
{
    return cast->stop != NULL && cast->stop->is_stopped(cast->stop->cookie);
}

bool cast_turn(struct cast *cast, int64_t end_ms)
{
    const int64_t left_ms = end_ms - net_now_ms(cast->net);
    if (left_ms <= 0 || cast_is_stopped(cast))
        return false;
    net_run_once(cast->net, cast->stop != NULL ? MIN(left_ms, STOP_LOOK_MS) : left_ms);
    return true;
}

bool cast_is_wrong(const struct cast *cast, char *error)
{
    cast->wrong(cast->cookie, error);
    g_free(error);
    return false;
}

/* ------------------------------------------------------------------------
 * Devices
 */

/* A name such as Groove's own, of characters that were in its URLs. */
static char *random_name(struct cast *cast, const char *scheme, size_t len)
{
    static const char characters[] = "abcdefghijkmnpqrstuvwxyz23456789";
    GString *name = g_string_new(scheme);
    for (size_t i = 0; i < len; i++) {
        uint8_t byte;
        random_seeded_fill(&cast->random, &byte, 1);
        g_string_append_c(name, characters[byte % (sizeof characters - 1)]);
    }
    return g_string_free(name, FALSE);
}

static struct actor *add_actor(struct cast *cast)
{
    g_assert(cast->num_actors < CAST_ACTORS_MAX);
    struct actor *actor = &cast->actors[cast->num_actors++];
    actor->cast = cast;
    actor->major_version = 1;
    actor->minor_version = 6;
    actor->product_version = PRODUCT_CLIENT_2010;
    actor->ack_delay_ms = CAST_ACK_DELAY_MS;
    actor->availability = SSTP_HANDLER_READY;
    actor->carrier = &carrier_direct;
    return actor;
}

struct actor *cast_actor(struct cast *cast, const char *name)
{
    struct actor *actor = add_actor(cast);
    actor->name = actor->secret = name;
    actor->host = (uint8_t)(CAST_ACTOR_HOST + cast->num_actors - 1);
    actor->device_url = random_name(cast, "dpp:///", 40);
    actor->identity_url = random_name(cast, "grooveIdentity://", 39);
    actor->account_url = random_name(cast, "grooveAccount://", 39);
    return actor;
}

struct actor *actor_again(struct actor *actor)
{
    struct actor *again = add_actor(actor->cast);
    again->name = actor->name;
    again->secret = actor->secret;
    again->host = actor->host;
    again->product_version = actor->product_version;
    again->minor_version = actor->minor_version;
    again->carrier = actor->carrier;
    again->proxy = actor->proxy;
    again->device_url = g_strdup(actor->device_url);
    again->identity_url = g_strdup(actor->identity_url);
    again->account_url = g_strdup(actor->account_url);
    return again;
}

/* ------------------------------------------------------------------------
 * What the endpoint tells
 */

static void on_message(struct actor *actor, struct sstp_ep *ep, const struct sstp_ep_event *event)
{
    if (actor->num_received < CAST_NUMBERS_MAX)
        actor->numbers[actor->num_received] = event->number;
    actor->num_received++;
    actor->num_bytes_received += (unsigned)event->message->data.len;
    if (!actor->holds)
        (void)sstp_ep_complete(ep, event->number);
}

static void on_event(void *cookie, struct sstp_ep *ep, const struct sstp_ep_event *event)
{
    struct actor *actor = cookie;
    struct cast *cast = actor->cast;

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
    case SSTP_EP_EVENT_ACKNOWLEDGED_LATE:
    case SSTP_EP_EVENT_SESSION_STATE: /* who wants to know asks for it */
    case SSTP_EP_EVENT_ATTACH:
    case SSTP_EP_EVENT_ATTACH_RESPONSE:
    case SSTP_EP_EVENT_ATTACH_AUTHENTICATE:
    case SSTP_EP_EVENT_REGISTER:
    case SSTP_EP_EVENT_REGISTER_RESPONSE:
        break;
    }
    if (cast->told != NULL)
        cast->told(cast->cookie, actor, event);
}

static void on_ready(void *cookie)
{
    struct actor *actor = cookie;
    actor->is_ready = true;
}

static void on_failed(void *cookie, const char *why)
{
    struct actor *actor = cookie;
    const struct cast *cast = actor->cast;
    actor->has_failed = true;
    if (cast->failed != NULL)
        cast->failed(cast->cookie, actor, why);
}

/* ------------------------------------------------------------------------
 * Connections
 */

static void forget_client(struct actor *actor)
{
    live_client_free(actor->client);
    actor->client = NULL;
    actor->connection = NULL;
}

static void on_gone(void *cookie)
{
    forget_client(cookie);
}

static void on_not_connected(void *cookie, const char *why)
{
    forget_client(cookie);
    on_failed(cookie, why);
}

static void on_connected(void *cookie)
{
    struct actor *actor = cookie;
    actor->connection = live_client_connection(actor->client);
    if (actor->is_dialing && !actor->says_nothing && live_client_start(actor->client) != SSTP_EP_OK)
        (void)cast_is_wrong(
            actor->cast,
            g_strdup_printf("the Connect of %s cannot be sent: its URL, or that of whom "
                            "it connects to, is too long",
                            actor->device_url));
}

static bool make_client(struct actor *actor, const char *target_url, bool is_originator,
                        bool attaches)
{
    struct cast *cast = actor->cast;
    const struct live_client_config config = {
        .net = cast->net,
        .recording = cast->recording,
        .secret = actor->secret,
        .client = {.device_url = actor->device_url,
                   .target_url = target_url,
                   .is_originator = is_originator,
                   .attaches = attaches,
                   .account_url = actor->account_url,
                   .identity_urls = (const char *const *)&actor->identity_url,
                   .num_identities = 1,
                   .random = {random_seeded_fill, &cast->random},
                   .major_version = actor->major_version,
                   .minor_version = actor->minor_version,
                   .product_version = actor->product_version,
                   .ack_delay_ms = actor->ack_delay_ms,
                   .connect_timeout_ms = actor->connect_timeout_ms,
                   .open_timeout_ms = actor->open_timeout_ms,
                   .outbound_idle_ms = actor->outbound_idle_ms,
                   .inbound_idle_ms = actor->inbound_idle_ms,
                   .first_session_id = 0x21 /* as in the published client data */}};
    forget_client(actor); /* of a connection that did not come about */
    actor->is_dialing = is_originator;
    actor->is_ready = actor->is_closed = actor->has_failed = false;
    actor->response_id = actor->open_response_id = actor->session_reason_id = -1;
    actor->client =
        live_client_new(&config, (struct live_client_handler){.connected = on_connected,
                                                              .not_connected = on_not_connected,
                                                              .ready = on_ready,
                                                              .failed = on_failed,
                                                              .event = on_event,
                                                              .gone = on_gone,
                                                              .cookie = actor});
    return actor->client != NULL;
}

struct sstp_ep *actor_ep(struct actor *actor)
{
    if (actor->client == NULL)
        return NULL;
    struct sstp_ep *ep = live_client_ep(actor->client);
    sstp_ep_tick(ep, net_now_ms(actor->cast->net));
    return ep;
}

void actor_wake(struct actor *actor)
{
    if (actor->client != NULL)
        live_client_wake(actor->client);
}

static bool dial(struct actor *actor, const struct live_dial *dial)
{
    char *error = NULL;
    return live_client_dial(actor->client, dial, &error) || cast_is_wrong(actor->cast, error);
}

uint16_t cast_port_behind(const struct carrier_ops *carrier)
{
    return carrier == &carrier_connect ? 443
           : carrier == &carrier_socks ? NET_PORT_SSTP
                                       : carrier->port;
}

/* A proxy is asked for the relay by its name. */
static bool dial_through(struct actor *actor, const struct station *station)
{
    const struct cast_proxy *proxy = actor->proxy;
    char *error = NULL;
    if (proxy->login != NULL && actor->login == NULL)
        actor->login = proxy_login_new(proxy->login->scheme, proxy->login->user,
                                       proxy->login->password, &error);
    g_assert(error == NULL); /* the proxy's own is one */
    char *address =
        g_strdup_printf("%s:%u", station_name(station), cast_port_behind(actor->carrier));
    const bool is_dialled =
        dial(actor, &(struct live_dial){
                        .carrier = actor->carrier,
                        .address = address,
                        .proxy = proxy->address,
                        .login = actor->login,
                        .http = &actor->http,
                        .hosts = {.initiator_host = actor->host, .acceptor_host = proxy->host}});
    g_free(address);
    return is_dialled;
}

bool actor_dial(struct actor *actor, const struct station *station, const char *target_url,
                bool attaches)
{
    actor->http = (struct http_options){.server_name = station_name(station)};
    if (!make_client(actor, target_url, true, attaches))
        return false;
    if (actor->proxy != NULL)
        return dial_through(actor, station);
    return dial(actor, &(struct live_dial){.carrier = actor->carrier,
                                           .address = station_door(station, actor->carrier->port),
                                           .http = &actor->http,
                                           .hosts = {.initiator_host = actor->host,
                                                     .acceptor_host = station->host}});
}

static void on_accepted(void *cookie, struct net_connection *socket)
{
    struct actor *actor = cookie;
    if (actor->connection == NULL && make_client(actor, NULL, false, false))
        live_client_accept(actor->client, socket);
}

bool actor_listen(struct actor *actor)
{
    char *error = NULL;
    return net_listen(actor->cast->net, "127.0.0.1:0", 1, on_accepted, actor, &actor->listener,
                      &error) ||
           cast_is_wrong(actor->cast, error);
}

bool actor_dial_peer(struct actor *actor, const struct actor *acceptor, const char *target_url)
{
    char *address = net_listener_address(acceptor->listener);
    const bool is_dialled =
        make_client(actor, target_url, true, false) &&
        dial(actor, &(struct live_dial){
                        .address = address,
                        .hosts = {.initiator_host = actor->host, .acceptor_host = acceptor->host}});
    g_free(address);
    return is_dialled;
}

void actor_stop_listening(struct actor *actor)
{
    if (actor->listener != NULL)
        net_listener_close(actor->listener);
    actor->listener = NULL;
}

int actor_session_state(struct actor *actor, uint32_t session_id)
{
    enum sstp_session_state state;
    if (actor->client == NULL ||
        !sstp_ep_session_state(live_client_ep(actor->client), session_id, &state))
        return -1;
    return (int)state;
}
