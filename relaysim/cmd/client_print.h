/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * client_print: a message that came, as a line.
 *
 * JSON is an object in a line.  Text has these columns, with tabs between them, in which nothing
 * can be taken for a tab or the end of the line (base/plain_text.h):
 *
 *     2026-03-01T12:00:00.123456+01:00  from  identity  device  resource  user_ref  data
 */
#ifndef RELAYSIM_CMD_CLIENT_PRINT_H
#define RELAYSIM_CMD_CLIENT_PRINT_H

#include "endpoint/endpoint.h"

#include <glib.h>

enum client_format { CLIENT_FORMAT_JSON, CLIENT_FORMAT_TEXT };

/* The session that it came by. */
struct client_source {
    char *from; /* the device URL of the other side: through a relay, the relay's */
    char *resource_url, *identity_url, *device_url;
};

/* From an Open; free it with client_source_free(), a GDestroyNotify. */
struct client_source *client_source_new(const struct sstp_command *open, const char *from);
void client_source_free(void *source);

/* The line with its newline.  `received` is written as ISO 8601 with its offset. */
GBytes *client_print(enum client_format format, GDateTime *received,
                     const struct client_source *source, const struct sstp_ep_message *message);

#endif
