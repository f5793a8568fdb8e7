/* SPDX-License-Identifier: GPL-2.0-or-later */
/* selfcheck_streams: which connection of the answers is which. */
#include "statistics/selfcheck.h"

#include <string.h>

#define WAITING_MAX 4096u  /* of one connection */
#define CANDIDATES_MAX 64u /* what more of them say tells nobody apart */
#define ROUNDS_MAX 16u     /* in which those that others are not become known */

/* One that is shown. */
struct stream {
    uint32_t number;
    bool is_known, has_connect;
    bool is_other; /* what was told under its number is not what is shown of it */
    bool is_told;  /* somebody said something of it, known by now or not */
    uint32_t told; /* which it is, once that is known */
    GArray
        *candidates;   /* uint32_t, in order: who said all of it so far; NULL: nobody is known to */
    guint num_weighed; /* of those that wait */
    GQueue *waiting;   /* struct grvsstp_shown */
};

static GHashTable *streams; /* struct stream, by the number that is shown */
static GHashTable *claimed; /* numbers that were told, and are known to be somebody */
static GHashTable *tellers; /* GArray of uint32_t: who was told to have said such a command */
static GHashTable *sides;   /* of numbers, as side_of() has them: of whom any was told */

static void free_shown(gpointer pointer)
{
    g_free(((struct grvsstp_shown *)pointer)->words);
    g_free(pointer);
}

static void free_stream(gpointer pointer)
{
    struct stream *stream = pointer;
    g_queue_free_full(stream->waiting, free_shown);
    g_clear_pointer(&stream->candidates, g_array_unref);
    g_free(stream);
}

static void prepare(void)
{
    if (streams != NULL)
        return;
    streams = g_hash_table_new_full(NULL, NULL, NULL, free_stream);
    claimed = g_hash_table_new(NULL, NULL);
    sides = g_hash_table_new(NULL, NULL);
    tellers = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)g_array_unref);
}

void grvsstp_selfcheck_streams_forget(void)
{
    if (streams == NULL)
        return;
    g_hash_table_remove_all(streams);
    g_hash_table_remove_all(claimed);
    g_hash_table_remove_all(tellers);
    g_hash_table_remove_all(sides);
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

static gpointer side_of(uint32_t number, bool from_initiator)
{
    return GUINT_TO_POINTER(number * 2 + from_initiator);
}

void grvsstp_selfcheck_streams_told(uint32_t stream, bool from_initiator, const char *words)
{
    prepare();
    g_hash_table_add(sides, side_of(stream, from_initiator));
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
    g_clear_pointer(&stream->candidates, g_array_unref);
    g_hash_table_add(claimed, GUINT_TO_POINTER(told));
}

static gint by_value(gconstpointer one, gconstpointer other)
{
    const uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)other;
    return a < b ? -1 : a > b;
}

static bool has_number(const GArray *numbers, uint32_t number)
{
    return g_array_binary_search((GArray *)numbers, &number, by_value, NULL);
}

/* Those of `numbers` that are not known to be another one: in order, each once; NULL when there
 * are too many. */
static GArray *unclaimed(const GArray *numbers)
{
    GArray *found = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    for (guint i = 0; i < numbers->len && found->len <= CANDIDATES_MAX; i++) {
        const uint32_t number = g_array_index(numbers, uint32_t, i);
        if (!is_claimed(number) && !has_number(found, number)) {
            g_array_append_val(found, number);
            g_array_sort(found, by_value);
        }
    }
    if (found->len > CANDIDATES_MAX)
        g_clear_pointer(&found, g_array_unref);
    return found;
}

/* Those that said all so far, and this; where nobody did, one of both is shown wrong, and the
 * first stays. */
static void narrow(struct stream *stream, GArray *numbers)
{
    if (stream->candidates == NULL) {
        stream->candidates = g_array_ref(numbers);
        return;
    }
    GArray *both = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    for (guint i = 0; i < numbers->len; i++) {
        const uint32_t number = g_array_index(numbers, uint32_t, i);
        if (has_number(stream->candidates, number))
            g_array_append_val(both, number);
    }
    if (both->len > 0) {
        g_array_unref(stream->candidates);
        stream->candidates = g_array_ref(both);
    }
    g_array_unref(both);
}

static bool is_among(const GArray *numbers, uint32_t number)
{
    for (guint i = 0; numbers != NULL && i < numbers->len; i++)
        if (g_array_index(numbers, uint32_t, i) == number)
            return true;
    return false;
}

/* By its number, as long as nothing else was told under that, if this was: of a connection through
 * a proxy each end tells its own side alone, under two numbers.  Without its Connect it says too
 * little for that. */
static void weigh_number(struct stream *stream, bool from_initiator, const GArray *tellers_of_it)
{
    if (!stream->has_connect || stream->is_other || is_claimed(stream->number) ||
        !g_hash_table_contains(sides, side_of(stream->number, from_initiator)))
        return;
    if (is_among(tellers_of_it, stream->number))
        know(stream, stream->number);
    else
        stream->is_other = true;
}

/* Those that it can be, by this of it, if some are said to have said that. */
static void weigh(struct stream *stream, const GArray *tellers_of_it)
{
    stream->is_told = true;
    GArray *numbers = unclaimed(tellers_of_it);
    if (numbers == NULL)
        return;
    if (numbers->len > 0)
        narrow(stream, numbers);
    g_array_unref(numbers);
}

/* If only one of those that it can be is left. */
static bool know_by_elimination(struct stream *stream)
{
    if (stream->is_known || stream->candidates == NULL)
        return false;
    GArray *left = unclaimed(stream->candidates);
    g_array_unref(stream->candidates);
    stream->candidates = left;
    if (left->len == 1)
        know(stream, g_array_index(left, uint32_t, 0));
    return stream->is_known;
}

/* By what is shown of it before this frame: a frame's answers come after its commands.  Only the
 * last time, when all is told, is it weighed who else it can be. */
static void recognise(struct stream *stream, uint32_t frame, bool is_last)
{
    for (const GList *link = g_queue_peek_nth_link(stream->waiting, stream->num_weighed);
         link != NULL && !stream->is_known; link = link->next) {
        const struct grvsstp_shown *shown = link->data;
        if (shown->frame >= frame)
            break;
        stream->num_weighed++;
        if (shown->kind != GRVSSTP_ANSWER_COMMAND || !tells_apart(shown->words))
            continue;
        const GArray *tellers_of_it =
            g_hash_table_lookup(tellers, key_of(shown->from_initiator, shown->words));
        weigh_number(stream, shown->from_initiator, tellers_of_it);
        if (is_last && !stream->is_known && tellers_of_it != NULL)
            weigh(stream, tellers_of_it);
    }
}

/* The last time, once more from the beginning: all that is told by now. */
static void recognise_late(struct stream *stream, uint32_t frame)
{
    if (stream->is_known)
        return;
    stream->num_weighed = 0;
    stream->is_other = false;
    recognise(stream, frame, true);
    const bool is_told = g_hash_table_contains(sides, side_of(stream->number, false)) ||
                         g_hash_table_contains(sides, side_of(stream->number, true));
    if (!stream->is_known && !stream->is_other && stream->has_connect && is_told &&
        !is_claimed(stream->number))
        know(stream, stream->number);
}

/* Nobody told of it: by its number, if it has its beginning. */
static void give_up(struct stream *stream)
{
    const bool is_by_number =
        stream->has_connect && !stream->is_told && !is_claimed(stream->number);
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
        recognise(stream, shown->frame, false);
    if (!stream->is_known && stream->waiting->length > WAITING_MAX) {
        recognise_late(stream, shown->frame);
        if (!stream->is_known && !know_by_elimination(stream))
            give_up(stream);
    }
    if (stream->is_known)
        hand_on(stream, handler);
}

static gint by_number(gconstpointer one, gconstpointer other)
{
    const struct stream *a = one, *b = other;
    return a->number < b->number ? -1 : a->number > b->number;
}

/* Each that is known leaves fewer for others. */
static void eliminate(const GList *all)
{
    bool is_another = true;
    for (unsigned round = 0; is_another && round < ROUNDS_MAX; round++) {
        is_another = false;
        for (const GList *link = all; link != NULL; link = link->next)
            is_another = know_by_elimination(link->data) || is_another;
    }
}

/* As many as can be these are all of these, in order: where one is missing in the capture nobody
 * knows which. */
static void know_in_order(const GPtrArray *alike)
{
    struct stream *first = g_ptr_array_index(alike, 0);
    GArray *numbers = g_array_ref(first->candidates);
    for (guint i = 0; i < alike->len && alike->len == numbers->len; i++)
        know(g_ptr_array_index(alike, i), g_array_index(numbers, uint32_t, i));
    g_array_unref(numbers);
}

/* Those that say the same all along. */
static void know_alike(const GList *all)
{
    GHashTable *groups =
        g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref,
                              (GDestroyNotify)g_ptr_array_unref);
    for (const GList *link = all; link != NULL; link = link->next) {
        struct stream *stream = link->data;
        if (stream->is_known || stream->candidates == NULL || stream->candidates->len == 0)
            continue;
        GBytes *key =
            g_bytes_new(stream->candidates->data, stream->candidates->len * sizeof(uint32_t));
        GPtrArray *alike = g_hash_table_lookup(groups, key);
        if (alike == NULL) {
            alike = g_ptr_array_new();
            g_hash_table_insert(groups, g_bytes_ref(key), alike);
        }
        g_ptr_array_add(alike, stream);
        g_bytes_unref(key);
    }
    GHashTableIter iter;
    gpointer alike;
    g_hash_table_iter_init(&iter, groups);
    while (g_hash_table_iter_next(&iter, NULL, &alike))
        know_in_order(alike);
    g_hash_table_destroy(groups);
}

void grvsstp_selfcheck_streams_finish(grvsstp_shown_handler handler)
{
    prepare();
    GList *all = g_list_sort(g_hash_table_get_values(streams), by_number);
    for (GList *link = all; link != NULL; link = link->next)
        recognise_late(link->data, UINT32_MAX);
    eliminate(all);
    know_alike(all);
    for (GList *link = all; link != NULL; link = link->next) {
        struct stream *stream = link->data;
        if (!stream->is_known)
            give_up(stream);
        hand_on(stream, handler);
    }
    g_list_free(all);
}
