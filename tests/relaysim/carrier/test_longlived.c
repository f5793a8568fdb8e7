/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Both sides of LongLived together: messages, and what is lost between them. */
#include <glib.h>

#include "carrier/longlived_client.h"

#include "street.h"

static const struct http_options client_options = {.server_name = "server.domain.net"};

static void test_messages(void)
{
    for (uint64_t random = 1; random <= 3; random++)
        street_exchange(&(struct street_config){.ops = &carrier_longlived,
                                                .client = &client_options,
                                                .random = random,
                                                .ends_alone = true,
                                                .patience_ms = 1000});
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/longlived/messages", test_messages);
    return g_test_run();
}
