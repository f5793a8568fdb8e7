/* SPDX-License-Identifier: GPL-2.0-or-later */
/* journeys.c: `-z grvsstp,journeys`, a line for each message of the capture, whatever carried it:
 * its way, and who has it. */
#include "statistics/parts.h"
#include "statistics/table.h"

enum column {
    JOURNEY,
    FRAME, /* of the first EndMessage */
    SENDER,
    RESOURCE_URL,
    HOPS,
    LEGS, /* EndMessages, attempts and other sights included */
    CERTAINTY,
    RECIPIENTS,
    DELIVERED,
    STATE,
    HOLDERS,           /* of what is not delivered */
    LAST_ACKNOWLEDGED, /* after the first EndMessage */
    NUM_COLUMNS
};

/* clang-format off */
static stat_tap_table_item columns[NUM_COLUMNS] = {
    {TABLE_ITEM_UINT,   TAP_ALIGN_LEFT,  "Journey",               "%7u"},
    {TABLE_ITEM_UINT,   TAP_ALIGN_RIGHT, "Frame",                 "%7u"},
    {TABLE_ITEM_STRING, TAP_ALIGN_LEFT,  "Sender",                "%-24s"},
    {TABLE_ITEM_STRING, TAP_ALIGN_LEFT,  "ResourceURL",           "%-20s"},
    {TABLE_ITEM_UINT,   TAP_ALIGN_RIGHT, "Hops",                  "%4u"},
    {TABLE_ITEM_UINT,   TAP_ALIGN_RIGHT, "Legs",                  "%4u"},
    {TABLE_ITEM_STRING, TAP_ALIGN_LEFT,  "Certainty",             "%-9s"},
    {TABLE_ITEM_UINT,   TAP_ALIGN_RIGHT, "Recipients",            "%10u"},
    {TABLE_ITEM_UINT,   TAP_ALIGN_RIGHT, "Delivered",             "%9u"},
    {TABLE_ITEM_STRING, TAP_ALIGN_LEFT,  "State",                 "%-20s"},
    {TABLE_ITEM_STRING, TAP_ALIGN_LEFT,  "Undelivered is with",   "%-32s"},
    {TABLE_ITEM_STRING, TAP_ALIGN_RIGHT, "Last acknowledged (s)", "%21s"}};
/* clang-format on */

#define NS_PER_S 1e9
#define TEXT_SIZE 64u
#define HOLDERS_NAMED 3u

static struct grvsstp_table table;

struct journey {
    struct grvsstp_row row;
    uint32_t journey;
    uint32_t num_hops, num_legs;
    bool is_likely;
    int64_t begin_ns, acknowledged_ns; /* INT64_MIN: not so far */
};

static void set_span(struct journey *journey, enum column column, struct sstp_span span)
{
    char *from_wire = span.len > 0 ? g_strndup((const char *)span.data, span.len) : g_strdup("");
    char text[TEXT_SIZE];

    grvsstp_plain_text(text, sizeof text, from_wire);
    grvsstp_row_text(&journey->row, (unsigned)column, text);
    g_free(from_wire);
}

/* ------------------------------------------------------------------------
 * What the whole capture tells
 */

struct summary {
    unsigned num_delivered;
    unsigned outcomes; /* bits */
    unsigned num_holders;
    struct sstp_span holders[HOLDERS_NAMED]; /* different ones */
};

static void sum_up(void *cookie, const struct sstp_story_branch *branch)
{
    struct summary *summary = cookie;

    summary->outcomes |= 1u << branch->outcome;
    summary->num_delivered += branch->outcome == SSTP_STORY_DELIVERED;
    if (branch->outcome == SSTP_STORY_DELIVERED || branch->holder.len == 0)
        return;
    for (unsigned i = 0; i < summary->num_holders; i++)
        if (sstp_span_is_equal(summary->holders[i], branch->holder))
            return;
    if (summary->num_holders < HOLDERS_NAMED)
        summary->holders[summary->num_holders++] = branch->holder;
}

static void show_summary(struct journey *journey)
{
    GString *states = g_string_new(NULL), *holders = g_string_new(NULL);
    struct summary summary = {.num_delivered = 0};
    const unsigned num = sstp_story_branches(grvsstp_story(), journey->journey,
                                             SSTP_STORY_RECIPIENTS_MAX, sum_up, &summary);

    for (int outcome = 0; outcome < SSTP_STORY_OUTCOMES; outcome++)
        if ((summary.outcomes & 1u << outcome) != 0)
            g_string_append_printf(states, "%s%s", states->len > 0 ? ", " : "",
                                   sstp_story_outcome_name((enum sstp_story_outcome)outcome));
    for (unsigned i = 0; i < summary.num_holders; i++)
        g_string_append_printf(holders, "%s%.*s", i > 0 ? ", " : "", (int)summary.holders[i].len,
                               (const char *)summary.holders[i].data);
    grvsstp_row_number(&journey->row, RECIPIENTS, num);
    grvsstp_row_number(&journey->row, DELIVERED, summary.num_delivered);
    grvsstp_row_text(&journey->row, STATE, states->str);
    set_span(journey, HOLDERS, sstp_span(holders->str, holders->len));
    g_string_free(states, TRUE);
    g_string_free(holders, TRUE);
}

/* ------------------------------------------------------------------------
 * What each frame tells
 */

static struct journey *journey_of(struct grvsstp_table *shown, uint32_t leg,
                                  struct sstp_story_leg *told)
{
    bool is_new;

    /* Of the first pass, what the whole capture tells comes with its end. */
    sstp_story_leg(grvsstp_story(), leg, told);
    if (told->journey == SSTP_STORY_NONE)
        return NULL;
    struct journey *journey = grvsstp_table_row(shown, told->journey, &is_new);
    if (is_new) {
        journey->journey = told->journey;
        journey->begin_ns = journey->acknowledged_ns = INT64_MIN;
        grvsstp_row_number(&journey->row, JOURNEY, told->journey);
        if (sstp_story_is_finished(grvsstp_story()))
            show_summary(journey);
    }
    return journey;
}

static void show_delay(struct journey *journey)
{
    if (journey->begin_ns == INT64_MIN || journey->acknowledged_ns == INT64_MIN)
        return;
    grvsstp_row_seconds(&journey->row, LAST_ACKNOWLEDGED,
                        (double)(journey->acknowledged_ns - journey->begin_ns) / NS_PER_S);
}

static void note_leg(struct grvsstp_table *shown, const packet_info *pinfo, uint32_t leg)
{
    struct sstp_story_leg told;
    struct journey *journey = journey_of(shown, leg, &told);

    if (journey == NULL)
        return;
    if (journey->num_legs++ == 0) {
        journey->begin_ns = grvsstp_states_time(pinfo);
        grvsstp_row_number(&journey->row, FRAME, pinfo->num);
        set_span(journey, SENDER, told.sender);
        set_span(journey, RESOURCE_URL, told.resource_url);
    }
    journey->num_hops = MAX(journey->num_hops, told.hop + 1);
    journey->is_likely |= told.certainty == SSTP_STORY_LIKELY;
    grvsstp_row_number(&journey->row, HOPS, journey->num_hops);
    grvsstp_row_number(&journey->row, LEGS, journey->num_legs);
    if (journey->num_legs > 1)
        grvsstp_row_text(&journey->row, CERTAINTY, journey->is_likely ? "likely" : "certain");
    show_delay(journey);
}

static void note_acknowledgement(struct grvsstp_table *shown, const struct grvsstp_tap *tap,
                                 const struct sstp_observed_acknowledgement *acknowledgement)
{
    const struct sstp_observer *observer = &tap->connection->states->observer;

    for (uint32_t i = 0; i < acknowledgement->covered; i++) {
        const struct sstp_observed_entry entry =
            sstp_observer_entry(observer, !tap->from_initiator, acknowledgement->first + i);
        const uint32_t leg = entry.message != UINT32_MAX
                                 ? grvsstp_journeys_leg(tap->connection->states->journeys,
                                                        !tap->from_initiator, entry.message)
                                 : SSTP_STORY_NONE;
        struct sstp_story_leg told;
        struct journey *journey = leg != SSTP_STORY_NONE ? journey_of(shown, leg, &told) : NULL;
        if (journey == NULL)
            continue;
        journey->acknowledged_ns = MAX(journey->acknowledged_ns, acknowledgement->time_ns);
        show_delay(journey);
    }
}

static void finish_row(void *row)
{
    if (grvsstp_story() != NULL)
        show_summary(row);
}

void grvsstp_journeys_table_finish(void)
{
    grvsstp_table_for_each(&table, finish_row);
}

static tap_packet_status count(void *tapdata, packet_info *pinfo, epan_dissect_t *edt,
                               const void *data, tap_flags_t flags)
{
    struct grvsstp_table *shown = grvsstp_table_of(tapdata);
    const struct grvsstp_tap *tap = data;
    bool has_changed = false;

    (void)edt;
    (void)flags;
    grvsstp_table_finish_before_drawing(shown);
    for (unsigned i = 0; i < tap->num_commands; i++) {
        const struct grvsstp_tapped_command *tapped = &tap->commands[i];
        struct sstp_observed_acknowledgement acknowledgement;
        const bool acknowledges = grvsstp_acknowledgement(tap, tapped, &acknowledgement);
        const uint32_t leg = grvsstp_ended_leg(tap, tapped);
        if (acknowledges)
            note_acknowledgement(shown, tap, &acknowledgement);
        if (leg != SSTP_STORY_NONE)
            note_leg(shown, pinfo, leg);
        has_changed |= acknowledges || leg != SSTP_STORY_NONE;
    }
    return has_changed ? TAP_PACKET_REDRAW : TAP_PACKET_DONT_REDRAW;
}

static struct grvsstp_table table = {.ui = {.title = "Groove SSTP Journeys",
                                            .cli_string = "grvsstp,journeys",
                                            .packet_func = count,
                                            .nfields = NUM_COLUMNS,
                                            .fields = columns},
                                     .row_size = sizeof(struct journey),
                                     .finish_row = finish_row};

void grvsstp_journeys_table_register(void)
{
    grvsstp_table_register(&table);
}
