/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state/journal.h"

#include <string.h>

struct chunk {
    uint32_t frame, key;
    uint32_t first : 31;    /* octet */
    uint32_t is_marked : 1; /* a finding, or sstp_journal_mark() */
};

/* So many have a place in a chunk. */
#define OCTETS_MAX ((UINT32_C(1) << 31) - 1)

/* The first two octets of a command: states, and what follows, in this order.  What the
 * observer knows is not kept twice: a message stands for its session, and the acknowledgement of
 * a command that is no Message for what it leaves outstanding. */
#define CONNECTION_SHIFT 0  /* 3 bits */
#define SESSION_SHIFT 3     /* 3 bits */
#define RECEIVER_SHIFT 6    /* 2 bits */
#define HAS_MORE 0x0100u    /* a third octet, and the findings */
#define HAS_SESSION 0x0200u /* without has_message */
#define HAS_MESSAGE 0x0400u
#define IS_SAME 0x0800u /* the message is that of the command before */
#define HAS_ENTRY 0x1000u
#define HAS_OUTSTANDING 0x2000u
#define HAS_ACKNOWLEDGEMENT 0x4000u

/* The third. */
#define HAS_EXCHANGE 0x01u
#define IS_RESPONSE 0x02u
#define HAS_ACTIVE 0x04u

_Static_assert(SSTP_CONNECTION_STATE_COUNT <= 8 && SSTP_SESSION_STATE_COUNT <= 8 &&
                   SSTP_RECEIVER_STATE_COUNT <= 4,
               "the states have eight bits");

void sstp_journal_init(struct sstp_journal *journal, const struct sstp_observer *observer,
                       bool from_initiator)
{
    memset(journal, 0, sizeof *journal);
    journal->observer = observer;
    journal->from_initiator = from_initiator;
    sstp_octets_init(&journal->octets, observer->mem);
    sstp_array_init(&journal->chunks, observer->mem, sizeof(struct chunk));
    sstp_array_init(&journal->tops, observer->mem, sizeof(uint32_t));
}

void sstp_journal_clear(struct sstp_journal *journal)
{
    sstp_octets_clear(&journal->octets);
    sstp_array_clear(&journal->chunks);
    sstp_array_clear(&journal->tops);
    sstp_journal_init(journal, journal->observer, journal->from_initiator);
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

/* The highest frame up to a chunk. */
static uint32_t top_of(const struct sstp_journal *journal, uint32_t index)
{
    if (journal->tops.num == 0 || index < journal->first_top)
        return ((const struct chunk *)sstp_array_at(&journal->chunks, index))->frame;
    return *(const uint32_t *)sstp_array_at(&journal->tops, index - journal->first_top);
}

/* The index of the first chunk that may be one of the frame. */
static uint32_t first_of_frame(const struct sstp_journal *journal, uint32_t frame)
{
    uint32_t low = 0, high = journal->chunks.num;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (top_of(journal, middle) < frame)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Notes the highest frame up to the next chunk, where that is not its own. */
static bool keep_top(struct sstp_journal *journal, uint32_t top, bool is_own)
{
    if (is_own && journal->tops.num == 0)
        return true;
    if (journal->tops.num == 0)
        journal->first_top = journal->chunks.num;
    uint32_t *kept = sstp_array_add_unset(&journal->tops);
    if (kept == NULL)
        return false;
    *kept = top;
    return true;
}

void sstp_journal_begin_chunk(struct sstp_journal *journal, uint32_t frame, uint32_t key)
{
    if (journal->is_full)
        return;
    const uint32_t index = journal->chunks.num;
    const uint32_t before = index > 0 ? top_of(journal, index - 1) : 0;
    const uint32_t top = before > frame ? before : frame;

    journal->numbers = (struct sstp_journal_numbers){0};
    if (top > frame) {
        const uint32_t depth = index - first_of_frame(journal, frame);
        journal->depth = depth > journal->depth ? depth : journal->depth;
    }
    struct chunk *chunk =
        keep_top(journal, top, top == frame) ? sstp_array_add_unset(&journal->chunks) : NULL;
    if (chunk == NULL)
        journal->is_full = true;
    else
        *chunk =
            (struct chunk){.frame = frame, .key = key, .first = journal->octets.num & OCTETS_MAX};
}

/* ------------------------------------------------------------------------
 * Packing
 */

static uint32_t entry_base(const struct sstp_journal_numbers *numbers)
{
    return numbers->has_entry ? numbers->entry + 1 : numbers->message;
}

/* Whether `outstanding` is what the acknowledgement left: of a Message it is not. */
static bool leaves_outstanding(const struct sstp_observation *seen)
{
    return seen->has_acknowledgement && !seen->has_message;
}

static uint8_t *pack_numbers(struct sstp_journal_numbers *numbers,
                             const struct sstp_observation *seen, bool is_same, uint8_t *to)
{
    if (seen->has_message) {
        if (!is_same)
            to = sstp_put_difference(to, seen->message, numbers->message);
        numbers->message = seen->message;
    } else if (seen->has_session) {
        to = sstp_put_number(to, seen->session);
    }
    if (seen->has_entry) {
        to = sstp_put_difference(to, seen->entry, entry_base(numbers));
        numbers->entry = seen->entry;
        numbers->has_entry = true;
    }
    if (seen->has_outstanding && !leaves_outstanding(seen)) {
        to = sstp_put_difference(to, seen->outstanding, numbers->outstanding);
        numbers->outstanding = seen->outstanding;
    }
    if (seen->has_acknowledgement) {
        to = sstp_put_difference(to, seen->acknowledgement, numbers->acknowledgement);
        numbers->acknowledgement = seen->acknowledgement;
    }
    return to;
}

static uint8_t *pack(struct sstp_journal_numbers *numbers, const struct sstp_observation *seen,
                     uint8_t *to)
{
    const bool is_same = seen->has_message && seen->message == numbers->message;
    const bool has_more =
        seen->has_exchange || seen->is_response || seen->has_active || seen->findings != 0;
    const uint32_t flags =
        (has_more ? HAS_MORE : 0) | (seen->has_session && !seen->has_message ? HAS_SESSION : 0) |
        (seen->has_message ? HAS_MESSAGE : 0) | (is_same ? IS_SAME : 0) |
        (seen->has_entry ? HAS_ENTRY : 0) | (seen->has_outstanding ? HAS_OUTSTANDING : 0) |
        (seen->has_acknowledgement ? HAS_ACKNOWLEDGEMENT : 0);
    const uint32_t both = (uint32_t)seen->connection_state << CONNECTION_SHIFT |
                          (uint32_t)seen->session_state << SESSION_SHIFT |
                          (uint32_t)seen->receiver_state << RECEIVER_SHIFT | flags;

    *to++ = (uint8_t)both;
    *to++ = (uint8_t)(both >> 8);
    if (has_more) {
        *to++ =
            (uint8_t)((seen->has_exchange ? HAS_EXCHANGE : 0) |
                      (seen->is_response ? IS_RESPONSE : 0) | (seen->has_active ? HAS_ACTIVE : 0));
        to = sstp_put_number(to, seen->findings);
    }
    to = pack_numbers(numbers, seen, is_same, to);
    if (seen->has_exchange)
        to = sstp_put_number(to, seen->exchange);
    return seen->has_active ? sstp_put_number(to, seen->active) : to;
}

void sstp_journal_add(struct sstp_journal *journal, const struct sstp_observation *seen)
{
    uint8_t octets[SSTP_OCTETS_MAX];

    if (journal->octets.num > OCTETS_MAX - SSTP_OCTETS_MAX)
        journal->is_full = true;
    if (!journal->is_full) {
        const uint8_t *end = pack(&journal->numbers, seen, octets);
        journal->is_full = !sstp_octets_add(&journal->octets, octets, (size_t)(end - octets));
    }
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
        return (struct sstp_journal_cursor){0};
    journal->last_found = found;
    const struct chunk *chunk = sstp_array_at(&journal->chunks, found);
    struct sstp_journal_cursor cursor = {.next = chunk->first,
                                         .end = journal->octets.num,
                                         .is_clean = !chunk->is_marked && !journal->is_full};
    if (found + 1 < journal->chunks.num)
        cursor.end = ((const struct chunk *)sstp_array_at(&journal->chunks, found + 1))->first;
    return cursor;
}

static uint8_t take_octet(const struct sstp_journal *journal, struct sstp_journal_cursor *cursor)
{
    return sstp_octets_get(&journal->octets, cursor->next++);
}

static uint32_t take(const struct sstp_journal *journal, struct sstp_journal_cursor *cursor)
{
    return (uint32_t)sstp_take_number(&journal->octets, &cursor->next);
}

static uint32_t take_difference(const struct sstp_journal *journal,
                                struct sstp_journal_cursor *cursor, uint32_t from)
{
    return (uint32_t)sstp_take_difference(&journal->octets, &cursor->next, from);
}

/* What pack_numbers() has put. */
static void take_numbers(const struct sstp_journal *journal, struct sstp_journal_cursor *cursor,
                         struct sstp_observation *seen, bool is_same)
{
    struct sstp_journal_numbers *numbers = &cursor->numbers;

    if (seen->has_message && !is_same)
        numbers->message = take_difference(journal, cursor, numbers->message);
    if (seen->has_message)
        seen->message = numbers->message;
    else if (seen->has_session)
        seen->session = take(journal, cursor);
    if (seen->has_entry) {
        seen->entry = numbers->entry = take_difference(journal, cursor, entry_base(numbers));
        numbers->has_entry = true;
    }
    if (seen->has_outstanding && !leaves_outstanding(seen))
        seen->outstanding = numbers->outstanding =
            take_difference(journal, cursor, numbers->outstanding);
    if (seen->has_acknowledgement)
        seen->acknowledgement = numbers->acknowledgement =
            take_difference(journal, cursor, numbers->acknowledgement);
    if (seen->has_outstanding && leaves_outstanding(seen))
        seen->outstanding = sstp_observer_acknowledgement(
                                journal->observer, journal->from_initiator, seen->acknowledgement)
                                .remaining;
}

bool sstp_journal_next(const struct sstp_journal *journal, struct sstp_journal_cursor *cursor,
                       struct sstp_observation *seen)
{
    memset(seen, 0, sizeof *seen);
    if (cursor->next >= cursor->end)
        return false;
    uint32_t both = take_octet(journal, cursor);
    both |= (uint32_t)take_octet(journal, cursor) << 8;
    const uint32_t third = (both & HAS_MORE) != 0 ? take_octet(journal, cursor) : 0;
    seen->connection_state = (enum sstp_connection_state)(both >> CONNECTION_SHIFT & 7);
    seen->session_state = (enum sstp_session_state)(both >> SESSION_SHIFT & 7);
    seen->receiver_state = (enum sstp_receiver_state)(both >> RECEIVER_SHIFT & 3);
    seen->findings = (both & HAS_MORE) != 0 ? take(journal, cursor) : 0;
    seen->has_session = (both & HAS_SESSION) != 0;
    seen->has_message = (both & HAS_MESSAGE) != 0;
    seen->has_entry = (both & HAS_ENTRY) != 0;
    seen->has_outstanding = (both & HAS_OUTSTANDING) != 0;
    seen->has_acknowledgement = (both & HAS_ACKNOWLEDGEMENT) != 0;
    seen->has_exchange = (third & HAS_EXCHANGE) != 0;
    seen->is_response = (third & IS_RESPONSE) != 0;
    seen->has_active = (third & HAS_ACTIVE) != 0;
    take_numbers(journal, cursor, seen, (both & IS_SAME) != 0);
    if (seen->has_exchange)
        seen->exchange = take(journal, cursor);
    if (seen->has_active)
        seen->active = take(journal, cursor);
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
