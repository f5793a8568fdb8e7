/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "endpoint_ledger.h"

#include <assert.h>
#include <string.h>

#define SIZE_MIN 16u

void sstp_ep_ledger_init(struct sstp_ep_ledger *ledger, const struct sstp_mem *mem)
{
    memset(ledger, 0, sizeof *ledger);
    ledger->mem = mem;
    ledger->number = 1;
}

void sstp_ep_ledger_clear(struct sstp_ep_ledger *ledger)
{
    if (ledger->entries != NULL)
        ledger->mem->resize(ledger->mem->cookie, ledger->entries, 0);
    ledger->entries = NULL;
    ledger->size = ledger->first = ledger->num = ledger->num_leading = 0;
}

bool sstp_ep_ledger_reserve(struct sstp_ep_ledger *ledger)
{
    if (ledger->first + ledger->num < ledger->size)
        return true;
    /* Moving the entries to the front is cheap enough once half the room is free. */
    if (ledger->first > 0 && ledger->first >= ledger->size / 2) {
        memmove(ledger->entries, ledger->entries + ledger->first,
                ledger->num * sizeof *ledger->entries);
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
    assert(ledger->first + ledger->num < ledger->size);
    ledger->entries[ledger->first + ledger->num] = entry;
    return ledger->number + ledger->num++;
}

struct sstp_ep_ledger_entry *sstp_ep_ledger_find(struct sstp_ep_ledger *ledger, uint64_t number)
{
    if (number < ledger->number || number - ledger->number >= ledger->num)
        return NULL;
    return &ledger->entries[ledger->first + (size_t)(number - ledger->number)];
}

bool sstp_ep_ledger_complete(struct sstp_ep_ledger *ledger, uint64_t number)
{
    struct sstp_ep_ledger_entry *entry = sstp_ep_ledger_find(ledger, number);
    if (entry == NULL)
        return false;
    entry->is_complete = true;
    while (ledger->num_leading < ledger->num) {
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
    if (num > ledger->num)
        num = ledger->num;
    ledger->first += num;
    ledger->num -= num;
    ledger->number += num;
    ledger->num_leading -= num < ledger->num_leading ? num : ledger->num_leading;
    if (ledger->num_leading == 0)
        ledger->leading_wants_ack = false;
    if (ledger->num == 0)
        ledger->first = 0;
}
