/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "follow/connection.h"

static uint32_t num_connections;

void grvsstp_connections_reset(void)
{
    num_connections = 0;
}

uint32_t grvsstp_connections_count(void)
{
    return num_connections;
}

struct grvsstp_connection *grvsstp_connection_new(enum grvsstp_encapsulation encapsulation,
                                                  uint32_t frame)
{
    struct grvsstp_connection *connection = wmem_new0(wmem_file_scope(), struct grvsstp_connection);
    connection->number = num_connections++;
    connection->first_frame = frame;
    connection->encapsulation = encapsulation;
    for (int i = 0; i < 2; i++)
        sstp_stream_init(&connection->halves[i].stream, &grvsstp_file_scope,
                         SSTP_STREAM_MID_STREAM);
    connection->states = grvsstp_states_new();
    return connection;
}

void grvsstp_half_starts(struct grvsstp_half *half)
{
    sstp_stream_clear(&half->stream);
    sstp_stream_init(&half->stream, &grvsstp_file_scope, SSTP_STREAM_OBSERVER);
}

void grvsstp_half_loses_track(struct grvsstp_half *half)
{
    grvsstp_half_loses(half, UINT32_MAX);
}

void grvsstp_half_loses(struct grvsstp_half *half, uint32_t len)
{
    grvsstp_spanning_end_all(&half->messages);
    sstp_stream_hole(&half->stream, len);
    if (sstp_stream_is_at_boundary(&half->stream) || !half->stream.is_in_sync)
        half->open = NULL;
}

void grvsstp_connection_set_version(struct grvsstp_connection *connection, uint32_t frame,
                                    const uint8_t *minor_version)
{
    struct grvsstp_version version = {frame, SSTP_VERSION_UNKNOWN, ""};

    if (minor_version != NULL) {
        version.form = sstp_version_of_minor(*minor_version);
        snprintf(version.text, sizeof version.text, "1.%u", *minor_version);
    }
    if (connection->versions == NULL)
        connection->versions = wmem_array_new(wmem_file_scope(), sizeof version);
    wmem_array_append_one(connection->versions, version);
}

const struct grvsstp_version *
grvsstp_connection_version(const struct grvsstp_connection *connection, uint32_t frame)
{
    if (connection->versions == NULL)
        return NULL;
    const struct grvsstp_version *versions = wmem_array_get_raw(connection->versions);
    unsigned low = 0, high = wmem_array_get_count(connection->versions);
    while (low < high) { /* the first behind the frame */
        const unsigned middle = low + (high - low) / 2;
        if (versions[middle].frame <= frame)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 && versions[low - 1].form != SSTP_VERSION_UNKNOWN ? &versions[low - 1] : NULL;
}
