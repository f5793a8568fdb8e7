/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cast of a scenario, its faults and its findings. */
#include "scenario_text.h"

static void test_cast(void)
{
    struct scenario *s = scenario_text_parse(
        "title  A  title # and a comment\r\n"
        "relay R1 peer R2 version 1.5 quota 9 no-single-hop ack-delay 2s lock-out B\n"
        "relay R2 url grooveDNS://second url grooveDNS://other store file stopped\n"
        "device A relay R1 attaches version 2.7 secret \"s \\\"\\\\\\n\" not-ready\n"
        "device B url dpp:///x#y identity grooveIdentity://i account grooveAccount://a holds\n"
        "fault split\nfault lose 1 of 3\nfault drop A within 9 bytes\nfinding gap 2\n"
        "wait 20ms\n");
    g_assert_cmpstr(s->title, ==, "A title");
    g_assert_cmpuint(s->num_relays, ==, 2);
    g_assert_cmpstr(g_ptr_array_index(s->relays[0].urls, 0), ==, "grooveDNS://r1.groove.example");
    g_assert_cmpuint(s->relays[0].num_peers, ==, 1);
    g_assert_cmpuint(s->relays[0].peers[0], ==, 1);
    g_assert_cmpuint(s->relays[0].config.minor_version, ==, 5);
    g_assert_cmpuint(s->relays[0].config.quota, ==, 9);
    g_assert_cmpint(s->relays[0].config.ack_delay_ms, ==, 2000);
    g_assert_true(s->relays[0].config.supports_multi_drop);
    g_assert_false(s->relays[0].config.supports_single_hop);
    g_assert_cmpuint(s->relays[0].locked_out->len, ==, 2);
    g_assert_cmpstr(g_ptr_array_index(s->relays[0].locked_out, 0), ==, "dpp:///x#y");
    g_assert_cmpstr(g_ptr_array_index(s->relays[0].locked_out, 1), ==, "grooveIdentity://i");
    g_assert_cmpuint(s->relays[1].urls->len, ==, 2);
    g_assert_true(s->relays[1].is_durable && s->relays[1].is_stopped);
    g_assert_true(s->devices[0].attaches);
    g_assert_cmpuint(s->devices[0].major_version, ==, 2);
    g_assert_cmpuint(s->devices[0].minor_version, ==, 7);
    g_assert_cmpstr(s->devices[0].secret, ==, "s \"\\\n");
    g_assert_cmpint(s->devices[0].availability, ==, SSTP_HANDLER_NOT_READY);
    g_assert_cmpuint(s->devices[0].drop_within, ==, 9);
    g_assert_cmpstr(s->devices[0].identity_url, ==, "grooveIdentity://a");
    g_assert_true(s->devices[1].holds);
    g_assert_cmpuint(s->devices[1].relay, ==, SCENARIO_NONE);
    g_assert_true(s->faults.splits);
    g_assert_cmpint(s->faults.capture.values[WEAR_LOSE][WEAR_ONE_OF], ==, 3);
    g_assert_cmpuint(s->num_findings, ==, 1);
    g_assert_cmpstr(s->findings[0].filter, ==, "gap");
    g_assert_cmpuint(s->findings[0].num, ==, 2);
    g_assert_cmpuint(scenario_text_step(s, 0)->number, ==, 20);
    scenario_free(s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/scenario-declare/cast", test_cast);
    return g_test_run();
}
