/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the cast does. */
#include "scenario_text.h"

#include "core/command.h"

#include <string.h>

static void test_steps(void)
{
    struct scenario *s = scenario_text_parse(
        PLAY "A begins N on s size 10 ttl 7 user-ref \"u r\" track ack-immediately "
             "do-not-deliver-if-offline fragment 1 of 2 id at 5 sizes 1 2 3\n"
             "A continues N with 4 bytes\n"
             "A ends N\n"
             "B fails on s reason Idle\n"
             "A B leave reason Idle\n"
             "A fanout-opens f to B.identity B@R B@grooveDNS://x resource r\n"
             "expect f lost LockedOut B.identity B@grooveDNS://x\n"
             "expect A acknowledged M N by Noop 2\n"
             "expect B received nothing\n"
             "A sends-bytes 0Fff 10\n"
             "R rests for 2s\n");
    const struct scenario_step *step = scenario_text_step(s, 0);
    g_assert_cmpint(step->kind, ==, SCENARIO_CONNECT);
    g_assert_cmpuint(step->line, ==, 5);
    g_assert_cmpstr(step->text, ==, "A connects to B");
    g_assert_cmpuint(step->peer, ==, 1);
    g_assert_cmpuint(s->sessions[0].receiver, ==, 1);
    g_assert_cmpuint(s->messages[0].fields.data.len, ==, 100);

    const struct sstp_ep_message *fields = &s->messages[1].fields;
    g_assert_cmphex(fields->flags, ==,
                    SSTP_MESSAGE_FLAG_FRAGMENT | SSTP_MESSAGE_FLAG_TRACK |
                        SSTP_MESSAGE_FLAG_STREAM_SIZE | SSTP_MESSAGE_FLAG_ACK_IMMEDIATELY |
                        SSTP_MESSAGE_FLAG_EPHEMERAL | SSTP_MESSAGE_FLAG_DO_NOT_DELIVER_IF_OFFLINE);
    g_assert_cmpuint(fields->ttl, ==, 7);
    g_assert_true(sstp_span_is_equal(fields->user_ref, sstp_span_of_string("u r")));
    g_assert_cmpuint(fields->num_fragments, ==, 2);
    g_assert_cmpuint(fields->fragment_offset, ==, 5);
    g_assert_cmpuint(fields->message_size, ==, 3);
    g_assert_true(sstp_span_is_equal(fields->data, sstp_span_of_string("This is me")));
    step = scenario_text_step(s, 4);
    g_assert_cmpint(step->kind, ==, SCENARIO_CONTINUE);
    g_assert_cmpuint(step->number, ==, 4);
    g_assert_cmpuint(step->offset, ==, 0);
    step = scenario_text_step(s, 5);
    g_assert_cmpint(step->kind, ==, SCENARIO_END);
    g_assert_cmpuint(step->number, ==, 6);
    g_assert_cmpuint(step->offset, ==, 4);
    step = scenario_text_step(s, 6);
    g_assert_cmpint(step->kind, ==, SCENARIO_AVAILABILITY);
    g_assert_cmpuint(step->number, ==, SSTP_HANDLER_FAULT);
    g_assert_cmpuint(step->id, ==, SSTP_CLOSE_IDLE);
    /* A step of several is one for each. */
    g_assert_cmpint(scenario_text_step(s, 7)->kind, ==, SCENARIO_LEAVE);
    g_assert_cmpuint(scenario_text_step(s, 7)->device, ==, 0);
    g_assert_cmpuint(scenario_text_step(s, 8)->device, ==, 1);
    g_assert_cmpuint(scenario_text_step(s, 8)->id, ==, SSTP_CONNECT_CLOSE_IDLE);
    step = scenario_text_step(s, 10);
    g_assert_cmpuint(step->id, ==, SSTP_SESSION_STATUS_LOCKED_OUT);
    g_assert_cmpuint(step->items->len, ==, 2);
    g_assert_cmpuint(g_array_index(step->items, unsigned, 0), ==, 0);
    g_assert_cmpuint(g_array_index(step->items, unsigned, 1), ==, 2);
    step = scenario_text_step(s, 11);
    g_assert_true(step->has_number);
    g_assert_cmpuint(step->id, ==, SSTP_NOOP);
    g_assert_cmpuint(step->number, ==, 2);
    g_assert_cmpuint(scenario_text_step(s, 12)->items->len, ==, 0);
    g_assert_cmpuint(scenario_text_step(s, 13)->bytes->len, ==, 3);
    g_assert_cmpint(memcmp(scenario_text_step(s, 13)->bytes->data, "\x0f\xff\x10", 3), ==, 0);
    g_assert_cmpuint(scenario_text_step(s, 14)->number, ==, 2);
    scenario_free(s);
}

/* What each step needs, and what it leaves open. */
static void test_lines(void)
{
    static const struct {
        const char *line, *mistake;
    } rows[] = {
        {"A leaves reason Idle", NULL},
        {"A leaves reason Lazy", "the reason is one of NoReason, "},
        {"A leaves now", "the line goes on with \"now\", which says nothing here"},
        {"A B leave", NULL},
        {"A B leaves", "\"leaves\" is nothing that several devices do"},
        {"A leave", "\"leave\" is nothing that a relay or device does"},
        {"A connects to R", NULL},
        {"A connects to A", "A cannot connect to itself"},
        {"B connects", "B has no relay; \"to\" says whom it connects to"},
        {"R leaves", "\"leaves\" is what a device does"},
        {"A loses-its-POST", NULL},
        {"R loses-its-POST", "\"loses-its-POST\" is what a device does"},
        {"A loses-its-POST again", "the line goes on with \"again\", which says nothing here"},
        {"A stops", "\"stops\" is what a relay does"},
        {"A R leave", "only devices do something together"},
        {"M leaves", "\"M\" does nothing: a step begins with a relay or devices"},
        {"C leaves", "\"C\" is neither a word of the language nor a name so far"},
        {"A", "what A does is needed at the end of the line"},
        {"A sends-bytes 0Fff 10", NULL},
        {"A sends-bytes 0Ff", "\"0Ff\" is not made of bytes of two hexadecimal digits"},
        {"A sends-bytes 0g", "\"0g\" is not made of bytes of two hexadecimal digits"},
        {"A sends-bytes", "bytes are needed at the end of the line, such as 10 07 00"},
        {"A opens t to B", NULL},
        {"A opens t to B@R", "an Open names no relay"},
        {"A opens t", "\"to\" is needed at the end of the line"},
        {"A opens t to B resource \"\"", "the ResourceURL must not be empty"},
        {"A fanout-opens f to-nobody", NULL},
        {"A opens t to-nobody", "\"to\" is needed here, not \"to-nobody\""},
        {"A closes s reason Idle", NULL},
        {"B is ready on s", NULL},
        {"B is tired", "a device is \"ready\" or \"not-ready\""},
        {"A is ready on s", "A does not receive on session s"},
        {"R rests for 2s", NULL},
        {"R rests for 2500ms", "the ReturnTime is in whole seconds"},
        {"R stops reason Idle", NULL},
        {"R dies", NULL},
        {"R starts", NULL},
        {"wait 86400s", NULL},
        {"wait 86401s",
         "the time to wait is a time such as 200ms or 2s, at most 86400s, not \"86401s\""},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        scenario_text_check_line(rows[i].line, rows[i].mistake);
}

/* Who connects to a relay is not with the device of before: a session goes to whom it names. */
static void test_peers(void)
{
    struct scenario *s = scenario_text_parse(CAST "A connects to B\nA opens s to B\n"
                                                  "A connects to R\nA opens t to B\n");
    g_assert_cmpuint(s->sessions[0].receiver, ==, 1);
    g_assert_cmpuint(s->sessions[1].receiver, ==, SCENARIO_NONE);
    scenario_free(s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/scenario-step/steps", test_steps);
    g_test_add_func("/scenario-step/lines", test_lines);
    g_test_add_func("/scenario-step/peers", test_peers);
    return g_test_run();
}
