/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is left for the end of a turn: when it is done, and in which order. */
#include "relay/internal.h"
#include "relay/relay.h"

struct scene {
    struct sstp_relay *relay;
    GString *done;
};

static void nobody(void *cookie, void *socket)
{
    (void)cookie;
    (void)socket;
}

static struct scene set_scene(void)
{
    const struct sstp_relay_config config = {.product_version = "", .wake = nobody};
    return (struct scene){sstp_relay_new(&config, 0), g_string_new(NULL)};
}

static void end_scene(struct scene *scene)
{
    sstp_relay_free(scene->relay);
    g_string_free(scene->done, TRUE);
}

/* Writes down the number of the event. */
static void note(void *object, const struct sstp_ep_event *event)
{
    const struct scene *scene = object;
    g_string_append_c(scene->done, (char)('0' + event->number));
}

/* The same, and leaves another one, in a turn of its own. */
static void note_and_go_on(void *object, const struct sstp_ep_event *event)
{
    struct scene *scene = object;
    note(scene, event);
    relay_turn_begin(scene->relay);
    relay_turn_later(scene->relay, note, scene, &(struct sstp_ep_event){.number = 9});
    relay_turn_end(scene->relay);
    g_string_append_c(scene->done, '.');
}

/* Nothing before the end of the outermost; then in the order in which it was left. */
static void test_nested(void)
{
    struct scene scene = set_scene();
    relay_turn_begin(scene.relay);
    relay_turn_later(scene.relay, note, &scene, &(struct sstp_ep_event){.number = 1});
    relay_turn_begin(scene.relay);
    relay_turn_later(scene.relay, note, &scene, &(struct sstp_ep_event){.number = 2});
    relay_turn_end(scene.relay);
    g_assert_cmpstr(scene.done->str, ==, "");
    relay_turn_later(scene.relay, note, &scene, &(struct sstp_ep_event){.number = 3});
    relay_turn_end(scene.relay);
    g_assert_cmpstr(scene.done->str, ==, "123");
    end_scene(&scene);
}

/* What is left by what was left comes after all the rest, and not in its middle. */
static void test_left_at_the_end(void)
{
    struct scene scene = set_scene();
    relay_turn_begin(scene.relay);
    relay_turn_later(scene.relay, note_and_go_on, &scene, &(struct sstp_ep_event){.number = 1});
    relay_turn_later(scene.relay, note, &scene, &(struct sstp_ep_event){.number = 2});
    relay_turn_end(scene.relay);
    g_assert_cmpstr(scene.done->str, ==, "1.29");
    g_assert_false(relay_turn_is_on(scene.relay));
    end_scene(&scene);
}

/* The next turn has nothing of the last. */
static void test_next(void)
{
    struct scene scene = set_scene();
    for (unsigned i = 1; i <= 3; i++) {
        relay_turn_begin(scene.relay);
        relay_turn_later(scene.relay, note, &scene, &(struct sstp_ep_event){.number = i});
        relay_turn_end(scene.relay);
    }
    g_assert_cmpstr(scene.done->str, ==, "123");
    end_scene(&scene);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/relay-turn/nested", test_nested);
    g_test_add_func("/relay-turn/left-at-the-end", test_left_at_the_end);
    g_test_add_func("/relay-turn/next", test_next);
    return g_test_run();
}
