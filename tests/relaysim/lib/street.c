/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "street.h"

#include "carrier/door.h"
#include "carrier/http_services.h"

#include "pair.h"
#include "random.h"

#define BEGIN_MS 1000

/* A TCP connection: the client's transport, and the server's. */
struct wire {
    struct carrier_transport *client, *server;
};

struct street {
    const struct street_config *config;
    struct pair *pair;
    struct http_server *http;
    struct carrier *client, *server; /* the server's is NULL before it has asked */
    GPtrArray *doors;                /* that have handed on what they had */
    GArray *wires;                   /* struct wire */
    struct rng rng;
    struct random_seeded guids;
    int64_t now_ms;
    unsigned num_lost;
};

static void start(struct carrier *carrier, struct sstp_ep *ep)
{
    if (carrier == NULL || !carrier_is_ready(carrier) || carrier_ep(carrier) != NULL)
        return;
    if (carrier_config(carrier)->is_server == false)
        g_assert_cmpint(sstp_ep_connect(ep, "dpp:///b", sstp_span(NULL, 0)), ==, SSTP_EP_OK);
    if (carrier_keepalive_ms(carrier) != 0)
        sstp_ep_limit_outbound_idle(ep, carrier_keepalive_ms(carrier));
    carrier_set_ep(carrier, ep);
}

static void open_wire(struct street *street, struct carrier_transport *transport)
{
    struct carrier *door = carrier_new(
        &carrier_door, &(struct carrier_config){
                           .is_server = true, .now_ms = street->now_ms, .shared = street->http});
    const struct wire wire = {transport, carrier_accepted(door)};
    carrier_opened(transport);
    g_array_append_val(street->wires, wire);
    g_ptr_array_add(street->doors, door);
}

static void close_wire(struct street *street, guint i)
{
    const struct wire wire = g_array_index(street->wires, struct wire, i);
    g_array_remove_index(street->wires, i);
    carrier_lost(wire.client);
    carrier_lost(wire.server);
}

/* Some bytes go one way; false when there are none. */
static bool carry(struct street *street, struct carrier_transport *from,
                  struct carrier_transport *to)
{
    struct sstp_span piece;
    if (carrier_output(from, &piece, 1) == 0)
        return false;
    const size_t len = 1 + rng_below(&street->rng, piece.len);
    uint8_t *bytes = g_memdup2(piece.data, len);
    carrier_taken(from, len);
    carrier_receive(to, bytes, len);
    g_free(bytes);
    return true;
}

/* Whether a wire breaks now. */
static bool is_struck(struct street *street, const struct wire *wire)
{
    const struct street_config *config = street->config;
    return config->losing > 0 && carrier_is_ready(street->client) &&
           (!config->loses_one || wire->client->number == config->lost) &&
           rng_is_one_in(&street->rng, config->losing);
}

static bool has_ended(const struct carrier_transport *transport)
{
    return carrier_is_over(transport) && carrier_output_len(transport) == 0;
}

/* Whoever has said all closes, and then the other side does; with Polling, both know when. */
static bool is_ended(const struct street *street, const struct wire *wire)
{
    const bool by_client = has_ended(wire->client), by_server = has_ended(wire->server);
    return street->config->ends_alone ? by_client || by_server : by_client && by_server;
}

/* One thing happens; false where nothing does but by time. */
static bool step(struct street *street)
{
    start(street->client, street->pair->a.ep);
    struct carrier_transport *wanted = carrier_next_wanted(street->client);
    bool has_moved = wanted != NULL;
    if (wanted != NULL)
        open_wire(street, wanted);
    for (guint i = street->wires->len; i > 0; i--) {
        const struct wire wire = g_array_index(street->wires, struct wire, i - 1);
        has_moved = carry(street, wire.client, wire.server) || has_moved;
        if (carrier_ops(wire.server->carrier) != &carrier_door)
            street->server = wire.server->carrier;
        start(street->server, street->pair->b.ep);
        has_moved = carry(street, wire.server, wire.client) || has_moved;
        const bool is_broken = is_struck(street, &wire);
        street->num_lost += is_broken;
        if (is_broken || is_ended(street, &wire)) {
            close_wire(street, i - 1);
            has_moved = true;
        }
    }
    return has_moved;
}

/* Until so much time has passed. */
static void run(struct street *street, int64_t ms)
{
    const int64_t end_ms = street->now_ms + ms;
    while (street->now_ms < end_ms) {
        while (step(street))
            continue;
        int64_t next_ms = carrier_deadline(street->client);
        if (street->server != NULL)
            next_ms = MIN(next_ms, carrier_deadline(street->server));
        street->now_ms = MIN(MAX(next_ms, street->now_ms + 1), end_ms);
        carrier_tick(street->client, street->now_ms);
        if (street->server != NULL)
            carrier_tick(street->server, street->now_ms);
    }
}

static void meet(struct street *street, const struct street_config *config)
{
    struct http_options server = config->server;
    *street = (struct street){
        .config = config, .rng = rng(config->random), .guids = {1}, .now_ms = BEGIN_MS};
    street->pair = pair_new(&(struct pair_config){.a_minor = 6});
    sstp_ep_tick(street->pair->a.ep, BEGIN_MS);
    sstp_ep_tick(street->pair->b.ep, BEGIN_MS);
    server.services = http_services;
    street->http = http_server_new(&server);
    street->doors = g_ptr_array_new();
    street->wires = g_array_new(FALSE, FALSE, sizeof(struct wire));
    street->client = carrier_new(
        config->ops, &(struct carrier_config){.now_ms = BEGIN_MS,
                                              .target = "relay1.example:80",
                                              .http = config->client,
                                              .random = {random_seeded_fill, &street->guids}});
}

static void part(struct street *street)
{
    carrier_free(street->client);
    for (guint i = 0; i < street->doors->len; i++)
        carrier_free(g_ptr_array_index(street->doors, i));
    g_ptr_array_free(street->doors, TRUE);
    g_array_free(street->wires, TRUE);
    http_server_free(street->http);
    pair_free(street->pair);
}

void street_exchange(const struct street_config *config)
{
    enum { NUM = 40, LONG = 70000 };
    struct street street;
    uint32_t id;
    char *text = g_strnfill(LONG, 'x');
    meet(&street, config);
    run(&street, 30000);
    g_assert_cmpint(sstp_ep_state(street.pair->a.ep), ==, SSTP_CONNECTION_ESTABLISHED);
    struct side *sides[] = {&street.pair->a, &street.pair->b};
    for (size_t s = 0; s < 2; s++) {
        g_assert_cmpint(sstp_ep_open(sides[s]->ep, span_text("apphandler"),
                                     span_text("grooveIdentity://somebody"),
                                     span_text(sides[1 - s]->device_url), &id),
                        ==, SSTP_EP_OK);
        run(&street, 300000);
        for (unsigned i = 0; i < NUM; i++) {
            text[i * LONG / NUM] = '\0';
            side_send(sides[s], id, text, 0);
            text[i * LONG / NUM] = 'x';
            do
                run(&street, (int64_t)rng_below(&street.rng, (size_t)config->patience_ms));
            while (sstp_ep_output_len(sides[s]->ep) > LONG);
        }
        run(&street, 600000);
        g_assert_cmpuint(sides[1 - s]->numbers->len, ==, NUM);
        g_assert_cmpuint(sides[1 - s]->data->len, ==, (NUM - 1) * LONG / NUM);
        g_assert_cmpuint(sstp_ep_num_unacknowledged(sides[s]->ep), ==, 0);
    }
    g_assert_cmpint(street.num_lost > 2, ==, config->losing > 0);
    sstp_ep_close_connection(street.pair->a.ep, SSTP_CONNECT_CLOSE_NO_REASON, 0);
    run(&street, 15000);
    g_assert_true(carrier_is_gone(street.client) && carrier_is_gone(street.server));
    g_assert_cmpint(sstp_ep_state(street.pair->b.ep), ==, SSTP_CONNECTION_CLOSED);
    g_assert_cmpuint(street.wires->len, ==, 0);
    g_free(text);
    part(&street);
}
