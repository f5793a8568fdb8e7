/* SPDX-License-Identifier: GPL-2.0-or-later */
/* refuse: every way in which a Connect is turned down (GRVSSTP 3.1.5.1). */
#include "demo/scenes.h"

#include "base/product.h"

#define RELAY_URL "grooveDNS://relay3.groove.example"

/* One visitor's Connect, its response and the ConnectClose after it. */
static bool visit(struct demo *demo, const struct station *station, struct actor *visitor,
                  const char *target_url, int response_id, uint8_t reason_id)
{
    DO(actor_dial(visitor, station, target_url, false));
    AWAIT(demo, visitor->is_closed && visitor->connection == NULL);
    EXPECT(demo, visitor->response_id == response_id);
    EXPECT(demo, visitor->close_reason_id == reason_id);
    return true;
}

bool scene_refused_connections(struct demo *demo)
{
    struct actor *gina = demo_actor(demo, "Gina"), *hugo = demo_actor(demo, "Hugo");
    struct actor *ida = demo_actor(demo, "Ida");
    const char *const locked_out[] = {hugo->device_url};
    const struct sstp_relay_config open = {.product_version = PRODUCT_RELAY_2007,
                                           .minor_version = 5,
                                           .max_connections_per_device = 1,
                                           .locked_out = locked_out,
                                           .num_locked_out = 1,
                                           .retry_time = 3600};
    const struct sstp_relay_config strict = {.product_version = PRODUCT_RELAY_2007,
                                             .minor_version = 5,
                                             .auth = SSTP_RELAY_AUTH_REQUIRED};
    const struct {
        uint8_t major_version, minor_version;
        int response_id;
        uint8_t reason_id;
    } versions[] = {
        {0, 9, SSTP_CONNECT_RESPONSE_NEW_VERSION_REQUIRED, SSTP_CONNECT_CLOSE_NEW_VERSION_REQUIRED},
        {2, 5, SSTP_CONNECT_RESPONSE_WILL_UPGRADE, SSTP_CONNECT_CLOSE_UPGRADE},
        {2, 9, SSTP_CONNECT_RESPONSE_WONT_UPGRADE, SSTP_CONNECT_CLOSE_UPGRADE}};

    struct station *relay3 = demo_station(demo, RELAY_URL, &open);
    struct station *relay4 = demo_station(demo, RELAY_URL, &strict);
    EXPECT(demo, relay3 != NULL && relay4 != NULL);

    DO(visit(demo, relay3, gina, "grooveDNS://relay9.groove.example",
             SSTP_CONNECT_RESPONSE_WRONG_DEVICE, SSTP_CONNECT_CLOSE_NO_REASON));
    for (size_t i = 0; i < G_N_ELEMENTS(versions); i++) {
        gina->major_version = versions[i].major_version;
        gina->minor_version = versions[i].minor_version;
        DO(visit(demo, relay3, gina, RELAY_URL, versions[i].response_id, versions[i].reason_id));
    }
    DO(visit(demo, relay3, hugo, RELAY_URL, SSTP_CONNECT_RESPONSE_CONNECT_REJECTED,
             SSTP_CONNECT_CLOSE_REJECTED));
    DO(visit(demo, relay4, ida, RELAY_URL, SSTP_CONNECT_RESPONSE_AUTHENTICATION_FAILED,
             SSTP_CONNECT_CLOSE_DEVICE_AUTHENTICATION_FAILED));

    /* Ida a second time, while she is there: Ok, and closed all the same. */
    struct actor *twin = actor_again(ida);
    ida = actor_again(ida);
    DO(actor_dial(ida, relay3, relay3->url, false));
    AWAIT(demo, ida->is_ready);
    DO(visit(demo, relay3, twin, RELAY_URL, SSTP_CONNECT_RESPONSE_OK,
             SSTP_CONNECT_CLOSE_CROSSED_CONNECTIONS));
    DO(demo_leave(demo, ida, SSTP_CONNECT_CLOSE_NO_REASON));
    return true;
}
