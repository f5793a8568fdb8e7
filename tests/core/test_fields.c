/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>
#include <stdbool.h>
#include <string.h>

#include "fields.h"

static bool is_number(enum sstp_kind kind)
{
    return kind == SSTP_KIND_U8 || kind == SSTP_KIND_U16 || kind == SSTP_KIND_U32 ||
           kind == SSTP_KIND_U64;
}

static void test_catalogue(void)
{
    for (size_t i = 0; i < SSTP_FIELD_COUNT; i++) {
        const struct sstp_field_info *info = &sstp_field_infos[i];
        g_assert_nonnull(info->name);
        g_assert_true(g_ascii_isupper(info->name[0]));
        g_assert_cmpuint(strspn(info->filter, "abcdefghijklmnopqrstuvwxyz0123456789_."), ==,
                         strlen(info->filter));
        if (is_number(info->kind))
            g_assert_cmpint((int)info->base, !=, (int)SSTP_BASE_NONE);
        for (size_t j = 0; j < i; j++)
            g_assert_cmpstr(info->filter, !=, sstp_field_infos[j].filter);
    }
}

/* Wireshark's Secure Socket Tunneling dissector owns these names. */
static void test_no_clash(void)
{
    static const char *const taken[] = {
        "majorversion", "minorversion",
        "reserved",     "iscontrol",
        "length",       "messagetype",
        "numattrib",    "attribreserved",
        "attribid",     "attriblengthreserved",
        "attriblength", "dataunknown",
        "hash",         "nonce",
        "cert_hash",    "padding",
        "compoundmac",  "encapsulatedprotocol",
        "status",       "attribvalue",
    };
    for (size_t i = 0; i < SSTP_FIELD_COUNT; i++)
        for (size_t j = 0; j < G_N_ELEMENTS(taken); j++)
            g_assert_cmpstr(sstp_field_infos[i].filter, !=, taken[j]);
}

#define FLAG_ROW(constant, field, mask, text, filter) {SSTP_FIELD_##field, mask, text, filter},
static const struct flag_row {
    enum sstp_field field;
    unsigned mask;
    const char *text;
    const char *filter;
} flag_rows[] = {SSTP_FLAGS(FLAG_ROW)};

/* The bits of a flags byte share none and leave none out. */
static void test_flags_cover_their_bytes(void)
{
    static const enum sstp_field flags_fields[] = {SSTP_FIELD_CONNECT_FLAGS, SSTP_FIELD_OPEN_FLAGS,
                                                   SSTP_FIELD_MESSAGE_FLAGS};
    for (size_t i = 0; i < G_N_ELEMENTS(flags_fields); i++) {
        unsigned seen = 0;
        for (size_t j = 0; j < G_N_ELEMENTS(flag_rows); j++) {
            if (flag_rows[j].field != flags_fields[i])
                continue;
            g_assert_cmphex(seen & flag_rows[j].mask, ==, 0);
            seen |= flag_rows[j].mask;
            g_assert_true(
                g_str_has_prefix(flag_rows[j].filter, sstp_field_infos[flags_fields[i]].filter));
        }
        g_assert_cmphex(seen, ==, 0xff);
    }
}

/* SPECIFICATION.md: the leftmost drawn bit is 0x80. */
static void test_flag_values(void)
{
    g_assert_cmphex(SSTP_CONNECT_FLAG_SINGLE_HOP, ==, 0x02);
    g_assert_cmphex(SSTP_CONNECT_FLAG_MULTI_DROP, ==, 0x01);
    g_assert_cmphex(SSTP_OPEN_FLAG_IDENTITY_TARGETED, ==, 0x01);
    g_assert_cmphex(SSTP_MESSAGE_FLAG_RESERVED1, ==, 0x80);
    g_assert_cmphex(SSTP_MESSAGE_FLAG_FRAGMENT, ==, 0x40);
    g_assert_cmphex(SSTP_MESSAGE_FLAG_TRACK, ==, 0x20);
    g_assert_cmphex(SSTP_MESSAGE_FLAG_STREAM_SIZE, ==, 0x10);
    g_assert_cmphex(SSTP_MESSAGE_FLAG_RESERVED2, ==, 0x08);
    g_assert_cmphex(SSTP_MESSAGE_FLAG_ACK_IMMEDIATELY, ==, 0x04);
    g_assert_cmphex(SSTP_MESSAGE_FLAG_EPHEMERAL, ==, 0x02);
    g_assert_cmphex(SSTP_MESSAGE_FLAG_DO_NOT_DELIVER_IF_OFFLINE, ==, 0x01);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fields/catalogue", test_catalogue);
    g_test_add_func("/fields/no-clash", test_no_clash);
    g_test_add_func("/fields/flags-cover-their-bytes", test_flags_cover_their_bytes);
    g_test_add_func("/fields/flag-values", test_flag_values);
    return g_test_run();
}
