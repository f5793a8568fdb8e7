/* SPDX-License-Identifier: GPL-2.0-or-later */
/* LongLived, by the stories of virtual_story.h: each half, the echo string, the ends and losses of
 * either. */
#include "rows.h"
#include "virtual_story.h"

static const struct story stories[] = {
    {"usual", "get@1+ post@2+=echo 200@1 data@1=echo data@2=ab data@1=xy data@2=cd finish",
     "established", "", "abcd", "xy"},
    {"data-after-echo", "get@1 post@2 200@1=echo data@2=echo+ab data@1=xy", "established", "", "ab",
     "xy"},
    {"post-first", "post@2=echo get@1 200@1=echo data@2=ab data@1=x", "established", "", "ab", "x"},
    {"connecting", "get@1", "connecting", "", "", ""},
    {"connected", "get@1 post@2", "connected", "", "", ""},
    {"echo-undecided-until-get", "get@1 post@2 200@1=echo data@2=echo data@2=ab", "established", "",
     "ab", ""},
    {"echo-mismatch", "get@1 post@2=echo 200@1=pong", "established", "echo_mismatch", "", ""},
    {"echo-mismatch-post-late", "get@1 200@1=pong post@2=echo", "established", "echo_mismatch", "",
     ""},
    {"no-echo-on-post", "get@1 post@2=ab", "connected", "handshake_order", "ab", ""},
    {"no-echo-on-get", "get@1 post@2=echo 200@1=xy data@1=z", "connected", "handshake_order", "",
     "xyz"},
    {"data-too-early", "get@1 post@2=echo data@2=ab 200@1=echo", "established", "handshake_order",
     "ab", ""},
    {"data-before-get", "post@2=echo data@2=ab get@1 200@1=echo", "established", "handshake_order",
     "ab", ""},
    {"server-first", "get@1 post@2=echo 200@1=echo data@1=xy data@2=ab", "established",
     "handshake_order", "ab", "xy"},
    {"second-get-unheard", "get@1 407@1 end@1 post@2=echo data@2=ab", "connected", "", "ab", ""},
    {"second-post-unheard", "get@1 post@2=echo 407@2 end@2 200@1=echo data@1=xy", "established", "",
     "", "xy"},
    {"post-unheard", "get@1 200@1=echo data@1=xy", "established", "", "", "xy"},
    {"get-alone", "get@1 200@1=echo data@1=xy finish", "established", "missing_half", "", "xy"},
    {"post-alone", "post@2=echo data@2=ab finish", "connecting", "missing_half", "ab", ""},
    {"ends-with-get", "get@1 post@2=echo 200@1=echo end@1", "closed", "", "", ""},
    {"ends-with-post", "get@1 post@2=echo 200@1=echo end@2", "closed", "", "", ""},
    {"goes-on-after-get", "get@1 post@2=echo 200@1=echo data@2=a end@1 data@2=b", "closed", "",
     "ab", ""},
    {"other-connection-ends", "get@1 post@2=echo 200@1=echo end@9", "established", "", "", ""},
    {"rejected", "get@1 post@2=echo 400@1", "closed", "", "", ""},
    {"post-answered", "get@1 post@2=echo 200@1=echo 200@2=xy", "established", "post_answer_body",
     "", ""},
    {"proxy-asks", "get@1 407@1 end@1 get@3 post@2=echo 407@2 post@2=echo 200@3=echo data@2=ab",
     "established", "", "ab", ""},
    {"lost-echo", "get@1 post@2 lost@2=ab 200@1 lost@1=xy", "established", "", "|ab", "|xy"},
    {"snap-length", "get@1 post@2=echo 200@1=echo data@2=ab~ data@2=cd", "established", "", "ab|cd",
     ""},
    /* Of an echo string that is cut off nobody knows whether it was another one. */
    {"snap-length-in-echo", "get@1 post@2=echo~ 200@1=echo~ data@2=ab data@1=xy", "established", "",
     "|ab", "|xy"},
    {"refused", "get@1 400@1 end@1 finish", "closed", "", "", ""},
    {"given-up", "get@1 end@1 finish", "closed", "", "", ""},
    {"get-alone-and-ended", "get@1 200@1=echo data@1=xy end@1 finish", "closed", "missing_half", "",
     "xy"},
    {"data-on-post", "get@1 post@2=echo 200@1=echo stray@2", "established", "wrong_half", "", ""},
    {"guid-twice", "get@1 post@2=echo 200@1=echo get@3", "established", "guid_in_use", "", ""},
    {"guid-twice-on-post", "get@1 post@2=echo 200@1=echo post@3=echo", "established", "guid_in_use",
     "", ""},
    {"header-missing", "get@1% post@2=echo 200@1=echo", "established", "encap_header", "", ""},
};

static void test_story(gconstpointer data)
{
    check_story(HENC_KIND_LONGLIVED, data);
}

static void test_octets(void)
{
    struct world w;
    world_init(&w, HENC_KIND_LONGLIVED);
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
        world_init(&w, HENC_KIND_LONGLIVED);
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
static void test_lengths(void)
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
        world_init(&w, HENC_KIND_LONGLIVED);
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

/* A GET answer that has no body (GRVHENC 2.2.2.3.2), and has one. */
static void test_answer_without_a_body(void)
{
    struct world w;
    world_init(&w, HENC_KIND_LONGLIVED);
    play(&w, "get@1");
    const struct henc_message m = {.chunk = 9,
                                   .transport = 1,
                                   .half = HENC_HALF_GET,
                                   .status = 200,
                                   .has_content_length = true};
    g_assert_cmpint(henc_virtual_message(&w.v, &m, &w.result), ==, HENC_OK);
    const struct henc_piece piece = {10, HENC_HALF_GET, false, false, sstp_span("x", 1)};
    henc_virtual_data(&w.v, &piece, &w.result);
    g_assert_cmphex(w.result.findings & henc_finding_bit(HENC_FINDING_CONTENT_LENGTH_EXCEEDED), !=,
                    0);
    world_clear(&w);
}

/* The URI's own findings are part of the result, and its ContentLength binds both halves
 * (GRVHENC 3.1.1.1, ConnectionContentLength). */
static void test_uri_of_request(void)
{
    static const char target[] = "/2.1/relay.example/short,ConnType=LongLived,ContentLength=23";
    struct world w;
    struct henc_uri uri;
    world_init(&w, HENC_KIND_LONGLIVED);
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

static void test_last_chunk(void)
{
    struct world w;
    world_init(&w, HENC_KIND_LONGLIVED);
    play(&w, "post@2=echo data@2=a data@2=b");
    g_assert_cmpuint(henc_virtual_last_chunk(&w.v), ==, 3);
    play(&w, "finish");
    g_assert_true(henc_findings_has(w.result.findings, HENC_FINDING_MISSING_HALF));
    world_clear(&w);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_rows("/henc/virtual_longlived/story", stories, test_story);
    g_test_add_func("/henc/virtual_longlived/octets", test_octets);
    g_test_add_func("/henc/virtual_longlived/servers-of-halves", test_servers_of_halves);
    g_test_add_func("/henc/virtual_longlived/lengths", test_lengths);
    g_test_add_func("/henc/virtual_longlived/answer-without-a-body", test_answer_without_a_body);
    g_test_add_func("/henc/virtual_longlived/uri-of-request", test_uri_of_request);
    g_test_add_func("/henc/virtual_longlived/last-chunk", test_last_chunk);
    return g_test_run();
}
