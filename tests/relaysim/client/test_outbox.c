/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/outbox.h"

#include <string.h>

static void check_next(const struct client_outbox *outbox, uint64_t number, const char *text,
                       bool is_last)
{
    struct client_outgoing message;
    g_assert_true(client_outbox_next(outbox, &message));
    g_assert_cmpuint(message.number, ==, number);
    g_assert_cmpuint(message.data.len, ==, strlen(text));
    g_assert_true(message.data.len == 0 || memcmp(message.data.data, text, message.data.len) == 0);
    g_assert_cmpint(message.is_last, ==, is_last);
}

static void check_none(const struct client_outbox *outbox)
{
    struct client_outgoing message;
    g_assert_false(client_outbox_next(outbox, &message));
}

static void add(struct client_outbox *outbox, const char *text)
{
    client_outbox_add(outbox, g_bytes_new(text, strlen(text)));
}

/* What was not acknowledged comes again, in order. */
static void test_repeated(void)
{
    struct client_outbox *outbox = client_outbox_new_repeated(sstp_span_of_string("x"), 3);
    check_next(outbox, 1, "x", false);
    check_next(outbox, 1, "x", false);
    client_outbox_sent(outbox);
    client_outbox_sent(outbox);
    check_next(outbox, 3, "x", true);
    client_outbox_acknowledged(outbox);
    client_outbox_rewind(outbox);
    check_next(outbox, 2, "x", false);
    client_outbox_sent(outbox);
    client_outbox_sent(outbox);
    check_none(outbox);
    client_outbox_acknowledged(outbox);
    g_assert_false(client_outbox_is_done(outbox));
    client_outbox_acknowledged(outbox);
    g_assert_true(client_outbox_is_done(outbox));
    g_assert_cmpuint(client_outbox_num_acknowledged(outbox), ==, 3);
    client_outbox_free(outbox);
}

static void test_nothing(void)
{
    struct client_outbox *outbox = client_outbox_new_repeated(sstp_span(NULL, 0), 0);
    check_none(outbox);
    g_assert_true(client_outbox_is_done(outbox));
    client_outbox_free(outbox);
    client_outbox_free(NULL);
}

static void test_added(void)
{
    struct client_outbox *outbox = client_outbox_new_added();
    check_none(outbox);
    add(outbox, "one");
    check_next(outbox, 1, "one", true);
    add(outbox, "");
    check_next(outbox, 1, "one", false);
    client_outbox_sent(outbox);
    check_next(outbox, 2, "", true);
    client_outbox_sent(outbox);
    check_none(outbox);
    client_outbox_acknowledged(outbox);
    add(outbox, "three");
    check_next(outbox, 3, "three", true);
    client_outbox_rewind(outbox);
    check_next(outbox, 2, "", false);
    client_outbox_sent(outbox);
    client_outbox_sent(outbox);
    client_outbox_acknowledged(outbox);
    client_outbox_acknowledged(outbox);
    g_assert_false(client_outbox_is_done(outbox)); /* another one may come */
    client_outbox_rewind(outbox);
    check_none(outbox);
    add(outbox, "four");
    client_outbox_finish(outbox);
    g_assert_false(client_outbox_has_room(outbox));
    check_next(outbox, 4, "four", true);
    g_assert_cmpuint(client_outbox_num(outbox), ==, 4);
    client_outbox_free(outbox); /* with the message in it */
}

/* By number and by length, and an acknowledgement makes room. */
static void test_room(void)
{
    struct client_outbox *outbox = client_outbox_new_added();
    for (unsigned n = 0; n < CLIENT_OUTBOX_MESSAGES_MAX; n++) {
        g_assert_true(client_outbox_has_room(outbox));
        add(outbox, "x");
    }
    g_assert_false(client_outbox_has_room(outbox));
    client_outbox_sent(outbox);
    g_assert_false(client_outbox_has_room(outbox));
    client_outbox_acknowledged(outbox);
    g_assert_true(client_outbox_has_room(outbox));
    client_outbox_free(outbox);

    outbox = client_outbox_new_added();
    char *large = g_malloc0(CLIENT_OUTBOX_BYTES_MAX);
    client_outbox_add(outbox, g_bytes_new_static(large, CLIENT_OUTBOX_BYTES_MAX - 1));
    g_assert_true(client_outbox_has_room(outbox));
    client_outbox_add(outbox, g_bytes_new_static(large, CLIENT_OUTBOX_BYTES_MAX));
    g_assert_false(client_outbox_has_room(outbox));
    client_outbox_sent(outbox);
    client_outbox_acknowledged(outbox);
    g_assert_false(client_outbox_has_room(outbox));
    client_outbox_sent(outbox);
    client_outbox_acknowledged(outbox);
    g_assert_true(client_outbox_has_room(outbox));
    client_outbox_free(outbox);
    g_free(large);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/client-outbox/repeated", test_repeated);
    g_test_add_func("/client-outbox/nothing", test_nothing);
    g_test_add_func("/client-outbox/added", test_added);
    g_test_add_func("/client-outbox/room", test_room);
    return g_test_run();
}
