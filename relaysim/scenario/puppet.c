/* SPDX-License-Identifier: GPL-2.0-or-later */
/* puppet: those who say what the scenario has them say, and nothing of their own. */
#include "scenario/parser.h"

#include <string.h>

bool declare_puppet(struct parser *p)
{
    struct scenario *s = p->scenario;
    if (s->num_puppets == SCENARIO_PUPPETS_MAX)
        return parser_fail_full(p, NAME_PUPPET, SCENARIO_PUPPETS_MAX, "puppets");
    struct scenario_puppet *puppet = &s->puppets[s->num_puppets];
    if (!parser_new_name(p, NAME_PUPPET, s->num_puppets, &puppet->name))
        return false;
    s->num_puppets++;
    char *lower = g_ascii_strdown(puppet->name, -1);
    char *url = g_strdup_printf("grooveDNS://%s.groove.example", lower);
    puppet->url = parser_keep(p, url);
    g_free(url);
    g_free(lower);
    return true;
}

bool parse_call(struct parser *p, unsigned puppet)
{
    enum scenario_carrier carrier = SCENARIO_CARRIER_ANY;
    unsigned proxy = SCENARIO_NONE;
    struct name peer;
    if (!parser_name(p, NAME_PUPPET, &peer))
        return false;
    if (peer.index == puppet)
        return parser_fail(p, "%s cannot call itself", p->scenario->puppets[puppet].name);
    if (!parser_way(p, &carrier, &proxy) || !parser_check_way(p, carrier, proxy))
        return false;
    struct scenario_step *step = parser_add_step(p, SCENARIO_CALL);
    step->puppet = puppet;
    step->peer = peer.index;
    step->carrier = carrier;
    step->proxy = proxy;
    return true;
}

static bool add_saying(struct parser *p, unsigned puppet,
                       bool (*parse)(struct parser *, GByteArray *))
{
    GByteArray *bytes = g_byte_array_new();
    if (!parse(p, bytes)) {
        g_byte_array_free(bytes, TRUE);
        return false;
    }
    struct scenario_step *step = parser_add_step(p, SCENARIO_SAY);
    step->puppet = puppet;
    step->bytes = bytes;
    return true;
}

bool parse_say(struct parser *p, unsigned puppet)
{
    return add_saying(p, puppet, parser_command);
}

bool parse_say_bytes(struct parser *p, unsigned puppet)
{
    return add_saying(p, puppet, parser_bytes);
}

bool parse_hang_up(struct parser *p, unsigned puppet)
{
    parser_add_step(p, SCENARIO_HANG_UP)->puppet = puppet;
    return true;
}

bool parse_break_off(struct parser *p, unsigned puppet)
{
    parser_add_step(p, SCENARIO_BREAK_OFF)->puppet = puppet;
    return true;
}
