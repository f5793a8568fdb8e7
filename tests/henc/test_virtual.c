/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the three kinds of virtual connections differ in, each beside the others. */
#include "virtual_story.h"

#define LL HENC_KIND_LONGLIVED
#define KA HENC_KIND_KEEPALIVE
#define PO HENC_KIND_POLLING

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

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/henc/virtual/renewed", test_renewed);
    g_test_add_func("/henc/virtual/lengths", test_lengths);
    return g_test_run();
}
