/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "points/deal.h"

#include <string.h>

/* What a packet costs beside its bytes, in bytes. */
#define PACKET_COST 200u

struct dealt {
    struct packet_pair pair; /* the key */
    struct deal_load load;
    guint share;
};

struct deal {
    GHashTable *pairs; /* struct dealt, by itself */
    struct deal_load all;
    struct deal_load rest; /* of what is the first share's in any case */
    GArray *shares;        /* struct deal_load */
};

static guint hash_pair(gconstpointer key)
{
    const guint8 *bytes = key;
    guint hash = 2166136261u;

    for (gsize i = 0; i < sizeof(struct packet_pair); i++)
        hash = (hash ^ bytes[i]) * 16777619u;
    return hash;
}

static gboolean equal_pairs(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, sizeof(struct packet_pair)) == 0;
}

struct deal *deal_new(void)
{
    struct deal *deal = g_new0(struct deal, 1);

    deal->pairs = g_hash_table_new_full(hash_pair, equal_pairs, NULL, g_free);
    deal->shares = g_array_new(FALSE, TRUE, sizeof(struct deal_load));
    g_array_set_size(deal->shares, 1);
    return deal;
}

void deal_free(struct deal *deal)
{
    if (deal == NULL)
        return;
    g_hash_table_destroy(deal->pairs);
    g_array_free(deal->shares, TRUE);
    g_free(deal);
}

static void add_load(struct deal_load *load, const struct deal_load *more)
{
    load->packets += more->packets;
    load->bytes += more->bytes;
}

void deal_add(struct deal *deal, const struct packet_pair *pair, guint32 len)
{
    const struct deal_load packet = {1, len};
    struct dealt *dealt = pair != NULL ? g_hash_table_lookup(deal->pairs, pair) : NULL;

    if (dealt == NULL && pair != NULL && g_hash_table_size(deal->pairs) < DEAL_PAIRS_MAX) {
        dealt = g_new0(struct dealt, 1);
        dealt->pair = *pair;
        g_hash_table_insert(deal->pairs, &dealt->pair, dealt);
    }
    add_load(&deal->all, &packet);
    add_load(dealt != NULL ? &dealt->load : &deal->rest, &packet);
}

guint deal_num_pairs(const struct deal *deal)
{
    return g_hash_table_size(deal->pairs);
}

static guint64 cost_of(const struct deal_load *load)
{
    return load->bytes + load->packets * PACKET_COST;
}

/* The heaviest first; the order of equal ones is the same every time. */
static gint compare_dealt(gconstpointer a, gconstpointer b)
{
    const struct dealt *left = *(const struct dealt *const *)a,
                       *right = *(const struct dealt *const *)b;
    const guint64 costs[] = {cost_of(&left->load), cost_of(&right->load)};

    if (costs[0] != costs[1])
        return costs[0] > costs[1] ? -1 : 1;
    return memcmp(&left->pair, &right->pair, sizeof left->pair);
}

static guint lightest(const struct deal *deal)
{
    guint best = 0;

    for (guint i = 1; i < deal->shares->len; i++)
        if (cost_of(&g_array_index(deal->shares, struct deal_load, i)) <
            cost_of(&g_array_index(deal->shares, struct deal_load, best)))
            best = i;
    return best;
}

void deal_out(struct deal *deal, guint num_shares)
{
    GPtrArray *sorted = g_ptr_array_new();
    GHashTableIter iter;
    gpointer value;

    g_array_set_size(deal->shares, 0);
    g_array_set_size(deal->shares, MAX(num_shares, 1));
    g_array_index(deal->shares, struct deal_load, 0) = deal->rest;
    g_hash_table_iter_init(&iter, deal->pairs);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        g_ptr_array_add(sorted, value);
    g_ptr_array_sort(sorted, compare_dealt);
    for (guint i = 0; i < sorted->len; i++) {
        struct dealt *dealt = sorted->pdata[i];
        dealt->share = lightest(deal);
        add_load(&g_array_index(deal->shares, struct deal_load, dealt->share), &dealt->load);
    }
    g_ptr_array_free(sorted, TRUE);
}

struct deal_load deal_load(const struct deal *deal)
{
    return deal->all;
}

guint deal_share(const struct deal *deal, const struct packet_pair *pair)
{
    const struct dealt *dealt = g_hash_table_lookup(deal->pairs, pair);

    return dealt != NULL ? dealt->share : 0;
}

guint deal_bucket(const struct packet_pair *pair, guint num)
{
    guint hash = hash_pair(pair);

    /* The lowest bits alone know little of each byte. */
    hash ^= hash >> 15;
    hash *= 0x2c1b3c6du;
    hash ^= hash >> 12;
    return hash % num;
}
