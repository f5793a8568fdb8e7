/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "points/group.h"

#include <stdlib.h>
#include <string.h>

void group_sample(struct group_file *file, guint64 digest)
{
    guint at = file->num_sample;

    if (at == GROUP_SAMPLE && digest >= file->sample[at - 1])
        return;
    while (at > 0 && file->sample[at - 1] > digest)
        at--;
    if (at > 0 && file->sample[at - 1] == digest)
        return;
    const guint kept = MIN(file->num_sample, GROUP_SAMPLE - 1);
    memmove(&file->sample[at + 1], &file->sample[at], (kept - at) * sizeof file->sample[0]);
    file->sample[at] = digest;
    file->num_sample = kept + 1;
}

static int compare_files(const void *a, const void *b)
{
    const struct group_file *left = a, *right = b;

    if (left->first_ns != right->first_ns)
        return left->first_ns < right->first_ns ? -1 : 1;
    return strcmp(left->name, right->name);
}

void group_sort(struct group_file *files, guint num)
{
    qsort(files, num, sizeof *files, compare_files);
}

/* Where the numbers of a ring begin, if it is named as dumpcap does it:
 * "eth0_00001_20260228121500.pcapng". Those before are no numbers of the ring; else all of them may
 * be. */
static const char *ring_numbers(const char *base)
{
    static const char digits[] = "0123456789";

    for (const char *at = strchr(base, '_'); at != NULL; at = strchr(at + 1, '_')) {
        const gsize counter = strspn(at + 1, digits);
        if (counter >= 5 && at[counter + 1] == '_' && strspn(at + counter + 2, digits) == 14)
            return at;
    }
    return base;
}

/* The name of a file with each number of its ring replaced: "ring_*_*.pcapng". */
static char *pattern_of(const char *name)
{
    char *base = g_path_get_basename(name), *folder = g_path_get_dirname(name);
    const char *numbers = ring_numbers(base);
    GString *pattern = g_string_new(folder);

    g_string_append_c(pattern, '/');
    g_string_append_len(pattern, base, numbers - base);
    for (const char *at = numbers; *at != '\0'; at++) {
        if (!g_ascii_isdigit(*at))
            g_string_append_c(pattern, *at);
        else if (at == numbers || !g_ascii_isdigit(at[-1]))
            g_string_append_c(pattern, '*');
    }
    g_free(base);
    g_free(folder);
    return g_string_free(pattern, FALSE);
}

static gboolean shares_packets(const struct group_file *one, const struct group_file *other)
{
    guint i = 0, j = 0;

    while (i < one->num_sample && j < other->num_sample) {
        if (one->sample[i] == other->sample[j])
            return TRUE;
        if (one->sample[i] < other->sample[j])
            i++;
        else
            j++;
    }
    return FALSE;
}

struct grouping {
    const struct group_file *files;
    char **patterns;
    guint *points;
    guint num_points;
};

/* Whether the file goes on where the files of a point that come before it end. */
static gboolean goes_on(const struct grouping *grouping, guint file, guint point)
{
    const struct group_file *one = &grouping->files[file];

    for (guint i = 0; i < file; i++) {
        const struct group_file *other = &grouping->files[i];
        if (grouping->points[i] != point)
            continue;
        if (other->given != NULL || strcmp(grouping->patterns[i], grouping->patterns[file]) != 0 ||
            strcmp(other->signature, one->signature) != 0 || other->last_ns > one->first_ns ||
            shares_packets(one, other))
            return FALSE;
    }
    return TRUE;
}

/* How many numbers two names of one pattern have in common before one that differs. */
static guint numbers_alike(const char *one, const char *other)
{
    guint num = 0;

    for (; *one != '\0' && *one == *other; one++, other++)
        num += g_ascii_isdigit(*one) && !g_ascii_isdigit(one[1]) && !g_ascii_isdigit(other[1]);
    return num;
}

/* A point as one that a file may belong to: its name so far, and its last moment. */
struct candidate {
    guint alike;
    gint64 end_ns;
};

static struct candidate candidate_of(const struct grouping *grouping, guint file, guint point)
{
    struct candidate candidate = {0, G_MININT64};

    for (guint i = 0; i < file; i++) {
        if (grouping->points[i] != point)
            continue;
        candidate.alike = MAX(candidate.alike,
                              numbers_alike(grouping->files[i].name, grouping->files[file].name));
        candidate.end_ns = MAX(candidate.end_ns, grouping->files[i].last_ns);
    }
    return candidate;
}

static guint point_of(const struct grouping *grouping, guint file)
{
    const struct group_file *one = &grouping->files[file];
    guint best = grouping->num_points;
    struct candidate best_so_far = {0, G_MININT64};

    for (guint i = 0; i < file && one->given != NULL; i++)
        if (grouping->files[i].given != NULL && strcmp(grouping->files[i].given, one->given) == 0)
            return grouping->points[i];
    if (one->given != NULL || one->num_packets == 0)
        return grouping->num_points;
    for (guint point = 0; point < grouping->num_points; point++) {
        if (!goes_on(grouping, file, point))
            continue;
        const struct candidate one_more = candidate_of(grouping, file, point);
        if (best == grouping->num_points || one_more.alike > best_so_far.alike ||
            (one_more.alike == best_so_far.alike && one_more.end_ns > best_so_far.end_ns)) {
            best = point;
            best_so_far = one_more;
        }
    }
    return best;
}

guint group_files(const struct group_file *files, guint num, guint *points)
{
    struct grouping grouping = {.files = files, .points = points};

    grouping.patterns = g_new0(char *, num);
    for (guint i = 0; i < num; i++)
        grouping.patterns[i] = pattern_of(files[i].name);
    for (guint i = 0; i < num; i++) {
        points[i] = point_of(&grouping, i);
        grouping.num_points = MAX(grouping.num_points, points[i] + 1);
    }
    for (guint i = 0; i < num; i++)
        g_free(grouping.patterns[i]);
    g_free(grouping.patterns);
    return grouping.num_points;
}

char *group_name(const struct group_file *files, guint num, const guint *points, guint point)
{
    const struct group_file *first = NULL;
    guint count = 0;

    for (guint i = 0; i < num; i++) {
        if (points[i] != point)
            continue;
        first = first != NULL ? first : &files[i];
        count++;
    }
    if (first == NULL)
        return NULL;
    if (first->given != NULL)
        return g_strdup(first->given);
    char *pattern = count > 1 ? pattern_of(first->name) : NULL;
    char *name = g_path_get_basename(pattern != NULL ? pattern : first->name);
    g_free(pattern);
    return name;
}
