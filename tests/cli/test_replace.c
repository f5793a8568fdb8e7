/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Other strings and bytes in the place of somebody's. */
#include "scenario/replace.h"

#include <string.h>

static char *text_of(struct replace *replace, const char *text)
{
    GString *to = g_string_new(NULL);
    replace_text(replace, sstp_span_of_string(text), to);
    g_assert_cmpuint(to->len, ==, strlen(text));
    return g_string_free(to, FALSE);
}

static void assert_kind(const char *text, const char *other)
{
    for (gsize i = 0; text[i] != '\0'; i++) {
        g_assert_cmpint(g_ascii_isdigit(text[i]), ==, g_ascii_isdigit(other[i]));
        g_assert_cmpint(g_ascii_isupper(text[i]), ==, g_ascii_isupper(other[i]));
        g_assert_true(g_ascii_isprint(other[i]));
    }
}

/* Length, kind, scheme and punctuation stay; the same name is the same everywhere. */
static void test_kind(void)
{
    struct replace *replace = replace_new(1);
    char *url = text_of(replace, "grooveDNS://Relay7.example.com:2492");
    char *again = text_of(replace, "grooveDNS://Relay7.example.com:2492");
    char *other = text_of(replace, "dpp:///relay7");
    g_assert_true(g_str_has_prefix(url, "grooveDNS://"));
    assert_kind("grooveDNS://Relay7.example.com:2492", url);
    g_assert_cmpstr(url, ==, again);
    g_assert_null(strstr(url, "elay"));
    g_assert_null(strstr(url, "2492"));
    g_assert_cmpint(url[18], ==, '.');
    g_assert_true(g_str_has_prefix(other, "dpp:///"));
    /* The name is the same, but for the case. */
    g_assert_cmpint(g_ascii_strncasecmp(url + 12, other + 7, 6), ==, 0);
    g_free(url);
    g_free(again);
    g_free(other);
    replace_free(replace);
}

static const struct {
    const char *text, *wanted; /* NULL: another one */
} rows[] = {
    {"", ""},
    {"grooveWanDPP", "grooveWanDPP"},
    {"GROOVEWANDPP", "GROOVEWANDPP"},
    {"grooveWanDPP2", NULL},
    {"dpp", "dpp"},
    {"a dpp", NULL},
    {"---", "---"},
    {"-----", NULL},
    {"http://x", NULL},
};

static void test_kept(void)
{
    struct replace *replace = replace_new(7);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        char *text = text_of(replace, rows[i].text);
        if (rows[i].wanted != NULL)
            g_assert_cmpstr(text, ==, rows[i].wanted);
        else
            g_assert_cmpstr(text, !=, rows[i].text);
        g_free(text);
    }
    replace_free(replace);
}

/* Whatever somebody has put into a name: letters come of it. */
static void test_hostile(void)
{
    struct replace *replace = replace_new(1);
    char *text = text_of(replace, "\x1b[2J\r\n\xff\xfe\xe2\x80\xae name\x7f");
    for (gsize i = 0; text[i] != '\0'; i++)
        g_assert_true(g_ascii_isprint(text[i]));
    g_free(text);
    replace_free(replace);
}

/* What is different stays different, and nothing of the originals is there, for any seed. */
static void test_apart(void)
{
    for (guint64 seed = 0; seed < 20; seed++) {
        struct replace *replace = replace_new(seed);
        GHashTable *seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        GPtrArray *texts = g_ptr_array_new_with_free_func(g_free);
        GString *all = g_string_new(NULL);
        for (guint i = 0; i < 300; i++)
            g_ptr_array_add(texts, g_strdup_printf("n%03u", i));
        for (guint i = 0; i < 10; i++)
            g_ptr_array_add(texts, g_strdup_printf("%u", i));
        for (guint i = 0; i < texts->len; i++)
            replace_learn(replace, sstp_span_of_string(g_ptr_array_index(texts, i)));
        for (guint i = 0; i < texts->len; i++) {
            char *text = text_of(replace, g_ptr_array_index(texts, i));
            g_string_append_printf(all, "%s ", text);
            g_assert_true(g_hash_table_add(seen, text));
        }
        for (guint i = 0; i < 300; i++)
            g_assert_null(strstr(all->str, g_ptr_array_index(texts, i)));
        g_string_free(all, TRUE);
        g_ptr_array_free(texts, TRUE);
        g_hash_table_destroy(seen);
        replace_free(replace);
    }
}

/* There are ten digits only: the eleventh is counted, and so are those that were unlucky. */
static void test_exhausted(void)
{
    struct replace *replace = replace_new(1);
    for (char c = '\x80'; c != '\0'; c++) { /* letters come of them, of which there are 26 */
        char *text = text_of(replace, (char[]){c, '\0'});
        g_free(text);
    }
    g_assert_cmpuint(replace_num_alike(replace), >=, 128 - 26);
    replace_free(replace);
}

static void test_seeds(void)
{
    struct replace *one = replace_new(1), *same = replace_new(1), *other = replace_new(2);
    char *a = text_of(one, "a long enough name"), *b = text_of(same, "a long enough name"),
         *c = text_of(other, "a long enough name");
    g_assert_cmpstr(a, ==, b);
    g_assert_cmpstr(a, !=, c);
    g_free(a);
    g_free(b);
    g_free(c);
    replace_free(one);
    replace_free(same);
    replace_free(other);
}

static void test_bytes(void)
{
    struct replace *replace = replace_new(1);
    GByteArray *to = g_byte_array_new();
    for (guint i = 0; i < 2; i++)
        replace_bytes(replace, sstp_span("\0\1\2\3\4\5\6\7", 8), to);
    replace_bytes(replace, sstp_span("\0\1\2\3\4\5\6\x8", 8), to);
    replace_bytes(replace, sstp_span(NULL, 0), to);
    g_assert_cmpuint(to->len, ==, 24);
    g_assert_cmpint(memcmp(to->data, to->data + 8, 8), ==, 0);
    g_assert_cmpint(memcmp(to->data, to->data + 16, 8), !=, 0);
    g_assert_cmpint(memcmp(to->data, "\0\1\2\3\4\5\6\7", 8), !=, 0);
    g_byte_array_free(to, TRUE);

    const guint32 key = replace_key(replace, sstp_span("abc", 3));
    g_assert_cmpuint(replace_key(replace, sstp_span("abc", 3)), ==, key);
    g_assert_cmpuint(replace_key(replace, sstp_span("abd", 3)), !=, key);
    replace_free(replace);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/replace/kind", test_kind);
    g_test_add_func("/replace/kept", test_kept);
    g_test_add_func("/replace/hostile", test_hostile);
    g_test_add_func("/replace/apart", test_apart);
    g_test_add_func("/replace/exhausted", test_exhausted);
    g_test_add_func("/replace/seeds", test_seeds);
    g_test_add_func("/replace/bytes", test_bytes);
    return g_test_run();
}
