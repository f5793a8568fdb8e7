/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "statistics/quantile.h"

#include <glib.h>

/* ------------------------------------------------------------------------
 * A heap, the greatest first
 */

static void swap(struct grvsstp_heap *heap, size_t i, size_t j)
{
    const int64_t value = heap->values[i];
    heap->values[i] = heap->values[j];
    heap->values[j] = value;
}

static void push(struct grvsstp_heap *heap, int64_t value)
{
    if (heap->num == heap->size) {
        heap->size = heap->size > 0 ? 2 * heap->size : 4;
        heap->values = g_renew(int64_t, heap->values, heap->size);
    }
    size_t i = heap->num++;
    heap->values[i] = value;
    for (; i > 0 && heap->values[(i - 1) / 2] < heap->values[i]; i = (i - 1) / 2)
        swap(heap, i, (i - 1) / 2);
}

static int64_t pop(struct grvsstp_heap *heap)
{
    const int64_t value = heap->values[0];

    heap->values[0] = heap->values[--heap->num];
    for (size_t i = 0, child = 1; child < heap->num; i = child, child = 2 * i + 1) {
        if (child + 1 < heap->num && heap->values[child + 1] > heap->values[child])
            child++;
        if (heap->values[i] >= heap->values[child])
            break;
        swap(heap, i, child);
    }
    return value;
}

/* ------------------------------------------------------------------------
 * Two of them
 */

void grvsstp_quantile_add(struct grvsstp_quantile *quantile, int64_t value)
{
    struct grvsstp_heap *low = &quantile->low, *high = &quantile->high;

    if (low->num > 0 && value > low->values[0])
        push(high, -value);
    else
        push(low, value);
    const size_t rank = ((low->num + high->num) * quantile->permille + 999) / 1000;
    while (low->num < rank)
        push(low, -pop(high));
    while (low->num > rank)
        push(high, -pop(low));
}

int64_t grvsstp_quantile_value(const struct grvsstp_quantile *quantile)
{
    g_assert(quantile->low.num > 0);
    return quantile->low.values[0];
}

void grvsstp_quantile_clear(struct grvsstp_quantile *quantile)
{
    g_free(quantile->low.values);
    g_free(quantile->high.values);
    quantile->low = quantile->high = (struct grvsstp_heap){NULL, 0, 0};
}
