/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "capture/pcapng.h"

#include <string.h>

#define SECTION_HEADER 0x0a0d0d0au
#define BYTE_ORDER_MAGIC 0x1a2b3c4du
#define INTERFACE_DESCRIPTION 1u
#define ENHANCED_PACKET 6u
#define DECRYPTION_SECRETS 10u

#define OPTION_END 0u
#define OPTION_COMMENT 1u
#define OPTION_APPLICATION 4u     /* of a section */
#define OPTION_TIME_RESOLUTION 9u /* of an interface */

static void append_16(GString *file, guint16 value)
{
    g_string_append_len(file, (const char *)&value, sizeof value);
}

static void append_32(GString *file, guint32 value)
{
    g_string_append_len(file, (const char *)&value, sizeof value);
}

static void append_bytes(GString *file, const void *bytes, gsize len)
{
    g_string_append_len(file, bytes, (gssize)len);
    while (len++ % 4 != 0)
        g_string_append_c(file, '\0');
}

static void append_option(GString *file, guint16 code, const void *bytes, gsize len)
{
    append_16(file, code);
    append_16(file, (guint16)len);
    append_bytes(file, bytes, len);
}

/* A block has its length before and after it. */
static gsize begin_block(GString *file, guint32 type)
{
    const gsize at = file->len;

    append_32(file, type);
    append_32(file, 0);
    return at;
}

static void end_block(GString *file, gsize at)
{
    const guint32 len = (guint32)(file->len - at) + 4;

    append_32(file, len);
    memcpy(file->str + at + 4, &len, sizeof len);
}

void pcapng_append_head(GString *file)
{
    static const char application[] = "grvsstp-analyze";
    const gsize at = begin_block(file, SECTION_HEADER);

    append_32(file, BYTE_ORDER_MAGIC);
    append_16(file, 1);
    append_16(file, 0);
    append_32(file, G_MAXUINT32); /* of the section, eight bytes: not said */
    append_32(file, G_MAXUINT32);
    append_option(file, OPTION_APPLICATION, application, strlen(application));
    append_option(file, OPTION_END, "", 0);
    end_block(file, at);
}

void pcapng_append_secrets(GString *file, guint32 type, const guint8 *bytes, guint32 len)
{
    const gsize at = begin_block(file, DECRYPTION_SECRETS);

    append_32(file, type);
    append_32(file, len);
    append_bytes(file, bytes, len);
    end_block(file, at);
}

static guint32 find_interface(GString *file, GArray *link_types, guint16 link_type)
{
    const guint8 nanoseconds = 9;

    for (guint i = 0; i < link_types->len; i++)
        if (g_array_index(link_types, guint16, i) == link_type)
            return i;
    const gsize at = begin_block(file, INTERFACE_DESCRIPTION);
    append_16(file, link_type);
    append_16(file, 0);
    append_32(file, 0); /* no packet was cut here */
    append_option(file, OPTION_TIME_RESOLUTION, &nanoseconds, 1);
    append_option(file, OPTION_END, "", 0);
    end_block(file, at);
    g_array_append_val(link_types, link_type);
    return link_types->len - 1;
}

/* How much of a text fits, whole characters of UTF-8. */
static gsize comment_len(const char *text)
{
    gsize len = strlen(text);

    if (len <= PCAPNG_COMMENT_MAX)
        return len;
    len = PCAPNG_COMMENT_MAX;
    while (len > 0 && ((guint8)text[len] & 0xc0) == 0x80)
        len--;
    return len;
}

void pcapng_append_packet(GString *file, GArray *link_types, const struct pcapng_packet *packet)
{
    const guint32 interface = find_interface(file, link_types, packet->link_type);
    const guint64 time = (guint64)MAX(packet->t_ns, 0);
    const gsize at = begin_block(file, ENHANCED_PACKET);

    append_32(file, interface);
    append_32(file, (guint32)(time >> 32));
    append_32(file, (guint32)time);
    append_32(file, packet->captured);
    append_32(file, packet->len);
    append_bytes(file, packet->bytes, packet->captured);
    if (packet->comment != NULL) {
        append_option(file, OPTION_COMMENT, packet->comment, comment_len(packet->comment));
        append_option(file, OPTION_END, "", 0);
    }
    end_block(file, at);
}
