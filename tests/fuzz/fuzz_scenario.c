/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The language of scenarios against any bytes: either a scenario whose steps stay inside
 * its own lists, or one sentence with file and line.
 */
#include <assert.h>
#include <string.h>

#include "scenario.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *error = NULL;
    struct scenario *scenario = scenario_parse("f.scn", (const char *)data, size, &error);
    if (scenario == NULL) {
        assert(g_str_has_prefix(error, "f.scn:"));
        for (const char *c = error; *c != '\0'; c++)
            assert(!g_ascii_iscntrl(*c));
        g_free(error);
        return 0;
    }
    assert(error == NULL);
    assert(scenario->title != NULL && scenario->steps->len > 0);
    for (guint i = 0; i < scenario->steps->len; i++)
        check_step(scenario, &g_array_index(scenario->steps, struct scenario_step, i));
    scenario_free(scenario);
    return 0;
}
