/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When Polling's client asks: each timer, the back-off, one request at a time, what is lost and
 * asked again, and the end. */
#include "carrier/polling_options.h"

#include "asker.h"

static const struct http_options client_options = {.server_name = NAME};
static const struct polling_options slow = {
    .establish_ms = 180000, .receive_ms = 300000, .repeats = 0};
static const struct http_options slow_options = {.server_name = NAME, .polling = &slow};
static const struct polling_options strict = {
    .establish_ms = 180000, .receive_ms = 120000, .repeats = 0};
static const struct http_options strict_options = {.server_name = NAME, .polling = &strict};

/* ConnectionEstablishment timer, in each state. */
static void test_establish_timeout(void)
{
    for (int i = 0; i < 2; i++) {
        struct asker asker;
        asker_begin(&asker, i == 0 ? &client_options : &slow_options);
        asker_go_to(&asker, i == 0 ? PROBING : CONNECTING);
        asker_wait(&asker, i == 0 ? 119999 : 179999);
        g_assert_false(carrier_is_lost(asker.carrier));
        asker_wait(&asker, 1);
        g_assert_true(carrier_is_lost(asker.carrier));
        g_assert_cmpstr(carrier_failure(asker.carrier), ==,
                        i == 0 ? "the other side did not answer in time" : NULL);
        asker_end(&asker);
    }
}

/* Whoever cannot even be reached. */
static void test_unreachable(void)
{
    struct asker asker;
    asker_begin(&asker, &client_options);
    asker.transport = carrier_next_wanted(asker.carrier);
    g_assert_cmpint(carrier_deadline(asker.carrier), ==, BEGIN_MS + 180000);
    asker_wait(&asker, 180000);
    g_assert_cmpstr(carrier_failure(asker.carrier), ==,
                    "the other side did not establish the connection in time");
    carrier_abandon(asker.transport);
    asker_end(&asker);
}

/* NetworkReceiveIO timer, from when the request is said. */
static void test_receive_timeout(void)
{
    struct asker asker;
    asker_begin(&asker, &client_options);
    asker_go_to(&asker, ESTABLISHED);
    g_assert_cmpint(carrier_deadline(asker.carrier), ==, asker.now_ms + 120000);
    asker_wait(&asker, 119999);
    g_assert_false(carrier_is_lost(asker.carrier));
    asker_wait(&asker, 1);
    g_assert_true(carrier_is_lost(asker.carrier));
    asker_end(&asker);
}

/* Answers the request under way, and has the next one come by itself after so long. */
static void await_poll(struct asker *asker, struct henc_polling *answer, int64_t ms)
{
    asker_answer_ok(asker, *answer, 1000);
    carrier_lost(asker->transport);
    answer->sequence++;
    answer->data = sstp_span(NULL, 0);
    g_assert_cmpint(carrier_deadline(asker->carrier), ==, asker->now_ms + ms);
    asker_wait(asker, ms - 1);
    g_assert_false(asker_hear(asker));
    asker_wait(asker, 1);
    g_assert_true(asker_hear(asker));
    g_assert_cmpuint(asker->request.sequence, ==, answer->sequence);
    g_assert_cmpuint(asker->request.data.len, ==, 0);
}

/* Each interval so often as the server has named, then doubled; from the beginning with data
 * either way, and by what the last answer says. */
static void test_back_off(void)
{
    struct henc_polling answer = {
        .sequence = 1, .poll_max = 7, .poll_min = 2, .poll_repetitions = 2};
    struct asker asker;
    asker_begin(&asker, &client_options);
    asker_go_to(&asker, ESTABLISHED);
    answer.data = sstp_span(noop, sizeof noop);
    await_poll(&asker, &answer, 2000);
    await_poll(&asker, &answer, 2000);
    await_poll(&asker, &answer, 4000);
    await_poll(&asker, &answer, 4000);
    await_poll(&asker, &answer, 7000);
    await_poll(&asker, &answer, 7000);
    await_poll(&asker, &answer, 7000);

    /* The server's. */
    answer.data = sstp_span(noop, sizeof noop);
    await_poll(&asker, &answer, 2000);
    await_poll(&asker, &answer, 2000);
    await_poll(&asker, &answer, 4000);

    /* Ours: it does not wait. */
    asker_answer_ok(&asker, answer, 1000);
    carrier_lost(asker.transport);
    answer.sequence++;
    asker_wait(&asker, 1);
    asker_speak(&asker);
    g_assert_true(asker_hear(&asker));
    g_assert_cmpuint(asker.request.data.len, ==, sizeof noop);
    await_poll(&asker, &answer, 2000);

    answer.poll_min = 3;
    await_poll(&asker, &answer, 3000);
    await_poll(&asker, &answer, 6000);
    asker_end(&asker);
}

/* What is said while a request has no answer waits for that: ClientOKtoSend. */
static void test_in_turn(void)
{
    struct asker asker;
    asker_begin(&asker, &client_options);
    asker_go_to(&asker, ESTABLISHED);
    g_assert_cmpint(sstp_ep_noop(asker.pair->a.ep), ==, SSTP_EP_OK);
    asker_wait(&asker, 60000);
    g_assert_null(carrier_next_wanted(asker.carrier));
    asker_answer_ok(&asker, (struct henc_polling){.sequence = 1}, 1000);
    struct carrier_transport *last = asker.transport;
    g_assert_true(asker_hear(&asker));
    g_assert_cmpuint(asker.request.data.len, ==, sizeof noop);
    g_assert_true(carrier_is_over(last));

    /* The end of the last one is no loss; nor does what comes of it then matter. */
    carrier_receive(last, "HTTP/1.0 500 X\r\nContent-Length: 0\r\n\r\n", 39);
    carrier_lost(last);
    g_assert_false(carrier_is_lost(asker.carrier));
    asker_end(&asker);
}

/* A request whose answer was lost comes again as it was, so often as is allowed. */
static void test_repeated(void)
{
    struct asker asker;
    asker_begin(&asker, &client_options);
    asker_go_to(&asker, CONNECTING);
    GByteArray *first = g_byte_array_new();
    g_byte_array_append(first, asker.said->data, asker.said->len);
    g_assert_cmpint(sstp_ep_noop(asker.pair->a.ep), ==, SSTP_EP_OK);
    for (int i = 0; i < 2; i++) {
        if (i == 0) {
            carrier_lost(asker.transport);
        } else {
            asker_wait(&asker, 200);
            carrier_not_opened(carrier_next_wanted(asker.carrier), "connection refused");
        }
        g_assert_null(carrier_next_wanted(asker.carrier));
        g_assert_cmpint(carrier_deadline(asker.carrier), ==, asker.now_ms + 200);
    }
    asker_wait(&asker, 200);
    g_assert_true(asker_hear(&asker));
    g_assert_cmpuint(asker.said->len, ==, first->len);
    g_assert_cmpint(memcmp(asker.said->data, first->data, first->len), ==, 0);
    carrier_lost(asker.transport);
    g_assert_true(carrier_is_gone(asker.carrier));
    g_byte_array_free(first, TRUE);
    asker_end(&asker);
}

/* The count begins anew with each request; and 0 is what GRVHENC 3.5.7 has. */
static void test_repeats(void)
{
    struct asker asker;
    asker_begin(&asker, &client_options);
    asker_go_to(&asker, CONNECTING);
    for (uint32_t number = 0; number < 4; number++) {
        for (int i = 0; i < 2; i++) {
            carrier_lost(asker.transport);
            asker_wait(&asker, 200);
            g_assert_true(asker_hear(&asker));
            g_assert_cmpuint(asker.request.sequence, ==, number);
        }
        asker_answer_ok(&asker, (struct henc_polling){.sequence = number}, 1000);
        carrier_lost(asker.transport);
        asker_speak(&asker);
        g_assert_true(asker_hear(&asker));
    }
    asker_end(&asker);

    asker_begin(&asker, &strict_options);
    asker_go_to(&asker, ESTABLISHED);
    carrier_lost(asker.transport);
    g_assert_true(carrier_is_gone(asker.carrier));
    asker_end(&asker);
}

/* The endpoint's last words have an exchange of their own. */
static void test_end(void)
{
    struct asker asker;
    asker_begin(&asker, &client_options);
    asker_go_to(&asker, ESTABLISHED);
    asker_answer_ok(&asker, (struct henc_polling){.sequence = 1}, 1000);
    carrier_lost(asker.transport);
    sstp_ep_close_connection(asker.pair->a.ep, SSTP_CONNECT_CLOSE_NO_REASON, 0);
    g_assert_cmpint(carrier_deadline(asker.carrier), <=, asker.now_ms);
    asker_wait(&asker, 0);
    g_assert_true(asker_hear(&asker));
    g_assert_cmpuint(asker.request.data.data[0], ==, SSTP_CONNECT_CLOSE);
    g_assert_false(carrier_is_lost(asker.carrier));
    asker_answer_ok(&asker, (struct henc_polling){.sequence = 2}, 1000);
    g_assert_true(carrier_is_over(asker.transport));
    g_assert_false(carrier_is_lost(asker.carrier)); /* its transport ends in order */
    carrier_lost(asker.transport);
    g_assert_true(carrier_is_gone(asker.carrier));
    asker_end(&asker);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/polling/client/establish-timeout", test_establish_timeout);
    g_test_add_func("/polling/client/unreachable", test_unreachable);
    g_test_add_func("/polling/client/receive-timeout", test_receive_timeout);
    g_test_add_func("/polling/client/back-off", test_back_off);
    g_test_add_func("/polling/client/in-turn", test_in_turn);
    g_test_add_func("/polling/client/repeated", test_repeated);
    g_test_add_func("/polling/client/repeats", test_repeats);
    g_test_add_func("/polling/client/end", test_end);
    return g_test_run();
}
