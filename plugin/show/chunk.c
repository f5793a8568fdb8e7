/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show/states.h"

#include <epan/proto_data.h>
#include <epan/tap.h>

#include "fields/henc_fields.h"
#include "follow/source.h"
#include "show/message.h"
#include "show/tap.h"

/* Wireshark refuses more than a million items in a packet's tree.  A frame this
 * full of commands is an attack or a reassembled giant; the rest of it is said,
 * not shown.  A command counts by its length, for that bounds its items. */
#define COMMANDS_SHOWN_MAX 20000u
#define ITEM_BYTES_PER_COMMAND 16u

/* What frames have to share between the chunks they bring. */
struct budget {
    unsigned num_commands;
};

static struct budget *frame_budget(packet_info *pinfo)
{
    enum { BUDGET_KEY = 0 };
    struct budget *budget = p_get_proto_data(pinfo->pool, pinfo, proto_grvsstp, BUDGET_KEY);
    if (budget == NULL) {
        budget = wmem_new0(pinfo->pool, struct budget);
        p_add_proto_data(pinfo->pool, pinfo, proto_grvsstp, BUDGET_KEY, budget);
    }
    return budget;
}

/* A chunk on its way into tree and columns. */
struct chunk {
    struct grvsstp_place place;
    struct grvsstp_info info;
    const struct grvsstp_plan *plan;
    bool has_gap, is_gap_told;
    bool has_commands;      /* one was shown */
    bool is_payload_wanted; /* without a tree, too */
    /* Messages that begin in this chunk, and how many of the plan's links to the
     * others have been passed. */
    struct grvsstp_tracker tracker;
    unsigned num_links_passed;
    /* What the observer said of the commands, one after the other. */
    struct sstp_journal *journal; /* NULL where nothing is known */
    struct sstp_journal_cursor cursor;
    struct grvsstp_states_wanted wanted;
    struct grvsstp_tapping tapping;
    /* Later passes: offsets of the commands whose message ends in this chunk. */
    wmem_array_t *offsets_done;
    unsigned num_offsets_passed;
};

/* The first item of a chunk after a loss carries the note. */
static void tell_gap(struct chunk *chunk, proto_item *item)
{
    if (chunk->is_gap_told || !chunk->has_gap)
        return;
    chunk->is_gap_told = true;
    expert_add_info(chunk->place.pinfo, item, grvsstp_ei(SSTP_FINDING_GAP));
    grvsstp_tapping_add_finding(&chunk->tapping, SSTP_FINDING_GAP);
}

/* A protocol item for bytes that are no whole command. */
static proto_tree *add_part_tree(struct chunk *chunk, const struct grvsstp_piece *piece,
                                 const char *text, proto_item **item)
{
    proto_item *protocol = proto_tree_add_item(chunk->place.tree, proto_grvsstp, chunk->place.tvb,
                                               (int)piece->offset, (int)piece->len, ENC_NA);
    proto_item_append_text(protocol, ", %s", text);
    proto_tree *tree = proto_item_add_subtree(protocol, grvsstp_ett(GRVSSTP_TREE_COMMAND));
    grvsstp_add_bare_name(tree, chunk->place.tvb, (int)piece->offset);
    grvsstp_add_origin(tree, &chunk->place, (int)piece->offset);
    tell_gap(chunk, protocol);
    *item = protocol;
    return tree;
}

/* ------------------------------------------------------------------------
 * Messages
 */

/* The message of the command at offset, if it lies in several chunks.  Asked in
 * the order of the offsets. */
static struct grvsstp_message *linked_message(struct chunk *chunk, uint32_t offset)
{
    const struct grvsstp_plan *plan = chunk->plan;
    while (plan != NULL && chunk->num_links_passed < plan->num_links &&
           plan->links[chunk->num_links_passed].offset < offset)
        chunk->num_links_passed++;
    if (plan == NULL || chunk->num_links_passed == plan->num_links ||
        plan->links[chunk->num_links_passed].offset != offset)
        return NULL;
    return plan->links[chunk->num_links_passed].message;
}

static bool ends_in_chunk(struct chunk *chunk, uint32_t offset)
{
    if (chunk->offsets_done == NULL)
        return false;
    const uint32_t *offsets = wmem_array_get_raw(chunk->offsets_done);
    const unsigned num = wmem_array_get_count(chunk->offsets_done);
    while (chunk->num_offsets_passed < num && offsets[chunk->num_offsets_passed] < offset)
        chunk->num_offsets_passed++;
    return chunk->num_offsets_passed < num && offsets[chunk->num_offsets_passed] == offset;
}

/* What there is to know of the message that an EndMessage ends. */
static struct grvsstp_envelope envelope_of(const struct grvsstp_place *place, proto_tree *tree,
                                           const struct grvsstp_found *found)
{
    struct grvsstp_envelope envelope = {
        .place = place, .tree = tree, .session_id = grvsstp_session_id(found->bytes)};

    if (found->seen != NULL)
        envelope.resource_url = grvsstp_states_resource_url(
            place->connection, place->from_initiator, found->seen, place->pinfo->pool);
    if (found->seen != NULL && found->seen->has_message)
        envelope.number = sstp_observer_message(&place->connection->states->observer,
                                                place->from_initiator, found->seen->message)
                              .number;
    return envelope;
}

/* Adds to the command's tree what is known of its message. */
static void show_message(struct chunk *chunk, proto_tree *tree, const struct grvsstp_place *place,
                         const struct grvsstp_found *found, uint32_t offset)
{
    const struct sstp_span bytes = found->bytes;

    if (bytes.len < SSTP_HEADER_LEN || (tree == NULL && !chunk->is_payload_wanted))
        return;
    const enum grvsstp_track track = grvsstp_tracker_take(&chunk->tracker, bytes, NULL, offset);
    if (track == GRVSSTP_TRACK_NOTHING)
        return;
    if (track == GRVSSTP_TRACK_DONE) {
        const struct grvsstp_envelope envelope = envelope_of(place, tree, found);
        grvsstp_show_local_message(&envelope, &chunk->tracker.done);
        return;
    }
    struct grvsstp_message *message = linked_message(chunk, offset);
    uint32_t end_frame = message != NULL ? message->end_frame : 0;
    if (message != NULL && message->fragments != NULL && tree != NULL)
        grvsstp_show_fragments(place, tree, message, bytes.data[0] == SSTP_END_MESSAGE);
    if (message != NULL && bytes.data[0] == SSTP_END_MESSAGE) {
        const struct grvsstp_envelope envelope = envelope_of(place, tree, found);
        grvsstp_show_message(&envelope, message);
        return;
    }
    if (ends_in_chunk(chunk, offset))
        end_frame = place->pinfo->num;
    if (end_frame != 0 && PINFO_FD_VISITED(place->pinfo))
        proto_item_set_generated(proto_tree_add_uint(tree,
                                                     grvsstp_own_hf(GRVSSTP_MESSAGE_REASSEMBLED_IN),
                                                     place->tvb, place->offset, 0, end_frame));
}

/* The header of the whole command at offset, or 0 at the end of the piece. */
static uint16_t command_length(const struct chunk *chunk, uint32_t offset, uint32_t end)
{
    if (end - offset < SSTP_HEADER_LEN)
        return 0;
    const uint16_t length = tvb_get_letohs(chunk->place.tvb, (int)offset + 1);
    /* Of a chunk that has no plan the first pass said that this does not happen. */
    return length < SSTP_HEADER_LEN || length > end - offset ? 0 : length;
}

/* The bytes that were captured of a whole command. */
static struct sstp_span command_bytes(const struct chunk *chunk, uint32_t offset, uint16_t length)
{
    const int captured = tvb_captured_length_remaining(chunk->place.tvb, (int)offset);
    const unsigned usable = captured < length ? (unsigned)captured : length;
    return sstp_span(tvb_get_ptr(chunk->place.tvb, (int)offset, (int)usable), usable);
}

static int compare_offsets(const void *a, const void *b)
{
    const uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return left < right ? -1 : left > right;
}

/* Looks ahead through a piece for messages that begin and end in the chunk. */
static void look_ahead(struct chunk *chunk, struct grvsstp_tracker *tracker,
                       const struct grvsstp_piece *piece)
{
    const uint32_t end = piece->offset + piece->len;
    uint32_t offset = piece->offset;
    uint16_t length;

    if (piece->kind != GRVSSTP_PIECE_COMMANDS && piece->kind != GRVSSTP_PIECE_LAST) {
        if (piece->kind != GRVSSTP_PIECE_PART)
            grvsstp_tracker_init(tracker, tracker->pool);
        return;
    }
    do {
        const bool is_split = piece->kind == GRVSSTP_PIECE_LAST;
        length = is_split ? (uint16_t)piece->len : command_length(chunk, offset, end);
        if (length == 0)
            break;
        const struct sstp_span bytes = is_split
                                           ? grvsstp_split_bytes(piece->split, chunk->place.pinfo)
                                           : command_bytes(chunk, offset, length);
        if (bytes.len >= SSTP_HEADER_LEN &&
            grvsstp_tracker_take(tracker, bytes, NULL, offset) == GRVSSTP_TRACK_DONE)
            for (const struct grvsstp_slice *slice = tracker->done.first; slice != NULL;
                 slice = slice->next)
                wmem_array_append_one(chunk->offsets_done, slice->offset);
        offset += length;
    } while (offset < end);
}

/* Later passes know where the messages of a chunk end; that is worth looking for
 * only where somebody wants to see it. */
static void find_messages_done(struct chunk *chunk, const struct grvsstp_piece *pieces,
                               unsigned num_pieces)
{
    struct grvsstp_tracker tracker;

    if (!PINFO_FD_VISITED(chunk->place.pinfo) ||
        !proto_field_is_referenced(chunk->place.tree,
                                   grvsstp_own_hf(GRVSSTP_MESSAGE_REASSEMBLED_IN)))
        return;
    chunk->offsets_done = wmem_array_new(chunk->place.pinfo->pool, sizeof(uint32_t));
    grvsstp_tracker_init(&tracker, chunk->place.pinfo->pool);
    for (unsigned i = 0; i < num_pieces; i++)
        look_ahead(chunk, &tracker, &pieces[i]);
    if (wmem_array_get_count(chunk->offsets_done) > 1)
        qsort(wmem_array_get_raw(chunk->offsets_done), wmem_array_get_count(chunk->offsets_done),
              sizeof(uint32_t), compare_offsets);
}

/* ------------------------------------------------------------------------
 * Pieces
 */

static void tell_gap_at(struct chunk *chunk, proto_tree *tree)
{
    tell_gap(chunk, tree != NULL ? proto_tree_get_parent(tree) : NULL);
}

/* Shows the next command of the chunk, which lies at `place`. */
static void show_next(struct chunk *chunk, const struct grvsstp_place *place,
                      struct grvsstp_found found, uint32_t offset)
{
    struct sstp_observation seen;

    found.tapping = &chunk->tapping;
    found.is_first = !chunk->has_commands;
    chunk->has_commands = true;
    if (chunk->journal != NULL && sstp_journal_next(chunk->journal, &chunk->cursor, &seen)) {
        found.seen = &seen;
        found.wanted = &chunk->wanted;
    }
    proto_tree *tree = grvsstp_show_command(place, &found, &chunk->info);
    tell_gap_at(chunk, tree);
    show_message(chunk, tree, place, &found, offset);
}

/* The whole commands of one piece. */
static void show_commands(struct chunk *chunk, const struct grvsstp_piece *piece)
{
    struct budget *budget = frame_budget(chunk->place.pinfo);
    tvbuff_t *tvb = chunk->place.tvb;
    const uint32_t end = piece->offset + piece->len;
    uint32_t offset = piece->offset;
    uint16_t length;

    while ((length = command_length(chunk, offset, end)) > 0) {
        if (budget->num_commands >= COMMANDS_SHOWN_MAX) {
            proto_tree_add_subtree_format(chunk->place.tree, tvb, (int)offset, (int)(end - offset),
                                          grvsstp_ett(GRVSSTP_TREE_COMMAND), NULL,
                                          "%u bytes of more commands, not shown", end - offset);
            chunk->journal = NULL; /* it would be after for what comes then */
            break;
        }
        budget->num_commands += 1 + length / (ITEM_BYTES_PER_COMMAND * 8);
        const struct sstp_span bytes = command_bytes(chunk, offset, length);
        chunk->place.offset = (int)offset;
        show_next(chunk, &chunk->place,
                  (struct grvsstp_found){.bytes = bytes, .command_len = length}, offset);
        offset += length;
    }
}

static void show_part(struct chunk *chunk, const struct grvsstp_piece *piece)
{
    const struct grvsstp_split *split = piece->split;
    const struct sstp_command_info *row = sstp_command_info(split->command_id);
    const char *name = row != NULL ? row->name : "a command";
    proto_item *item;
    char *text = wmem_strdup_printf(chunk->place.pinfo->pool, "part of %s", name);
    proto_tree *tree = add_part_tree(chunk, piece, text, &item);
    const int captured = tvb_captured_length_remaining(chunk->place.tvb, (int)piece->offset);

    proto_tree_add_item(tree, grvsstp_own_hf(GRVSSTP_COMMAND_PART), chunk->place.tvb,
                        (int)piece->offset, captured < (int)piece->len ? captured : (int)piece->len,
                        ENC_NA);
    if (split->reassembled_in != 0)
        proto_item_set_generated(
            proto_tree_add_uint(tree, grvsstp_own_hf(GRVSSTP_COMMAND_REASSEMBLED_IN),
                                chunk->place.tvb, (int)piece->offset, 0, split->reassembled_in));
    grvsstp_info_add_text(&chunk->info, wmem_strdup_printf(chunk->place.pinfo->pool, "[%s]", text));
    if (split->bytes == NULL && PINFO_FD_VISITED(chunk->place.pinfo))
        grvsstp_source_remember(chunk->place.pinfo);
}

/* The command that this chunk's piece completes. */
static void show_last(struct chunk *chunk, const struct grvsstp_piece *piece)
{
    const struct grvsstp_split *split = piece->split;
    struct grvsstp_place place = chunk->place;

    const struct sstp_span bytes = grvsstp_split_bytes(split, place.pinfo);
    place.tvb = tvb_new_child_real_data(chunk->place.tvb, bytes.data, (unsigned)bytes.len,
                                        split->command_len);
    place.offset = 0;
    add_new_data_source(place.pinfo, place.tvb, "Reassembled SSTP command");
    show_next(
        chunk, &place,
        (struct grvsstp_found){.bytes = bytes, .command_len = split->captured_len, .split = split},
        piece->offset);
}

static void show_undecoded(struct chunk *chunk, const struct grvsstp_piece *piece, const char *text)
{
    proto_item *item;
    proto_tree *tree = add_part_tree(chunk, piece, text, &item);
    const int captured = tvb_captured_length_remaining(chunk->place.tvb, (int)piece->offset);

    proto_item *bytes = proto_tree_add_item(
        tree, grvsstp_own_hf(GRVSSTP_SKIPPED), chunk->place.tvb, (int)piece->offset,
        captured < (int)piece->len ? captured : (int)piece->len, ENC_NA);
    if (piece->kind == GRVSSTP_PIECE_BROKEN) {
        expert_add_info(chunk->place.pinfo, bytes, grvsstp_ei(piece->finding));
        grvsstp_tapping_add_finding(&chunk->tapping, piece->finding);
    }
    grvsstp_info_add_text(&chunk->info, wmem_strdup_printf(chunk->place.pinfo->pool, "[%s]", text));
}

static void show_piece(struct chunk *chunk, const struct grvsstp_piece *piece)
{
    switch (piece->kind) {
    case GRVSSTP_PIECE_COMMANDS:
        show_commands(chunk, piece);
        break;
    case GRVSSTP_PIECE_PART:
        show_part(chunk, piece);
        break;
    case GRVSSTP_PIECE_LAST:
        show_last(chunk, piece);
        break;
    case GRVSSTP_PIECE_SKIPPED:
        show_undecoded(chunk, piece, "bytes of an unknown command");
        break;
    case GRVSSTP_PIECE_BROKEN:
        show_undecoded(chunk, piece, "broken header");
        break;
    case GRVSSTP_PIECE_REPEATED:
        show_undecoded(chunk, piece, "bytes seen before");
        break;
    case GRVSSTP_PIECE_REST:
        show_undecoded(chunk, piece, "too many pieces in one frame, the rest is not decoded");
        break;
    }
}

/* Whether no command of the chunk has to be told of where nobody asks for its items, as far as
 * the first pass knows.  A gap, a piece of a command, a message over several chunks and bytes
 * that were not captured have. */
static bool has_nothing_to_tell(const struct chunk *chunk)
{
    const struct grvsstp_connection *connection = chunk->place.connection;
    const bool direction = chunk->place.from_initiator;
    const uint32_t len = tvb_reported_length(chunk->place.tvb);

    if (chunk->plan != NULL || chunk->has_gap || chunk->journal == NULL ||
        !chunk->cursor.is_clean || !sstp_order_is_empty(&connection->order, direction) ||
        len > COMMANDS_SHOWN_MAX || tvb_captured_length(chunk->place.tvb) < len)
        return false;
    return !PINFO_FD_VISITED(chunk->place.pinfo) || !connection->states->observer.has_ended ||
           !sstp_journal_has_outstanding(chunk->journal, chunk->cursor);
}

/* The layers of the frame, which some count who ask for no item (tshark -z io,phs): one for each
 * command. */
static void add_layers(const struct chunk *chunk)
{
    tvbuff_t *tvb = chunk->place.tvb;
    const uint32_t end = tvb_reported_length(tvb);
    uint32_t offset = 0;
    uint16_t length;

    while ((length = command_length(chunk, offset, end)) > 0) {
        proto_tree_add_item(chunk->place.tree, proto_grvsstp, tvb, (int)offset, length, ENC_NA);
        offset += length;
    }
}

/* Takes the tree from a chunk that shows nothing in it; whether it has to be walked all the
 * same. */
static bool has_to_walk(struct chunk *chunk)
{
    if (chunk->is_payload_wanted || grvsstp_is_asked_for(chunk->place.tree) ||
        !has_nothing_to_tell(chunk))
        return true;
    if (chunk->place.tree != NULL && (union_of_tap_listener_flags() & TL_REQUIRES_PROTO_TREE) != 0)
        add_layers(chunk);
    chunk->place.tree = NULL;
    return chunk->info.is_wanted || grvsstp_tapping_is_wanted(&chunk->tapping);
}

static void show_planned(struct grvsstp_connection *connection, bool from_initiator, tvbuff_t *tvb,
                         packet_info *pinfo, proto_tree *tree, uint32_t key,
                         const struct grvsstp_plan *plan)
{
    const uint32_t len = tvb_reported_length(tvb);
    const struct grvsstp_piece all = {0, len, GRVSSTP_PIECE_COMMANDS, SSTP_FINDING_COUNT, NULL};
    struct chunk chunk = {.place = {pinfo, connection, from_initiator, tvb, 0, tree}};

    chunk.plan = plan;
    chunk.has_gap = (chunk.plan != NULL && chunk.plan->has_gap) ||
                    grvsstp_connection_has_gap(connection, pinfo->num);
    const struct grvsstp_piece *pieces = chunk.plan != NULL ? chunk.plan->pieces : &all;
    const unsigned num_pieces = chunk.plan != NULL ? chunk.plan->num_pieces : 1;
    grvsstp_tracker_init(&chunk.tracker, pinfo->pool);
    chunk.is_payload_wanted = grvsstp_payload_is_wanted_always();
    if (connection->states != NULL) {
        chunk.journal = &connection->states->journals[from_initiator];
        chunk.cursor = sstp_journal_find(chunk.journal, pinfo->num, key);
    }
    grvsstp_info_begin(&chunk.info, pinfo);
    grvsstp_tapping_begin(&chunk.tapping, pinfo, key);
    if (!has_to_walk(&chunk))
        return;
    find_messages_done(&chunk, pieces, num_pieces);
    if (chunk.journal != NULL)
        chunk.wanted = grvsstp_states_find_wanted(chunk.place.tree);
    for (unsigned i = 0; i < num_pieces; i++)
        show_piece(&chunk, &pieces[i]);
    grvsstp_info_end(&chunk.info, pinfo);
    grvsstp_tapping_end(&chunk.tapping, &chunk.place);

    /* What was not captured is reported in Wireshark's own way, when all that is
     * there has been shown. */
    const unsigned captured = tvb_captured_length(tvb);
    if (captured < len)
        tvb_ensure_bytes_exist(tvb, (int)captured, 1);
}

void grvsstp_show_chunk(struct grvsstp_connection *connection, bool from_initiator, tvbuff_t *tvb,
                        packet_info *pinfo, proto_tree *tree, uint32_t key)
{
    show_planned(connection, from_initiator, tvb, pinfo, tree, key, grvsstp_plan_get(pinfo, key));
}

/* ------------------------------------------------------------------------
 * As a layer
 */

static dissector_handle_t layer_handle;

/* What show_planned() wants beside what every dissector gets. */
struct layer {
    struct grvsstp_connection *connection;
    bool from_initiator;
    uint32_t key;
    const struct grvsstp_plan *plan;
};

static int dissect_layer(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    const struct layer *layer = data;
    show_planned(layer->connection, layer->from_initiator, tvb, pinfo, tree, layer->key,
                 layer->plan);
    return (int)tvb_captured_length(tvb);
}

void grvsstp_show_layer(struct grvsstp_connection *connection, bool from_initiator, tvbuff_t *tvb,
                        packet_info *pinfo, proto_tree *tree, uint32_t key)
{
    grvsstp_show_planned_layer(connection, from_initiator, tvb, pinfo, tree, key,
                               grvsstp_plan_get(pinfo, key));
}

void grvsstp_show_planned_layer(struct grvsstp_connection *connection, bool from_initiator,
                                tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, uint32_t key,
                                const struct grvsstp_plan *plan)
{
    struct layer layer = {connection, from_initiator, key, plan};
    call_dissector_only(layer_handle, tvb, pinfo, tree, &layer);
}

void grvsstp_display_init(void)
{
    layer_handle = create_dissector_handle(dissect_layer, proto_grvsstp);
}
