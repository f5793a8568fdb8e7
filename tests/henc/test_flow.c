/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>

#include "counting_mem.h"
#include "henc/flow.h"

struct world {
    struct counting_mem counting;
    struct henc_flow flow;
    struct henc_deliveries out;
};

static void world_init(struct world *w)
{
    counting_mem_init(&w->counting);
    henc_flow_init(&w->flow, HENC_TO_SERVER);
    w->out.num = 0;
}

static void world_clear(struct world *w)
{
    henc_flow_clear(&w->flow, &w->counting.mem);
    g_assert_cmpuint(w->counting.num_blocks, ==, 0);
}

static struct henc_body body(uint32_t number, const char *text)
{
    return (struct henc_body){1000 + number, number, sstp_span_of_string(text), false};
}

static enum henc_place place(const struct world *w, uint32_t number, const char *text)
{
    const struct henc_digest digest = henc_digest(sstp_span_of_string(text));
    return henc_flow_place(&w->flow, number, &digest);
}

static void take(struct world *w, uint32_t number, const char *text)
{
    const struct henc_body b = body(number, text);
    const struct henc_digest digest = henc_digest(b.bytes);
    henc_flow_take(&w->flow, &b, &digest, &w->out);
}

static bool park(struct world *w, uint32_t number, const char *text)
{
    char *copy = g_strdup(text); /* gone before it is delivered */
    const struct henc_body b = body(number, copy);
    const struct henc_digest digest = henc_digest(b.bytes);
    const bool is_parked = henc_flow_park(&w->flow, &w->counting.mem, &b, &digest);
    memset(copy, '!', strlen(copy));
    g_free(copy);
    return is_parked;
}

/* "a b |c": what was delivered, a bar before what comes after a gap. */
static void expect(const struct world *w, const char *expected)
{
    GString *seen = g_string_new(NULL);
    for (size_t i = 0; i < w->out.num; i++) {
        const struct henc_delivery *d = &w->out.items[i];
        g_string_append_printf(seen, "%s%s%.*s", i > 0 ? " " : "", d->after_gap ? "|" : "",
                               (int)d->bytes.len, (const char *)d->bytes.data);
    }
    g_assert_cmpstr(seen->str, ==, expected);
    g_string_free(seen, TRUE);
}

static void test_place(void)
{
    struct world w;
    world_init(&w);
    g_assert_cmpint(place(&w, 77, "x"), ==, HENC_PLACE_DUE);
    take(&w, 5, "five");
    g_assert_cmpint(place(&w, 6, "x"), ==, HENC_PLACE_DUE);
    g_assert_cmpint(place(&w, 7, "x"), ==, HENC_PLACE_EARLY);
    g_assert_cmpint(place(&w, 5, "five"), ==, HENC_PLACE_REPEAT);
    g_assert_cmpint(place(&w, 5, "other"), ==, HENC_PLACE_REUSED);
    g_assert_cmpint(place(&w, 4, "five"), ==, HENC_PLACE_LATE);
    g_assert_true(park(&w, 7, "seven"));
    g_assert_cmpint(place(&w, 7, "seven"), ==, HENC_PLACE_REPEAT);
    g_assert_cmpint(place(&w, 7, "other"), ==, HENC_PLACE_EARLY);
    world_clear(&w);
}

static void test_last_number(void)
{
    struct world w;
    world_init(&w);
    take(&w, UINT32_MAX, "last");
    g_assert_cmpint(place(&w, UINT32_MAX, "last"), ==, HENC_PLACE_REPEAT);
    g_assert_cmpint(place(&w, 0, "x"), ==, HENC_PLACE_LATE);
    world_clear(&w);
}

static void test_memory_of_numbers(void)
{
    struct world w;
    world_init(&w);
    for (uint32_t i = 0; i <= HENC_SEEN_MAX; i++)
        take(&w, i, "x");
    g_assert_cmpint(place(&w, 0, "x"), ==, HENC_PLACE_LATE);
    g_assert_cmpint(place(&w, 1, "x"), ==, HENC_PLACE_REPEAT);
    world_clear(&w);
}

static void test_parked_in_order(void)
{
    struct world w;
    world_init(&w);
    take(&w, 1, "a");
    g_assert_true(park(&w, 4, "d"));
    g_assert_true(park(&w, 3, "c"));
    g_assert_true(park(&w, 6, "f"));
    expect(&w, "a");
    g_assert_cmpuint(henc_flow_find(&w.flow, 6)->body.number, ==, 6);
    g_assert_null(henc_flow_find(&w.flow, 5));
    take(&w, 2, "b");
    expect(&w, "a b c d");
    g_assert_cmpuint(w.out.items[2].chunk, ==, 1003);
    g_assert_true(w.out.items[2].is_parked);
    g_assert_false(w.out.items[1].is_parked);
    g_assert_true(henc_flow_give_up(&w.flow, &w.out));
    expect(&w, "a b c d |f");
    henc_flow_free_spent(&w.flow, &w.counting.mem);
    g_assert_cmpuint(w.counting.num_blocks, ==, 0);
    world_clear(&w);
}

static void test_caps(void)
{
    struct world w;
    world_init(&w);
    take(&w, 0, "");
    for (uint32_t i = 0; i < HENC_PARKED_COUNT_MAX; i++) {
        g_assert_true(henc_flow_has_room(&w.flow, 1));
        g_assert_true(park(&w, 10 + i, "x"));
    }
    g_assert_false(henc_flow_has_room(&w.flow, 0));
    world_clear(&w);

    world_init(&w);
    g_assert_true(henc_flow_has_room(&w.flow, HENC_PARKED_OCTETS_MAX));
    g_assert_false(henc_flow_has_room(&w.flow, HENC_PARKED_OCTETS_MAX + 1));
    g_assert_true(park(&w, 10, "x"));
    g_assert_true(henc_flow_has_room(&w.flow, HENC_PARKED_OCTETS_MAX - 1));
    g_assert_false(henc_flow_has_room(&w.flow, HENC_PARKED_OCTETS_MAX));
    world_clear(&w);
}

static void test_no_memory(void)
{
    struct world w;
    world_init(&w);
    take(&w, 0, "a");
    w.counting.fails_at = 1;
    g_assert_false(park(&w, 2, "c"));
    g_assert_cmpuint(w.flow.num_parked, ==, 0);
    g_assert_cmpuint(w.flow.parked_octets, ==, 0);
    g_assert_true(park(&w, 3, "d"));
    take(&w, 1, "b");
    expect(&w, "a b");
    world_clear(&w);
}

static void test_cut_is_a_gap(void)
{
    struct world w;
    world_init(&w);
    const struct henc_body cut = {1, 0, sstp_span_of_string("a"), true};
    henc_flow_pass(&w.flow, &cut, &w.out);
    take(&w, 0, "");
    take(&w, 1, "b");
    take(&w, 2, "c");
    expect(&w, "a |b c");
    world_clear(&w);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/henc/flow/place", test_place);
    g_test_add_func("/henc/flow/last-number", test_last_number);
    g_test_add_func("/henc/flow/memory-of-numbers", test_memory_of_numbers);
    g_test_add_func("/henc/flow/parked-in-order", test_parked_in_order);
    g_test_add_func("/henc/flow/caps", test_caps);
    g_test_add_func("/henc/flow/no-memory", test_no_memory);
    g_test_add_func("/henc/flow/cut-is-a-gap", test_cut_is_a_gap);
    return g_test_run();
}
