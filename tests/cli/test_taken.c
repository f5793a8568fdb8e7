/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands that are kept, up to a limit. */
#include "scenario/taken.h"

static void test_kept(void)
{
    static const guint8 bytes[] = {0x10, 7, 0, 1, 0, 0, 0, 0x0f};
    struct taken taken;
    taken_init(&taken);
    taken_add(&taken, TRUE, 5, 7, sstp_span(bytes, 7));
    taken_add(&taken, FALSE, 9, 7, sstp_span(bytes + 7, 1));
    g_assert_cmpuint(taken.commands->len, ==, 2);
    g_assert_true(taken_at(&taken, 0)->from_initiator);
    g_assert_cmpint(taken_at(&taken, 1)->t_ns, ==, 9);
    g_assert_cmpuint(taken_at(&taken, 1)->length, ==, 7);
    g_assert_true(sstp_span_is_equal(taken_bytes(&taken, 0), sstp_span(bytes, 7)));
    g_assert_true(sstp_span_is_equal(taken_bytes(&taken, 1), sstp_span(bytes + 7, 1)));
    taken_clear(&taken);
}

/* Once one is left out, so are all after it: nothing is missing in the middle. */
static void test_limit(void)
{
    struct taken taken;
    taken_init(&taken);
    for (guint i = 0; i < TAKEN_COMMANDS_MAX + 3; i++)
        taken_add(&taken, TRUE, i, 7, sstp_span("x", 1));
    g_assert_cmpuint(taken.commands->len, ==, TAKEN_COMMANDS_MAX);
    g_assert_cmpuint(taken.num_left_out, ==, 3);
    taken_clear(&taken);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/taken/kept", test_kept);
    g_test_add_func("/taken/limit", test_limit);
    return g_test_run();
}
