/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/named_files.h"

#include <glib.h>
#include <stdbool.h>

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINKS_MAX 40 /* which the system follows, too */

/* A file, or the place of one that does not exist yet. */
struct place {
    const struct named_file *file;
    const char *suffix; /* of a store's further file, or "" */
    dev_t device;
    ino_t inode;
    char *name; /* in the folder that device and inode are then of; NULL for a file */
    mode_t mode;
};

static void place_clear(void *data)
{
    struct place *place = data;
    g_free(place->name);
}

/* ------------------------------------------------------------------------
 * Places
 */

/* Where a link leads to, from its own folder; NULL when it is none. */
static char *follow(const char *path)
{
    char target[PATH_MAX];
    const ssize_t len = readlink(path, target, sizeof target - 1);
    if (len <= 0)
        return NULL;
    target[len] = '\0';
    if (target[0] == '/')
        return g_strdup(target);
    char *folder = g_path_get_dirname(path);
    char *joined = g_build_filename(folder, target, NULL);
    g_free(folder);
    return joined;
}

char *named_files_end_of_links(const char *path)
{
    char *end = g_strdup(path), *next;
    for (unsigned i = 0; i < LINKS_MAX && (next = follow(end)) != NULL; i++) {
        g_free(end);
        end = next;
    }
    return end;
}

/* False when it is nowhere that could be opened. */
static bool find_path(struct place *place, const char *path)
{
    struct stat status;
    if (stat(path, &status) == 0) {
        *place =
            (struct place){.device = status.st_dev, .inode = status.st_ino, .mode = status.st_mode};
        return true;
    }
    if (errno != ENOENT)
        return false;
    char *end = named_files_end_of_links(path);
    char *folder = g_path_get_dirname(end);
    const bool is_found = stat(folder, &status) == 0;
    if (is_found)
        *place = (struct place){.device = status.st_dev,
                                .inode = status.st_ino,
                                .name = g_path_get_basename(end),
                                .mode = S_IFREG};
    g_free(folder);
    g_free(end);
    return is_found;
}

static bool find_standard(struct place *place, int fd)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return false;
    *place =
        (struct place){.device = status.st_dev, .inode = status.st_ino, .mode = status.st_mode};
    return true;
}

static void add(GArray *places, struct place place, const struct named_file *file,
                const char *suffix)
{
    place.file = file;
    place.suffix = suffix;
    g_array_append_val(places, place);
}

/* Whose links SQLite follows before it names the others. */
static void add_store(GArray *places, const struct named_file *file)
{
    static const char *const suffixes[] = {"", "-journal", "-wal", "-shm"};
    char *end = named_files_end_of_links(file->path);
    for (size_t i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        struct place place;
        char *path = g_strconcat(end, suffixes[i], NULL);
        if (find_path(&place, path))
            add(places, place, file, suffixes[i]);
        g_free(path);
    }
    g_free(end);
}

static void add_file(GArray *places, const struct named_file *file)
{
    struct place place;
    const bool is_standard = strcmp(file->path, "-") == 0;
    if (file->use == NAMED_FILE_STORE)
        add_store(places, file);
    else if (is_standard ? find_standard(&place, file->use == NAMED_FILE_INPUT ? STDIN_FILENO
                                                                               : STDOUT_FILENO)
                         : find_path(&place, file->path))
        add(places, place, file, "");
}

/* ------------------------------------------------------------------------
 * Comparing
 */

static bool are_same(const struct place *one, const struct place *two)
{
    return one->device == two->device && one->inode == two->inode &&
           g_strcmp0(one->name, two->name) == 0;
}

/* Whether two uses of one file do harm. */
static bool do_conflict(const struct place *one, const struct place *two)
{
    const int num_inputs =
        (one->file->use == NAMED_FILE_INPUT) + (two->file->use == NAMED_FILE_INPUT);
    if (one->file == two->file)
        return false;
    /* Even where it is a device, they mean one stream. */
    if (num_inputs == 0 && strcmp(one->file->path, "-") == 0 && strcmp(two->file->path, "-") == 0)
        return true;
    if (S_ISCHR(one->mode) ||
        (one->file->use == NAMED_FILE_LOG && two->file->use == NAMED_FILE_LOG))
        return false;
    /* A socket carries both ways. */
    return num_inputs == 0 || (num_inputs == 1 && !S_ISSOCK(one->mode));
}

static char *sentence(const struct place *one, const struct place *two)
{
    const struct named_file *a = one->file, *b = two->file;
    if (*two->suffix != '\0')
        return g_strdup_printf("%s %s would destroy the %s of %s %s", a->role, a->path,
                               two->suffix + 1, b->role, b->path);
    if (*one->suffix != '\0')
        return sentence(two, one);
    if (strcmp(a->path, "-") == 0 && strcmp(b->path, "-") == 0)
        return g_strdup_printf("%s - and %s - both want standard output: give one of them a file",
                               a->role, b->role);
    return g_strdup_printf("%s %s and %s %s are the same file: one would destroy the other",
                           a->role, a->path, b->role, b->path);
}

char *named_files_check(const struct named_file *files, size_t num)
{
    GArray *places = g_array_new(FALSE, FALSE, sizeof(struct place));
    char *why = NULL;

    g_array_set_clear_func(places, place_clear);
    for (size_t i = 0; i < num; i++)
        add_file(places, &files[i]);
    for (guint i = 0; i < places->len && why == NULL; i++)
        for (guint j = i + 1; j < places->len && why == NULL; j++) {
            const struct place *one = &g_array_index(places, struct place, i);
            const struct place *two = &g_array_index(places, struct place, j);
            if (are_same(one, two) && do_conflict(one, two))
                why = sentence(one, two);
        }
    g_array_free(places, TRUE);
    return why;
}
