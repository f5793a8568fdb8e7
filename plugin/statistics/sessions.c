/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sessions.c: `-z grvsstp,sessions`, a line for each session that the observer
 * knows. */
#include "statistics/parts.h"
#include "statistics/table.h"

enum column {
    STREAM,
    ID,
    ORIGINATOR,
    RESOURCE_URL,
    KIND,
    STATE,
    OPENED_IN,
    LAST_FRAME,
    COMMANDS,
    MESSAGES, /* EndMessages */
    PAYLOAD,  /* bytes in Data commands */
    BLOCKED,  /* times that the receiver said so */
    DESTINATIONS,
    END,
    NUM_COLUMNS
};

/* clang-format off */
static stat_tap_table_item columns[NUM_COLUMNS] = {
    {TABLE_ITEM_UINT,   TAP_ALIGN_LEFT,  "Stream",       "%6u"},
    {TABLE_ITEM_STRING, TAP_ALIGN_RIGHT, "Session",      "%10s"},
    {TABLE_ITEM_STRING, TAP_ALIGN_LEFT,  "Originator",   "%-10s"},
    {TABLE_ITEM_STRING, TAP_ALIGN_LEFT,  "ResourceURL",  "%-24s"},
    {TABLE_ITEM_STRING, TAP_ALIGN_LEFT,  "Kind",         "%-8s"},
    {TABLE_ITEM_STRING, TAP_ALIGN_LEFT,  "State",        "%-9s"},
    {TABLE_ITEM_STRING, TAP_ALIGN_RIGHT, "Opened in",    "%14s"},
    {TABLE_ITEM_UINT,   TAP_ALIGN_RIGHT, "Last frame",   "%10u"},
    {TABLE_ITEM_UINT,   TAP_ALIGN_RIGHT, "Commands",     "%8u"},
    {TABLE_ITEM_UINT,   TAP_ALIGN_RIGHT, "Messages",     "%8u"},
    {TABLE_ITEM_STRING, TAP_ALIGN_RIGHT, "Payload",      "%s"},
    {TABLE_ITEM_UINT,   TAP_ALIGN_RIGHT, "Blocked",      "%7u"},
    {TABLE_ITEM_STRING, TAP_ALIGN_RIGHT, "Destinations", "%12s"},
    {TABLE_ITEM_STRING, TAP_ALIGN_LEFT,  "End",          "%s"}};
/* clang-format on */

struct session_counts {
    struct grvsstp_row row;
    uint32_t last_frame;
    uint32_t num_commands, num_messages, num_blocked;
    uint64_t payload;
    bool has_open, has_destinations;
    uint16_t num_destinations; /* of the FanoutOpen */
    uint32_t num_active;
};

static void show_end(struct grvsstp_row *row, const struct sstp_command *command)
{
    char text[64];

    if (grvsstp_session_end_text(text, sizeof text, command))
        grvsstp_row_text(row, END, text);
}

static void show_destinations(struct session_counts *counts)
{
    char text[32];

    if (!counts->has_destinations)
        return;
    if (counts->has_open)
        snprintf(text, sizeof text, "%u of %u", counts->num_active, counts->num_destinations);
    else
        snprintf(text, sizeof text, "%u", counts->num_active);
    grvsstp_row_text(&counts->row, DESTINATIONS, text);
}

/* Whether the command did nothing, being against the rules. */
static bool is_rejected(const struct sstp_observation *seen)
{
    return (seen->findings & (SSTP_OBSERVED(SSTP_FINDING_UNEXPECTED_COMMAND) |
                              SSTP_OBSERVED(SSTP_FINDING_WRONG_ROLE))) != 0;
}

static void note_command(struct session_counts *counts, const struct sstp_command *command,
                         const struct sstp_observation *seen)
{
    counts->num_commands++;
    counts->num_messages += command->id == SSTP_END_MESSAGE;
    counts->payload += grvsstp_payload_len(command);
    counts->num_blocked += command->id == SSTP_OPEN_RESPONSE && !is_rejected(seen) &&
                           (command->response_id == SSTP_OPEN_RESPONSE_STOP_SENDING ||
                            command->response_id == SSTP_OPEN_RESPONSE_OK_STOP_SENDING);
    if (command->id == SSTP_FANOUT_OPEN) {
        counts->has_open = true;
        counts->num_destinations = command->fanout_entries.count;
    }
    if (seen->has_active) {
        counts->has_destinations = true;
        counts->num_active = seen->active;
    }
}

/* What stays as it is, as far as it is known. */
static void show_session(struct grvsstp_row *row, const struct sstp_observed_session *session)
{
    char text[80];

    snprintf(text, sizeof text, "0x%08x", session->id);
    grvsstp_row_text(row, ID, text);
    if (session->originator >= 0)
        grvsstp_row_text(row, ORIGINATOR, session->originator ? "initiator" : "acceptor");
    if (session->resource_url != NULL) {
        grvsstp_plain_text(text, sizeof text, session->resource_url);
        grvsstp_row_text(row, RESOURCE_URL, text);
    }
    const bool is_guess = session->kind == SSTP_SESSION_OF_MESSAGES && session->open_frame == 0;
    grvsstp_row_text(row, KIND, is_guess ? NULL : grvsstp_session_kind_name(session->kind));
    if (session->open_frame != 0)
        grvsstp_row_big_number(row, OPENED_IN, session->open_frame);
}

static void note(struct grvsstp_table *table, const packet_info *pinfo,
                 const struct grvsstp_tap *tap, const struct grvsstp_tapped_command *tapped,
                 uint32_t index)
{
    const uint32_t stream = tap->connection->number;
    bool is_new;
    struct session_counts *counts =
        grvsstp_table_row(table, (uint64_t)stream << 32 | index, &is_new);
    struct grvsstp_row *row = &counts->row;

    if (is_new)
        grvsstp_row_number(row, STREAM, stream);
    if (pinfo->num > counts->last_frame)
        counts->last_frame = pinfo->num;
    note_command(counts, &tapped->command, &tapped->seen);

    show_session(row, sstp_observer_session(&tap->connection->states->observer, index));
    grvsstp_row_text(row, STATE, sstp_session_state_name(tapped->seen.session_state));
    grvsstp_row_number(row, LAST_FRAME, counts->last_frame);
    grvsstp_row_number(row, COMMANDS, counts->num_commands);
    grvsstp_row_number(row, MESSAGES, counts->num_messages);
    grvsstp_row_number(row, BLOCKED, counts->num_blocked);
    grvsstp_row_big_number(row, PAYLOAD, counts->payload);
    show_destinations(counts);
    if (!is_rejected(&tapped->seen))
        show_end(row, &tapped->command);
}

static tap_packet_status count(void *tapdata, packet_info *pinfo, epan_dissect_t *edt,
                               const void *data, tap_flags_t flags)
{
    const struct grvsstp_tap *tap = data;
    tap_packet_status status = TAP_PACKET_DONT_REDRAW;
    uint32_t index;

    (void)edt;
    (void)flags;
    for (unsigned i = 0; i < tap->num_commands; i++)
        if (grvsstp_session_index(tap, &tap->commands[i], &index)) {
            note(grvsstp_table_of(tapdata), pinfo, tap, &tap->commands[i], index);
            status = TAP_PACKET_REDRAW;
        }
    return status;
}

static struct grvsstp_table table = {.ui = {.title = "Groove SSTP Sessions",
                                            .cli_string = "grvsstp,sessions",
                                            .packet_func = count,
                                            .nfields = NUM_COLUMNS,
                                            .fields = columns},
                                     .row_size = sizeof(struct session_counts)};

void grvsstp_sessions_table_register(void)
{
    grvsstp_table_register(&table);
}
