/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "record/journeys.h"

#include "core/mnemonics.h"

/* Recipients of a journey that are told one by one. */
#define BRANCHES_OF_ONE_MAX 4096u

/* From the numbers of the story to those of the report. */
struct telling {
    struct report *report;
    const struct journeys_source *source;
    struct sstp_story *story;
    guint32 *hops;     /* by leg: index in the report */
    guint32 *messages; /* by leg: likewise */
    guint32 num_legs;
};

static guint32 hop_of(const struct telling *telling, guint32 leg)
{
    return leg < telling->num_legs ? telling->hops[leg] : REPORT_NONE;
}

static const char *keep(struct telling *telling, struct sstp_span text)
{
    return report_string(telling->report, text.data, text.len);
}

/* ------------------------------------------------------------------------
 * Messages
 */

static guint32 *find_messages(const struct report *report, guint32 num_legs)
{
    guint32 *messages = g_new(guint32, MAX(num_legs, 1));

    for (guint32 i = 0; i < num_legs; i++)
        messages[i] = REPORT_NONE;
    for (guint i = 0; i < report->messages->len; i++) {
        const guint32 leg = REPORT_AT(report->messages, struct report_message, i)->leg;
        if (leg < num_legs)
            messages[leg] = i;
    }
    return messages;
}

/* ------------------------------------------------------------------------
 * Hops
 */

static void add_hop(struct telling *telling, guint32 leg, guint32 journey)
{
    const struct journeys_source *source = telling->source;
    struct report *report = telling->report;
    struct sstp_story_leg told;

    sstp_story_leg(telling->story, leg, &told);
    /* What a display filter has kept away is not told. */
    if (told.connection >= source->num_rows || source->rows[told.connection] == REPORT_NONE ||
        report_frame(report, told.label) == NULL)
        return;
    struct report_hop *hop = report_add(report, report->hops, REPORT_HOPS_MAX);
    if (hop == NULL)
        return;
    telling->hops[leg] = report->hops->len - 1;
    *hop = (struct report_hop){
        .journey = journey,
        .connection = source->rows[told.connection],
        .message = telling->messages[leg],
        .number = told.hop,
        .frame = told.label,
        .acked_frame = told.acknowledged_label,
        .t_ns = told.time_ns,
        .acked_ns = told.acknowledged_ns,
        .from = told.from, /* legs, until all hops are there */
        .attempt_of = told.attempt_of,
        .sight_of = told.sight_of,
        .passage = told.passage,
        .certainty = told.certainty,
        .from_initiator = told.from_initiator,
        .sender = keep(telling, told.sender),
        .receiver = keep(telling, told.receiver),
    };
    if (hop->message != REPORT_NONE)
        REPORT_AT(report->messages, struct report_message, hop->message)->hop = telling->hops[leg];
}

static void settle_hops(struct telling *telling)
{
    GArray *hops = telling->report->hops;

    for (guint i = 0; i < hops->len; i++) {
        struct report_hop *hop = REPORT_AT(hops, struct report_hop, i);
        hop->from = hop_of(telling, hop->from);
        hop->attempt_of = hop_of(telling, hop->attempt_of);
        hop->sight_of = hop_of(telling, hop->sight_of);
    }
}

/* ------------------------------------------------------------------------
 * Branches
 */

static const char *reason_of(struct telling *telling, const struct sstp_story_branch *branch)
{
    const gboolean is_status = branch->refusal == SSTP_STORY_BY_STATUS;
    const char *what = is_status ? "SessionStatus" : "OpenResponse";
    const char *name = is_status ? sstp_session_status_name(branch->reason)
                                 : sstp_open_response_name(branch->reason);
    char text[64];

    if (branch->refusal == SSTP_STORY_NOT_REFUSED)
        return NULL;
    if (name != NULL)
        g_snprintf(text, sizeof text, "%s %s", what, name);
    else
        g_snprintf(text, sizeof text, "%s 0x%02x", what, branch->reason);
    return report_string(telling->report, text, strlen(text));
}

static void add_branch(void *cookie, const struct sstp_story_branch *told)
{
    struct telling *telling = cookie;
    struct report *report = telling->report;
    struct report_branch *branch = report_add(report, report->branches, REPORT_BRANCHES_MAX);

    if (branch == NULL)
        return;
    *branch = (struct report_branch){
        .identity_url = keep(telling, told->identity_url),
        .device_url = keep(telling, told->device_url),
        .relay_url = keep(telling, told->relay_url),
        .outcome = told->outcome,
        .reason = reason_of(telling, told),
        .certainty = told->certainty,
        .hop = hop_of(telling, told->leg),
        .holder = keep(telling, told->holder),
        .since_ns = told->since_ns,
    };
}

/* ------------------------------------------------------------------------
 * Journeys
 */

/* Legs sorted by their journey, and within one by time: what the story does not list is not
 * looked for again for each of them. */
struct place {
    guint32 journey, leg;
    gint64 t_ns;
};

static gint compare_places(gconstpointer a, gconstpointer b)
{
    const struct place *left = a, *right = b;

    if (left->journey != right->journey)
        return left->journey < right->journey ? -1 : 1;
    if (left->t_ns != right->t_ns)
        return left->t_ns < right->t_ns ? -1 : 1;
    return left->leg < right->leg ? -1 : left->leg > right->leg;
}

static GArray *sort_legs(struct telling *telling)
{
    GArray *places = g_array_new(FALSE, FALSE, sizeof(struct place));
    struct sstp_story_leg told;

    for (guint32 leg = 0; leg < telling->num_legs; leg++) {
        sstp_story_leg(telling->story, leg, &told);
        const struct place place = {told.journey, leg, told.time_ns};
        if (told.journey != SSTP_STORY_NONE)
            g_array_append_val(places, place);
    }
    g_array_sort(places, compare_places);
    return places;
}

static void add_journey(struct telling *telling, const struct place *places, guint num)
{
    struct report *report = telling->report;
    struct report_journey *journey = report_add(report, report->journeys, REPORT_HOPS_MAX);

    if (journey == NULL)
        return;
    const guint32 index = report->journeys->len - 1;
    journey->first_hop = report->hops->len;
    for (guint i = 0; i < num; i++)
        add_hop(telling, places[i].leg, index);
    journey->num_hops = report->hops->len - journey->first_hop;
    if (journey->num_hops == 0) {
        g_array_set_size(report->journeys, index);
        return;
    }
    journey->first_branch = report->branches->len;
    (void)sstp_story_branches(telling->story, places[0].journey, BRANCHES_OF_ONE_MAX, add_branch,
                              telling);
    journey->num_branches = report->branches->len - journey->first_branch;
    journey->outcomes = sstp_story_outcomes(telling->story, places[0].journey);
    journey->last_ns = G_MININT64;
    for (guint i = 0; i < journey->num_hops; i++) {
        const struct report_hop *hop =
            REPORT_AT(report->hops, struct report_hop, journey->first_hop + i);
        journey->last_ns = MAX(journey->last_ns, MAX(hop->t_ns, hop->acked_ns));
    }
}

void journeys_tell(struct report *report, const struct journeys_source *source)
{
    struct telling telling = {.report = report, .source = source, .story = source->story};
    guint begin = 0;

    telling.num_legs = sstp_story_num_legs(telling.story);
    telling.hops = g_new(guint32, MAX(telling.num_legs, 1));
    for (guint32 i = 0; i < telling.num_legs; i++)
        telling.hops[i] = REPORT_NONE;
    telling.messages = find_messages(report, telling.num_legs);
    GArray *places = sort_legs(&telling);
    for (guint i = 1; i <= places->len; i++) {
        if (i < places->len && REPORT_AT(places, struct place, i)->journey ==
                                   REPORT_AT(places, struct place, begin)->journey)
            continue;
        add_journey(&telling, REPORT_AT(places, struct place, begin), i - begin);
        begin = i;
    }
    settle_hops(&telling);
    if (sstp_story_is_full(telling.story))
        report->num_left_out++;
    g_array_free(places, TRUE);
    g_free(telling.hops);
    g_free(telling.messages);
}
