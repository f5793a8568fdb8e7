/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * summary: a command in one line, as the Info column, `sstp.summary` and the
 * reports show it: "EndMessage s=0x21", "OpenResponse s=0x21 Ok".
 *
 * Characters from the wire that are not printable ASCII are shown as '.', and
 * long strings are cut, so the text is safe for any terminal.
 */
#ifndef SSTP_CORE_SUMMARY_H
#define SSTP_CORE_SUMMARY_H

#include "core/command.h"

/* Enough for every summary, its 0x00 included. */
#define SSTP_SUMMARY_SIZE 200u

/* The name of the command, "unknown command 0x2a" where it has none. */
void sstp_summary_name(const struct sstp_command *command, char *text, size_t size);

/* What there is to say beside the name and the SessionId: "Ok", "[acks 2]", or
 * the empty string.  `acknowledgement` is what to say instead of "[acks 2]", or
 * NULL. */
void sstp_summary_detail(const struct sstp_command *command, const char *acknowledgement,
                         char *text, size_t size);

/* The whole line: name, "s=0x21" where the command has a SessionId or EventId,
 * and detail. */
void sstp_summary(const struct sstp_command *command, char *text, size_t size);

#endif
