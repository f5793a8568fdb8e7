/* SPDX-License-Identifier: GPL-2.0-or-later */
/* flow.c: `-z flow,grvsstp,standard` and the Flow Graph's "Groove SSTP Flows": an arrow for
 * each chunk, with its commands. */
#include "statistics/parts.h"
#include "statistics/sequence.h"
#include "core/summary.h"

#if GRVSSTP_HAS_FLOW
/* Commands that an arrow names. */
#define COMMANDS_NAMED 8u

/* "Message, 3 Data, EndMessage" */
static char *label_of(const struct grvsstp_tap *tap)
{
    GString *text = g_string_new(NULL);
    unsigned num_named = 0;

    for (unsigned i = 0, next; i < tap->num_commands; i = next) {
        char name[SSTP_SUMMARY_SIZE];
        for (next = i + 1; next < tap->num_commands; next++)
            if (tap->commands[next].command.id != tap->commands[i].command.id)
                break;
        if (num_named++ == COMMANDS_NAMED) {
            g_string_append(text, ", ...");
            break;
        }
        sstp_summary_name(&tap->commands[i].command, name, sizeof name);
        if (text->len > 0)
            g_string_append(text, ", ");
        if (next - i > 1)
            g_string_append_printf(text, "%u ", next - i);
        g_string_append(text, name);
    }
    return g_string_free(text, FALSE);
}

/* "SSTP 0: Message s=0x21, Data s=0x21, EndMessage s=0x21" */
static char *comment_of(const struct grvsstp_tap *tap)
{
    GString *text = g_string_new(NULL);

    g_string_append_printf(text, "SSTP %u: ", tap->connection->number);
    for (unsigned i = 0; i < tap->num_commands && i <= COMMANDS_NAMED; i++) {
        char summary[SSTP_SUMMARY_SIZE];
        sstp_summary(&tap->commands[i].command, summary, sizeof summary);
        g_string_append_printf(text, "%s%s", i > 0 ? ", " : "",
                               i < COMMANDS_NAMED ? summary : "...");
    }
    return g_string_free(text, FALSE);
}

static tap_packet_status draw(void *tapdata, packet_info *pinfo, epan_dissect_t *edt,
                              const void *data, tap_flags_t flags)
{
    seq_analysis_info_t *graph = tapdata;
    const struct grvsstp_tap *tap = data;
    seq_analysis_item_t *arrow = sequence_analysis_create_sai_with_addresses(pinfo, graph);

    (void)edt;
    (void)flags;
    if (arrow == NULL)
        return TAP_PACKET_DONT_REDRAW;
    arrow->frame_number = pinfo->num;
    arrow->port_src = (uint16_t)pinfo->srcport;
    arrow->port_dst = (uint16_t)pinfo->destport;
    arrow->frame_label = label_of(tap);
    arrow->comment = comment_of(tap);
    arrow->conv_num = (uint16_t)tap->connection->number;
    arrow->line_style = 1;
    arrow->display = true;
    g_queue_push_tail(graph->items, arrow);
    return TAP_PACKET_REDRAW;
}

void grvsstp_flow_register(void)
{
    register_seq_analysis("grvsstp", "Groove SSTP Flows", proto_grvsstp, NULL, 0, draw);
}
#else
void grvsstp_flow_register(void)
{
}
#endif
