/* SPDX-License-Identifier: GPL-2.0-or-later */
/* selfcheck_streams: which connection of the answers is which. */
#include "statistics/selfcheck.h"

#include <string.h>

#define WAITING_MAX 256u /* of one connection */

/* One that is shown. */
struct stream {
    uint32_t number;
    bool is_known, has_connect;
    uint32_t told;   /* which it is, once that is known */
    GQueue *waiting; /* struct grvsstp_shown */
};

static GHashTable *streams; /* struct stream, by the number that is shown */
static GHashTable *claimed; /* numbers that were told, and are known to be somebody */
static GHashTable *tellers; /* GArray of uint32_t: who was told to have said such a command */

static void free_shown(gpointer pointer)
{
    g_free(((struct grvsstp_shown *)pointer)->words);
    g_free(pointer);
}

static void free_stream(gpointer pointer)
{
    struct stream *stream = pointer;
    g_queue_free_full(stream->waiting, free_shown);
    g_free(stream);
}

static void free_numbers(gpointer numbers)
{
    g_array_free(numbers, TRUE);
}

static void prepare(void)
{
    if (streams != NULL)
        return;
    streams = g_hash_table_new_full(NULL, NULL, NULL, free_stream);
    claimed = g_hash_table_new(NULL, NULL);
    tellers = g_hash_table_new_full(NULL, NULL, NULL, free_numbers);
}

void grvsstp_selfcheck_streams_forget(void)
{
    if (streams == NULL)
        return;
    g_hash_table_remove_all(streams);
    g_hash_table_remove_all(claimed);
    g_hash_table_remove_all(tellers);
}

/* ------------------------------------------------------------------------
 * Who it is
 */

static bool is_command(const char *words, const char *name)
{
    static const char begin[] = "command\t";
    const size_t len = strlen(name);
    return strncmp(words, begin, strlen(begin)) == 0 &&
           strncmp(words + strlen(begin), name, len) == 0 && words[strlen(begin) + len] == '\n';
}

/* One with names or contents, which only few say in the same words. */
static bool tells_apart(const char *words)
{
    static const char *const names[] = {"Connect",  "Open",    "FanoutOpen", "Attach",
                                        "Register", "Message", "Data"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (is_command(words, names[i]))
            return true;
    return false;
}

static gpointer key_of(bool from_initiator, const char *words)
{
    return GUINT_TO_POINTER(g_str_hash(words) * 2 + from_initiator);
}

void grvsstp_selfcheck_streams_told(uint32_t stream, bool from_initiator, const char *words)
{
    prepare();
    if (!tells_apart(words))
        return;
    const gpointer key = key_of(from_initiator, words);
    GArray *numbers = g_hash_table_lookup(tellers, key);
    if (numbers == NULL) {
        numbers = g_array_new(FALSE, FALSE, sizeof(uint32_t));
        g_hash_table_insert(tellers, key, numbers);
    }
    if (numbers->len == 0 || g_array_index(numbers, uint32_t, numbers->len - 1) != stream)
        g_array_append_val(numbers, stream);
}

static bool is_claimed(uint32_t number)
{
    return g_hash_table_contains(claimed, GUINT_TO_POINTER(number));
}

static void know(struct stream *stream, uint32_t told)
{
    stream->is_known = true;
    stream->told = told;
    g_hash_table_add(claimed, GUINT_TO_POINTER(told));
}

/* By this of it, if one is said to have said that. */
static void recognise_by(struct stream *stream, const struct grvsstp_shown *shown)
{
    const GArray *numbers =
        g_hash_table_lookup(tellers, key_of(shown->from_initiator, shown->words));
    uint32_t found = 0;
    bool is_found = false;

    if (numbers == NULL || shown->kind != GRVSSTP_ANSWER_COMMAND || !tells_apart(shown->words))
        return;
    for (guint i = 0; i < numbers->len; i++) {
        const uint32_t number = g_array_index(numbers, uint32_t, i);
        if (is_claimed(number) || (is_found && number != stream->number))
            continue;
        found = number;
        is_found = true;
    }
    if (is_found)
        know(stream, found);
}

/* By the first that can be, of frames before this one: a frame's answers come after its commands.
 */
static void recognise(struct stream *stream, uint32_t frame)
{
    for (const GList *link = stream->waiting->head; link != NULL && !stream->is_known;
         link = link->next) {
        const struct grvsstp_shown *shown = link->data;
        if (shown->frame < frame)
            recognise_by(stream, shown);
    }
}

/* Nobody told of it: by its number, if it has its beginning. */
static void give_up(struct stream *stream)
{
    const bool is_by_number = stream->has_connect && !is_claimed(stream->number);
    know(stream, is_by_number ? stream->number : stream->number + GRVSSTP_SELFCHECK_UNTOLD);
}

/* ------------------------------------------------------------------------
 * What is shown
 */

static struct stream *stream_of(uint32_t number)
{
    prepare();
    struct stream *stream = g_hash_table_lookup(streams, GUINT_TO_POINTER(number));
    if (stream == NULL) {
        stream = g_new0(struct stream, 1);
        stream->number = number;
        stream->waiting = g_queue_new();
        g_hash_table_insert(streams, GUINT_TO_POINTER(number), stream);
    }
    return stream;
}

static void hand_on(struct stream *stream, grvsstp_shown_handler handler)
{
    struct grvsstp_shown *shown;
    while ((shown = g_queue_pop_head(stream->waiting)) != NULL) {
        handler(stream->told, shown);
        g_free(shown);
    }
}

void grvsstp_selfcheck_streams_shown(uint32_t number, const struct grvsstp_shown *shown,
                                     grvsstp_shown_handler handler)
{
    struct stream *stream = stream_of(number);

    g_queue_push_tail(stream->waiting, g_memdup2(shown, sizeof *shown));
    if (shown->kind == GRVSSTP_ANSWER_COMMAND && is_command(shown->words, "Connect"))
        stream->has_connect = true;
    if (!stream->is_known)
        recognise(stream, shown->frame);
    if (!stream->is_known && stream->waiting->length > WAITING_MAX)
        give_up(stream);
    if (stream->is_known)
        hand_on(stream, handler);
}

static gint by_number(gconstpointer one, gconstpointer other)
{
    const struct stream *a = one, *b = other;
    return a->number < b->number ? -1 : a->number > b->number;
}

void grvsstp_selfcheck_streams_finish(grvsstp_shown_handler handler)
{
    prepare();
    GList *all = g_list_sort(g_hash_table_get_values(streams), by_number);
    for (GList *link = all; link != NULL; link = link->next) {
        struct stream *stream = link->data;
        if (!stream->is_known)
            recognise(stream, UINT32_MAX);
        if (!stream->is_known)
            give_up(stream);
        hand_on(stream, handler);
    }
    g_list_free(all);
}
