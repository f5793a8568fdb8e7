/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * merge: what all shares have found becomes the report that one process would have made: rows in
 * the same order and with the same numbers, and one story, told in the order of the frames.
 */
#ifndef ANALYZE_SHARE_MERGE_H
#define ANALYZE_SHARE_MERGE_H

#include "share/carry.h"

struct merge_options {
    uint8_t key[SSTP_DIGEST_KEY_LEN]; /* by which the shares have digested payloads */
    gboolean tells_contents;          /* messages have their contents and recipients */
    report_on_command on_command;     /* NULL: nobody wants them */
    void *cookie;
};

/* The report has its files and points, and nothing else.  False where what a share has left is not
 * whole. */
gboolean merge_shares(struct report *report, struct carry *const *carries, guint num,
                      const struct merge_options *options);

#endif
