/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario/load.h"

#include "base/input.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER "/grvsstp/scenarios/"
#define SUFFIX ".scn"
#define STANDARD_INPUT "standard input"

struct loader {
    GHashTable *built_ins; /* the names of those that were read, as mistakes have them */
    GPtrArray *paths;
};

/* ------------------------------------------------------------------------
 * Built-in ones
 */

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

char **scenario_built_in_names(const char *group)
{
    char *folder = g_strconcat(FOLDER, group, NULL);
    char **children = g_resources_enumerate_children(folder, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
    GPtrArray *names = g_ptr_array_new();
    for (char **child = children; child != NULL && *child != NULL; child++)
        if (g_str_has_suffix(*child, SUFFIX)) /* and not a folder of what they include */
            g_ptr_array_add(names, g_strdup_printf("%s%.*s", group,
                                                   (int)(strlen(*child) - strlen(SUFFIX)), *child));
    g_strfreev(children);
    g_free(folder);
    qsort(names->pdata, names->len, sizeof *names->pdata, compare);
    g_ptr_array_add(names, NULL);
    return (char **)g_ptr_array_free(names, FALSE);
}

/* NULL when there is none. */
static GBytes *read_built_in(struct loader *loader, const char *name)
{
    const char *suffix = g_str_has_suffix(name, SUFFIX) ? "" : SUFFIX;
    char *path = g_strconcat(FOLDER, name, suffix, NULL);
    GBytes *text = g_resources_lookup_data(path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
    g_free(path);
    if (text != NULL)
        g_hash_table_add(loader->built_ins, g_strdup(name));
    return text;
}

/* ------------------------------------------------------------------------
 * Files
 */

static GBytes *read_standard_input(char **why)
{
    static bool is_used;
    GBytes *text = NULL;
    if (is_used)
        *why = g_strdup("standard input can be read only once: say \"-\" once");
    else if ((text = input_read_fd(STDIN_FILENO, SCENARIO_FILE_MAX)) == NULL)
        *why = g_strdup_printf("standard input cannot be read: %s", g_strerror(errno));
    is_used = true;
    return text;
}

static GBytes *read_file(struct loader *loader, const char *path, char **why)
{
    /* Waiting for who writes into a pipe, as everybody does. */
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    struct stat status;
    GBytes *text = NULL;

    if (fd != -1 && fstat(fd, &status) == 0 && S_ISDIR(status.st_mode)) {
        *why = g_strdup_printf("%s is a folder; the name of a file in it is needed", path);
    } else if (fd == -1 || (text = input_read_fd(fd, SCENARIO_FILE_MAX)) == NULL) {
        const int error = errno;
        *why =
            g_strdup_printf("cannot read %s: %s%s", path, g_strerror(error),
                            error == ENOENT ? "; nor is it one of relaysim scenario --list" : "");
    }
    if (fd != -1)
        (void)close(fd);
    if (text != NULL)
        g_ptr_array_add(loader->paths, g_strdup(path));
    return text;
}

/* A file or a built-in one, which `name` means; *used is what it is called from now on. */
static GBytes *read_any(struct loader *loader, const char *path, const char *name,
                        const char **used, char **why)
{
    const bool is_file = g_str_has_suffix(path, SUFFIX) && access(path, F_OK) == 0;
    GBytes *text = is_file ? NULL : read_built_in(loader, name);
    *used = text != NULL ? name : path;
    return text != NULL ? text : read_file(loader, path, why);
}

/* ------------------------------------------------------------------------
 * What is included
 */

/* A file as another one names it, from the folder that the other one is in. */
static char *path_from(const char *from, const char *file)
{
    const char *slash = strrchr(from, '/');
    while (g_str_has_prefix(file, "./"))
        file += 2;
    if (slash == NULL || g_path_is_absolute(file))
        return g_strdup(file);
    return g_strdup_printf("%.*s%s", (int)(slash - from) + 1, from, file);
}

/* The same for all names of a file; a built-in one is known by its own. */
static char *identity_of(const char *path)
{
    char *real = realpath(path, NULL);
    char *identity = g_strdup(real != NULL ? real : path);
    free(real);
    return identity;
}

static GBytes *read_included(void *cookie, const char *from, const char *file, char **name,
                             char **identity, char **why)
{
    struct loader *loader = cookie;
    char *path = path_from(from, file);
    const char *used = path;
    GBytes *text;

    if (g_hash_table_contains(loader->built_ins, from)) {
        text = read_built_in(loader, path);
        if (text == NULL)
            *why = g_strdup_printf("there is no built-in scenario %s", path);
    } else {
        text = read_any(loader, path, file, &used, why);
    }
    *name = g_strdup(used);
    *identity = g_hash_table_contains(loader->built_ins, used) ? g_strdup(used) : identity_of(used);
    g_free(path);
    return text;
}

struct scenario *scenario_load(const char *name, GPtrArray *paths, GPtrArray **mistakes)
{
    struct loader loader = {g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL), paths};
    char *identity = identity_of(name);
    const struct scenario_reader reader = {read_included, &loader, identity};
    const bool is_standard_input = strcmp(name, "-") == 0;
    struct scenario *scenario = NULL;
    const char *used = name;
    char *why = NULL;
    if (is_standard_input)
        g_ptr_array_add(paths, g_strdup(name));
    GBytes *text =
        is_standard_input ? read_standard_input(&why) : read_any(&loader, name, name, &used, &why);

    if (text == NULL) {
        *mistakes = g_ptr_array_new_with_free_func(g_free);
        g_ptr_array_add(*mistakes, why);
    } else {
        gsize len;
        const char *data = g_bytes_get_data(text, &len);
        scenario = scenario_parse(is_standard_input ? STANDARD_INPUT : name,
                                  data != NULL ? data : "", len, &reader, mistakes);
        g_bytes_unref(text);
    }
    g_hash_table_destroy(loader.built_ins);
    g_free(identity);
    return scenario;
}
