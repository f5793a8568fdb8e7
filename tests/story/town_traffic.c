/* SPDX-License-Identifier: GPL-2.0-or-later */
/* town_traffic.c: connections, and what is sent over them until it is acknowledged. */
#include "town_people.h"

/* ------------------------------------------------------------------------
 * Connections
 */

char *town_pair_name(const struct party *a, const struct party *b)
{
    return g_strcmp0(a->name, b->name) < 0 ? g_strdup_printf("%s %s", a->name, b->name)
                                           : g_strdup_printf("%s %s", b->name, a->name);
}

static bool is_hidden(const struct town *town, const struct link *link)
{
    return link->is_hidden || !town->is_capturing;
}

static void show(struct town *town, const struct link *link)
{
    town->tale.is_blind = is_hidden(town, link);
}

static struct link *connect_parties(struct town *town, struct party *a, struct party *b)
{
    g_autofree char *name = town_pair_name(a, b);
    struct link *link = g_hash_table_lookup(town->link_of, name);

    if (link != NULL)
        return link;
    link = g_new0(struct link, 1);
    link->ends[1] = a->relay != NULL || b->relay == NULL ? a : b; /* devices connect */
    link->ends[0] = link->ends[1] == a ? b : a;
    link->is_hidden = town->config->lacks_connections && town_happens(town, 0.1);
    link->next_id[0] = 0x80000001;
    link->next_id[1] = 1;
    show(town, link);
    link->connection = tale_connect(&town->tale, link->ends[1]->name, link->ends[0]->name);
    if (link->ends[1]->relay != NULL)
        tale_attach(link->connection);
    g_hash_table_insert(town->link_of, g_steal_pointer(&name), link);
    g_ptr_array_add(town->links, link);
    return link;
}

void town_acknowledge(struct town *town, struct link *link, bool from_initiator)
{
    GQueue *all = &link->unacknowledged[from_initiator];
    uint32_t count = 0;

    while (!g_queue_is_empty(all) && ((struct entry *)all->head->data)->is_processed &&
           (count == 0 || town_happens(town, 0.8))) {
        struct entry *entry = g_queue_pop_head(all);
        struct message *message = &g_array_index(town->messages, struct message, entry->message);
        for (unsigned i = 0; i < message->num; i++)
            if (message->recipients[i] == entry->channel->to)
                message->is_delivered[i] = true;
        if (entry->leg != SSTP_STORY_NONE && !is_hidden(town, link))
            g_array_index(town->legs, struct true_leg, entry->leg).acked_ns =
                town->tale.now_ns + town->tale.step_ns;
        g_assert_true(entry == g_queue_pop_head(&entry->channel->entries));
        g_free(entry);
        count++;
    }
    if (count == 0)
        return;
    show(town, link);
    tale_acknowledge(link->connection, !from_initiator, count);
}

void town_lose(struct town *town, struct link *link)
{
    g_autofree char *name = town_pair_name(link->ends[0], link->ends[1]);

    for (int i = 0; i < 2; i++)
        g_queue_clear(&link->unacknowledged[i]);
    for (guint i = 0; i < town->channels->len; i++) {
        struct channel *channel = g_ptr_array_index(town->channels, i);
        if (channel->link == link) {
            channel->link = NULL;
            channel->next = channel->entries.head;
        }
    }
    show(town, link);
    tale_end(link->connection);
    g_hash_table_remove(town->link_of, name);
    g_ptr_array_remove_fast(town->links, link);
    g_free(link);
}

/* ------------------------------------------------------------------------
 * Channels
 */

struct channel *town_channel_to(struct town *town, struct party *from, struct party *to,
                                bool is_fanout, struct party *const *recipients, unsigned num,
                                const char *resource, const struct channel *source)
{
    GString *name = g_string_new(NULL);

    g_string_printf(name, "%s %s %d %s %p", from->name, to->name, is_fanout, resource,
                    (const void *)source);
    for (unsigned i = 0; i < num; i++)
        g_string_append_printf(name, " %s", recipients[i]->name);
    struct channel *channel = g_hash_table_lookup(town->channel_of, name->str);
    if (channel == NULL) {
        channel = g_new0(struct channel, 1);
        channel->from = from;
        channel->to = to;
        channel->is_fanout = is_fanout;
        channel->num = num;
        for (unsigned i = 0; i < num; i++)
            channel->recipients[i] = recipients[i];
        channel->resource = resource;
        g_queue_init(&channel->entries);
        g_ptr_array_add(town->channels, channel);
        g_hash_table_insert(town->channel_of, g_strdup(name->str), channel);
    }
    g_string_free(name, TRUE);
    return channel;
}

static uint32_t hop_for(struct town *town, uint32_t message, const struct channel *channel,
                        uint32_t parent)
{
    g_autofree char *name = g_strdup_printf("%u %p", message, (const void *)channel);
    const uint32_t known = GPOINTER_TO_UINT(g_hash_table_lookup(town->hop_of, name));

    if (known != 0)
        return known - 1;
    const struct true_hop hop = {parent, channel};
    g_array_append_val(town->hops, hop);
    g_hash_table_insert(town->hop_of, g_steal_pointer(&name), GUINT_TO_POINTER(town->hops->len));
    return town->hops->len - 1;
}

void town_enqueue(struct town *town, struct channel *channel, uint32_t message, uint32_t parent)
{
    struct entry *entry = g_new0(struct entry, 1);

    entry->channel = channel;
    entry->message = message;
    entry->hop = hop_for(town, message, channel, parent);
    g_queue_push_tail(&channel->entries, entry);
    if (channel->next == NULL)
        channel->next = channel->entries.tail;
}

static void open_session(struct town *town, struct channel *channel, struct link *link)
{
    const bool from_initiator = link->ends[1] == channel->from;
    struct tale_recipient recipients[TOWN_RECIPIENTS_MAX];

    channel->link = link;
    channel->id = link->next_id[from_initiator]++;
    show(town, link);
    for (unsigned i = 0; i < channel->num; i++) {
        const struct party *recipient = channel->recipients[i];
        const bool is_local = recipient->relay == channel->to && channel->from->relay != NULL;
        recipients[i] = (struct tale_recipient){recipient->identity, recipient->name,
                                                is_local ? NULL : recipient->relay->name};
    }
    if (channel->is_fanout)
        tale_fanout(link->connection, from_initiator, channel->id, channel->resource, recipients,
                    channel->num);
    else
        tale_open(link->connection, from_initiator, channel->id, channel->resource,
                  channel->recipients[0]->identity, channel->recipients[0]->name);
}

/* The relay has a whole message, and keeps it for everybody. */
static void forward(struct town *town, const struct entry *entry)
{
    const struct channel *source = entry->channel;
    struct party *relay = source->to;

    for (guint q = 0; q < town->relays->len; q++) {
        struct party *other = g_ptr_array_index(town->relays, q);
        struct party *there[TOWN_RECIPIENTS_MAX];
        unsigned num = 0;
        for (unsigned i = 0; i < source->num; i++)
            if (source->recipients[i]->relay == other)
                there[num++] = source->recipients[i];
        if (other != relay && num > 0)
            town_enqueue(
                town,
                town_channel_to(town, relay, other, true, there, num, source->resource, source),
                entry->message, entry->hop);
        for (unsigned i = 0; other == relay && i < num; i++)
            town_enqueue(
                town,
                town_channel_to(town, relay, there[i], false, &there[i], 1, source->resource, NULL),
                entry->message, entry->hop);
    }
}

void town_process(struct town *town, struct link *link, bool from_initiator)
{
    for (GList *item = link->unacknowledged[from_initiator].head; item != NULL; item = item->next) {
        struct entry *entry = item->data;
        if (entry->is_processed)
            continue;
        entry->is_processed = true;
        if (entry->channel->to->relay == NULL)
            forward(town, entry);
    }
}

void town_send_next(struct town *town, struct channel *channel)
{
    struct link *link = connect_parties(town, channel->from, channel->to);
    struct entry *entry = channel->next->data;
    const struct message *message = &g_array_index(town->messages, struct message, entry->message);
    const bool from_initiator = link->ends[1] == channel->from;

    if (channel->link != link || town_happens(town, 0.02))
        open_session(town, channel, link);
    show(town, link);
    const uint32_t leg = tale_send_as(link->connection, from_initiator, channel->id, message->text,
                                      message->user_ref, 0);
    const struct true_leg truth = {entry->message, entry->hop, town->tale.now_ns, 0};
    entry->leg = leg;
    if (leg != SSTP_STORY_NONE) {
        g_assert_cmpuint(leg, ==, town->legs->len);
        g_array_append_val(town->legs, truth);
    }
    entry->is_processed = false;
    channel->next = channel->next->next;
    g_queue_push_tail(&link->unacknowledged[from_initiator], entry);
    if (town_happens(town, 0.97)) /* else it is on its way when the connection is lost, or late */
        town_process(town, link, from_initiator);
}
