/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE /* memmem */
#include "henc/http.h"

#include <http_parser.h>
#include <string.h>

#include "henc/polling.h"
#include "henc/text.h"
#include "henc/uri.h"

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* ------------------------------------------------------------------------
 * The first line
 */

static const uint8_t *line_end(struct sstp_span bytes)
{
    return memmem(bytes.data, bytes.len, "\r\n", 2);
}

/* Whether bytes begin with the word, as far as they go. */
static bool begins_with(struct sstp_span bytes, const char *word)
{
    const size_t len = min_size(strlen(word), bytes.len);
    return memcmp(bytes.data, word, len) == 0;
}

/* Method and target of a request line, which is all of `line`.  The target goes
 * on to the last " HTTP/", whatever blanks it holds. */
static bool read_request_line(struct sstp_span line, struct henc_http *http)
{
    const uint8_t *blank = memchr(line.data, ' ', line.len);
    if (blank == NULL)
        return false;
    http->method = sstp_span(line.data, (size_t)(blank - line.data));
    const uint8_t *start = blank + 1;
    for (const uint8_t *at = line.data + line.len; at > start; at--)
        if ((size_t)(line.data + line.len - at) >= 6 && memcmp(at, " HTTP/", 6) == 0) {
            http->target = sstp_span(start, (size_t)(at - start));
            return true;
        }
    return false;
}

/* ------------------------------------------------------------------------
 * The rest, by the library
 */

/* A body that comes in chunks. */
struct body {
    const struct sstp_mem *mem;
    uint8_t *bytes;
    size_t len, capacity;
};

struct reading {
    struct henc_http *http; /* NULL while a body is read */
    struct body *body;      /* NULL while a head is read */
    bool is_complete;
};

static int on_headers_complete(http_parser *parser)
{
    struct reading *reading = parser->data;
    struct henc_http *http = reading->http;
    if (http == NULL)
        return 0;
    http->status = parser->status_code;
    http->is_chunked = (parser->flags & F_CHUNKED) != 0;
    http->has_content_length = (parser->flags & F_CONTENTLENGTH) != 0;
    http->content_length = http->has_content_length ? parser->content_length : 0;
    /* RFC 2616 4.4: no body, or one that ends with the connection. */
    const bool has_no_body = http->status / 100 == 1 || http->status == 204 || http->status == 304;
    http->has_no_end =
        http->is_response && !http->has_content_length && !http->is_chunked && !has_no_body;
    http_parser_pause(parser, 1);
    return 0;
}

static int on_body(http_parser *parser, const char *at, size_t len)
{
    const struct reading *reading = parser->data;
    struct body *body = reading->body;
    if (body == NULL)
        return 0;
    if (len > body->capacity - body->len) {
        const size_t capacity = 2 * body->capacity + len;
        uint8_t *bytes = body->mem->resize(body->mem->cookie, body->bytes, capacity);
        if (bytes == NULL)
            return 1; /* which ends the parsing */
        body->bytes = bytes;
        body->capacity = capacity;
    }
    memcpy(body->bytes + body->len, at, len);
    body->len += len;
    return 0;
}

static int on_message_complete(http_parser *parser)
{
    struct reading *reading = parser->data;
    reading->is_complete = true;
    http_parser_pause(parser, 1);
    return 0;
}

/* Runs the parser over a message of which `bytes` are there, with a plain request
 * line in place of its own.  Returns how many of the bytes it has taken. */
static size_t run_parser(const struct henc_http *http, struct sstp_span bytes,
                         struct reading *reading, bool *is_bad)
{
    static const char plain_line[] = "POST / HTTP/1.0\r\n";
    const uint8_t *line = line_end(bytes);
    const size_t skip = http->is_response ? 0 : (size_t)(line - bytes.data) + 2;
    http_parser_settings settings;
    http_parser parser;

    http_parser_settings_init(&settings);
    settings.on_headers_complete = on_headers_complete;
    settings.on_body = on_body;
    settings.on_message_complete = on_message_complete;
    http_parser_init(&parser, http->is_response ? HTTP_RESPONSE : HTTP_REQUEST);
    parser.data = reading;
    if (!http->is_response)
        http_parser_execute(&parser, &settings, plain_line, sizeof plain_line - 1);
    const size_t taken =
        http_parser_execute(&parser, &settings, (const char *)bytes.data + skip, bytes.len - skip);
    const enum http_errno error = HTTP_PARSER_ERRNO(&parser);
    *is_bad = error != HPE_OK && error != HPE_PAUSED;
    return skip + taken;
}

enum henc_http_result henc_http_head(struct sstp_span bytes, struct henc_http *http)
{
    memset(http, 0, sizeof *http);
    if (bytes.len == 0)
        return HENC_HTTP_MORE;
    http->is_response = begins_with(bytes, "HTTP/1.");
    if (!http->is_response && !begins_with(bytes, "GET ") && !begins_with(bytes, "POST "))
        return HENC_HTTP_NOT;

    const struct sstp_span looked_at =
        sstp_span(bytes.data, min_size(bytes.len, HENC_HTTP_HEAD_LEN_MAX));
    const uint8_t *end = memmem(looked_at.data, looked_at.len, "\r\n\r\n", 4);
    if (end == NULL)
        return looked_at.len < bytes.len ? HENC_HTTP_NOT : HENC_HTTP_MORE;
    http->head_len = (size_t)(end - bytes.data) + 4;
    const struct sstp_span line = sstp_span(bytes.data, (size_t)(line_end(bytes) - bytes.data));
    if (!http->is_response && !read_request_line(line, http))
        return HENC_HTTP_NOT;

    struct reading reading = {http, NULL, false};
    bool is_bad;
    run_parser(http, sstp_span(bytes.data, http->head_len), &reading, &is_bad);
    return is_bad ? HENC_HTTP_NOT : HENC_HTTP_DONE;
}

enum henc_http_result henc_http_body(const struct henc_http *http, struct sstp_span bytes,
                                     const struct sstp_mem *mem, size_t *len,
                                     struct sstp_span *body, size_t *wanted)
{
    const size_t left = bytes.len - http->head_len;

    *wanted = 0;
    if (http->is_chunked) {
        struct body whole = {.mem = mem};
        struct reading reading = {NULL, &whole, false};
        bool is_bad;
        *len = run_parser(http, bytes, &reading, &is_bad);
        if (!reading.is_complete) {
            mem->resize(mem->cookie, whole.bytes, 0);
            return is_bad ? HENC_HTTP_NOT : HENC_HTTP_MORE;
        }
        /* The parser pauses on the last byte of a message, before it is counted. */
        *len = min_size(*len + 1, bytes.len);
        *body = sstp_span(whole.bytes, whole.len);
        return HENC_HTTP_DONE;
    }
    /* What has no end takes what is there: nobody waits for the connection's end. */
    const uint64_t body_len = http->has_no_end ? left : http->content_length;
    if (body_len > left) {
        *wanted = body_len - left < UINT32_MAX ? (size_t)(body_len - left) : 0;
        return HENC_HTTP_MORE;
    }
    *body = sstp_span(bytes.data + http->head_len, (size_t)body_len);
    *len = http->head_len + (size_t)body_len;
    return HENC_HTTP_DONE;
}

/* Whether a line of the head begins with this name and a colon. */
static bool has_field(struct sstp_span head, const char *name)
{
    const size_t len = strlen(name);
    size_t pos = 0;

    while (pos < head.len) {
        const struct sstp_span rest = sstp_span(head.data + pos, head.len - pos);
        if (rest.len > len && rest.data[len] == ':' && henc_text_has_prefix(rest, name))
            return true;
        const uint8_t *end = memchr(rest.data, '\n', rest.len);
        if (end == NULL)
            break;
        pos += (size_t)(end - rest.data) + 1;
    }
    return false;
}

bool henc_http_lacks_header(struct sstp_span head, enum henc_kind kind, enum henc_half half)
{
    enum { GET = 1, POST = 2, POLLING = 4, ALL = GET | POST | POLLING };
    static const struct {
        const char *name;
        unsigned who;
    } required[] = {
        {"Accept", ALL},         {"Content-Type", ALL}, {"User-Agent", ALL},
        {"Pragma", ALL},         {"Expires", ALL},      {"Cache-Control", ALL},
        {"Host", GET | POLLING}, {"UserAgent", POST},   {"Content-Length", POST | POLLING}};
    const unsigned who = kind == HENC_KIND_POLLING ? POLLING : half == HENC_HALF_GET ? GET : POST;

    for (size_t i = 0; i < sizeof required / sizeof required[0]; i++)
        if ((required[i].who & who) != 0 && !has_field(head, required[i].name))
            return true;
    return false;
}

bool henc_http_is_encapsulation(struct sstp_span bytes)
{
    struct henc_http http = {0};
    struct henc_uri uri;

    if (bytes.len < 5 || (!begins_with(bytes, "GET ") && !begins_with(bytes, "POST ")))
        return false;
    const uint8_t *end =
        line_end(sstp_span(bytes.data, min_size(bytes.len, HENC_HTTP_HEAD_LEN_MAX)));
    if (end == NULL ||
        !read_request_line(sstp_span(bytes.data, (size_t)(end - bytes.data)), &http) ||
        !henc_uri_parse(http.method, http.target, &uri))
        return false;
    if (uri.kind != HENC_KIND_POLLING)
        return true;
    return henc_http_head(bytes, &http) == HENC_HTTP_DONE &&
           henc_polling_is_body(sstp_span(bytes.data + http.head_len, bytes.len - http.head_len));
}

bool henc_http_is_answer(struct sstp_span bytes)
{
    struct henc_http http = {0};

    return begins_with(bytes, "HTTP/1.") && henc_http_head(bytes, &http) == HENC_HTTP_DONE &&
           http.status == 200 &&
           henc_polling_is_body(sstp_span(bytes.data + http.head_len, bytes.len - http.head_len));
}

bool henc_http_begins_polling(struct sstp_span bytes)
{
    enum { TELLING_LEN = sizeof HENC_POLLING_VERSION + sizeof HENC_POLLING_SCHEME };
    struct henc_http http = {0};
    struct henc_uri uri;
    const uint8_t *end = bytes.len > 0 ? line_end(bytes) : NULL;

    if (end == NULL || !begins_with(bytes, "POST ") ||
        !read_request_line(sstp_span(bytes.data, (size_t)(end - bytes.data)), &http) ||
        !henc_uri_parse(http.method, http.target, &uri) || uri.kind != HENC_KIND_POLLING)
        return false;
    switch (henc_http_head(bytes, &http)) {
    case HENC_HTTP_NOT:
        break;
    case HENC_HTTP_MORE:
        return true;
    case HENC_HTTP_DONE:
        return http.content_length >= TELLING_LEN && bytes.len - http.head_len < TELLING_LEN;
    }
    return false;
}

/* Whether a target may go on to be one of an encapsulation's, as far as it goes. */
static bool begins_target(struct sstp_span target)
{
    static const char scheme[] = "http://", path[] = "/" HENC_VERSION "/";

    if (begins_with(target, scheme)) {
        const size_t scheme_len = min_size(target.len, sizeof scheme - 1);
        const size_t left = target.len - scheme_len;
        const uint8_t *authority = target.data + scheme_len;
        const uint8_t *slash = left > 0 ? memchr(authority, '/', left) : NULL;
        if (slash == NULL)
            return left == 0 || memchr(authority, ' ', left) == NULL;
        target = sstp_span(slash, left - (size_t)(slash - authority));
    }
    return begins_with(target, path);
}

bool henc_http_begins_request(struct sstp_span bytes)
{
    static const char get[] = "GET ", post[] = "POST ";
    const bool is_post = begins_with(bytes, post);
    const size_t method_len = is_post ? sizeof post - 1 : sizeof get - 1;

    if (bytes.len == 0 || (!is_post && !begins_with(bytes, get)) || line_end(bytes) != NULL)
        return false;
    return bytes.len <= method_len ||
           begins_target(sstp_span(bytes.data + method_len, bytes.len - method_len));
}
