/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pick: which journeys fit what was asked for. */
#include "report/pick.h"

#include "rows.h"
#include "small_report.h"

static const struct row {
    const char *name;
    struct pick pick;
    gboolean delivered, waiting; /* the two journeys */
} picks[] = {
    {"all", {.has_number = FALSE}, TRUE, TRUE},
    {"number", {.has_number = TRUE, .number = SMALL_WAITING}, FALSE, TRUE},
    {"number-of-none", {.has_number = TRUE, .number = 7}, FALSE, FALSE},
    {"undelivered", {.undelivered = TRUE}, FALSE, TRUE},
    {"user-ref", {.user_ref = "ref 2"}, FALSE, TRUE},
    {"part-of-user-ref", {.user_ref = "ref"}, TRUE, TRUE},
    {"other-user-ref", {.user_ref = "ref 3"}, FALSE, FALSE},
    {"identity-of-a-recipient", {.identity = "grooveIdentity://bob"}, TRUE, TRUE},
    {"part-of-identity", {.identity = "grooveIdentity"}, FALSE, FALSE},
    {"identity-of-one", {.identity = "grooveIdentity://carol\x1b[31m"}, FALSE, TRUE},
    {"both", {.user_ref = "ref", .undelivered = TRUE}, FALSE, TRUE},
    {"both-and-none", {.user_ref = "<1>", .undelivered = TRUE}, FALSE, FALSE},
};

static void test_pick(gconstpointer data)
{
    const struct row *row = data;
    struct report *report = small_report();
    g_assert_cmpint(pick_is_empty(&row->pick), ==, row == &picks[0]);
    g_assert_cmpint(pick_fits(&row->pick, report, SMALL_DELIVERED), ==, row->delivered);
    g_assert_cmpint(pick_fits(&row->pick, report, SMALL_WAITING), ==, row->waiting);
    report_free(report);
}

/* Also that of a session alone, of which no recipient is known. */
static void test_identity_of_session(void)
{
    const struct pick pick = {.identity = "grooveIdentity://bob"};
    struct report *report = small_report();
    REPORT_AT(report->branches, struct report_branch, 0)->identity_url = NULL;
    g_assert_true(pick_fits(&pick, report, SMALL_DELIVERED));
    for (guint i = 0; i < report->messages->len; i++)
        REPORT_AT(report->messages, struct report_message, i)->session = REPORT_NONE;
    g_assert_false(pick_fits(&pick, report, SMALL_DELIVERED));
    report_free(report);
}

int main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    add_rows("/pick", picks, test_pick);
    g_test_add_func("/pick/identity-of-session", test_identity_of_session);
    return g_test_run();
}
