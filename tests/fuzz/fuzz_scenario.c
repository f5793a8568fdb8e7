/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The language of scenarios against any bytes: either a scenario whose steps stay inside
 * its own lists, or sentences with file and line, a line each and not too many.
 *
 * The bytes are several files, with 0x1e between them: the scenario, and those that it can
 * include as "1", "2" and so on.  Nothing else is ever read.
 */
#include <assert.h>
#include <string.h>

#include "scenario/scenario.h"

#define SEPARATOR 0x1e

struct files {
    const char *data;
    size_t size;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The file of that number, of which the scenario is 0; *len is its length.  NULL when there
 * are not so many. */
static const char *find_file(const struct files *files, unsigned number, size_t *len)
{
    const char *begin = files->data, *const end = files->data + files->size;
    for (;; number--) {
        const char *stop = begin < end ? memchr(begin, SEPARATOR, (size_t)(end - begin)) : NULL;
        *len = (size_t)((stop != NULL ? stop : end) - begin);
        if (number == 0)
            return begin;
        if (stop == NULL)
            return NULL;
        begin = stop + 1;
    }
}

static GBytes *read_included(void *cookie, const char *from, const char *file, char **name,
                             char **identity, char **why)
{
    const struct files *files = cookie;
    size_t len;
    const bool is_number = g_ascii_isdigit(file[0]) && file[0] != '0' && file[1] == '\0';
    const char *text = is_number ? find_file(files, (unsigned)(file[0] - '0'), &len) : NULL;
    assert(from != NULL);
    if (text == NULL)
        *why = g_strdup("there is no such file");
    else
        *name = g_strconcat("f.scn:", file, NULL);
    *identity = g_strdup(file);
    return text != NULL ? g_bytes_new(text, len) : NULL;
}

static void check_index(unsigned index, unsigned num)
{
    assert(index == SCENARIO_NONE || index < num);
}

static void check_step(const struct scenario *s, const struct scenario_step *step)
{
    check_index(step->device, s->num_devices);
    check_index(step->peer, s->num_devices);
    check_index(step->relay, s->num_relays);
    check_index(step->session, s->num_sessions);
    check_index(step->message, s->num_messages);
    assert(step->text != NULL && strchr(step->text, '\n') == NULL);
    assert(g_str_has_prefix(step->file, "f.scn") && step->line > 0);
    if (step->kind == SCENARIO_CONTINUE || step->kind == SCENARIO_END)
        assert(step->offset + step->number <= s->messages[step->message].fields.data.len);
    if (step->kind == SCENARIO_COMPLETE || step->kind == SCENARIO_EXPECT_RECEIVED)
        for (guint i = 0; i < step->items->len; i++)
            assert(g_array_index(step->items, unsigned, i) < s->num_messages);
    if (step->kind == SCENARIO_EXPECT_LOST)
        for (guint i = 0; i < step->items->len; i++)
            assert(g_array_index(step->items, unsigned, i) <
                   s->sessions[step->session].destinations->len);
}

static void check_mistakes(GPtrArray *mistakes)
{
    assert(mistakes->len > 0 && mistakes->len <= SCENARIO_MISTAKES_MAX + 1);
    for (guint i = 0; i < mistakes->len; i++) {
        const char *mistake = g_ptr_array_index(mistakes, i);
        assert(g_str_has_prefix(mistake, i < SCENARIO_MISTAKES_MAX ? "f.scn:" : "and "));
        for (const char *c = mistake; *c != '\0'; c++)
            assert(!g_ascii_iscntrl(*c));
    }
    g_ptr_array_free(mistakes, TRUE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct files files = {(const char *)data, size};
    const struct scenario_reader reader = {read_included, &files, NULL};
    GPtrArray *mistakes;
    size_t len;
    const char *text = find_file(&files, 0, &len);
    struct scenario *scenario = scenario_parse("f.scn", text, len, &reader, &mistakes);
    if (scenario == NULL) {
        check_mistakes(mistakes);
        return 0;
    }
    assert(mistakes == NULL);
    assert(scenario->title != NULL && scenario->steps->len > 0);
    for (guint i = 0; i < scenario->steps->len; i++)
        check_step(scenario, &g_array_index(scenario->steps, struct scenario_step, i));
    scenario_free(scenario);
    return 0;
}
