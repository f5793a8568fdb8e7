/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An endpoint that says what it is given, and nothing of its own. */
#include "endpoint/endpoint.h"

#include <glib.h>

struct seen {
    unsigned num_closed, num_sent;
    uint8_t sent_id;
    uint16_t sent_length;
};

static void on_event(void *cookie, struct sstp_ep *ep, const struct sstp_ep_event *event)
{
    struct seen *seen = cookie;
    (void)ep;
    g_assert_cmpint(event->kind, ==, SSTP_EP_EVENT_CLOSED);
    seen->num_closed++;
}

static void on_sent(void *cookie, const struct sstp_command *command)
{
    struct seen *seen = cookie;
    seen->num_sent++;
    seen->sent_id = command->id;
    seen->sent_length = command->length;
}

static struct sstp_ep *puppet(struct seen *seen)
{
    return sstp_ep_new(&(struct sstp_ep_config){.mem = &sstp_mem_libc,
                                                .is_puppet = true,
                                                .event = on_event,
                                                .cookie = seen,
                                                .witness = {.sent = on_sent, .cookie = seen}});
}

/* Whatever comes, and however late it is: nothing goes. */
static void test_silent(void)
{
    static const uint8_t heard[] = {0x10, 7, 0, 9, 0, 0, 0, 0xff, 0, 0};
    struct seen seen = {.num_closed = 0};
    struct sstp_ep *ep = puppet(&seen);
    g_assert_cmpint(sstp_ep_next_deadline(ep), ==, SSTP_EP_NEVER);
    sstp_ep_limit_outbound_idle(ep, 1000);
    sstp_ep_receive(ep, heard, 7);
    sstp_ep_receive(ep, heard + 7, 3);
    sstp_ep_tick(ep, 1000000000);
    g_assert_cmpuint(sstp_ep_num_bytes_heard(ep), ==, 10);
    g_assert_cmpuint(sstp_ep_output_len(ep), ==, 0);
    g_assert_cmpint(sstp_ep_noop(ep), ==, SSTP_EP_WRONG_STATE);
    g_assert_cmpuint(seen.num_closed, ==, 0);
    sstp_ep_transport_lost(ep);
    g_assert_cmpuint(seen.num_closed, ==, 1);
    sstp_ep_free(ep);
}

/* Bytes go as they are; the witness hears of those that are a command. */
static void test_says(void)
{
    static const uint8_t noop[] = {0x10, 7, 0, 3, 0, 0, 0}, half[] = {0x10, 7, 0, 3},
                         both[] = {0x10, 7, 0, 3, 0, 0, 0, 0x10, 7, 0, 3, 0, 0, 0};
    struct seen seen = {.num_closed = 0};
    struct sstp_ep *ep = puppet(&seen);
    g_assert_cmpint(sstp_ep_say(ep, sstp_span(noop, sizeof noop)), ==, SSTP_EP_OK);
    g_assert_cmpuint(seen.num_sent, ==, 1);
    g_assert_cmpuint(seen.sent_id, ==, SSTP_NOOP);
    g_assert_cmpuint(seen.sent_length, ==, 7);
    g_assert_cmpint(sstp_ep_say(ep, sstp_span(half, sizeof half)), ==, SSTP_EP_OK);
    g_assert_cmpint(sstp_ep_say(ep, sstp_span(both, sizeof both)), ==, SSTP_EP_OK);
    g_assert_cmpuint(seen.num_sent, ==, 1);
    g_assert_cmpuint(sstp_ep_output_len(ep), ==, sizeof noop + sizeof half + sizeof both);
    const struct sstp_span output = sstp_ep_output(ep);
    g_assert_cmpint(memcmp(output.data, noop, sizeof noop), ==, 0);
    g_assert_cmpint(memcmp(output.data + sizeof noop, half, sizeof half), ==, 0);
    sstp_ep_hang_up(ep);
    sstp_ep_hang_up(ep);
    g_assert_cmpint(sstp_ep_state(ep), ==, SSTP_CONNECTION_CLOSED);
    g_assert_cmpuint(seen.num_closed, ==, 1);
    g_assert_cmpuint(sstp_ep_output_len(ep), >, 0); /* what was said still goes */
    g_assert_cmpint(sstp_ep_say(ep, sstp_span(noop, sizeof noop)), ==, SSTP_EP_WRONG_STATE);
    sstp_ep_free(ep);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/endpoint-puppet/silent", test_silent);
    g_test_add_func("/endpoint-puppet/says", test_says);
    return g_test_run();
}
