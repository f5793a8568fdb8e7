/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tcp/handshake.h"

#include "tcp/transport.h"

/* Of a connection whose first frame was the client's SYN, in its place. */
struct handshake {
    int64_t syn_ns;
    bool is_whole;   /* the server's was seen... */
    int64_t time_ns; /* ...so much later; less than 0 where it was out of its place */
};

/* By conversation; forgotten with the capture. */
static wmem_map_t *handshakes;

static int64_t latest_ns; /* of all frames so far */

void grvsstp_handshake_reset(void)
{
    latest_ns = INT64_MIN;
}

static struct handshake *find(const conversation_t *conversation)
{
    return handshakes != NULL ? wmem_map_lookup(handshakes, conversation) : NULL;
}

static void begin(const conversation_t *conversation, int64_t time_ns)
{
    struct handshake *handshake = wmem_new0(wmem_file_scope(), struct handshake);

    if (handshakes == NULL)
        handshakes = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), g_direct_hash,
                                            g_direct_equal);
    handshake->syn_ns = time_ns;
    wmem_map_insert(handshakes, conversation, handshake);
}

void grvsstp_handshake_note_frame(conversation_t *conversation, packet_info *pinfo, int64_t time_ns)
{
    enum { SYN = 0x01, SYN_ACK = 0x02 }; /* of tcp.completeness */
    const struct tcp_analysis *analysis = grvsstp_transport_analysis(conversation);
    const bool is_in_place = time_ns >= latest_ns;
    uint32_t srcport, destport;

    latest_ns = MAX(latest_ns, time_ns);
    if (analysis == NULL)
        return;
    if (analysis->conversation_completeness == SYN && conversation->setup_frame == pinfo->num) {
        if (is_in_place)
            begin(conversation, time_ns);
    } else if (analysis->conversation_completeness == (SYN | SYN_ACK)) {
        struct handshake *handshake = find(conversation);
        grvsstp_transport_ports(pinfo, &srcport, &destport);
        if (handshake == NULL || handshake->is_whole || srcport != analysis->server_port)
            return;
        handshake->is_whole = true;
        handshake->time_ns = is_in_place ? time_ns - handshake->syn_ns : -1;
    }
}

bool grvsstp_handshake_time(const conversation_t *conversation, int64_t *ns)
{
    const struct handshake *handshake = find(conversation);

    if (handshake == NULL || !handshake->is_whole || handshake->time_ns < 0)
        return false;
    *ns = handshake->time_ns;
    return true;
}
