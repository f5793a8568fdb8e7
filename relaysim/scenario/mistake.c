/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mistake: what is wrong with a scenario file, all of it and nothing else.
 *
 * Where a line is bad, the next one is read as if it were not: names that it declares are
 * known all the same.  What cannot be known of them is remembered as unclear, and later
 * lines are not blamed for it.
 */
#include "scenario/parser.h"

#include <string.h>

static void clear_mistake(gpointer data)
{
    struct mistake *mistake = data;
    g_free(mistake->text);
}

void mistakes_init(struct parser *p)
{
    p->mistakes = g_array_new(FALSE, FALSE, sizeof(struct mistake));
    g_array_set_clear_func(p->mistakes, clear_mistake);
    p->by_key = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    p->bad = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    p->unclear = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

void mistakes_clear(struct parser *p)
{
    g_array_free(p->mistakes, TRUE);
    g_hash_table_destroy(p->by_key);
    g_hash_table_destroy(p->bad);
    g_hash_table_destroy(p->unclear);
}

/* ------------------------------------------------------------------------
 * Saying
 */

/* In which repetition it is; "" outside. */
static char *describe_counters(const struct parser *p)
{
    GString *text = g_string_new(NULL);
    for (unsigned i = 0; i < p->num_counters; i++)
        if (p->counters[i].name != NULL)
            g_string_append_printf(text, "%s%s is %" G_GUINT64_FORMAT,
                                   text->len == 0 ? " (where " : ", ", p->counters[i].name,
                                   (guint64)p->counters[i].value);
    if (text->len > 0)
        g_string_append_c(text, ')');
    return g_string_free(text, FALSE);
}

/* `key` is NULL where the mistake is that of the line alone. */
G_GNUC_PRINTF(3, 0)
static void say(struct parser *p, const char *key, const char *format, va_list args)
{
    if (p->is_bad)
        return;
    p->is_bad = true;
    if (!g_hash_table_add(p->bad, g_strdup_printf("%s:%u", p->file_name, p->line)))
        return; /* in an earlier repetition */
    gpointer index;
    if (key != NULL && g_hash_table_lookup_extended(p->by_key, key, NULL, &index)) {
        g_array_index(p->mistakes, struct mistake, GPOINTER_TO_UINT(index)).more++;
        return;
    }
    char *sentence = g_strdup_vprintf(format, args);
    char *counters = describe_counters(p);
    const struct mistake mistake = {
        p->place, g_strdup_printf("%s:%u: %s%s", p->file_name, p->line, sentence, counters), 0};
    /* What was read may hold anything, and goes to a terminal. */
    for (char *c = mistake.text; *c != '\0'; c++)
        if (g_ascii_iscntrl(*c))
            *c = '?';
    if (key != NULL)
        g_hash_table_insert(p->by_key, g_strdup(key), GUINT_TO_POINTER(p->mistakes->len));
    g_array_append_val(p->mistakes, mistake);
    g_free(sentence);
    g_free(counters);
}

void parser_say(struct parser *p, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(p, NULL, format, args);
    va_end(args);
}

void parser_say_once(struct parser *p, const char *key, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(p, key, format, args);
    va_end(args);
}

void parser_say_full(struct parser *p, enum name_kind kind, unsigned max, const char *what)
{
    p->lost_kinds |= kind;
    parser_say_once(p, what, "a scenario has at most %u %s", max, what);
}

static char *key_of_unknown(const char *word)
{
    return g_strconcat("unknown ", word, NULL);
}

void parser_say_unknown(struct parser *p, unsigned kinds, const char *word, const char *format, ...)
{
    if (g_hash_table_contains(p->unclear, word) || (p->lost_kinds & kinds) != 0) {
        p->is_bad = true;
        return;
    }
    char *key = key_of_unknown(word);
    va_list args;
    va_start(args, format);
    say(p, key, format, args);
    va_end(args);
    g_free(key);
}

/* ------------------------------------------------------------------------
 * What follows from mistakes
 */

bool parser_is_unclear(const struct parser *p, enum name_kind kind, unsigned index)
{
    const struct name *name = parser_find(p, parser_name_of(p, kind, index));
    return name != NULL && name->is_unclear;
}

void parser_leave_unclear(struct parser *p, const char *name)
{
    ((struct name *)g_hash_table_lookup(p->names, name))->is_unclear = true;
}

static void leave_unclear(struct parser *p, const char *word)
{
    const struct name *found = parser_find(p, word);
    if (found != NULL) {
        struct name *name = g_hash_table_lookup(p->names, word);
        /* Declared here; or a message, of which the line may have sent a part. */
        if (name->place == p->place || name->kind == NAME_MESSAGE)
            name->is_unclear = true;
        if (name->kind == NAME_DEVICE)
            p->unclear_peers |= 1u << name->index;
        return;
    }
    /* What was called unknown is a mistake of its own, wherever it comes again. */
    char *key = key_of_unknown(word);
    if (!g_hash_table_contains(p->by_key, key))
        g_hash_table_add(p->unclear, g_strdup(word));
    g_free(key);
}

/* A word, and the device of "B.identity@Relay1". */
static void leave_word_unclear(struct parser *p, const char *word)
{
    char *device = g_strdup(word);
    device[strcspn(device, ".@")] = '\0';
    leave_unclear(p, word);
    if (device[0] != '\0')
        leave_unclear(p, device);
    g_free(device);
}

void mistakes_after_line(struct parser *p, const char *line)
{
    if (!p->is_bad)
        return;
    for (unsigned i = 0; i < p->num_words; i++)
        leave_word_unclear(p, p->words[i]);
    /* Words that were not parted, after a quote that has no end. */
    char **parts = g_strsplit_set(line, " \t\r\"", -1);
    for (char **part = parts; *part != NULL; part++)
        leave_word_unclear(p, *part);
    g_strfreev(parts);
}

void mistakes_after_half_a_line(struct parser *p)
{
    p->has_lost = true;
    if (p->num_words < 2)
        p->lost_kinds |= NAME_ANY;
    else if (strcmp(p->words[0], "device") == 0)
        p->lost_kinds |= NAME_DEVICE;
    else if (strcmp(p->words[0], "relay") == 0)
        p->lost_kinds |= NAME_RELAY;
    else if (strcmp(p->words[0], "proxy") == 0)
        p->lost_kinds |= NAME_PROXY;
    else if (strcmp(p->words[0], "puppet") == 0)
        p->lost_kinds |= NAME_PUPPET;
    else if (strcmp(p->words[0], "speaker") == 0)
        p->lost_kinds |= NAME_SPEAKER;
    else
        p->lost_kinds |= NAME_SESSION | NAME_MESSAGE;
}

/* ------------------------------------------------------------------------
 * The list
 */

static gint compare_places(gconstpointer a, gconstpointer b)
{
    const struct mistake *one = a, *other = b;
    return one->place < other->place ? -1 : one->place > other->place;
}

GPtrArray *mistakes_list(const struct parser *p)
{
    if (p->mistakes->len == 0)
        return NULL;
    GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
    g_array_sort(p->mistakes, compare_places);
    for (guint i = 0; i < p->mistakes->len && i < SCENARIO_MISTAKES_MAX; i++) {
        const struct mistake *mistake = &g_array_index(p->mistakes, struct mistake, i);
        if (mistake->more == 0)
            g_ptr_array_add(list, g_strdup(mistake->text));
        else
            g_ptr_array_add(list,
                            g_strdup_printf("%s (and so in %u more %s)", mistake->text,
                                            mistake->more, mistake->more == 1 ? "line" : "lines"));
    }
    if (p->mistakes->len > SCENARIO_MISTAKES_MAX)
        g_ptr_array_add(list,
                        g_strdup_printf("and %u more", p->mistakes->len - SCENARIO_MISTAKES_MAX));
    return list;
}
