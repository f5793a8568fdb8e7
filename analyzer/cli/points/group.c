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

/* The name of a file with each number replaced: "ring_#_#.pcapng". */
static char *pattern_of(const char *name)
{
    char *base = g_path_get_basename(name), *folder = g_path_get_dirname(name);
    GString *pattern = g_string_new(folder);

    g_string_append_c(pattern, '/');
    for (const char *at = base; *at != '\0'; at++) {
        if (!g_ascii_isdigit(*at))
            g_string_append_c(pattern, *at);
        else if (at == base || !g_ascii_isdigit(at[-1]))
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

/* The last moment of a point so far. */
static gint64 end_of(const struct grouping *grouping, guint file, guint point)
{
    gint64 end = G_MININT64;

    for (guint i = 0; i < file; i++)
        if (grouping->points[i] == point)
            end = MAX(end, grouping->files[i].last_ns);
    return end;
}

static guint point_of(const struct grouping *grouping, guint file)
{
    const struct group_file *one = &grouping->files[file];
    guint best = grouping->num_points;
    gint64 best_end = G_MININT64;

    for (guint i = 0; i < file && one->given != NULL; i++)
        if (grouping->files[i].given != NULL && strcmp(grouping->files[i].given, one->given) == 0)
            return grouping->points[i];
    if (one->given != NULL || one->num_packets == 0)
        return grouping->num_points;
    for (guint point = 0; point < grouping->num_points; point++) {
        if (!goes_on(grouping, file, point))
            continue;
        const gint64 end = end_of(grouping, file, point);
        if (best == grouping->num_points || end > best_end) {
            best = point;
            best_end = end;
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
