/* SPDX-License-Identifier: GPL-2.0-or-later */
/* table: the sessions that there are, the attach sessions, and the ids of those that were
 * closed from here.  It tells nobody and sends nothing. */
#include "endpoint/internal.h"

#include <assert.h>

#define BYTES_SIZE_MIN 512u

/* ------------------------------------------------------------------------
 * Growing bytes
 */

bool sstp_ep_bytes_reserve(const struct sstp_mem *mem, struct sstp_ep_bytes *bytes, size_t more)
{
    if (more <= bytes->size - bytes->len)
        return true;
    size_t size = bytes->size > 0 ? bytes->size : more > BYTES_SIZE_MIN ? more : BYTES_SIZE_MIN;
    while (size - bytes->len < more)
        size *= 2;
    uint8_t *data = mem->resize(mem->cookie, bytes->data, size);
    if (data == NULL)
        return false;
    bytes->data = data;
    bytes->size = size;
    return true;
}

void sstp_ep_bytes_clear(const struct sstp_mem *mem, struct sstp_ep_bytes *bytes)
{
    if (bytes->data != NULL)
        mem->resize(mem->cookie, bytes->data, 0);
    *bytes = (struct sstp_ep_bytes){NULL, 0, 0};
}

/* ------------------------------------------------------------------------
 * Sessions
 */

/* Where the session of this id is, or would be. */
static size_t position(const struct sstp_ep *ep, uint32_t id)
{
    size_t low = 0, high = ep->num_sessions;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (ep->sessions[middle]->id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct sstp_ep_session *sstp_ep_find_session(const struct sstp_ep *ep, uint32_t session_id)
{
    const size_t at = position(ep, session_id);
    return at < ep->num_sessions && ep->sessions[at]->id == session_id ? ep->sessions[at] : NULL;
}

/* A session of ours has its answer, or is gone. */
void sstp_ep_count_answered(struct sstp_ep *ep, const struct sstp_ep_session *session)
{
    if (session->is_ours && session->state == SSTP_SESSION_OPENING && --ep->num_opening == 0)
        ep->open_deadline_ms = SSTP_EP_NEVER;
}

void sstp_ep_count_assembling(struct sstp_ep *ep, size_t more, size_t less)
{
    struct sstp_ep_assembling *all = ep->config.assembling;
    ep->num_assembling = ep->num_assembling + more - less;
    if (all != NULL)
        all->num_bytes = all->num_bytes + more - less;
}

static void free_session(struct sstp_ep *ep, struct sstp_ep_session *session)
{
    const struct sstp_mem *mem = ep->config.mem;
    sstp_ep_count_answered(ep, session);
    sstp_fanout_clear(&session->fanout);
    sstp_ep_count_assembling(ep, 0, session->assembly.len);
    sstp_ep_bytes_clear(mem, &session->assembly);
    mem->resize(mem->cookie, session, 0);
}

void sstp_ep_free_sessions(struct sstp_ep *ep)
{
    for (size_t i = 0; i < ep->num_sessions; i++)
        free_session(ep, ep->sessions[i]);
    ep->num_sessions = 0;
}

struct sstp_ep_session *sstp_ep_add_session(struct sstp_ep *ep, uint32_t id, bool is_ours)
{
    const struct sstp_mem *mem = ep->config.mem;

    if (ep->num_sessions == ep->size_sessions) {
        const size_t size = ep->size_sessions > 0 ? 2 * ep->size_sessions : 8;
        struct sstp_ep_session **sessions =
            mem->resize(mem->cookie, ep->sessions, size * sizeof *sessions);
        if (sessions == NULL)
            return NULL;
        ep->sessions = sessions;
        ep->size_sessions = size;
    }
    struct sstp_ep_session *session = mem->resize(mem->cookie, NULL, sizeof *session);
    if (session == NULL)
        return NULL;
    memset(session, 0, sizeof *session);
    session->id = id;
    session->is_ours = is_ours;
    session->state = SSTP_SESSION_OPENING;
    ep->num_opening += is_ours;

    const size_t at = position(ep, id);
    assert(at == ep->num_sessions || ep->sessions[at]->id != id);
    memmove(&ep->sessions[at + 1], &ep->sessions[at],
            (ep->num_sessions - at) * sizeof *ep->sessions);
    ep->sessions[at] = session;
    ep->num_sessions++;
    return session;
}

void sstp_ep_remove_session(struct sstp_ep *ep, uint32_t session_id)
{
    const size_t at = position(ep, session_id);
    if (at == ep->num_sessions || ep->sessions[at]->id != session_id)
        return;
    free_session(ep, ep->sessions[at]);
    ep->num_sessions--;
    memmove(&ep->sessions[at], &ep->sessions[at + 1],
            (ep->num_sessions - at) * sizeof *ep->sessions);
}

bool sstp_ep_keep_entries(struct sstp_ep *ep, struct sstp_ep_session *session,
                          const struct sstp_command *command)
{
    session->is_fanout = true;
    return sstp_fanout_init(&session->fanout, ep->config.mem, command);
}

/* ------------------------------------------------------------------------
 * Attach sessions
 */

struct sstp_ep_attach_session *sstp_ep_find_attach(const struct sstp_ep *ep, uint32_t event_id)
{
    for (size_t i = 0; i < ep->num_attaches; i++)
        if (ep->attaches[i].id == event_id)
            return &ep->attaches[i];
    return NULL;
}

/* Each step has the whole of the Authentication Timer. */
static void restart_timer(struct sstp_ep *ep)
{
    ep->auth_deadline_ms = SSTP_EP_NEVER;
    for (size_t i = 0; i < ep->num_attaches; i++)
        if (ep->attaches[i].awaits_response)
            ep->auth_deadline_ms = ep->now_ms + ep->config.auth_timeout_ms;
}

void sstp_ep_await_response(struct sstp_ep *ep, uint32_t event_id, bool awaits)
{
    struct sstp_ep_attach_session *attach = sstp_ep_find_attach(ep, event_id);
    if (attach == NULL || attach->awaits_response == awaits)
        return;
    attach->awaits_response = awaits;
    restart_timer(ep);
}

bool sstp_ep_remove_attach(struct sstp_ep *ep, uint32_t event_id)
{
    struct sstp_ep_attach_session *attach = sstp_ep_find_attach(ep, event_id);
    if (attach == NULL)
        return false;
    sstp_ep_await_response(ep, event_id, false);
    *attach = ep->attaches[--ep->num_attaches];
    return true;
}

enum sstp_ep_err sstp_ep_add_attach(struct sstp_ep *ep, uint32_t event_id, bool is_attach)
{
    const struct sstp_mem *mem = ep->config.mem;

    if (ep->num_attaches >= ep->config.limits.max_attaches) {
        SSTP_EP_LIMITED(ep, SSTP_EP_LIMIT_ATTACHES);
        return SSTP_EP_FULL;
    }
    if (ep->num_attaches == ep->size_attaches) {
        const size_t size = ep->size_attaches > 0 ? 2 * ep->size_attaches : 4;
        struct sstp_ep_attach_session *attaches =
            mem->resize(mem->cookie, ep->attaches, size * sizeof *attaches);
        if (attaches == NULL)
            return SSTP_EP_NO_MEMORY;
        ep->attaches = attaches;
        ep->size_attaches = size;
    }
    ep->attaches[ep->num_attaches++] =
        (struct sstp_ep_attach_session){.id = event_id, .is_attach = is_attach};
    return SSTP_EP_OK;
}

/* ------------------------------------------------------------------------
 * Ids
 */

bool sstp_ep_id_is_peers(const struct sstp_ep *ep, uint32_t id)
{
    return ep->config.is_originator == (id >= SSTP_ACCEPTOR_SESSION_ID);
}

bool sstp_ep_id_is_in_use(const struct sstp_ep *ep, uint32_t id)
{
    return sstp_ep_find_session(ep, id) != NULL || sstp_ep_find_attach(ep, id) != NULL;
}

uint32_t sstp_ep_take_id(struct sstp_ep *ep)
{
    uint32_t id;
    do {
        id = ep->next_id | (ep->config.is_originator ? 0 : SSTP_ACCEPTOR_SESSION_ID);
        ep->next_id = (ep->next_id + 1) & ~SSTP_ACCEPTOR_SESSION_ID;
    } while (sstp_ep_id_is_in_use(ep, id));
    sstp_ep_forget_closed_id(ep, id);
    return id;
}

/* ------------------------------------------------------------------------
 * Ids that were closed from here
 */

static size_t closed_position(const struct sstp_ep *ep, uint32_t id)
{
    for (size_t i = 0; i < ep->num_closed; i++)
        if (ep->closed_ids[i] == id)
            return i;
    return ep->num_closed;
}

bool sstp_ep_is_closed_id(const struct sstp_ep *ep, uint32_t id)
{
    return closed_position(ep, id) < ep->num_closed;
}

void sstp_ep_note_closed_id(struct sstp_ep *ep, uint32_t id)
{
    if (ep->num_closed < SSTP_EP_NUM_CLOSED) {
        ep->closed_ids[ep->num_closed++] = id;
        return;
    }
    ep->closed_ids[ep->next_closed] = id;
    ep->next_closed = (ep->next_closed + 1) % SSTP_EP_NUM_CLOSED;
}

void sstp_ep_forget_closed_id(struct sstp_ep *ep, uint32_t id)
{
    const size_t at = closed_position(ep, id);
    if (at == ep->num_closed)
        return;
    /* Not in order of time any more, which only shifts what is forgotten first. */
    ep->closed_ids[at] = ep->closed_ids[--ep->num_closed];
    ep->next_closed = 0;
}
