/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/fault.h"

#include "base/random.h"

#include <glib.h>
#include <string.h>

#define PIECE_MAX 600u /* of a write that is cut */

struct faults {
    struct fault_plan plan;
    struct random_seeded random;
};

/* ------------------------------------------------------------------------
 * Plans
 */

static char *add_delay(const char *text, unsigned *delay_ms)
{
    char **words = g_strsplit(text, " ", 2);
    guint64 num = 0;
    char *digits = words[1] != NULL ? g_strdup(words[1]) : g_strdup("");
    const bool has_unit = g_str_has_suffix(digits, "ms");
    if (has_unit)
        digits[strlen(digits) - 2] = '\0';
    const bool is_good =
        has_unit && g_ascii_string_to_unsigned(digits, 10, 1, FAULT_DELAY_MAX_MS, &num, NULL);
    g_free(digits);
    g_strfreev(words);
    *delay_ms = (unsigned)num;
    return is_good ? NULL
                   : g_strdup_printf("a delay is said so: \"delay 20ms\", with at most %ums",
                                     FAULT_DELAY_MAX_MS);
}

static char *add_death(const char *text, unsigned *within)
{
    static const char before[] = "proxy-dies within ", after[] = " bytes";
    guint64 num = 0;
    const size_t around = strlen(before) + strlen(after), len = strlen(text);
    const bool is_framed =
        len > around && g_str_has_prefix(text, before) && g_str_has_suffix(text, after);
    char *digits = is_framed ? g_strndup(text + strlen(before), len - around) : g_strdup("");
    const bool is_good = g_ascii_string_to_unsigned(digits, 10, 1, FAULT_BYTES_MAX, &num, NULL);
    g_free(digits);
    *within = (unsigned)num;
    return is_good ? NULL
                   : g_strdup_printf("the death of a proxy is said so: \"proxy-dies within 5000 "
                                     "bytes\", with at most %u",
                                     FAULT_BYTES_MAX);
}

static char *add_one(struct fault_plan *plan, const char *text)
{
    static const char capture[] = "capture ";
    if (strcmp(text, "split") == 0) {
        plan->splits = true;
        return NULL;
    }
    if (g_str_has_prefix(text, "delay"))
        return add_delay(text, &plan->delay_ms);
    if (g_str_has_prefix(text, "proxy-dies"))
        return add_death(text, &plan->proxies_die_within);
    if (g_str_has_prefix(text, capture))
        return wear_plan_add(&plan->capture, text + strlen(capture));
    if (g_str_has_prefix(text, "lose") || g_str_has_prefix(text, "duplicate") ||
        g_str_has_prefix(text, "reorder"))
        return wear_plan_add(&plan->capture, text);
    return g_strdup_printf("the faults are split, delay, proxy-dies, lose, duplicate, reorder, and "
                           "capture with these and others after it, not \"%s\"",
                           text);
}

char *fault_plan_add(struct fault_plan *plan, const char *text)
{
    char **parts = g_strsplit(text, ", ", -1);
    char *why = parts[0] == NULL ? add_one(plan, "") : NULL;
    for (char **part = parts; why == NULL && *part != NULL; part++)
        why = add_one(plan, *part);
    g_strfreev(parts);
    return why != NULL ? why : wear_plan_check(&plan->capture);
}

void fault_plan_merge(struct fault_plan *plan, const struct fault_plan *more)
{
    plan->splits = plan->splits || more->splits;
    plan->drops = plan->drops || more->drops;
    if (more->delay_ms != 0)
        plan->delay_ms = more->delay_ms;
    if (more->proxies_die_within != 0)
        plan->proxies_die_within = more->proxies_die_within;
    wear_plan_merge(&plan->capture, &more->capture);
}

bool fault_plan_is_of_capture(const struct fault_plan *plan)
{
    return !plan->splits && plan->delay_ms == 0 && !plan->drops && plan->proxies_die_within == 0;
}

char *fault_plan_text(const struct fault_plan *plan)
{
    GString *text = g_string_new(NULL);
    if (plan->splits)
        g_string_append(text, ", split");
    if (plan->delay_ms != 0)
        g_string_append_printf(text, ", delay %ums", plan->delay_ms);
    if (plan->drops)
        g_string_append(text, ", drop");
    if (plan->proxies_die_within != 0)
        g_string_append_printf(text, ", proxy-dies within %u bytes", plan->proxies_die_within);
    for (unsigned kind = 0; kind < WEAR_KINDS; kind++)
        if (plan->capture.has[kind]) {
            char *words = wear_plan_text(&plan->capture, kind);
            g_string_append_printf(text, ", capture %s", words);
            g_free(words);
        }
    if (text->len > 0)
        g_string_erase(text, 0, 2);
    return g_string_free(text, FALSE);
}

/* ------------------------------------------------------------------------
 * Decisions
 */

struct faults *faults_new(const struct fault_plan *plan, uint64_t seed)
{
    if (fault_plan_is_of_capture(plan))
        return NULL;
    struct faults *faults = g_new0(struct faults, 1);
    faults->plan = *plan;
    faults->random.state = seed;
    return faults;
}

void faults_free(struct faults *faults)
{
    g_free(faults);
}

bool faults_splits(const struct faults *faults)
{
    return faults->plan.splits;
}

bool faults_delays(const struct faults *faults)
{
    return faults->plan.delay_ms != 0;
}

uint64_t faults_number(struct faults *faults, uint64_t max)
{
    return 1 + random_seeded_next(&faults->random) % max;
}

size_t faults_cut(struct faults *faults, size_t len)
{
    if (!faults->plan.splits)
        return len;
    return (size_t)faults_number(faults, MIN(len, PIECE_MAX));
}

unsigned faults_pause_ms(struct faults *faults)
{
    const unsigned max = faults->plan.delay_ms != 0 ? faults->plan.delay_ms : 1;
    return (unsigned)(random_seeded_next(&faults->random) % (max + 1));
}
