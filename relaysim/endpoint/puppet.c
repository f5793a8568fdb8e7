/* SPDX-License-Identifier: GPL-2.0-or-later */
/* puppet: an endpoint that says what it is told to, and nothing of its own. */
#include "endpoint/endpoint.h"
#include "endpoint/internal.h"

#include "core/decode.h"

#include <assert.h>
#include <string.h>

uint64_t sstp_ep_num_bytes_heard(const struct sstp_ep *ep)
{
    return ep->num_bytes_heard;
}

/* Whether the bytes are one command, which the witness may be told of. */
static bool is_command(struct sstp_span bytes, struct sstp_command *command)
{
    return bytes.len >= SSTP_HEADER_LEN && sstp_get_u16(bytes.data + 1) == bytes.len &&
           sstp_command_decode(bytes, SSTP_VERSION_UNKNOWN, NULL, command);
}

enum sstp_ep_err sstp_ep_say(struct sstp_ep *ep, struct sstp_span bytes)
{
    struct sstp_command command;

    assert(ep->config.is_puppet && bytes.len > 0);
    if (ep->state == SSTP_CONNECTION_CLOSED)
        return SSTP_EP_WRONG_STATE;
    uint8_t *room = sstp_ep_output_room(&ep->output, bytes.len);
    if (room == NULL)
        return SSTP_EP_NO_MEMORY;
    memcpy(room, bytes.data, bytes.len);
    sstp_ep_output_add(&ep->output, bytes.len, sstp_command_is_of_message(bytes.data[0]));
    if (ep->config.witness.sent != NULL && is_command(bytes, &command))
        ep->config.witness.sent(ep->config.witness.cookie, &command);
    return SSTP_EP_OK;
}

void sstp_ep_hang_up(struct sstp_ep *ep)
{
    assert(ep->config.is_puppet);
    sstp_ep_finish(ep, &(struct sstp_ep_event){.end = SSTP_EP_END_LOCAL, .is_local = true});
}
