/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/json_text.h"

#include <string.h>

static bool is_valid(struct sstp_span text)
{
    return text.len == 0 || g_utf8_validate((const char *)text.data, (gssize)text.len, NULL);
}

static void add_value(JsonBuilder *builder, struct sstp_span text)
{
    char *valid =
        text.len > 0 ? g_utf8_make_valid((const char *)text.data, (gssize)text.len) : g_strdup("");
    json_builder_add_string_value(builder, valid);
    g_free(valid);
}

void json_text_add_hex(JsonBuilder *builder, struct sstp_span bytes)
{
    static const char digits[] = "0123456789abcdef";
    char *hex = g_malloc(2 * bytes.len + 1);
    for (size_t i = 0; i < bytes.len; i++) {
        hex[2 * i] = digits[bytes.data[i] >> 4];
        hex[2 * i + 1] = digits[bytes.data[i] & 15];
    }
    hex[2 * bytes.len] = '\0';
    json_builder_add_string_value(builder, hex);
    g_free(hex);
}

static void set_bytes_name(JsonBuilder *builder, const char *name)
{
    char *bytes_name = g_strconcat(name, "_bytes", NULL);
    json_builder_set_member_name(builder, bytes_name);
    g_free(bytes_name);
}

void json_text_add(JsonBuilder *builder, const char *name, struct sstp_span text)
{
    json_builder_set_member_name(builder, name);
    add_value(builder, text);
    if (is_valid(text))
        return;
    set_bytes_name(builder, name);
    json_text_add_hex(builder, text);
}

void json_text_add_list(JsonBuilder *builder, const char *name, const struct sstp_span *texts,
                        size_t num)
{
    bool are_valid = true;
    json_builder_set_member_name(builder, name);
    json_builder_begin_array(builder);
    for (size_t i = 0; i < num; i++) {
        add_value(builder, texts[i]);
        are_valid = are_valid && is_valid(texts[i]);
    }
    json_builder_end_array(builder);
    if (are_valid)
        return;
    set_bytes_name(builder, name);
    json_builder_begin_array(builder);
    for (size_t i = 0; i < num; i++)
        json_text_add_hex(builder, texts[i]);
    json_builder_end_array(builder);
}

static bool is_harmful(gunichar c)
{
    const GUnicodeType type = g_unichar_type(c);
    return type == G_UNICODE_CONTROL || type == G_UNICODE_FORMAT ||
           type == G_UNICODE_LINE_SEPARATOR || type == G_UNICODE_PARAGRAPH_SEPARATOR;
}

/* Outside of strings a line of JSON is ASCII, so that this cannot meet anything else. */
static char *escape(const char *line)
{
    GString *text = g_string_sized_new(strlen(line) + 1);
    while (*line != '\0') {
        const char *at = line;
        while (*at >= ' ' && *at < 0x7f)
            at++;
        g_string_append_len(text, line, at - line);
        line = at;
        if (*at == '\0')
            break;
        const gunichar c = g_utf8_get_char(at);
        line = g_utf8_next_char(at);
        if (!is_harmful(c))
            g_string_append_len(text, at, line - at);
        else if (c < 0x10000)
            g_string_append_printf(text, "\\u%04x", c);
        else /* a surrogate pair */
            g_string_append_printf(text, "\\u%04x\\u%04x", 0xd7c0 + (c >> 10),
                                   0xdc00 + (c & 0x3ff));
    }
    return g_string_free(text, FALSE);
}

char *json_text_line(JsonBuilder *builder)
{
    JsonNode *root = json_builder_get_root(builder);
    char *line = json_to_string(root, FALSE);
    char *escaped = escape(line);
    g_free(line);
    json_node_unref(root);
    return escaped;
}
