/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ways: the words that options have for them stand where their rows do. */
#include <glib.h>
#include <string.h>

#include "carrier/ways.h"

static const char *const words[] = {CARRIER_VIA_WORDS, NULL};

/* A choice is an index into both. */
static void test_words(void)
{
    unsigned num = 0;
    for (; carrier_ways[num].via != NULL; num++)
        g_assert_cmpstr(carrier_ways[num].via, ==, words[num]);
    g_assert_null(words[num]);
    g_assert_null(carrier_ways[num].ops);

    char *joined = g_strjoinv("|", (char **)words);
    g_assert_cmpstr(joined, ==, CARRIER_VIAS);
    g_free(joined);
}

static void test_over(void)
{
    for (const struct carrier_way *way = carrier_ways; way->via != NULL; way++) {
        g_assert_nonnull(way->ops);
        g_assert_true(way->may_have_proxy || !way->needs_proxy);
        g_assert_true(carrier_way_over(way->over) == way);
    }
    g_assert_null(carrier_way_over("Carrier pigeon"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/carrier/ways/words", test_words);
    g_test_add_func("/carrier/ways/over", test_over);
    return g_test_run();
}
