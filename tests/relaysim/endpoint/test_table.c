/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which sessions there are, which attach sessions, and which ids were closed from here. */
#include "endpoint/endpoint.h"
#include "endpoint/internal.h"

#include "counting_mem.h"

#include <glib.h>

static void ignore(void *cookie, struct sstp_ep *ep, const struct sstp_ep_event *event)
{
    (void)cookie;
    (void)ep;
    (void)event;
}

static struct sstp_ep *new_endpoint(struct counting_mem *counting, bool is_originator)
{
    static const char *const urls[] = {"dpp:///a"};
    counting_mem_init(counting);
    return sstp_ep_new(&(struct sstp_ep_config){.mem = &counting->mem,
                                                .is_originator = is_originator,
                                                .device_urls = urls,
                                                .num_device_urls = 1,
                                                .product_version = "",
                                                .event = ignore,
                                                .limits = {.max_attaches = 3}});
}

static void end(struct sstp_ep *ep, const struct counting_mem *counting)
{
    sstp_ep_free(ep);
    g_assert_cmpuint(counting->num_blocks, ==, 0);
}

/* Any order in, any order out: each is found by its id, and no other. */
static void test_sessions(void)
{
    static const uint32_t ids[] = {7, 0x80000001, 3, 9, 1, 0x80000000, 5, 8, 2, 6, 4, 10};
    struct counting_mem counting;
    struct sstp_ep *ep = new_endpoint(&counting, true);
    for (size_t i = 0; i < G_N_ELEMENTS(ids); i++) {
        const struct sstp_ep_session *session = sstp_ep_add_session(ep, ids[i], ids[i] < 9);
        g_assert_cmpuint(session->id, ==, ids[i]);
        g_assert_cmpint(session->state, ==, SSTP_SESSION_OPENING);
    }
    g_assert_cmpuint(ep->num_opening, ==, 8); /* those of ours */
    for (size_t gone = 0; gone <= G_N_ELEMENTS(ids); gone++) {
        for (size_t i = 0; i < G_N_ELEMENTS(ids); i++) {
            const struct sstp_ep_session *session = sstp_ep_find_session(ep, ids[i]);
            g_assert_true((session != NULL) == (i >= gone));
            g_assert_true(session == NULL || session->id == ids[i]);
        }
        g_assert_null(sstp_ep_find_session(ep, 11));
        for (size_t i = 1; i < ep->num_sessions; i++)
            g_assert_cmpuint(ep->sessions[i - 1]->id, <, ep->sessions[i]->id);
        sstp_ep_remove_session(ep, 11);
        if (gone < G_N_ELEMENTS(ids))
            sstp_ep_remove_session(ep, ids[gone]);
    }
    g_assert_cmpuint(ep->num_opening, ==, 0);
    end(ep, &counting);
}

/* When none of ours waits for its answer any more there is nothing to give up in time. */
static void test_opening(void)
{
    struct counting_mem counting;
    struct sstp_ep *ep = new_endpoint(&counting, true);
    (void)sstp_ep_add_session(ep, 1, true);
    (void)sstp_ep_add_session(ep, 2, true);
    (void)sstp_ep_add_session(ep, 0x80000001, false);
    ep->open_deadline_ms = 5;
    sstp_ep_remove_session(ep, 0x80000001);
    sstp_ep_count_answered(ep, sstp_ep_find_session(ep, 1));
    g_assert_cmpint(ep->open_deadline_ms, ==, 5);
    sstp_ep_remove_session(ep, 2);
    g_assert_cmpint(ep->open_deadline_ms, ==, SSTP_EP_NEVER);
    sstp_ep_find_session(ep, 1)->state = SSTP_SESSION_READY;
    end(ep, &counting);
}

/* Ids of ours go on in their range, past those in use, and begin anew at its end. */
static void test_take_id(void)
{
    for (int is_originator = 0; is_originator < 2; is_originator++) {
        const uint32_t side = is_originator ? 0 : 0x80000000;
        struct counting_mem counting;
        struct sstp_ep *ep = new_endpoint(&counting, is_originator);
        g_assert_cmphex(sstp_ep_take_id(ep), ==, side | 1);
        (void)sstp_ep_add_session(ep, side | 2, true);
        g_assert_cmpint(sstp_ep_add_attach(ep, side | 3, true), ==, SSTP_EP_OK);
        sstp_ep_note_closed_id(ep, side | 4);
        g_assert_cmphex(sstp_ep_take_id(ep), ==, side | 4);
        g_assert_false(sstp_ep_is_closed_id(ep, side | 4)); /* it is another one now */
        ep->next_id = 0x7fffffff;
        g_assert_cmphex(sstp_ep_take_id(ep), ==, side | 0x7fffffff);
        g_assert_cmphex(sstp_ep_take_id(ep), ==, side);
        g_assert_true(sstp_ep_id_is_peers(ep, side ^ 0x80000001));
        g_assert_false(sstp_ep_id_is_peers(ep, side | 1));
        end(ep, &counting);
    }
}

static void test_attaches(void)
{
    struct counting_mem counting;
    struct sstp_ep *ep = new_endpoint(&counting, true);
    for (uint32_t id = 1; id <= 3; id++)
        g_assert_cmpint(sstp_ep_add_attach(ep, id, id != 2), ==, SSTP_EP_OK);
    g_assert_cmpint(sstp_ep_add_attach(ep, 4, true), ==, SSTP_EP_FULL);
    g_assert_false(sstp_ep_find_attach(ep, 2)->is_attach);
    /* The timer runs while one of them waits for its answer. */
    sstp_ep_await_response(ep, 1, true);
    sstp_ep_await_response(ep, 3, true);
    g_assert_cmpint(ep->auth_deadline_ms, ==, SSTP_EP_AUTH_TIMEOUT_MS);
    sstp_ep_await_response(ep, 1, false);
    g_assert_cmpint(ep->auth_deadline_ms, ==, SSTP_EP_AUTH_TIMEOUT_MS);
    g_assert_true(sstp_ep_remove_attach(ep, 3));
    g_assert_cmpint(ep->auth_deadline_ms, ==, SSTP_EP_NEVER);
    g_assert_false(sstp_ep_remove_attach(ep, 3));
    g_assert_true(sstp_ep_id_is_in_use(ep, 1));
    g_assert_true(sstp_ep_id_is_in_use(ep, 2));
    g_assert_false(sstp_ep_id_is_in_use(ep, 3));
    end(ep, &counting);
}

/* The last so many are remembered, each once it is forgotten no more. */
static void test_closed_ids(void)
{
    struct counting_mem counting;
    struct sstp_ep *ep = new_endpoint(&counting, true);
    for (uint32_t id = 0; id < SSTP_EP_NUM_CLOSED + 10; id++)
        sstp_ep_note_closed_id(ep, id);
    for (uint32_t id = 0; id < SSTP_EP_NUM_CLOSED + 10; id++)
        g_assert_true(sstp_ep_is_closed_id(ep, id) == (id >= 10));
    sstp_ep_forget_closed_id(ep, 500);
    sstp_ep_forget_closed_id(ep, 3); /* which is not there */
    for (uint32_t id = 10; id < SSTP_EP_NUM_CLOSED + 10; id++)
        g_assert_true(sstp_ep_is_closed_id(ep, id) == (id != 500));
    end(ep, &counting);
}

/* Bytes of messages under way are counted here and for all who share them. */
static void test_assembling(void)
{
    struct sstp_ep_assembling all = {.num_bytes = 100};
    struct counting_mem counting;
    struct sstp_ep *ep = new_endpoint(&counting, true);
    ep->config.assembling = &all;
    sstp_ep_count_assembling(ep, 50, 0);
    sstp_ep_count_assembling(ep, 0, 20);
    g_assert_cmpuint(ep->num_assembling, ==, 30);
    g_assert_cmpuint(all.num_bytes, ==, 130);
    /* A session that goes takes its own with it. */
    struct sstp_ep_session *session = sstp_ep_add_session(ep, 1, true);
    g_assert_true(sstp_ep_bytes_reserve(&counting.mem, &session->assembly, 30));
    session->assembly.len = 30;
    sstp_ep_remove_session(ep, 1);
    g_assert_cmpuint(ep->num_assembling, ==, 0);
    g_assert_cmpuint(all.num_bytes, ==, 100);
    end(ep, &counting);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/endpoint-table/sessions", test_sessions);
    g_test_add_func("/endpoint-table/opening", test_opening);
    g_test_add_func("/endpoint-table/take-id", test_take_id);
    g_test_add_func("/endpoint-table/attaches", test_attaches);
    g_test_add_func("/endpoint-table/closed-ids", test_closed_ids);
    g_test_add_func("/endpoint-table/assembling", test_assembling);
    return g_test_run();
}
