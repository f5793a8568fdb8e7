/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state/journal.h"

#include <string.h>

struct chunk {
    uint32_t frame, key;
    uint32_t first : 31;    /* word */
    uint32_t is_marked : 1; /* a finding, or sstp_journal_mark() */
    uint32_t top;           /* the highest frame up to here */
};

/* So many have an index in a chunk. */
#define WORDS_MAX ((UINT32_C(1) << 31) - 1)

/* The first word of a command: states, findings, and which words follow, in this
 * order.  What the observer knows of one of them is not kept twice: a message stands
 * for its session, the entry of an EndMessage for its message, and the
 * acknowledgement of a command that is no Message for what it leaves outstanding. */
#define CONNECTION_SHIFT 0  /* 3 bits */
#define SESSION_SHIFT 3     /* 3 bits */
#define RECEIVER_SHIFT 6    /* 2 bits */
#define HAS_SESSION 0x0100u /* without has_message */
#define HAS_MESSAGE 0x0200u
#define HAS_ENTRY 0x0400u
#define HAS_OUTSTANDING 0x0800u
#define HAS_ACKNOWLEDGEMENT 0x1000u
#define HAS_EXCHANGE 0x2000u
#define IS_RESPONSE 0x4000u
#define HAS_ACTIVE 0x8000u
#define FINDINGS_SHIFT 16

_Static_assert(SSTP_CONNECTION_STATE_COUNT <= 8 && SSTP_SESSION_STATE_COUNT <= 8 &&
                   SSTP_RECEIVER_STATE_COUNT <= 4,
               "the states have eight bits");
_Static_assert(SSTP_OBSERVED_FINDINGS <= 16, "the findings have sixteen");

void sstp_journal_init(struct sstp_journal *journal, const struct sstp_observer *observer,
                       bool from_initiator)
{
    journal->observer = observer;
    journal->from_initiator = from_initiator;
    sstp_array_init(&journal->words, observer->mem, sizeof(uint32_t));
    sstp_array_init(&journal->chunks, observer->mem, sizeof(struct chunk));
    journal->last_found = journal->depth = 0;
    journal->is_full = false;
}

void sstp_journal_clear(struct sstp_journal *journal)
{
    sstp_array_clear(&journal->words);
    sstp_array_clear(&journal->chunks);
    journal->last_found = journal->depth = 0;
    journal->is_full = false;
}

/* ------------------------------------------------------------------------
 * Chunks
 */

static bool is_chunk(const struct sstp_journal *journal, uint32_t index, uint32_t frame,
                     uint32_t key)
{
    if (index >= journal->chunks.num)
        return false;
    const struct chunk *chunk = sstp_array_at(&journal->chunks, index);
    return chunk->frame == frame && chunk->key == key;
}

/* The index of the first chunk that may be one of the frame. */
static uint32_t first_of_frame(const struct sstp_journal *journal, uint32_t frame)
{
    uint32_t low = 0, high = journal->chunks.num;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (((const struct chunk *)sstp_array_at(&journal->chunks, middle))->top < frame)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void sstp_journal_begin_chunk(struct sstp_journal *journal, uint32_t frame, uint32_t key)
{
    if (journal->is_full)
        return;
    const uint32_t index = journal->chunks.num;
    uint32_t top = frame;
    if (index > 0) {
        const struct chunk *last = sstp_array_at(&journal->chunks, index - 1);
        top = last->top > frame ? last->top : frame;
    }
    if (top > frame) {
        const uint32_t depth = index - first_of_frame(journal, frame);
        journal->depth = depth > journal->depth ? depth : journal->depth;
    }
    struct chunk *chunk = sstp_array_add(&journal->chunks);
    if (chunk == NULL)
        journal->is_full = true;
    else
        *chunk = (struct chunk){
            .frame = frame, .key = key, .first = journal->words.num & WORDS_MAX, .top = top};
}

/* ------------------------------------------------------------------------
 * Packing
 */

static void add_word(struct sstp_journal *journal, uint32_t value)
{
    uint32_t *word = journal->is_full || journal->words.num >= WORDS_MAX
                         ? NULL
                         : sstp_array_add_unset(&journal->words);
    if (word == NULL)
        journal->is_full = true;
    else
        *word = value;
}

static void add_if(struct sstp_journal *journal, bool is_there, uint32_t value)
{
    if (is_there)
        add_word(journal, value);
}

/* Whether `outstanding` is what the acknowledgement left: of a Message it is not. */
static bool leaves_outstanding(const struct sstp_observation *seen)
{
    return seen->has_acknowledgement && !seen->has_message;
}

void sstp_journal_add(struct sstp_journal *journal, const struct sstp_observation *seen)
{
    const uint32_t before = journal->words.num;
    const bool has_session = seen->has_session && !seen->has_message;
    const uint32_t flags =
        (has_session ? HAS_SESSION : 0) | (seen->has_message ? HAS_MESSAGE : 0) |
        (seen->has_entry ? HAS_ENTRY : 0) | (seen->has_outstanding ? HAS_OUTSTANDING : 0) |
        (seen->has_acknowledgement ? HAS_ACKNOWLEDGEMENT : 0) |
        (seen->has_exchange ? HAS_EXCHANGE : 0) | (seen->is_response ? IS_RESPONSE : 0) |
        (seen->has_active ? HAS_ACTIVE : 0);

    add_word(journal, (uint32_t)seen->connection_state << CONNECTION_SHIFT |
                          (uint32_t)seen->session_state << SESSION_SHIFT |
                          (uint32_t)seen->receiver_state << RECEIVER_SHIFT | flags |
                          seen->findings << FINDINGS_SHIFT);
    add_if(journal, has_session, seen->session);
    add_if(journal, seen->has_message && !seen->has_entry, seen->message);
    add_if(journal, seen->has_entry, seen->entry);
    add_if(journal, seen->has_outstanding && !leaves_outstanding(seen), seen->outstanding);
    add_if(journal, seen->has_acknowledgement, seen->acknowledgement);
    add_if(journal, seen->has_exchange, seen->exchange);
    add_if(journal, seen->has_active, seen->active);
    if (journal->is_full) /* half a command is worse than none */
        journal->words.num = before;
    if (seen->findings != 0)
        sstp_journal_mark(journal);
}

void sstp_journal_mark(struct sstp_journal *journal)
{
    if (journal->chunks.num == 0)
        return;
    struct chunk *last = sstp_array_at(&journal->chunks, journal->chunks.num - 1);
    last->is_marked = true;
}

/* ------------------------------------------------------------------------
 * Reading
 */

/* The index of a chunk, or num where it is not there. */
static uint32_t search(const struct sstp_journal *journal, uint32_t frame, uint32_t key)
{
    const uint32_t num = journal->chunks.num;
    const uint32_t guesses[] = {journal->last_found + 1, num - 1, journal->last_found};

    for (size_t i = 0; i < sizeof guesses / sizeof guesses[0]; i++)
        if (is_chunk(journal, guesses[i], frame, key))
            return guesses[i];
    uint32_t others = 0;
    for (uint32_t i = first_of_frame(journal, frame); i < num && others <= journal->depth; i++) {
        if (is_chunk(journal, i, frame, key))
            return i;
        others += ((const struct chunk *)sstp_array_at(&journal->chunks, i))->frame != frame;
    }
    return num;
}

struct sstp_journal_cursor sstp_journal_find(struct sstp_journal *journal, uint32_t frame,
                                             uint32_t key)
{
    const uint32_t found = search(journal, frame, key);
    if (found == journal->chunks.num)
        return (struct sstp_journal_cursor){0, 0, false};
    journal->last_found = found;
    const struct chunk *chunk = sstp_array_at(&journal->chunks, found);
    struct sstp_journal_cursor cursor = {chunk->first, journal->words.num,
                                         !chunk->is_marked && !journal->is_full};
    if (found + 1 < journal->chunks.num)
        cursor.end = ((const struct chunk *)sstp_array_at(&journal->chunks, found + 1))->first;
    return cursor;
}

static uint32_t take_if(const struct sstp_journal *journal, struct sstp_journal_cursor *cursor,
                        bool is_there)
{
    return is_there ? *(const uint32_t *)sstp_array_at(&journal->words, cursor->next++) : 0;
}

bool sstp_journal_next(const struct sstp_journal *journal, struct sstp_journal_cursor *cursor,
                       struct sstp_observation *seen)
{
    memset(seen, 0, sizeof *seen);
    if (cursor->next >= cursor->end)
        return false;
    const uint32_t word = take_if(journal, cursor, true);
    seen->connection_state = (enum sstp_connection_state)(word >> CONNECTION_SHIFT & 7);
    seen->session_state = (enum sstp_session_state)(word >> SESSION_SHIFT & 7);
    seen->receiver_state = (enum sstp_receiver_state)(word >> RECEIVER_SHIFT & 3);
    seen->findings = word >> FINDINGS_SHIFT;
    seen->has_session = (word & HAS_SESSION) != 0;
    seen->session = take_if(journal, cursor, seen->has_session);
    seen->has_message = (word & HAS_MESSAGE) != 0;
    seen->has_entry = (word & HAS_ENTRY) != 0;
    seen->message = take_if(journal, cursor, seen->has_message && !seen->has_entry);
    seen->entry = take_if(journal, cursor, seen->has_entry);
    seen->has_acknowledgement = (word & HAS_ACKNOWLEDGEMENT) != 0;
    seen->has_outstanding = (word & HAS_OUTSTANDING) != 0;
    seen->outstanding =
        take_if(journal, cursor, seen->has_outstanding && !leaves_outstanding(seen));
    seen->acknowledgement = take_if(journal, cursor, seen->has_acknowledgement);
    seen->has_exchange = (word & HAS_EXCHANGE) != 0;
    seen->exchange = take_if(journal, cursor, seen->has_exchange);
    seen->is_response = (word & IS_RESPONSE) != 0;
    seen->has_active = (word & HAS_ACTIVE) != 0;
    seen->active = take_if(journal, cursor, seen->has_active);
    if (seen->has_message && seen->has_entry)
        seen->message =
            sstp_observer_entry(journal->observer, journal->from_initiator, seen->entry)->message;
    if (seen->has_outstanding && leaves_outstanding(seen))
        seen->outstanding = sstp_observer_acknowledgement(
                                journal->observer, journal->from_initiator, seen->acknowledgement)
                                ->remaining;
    return true;
}

bool sstp_journal_has_outstanding(const struct sstp_journal *journal,
                                  struct sstp_journal_cursor cursor)
{
    struct sstp_observation seen;

    while (sstp_journal_next(journal, &cursor, &seen))
        if (seen.has_entry &&
            sstp_observer_is_outstanding(journal->observer, journal->from_initiator, seen.entry))
            return true;
    return false;
}
