/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every command in every state, by hand from GRVSSTP 3.1.5, 3.2.5, 3.3.5, the
 * SPECIFICATION.md and plugin/FIELDS.md; cells.h says how a cell is read.
 */
#include "cells.h"

/* ------------------------------------------------------------------------
 * The connection: 18 commands of both sides
 *
 * ? unknown, t transport connected, c connecting, e established, a aborting,
 * d closed.  Session commands are about a session that is not there.
 */

enum { CONNECTION_COLUMNS = 8 };

/* clang-format off */

static const struct {
    const char *name;
    enum sstp_observer_begin begin;
    const char *before;
} connection_columns[CONNECTION_COLUMNS] = {
    {"late",                SSTP_OBSERVER_LATE,       ""},
    {"gap",                 SSTP_OBSERVER_FROM_START, "I Connect; A ConnectResponse Ok; gap"},
    {"transport connected", SSTP_OBSERVER_FROM_START, ""},
    {"connecting",          SSTP_OBSERVER_FROM_START, "I Connect"},
    {"established",         SSTP_OBSERVER_FROM_START, "I Connect; A ConnectResponse Ok"},
    {"aborting",            SSTP_OBSERVER_FROM_START, "I Connect; A ConnectResponse WrongDevice"},
    {"closed by I",         SSTP_OBSERVER_FROM_START, "I Connect; A ConnectResponse Ok; I ConnectClose"},
    {"closed by A",         SSTP_OBSERVER_FROM_START, "I Connect; A ConnectResponse Ok; A ConnectClose"},
};

static const struct {
    const char *line;
    const char *cells[CONNECTION_COLUMNS];
} connection_rows[] = {
/*                                      late   gap    transp connec establ abort  I d    A d */
    {"I Connect",                      {"c",   "c",   "c",   "c:x", "e:x", "a:x", "d:x", "d:x"}},
    {"I ConnectResponse Ok",           {"e",   "?:w", "t:w", "c:w", "e:w", "a:w", "d:w", "d:w"}},
    {"I ConnectAuthenticate",          {"e",   "e",   "t:x", "c:x", "e",   "a:x", "d:x", "d"}},
    {"I ConnectClose",                 {"d",   "d",   "d:x", "d",   "d",   "d",   "d:x", "d"}},
    {"I Open s=1",                     {"e",   "e",   "t:x", "c:x", "e",   "a:x", "d:x", "d"}},
    {"I FanoutOpen s=1",               {"e",   "e",   "t:x", "c:x", "e",   "a:x", "d:x", "d"}},
    {"I OpenResponse s=0x80000001 Ok", {"e",   "e",   "t:x", "c:x", "e:u", "a:x", "d:x", "d:i"}},
    {"I SessionStatus s=0x80000001",   {"e",   "e",   "t:x", "c:x", "e:u", "a:x", "d:x", "d:i"}},
    {"I Close s=1",                    {"e",   "e",   "t:x", "c:x", "e:i", "a:x", "d:x", "d:i"}},
    {"I Message s=1",                  {"e",   "e",   "t:x", "c:x", "e:u", "a:x", "d:x", "d:i"}},
    {"I Data s=1",                     {"e",   "e",   "t:x", "c:x", "e:u", "a:x", "d:x", "d:i"}},
    {"I EndMessage s=1",               {"e",   "e",   "t:x", "c:x", "e:u", "a:x", "d:x", "d:i"}},
    {"I Noop",                         {"e",   "e",   "t:x", "c:x", "e",   "a:x", "d:x", "d"}},
    {"I Attach e=1",                   {"e",   "e",   "t:x", "c:x", "e",   "a:x", "d:x", "d"}},
    {"I AttachResponse e=1",           {"e",   "?:w", "t:w", "c:w", "e:w", "a:w", "d:w", "d:w"}},
    {"I AttachAuthenticate e=1",       {"e",   "e",   "t:x", "c:x", "e:u", "a:x", "d:x", "d:i"}},
    {"I Register e=1",                 {"e",   "e",   "t:x", "c:x", "e",   "a:x", "d:x", "d"}},
    {"I RegisterResponse e=1",         {"e",   "?:w", "t:w", "c:w", "e:w", "a:w", "d:w", "d:w"}},

    {"A Connect",                      {"c",   "?:w", "t:w", "c:w", "e:w", "a:w", "d:w", "d:w"}},
    {"A ConnectResponse Ok",           {"e",   "e",   "t:x", "e",   "e:x", "a:x", "d:x", "d:x"}},
    {"A ConnectResponse TryLater",     {"a",   "a",   "t:x", "a",   "e:x", "a:x", "d:x", "d:x"}},
    {"A ConnectAuthenticate",          {"e",   "?:w", "t:w", "c:w", "e:w", "a:w", "d:w", "d:w"}},
    {"A ConnectClose",                 {"d",   "d",   "d:x", "d",   "d",   "d",   "d",   "d:x"}},
    {"A Open s=0x80000001",            {"e",   "e",   "t:x", "c:x", "e",   "a:x", "d",   "d:x"}},
    {"A FanoutOpen s=0x80000001",      {"e",   "e",   "t:x", "c:x", "e",   "a:x", "d",   "d:x"}},
    {"A OpenResponse s=1 Ok",          {"e",   "e",   "t:x", "c:x", "e:u", "a:x", "d:i", "d:x"}},
    {"A SessionStatus s=1",            {"e",   "e",   "t:x", "c:x", "e:u", "a:x", "d:i", "d:x"}},
    {"A Close s=1",                    {"e",   "e",   "t:x", "c:x", "e:i", "a:x", "d:i", "d:x"}},
    {"A Message s=0x80000001",         {"e",   "e",   "t:x", "c:x", "e:u", "a:x", "d:i", "d:x"}},
    {"A Data s=0x80000001",            {"e",   "e",   "t:x", "c:x", "e:u", "a:x", "d:i", "d:x"}},
    {"A EndMessage s=0x80000001",      {"e",   "e",   "t:x", "c:x", "e:u", "a:x", "d:i", "d:x"}},
    {"A Noop",                         {"e",   "e",   "t:x", "c:x", "e",   "a:x", "d",   "d:x"}},
    {"A Attach e=0x80000001",          {"e",   "?:w", "t:w", "c:w", "e:w", "a:w", "d:w", "d:w"}},
    {"A AttachResponse e=1",           {"e",   "e",   "t:x", "c:x", "e:u", "a:x", "d:i", "d:x"}},
    {"A AttachAuthenticate e=1",       {"e",   "?:w", "t:w", "c:w", "e:w", "a:w", "d:w", "d:w"}},
    {"A Register e=0x80000001",        {"e",   "?:w", "t:w", "c:w", "e:w", "a:w", "d:w", "d:w"}},
    {"A RegisterResponse e=1",         {"e",   "e",   "t:x", "c:x", "e:u", "a:x", "d:i", "d:x"}},
};

/* clang-format on */

static void test_connection(void)
{
    static const char letters[SSTP_CONNECTION_STATE_COUNT + 1] = "?tcead";
    bool are_there[2][SSTP_COMMAND_ID_MAX + 1] = {{false}};
    GString *cell = g_string_new(NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(connection_rows); i++) {
        for (size_t j = 0; j < CONNECTION_COLUMNS; j++) {
            struct story story;
            story_begin(&story, connection_columns[j].begin);
            story_tell_all(&story, connection_columns[j].before);
            (void)story_tell(&story, connection_rows[i].line);
            g_string_assign(cell, "");
            g_string_append_c(cell, letters[story.seen.connection_state]);
            cells_add_findings(cell, story.seen.findings);
            cells_compare(connection_rows[i].line, connection_columns[j].name, cell->str,
                          connection_rows[i].cells[j]);
            story_end(&story);
        }
        struct sstp_command command;
        GByteArray *store;
        story_command(connection_rows[i].line + 2, &command, &store);
        are_there[connection_rows[i].line[0] == 'I'][command.id] = true;
        g_byte_array_unref(store);
    }
    g_string_free(cell, TRUE);
    for (unsigned id = SSTP_COMMAND_ID_MIN; id <= SSTP_COMMAND_ID_MAX; id++)
        g_assert_true(are_there[0][id] && are_there[1][id]);
}

/* ------------------------------------------------------------------------
 * Sessions, by Open
 */

enum { SESSION_COLUMNS = 10 };

/* clang-format off */

static const struct {
    const char *name, *before;
} session_columns[SESSION_COLUMNS] = {
    {"gap",                  CELLS_READY "gap"},
    {"late",                 ""},
    {"opening",              CELLS_OPENED},
    {"suspended",            CELLS_OPENED "R OpenResponse s=S OkStopSending"},
    {"ready",                CELLS_READY},
    {"blocked",              CELLS_READY "R OpenResponse s=S StopSending"},
    {"closed by receiver",   CELLS_READY "R Close s=S"},
    {"closed by originator", CELLS_READY "O Close s=S"},
    {"refused",              CELLS_OPENED "R OpenResponse s=S NoResource"},
    {"never there",          "I Connect; A ConnectResponse Ok"},
};

static const struct session_row {
    const char *line;
    const char *cells[SESSION_COLUMNS];
} session_rows[] = {
/*                                         gap     late  opening  suspend  ready    blocked  R closed O closed refused never */
    {"O Open s=S",                        {"o-",   "o-", "o-:d",  "sw:d",  "rw:d",  "bw:d",  "o-",    "o-",    "o-",   "o-"}},
    {"O FanoutOpen s=S",                  {"o-",   "o-", "o-:d",  "sw:d",  "rw:d",  "bw:d",  "o-",    "o-",    "o-",   "o-"}},
    {"O OpenResponse s=S Ok",             {"?-:w", "rw", "o-:w",  "sw:w",  "rw:w",  "bw:w",  "d-:i",  "d-:u",  "d-:i", ".:u"}},
    {"O OpenResponse s=S NoResource",     {"?-:w", "d-", "o-:w",  "sw:w",  "rw:w",  "bw:w",  "d-:i",  "d-:u",  "d-:i", ".:u"}},
    {"O OpenResponse s=S Unknown",        {"?-:w", "d-", "o-:w",  "sw:w",  "rw:w",  "bw:w",  "d-:i",  "d-:u",  "d-:i", ".:u"}},
    {"O OpenResponse s=S NoFanoutEntries", {"?-:w", "d-", "o-:w", "sw:w",  "rw:w",  "bw:w",  "d-:i",  "d-:u",  "d-:i", ".:u"}},
    {"O OpenResponse s=S StartSending",   {"?-:w", "r-", "o-:w",  "sw:w",  "rw:w",  "bw:w",  "d-:i",  "d-:u",  "d-:i", ".:u"}},
    {"O OpenResponse s=S StopSending",    {"?-:w", "b-", "o-:w",  "sw:w",  "rw:w",  "bw:w",  "d-:i",  "d-:u",  "d-:i", ".:u"}},
    {"O OpenResponse s=S OkStopSending",  {"?-:w", "sw", "o-:w",  "sw:w",  "rw:w",  "bw:w",  "d-:i",  "d-:u",  "d-:i", ".:u"}},
    {"O OpenResponse s=S FanoutNotSupported", {"?-:w", "d-", "o-:w", "sw:w", "rw:w", "bw:w", "d-:i",  "d-:u",  "d-:i", ".:u"}},
    {"O SessionStatus s=S",               {"?-:w", "?-", "o-:w",  "sw:w",  "rw:w",  "bw:w",  "d-:i",  "d-:u",  "d-:i", ".:u"}},
    {"O Close s=S",                       {"d-",   "d-", "d-",    "d-",    "d-",    "d-",    "d-:i",  "d-:i",  "d-:i", ".:i"}},
    {"O Message s=S",                     {"rr",   "rr", "o-:x",  "sr:x",  "rr",    "br:b",  "d-:i",  "d-:u",  "d-:u", ".:u"}},
    {"O Data s=S",                        {"?b",   "?b", "o-:x",  "sw:x",  "rw:x",  "bw:x",  "d-:i",  "d-:u",  "d-:u", ".:u"}},
    {"O EndMessage s=S",                  {"?w",   "?w", "o-:x",  "sw:x",  "rw:x",  "bw:x",  "d-:i",  "d-:u",  "d-:u", ".:u"}},

    {"R Open s=S",                        {"o-:r", "o-", "o-:rd", "sw:rd", "rw:rd", "bw:rd", "o-:r",  "o-:r",  "o-:r", "o-:r"}},
    {"R FanoutOpen s=S",                  {"o-:r", "o-", "o-:rd", "sw:rd", "rw:rd", "bw:rd", "o-:r",  "o-:r",  "o-:r", "o-:r"}},
    {"R OpenResponse s=S Ok",             {"rw",   "rw", "rw",    "sw:x",  "rw:x",  "bw:x",  "d-:u",  "d-:i",  "d-:u", ".:u"}},
    {"R OpenResponse s=S NoResource",     {"d-",   "d-", "d-:f",    "sw:x",  "rw:x",  "bw:x",  "d-:u",  "d-:i",  "d-:u", ".:u"}},
    {"R OpenResponse s=S Unknown",        {"d-",   "d-", "d-",    "sw:x",  "rw:x",  "bw:x",  "d-:u",  "d-:i",  "d-:u", ".:u"}},
    {"R OpenResponse s=S NoFanoutEntries", {"d-",  "d-", "d-:f",    "sw:x",  "rw:x",  "bw:x",  "d-:u",  "d-:i",  "d-:u", ".:u"}},
    {"R OpenResponse s=S StartSending",   {"r-",   "r-", "o-:x",  "rw",    "rw",    "rw",    "d-:u",  "d-:i",  "d-:u", ".:u"}},
    {"R OpenResponse s=S StopSending",    {"b-",   "b-", "o-:x",  "sw:x",  "bw",    "bw",    "d-:u",  "d-:i",  "d-:u", ".:u"}},
    {"R OpenResponse s=S OkStopSending",  {"sw",   "sw", "sw",    "sw:x",  "rw:x",  "bw:x",  "d-:u",  "d-:i",  "d-:u", ".:u"}},
    {"R OpenResponse s=S FanoutNotSupported", {"d-", "d-", "d-:f",  "sw:x",  "rw:x",  "bw:x",  "d-:u",  "d-:i",  "d-:u", ".:u"}},
    {"R SessionStatus s=S",               {"?-",   "?-", "o-:x",  "sw:x",  "rw:x",  "bw:x",  "d-:u",  "d-:i",  "d-:u", ".:u"}},
    {"R Close s=S",                       {"d-",   "d-", "d-",    "d-",    "d-",    "d-",    "d-:i",  "d-:i",  "d-:i", ".:i"}},
    {"R Message s=S",                     {"?-:w", "rr", "o-:w",  "sw:w",  "rw:w",  "bw:w",  "d-:u",  "d-:i",  "d-:u", ".:u"}},
    {"R Data s=S",                        {"?-:w", "?b", "o-:w",  "sw:w",  "rw:w",  "bw:w",  "d-:u",  "d-:i",  "d-:u", ".:u"}},
    {"R EndMessage s=S",                  {"?-:w", "?w", "o-:w",  "sw:w",  "rw:w",  "bw:w",  "d-:u",  "d-:i",  "d-:u", ".:u"}},
};

/* clang-format on */

static void test_sessions(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(session_rows); i++)
        for (size_t j = 0; j < SESSION_COLUMNS; j++)
            cells_check_session(session_columns[j].before[0] == '\0' ? SSTP_OBSERVER_LATE
                                                                     : SSTP_OBSERVER_FROM_START,
                                session_columns[j].before, session_columns[j].name,
                                session_rows[i].line, session_rows[i].cells[j]);
}

/* ------------------------------------------------------------------------
 * Sessions, by FanoutOpen: what is different
 */

static void test_fanout_sessions(void)
{
#define FANOUT "I Connect; A ConnectResponse Ok; O FanoutOpen s=S to=a,b,c to=d,e,f;"
    /* clang-format off */
    static const struct {
        const char *name, *before, *line, *expected;
    } rows[] = {
        /* 3.1.5.8, note <19>, SPECIFICATION.md: clean from the FanoutOpen on. */
        {"opening",   FANOUT,                                    "R SessionStatus s=S at=0", "o-"},
        {"suspended", FANOUT "R OpenResponse s=S OkStopSending", "R SessionStatus s=S at=0", "sw"},
        {"ready",     FANOUT "R OpenResponse s=S Ok",            "R SessionStatus s=S at=0", "rw"},
        {"blocked",   FANOUT "R OpenResponse s=S OkStopSending; R OpenResponse s=S StartSending;"
                      "R OpenResponse s=S StopSending",          "R SessionStatus s=S at=0", "bw"},
        {"ready",     FANOUT "R OpenResponse s=S Ok",            "O SessionStatus s=S at=0", "rw:w"},
        {"ready",     FANOUT "R OpenResponse s=S Ok",            "R SessionStatus s=S at=2", "rw:B"},
        {"left before", FANOUT "R SessionStatus s=S at=0",       "R SessionStatus s=S at=0", "o-:R"},
        {"named twice", FANOUT,                                  "R SessionStatus s=S at=1,1", "o-:R"},
        {"both",      FANOUT,                                    "R SessionStatus s=S at=1,7,1", "o-:BR"},
        {"gone by name", FANOUT "R SessionStatus s=S device=c",  "R SessionStatus s=S at=0,1", "o-:R"},
        {"no such name", FANOUT,                                 "R SessionStatus s=S device=x", "o-"},
        {"closed",    FANOUT "R SessionStatus s=S at=0,1; R Close s=S", "O Close s=S", "d-:i"},
        {"closed",    FANOUT "O Close s=S",                      "R SessionStatus s=S at=0", "d-:i"},
        {"gap",       FANOUT "gap",                              "R SessionStatus s=S at=9", "?-"},
        {"opening",   FANOUT,                                    "R Close s=S", "d-"},
        {"opening",   FANOUT,                                    "R OpenResponse s=S NoFanoutEntries", "d-"},
        /* 3.3.5.6 */
        {"opening",   FANOUT,                                    "R OpenResponse s=S Ok", "rw:f"},
        {"opening",   FANOUT,                                    "R OpenResponse s=S OkStopSending", "sw"},
        {"opening",   FANOUT,                                    "R OpenResponse s=S Unknown", "d-"},
        {"opening",   FANOUT,                                    "R OpenResponse s=S NoResource", "d-:f"},
        {"remote",    FANOUT,                                    "R OpenResponse s=S FanoutNotSupported", "d-"},
        {"local",     "I Connect; A ConnectResponse Ok; O FanoutOpen s=S to=a,b, to=c,d,",
                                                                 "R OpenResponse s=S FanoutNotSupported", "d-:f"},
        {"presence",  "I Connect; A ConnectResponse Ok; O FanoutOpen s=S url=grooveWanDPP to=a,b,",
                                                                 "R OpenResponse s=S NoResource", "d-"},
        {"presence",  "I Connect; A ConnectResponse Ok; O FanoutOpen s=S url=grooveWANDPP to=a,b,",
                                                                 "R OpenResponse s=S OkStopSending", "sw:f"},
        {"empty",     "I Connect; A ConnectResponse Ok; O FanoutOpen s=S",
                                                                 "R OpenResponse s=S OkStopSending", "sw:f"},
        {"empty",     "I Connect; A ConnectResponse Ok; O FanoutOpen s=S",
                                                                 "R OpenResponse s=S NoFanoutEntries", "d-"},
        {"Open, presence", "I Connect; A ConnectResponse Ok; O Open s=S url=grooveWanDPP",
                                                                 "R OpenResponse s=S NoResource", "d-"},
        {"nobody named", FANOUT,                                 "R SessionStatus s=S", "o-"},
        /* SPECIFICATION.md: no entries, OpenResponse Ok and the Close right after it. */
        {"empty",     "I Connect; A ConnectResponse Ok; O FanoutOpen s=S;"
                      "R OpenResponse s=S Ok",                   "R Close s=S", "d-"},
    };
    /* clang-format on */
#undef FANOUT
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        cells_check_session(SSTP_OBSERVER_FROM_START, rows[i].before, rows[i].name, rows[i].line,
                            rows[i].expected);
}

/* ------------------------------------------------------------------------
 * The MessageReceiver (GRVSSTP 3.1.5.10-12)
 */

static void test_receiver(void)
{
#define OPENING CELLS_OPENED "O Message s=S;"
#define SUSPENDED CELLS_OPENED "R OpenResponse s=S OkStopSending;"
#define BLOCKED CELLS_READY "R OpenResponse s=S StopSending;"
    static const struct {
        const char *name, *before;
        const char *cells[3]; /* Message, Data, EndMessage */
    } rows[] = {
        {"waiting", CELLS_READY, {"rr", "rw:x", "rw:x"}},
        {"ready", CELLS_READY "O Message s=S", {"rr:x", "rb", "rw:x"}},
        {"buffering", CELLS_READY "O Message s=S; O Data s=S", {"rb:x", "rb", "rw"}},
        {"waiting again",
         CELLS_READY "O Message s=S; O Data s=S; O EndMessage s=S",
         {"rr", "rw:x", "rw:x"}},
        {"after an EndMessage without Data",
         CELLS_READY "O Message s=S; O EndMessage s=S",
         {"rr", "rw:x", "rw:x"}},
        {"suspended, ready", SUSPENDED "O Message s=S", {"sr:x", "sb", "sw:x"}},
        {"suspended, buffering", SUSPENDED "O Message s=S; O Data s=S", {"sb:x", "sb", "sw"}},
        {"blocked, waiting", BLOCKED, {"br:b", "bw:x", "bw:x"}},
        {"blocked, ready", BLOCKED "O Message s=S", {"br:xb", "bb", "bw:x"}},
        {"blocked, buffering", BLOCKED "O Message s=S; O Data s=S", {"bb:xb", "bb", "bw"}},
        {"blocked in the middle",
         CELLS_READY "O Message s=S; R OpenResponse s=S StopSending",
         {"br:xb", "bb", "bw:x"}},
        {"opening, with a Message", OPENING, {"o-:x", "o-", "o-"}},
        {"accepted after its Message", OPENING "R OpenResponse s=S Ok", {"rr", "rw:x", "rw:x"}},
        {"gap, ready", CELLS_READY "gap; O Message s=S", {"rr:x", "rb", "rw:x"}},
        {"gap, buffering", CELLS_READY "gap; O Data s=S", {"rb:x", "?b", "?w"}},
        {"gap, waiting", CELLS_READY "gap; O EndMessage s=S", {"rr", "?w:x", "?w:x"}},
    };
    static const char *const lines[] = {"O Message s=S", "O Data s=S", "O EndMessage s=S"};

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        for (size_t j = 0; j < G_N_ELEMENTS(lines); j++)
            cells_check_session(SSTP_OBSERVER_FROM_START, rows[i].before, rows[i].name, lines[j],
                                rows[i].cells[j]);
#undef OPENING
#undef SUSPENDED
#undef BLOCKED
}

/* ------------------------------------------------------------------------
 * Attach and register sessions (GRVSSTP 3.2.5.14-18, 3.3.5.14-18)
 */

enum { EVENT_COLUMNS = 14 };

#define ATTACHED STORY_CONNECTED "I Attach e=1;"
#define ANSWERED ATTACHED "A AttachResponse e=1 Ok;"
#define REGISTERING ANSWERED "I Register e=1;"
#define IDENTITY STORY_CONNECTED "I Register e=1;"

/* clang-format off */

static const struct {
    const char *name, *before;
} event_columns[EVENT_COLUMNS] = {
    {"attached",          ATTACHED},
    {"answered",          ANSWERED},
    {"authenticated",     ANSWERED "I AttachAuthenticate e=1"},
    {"registering",       REGISTERING},
    {"registered",        REGISTERING "A RegisterResponse e=1"},
    {"identity",          IDENTITY},
    {"identity answered", IDENTITY "A RegisterResponse e=1"},
    {"closed by A",       ANSWERED "A Close s=1"},
    {"closed by I",       ANSWERED "I Close s=1"},
    {"opened by Open",    STORY_CONNECTED "I Open s=1; A OpenResponse s=1 Ok"},
    {"never there",       STORY_CONNECTED},
    {"gap",               ANSWERED "gap"},
    {"gap, by Open",      STORY_CONNECTED "I Open s=1; A OpenResponse s=1 Ok; gap"},
    {"late",              ""},
};

/* Findings alone: these sessions have no states to show.  How an attach goes on
 * after a RegisterResponse is MS-GRVSSTPS's; an AttachResponse is not minded. */
static const struct {
    const char *line;
    const char *cells[EVENT_COLUMNS];
} event_rows[] = {
/*                                 attached answered authen  registering registered ident  ident ok A closed I closed Open   never  gap  gap   late */
    {"I Attach e=1",              {":d",    ":d",    ":d",    ":d",       ":d",      ":d",  ":d",    "",      "",      ":d",  "",    "",  "",   ""}},
    {"I AttachAuthenticate e=1",  {":x",    "",      "",      "",         "",        ":x",  ":x",    ":i",    ":u",    ":x",  ":u",  "",  "",   ""}},
    {"I Register e=1",            {":x",    "",      "",      "",         "",        ":d",  ":d",    ":i",    "",      ":d",  "",    "",  "",   ""}},
    {"A AttachResponse e=1",      {"",      ":x",    "",      "",         "",        ":x",  ":x",    ":u",    ":i",    ":x",  ":u",  "",  "",   ""}},
    {"A RegisterResponse e=1",    {":x",    ":x",    ":x",    "",         ":x",      "",    ":x",    ":u",    ":i",    ":x",  ":u",  "",  "",   ""}},
    {"I Open s=1",                {":d",    ":d",    ":d",    ":d",       ":d",      ":d",  ":d",    "",      "",      ":d",  "",    "",  "",   ""}},
    {"I FanoutOpen s=1",          {":d",    ":d",    ":d",    ":d",       ":d",      ":d",  ":d",    "",      "",      ":d",  "",    "",  "",   ""}},
    {"I Message s=1",             {":x",    ":x",    ":x",    ":x",       ":x",      ":x",  ":x",    ":i",    ":u",    "",    ":u",  "",  "",   ""}},
    {"I Data s=1",                {":x",    ":x",    ":x",    ":x",       ":x",      ":x",  ":x",    ":i",    ":u",    ":x",  ":u",  "",  "",   ""}},
    {"I EndMessage s=1",          {":x",    ":x",    ":x",    ":x",       ":x",      ":x",  ":x",    ":i",    ":u",    ":x",  ":u",  "",  "",   ""}},
    {"A OpenResponse s=1 Ok",     {":x",    ":x",    ":x",    ":x",       ":x",      ":x",  ":x",    ":u",    ":i",    ":x",  ":u",  "",  "",   ""}},
    {"A SessionStatus s=1",       {":x",    ":x",    ":x",    ":x",       ":x",      ":x",  ":x",    ":u",    ":i",    ":x",  ":u",  "",  "",   ""}},
    {"I Close s=1",               {"",      "",      "",      "",         "",        "",    "",      ":i",    ":i",    "",    ":i",  "",  "",   ""}},
    {"A Close s=1",               {"",      "",      "",      "",         "",        "",    "",      ":i",    ":i",    "",    ":i",  "",  "",   ""}},
};

/* clang-format on */

static void test_events(void)
{
    GString *cell = g_string_new("");

    for (size_t i = 0; i < G_N_ELEMENTS(event_rows); i++)
        for (size_t j = 0; j < EVENT_COLUMNS; j++) {
            struct story story;
            story_begin(&story, event_columns[j].before[0] == '\0' ? SSTP_OBSERVER_LATE
                                                                   : SSTP_OBSERVER_FROM_START);
            story_tell_all(&story, event_columns[j].before);
            (void)story_tell(&story, event_rows[i].line);
            g_string_assign(cell, "");
            cells_add_findings(cell, story.seen.findings);
            cells_compare(event_rows[i].line, event_columns[j].name, cell->str,
                          event_rows[i].cells[j]);
            story_end(&story);
        }
    g_string_free(cell, TRUE);
}

/* ------------------------------------------------------------------------
 * The tables themselves
 */

static void test_every_finding_is_there(void)
{
    test_connection();
    test_sessions();
    test_fanout_sessions();
    test_receiver();
    test_events();
    cells_check_findings(CELLS_OF_STATES);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/state/observer/table/connection", test_connection);
    g_test_add_func("/state/observer/table/sessions", test_sessions);
    g_test_add_func("/state/observer/table/fanout", test_fanout_sessions);
    g_test_add_func("/state/observer/table/receiver", test_receiver);
    g_test_add_func("/state/observer/table/events", test_events);
    g_test_add_func("/state/observer/table/every-finding", test_every_finding_is_there);
    return g_test_run();
}
