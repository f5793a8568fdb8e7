/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "follow/settle.h"

#include "core/decode.h"

/* Those of the capture, to be settled at the end of the first pass. */
static wmem_array_t *connections;
static struct sstp_order_budget budget;

void grvsstp_settle_reset(void)
{
    connections = NULL;
    budget.bytes = 0;
}

/* ------------------------------------------------------------------------
 * What commands tell of the connection
 */

/* GRVSSTP 3.1.5.2: the lesser minor version is in force once the answer is Ok. */
static void note_version(struct grvsstp_connection *connection, bool from_initiator,
                         struct sstp_span bytes, uint32_t frame)
{
    struct sstp_command command;

    if (bytes.len < SSTP_HEADER_LEN ||
        (bytes.data[0] != SSTP_CONNECT && bytes.data[0] != SSTP_CONNECT_RESPONSE) ||
        !sstp_command_decode(bytes, SSTP_VERSION_UNKNOWN, NULL, &command))
        return;
    const bool is_known =
        grvsstp_connection_form(connection, from_initiator) != SSTP_VERSION_UNKNOWN;
    if (command.id == SSTP_CONNECT) {
        /* Where that is a beginning, and no violation, the versions begin anew too. */
        if (is_known && grvsstp_states_are_connecting(connection->states))
            grvsstp_connection_set_version(connection, from_initiator, frame, NULL);
        connection->initiator_minor_version = command.minor_version;
        connection->has_initiator_version = true;
    } else if (command.response_id == SSTP_CONNECT_RESPONSE_OK &&
               connection->has_initiator_version && !is_known) {
        const uint8_t minor_version =
            MIN(connection->initiator_minor_version, command.minor_version);
        grvsstp_connection_set_version(connection, from_initiator, frame, &minor_version);
    }
}

static bool take_command(struct grvsstp_connection *connection, bool from_initiator,
                         const struct sstp_order_item *item, bool may_wait)
{
    grvsstp_connection_reach(connection, from_initiator, item->frame);
    if (!grvsstp_states_command(connection->states, from_initiator,
                                grvsstp_connection_form(connection, from_initiator), item,
                                may_wait))
        return false;
    note_version(connection, from_initiator, item->bytes, item->frame);
    /* What its sender had received is no command; what came after that was missed. */
    if (item->known != 0 && item->bytes.len > 0 && item->bytes.data[0] == SSTP_CONNECT &&
        sstp_order_lacks(&connection->order, !from_initiator, item->known))
        grvsstp_states_gap(connection->states);
    return true;
}

static bool take(void *cookie, bool from_initiator, const struct sstp_order_item *item,
                 bool may_wait)
{
    struct grvsstp_connection *connection = cookie;

    switch (item->kind) {
    case SSTP_ORDER_CHUNK:
        grvsstp_states_begin_chunk(connection->states, from_initiator, item->frame, item->key);
        break;
    case SSTP_ORDER_COMMAND:
        return take_command(connection, from_initiator, item, may_wait);
    case SSTP_ORDER_GAP:
        grvsstp_states_gap(connection->states);
        break;
    case SSTP_ORDER_PASSED:
        break;
    }
    return true;
}

static void lose(void *cookie, const struct sstp_order_item *item)
{
    struct grvsstp_connection *connection = cookie;

    if (item != NULL)
        grvsstp_connection_add_gap(connection, item->frame);
    grvsstp_states_gap(connection->states);
}

/* ------------------------------------------------------------------------
 * What comes
 */

void grvsstp_settle_init(struct grvsstp_connection *connection)
{
    const struct sstp_order_taker taker = {take, lose, connection};

    sstp_order_init(&connection->order, &grvsstp_file_scope, &budget, &taker);
    if (connections == NULL)
        connections = wmem_array_new(wmem_file_scope(), sizeof connection);
    wmem_array_append_one(connections, connection);
}

void grvsstp_settle_by_time(struct grvsstp_connection *connection)
{
    sstp_order_by_time(&connection->order);
}

void grvsstp_settle_start(struct grvsstp_connection *connection, bool from_initiator,
                          uint64_t position)
{
    sstp_order_start(&connection->order, from_initiator, position);
}

void grvsstp_settle_begin_chunk(struct grvsstp_connection *connection, bool from_initiator,
                                int64_t time_ns, uint32_t frame, uint32_t key)
{
    const struct sstp_order_item item = {
        .kind = SSTP_ORDER_CHUNK, .frame = frame, .key = key, .time_ns = time_ns};
    sstp_order_put(&connection->order, from_initiator, &item);
}

void grvsstp_settle_command(struct grvsstp_connection *connection, bool from_initiator,
                            struct sstp_span bytes, int64_t time_ns, uint32_t frame,
                            const struct grvsstp_stand *stand)
{
    const struct sstp_order_item item = {.kind = SSTP_ORDER_COMMAND,
                                         .frame = frame,
                                         .time_ns = time_ns,
                                         .position = stand->position,
                                         .known = stand->known,
                                         .is_unsure =
                                             stand->unsure != 0 && stand->position > stand->unsure,
                                         .bytes = bytes};
    sstp_order_put(&connection->order, from_initiator, &item);
}

void grvsstp_settle_passed(struct grvsstp_connection *connection, bool from_initiator,
                           int64_t time_ns, uint64_t position)
{
    const struct sstp_order_item item = {
        .kind = SSTP_ORDER_PASSED, .time_ns = time_ns, .position = position};
    sstp_order_put(&connection->order, from_initiator, &item);
}

void grvsstp_settle_gap(struct grvsstp_connection *connection, bool from_initiator, int64_t time_ns,
                        uint64_t position)
{
    const struct sstp_order_item item = {
        .kind = SSTP_ORDER_GAP, .time_ns = time_ns, .position = position};
    sstp_order_put(&connection->order, from_initiator, &item);
}

void grvsstp_settle_late_gap(struct grvsstp_connection *connection, bool from_initiator,
                             uint32_t since, uint32_t frame, int64_t time_ns)
{
    grvsstp_states_doubt(connection->states, since, frame);
    grvsstp_settle_gap(connection, from_initiator, time_ns, 0);
}

void grvsstp_settle_all(void)
{
    const unsigned num = connections != NULL ? wmem_array_get_count(connections) : 0;
    struct grvsstp_connection **all = num > 0 ? wmem_array_get_raw(connections) : NULL;

    for (unsigned i = 0; i < num; i++)
        sstp_order_settle(&all[i]->order);
}
