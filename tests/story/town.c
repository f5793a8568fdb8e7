/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "town_capture.h"
#include "town_people.h"

#include <string.h>

/* ------------------------------------------------------------------------
 * What happens
 */

static const char *text_for(struct town *town, struct message *message)
{
    static const char *const tiny[] = {"ok", "no", "hello", "?", "thank you"};
    static const char *const long_ones[] = {"the same newsletter as every week",
                                            "I am away, and read this when I am back"};
    const unsigned kind = town_below(town, 10);

    message->repeats = kind < 3;
    if (kind == 0 && town->config->has_long_repeats)
        return long_ones[town_below(town, G_N_ELEMENTS(long_ones))];
    if (message->repeats)
        return tiny[town_below(town, G_N_ELEMENTS(tiny))];
    g_autofree char *text = g_strdup_printf("message %u of town %u, which is like no other",
                                            town->messages->len, town->config->seed);
    return g_string_chunk_insert(town->texts, text);
}

static void post(struct town *town, const struct message *message)
{
    g_array_append_val(town->messages, *message);
    town_enqueue(town, message->channel, town->messages->len - 1, UINT32_MAX);
}

static void say(struct town *town)
{
    static const char *const resources[] = {"chat", "files"};
    struct party *from = g_ptr_array_index(town->devices, town_below(town, town->devices->len));
    struct message message = {.num = 0};
    const unsigned wanted = town_happens(town, 0.7) ? 1 : 1 + town_below(town, TOWN_RECIPIENTS_MAX);

    for (unsigned i = 0; i < wanted; i++) {
        /* Most go to few. */
        const unsigned num = town_happens(town, 0.5) ? 6 : town->devices->len;
        struct party *to = g_ptr_array_index(town->devices, town_below(town, num));
        bool is_new = to != from;
        for (unsigned k = 0; k < message.num; k++)
            is_new = is_new && message.recipients[k] != to;
        if (is_new)
            message.recipients[message.num++] = to;
    }
    if (message.num == 0)
        return;
    message.text = text_for(town, &message);
    if (town_happens(town, 0.1)) {
        g_autofree char *user_ref = g_strdup_printf("ref%u", town_below(town, 3));
        message.user_ref = g_string_chunk_insert_const(town->texts, user_ref);
    }
    const bool is_fanout = message.num > 1 || message.recipients[0]->relay != from->relay;
    message.channel = town_channel_to(town, from, from->relay, is_fanout, message.recipients,
                                      message.num, resources[town_below(town, 2)], NULL);
    post(town, &message);
}

/* The same once more. */
static void say_again(struct town *town)
{
    const guint num = town->messages->len;

    if (num == 0)
        return;
    struct message *before =
        &g_array_index(town->messages, struct message, num - 1 - town_below(town, MIN(num, 20)));
    struct message message = *before;
    before->repeats = message.repeats = true;
    memset(message.is_delivered, 0, sizeof message.is_delivered);
    post(town, &message);
}

static bool can_send(const struct channel *channel)
{
    return channel->next != NULL && channel->from->is_online && channel->to->is_online;
}

static void go_on(struct town *town)
{
    struct channel *channel = NULL;

    for (unsigned i = 0; i < 20 && channel == NULL && town->channels->len > 0; i++) {
        channel = g_ptr_array_index(town->channels, town_below(town, town->channels->len));
        if (!can_send(channel))
            channel = NULL;
    }
    if (channel != NULL)
        town_send_next(town, channel);
    for (unsigned i = 0; i < 2 && town->links->len > 0; i++) {
        struct link *link = g_ptr_array_index(town->links, town_below(town, town->links->len));
        const bool from_initiator = town_happens(town, 0.5);
        if (town_happens(town, 0.01)) {
            town_lose(town, link);
            continue;
        }
        town_process(town, link, from_initiator);
        town_acknowledge(town, link, from_initiator);
    }
}

static void turn_devices(struct town *town)
{
    struct party *device = g_ptr_array_index(town->devices, town_below(town, town->devices->len));
    g_autofree char *name = town_pair_name(device, device->relay);
    struct link *link = g_hash_table_lookup(town->link_of, name);

    device->is_online = !device->is_online || town_happens(town, 0.3);
    if (!device->is_online && link != NULL)
        town_lose(town, link);
    if (town_happens(town, 0.05))
        town->tale.now_ns += 86400 * SECOND;
}

/* Everybody comes, and all that waits is delivered. */
static void settle(struct town *town)
{
    bool has_more = true;

    for (guint i = 0; i < town->devices->len; i++)
        ((struct party *)g_ptr_array_index(town->devices, i))->is_online = true;
    while (has_more) {
        has_more = false;
        for (guint i = 0; i < town->channels->len; i++) {
            struct channel *channel = g_ptr_array_index(town->channels, i);
            while (can_send(channel)) {
                town_send_next(town, channel);
                has_more = true;
            }
        }
        for (guint i = 0; i < town->links->len; i++)
            for (int k = 0; k < 2; k++) {
                struct link *link = g_ptr_array_index(town->links, i);
                has_more |= !g_queue_is_empty(&link->unacknowledged[k]);
                town_process(town, link, k != 0);
                town_acknowledge(town, link, k != 0);
            }
    }
}

static void populate(struct town *town)
{
    for (unsigned i = 0; i < town->config->num_relays; i++) {
        struct party *relay = g_new0(struct party, 1);
        /* No town has those of another, whose captures may lie in one database. */
        relay->name = g_strdup_printf("grooveDNS://relay%u.town%u", i, town->config->seed);
        relay->is_online = true;
        g_ptr_array_add(town->relays, relay);
    }
    for (unsigned i = 0; i < town->config->num_devices; i++) {
        struct party *device = g_new0(struct party, 1);
        device->name = g_strdup_printf("dpp:///device%u", i);
        device->identity = g_strdup_printf("grooveIdentity://person%u", i);
        device->relay = g_ptr_array_index(town->relays, town_below(town, town->relays->len));
        device->is_online = town_happens(town, 0.7);
        g_ptr_array_add(town->devices, device);
    }
}

static void live(struct town *town)
{
    const unsigned num = town->config->num_journeys;

    while (town->messages->len < num) {
        town->is_capturing = !(town->config->begins_late && town->messages->len < num / 10);
        if (town_happens(town, 0.3))
            say(town);
        if (town->config->says_again && town_happens(town, 0.02))
            say_again(town);
        if (town_happens(town, 0.02))
            turn_devices(town);
        go_on(town);
    }
    if (!town->config->ends_early)
        settle(town);
}

/* ------------------------------------------------------------------------
 * A run
 */

static void free_party(gpointer pointer)
{
    struct party *party = pointer;
    g_free(party->name);
    g_free(party->identity);
    g_free(party);
}

static void free_channel(gpointer pointer)
{
    struct channel *channel = pointer;
    g_queue_clear_full(&channel->entries, g_free);
    g_free(channel);
}

static void free_town(struct town *town)
{
    while (town->links->len > 0) {
        struct link *link = g_ptr_array_index(town->links, 0);
        for (int i = 0; i < 2; i++)
            g_queue_clear(&link->unacknowledged[i]);
        g_free(link);
        g_ptr_array_remove_index_fast(town->links, 0);
    }
    tale_clear(&town->tale);
    g_ptr_array_unref(town->links);
    g_ptr_array_unref(town->channels);
    g_ptr_array_unref(town->devices);
    g_ptr_array_unref(town->relays);
    g_hash_table_unref(town->link_of);
    g_hash_table_unref(town->channel_of);
    g_hash_table_unref(town->hop_of);
    g_array_unref(town->messages);
    g_array_unref(town->hops);
    g_array_unref(town->legs);
    g_string_chunk_free(town->texts);
    g_rand_free(town->rand);
}

struct town_result town_run(const struct town_config *config)
{
    struct town town = {
        .config = config,
        .rand = g_rand_new_with_seed(config->seed),
        .devices = g_ptr_array_new_with_free_func(free_party),
        .relays = g_ptr_array_new_with_free_func(free_party),
        .channels = g_ptr_array_new_with_free_func(free_channel),
        .links = g_ptr_array_new(),
        .link_of = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        .channel_of = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        .hop_of = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        .messages = g_array_new(FALSE, FALSE, sizeof(struct message)),
        .hops = g_array_new(FALSE, FALSE, sizeof(struct true_hop)),
        .legs = g_array_new(FALSE, FALSE, sizeof(struct true_leg)),
        .texts = g_string_chunk_new(4096),
    };
    struct town_result result = {.num_legs = 0};

    tale_init(&town.tale, NULL);
    if (config->capture != NULL)
        town.tale.listener = town_capture_listener(config->capture);
    populate(&town);
    live(&town);
    sstp_story_finish(town.tale.story);
    result.num_legs = town.legs->len;
    if (config->capture != NULL)
        town_capture_truth(config->capture, &town);
    town_judge_legs(&town, &result);
    town_judge_journeys(&town, &result);
    free_town(&town);
    return result;
}
