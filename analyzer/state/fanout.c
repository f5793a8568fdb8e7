/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE /* qsort_r */
#include "state/fanout.h"

#include <stdlib.h>
#include <string.h>

/* What are_marked[] is about. */
enum { BY_RELAY, BY_IDENTITY };

static void *resize(const struct sstp_fanout *fanout, void *block, size_t size)
{
    return fanout->mem->resize(fanout->mem->cookie, block, size);
}

bool sstp_fanout_init(struct sstp_fanout *fanout, const struct sstp_mem *mem,
                      const struct sstp_command *fanout_open)
{
    const struct sstp_list *list = &fanout_open->fanout_entries;
    const size_t min_entry_len = sstp_fanout_num_columns(fanout_open->form);
    /* The count of a malformed command may promise more than there is. */
    const size_t possible = list->bytes.len / min_entry_len;
    const size_t num = list->count < possible ? list->count : possible;

    *fanout = (struct sstp_fanout){.mem = mem,
                                   .form = fanout_open->form,
                                   .entries_len = list->bytes.len,
                                   .num_entries = (uint16_t)num,
                                   .num_active = (uint16_t)num};
    if (num == 0)
        return true;
    fanout->entries = resize(fanout, NULL, list->bytes.len);
    fanout->marks = resize(fanout, NULL, num);
    if (fanout->entries == NULL || fanout->marks == NULL) {
        sstp_fanout_clear(fanout);
        return false;
    }
    memcpy(fanout->entries, list->bytes.data, list->bytes.len);
    memset(fanout->marks, SSTP_DESTINATION_ACTIVE, num);
    return true;
}

static void drop_order(struct sstp_fanout *fanout)
{
    void *blocks[] = {fanout->offsets, fanout->by_relay, fanout->by_identity,
                      fanout->are_marked[BY_RELAY], fanout->are_marked[BY_IDENTITY]};
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++)
        if (blocks[i] != NULL)
            (void)resize(fanout, blocks[i], 0);
    fanout->offsets = NULL;
    fanout->by_relay = fanout->by_identity = NULL;
    fanout->are_marked[BY_RELAY] = fanout->are_marked[BY_IDENTITY] = NULL;
}

void sstp_fanout_clear(struct sstp_fanout *fanout)
{
    if (fanout->mem == NULL)
        return;
    drop_order(fanout);
    if (fanout->entries != NULL)
        (void)resize(fanout, fanout->entries, 0);
    if (fanout->marks != NULL)
        (void)resize(fanout, fanout->marks, 0);
    fanout->entries = fanout->marks = NULL;
    fanout->num_entries = fanout->num_active = 0;
}

static bool mark(struct sstp_fanout *fanout, unsigned index)
{
    if (fanout->marks[index] != SSTP_DESTINATION_ACTIVE)
        return false;
    fanout->marks[index] = SSTP_DESTINATION_LEAVING;
    fanout->num_active--;
    return true;
}

/* ------------------------------------------------------------------------
 * The order by names
 */

struct sstp_fanout_entry sstp_fanout_entry_at(const struct sstp_fanout *fanout, unsigned index)
{
    struct sstp_reader r = sstp_reader(sstp_span(fanout->entries, fanout->entries_len));
    if (fanout->offsets != NULL) {
        const uint32_t offset = fanout->offsets[index];
        r = sstp_reader(sstp_span(fanout->entries + offset, fanout->entries_len - offset));
        index = 0;
    }
    struct sstp_fanout_entry entry = sstp_fanout_entry_read(&r, fanout->form);
    for (unsigned i = 0; i < index; i++)
        entry = sstp_fanout_entry_read(&r, fanout->form);
    return entry;
}

static int compare_spans(struct sstp_span a, struct sstp_span b)
{
    const size_t len = a.len < b.len ? a.len : b.len;
    const int order = len > 0 ? memcmp(a.data, b.data, len) : 0;
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare_relays(const void *a, const void *b, void *fanout)
{
    return compare_spans(sstp_fanout_entry_at(fanout, *(const uint16_t *)a).relay_url,
                         sstp_fanout_entry_at(fanout, *(const uint16_t *)b).relay_url);
}

static int compare_identities(const void *a, const void *b, void *fanout)
{
    const struct sstp_fanout_entry left = sstp_fanout_entry_at(fanout, *(const uint16_t *)a);
    const struct sstp_fanout_entry right = sstp_fanout_entry_at(fanout, *(const uint16_t *)b);
    const int order = compare_spans(left.identity_url, right.identity_url);
    return order != 0 ? order : compare_spans(left.device_url, right.device_url);
}

bool sstp_fanout_locate(struct sstp_fanout *fanout)
{
    if (fanout->offsets != NULL || fanout->num_entries == 0)
        return true;
    uint32_t *offsets = resize(fanout, NULL, fanout->num_entries * sizeof *offsets);
    if (offsets == NULL)
        return false;
    /* They stand one after the other. */
    const unsigned strings = sstp_fanout_num_columns(fanout->form);
    size_t pos = 0;
    for (unsigned i = 0; i < fanout->num_entries; i++) {
        offsets[i] = (uint32_t)pos;
        for (unsigned n = 0; n < strings && pos < fanout->entries_len; n++) {
            const uint8_t *end = memchr(fanout->entries + pos, 0, fanout->entries_len - pos);
            pos = end != NULL ? (size_t)(end - fanout->entries) + 1 : fanout->entries_len;
        }
    }
    fanout->offsets = offsets;
    return true;
}

static bool make_order(struct sstp_fanout *fanout)
{
    const size_t num = fanout->num_entries;
    if (fanout->by_relay != NULL)
        return true;
    fanout->by_relay = resize(fanout, NULL, num * sizeof *fanout->by_relay);
    fanout->by_identity = resize(fanout, NULL, num * sizeof *fanout->by_identity);
    fanout->are_marked[BY_RELAY] = resize(fanout, NULL, num);
    fanout->are_marked[BY_IDENTITY] = resize(fanout, NULL, num);
    if (!sstp_fanout_locate(fanout) || fanout->by_relay == NULL || fanout->by_identity == NULL ||
        fanout->are_marked[BY_RELAY] == NULL || fanout->are_marked[BY_IDENTITY] == NULL) {
        drop_order(fanout);
        return false;
    }
    for (size_t i = 0; i < num; i++)
        fanout->by_relay[i] = fanout->by_identity[i] = (uint16_t)i;
    memset(fanout->are_marked[BY_RELAY], 0, num);
    memset(fanout->are_marked[BY_IDENTITY], 0, num);
    qsort_r(fanout->by_relay, num, sizeof *fanout->by_relay, compare_relays, fanout);
    qsort_r(fanout->by_identity, num, sizeof *fanout->by_identity, compare_identities, fanout);
    return true;
}

/* ------------------------------------------------------------------------
 * Destinations by their names
 */

/* What is looked for: NULL members match everything. */
struct wanted {
    const struct sstp_span *relay_url, *identity_url, *device_url;
};

/* How an entry stands to what is wanted, in the order it is looked for in. */
static int compare_wanted(const struct sstp_fanout *fanout, unsigned index,
                          const struct wanted *wanted)
{
    const struct sstp_fanout_entry entry = sstp_fanout_entry_at(fanout, index);
    if (wanted->relay_url != NULL)
        return compare_spans(entry.relay_url, *wanted->relay_url);
    const int order = compare_spans(entry.identity_url, *wanted->identity_url);
    return order != 0 || wanted->device_url == NULL
               ? order
               : compare_spans(entry.device_url, *wanted->device_url);
}

/* Marks what is wanted; returns whether there is any. */
static bool mark_wanted(struct sstp_fanout *fanout, const struct wanted *wanted)
{
    const bool is_by_relay = wanted->relay_url != NULL;
    const uint16_t *order = is_by_relay ? fanout->by_relay : fanout->by_identity;
    uint8_t *are_marked = fanout->are_marked[is_by_relay ? BY_RELAY : BY_IDENTITY];
    unsigned low = 0, high = fanout->num_entries;

    while (low < high) {
        const unsigned middle = low + (high - low) / 2;
        if (compare_wanted(fanout, order[middle], wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == fanout->num_entries || compare_wanted(fanout, order[low], wanted) != 0)
        return false;
    /* A thousand equal entries are walked through once, however often they are named. */
    const uint8_t is_this = wanted->device_url != NULL ? 1 : 2;
    if ((are_marked[low] & is_this) == 0)
        for (unsigned i = low;
             i < fanout->num_entries && compare_wanted(fanout, order[i], wanted) == 0; i++)
            (void)mark(fanout, order[i]);
    are_marked[low] |= is_this;
    return true;
}

static void mark_named(struct sstp_fanout *fanout, const struct sstp_command *status,
                       enum sstp_naming naming)
{
    struct wanted wanted = {NULL, NULL, NULL};

    if (naming == SSTP_NAMING_RELAY) {
        wanted.relay_url = &status->device_url;
        (void)mark_wanted(fanout, &wanted);
        return;
    }
    wanted.identity_url = &status->identity_url;
    wanted.device_url = &status->device_url;
    if (mark_wanted(fanout, &wanted) || status->device_url.len > 0)
        return;
    wanted.device_url = NULL;
    (void)mark_wanted(fanout, &wanted);
}

/* ------------------------------------------------------------------------
 * Destinations by their indexes
 */

static void mark_indexes(struct sstp_fanout *fanout, const struct sstp_command *command,
                         struct sstp_fanout_status *status)
{
    struct sstp_reader r = sstp_reader(command->fanout_indexes.bytes);
    for (unsigned i = 0; i < command->fanout_indexes.count; i++) {
        const uint16_t index = sstp_read_u16(&r);
        if (r.failed)
            break;
        if (index >= fanout->num_entries)
            status->has_bad_index = true;
        else if (!mark(fanout, index))
            status->has_repeated_index = true;
    }
}

bool sstp_fanout_apply(struct sstp_fanout *fanout, const struct sstp_command *session_status,
                       struct sstp_fanout_status *status)
{
    const enum sstp_naming naming = sstp_session_status_naming(session_status);

    *status = (struct sstp_fanout_status){false, false};
    if (naming == SSTP_NAMING_INDEXES)
        mark_indexes(fanout, session_status, status);
    if (naming == SSTP_NAMING_INDEXES || naming == SSTP_NAMING_NOBODY || fanout->num_entries == 0)
        return true;
    if (!make_order(fanout))
        return false;
    mark_named(fanout, session_status, naming);
    return true;
}

unsigned sstp_fanout_next_leaving(struct sstp_fanout *fanout, unsigned index)
{
    while (index < fanout->num_entries && fanout->marks[index] != SSTP_DESTINATION_LEAVING)
        index++;
    if (index < fanout->num_entries)
        fanout->marks[index] = SSTP_DESTINATION_GONE;
    return index;
}

bool sstp_fanout_is_active(const struct sstp_fanout *fanout, unsigned index)
{
    return fanout->marks[index] == SSTP_DESTINATION_ACTIVE;
}

bool sstp_fanout_remove(struct sstp_fanout *fanout, unsigned index)
{
    if (!mark(fanout, index))
        return false;
    fanout->marks[index] = SSTP_DESTINATION_GONE;
    return true;
}
