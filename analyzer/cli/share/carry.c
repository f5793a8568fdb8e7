/* SPDX-License-Identifier: GPL-2.0-or-later */
/* carry.c: the file, and what goes into it frame by frame. */
#include "share/carry.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "base/say.h"
#include "core/decode.h"
#include "share/carrying.h"

struct head {
    guint64 order;
    guint32 kind;
};

struct carried_command {
    guint32 connection;
    struct report_frame frame;
    struct report_command command; /* as it is, but for what points to the wire */
    guint32 num_findings;
};

/* ------------------------------------------------------------------------
 * The file
 */

struct carry *carry_new(void)
{
    GError *error = NULL;
    char *name = NULL;
    const int fd = g_file_open_tmp("grvsstp-XXXXXX", &name, &error);

    if (fd < 0) {
        say("a temporary file cannot be made: %s", error->message);
        g_error_free(error);
        return NULL;
    }
    (void)g_unlink(name);
    g_free(name);
    struct carry *carry = g_new0(struct carry, 1);
    carry->file = fdopen(fd, "w+b");
    g_assert(carry->file != NULL);
    (void)setvbuf(carry->file, NULL, _IOFBF, CARRY_BUFFER);
    carry->text = g_string_new(NULL);
    carry->other = g_string_new(NULL);
    carry->stream_numbers = g_array_new(FALSE, TRUE, sizeof(guint32));
    return carry;
}

void carry_free(struct carry *carry)
{
    if (carry == NULL)
        return;
    (void)fclose(carry->file);
    g_string_free(carry->text, TRUE);
    g_string_free(carry->other, TRUE);
    g_array_free(carry->stream_numbers, TRUE);
    g_free(carry);
}

void carry_put(struct carry *carry, const void *bytes, gsize len)
{
    if (len > 0)                                  /* what has none need not be anywhere */
        (void)fwrite(bytes, 1, len, carry->file); /* carry_finish() looks whether it went well */
}

void carry_put_bytes(struct carry *carry, const void *bytes, guint32 len)
{
    carry_put(carry, &len, sizeof len);
    carry_put(carry, bytes, len);
}

gboolean carry_get(struct carry *carry, void *bytes, gsize len)
{
    return fread(bytes, 1, len, carry->file) == len;
}

gboolean carry_get_bytes(struct carry *carry, GString *bytes)
{
    guint32 len;

    if (!carry_get(carry, &len, sizeof len))
        return FALSE;
    g_string_set_size(bytes, len);
    return carry_get(carry, bytes->str, len);
}

/* ------------------------------------------------------------------------
 * In
 */

void carry_frame(struct carry *carry, guint32 number)
{
    carry->order = (guint64)number << 32;
}

void carry_end_frames(struct carry *carry)
{
    carry->is_ending = TRUE;
}

/* At the end each connection is told of in the order in which they began. */
static void put_head(struct carry *carry, enum carry_kind kind, guint32 number)
{
    struct head head;

    memset(&head, 0, sizeof head);
    head.kind = kind;
    head.order = carry->order;
    if (carry->is_ending)
        head.order =
            CARRY_AFTER_FRAMES | (number < carry->stream_numbers->len
                                      ? g_array_index(carry->stream_numbers, guint32, number)
                                      : 0);
    carry_put(carry, &head, sizeof head);
}

void carry_begin(struct carry *carry, guint32 number, guint32 point, gint64 uncertainty_ns)
{
    if (number >= carry->stream_numbers->len)
        g_array_set_size(carry->stream_numbers, number + 1);
    g_array_index(carry->stream_numbers, guint32, number) = (guint32)(carry->order >> 32);
    put_head(carry, CARRY_BEGIN, number);
    carry_put(carry, &number, sizeof number);
    carry_put(carry, &point, sizeof point);
    carry_put(carry, &uncertainty_ns, sizeof uncertainty_ns);
}

void carry_event(struct carry *carry, const struct sstp_story_event *event, struct sstp_span bytes,
                 const guint8 *contents)
{
    const guint32 form[2] = {(guint32)event->command->form, (guint32)carry->is_looked_up};

    carry->is_looked_up = FALSE;
    put_head(carry, CARRY_EVENT, event->connection);
    carry_put(carry, event, sizeof *event);
    carry_put(carry, form, sizeof form);
    carry_put_bytes(carry, bytes.data, (guint32)bytes.len);
    carry_put_bytes(carry, contents, contents != NULL ? CARRY_CONTENTS_LEN : 0);
}

void carry_asked(struct carry *carry, struct sstp_span who, struct sstp_span target, gint64 now_ns,
                 guint32 seconds)
{
    put_head(carry, CARRY_ASKED, 0);
    carry_put(carry, &now_ns, sizeof now_ns);
    carry_put(carry, &seconds, sizeof seconds);
    carry_put_bytes(carry, who.data, (guint32)who.len);
    carry_put_bytes(carry, target.data, (guint32)target.len);
}

void carry_looked(struct carry *carry)
{
    carry->is_looked_up = TRUE;
}

void carry_gap(struct carry *carry, guint32 number)
{
    put_head(carry, CARRY_GAP, number);
    carry_put(carry, &number, sizeof number);
}

void carry_end(struct carry *carry, guint32 number)
{
    put_head(carry, CARRY_END, number);
    carry_put(carry, &number, sizeof number);
}

void carry_command(struct carry *carry, const struct report_command *command)
{
    struct carried_command carried;
    guint32 num = 0;

    memset(&carried, 0, sizeof carried);
    while (num < CARRY_FINDINGS_MAX && command->findings[num] != NULL)
        num++;
    carried.connection = command->connection->stream;
    carried.frame = *command->frame;
    carried.command = *command;
    carried.num_findings = num;
    put_head(carry, CARRY_COMMAND, 0);
    carry_put(carry, &carried, sizeof carried);
    carry_put(carry, command->findings, num * sizeof *command->findings);
    carry_put_bytes(carry, command->name, (guint32)strlen(command->name) + 1);
    carry_put_bytes(carry, command->detail, (guint32)strlen(command->detail) + 1);
}

gboolean carry_finish(struct carry *carry, const struct report *report)
{
    struct head last;
    guint64 trailer[2] = {CARRY_MAGIC, 0};

    memset(&last, 0, sizeof last); /* what is between its members goes into the file, too */
    last.order = G_MAXUINT64;
    last.kind = CARRY_LAST;
    carry_put(carry, &last, sizeof last);
    trailer[1] = (guint64)ftello(carry->file);
    carry_put_tables(carry, report);
    carry_put(carry, trailer, sizeof trailer);
    errno = 0;
    if (fflush(carry->file) == 0 && !ferror(carry->file))
        return TRUE;
    say("a temporary file in %s cannot be written: %s", g_get_tmp_dir(),
        errno != 0 ? g_strerror(errno) : "there is no room");
    return FALSE;
}

/* ------------------------------------------------------------------------
 * Out
 */

gboolean carry_read(struct carry *carry, struct report *report, gboolean has_counts)
{
    guint64 trailer[2];

    if (fseeko(carry->file, -(off_t)sizeof trailer, SEEK_END) != 0 ||
        !carry_get(carry, trailer, sizeof trailer) || trailer[0] != CARRY_MAGIC ||
        fseeko(carry->file, (off_t)trailer[1], SEEK_SET) != 0 ||
        !carry_get_tables(carry, report, has_counts))
        return FALSE;
    rewind(carry->file);
    return TRUE;
}

static gboolean get_event(struct carry *carry, struct carried *item)
{
    guint32 form[2];

    if (!carry_get(carry, &item->event, sizeof item->event) ||
        !carry_get(carry, form, sizeof form) || !carry_get_bytes(carry, carry->text) ||
        !carry_get_bytes(carry, carry->other))
        return FALSE;
    (void)sstp_command_decode(sstp_span(carry->text->str, carry->text->len),
                              (enum sstp_version)form[0], NULL, &carry->command);
    item->event.command = &carry->command;
    item->is_looked_up = form[1] != 0;
    item->number = item->event.connection;
    item->contents = carry->other->len > 0 ? (const guint8 *)carry->other->str : NULL;
    return TRUE;
}

static gboolean get_asked(struct carry *carry, struct carried *item)
{
    if (!carry_get(carry, &item->now_ns, sizeof item->now_ns) ||
        !carry_get(carry, &item->seconds, sizeof item->seconds) ||
        !carry_get_bytes(carry, carry->text) || !carry_get_bytes(carry, carry->other))
        return FALSE;
    item->who = sstp_span(carry->text->str, carry->text->len);
    item->target = sstp_span(carry->other->str, carry->other->len);
    return TRUE;
}

static gboolean get_command(struct carry *carry, struct carried *item)
{
    struct carried_command carried;

    if (!carry_get(carry, &carried, sizeof carried) || carried.num_findings > CARRY_FINDINGS_MAX ||
        !carry_get(carry, carry->findings, carried.num_findings * sizeof carry->findings[0]) ||
        !carry_get_bytes(carry, carry->text) || !carry_get_bytes(carry, carry->other))
        return FALSE;
    carry->findings[carried.num_findings] = NULL;
    item->row = carried.command;
    item->row_connection = carried.connection;
    item->frame = carried.frame;
    item->row.connection = NULL;
    item->row.frame = &item->frame;
    item->row.name = carry->text->str;
    item->row.detail = carry->other->str;
    item->row.findings = item->findings = carry->findings;
    return TRUE;
}

gboolean carry_next(struct carry *carry, struct carried *item)
{
    struct head head;

    if (carry->is_over)
        return TRUE;
    if (!carry_get(carry, &head, sizeof head))
        return FALSE;
    item->kind = (enum carry_kind)head.kind;
    item->order = head.order;
    switch (item->kind) {
    case CARRY_BEGIN:
        return carry_get(carry, &item->number, sizeof item->number) &&
               carry_get(carry, &item->point, sizeof item->point) &&
               carry_get(carry, &item->uncertainty_ns, sizeof item->uncertainty_ns);
    case CARRY_EVENT:
        return get_event(carry, item);
    case CARRY_ASKED:
        return get_asked(carry, item);
    case CARRY_GAP:
    case CARRY_END:
        return carry_get(carry, &item->number, sizeof item->number);
    case CARRY_COMMAND:
        return get_command(carry, item);
    case CARRY_LAST:
        carry->is_over = TRUE;
        return TRUE;
    }
    return FALSE;
}
