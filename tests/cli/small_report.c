/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "small_report.h"

#include <string.h>

#define ALICE "dpp:///alice"
#define RELAY "grooveDNS://relay1.example"
#define BOB "grooveIdentity://bob"

static gint64 at(gint64 ms)
{
    return SMALL_BEGIN_NS + ms * SMALL_MS;
}

struct output *nowhere(void)
{
    struct output *output = output_open("/dev/null", "--output", "the report");
    g_assert_nonnull(output);
    return output;
}

static void add_files(struct report *report)
{
    static const char *const names[] = {"a.pcap", "b\n.pcap"};
    for (guint32 i = 0; i < 2; i++) {
        struct report_file *file = report_add(report, report->files, 2);
        struct report_point *point = report_add(report, report->points, 2);
        *file = (struct report_file){
            .name = g_strdup(names[i]), .point = i, .num_packets = 10 + i, .first_ns = at(0)};
        *point = (struct report_point){.name = g_strdup(i == 0 ? "eth0" : "eth1"),
                                       .num_packets = 10 + i,
                                       .num_duplicates = i,
                                       .num_used = 10,
                                       .first_ns = at(0),
                                       .last_ns = at(9000),
                                       .has_clock = i == 1,
                                       .offset_ns = 2 * SMALL_MS,
                                       .offset_low_ns = SMALL_MS,
                                       .offset_high_ns = 3 * SMALL_MS,
                                       .drift_ppm = 0.5,
                                       .drift_low_ppm = 0.25,
                                       .drift_high_ppm = 0.75,
                                       .num_anchors = 4};
    }
}

/* Numbers 1, 3, 5, ...: between them are frames that brought nothing. */
static void add_frames(struct report *report)
{
    static const struct {
        guint32 file;
        guint64 in_file;
        gint64 ms;
    } rows[] = {{0, 3, 0},    {0, 5, 100},  {1, 2, 150},  {1, 4, 400},
                {0, 7, 1000}, {0, 9, 5000}, {0, 10, 6000}};
    for (guint32 i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct report_frame *frame = report_add(report, report->frames, 100);
        *frame = (struct report_frame){.number = 2 * i + 1,
                                       .file = rows[i].file,
                                       .in_file = rows[i].in_file,
                                       .captured_ns = at(rows[i].ms) + rows[i].file * 2 * SMALL_MS,
                                       .t_ns = at(rows[i].ms)};
    }
}

static void add_connections(struct report *report)
{
    for (guint32 i = 0; i < 2; i++) {
        struct report_connection *connection = report_add(report, report->connections, 2);
        *connection = (struct report_connection){
            .number = i,
            .first_frame = i == 0 ? 1 : 5,
            .last_frame = i == 0 ? 13 : 7,
            .first_ns = at(i == 0 ? 0 : 150),
            .last_ns = at(i == 0 ? 6000 : 400),
            .ends = {{{192, 0, 2, 2}, 2492, 4}, {{192, 0, 2, (guint8)(10 + i)}, 5000, 4}},
            .encapsulation = "TCP",
            .version = "1.6",
            .state = i == 0 ? "established" : NULL,
            .devices = {RELAY, i == 0 ? ALICE : NULL},
            .num_sessions = 1,
            .num_findings = i == 0,
            .num_messages = {i, i == 0 ? 3 : 0},
            .num_unacknowledged = {0, i == 0 ? 1 : 0}};
        report_name_ends(report, connection);
    }
}

static void add_sessions(struct report *report)
{
    for (guint32 i = 0; i < 2; i++) {
        struct report_session *session = report_add(report, report->sessions, 2);
        *session = (struct report_session){.connection = i,
                                           .id = i == 0 ? 1 : 0x80000001,
                                           .kind = "messages",
                                           .originator = i == 0,
                                           .resource_url = "apphandler",
                                           .identity_url = BOB,
                                           .state = "ready",
                                           .open_frame = i == 0 ? 1 : 5,
                                           .first_frame = i == 0 ? 1 : 5,
                                           .last_frame = i == 0 ? 13 : 7,
                                           .num_messages = i == 0 ? 3 : 1,
                                           .num_destinations = REPORT_NONE,
                                           .num_active = REPORT_NONE};
    }
}

static void add_recipient(struct report *report, const char *identity,
                          enum report_recipient_state state)
{
    struct report_recipient *recipient = report_add(report, report->recipients, 10);
    *recipient = (struct report_recipient){.identity_url = identity, .state = state};
}

/* A message, and what it is on its way. */
static void add_hop(struct report *report, guint32 journey, struct report_hop hop)
{
    const guint32 index = report->hops->len;
    struct report_message *message = report_add(report, report->messages, SMALL_HOPS);
    struct report_hop *added = report_add(report, report->hops, SMALL_HOPS);
    const gboolean is_acknowledged = hop.passage == SSTP_STORY_ACKNOWLEDGED;
    hop.journey = journey;
    hop.message = index;
    hop.sight_of = index;
    *added = hop;
    *message = (struct report_message){.connection = hop.connection,
                                       .session = hop.connection,
                                       .number = index + 1,
                                       .begin_frame = hop.frame,
                                       .end_frame = hop.frame,
                                       .acked_frame = hop.acked_frame,
                                       .begin_ns = hop.t_ns,
                                       .end_ns = hop.t_ns,
                                       .acked_ns = hop.acked_ns,
                                       .length = 1100,
                                       .user_ref = journey == SMALL_DELIVERED ? "ref<1>" : "ref 2",
                                       .from_initiator = hop.from_initiator,
                                       .has_ended = TRUE,
                                       .state = is_acknowledged ? REPORT_MESSAGE_ACKNOWLEDGED
                                                                : REPORT_MESSAGE_OUTSTANDING,
                                       .hop = index,
                                       .first_recipient = 0,
                                       .num_recipients = journey == SMALL_WAITING ? 2 : 0};
}

static void add_branch(struct report *report, struct report_branch branch)
{
    struct report_branch *added = report_add(report, report->branches, 10);
    *added = branch;
}

static void add_journeys(struct report *report)
{
    add_hop(report, SMALL_DELIVERED,
            (struct report_hop){.connection = 0,
                                .frame = 1,
                                .acked_frame = 3,
                                .t_ns = at(0),
                                .acked_ns = at(100),
                                .from = REPORT_NONE,
                                .attempt_of = SMALL_HOP_1,
                                .passage = SSTP_STORY_ACKNOWLEDGED,
                                .from_initiator = TRUE,
                                .sender = ALICE,
                                .receiver = RELAY});
    add_hop(report, SMALL_DELIVERED,
            (struct report_hop){.connection = 1,
                                .number = 1,
                                .frame = 5,
                                .acked_frame = 7,
                                .t_ns = at(150),
                                .acked_ns = at(400),
                                .from = SMALL_HOP_1,
                                .attempt_of = SMALL_HOP_2,
                                .passage = SSTP_STORY_ACKNOWLEDGED,
                                .certainty = SSTP_STORY_LIKELY,
                                .sender = RELAY});
    add_hop(report, SMALL_WAITING,
            (struct report_hop){.connection = 0,
                                .frame = 9,
                                .t_ns = at(1000),
                                .from = REPORT_NONE,
                                .attempt_of = SMALL_TRY_1,
                                .passage = SSTP_STORY_CUT_OFF,
                                .from_initiator = TRUE,
                                .sender = ALICE,
                                .receiver = RELAY});
    add_hop(report, SMALL_WAITING,
            (struct report_hop){.connection = 0,
                                .frame = 11,
                                .acked_frame = 13,
                                .t_ns = at(5000),
                                .acked_ns = at(6000),
                                .from = REPORT_NONE,
                                .attempt_of = SMALL_TRY_1,
                                .passage = SSTP_STORY_ACKNOWLEDGED,
                                .certainty = SSTP_STORY_CERTAIN,
                                .from_initiator = TRUE,
                                .sender = ALICE,
                                .receiver = RELAY});
    add_branch(report, (struct report_branch){.identity_url = BOB,
                                              .outcome = SSTP_STORY_DELIVERED,
                                              .certainty = SSTP_STORY_LIKELY,
                                              .hop = SMALL_HOP_2,
                                              .since_ns = at(400)});
    add_branch(report, (struct report_branch){.identity_url = BOB,
                                              .relay_url = RELAY,
                                              .outcome = SSTP_STORY_WAITING,
                                              .certainty = SSTP_STORY_CERTAIN,
                                              .hop = SMALL_TRY_2,
                                              .holder = RELAY,
                                              .since_ns = at(6000)});
    add_branch(report, (struct report_branch){.identity_url = "grooveIdentity://carol\x1b[31m",
                                              .outcome = SSTP_STORY_REFUSED,
                                              .reason = "SessionStatus LockedOut",
                                              .certainty = SSTP_STORY_CERTAIN,
                                              .hop = REPORT_NONE});
    for (guint32 i = 0; i < 2; i++) {
        struct report_journey *journey = report_add(report, report->journeys, 2);
        *journey = (struct report_journey){.first_hop = 2 * i,
                                           .num_hops = 2,
                                           .first_branch = i,
                                           .num_branches = 1 + i,
                                           .outcomes = i == 0 ? 1u << SSTP_STORY_DELIVERED
                                                              : 1u << SSTP_STORY_WAITING |
                                                                    1u << SSTP_STORY_REFUSED,
                                           .last_ns = at(i == 0 ? 400 : 6000)};
    }
}

struct report *small_report(void)
{
    struct report *report = report_new();
    add_files(report);
    add_frames(report);
    add_connections(report);
    add_sessions(report);
    add_recipient(report, BOB, REPORT_RECIPIENT_BEYOND);
    add_recipient(report, "grooveIdentity://carol", REPORT_RECIPIENT_REFUSED);
    add_journeys(report);
    struct report_finding *finding = report_add(report, report->findings, 1);
    *finding = (struct report_finding){.info = &sstp_finding_infos[SSTP_FINDING_ACK_EXCESS],
                                       .connection = 0,
                                       .frame = 3,
                                       .from_initiator = 0,
                                       .command = "Noop"};
    report->num_packets = 21;
    report->num_commands = 30;
    report->first_ns = at(0);
    report->last_ns = at(10000);
    return report;
}
