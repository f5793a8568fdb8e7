/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How connections travel. */
#include "scenario_text.h"

#include <string.h>

/* As the step says, else as the device does, else as whoever plays it. */
static void test_carriers(void)
{
    struct scenario *s = scenario_text_parse("title T\n"
                                             "not-over 443 because it is so\n"
                                             "relay R poll-max 7 poll-min 1 poll-repetitions 2\n"
                                             "device A relay R over Polling\n"
                                             "device B relay R\n"
                                             "device C\n"
                                             "A B connect\n"
                                             "A B connect over KeepAlive\n"
                                             "A connects to C\n");
    static const enum scenario_carrier wanted[] = {
        SCENARIO_CARRIER_POLLING, SCENARIO_CARRIER_ANY, SCENARIO_CARRIER_KEEPALIVE,
        SCENARIO_CARRIER_KEEPALIVE, SCENARIO_CARRIER_TCP};
    g_assert_cmpuint(s->steps->len, ==, G_N_ELEMENTS(wanted));
    for (guint i = 0; i < s->steps->len; i++)
        g_assert_cmpint(scenario_text_step(s, i)->carrier, ==, wanted[i]);
    g_assert_cmpint(s->relays[0].poll_max, ==, 7);
    g_assert_cmpint(s->relays[0].poll_min, ==, 1);
    g_assert_cmpint(s->relays[0].poll_repetitions, ==, 2);
    g_assert_cmpstr(scenario_not_over(s, SCENARIO_CARRIER_443), ==, "it is so");
    g_assert_null(scenario_not_over(s, SCENARIO_CARRIER_POLLING));
    g_assert_null(scenario_not_over(s, SCENARIO_CARRIER_TCP));
    scenario_free(s);
}

/* Devices serve nothing but TCP. */
static void test_no_relay(void)
{
    struct scenario *s = scenario_text_parse("title T\ndevice A\ndevice B\nA connects to B\n");
    g_assert_nonnull(scenario_not_over(s, SCENARIO_CARRIER_POLLING));
    g_assert_null(scenario_not_over(s, SCENARIO_CARRIER_TCP));
    scenario_free(s);
}

/* The same for proxies; what goes straight leaves them. */
static void test_proxies(void)
{
    struct scenario *s = scenario_text_parse("title T\n"
                                             "relay R\n"
                                             "proxy P\n"
                                             "proxy Q ntlm GROUP\\alice sesame\n"
                                             "device A relay R through P over SOCKS\n"
                                             "device B relay R through Q\n"
                                             "device C relay R\n"
                                             "A B C connect\n"
                                             "A C connect over Polling through Q\n"
                                             "A connects over TCP\n"
                                             "A connects to C\n"
                                             "Q dies\n"
                                             "Q starts\n");
    static const struct {
        enum scenario_carrier carrier;
        unsigned proxy;
    } wanted[] = {{SCENARIO_CARRIER_SOCKS, 0},
                  {SCENARIO_CARRIER_ANY, 1},
                  {SCENARIO_CARRIER_ANY, SCENARIO_NONE},
                  {SCENARIO_CARRIER_POLLING, 1},
                  {SCENARIO_CARRIER_POLLING, 1},
                  {SCENARIO_CARRIER_TCP, SCENARIO_NONE},
                  {SCENARIO_CARRIER_TCP, SCENARIO_NONE},
                  {SCENARIO_CARRIER_ANY, 1},
                  {SCENARIO_CARRIER_ANY, 1}};
    g_assert_cmpuint(s->steps->len, ==, G_N_ELEMENTS(wanted));
    for (guint i = 0; i < s->steps->len; i++) {
        g_assert_cmpint(scenario_text_step(s, i)->carrier, ==, wanted[i].carrier);
        g_assert_cmpuint(scenario_text_step(s, i)->proxy, ==, wanted[i].proxy);
    }
    g_assert_cmpint(scenario_text_step(s, 7)->kind, ==, SCENARIO_DIE);
    g_assert_cmpuint(scenario_text_step(s, 7)->relay, ==, SCENARIO_NONE);
    g_assert_cmpint(scenario_text_step(s, 8)->kind, ==, SCENARIO_START);
    g_assert_null(s->proxies[0].login);
    g_assert_cmpstr(s->proxies[1].login->user, ==, "GROUP\\alice");
    g_assert_cmpstr(s->proxies[1].login->password, ==, "sesame");
    g_assert_cmpint(s->proxies[1].login->scheme, ==, PROXY_NTLM);
    g_assert_cmpstr(scenario_not_over(s, SCENARIO_CARRIER_443), ==, "there is a proxy in the way");
    g_assert_null(scenario_not_over(s, SCENARIO_CARRIER_TCP));
    g_assert_null(scenario_not_over(s, SCENARIO_CARRIER_SOCKS));
    scenario_free(s);
}

static const struct {
    const char *text, *wanted;
} mistakes[] = {
    {"device A over\n",
     "f.scn:1: a way to travel is needed at the end of the line, such as Polling"},
    {"device A over polling\n",
     "f.scn:1: one travels over TCP, 443, CONNECT, SOCKS, LongLived, KeepAlive or Polling, not "
     "\"polling\""},
    {"device A over CONNECT\n", "f.scn:1: CONNECT needs a proxy, which \"through\" names"},
    {"proxy P\ndevice A through P over 443\n", "f.scn:2: 443 goes through no proxy"},
    {"device A through P\n", "f.scn:1: there is no \"P\" so far; a proxy is needed here"},
    {"title T\nrelay R\ndevice A relay R\nA connects over SOCKS\n",
     "f.scn:4: SOCKS needs a proxy, which \"through\" names"},
    {"title T\nrelay R\nproxy P\ndevice A relay R\nA connects over TCP through P\n",
     "f.scn:5: TCP goes through no proxy"},
    {"title T\nproxy P\ndevice A\ndevice B\nA connects to B through P\n",
     "f.scn:5: devices serve nothing but TCP"},
    {"title T\nproxy P\nP stops\n", "f.scn:3: \"stops\" is what a relay does"},
    {"title T\ndevice A\nA dies\n", "f.scn:3: \"dies\" is what a relay or a proxy does"},
    {"proxy P basic alice\n", "f.scn:1: a password is needed at the end of the line"},
    {"proxy P basic alice x ntlm alice x\n", "f.scn:1: a proxy lets in one user"},
    {"proxy P basic a:b x\n", "f.scn:1: the user for the proxy has no colon"},
    {"proxy P\nproxy Q\nproxy R\n", "f.scn:3: a scenario has at most 2 proxies"},
    {"title T\ndevice A\ndevice B\nA connects to B over Polling\n",
     "f.scn:4: devices serve nothing but TCP"},
    {"title T\nrelay R\ndevice A relay R\nA connects over\n",
     "f.scn:4: a way to travel is needed at the end of the line, such as Polling"},
    {"not-over\n", "f.scn:1: a way to travel is needed at the end of the line, such as Polling"},
    {"not-over TCP because so\n", "f.scn:1: every scenario is played over TCP"},
    {"not-over Polling Polling because so\n", "f.scn:1: \"Polling\" is said twice"},
    {"not-over Polling because so\nnot-over 443 Polling because so\n",
     "f.scn:2: \"Polling\" is said twice"},
    {"not-over Polling\n", "f.scn:1: \"because\" and a reason are needed at the end of the line"},
    {"not-over Polling because\n",
     "f.scn:1: \"because\" and a reason are needed at the end of the line"},
};

static void test_mistakes(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(mistakes); i++)
        assert_mistake(mistakes[i].text, strlen(mistakes[i].text), mistakes[i].wanted);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/scenario-travel/carriers", test_carriers);
    g_test_add_func("/scenario-travel/no-relay", test_no_relay);
    g_test_add_func("/scenario-travel/proxies", test_proxies);
    g_test_add_func("/scenario-travel/mistakes", test_mistakes);
    return g_test_run();
}
