/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario/script.h"

#include <string.h>

#include "core/command.h"
#include "scenario/line.h"

#define NS_PER_MS 1000000

static void G_GNUC_PRINTF(2, 3) tell(GPtrArray *sentences, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_ptr_array_add(sentences, g_strdup_vprintf(format, arguments));
    va_end(arguments);
}

static guint64 count_from(const struct taken *taken, gboolean from_initiator)
{
    guint64 num = 0;

    for (guint i = 0; i < taken->commands->len; i++)
        num += (taken_at(taken, i)->from_initiator != FALSE) == (from_initiator != FALSE);
    return num;
}

/* ------------------------------------------------------------------------
 * How it travels
 */

struct way {
    const char *encapsulation, *over;
    gboolean needs_proxy;
};

static const struct way ways[] = {
    {"TCP", "TCP", FALSE},
    {"SSTP over 443", "443", FALSE},
    {"Secure Tunnel", "CONNECT", TRUE},
    {"SOCKS", "SOCKS", TRUE},
    {"LongLived", "LongLived", FALSE},
    {"KeepAlive", "KeepAlive", FALSE},
    {"Polling", "Polling", FALSE},
};

/* What it travels over here; a proxy is in the way where one has to be, or where a server of HTTP
 * was found on another port than its own. */
static const struct way *way_of(const struct script *script, GPtrArray *sentences,
                                gboolean *has_proxy)
{
    const struct way *way = &ways[0];

    for (gsize i = 0; i < G_N_ELEMENTS(ways); i++)
        if (strcmp(ways[i].encapsulation, script->encapsulation) == 0)
            way = &ways[i];
    if (strcmp(way->over, "Polling") == 0 && script->taken->commands->len > 0 &&
        !taken_at(script->taken, 0)->from_initiator) {
        tell(sentences, "over Polling nobody hears a server before its client has spoken, and the "
                        "first command is the server's: it goes over KeepAlive instead");
        way = &ways[5];
    }
    *has_proxy = way->needs_proxy || (script->is_over_http && script->acceptor_port != 80);
    return way;
}

/* ------------------------------------------------------------------------
 * What cannot be said
 */

static void tell_beginning(const struct script *script, GPtrArray *sentences)
{
    const struct taken *taken = script->taken;
    const struct sstp_span first =
        taken->commands->len > 0 ? taken_bytes(taken, 0) : sstp_span(NULL, 0);

    if (!script->is_over_http && !script->ending.has_begun)
        tell(sentences, "the capture begins in the middle of the connection: here it is opened "
                        "first, and what was said before is not known");
    else if (script->is_over_http && (first.len == 0 || first.data[0] != SSTP_CONNECT))
        tell(sentences, "nobody was seen to say Connect: the capture may begin in the middle of "
                        "the connection, which is opened first here");
    for (guint from_initiator = 0; from_initiator < 2 && taken->commands->len > 0; from_initiator++)
        if (count_from(taken, from_initiator != 0) == 0)
            tell(sentences, "nothing that the %s said was captured, so it says nothing here",
                 from_initiator ? "initiator" : "acceptor");
}

static void tell_losses(const struct script *script, GPtrArray *sentences)
{
    if (script->has_gap)
        tell(sentences, "bytes of the connection are missing from the capture, or could not be "
                        "read, and so are the commands that were in them");
    if (script->has_broken_framing)
        tell(sentences, "there are bytes between the commands that are none, and are left out");
    if (script->has_missing_half)
        tell(sentences, "one half of the connection was not captured, and nothing is said on it");
    if (script->taken->num_left_out > 0)
        tell(sentences,
             "it is longer than a scenario may be: the last %" G_GUINT64_FORMAT
             " commands are left out",
             script->taken->num_left_out);
}

/* ------------------------------------------------------------------------
 * The steps
 */

struct writing {
    GString *text;
    const struct script *script;
    struct replace *replace;
    gint64 begun_ns, last_ms;
    guint num_malformed, num_cut, num_unsaid;
    gboolean is_too_late;
};

static void append_time(struct writing *writing, gint64 t_ns)
{
    const gint64 ms = (t_ns - writing->begun_ns) / NS_PER_MS;

    if (ms <= writing->last_ms)
        return;
    if (ms > (gint64)SCRIPT_SECONDS_MAX * 1000) {
        writing->is_too_late = TRUE;
        return;
    }
    writing->last_ms = ms;
    g_string_append_printf(writing->text, "at %" G_GINT64_FORMAT "ms\n", ms);
}

static void append_commands(struct writing *writing)
{
    const struct taken *taken = writing->script->taken;

    for (guint i = 0; i < taken->commands->len; i++) {
        const struct taken_command *command = taken_at(taken, i);
        const gsize before = writing->text->len;
        append_time(writing, command->t_ns);
        const enum line_result result =
            line_append(writing->text, command->from_initiator ? "A" : "B", taken_bytes(taken, i),
                        command->length, writing->replace);
        if (writing->text->len > SCRIPT_BYTES_MAX) {
            g_string_truncate(writing->text, before);
            writing->num_unsaid = taken->commands->len - i;
            return;
        }
        writing->num_malformed += result == LINE_MALFORMED;
        writing->num_cut += result == LINE_CUT;
    }
}

static void append_end(struct writing *writing)
{
    const struct script *script = writing->script;
    const char *who = script->is_over_http || script->is_ended_by_initiator ? "A" : "B";

    if (script->ending.kind != ENDING_UNKNOWN)
        append_time(writing, script->ending.ended_ns);
    g_string_append_printf(writing->text, "%s %s\n", who,
                           script->ending.kind == ENDING_RESET ? "breaks-off" : "hangs-up");
}

static void tell_steps(const struct writing *writing, GPtrArray *sentences)
{
    if (writing->num_malformed > 0)
        tell(sentences,
             "%u commands are not as they should be, and are said as bytes; what no "
             "field of theirs has is replaced, too",
             writing->num_malformed);
    if (writing->num_cut > 0)
        tell(sentences, "of %u commands the end was not captured, and is made up",
             writing->num_cut);
    if (writing->num_unsaid > 0)
        tell(sentences, "it is longer than a scenario may be: the last %u commands are left out",
             writing->num_unsaid);
    if (writing->is_too_late)
        tell(sentences,
             "what happened more than %u days after the beginning comes without a pause "
             "here",
             SCRIPT_SECONDS_MAX / (24 * 3600));
    if (!writing->script->is_over_http && writing->script->ending.kind == ENDING_UNKNOWN)
        tell(sentences, "the capture ends before the connection does: here it is closed then");
    if (replace_num_alike(writing->replace) > 0)
        tell(sentences, "%u short strings could not be kept apart from others of their length",
             replace_num_alike(writing->replace));
}

/* ------------------------------------------------------------------------
 * The whole
 */

static gint64 beginning_of(const struct script *script)
{
    if (script->ending.has_begun)
        return script->ending.begun_ns;
    return script->taken->commands->len > 0 ? taken_at(script->taken, 0)->t_ns : 0;
}

static void append_head(GString *text, const struct way *way, gboolean has_proxy,
                        const struct script *script, const GPtrArray *sentences)
{
    g_string_append(text,
                    "# Told by grvsstp-analyze --scenario from a capture: names, addresses, "
                    "tokens and contents are made up,\n"
                    "# each of the length and kind of what was there, and the same where that "
                    "was the same.\n");
    for (guint i = 0; i < sentences->len; i++)
        g_string_append_printf(text, "# Not as it was: %s.\n",
                               (const char *)g_ptr_array_index(sentences, i));
    g_string_append_printf(text, "title \"A connection over %s, %u commands\"\n", way->over,
                           script->taken->commands->len);
    if (has_proxy)
        g_string_append(text, "proxy P\n");
    g_string_append_printf(text, "puppet A\npuppet B\n\nA calls B over %s%s\n", way->over,
                           has_proxy ? " through P" : "");
}

void script_append(GString *text, const struct script *script, struct replace *replace,
                   GPtrArray *sentences)
{
    struct writing writing = {.text = g_string_new(NULL),
                              .script = script,
                              .replace = replace,
                              .begun_ns = beginning_of(script)};
    gboolean has_proxy;

    for (guint i = 0; i < script->taken->commands->len; i++)
        line_learn(replace, taken_bytes(script->taken, i));
    const struct way *way = way_of(script, sentences, &has_proxy);
    tell_beginning(script, sentences);
    tell_losses(script, sentences);
    append_commands(&writing);
    append_end(&writing);
    tell_steps(&writing, sentences);
    append_head(text, way, has_proxy, script, sentences);
    g_string_append_len(text, writing.text->str, (gssize)writing.text->len);
    g_string_free(writing.text, TRUE);
}
