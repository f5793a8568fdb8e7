/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "playing.h"

#include "play/fact.h"
#include "record/recording_clock.h"
#include "simulated/simulation.h"

static bool is_stopped(void *cookie)
{
    (void)cookie;
    return true;
}

static void on_wrong(void *cookie, const char *why)
{
    const struct player *player = cookie;
    g_ptr_array_add(player->failures, g_strdup(why));
}

void playing_begin(struct playing *playing, const char *text)
{
    static const struct cast_stop stop = {.is_stopped = is_stopped};
    *playing = (struct playing){.scenario = scenario_text_parse(text),
                                .simulation = simulation_new(1, SIMULATION_START_NS)};
    recording_clock_simulate(&playing->recording.clock, simulation_clock(playing->simulation));
    struct player *player = playing->player = g_new0(struct player, 1);
    player->scenario = playing->scenario;
    player->seed = 7;
    player->cast.stop = &stop;
    player->cast.wrong = on_wrong;
    player->cast.cookie = player;
    player->failures = g_ptr_array_new_with_free_func(g_free);
    g_assert_true(cast_init(&player->cast, &playing->recording, NULL, 1,
                            (struct cast_world){playing->simulation, false}));
    for (unsigned i = 0; i < playing->scenario->num_devices; i++)
        player->devices[i].actor = cast_actor(&player->cast, playing->scenario->devices[i].name);
    facts_init(player);
}

void playing_end(struct playing *playing)
{
    facts_clear(playing->player);
    cast_clear(&playing->player->cast);
    simulation_free(playing->simulation);
    g_ptr_array_free(playing->player->failures, TRUE);
    g_free(playing->player);
    scenario_free(playing->scenario);
}

void playing_tell(struct playing *playing, unsigned device, struct sstp_ep_event event)
{
    facts_told(playing->player, playing->player->devices[device].actor, &event);
}

void playing_connect(struct playing *playing, unsigned device)
{
    playing_tell(playing, device, (struct sstp_ep_event){.kind = SSTP_EP_EVENT_ESTABLISHED});
}

void playing_open(struct playing *playing, unsigned session, uint32_t id)
{
    const struct scenario_session *declared = &playing->scenario->sessions[session];
    const struct device_play *devices = playing->player->devices;
    struct session_play *play = &playing->player->sessions[session];
    play->is_known = true;
    play->id = id;
    play->originator_connection = devices[declared->originator].connection;
    if (declared->receiver != SCENARIO_NONE)
        play->receiver_connection = devices[declared->receiver].connection;
}

char *playing_failures(struct playing *playing)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < playing->player->failures->len; i++)
        g_string_append_printf(text, "%s%s", i > 0 ? "\n" : "",
                               (char *)g_ptr_array_index(playing->player->failures, i));
    g_ptr_array_set_size(playing->player->failures, 0);
    return g_string_free(text, FALSE);
}
