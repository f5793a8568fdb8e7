/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show/tap.h"

#include <epan/tap.h>

#include "show/selection.h"

int grvsstp_tap;
int grvsstp_tap_follow;

void grvsstp_taps_register(void)
{
    grvsstp_tap = register_tap("grvsstp");
    grvsstp_tap_follow = register_tap("grvsstp_follow");
}

void grvsstp_tapping_begin(struct grvsstp_tapping *tapping, const packet_info *pinfo)
{
    tapping->is_wanted = have_tap_listener(grvsstp_tap);
    tapping->commands = tapping->is_wanted
                            ? wmem_array_new(pinfo->pool, sizeof(struct grvsstp_tapped_command))
                            : NULL;
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
                         const struct sstp_command *command, const struct sstp_observation *seen)
{
    grvsstp_selection_note(place, command);
    follow(place, command);
    if (!tapping->is_wanted)
        return;
    struct grvsstp_tapped_command tapped = {.command = *command, .has_states = seen != NULL};
    if (seen != NULL)
        tapped.seen = *seen;
    wmem_array_append_one(tapping->commands, tapped);
}

void grvsstp_tapping_end(struct grvsstp_tapping *tapping, const struct grvsstp_place *place)
{
    grvsstp_selection_note(place, NULL); /* for a chunk without a whole command */
    if (!tapping->is_wanted || wmem_array_get_count(tapping->commands) == 0)
        return;
    struct grvsstp_tap *tap = wmem_new(place->pinfo->pool, struct grvsstp_tap);
    *tap = (struct grvsstp_tap){place->connection, place->from_initiator,
                                wmem_array_get_count(tapping->commands),
                                wmem_array_get_raw(tapping->commands)};
    tap_queue_packet(grvsstp_tap, place->pinfo, tap);
}
