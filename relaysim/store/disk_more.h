/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * disk_more: the column `more` of a row that has several messages.
 *
 * It is empty where there is one.  Else it has of each message, in the order of their ids, a
 * standing and the length of its data, and before these of all but the first, whose own columns say
 * it, the id, `expires`, `stored`, and the length of its head with the head.  Numbers are written
 * as ids are.  A standing is a byte; after STANDS_APART come a length and so many bytes of queues.
 * The column `data` has the data of all of them, in the same order.
 */
#ifndef RELAYSIM_STORE_DISK_MORE_H
#define RELAYSIM_STORE_DISK_MORE_H

#include "store/disk.h"

#include <glib.h>

/* ---- Writing ---- */

/* The first message, or one more, for the queues of the row. */
void sstp_disk_add_first(GByteArray *more, const struct sstp_disk_message *message);
void sstp_disk_add_more(GByteArray *more, const struct sstp_disk_message *message);

/* ---- Reading a row, message by message ---- */

struct sstp_disk_walk {
    struct sstp_disk_message message; /* the one it is at; one without queues has left the row */
    bool is_at_end;                   /* there is none */
    bool is_wrong;                    /* the row contradicts itself, which ends it, too */

    struct sstp_span queues;     /* the rest is private: those of the row */
    struct sstp_span more, left; /* all of it, and what has not been read */
    size_t standing_at;          /* of `message`, in `more` */
    const uint8_t *data;         /* NULL where only its length is known */
    size_t data_len;             /* what has not been read */
};

/* At the first message, whose data are those of the whole row.  The spans have to stay. */
void sstp_disk_begin_walk(struct sstp_disk_walk *walk, const struct sstp_disk_message *first,
                          struct sstp_span more);
void sstp_disk_walk_on(struct sstp_disk_walk *walk);

/* ---- Changing it ---- */

/* A copy of the `more` of a walk in which the message it is at is for these queues alone; for
 * none: it has left the row. */
GByteArray *sstp_disk_set_standing(const struct sstp_disk_walk *walk, struct sstp_span queues);

#endif
