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

static struct grvsstp_connection *make(uint32_t number, enum grvsstp_encapsulation encapsulation,
                                       uint32_t frame)
{
    struct grvsstp_connection *connection = wmem_new0(wmem_file_scope(), struct grvsstp_connection);
    connection->number = number;
    connection->first_frame = frame;
    connection->encapsulation = encapsulation;
    for (int i = 0; i < 2; i++)
        sstp_stream_init(&connection->halves[i].stream, &grvsstp_file_scope,
                         SSTP_STREAM_MID_STREAM);
    connection->states = grvsstp_states_new(connection->number);
    return connection;
}

uint32_t grvsstp_connection_take_number(void)
{
    return num_connections++;
}

struct grvsstp_connection *grvsstp_connection_numbered(uint32_t number,
                                                       enum grvsstp_encapsulation encapsulation,
                                                       uint32_t frame)
{
    return make(number, encapsulation, frame);
}

struct grvsstp_connection *grvsstp_connection_new(enum grvsstp_encapsulation encapsulation,
                                                  uint32_t frame)
{
    return make(grvsstp_connection_take_number(), encapsulation, frame);
}

struct grvsstp_connection *grvsstp_connection_again(const struct grvsstp_connection *before,
                                                    enum grvsstp_encapsulation encapsulation)
{
    return make(before->number, encapsulation, before->first_frame);
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

void grvsstp_connection_add_gap(struct grvsstp_connection *connection, uint32_t frame)
{
    if (connection->gaps == NULL)
        connection->gaps = wmem_array_new(wmem_file_scope(), sizeof frame);
    if (wmem_array_get_count(connection->gaps) < GRVSSTP_GAPS_MAX)
        wmem_array_append_one(connection->gaps, frame);
}

bool grvsstp_connection_has_gap(const struct grvsstp_connection *connection, uint32_t frame)
{
    const unsigned num = connection->gaps != NULL ? wmem_array_get_count(connection->gaps) : 0;

    for (unsigned i = 0; i < num; i++)
        if (*(const uint32_t *)wmem_array_index(connection->gaps, i) == frame)
            return true;
    return false;
}

/* ------------------------------------------------------------------------
 * Versions
 */

/* A command was completed in this frame, in the form of the last version. */
static void reach(struct grvsstp_versions *versions, uint32_t frame)
{
    versions->last_frame = MAX(versions->last_frame, frame);
    if (versions->since <= frame)
        return;
    const struct grvsstp_version *last =
        wmem_array_index(versions->all, wmem_array_get_count(versions->all) - 1);
    if (versions->late == NULL)
        versions->late = wmem_array_new(wmem_file_scope(), sizeof *last);
    const unsigned num = wmem_array_get_count(versions->late);
    struct grvsstp_version late = *last;
    late.frame = frame;
    if (num < GRVSSTP_VERSIONS_LATE_MAX &&
        (num == 0 ||
         ((const struct grvsstp_version *)wmem_array_index(versions->late, num - 1))->frame !=
             frame))
        wmem_array_append_one(versions->late, late);
}

/* The version is in force from a command on that was completed in its frame. */
static void add_version(struct grvsstp_versions *versions, struct grvsstp_version version)
{
    const uint32_t frame = version.frame;

    if (frame < versions->last_frame) /* others before it were captured after it */
        version.frame = versions->last_frame + 1;
    if (versions->all == NULL)
        versions->all = wmem_array_new(wmem_file_scope(), sizeof version);
    wmem_array_append_one(versions->all, version);
    versions->since = version.frame;
    versions->form = version.form;
    reach(versions, frame);
}

void grvsstp_connection_set_version(struct grvsstp_connection *connection, bool from_initiator,
                                    uint32_t frame, const uint8_t *minor_version)
{
    struct grvsstp_versions *own = &connection->versions[from_initiator];
    struct grvsstp_versions *others = &connection->versions[!from_initiator];
    struct grvsstp_version version = {frame, SSTP_VERSION_UNKNOWN, ""};

    if (minor_version != NULL) {
        version.form = sstp_version_of_minor(*minor_version);
        snprintf(version.text, sizeof version.text, "1.%u", *minor_version);
    }
    add_version(own, version);
    others->next = version;
    others->form = version.form;
    others->is_due = true;
}

void grvsstp_connection_reach_other(struct grvsstp_connection *connection, bool from_initiator,
                                    uint32_t frame)
{
    struct grvsstp_versions *versions = &connection->versions[from_initiator];

    if (versions->is_due) {
        versions->is_due = false;
        versions->next.frame = frame;
        add_version(versions, versions->next);
    } else {
        reach(versions, frame);
    }
}

const struct grvsstp_version *
grvsstp_connection_version(const struct grvsstp_connection *connection, bool from_initiator,
                           uint32_t frame)
{
    const struct grvsstp_versions *versions = &connection->versions[from_initiator];
    const struct grvsstp_version *all =
        versions->all != NULL ? wmem_array_get_raw(versions->all) : NULL;
    unsigned low = 0, high = versions->all != NULL ? wmem_array_get_count(versions->all) : 0;

    for (unsigned i = 0; versions->late != NULL && i < wmem_array_get_count(versions->late); i++) {
        const struct grvsstp_version *late = wmem_array_index(versions->late, i);
        if (late->frame == frame)
            return late->form != SSTP_VERSION_UNKNOWN ? late : NULL;
    }
    while (low < high) { /* the first after the frame */
        const unsigned middle = low + (high - low) / 2;
        if (all[middle].frame <= frame)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 && all[low - 1].form != SSTP_VERSION_UNKNOWN ? &all[low - 1] : NULL;
}
