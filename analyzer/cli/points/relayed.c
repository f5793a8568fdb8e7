/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "points/relayed.h"

#include <stdlib.h>
#include <string.h>

/* Legs of one contents that are looked at: more of them are a fanout to thousands, or repeat. */
#define GROUP_MAX 256u

/* Legs of one contents. */
struct group {
    const struct relayed_leg *legs;
    guint num;
};

static int compare_legs(const void *a, const void *b)
{
    const struct relayed_leg *left = a, *right = b;
    const int order = strcmp(left->contents, right->contents);

    if (order != 0)
        return order;
    return left->captured_ns < right->captured_ns ? -1 : left->captured_ns > right->captured_ns;
}

static gboolean is_receiver(const struct group *group, const char *name)
{
    for (guint i = 0; i < group->num; i++)
        if (strcmp(group->legs[i].receiver, name) == 0)
            return TRUE;
    return FALSE;
}

/* How often it has gone from one to the next for good. */
static guint count_passed(const struct group *group, const char *sender, const char *receiver)
{
    guint num = 0;

    for (guint i = 0; i < group->num; i++) {
        const struct relayed_leg *leg = &group->legs[i];
        num += !leg->is_cut_off && strcmp(leg->sender, sender) == 0 &&
               strcmp(leg->receiver, receiver) == 0;
    }
    return num;
}

/* One sender has made it, and it has passed each way once. */
static gboolean is_one_message(const struct group *group)
{
    const char *maker = NULL;

    for (guint i = 0; i < group->num; i++) {
        const struct relayed_leg *leg = &group->legs[i];
        if (count_passed(group, leg->sender, leg->receiver) > 1)
            return FALSE;
        if (is_receiver(group, leg->sender))
            continue;
        if (maker != NULL && strcmp(maker, leg->sender) != 0)
            return FALSE;
        maker = leg->sender;
    }
    return maker != NULL;
}

/* The first leg to a relay, where one point has seen all of them; NULL. */
static const struct relayed_leg *find_coming(const struct group *group, const char *relay)
{
    const struct relayed_leg *first = NULL;

    for (guint i = 0; i < group->num; i++) {
        const struct relayed_leg *leg = &group->legs[i];
        if (strcmp(leg->receiver, relay) != 0)
            continue;
        if (first != NULL && first->point != leg->point)
            return NULL;
        if (first == NULL || leg->captured_ns < first->captured_ns)
            first = leg;
    }
    return first;
}

static gboolean is_first_there(const struct group *group, guint index)
{
    const struct relayed_leg *leg = &group->legs[index];

    for (guint i = 0; i < index; i++)
        if (group->legs[i].point == leg->point && strcmp(group->legs[i].sender, leg->sender) == 0)
            return FALSE;
    return TRUE;
}

static void add_pairs(GArray *pairs, const struct group *group)
{
    for (guint i = 0; i < group->num && pairs->len < RELAYED_MAX; i++) {
        const struct relayed_leg *went = &group->legs[i];
        const struct relayed_leg *came = find_coming(group, went->sender);
        if (came == NULL || came->point == went->point || !is_first_there(group, i))
            continue;
        const struct relayed_pair pair = {came->point, went->point, came->captured_ns,
                                          went->captured_ns};
        g_array_append_val(pairs, pair);
    }
}

GArray *relayed_find(struct relayed_leg *legs, guint num)
{
    GArray *pairs = g_array_new(FALSE, FALSE, sizeof(struct relayed_pair));

    if (num > 0)
        qsort(legs, num, sizeof *legs, compare_legs);
    for (guint begin = 0, end; begin < num && pairs->len < RELAYED_MAX; begin = end) {
        for (end = begin + 1; end < num && strcmp(legs[end].contents, legs[begin].contents) == 0;)
            end++;
        const struct group group = {legs + begin, end - begin};
        if (group.num > 1 && group.num <= GROUP_MAX && is_one_message(&group))
            add_pairs(pairs, &group);
    }
    return pairs;
}
