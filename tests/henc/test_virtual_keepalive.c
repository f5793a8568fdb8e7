/* SPDX-License-Identifier: GPL-2.0-or-later */
/* KeepAlive, by the stories of virtual_story.h: handshakes, turns, and a POST that is opened again.
 */
#include "rows.h"
#include "virtual_story.h"

static const struct story stories[] = {
    {"empty-get-answer", "get@1+ post@2+=echo 200@2=html 200@1=echo get@1 post@2=ab 200@2 200@1",
     "established", "out_of_turn", "ab", ""},
    {"two-posts", "get@1+ post@2+=echo 200@2=html 200@1=echo post@2=ab post@2^=cd 200@2",
     "established", "out_of_turn", "abcd", ""},
    {"two-posts-or-answer-lost",
     "get@1+ post@2+=echo 200@2=html 200@1=echo post@2=ab post@2=cd 200@2", "established", "",
     "abcd", ""},
    {"two-answers",
     "get@1+ post@2+=echo 200@2=html 200@1=echo get@1 post@2=ab 200@2 200@1=x 200@1^=y",
     "established", "out_of_turn", "ab", "xy"},
    {"post-opened-again",
     "get@1+ post@2+=echo 200@2=html 200@1=echo post@2=ab end@2 post@3=ab 200@3 post@3^=cd 200@3",
     "established", "sequence_repeat", "abcd", ""},
    {"guid-twice", "get@1 post@2=echo 200@1=echo 200@2=html get@3", "established", "guid_in_use",
     "", ""},
    {"get-after-a-challenge", "get@1 407@1 get@3 post@2=echo 200@2=html 200@3=echo", "established",
     "", "", ""},
    {"usual",
     "get@1+ post@2+=echo 200@2=html 200@1=echo get@1 post@2=ab 200@1=xy get@1 200@2 post@2=cd "
     "200@2 finish",
     "established", "", "abcd", "xy"},
    {"echo-first", "get@1 post@2=echo 200@1=echo 200@2=html", "established", "", "", ""},
    {"not-yet", "get@1 post@2=echo 200@1=echo", "connected", "", "", ""},
    {"post-answered-first", "post@2=echo 200@2=html get@1 200@1=echo", "established", "", "", ""},
    {"snap-length-in-echo", "get@1+ post@2+=echo~ 200@2=html 200@1=echo~ get@1 post@2=ab 200@1=xy",
     "established", "", "|ab", "|xy"},
    {"echo-mismatch", "get@1 post@2=echo 200@2=html 200@1=pong", "established", "echo_mismatch", "",
     ""},
    {"empty-first-answer", "get@1 post@2=echo 200@2 200@1=echo", "established", "post_answer_body",
     "", ""},
    {"html-later", "get@1 post@2=echo 200@2=html 200@1=echo post@2=ab 200@2=html", "established",
     "post_answer_body", "ab", ""},
    {"no-echo", "get@1+ post@2+=ab", "connected", "handshake_order", "ab", ""},
    {"data-too-early", "get@1+ post@2=echo 200@2=html post@2=ab", "connected", "handshake_order",
     "ab", ""},
    {"server-first", "get@1+ post@2=echo 200@2=html 200@1=echo get@1 200@1=xy", "established",
     "handshake_order", "", "xy"},
    {"no-echo-on-get", "get@1+ post@2=echo 200@2=html 200@1=xy", "connected", "handshake_order", "",
     "xy"},
    {"get-alone", "get@1+ 200@1=echo get@1 200@1=xy finish", "established", "missing_half", "",
     "xy"},
    {"post-alone", "post@2=echo 200@2=html post@2=ab 200@2 finish", "connecting", "missing_half",
     "ab", ""},
    {"midway-post", "post@2=ab", NULL, "", "|ab", ""},
    {"midway", "post@2=ab 200@2 get@1 200@1=xy finish", "established", "", "|ab", "|xy"},
    {"midway-get", "get@1 200@1=xy post@2=ab finish", "established", "", "|ab", "|xy"},
    /* The answer with the echo string was to a request that the capture lacks. */
    {"midway-of-get", "post@2+=echo 200@2=html get@1 post@2=ab 200@2 200@1=xy", "connected", "",
     "ab", "xy"},
    {"midway-one-half", "post@2=ab 200@2 finish", "established", "", "|ab", ""},
    {"reopened-unanswered",
     "get@1 post@2=echo 200@2=html 200@1=echo post@2=ab end@2 post@3=ab 200@3 post@3=cd",
     "established", "sequence_repeat", "abcd", ""},
    {"reopened-answered", "get@1 post@2=echo 200@2=html 200@1=echo post@2=ab 200@2 end@2 post@3=ab",
     "established", "", "abab", ""},
    {"reopened-other-body", "get@1 post@2=echo 200@2=html 200@1=echo post@2=ab end@2 post@3=cd",
     "established", "", "abcd", ""},
    {"reopened-twice",
     "get@1 post@2=echo 200@2=html 200@1=echo post@2=ab end@2 post@3=ab end@3 post@4=ab 200@4",
     "established", "sequence_repeat", "ab", ""},
    {"same-body-not-reopened", "get@1 post@2=echo 200@2=html 200@1=echo post@2=ab post@2=ab",
     "established", "", "abab", ""},
    {"reopened-with-echo",
     "get@1 post@2=echo 200@2=html 200@1=echo post@2=ab 200@2 end@2 post@3=echo", "established",
     "handshake_order", "ab", ""},
    {"proxy-asks",
     "get@1 407@1 get@1 post@2=echo 407@2 end@2 post@3=echo 200@3=html 200@1=echo post@3=ab "
     "407@3 post@3=ab 200@3",
     "established", "", "ab", ""},
    {"ends-with-get", "get@1 post@2=echo 200@2=html 200@1=echo end@1", "closed", "", "", ""},
    {"post-ends", "get@1 post@2=echo 200@2=html 200@1=echo end@2", "established", "", "", ""},
    {"rejected", "get@1 post@2=echo 500@2", "closed", "", "", ""},
};

static void test_story(gconstpointer data)
{
    check_story(HENC_KIND_KEEPALIVE, data);
}

static void test_repeat_is_marked(void)
{
    struct world w;
    world_init(&w, HENC_KIND_KEEPALIVE);
    play(&w, "get@1 post@2=echo 200@2=html 200@1=echo post@2=ab");
    g_assert_false(w.result.is_repeat);
    play(&w, "end@2 post@3=ab");
    g_assert_true(w.result.is_repeat);
    play(&w, "200@3");
    g_assert_false(w.result.is_repeat);
    world_clear(&w);
}

/* Whose answer it is that comes after a loss nobody knows. */
static void test_answer_after_a_loss(void)
{
    struct world w;
    world_init(&w, HENC_KIND_KEEPALIVE);
    play(&w, "get@1 post@2=echo");
    henc_virtual_lose(&w.v, 2);
    play(&w, "200@2");
    g_assert_cmphex(w.findings, ==, 0);
    world_clear(&w);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_rows("/henc/virtual_keepalive/story", stories, test_story);
    g_test_add_func("/henc/virtual_keepalive/repeat-is-marked", test_repeat_is_marked);
    g_test_add_func("/henc/virtual_keepalive/answer-after-a-loss", test_answer_after_a_loss);
    return g_test_run();
}
