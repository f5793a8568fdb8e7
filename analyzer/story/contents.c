/* SPDX-License-Identifier: GPL-2.0-or-later */
/* contents.c: what a message says, by which it is known again on another leg. */
#include "story/internal.h"

static uint64_t hash_of_contents(const void *owner, uint32_t number)
{
    return story_contents(owner, number)->digest.halves[0];
}

static bool is_contents(const void *owner, uint32_t number, const void *wanted)
{
    return sstp_digest_is_equal(story_contents(owner, number)->digest,
                                *(const struct sstp_digest *)wanted);
}

const struct sstp_index_of story_contents_of = {hash_of_contents, is_contents};

/* The payload after what the Message said. */
static struct sstp_digest digest_of(const struct sstp_story_event *event,
                                    const struct story_session *session)
{
    struct sstp_digesting digesting = session->contents;

    sstp_digest_add_number(&digesting, event->digest.halves[0]);
    sstp_digest_add_number(&digesting, event->digest.halves[1]);
    sstp_digest_add_number(&digesting, event->length);
    return sstp_digest_end(&digesting);
}

uint32_t story_contents_of_event(struct sstp_story *story, const struct sstp_story_event *event,
                                 const struct story_session *session)
{
    const struct sstp_digest digest = digest_of(event, session);
    const uint32_t found = sstp_index_find(&story->contents_index, digest.halves[0], &digest);

    if (found != SSTP_INDEX_NONE)
        return found;
    struct story_contents *contents =
        sstp_index_reserve(&story->contents_index) ? sstp_array_add(&story->contents) : NULL;
    if (contents == NULL) {
        story->is_full = true;
        return NONE;
    }
    contents->digest = digest;
    contents->newest = STORY_LEGS_MAX;
    contents->tells = event->length >= SSTP_STORY_TELLING_LEN || session->tells_by_user_ref;
    sstp_index_add(&story->contents_index, digest.halves[0], story->contents.num - 1);
    return story->contents.num - 1;
}
