/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "http/show.h"

#include "show/show.h"
#include "henc/polling.h"
#include "henc/uri.h"
#include "fields/henc_fields.h"
#include "show/tap.h"

static void add_string(proto_tree *tree, enum grvhenc_field field, tvbuff_t *tvb, int offset,
                       struct sstp_span text, const packet_info *pinfo)
{
    if (text.len > 0)
        proto_tree_add_string(tree, grvhenc_hf(field), tvb, offset, 0,
                              wmem_strndup(pinfo->pool, (const char *)text.data, text.len));
}

/* A field of a Polling body, which knows its place. */
static proto_item *add_view(proto_tree *tree, enum grvhenc_field field,
                            const struct grvhenc_part *part, struct sstp_span view)
{
    const uint8_t *body = tvb_get_ptr(part->body, 0, 1);
    return proto_tree_add_item(tree, grvhenc_hf(field), part->body, (int)(view.data - body),
                               (int)view.len, ENC_ASCII | ENC_NA);
}

static void add_finding(proto_item *item, const struct grvhenc_part *part,
                        enum henc_finding finding)
{
    if (part->record != NULL && henc_findings_has(part->record->findings, finding))
        expert_add_info(part->pinfo, item, grvhenc_ei(finding));
}

/* ------------------------------------------------------------------------
 * Parts of the layer
 */

/* What the URI of LongLived or KeepAlive says. */
static void show_uri(proto_tree *tree, const struct grvhenc_part *part)
{
    if (part->http == NULL || !part->http->has_uri || part->http->uri.kind == HENC_KIND_POLLING)
        return;
    const struct henc_uri uri = part->http->uri;
    add_string(tree, GRVHENC_VERSION, part->tvb, part->offset, uri.version, part->pinfo);
    add_string(tree, GRVHENC_SERVER, part->tvb, part->offset, uri.server, part->pinfo);
    add_string(tree, GRVHENC_REQUEST_ID, part->tvb, part->offset, uri.request_id, part->pinfo);
    if (uri.has_content_length)
        proto_tree_add_uint64(tree, grvhenc_hf(GRVHENC_CONTENT_LENGTH), part->tvb, part->offset, 0,
                              uri.content_length);
}

static void show_checksum(proto_tree *tree, const struct grvhenc_part *part,
                          const struct henc_polling *polling)
{
    const bool is_cut = tvb_captured_length(part->body) < tvb_reported_length(part->body);
    enum {
        BAD = PROTO_CHECKSUM_E_BAD,
        GOOD = PROTO_CHECKSUM_E_GOOD,
        UNVERIFIED = PROTO_CHECKSUM_E_UNVERIFIED
    };
    int status = UNVERIFIED;
    proto_item *item =
        proto_tree_add_int64(tree, grvhenc_hf(GRVHENC_CHECKSUM), part->body,
                             (int)(polling->checksum_text.data - tvb_get_ptr(part->body, 0, 1)),
                             (int)polling->checksum_text.len, polling->checksum);

    add_finding(item, part, HENC_FINDING_CHECKSUM_BAD);
    if (!is_cut) {
        const int64_t calculated = henc_polling_checksum(polling->data);
        status = henc_polling_checksum_is_good(polling->checksum, calculated) ? GOOD : BAD;
        proto_item_set_generated(proto_tree_add_int64(tree, grvhenc_hf(GRVHENC_CHECKSUM_CALCULATED),
                                                      part->body, 0, 0, calculated));
    }
    proto_item_set_generated(proto_tree_add_uint(tree, grvhenc_hf(GRVHENC_CHECKSUM_STATUS),
                                                 part->body, 0, 0, (unsigned)status));
}

/* The fields of a Polling body; returns the length of them all. */
static void show_polling(proto_tree *tree, const struct grvhenc_part *part,
                         struct henc_polling *polling)
{
    add_view(tree, GRVHENC_VERSION, part, polling->version);
    add_view(tree, GRVHENC_SERVER, part, polling->server_url);
    if (polling->guid.len > 0)
        add_view(tree, GRVHENC_GUID, part, polling->guid);
    if (polling->sequence_is_valid) {
        proto_item *item =
            proto_tree_add_uint(tree, grvhenc_hf(GRVHENC_SEQUENCE), part->body,
                                (int)(polling->sequence_text.data - tvb_get_ptr(part->body, 0, 1)),
                                (int)polling->sequence_text.len, polling->sequence);
        add_finding(item, part, HENC_FINDING_SEQUENCE_GAP);
    }
    if (polling->checksum_is_valid)
        show_checksum(tree, part, polling);
    if (!polling->is_response || !polling->poll_is_valid)
        return;
    const int offset = (int)(polling->poll_text.data - tvb_get_ptr(part->body, 0, 1));
    const int len = (int)polling->poll_text.len;
    proto_tree_add_uint(tree, grvhenc_hf(GRVHENC_POLL_MAX), part->body, offset, len,
                        polling->poll_max);
    proto_tree_add_uint(tree, grvhenc_hf(GRVHENC_POLL_MIN), part->body, offset, len,
                        polling->poll_min);
    proto_tree_add_uint(tree, grvhenc_hf(GRVHENC_POLL_REPETITIONS), part->body, offset, len,
                        polling->poll_repetitions);
}

/* Findings that did not find a field of their own. */
static void show_findings(proto_item *item, const struct grvhenc_part *part, bool shows_checksum,
                          bool shows_sequence)
{
    const struct grvhenc_record *record = part->record;
    for (int i = 0; i < HENC_FINDING_COUNT; i++) {
        const enum henc_finding finding = (enum henc_finding)i;
        if ((finding == HENC_FINDING_CHECKSUM_BAD && shows_checksum) ||
            (finding == HENC_FINDING_SEQUENCE_GAP && shows_sequence))
            continue;
        if (henc_findings_has(record->findings, finding))
            expert_add_info(part->pinfo, item, grvhenc_ei(finding));
    }
    if (PINFO_FD_VISITED(part->pinfo) && grvhenc_virtual_lacks_half(record->v, part->pinfo->num))
        expert_add_info(part->pinfo, item, grvhenc_ei(HENC_FINDING_MISSING_HALF));
}

/* ------------------------------------------------------------------------
 * The layer
 */

static const char *part_name(const struct grvhenc_part *part)
{
    if (part->is_end)
        return "end of the connection";
    if (part->is_stray)
        return "stray data";
    if (part->http == NULL)
        return "body";
    return part->http->is_response ? "response" : "request";
}

/* A Polling body brings its own GUID; of the others it is that of the connection. */
static proto_tree *add_layer(const struct grvhenc_part *part, bool has_own_guid, proto_item **item)
{
    const struct grvhenc_record *record = part->record;
    const char *kind = val_to_str_const(record->v->kind, grvsstp_encapsulations, "HTTP");
    proto_item *layer =
        proto_tree_add_item(part->tree, proto_grvhenc, part->tvb, part->offset, part->len, ENC_NA);
    proto_tree *tree = proto_item_add_subtree(layer, grvhenc_ett());

    proto_item_append_text(layer, ", %s%s %s", kind,
                           record->v->kind == HENC_KIND_POLLING ? ""
                           : record->half == HENC_HALF_GET      ? " GET"
                                                                : " POST",
                           part_name(part));
    grvsstp_add_bare_name(tree, part->tvb, part->offset);
    proto_item_set_generated(proto_tree_add_uint(tree, grvhenc_hf(GRVHENC_KIND), part->tvb,
                                                 part->offset, 0, (unsigned)record->v->kind));
    proto_item_set_generated(proto_tree_add_uint(tree, grvsstp_own_hf(GRVSSTP_STREAM), part->tvb,
                                                 part->offset, 0, record->v->connection->number));
    if (!has_own_guid)
        proto_item_set_generated(proto_tree_add_string(tree, grvhenc_hf(GRVHENC_GUID), part->tvb,
                                                       part->offset, 0, record->v->guid));
    if (record->v->kind != HENC_KIND_POLLING)
        proto_item_set_generated(proto_tree_add_uint(tree, grvhenc_hf(GRVHENC_HALF), part->tvb,
                                                     part->offset, 0, (unsigned)record->half));
    *item = layer;
    return tree;
}

static void add_state(proto_tree *tree, const struct grvhenc_part *part)
{
    const char *state = henc_state_name(part->record->state);
    if (state != NULL)
        proto_item_set_generated(proto_tree_add_string(tree, grvhenc_hf(GRVHENC_STATE), part->tvb,
                                                       part->offset, 0, state));
}

static void add_echo(proto_tree *tree, const struct grvhenc_part *part)
{
    const struct grvhenc_record *record = part->record;
    if (record->echo_len == 0 || part->body == NULL)
        return;
    proto_tree_add_item(tree, grvhenc_hf(GRVHENC_ECHO), part->body, (int)strlen(HENC_ECHO_PREFIX),
                        (int)record->ping_data_len, ENC_ASCII | ENC_NA);
}

/* Data that this message brought, and that is not shown with it. */
static void add_waiting(proto_tree *tree, const struct grvhenc_part *part)
{
    const struct grvhenc_record *record = part->record;

    if (record->waiting_octets == 0)
        return;
    proto_item_set_generated(proto_tree_add_uint(tree, grvhenc_hf(GRVHENC_WAITING), part->tvb,
                                                 part->offset, 0, record->waiting_octets));
    proto_item_set_generated(proto_tree_add_uint(tree, grvhenc_hf(GRVHENC_WAITS_FOR), part->tvb,
                                                 part->offset, 0, record->awaited));
    if (record->shown_in != 0 && PINFO_FD_VISITED(part->pinfo))
        proto_item_set_generated(proto_tree_add_uint(tree, grvhenc_hf(GRVHENC_SHOWN_IN), part->tvb,
                                                     part->offset, 0, record->shown_in));
}

static void add_undecoded(proto_tree *tree, const struct grvhenc_part *part)
{
    if (part->record->undecoded != NULL)
        proto_item_set_generated(proto_tree_add_string(tree, grvhenc_hf(GRVHENC_UNDECODED),
                                                       part->tvb, part->offset, part->len,
                                                       part->record->undecoded));
}

/* The commands that this part released. */
static void show_deliveries(const struct grvhenc_part *part)
{
    const struct grvhenc_record *record = part->record;

    for (unsigned i = 0; i < record->num_deliveries; i++) {
        const struct grvhenc_delivery *delivery = &record->deliveries[i];
        tvbuff_t *tvb;
        if (delivery->is_copy) {
            tvb = tvb_new_child_real_data(part->tvb, delivery->bytes.data,
                                          (unsigned)delivery->bytes.len, (int)delivery->bytes.len);
            add_new_data_source(part->pinfo, tvb, "SSTP data that waited");
            if (delivery->source_frame != part->pinfo->num)
                grvsstp_mark_depended_upon(part->pinfo, delivery->source_frame);
        } else {
            tvb =
                tvb_new_subset_length(part->body, (int)delivery->offset, (int)delivery->bytes.len);
        }
        grvsstp_show_planned_layer(record->v->connection, delivery->from_initiator, tvb,
                                   part->pinfo, part->tree, delivery->key, delivery->plan);
    }
}

static void show_info(const struct grvhenc_part *part, const struct henc_polling *polling)
{
    column_info *cinfo = part->pinfo->cinfo;
    const struct grvhenc_record *record = part->record;

    if (part->is_stray)
        col_append_sep_str(cinfo, COL_INFO, NULL, "data on the wrong session");
    if (part->http == NULL) /* within a body the commands speak for themselves */
        return;
    col_set_str(cinfo, COL_PROTOCOL, "GRVHENC");
    col_clear(cinfo, COL_INFO);
    col_append_sep_fstr(cinfo, COL_INFO, ", ", "%s",
                        val_to_str_const(record->v->kind, grvsstp_encapsulations, "HTTP"));
    if (record->v->kind != HENC_KIND_POLLING)
        col_append_str(cinfo, COL_INFO, record->half == HENC_HALF_GET ? " GET" : " POST");
    if (part->http->is_response)
        col_append_fstr(cinfo, COL_INFO, " response %u", part->http->status);
    else
        col_append_str(cinfo, COL_INFO, " request");
    if (polling != NULL && polling->sequence_is_valid)
        col_append_fstr(cinfo, COL_INFO, " #%u", polling->sequence);
    if (record->is_repeat)
        col_append_str(cinfo, COL_INFO, " (sent before)");
    col_set_fence(cinfo, COL_INFO);
}

static void tap_part(const struct grvhenc_part *part)
{
    const struct grvhenc_record *record = part->record;
    const struct grvsstp_tapped_findings findings = {
        .connection = record->v->connection,
        .from_initiator =
            part->http != NULL ? !part->http->is_response : record->half == HENC_HALF_POST,
        .henc_findings = record->findings,
        .virtual_connection = record->v,
    };
    grvsstp_tap_queue_findings(part->pinfo, &findings);
}

void grvhenc_show_part(const struct grvhenc_part *part)
{
    struct henc_polling polling;
    bool is_polling = false;
    proto_item *item;

    tap_part(part);

    if (part->record->v->kind == HENC_KIND_POLLING && part->body != NULL &&
        tvb_captured_length(part->body) > 0) {
        const unsigned captured = tvb_captured_length(part->body);
        is_polling =
            henc_polling_parse(sstp_span(tvb_get_ptr(part->body, 0, (int)captured), captured),
                               part->http != NULL && part->http->is_response,
                               &polling) == HENC_POLLING_OK;
    }
    show_info(part, is_polling ? &polling : NULL);
    if (part->http != NULL || part->record->findings != 0 || part->record->undecoded != NULL ||
        part->record->echo_len != 0 || proto_field_is_referenced(part->tree, proto_grvhenc)) {
        proto_tree *tree = add_layer(part, is_polling && polling.guid.len > 0, &item);
        show_uri(tree, part);
        if (is_polling)
            show_polling(tree, part, &polling);
        add_echo(tree, part);
        add_undecoded(tree, part);
        add_waiting(tree, part);
        if (part->is_stray)
            proto_tree_add_item(tree, grvsstp_own_hf(GRVSSTP_SKIPPED), part->tvb, part->offset,
                                part->len, ENC_NA);
        add_state(tree, part);
        show_findings(item, part, is_polling && polling.checksum_is_valid,
                      is_polling && polling.sequence_is_valid);
    }
    show_deliveries(part);
}

void grvhenc_show_end(packet_info *pinfo, proto_tree *tree, tvbuff_t *tvb,
                      const struct grvhenc_record *record)
{
    const struct grvhenc_part part = {
        .pinfo = pinfo, .tree = tree, .tvb = tvb, .record = record, .is_end = true};
    proto_item *item;
    proto_tree *layer = add_layer(&part, false, &item);

    add_state(layer, &part);
    show_findings(item, &part, false, false);
    tap_part(&part);
}

/* ------------------------------------------------------------------------
 * Messages in pieces
 */

static int hf_reassembled_in = -1, hf_segment = -1;

void grvhenc_show_init(void)
{
    hf_reassembled_in = proto_registrar_get_id_byname("tcp.reassembled_in");
    hf_segment = proto_registrar_get_id_byname("tcp.segment");
}

void grvhenc_show_reassembled_in(const struct grvhenc_joint *joint, tvbuff_t *tvb,
                                 packet_info *pinfo, proto_tree *tree)
{
    col_append_sep_str(pinfo->cinfo, COL_INFO, " ", "[part of an HTTP message]");
    if (PINFO_FD_VISITED(pinfo) && joint->reassembled_in != 0 && hf_reassembled_in > 0)
        proto_item_set_generated(
            proto_tree_add_uint(tree, hf_reassembled_in, tvb, 0, 0, joint->reassembled_in));
}

void grvhenc_show_segments(const struct grvhenc_joint *joint, tvbuff_t *tvb, packet_info *pinfo,
                           proto_tree *tree)
{
    const unsigned num = joint != NULL ? wmem_array_get_count(joint->pieces) : 0;

    for (unsigned i = 0; i < num; i++) {
        const struct grvhenc_piece_of *piece = wmem_array_index(joint->pieces, i);
        const uint32_t frame = piece->frame;
        if (frame != pinfo->num)
            grvsstp_mark_depended_upon(pinfo, frame);
        if (hf_segment > 0)
            proto_item_set_generated(proto_tree_add_uint(tree, hf_segment, tvb, 0, 0, frame));
    }
}
