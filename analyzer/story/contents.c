/* SPDX-License-Identifier: GPL-2.0-or-later */
/* contents.c: what a message says, by which it is known again on another leg. */
#include "story/internal.h"

/* In the index: a leg that is alone with its contents. */
#define ALONE UINT32_C(0x40000000)

static const uint32_t *digest_at(const struct sstp_story *story, uint32_t number)
{
    return (number & ALONE) != 0 ? story_leg(story, number & ~ALONE)->digest
                                 : story_contents(story, number)->digest;
}

static uint64_t hash_of_contents(const void *owner, uint32_t number)
{
    const uint32_t *digest = digest_at(owner, number);
    return (uint64_t)digest[1] << 32 | digest[0];
}

static bool is_contents(const void *owner, uint32_t number, const void *wanted)
{
    return hash_of_contents(owner, number) == *(const uint64_t *)wanted;
}

const struct sstp_index_of story_contents_of = {hash_of_contents, is_contents};

static void set_digest(uint32_t digest[2], uint64_t value)
{
    digest[0] = (uint32_t)value;
    digest[1] = (uint32_t)(value >> 32);
}

/* The payload after what the Message said. */
static uint64_t digest_of(const struct sstp_story_event *event, const struct story_session *session)
{
    struct sstp_digesting digesting = session->contents;

    sstp_digest_add_number(&digesting, event->digest.halves[0]);
    sstp_digest_add_number(&digesting, event->digest.halves[1]);
    sstp_digest_add_number(&digesting, event->length);
    return sstp_digest_end_half(&digesting);
}

/* What one leg alone has said so far, and another says now: from here on it has a record. */
static uint32_t share(struct sstp_story *story, uint32_t index, uint64_t digest)
{
    struct story_leg *leg = story_leg(story, index);
    struct story_contents *contents = sstp_array_add(&story->contents);

    if (contents == NULL) {
        story->is_full = true;
        return NONE;
    }
    const uint32_t number = story->contents.num - 1;
    sstp_index_replace(&story->contents_index, digest, index | ALONE, number);
    set_digest(contents->digest, digest);
    contents->newest = index & STORY_LEGS_MAX;
    contents->tells = leg->tells;
    contents->roots = 1; /* what nothing says before begins a journey */
    leg->is_alone = false;
    leg->contents = number;
    leg->link = NONE;
    return number;
}

struct story_saying story_saying_of(struct sstp_story *story, const struct sstp_story_event *event,
                                    const struct story_session *session)
{
    struct story_saying saying = {.contents = NONE,
                                  .tells = event->length >= SSTP_STORY_TELLING_LEN ||
                                           session->tells_by_user_ref,
                                  .digest = digest_of(event, session)};
    const uint32_t found = sstp_index_find(&story->contents_index, saying.digest, &saying.digest);

    if (found == SSTP_INDEX_NONE) {
        saying.is_alone = sstp_index_reserve(&story->contents_index);
        story->is_full |= !saying.is_alone;
    } else {
        saying.contents =
            (found & ALONE) != 0 ? share(story, found & ~ALONE, saying.digest) : found;
    }
    return saying;
}

void story_say(struct sstp_story *story, uint32_t index, const struct story_saying *saying)
{
    struct story_leg *leg = story_leg(story, index);

    leg->is_alone = saying->is_alone;
    if (!saying->is_alone) {
        leg->contents = saying->contents;
        leg->link = NONE;
        return;
    }
    leg->tells = saying->tells;
    set_digest(leg->digest, saying->digest);
    sstp_index_add(&story->contents_index, saying->digest, index | ALONE);
}
