/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Virtual connections, by the stories of virtual_story.h. */
#include "random.h"
#include "virtual_story.h"

#define LL HENC_KIND_LONGLIVED
#define KA HENC_KIND_KEEPALIVE
#define PO HENC_KIND_POLLING

static const struct {
    const char *name;
    enum henc_kind kind;
    const char *story;
    const char *state;
    const char *findings;
    const char *to_server;
    const char *to_client;
} stories[] = {
    /* LongLived */
    {"longlived", LL, "get@1+ post@2+=echo 200@1 data@1=echo data@2=ab data@1=xy data@2=cd finish",
     "established", "", "abcd", "xy"},
    {"longlived-data-after-echo", LL, "get@1 post@2 200@1=echo data@2=echo+ab data@1=xy",
     "established", "", "ab", "xy"},
    {"longlived-post-first", LL, "post@2=echo get@1 200@1=echo data@2=ab data@1=x", "established",
     "", "ab", "x"},
    {"longlived-connecting", LL, "get@1", "connecting", "", "", ""},
    {"longlived-connected", LL, "get@1 post@2", "connected", "", "", ""},
    {"longlived-echo-undecided-until-get", LL, "get@1 post@2 200@1=echo data@2=echo data@2=ab",
     "established", "", "ab", ""},
    {"longlived-echo-mismatch", LL, "get@1 post@2=echo 200@1=pong", "established", "echo_mismatch",
     "", ""},
    {"longlived-echo-mismatch-post-late", LL, "get@1 200@1=pong post@2=echo", "established",
     "echo_mismatch", "", ""},
    {"longlived-no-echo-on-post", LL, "get@1 post@2=ab", "connected", "handshake_order", "ab", ""},
    {"longlived-no-echo-on-get", LL, "get@1 post@2=echo 200@1=xy data@1=z", "connected",
     "handshake_order", "", "xyz"},
    {"longlived-data-too-early", LL, "get@1 post@2=echo data@2=ab 200@1=echo", "established",
     "handshake_order", "ab", ""},
    {"longlived-data-before-get", LL, "post@2=echo data@2=ab get@1 200@1=echo", "established",
     "handshake_order", "ab", ""},
    {"longlived-server-first", LL, "get@1 post@2=echo 200@1=echo data@1=xy data@2=ab",
     "established", "handshake_order", "ab", "xy"},
    {"longlived-get-alone", LL, "get@1 200@1=echo data@1=xy finish", "established", "missing_half",
     "", "xy"},
    {"longlived-post-alone", LL, "post@2=echo data@2=ab finish", "connecting", "missing_half", "ab",
     ""},
    {"longlived-ends-with-get", LL, "get@1 post@2=echo 200@1=echo end@1", "closed", "", "", ""},
    {"longlived-ends-with-post", LL, "get@1 post@2=echo 200@1=echo end@2", "closed", "", "", ""},
    {"longlived-goes-on-after-get", LL, "get@1 post@2=echo 200@1=echo data@2=a end@1 data@2=b",
     "closed", "", "ab", ""},
    {"longlived-other-connection-ends", LL, "get@1 post@2=echo 200@1=echo end@9", "established", "",
     "", ""},
    {"longlived-rejected", LL, "get@1 post@2=echo 400@1", "closed", "", "", ""},
    {"longlived-post-answered", LL, "get@1 post@2=echo 200@1=echo 200@2=xy", "established",
     "post_answer_body", "", ""},
    {"longlived-proxy-asks", LL,
     "get@1 407@1 end@1 get@3 post@2=echo 407@2 post@2=echo 200@3=echo data@2=ab", "established",
     "", "ab", ""},
    {"longlived-lost-echo", LL, "get@1 post@2 lost@2=ab 200@1 lost@1=xy", "established", "", "|ab",
     "|xy"},
    {"longlived-snap-length", LL, "get@1 post@2=echo 200@1=echo data@2=ab~ data@2=cd",
     "established", "", "ab|cd", ""},

    {"longlived-refused", LL, "get@1 400@1 end@1 finish", "closed", "", "", ""},
    {"longlived-given-up", LL, "get@1 end@1 finish", "closed", "", "", ""},
    {"longlived-get-alone-and-ended", LL, "get@1 200@1=echo data@1=xy end@1 finish", "closed",
     "missing_half", "", "xy"},
    {"longlived-data-on-post", LL, "get@1 post@2=echo 200@1=echo stray@2", "established",
     "wrong_half", "", ""},
    {"longlived-guid-twice", LL, "get@1 post@2=echo 200@1=echo get@3", "established", "guid_in_use",
     "", ""},
    {"longlived-guid-twice-on-post", LL, "get@1 post@2=echo 200@1=echo post@3=echo", "established",
     "guid_in_use", "", ""},
    {"longlived-header-missing", LL, "get@1% post@2=echo 200@1=echo", "established", "encap_header",
     "", ""},

    /* KeepAlive */
    {"keepalive-empty-get-answer", KA,
     "get@1+ post@2+=echo 200@2=html 200@1=echo get@1 post@2=ab 200@2 200@1", "established",
     "out_of_turn", "ab", ""},
    {"keepalive-two-posts", KA,
     "get@1+ post@2+=echo 200@2=html 200@1=echo post@2=ab post@2^=cd 200@2", "established",
     "out_of_turn", "abcd", ""},
    {"keepalive-two-posts-or-answer-lost", KA,
     "get@1+ post@2+=echo 200@2=html 200@1=echo post@2=ab post@2=cd 200@2", "established", "",
     "abcd", ""},
    {"keepalive-two-answers", KA,
     "get@1+ post@2+=echo 200@2=html 200@1=echo get@1 post@2=ab 200@2 200@1=x 200@1^=y",
     "established", "out_of_turn", "ab", "xy"},
    {"keepalive-post-opened-again", KA,
     "get@1+ post@2+=echo 200@2=html 200@1=echo post@2=ab end@2 post@3=ab 200@3 post@3^=cd 200@3",
     "established", "sequence_repeat", "abcd", ""},
    {"keepalive-guid-twice", KA, "get@1 post@2=echo 200@1=echo 200@2=html get@3", "established",
     "guid_in_use", "", ""},
    {"keepalive-get-after-a-challenge", KA, "get@1 407@1 get@3 post@2=echo 200@2=html 200@3=echo",
     "established", "", "", ""},
    {"keepalive", KA,
     "get@1+ post@2+=echo 200@2=html 200@1=echo get@1 post@2=ab 200@1=xy get@1 200@2 post@2=cd "
     "200@2 finish",
     "established", "", "abcd", "xy"},
    {"keepalive-echo-first", KA, "get@1 post@2=echo 200@1=echo 200@2=html", "established", "", "",
     ""},
    {"keepalive-not-yet", KA, "get@1 post@2=echo 200@1=echo", "connected", "", "", ""},
    {"keepalive-post-answered-first", KA, "post@2=echo 200@2=html get@1 200@1=echo", "established",
     "", "", ""},
    {"keepalive-echo-mismatch", KA, "get@1 post@2=echo 200@2=html 200@1=pong", "established",
     "echo_mismatch", "", ""},
    {"keepalive-empty-first-answer", KA, "get@1 post@2=echo 200@2 200@1=echo", "established",
     "post_answer_body", "", ""},
    {"keepalive-html-later", KA, "get@1 post@2=echo 200@2=html 200@1=echo post@2=ab 200@2=html",
     "established", "post_answer_body", "ab", ""},
    {"keepalive-no-echo", KA, "get@1+ post@2+=ab", "connected", "handshake_order", "ab", ""},
    {"keepalive-data-too-early", KA, "get@1+ post@2=echo 200@2=html post@2=ab", "connected",
     "handshake_order", "ab", ""},
    {"keepalive-server-first", KA, "get@1+ post@2=echo 200@2=html 200@1=echo get@1 200@1=xy",
     "established", "handshake_order", "", "xy"},
    {"keepalive-no-echo-on-get", KA, "get@1+ post@2=echo 200@2=html 200@1=xy", "connected",
     "handshake_order", "", "xy"},
    {"keepalive-get-alone", KA, "get@1+ 200@1=echo get@1 200@1=xy finish", "established",
     "missing_half", "", "xy"},
    {"keepalive-post-alone", KA, "post@2=echo 200@2=html post@2=ab 200@2 finish", "connecting",
     "missing_half", "ab", ""},
    {"keepalive-midway-post", KA, "post@2=ab", NULL, "", "|ab", ""},
    {"keepalive-midway", KA, "post@2=ab 200@2 get@1 200@1=xy finish", "established", "", "|ab",
     "|xy"},
    {"keepalive-midway-get", KA, "get@1 200@1=xy post@2=ab finish", "established", "", "|ab",
     "|xy"},
    {"keepalive-midway-one-half", KA, "post@2=ab 200@2 finish", "established", "", "|ab", ""},
    {"keepalive-reopened-unanswered", KA,
     "get@1 post@2=echo 200@2=html 200@1=echo post@2=ab end@2 post@3=ab 200@3 post@3=cd",
     "established", "sequence_repeat", "abcd", ""},
    {"keepalive-reopened-answered", KA,
     "get@1 post@2=echo 200@2=html 200@1=echo post@2=ab 200@2 end@2 post@3=ab", "established", "",
     "abab", ""},
    {"keepalive-reopened-other-body", KA,
     "get@1 post@2=echo 200@2=html 200@1=echo post@2=ab end@2 post@3=cd", "established", "", "abcd",
     ""},
    {"keepalive-reopened-twice", KA,
     "get@1 post@2=echo 200@2=html 200@1=echo post@2=ab end@2 post@3=ab end@3 post@4=ab 200@4",
     "established", "sequence_repeat", "ab", ""},
    {"keepalive-same-body-not-reopened", KA,
     "get@1 post@2=echo 200@2=html 200@1=echo post@2=ab post@2=ab", "established", "", "abab", ""},
    {"keepalive-reopened-with-echo", KA,
     "get@1 post@2=echo 200@2=html 200@1=echo post@2=ab 200@2 end@2 post@3=echo", "established",
     "handshake_order", "ab", ""},
    {"keepalive-proxy-asks", KA,
     "get@1 407@1 get@1 post@2=echo 407@2 end@2 post@3=echo 200@3=html 200@1=echo post@3=ab "
     "407@3 post@3=ab 200@3",
     "established", "", "ab", ""},
    {"keepalive-ends-with-get", KA, "get@1 post@2=echo 200@2=html 200@1=echo end@1", "closed", "",
     "", ""},
    {"keepalive-post-ends", KA, "get@1 post@2=echo 200@2=html 200@1=echo end@2", "established", "",
     "", ""},
    {"keepalive-rejected", KA, "get@1 post@2=echo 500@2", "closed", "", "", ""},

    /* Polling */
    {"polling", PO,
     "poll@1#0 400@1 end@1 poll@2#0=ab 200@2#0=xy end@2 poll@3#1 200@3#1=z end@3 poll@4#2=cd "
     "200@4#2 end@4 finish",
     "established", "", "abcd", "xyz"},
    {"polling-probing", PO, "poll@1#0", "probing", "", "", ""},
    {"polling-probed", PO, "poll@1#0 400@1", "probed", "", "", ""},
    {"polling-connecting", PO, "poll@1#0 400@1 poll@2#0=ab", "connecting", "", "ab", ""},
    {"polling-first-answer-empty", PO, "poll@1#0 400@1 poll@2#0=ab 200@2#0", "established", "",
     "ab", ""},
    {"polling-midway", PO, "poll@1#37=ab 200@1#37 poll@2#38 200@2#38=xy poll@3#39 200@3#39",
     "established", "", "|ab", "|xy"},
    {"polling-midway-request", PO, "poll@1#37=ab", NULL, "", "|ab", ""},
    {"polling-no-probe", PO, "poll@1#0=ab 200@1#0=x", "established", "handshake_order", "ab", "x"},
    {"polling-second-before-400", PO, "poll@1#0 poll@2*#0=ab 400@1", "connecting",
     "handshake_order", "ab", ""},
    /* Between two TCP connections there is only time. */
    {"polling-400-comes-late", PO, "poll@1#0 poll@2#0=ab 400@1 200@2#0", "established", "", "ab",
     ""},
    {"polling-second-without-data", PO, "poll@1#0 400@1 poll@2#0", "connecting", "handshake_order",
     "", ""},
    {"polling-third-before-200", PO, "poll@1#0 400@1 poll@2#0=ab poll@3*#1=cd", "connecting",
     "handshake_order out_of_turn", "abcd", ""},
    {"polling-probe-answered-200", PO, "poll@1#0 200@1#0=x", "probed", "handshake_order", "", "x"},
    {"polling-400-later", PO, "poll@1#0 400@1 poll@2#0=ab 200@2#0 poll@3#1 400@3", "closed", "",
     "ab", ""},
    {"polling-ends-before-answer", PO, "poll@1#0 400@1 end@1 poll@2#0=ab end@2", "connecting", "",
     "ab", ""},
    {"polling-half-closed", PO,
     "poll@1#0 end@1 400@1 poll@2#0=ab end@2 200@2#0=x poll@3#1=cd end@3 200@3#1=y", "established",
     "", "abcd", "xy"},
    {"polling-answer-lost", PO,
     "poll@1#0 400@1 poll@2#0=ab 200@2#0=x poll@3#1=cd end@3 poll@4#2=ef", NULL, "", "abcdef", "x"},
    {"polling-answer-lost-then-another", PO,
     "poll@1#0 400@1 poll@2#0=ab 200@2#0=x poll@3#1=cd end@3 poll@4#2=ef 200@4#2=z", "established",
     "sequence_gap", "abcdef", "x|z"},
    {"polling-two-outstanding", PO,
     "poll@1#0 400@1 poll@2#0=ab 200@2#0 poll@3#1=cd poll@4*#2=ef 200@3#1 200@4#2", "established",
     "out_of_turn", "abcdef", ""},
    {"polling-two-outstanding-or-out-of-order", PO,
     "poll@1#0 400@1 poll@2#0=ab 200@2#0 poll@3#1=cd poll@4#2=ef 200@3#1 200@4#2", "established",
     "", "abcdef", ""},
    {"polling-two-outstanding-after-an-end", PO,
     "poll@1#0 400@1 poll@2#0=ab 200@2#0 poll@3#1=cd end@3 poll@4*#2=ef 200@4#2", "established",
     "sequence_gap", "abcdef", ""},
    {"polling-two-on-one-connection", PO,
     "poll@1#0 400@1 poll@1#0=ab 200@1#0 poll@1#1=cd poll@1^#2=ef 200@1#2", "established",
     "sequence_gap out_of_turn", "abcdef", ""},
    {"polling-two-answers", PO, "poll@1#0 400@1 poll@2#0=ab 200@2#0 200@2^#1=x", "established",
     "out_of_turn", "ab", "x"},
    {"polling-two-answers-or-not-captured", PO, "poll@1#0 400@1 poll@2#0=ab 200@2#0 200@2#1=x",
     "established", "", "ab", "x"},
    {"polling-polls-too-soon", PO, "poll@1#0 400@1 poll@2#0=ab 200@2#0 fast poll@3#1 200@3#1",
     "established", "timer", "ab", ""},
    {"polling-sends-soon", PO, "poll@1#0 400@1 poll@2#0=ab 200@2#0 fast poll@3#1=c 200@3#1",
     "established", "", "abc", ""},
    {"polling-polls-late", PO, "poll@1#0 400@1 poll@2#0=ab 200@2#0 wait125 poll@3#1 200@3#1",
     "established", "timer", "ab", ""},
    {"polling-polls-at-the-latest", PO,
     "poll@1#0 400@1 poll@2#0=ab 200@2#0 wait110 poll@3#1 200@3#1", "established", "", "ab", ""},
    {"polling-proxy-asks", PO,
     "poll@1#0 407@1 poll@1#0 400@1 poll@2#0=ab 407@2 end@2 poll@3#0=ab 200@3#0=x poll@4#1=cd "
     "401@4 poll@4#1=cd 407@4 poll@4#1=cd 200@4#1",
     "established", "", "abcd", "x"},
    {"polling-repeated", PO, "poll@1#0 400@1 poll@2#0=ab 200@2#0 poll@3#1=cd poll@4#1=cd 200@4#1",
     "established", "sequence_repeat", "abcd", ""},
    {"polling-answer-repeated", PO,
     "poll@1#0 400@1 poll@2#0=ab 200@2#0 poll@3#1=cd poll@4#1=cd 200@3#1=x 200@4#1=x",
     "established", "sequence_repeat", "abcd", "x"},
    {"polling-number-used-again", PO,
     "poll@1#0 400@1 poll@2#0=ab 200@2#0 poll@3#1=cd 200@3#1 poll@4#1=ef 200@4#2", "established",
     "sequence_repeat", "abcdef", ""},
    {"polling-requests-swapped", PO,
     "poll@1#0 400@1 poll@2#0=a 200@2#0 poll@4#2=c poll@3#1=b 200@3#1=x 200@4#2=y", "established",
     "", "abc", "xy"},
    {"polling-answers-swapped", PO,
     "poll@1#0 400@1 poll@2#0=a 200@2#0 poll@3#1=b poll@4#2=c 200@4#2=y 200@3#1=x poll@5#3 "
     "200@5#3",
     "established", "", "abc", "xy"},
    {"polling-exchanges-swapped", PO,
     "poll@1#0 400@1 poll@2#0=a 200@2#0 poll@4#2=c 200@4#2=y poll@3#1=b 200@3#1=x poll@5#3=d "
     "200@5#3=z",
     "established", "sequence_gap", "a|cd", "|yz"},
    {"polling-exchange-missing", PO,
     "poll@1#0 400@1 poll@2#0=a 200@2#0 poll@4#2=c 200@4#2=y poll@5#3=d 200@5#3=z", "established",
     "sequence_gap", "a|cd", "|yz"},
    {"polling-exchange-missing-last", PO, "poll@1#0 400@1 poll@2#0=a 200@2#0 poll@4#2=c 200@4#2=y",
     "established", "sequence_gap", "a|c", "|y"},
    {"polling-exchange-missing-finish", PO,
     "poll@1#0 400@1 poll@2#0=a 200@2#0 poll@4#2=c 200@4#2=y finish", "established", "sequence_gap",
     "a|c", "|y"},
    {"polling-request-missing", PO,
     "poll@1#0 400@1 poll@2#0=a 200@2#0 200@3#1=x poll@4#2=c 200@4#2=y poll@5#3=d 200@5#3",
     "established", "sequence_gap", "a|cd", "xy"},
    {"polling-answer-missing", PO,
     "poll@1#0 400@1 poll@2#0=a 200@2#0 poll@3#1=b poll@4#2=c 200@4#2=y poll@5#3=d 200@5#3=z",
     "established", "sequence_gap", "abcd", "|yz"},
    {"polling-missing-comes-late", PO,
     "poll@1#0 400@1 poll@2#0=a 200@2#0 poll@4#2=c 200@4#2 poll@5#3=d poll@3#1=b", "established",
     "sequence_gap", "a|cd", ""},
    {"polling-snap-length", PO, "poll@1#0 400@1 poll@2#0=ab~ 200@2#0 poll@3#1=cd 200@3#1",
     "established", "", "ab|cd", ""},
    {"polling-answer-without-fields", PO, "poll@1#0 400@1 poll@2#0=ab 200@2=junk", "established",
     "encap_malformed", "ab", ""},
};

static void test_story(gconstpointer data)
{
    const size_t row = GPOINTER_TO_SIZE(data);
    struct world w;
    world_init(&w, stories[row].kind);
    play(&w, stories[row].story);
    char *findings = finding_names(w.findings);
    g_assert_cmpstr(findings, ==, stories[row].findings);
    g_assert_cmpstr(henc_state_name(w.result.state), ==, stories[row].state);
    g_assert_cmpstr(w.log[HENC_TO_SERVER]->str, ==, stories[row].to_server);
    g_assert_cmpstr(w.log[HENC_TO_CLIENT]->str, ==, stories[row].to_client);
    g_free(findings);
    world_clear(&w);
}

/* When the missing number is found missing, and when its followers are let go. */
static void test_moment_of_gap(void)
{
    struct world w;
    world_init(&w, PO);
    play(&w, "poll@1#0 400@1 poll@2#0=a 200@2#0 poll@4#2=c");
    g_assert_cmphex(w.findings, ==, 0);
    g_assert_true(w.result.is_waiting);
    g_assert_cmpuint(w.result.awaited, ==, 1);
    /* An exchange that is answered proves that all before it are over. */
    play(&w, "200@4#2=y");
    g_assert_true(henc_findings_has(w.result.findings, HENC_FINDING_SEQUENCE_GAP));
    g_assert_false(w.result.is_waiting);
    g_assert_cmpuint(w.result.deliveries.num, ==, 2);
    g_assert_cmpuint(w.result.deliveries.items[0].chunk, ==, 5);
    g_assert_cmpint(w.result.deliveries.items[0].direction, ==, HENC_TO_SERVER);
    g_assert_true(w.result.deliveries.items[0].after_gap);
    g_assert_cmpint(w.result.deliveries.items[1].direction, ==, HENC_TO_CLIENT);
    g_assert_true(w.result.deliveries.items[1].after_gap);
    play(&w, "poll@5#3=d");
    g_assert_cmphex(w.result.findings, ==, 0); /* told once */
    g_assert_cmpuint(w.result.deliveries.num, ==, 1);
    world_clear(&w);
}

/* Where another request is open, it may be the capture that is out of order. */
static void test_waits_while_another_is_open(void)
{
    struct world w;
    world_init(&w, PO);
    play(&w, "poll@1#0 400@1 poll@2#0=a 200@2#0 poll@3#1=b poll@4#2=c 200@4#2=y");
    g_assert_cmphex(w.findings, ==, 0);
    g_assert_true(w.result.is_waiting);
    g_assert_cmpuint(w.result.awaited, ==, 1);
    play(&w, "200@3#1=x");
    g_assert_cmphex(w.findings, ==, 0);
    g_assert_cmpstr(w.log[HENC_TO_CLIENT]->str, ==, "xy");
    world_clear(&w);
}

static void test_repeat_is_marked(void)
{
    struct world w;
    world_init(&w, KA);
    play(&w, "get@1 post@2=echo 200@2=html 200@1=echo post@2=ab");
    g_assert_false(w.result.is_repeat);
    play(&w, "end@2 post@3=ab");
    g_assert_true(w.result.is_repeat);
    play(&w, "200@3");
    g_assert_false(w.result.is_repeat);
    world_clear(&w);
}

static void test_renewed(void)
{
    static const struct {
        enum henc_kind kind;
        const char *story;
        enum henc_half half;
        uint64_t transport;
        const char *body;
        bool is_renewed;
    } rows[] = {
        {LL, "get@1 post@2=echo 200@1=echo end@1", HENC_HALF_GET, 5, "", true},
        {LL, "get@1 post@2=echo 200@1=echo end@1", HENC_HALF_POST, 5, "echo", true},
        {LL, "get@1 post@2=echo 200@1=echo", HENC_HALF_GET, 5, "", false},
        {KA, "get@1 post@2=echo 200@1=echo 200@2=html end@1", HENC_HALF_POST, 5, "ab", false},
        {KA, "get@1 post@2=echo 200@1=echo 200@2=html end@1", HENC_HALF_POST, 5, "echo", true},
        {KA, "get@1 post@2=echo 200@1=echo 200@2=html end@1", HENC_HALF_POST, 2, "echo", false},
        {PO, "poll@1#0", HENC_HALF_POST, 5, "", false},
        {PO, "poll@1#0 400@1 poll@2#0=ab 200@2#0", HENC_HALF_POST, 5, "", true},
        {PO, "poll@1#0 400@1 poll@2#0=ab 200@2#0", HENC_HALF_POST, 5, "ab", false},
        {PO, "poll@1#0 400@1 poll@2#0=ab end@2", HENC_HALF_POST, 5, "", false},
        {PO, "poll@1#0 400@1 poll@2#0=ab 500@2", HENC_HALF_POST, 5, "", true},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct world w;
        world_init(&w, rows[i].kind);
        play(&w, rows[i].story);
        uint8_t bytes[256];
        const struct sstp_span data = sstp_span_of_string(body_of(rows[i].body));
        struct henc_polling polling;
        struct henc_message m = {
            .half = rows[i].half, .transport = rows[i].transport, .body = data};
        if (rows[i].kind == PO) {
            m.body = sstp_span(bytes, write_polling(bytes, sizeof bytes, false, 0, data));
            g_assert_cmpint(henc_polling_parse(m.body, false, &polling), ==, HENC_POLLING_OK);
            m.polling = &polling;
        }
        g_assert_cmpint(henc_virtual_is_renewed_by(&w.v, &m), ==, rows[i].is_renewed);
        m.status = 200;
        g_assert_false(henc_virtual_is_renewed_by(&w.v, &m));
        world_clear(&w);
    }
}

/* One octet below, at and above the lengths allowed. */
static void test_lengths(void)
{
    static const struct {
        enum henc_kind kind;
        enum henc_half half;
        unsigned status;
        uint64_t content_length;
        bool is_exceeded;
    } rows[] = {
        {KA, HENC_HALF_POST, 0, HENC_BODY_LEN_MAX - 1, false},
        {KA, HENC_HALF_POST, 0, HENC_BODY_LEN_MAX, false},
        {KA, HENC_HALF_POST, 0, HENC_BODY_LEN_MAX + 1, true},
        {KA, HENC_HALF_GET, 200, HENC_BODY_LEN_MAX, false},
        {KA, HENC_HALF_GET, 200, HENC_BODY_LEN_MAX + 1, true},
        {KA, HENC_HALF_GET, 500, HENC_BODY_LEN_MAX + 1, false},
        {PO, HENC_HALF_POST, 0, HENC_BODY_LEN_MAX, false},
        {PO, HENC_HALF_POST, 0, HENC_BODY_LEN_MAX + 1, true},
        {PO, HENC_HALF_POST, 200, HENC_BODY_LEN_MAX + 1, true},
        {PO, HENC_HALF_POST, 400, HENC_BODY_LEN_MAX + 1, false},
        {LL, HENC_HALF_POST, 0, HENC_LONGLIVED_LENGTH_MAX, false},
        {LL, HENC_HALF_POST, 0, HENC_LONGLIVED_LENGTH_MAX + 1, true},
        {LL, HENC_HALF_GET, 200, HENC_LONGLIVED_LENGTH_MAX, false},
        {LL, HENC_HALF_GET, 200, HENC_LONGLIVED_LENGTH_MAX + 1, true},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct world w;
        world_init(&w, rows[i].kind);
        const struct henc_message m = {.half = rows[i].half,
                                       .status = rows[i].status,
                                       .has_content_length = true,
                                       .content_length = rows[i].content_length};
        g_assert_cmpint(henc_virtual_message(&w.v, &m, &w.result), ==, HENC_OK);
        g_assert_cmpint(henc_findings_has(w.result.findings, HENC_FINDING_CONTENT_LENGTH_EXCEEDED),
                        ==, rows[i].is_exceeded);
        world_clear(&w);
    }
}

static void test_longlived_octets(void)
{
    struct world w;
    world_init(&w, LL);
    const struct henc_message m = {.half = HENC_HALF_POST,
                                   .has_content_length = true,
                                   .content_length = 24,
                                   .body = sstp_span_of_string(body_of("echo"))};
    g_assert_cmpint(henc_virtual_message(&w.v, &m, &w.result), ==, HENC_OK);
    const uint32_t bit = henc_finding_bit(HENC_FINDING_CONTENT_LENGTH_EXCEEDED);
    const uint32_t expected[] = {0, 0, bit, 0}; /* octets 23, 24, 25, 26: told once */
    for (size_t i = 0; i < G_N_ELEMENTS(expected); i++) {
        const struct henc_piece piece = {9, HENC_HALF_POST, false, false, sstp_span("x", 1)};
        henc_virtual_data(&w.v, &piece, &w.result);
        g_assert_cmphex(w.result.findings, ==, expected[i]);
    }
    world_clear(&w);
}

/* The URI's own findings are part of the result, and its ContentLength binds
 * both halves (GRVHENC 3.1.1.1, ConnectionContentLength). */
/* Both halves name one server (GRVHENC 3.1.4.1), in whatever case. */
static void test_servers_of_halves(void)
{
    static const struct {
        const char *target;
        bool is_found;
    } rows[] = {{"/2.0/other.example/" GUID ",ConnType=LongLived", true},
                {"/2.0/Relay.Example/" GUID ",ConnType=LongLived", false}};

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct world w;
        struct henc_uri uri;
        world_init(&w, LL);
        g_assert_true(
            henc_uri_parse(sstp_span_of_string("GET"),
                           sstp_span_of_string("/2.0/relay.example/" GUID ",ConnType=LongLived,"
                                               "ContentLength=2147479552"),
                           &uri));
        struct henc_message m = {.half = HENC_HALF_GET, .transport = 1, .uri = &uri};
        g_assert_cmpint(henc_virtual_message(&w.v, &m, &w.result), ==, HENC_OK);
        g_assert_cmphex(w.result.findings, ==, 0);
        g_assert_true(
            henc_uri_parse(sstp_span_of_string("POST"), sstp_span_of_string(rows[i].target), &uri));
        m.half = HENC_HALF_POST;
        m.transport = 2;
        g_assert_cmpint(henc_virtual_message(&w.v, &m, &w.result), ==, HENC_OK);
        g_assert_cmphex(w.result.findings, ==,
                        rows[i].is_found ? henc_finding_bit(HENC_FINDING_ENCAP_HEADER) : 0);
        world_clear(&w);
    }
}

/* The Content-Length of the POST request and of the GET answer (GRVHENC 2.2.2.2.2, 2.2.2.3.2). */
static void test_lengths_of_longlived(void)
{
    static const struct {
        enum henc_half half;
        unsigned status;
        uint64_t length;
        bool is_found;
    } rows[] = {{HENC_HALF_POST, 0, HENC_LONGLIVED_LENGTH_MAX, false},
                {HENC_HALF_POST, 0, HENC_LONGLIVED_LENGTH_MAX - 1, true},
                {HENC_HALF_GET, 200, HENC_LONGLIVED_LENGTH_MAX, false},
                {HENC_HALF_GET, 200, 1000, true},
                {HENC_HALF_GET, 400, 0, false}};

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct world w;
        world_init(&w, LL);
        if (rows[i].status != 0)
            play(&w, "get@1");
        const struct henc_message m = {.chunk = 9,
                                       .transport = rows[i].status != 0 ? 1 : 2,
                                       .half = rows[i].half,
                                       .status = rows[i].status,
                                       .has_content_length = true,
                                       .content_length = rows[i].length};
        g_assert_cmpint(henc_virtual_message(&w.v, &m, &w.result), ==, HENC_OK);
        g_assert_cmphex(w.result.findings, ==,
                        rows[i].is_found ? henc_finding_bit(HENC_FINDING_ENCAP_HEADER) : 0);
        world_clear(&w);
    }
}

/* An answer names whom its request named. */
static void test_names_of_an_answer(void)
{
    static const struct {
        const char *guid, *server;
        uint32_t findings;
    } rows[] = {
        {GUID, "RELAY.example", 0},
        {GUID, "other.example", 1u << HENC_FINDING_ENCAP_MISMATCH_SERVER},
        {"b5s2fj8q55cxne2v4wr48ad9ciffsznzq9apczi", "relay.example",
         1u << HENC_FINDING_ENCAP_MISMATCH},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct world w;
        world_init(&w, PO);
        play(&w, "poll@1#0 400@1 poll@2#0=a");
        const struct henc_polling polling = {.is_response = true,
                                             .sequence_is_valid = true,
                                             .checksum_is_valid = true,
                                             .poll_is_valid = true,
                                             .version = sstp_span_of_string(HENC_POLLING_VERSION),
                                             .guid = sstp_span_of_string(rows[i].guid),
                                             .server = sstp_span_of_string(rows[i].server)};
        const struct henc_message m = {
            .chunk = 9, .transport = 2, .status = 200, .polling = &polling};
        g_assert_cmpint(henc_virtual_message(&w.v, &m, &w.result), ==, HENC_OK);
        g_assert_cmphex(w.result.findings, ==, rows[i].findings);
        world_clear(&w);
    }
}

static void test_uri_of_request(void)
{
    static const char target[] = "/2.1/relay.example/short,ConnType=LongLived,ContentLength=23";
    struct world w;
    struct henc_uri uri;
    world_init(&w, LL);
    g_assert_true(henc_uri_parse(sstp_span_of_string("GET"), sstp_span_of_string(target), &uri));
    const struct henc_message m = {.half = HENC_HALF_GET, .transport = 1, .uri = &uri};
    g_assert_cmpint(henc_virtual_message(&w.v, &m, &w.result), ==, HENC_OK);
    g_assert_cmphex(w.result.findings, ==,
                    henc_finding_bit(HENC_FINDING_GUID_LENGTH) |
                        henc_finding_bit(HENC_FINDING_ENCAP_VERSION) |
                        henc_finding_bit(HENC_FINDING_ENCAP_HEADER));
    play(&w, "post@2=echo 200@1=echo data@2=a");
    g_assert_cmphex(w.result.findings, ==, 0);
    play(&w, "data@2=b");
    g_assert_cmphex(w.result.findings, ==, henc_finding_bit(HENC_FINDING_CONTENT_LENGTH_EXCEEDED));
    world_clear(&w);
}

/* Without a number nothing can be ordered: the bytes go out as they come. */
static void test_number_unreadable(void)
{
    struct world w;
    world_init(&w, PO);
    play(&w, "poll@1#0 400@1 poll@2#0=a 200@2#0");
    const struct henc_polling polling = {.data = sstp_span_of_string("b")};
    for (unsigned i = 0; i < 2; i++) {
        const struct henc_message m = {
            .chunk = ++w.chunk, .transport = 3, .status = i * 200, .polling = &polling};
        g_assert_cmpint(henc_virtual_message(&w.v, &m, &w.result), ==, HENC_OK);
        g_assert_true(henc_findings_has(w.result.findings, HENC_FINDING_ENCAP_MALFORMED));
        g_assert_cmpuint(w.result.deliveries.num, ==, 1);
        g_assert_cmpint(w.result.deliveries.items[0].direction, ==, i);
    }
    world_clear(&w);
}

static enum henc_error poll_number(struct world *w, bool is_response, uint64_t transport,
                                   uint32_t number, const char *text)
{
    struct henc_message m = {
        .transport = transport, .half = HENC_HALF_POST, .status = is_response ? 200 : 0};
    return show(w, &m, sstp_span_of_string(text), true, number);
}

/* One more than may be parked: the oldest hole is given up, nothing else lost. */
static void test_count_cap(void)
{
    struct world w;
    world_init(&w, PO);
    play(&w, "poll@1#0 400@1 poll@2#0=a 200@2#0");
    for (uint32_t i = 0; i < HENC_PARKED_COUNT_MAX; i++) {
        g_assert_cmpint(poll_number(&w, false, 3, 10 + i, "b"), ==, HENC_OK);
        g_assert_cmpuint(w.result.deliveries.num, ==, 0);
    }
    g_assert_cmphex(w.findings, ==, 0);
    g_assert_cmpint(poll_number(&w, false, 3, 5, "c"), ==, HENC_OK);
    g_assert_true(henc_findings_has(w.result.findings, HENC_FINDING_SEQUENCE_GAP));
    g_assert_cmpuint(w.result.deliveries.num, ==, 1);
    g_assert_cmpint(poll_number(&w, false, 3, 99, "d"), ==, HENC_OK);
    g_assert_cmpuint(w.result.deliveries.num, ==, HENC_PARKED_COUNT_MAX);
    g_assert_true(w.result.deliveries.items[0].after_gap);
    g_assert_false(w.result.deliveries.items[1].after_gap);
    world_clear(&w);
}

static void test_no_memory(void)
{
    struct world w;
    world_init(&w, PO);
    play(&w, "poll@1#0 400@1 poll@2#0=a 200@2#0");
    w.counting.fails_at = w.counting.num_requests + 1;
    g_assert_cmpint(poll_number(&w, false, 3, 2, "c"), ==, HENC_ERROR_MEMORY);
    g_assert_cmpint(poll_number(&w, false, 3, 1, "b"), ==, HENC_OK);
    g_assert_cmpint(poll_number(&w, false, 3, 2, "c"), ==, HENC_OK);
    g_assert_cmpstr(w.log[HENC_TO_SERVER]->str, ==, "abc");
    world_clear(&w);
}

/* Requests shuffled within a window no wider than what may be parked, their
 * answers after: the bytes come out in order, whatever the order. */
static void test_random_orders(void)
{
    enum { NUM = 24 };
    for (uint64_t seed = 0; seed < 300; seed++) {
        struct rng r = rng(seed);
        struct world w;
        world_init(&w, PO);
        play(&w, "poll@1#0 400@1 poll@2#0=< 200@2#0");
        for (int direction = 0; direction < 2; direction++) {
            uint32_t order[NUM];
            for (uint32_t i = 0; i < NUM; i++)
                order[i] = i + 1;
            for (size_t i = NUM; i > 1; i--) {
                const size_t k = rng_below(&r, i);
                const uint32_t swapped = order[i - 1];
                order[i - 1] = order[k];
                order[k] = swapped;
            }
            for (size_t i = 0; i < NUM; i++) {
                const char text[] = {(char)('a' + order[i] - 1), '\0'};
                g_assert_cmpint(
                    poll_number(&w, direction == HENC_TO_CLIENT, 10 + order[i], order[i], text), ==,
                    HENC_OK);
            }
        }
        if (!g_str_equal(w.log[0]->str, "<abcdefghijklmnopqrstuvwx") ||
            !g_str_equal(w.log[1]->str, "abcdefghijklmnopqrstuvwx"))
            g_error("seed %" G_GUINT64_FORMAT ": %s %s", seed, w.log[0]->str, w.log[1]->str);
        world_clear(&w);
    }
}

static void test_last_chunk(void)
{
    struct world w;
    world_init(&w, LL);
    play(&w, "post@2=echo data@2=a data@2=b");
    g_assert_cmpuint(henc_virtual_last_chunk(&w.v), ==, 3);
    play(&w, "finish");
    g_assert_true(henc_findings_has(w.result.findings, HENC_FINDING_MISSING_HALF));
    world_clear(&w);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(stories); i++) {
        char *path = g_strdup_printf("/henc/virtual/story/%s", stories[i].name);
        g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_story);
        g_free(path);
    }
    g_test_add_func("/henc/virtual/moment-of-gap", test_moment_of_gap);
    g_test_add_func("/henc/virtual/waits-while-another-is-open", test_waits_while_another_is_open);
    g_test_add_func("/henc/virtual/repeat-is-marked", test_repeat_is_marked);
    g_test_add_func("/henc/virtual/renewed", test_renewed);
    g_test_add_func("/henc/virtual/lengths", test_lengths);
    g_test_add_func("/henc/virtual/longlived-octets", test_longlived_octets);
    g_test_add_func("/henc/virtual/servers-of-halves", test_servers_of_halves);
    g_test_add_func("/henc/virtual/lengths-of-longlived", test_lengths_of_longlived);
    g_test_add_func("/henc/virtual/names-of-an-answer", test_names_of_an_answer);
    g_test_add_func("/henc/virtual/uri-of-request", test_uri_of_request);
    g_test_add_func("/henc/virtual/number-unreadable", test_number_unreadable);
    g_test_add_func("/henc/virtual/count-cap", test_count_cap);
    g_test_add_func("/henc/virtual/no-memory", test_no_memory);
    g_test_add_func("/henc/virtual/random-orders", test_random_orders);
    g_test_add_func("/henc/virtual/last-chunk", test_last_chunk);
    return g_test_run();
}
