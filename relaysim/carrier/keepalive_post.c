/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "carrier/keepalive_post.h"

#include "carrier/http_head.h"
#include "henc/echo.h"

void keepalive_post_init(struct keepalive_post *post, const struct carrier *carrier,
                         const char *guid, struct proxy_auth *auth)
{
    post->carrier = carrier;
    post->guid = guid;
    post->auth = auth;
    post->body = g_byte_array_new();
    post->request = g_byte_array_new();
    post->num_said = 0;
}

void keepalive_post_clear(struct keepalive_post *post)
{
    g_byte_array_free(post->body, TRUE);
    g_byte_array_free(post->request, TRUE);
}

bool keepalive_post_is_waiting(const struct keepalive_post *post)
{
    return post->request->len > 0;
}

bool keepalive_post_is_said(const struct keepalive_post *post)
{
    return post->num_said == post->request->len;
}

void keepalive_post_restart(struct keepalive_post *post)
{
    post->num_said = 0;
}

/* Where its answer can only be a proxy's challenge, without the body. */
void keepalive_post_write(struct keepalive_post *post)
{
    const guint len = proxy_auth_is_asking(post->auth) ? 0 : post->body->len;
    GString *fields = g_string_new(NULL);
    proxy_auth_append(post->auth, fields);
    post->num_said = 0;
    g_byte_array_set_size(post->request, 0);
    http_write_request(post->request, post->carrier,
                       &(struct http_request){.kind = HENC_KIND_KEEPALIVE,
                                              .half = HENC_HALF_POST,
                                              .guid = post->guid,
                                              .content_length = len,
                                              .more = fields->str});
    g_byte_array_append(post->request, post->body->data, len);
    g_string_free(fields, TRUE);
}

void keepalive_post_say(struct keepalive_post *post, struct sstp_span body)
{
    g_byte_array_set_size(post->body, 0);
    g_byte_array_append(post->body, body.data, (guint)body.len);
    keepalive_post_write(post);
}

void keepalive_post_handshake(struct keepalive_post *post)
{
    uint8_t echo[64];
    struct sstp_writer writer = sstp_writer(echo, sizeof echo);
    henc_echo_write(&writer, sstp_span_of_string(HENC_ECHO_PING_DATA));
    keepalive_post_say(post, sstp_writer_span(&writer));
}

void keepalive_post_answered(struct keepalive_post *post)
{
    g_byte_array_set_size(post->request, 0);
    post->num_said = 0;
}

struct sstp_span keepalive_post_output(const struct keepalive_post *post)
{
    return sstp_span(post->request->data + post->num_said, post->request->len - post->num_said);
}

void keepalive_post_taken(struct keepalive_post *post, size_t len)
{
    post->num_said += (guint)len;
}
