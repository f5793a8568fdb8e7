/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "henc/virtual_private.h"

#include "henc/text.h"

void henc_virtual_init(struct henc_virtual *v, const struct sstp_mem *mem, enum henc_kind kind)
{
    *v = (struct henc_virtual){.mem = *mem, .kind = kind, .phase = HENC_PHASE_START};
    henc_flow_init(&v->flows[HENC_TO_SERVER], HENC_TO_SERVER);
    henc_flow_init(&v->flows[HENC_TO_CLIENT], HENC_TO_CLIENT);
    for (size_t i = 0; i < 2; i++) {
        v->halves[i].awaits_echo = true;
        v->halves[i].octets_limit = HENC_LONGLIVED_LENGTH_MAX;
    }
}

void henc_virtual_clear(struct henc_virtual *v)
{
    henc_flow_clear(&v->flows[HENC_TO_SERVER], &v->mem);
    henc_flow_clear(&v->flows[HENC_TO_CLIENT], &v->mem);
}

/* Not one assignment: most of a result is room that stays unused. */
static void begin(struct henc_virtual *v, struct henc_result *result)
{
    henc_flow_free_spent(&v->flows[HENC_TO_SERVER], &v->mem);
    henc_flow_free_spent(&v->flows[HENC_TO_CLIENT], &v->mem);
    result->state = HENC_STATE_UNKNOWN;
    result->findings = 0;
    result->is_repeat = false;
    result->echo = (struct henc_echo){0, {NULL, 0}};
    result->deliveries.num = 0;
}

static void end(const struct henc_virtual *v, struct henc_result *result)
{
    result->state = henc_phase_state(v->phase);
}

bool henc_virtual_is_renewed_by(const struct henc_virtual *v, const struct henc_message *m)
{
    if (m->status != 0)
        return false;
    const bool is_closed = v->phase == HENC_PHASE_CLOSED;
    if (v->kind == HENC_KIND_POLLING)
        return m->polling != NULL && m->polling->sequence_is_valid && m->polling->sequence == 0 &&
               m->polling->data.len == 0 && !m->is_cut &&
               (is_closed || v->phase == HENC_PHASE_ESTABLISHED ||
                v->phase == HENC_PHASE_MIDSTREAM);
    const struct henc_half_state *half = &v->halves[m->half];
    if (!is_closed || (half->has_transport && half->transport == m->transport))
        return false;
    struct henc_echo echo;
    return v->kind == HENC_KIND_LONGLIVED || m->half == HENC_HALF_GET ||
           henc_echo_scan(m->body, true, &echo) == HENC_ECHO_YES;
}

/* Keeps an echo string and compares it with the other half's, whichever of the
 * two comes second (GRVHENC 3.1.5.2.1.1, 3.3.5.2.1.1). */
static void note_echo(struct henc_virtual *v, enum henc_half half, const struct henc_echo *echo,
                      struct henc_result *result)
{
    const struct henc_half_state *other = &v->halves[half ^ 1];
    result->echo = *echo;
    v->handshake_is_seen = true;
    v->halves[half].has_echo = true;
    v->halves[half].echo = henc_digest(echo->ping_data);
    if (other->has_echo && !henc_digest_is_equal(&other->echo, &v->halves[half].echo))
        henc_virtual_raise(result, HENC_FINDING_ECHO_MISMATCH);
}

static void note_order(struct henc_half_state *half, struct henc_result *result)
{
    if (!half->order_is_noted)
        henc_virtual_raise(result, HENC_FINDING_HANDSHAKE_ORDER);
    half->order_is_noted = true;
}

/* Application data from the client: only on an established connection (GRVHENC
 * 3.2.5.2.2, 3.4.5.2.2).  Where nothing of GET was seen nothing can be said yet. */
static void judge_client_data(struct henc_virtual *v, struct henc_result *result)
{
    if (!v->halves[HENC_HALF_GET].is_requested)
        v->has_early_data = true;
    /* An echo string without CRLF is known to be whole only when more comes behind
     * it; the client may well have it. */
    else if (v->handshake_is_seen &&
             !(v->halves[HENC_HALF_GET].is_answered && v->halves[HENC_HALF_GET].awaits_echo))
        note_order(&v->halves[HENC_HALF_POST], result);
}

/* From the server: behind the echo, and not before the client's first (GRVHENC
 * 3.2.5.1.1.1, 3.4.1.1, GetSessionReady). */
static void judge_server_data(struct henc_virtual *v, bool is_open, struct henc_result *result)
{
    const struct henc_flow *client = &v->flows[HENC_TO_SERVER];
    if (!v->handshake_is_seen)
        return;
    if (!is_open ||
        (v->halves[HENC_HALF_POST].is_requested && !client->has_delivered && !client->is_lost))
        note_order(&v->halves[HENC_HALF_GET], result);
}

/* Application data of LongLived or KeepAlive. */
static void pass_data(struct henc_virtual *v, enum henc_half half, const struct henc_body *body,
                      struct henc_result *result)
{
    if (body->bytes.len > 0) {
        if (half == HENC_HALF_GET && !v->handshake_is_seen) {
            v->flows[HENC_TO_SERVER].is_lost |= !v->flows[HENC_TO_SERVER].has_delivered;
            v->flows[HENC_TO_CLIENT].is_lost |= !v->flows[HENC_TO_CLIENT].has_delivered;
        }
        /* The server knows of a POST that the capture lacks. */
        if (half == HENC_HALF_GET && (!v->handshake_is_seen || v->phase == HENC_PHASE_GET_ECHOED))
            henc_virtual_step(v, HENC_EVENT_GET_DATA);
        const bool is_open = v->phase == HENC_PHASE_ESTABLISHED ||
                             v->phase == HENC_PHASE_MIDSTREAM || v->phase == HENC_PHASE_CLOSED;
        if (half == HENC_HALF_GET)
            judge_server_data(v, is_open, result);
        else if (!is_open)
            judge_client_data(v, result);
    }
    henc_flow_pass(&v->flows[half == HENC_HALF_POST ? HENC_TO_SERVER : HENC_TO_CLIENT], body,
                   &result->deliveries);
}

static struct henc_body body_behind(uint64_t chunk, struct sstp_span bytes, size_t start,
                                    bool is_cut)
{
    return (struct henc_body){chunk, 0, henc_text_from(bytes, start), is_cut};
}

/* LongLived */

static void limit_octets(struct henc_half_state *half, uint64_t limit, struct henc_result *result)
{
    if (limit > HENC_LONGLIVED_LENGTH_MAX)
        henc_virtual_raise(result, HENC_FINDING_CONTENT_LENGTH_EXCEEDED);
    if (limit < half->octets_limit)
        half->octets_limit = limit;
}

static void count_octets(struct henc_half_state *half, size_t len, struct henc_result *result)
{
    half->octets += len;
    if (half->octets <= half->octets_limit || half->length_is_noted)
        return;
    half->length_is_noted = true;
    henc_virtual_raise(result, HENC_FINDING_CONTENT_LENGTH_EXCEEDED);
}

/* The echo string at the start of a LongLived body; returns where the data begins. */
static size_t take_echo(struct henc_virtual *v, const struct henc_piece *piece,
                        struct henc_result *result)
{
    struct henc_half_state *half = &v->halves[piece->half];
    struct henc_echo echo;
    half->awaits_echo = false;
    if (henc_echo_scan(piece->bytes, false, &echo) != HENC_ECHO_YES &&
        henc_echo_scan(piece->bytes, true, &echo) != HENC_ECHO_YES) {
        note_order(half, result);
        return 0;
    }
    note_echo(v, piece->half, &echo, result);
    if (piece->half == HENC_HALF_GET)
        henc_virtual_step(v, HENC_EVENT_ECHO_BACK);
    return echo.len;
}

static void observe_piece(struct henc_virtual *v, const struct henc_piece *piece,
                          struct henc_result *result)
{
    struct henc_half_state *half = &v->halves[piece->half];
    half->last_chunk = piece->chunk;
    count_octets(half, piece->bytes.len, result);
    if (piece->after_loss) {
        /* The echo string may be among what was lost: claim nothing. */
        v->flows[piece->half == HENC_HALF_POST ? HENC_TO_SERVER : HENC_TO_CLIENT].is_lost = true;
        half->order_is_noted = true;
        if (half->awaits_echo && piece->half == HENC_HALF_GET)
            henc_virtual_step(v, HENC_EVENT_ECHO_BACK);
        half->awaits_echo = false;
    }
    size_t start = 0;
    if (half->awaits_echo && piece->bytes.len > 0)
        start = take_echo(v, piece, result);
    const struct henc_body body = body_behind(piece->chunk, piece->bytes, start, piece->is_cut);
    pass_data(v, piece->half, &body, result);
}

static void observe_longlived_body(struct henc_virtual *v, const struct henc_message *m,
                                   struct henc_result *result)
{
    if (m->has_content_length)
        limit_octets(&v->halves[m->half], m->content_length, result);
    if (m->body.len == 0 && !m->is_cut)
        return;
    const struct henc_piece piece = {m->chunk, m->half, m->is_cut, false, m->body};
    observe_piece(v, &piece, result);
}

/* KeepAlive */

/* The body of a POST that is no echo string.  Returns false when it was sent
 * before, and nothing is to be delivered. */
static bool take_keepalive_post(struct henc_virtual *v, const struct henc_message *m,
                                bool was_challenged, const struct henc_digest *digest,
                                struct henc_result *result)
{
    const bool is_same = v->post_is_known && henc_digest_is_equal(&v->post_digest, digest);
    if (is_same && was_challenged) {
        result->is_repeat = true;
        return false;
    }
    if (is_same && v->post_is_reopened && v->post_awaits_answer) {
        /* GRVHENC 3.3.7.1: what got no answer is sent again. */
        result->is_repeat = true;
        henc_virtual_raise(result, HENC_FINDING_SEQUENCE_REPEAT);
        return false;
    }
    if (v->halves[m->half].is_requested)
        return true;
    if (v->handshake_is_seen) {
        note_order(&v->halves[HENC_HALF_POST], result);
        henc_virtual_step(v, HENC_EVENT_POST_REQUEST);
        return true;
    }
    henc_virtual_step(v, HENC_EVENT_POST_PLAIN);
    v->flows[HENC_TO_SERVER].is_lost = v->flows[HENC_TO_CLIENT].is_lost = true;
    return true;
}

static void observe_keepalive_post(struct henc_virtual *v, const struct henc_message *m,
                                   bool was_challenged, struct henc_result *result)
{
    struct henc_half_state *half = &v->halves[HENC_HALF_POST];
    const struct henc_digest digest = henc_digest(m->body);
    struct henc_echo echo = {0, {NULL, 0}};
    const bool may_be_echo = half->awaits_echo || was_challenged || v->post_is_reopened;
    const bool is_echo = may_be_echo && henc_echo_scan(m->body, !m->is_cut, &echo) == HENC_ECHO_YES;
    half->awaits_echo = false;
    bool is_new = true;
    if (is_echo && v->phase == HENC_PHASE_ESTABLISHED && !was_challenged) {
        /* GRVHENC 3.3.7.1: a re-opened POST session begins without it. */
        result->echo = echo;
        note_order(half, result);
    } else if (is_echo) {
        note_echo(v, HENC_HALF_POST, &echo, result);
        henc_virtual_step(v, HENC_EVENT_POST_REQUEST);
    } else {
        is_new = take_keepalive_post(v, m, was_challenged, &digest, result);
    }
    half->is_requested = true;
    v->post_was_echo = is_echo;
    v->post_is_known = true;
    v->post_is_reopened = false;
    v->post_awaits_answer = true;
    v->post_digest = digest;
    if (!is_new)
        return;
    const struct henc_body body = body_behind(m->chunk, m->body, echo.len, m->is_cut);
    pass_data(v, HENC_HALF_POST, &body, result);
}

static void observe_keepalive_get_answer(struct henc_virtual *v, const struct henc_message *m,
                                         struct henc_result *result)
{
    struct henc_half_state *half = &v->halves[HENC_HALF_GET];
    struct henc_echo echo = {0, {NULL, 0}};
    if (half->awaits_echo && m->body.len > 0) {
        half->awaits_echo = false;
        if (henc_echo_scan(m->body, !m->is_cut, &echo) == HENC_ECHO_YES) {
            note_echo(v, HENC_HALF_GET, &echo, result);
            henc_virtual_step(v, HENC_EVENT_ECHO_BACK);
        }
    }
    const struct henc_body body = body_behind(m->chunk, m->body, echo.len, m->is_cut);
    pass_data(v, HENC_HALF_GET, &body, result);
}

/* Both */

static void observe_request(struct henc_virtual *v, const struct henc_message *m,
                            struct henc_result *result)
{
    struct henc_half_state *half = &v->halves[m->half];
    const bool was_challenged = half->is_challenged;
    const bool is_other_transport = half->has_transport && half->transport != m->transport;
    const bool is_longlived = v->kind == HENC_KIND_LONGLIVED;
    const bool was_requested = half->is_requested;

    half->is_challenged = false;
    v->post_is_reopened |= m->half == HENC_HALF_POST && v->post_is_known &&
                           (is_other_transport || !half->has_transport);
    half->has_transport = true;
    half->transport = m->transport;
    half->last_chunk = m->chunk;
    if (is_longlived)
        v->handshake_is_seen = true; /* the only heads that it has */
    if (m->uri != NULL && is_longlived && m->uri->has_content_length) {
        limit_octets(&v->halves[HENC_HALF_GET], m->uri->content_length, result);
        limit_octets(&v->halves[HENC_HALF_POST], m->uri->content_length, result);
    }
    if (m->half == HENC_HALF_POST && !is_longlived) {
        if (henc_virtual_body_is_long(m))
            henc_virtual_raise(result, HENC_FINDING_CONTENT_LENGTH_EXCEEDED);
        observe_keepalive_post(v, m, was_challenged, result);
        return;
    }
    half->is_requested = true;
    if (m->half == HENC_HALF_POST) {
        half->awaits_echo = true;
        half->octets = 0;
        henc_virtual_step(v, HENC_EVENT_POST_REQUEST);
        observe_longlived_body(v, m, result);
        return;
    }
    /* KeepAlive asks with GET for every body; on a TCP connection that begins
     * with it, and only there, the first one belongs to the handshake. */
    v->handshake_is_seen |= !was_requested && m->from_start && v->phase == HENC_PHASE_START;
    henc_virtual_step(v, HENC_EVENT_GET_REQUEST);
    if (v->has_early_data && v->handshake_is_seen && !was_requested)
        note_order(&v->halves[HENC_HALF_POST], result);
}

static void observe_ok(struct henc_virtual *v, const struct henc_message *m,
                       struct henc_result *result)
{
    const bool is_longlived = v->kind == HENC_KIND_LONGLIVED;
    v->halves[m->half].is_answered = true;
    if (!is_longlived && henc_virtual_body_is_long(m))
        henc_virtual_raise(result, HENC_FINDING_CONTENT_LENGTH_EXCEEDED);
    if (m->half == HENC_HALF_GET && is_longlived) {
        observe_longlived_body(v, m, result);
    } else if (m->half == HENC_HALF_GET) {
        observe_keepalive_get_answer(v, m, result);
    } else {
        /* Which body is right tells the request; where that was not seen, both are. */
        const bool request_is_seen = v->post_is_known && v->post_awaits_answer;
        const bool may_be_empty = !v->post_was_echo || !request_is_seen || m->is_cut;
        const bool may_be_html = !is_longlived && (v->post_was_echo || !request_is_seen);
        if (!(m->body.len == 0 && may_be_empty) &&
            !(may_be_html && (m->is_cut || henc_empty_answer_is(m->body))))
            henc_virtual_raise(result, HENC_FINDING_POST_ANSWER_BODY);
        v->post_awaits_answer = false;
        henc_virtual_step(v, HENC_EVENT_POST_OK);
    }
}

static void observe_response(struct henc_virtual *v, const struct henc_message *m,
                             struct henc_result *result)
{
    struct henc_half_state *half = &v->halves[m->half];
    half->last_chunk = m->chunk;
    if (m->status < 200)
        return;
    half->is_challenged = m->status == 401 || m->status == 407;
    if (m->status == 200)
        observe_ok(v, m, result);
    else if (!half->is_challenged)
        henc_virtual_step(v, HENC_EVENT_REJECTED);
}

enum henc_error henc_virtual_message(struct henc_virtual *v, const struct henc_message *m,
                                     struct henc_result *result)
{
    enum henc_error error = HENC_OK;
    begin(v, result);
    if (m->uri != NULL)
        result->findings |= henc_uri_findings(m->uri);
    if (v->kind == HENC_KIND_POLLING)
        error = henc_virtual_polling_message(v, m, result);
    else if (m->status == 0)
        observe_request(v, m, result);
    else
        observe_response(v, m, result);
    end(v, result);
    return error;
}

void henc_virtual_data(struct henc_virtual *v, const struct henc_piece *piece,
                       struct henc_result *result)
{
    begin(v, result);
    observe_piece(v, piece, result);
    end(v, result);
}

void henc_virtual_transport_end(struct henc_virtual *v, uint64_t transport,
                                struct henc_result *result)
{
    begin(v, result);
    if (v->kind == HENC_KIND_POLLING)
        henc_virtual_polling_transport_end(v, transport);
    for (size_t i = 0; i < 2 && v->kind != HENC_KIND_POLLING; i++) {
        struct henc_half_state *half = &v->halves[i];
        if (!half->has_transport || half->transport != transport)
            continue;
        half->has_transport = false;
        const bool counts = i == HENC_HALF_GET || v->kind == HENC_KIND_LONGLIVED;
        if (counts && !half->is_challenged)
            henc_virtual_step(v, HENC_EVENT_ENDED);
    }
    end(v, result);
}

bool henc_virtual_lacks_half(const struct henc_virtual *v)
{
    return v->kind != HENC_KIND_POLLING && v->handshake_is_seen &&
           v->halves[HENC_HALF_GET].is_requested != v->halves[HENC_HALF_POST].is_requested;
}

void henc_virtual_finish(struct henc_virtual *v, struct henc_result *result)
{
    begin(v, result);
    henc_virtual_polling_finish(v, result);
    if (henc_virtual_lacks_half(v))
        henc_virtual_raise(result, HENC_FINDING_MISSING_HALF);
    end(v, result);
}

uint64_t henc_virtual_last_chunk(const struct henc_virtual *v)
{
    const bool is_get = v->halves[HENC_HALF_GET].is_requested;
    return v->halves[is_get ? HENC_HALF_GET : HENC_HALF_POST].last_chunk;
}
