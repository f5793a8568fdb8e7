/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rows: the records of a report, cell by cell, as JSON writes them. */
#include "record/rows.h"

#include <string.h>

#include "small_report.h"

/* That its JSON has this text; after a '!', that it has not. */
static void assert_member(const struct record *record, const char *member)
{
    const gboolean is_wanted = member[0] != '!';
    GString *line = g_string_new(NULL);
    record_json(record, line);
    if ((strstr(line->str, is_wanted ? member : member + 1) != NULL) != is_wanted)
        g_error("%s: %s", member, line->str);
    g_string_free(line, TRUE);
}

static void assert_members(const struct record *record, const char *const *members)
{
    for (; *members != NULL; members++)
        assert_member(record, *members);
}

static void test_point(void)
{
    static const char *const first[] = {"\"point\":0", "\"files\":1", "!offset_ns", "!drift_ppm",
                                        NULL};
    static const char *const second[] = {"\"name\":\"eth1\"",     "\"duplicates\":1",
                                         "\"offset_ns\":2000000", "\"offset_low_ns\":1000000",
                                         "\"shared_packets\":4",  NULL};
    static const char *const unbound[] = {"\"offset_ns\":2000000", "!offset_low_ns",
                                          "!offset_high_ns", NULL};
    struct report *report = small_report();
    struct record record;
    rows_point(report, 0, &record);
    assert_members(&record, first);
    rows_point(report, 1, &record);
    assert_members(&record, second);
    REPORT_AT(report->points, struct report_point, 1)->offset_low_ns = G_MININT64;
    REPORT_AT(report->points, struct report_point, 1)->offset_high_ns = G_MAXINT64;
    rows_point(report, 1, &record);
    assert_members(&record, unbound);
    report_free(report);
}

static void test_connection(void)
{
    static const char *const members[] = {
        "\"file\":\"a.pcap\",\"frame\":3",
        "\"initiator\":\"192.0.2.10\",\"initiator_port\":5000",
        "\"acceptor\":\"192.0.2.2\",\"acceptor_port\":2492",
        "\"duration_ns\":6000000000",
        "\"initiator_messages\":3,\"acceptor_messages\":0",
        "\"initiator_unacknowledged\":1",
        "\"filter\":\"grvsstp && ip.addr == 192.0.2.10 && tcp.port == 5000 && ip.addr == "
        "192.0.2.2 && tcp.port == 2492\"",
        NULL};
    static const char *const unknown[] = {"!\"state\"", "!initiator_device",
                                          "\"acceptor_device\":\"grooveDNS://relay1.example\"",
                                          NULL};
    struct report *report = small_report();
    struct record record;
    rows_connection(report, 0, &record);
    assert_members(&record, members);
    rows_connection(report, 1, &record);
    assert_members(&record, unknown);
    report_free(report);
}

static void test_session(void)
{
    static const char *const members[] = {"\"session\":2147483649",
                                          "\"originator\":\"acceptor\"",
                                          "!destinations",
                                          "!\"active\"",
                                          "\"open_frame\":2,\"open_file\":\"b\\u000a.pcap\"",
                                          " && sstp.session_id == 0x80000001\"",
                                          NULL};
    struct report *report = small_report();
    struct record record;
    rows_session(report, 1, &record);
    assert_members(&record, members);
    report_free(report);
}

static void test_message(void)
{
    static const char *const acknowledged[] = {"\"state\":\"acknowledged\"",
                                               "\"ack_delay_ns\":100000000",
                                               "\"journey\":0,\"hop\":0",
                                               "\"user_ref\":\"ref<1>\"",
                                               "!recipient_identities",
                                               "\"session\":1,",
                                               "\"filter\":\"frame.number in {3, 5}\"",
                                               NULL};
    static const char *const outstanding[] = {
        "\"state\":\"outstanding\"",
        "!acked_frame",
        "!ack_delay_ns",
        "\"passage\":\"cut off\"",
        "\"recipient_identities\":[\"grooveIdentity://bob\",\"grooveIdentity://carol\"]",
        "\"recipient_devices\":[\"\",\"\"]",
        "\"recipient_states\":[\"beyond\",\"refused\"]",
        "\"filter\":\"frame.number in {7}\"",
        NULL};
    static const char *const of_share[] = {"!\"journey\"", "!\"hop\"", "\"passage\":\"cut off\"",
                                           NULL};
    static const char *const of_piece[] = {"\"file\":\"a.pcap\",\"frame\":7",
                                           "\"t_ns\":",
                                           "\"captured_ns\":",
                                           "!end_frame",
                                           "!end_t_ns",
                                           "\"state\":\"incomplete\"",
                                           "\"filter\":\"frame.number in {7}\"",
                                           NULL};
    struct report *report = small_report();
    struct record record;
    rows_message(report, SMALL_HOP_1, &record);
    assert_members(&record, acknowledged);
    rows_message(report, SMALL_TRY_1, &record);
    assert_members(&record, outstanding);
    report->share = 0;
    rows_message(report, SMALL_TRY_1, &record);
    assert_members(&record, of_share);
    /* Neither how it began nor how it ended could be told; what was seen of it has its place. */
    struct report_message *piece = REPORT_AT(report->messages, struct report_message, SMALL_TRY_1);
    piece->made = REPORT_MADE_LATE | piece->begin_frame;
    piece->begin_frame = piece->end_frame = 0;
    piece->has_ended = FALSE;
    piece->state = REPORT_MESSAGE_INCOMPLETE;
    rows_message(report, SMALL_TRY_1, &record);
    assert_members(&record, of_piece);
    report_free(report);
}

static void test_finding(void)
{
    static const char *const members[] = {"\"finding\":\"ack_excess\"",
                                          "\"severity\":\"warning\"",
                                          "\"section\":\"GRVSSTP 3.1.5.19\"",
                                          "\"from\":\"acceptor\"",
                                          "\"command\":\"Noop\"",
                                          "!\"session\"",
                                          "\"filter\":\"frame.number in {5}\"",
                                          NULL};
    struct report *report = small_report();
    struct record record;
    rows_finding(report, 0, &record);
    assert_members(&record, members);
    report_free(report);
}

static void test_command(void)
{
    static const char *const findings[] = {"gap", "timer", NULL};
    static const char *const members[] = {"\"from\":\"initiator\"",
                                          "\"command\":\"Data\"",
                                          "!detail",
                                          "\"session\":7",
                                          "\"gap\",\"timer\"",
                                          "!covered",
                                          NULL};
    struct report *report = small_report();
    struct record record;
    const struct report_command command = {
        .connection = REPORT_AT(report->connections, struct report_connection, 0),
        .frame = report_frame(report, 3),
        .from_initiator = TRUE,
        .name = "Data",
        .detail = "",
        .has_session = TRUE,
        .session_id = 7,
        .findings = findings};
    rows_command(report, &command, &record);
    g_assert_cmpstr(record.type, ==, "command");
    assert_members(&record, members);
    report_free(report);
}

/* Hops and recipients as JSON within it; places are counted in its own lists. */
static void test_journey(void)
{
    static const char *const delivered[] = {
        "\"outcome\":\"delivered\",\"recipients\":1",
        "\"duration_ns\":400000000",
        "\"certainty\":\"likely\",\"t_ns\":1600000000150000000,\"file\":\"b\\u000a.pcap\"",
        "\"acked_frame\":4,\"after\":0}]",
        "\"last_hop\":1}]",
        "!attempt_of",
        "\"filter\":\"frame.number in {3, 5}\"", /* those of its first file */
        NULL};
    static const char *const waiting[] = {
        "\"outcome\":\"waiting, refused\",\"recipients\":2",
        "\"acked_frame\":10,\"attempt_of\":0}]",
        "\"reason\":\"SessionStatus LockedOut\"",
        "\"identity_url\":\"grooveIdentity://carol\\u001b[31m\"}]",
        "\"holder\":\"grooveDNS://"
        "relay1.example\",\"since_ns\":1600000006000000000,\"last_hop\":1}",
        "\"filter\":\"frame.number in {7, 9, 10}\"",
        NULL};
    struct report *report = small_report();
    struct record record;
    rows_journey(report, SMALL_DELIVERED, &record);
    assert_members(&record, delivered);
    rows_journey(report, SMALL_WAITING, &record);
    assert_members(&record, waiting);
    report_free(report);
}

/* A frame that brought nothing, or was not captured, is an empty place. */
static void test_no_place(void)
{
    struct report *report = small_report();
    struct record record;
    REPORT_AT(report->connections, struct report_connection, 0)->first_frame = 2;
    rows_connection(report, 0, &record);
    assert_member(&record, "!\"file\"");
    assert_member(&record, "!\"captured_ns\"");
    report_free(report);
}

int main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rows/point", test_point);
    g_test_add_func("/rows/connection", test_connection);
    g_test_add_func("/rows/session", test_session);
    g_test_add_func("/rows/message", test_message);
    g_test_add_func("/rows/finding", test_finding);
    g_test_add_func("/rows/command", test_command);
    g_test_add_func("/rows/journey", test_journey);
    g_test_add_func("/rows/no-place", test_no_place);
    return g_test_run();
}
