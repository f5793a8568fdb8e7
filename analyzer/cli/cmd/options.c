/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/options.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/say.h"
#include "henc/henc_findings.h"
#include "report/tables.h"

static gboolean read_format(struct options *options)
{
    static const char *const names[] = {"text", "json", "csv", "html"};

    if (options->format_text == NULL)
        return TRUE;
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        if (strcmp(options->format_text, names[i]) == 0) {
            options->format = (enum options_format)i;
            return TRUE;
        }
    }
    say("--format %s: has to be text, json, csv or html", options->format_text);
    return FALSE;
}

static gboolean read_table(struct options *options)
{
    options->table = options->table_text;
    if (options->format == OPTIONS_HTML && options->table != NULL) {
        say("--format html has all tables on one page, and takes no --table");
        return FALSE;
    }
    if (options->format == OPTIONS_CSV && options->table == NULL && pick_is_empty(&options->pick)) {
        say("--format csv is one table: say which with --table");
        return FALSE;
    }
    if (options->table == NULL || strcmp(options->table, TABLE_COMMANDS) == 0 ||
        table_find(options->table) != NULL)
        return TRUE;
    say("--table %s: has to be points, connections, sessions, messages, journeys, findings or "
        "commands",
        options->table);
    return FALSE;
}

static gboolean read_pick(struct options *options)
{
    const char *text = options->journey_text;
    GError *error = NULL;

    options->pick.user_ref = options->user_ref;
    options->pick.identity = options->identity;
    if (text != NULL) {
        options->pick.has_number = TRUE;
        if (!g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT32, &options->pick.number, &error)) {
            say("--journey %s: has to be the number of a journey", text);
            g_error_free(error);
            return FALSE;
        }
    }
    if (!pick_is_empty(&options->pick) && options->table_text != NULL &&
        strcmp(options->table_text, "journeys") != 0) {
        say("--table %s: --journey, --user-ref, --identity and --undelivered pick journeys alone",
            options->table_text);
        return FALSE;
    }
    return TRUE;
}

static gboolean is_number(const char *text, gsize len, guint64 min, guint64 max, guint64 *number)
{
    char *digits = g_strndup(text, len);
    const gboolean is_good = g_ascii_string_to_unsigned(digits, 10, min, max, number, NULL);

    g_free(digits);
    return is_good;
}

/* "I/N" */
static gboolean read_share(struct options *options)
{
    const char *text = options->share_text;
    const char *slash = text != NULL ? strchr(text, '/') : NULL;
    guint64 share, num;

    options->share = -1;
    if (text == NULL)
        return TRUE;
    if (slash == NULL || !is_number(slash + 1, strlen(slash + 1), 1, OPTIONS_SHARES_MAX, &num) ||
        !is_number(text, (gsize)(slash - text), 0, num - 1, &share)) {
        say("--share %s: has to be I/N, one of N shares, the first of which is 0, at most %u of "
            "them",
            text, OPTIONS_SHARES_MAX);
        return FALSE;
    }
    if (options->format_text != NULL && options->format != OPTIONS_JSON) {
        say("--format %s: --share prints records for others to join, in JSON alone",
            options->format_text);
        return FALSE;
    }
    if (!pick_is_empty(&options->pick) ||
        (options->table_text != NULL && strcmp(options->table_text, "journeys") == 0)) {
        say("--share has no journeys: these are joined from all shares");
        return FALSE;
    }
    options->format = OPTIONS_JSON;
    options->share = (gint)share;
    options->num_shares = (guint)num;
    return TRUE;
}

static gboolean read_jobs(struct options *options)
{
    const char *text = options->jobs_text;
    guint64 jobs = 0;

    if (text != NULL && !is_number(text, strlen(text), 1, OPTIONS_JOBS_MAX, &jobs)) {
        say("--jobs %s: has to be a number of processes from 1 to %u", text, OPTIONS_JOBS_MAX);
        return FALSE;
    }
    options->jobs = (guint)jobs;
    return TRUE;
}

/* "2G" */
static gboolean read_memory(struct options *options)
{
    static const char units[] = "KMGT";
    const char *text = options->memory_text;
    const gsize len = text != NULL ? strlen(text) : 0;
    const char *unit = len > 1 ? strchr(units, g_ascii_toupper(text[len - 1])) : NULL;
    const guint shift = unit != NULL ? 10 * (guint)(unit - units + 1) : 0;

    if (text == NULL)
        return TRUE;
    if (!is_number(text, len - (unit != NULL), 1, G_MAXINT64 >> shift, &options->memory)) {
        say("--memory %s: has to be a number of bytes, which K, M, G or T may follow", text);
        return FALSE;
    }
    options->memory <<= shift;
    return TRUE;
}

static gboolean read_severity(struct options *options)
{
    static const char *const names[] = {"note", "warning", "error"};

    if (options->fail_text == NULL)
        return TRUE;
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        if (strcmp(options->fail_text, names[i]) == 0) {
            options->fails = TRUE;
            options->fails_on = (enum sstp_severity)i;
            return TRUE;
        }
    }
    say("--fail-on %s: has to be note, warning or error", options->fail_text);
    return FALSE;
}

/* Whether it is one of ours: `sstp.expert.` may stand before it. */
static gboolean is_finding(const char *name)
{
    for (guint i = 0; i < SSTP_FINDING_COUNT; i++)
        if (strcmp(sstp_finding_infos[i].filter, name) == 0)
            return TRUE;
    for (guint i = 0; i < HENC_FINDING_COUNT; i++)
        if (strcmp(henc_finding_infos[i].filter, name) == 0)
            return TRUE;
    return FALSE;
}

static gboolean has_report_options(const struct options *options)
{
    return options->format_text != NULL || options->table_text != NULL || options->output != NULL ||
           options->filter != NULL || options->fail_text != NULL || options->share_text != NULL ||
           !pick_is_empty(&options->pick);
}

/* "FINDING" or "FINDING:N". */
static gboolean read_shrink(struct options *options)
{
    const char *text = options->shrink_text;

    if (text == NULL) {
        const gboolean is_wrong = options->write != NULL && options->split_text == NULL;
        if (is_wrong)
            say("-w %s: says where --shrink or --split writes, and neither is given",
                options->write);
        return !is_wrong;
    }
    options->shrink_name =
        g_strdup(g_str_has_prefix(text, "sstp.expert.") ? text + strlen("sstp.expert.") : text);
    options->shrink_finding = options->shrink_name;
    options->shrink_number = 1;
    char *colon = strchr(options->shrink_name, ':');
    if (colon != NULL) {
        *colon = '\0';
        if (!g_ascii_string_to_unsigned(colon + 1, 10, 1, G_MAXUINT32, &options->shrink_number,
                                        NULL)) {
            say("--shrink %s: after the colon has to be which of these findings, from 1", text);
            return FALSE;
        }
    }
    if (!is_finding(options->shrink_finding)) {
        say("--shrink %s: there is no such finding; --table findings names those of a capture",
            text);
        return FALSE;
    }
    if (options->write == NULL) {
        say("--shrink %s: say with -w which capture is to be written", text);
        return FALSE;
    }
    if (has_report_options(options)) {
        say("--shrink %s: it writes a capture and no report: --format, --table, --output, "
            "--fail-on, --share, -Y and what picks journeys do not go with it",
            text);
        return FALSE;
    }
    return TRUE;
}

/* "NAME=FILE" becomes two strings. */
static gboolean name_captures(struct options *options)
{
    const guint num_points = options->points != NULL ? g_strv_length(options->points) : 0;
    const guint num = options->captures != NULL ? g_strv_length(options->captures) : 0;

    options->names = g_new0(const char *, num_points + num + 1);
    options->given = g_new0(const char *, num_points + num + 1);
    for (guint i = 0; i < num_points; i++) {
        char *equals = strchr(options->points[i], '=');
        if (equals == NULL || equals == options->points[i] || equals[1] == '\0') {
            say("--point %s: has to be NAME=FILE", options->points[i]);
            return FALSE;
        }
        *equals = '\0';
        options->given[options->num_captures] = options->points[i];
        options->names[options->num_captures++] = equals + 1;
    }
    for (guint i = 0; i < num; i++)
        options->names[options->num_captures++] = options->captures[i];
    return TRUE;
}

/* Whether a file to be written is one of the captures, whatever its name there. */
static gboolean is_capture(const struct options *options, const char *name)
{
    GStatBuf written, read;

    if (name == NULL || g_stat(name, &written) != 0 || !S_ISREG(written.st_mode))
        return FALSE;
    for (guint i = 0; i < options->num_captures; i++)
        if (g_stat(options->names[i], &read) == 0 && read.st_dev == written.st_dev &&
            read.st_ino == written.st_ino)
            return TRUE;
    return FALSE;
}

static gboolean read_split(struct options *options)
{
    const char *text = options->split_text;
    guint64 num;

    if (text == NULL)
        return TRUE;
    if (!is_number(text, strlen(text), 1, OPTIONS_BUCKETS_MAX, &num)) {
        say("--split %s: has to be how many captures to write, from 1 to %u", text,
            OPTIONS_BUCKETS_MAX);
        return FALSE;
    }
    if (options->write == NULL) {
        say("--split %s: say with -w into which folder", text);
        return FALSE;
    }
    if (has_report_options(options) || options->shrink_text != NULL) {
        say("--split %s: it writes captures and no report: --format, --table, --output, --fail-on, "
            "--share, --shrink, -Y and what picks journeys do not go with it",
            text);
        return FALSE;
    }
    options->num_buckets = (guint)num;
    return TRUE;
}

static gboolean read_scenario(struct options *options)
{
    const char *text = options->scenario_text, *seed = options->seed_text;
    guint64 number;

    options->seed = 1;
    if (seed != NULL && text == NULL) {
        say("--seed %s: it is what --scenario makes names of, and that is not given", seed);
        return FALSE;
    }
    if (seed != NULL && !is_number(seed, strlen(seed), 0, G_MAXUINT64, &options->seed)) {
        say("--seed %s: has to be a number", seed);
        return FALSE;
    }
    if (text == NULL)
        return TRUE;
    if (!is_number(text, strlen(text), 0, G_MAXUINT32, &number)) {
        say("--scenario %s: has to be the number of a connection; --table connections has them",
            text);
        return FALSE;
    }
    if (options->format_text != NULL || options->table_text != NULL || options->filter != NULL ||
        options->fail_text != NULL || options->share_text != NULL ||
        !pick_is_empty(&options->pick) || options->shrink_text != NULL ||
        options->split_text != NULL) {
        say("--scenario %s: it writes a scenario and no report: --format, --table, --fail-on, "
            "--share, --shrink, --split, -Y and what picks journeys do not go with it",
            text);
        return FALSE;
    }
    options->has_scenario = TRUE;
    options->scenario = (guint32)number;
    return TRUE;
}

static gboolean check_written(const struct options *options)
{
    const struct {
        const char *option, *name;
    } written[] = {{"--output", options->output}, {"-w", options->write}};

    for (guint i = 0; i < G_N_ELEMENTS(written); i++) {
        if (is_capture(options, written[i].name)) {
            say("%s %s: it is one of the captures, and would overwrite it", written[i].option,
                written[i].name);
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean check(struct options *options)
{
    guint num_stdin = 0;

    options->corrects_clocks = !options->no_clock_correction;
    if (!read_format(options) || !read_pick(options) || !read_table(options) ||
        !read_severity(options) || !read_share(options) || !read_jobs(options) ||
        !read_memory(options) || !read_shrink(options) || !read_split(options) ||
        !read_scenario(options))
        return FALSE;
    if (options->wants_version)
        return TRUE;
    if (!name_captures(options))
        return FALSE;
    if (options->num_captures == 0) {
        say("no capture is named; --help says what there is");
        return FALSE;
    }
    for (guint i = 0; i < options->num_captures; i++)
        num_stdin += strcmp(options->names[i], "-") == 0;
    if (num_stdin > 1) {
        say("- is standard input, and can be named once");
        return FALSE;
    }
    return check_written(options);
}

enum options_result options_read(struct options *options, int *argc, char ***argv)
{
    const GOptionEntry entries[] = {
        {"format", 0, 0, G_OPTION_ARG_STRING, &options->format_text,
         "text (default), json (a record a line), csv (one table) or html (one page)", "FORMAT"},
        {"table", 0, 0, G_OPTION_ARG_STRING, &options->table_text,
         "points, connections, sessions, messages, journeys, findings or commands", "TABLE"},
        {"output", 0, 0, G_OPTION_ARG_FILENAME, &options->output,
         "write the report to FILE instead of standard output", "FILE"},
        {"display-filter", 'Y', 0, G_OPTION_ARG_STRING, &options->filter,
         "report only what a display filter of Wireshark's lets through", "FILTER"},
        {"preference", 'o', 0, G_OPTION_ARG_STRING_ARRAY, &options->preferences,
         "set a preference of Wireshark's", "NAME:VALUE"},
        {"decode-as", 'd', 0, G_OPTION_ARG_STRING_ARRAY, &options->decode_as,
         "decode as, for instance tcp.port==8888,grvsstp", "TABLE==VALUE,PROTOCOL"},
        {"profile", 'C', 0, G_OPTION_ARG_STRING, &options->profile,
         "take a configuration profile of Wireshark's", "PROFILE"},
        {"journey", 0, 0, G_OPTION_ARG_STRING, &options->journey_text,
         "draw the journey of this number", "N"},
        {"user-ref", 0, 0, G_OPTION_ARG_STRING, &options->user_ref,
         "draw the journeys of messages whose UserRef has this in it", "TEXT"},
        {"identity", 0, 0, G_OPTION_ARG_STRING, &options->identity,
         "draw the journeys to this identity", "URL"},
        {"undelivered", 0, 0, G_OPTION_ARG_NONE, &options->pick.undelivered,
         "draw the journeys that have not come to everybody", NULL},
        {"point", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->points,
         "FILE was captured at the point NAME, as all others of that name", "NAME=FILE"},
        {"no-clock-correction", 0, 0, G_OPTION_ARG_NONE, &options->no_clock_correction,
         "take the times of all points as they are", NULL},
        {"share", 0, 0, G_OPTION_ARG_STRING, &options->share_text,
         "print the records of one share of N, for others to join", "I/N"},
        {"jobs", 0, 0, G_OPTION_ARG_STRING, &options->jobs_text,
         "so many processes at a time; without it as many as there are processors", "N"},
        {"memory", 0, 0, G_OPTION_ARG_STRING, &options->memory_text,
         "take no more memory, in as many shares as that needs", "BYTES"},
        {"fail-on", 0, 0, G_OPTION_ARG_STRING, &options->fail_text,
         "exit 1 where there is a finding of this severity or above", "note|warning|error"},
        {"shrink", 0, 0, G_OPTION_ARG_STRING, &options->shrink_text,
         "write the fewest packets that still raise this finding, the Nth of them", "FINDING[:N]"},
        {"write", 'w', 0, G_OPTION_ARG_FILENAME, &options->write,
         "the capture that --shrink writes, or the folder for those of --split", "FILE"},
        {"split", 0, 0, G_OPTION_ARG_STRING, &options->split_text,
         "write the packets to N captures in a folder, by pairs of addresses", "N"},
        {"scenario", 0, 0, G_OPTION_ARG_STRING, &options->scenario_text,
         "print a scenario that relaysim plays: connection N without anybody's data", "N"},
        {"seed", 0, 0, G_OPTION_ARG_STRING, &options->seed_text,
         "what the names of --scenario are made of; 1 unless told otherwise", "S"},
        {"version", 0, 0, G_OPTION_ARG_NONE, &options->wants_version,
         "say which Wireshark and which plugins it works with", NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->captures, NULL,
         "CAPTURE..."},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL}};
    GOptionContext *context = g_option_context_new(NULL);
    GError *error = NULL;

    g_option_context_set_summary(
        context,
        "What happened to the messages of Groove SSTP in captures of Wireshark's formats.");
    g_option_context_set_description(
        context, "CAPTURE is a file, or - for standard input. Files may be named in any "
                 "order.\nExit status: 0 done, 1 it met a failure or a finding of --fail-on, 2 "
                 "wrong usage or unreadable input.\n");
    g_option_context_add_main_entries(context, entries, NULL);
    const gboolean is_parsed = g_option_context_parse(context, argc, argv, &error);
    g_option_context_free(context);
    if (!is_parsed) {
        say("%s; --help says what there is", error->message);
        g_error_free(error);
        return OPTIONS_WRONG;
    }
    return check(options) ? OPTIONS_GOOD : OPTIONS_WRONG;
}

void options_clear(struct options *options)
{
    g_free(options->output);
    g_free(options->filter);
    g_strfreev(options->preferences);
    g_strfreev(options->decode_as);
    g_strfreev(options->points);
    g_free(options->profile);
    g_strfreev(options->captures);
    g_free(options->names);
    g_free(options->given);
    g_free(options->format_text);
    g_free(options->table_text);
    g_free(options->fail_text);
    g_free(options->journey_text);
    g_free(options->user_ref);
    g_free(options->identity);
    g_free(options->share_text);
    g_free(options->shrink_text);
    g_free(options->shrink_name);
    g_free(options->write);
    g_free(options->jobs_text);
    g_free(options->memory_text);
    g_free(options->split_text);
    g_free(options->scenario_text);
    g_free(options->seed_text);
}
