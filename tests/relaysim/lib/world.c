/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "world.h"

#include "core/decode.h"
#include "core/encode.h"

#define ROUNDS_MAX 10000

void fill(void *cookie, void *bytes, size_t len)
{
    struct world *world = cookie;
    for (uint8_t *at = bytes; len > 0; at++, len--)
        *at = world->random++;
}

static void on_wake(void *cookie, void *socket)
{
    (void)cookie; /* the exchange looks at everybody anyway */
    (void)socket;
}

struct world *world_new(const struct sstp_relay_config *config)
{
    static const char *const urls[] = {RELAY_URL};
    struct world *world = g_new0(struct world, 1);
    struct sstp_relay_config relay_config = *config;
    relay_config.urls = urls;
    relay_config.num_urls = 1;
    relay_config.product_version = "Groove Relay 14.0 4006";
    if (relay_config.minor_version == 0)
        relay_config.minor_version = 6;
    relay_config.random = (struct sstp_sec_random){fill, world};
    relay_config.wake = on_wake;
    world->relay = sstp_relay_new(&relay_config, 0);
    return world;
}

void world_free(struct world *world)
{
    for (size_t i = 0; i < world->num_visitors; i++) {
        sstp_client_free(world->visitors[i].client);
        g_string_free(world->visitors[i].received, TRUE);
        if (world->visitors[i].unread != NULL)
            g_byte_array_free(world->visitors[i].unread, TRUE);
    }
    sstp_relay_free(world->relay);
    g_free(world);
}

void exchange(struct world *world)
{
    bool has_moved = true;
    for (unsigned rounds = 0; has_moved; rounds++) {
        g_assert_cmpuint(rounds, <, ROUNDS_MAX);
        has_moved = false;
        for (size_t i = 0; i < world->num_visitors; i++) {
            struct visitor *visitor = &world->visitors[i];
            if (visitor->connection == NULL)
                continue;
            struct sstp_ep *ends[] = {sstp_client_ep(visitor->client),
                                      sstp_relay_connection_ep(visitor->connection)};
            for (size_t from = 0; from < 2; from++) {
                const struct sstp_span output = sstp_ep_output(ends[from]);
                if (output.len == 0 || (from == 0 && visitor->unread != NULL))
                    continue;
                uint8_t *bytes = g_memdup2(output.data, output.len);
                sstp_ep_output_taken(ends[from], output.len);
                if (from == 1)
                    sstp_relay_output_is_empty(visitor->connection);
                if (from == 1 && visitor->unread != NULL)
                    g_byte_array_append(visitor->unread, bytes, (guint)output.len);
                else
                    sstp_ep_receive(ends[1 - from], bytes, output.len);
                g_free(bytes);
                has_moved = true;
            }
        }
    }
}

void advance(struct world *world, int64_t ms)
{
    world->now_ms += ms;
    sstp_relay_tick(world->relay, world->now_ms);
    for (size_t i = 0; i < world->num_visitors; i++)
        if (world->visitors[i].connection != NULL) {
            if (world->visitors[i].unread == NULL)
                sstp_ep_tick(sstp_client_ep(world->visitors[i].client), world->now_ms);
            sstp_ep_tick(sstp_relay_connection_ep(world->visitors[i].connection), world->now_ms);
        }
    exchange(world);
}

void pass(struct world *world, int64_t ms)
{
    for (; ms > 0; ms -= 500)
        advance(world, 500);
}

static void on_event(void *cookie, struct sstp_ep *ep, const struct sstp_ep_event *event)
{
    struct visitor *visitor = cookie;
    switch ((int)event->kind) { /* of interest here */
    case SSTP_EP_EVENT_REFUSED:
        visitor->response_id = event->response_id;
        visitor->wait_time = event->wait_time;
        break;
    case SSTP_EP_EVENT_ATTACH_RESPONSE: /* without a client that deals with it */
        visitor->response_id = event->response_id;
        break;
    case SSTP_EP_EVENT_OPEN:
        *event->availability = visitor->availability;
        break;
    case SSTP_EP_EVENT_OPENED:
        visitor->num_opened++;
        break;
    case SSTP_EP_EVENT_MESSAGE:
        g_string_append_len(visitor->received, (const char *)event->message->data.data,
                            (gssize)event->message->data.len);
        g_string_append_c(visitor->received, ';');
        visitor->last = *event->message;
        if (!visitor->holds)
            (void)sstp_ep_complete(ep, event->number);
        break;
    case SSTP_EP_EVENT_ACKNOWLEDGED:
        visitor->num_acknowledged++;
        break;
    case SSTP_EP_EVENT_UNACKNOWLEDGED:
        visitor->num_unacknowledged++;
        break;
    case SSTP_EP_EVENT_SESSION_STATUS:
        visitor->num_lost++;
        break;
    case SSTP_EP_EVENT_SESSION_CLOSED:
        if (event->is_open_refused)
            visitor->open_response_id = event->response_id;
        else
            visitor->session_reason_id = event->reason_id;
        break;
    case SSTP_EP_EVENT_CLOSED:
        visitor->is_closed = true;
        visitor->close_reason_id = event->reason_id;
        break;
    }
}

static void on_ready(void *cookie, struct sstp_client *client)
{
    struct visitor *visitor = cookie;
    (void)client;
    visitor->is_ready = true;
}

static void on_failed(void *cookie, struct sstp_client *client, const char *why)
{
    struct visitor *visitor = cookie;
    (void)client;
    (void)why;
    visitor->has_failed = true;
}

static struct visitor *enter_as(struct world *world, const struct who *who,
                                const char *const *identity_urls, size_t num_identities)
{
    g_assert_cmpuint(world->num_visitors, <, MAX_CLIENTS);
    struct visitor *visitor = &world->visitors[world->num_visitors++];
    visitor->world = world;
    visitor->device_url = who->device;
    visitor->identity_url = who->identity;
    if (identity_urls == NULL)
        identity_urls = &visitor->identity_url;
    visitor->availability = who->availability;
    visitor->holds = who->holds;
    visitor->response_id = visitor->open_response_id = -1;
    visitor->close_reason_id = visitor->session_reason_id = -1;
    visitor->received = g_string_new(NULL);
    const char *secret = who->secret != NULL ? who->secret : "";
    const char *account = who->account != NULL ? who->account : "account";
    const struct sstp_client_config config = {.device_url = who->device,
                                              .target_url = RELAY_URL,
                                              .is_originator = true,
                                              .attaches = who->attaches,
                                              .account_url = account,
                                              .identity_urls = identity_urls,
                                              .num_identities = num_identities,
                                              .device_key =
                                                  sstp_sec_derive_key(secret, who->device),
                                              .account_key = sstp_sec_derive_key(secret, account),
                                              .random = {fill, world},
                                              .major_version = 1,
                                              .minor_version = who->minor != 0 ? who->minor : 6,
                                              .product_version = "Groove Client 14.0 4006",
                                              .now_ms = world->now_ms,
                                              .ready = on_ready,
                                              .failed = on_failed,
                                              .event = on_event,
                                              .cookie = visitor};
    visitor->client = sstp_client_new(&config);
    visitor->connection = sstp_relay_accept(world->relay, visitor, world->now_ms);
    return visitor;
}

struct visitor *enter(struct world *world, const struct who *who)
{
    return enter_as(world, who, NULL, 1);
}

struct visitor *visit_as(struct world *world, const struct who *who,
                         const char *const *identity_urls, size_t num)
{
    struct visitor *visitor = enter_as(world, who, identity_urls, num);
    g_assert_cmpint(sstp_client_start(visitor->client), ==, SSTP_EP_OK);
    exchange(world);
    return visitor;
}

struct visitor *visit(struct world *world, const struct who *who)
{
    struct visitor *visitor = enter(world, who);
    g_assert_cmpint(sstp_client_start(visitor->client), ==, SSTP_EP_OK);
    exchange(world);
    return visitor;
}

struct visitor *visit_with(struct world *world, const struct who *who, const char *const *urls,
                           size_t num)
{
    struct visitor *visitor = enter(world, who);
    struct sstp_ep *ep = sstp_client_ep(visitor->client);
    uint8_t bytes[SSTP_COMMAND_LEN_MAX], devices[1000];
    struct sstp_command connect;
    struct sstp_writer w = sstp_writer(devices, sizeof devices);

    /* Its own Connect has one URL; the relay gets the same one with all of them. */
    g_assert_cmpint(sstp_client_start(visitor->client), ==, SSTP_EP_OK);
    g_assert_true(sstp_command_decode(sstp_ep_output(ep), SSTP_VERSION_1_6, NULL, &connect));
    for (size_t i = 0; i < num; i++)
        sstp_write_string(&w, sstp_span_of_string(urls[i]));
    connect.device_urls = (struct sstp_list){(uint16_t)num, sstp_writer_span(&w)};
    const size_t len = sstp_command_encode(&connect, bytes, sizeof bytes);
    g_assert_cmpuint(len, >, 0);
    sstp_ep_output_taken(ep, sstp_ep_output_len(ep));
    sstp_ep_receive(sstp_relay_connection_ep(visitor->connection), bytes, len);
    exchange(world);
    return visitor;
}

void hang(struct visitor *visitor)
{
    visitor->unread = g_byte_array_new();
}

void go_on(struct visitor *visitor)
{
    GByteArray *unread = g_steal_pointer(&visitor->unread);
    struct sstp_ep *ep = sstp_client_ep(visitor->client);
    sstp_ep_tick(ep, visitor->world->now_ms);
    sstp_ep_receive(ep, unread->data, unread->len);
    g_byte_array_free(unread, TRUE);
    exchange(visitor->world);
}

void complete(struct visitor *visitor, uint64_t number)
{
    for (uint64_t n = 1; n <= number; n++)
        (void)sstp_ep_complete(sstp_client_ep(visitor->client), n);
    exchange(visitor->world);
}

void cut_off(struct visitor *visitor)
{
    sstp_relay_disconnect(visitor->connection);
    visitor->connection = NULL;
    sstp_ep_transport_lost(sstp_client_ep(visitor->client));
    exchange(visitor->world);
}

const struct who alice = {.device = "dpp:///alice", .availability = SSTP_HANDLER_READY};
const struct who bob = {.device = "dpp:///bob",
                        .identity = "grooveIdentity://bob",
                        .attaches = true,
                        .availability = SSTP_HANDLER_READY};

uint32_t open_to(struct visitor *from, const char *identity, const char *device)
{
    uint32_t id = 0;
    g_assert_cmpint(sstp_ep_open(sstp_client_ep(from->client), sstp_span_of_string("r"),
                                 sstp_span_of_string(identity), sstp_span_of_string(device), &id),
                    ==, SSTP_EP_OK);
    exchange(from->world);
    return id;
}

void send_flagged(struct visitor *from, uint32_t id, const char *text, uint8_t flags, uint32_t ttl)
{
    const struct sstp_ep_message message = {
        .flags = flags, .ttl = ttl, .data = sstp_span_of_string(text)};
    g_assert_cmpint(sstp_ep_send_message(sstp_client_ep(from->client), id, &message, NULL), ==,
                    SSTP_EP_OK);
    exchange(from->world);
}
