/* SPDX-License-Identifier: GPL-2.0-or-later */
/* client_print: a message that came, as a line of JSON on stdout. */
#ifndef RELAYSIM_CLIENT_PRINT_H
#define RELAYSIM_CLIENT_PRINT_H

#include "endpoint.h"

/* The session that it came by. */
struct client_source {
    char *resource_url, *identity_url, *device_url;
};

/* From an Open; free it with client_source_free(), a GDestroyNotify. */
struct client_source *client_source_new(const struct sstp_command *open);
void client_source_free(void *source);

/* False when the line could not be written and flushed. */
bool client_print(const struct client_source *source, const struct sstp_ep_message *message);

#endif
