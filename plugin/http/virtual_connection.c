/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "http/virtual_connection.h"

#include <epan/to_str.h>

#include "follow/again.h"
#include "follow/settle.h"

/* Forgotten with the capture. */
static wmem_map_t *virtuals;

static struct grvhenc_virtual *new_virtual(struct sstp_span guid, enum henc_kind kind,
                                           uint32_t frame)
{
    struct grvhenc_virtual *v = wmem_new0(wmem_file_scope(), struct grvhenc_virtual);
    v->kind = kind;
    v->guid = wmem_strndup(wmem_file_scope(), (const char *)guid.data, guid.len);
    v->connection = grvsstp_connection_new((enum grvsstp_encapsulation)kind, frame);
    grvsstp_settle_init(v->connection);
    grvsstp_settle_by_time(v->connection);
    henc_virtual_init(&v->observer, &grvsstp_file_scope, kind);
    return v;
}

static const char *name_of(wmem_allocator_t *pool, enum henc_kind kind, struct sstp_span guid,
                           const address *client, const address *server)
{
    return wmem_strdup_printf(pool, "%d %.*s %s %s", (int)kind, (int)guid.len,
                              (const char *)guid.data, address_to_str(pool, client),
                              address_to_str(pool, server));
}

static struct grvhenc_virtual *find(const char *name)
{
    if (virtuals == NULL)
        virtuals =
            wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), g_str_hash, g_str_equal);
    return wmem_map_lookup(virtuals, name);
}

static struct grvhenc_virtual *put(const char *name, struct sstp_span guid, enum henc_kind kind,
                                   uint32_t frame)
{
    struct grvhenc_virtual *v = new_virtual(guid, kind, frame);

    wmem_map_insert(virtuals, wmem_strdup(wmem_file_scope(), name), v);
    return v;
}

struct grvhenc_virtual *grvhenc_virtual_known(enum henc_kind kind, struct sstp_span guid,
                                              const address *client, const address *server,
                                              wmem_allocator_t *pool)
{
    return find(name_of(pool, kind, guid, client, server));
}

struct grvhenc_virtual *grvhenc_virtual_of_request(struct sstp_span guid,
                                                   struct grvhenc_moment moment,
                                                   const address *client, const address *server,
                                                   const struct henc_message *message)
{
    const char *name = name_of(moment.pool, message->uri->kind, guid, client, server);
    struct grvhenc_virtual *v = find(name);

    if (v == NULL || henc_virtual_is_renewed_by(&v->observer, message))
        v = put(name, guid, message->uri->kind, moment.frame);
    return v;
}

struct grvhenc_virtual *grvhenc_virtual_of_answer(struct sstp_span guid,
                                                  struct grvhenc_moment moment,
                                                  const address *client, const address *server)
{
    const char *name = name_of(moment.pool, HENC_KIND_POLLING, guid, client, server);
    struct grvhenc_virtual *v = find(name);

    return v != NULL ? v : put(name, guid, HENC_KIND_POLLING, moment.frame);
}

/* The bytes where a later pass finds them again: in the body, or in a copy. */
static void place_bytes(struct grvhenc_delivery *delivery, const struct henc_delivery *from,
                        tvbuff_t *body_tvb)
{
    const unsigned captured = body_tvb != NULL ? tvb_captured_length(body_tvb) : 0;
    const uint8_t *body = captured > 0 ? tvb_get_ptr(body_tvb, 0, (int)captured) : NULL;

    delivery->is_copy = from->is_parked || body == NULL || from->bytes.data < body ||
                        from->bytes.data + from->bytes.len > body + captured;
    if (delivery->is_copy) {
        delivery->bytes =
            sstp_span(wmem_memdup(grvsstp_passing_scope(), from->bytes.data, from->bytes.len),
                      from->bytes.len);
    } else {
        delivery->offset = (uint32_t)(from->bytes.data - body);
        delivery->bytes = sstp_span(NULL, from->bytes.len);
    }
}

static void deliver(struct grvsstp_connection *connection, struct grvhenc_delivery *delivery,
                    bool after_gap, tvbuff_t *body_tvb, const struct grvhenc_moment *moment)
{
    struct grvsstp_chunk chunk = {.has_gap = after_gap,
                                  .frame = moment->frame,
                                  .key = delivery->key,
                                  .source_frame = delivery->source_frame,
                                  .time_ns = moment->time_ns};

    if (delivery->is_copy) {
        chunk.bytes = sstp_chunk(delivery->bytes.data, delivery->bytes.len);
    } else {
        const unsigned len = (unsigned)delivery->bytes.len;
        chunk.bytes = sstp_chunk(tvb_get_ptr(body_tvb, (int)delivery->offset, (int)len), len);
    }
    if (after_gap)
        grvsstp_half_loses_track(&connection->halves[delivery->from_initiator]);
    delivery->plan = grvsstp_plan_chunk(connection, delivery->from_initiator, &chunk, moment->pool);
}

void grvhenc_record_wait(struct grvhenc_record *record, const struct henc_result *result,
                         const struct henc_message *message)
{
    if (!result->is_waiting || message->polling == NULL || message->polling->data.len == 0)
        return;
    record->waiting_octets = (uint32_t)message->polling->data.len;
    record->awaited = result->awaited;
    record->frame = (uint32_t)message->chunk;
    record->to_server = message->status == 0;
    if (record->v->waiting == NULL)
        record->v->waiting = wmem_list_new(wmem_file_scope());
    wmem_list_append(record->v->waiting, record);
}

static void drop(const struct grvhenc_record *record, wmem_allocator_t *pool)
{
    for (unsigned i = 0; i < record->num_deliveries; i++)
        if (record->deliveries[i].is_copy)
            grvsstp_passing_drop(pool, record->deliveries[i].bytes.data);
    grvsstp_passing_drop(pool, record->deliveries);
    grvsstp_passing_drop(pool, record);
}

void grvhenc_record_drop(const struct grvhenc_record *record, wmem_allocator_t *pool)
{
    if (record->waiting_octets == 0)
        drop(record, pool);
}

/* Data that waited is given to the SSTP connection in this frame. */
static void end_waiting(struct grvhenc_virtual *v, const struct grvhenc_delivery *delivery,
                        const struct grvhenc_moment *moment)
{
    wmem_list_frame_t *at = v->waiting != NULL ? wmem_list_head(v->waiting) : NULL;

    for (; at != NULL; at = wmem_list_frame_next(at)) {
        struct grvhenc_record *record = wmem_list_frame_data(at);
        if (record->frame != delivery->source_frame ||
            record->to_server != delivery->from_initiator ||
            record->waiting_octets != delivery->bytes.len)
            continue;
        record->shown_in = moment->frame;
        wmem_list_remove_frame(v->waiting, at);
        drop(record, moment->pool);
        return;
    }
}

void grvhenc_note_one_sided(struct grvhenc_virtual *v, bool from_client, enum henc_state state)
{
    v->is_deaf[from_client] = false;
    if (v->is_deaf[!from_client] || henc_virtual_is_half_unheard(&v->observer) ||
        state == HENC_STATE_CONNECTING || state == HENC_STATE_CONNECTED ||
        state == HENC_STATE_PROBING || state == HENC_STATE_PROBED)
        grvsstp_states_gap(v->connection->states);
}

struct grvhenc_record *grvhenc_record_new(struct grvhenc_virtual *v, enum henc_half half,
                                          const struct henc_result *result, tvbuff_t *body_tvb,
                                          const struct grvhenc_moment *moment)
{
    struct grvhenc_record *record = wmem_new0(grvsstp_passing_scope(), struct grvhenc_record);
    const struct henc_deliveries *deliveries = &result->deliveries;

    record->v = v;
    record->half = half;
    record->state = result->state;
    if (result->state == HENC_STATE_CLOSED)
        grvsstp_states_end(v->connection->states);
    record->findings = result->findings;
    record->is_repeat = result->is_repeat;
    record->echo_len = (uint32_t)result->echo.len;
    record->ping_data_len = (uint32_t)result->echo.ping_data.len;
    record->num_deliveries = (unsigned)deliveries->num;
    if (deliveries->num > 0)
        record->deliveries =
            wmem_alloc0_array(grvsstp_passing_scope(), struct grvhenc_delivery, deliveries->num);
    for (unsigned i = 0; i < deliveries->num; i++) {
        const struct henc_delivery *from = &deliveries->items[i];
        struct grvhenc_delivery *delivery = &record->deliveries[i];
        delivery->from_initiator = from->direction == HENC_TO_SERVER;
        delivery->source_frame = (uint32_t)from->chunk;
        delivery->key =
            moment->key ^ i << 24; /* far from the keys of other messages in the frame */
        place_bytes(delivery, from, body_tvb);
        grvhenc_note_one_sided(v, delivery->from_initiator, result->state);
        if (from->is_parked)
            end_waiting(v, delivery, moment);
        deliver(v->connection, delivery, from->after_gap, body_tvb, moment);
    }
    return record;
}

bool grvhenc_virtual_lacks_half(const struct grvhenc_virtual *v, uint32_t frame)
{
    return henc_virtual_lacks_half(&v->observer) && henc_virtual_last_chunk(&v->observer) == frame;
}
