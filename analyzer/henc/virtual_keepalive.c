/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "henc/virtual_keepalive.h"

#include "henc/virtual_half.h"

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
        /* The echo string may have been before, where the capture lacks something. */
        henc_virtual_note_order(&v->halves[HENC_HALF_POST], m->from_start && !v->has_lost, result);
        henc_virtual_step(v, HENC_EVENT_POST_REQUEST);
        return true;
    }
    henc_virtual_step(v, HENC_EVENT_POST_PLAIN);
    v->flows[HENC_TO_SERVER].is_lost = v->flows[HENC_TO_CLIENT].is_lost = true;
    return true;
}

/* Whether nothing can be said of a body that was there: a proxy has encoded it, or the capture
 * has cut all of it, or an echo string in it, if that is awaited. */
static bool is_unread(const struct henc_message *m, bool may_be_echo)
{
    return m->is_cut && (m->body.len == 0 || (may_be_echo && henc_echo_is_cut_off(m->body)));
}

/* A body of which nobody knows what it was may have been the echo string, or data. */
static void pass_unread(struct henc_virtual *v, const struct henc_message *m,
                        struct henc_result *result)
{
    const bool is_post = m->half == HENC_HALF_POST;
    const struct henc_body body = henc_virtual_body_after(m->chunk, m->body, m->body.len, true);

    v->halves[m->half].awaits_echo = false;
    v->halves[m->half].order_is_noted = true;
    v->handshake_is_seen = false;
    henc_virtual_step(v, is_post ? HENC_EVENT_POST_REQUEST : HENC_EVENT_ECHO_BACK);
    v->flows[HENC_TO_SERVER].is_lost |= is_post;
    henc_virtual_pass_data(v, m->half, &body, result);
}

static bool post_may_be_echo(const struct henc_virtual *v, bool was_challenged)
{
    return v->halves[HENC_HALF_POST].awaits_echo || was_challenged || v->post_is_reopened;
}

bool henc_virtual_keepalive_is_echo(const struct henc_virtual *v, const struct henc_message *m,
                                    bool was_challenged, struct henc_echo *echo)
{
    return post_may_be_echo(v, was_challenged) &&
           henc_echo_scan(m->body, !m->is_cut, echo) == HENC_ECHO_YES;
}

void henc_virtual_keepalive_post(struct henc_virtual *v, const struct henc_message *m,
                                 bool was_challenged, struct henc_result *result)
{
    struct henc_half_state *half = &v->halves[HENC_HALF_POST];
    const struct henc_digest digest = henc_digest(m->body);
    struct henc_echo echo = {0, {NULL, 0}};
    const bool is_echo = henc_virtual_keepalive_is_echo(v, m, was_challenged, &echo);
    const bool is_not_read = is_unread(m, post_may_be_echo(v, was_challenged));
    half->awaits_echo = false;
    bool is_new = true;
    if (is_not_read) {
        is_new = false;
        pass_unread(v, m, result);
    } else if (is_echo && v->post_is_known && v->phase == HENC_PHASE_ESTABLISHED &&
               !was_challenged) {
        /* GRVHENC 3.3.7.1: a re-opened POST session begins without it. */
        result->echo = echo;
        henc_virtual_note_order(half, true, result);
    } else if (is_echo) {
        henc_virtual_note_echo(v, HENC_HALF_POST, &echo, result);
        henc_virtual_step(v, HENC_EVENT_POST_REQUEST);
    } else {
        is_new = take_keepalive_post(v, m, was_challenged, &digest, result);
    }
    half->is_requested = true;
    v->post_was_echo = is_echo;
    v->post_is_known = !is_not_read;
    v->post_is_reopened = false;
    v->post_awaits_answer = true;
    v->post_digest = digest;
    if (!is_new)
        return;
    const struct henc_body body = henc_virtual_body_after(m->chunk, m->body, echo.len, m->is_cut);
    henc_virtual_pass_data(v, HENC_HALF_POST, &body, result);
}

void henc_virtual_keepalive_get_answer(struct henc_virtual *v, const struct henc_message *m,
                                       struct henc_result *result)
{
    struct henc_half_state *half = &v->halves[HENC_HALF_GET];
    struct henc_echo echo = {0, {NULL, 0}};
    if (is_unread(m, half->awaits_echo)) {
        pass_unread(v, m, result);
        return;
    }
    if (half->awaits_echo && m->body.len > 0) {
        half->awaits_echo = false;
        if (henc_echo_scan(m->body, !m->is_cut, &echo) == HENC_ECHO_YES) {
            henc_virtual_note_echo(v, HENC_HALF_GET, &echo, result);
            henc_virtual_step(v, HENC_EVENT_ECHO_BACK);
        }
    }
    /* The server answers when it has data (GRVHENC 3.3.5.2.1.2, 3.4.5.1.2). */
    if (m->body.len == 0 && !m->is_cut)
        henc_virtual_raise(result, HENC_FINDING_OUT_OF_TURN);
    const struct henc_body body = henc_virtual_body_after(m->chunk, m->body, echo.len, m->is_cut);
    henc_virtual_pass_data(v, HENC_HALF_GET, &body, result);
}
