/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which hops are joined, and how surely: each evidence alone is not enough. */
#include "tale.h"

#define RELAY "grooveDNS://r"
#define OTHER "grooveDNS://q"
#define TEXT "a message that can be told from others"

static void assert_name(struct sstp_span name, const char *expected)
{
    g_assert_true(sstp_span_is_equal(name, sstp_span_of_string(expected)));
}

/* a has left a message with the relay for b; its leg. */
static uint32_t leave(struct tale *tale, const char *text)
{
    struct tale_connection *a = tale_connect(tale, "dpp:///a", RELAY);
    tale_open(a, true, 1, "res", "id:b", "dpp:///b");
    const uint32_t leg = tale_send(a, true, 1, text);
    tale_acknowledge(a, false, 1);
    tale_end(a);
    return leg;
}

/* Somebody sends on; what differs from how the relay would is in the row. */
struct onward {
    const char *name;
    const char *relay, *resource, *identity, *device, *text, *user_ref;
    bool is_joined;
};

static const struct onward onwards[] = {
    {"all-fits", RELAY, "res", "id:b", "dpp:///b", TEXT, NULL, true},
    {"another-sender", OTHER, "res", "id:b", "dpp:///b", TEXT, NULL, false},
    {"another-resource", RELAY, "ser", "id:b", "dpp:///b", TEXT, NULL, false},
    {"another-identity", RELAY, "res", "id:c", "dpp:///b", TEXT, NULL, false},
    {"another-device", RELAY, "res", "id:b", "dpp:///c", TEXT, NULL, false},
    {"other-contents", RELAY, "res", "id:b", "dpp:///b", "another message of the same ways", NULL,
     false},
    {"another-user-ref", RELAY, "res", "id:b", "dpp:///b", TEXT, "u", false},
    {"name-unknown", "", "res", "id:b", "dpp:///b", TEXT, NULL, false},
};

static void test_onward(gconstpointer data)
{
    const struct onward *row = data;
    struct tale tale;

    tale_init(&tale, NULL);
    const uint32_t first = leave(&tale, TEXT);
    struct tale_connection *b = tale_connect(&tale, "dpp:///b", row->relay);
    tale_attach(b);
    tale_open(b, false, 0x80000001, row->resource, row->identity, row->device);
    const uint32_t second = tale_send_as(b, false, 0x80000001, row->text, row->user_ref, 0);
    tale_acknowledge(b, true, 1);
    sstp_story_finish(tale.story);

    const struct sstp_story_leg told = tale_leg(&tale, second);
    g_assert_cmpint(told.certainty, ==, row->is_joined ? SSTP_STORY_CERTAIN : SSTP_STORY_OPEN);
    g_assert_cmpuint(told.from, ==, row->is_joined ? first : SSTP_STORY_NONE);
    g_assert_cmpuint(told.hop, ==, row->is_joined ? 1 : 0);
    g_assert_cmpuint(told.journey, ==, row->is_joined ? 0 : 1);
    g_assert_cmpuint(sstp_story_next_hop(tale.story, first, SSTP_STORY_NONE), ==,
                     row->is_joined ? second : SSTP_STORY_NONE);
    const struct sstp_story_branch branch = tale_branch(&tale, first, "id:b");
    g_assert_cmpint(branch.outcome, ==, row->is_joined ? SSTP_STORY_DELIVERED : SSTP_STORY_WAITING);
    assert_name(branch.holder, row->is_joined ? "dpp:///b" : RELAY);
    tale_clear(&tale);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(onwards); i++) {
        g_autofree char *name = g_strdup_printf("/onward/%s", onwards[i].name);
        g_test_add_data_func(name, &onwards[i], test_onward);
    }
    return g_test_run();
}
