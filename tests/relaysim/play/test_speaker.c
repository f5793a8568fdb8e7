/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two speakers with each other: what one says the other hears, and its end. */
#include "playing.h"

#include <string.h>

#include "play/speaker.h"

#define LONG_MS 60000 /* of the simulated clock, in which what is awaited comes */

struct fixture {
    struct playing playing;
    struct speaker caller, callee;
    int64_t end_ms;
};

static void set_up(struct fixture *f, gconstpointer data)
{
    (void)data;
    playing_begin(&f->playing, PLAY);
    struct cast *cast = &f->playing.player->cast;
    cast->stop = NULL;
    f->end_ms = net_now_ms(cast->net) + LONG_MS;
    speaker_init(&f->caller, cast, 60);
    speaker_init(&f->callee, cast, 61);
}

static void tear_down(struct fixture *f, gconstpointer data)
{
    (void)data;
    playing_end(&f->playing);
    speaker_clear(&f->caller);
    speaker_clear(&f->callee);
}

#define AWAIT(f, condition)                                                                        \
    while (!(condition))                                                                           \
    g_assert_true(cast_turn(&(f)->playing.player->cast, (f)->end_ms))

static void test_conversation(struct fixture *f, gconstpointer data)
{
    (void)data;
    g_assert_false(speaker_can_speak(&f->caller));
    g_assert_true(speaker_call_peer(&f->caller, &f->callee, 80));
    g_assert_true(speaker_can_speak(&f->caller) && speaker_can_speak(&f->callee));
    /* Before there is a connection. */
    speaker_say(&f->caller, sstp_span_of_string("hello there"));
    speaker_say(&f->callee, sstp_span_of_string("and to you"));
    AWAIT(f, speaker_takes(&f->callee, sstp_span_of_string("lo th")));
    /* What is before it is forgotten with it. */
    g_assert_false(speaker_takes(&f->callee, sstp_span_of_string("hel")));
    AWAIT(f, speaker_takes(&f->callee, sstp_span_of_string("ere")));
    AWAIT(f, speaker_takes(&f->caller, sstp_span_of_string("and to you")));
    speaker_say(&f->callee, sstp_span_of_string("bye"));
    speaker_hang_up(&f->callee);
    AWAIT(f, speaker_takes(&f->caller, sstp_span_of_string("bye")));
    AWAIT(f, f->caller.socket == NULL && f->callee.socket == NULL);
    g_assert_false(speaker_can_speak(&f->callee));
}

/* Once more, with nothing left of the last time. */
static void test_again(struct fixture *f, gconstpointer data)
{
    (void)data;
    for (int i = 0; i < 2; i++) {
        g_assert_true(speaker_call_peer(&f->caller, &f->callee, 80));
        speaker_say(&f->caller, sstp_span_of_string("one, two"));
        AWAIT(f, speaker_takes(&f->callee, sstp_span_of_string("one")));
        speaker_hang_up(&f->caller);
        AWAIT(f, f->caller.socket == NULL && f->callee.socket == NULL);
    }
    g_assert_true(speaker_takes(&f->callee, sstp_span_of_string("two")));
    g_assert_false(speaker_takes(&f->callee, sstp_span_of_string("two")));
}

/* A call that nobody takes is told, once, and may be tried again. */
static void test_nobody(struct fixture *f, gconstpointer data)
{
    (void)data;
    g_assert_true(speaker_call_peer(&f->caller, &f->callee, 80));
    net_listener_close(f->callee.listener);
    f->callee.listener = NULL;
    AWAIT(f, f->caller.socket == NULL);
    char *failures = playing_failures(&f->playing);
    g_assert_nonnull(strstr(failures, "a speaker is not connected: "));
    g_free(failures);
    g_assert_false(speaker_can_speak(&f->caller));
    test_again(f, NULL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/speaker/conversation", struct fixture, NULL, set_up, test_conversation, tear_down);
    g_test_add("/speaker/again", struct fixture, NULL, set_up, test_again, tear_down);
    g_test_add("/speaker/nobody", struct fixture, NULL, set_up, test_nobody, tear_down);
    return g_test_run();
}
