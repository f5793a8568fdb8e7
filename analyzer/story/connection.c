/* SPDX-License-Identifier: GPL-2.0-or-later */
/* connection.c: who is at the ends of a connection. */
#include "story/internal.h"

uint32_t sstp_story_connect(struct sstp_story *story, const struct sstp_story_transport *transport)
{
    struct story_connection *connection = story->connections.num < SSTP_STORY_CONNECTIONS_MAX
                                              ? sstp_array_add(&story->connections)
                                              : NULL;

    if (connection == NULL) {
        story->is_full = true;
        return NONE;
    }
    connection->point = transport->point;
    connection->addresses[1] = sstp_texts_put(&story->texts, transport->initiator);
    connection->addresses[0] = sstp_texts_put(&story->texts, transport->acceptor);
    sstp_array_init(&connection->sessions, story->mem, sizeof(uint32_t));
    for (int i = 0; i < 2; i++)
        sstp_array_init(&connection->directions[i].legs, story->mem, sizeof(uint32_t));
    return story->connections.num - 1;
}

uint32_t story_party(const struct story_connection *connection, bool is_initiator)
{
    return connection->num_names[is_initiator] > 0 ? connection->names[is_initiator][0]
                                                   : SSTP_TEXT_NONE;
}

bool story_has_name(const struct story_connection *connection, bool is_initiator, uint32_t name)
{
    for (unsigned i = 0; i < connection->num_names[is_initiator]; i++)
        if (connection->names[is_initiator][i] == name && name != SSTP_TEXT_NONE)
            return true;
    return false;
}

bool story_is_relay(const struct story_connection *connection, bool is_initiator)
{
    return (!is_initiator && connection->is_a_client) || connection->is_called_relay[is_initiator];
}

bool story_is_device(const struct story_connection *connection, bool is_initiator)
{
    return (is_initiator && connection->is_a_client) || connection->is_called_device[is_initiator];
}

static bool begins_with(struct sstp_span name, const char *scheme)
{
    const struct sstp_span begin = sstp_span_of_string(scheme);

    return name.len > begin.len && memcmp(name.data, begin.data, begin.len) == 0;
}

/* The names of relays and devices begin differently (GRVSSTP, Appendix A, notes <8> and <13>). Each
 * message asks for that, so it is looked at once. */
static void note_called(const struct sstp_story *story, struct story_connection *connection,
                        bool is_initiator)
{
    const struct sstp_span name =
        sstp_texts_get(&story->texts, story_party(connection, is_initiator));

    connection->is_called_relay[is_initiator] = begins_with(name, "grooveDNS://");
    connection->is_called_device[is_initiator] = begins_with(name, "dpp://");
}

static void set_names(struct sstp_story *story, struct story_connection *connection,
                      bool is_initiator, const struct sstp_list *urls)
{
    struct sstp_reader r = sstp_reader(urls->bytes);
    unsigned num = 0;

    for (unsigned i = 0; i < urls->count && num < SSTP_STORY_NAMES_MAX; i++) {
        const uint32_t name = sstp_texts_put(&story->texts, sstp_read_string(&r));
        if (name != SSTP_TEXT_NONE)
            connection->names[is_initiator][num++] = name;
    }
    connection->num_names[is_initiator] = (uint8_t)num;
    note_called(story, connection, is_initiator);
}

static void on_connect(struct sstp_story *story, struct story_connection *connection,
                       const struct sstp_command *connect)
{
    set_names(story, connection, true, &connect->device_urls);
    const uint32_t target = sstp_texts_put(&story->texts, connect->target_device_url);
    connection->names[0][0] = target;
    connection->num_names[0] = target != SSTP_TEXT_NONE;
    note_called(story, connection, false);
}

void story_take_ends(struct sstp_story *story, const struct sstp_story_event *event)
{
    struct story_connection *connection = story_connection(story, event->connection);

    switch (event->command->id) {
    case SSTP_CONNECT:
        if (event->from_initiator && !connection->is_accepted)
            on_connect(story, connection, event->command);
        break;
    case SSTP_CONNECT_RESPONSE:
        if (!event->from_initiator && event->command->response_id == SSTP_CONNECT_RESPONSE_OK) {
            connection->is_accepted = true;
            if (event->command->device_urls.count > 0)
                set_names(story, connection, false, &event->command->device_urls);
        }
        break;
    case SSTP_ATTACH:
        connection->is_a_client |= event->from_initiator;
        break;
    }
}
