/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scenario_parse: lines, words and names of a scenario file. */
#include "scenario_parser.h"

#include <string.h>

static const struct {
    const char *word;
    bool (*parse)(struct parser *p);
    bool is_declaration;
} statements[] = {
    {"title", declare_title, true},     {"relay", declare_relay, true},
    {"device", declare_device, true},   {"fault", declare_fault, true},
    {"finding", declare_finding, true}, {"wait", parse_wait, false},
    {"expect", parse_expect, false},
};

/* ------------------------------------------------------------------------
 * Mistakes
 */

void parser_say(struct parser *p, const char *format, ...)
{
    if (p->error != NULL)
        return;
    va_list args;
    va_start(args, format);
    char *sentence = g_strdup_vprintf(format, args);
    va_end(args);
    /* What was read may hold anything, and goes to a terminal. */
    for (char *c = sentence; *c != '\0'; c++)
        if (g_ascii_iscntrl(*c))
            *c = '?';
    p->error = g_strdup_printf("%s:%u: %s", p->scenario->name, p->line, sentence);
    g_free(sentence);
}

/* ------------------------------------------------------------------------
 * Words
 */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* The character that an escape stands for, with *at behind it; -1. */
static int unescape(const char **at)
{
    switch (*(*at)++) {
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case '"':
        return '"';
    case '\\':
        return '\\';
    default:
        return -1;
    }
}

/* A quoted word, behind its first quote. */
static bool read_quoted(struct parser *p, const char **at, GString *word)
{
    while (**at != '"') {
        if (**at == '\0')
            return parser_fail(p, "a quoted text has no end");
        if (**at != '\\') {
            g_string_append_c(word, *(*at)++);
            continue;
        }
        (*at)++;
        const int c = unescape(at);
        if (c == -1)
            return parser_fail(p, "in a quoted text, a backslash stands before n, r, t, \" or \\");
        g_string_append_c(word, (char)c);
    }
    (*at)++;
    return **at == '\0' || is_blank(**at) ||
           parser_fail(p, "a blank is needed behind a quoted text");
}

static bool split_words(struct parser *p, const char *line)
{
    const char *at = line;
    p->num_words = p->at = 0;
    for (;;) {
        while (is_blank(*at))
            at++;
        if (*at == '\0' || *at == '#')
            return true;
        if (p->num_words == SCENARIO_WORDS_MAX)
            return parser_fail(p, "a line has at most %u words", SCENARIO_WORDS_MAX);
        GString *word = g_string_new(NULL);
        bool is_good = true;
        const bool is_quoted = *at == '"';
        if (is_quoted) {
            at++;
            is_good = read_quoted(p, &at, word);
        } else {
            while (*at != '\0' && !is_blank(*at))
                g_string_append_c(word, *at++);
        }
        p->is_quoted[p->num_words] = is_quoted;
        p->words[p->num_words++] = g_string_free(word, FALSE);
        if (!is_good)
            return false;
    }
}

static void forget_words(struct parser *p)
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

bool parser_mnemonic(struct parser *p, const char *what, const char *(*name)(uint8_t), uint8_t *id)
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

bool parser_reason(struct parser *p, const char *(*name)(uint8_t), uint8_t *id)
{
    return !parser_accept(p, "reason") || parser_mnemonic(p, "the reason", name, id);
}

/* ------------------------------------------------------------------------
 * Names
 */

static const char *kind_text(unsigned kinds)
{
    switch (kinds) {
    case NAME_RELAY:
        return "a relay";
    case NAME_DEVICE:
        return "a device";
    case NAME_SESSION:
        return "a session";
    case NAME_MESSAGE:
        return "a message";
    case NAME_RELAY | NAME_DEVICE:
        return "a relay or device";
    default:
        return "a relay, device or session";
    }
}

const struct name *parser_find(const struct parser *p, const char *word)
{
    return word != NULL ? g_hash_table_lookup(p->names, word) : NULL;
}

bool parser_name(struct parser *p, unsigned kinds, struct name *name)
{
    const char *word = parser_next(p);
    if (word == NULL)
        return parser_fail(p, "the name of %s is needed at the end of the line", kind_text(kinds));
    const struct name *found = parser_find(p, word);
    if (found == NULL)
        return parser_fail(p, "there is no \"%s\" so far; %s is needed here", word,
                           kind_text(kinds));
    if ((found->kind & kinds) == 0)
        return parser_fail(p, "\"%s\" is %s; %s is needed here", word, kind_text(found->kind),
                           kind_text(kinds));
    *name = *found;
    return true;
}

static bool is_reserved(const char *word)
{
    for (size_t i = 0; i < G_N_ELEMENTS(statements); i++)
        if (strcmp(statements[i].word, word) == 0)
            return true;
    return strcmp(word, "nothing") == 0 || strcmp(word, "by") == 0 || strcmp(word, "in") == 0 ||
           parser_is_verb(word) || parser_is_predicate(word);
}

bool parser_new_name(struct parser *p, enum name_kind kind, unsigned index, const char **name)
{
    const char *word = parser_next(p);
    if (word == NULL)
        return parser_fail(p, "a name for %s is needed at the end of the line", kind_text(kind));
    if (strlen(word) > SCENARIO_NAME_MAX)
        return parser_fail(p, "a name has at most %u characters", SCENARIO_NAME_MAX);
    for (const char *c = word; *c != '\0'; c++)
        if (!g_ascii_isalnum(*c) && *c != '_' && *c != '-')
            return parser_fail(p, "a name has letters, digits, - and _, unlike \"%s\"", word);
    if (!g_ascii_isalpha(word[0]))
        return parser_fail(p, "a name begins with a letter, unlike \"%s\"", word);
    if (is_reserved(word))
        return parser_fail(p, "\"%s\" is a word of the language and cannot be a name", word);
    const struct name *other = parser_find(p, word);
    if (other != NULL)
        return parser_fail(p, "\"%s\" is %s already", word, kind_text(other->kind));
    struct name *entry = g_new(struct name, 1);
    *entry = (struct name){kind, index};
    *name = parser_keep(p, word);
    g_hash_table_insert(p->names, (gpointer)(uintptr_t)*name, entry);
    return true;
}

const char *parser_name_of(const struct parser *p, enum name_kind kind, unsigned index)
{
    const struct scenario *s = p->scenario;
    switch (kind) {
    case NAME_RELAY:
        return s->relays[index].name;
    case NAME_DEVICE:
        return s->devices[index].name;
    case NAME_SESSION:
        return s->sessions[index].name;
    case NAME_MESSAGE:
        return s->messages[index].name;
    }
    return "";
}

/* ------------------------------------------------------------------------
 * The file
 */

static bool parse_line(struct parser *p, const char *line)
{
    const struct scenario *s = p->scenario;
    if (!split_words(p, line))
        return false;
    if (p->num_words == 0)
        return true;
    char *stripped = g_strstrip(g_strdup(line));
    p->line_text = parser_keep(p, stripped);
    g_free(stripped);
    for (size_t i = 0; i < G_N_ELEMENTS(statements); i++) {
        if (p->is_quoted[0] || strcmp(p->words[0], statements[i].word) != 0)
            continue;
        p->at = 1;
        if (statements[i].is_declaration && s->steps->len > 0)
            return parser_fail(p, "\"%s\" has to stand before the first step", p->words[0]);
        if (!statements[i].is_declaration && !declare_end(p))
            return false;
        return statements[i].parse(p) && parser_need_end(p);
    }
    return declare_end(p) && parse_step(p);
}

static bool parse_text(struct parser *p, const char *text, size_t len)
{
    size_t at = 0;
    if (len > SCENARIO_FILE_MAX) {
        p->line = 1;
        return parser_fail(p, "a scenario has at most %u KiB", SCENARIO_FILE_MAX >> 10);
    }
    while (at < len) {
        const char *end = memchr(text + at, '\n', len - at);
        const size_t line_len = end != NULL ? (size_t)(end - text) - at : len - at;
        if (++p->line > SCENARIO_LINES_MAX)
            return parser_fail(p, "a scenario has at most %u lines", SCENARIO_LINES_MAX);
        if (line_len > SCENARIO_LINE_MAX)
            return parser_fail(p, "a line has at most %u bytes", SCENARIO_LINE_MAX);
        if (memchr(text + at, '\0', line_len) != NULL)
            return parser_fail(p, "there is a zero byte in the line: this is no text");
        char *line = g_strndup(text + at, line_len);
        const bool is_good = parse_line(p, line);
        g_free(line);
        forget_words(p);
        if (!is_good)
            return false;
        at += line_len + 1;
    }
    if (p->line == 0)
        p->line = 1;
    if (!declare_end(p))
        return false;
    if (p->scenario->title == NULL)
        return parser_fail(p, "the file has no title");
    if (p->scenario->steps->len == 0)
        return parser_fail(p, "the file has no step");
    return true;
}

static void free_step(gpointer data)
{
    struct scenario_step *step = data;
    if (step->items != NULL)
        g_array_free(step->items, TRUE);
    if (step->bytes != NULL)
        g_byte_array_free(step->bytes, TRUE);
}

struct scenario *scenario_parse(const char *name, const char *text, size_t len, char **error)
{
    struct scenario *scenario = g_new0(struct scenario, 1);
    struct parser p = {.scenario = scenario};

    scenario->strings = g_string_chunk_new(4096);
    scenario->name = g_string_chunk_insert_const(scenario->strings, name);
    scenario->steps = g_array_new(FALSE, TRUE, sizeof(struct scenario_step));
    g_array_set_clear_func(scenario->steps, free_step);
    scenario->contents = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    p.names = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
    p.contents = g_hash_table_new(g_bytes_hash, g_bytes_equal);
    p.references = NULL;
    for (unsigned i = 0; i < SCENARIO_DEVICES_MAX; i++)
        p.peers[i] = SCENARIO_NONE;
    const bool is_good = parse_text(&p, text, len);
    forget_words(&p);
    g_hash_table_destroy(p.names);
    g_hash_table_destroy(p.contents);
    if (p.references != NULL)
        g_array_free(p.references, TRUE);
    if (!is_good) {
        scenario_free(scenario);
        *error = p.error;
        return NULL;
    }
    return scenario;
}

void scenario_free(struct scenario *scenario)
{
    if (scenario == NULL)
        return;
    for (unsigned i = 0; i < scenario->num_relays; i++) {
        g_ptr_array_free(scenario->relays[i].urls, TRUE);
        g_ptr_array_free(scenario->relays[i].locked_out, TRUE);
    }
    for (unsigned i = 0; i < scenario->num_sessions; i++)
        if (scenario->sessions[i].destinations != NULL)
            g_array_free(scenario->sessions[i].destinations, TRUE);
    g_array_free(scenario->steps, TRUE);
    g_ptr_array_free(scenario->contents, TRUE);
    g_string_chunk_free(scenario->strings);
    g_free(scenario);
}
