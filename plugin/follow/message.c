/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "follow/message.h"

#include "follow/again.h"
#include "follow/source.h"

/* Longest message that is put together, in MiB: a preference. */
static unsigned message_max_mib = 16;

void grvsstp_message_register_preferences(module_t *module)
{
    prefs_register_uint_preference(
        module, "message_max", "Longest message put together (MiB)",
        "The payload of a longer message is counted, but not put together at its EndMessage", 10,
        &message_max_mib);
}

uint64_t grvsstp_message_max(void)
{
    return (uint64_t)message_max_mib << 20;
}

void grvsstp_contribute(struct grvsstp_contributions *list, uint32_t frame, uint32_t offset,
                        size_t len)
{
    struct grvsstp_contribution *contribution = list->last;
    const uint16_t place = offset <= UINT16_MAX ? (uint16_t)offset : 0;

    if (contribution == NULL || contribution->frame != frame) {
        contribution = wmem_new0(grvsstp_passing_scope(), struct grvsstp_contribution);
        contribution->frame = frame;
        contribution->offset = place;
        if (list->last != NULL)
            list->last->next = contribution;
        else
            list->first = contribution;
        list->last = contribution;
    } else if (contribution->offset + contribution->len != place) {
        contribution->offset = 0; /* two places */
    }
    contribution->len = (uint16_t)MIN(contribution->len + len, UINT16_MAX);
}

bool grvsstp_contributions_are_placed(const struct grvsstp_contributions *list, size_t len)
{
    size_t num = 0;

    for (const struct grvsstp_contribution *at = list->first; at != NULL; at = at->next) {
        if (at->offset == 0)
            return false;
        num += at->len;
    }
    return num == len;
}

bool grvsstp_contributions_read(const struct grvsstp_contributions *list, const packet_info *pinfo,
                                size_t skip, size_t len, uint8_t *to)
{
    for (const struct grvsstp_contribution *at = list->first; at != NULL && len > 0;
         at = at->next) {
        const size_t passed = MIN(skip, at->len), here = MIN(at->len - passed, len);
        skip -= passed;
        if (here > 0 &&
            !grvsstp_source_read(pinfo, at->frame, at->offset + (uint32_t)passed, here, to))
            return false;
        to += here;
        len -= here;
    }
    return len == 0;
}

bool grvsstp_is_fragment(struct sstp_span bytes)
{
    enum { FLAGS_OFFSET = 11 }; /* header, SessionId, MessageCount */
    return bytes.len > FLAGS_OFFSET && bytes.data[0] == SSTP_MESSAGE &&
           (bytes.data[FLAGS_OFFSET] & SSTP_MESSAGE_FLAG_FRAGMENT) != 0;
}

bool grvsstp_has_session_id(struct sstp_span bytes)
{
    return bytes.len >= SSTP_HEADER_LEN + 4;
}

uint32_t grvsstp_session_id(struct sstp_span bytes)
{
    return grvsstp_has_session_id(bytes) ? sstp_get_u32(bytes.data + SSTP_HEADER_LEN) : 0;
}

struct sstp_span grvsstp_data_payload(struct sstp_span bytes, uint32_t *num_missing)
{
    enum { PAYLOAD_OFFSET = SSTP_HEADER_LEN + 4 };
    const size_t wire_len = sstp_get_u16(bytes.data + 1), known = MAX(bytes.len, PAYLOAD_OFFSET);
    *num_missing = wire_len > known ? (uint32_t)(wire_len - known) : 0;
    if (bytes.len <= PAYLOAD_OFFSET)
        return sstp_span(NULL, 0);
    return sstp_span(bytes.data + PAYLOAD_OFFSET, bytes.len - PAYLOAD_OFFSET);
}

bool grvsstp_is_mime(struct sstp_span beginning)
{
    static const char *const fields[] = {"MIME-Version:", "Content-Type:", "Content-ID:",
                                         "Content-Transfer-Encoding:", "Content-Disposition:"};

    const char initial = beginning.len > 0 ? g_ascii_toupper((char)beginning.data[0]) : '\0';

    if (initial != 'M' && initial != 'C') /* as most */
        return false;
    for (size_t i = 0; i < array_length(fields); i++) {
        const size_t len = strlen(fields[i]);
        if (beginning.len > len &&
            g_ascii_strncasecmp((const char *)beginning.data, fields[i], len) == 0)
            return true;
    }
    return false;
}

/* ------------------------------------------------------------------------
 * Messages in one chunk
 */

void grvsstp_tracker_init(struct grvsstp_tracker *tracker, wmem_allocator_t *pool)
{
    tracker->pool = pool;
    tracker->num_locals = 0;
}

static struct grvsstp_local *find_local(struct grvsstp_tracker *tracker, uint32_t session_id)
{
    for (unsigned i = 0; i < tracker->num_locals; i++)
        if (tracker->locals[i].session_id == session_id)
            return &tracker->locals[i];
    return NULL;
}

static void remove_local(struct grvsstp_tracker *tracker, struct grvsstp_local *local)
{
    *local = tracker->locals[--tracker->num_locals];
}

static void add_slice(struct grvsstp_tracker *tracker, struct grvsstp_local *local,
                      struct sstp_span bytes, uint32_t num_missing,
                      const struct grvsstp_contributions *pieces, uint32_t offset)
{
    struct grvsstp_slice *slice = wmem_new(tracker->pool, struct grvsstp_slice);
    *slice = (struct grvsstp_slice){NULL, bytes, num_missing, pieces, offset};
    if (local->last != NULL)
        local->last->next = slice;
    else
        local->first = slice;
    local->last = slice;
    local->length += bytes.len + num_missing;
}

enum grvsstp_track grvsstp_tracker_take(struct grvsstp_tracker *tracker, struct sstp_span bytes,
                                        const struct grvsstp_contributions *pieces, uint32_t offset)
{
    const uint8_t id = bytes.data[0];
    if (id != SSTP_MESSAGE && id != SSTP_DATA && id != SSTP_END_MESSAGE && id != SSTP_CLOSE)
        return GRVSSTP_TRACK_NOTHING;
    if (!grvsstp_has_session_id(bytes)) { /* it may be of any of them */
        tracker->num_locals = 0;
        return GRVSSTP_TRACK_ELSEWHERE;
    }

    const uint32_t session_id = grvsstp_session_id(bytes);
    struct grvsstp_local *local = find_local(tracker, session_id);
    if (id == SSTP_MESSAGE || id == SSTP_CLOSE) {
        if (local != NULL) /* what was begun stays without an end */
            remove_local(tracker, local);
        if (id == SSTP_CLOSE || grvsstp_is_fragment(bytes) ||
            tracker->num_locals == GRVSSTP_LOCALS_MAX)
            return GRVSSTP_TRACK_ELSEWHERE;
        local = &tracker->locals[tracker->num_locals++];
        *local = (struct grvsstp_local){session_id, 0, NULL, NULL};
        add_slice(tracker, local, sstp_span(NULL, 0), 0, pieces, offset);
        return GRVSSTP_TRACK_OPEN;
    }
    if (local == NULL)
        return GRVSSTP_TRACK_ELSEWHERE;
    if (id == SSTP_DATA) {
        uint32_t num_missing;
        const struct sstp_span payload = grvsstp_data_payload(bytes, &num_missing);
        add_slice(tracker, local, payload, num_missing, pieces, offset);
        return GRVSSTP_TRACK_OPEN;
    }
    tracker->done = *local;
    remove_local(tracker, local);
    return GRVSSTP_TRACK_DONE;
}

/* ------------------------------------------------------------------------
 * Messages in several chunks
 */

/* Whether the part has a copy: the bytes of a split command serve where they are kept. */
static bool has_copy(const struct grvsstp_payload *part)
{
    return part->pieces == NULL || part->pieces->first->offset != 0;
}

/* What can be read again need not be kept when the message is over. */
static void release(struct grvsstp_message *message)
{
    for (struct grvsstp_payload *part = message->first; part != NULL; part = part->next)
        if (part->bytes != NULL && has_copy(part) && (part->pieces != NULL || part->offset != 0))
            grvsstp_source_release(&part->bytes);
}

/* What the message was put together of; its fragments outlive their frames. */
static void drop(struct grvsstp_message *message, wmem_allocator_t *pool)
{
    if (message == NULL || message->fragments != NULL)
        return;
    if (grvsstp_is_shown_again()) {
        release(message);
        return;
    }
    for (const struct grvsstp_payload *part = message->first; part != NULL; part = part->next) {
        grvsstp_passing_drop(pool, part->bytes);
        grvsstp_passing_drop(pool, part);
    }
    for (const struct grvsstp_contribution *at = message->contributions.first; at != NULL;
         at = at->next)
        grvsstp_passing_drop(pool, at);
    grvsstp_passing_drop(pool, message);
}

struct grvsstp_message *grvsstp_spanning_begin(struct grvsstp_spanning *spanning,
                                               uint32_t session_id, uint32_t frame,
                                               const struct grvsstp_contributions *pieces,
                                               wmem_allocator_t *pool)
{
    struct grvsstp_message *message = wmem_new0(grvsstp_passing_scope(), struct grvsstp_message);
    message->is_whole = true;
    message->begin_frame = frame;
    message->begin_pieces = pieces;
    if (spanning->by_session == NULL)
        spanning->by_session = wmem_map_new(wmem_file_scope(), g_direct_hash, g_direct_equal);
    drop(wmem_map_insert(spanning->by_session, GUINT_TO_POINTER(session_id), message), pool);
    return message;
}

struct grvsstp_message *grvsstp_spanning_find(const struct grvsstp_spanning *spanning,
                                              uint32_t session_id)
{
    if (spanning->by_session == NULL)
        return NULL;
    return wmem_map_lookup(spanning->by_session, GUINT_TO_POINTER(session_id));
}

void grvsstp_spanning_end(struct grvsstp_spanning *spanning, uint32_t session_id,
                          wmem_allocator_t *pool)
{
    if (spanning->by_session != NULL)
        drop(wmem_map_remove(spanning->by_session, GUINT_TO_POINTER(session_id)), pool);
}

void grvsstp_spanning_end_all(struct grvsstp_spanning *spanning)
{
    spanning->by_session = NULL; /* the map dies with the capture */
}

static void forget_payload(struct grvsstp_message *message)
{
    for (struct grvsstp_payload *payload = message->first, *next; payload != NULL; payload = next) {
        next = payload->next;
        if (has_copy(payload))
            wmem_free(grvsstp_source_scope(), (void *)payload->bytes);
        wmem_free(grvsstp_passing_scope(), payload);
    }
    message->first = message->last = NULL;
}

void grvsstp_message_append(struct grvsstp_message *message, struct sstp_span payload,
                            uint32_t num_missing, const struct grvsstp_contributions *pieces,
                            uint32_t frame, uint32_t offset)
{
    message->length += payload.len + num_missing;
    grvsstp_contribute(&message->contributions, frame, 0, payload.len);
    if (num_missing > 0 || message->length > grvsstp_message_max()) {
        message->is_whole = false;
        forget_payload(message);
    }
    if (!message->is_whole || payload.len == 0)
        return;

    struct grvsstp_payload *part = wmem_new(grvsstp_passing_scope(), struct grvsstp_payload);
    *part = (struct grvsstp_payload){.bytes = payload.data,
                                     .pieces = pieces,
                                     .frame = frame,
                                     .len = (uint16_t)payload.len,
                                     .offset = offset <= UINT16_MAX ? (uint16_t)offset : 0};
    if (has_copy(part))
        part->bytes = wmem_memdup(grvsstp_source_scope(), payload.data, payload.len);
    if (message->last != NULL)
        message->last->next = part;
    else
        message->first = part;
    message->last = part;
}

bool grvsstp_payload_read(const struct grvsstp_payload *part, const packet_info *pinfo, uint8_t *to)
{
    size_t before = 0;

    if (part->bytes != NULL) {
        memcpy(to, part->bytes, part->len);
        return true;
    }
    if (part->pieces == NULL)
        return grvsstp_source_read(pinfo, part->frame, part->offset, part->len, to);
    for (const struct grvsstp_contribution *at = part->pieces->first; at != NULL; at = at->next)
        before += at->len;
    return grvsstp_contributions_read(part->pieces, pinfo, before - part->len, part->len, to);
}
