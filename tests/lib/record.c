/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "record.h"

#include <inttypes.h>

#include "hex.h"

/* One decode under way. */
struct recording {
    struct record *record;
    struct sstp_span bytes;
    size_t end; /* of the last value that is not a list, which covers its elements */
};

static void check_place(const struct recording *recording, size_t offset, size_t len)
{
    g_assert_cmpuint(offset, <=, recording->bytes.len);
    g_assert_cmpuint(len, <=, recording->bytes.len - offset);
}

/* How many bytes of length or count stand before the bytes of a value. */
static size_t prefix_len(enum sstp_kind kind)
{
    switch (kind) {
    case SSTP_KIND_TOKEN:
    case SSTP_KIND_ENTRIES:
    case SSTP_KIND_INDEXES:
        return 2;
    case SSTP_KIND_STRINGS:
        return 1;
    case SSTP_KIND_U8:
    case SSTP_KIND_U16:
    case SSTP_KIND_U32:
    case SSTP_KIND_U64:
    case SSTP_KIND_STRING:
    case SSTP_KIND_REST:
        return 0;
    }
    g_assert_not_reached();
}

static bool is_list(enum sstp_kind kind)
{
    return kind == SSTP_KIND_STRINGS || kind == SSTP_KIND_ENTRIES || kind == SSTP_KIND_INDEXES;
}

static void append_hex(GString *text, struct sstp_span bytes)
{
    char *digits = g_malloc(2 * bytes.len + 1);
    hex_print(bytes.data, bytes.len, digits);
    g_string_append(text, digits);
    g_free(digits);
}

static void record_value(void *cookie, const struct sstp_value *value)
{
    struct recording *recording = cookie;
    GString *text = recording->record->text;
    const struct sstp_field_info *info = &sstp_field_infos[value->field];
    const bool has_bytes = info->kind == SSTP_KIND_STRING || prefix_len(info->kind) > 0 ||
                           info->kind == SSTP_KIND_REST;

    check_place(recording, value->offset, value->len);
    g_assert_cmpuint(value->offset, ==, recording->end);
    recording->end = value->offset + (is_list(info->kind) ? prefix_len(info->kind) : value->len);
    if (has_bytes) {
        const size_t terminator = info->kind == SSTP_KIND_STRING ? 1 : 0;
        g_assert_cmpuint(value->bytes.len + prefix_len(info->kind) + terminator, ==, value->len);
        g_assert_true(value->bytes.data ==
                      recording->bytes.data + value->offset + prefix_len(info->kind));
    }

    g_string_append_printf(text, "%zu+%zu %s", value->offset, value->len, info->filter);
    if (value->index > 0)
        g_string_append_printf(text, "[%u]", value->index);
    if (info->kind == SSTP_KIND_STRING) {
        g_string_append(text, "=\"");
        g_string_append_len(text, (const char *)value->bytes.data, (gssize)value->bytes.len);
        g_string_append(text, "\"\n");
    } else if (info->kind == SSTP_KIND_TOKEN || info->kind == SSTP_KIND_REST) {
        g_string_append(text, "=");
        if (info->kind == SSTP_KIND_TOKEN)
            g_string_append_printf(text, "%" PRIu64 ":", value->number);
        append_hex(text, value->bytes);
        g_string_append(text, "\n");
    } else {
        g_string_append_printf(text,
                               info->base == SSTP_BASE_HEX ? "=0x%" PRIx64 "\n" : "=%" PRIu64 "\n",
                               value->number);
    }
}

static void record_entry(void *cookie, unsigned index, size_t offset, size_t len)
{
    struct recording *recording = cookie;
    check_place(recording, offset, len);
    g_assert_cmpuint(offset, ==, recording->end);
    g_string_append_printf(recording->record->text, "%zu+%zu entry %u\n", offset, len, index);
}

static void record_finding(void *cookie, enum sstp_finding finding, size_t offset, size_t len)
{
    struct recording *recording = cookie;
    const char *filter = sstp_finding_infos[finding].filter;
    GString *findings = recording->record->findings;
    check_place(recording, offset, len);
    g_string_append_printf(recording->record->text, "%zu+%zu !%s\n", offset, len, filter);
    g_string_append_printf(findings, "%s%s@%zu+%zu", findings->len > 0 ? " " : "", filter, offset,
                           len);
}

void record_init(struct record *record)
{
    memset(record, 0, sizeof *record);
    record->text = g_string_new(NULL);
    record->findings = g_string_new(NULL);
}

void record_clear(struct record *record)
{
    g_string_free(record->text, TRUE);
    g_string_free(record->findings, TRUE);
}

void record_decode(struct record *record, struct sstp_span bytes, enum sstp_version version)
{
    struct recording recording = {record, bytes, 0};
    const struct sstp_visitor visitor = {record_value, record_entry, record_finding, &recording};
    g_string_truncate(record->text, 0);
    g_string_truncate(record->findings, 0);
    record->is_trusted = sstp_command_decode(bytes, version, &visitor, &record->command);
}
