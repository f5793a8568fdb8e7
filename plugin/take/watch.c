/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "take/watch.h"

#include <epan/exceptions.h>

#include "fields/henc_fields.h"
#include "follow/again.h"
#include "henc/http.h"
#include "http/packet-grvhenc.h"
#include "take/direct.h"
#include "take/encapsulated.h"
#include "take/held.h"
#include "take/hold.h"
#include "take/ports.h"
#include "take/tcp_connection.h"
#include "take/tunnel.h"
#include "tcp/kept.h"
#include "tcp/withheld.h"

dissector_handle_t grvsstp_watch_handle;

static dissector_handle_t data_handle;
static const heur_dtbl_entry_t *heuristic;

int grvsstp_watch_hand_on(dissector_handle_t handle, tvbuff_t *tvb, packet_info *pinfo,
                          proto_tree *tree, void *data)
{
    const uint16_t can_desegment = pinfo->can_desegment;
    if (can_desegment > 0)
        pinfo->can_desegment++;
    const int result = call_dissector_only(handle, tvb, pinfo, tree, data);
    pinfo->can_desegment = can_desegment;
    return result;
}

/* ------------------------------------------------------------------------
 * Looking
 */

static bool has_henc(const struct grvsstp_transport *transport)
{
    return conversation_get_proto_data(transport->conversation, proto_grvhenc) != NULL;
}

/* The same of one whose SYN was not captured so far: its segments are kept at the end of the frame.
 * Over HTTP one side alone sends commands. */
static bool is_early_perhaps(struct grvsstp_opening *opening,
                             const struct grvsstp_transport *transport, packet_info *pinfo)
{
    if (transport->way != GRVSSTP_WAY_TCP || transport->tcpinfo == NULL ||
        grvsstp_transport_is_at_start(transport) || !grvsstp_withheld_is_told(pinfo) ||
        !grvsstp_encapsulated_may_be_early(transport->conversation, opening, pinfo))
        return false;
    if (opening == NULL)
        opening = grvsstp_opening_begin(transport->conversation);
    if (opening->commands.frame == 0)
        grvsstp_held_begin(opening, transport, pinfo);
    return opening->commands.srcport == transport->srcport;
}

/* Whether commands on a port of HTTP's may be the body of a request whose head is still to come:
 * then they are held (look_on()).  Nothing comes before the client's first byte. */
static bool is_body_perhaps(const struct grvsstp_transport *transport, tvbuff_t *tvb,
                            packet_info *pinfo)
{
    struct grvsstp_opening *opening = grvsstp_opening_of(transport->conversation);

    if (is_early_perhaps(opening, transport, pinfo))
        return true;
    if (opening == NULL || transport->analysis == NULL ||
        !grvsstp_tunnel_is_http(grvsstp_port_owner_behind(transport->analysis->server_port)) ||
        (grvsstp_opening_is_client(transport) && grvsstp_transport_is_at_start(transport)) ||
        !grvsstp_encapsulated_hold(opening, transport, tvb, pinfo))
        return false;
    if (opening->commands.frame == 0)
        grvsstp_held_begin(opening, transport, pinfo);
    return true;
}

int grvsstp_watch_look(const struct grvsstp_transport *transport, tvbuff_t *tvb, packet_info *pinfo,
                       proto_tree *tree, void *data, int bits_wanted)
{
    struct grvsstp_recognised recognised;
    struct grvsstp_joined joined;

    if (!proto_is_protocol_enabled(find_protocol_by_id(proto_grvsstp)))
        return 0;
    if (grvsstp_direct_has(transport, pinfo))
        return grvsstp_watch_hand_on(grvsstp_handle, tvb, pinfo, tree, data);
    if (has_henc(transport))
        return grvsstp_watch_hand_on(grvhenc_handle, tvb, pinfo, tree, data);
    if (PINFO_FD_VISITED(pinfo)) /* what was not ours then is not ours now */
        return 0;
    if (transport->way == GRVSSTP_WAY_TCP && grvsstp_tunnel_of(transport, pinfo).is_handed_on)
        return 0;
    grvsstp_held_judge(transport, tvb, pinfo, bits_wanted, &joined, &recognised);
    switch (recognised.verdict) {
    case GRVSSTP_NOT_OURS:
        break;
    case GRVSSTP_WAIT_FOR_MORE:
        grvsstp_tcp_await(transport->conversation);
        return grvsstp_held_await(transport, tvb, pinfo) ? 0 : grvsstp_wait_for_more(tvb, pinfo);
    case GRVSSTP_COMMANDS:
        if ((!joined.is_joined && is_body_perhaps(transport, tvb, pinfo)) ||
            grvsstp_opening_is_unread(&joined.transport, recognised.prefix.len))
            break;
        grvsstp_direct_take(&joined.transport, joined.tvb, pinfo, recognised.prefix);
        return grvsstp_watch_hand_on(grvsstp_handle, tvb, pinfo, tree, data);
    case GRVSSTP_ENCAPSULATED:
        if (!proto_is_protocol_enabled(find_protocol_by_id(proto_grvhenc)))
            break;
        grvsstp_encapsulated_take(transport, pinfo, &recognised);
        return grvsstp_watch_hand_on(grvhenc_handle, tvb, pinfo, tree, data);
    }
    return 0;
}

/* ------------------------------------------------------------------------
 * Watching
 */

/* Whether the client's first bytes, which come with this chunk at last, may be that. */
static bool is_pending_with(const struct grvsstp_opening *opening,
                            const struct grvsstp_transport *transport, tvbuff_t *tvb)
{
    const unsigned len = tvb_captured_length(tvb);
    return grvsstp_opening_is_pending(opening) ||
           (grvsstp_opening_is_client(transport) && len > 0 && opening->sides[true].len == 0 &&
            henc_http_begins_encapsulation(sstp_span(tvb_get_ptr(tvb, 0, (int)len), len)));
}

/* Whether what the client has sent so far, and what is held after it, is such a request; then the
 * connection is ours from this chunk on. */
static bool completes_request(const struct grvsstp_opening *opening,
                              const struct grvsstp_transport *transport, tvbuff_t *tvb,
                              packet_info *pinfo)
{
    const struct sstp_span before = grvsstp_opening_bytes(opening, true);
    const unsigned len = tvb_captured_length(tvb);
    const uint32_t next = opening->sides[true].first + (uint32_t)before.len;
    const int32_t known = (int32_t)(next - transport->seq); /* of a part that is sent again */
    const unsigned num_new = known >= 0 && (uint32_t)known < len ? len - (uint32_t)known : 0;
    struct henc_http http;

    if (before.len == 0 || !grvsstp_opening_is_client(transport) ||
        !grvsstp_opening_is_pending(opening) || (num_new == 0 && opening->held == NULL))
        return false;
    uint8_t *all = wmem_alloc(pinfo->pool, before.len + num_new);
    memcpy(all, before.data, before.len);
    if (num_new > 0)
        tvb_memcpy(tvb, all + before.len, known, num_new);
    const struct sstp_span bytes = sstp_span(all, before.len + num_new);
    return henc_http_is_encapsulation(
        grvsstp_encapsulated_join(opening, bytes, next + (uint32_t)(bytes.len - before.len),
                                  pinfo->pool),
        &http);
}

/* First pass: takes a connection by a request that came in pieces. */
static void take_request(const struct grvsstp_opening *opening,
                         const struct grvsstp_transport *transport, packet_info *pinfo)
{
    const struct sstp_span before = grvsstp_opening_bytes(opening, true);
    const uint32_t next = opening->sides[true].first + (uint32_t)before.len;

    grvhenc_take(transport, pinfo, before, &next, NULL, NULL, NULL);
    grvsstp_encapsulated_take_held(transport);
}

/* Whether a proxy grants a CONNECT, which may not be in the capture: such an answer has no body,
 * and is none of an encapsulation's. */
static bool grants_tunnel(tvbuff_t *tvb)
{
    const unsigned len = tvb_captured_length(tvb);
    const struct sstp_span bytes = sstp_span(len > 0 ? tvb_get_ptr(tvb, 0, (int)len) : NULL, len);
    struct henc_http http;

    return henc_http_head(bytes, &http) == HENC_HTTP_DONE && http.is_response &&
           http.status / 100 == 2 && !http.has_content_length && !henc_http_is_answer(bytes, &http);
}

/* First pass: a chunk that is not ours by itself. */
static int look_on(struct grvsstp_opening *opening, const struct grvsstp_transport *transport,
                   tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    if (opening->held_len > 0 && !grvsstp_opening_is_client(transport) && grants_tunnel(tvb)) {
        opening->is_in_tunnel = true; /* so nothing is held any more */
        opening->tunnel_chunks = GRVSSTP_OPENING_CHUNKS_MAX;
    }
    /* Out of a tunnel it comes once more, from whoever hands it on. */
    if (opening->is_awaited && opening->is_in_tunnel &&
        (grvsstp_tunnel_of(transport, pinfo).is_handed_on ||
         grvsstp_held_follow(transport, tvb, pinfo)))
        return 0;
    if (grvsstp_encapsulated_hold(opening, transport, tvb, pinfo)) {
        if (completes_request(opening, transport, tvb, pinfo))
            take_request(opening, transport, pinfo);
        return 0;
    }
    if (completes_request(opening, transport, tvb, pinfo)) {
        take_request(opening, transport, pinfo);
        return grvsstp_watch_hand_on(grvhenc_handle, tvb, pinfo, tree, data);
    }
    if (!is_pending_with(opening, transport, tvb))
        grvsstp_hold_let_go(opening);
    grvsstp_opening_note(opening, transport, tvb, pinfo->num);
    /* What is beyond the account is not looked at any more. */
    if (opening->is_over && opening->tunnel_chunks == 0)
        conversation_set_dissector_from_frame_number(transport->conversation, pinfo->num,
                                                     opening->behind);
    if (opening->tunnel_chunks > 0)
        opening->tunnel_chunks--;
    return 0;
}

/* Whether this chunk is looked at.  The first is; after that others may own the connection. */
static bool is_looked_at(const struct grvsstp_opening *opening,
                         const struct grvsstp_transport *transport)
{
    if (!heuristic->enabled || grvsstp_port_is_decided(transport->srcport) ||
        grvsstp_port_is_decided(transport->destport))
        return false;
    return opening->num_chunks == 0 || opening->tunnel_chunks > 0 ||
           grvsstp_opening_is_pending(opening) ||
           grvsstp_tunnel_is_asked_for(transport->conversation) ||
           !grvsstp_port_is_others(transport);
}

/* Whatever may go wrong there, it is over after that. */
static int hand_on_behind(struct grvsstp_opening *opening, tvbuff_t *tvb, packet_info *pinfo,
                          proto_tree *tree, void *data)
{
    volatile int result = 0;

    opening->is_handing_on = true;
    TRY
    {
        result = grvsstp_watch_hand_on(opening->behind, tvb, pinfo, tree, data);
    }
    FINALLY
    {
        opening->is_handing_on = false;
    }
    ENDTRY;
    return result;
}

/* First pass: what TCP hands on of a connection whose first bytes are looked at. */
static int look_at(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data, int bits_wanted)
{
    const struct grvsstp_transport transport = grvsstp_transport(pinfo, tvb, data);
    struct grvsstp_opening *opening = grvsstp_opening_of(transport.conversation);
    int taken = 0;

    if (is_looked_at(opening, &transport))
        taken = grvsstp_watch_look(&transport, tvb, pinfo, tree, data, bits_wanted);
    if (taken == 0)
        taken = look_on(opening, &transport, tvb, pinfo, tree, data);
    return taken;
}

static int dissect_watched(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    if (!grvsstp_transport_is_carried(pinfo))
        return grvsstp_transport_refuse(tvb, pinfo, tree);
    grvsstp_again_note(pinfo);
    const struct grvsstp_transport transport = grvsstp_transport(pinfo, tvb, data);
    struct grvsstp_opening *opening = grvsstp_opening_of(transport.conversation);
    int taken = 0;

    if (opening == NULL)
        return 0;
    /* A tunnel to the port that it comes in by: HTTP would have shown it as data, had it found
     * itself where it found us. */
    if (opening->is_handing_on)
        return grvsstp_watch_hand_on(data_handle, tvb, pinfo, tree, data);
    if (!PINFO_FD_VISITED(pinfo)) {
        opening->seen_frame = pinfo->num;
        taken = grvsstp_kept_dissect(look_at, tvb, pinfo, tree, data, SSTP_LOOK_ANY_PORT);
    }
    if (PINFO_FD_VISITED(pinfo) && has_henc(&transport)) /* it was held */
        taken = grvsstp_watch_hand_on(grvhenc_handle, tvb, pinfo, tree, data);
    else if (PINFO_FD_VISITED(pinfo) && grvsstp_direct_has(&transport, pinfo))
        taken = grvsstp_watch_hand_on(grvsstp_handle, tvb, pinfo, tree, data);
    if (taken == 0 && opening->behind != NULL)
        taken = hand_on_behind(opening, tvb, pinfo, tree, data);
    return taken;
}

static bool is_watched(const struct grvsstp_opening *opening,
                       const struct grvsstp_transport *transport, const packet_info *pinfo)
{
    return opening != NULL && !opening->is_over && !opening->is_in_tunnel &&
           conversation_get_dissector(transport->conversation, pinfo->num) == grvsstp_watch_handle;
}

/* First pass: enters a segment that TCP handed to nobody; whether it brings new bytes. */
static bool enter(struct grvsstp_opening *opening, const struct grvsstp_transport *transport,
                  tvbuff_t *tvb, packet_info *pinfo, bool may_complete)
{
    const uint32_t len = opening->sides[true].len;
    const bool is_held = grvsstp_encapsulated_hold(opening, transport, tvb, pinfo);

    if (may_complete && completes_request(opening, transport, tvb, pinfo))
        take_request(opening, transport, pinfo);
    else if (!is_held)
        grvsstp_opening_note(opening, transport, tvb, pinfo->num);
    return is_held || opening->sides[true].len != len;
}

void grvsstp_watch_withheld(const struct grvsstp_transport *transport, tvbuff_t *tvb,
                            packet_info *pinfo)
{
    struct grvsstp_opening *opening = grvsstp_opening_of(transport->conversation);

    if (is_watched(opening, transport, pinfo) && enter(opening, transport, tvb, pinfo, true))
        opening->has_withheld |= grvsstp_opening_is_client(transport);
}

void grvsstp_watch_piece(const struct grvsstp_transport *transport, tvbuff_t *tvb,
                         packet_info *pinfo)
{
    struct grvsstp_opening *opening = grvsstp_opening_of(transport->conversation);

    if (is_watched(opening, transport, pinfo) && grvsstp_opening_is_client(transport) &&
        grvsstp_opening_has_room(opening, tvb_reported_length(tvb)) &&
        enter(opening, transport, tvb, pinfo, opening->has_withheld))
        grvsstp_opening_note_request(opening);
}

/* SOCKS binds itself to a connection only where it finds another bound, which was us.  Then it is
 * not called by its port any more, which it knows the side of the server by (since 4.6), and would
 * put the tunnel's in the place of the client's. */
static bool is_unbound_from_socks(const struct grvsstp_opening *opening,
                                  conversation_t *conversation, dissector_handle_t bound,
                                  uint32_t frame)
{
    if (opening == NULL || opening->seen_frame != frame || !grvsstp_tunnel_is_socks_itself(bound))
        return false;
    conversation_set_dissector(conversation, NULL);
    return true;
}

void grvsstp_watch_late_syn(struct grvsstp_opening *opening, conversation_t *conversation,
                            packet_info *pinfo, uint32_t first)
{
    const struct grvsstp_withheld begin = {.seq = first};
    struct tcpinfo tcpinfo;
    const struct grvsstp_transport transport =
        grvsstp_withheld_transport(conversation, pinfo, &begin, &tcpinfo);
    const struct sstp_span nothing = sstp_span((const uint8_t *)"", 0);
    struct henc_http http;

    grvsstp_encapsulated_hold_torn(opening);
    if (opening->held == NULL || !proto_is_protocol_enabled(find_protocol_by_id(proto_grvhenc)) ||
        !henc_http_is_encapsulation(grvsstp_encapsulated_join(opening, nothing, first, pinfo->pool),
                                    &http))
        return;
    grvhenc_take(&transport, pinfo, nothing, NULL, NULL, NULL, NULL);
    grvsstp_encapsulated_take_held(&transport);
}

void grvsstp_watch_note_frame(conversation_t *conversation, packet_info *pinfo)
{
    dissector_handle_t bound = conversation_get_dissector(conversation, pinfo->num);
    struct grvsstp_opening *opening = grvsstp_opening_of(conversation);

    if (is_unbound_from_socks(opening, conversation, bound, pinfo->num))
        bound = NULL;
    if (bound == grvsstp_handle || bound == grvhenc_handle)
        return;
    /* From frame 0, not from this one: whoever takes the connection later for all
     * its frames then takes our place. */
    if (conversation->setup_frame == pinfo->num && bound == NULL) {
        if (opening == NULL)
            opening = grvsstp_opening_begin(conversation);
        grvsstp_encapsulated_hold_early(opening, conversation, pinfo);
        conversation_set_dissector(conversation, grvsstp_watch_handle);
        return;
    }
    if (opening != NULL && bound != grvsstp_watch_handle && grvsstp_tunnel_is_socks(conversation))
        grvsstp_opening_count(opening, conversation, pinfo);
    const bool is_new_tunnel =
        grvsstp_tunnel_is_asked_for(conversation) && (opening == NULL || !opening->is_in_tunnel);
    const bool is_lost =
        opening != NULL && bound != grvsstp_watch_handle &&
        ((opening->last_frame == pinfo->num && grvsstp_opening_is_pending(opening)) ||
         (opening->held_frame == pinfo->num && opening->held != NULL));
    if (!is_new_tunnel && !is_lost)
        return;
    if (opening == NULL)
        opening = grvsstp_opening_begin(conversation);
    if (is_new_tunnel) {
        opening->is_in_tunnel = true;
        opening->tunnel_chunks = GRVSSTP_OPENING_CHUNKS_MAX;
        opening->is_over |= opening->last_frame != pinfo->num;
    }
    if (bound == grvsstp_watch_handle)
        return;
    opening->behind = bound;
    conversation_set_dissector_from_frame_number(conversation, pinfo->num + 1,
                                                 grvsstp_watch_handle);
}

void grvsstp_watch_handoff(void)
{
    heuristic = find_heur_dissector_by_unique_short_name(GRVSSTP_HEURISTIC);
    data_handle = find_dissector("data");
    /* No protocol: neither a layer in frame.protocols nor a change of the current
     * one.  The description must be there: Decode As compares it. */
    grvsstp_watch_handle = create_dissector_handle_with_name_and_description(
        dissect_watched, -1, "grvsstp_watch", "Groove SSTP, if it is");
}
