/* SPDX-License-Identifier: GPL-2.0-or-later */
/* message: the messages of a scenario, whole or in parts. */
#include "scenario/parser.h"

#include "core/command.h"
#include "core/fields.h"

#include <string.h>

/* What is said of a new message; text stays NULL where a size is given. */
struct message_options {
    struct sstp_ep_message fields;
    const char *text, *user_ref, *fragment_id;
    uint64_t size;
    bool has_size;
};

static bool message_size(struct parser *p, void *target, const struct parser_option *option)
{
    struct message_options *options = target;
    options->has_size = true;
    return option_u64(p, target, option);
}

static bool message_flag(struct parser *p, void *target, const struct parser_option *option)
{
    struct message_options *options = target;
    (void)p;
    options->fields.flags |= (uint8_t)option->min;
    return true;
}

static bool message_ttl(struct parser *p, void *target, const struct parser_option *option)
{
    struct message_options *options = target;
    options->fields.flags |= SSTP_MESSAGE_FLAG_EPHEMERAL;
    return option_u32(p, target, option);
}

static bool message_fragment(struct parser *p, void *target, const struct parser_option *option)
{
    struct sstp_ep_message *fields = &((struct message_options *)target)->fields;
    uint64_t this_fragment, num_fragments;
    (void)option;
    fields->flags |= SSTP_MESSAGE_FLAG_FRAGMENT;
    if (!parser_number(p, "the number of a fragment", 1, UINT32_MAX, &this_fragment) ||
        !parser_need(p, "of") ||
        !parser_number(p, "the number of fragments", 1, UINT32_MAX, &num_fragments) ||
        !parser_text(p, "the FragmentId", &((struct message_options *)target)->fragment_id) ||
        !parser_need(p, "at") ||
        !parser_number(p, "the offset of a fragment", 0, UINT64_MAX, &fields->fragment_offset))
        return false;
    fields->this_fragment = (uint32_t)this_fragment;
    fields->num_fragments = (uint32_t)num_fragments;
    return true;
}

static bool message_sizes(struct parser *p, void *target, const struct parser_option *option)
{
    struct sstp_ep_message *fields = &((struct message_options *)target)->fields;
    (void)option;
    fields->flags |= SSTP_MESSAGE_FLAG_STREAM_SIZE;
    return parser_number(p, "ByteStreamSize", 0, UINT64_MAX, &fields->byte_stream_size) &&
           parser_number(p, "SessionSize", 0, UINT64_MAX, &fields->session_size) &&
           parser_number(p, "MessageSize", 0, UINT64_MAX, &fields->message_size);
}

#define MESSAGE(member) offsetof(struct message_options, member)

/* clang-format off */
static const struct parser_option message_options[] = {
/*   word                        | parse            | member              | what                | min, max */
    {"text",                      option_text,       MESSAGE(text),        "a text",            0, 0},
    {"size",                      message_size,      MESSAGE(size),        "a number of bytes", 0, SCENARIO_MESSAGE_MAX},
    {"user-ref",                  option_text,       MESSAGE(user_ref),    "the UserRef",       0, 0},
    {"ttl",                       message_ttl,       MESSAGE(fields.ttl),  "a number of seconds", 0, UINT32_MAX - 1},
    {"track",                     message_flag,      0,                    NULL, SSTP_MESSAGE_FLAG_TRACK, 0},
    {"ack-immediately",           message_flag,      0,                    NULL, SSTP_MESSAGE_FLAG_ACK_IMMEDIATELY, 0},
    {"do-not-deliver-if-offline", message_flag,      0,                    NULL, SSTP_MESSAGE_FLAG_DO_NOT_DELIVER_IF_OFFLINE, 0},
    {"fragment",                  message_fragment,  0,                    NULL,                0, 0},
    {"sizes",                     message_sizes,     0,                    NULL,                0, 0},
};
/* clang-format on */

/* The content of a message of a size: a text with its name in it, as often as it takes. */
static GBytes *fill(const char *name, size_t size)
{
    char *sentence = g_strdup_printf("This is message %s. ", name);
    const size_t len = strlen(sentence);
    char *text = g_malloc(size + 1);
    for (size_t i = 0; i < size; i++)
        text[i] = sentence[i % len];
    g_free(sentence);
    return g_bytes_new_take(text, size);
}

/* Messages are told apart by their content. */
static bool keep_content(struct parser *p, struct scenario_message *message,
                         const struct message_options *options)
{
    struct scenario *s = p->scenario;
    if (options->text != NULL && options->has_size)
        return parser_fail(p, "a message has either a text or a size");
    GBytes *content = options->text != NULL
                          ? g_bytes_new(options->text, strlen(options->text))
                          : fill(message->name, options->has_size ? (size_t)options->size : 100);
    g_ptr_array_add(s->contents, content);
    gsize len;
    const void *data = g_bytes_get_data(content, &len);
    p->num_content_bytes += len;
    if (p->num_content_bytes > SCENARIO_ALL_MESSAGES_MAX)
        return parser_fail(p, "all messages together have at most %u MiB",
                           SCENARIO_ALL_MESSAGES_MAX >> 20);
    const char *other = g_hash_table_lookup(p->contents, content);
    if (other != NULL)
        return parser_fail(p, "message %s has the same content, and could not be told from %s",
                           other, message->name);
    g_hash_table_insert(p->contents, content, (gpointer)(uintptr_t)message->name);
    message->fields.data = sstp_span(data, len);
    return true;
}

static bool parse_new_message(struct parser *p, unsigned device, enum scenario_kind kind)
{
    struct scenario *s = p->scenario;
    struct message_options options = {.user_ref = ""};
    unsigned session;

    if (s->num_messages == SCENARIO_MESSAGES_MAX)
        return parser_fail_full(p, NAME_MESSAGE, SCENARIO_MESSAGES_MAX, "messages");
    struct scenario_message *message = &s->messages[s->num_messages];
    if (!parser_new_name(p, NAME_MESSAGE, s->num_messages, &message->name))
        return false;
    s->num_messages++;
    if (!parser_need(p, "on") || !parse_session(p, device, true, &session) ||
        !parser_options(p, message_options, G_N_ELEMENTS(message_options), &options))
        return false;
    message->session = session;
    message->fields = options.fields;
    message->fields.user_ref = sstp_span_of_string(options.user_ref);
    if (options.fragment_id != NULL)
        message->fields.fragment_id = sstp_span_of_string(options.fragment_id);
    message->has_ended = kind == SCENARIO_SEND;
    if (!keep_content(p, message, &options))
        return false;
    struct scenario_step *step = parser_add_step(p, kind);
    step->device = device;
    step->session = session;
    step->message = (unsigned)(message - s->messages);
    return true;
}

bool parse_send(struct parser *p, unsigned device)
{
    return parse_new_message(p, device, SCENARIO_SEND);
}

bool parse_begin(struct parser *p, unsigned device)
{
    return parse_new_message(p, device, SCENARIO_BEGIN);
}

static bool parse_rest_of_message(struct parser *p, unsigned device, enum scenario_kind kind)
{
    struct scenario *s = p->scenario;
    struct name name;
    uint64_t num;

    if (!parser_name(p, NAME_MESSAGE, &name))
        return false;
    struct scenario_message *message = &s->messages[name.index];
    const size_t left = message->fields.data.len - message->num_continued;
    if (name.is_unclear)
        return parser_follow(p);
    if (s->sessions[message->session].originator != device &&
        !parser_is_unclear(p, NAME_SESSION, message->session))
        return parser_fail(p, "%s is not %s's message", message->name, s->devices[device].name);
    if (message->has_ended)
        return parser_fail(p, "message %s has its end already", message->name);
    num = left;
    if (kind == SCENARIO_CONTINUE && parser_accept(p, "with") &&
        (!parser_number(p, "a number of bytes", 1, SCENARIO_MESSAGE_MAX, &num) ||
         !parser_need(p, "bytes")))
        return false;
    if (num > left)
        return parser_fail(p, "message %s has only %zu bytes left", message->name, left);
    const size_t offset = message->num_continued;
    message->num_continued += (size_t)num;
    message->has_ended = kind == SCENARIO_END;
    struct scenario_step *step = parser_add_step(p, kind);
    step->device = device;
    step->session = message->session;
    step->message = name.index;
    step->number = num;
    step->offset = offset;
    return true;
}

bool parse_continue(struct parser *p, unsigned device)
{
    return parse_rest_of_message(p, device, SCENARIO_CONTINUE);
}

bool parse_end(struct parser *p, unsigned device)
{
    return parse_rest_of_message(p, device, SCENARIO_END);
}

bool parse_complete(struct parser *p, unsigned device)
{
    struct name name;
    if (!p->scenario->devices[device].holds && !parser_is_unclear(p, NAME_DEVICE, device))
        return parser_fail(p, "%s does not hold messages", p->scenario->devices[device].name);
    GArray *items = g_array_new(FALSE, FALSE, sizeof(unsigned));
    do {
        if (!parser_name(p, NAME_MESSAGE, &name)) {
            g_array_free(items, TRUE);
            return false;
        }
        g_array_append_val(items, name.index);
    } while (parser_has_more(p));
    struct scenario_step *step = parser_add_step(p, SCENARIO_COMPLETE);
    step->device = device;
    step->items = items;
    return true;
}
