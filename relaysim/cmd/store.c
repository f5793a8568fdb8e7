/* SPDX-License-Identifier: GPL-2.0-or-later */
/* store: `relaysim store`, what a relay has kept in its file, while none uses it. */
#include "base/json_text.h"
#include "base/log.h"
#include "cmd/options.h"
#include "base/plain_text.h"
#include "store/stock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct store_options {
    char *identity, *export, *export_folder, *backup;
    int64_t min_age_ms;
    bool is_json, is_expired, purges, is_all;
};

/* ------------------------------------------------------------------------
 * The list
 */

static int64_t seconds_of(int64_t ms)
{
    return ms / 1000;
}

static void add_int(JsonBuilder *builder, const char *name, int64_t value)
{
    json_builder_set_member_name(builder, name);
    json_builder_add_int_value(builder, value);
}

static void add_seconds(JsonBuilder *builder, const char *name, bool is_known, int64_t ms)
{
    json_builder_set_member_name(builder, name);
    if (is_known)
        json_builder_add_int_value(builder, seconds_of(ms));
    else
        json_builder_add_null_value(builder);
}

static void add_recipient(JsonBuilder *builder, const struct stock_queue *queue)
{
    json_text_add(builder, "identity", sstp_span_of_string(queue->identity_url));
    json_text_add(builder, "device", sstp_span_of_string(queue->device_url));
    json_text_add(builder, "resource", sstp_span_of_string(queue->resource_url));
}

static void add_urls(JsonBuilder *builder, const char *name, const GPtrArray *urls)
{
    struct sstp_span *spans = g_new(struct sstp_span, urls->len + 1);
    for (guint i = 0; i < urls->len; i++)
        spans[i] = sstp_span_of_string(g_ptr_array_index(urls, i));
    json_text_add_list(builder, name, spans, urls->len);
    g_free(spans);
}

static void print_json(const struct stock_summary *summary)
{
    JsonBuilder *builder = json_builder_new();
    json_builder_begin_object(builder);
    add_int(builder, "messages", (int64_t)summary->num_messages);
    add_int(builder, "bytes", (int64_t)summary->num_bytes);
    json_builder_set_member_name(builder, "queues");
    json_builder_begin_array(builder);
    for (guint i = 0; i < summary->queues->len; i++) {
        const struct stock_queue *queue = g_ptr_array_index(summary->queues, i);
        json_builder_begin_object(builder);
        add_recipient(builder, queue);
        add_int(builder, "messages", (int64_t)queue->num_messages);
        add_int(builder, "bytes", (int64_t)queue->num_bytes);
        add_seconds(builder, "oldest_s", queue->oldest_ms != 0, summary->now_ms - queue->oldest_ms);
        add_seconds(builder, "expires_in_s", queue->expires_ms != INT64_MAX,
                    queue->expires_ms - summary->now_ms);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
    add_urls(builder, "devices", summary->devices);
    add_urls(builder, "accounts", summary->accounts);
    json_builder_end_object(builder);
    char *line = json_text_line(builder);
    puts(line);
    g_free(line);
    g_object_unref(builder);
}

/* Anybody's bytes, in a line for people. */
static void print_plain(const char *before, const char *text)
{
    char *plain = plain_text(text);
    printf("%s%s", before, plain);
    g_free(plain);
}

static void print_queue(const struct stock_queue *queue, int64_t now_ms)
{
    printf("%8" PRIu64 " %12" PRIu64 " ", queue->num_messages, queue->num_bytes);
    if (queue->oldest_ms != 0)
        printf(" %10" PRId64 " s", seconds_of(now_ms - queue->oldest_ms));
    else
        printf(" %12s", "-");
    if (queue->expires_ms != INT64_MAX)
        printf(" %10" PRId64 " s", seconds_of(queue->expires_ms - now_ms));
    else
        printf(" %12s", "-");
    print_plain("  ", queue->identity_url);
    print_plain(" ", queue->device_url[0] != '\0' ? queue->device_url : "-");
    print_plain(" ", queue->resource_url[0] != '\0' ? queue->resource_url : "-");
    puts("");
}

static void print_text(const struct stock_summary *summary)
{
    printf("%" PRIu64 " messages, %" PRIu64 " bytes\n", summary->num_messages, summary->num_bytes);
    if (summary->queues->len > 0)
        puts("messages        bytes        oldest    expires in  identity device resource");
    for (guint i = 0; i < summary->queues->len; i++)
        print_queue(g_ptr_array_index(summary->queues, i), summary->now_ms);
    printf("%u devices\n", summary->devices->len);
    for (guint i = 0; i < summary->devices->len; i++) {
        print_plain("  ", g_ptr_array_index(summary->devices, i));
        puts("");
    }
    printf("%u accounts\n", summary->accounts->len);
    for (guint i = 0; i < summary->accounts->len; i++) {
        print_plain("  ", g_ptr_array_index(summary->accounts, i));
        puts("");
    }
}

/* ------------------------------------------------------------------------
 * Export
 */

struct export
{
    FILE *lines;
    const char *folder; /* NULL: the data is in the lines */
    uint64_t num;
    char *error;
};

/* A file that is made anew, or NULL with a sentence. */
static FILE *make_file(const char *path, char **error)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (file == NULL)
        *error = g_strdup_printf("%s cannot be made: %s", path, g_strerror(errno));
    return file;
}

/* In a file of its own, named by its number. */
static bool write_data(struct export *export, const char *name, struct sstp_span data)
{
    char *path = g_build_filename(export->folder, name, NULL);
    FILE *file = make_file(path, &export->error);
    if (file != NULL) {
        const bool is_written = data.len == 0 || fwrite(data.data, 1, data.len, file) == data.len;
        if (fclose(file) != 0 || !is_written)
            export->error = g_strdup_printf("%s cannot be written: %s", path, g_strerror(errno));
    }
    g_free(path);
    return export->error == NULL;
}

static bool export_one(void *cookie, const struct sstp_disk_message *message,
                       const GPtrArray *queues)
{
    struct export *export = cookie;
    struct sstp_command command;
    char name[24];
    JsonBuilder *builder = json_builder_new();
    g_snprintf(name, sizeof name, "%" PRIu64, message->id);
    json_builder_begin_object(builder);
    add_int(builder, "message", (int64_t)message->id);
    json_builder_set_member_name(builder, "recipients");
    json_builder_begin_array(builder);
    for (guint i = 0; i < queues->len; i++) {
        json_builder_begin_object(builder);
        add_recipient(builder, g_ptr_array_index(queues, i));
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
    if (sstp_disk_read_head(message, &command))
        json_text_add(builder, "user_ref", command.user_ref);
    add_int(builder, "size", (int64_t)message->data.len);
    if (export->folder == NULL)
        json_text_add(builder, "data", message->data);
    else
        json_text_add(builder, "file", sstp_span_of_string(name));
    json_builder_end_object(builder);
    char *line = json_text_line(builder);
    g_object_unref(builder);
    export->num++;
    if (fprintf(export->lines, "%s\n", line) < 0)
        export->error = g_strdup_printf("the export cannot be written: %s", g_strerror(errno));
    g_free(line);
    return export->error == NULL &&
           (export->folder == NULL || write_data(export, name, message->data));
}

/* To a file of lines, standard output, or a folder with such a file and one for each
 * message. */
static int run_export(struct stock *stock, const struct stock_filter *filter,
                      const struct store_options *o)
{
    struct export export = {.folder = o->export_folder};
    char *error = NULL;
    char *path = o->export_folder != NULL
                     ? g_build_filename(o->export_folder, "messages.jsonl", NULL)
                     : g_strdup(o->export);
    const bool is_stdout = o->export_folder == NULL && strcmp(path, "-") == 0;
    int result = EXIT_USAGE;
    if (o->export_folder != NULL && mkdir(o->export_folder, 0700) != 0)
        error = g_strdup_printf("the folder %s cannot be made: %s", o->export_folder,
                                g_strerror(errno));
    else
        export.lines = is_stdout ? stdout : make_file(path, &error);
    if (export.lines != NULL) {
        result =
            stock_export(stock, filter, export_one, &export, &error) ? EXIT_DONE : EXIT_REPORTED;
        if (error == NULL)
            error = export.error;
        const bool is_closed = is_stdout ? fflush(stdout) == 0 : fclose(export.lines) == 0;
        if (!is_closed && error == NULL)
            error = g_strdup_printf("%s cannot be written: %s", path, g_strerror(errno));
        if (error != NULL)
            result = EXIT_REPORTED;
        else if (!is_stdout)
            printf("%" PRIu64 " messages exported\n", export.num);
    }
    if (error != NULL)
        log_error("%s", error);
    g_free(error);
    g_free(path);
    return result;
}

/* ------------------------------------------------------------------------
 * The rest
 */

static int run_list(struct stock *stock, const struct stock_filter *filter, bool is_json)
{
    const struct stock_summary *summary;
    char *error = NULL;
    if (!stock_read(stock, filter, &summary, &error)) {
        log_error("%s", error);
        g_free(error);
        return EXIT_USAGE;
    }
    if (is_json)
        print_json(summary);
    else
        print_text(summary);
    return options_end_output();
}

static int run_backup(struct stock *stock, const char *path)
{
    char *error = NULL;
    const bool is_there = g_file_test(path, G_FILE_TEST_EXISTS);
    if (stock_back_up(stock, path, &error))
        return EXIT_DONE;
    log_error("%s", error);
    g_free(error);
    return is_there ? EXIT_USAGE : EXIT_REPORTED;
}

static int run_purge(struct stock *stock, const struct stock_filter *filter)
{
    uint64_t num = 0;
    char *error = NULL;
    if (!stock_purge(stock, filter, &num, &error)) {
        log_error("%s", error);
        g_free(error);
        return EXIT_REPORTED;
    }
    printf("%" PRIu64 " messages removed\n", num);
    return options_end_output();
}

static bool is_sensible(const struct store_options *o, char **arguments)
{
    const int num =
        (o->export != NULL) + (o->export_folder != NULL) + (o->backup != NULL) + (int)o->purges;
    const bool has_filter = o->identity != NULL || o->is_expired || o->min_age_ms != 0;
    const char *why = NULL;
    if (arguments == NULL || arguments[0] == NULL || arguments[1] != NULL)
        why = "one store is needed: relaysim store FILE";
    else if (num > 1)
        why = "--export, --export-folder, --backup and --purge exclude each other";
    else if (o->purges && has_filter == o->is_all)
        why = "--purge needs to know what: --identity, --expired, --older-than, or --all";
    else if (o->is_all && !o->purges)
        why = "--all goes with --purge";
    else if (o->backup != NULL && has_filter)
        why = "--backup takes the whole store";
    else if (o->is_json && num > 0)
        why = "--json is for the list";
    if (why != NULL)
        log_error("%s; see relaysim store --help", why);
    return why == NULL;
}

static int run(const struct store_options *o, const char *path)
{
    const struct stock_filter filter = {o->identity, o->is_expired, o->min_age_ms};
    char *error = NULL;
    struct stock *stock = stock_open(path, g_get_real_time() / 1000, &error);
    if (stock == NULL) {
        log_error("%s", error);
        g_free(error);
        return EXIT_USAGE;
    }
    const int result = o->purges           ? run_purge(stock, &filter)
                       : o->backup != NULL ? run_backup(stock, o->backup)
                       : o->export != NULL || o->export_folder != NULL
                           ? run_export(stock, &filter, o)
                           : run_list(stock, &filter, o->is_json);
    stock_free(stock);
    return result;
}

int cmd_store(int argc, char **argv)
{
    struct store_options o = {.identity = NULL};
    char **arguments = NULL;
    struct option_row rows[] = {
        OPTION_FLAG("json", &o.is_json, "The list as a line of JSON"),
        OPTION_TEXT("identity", &o.identity, "URL", "Only what waits for this identity"),
        OPTION_FLAG("expired", &o.is_expired, "Only messages whose time is over"),
        OPTION_TIME("older-than", &o.min_age_ms, 0, OPTION_TIME_MAX,
                    "Only messages that were stored so long ago"),
        OPTION_FILE("export", &o.export, NAMED_FILE_OUTPUT, "FILE",
                    "Write the messages with their data, as JSON lines; - is standard output"),
        OPTION_FILE("export-folder", &o.export_folder, NAMED_FILE_OUTPUT, "FOLDER",
                    "The same into a new folder, the data of each in a file of its own"),
        OPTION_FILE("backup", &o.backup, NAMED_FILE_OUTPUT, "FILE", "Write a copy of the store"),
        OPTION_FLAG("purge", &o.purges, "Remove the messages"),
        OPTION_FLAG("all", &o.is_all, "Remove all of them"),
        OPTION_END};
    int result = options_parse_arguments(
        "What a relay has kept in its store, while no relay uses it: a list of what waits for\n"
        "whom, and of the devices and accounts that are registered.  Files that exist are not\n"
        "overwritten.",
        "FILE", rows, argc, argv, &arguments);
    if (result == -1)
        result = is_sensible(&o, arguments) &&
                         options_check_files(rows, "the store", NAMED_FILE_STORE, arguments, 1)
                     ? run(&o, arguments[0])
                     : EXIT_USAGE;
    option_rows_clear(rows);
    g_strfreev(arguments);
    return result;
}
