/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "halves.h"

static void begin(struct halves *client, const struct carrier_ops *ops,
                  const struct http_options *options, const char *target, bool has_proxy,
                  struct proxy_login *login)
{
    *client = (struct halves){.seed = {1}};
    client->pair = pair_new(&(struct pair_config){.a_minor = 6});
    client->carrier =
        carrier_new(ops, &(struct carrier_config){.target = target,
                                                  .has_proxy = has_proxy,
                                                  .login = login,
                                                  .http = options,
                                                  .random = {random_seeded_fill, &client->seed}});
    client->get = carrier_next_wanted(client->carrier);
    client->post = carrier_next_wanted(client->carrier);
    g_assert_null(carrier_next_wanted(client->carrier));
    carrier_opened(client->get);
    carrier_opened(client->post);
}

void halves_begin(struct halves *client, const struct carrier_ops *ops,
                  const struct http_options *options, const char *target, bool has_proxy)
{
    begin(client, ops, options, target, has_proxy, NULL);
}

void halves_begin_as(struct halves *client, const struct carrier_ops *ops,
                     const struct http_options *options, const char *target,
                     struct proxy_login *login)
{
    begin(client, ops, options, target, true, login);
}

void halves_end(struct halves *client)
{
    carrier_free(client->carrier);
    pair_free(client->pair);
}

void halves_drain(struct halves *client)
{
    spoken_pass(client->get);
    spoken_pass(client->post);
}

void halves_hear(struct halves *client, const struct halves_answer *answer, size_t cut)
{
    spoken_to(answer->is_get ? client->get : client->post, answer->bytes, cut);
    g_assert_cmpint(carrier_is_lost(client->carrier), ==, !answer->is_fine);
    g_assert_cmpstr(carrier_failure(client->carrier), ==, answer->failure);
}
