/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show/show.h"

#include "core/summary.h"
#include "fields/henc_fields.h"
#include "show/states.h"
#include "show/tap.h"

/* A command of thousands of one-byte pieces does not need them all named. */
#define CONTRIBUTIONS_SHOWN 1000u

/* One command on its way into the tree. */
struct showing {
    const struct grvsstp_place *place;
    proto_item *item;
    proto_tree *tree;
    proto_tree *list_tree;  /* of the list whose elements come next */
    proto_tree *entry_tree; /* of the fanout entry, likewise */
    proto_item *last;       /* what a finding about the value before belongs to */
    const struct sstp_command *command;
    bool is_first;        /* of its chunk */
    bool has_whole_token; /* its declared length is there */
    int token_offset;     /* of the token's first byte in the tvb */
    proto_tree *token_tree;
    int end;           /* after the last value, in the command */
    uint64_t findings; /* for the tap */
};

/* ------------------------------------------------------------------------
 * The decoder's visitor
 */

static void show_token_value(struct showing *showing, const struct sstp_value *value, int offset)
{
    const enum grvsstp_own_field length = value->field == SSTP_FIELD_AUTHENTICATION_TOKEN
                                              ? GRVSSTP_AUTH_TOKEN_LENGTH
                                              : GRVSSTP_REG_TOKEN_LENGTH;
    tvbuff_t *tvb = showing->place->tvb;

    showing->last = proto_tree_add_item(showing->tree, grvsstp_own_hf(length), tvb, offset, 2,
                                        ENC_LITTLE_ENDIAN);
    if (value->bytes.len == 0) /* the length says so; an empty item says nothing */
        return;
    showing->last = proto_tree_add_item(showing->tree, grvsstp_hf(value->field), tvb, offset + 2,
                                        (int)value->bytes.len, ENC_NA);
    showing->token_offset = offset + 2;
    showing->has_whole_token = value->number == value->bytes.len;
    if (showing->has_whole_token)
        showing->token_tree =
            proto_item_add_subtree(showing->last, grvsstp_ett(GRVSSTP_TREE_TOKEN));
}

/* A list's field is its count; its own name stands after the "Num". */
static const char *list_name(enum sstp_field field)
{
    return sstp_field_infos[field].name + strlen("Num");
}

static void show_list_value(struct showing *showing, const struct sstp_value *value,
                            enum sstp_kind kind, int offset)
{
    tvbuff_t *tvb = showing->place->tvb;
    proto_item *list;

    showing->last = proto_tree_add_item(showing->tree, grvsstp_hf(value->field), tvb, offset,
                                        kind == SSTP_KIND_STRINGS ? 1 : 2, ENC_LITTLE_ENDIAN);
    if (value->number == 0) /* the count says so */
        return;
    showing->list_tree = proto_tree_add_subtree_format(
        showing->tree, tvb, offset, (int)value->len, grvsstp_ett(GRVSSTP_TREE_LIST), &list,
        "%s: %u", list_name(value->field), (unsigned)value->number);
    showing->entry_tree = NULL;
    showing->last = list;
}

static void show_data_value(struct showing *showing, const struct sstp_value *value, int offset)
{
    tvbuff_t *tvb = showing->place->tvb;
    if (value->len > 0 && grvsstp_needs(showing->tree, value->field))
        showing->last = proto_tree_add_item(showing->tree, grvsstp_hf(value->field), tvb, offset,
                                            (int)value->len, ENC_NA);
    if (grvsstp_needs_own(showing->tree, GRVSSTP_DATA_LENGTH))
        proto_item_set_generated(
            proto_tree_add_uint(showing->tree, grvsstp_own_hf(GRVSSTP_DATA_LENGTH), tvb, offset,
                                (int)value->len, (uint32_t)value->len));
}

static void show_value(void *cookie, const struct sstp_value *value)
{
    struct showing *showing = cookie;
    const enum sstp_kind kind = sstp_field_infos[value->field].kind;
    const int offset = showing->place->offset + (int)value->offset;
    tvbuff_t *tvb = showing->place->tvb;
    proto_tree *tree = showing->tree;

    showing->end = (int)(value->offset + value->len);
    if (showing->tree == NULL)
        return;
    if (value->is_element)
        tree = showing->entry_tree != NULL ? showing->entry_tree : showing->list_tree;
    switch (kind) {
    case SSTP_KIND_U8:
    case SSTP_KIND_U16:
    case SSTP_KIND_U32:
    case SSTP_KIND_U64:
        showing->last = grvsstp_add_number(tree, value->field, tvb, offset, (int)value->len);
        break;
    case SSTP_KIND_STRING:
        showing->last = grvsstp_needs(tree, value->field)
                            ? proto_tree_add_item(tree, grvsstp_hf(value->field), tvb, offset,
                                                  (int)value->len, ENC_ASCII | ENC_NA)
                            : tree;
        break;
    case SSTP_KIND_TOKEN:
        show_token_value(showing, value, offset);
        break;
    case SSTP_KIND_STRINGS:
    case SSTP_KIND_ENTRIES:
    case SSTP_KIND_INDEXES:
        show_list_value(showing, value, kind, offset);
        break;
    case SSTP_KIND_REST:
        show_data_value(showing, value, offset);
        break;
    }
}

static void show_entry(void *cookie, unsigned index, size_t offset, size_t len)
{
    struct showing *showing = cookie;
    const int start = showing->place->offset + (int)offset;

    if (showing->tree == NULL)
        return;
    showing->entry_tree = proto_tree_add_subtree_format(
        showing->list_tree, showing->place->tvb, start, (int)len, grvsstp_ett(GRVSSTP_TREE_ENTRY),
        NULL, "FanoutDeviceEntry [%u]", index);
    proto_item_set_generated(proto_tree_add_uint(showing->entry_tree,
                                                 grvsstp_own_hf(GRVSSTP_FANOUT_INDEX),
                                                 showing->place->tvb, start, 0, index));
}

/* Bytes that belong to no field are shown as such, with the finding on them. */
static void show_undecoded(struct showing *showing, size_t offset, size_t len)
{
    if (len == 0)
        return;
    showing->last = proto_tree_add_item(showing->tree, grvsstp_own_hf(GRVSSTP_COMMAND_UNDECODED),
                                        showing->place->tvb, showing->place->offset + (int)offset,
                                        (int)len, ENC_NA);
    showing->end = (int)(offset + len);
}

static void note_finding(void *cookie, enum sstp_finding finding, size_t offset, size_t len)
{
    struct showing *showing = cookie;
    const struct grvsstp_place *place = showing->place;
    proto_item *item = showing->item;

    showing->findings |= GRVSSTP_TAPPED_FINDING(finding);
    if (finding == SSTP_FINDING_TRAILING_BYTES || finding == SSTP_FINDING_TRUNCATED ||
        finding == SSTP_FINDING_STRING_UNTERMINATED) {
        show_undecoded(showing, offset, len);
        item = len > 0 ? showing->last : showing->item;
    } else if (finding != SSTP_FINDING_SESSION_STATUS_FORM && (offset != 0 || len == 1)) {
        item = showing->last; /* it is about the value before */
    }
    if (showing->tree == NULL)
        item = NULL;
    grvsstp_show_finding(place->pinfo, showing->tree, item, place->tvb, finding,
                         place->offset + (int)offset, (int)len);
}

/* ------------------------------------------------------------------------
 * What is known beside the bytes
 */

void grvsstp_add_origin(proto_tree *tree, const struct grvsstp_place *place, int offset)
{
    const struct grvsstp_connection *connection = place->connection;

    if (grvsstp_needs_own(tree, GRVSSTP_STREAM))
        proto_item_set_generated(proto_tree_add_uint(tree, grvsstp_own_hf(GRVSSTP_STREAM),
                                                     place->tvb, offset, 0, connection->number));
    if (grvsstp_needs_own(tree, GRVSSTP_FROM_INITIATOR))
        proto_item_set_generated(
            proto_tree_add_boolean(tree, grvsstp_own_hf(GRVSSTP_FROM_INITIATOR), place->tvb, offset,
                                   0, place->from_initiator));
    if (grvsstp_is_needed(tree, proto_registrar_get_nth((unsigned)grvhenc_hf(GRVHENC_KIND))))
        proto_item_set_generated(proto_tree_add_uint(tree, grvhenc_hf(GRVHENC_KIND), place->tvb,
                                                     offset, 0, connection->encapsulation));
}

static void show_generated(const struct showing *showing)
{
    const struct grvsstp_place *place = showing->place;
    proto_tree *tree = showing->tree;
    tvbuff_t *tvb = place->tvb;

    if (tree == NULL)
        return;
    if (showing->is_first) /* once is enough for a filter to find the frame */
        grvsstp_add_bare_name(tree, tvb, place->offset);
    grvsstp_add_origin(tree, place, place->offset);
    /* The text costs more than all the rest: only where somebody asks for it. */
    if (proto_field_is_referenced(tree, grvsstp_own_hf(GRVSSTP_SUMMARY))) {
        char summary[SSTP_SUMMARY_SIZE];
        sstp_summary(showing->command, summary, sizeof summary);
        proto_item_set_text(showing->item, GRVSSTP_LONG_NAME ", %s", summary);
        proto_item_set_generated(proto_tree_add_string(tree, grvsstp_own_hf(GRVSSTP_SUMMARY), tvb,
                                                       place->offset, 0, summary));
    }
}

static void show_contributions(const struct showing *showing, const struct grvsstp_split *split)
{
    const struct grvsstp_place *place = showing->place;
    const struct grvsstp_contribution *contribution;
    unsigned num = 0;

    if (split == NULL)
        return;
    for (contribution = split->contributions.first; contribution != NULL;
         contribution = contribution->next) {
        if (contribution->frame != place->pinfo->num)
            grvsstp_mark_depended_upon(place->pinfo, contribution->frame);
        num++;
    }
    if (showing->tree == NULL)
        return;

    proto_item *item;
    proto_tree *tree = proto_tree_add_subtree_format(
        showing->tree, place->tvb, place->offset, 0, grvsstp_ett(GRVSSTP_TREE_PIECES), &item,
        "%u pieces (%u bytes)", num, split->command_len);
    proto_item_set_generated(item);
    num = 0;
    for (contribution = split->contributions.first;
         contribution != NULL && num < CONTRIBUTIONS_SHOWN;
         contribution = contribution->next, num++) {
        proto_item *piece = proto_tree_add_uint_format_value(
            tree, grvsstp_own_hf(GRVSSTP_COMMAND_SEGMENT), place->tvb, place->offset, 0,
            contribution->frame, "%u (%u bytes)", contribution->frame, contribution->len);
        proto_item_set_generated(piece);
    }
    if (contribution != NULL)
        proto_item_append_text(item, ", the first %u of them shown", CONTRIBUTIONS_SHOWN);
}

proto_tree *grvsstp_show_command(const struct grvsstp_place *place,
                                 const struct grvsstp_found *found, struct grvsstp_info *info)
{
    const struct sstp_span bytes = found->bytes;
    struct sstp_command command;
    struct showing showing = {.place = place, .command = &command, .is_first = found->is_first};
    const struct sstp_visitor visitor = {show_value, show_entry, note_finding, &showing};
    const struct grvsstp_version *version =
        grvsstp_connection_version(place->connection, place->from_initiator, place->pinfo->num);

    showing.item = proto_tree_add_item(place->tree, proto_grvsstp, place->tvb, place->offset,
                                       (int)found->command_len, ENC_NA);
    showing.tree = proto_item_add_subtree(showing.item, grvsstp_ett(GRVSSTP_TREE_COMMAND));
    showing.last = showing.item;
    sstp_command_decode(bytes, version != NULL ? version->form : SSTP_VERSION_UNKNOWN, &visitor,
                        &command);

    if (showing.token_tree != NULL)
        grvsstp_show_token(place->pinfo, showing.token_tree, place->tvb, showing.token_offset,
                           &command);
    show_generated(&showing);
    show_contributions(&showing, found->split);
    if (found->seen != NULL)
        grvsstp_states_show(place, showing.tree, showing.item, &command, found->seen,
                            found->wanted);
    grvsstp_tapping_add(found->tapping, place, &command, found, showing.findings);
    grvsstp_info_add_command(info, &command,
                             found->seen != NULL && info->is_wanted
                                 ? grvsstp_states_info(place, &command, found->seen)
                                 : NULL);
    /* Bytes of a wrong length or of an unknown command are nobody's field. */
    if (showing.tree != NULL && (size_t)showing.end < bytes.len && bytes.len == found->command_len)
        show_undecoded(&showing, (size_t)showing.end, bytes.len - (size_t)showing.end);
    return showing.tree;
}
