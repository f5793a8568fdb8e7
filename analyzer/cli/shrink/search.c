/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shrink/search.h"

static gboolean may_try(struct search *search)
{
    if (search->num_trials >= search->trials_max ||
        (search->goes_on != NULL && !search->goes_on(search->cookie)))
        search->is_stopped = TRUE;
    return !search->is_stopped;
}

/* Whether it holds of these; then they are what is left. */
static gboolean try(struct search *search, GArray *chosen, const GArray *fewer)
{
    if (fewer->len == chosen->len || !may_try(search))
        return FALSE;
    search->num_trials++;
    if (!search->holds(search->cookie, (const guint *)(const void *)fewer->data, fewer->len))
        return FALSE;
    g_array_set_size(chosen, 0);
    g_array_append_vals(chosen, fewer->data, fewer->len);
    return TRUE;
}

void search_without(struct search *search, GArray *chosen,
                    gboolean (*is_one)(const void *data, guint thing), const void *data)
{
    GArray *fewer = g_array_new(FALSE, FALSE, sizeof(guint));

    for (guint i = 0; i < chosen->len; i++) {
        const guint thing = g_array_index(chosen, guint, i);
        if (!is_one(data, thing))
            g_array_append_val(fewer, thing);
    }
    try(search, chosen, fewer);
    g_array_free(fewer, TRUE);
}

/* Tries to leave out each piece of so many things, from the last to the first: what came after
 * matters the least.  Whether any could be. */
static gboolean without_pieces(struct search *search, GArray *chosen, guint size)
{
    GArray *fewer = g_array_new(FALSE, FALSE, sizeof(guint));
    gboolean has_shrunk = FALSE;
    guint end = chosen->len;

    while (end > 0 && !search->is_stopped) {
        const guint begin = end > size ? end - size : 0;
        g_array_set_size(fewer, 0);
        g_array_append_vals(fewer, chosen->data, chosen->len);
        g_array_remove_range(fewer, begin, end - begin);
        has_shrunk |= try(search, chosen, fewer);
        end = begin;
    }
    g_array_free(fewer, TRUE);
    return has_shrunk;
}

void search_fewest(struct search *search, GArray *chosen)
{
    guint size = MAX(chosen->len / 2, 1);

    while (!search->is_stopped && chosen->len > 0) {
        const gboolean has_shrunk = without_pieces(search, chosen, size);
        if (size == 1 && !has_shrunk)
            return;
        size = MAX(MIN(size, chosen->len) / 2, 1);
    }
}
