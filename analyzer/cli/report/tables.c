/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/tables.h"

#include <string.h>

#include "record/rows.h"

static guint count_points(const struct report *report)
{
    return report->points->len;
}

static guint count_connections(const struct report *report)
{
    return report->connections->len;
}

static guint count_sessions(const struct report *report)
{
    return report->sessions->len;
}

static guint count_messages(const struct report *report)
{
    return report->messages->len;
}

static guint count_journeys(const struct report *report)
{
    return report->journeys->len;
}

static guint count_findings(const struct report *report)
{
    return report->findings->len;
}

/* clang-format off */
static const struct table_column of_points[] = {
    {"point",      "point",         NULL, NULL},
    {"name",       "name",          NULL, NULL},
    {"files",      "files",         NULL, NULL},
    {"packets",    "packets",       NULL, NULL},
    {"duplicates", "duplicates",    NULL, NULL},
    {"used",       "used",          NULL, NULL},
    {"offset",     "offset_ns",     NULL, NULL},
    {"between",    "offset_low_ns", " and ", "offset_high_ns"},
    {"drift ppm",  "drift_ppm",     NULL, NULL},
    {"from",       "drift_low_ppm", " to ", "drift_high_ppm"},
    {"shared",     "shared_packets", NULL, NULL},
    {"relayed",    "relayed_messages", NULL, NULL},
    {"steps",      "clock_steps",   NULL, NULL},
    {NULL, NULL, NULL, NULL}};
static const struct table_column of_connections[] = {
    {"#",          "connection",    NULL, NULL},
    {"initiator",  "initiator",     ":", "initiator_port"},
    {"acceptor",   "acceptor",      ":", "acceptor_port"},
    {"carrier",    "encapsulation", NULL, NULL},
    {"version",    "version",       NULL, NULL},
    {"state",      "state",         NULL, NULL},
    {"begins",     "t_ns",          NULL, NULL},
    {"lasts",      "duration_ns",   NULL, NULL},
    {"sessions",   "sessions",      NULL, NULL},
    {"messages",   "initiator_messages", "/", "acceptor_messages"},
    {"unacked",    "initiator_unacknowledged", "/", "acceptor_unacknowledged"},
    {"findings",   "findings",      NULL, NULL},
    {"devices",    "initiator_device", " - ", "acceptor_device"},
    {NULL, NULL, NULL, NULL}};
static const struct table_column of_sessions[] = {
    {"#",          "connection",    NULL, NULL},
    {"session",    "session",       NULL, NULL},
    {"opened by",  "originator",    NULL, NULL},
    {"kind",       "kind",          NULL, NULL},
    {"state",      "state",         NULL, NULL},
    {"messages",   "messages",      NULL, NULL},
    {"payload",    "payload",       NULL, NULL},
    {"blocked",    "blocked",       NULL, NULL},
    {"end",        "end",           NULL, NULL},
    {"frame",      "frame",         NULL, NULL},
    {"file",       "file",          NULL, NULL},
    {"resource",   "resource_url",  NULL, NULL},
    {NULL, NULL, NULL, NULL}};
static const struct table_column of_messages[] = {
    {"#",          "connection",    NULL, NULL},
    {"from",       "from",          NULL, NULL},
    {"session",    "session",       NULL, NULL},
    {"no.",        "number",        NULL, NULL},
    {"time",       "t_ns",          NULL, NULL},
    {"length",     "length",        NULL, NULL},
    {"state",      "state",         NULL, NULL},
    {"after",      "ack_delay_ns",  NULL, NULL},
    {"frames",     "frame",         " to ", "end_frame"},
    {"acked in",   "acked_frame",   NULL, NULL},
    {"file",       "file",          NULL, NULL},
    {"UserRef",    "user_ref",      NULL, NULL},
    {NULL, NULL, NULL, NULL}};
static const struct table_column of_journeys[] = {
    {"journey",    "journey",       NULL, NULL},
    {"begins",     "t_ns",          NULL, NULL},
    {"length",     "length",        NULL, NULL},
    {"to",         "recipients",    NULL, NULL},
    {"outcome",    "outcome",       NULL, NULL},
    {"lasts",      "duration_ns",   NULL, NULL},
    {"#",          "connection",    NULL, NULL},
    {"frame",      "frame",         NULL, NULL},
    {"file",       "file",          NULL, NULL},
    {"UserRef",    "user_ref",      NULL, NULL},
    {"sender",     "sender",        NULL, NULL},
    {NULL, NULL, NULL, NULL}};
static const struct table_column of_findings[] = {
    {"severity",   "severity",      NULL, NULL},
    {"finding",    "finding",       NULL, NULL},
    {"#",          "connection",    NULL, NULL},
    {"from",       "from",          NULL, NULL},
    {"command",    "command",       NULL, NULL},
    {"session",    "session",       NULL, NULL},
    {"frame",      "frame",         NULL, NULL},
    {"file",       "file",          NULL, NULL},
    {"time",       "t_ns",          NULL, NULL},
    {"what",       "sentence",      NULL, NULL},
    {NULL, NULL, NULL, NULL}};
/* clang-format on */

const struct table tables[] = {{"points", count_points, rows_point, of_points},
                               {"connections", count_connections, rows_connection, of_connections},
                               {"sessions", count_sessions, rows_session, of_sessions},
                               {"messages", count_messages, rows_message, of_messages},
                               {"journeys", count_journeys, rows_journey, of_journeys},
                               {"findings", count_findings, rows_finding, of_findings},
                               {NULL, NULL, NULL, NULL}};

const struct table *table_find(const char *name)
{
    for (const struct table *table = tables; table->name != NULL; table++)
        if (strcmp(table->name, name) == 0)
            return table;
    return NULL;
}
