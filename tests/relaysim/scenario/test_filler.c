/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Contents that mean nothing. */
#include "scenario/filler.h"

static char *filler(gsize len, guint32 key)
{
    GByteArray *bytes = g_byte_array_new();
    g_byte_array_append(bytes, (const guint8 *)"x", 1);
    filler_append(bytes, len, key);
    g_assert_cmpuint(bytes->len, ==, 1 + len);
    char *text = g_strndup((const char *)bytes->data + 1, len);
    g_byte_array_free(bytes, TRUE);
    return text;
}

static void test_known(void)
{
    char *text = filler(8, 0x1f), *longer = filler(24, 0x1f), *again = filler(24, 0x1f);
    g_assert_cmpstr(text, ==, "0000001f");
    g_assert_cmpuint(strlen(longer), ==, 24);
    g_assert_true(g_str_has_prefix(longer, text));
    g_assert_cmpstr(longer, ==, again);
    g_free(text);
    g_free(longer);
    g_free(again);
}

/* Every key has its own, from the shortest on. */
static void test_different(void)
{
    GHashTable *seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint32 key = 0; key < 2000; key++)
        g_assert_true(g_hash_table_add(seen, filler(8 + key % 3 * 100, key * 2654435761u)));
    g_hash_table_destroy(seen);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/scenario-filler/known", test_known);
    g_test_add_func("/scenario-filler/different", test_different);
    return g_test_run();
}
