/* SPDX-License-Identifier: GPL-2.0-or-later */
/* relay: the scenes of store and forward, and of fanout. */
#include "demo/scenes.h"

#include "base/product.h"

#include <string.h>

#define READY(actor, session_id) (actor_session_state(actor, session_id) == (int)SSTP_SESSION_READY)

#define RELAY_URL "grooveDNS://relay1.groove.example"
#define OTHER_RELAY_URL "grooveDNS://relay2.groove.example"
#define QUOTA 60000u

/* Identities that nobody may send to. */
#define LOCKED_OUT_1 "grooveIdentity://mallory7k2vnp4sx9qbd5jtzw3hrm8cyge6a"
#define LOCKED_OUT_2 "grooveIdentity://trudy3xw8bnq5kvh2sdy7cgm4zptj9rfe6"

/* The cast that the scenes share: Cara sends, Dan receives at relay1. */
static struct actor *cara, *dan;
static struct station *relay1;

static struct sstp_span text(const char *string)
{
    return sstp_span_of_string(string);
}

/* A session to Dan, ready, on a connection that is. */
static bool open_to_dan(struct demo *demo, struct actor *from, bool to_device, uint32_t *session_id)
{
    DO(demo_open(demo, from, dan, to_device, session_id));
    AWAIT(demo, READY(from, *session_id));
    return true;
}

/* GRVSSTP 4.2.3: Cara leaves messages; Dan comes, is registered, and gets them. */
bool scene_store_and_forward(struct demo *demo)
{
    static const char *const locked_out[] = {LOCKED_OUT_1, LOCKED_OUT_2};
    const struct sstp_relay_config config = {.product_version = PRODUCT_RELAY_2010,
                                             .minor_version = 6,
                                             .auth = SSTP_RELAY_AUTH_OPTIONAL,
                                             .quota = QUOTA,
                                             .supports_multi_drop = true,
                                             .locked_out = locked_out,
                                             .num_locked_out = G_N_ELEMENTS(locked_out)};
    uint32_t session_id;

    cara = demo_actor(demo, "Cara");
    dan = demo_actor(demo, "Dan");
    relay1 = demo_station(demo, RELAY_URL, &config);
    EXPECT(demo, relay1 != NULL && actor_dial(cara, relay1, relay1->url, false));
    AWAIT(demo, cara->is_ready);

    DO(open_to_dan(demo, cara, false, &session_id));
    GString *mime = demo_mime(demo, 6000);
    const bool is_sent = demo_send(demo, cara, session_id, sstp_span(mime->str, mime->len), 0);
    g_string_free(mime, TRUE);
    DO(is_sent);
    DO(demo_send(demo, cara, session_id, text("to whichever device you use"), 0));
    AWAIT(demo, cara->num_acknowledged == 2);
    EXPECT(demo,
           sstp_ep_close_session(actor_ep(cara), session_id, SSTP_CLOSE_NO_REASON) == SSTP_EP_OK);
    DO(open_to_dan(demo, cara, true, &session_id));
    DO(demo_send(demo, cara, session_id, text("to the device that you use today"),
                 SSTP_MESSAGE_FLAG_ACK_IMMEDIATELY));
    AWAIT(demo, cara->num_acknowledged == 3);
    DO(demo_leave(demo, cara, SSTP_CONNECT_CLOSE_NO_REASON));

    /* Unknown device, unknown account: both are registered on the way. */
    DO(actor_dial(dan, relay1, relay1->url, true));
    AWAIT(demo, dan->is_ready && dan->num_received == 3);
    /* One session a queue; without more to deliver the relay closes both. */
    AWAIT(demo, dan->num_sessions_closed == 2);
    EXPECT(demo, dan->session_reason_id == SSTP_CLOSE_IDLE);
    DO(demo_leave(demo, dan, SSTP_CONNECT_CLOSE_IDLE));
    return true;
}

/* Dan comes back: now the relay knows his keys.  He is there when Cara sends. */
bool scene_authenticated(struct demo *demo)
{
    uint32_t session_id;

    cara = actor_again(cara);
    dan = actor_again(dan);
    DO(actor_dial(dan, relay1, relay1->url, true));
    AWAIT(demo, dan->is_ready);
    DO(actor_dial(cara, relay1, relay1->url, false));
    AWAIT(demo, cara->is_ready);
    DO(open_to_dan(demo, cara, true, &session_id));
    DO(demo_send(demo, cara, session_id, text("Are you there?"),
                 SSTP_MESSAGE_FLAG_ACK_IMMEDIATELY));
    AWAIT(demo, dan->num_received == 1 && cara->num_acknowledged == 1);
    AWAIT(demo, dan->num_sessions_closed == 1);
    DO(demo_leave(demo, cara, SSTP_CONNECT_CLOSE_NO_REASON));
    return true;
}

static struct sstp_fanout_entry entry_of(const struct actor *actor, bool to_device)
{
    return (struct sstp_fanout_entry){.identity_url = sstp_span_of_string(actor->identity_url),
                                      .device_url =
                                          sstp_span_of_string(to_device ? actor->device_url : "")};
}

static bool open_fanout(struct demo *demo, struct actor *from, const char *resource_url,
                        const struct sstp_fanout_entry *entries, size_t num_entries,
                        uint32_t *session_id)
{
    EXPECT(demo, sstp_ep_fanout_open(actor_ep(from), sstp_span_of_string(resource_url), entries,
                                     num_entries, session_id) == SSTP_EP_OK);
    actor_wake(from);
    return true;
}

/* GRVSSTP 4.2.5, from a client of 2007: three strings an entry, and a
 * SessionStatus for each destination that is lost. */
bool scene_fanout_1_5(struct demo *demo)
{
    struct actor *emil = demo_actor(demo, "Emil");
    uint32_t session_id;

    emil->minor_version = 5;
    emil->product_version = PRODUCT_CLIENT_2007;
    const struct sstp_fanout_entry entries[] = {
        entry_of(dan, true),
        entry_of(cara, false),
        {.identity_url = text(LOCKED_OUT_1), .device_url = text("dpp:///mallorysdevice")},
        {.identity_url = text(LOCKED_OUT_2), .relay_url = text(RELAY_URL)},
    };
    DO(actor_dial(emil, relay1, relay1->url, false));
    AWAIT(demo, emil->is_ready);
    DO(open_fanout(demo, emil, "apphandler", entries, G_N_ELEMENTS(entries), &session_id));
    AWAIT(demo, READY(emil, session_id) && emil->num_lost == 2);
    const unsigned before = dan->num_received;
    DO(demo_send(demo, emil, session_id, text("to all who are left"), 0));
    AWAIT(demo, emil->num_acknowledged == 1 && dan->num_received == before + 1);
    EXPECT(demo,
           sstp_ep_close_session(actor_ep(emil), session_id, SSTP_CLOSE_NO_REASON) == SSTP_EP_OK);
    DO(demo_leave(demo, emil, SSTP_CONNECT_CLOSE_NO_REASON));
    return true;
}

/* The same in SSTP 1.6: four strings an entry, and one SessionStatus with the
 * indexes of both who are lost.  Then a session that has nobody left at all. */
bool scene_fanout_1_6(struct demo *demo)
{
    const struct sstp_fanout_entry entries[] = {{.identity_url = text(LOCKED_OUT_1)},
                                                entry_of(dan, true),
                                                {.identity_url = text(LOCKED_OUT_2)}};
    uint32_t session_id;

    cara = actor_again(cara);
    DO(actor_dial(cara, relay1, relay1->url, false));
    AWAIT(demo, cara->is_ready);
    DO(open_fanout(demo, cara, "apphandler", entries, 3, &session_id));
    AWAIT(demo, READY(cara, session_id) && cara->num_lost == 2);
    GByteArray *binary = demo_binary(demo, 12000);
    const unsigned before = dan->num_received;
    const bool is_sent = demo_send(demo, cara, session_id, sstp_span(binary->data, binary->len),
                                   SSTP_MESSAGE_FLAG_ACK_IMMEDIATELY);
    g_byte_array_free(binary, TRUE);
    DO(is_sent);
    AWAIT(demo, cara->num_acknowledged == 1 && dan->num_received == before + 1);

    DO(open_fanout(demo, cara, "apphandler", entries, 1, &session_id));
    AWAIT(demo, cara->num_lost == 3 && cara->session_reason_id == SSTP_CLOSE_EMPTY_SESSION);
    return true;
}

/* Emma's quota is nearly full: a fanout loses her, by name, a plain session is
 * closed. */
bool scene_quota(struct demo *demo)
{
    struct actor *emma = demo_actor(demo, "Emma");
    const struct sstp_fanout_entry entries[] = {entry_of(dan, true), entry_of(emma, false)};
    GByteArray *binary = demo_binary(demo, 40000);
    const struct sstp_span bytes = sstp_span(binary->data, binary->len);
    uint32_t session_id;
    bool is_sent = demo_open(demo, cara, emma, false, &session_id);

    const unsigned lost = cara->num_lost, acknowledged = cara->num_acknowledged;
    DO(is_sent);
    AWAIT(demo, READY(cara, session_id));
    is_sent = demo_send(demo, cara, session_id, bytes, SSTP_MESSAGE_FLAG_ACK_IMMEDIATELY);
    DO(is_sent);
    AWAIT(demo, cara->num_acknowledged == acknowledged + 1);
    DO(demo_send(demo, cara, session_id, bytes, 0));
    AWAIT(demo, cara->session_reason_id == SSTP_CLOSE_QUOTA_WOULD_BE_EXCEEDED);
    EXPECT(demo, cara->num_unacknowledged == 1);

    DO(open_fanout(demo, cara, "apphandler", entries, 2, &session_id));
    AWAIT(demo, READY(cara, session_id));
    DO(demo_send(demo, cara, session_id, bytes, SSTP_MESSAGE_FLAG_ACK_IMMEDIATELY));
    g_byte_array_free(binary, TRUE);
    AWAIT(demo, cara->num_lost == lost + 1 && cara->num_acknowledged == acknowledged + 2);
    DO(demo_leave(demo, cara, SSTP_CONNECT_CLOSE_NO_REASON));
    return true;
}

/* GRVSSTP 3.3.5.6 and 4.2.4, one refusal after the other. */
bool scene_refused_sessions(struct demo *demo)
{
    const struct sstp_relay_config no_fanout = {.product_version = PRODUCT_RELAY_2010,
                                                .minor_version = 6};
    const struct sstp_fanout_entry local = entry_of(dan, true);
    const struct sstp_fanout_entry remote = {.identity_url = text(dan->identity_url),
                                             .device_url = text(dan->device_url),
                                             .relay_url = text(OTHER_RELAY_URL)};
    const struct sstp_fanout_entry nameless = {.identity_url = text("mailto:dan@groove.example")};
    const struct {
        const char *resource_url;
        const struct sstp_fanout_entry *entry;
        int response_id;
    } refusals[] = {{"apphandler", &remote, SSTP_OPEN_RESPONSE_FANOUT_NOT_SUPPORTED},
                    {"grooveWanDPP", &local, SSTP_OPEN_RESPONSE_NO_RESOURCE},
                    {"apphandler", &nameless, SSTP_OPEN_RESPONSE_UNKNOWN}};
    uint32_t session_id;

    cara = actor_again(cara);
    DO(actor_dial(cara, relay1, relay1->url, false));
    AWAIT(demo, cara->is_ready);
    for (size_t i = 0; i < G_N_ELEMENTS(refusals); i++) {
        DO(open_fanout(demo, cara, refusals[i].resource_url, refusals[i].entry, 1, &session_id));
        AWAIT(demo, cara->open_response_id == refusals[i].response_id);
    }
    /* No destinations: Ok, and the session is gone (SPECIFICATION.md). */
    DO(open_fanout(demo, cara, "apphandler", NULL, 0, &session_id));
    AWAIT(demo, cara->session_reason_id == SSTP_CLOSE_EMPTY_SESSION);
    DO(demo_leave(demo, cara, SSTP_CONNECT_CLOSE_NO_REASON));

    struct station *relay2 = demo_station(demo, OTHER_RELAY_URL, &no_fanout);
    cara = actor_again(cara);
    EXPECT(demo, relay2 != NULL && actor_dial(cara, relay2, relay2->url, false));
    AWAIT(demo, cara->is_ready);
    DO(open_fanout(demo, cara, "apphandler", &local, 1, &session_id));
    AWAIT(demo, cara->open_response_id == SSTP_OPEN_RESPONSE_NO_FANOUT_ENTRIES);
    DO(demo_leave(demo, cara, SSTP_CONNECT_CLOSE_NO_REASON));
    return true;
}

/* Somebody with Dan's account, and somebody with his device, but not his keys. */
bool scene_refused_accounts(struct demo *demo)
{
    struct actor *fake_account = demo_actor(demo, "Fred"), *fake_device = actor_again(dan);

    g_free(fake_account->account_url);
    fake_account->account_url = g_strdup(dan->account_url);
    DO(actor_dial(fake_account, relay1, relay1->url, true));
    AWAIT(demo, fake_account->has_failed && fake_account->connection == NULL);

    fake_device->secret = "not Dan's";
    DO(actor_dial(fake_device, relay1, relay1->url, true));
    AWAIT(demo, fake_device->is_closed && fake_device->connection == NULL);
    EXPECT(demo, fake_device->response_id == SSTP_CONNECT_RESPONSE_AUTHENTICATION_FAILED);
    return true;
}

/* The relay goes to rest while Dan is connected, and says for how long. */
bool scene_resting(struct demo *demo)
{
    live_relay_close(relay1->relay, SSTP_CONNECT_CLOSE_RESTING, 600, false);
    AWAIT(demo, dan->connection == NULL);
    EXPECT(demo, dan->close_reason_id == SSTP_CONNECT_CLOSE_RESTING);

    dan = actor_again(dan);
    DO(actor_dial(dan, relay1, relay1->url, false));
    AWAIT(demo, dan->is_closed && dan->connection == NULL);
    EXPECT(demo, dan->response_id == SSTP_CONNECT_RESPONSE_TRY_LATER);
    return true;
}
