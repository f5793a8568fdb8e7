/* SPDX-License-Identifier: GPL-2.0-or-later */
/* acknowledge: the two acknowledgement lists, and the counts that go and come
 * (GRVSSTP 3.1.4.2.1, 3.1.4.7-8, 3.1.5.13, 3.1.5.19). */
#include "endpoint/endpoint.h"
#include "endpoint/internal.h"

#define NOOP_LEN 7u /* GRVSSTP 2.2.13 */

uint32_t sstp_ep_take_message_count(struct sstp_ep *ep)
{
    const uint32_t num = (uint32_t)ep->inbound.num_leading;
    sstp_ep_ledger_drop(&ep->inbound, num);
    ep->ack_deadline_ms = SSTP_EP_NEVER;
    return num;
}

void sstp_ep_start_ack_timer(struct sstp_ep *ep)
{
    if (ep->ack_deadline_ms == SSTP_EP_NEVER && ep->state == SSTP_CONNECTION_ESTABLISHED)
        ep->ack_deadline_ms = ep->now_ms + ep->config.ack_delay_ms;
}

enum sstp_ep_err sstp_ep_complete(struct sstp_ep *ep, uint64_t number)
{
    if (ep->state != SSTP_CONNECTION_ESTABLISHED)
        return SSTP_EP_WRONG_STATE;
    if (!sstp_ep_ledger_complete(&ep->inbound, number))
        return SSTP_EP_NO_SESSION;
    if (ep->inbound.num_leading == 0)
        return SSTP_EP_OK;
    if (ep->inbound.leading_wants_ack || ep->inbound.num_leading >= ep->config.ack_count)
        return sstp_ep_noop(ep);
    sstp_ep_start_ack_timer(ep);
    return SSTP_EP_OK;
}

bool sstp_ep_acknowledged(struct sstp_ep *ep, const struct sstp_command *command)
{
    /* A count beyond what is outstanding acknowledges what there is (SPECIFICATION.md); not what
     * the callbacks send next, which its sender cannot have seen. */
    const size_t outstanding = sstp_ep_ledger_num(&ep->outbound);
    const size_t num = command->message_count < outstanding ? command->message_count : outstanding;
    for (size_t i = 0; i < num; i++) {
        const uint64_t number = sstp_ep_ledger_oldest(&ep->outbound);
        const struct sstp_ep_ledger_entry entry = *sstp_ep_ledger_find(&ep->outbound, number);
        sstp_ep_ledger_drop(&ep->outbound, 1);
        SSTP_EP_NOTE(ep, .kind = SSTP_EP_NOTE_ACKNOWLEDGED, .session_id = entry.session_id,
                     .number = number, .is_given_up = entry.is_lost);
        sstp_ep_raise(ep, &(struct sstp_ep_event){.kind = entry.is_lost
                                                              ? SSTP_EP_EVENT_ACKNOWLEDGED_LATE
                                                              : SSTP_EP_EVENT_ACKNOWLEDGED,
                                                  .command = command,
                                                  .session_id = entry.session_id,
                                                  .number = number,
                                                  .tag = entry.tag});
        if (ep->state == SSTP_CONNECTION_CLOSED)
            return false;
    }
    return true;
}

void sstp_ep_lose_messages(struct sstp_ep *ep, const uint32_t *session_id)
{
    /* The callbacks of the losses may send, which adds entries, but only at the end. */
    const uint64_t end = sstp_ep_ledger_oldest(&ep->outbound) + sstp_ep_ledger_num(&ep->outbound);
    for (uint64_t number = sstp_ep_ledger_oldest(&ep->outbound); number < end; number++) {
        struct sstp_ep_ledger_entry *entry = sstp_ep_ledger_find(&ep->outbound, number);
        if (entry == NULL || entry->is_lost ||
            (session_id != NULL && entry->session_id != *session_id))
            continue;
        entry->is_lost = true;
        SSTP_EP_NOTE(ep, .kind = SSTP_EP_NOTE_UNACKNOWLEDGED, .session_id = entry->session_id,
                     .number = number,
                     .session_end = session_id != NULL ? SSTP_EP_SESSION_END_THERE
                                                       : SSTP_EP_SESSION_END_CONNECTION);
        sstp_ep_raise(ep, &(struct sstp_ep_event){.kind = SSTP_EP_EVENT_UNACKNOWLEDGED,
                                                  .session_id = entry->session_id,
                                                  .number = number,
                                                  .tag = entry->tag});
    }
}

size_t sstp_ep_num_due(const struct sstp_ep *ep)
{
    return ep->inbound.num_leading;
}

size_t sstp_ep_num_unacknowledged(const struct sstp_ep *ep)
{
    return sstp_ep_ledger_num(&ep->outbound);
}

enum sstp_ep_err sstp_ep_noop(struct sstp_ep *ep)
{
    if (ep->state != SSTP_CONNECTION_ESTABLISHED)
        return SSTP_EP_WRONG_STATE;
    struct sstp_command command = {.id = SSTP_NOOP};
    /* The count is taken out of the list only once the Noop is sure of its room. */
    if (sstp_ep_output_room(&ep->output, NOOP_LEN) == NULL)
        return SSTP_EP_NO_MEMORY;
    command.message_count = sstp_ep_take_message_count(ep);
    return sstp_ep_queue(ep, &command);
}

void sstp_ep_on_noop(struct sstp_ep *ep, const struct sstp_command *command)
{
    (void)sstp_ep_acknowledged(ep, command);
}
