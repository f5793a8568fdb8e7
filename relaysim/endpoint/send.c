/* SPDX-License-Identifier: GPL-2.0-or-later */
/* send: commands into the output, and the output as its owner sees it. */
#include "endpoint/endpoint.h"
#include "endpoint/internal.h"

#include "core/encode.h"

#include <assert.h>

size_t sstp_ep_output_len(const struct sstp_ep *ep)
{
    return ep->output.len;
}

size_t sstp_ep_output_answers_len(const struct sstp_ep *ep)
{
    return ep->output.len - ep->output.message_len;
}

struct sstp_span sstp_ep_output(const struct sstp_ep *ep)
{
    struct sstp_span piece = {NULL, 0};
    (void)sstp_ep_output_look(&ep->output, &piece, 1);
    return piece;
}

size_t sstp_ep_output_pieces(const struct sstp_ep *ep, struct sstp_span *pieces, size_t max)
{
    return sstp_ep_output_look(&ep->output, pieces, max);
}

void sstp_ep_output_taken(struct sstp_ep *ep, size_t len)
{
    ep->num_taken += len;
    sstp_ep_output_take(&ep->output, len);
}

/* A command has entered the output. */
static void note_sent(struct sstp_ep *ep, const struct sstp_command *command, size_t len)
{
    ep->last_sent_ms = ep->now_ms;
    const struct sstp_ep_witness *witness = &ep->config.witness;
    if (witness->sent != NULL) {
        struct sstp_command sent = *command;
        sent.length = (uint16_t)len;
        witness->sent(witness->cookie, &sent);
    }
}

enum sstp_ep_err sstp_ep_queue(struct sstp_ep *ep, const struct sstp_command *command)
{
    const struct sstp_command_info *info = sstp_command_info(command->id);
    assert(info != NULL);

    uint8_t *room = sstp_ep_output_room(&ep->output, info->max_length);
    if (room == NULL)
        return SSTP_EP_NO_MEMORY;
    const size_t len = sstp_command_encode(command, room, info->max_length);
    if (len == 0)
        return SSTP_EP_TOO_LONG;
    sstp_ep_output_add(&ep->output, len, sstp_command_is_of_message(command->id));
    note_sent(ep, command, len);
    return SSTP_EP_OK;
}

enum sstp_ep_err sstp_ep_queue_lent_data(struct sstp_ep *ep, uint32_t session_id,
                                         struct sstp_span data, void *lender)
{
    const struct sstp_command command = {.id = SSTP_DATA, .session_id = session_id, .data = data};
    uint8_t *room = sstp_ep_output_room(&ep->output, SSTP_DATA_HEADER_LEN);
    if (room == NULL || !sstp_ep_output_reserve_pieces(&ep->output, 2))
        return SSTP_EP_NO_MEMORY;
    sstp_data_header_encode(session_id, data.len, room);
    sstp_ep_output_add(&ep->output, SSTP_DATA_HEADER_LEN, true);
    sstp_ep_output_lend(&ep->output, data, lender);
    note_sent(ep, &command, SSTP_DATA_HEADER_LEN + data.len);
    return SSTP_EP_OK;
}
