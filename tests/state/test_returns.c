/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>

#include "state/observer.h"

#include "rows.h"

#define SECOND INT64_C(1000000000)

/* A Connect, and what an observer of its own says of it; then what is answered, and when. */
struct row {
    const char *name;
    const char *who, *target; /* of the second Connect */
    int64_t after;            /* seconds after the request */
    bool is_rest;             /* ConnectClose Resting instead of TryLater */
    bool is_of_initiator;     /* who rests */
    bool is_early;
};

static const struct row rows[] = {
    {"come-back-too-soon", "dpp:///a", "grooveDNS://r", 59, false, false, true},
    {"come-back-in-time", "dpp:///a", "grooveDNS://r", 60, false, false, false},
    {"another-device", "dpp:///b", "grooveDNS://r", 1, false, false, false},
    {"another-relay", "dpp:///a", "grooveDNS://q", 1, false, false, false},
    {"crossed", "dpp:///a", "grooveDNS://r", 0, false, false, false},
    {"rest", "dpp:///a", "grooveDNS://r", 59, true, false, true},
    {"rest-of-the-initiator", "grooveDNS://r", "dpp:///a", 59, true, true, true},
    {"rest-of-the-initiator-itself", "dpp:///a", "grooveDNS://r", 59, true, true, false},
};

/* A list of one URL. */
static struct sstp_list list_of(const char *url)
{
    return (struct sstp_list){1, sstp_span((const uint8_t *)url, strlen(url) + 1)};
}

static uint32_t tell(struct sstp_observer *observer, bool from_initiator,
                     const struct sstp_command *command, int64_t time_ns)
{
    struct sstp_observation seen;

    sstp_observer_command(observer, from_initiator, command,
                          (struct sstp_observed_place){1, time_ns}, &seen);
    return seen.findings & SSTP_OBSERVED(SSTP_FINDING_TIMER);
}

static uint32_t connect_as(struct sstp_observer *observer, struct sstp_returns *returns,
                           const char *who, const char *target, int64_t time_ns)
{
    const struct sstp_command command = {.id = SSTP_CONNECT,
                                         .target_device_url = sstp_span_of_string(target),
                                         .device_urls = list_of(who)};

    sstp_observer_init(observer, &sstp_mem_libc, SSTP_OBSERVER_FROM_START);
    sstp_observer_share_returns(observer, returns);
    return tell(observer, true, &command, time_ns);
}

static void test_row(gconstpointer data)
{
    const struct row *row = data;
    const struct sstp_command try_later = {.id = SSTP_CONNECT_RESPONSE,
                                           .response_id = SSTP_CONNECT_RESPONSE_TRY_LATER,
                                           .wait_time = 60};
    const struct sstp_command ok = {.id = SSTP_CONNECT_RESPONSE};
    const struct sstp_command rest = {
        .id = SSTP_CONNECT_CLOSE, .reason_id = SSTP_CONNECT_CLOSE_RESTING, .wait_time = 60};
    const int64_t asked = 1000 * SECOND;
    struct sstp_returns *returns = g_new0(struct sstp_returns, 1);
    struct sstp_observer first, second;

    g_assert_cmphex(connect_as(&first, returns, "dpp:///a", "grooveDNS://r", asked - 1), ==, 0);
    (void)tell(&first, false, row->is_rest ? &ok : &try_later, asked);
    if (row->is_rest)
        (void)tell(&first, row->is_of_initiator, &rest, asked);
    const int64_t again = asked + row->after * SECOND;
    g_assert_cmpint(connect_as(&second, returns, row->who, row->target, again) != 0, ==,
                    row->is_early);
    sstp_observer_clear(&first);
    sstp_observer_clear(&second);
    g_free(returns);
}

/* The oldest request makes room. */
static void test_cap(void)
{
    struct sstp_returns *returns = g_new0(struct sstp_returns, 1);
    const struct sstp_span target = sstp_span_of_string("r");

    for (unsigned i = 0; i <= SSTP_RETURNS_MAX; i++) {
        char *who = g_strdup_printf("%u", i);
        sstp_returns_ask(returns, sstp_span_of_string(who), target, 0, 60);
        g_free(who);
    }
    g_assert_false(sstp_returns_is_early(returns, sstp_span_of_string("0"), target, SECOND));
    g_assert_true(sstp_returns_is_early(returns, sstp_span_of_string("1"), target, SECOND));
    g_free(returns);
}

static void asked(void *cookie, struct sstp_span who, struct sstp_span target, int64_t now_ns,
                  uint32_t seconds)
{
    g_assert_cmpuint(who.len + target.len + (uint64_t)now_ns + seconds, ==, 1 + 1 + 7 + 60);
    *(unsigned *)cookie += 1;
}

static void looked(void *cookie)
{
    *(unsigned *)cookie += 16;
}

/* Who judges elsewhere is told of all, and nobody is early here. */
static void test_judge(void)
{
    struct sstp_returns *returns = g_new0(struct sstp_returns, 1);
    const struct sstp_span who = sstp_span_of_string("a"), target = sstp_span_of_string("r");
    unsigned told = 0;
    const struct sstp_returns_judge judge = {asked, looked, &told};

    returns->judge = &judge;
    sstp_returns_ask(returns, who, target, 7, 60);
    g_assert_cmpuint(told, ==, 1);
    g_assert_false(sstp_returns_is_early(returns, who, target, 8));
    g_assert_cmpuint(told, ==, 17);
    g_free(returns);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_rows("/state/returns", rows, test_row);
    g_test_add_func("/state/returns/cap", test_cap);
    g_test_add_func("/state/returns/judge", test_judge);
    return g_test_run();
}
