/* SPDX-License-Identifier: GPL-2.0-or-later */
/* parse: the statements of a scenario, and its names. */
#include "scenario/parser.h"

#include <string.h>

/* clang-format off */
static const struct {
    const char *word;
    bool (*parse)(struct parser *p);
    enum { DECLARATION, STEP, DIRECTION } kind;
} statements[] = {
    {"title",    declare_title,           DECLARATION},
    {"relay",    declare_relay,           DECLARATION},
    {"proxy",    declare_proxy,           DECLARATION},
    {"device",   declare_device,          DECLARATION},
    {"puppet",   declare_puppet,          DECLARATION},
    {"speaker",  declare_speaker,         DECLARATION},
    {"fault",    declare_fault,           DECLARATION},
    {"finding",  declare_finding,         DECLARATION},
    {"not-over", declare_not_over,        DECLARATION},
    {"wait",     parse_wait,              STEP},
    {"at",       parse_at,                STEP},
    {"expect",   parse_expect,            STEP},
    {"include",  parse_include,           DIRECTION},
    {"repeat",   parse_repeat,            DIRECTION},
    {"end",      parse_end_of_repetition, DIRECTION},
};
/* clang-format on */

/* ------------------------------------------------------------------------
 * Names
 */

static const char *kind_text(unsigned kinds)
{
    switch (kinds) {
    case NAME_RELAY:
        return "a relay";
    case NAME_PROXY:
        return "a proxy";
    case NAME_DEVICE:
        return "a device";
    case NAME_PUPPET:
        return "a puppet";
    case NAME_SPEAKER:
        return "a speaker";
    case NAME_RELAY | NAME_SPEAKER:
        return "a relay or speaker";
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
        return parser_fail_unknown(p, kinds, word, "there is no \"%s\" so far; %s is needed here",
                                   word, kind_text(kinds));
    if ((found->kind & kinds) == 0)
        return found->is_unclear ? parser_follow(p)
                                 : parser_fail(p, "\"%s\" is %s; %s is needed here", word,
                                               kind_text(found->kind), kind_text(kinds));
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

bool parser_is_name(struct parser *p, const char *word)
{
    if (strlen(word) > SCENARIO_NAME_MAX)
        return parser_fail(p, "a name has at most %u characters", SCENARIO_NAME_MAX);
    for (const char *c = word; *c != '\0'; c++)
        if (!g_ascii_isalnum(*c) && *c != '_' && *c != '-')
            return parser_fail(p, "a name has letters, digits, - and _, unlike \"%s\"", word);
    return g_ascii_isalpha(word[0]) ||
           parser_fail(p, "a name begins with a letter, unlike \"%s\"", word);
}

bool parser_new_name(struct parser *p, enum name_kind kind, unsigned index, const char **name)
{
    const char *word = parser_next(p);
    const bool is_good =
        word != NULL
            ? parser_is_name(p, word)
            : parser_fail(p, "a name for %s is needed at the end of the line", kind_text(kind));
    if (!is_good || is_reserved(word)) {
        if (is_good)
            parser_say(p, "\"%s\" is a word of the language and cannot be a name", word);
        p->lost_kinds |= kind;
        return false;
    }
    struct name *other = g_hash_table_lookup(p->names, word);
    if (other != NULL) {
        parser_say(p, "\"%s\" is %s already", word, kind_text(other->kind));
        other->is_unclear = true; /* which of both is meant from now on */
        return false;
    }
    struct name *entry = g_new(struct name, 1);
    *entry = (struct name){.kind = kind, .index = index, .place = p->place};
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
    case NAME_PROXY:
        return s->proxies[index].name;
    case NAME_DEVICE:
        return s->devices[index].name;
    case NAME_PUPPET:
        return s->puppets[index].name;
    case NAME_SPEAKER:
        return s->speakers[index].name;
    case NAME_SESSION:
        return s->sessions[index].name;
    case NAME_MESSAGE:
        return s->messages[index].name;
    }
    return "";
}

/* ------------------------------------------------------------------------
 * Statements
 */

bool parser_is_known(const struct parser *p, const char *word)
{
    for (size_t i = 0; i < G_N_ELEMENTS(statements); i++)
        if (strcmp(statements[i].word, word) == 0)
            return true;
    return parser_find(p, word) != NULL;
}

bool parse_statement(struct parser *p)
{
    const struct scenario *s = p->scenario;
    if (p->num_words == 0)
        return true;
    for (size_t i = 0; i < G_N_ELEMENTS(statements); i++) {
        if (p->is_quoted[0] || strcmp(p->words[0], statements[i].word) != 0)
            continue;
        p->at = 1;
        p->has_step = p->has_step || statements[i].kind == STEP;
        /* It is read all the same: what it declares is known. */
        if (statements[i].kind == DECLARATION && s->steps->len > 0)
            parser_say_once(p, "late", "\"%s\" has to stand before the first step", p->words[0]);
        return statements[i].parse(p) && parser_need_end(p);
    }
    p->has_step = true;
    p->has_lost = p->has_lost || parser_find(p, p->words[0]) == NULL;
    source_guess(p, p->words, p->num_words);
    if (parse_step(p))
        return true;
    /* "inclued parts/a.scn": whatever is in there. */
    if (p->num_words == 2 && parser_find(p, p->words[0]) == NULL &&
        strpbrk(p->words[1], "./") != NULL)
        p->lost_kinds = NAME_ANY;
    return false;
}

/* ------------------------------------------------------------------------
 * The whole
 */

static void free_step(gpointer data)
{
    struct scenario_step *step = data;
    if (step->items != NULL)
        g_array_free(step->items, TRUE);
    if (step->bytes != NULL)
        g_byte_array_free(step->bytes, TRUE);
}

static void parser_init(struct parser *p, const char *name, const struct scenario_reader *reader)
{
    struct scenario *scenario = g_new0(struct scenario, 1);
    scenario->strings = g_string_chunk_new(4096);
    scenario->name = g_string_chunk_insert_const(scenario->strings, name);
    scenario->steps = g_array_new(FALSE, TRUE, sizeof(struct scenario_step));
    g_array_set_clear_func(scenario->steps, free_step);
    scenario->contents = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    p->scenario = scenario;
    p->reader = reader;
    p->names = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
    p->contents = g_hash_table_new(g_bytes_hash, g_bytes_equal);
    for (unsigned i = 0; i < SCENARIO_DEVICES_MAX; i++)
        p->peers[i] = SCENARIO_NONE;
    mistakes_init(p);
}

static void parser_clear(struct parser *p)
{
    parser_forget_words(p);
    mistakes_clear(p);
    g_hash_table_destroy(p->names);
    g_hash_table_destroy(p->contents);
    if (p->references != NULL)
        g_array_free(p->references, TRUE);
}

/* What a file lacks as a whole is said of its last line, whatever else is wrong with that. */
static void say_of_whole(struct parser *p, const struct source *source, const char *sentence)
{
    p->file_name = source->name;
    p->line = MAX(source->line, 1);
    p->place++;
    p->is_bad = false;
    g_hash_table_remove_all(p->bad);
    parser_say(p, "%s", sentence);
}

static void check_whole(struct parser *p, const struct source *source)
{
    declare_end(p);
    if (!source->has_title && !p->has_lost)
        say_of_whole(p, source, "the file has no title");
    if (!p->has_step && !p->has_lost)
        say_of_whole(p, source, "the file has no step");
}

struct scenario *scenario_parse(const char *name, const char *text, size_t len,
                                const struct scenario_reader *reader, GPtrArray **mistakes)
{
    struct parser p = {.scenario = NULL};
    parser_init(&p, name, reader);
    struct scenario *scenario = p.scenario;
    struct source source = {.name = scenario->name,
                            .identity = reader != NULL ? reader->identity : NULL,
                            .text = text,
                            .len = len};
    source_read(&p, &source);
    if (!p.is_over)
        check_whole(&p, &source);
    *mistakes = mistakes_list(&p);
    parser_clear(&p);
    if (*mistakes == NULL)
        return scenario;
    scenario_free(scenario);
    return NULL;
}

void scenario_free(struct scenario *scenario)
{
    if (scenario == NULL)
        return;
    for (unsigned i = 0; i < scenario->num_relays; i++) {
        g_ptr_array_free(scenario->relays[i].urls, TRUE);
        g_ptr_array_free(scenario->relays[i].locked_out, TRUE);
    }
    for (unsigned i = 0; i < scenario->num_proxies; i++)
        proxy_login_free(scenario->proxies[i].login);
    for (unsigned i = 0; i < scenario->num_sessions; i++)
        if (scenario->sessions[i].destinations != NULL)
            g_array_free(scenario->sessions[i].destinations, TRUE);
    g_array_free(scenario->steps, TRUE);
    g_ptr_array_free(scenario->contents, TRUE);
    g_string_chunk_free(scenario->strings);
    g_free(scenario);
}
