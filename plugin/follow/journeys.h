/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * journeys: the engine's story (analyzer/story/story.h) in Wireshark: all packets of a capture are
 * one world.  It is fed on the first pass, with what the observer says; what is shown of it is
 * show/journeys.h's.
 */
#ifndef GRVSSTP_FOLLOW_JOURNEYS_H
#define GRVSSTP_FOLLOW_JOURNEYS_H

#include "fields/fields.h"

#include <epan/packet.h>
#include <epan/prefs.h>

#include "state/order.h"
#include "story/story.h"

/* Messages of one direction that are under way at a time; of others the payload is not known. */
#define GRVSSTP_JOURNEYS_UNDER_WAY_MAX 64u

/* Of one connection. */
struct grvsstp_journeys;

/* Registers the preference. */
void grvsstp_journeys_register_preferences(module_t *module);

/* Forgets those of the last capture; for an init routine. */
void grvsstp_journeys_reset(void);

/* Another digest of contents, which processes without the story's key can compare: the caller's,
 * with its state in `size` bytes. */
#define GRVSSTP_CONTENTS_LEN 16u
struct grvsstp_contents_digest {
    size_t size;
    void (*begin)(void *state);
    void (*add)(void *state, struct sstp_span bytes);
    void (*end)(void *state, uint8_t digest[GRVSSTP_CONTENTS_LEN]);
};

/* For who asks for the story after one pass, before the first packet: times are kept, and what
 * turns out to be doubtful is taken back at the end.  With a digest, which has to stay, it is made
 * of each message's contents, too: ResourceURL, UserRef, fragment and payload, which are what
 * every hop has to repeat. */
void grvsstp_journeys_use_for_report(const struct grvsstp_contents_digest *digest);

/* Who writes down what the story would be told, for a story elsewhere to be told it.  Connections
 * are known by the number that grvsstp_journeys_new() got. */
struct grvsstp_journeys_recorder {
    void (*begin)(void *cookie, uint32_t number, uint32_t point, int64_t uncertainty_ns);
    /* A command, but for Data, with all of its bytes; event->connection is that number.  Of an
     * EndMessage `contents` is what the other digest has made; NULL where that is not known. */
    void (*command)(void *cookie, const struct sstp_story_event *event, struct sstp_span bytes,
                    const uint8_t *contents);
    void (*gap)(void *cookie, uint32_t number);
    void (*end)(void *cookie, uint32_t number);
    void *cookie;
};

/* Before the first packet: from now on there is no story here, but `recorder`, which has to stay.
 * Payloads are digested by the key of SSTP_DIGEST_KEY_LEN bytes. */
void grvsstp_journeys_record(const struct grvsstp_journeys_recorder *recorder, const uint8_t *key);

/* Connections that come from here on were captured at this point, whose times are right to
 * `uncertainty_ns` (story.h). */
void grvsstp_journeys_set_point(uint32_t point, int64_t uncertainty_ns);

/* Whether the preferences say that messages are followed. */
bool grvsstp_journeys_are_followed(void);

/* After the first pass. */
void grvsstp_journeys_finish(void);

/* A connection of this number, in file scope; NULL where the preference says so. Here and below,
 * NULL is fine. */
struct grvsstp_journeys *grvsstp_journeys_new(uint32_t number);

/* A command of which the observer has said `seen`. */
void grvsstp_journeys_command(struct grvsstp_journeys *journeys, bool from_initiator,
                              const struct sstp_command *command,
                              const struct sstp_order_item *item,
                              const struct sstp_observer *observer,
                              const struct sstp_observation *seen);

/* Bytes were lost or not captured. */
void grvsstp_journeys_gap(struct grvsstp_journeys *journeys);

/* The transport has ended. */
void grvsstp_journeys_end(struct grvsstp_journeys *journeys);

/* The story of the capture; NULL where there is none. */
struct sstp_story *grvsstp_story(void);

/* What that digest made of a leg; NULL where the contents are not known. */
const uint8_t *grvsstp_journeys_contents(uint32_t leg);

/* The story's number of the connection, which need not be the plugin's; SSTP_STORY_NONE without a
 * story. */
uint32_t grvsstp_journeys_connection(const struct grvsstp_journeys *journeys);

/* The leg of a message of a direction, by the observer's number; SSTP_STORY_NONE. */
uint32_t grvsstp_journeys_leg(const struct grvsstp_journeys *journeys, bool from_initiator,
                              uint32_t message);

#endif
