/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state/order.h"

#include "core/command.h"

#include <string.h>

struct sstp_order_waiting {
    struct sstp_order_waiting *next;
    uint64_t serial;
    uint32_t chunk; /* num_chunks when it came */
    struct sstp_order_item item;
    uint8_t bytes[];
};

void sstp_order_init(struct sstp_order *order, const struct sstp_mem *mem,
                     struct sstp_order_budget *budget, const struct sstp_order_taker *taker)
{
    memset(order, 0, sizeof *order);
    order->mem = mem;
    order->budget = budget;
    order->taker = *taker;
}

void sstp_order_by_time(struct sstp_order *order)
{
    order->is_by_time = true;
}

void sstp_order_start(struct sstp_order *order, bool from_initiator, uint64_t position)
{
    struct sstp_order_side *side = &order->sides[from_initiator];

    side->is_known = side->is_between = true;
    side->begin = side->passed = position;
}

bool sstp_order_lacks(const struct sstp_order *order, bool from_initiator, uint64_t position)
{
    const struct sstp_order_side *side = &order->sides[from_initiator];
    return side->is_known && side->begin > position;
}

bool sstp_order_passed(const struct sstp_order *order, bool from_initiator, uint64_t *position)
{
    *position = order->sides[from_initiator].passed;
    return order->sides[from_initiator].is_known;
}

/* ------------------------------------------------------------------------
 * What waits
 */

static void append(struct sstp_order *order, bool from_initiator,
                   const struct sstp_order_item *item)
{
    struct sstp_order_side *side = &order->sides[from_initiator];
    const size_t len = item->bytes.len;
    struct sstp_order_waiting *waiting =
        order->mem->resize(order->mem->cookie, NULL, sizeof *waiting + len);

    if (waiting == NULL) { /* what is not there was missed */
        order->taker.lose(order->taker.cookie, NULL);
        return;
    }
    *waiting = (struct sstp_order_waiting){
        .serial = order->serial++, .chunk = order->num_chunks, .item = *item};
    if (len > 0)
        memcpy(waiting->bytes, item->bytes.data, len);
    waiting->item.bytes = sstp_span(waiting->bytes, len);
    if (side->last != NULL)
        side->last->next = waiting;
    else
        side->first = waiting;
    side->last = waiting;
    side->num_commands += item->kind == SSTP_ORDER_COMMAND;
    side->num_bytes += (uint32_t)len;
    order->budget->bytes += sizeof *waiting + len;
    order->has_waiting = true;
}

static void remove_first(struct sstp_order *order, bool from_initiator)
{
    struct sstp_order_side *side = &order->sides[from_initiator];
    struct sstp_order_waiting *first = side->first;
    const size_t len = first->item.bytes.len;

    side->first = first->next;
    if (side->first == NULL)
        side->last = NULL;
    side->num_commands -= first->item.kind == SSTP_ORDER_COMMAND;
    side->num_bytes -= (uint32_t)len;
    order->budget->bytes -= sizeof *first + len;
    order->mem->resize(order->mem->cookie, first, 0);
    order->has_waiting = order->sides[0].first != NULL || order->sides[1].first != NULL;
}

void sstp_order_clear(struct sstp_order *order)
{
    for (int i = 0; i < 2; i++)
        while (order->sides[i].first != NULL)
            remove_first(order, i != 0);
}

/* ------------------------------------------------------------------------
 * Taking
 */

/* What the item acknowledges of a direction does not come, or comes too late. */
static void give_up_bytes(struct sstp_order *order, bool from_initiator,
                          const struct sstp_order_item *item)
{
    struct sstp_order_side *side = &order->sides[from_initiator];
    const bool is_news = !side->is_absent;

    side->passed = side->given_up = item->known;
    side->is_absent = true;
    side->is_between = false;
    order->taker.lose(order->taker.cookie, is_news ? item : NULL);
}

/* Whether all that the sender of the command had received was taken. */
static bool is_ready(struct sstp_order *order, bool from_initiator,
                     const struct sstp_order_item *item)
{
    struct sstp_order_side *other = &order->sides[!from_initiator];

    if (item->kind != SSTP_ORDER_COMMAND || item->known == 0)
        return true;
    if (!other->is_known) { /* what was before the capture */
        other->is_known = true;
        other->begin = other->passed = other->given_up = item->known;
    }
    if (item->known <= other->passed || item->known - other->passed > SSTP_ORDER_AHEAD_MAX ||
        (other->is_between && item->known - other->passed < SSTP_HEADER_LEN))
        return true;
    /* A segment that was sent again acknowledges more than it did at first: what had received
     * it comes after it all the same, and all before that was taken. */
    if (other->first != NULL && other->first->item.known >= item->position)
        return true;
    if (!other->is_absent)
        return false;
    give_up_bytes(order, !from_initiator, item);
    return true;
}

/* Bytes of a direction are missing, and that is told at once. */
static void note_missing(struct sstp_order_side *side, const struct sstp_order_item *item)
{
    if (item->position == 0 || !side->is_known)
        return;
    if (!side->is_missing)
        side->missing_from = side->passed;
    side->missing_to = item->position;
    side->is_missing = true;
}

/* What the other direction said when it had not received them, but is taken only now, is not all
 * that can be known of what it says when it has, nor of what their own says after them: they may have
 * changed it. */
static void lose_again(struct sstp_order *order, bool from_initiator,
                       const struct sstp_order_item *item)
{
    struct sstp_order_side *own = &order->sides[from_initiator];
    struct sstp_order_side *other = &order->sides[!from_initiator];

    if (item->kind != SSTP_ORDER_COMMAND)
        return;
    if (own->is_overtaken) {
        order->taker.lose(order->taker.cookie, NULL);
        own->is_overtaken = false;
    }
    if (!other->is_missing || item->known == 0)
        return;
    if (item->known <= other->missing_from) {
        other->is_overtaken = true;
        return;
    }
    if (other->is_overtaken)
        order->taker.lose(order->taker.cookie, NULL);
    other->missing_from = item->known;
    other->is_missing = other->is_overtaken = item->known < other->missing_to;
}

static bool take(struct sstp_order *order, bool from_initiator, const struct sstp_order_item *item,
                 bool may_wait)
{
    struct sstp_order_side *side = &order->sides[from_initiator];

    if (!is_ready(order, from_initiator, item))
        return false;
    lose_again(order, from_initiator, item);
    if (item->kind == SSTP_ORDER_GAP)
        note_missing(side, item);
    if (!order->taker.take(order->taker.cookie, from_initiator, item, may_wait))
        return false;
    if (item->position == 0)
        return true;
    if (!side->is_known)
        side->begin = item->position - item->bytes.len;
    if (item->position > side->passed || !side->is_known) {
        side->passed = item->position;
        side->is_between = item->kind == SSTP_ORDER_COMMAND;
    } else if (item->kind == SSTP_ORDER_COMMAND && item->position <= side->given_up) {
        order->taker.lose(order->taker.cookie, NULL);
    }
    side->is_known = true;
    return true;
}

/* Whether the item waits where its taker would call it wrong. */
static bool may_wait(const struct sstp_order *order, const struct sstp_order_item *item)
{
    return order->is_by_time || item->is_unsure;
}

/* The first item that waits; also one that may wait on, where nothing is waited for any more. */
static bool take_first(struct sstp_order *order, bool from_initiator, bool is_given_up)
{
    const struct sstp_order_side *side = &order->sides[from_initiator];

    if (side->first == NULL || !take(order, from_initiator, &side->first->item,
                                     !is_given_up && may_wait(order, &side->first->item)))
        return false;
    remove_first(order, from_initiator);
    return true;
}

/* The direction whose first item that waits came before the other's. */
static bool is_from_initiator_first(const struct sstp_order *order)
{
    const struct sstp_order_waiting *acceptors = order->sides[0].first;
    const struct sstp_order_waiting *initiators = order->sides[1].first;
    return acceptors == NULL || (initiators != NULL && initiators->serial < acceptors->serial);
}

static void drain(struct sstp_order *order)
{
    while (order->has_waiting) {
        const bool first = is_from_initiator_first(order);
        if (!take_first(order, first, false) && !take_first(order, !first, false))
            break;
    }
}

/* ------------------------------------------------------------------------
 * Giving up
 */

/* The first item of a direction has waited in vain. */
static void give_up(struct sstp_order *order, bool from_initiator)
{
    const struct sstp_order_item *item = &order->sides[from_initiator].first->item;

    if (!is_ready(order, from_initiator, item))
        give_up_bytes(order, !from_initiator, item);
    (void)take_first(order, from_initiator, true);
    drain(order);
}

static bool has_expired(const struct sstp_order *order, const struct sstp_order_side *side,
                        int64_t now_ns)
{
    if (side->first == NULL)
        return false;
    const bool is_long = order->num_chunks - side->first->chunk > SSTP_ORDER_CHUNKS_MIN &&
                         now_ns - side->first->item.time_ns > SSTP_ORDER_TIME_MIN_NS;
    return is_long || side->num_commands > SSTP_ORDER_COMMANDS_MAX ||
           side->num_bytes > SSTP_ORDER_BYTES_MAX || order->budget->bytes > SSTP_ORDER_BUDGET_MAX;
}

static void expire(struct sstp_order *order, int64_t now_ns)
{
    for (int i = 0; i < 2; i++)
        while (has_expired(order, &order->sides[i], now_ns))
            give_up(order, i != 0);
}

void sstp_order_settle(struct sstp_order *order)
{
    drain(order);
    while (order->has_waiting)
        give_up(order, is_from_initiator_first(order));
}

/* ------------------------------------------------------------------------
 * What comes
 */

void sstp_order_put(struct sstp_order *order, bool from_initiator,
                    const struct sstp_order_item *item)
{
    struct sstp_order_side *side = &order->sides[from_initiator];

    if (item->kind == SSTP_ORDER_CHUNK) {
        order->num_chunks++;
        side->is_absent = false;
    }
    if (side->first != NULL || !take(order, from_initiator, item, may_wait(order, item)))
        append(order, from_initiator, item);
    else if (!order->has_waiting)
        return;
    drain(order);
    expire(order, item->time_ns);
}
