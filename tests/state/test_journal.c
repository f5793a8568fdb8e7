/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What goes into the journal comes out of it, in any order. */
#include <glib.h>
#include <string.h>

#include "counting_mem.h"
#include "state/journal.h"

/* A conversation that has every kind of observation in it: command, its numbers. */
static const struct {
    bool from_initiator;
    struct sstp_command command;
} conversation[] = {
    {true, {.id = SSTP_CONNECT, .major_version = 1, .minor_version = 6}},
    {false, {.id = SSTP_CONNECT_RESPONSE, .major_version = 1, .minor_version = 6}},
    {true, {.id = SSTP_ATTACH, .session_id = 1}},
    {false, {.id = SSTP_ATTACH_RESPONSE, .session_id = 1}},
    {true, {.id = SSTP_OPEN, .session_id = 2}},
    {false, {.id = SSTP_OPEN_RESPONSE, .session_id = 2}},
    {false, {.id = SSTP_OPEN, .session_id = 0x80000001}},
    {true, {.id = SSTP_OPEN_RESPONSE, .session_id = 0x80000001}},
    {true, {.id = SSTP_MESSAGE, .session_id = 2}},
    {true, {.id = SSTP_DATA, .session_id = 2}},
    {true, {.id = SSTP_END_MESSAGE, .session_id = 2}},
    {false, {.id = SSTP_NOOP, .message_count = 1}},
    {true, {.id = SSTP_MESSAGE, .session_id = 2}},
    {true, {.id = SSTP_DATA, .session_id = 2}},
    {true, {.id = SSTP_END_MESSAGE, .session_id = 2}},
    {false, {.id = SSTP_MESSAGE, .session_id = 0x80000001, .message_count = 1}},
    {false, {.id = SSTP_DATA, .session_id = 0x80000001}},
    {false, {.id = SSTP_END_MESSAGE, .session_id = 0x80000001}},
    {true, {.id = SSTP_NOOP, .message_count = 9}},
    {true, {.id = SSTP_END_MESSAGE, .session_id = 2}}, /* without a Message */
    {true, {.id = SSTP_FANOUT_OPEN, .session_id = 3}},
    {false, {.id = SSTP_SESSION_STATUS, .session_id = 3}},
    {true, {.id = SSTP_CLOSE, .session_id = 2}},
    {true, {.id = SSTP_DATA, .session_id = 77}},
    {false, {.id = SSTP_NOOP}},
    {false, {.id = 0x2a}},
    {true, {.id = SSTP_CONNECT_CLOSE}},
};
#define NUM_COMMANDS G_N_ELEMENTS(conversation)

struct kept {
    struct sstp_observation seen;
    bool from_initiator;
    uint32_t frame, key;
};

/* Plays the conversation `rounds` times, `per_chunk` commands to a chunk and two
 * chunks to a frame. */
static void fill(struct sstp_observer *observer, struct sstp_journal journals[2], GArray *all,
                 unsigned rounds, unsigned per_chunk)
{
    unsigned num_in_chunk[2] = {0, 0}, num_chunks = 0;
    uint32_t frame = 1, key = 0;
    int open = -1;

    for (unsigned round = 0; round < rounds; round++)
        for (size_t i = 0; i < NUM_COMMANDS; i++) {
            const bool from = conversation[i].from_initiator;
            struct kept kept = {.from_initiator = from};
            if (open != (int)from || num_in_chunk[from] == per_chunk) {
                frame = 1 + ++num_chunks / 2;
                key = num_chunks * 2654435761u;
                sstp_journal_begin_chunk(&journals[from], frame, key);
                num_in_chunk[from] = 0;
                open = from;
            }
            num_in_chunk[from]++;
            kept.frame = frame;
            kept.key = key;
            sstp_observer_command(observer, from, &conversation[i].command,
                                  (struct sstp_observed_place){frame, (int64_t)frame * 1000},
                                  &kept.seen);
            sstp_journal_add(&journals[from], &kept.seen);
            g_array_append_val(all, kept);
        }
}

/* A message's session is told by the message. */
static void assert_same(const struct sstp_observation *read, const struct sstp_observation *written)
{
    struct sstp_observation wanted = *written;
    if (wanted.has_message) {
        wanted.has_session = false;
        wanted.session = 0;
    }
    g_assert_cmpint(read->connection_state, ==, wanted.connection_state);
    g_assert_cmpint(read->session_state, ==, wanted.session_state);
    g_assert_cmpint(read->receiver_state, ==, wanted.receiver_state);
    g_assert_cmphex(read->findings, ==, wanted.findings);
    g_assert_cmpint(read->has_session, ==, wanted.has_session);
    g_assert_cmpuint(read->session, ==, wanted.session);
    g_assert_cmpint(read->has_exchange, ==, wanted.has_exchange);
    g_assert_cmpint(read->is_response, ==, wanted.is_response);
    g_assert_cmpuint(read->exchange, ==, wanted.exchange);
    g_assert_cmpint(read->has_message, ==, wanted.has_message);
    g_assert_cmpuint(read->message, ==, wanted.message);
    g_assert_cmpint(read->has_entry, ==, wanted.has_entry);
    g_assert_cmpuint(read->entry, ==, wanted.entry);
    g_assert_cmpint(read->has_acknowledgement, ==, wanted.has_acknowledgement);
    g_assert_cmpuint(read->acknowledgement, ==, wanted.acknowledgement);
    g_assert_cmpint(read->has_outstanding, ==, wanted.has_outstanding);
    g_assert_cmpuint(read->outstanding, ==, wanted.outstanding);
    g_assert_cmpint(read->has_active, ==, wanted.has_active);
    g_assert_cmpuint(read->active, ==, wanted.active);
}

/* Reads the chunk that begins with kept number `at`; returns its commands. */
static unsigned read_chunk(struct sstp_journal journals[2], const GArray *all, unsigned at)
{
    const struct kept *first = &g_array_index(all, struct kept, at);
    struct sstp_journal *journal = &journals[first->from_initiator];
    struct sstp_journal_cursor cursor = sstp_journal_find(journal, first->frame, first->key);
    struct sstp_observation seen;
    unsigned num = 0;

    while (sstp_journal_next(journal, &cursor, &seen)) {
        g_assert_cmpuint(at + num, <, all->len);
        const struct kept *kept = &g_array_index(all, struct kept, at + num);
        g_assert_cmpuint(kept->frame, ==, first->frame);
        g_assert_cmpuint(kept->key, ==, first->key);
        assert_same(&seen, &kept->seen);
        num++;
    }
    return num;
}

static void test_any_order(void)
{
    for (unsigned per_chunk = 1; per_chunk <= 5; per_chunk++) {
        struct counting_mem counting;
        struct sstp_observer observer;
        struct sstp_journal journals[2];
        GArray *all = g_array_new(FALSE, FALSE, sizeof(struct kept));
        GArray *firsts = g_array_new(FALSE, FALSE, sizeof(unsigned));

        counting_mem_init(&counting);
        sstp_observer_init(&observer, &counting.mem, SSTP_OBSERVER_FROM_START);
        for (int i = 0; i < 2; i++)
            sstp_journal_init(&journals[i], &observer, i != 0);
        fill(&observer, journals, all, 200, per_chunk);
        for (unsigned at = 0; at < all->len;) { /* forwards */
            const unsigned num = read_chunk(journals, all, at);
            g_assert_cmpuint(num, >, 0);
            g_array_append_val(firsts, at);
            at += num;
        }
        for (unsigned i = firsts->len; i > 0; i--) /* backwards */
            (void)read_chunk(journals, all, g_array_index(firsts, unsigned, i - 1));
        for (unsigned i = 0, at = 7; i < 2000; i++, at = (at * 31 + 17) % firsts->len)
            (void)read_chunk(journals, all, g_array_index(firsts, unsigned, at));

        /* Chunks that are not there: another key, another frame, beyond the end. */
        struct sstp_observation seen;
        const struct kept *some = &g_array_index(all, struct kept, all->len / 2);
        struct sstp_journal *journal = &journals[some->from_initiator];
        struct sstp_journal_cursor cursor = sstp_journal_find(journal, some->frame, some->key + 1);
        g_assert_false(sstp_journal_next(journal, &cursor, &seen));
        cursor = sstp_journal_find(journal, UINT32_MAX, 0);
        g_assert_false(sstp_journal_next(journal, &cursor, &seen));
        cursor = sstp_journal_find(journal, 0, 0);
        g_assert_false(sstp_journal_next(journal, &cursor, &seen));

        for (int i = 0; i < 2; i++)
            sstp_journal_clear(&journals[i]);
        sstp_observer_clear(&observer);
        g_assert_cmpuint(counting.num_blocks, ==, 0);
        g_array_free(all, TRUE);
        g_array_free(firsts, TRUE);
    }
}

static void test_empty(void)
{
    struct sstp_observer observer;
    struct sstp_journal journal;
    struct sstp_observation seen;

    sstp_observer_init(&observer, &sstp_mem_libc, SSTP_OBSERVER_LATE);
    sstp_journal_init(&journal, &observer, true);
    struct sstp_journal_cursor cursor = sstp_journal_find(&journal, 1, 1);
    g_assert_false(sstp_journal_next(&journal, &cursor, &seen));
    sstp_journal_begin_chunk(&journal, 1, 1); /* a chunk without a command */
    sstp_journal_begin_chunk(&journal, 1, 2);
    memset(&seen, 0, sizeof seen);
    sstp_journal_add(&journal, &seen);
    cursor = sstp_journal_find(&journal, 1, 1);
    g_assert_false(sstp_journal_next(&journal, &cursor, &seen));
    cursor = sstp_journal_find(&journal, 1, 2);
    g_assert_true(sstp_journal_next(&journal, &cursor, &seen));
    g_assert_false(sstp_journal_next(&journal, &cursor, &seen));
    sstp_journal_clear(&journal);
    sstp_observer_clear(&observer);
}

/* A chunk is clean as long as no command of it has a finding or a mark, whatever others have. */
static void test_clean(void)
{
    struct counting_mem counting;
    struct sstp_observer observer;
    struct sstp_journal journal;
    struct sstp_observation seen = {0};

    counting_mem_init(&counting);
    sstp_observer_init(&observer, &counting.mem, SSTP_OBSERVER_FROM_START);
    sstp_journal_init(&journal, &observer, true);
    sstp_journal_mark(&journal); /* there is no chunk */
    for (uint32_t frame = 1; frame <= 4; frame++) {
        sstp_journal_begin_chunk(&journal, frame, 0);
        sstp_journal_add(&journal, &seen);
        seen.findings = frame == 2 ? SSTP_OBSERVED(SSTP_FINDING_STATE_FIRST) : 0;
        sstp_journal_add(&journal, &seen);
        seen.findings = 0;
        if (frame == 3)
            sstp_journal_mark(&journal);
        sstp_journal_add(&journal, &seen);
    }
    g_assert_true(sstp_journal_find(&journal, 1, 0).is_clean);
    g_assert_false(sstp_journal_find(&journal, 2, 0).is_clean);
    g_assert_false(sstp_journal_find(&journal, 3, 0).is_clean);
    g_assert_true(sstp_journal_find(&journal, 4, 0).is_clean);
    g_assert_false(sstp_journal_find(&journal, 4, 1).is_clean); /* it is not there */
    journal.is_full = true; /* what was entered last may be missing */
    g_assert_false(sstp_journal_find(&journal, 4, 0).is_clean);
    sstp_journal_clear(&journal);
    sstp_observer_clear(&observer);
}

/* Two messages in two chunks, of which the first is acknowledged. */
static void test_outstanding(void)
{
    static const struct sstp_command commands[] = {
        {.id = SSTP_CONNECT, .major_version = 1, .minor_version = 6},
        {.id = SSTP_CONNECT_RESPONSE, .major_version = 1, .minor_version = 6},
        {.id = SSTP_OPEN, .session_id = 2},
        {.id = SSTP_OPEN_RESPONSE, .session_id = 2},
        {.id = SSTP_MESSAGE, .session_id = 2},
        {.id = SSTP_END_MESSAGE, .session_id = 2},
        {.id = SSTP_MESSAGE, .session_id = 2},
        {.id = SSTP_END_MESSAGE, .session_id = 2},
        {.id = SSTP_NOOP, .message_count = 1}};
    struct counting_mem counting;
    struct sstp_observer observer;
    struct sstp_journal journals[2];

    counting_mem_init(&counting);
    sstp_observer_init(&observer, &counting.mem, SSTP_OBSERVER_FROM_START);
    for (int i = 0; i < 2; i++)
        sstp_journal_init(&journals[i], &observer, i != 0);
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        const uint8_t id = commands[i].id;
        const bool from_initiator =
            id != SSTP_CONNECT_RESPONSE && id != SSTP_OPEN_RESPONSE && id != SSTP_NOOP;
        const uint32_t frame = (uint32_t)i / 2 + 1;
        struct sstp_observation seen;
        if (i % 2 == 0 || frame < 3)
            sstp_journal_begin_chunk(&journals[from_initiator], frame, (uint32_t)i);
        sstp_observer_command(&observer, from_initiator, &commands[i],
                              (struct sstp_observed_place){frame, (int64_t)frame}, &seen);
        sstp_journal_add(&journals[from_initiator], &seen);
    }
    g_assert_false(
        sstp_journal_has_outstanding(&journals[1], sstp_journal_find(&journals[1], 3, 4)));
    g_assert_true(
        sstp_journal_has_outstanding(&journals[1], sstp_journal_find(&journals[1], 4, 6)));
    g_assert_false(
        sstp_journal_has_outstanding(&journals[0], sstp_journal_find(&journals[0], 5, 8)));
    for (int i = 0; i < 2; i++)
        sstp_journal_clear(&journals[i]);
    sstp_observer_clear(&observer);
}

/* Frames that fall, here and there, are found as the others are. */
static void test_falling(void)
{
    enum { NUM = 3000 };
    struct counting_mem counting;
    struct sstp_observer observer;
    struct sstp_journal journal;
    struct sstp_observation seen = {.has_session = true};

    counting_mem_init(&counting);
    sstp_observer_init(&observer, &counting.mem, SSTP_OBSERVER_FROM_START);
    sstp_journal_init(&journal, &observer, true);
    for (uint32_t i = 0; i < NUM; i++) {
        sstp_journal_begin_chunk(&journal, i > 700 && i % 7 == 0 ? i - 5 : i, i);
        seen.session = i;
        sstp_journal_add(&journal, &seen);
    }
    for (uint32_t n = 0, i = 0; n < NUM; n++, i = (i + 1777) % NUM) {
        const uint32_t frame = i > 700 && i % 7 == 0 ? i - 5 : i;
        struct sstp_journal_cursor cursor = sstp_journal_find(&journal, frame, i);
        g_assert_true(sstp_journal_next(&journal, &cursor, &seen));
        g_assert_cmpuint(seen.session, ==, i);
        g_assert_false(sstp_journal_next(&journal, &cursor, &seen));
    }
    sstp_journal_clear(&journal);
    sstp_observer_clear(&observer);
    g_assert_cmpuint(counting.num_blocks, ==, 0);
}

/* Octets a command, of all that is kept, where two messages and a count come in each chunk. */
static void test_size(void)
{
    enum { CHUNKS = 20000, PER_CHUNK = 7, MOST = 12 };
    static const uint8_t ids[PER_CHUNK] = {SSTP_MESSAGE, SSTP_DATA, SSTP_END_MESSAGE,
                                           SSTP_MESSAGE, SSTP_DATA, SSTP_END_MESSAGE,
                                           SSTP_NOOP};
    struct counting_mem counting;
    struct sstp_observer observer;
    struct sstp_journal journals[2];
    struct sstp_observation seen;
    struct sstp_command command;

    counting_mem_init(&counting);
    sstp_observer_init(&observer, &counting.mem, SSTP_OBSERVER_FROM_START);
    for (int i = 0; i < 2; i++)
        sstp_journal_init(&journals[i], &observer, i != 0);
    for (size_t i = 0; i < 8; i++) { /* up to the answers to both Opens */
        command = conversation[i].command;
        sstp_observer_command(&observer, conversation[i].from_initiator, &command,
                              (struct sstp_observed_place){1, 1}, &seen);
    }
    for (uint32_t chunk = 0; chunk < CHUNKS; chunk++) {
        const bool from_initiator = chunk % 2 == 0;
        const uint32_t frame = chunk + 2;
        sstp_journal_begin_chunk(&journals[from_initiator], frame, chunk * 1400);
        for (unsigned i = 0; i < PER_CHUNK; i++) {
            command = (struct sstp_command){.id = ids[i],
                                            .session_id = from_initiator ? 2 : 0x80000001,
                                            .message_count = ids[i] == SSTP_NOOP ? 2 : 0};
            sstp_observer_command(&observer, from_initiator, &command,
                                  (struct sstp_observed_place){frame, (int64_t)frame * 1000},
                                  &seen);
            sstp_journal_add(&journals[from_initiator], &seen);
        }
    }
    g_test_message("%.2f octets a command", (double)counting.num_bytes / (CHUNKS * PER_CHUNK));
    g_assert_cmpuint(counting.num_bytes, <=, MOST * CHUNKS * PER_CHUNK);
    for (int i = 0; i < 2; i++)
        sstp_journal_clear(&journals[i]);
    sstp_observer_clear(&observer);
    g_assert_cmpuint(counting.num_blocks, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/state/journal/any-order", test_any_order);
    g_test_add_func("/state/journal/empty", test_empty);
    g_test_add_func("/state/journal/clean", test_clean);
    g_test_add_func("/state/journal/outstanding", test_outstanding);
    g_test_add_func("/state/journal/falling", test_falling);
    g_test_add_func("/state/journal/size", test_size);
    return g_test_run();
}
