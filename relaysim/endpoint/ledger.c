/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "endpoint/ledger.h"

#include <assert.h>
#include <string.h>

#define SIZE_MIN 16u

void sstp_ep_ledger_init(struct sstp_ep_ledger *ledger, const struct sstp_mem *mem)
{
    memset(ledger, 0, sizeof *ledger);
    ledger->mem = mem;
}

void sstp_ep_ledger_clear(struct sstp_ep_ledger *ledger)
{
    if (ledger->entries != NULL)
        ledger->mem->resize(ledger->mem->cookie, ledger->entries, 0);
    ledger->entries = NULL;
    ledger->size = ledger->first = ledger->num_leading = 0;
    sstp_ledger_forget(&ledger->counts);
}

bool sstp_ep_ledger_reserve(struct sstp_ep_ledger *ledger)
{
    if (ledger->first + sstp_ep_ledger_num(ledger) < ledger->size)
        return true;
    /* Moving the entries to the front is cheap enough once half the room is free. */
    if (ledger->first > 0 && ledger->first >= ledger->size / 2) {
        memmove(ledger->entries, ledger->entries + ledger->first,
                sstp_ep_ledger_num(ledger) * sizeof *ledger->entries);
        ledger->first = 0;
        return true;
    }
    const size_t size = ledger->size > 0 ? 2 * ledger->size : SIZE_MIN;
    struct sstp_ep_ledger_entry *entries =
        ledger->mem->resize(ledger->mem->cookie, ledger->entries, size * sizeof *entries);
    if (entries == NULL)
        return false;
    ledger->entries = entries;
    ledger->size = size;
    return true;
}

uint64_t sstp_ep_ledger_add(struct sstp_ep_ledger *ledger, struct sstp_ep_ledger_entry entry)
{
    assert(ledger->first + sstp_ep_ledger_num(ledger) < ledger->size);
    ledger->entries[ledger->first + sstp_ep_ledger_num(ledger)] = entry;
    return sstp_ledger_enter(&ledger->counts) + 1;
}

struct sstp_ep_ledger_entry *sstp_ep_ledger_find(struct sstp_ep_ledger *ledger, uint64_t number)
{
    const uint64_t oldest = sstp_ep_ledger_oldest(ledger);
    if (number < oldest || number - oldest >= sstp_ep_ledger_num(ledger))
        return NULL;
    return &ledger->entries[ledger->first + (size_t)(number - oldest)];
}

bool sstp_ep_ledger_complete(struct sstp_ep_ledger *ledger, uint64_t number)
{
    struct sstp_ep_ledger_entry *entry = sstp_ep_ledger_find(ledger, number);
    if (entry == NULL)
        return false;
    entry->is_complete = true;
    while (ledger->num_leading < sstp_ep_ledger_num(ledger)) {
        entry = &ledger->entries[ledger->first + ledger->num_leading];
        if (!entry->is_complete)
            break;
        ledger->leading_wants_ack = ledger->leading_wants_ack || entry->wants_ack;
        ledger->num_leading++;
    }
    return true;
}

void sstp_ep_ledger_drop(struct sstp_ep_ledger *ledger, size_t num)
{
    uint64_t oldest;
    const size_t dropped = (size_t)sstp_ledger_acknowledge(
        &ledger->counts, num < UINT32_MAX ? (uint32_t)num : UINT32_MAX, &oldest);

    ledger->first += dropped;
    ledger->num_leading -= dropped < ledger->num_leading ? dropped : ledger->num_leading;
    if (ledger->num_leading == 0)
        ledger->leading_wants_ack = false;
    if (sstp_ep_ledger_num(ledger) == 0)
        ledger->first = 0;
}
