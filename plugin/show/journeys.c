/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show/journeys.h"

/* Frames one hop after that are named of one message. */
#define NEXT_SHOWN 64u

static const enum grvsstp_own_field fields[] = {GRVSSTP_JOURNEY,           GRVSSTP_JOURNEY_HOP,
                                                GRVSSTP_JOURNEY_FROM,      GRVSSTP_JOURNEY_TO,
                                                GRVSSTP_JOURNEY_CERTAINTY, GRVSSTP_JOURNEY_STATE};

bool grvsstp_journeys_are_wanted(proto_tree *tree)
{
    if (grvsstp_story() == NULL)
        return false;
    for (size_t i = 0; i < array_length(fields); i++)
        if (grvsstp_needs_own(tree, fields[i]))
            return true;
    return false;
}

static void tell_number(const struct grvsstp_place *place, proto_tree *tree,
                        enum grvsstp_own_field field, uint32_t number)
{
    if (grvsstp_needs_own(tree, field))
        proto_item_set_generated(
            proto_tree_add_uint(tree, grvsstp_own_hf(field), place->tvb, place->offset, 0, number));
}

/* What only the whole capture tells. */
static void tell_later(const struct grvsstp_place *place, proto_tree *tree, uint32_t leg,
                       uint32_t journey)
{
    struct sstp_story *story = grvsstp_story();
    const unsigned outcomes = sstp_story_outcomes(story, journey);
    struct sstp_story_leg next;
    uint32_t after = SSTP_STORY_NONE;

    for (unsigned i = 0; i < NEXT_SHOWN; i++) {
        after = sstp_story_next_hop(story, leg, after);
        if (after == SSTP_STORY_NONE)
            break;
        sstp_story_leg(story, after, &next);
        tell_number(place, tree, GRVSSTP_JOURNEY_TO, next.label);
    }
    for (int outcome = 0; outcome < SSTP_STORY_OUTCOMES; outcome++)
        if ((outcomes & 1u << outcome) != 0)
            proto_item_set_generated(proto_tree_add_string(
                tree, grvsstp_own_hf(GRVSSTP_JOURNEY_STATE), place->tvb, place->offset, 0,
                sstp_story_outcome_name((enum sstp_story_outcome)outcome)));
}

void grvsstp_journeys_show(const struct grvsstp_place *place, proto_tree *tree,
                           const struct sstp_command *command, const struct sstp_observation *seen)
{
    const bool is_end = command->id == SSTP_END_MESSAGE;
    const bool is_visited = PINFO_FD_VISITED(place->pinfo);
    struct sstp_story_leg told, before;

    if (!seen->has_message || !(is_end || is_visited))
        return;
    const uint32_t leg = grvsstp_journeys_leg(place->connection->states->journeys,
                                              place->from_initiator, seen->message);
    if (leg == SSTP_STORY_NONE)
        return;
    sstp_story_leg(grvsstp_story(), leg, &told);
    if (told.journey == SSTP_STORY_NONE)
        return;
    tell_number(place, tree, GRVSSTP_JOURNEY, told.journey);
    if (!is_end)
        return;
    tell_number(place, tree, GRVSSTP_JOURNEY_HOP, told.hop);
    if (told.from != SSTP_STORY_NONE) {
        sstp_story_leg(grvsstp_story(), told.from, &before);
        tell_number(place, tree, GRVSSTP_JOURNEY_FROM, before.label);
    }
    if (told.certainty != SSTP_STORY_OPEN)
        tell_number(place, tree, GRVSSTP_JOURNEY_CERTAINTY, (uint32_t)told.certainty);
    if (is_visited)
        tell_later(place, tree, leg, told.journey);
}
