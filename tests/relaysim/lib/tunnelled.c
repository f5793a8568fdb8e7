/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tunnelled.h"

#include "base/random.h"

struct carrier *tunnelled_begin_as(const struct carrier_ops *ops, const char *target,
                                   struct proxy_login *login, struct carrier_transport **transport)
{
    static struct random_seeded seed = {1};
    struct carrier *carrier =
        carrier_new(ops, &(struct carrier_config){.target = target,
                                                  .login = login,
                                                  .now_ms = 1000,
                                                  .random = {random_seeded_fill, &seed}});
    *transport = carrier_next_wanted(carrier);
    g_assert_cmpint((*transport)->target, ==, CARRIER_TO_PROXY);
    g_assert_null(carrier_next_wanted(carrier));
    carrier_opened(*transport);
    return carrier;
}

struct carrier *tunnelled_begin(const struct carrier_ops *ops, const char *target,
                                struct carrier_transport **transport)
{
    return tunnelled_begin_as(ops, target, NULL, transport);
}

struct proxy_login *tunnelled_alice(enum proxy_scheme scheme)
{
    char *error;
    struct proxy_login *login = proxy_login_new(scheme, "alice", "sesame", &error);
    g_assert_null(error);
    return login;
}

GByteArray *tunnelled_said(struct carrier_transport *transport)
{
    GByteArray *bytes = g_byte_array_new();
    struct sstp_span piece;
    while (carrier_output(transport, &piece, 1) > 0) {
        g_assert_cmpuint(carrier_output_len(transport), ==, piece.len);
        g_byte_array_append(bytes, piece.data, 1);
        carrier_taken(transport, 1);
    }
    return bytes;
}

void tunnelled_assert_said(struct carrier_transport *transport, const void *expected, size_t len)
{
    GByteArray *bytes = tunnelled_said(transport);
    g_assert_cmpuint(bytes->len, ==, len);
    g_assert_cmpint(memcmp(bytes->data, expected, len), ==, 0);
    g_byte_array_free(bytes, TRUE);
}

static void answer_cut(const struct carrier_ops *ops, const struct tunnelled_answer *answer,
                       size_t cut)
{
    struct carrier_transport *transport;
    struct carrier *carrier = tunnelled_begin(ops, RELAY, &transport);
    g_byte_array_free(tunnelled_said(transport), TRUE);
    g_assert_false(carrier_is_ready(carrier));
    g_assert_true(carrier_has_room(transport));
    if (cut > 0)
        carrier_receive(transport, answer->bytes, cut);
    if (!carrier_is_lost(carrier) && cut < answer->len)
        carrier_receive(transport, answer->bytes + cut, answer->len - cut);
    g_assert_cmpstr(carrier_failure(carrier), ==, answer->failure);
    g_assert_cmpint(carrier_is_ready(carrier), ==, answer->failure == NULL);
    if (answer->failure == NULL) {
        struct pair *pair = pair_new(&(struct pair_config){.a_minor = 6});
        g_byte_array_free(tunnelled_said(transport), TRUE);
        carrier_set_ep(carrier, pair->a.ep);
        /* Bytes before its Connect are none that it can make anything of. */
        g_assert_cmpint(sstp_ep_state(pair->a.ep) == SSTP_CONNECTION_CLOSED, ==, answer->rest > 0);
        carrier_free(carrier);
        pair_free(pair);
    } else {
        carrier_free(carrier);
    }
}

void tunnelled_answer(const struct carrier_ops *ops, const struct tunnelled_answer *answer)
{
    for (size_t cut = 0; cut <= answer->len - answer->rest; cut++)
        answer_cut(ops, answer, cut);
}
