/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was captured before something that it follows, by the stories of virtual_story.h: the last
 * word of each is not played, and asked about. */
#include "virtual_story.h"

#define LL HENC_KIND_LONGLIVED
#define KA HENC_KIND_KEEPALIVE
#define PO HENC_KIND_POLLING

static const struct {
    const char *name;
    enum henc_kind kind;
    const char *story;
    bool is_piece;
    enum henc_half half;
    unsigned status;
    uint64_t transport;
    int number; /* -1: none */
    const char *body;
    bool is_early;
} rows[] = {
    {"data-before-the-echo", LL, "get@1 post@2=echo", true, HENC_HALF_POST, 0, 2, -1, "ab", true},
    {"data-after-the-echo", LL, "get@1 post@2=echo 200@1=echo", true, HENC_HALF_POST, 0, 2, -1,
     "ab", false},
    {"echo-of-the-client", LL, "get@1 post@2", true, HENC_HALF_POST, 0, 2, -1, "echo", false},
    {"echo-of-the-server", LL, "get@1 post@2=echo 200@1", true, HENC_HALF_GET, 0, 1, -1, "echo",
     false},
    {"echo-and-data-of-the-server", LL, "get@1 post@2=echo 200@1", true, HENC_HALF_GET, 0, 1, -1,
     "echo+ab", true},
    {"server-before-the-client", LL, "get@1 post@2=echo 200@1=echo", true, HENC_HALF_GET, 0, 1, -1,
     "xy", true},
    {"server-after-the-client", LL, "get@1 post@2=echo 200@1=echo data@2=ab", true, HENC_HALF_GET,
     0, 1, -1, "xy", false},
    {"server-before-any-post", LL, "get@1 200@1=echo", true, HENC_HALF_GET, 0, 1, -1, "xy", true},
    {"guid-in-use", LL, "get@1 post@2=echo 200@1=echo", false, HENC_HALF_GET, 0, 3, -1, "", true},
    {"guid-free-again", LL, "get@1 post@2=echo 200@1=echo end@1", false, HENC_HALF_GET, 0, 3, -1,
     "", false},
    {"post-before-the-echo", KA, "get@1+ post@2+=echo 200@2=html", false, HENC_HALF_POST, 0, 2, -1,
     "ab", true},
    {"post-after-the-echo", KA, "get@1+ post@2+=echo 200@2=html 200@1=echo", false, HENC_HALF_POST,
     0, 2, -1, "ab", false},
    {"post-over-another-connection", KA, "get@1+ post@2+=echo 200@2=html 200@1=echo post@2=ab",
     false, HENC_HALF_POST, 0, 3, -1, "ab", true},
    {"post-over-another-after-the-end", KA,
     "get@1+ post@2+=echo 200@2=html 200@1=echo post@2=ab end@2", false, HENC_HALF_POST, 0, 3, -1,
     "ab", false},
    {"answer-before-the-post", KA, "get@1+ post@2+=echo 200@2=html 200@1=echo get@1", false,
     HENC_HALF_GET, 200, 1, -1, "xy", true},
    {"answer-of-an-echo", KA, "get@1+ post@2+=echo 200@2=html", false, HENC_HALF_GET, 200, 1, -1,
     "echo", false},
    {"second-before-the-probe", PO, "", false, HENC_HALF_POST, 0, 1, 0, "ab", true},
    {"probe", PO, "", false, HENC_HALF_POST, 0, 1, 0, "", false},
    {"second-before-the-400", PO, "poll@1#0", false, HENC_HALF_POST, 0, 2, 0, "ab", true},
    {"second-after-the-400", PO, "poll@1#0 400@1", false, HENC_HALF_POST, 0, 2, 0, "ab", false},
    {"number-missing", PO, "poll@1#0 400@1 poll@2#0=ab 200@2#0", false, HENC_HALF_POST, 0, 3, 2,
     "cd", true},
    {"number-due", PO, "poll@1#0 400@1 poll@2#0=ab 200@2#0", false, HENC_HALF_POST, 0, 3, 1, "cd",
     false},
    {"request-before-an-answer", PO, "poll@1#0 400@1 poll@2#0=ab", false, HENC_HALF_POST, 0, 3, 1,
     "cd", true},
    {"answer-missing", PO, "poll@1#0 400@1 poll@2#0=ab 200@2#0 poll@3#1", false, HENC_HALF_POST,
     200, 3, 2, "xy", true},
    {"capture-begins", PO, "", false, HENC_HALF_POST, 0, 1, 7, "ab", false},
};

static bool is_early(const struct world *w, size_t row, struct sstp_span body)
{
    struct henc_piece piece = {99, rows[row].half, false, false, body};
    struct henc_message m = {.chunk = 99,
                             .transport = rows[row].transport,
                             .half = rows[row].half,
                             .status = rows[row].status,
                             .opened = 1};
    struct henc_polling polling;
    uint8_t bytes[512];

    if (rows[row].is_piece)
        return henc_virtual_piece_is_early(&w->v, &piece);
    m.body = body;
    if (rows[row].number >= 0) {
        m.body.len =
            write_polling(bytes, sizeof bytes, m.status != 0, (uint32_t)rows[row].number, body);
        m.body.data = bytes;
        g_assert_cmpint(henc_polling_parse(m.body, m.status != 0, &polling), ==, HENC_POLLING_OK);
        m.polling = &polling;
    }
    return henc_virtual_is_early(&w->v, &m);
}

/* Whether a request of Polling with this number on TCP connection 5 waits for nothing but the
 * answer on `transport`, 0: not so. */
static const struct {
    const char *name, *story;
    uint32_t number;
    uint64_t transport;
} answers[] = {
    {"one", "poll@1#0 400@1 poll@2#0=ab", 1, 2},
    {"of-the-probe", "poll@1#0", 0, 1},
    {"none", "poll@1#0 400@1 poll@2#0=ab 200@2#0", 1, 0},
    {"of-two", "poll@1#0 400@1 poll@2#0=ab 200@2#0 poll@3#1 poll@4#2", 3, 0},
    {"and-a-number", "poll@1#0 400@1 poll@2#0=ab", 2, 0},
    {"that-is-lost", "poll@1#0 400@1 poll@2#0=ab end@2", 1, 0},
    {"on-its-own-connection", "poll@1#0 400@1 poll@5#0=ab", 1, 0},
};

static void test_answer(gconstpointer data)
{
    const size_t row = GPOINTER_TO_SIZE(data);
    const struct sstp_span body = sstp_span("cd", 2);
    struct henc_polling polling;
    uint64_t transport = 0;
    uint8_t bytes[512];
    struct world w;

    world_init(&w, PO);
    play(&w, answers[row].story);
    struct henc_message m = {.chunk = 99, .transport = 5, .half = HENC_HALF_POST, .body = body};
    m.body.len = write_polling(bytes, sizeof bytes, false, answers[row].number, body);
    m.body.data = bytes;
    g_assert_cmpint(henc_polling_parse(m.body, false, &polling), ==, HENC_POLLING_OK);
    m.polling = &polling;
    const bool awaits = henc_virtual_awaits_answer(&w.v, &m, &transport);
    g_assert_cmpint(awaits, ==, answers[row].transport != 0);
    if (awaits)
        g_assert_cmpuint(transport, ==, answers[row].transport);
    world_clear(&w);
}

static void test_row(gconstpointer data)
{
    const size_t row = GPOINTER_TO_SIZE(data);
    struct world w;

    world_init(&w, rows[row].kind);
    if (rows[row].story[0] != '\0')
        play(&w, rows[row].story);
    const struct sstp_span body = sstp_span_of_string(body_of(rows[row].body));
    g_assert_cmpint(is_early(&w, row, body), ==, rows[row].is_early);
    world_clear(&w);
}

/* Nobody is waited for on whom something is known to be missing. */
static void test_lost(void)
{
    const struct henc_piece piece = {99, HENC_HALF_POST, false, false, sstp_span("ab", 2)};
    struct world w;

    world_init(&w, LL);
    play(&w, "get@1 post@2=echo");
    g_assert_true(henc_virtual_piece_is_early(&w.v, &piece));
    henc_virtual_lose(&w.v, 1);
    g_assert_false(henc_virtual_piece_is_early(&w.v, &piece));
    play(&w, "data@2=ab 200@1=echo");
    g_assert_cmpuint(w.findings, ==, 0);
    world_clear(&w);
}

/* Whether a request of Polling with this number is early. */
static bool is_request_early(const struct world *w, uint32_t number, const char *data)
{
    const struct sstp_span body = sstp_span_of_string(data);
    struct henc_polling polling;
    uint8_t bytes[512];
    struct henc_message m = {.chunk = 99, .transport = 5, .half = HENC_HALF_POST};

    m.body.len = write_polling(bytes, sizeof bytes, false, number, body);
    m.body.data = bytes;
    g_assert_cmpint(henc_polling_parse(m.body, false, &polling), ==, HENC_POLLING_OK);
    m.polling = &polling;
    return henc_virtual_is_early(&w->v, &m);
}

/* Where a request was captured after its answer, what it follows may come later still. */
static void test_disorder(void)
{
    struct world w;

    world_init(&w, PO);
    g_assert_false(is_request_early(&w, 7, "ab"));
    henc_virtual_note_disorder(&w.v);
    g_assert_true(is_request_early(&w, 7, "ab"));
    g_assert_true(is_request_early(&w, 0, "ab"));
    g_assert_false(is_request_early(&w, 0, ""));
    play(&w, "poll@1#0 400@1 poll@2#0=ab 200@2#0");
    g_assert_false(is_request_early(&w, 1, "cd"));
    world_clear(&w);
}

/* An answer of Polling with nothing before it on its TCP connection, where its number is due. */
static void test_unasked(void)
{
    const struct sstp_span body = sstp_span("xy", 2);
    struct henc_polling polling;
    uint8_t bytes[512];
    struct world w;
    struct henc_message m = {.chunk = 99, .transport = 3, .half = HENC_HALF_POST, .status = 200};

    m.body.len = write_polling(bytes, sizeof bytes, true, 1, body);
    m.body.data = bytes;
    g_assert_cmpint(henc_polling_parse(m.body, true, &polling), ==, HENC_POLLING_OK);
    m.polling = &polling;
    m.lacks_request = true;
    world_init(&w, PO);
    g_assert_true(henc_virtual_is_early(&w.v, &m)); /* the capture begins with it, or is swapped */
    m.from_start = true;
    g_assert_true(henc_virtual_is_early(&w.v, &m));
    m.from_start = false;
    play(&w, "poll@1#0 400@1 poll@2#0=ab 200@2#0");
    g_assert_true(henc_virtual_is_early(&w.v, &m));
    m.lacks_request = false;
    g_assert_false(henc_virtual_is_early(&w.v, &m));
    m.lacks_request = true;
    play(&w, "poll@3#1");
    g_assert_false(henc_virtual_is_early(&w.v, &m));
    world_clear(&w);
}

/* A POST of KeepAlive over a TCP connection whose SYN is not there, after others. */
static void test_without_start(void)
{
    struct henc_message m = {.chunk = 99,
                             .transport = 3,
                             .half = HENC_HALF_POST,
                             .lacks_start = true,
                             .body = sstp_span("xy", 2)};
    struct world w;

    world_init(&w, KA);
    g_assert_false(henc_virtual_is_early(&w.v, &m)); /* so is all that was before */
    play(&w, "get@1+ post@2+=echo 200@2=html 200@1=echo post@2=ab 200@2 end@2");
    g_assert_true(henc_virtual_is_early(&w.v, &m));
    m.lacks_start = false;
    g_assert_false(henc_virtual_is_early(&w.v, &m));
    m.lacks_start = true;
    play(&w, "post@3=cd 200@3");
    g_assert_false(henc_virtual_is_early(&w.v, &m)); /* one was taken */
    m.transport = 4;
    play(&w, "end@3");
    g_assert_true(henc_virtual_is_early(&w.v, &m));
    henc_virtual_lose(&w.v, 3);
    g_assert_false(henc_virtual_is_early(&w.v, &m));
    world_clear(&w);
}

/* What is missing may be a 401 or 407, and then the request comes again elsewhere. */
static void test_lost_answer(void)
{
    struct henc_message m = {
        .chunk = 99, .transport = 3, .half = HENC_HALF_POST, .body = sstp_span("", 0)};
    struct world w;

    world_init(&w, LL);
    play(&w, "get@1 post@2=echo");
    g_assert_true(henc_virtual_is_early(&w.v, &m));
    henc_virtual_lose(&w.v, 2);
    g_assert_false(henc_virtual_is_early(&w.v, &m));
    play(&w, "end@2");
    g_assert_false(henc_virtual_is_renewed_by(&w.v, &m));
    play(&w, "post@3=echo 200@1=echo data@3=ab data@1=xy");
    g_assert_cmpint(w.result.state, ==, HENC_STATE_ESTABLISHED);
    g_assert_cmpuint(w.findings, ==, 0);
    world_clear(&w);
}

/* Whoever was refused asks again, perhaps where the capture does not hear it. */
static void test_refused(void)
{
    struct world w;

    world_init(&w, LL);
    play(&w, "get@1 200@1=echo post@2=echo");
    g_assert_false(henc_virtual_is_half_unheard(&w.v));
    play(&w, "407@2");
    g_assert_true(henc_virtual_is_half_unheard(&w.v));
    g_assert_false(henc_virtual_lacks_half(&w.v));
    play(&w, "post@3=echo");
    g_assert_false(henc_virtual_is_half_unheard(&w.v));
    world_clear(&w);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t row = 0; row < G_N_ELEMENTS(rows); row++) {
        char *path = g_strdup_printf("/henc/virtual_early/%s", rows[row].name);
        g_test_add_data_func(path, GSIZE_TO_POINTER(row), test_row);
        g_free(path);
    }
    for (size_t row = 0; row < G_N_ELEMENTS(answers); row++) {
        char *path = g_strdup_printf("/henc/virtual_early/answer-%s", answers[row].name);
        g_test_add_data_func(path, GSIZE_TO_POINTER(row), test_answer);
        g_free(path);
    }
    g_test_add_func("/henc/virtual_early/lost", test_lost);
    g_test_add_func("/henc/virtual_early/unasked", test_unasked);
    g_test_add_func("/henc/virtual_early/disorder", test_disorder);
    g_test_add_func("/henc/virtual_early/without-start", test_without_start);
    g_test_add_func("/henc/virtual_early/lost-answer", test_lost_answer);
    g_test_add_func("/henc/virtual_early/refused", test_refused);
    return g_test_run();
}
