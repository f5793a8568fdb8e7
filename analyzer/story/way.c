/* SPDX-License-Identifier: GPL-2.0-or-later */
/* way.c: queues: what came to somebody for a recipient, in its order. */
#include "story/internal.h"

#include <string.h>

static uint64_t hash_of_key(const struct sstp_story *story, const struct story_way_key *key)
{
    struct sstp_digesting digesting;

    sstp_digest_begin(&digesting, story->config.key);
    sstp_digest_add(&digesting, sstp_span(key, sizeof *key));
    return sstp_digest_end_half(&digesting);
}

static uint64_t hash_of_way(const void *owner, uint32_t number)
{
    return hash_of_key(owner, &story_way(owner, number)->key);
}

static bool is_way(const void *owner, uint32_t number, const void *wanted)
{
    return memcmp(&story_way(owner, number)->key, wanted, sizeof(struct story_way_key)) == 0;
}

const struct sstp_index_of story_ways_of = {hash_of_way, is_way};

uint32_t story_way_of(struct sstp_story *story, const struct story_way_key *key)
{
    const uint64_t hash = hash_of_key(story, key);
    const uint32_t found = sstp_index_find(&story->ways_index, hash, key);

    if (found != SSTP_INDEX_NONE)
        return found;
    struct story_way *way =
        sstp_index_reserve(&story->ways_index) ? sstp_array_add(&story->ways) : NULL;
    if (way == NULL) {
        story->is_full = true;
        return NONE;
    }
    way->key = *key;
    sstp_index_add(&story->ways_index, hash, story->ways.num - 1);
    return story->ways.num - 1;
}

/* What has left the queue from its front on needs no place any more. */
static void close_up(struct story_way *way)
{
    uint32_t gone = 0;

    while (gone < way->head && (way->places[gone] & STORY_TAKEN) != 0)
        gone++;
    if (gone < way->size / 2)
        return;
    memmove(way->places, way->places + gone, (way->num - gone) * sizeof *way->places);
    way->num -= gone;
    way->head -= gone;
}

bool story_way_enter(struct sstp_story *story, struct story_way *way, uint32_t leg)
{
    if (way->num == way->size && way->size > 0)
        close_up(way);
    if (way->num == way->size) {
        const uint32_t size = way->size == 0 ? 4 : way->size + way->size / 2;
        uint32_t *places = NULL;
        if (size - way->size <= story->config.max_places - story->num_places)
            places = story_resize(story, way->places, size * sizeof *places);
        if (places == NULL) {
            story->is_full = true;
            return false;
        }
        story->num_places += size - way->size;
        way->places = places;
        way->size = size;
    }
    way->places[way->num++] = leg;
    return true;
}

uint32_t story_way_find(const struct story_way *way, uint32_t leg)
{
    uint32_t low = 0, high = way->num;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if ((way->places[middle] & ~STORY_TAKEN) < leg)
            low = middle + 1;
        else
            high = middle;
    }
    return low < way->num && (way->places[low] & ~STORY_TAKEN) == leg ? low : NONE;
}

void story_way_take(struct story_way *way, uint32_t place)
{
    way->places[place] |= STORY_TAKEN;
    if (place >= way->head)
        way->head = place + 1;
    while (way->head < way->num && (way->places[way->head] & STORY_TAKEN) != 0)
        way->head++;
}
