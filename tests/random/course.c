/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "course.h"

static void free_command(void *data)
{
    struct course_command *command = data;
    g_free(command->indexes);
    g_free(command);
}

static void free_session(void *data)
{
    struct course_session *session = data;
    g_free(session->resource_url);
    g_free(session);
}

struct course *course_new(void)
{
    struct course *course = g_new0(struct course, 1);
    for (int i = 0; i < 2; i++) {
        course->commands[i] = g_ptr_array_new_with_free_func(free_command);
        course->entered[i] = g_ptr_array_new();
    }
    course->by_id = g_hash_table_new(NULL, NULL);
    course->sessions = g_ptr_array_new_with_free_func(free_session);
    return course;
}

void course_free(struct course *course)
{
    for (int i = 0; i < 2; i++) {
        g_ptr_array_unref(course->commands[i]);
        g_ptr_array_unref(course->entered[i]);
    }
    g_hash_table_unref(course->by_id);
    g_ptr_array_unref(course->sessions);
    g_free(course);
}

struct course_session *course_session(const struct course *course, uint32_t id)
{
    return g_hash_table_lookup(course->by_id, GUINT_TO_POINTER(id));
}

struct course_command *course_entered(const struct course *course, bool from_initiator,
                                      uint64_t number)
{
    GPtrArray *entered = course->entered[from_initiator];
    g_assert_cmpuint(number - 1, <, entered->len);
    return g_ptr_array_index(entered, number - 1);
}

struct course_command *course_command_ending_at(const struct course *course, bool from_initiator,
                                                uint64_t end)
{
    const GPtrArray *commands = course->commands[from_initiator];
    guint low = 0, high = commands->len;
    while (low < high) {
        const guint middle = low + (high - low) / 2;
        const struct course_command *command = g_ptr_array_index(commands, middle);
        if (command->end < end)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == commands->len)
        return NULL;
    struct course_command *command = g_ptr_array_index(commands, low);
    return command->end == end ? command : NULL;
}

bool course_is_boundary(const struct course *course, bool from_initiator, uint64_t position)
{
    return position == 0 || course_command_ending_at(course, from_initiator, position) != NULL;
}

/* ------------------------------------------------------------------------
 * What a command is, going by the commands before it
 */

static bool opens_session(const struct course *course, const struct sstp_command *command)
{
    return command->id == SSTP_OPEN || command->id == SSTP_FANOUT_OPEN ||
           command->id == SSTP_ATTACH ||
           (command->id == SSTP_REGISTER && course_session(course, command->session_id) == NULL);
}

static struct course_session *add_session(struct course *course, const struct sstp_command *command,
                                          const struct course_command *open)
{
    struct course_session *session = g_new0(struct course_session, 1);
    session->id = command->session_id;
    session->open = open;
    session->is_event = command->id == SSTP_ATTACH || command->id == SSTP_REGISTER;
    session->is_fanout = command->id == SSTP_FANOUT_OPEN;
    session->is_empty = session->is_fanout && command->fanout_entries.count == 0;
    session->resource_url =
        g_strndup((const char *)command->resource_url.data, command->resource_url.len);
    g_ptr_array_add(course->sessions, session);
    course->num_reused_ids +=
        !g_hash_table_insert(course->by_id, GUINT_TO_POINTER(session->id), session);
    return session;
}

/* The first answer to a request; NULL where there is no request, or it has one. */
static void answer(struct course_command *request, struct course_command *command)
{
    if (request == NULL || request->response != NULL)
        return;
    request->response = command;
    command->request = request;
}

static void add_exchange(struct course *course, struct course_command *command)
{
    struct course_session *session = command->session;
    switch (command->id) {
    case SSTP_CONNECT:
        course->connect = command;
        break;
    case SSTP_CONNECT_RESPONSE:
        answer(course->connect, command);
        break;
    case SSTP_OPEN_RESPONSE:
    case SSTP_ATTACH_RESPONSE:
        answer((struct course_command *)session->open, command);
        break;
    case SSTP_REGISTER:
        session->registration = command;
        break;
    case SSTP_REGISTER_RESPONSE:
        answer(session->registration, command);
        session->registration = NULL;
        break;
    }
}

static void add_message(struct course *course, struct course_command *command)
{
    const bool from_initiator = command->from_initiator;
    if (command->id == SSTP_MESSAGE)
        command->session->message = ++course->num_messages[from_initiator];
    command->number = command->session->message;
    if (command->id == SSTP_END_MESSAGE) {
        g_ptr_array_add(course->entered[from_initiator], command);
        command->entered = course->entered[from_initiator]->len;
    }
}

static void copy_indexes(struct course_command *command, const struct sstp_list *list)
{
    struct sstp_reader r = sstp_reader(list->bytes);
    command->num_indexes = list->count;
    command->indexes = g_new(uint16_t, list->count);
    for (unsigned i = 0; i < list->count; i++)
        command->indexes[i] = sstp_read_u16(&r);
}

struct course_command *course_add(struct course *course, bool from_initiator,
                                  const struct sstp_command *command, unsigned step)
{
    const enum sstp_scope scope = sstp_command_info(command->id)->scope;
    struct course_command *added = g_new0(struct course_command, 1);

    added->from_initiator = from_initiator;
    added->id = command->id;
    added->message_count = command->message_count;
    added->response_id = command->response_id;
    added->start = course->num_bytes[from_initiator];
    added->end = course->num_bytes[from_initiator] += command->length;
    added->step = step;
    if (scope != SSTP_SCOPE_CONNECTION) {
        added->session_id = command->session_id;
        added->session = opens_session(course, command) ? add_session(course, command, added)
                                                        : course_session(course, added->session_id);
        g_assert_nonnull(added->session);
        added->session->num_in_flight++;
    }
    if (command->id == SSTP_MESSAGE || command->id == SSTP_DATA || command->id == SSTP_END_MESSAGE)
        add_message(course, added);
    else if (command->id == SSTP_SESSION_STATUS)
        copy_indexes(added, &command->fanout_indexes);
    add_exchange(course, added);
    g_ptr_array_add(course->commands[from_initiator], added);
    return added;
}

void course_acknowledge(struct course *course, struct course_command *command, uint64_t first,
                        uint64_t covered)
{
    for (uint64_t number = first; number < first + covered; number++) {
        struct course_command *end = course_entered(course, !command->from_initiator, number);
        g_assert_null(end->acknowledged_by);
        end->acknowledged_by = command;
    }
}
