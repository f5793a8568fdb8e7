/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/shrink.h"

#include <stdio.h>
#include <string.h>

#include "base/output.h"
#include "base/plain.h"
#include "capture/pcapng.h"
#include "cmd/reading.h"
#include "report/moment.h"
#include "shrink/candidates.h"
#include "shrink/child.h"
#include "shrink/explain.h"
#include "shrink/search.h"
#include "shrink/trial.h"

/* The finding, as the whole capture has it. */
struct found {
    gboolean is_read, is_found;
    guint num;           /* of its kind */
    guint64 num_packets; /* of all kinds */
    struct trial_finding finding;
    struct packet_end ends[2]; /* of its connection */
    guint32 file;
    guint64 frame;
};

struct secrets {
    guint32 type;
    GBytes *bytes;
};

struct shrinking {
    const struct options *options;
    struct report *report;
    struct progress progress;
    struct reading *reading;
    struct trial *trial;
    struct found found;

    struct candidates candidates;

    /* For one trial. */
    const guint *chosen;
    guint num_chosen;
    GString *lines; /* NULL: not asked for */

    gint64 deadline_us;
    guint num_left;
};

static GArray *secrets; /* struct secrets of all files; NULL: nobody asks */

static void note_secrets(guint32 type, const void *bytes, guint len)
{
    const struct secrets one = {type, g_bytes_new(bytes, len)};

    g_array_append_val(secrets, one);
}

static void clear_secrets(gpointer one)
{
    g_bytes_unref(((struct secrets *)one)->bytes);
}

/* ------------------------------------------------------------------------
 * The finding in the whole
 */

static void on_every_packet(void *cookie, const struct packet *packet, gint64 uncertainty_ns)
{
    const struct shrinking *shrinking = cookie;
    trial_packet(shrinking->trial, packet, uncertainty_ns);
}

static void pick_finding(const struct shrinking *shrinking, struct found *found)
{
    const struct report *report = shrinking->report;

    for (guint i = 0; i < report->findings->len; i++) {
        const struct report_finding *row = REPORT_AT(report->findings, struct report_finding, i);
        if (strcmp(row->info->filter, shrinking->options->shrink_finding) != 0 ||
            ++found->num != shrinking->options->shrink_number)
            continue;
        const struct report_frame *frame = report_frame(report, row->frame);
        found->is_found = frame != NULL;
        found->finding = trial_finding_of(row);
        memcpy(found->ends,
               REPORT_AT(report->connections, struct report_connection, row->connection)->ends,
               sizeof found->ends);
        if (frame != NULL) {
            found->file = frame->file;
            found->frame = frame->in_file;
        }
    }
}

/* In a child. */
static void look_for_finding(void *cookie, GByteArray *answer)
{
    struct shrinking *shrinking = cookie;
    const struct reading_calls calls = {NULL, on_every_packet, NULL, NULL, shrinking};
    struct found found = {0};

    found.is_read = reading_run(shrinking->reading, &shrinking->progress, &calls);
    trial_finish(shrinking->trial);
    found.num_packets = shrinking->report->num_packets;
    pick_finding(shrinking, &found);
    g_byte_array_append(answer, (const guint8 *)&found, sizeof found);
}

static enum exit_code find(struct shrinking *shrinking)
{
    const struct options *options = shrinking->options;
    GByteArray *answer = child_ask(look_for_finding, shrinking);
    struct found *found = &shrinking->found;

    if (answer == NULL) {
        say("--shrink: the process that read the captures has died");
        return EXIT_REPORTED;
    }
    memcpy(found, answer->data, sizeof *found);
    g_byte_array_unref(answer);
    if (!found->is_read)
        return EXIT_USAGE;
    if (!progress_go_on()) {
        say("interrupted; nothing is written");
        return EXIT_REPORTED;
    }
    if (found->is_found)
        return EXIT_DONE;
    if (found->num == 0)
        say("--shrink %s: the captures raise no such finding; --table findings names those that "
            "they do",
            options->shrink_text);
    else if (found->num == 1)
        say("--shrink %s: the captures raise this finding only once", options->shrink_text);
    else
        say("--shrink %s: the captures raise this finding only %u times", options->shrink_text,
            found->num);
    return EXIT_REPORTED;
}

/* ------------------------------------------------------------------------
 * Trials
 */

/* In a child. */
static void try_chosen(void *cookie, GByteArray *answer)
{
    struct shrinking *shrinking = cookie;
    guint32 number = 0;

    for (guint i = 0; i < shrinking->num_chosen && number == 0; i++)
        if (shrinking->chosen[i] == shrinking->candidates.target)
            number = i + 1;
    trial_watch(shrinking->trial, &shrinking->found.finding, number, shrinking->lines);
    for (guint i = 0; i < shrinking->num_chosen; i++) {
        const struct candidate *one =
            &g_array_index(shrinking->candidates.all, struct candidate, shrinking->chosen[i]);
        trial_packet(shrinking->trial, one->packet, one->uncertainty_ns);
    }
    trial_finish(shrinking->trial);
    const struct trial_seen seen = trial_seen(shrinking->trial);
    g_byte_array_append(answer, (const guint8 *)&seen, sizeof seen);
    if (shrinking->lines != NULL)
        g_byte_array_append(answer, (const guint8 *)shrinking->lines->str,
                            (guint)shrinking->lines->len);
}

/* What comes of these; `lines`, which may be NULL, gets what is in them. */
static struct trial_seen dissect(struct shrinking *shrinking, const guint *chosen, guint num,
                                 GString *lines)
{
    struct trial_seen seen = {0};

    shrinking->chosen = chosen;
    shrinking->num_chosen = num;
    shrinking->lines = lines;
    GByteArray *answer = child_ask(try_chosen, shrinking);
    if (answer == NULL)
        return seen;
    memcpy(&seen, answer->data, sizeof seen);
    if (lines != NULL)
        g_string_append_len(lines, (const char *)answer->data + sizeof seen,
                            (gssize)(answer->len - sizeof seen));
    g_byte_array_unref(answer);
    return seen;
}

static gboolean has(const guint *chosen, guint num, guint thing)
{
    for (guint i = 0; i < num; i++)
        if (chosen[i] == thing)
            return TRUE;
    return FALSE;
}

static gboolean holds(void *cookie, const guint *chosen, guint num)
{
    struct shrinking *shrinking = cookie;

    if (!has(chosen, num, shrinking->candidates.target) ||
        !dissect(shrinking, chosen, num, NULL).is_raised)
        return FALSE;
    shrinking->num_left = num;
    return TRUE;
}

static gboolean goes_on(void *cookie)
{
    struct shrinking *shrinking = cookie;
    GString *line = g_string_new(NULL);

    moment_append_things(line, shrinking->num_left, "packet");
    g_string_append(line, " left");
    progress_line(&shrinking->progress, line->str);
    g_string_free(line, TRUE);
    return progress_go_on() && g_get_monotonic_time() < shrinking->deadline_us;
}

static void on_candidate(void *cookie, const struct packet *packet, gint64 uncertainty_ns)
{
    struct shrinking *shrinking = cookie;
    candidates_add(&shrinking->candidates, packet, uncertainty_ns);
}

/* Whether the candidates can be tried, and written; a sentence is said where not. */
static gboolean is_usable(const struct candidates *candidates)
{
    if (candidates->is_full) {
        say("--shrink: the packets that may have to do with it take more than %u MiB; cut the "
            "capture first",
            SHRINK_BYTES_MAX >> 20);
        return FALSE;
    }
    for (guint i = 0; i < candidates->all->len; i++) {
        const struct packet *packet = candidates_at(candidates, i);
        if (packet_link_type(packet) < 0) {
            say("--shrink: packet %" G_GUINT64_FORMAT " is of a link layer for which pcapng has no "
                "number, and cannot be written",
                packet->frame);
            return FALSE;
        }
    }
    return TRUE;
}

/* Keeps the packets that raise it, and `chosen` has all of them: those between two addresses, or
 * where that is not enough all there are. */
static enum exit_code collect(struct shrinking *shrinking, GArray *chosen)
{
    const struct reading_calls calls = {NULL, on_candidate, NULL, NULL, shrinking};
    struct candidates *candidates = &shrinking->candidates;
    const struct found *found = &shrinking->found;

    reading_be_silent(shrinking->reading);
    candidates->file = found->file;
    candidates->frame = found->frame;
    memcpy(candidates->ends, found->ends, sizeof found->ends);
    for (candidates->takes_all = found->ends[0].family == 0;; candidates->takes_all = TRUE) {
        candidates_clear(candidates);
        g_array_set_size(secrets, 0);
        if (!reading_run(shrinking->reading, &shrinking->progress, &calls))
            return EXIT_USAGE;
        if (!is_usable(candidates))
            return EXIT_REPORTED;
        g_array_set_size(chosen, 0);
        for (guint i = 0; i < candidates->all->len; i++)
            g_array_append_val(chosen, i);
        if (candidates->has_target &&
            holds(shrinking, (const guint *)(const void *)chosen->data, chosen->len))
            return EXIT_DONE;
        if (candidates->takes_all || !progress_go_on())
            break;
    }
    say("--shrink %s: the finding does not come again when the same packets are read once more",
        shrinking->options->shrink_text);
    return EXIT_REPORTED;
}

/* True where it is certain that nothing more can be left out. */
static gboolean shrink_chosen(struct shrinking *shrinking, GArray *chosen)
{
    struct search search = {holds, goes_on, shrinking, SHRINK_TRIALS_MAX, 0, FALSE};

    shrinking->deadline_us =
        g_get_monotonic_time() + SHRINK_SECONDS_MAX * G_GINT64_CONSTANT(1000000);
    search_without(&search, chosen, candidates_comes_later, &shrinking->candidates);
    search_without(&search, chosen, candidates_is_of_other_flow, &shrinking->candidates);
    search_without(&search, chosen, candidates_is_empty, &shrinking->candidates);
    search_without(&search, chosen, candidates_is_of_other_direction, &shrinking->candidates);
    search_fewest(&search, chosen);
    progress_end(&shrinking->progress);
    return !search.is_stopped;
}

/* ------------------------------------------------------------------------
 * What is written
 */

/* What lines say of packet `number`, joined. */
static void append_commands(GString *text, const GString *lines, guint number)
{
    const gsize before = text->len;
    char *start = g_strdup_printf("%u ", number);
    char **all = g_strsplit(lines->str, "\n", -1);

    for (char **line = all; *line != NULL; line++)
        if (g_str_has_prefix(*line, start))
            g_string_append_printf(text, "%s%s", text->len > before ? ", " : "",
                                   *line + strlen(start));
    if (text->len == before)
        g_string_append(text, "no command ends here");
    g_strfreev(all);
    g_free(start);
}

/* A comment for each of the chosen. */
static char **explain(struct shrinking *shrinking, const GArray *chosen)
{
    const guint *all = (const guint *)(const void *)chosen->data;
    char **comments = g_new0(char *, chosen->len + 1);
    GString *lines = g_string_new(NULL);
    GArray *others = g_array_new(FALSE, FALSE, sizeof(guint));
    const struct trial_seen with = dissect(shrinking, all, chosen->len, lines);

    for (guint i = 0; i < chosen->len; i++) {
        GString *text = g_string_new(NULL);
        g_string_append_printf(text, "%u of %u: ", i + 1, chosen->len);
        append_commands(text, lines, i + 1);
        g_string_append(text, ". ");
        if (all[i] == shrinking->candidates.target) {
            g_string_append(text, "This raises ");
            explain_finding(text, shrinking->found.finding.info);
            g_string_append_c(text, '.');
        } else if (chosen->len <= SHRINK_EXPLAINED_MAX && progress_go_on()) {
            g_array_set_size(others, 0);
            g_array_append_vals(others, all, chosen->len);
            g_array_remove_index(others, i);
            const struct trial_seen without =
                dissect(shrinking, (const guint *)(const void *)others->data, others->len, NULL);
            explain_cause(text, &with, &without);
        }
        comments[i] = g_string_free(text, FALSE);
    }
    g_array_free(others, TRUE);
    g_string_free(lines, TRUE);
    return comments;
}

static void append_packets(const struct shrinking *shrinking, const GArray *chosen,
                           char *const *comments, GString *file)
{
    GArray *link_types = g_array_new(FALSE, FALSE, sizeof(guint16));

    pcapng_append_head(file);
    for (guint i = 0; i < secrets->len; i++) {
        const struct secrets *one = &g_array_index(secrets, struct secrets, i);
        pcapng_append_secrets(file, one->type, g_bytes_get_data(one->bytes, NULL),
                              (guint32)g_bytes_get_size(one->bytes));
    }
    for (guint i = 0; i < chosen->len; i++) {
        const struct packet *packet =
            candidates_at(&shrinking->candidates, g_array_index(chosen, guint, i));
        const wtap_packet_header *header = &packet->rec->rec_header.packet_header;
        const struct pcapng_packet written = {
            .link_type = (guint16)packet_link_type(packet),
            .t_ns = packet->t_ns,
            .captured = header->caplen,
            .len = header->len,
            .bytes = packet->bytes,
            .comment = comments[i],
        };
        pcapng_append_packet(file, link_types, &written);
    }
    g_array_free(link_types, TRUE);
}

/* What was done, and why each packet is there, for people. */
static void print_result(const struct shrinking *shrinking, const GArray *chosen,
                         char *const *comments)
{
    GString *text = g_string_new(NULL);
    const char *name = shrinking->options->write;

    plain_append(text, name, strlen(name));
    g_string_append(text, ": ");
    moment_append_things(text, chosen->len, "packet");
    g_string_append(text, " of ");
    moment_append_count(text, shrinking->found.num_packets);
    g_string_append(text, chosen->len == 1 ? " raises " : " raise ");
    explain_finding(text, shrinking->found.finding.info);
    g_string_append_c(text, '\n');
    for (guint i = 0; i < chosen->len; i++) {
        const struct packet *packet =
            candidates_at(&shrinking->candidates, g_array_index(chosen, guint, i));
        const char *file =
            REPORT_AT(shrinking->report->files, struct report_file, packet->file)->name;
        plain_append(text, file, strlen(file));
        g_string_append_printf(text, " %" G_GUINT64_FORMAT ": %s\n", packet->frame, comments[i]);
    }
    fputs(text->str, stdout);
    g_string_free(text, TRUE);
}

static enum exit_code write_result(struct shrinking *shrinking, const GArray *chosen,
                                   struct output *output)
{
    char **comments = explain(shrinking, chosen);

    append_packets(shrinking, chosen, comments, output_text(output));
    const gboolean is_written = output_close(output);
    if (is_written && strcmp(shrinking->options->write, "-") != 0)
        print_result(shrinking, chosen, comments);
    g_strfreev(comments);
    return is_written ? EXIT_DONE : EXIT_REPORTED;
}

/* ------------------------------------------------------------------------
 * From outside
 */

static enum exit_code shrink_found(struct shrinking *shrinking)
{
    GArray *chosen = g_array_new(FALSE, FALSE, sizeof(guint));
    enum exit_code result = collect(shrinking, chosen);

    if (result == EXIT_DONE) {
        struct output *output = output_open(shrinking->options->write, "-w", "the capture");
        if (output == NULL) {
            result = EXIT_USAGE;
        } else {
            const gboolean is_fewest = shrink_chosen(shrinking, chosen);
            result = write_result(shrinking, chosen, output);
            if (!is_fewest) {
                say("--shrink was stopped%s; fewer packets might do",
                    progress_go_on() ? " after long trying" : "");
                result = MAX(result, EXIT_REPORTED);
            }
        }
    }
    g_array_free(chosen, TRUE);
    return result;
}

enum exit_code shrink(const struct options *options)
{
    struct shrinking shrinking = {.options = options, .report = report_new()};
    enum exit_code result = EXIT_USAGE;

    candidates_init(&shrinking.candidates, SHRINK_BYTES_MAX);
    secrets = g_array_new(FALSE, FALSE, sizeof(struct secrets));
    g_array_set_clear_func(secrets, clear_secrets);
    progress_begin(&shrinking.progress, reading_size(options));
    if (reading_keep_pipes(options))
        shrinking.reading = reading_new(options, shrinking.report, NULL, &shrinking.progress);
    shrinking.trial = shrinking.reading != NULL ? trial_new(shrinking.report) : NULL;
    if (shrinking.trial != NULL) {
        result = find(&shrinking);
        source_tell_secrets(note_secrets);
        if (result == EXIT_DONE)
            result = shrink_found(&shrinking);
        if (result == EXIT_DONE && reading_is_damaged(shrinking.reading))
            result = EXIT_REPORTED;
        source_tell_secrets(NULL);
        trial_free(shrinking.trial);
    }
    if (shrinking.reading != NULL)
        reading_free(shrinking.reading);
    g_array_free(secrets, TRUE);
    candidates_free(&shrinking.candidates);
    report_free(shrinking.report);
    return result;
}
