/* SPDX-License-Identifier: GPL-2.0-or-later */
/* town_judge.c: what the story says, beside what is true. */
#include "town_people.h"

static const struct true_leg *truth_of(const struct town *town, uint32_t leg)
{
    return &g_array_index(town->legs, struct true_leg, leg);
}

static bool is_right(const struct town *town, uint32_t leg, const struct sstp_story_leg *told)
{
    const struct true_leg *truth = truth_of(town, leg);

    if (told->attempt_of != leg && truth_of(town, told->attempt_of)->hop != truth->hop)
        return false;
    return told->from == SSTP_STORY_NONE ||
           truth_of(town, told->from)->hop == town_parent(town, truth->hop);
}

/* A leg that nothing could be said of, and all others of its message. */
static void trace_open(const struct town *town, uint32_t leg, const struct sstp_story_leg *told)
{
    const struct true_leg *truth = truth_of(town, leg);
    g_printerr("open leg %u: message %u %.*s -> %.*s pass %d conn %u;", leg, truth->message,
               (int)told->sender.len, told->sender.data, (int)told->receiver.len,
               told->receiver.data, told->passage, told->connection);
    for (uint32_t k = 0; k < town->legs->len; k++)
        if (truth_of(town, k)->message == truth->message) {
            struct sstp_story_leg o;
            sstp_story_leg(town->tale.story, k, &o);
            g_printerr(" [%u %.*s->%.*s cert %d from %d pass %d conn %u]", k, (int)o.sender.len,
                       o.sender.data, (int)o.receiver.len, o.receiver.data, o.certainty,
                       (int)o.from, o.passage, o.connection);
        }
    g_printerr("\n");
}

void town_judge_legs(const struct town *town, struct town_result *result)
{
    for (uint32_t leg = 0; leg < town->legs->len; leg++) {
        const struct true_leg *truth = truth_of(town, leg);
        struct sstp_story_leg told;
        sstp_story_leg(town->tale.story, leg, &told);
        struct town_count *count =
            &result->counts[g_array_index(town->messages, struct message, truth->message).repeats];
        const bool right = is_right(town, leg, &told);
        const bool begins = town_parent(town, truth->hop) == UINT32_MAX;
        result->num_attempts += told.attempt_of != leg;
        count->certain += told.certainty == SSTP_STORY_CERTAIN;
        count->likely += told.certainty == SSTP_STORY_LIKELY;
        count->open += told.certainty == SSTP_STORY_OPEN && !begins;
        count->certain_wrong += told.certainty == SSTP_STORY_CERTAIN && !right;
        count->likely_wrong += told.certainty == SSTP_STORY_LIKELY && !right;
        if (!begins && told.certainty == SSTP_STORY_OPEN && g_getenv("TOWN_OPEN") != NULL &&
            !g_array_index(town->messages, struct message, truth->message).repeats)
            trace_open(town, leg, &told);
        if (told.certainty == SSTP_STORY_CERTAIN && !right && g_getenv("TOWN_TRACE") != NULL)
            g_printerr("leg %u: message %u \"%s\", from %u, attempt of %u\n", leg, truth->message,
                       g_array_index(town->messages, struct message, truth->message).text,
                       told.from, told.attempt_of);
    }
}

struct judging {
    const struct town *town;
    const struct message *message;
    struct town_count *count;
    uint32_t journey;
};

/* What is claimed surely of a recipient; where the capture has all up to its end, also the other
 * way round. */
static void judge_branch(void *cookie, const struct sstp_story_branch *branch)
{
    struct judging *judging = cookie;
    const struct town_config *config = judging->town->config;
    const bool has_all = !config->lacks_connections && !config->begins_late;

    for (unsigned i = 0; i < judging->message->num; i++) {
        const struct party *recipient = judging->message->recipients[i];
        if (!sstp_span_is_equal(branch->device_url, sstp_span_of_string(recipient->name)))
            continue;
        const bool is_delivered = judging->message->is_delivered[i];
        judging->count->delivered += is_delivered;
        judging->count->delivered_seen += branch->outcome == SSTP_STORY_DELIVERED;
        if (branch->certainty != SSTP_STORY_CERTAIN)
            continue;
        const bool is_wrong =
            branch->outcome == SSTP_STORY_DELIVERED ? !is_delivered : has_all && is_delivered;
        judging->count->outcomes++;
        judging->count->outcomes_wrong += is_wrong;
        if (is_wrong && g_getenv("TOWN_TRACE") != NULL)
            g_printerr("journey %u, \"%s\", to %s: %s, leg %u\n", judging->journey,
                       judging->message->text, recipient->name,
                       sstp_story_outcome_name(branch->outcome), branch->leg);
    }
}

void town_judge_journeys(const struct town *town, struct town_result *result)
{
    for (uint32_t i = 0; i < sstp_story_num_journeys(town->tale.story); i++) {
        const uint32_t root = sstp_story_journey(town->tale.story, i);
        if (root == SSTP_STORY_NONE)
            continue;
        const struct true_leg *truth = truth_of(town, root);
        const struct message *message =
            &g_array_index(town->messages, struct message, truth->message);
        struct judging judging = {town, message, &result->counts[message->repeats], i};
        if (town_parent(town, truth->hop) == UINT32_MAX)
            sstp_story_branches(town->tale.story, i, UINT32_MAX, judge_branch, &judging);
        result->num_journeys++;
    }
}
