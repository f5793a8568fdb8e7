/* SPDX-License-Identifier: GPL-2.0-or-later */
/* source: the files of a scenario, their lines, and lines that are repeated. */
#include "scenario/parser.h"

#include <string.h>

#define BOM "\xef\xbb\xbf"

/* Says what is wrong with a source as a whole, at the line that `at` is in. */
static void say_of_source(struct parser *p, const struct source *source, size_t at,
                          const char *sentence)
{
    p->file_name = source->name;
    p->line = 1;
    for (size_t i = 0; i < at; i++)
        p->line += source->text[i] == '\n';
    p->is_bad = false;
    parser_say(p, "%s", sentence);
    p->lost_kinds = NAME_ANY;
    p->has_lost = true;
    p->is_over = source->from == NULL;
}

#define NO_UTF8 "the line is not in UTF-8, as the text of a scenario is"

/* Whether a source is text at all: otherwise every line of it would be a mistake.  One in another
 * encoding is, which is judged line by line. */
static bool is_text(struct parser *p, const struct source *source)
{
    const char *end;
    if (source->len > SCENARIO_FILE_MAX) {
        char *sentence = g_strdup_printf("a scenario has at most %u MiB", SCENARIO_FILE_MAX >> 20);
        say_of_source(p, source, 0, sentence);
        g_free(sentence);
        return false;
    }
    if (source->len == 0 || memchr(source->text, '\0', source->len) == NULL)
        return true;
    (void)g_utf8_validate(source->text, (gssize)source->len, &end);
    say_of_source(p, source, (size_t)(end - source->text),
                  *end == '\0' ? "there is a zero byte in the line: this is no text; a scenario "
                                 "is a text file in UTF-8"
                               : NO_UTF8);
    return false;
}

/* ------------------------------------------------------------------------
 * What is included
 */

/* "a.scn includes b.scn includes c.scn", down to this source. */
static void append_chain(const struct source *source, GString *text)
{
    if (source->from != NULL)
        append_chain(source->from, text);
    g_string_append_printf(text, "%s includes ", source->name);
}

/* Whether the source may include this file. */
static bool is_allowed(struct parser *p, const struct source *from, const char *name,
                       const char *identity)
{
    unsigned depth = 1;
    bool is_circle = false;
    for (const struct source *source = from; source != NULL; source = source->from, depth++)
        is_circle = is_circle || g_strcmp0(source->identity, identity) == 0;
    if (!is_circle && depth <= SCENARIO_NESTING_MAX)
        return true;
    GString *chain = g_string_new(NULL);
    append_chain(from, chain);
    if (is_circle)
        parser_say(p, "files include each other in a circle: %s%s", chain->str, name);
    else
        parser_say(p, "files include each other to a depth of %u at most: %s%s",
                   SCENARIO_NESTING_MAX, chain->str, name);
    g_string_free(chain, TRUE);
    return false;
}

/* What is not included: what it would have declared is not known, nor who is connected with
 * whom. */
static void lose_file(struct parser *p)
{
    p->lost_kinds = NAME_ANY;
    p->unclear_peers = ~0u;
    p->has_lost = true;
}

static void include(struct parser *p, struct source *from)
{
    char *name = NULL, *identity = NULL, *why = NULL;
    GBytes *bytes = NULL;
    if (p->reader == NULL)
        parser_say(p, "nothing can be included here");
    else if ((bytes = p->reader->read(p->reader->cookie, from->name, p->file, &name, &identity,
                                      &why)) == NULL)
        parser_say(p, "%s", why);
    if (bytes != NULL && is_allowed(p, from, name, identity)) {
        struct source source = {.name = parser_keep(p, name), .identity = identity, .from = from};
        gsize len;
        source.text = g_bytes_get_data(bytes, &len);
        source.len = len;
        source_read(p, &source);
    } else {
        lose_file(p);
    }
    if (bytes != NULL)
        g_bytes_unref(bytes);
    g_free(name);
    g_free(identity);
    g_free(why);
}

bool parse_include(struct parser *p)
{
    if (!parser_text(p, "the file to include", &p->file))
        return false;
    if (p->file[0] == '\0')
        return parser_fail(p, "the name of the file to include must not be empty");
    p->request = REQUEST_INCLUDE;
    return true;
}

/* ------------------------------------------------------------------------
 * Repetitions
 */

static bool read_counter(struct parser *p)
{
    const char *word = parser_next(p);
    if (word == NULL)
        return parser_fail(p, "the name of a counter is needed at the end of the line");
    if (!parser_is_name(p, word))
        return false;
    for (unsigned i = 0; i < p->num_counters; i++)
        if (p->counters[i].name != NULL && strcmp(p->counters[i].name, word) == 0)
            return parser_fail(p, "\"%s\" is a counter already, of a repetition around this one",
                               word);
    p->counter = parser_keep(p, word);
    return true;
}

bool parse_repeat(struct parser *p)
{
    /* Whatever is wrong with the line: it begins what an "end" ends. */
    p->request = REQUEST_REPEAT;
    p->num_times = 0;
    p->counter = NULL;
    uint64_t num;
    if (p->num_counters == SCENARIO_NESTING_MAX)
        return parser_fail(p, "repetitions stand in each other to a depth of %u at most",
                           SCENARIO_NESTING_MAX);
    if (!parser_number(p, "how often", 1, SCENARIO_STEPS_MAX, &num) ||
        (parser_accept(p, "as") && !read_counter(p)) || !parser_need_end(p))
        return false;
    p->num_times = num;
    return true;
}

bool parse_end_of_repetition(struct parser *p)
{
    if (p->source->repetitions == 0)
        return parser_fail(p, "there is nothing in this file that \"end\" could end");
    p->request = REQUEST_END;
    return true;
}

/* "repaet 5 as i" is to begin what an "end" ends, and is not judged line by line; "edn", which
 * is alone on its line as nothing else is, is to end it. */
void source_guess(struct parser *p, char *const *words, unsigned num)
{
    const bool is_known = num == 0 || parser_is_known(p, words[0]);
    const bool is_repeat = num > 0 && strcmp(words[0], "repeat") == 0;
    const bool is_end = num > 0 && strcmp(words[0], "end") == 0;
    const bool is_counted = (num == 2 || (num == 4 && strcmp(words[2], "as") == 0)) &&
                            words[1][strspn(words[1], "0123456789")] == '\0';
    p->num_times = 0;
    if (is_repeat)
        p->request = REQUEST_REPEAT;
    else if (!is_known && is_counted)
        p->request = REQUEST_REPEAT_PERHAPS;
    else if (is_end || (!is_known && num == 1))
        p->request = REQUEST_END;
}

/* The same from a line that is not read. */
static void guess_line(struct parser *p, const char *line, size_t len)
{
    char *text = g_strndup(line, len);
    char **words = g_strsplit_set(text, " \t\r", -1);
    unsigned num = 0;
    for (unsigned i = 0; words[i] != NULL && words[i][0] != '#'; i++) {
        if (words[i][0] == '\0')
            continue;
        char *word = words[i];
        words[i] = words[num];
        words[num++] = word;
    }
    p->request = REQUEST_NONE;
    source_guess(p, words, num);
    g_strfreev(words);
    g_free(text);
}

/* Where what is repeated from here on ends: after its "end"; false when it does not. */
static bool find_end(struct parser *p, struct source *source)
{
    unsigned depth = 1;
    while (depth > 0 && source->at < source->len) {
        const char *begin = source->text + source->at;
        const char *end = memchr(begin, '\n', source->len - source->at);
        const size_t len = end != NULL ? (size_t)(end - begin) : source->len - source->at;
        guess_line(p, begin, len);
        depth += p->request == REQUEST_REPEAT || p->request == REQUEST_REPEAT_PERHAPS;
        depth -= p->request == REQUEST_END;
        source->at += len + 1;
        source->line++;
    }
    return depth == 0;
}

static bool read_lines(struct parser *p, struct source *source, bool is_repetition);

/* The lines up to its "end", as often as its line has said. */
static void repeat(struct parser *p, struct source *source)
{
    const struct source begin = *source;
    const uint64_t num = p->num_times;
    const bool is_guess = p->request == REQUEST_REPEAT_PERHAPS;
    struct source end = *source;
    const bool has_end = find_end(p, &end);

    if (is_guess && !has_end)
        return;
    if (!has_end)
        parser_say(p, "the repetition has no end; a line \"end\" ends it");
    if (num == 0 || !has_end) {
        p->lost_kinds = NAME_ANY; /* what is skipped may declare anything */
        p->has_lost = true;
        p->place += end.line - begin.line;
        *source = end;
        return;
    }
    source->repetitions++;
    p->counters[p->num_counters++].name = p->counter;
    for (uint64_t i = 1; i <= num && !p->is_over; i++) {
        p->counters[p->num_counters - 1].value = i;
        source->at = begin.at;
        source->line = begin.line;
        (void)read_lines(p, source, true);
    }
    p->num_counters--;
    source->repetitions--;
}

/* ------------------------------------------------------------------------
 * Lines
 */

/* The next line, to be freed; NULL with a mistake when it is too long. */
static char *next_line(struct parser *p, struct source *source)
{
    const char *begin = source->text + source->at;
    const char *end = memchr(begin, '\n', source->len - source->at);
    const size_t len = end != NULL ? (size_t)(end - begin) : source->len - source->at;

    source->at += len + 1;
    p->source = source;
    p->file_name = source->name;
    p->line = ++source->line;
    p->place++;
    p->is_bad = false;
    p->request = REQUEST_NONE;
    if (source->line > SCENARIO_LINES_MAX) {
        parser_say(p, "a scenario has at most %u lines", SCENARIO_LINES_MAX);
        p->is_over = true;
    } else if (p->place > SCENARIO_ALL_LINES_MAX || p->scenario->steps->len > SCENARIO_STEPS_MAX) {
        parser_say(p,
                   "with all that is repeated and included, a scenario has at most %u lines and "
                   "%u steps",
                   SCENARIO_ALL_LINES_MAX, SCENARIO_STEPS_MAX);
        p->is_over = true;
    } else if (len > SCENARIO_LINE_MAX) {
        parser_say(p, "a line has at most %u bytes", SCENARIO_LINE_MAX);
        p->lost_kinds = NAME_ANY;
        p->has_lost = true;
    }
    if (p->is_bad)
        return NULL;
    if (len > 0 && !g_utf8_validate(begin, (gssize)len, NULL)) {
        parser_say_once(p, NO_UTF8, NO_UTF8); /* and the rest of it is read all the same, */
        p->lost_kinds = NAME_ANY;             /* though a name may be what cannot be read */
        p->has_lost = true;
    }
    return g_utf8_make_valid(begin, (gssize)len);
}

static void read_line(struct parser *p, const char *line)
{
    if (parser_split(p, line)) {
        (void)parse_statement(p);
    } else {
        guess_line(p, line, strlen(line)); /* an "end" it may be all the same */
        mistakes_after_half_a_line(p);
    }
    mistakes_after_line(p, line);
    parser_forget_words(p);
}

/* Reads lines up to the end of the source, or to that of a repetition: then true. */
static bool read_lines(struct parser *p, struct source *source, bool is_repetition)
{
    while (!p->is_over && source->at < source->len) {
        char *line = next_line(p, source);
        if (line != NULL)
            read_line(p, line);
        g_free(line);
        if (p->request == REQUEST_INCLUDE && !p->is_bad)
            include(p, source);
        else if (p->request == REQUEST_INCLUDE)
            lose_file(p);
        else if (p->request == REQUEST_REPEAT || p->request == REQUEST_REPEAT_PERHAPS)
            repeat(p, source);
        else if (p->request == REQUEST_END && is_repetition)
            return true;
    }
    return false;
}

void source_read(struct parser *p, struct source *source)
{
    if (!is_text(p, source))
        return;
    if (source->len >= strlen(BOM) && memcmp(source->text, BOM, strlen(BOM)) == 0)
        source->at = strlen(BOM);
    (void)read_lines(p, source, false);
}
