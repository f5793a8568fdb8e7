/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "points/flow.h"

#include <string.h>

guint flow_key(const struct packet_segment *segment, struct flow *key)
{
    return packet_ends_sort(&segment->source, &segment->destination, key->ends);
}

struct flow *flow_new(const struct packet_segment *segment)
{
    struct flow *flow = g_new0(struct flow, 1);
    (void)flow_key(segment, flow);
    return flow;
}

void flow_free(gpointer data)
{
    struct flow *flow = data;

    for (guint i = 0; i < 2; i++) {
        if (flow->directions[i].waiting != NULL)
            g_ptr_array_free(flow->directions[i].waiting, TRUE);
        g_free(flow->directions[i].differences);
    }
    g_free(flow);
}

guint flow_hash(gconstpointer flow)
{
    return packet_ends_hash(((const struct flow *)flow)->ends);
}

gboolean flow_equal(gconstpointer a, gconstpointer b)
{
    return packet_ends_equal(((const struct flow *)a)->ends, ((const struct flow *)b)->ends);
}

/* ------------------------------------------------------------------------
 * Ranges
 */

/* Whether two touch or overlap; then the first becomes both. */
static gboolean join(struct flow_range *range, struct flow_range other)
{
    if (flow_distance(range->end, other.begin) > 0 || flow_distance(other.end, range->begin) > 0)
        return FALSE;
    if (flow_distance(other.begin, range->begin) > 0)
        range->begin = other.begin;
    if (flow_distance(range->end, other.end) > 0)
        range->end = other.end;
    return TRUE;
}

void flow_cover(struct flow_direction *direction, guint32 begin, guint32 end)
{
    struct flow_range added = {begin, end};
    guint kept = 0;

    if (direction->num_ranges > 0 && join(&direction->ranges[direction->num_ranges - 1], added))
        added = direction->ranges[--direction->num_ranges];
    for (guint i = 0; i < direction->num_ranges; i++)
        if (!join(&added, direction->ranges[i]))
            direction->ranges[kept++] = direction->ranges[i];
    if (kept == FLOW_RANGES_MAX)
        memmove(&direction->ranges[0], &direction->ranges[1], --kept * sizeof direction->ranges[0]);
    direction->ranges[kept++] = added;
    direction->num_ranges = kept;
}

gboolean flow_is_covered(const struct flow_direction *direction, guint32 begin, guint32 end)
{
    for (guint i = direction->num_ranges; i-- > 0;)
        if (flow_distance(direction->ranges[i].begin, begin) >= 0 &&
            flow_distance(end, direction->ranges[i].end) >= 0)
            return TRUE;
    return FALSE;
}
