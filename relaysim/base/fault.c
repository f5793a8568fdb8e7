/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/fault.h"

#include <glib.h>
#include <string.h>

#define PIECE_MAX 600u /* of a write that is cut */

/* One of each so many. */
struct one_of {
    unsigned num, at, chosen;
};

struct faults {
    struct fault_plan plan;
    /* What befalls connections does not change what befalls the capture. */
    uint64_t random, capture_random;
    struct one_of lose, duplicate, reorder;
};

/* splitmix64, which is public domain. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* ------------------------------------------------------------------------
 * Plans
 */

static char *add_one_of(const char *text, const char *word, unsigned *one_of)
{
    const size_t len = strlen(word);
    guint64 num;
    if (strncmp(text, word, len) != 0 || strncmp(text + len, " 1 of ", 6) != 0 ||
        !g_ascii_string_to_unsigned(text + len + 6, 10, 1, FAULT_ONE_OF_MAX, &num, NULL))
        return g_strdup_printf("%s is said so: \"%s 1 of 8\", with at most %u", word, word,
                               FAULT_ONE_OF_MAX);
    *one_of = (unsigned)num;
    return NULL;
}

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

char *fault_plan_add(struct fault_plan *plan, const char *text)
{
    if (strcmp(text, "split") == 0) {
        plan->splits = true;
        return NULL;
    }
    if (g_str_has_prefix(text, "delay"))
        return add_delay(text, &plan->delay_ms);
    if (g_str_has_prefix(text, "proxy-dies"))
        return add_death(text, &plan->proxies_die_within);
    if (g_str_has_prefix(text, "lose"))
        return add_one_of(text, "lose", &plan->lose_one_of);
    if (g_str_has_prefix(text, "duplicate"))
        return add_one_of(text, "duplicate", &plan->duplicate_one_of);
    if (g_str_has_prefix(text, "reorder"))
        return add_one_of(text, "reorder", &plan->reorder_one_of);
    return g_strdup_printf("the faults are split, delay, proxy-dies, lose, duplicate and reorder, "
                           "not \"%s\"",
                           text);
}

static void append_one_of(GString *text, const char *word, unsigned one_of)
{
    if (one_of != 0)
        g_string_append_printf(text, ", %s 1 of %u", word, one_of);
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
    append_one_of(text, "lose", plan->lose_one_of);
    append_one_of(text, "duplicate", plan->duplicate_one_of);
    append_one_of(text, "reorder", plan->reorder_one_of);
    if (text->len > 0)
        g_string_erase(text, 0, 2);
    return g_string_free(text, FALSE);
}

/* ------------------------------------------------------------------------
 * Decisions
 */

struct faults *faults_new(const struct fault_plan *plan, uint64_t seed)
{
    if (!plan->splits && plan->delay_ms == 0 && !plan->drops && plan->proxies_die_within == 0 &&
        plan->lose_one_of == 0 && plan->duplicate_one_of == 0 && plan->reorder_one_of == 0)
        return NULL;
    struct faults *faults = g_new0(struct faults, 1);
    faults->plan = *plan;
    faults->random = seed;
    faults->capture_random = ~seed;
    faults->lose.num = plan->lose_one_of;
    faults->duplicate.num = plan->duplicate_one_of;
    faults->reorder.num = plan->reorder_one_of;
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
    return 1 + next_random(&faults->random) % max;
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
    return (unsigned)(next_random(&faults->random) % (max + 1));
}

/* Whether it is this one of the `num` that there are. */
static bool is_chosen(struct faults *faults, struct one_of *one)
{
    if (one->num == 0)
        return false;
    if (one->at == 0)
        one->chosen = (unsigned)(next_random(&faults->capture_random) % one->num);
    const bool is_it = one->at == one->chosen;
    one->at = (one->at + 1) % one->num;
    return is_it;
}

enum fault_of_segment faults_of_segment(struct faults *faults)
{
    /* Each counts all segments, whatever the others do. */
    const bool loses = is_chosen(faults, &faults->lose);
    const bool duplicates = is_chosen(faults, &faults->duplicate);
    const bool reorders = is_chosen(faults, &faults->reorder);
    return loses        ? FAULT_LOSE
           : reorders   ? FAULT_REORDER
           : duplicates ? FAULT_DUPLICATE
                        : FAULT_NONE;
}
