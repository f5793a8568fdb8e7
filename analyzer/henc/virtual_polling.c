/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Polling side of virtual.h (GRVHENC 3.5, 3.6). */
#include "henc/virtual_polling.h"

#include "henc/virtual_half.h"

/* Requests without an answer */

static struct henc_outstanding *find_outstanding(struct henc_virtual *v, uint64_t transport)
{
    for (size_t i = 0; i < HENC_OUTSTANDING_MAX; i++)
        if (v->outstanding[i].is_used && v->outstanding[i].transport == transport)
            return &v->outstanding[i];
    return NULL;
}

static bool has_kept_request(const struct henc_virtual *v)
{
    for (size_t i = 0; i < HENC_OUTSTANDING_MAX; i++)
        if (v->outstanding[i].is_used)
            return true;
    return false;
}

/* One whose answer may still come. */
static bool has_open_request(const struct henc_virtual *v)
{
    if (v->has_dropped_request)
        return true; /* and nobody remembers which */
    for (size_t i = 0; i < HENC_OUTSTANDING_MAX; i++)
        if (v->outstanding[i].is_used && !v->outstanding[i].has_ended)
            return true;
    return false;
}

/* Whether the client sent this request before it had the answer to another one (GRVHENC
 * 3.5.1.1, ClientOKtoSend).  Between two TCP connections the order of the capture alone says
 * nothing; that the server had the SYN of this one before it sent the other's answer does. */
static bool is_out_of_turn(const struct henc_virtual *v, const struct henc_message *m)
{
    for (size_t i = 0; i < HENC_OUTSTANDING_MAX; i++) {
        const struct henc_outstanding *o = &v->outstanding[i];
        if (!o->is_used || o->is_challenged || o->has_ended)
            continue;
        if (o->transport == m->transport ? m->is_unaware : m->opened > o->chunk)
            return true;
    }
    return false;
}

/* Keeps a request in mind, in the place of an older one on its TCP connection,
 * else in a free place, else in turn: what is that old will get no answer. */
static void add_outstanding(struct henc_virtual *v, const struct henc_message *m, uint32_t number,
                            const struct henc_digest *digest)
{
    struct henc_outstanding *o = find_outstanding(v, m->transport);
    for (size_t i = 0; o == NULL && i < HENC_OUTSTANDING_MAX; i++)
        if (!v->outstanding[i].is_used)
            o = &v->outstanding[i];
    if (o == NULL) {
        o = &v->outstanding[v->num_requests % HENC_OUTSTANDING_MAX];
        v->has_dropped_request |= !o->has_ended;
    }
    v->num_requests++;
    *o = (struct henc_outstanding){
        .is_used = true,
        .has_ended = m->has_ended || (v->has_early_answer && v->early_transport == m->transport),
        .chunk = m->chunk,
        .number = number,
        .transport = m->transport,
        .digest = *digest};
}

/* Whether a request is sent again because of a 401 or 407 (GRVHENC 3.5.5.1.3). */
static bool is_answer_to_challenge(struct henc_virtual *v, const struct henc_message *m,
                                   uint32_t number, const struct henc_digest *digest)
{
    for (size_t i = 0; i < HENC_OUTSTANDING_MAX; i++) {
        struct henc_outstanding *o = &v->outstanding[i];
        if (!o->is_used || !o->is_challenged || o->number != number ||
            !henc_digest_is_equal(&o->digest, digest))
            continue;
        o->is_challenged = false;
        o->has_ended = m->has_ended;
        o->transport = m->transport;
        o->chunk = m->chunk;
        return true;
    }
    return false;
}

/* Ordering */

/* Both directions count from 0 (GRVHENC 3.5.4.1.1, 3.6.5.2.1). */
static void expect_first_numbers(struct henc_virtual *v)
{
    v->handshake_is_seen = true;
    for (size_t i = 0; i < 2; i++)
        v->flows[i].is_known = true;
}

static bool is_in_handshake(const struct henc_virtual *v)
{
    return v->phase == HENC_PHASE_PROBING || v->phase == HENC_PHASE_PROBED ||
           v->phase == HENC_PHASE_CONNECTING;
}

static void give_up(struct henc_virtual *v, struct henc_flow *flow, struct henc_result *result)
{
    henc_virtual_step(v, HENC_EVENT_NUMBER_LOST);
    if (henc_flow_give_up(flow, &result->deliveries))
        henc_virtual_raise(result, HENC_FINDING_SEQUENCE_GAP);
}

static void note_gap(struct henc_flow *flow, struct henc_result *result)
{
    if (!flow->gap_is_noted)
        henc_virtual_raise(result, HENC_FINDING_SEQUENCE_GAP);
    flow->gap_is_noted = true;
}

/* Before a request with a number above all others: what it proves lost is given
 * up, oldest first, so that the streams meet in the order of the exchanges. */
static void give_up_what_is_lost(struct henc_virtual *v, struct henc_result *result)
{
    struct henc_flow *requests = &v->flows[HENC_TO_SERVER];
    struct henc_flow *responses = &v->flows[HENC_TO_CLIENT];
    for (size_t i = 0; i < HENC_OUTSTANDING_MAX; i++)
        if (v->has_answer_number && v->outstanding[i].number < v->highest_answer)
            v->outstanding[i].is_used = false;
    while (requests->parked != NULL && requests->parked->is_answered)
        give_up(v, requests, result);
    while (responses->parked != NULL && !has_open_request(v))
        give_up(v, responses, result);
}

/* Gives up the lowest of the numbers that are missing before this one. */
static void give_up_towards(struct henc_virtual *v, struct henc_flow *flow, uint32_t number,
                            struct henc_result *result)
{
    if (flow->parked != NULL && flow->parked->body.number <= number) {
        give_up(v, flow, result);
        return;
    }
    henc_virtual_step(v, HENC_EVENT_NUMBER_LOST);
    if (henc_flow_skip_to(flow, number))
        henc_virtual_raise(result, HENC_FINDING_SEQUENCE_GAP);
}

static enum henc_error park_or_take(struct henc_virtual *v, struct henc_flow *flow,
                                    const struct henc_body *body, const struct henc_digest *digest,
                                    struct henc_result *result)
{
    while (body->number > flow->next && !henc_flow_has_room(flow, body->bytes.len))
        give_up_towards(v, flow, body->number, result);
    if (body->number > flow->next) {
        if (!henc_flow_park(flow, &v->mem, body, digest))
            return HENC_ERROR_MEMORY;
        result->is_waiting = true;
        result->awaited = (uint32_t)flow->next;
        return HENC_OK;
    }
    henc_flow_take(flow, body, digest, &result->deliveries);
    return HENC_OK;
}

/* Puts a body where its number belongs. */
static enum henc_error sort_in(struct henc_virtual *v, struct henc_flow *flow,
                               enum henc_place place, const struct henc_body *body,
                               const struct henc_digest *digest, struct henc_result *result)
{
    switch (place) {
    case HENC_PLACE_REPEAT:
        result->is_repeat = true;
        henc_virtual_raise(result, HENC_FINDING_SEQUENCE_REPEAT);
        return HENC_OK;
    case HENC_PLACE_LATE: /* what came after it has been delivered */
        if (body->number >= flow->first)
            henc_virtual_raise(result, HENC_FINDING_SEQUENCE_GAP);
        result->is_waiting = true;
        result->awaited = body->number;
        return HENC_OK;
    case HENC_PLACE_REUSED:
        /* A sender that does not count, but its bytes are new. */
        henc_virtual_raise(result, HENC_FINDING_SEQUENCE_REPEAT);
        henc_flow_take(flow, body, digest, &result->deliveries);
        return HENC_OK;
    case HENC_PLACE_DUE:
        henc_flow_take(flow, body, digest, &result->deliveries);
        return HENC_OK;
    case HENC_PLACE_EARLY:
        return park_or_take(v, flow, body, digest, result);
    }
    return HENC_OK;
}

/* Messages */

/* Whether a request's TCP connection ended without its answer: what the server made of it
 * nobody has seen. */
static bool has_lost_answer(const struct henc_virtual *v)
{
    for (size_t i = 0; i < HENC_OUTSTANDING_MAX; i++)
        if (v->outstanding[i].is_used && v->outstanding[i].has_ended)
            return true;
    return false;
}

/* What a request does to the phase; probe aside. */
static void step_for_request(struct henc_virtual *v, const struct henc_message *m,
                             enum henc_place place, struct henc_result *result)
{
    const uint32_t number = m->polling->sequence;
    const bool has_data = m->polling->data.len > 0 || m->is_cut;
    if (number == 0) {
        /* The second request comes after the 400, once, and with data (3.6.5.2). */
        if ((v->phase == HENC_PHASE_START && !m->may_follow_unseen) ||
            (v->phase == HENC_PHASE_PROBING && is_out_of_turn(v, m)) ||
            (v->phase == HENC_PHASE_PROBED && !has_data))
            henc_virtual_raise(result, HENC_FINDING_HANDSHAKE_ORDER);
        if (v->phase == HENC_PHASE_START)
            expect_first_numbers(v);
        henc_virtual_step(v, HENC_EVENT_SECOND);
        return;
    }
    if (is_in_handshake(v) && place == HENC_PLACE_DUE) {
        if (is_out_of_turn(v, m))
            henc_virtual_raise(result, HENC_FINDING_HANDSHAKE_ORDER);
        else
            henc_virtual_step(v, HENC_EVENT_NUMBER_LOST); /* that of the answer */
    }
    if (v->phase == HENC_PHASE_START)
        v->flows[HENC_TO_SERVER].is_lost = v->flows[HENC_TO_CLIENT].is_lost = true;
    else if (has_lost_answer(v))
        henc_virtual_step(v, HENC_EVENT_ANSWER_LOST);
    henc_virtual_step(v, HENC_EVENT_NEXT);
}

static void keep_names(struct henc_virtual *v, const struct henc_polling *request)
{
    v->has_names = true;
    v->guid = henc_digest(request->guid);
    v->server = henc_virtual_name_digest(request->server);
}

/* An answer names whom its request named (GRVHENC 3.5.5.1.1). */
static void compare_names(const struct henc_virtual *v, const struct henc_polling *answer,
                          struct henc_result *result)
{
    const struct henc_digest guid = henc_digest(answer->guid);
    const struct henc_digest server = henc_virtual_name_digest(answer->server);

    if (!v->has_names)
        return;
    if (!henc_digest_is_equal(&guid, &v->guid))
        henc_virtual_raise(result, HENC_FINDING_ENCAP_MISMATCH);
    if (!henc_digest_is_equal(&server, &v->server))
        henc_virtual_raise(result, HENC_FINDING_ENCAP_MISMATCH_SERVER);
}

static enum henc_error observe_request(struct henc_virtual *v, const struct henc_message *m,
                                       struct henc_result *result)
{
    struct henc_flow *flow = &v->flows[HENC_TO_SERVER];
    const struct henc_polling *p = m->polling;
    const struct henc_body body = {m->chunk, p->sequence, p->data, m->is_cut};
    const struct henc_digest digest = henc_digest(p->data);
    keep_names(v, p);
    if (is_answer_to_challenge(v, m, p->sequence, &digest)) {
        result->is_repeat = true;
        return HENC_OK;
    }
    const bool is_probe = p->sequence == 0 && p->data.len == 0 && !m->is_cut &&
                          (v->phase == HENC_PHASE_START || v->phase == HENC_PHASE_PROBING);
    if (is_probe) {
        expect_first_numbers(v);
        henc_virtual_step(v, HENC_EVENT_PROBE);
        add_outstanding(v, m, 0, &digest);
        find_outstanding(v, m->transport)->is_probe = true;
        return HENC_OK;
    }
    if (v->has_dropped_request && !has_kept_request(v))
        v->has_dropped_request = false;
    /* The second request of the handshake is judged with its phase. */
    if (p->sequence > 0 && is_out_of_turn(v, m))
        henc_virtual_raise(result, HENC_FINDING_OUT_OF_TURN);
    if (henc_poll_timer_request(&v->poll_timer, p->data.len > 0 || m->is_cut, m->time_ns) &&
        p->sequence > 0)
        henc_virtual_raise(result, HENC_FINDING_POLL_TIMER);
    if (!v->has_request_number || p->sequence > v->highest_request) {
        give_up_what_is_lost(v, result);
        v->highest_request = p->sequence;
        v->has_request_number = true;
    }
    const enum henc_place place = henc_flow_place(flow, p->sequence, &digest);
    if (place == HENC_PLACE_DUE || place == HENC_PLACE_EARLY)
        step_for_request(v, m, place, result);
    const enum henc_error error = sort_in(v, flow, place, &body, &digest, result);
    add_outstanding(v, m, p->sequence, &digest);
    return error;
}

/* A body without the fields of Polling, where the capture holds all of it. */
static void note_unreadable(const struct henc_message *m, struct henc_result *result)
{
    if (!m->is_cut)
        henc_virtual_raise(result, HENC_FINDING_ENCAP_MALFORMED);
}

/* A request has its answer. */
static void settle(struct henc_virtual *v, struct henc_outstanding *o)
{
    o->is_used = false;
    v->has_settled = true;
    v->settled_transport = o->transport;
}

/* An answer to no request: a second one to the last, or its request comes later in the
 * capture. */
static void note_unasked(struct henc_virtual *v, const struct henc_message *m,
                         struct henc_result *result)
{
    if (v->has_settled && v->settled_transport == m->transport) {
        if (m->is_unaware)
            henc_virtual_raise(result, HENC_FINDING_OUT_OF_TURN);
        return;
    }
    v->has_early_answer = true;
    v->early_transport = m->transport;
}

/* The request on this TCP connection has its 200. */
static bool settle_request(struct henc_virtual *v, const struct henc_message *m,
                           struct henc_result *result)
{
    struct henc_outstanding *o = find_outstanding(v, m->transport);
    if (o == NULL) {
        note_unasked(v, m, result);
        return false;
    }
    settle(v, o);
    if (!v->has_answer_number || o->number > v->highest_answer)
        v->highest_answer = o->number;
    v->has_answer_number = true;
    struct henc_parked *parked = henc_flow_find(&v->flows[HENC_TO_SERVER], o->number);
    if (parked == NULL)
        return true;
    parked->is_answered = true;
    note_gap(&v->flows[HENC_TO_SERVER], result);
    /* It is answered, and no other is open: all before it are over (3.5.1.1). */
    while (!has_open_request(v) && v->flows[HENC_TO_SERVER].parked != NULL &&
           v->flows[HENC_TO_SERVER].parked->is_answered)
        give_up(v, &v->flows[HENC_TO_SERVER], result);
    return true;
}

static enum henc_error observe_ok(struct henc_virtual *v, const struct henc_message *m,
                                  struct henc_result *result)
{
    struct henc_flow *flow = &v->flows[HENC_TO_CLIENT];
    const struct henc_outstanding *o = find_outstanding(v, m->transport);
    if (v->phase == HENC_PHASE_PROBING && o != NULL && o->is_probe)
        henc_virtual_raise(result, HENC_FINDING_HANDSHAKE_ORDER);
    const bool is_asked = settle_request(v, m, result);
    if (v->phase == HENC_PHASE_START)
        flow->is_lost = true;
    henc_virtual_step(v, HENC_EVENT_POLL_OK);
    if (m->polling == NULL) {
        note_unreadable(m, result);
        flow->is_lost |= m->is_cut;
        return HENC_OK;
    }
    const struct henc_polling *p = m->polling;
    compare_names(v, p, result);
    henc_poll_timer_start(&v->poll_timer, p, m->time_ns);
    const struct henc_body body = {m->chunk, p->sequence, p->data, m->is_cut};
    if (!p->sequence_is_valid) {
        henc_flow_pass(flow, &body, &result->deliveries);
        return HENC_OK;
    }
    const struct henc_digest digest = henc_digest(p->data);
    while (is_asked && !has_open_request(v) &&
           henc_flow_place(flow, p->sequence, &digest) == HENC_PLACE_EARLY)
        give_up_towards(v, flow, p->sequence, result);
    const enum henc_place place = henc_flow_place(flow, p->sequence, &digest);
    return sort_in(v, flow, place, &body, &digest, result);
}

enum henc_error henc_virtual_polling_message(struct henc_virtual *v, const struct henc_message *m,
                                             struct henc_result *result)
{
    if (m->polling != NULL)
        result->findings |= henc_polling_findings(m->polling, m->is_cut);
    if ((m->status == 0 || m->status == 200) && henc_virtual_body_is_long(m))
        henc_virtual_raise(result, HENC_FINDING_CONTENT_LENGTH_EXCEEDED);

    if (m->status == 0) {
        if (m->polling == NULL) {
            note_unreadable(m, result);
            return HENC_OK;
        }
        if (m->polling->sequence_is_valid)
            return observe_request(v, m, result);
        const struct henc_body body = {m->chunk, 0, m->polling->data, m->is_cut};
        henc_flow_pass(&v->flows[HENC_TO_SERVER], &body, &result->deliveries);
        return HENC_OK;
    }
    if (m->status < 200)
        return HENC_OK;
    if (m->status == 200)
        return observe_ok(v, m, result);

    struct henc_outstanding *o = find_outstanding(v, m->transport);
    if (m->status == 401 || m->status == 407) {
        if (o != NULL)
            o->is_challenged = true;
        return HENC_OK;
    }
    const bool is_late_probe =
        o != NULL && o->is_probe && m->status == 400 && v->phase != HENC_PHASE_PROBING;
    if (o != NULL)
        settle(v, o);
    else
        note_unasked(v, m, result);
    if (is_late_probe)
        return HENC_OK; /* the client had it before its second request */
    henc_virtual_step(v, m->status == 400 ? HENC_EVENT_BAD_REQUEST : HENC_EVENT_REJECTED);
    return HENC_OK;
}

void henc_virtual_polling_transport_end(struct henc_virtual *v, uint64_t transport)
{
    struct henc_outstanding *o = find_outstanding(v, transport);
    if (o != NULL && !o->is_challenged)
        o->has_ended = true; /* perhaps of its client's half alone */
}

static bool is_request_early(const struct henc_virtual *v, const struct henc_message *m)
{
    const struct henc_flow *flow = &v->flows[HENC_TO_SERVER];
    const struct henc_polling *p = m->polling;
    const bool is_second = p->sequence == 0 && (p->data.len > 0 || m->is_cut);

    if (v->phase == HENC_PHASE_START) /* the probe may yet come */
        return is_second || (v->may_have_begun && p->sequence > 0);
    if (p->sequence == 0 && !is_second)
        return false;
    if (flow->is_known && p->sequence > flow->next)
        return true;
    for (size_t i = 0; i < HENC_OUTSTANDING_MAX; i++) {
        const struct henc_outstanding *o = &v->outstanding[i];
        if (o->is_used && !o->is_challenged && !o->has_ended && o->transport != m->transport)
            return true;
    }
    return false;
}

/* Whether the request of an answer may yet come, of which nothing else was seen before it. */
static bool may_be_asked(const struct henc_virtual *v, const struct henc_message *m)
{
    if (!m->lacks_request || (v->has_settled && v->settled_transport == m->transport))
        return false;
    for (size_t i = 0; i < HENC_OUTSTANDING_MAX; i++)
        if (v->outstanding[i].is_used && v->outstanding[i].transport == m->transport)
            return false;
    return true;
}

bool henc_virtual_polling_is_early(const struct henc_virtual *v, const struct henc_message *m)
{
    const struct henc_flow *flow = &v->flows[HENC_TO_CLIENT];

    if (m->polling == NULL || !m->polling->sequence_is_valid)
        return false;
    if (m->status == 0)
        return is_request_early(v, m);
    return (flow->is_known && m->polling->sequence > flow->next) || may_be_asked(v, m);
}

void henc_virtual_polling_finish(struct henc_virtual *v, struct henc_result *result)
{
    for (size_t i = 0; i < 2; i++)
        while (v->flows[i].parked != NULL)
            give_up(v, &v->flows[i], result);
}
