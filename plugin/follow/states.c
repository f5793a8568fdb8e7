/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "follow/states.h"

#include "core/decode.h"
#include "follow/memory.h"
#include "follow/message.h"

#define SECONDS_MAX INT64_C(4000000000) /* the year 2096 */

static grvsstp_bool are_followed = true;
static grvsstp_bool is_nothing_outstanding;

void grvsstp_states_register_preferences(module_t *module)
{
    prefs_register_bool_preference(
        module, "follow_states", "Follow states and acknowledgement",
        "Follow the states of connections and sessions and the acknowledgement counts",
        &are_followed);
    prefs_register_bool_preference(
        module, "assume_nothing_outstanding",
        "Assume that nothing was outstanding where the capture begins",
        "Number and attribute the messages of a connection whose Connect was not captured, as if "
        "all that was sent before had been acknowledged",
        &is_nothing_outstanding);
}

/* Of the whole capture. */
static struct sstp_returns returns;
static const struct sstp_returns_judge *judge; /* of another process; NULL */

void grvsstp_states_leave_returns(const struct sstp_returns_judge *who)
{
    judge = who;
    returns.judge = who;
}

void grvsstp_states_reset(void)
{
    memset(&returns, 0, sizeof returns);
    returns.judge = judge;
}

struct grvsstp_states *grvsstp_states_new(uint32_t number)
{
    if (!are_followed)
        return NULL;
    struct grvsstp_states *states = wmem_new(wmem_file_scope(), struct grvsstp_states);
    sstp_observer_init(&states->observer, &grvsstp_file_scope,
                       is_nothing_outstanding ? SSTP_OBSERVER_LATE_TRUSTING : SSTP_OBSERVER_LATE);
    sstp_observer_share_returns(&states->observer, &returns);
    for (int i = 0; i < 2; i++)
        sstp_journal_init(&states->journals[i], &states->observer, i != 0);
    states->doubts = NULL;
    states->journeys = grvsstp_journeys_new(number);
    return states;
}

void grvsstp_states_start(struct grvsstp_states *states)
{
    if (states == NULL)
        return;
    sstp_observer_init(&states->observer, &grvsstp_file_scope, SSTP_OBSERVER_FROM_START);
    sstp_observer_share_returns(&states->observer, &returns);
}

void grvsstp_states_begin_chunk(struct grvsstp_states *states, bool from_initiator, uint32_t frame,
                                uint32_t key)
{
    if (states != NULL)
        sstp_journal_begin_chunk(&states->journals[from_initiator], frame, key);
}

void grvsstp_states_gap(struct grvsstp_states *states)
{
    if (states == NULL)
        return;
    sstp_observer_gap(&states->observer);
    grvsstp_journeys_gap(states->journeys);
}

void grvsstp_states_doubt(struct grvsstp_states *states, uint32_t first, uint32_t last)
{
    const struct grvsstp_doubt doubt = {first, last};

    if (states == NULL)
        return;
    if (states->doubts == NULL)
        states->doubts = wmem_array_new(wmem_file_scope(), sizeof doubt);
    if (wmem_array_get_count(states->doubts) < GRVSSTP_DOUBTS_MAX)
        wmem_array_append_one(states->doubts, doubt);
}

bool grvsstp_states_are_connecting(const struct grvsstp_states *states)
{
    return states != NULL && states->observer.state == SSTP_CONNECTION_CONNECTING;
}

void grvsstp_states_end(struct grvsstp_states *states)
{
    if (states == NULL)
        return;
    sstp_observer_transport_end(&states->observer);
    grvsstp_journeys_end(states->journeys);
}

int64_t grvsstp_states_time(const packet_info *pinfo)
{
    /* A file may claim any time; differences have to fit, too. */
    const int64_t secs = CLAMP((int64_t)pinfo->abs_ts.secs, -SECONDS_MAX, SECONDS_MAX);
    return secs * 1000000000 + pinfo->abs_ts.nsecs;
}

/* Told of a finding of a command's bytes. */
static void note_finding(void *cookie, enum sstp_finding finding, size_t offset, size_t len)
{
    (void)finding;
    (void)offset;
    (void)len;
    *(bool *)cookie = true;
}

/* Whether all that its bytes break shows without a tree, in any version; the others are rare. */
static bool is_judged_by_bytes(uint8_t id)
{
    return id == SSTP_MESSAGE || id == SSTP_DATA || id == SSTP_END_MESSAGE || id == SSTP_NOOP ||
           id == SSTP_OPEN || id == SSTP_OPEN_RESPONSE || id == SSTP_CLOSE;
}

bool grvsstp_states_command(struct grvsstp_states *states, bool from_initiator,
                            enum sstp_version form, const struct sstp_order_item *item,
                            bool may_wait)
{
    const struct sstp_span bytes = item->bytes;
    const struct sstp_command_info *info =
        bytes.len >= SSTP_HEADER_LEN ? sstp_command_info(bytes.data[0]) : NULL;
    struct sstp_observation seen;
    struct sstp_command command;
    bool is_marked = true;

    if (states == NULL)
        return true;
    if (info != NULL && bytes.len >= info->min_length) {
        const struct sstp_observed_place place = {item->frame, item->time_ns};
        const struct sstp_observed_knowledge knowledge = {item->position, item->known};
        const struct sstp_visitor visitor = {.finding = note_finding, .cookie = &is_marked};
        is_marked = !is_judged_by_bytes(bytes.data[0]);
        (void)sstp_command_decode(bytes, form, &visitor, &command);
        is_marked |= grvsstp_is_mime(command.data);
        if (!sstp_observer_take(&states->observer, from_initiator, &command, place,
                                item->known != 0 ? &knowledge : NULL, may_wait, &seen))
            return false;
        grvsstp_journeys_command(states->journeys, from_initiator, &command, item,
                                 &states->observer, &seen);
    } else {
        memset(&seen, 0, sizeof seen);
        /* Whom it concerns is not there to read, and be it a Data: which message is its? */
        if (bytes.len < SSTP_HEADER_LEN || info != NULL)
            grvsstp_states_gap(states);
    }
    sstp_journal_add(&states->journals[from_initiator], &seen);
    if (is_marked)
        sstp_journal_mark(&states->journals[from_initiator]);
    return true;
}
