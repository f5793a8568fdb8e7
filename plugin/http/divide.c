/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "http/divide.h"

#include <epan/proto_data.h>

#include "fields/henc_fields.h"
#include "henc/http.h"
#include "follow/settle.h"
#include "follow/states.h"
#include "http/body.h"

/* A chunk of nothing but tiny messages; what is beyond is left to HTTP. */
#define ITEMS_MAX 256u

/* The chunk at hand. */
struct chunk {
    struct grvhenc_tcp *tcp;
    bool from_client;
    bool is_first; /* bytes of its direction on the TCP connection */
    tvbuff_t *tvb;
    packet_info *pinfo;
    struct sstp_span bytes; /* captured */
    uint32_t seq;
    bool has_ack;
    uint32_t ack;         /* TCP's acknowledgement number */
    uint64_t opened;      /* see struct henc_message */
    uint32_t num_carried; /* of the bytes, from chunks before */
    uint8_t *joined;      /* the block that holds the bytes then; file scope */
    unsigned num_items;
    struct grvhenc_item items[ITEMS_MAX];
};

/* ------------------------------------------------------------------------
 * First pass: messages
 */

static struct grvhenc_item *add_item(struct chunk *chunk, enum grvhenc_item_kind kind,
                                     size_t offset, size_t len)
{
    struct grvhenc_item *item = &chunk->items[chunk->num_items++];
    *item = (struct grvhenc_item){kind, (uint32_t)offset, (uint32_t)len, 0, 0, NULL, NULL};
    return item;
}

static struct grvhenc_side *this_side(struct chunk *chunk)
{
    return &chunk->tcp->sides[chunk->from_client];
}

/* Says where framing and states may trust that a command begins: after a handshake that
 * the capture holds. */
static void start_halves(struct grvhenc_virtual *v, const struct henc_message *m,
                         const struct henc_result *result)
{
    const bool to_server = m->status == 0;
    if (!v->has_begun &&
        (result->state == HENC_STATE_CONNECTING || result->state == HENC_STATE_PROBING))
        grvsstp_states_start(v->connection->states);
    v->has_begun = true;
    const bool is_handshake =
        v->kind == HENC_KIND_POLLING
            ? m->polling != NULL && m->polling->sequence_is_valid && m->polling->sequence == 0
            : result->echo.len > 0 ||
                  (v->kind == HENC_KIND_LONGLIVED && (to_server || m->status == 200));
    if (is_handshake && !result->is_repeat)
        grvsstp_half_starts(&v->connection->halves[to_server]);
}

/* Shows a message to the observer and keeps what it says. */
static struct grvhenc_record *observe(struct chunk *chunk, struct grvhenc_virtual *v,
                                      struct henc_message *m, tvbuff_t *body_tvb, uint32_t key)
{
    struct henc_result result;
    struct grvhenc_side *side = this_side(chunk);

    /* Out of memory cannot be: wmem ends the program instead. */
    (void)henc_virtual_message(&v->observer, m, &result);
    start_halves(v, m, &result);
    if (side->has_gap && result.deliveries.num > 0) {
        result.deliveries.items[0].after_gap = true;
        side->has_gap = false;
    }
    struct grvhenc_record *record =
        grvhenc_record_new(v, m->half, &result, body_tvb, chunk->pinfo, key);
    grvhenc_record_wait(record, &result, m, chunk->pinfo);
    return record;
}

/* The bytes of an HTTP message, and what of them is its body. */
struct message_bytes {
    size_t offset, len; /* in the chunk */
    struct grvhenc_read *read;
    struct sstp_span body; /* decoded */
    tvbuff_t *body_tvb;
    const char *undecoded;
    bool is_cut; /* the body goes on after what is there, or is not read */
};

/* What follows the head is a body without end. */
static void begin_stream(struct chunk *chunk, const struct henc_http *http)
{
    struct grvhenc_side *side = this_side(chunk);
    const char *undecoded = grvhenc_endless_undecoded(http, chunk->pinfo);

    side->streaming = chunk->tcp->current;
    side->awaits_echo = true;
    side->undecoded = undecoded != NULL ? wmem_strdup(wmem_file_scope(), undecoded) : NULL;
    side->has_gap |= undecoded != NULL;
}

/* What the sender of the message can have known when it left. */
static void note_knowledge(const struct chunk *chunk, struct henc_message *m)
{
    const struct grvhenc_side *other = &chunk->tcp->sides[!chunk->from_client];

    m->has_ended = chunk->tcp->end_frame != 0;
    m->time_ns = grvsstp_states_time(chunk->pinfo);
    /* Who was answered, and who asked, nobody knows any more after a loss. */
    m->is_unaware = chunk->has_ack && other->sequence.is_known && !chunk->tcp->has_lost &&
                    other->carried.len == 0 && (int32_t)(chunk->ack - other->sequence.next) <= 0;
}

/* The record of a request, or NULL where it belongs to no encapsulation. */
static struct grvhenc_record *observe_request(struct chunk *chunk,
                                              const struct message_bytes *message)
{
    struct grvhenc_tcp *tcp = chunk->tcp;
    const struct henc_http *http = &message->read->http;
    const struct henc_uri *uri = &http->uri;
    struct henc_polling polling;
    struct henc_message m = {.chunk = chunk->pinfo->num,
                             .transport = tcp->number,
                             .from_start = tcp->is_from_start,
                             .has_content_length = http->has_content_length,
                             .content_length = http->content_length,
                             .is_cut = message->is_cut,
                             .opened = chunk->opened,
                             .uri = uri,
                             .body = message->body};

    note_knowledge(chunk, &m);
    tcp->current = NULL;
    if (!http->has_uri)
        return NULL;
    m.half = uri->half;
    m.lacks_header = henc_http_lacks_header(
        sstp_span(chunk->bytes.data + message->offset, http->head_len), uri->kind, uri->half);
    struct sstp_span guid = uri->guid;
    if (uri->kind == HENC_KIND_POLLING) {
        if (henc_polling_parse(message->body, false, &polling) != HENC_POLLING_OK)
            return NULL;
        m.polling = &polling;
        guid = polling.guid;
    }
    tcp->current = grvhenc_virtual_of_request(guid, chunk->pinfo, &tcp->client, &tcp->server, &m);
    tcp->current_half = uri->half;
    tcp->is_answered = false;
    if (uri->kind == HENC_KIND_LONGLIVED && uri->half == HENC_HALF_POST)
        begin_stream(chunk, http);
    return observe(chunk, tcp->current, &m, message->body_tvb,
                   chunk->seq + (uint32_t)message->offset);
}

static struct grvhenc_record *observe_response(struct chunk *chunk,
                                               const struct message_bytes *message)
{
    struct grvhenc_tcp *tcp = chunk->tcp;
    const struct henc_http *http = &message->read->http;
    struct henc_polling polling;
    struct henc_message m = {.chunk = chunk->pinfo->num,
                             .transport = tcp->number,
                             .half = tcp->current_half,
                             .status = http->status,
                             .from_start = tcp->is_from_start,
                             .has_content_length = http->has_content_length,
                             .content_length = http->content_length,
                             .is_cut = message->is_cut,
                             .body = message->body};

    note_knowledge(chunk, &m);
    if ((tcp->current == NULL || tcp->current->kind == HENC_KIND_POLLING) && m.status == 200 &&
        henc_polling_parse(message->body, true, &polling) == HENC_POLLING_OK) {
        m.polling = &polling;
        /* One whose request is not captured says itself whose it is. */
        if (tcp->current == NULL || tcp->is_answered)
            tcp->current =
                grvhenc_virtual_of_answer(polling.guid, chunk->pinfo, &tcp->client, &tcp->server);
    }
    if (tcp->current == NULL)
        return NULL;
    tcp->is_answered = m.status >= 200;
    if (tcp->current->kind == HENC_KIND_LONGLIVED && tcp->current_half == HENC_HALF_GET &&
        m.status == 200)
        begin_stream(chunk, http);
    return observe(chunk, tcp->current, &m, message->body_tvb,
                   chunk->seq + (uint32_t)message->offset);
}

/* Whether the body of this message is a LongLived one, which nobody waits for. */
static bool has_endless_body(const struct chunk *chunk, const struct henc_http *http)
{
    if (http->is_response)
        return chunk->tcp->current != NULL && chunk->tcp->current->kind == HENC_KIND_LONGLIVED &&
               chunk->tcp->current_half == HENC_HALF_GET && http->status == 200;
    return http->has_uri && http->uri.kind == HENC_KIND_LONGLIVED &&
           http->uri.half == HENC_HALF_POST;
}

static void wait_at(struct chunk *chunk, size_t pos, size_t wanted)
{
    if (pos < chunk->num_carried) { /* TCP can only be asked for this chunk's bytes */
        struct grvhenc_side *side = this_side(chunk);
        side->carried = sstp_span(chunk->bytes.data + pos, chunk->bytes.len - pos);
        side->carried_block = pos == 0 ? chunk->joined : NULL;
        return;
    }
    struct grvhenc_item *item = add_item(chunk, GRVHENC_ITEM_WAIT, pos, chunk->bytes.len - pos);
    item->wanted = wanted > 0 ? (uint32_t)wanted : DESEGMENT_ONE_MORE_SEGMENT;
    this_side(chunk)->sequence.next = chunk->seq + (uint32_t)pos;
}

/* Whether bytes that are no HTTP are data where none may be: after the request of a GET
 * session, or from the server on a POST session that has no answer. */
static bool is_stray(const struct chunk *chunk)
{
    const struct grvhenc_tcp *tcp = chunk->tcp;

    if (tcp->current == NULL || tcp->current->kind == HENC_KIND_POLLING || tcp->has_lost ||
        chunk->from_client != (tcp->current_half == HENC_HALF_GET))
        return false;
    return !tcp->is_answered || (chunk->from_client && tcp->current->kind == HENC_KIND_LONGLIVED);
}

static size_t divide_stray(struct chunk *chunk, size_t pos)
{
    struct grvhenc_tcp *tcp = chunk->tcp;
    const size_t len = chunk->bytes.len - pos;
    struct henc_result result;

    henc_virtual_stray(&tcp->current->observer, tcp->current_half, chunk->pinfo->num, &result);
    struct grvhenc_item *item = add_item(chunk, GRVHENC_ITEM_STRAY, pos, len);
    item->record = grvhenc_record_new(tcp->current, tcp->current_half, &result, NULL, chunk->pinfo,
                                      chunk->seq + (uint32_t)pos);
    return chunk->bytes.len;
}

/* Reads the head of the message at pos, unless that was done when the connection was taken. */
static enum henc_http_result read_head(struct chunk *chunk, struct sstp_span bytes,
                                       struct henc_http *http)
{
    if (chunk->tcp->head_at != bytes.data)
        return henc_http_head(bytes, http);
    *http = chunk->tcp->head;
    chunk->tcp->head_at = NULL;
    return HENC_HTTP_DONE;
}

/* Finds the end of the message at its offset, as far as it is there. */
static enum henc_http_result read_message(struct chunk *chunk, struct message_bytes *message,
                                          size_t *wanted)
{
    const struct sstp_span rest =
        sstp_span(chunk->bytes.data + message->offset, chunk->bytes.len - message->offset);
    const struct sstp_mem mem = grvsstp_mem_of_pool(chunk->pinfo->pool);
    struct henc_http *http = &message->read->http;

    enum henc_http_result result = read_head(chunk, rest, http);
    if (result != HENC_HTTP_DONE)
        return result;
    if (has_endless_body(chunk, http)) {
        message->len = http->head_len;
        return HENC_HTTP_DONE;
    }
    result = henc_http_body(http, rest, &mem, &message->len, &message->read->body, wanted);
    if (result == HENC_HTTP_MORE && chunk->pinfo->can_desegment == 0) { /* it has to do */
        message->len = rest.len;
        message->read->body = sstp_span(rest.data + http->head_len, rest.len - http->head_len);
        message->is_cut = true;
        result = HENC_HTTP_DONE;
    }
    return result;
}

static void decode_body(const struct chunk *chunk, struct message_bytes *message)
{
    const struct grvhenc_body body = grvhenc_body(&message->read->http, message->read->body,
                                                  chunk->tvb, message->offset, chunk->pinfo, false);
    const unsigned len = body.tvb != NULL ? tvb_captured_length(body.tvb) : 0;

    message->body_tvb = body.tvb;
    message->body = sstp_span(len > 0 ? tvb_get_ptr(body.tvb, 0, (int)len) : NULL, len);
    message->undecoded = body.undecoded;
    message->is_cut |= body.undecoded != NULL;
}

/* The message at pos; returns the position after what has been dealt with. */
static size_t divide_message(struct chunk *chunk, size_t pos)
{
    struct message_bytes message = {.offset = pos,
                                    .read = wmem_new0(chunk->pinfo->pool, struct grvhenc_read)};
    size_t wanted = 0;

    const enum henc_http_result result = read_message(chunk, &message, &wanted);
    if (result == HENC_HTTP_MORE && chunk->pinfo->can_desegment > 0) {
        wait_at(chunk, pos, wanted);
        return chunk->bytes.len;
    }
    if (result == HENC_HTTP_NOT && is_stray(chunk))
        return divide_stray(chunk, pos);
    if (result != HENC_HTTP_DONE) {
        add_item(chunk, GRVHENC_ITEM_HTTP, pos, chunk->bytes.len - pos);
        return chunk->bytes.len;
    }
    decode_body(chunk, &message);
    struct grvhenc_record *record = message.read->http.is_response
                                        ? observe_response(chunk, &message)
                                        : observe_request(chunk, &message);
    struct grvhenc_item *item = add_item(
        chunk, record != NULL ? GRVHENC_ITEM_MESSAGE : GRVHENC_ITEM_HTTP, pos, message.len);
    item->record = record;
    item->head_len = (uint32_t)message.read->http.head_len;
    item->read = message.read;
    if (record != NULL && message.undecoded != NULL) {
        record->undecoded = wmem_strdup(wmem_file_scope(), message.undecoded);
        grvsstp_states_gap(record->v->connection->states);
    }
    return pos + message.len;
}

/* ------------------------------------------------------------------------
 * First pass: bodies without end
 */

/* The rest of the chunk, which is a piece of a LongLived body that a proxy has encoded: what it
 * says is as good as lost. */
static size_t pass_undecoded(struct chunk *chunk, size_t pos)
{
    struct grvhenc_side *side = this_side(chunk);
    const enum henc_half half = chunk->from_client ? HENC_HALF_POST : HENC_HALF_GET;
    const struct henc_piece piece = {.chunk = chunk->pinfo->num,
                                     .half = half,
                                     .is_cut = true,
                                     .after_loss = true,
                                     .bytes = sstp_span(NULL, 0)};
    struct henc_result result;

    henc_virtual_data(&side->streaming->observer, &piece, &result);
    grvsstp_states_gap(side->streaming->connection->states);
    struct grvhenc_item *item = add_item(chunk, GRVHENC_ITEM_STREAM, pos, chunk->bytes.len - pos);
    item->record = grvhenc_record_new(side->streaming, half, &result, NULL, chunk->pinfo,
                                      chunk->seq + (uint32_t)pos);
    item->record->undecoded = side->undecoded;
    return chunk->bytes.len;
}

/* The rest of the chunk, which is a piece of a LongLived body. */
static size_t divide_stream(struct chunk *chunk, size_t pos)
{
    struct grvhenc_side *side = this_side(chunk);
    struct grvhenc_virtual *v = side->streaming;
    const struct sstp_span rest = sstp_span(chunk->bytes.data + pos, chunk->bytes.len - pos);
    const enum henc_half half = chunk->from_client ? HENC_HALF_POST : HENC_HALF_GET;
    struct henc_result result;
    struct henc_echo echo;
    struct henc_http again;

    /* A proxy that wants a password gets the request again. */
    if (chunk->from_client && rest.len > 0 && rest.data[0] >= 'A' &&
        henc_http_is_encapsulation(rest, &again)) {
        side->streaming = NULL;
        return divide_message(chunk, pos);
    }
    if (side->undecoded != NULL)
        return pass_undecoded(chunk, pos);
    if (side->awaits_echo && chunk->pinfo->can_desegment > 0 &&
        henc_echo_scan(rest, false, &echo) == HENC_ECHO_NEED_MORE) {
        wait_at(chunk, pos, 0);
        return chunk->bytes.len;
    }
    side->awaits_echo = false;
    const struct henc_piece piece = {.chunk = chunk->pinfo->num,
                                     .half = half,
                                     .is_cut = chunk->bytes.len < tvb_reported_length(chunk->tvb),
                                     .after_loss = side->has_gap,
                                     .bytes = rest};
    side->has_gap = false;
    henc_virtual_data(&v->observer, &piece, &result);
    struct grvhenc_item *item = add_item(chunk, GRVHENC_ITEM_STREAM, pos, rest.len);
    const bool is_plain = result.findings == 0 && result.echo.len == 0 && pos == 0 &&
                          result.deliveries.num == 1 && !result.deliveries.items[0].after_gap &&
                          chunk->tcp->stream_records[chunk->from_client] != NULL;
    if (is_plain) { /* the whole segment is data, like most: nothing has to be kept */
        item->record = NULL;
        grvhenc_note_one_sided(v, result.state);
        grvsstp_plan_make(v->connection, chunk->from_client, chunk->tvb, false, chunk->pinfo,
                          chunk->pinfo->num, chunk->seq);
        return chunk->bytes.len;
    }
    item->record =
        grvhenc_record_new(v, half, &result, tvb_new_subset_remaining(chunk->tvb, (int)pos),
                           chunk->pinfo, chunk->seq + (uint32_t)pos);
    if (chunk->tcp->stream_records[chunk->from_client] == NULL ||
        chunk->tcp->stream_records[chunk->from_client]->v != v) {
        struct grvhenc_record *plain = wmem_new0(wmem_file_scope(), struct grvhenc_record);
        plain->v = v;
        plain->half = half;
        chunk->tcp->stream_records[chunk->from_client] = plain;
    }
    return chunk->bytes.len;
}

/* ------------------------------------------------------------------------
 * First pass: the chunk
 */

/* Puts what was carried before the chunk.  A message in tiny segments grows in one
 * block, for of the frames before nothing is shown from it. */
static void join_carried(struct chunk *chunk)
{
    struct grvhenc_side *side = this_side(chunk);
    const size_t num_carried = side->carried.len;
    const size_t len = num_carried + chunk->bytes.len;

    chunk->joined = wmem_realloc(wmem_file_scope(), side->carried_block, len);
    if (side->carried_block == NULL)
        memcpy(chunk->joined, side->carried.data, num_carried);
    memcpy(chunk->joined + num_carried, chunk->bytes.data, chunk->bytes.len);
    chunk->num_carried = (uint32_t)num_carried;
    chunk->seq -= chunk->num_carried;
    chunk->bytes = sstp_span(chunk->joined, len);
    chunk->tvb = tvb_new_child_real_data(chunk->tvb, chunk->joined, (unsigned)len, (int)len);
    side->carried = sstp_span(NULL, 0);
    side->carried_block = NULL;
}

/* Bytes that belong to the virtual connection of the last request, most likely. */
static void lose(struct grvhenc_tcp *tcp, bool from_client, const packet_info *pinfo)
{
    tcp->has_lost = true;
    if (tcp->current != NULL)
        grvsstp_settle_late_gap(tcp->current->connection, from_client,
                                tcp->sides[from_client].last_frame, pinfo);
}

static void divide(struct chunk *chunk)
{
    struct grvhenc_side *side = this_side(chunk);
    const uint32_t len = tvb_reported_length(chunk->tvb);
    const struct grvsstp_join join = grvsstp_sequence_join(&side->sequence, chunk->seq, len);
    const bool is_cut = chunk->bytes.len < len;
    size_t pos = join.skip;

    if (join.lost > 0) {
        side->has_gap = true;
        lose(chunk->tcp, chunk->from_client, chunk->pinfo);
    }
    if (join.skip > 0)
        add_item(chunk, GRVHENC_ITEM_OLD, 0, join.skip);
    else if (side->carried.len > 0 && join.lost == 0)
        join_carried(chunk);
    if (join.lost > 0) {
        side->carried = sstp_span(NULL, 0);
        side->carried_block = NULL;
    }
    while (pos < chunk->bytes.len && chunk->num_items < ITEMS_MAX - 1) {
        if (side->streaming != NULL)
            pos = divide_stream(chunk, pos);
        else
            pos = divide_message(chunk, pos);
    }
    if (pos < chunk->bytes.len)
        add_item(chunk, GRVHENC_ITEM_HTTP, pos, chunk->bytes.len - pos);
    if (is_cut) {
        side->has_gap = true;
        lose(chunk->tcp, chunk->from_client, chunk->pinfo);
    }
    side->last_frame = chunk->pinfo->num;
}

/* Keeps the plan, unless the chunk is one plain piece of a LongLived body, and returns that of
 * this frame. */
static const struct grvhenc_plan *keep(const struct chunk *chunk)
{
    const bool is_joined = chunk->num_carried > 0 && chunk->num_items > 0;
    if (chunk->num_carried == 0 && chunk->num_items == 1 &&
        chunk->items[0].kind == GRVHENC_ITEM_STREAM && chunk->items[0].record == NULL)
        return NULL;
    const size_t size = sizeof(struct grvhenc_plan) + chunk->num_items * sizeof chunk->items[0];
    struct grvhenc_plan *plan = wmem_alloc(chunk->pinfo->pool, size);
    plan->joined = is_joined ? chunk->bytes : sstp_span(NULL, 0);
    plan->num_carried = chunk->num_carried;
    plan->num_items = chunk->num_items;
    memcpy(plan->items, chunk->items, chunk->num_items * sizeof plan->items[0]);

    struct grvhenc_plan *kept = wmem_memdup(wmem_file_scope(), plan, size);
    for (unsigned i = 0; i < kept->num_items; i++)
        kept->items[i].read = NULL;
    p_add_proto_data(wmem_file_scope(), chunk->pinfo, proto_grvhenc,
                     chunk->seq + chunk->num_carried, kept);
    return plan;
}

void grvhenc_note_missing(struct grvhenc_tcp *tcp, conversation_t *conversation,
                          const packet_info *pinfo)
{
    if (!grvsstp_transport_is_missing(conversation, &tcp->missing))
        return;
    lose(tcp, true, pinfo);
    lose(tcp, false, pinfo);
}

const struct grvhenc_plan *grvhenc_divide(struct grvhenc_tcp *tcp, bool from_client, tvbuff_t *tvb,
                                          packet_info *pinfo,
                                          const struct grvsstp_transport *transport)
{
    const uint32_t seq = transport->seq;
    const unsigned captured = tvb_captured_length(tvb);
    struct chunk *chunk = wmem_new(pinfo->pool, struct chunk);

    chunk->tcp = tcp;
    chunk->from_client = from_client;
    chunk->tvb = tvb;
    chunk->pinfo = pinfo;
    chunk->bytes = sstp_span(tvb_get_ptr(tvb, 0, (int)captured), captured);
    chunk->seq = seq;
    chunk->has_ack = transport->tcpinfo != NULL;
    chunk->ack = chunk->has_ack ? transport->tcpinfo->lastackseq : 0;
    chunk->opened = grvsstp_transport_opened_in(transport);
    chunk->num_carried = 0;
    chunk->joined = NULL;
    chunk->num_items = 0;
    divide(chunk);
    tcp->head_at = NULL;
    return keep(chunk);
}

const struct grvhenc_plan *grvhenc_plan_get(packet_info *pinfo, uint32_t seq)
{
    return p_get_proto_data(wmem_file_scope(), pinfo, proto_grvhenc, seq);
}
