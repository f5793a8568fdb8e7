/* SPDX-License-Identifier: GPL-2.0-or-later */
/* expect: what has to come of what the cast does. */
#include "scenario/parser.h"

#include "core/command.h"
#include "core/mnemonics.h"
#include "state/transition.h"

#include <string.h>

static bool parse_nothing_more(struct parser *p, struct scenario_step *step)
{
    (void)p;
    (void)step;
    return true;
}

static bool parse_connect_response(struct parser *p, struct scenario_step *step)
{
    return parser_mnemonic(p, "the ResponseId of a ConnectResponse", sstp_connect_response_name,
                           &step->id);
}

static bool parse_connect_close(struct parser *p, struct scenario_step *step)
{
    if (!parser_mnemonic(p, "the reason of a ConnectClose", sstp_connect_close_reason_name,
                         &step->id))
        return false;
    step->has_number = parser_accept(p, "for");
    if (!step->has_number)
        return true;
    uint64_t ms;
    if (!parser_duration(p, "the ReturnTime", 3600000, &ms))
        return false;
    step->number = ms / 1000;
    return true;
}

static bool parse_open_response(struct parser *p, struct scenario_step *step)
{
    return parser_mnemonic(p, "the ResponseId of an OpenResponse", sstp_open_response_name,
                           &step->id);
}

static bool parse_closed(struct parser *p, struct scenario_step *step)
{
    return parser_mnemonic(p, "the reason of a Close", sstp_close_reason_name, &step->id);
}

/* The index of a destination in the session's FanoutOpen. */
static bool parse_lost_destination(struct parser *p, const struct scenario_session *session,
                                   GArray *items)
{
    struct scenario_destination lost;
    const unsigned at = p->at;
    if (!parse_destination(p, &lost))
        return false;
    for (unsigned i = 0; i < session->destinations->len; i++) {
        const struct scenario_destination *other =
            &g_array_index(session->destinations, struct scenario_destination, i);
        if (other->device != lost.device || other->is_identity != lost.is_identity ||
            (lost.relay_url[0] != '\0' && strcmp(lost.relay_url, other->relay_url) != 0))
            continue;
        g_array_append_val(items, i);
        return true;
    }
    return parser_fail(p, "\"%s\" is no destination of session %s", p->words[at], session->name);
}

static bool parse_lost(struct parser *p, struct scenario_step *step)
{
    const struct scenario_session *session = &p->scenario->sessions[step->session];
    if (parser_is_unclear(p, NAME_SESSION, step->session))
        return parser_follow(p);
    if (!session->is_fanout)
        return parser_fail(p, "session %s is no fanout session, and has no SessionStatus",
                           session->name);
    if (!parser_mnemonic(p, "the StatusId", sstp_session_status_name, &step->id))
        return false;
    step->items = g_array_new(FALSE, FALSE, sizeof(unsigned));
    do {
        if (!parse_lost_destination(p, session, step->items))
            return false;
    } while (parser_has_more(p));
    return true;
}

static bool parse_state(struct parser *p, struct scenario_step *step)
{
    static const struct {
        const char *word;
        enum sstp_session_state state;
    } states[] = {{"suspended", SSTP_SESSION_SUSPENDED},
                  {"ready", SSTP_SESSION_READY},
                  {"blocked", SSTP_SESSION_BLOCKED}};
    const struct scenario_session *session = &p->scenario->sessions[step->session];
    const char *word = p->words[p->at - 1];
    if (session->originator == SCENARIO_NONE && !parser_is_unclear(p, NAME_SESSION, step->session))
        return parser_fail(p, "session %s is a relay's, which keeps its state", session->name);
    for (size_t i = 0; i < G_N_ELEMENTS(states); i++)
        if (strcmp(states[i].word, word) == 0)
            step->number = states[i].state;
    return true;
}

static bool parse_opened(struct parser *p, struct scenario_step *step)
{
    struct scenario *s = p->scenario;
    if (s->num_sessions == SCENARIO_SESSIONS_MAX)
        return parser_fail_full(p, NAME_SESSION, SCENARIO_SESSIONS_MAX, "sessions");
    struct scenario_session *session = &s->sessions[s->num_sessions];
    if (!parser_new_name(p, NAME_SESSION, s->num_sessions, &session->name))
        return false;
    session->originator = SCENARIO_NONE;
    session->receiver = step->device;
    step->session = s->num_sessions++;
    return true;
}

static bool parse_messages(struct parser *p, struct scenario_step *step)
{
    struct name name;
    step->items = g_array_new(FALSE, FALSE, sizeof(unsigned));
    if (parser_accept(p, "nothing"))
        return true;
    do {
        if (!parser_name(p, NAME_MESSAGE, &name))
            return false;
        g_array_append_val(step->items, name.index);
    } while (parser_has_more(p) && strcmp(p->words[p->at], "by") != 0 &&
             strcmp(p->words[p->at], "in") != 0);
    return true;
}

static bool parse_received(struct parser *p, struct scenario_step *step)
{
    if (!parse_messages(p, step))
        return false;
    step->is_any_order = parser_accept(p, "in");
    return !step->is_any_order || (parser_need(p, "any") && parser_need(p, "order"));
}

static bool parse_acknowledged(struct parser *p, struct scenario_step *step)
{
    if (!parse_messages(p, step))
        return false;
    step->has_number = step->items->len > 0 && parser_accept(p, "by");
    if (!step->has_number)
        return true;
    if (parser_accept(p, "Noop"))
        step->id = SSTP_NOOP;
    else if (parser_accept(p, "Message"))
        step->id = SSTP_MESSAGE;
    else if (parser_accept(p, "ConnectClose"))
        step->id = SSTP_CONNECT_CLOSE;
    else
        return parser_fail(p, "what acknowledges is a Noop, Message or ConnectClose");
    return parser_number(p, "the MessageCount", 1, UINT32_MAX, &step->number);
}

static bool parse_counter(struct parser *p, struct scenario_step *step)
{
    static const char *const words[] = {[SCENARIO_STORED] = "stored",
                                        [SCENARIO_DELIVERED] = "delivered",
                                        [SCENARIO_FORWARDED] = "forwarded",
                                        [SCENARIO_DISCARDED] = "discarded"};
    const char *word = p->words[p->at - 1];
    for (uint8_t i = 0; i < G_N_ELEMENTS(words); i++)
        if (strcmp(words[i], word) == 0)
            step->id = i;
    return parser_number(p, "a number of messages", 0, 1000000, &step->number);
}

/* clang-format off */
static const struct {
    const char *word;
    enum name_kind subject;
    enum scenario_kind kind;
    bool (*parse)(struct parser *p, struct scenario_step *step);
    bool is_for_many;
} predicates[] = {
    {"connected",      NAME_DEVICE,  SCENARIO_EXPECT_CONNECTED,      parse_nothing_more,     true },
    {"refused",        NAME_DEVICE,  SCENARIO_EXPECT_REFUSED,        parse_connect_response, false},
    {"refused",        NAME_SESSION, SCENARIO_EXPECT_OPEN_REFUSED,   parse_open_response,    false},
    {"disconnected",   NAME_DEVICE,  SCENARIO_EXPECT_DISCONNECTED,   parse_connect_close,    true },
    {"cut-off",        NAME_DEVICE,  SCENARIO_EXPECT_CUT,            parse_nothing_more,     true },
    {"turned-away",    NAME_DEVICE,  SCENARIO_EXPECT_FAILED,         parse_nothing_more,     false},
    {"suspended",      NAME_SESSION, SCENARIO_EXPECT_STATE,          parse_state,            true },
    {"ready",          NAME_SESSION, SCENARIO_EXPECT_STATE,          parse_state,            true },
    {"blocked",        NAME_SESSION, SCENARIO_EXPECT_STATE,          parse_state,            true },
    {"closed",         NAME_SESSION, SCENARIO_EXPECT_CLOSED,         parse_closed,           true },
    {"lost",           NAME_SESSION, SCENARIO_EXPECT_LOST,           parse_lost,             false},
    {"opened",         NAME_DEVICE,  SCENARIO_EXPECT_OPENED,         parse_opened,           false},
    {"received",       NAME_DEVICE,  SCENARIO_EXPECT_RECEIVED,       parse_received,         true },
    {"acknowledged",   NAME_DEVICE,  SCENARIO_EXPECT_ACKNOWLEDGED,   parse_acknowledged,     false},
    {"unacknowledged", NAME_DEVICE,  SCENARIO_EXPECT_UNACKNOWLEDGED, parse_messages,         false},
    {"stored",         NAME_RELAY,   SCENARIO_EXPECT_COUNTER,        parse_counter,          false},
    {"delivered",      NAME_RELAY,   SCENARIO_EXPECT_COUNTER,        parse_counter,          false},
    {"forwarded",      NAME_RELAY,   SCENARIO_EXPECT_COUNTER,        parse_counter,          false},
    {"discarded",      NAME_RELAY,   SCENARIO_EXPECT_COUNTER,        parse_counter,          false},
    {"heard",          NAME_SPEAKER, SCENARIO_EXPECT_HEARD,          parse_heard,            false},
};
/* clang-format on */

bool parser_is_predicate(const char *word)
{
    for (size_t i = 0; i < G_N_ELEMENTS(predicates); i++)
        if (strcmp(predicates[i].word, word) == 0)
            return true;
    return false;
}

/* One expectation of one subject. */
static bool parse_one(struct parser *p, size_t predicate, enum name_kind kind, unsigned subject)
{
    struct scenario_step *step = parser_add_step(p, predicates[predicate].kind);
    if (kind == NAME_DEVICE)
        step->device = subject;
    else if (kind == NAME_SESSION)
        step->session = subject;
    else if (kind == NAME_SPEAKER)
        step->speaker = subject;
    else
        step->relay = subject;
    return predicates[predicate].parse(p, step) && parser_need_end(p);
}

bool parse_expect(struct parser *p)
{
    struct name subjects[SCENARIO_WORDS_MAX];
    unsigned num = 0;
    size_t i = 0;

    while (parser_has_more(p) && !parser_is_predicate(p->words[p->at])) {
        if (!parser_name(p, NAME_RELAY | NAME_DEVICE | NAME_SESSION | NAME_SPEAKER, &subjects[num]))
            return false;
        if (subjects[num].kind != subjects[0].kind &&
            (subjects[num].is_unclear || subjects[0].is_unclear))
            return parser_follow(p);
        if (subjects[num].kind != subjects[0].kind)
            return parser_fail(p, "either devices or sessions are expected to do the same");
        num++;
    }
    if (num == 0)
        return parser_fail(p, "of whom something is expected is needed after \"expect\"");
    const char *word = parser_next(p);
    if (word == NULL)
        return parser_fail(p, "what is expected is needed at the end of the line");
    while (i < G_N_ELEMENTS(predicates) &&
           (strcmp(predicates[i].word, word) != 0 || predicates[i].subject != subjects[0].kind))
        i++;
    if (i == G_N_ELEMENTS(predicates) && subjects[0].is_unclear)
        return parser_follow(p);
    if (i == G_N_ELEMENTS(predicates))
        return parser_fail(p, "\"%s\" is not what is expected of %s", word,
                           subjects[0].kind == NAME_DEVICE    ? "a device"
                           : subjects[0].kind == NAME_SESSION ? "a session"
                           : subjects[0].kind == NAME_SPEAKER ? "a speaker"
                                                              : "a relay");
    if (num > 1 && !predicates[i].is_for_many)
        return parser_fail(p, "\"%s\" is expected of one alone", word);
    const unsigned after = p->at;
    for (unsigned n = 0; n < num; n++) {
        p->at = after;
        if (!parse_one(p, i, subjects[n].kind, subjects[n].index))
            return false;
    }
    return true;
}
