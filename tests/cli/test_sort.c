/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sort: the order of the frames, whoever has added the rows; and where they are then. */
#include "record/sort.h"

static void add_message(struct report *report, guint32 begin, guint32 end, guint32 ordinal,
                        guint64 made, guint32 number)
{
    struct report_message *message = report_add(report, report->messages, REPORT_MESSAGES_MAX);

    message->begin_frame = begin;
    message->end_frame = end;
    message->ordinal = ordinal;
    message->made = made;
    message->number = number;
}

/* By the frame with which they begin or, without, end, or else of which they were made; then by
 * ordinal; then as they were made. */
static void test_messages(void)
{
    struct report *report = report_new();

    add_message(report, 0, 0, 3, REPORT_MADE_LATE | 2, 1);
    add_message(report, 9, 12, 0, 9, 6);
    add_message(report, 7, 30, 4, 7, 5);
    add_message(report, 0, 7, 2, 7, 4);
    add_message(report, 5, 6, 1, 5, 2);
    add_message(report, 0, 0, 3, 6, 3);
    report_sort_messages(report);
    for (guint i = 0; i < report->messages->len; i++)
        g_assert_cmpuint(REPORT_AT(report->messages, struct report_message, i)->number, ==, i + 1);
    report_free(report);
}

static void test_findings(void)
{
    static const struct {
        guint32 frame, ordinal, session_id;
        guint info;
    } rows[] = {{8, 0, 4, 0}, {3, 1, 2, 0}, {3, 1, 3, 1}, {3, 0, 0, 2}, {3, 1, 1, 0}};
    static const guint32 sorted[] = {0, 2, 1, 3, 4}; /* equal ones stay as they were */
    struct report *report = report_new();

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct report_finding *finding = report_add(report, report->findings, REPORT_FINDINGS_MAX);
        finding->frame = rows[i].frame;
        finding->ordinal = rows[i].ordinal;
        finding->session_id = rows[i].session_id;
        finding->info = &sstp_finding_infos[rows[i].info];
    }
    report_sort_findings(report);
    for (gsize i = 0; i < G_N_ELEMENTS(sorted); i++)
        g_assert_cmpuint(REPORT_AT(report->findings, struct report_finding, i)->session_id, ==,
                         sorted[i]);
    report_free(report);
}

static void test_frames(void)
{
    static const guint32 numbers[] = {4, 9, 1, 3};
    struct report *report = report_new();

    for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++) {
        const struct report_frame frame = {.number = numbers[i], .in_file = 10 + numbers[i]};
        g_array_append_val(report->frames, frame);
    }
    report_sort_frames(report);
    for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++)
        g_assert_cmpuint(report_frame(report, numbers[i])->in_file, ==, 10 + numbers[i]);
    report_free(report);
}

/* Of one frame those that were first stay first. */
static void test_connections(void)
{
    static const guint32 frames[] = {5, 2, 5, 1}, places[] = {2, 1, 3, 0};
    struct report *report = report_new();

    for (gsize i = 0; i < G_N_ELEMENTS(frames); i++) {
        struct report_connection *connection =
            report_add(report, report->connections, REPORT_CONNECTIONS_MAX);
        connection->first_frame = frames[i];
        connection->number = (guint32)i;
    }
    guint32 *found = report_sort_connections(report);
    for (gsize i = 0; i < G_N_ELEMENTS(frames); i++) {
        g_assert_cmpuint(found[i], ==, places[i]);
        g_assert_cmpuint(
            REPORT_AT(report->connections, struct report_connection, places[i])->number, ==, i);
    }
    g_free(found);
    report_free(report);
}

/* What was made at the end comes after all frames. */
static void test_sessions(void)
{
    static const guint64 made[] = {REPORT_MADE_LATE | 1, 7, 3, G_MAXUINT32};
    static const guint32 places[] = {3, 1, 0, 2};
    struct report *report = report_new();

    for (gsize i = 0; i < G_N_ELEMENTS(made); i++) {
        struct report_session *session = report_add(report, report->sessions, REPORT_SESSIONS_MAX);
        session->made = made[i];
        session->id = (guint32)i;
    }
    guint32 *found = report_sort_sessions(report);
    for (gsize i = 0; i < G_N_ELEMENTS(made); i++) {
        g_assert_cmpuint(found[i], ==, places[i]);
        g_assert_cmpuint(REPORT_AT(report->sessions, struct report_session, places[i])->id, ==, i);
    }
    g_free(found);
    report_free(report);
}

int main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sort/messages", test_messages);
    g_test_add_func("/sort/findings", test_findings);
    g_test_add_func("/sort/frames", test_frames);
    g_test_add_func("/sort/connections", test_connections);
    g_test_add_func("/sort/sessions", test_sessions);
    return g_test_run();
}
