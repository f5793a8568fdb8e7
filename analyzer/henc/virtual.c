/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "henc/virtual.h"

#include "henc/virtual_half.h"
#include "henc/virtual_keepalive.h"
#include "henc/virtual_longlived.h"
#include "henc/virtual_polling.h"

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
    result->is_waiting = false;
    result->awaited = 0;
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

/* What a request of LongLived or KeepAlive breaks whatever it is about (GRVHENC 2.2.2.1.1.3,
 * 3.1.4.1.1-2, 3.2.5.1.1, 3.3.1.1, 3.3.4.6). */
static void judge_request(const struct henc_virtual *v, const struct henc_message *m,
                          struct henc_result *result)
{
    const struct henc_half_state *half = &v->halves[m->half];
    const struct henc_half_state *other = &v->halves[m->half ^ 1];
    const bool is_longlived = v->kind == HENC_KIND_LONGLIVED;
    const bool is_other_transport = half->has_transport && half->transport != m->transport;

    /* A KeepAlive POST session may be opened again, and nobody saw the end of the last. */
    if (is_other_transport && half->is_requested && !half->is_challenged &&
        (is_longlived || m->half == HENC_HALF_GET) && v->phase != HENC_PHASE_CLOSED)
        henc_virtual_raise(result, HENC_FINDING_GUID_IN_USE);
    if (half->has_transport && !is_other_transport && half->num_open > 0 && m->is_unaware)
        henc_virtual_raise(result, HENC_FINDING_OUT_OF_TURN);
    if (is_longlived && m->half == HENC_HALF_POST && m->has_content_length &&
        m->content_length != HENC_LONGLIVED_LENGTH_MAX)
        henc_virtual_raise(result, HENC_FINDING_ENCAP_HEADER);
    if (m->uri == NULL)
        return;
    const struct henc_digest server = henc_virtual_name_digest(m->uri->server);
    if (other->has_server && !henc_digest_is_equal(&other->server, &server))
        henc_virtual_raise(result, HENC_FINDING_ENCAP_HEADER);
    if (is_longlived && m->half == HENC_HALF_GET &&
        !(m->uri->has_content_length && m->uri->content_length == HENC_LONGLIVED_LENGTH_MAX))
        henc_virtual_raise(result, HENC_FINDING_ENCAP_HEADER);
}

static void observe_request(struct henc_virtual *v, const struct henc_message *m,
                            struct henc_result *result)
{
    struct henc_half_state *half = &v->halves[m->half];
    const bool was_challenged = half->is_challenged;
    const bool is_other_transport = half->has_transport && half->transport != m->transport;
    const bool is_longlived = v->kind == HENC_KIND_LONGLIVED;
    const bool was_requested = half->is_requested;

    judge_request(v, m, result);
    if (!half->has_transport || is_other_transport || was_challenged)
        half->num_open = 0;
    half->num_open += !is_longlived;
    if (m->uri != NULL) {
        half->has_server = true;
        half->server = henc_virtual_name_digest(m->uri->server);
    }

    half->is_heard |= m->opened != 0;
    half->is_from_start |= !half->is_requested && m->from_start;
    half->is_challenged = false;
    v->post_is_reopened |= m->half == HENC_HALF_POST && v->post_is_known &&
                           (is_other_transport || !half->has_transport);
    half->has_transport = true;
    half->transport = m->transport;
    half->last_chunk = m->chunk;
    if (is_longlived)
        v->handshake_is_seen = true; /* the only heads that it has */
    if (m->uri != NULL && is_longlived && m->uri->has_content_length) {
        henc_virtual_longlived_limit(&v->halves[HENC_HALF_GET], m->uri->content_length, result);
        henc_virtual_longlived_limit(&v->halves[HENC_HALF_POST], m->uri->content_length, result);
    }
    if (m->half == HENC_HALF_POST && !is_longlived) {
        if (henc_virtual_body_is_long(m))
            henc_virtual_raise(result, HENC_FINDING_CONTENT_LENGTH_EXCEEDED);
        henc_virtual_keepalive_post(v, m, was_challenged, result);
        return;
    }
    half->is_requested = true;
    if (m->half == HENC_HALF_POST) {
        half->awaits_echo = true;
        half->octets = 0;
        henc_virtual_step(v, HENC_EVENT_POST_REQUEST);
        henc_virtual_longlived_body(v, m, result);
        return;
    }
    /* KeepAlive asks with GET for every body; on a TCP connection that begins
     * with it, and only there, the first one belongs to the handshake. */
    v->handshake_is_seen |= !was_requested && m->from_start && v->phase == HENC_PHASE_START;
    henc_virtual_step(v, HENC_EVENT_GET_REQUEST);
    if (v->has_early_data && v->handshake_is_seen && !was_requested)
        henc_virtual_note_order(&v->halves[HENC_HALF_POST],
                                !v->has_lost && (is_longlived || m->from_start), result);
}

static void observe_ok(struct henc_virtual *v, const struct henc_message *m,
                       struct henc_result *result)
{
    const bool is_longlived = v->kind == HENC_KIND_LONGLIVED;
    v->halves[m->half].is_answered = true;
    if (!is_longlived && henc_virtual_body_is_long(m))
        henc_virtual_raise(result, HENC_FINDING_CONTENT_LENGTH_EXCEEDED);
    if (m->half == HENC_HALF_GET && is_longlived) {
        henc_virtual_longlived_body(v, m, result);
    } else if (m->half == HENC_HALF_GET) {
        henc_virtual_keepalive_get_answer(v, m, result);
    } else {
        /* Which body is right tells the request; where that was not seen, both are. */
        const bool request_is_seen = v->post_is_known && v->post_awaits_answer && !v->has_lost;
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
    half->is_heard = true;
    if (m->status < 200)
        return;
    /* Of a second answer, where the first one and its request were seen. */
    if (v->kind == HENC_KIND_KEEPALIVE && half->is_requested && half->has_answer &&
        half->has_transport && half->transport == m->transport && half->num_open == 0 &&
        m->is_unaware)
        henc_virtual_raise(result, HENC_FINDING_OUT_OF_TURN);
    half->num_open -= half->num_open > 0;
    half->has_answer = true;
    half->is_challenged = m->status == 401 || m->status == 407;
    half->is_heard = !half->is_challenged; /* the next request may come on another connection */
    if (m->status == 200)
        observe_ok(v, m, result);
    else if (!half->is_challenged)
        henc_virtual_step(v, HENC_EVENT_REJECTED);
    if (m->status == 200 && v->kind == HENC_KIND_LONGLIVED && m->half == HENC_HALF_GET &&
        m->has_content_length && m->content_length != HENC_LONGLIVED_LENGTH_MAX)
        henc_virtual_raise(result, HENC_FINDING_ENCAP_HEADER);
}

enum henc_error henc_virtual_message(struct henc_virtual *v, const struct henc_message *m,
                                     struct henc_result *result)
{
    enum henc_error error = HENC_OK;
    begin(v, result);
    if (v->first_ns == 0)
        v->first_ns = m->time_ns;
    v->last_ns = m->time_ns;
    if (m->uri != NULL)
        result->findings |= henc_uri_findings(m->uri);
    if (m->lacks_header)
        henc_virtual_raise(result, HENC_FINDING_ENCAP_HEADER);
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
    henc_virtual_longlived_piece(v, piece, result);
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

void henc_virtual_stray(struct henc_virtual *v, enum henc_half half, uint64_t chunk,
                        struct henc_result *result)
{
    begin(v, result);
    v->halves[half].last_chunk = chunk;
    henc_virtual_raise(result, HENC_FINDING_WRONG_HALF);
    end(v, result);
}

/* One that was refused, or given up before it began, has no other half to miss; nor has one that
 * had just begun when the capture ended. */
static bool has_begun(const struct henc_virtual *v)
{
    return v->halves[HENC_HALF_GET].is_answered || v->flows[HENC_TO_SERVER].has_delivered ||
           v->flows[HENC_TO_CLIENT].has_delivered ||
           (v->phase != HENC_PHASE_CLOSED && v->last_ns - v->first_ns > HENC_SKEW_MAX_NS);
}

bool henc_virtual_is_half_unheard(const struct henc_virtual *v)
{
    return henc_virtual_lacks_half(v) ||
           (v->kind != HENC_KIND_POLLING &&
            (v->halves[HENC_HALF_GET].is_challenged || v->halves[HENC_HALF_POST].is_challenged));
}

bool henc_virtual_lacks_half(const struct henc_virtual *v)
{
    return v->kind != HENC_KIND_POLLING && v->handshake_is_seen && has_begun(v) &&
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
