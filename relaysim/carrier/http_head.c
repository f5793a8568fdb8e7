/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "carrier/http_head.h"

#include "base/product.h"
#include "carrier/http_options.h"
#include "henc/text.h"

#include <inttypes.h>
#include <string.h>

#define TARGET_LEN_MAX 2048u
#define HTTP_PORT_SUFFIX ":80"

char *http_guid_new(const struct sstp_sec_random *random)
{
    static const char characters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    enum { NUM = sizeof characters - 1, FAIR = 256 / NUM * NUM };
    char *guid = g_malloc0(HENC_GUID_LEN + 1);
    for (size_t i = 0; i < HENC_GUID_LEN;) {
        uint8_t byte;
        random->fill(random->cookie, &byte, 1);
        if (byte < FAIR)
            guid[i++] = characters[byte % NUM];
    }
    return guid;
}

static void __attribute__((format(printf, 2, 3))) say(GByteArray *bytes, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_byte_array_append(bytes, (const guint8 *)text, (guint)strlen(text));
    g_free(text);
}

/* ------------------------------------------------------------------------
 * Requests
 */

/* Where the request goes, as the Host field and an absolute URI have it: HTTP's own port is not
 * said.  To be freed. */
static char *authority_of(const struct carrier_config *config)
{
    const char *target = config->target;
    return g_str_has_suffix(target, HTTP_PORT_SUFFIX)
               ? g_strndup(target, strlen(target) - strlen(HTTP_PORT_SUFFIX))
               : g_strdup(target);
}

static void say_line(GByteArray *bytes, const struct carrier *carrier,
                     const struct http_request *request, const char *authority)
{
    const struct carrier_config *config = carrier_config(carrier);
    const bool is_get = request->half == HENC_HALF_GET;
    char *id = config->has_proxy && is_get ? http_guid_new(&config->random) : g_strdup("");
    char text[TARGET_LEN_MAX];
    struct sstp_writer writer = sstp_writer(text, sizeof text);
    henc_uri_write(
        &writer,
        &(struct henc_uri){.kind = request->kind,
                           .half = request->half,
                           .is_absolute = config->has_proxy,
                           .authority = sstp_span_of_string(authority),
                           .version = sstp_span_of_string(HENC_VERSION),
                           .server = sstp_span_of_string(config->http->server_name),
                           .guid = sstp_span_of_string(request->guid != NULL ? request->guid : ""),
                           .content_length = request->content_length,
                           .request_id = sstp_span_of_string(id)});
    g_assert(!writer.failed); /* http_client_check() has seen to it */
    say(bytes, "%s %.*s HTTP/1.0\r\n", is_get ? "GET" : "POST", (int)writer.pos, text);
    g_free(id);
}

/* Which fields a request has, and in which order: those of the examples. */
void http_write_request(GByteArray *bytes, const struct carrier *carrier,
                        const struct http_request *request)
{
    const struct carrier_config *config = carrier_config(carrier);
    const bool is_polling = request->kind == HENC_KIND_POLLING;
    const bool is_keepalive = request->kind == HENC_KIND_KEEPALIVE;
    const bool is_get = request->half == HENC_HALF_GET;
    char *authority = authority_of(config);

    say_line(bytes, carrier, request, authority);
    say(bytes, "Accept: */*\r\n"
               "Content-Type: application/octet-stream\r\n"
               "User-Agent: Mozilla/4.0 (compatible; MSIE 5.5; Win32)\r\n");
    if (!is_get && !is_polling)
        say(bytes, "UserAgent: %s\r\n", config->http->server_name);
    /* RFC 2616 14.23 has it in every request of version 1.1, as which a proxy may pass it on. */
    if (is_get || is_polling || config->has_proxy)
        say(bytes, "Host: %s\r\n", authority);
    if (!is_get && is_keepalive)
        say(bytes, "Connection: Keep-Alive\r\n");
    if (!is_get)
        say(bytes, "Content-Length: %" PRIu64 "\r\n", request->content_length);
    say(bytes, "Pragma: no-cache\r\nCache-Control: no-cache\r\nExpires: 0\r\n");
    if (is_get && is_keepalive)
        say(bytes, "Connection: Keep-Alive\r\n");
    /* A proxy may ask by NTLM only on a connection that stays. */
    if (config->has_proxy && (is_keepalive || config->login != NULL))
        say(bytes, "Proxy-Connection: Keep-Alive\r\n");
    say(bytes, "Cache-Control: max-age=0\r\n%s\r\n", request->more != NULL ? request->more : "");
    g_free(authority);
}

/* ------------------------------------------------------------------------
 * Answers
 */

/* The reason phrases of GRVHENC 2.2.1.4. */
static const char *phrase_of(unsigned status)
{
    switch (status) {
    case 200:
        return "OK";
    case 400:
        return "Bad Request";
    case 404:
        return "Not Found";
    case 408:
        return "Request Time-out";
    case 500:
        return "Internal Server Error";
    case 501:
        return "Not Implemented";
    default:
        g_assert_not_reached();
    }
}

void http_write_response(GByteArray *bytes, const struct carrier *carrier, unsigned status,
                         bool stays, uint64_t content_length)
{
    const int64_t seconds = (carrier_config(carrier)->epoch_ms + carrier_now_ms(carrier)) / 1000;
    static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    /* Not in the words of the user's language. */
    GDateTime *time = g_date_time_new_from_unix_utc(seconds);
    say(bytes,
        "HTTP/1.0 %u %s\r\n"
        "Date: %s, %02d %s %d %02d:%02d:%02d GMT\r\n"
        "Server: " PRODUCT_SERVER "\r\n"
        "Connection: %s\r\n"
        "Content-Length: %" PRIu64 "\r\n"
        "\r\n",
        status, phrase_of(status), days[g_date_time_get_day_of_week(time) % 7],
        g_date_time_get_day_of_month(time), months[g_date_time_get_month(time) - 1],
        g_date_time_get_year(time), g_date_time_get_hour(time), g_date_time_get_minute(time),
        g_date_time_get_second(time), stays ? "Keep-Alive" : "close", content_length);
    g_date_time_unref(time);
}
