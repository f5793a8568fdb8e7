/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "capture/reader.h"

#include "fields/compat.h"

struct kept {
    struct packet packet;
    wtap_rec rec;
};

struct packet *packet_keep(const struct packet *packet, gboolean has_bytes)
{
    const guint32 len = has_bytes ? packet->rec->rec_header.packet_header.caplen : 0;
    struct kept *kept = g_new0(struct kept, 1);

    kept->packet = *packet;
    kept->rec = *packet->rec;
    kept->rec.block = NULL; /* comments and the like: they say nothing to a dissector */
    memset(&kept->rec.options_buf, 0, sizeof kept->rec.options_buf);
    guint8 *bytes = len > 0 ? g_memdup2(packet->bytes, len) : NULL;
    grvsstp_rec_point_at(&kept->rec, bytes, len);
    kept->packet.bytes = bytes;
    kept->packet.rec = &kept->rec;
    return &kept->packet;
}

void packet_free(struct packet *packet)
{
    struct kept *kept = (struct kept *)(void *)packet;

    g_free((gpointer)packet->bytes);
    g_free(kept);
}

gsize packet_size(const struct packet *packet)
{
    return sizeof(struct kept) + packet->rec->rec_header.packet_header.caplen;
}
