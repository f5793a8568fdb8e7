/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "follow/journeys.h"

#include "follow/memory.h"
#include "follow/message.h"

static grvsstp_bool are_followed = true;

void grvsstp_journeys_register_preferences(module_t *module)
{
    prefs_register_bool_preference(
        module, "follow_journeys", "Follow messages from hop to hop",
        "Join what one message is on all connections of the capture, and say who has it; needs the "
        "states",
        &are_followed);
}

bool grvsstp_journeys_are_followed(void)
{
    return are_followed;
}

/* ------------------------------------------------------------------------
 * The story of the capture
 */

static struct sstp_story *story; /* in file scope */
static uint8_t key[SSTP_DIGEST_KEY_LEN];
static bool is_for_report;
static const struct grvsstp_contents_digest *other_digest; /* NULL: none is wanted */
static wmem_array_t *other_contents; /* GRVSSTP_CONTENTS_LEN bytes a leg, in file scope */
static const struct grvsstp_journeys_recorder *recorder; /* NULL: the story is here */
static uint32_t point;
static int64_t point_uncertainty_ns;

void grvsstp_journeys_use_for_report(const struct grvsstp_contents_digest *digest)
{
    is_for_report = true;
    other_digest = digest;
}

void grvsstp_journeys_set_point(uint32_t number, int64_t uncertainty_ns)
{
    point = number;
    point_uncertainty_ns = uncertainty_ns;
}

void grvsstp_journeys_record(const struct grvsstp_journeys_recorder *who, const uint8_t *with)
{
    recorder = who;
    memcpy(key, with, sizeof key);
}

struct sstp_story *grvsstp_story(void)
{
    return story;
}

void grvsstp_journeys_reset(void)
{
    story = NULL;
    other_contents = NULL;
}

static void begin_story(void)
{
    struct sstp_story_config config = {
        .mem = &grvsstp_file_scope, .keeps_numbers = !is_for_report, .keeps_times = is_for_report};

    for (size_t i = 0; i < sizeof key; i += sizeof(uint32_t)) {
        const uint32_t part = g_random_int(); /* GLib has its seed from the system */
        memcpy(key + i, &part, sizeof part);
    }
    memcpy(config.key, key, sizeof key);
    story = sstp_story_new(&config);
}

void grvsstp_journeys_finish(void)
{
    if (story != NULL)
        sstp_story_finish(story);
}

/* ------------------------------------------------------------------------
 * Payloads
 */

/* A message whose EndMessage has not come. */
struct under_way {
    uint32_t message;
    bool is_whole;
    uint64_t length;
    struct sstp_digesting digesting;
    void *other; /* state of other_digest, which the place keeps; NULL: none yet */
};

struct grvsstp_journeys {
    uint32_t connection; /* in the story, or as the recorder knows it */
    unsigned num[2];     /* by from_initiator */
    struct under_way *under_way[2];
    unsigned size[2];
};

struct grvsstp_journeys *grvsstp_journeys_new(uint32_t number)
{
    const struct sstp_story_transport transport = {
        .point = point,
        .initiator = sstp_span(&number, sizeof number)}; /* each is somewhere else */

    if (!are_followed)
        return NULL;
    struct grvsstp_journeys *journeys = wmem_new0(wmem_file_scope(), struct grvsstp_journeys);
    if (recorder != NULL) {
        journeys->connection = number;
        recorder->begin(recorder->cookie, number, point, point_uncertainty_ns);
        return journeys;
    }
    if (story == NULL)
        begin_story();
    if (point_uncertainty_ns > 0)
        sstp_story_set_uncertainty(story, point, point_uncertainty_ns);
    journeys->connection = sstp_story_connect(story, &transport);
    return journeys;
}

static struct under_way *find(const struct grvsstp_journeys *journeys, bool from_initiator,
                              uint32_t message)
{
    for (unsigned i = journeys->num[from_initiator]; i-- > 0;)
        if (journeys->under_way[from_initiator][i].message == message)
            return &journeys->under_way[from_initiator][i];
    return NULL;
}

static void add_other_number(void *state, uint64_t number)
{
    uint8_t bytes[8];

    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(number >> 8 * i);
    other_digest->add(state, sstp_span(bytes, sizeof bytes));
}

static void add_other_text(void *state, struct sstp_span text)
{
    add_other_number(state, text.len);
    other_digest->add(state, text);
}

/* What the story takes for a message's contents (analyzer/story/session.c), as far as the Message
 * says it. */
static void begin_other(struct under_way *under_way, struct sstp_span resource_url,
                        const struct sstp_command *message)
{
    const uint8_t kept =
        message->flags & (SSTP_MESSAGE_FLAG_FRAGMENT | SSTP_MESSAGE_FLAG_STREAM_SIZE);
    void *state = under_way->other;

    other_digest->begin(state);
    add_other_text(state, resource_url);
    add_other_text(state, message->user_ref);
    add_other_number(state, kept);
    if (kept == 0)
        return;
    add_other_number(state, message->byte_stream_size);
    add_other_number(state, message->session_size);
    add_other_number(state, message->message_size);
    add_other_number(state, message->num_fragments);
    add_other_number(state, message->this_fragment);
    add_other_number(state, message->fragment_offset);
    add_other_text(state, message->fragment_id);
}

static void keep_other(const uint8_t digest[GRVSSTP_CONTENTS_LEN], uint32_t leg)
{
    static const uint8_t none[GRVSSTP_CONTENTS_LEN];

    if (other_contents == NULL)
        other_contents = wmem_array_new(wmem_file_scope(), sizeof none);
    while (wmem_array_get_count(other_contents) < leg)
        wmem_array_append(other_contents, none, 1);
    wmem_array_append(other_contents, digest, 1);
}

const uint8_t *grvsstp_journeys_contents(uint32_t leg)
{
    static const uint8_t none[GRVSSTP_CONTENTS_LEN];

    if (other_contents == NULL || leg >= wmem_array_get_count(other_contents))
        return NULL;
    const uint8_t *digest = wmem_array_index(other_contents, leg);
    return memcmp(digest, none, sizeof none) != 0 ? digest : NULL;
}

static void begin_message(struct grvsstp_journeys *journeys, const struct sstp_story_event *event,
                          struct sstp_span resource_url)
{
    const bool from_initiator = event->from_initiator;
    unsigned *num = &journeys->num[from_initiator], *size = &journeys->size[from_initiator];

    if (*num == GRVSSTP_JOURNEYS_UNDER_WAY_MAX)
        *num = 0; /* those have no end, or none that is worth waiting for */
    if (*num == *size) {
        const unsigned before = *size;
        *size = *size == 0 ? 1 : 2 * *size;
        journeys->under_way[from_initiator] =
            wmem_realloc(wmem_file_scope(), journeys->under_way[from_initiator],
                         *size * sizeof *journeys->under_way[0]);
        for (unsigned i = before; i < *size; i++)
            journeys->under_way[from_initiator][i].other = NULL;
    }
    struct under_way *under_way = &journeys->under_way[from_initiator][(*num)++];
    *under_way =
        (struct under_way){.message = event->message, .is_whole = true, .other = under_way->other};
    sstp_digest_begin(&under_way->digesting, key);
    if (other_digest == NULL)
        return;
    if (under_way->other == NULL)
        under_way->other = wmem_alloc(wmem_file_scope(), other_digest->size);
    begin_other(under_way, resource_url, event->command);
}

static void add_payload(const struct grvsstp_journeys *journeys, bool from_initiator,
                        uint32_t message, const struct sstp_command *data,
                        const struct sstp_order_item *item)
{
    struct under_way *under_way = find(journeys, from_initiator, message);
    uint32_t num_missing;

    if (under_way == NULL)
        return;
    (void)grvsstp_data_payload(item->bytes, &num_missing);
    under_way->is_whole = under_way->is_whole && num_missing == 0;
    under_way->length += data->data.len + num_missing;
    sstp_digest_add(&under_way->digesting, data->data);
    if (other_digest != NULL)
        other_digest->add(under_way->other, data->data);
}

/* Tells the story, or who records it. */
static void tell(const struct sstp_story_event *event, struct sstp_span bytes,
                 const uint8_t *contents)
{
    if (recorder != NULL) {
        recorder->command(recorder->cookie, event, bytes, contents);
        return;
    }
    const uint32_t leg = sstp_story_command(story, event);
    if (contents != NULL && leg != SSTP_STORY_NONE)
        keep_other(contents, leg);
}

/* The message's payload, as far as it is known. */
static void end_message(struct grvsstp_journeys *journeys, struct sstp_story_event *event,
                        struct sstp_span bytes)
{
    const bool from_initiator = event->from_initiator;
    struct under_way *under_way = find(journeys, from_initiator, event->message);
    uint8_t contents[GRVSSTP_CONTENTS_LEN];

    if (under_way == NULL) {
        tell(event, bytes, NULL);
        return;
    }
    event->has_digest = under_way->is_whole;
    event->length = under_way->length;
    event->digest = sstp_digest_end(&under_way->digesting);
    const bool has_other = other_digest != NULL && under_way->is_whole;
    if (has_other) {
        add_other_number(under_way->other, under_way->length);
        other_digest->end(under_way->other, contents);
    }
    tell(event, bytes, has_other ? contents : NULL);
    struct under_way *last = &journeys->under_way[from_initiator][--journeys->num[from_initiator]];
    const struct under_way ended = *under_way;
    *under_way = *last;
    *last = ended;
}

/* ------------------------------------------------------------------------
 * What is told to it
 */

static struct sstp_span resource_of(const struct sstp_observer *observer, bool from_initiator,
                                    uint32_t message)
{
    const uint32_t session = sstp_observer_message(observer, from_initiator, message).session;
    const char *url = sstp_observer_session(observer, session)->resource_url;

    return url != NULL ? sstp_span_of_string(url) : sstp_span(NULL, 0);
}

void grvsstp_journeys_command(struct grvsstp_journeys *journeys, bool from_initiator,
                              const struct sstp_command *command,
                              const struct sstp_order_item *item,
                              const struct sstp_observer *observer,
                              const struct sstp_observation *seen)
{
    if (journeys == NULL)
        return;
    if (command->id == SSTP_DATA) {
        if (seen->has_message)
            add_payload(journeys, from_initiator, seen->message, command, item);
        return;
    }
    struct sstp_story_event event = {.connection = journeys->connection,
                                     .from_initiator = from_initiator,
                                     .label = item->frame,
                                     .time_ns = item->time_ns,
                                     .command = command};
    sstp_story_observed(&event, observer, seen);
    if (command->id == SSTP_MESSAGE && seen->has_message)
        begin_message(journeys, &event, resource_of(observer, from_initiator, seen->message));
    if (command->id == SSTP_END_MESSAGE && seen->has_message)
        end_message(journeys, &event, item->bytes);
    else
        tell(&event, item->bytes, NULL);
}

void grvsstp_journeys_gap(struct grvsstp_journeys *journeys)
{
    if (journeys == NULL)
        return;
    journeys->num[0] = journeys->num[1] = 0;
    if (recorder != NULL)
        recorder->gap(recorder->cookie, journeys->connection);
    else
        sstp_story_gap(story, journeys->connection);
}

void grvsstp_journeys_end(struct grvsstp_journeys *journeys)
{
    if (journeys == NULL)
        return;
    if (recorder != NULL)
        recorder->end(recorder->cookie, journeys->connection);
    else
        sstp_story_end(story, journeys->connection);
}

uint32_t grvsstp_journeys_connection(const struct grvsstp_journeys *journeys)
{
    return journeys != NULL && story != NULL ? journeys->connection : SSTP_STORY_NONE;
}

uint32_t grvsstp_journeys_leg(const struct grvsstp_journeys *journeys, bool from_initiator,
                              uint32_t message)
{
    return journeys != NULL && story != NULL
               ? sstp_story_leg_of(story, journeys->connection, from_initiator, message)
               : SSTP_STORY_NONE;
}
