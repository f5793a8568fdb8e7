/* SPDX-License-Identifier: GPL-2.0-or-later */
/* demo: the order of the scenes. */
#include "demo/demo.h"

#include "demo/scenes.h"

#include "base/log.h"
#include "record/recording.h"
#include "base/results.h"

#include <stdio.h>

#define SEED UINT64_C(2010)

static const struct {
    const char *title;
    bool (*play)(struct demo *demo);
} scenes[] = {
    {"device to device, both ways (4.2.1, 4.2.2)", scene_device_to_device},
    {"every field of Message (2.2.10)", scene_message_fields},
    {"acknowledgement across sessions (4.3.1, 4.3.2)", scene_acknowledgement},
    {"flow control (4.4)", scene_flow_control},
    {"store and forward, attach and register (4.2.3)", scene_store_and_forward},
    {"authenticated delivery (4.2.3)", scene_authenticated},
    {"multi-drop fanout in SSTP 1.5 (4.2.5)", scene_fanout_1_5},
    {"multi-drop fanout in SSTP 1.6 (2.2.8)", scene_fanout_1_6},
    {"a quota that is exceeded (2.2.9)", scene_quota},
    {"refused sessions (3.3.5.6, 4.2.4)", scene_refused_sessions},
    {"refused accounts (2.2.15)", scene_refused_accounts},
    {"refused connections (3.1.5.1, 4.1.2)", scene_refused_connections},
    {"a relay that rests (2.2.4)", scene_resting},
    {"every way to travel, through proxies, too (GRVHENC)", scene_carriers},
};

G_STATIC_ASSERT(G_N_ELEMENTS(scenes) == DEMO_SCENES);

static void on_wrong(void *cookie, const char *why)
{
    (void)demo_is_wrong(cookie, why);
}

int demo_play(const struct recording *recording, const struct cast_stop *stop,
              struct simulation *simulation, size_t num_scenes)
{
    struct demo *demo = g_new0(struct demo, 1);
    int result = EXIT_DONE;

    demo->cast.stop = stop;
    demo->cast.wrong = on_wrong;
    demo->cast.cookie = demo;
    if (!cast_init(&demo->cast, recording, NULL, SEED, (struct cast_world){simulation, false})) {
        log_error("the event loop cannot be started");
        result = EXIT_REPORTED;
    }
    for (size_t i = 0; i < num_scenes && result == EXIT_DONE; i++) {
        demo->scene = scenes[i].title;
        result = scenes[i].play(demo) ? EXIT_DONE : EXIT_REPORTED;
        fprintf(results_file(), "%2zu  %-52s %s\n", i + 1, scenes[i].title,
                result == EXIT_DONE ? "done" : "FAILED");
        (void)results_flush();
    }
    cast_clear(&demo->cast);
    proxy_login_free(demo->login);
    g_free(demo);
    return result;
}
