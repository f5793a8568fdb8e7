/* SPDX-License-Identifier: GPL-2.0-or-later */
/* direct: the scenes between two devices, without a relay. */
#include "demo/scenes.h"

#include <string.h>

#define READY(actor, session_id) (actor_session_state(actor, session_id) == (int)SSTP_SESSION_READY)

static struct sstp_span text(const char *string)
{
    return sstp_span_of_string(string);
}

/* GRVSSTP 4.2.1: one session, one message of several Data, acknowledged by a
 * Noop, Close.  Then 4.2.2: a session each way at the same time, counts on
 * Message and ConnectClose. */
bool scene_device_to_device(struct demo *demo)
{
    struct actor *anna = demo_actor(demo, "Anna"), *ben = demo_actor(demo, "Ben");
    uint32_t to_ben, to_anna;
    GString *mime = demo_mime(demo, 9000);

    const bool is_sent = demo_meet(demo, anna, ben) && demo_open(demo, anna, ben, true, &to_ben);
    DO(is_sent);
    AWAIT(demo, READY(anna, to_ben));
    DO(demo_send(demo, anna, to_ben, sstp_span(mime->str, mime->len), 0));
    g_string_free(mime, TRUE);
    AWAIT(demo, anna->num_acknowledged == 1);
    EXPECT(demo, sstp_ep_close_session(actor_ep(anna), to_ben, SSTP_CLOSE_NO_REASON) == SSTP_EP_OK);
    actor_wake(anna);
    AWAIT(demo, ben->num_sessions_closed == 1);

    DO(demo_open(demo, anna, ben, true, &to_ben) && demo_open(demo, ben, anna, true, &to_anna));
    AWAIT(demo, READY(anna, to_ben) && READY(ben, to_anna));
    DO(demo_send(demo, anna, to_ben, text("Shall we meet at three?"), 0));
    AWAIT(demo, ben->num_received == 2);
    /* Ben's answer carries the count for Anna's message. */
    DO(demo_send(demo, ben, to_anna, text("At three, yes."), 0));
    AWAIT(demo, anna->num_acknowledged == 2 && anna->num_received == 1);
    DO(demo_send(demo, anna, to_ben, text("Good."), 0));
    AWAIT(demo, ben->num_received == 3 && ben->num_acknowledged == 1);
    /* What is still to be acknowledged goes with the ConnectClose. */
    DO(demo_leave(demo, ben, SSTP_CONNECT_CLOSE_IDLE));
    AWAIT(demo, anna->connection == NULL);
    EXPECT(demo, anna->num_acknowledged == 3);
    return true;
}

/* Every optional group of Message, and the sizes where Data is split. */
bool scene_message_fields(struct demo *demo)
{
    enum {
        A = SSTP_MESSAGE_FLAG_ACK_IMMEDIATELY,
        D = SSTP_MESSAGE_FLAG_DO_NOT_DELIVER_IF_OFFLINE,
        E = SSTP_MESSAGE_FLAG_EPHEMERAL,
        F = SSTP_MESSAGE_FLAG_FRAGMENT,
        G = SSTP_MESSAGE_FLAG_TRACK,
        S = SSTP_MESSAGE_FLAG_STREAM_SIZE
    };
    struct actor *anna = demo_actor(demo, "Anna"), *ben = demo_actor(demo, "Ben");
    GByteArray *binary = demo_binary(demo, 20000);
    const struct sstp_span id = text("3f2504e0-4f89-11d3-9a0c-0305e82c3301");
    const struct sstp_ep_message messages[] = {
        {.data = sstp_span(NULL, 0)},
        {.data = sstp_span(binary->data, 1)},
        {.data = sstp_span(binary->data, 2048)},
        {.data = sstp_span(binary->data, 2049)},
        {.flags = G, .user_ref = text("track me"), .data = text("tracked")},
        {.flags = D, .data = text("only if you are there")},
        {.flags = E, .ttl = 3600, .data = text("an hour")},
        {.flags = E, .ttl = 0, .data = text("for ever")},
        {.flags = E, .ttl = 60, .ephemeral_reserved_len = 4, .data = text("with Reserved1")},
        {.flags = E, .ttl = 60, .ephemeral_reserved_len = 5, .data = text("and Reserved2")},
        {.flags = S,
         .byte_stream_size = 20000,
         .session_size = 20000,
         .message_size = 20000,
         .data = sstp_span(binary->data, 20000)},
        {.flags = F | S,
         .user_ref = text("Budget.xls"),
         .byte_stream_size = 5000,
         .session_size = 5000,
         .message_size = 3000,
         .num_fragments = 2,
         .this_fragment = 1,
         .fragment_id = id,
         .fragment_offset = 0,
         .data = sstp_span(binary->data, 3000)},
        {.flags = F | S,
         .user_ref = text("Budget.xls"),
         .byte_stream_size = 5000,
         .session_size = 2000,
         .message_size = 2000,
         .num_fragments = 2,
         .this_fragment = 2,
         .fragment_id = id,
         .fragment_offset = 3000,
         .data = sstp_span(binary->data + 3000, 2000)},
        {.flags = A | D | E | F | G | S,
         .user_ref = text("all of them"),
         .ttl = 86400,
         .byte_stream_size = UINT64_C(5000000000), /* beyond 32 bits */
         .session_size = UINT64_C(5000000000),
         .message_size = 11,
         .num_fragments = 1,
         .this_fragment = 1,
         .fragment_id = id,
         .fragment_offset = UINT64_C(4294967296),
         .data = text("everything!")},
    };
    uint32_t session_id;
    bool is_sent = demo_meet(demo, anna, ben) && demo_open(demo, anna, ben, true, &session_id);

    DO(is_sent);
    AWAIT(demo, READY(anna, session_id));
    for (size_t i = 0; i < G_N_ELEMENTS(messages); i++)
        is_sent = is_sent && sstp_ep_send_message(actor_ep(anna), session_id, &messages[i], NULL) ==
                                 SSTP_EP_OK;
    g_byte_array_free(binary, TRUE);
    DO(is_sent);
    actor_wake(anna);
    /* The last asks to be acknowledged at once, and with it all before it are. */
    AWAIT(demo, anna->num_acknowledged == G_N_ELEMENTS(messages));
    EXPECT(demo, ben->num_received == G_N_ELEMENTS(messages));

    /* A Noop that acknowledges nothing only shows that somebody is there. */
    EXPECT(demo, sstp_ep_noop(actor_ep(anna)) == SSTP_EP_OK);
    EXPECT(demo, sstp_ep_close_session(actor_ep(anna), session_id, SSTP_CLOSE_IDLE) == SSTP_EP_OK);
    DO(demo_leave(demo, anna, SSTP_CONNECT_CLOSE_NO_REASON));
    AWAIT(demo, ben->connection == NULL);
    return true;
}

/* GRVSSTP 4.3.1 and 4.3.2: A1, B1, A2, B2 over two sessions, their commands
 * interleaved; the handler of the second session is done first. */
bool scene_acknowledgement(struct demo *demo)
{
    struct actor *anna = demo_actor(demo, "Anna"), *ben = demo_actor(demo, "Ben");
    const struct sstp_ep_message plain = {.flags = 0};
    uint32_t a, b;

    ben->holds = true;
    DO(demo_meet(demo, anna, ben) && demo_open(demo, anna, ben, true, &a) &&
       demo_open(demo, anna, ben, true, &b));
    AWAIT(demo, READY(anna, a) && READY(anna, b));
    struct sstp_ep *ep = actor_ep(anna);
    bool is_sent = true;
    for (unsigned round = 1; round <= 2; round++) {
        GString *a_text = demo_mime(demo, 3000), *b_text = demo_mime(demo, 5000);
        const struct sstp_span a_data = sstp_span(a_text->str, a_text->len);
        const struct sstp_span b_data = sstp_span(b_text->str, b_text->len);
        is_sent = is_sent && sstp_ep_message_begin(ep, a, &plain) == SSTP_EP_OK &&
                  sstp_ep_message_begin(ep, b, &plain) == SSTP_EP_OK &&
                  sstp_ep_message_data(ep, a, sstp_span(a_data.data, 2048)) == SSTP_EP_OK &&
                  sstp_ep_message_data(ep, b, b_data) == SSTP_EP_OK &&
                  sstp_ep_message_data(ep, a, sstp_span(a_data.data + 2048, a_data.len - 2048)) ==
                      SSTP_EP_OK &&
                  sstp_ep_message_end(ep, a, NULL) == SSTP_EP_OK &&
                  sstp_ep_message_end(ep, b, NULL) == SSTP_EP_OK;
        g_string_free(a_text, TRUE);
        g_string_free(b_text, TRUE);
    }
    DO(is_sent);
    actor_wake(anna);
    AWAIT(demo, ben->num_received == 4);

    /* B1 and B2: nothing can be acknowledged.  A1: two can, then A2: two more. */
    static const unsigned order[] = {1, 3, 0, 2};
    static const unsigned expected[] = {0, 0, 2, 4};
    for (size_t i = 0; i < G_N_ELEMENTS(order); i++) {
        EXPECT(demo, sstp_ep_complete(actor_ep(ben), ben->numbers[order[i]]) == SSTP_EP_OK);
        actor_wake(ben);
        AWAIT(demo, anna->num_acknowledged == expected[i]);
    }
    DO(demo_leave(demo, anna, SSTP_CONNECT_CLOSE_NO_REASON));
    AWAIT(demo, ben->connection == NULL);
    return true;
}

/* GRVSSTP 4.4: suspended, ready, blocked with a message under way, ready. */
bool scene_flow_control(struct demo *demo)
{
    struct actor *anna = demo_actor(demo, "Anna"), *ben = demo_actor(demo, "Ben");
    uint32_t session_id;

    ben->availability = SSTP_HANDLER_NOT_READY;
    DO(demo_meet(demo, anna, ben) && demo_open(demo, anna, ben, true, &session_id));
    AWAIT(demo, actor_session_state(anna, session_id) == (int)SSTP_SESSION_SUSPENDED);

    const uint32_t id = ben->opened_id;
    struct sstp_ep *ep = actor_ep(ben);
    EXPECT(demo, sstp_ep_set_availability(ep, id, SSTP_HANDLER_READY, 0) == SSTP_EP_OK);
    actor_wake(ben);
    AWAIT(demo, READY(anna, session_id));

    /* The message crosses the StopSending (4.4.1). */
    EXPECT(demo, sstp_ep_set_availability(ep, id, SSTP_HANDLER_NOT_READY, 0) == SSTP_EP_OK);
    DO(demo_send(demo, anna, session_id, text("sent while you stopped me"), 0));
    actor_wake(ben);
    AWAIT(demo, actor_session_state(anna, session_id) == (int)SSTP_SESSION_BLOCKED);
    AWAIT(demo, anna->num_acknowledged == 1);
    EXPECT(demo, sstp_ep_set_availability(ep, id, SSTP_HANDLER_READY, 0) == SSTP_EP_OK);
    actor_wake(ben);
    AWAIT(demo, READY(anna, session_id));
    DO(demo_send(demo, anna, session_id, text("and on it goes"),
                 SSTP_MESSAGE_FLAG_ACK_IMMEDIATELY));
    AWAIT(demo, anna->num_acknowledged == 2);

    /* The handler fails, and the next one will not even open. */
    EXPECT(demo, sstp_ep_set_availability(ep, id, SSTP_HANDLER_FAULT, SSTP_CLOSE_INTERNAL_ERROR) ==
                     SSTP_EP_OK);
    actor_wake(ben);
    AWAIT(demo, anna->session_reason_id == SSTP_CLOSE_INTERNAL_ERROR);
    ben->availability = SSTP_HANDLER_FAULT;
    DO(demo_open(demo, anna, ben, true, &session_id));
    AWAIT(demo, anna->open_response_id == SSTP_OPEN_RESPONSE_UNKNOWN);
    DO(demo_leave(demo, anna, SSTP_CONNECT_CLOSE_IDLE));
    AWAIT(demo, ben->connection == NULL);
    return true;
}
