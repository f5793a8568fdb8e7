/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/split.h"

#include <errno.h>
#include <glib/gstdio.h>

#include "base/output.h"
#include "capture/pcapng.h"
#include "cmd/reading.h"
#include "cmd/shares.h"

/* A capture that is written. */
struct bucket {
    struct output *output;
    GArray *link_types; /* guint16 */
};

struct splitting {
    const struct options *options;
    struct report *report;
    struct progress progress;
    struct reading *reading;
    struct bucket *buckets; /* by point, and of each point by its number */
    guint num;
    gboolean has_failed; /* with a sentence said */
};

static struct splitting *secrets_for; /* libwiretap's callback has no cookie */

/* ------------------------------------------------------------------------
 * What is written
 */

static char *name_of(const struct splitting *splitting, guint index)
{
    const guint number = index % splitting->options->num_buckets,
                point = index / splitting->options->num_buckets;
    char *name = splitting->report->points->len > 1
                     ? g_strdup_printf("share-%03u-point-%u.pcapng", number, point)
                     : g_strdup_printf("share-%03u.pcapng", number);
    char *path = g_build_filename(splitting->options->write, name, NULL);

    g_free(name);
    return path;
}

static gboolean open_bucket(struct splitting *splitting, guint index)
{
    struct bucket *bucket = &splitting->buckets[index];
    char *path = name_of(splitting, index);

    if (g_file_test(path, G_FILE_TEST_EXISTS))
        say("-w %s: %s is there already; name an empty folder", splitting->options->write, path);
    else
        bucket->output = output_open(path, "-w", "a capture");
    g_free(path);
    if (bucket->output == NULL)
        return FALSE;
    bucket->link_types = g_array_new(FALSE, FALSE, sizeof(guint16));
    pcapng_append_head(output_text(bucket->output));
    return TRUE;
}

static gboolean open_buckets(struct splitting *splitting)
{
    const char *folder = splitting->options->write;

    if (g_mkdir_with_parents(folder, 0777) != 0) {
        say("-w %s: the folder cannot be made: %s", folder, g_strerror(errno));
        return FALSE;
    }
    shares_raise_file_limit();
    splitting->num = splitting->options->num_buckets * splitting->report->points->len;
    splitting->buckets = g_new0(struct bucket, splitting->num);
    for (guint i = 0; i < splitting->num; i++)
        if (!open_bucket(splitting, i))
            return FALSE;
    return TRUE;
}

static gboolean close_buckets(struct splitting *splitting)
{
    gboolean is_good = TRUE;

    for (guint i = 0; i < splitting->num; i++) {
        struct bucket *bucket = &splitting->buckets[i];
        if (bucket->output != NULL && !output_close(bucket->output))
            is_good = FALSE;
        if (bucket->link_types != NULL)
            g_array_free(bucket->link_types, TRUE);
    }
    g_free(splitting->buckets);
    return is_good;
}

/* ------------------------------------------------------------------------
 * What is read
 */

/* What decrypts is for all of them. */
static void on_secrets(guint32 type, const void *bytes, guint len)
{
    for (guint i = 0; i < secrets_for->num; i++) {
        struct output *output = secrets_for->buckets[i].output;
        pcapng_append_secrets(output_text(output), type, bytes, len);
        output_flush(output);
    }
}

static void on_read(void *cookie, const struct packet *packet)
{
    struct splitting *splitting = cookie;
    const guint num = splitting->options->num_buckets;
    const wtap_packet_header *header = &packet->rec->rec_header.packet_header;
    const int link_type = packet_link_type(packet);
    struct packet_pair pair;

    if (link_type < 0) {
        say("packet %" G_GUINT64_FORMAT " of %s is of a link layer that pcapng has no number for",
            packet->frame, splitting->options->names[0]);
        splitting->has_failed = TRUE;
        return;
    }
    struct bucket *bucket =
        &splitting->buckets[packet->point * num +
                            (packet_find_pair(packet, &pair) ? deal_bucket(&pair, num) : 0)];
    const struct pcapng_packet written = {
        .link_type = (guint16)link_type,
        .t_ns = packet->captured_ns,
        .captured = header->caplen,
        .len = header->len,
        .bytes = packet->bytes,
    };
    pcapng_append_packet(output_text(bucket->output), bucket->link_types, &written);
    output_flush(bucket->output);
    splitting->has_failed |= output_has_failed(bucket->output);
}

static gboolean has_enough(void *cookie)
{
    const struct splitting *splitting = cookie;
    return splitting->has_failed;
}

static enum exit_code read_all(struct splitting *splitting)
{
    const struct reading_calls calls = {
        .on_read = on_read, .has_enough = has_enough, .cookie = splitting};
    enum exit_code result = EXIT_DONE;

    secrets_for = splitting;
    source_tell_secrets(on_secrets);
    if (!reading_run(splitting->reading, &splitting->progress, &calls))
        result = EXIT_USAGE;
    source_tell_secrets(NULL);
    if (result == EXIT_DONE && (splitting->has_failed || reading_is_damaged(splitting->reading)))
        result = EXIT_REPORTED;
    if (splitting->report->is_interrupted) {
        say("interrupted; %s has what was read until then", splitting->options->write);
        result = MAX(result, EXIT_REPORTED);
    }
    return result;
}

enum exit_code split(const struct options *options)
{
    struct splitting splitting = {.options = options, .report = report_new()};
    enum exit_code result = EXIT_USAGE;

    progress_begin(&splitting.progress, reading_size(options));
    splitting.reading = reading_new(options, splitting.report, NULL, &splitting.progress);
    if (splitting.reading != NULL) {
        if (open_buckets(&splitting))
            result = read_all(&splitting);
        if (!close_buckets(&splitting))
            result = MAX(result, EXIT_REPORTED);
        reading_free(splitting.reading);
    }
    report_free(splitting.report);
    return result;
}
