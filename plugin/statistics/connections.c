/* SPDX-License-Identifier: GPL-2.0-or-later */
/* connections.c: `-z grvsstp,connections`, a line for each SSTP connection. */
#include "statistics/parts.h"
#include "statistics/table.h"

enum column {
    STREAM,
    INITIATOR,
    ACCEPTOR,
    ENCAPSULATION,
    VERSION,
    STATE,
    FIRST_FRAME,
    LAST_FRAME,
    DURATION,
    SESSIONS,
    COMMANDS,                  /* of the initiator, then of the acceptor; likewise below */
    MESSAGES = COMMANDS + 2,   /* EndMessages */
    PAYLOAD = MESSAGES + 2,    /* bytes in Data commands */
    OUTSTANDING = PAYLOAD + 2, /* messages without an acknowledgement */
    NUM_COLUMNS = OUTSTANDING + 2
};

/* clang-format off */
static stat_tap_table_item columns[NUM_COLUMNS] = {
    {TABLE_ITEM_UINT,   TAP_ALIGN_LEFT,  "Stream",            "%6u"},
    {TABLE_ITEM_STRING, TAP_ALIGN_LEFT,  "Initiator",         "%-21s"},
    {TABLE_ITEM_STRING, TAP_ALIGN_LEFT,  "Acceptor",          "%-21s"},
    {TABLE_ITEM_STRING, TAP_ALIGN_LEFT,  "Encapsulation",     "%-13s"},
    {TABLE_ITEM_STRING, TAP_ALIGN_LEFT,  "Version",           "%-7s"},
    {TABLE_ITEM_STRING, TAP_ALIGN_LEFT,  "State",             "%-11s"},
    {TABLE_ITEM_UINT,   TAP_ALIGN_RIGHT, "First frame",       "%11u"},
    {TABLE_ITEM_UINT,   TAP_ALIGN_RIGHT, "Last frame",        "%10u"},
    {TABLE_ITEM_STRING, TAP_ALIGN_RIGHT, "Duration",          "%s"},
    {TABLE_ITEM_UINT,   TAP_ALIGN_RIGHT, "Sessions",          "%8u"},
    {TABLE_ITEM_UINT,   TAP_ALIGN_RIGHT, "Init. commands",    "%14u"},
    {TABLE_ITEM_UINT,   TAP_ALIGN_RIGHT, "Acc. commands",     "%13u"},
    {TABLE_ITEM_UINT,   TAP_ALIGN_RIGHT, "Init. messages",    "%14u"},
    {TABLE_ITEM_UINT,   TAP_ALIGN_RIGHT, "Acc. messages",     "%13u"},
    {TABLE_ITEM_STRING, TAP_ALIGN_RIGHT, "Init. payload",     "%s"},
    {TABLE_ITEM_STRING, TAP_ALIGN_RIGHT, "Acc. payload",      "%s"},
    {TABLE_ITEM_STRING, TAP_ALIGN_RIGHT, "Init. outstanding", "%s"},
    {TABLE_ITEM_STRING, TAP_ALIGN_RIGHT, "Acc. outstanding",  "%s"}};
/* clang-format on */

/* By direction: [1] is the initiator's. */
struct connection_counts {
    struct grvsstp_row row;
    uint32_t first_frame, last_frame;
    nstime_t begin, end;
    GHashTable *sessions; /* those seen, by their index */
    uint32_t num_commands[2];
    uint32_t num_messages[2];
    uint64_t payload[2];
    struct grvsstp_outstanding outstanding;
};

static void clear_counts(void *row)
{
    struct connection_counts *counts = row;
    if (counts->sessions != NULL)
        g_hash_table_destroy(counts->sessions);
}

static void note_frame(struct connection_counts *counts, const packet_info *pinfo, bool is_new)
{
    if (is_new || pinfo->num < counts->first_frame)
        counts->first_frame = pinfo->num;
    if (pinfo->num > counts->last_frame)
        counts->last_frame = pinfo->num;
    /* Frames are not always in the order of time. */
    if (is_new || nstime_cmp(&pinfo->abs_ts, &counts->begin) < 0)
        counts->begin = pinfo->abs_ts;
    if (is_new || nstime_cmp(&pinfo->abs_ts, &counts->end) > 0)
        counts->end = pinfo->abs_ts;
}

static void note_session(struct connection_counts *counts, const struct grvsstp_tap *tap,
                         const struct grvsstp_tapped_command *tapped)
{
    uint32_t index;

    if (!grvsstp_session_index(tap, tapped, &index))
        return;
    if (counts->sessions == NULL)
        counts->sessions = g_hash_table_new(NULL, NULL);
    g_hash_table_add(counts->sessions, GUINT_TO_POINTER(index));
}

static void note_command(struct connection_counts *counts, const struct grvsstp_tap *tap,
                         const struct grvsstp_tapped_command *tapped)
{
    const bool direction = tap->from_initiator;

    counts->num_commands[direction]++;
    counts->num_messages[direction] += tapped->command.id == SSTP_END_MESSAGE;
    counts->payload[direction] += grvsstp_payload_len(&tapped->command);
    note_session(counts, tap, tapped);
    grvsstp_outstanding_note(&counts->outstanding, tap, tapped);
}

static void show_direction(struct connection_counts *counts, bool direction)
{
    struct grvsstp_row *row = &counts->row;
    const unsigned side = direction ? 0 : 1;

    grvsstp_row_number(row, COMMANDS + side, counts->num_commands[direction]);
    grvsstp_row_number(row, MESSAGES + side, counts->num_messages[direction]);
    grvsstp_row_big_number(row, PAYLOAD + side, counts->payload[direction]);
    if (counts->outstanding.is_known[direction])
        grvsstp_row_big_number(row, OUTSTANDING + side, counts->outstanding.num[direction]);
    else
        grvsstp_row_text(row, OUTSTANDING + side, NULL);
}

static void show(struct connection_counts *counts, const struct grvsstp_tap *tap)
{
    const struct grvsstp_connection *connection = tap->connection;
    const struct grvsstp_tapped_command *last = &tap->commands[tap->num_commands - 1];
    struct grvsstp_row *row = &counts->row;
    nstime_t duration;

    nstime_delta(&duration, &counts->end, &counts->begin);
    grvsstp_row_number(row, FIRST_FRAME, counts->first_frame);
    grvsstp_row_number(row, LAST_FRAME, counts->last_frame);
    grvsstp_row_seconds(row, DURATION, nstime_to_sec(&duration));
    if (last->has_states)
        grvsstp_row_text(row, STATE, sstp_connection_state_name(last->seen.connection_state));
    if (counts->sessions != NULL)
        grvsstp_row_number(row, SESSIONS, g_hash_table_size(counts->sessions));
    const struct grvsstp_version *version =
        grvsstp_connection_version(connection, tap->from_initiator, counts->last_frame);
    if (version != NULL)
        grvsstp_row_text(row, VERSION, version->text);
    /* An acknowledgement tells of the other direction. */
    show_direction(counts, false);
    show_direction(counts, true);
}

static tap_packet_status count(void *tapdata, packet_info *pinfo, epan_dissect_t *edt,
                               const void *data, tap_flags_t flags)
{
    const struct grvsstp_tap *tap = data;
    bool is_new;
    struct connection_counts *counts =
        grvsstp_table_row(grvsstp_table_of(tapdata), tap->connection->number, &is_new);

    (void)edt;
    (void)flags;
    if (is_new) {
        grvsstp_row_number(&counts->row, STREAM, tap->connection->number);
        grvsstp_row_text(&counts->row, INITIATOR, grvsstp_peer_text(pinfo, tap, true));
        grvsstp_row_text(&counts->row, ACCEPTOR, grvsstp_peer_text(pinfo, tap, false));
        grvsstp_row_text(
            &counts->row, ENCAPSULATION,
            val_to_str_const(tap->connection->encapsulation, grvsstp_encapsulations, ""));
    }
    note_frame(counts, pinfo, is_new);
    for (unsigned i = 0; i < tap->num_commands; i++)
        note_command(counts, tap, &tap->commands[i]);
    show(counts, tap);
    return TAP_PACKET_REDRAW;
}

static struct grvsstp_table table = {.ui = {.title = "Groove SSTP Connections",
                                            .cli_string = "grvsstp,connections",
                                            .packet_func = count,
                                            .nfields = NUM_COLUMNS,
                                            .fields = columns},
                                     .row_size = sizeof(struct connection_counts),
                                     .clear_row = clear_counts};

void grvsstp_connections_table_register(void)
{
    grvsstp_table_register(&table);
}
