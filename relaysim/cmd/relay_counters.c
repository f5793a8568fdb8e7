/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/relay_counters.h"

#include "cmd/heap.h"

#include <glib.h>
#include <inttypes.h>

static void append_seconds(GString *line, const char *name, int64_t ms)
{
    g_string_append_printf(line, "\"%s\":%" PRId64 ".%03d,", name, ms / 1000, (int)(ms % 1000));
}

char *relay_counters_line(const struct sstp_relay *relay, struct net_bytes bytes, int64_t wall_ms,
                          int64_t uptime_ms)
{
    const struct sstp_relay_counters *counters = sstp_relay_counters(relay);
    const struct {
        const char *name;
        uint64_t value;
    } members[] = {
        {"connections", counters->num_connections},
        {"connections_open", sstp_relay_num_established(relay)},
        {"sessions", counters->num_sessions},
        {"messages_in", counters->num_received},
        {"messages_delivered", counters->num_delivered},
        {"messages_forwarded", counters->num_forwarded},
        {"messages_discarded", counters->num_discarded},
        {"messages_stored", sstp_relay_num_stored(relay)},
        {"acks_sent", counters->num_acknowledged},
        {"acks_received", counters->num_delivered + counters->num_forwarded},
        {"bytes_in", bytes.in},
        {"bytes_out", bytes.out},
        {"memory", heap_num_used()},
    };
    GString *line = g_string_new("{");
    append_seconds(line, "t", MAX(wall_ms, 0));
    append_seconds(line, "uptime", uptime_ms);
    for (size_t i = 0; i < G_N_ELEMENTS(members); i++)
        g_string_append_printf(line, "%s\"%s\":%" PRIu64, i == 0 ? "" : ",", members[i].name,
                               members[i].value);
    g_string_append(line, "}\n");
    return g_string_free(line, FALSE);
}
