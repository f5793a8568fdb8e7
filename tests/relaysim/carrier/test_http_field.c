/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Header fields, lists and the options of a connection. */
#include "carrier/http_field.h"

#include <glib.h>

static const char head[] = "HTTP/1.1 407 Who: are you?\r\n"
                           "First:one\r\n"
                           "Empty:  \r\n"
                           "no field\n"
                           "List: \t a, \"b, c\" ,, \"d\r\n"
                           "first: two\r\n"
                           "Connection: Foo , Close\r\n"
                           "\r\n";

static void assert_span(struct sstp_span span, const char *expected)
{
    char *text = g_strndup(span.len > 0 ? (const char *)span.data : "", span.len);
    g_assert_cmpstr(text, ==, expected);
    g_free(text);
}

/* Of every beginning of the head: the fields that are there, and nothing beyond it. */
static void test_fields(void)
{
    static const char *const values[] = {"are you?", "one", "a, \"b, c\" ,, \"d", "two",
                                         "Foo , Close"};
    for (size_t len = 0; len < sizeof head; len++) {
        char *copy = g_memdup2(head, len);
        struct sstp_span rest = sstp_span(copy, len), name, value;
        size_t num = 0;
        while (http_field_next(&rest, &name, &value)) {
            g_assert_cmpuint(num, <, G_N_ELEMENTS(values));
            g_assert_true(memcmp(value.data, values[num], value.len) == 0);
            if (len == sizeof head - 1)
                assert_span(value, values[num]);
            num++;
        }
        if (len == sizeof head - 1)
            g_assert_cmpuint(num, ==, G_N_ELEMENTS(values));
        g_free(copy);
    }
}

static void test_find(void)
{
    const struct sstp_span span = sstp_span_of_string(head);
    struct sstp_span value;
    g_assert_true(http_field_find(span, "FIRST", &value));
    assert_span(value, "one");
    g_assert_false(http_field_find(span, "Empty", &value));
    g_assert_false(http_field_find(span, "Firs", &value));
    g_assert_false(http_field_find(sstp_span(NULL, 0), "First", &value));
}

static void test_elements(void)
{
    static const char *const elements[] = {"a", "\"b, c\"", "", "\"d"};
    struct sstp_span list;
    g_assert_true(http_field_find(sstp_span_of_string(head), "List", &list));
    for (size_t i = 0; i < G_N_ELEMENTS(elements); i++)
        assert_span(http_field_element(&list), elements[i]);
    g_assert_cmpuint(list.len, ==, 0);
}

static void test_options(void)
{
    const struct sstp_span span = sstp_span_of_string(head);
    g_assert_true(http_field_has_option(span, "close"));
    g_assert_true(http_field_has_option(span, "foo"));
    g_assert_false(http_field_has_option(span, "keep-alive"));
    g_assert_true(http_field_has_option(sstp_span_of_string("x\r\nproxy-connection: keep-alive"),
                                        "Keep-Alive"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/http-field/fields", test_fields);
    g_test_add_func("/http-field/find", test_find);
    g_test_add_func("/http-field/elements", test_elements);
    g_test_add_func("/http-field/options", test_options);
    return g_test_run();
}
