/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scene.h"

struct scene scene_set(uint8_t minor, const struct sstp_relay_config *relay2)
{
    struct scene s = {.town = town_new()};
    s.relay1 = town_relay(s.town, 1, &(struct sstp_relay_config){.minor_version = minor});
    s.relay2 = town_relay(s.town, 2, relay2);
    s.a = town_client(s.town, 'A', s.relay1, minor, false);
    s.b = town_client(s.town, 'B', s.relay1, minor, true);
    s.c = town_client(s.town, 'C', s.relay1, minor, true);
    return s;
}

void scene_bring_d_and_e(struct scene *s, uint8_t minor)
{
    s->d = town_client(s->town, 'D', s->relay2, minor, true);
    s->e = town_client(s->town, 'E', s->relay2, minor, true);
}

void scene_open_to_all(struct scene *s)
{
    s->id = town_fanout(s->a, "b0 c1 d2 e2");
    g_assert_true(READY(s->a, s->id));
}

struct puppet_scene puppet_scene_set(const char *names)
{
    struct puppet_scene s = {.town = town_new()};
    s.relay1 = town_relay(s.town, 1, NULL);
    s.two = town_puppet(s.town, 2, 6);
    s.a = town_client(s.town, 'A', s.relay1, 6, false);
    s.id = town_fanout(s.a, names);
    (void)sstp_ep_set_availability(s.two->puppet, s.two->opened_id, SSTP_HANDLER_READY, 0);
    town_settle(s.town);
    return s;
}

void puppet_scene_block(const struct puppet_scene *s)
{
    (void)sstp_ep_set_availability(s->two->puppet, s->two->opened_id, SSTP_HANDLER_NOT_READY, 0);
    town_hear(s->two, s->relay1);
}
