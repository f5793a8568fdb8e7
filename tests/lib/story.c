/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "story.h"

#include <stdlib.h>
#include <string.h>

#define STORE_SIZE 65536u

/* ------------------------------------------------------------------------
 * From words to a command
 */

static uint8_t command_id(const char *name, size_t len)
{
    for (uint8_t id = SSTP_COMMAND_ID_MIN; id <= SSTP_COMMAND_ID_MAX; id++) {
        const char *known = sstp_command_info(id)->name;
        if (strlen(known) == len && strncmp(known, name, len) == 0)
            return id;
    }
    g_error("story: there is no command %s", name);
}

static uint32_t number(const char *text)
{
    char *end;
    const unsigned long value = strtoul(text, &end, 0);
    if (end == text || *end != '\0')
        g_error("story: %s is not a number", text);
    return (uint32_t)value;
}

static uint8_t response_id(uint8_t id, const char *word)
{
    const char *(*name_of)(uint8_t) = id == SSTP_OPEN_RESPONSE     ? sstp_open_response_name
                                      : id == SSTP_ATTACH_RESPONSE ? sstp_attach_response_name
                                                                   : sstp_connect_response_name;
    for (unsigned value = 0; value <= UINT8_MAX; value++)
        if (name_of((uint8_t)value) != NULL && strcmp(name_of((uint8_t)value), word) == 0)
            return (uint8_t)value;
    return (uint8_t)number(word);
}

/* Text that stays where it is, for STORE_SIZE bytes of it. */
static struct sstp_span keep(GByteArray *store, const char *text)
{
    const guint at = store->len;
    g_byte_array_append(store, (const guint8 *)text, (guint)strlen(text));
    g_assert_cmpuint(store->len, <=, STORE_SIZE);
    return sstp_span(store->data + at, strlen(text));
}

/* An entry after those that are there: only FanoutOpen has such a list, and its
 * bytes stand at the end of the store. */
static void add_destination(GByteArray *store, const char *text, struct sstp_command *command)
{
    char **names = g_strsplit(text, ",", 3);
    g_assert_cmpuint(g_strv_length(names), ==, 3);
    uint8_t bytes[1024];
    struct sstp_writer w = sstp_writer(bytes, sizeof bytes);
    const struct sstp_fanout_entry entry = {.identity_url = sstp_span_of_string(names[0]),
                                            .device_url = sstp_span_of_string(names[1]),
                                            .relay_url = sstp_span_of_string(names[2])};
    sstp_fanout_entry_write(&w, &entry, command->form);
    g_assert_false(w.failed);
    struct sstp_list *list = &command->fanout_entries;
    if (list->bytes.data == NULL)
        list->bytes.data = store->data + store->len;
    g_byte_array_append(store, bytes, (guint)w.pos);
    g_assert_cmpuint(store->len, <=, STORE_SIZE);
    list->bytes.len += w.pos;
    list->count++;
    g_strfreev(names);
}

static void add_indexes(GByteArray *store, const char *text, struct sstp_command *command)
{
    char **indexes = g_strsplit(text, ",", -1);
    struct sstp_list *list = &command->fanout_indexes;
    list->bytes.data = store->data + store->len;
    for (char **index = indexes; *index != NULL; index++) {
        const uint32_t value = number(*index);
        const guint8 bytes[] = {(guint8)value, (guint8)(value >> 8)};
        g_byte_array_append(store, bytes, 2);
        list->bytes.len += 2;
        list->count++;
    }
    g_assert_cmpuint(store->len, <=, STORE_SIZE);
    g_strfreev(indexes);
}

static const char *after(const char *word, const char *prefix)
{
    return g_str_has_prefix(word, prefix) ? word + strlen(prefix) : NULL;
}

/* A list element that is one string; those of a command stand next to each other. */
static void add_device(GByteArray *store, const char *text, struct sstp_command *command)
{
    const struct sstp_span url = keep(store, text);

    g_byte_array_append(store, (const guint8 *)"", 1);
    if (command->device_urls.count == 0)
        command->device_urls.bytes.data = url.data;
    command->device_urls.bytes.len += url.len + 1;
    command->device_urls.count++;
}

/* MessageSize, or how much a Data command carries. */
static void read_size(struct sstp_command *command, uint32_t size)
{
    if (command->id == SSTP_DATA) {
        command->length = (uint16_t)(command->length + size);
    } else {
        command->flags |= SSTP_MESSAGE_FLAG_STREAM_SIZE;
        command->message_size = size;
    }
}

/* "2/3" */
static void read_fragment(struct sstp_command *command, const char *value)
{
    command->flags |= SSTP_MESSAGE_FLAG_FRAGMENT;
    command->this_fragment = (uint32_t)g_ascii_strtoull(value, NULL, 10);
    command->num_fragments = number(strchr(value, '/') + 1);
}

static void read_word(const char *word, struct sstp_command *command, GByteArray *store)
{
    const char *value;

    if ((value = after(word, "s=")) != NULL || (value = after(word, "e=")) != NULL)
        command->session_id = number(value);
    else if ((value = after(word, "n=")) != NULL)
        command->message_count = number(value);
    else if ((value = after(word, "url=")) != NULL)
        command->resource_url = keep(store, value);
    else if ((value = after(word, "identity=")) != NULL)
        command->identity_url = keep(store, value);
    else if ((value = after(word, "device=")) != NULL)
        command->device_url = keep(store, value);
    else if ((value = after(word, "status=")) != NULL)
        command->status_id = (uint8_t)number(value);
    else if ((value = after(word, "target=")) != NULL)
        command->target_device_url = keep(store, value);
    else if ((value = after(word, "has=")) != NULL)
        add_device(store, value, command);
    else if ((value = after(word, "size=")) != NULL)
        read_size(command, number(value));
    else if ((value = after(word, "stream=")) != NULL)
        command->byte_stream_size = number(value);
    else if ((value = after(word, "left=")) != NULL)
        command->session_size = number(value);
    else if ((value = after(word, "fragment=")) != NULL)
        read_fragment(command, value);
    else if (strcmp(word, "at-once") == 0)
        command->flags |= SSTP_MESSAGE_FLAG_ACK_IMMEDIATELY;
    else if ((value = after(word, "to=")) != NULL)
        add_destination(store, value, command);
    else if ((value = after(word, "at=")) != NULL)
        add_indexes(store, value, command);
    else
        command->response_id = response_id(command->id, word);
}

void story_command(const char *words, struct sstp_command *command, GByteArray **store)
{
    char **list = g_strsplit(words, " ", -1);
    const char *name = list[0];
    const char *form = strchr(name, '/');

    *store = g_byte_array_sized_new(STORE_SIZE);
    *command = (struct sstp_command){
        .id = command_id(name, form != NULL ? (size_t)(form - name) : strlen(name)),
        .form = SSTP_VERSION_1_5};
    if (command->id == SSTP_DATA)
        command->length = SSTP_HEADER_LEN + 4;
    if (command->id == SSTP_FANOUT_OPEN || command->id == SSTP_SESSION_STATUS) {
        g_assert_true(form == NULL || strcmp(form, "/1.5") == 0 || strcmp(form, "/1.6") == 0);
        if (form == NULL || strcmp(form, "/1.6") == 0)
            command->form = SSTP_VERSION_1_6;
    }
    for (char **word = list + 1; *word != NULL; word++)
        if (**word != '\0')
            read_word(*word, command, *store);
    g_strfreev(list);
}

/* ------------------------------------------------------------------------
 * From an observation to words
 */

static const char *or_else(const char *name, const char *unknown)
{
    return name != NULL ? name : unknown;
}

static void say_session(struct story *story)
{
    const struct sstp_observation *seen = &story->seen;
    const struct sstp_observed_session *session =
        sstp_observer_session(&story->observer, seen->session);

    if (session->kind == SSTP_SESSION_OF_ATTACH || session->kind == SSTP_SESSION_OF_REGISTER)
        g_string_append(story->outcome, " event");
    else
        g_string_append_printf(story->outcome, " %s/%s",
                               or_else(sstp_session_state_name(seen->session_state), "?"),
                               or_else(sstp_receiver_state_name(seen->receiver_state), "-"));
    if (session->open_frame != 0)
        g_string_append_printf(story->outcome, "@%u", session->open_frame);
}

static void say_message(struct story *story, bool from_initiator)
{
    const struct sstp_observation *seen = &story->seen;

    if (seen->has_message) {
        const struct sstp_observed_message message =
            sstp_observer_message(&story->observer, from_initiator, seen->message);
        g_assert_true(seen->has_session && message.session == seen->session);
        if (message.number != 0)
            g_string_append_printf(story->outcome, " #%u", message.number);
        else
            g_string_append(story->outcome, " #?");
    }
    if (seen->has_entry) {
        const struct sstp_observed_entry entry =
            sstp_observer_entry(&story->observer, from_initiator, seen->entry);
        g_assert_cmpuint(entry.frame, ==, story->frame);
        g_assert_cmpint(entry.time_ns, ==, INT64_C(1000) * story->frame + story->waited_ns);
        g_assert_cmpuint(entry.message, ==, seen->has_message ? seen->message : UINT32_MAX);
        g_string_append_printf(story->outcome, " +%u", seen->entry);
    }
}

static void say_acknowledgement(struct story *story, bool from_initiator)
{
    const struct sstp_observer *observer = &story->observer;
    const struct sstp_observed_acknowledgement acknowledgement =
        sstp_observer_acknowledgement(observer, from_initiator, story->seen.acknowledgement);

    g_assert_cmpuint(acknowledgement.frame, ==, story->frame);
    g_assert_cmpint(acknowledgement.time_ns, ==, INT64_C(1000) * story->frame + story->waited_ns);
    g_string_append(story->outcome, acknowledgement.covered > 0 ? " acks=" : " acks=none");
    for (uint32_t i = 0; i < acknowledgement.covered; i++)
        g_string_append_printf(
            story->outcome, i == 0 ? "%u" : ",%u",
            sstp_observer_entry(observer, !from_initiator, acknowledgement.first + i).frame);
    g_string_append_printf(story->outcome, " rem=%u", acknowledgement.remaining);
}

static void say(struct story *story, bool from_initiator)
{
    const struct sstp_observation *seen = &story->seen;
    const struct sstp_observer *observer = &story->observer;

    g_string_truncate(story->outcome, 0);
    if (seen->connection_state != story->state)
        g_string_append_printf(story->outcome, " %s",
                               or_else(sstp_connection_state_name(seen->connection_state), "?"));
    story->state = seen->connection_state;
    if (seen->has_session)
        say_session(story);
    if (seen->has_exchange && !seen->is_response)
        g_string_append(story->outcome, " asks");
    else if (seen->has_exchange)
        g_string_append_printf(story->outcome, " re=%u",
                               sstp_observer_exchange(observer, seen->exchange)->request_frame);
    say_message(story, from_initiator);
    if (seen->has_outstanding)
        g_string_append_printf(story->outcome, " out=%u", seen->outstanding);
    if (seen->has_acknowledgement)
        say_acknowledgement(story, from_initiator);
    if (seen->has_active)
        g_string_append_printf(story->outcome, " active=%u", seen->active);
    for (unsigned i = 0; i < SSTP_OBSERVED_FINDINGS; i++)
        if ((seen->findings & 1u << i) != 0) {
            const struct sstp_finding_info *info =
                &sstp_finding_infos[SSTP_FINDING_STATE_FIRST + i];
            g_string_append_printf(story->outcome, " %c%s",
                                   info->severity == SSTP_SEVERITY_NOTE ? '~' : '!', info->filter);
        }
    g_string_erase(story->outcome, 0, story->outcome->len > 0 ? 1 : 0);
}

/* ------------------------------------------------------------------------
 * The story
 */

void story_begin(struct story *story, enum sstp_observer_begin begin)
{
    *story = (struct story){.outcome = g_string_new(NULL)};
    counting_mem_init(&story->memory);
    sstp_observer_init(&story->observer, &story->memory.mem, begin);
    story->state = story->observer.state;
}

void story_end(struct story *story)
{
    sstp_observer_clear(&story->observer);
    g_assert_cmpuint(story->memory.num_blocks, ==, 0);
    g_string_free(story->outcome, TRUE);
}

const char *story_tell(struct story *story, const char *line)
{
    struct sstp_command command;
    GByteArray *store;

    while (*line == ' ')
        line++;
    story->frame++;
    if (strcmp(line, "gap") == 0 || strcmp(line, "end") == 0) {
        if (*line == 'g')
            sstp_observer_gap(&story->observer);
        else
            sstp_observer_transport_end(&story->observer);
        story->state = story->observer.state;
        return "";
    }
    if (g_str_has_suffix(line, " s") && g_ascii_isdigit(*line)) {
        story->waited_ns += INT64_C(1000000000) * (int64_t)g_ascii_strtoull(line, NULL, 10);
        return "";
    }
    g_assert_true((line[0] == 'I' || line[0] == 'A') && line[1] == ' ');
    const bool from_initiator = line[0] == 'I';
    story_command(line + 2, &command, &store);
    const struct sstp_observed_place place = {story->frame,
                                              INT64_C(1000) * story->frame + story->waited_ns};
    sstp_observer_command(&story->observer, from_initiator, &command, place, &story->seen);
    g_byte_array_unref(store);
    say(story, from_initiator);
    return story->outcome->str;
}

void story_tell_all(struct story *story, const char *lines)
{
    char **list = g_strsplit(lines, ";", -1);
    for (char **line = list; *line != NULL; line++)
        if (**line != '\0')
            (void)story_tell(story, *line);
    g_strfreev(list);
}

void story_check(struct story *story, const struct story_line *lines, size_t num)
{
    for (size_t i = 0; i < num; i++) {
        const char *outcome = story_tell(story, lines[i].line);
        if (strcmp(outcome, lines[i].outcome) == 0)
            continue;
        g_test_message("frame %u, %s: \"%s\", not \"%s\"", story->frame, lines[i].line, outcome,
                       lines[i].outcome);
        g_test_fail();
    }
}

const char *story_messages(struct story *story, char side)
{
    const bool from_initiator = side == 'I';
    const struct sstp_observed_direction *direction = &story->observer.directions[from_initiator];

    g_string_truncate(story->outcome, 0);
    for (uint32_t i = 0; i < direction->entries.num; i++) {
        struct sstp_observed_acknowledgement by;
        g_string_append_printf(story->outcome, i == 0 ? "%u@" : " %u@",
                               sstp_observer_entry(&story->observer, from_initiator, i).frame);
        if (sstp_observer_acknowledged_by(&story->observer, from_initiator, i, &by))
            g_string_append_printf(story->outcome, "%u", by.frame);
        else
            g_string_append_c(story->outcome, '-');
    }
    return story->outcome->str;
}

void story_run(enum sstp_observer_begin begin, const char *before, const struct story_line *lines,
               size_t num, const char *of_initiator, const char *of_acceptor)
{
    struct story story;
    story_begin(&story, begin);
    story_tell_all(&story, before);
    story_check(&story, lines, num);
    g_assert_cmpstr(story_messages(&story, 'I'), ==, of_initiator != NULL ? of_initiator : "");
    g_assert_cmpstr(story_messages(&story, 'A'), ==, of_acceptor != NULL ? of_acceptor : "");
    story_end(&story);
}

bool story_is_accusing(const struct story *story)
{
    for (unsigned i = 0; i < SSTP_OBSERVED_FINDINGS; i++)
        if ((story->seen.findings & 1u << i) != 0 &&
            sstp_finding_infos[SSTP_FINDING_STATE_FIRST + i].severity != SSTP_SEVERITY_NOTE)
            return true;
    return false;
}

const char *const story_clean[] = {
    "I Connect",
    "A ConnectResponse Ok",
    "I Attach e=1 url=attached",
    "A AttachResponse e=1 AwaitingRegister",
    "I Register e=1",
    "A RegisterResponse e=1",
    "I Attach e=2",
    "A AttachResponse e=2 Ok",
    "I AttachAuthenticate e=2",
    "A AttachResponse e=2 Ok",
    "I Register e=3",
    "A RegisterResponse e=3",
    "I Open s=4 url=resource",
    "A OpenResponse s=4 OkStopSending",
    "A Open s=0x80000000",
    "A OpenResponse s=4 StartSending",
    "I OpenResponse s=0x80000000 Ok",
    "I Message s=4",
    "I Data s=4",
    "I FanoutOpen/1.6 s=5 to=a,b,c to=a,c,c to=b,,d to=e,f,d to=g,h,",
    "I EndMessage s=4",
    "A SessionStatus/1.6 s=5 at=0",
    "A OpenResponse s=5 Ok",
    "A SessionStatus/1.6 s=5 identity=b",
    "A SessionStatus/1.6 s=5 device=d",
    "A Message s=0x80000000 n=1",
    "A Data s=0x80000000",
    "A EndMessage s=0x80000000",
    "I Message s=5 n=1",
    "I Data s=5",
    "I EndMessage s=5",
    "A OpenResponse s=4 StopSending",
    "I Message s=5",
    "I Data s=5",
    "A Close s=0x80000000",
    "I EndMessage s=5",
    "A Noop n=2",
    "I Close s=4",
    "I Close s=5",
    "I Close s=3",
    "I Open s=4 url=again",
    "A OpenResponse s=4 NoResource",
    "I Open s=4",
    "A OpenResponse s=4 Ok",
    "I Message s=4",
    "I Data s=4",
    "I EndMessage s=4",
    "A ConnectClose n=1",
};

const size_t story_clean_len = G_N_ELEMENTS(story_clean);
