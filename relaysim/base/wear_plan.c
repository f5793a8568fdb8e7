/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/wear_plan.h"

#include <glib.h>
#include <string.h>

#define VLAN_MAX 4094
#define FILE_BYTES_MIN 1024
#define FILE_BYTES_MAX (1 << 30)

/* clang-format off */
const struct wear_plan_row wear_plan_rows[WEAR_KINDS] = {
/*                     name        | words                                         | min            | max            | in brackets     | of files */
    [WEAR_SEGMENTS]  = {"segments",  "# [to #]",                                     1,               65495,           1,      65495,    false},
    [WEAR_OFFLOAD]   = {"offload",   "",                                             0,               0,               0,      0,        false},
    [WEAR_RESEND]    = {"resend",    "1 of #",                                       1,               WEAR_ONE_OF_MAX, 0,      0,        false},
    [WEAR_DELAY]     = {"delay",     "#ms",                                          1,               10000,           0,      0,        false},
    [WEAR_JITTER]    = {"jitter",    "#ms",                                          1,               10000,           0,      0,        false},
    [WEAR_LOSE]      = {"lose",      "1 of #",                                       1,               WEAR_ONE_OF_MAX, 0,      0,        false},
    [WEAR_DUPLICATE] = {"duplicate", "1 of # [vlan #]",                              1,               WEAR_ONE_OF_MAX, 1,      VLAN_MAX, false},
    [WEAR_REORDER]   = {"reorder",   "1 of # [by #]",                                1,               WEAR_ONE_OF_MAX, 1,      64,       false},
    [WEAR_START]     = {"start",     "after # segments",                             1,               1000000,         0,      0,        true},
    [WEAR_SNAP]      = {"snap",      "#",                                            64,              65535,           0,      0,        false},
    [WEAR_VLAN]      = {"vlan",      "#",                                            1,               VLAN_MAX,        0,      0,        false},
    [WEAR_IPV6]      = {"ipv6",      "",                                             0,               0,               0,      0,        false},
    [WEAR_NAT]       = {"nat",       "",                                             0,               0,               0,      0,        false},
    [WEAR_LINK]      = {"link",      "@",                                            0,               0,               0,      0,        true},
    [WEAR_POINTS]    = {"points",    "[ahead #ms] [apart #ms] [drift #ppm]",         0,               0,               -86400000, 86400000, true},
    [WEAR_RING]      = {"ring",      "# bytes [keep #]",                             FILE_BYTES_MIN,  FILE_BYTES_MAX,  1,      10000,    true},
};
/* clang-format on */

const char *const wear_link_words[] = {"ethernet", "cooked", "cooked2", "loopback", "raw", NULL};

#define APART_MAX_MS 10000
#define DRIFT_MAX_PPM 10000

/* ------------------------------------------------------------------------
 * Reading
 */

/* What a row's words are held against. */
struct match {
    const struct wear_plan_row *row;
    char **words; /* those that are left */
    int *values;
    unsigned num_values;
};

static bool match_number(struct match *match, const char *unit, bool is_in_brackets)
{
    const char *word = match->words[0];
    const int min = is_in_brackets ? match->row->min2 : match->row->min;
    const int max = is_in_brackets ? match->row->max2 : match->row->max;
    gint64 value;
    if (word == NULL || !g_str_has_suffix(word, unit))
        return false;
    char *digits = g_strndup(word, strlen(word) - strlen(unit));
    const bool is_good = g_ascii_string_to_signed(digits, 10, min, max, &value, NULL);
    g_free(digits);
    if (is_good)
        match->values[match->num_values++] = (int)value;
    return is_good;
}

static bool match_link(struct match *match)
{
    for (int i = 0; match->words[0] != NULL && wear_link_words[i] != NULL; i++)
        if (strcmp(match->words[0], wear_link_words[i]) == 0) {
            match->values[match->num_values++] = i;
            return true;
        }
    return false;
}

static bool match_token(struct match *match, const char *token, bool is_in_brackets)
{
    const bool is_good = token[0] == '#' ? match_number(match, token + 1, is_in_brackets)
                         : token[0] == '@'
                             ? match_link(match)
                             : match->words[0] != NULL && strcmp(match->words[0], token) == 0;
    match->words += is_good;
    return is_good;
}

/* Brackets have a word and a number. */
static bool match_brackets(struct match *match, const char *word, const char *number)
{
    char *inner = g_strndup(number, strlen(number) - 1);
    bool is_good = true;
    if (!match_token(match, word + 1, true))
        match->values[match->num_values++] = 0;
    else
        is_good = match_token(match, inner, true);
    g_free(inner);
    return is_good;
}

static bool match_row(struct match *match)
{
    char **tokens = g_strsplit(match->row->words, " ", -1);
    bool is_good = true;
    for (char **token = tokens; *token != NULL && is_good; token++)
        if ((*token)[0] == '[') {
            is_good = match_brackets(match, token[0], token[1]);
            token++;
        } else {
            is_good = match_token(match, *token, false);
        }
    g_strfreev(tokens);
    return is_good && match->words[0] == NULL;
}

/* ------------------------------------------------------------------------
 * What is wrong
 */

static char *names(void)
{
    GString *text = g_string_new(NULL);
    for (unsigned i = 0; i < WEAR_KINDS; i++)
        g_string_append_printf(text, "%s%s",
                               i == 0                ? ""
                               : i == WEAR_KINDS - 1 ? " and "
                                                     : ", ",
                               wear_plan_rows[i].name);
    return g_string_free(text, FALSE);
}

/* "lose 1 of N", with N for the numbers. */
static char *usage(const struct wear_plan_row *row)
{
    char **parts = g_strsplit(row->words, "#", -1);
    char *numbered = g_strjoinv("N", parts);
    char *links = g_strjoinv("|", (char **)wear_link_words);
    char **around = g_strsplit(numbered, "@", -1);
    char *words = g_strjoinv(links, around);
    char *text = g_strdup_printf("%s%s%s", row->name, words[0] != '\0' ? " " : "", words);
    g_free(words);
    g_strfreev(around);
    g_free(links);
    g_free(numbered);
    g_strfreev(parts);
    return text;
}

static char *say_usage(const struct wear_plan_row *row)
{
    char *text = usage(row);
    char *sentence =
        row->max > 0
            ? g_strdup_printf("capture %s is said so: \"capture %s\", with N from %d to %d",
                              row->name, text, row->min, row->max)
            : g_strdup_printf("capture %s is said so: \"capture %s\"", row->name, text);
    g_free(text);
    return sentence;
}

static char *check_values(enum wear_kind kind, const int *values)
{
    if (kind == WEAR_SEGMENTS && values[WEAR_SEGMENTS_LEN_MAX] != 0 &&
        values[WEAR_SEGMENTS_LEN_MAX] < values[WEAR_SEGMENTS_LEN])
        return g_strdup("the larger length of \"capture segments\" stands after \"to\"");
    if (kind == WEAR_POINTS &&
        (values[WEAR_POINTS_APART_MS] < 0 || values[WEAR_POINTS_APART_MS] > APART_MAX_MS))
        return g_strdup_printf("two points are apart by at most %dms", APART_MAX_MS);
    if (kind == WEAR_POINTS && (values[WEAR_POINTS_DRIFT_PPM] < -DRIFT_MAX_PPM ||
                                values[WEAR_POINTS_DRIFT_PPM] > DRIFT_MAX_PPM))
        return g_strdup_printf("the drift of a clock is at most %dppm", DRIFT_MAX_PPM);
    return NULL;
}

/* ------------------------------------------------------------------------
 * Plans
 */

char *wear_plan_add(struct wear_plan *plan, const char *text)
{
    char **words = g_strsplit(text, " ", -1);
    int values[WEAR_VALUES_MAX] = {0};
    enum wear_kind kind = 0;
    char *why;

    while (kind < WEAR_KINDS && g_strcmp0(words[0], wear_plan_rows[kind].name) != 0)
        kind++;
    if (kind == WEAR_KINDS) {
        char *all = names();
        why = g_strdup_printf("the faults of a capture are %s, not \"%s\"", all,
                              words[0] != NULL ? words[0] : "");
        g_free(all);
    } else {
        struct match match = {&wear_plan_rows[kind], words + 1, values, 0};
        why = match_row(&match) ? check_values(kind, values) : say_usage(&wear_plan_rows[kind]);
    }
    if (why == NULL) {
        plan->has[kind] = true;
        memcpy(plan->values[kind], values, sizeof values);
    }
    g_strfreev(words);
    return why;
}

char *wear_plan_check(const struct wear_plan *plan)
{
    const bool is_tagged =
        plan->has[WEAR_VLAN] || plan->values[WEAR_DUPLICATE][WEAR_DUPLICATE_VLAN];
    if (is_tagged && plan->has[WEAR_LINK] &&
        plan->values[WEAR_LINK][WEAR_LINK_TYPE] != WEAR_LINK_ETHERNET)
        return g_strdup_printf("a VLAN is of Ethernet, not of \"capture link %s\"",
                               wear_link_words[plan->values[WEAR_LINK][WEAR_LINK_TYPE]]);
    if (plan->has[WEAR_OFFLOAD] && plan->has[WEAR_SEGMENTS])
        return g_strdup("\"capture offload\" makes segments larger, \"capture segments\" smaller: "
                        "one of them");
    return NULL;
}

bool wear_plan_is_empty(const struct wear_plan *plan)
{
    for (unsigned kind = 0; kind < WEAR_KINDS; kind++)
        if (plan->has[kind])
            return false;
    return true;
}

bool wear_plan_is_of_file(const struct wear_plan *plan)
{
    for (unsigned kind = 0; kind < WEAR_KINDS; kind++)
        if (plan->has[kind] && wear_plan_rows[kind].is_of_file)
            return true;
    return false;
}

void wear_plan_merge(struct wear_plan *plan, const struct wear_plan *more)
{
    for (unsigned kind = 0; kind < WEAR_KINDS; kind++)
        if (more->has[kind]) {
            plan->has[kind] = true;
            memcpy(plan->values[kind], more->values[kind], sizeof more->values[kind]);
        }
}

/* A token with its value; "" where what is in brackets was not told. */
static void append_token(GString *text, const char *token, const int **value)
{
    if (token[0] == '#')
        g_string_append_printf(text, " %d%s", *(*value)++, token + 1);
    else if (token[0] == '@')
        g_string_append_printf(text, " %s", wear_link_words[*(*value)++]);
    else
        g_string_append_printf(text, " %s", token);
}

char *wear_plan_text(const struct wear_plan *plan, enum wear_kind kind)
{
    const int *value = plan->values[kind];
    GString *text = g_string_new(wear_plan_rows[kind].name);
    char **tokens = g_strsplit(wear_plan_rows[kind].words, " ", -1);
    for (char **token = tokens; *token != NULL; token++) {
        if ((*token)[0] != '[') {
            append_token(text, *token, &value);
        } else if (*value == 0) {
            token++;
            value++;
        } else {
            append_token(text, token[0] + 1, &value);
            token++;
            append_token(text, *token, &value);
            g_string_truncate(text, text->len - 1); /* the bracket */
        }
    }
    g_strfreev(tokens);
    return g_string_free(text, FALSE);
}
