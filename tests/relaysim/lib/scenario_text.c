/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario_text.h"

#include <string.h>

/* Files that can be included, by name; those of a folder are found from within it. */
static const struct {
    const char *name, *text;
} files[] = {
    {"cast.scn", "title Not the story's\ndevice A\ndevice B\n"},
    {"bom.scn", "\xef\xbb\xbf"
                "device A\r\ndevice B\r\n"},
    {"numbered.scn", "device D{i}\n"},
    {"step.scn", "A sends N on s\n"},
    {"folder/outer.scn", "include inner.scn\n"},
    {"folder/inner.scn", "device A\ndevice B\n"},
    {"me.scn", "include me.scn\n"},
    {"ping.scn", "include pong.scn\n"},
    {"pong.scn", "# first\ninclude ping.scn\n"},
    {"1.scn", "include 2.scn\n"},
    {"2.scn", "include 3.scn\n"},
    {"3.scn", "include 4.scn\n"},
    {"4.scn", "include 5.scn\n"},
    {"5.scn", "include 6.scn\n"},
    {"6.scn", "include 7.scn\n"},
    {"7.scn", "include 8.scn\n"},
    {"8.scn", "device A\n"},
    {"bad.scn", "device A\ndevice B\ndevice C colour red\ndevice 9\n"},
    {"ends.scn", "end\n"},
    {"begins.scn", "repeat 2\n"},
    {"binary.scn", "device A\n\xff\xfe\n"},
    {"empty.scn", ""},
};

static GBytes *read_included(void *cookie, const char *from, const char *file, char **name,
                             char **identity, char **why)
{
    const char *slash = strrchr(from, '/');
    size_t i = 0;
    g_assert_true(cookie == files);
    *name = g_strdup_printf("%.*s%s", slash != NULL ? (int)(slash - from) + 1 : 0, from, file);
    while (i < G_N_ELEMENTS(files) && strcmp(files[i].name, *name) != 0)
        i++;
    *identity = g_strdup(*name);
    if (i < G_N_ELEMENTS(files))
        return g_bytes_new_static(files[i].text, strlen(files[i].text));
    /* What the built-in scenarios include. */
    char *path = g_build_filename(SCENARIOS_FOLDER, file, NULL), *text = NULL;
    gsize len = 0;
    if (g_str_has_prefix(file, "parts/") && g_file_get_contents(path, &text, &len, NULL)) {
        g_free(path);
        return g_bytes_new_take(text, len);
    }
    g_free(path);
    *why = g_strdup_printf("cannot read %s: not there", *name);
    return NULL;
}

static struct scenario *scenario_text_parse_any(const char *text, size_t len, GPtrArray **mistakes)
{
    const struct scenario_reader reader = {read_included, (void *)(uintptr_t)files, NULL};
    struct scenario *scenario = scenario_parse("f.scn", text, len, &reader, mistakes);
    g_assert_true((scenario == NULL) == (*mistakes != NULL));
    return scenario;
}

struct scenario *scenario_text_parse(const char *text)
{
    GPtrArray *mistakes;
    struct scenario *scenario = scenario_text_parse_any(text, strlen(text), &mistakes);
    for (guint i = 0; mistakes != NULL && i < mistakes->len; i++)
        g_test_message("%s", (const char *)g_ptr_array_index(mistakes, i));
    g_assert_nonnull(scenario);
    return scenario;
}

char *scenario_text_mistakes(const char *text, size_t len)
{
    GPtrArray *mistakes;
    GString *all = g_string_new(NULL);
    scenario_free(scenario_text_parse_any(text, len, &mistakes));
    for (guint i = 0; mistakes != NULL && i < mistakes->len; i++)
        g_string_append_printf(all, "%s%s", i > 0 ? "\n" : "",
                               (const char *)g_ptr_array_index(mistakes, i));
    if (mistakes != NULL)
        g_ptr_array_free(mistakes, TRUE);
    return g_string_free(all, FALSE);
}

void assert_mistakes(const char *text, const char *wanted)
{
    char *all = scenario_text_mistakes(text, strlen(text));
    g_assert_cmpstr(all, ==, wanted);
    g_free(all);
}

void assert_mistake(const char *text, size_t len, const char *wanted)
{
    char *all = scenario_text_mistakes(text, len);
    char **lines = g_strsplit(all, "\n", -1);
    g_assert_cmpstr(lines[0], ==, wanted);
    for (char **line = lines + 1; lines[0] != NULL && *line != NULL; line++)
        if (!g_str_has_suffix(*line, ": the file has no title") &&
            !g_str_has_suffix(*line, ": the file has no step"))
            g_assert_cmpstr(*line, ==, "");
    g_strfreev(lines);
    g_free(all);
}

void append_lines(GString *text, unsigned num, const char *line)
{
    for (unsigned i = 0; i < num; i++)
        g_string_append(text, line);
}

void assert_mistake_of(GString *text, const char *wanted)
{
    assert_mistake(text->str, text->len, wanted);
    g_string_free(text, TRUE);
}

const struct scenario_step *scenario_text_step(const struct scenario *scenario, guint i)
{
    g_assert_cmpuint(i, <, scenario->steps->len);
    return &g_array_index(scenario->steps, struct scenario_step, i);
}

void scenario_text_check_line(const char *line, const char *mistake)
{
    char *text = g_strconcat(PLAY, line, "\n", NULL);
    char *got = scenario_text_mistakes(text, strlen(text));
    char *wanted = mistake != NULL ? g_strconcat("f.scn:8: ", mistake, NULL) : g_strdup("");
    /* What ends with a blank goes on with all the words that there are. */
    if (g_str_has_suffix(wanted, " ") && g_str_has_prefix(got, wanted))
        got[strlen(wanted)] = '\0';
    g_test_message("%s", line);
    g_assert_cmpstr(got, ==, wanted);
    g_free(wanted);
    g_free(got);
    g_free(text);
}
