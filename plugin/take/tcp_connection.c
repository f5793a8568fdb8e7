/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "take/tcp_connection.h"

#include "core/look.h"
#include "follow/settle.h"
#include "tcp/torn.h"

/* Those of the capture: struct grvsstp_tcp *. */
static wmem_array_t *all;

/* The numbers of those that may begin, by the index of their conversation; 1 more, for what is not
 * in a map is 0. */
static wmem_map_t *awaited;

void grvsstp_tcp_reset(void)
{
    all = NULL;
    awaited = NULL;
    grvsstp_late_reset();
    grvsstp_early_reset();
}

static struct grvsstp_tcp *newest(struct grvsstp_tcp *tcp, uint32_t frame)
{
    while (tcp != NULL && tcp->newer != NULL && frame >= tcp->newer->connection->first_frame)
        tcp = tcp->newer;
    return tcp;
}

struct grvsstp_tcp *grvsstp_tcp_find(conversation_t *conversation, uint32_t frame)
{
    return newest(conversation_get_proto_data(conversation, proto_grvsstp), frame);
}

void grvsstp_tcp_await(const conversation_t *conversation)
{
    const void *key = GUINT_TO_POINTER(conversation->conv_index);

    if (awaited == NULL)
        awaited = wmem_map_new(wmem_file_scope(), g_direct_hash, g_direct_equal);
    if (!wmem_map_contains(awaited, key))
        wmem_map_insert(awaited, key, GUINT_TO_POINTER(grvsstp_connection_take_number() + 1));
}

/* A new connection, with the number that it was given when it was awaited. */
static struct grvsstp_connection *new_connection(const conversation_t *conversation,
                                                 enum grvsstp_encapsulation encapsulation,
                                                 uint32_t frame)
{
    const void *key = GUINT_TO_POINTER(conversation->conv_index);
    const uint32_t number = awaited != NULL ? GPOINTER_TO_UINT(wmem_map_remove(awaited, key)) : 0;

    return number > 0 ? grvsstp_connection_numbered(number - 1, encapsulation, frame)
                      : grvsstp_connection_new(encapsulation, frame);
}

struct grvsstp_tcp *grvsstp_tcp_new(conversation_t *conversation,
                                    enum grvsstp_encapsulation encapsulation, uint32_t frame,
                                    const struct grvsstp_tcp *early)
{
    struct grvsstp_tcp *tcp = wmem_new0(wmem_file_scope(), struct grvsstp_tcp);
    struct grvsstp_tcp *older = grvsstp_tcp_find(conversation, frame);

    tcp->connection = early != NULL ? grvsstp_connection_again(early->connection, encapsulation)
                                    : new_connection(conversation, encapsulation, frame);
    grvsstp_settle_init(tcp->connection);
    if (all == NULL)
        all = wmem_array_new(wmem_file_scope(), sizeof tcp);
    wmem_array_append_one(all, tcp);
    if (older != NULL)
        older->newer = tcp;
    else
        grvsstp_torn_add_proto_data(conversation, proto_grvsstp, tcp);
    return tcp;
}

void grvsstp_tcp_leave(struct grvsstp_tcp *tcp, const struct grvsstp_tcp *other)
{
    for (int i = 0; i < 2; i++) {
        while (tcp->late[i].num > 0)
            grvsstp_late_free(grvsstp_late_remove(&tcp->late[i]), NULL);
        tcp->flows[i] = NULL;
    }
    sstp_order_clear(&tcp->connection->order);
    tcp->connection = other->connection;
    tcp->initiator_port = other->initiator_port;
    copy_address_wmem(wmem_file_scope(), &tcp->initiator, &other->initiator);
}

bool grvsstp_tcp_sender_is_initiator(const struct tcp_analysis *analysis, uint32_t srcport,
                                     uint32_t destport, struct sstp_span bytes)
{
    const uint32_t server_port = analysis != NULL ? analysis->server_port : 0;
    if (server_port != 0 && srcport != destport)
        return destport == server_port;
    const enum sstp_look_sender sender = sstp_look_sender(bytes);
    if (sender != SSTP_LOOK_ANYBODY)
        return sender == SSTP_LOOK_INITIATOR;
    if (destport == SSTP_PORT || srcport == SSTP_PORT)
        return destport == SSTP_PORT;
    return srcport >= destport; /* clients come from the higher port */
}

bool grvsstp_tcp_is_from_initiator(const struct grvsstp_tcp *tcp, uint32_t srcport,
                                   const packet_info *pinfo)
{
    return srcport == tcp->initiator_port &&
           addresses_equal(grvsstp_own_source(pinfo), &tcp->initiator);
}

/* First pass: what TCP itself knows of the directions. */
void grvsstp_tcp_note_flows(struct grvsstp_tcp *tcp, conversation_t *conversation,
                            packet_info *pinfo)
{
    const struct tcp_analysis *analysis = grvsstp_transport_analysis(conversation);
    uint32_t srcport, destport;

    if (analysis == NULL || tcp->way == GRVSSTP_WAY_WRAPPED)
        return;
    grvsstp_transport_ports(pinfo, &srcport, &destport);
    const bool from_initiator = grvsstp_tcp_is_from_initiator(tcp, srcport, pinfo);
    tcp->flows[from_initiator] = analysis->fwd;
    tcp->flows[!from_initiator] = analysis->rev;
}

/* ------------------------------------------------------------------------
 * Where a direction begins
 */

void grvsstp_tcp_start(struct grvsstp_tcp *tcp, bool from_initiator, uint32_t number)
{
    tcp->sequences[from_initiator] = (struct grvsstp_sequence){.is_known = true, .next = number};
    grvsstp_half_starts(&tcp->connection->halves[from_initiator]);
    grvsstp_settle_start(tcp->connection, from_initiator,
                         grvsstp_position(&tcp->numbers[from_initiator], number));
}

void grvsstp_tcp_start_at_connect(struct grvsstp_tcp *tcp, bool from_initiator, uint32_t seq,
                                  const uint32_t *acknowledged)
{
    if (!tcp->sequences[from_initiator].is_known)
        grvsstp_tcp_start(tcp, from_initiator, seq);
    if (!tcp->sequences[!from_initiator].is_known && acknowledged != NULL)
        grvsstp_tcp_start(tcp, !from_initiator, *acknowledged);
}

void grvsstp_tcp_start_after(struct grvsstp_tcp *tcp, bool from_initiator, uint32_t number)
{
    const struct grvsstp_sequence *sequence = &tcp->sequences[from_initiator];

    if (!sequence->is_known || (int32_t)(number - sequence->next) >= 0)
        grvsstp_tcp_start(tcp, from_initiator, number);
}

/* Where the request for the tunnel was not captured, an answer that grants one tells of it. */
static bool may_be_answered(const struct grvsstp_tcp *tcp)
{
    return tcp->prefixes[false].frame == 0 && tcp->way != GRVSSTP_WAY_WRAPPED &&
           tcp->connection->encapsulation != GRVSSTP_ENCAP_SOCKS;
}

uint32_t grvsstp_tcp_note_answer(struct grvsstp_tcp *tcp, struct sstp_span bytes, uint32_t frame,
                                 uint32_t seq)
{
    const bool is_asked_for = tcp->connection->encapsulation == GRVSSTP_ENCAP_SECURE_TUNNEL;
    bool is_granted;

    if (!may_be_answered(tcp))
        return 0;
    const struct grvsstp_prefix prefix = grvsstp_prefix_answer(bytes, &is_granted);
    if (prefix.len == 0 || (!is_granted && !is_asked_for))
        return 0;
    tcp->connection->encapsulation = GRVSSTP_ENCAP_SECURE_TUNNEL;
    tcp->prefixes[false].prefix = prefix;
    tcp->prefixes[false].frame = frame;
    tcp->prefixes[false].seq = seq;
    return prefix.len;
}

/* ------------------------------------------------------------------------
 * Chunks
 */

/* Divides a chunk after the bytes so far; its plan. */
static struct grvsstp_plan *plan_chunk(struct grvsstp_tcp *tcp, bool from_initiator,
                                       struct grvsstp_chunk *chunk, wmem_allocator_t *pool)
{
    const uint32_t len = (uint32_t)chunk->bytes.wire_len - chunk->tail;
    const struct grvsstp_join join =
        grvsstp_sequence_join(&tcp->sequences[from_initiator], chunk->key, len);

    if (join.is_first || join.lost > 0)
        chunk->has_gap |= join.lost > 0;
    else
        chunk->has_gap = false;
    if (join.skip < len)
        grvsstp_position_reached(&tcp->numbers[from_initiator], chunk->stand.position + len);
    if (join.lost > 0)
        grvsstp_half_loses(&tcp->connection->halves[from_initiator], join.lost);
    chunk->skip = join.skip;
    return grvsstp_plan_chunk(tcp->connection, from_initiator, chunk, pool);
}

/* Divides the first chunk that waited. */
static void plan_first_late(struct grvsstp_tcp *tcp, bool from_initiator, wmem_allocator_t *pool)
{
    struct grvsstp_late_chunk *first = grvsstp_late_remove(&tcp->late[from_initiator]);
    grvsstp_late_free(first, plan_chunk(tcp, from_initiator, &first->chunk, pool));
}

/* Whether the first chunk that waits has what it waits for. */
static bool is_late_ready(const struct grvsstp_tcp *tcp, bool from_initiator)
{
    const struct grvsstp_sequence *sequence = &tcp->sequences[from_initiator];
    return sequence->is_known &&
           (int32_t)(tcp->late[from_initiator].first->chunk.key - sequence->next) <= 0;
}

/* Divides what waited and has to wait no longer. */
static void plan_late(struct grvsstp_tcp *tcp, int64_t now_ns, wmem_allocator_t *pool)
{
    for (int i = 0; i < 2; i++)
        while (tcp->late[i].num > 0 &&
               (is_late_ready(tcp, i != 0) || grvsstp_late_has_expired(&tcp->late[i], now_ns)))
            plan_first_late(tcp, i != 0, pool);
}

/* Where the chunk's first byte stands, and what its sender had received. */
static struct grvsstp_stand stand_of(struct grvsstp_tcp *tcp, bool from_initiator, uint32_t seq,
                                     const uint32_t *acknowledged)
{
    struct grvsstp_stand stand = {.position = grvsstp_position(&tcp->numbers[from_initiator], seq)};

    if (acknowledged != NULL)
        stand.known = grvsstp_position(&tcp->numbers[!from_initiator], *acknowledged);
    return stand;
}

/* The plan as the frame holds it, which may be another one's place. */
static struct grvsstp_plan *own_plan(struct grvsstp_plan *plan, const struct grvsstp_chunk *chunk)
{
    struct grvsstp_plan *kept = chunk->plan;

    if (kept == NULL && plan != NULL)
        return plan;
    if (kept == NULL)
        kept = wmem_new(wmem_file_scope(), struct grvsstp_plan);
    if (kept != plan)
        grvsstp_plan_replace(kept, plan, chunk);
    return kept;
}

struct grvsstp_plan *grvsstp_tcp_note_chunk(struct grvsstp_tcp *tcp, bool from_initiator,
                                            struct grvsstp_chunk *chunk,
                                            const uint32_t *acknowledged, bool begins,
                                            wmem_allocator_t *pool)
{
    const uint8_t command_id = chunk->bytes.bytes.len > 0 ? chunk->bytes.bytes.data[0] : 0;

    if (command_id == SSTP_CONNECT &&
        sstp_look(chunk->bytes.bytes, true, NULL).bits >= SSTP_LOOK_ANY_PORT)
        grvsstp_tcp_start_at_connect(tcp, from_initiator, chunk->key, acknowledged);
    chunk->stand = stand_of(tcp, from_initiator, chunk->key, acknowledged);
    if (chunk->num_unsure > 0)
        chunk->stand.unsure = chunk->stand.position + chunk->bytes.wire_len - chunk->num_unsure;

    struct grvsstp_sequence sequence = tcp->sequences[from_initiator];
    struct grvsstp_late *late = &tcp->late[from_initiator];
    uint32_t len = (uint32_t)chunk->bytes.wire_len;
    struct grvsstp_plan *plan;

    if (late->num > 0)
        chunk->tail = grvsstp_late_overlap(late, chunk);
    len -= chunk->tail;
    const struct grvsstp_join join = grvsstp_sequence_join(&sequence, chunk->key, len);
    if (join.is_first && (begins || command_id == SSTP_CONNECT_RESPONSE || late->num > 0)) {
        chunk->has_gap = true; /* if nothing shows it */
        plan = grvsstp_late_keep(late, tcp->connection, &tcp->connection->halves[from_initiator],
                                 chunk, 1, pool);
    } else if (join.lost > 0 && join.lost != UINT32_MAX) {
        plan = grvsstp_late_keep(late, tcp->connection, &tcp->connection->halves[from_initiator],
                                 chunk, join.lost, pool);
    } else {
        plan = plan_chunk(tcp, from_initiator, chunk, pool);
    }
    if (tcp->early != NULL || chunk->plan != NULL)
        plan = own_plan(plan, chunk);
    if (tcp->early != NULL &&
        !grvsstp_early_keep(tcp->early, from_initiator, chunk, acknowledged, plan)) {
        grvsstp_early_free(tcp->early);
        tcp->early = NULL;
    }
    plan_late(tcp, chunk->time_ns, pool);
    return plan;
}

/* ------------------------------------------------------------------------
 * The end of the first pass
 */

/* Of bytes that the capture tells of, and that never came, the states know. */
static void note_missing(struct grvsstp_tcp *tcp)
{
    for (int i = 0; i < 2; i++) {
        uint64_t passed;
        uint32_t number;
        if (tcp->flows[i] != NULL &&
            grvsstp_transport_end(tcp->flows[i], tcp->flows[!i], &number) &&
            sstp_order_passed(&tcp->connection->order, i != 0, &passed) &&
            (int32_t)(number - (uint32_t)passed) > 0)
            grvsstp_settle_gap(tcp->connection, i != 0, 0, 0);
    }
}

void grvsstp_tcp_finish(void)
{
    const unsigned num = all != NULL ? wmem_array_get_count(all) : 0;

    for (unsigned i = 0; i < num; i++) {
        struct grvsstp_tcp *tcp = *(struct grvsstp_tcp **)wmem_array_index(all, i);
        wmem_allocator_t *pool = wmem_allocator_new(WMEM_ALLOCATOR_SIMPLE);
        for (int j = 0; j < 2; j++)
            while (tcp->late[j].num > 0)
                plan_first_late(tcp, j != 0, pool);
        wmem_destroy_allocator(pool);
        note_missing(tcp);
    }
}
