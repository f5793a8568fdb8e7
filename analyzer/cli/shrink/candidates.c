/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shrink/candidates.h"

#include <string.h>

void candidates_init(struct candidates *candidates, gsize bytes_max)
{
    memset(candidates, 0, sizeof *candidates);
    candidates->all = g_array_new(FALSE, FALSE, sizeof(struct candidate));
    candidates->bytes_max = bytes_max;
}

void candidates_clear(struct candidates *candidates)
{
    for (guint i = 0; i < candidates->all->len; i++)
        packet_free(g_array_index(candidates->all, struct candidate, i).packet);
    g_array_set_size(candidates->all, 0);
    candidates->bytes = 0;
    candidates->is_full = candidates->has_target = FALSE;
}

void candidates_free(struct candidates *candidates)
{
    candidates_clear(candidates);
    g_array_free(candidates->all, TRUE);
}

static gboolean is_address_of(const struct packet_end *end, const struct packet_end *other)
{
    return end->family == other->family &&
           memcmp(end->address, other->address, sizeof end->address) == 0;
}

/* Whatever the ports: an encapsulation may take several. */
static gboolean is_between(const struct packet_end *ends, const struct packet *packet)
{
    const struct packet_end *source = &packet->segment.source,
                            *destination = &packet->segment.destination;

    return packet->is_segment &&
           ((is_address_of(source, &ends[0]) && is_address_of(destination, &ends[1])) ||
            (is_address_of(source, &ends[1]) && is_address_of(destination, &ends[0])));
}

void candidates_add(struct candidates *candidates, const struct packet *packet,
                    gint64 uncertainty_ns)
{
    if (!candidates->takes_all && !is_between(candidates->ends, packet))
        return;
    if (candidates->bytes + packet_size(packet) > candidates->bytes_max) {
        candidates->is_full = TRUE;
        return;
    }
    if (packet->file == candidates->file && packet->frame == candidates->frame) {
        candidates->target = candidates->all->len;
        candidates->has_target = TRUE;
    }
    const struct candidate candidate = {packet_keep(packet, TRUE), uncertainty_ns};
    candidates->bytes += packet_size(packet);
    g_array_append_val(candidates->all, candidate);
}

const struct packet *candidates_at(const struct candidates *candidates, guint index)
{
    return g_array_index(candidates->all, struct candidate, index).packet;
}

gboolean candidates_comes_later(const void *data, guint index)
{
    const struct candidates *candidates = data;
    return index > candidates->target;
}

gboolean candidates_is_empty(const void *data, guint index)
{
    const struct packet *packet = candidates_at(data, index);
    return packet->is_segment && packet->segment.num_seq == 0;
}

gboolean candidates_is_of_other_direction(const void *data, guint index)
{
    const struct candidates *candidates = data;
    const struct packet *one = candidates_at(candidates, index),
                        *target = candidates_at(candidates, candidates->target);

    return index != candidates->target &&
           (!one->is_segment || !target->is_segment ||
            packet_end_compare(&one->segment.source, &target->segment.source) != 0 ||
            packet_end_compare(&one->segment.destination, &target->segment.destination) != 0);
}

gboolean candidates_is_of_other_flow(const void *data, guint index)
{
    const struct candidates *candidates = data;
    const struct packet *one = candidates_at(candidates, index),
                        *target = candidates_at(candidates, candidates->target);

    return candidates_is_of_other_direction(data, index) &&
           !(one->is_segment && target->is_segment &&
             packet_end_compare(&one->segment.source, &target->segment.destination) == 0 &&
             packet_end_compare(&one->segment.destination, &target->segment.source) == 0);
}
