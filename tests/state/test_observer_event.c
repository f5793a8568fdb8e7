/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attach and register sessions, and what the observer sees in them, line by line (story.h). */
#include "story.h"

static void test_attach(void)
{
    static const struct story_line lines[] = {
        {"I Attach e=1 url=attached", "event asks"},
        {"A AttachResponse e=1 Ok", "event re=3"},
        {"I AttachAuthenticate e=1", "event"},
        {"A AttachResponse e=1 Ok", "event"},
        /* an identity, on an id of its own */
        {"I Register e=2", "event asks"},
        {"I Register e=3", "event asks"},
        {"A RegisterResponse e=3", "event re=8"},
        {"A RegisterResponse e=2", "event re=7"},
        {"A RegisterResponse e=2", "event !unexpected_command"},
        {"I Open s=2", "event !duplicate_session"},
        {"I Attach e=1", "event !duplicate_session"},
        {"A Close s=2", "event"},
        {"I Close s=1", "event"},
        {"I Open s=1", "opening/-@16 asks"},
    };
    STORY_FROM_START(STORY_CONNECTED, lines, NULL, NULL);
}

/* GRVSSTP 3.3.5.17: the device and its account, on the id of the Attach. */
static void test_register_on_attach(void)
{
    static const struct story_line lines[] = {
        {"I Attach e=1", "event asks"},
        {"I Attach e=2", "event asks"},
        {"I Register e=1", "event asks !unexpected_command"},
        {"A AttachResponse e=2 AwaitingRegister", "event re=4"},
        {"I Register e=2", "event asks"},
        {"A RegisterResponse e=2", "event re=7"},
        {"I Register e=0x80000001", "event asks !session_id_range"},
        {"A Close s=2", "event"},
        {"I Register e=2", "event ~unknown_session"},
        {"I Attach e=2", "event asks"},
    };
    STORY_FROM_START(STORY_CONNECTED, lines, NULL, NULL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/state/observer_event/3.2.5.15-attach", test_attach);
    g_test_add_func("/state/observer_event/3.3.5.17-register-on-attach", test_register_on_attach);
    return g_test_run();
}
