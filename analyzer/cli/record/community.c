/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "record/community.h"

#include <glib.h>
#include <string.h>

#define TCP 6

static gsize address_len(const struct packet_end *end)
{
    return end->family == 4 ? 4 : 16;
}

static void add_port(GChecksum *sum, guint16 port)
{
    const guint8 bytes[2] = {(guint8)(port >> 8), (guint8)port};
    g_checksum_update(sum, bytes, sizeof bytes);
}

void community_id(const struct packet_end *one, const struct packet_end *other, char *text)
{
    const int order = memcmp(one->address, other->address, address_len(one));
    const gboolean is_first = order < 0 || (order == 0 && one->port < other->port);
    const struct packet_end *first = is_first ? one : other, *second = is_first ? other : one;
    static const guint8 seed[2], protocol[2] = {TCP, 0};
    GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA1);
    guint8 digest[20];
    gsize len = sizeof digest;

    g_checksum_update(sum, seed, sizeof seed);
    g_checksum_update(sum, first->address, (gssize)address_len(first));
    g_checksum_update(sum, second->address, (gssize)address_len(second));
    g_checksum_update(sum, protocol, sizeof protocol);
    add_port(sum, first->port);
    add_port(sum, second->port);
    g_checksum_get_digest(sum, digest, &len);
    g_checksum_free(sum);
    char *encoded = g_base64_encode(digest, len);
    g_snprintf(text, COMMUNITY_ID_SIZE, "1:%s", encoded);
    g_free(encoded);
}
