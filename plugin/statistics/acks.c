/* SPDX-License-Identifier: GPL-2.0-or-later */
/* acks.c: `-z grvsstp,acks`, how long the messages of each direction of each
 * connection waited for their acknowledgement. */
#include "statistics/parts.h"
#include "statistics/quantile.h"
#include "statistics/table.h"

enum column {
    STREAM,
    DIRECTION,
    SENDER,
    MESSAGES,       /* EndMessages */
    COUNTS,         /* MessageCounts that are not 0, of the other side */
    ACKNOWLEDGED,   /* messages that they cover */
    UNACKNOWLEDGED, /* that are left */
    MOST_OUTSTANDING,
    MINIMUM,
    AVERAGE,
    MEDIAN,
    PERCENTILE_95,
    MAXIMUM,
    NUM_COLUMNS
};

/* clang-format off */
static stat_tap_table_item columns[NUM_COLUMNS] = {
    {TABLE_ITEM_UINT,   TAP_ALIGN_LEFT,  "Stream",           "%6u"},
    {TABLE_ITEM_STRING, TAP_ALIGN_LEFT,  "From",             "%-9s"},
    {TABLE_ITEM_STRING, TAP_ALIGN_LEFT,  "Sender",           "%-21s"},
    {TABLE_ITEM_UINT,   TAP_ALIGN_RIGHT, "Messages",         "%8u"},
    {TABLE_ITEM_UINT,   TAP_ALIGN_RIGHT, "Counts",           "%6u"},
    {TABLE_ITEM_UINT,   TAP_ALIGN_RIGHT, "Acknowledged",     "%12u"},
    {TABLE_ITEM_STRING, TAP_ALIGN_RIGHT, "Unacknowledged",   "%14s"},
    {TABLE_ITEM_UINT,   TAP_ALIGN_RIGHT, "Most outstanding", "%16u"},
    {TABLE_ITEM_STRING, TAP_ALIGN_RIGHT, "Minimum (s)",      "%14s"},
    {TABLE_ITEM_STRING, TAP_ALIGN_RIGHT, "Average (s)",      "%14s"},
    {TABLE_ITEM_STRING, TAP_ALIGN_RIGHT, "Median (s)",       "%14s"},
    {TABLE_ITEM_STRING, TAP_ALIGN_RIGHT, "95% (s)",          "%14s"},
    {TABLE_ITEM_STRING, TAP_ALIGN_RIGHT, "Maximum (s)",      "%14s"}};
/* clang-format on */

#define NS_PER_S 1e9

/* Of one direction of a connection. */
struct ack_counts {
    struct grvsstp_row row;
    uint32_t num_messages, num_counts;
    uint32_t num_acknowledged;
    uint32_t most_outstanding;
    struct grvsstp_outstanding outstanding; /* of both directions */
    double sum_ns;
    int64_t min_ns, max_ns;
    struct grvsstp_quantile median, percentile_95;
};

static void clear_counts(void *row)
{
    struct ack_counts *counts = row;
    grvsstp_quantile_clear(&counts->median);
    grvsstp_quantile_clear(&counts->percentile_95);
}

static struct ack_counts *counts_of(struct grvsstp_table *table, const packet_info *pinfo,
                                    const struct grvsstp_tap *tap, bool from_initiator)
{
    const uint32_t stream = tap->connection->number;
    bool is_new;
    struct ack_counts *counts =
        grvsstp_table_row(table, (uint64_t)stream * 2 + (from_initiator ? 0 : 1), &is_new);

    if (is_new) {
        counts->median.permille = 500;
        counts->percentile_95.permille = 950;
        grvsstp_row_number(&counts->row, STREAM, stream);
        grvsstp_row_text(&counts->row, DIRECTION, from_initiator ? "initiator" : "acceptor");
        grvsstp_row_text(&counts->row, SENDER, grvsstp_peer_text(pinfo, tap, from_initiator));
    }
    return counts;
}

static void add_latency(struct ack_counts *counts, int64_t ns)
{
    if (counts->num_acknowledged == 0 || ns < counts->min_ns)
        counts->min_ns = ns;
    if (counts->num_acknowledged == 0 || ns > counts->max_ns)
        counts->max_ns = ns;
    counts->num_acknowledged++;
    counts->sum_ns += (double)ns;
    grvsstp_quantile_add(&counts->median, ns);
    grvsstp_quantile_add(&counts->percentile_95, ns);
}

/* The time between two moments.  Frames are not always in the order of time, and the
 * times of a file can be anything. */
static int64_t time_between(int64_t from_ns, int64_t to_ns)
{
    const int64_t ns = (int64_t)((uint64_t)to_ns - (uint64_t)from_ns);
    return ns == INT64_MIN ? INT64_MAX : ns;
}

static void show_latency(struct ack_counts *counts)
{
    struct grvsstp_row *row = &counts->row;
    const uint32_t num = counts->num_acknowledged;

    if (num == 0)
        return;
    grvsstp_row_seconds(row, MINIMUM, (double)counts->min_ns / NS_PER_S);
    grvsstp_row_seconds(row, AVERAGE, counts->sum_ns / num / NS_PER_S);
    grvsstp_row_seconds(row, MEDIAN, (double)grvsstp_quantile_value(&counts->median) / NS_PER_S);
    grvsstp_row_seconds(row, PERCENTILE_95,
                        (double)grvsstp_quantile_value(&counts->percentile_95) / NS_PER_S);
    grvsstp_row_seconds(row, MAXIMUM, (double)counts->max_ns / NS_PER_S);
}

static void show_outstanding(struct ack_counts *counts, bool direction)
{
    if (counts->outstanding.is_known[direction])
        grvsstp_row_big_number(&counts->row, UNACKNOWLEDGED, counts->outstanding.num[direction]);
    else
        grvsstp_row_text(&counts->row, UNACKNOWLEDGED, NULL);
}

/* A message of this direction. */
static void note_message(struct ack_counts *counts, const struct grvsstp_tap *tap,
                         const struct grvsstp_tapped_command *tapped)
{
    const bool direction = tap->from_initiator;

    counts->num_messages++;
    grvsstp_outstanding_note(&counts->outstanding, tap, tapped);
    if (counts->outstanding.is_known[direction] &&
        counts->outstanding.num[direction] > counts->most_outstanding)
        counts->most_outstanding = counts->outstanding.num[direction];
    grvsstp_row_number(&counts->row, MESSAGES, counts->num_messages);
    grvsstp_row_number(&counts->row, MOST_OUTSTANDING, counts->most_outstanding);
    show_outstanding(counts, direction);
}

/* An acknowledgement of messages of this direction, which the other one sent. */
static void note_acknowledgement(struct ack_counts *counts, const struct grvsstp_tap *tap,
                                 const struct grvsstp_tapped_command *tapped,
                                 const struct sstp_observed_acknowledgement *acknowledgement)
{
    const bool direction = !tap->from_initiator;
    const struct sstp_observer *observer = &tap->connection->states->observer;

    counts->num_counts++;
    for (uint32_t i = 0; i < acknowledgement->covered; i++) {
        const struct sstp_observed_entry entry =
            sstp_observer_entry(observer, direction, acknowledgement->first + i);
        add_latency(counts, time_between(entry.time_ns, acknowledgement->time_ns));
    }
    grvsstp_outstanding_note(&counts->outstanding, tap, tapped);
    grvsstp_row_number(&counts->row, COUNTS, counts->num_counts);
    grvsstp_row_number(&counts->row, ACKNOWLEDGED, counts->num_acknowledged);
    show_outstanding(counts, direction);
    show_latency(counts);
}

static tap_packet_status count(void *tapdata, packet_info *pinfo, epan_dissect_t *edt,
                               const void *data, tap_flags_t flags)
{
    struct grvsstp_table *table = grvsstp_table_of(tapdata);
    const struct grvsstp_tap *tap = data;
    const bool direction = tap->from_initiator;
    bool has_changed = false;

    (void)edt;
    (void)flags;
    for (unsigned i = 0; i < tap->num_commands; i++) {
        const struct grvsstp_tapped_command *tapped = &tap->commands[i];
        struct sstp_observed_acknowledgement acknowledgement;
        const bool acknowledges = grvsstp_acknowledgement(tap, tapped, &acknowledgement);
        if (acknowledges)
            note_acknowledgement(counts_of(table, pinfo, tap, !direction), tap, tapped,
                                 &acknowledgement);
        if (tapped->command.id == SSTP_END_MESSAGE)
            note_message(counts_of(table, pinfo, tap, direction), tap, tapped);
        has_changed |= acknowledges || tapped->command.id == SSTP_END_MESSAGE;
    }
    return has_changed ? TAP_PACKET_REDRAW : TAP_PACKET_DONT_REDRAW;
}

static struct grvsstp_table table = {.ui = {.title = "Groove SSTP Acknowledgement",
                                            .cli_string = "grvsstp,acks",
                                            .packet_func = count,
                                            .nfields = NUM_COLUMNS,
                                            .fields = columns},
                                     .row_size = sizeof(struct ack_counts),
                                     .clear_row = clear_counts};

void grvsstp_acks_table_register(void)
{
    grvsstp_table_register(&table);
}
