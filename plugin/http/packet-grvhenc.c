/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "http/packet-grvhenc.h"

#include "show/show.h"
#include "http/body.h"
#include "http/divide.h"
#include "http/show.h"
#include "fields/henc_fields.h"

dissector_handle_t grvhenc_handle;

static dissector_handle_t http_handle, part_handle;

/* ------------------------------------------------------------------------
 * Every pass: showing
 */

void grvhenc_show_http(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, bool has_columns)
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

/* Reads a message again of which the first pass has kept but the place. */
static bool read_again(struct sstp_span bytes, packet_info *pinfo, struct grvhenc_read *read)
{
    const struct sstp_mem mem = grvsstp_mem_of_pool(pinfo->pool);
    size_t len, wanted;

    read->body = sstp_span(NULL, 0);
    if (henc_http_head(bytes, &read->http) != HENC_HTTP_DONE)
        return false; /* the plan says otherwise */
    if (bytes.len > read->http.head_len &&
        henc_http_body(&read->http, bytes, &mem, &len, &read->body, &wanted) != HENC_HTTP_DONE)
        read->body = sstp_span(bytes.data + read->http.head_len, bytes.len - read->http.head_len);
    return true;
}

static void show_message(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree,
                         const struct grvhenc_item *item)
{
    tvbuff_t *all = tvb_new_subset_length(tvb, (int)item->offset, (int)item->len);
    const unsigned captured = tvb_captured_length(all);
    struct grvhenc_part part = {.pinfo = pinfo,
                                .tree = tree,
                                .tvb = tvb,
                                .offset = (int)item->offset,
                                .len = (int)item->len,
                                .record = item->record};
    struct grvhenc_read again;
    const struct grvhenc_read *read = item->read;

    if (read == NULL) {
        if (!read_again(sstp_span(tvb_get_ptr(all, 0, (int)captured), captured), pinfo, &again))
            return;
        read = &again;
    }
    const struct henc_http *http = &read->http;
    part.http = http;
    part.body = grvhenc_body(http, read->body, all, 0, pinfo, true).tvb;
    /* A body that is no encapsulation's, a proxy's page, is HTTP's to show. */
    const bool is_proxys = http->is_response && http->status != 200;
    grvhenc_show_http(is_proxys ? all : tvb_new_subset_length(all, 0, (int)http->head_len), pinfo,
                      tree, false);
    show_part(&part);
}

/* Bytes that are no HTTP message: a piece of a body, or data where none may be. */
static void show_bytes(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree,
                       const struct grvhenc_item *item, const struct grvhenc_record *record)
{
    struct grvhenc_part part = {.pinfo = pinfo,
                                .tree = tree,
                                .tvb = tvb,
                                .offset = (int)item->offset,
                                .len = (int)item->len,
                                .record = item->record != NULL ? item->record : record};

    if (item->kind == GRVHENC_ITEM_STRAY)
        part.is_stray = true;
    else
        part.body = tvb_new_subset_remaining(tvb, part.offset);
    show_part(&part);
}

static void show_item(const struct grvhenc_tcp *tcp, bool from_client, tvbuff_t *tvb,
                      packet_info *pinfo, proto_tree *tree, const struct grvhenc_item *item,
                      uint32_t seq)
{
    switch (item->kind) {
    case GRVHENC_ITEM_MESSAGE:
        show_message(tvb, pinfo, tree, item);
        break;
    case GRVHENC_ITEM_HTTP:
        grvhenc_show_http(tvb_new_subset_length(tvb, (int)item->offset, (int)item->len), pinfo,
                          tree, true);
        break;
    case GRVHENC_ITEM_STREAM:
        show_bytes(tvb, pinfo, tree, item, tcp->stream_records[from_client]);
        if (item->record == NULL)
            grvsstp_show_layer(tcp->stream_records[from_client]->v->connection, from_client, tvb,
                               pinfo, tree, seq);
        break;
    case GRVHENC_ITEM_STRAY:
        show_bytes(tvb, pinfo, tree, item, NULL);
        break;
    case GRVHENC_ITEM_OLD:
        break;
    case GRVHENC_ITEM_WAIT:
        pinfo->desegment_offset = (int)item->offset;
        pinfo->desegment_len = item->wanted;
        break;
    }
}

static int show(const struct grvhenc_tcp *tcp, bool from_client, tvbuff_t *tvb, packet_info *pinfo,
                proto_tree *tree, uint32_t seq, const struct grvhenc_plan *plan)
{
    const struct grvhenc_item whole = {
        GRVHENC_ITEM_STREAM, 0, tvb_captured_length(tvb), 0, 0, NULL, NULL};

    tvbuff_t *bytes = tvb;

    if (plan == NULL && tcp->stream_records[from_client] != NULL)
        show_item(tcp, from_client, tvb, pinfo, tree, &whole, seq);
    if (plan != NULL && plan->joined.len > 0) {
        bytes = tvb_new_child_real_data(tvb, plan->joined.data, (unsigned)plan->joined.len,
                                        (int)plan->joined.len);
        add_new_data_source(pinfo, bytes, "HTTP message put together");
    }
    for (unsigned i = 0; plan != NULL && i < plan->num_items; i++)
        show_item(tcp, from_client, bytes, pinfo, tree, &plan->items[i], seq);
    if (plan != NULL && pinfo->desegment_len > 0) /* TCP counts from the chunk's own bytes */
        pinfo->desegment_offset -= (int)plan->num_carried;
    return (int)tvb_captured_length(tvb);
}

/* ------------------------------------------------------------------------
 * TCP connections
 */

/* Its first message is the server's: the request before it is not captured. */
static void turn_around(struct grvhenc_tcp *tcp, const struct grvsstp_transport *transport)
{
    const address client = tcp->client;

    tcp->client = tcp->server;
    tcp->server = client;
    tcp->client_port = transport->destport;
}

void grvhenc_take(const struct grvsstp_transport *transport, packet_info *pinfo,
                  struct sstp_span carried, const struct henc_http *head, const uint8_t *head_at)
{
    struct grvhenc_tcp *tcp = wmem_new0(wmem_file_scope(), struct grvhenc_tcp);

    tcp->first_frame = pinfo->num;
    tcp->number = transport->conversation->conv_index;
    copy_address_wmem(wmem_file_scope(), &tcp->client, &pinfo->src);
    copy_address_wmem(wmem_file_scope(), &tcp->server, &pinfo->dst);
    tcp->client_port = transport->srcport;
    tcp->is_from_start = transport->analysis != NULL && transport->analysis->server_port != 0;
    tcp->sides[true].carried = carried;
    if (head != NULL && head->is_response)
        turn_around(tcp, transport);
    if (head != NULL && head->head_len > 0) {
        tcp->head = *head;
        tcp->head_at = head_at;
    }
    conversation_add_proto_data(transport->conversation, proto_grvhenc, tcp);
    /* Of this frame that protocol has to be asked before us. */
    conversation_set_dissector_from_frame_number(
        transport->inner, transport->way == GRVSSTP_WAY_PROXY ? pinfo->num + 1 : pinfo->num,
        grvhenc_handle);
}

int grvhenc_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    if (!grvsstp_transport_is_carried(pinfo))
        return grvsstp_transport_refuse(tvb, pinfo, tree);
    const struct grvsstp_transport transport = grvsstp_transport(pinfo, tvb, data);
    struct grvhenc_tcp *tcp = conversation_get_proto_data(transport.conversation, proto_grvhenc);
    const unsigned captured = tvb_captured_length(tvb);
    const uint32_t seq = transport.seq;

    if (captured == 0 || tcp == NULL || pinfo->num < tcp->first_frame)
        return 0;
    const bool from_client =
        transport.srcport == tcp->client_port && addresses_equal(&pinfo->src, &tcp->client);
    const struct grvhenc_plan *plan;
    if (!PINFO_FD_VISITED(pinfo)) {
        grvhenc_note_missing(tcp, transport.conversation, pinfo);
        plan = grvhenc_divide(tcp, from_client, tvb, pinfo, &transport);
    } else {
        plan = grvhenc_plan_get(pinfo, seq);
    }
    return show(tcp, from_client, tvb, pinfo, tree, seq, plan);
}

void grvhenc_note_end(conversation_t *conversation, tvbuff_t *tvb, packet_info *pinfo,
                      proto_tree *tree)
{
    struct grvhenc_tcp *tcp = conversation_get_proto_data(conversation, proto_grvhenc);

    if (tcp == NULL)
        return;
    if (!PINFO_FD_VISITED(pinfo))
        grvhenc_note_missing(tcp, conversation, pinfo);
    if (!PINFO_FD_VISITED(pinfo) && tcp->end_frame == 0) {
        if (!grvsstp_transport_has_ended(conversation))
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
