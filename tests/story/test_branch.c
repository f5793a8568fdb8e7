/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fanouts: a journey with a branch for each recipient, over one relay or two. */
#include "tale.h"

#define RELAY "grooveDNS://r"
#define OTHER "grooveDNS://q"
#define TEXT "a message that can be told from others"

static const struct tale_recipient all[] = {{"id:b", "dpp:///b", NULL},
                                            {"id:c", "dpp:///c", RELAY},
                                            {"id:d", "dpp:///d", OTHER},
                                            {"id:e", "dpp:///e", OTHER}};

struct town {
    struct tale tale;
    struct tale_connection *a, *relays;
    uint32_t root;
};

static void begin(struct town *town)
{
    tale_init(&town->tale, NULL);
    town->a = tale_connect(&town->tale, "dpp:///a", RELAY);
    tale_fanout(town->a, true, 1, "res", all, G_N_ELEMENTS(all));
    town->root = tale_send(town->a, true, 1, TEXT);
}

static uint32_t pass_on(struct town *town, unsigned first, unsigned num)
{
    town->relays = tale_connect(&town->tale, RELAY, OTHER);
    tale_fanout(town->relays, true, 1, "res", all + first, num);
    return tale_send(town->relays, true, 1, TEXT);
}

static struct tale_connection *deliver(struct town *town, unsigned index, const char *relay,
                                       uint32_t *leg)
{
    struct tale_connection *connection = tale_connect(&town->tale, all[index].device, relay);

    tale_attach(connection);
    tale_open(connection, false, 0x80000001, "res", all[index].identity, all[index].device);
    *leg = tale_send(connection, false, 0x80000001, TEXT);
    return connection;
}

static void assert_branch(const struct town *town, const char *url, enum sstp_story_outcome outcome,
                          const char *holder, uint32_t leg)
{
    const struct sstp_story_branch branch = tale_branch(&town->tale, town->root, url);

    g_test_message("%s", url);
    g_assert_cmpstr(sstp_story_outcome_name(branch.outcome), ==, sstp_story_outcome_name(outcome));
    g_assert_true(sstp_span_is_equal(branch.holder, sstp_span_of_string(holder)));
    g_assert_cmpuint(branch.leg, ==, leg);
    g_assert_cmpint(branch.certainty, ==,
                    outcome == SSTP_STORY_NOT_KNOWN ? SSTP_STORY_OPEN : SSTP_STORY_CERTAIN);
}

static void test_two_relays(void)
{
    uint32_t b, c, d;
    struct town town;

    begin(&town);
    assert_branch(&town, "id:b", SSTP_STORY_UNDER_WAY, "dpp:///a", town.root);
    const uint32_t between = pass_on(&town, 2, 2);
    assert_branch(&town, "id:e", SSTP_STORY_UNDER_WAY, RELAY, between);
    tale_acknowledge(deliver(&town, 0, RELAY, &b), true, 1);
    deliver(&town, 1, RELAY, &c);
    tale_acknowledge(deliver(&town, 2, OTHER, &d), true, 1);
    tale_acknowledge(town.relays, false, 1);
    tale_acknowledge(town.a, false, 1);
    sstp_story_finish(town.tale.story);

    g_assert_cmpuint(sstp_story_num_journeys(town.tale.story), ==, 1);
    g_assert_cmpuint(tale_leg(&town.tale, between).from, ==, town.root);
    g_assert_cmpuint(tale_leg(&town.tale, b).from, ==, town.root);
    g_assert_cmpuint(tale_leg(&town.tale, d).from, ==, between);
    g_assert_cmpuint(tale_leg(&town.tale, d).hop, ==, 2);
    assert_branch(&town, "id:b", SSTP_STORY_DELIVERED, "dpp:///b", b);
    assert_branch(&town, "id:c", SSTP_STORY_UNDER_WAY, RELAY, c);
    assert_branch(&town, "id:d", SSTP_STORY_DELIVERED, "dpp:///d", d);
    assert_branch(&town, "id:e", SSTP_STORY_WAITING, OTHER, between);
    g_assert_cmpuint(sstp_story_outcomes(town.tale.story, 0), ==,
                     1u << SSTP_STORY_DELIVERED | 1u << SSTP_STORY_UNDER_WAY |
                         1u << SSTP_STORY_WAITING);
    unsigned num = 0;
    for (uint32_t leg = SSTP_STORY_NONE;
         (leg = sstp_story_next_hop(town.tale.story, town.root, leg)) != SSTP_STORY_NONE; num++)
        g_assert_cmpuint(tale_leg(&town.tale, leg).from, ==, town.root);
    g_assert_cmpuint(num, ==, 3);
    tale_clear(&town.tale);
}

static void note_recipient(void *cookie, const struct sstp_story_recipient *recipient)
{
    g_string_append_printf(
        cookie, "%.*s at %.*s%s%s;", (int)recipient->identity_url.len,
        (const char *)recipient->identity_url.data, (int)recipient->relay_url.len,
        recipient->relay_url.len > 0 ? (const char *)recipient->relay_url.data : "",
        recipient->is_there ? " is there" : "", recipient->is_gone ? " is gone" : "");
}

static void assert_recipients(const struct tale *tale, uint32_t leg, unsigned max,
                              const char *expected)
{
    GString *met = g_string_new(NULL);
    const unsigned num = sstp_story_recipients(tale->story, leg, max, note_recipient, met);

    g_assert_cmpstr(met->str, ==, expected);
    g_assert_cmpuint(num, >=, max == 100 ? 0 : max);
    g_string_free(met, TRUE);
}

/* Whom each leg is for, by its own session, and who is not in it any more. */
static void test_recipients(void)
{
    uint32_t b;
    struct town town;

    begin(&town);
    deliver(&town, 0, RELAY, &b);
    tale_status(town.a, false, 1, SSTP_SESSION_STATUS_LOCKED_OUT, 1);
    tale_acknowledge(town.a, false, 1);
    const uint32_t next = tale_send(town.a, true, 1, "the next one, which is another");
    tale_status(town.a, false, 1, SSTP_SESSION_STATUS_LOCKED_OUT, 2);
    assert_recipients(&town.tale, b, 100, "id:b at  is there;");
    assert_recipients(&town.tale, town.root, 2, "id:b at ;id:c at " RELAY " is gone;");
    assert_recipients(&town.tale, next, 100,
                      "id:b at ;id:c at " RELAY " is gone;id:d at " OTHER " is gone;id:e at " OTHER
                      ";");
    struct tale_connection *late = tale_transport(&town.tale, 0, "x", "y");
    assert_recipients(&town.tale, tale_send(late, true, 7, TEXT), 100, "");
    tale_clear(&town.tale);
}

/* A session to the other relay that is for somebody whom the sender had not named. */
static void test_not_named(void)
{
    static const struct tale_recipient others[] = {{"id:d", "dpp:///d", OTHER},
                                                   {"id:x", "dpp:///x", OTHER}};
    struct town town;

    begin(&town);
    struct tale_connection *relays = tale_connect(&town.tale, RELAY, OTHER);
    tale_fanout(relays, true, 1, "res", others, 2);
    const uint32_t between = tale_send(relays, true, 1, TEXT);
    sstp_story_finish(town.tale.story);
    g_assert_cmpint(tale_leg(&town.tale, between).certainty, ==, SSTP_STORY_OPEN);
    tale_clear(&town.tale);
}

/* Recipients that the relay reports as lost: before the message, before it is acknowledged, and
 * when it was; and one that the other relay has reported. */
static void test_lost(void)
{
    struct town town;

    tale_init(&town.tale, NULL);
    town.a = tale_connect(&town.tale, "dpp:///a", RELAY);
    tale_fanout(town.a, true, 1, "res", all, G_N_ELEMENTS(all));
    tale_status(town.a, false, 1, SSTP_SESSION_STATUS_LOCKED_OUT, 0);
    town.root = tale_send(town.a, true, 1, TEXT);
    const uint32_t between = pass_on(&town, 2, 2);
    tale_status(town.relays, false, 1, SSTP_SESSION_STATUS_LOCKED_OUT, 0);
    tale_status(town.a, false, 1, SSTP_SESSION_STATUS_LOCKED_OUT, 2);
    tale_acknowledge(town.relays, false, 1);
    tale_acknowledge(town.a, false, 1);
    tale_status(town.a, false, 1, SSTP_SESSION_STATUS_LOCKED_OUT, 1);
    const uint32_t next = tale_send(town.a, true, 1, "the next one, which is another");
    sstp_story_finish(town.tale.story);

    assert_branch(&town, "id:b", SSTP_STORY_REFUSED, "dpp:///a", town.root);
    assert_branch(&town, "id:c", SSTP_STORY_WAITING, RELAY, town.root);
    assert_branch(&town, "id:d", SSTP_STORY_REFUSED, "dpp:///a", town.root);
    assert_branch(&town, "id:e", SSTP_STORY_WAITING, OTHER, between);
    /* Who is refused never gave it away, whatever was acknowledged for others. */
    struct sstp_story_leg made;
    sstp_story_leg(town.tale.story, town.root, &made);
    g_assert_cmpint(tale_branch(&town.tale, town.root, "id:b").since_ns, ==, made.time_ns);
    g_assert_cmpint(tale_branch(&town.tale, town.root, "id:c").since_ns, ==, made.acknowledged_ns);
    const struct sstp_story_branch branch = tale_branch(&town.tale, next, "id:c");
    g_assert_cmpint(branch.outcome, ==, SSTP_STORY_REFUSED);
    g_assert_cmpint(branch.refusal, ==, SSTP_STORY_BY_STATUS);
    g_assert_cmpuint(branch.reason, ==, SSTP_SESSION_STATUS_LOCKED_OUT);
    tale_clear(&town.tale);
}

/* The session itself is refused while messages are under way. */
static void test_refused(void)
{
    struct tale tale;

    tale_init(&tale, NULL);
    struct tale_connection *a = tale_connect(&tale, "dpp:///a", "dpp:///b");
    tale_open(a, true, 1, "res", "id:b", "dpp:///b");
    const uint32_t leg = tale_send(a, true, 1, TEXT);
    tale_response(a, false, 1, SSTP_OPEN_RESPONSE_NO_RESOURCE);
    tale_end(a);
    sstp_story_finish(tale.story);
    const struct sstp_story_branch branch = tale_branch(&tale, leg, "id:b");
    g_assert_cmpint(branch.outcome, ==, SSTP_STORY_REFUSED);
    g_assert_cmpint(branch.refusal, ==, SSTP_STORY_BY_RESPONSE);
    g_assert_cmpuint(branch.reason, ==, SSTP_OPEN_RESPONSE_NO_RESOURCE);
    tale_clear(&tale);
}

/* From device to device there is one hop, and its acknowledgement is the recipient's. */
static void test_direct(void)
{
    struct town town;

    tale_init(&town.tale, NULL);
    town.a = tale_connect(&town.tale, "dpp:///a", "dpp:///b");
    tale_open(town.a, true, 1, "res", "id:b", "dpp:///b");
    town.root = tale_send(town.a, true, 1, TEXT);
    assert_branch(&town, "id:b", SSTP_STORY_UNDER_WAY, "dpp:///a", town.root);
    tale_acknowledge(town.a, false, 1);
    assert_branch(&town, "id:b", SSTP_STORY_DELIVERED, "dpp:///b", town.root);
    tale_clear(&town.tale);
}

/* Nobody knows who is there, or whether it was acknowledged. */
static void test_not_known(void)
{
    struct town town;

    tale_init(&town.tale, NULL);
    town.a = tale_transport(&town.tale, 0, "", "");
    tale_open(town.a, true, 1, "res", "id:b", "dpp:///b");
    town.root = tale_send(town.a, true, 1, TEXT);
    tale_acknowledge(town.a, false, 1);
    assert_branch(&town, "id:b", SSTP_STORY_NOT_KNOWN, "", town.root);
    town.root = tale_send(town.a, true, 1, "another of them, just as long");
    tale_gap(town.a);
    assert_branch(&town, "id:b", SSTP_STORY_NOT_KNOWN, "", town.root);
    tale_clear(&town.tale);
}

/* Two of one contents wait at the relay; then something is sent on. */
struct doubt {
    const char *name;
    const char *before, *text; /* what is sent on, one after the other; NULL: nothing */
    const char *identity, *device;
    enum sstp_story_certainty certainty; /* that the second one waits */
};

static const struct doubt doubts[] = {
    {"nothing-went", NULL, NULL, "id:b", "dpp:///b", SSTP_STORY_CERTAIN},
    {"another-went", NULL, "no", "id:b", "dpp:///b", SSTP_STORY_CERTAIN},
    {"to-somebody-else", NULL, "ok", "id:c", "dpp:///c", SSTP_STORY_CERTAIN},
    /* It is the first one, as far as its turn tells. */
    {"one-went", NULL, "ok", "id:b", "dpp:///b", SSTP_STORY_LIKELY},
    /* Something that nobody saw come makes the turn worthless: it is either of them. */
    {"one-is-open", "no", "ok", "id:b", "dpp:///b", SSTP_STORY_OPEN},
};

static void test_doubt(gconstpointer data)
{
    const struct doubt *row = data;
    uint32_t legs[2];
    struct tale tale;

    tale_init(&tale, NULL);
    struct tale_connection *a = tale_connect(&tale, "dpp:///a", RELAY);
    tale_open(a, true, 1, "res", "id:b", "dpp:///b");
    for (int i = 0; i < 2; i++)
        legs[i] = tale_send(a, true, 1, "ok");
    tale_acknowledge(a, false, 2);
    struct tale_connection *b = tale_connect(&tale, row->device, RELAY);
    tale_open(b, false, 0x80000001, "res", row->identity, row->device);
    if (row->before != NULL)
        tale_send(b, false, 0x80000001, row->before);
    if (row->text != NULL)
        tale_send(b, false, 0x80000001, row->text);
    sstp_story_finish(tale.story);

    const struct sstp_story_branch branch = tale_branch(&tale, legs[1], "id:b");
    g_assert_cmpint(branch.outcome, ==,
                    row->certainty == SSTP_STORY_OPEN ? SSTP_STORY_NOT_KNOWN : SSTP_STORY_WAITING);
    g_assert_cmpuint(branch.leg, ==, legs[1]);
    g_assert_cmpint(branch.certainty, ==, row->certainty);
    tale_clear(&tale);
}

/* Two come to the relay, by one connection or two, and the second goes on. */
static void test_overtaken(void)
{
    static const struct {
        bool is_other, is_late; /* by another connection; before the first is acknowledged */
        enum sstp_story_certainty certainty; /* that the first waits */
    } rows[] = {{false, false, SSTP_STORY_OPEN},
                {true, false, SSTP_STORY_OPEN},
                {true, true, SSTP_STORY_CERTAIN},
                {false, true, SSTP_STORY_OPEN}};

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct tale tale;
        tale_init(&tale, NULL);
        struct tale_connection *a = tale_connect(&tale, "dpp:///a", RELAY), *c = a;
        tale_open(a, true, 1, "res", "id:b", "dpp:///b");
        const uint32_t first = tale_send(a, true, 1, TEXT);
        if (!rows[i].is_late)
            tale_acknowledge(a, false, 1);
        if (rows[i].is_other) {
            c = tale_connect(&tale, "dpp:///c", RELAY);
            tale_open(c, true, 1, "res", "id:b", "dpp:///b");
        }
        tale_send(c, true, 1, "a second one, which is another");
        if (rows[i].is_late)
            tale_acknowledge(a, false, 1);
        struct tale_connection *b = tale_connect(&tale, "dpp:///b", RELAY);
        tale_open(b, false, 0x80000001, "res", "id:b", "dpp:///b");
        tale_send(b, false, 0x80000001, "a second one, which is another");
        sstp_story_finish(tale.story);

        const struct sstp_story_branch branch = tale_branch(&tale, first, "id:b");
        g_assert_cmpint(branch.outcome, ==, SSTP_STORY_WAITING);
        g_assert_cmpuint(branch.leg, ==, first);
        g_assert_cmpint(branch.certainty, ==, rows[i].certainty);
        tale_clear(&tale);
    }
}

/* As many recipients as a FanoutOpen can name, and messages to all of them: what is asked of each
 * message ends somewhere, and so do the queues. */
static void test_thousands(void)
{
    const struct sstp_story_config config = {.max_places = 100000};
    static struct tale_recipient many[3000];
    struct tale tale;
    unsigned seen = 0;

    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    for (gsize i = 0; i < G_N_ELEMENTS(many); i++) {
        char *name = g_strdup_printf("id:%" G_GSIZE_FORMAT, i);
        g_ptr_array_add(names, name);
        many[i] = (struct tale_recipient){name, NULL, NULL};
    }
    tale_init(&tale, &config);
    struct tale_connection *a = tale_connect(&tale, "dpp:///a", RELAY);
    tale_fanout(a, true, 1, "res", many, G_N_ELEMENTS(many));
    for (unsigned i = 0; i < 300; i++) {
        g_autofree char *text = g_strdup_printf("message %u of all that are sent", i);
        const uint32_t leg = tale_send(a, true, 1, text);
        seen |= sstp_story_outcomes(tale.story, tale_leg(&tale, leg).journey);
    }
    g_assert_cmpuint(seen, ==, 1u << SSTP_STORY_UNDER_WAY);
    g_assert_true(sstp_story_is_full(tale.story));
    tale_clear(&tale);
}

/* What passed with a payload that is not known may have been it, for whom it can be. */
static void test_unread(void)
{
    static const struct {
        const char *device, *identity;
        enum sstp_story_certainty certainty;
    } rows[] = {{"dpp:///b", "id:b", SSTP_STORY_LIKELY}, {"dpp:///c", "id:c", SSTP_STORY_CERTAIN}};

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct tale tale;
        tale_init(&tale, NULL);
        struct tale_connection *a = tale_connect(&tale, "dpp:///a", RELAY);
        tale_open(a, true, 1, "res", "id:b", "dpp:///b");
        const uint32_t root = tale_send(a, true, 1, TEXT);
        tale_acknowledge(a, false, 1);
        struct tale_connection *other = tale_connect(&tale, rows[i].device, RELAY);
        tale_open(other, false, 0x80000001, "res", rows[i].identity, rows[i].device);
        const uint32_t unread = tale_send(other, false, 0x80000001, NULL);
        tale_acknowledge(other, true, 1);
        sstp_story_finish(tale.story);

        g_assert_cmpuint(tale_leg(&tale, unread).from, ==, SSTP_STORY_NONE);
        g_assert_cmpuint(sstp_story_candidates(tale.story, unread, NULL, 0), ==, 0);
        const struct sstp_story_branch branch = tale_branch(&tale, root, "id:b");
        g_assert_cmpint(branch.outcome, ==, SSTP_STORY_WAITING);
        g_assert_cmpint(branch.certainty, ==, rows[i].certainty);
        tale_clear(&tale);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/two-relays", test_two_relays);
    g_test_add_func("/recipients", test_recipients);
    g_test_add_func("/not-named", test_not_named);
    g_test_add_func("/lost", test_lost);
    g_test_add_func("/refused", test_refused);
    g_test_add_func("/direct", test_direct);
    g_test_add_func("/not-known", test_not_known);
    for (gsize i = 0; i < G_N_ELEMENTS(doubts); i++) {
        g_autofree char *name = g_strdup_printf("/doubt/%s", doubts[i].name);
        g_test_add_data_func(name, &doubts[i], test_doubt);
    }
    g_test_add_func("/overtaken", test_overtaken);
    g_test_add_func("/unread", test_unread);
    g_test_add_func("/thousands", test_thousands);
    return g_test_run();
}
