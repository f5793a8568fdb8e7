/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "http/observe.h"

#include "follow/settle.h"
#include "http/body.h"
#include "http/now.h"
#include "tcp/missing.h"

void grvhenc_lose(struct grvhenc_tcp *tcp, bool from_client, int64_t time_ns)
{
    tcp->has_lost = true;
    if (tcp->current == NULL) {
        tcp->has_untold = true;
        return;
    }
    henc_virtual_lose(&tcp->current->observer, tcp->number);
    tcp->current->is_deaf[from_client] = true;
    grvsstp_settle_late_gap(tcp->current->connection, from_client,
                            tcp->sides[from_client].last_frame, grvhenc_now_frame(), time_ns);
}

/* Says where framing and states may trust that a command begins: after a handshake that
 * the capture holds. */
static void start_halves(struct grvhenc_virtual *v, const struct henc_message *m,
                         const struct henc_result *result)
{
    const bool to_server = m->status == 0;
    if (!v->has_begun &&
        (result->state == HENC_STATE_CONNECTING || result->state == HENC_STATE_PROBING))
        grvsstp_states_start(v->connection->states);
    v->has_begun = true;
    const bool is_handshake =
        v->kind == HENC_KIND_POLLING
            ? m->polling != NULL && m->polling->sequence_is_valid && m->polling->sequence == 0
            : result->echo.len > 0 ||
                  (v->kind == HENC_KIND_LONGLIVED && (to_server || m->status == 200));
    if (is_handshake && !result->is_repeat)
        grvsstp_half_starts(&v->connection->halves[to_server]);
}

/* What follows the head is a body without end. */
static void begin_stream(struct grvhenc_chunk *chunk, const struct henc_http *http)
{
    struct grvhenc_side *side = grvhenc_chunk_side(chunk);
    const char *undecoded = grvhenc_endless_undecoded(http, chunk->pool);

    side->streaming = chunk->tcp->current;
    side->awaits_echo = true;
    side->undecoded = undecoded != NULL ? wmem_strdup(wmem_file_scope(), undecoded) : NULL;
    side->has_gap |= undecoded != NULL;
}

/* What the sender of the message can have known when it left. */
static void note_knowledge(const struct grvhenc_chunk *chunk, struct henc_message *m)
{
    const struct grvhenc_side *other = &chunk->tcp->sides[!chunk->from_client];

    m->has_ended = chunk->tcp->is_over;
    m->time_ns = chunk->time_ns;
    /* Who was answered, and who asked, nobody knows any more after a loss. */
    m->is_unaware = chunk->has_ack && other->sequence.is_known && !chunk->tcp->has_lost &&
                    other->carried.len == 0 && (int32_t)(chunk->ack - other->sequence.next) <= 0;
}

static struct henc_message message_of(const struct grvhenc_chunk *chunk,
                                      const struct grvhenc_message_bytes *bytes)
{
    const struct henc_http *http = &bytes->read->http;
    struct henc_message m = {.chunk = chunk->frame,
                             .transport = chunk->tcp->number,
                             .from_start = chunk->tcp->is_from_start && !chunk->tcp->has_lost,
                             .lacks_start = !chunk->tcp->is_from_start,
                             .has_content_length = http->has_content_length,
                             .content_length = http->content_length,
                             .is_cut = bytes->is_cut,
                             .body = bytes->body};

    note_knowledge(chunk, &m);
    return m;
}

/* Whether what the other side says on the TCP connection was captured before the chunk, and waits
 * for it. */
static bool is_after_answer(const struct grvhenc_chunk *chunk)
{
    const struct grvhenc_chunk *answer = chunk->tcp->sides[!chunk->from_client].waiting;
    return answer != NULL && answer->frame < chunk->frame;
}

static bool find_of_request(struct grvhenc_chunk *chunk, const struct grvhenc_message_bytes *bytes,
                            struct grvhenc_message *message)
{
    const struct grvhenc_tcp *tcp = chunk->tcp;
    const struct henc_http *http = &bytes->read->http;
    struct henc_message *m = &message->m;

    if (!http->has_uri)
        return false;
    m->opened = chunk->opened;
    m->may_follow_unseen = !m->from_start || grvsstp_missing_is_near(chunk->time_ns);
    m->uri = &http->uri;
    m->half = http->uri.half;
    m->lacks_header =
        henc_http_lacks_header(sstp_span(chunk->bytes.data + bytes->offset, http->head_len),
                               http->uri.kind, http->uri.half);
    struct sstp_span guid = http->uri.guid;
    if (http->uri.kind == HENC_KIND_POLLING) {
        if (henc_polling_parse(bytes->body, false, &message->polling) != HENC_POLLING_OK)
            return false;
        m->polling = &message->polling;
        guid = message->polling.guid;
    }
    message->v = grvhenc_virtual_of_request(guid, grvhenc_chunk_moment(chunk, bytes->offset),
                                            &tcp->client, &tcp->server, m);
    if (is_after_answer(chunk))
        henc_virtual_note_disorder(&message->v->observer);
    return true;
}

static bool find_of_response(struct grvhenc_chunk *chunk, const struct grvhenc_message_bytes *bytes,
                             struct grvhenc_message *message)
{
    const struct grvhenc_tcp *tcp = chunk->tcp;
    struct henc_message *m = &message->m;

    m->half = tcp->current_half;
    m->status = bytes->read->http.status;
    message->v = tcp->current;
    if ((tcp->current == NULL || tcp->current->kind == HENC_KIND_POLLING) && m->status == 200 &&
        henc_polling_parse(bytes->body, true, &message->polling) == HENC_POLLING_OK) {
        m->polling = &message->polling;
        m->lacks_request = tcp->current == NULL && !tcp->has_lost;
        /* One whose request is not captured says itself whose it is. */
        if (tcp->current == NULL || tcp->is_answered)
            message->v = grvhenc_virtual_of_answer(message->polling.guid,
                                                   grvhenc_chunk_moment(chunk, bytes->offset),
                                                   &tcp->client, &tcp->server);
    }
    return message->v != NULL;
}

bool grvhenc_observe_find(struct grvhenc_chunk *chunk, const struct grvhenc_message_bytes *bytes,
                          struct grvhenc_message *message)
{
    message->m = message_of(chunk, bytes);
    message->v = NULL;
    return bytes->read->http.is_response ? find_of_response(chunk, bytes, message)
                                         : find_of_request(chunk, bytes, message);
}

struct grvhenc_virtual *grvhenc_observe_named(const struct grvhenc_chunk *chunk,
                                              wmem_allocator_t *pool)
{
    const struct sstp_span bytes = chunk->bytes;
    struct henc_http http;
    struct henc_polling polling;

    if (!chunk->from_client || henc_http_head(bytes, &http) != HENC_HTTP_DONE || !http.has_uri)
        return NULL;
    struct sstp_span guid = http.uri.guid;
    if (http.uri.kind == HENC_KIND_POLLING) {
        const struct sstp_span body =
            sstp_span(bytes.data + http.head_len, bytes.len - http.head_len);
        if (henc_polling_parse(body, false, &polling) != HENC_POLLING_OK)
            return NULL;
        guid = polling.guid;
    }
    return grvhenc_virtual_known(http.uri.kind, guid, &chunk->tcp->client, &chunk->tcp->server,
                                 pool);
}

/* What the TCP connection remembers of the message. */
static void remember(struct grvhenc_chunk *chunk, const struct henc_http *http,
                     const struct grvhenc_message *message)
{
    struct grvhenc_tcp *tcp = chunk->tcp;
    const struct henc_message *m = &message->m;
    const bool is_longlived = message->v->kind == HENC_KIND_LONGLIVED;

    tcp->current = message->v;
    if (tcp->has_untold) {
        tcp->has_untold = false;
        grvhenc_lose(tcp, chunk->from_client, chunk->time_ns);
    }
    if (!http->is_response)
        tcp->current_half = m->half;
    tcp->is_answered = m->status >= 200;
    if (is_longlived && (http->is_response ? m->half == HENC_HALF_GET && m->status == 200
                                           : m->half == HENC_HALF_POST))
        begin_stream(chunk, http);
}

struct grvhenc_record *grvhenc_observe(struct grvhenc_chunk *chunk,
                                       const struct grvhenc_message_bytes *bytes,
                                       struct grvhenc_message *message)
{
    const struct grvhenc_moment moment = grvhenc_chunk_moment(chunk, bytes->offset);
    struct grvhenc_side *side = grvhenc_chunk_side(chunk);
    struct grvhenc_virtual *v = message->v;
    struct henc_result result;

    remember(chunk, &bytes->read->http, message);
    /* Out of memory cannot be: wmem ends the program instead. */
    (void)henc_virtual_message(&v->observer, &message->m, &result);
    start_halves(v, &message->m, &result);
    if (side->has_gap && result.deliveries.num > 0) {
        result.deliveries.items[0].after_gap = true;
        side->has_gap = false;
    }
    struct grvhenc_record *record =
        grvhenc_record_new(v, message->m.half, &result, bytes->body_tvb, &moment);
    grvhenc_record_wait(record, &result, &message->m);
    grvhenc_record_drop(record, chunk->pool);
    return record;
}

void grvhenc_observe_other(struct grvhenc_chunk *chunk, const struct henc_http *http)
{
    if (!http->is_response)
        chunk->tcp->current = NULL;
}
