/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE /* explicit_bzero() */
#include "cmd/options.h"

#include "base/log.h"
#include "base/named_files.h"
#include "relay/relay.h"
#include "base/results.h"
#include "base/url.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool options_url_has_room(const char *option, const char *url)
{
    const size_t len = strlen(url);
    if (len > SSTP_URL_OWN_MAX)
        log_error("a URL of --%s has %zu characters: at most %u have room in a command", option,
                  len, SSTP_URL_OWN_MAX);
    return len <= SSTP_URL_OWN_MAX;
}

int options_end_output(void)
{
    if (results_flush())
        return EXIT_DONE;
    log_error("%s could not be written", results_name());
    return EXIT_REPORTED;
}

/* ------------------------------------------------------------------------
 * Timers
 */

struct option_row *options_timer_rows(struct option_row *row, const struct options_timer *timers,
                                      size_t num, void *config)
{
    for (size_t i = 0; i < num; i++) {
        int64_t *member = (int64_t *)(void *)((char *)config + timers[i].member);
        *member = timers[i].seconds > 0 ? (int64_t)(timers[i].seconds * 1000) : OPTION_NEVER_MS;
        *row++ = timers[i].is_any
                     ? (struct option_row)OPTION_TIMER(timers[i].name, member, timers[i].help)
                     : (struct option_row)OPTION_TIME(timers[i].name, member, 1, OPTION_TIME_MAX,
                                                      timers[i].help);
    }
    return row;
}

/* ------------------------------------------------------------------------
 * Words: what GLib would take in silence, or tell of less well
 */

static char *unknown_option(const struct option_row *rows, const char *word)
{
    const char *name = word + strspn(word, "-");
    const char *nearest = option_row_nearest(rows, name, strcspn(name, "="));
    const int len = (int)strcspn(word, "=");
    return nearest != NULL
               ? g_strdup_printf("there is no option %.*s; is it --%s?", len, word, nearest)
               : g_strdup_printf("there is no option %.*s", len, word);
}

/* A word of letters, such as -vw; *takes_next is set where the value is the next word. */
static char *check_letters(const struct option_row *rows, const char *word, bool *takes_next)
{
    for (const char *letter = word + 1; *letter != '\0'; letter++) {
        const struct option_row *row = option_row_find_letter(rows, *letter);
        if (row == NULL)
            return unknown_option(rows, word);
        if (row->argument == NULL)
            continue;
        if (letter[1] != '\0')
            return g_strdup_printf("the value of -%c is a word of its own: -%c %s", *letter,
                                   *letter, row->argument);
        *takes_next = true;
    }
    return NULL;
}

static char *check_word(const struct option_row *rows, const char *word, bool *takes_next)
{
    if (word[1] != '-')
        return check_letters(rows, word, takes_next);
    const size_t len = strcspn(word + 2, "=");
    const struct option_row *row = option_row_find(rows, word + 2, len);
    if (row == NULL)
        return unknown_option(rows, word);
    if (row->argument == NULL && word[2 + len] == '=')
        return g_strdup_printf("--%s takes no value such as \"%s\": leave it out for no", row->name,
                               word + 2 + len + 1);
    *takes_next = row->argument != NULL && word[2 + len] == '\0';
    return NULL;
}

/* Whether all options are known, and have values where they take them; NULL, or a sentence. */
static char *check_words(const struct option_row *rows, int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        bool takes_next = false;
        if (argv[i][0] != '-' || argv[i][1] == '\0')
            continue;
        char *sentence = check_word(rows, argv[i], &takes_next);
        if (sentence != NULL)
            return sentence;
        if (takes_next && ++i == argc)
            return g_strdup_printf("%s needs a value after it", argv[i - 1]);
    }
    return NULL;
}

/* ------------------------------------------------------------------------
 * Secrets
 */

/* The words of a command line, or their ends, that are to be overwritten. */
static GPtrArray *find_secrets(const struct option_row *rows, int argc, char **argv)
{
    GPtrArray *secrets = g_ptr_array_new();
    GPtrArray *arguments = g_ptr_array_new();
    bool hides_arguments = false;
    for (int i = 1; i < argc; i++) {
        char *word = argv[i];
        const bool is_option = word[0] == '-' && word[1] == '-' && word[2] != '\0';
        const size_t len = is_option ? strcspn(word + 2, "=") : 0;
        const struct option_row *row = is_option ? option_row_find(rows, word + 2, len) : NULL;
        const bool takes_next = row != NULL && row->argument != NULL && word[2 + len] == '\0';
        hides_arguments = hides_arguments || (row != NULL && row->hides_arguments);
        if (row != NULL && row->is_secret && !takes_next)
            g_ptr_array_add(secrets, word + 2 + len + 1);
        if (row != NULL && row->is_secret && takes_next && i + 1 < argc)
            g_ptr_array_add(secrets, argv[i + 1]);
        if (word[0] != '-')
            g_ptr_array_add(arguments, word);
        if (takes_next)
            i++;
    }
    for (guint i = 0; hides_arguments && i < arguments->len; i++)
        g_ptr_array_add(secrets, g_ptr_array_index(arguments, i));
    g_ptr_array_free(arguments, TRUE);
    return secrets;
}

/* Where the system shows the arguments of a process, what is in these words now is shown. */
static void overwrite(GPtrArray *secrets)
{
    for (guint i = 0; i < secrets->len; i++) {
        char *word = g_ptr_array_index(secrets, i);
        explicit_bzero(word, strlen(word));
    }
    g_ptr_array_free(secrets, TRUE);
}

/* ------------------------------------------------------------------------
 * Files
 */

static bool is_file(const struct option_row *row)
{
    return row->kind == OPTION_KIND_FILE && *row->to.text != NULL &&
           !(row->file == NAMED_FILE_STORE && strcmp(*row->to.text, "memory") == 0) &&
           !(row->file == NAMED_FILE_LOG && strcmp(*row->to.text, "-") == 0);
}

static void add_file(GArray *files, const char *role, const char *path, enum named_file_use use)
{
    const struct named_file file = {role, path, use};
    g_array_append_val(files, file);
}

/* Lines of the log in a file on a disk would go over what is written there otherwise. */
static void add_log(GArray *files)
{
    struct stat status;
    if (fstat(STDERR_FILENO, &status) == 0 && S_ISREG(status.st_mode))
        add_file(files, "standard error,", "/dev/stderr", NAMED_FILE_LOG);
}

bool options_check_files(const struct option_row *rows, const char *role, enum named_file_use use,
                         char *const *names, size_t num)
{
    GArray *files = g_array_new(FALSE, FALSE, sizeof(struct named_file));
    GPtrArray *roles = g_ptr_array_new_with_free_func(g_free);
    for (; rows->name != NULL; rows++)
        if (is_file(rows)) {
            g_ptr_array_add(roles, g_strconcat("--", rows->name, NULL));
            add_file(files, g_ptr_array_index(roles, roles->len - 1), *rows->to.text, rows->file);
        }
    for (size_t i = 0; i < num; i++)
        add_file(files, role, names[i], use);
    if (files->len > 0)
        add_log(files);
    char *why = named_files_check((const struct named_file *)(const void *)files->data, files->len);
    if (why != NULL)
        log_error("%s", why);
    const bool is_good = why == NULL;
    g_free(why);
    g_ptr_array_free(roles, TRUE);
    g_array_free(files, TRUE);
    return is_good;
}

/* ------------------------------------------------------------------------
 * Parsing
 */

static gboolean refuse(GError **error, char *sentence)
{
    g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, sentence);
    g_free(sentence);
    return FALSE;
}

/* GLib has met an option. */
static gboolean on_option(const char *name, const char *value, gpointer rows, GError **error)
{
    struct option_row *row =
        (struct option_row *)(name[1] == '-' ? option_row_find(rows, name + 2, strlen(name + 2))
                                             : option_row_find_letter(rows, name[1]));
    if (row->is_given && row->kind != OPTION_KIND_TEXTS)
        return refuse(error, g_strdup_printf("--%s can be given once", row->name));
    row->is_given = true;
    char *sentence = option_row_set(row, value);
    return sentence == NULL || refuse(error, sentence);
}

/* The rows in GLib's terms.  Values come as they are: otherwise they would be converted from the
 * locale's character set, and refused where they are not in it. */
static void add_rows(GOptionGroup *group, const struct option_row *rows, char ***arguments)
{
    for (; rows->name != NULL; rows++) {
        const GOptionEntry entries[] = {
            {rows->name, rows->letter,
             (rows->is_hidden ? G_OPTION_FLAG_HIDDEN : 0) |
                 (rows->argument == NULL ? G_OPTION_FLAG_NO_ARG : G_OPTION_FLAG_FILENAME),
             G_OPTION_ARG_CALLBACK, (gpointer)on_option, rows->help, rows->argument},
            {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL}};
        g_option_group_add_entries(group, entries);
    }
    const GOptionEntry rest[] = {
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, arguments, NULL, NULL},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL}};
    g_option_group_add_entries(group, rest);
}

/* NULL, or a sentence. */
static char *parse(GOptionContext *context, struct option_row *rows, int argc, char **argv)
{
    GError *error = NULL;
    GPtrArray *secrets = find_secrets(rows, argc, argv);
    char *sentence = check_words(rows, argc, argv);
    if (sentence == NULL && !g_option_context_parse(context, &argc, &argv, &error)) {
        sentence = g_strdup(error->message);
        g_error_free(error);
    }
    overwrite(secrets);
    return sentence;
}

/* --help and --version; -1 when neither was asked for. */
static int answer(GOptionContext *context, const char *program, bool is_help, bool is_version)
{
    if (is_help) {
        char *help = g_option_context_get_help(context, TRUE, NULL);
        fputs(help, stdout);
        g_free(help);
        return options_end_output();
    }
    if (is_version) {
        printf("%s %s\n", program, RELAYSIM_VERSION);
        return options_end_output();
    }
    return -1;
}

/* As options_parse_arguments(); `name` is how it is called, and `program` the first word of it. */
static int parse_as(const char *program, const char *name, const char *summary,
                    const char *parameters, struct option_row *rows, int argc, char **argv,
                    char ***arguments)
{
    bool is_help = false, is_version = false;
    const struct option_row common[] = {
        OPTION_FLAG("help", &is_help, "Show this and exit", .letter = 'h'),
        OPTION_FLAG("version", &is_version, "Show the version and exit"), OPTION_END};
    GArray *all = g_array_new(FALSE, FALSE, sizeof(struct option_row));
    guint num = 0;
    while (rows[num].name != NULL)
        num++;
    g_array_append_vals(all, rows, num);
    g_array_append_vals(all, common, G_N_ELEMENTS(common));
    struct option_row *every = (struct option_row *)(void *)all->data;

    g_set_prgname(name);
    GOptionContext *context = g_option_context_new(parameters);
    GOptionGroup *group = g_option_group_new(NULL, NULL, NULL, every, NULL);
    g_option_context_set_summary(context, summary);
    g_option_context_set_help_enabled(context, FALSE);
    add_rows(group, every, arguments);
    g_option_context_set_main_group(context, group);

    char *sentence = parse(context, every, argc, argv);
    int result = EXIT_USAGE;
    if (sentence != NULL)
        log_error("%s; see %s --help", sentence, name);
    else
        result = answer(context, program, is_help, is_version);
    if (result == -1 && !options_check_files(rows, NULL, NAMED_FILE_INPUT, NULL, 0))
        result = EXIT_USAGE;
    for (guint i = 0; i < num; i++)
        rows[i].is_given = every[i].is_given;
    g_free(sentence);
    g_option_context_free(context);
    g_array_free(all, TRUE);
    return result;
}

/* The same without arguments. */
static int parse_without(const char *program, const char *name, const char *summary,
                         struct option_row *rows, int argc, char **argv)
{
    char **arguments = NULL;
    int result = parse_as(program, name, summary, NULL, rows, argc, argv, &arguments);
    if (result == -1 && arguments != NULL) {
        log_error("%s takes no argument such as \"%s\"; see %s --help", name, arguments[0], name);
        result = EXIT_USAGE;
    }
    g_strfreev(arguments);
    return result;
}

int options_parse_arguments(const char *summary, const char *parameters, struct option_row *rows,
                            int argc, char **argv, char ***arguments)
{
    char *name = g_strdup_printf("relaysim %s", argv[0]);
    const int result = parse_as("relaysim", name, summary, parameters, rows, argc, argv, arguments);
    g_free(name);
    return result;
}

int options_parse(const char *summary, struct option_row *rows, int argc, char **argv)
{
    char *name = g_strdup_printf("relaysim %s", argv[0]);
    const int result = parse_without("relaysim", name, summary, rows, argc, argv);
    g_free(name);
    return result;
}

int options_parse_program(const char *program, const char *summary, struct option_row *rows,
                          int argc, char **argv)
{
    return parse_without(program, program, summary, rows, argc, argv);
}

/* ------------------------------------------------------------------------
 * Versions
 */

const char *const options_versions[] = {"1.5", "1.6", NULL};

const char *const options_auth_modes[] = {[SSTP_RELAY_AUTH_OFF] = "off",
                                          [SSTP_RELAY_AUTH_OPTIONAL] = "optional",
                                          [SSTP_RELAY_AUTH_REQUIRED] = "required",
                                          NULL};

const char *options_secret(void)
{
    const char *secret = g_getenv("RELAYSIM_SECRET");
    return secret != NULL ? secret : "";
}

uint8_t options_minor_version(unsigned choice)
{
    return choice == OPTIONS_VERSION_DEFAULT ? 6 : 5;
}

/* ------------------------------------------------------------------------
 * Faults
 */

bool options_read_faults(char *const *texts, struct fault_plan *plan)
{
    for (; texts != NULL && *texts != NULL; texts++) {
        char *why = fault_plan_add(plan, *texts);
        if (why != NULL) {
            log_error("--fault: %s", why);
            g_free(why);
            return false;
        }
    }
    return true;
}

bool options_read_wear(char *const *texts, struct wear_plan *plan)
{
    struct fault_plan faults = {.splits = false};
    if (!options_read_faults(texts, &faults))
        return false;
    *plan = faults.capture;
    if (fault_plan_is_of_capture(&faults))
        return true;
    log_error(
        "--fault: of these faults only those of the capture are known here, such as \"capture "
        "lose 1 of 8\"; relaysim scenario has the others");
    return false;
}
