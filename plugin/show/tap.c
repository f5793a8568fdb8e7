/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show/tap.h"

#include <epan/tap.h>

#include "show/selection.h"

int grvsstp_tap;
int grvsstp_tap_follow;
int grvsstp_tap_findings;

_Static_assert(SSTP_FINDING_COUNT <= 64, "a finding is a bit");

void grvsstp_taps_register(void)
{
    grvsstp_tap = register_tap("grvsstp");
    grvsstp_tap_follow = register_tap("grvsstp_follow");
    grvsstp_tap_findings = register_tap("grvsstp_findings");
}

void grvsstp_tapping_begin(struct grvsstp_tapping *tapping, const packet_info *pinfo, uint32_t key)
{
    tapping->key = key;
    tapping->num_shown = 0;
    tapping->findings = 0;
    tapping->is_wanted = have_tap_listener(grvsstp_tap);
    tapping->commands = tapping->is_wanted
                            ? wmem_array_new(pinfo->pool, sizeof(struct grvsstp_tapped_command))
                            : NULL;
}

bool grvsstp_tapping_is_wanted(const struct grvsstp_tapping *tapping)
{
    return tapping->is_wanted || have_tap_listener(grvsstp_tap_follow);
}

/* The payload of a Data, for who follows the stream. */
static void follow(const struct grvsstp_place *place, const struct sstp_command *command)
{
    const struct sstp_span data = command->data;

    if (command->id != SSTP_DATA || data.len == 0 || !have_tap_listener(grvsstp_tap_follow))
        return;
    struct grvsstp_followed *followed = wmem_new(place->pinfo->pool, struct grvsstp_followed);
    *followed = (struct grvsstp_followed){place->connection->number, place->from_initiator,
                                          command->session_id, data};
    tap_queue_packet(grvsstp_tap_follow, place->pinfo, followed);
}

void grvsstp_tapping_add(struct grvsstp_tapping *tapping, const struct grvsstp_place *place,
                         const struct sstp_command *command, const struct grvsstp_found *found,
                         uint64_t findings)
{
    const struct grvsstp_split *split = found->split;
    const uint32_t ordinal = tapping->num_shown++;

    grvsstp_selection_note(place, command);
    follow(place, command);
    if (!tapping->is_wanted)
        return;
    struct grvsstp_tapped_command tapped = {
        .command = *command,
        .bytes = found->bytes,
        .is_whole = found->bytes.len >= command->length,
        .has_states = found->seen != NULL,
        .findings = findings,
        .ordinal = ordinal,
        .first_frame = split != NULL && split->contributions.first != NULL
                           ? split->contributions.first->frame
                           : place->pinfo->num,
    };
    if (found->seen != NULL)
        tapped.seen = *found->seen;
    wmem_array_append_one(tapping->commands, tapped);
}

void grvsstp_tapping_add_finding(struct grvsstp_tapping *tapping, enum sstp_finding finding)
{
    tapping->findings |= GRVSSTP_TAPPED_FINDING(finding);
}

void grvsstp_tap_queue_findings(packet_info *pinfo, const struct grvsstp_tapped_findings *findings)
{
    if (!have_tap_listener(grvsstp_tap_findings))
        return;
    struct grvsstp_tapped_findings *told = wmem_new(pinfo->pool, struct grvsstp_tapped_findings);
    *told = *findings;
    tap_queue_packet(grvsstp_tap_findings, pinfo, told);
}

static void tell_findings(const struct grvsstp_tapping *tapping, const struct grvsstp_place *place)
{
    const struct grvsstp_tapped_findings findings = {.connection = place->connection,
                                                     .from_initiator = place->from_initiator,
                                                     .findings = tapping->findings};
    if (tapping->findings != 0)
        grvsstp_tap_queue_findings(place->pinfo, &findings);
}

void grvsstp_tapping_end(struct grvsstp_tapping *tapping, const struct grvsstp_place *place)
{
    grvsstp_selection_note(place, NULL); /* for a chunk without a whole command */
    tell_findings(tapping, place);
    if (!tapping->is_wanted || wmem_array_get_count(tapping->commands) == 0)
        return;
    struct grvsstp_tap *tap = wmem_new(place->pinfo->pool, struct grvsstp_tap);
    *tap = (struct grvsstp_tap){place->connection, place->from_initiator, tapping->key,
                                wmem_array_get_count(tapping->commands),
                                wmem_array_get_raw(tapping->commands)};
    tap_queue_packet(grvsstp_tap, place->pinfo, tap);
}
