/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "order_fixture.h"

#include <string.h>

static unsigned number_of(const struct sstp_order_item *item)
{
    unsigned number;
    g_assert_cmpuint(item->bytes.len, ==, sizeof number);
    memcpy(&number, item->bytes.data, sizeof number);
    return number;
}

static bool take(void *cookie, bool from_initiator, const struct sstp_order_item *item,
                 bool may_wait)
{
    struct hearer *hearer = cookie;

    if (item->kind == SSTP_ORDER_GAP)
        hearer->num_lost++;
    if (item->kind != SSTP_ORDER_COMMAND)
        return true;
    const unsigned number = number_of(item);
    if (hearer->observer != NULL) {
        const struct sstp_observed_knowledge knowledge = {item->position, item->known};
        struct sstp_observation seen;
        if (!sstp_observer_take(hearer->observer, from_initiator, &hearer->history[number].command,
                                (struct sstp_observed_place){number + 1, 0},
                                item->known != 0 ? &knowledge : NULL, may_wait, &seen)) {
            hearer->num_refused++;
            return false;
        }
        g_array_index(hearer->seen, struct sstp_observation, number) = seen;
    }
    g_array_append_val(hearer->taken, number);
    return true;
}

static void lose(void *cookie, const struct sstp_order_item *item)
{
    struct hearer *hearer = cookie;
    hearer->num_told += item != NULL;
    hearer->num_lost++;
    if (hearer->observer != NULL)
        sstp_observer_gap(hearer->observer);
}

void order_set_up(struct order_fixture *fixture)
{
    memset(fixture, 0, sizeof *fixture);
    counting_mem_init(&fixture->counting);
    fixture->hearer.taken = g_array_new(FALSE, FALSE, sizeof(unsigned));
    sstp_order_init(&fixture->order, &fixture->counting.mem, &fixture->budget,
                    &(struct sstp_order_taker){take, lose, &fixture->hearer});
}

void order_tear_down(struct order_fixture *fixture)
{
    sstp_order_clear(&fixture->order);
    g_assert_cmpuint(fixture->budget.bytes, ==, 0);
    g_assert_cmpuint(fixture->counting.num_blocks, ==, 0);
    g_array_unref(fixture->hearer.taken);
}

static void begin_chunk(struct order_fixture *fixture, bool from_initiator, int64_t time_ns)
{
    sstp_order_put(&fixture->order, from_initiator,
                   &(struct sstp_order_item){.kind = SSTP_ORDER_CHUNK, .time_ns = time_ns});
}

void order_say_at(struct order_fixture *fixture, bool from_initiator, unsigned number,
                  uint64_t position, uint64_t known, int64_t time_ns)
{
    begin_chunk(fixture, from_initiator, time_ns);
    sstp_order_put(&fixture->order, from_initiator,
                   &(struct sstp_order_item){.kind = SSTP_ORDER_COMMAND,
                                             .time_ns = time_ns,
                                             .position = position,
                                             .known = known,
                                             .bytes = sstp_span(&number, sizeof number)});
}

void order_say(struct order_fixture *fixture, bool from_initiator, unsigned number,
               uint64_t position, uint64_t known)
{
    order_say_at(fixture, from_initiator, number, position, known, 0);
}

void order_start(struct order_fixture *fixture)
{
    sstp_order_start(&fixture->order, false, 1);
    sstp_order_start(&fixture->order, true, 1);
}

void order_check_taken(const struct order_fixture *fixture, const unsigned *wanted, size_t num)
{
    g_assert_cmpuint(fixture->hearer.taken->len, ==, num);
    for (unsigned i = 0; i < num; i++)
        g_assert_cmpuint(g_array_index(fixture->hearer.taken, unsigned, i), ==, wanted[i]);
}
