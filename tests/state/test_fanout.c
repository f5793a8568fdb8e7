/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "story.h"

#define NUM(array) (sizeof(array) / sizeof(array)[0])

/* Opens a fanout from words (story.h). */
static void open_fanout(struct sstp_fanout *fanout, const struct sstp_mem *mem, const char *words)
{
    struct sstp_command command;
    GByteArray *store;
    story_command(words, &command, &store);
    g_assert_true(sstp_fanout_init(fanout, mem, &command));
    memset(store->data, 'x', store->len); /* it is a copy */
    g_byte_array_unref(store);
}

static bool apply(struct sstp_fanout *fanout, const char *words, struct sstp_fanout_status *status)
{
    struct sstp_command command;
    GByteArray *store;
    story_command(words, &command, &store);
    const bool result = sstp_fanout_apply(fanout, &command, status);
    g_byte_array_unref(store);
    return result;
}

/* Who is leaving, as "0 5", and is gone with that. */
static char *leaving(struct sstp_fanout *fanout)
{
    GString *text = g_string_new(NULL);
    for (unsigned i = 0; (i = sstp_fanout_next_leaving(fanout, i)) < fanout->num_entries; i++)
        g_string_append_printf(text, text->len > 0 ? " %u" : "%u", i);
    g_assert_cmpuint(sstp_fanout_next_leaving(fanout, 0), ==, fanout->num_entries);
    return g_string_free(text, FALSE);
}

/* ------------------------------------------------------------------------
 * Names and indexes
 */

/* 0 and 5 are equal, 2 targets an identity, 4 has no relay of its own. */
#define ENTRIES " s=1 to=i1,d1,r1 to=i1,d2,r1 to=i2,,r2 to=i2,d3,r2 to=i3,d4, to=i1,d1,r1"

static const struct {
    const char *words; /* of the SessionStatus */
    const char *leaving;
    bool has_bad_index, has_repeated_index;
} rows[] = {
    {"/1.6 identity=i1 device=d1", "0 5", false, false},
    {"/1.6 identity=i1 device=d2", "1", false, false},
    {"/1.6 identity=i2 device=d3", "3", false, false},
    {"/1.6 identity=i3 device=d4", "4", false, false},
    {"/1.6 identity=i3 device=d3", "", false, false},
    {"/1.6 identity=i4 device=d1", "", false, false},
    {"/1.6 identity=i device=d1", "", false, false},
    {"/1.6 identity=i11 device=d1", "", false, false},
    {"/1.6 identity=i1", "0 1 5", false, false}, /* none targets it: all of it (SPECIFICATION.md) */
    {"/1.6 identity=i2", "2", false, false},     /* the one that targets it */
    {"/1.6 identity=i3", "4", false, false},
    {"/1.6 identity=i4", "", false, false},
    {"/1.6 device=r1", "0 1 5", false, false},
    {"/1.6 device=r2", "2 3", false, false},
    {"/1.6 device=r", "", false, false},
    {"/1.6 device=r3", "", false, false},
    {"/1.6 device=d1", "", false, false},                     /* a relay's URL is meant */
    {"/1.6 identity=i3 device=d4 at=0,9", "4", false, false}, /* names, so no indexes */
    {"/1.5 identity=i1 device=d1", "0 5", false, false},
    {"/1.5 identity=i2", "2", false, false},
    {"/1.5 device=r2", "2 3", false, false},
    {"/1.5", "", false, false},                    /* nobody is named */
    {"/1.5 status=4 device=r2", "", false, false}, /* a recipient's, and none is named */
    {"/1.6 status=5 device=r2", "", false, false},
    {"/1.6", "", false, false}, /* no indexes */
    {"/1.6 at=0", "0", false, false},
    {"/1.6 at=5", "5", false, false},
    {"/1.6 at=5,1,0", "0 1 5", false, false},
    {"/1.6 at=0,1,2,3,4,5", "0 1 2 3 4 5", false, false},
    {"/1.6 at=6", "", true, false},
    {"/1.6 at=65535", "", true, false},
    {"/1.6 at=2,2", "2", false, true},
    {"/1.6 at=6,2,2", "2", true, true},
};

static void test_rows(void)
{
    static const char *const forms[] = {"FanoutOpen/1.5" ENTRIES, "FanoutOpen/1.6" ENTRIES};
    for (size_t form = 0; form < NUM(forms); form++)
        for (size_t i = 0; i < NUM(rows); i++) {
            char *words = g_strdup_printf("SessionStatus%s", rows[i].words);
            struct sstp_fanout fanout;
            struct sstp_fanout_status status;
            open_fanout(&fanout, &sstp_mem_libc, forms[form]);
            g_assert_cmpuint(fanout.num_entries, ==, 6);
            g_assert_cmpuint(fanout.num_active, ==, 6);
            g_test_message("%s", words);
            g_assert_true(apply(&fanout, words, &status));
            const unsigned num_active = fanout.num_active;
            g_assert_cmpint(status.has_bad_index, ==, rows[i].has_bad_index);
            g_assert_cmpint(status.has_repeated_index, ==, rows[i].has_repeated_index);
            char *first = leaving(&fanout);
            g_assert_cmpstr(first, ==, rows[i].leaving);
            g_assert_cmpuint(num_active, ==, 6 - (strlen(first) + 1) / 2);

            /* Once more: nobody leaves, and only indexes are found to be repeated. */
            g_assert_true(apply(&fanout, words, &status));
            char *second = leaving(&fanout);
            g_assert_cmpstr(second, ==, "");
            g_assert_cmpuint(fanout.num_active, ==, num_active);
            g_assert_cmpint(status.has_repeated_index, ==,
                            strstr(words, " at=") != NULL && strstr(words, "i3") == NULL &&
                                *first != '\0');
            g_free(first);
            g_free(second);
            g_free(words);
            sstp_fanout_clear(&fanout);
        }
}

/* One after the other: indexes stay what they were in the FanoutOpen. */
static void test_sequence(void)
{
    static const struct {
        const char *words, *leaving;
        unsigned num_active;
        bool has_repeated_index;
    } steps[] = {
        {"SessionStatus at=1", "1", 5, false},
        {"SessionStatus identity=i1 device=d1", "0 5", 3, false},
        {"SessionStatus identity=i1", "", 3, false},
        {"SessionStatus device=r1", "", 3, false},
        {"SessionStatus at=0,3", "3", 2, true},
        {"SessionStatus device=r2", "2", 1, false},
        {"SessionStatus at=5", "", 1, true},
        {"SessionStatus at=4", "4", 0, false},
        {"SessionStatus at=4", "", 0, true},
    };
    struct sstp_fanout fanout;

    open_fanout(&fanout, &sstp_mem_libc, "FanoutOpen" ENTRIES);
    for (size_t i = 0; i < NUM(steps); i++) {
        struct sstp_fanout_status status;
        g_assert_true(apply(&fanout, steps[i].words, &status));
        char *text = leaving(&fanout);
        g_assert_cmpstr(text, ==, steps[i].leaving);
        g_assert_cmpuint(fanout.num_active, ==, steps[i].num_active);
        g_assert_cmpint(status.has_repeated_index, ==, steps[i].has_repeated_index);
        g_free(text);
    }
    sstp_fanout_clear(&fanout);
}

static void test_remove(void)
{
    struct sstp_fanout fanout;
    struct sstp_fanout_status status;

    open_fanout(&fanout, &sstp_mem_libc, "FanoutOpen" ENTRIES);
    g_assert_true(sstp_fanout_remove(&fanout, 5));
    g_assert_false(sstp_fanout_remove(&fanout, 5));
    g_assert_cmpuint(fanout.num_active, ==, 5);
    g_assert_true(apply(&fanout, "SessionStatus identity=i1 device=d1", &status));
    g_assert_false(sstp_fanout_remove(&fanout, 0));
    char *text = leaving(&fanout);
    g_assert_cmpstr(text, ==, "0");
    g_free(text);
    sstp_fanout_clear(&fanout);
}

/* ------------------------------------------------------------------------
 * Commands that are malformed
 */

/* A list that ends anywhere, and a count that promises more: the same strings
 * whether or not the order was made, none beyond the list. */
static void test_short_lists(void)
{
    static const uint8_t bytes[] = "i1\0d1\0r1\0\0i2\0\0\0\0i3\0d3\0r3\0f";
    static const uint16_t counts[] = {0, 1, 2, 3, 4, 65535};
    for (enum sstp_version form = SSTP_VERSION_1_5; form <= SSTP_VERSION_1_6; form++)
        for (size_t len = 0; len <= sizeof bytes; len++)
            for (size_t i = 0; i < NUM(counts); i++) {
                /* A copy that ends with its last byte. */
                uint8_t *copy = g_memdup2(bytes, len);
                const struct sstp_command command = {
                    .id = SSTP_FANOUT_OPEN,
                    .form = form,
                    .fanout_entries = {counts[i], sstp_span(copy, len)}};
                struct sstp_fanout fanout;
                struct sstp_fanout_status status;
                struct sstp_fanout_entry before[16];
                g_assert_true(sstp_fanout_init(&fanout, &sstp_mem_libc, &command));
                g_free(copy);
                g_assert_cmpuint(fanout.num_entries, <=, counts[i]);
                g_assert_cmpuint(fanout.num_entries, <=, len / (form == SSTP_VERSION_1_6 ? 4 : 3));
                for (unsigned n = 0; n < fanout.num_entries; n++)
                    before[n] = sstp_fanout_entry_at(&fanout, n);
                g_assert_true(apply(&fanout, "SessionStatus identity=i3 device=d3", &status));
                for (unsigned n = 0; n < fanout.num_entries; n++) {
                    const struct sstp_fanout_entry after = sstp_fanout_entry_at(&fanout, n);
                    g_assert_true(sstp_span_is_equal(before[n].identity_url, after.identity_url));
                    g_assert_true(sstp_span_is_equal(before[n].device_url, after.device_url));
                    g_assert_true(sstp_span_is_equal(before[n].relay_url, after.relay_url));
                    g_assert_true(sstp_span_is_equal(before[n].failover_device_urls,
                                                     after.failover_device_urls));
                }
                sstp_fanout_clear(&fanout);
            }
}

/* A SessionStatus whose list is shorter than its count. */
static void test_short_indexes(void)
{
    static const uint8_t bytes[] = {0, 0, 2, 0, 4};
    static const char *const expected[] = {"", "", "0", "0", "0 2", "0 2"};
    for (size_t len = 0; len <= sizeof bytes; len++) {
        uint8_t *copy = g_memdup2(bytes, len);
        const struct sstp_command command = {.id = SSTP_SESSION_STATUS,
                                             .form = SSTP_VERSION_1_6,
                                             .fanout_indexes = {65535, sstp_span(copy, len)}};
        struct sstp_fanout fanout;
        struct sstp_fanout_status status;
        open_fanout(&fanout, &sstp_mem_libc, "FanoutOpen" ENTRIES);
        g_assert_true(sstp_fanout_apply(&fanout, &command, &status));
        g_assert_false(status.has_bad_index || status.has_repeated_index);
        char *text = leaving(&fanout);
        g_assert_cmpstr(text, ==, expected[len]);
        g_free(text);
        g_free(copy);
        sstp_fanout_clear(&fanout);
    }
}

static void test_no_entries(void)
{
    struct sstp_fanout fanout;
    struct sstp_fanout_status status;
    struct counting_mem memory;

    counting_mem_init(&memory);
    open_fanout(&fanout, &memory.mem, "FanoutOpen s=1");
    g_assert_true(apply(&fanout, "SessionStatus at=0", &status));
    g_assert_true(status.has_bad_index);
    g_assert_true(apply(&fanout, "SessionStatus identity=a", &status));
    g_assert_true(apply(&fanout, "SessionStatus device=a", &status));
    g_assert_cmpuint(sstp_fanout_next_leaving(&fanout, 0), ==, 0);
    sstp_fanout_clear(&fanout);
    sstp_fanout_clear(&fanout);
    g_assert_cmpuint(memory.num_requests, ==, 0);
}

/* ------------------------------------------------------------------------
 * Very many
 */

#define NUM_EQUAL 6000u
#define NUM_TIMES 333334u /* each of three names */

/* As many entries as a FanoutOpen has room for, all with one identity, and with
 * one relay. */
static void open_equal(struct sstp_fanout *fanout, const struct sstp_mem *mem)
{
    GByteArray *list = g_byte_array_new();
    for (unsigned i = 0; i < NUM_EQUAL; i++)
        g_byte_array_append(list, (const guint8 *)(i < NUM_EQUAL / 2 ? "i\0d\0r\0" : "i\0e\0r\0"),
                            7);
    const struct sstp_command command = {.id = SSTP_FANOUT_OPEN,
                                         .form = SSTP_VERSION_1_6,
                                         .fanout_entries = {NUM_EQUAL, {list->data, list->len}}};
    g_assert_cmpuint(list->len, <=, SSTP_COMMAND_LEN_MAX);
    g_assert_true(sstp_fanout_init(fanout, mem, &command));
    g_byte_array_unref(list);
}

/* A group of equal entries is walked through when it is named for the first time,
 * and not again: an entry that is made active after the fanout's back is left
 * alone ever after.  The million would not end otherwise. */
static void test_equal_entries(void)
{
    static const struct {
        const char *words;
        unsigned num_gone, one_of_them;
    } names[] = {
        {"SessionStatus identity=i device=d", NUM_EQUAL / 2, 17},
        {"SessionStatus identity=i", NUM_EQUAL, NUM_EQUAL - 1},
        {"SessionStatus device=r", NUM_EQUAL, NUM_EQUAL / 2},
    };
    for (size_t i = 0; i < NUM(names); i++) {
        struct counting_mem memory;
        struct sstp_fanout fanout;
        struct sstp_fanout_status status;
        struct sstp_command command;
        GByteArray *store;

        counting_mem_init(&memory);
        open_equal(&fanout, &memory.mem);
        story_command(names[i].words, &command, &store);
        g_assert_true(sstp_fanout_apply(&fanout, &command, &status));
        g_assert_cmpuint(fanout.num_active, ==, NUM_EQUAL - names[i].num_gone);
        g_assert_cmpuint(fanout.marks[names[i].one_of_them], ==, SSTP_DESTINATION_LEAVING);
        fanout.marks[names[i].one_of_them] = SSTP_DESTINATION_ACTIVE;
        const size_t num_requests = memory.num_requests;
        for (unsigned n = 0; n < NUM_TIMES; n++) {
            g_assert_true(sstp_fanout_apply(&fanout, &command, &status));
            g_assert_cmpuint(fanout.marks[names[i].one_of_them], ==, SSTP_DESTINATION_ACTIVE);
        }
        g_assert_cmpuint(memory.num_requests, ==, num_requests);
        g_byte_array_unref(store);
        sstp_fanout_clear(&fanout);
        g_assert_cmpuint(memory.num_blocks, ==, 0);
    }
}

/* Each way of naming has its own groups. */
static void test_equal_entries_every_way(void)
{
    struct sstp_fanout fanout;
    struct sstp_fanout_status status;

    open_equal(&fanout, &sstp_mem_libc);
    g_assert_true(apply(&fanout, "SessionStatus identity=i device=d", &status));
    g_assert_cmpuint(fanout.num_active, ==, NUM_EQUAL / 2);
    g_assert_true(apply(&fanout, "SessionStatus at=5999", &status));
    g_assert_cmpuint(fanout.num_active, ==, NUM_EQUAL / 2 - 1);
    g_assert_true(apply(&fanout, "SessionStatus identity=i", &status));
    g_assert_cmpuint(fanout.num_active, ==, 0);
    g_assert_true(apply(&fanout, "SessionStatus device=r", &status));
    g_assert_cmpuint(fanout.num_active, ==, 0);
    sstp_fanout_clear(&fanout);
}

/* ------------------------------------------------------------------------
 * Memory
 */

static void test_each_allocation(void)
{
    size_t n = 1;
    for (bool is_done = false; !is_done; n++) {
        struct counting_mem memory;
        struct sstp_fanout fanout;
        struct sstp_fanout_status status;
        struct sstp_command command;
        GByteArray *store;

        counting_mem_init(&memory);
        memory.fails_at = n;
        story_command("FanoutOpen" ENTRIES, &command, &store);
        const bool is_open = sstp_fanout_init(&fanout, &memory.mem, &command);
        g_byte_array_unref(store);
        if (!is_open) {
            g_assert_cmpuint(memory.num_blocks, ==, 0);
            sstp_fanout_clear(&fanout);
            continue;
        }
        /* Where entries begin can be asked for again. */
        const struct sstp_fanout_entry last = sstp_fanout_entry_at(&fanout, 5);
        g_assert_true(sstp_fanout_locate(&fanout) || sstp_fanout_locate(&fanout));
        g_assert_true(sstp_fanout_entry_at(&fanout, 5).device_url.data == last.device_url.data);
        /* By index needs none; by name marks nothing, and can be tried again. */
        g_assert_true(apply(&fanout, "SessionStatus at=3", &status));
        if (!apply(&fanout, "SessionStatus device=r1", &status)) {
            g_assert_cmpuint(fanout.num_active, ==, 5);
            g_assert_true(apply(&fanout, "SessionStatus device=r1", &status));
        }
        g_assert_cmpuint(fanout.num_active, ==, 2);
        is_done = memory.num_failed == 0;
        sstp_fanout_clear(&fanout);
        g_assert_cmpuint(memory.num_blocks, ==, 0);
    }
    g_assert_cmpuint(n, ==, 1 + 2 + 5 + 1); /* the entries and their marks; the order */
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/state/fanout/rows", test_rows);
    g_test_add_func("/state/fanout/sequence", test_sequence);
    g_test_add_func("/state/fanout/remove", test_remove);
    g_test_add_func("/state/fanout/short-lists", test_short_lists);
    g_test_add_func("/state/fanout/short-indexes", test_short_indexes);
    g_test_add_func("/state/fanout/no-entries", test_no_entries);
    g_test_add_func("/state/fanout/equal-entries", test_equal_entries);
    g_test_add_func("/state/fanout/equal-entries-every-way", test_equal_entries_every_way);
    g_test_add_func("/state/fanout/each-allocation", test_each_allocation);
    return g_test_run();
}
