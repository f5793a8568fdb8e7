/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "carrier/http_client.h"

#include "henc/uri.h"

#include <glib.h>
#include <string.h>

bool http_client_check(const char *name)
{
    for (const char *c = name; *c != '\0'; c++)
        if (*c <= ' ' || *c == 0x7f || strchr("/,=", *c) != NULL)
            return false;
    return *name != '\0' && strlen(name) <= 255;
}

int64_t http_client_establish_ms(const struct carrier *carrier)
{
    const int64_t ms = carrier_config(carrier)->http->establish_ms;
    return ms != 0 ? ms : HTTP_CLIENT_ESTABLISH_MS;
}

int64_t http_client_receive_ms(const struct carrier *carrier)
{
    const int64_t ms = carrier_config(carrier)->http->receive_ms;
    return ms != 0 ? ms : HTTP_CLIENT_RECEIVE_MS;
}

uint64_t http_client_longlived_limit(const struct carrier *carrier)
{
    const uint64_t limit = carrier_config(carrier)->http->longlived_limit;
    return limit != 0 ? limit : HENC_LONGLIVED_LENGTH_MAX;
}

void http_client_want(struct carrier *carrier, unsigned number)
{
    carrier_want(carrier, carrier_config(carrier)->has_proxy ? CARRIER_TO_PROXY : CARRIER_TO_SERVER,
                 number);
}

static void end(struct carrier *carrier, const char *why)
{
    if (carrier_is_ready(carrier))
        carrier_lose(carrier);
    else
        carrier_fail(carrier, why);
}

void http_client_end(struct carrier *carrier, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *what = g_strdup_vprintf(format, args);
    va_end(args);
    char *why = g_strconcat(carrier_config(carrier)->has_proxy ? "the proxy " : "the other side ",
                            what, NULL);
    end(carrier, why);
    g_free(why);
    g_free(what);
}

void http_client_refused(struct carrier *carrier, unsigned status)
{
    http_client_end(carrier, "answered %u%s", status,
                    status == 401 || status == 407 ? ": it wants to know who asks, and is not told"
                                                   : "");
}

enum proxy_auth_next http_client_asked(struct carrier *carrier, struct proxy_auth *auth,
                                       const struct henc_http *http, struct sstp_span heard,
                                       bool can_follow)
{
    char *why;
    const enum proxy_auth_next next = proxy_auth_answered(auth, http, heard, can_follow, &why);
    if (next == PROXY_AUTH_REFUSED)
        end(carrier, why);
    g_free(why);
    return next;
}

bool http_client_is_question(const struct carrier *carrier, unsigned status)
{
    return carrier_config(carrier)->login != NULL && (status == 401 || status == 407);
}

void http_client_not_opened(struct carrier_transport *transport, const char *why)
{
    char *sentence =
        g_strconcat(transport->target == CARRIER_TO_PROXY ? "the proxy: " : "", why, NULL);
    end(transport->carrier, sentence);
    g_free(sentence);
}
