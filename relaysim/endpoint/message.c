/* SPDX-License-Identifier: GPL-2.0-or-later */
/* message: Message, Data, EndMessage, and their acknowledgement
 * (GRVSSTP 3.1.4.2.1, 3.1.4.6-8, 3.1.5.10-13, 3.1.5.19). */
#include "endpoint/endpoint.h"
#include "endpoint/internal.h"

#include "core/decode.h"
#include "core/encode.h"

#define COMMAND_LEN_MAX 2055u    /* of all that a message is sent with (GRVSSTP 2.2) */
#define ASSEMBLY_SIZE_KEPT 8192u /* a finished message's buffer is kept up to this */
#define EXPECTED_MAX (64u << 10) /* room for a message as long as the last one, up to this */
/* Data is lent to the output from this length on: below, the pieces cost more than the
 * copy. */
#define LENT_MIN 4096u

/* ------------------------------------------------------------------------
 * Sending
 */

struct sstp_command sstp_ep_message_command(const struct sstp_ep_message *message)
{
    return (struct sstp_command){.id = SSTP_MESSAGE,
                                 .flags = message->flags,
                                 .user_ref = message->user_ref,
                                 .ttl = message->ttl,
                                 .ephemeral_reserved_len = message->ephemeral_reserved_len,
                                 .byte_stream_size = message->byte_stream_size,
                                 .session_size = message->session_size,
                                 .message_size = message->message_size,
                                 .num_fragments = message->num_fragments,
                                 .this_fragment = message->this_fragment,
                                 .fragment_id = message->fragment_id,
                                 .fragment_offset = message->fragment_offset};
}

struct sstp_ep_message sstp_ep_command_message(const struct sstp_command *command,
                                               struct sstp_span data)
{
    return (struct sstp_ep_message){.flags = command->flags,
                                    .user_ref = command->user_ref,
                                    .ttl = command->ttl,
                                    .ephemeral_reserved_len = command->ephemeral_reserved_len,
                                    .byte_stream_size = command->byte_stream_size,
                                    .session_size = command->session_size,
                                    .message_size = command->message_size,
                                    .num_fragments = command->num_fragments,
                                    .this_fragment = command->this_fragment,
                                    .fragment_id = command->fragment_id,
                                    .fragment_offset = command->fragment_offset,
                                    .data = data};
}

/* The session on which the higher layer may go on with a message. */
static enum sstp_ep_err find_sending(struct sstp_ep *ep, uint32_t session_id,
                                     struct sstp_ep_session **session)
{
    *session = sstp_ep_find_session(ep, session_id);
    if (*session == NULL)
        return SSTP_EP_NO_SESSION;
    return (*session)->is_ours && (*session)->is_sending ? SSTP_EP_OK : SSTP_EP_WRONG_STATE;
}

static enum sstp_ep_err check_message(const struct sstp_ep *ep,
                                      const struct sstp_ep_session *session)
{
    if (session == NULL)
        return SSTP_EP_NO_SESSION;
    if (!session->is_ours || session->state != SSTP_SESSION_READY || session->is_sending)
        return SSTP_EP_WRONG_STATE;
    if (sstp_ep_output_len(ep) >= ep->config.limits.max_queued ||
        sstp_ep_ledger_num(&ep->outbound) >= ep->config.limits.max_unacknowledged)
        return SSTP_EP_FULL;
    return SSTP_EP_OK;
}

enum sstp_ep_err sstp_ep_message_begin(struct sstp_ep *ep, uint32_t session_id,
                                       const struct sstp_ep_message *message)
{
    struct sstp_ep_session *session = sstp_ep_find_session(ep, session_id);
    enum sstp_ep_err err = check_message(ep, session);
    if (err != SSTP_EP_OK)
        return err;

    struct sstp_command command = sstp_ep_message_command(message);
    command.session_id = session_id;
    command.message_count = (uint32_t)ep->inbound.num_leading;
    err = sstp_ep_queue(ep, &command);
    if (err != SSTP_EP_OK)
        return err;
    (void)sstp_ep_take_message_count(ep);
    session->is_sending = true;
    session->has_sent_data = false;
    session->sending_ordinal = ++ep->num_begun;
    session->sending_len = 0;
    return SSTP_EP_OK;
}

enum sstp_ep_err sstp_ep_message_data(struct sstp_ep *ep, uint32_t session_id,
                                      struct sstp_span data)
{
    struct sstp_ep_session *session;
    enum sstp_ep_err err = find_sending(ep, session_id, &session);
    if (err != SSTP_EP_OK)
        return err;
    size_t done = 0;
    do {
        const size_t left = data.len - done;
        const size_t len = left < SSTP_DATA_PAYLOAD_MAX ? left : SSTP_DATA_PAYLOAD_MAX;
        err = sstp_ep_queue(
            ep, &(struct sstp_command){.id = SSTP_DATA,
                                       .session_id = session_id,
                                       .data = sstp_span(len > 0 ? data.data + done : NULL, len)});
        if (err != SSTP_EP_OK)
            return err;
        session->has_sent_data = true;
        session->sending_len += len;
        done += len;
    } while (done < data.len);
    return SSTP_EP_OK;
}

enum sstp_ep_err sstp_ep_message_end(struct sstp_ep *ep, uint32_t session_id, void *tag)
{
    struct sstp_ep_session *session;
    enum sstp_ep_err err = find_sending(ep, session_id, &session);
    if (err != SSTP_EP_OK)
        return err;
    if (!session->has_sent_data) {
        /* One Data at least, of length 7 for an empty message (SPECIFICATION.md). */
        err = sstp_ep_message_data(ep, session_id, sstp_span(NULL, 0));
        if (err != SSTP_EP_OK)
            return err;
    }
    if (!sstp_ep_ledger_reserve(&ep->outbound))
        return SSTP_EP_NO_MEMORY;
    err =
        sstp_ep_queue(ep, &(struct sstp_command){.id = SSTP_END_MESSAGE, .session_id = session_id});
    if (err != SSTP_EP_OK)
        return err;
    session->is_sending = false;
    const uint64_t number = sstp_ep_ledger_add(
        &ep->outbound, (struct sstp_ep_ledger_entry){.session_id = session_id, .tag = tag});
    SSTP_EP_NOTE(ep, .kind = SSTP_EP_NOTE_SENT, .session_id = session_id, .number = number,
                 .ordinal = session->sending_ordinal, .len = session->sending_len);
    return SSTP_EP_OK;
}

/* Makes room for a whole message, so that nothing after the Message can fail.  Every
 * command is encoded with its longest length free after it. */
static bool reserve_message(struct sstp_ep *ep, const struct sstp_ep_message *message, bool is_lent)
{
    const size_t num_data = message->data.len / SSTP_DATA_PAYLOAD_MAX + 1;
    const size_t copied = is_lent ? 0 : message->data.len;
    return sstp_ep_output_reserve_pieces(&ep->output, is_lent ? 2 * num_data + 2 : 1) &&
           sstp_ep_output_room(&ep->output, copied + SSTP_DATA_HEADER_LEN * num_data +
                                                3 * COMMAND_LEN_MAX) != NULL &&
           sstp_ep_ledger_reserve(&ep->outbound);
}

static enum sstp_ep_err lend_data(struct sstp_ep *ep, struct sstp_ep_session *session,
                                  struct sstp_span data, void *lender)
{
    enum sstp_ep_err err = SSTP_EP_OK;
    for (size_t done = 0; done < data.len && err == SSTP_EP_OK; done += SSTP_DATA_PAYLOAD_MAX) {
        const size_t left = data.len - done;
        const bool is_last = left <= SSTP_DATA_PAYLOAD_MAX;
        err = sstp_ep_queue_lent_data(
            ep, session->id, sstp_span(data.data + done, is_last ? left : SSTP_DATA_PAYLOAD_MAX),
            is_last ? lender : NULL);
    }
    session->has_sent_data = true;
    session->sending_len = data.len;
    return err;
}

enum sstp_ep_err sstp_ep_lend_message(struct sstp_ep *ep, uint32_t session_id,
                                      const struct sstp_ep_message *message, void *tag,
                                      void *lender)
{
    struct sstp_ep_session *session = sstp_ep_find_session(ep, session_id);
    const bool is_lent = lender != NULL && message->data.len >= LENT_MIN;
    enum sstp_ep_err err = check_message(ep, session);
    if (err != SSTP_EP_OK)
        return err;
    if (message->data.len > ep->config.limits.max_message)
        return SSTP_EP_TOO_LONG;
    if (!reserve_message(ep, message, is_lent))
        return SSTP_EP_NO_MEMORY;
    err = sstp_ep_message_begin(ep, session_id, message);
    if (err != SSTP_EP_OK)
        return err;
    err = is_lent ? lend_data(ep, session, message->data, lender)
                  : sstp_ep_message_data(ep, session_id, message->data);
    if (err == SSTP_EP_OK)
        err = sstp_ep_message_end(ep, session_id, tag);
    if (lender != NULL && !is_lent && err == SSTP_EP_OK)
        ep->config.release(ep->config.cookie, lender);
    return err;
}

enum sstp_ep_err sstp_ep_send_message(struct sstp_ep *ep, uint32_t session_id,
                                      const struct sstp_ep_message *message, void *tag)
{
    return sstp_ep_lend_message(ep, session_id, message, tag, NULL);
}

/* ------------------------------------------------------------------------
 * Receiving
 */

/* The session of a Message, Data or EndMessage that its MessageReceiver allows, in
 * the state after it; NULL when it has none, is swallowed, or earned a
 * ConnectClose. */
static struct sstp_ep_session *find_receiving(struct sstp_ep *ep,
                                              const struct sstp_command *command)
{
    struct sstp_ep_session *session = sstp_ep_find_session(ep, command->session_id);
    if (session == NULL) {
        if (!sstp_ep_is_closed_id(ep, command->session_id))
            sstp_ep_refuse(ep, SSTP_CONNECT_CLOSE_TOO_MANY_UNKNOWN_SESSION_CMDS);
        return NULL;
    }
    if (session->is_ours ||
        !sstp_receiver_transition(session->receiver, command->id, &session->receiver)) {
        sstp_ep_refuse(ep, SSTP_CONNECT_CLOSE_PROTOCOL_ERROR);
        return NULL;
    }
    return session;
}

/* How much room to make for `len` more bytes: one message is often as long as another. */
static size_t first_size(const struct sstp_ep_session *session, size_t len)
{
    const size_t expected =
        session->assembly.data == NULL && session->last_len <= EXPECTED_MAX ? session->last_len : 0;
    return expected > len ? expected : len;
}

/* Whether the message of a session may grow by so many bytes; if not, that is told. */
static bool may_assemble(struct sstp_ep *ep, const struct sstp_ep_session *session, size_t len)
{
    const struct sstp_ep_limits *limits = &ep->config.limits;
    const struct sstp_ep_assembling *all = ep->config.assembling;
    if (session->assembly.len + len > limits->max_message + session->message_len ||
        ep->num_assembling + len > limits->max_assembling) {
        SSTP_EP_LIMITED(ep, SSTP_EP_LIMIT_MESSAGE);
        return false;
    }
    if (all != NULL && all->num_bytes + len > all->max_bytes &&
        ep->num_assembling + len > SSTP_EP_ASSEMBLING_SHARE) {
        SSTP_EP_LIMITED(ep, SSTP_EP_LIMIT_ASSEMBLING);
        return false;
    }
    return true;
}

/* Appends to the message under way; ends the session where it grows too large. */
static bool assemble(struct sstp_ep *ep, struct sstp_ep_session *session, struct sstp_span bytes)
{
    uint8_t reason_id = SSTP_CLOSE_QUOTA_WOULD_BE_EXCEEDED;

    if (may_assemble(ep, session, bytes.len)) {
        if (sstp_ep_bytes_reserve(ep->config.mem, &session->assembly,
                                  first_size(session, bytes.len))) {
            if (bytes.len > 0)
                memcpy(session->assembly.data + session->assembly.len, bytes.data, bytes.len);
            session->assembly.len += bytes.len;
            sstp_ep_count_assembling(ep, bytes.len, 0);
            return true;
        }
        reason_id = SSTP_CLOSE_INTERNAL_ERROR;
    }
    sstp_ep_give_up_session(ep, session->id, reason_id);
    return false;
}

void sstp_ep_on_message(struct sstp_ep *ep, const struct sstp_command *command)
{
    struct sstp_ep_session *session = find_receiving(ep, command);
    if (ep->state == SSTP_CONNECTION_CLOSED)
        return;
    if (session != NULL) {
        /* What was decoded are views; the bytes are kept until the EndMessage. */
        session->message_len = ep->handled.len;
        if (!assemble(ep, session, ep->handled) && ep->state == SSTP_CONNECTION_CLOSED)
            return;
    }
    /* The count concerns the connection, whatever became of the session. */
    (void)sstp_ep_acknowledged(ep, command);
}

void sstp_ep_on_data(struct sstp_ep *ep, const struct sstp_command *command)
{
    struct sstp_ep_session *session = find_receiving(ep, command);
    if (session != NULL)
        (void)assemble(ep, session, command->data);
}

/* Enters a message into the inbound list; 0 when that ended the connection. */
static uint64_t enter_message(struct sstp_ep *ep, uint32_t session_id, bool wants_ack)
{
    if (sstp_ep_ledger_num(&ep->inbound) >= ep->config.limits.max_unacknowledged ||
        !sstp_ep_ledger_reserve(&ep->inbound)) {
        sstp_ep_refuse(ep, SSTP_CONNECT_CLOSE_INTERNAL_ERROR);
        return 0;
    }
    sstp_ep_start_ack_timer(ep);
    return sstp_ep_ledger_add(&ep->inbound, (struct sstp_ep_ledger_entry){.session_id = session_id,
                                                                          .wants_ack = wants_ack});
}

void sstp_ep_on_end_message(struct sstp_ep *ep, const struct sstp_command *command)
{
    const uint32_t id = command->session_id;
    struct sstp_ep_session *session = find_receiving(ep, command);
    if (session == NULL) {
        /* Of a session that was closed from here: its sender counts it, so the
         * list has to hold it (SPECIFICATION.md). */
        if (ep->state == SSTP_CONNECTION_ESTABLISHED) {
            const uint64_t number = enter_message(ep, id, false);
            if (number != 0) {
                SSTP_EP_NOTE(ep, .kind = SSTP_EP_NOTE_DISCARDED, .session_id = id,
                             .number = number);
                (void)sstp_ep_complete(ep, number);
            }
        }
        return;
    }
    struct sstp_command begun;
    (void)sstp_command_decode(sstp_span(session->assembly.data, session->message_len),
                              SSTP_VERSION_UNKNOWN, NULL, &begun);
    const uint64_t number =
        enter_message(ep, id, (begun.flags & SSTP_MESSAGE_FLAG_ACK_IMMEDIATELY) != 0);
    if (number == 0)
        return;

    const struct sstp_ep_message message =
        sstp_ep_command_message(&begun, sstp_span(session->assembly.data + session->message_len,
                                                  session->assembly.len - session->message_len));
    /* The callback may close the session, so its buffer is taken away from it. */
    struct sstp_ep_bytes assembly = session->assembly;
    struct sstp_ep_block block = {assembly.data, assembly.size};
    session->last_len = assembly.len;
    sstp_ep_count_assembling(ep, 0, assembly.len);
    session->assembly = (struct sstp_ep_bytes){NULL, 0, 0};
    session->message_len = 0;
    SSTP_EP_NOTE(ep, .kind = SSTP_EP_NOTE_DELIVERED, .session_id = id, .number = number,
                 .len = message.data.len);
    sstp_ep_raise(ep, &(struct sstp_ep_event){.kind = SSTP_EP_EVENT_MESSAGE,
                                              .command = command,
                                              .session_id = id,
                                              .message = &message,
                                              .block = &block,
                                              .number = number});
    if (block.data == NULL)
        return; /* the owner has taken it */
    session = sstp_ep_find_session(ep, id);
    if (session != NULL && session->assembly.data == NULL && assembly.size <= ASSEMBLY_SIZE_KEPT) {
        assembly.len = 0;
        session->assembly = assembly;
    } else {
        sstp_ep_bytes_clear(ep->config.mem, &assembly);
    }
}
