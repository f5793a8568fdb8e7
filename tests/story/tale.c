/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tale.h"

static const uint8_t key[SSTP_DIGEST_KEY_LEN] = {'w', 'h', 'a', 't', ' ', 'n', 'o', 'b',
                                                 'o', 'd', 'y', ' ', 'k', 'n', 'e', 'w'};

struct tale_connection {
    struct tale *tale;
    struct sstp_observer observer;
    uint32_t number;
};

void tale_init(struct tale *tale, const struct sstp_story_config *config)
{
    struct sstp_story_config own = {.keeps_times = true};

    if (config != NULL)
        own = *config;
    memcpy(own.key, key, sizeof key);
    *tale = (struct tale){.story = sstp_story_new(&own), .step_ns = MILLISECOND};
    tale->connections = g_ptr_array_new();
}

void tale_clear(struct tale *tale)
{
    for (guint i = 0; i < tale->connections->len; i++) {
        struct tale_connection *connection = g_ptr_array_index(tale->connections, i);
        sstp_observer_clear(&connection->observer);
        g_free(connection);
    }
    g_ptr_array_unref(tale->connections);
    sstp_story_free(tale->story);
}

static void hear(const struct tale_connection *connection, bool from_initiator,
                 const struct sstp_command *command, const char *text)
{
    const struct tale *tale = connection->tale;
    const struct tale_listener *listener = tale->listener;

    if (listener != NULL && text != NULL)
        listener->on_message(listener->cookie, connection->number, from_initiator, tale->now_ns,
                             command, text);
    else if (listener != NULL)
        listener->on_command(listener->cookie, connection->number, from_initiator, tale->now_ns,
                             command);
}

static uint32_t tell(struct tale_connection *connection, bool from_initiator,
                     const struct sstp_command *command, const char *text)
{
    struct tale *tale = connection->tale;
    struct sstp_observation seen;

    tale->now_ns += tale->step_ns;
    struct sstp_story_event event = {.connection = connection->number,
                                     .from_initiator = from_initiator,
                                     .label = ++tale->label,
                                     .time_ns = tale->now_ns,
                                     .command = command};
    if (tale->is_blind)
        return SSTP_STORY_NONE;
    hear(connection, from_initiator, command, text);
    sstp_observer_command(&connection->observer, from_initiator, command,
                          (struct sstp_observed_place){event.label, event.time_ns}, &seen);
    sstp_story_observed(&event, &connection->observer, &seen);
    if (text != NULL) {
        struct sstp_digesting digesting;
        sstp_digest_begin(&digesting, key);
        sstp_digest_add(&digesting, sstp_span_of_string(text));
        event.has_digest = true;
        event.digest = sstp_digest_end(&digesting);
        event.length = strlen(text);
    }
    return sstp_story_command(tale->story, &event);
}

static struct sstp_span span_of(const char *text)
{
    return text != NULL ? sstp_span_of_string(text) : sstp_span(NULL, 0);
}

/* A list of one URL. */
static struct sstp_list list_of(const char *url)
{
    return (struct sstp_list){url[0] != '\0', sstp_span(url, strlen(url) + (url[0] != '\0'))};
}

struct tale_connection *tale_transport(struct tale *tale, uint32_t point, const char *from,
                                       const char *to)
{
    struct tale_connection *connection = g_new0(struct tale_connection, 1);
    const struct sstp_story_transport transport = {point, span_of(from), span_of(to)};

    connection->tale = tale;
    connection->number = sstp_story_connect(tale->story, &transport);
    if (tale->listener != NULL)
        tale->listener->on_transport(tale->listener->cookie, connection->number, from, to);
    sstp_observer_init(&connection->observer, &sstp_mem_libc, SSTP_OBSERVER_LATE_TRUSTING);
    g_ptr_array_add(tale->connections, connection);
    return connection;
}

void tale_say_connect(struct tale_connection *connection, const char *initiator,
                      const char *acceptor)
{
    const struct sstp_command connect = {.id = SSTP_CONNECT,
                                         .major_version = 1,
                                         .minor_version = 6,
                                         .target_device_url = span_of(acceptor),
                                         .device_urls = list_of(initiator)};
    tell(connection, true, &connect, NULL);
}

void tale_say_response(struct tale_connection *connection, const char *acceptor)
{
    const struct sstp_command response = {.id = SSTP_CONNECT_RESPONSE,
                                          .major_version = 1,
                                          .minor_version = 6,
                                          .response_id = SSTP_CONNECT_RESPONSE_OK,
                                          .device_urls = list_of(acceptor)};
    tell(connection, false, &response, NULL);
}

struct tale_connection *tale_connect_at(struct tale *tale, uint32_t point, const char *initiator,
                                        const char *acceptor)
{
    struct tale_connection *connection = tale_transport(tale, point, initiator, acceptor);

    tale_say_connect(connection, initiator, acceptor);
    tale_say_response(connection, acceptor);
    return connection;
}

struct tale_connection *tale_connect(struct tale *tale, const char *initiator, const char *acceptor)
{
    return tale_connect_at(tale, 0, initiator, acceptor);
}

void tale_attach(struct tale_connection *connection)
{
    const struct sstp_command attach = {.id = SSTP_ATTACH, .session_id = 0x7fffff};
    tell(connection, true, &attach, NULL);
}

uint32_t tale_number(const struct tale_connection *connection)
{
    return connection->number;
}

void tale_open(struct tale_connection *connection, bool from_initiator, uint32_t id,
               const char *resource, const char *identity, const char *device)
{
    const struct sstp_command open = {.id = SSTP_OPEN,
                                      .session_id = id,
                                      .resource_url = span_of(resource),
                                      .identity_url = span_of(identity),
                                      .device_url = span_of(device)};
    tell(connection, from_initiator, &open, NULL);
}

void tale_fanout(struct tale_connection *connection, bool from_initiator, uint32_t id,
                 const char *resource, const struct tale_recipient *recipients, unsigned num)
{
    static uint8_t bytes[65535];
    struct sstp_writer w = sstp_writer(bytes, sizeof bytes);

    for (unsigned i = 0; i < num; i++) {
        const struct sstp_fanout_entry entry = {.identity_url = span_of(recipients[i].identity),
                                                .device_url = span_of(recipients[i].device),
                                                .relay_url = span_of(recipients[i].relay)};
        sstp_fanout_entry_write(&w, &entry, SSTP_VERSION_1_6);
    }
    g_assert_false(w.failed);
    const struct sstp_command open = {.id = SSTP_FANOUT_OPEN,
                                      .form = SSTP_VERSION_1_6,
                                      .session_id = id,
                                      .resource_url = span_of(resource),
                                      .fanout_entries = {(uint16_t)num, sstp_writer_span(&w)}};
    tell(connection, from_initiator, &open, NULL);
}

void tale_response(struct tale_connection *connection, bool from_initiator, uint32_t id,
                   uint8_t response_id)
{
    const struct sstp_command response = {
        .id = SSTP_OPEN_RESPONSE, .session_id = id, .response_id = response_id};
    tell(connection, from_initiator, &response, NULL);
}

void tale_status(struct tale_connection *connection, bool from_initiator, uint32_t id,
                 uint8_t status_id, unsigned index)
{
    const uint8_t bytes[] = {(uint8_t)index, (uint8_t)(index >> 8)};
    const struct sstp_command status = {.id = SSTP_SESSION_STATUS,
                                        .form = SSTP_VERSION_1_6,
                                        .session_id = id,
                                        .status_id = status_id,
                                        .fanout_indexes = {1, sstp_span(bytes, sizeof bytes)}};
    tell(connection, from_initiator, &status, NULL);
}

void tale_close(struct tale_connection *connection, bool from_initiator, uint32_t id)
{
    const struct sstp_command close = {.id = SSTP_CLOSE, .session_id = id};
    tell(connection, from_initiator, &close, NULL);
}

uint32_t tale_send_as(struct tale_connection *connection, bool from_initiator, uint32_t id,
                      const char *text, const char *user_ref, uint8_t flags)
{
    const struct sstp_command message = {
        .id = SSTP_MESSAGE, .session_id = id, .user_ref = span_of(user_ref), .flags = flags};
    const struct sstp_command end = {.id = SSTP_END_MESSAGE, .session_id = id};

    tell(connection, from_initiator, &message, NULL);
    return tell(connection, from_initiator, &end, text);
}

uint32_t tale_send(struct tale_connection *connection, bool from_initiator, uint32_t id,
                   const char *text)
{
    return tale_send_as(connection, from_initiator, id, text, NULL, 0);
}

void tale_acknowledge(struct tale_connection *connection, bool from_initiator, uint32_t count)
{
    const struct sstp_command noop = {.id = SSTP_NOOP, .message_count = count};
    tell(connection, from_initiator, &noop, NULL);
}

void tale_gap(struct tale_connection *connection)
{
    sstp_observer_gap(&connection->observer);
    sstp_story_gap(connection->tale->story, connection->number);
}

void tale_end(struct tale_connection *connection)
{
    if (connection->tale->is_blind)
        return;
    if (connection->tale->listener != NULL)
        connection->tale->listener->on_end(connection->tale->listener->cookie, connection->number,
                                           connection->tale->now_ns);
    sstp_observer_transport_end(&connection->observer);
    sstp_story_end(connection->tale->story, connection->number);
}

struct sstp_story_leg tale_leg(const struct tale *tale, uint32_t leg)
{
    struct sstp_story_leg told;

    g_assert_cmpuint(leg, !=, SSTP_STORY_NONE);
    sstp_story_leg(tale->story, leg, &told);
    return told;
}

struct looking {
    const char *url;
    bool is_found;
    struct sstp_story_branch branch;
};

static void look(void *cookie, const struct sstp_story_branch *branch)
{
    struct looking *looking = cookie;
    const struct sstp_span url = sstp_span_of_string(looking->url);

    if (!sstp_span_is_equal(branch->identity_url, url) &&
        !sstp_span_is_equal(branch->device_url, url))
        return;
    g_assert_false(looking->is_found);
    looking->is_found = true;
    looking->branch = *branch;
}

struct sstp_story_branch tale_branch(const struct tale *tale, uint32_t leg, const char *url)
{
    struct looking looking = {.url = url};

    sstp_story_branches(tale->story, tale_leg(tale, leg).journey, UINT32_MAX, look, &looking);
    g_assert_true(looking.is_found);
    return looking.branch;
}
