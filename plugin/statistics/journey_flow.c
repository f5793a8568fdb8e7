/* SPDX-License-Identifier: GPL-2.0-or-later */
/* journey_flow.c: `-z flow,grvsstp_journeys,standard` and the Flow Graph's "Groove SSTP Journeys":
 * an arrow for each leg of a message.  With the filter `sstp.journey == 7` it is the graph of one.
 */
#include "statistics/parts.h"
#include "statistics/sequence.h"

#if GRVSSTP_HAS_FLOW
static const char *how_sure(enum sstp_story_certainty certainty)
{
    switch (certainty) {
    case SSTP_STORY_CERTAIN:
        return ", certain";
    case SSTP_STORY_LIKELY:
        return ", likely";
    case SSTP_STORY_OPEN:
        break;
    }
    return "";
}

/* "journey 7, hop 1, certain, from 104" */
static char *comment_of(uint32_t leg, const struct sstp_story_leg *told)
{
    GString *text = g_string_new(NULL);
    struct sstp_story_leg before;

    g_string_printf(text, "SSTP: journey %u, hop %u%s", told->journey, told->hop,
                    how_sure(told->certainty));
    if (told->from != SSTP_STORY_NONE) {
        sstp_story_leg(grvsstp_story(), told->from, &before);
        g_string_append_printf(text, ", from %u", before.label);
    }
    if (told->sight_of != leg)
        g_string_append(text, ", seen again");
    else if (told->attempt_of != leg)
        g_string_append(text, ", tried again");
    return g_string_free(text, FALSE);
}

static bool draw_leg(seq_analysis_info_t *graph, packet_info *pinfo, const struct grvsstp_tap *tap,
                     uint32_t leg)
{
    struct sstp_story_leg told;
    seq_analysis_item_t *arrow = sequence_analysis_create_sai_with_addresses(pinfo, graph);

    if (arrow == NULL)
        return false;
    sstp_story_leg(grvsstp_story(), leg, &told);
    arrow->frame_number = pinfo->num;
    arrow->port_src = (uint16_t)pinfo->srcport;
    arrow->port_dst = (uint16_t)pinfo->destport;
    arrow->frame_label = g_strdup_printf("#%u hop %u", told.journey, told.hop);
    arrow->comment = comment_of(leg, &told);
    arrow->conv_num = (uint16_t)tap->connection->number;
    arrow->line_style = 1;
    arrow->display = true;
    g_queue_push_tail(graph->items, arrow);
    return true;
}

static tap_packet_status draw(void *tapdata, packet_info *pinfo, epan_dissect_t *edt,
                              const void *data, tap_flags_t flags)
{
    const struct grvsstp_tap *tap = data;
    bool has_changed = false;

    (void)edt;
    (void)flags;
    for (unsigned i = 0; i < tap->num_commands; i++) {
        const uint32_t leg = grvsstp_ended_leg(tap, &tap->commands[i]);
        if (leg != SSTP_STORY_NONE)
            has_changed |= draw_leg(tapdata, pinfo, tap, leg);
    }
    return has_changed ? TAP_PACKET_REDRAW : TAP_PACKET_DONT_REDRAW;
}

void grvsstp_journey_flow_register(void)
{
    register_seq_analysis("grvsstp_journeys", "Groove SSTP Journeys", proto_grvsstp, NULL, 0, draw);
}
#else
void grvsstp_journey_flow_register(void)
{
}
#endif
