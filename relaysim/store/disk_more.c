/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "store/disk_more.h"

/* Which queues a message is for. */
enum standing { STANDS_WITH_ROW, STANDS_APART, HAS_LEFT };

/* ------------------------------------------------------------------------
 * Writing
 */

static void add_number(GByteArray *more, uint64_t number)
{
    uint8_t bytes[SSTP_DISK_ID_MAX];
    g_byte_array_append(more, bytes, (guint)sstp_disk_write_id(bytes, number));
}

static void add_span(GByteArray *more, struct sstp_span span)
{
    add_number(more, span.len);
    g_byte_array_append(more, span.data, (guint)span.len);
}

static void add_standing(GByteArray *more, enum standing standing)
{
    const uint8_t byte = (uint8_t)standing;
    g_byte_array_append(more, &byte, 1);
}

void sstp_disk_add_first(GByteArray *more, const struct sstp_disk_message *message)
{
    add_standing(more, STANDS_WITH_ROW);
    add_number(more, message->data.len);
}

void sstp_disk_add_more(GByteArray *more, const struct sstp_disk_message *message)
{
    add_number(more, message->id);
    add_number(more, (uint64_t)message->expires_ms);
    add_number(more, (uint64_t)message->stored_ms);
    add_span(more, message->head);
    sstp_disk_add_first(more, message);
}

/* ------------------------------------------------------------------------
 * Reading
 */

static bool take_number(struct sstp_disk_walk *walk, uint64_t *number)
{
    return sstp_disk_read_id(&walk->left, number);
}

static bool take_time(struct sstp_disk_walk *walk, int64_t *time_ms)
{
    uint64_t number;
    const bool is_there = take_number(walk, &number);
    *time_ms = is_there ? (int64_t)number : 0;
    return is_there;
}

static bool take_span(struct sstp_disk_walk *walk, struct sstp_span *span)
{
    uint64_t len;
    if (!take_number(walk, &len) || len > walk->left.len)
        return false;
    *span = sstp_span(walk->left.data, (size_t)len);
    walk->left = sstp_span(walk->left.data + len, walk->left.len - (size_t)len);
    return true;
}

static bool take_standing(struct sstp_disk_walk *walk)
{
    walk->standing_at = walk->more.len - walk->left.len;
    if (walk->left.len == 0)
        return false;
    const enum standing standing = walk->left.data[0];
    walk->left = sstp_span(walk->left.data + 1, walk->left.len - 1);
    walk->message.queues = standing == STANDS_WITH_ROW ? walk->queues : sstp_span(NULL, 0);
    return standing == STANDS_APART ? take_span(walk, &walk->message.queues) : standing <= HAS_LEFT;
}

static bool take_data(struct sstp_disk_walk *walk)
{
    uint64_t len;
    if (!take_number(walk, &len) || len > walk->data_len)
        return false;
    walk->message.data = sstp_span(walk->data, (size_t)len);
    walk->data_len -= (size_t)len;
    if (walk->data != NULL)
        walk->data += len;
    /* Nothing is left over. */
    return walk->left.len > 0 || walk->data_len == 0;
}

static void end(struct sstp_disk_walk *walk, bool is_wrong)
{
    walk->is_at_end = true;
    walk->is_wrong = is_wrong;
}

void sstp_disk_begin_walk(struct sstp_disk_walk *walk, const struct sstp_disk_message *first,
                          struct sstp_span more)
{
    *walk = (struct sstp_disk_walk){.message = *first,
                                    .queues = first->queues,
                                    .more = more,
                                    .left = more,
                                    .data = first->data.data,
                                    .data_len = first->data.len};
    walk->message.row = first->id;
    if (more.len > 0 && (!take_standing(walk) || !take_data(walk)))
        end(walk, true);
}

void sstp_disk_walk_on(struct sstp_disk_walk *walk)
{
    struct sstp_disk_message *message = &walk->message;
    const uint64_t last_id = message->id;
    if (walk->left.len == 0) {
        end(walk, false);
        return;
    }
    const bool is_good = take_number(walk, &message->id) && message->id > last_id &&
                         take_time(walk, &message->expires_ms) &&
                         take_time(walk, &message->stored_ms) && take_span(walk, &message->head) &&
                         take_standing(walk) && take_data(walk);
    if (!is_good)
        end(walk, true);
}

/* ------------------------------------------------------------------------
 * Changing it
 */

GByteArray *sstp_disk_set_standing(const struct sstp_disk_walk *walk, struct sstp_span queues)
{
    GByteArray *more = g_byte_array_new();
    g_byte_array_append(more, walk->more.data, (guint)walk->standing_at);
    add_standing(more, queues.len > 0 ? STANDS_APART : HAS_LEFT);
    if (queues.len > 0)
        add_span(more, queues);
    /* What comes after the standing begins with the length of the data. */
    add_number(more, walk->message.data.len);
    g_byte_array_append(more, walk->left.data, (guint)walk->left.len);
    return more;
}
