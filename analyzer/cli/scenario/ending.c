/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario/ending.h"

/* Of two ends, one connection after the other. */
struct place {
    struct packet_end ends[2]; /* in some order that is always the same */
    GArray *endings;           /* struct ending */
};

struct endings {
    GHashTable *places; /* struct place to itself */
    guint num;
};

static struct place key_of(const struct packet_end *one, const struct packet_end *other)
{
    struct place key = {.endings = NULL};
    (void)packet_ends_sort(one, other, key.ends);
    return key;
}

static guint hash_place(gconstpointer place)
{
    return packet_ends_hash(((const struct place *)place)->ends);
}

static gboolean are_equal(gconstpointer a, gconstpointer b)
{
    return packet_ends_equal(((const struct place *)a)->ends, ((const struct place *)b)->ends);
}

static void free_place(gpointer data)
{
    struct place *place = data;
    g_array_free(place->endings, TRUE);
    g_free(place);
}

struct endings *endings_new(void)
{
    struct endings *endings = g_new0(struct endings, 1);
    endings->places = g_hash_table_new_full(hash_place, are_equal, free_place, NULL);
    return endings;
}

void endings_free(struct endings *endings)
{
    g_hash_table_destroy(endings->places);
    g_free(endings);
}

/* The last connection of a segment's ends; NULL where there is no room for one. */
static struct ending *last_of(struct endings *endings, const struct packet_segment *segment,
                              gboolean is_new)
{
    const struct place key = key_of(&segment->source, &segment->destination);
    struct place *place = g_hash_table_lookup(endings->places, &key);
    const struct ending none = {.kind = ENDING_UNKNOWN};

    if (place != NULL && !is_new)
        return &g_array_index(place->endings, struct ending, place->endings->len - 1);
    if (endings->num == ENDINGS_MAX)
        return NULL;
    if (place == NULL) {
        place = g_new(struct place, 1);
        *place = key;
        place->endings = g_array_new(FALSE, FALSE, sizeof(struct ending));
        g_hash_table_add(endings->places, place);
    }
    endings->num++;
    g_array_append_val(place->endings, none);
    return &g_array_index(place->endings, struct ending, place->endings->len - 1);
}

void endings_segment(struct endings *endings, const struct packet_segment *segment, gint64 t_ns)
{
    const gboolean begins = (segment->flags & (PACKET_SYN | PACKET_ACK)) == PACKET_SYN;
    const gboolean ends = (segment->flags & (PACKET_FIN | PACKET_RST)) != 0;
    struct ending *ending;

    if ((!begins && !ends) || (ending = last_of(endings, segment, FALSE)) == NULL)
        return;
    if (begins && (ending->has_begun || ending->kind != ENDING_UNKNOWN) &&
        (ending->kind == ENDING_UNKNOWN || (ending = last_of(endings, segment, TRUE)) == NULL))
        return; /* a SYN that is sent again */
    if (begins) {
        ending->has_begun = TRUE;
        ending->begun_ns = t_ns;
    } else if (ending->kind == ENDING_UNKNOWN) {
        ending->kind = (segment->flags & PACKET_RST) != 0 ? ENDING_RESET : ENDING_CLOSED;
        ending->ended_ns = t_ns;
        ending->by = segment->source;
    }
}

struct ending endings_find(const struct endings *endings, const struct packet_end ends[2],
                           gint64 t_ns)
{
    const struct place key = key_of(&ends[0], &ends[1]);
    const struct place *place = g_hash_table_lookup(endings->places, &key);
    struct ending found = {.kind = ENDING_UNKNOWN};

    for (guint i = 0; place != NULL && i < place->endings->len; i++) {
        const struct ending *ending = &g_array_index(place->endings, struct ending, i);
        if (ending->has_begun && ending->begun_ns > t_ns)
            break;
        if (ending->kind == ENDING_UNKNOWN || ending->ended_ns >= t_ns) {
            found = *ending;
            break;
        }
    }
    return found;
}
