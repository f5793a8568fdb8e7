/* SPDX-License-Identifier: GPL-2.0-or-later */
/* client_content: what `relaysim client` sends again and again. */
#ifndef RELAYSIM_CMD_CLIENT_CONTENT_H
#define RELAYSIM_CMD_CLIENT_CONTENT_H

#include <glib.h>

#define CLIENT_CONTENT_MAX (16u << 20) /* bytes, which a relay takes unless told otherwise */

/* All of a file, or of standard input for "-".  NULL with a sentence when it cannot be read, or
 * is longer than CLIENT_CONTENT_MAX. */
GBytes *client_content_read(const char *path);

/* A readable row of letters, whose place tells what is missing. */
GBytes *client_content_letters(gsize len);

#endif
