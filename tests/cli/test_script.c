/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The scenario of a connection. */
#include "scenario/script.h"

#include <string.h>

#define MS 1000000

static const guint8 connect[] = {1, 12, 0, 1, 6, 0, 0, 0, 0, 0, 0, 0},
                    noop[] = {0x10, 7, 0, 1, 0, 0, 0};

/* What is told of it, without its head's comments; sentences come after it. */
static char *told(struct script script, struct taken *taken)
{
    struct replace *replace = replace_new(1);
    GPtrArray *sentences = g_ptr_array_new_with_free_func(g_free);
    GString *text = g_string_new(NULL);
    script.taken = taken;
    script_append(text, &script, replace, sentences);
    char *steps = g_strdup(strstr(text->str, "\ntitle ") + 1);
    g_string_assign(text, steps);
    for (guint i = 0; i < sentences->len; i++)
        g_string_append_printf(text, "! %s\n", (const char *)g_ptr_array_index(sentences, i));
    g_free(steps);
    g_ptr_array_free(sentences, TRUE);
    replace_free(replace);
    taken_clear(taken);
    return g_string_free(text, FALSE);
}

static void take(struct taken *taken, gboolean from_initiator, gint64 ms, const guint8 *bytes)
{
    taken_add(taken, from_initiator, ms * MS, bytes[1], sstp_span(bytes, bytes[1]));
}

static void test_whole(void)
{
    struct taken taken;
    taken_init(&taken);
    take(&taken, TRUE, 1000, connect);
    take(&taken, FALSE, 1000, noop);
    take(&taken, FALSE, 3500, noop);
    take(&taken, FALSE, 3400, noop);
    char *text = told((struct script){.encapsulation = "TCP",
                                      .acceptor_port = 2492,
                                      .is_ended_by_initiator = TRUE,
                                      .ending = {.has_begun = TRUE,
                                                 .begun_ns = 999 * MS,
                                                 .kind = ENDING_RESET,
                                                 .ended_ns = (gint64)4000 * MS}},
                      &taken);
    g_assert_cmpstr(text, ==,
                    "title \"A connection over TCP, 4 commands\"\npuppet A\npuppet B\n\n"
                    "A calls B over TCP\nat 1ms\nA says Connect MajorVersionNumber 1 "
                    "MinorVersionNumber 6\nB says Noop MessageCount 1\nat 2501ms\n"
                    "B says Noop MessageCount 1\nB says Noop MessageCount 1\nat 3001ms\n"
                    "A breaks-off\n");
    g_free(text);
}

static const struct {
    const char *encapsulation;
    guint16 port;
    gboolean is_over_http;
    const char *wanted;
} ways[] = {
    {"TCP", 2492, FALSE, "\nA calls B over TCP\n"},
    {"SSTP over 443", 443, FALSE, "\nA calls B over 443\n"},
    {"Secure Tunnel", 8080, FALSE, "\nA calls B over CONNECT through P\n"},
    {"SOCKS", 1080, FALSE, "\nA calls B over SOCKS through P\n"},
    {"LongLived", 80, TRUE, "\nA calls B over LongLived\n"},
    {"KeepAlive", 8080, TRUE, "\nA calls B over KeepAlive through P\n"},
    {"Polling", 80, TRUE, "\nA calls B over Polling\n"},
};

static void test_ways(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(ways); i++) {
        struct taken taken;
        taken_init(&taken);
        take(&taken, TRUE, 0, connect);
        char *text = told((struct script){.encapsulation = ways[i].encapsulation,
                                          .acceptor_port = ways[i].port,
                                          .is_over_http = ways[i].is_over_http},
                          &taken);
        g_assert_nonnull(strstr(text, ways[i].wanted));
        g_assert_cmpint(strstr(text, "\nproxy P\n") != NULL, ==,
                        strstr(ways[i].wanted, "through") != NULL);
        g_assert_true(strstr(text, "\nA hangs-up\n") != NULL || !ways[i].is_over_http);
        g_free(text);
    }
}

/* What a scenario cannot say. */
static void test_sentences(void)
{
    static const guint8 odd[] = {0x10, 8, 0, 1, 0, 0, 0, 0};
    struct taken taken;
    taken_init(&taken);
    take(&taken, FALSE, 0, odd);
    taken_add(&taken, FALSE, 0, 7, sstp_span(noop, 5));
    taken_add(&taken, FALSE, (gint64)(SCRIPT_SECONDS_MAX + 1) * 1000 * MS, 7, sstp_span(noop, 7));
    char *text = told((struct script){.encapsulation = "Polling",
                                      .acceptor_port = 80,
                                      .is_over_http = TRUE,
                                      .has_gap = TRUE,
                                      .has_broken_framing = TRUE,
                                      .has_missing_half = TRUE},
                      &taken);
    static const char *const wanted[] = {
        "! over Polling nobody hears a server before its client",
        "! nobody was seen to say Connect",
        "! nothing that the initiator said was captured",
        "! bytes of the connection are missing from the capture",
        "! there are bytes between the commands",
        "! one half of the connection was not captured",
        "! 1 commands are not as they should be",
        "! of 1 commands the end was not captured",
        "! what happened more than 7 days after",
        "\nA calls B over KeepAlive\n",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(wanted); i++) {
        g_test_message("%s", wanted[i]);
        g_assert_nonnull(strstr(text, wanted[i]));
    }
    g_free(text);
    taken_init(&taken);
    take(&taken, TRUE, 0, connect);
    take(&taken, FALSE, 0, noop);
    text = told((struct script){.encapsulation = "TCP"}, &taken);
    g_assert_nonnull(strstr(text, "! the capture begins in the middle of the connection"));
    g_assert_nonnull(strstr(text, "! the capture ends before the connection does"));
    g_free(text);
}

static void test_too_long(void)
{
    guint8 data[7 + 2048] = {0x0f, 7, 8}; /* an EndMessage with bytes after it */
    struct taken taken;
    taken_init(&taken);
    for (guint i = 0; i < 2200; i++)
        taken_add(&taken, TRUE, (gint64)i * 2 * MS, 2055, sstp_span(data, 2055));
    taken.num_left_out = 5;
    char *text =
        told((struct script){.encapsulation = "TCP", .ending = {.has_begun = TRUE}}, &taken);
    g_assert_cmpuint(strlen(text), <, 8u << 20);
    g_assert_nonnull(strstr(text, "! it is longer than a scenario may be: the last 5 commands"));
    g_assert_nonnull(strstr(text, "! it is longer than a scenario may be: the last 1"));
    g_assert_nonnull(strstr(text, "\nB hangs-up\n"));
    g_free(text);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/script/whole", test_whole);
    g_test_add_func("/script/ways", test_ways);
    g_test_add_func("/script/sentences", test_sentences);
    g_test_add_func("/script/too-long", test_too_long);
    return g_test_run();
}
