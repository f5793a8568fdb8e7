/* SPDX-License-Identifier: GPL-2.0-or-later */
/* deal: who gets what, and that it is the same every time. */
#include "points/deal.h"

static struct packet_pair pair_of(guint8 a, guint8 b)
{
    return (struct packet_pair){.addresses = {{192, 0, 2, a}, {192, 0, 2, b}}, .family = 4};
}

static void add(struct deal *deal, guint8 number, guint packets, guint32 bytes)
{
    const struct packet_pair pair = pair_of(1, number);

    for (guint i = 0; i < packets; i++)
        deal_add(deal, &pair, bytes);
}

static guint share_of(const struct deal *deal, guint8 number)
{
    const struct packet_pair pair = pair_of(1, number);
    return deal_share(deal, &pair);
}

static void test_one(void)
{
    struct deal *deal = deal_new();

    add(deal, 2, 3, 100);
    add(deal, 3, 1, 100);
    g_assert_cmpuint(share_of(deal, 3), ==, 0); /* before it is dealt out */
    g_assert_cmpuint(deal_load(deal).packets, ==, 4);
    deal_out(deal, 1);
    g_assert_cmpuint(share_of(deal, 2), ==, 0);
    g_assert_cmpuint(share_of(deal, 3), ==, 0);
    g_assert_cmpuint(share_of(deal, 4), ==, 0); /* was never there */
    g_assert_cmpuint(deal_num_pairs(deal), ==, 2);
    g_assert_cmpuint(deal_load(deal).packets, ==, 4);
    g_assert_cmpuint(deal_load(deal).bytes, ==, 400);
    deal_free(deal);
}

/* The biggest goes first; each to the share that has least. */
static void test_packing(void)
{
    struct deal *deal = deal_new();

    add(deal, 2, 10, 1000);
    add(deal, 3, 6, 1000);
    add(deal, 4, 5, 1000);
    deal_out(deal, 2);
    g_assert_cmpuint(share_of(deal, 2), ==, 0);
    g_assert_cmpuint(share_of(deal, 3), ==, 1);
    g_assert_cmpuint(share_of(deal, 4), ==, 1);
    deal_free(deal);
}

/* What cannot be told is the first share's, and weighs. */
static void test_rest(void)
{
    struct deal *deal = deal_new();

    for (guint i = 0; i < 20; i++)
        deal_add(deal, NULL, 1000);
    add(deal, 2, 10, 1000);
    add(deal, 3, 6, 1000);
    deal_out(deal, 2);
    g_assert_cmpuint(share_of(deal, 2), ==, 1);
    g_assert_cmpuint(share_of(deal, 3), ==, 1);
    g_assert_cmpuint(deal_load(deal).packets, ==, 36);
    deal_free(deal);
}

/* The same for other orders of the packets; anew for another number. */
static void test_order(void)
{
    struct deal *up = deal_new(), *down = deal_new();

    for (guint8 i = 2; i < 60; i++)
        add(up, i, 1 + i % 3, 100);
    for (guint8 i = 59; i >= 2; i--)
        add(down, i, 1 + i % 3, 100);
    for (guint num = 1; num <= 16; num++) {
        guint counts[16] = {0};
        deal_out(up, num);
        deal_out(down, num);
        for (guint8 i = 2; i < 60; i++) {
            g_assert_cmpuint(share_of(up, i), <, num);
            g_assert_cmpuint(share_of(up, i), ==, share_of(down, i));
            counts[share_of(up, i)]++;
        }
        for (guint i = 0; i < num; i++)
            g_assert_cmpuint(counts[i], >, 0);
    }
    deal_free(up);
    deal_free(down);
}

/* Each has some, and the same every time. */
static void test_buckets(void)
{
    guint counts[7] = {0};

    for (guint i = 2; i < 250; i++) {
        const struct packet_pair pair = pair_of(1, (guint8)i);
        const guint bucket = deal_bucket(&pair, G_N_ELEMENTS(counts));
        g_assert_cmpuint(bucket, <, G_N_ELEMENTS(counts));
        g_assert_cmpuint(bucket, ==, deal_bucket(&pair, G_N_ELEMENTS(counts)));
        g_assert_cmpuint(deal_bucket(&pair, 1), ==, 0);
        counts[bucket]++;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(counts); i++)
        g_assert_cmpuint(counts[i], >, 248 / G_N_ELEMENTS(counts) / 2);
}

int main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/deal/one", test_one);
    g_test_add_func("/deal/packing", test_packing);
    g_test_add_func("/deal/rest", test_rest);
    g_test_add_func("/deal/order", test_order);
    g_test_add_func("/deal/buckets", test_buckets);
    return g_test_run();
}
