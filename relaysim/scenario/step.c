/* SPDX-License-Identifier: GPL-2.0-or-later */
/* step: what the cast of a scenario does. */
#include "scenario/parser.h"

#include "core/mnemonics.h"

#include <string.h>

/* ------------------------------------------------------------------------
 * Parts that several steps have
 */

struct scenario_step *parser_add_step(struct parser *p, enum scenario_kind kind)
{
    const struct scenario_step step = {.kind = kind,
                                       .file = p->file_name,
                                       .line = p->line,
                                       .text = p->line_text,
                                       .device = SCENARIO_NONE,
                                       .relay = SCENARIO_NONE,
                                       .proxy = SCENARIO_NONE,
                                       .puppet = SCENARIO_NONE,
                                       .peer = SCENARIO_NONE,
                                       .session = SCENARIO_NONE,
                                       .message = SCENARIO_NONE,
                                       .speaker = SCENARIO_NONE};
    GArray *steps = p->scenario->steps;
    g_array_append_val(steps, step);
    return &g_array_index(steps, struct scenario_step, steps->len - 1);
}

bool parse_destination(struct parser *p, struct scenario_destination *destination)
{
    const char *word = parser_next(p);
    if (word == NULL)
        return parser_fail(p, "a destination is needed at the end of the line, such as B or "
                              "B.identity@Relay1");
    char **parts = g_strsplit(word, "@", 2);
    const size_t len = parts[0] != NULL ? strlen(parts[0]) : 0;
    const bool is_identity = len > 9 && strcmp(parts[0] + len - 9, ".identity") == 0;
    if (is_identity)
        parts[0][len - 9] = '\0';
    const struct name *device = parser_find(p, parts[0]);
    *destination = (struct scenario_destination){.is_identity = is_identity, .relay_url = ""};
    bool is_good = device != NULL && device->kind == NAME_DEVICE;
    if (!is_good && device == NULL)
        parser_say_unknown(p, NAME_DEVICE, parts[0] != NULL ? parts[0] : "",
                           "a destination is a device, unlike \"%s\"", word);
    else if (!is_good && device->is_unclear)
        (void)parser_follow(p);
    else if (!is_good)
        parser_say(p, "a destination is a device, unlike \"%s\"", word);
    else
        destination->device = device->index;
    if (is_good && parts[1] != NULL && strstr(parts[1], "://") != NULL) {
        destination->relay_url = parser_keep(p, parts[1]);
    } else if (is_good && parts[1] != NULL) {
        const struct name *relay = parser_find(p, parts[1]);
        is_good =
            (relay != NULL && relay->kind == NAME_RELAY) ||
            parser_fail_unknown(p, NAME_RELAY, parts[1], "there is no relay \"%s\"", parts[1]);
        if (is_good)
            destination->relay_url = g_ptr_array_index(p->scenario->relays[relay->index].urls, 0);
    }
    g_strfreev(parts);
    return is_good;
}

bool parse_session(struct parser *p, unsigned device, bool is_originator, unsigned *session)
{
    const struct scenario *s = p->scenario;
    struct name name;
    if (!parser_name(p, NAME_SESSION, &name))
        return false;
    const struct scenario_session *found = &s->sessions[name.index];
    if (found->originator != device && (is_originator || found->receiver != device) &&
        !name.is_unclear)
        return parser_fail(p, "%s is not %s of session %s", s->devices[device].name,
                           is_originator ? "the originator" : "at either end", found->name);
    *session = name.index;
    return true;
}

/* ------------------------------------------------------------------------
 * Connections
 */

static bool parse_connect_or_dial(struct parser *p, unsigned device, enum scenario_kind kind)
{
    const struct scenario *s = p->scenario;
    struct name target = {.kind = NAME_RELAY, .index = s->devices[device].relay};
    const char *url = NULL;
    enum scenario_carrier carrier = s->devices[device].carrier;
    unsigned proxy = s->devices[device].proxy;

    if (parser_accept(p, "to") && !parser_name(p, NAME_RELAY | NAME_DEVICE, &target))
        return false;
    if (target.index == SCENARIO_NONE && parser_is_unclear(p, NAME_DEVICE, device))
        return parser_follow(p);
    if (target.index == SCENARIO_NONE)
        return parser_fail(p, "%s has no relay; \"to\" says whom it connects to",
                           s->devices[device].name);
    if (target.kind == NAME_DEVICE && target.index == device)
        return parser_fail(p, "%s cannot connect to itself", s->devices[device].name);
    if (parser_accept(p, "asking-for") && !parser_url(p, "the TargetDeviceURL", &url))
        return false;
    if (target.kind == NAME_DEVICE) {
        carrier = SCENARIO_CARRIER_TCP;
        proxy = SCENARIO_NONE;
    }
    if (!parser_way(p, &carrier, &proxy))
        return false;
    if (target.kind == NAME_DEVICE && (carrier != SCENARIO_CARRIER_TCP || proxy != SCENARIO_NONE))
        return parser_fail(p, "devices serve nothing but TCP");
    if (!parser_is_unclear(p, NAME_DEVICE, device) && !parser_check_way(p, carrier, proxy))
        return false;
    struct scenario_step *step = parser_add_step(p, kind);
    step->device = device;
    step->url = url;
    step->carrier = carrier;
    step->proxy = proxy;
    p->unclear_peers &= ~(1u << device);
    if (target.kind == NAME_RELAY) {
        step->relay = target.index;
        p->peers[device] = SCENARIO_NONE;
    } else {
        step->peer = target.index;
        p->unclear_peers &= ~(1u << target.index);
        p->peers[device] = target.index;
        p->peers[target.index] = device;
    }
    return true;
}

static bool parse_connect(struct parser *p, unsigned device)
{
    return parse_connect_or_dial(p, device, SCENARIO_CONNECT);
}

static bool parse_dial(struct parser *p, unsigned device)
{
    return parse_connect_or_dial(p, device, SCENARIO_DIAL);
}

static bool parse_leave(struct parser *p, unsigned device)
{
    uint8_t id = SSTP_CONNECT_CLOSE_NO_REASON;
    if (!parser_reason(p, sstp_connect_close_reason_name, &id))
        return false;
    struct scenario_step *step = parser_add_step(p, SCENARIO_LEAVE);
    step->device = device;
    step->id = id;
    return true;
}

static bool parse_cut(struct parser *p, unsigned device)
{
    parser_add_step(p, SCENARIO_CUT)->device = device;
    return true;
}

static bool parse_lose_post(struct parser *p, unsigned device)
{
    parser_add_step(p, SCENARIO_LOSE_POST)->device = device;
    return true;
}

static bool parse_noop(struct parser *p, unsigned device)
{
    parser_add_step(p, SCENARIO_NOOP)->device = device;
    return true;
}

static bool parse_bytes(struct parser *p, unsigned device)
{
    GByteArray *bytes = g_byte_array_new();
    if (!parser_bytes(p, bytes)) {
        g_byte_array_free(bytes, TRUE);
        return false;
    }
    struct scenario_step *step = parser_add_step(p, SCENARIO_BYTES);
    step->device = device;
    step->bytes = bytes;
    return true;
}

/* ------------------------------------------------------------------------
 * Sessions
 */

static bool parse_new_session(struct parser *p, struct scenario_session **session)
{
    struct scenario *s = p->scenario;
    if (s->num_sessions == SCENARIO_SESSIONS_MAX)
        return parser_fail_full(p, NAME_SESSION, SCENARIO_SESSIONS_MAX, "sessions");
    *session = &s->sessions[s->num_sessions];
    if (!parser_new_name(p, NAME_SESSION, s->num_sessions, &(*session)->name))
        return false;
    (*session)->originator = (*session)->receiver = SCENARIO_NONE;
    s->num_sessions++;
    return true;
}

static bool parse_resource(struct parser *p, const char **resource)
{
    *resource = "apphandler"; /* as in GRVSSTP 4.2 */
    if (!parser_accept(p, "resource"))
        return true;
    if (!parser_text(p, "the ResourceURL", resource))
        return false;
    return (*resource)[0] != '\0' || parser_fail(p, "the ResourceURL must not be empty");
}

static bool parse_open_or_fanout(struct parser *p, unsigned device, bool is_fanout)
{
    struct scenario_session *session;
    struct scenario_destination destination;
    const char *resource;

    if (!parse_new_session(p, &session))
        return false;
    session->originator = device;
    session->is_fanout = is_fanout;
    session->destinations = g_array_new(FALSE, FALSE, sizeof destination);
    if (is_fanout && parser_accept(p, "to-nobody")) {
        /* An empty list is allowed on the wire. */
    } else if (!parser_need(p, "to")) {
        return false;
    } else {
        do {
            if (!parse_destination(p, &destination))
                return false;
            if (!is_fanout && destination.relay_url[0] != '\0')
                return parser_fail(p, "an Open names no relay");
            g_array_append_val(session->destinations, destination);
        } while (is_fanout && parser_has_more(p) && strcmp(p->words[p->at], "resource") != 0);
        if (!is_fanout && p->peers[device] == destination.device)
            session->receiver = destination.device;
        if (((p->unclear_peers >> device | p->unclear_peers >> destination.device) & 1) != 0)
            parser_leave_unclear(p, session->name);
    }
    if (!parse_resource(p, &resource))
        return false;
    struct scenario_step *step =
        parser_add_step(p, is_fanout ? SCENARIO_FANOUT_OPEN : SCENARIO_OPEN);
    step->device = device;
    step->session = (unsigned)(session - p->scenario->sessions);
    step->url = resource;
    return true;
}

static bool parse_open(struct parser *p, unsigned device)
{
    return parse_open_or_fanout(p, device, false);
}

static bool parse_fanout(struct parser *p, unsigned device)
{
    return parse_open_or_fanout(p, device, true);
}

static bool parse_close(struct parser *p, unsigned device)
{
    unsigned session;
    uint8_t id = SSTP_CLOSE_NO_REASON;
    if (!parse_session(p, device, false, &session) ||
        !parser_reason(p, sstp_close_reason_name, &id))
        return false;
    struct scenario_step *step = parser_add_step(p, SCENARIO_CLOSE);
    step->device = device;
    step->session = session;
    step->id = id;
    return true;
}

static bool parse_availability(struct parser *p, unsigned device,
                               enum sstp_availability availability)
{
    unsigned session = SCENARIO_NONE;
    uint8_t id = SSTP_CLOSE_INTERNAL_ERROR;
    if (parser_accept(p, "on")) {
        if (!parse_session(p, device, false, &session))
            return false;
        if (p->scenario->sessions[session].receiver != device &&
            !parser_is_unclear(p, NAME_SESSION, session))
            return parser_fail(p, "%s does not receive on session %s",
                               p->scenario->devices[device].name,
                               p->scenario->sessions[session].name);
    }
    if (availability == SSTP_HANDLER_FAULT && !parser_reason(p, sstp_close_reason_name, &id))
        return false;
    struct scenario_step *step = parser_add_step(p, SCENARIO_AVAILABILITY);
    step->device = device;
    step->session = session;
    step->number = availability;
    step->id = id;
    return true;
}

static bool parse_is(struct parser *p, unsigned device)
{
    if (parser_accept(p, "ready"))
        return parse_availability(p, device, SSTP_HANDLER_READY);
    if (parser_accept(p, "not-ready"))
        return parse_availability(p, device, SSTP_HANDLER_NOT_READY);
    return parser_fail(p, "a device is \"ready\" or \"not-ready\"");
}

static bool parse_fail(struct parser *p, unsigned device)
{
    return parse_availability(p, device, SSTP_HANDLER_FAULT);
}

/* ------------------------------------------------------------------------
 * Relays, and time
 */

static bool parse_rest(struct parser *p, unsigned relay)
{
    uint64_t ms = 600000;
    if (parser_accept(p, "for") && !parser_duration(p, "the ReturnTime", 3600000, &ms))
        return false;
    if (ms % 1000 != 0)
        return parser_fail(p, "the ReturnTime is in whole seconds");
    struct scenario_step *step = parser_add_step(p, SCENARIO_REST);
    step->relay = relay;
    step->number = ms / 1000;
    return true;
}

static bool parse_stop(struct parser *p, unsigned relay)
{
    uint8_t id = SSTP_CONNECT_CLOSE_NO_REASON;
    if (!parser_reason(p, sstp_connect_close_reason_name, &id))
        return false;
    struct scenario_step *step = parser_add_step(p, SCENARIO_STOP);
    step->relay = relay;
    step->id = id;
    return true;
}

/* Of a relay or of a proxy, whose name the line begins with. */
static bool add_relay_or_proxy(struct parser *p, enum scenario_kind kind, unsigned index)
{
    const bool is_proxy = parser_find(p, p->words[0])->kind == NAME_PROXY;
    struct scenario_step *step = parser_add_step(p, kind);
    *(is_proxy ? &step->proxy : &step->relay) = index;
    return true;
}

static bool parse_die(struct parser *p, unsigned index)
{
    return add_relay_or_proxy(p, SCENARIO_DIE, index);
}

static bool parse_start(struct parser *p, unsigned index)
{
    return add_relay_or_proxy(p, SCENARIO_START, index);
}

bool parse_wait(struct parser *p)
{
    uint64_t ms;
    if (!parser_duration(p, "the time to wait", SCENARIO_WAIT_MAX_MS, &ms))
        return false;
    parser_add_step(p, SCENARIO_WAIT)->number = ms;
    return true;
}

bool parse_at(struct parser *p)
{
    uint64_t ms;
    if (!parser_duration(p, "the time since the first step", SCENARIO_AT_MAX_MS, &ms))
        return false;
    parser_add_step(p, SCENARIO_AT)->number = ms;
    return true;
}

/* ------------------------------------------------------------------------
 * Who does what
 */

/* clang-format off */
static const struct {
    const char *word; /* "connects", or "connect" for several */
    unsigned subject; /* kinds of names */
    bool (*parse)(struct parser *p, unsigned subject);
    bool is_for_many;
} verbs[] = {
    {"connects",     NAME_DEVICE, parse_connect,  true },
    {"dials",        NAME_DEVICE, parse_dial,     true },
    {"leaves",       NAME_DEVICE, parse_leave,    true },
    {"loses-its-connection", NAME_DEVICE, parse_cut, false},
    {"loses-its-POST", NAME_DEVICE, parse_lose_post, false},
    {"sends-noop",   NAME_DEVICE, parse_noop,     false},
    {"sends-bytes",  NAME_DEVICE, parse_bytes,    false},
    {"opens",        NAME_DEVICE, parse_open,     false},
    {"fanout-opens", NAME_DEVICE, parse_fanout,   false},
    {"closes",       NAME_DEVICE, parse_close,    false},
    {"is",           NAME_DEVICE, parse_is,       false},
    {"fails",        NAME_DEVICE, parse_fail,     false},
    {"sends",        NAME_DEVICE, parse_send,     false},
    {"begins",       NAME_DEVICE, parse_begin,    false},
    {"continues",    NAME_DEVICE, parse_continue, false},
    {"ends",         NAME_DEVICE, parse_end,      false},
    {"completes",    NAME_DEVICE, parse_complete, false},
    {"rests",        NAME_RELAY,  parse_rest,     false},
    {"stops",        NAME_RELAY,  parse_stop,     false},
    {"dies",         NAME_RELAY | NAME_PROXY, parse_die,   false},
    {"starts",       NAME_RELAY | NAME_PROXY, parse_start, false},
    {"calls",        NAME_PUPPET, parse_call,      false},
    {"says",         NAME_PUPPET, parse_say,       false},
    {"says-bytes",   NAME_PUPPET, parse_say_bytes, false},
    {"hangs-up",     NAME_PUPPET, parse_hang_up,   false},
    {"breaks-off",   NAME_PUPPET, parse_break_off, false},
    {"rings",        NAME_SPEAKER, parse_ring,     false},
    {"speaks",       NAME_SPEAKER, parse_speak,    false},
    {"rings-off",    NAME_SPEAKER, parse_ring_off, false},
};
/* clang-format on */

/* The row of a verb; that of several subjects has no "s". */
static size_t find_verb(const char *word, bool is_for_many)
{
    size_t i = 0;
    for (; i < G_N_ELEMENTS(verbs); i++) {
        const size_t len = strlen(verbs[i].word);
        if (is_for_many ? verbs[i].is_for_many && strlen(word) == len - 1 &&
                              strncmp(word, verbs[i].word, len - 1) == 0
                        : strcmp(word, verbs[i].word) == 0)
            break;
    }
    return i;
}

bool parser_is_verb(const char *word)
{
    return find_verb(word, false) < G_N_ELEMENTS(verbs) ||
           find_verb(word, true) < G_N_ELEMENTS(verbs);
}

bool parse_step(struct parser *p)
{
    unsigned subjects[SCENARIO_DEVICES_MAX], num = 0;

    while (parser_has_more(p) && parser_find(p, p->words[p->at]) != NULL) {
        const struct name *name = parser_find(p, parser_next(p));
        if (num == SCENARIO_DEVICES_MAX || (name->kind & (NAME_RELAY | NAME_PROXY | NAME_DEVICE |
                                                          NAME_PUPPET | NAME_SPEAKER)) == 0)
            return parser_fail(p, "\"%s\" does nothing: a step begins with a relay or devices",
                               p->words[p->at - 1]);
        if (num > 0 && name->kind != NAME_DEVICE)
            return parser_fail(p, "only devices do something together");
        subjects[num++] = name->index;
    }
    if (num == 0)
        return parser_fail_unknown(p, NAME_RELAY | NAME_DEVICE | NAME_PUPPET, p->words[0],
                                   "\"%s\" is neither a word of the language nor a name so far",
                                   p->words[0]);
    const enum name_kind kind = parser_find(p, p->words[0])->kind;
    const char *word = parser_next(p);
    if (word == NULL)
        return parser_fail(p, "what %s does is needed at the end of the line", p->words[0]);
    const size_t verb = find_verb(word, num > 1);
    /* One more device, perhaps, where a verb comes after it. */
    bool is_subject = false;
    for (unsigned i = p->at; i < p->num_words; i++)
        is_subject = is_subject || parser_is_verb(p->words[i]);
    if (verb == G_N_ELEMENTS(verbs))
        return parser_fail_unknown(p, is_subject ? NAME_DEVICE : 0, word,
                                   "\"%s\" is nothing that %s", word,
                                   num > 1 ? "several devices do" : "a relay or device does");
    const bool does_that = (verbs[verb].subject & kind) != 0;
    if (!does_that && parser_find(p, p->words[0])->is_unclear)
        return parser_follow(p);
    if (!does_that)
        return parser_fail(p, "\"%s\" is what %s does", word,
                           verbs[verb].subject == NAME_DEVICE    ? "a device"
                           : verbs[verb].subject == NAME_PUPPET  ? "a puppet"
                           : verbs[verb].subject == NAME_SPEAKER ? "a speaker"
                           : verbs[verb].subject == NAME_RELAY   ? "a relay"
                                                                 : "a relay or a proxy");
    const unsigned after = p->at;
    for (unsigned i = 0; i < num; i++) {
        p->at = after;
        if (!verbs[verb].parse(p, subjects[i]) || !parser_need_end(p))
            return false;
    }
    return true;
}
