/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "follow/fragments.h"

#include "core/decode.h"

static struct grvsstp_fragments *find(const struct grvsstp_fragmented *fragmented,
                                      uint32_t session_id, struct sstp_span id)
{
    for (unsigned i = 0; i < GRVSSTP_FRAGMENTED_MAX; i++) {
        struct grvsstp_fragments *fragments = fragmented->under_way[i];
        if (fragments != NULL && fragments->session_id == session_id &&
            strlen(fragments->id) == id.len && memcmp(fragments->id, id.data, id.len) == 0)
            return fragments;
    }
    return NULL;
}

static struct grvsstp_fragments *add(struct grvsstp_fragmented *fragmented,
                                     const struct sstp_command *command)
{
    struct grvsstp_fragments *fragments = wmem_new0(wmem_file_scope(), struct grvsstp_fragments);

    fragments->id = wmem_strndup(wmem_file_scope(), (const char *)command->fragment_id.data,
                                 command->fragment_id.len);
    fragments->session_id = command->session_id;
    fragments->num_wanted = command->num_fragments;
    fragments->by_number = wmem_tree_new(wmem_file_scope());
    fragmented->under_way[fragmented->num++ % GRVSSTP_FRAGMENTED_MAX] = fragments;
    return fragments;
}

void grvsstp_fragment_begin(struct grvsstp_fragmented *fragmented, struct grvsstp_message *message,
                            struct sstp_span command_bytes)
{
    struct sstp_command command;

    if (!grvsstp_is_fragment(command_bytes) ||
        !sstp_command_decode(command_bytes, SSTP_VERSION_UNKNOWN, NULL, &command))
        return;
    struct grvsstp_fragments *fragments = find(fragmented, command.session_id, command.fragment_id);
    /* Another number of fragments: another stream, whose name is used again. */
    if (fragments == NULL || fragments->num_wanted != command.num_fragments)
        fragments = add(fragmented, &command);
    message->fragments = fragments;
    message->fragment_number = command.this_fragment;
}

static void forget(struct grvsstp_fragmented *fragmented, const struct grvsstp_fragments *done)
{
    for (unsigned i = 0; i < GRVSSTP_FRAGMENTED_MAX; i++)
        if (fragmented->under_way[i] == done)
            fragmented->under_way[i] = NULL;
}

void grvsstp_fragment_end(struct grvsstp_fragmented *fragmented, struct grvsstp_message *message,
                          uint32_t frame)
{
    struct grvsstp_fragments *fragments = message->fragments;

    /* One that comes again brings nothing new. */
    if (fragments == NULL || fragments->whole_in != 0 ||
        wmem_tree_lookup32(fragments->by_number, message->fragment_number) != NULL)
        return;
    wmem_tree_insert32(fragments->by_number, message->fragment_number, message);
    fragments->num_there++;
    fragments->length += message->length;
    if (fragments->num_there < fragments->num_wanted)
        return;
    fragments->whole_in = frame;
    fragments->last = message;
    forget(fragmented, fragments);
}

/* Where the next fragment goes; NULL once one is not there. */
struct joining {
    uint8_t *next;
};

static grvsstp_bool append(const void *key, void *value, void *cookie)
{
    const struct grvsstp_message *message = value;
    struct joining *joining = cookie;

    (void)key;
    if (!message->is_whole) {
        joining->next = NULL;
        return TRUE; /* enough */
    }
    for (const struct grvsstp_payload *part = message->first; part != NULL; part = part->next) {
        memcpy(joining->next, part->bytes, part->len); /* those of fragments are kept */
        joining->next += part->len;
    }
    return FALSE;
}

struct sstp_span grvsstp_fragments_join(const struct grvsstp_fragments *fragments,
                                        wmem_allocator_t *pool)
{
    if (fragments->length == 0 || fragments->length > grvsstp_message_max())
        return sstp_span(NULL, 0);
    uint8_t *whole = wmem_alloc(pool, (size_t)fragments->length);
    struct joining joining = {whole};

    wmem_tree_foreach(fragments->by_number, append, &joining);
    return joining.next != NULL ? sstp_span(whole, (size_t)fragments->length) : sstp_span(NULL, 0);
}
