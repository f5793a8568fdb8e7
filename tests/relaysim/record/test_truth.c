/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The truth file's lines, to the letter; and how streams get their numbers. */
#include "record/truth.h"

#include "recorded.h"

#include <glib/gstdio.h>

#include "relay/relay.h"
#include "store/store.h"

struct fixture {
    char *path;
    struct recording_file *file;
    struct truth *truth;
    struct truth_stream *stream;
    size_t num_read; /* bytes of the file that have been compared */
};

static void set_up(struct fixture *f, gconstpointer data)
{
    (void)data;
    f->path = recorded_path();
    f->file = recorded_open(f->path);
    f->truth = truth_new(f->file, NULL);
    recording_file_begin(f->file);
    f->stream = truth_enter(f->truth, "one");
}

static void tear_down(struct fixture *f, gconstpointer data)
{
    (void)data;
    truth_leave(f->stream);
    truth_free(f->truth);
    g_assert_true(recording_file_close(f->file));
    recorded_remove(f->path);
}

/* What was written since the last time. */
static void assert_lines(struct fixture *f, const char *expected)
{
    char *text;
    recording_file_flush(f->file);
    g_assert_true(g_file_get_contents(f->path, &text, NULL, NULL));
    g_assert_cmpstr(text + f->num_read, ==, expected);
    f->num_read = strlen(text);
    g_free(text);
}

static const struct sstp_command noop = {.id = SSTP_NOOP, .length = 7, .message_count = 3};
static const struct sstp_ep_note connecting = {.kind = SSTP_EP_NOTE_CONNECTION_STATE,
                                               .connection_state = SSTP_CONNECTION_CONNECTING};

#define NOOP_LINE(stream)                                                                          \
    "{\"t\":0.000000001,\"stream\":" stream ",\"event\":\"command\",\"from\":\"initiator\","       \
    "\"command\":\"Noop\",\"command.length\":7,\"message_count\":3}\n"

static void test_command(struct fixture *f, gconstpointer data)
{
    (void)data;
    truth_passed(f->stream);
    truth_command(
        f->stream, false,
        &(struct sstp_command){
            .id = SSTP_CLOSE, .length = 8, .session_id = 0x80000001, .reason_id = SSTP_CLOSE_IDLE},
        UINT64_C(1795825589222936901));
    assert_lines(f, "{\"t\":1795825589.222936901,\"stream\":0,\"event\":\"command\","
                    "\"from\":\"acceptor\",\"command\":\"Close\",\"session\":2147483649,"
                    "\"command.length\":8,\"session_id\":2147483649,\"close.reason\":2}\n");
}

/* A stream some bytes of which have passed. */
static struct truth_stream *enter_passed(struct fixture *f, const char *name)
{
    struct truth_stream *stream = truth_enter(f->truth, name);
    truth_passed(stream);
    return stream;
}

#define CONNECTING_LINE(stream)                                                                    \
    "{\"t\":0.000000001,\"stream\":" stream ",\"event\":\"connection-state\","                     \
    "\"at\":\"acceptor\",\"state\":\"connecting\"}\n"

/* In the order in which their first bytes pass, not of the connections or commands. */
static void test_numbers(struct fixture *f, gconstpointer data)
{
    struct truth_stream *two = truth_enter(f->truth, "two");
    struct truth_stream *three = truth_enter(f->truth, "three");
    (void)data;
    truth_command(f->stream, true, &noop, 1);
    truth_command(three, true, &noop, 1);
    assert_lines(f, "");
    truth_passed(three); /* what was before it still waits */
    truth_passed(two);   /* with half of a Connect */
    assert_lines(f, "");
    truth_passed(f->stream);
    truth_passed(three);
    assert_lines(f, NOOP_LINE("2") NOOP_LINE("0"));
    truth_note(two, false, &connecting, 1);
    truth_command(f->stream, true, &noop, 1);
    truth_command(two, true, &noop, 1);
    assert_lines(f, CONNECTING_LINE("1") NOOP_LINE("2") NOOP_LINE("1"));
    /* Both ends of a connection have the same, as long as one of them is there. */
    struct truth_stream *other_end = truth_enter(f->truth, "two");
    g_assert_true(other_end == two);
    truth_leave(two);
    truth_command(other_end, true, &noop, 1);
    assert_lines(f, NOOP_LINE("1"));
    truth_leave(other_end);
    other_end = enter_passed(f, "two");
    truth_command(other_end, true, &noop, 1);
    assert_lines(f, NOOP_LINE("3"));
    truth_leave(other_end);
    truth_leave(three);
}

/* Of one that no byte passed of, nothing is told, and nobody waits for it. */
static void test_never_passed(struct fixture *f, gconstpointer data)
{
    struct truth_stream *two = truth_enter(f->truth, "two");
    struct truth_stream *three = truth_enter(f->truth, "three");
    (void)data;
    truth_command(f->stream, true, &noop, 1);
    truth_command(two, true, &noop, 1);
    truth_command(three, true, &noop, 1);
    truth_fault(f->truth, two, "cut", "too early", 1);
    truth_passed(three);
    truth_leave(three); /* its line has to wait all the same */
    assert_lines(f, "");
    truth_leave(two);
    assert_lines(f, "");
    truth_passed(f->stream);
    assert_lines(f, NOOP_LINE("1") NOOP_LINE("0") "{\"t\":0.000000001,\"event\":\"fault\","
                                                  "\"fault\":\"cut\",\"text\":\"too early\"}\n");
}

/* No more than so many lines wait. */
static void test_held(struct fixture *f, gconstpointer data)
{
    struct truth_stream *two = enter_passed(f, "two");
    GString *lines = g_string_new(NOOP_LINE("1"));
    (void)data;
    truth_command(f->stream, true, &noop, 1);
    for (int i = 1; i < 4096; i++) {
        truth_command(two, true, &noop, 1);
        g_string_append(lines, NOOP_LINE("0"));
    }
    assert_lines(f, "");
    truth_command(two, true, &noop, 1);
    g_string_append(lines, NOOP_LINE("0"));
    assert_lines(f, lines->str);
    truth_passed(f->stream);
    truth_command(f->stream, true, &noop, 1);
    assert_lines(f, NOOP_LINE("1"));
    g_string_free(lines, TRUE);
    truth_leave(two);
}

/* What no decoder could know of has no line. */
static void test_before_the_first(struct fixture *f, gconstpointer data)
{
    (void)data;
    truth_note(f->stream, true,
               &(struct sstp_ep_note){.kind = SSTP_EP_NOTE_CONNECTION_STATE,
                                      .connection_state = SSTP_CONNECTION_CLOSED,
                                      .end = SSTP_EP_END_TRANSPORT_LOST},
               1);
    assert_lines(f, "");
}

static void test_connection(struct fixture *f, gconstpointer data)
{
    static const char *const whys[SSTP_EP_END_COUNT] = {
        [SSTP_EP_END_LOCAL] = "ConnectClose sent", [SSTP_EP_END_VIOLATION] = "violation",
        [SSTP_EP_END_REFUSED] = "refused",         [SSTP_EP_END_PEER] = "ConnectClose received",
        [SSTP_EP_END_TIMEOUT] = "timeout",         [SSTP_EP_END_TRANSPORT_LOST] = "transport lost",
        [SSTP_EP_END_NO_MEMORY] = "no memory"};
    (void)data;
    truth_passed(f->stream);
    truth_note(f->stream, true, &connecting, 1);
    assert_lines(f, "{\"t\":0.000000001,\"stream\":0,\"event\":\"connection-state\","
                    "\"at\":\"initiator\",\"state\":\"connecting\"}\n");
    for (unsigned end = 0; end < SSTP_EP_END_COUNT; end++) {
        truth_note(f->stream, false,
                   &(struct sstp_ep_note){.kind = SSTP_EP_NOTE_CONNECTION_STATE,
                                          .connection_state = SSTP_CONNECTION_CLOSED,
                                          .end = (enum sstp_ep_end)end},
                   1);
        char *line = g_strdup_printf("{\"t\":0.000000001,\"stream\":0,\"event\":"
                                     "\"connection-state\",\"at\":\"acceptor\",\"state\":"
                                     "\"closed\",\"why\":\"%s\"}\n",
                                     whys[end]);
        assert_lines(f, line);
        g_free(line);
    }
}

static void test_session(struct fixture *f, gconstpointer data)
{
    static const char *const whys[SSTP_EP_SESSION_END_COUNT] = {
        [SSTP_EP_SESSION_END_HERE] = "Close sent",
        [SSTP_EP_SESSION_END_THERE] = "Close received",
        [SSTP_EP_SESSION_END_REFUSED] = "refused",
        [SSTP_EP_SESSION_END_CONNECTION] = "connection closed"};
    (void)data;
    truth_passed(f->stream);
    truth_command(f->stream, true, &noop, 1);
    assert_lines(f, NOOP_LINE("0"));
    struct sstp_ep_note note = {.kind = SSTP_EP_NOTE_SESSION_STATE,
                                .session_id = 33,
                                .is_ours = true,
                                .session_state = SSTP_SESSION_SUSPENDED};
    truth_note(f->stream, true, &note, 1);
    note.is_ours = false;
    truth_note(f->stream, true, &note, 1);
    assert_lines(f, "{\"t\":0.000000001,\"stream\":0,\"event\":\"session-state\","
                    "\"at\":\"initiator\",\"from\":\"initiator\",\"session\":33,"
                    "\"state\":\"suspended\"}\n"
                    "{\"t\":0.000000001,\"stream\":0,\"event\":\"session-state\","
                    "\"at\":\"initiator\",\"from\":\"acceptor\",\"session\":33,"
                    "\"state\":\"suspended\"}\n");
    note.session_state = SSTP_SESSION_CLOSED;
    for (unsigned end = 0; end < SSTP_EP_SESSION_END_COUNT; end++) {
        note.session_end = (enum sstp_ep_session_end)end;
        truth_note(f->stream, false, &note, 1);
        char *line = g_strdup_printf("{\"t\":0.000000001,\"stream\":0,\"event\":\"session-state\","
                                     "\"at\":\"acceptor\",\"from\":\"initiator\",\"session\":33,"
                                     "\"state\":\"closed\",\"why\":\"%s\"}\n",
                                     whys[end]);
        assert_lines(f, line);
        g_free(line);
    }
}

/* `rest` is what the line says after the session. */
static void assert_message(struct fixture *f, const struct sstp_ep_note *note, const char *event,
                           const char *from, const char *rest)
{
    truth_note(f->stream, true, note, 1);
    char *line = g_strdup_printf("{\"t\":0.000000001,\"stream\":0,\"event\":\"%s\","
                                 "\"at\":\"initiator\",\"from\":\"%s\",\"session\":33,%s}\n",
                                 event, from, rest);
    assert_lines(f, line);
    g_free(line);
}

static void test_messages(struct fixture *f, gconstpointer data)
{
    struct sstp_ep_note note = {.kind = SSTP_EP_NOTE_SENT,
                                .session_id = 33,
                                .number = 4,
                                .ordinal = 5,
                                .len = UINT64_C(5000000000)};
    (void)data;
    truth_passed(f->stream);
    truth_command(f->stream, true, &noop, 1);
    assert_lines(f, NOOP_LINE("0"));
    assert_message(f, &note, "message-sent", "initiator",
                   "\"number\":4,\"ordinal\":5,\"length\":5000000000");
    note.kind = SSTP_EP_NOTE_DELIVERED;
    assert_message(f, &note, "message-delivered", "acceptor", "\"number\":4,\"length\":5000000000");
    note.kind = SSTP_EP_NOTE_ACKNOWLEDGED;
    assert_message(f, &note, "message-acked", "initiator", "\"number\":4,\"given_up\":false");
    note.is_given_up = true;
    assert_message(f, &note, "message-acked", "initiator", "\"number\":4,\"given_up\":true");
    note.kind = SSTP_EP_NOTE_UNACKNOWLEDGED;
    note.session_end = SSTP_EP_SESSION_END_THERE;
    assert_message(f, &note, "message-unacknowledged", "initiator",
                   "\"number\":4,\"why\":\"session closed\"");
    note.session_end = SSTP_EP_SESSION_END_CONNECTION;
    assert_message(f, &note, "message-unacknowledged", "initiator",
                   "\"number\":4,\"why\":\"connection closed\"");
    note.kind = SSTP_EP_NOTE_DISCARDED;
    assert_message(f, &note, "message-discarded", "acceptor",
                   "\"number\":4,\"why\":\"session closed\"");
}

static void test_discarded(struct fixture *f, gconstpointer data)
{
    static const char *const whys[SSTP_RELAY_DISCARD_COUNT] = {
        [SSTP_RELAY_DISCARD_TTL] = "TTL",
        [SSTP_RELAY_DISCARD_OFFLINE] = "DoNotDeliverIfOffline",
        [SSTP_RELAY_DISCARD_EXPIRED] = "expired",
        [SSTP_RELAY_DISCARD_QUOTA] = "quota",
        [SSTP_RELAY_DISCARD_FULL] = "store full",
        [SSTP_RELAY_DISCARD_RELAY] = "relay lost",
        [SSTP_RELAY_DISCARD_SESSION] = "session closed",
        [SSTP_RELAY_DISCARD_CONNECTION] = "connection closed"};
    (void)data;
    truth_passed(f->stream);
    struct truth_stream *two = enter_passed(f, "two");
    truth_command(f->stream, true, &noop, 1);
    truth_command(two, true, &noop, 1);
    assert_lines(f, NOOP_LINE("0") NOOP_LINE("1"));
    struct sstp_payload_origin origin = {
        .label = truth_label(two, false), .session_id = 33, .number = 4, .len = 6};
    truth_leave(two); /* the label is good for longer */
    for (unsigned reason = 0; reason < SSTP_RELAY_DISCARD_COUNT; reason++) {
        truth_discarded(
            f->truth,
            &(struct sstp_relay_discard){.reason = (enum sstp_relay_discard_reason)reason,
                                         .origin = &origin,
                                         .relay_url = "grooveDNS://relay2"},
            1);
        char *line = g_strdup_printf("{\"t\":0.000000001,\"stream\":1,\"event\":"
                                     "\"message-discarded\",\"at\":\"acceptor\",\"from\":"
                                     "\"initiator\",\"session\":33,\"number\":4,\"length\":6,"
                                     "\"why\":\"%s\",\"relay_url\":\"grooveDNS://relay2\"}\n",
                                     whys[reason]);
        assert_lines(f, line);
        g_free(line);
    }
    origin.label = truth_label(f->stream, true);
    struct sstp_relay_discard discard = {.origin = &origin,
                                         .identity_url = "grooveIdentity://b\xff",
                                         .device_url = "",
                                         .resource_url = "r"};
    truth_discarded(f->truth, &discard, 1);
    assert_lines(f,
                 "{\"t\":0.000000001,\"stream\":0,\"event\":\"message-discarded\","
                 "\"at\":\"initiator\",\"from\":\"acceptor\",\"session\":33,\"number\":4,"
                 "\"length\":6,\"why\":\"TTL\",\"identity_url\":\"grooveIdentity://b\357\277\275\","
                 "\"identity_url_bytes\":\"67726f6f76654964656e746974793a2f2f62ff\","
                 "\"device_url\":\"\",\"resource_url\":\"r\"}\n");
    /* From an earlier run. */
    discard.origin = NULL;
    discard.reason = SSTP_RELAY_DISCARD_EXPIRED;
    discard.identity_url = "grooveIdentity://b";
    truth_discarded(f->truth, &discard, 1);
    assert_lines(f, "{\"t\":0.000000001,\"event\":\"message-discarded\",\"why\":\"expired\","
                    "\"identity_url\":\"grooveIdentity://b\",\"device_url\":\"\","
                    "\"resource_url\":\"r\"}\n");
}

static void test_fault(struct fixture *f, gconstpointer data)
{
    (void)data;
    truth_fault(f->truth, NULL, "kill", "relay \"1\" was killed", 1);
    truth_fault(f->truth, f->stream, "cut", "too early", 1);
    truth_passed(f->stream);
    truth_command(f->stream, true, &noop, 1);
    truth_fault(f->truth, f->stream, "cut", "after 100 bytes", 2);
    assert_lines(f,
                 "{\"t\":0.000000001,\"event\":\"fault\",\"fault\":\"kill\","
                 "\"text\":\"relay \\\"1\\\" was killed\"}\n"
                 "{\"t\":0.000000001,\"event\":\"fault\",\"fault\":\"cut\","
                 "\"text\":\"too early\"}\n" NOOP_LINE(
                     "0") "{\"t\":0.000000002,\"stream\":0,\"event\":\"fault\",\"fault\":\"cut\","
                          "\"text\":\"after 100 bytes\"}\n");
}

/* ------------------------------------------------------------------------
 * A file that is opened anew
 */

static void move(struct fixture *f, char *moved)
{
    recording_file_flush(f->file);
    g_assert_cmpint(g_rename(f->path, moved), ==, 0);
    truth_reopen(f->truth);
    recording_file_flush(f->file);
    f->num_read = 0;
}

/* Streams are counted from 0 again, by their first bytes or their first line. */
static void test_reopen(struct fixture *f, gconstpointer data)
{
    (void)data;
    truth_passed(f->stream);
    struct truth_stream *two = enter_passed(f, "two");
    struct truth_stream *three = enter_passed(f, "three");
    struct truth_stream *four = truth_enter(f->truth, "four");
    struct truth_stream *five = truth_enter(f->truth, "five");
    char *moved = g_strconcat(f->path, ".1", NULL);
    truth_command(f->stream, true, &noop, 1);
    truth_command(two, true, &noop, 1);
    truth_command(three, true, &noop, 1);
    assert_lines(f, NOOP_LINE("0") NOOP_LINE("1") NOOP_LINE("2"));
    const struct sstp_payload_origin origin = {.label = truth_label(two, true), .len = 6};

    truth_command(five, true, &noop, 1); /* whatever waits goes into the old file */
    move(f, moved);
    truth_passed(three);
    truth_passed(four); /* before its first command */
    truth_command(two, true, &noop, 1);
    truth_command(three, true, &noop, 1);
    truth_command(four, true, &noop, 1);
    truth_command(f->stream, true, &noop, 1);
    assert_lines(f, NOOP_LINE("2") NOOP_LINE("0") NOOP_LINE("1") NOOP_LINE("3"));
    g_assert_cmpuint(truth_label(three, true) & UINT32_MAX, ==, 1);
    truth_command(five, true, &noop, 1);
    assert_lines(f, "");
    truth_passed(five);
    assert_lines(f, NOOP_LINE("4"));

    /* A message of before has no number in this file. */
    truth_discarded(f->truth,
                    &(struct sstp_relay_discard){.origin = &origin,
                                                 .reason = SSTP_RELAY_DISCARD_TTL,
                                                 .relay_url = "grooveDNS://relay2.example"},
                    1);
    assert_lines(f, "{\"t\":0.000000001,\"event\":\"message-discarded\",\"why\":\"TTL\","
                    "\"relay_url\":\"grooveDNS://relay2.example\"}\n");
    truth_leave(two);
    truth_leave(three);
    truth_leave(four);
    truth_leave(five);
    recorded_remove(moved);
}

static void add(const char *path, void (*test)(struct fixture *f, gconstpointer data))
{
    g_test_add(path, struct fixture, NULL, set_up, test, tear_down);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("/truth/command", test_command);
    add("/truth/numbers", test_numbers);
    add("/truth/never-passed", test_never_passed);
    add("/truth/held", test_held);
    add("/truth/before-the-first", test_before_the_first);
    add("/truth/connection", test_connection);
    add("/truth/session", test_session);
    add("/truth/messages", test_messages);
    add("/truth/discarded", test_discarded);
    add("/truth/fault", test_fault);
    add("/truth/reopen", test_reopen);
    return g_test_run();
}
