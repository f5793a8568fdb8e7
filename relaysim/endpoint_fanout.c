/* SPDX-License-Identifier: GPL-2.0-or-later */
/* endpoint_fanout: the destinations of a fanout session, and SessionStatus
 * (GRVSSTP 2.2.8.1, 3.1.5.8, 3.3.4.1.2). */
#include "endpoint_internal.h"

/* A SessionStatus holds 2,055 bytes: with two empty URLs, 1,020 indexes.  A
 * round number below that makes the commands easy to read. */
#define INDEXES_MAX 1000u

bool sstp_ep_keep_entries(struct sstp_ep *ep, struct sstp_ep_session *session,
                          const struct sstp_command *command)
{
    const struct sstp_mem *mem = ep->config.mem;
    const struct sstp_list *list = &command->fanout_entries;

    session->is_fanout = true;
    session->form = command->form;
    if (list->count == 0)
        return true;
    session->entries = mem->resize(mem->cookie, NULL, list->bytes.len);
    session->is_gone = mem->resize(mem->cookie, NULL, list->count);
    if (session->entries == NULL || session->is_gone == NULL)
        return false; /* the session's end frees what there is */
    memcpy(session->entries, list->bytes.data, list->bytes.len);
    memset(session->is_gone, 0, list->count);
    session->entries_len = list->bytes.len;
    session->num_entries = session->num_active = list->count;
    return true;
}

/* ------------------------------------------------------------------------
 * Receiving
 */

/* How a SessionStatus without indexes names its destinations (errata). */
enum match {
    MATCH_RELAY,    /* IdentityURL empty: every entry with that RelayURL */
    MATCH_BOTH,     /* IdentityURL and DeviceURL */
    MATCH_TARGETED, /* DeviceURL empty: the identity-targeted entry */
    MATCH_IDENTITY  /* likewise, where there is no such entry: all of that identity */
};

static bool entry_matches(const struct sstp_fanout_entry *entry, enum match match,
                          const struct sstp_command *command)
{
    if (match == MATCH_RELAY)
        return sstp_span_is_equal(entry->relay_url, command->device_url);
    if (!sstp_span_is_equal(entry->identity_url, command->identity_url))
        return false;
    return match == MATCH_IDENTITY || sstp_span_is_equal(entry->device_url, command->device_url);
}

/* Marks what matches; returns how many entries did, whether or not they were
 * marked before. */
static unsigned mark_matching(struct sstp_ep_session *session, const struct sstp_command *command,
                              enum match match)
{
    struct sstp_reader r = sstp_reader(sstp_span(session->entries, session->entries_len));
    unsigned num = 0;
    for (unsigned i = 0; i < session->num_entries; i++) {
        const struct sstp_fanout_entry entry = sstp_fanout_entry_read(&r, session->form);
        if (!entry_matches(&entry, match, command))
            continue;
        num++;
        if (session->is_gone[i] == 0)
            session->is_gone[i] = 2; /* news, to be told below */
    }
    return num;
}

static void mark_named(struct sstp_ep_session *session, const struct sstp_command *command)
{
    if (command->identity_url.len == 0) {
        (void)mark_matching(session, command, MATCH_RELAY);
    } else if (command->device_url.len > 0) {
        (void)mark_matching(session, command, MATCH_BOTH);
    } else if (mark_matching(session, command, MATCH_TARGETED) == 0) {
        (void)mark_matching(session, command, MATCH_IDENTITY);
    }
}

/* False for an index that the FanoutOpen has not. */
static bool mark_indexes(struct sstp_ep_session *session, const struct sstp_command *command)
{
    struct sstp_reader r = sstp_reader(command->fanout_indexes.bytes);
    for (unsigned i = 0; i < command->fanout_indexes.count; i++) {
        const uint16_t index = sstp_read_u16(&r);
        if (index >= session->num_entries)
            return false;
        if (session->is_gone[index] == 0)
            session->is_gone[index] = 2;
    }
    return true;
}

/* Tells of each new loss.  The callback may close the session. */
static void tell_losses(struct sstp_ep *ep, const struct sstp_command *command)
{
    const uint32_t id = command->session_id;
    for (unsigned i = 0;; i++) {
        struct sstp_ep_session *session = sstp_ep_find_session(ep, id);
        if (session == NULL || i >= session->num_entries)
            return;
        if (session->is_gone[i] != 2)
            continue;
        session->is_gone[i] = 1;
        session->num_active--;
        sstp_ep_raise(ep, &(struct sstp_ep_event){.kind = SSTP_EP_EVENT_SESSION_STATUS,
                                                  .command = command,
                                                  .session_id = id,
                                                  .user = session->user,
                                                  .entry_index = i,
                                                  .num_active = session->num_active});
    }
}

void sstp_ep_on_session_status(struct sstp_ep *ep, const struct sstp_command *command)
{
    const uint32_t id = command->session_id;
    struct sstp_ep_session *session = sstp_ep_find_session(ep, id);

    if (session == NULL) {
        if (!sstp_ep_is_closed_id(ep, id))
            sstp_ep_refuse(ep, SSTP_CONNECT_CLOSE_TOO_MANY_UNKNOWN_SESSION_CMDS);
        return;
    }
    if (!session->is_ours || !session->is_fanout) {
        sstp_ep_refuse(ep, SSTP_CONNECT_CLOSE_PROTOCOL_ERROR);
        return;
    }
    const bool has_indexes = ep->version == SSTP_VERSION_1_6 && command->device_url.len == 0 &&
                             command->identity_url.len == 0;
    if (!has_indexes) {
        mark_named(session, command);
    } else if (!mark_indexes(session, command)) {
        sstp_ep_refuse(ep, SSTP_CONNECT_CLOSE_PROTOCOL_ERROR);
        return;
    }
    tell_losses(ep, command);

    /* GRVSSTP 3.2.5.8: a client SHOULD close a session that has no destination left. */
    session = sstp_ep_find_session(ep, id);
    if (session != NULL && session->num_active == 0 && ep->config.role == SSTP_EP_CLIENT) {
        sstp_ep_lose_messages(ep, &id);
        if (sstp_ep_find_session(ep, id) != NULL)
            sstp_ep_give_up_session(ep, id, SSTP_CLOSE_EMPTY_SESSION);
    }
}

/* ------------------------------------------------------------------------
 * Sending
 */

/* The entry of an index. */
static struct sstp_fanout_entry entry_at(const struct sstp_ep_session *session, uint16_t index)
{
    struct sstp_reader r = sstp_reader(sstp_span(session->entries, session->entries_len));
    struct sstp_fanout_entry entry = sstp_fanout_entry_read(&r, session->form);
    for (unsigned i = 0; i < index; i++)
        entry = sstp_fanout_entry_read(&r, session->form);
    return entry;
}

/* The form with the URLs, for one destination. */
static enum sstp_ep_err send_named(struct sstp_ep *ep, const struct sstp_ep_session *session,
                                   uint8_t status_id, uint16_t index)
{
    const struct sstp_fanout_entry entry = entry_at(session, index);
    return sstp_ep_queue(ep, &(struct sstp_command){.id = SSTP_SESSION_STATUS,
                                                    .form = ep->version,
                                                    .session_id = session->id,
                                                    .status_id = status_id,
                                                    .device_url = entry.device_url,
                                                    .identity_url = entry.identity_url});
}

/* The form of SSTP 1.6 with indexes, for at most INDEXES_MAX. */
static enum sstp_ep_err send_indexes(struct sstp_ep *ep, const struct sstp_ep_session *session,
                                     uint8_t status_id, const uint16_t *indexes, size_t num)
{
    uint8_t bytes[2 * INDEXES_MAX];
    struct sstp_writer w = sstp_writer(bytes, sizeof bytes);
    for (size_t i = 0; i < num; i++)
        sstp_write_uint(&w, 2, indexes[i]);
    return sstp_ep_queue(
        ep, &(struct sstp_command){.id = SSTP_SESSION_STATUS,
                                   .form = ep->version,
                                   .session_id = session->id,
                                   .status_id = status_id,
                                   .fanout_indexes = {(uint16_t)num, sstp_writer_span(&w)}});
}

enum sstp_ep_err sstp_ep_session_status(struct sstp_ep *ep, uint32_t session_id, uint8_t status_id,
                                        const uint16_t *indexes, size_t num_indexes)
{
    struct sstp_ep_session *session = sstp_ep_find_session(ep, session_id);
    enum sstp_ep_err err = SSTP_EP_OK;

    if (session == NULL)
        return SSTP_EP_NO_SESSION;
    if (session->is_ours || !session->is_fanout)
        return SSTP_EP_WRONG_STATE;
    for (size_t i = 0; i < num_indexes; i++)
        if (indexes[i] >= session->num_entries || session->is_gone[indexes[i]])
            return SSTP_EP_WRONG_STATE;

    size_t done = 0;
    while (done < num_indexes && err == SSTP_EP_OK) {
        size_t num = 1;
        if (ep->version == SSTP_VERSION_1_6 && num_indexes - done > 1) {
            num = num_indexes - done < INDEXES_MAX ? num_indexes - done : INDEXES_MAX;
            err = send_indexes(ep, session, status_id, indexes + done, num);
        } else {
            err = send_named(ep, session, status_id, indexes[done]);
        }
        if (err != SSTP_EP_OK)
            return err;
        for (size_t i = done; i < done + num; i++)
            session->is_gone[indexes[i]] = 1;
        session->num_active = (uint16_t)(session->num_active - num);
        done += num;
    }
    if (session->num_active == 0)
        sstp_ep_give_up_session(ep, session_id, SSTP_CLOSE_EMPTY_SESSION);
    return SSTP_EP_OK;
}
