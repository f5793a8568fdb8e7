/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "points/duplicates.h"

struct entry {
    guint64 digest;
    gint64 t_ns;
    gboolean is_used;
};

struct duplicates {
    struct entry entries[DUPLICATES_REMEMBERED];
};

struct duplicates *duplicates_new(void)
{
    return g_new0(struct duplicates, 1);
}

void duplicates_free(struct duplicates *duplicates)
{
    g_free(duplicates);
}

gboolean duplicates_has(struct duplicates *duplicates, guint64 digest, gint64 t_ns)
{
    struct entry *entry = &duplicates->entries[digest % DUPLICATES_REMEMBERED];
    const gboolean is_same = entry->is_used && entry->digest == digest &&
                             t_ns - entry->t_ns <= DUPLICATES_WITHIN_NS &&
                             entry->t_ns - t_ns <= DUPLICATES_WITHIN_NS;

    *entry = (struct entry){digest, t_ns, TRUE};
    return is_same;
}
