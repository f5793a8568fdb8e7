/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Segments that come late: in the order of their new times, each side's in its own. */
#include "record/late.h"

/* Writes down what comes. */
struct listener {
    struct wear_stage stage;
    GString *text;
};

static void listen_to(struct wear_stage *stage, const struct segment *segment)
{
    g_string_append_printf(((struct listener *)stage)->text, "%u%c@%u ", segment->sequence,
                           segment->from_initiator ? 'i' : 'a', (unsigned)segment->time_ns);
}

static const struct wear_ops listening = {WEAR_KINDS, sizeof(struct listener), listen_to, NULL};

static void test_order(void)
{
    static const struct {
        unsigned time, more;
        bool from_initiator;
        const char *expected; /* that has come by then */
    } rows[] = {{10, 100, true, ""},
                {20, 0, false, ""},
                {30, 20, true, "2a@20 "}, /* not before the first of its side */
                {110, 5, false, "2a@20 1i@110 3i@110 "},
                {200, 0, true, "2a@20 1i@110 3i@110 4a@115 "}};
    struct listener listener = {.stage = {.ops = &listening}, .text = g_string_new(NULL)};
    struct wear_stage stage = {.next = &listener.stage};
    struct late late = {.segments = G_QUEUE_INIT};
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        const struct segment segment = {
            .time_ns = rows[i].time, .sequence = i + 1, .from_initiator = rows[i].from_initiator};
        late_put(&late, &stage, &segment, rows[i].more);
        g_assert_cmpstr(listener.text->str, ==, rows[i].expected);
    }
    late_flush(&late, &stage);
    g_assert_cmpstr(listener.text->str, ==, "2a@20 1i@110 3i@110 4a@115 5i@200 ");
    g_string_free(listener.text, TRUE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/late/order", test_order);
    return g_test_run();
}
