/* SPDX-License-Identifier: GPL-2.0-or-later */
/* selfcheck_streams: which connection of the answers is which. */
#include "statistics/selfcheck.h"

#include <string.h>

#define WAITING_MAX 4096u  /* of one connection */
#define CANDIDATES_MAX 64u /* what more of them say tells nobody apart */
#define ROUNDS_MAX 64u     /* in which those that others are not become known */

/* One that is shown. */
struct stream {
    uint32_t number;
    bool is_known, has_connect;
    bool is_other;      /* what was told under its number is not what is shown of it */
    bool is_told;       /* somebody said something of it, known by now or not */
    uint32_t told;      /* which it is, once that is known */
    GArray *candidates; /* uint32_t, in order: who can it be; NULL before that is weighed */
    guint num_weighed;  /* of those that wait */
    GQueue *waiting;    /* struct grvsstp_shown */
};

static GHashTable *streams; /* struct stream, by the number that is shown */
static GHashTable *claimed; /* numbers that were told, and are known to be somebody */
static GHashTable *tellers; /* GArray of uint32_t: who was told to have said such a command, as
                               often as it did; those that are claimed may be left out */
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

static bool is_key_from_initiator(gconstpointer key)
{
    return GPOINTER_TO_UINT(key) % 2 == 1;
}

static gpointer side_of(uint32_t number, bool from_initiator)
{
    return GUINT_TO_POINTER(number * 2 + from_initiator);
}

static bool is_claimed(uint32_t number)
{
    return g_hash_table_contains(claimed, GUINT_TO_POINTER(number));
}

void grvsstp_selfcheck_streams_told(uint32_t stream, bool from_initiator, const char *words)
{
    prepare();
    g_hash_table_add(sides, side_of(stream, from_initiator));
    const gpointer key = key_of(from_initiator, words);
    GArray *numbers = g_hash_table_lookup(tellers, key);
    if (numbers == NULL) {
        numbers = g_array_new(FALSE, FALSE, sizeof(uint32_t));
        g_hash_table_insert(tellers, key, numbers);
    }
    if (!is_claimed(stream))
        g_array_append_val(numbers, stream);
}

/* Who said it and is not known to be another one; NULL if nobody ever said it. */
static const GArray *unclaimed_tellers(gpointer key)
{
    GArray *numbers = g_hash_table_lookup(tellers, key);
    guint num_left = 0;
    if (numbers == NULL)
        return NULL;
    for (guint i = 0; i < numbers->len; i++) {
        const uint32_t number = g_array_index(numbers, uint32_t, i);
        if (!is_claimed(number))
            g_array_index(numbers, uint32_t, num_left++) = number;
    }
    g_array_set_size(numbers, num_left);
    return numbers;
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

/* By its number, if that alone can have said this of it: of a connection through a proxy each end
 * tells its own side alone, under two numbers, and where several say the same it is known only at
 * the end which it is.  Without its Connect it says too little for that. */
static void weigh_number(struct stream *stream, const struct grvsstp_shown *shown)
{
    if (!stream->has_connect || stream->is_other || is_claimed(stream->number) ||
        !g_hash_table_contains(sides, side_of(stream->number, shown->from_initiator)))
        return;
    const GArray *numbers = unclaimed_tellers(key_of(shown->from_initiator, shown->words));
    guint num_own = 0;
    for (guint i = 0; numbers != NULL && i < numbers->len; i++)
        num_own += g_array_index(numbers, uint32_t, i) == stream->number;
    if (num_own == 0)
        stream->is_other = true;
    else if (num_own == numbers->len)
        know(stream, stream->number);
}

/* By what is shown of it before this frame: a frame's answers come after its commands. */
static void recognise(struct stream *stream, uint32_t frame)
{
    for (const GList *link = g_queue_peek_nth_link(stream->waiting, stream->num_weighed);
         link != NULL && !stream->is_known; link = link->next) {
        const struct grvsstp_shown *shown = link->data;
        if (shown->frame >= frame)
            break;
        stream->num_weighed++;
        if (shown->kind == GRVSSTP_ANSWER_COMMAND && tells_apart(shown->words))
            weigh_number(stream, shown);
    }
}

/* ------------------------------------------------------------------------
 * Who it can be
 */

#define SIDES 2u /* the acceptor, the initiator */

/* How much of what is shown of a stream one of those that were told said. */
struct fit {
    uint32_t number;
    uint32_t alike[SIDES];
    int value;          /* what is alike, less what is shown and it did not say */
    bool is_fully_said; /* nothing is shown that it did not say */
};

/* How often what waits says each: guints, by key_of(). */
static GHashTable *count_waiting(const struct stream *stream)
{
    GHashTable *counts = g_hash_table_new(NULL, NULL);
    for (const GList *link = stream->waiting->head; link != NULL; link = link->next) {
        const struct grvsstp_shown *shown = link->data;
        if (shown->kind != GRVSSTP_ANSWER_COMMAND)
            continue;
        const gpointer key = key_of(shown->from_initiator, shown->words);
        const guint count = GPOINTER_TO_UINT(g_hash_table_lookup(counts, key));
        g_hash_table_insert(counts, key, GUINT_TO_POINTER(count + 1));
    }
    return counts;
}

/* How often each said it: guints, by number; NULL when there are too many to tell apart. */
static GHashTable *count_tellers(const GArray *numbers)
{
    GHashTable *counts = g_hash_table_new(NULL, NULL);
    for (guint i = 0; numbers != NULL && i < numbers->len && counts != NULL; i++) {
        const gpointer number = GUINT_TO_POINTER(g_array_index(numbers, uint32_t, i));
        const guint count = GPOINTER_TO_UINT(g_hash_table_lookup(counts, number));
        g_hash_table_insert(counts, number, GUINT_TO_POINTER(count + 1));
        if (g_hash_table_size(counts) > CANDIDATES_MAX)
            g_clear_pointer(&counts, g_hash_table_destroy);
    }
    return counts;
}

/* Adds what is alike of one thing that is shown `num_shown` times. */
static void add_alike(GHashTable *fits, GHashTable *counts, bool from_initiator, guint num_shown)
{
    GHashTableIter iter;
    gpointer number, count;
    g_hash_table_iter_init(&iter, counts);
    while (g_hash_table_iter_next(&iter, &number, &count)) {
        struct fit *fit = g_hash_table_lookup(fits, number);
        if (fit == NULL) {
            fit = g_new0(struct fit, 1);
            fit->number = GPOINTER_TO_UINT(number);
            g_hash_table_insert(fits, number, fit);
        }
        fit->alike[from_initiator] += MIN(GPOINTER_TO_UINT(count), num_shown);
    }
}

/* Of those that said any of what waits, struct fit by number. */
static GHashTable *fits_of(struct stream *stream)
{
    GHashTable *fits = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    GHashTable *waiting = count_waiting(stream);
    uint32_t num_shown[SIDES] = {0};
    GHashTableIter iter;
    gpointer key, value;

    g_hash_table_iter_init(&iter, waiting);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        const bool from_initiator = is_key_from_initiator(key);
        const GArray *numbers = unclaimed_tellers(key);
        stream->is_told = stream->is_told || numbers != NULL;
        GHashTable *counts = count_tellers(numbers);
        if (counts == NULL)
            continue;
        num_shown[from_initiator] += GPOINTER_TO_UINT(value);
        add_alike(fits, counts, from_initiator, GPOINTER_TO_UINT(value));
        g_hash_table_destroy(counts);
    }
    g_hash_table_destroy(waiting);
    g_hash_table_iter_init(&iter, fits);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        struct fit *fit = value;
        uint32_t num_unsaid = 0;
        for (unsigned side = 0; side < SIDES; side++)
            if (g_hash_table_contains(sides, side_of(fit->number, side)))
                num_unsaid += num_shown[side] - fit->alike[side];
        fit->value = (int)(fit->alike[0] + fit->alike[1]) - (int)num_unsaid;
        fit->is_fully_said = num_unsaid == 0;
    }
    return fits;
}

/* Those that said all that is shown of it, of the sides that they tell; where nobody did something
 * is shown or told wrong, and it is one of those that said the most of it. */
static void weigh(struct stream *stream)
{
    GHashTable *fits = fits_of(stream);
    GHashTableIter iter;
    gpointer value;
    bool is_fully_said = false;
    int best = 1;

    g_hash_table_iter_init(&iter, fits);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const struct fit *fit = value;
        is_fully_said = is_fully_said || fit->is_fully_said;
        best = MAX(best, fit->value);
    }
    stream->candidates = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    g_hash_table_iter_init(&iter, fits);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const struct fit *fit = value;
        if (is_fully_said ? fit->is_fully_said : fit->value == best)
            g_array_append_val(stream->candidates, fit->number);
    }
    g_array_sort(stream->candidates, by_value);
    g_hash_table_destroy(fits);
}

/* Takes those out that are known to be another one by now. */
static void drop_claimed(GArray *numbers)
{
    guint num_left = 0;
    for (guint i = 0; i < numbers->len; i++) {
        const uint32_t number = g_array_index(numbers, uint32_t, i);
        if (!is_claimed(number))
            g_array_index(numbers, uint32_t, num_left++) = number;
    }
    g_array_set_size(numbers, num_left);
}

/* If only one of those that it can be is left. */
static bool know_by_elimination(struct stream *stream)
{
    if (stream->is_known)
        return false;
    drop_claimed(stream->candidates);
    if (stream->candidates->len == 1)
        know(stream, g_array_index(stream->candidates, uint32_t, 0));
    return stream->is_known;
}

/* If its number can be it, as good as any other. */
static bool know_by_number(struct stream *stream)
{
    if (stream->is_known || !stream->has_connect || is_claimed(stream->number) ||
        !g_array_binary_search(stream->candidates, &stream->number, by_value, NULL))
        return false;
    know(stream, stream->number);
    return true;
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
        recognise(stream, shown->frame);
    if (!stream->is_known && stream->waiting->length > WAITING_MAX) {
        weigh(stream);
        if (!know_by_elimination(stream) && !know_by_number(stream))
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

/* As many as can be these are all of these, in order: where one is missing in the capture nobody
 * knows which. */
static bool know_in_order(const GPtrArray *alike)
{
    struct stream *first = g_ptr_array_index(alike, 0);
    GArray *numbers = g_array_ref(first->candidates);
    const bool are_all = alike->len == numbers->len;
    for (guint i = 0; i < alike->len && are_all; i++)
        know(g_ptr_array_index(alike, i), g_array_index(numbers, uint32_t, i));
    g_array_unref(numbers);
    return are_all;
}

/* Those that say the same all along. */
static bool know_alike(const GList *all)
{
    bool is_any = false;
    GHashTable *groups =
        g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref,
                              (GDestroyNotify)g_ptr_array_unref);
    for (const GList *link = all; link != NULL; link = link->next) {
        struct stream *stream = link->data;
        if (stream->is_known)
            continue;
        drop_claimed(stream->candidates);
        if (stream->candidates->len == 0)
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
        is_any = know_in_order(alike) || is_any;
    g_hash_table_destroy(groups);
    return is_any;
}

/* Each that is known leaves fewer for others: first those of which that is sure. */
static void eliminate(const GList *all)
{
    bool is_another = true;
    for (unsigned round = 0; is_another && round < ROUNDS_MAX; round++) {
        is_another = false;
        for (const GList *link = all; link != NULL; link = link->next)
            is_another = know_by_elimination(link->data) || is_another;
        is_another = is_another || know_alike(all);
        if (!is_another)
            for (const GList *link = all; link != NULL; link = link->next)
                is_another = know_by_number(link->data) || is_another;
    }
}

void grvsstp_selfcheck_streams_finish(grvsstp_shown_handler handler)
{
    prepare();
    GList *all = g_list_sort(g_hash_table_get_values(streams), by_number);
    for (GList *link = all; link != NULL; link = link->next)
        if (!((struct stream *)link->data)->is_known)
            weigh(link->data);
    eliminate(all);
    for (GList *link = all; link != NULL; link = link->next) {
        struct stream *stream = link->data;
        if (!stream->is_known)
            give_up(stream);
        hand_on(stream, handler);
    }
    g_list_free(all);
}
