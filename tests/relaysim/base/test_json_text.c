/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes of others in JSON: always valid, nothing lost. */
#include "base/json_text.h"

#include <string.h>

static char *line_of(struct sstp_span text)
{
    JsonBuilder *builder = json_builder_new();
    json_builder_begin_object(builder);
    json_text_add(builder, "m", text);
    json_builder_end_object(builder);
    char *line = json_text_line(builder);
    g_object_unref(builder);
    return line;
}

static void test_members(void)
{
    static const struct {
        const char *bytes;
        size_t len;
        const char *line;
    } rows[] = {
        {"", 0, "{\"m\":\"\"}"},
        {"dpp:///bob", 10, "{\"m\":\"dpp:///bob\"}"},
        {"\xc3\xbc\xf0\x9f\x98\x80", 6, "{\"m\":\"\xc3\xbc\xf0\x9f\x98\x80\"}"},
        {"\"\\/", 3, "{\"m\":\"\\\"\\\\/\"}"},
        {"\b\f\n\r\t", 5, "{\"m\":\"\\b\\f\\n\\r\\t\"}"},
        {"\x01\x1b\x1f", 3, "{\"m\":\"\\u0001\\u001b\\u001f\"}"},
        {"\x7f", 1, "{\"m\":\"\\u007f\"}"},
        {"\xc2\x9b", 2, "{\"m\":\"\\u009b\"}"},
        {"\xe2\x80\xa8\xe2\x80\xae", 6, "{\"m\":\"\\u2028\\u202e\"}"},
        {"\xf0\x9d\x85\xb3", 4, "{\"m\":\"\\ud834\\udd73\"}"}, /* U+1D173, a format character */
        {"a\xff", 2, "{\"m\":\"a\xef\xbf\xbd\",\"m_bytes\":\"61ff\"}"},
        {"\xc3", 1, "{\"m\":\"\xef\xbf\xbd\",\"m_bytes\":\"c3\"}"},
        {"a\0b", 3,
         "{\"m\":\"a\xef\xbf\xbd"
         "b\",\"m_bytes\":\"610062\"}"},
        {"\0", 1, "{\"m\":\"\xef\xbf\xbd\",\"m_bytes\":\"00\"}"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        char *line = line_of(sstp_span(rows[i].bytes, rows[i].len));
        g_assert_cmpstr(line, ==, rows[i].line);
        g_free(line);
    }
    char *line = line_of((struct sstp_span){NULL, 0});
    g_assert_cmpstr(line, ==, "{\"m\":\"\"}");
    g_free(line);
}

static void test_lists(void)
{
    const struct sstp_span good[] = {sstp_span("a", 1), sstp_span("", 0)};
    const struct sstp_span bad[] = {sstp_span("a", 1), sstp_span("\xff", 1)};
    JsonBuilder *builder = json_builder_new();
    json_builder_begin_object(builder);
    json_text_add_list(builder, "none", NULL, 0);
    json_text_add_list(builder, "good", good, G_N_ELEMENTS(good));
    json_text_add_list(builder, "bad", bad, G_N_ELEMENTS(bad));
    json_builder_end_object(builder);
    char *line = json_text_line(builder);
    g_assert_cmpstr(line, ==,
                    "{\"none\":[],\"good\":[\"a\",\"\"],\"bad\":[\"a\",\"\xef\xbf\xbd\"],"
                    "\"bad_bytes\":[\"61\",\"ff\"]}");
    g_free(line);
    g_object_unref(builder);
}

/* The bytes that a line stands for, as a reader takes them out of it. */
static GBytes *read_back(const char *line)
{
    GError *error = NULL;
    JsonNode *node = json_from_string(line, &error);
    g_assert_no_error(error);
    JsonObject *object = json_node_get_object(node);
    GByteArray *bytes = g_byte_array_new();
    if (json_object_has_member(object, "m_bytes")) {
        const char *hex = json_object_get_string_member(object, "m_bytes");
        for (; *hex != '\0'; hex += 2) {
            const guint8 byte =
                (guint8)(g_ascii_xdigit_value(hex[0]) << 4 | g_ascii_xdigit_value(hex[1]));
            g_byte_array_append(bytes, &byte, 1);
        }
    } else {
        const char *text = json_object_get_string_member(object, "m");
        g_byte_array_append(bytes, (const guint8 *)text, (guint)strlen(text));
    }
    json_node_unref(node);
    return g_byte_array_free_to_bytes(bytes);
}

static void test_any_bytes(void)
{
    for (int i = 0; i < 3000; i++) {
        guint8 bytes[32];
        const size_t len = (size_t)g_test_rand_int_range(0, sizeof bytes + 1);
        /* Mostly ASCII, so that valid ones are among them. */
        for (size_t j = 0; j < len; j++)
            bytes[j] = (guint8)g_test_rand_int_range(0, i % 2 == 0 ? 256 : 128);
        char *line = line_of(sstp_span(bytes, len));
        g_assert_true(g_utf8_validate(line, -1, NULL));
        for (const char *at = line; *at != '\0'; at = g_utf8_next_char(at))
            g_assert_false(g_unichar_iscntrl(g_utf8_get_char(at)));
        GBytes *back = read_back(line);
        gsize back_len;
        const void *data = g_bytes_get_data(back, &back_len);
        g_assert_cmpuint(back_len, ==, len);
        g_assert_true(len == 0 || memcmp(data, bytes, len) == 0);
        g_bytes_unref(back);
        g_free(line);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/json_text/members", test_members);
    g_test_add_func("/json_text/lists", test_lists);
    g_test_add_func("/json_text/any_bytes", test_any_bytes);
    return g_test_run();
}
