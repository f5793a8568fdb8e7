/* SPDX-License-Identifier: GPL-2.0-or-later */
/* carriers: the scene of the ways in which SSTP travels (GRVHENC 1.3). */
#include "demo/scenes.h"

#include "base/product.h"
#include "carrier/ways.h"

#define READY(actor, session_id) (actor_session_state(actor, session_id) == (int)SSTP_SESSION_READY)

#define RELAY_URL "grooveDNS://relay5.groove.example"

enum { STRAIGHT, OPEN_PROXY, ASKING_PROXY, PROXIES };

static const struct {
    const char *name, *over;
    int proxy;
} ways[] = {{"Tina", "TCP", STRAIGHT},           {"Sam", "443", STRAIGHT},
            {"Connie", "CONNECT", ASKING_PROXY}, {"Sofia", "SOCKS", OPEN_PROXY},
            {"Leo", "LongLived", STRAIGHT},      {"Kim", "KeepAlive", OPEN_PROXY},
            {"Paul", "Polling", STRAIGHT}};

enum { TRAVELLERS = G_N_ELEMENTS(ways) };

/* One that is open to everybody, and one that wants to know who asks, with NTLM. */
static bool start_proxies(struct demo *demo, const struct cast_proxy *proxies[PROXIES])
{
    char *error = NULL;
    demo->login = proxy_login_new(PROXY_NTLM, "GROUP\\connie", "sesame", &error);
    EXPECT(demo, error == NULL);
    for (int i = STRAIGHT + 1; i < PROXIES; i++) {
        struct cast_proxy *proxy = cast_proxy(&demo->cast, i == ASKING_PROXY ? demo->login : NULL);
        EXPECT(demo, proxy != NULL && cast_proxy_start(proxy));
        proxies[i] = proxy;
    }
    return true;
}

/* All of them come to one relay, and are registered. */
static bool come(struct demo *demo, const struct station *relay5, struct actor *actors[TRAVELLERS])
{
    const struct cast_proxy *proxies[PROXIES] = {NULL};
    DO(start_proxies(demo, proxies));
    for (size_t i = 0; i < TRAVELLERS; i++) {
        actors[i] = demo_actor(demo, ways[i].name);
        actors[i]->carrier = carrier_way_over(ways[i].over)->ops;
        actors[i]->proxy = proxies[ways[i].proxy];
        DO(actor_dial(actors[i], relay5, relay5->url, true));
        AWAIT(demo, actors[i]->is_ready);
    }
    return true;
}

/* The first one to all others, at once. */
static bool ask_all(struct demo *demo, struct actor *actors[TRAVELLERS])
{
    struct sstp_fanout_entry entries[TRAVELLERS - 1];
    uint32_t session_id;
    for (size_t i = 1; i < TRAVELLERS; i++)
        entries[i - 1] =
            (struct sstp_fanout_entry){.identity_url = sstp_span_of_string(actors[i]->identity_url),
                                       .device_url = sstp_span_of_string(actors[i]->device_url)};
    EXPECT(demo, sstp_ep_fanout_open(actor_ep(actors[0]), sstp_span_of_string("apphandler"),
                                     entries, G_N_ELEMENTS(entries), &session_id) == SSTP_EP_OK);
    actor_wake(actors[0]);
    AWAIT(demo, READY(actors[0], session_id));
    GString *mime = demo_mime(demo, 4000);
    const bool is_sent = demo_send(demo, actors[0], session_id, sstp_span(mime->str, mime->len), 0);
    g_string_free(mime, TRUE);
    DO(is_sent);
    for (size_t i = 1; i < TRAVELLERS; i++)
        AWAIT(demo, actors[i]->num_received == 1);
    AWAIT(demo, actors[0]->num_acknowledged == 1);
    return true;
}

/* Each of the others answers, and leaves. */
static bool answer(struct demo *demo, struct actor *actors[TRAVELLERS])
{
    uint32_t session_id;
    for (size_t i = 1; i < TRAVELLERS; i++) {
        DO(demo_open(demo, actors[i], actors[0], true, &session_id));
        AWAIT(demo, READY(actors[i], session_id));
        DO(demo_send(demo, actors[i], session_id, sstp_span_of_string(ways[i].over),
                     SSTP_MESSAGE_FLAG_ACK_IMMEDIATELY));
        AWAIT(demo, actors[i]->num_acknowledged == 1 && actors[0]->num_received == i);
        AWAIT(demo, actors[i]->num_sessions_closed == 1);
        DO(demo_leave(demo, actors[i], SSTP_CONNECT_CLOSE_IDLE));
    }
    return true;
}

bool scene_carriers(struct demo *demo)
{
    const struct sstp_relay_config config = {.product_version = PRODUCT_RELAY_2010,
                                             .minor_version = 6,
                                             .auth = SSTP_RELAY_AUTH_OPTIONAL,
                                             .supports_multi_drop = true};
    struct actor *actors[TRAVELLERS];
    struct station *relay5 = demo_station(demo, RELAY_URL, &config);
    EXPECT(demo, relay5 != NULL);
    DO(come(demo, relay5, actors) && ask_all(demo, actors) && answer(demo, actors));
    DO(demo_leave(demo, actors[0], SSTP_CONNECT_CLOSE_IDLE));
    return true;
}
