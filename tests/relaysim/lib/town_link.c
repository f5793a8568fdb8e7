/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "town_link.h"

#include "core/encode.h"
#include "core/summary.h"
#include "store/store.h"

#define ROUNDS_MAX 100000

struct sstp_ep *town_end_ep(const struct town_end *end)
{
    return end->client != NULL       ? sstp_client_ep(end->client->client)
           : end->connection != NULL ? sstp_relay_connection_ep(end->connection)
                                     : end->relay->puppet;
}

const char *town_end_name(const struct town_end *end)
{
    return end->client != NULL ? end->client->name : end->relay->name;
}

void town_link_cut(struct town_link *link)
{
    if (link->is_cut)
        return;
    link->is_cut = true;
    for (size_t i = 0; i < 2; i++) {
        if (link->ends[i].connection != NULL)
            sstp_relay_disconnect(link->ends[i].connection);
        else
            sstp_ep_transport_lost(town_end_ep(&link->ends[i]));
    }
}

struct town_link *town_link_new(struct town *town)
{
    struct town_link *link = g_new0(struct town_link, 1);
    link->town = town;
    link->ends[0].link = link->ends[1].link = link;
    link->ends[0].is_awake = link->ends[1].is_awake = true;
    g_ptr_array_add(town->links, link);
    return link;
}

void town_note(const struct town_end *from, const struct sstp_command *command)
{
    char text[SSTP_SUMMARY_SIZE];
    const struct town_end *to = &from->link->ends[from == &from->link->ends[0] ? 1 : 0];
    sstp_summary(command, text, sizeof text);
    g_string_append_printf(from->link->town->commands, "%s>%s %s", town_end_name(from),
                           town_end_name(to), text);
    if (command->id == SSTP_SESSION_STATUS && command->device_url.len > 0)
        g_string_append_printf(from->link->town->commands, " %.*s", (int)command->device_url.len,
                               (const char *)command->device_url.data);
    if (command->id == SSTP_SESSION_STATUS && command->fanout_indexes.count > 0)
        g_string_append_printf(from->link->town->commands, " %u destinations",
                               command->fanout_indexes.count);
    g_string_append_c(from->link->town->commands, '\n');
}

/* Whether what one end has put out goes to the other: a relay has to say so. */
static bool is_carried(const struct town_link *link, size_t from)
{
    const struct town_end *end = &link->ends[from], *other = &link->ends[1 - from];
    return !link->is_cut && (end->connection == NULL || end->is_awake) &&
           (other->relay == NULL || !other->relay->is_deaf) &&
           (other->client == NULL || !other->client->is_deaf);
}

static bool carry(struct town_link *link, size_t from)
{
    struct town_end *end = &link->ends[from], *other = &link->ends[1 - from];
    const struct sstp_span output = sstp_ep_output(town_end_ep(end));
    if (output.len == 0 || !is_carried(link, from))
        return false;
    uint8_t *bytes = g_memdup2(output.data, output.len);
    const size_t len = output.len;
    sstp_ep_output_taken(town_end_ep(end), len);
    end->is_awake = false;
    other->is_awake = true; /* it reads, and is looked at after that */
    if (end->connection != NULL)
        sstp_relay_output_is_empty(end->connection);
    sstp_ep_receive(town_end_ep(other), bytes, len);
    g_free(bytes);
    return true;
}

static bool has_output(const struct town_link *link)
{
    for (size_t from = 0; from < 2; from++)
        if (is_carried(link, from) && sstp_ep_output(town_end_ep(&link->ends[from])).len > 0)
            return true;
    return false;
}

/* Nobody has put anything out without a word to its socket. */
static void check_awake(const struct town_link *link)
{
    for (size_t e = 0; e < 2 && !link->is_cut; e++)
        if (link->ends[e].connection != NULL && !link->ends[e].is_awake)
            g_assert_cmpuint(sstp_ep_output(town_end_ep(&link->ends[e])).len, ==, 0);
}

static bool is_over(const struct town_link *link)
{
    for (size_t i = 0; i < 2; i++)
        if (sstp_ep_state(town_end_ep(&link->ends[i])) != SSTP_CONNECTION_CLOSED ||
            sstp_ep_output(town_end_ep(&link->ends[i])).len > 0)
            return false;
    return true;
}

static bool write_store(struct town_relay *relay)
{
    struct sstp_store *store = sstp_relay_store(relay->relay);
    struct sstp_store_batch *batch = sstp_store_begin(store, relay->now_ms);
    if (batch == NULL)
        return false;
    sstp_store_write(batch);
    sstp_store_finish(store, batch, relay->now_ms);
    return true;
}

void town_settle(struct town *town)
{
    bool has_moved = true;
    for (unsigned rounds = 0; has_moved; rounds++) {
        g_assert_cmpuint(rounds, <, ROUNDS_MAX);
        has_moved = false;
        for (guint i = 0; i < town->links->len; i++) {
            struct town_link *link = g_ptr_array_index(town->links, i);
            for (size_t from = 0; from < 2 && !link->is_cut; from++)
                has_moved = carry(link, from) || has_moved;
            if (!link->is_cut && is_over(link))
                town_link_cut(link);
        }
        for (size_t i = 0; i < TOWN_RELAYS_MAX; i++)
            if (town->relays[i].relay != NULL) {
                sstp_relay_tick(town->relays[i].relay, town->relays[i].now_ms);
                has_moved = write_store(&town->relays[i]) || has_moved;
            }
        for (guint i = 0; i < town->links->len; i++)
            has_moved = has_moved || has_output(g_ptr_array_index(town->links, i));
    }
    for (guint i = 0; i < town->links->len; i++)
        check_awake(g_ptr_array_index(town->links, i));
}

void town_hear(struct town_relay *from, struct town_relay *to)
{
    for (guint i = 0; i < from->town->links->len; i++) {
        struct town_link *link = g_ptr_array_index(from->town->links, i);
        for (size_t e = 0; e < 2 && !link->is_cut; e++)
            if (link->ends[e].relay == from && link->ends[1 - e].relay == to)
                (void)carry(link, e);
    }
}

void town_speak(struct town_client *client)
{
    for (guint i = 0; i < client->town->links->len; i++) {
        struct town_link *link = g_ptr_array_index(client->town->links, i);
        if (link->ends[0].client == client && !link->is_cut)
            (void)carry(link, 0);
    }
}

void town_say(struct town_relay *puppet, struct town_relay *to, const struct sstp_command *command)
{
    uint8_t bytes[SSTP_COMMAND_LEN_MAX];
    const size_t len = sstp_command_encode(command, bytes, sizeof bytes);
    g_assert_cmpuint(len, >, 0);
    for (guint i = 0; i < puppet->town->links->len; i++) {
        struct town_link *link = g_ptr_array_index(puppet->town->links, i);
        if (link->is_cut || link->ends[0].relay != to || link->ends[1].relay != puppet)
            continue;
        town_note(&link->ends[1], command);
        link->ends[0].is_awake = true;
        sstp_ep_receive(town_end_ep(&link->ends[0]), bytes, len);
    }
}

void town_advance(struct town_relay *relay, int64_t ms)
{
    struct town *town = relay->town;
    relay->now_ms += ms;
    for (guint i = 0; i < town->links->len; i++) {
        struct town_link *link = g_ptr_array_index(town->links, i);
        for (size_t e = 0; e < 2 && !link->is_cut; e++) {
            struct town_end *end = &link->ends[e];
            if (end->relay != relay && (end->client == NULL || end->client->at != relay))
                continue;
            sstp_ep_tick(town_end_ep(end), relay->now_ms);
            end->is_awake = true;
        }
    }
    town_settle(town);
}

void town_cut(struct town_relay *a, struct town_relay *b)
{
    for (guint i = 0; i < a->town->links->len; i++) {
        struct town_link *link = g_ptr_array_index(a->town->links, i);
        if ((link->ends[0].relay == a && link->ends[1].relay == b) ||
            (link->ends[0].relay == b && link->ends[1].relay == a))
            town_link_cut(link);
    }
    town_settle(a->town);
}

void town_cut_dialed(struct town_relay *from, struct town_relay *to)
{
    for (guint i = 0; i < from->town->links->len; i++) {
        struct town_link *link = g_ptr_array_index(from->town->links, i);
        if (link->ends[0].relay == from && link->ends[1].relay == to)
            town_link_cut(link);
    }
    town_settle(from->town);
}

void town_cut_client(struct town_client *client)
{
    for (guint i = 0; i < client->town->links->len; i++) {
        struct town_link *link = g_ptr_array_index(client->town->links, i);
        if (link->ends[0].client == client)
            town_link_cut(link);
    }
    town_settle(client->town);
}
