/* SPDX-License-Identifier: GPL-2.0-or-later */
/* speaker: ends of TCP connections, which say whatever bytes steps have them say. */
#include "scenario/parser.h"

static bool speaker_at(struct parser *p, void *target, const struct parser_option *option)
{
    struct scenario_speaker *speaker = target;
    struct name name;
    (void)option;
    if (!parser_name(p, NAME_SPEAKER, &name))
        return false;
    speaker->at = p->scenario->speakers[name.index].at;
    return true;
}

static const struct parser_option speaker_options[] = {
    {"at", speaker_at, 0, NULL, 0, 0},
};

bool declare_speaker(struct parser *p)
{
    struct scenario *s = p->scenario;
    if (s->num_speakers == SCENARIO_SPEAKERS_MAX)
        return parser_fail_full(p, NAME_SPEAKER, SCENARIO_SPEAKERS_MAX, "speakers");
    struct scenario_speaker *speaker = &s->speakers[s->num_speakers];
    if (!parser_new_name(p, NAME_SPEAKER, s->num_speakers, &speaker->name))
        return false;
    speaker->at = s->num_speakers++;
    return parser_options(p, speaker_options, G_N_ELEMENTS(speaker_options), speaker);
}

bool parse_ring(struct parser *p, unsigned speaker)
{
    struct name target;
    enum scenario_carrier carrier = SCENARIO_CARRIER_TCP;
    if (!parser_name(p, NAME_RELAY | NAME_SPEAKER, &target) ||
        (parser_accept(p, "over") && !parser_carrier(p, &carrier)))
        return false;
    if (target.kind == NAME_SPEAKER && target.index == speaker)
        return parser_fail(p, "%s cannot ring itself", p->scenario->speakers[speaker].name);
    if (carrier == SCENARIO_CARRIER_CONNECT || carrier == SCENARIO_CARRIER_SOCKS)
        return parser_fail(p, "a speaker goes through no proxy");
    struct scenario_step *step = parser_add_step(p, SCENARIO_RING);
    step->speaker = speaker;
    step->carrier = carrier;
    *(target.kind == NAME_RELAY ? &step->relay : &step->peer) = target.index;
    return true;
}

/* The rest of the line; NULL where it has none. */
static GByteArray *read_bytes(struct parser *p)
{
    GByteArray *bytes = g_byte_array_new();
    if (parser_bytes(p, bytes))
        return bytes;
    g_byte_array_free(bytes, TRUE);
    return NULL;
}

bool parse_speak(struct parser *p, unsigned speaker)
{
    GByteArray *bytes = read_bytes(p);
    if (bytes == NULL)
        return false;
    struct scenario_step *step = parser_add_step(p, SCENARIO_SPEAK);
    step->speaker = speaker;
    step->bytes = bytes;
    return true;
}

bool parse_ring_off(struct parser *p, unsigned speaker)
{
    parser_add_step(p, SCENARIO_RING_OFF)->speaker = speaker;
    return true;
}

bool parse_heard(struct parser *p, struct scenario_step *step)
{
    step->bytes = read_bytes(p);
    return step->bytes != NULL;
}
