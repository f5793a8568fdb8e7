/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "henc/http.h"

#include <http_parser.h>
#include <string.h>

#include "henc/polling.h"
#include "henc/text.h"

/* So many lines a URI may have: what is broken over more is none. */
#define URI_LINES_MAX 8u

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* ------------------------------------------------------------------------
 * The first line
 */

/* Lines end with CRLF, or with LF alone (RFC 7230 3.5). */
static const uint8_t *find_lf(struct sstp_span bytes)
{
    return bytes.len > 0 ? memchr(bytes.data, '\n', bytes.len) : NULL;
}

/* The text of the line of which `lf` is the end. */
static struct sstp_span line_before(struct sstp_span bytes, const uint8_t *lf)
{
    const size_t len = (size_t)(lf - bytes.data);
    return sstp_span(bytes.data, len > 0 && lf[-1] == '\r' ? len - 1 : len);
}

/* The length of the head, with the empty line that ends it; 0 where that is not there. */
static size_t find_head_end(struct sstp_span bytes)
{
    const uint8_t *end = bytes.data + bytes.len;
    for (const uint8_t *lf = find_lf(bytes); lf != NULL;
         lf = find_lf(sstp_span(lf + 1, (size_t)(end - lf - 1)))) {
        if (end - lf > 1 && lf[1] == '\n')
            return (size_t)(lf - bytes.data) + 2;
        if (end - lf > 2 && lf[1] == '\r' && lf[2] == '\n')
            return (size_t)(lf - bytes.data) + 3;
    }
    return 0;
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
    const uint8_t *blank = line.len > 0 ? memchr(line.data, ' ', line.len) : NULL;
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

/* Finds and reads the request line, and its URI.  A line's end within the URI is part of that:
 * the line goes on to the one that ends with the version of HTTP.  Sets *len to its length
 * with its end. */
static bool find_request_line(struct sstp_span bytes, struct henc_http *http, size_t *len)
{
    const struct sstp_span looked_at =
        sstp_span(bytes.data, min_size(bytes.len, HENC_HTTP_HEAD_LEN_MAX));
    const uint8_t *end = looked_at.data + looked_at.len;
    unsigned num_lines = 0;

    for (const uint8_t *lf = find_lf(looked_at); lf != NULL && num_lines < URI_LINES_MAX;
         lf = find_lf(sstp_span(lf + 1, (size_t)(end - lf - 1))), num_lines++)
        if (read_request_line(line_before(looked_at, lf), http)) {
            *len = (size_t)(lf - bytes.data) + 1;
            http->has_uri = henc_uri_parse(http->method, http->target, &http->uri);
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
    struct sstp_span name; /* of the header field at hand */
    bool is_in_value;
};

/* Name and value of a header field come in pieces, where a line is folded. */
static void append(struct sstp_span *text, const char *at, size_t len)
{
    if (text->len == 0)
        text->data = (const uint8_t *)at;
    text->len = (size_t)((const uint8_t *)at + len - text->data);
}

static int on_header_field(http_parser *parser, const char *at, size_t len)
{
    struct reading *reading = parser->data;
    if (reading->is_in_value)
        reading->name = sstp_span(NULL, 0);
    reading->is_in_value = false;
    append(&reading->name, at, len);
    return 0;
}

static int on_header_value(http_parser *parser, const char *at, size_t len)
{
    struct reading *reading = parser->data;
    if (reading->http != NULL && henc_text_is(reading->name, "Content-Encoding"))
        append(&reading->http->content_encoding, at, len);
    reading->is_in_value = true;
    return 0;
}

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
    if (henc_text_is(http->content_encoding, "identity"))
        http->content_encoding = sstp_span(NULL, 0);
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
    const size_t skip = http->is_response ? 0 : http->line_len;
    http_parser_settings settings;
    http_parser parser;

    http_parser_settings_init(&settings);
    settings.on_header_field = on_header_field;
    settings.on_header_value = on_header_value;
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
    http->head_len = find_head_end(looked_at);
    if (http->head_len == 0)
        return looked_at.len < bytes.len ? HENC_HTTP_NOT : HENC_HTTP_MORE;
    if (!http->is_response &&
        !find_request_line(sstp_span(bytes.data, http->head_len), http, &http->line_len))
        return HENC_HTTP_NOT;

    struct reading reading = {.http = http};
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
        struct reading reading = {.body = &whole};
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

/* What is there of a body's beginning; of one in chunks, that of the first. */
static struct sstp_span body_start(struct sstp_span bytes, const struct henc_http *http)
{
    const struct sstp_span body =
        sstp_span(bytes.data + http->head_len, bytes.len - http->head_len);
    if (!http->is_chunked)
        return body;
    const uint8_t *lf = find_lf(body);
    return lf != NULL ? sstp_span(lf + 1, (size_t)(body.data + body.len - lf) - 1)
                      : sstp_span(NULL, 0);
}

bool henc_http_is_encapsulation(struct sstp_span bytes, struct henc_http *http)
{
    size_t line_len;

    memset(http, 0, sizeof *http);
    if (bytes.len < 5 || (!begins_with(bytes, "GET ") && !begins_with(bytes, "POST ")))
        return false;
    if (henc_http_head(bytes, http) == HENC_HTTP_DONE) {
        if (http->has_uri && http->uri.kind != HENC_KIND_POLLING)
            return true;
        return http->has_uri && henc_polling_is_body(body_start(bytes, http));
    }
    /* Of LongLived and KeepAlive the line tells. */
    http->head_len = 0;
    return find_request_line(bytes, http, &line_len) && http->has_uri &&
           http->uri.kind != HENC_KIND_POLLING;
}

bool henc_http_is_answer(struct sstp_span bytes, struct henc_http *http)
{
    return begins_with(bytes, "HTTP/1.") && henc_http_head(bytes, http) == HENC_HTTP_DONE &&
           http->status == 200 && henc_polling_is_body(body_start(bytes, http));
}

/* Whether a POST to a server's root, as Polling's are, begins here without enough of its body
 * to tell. */
static bool begins_polling(struct sstp_span bytes)
{
    enum { TELLING_LEN = sizeof HENC_POLLING_VERSION + sizeof HENC_POLLING_SCHEME };
    struct henc_http http = {0};
    size_t line_len;

    if (!begins_with(bytes, "POST ") || !find_request_line(bytes, &http, &line_len) ||
        !http.has_uri || http.uri.kind != HENC_KIND_POLLING)
        return false;
    switch (henc_http_head(bytes, &http)) {
    case HENC_HTTP_NOT:
        break;
    case HENC_HTTP_MORE:
        return true;
    case HENC_HTTP_DONE:
        return (http.is_chunked || http.content_length >= TELLING_LEN) &&
               body_start(bytes, &http).len < TELLING_LEN;
    }
    return false;
}

/* Whether a target, with what follows it on its line, may go on to be one of an encapsulation's, as
 * far as it goes.  That of a Polling POST is the server's root. */
static bool begins_target(struct sstp_span target, bool is_post)
{
    static const char scheme[] = "http://", path[] = "/" HENC_VERSION "/";
    static const char root[] = "/ HTTP/1.", no_path[] = " HTTP/1.";
    const bool is_by_proxy = begins_with(target, scheme);

    if (is_by_proxy) {
        size_t len = min_size(target.len, sizeof scheme - 1);
        while (len < target.len && target.data[len] != '/' && target.data[len] != ' ')
            len++;
        target = sstp_span(target.data + len, target.len - len);
        if (target.len == 0)
            return true;
    }
    return begins_with(target, path) ||
           (is_post &&
            (begins_with(target, root) || (is_by_proxy && begins_with(target, no_path))));
}

static bool begins_request(struct sstp_span bytes)
{
    static const char get[] = "GET ", post[] = "POST ";
    const bool is_post = begins_with(bytes, post);
    const size_t method_len = is_post ? sizeof post - 1 : sizeof get - 1;

    struct henc_http http = {0};
    size_t line_len;
    if (bytes.len == 0 || (!is_post && !begins_with(bytes, get)) ||
        find_request_line(bytes, &http, &line_len))
        return false;
    return bytes.len <= method_len ||
           begins_target(sstp_span(bytes.data + method_len, bytes.len - method_len), is_post);
}

bool henc_http_begins_encapsulation(struct sstp_span bytes)
{
    return begins_request(bytes) || begins_polling(bytes);
}

size_t henc_http_connect_len(struct sstp_span bytes)
{
    static const char connect[] = "CONNECT ";
    size_t len = 0;

    while (bytes.len - len >= sizeof connect - 1 &&
           memcmp(bytes.data + len, connect, sizeof connect - 1) == 0) {
        const struct sstp_span rest =
            sstp_span(bytes.data + len, min_size(bytes.len - len, HENC_HTTP_HEAD_LEN_MAX));
        const size_t head_len = find_head_end(rest);
        if (head_len == 0)
            break;
        len += head_len;
    }
    return len;
}
