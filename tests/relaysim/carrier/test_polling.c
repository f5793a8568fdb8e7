/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Both sides of Polling together: messages, and what is lost between them. */
#include <glib.h>

#include "carrier/polling.h"
#include "carrier/polling_options.h"

#include "polling_states.h"
#include "street.h"

/* Messages both ways, some longer than a body, and whatever happens to the wires. */
static void exchange_messages(uint64_t random, size_t losing)
{
    static const struct polling_options patient = {.establish_ms = 180000,
                                                   .receive_ms = 120000,
                                                   .repeats = 1000,
                                                   .max = 120,
                                                   .min = 5,
                                                   .repetitions = 3,
                                                   .patience_ms = 180000};
    static const struct http_options patient_options = {.server_name = NAME, .polling = &patient};
    street_exchange(&(struct street_config){.ops = &carrier_polling,
                                            .client = &patient_options,
                                            .server = {.polling = &patient},
                                            .random = random,
                                            .losing = losing,
                                            .patience_ms = 20000});
}

static void test_messages(void)
{
    exchange_messages(1, 0);
}

static void test_messages_where_wires_break(void)
{
    for (uint64_t random = 1; random <= 20; random++)
        exchange_messages(random, 3 + random);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/polling/messages", test_messages);
    g_test_add_func("/polling/messages-where-wires-break", test_messages_where_wires_break);
    return g_test_run();
}
