/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "carrier/http_line.h"

static void clear(void *state)
{
    struct http_line *line = state;
    g_byte_array_free(line->heard, TRUE);
    g_byte_array_free(line->says, TRUE);
    g_free(line);
}

struct http_line *http_line_begin(struct carrier_transport *transport)
{
    if (transport->state == NULL) {
        struct http_line *line = g_new0(struct http_line, 1);
        line->heard = g_byte_array_new();
        line->says = g_byte_array_new();
        line->deadline = SSTP_EP_NEVER;
        transport->state = line;
        transport->clear = clear;
    }
    return transport->state;
}

struct http_line *http_line_of(const struct carrier_transport *transport)
{
    g_assert(transport->state != NULL && transport->clear == clear);
    return transport->state;
}

/* ------------------------------------------------------------------------
 * What is heard
 */

void http_line_hear(struct http_line *line, const void *data, size_t len)
{
    if (line->is_over)
        return;
    if (len > HTTP_HEARD_MAX - line->heard->len)
        line->is_over = true;
    else
        g_byte_array_append(line->heard, data, (guint)len);
}

void http_line_understood(struct http_line *line, size_t len)
{
    if (len > 0)
        g_byte_array_remove_range(line->heard, 0, (guint)len);
}

struct sstp_span http_line_heard(const struct http_line *line)
{
    return sstp_span(line->heard->data, line->heard->len);
}

enum henc_http_result http_line_message(const struct http_line *line, size_t max,
                                        struct henc_http *http, struct sstp_span *body)
{
    const struct sstp_span heard = http_line_heard(line);
    const enum henc_http_result result = henc_http_head(heard, http);
    if (result != HENC_HTTP_DONE)
        return result;
    if (http->is_chunked || http->has_no_end || http->content_length > max)
        return HENC_HTTP_NOT;
    if (heard.len - http->head_len < http->content_length)
        return HENC_HTTP_MORE;
    *body = sstp_span(heard.data + http->head_len, (size_t)http->content_length);
    return HENC_HTTP_DONE;
}

/* ------------------------------------------------------------------------
 * What is said
 */

size_t http_line_output_len(const struct carrier_transport *transport)
{
    return http_line_of(transport)->says->len;
}

size_t http_line_output(const struct carrier_transport *transport, struct sstp_span *pieces,
                        size_t max)
{
    const GByteArray *says = http_line_of(transport)->says;
    if (says->len == 0 || max == 0)
        return 0;
    pieces[0] = sstp_span(says->data, says->len);
    return 1;
}

void http_line_taken(struct carrier_transport *transport, size_t len)
{
    g_byte_array_remove_range(http_line_of(transport)->says, 0, (guint)len);
}
