/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fanout: the destinations of a fanout session, and which of them a
 * SessionStatus takes out (GRVSSTP 2.2.8.1, 3.1.1.3 OutboundFanoutAddressingList,
 * 3.1.5.8).
 *
 * The entries stay in the order of the FanoutOpen for as long as the session
 * lives; the ones that are gone are marked.
 */
#ifndef SSTP_STATE_FANOUT_H
#define SSTP_STATE_FANOUT_H

#include "core/command.h"
#include "core/mem.h"

enum sstp_destination {
    SSTP_DESTINATION_ACTIVE,
    SSTP_DESTINATION_GONE,
    SSTP_DESTINATION_LEAVING /* gone by the last SessionStatus, see sstp_fanout_next_leaving() */
};

/* The members are private, the counts apart. */
struct sstp_fanout {
    const struct sstp_mem *mem;
    uint8_t *entries; /* as they were on the wire */
    size_t entries_len;
    enum sstp_version form;
    uint16_t num_entries;
    uint16_t num_active;
    uint8_t *marks; /* enum sstp_destination, one an entry */

    uint32_t *offsets; /* in `entries`; NULL before sstp_fanout_locate() */

    /* Made when a SessionStatus names its destinations: the entries by RelayURL
     * and by IdentityURL and DeviceURL, and where equal ones have been marked. */
    uint16_t *by_relay, *by_identity;
    uint8_t *are_marked[2];
};

/* What a SessionStatus named. */
struct sstp_fanout_status {
    bool has_bad_index;      /* one that the FanoutOpen has not; it is ignored */
    bool has_repeated_index; /* one whose destination had gone before */
};

/* Keeps a copy of the FanoutOpen's entries; false without memory, and then there
 * is nothing to clear. */
bool sstp_fanout_init(struct sstp_fanout *fanout, const struct sstp_mem *mem,
                      const struct sstp_command *fanout_open);
void sstp_fanout_clear(struct sstp_fanout *fanout);

/* Marks the destinations of a SessionStatus as leaving, as sstp_session_status_naming()
 * says; of a recipient without a DeviceURL the identity-targeted entry, or all of that
 * identity where there is none (SPECIFICATION.md).  False without memory, when nothing is
 * marked. */
bool sstp_fanout_apply(struct sstp_fanout *fanout, const struct sstp_command *session_status,
                       struct sstp_fanout_status *status);

/* The first destination from `index` on that is leaving, which is gone with this,
 * or num_entries. */
unsigned sstp_fanout_next_leaving(struct sstp_fanout *fanout, unsigned index);

/* Whether a destination of an index below num_entries is in the session. */
bool sstp_fanout_is_active(const struct sstp_fanout *fanout, unsigned index);

/* Marks one destination as gone; false when it was before. */
bool sstp_fanout_remove(struct sstp_fanout *fanout, unsigned index);

/* Finds where each entry begins, for who asks for many of them by their indexes; false
 * without memory. */
bool sstp_fanout_locate(struct sstp_fanout *fanout);

/* The strings of an entry, which are views into the fanout.  Before sstp_fanout_locate() it has
 * to pass all before it. */
struct sstp_fanout_entry sstp_fanout_entry_at(const struct sstp_fanout *fanout, unsigned index);

#endif
