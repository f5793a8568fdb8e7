/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "packet-grvhenc.h"

#include <epan/proto_data.h>

#include "display.h"
#include "henc_display.h"
#include "henc_fields.h"
#include "transport.h"

/* A chunk of nothing but tiny messages; what is beyond is left to HTTP. */
#define ITEMS_MAX 256u

dissector_handle_t grvhenc_handle;

static dissector_handle_t http_handle, part_handle;

/* One direction of a taken TCP connection; first pass only. */
struct side {
    struct grvsstp_sequence sequence;
    bool has_gap;                      /* bytes were lost since the last SSTP data */
    bool awaits_echo;                  /* the next byte of the stream is its first */
    struct grvhenc_virtual *streaming; /* whose LongLived body these bytes are */
};

/* A TCP connection of an encapsulation.  File scope. */
struct henc_tcp {
    uint32_t first_frame;
    uint64_t number; /* the engine's name for it */
    address client, server;
    uint32_t client_port;
    bool is_from_start;
    struct side sides[2]; /* by from_client */
    /* Whose the last request was: a response names nobody.  First pass only. */
    struct grvhenc_virtual *current;
    enum henc_half current_half;
    /* The frame that ended it, and what it meant; 0 while there is none. */
    uint32_t end_frame;
    struct grvhenc_record *end_record;
    /* A body without end goes on in segments that have no plan of their own. */
    struct grvhenc_record *stream_records[2]; /* by from_client */
};

enum item_kind {
    ITEM_MESSAGE, /* a message of an encapsulation */
    ITEM_HTTP,    /* an HTTP message that is none, or bytes that are no message */
    ITEM_STREAM,  /* a piece of a LongLived body */
    ITEM_OLD,     /* bytes that came before */
    ITEM_WAIT     /* the beginning of something; TCP is asked for more */
};

struct item {
    enum item_kind kind;
    uint32_t offset, len; /* in the chunk */
    uint32_t wanted;      /* WAIT: for pinfo->desegment_len */
    uint32_t head_len;    /* MESSAGE */
    struct grvhenc_record *record;
};

struct plan {
    unsigned num_items;
    struct item items[];
};

/* The chunk at hand. */
struct chunk {
    struct henc_tcp *tcp;
    bool from_client;
    bool is_first; /* bytes of its direction on the TCP connection */
    tvbuff_t *tvb;
    packet_info *pinfo;
    struct sstp_span bytes; /* captured */
    uint32_t seq;
    unsigned num_items;
    struct item items[ITEMS_MAX];
};

/* ------------------------------------------------------------------------
 * First pass: messages
 */

static struct item *add_item(struct chunk *chunk, enum item_kind kind, size_t offset, size_t len)
{
    struct item *item = &chunk->items[chunk->num_items++];
    *item = (struct item){kind, (uint32_t)offset, (uint32_t)len, 0, 0, NULL};
    return item;
}

static struct side *this_side(struct chunk *chunk)
{
    return &chunk->tcp->sides[chunk->from_client];
}

/* Says where framing may trust that a command begins: behind a handshake that
 * the capture holds. */
static void start_halves(struct grvhenc_virtual *v, const struct henc_message *m,
                         const struct henc_result *result)
{
    const bool to_server = m->status == 0;
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
    struct side *side = this_side(chunk);

    /* Out of memory cannot be: wmem ends the program instead. */
    (void)henc_virtual_message(&v->observer, m, &result);
    start_halves(v, m, &result);
    if (side->has_gap && result.deliveries.num > 0) {
        result.deliveries.items[0].after_gap = true;
        side->has_gap = false;
    }
    return grvhenc_record_new(v, m->half, &result, body_tvb, chunk->pinfo, key);
}

/* The bytes of an HTTP message, and what of them is its body. */
struct message_bytes {
    size_t offset, len; /* in the chunk */
    struct grvhenc_http http;
    struct sstp_span body;
    bool is_cut; /* the body goes on behind what is there */
};

static tvbuff_t *body_tvb_of(const struct chunk *chunk, const struct message_bytes *message)
{
    if (message->body.len == 0)
        return NULL;
    if (message->http.is_chunked)
        return tvb_new_child_real_data(chunk->tvb, message->body.data, (unsigned)message->body.len,
                                       (int)message->body.len);
    return tvb_new_subset_length(chunk->tvb, (int)(message->offset + message->http.head_len),
                                 (int)message->body.len);
}

/* The record of a request, or NULL where it belongs to no encapsulation. */
static struct grvhenc_record *observe_request(struct chunk *chunk,
                                              const struct message_bytes *message)
{
    struct henc_tcp *tcp = chunk->tcp;
    struct henc_uri uri;
    struct henc_polling polling;
    struct henc_message m = {.chunk = chunk->pinfo->num,
                             .transport = tcp->number,
                             .from_start = tcp->is_from_start,
                             .has_content_length = message->http.has_content_length,
                             .content_length = message->http.content_length,
                             .is_cut = message->is_cut,
                             .uri = &uri,
                             .body = message->body};

    tcp->current = NULL;
    if (!henc_uri_parse(message->http.method, message->http.target, &uri))
        return NULL;
    m.half = uri.half;
    struct sstp_span guid = uri.guid;
    if (uri.kind == HENC_KIND_POLLING) {
        if (henc_polling_parse(message->body, false, &polling) != HENC_POLLING_OK)
            return NULL;
        m.polling = &polling;
        guid = polling.guid;
    }
    tcp->current = grvhenc_virtual_of_request(guid, chunk->pinfo, &tcp->client, &tcp->server, &m);
    tcp->current_half = uri.half;
    if (uri.kind == HENC_KIND_LONGLIVED && uri.half == HENC_HALF_POST) {
        this_side(chunk)->streaming = tcp->current;
        this_side(chunk)->awaits_echo = true;
    }
    return observe(chunk, tcp->current, &m, body_tvb_of(chunk, message),
                   chunk->seq + (uint32_t)message->offset);
}

static struct grvhenc_record *observe_response(struct chunk *chunk,
                                               const struct message_bytes *message)
{
    struct henc_tcp *tcp = chunk->tcp;
    struct henc_polling polling;
    struct henc_message m = {.chunk = chunk->pinfo->num,
                             .transport = tcp->number,
                             .half = tcp->current_half,
                             .status = message->http.status,
                             .from_start = tcp->is_from_start,
                             .has_content_length = message->http.has_content_length,
                             .content_length = message->http.content_length,
                             .is_cut = message->is_cut,
                             .body = message->body};

    if (tcp->current == NULL)
        return NULL;
    if (tcp->current->kind == HENC_KIND_POLLING && m.status == 200 &&
        henc_polling_parse(message->body, true, &polling) == HENC_POLLING_OK)
        m.polling = &polling;
    if (tcp->current->kind == HENC_KIND_LONGLIVED && tcp->current_half == HENC_HALF_GET &&
        m.status == 200) {
        this_side(chunk)->streaming = tcp->current;
        this_side(chunk)->awaits_echo = true;
    }
    return observe(chunk, tcp->current, &m, body_tvb_of(chunk, message),
                   chunk->seq + (uint32_t)message->offset);
}

/* Whether the body of this message is a LongLived one, which nobody waits for. */
static bool has_endless_body(const struct chunk *chunk, const struct grvhenc_http *http)
{
    struct henc_uri uri;
    if (http->is_response)
        return chunk->tcp->current != NULL && chunk->tcp->current->kind == HENC_KIND_LONGLIVED &&
               chunk->tcp->current_half == HENC_HALF_GET && http->status == 200;
    return henc_uri_parse(http->method, http->target, &uri) && uri.kind == HENC_KIND_LONGLIVED &&
           uri.half == HENC_HALF_POST;
}

static void wait_at(struct chunk *chunk, size_t pos, size_t wanted)
{
    struct item *item = add_item(chunk, ITEM_WAIT, pos, chunk->bytes.len - pos);
    item->wanted = wanted > 0 ? (uint32_t)wanted : DESEGMENT_ONE_MORE_SEGMENT;
    this_side(chunk)->sequence.next = chunk->seq + (uint32_t)pos;
}

/* The message at pos; returns the position behind what has been dealt with. */
static size_t divide_message(struct chunk *chunk, size_t pos)
{
    const struct sstp_span rest = sstp_span(chunk->bytes.data + pos, chunk->bytes.len - pos);
    struct message_bytes message = {.offset = pos};
    const bool can_wait = chunk->pinfo->can_desegment > 0;
    size_t wanted = 0;

    enum grvhenc_http_result result = grvhenc_http_head(rest, &message.http);
    if (result == GRVHENC_HTTP_DONE && has_endless_body(chunk, &message.http)) {
        message.len = message.http.head_len;
    } else if (result == GRVHENC_HTTP_DONE) {
        result = grvhenc_http_body(&message.http, rest, chunk->pinfo->pool, &message.len,
                                   &message.body, &wanted);
        if (result == GRVHENC_HTTP_MORE && !can_wait) { /* what is there has to do */
            message.len = rest.len;
            message.body =
                sstp_span(rest.data + message.http.head_len, rest.len - message.http.head_len);
            message.is_cut = true;
            result = GRVHENC_HTTP_DONE;
        }
    }
    if (result == GRVHENC_HTTP_MORE && can_wait) {
        wait_at(chunk, pos, wanted);
        return chunk->bytes.len;
    }
    if (result != GRVHENC_HTTP_DONE) {
        add_item(chunk, ITEM_HTTP, pos, rest.len);
        return chunk->bytes.len;
    }
    struct grvhenc_record *record = message.http.is_response ? observe_response(chunk, &message)
                                                             : observe_request(chunk, &message);
    struct item *item =
        add_item(chunk, record != NULL ? ITEM_MESSAGE : ITEM_HTTP, pos, message.len);
    item->record = record;
    item->head_len = (uint32_t)message.http.head_len;
    return pos + message.len;
}

/* ------------------------------------------------------------------------
 * First pass: bodies without end
 */

/* The rest of the chunk, which is a piece of a LongLived body. */
static size_t divide_stream(struct chunk *chunk, size_t pos)
{
    struct side *side = this_side(chunk);
    struct grvhenc_virtual *v = side->streaming;
    const struct sstp_span rest = sstp_span(chunk->bytes.data + pos, chunk->bytes.len - pos);
    const enum henc_half half = chunk->from_client ? HENC_HALF_POST : HENC_HALF_GET;
    struct henc_result result;
    struct henc_echo echo;

    /* A proxy that wants a password gets the request again. */
    if (chunk->from_client && rest.len > 0 && rest.data[0] >= 'A' &&
        grvhenc_http_is_encapsulation(rest)) {
        side->streaming = NULL;
        return divide_message(chunk, pos);
    }
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
    struct item *item = add_item(chunk, ITEM_STREAM, pos, rest.len);
    const bool is_plain = result.findings == 0 && result.echo.len == 0 && pos == 0 &&
                          result.deliveries.num == 1 && !result.deliveries.items[0].after_gap &&
                          chunk->tcp->stream_records[chunk->from_client] != NULL;
    if (is_plain) { /* the whole segment is data, like most: nothing has to be kept */
        item->record = NULL;
        grvsstp_plan_make(v->connection, chunk->from_client, chunk->tvb, 0, false, chunk->pinfo,
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

static void divide(struct chunk *chunk)
{
    struct side *side = this_side(chunk);
    const uint32_t len = tvb_reported_length(chunk->tvb);
    const struct grvsstp_join join = grvsstp_sequence_join(&side->sequence, chunk->seq, len);
    size_t pos = join.skip;

    if (join.lost > 0)
        side->has_gap = true;
    if (join.skip > 0)
        add_item(chunk, ITEM_OLD, 0, join.skip);
    while (pos < chunk->bytes.len && chunk->num_items < ITEMS_MAX - 1) {
        if (side->streaming != NULL)
            pos = divide_stream(chunk, pos);
        else
            pos = divide_message(chunk, pos);
    }
    if (pos < chunk->bytes.len)
        add_item(chunk, ITEM_HTTP, pos, chunk->bytes.len - pos);
    if (chunk->bytes.len < len)
        side->has_gap = true;
}

/* Keeps the plan, unless the chunk is one plain piece of a LongLived body. */
static void keep(const struct chunk *chunk)
{
    if (chunk->num_items == 1 && chunk->items[0].kind == ITEM_STREAM &&
        chunk->items[0].record == NULL)
        return;
    struct plan *plan =
        wmem_alloc(wmem_file_scope(), sizeof *plan + chunk->num_items * sizeof plan->items[0]);
    plan->num_items = chunk->num_items;
    memcpy(plan->items, chunk->items, chunk->num_items * sizeof plan->items[0]);
    p_add_proto_data(wmem_file_scope(), chunk->pinfo, proto_grvhenc, chunk->seq, plan);
}

/* ------------------------------------------------------------------------
 * Every pass: showing
 */

/* Wireshark's own HTTP shows these bytes, and asks for no more of them. */
static void show_http(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, bool has_columns)
{
    const uint16_t can_desegment = pinfo->can_desegment;
    const bool is_writable = col_get_writable(pinfo->cinfo, COL_INFO);

    pinfo->can_desegment = 0;
    if (!has_columns) /* the request line would fill the column; the layer above says it shorter */
        col_set_writable(pinfo->cinfo, COL_INFO, false);
    call_dissector_only(http_handle, tvb, pinfo, tree, NULL);
    col_set_writable(pinfo->cinfo, COL_INFO, is_writable);
    pinfo->can_desegment = can_desegment;
    pinfo->desegment_len = 0;
    pinfo->desegment_offset = 0;
}

/* The layer of the encapsulation, below HTTP's. */
static int dissect_part(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    struct grvhenc_part *part = data;
    (void)pinfo;
    part->tree = tree;
    grvhenc_show_part(part);
    return (int)tvb_captured_length(tvb);
}

static void show_part(struct grvhenc_part *part)
{
    call_dissector_only(part_handle, part->tvb, part->pinfo, part->tree, part);
}

static void show_message(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree,
                         const struct item *item)
{
    tvbuff_t *all = tvb_new_subset_length(tvb, (int)item->offset, (int)item->len);
    const unsigned captured = tvb_captured_length(all);
    const struct sstp_span bytes = sstp_span(tvb_get_ptr(all, 0, (int)captured), captured);
    struct grvhenc_part part = {.pinfo = pinfo,
                                .tree = tree,
                                .tvb = tvb,
                                .offset = (int)item->offset,
                                .len = (int)item->len,
                                .record = item->record};
    struct grvhenc_http http;
    struct sstp_span body = {NULL, 0};
    size_t len, wanted;

    if (grvhenc_http_head(bytes, &http) != GRVHENC_HTTP_DONE)
        return; /* the plan says otherwise */
    part.http = &http;
    if (item->len > http.head_len && http.is_chunked &&
        grvhenc_http_body(&http, bytes, pinfo->pool, &len, &body, &wanted) == GRVHENC_HTTP_DONE &&
        body.len > 0) {
        part.body = tvb_new_child_real_data(tvb, body.data, (unsigned)body.len, (int)body.len);
        add_new_data_source(pinfo, part.body, "De-chunked body");
    } else if (item->len > http.head_len) {
        part.body =
            tvb_new_subset_length(all, (int)http.head_len, (int)(item->len - http.head_len));
    }
    /* A body that is no encapsulation's, a proxy's page, is HTTP's to show. */
    const bool is_proxys = http.is_response && http.status != 200;
    show_http(is_proxys ? all : tvb_new_subset_length(all, 0, (int)http.head_len), pinfo, tree,
              false);
    show_part(&part);
}

static void show_stream(const struct henc_tcp *tcp, bool from_client, tvbuff_t *tvb,
                        packet_info *pinfo, proto_tree *tree, const struct item *item)
{
    struct grvhenc_part part = {.pinfo = pinfo,
                                .tree = tree,
                                .tvb = tvb,
                                .offset = (int)item->offset,
                                .len = (int)item->len,
                                .record = item->record,
                                .body = tvb_new_subset_remaining(tvb, (int)item->offset)};
    if (part.record == NULL)
        part.record = tcp->stream_records[from_client];
    show_part(&part);
}

static void show_item(const struct henc_tcp *tcp, bool from_client, tvbuff_t *tvb,
                      packet_info *pinfo, proto_tree *tree, const struct item *item, uint32_t seq)
{
    switch (item->kind) {
    case ITEM_MESSAGE:
        show_message(tvb, pinfo, tree, item);
        break;
    case ITEM_HTTP:
        show_http(tvb_new_subset_length(tvb, (int)item->offset, (int)item->len), pinfo, tree, true);
        break;
    case ITEM_STREAM:
        show_stream(tcp, from_client, tvb, pinfo, tree, item);
        if (item->record == NULL)
            grvsstp_show_layer(tcp->stream_records[from_client]->v->connection, from_client, tvb,
                               pinfo, tree, seq);
        break;
    case ITEM_OLD:
        break;
    case ITEM_WAIT:
        pinfo->desegment_offset = (int)item->offset;
        pinfo->desegment_len = item->wanted;
        break;
    }
}

static int show(const struct henc_tcp *tcp, bool from_client, tvbuff_t *tvb, packet_info *pinfo,
                proto_tree *tree, uint32_t seq)
{
    const struct plan *plan = p_get_proto_data(wmem_file_scope(), pinfo, proto_grvhenc, seq);
    const struct item whole = {ITEM_STREAM, 0, tvb_captured_length(tvb), 0, 0, NULL};

    if (plan == NULL && tcp->stream_records[from_client] != NULL)
        show_item(tcp, from_client, tvb, pinfo, tree, &whole, seq);
    for (unsigned i = 0; plan != NULL && i < plan->num_items; i++)
        show_item(tcp, from_client, tvb, pinfo, tree, &plan->items[i], seq);
    return (int)tvb_captured_length(tvb);
}

/* ------------------------------------------------------------------------
 * TCP connections
 */

static struct henc_tcp *take(const struct grvsstp_transport *transport, packet_info *pinfo)
{
    struct henc_tcp *tcp = wmem_new0(wmem_file_scope(), struct henc_tcp);

    tcp->first_frame = pinfo->num;
    tcp->number = transport->conversation->conv_index;
    copy_address_wmem(wmem_file_scope(), &tcp->client, &pinfo->src);
    copy_address_wmem(wmem_file_scope(), &tcp->server, &pinfo->dst);
    tcp->client_port = pinfo->srcport;
    tcp->is_from_start = transport->analysis != NULL && transport->analysis->server_port != 0;
    conversation_add_proto_data(transport->conversation, proto_grvhenc, tcp);
    conversation_set_dissector_from_frame_number(transport->conversation, pinfo->num,
                                                 grvhenc_handle);
    return tcp;
}

int grvhenc_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    const struct grvsstp_transport transport = grvsstp_transport(pinfo, data);
    struct henc_tcp *tcp = conversation_get_proto_data(transport.conversation, proto_grvhenc);
    const unsigned captured = tvb_captured_length(tvb);
    const uint32_t seq = grvsstp_transport_seq(&transport);

    if (captured == 0)
        return 0;
    const struct sstp_span bytes = sstp_span(tvb_get_ptr(tvb, 0, (int)captured), captured);
    if (tcp == NULL) {
        if (PINFO_FD_VISITED(pinfo) || !grvhenc_http_is_encapsulation(bytes))
            return 0;
        tcp = take(&transport, pinfo);
    } else if (pinfo->num < tcp->first_frame) {
        return 0;
    }
    const bool from_client =
        pinfo->srcport == tcp->client_port && addresses_equal(&pinfo->src, &tcp->client);
    if (!PINFO_FD_VISITED(pinfo)) {
        struct chunk *chunk = wmem_new(pinfo->pool, struct chunk);
        chunk->tcp = tcp;
        chunk->from_client = from_client;
        chunk->tvb = tvb;
        chunk->pinfo = pinfo;
        chunk->bytes = bytes;
        chunk->seq = seq;
        chunk->num_items = 0;
        divide(chunk);
        keep(chunk);
    }
    return show(tcp, from_client, tvb, pinfo, tree, seq);
}

/* The bits of TCP's conversation completeness for FIN and RST. */
#define TCP_ENDED 0x30

void grvhenc_note_end(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    conversation_t *conversation = find_conversation_pinfo(pinfo, 0);
    struct henc_tcp *tcp =
        conversation != NULL ? conversation_get_proto_data(conversation, proto_grvhenc) : NULL;

    if (tcp == NULL)
        return;
    if (!PINFO_FD_VISITED(pinfo) && tcp->end_frame == 0) {
        const struct tcp_analysis *analysis =
            conversation_get_proto_data(conversation, proto_get_id_by_filter_name("tcp"));
        if (analysis == NULL || (analysis->conversation_completeness & TCP_ENDED) == 0)
            return;
        tcp->end_frame = pinfo->num;
        struct grvhenc_virtual *v = tcp->current;
        if (v == NULL)
            return;
        struct henc_result result;
        henc_virtual_transport_end(&v->observer, tcp->number, &result);
        /* The disconnect after each answer of Polling says nothing. */
        if (result.state == HENC_STATE_CLOSED || result.findings != 0)
            tcp->end_record = grvhenc_record_new(v, tcp->current_half, &result, NULL, pinfo, 0);
    }
    if (tcp->end_frame == pinfo->num && tcp->end_record != NULL)
        grvhenc_show_end(pinfo, tree, tvb, tcp->end_record);
}

/* ------------------------------------------------------------------------
 * Registration
 */

void proto_register_grvhenc(void)
{
    proto_grvhenc = proto_register_protocol("Groove SSTP in HTTP", "GRVHENC", "grvhenc");
    grvhenc_fields_register();
}

void proto_reg_handoff_grvhenc(void)
{
    http_handle = find_dissector("http");
    part_handle = create_dissector_handle(dissect_part, proto_grvhenc);
    /* No protocol: the layers are HTTP's, the encapsulation's and SSTP's. */
    grvhenc_handle = create_dissector_handle_with_name_and_description(
        grvhenc_dissect, -1, "grvhenc_connection", "Groove SSTP in HTTP");
}
