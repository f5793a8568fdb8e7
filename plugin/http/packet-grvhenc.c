/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "http/packet-grvhenc.h"

#include <epan/proto_data.h>

#include "fields/henc_fields.h"
#include "follow/again.h"
#include "follow/source.h"
#include "http/arrive.h"
#include "http/body.h"
#include "http/place.h"
#include "http/plan.h"
#include "http/show.h"
#include "http/turn.h"
#include "http/wait.h"
#include "show/show.h"
#include "tcp/fin.h"
#include "tcp/handshake.h"
#include "tcp/kept.h"
#include "tcp/missing.h"
#include "tcp/torn.h"

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
    part.body = grvhenc_body(http, read->body, all, 0, pinfo->pool, pinfo).tvb;
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
    case GRVHENC_ITEM_PART:
        grvhenc_show_reassembled_in(item->joint, tvb, pinfo, tree);
        if (PINFO_FD_VISITED(pinfo))
            grvsstp_source_remember(pinfo);
        break;
    }
}

static int show(const struct grvhenc_tcp *tcp, bool from_client, tvbuff_t *tvb, packet_info *pinfo,
                proto_tree *tree, uint32_t key, const struct grvhenc_plan *plan)
{
    const struct grvhenc_item whole = {.kind = GRVHENC_ITEM_STREAM,
                                       .len = tvb_captured_length(tvb)};
    tvbuff_t *bytes = tvb;

    if (plan == NULL && tcp->stream_records[from_client] != NULL)
        show_item(tcp, from_client, tvb, pinfo, tree, &whole, key);
    if (plan != NULL && plan->joined.len > 0) {
        const struct sstp_span joined = grvhenc_plan_joined(plan, pinfo);
        bytes =
            tvb_new_child_real_data(tvb, joined.data, (unsigned)joined.len, (int)plan->joined.len);
        add_new_data_source(pinfo, bytes, "HTTP message put together");
        grvhenc_show_segments(plan->joint, bytes, pinfo, tree);
    }
    for (unsigned i = 0; plan != NULL && i < plan->num_items; i++)
        show_item(tcp, from_client, bytes, pinfo, tree, &plan->items[i], key);
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

static bool is_from_client(const struct grvhenc_tcp *tcp, uint32_t srcport,
                           const packet_info *pinfo)
{
    return srcport == tcp->client_port && addresses_equal(grvsstp_own_source(pinfo), &tcp->client);
}

/* Where both directions begin. */
static void begin_sides(struct grvhenc_tcp *tcp, bool from_client,
                        const struct grvsstp_transport *transport, const uint32_t *own,
                        const uint32_t *others)
{
    struct grvsstp_sequence *side = &tcp->sides[from_client].sequence;

    if (transport->tcpinfo == NULL)
        return;
    side->is_known = true;
    side->next = own != NULL ? *own : transport->seq;
    side = &tcp->sides[!from_client].sequence;
    side->is_known = others != NULL;
    if (others != NULL)
        side->next = *others;
    else if (!grvsstp_transport_is_answer(transport))
        side->is_known = grvsstp_transport_first(transport, false, &side->next);
    if (!side->is_known && from_client && own == NULL) /* it has received all before */
        side->is_known = grvsstp_transport_acknowledged(transport, &side->next);
}

/* What TCP's analysis of a frame at hand, from this side, knows of the directions. */
static void set_flows(struct grvhenc_tcp *tcp, const struct tcp_analysis *analysis,
                      bool from_client)
{
    tcp->flows[from_client] = analysis->fwd;
    tcp->flows[!from_client] = analysis->rev;
}

void grvhenc_take(const struct grvsstp_transport *transport, packet_info *pinfo,
                  struct sstp_span carried, const uint32_t *own, const uint32_t *others,
                  const struct henc_http *head, const uint8_t *head_at)
{
    struct grvhenc_tcp *tcp = wmem_new0(wmem_file_scope(), struct grvhenc_tcp);

    tcp->first_frame = pinfo->num;
    tcp->number = transport->conversation->conv_index;
    if (!grvsstp_handshake_time(transport->conversation, &tcp->skew_ns))
        tcp->skew_ns = GRVHENC_SKEW_UNKNOWN;
    copy_address_wmem(wmem_file_scope(), &tcp->client, grvsstp_own_source(pinfo));
    copy_address_wmem(wmem_file_scope(), &tcp->server, grvsstp_own_target(pinfo));
    tcp->client_port = transport->srcport;
    tcp->is_from_start = transport->analysis != NULL && transport->analysis->server_port != 0;
    if (carried.len > 0) {
        struct grvhenc_carried *kept = &tcp->sides[true].carried;
        kept->bytes = wmem_memdup(grvsstp_source_scope(), carried.data, carried.len);
        kept->len = kept->size = carried.len;
        kept->wanted = carried.len; /* its head may be whole: no line need end in what comes next */
    }
    if (head != NULL && head->is_response)
        turn_around(tcp, transport);
    const bool from_client = head == NULL || !head->is_response;
    begin_sides(tcp, from_client, transport, own, others);
    if (transport->analysis != NULL)
        set_flows(tcp, transport->analysis, from_client);
    if (head != NULL && head->head_len > 0) {
        tcp->head = wmem_memdup(wmem_file_scope(), head, sizeof *head);
        tcp->head_at = head_at;
    }
    grvhenc_arrive_begin(tcp);
    grvsstp_torn_add_proto_data(transport->conversation, proto_grvhenc, tcp);
    /* Of this frame that protocol has to be asked before us. */
    conversation_set_dissector_from_frame_number(
        transport->inner, transport->way == GRVSSTP_WAY_PROXY ? pinfo->num + 1 : pinfo->num,
        grvhenc_handle);
}

static struct grvhenc_chunk *chunk_of(tvbuff_t *tvb, uint32_t seq, packet_info *pinfo)
{
    struct grvhenc_chunk *chunk = wmem_new0(pinfo->pool, struct grvhenc_chunk);
    const unsigned captured = tvb_captured_length(tvb);

    chunk->frame = pinfo->num;
    chunk->time_ns = grvsstp_states_time(pinfo);
    chunk->key = chunk->seq = seq;
    chunk->end = seq + tvb_reported_length(tvb);
    chunk->bytes = sstp_span(tvb_get_ptr(tvb, 0, (int)captured), captured);
    chunk->is_cut = captured < tvb_reported_length(tvb);
    chunk->pinfo = pinfo;
    chunk->pool = pinfo->pool;
    chunk->tvb = tvb;
    chunk->items = wmem_alloc_array(pinfo->pool, struct grvhenc_item, GRVHENC_ITEMS_MAX);
    return chunk;
}

/* A chunk as TCP has handed it on. */
static struct grvhenc_chunk *handed_on(const struct grvsstp_transport *transport, tvbuff_t *tvb,
                                       packet_info *pinfo)
{
    struct grvhenc_chunk *chunk = chunk_of(tvb, transport->seq, pinfo);

    chunk->has_ack = grvsstp_transport_acknowledged(transport, &chunk->ack);
    chunk->opened = grvsstp_transport_opened_in(transport->conversation);
    chunk->srcport = transport->srcport;
    chunk->offset_in_frame = grvsstp_source_offset(tvb, pinfo);
    return chunk;
}

struct grvhenc_chunk *grvhenc_hold(const struct grvsstp_transport *transport, tvbuff_t *tvb,
                                   packet_info *pinfo)
{
    struct grvhenc_chunk *chunk = grvhenc_wait_hold(handed_on(transport, tvb, pinfo));

    chunk->plain = wmem_new0(wmem_file_scope(), struct grvsstp_plan);
    grvsstp_plan_keep(pinfo, chunk->key, chunk->plain);
    return chunk;
}

struct sstp_span grvhenc_held_bytes(const struct grvhenc_chunk *chunk, uint32_t seq)
{
    const uint32_t offset = seq - chunk->seq;
    return offset < chunk->bytes.len
               ? sstp_span(chunk->bytes.data + offset, chunk->bytes.len - offset)
               : sstp_span(NULL, 0);
}

size_t grvhenc_held_len(const struct grvhenc_chunk *chunk)
{
    return chunk->bytes.len;
}

bool grvhenc_held_goes_on(const struct grvhenc_chunk *chunk, uint32_t client_port, uint32_t first)
{
    const bool from_client = chunk->srcport == client_port;
    const uint32_t number = from_client ? chunk->seq : chunk->ack;

    return (from_client || chunk->has_ack) && number - first <= GRVHENC_TURN_BYTES_MAX;
}

void grvhenc_let_go(struct grvhenc_chunk *chunk)
{
    if (chunk->bytes.len > 0)
        wmem_free(grvsstp_passing_scope(), (void *)chunk->bytes.data);
    wmem_free(grvsstp_passing_scope(), chunk);
}

void grvhenc_take_held(const struct grvsstp_transport *transport, struct grvhenc_chunk *chunk)
{
    struct grvhenc_tcp *tcp = conversation_get_proto_data(transport->conversation, proto_grvhenc);

    tcp->first_frame = MIN(tcp->first_frame, chunk->frame);
    chunk->tcp = tcp;
    chunk->from_client = chunk->srcport == tcp->client_port;
    grvhenc_wait_held(chunk);
}

bool grvhenc_is_followed_by(conversation_t *before, uint32_t first)
{
    const struct grvhenc_tcp *tcp = conversation_get_proto_data(before, proto_grvhenc);

    if (tcp == NULL || grvsstp_transport_has_syn(before))
        return false;
    const struct grvhenc_side *client = &tcp->sides[true];
    return (client->is_acknowledged && client->acknowledged - first <= GRVHENC_TURN_BYTES_MAX) ||
           (client->waiting != NULL && client->waiting->seq - first <= GRVHENC_TURN_BYTES_MAX);
}

/* Whether what came before the SYN can go on as what comes after it: its client's bytes have their
 * place, and none of the server's was there. */
static bool can_go_on(const struct grvhenc_tcp *older, const struct grvhenc_tcp *tcp)
{
    const struct grvhenc_side *client = &older->sides[true], *server = &older->sides[false];

    return client->last_frame != 0 && server->last_frame == 0 && server->waiting == NULL &&
           older->client_port == tcp->client_port;
}

/* The newer of the two, of which nothing was divided, is the older one from now on. */
static void go_on(struct grvhenc_tcp *older, struct grvhenc_tcp *tcp,
                  const struct grvsstp_transport *transport)
{
    older->sides[false].sequence = tcp->sides[false].sequence;
    older->is_from_start = tcp->is_from_start;
    older->skew_ns = tcp->skew_ns;
    older->head = tcp->head;
    older->head_at = tcp->head_at;
    memcpy(older->flows, tcp->flows, sizeof older->flows);
    (void)grvhenc_arrive_move(tcp, older);
    grvsstp_torn_add_proto_data(transport->conversation, proto_grvhenc, older);
}

void grvhenc_take_early(const struct grvsstp_transport *transport, conversation_t *before)
{
    struct grvhenc_tcp *older = conversation_get_proto_data(before, proto_grvhenc);
    struct grvhenc_tcp *tcp = conversation_get_proto_data(transport->conversation, proto_grvhenc);

    if (older != NULL && !grvhenc_arrive_move(older, tcp)) {
        if (can_go_on(older, tcp))
            go_on(older, tcp, transport);
        else
            tcp->number = older->number; /* some of it was taken */
        return;
    }
    tcp->first_frame = MIN(tcp->first_frame, older != NULL ? older->first_frame : UINT32_MAX);
    conversation_add_proto_data(before, proto_grvhenc, tcp);
}

/* The plan of the chunk with this key; NULL for a plain piece of a body. */
static const struct grvhenc_plan *plan_get(packet_info *pinfo, uint32_t key)
{
    return grvsstp_again_kept(pinfo, proto_grvhenc, key);
}

static int dissect_chunk(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data,
                         int unused)
{
    (void)unused;
    if (!grvsstp_transport_is_carried(pinfo))
        return grvsstp_transport_refuse(tvb, pinfo, tree);
    grvsstp_again_note(pinfo);
    const struct grvsstp_transport transport = grvsstp_transport(pinfo, tvb, data);
    struct grvhenc_tcp *tcp = conversation_get_proto_data(transport.conversation, proto_grvhenc);
    const struct grvhenc_plan *plan;

    if (tvb_captured_length(tvb) == 0 || tcp == NULL || pinfo->num < tcp->first_frame)
        return 0;
    const bool from_client = is_from_client(tcp, transport.srcport, pinfo);
    if (!PINFO_FD_VISITED(pinfo)) {
        struct grvhenc_chunk *chunk = handed_on(&transport, tvb, pinfo);
        chunk->tcp = tcp;
        chunk->from_client = from_client;
        plan = grvhenc_arrive(chunk);
        grvhenc_tcp_forget_head(tcp);
    } else {
        plan = plan_get(pinfo, transport.seq);
    }
    tcp->shown_frame = pinfo->num;
    return show(tcp, from_client, tvb, pinfo, tree, transport.seq, plan);
}

int grvhenc_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    return grvsstp_kept_dissect(dissect_chunk, tvb, pinfo, tree, data, 0);
}

/* ------------------------------------------------------------------------
 * After each frame, and after the last
 */

/* Of the data that is kept with a frame; 0 is that of plain connections. */
#define WITHHELD_KEY 1u

void grvhenc_keep_withheld(packet_info *pinfo, const struct grvsstp_withheld *segment)
{
    p_add_proto_data(wmem_file_scope(), pinfo, proto_grvsstp_sstp, WITHHELD_KEY,
                     wmem_memdup(wmem_file_scope(), segment, sizeof *segment));
}

const struct grvsstp_withheld *grvhenc_withheld_of(packet_info *pinfo)
{
    return p_get_proto_data(wmem_file_scope(), pinfo, proto_grvsstp_sstp, WITHHELD_KEY);
}

/* First pass: such a segment, if it brings new bytes. */
static void note_withheld(struct grvhenc_tcp *tcp, conversation_t *conversation, tvbuff_t *tvb,
                          packet_info *pinfo)
{
    struct grvsstp_withheld segment;

    if (tcp->last_frame == pinfo->num ||
        conversation_get_dissector(conversation, pinfo->num) != grvhenc_handle ||
        !grvsstp_withheld(conversation, tvb, pinfo, &segment))
        return;
    const bool from_client = is_from_client(tcp, pinfo->srcport, pinfo);
    const struct grvsstp_sequence *sequence = &tcp->sides[from_client].sequence;
    const int32_t ahead = sequence->is_known ? (int32_t)(segment.seq - sequence->next) : 0;
    if (ahead + (int32_t)segment.len <= 0 || plan_get(pinfo, segment.seq) != NULL)
        return;
    grvhenc_keep_withheld(pinfo, &segment);
    tvbuff_t *data = tvb_new_subset_length(tvb, (int)segment.offset, (int)segment.len);
    struct grvhenc_chunk *chunk = chunk_of(data, segment.seq, pinfo);
    chunk->tcp = tcp;
    chunk->from_client = from_client;
    chunk->has_ack = segment.has_ack;
    chunk->ack = segment.ack;
    chunk->opened = grvsstp_transport_opened_in(conversation);
    (void)grvhenc_arrive(chunk);
    grvhenc_tcp_forget_head(tcp);
}

/* Every pass: that segment, where TCP has not handed it on this time either. */
static void show_withheld(struct grvhenc_tcp *tcp, tvbuff_t *tvb, packet_info *pinfo,
                          proto_tree *tree)
{
    const bool is_shown = tcp->shown_frame == pinfo->num;
    const struct grvsstp_withheld *segment = grvhenc_withheld_of(pinfo);

    tcp->shown_frame = 0;
    if (segment == NULL || is_shown || pinfo->num < tcp->first_frame)
        return;
    tvbuff_t *data = tvb_new_subset_length(tvb, (int)segment->offset, (int)segment->len);
    (void)show(tcp, is_from_client(tcp, pinfo->srcport, pinfo), data, pinfo, tree, segment->seq,
               plan_get(pinfo, segment->seq));
}

/* First pass: what TCP itself knows of the directions. */
static void note_flows(struct grvhenc_tcp *tcp, conversation_t *conversation, packet_info *pinfo)
{
    const struct tcp_analysis *analysis = grvsstp_transport_analysis(conversation);
    uint32_t srcport, destport;

    if (analysis == NULL)
        return;
    grvsstp_transport_ports(pinfo, &srcport, &destport);
    const bool from_client = is_from_client(tcp, srcport, pinfo);
    set_flows(tcp, analysis, from_client);
    for (int i = 0; i < 2; i++) {
        struct grvsstp_sequence *side = &tcp->sides[i].sequence;
        if (!side->is_known && tcp->sides[i].waiting == NULL)
            side->is_known = grvsstp_transport_flow_first(tcp->flows[i], &side->next);
    }
    grvhenc_place_note_acknowledged(tcp, !from_client, analysis->fwd);
}

void grvhenc_frame_end(conversation_t *conversation, tvbuff_t *tvb, packet_info *pinfo,
                       proto_tree *tree)
{
    struct grvhenc_tcp *tcp = conversation_get_proto_data(conversation, proto_grvhenc);
    const bool is_new = !PINFO_FD_VISITED(pinfo) && grvsstp_transport_is_carried(pinfo);

    if (is_new) {
        grvsstp_handshake_note_frame(conversation, pinfo, grvsstp_states_time(pinfo));
        grvsstp_missing_note_frame(conversation, grvsstp_states_time(pinfo));
        grvsstp_fin_note_frame(grvsstp_transport_analysis(conversation), tvb, pinfo);
        grvsstp_kept_note_frame(grvsstp_transport_analysis(conversation), tvb, pinfo);
    }
    if (tcp == NULL)
        return;
    if (is_new) {
        note_flows(tcp, conversation, pinfo);
        note_withheld(tcp, conversation, tvb, pinfo);
        grvhenc_arrive_frame_end(tcp, grvsstp_transport_has_ended(conversation), pinfo);
    }
    show_withheld(tcp, tvb, pinfo, tree);
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
    register_init_routine(grvhenc_arrive_reset);
    register_init_routine(grvsstp_handshake_reset);
    register_init_routine(grvsstp_missing_reset);
    register_init_routine(grvsstp_kept_reset);
}

void proto_reg_handoff_grvhenc(void)
{
    http_handle = find_dissector("http");
    grvhenc_show_init();
    part_handle = create_dissector_handle(dissect_part, proto_grvhenc);
    /* No protocol: the layers are HTTP's, the encapsulation's and SSTP's. */
    grvhenc_handle = create_dissector_handle_with_name_and_description(
        grvhenc_dissect, -1, "grvhenc_connection", "Groove SSTP in HTTP");
}
