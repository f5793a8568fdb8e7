/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each kind of wear makes of a conversation: which segments, in which order, with whose bytes
 * and comments; and that a seed decides it. */
#include "record/wear.h"

#include <string.h>

#define NUM_TURNS 200u
#define LEN 100u
#define MS UINT64_C(1000000)

/* What has come out. */
struct seen {
    GPtrArray *segments;
};

static void take(void *cookie, const struct segment *segment)
{
    g_ptr_array_add(((struct seen *)cookie)->segments, segment_copy(segment));
}

static const struct segment *at(const struct seen *seen, guint i)
{
    return g_ptr_array_index(seen->segments, i);
}

static uint8_t byte_of(uint32_t sequence, bool from_initiator)
{
    return (uint8_t)(sequence * 7 + from_initiator);
}

/* Each side in turn sends two segments, and is acknowledged; each segment has a comment. */
static void talk(struct wear *wear)
{
    uint8_t data[LEN];
    uint32_t next[2] = {1000, 5000};
    for (unsigned turn = 0; turn < NUM_TURNS; turn++)
        for (unsigned i = 0; i < 3; i++) {
            const bool is_ack = i == 2, from_initiator = (turn % 2 == 0) != is_ack;
            char text[32];
            g_snprintf(text, sizeof text, "<%u>", turn * 3 + i);
            GByteArray *comments = g_byte_array_new();
            g_byte_array_append(comments, (const guint8 *)text, (guint)strlen(text));
            for (unsigned k = 0; k < LEN; k++)
                data[k] = byte_of(next[from_initiator] + k, from_initiator);
            const struct segment segment = {.time_ns = turn * 10 * MS + i * 1000,
                                            .connection = 1,
                                            .from_initiator = from_initiator,
                                            .is_turn = is_ack,
                                            .is_followed = i == 0,
                                            .sequence = next[from_initiator],
                                            .acknowledged = next[!from_initiator],
                                            .flags = SEGMENT_ACK,
                                            .data = data,
                                            .len = is_ack ? 0 : LEN,
                                            .comments = comments};
            wear_take(wear, &segment);
            next[from_initiator] += is_ack ? 0 : LEN;
            g_byte_array_free(comments, TRUE);
        }
}

static struct seen worn(const char *text, enum wear_place place, uint64_t seed)
{
    struct seen seen = {g_ptr_array_new_with_free_func(segment_free)};
    struct wear_plan plan = {.has = {false}};
    if (text != NULL)
        g_assert_cmpstr(wear_plan_add(&plan, text), ==, NULL);
    struct wear *wear = wear_new(&plan, place, seed, (struct wear_sink){take, &seen});
    talk(wear);
    wear_free(wear);
    return seen;
}

static void clear(struct seen *seen)
{
    g_ptr_array_free(seen->segments, TRUE);
}

/* All bytes are what they are, wherever they stand; how many different ones there are. */
static guint check_bytes(const struct seen *seen)
{
    GHashTable *known = g_hash_table_new(NULL, NULL);
    for (guint i = 0; i < seen->segments->len; i++) {
        const struct segment *segment = at(seen, i);
        for (size_t k = 0; k < segment->len; k++) {
            const uint32_t sequence = segment->sequence + (uint32_t)k;
            g_assert_cmpuint(segment->data[k], ==, byte_of(sequence, segment->from_initiator));
            g_hash_table_add(known, GUINT_TO_POINTER(sequence * 2 + segment->from_initiator));
        }
    }
    const guint num = g_hash_table_size(known);
    g_hash_table_destroy(known);
    return num;
}

/* Each comment once, in the order in which it was told where `in_order`; returns how many. */
static guint check_comments(const struct seen *seen, bool in_order)
{
    GString *all = g_string_new(NULL);
    bool is_told[NUM_TURNS * 3] = {false};
    guint num = 0;
    for (guint i = 0; i < seen->segments->len; i++)
        if (at(seen, i)->comments != NULL)
            g_string_append_len(all, (const char *)at(seen, i)->comments->data,
                                at(seen, i)->comments->len);
    char **parts = g_strsplit(all->str, "<", -1);
    for (char **part = parts + 1; parts[0] != NULL && *part != NULL; part++) {
        const guint number = (guint)g_ascii_strtoull(*part, NULL, 10);
        g_assert_false(is_told[number]);
        is_told[number] = true;
        if (in_order)
            g_assert_cmpuint(number, ==, num);
        num++;
    }
    g_strfreev(parts);
    g_string_free(all, TRUE);
    return num;
}

#define NUM_SEGMENTS (NUM_TURNS * 3)
#define NUM_BYTES (NUM_TURNS * 2 * LEN)

static void test_none(void)
{
    struct seen seen = worn(NULL, WEAR_AT_POINT, 1);
    g_assert_cmpuint(seen.segments->len, ==, NUM_SEGMENTS);
    g_assert_cmpuint(check_bytes(&seen), ==, NUM_BYTES);
    g_assert_cmpuint(check_comments(&seen, true), ==, NUM_SEGMENTS);
    clear(&seen);
}

static void test_place(void)
{
    struct seen seen = worn("lose 1 of 2", WEAR_ON_THE_WAY, 1);
    g_assert_cmpuint(seen.segments->len, ==, NUM_SEGMENTS);
    clear(&seen);
    seen = worn("resend 1 of 2", WEAR_AT_POINT, 1);
    g_assert_cmpuint(seen.segments->len, ==, NUM_SEGMENTS);
    clear(&seen);
}

/* What was told of one that is lost comes with the next. */
static void test_lose(void)
{
    struct seen seen = worn("lose 1 of 8", WEAR_AT_POINT, 1);
    g_assert_cmpuint(seen.segments->len, ==, NUM_SEGMENTS - NUM_TURNS * 2 / 8);
    g_assert_cmpuint(check_bytes(&seen), ==, NUM_BYTES - NUM_TURNS * 2 / 8 * LEN);
    g_assert_cmpuint(check_comments(&seen, true), ==, NUM_SEGMENTS);
    clear(&seen);
}

static void test_duplicate(void)
{
    struct seen seen = worn("duplicate 1 of 8", WEAR_AT_POINT, 1);
    g_assert_cmpuint(seen.segments->len, ==, NUM_SEGMENTS + NUM_TURNS * 2 / 8);
    g_assert_cmpuint(check_comments(&seen, true), ==, NUM_SEGMENTS);
    clear(&seen);
    /* With a tag, acknowledgements too. */
    seen = worn("duplicate 1 of 1 vlan 7", WEAR_AT_POINT, 1);
    g_assert_cmpuint(seen.segments->len, ==, NUM_SEGMENTS * 2);
    for (guint i = 0; i < seen.segments->len; i++) {
        g_assert_cmpuint(at(&seen, i)->vlan, ==, i % 2 == 0 ? 0 : 7);
        g_assert_cmpuint(at(&seen, i)->num_hops, ==, i % 2);
        g_assert_cmpuint(at(&seen, i)->sequence, ==, at(&seen, i / 2 * 2)->sequence);
    }
    clear(&seen);
}

static void test_reorder(void)
{
    struct seen seen = worn("reorder 1 of 5 by 4", WEAR_AT_POINT, 1);
    guint num_early = 0;
    g_assert_cmpuint(seen.segments->len, ==, NUM_SEGMENTS);
    g_assert_cmpuint(check_bytes(&seen), ==, NUM_BYTES);
    g_assert_cmpuint(check_comments(&seen, false), ==, NUM_SEGMENTS);
    for (guint i = 1; i < seen.segments->len; i++)
        num_early += at(&seen, i)->time_ns < at(&seen, i - 1)->time_ns;
    g_assert_cmpuint(num_early, >, NUM_TURNS * 2 / 5 / 2);
    clear(&seen);
}

/* Nothing comes a minute late, however few others there are to come after. */
static void test_reorder_in_silence(void)
{
    struct seen seen = {g_ptr_array_new_with_free_func(segment_free)};
    struct wear_plan plan = {.has = {false}};
    static const uint8_t data[LEN];
    g_assert_null(wear_plan_add(&plan, "reorder 1 of 2 by 4"));
    struct wear *wear = wear_new(&plan, WEAR_AT_POINT, 1, (struct wear_sink){take, &seen});
    for (unsigned i = 0; i < 10; i++)
        wear_take(wear, &(struct segment){.time_ns = i * 60000 * MS,
                                          .connection = 1,
                                          .sequence = 1 + i * LEN,
                                          .flags = SEGMENT_ACK,
                                          .data = data,
                                          .len = LEN});
    wear_free(wear);
    g_assert_cmpuint(seen.segments->len, ==, 10);
    for (unsigned i = 0; i < 10; i++)
        g_assert_cmpuint(at(&seen, i)->sequence, ==, 1 + i * LEN);
    clear(&seen);
}

/* Every byte is there, some of them more than once, and not where it was before. */
static void test_resend(void)
{
    struct seen seen = worn("resend 1 of 3", WEAR_ON_THE_WAY, 1);
    guint num_other = 0;
    g_assert_cmpuint(seen.segments->len, >, NUM_SEGMENTS + NUM_TURNS * 2 / 3 / 2);
    g_assert_cmpuint(check_bytes(&seen), ==, NUM_BYTES);
    g_assert_cmpuint(check_comments(&seen, false), ==, NUM_SEGMENTS);
    for (guint i = 0; i < seen.segments->len; i++)
        num_other += at(&seen, i)->len % LEN != 0;
    g_assert_cmpuint(num_other, >, NUM_TURNS / 3);
    /* Nothing is acknowledged before it was there. */
    uint32_t end[2] = {1000, 5000};
    for (guint i = 0; i < seen.segments->len; i++) {
        const struct segment *segment = at(&seen, i);
        end[segment->from_initiator] =
            MAX(end[segment->from_initiator], segment->sequence + (uint32_t)segment->len);
        g_assert_cmpuint(segment->acknowledged, <=, end[!segment->from_initiator]);
    }
    clear(&seen);
}

static void test_delay(void)
{
    struct seen seen = worn("delay 20ms", WEAR_ON_THE_WAY, 1);
    struct seen plain = worn(NULL, WEAR_ON_THE_WAY, 1);
    uint64_t late_ns = 0;
    g_assert_cmpuint(seen.segments->len, ==, plain.segments->len);
    for (guint i = 0; i < seen.segments->len; i++) {
        late_ns += at(&plain, i)->is_turn ? 20 * MS : 0;
        g_assert_cmpuint(at(&seen, i)->time_ns, ==, at(&plain, i)->time_ns + late_ns);
    }
    g_assert_cmpuint(late_ns, ==, NUM_TURNS * 20 * MS);
    clear(&seen);
    clear(&plain);
}

/* Late by as much at most; in the order of time, and each side's in its own. */
static void check_late(const char *text, enum wear_place place, uint64_t max_ns)
{
    struct seen seen = worn(text, place, 1), plain = worn(NULL, WEAR_AT_POINT, 1);
    guint num_moved = 0;
    g_assert_cmpuint(seen.segments->len, ==, NUM_SEGMENTS);
    g_assert_cmpuint(check_comments(&seen, false), ==, NUM_SEGMENTS);
    for (unsigned side = 0; side < 2; side++) {
        guint next = 0;
        for (guint i = 0; i < seen.segments->len; i++) {
            if (at(&seen, i)->from_initiator != (side == 1))
                continue;
            while (at(&plain, next)->from_initiator != (side == 1))
                next++;
            g_assert_cmpuint(at(&seen, i)->sequence, ==, at(&plain, next)->sequence);
            g_assert_cmpuint(at(&seen, i)->time_ns, >=, at(&plain, next)->time_ns);
            g_assert_cmpuint(at(&seen, i)->time_ns, <=, at(&plain, next)->time_ns + max_ns);
            num_moved += i != next;
            next++;
        }
    }
    for (guint i = 1; i < seen.segments->len; i++)
        g_assert_cmpuint(at(&seen, i)->time_ns, >=, at(&seen, i - 1)->time_ns);
    g_assert_cmpuint(num_moved, >, 0);
    clear(&seen);
    clear(&plain);
}

static void test_jitter(void)
{
    check_late("jitter 30ms", WEAR_AT_POINT, 30 * MS);
}

static void test_apart(void)
{
    check_late("points apart 8ms", WEAR_AT_OTHER_POINT, 16 * MS);
    struct seen seen = worn("points apart 8ms", WEAR_AT_POINT, 1);
    g_assert_cmpuint(at(&seen, 0)->time_ns, ==, 0);
    clear(&seen);
}

/* What one side sends in a go is one. */
static void test_offload(void)
{
    struct seen seen = worn("offload", WEAR_ON_THE_WAY, 1);
    g_assert_cmpuint(seen.segments->len, ==, NUM_TURNS * 2);
    g_assert_cmpuint(check_bytes(&seen), ==, NUM_BYTES);
    g_assert_cmpuint(check_comments(&seen, true), ==, NUM_SEGMENTS);
    for (guint i = 0; i < seen.segments->len; i++)
        g_assert_cmpuint(at(&seen, i)->len, ==, i % 2 == 0 ? LEN * 2 : 0);
    clear(&seen);
}

static GString *course(uint64_t seed)
{
    GString *text = g_string_new(NULL);
    struct seen seen = {g_ptr_array_new_with_free_func(segment_free)};
    struct wear_plan plan = {.has = {false}};
    static const char *const all[] = {"lose 1 of 7", "duplicate 1 of 8", "reorder 1 of 5 by 2",
                                      "jitter 3ms"};
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
        g_assert_null(wear_plan_add(&plan, all[i]));
    struct wear *wear = wear_new(&plan, WEAR_AT_POINT, seed, (struct wear_sink){take, &seen});
    talk(wear);
    wear_flush(wear);
    for (guint i = 0; i < seen.segments->len; i++)
        g_string_append_printf(text, "%u %u,", at(&seen, i)->sequence,
                               (unsigned)at(&seen, i)->time_ns);
    wear_free(wear);
    wear_free(NULL);
    clear(&seen);
    return text;
}

static void test_seed(void)
{
    GString *one = course(1), *again = course(1), *other = course(2);
    g_assert_cmpstr(one->str, ==, again->str);
    g_assert_cmpstr(one->str, !=, other->str);
    g_string_free(one, TRUE);
    g_string_free(again, TRUE);
    g_string_free(other, TRUE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/wear/none", test_none);
    g_test_add_func("/wear/place", test_place);
    g_test_add_func("/wear/lose", test_lose);
    g_test_add_func("/wear/duplicate", test_duplicate);
    g_test_add_func("/wear/reorder", test_reorder);
    g_test_add_func("/wear/reorder-in-silence", test_reorder_in_silence);
    g_test_add_func("/wear/resend", test_resend);
    g_test_add_func("/wear/delay", test_delay);
    g_test_add_func("/wear/jitter", test_jitter);
    g_test_add_func("/wear/apart", test_apart);
    g_test_add_func("/wear/offload", test_offload);
    g_test_add_func("/wear/seed", test_seed);
    return g_test_run();
}
