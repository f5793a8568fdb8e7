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
    bool may_be_it; /* for all that is known */
};

static const struct onward onwards[] = {
    {"all-fits", RELAY, "res", "id:b", "dpp:///b", TEXT, NULL, true, true},
    {"another-sender", OTHER, "res", "id:b", "dpp:///b", TEXT, NULL, false, false},
    {"another-resource", RELAY, "ser", "id:b", "dpp:///b", TEXT, NULL, false, false},
    {"another-identity", RELAY, "res", "id:c", "dpp:///b", TEXT, NULL, false, false},
    {"another-device", RELAY, "res", "id:b", "dpp:///c", TEXT, NULL, false, false},
    {"other-contents", RELAY, "res", "id:b", "dpp:///b", "another message of the same ways", NULL,
     false, false},
    {"another-user-ref", RELAY, "res", "id:b", "dpp:///b", TEXT, "u", false, false},
    {"name-unknown", "", "res", "id:b", "dpp:///b", TEXT, NULL, false, true},
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
    g_assert_cmpint(branch.outcome, ==,
                    row->is_joined   ? SSTP_STORY_DELIVERED
                    : row->may_be_it ? SSTP_STORY_NOT_KNOWN
                                     : SSTP_STORY_WAITING);
    assert_name(branch.holder, row->is_joined ? "dpp:///b" : row->may_be_it ? "" : RELAY);
    tale_clear(&tale);
}

/* ------------------------------------------------------------------------
 * What repeats
 */

/* b has come and gets so many of what waits for it; their legs. */
static void fetch(struct tale *tale, const char *const *texts, unsigned num, uint32_t *legs)
{
    struct tale_connection *b = tale_connect(tale, "dpp:///b", RELAY);

    tale_attach(b);
    tale_open(b, false, 0x80000001, "res", "id:b", "dpp:///b");
    for (unsigned i = 0; i < num; i++)
        legs[i] = tale_send(b, false, 0x80000001, texts[i]);
    tale_acknowledge(b, true, num);
    tale_end(b);
}

/* What a and the relay say, a letter a message: capitals are long, "-" hides one that passes. */
struct turn {
    const char *name;
    const char *came, *went;
    /* Of each that went: which one it is, by its place; certainty 'C', 'L', or '.' for none. */
    const char *from, *certainty;
};

static const struct turn turns[] = {
    {"unique", "ABC", "ABC", "012", "CCC"},
    {"short", "abc", "abc", "012", "LLL"},
    {"repeated", "AAA", "AAA", "012", "LLL"},
    {"repeated-between-others", "ABA", "ABA", "012", "LCL"},
    {"one-waits-still", "ABA", "AB", "01", "LC"},
    /* As it came before the capture, so may another A. */
    {"came-before-the-capture", "A", "BA", ".0", ".L"},
    /* It is sent again, or one of two was not seen to come: which one nobody knows. */
    {"more-went-than-came", "A", "AA", "0a", "LL"},
    {"unseen-first", "aa", "baa", "...", "..."},
    /* What should have gone before it has not been seen: it overtook that, or that left unseen. */
    {"out-of-turn", "ABC", "BC", "12", "CC"},
    {"out-of-turn-repeated", "ABCB", "BB", "..", ".."},
    {"sent-again", "AB", "AAB", "0a1", "LLC"},
};

static char *text_of(char letter)
{
    return g_ascii_isupper(letter) ? g_strdup_printf("a long text that begins with %c", letter)
                                   : g_strdup_printf("%c", letter);
}

static void test_turn(gconstpointer data)
{
    const struct turn *row = data;
    uint32_t came[8], went[8];
    struct tale tale;

    tale_init(&tale, NULL);
    for (gsize i = 0; row->came[i] != '\0'; i++) {
        g_autofree char *text = text_of(row->came[i]);
        came[i] = leave(&tale, text);
    }
    char *texts[8] = {NULL};
    const unsigned num = (unsigned)strlen(row->went);
    for (unsigned i = 0; i < num; i++)
        texts[i] = text_of(row->went[i]);
    for (unsigned i = 0; i < num; i++)
        fetch(&tale, (const char *const *)&texts[i], 1, &went[i]);
    sstp_story_finish(tale.story);
    for (unsigned i = 0; i < num; i++) {
        const struct sstp_story_leg told = tale_leg(&tale, went[i]);
        g_test_message("%s: %u", row->name, i);
        const char certainty[] = {
            [SSTP_STORY_OPEN] = '.', [SSTP_STORY_CERTAIN] = 'C', [SSTP_STORY_LIKELY] = 'L'};
        g_assert_cmpint(certainty[told.certainty], ==, row->certainty[i]);
        if (row->from[i] == 'a')
            g_assert_cmpuint(told.attempt_of, ==, went[i - 1]);
        else
            g_assert_cmpuint(told.from, ==,
                             row->from[i] == '.' ? SSTP_STORY_NONE : came[row->from[i] - '0']);
        g_free(texts[i]);
    }
    tale_clear(&tale);
}

/* Where nothing is claimed, what it might be is listed. */
static void test_candidates(void)
{
    const char *const texts[] = {"x", "a"};
    uint32_t candidates[4], went[2];
    struct tale tale;

    tale_init(&tale, NULL);
    const uint32_t first = leave(&tale, "a"), second = leave(&tale, "a");
    fetch(&tale, texts, 2, went);
    sstp_story_finish(tale.story);
    g_assert_cmpint(tale_leg(&tale, went[1]).certainty, ==, SSTP_STORY_OPEN);
    g_assert_cmpuint(sstp_story_candidates(tale.story, went[1], candidates, 4), ==, 2);
    g_assert_cmpuint(candidates[0], ==, second);
    g_assert_cmpuint(candidates[1], ==, first);
    g_assert_cmpuint(sstp_story_candidates(tale.story, went[1], candidates, 1), ==, 1);
    g_assert_cmpuint(sstp_story_candidates(tale.story, went[0], candidates, 4), ==, 0);
    tale_clear(&tale);
}

/* A relay sends on what came by two sessions for the same ones at another relay: whose comes first
 * nothing says, but that what came later by one of both has left before. */
static void test_turn_of_sessions(gconstpointer is_left_behind)
{
    const struct tale_recipient there = {"id:b", "dpp:///b", OTHER};
    const bool is_behind = GPOINTER_TO_INT(is_left_behind) != 0;
    uint32_t came = 0, candidates[4];
    struct tale tale;

    tale_init(&tale, NULL);
    for (unsigned i = 0; i < 2; i++) {
        struct tale_connection *a = tale_connect(&tale, i == 0 ? "dpp:///a" : "dpp:///c", RELAY);
        tale_fanout(a, true, 1, "res", &there, 1);
        came = tale_send(a, true, 1, "ok");
        if (i == 0)
            tale_send(a, true, 1, TEXT);
        tale_acknowledge(a, false, i == 0 ? 2 : 1);
    }
    struct tale_connection *onward = tale_connect(&tale, RELAY, OTHER);
    tale_fanout(onward, true, 1, "res", &there, 1);
    if (is_behind)
        tale_send(onward, true, 1, TEXT);
    const uint32_t went = tale_send(onward, true, 1, "ok");
    sstp_story_finish(tale.story);
    g_assert_cmpint(tale_leg(&tale, went).certainty, ==,
                    is_behind ? SSTP_STORY_LIKELY : SSTP_STORY_OPEN);
    g_assert_cmpuint(tale_leg(&tale, went).from, ==, is_behind ? came : SSTP_STORY_NONE);
    g_assert_cmpuint(sstp_story_candidates(tale.story, went, candidates, 4), ==, is_behind ? 0 : 2);
    tale_clear(&tale);
}

/* What joined by order alone before something without origin was seen is taken back, unless
 * the numbers have to stay. */
static void test_revised(gconstpointer keeps)
{
    const struct sstp_story_config config = {.keeps_times = true,
                                             .keeps_numbers = GPOINTER_TO_INT(keeps) != 0};
    const char *const texts[] = {"a", "x", "a"};
    uint32_t went[3];
    struct tale tale;

    tale_init(&tale, &config);
    leave(&tale, "a");
    leave(&tale, "a");
    fetch(&tale, texts, 3, went);
    g_assert_cmpint(tale_leg(&tale, went[0]).certainty, ==, SSTP_STORY_LIKELY);
    sstp_story_finish(tale.story);
    g_assert_cmpint(tale_leg(&tale, went[0]).certainty, ==,
                    config.keeps_numbers ? SSTP_STORY_LIKELY : SSTP_STORY_OPEN);
    g_assert_cmpint(tale_leg(&tale, went[2]).certainty, ==, SSTP_STORY_OPEN);
    tale_clear(&tale);
}

/* ------------------------------------------------------------------------
 * What nobody saw come
 */

/* Something else leaves a relay, or a device sends it. */
static void send_else(struct tale *tale, const char *sender, const char *receiver)
{
    static unsigned num;
    g_autofree char *text = g_strdup_printf("something else, %u, that nobody saw come", num++);
    const bool is_relays = g_str_has_prefix(sender, "grooveDNS:");
    struct tale_connection *one =
        tale_connect(tale, is_relays ? receiver : sender, is_relays ? sender : receiver);

    tale_open(one, !is_relays, is_relays ? 0x80000001 : 1, "res", "id:b", "dpp:///b");
    tale_send(one, !is_relays, is_relays ? 0x80000001 : 1, text);
    tale_acknowledge(one, is_relays, 1);
    tale_end(one);
}

struct unseen {
    const char *name;
    const char *sender, *receiver; /* of something else */
    unsigned turn;                 /* before the message came, before it went, or after that */
    bool is_certain;
};

/* The relay has had things that nobody saw come: so may have been the message, said twice. */
static const struct unseen unseens[] = {
    {"nothing", NULL, NULL, 0, true},
    {"before-it-came", RELAY, "dpp:///b", 0, true},
    {"before-it-went", RELAY, "dpp:///b", 1, false},
    {"after-it-went", RELAY, "dpp:///b", 2, false},
    {"to-another-device", RELAY, "dpp:///c", 2, false},
    {"from-another-relay", OTHER, "dpp:///b", 1, true},
    {"of-a-device", "dpp:///b", RELAY, 1, true},
};

static void test_unseen(gconstpointer data)
{
    const struct unseen *row = data;
    const char *const text[] = {TEXT};
    uint32_t first = SSTP_STORY_NONE, went = SSTP_STORY_NONE;
    struct tale tale;

    tale_init(&tale, NULL);
    for (unsigned turn = 0; turn < 3; turn++) {
        if (row->sender != NULL && row->turn == turn)
            send_else(&tale, row->sender, row->receiver);
        if (turn == 0)
            first = leave(&tale, TEXT);
        if (turn == 1)
            fetch(&tale, text, 1, &went);
    }
    sstp_story_finish(tale.story);
    g_assert_cmpuint(tale_leg(&tale, went).from, ==, first);
    const enum sstp_story_certainty certainty =
        row->is_certain ? SSTP_STORY_CERTAIN : SSTP_STORY_LIKELY;
    g_assert_cmpint(tale_leg(&tale, went).certainty, ==, certainty);
    g_assert_cmpint(tale_branch(&tale, first, "id:b").certainty, ==, certainty);
    tale_clear(&tale);
}

/* The same twice: of the first nobody saw how it came, and of the second how it went. */
static void test_said_twice(void)
{
    const char *const texts[] = {TEXT, "another long text that came unseen"};
    uint32_t went[2];
    struct tale tale;

    tale_init(&tale, NULL);
    tale.is_blind = true;
    leave(&tale, texts[0]);
    leave(&tale, texts[1]);
    tale.is_blind = false;
    const uint32_t second = leave(&tale, texts[0]);
    fetch(&tale, texts, 2, went);
    tale.is_blind = true;
    fetch(&tale, texts, 1, &went[1]);
    sstp_story_finish(tale.story);
    g_assert_cmpuint(tale_leg(&tale, went[0]).from, ==, second); /* which is wrong */
    g_assert_cmpint(tale_leg(&tale, went[0]).certainty, ==, SSTP_STORY_LIKELY);
    tale_clear(&tale);
}

/* What tries again a hop to such a relay may be another message, too. */
static void test_tried_again(void)
{
    struct tale tale;
    uint32_t legs[2];

    tale_init(&tale, NULL);
    for (unsigned i = 0; i < 2; i++) {
        struct tale_connection *a = tale_connect(&tale, "dpp:///a", RELAY);
        tale_open(a, true, 1, "res", "id:b", "dpp:///b");
        legs[i] = tale_send(a, true, 1, TEXT);
        if (i == 1)
            tale_acknowledge(a, false, 1);
        tale_end(a);
    }
    g_assert_cmpuint(tale_leg(&tale, legs[1]).attempt_of, ==, legs[0]);
    g_assert_cmpint(tale_leg(&tale, legs[1]).certainty, ==, SSTP_STORY_CERTAIN);
    send_else(&tale, RELAY, "dpp:///c");
    g_assert_cmpint(tale_leg(&tale, legs[1]).certainty, ==, SSTP_STORY_LIKELY);
    tale_clear(&tale);
}

/* ------------------------------------------------------------------------
 * Clocks
 */

struct clocks {
    const char *name;
    int64_t early_ns; /* by so much the next hop seems to come before the first */
    int64_t uncertainty_ns;
    uint32_t point; /* of the next hop */
    bool keeps_times, is_joined;
};

static const struct clocks clocks[] = {
    {"same-point", 1, SECOND, 0, true, false},
    {"clocks-are-right", 1, 0, 1, true, false},
    {"within", 3 * MILLISECOND, 2 * MILLISECOND, 1, true, true},
    {"beyond", 5 * MILLISECOND, 2 * MILLISECOND, 1, true, false},
    {"within-by-the-second", 300 * MILLISECOND, 200 * MILLISECOND, 1, false, true},
    {"beyond-by-the-second", 5 * SECOND, 200 * MILLISECOND, 1, false, false},
    {"an-hour", 3000 * SECOND, 1800 * SECOND, 1, true, true},
};

static void test_clocks(gconstpointer data)
{
    const struct clocks *row = data;
    const struct sstp_story_config config = {.keeps_times = row->keeps_times};
    const char *const text[] = {TEXT};
    struct tale tale;

    tale_init(&tale, &config);
    sstp_story_set_uncertainty(tale.story, 0, row->uncertainty_ns);
    sstp_story_set_uncertainty(tale.story, 1, row->uncertainty_ns);
    tale.now_ns = 86400 * SECOND;
    tale.step_ns = 0;
    struct tale_connection *b = tale_connect_at(&tale, row->point, "dpp:///b", RELAY);
    struct tale_connection *a = tale_connect(&tale, "dpp:///a", RELAY);
    tale_open(a, true, 1, "res", "id:b", "dpp:///b");
    tale_open(b, false, 0x80000001, "res", "id:b", "dpp:///b");
    const uint32_t next = tale_send(b, false, 0x80000001, text[0]);
    tale_acknowledge(b, true, 1);
    tale.now_ns += row->early_ns;
    const uint32_t first = tale_send(a, true, 1, text[0]);
    tale_acknowledge(a, false, 1);
    sstp_story_finish(tale.story);

    const struct sstp_story_leg told = tale_leg(&tale, next);
    g_assert_cmpuint(told.from, ==, row->is_joined ? first : SSTP_STORY_NONE);
    g_assert_cmpint(told.certainty, ==, row->is_joined ? SSTP_STORY_CERTAIN : SSTP_STORY_OPEN);
    g_assert_cmpuint(told.journey, ==, 0); /* the number that it had before stays */
    g_assert_cmpuint(tale_leg(&tale, first).journey, ==, row->is_joined ? 0 : 1);
    g_assert_cmpuint(sstp_story_journey(tale.story, 0), ==, row->is_joined ? first : next);
    g_assert_cmpint(tale_branch(&tale, first, "id:b").outcome, ==,
                    row->is_joined ? SSTP_STORY_DELIVERED : SSTP_STORY_WAITING);
    tale_clear(&tale);
}

/* Which of two came first the clocks do not say: nothing tells them apart. */
static void test_order_by_other_clocks(void)
{
    const char *const text[] = {"a"};
    uint32_t went;
    struct tale tale;

    tale_init(&tale, NULL);
    sstp_story_set_uncertainty(tale.story, 1, SECOND);
    leave(&tale, "a");
    struct tale_connection *c = tale_connect_at(&tale, 1, "dpp:///c", RELAY);
    tale_open(c, true, 1, "res", "id:b", "dpp:///b");
    tale_send(c, true, 1, "a");
    tale_acknowledge(c, false, 1);
    fetch(&tale, text, 1, &went);
    sstp_story_finish(tale.story);
    g_assert_cmpint(tale_leg(&tale, went).certainty, ==, SSTP_STORY_OPEN);
    tale_clear(&tale);
}

/* ------------------------------------------------------------------------
 * Days later, on another connection; and caps
 */

static void test_days_later(void)
{
    const char *const text[] = {TEXT};
    uint32_t went;
    struct tale tale;

    tale_init(&tale, NULL);
    const uint32_t first = leave(&tale, TEXT);
    tale.now_ns += 12 * 86400 * SECOND;
    fetch(&tale, text, 1, &went);
    sstp_story_finish(tale.story);
    g_assert_cmpuint(tale_leg(&tale, went).from, ==, first);
    g_assert_cmpint(tale_leg(&tale, went).certainty, ==, SSTP_STORY_CERTAIN);
    const struct sstp_story_branch branch = tale_branch(&tale, first, "id:b");
    g_assert_cmpint(branch.since_ns, >, 12 * 86400 * SECOND);
    g_assert_cmpint(tale_leg(&tale, first).acknowledged_ns, <, SECOND);
    tale_clear(&tale);
}

static void test_caps(void)
{
    const struct sstp_story_config legs = {.max_legs = 2}, text = {.max_text = 30};
    struct tale tale;

    tale_init(&tale, &legs);
    leave(&tale, "one");
    leave(&tale, "two");
    g_assert_false(sstp_story_is_full(tale.story));
    g_assert_cmpuint(leave(&tale, "three"), ==, SSTP_STORY_NONE);
    g_assert_true(sstp_story_is_full(tale.story));
    g_assert_cmpuint(sstp_story_num_legs(tale.story), ==, 2);
    tale_clear(&tale);

    tale_init(&tale, &text);
    leave(&tale, TEXT);
    g_assert_true(sstp_story_is_full(tale.story));
    tale_clear(&tale);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(onwards); i++) {
        g_autofree char *name = g_strdup_printf("/onward/%s", onwards[i].name);
        g_test_add_data_func(name, &onwards[i], test_onward);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(turns); i++) {
        g_autofree char *name = g_strdup_printf("/turn/%s", turns[i].name);
        g_test_add_data_func(name, &turns[i], test_turn);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(clocks); i++) {
        g_autofree char *name = g_strdup_printf("/clocks/%s", clocks[i].name);
        g_test_add_data_func(name, &clocks[i], test_clocks);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(unseens); i++) {
        g_autofree char *name = g_strdup_printf("/unseen/%s", unseens[i].name);
        g_test_add_data_func(name, &unseens[i], test_unseen);
    }
    g_test_add_func("/unseen/said-twice", test_said_twice);
    g_test_add_func("/unseen/tried-again", test_tried_again);
    g_test_add_func("/candidates", test_candidates);
    g_test_add_data_func("/turn/of-sessions", GINT_TO_POINTER(0), test_turn_of_sessions);
    g_test_add_data_func("/turn/left-behind", GINT_TO_POINTER(1), test_turn_of_sessions);
    g_test_add_data_func("/revised/taken-back", GINT_TO_POINTER(0), test_revised);
    g_test_add_data_func("/revised/kept", GINT_TO_POINTER(1), test_revised);
    g_test_add_func("/order-by-other-clocks", test_order_by_other_clocks);
    g_test_add_func("/days-later", test_days_later);
    g_test_add_func("/caps", test_caps);
    return g_test_run();
}
