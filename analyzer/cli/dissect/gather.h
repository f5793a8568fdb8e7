/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gather: from what the plugin's taps tell to the tables of the report.
 *
 * One pass tells most of it at once.  What has to wait for another direction of its connection
 * (analyzer/state/order.h) is asked for again at the end, and so are acknowledgements, and
 * findings that rest on what was not heard.
 */
#ifndef ANALYZE_DISSECT_GATHER_H
#define ANALYZE_DISSECT_GATHER_H

#include "record/store.h"
#include "share/carry.h"

/* More commands than this do not wait for the end: their states stay unknown. */
#define GATHER_WAITING_MAX 100000u

struct gather;

/* Registers for the taps, with a display filter, which may be NULL.  NULL, with a sentence said,
 * where that is wrong.  `on_command` may be NULL.  With `tells_contents` messages have their
 * contents and recipients, which costs SHA-256 of all payload. */
struct gather *gather_new(struct report *report, const char *filter, gboolean tells_contents,
                          report_on_command on_command, void *cookie);
void gather_free(struct gather *gather);

/* Before the first packet: this is a share.  What the story is to be told is carried away, with
 * digests of payloads by that key; no journeys are told here. */
void gather_record(struct gather *gather, struct carry *carry, const uint8_t *key);

/* The frame that is dissected next. */
void gather_frame(struct gather *gather, const struct report_frame *frame);

/* The point of that frame is another one than before; its times are right to so many
 * nanoseconds. */
void gather_point(guint point, gint64 uncertainty_ns);

/* After gather_finish(): whether bytes of a connection of the report are missing, after its last
 * Connect or from its beginning on. */
gboolean gather_has_gap(const struct gather *gather, guint32 connection);

/* The last frame was dissected. */
void gather_finish(struct gather *gather);

#endif
