/* SPDX-License-Identifier: GPL-2.0-or-later */
/* word: the words of a line, and the values that they stand for. */
#include "scenario/parser.h"

#include <string.h>

/* ------------------------------------------------------------------------
 * Characters
 */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* The character that an escape stands for, with *at after it; -1. */
static int unescape(const char **at)
{
    switch (*(*at)++) {
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case '{':
        return '{';
    case '"':
        return '"';
    case '\\':
        return '\\';
    default:
        return -1;
    }
}

/* ------------------------------------------------------------------------
 * Counters of repetitions
 */

static const struct counter *find_counter(const struct parser *p, const char *name, size_t len)
{
    for (unsigned i = 0; i < p->num_counters; i++)
        if (p->counters[i].name != NULL && strlen(p->counters[i].name) == len &&
            strncmp(p->counters[i].name, name, len) == 0)
            return &p->counters[i];
    return NULL;
}

/* What stands in the braces, such as "i", "i+5", "i-1" or "i*100"; false with a mistake. */
static bool evaluate(struct parser *p, const char *text, uint64_t *value)
{
    const size_t len = strcspn(text, "+-*");
    const struct counter *counter = find_counter(p, text, len);
    guint64 number = 0;
    if (counter == NULL)
        return parser_fail(p,
                           "\"{%s}\" names no counter of a repetition around this line; in a "
                           "quoted text, \\{ stands for a brace",
                           text);
    *value = counter->value;
    if (text[len] == '\0')
        return true;
    if (!g_ascii_string_to_unsigned(text + len + 1, 10, 0, UINT32_MAX, &number, NULL))
        return parser_fail(p, "in \"{%s}\", a number of at most %u is needed after the %c", text,
                           UINT32_MAX, text[len]);
    if (text[len] == '-' && number > *value)
        return parser_fail(p, "\"{%s}\" is less than 0", text);
    if (text[len] == '*')
        *value *= number; /* a counter has some digits only */
    else
        *value = text[len] == '+' ? *value + number : *value - number;
    return true;
}

/* A brace: in a repetition it begins a counter, elsewhere it is one. */
static bool read_brace(struct parser *p, const char **at, GString *word)
{
    bool has_counters = false;
    for (unsigned i = 0; i < p->num_counters; i++)
        has_counters = has_counters || p->counters[i].name != NULL;
    if (!has_counters) {
        g_string_append_c(word, *(*at)++);
        return true;
    }
    const size_t len = strcspn(*at, "} \t\r\"");
    uint64_t value;
    if ((*at)[len] != '}')
        return parser_fail(p, "a brace begins a counter, such as {i}; in a quoted text, \\{ stands "
                              "for a brace");
    char *text = g_strndup(*at + 1, len - 1);
    const bool is_good = evaluate(p, text, &value);
    g_free(text);
    if (is_good)
        g_string_append_printf(word, "%" G_GUINT64_FORMAT, (guint64)value);
    p->has_counted = true;
    *at += len + 1;
    return is_good;
}

/* ------------------------------------------------------------------------
 * Words
 */

/* A quoted word, after its first quote. */
static bool read_quoted(struct parser *p, const char **at, GString *word)
{
    while (**at != '"') {
        if (**at == '\0')
            return parser_fail(p, "a quoted text has no end");
        if (**at == '{') {
            if (!read_brace(p, at, word))
                return false;
            continue;
        }
        if (**at != '\\') {
            g_string_append_c(word, *(*at)++);
            continue;
        }
        (*at)++;
        const int c = unescape(at);
        if (c == -1)
            return parser_fail(p,
                               "in a quoted text, a backslash stands before n, r, t, {, \" or \\");
        g_string_append_c(word, (char)c);
    }
    (*at)++;
    return **at == '\0' || is_blank(**at) ||
           parser_fail(p, "a blank is needed after a quoted text");
}

static bool read_bare(struct parser *p, const char **at, GString *word)
{
    while (**at != '\0' && !is_blank(**at)) {
        if (**at != '{')
            g_string_append_c(word, *(*at)++);
        else if (!read_brace(p, at, word))
            return false;
    }
    return true;
}

/* The line as it is shown to people: with its counters counted. */
static void keep_line(struct parser *p, const char *line)
{
    GString *text = g_string_new(NULL);
    for (unsigned i = 0; p->has_counted && i < p->num_words; i++)
        g_string_append_printf(text, p->is_quoted[i] ? "%s\"%s\"" : "%s%s", i > 0 ? " " : "",
                               p->words[i]);
    if (!p->has_counted)
        g_string_append(text, line);
    p->line_text = parser_keep(p, g_strdelimit(g_strstrip(text->str), "\n\r", ' '));
    g_string_free(text, TRUE);
}

bool parser_split(struct parser *p, const char *line)
{
    const char *at = line;
    p->num_words = p->at = 0;
    p->has_counted = false;
    for (;;) {
        while (is_blank(*at))
            at++;
        if (*at == '\0' || *at == '#')
            break;
        if (p->num_words == SCENARIO_WORDS_MAX)
            return parser_fail(p, "a line has at most %u words", SCENARIO_WORDS_MAX);
        GString *word = g_string_new(NULL);
        const bool is_quoted = *at == '"';
        at += is_quoted;
        const bool is_good = is_quoted ? read_quoted(p, &at, word) : read_bare(p, &at, word);
        p->is_quoted[p->num_words] = is_quoted;
        p->words[p->num_words++] = g_string_free(word, FALSE);
        if (!is_good)
            return false;
    }
    keep_line(p, line);
    return true;
}

void parser_forget_words(struct parser *p)
{
    for (unsigned i = 0; i < p->num_words; i++)
        g_free(p->words[i]);
    p->num_words = p->at = 0;
}

bool parser_has_more(const struct parser *p)
{
    return p->at < p->num_words;
}

const char *parser_next(struct parser *p)
{
    return parser_has_more(p) ? p->words[p->at++] : NULL;
}

bool parser_accept(struct parser *p, const char *word)
{
    if (!parser_has_more(p) || p->is_quoted[p->at] || strcmp(p->words[p->at], word) != 0)
        return false;
    p->at++;
    return true;
}

bool parser_need(struct parser *p, const char *word)
{
    if (parser_accept(p, word))
        return true;
    if (parser_has_more(p))
        return parser_fail(p, "\"%s\" is needed here, not \"%s\"", word, p->words[p->at]);
    return parser_fail(p, "\"%s\" is needed at the end of the line", word);
}

bool parser_need_end(struct parser *p)
{
    return !parser_has_more(p) ||
           parser_fail(p, "the line goes on with \"%s\", which says nothing here", p->words[p->at]);
}

const char *parser_keep(struct parser *p, const char *string)
{
    return g_string_chunk_insert_const(p->scenario->strings, string);
}

/* ------------------------------------------------------------------------
 * Values
 */

bool parser_number(struct parser *p, const char *what, uint64_t min, uint64_t max, uint64_t *value)
{
    const char *word = parser_next(p);
    guint64 number;
    if (word == NULL)
        return parser_fail(p, "%s is needed at the end of the line", what);
    if (!g_ascii_string_to_unsigned(word, 10, min, max, &number, NULL))
        return parser_fail(
            p, "%s is a number from %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT ", not \"%s\"",
            what, (guint64)min, (guint64)max, word);
    *value = number;
    return true;
}

bool parser_duration(struct parser *p, const char *what, uint64_t max_ms, uint64_t *ms)
{
    const char *word = parser_next(p);
    guint64 number;
    if (word == NULL)
        return parser_fail(p, "%s is needed at the end of the line", what);
    const bool is_ms = g_str_has_suffix(word, "ms");
    const uint64_t unit = is_ms ? 1 : 1000;
    char *digits = g_strndup(word, strlen(word) - MIN(strlen(word), is_ms ? 2u : 1u));
    const bool is_good = (is_ms || g_str_has_suffix(word, "s")) &&
                         g_ascii_string_to_unsigned(digits, 10, 1, max_ms / unit, &number, NULL);
    g_free(digits);
    if (!is_good)
        return parser_fail(p,
                           "%s is a time such as 200ms or 2s, at most %" G_GUINT64_FORMAT "s, "
                           "not \"%s\"",
                           what, (guint64)(max_ms / 1000), word);
    *ms = number * unit;
    return true;
}

bool parser_text(struct parser *p, const char *what, const char **text)
{
    const char *word = parser_next(p);
    if (word == NULL)
        return parser_fail(p, "%s is needed at the end of the line", what);
    *text = parser_keep(p, word);
    return true;
}

bool parser_url(struct parser *p, const char *what, const char **url)
{
    const char *word = parser_next(p);
    if (word == NULL)
        return parser_fail(p, "%s is needed at the end of the line", what);
    for (const char *c = word; *c != '\0'; c++)
        if (!g_ascii_isgraph(*c))
            return parser_fail(p, "%s has no blanks and control characters, and is ASCII", what);
    if (strstr(word, "://") == NULL || strlen(word) > 500)
        return parser_fail(p, "%s is a URL of at most 500 characters, not \"%s\"", what, word);
    *url = parser_keep(p, word);
    return true;
}

bool parser_mnemonic(struct parser *p, const char *what, sstp_mnemonic *name, uint8_t *id)
{
    const char *word = parser_next(p);
    GString *known = g_string_new(NULL);
    bool is_found = false;
    for (unsigned value = 0; value <= UINT8_MAX && !is_found; value++) {
        const char *candidate = name((uint8_t)value);
        if (candidate == NULL)
            continue;
        is_found = word != NULL && strcmp(candidate, word) == 0;
        if (is_found)
            *id = (uint8_t)value;
        g_string_append_printf(known, "%s%s", known->len > 0 ? ", " : "", candidate);
    }
    if (!is_found && word == NULL)
        (void)parser_fail(p, "%s is needed at the end of the line", what);
    else if (!is_found)
        (void)parser_fail(p, "%s is one of %s, not \"%s\"", what, known->str, word);
    g_string_free(known, TRUE);
    return is_found;
}

bool parser_reason(struct parser *p, sstp_mnemonic *name, uint8_t *id)
{
    return !parser_accept(p, "reason") || parser_mnemonic(p, "the reason", name, id);
}
