/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "options.h"

#include "log.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

/* What is said goes out as it is: glib's strings would be converted from the
 * locale's character set, and refused where they are not in it. */
static void take_bytes(GOptionEntry *entries)
{
    for (GOptionEntry *entry = entries; entry->long_name != NULL; entry++) {
        if (entry->arg == G_OPTION_ARG_STRING)
            entry->arg = G_OPTION_ARG_FILENAME;
        else if (entry->arg == G_OPTION_ARG_STRING_ARRAY)
            entry->arg = G_OPTION_ARG_FILENAME_ARRAY;
    }
}

int options_end_output(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return EXIT_DONE;
    log_error("stdout could not be written");
    return EXIT_REPORTED;
}

/* ------------------------------------------------------------------------
 * Timers
 */

/* "Never", for a timer that is set to 0: some centuries, which can be added to any time. */
#define NEVER_MS (INT64_C(1) << 44)
#define SECONDS_MAX 1000000000.0

GOptionEntry *options_timer_rows(GOptionEntry *entry, const struct options_timer *timers,
                                 size_t num, double *seconds)
{
    for (size_t i = 0; i < num; i++) {
        seconds[i] = timers[i].seconds;
        *entry++ = (GOptionEntry){timers[i].name, 0,        0, G_OPTION_ARG_DOUBLE, &seconds[i],
                                  timers[i].help, "SECONDS"};
    }
    return entry;
}

gboolean options_timers_apply(const struct options_timer *timers, size_t num, const double *seconds,
                              void *config)
{
    for (size_t i = 0; i < num; i++) {
        int64_t *member = (int64_t *)(void *)((char *)config + timers[i].member);
        const bool is_never = timers[i].is_any && seconds[i] == 0;
        if (!is_never && !(seconds[i] >= 0.001 && seconds[i] <= SECONDS_MAX)) {
            log_error("--%s is a number of seconds, at least 0.001%s", timers[i].name,
                      timers[i].is_any ? ", or 0 for never" : "");
            return FALSE;
        }
        *member = is_never ? NEVER_MS : (int64_t)(seconds[i] * 1000);
    }
    return TRUE;
}

/* ------------------------------------------------------------------------
 * Parsing
 */

int options_parse(const char *summary, GOptionEntry *entries, int argc, char **argv)
{
    char **arguments = NULL;
    int result = options_parse_arguments(summary, NULL, entries, argc, argv, &arguments);
    if (result == -1 && arguments != NULL) {
        log_error("relaysim %s takes no argument such as \"%s\"; see relaysim %s --help", argv[0],
                  arguments[0], argv[0]);
        result = EXIT_USAGE;
    }
    g_strfreev(arguments);
    return result;
}

int options_parse_arguments(const char *summary, const char *parameters, GOptionEntry *entries,
                            int argc, char **argv, char ***arguments)
{
    gboolean is_version = FALSE, is_help = FALSE;
    GError *error = NULL;
    int result = -1;
    GOptionEntry common[] = {
        {"help", 'h', 0, G_OPTION_ARG_NONE, &is_help, "Show this and exit", NULL},
        {"version", 0, 0, G_OPTION_ARG_NONE, &is_version, "Show the version and exit", NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, arguments, NULL, NULL},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL}};

    take_bytes(entries);
    take_bytes(common);
    char *name = g_strdup_printf("relaysim %s", argv[0]);
    g_set_prgname(name);
    GOptionContext *context = g_option_context_new(parameters);
    g_option_context_set_summary(context, summary);
    g_option_context_set_help_enabled(context, FALSE);
    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_add_main_entries(context, common, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        log_error("%s; see %s --help", error->message, name);
        g_error_free(error);
        result = EXIT_USAGE;
    } else if (is_help) {
        char *help = g_option_context_get_help(context, TRUE, NULL);
        fputs(help, stdout);
        g_free(help);
        result = options_end_output();
    } else if (is_version) {
        puts("relaysim " RELAYSIM_VERSION);
        result = options_end_output();
    }
    g_option_context_free(context);
    g_free(name);
    return result;
}

gboolean options_is_later(const char *name, char *const *strings)
{
    if (strings == NULL)
        return FALSE;
    log_error("%s is not in this version", name);
    return TRUE;
}

gboolean options_version(const char *text, uint8_t *minor_version)
{
    if (text != NULL && strcmp(text, "1.5") != 0 && strcmp(text, "1.6") != 0) {
        log_error("--sstp-version is 1.5 or 1.6, not %s", text);
        return FALSE;
    }
    *minor_version = text != NULL && strcmp(text, "1.5") == 0 ? 5 : 6;
    return TRUE;
}

void random_system(void *cookie, void *bytes, size_t len)
{
    uint8_t *at = bytes;
    (void)cookie;
    while (len > 0) {
        const ssize_t num = getrandom(at, len, 0);
        if (num > 0) {
            at += num;
            len -= (size_t)num;
        }
    }
}

void random_seeded_fill(void *cookie, void *bytes, size_t len)
{
    /* splitmix64, which is public domain and needs no more state than a seed. */
    struct random_seeded *random = cookie;
    uint8_t *at = bytes;
    for (size_t i = 0; i < len; i++) {
        uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);
        z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
        at[i] = (uint8_t)((z ^ (z >> 31)) & 0xff);
    }
}
