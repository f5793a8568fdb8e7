/* SPDX-License-Identifier: GPL-2.0-or-later */
/* visit_http: CONNECT and forwarding (RFC 1945, RFC 7231 4.3.6, RFC 7235). */
#include "proxy/visit_internal.h"

#include "carrier/http_field.h"
#include "carrier/tunnel.h"
#include "henc/text.h"

#include <string.h>

#define SKIPPED_MAX (64u << 10) /* of the body of a request that is answered already */
#define VIA "Via: 1.0 relaysim\r\n"

/* ------------------------------------------------------------------------
 * Answers of the proxy's own
 */

static const char *reason_of(unsigned status)
{
    switch (status) {
    case 400:
        return "Bad Request";
    case 407:
        return "Proxy Authentication Required";
    case 408:
        return "Request Timeout";
    case 411:
        return "Length Required";
    case 504:
        return "Gateway Timeout";
    default:
        return "Bad Gateway";
    }
}

static void answer(struct proxy_visit *visit, unsigned status, const char *fields, bool stays,
                   const char *text)
{
    char *bytes = g_strdup_printf("HTTP/1.0 %u %s\r\n"
                                  "%s"
                                  "Content-Type: text/plain\r\n"
                                  "Content-Length: %zu\r\n"
                                  "Proxy-Connection: %s\r\n"
                                  "\r\n"
                                  "%s\n",
                                  status, reason_of(status), fields, strlen(text) + 1,
                                  stays ? "Keep-Alive" : "close", text);
    visit_say(visit, PROXY_CLIENT, bytes, strlen(bytes));
    g_free(bytes);
}

void visit_http_refuse(struct proxy_visit *visit, unsigned status, const char *text)
{
    answer(visit, status, "", false, text);
    visit_end(visit);
}

/* ------------------------------------------------------------------------
 * Who asks
 */

static bool is_password(const struct proxy_login *login, struct sstp_span token)
{
    gsize len;
    char *text = g_strndup((const char *)token.data, token.len);
    guchar *bytes = g_base64_decode(text, &len);
    char *expected = g_strconcat(login->user, ":", login->password, NULL);
    const bool is_good = len == strlen(expected) && memcmp(bytes, expected, len) == 0;
    g_free(expected);
    g_free(bytes);
    g_free(text);
    return is_good;
}

/* The last of NTLM's steps, or the first, after which `challenge` is the text of the second. */
static bool take_ntlm(struct proxy_visit *visit, struct sstp_span token, char **challenge)
{
    const bool is_answer =
        visit->has_challenge && proxy_ntlm_is_answer(token, visit->challenge, visit->config->login);
    visit->has_challenge = !is_answer && proxy_ntlm_is_negotiate(token);
    if (visit->has_challenge) {
        const struct sstp_sec_random *random = &visit->config->random;
        random->fill(random->cookie, visit->challenge, sizeof visit->challenge);
        *challenge = proxy_ntlm_challenge(visit->challenge);
    }
    return is_answer;
}

/* Basic is told with every request, NTLM once for a connection. */
static bool is_let_in(struct proxy_visit *visit, struct sstp_span head, char **challenge)
{
    const struct proxy_login *login = visit->config->login;
    struct sstp_span value, token;
    *challenge = NULL;
    if (visit->is_known)
        return true;
    if (!http_field_find(head, "Proxy-Authorization", &value) ||
        !henc_text_is(henc_text_split(value, ' ', &token), proxy_scheme_name(login->scheme)))
        return false;
    token = henc_text_trim(token);
    if (login->scheme == PROXY_BASIC)
        return is_password(login, token);
    visit->is_known = take_ntlm(visit, token, challenge);
    return visit->is_known;
}

/* NTLM's first question ends the connection (GRVHENC 4.6, figure 31): the steps after it belong to
 * one connection, which may as well be a fresh one. */
static void ask_who(struct proxy_visit *visit, const char *challenge, bool stays)
{
    const enum proxy_scheme scheme = visit->config->login->scheme;
    char *field = g_strdup_printf("Proxy-Authenticate: %s%s%s\r\n", proxy_scheme_name(scheme),
                                  scheme == PROXY_BASIC ? " realm=\"relaysim\""
                                  : challenge != NULL   ? " "
                                                        : "",
                                  challenge != NULL ? challenge : "");
    answer(visit, 407, field, stays, "Who asks?");
    g_free(field);
    if (stays)
        visit->phase = VISIT_SKIPPING;
    else
        visit_end(visit);
}

/* ------------------------------------------------------------------------
 * Requests
 */

/* Whether a client wants to go on with its connection. */
static bool wants_to_stay(struct sstp_span head)
{
    return http_field_has_option(head, "keep-alive");
}

/* A checked "HOST:PORT"; NULL where it is none. */
static char *checked(char *address)
{
    char *host = NULL;
    uint16_t port;
    const bool is_good = tunnel_target(address, &host, &port);
    g_free(host);
    if (is_good)
        return address;
    g_free(address);
    return NULL;
}

static char *text_of(struct sstp_span span)
{
    return g_strndup((const char *)span.data, span.len);
}

/* The address in a URI, and *path what is after it; NULL where it has none. */
static char *address_of(struct sstp_span uri, struct sstp_span *path)
{
    static const char scheme[] = "http://";
    if (!henc_text_has_prefix(uri, scheme))
        return NULL;
    const struct sstp_span rest = henc_text_from(uri, strlen(scheme));
    struct sstp_span after;
    const struct sstp_span authority = henc_text_split(rest, '/', &after);
    *path = henc_text_from(rest, authority.len);
    if (path->len == 0)
        *path = sstp_span_of_string("/");
    if (authority.len == 0 || memchr(authority.data, '\0', authority.len) != NULL)
        return NULL;
    char *text = text_of(authority);
    const char *colon = strrchr(text, ':');
    if (colon != NULL && strchr(colon, ']') == NULL)
        return checked(text);
    char *address = g_strconcat(text, ":80", NULL);
    g_free(text);
    return checked(address);
}

static bool is_hop_by_hop(struct sstp_span name)
{
    return henc_text_is(name, "Connection") || henc_text_is(name, "Proxy-Connection") ||
           henc_text_is(name, "Keep-Alive") || henc_text_is(name, "Proxy-Authorization") ||
           henc_text_is(name, "Proxy-Authenticate");
}

static void append_span(GByteArray *bytes, struct sstp_span span)
{
    g_byte_array_append(bytes, span.data, (guint)span.len);
}

static void append_text(GByteArray *bytes, const char *text)
{
    append_span(bytes, sstp_span_of_string(text));
}

/* The fields of a head, but for those that are about one connection. */
static void append_fields(GByteArray *bytes, struct sstp_span fields, bool stays)
{
    struct sstp_span name, value;
    while (http_field_next(&fields, &name, &value)) {
        if (is_hop_by_hop(name))
            continue;
        append_span(bytes, name);
        append_text(bytes, ": ");
        append_span(bytes, value);
        append_text(bytes, "\r\n");
    }
    append_text(bytes, stays ? "Connection: Keep-Alive\r\n" VIA "\r\n"
                             : "Connection: close\r\n" VIA "\r\n");
}

/* What the server is asked. */
static void write_request(struct proxy_visit *visit, const struct henc_http *http,
                          struct sstp_span head, struct sstp_span path)
{
    GByteArray *bytes = visit->request;
    g_byte_array_set_size(bytes, 0);
    append_span(bytes, http->method);
    append_text(bytes, " ");
    append_span(bytes, path);
    append_text(bytes, " HTTP/1.0\r\n");
    append_fields(bytes, henc_text_from(head, http->line_len), visit->stays);
}

/* The head of a request.  The reader knows the methods that the encapsulations have; in a request
 * for a tunnel GET stands for CONNECT while it looks. */
static enum henc_http_result read_head(struct sstp_span heard, struct henc_http *http,
                                       bool *is_tunnel)
{
    static const char connect[] = "CONNECT ", get[] = "GET ";
    const size_t shift = strlen(connect) - strlen(get);
    const size_t known = MIN(heard.len, strlen(connect));
    *is_tunnel = memcmp(heard.data, connect, known) == 0;
    if (!*is_tunnel)
        return henc_http_head(heard, http);
    if (known < strlen(connect))
        return HENC_HTTP_MORE;
    GByteArray *copy = g_byte_array_new();
    append_text(copy, get);
    append_span(copy, henc_text_from(heard, strlen(connect)));
    const enum henc_http_result result = henc_http_head(sstp_span(copy->data, copy->len), http);
    if (result == HENC_HTTP_DONE) {
        http->target.data = heard.data + (http->target.data - copy->data) + shift;
        http->head_len += shift;
        http->line_len += shift;
    }
    g_byte_array_free(copy, TRUE);
    return result;
}

/* A request of somebody who may ask; `head` is good until something is understood. */
static void take(struct proxy_visit *visit, const struct henc_http *http, struct sstp_span head,
                 bool is_tunnel)
{
    struct sstp_span path;
    char *address = is_tunnel ? checked(text_of(http->target)) : address_of(http->target, &path);
    if (address == NULL) {
        visit_http_refuse(visit, 400,
                          is_tunnel ? "A tunnel is to HOST:PORT." : "This is a proxy for http://.");
        return;
    }
    g_byte_array_set_size(visit->request, 0);
    visit->stays = wants_to_stay(head);
    visit->request_left = is_tunnel ? 0 : http->content_length;
    if (!is_tunnel)
        write_request(visit, http, head, path);
    visit_understood(visit, http->head_len);
    if (!is_tunnel && visit->has_server && !visit->is_server_over &&
        g_strcmp0(address, visit->address) == 0) {
        g_free(address);
        visit_http_opened(visit);
        return;
    }
    visit->is_server_over = visit->has_server;
    visit_want(visit, address);
}

bool visit_http_ask(struct proxy_visit *visit)
{
    struct henc_http http;
    char *challenge;
    const struct sstp_span heard = sstp_span(visit->heard->data, visit->heard->len);
    bool is_tunnel;
    const enum henc_http_result result = read_head(heard, &http, &is_tunnel);
    if (result == HENC_HTTP_MORE)
        return false;
    if (result == HENC_HTTP_NOT || http.is_response) {
        visit_http_refuse(visit, 400, "This is no request of HTTP.");
        return true;
    }
    const struct sstp_span head = sstp_span(heard.data, http.head_len);
    if (http.is_chunked) {
        visit_http_refuse(visit, 411, "A body has to have a length.");
    } else if (is_let_in(visit, head, &challenge)) {
        take(visit, &http, head, is_tunnel);
    } else {
        visit->request_left = http.content_length;
        const bool stays = wants_to_stay(head) && visit->request_left <= SKIPPED_MAX &&
                           (visit->config->login->scheme == PROXY_BASIC || challenge != NULL);
        visit_understood(visit, http.head_len);
        ask_who(visit, challenge, stays);
        g_free(challenge);
    }
    return true;
}

bool visit_http_skip(struct proxy_visit *visit)
{
    const size_t len = (size_t)MIN(visit->request_left, visit->heard->len);
    visit->request_left -= len;
    visit_understood(visit, len);
    if (visit->request_left > 0)
        return false;
    visit->phase = VISIT_ASKING;
    return true;
}

/* ------------------------------------------------------------------------
 * The server
 */

void visit_http_opened(struct proxy_visit *visit)
{
    static const char yes[] = "HTTP/1.0 200 Connection established\r\n" VIA "\r\n";
    if (visit->request->len == 0) {
        visit->phase = VISIT_TUNNEL;
        visit_say(visit, PROXY_CLIENT, yes, strlen(yes));
        return;
    }
    visit->phase = VISIT_FORWARDING;
    visit->is_answered = visit->has_no_end = false;
    g_byte_array_set_size(visit->answer, 0);
    visit_say(visit, PROXY_SERVER, visit->request->data, visit->request->len);
}

void visit_http_not_opened(struct proxy_visit *visit, enum proxy_why why)
{
    static const char *const texts[] = {[PROXY_UNKNOWN_NAME] = "Nobody knows this name.",
                                        [PROXY_REFUSED] = "The server refuses the connection.",
                                        [PROXY_UNREACHABLE] = "The server cannot be reached.",
                                        [PROXY_TOO_LATE] = "The server does not answer."};
    visit_http_refuse(visit, why == PROXY_TOO_LATE ? 504 : 502, texts[why]);
}

/* ------------------------------------------------------------------------
 * Bodies and answers
 */

/* The answer is over: what is next. */
static void end_answer(struct proxy_visit *visit)
{
    if (visit->stays && visit->request_left == 0)
        visit->phase = VISIT_ASKING;
    else
        visit_end(visit);
}

bool visit_http_forward(struct proxy_visit *visit)
{
    const size_t len = (size_t)MIN(visit->request_left, visit->heard->len);
    if (len == 0)
        return false;
    visit_say(visit, PROXY_SERVER, visit->heard->data, len);
    visit->request_left -= len;
    visit_understood(visit, len);
    return true;
}

/* Of the body; what is beyond it ends the server's connection. */
static void take_body(struct proxy_visit *visit, const uint8_t *data, size_t len)
{
    const size_t num = visit->has_no_end ? len : (size_t)MIN(visit->answer_left, len);
    visit_say(visit, PROXY_CLIENT, data, num);
    visit->answer_left -= visit->has_no_end ? 0 : num;
    visit->is_server_over = visit->is_server_over || num < len;
    if (!visit->has_no_end && visit->answer_left == 0)
        end_answer(visit);
}

/* The head of the answer is whole. */
static void take_head(struct proxy_visit *visit, const struct henc_http *http)
{
    const struct sstp_span head = sstp_span(visit->answer->data, http->head_len);
    struct sstp_span fields, line = henc_text_split(head, '\n', &fields);
    GByteArray *bytes = visit->outputs[PROXY_CLIENT];
    visit->is_answered = true;
    visit->has_no_end = http->has_no_end || http->is_chunked;
    visit->answer_left = http->content_length;
    visit->stays = visit->stays && !visit->has_no_end;
    if (line.len > 0 && line.data[line.len - 1] == '\r')
        line.len--;
    append_span(bytes, line);
    append_text(bytes, "\r\n");
    append_fields(bytes, fields, visit->stays);
    if (!wants_to_stay(head) && !visit->has_no_end && visit->answer_left == 0)
        visit->is_server_over = true;
}

/* Of a head: false where more has to come. */
static bool look_at_head(struct proxy_visit *visit)
{
    struct henc_http http;
    const struct sstp_span heard = sstp_span(visit->answer->data, visit->answer->len);
    const enum henc_http_result result = henc_http_head(heard, &http);
    if (result == HENC_HTTP_MORE)
        return false;
    if (result == HENC_HTTP_NOT || !http.is_response) {
        visit_http_refuse(visit, 502, "The server does not speak HTTP.");
        return false;
    }
    if (http.status < 200) { /* a word on the way, which HTTP/1.0 does not know */
        g_byte_array_remove_range(visit->answer, 0, (guint)http.head_len);
        return visit->answer->len > 0;
    }
    take_head(visit, &http);
    take_body(visit, heard.data + http.head_len, heard.len - http.head_len);
    return false;
}

void visit_http_answer(struct proxy_visit *visit, const uint8_t *data, size_t len)
{
    if (visit->phase != VISIT_FORWARDING) {
        visit->is_server_over = true; /* nobody has asked it */
    } else if (visit->is_answered) {
        take_body(visit, data, len);
    } else {
        g_byte_array_append(visit->answer, data, (guint)len);
        while (look_at_head(visit))
            ;
    }
}

void visit_http_server_lost(struct proxy_visit *visit)
{
    if (visit->is_answered)
        visit_end(visit);
    else
        visit_http_refuse(visit, 502, "The server has closed the connection.");
}
