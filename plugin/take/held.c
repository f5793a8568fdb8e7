/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "take/held.h"

#include "fields/henc_fields.h"
#include "http/chunk.h"
#include "http/packet-grvhenc.h"

/* Those of the capture on which commands were held: struct grvsstp_opening *. */
static wmem_array_t *all;

void grvsstp_held_reset(void)
{
    all = NULL;
}

void grvsstp_held_begin(struct grvsstp_opening *opening, const struct grvsstp_transport *transport,
                        const packet_info *pinfo)
{
    struct grvsstp_opening_commands *commands = &opening->commands;

    commands->frame = pinfo->num;
    commands->srcport = transport->srcport;
    commands->destport = transport->destport;
    copy_address_wmem(wmem_file_scope(), &commands->src, &pinfo->src);
    copy_address_wmem(wmem_file_scope(), &commands->dst, &pinfo->dst);
    if (all == NULL)
        all = wmem_array_new(wmem_file_scope(), sizeof opening);
    wmem_array_append_one(all, opening);
}

/* What is held, taken out, in the order of the capture: what came before a SYN first. */
static wmem_array_t *take_out(struct grvsstp_opening *opening)
{
    wmem_array_t *chunks = opening->early != NULL ? opening->early : opening->held;

    if (chunks != opening->held && opening->held != NULL)
        wmem_array_append(chunks, wmem_array_get_raw(opening->held),
                          wmem_array_get_count(opening->held));
    opening->held = opening->early = NULL;
    opening->has_no_early = true;
    return chunks;
}

static struct grvhenc_chunk *chunk_at(wmem_array_t *chunks, unsigned i)
{
    return *(struct grvhenc_chunk **)wmem_array_index(chunks, i);
}

/* The first commands that were held may be before where their direction seems to begin: a Connect
 * that is sent again acknowledges its answer. */
static void start_at_first(struct grvsstp_tcp *tcp, const struct grvhenc_chunk *first)
{
    const bool from_initiator = first->srcport == tcp->initiator_port;
    const struct grvsstp_sequence *sequence = &tcp->sequences[from_initiator];

    if (sequence->is_known && (int32_t)(sequence->next - first->seq) > 0)
        grvsstp_tcp_start(tcp, from_initiator, first->seq);
}

/* A chunk is one of the connection. */
static void give(struct grvsstp_tcp *tcp, const struct grvhenc_chunk *held, wmem_allocator_t *pool)
{
    struct grvsstp_chunk chunk = {.bytes = {held->bytes, held->end - held->seq},
                                  .frame = held->frame,
                                  .source_frame = held->frame,
                                  .key = held->key,
                                  .time_ns = held->time_ns,
                                  .plan = held->plain};

    tcp->connection->first_frame = MIN(tcp->connection->first_frame, held->frame);
    (void)grvsstp_tcp_note_chunk(tcp, held->srcport == tcp->initiator_port, &chunk,
                                 held->has_ack ? &held->ack : NULL, false, pool);
}

/* By their numbers, for nobody knows where a direction begins of which the first comes late. */
static int compare(const void *a, const void *b)
{
    const struct grvhenc_chunk *left = *(struct grvhenc_chunk *const *)a;
    const struct grvhenc_chunk *right = *(struct grvhenc_chunk *const *)b;
    const int32_t ahead = (int32_t)(left->seq - right->seq);
    return ahead < 0 ? -1 : ahead > 0;
}

static void give_side(struct grvsstp_tcp *tcp, bool from_initiator, wmem_array_t *chunks,
                      uint32_t since, wmem_allocator_t *pool)
{
    for (unsigned i = 0; i < wmem_array_get_count(chunks); i++) {
        const struct grvhenc_chunk *chunk = chunk_at(chunks, i);
        if (chunk->frame >= since && (chunk->srcport == tcp->initiator_port) == from_initiator)
            give(tcp, chunk, pool);
    }
}

/* What was held, from the first commands on; what is before is nobody's. */
static void give_all(struct grvsstp_opening *opening, wmem_array_t *chunks, struct grvsstp_tcp *tcp,
                     wmem_allocator_t *pool)
{
    const uint32_t since = opening->commands.frame;

    for (unsigned i = 0; i < wmem_array_get_count(chunks); i++)
        if (chunk_at(chunks, i)->frame == since)
            start_at_first(tcp, chunk_at(chunks, i));
    wmem_array_sort(chunks, compare);
    give_side(tcp, true, chunks, since, pool);
    give_side(tcp, false, chunks, since, pool);
    for (unsigned i = 0; i < wmem_array_get_count(chunks); i++)
        grvhenc_let_go(chunk_at(chunks, i));
    tcp->has_held = true;
    if (opening->early_of != NULL)
        conversation_add_proto_data(opening->early_of, proto_grvsstp, tcp);
}

/* The bytes of the first commands that are held. */
static struct sstp_span first_bytes(const struct grvsstp_opening *opening, wmem_array_t *chunks)
{
    for (unsigned i = 0; i < wmem_array_get_count(chunks); i++)
        if (chunk_at(chunks, i)->frame == opening->commands.frame)
            return chunk_at(chunks, i)->bytes;
    return sstp_span(NULL, 0);
}

static bool has_commands(const struct grvsstp_opening *opening)
{
    return opening != NULL && opening->commands.frame != 0 &&
           (opening->held != NULL || opening->early != NULL);
}

bool grvsstp_held_take(struct grvsstp_opening *opening, wmem_allocator_t *pool)
{
    if (!has_commands(opening) || grvsstp_transport_has_syn(opening->conversation))
        return false;
    const struct grvsstp_opening_commands *commands = &opening->commands;
    wmem_array_t *chunks = take_out(opening);
    const bool is_initiator = grvsstp_tcp_sender_is_initiator(
        grvsstp_transport_analysis(opening->conversation), commands->srcport, commands->destport,
        first_bytes(opening, chunks));
    struct grvsstp_tcp *tcp =
        grvsstp_tcp_new(opening->conversation,
                        opening->is_in_tunnel ? GRVSSTP_ENCAP_SECURE_TUNNEL : GRVSSTP_ENCAP_TCP,
                        commands->frame, NULL);

    copy_address_wmem(wmem_file_scope(), &tcp->initiator,
                      is_initiator ? &commands->src : &commands->dst);
    tcp->initiator_port = is_initiator ? commands->srcport : commands->destport;
    tcp->way = GRVSSTP_WAY_TCP;
    tcp->early = grvsstp_early_new();
    give_all(opening, chunks, tcp, pool);
    return true;
}

void grvsstp_held_give(struct grvsstp_opening *opening, struct grvsstp_tcp *tcp,
                       wmem_allocator_t *pool)
{
    if (has_commands(opening))
        give_all(opening, take_out(opening), tcp, pool);
}

void grvsstp_held_finish(void)
{
    wmem_allocator_t *pool = wmem_allocator_new(WMEM_ALLOCATOR_SIMPLE);

    for (unsigned i = 0; all != NULL && i < wmem_array_get_count(all); i++)
        (void)grvsstp_held_take(*(struct grvsstp_opening **)wmem_array_index(all, i), pool);
    wmem_destroy_allocator(pool);
}
