/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes the seeds of fuzz_observer to the folder that is its argument:
 * conversations in words (tests/lib/story.h), each in every way to begin, and with
 * memory that runs out.
 */
#include <stdio.h>
#include <stdlib.h>

#include "story.h"

#define HANDSHAKE "I Connect;A ConnectResponse Ok;"
#define MESSAGE "I Message s=1;I Data s=1;I EndMessage s=1;"

static const struct {
    const char *name, *lines;
} conversations[] = {
    {"refused", "I Connect;A ConnectResponse WrongDevice;A ConnectClose"},
    {"messages", HANDSHAKE "I Open s=1 url=r;A OpenResponse s=1 Ok;" MESSAGE MESSAGE
                           "A Noop n=1;A Noop n=2;I Close s=1;I ConnectClose"},
    {"interleaved", HANDSHAKE "I Open s=1;I Open s=2;A OpenResponse s=1 Ok;A OpenResponse s=2 Ok;"
                              "I Message s=1;I Message s=2;I Data s=1;I Data s=2;I EndMessage s=2;"
                              "A Noop n=1;I EndMessage s=1;A ConnectClose n=1"},
    {"flow",
     HANDSHAKE "I Open s=1;A OpenResponse s=1 OkStopSending;A OpenResponse s=1 StartSending;"
               "A OpenResponse s=1 StopSending;" MESSAGE "A OpenResponse s=1 StartSending"},
    {"reverse", HANDSHAKE "A Open s=0x80000001;I OpenResponse s=0x80000001 Ok;"
                          "A Message s=0x80000001;A Data s=0x80000001;A EndMessage s=0x80000001;"
                          "I Open s=1;A OpenResponse s=1 Ok;I Message s=1 n=1"},
    {"refused-session", HANDSHAKE "I Open s=1;A OpenResponse s=1 NoResource;" MESSAGE "I Open s=1"},
    {"crossing", HANDSHAKE "I Open s=1;A OpenResponse s=1 Ok;A Close s=1;" MESSAGE
                           "A ConnectClose;" MESSAGE "I Noop;I ConnectClose n=1;I Noop"},
    {"fanout-5", HANDSHAKE "I FanoutOpen/1.5 s=1 to=a,b,c to=a,c,d to=e,,d;"
                           "A SessionStatus/1.5 s=1 identity=a device=b;"
                           "A SessionStatus/1.5 s=1 identity=e;A SessionStatus/1.5 s=1 device=d"},
    {"fanout-6", HANDSHAKE "I FanoutOpen s=1 to=a,b,c to=a,c,d to=e,,d;A OpenResponse s=1 Ok;"
                           "A SessionStatus s=1 at=0,2,7;A SessionStatus s=1 at=0;"
                           "A SessionStatus s=1 identity=a;A Close s=1"},
    {"events", HANDSHAKE "I Attach e=1 url=r;A AttachResponse e=1 Ok;I AttachAuthenticate e=1;"
                         "A AttachResponse e=1 Ok;I Register e=1;A RegisterResponse e=1;"
                         "I Register e=2;A RegisterResponse e=2;A Close s=1;I Register e=1"},
    {"gap", HANDSHAKE "I Open s=1;A OpenResponse s=1 Ok;" MESSAGE "gap;" MESSAGE "A Noop n=2;gap;"
                      "I Connect;A ConnectResponse Ok;I Open s=1;A OpenResponse s=1 Ok;" MESSAGE
                      "A Noop n=1;end"},
    {"wrong", "A Connect;I Noop;I Connect;I Open s=1;I Connect;A ConnectResponse Ok;I Open s=1;"
              "I Message s=2;A Message s=1;I OpenResponse s=1 Ok;I EndMessage s=1;A Noop n=9"},
};

static void append(GByteArray *seed, const char *line)
{
    struct sstp_command command;
    GByteArray *store = NULL;
    GByteArray *text = g_byte_array_new();
    guint8 step[4] = {0};

    if (strcmp(line, "gap") == 0 || strcmp(line, "end") == 0) {
        step[0] = *line == 'g' ? 0 : 31;
    } else {
        story_command(line + 2, &command, &store);
        step[0] = (guint8)(command.id | (line[0] == 'I' ? 0x20 : 0) |
                           (command.form == SSTP_VERSION_1_6 ? 0x40 : 0));
        step[1] = (guint8)((command.session_id & 0x7f) | command.session_id >> 24);
        step[2] = (guint8)(command.response_id | command.message_count |
                           command.fanout_entries.count | command.fanout_indexes.count);
        g_byte_array_append(text, command.resource_url.data, (guint)command.resource_url.len);
        g_byte_array_append(text, command.fanout_entries.bytes.data,
                            (guint)command.fanout_entries.bytes.len);
        if (command.id == SSTP_SESSION_STATUS) {
            g_byte_array_append(text, command.identity_url.data, (guint)command.identity_url.len);
            g_byte_array_append(text, (const guint8 *)"", 1);
            g_byte_array_append(text, command.device_url.data, (guint)command.device_url.len);
            g_byte_array_append(text, (const guint8 *)"", 1);
            g_byte_array_append(text, command.fanout_indexes.bytes.data,
                                (guint)command.fanout_indexes.bytes.len);
        }
        g_byte_array_unref(store);
    }
    step[3] = (guint8)text->len;
    g_byte_array_append(seed, step, sizeof step);
    g_byte_array_append(seed, text->data, text->len);
    g_byte_array_unref(text);
}

static void write_seed(const char *folder, size_t number, guint8 choice)
{
    GByteArray *seed = g_byte_array_new();
    const guint8 prefix[] = {choice, (guint8)(3 + number)};
    char **lines = g_strsplit(conversations[number].lines, ";", -1);
    char *path = g_strdup_printf("%s/seed-%s-%u", folder, conversations[number].name, choice);

    g_byte_array_append(seed, prefix, sizeof prefix);
    for (char **line = lines; *line != NULL; line++)
        if (**line != '\0')
            append(seed, *line);
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(seed->data, 1, seed->len, file) != seed->len || fclose(file) != 0) {
        perror(path);
        exit(1);
    }
    g_free(path);
    g_strfreev(lines);
    g_byte_array_unref(seed);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(conversations); i++) {
        for (guint8 choice = 0; choice < 3; choice++) /* the ways to begin */
            write_seed(argv[1], i, choice);
        write_seed(argv[1], i, 4); /* from the start, with memory that runs out */
    }
    return 0;
}
