/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Both sides of KeepAlive together: messages, and what is lost between them. */
#include <glib.h>

#include "carrier/keepalive_client.h"
#include "henc/uri.h"

#include "street.h"

static const struct http_options client_options = {.server_name = "server.domain.net"};

static void test_messages(void)
{
    for (uint64_t random = 1; random <= 3; random++)
        street_exchange(&(struct street_config){.ops = &carrier_keepalive,
                                                .client = &client_options,
                                                .random = random,
                                                .ends_alone = true,
                                                .patience_ms = 1000});
}

/* POST is lost again and again, in the middle of whatever: nothing is missing or comes twice. */
static void test_messages_where_post_breaks(void)
{
    for (uint64_t random = 1; random <= 20; random++)
        street_exchange(&(struct street_config){.ops = &carrier_keepalive,
                                                .client = &client_options,
                                                .random = random,
                                                .losing = 100 + 5 * random,
                                                .loses_one = true,
                                                .lost = HENC_HALF_POST,
                                                .ends_alone = true,
                                                .patience_ms = 1000});
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/keepalive/messages", test_messages);
    g_test_add_func("/keepalive/messages-where-post-breaks", test_messages_where_post_breaks);
    return g_test_run();
}
