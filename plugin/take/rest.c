/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "take/rest.h"

#include "fields/fields.h"
#include "fields/henc_fields.h"
#include "http/packet-grvhenc.h"
#include "take/encapsulated.h"
#include "take/ports.h"
#include "tcp/torn.h"

static bool is_our_handle(dissector_handle_t handle)
{
    return handle == grvsstp_handle || handle == grvhenc_handle || handle == grvsstp_watch_handle;
}

static void go_on_with(conversation_t *conversation, conversation_t *older, uint32_t frame)
{
    const int protocols[] = {proto_grvsstp, proto_grvhenc, proto_grvsstp_sstp};
    const dissector_handle_t bound = conversation_get_dissector(older, frame);
    struct grvsstp_opening *opening = grvsstp_opening_of(older);

    if (!is_our_handle(bound))
        return;
    for (size_t i = 0; i < G_N_ELEMENTS(protocols); i++) {
        void *data = conversation_get_proto_data(older, protocols[i]);
        if (data != NULL)
            conversation_add_proto_data(conversation, protocols[i], data);
    }
    if (opening != NULL) {
        opening->conversation = conversation;
        grvsstp_encapsulated_hold_torn(opening);
    }
    conversation_set_dissector(conversation, bound);
}

void grvsstp_rest_note_frame(conversation_t *conversation, const packet_info *pinfo)
{
    conversation_t *older = grvsstp_torn_note_frame(conversation, pinfo);

    if (older != NULL)
        go_on_with(conversation, older, pinfo->num);
}
