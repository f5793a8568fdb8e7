/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "town.h"

#define RECIPIENTS_MAX 6u

struct party {
    char *name;          /* what it calls itself */
    char *identity;      /* of a device */
    struct party *relay; /* of a device; NULL for a relay */
    bool is_online;
};

/* What one sends to the next for a set of recipients, in order, until it is acknowledged. */
struct channel {
    struct party *from, *to;
    bool is_fanout;
    unsigned num;
    struct party *recipients[RECIPIENTS_MAX];
    const char *resource;
    GQueue entries;     /* struct entry, not acknowledged */
    GList *next;        /* that is not sent; NULL: all are */
    struct link *link;  /* on which its session is open */
    uint32_t id;        /* of the session */
    GHashTable *onward; /* relay: struct party to the channel to it */
};

struct entry {
    struct channel *channel;
    uint32_t message;
    uint32_t hop;
    bool is_processed; /* since it was last sent */
};

/* A connection. */
struct link {
    struct tale_connection *connection;
    struct party *ends[2];    /* by is_initiator */
    GQueue unacknowledged[2]; /* struct entry, by from_initiator */
    GList *unprocessed[2];
    uint32_t next_id[2];
    bool is_hidden;
};

struct message {
    const char *text, *user_ref;
    bool repeats;
    struct party *recipients[RECIPIENTS_MAX];
    bool is_delivered[RECIPIENTS_MAX];
    unsigned num;
};

struct true_leg {
    uint32_t message, hop;
};

struct town {
    const struct town_config *config;
    struct tale tale;
    GRand *rand;
    GPtrArray *devices, *relays;
    GPtrArray *channels, *links;
    GHashTable *link_of; /* "a b" to the link */
    GHashTable *channel_of;
    GArray *messages;   /* struct message */
    GArray *parents;    /* of hops: uint32_t */
    GHashTable *hop_of; /* "message channel" to hop + 1 */
    GArray *legs;       /* struct true_leg */
    GStringChunk *texts;
    bool is_capturing;
};

static unsigned below(struct town *town, unsigned num)
{
    return (unsigned)g_rand_int_range(town->rand, 0, (gint32)num);
}

static bool happens(struct town *town, double chance)
{
    return g_rand_double(town->rand) < chance;
}

/* ------------------------------------------------------------------------
 * Connections
 */

static char *pair_name(const struct party *a, const struct party *b)
{
    return g_strcmp0(a->name, b->name) < 0 ? g_strdup_printf("%s %s", a->name, b->name)
                                           : g_strdup_printf("%s %s", b->name, a->name);
}

static void show(struct town *town, const struct link *link)
{
    town->tale.is_blind = link->is_hidden || !town->is_capturing;
}

static struct link *connect_parties(struct town *town, struct party *a, struct party *b)
{
    g_autofree char *name = pair_name(a, b);
    struct link *link = g_hash_table_lookup(town->link_of, name);

    if (link != NULL)
        return link;
    link = g_new0(struct link, 1);
    link->ends[1] = a->relay != NULL || b->relay == NULL ? a : b; /* devices connect */
    link->ends[0] = link->ends[1] == a ? b : a;
    link->is_hidden = town->config->lacks_connections && happens(town, 0.1);
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

static void acknowledge(struct town *town, struct link *link, bool from_initiator)
{
    GQueue *all = &link->unacknowledged[from_initiator];
    uint32_t count = 0;

    while (!g_queue_is_empty(all) && ((struct entry *)all->head->data)->is_processed &&
           (count == 0 || happens(town, 0.8))) {
        struct entry *entry = g_queue_pop_head(all);
        struct message *message = &g_array_index(town->messages, struct message, entry->message);
        for (unsigned i = 0; i < message->num; i++)
            if (message->recipients[i] == entry->channel->to)
                message->is_delivered[i] = true;
        g_assert_true(entry == g_queue_pop_head(&entry->channel->entries));
        g_free(entry);
        count++;
    }
    if (count == 0)
        return;
    show(town, link);
    tale_acknowledge(link->connection, !from_initiator, count);
}

/* The sessions are gone, and what was not acknowledged will be sent again. */
static void lose(struct town *town, struct link *link)
{
    g_autofree char *name = pair_name(link->ends[0], link->ends[1]);

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

static struct channel *channel_to(struct town *town, struct party *from, struct party *to,
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
    g_array_append_val(town->parents, parent);
    g_hash_table_insert(town->hop_of, g_steal_pointer(&name), GUINT_TO_POINTER(town->parents->len));
    return town->parents->len - 1;
}

static void enqueue(struct town *town, struct channel *channel, uint32_t message, uint32_t parent)
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
    struct tale_recipient recipients[RECIPIENTS_MAX];

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
        struct party *there[RECIPIENTS_MAX];
        unsigned num = 0;
        for (unsigned i = 0; i < source->num; i++)
            if (source->recipients[i]->relay == other)
                there[num++] = source->recipients[i];
        if (other != relay && num > 0)
            enqueue(town,
                    channel_to(town, relay, other, true, there, num, source->resource, source),
                    entry->message, entry->hop);
        for (unsigned i = 0; other == relay && i < num; i++)
            enqueue(town,
                    channel_to(town, relay, there[i], false, &there[i], 1, source->resource, NULL),
                    entry->message, entry->hop);
    }
}

/* What was on its way arrives. */
static void process(struct town *town, struct link *link, bool from_initiator)
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

static void send_next(struct town *town, struct channel *channel)
{
    struct link *link = connect_parties(town, channel->from, channel->to);
    struct entry *entry = channel->next->data;
    const struct message *message = &g_array_index(town->messages, struct message, entry->message);
    const bool from_initiator = link->ends[1] == channel->from;

    if (channel->link != link || happens(town, 0.02))
        open_session(town, channel, link);
    show(town, link);
    const uint32_t leg = tale_send_as(link->connection, from_initiator, channel->id, message->text,
                                      message->user_ref, 0);
    const struct true_leg truth = {entry->message, entry->hop};
    if (leg != SSTP_STORY_NONE) {
        g_assert_cmpuint(leg, ==, town->legs->len);
        g_array_append_val(town->legs, truth);
    }
    entry->is_processed = false;
    channel->next = channel->next->next;
    g_queue_push_tail(&link->unacknowledged[from_initiator], entry);
    if (happens(town, 0.97)) /* else it is on its way when the connection is lost, or late */
        process(town, link, from_initiator);
}

/* ------------------------------------------------------------------------
 * What happens
 */

static const char *text_for(struct town *town, struct message *message)
{
    static const char *const tiny[] = {"ok", "no", "hello", "?", "thank you"};
    static const char *const long_ones[] = {"the same newsletter as every week",
                                            "I am away, and read this when I am back"};
    const unsigned kind = below(town, 10);

    message->repeats = kind < 3;
    if (kind == 0 && town->config->has_long_repeats)
        return long_ones[below(town, G_N_ELEMENTS(long_ones))];
    if (message->repeats)
        return tiny[below(town, G_N_ELEMENTS(tiny))];
    g_autofree char *text =
        g_strdup_printf("message %u, which is like no other", town->messages->len);
    return g_string_chunk_insert(town->texts, text);
}

static void say(struct town *town)
{
    static const char *const resources[] = {"chat", "files"};
    struct party *from = g_ptr_array_index(town->devices, below(town, town->devices->len));
    struct message message = {.num = 0};
    const unsigned wanted = happens(town, 0.7) ? 1 : 1 + below(town, RECIPIENTS_MAX);

    for (unsigned i = 0; i < wanted; i++) {
        /* Most go to few. */
        const unsigned num = happens(town, 0.5) ? 6 : town->devices->len;
        struct party *to = g_ptr_array_index(town->devices, below(town, num));
        bool is_new = to != from;
        for (unsigned k = 0; k < message.num; k++)
            is_new = is_new && message.recipients[k] != to;
        if (is_new)
            message.recipients[message.num++] = to;
    }
    if (message.num == 0)
        return;
    message.text = text_for(town, &message);
    if (happens(town, 0.1)) {
        g_autofree char *user_ref = g_strdup_printf("ref%u", below(town, 3));
        message.user_ref = g_string_chunk_insert_const(town->texts, user_ref);
    }
    const uint32_t index = town->messages->len;
    g_array_append_val(town->messages, message);
    const bool is_fanout = message.num > 1 || message.recipients[0]->relay != from->relay;
    enqueue(town,
            channel_to(town, from, from->relay, is_fanout, message.recipients, message.num,
                       resources[below(town, 2)], NULL),
            index, UINT32_MAX);
}

static bool can_send(const struct channel *channel)
{
    return channel->next != NULL && channel->from->is_online && channel->to->is_online;
}

static void go_on(struct town *town)
{
    struct channel *channel = NULL;

    for (unsigned i = 0; i < 20 && channel == NULL && town->channels->len > 0; i++) {
        channel = g_ptr_array_index(town->channels, below(town, town->channels->len));
        if (!can_send(channel))
            channel = NULL;
    }
    if (channel != NULL)
        send_next(town, channel);
    for (unsigned i = 0; i < 2 && town->links->len > 0; i++) {
        struct link *link = g_ptr_array_index(town->links, below(town, town->links->len));
        const bool from_initiator = happens(town, 0.5);
        if (happens(town, 0.01)) {
            lose(town, link);
            continue;
        }
        process(town, link, from_initiator);
        acknowledge(town, link, from_initiator);
    }
}

static void turn_devices(struct town *town)
{
    struct party *device = g_ptr_array_index(town->devices, below(town, town->devices->len));
    g_autofree char *name = pair_name(device, device->relay);
    struct link *link = g_hash_table_lookup(town->link_of, name);

    device->is_online = !device->is_online || happens(town, 0.3);
    if (!device->is_online && link != NULL)
        lose(town, link);
    if (happens(town, 0.05))
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
                send_next(town, channel);
                has_more = true;
            }
        }
        for (guint i = 0; i < town->links->len; i++)
            for (int k = 0; k < 2; k++) {
                struct link *link = g_ptr_array_index(town->links, i);
                has_more |= !g_queue_is_empty(&link->unacknowledged[k]);
                process(town, link, k != 0);
                acknowledge(town, link, k != 0);
            }
    }
}

static void populate(struct town *town)
{
    for (unsigned i = 0; i < town->config->num_relays; i++) {
        struct party *relay = g_new0(struct party, 1);
        relay->name = g_strdup_printf("grooveDNS://relay%u", i);
        relay->is_online = true;
        g_ptr_array_add(town->relays, relay);
    }
    for (unsigned i = 0; i < town->config->num_devices; i++) {
        struct party *device = g_new0(struct party, 1);
        device->name = g_strdup_printf("dpp:///device%u", i);
        device->identity = g_strdup_printf("grooveIdentity://person%u", i);
        device->relay = g_ptr_array_index(town->relays, below(town, town->relays->len));
        device->is_online = happens(town, 0.7);
        g_ptr_array_add(town->devices, device);
    }
}

static void live(struct town *town)
{
    const unsigned num = town->config->num_journeys;

    while (town->messages->len < num) {
        town->is_capturing = !(town->config->begins_late && town->messages->len < num / 10);
        if (happens(town, 0.3))
            say(town);
        if (happens(town, 0.02))
            turn_devices(town);
        go_on(town);
    }
    if (!town->config->ends_early)
        settle(town);
}

/* ------------------------------------------------------------------------
 * What is true
 */

static const struct true_leg *truth_of(const struct town *town, uint32_t leg)
{
    return &g_array_index(town->legs, struct true_leg, leg);
}

static bool is_right(const struct town *town, uint32_t leg, const struct sstp_story_leg *told)
{
    const struct true_leg *truth = truth_of(town, leg);

    if (told->attempt_of != leg && truth_of(town, told->attempt_of)->hop != truth->hop)
        return false;
    return told->from == SSTP_STORY_NONE ||
           truth_of(town, told->from)->hop == g_array_index(town->parents, uint32_t, truth->hop);
}

static void judge_legs(const struct town *town, struct town_result *result)
{
    for (uint32_t leg = 0; leg < town->legs->len; leg++) {
        const struct true_leg *truth = truth_of(town, leg);
        struct sstp_story_leg told;
        sstp_story_leg(town->tale.story, leg, &told);
        struct town_count *count =
            &result->counts[g_array_index(town->messages, struct message, truth->message).repeats];
        const bool right = is_right(town, leg, &told);
        const bool begins = g_array_index(town->parents, uint32_t, truth->hop) == UINT32_MAX;
        result->num_attempts += told.attempt_of != leg;
        count->certain += told.certainty == SSTP_STORY_CERTAIN;
        count->likely += told.certainty == SSTP_STORY_LIKELY;
        count->open += told.certainty == SSTP_STORY_OPEN && !begins;
        count->certain_wrong += told.certainty == SSTP_STORY_CERTAIN && !right;
        count->likely_wrong += told.certainty == SSTP_STORY_LIKELY && !right;
        if (!begins && told.certainty == SSTP_STORY_OPEN && g_getenv("TOWN_OPEN") != NULL &&
            !g_array_index(town->messages, struct message, truth->message).repeats) {
            g_printerr("open leg %u: message %u %.*s -> %.*s pass %d conn %u;", leg, truth->message,
                       (int)told.sender.len, told.sender.data, (int)told.receiver.len,
                       told.receiver.data, told.passage, told.connection);
            for (uint32_t k = 0; k < town->legs->len; k++)
                if (truth_of(town, k)->message == truth->message) {
                    struct sstp_story_leg o;
                    sstp_story_leg(town->tale.story, k, &o);
                    g_printerr(" [%u %.*s->%.*s cert %d from %d pass %d conn %u]", k,
                               (int)o.sender.len, o.sender.data, (int)o.receiver.len,
                               o.receiver.data, o.certainty, (int)o.from, o.passage, o.connection);
                }
            g_printerr("\n");
        }
        if (told.certainty == SSTP_STORY_CERTAIN && !right && g_getenv("TOWN_TRACE") != NULL)
            g_printerr("leg %u: message %u \"%s\", from %u, attempt of %u\n", leg, truth->message,
                       g_array_index(town->messages, struct message, truth->message).text,
                       told.from, told.attempt_of);
    }
}

struct judging {
    const struct town *town;
    const struct message *message;
    struct town_count *count;
    uint32_t journey;
};

/* What is claimed surely of a recipient; where the capture has all up to its end, also the other
 * way round. */
static void judge_branch(void *cookie, const struct sstp_story_branch *branch)
{
    struct judging *judging = cookie;
    const struct town_config *config = judging->town->config;
    const bool has_all = !config->lacks_connections && !config->begins_late;

    for (unsigned i = 0; i < judging->message->num; i++) {
        const struct party *recipient = judging->message->recipients[i];
        if (!sstp_span_is_equal(branch->device_url, sstp_span_of_string(recipient->name)))
            continue;
        const bool is_delivered = judging->message->is_delivered[i];
        judging->count->delivered += is_delivered;
        judging->count->delivered_seen += branch->outcome == SSTP_STORY_DELIVERED;
        if (branch->certainty != SSTP_STORY_CERTAIN)
            continue;
        const bool is_wrong =
            branch->outcome == SSTP_STORY_DELIVERED ? !is_delivered : has_all && is_delivered;
        judging->count->outcomes++;
        judging->count->outcomes_wrong += is_wrong;
        if (is_wrong && g_getenv("TOWN_TRACE") != NULL)
            g_printerr("journey %u, \"%s\", to %s: %s, leg %u\n", judging->journey,
                       judging->message->text, recipient->name,
                       sstp_story_outcome_name(branch->outcome), branch->leg);
    }
}

static void judge_journeys(const struct town *town, struct town_result *result)
{
    for (uint32_t i = 0; i < sstp_story_num_journeys(town->tale.story); i++) {
        const uint32_t root = sstp_story_journey(town->tale.story, i);
        if (root == SSTP_STORY_NONE)
            continue;
        const struct true_leg *truth = truth_of(town, root);
        const struct message *message =
            &g_array_index(town->messages, struct message, truth->message);
        struct judging judging = {town, message, &result->counts[message->repeats], i};
        if (g_array_index(town->parents, uint32_t, truth->hop) == UINT32_MAX)
            sstp_story_branches(town->tale.story, i, UINT32_MAX, judge_branch, &judging);
        result->num_journeys++;
    }
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
    g_array_unref(town->parents);
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
        .parents = g_array_new(FALSE, FALSE, sizeof(uint32_t)),
        .legs = g_array_new(FALSE, FALSE, sizeof(struct true_leg)),
        .texts = g_string_chunk_new(4096),
    };
    struct town_result result = {.num_legs = 0};

    tale_init(&town.tale, NULL);
    populate(&town);
    live(&town);
    sstp_story_finish(town.tale.story);
    result.num_legs = town.legs->len;
    judge_legs(&town, &result);
    judge_journeys(&town, &result);
    free_town(&town);
    return result;
}
