/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What waits for room in a connection's output takes turns. */
#include "town.h"

#define MESSAGES 24u
#define MESSAGE_LEN 600u
#define RESOURCES "xyz"

static uint32_t open_resource(struct town_client *from, char name)
{
    const char resource_url[] = {name, '\0'};
    const struct sstp_fanout_entry entry = {.identity_url =
                                                sstp_span_of_string("grooveIdentity://b")};
    uint32_t id;
    g_assert_cmpint(
        sstp_ep_fanout_open(town_ep(from), sstp_span_of_string(resource_url), &entry, 1, &id), ==,
        SSTP_EP_OK);
    town_settle(from->town);
    return id;
}

/* Three queues of one client, and an output that holds two messages: at any time as much
 * has come of each, or nearly. */
static void test_deliveries(void)
{
    struct town *town = town_new();
    struct town_relay *relay1 = town_relay(
        town, 1, &(struct sstp_relay_config){.limits.max_queued = 2 * MESSAGE_LEN - 100});
    struct town_client *a = town_client(town, 'A', relay1, 6, false);
    struct town_client *b = town_client(town, 'B', relay1, 6, true);
    uint32_t ids[3];
    for (unsigned r = 0; r < 3; r++) {
        ids[r] = open_resource(a, RESOURCES[r]);
        town_send(a, ids[r], "-", 0); /* which opens its session to B */
    }
    g_string_truncate(b->received, 0);
    for (unsigned i = 0; i < 3 * MESSAGES; i++) {
        char *text = g_strnfill(MESSAGE_LEN, RESOURCES[i / MESSAGES]);
        const struct sstp_ep_message message = {.data = sstp_span_of_string(text)};
        g_assert_cmpint(sstp_ep_send_message(town_ep(a), ids[i / MESSAGES], &message, NULL), ==,
                        SSTP_EP_OK);
        g_free(text);
    }
    town_settle(town);
    char **all = g_strsplit(b->received->str, ";", -1);
    unsigned numbers[3] = {0};
    for (unsigned i = 0; i < 3 * MESSAGES; i++) {
        g_assert_cmpuint(strlen(all[i]), ==, MESSAGE_LEN);
        numbers[strchr(RESOURCES, all[i][0]) - RESOURCES]++;
        for (unsigned r = 0; r < 3 && i < 2 * MESSAGES; r++)
            g_assert_cmpuint(numbers[r], <=, i / 3 + 6);
    }
    for (unsigned r = 0; r < 3; r++)
        g_assert_cmpuint(numbers[r], ==, MESSAGES);
    g_strfreev(all);
    town_free(town);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/relay-turns/deliveries", test_deliveries);
    return g_test_run();
}
