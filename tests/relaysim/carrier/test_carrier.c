/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a carrier's owner sees of it: by direct, and by one of two halves that moves and
 * becomes, as those over HTTP do. */
#include "carrier/carrier.h"
#include "carrier/direct.h"
#include "carrier/pass.h"

#include "pair.h"

/* ------------------------------------------------------------------------
 * Direct
 */

static struct carrier *begin(const struct carrier_ops *ops)
{
    return carrier_new(ops, &(struct carrier_config){.owner = (void *)(uintptr_t) "owner"});
}

static void test_not_opened(void)
{
    struct carrier *carrier = begin(&carrier_direct);
    g_assert_cmpstr(carrier_owner(carrier), ==, "owner");
    struct carrier_transport *transport = carrier_next_wanted(carrier);
    g_assert_nonnull(transport);
    g_assert_cmpint(transport->target, ==, CARRIER_TO_SERVER);
    g_assert_null(carrier_next_wanted(carrier));
    g_assert_false(carrier_is_ready(carrier));
    g_assert_null(carrier_failure(carrier));
    carrier_not_opened(transport, "nobody is there");
    g_assert_cmpstr(carrier_failure(carrier), ==, "nobody is there");
    g_assert_true(carrier_is_gone(carrier));
    carrier_free(carrier);
}

static void test_abandoned(void)
{
    struct carrier *carrier = begin(&carrier_direct);
    struct carrier_transport *transport = carrier_next_wanted(carrier);
    carrier_lose(carrier);
    g_assert_false(carrier_is_gone(carrier));
    carrier_abandon(transport);
    g_assert_true(carrier_is_gone(carrier));
    g_assert_null(carrier_failure(carrier));
    carrier_free(carrier);
}

/* Carries what one side puts out to where its bytes arrive. */
static void carry(struct carrier_transport *from, struct carrier_transport *to)
{
    struct sstp_span piece;
    while (carrier_output(from, &piece, 1) > 0) {
        GByteArray *copy = g_byte_array_new();
        g_byte_array_append(copy, piece.data, (guint)piece.len);
        carrier_taken(from, piece.len);
        carrier_receive(to, copy->data, copy->len);
        g_byte_array_free(copy, TRUE);
    }
}

struct joined {
    struct pair *pair;
    struct carrier *client, *server;
    struct carrier_transport *a, *b;
};

static void join(struct joined *j)
{
    j->pair = pair_new(&(struct pair_config){.a_minor = 6});
    j->client = begin(&carrier_direct);
    j->server = carrier_new(&carrier_direct, &(struct carrier_config){.is_server = true});
    g_assert_null(carrier_next_wanted(j->server));
    j->a = carrier_next_wanted(j->client);
    carrier_opened(j->a);
    j->b = carrier_accepted(j->server);
    g_assert_true(carrier_is_ready(j->client) && carrier_is_ready(j->server));
    g_assert_cmpint(carrier_deadline(j->client), ==, SSTP_EP_NEVER);
    carrier_set_ep(j->client, j->pair->a.ep);
    carrier_set_ep(j->server, j->pair->b.ep);
}

static void part(struct joined *j)
{
    carrier_free(j->client);
    carrier_free(j->server);
    pair_free(j->pair);
}

static void test_direct(void)
{
    struct joined j;
    join(&j);
    g_assert_cmpint(sstp_ep_connect(j.pair->a.ep, "dpp:///b", sstp_span(NULL, 0)), ==, SSTP_EP_OK);
    g_assert_cmpuint(carrier_output_len(j.a), ==, sstp_ep_output_len(j.pair->a.ep));
    carry(j.a, j.b);
    carry(j.b, j.a);
    g_assert_cmpint(sstp_ep_state(j.pair->a.ep), ==, SSTP_CONNECTION_ESTABLISHED);
    g_assert_cmpint(sstp_ep_state(j.pair->b.ep), ==, SSTP_CONNECTION_ESTABLISHED);
    g_assert_true(carrier_has_room(j.a));
    g_assert_false(carrier_is_over(j.a));

    sstp_ep_close_connection(j.pair->a.ep, SSTP_CONNECT_CLOSE_NO_REASON, 0);
    g_assert_true(carrier_is_over(j.a));
    g_assert_false(carrier_is_over(j.b));
    carry(j.a, j.b);
    g_assert_true(carrier_is_over(j.b));
    part(&j);
}

static void test_time(void)
{
    struct joined j;
    join(&j);
    g_assert_cmpint(sstp_ep_connect(j.pair->a.ep, "dpp:///b", sstp_span(NULL, 0)), ==, SSTP_EP_OK);
    const int64_t deadline = carrier_deadline(j.client);
    g_assert_cmpint(deadline, ==, sstp_ep_next_deadline(j.pair->a.ep));
    carrier_tick(j.client, deadline);
    g_assert_cmpint(sstp_ep_state(j.pair->a.ep), ==, SSTP_CONNECTION_CLOSED);
    part(&j);
}

static void test_lost(void)
{
    struct joined j;
    join(&j);
    g_assert_false(carrier_is_lost(j.client));
    carrier_lost(j.a);
    g_assert_true(carrier_is_gone(j.client));
    g_assert_null(carrier_transport(j.client, 0));
    g_assert_cmpint(sstp_ep_state(j.pair->a.ep), ==, SSTP_CONNECTION_CLOSED);
    assert_events(j.pair, "A closed transport-lost\n");
    part(&j);
}

/* ------------------------------------------------------------------------
 * Two halves: what comes on either is the endpoint's, the second may be lost and had again,
 * and the server knows one by its first byte
 */

struct halves {
    unsigned num_open;
    int64_t again_ms; /* when the second half is wanted again; 0 */
};

static void halves_begin(struct carrier *carrier)
{
    carrier_want(carrier, CARRIER_TO_PROXY, 0);
    carrier_want(carrier, CARRIER_TO_PROXY, 1);
}

static void halves_opened(struct carrier_transport *transport)
{
    struct halves *halves = carrier_state(transport->carrier);
    if (++halves->num_open == 2 && !carrier_is_ready(transport->carrier))
        carrier_set_ready(transport->carrier);
}

static void halves_not_opened(struct carrier_transport *transport, const char *why)
{
    carrier_fail(transport->carrier, why);
}

static void halves_lost(struct carrier_transport *transport)
{
    struct halves *halves = carrier_state(transport->carrier);
    halves->num_open--;
    if (transport->number == 0)
        carrier_lose(transport->carrier);
    else
        halves->again_ms = carrier_now_ms(transport->carrier) + 100;
}

static void halves_tick(struct carrier *carrier)
{
    struct halves *halves = carrier_state(carrier);
    if (halves->again_ms == 0 || carrier_now_ms(carrier) < halves->again_ms)
        return;
    halves->again_ms = 0;
    carrier_want(carrier, CARRIER_TO_PROXY, 1);
}

static int64_t halves_deadline(const struct carrier *carrier)
{
    const struct halves *halves = carrier_state(carrier);
    return halves->again_ms != 0 ? halves->again_ms : SSTP_EP_NEVER;
}

static const struct carrier_ops ops_halves = {.name = "halves",
                                              .state_size = sizeof(struct halves),
                                              .begin = halves_begin,
                                              .opened = halves_opened,
                                              .not_opened = halves_not_opened,
                                              .lost = halves_lost,
                                              .receive = carrier_pass_receive,
                                              .has_room = carrier_pass_has_room,
                                              .output_len = carrier_pass_output_len,
                                              .output = carrier_pass_output,
                                              .taken = carrier_pass_taken,
                                              .is_over = carrier_pass_is_over,
                                              .tick = halves_tick,
                                              .deadline = halves_deadline};

static void test_halves(void)
{
    struct pair *pair = pair_new(&(struct pair_config){.a_minor = 6});
    struct carrier *carrier = begin(&ops_halves);
    struct carrier_transport *first = carrier_next_wanted(carrier);
    struct carrier_transport *second = carrier_next_wanted(carrier);
    g_assert_null(carrier_next_wanted(carrier));
    carrier_opened(first);
    g_assert_false(carrier_is_ready(carrier));
    carrier_opened(second);
    g_assert_true(carrier_is_ready(carrier));
    carrier_set_ep(carrier, pair->a.ep);

    /* The second comes again; the connection is as it was. */
    carrier_tick(carrier, 1000);
    carrier_lost(second);
    g_assert_false(carrier_is_lost(carrier));
    g_assert_null(carrier_next_wanted(carrier));
    g_assert_cmpint(carrier_deadline(carrier), ==, 1100);
    carrier_tick(carrier, 1100);
    second = carrier_next_wanted(carrier);
    g_assert_cmpuint(second->number, ==, 1);
    g_assert_true(carrier_transport(carrier, 1) == second);
    carrier_opened(second);

    /* The first takes it along. */
    carrier_lost(first);
    g_assert_true(carrier_is_lost(carrier));
    g_assert_false(carrier_is_gone(carrier));
    assert_events(pair, "");
    carrier_lost(second);
    g_assert_true(carrier_is_gone(carrier));
    assert_events(pair, "A closed transport-lost\n");
    carrier_free(carrier);
    pair_free(pair);
}

/* One that is wanted when the others are lost is never opened. */
static void test_wanted_no_more(void)
{
    struct carrier *carrier = begin(&ops_halves);
    struct carrier_transport *first = carrier_next_wanted(carrier);
    carrier_not_opened(first, "no");
    g_assert_null(carrier_next_wanted(carrier));
    g_assert_false(carrier_is_gone(carrier));
    carrier_lose(carrier);
    g_assert_true(carrier_is_gone(carrier));
    carrier_free(carrier);
}

/* ------------------------------------------------------------------------
 * A server that does not know yet
 */

/* `shared` is the carrier of the halves, if there is one. */
static void door_receive(struct carrier_transport *transport, const void *data, size_t len)
{
    struct carrier *carrier = transport->carrier;
    struct carrier *there = carrier_config(carrier)->shared;
    g_assert_cmpuint(len, ==, 1);
    if (*(const char *)data == 'd') {
        carrier_become(carrier, &carrier_direct);
        carrier_opened(transport);
    } else if (there != NULL) {
        carrier_move(transport, there);
        carrier_opened(transport);
    } else {
        carrier_become(carrier, &ops_halves);
        carrier_opened(transport);
    }
}

static void door_opened(struct carrier_transport *transport)
{
    (void)transport;
}

static void door_lost(struct carrier_transport *transport)
{
    carrier_lose(transport->carrier);
}

static const struct carrier_ops ops_door = {.name = "door",
                                            .opened = door_opened,
                                            .lost = door_lost,
                                            .receive = door_receive,
                                            .has_room = carrier_pass_has_room,
                                            .output_len = carrier_pass_output_len,
                                            .output = carrier_pass_output,
                                            .taken = carrier_pass_taken,
                                            .is_over = carrier_pass_is_over};

static struct carrier *at_the_door(struct carrier *there, struct carrier_transport **transport)
{
    struct carrier *carrier =
        carrier_new(&ops_door, &(struct carrier_config){.is_server = true, .shared = there});
    *transport = carrier_accepted(carrier);
    g_assert_false(carrier_is_ready(carrier));
    return carrier;
}

static void test_door(void)
{
    struct carrier_transport *transport, *other;
    struct carrier *direct = at_the_door(NULL, &transport);
    carrier_receive(transport, "d", 1);
    g_assert_true(carrier_is_ready(direct));
    g_assert_true(transport->carrier == direct);
    carrier_free(direct);

    struct carrier *first = at_the_door(NULL, &transport);
    carrier_receive(transport, "h", 1);
    g_assert_false(carrier_is_ready(first));
    struct carrier *second = at_the_door(first, &other);
    carrier_receive(other, "h", 1);
    g_assert_true(other->carrier == first);
    g_assert_true(carrier_is_ready(first));
    g_assert_true(carrier_transport(first, 1) == other);
    g_assert_true(carrier_is_gone(second));
    g_assert_false(carrier_is_ready(second));
    carrier_free(second);
    carrier_free(first);

    struct carrier *nobody = at_the_door(NULL, &transport);
    carrier_lost(transport);
    g_assert_true(carrier_is_gone(nobody));
    carrier_free(nobody);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/carrier/direct/not-opened", test_not_opened);
    g_test_add_func("/carrier/direct/abandoned", test_abandoned);
    g_test_add_func("/carrier/direct/bytes", test_direct);
    g_test_add_func("/carrier/direct/time", test_time);
    g_test_add_func("/carrier/direct/lost", test_lost);
    g_test_add_func("/carrier/halves", test_halves);
    g_test_add_func("/carrier/wanted-no-more", test_wanted_no_more);
    g_test_add_func("/carrier/door", test_door);
    return g_test_run();
}
