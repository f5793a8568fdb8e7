/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>

#include "henc/phase.h"

#define EVENTS_MAX 6u

static const struct {
    const char *name;
    enum henc_kind kind;
    size_t num;
    enum henc_event events[EVENTS_MAX];
    const char *states; /* after each event, '-' for unknown */
} paths[] = {
    {"longlived",
     HENC_KIND_LONGLIVED,
     4,
     {HENC_EVENT_GET_REQUEST, HENC_EVENT_POST_REQUEST, HENC_EVENT_ECHO_BACK, HENC_EVENT_ENDED},
     "connecting connected established closed"},
    {"longlived-post-first",
     HENC_KIND_LONGLIVED,
     3,
     {HENC_EVENT_POST_REQUEST, HENC_EVENT_GET_REQUEST, HENC_EVENT_ECHO_BACK},
     "connecting connected established"},
    {"longlived-get-alone",
     HENC_KIND_LONGLIVED,
     2,
     {HENC_EVENT_GET_REQUEST, HENC_EVENT_ECHO_BACK},
     "connecting established"},
    {"longlived-rejected",
     HENC_KIND_LONGLIVED,
     2,
     {HENC_EVENT_GET_REQUEST, HENC_EVENT_REJECTED},
     "connecting closed"},
    {"keepalive",
     HENC_KIND_KEEPALIVE,
     5,
     {HENC_EVENT_GET_REQUEST, HENC_EVENT_POST_REQUEST, HENC_EVENT_POST_OK, HENC_EVENT_ECHO_BACK,
      HENC_EVENT_POST_OK},
     "connecting connected connected established established"},
    {"keepalive-echo-first",
     HENC_KIND_KEEPALIVE,
     4,
     {HENC_EVENT_GET_REQUEST, HENC_EVENT_POST_REQUEST, HENC_EVENT_ECHO_BACK, HENC_EVENT_POST_OK},
     "connecting connected connected established"},
    {"keepalive-post-answered-before-get",
     HENC_KIND_KEEPALIVE,
     4,
     {HENC_EVENT_POST_REQUEST, HENC_EVENT_POST_OK, HENC_EVENT_GET_REQUEST, HENC_EVENT_ECHO_BACK},
     "connecting connecting connected established"},
    {"keepalive-echo-before-post",
     HENC_KIND_KEEPALIVE,
     4,
     {HENC_EVENT_GET_REQUEST, HENC_EVENT_ECHO_BACK, HENC_EVENT_POST_REQUEST, HENC_EVENT_POST_OK},
     "connecting connecting connected established"},
    {"keepalive-midway",
     HENC_KIND_KEEPALIVE,
     2,
     {HENC_EVENT_POST_PLAIN, HENC_EVENT_POST_OK},
     "- established"},
    {"polling",
     HENC_KIND_POLLING,
     6,
     {HENC_EVENT_PROBE, HENC_EVENT_BAD_REQUEST, HENC_EVENT_SECOND, HENC_EVENT_POLL_OK,
      HENC_EVENT_NEXT, HENC_EVENT_POLL_OK},
     "probing probed connecting established established established"},
    {"polling-rejected-later",
     HENC_KIND_POLLING,
     4,
     {HENC_EVENT_PROBE, HENC_EVENT_BAD_REQUEST, HENC_EVENT_SECOND, HENC_EVENT_BAD_REQUEST},
     "probing probed connecting closed"},
    {"polling-rejected-when-established",
     HENC_KIND_POLLING,
     3,
     {HENC_EVENT_SECOND, HENC_EVENT_POLL_OK, HENC_EVENT_BAD_REQUEST},
     "connecting established closed"},
    {"polling-midway",
     HENC_KIND_POLLING,
     2,
     {HENC_EVENT_NEXT, HENC_EVENT_POLL_OK},
     "- established"},
    {"closed-stays",
     HENC_KIND_KEEPALIVE,
     4,
     {HENC_EVENT_ENDED, HENC_EVENT_GET_REQUEST, HENC_EVENT_POST_REQUEST, HENC_EVENT_ECHO_BACK},
     "closed closed closed closed"},
    {"no-row-no-change",
     HENC_KIND_LONGLIVED,
     3,
     {HENC_EVENT_GET_REQUEST, HENC_EVENT_PROBE, HENC_EVENT_POST_OK},
     "connecting connecting connecting"},
};

static void test_path(gconstpointer data)
{
    const size_t row = GPOINTER_TO_SIZE(data);
    enum henc_phase phase = HENC_PHASE_START;
    char **states = g_strsplit(paths[row].states, " ", -1);
    g_assert_cmpuint(g_strv_length(states), ==, paths[row].num);
    for (size_t i = 0; i < paths[row].num; i++) {
        phase = henc_phase_next(paths[row].kind, phase, paths[row].events[i]);
        const char *name = henc_state_name(henc_phase_state(phase));
        g_assert_cmpstr(name == NULL ? "-" : name, ==, states[i]);
    }
    g_strfreev(states);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
        char *path = g_strdup_printf("/henc/phase/%s", paths[i].name);
        g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_path);
        g_free(path);
    }
    return g_test_run();
}
