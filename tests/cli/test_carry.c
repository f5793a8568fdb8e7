/* SPDX-License-Identifier: GPL-2.0-or-later */
/* carry: what goes in comes out; a file that is not whole is none. */
#include "share/carry.h"

#include <string.h>

#include "core/encode.h"

static struct report *new_report(void)
{
    struct report *report = report_new();
    const struct report_file file = {.name = g_strdup("one.pcap"), .num_packets = 3};
    const struct report_point point = {.name = g_strdup("one"), .num_packets = 3};

    g_array_append_val(report->files, file);
    g_array_append_val(report->points, point);
    return report;
}

/* A table of each kind, with strings that are there and that are not. */
static struct report *share(void)
{
    struct report *report = new_report();
    const struct report_frame frame = {.number = 7, .in_file = 5, .t_ns = 12};

    g_array_append_val(report->frames, frame);
    struct report_connection *connection =
        report_add(report, report->connections, REPORT_CONNECTIONS_MAX);
    connection->stream = 4;
    connection->state = "closed";
    connection->devices[1] = report_string(report, "dpp:///one", 10);
    struct report_session *session = report_add(report, report->sessions, REPORT_SESSIONS_MAX);
    session->id = 0x21;
    session->resource_url = report_string(report, "\xff\x01", 2);
    struct report_message *message = report_add(report, report->messages, REPORT_MESSAGES_MAX);
    message->user_ref = report_string(report, "mine", 4);
    message->length = 99;
    struct report_finding *finding = report_add(report, report->findings, REPORT_FINDINGS_MAX);
    finding->info = &sstp_finding_infos[1];
    finding->command = "Noop";
    report->num_packets = 3;
    report->num_commands = 2;
    return report;
}

static void put_stream(struct carry *carry)
{
    const struct sstp_command command = {.id = SSTP_NOOP, .message_count = 3};
    struct sstp_story_event event = {
        .connection = 4, .label = 7, .command = &command, .covered = 3};
    const struct report_connection connection = {.stream = 4};
    const struct report_frame frame = {.number = 7};
    const char *const findings[] = {"timer", NULL};
    const struct report_command row = {.connection = &connection,
                                       .frame = &frame,
                                       .name = "Noop",
                                       .detail = "",
                                       .ordinal = 2,
                                       .findings = findings};
    guint8 bytes[SSTP_COMMAND_LEN_MAX], contents[CARRY_CONTENTS_LEN] = {1, 2, 3};

    const size_t len = sstp_command_encode(&command, bytes, sizeof bytes);
    carry_frame(carry, 7);
    carry_begin(carry, 4, 1, 55);
    carry_event(carry, &event, sstp_span(bytes, len), contents);
    carry_command(carry, &row);
    carry_frame(carry, 9);
    carry_gap(carry, 4);
    carry_end_frames(carry);
    carry_end(carry, 4);
}

static void check_stream(struct carry *carry)
{
    struct carried item;

    g_assert_true(carry_next(carry, &item));
    g_assert_cmpint(item.kind, ==, CARRY_BEGIN);
    g_assert_cmpuint(item.number, ==, 4);
    g_assert_cmpuint(item.point, ==, 1);
    g_assert_cmpint(item.uncertainty_ns, ==, 55);
    const guint64 first = item.order;
    g_assert_true(carry_next(carry, &item));
    g_assert_cmpint(item.kind, ==, CARRY_EVENT);
    g_assert_cmpuint(item.order, ==, first);
    g_assert_cmpint(item.event.command->id, ==, SSTP_NOOP);
    g_assert_cmpuint(item.event.command->message_count, ==, 3);
    g_assert_cmpuint(item.event.covered, ==, 3);
    g_assert_cmpuint(item.contents[2], ==, 3);
    g_assert_true(carry_next(carry, &item));
    g_assert_cmpint(item.kind, ==, CARRY_COMMAND);
    g_assert_cmpuint(item.row_connection, ==, 4);
    g_assert_cmpuint(item.row.frame->number, ==, 7);
    g_assert_cmpuint(item.row.ordinal, ==, 2);
    g_assert_cmpstr(item.row.name, ==, "Noop");
    g_assert_cmpstr(item.row.findings[0], ==, "timer");
    g_assert_null(item.row.findings[1]);
    g_assert_true(carry_next(carry, &item));
    g_assert_cmpint(item.kind, ==, CARRY_GAP);
    g_assert_cmpuint(item.order, >, first);
    const guint64 last = item.order;
    g_assert_true(carry_next(carry, &item));
    g_assert_cmpint(item.kind, ==, CARRY_END);
    g_assert_cmpuint(item.order, >, last);
    for (guint i = 0; i < 2; i++) {
        g_assert_true(carry_next(carry, &item));
        g_assert_cmpint(item.kind, ==, CARRY_LAST);
        g_assert_cmpuint(item.order, ==, G_MAXUINT64);
    }
}

/* Twice into one report: rows are added, and what was read is counted once. */
static void test_round(void)
{
    struct report *from = share(), *into = new_report();

    for (guint i = 0; i < 2; i++) {
        struct carry *carry = carry_new();
        put_stream(carry);
        g_assert_true(carry_finish(carry, from));
        g_assert_true(carry_read(carry, into, i == 0));
        check_stream(carry);
        carry_free(carry);
    }
    g_assert_cmpuint(into->num_packets, ==, 3);
    g_assert_cmpuint(into->num_commands, ==, 4);
    g_assert_cmpuint(into->frames->len, ==, 2);
    const struct report_connection *connection =
        REPORT_AT(into->connections, struct report_connection, 1);
    g_assert_cmpuint(connection->stream, ==, 4);
    g_assert_cmpstr(connection->state, ==, "closed");
    g_assert_cmpstr(connection->devices[1], ==, "dpp:///one");
    g_assert_null(connection->devices[0]);
    g_assert_cmpstr(REPORT_AT(into->sessions, struct report_session, 1)->resource_url, ==,
                    "\xff\x01");
    g_assert_cmpstr(REPORT_AT(into->messages, struct report_message, 1)->user_ref, ==, "mine");
    g_assert_true(REPORT_AT(into->findings, struct report_finding, 1)->info ==
                  &sstp_finding_infos[1]);
    report_free(from);
    report_free(into);
}

/* The process that wrote it has died. */
static void test_not_whole(void)
{
    struct report *into = new_report();
    struct carry *carry = carry_new();

    g_assert_false(carry_read(carry, into, TRUE));
    put_stream(carry);
    g_assert_false(carry_read(carry, into, TRUE));
    carry_free(carry);
    report_free(into);
}

/* What several processes have kept is cut where one would have stopped, and what others name is
 * not: that is too much. */
static void test_too_much(void)
{
    struct report *report = new_report();

    for (guint i = 0; i < 5; i++)
        g_assert_nonnull(report_add(report, report->findings, 5));
    g_assert_null(report_add(report, report->findings, 5));
    report_cut(report, report->findings, 3);
    report_cut(report, report->findings, 4);
    g_assert_cmpuint(report->findings->len, ==, 3);
    g_assert_cmpuint(report->num_left_out, ==, 3);

    struct carry *carry = carry_new();
    struct report *one = share();
    g_assert_true(carry_finish(carry, one));
    g_array_set_size(report->frames, REPORT_FRAMES_MAX / 1000);
    report->frames->len = REPORT_FRAMES_MAX;
    g_assert_false(carry_read(carry, report, TRUE));
    g_assert_true(report->has_too_much);
    report->frames->len = REPORT_FRAMES_MAX / 1000;
    carry_free(carry);
    report_free(one);
    report_free(report);
}

int main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/carry/round", test_round);
    g_test_add_func("/carry/not-whole", test_not_whole);
    g_test_add_func("/carry/too-much", test_too_much);
    return g_test_run();
}
