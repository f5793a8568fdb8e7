/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "carrier/http_server.h"

#include "henc/text.h"
#include "henc/uri.h"

#include <glib.h>
#include <string.h>

struct http_server {
    struct http_options options; /* without names */
    char **names;
    size_t num_names;
    GHashTable *virtuals; /* GUID: struct carrier */
};

struct http_server *http_server_new(const struct http_options *options)
{
    struct http_server *server = g_new0(struct http_server, 1);
    server->options = *options;
    server->options.server_names = NULL;
    server->num_names = options->num_server_names;
    server->names = g_new0(char *, server->num_names + 1);
    for (size_t i = 0; i < server->num_names; i++)
        server->names[i] = g_strdup(options->server_names[i]);
    if (server->options.max_virtual == 0)
        server->options.max_virtual = HTTP_VIRTUAL_MAX;
    if (server->options.longlived_limit == 0)
        server->options.longlived_limit = HENC_LONGLIVED_LENGTH_MAX;
    if (server->options.establish_ms == 0)
        server->options.establish_ms = HTTP_SERVER_ESTABLISH_MS;
    if (server->options.receive_ms == 0)
        server->options.receive_ms = HTTP_SERVER_RECEIVE_MS;
    server->virtuals = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return server;
}

void http_server_free(struct http_server *server)
{
    if (server == NULL)
        return;
    g_hash_table_destroy(server->virtuals);
    g_strfreev(server->names);
    g_free(server);
}

struct http_server *http_server_of(const struct carrier *carrier)
{
    return carrier_config(carrier)->shared;
}

const struct http_options *http_server_options(const struct http_server *server)
{
    return &server->options;
}

bool http_server_is_named(const struct http_server *server, struct sstp_span name)
{
    bool is_named = server->num_names == 0;
    for (size_t i = 0; !is_named && i < server->num_names; i++)
        is_named = henc_text_is(name, server->names[i]);
    return is_named;
}

struct carrier *http_server_find(const struct http_server *server, struct sstp_span guid)
{
    char key[HTTP_GUID_LEN_MAX + 1] = {0};
    if (guid.len == 0 || guid.len > HTTP_GUID_LEN_MAX || memchr(guid.data, 0, guid.len) != NULL)
        return NULL;
    memcpy(key, guid.data, guid.len);
    return g_hash_table_lookup(server->virtuals, key);
}

bool http_server_is_full(const struct http_server *server)
{
    return g_hash_table_size(server->virtuals) >= server->options.max_virtual;
}

void http_server_enter(struct http_server *server, const char *guid, struct carrier *carrier)
{
    const bool is_new = g_hash_table_insert(server->virtuals, g_strdup(guid), carrier);
    g_assert(is_new && g_hash_table_size(server->virtuals) <= server->options.max_virtual);
}

void http_server_leave(struct http_server *server, const char *guid)
{
    const bool was_there = g_hash_table_remove(server->virtuals, guid);
    g_assert(was_there);
}
