/* SPDX-License-Identifier: GPL-2.0-or-later */
/* visit_socks: SOCKS5, a server's side (RFC 1928, RFC 1929). */
#include "proxy/visit_internal.h"

#include <arpa/inet.h>
#include <string.h>

#define VERSION 5u
#define LOGIN_VERSION 1u

enum step { STEP_METHODS, STEP_LOGIN, STEP_REQUEST };
enum method { NOBODY = 0, USER_AND_PASSWORD = 2, NO_METHOD = 0xff };
enum reply {
    SUCCEEDED = 0,
    HOST_UNREACHABLE = 4,
    REFUSED = 5,
    TOO_LATE = 6,
    NO_COMMAND = 7,
    NO_ADDRESS_TYPE = 8
};
enum address { IP4 = 1, NAME = 3, IP6 = 4 };
#define CONNECT 1u

static void say_pair(struct proxy_visit *visit, unsigned one, unsigned two)
{
    const uint8_t bytes[] = {(uint8_t)one, (uint8_t)two};
    visit_say(visit, PROXY_CLIENT, bytes, sizeof bytes);
}

/* A reply whose address nobody is told. */
static void reply(struct proxy_visit *visit, enum reply code)
{
    const uint8_t bytes[] = {VERSION, (uint8_t)code, 0, IP4, 0, 0, 0, 0, 0, 0};
    visit_say(visit, PROXY_CLIENT, bytes, sizeof bytes);
    if (code != SUCCEEDED)
        visit_end(visit);
}

static bool take_methods(struct proxy_visit *visit)
{
    const GByteArray *heard = visit->heard;
    const uint8_t wanted = visit->is_known ? NOBODY : USER_AND_PASSWORD;
    if (heard->len < 2 || heard->len < 2u + heard->data[1])
        return false;
    const size_t num = heard->data[1];
    const bool is_offered = num > 0 && memchr(heard->data + 2, wanted, num) != NULL;
    say_pair(visit, VERSION, is_offered ? wanted : NO_METHOD);
    visit_understood(visit, 2 + num);
    visit->step = visit->is_known ? STEP_REQUEST : STEP_LOGIN;
    if (!is_offered)
        visit_end(visit);
    return true;
}

static bool is_text(const uint8_t *bytes, size_t len, const char *text)
{
    return len == strlen(text) && memcmp(bytes, text, len) == 0;
}

static bool take_login(struct proxy_visit *visit)
{
    const struct proxy_login *login = visit->config->login;
    const uint8_t *data = visit->heard->data;
    const size_t len = visit->heard->len;
    if (len < 2 || len < 3u + data[1] || len < 3u + data[1] + data[2 + data[1]])
        return false;
    const size_t user_len = data[1], password_len = data[2 + user_len];
    visit->is_known = data[0] == LOGIN_VERSION && is_text(data + 2, user_len, login->user) &&
                      is_text(data + 3 + user_len, password_len, login->password);
    say_pair(visit, LOGIN_VERSION, visit->is_known ? SUCCEEDED : 1);
    visit_understood(visit, 3 + user_len + password_len);
    visit->step = STEP_REQUEST;
    if (!visit->is_known)
        visit_end(visit);
    return true;
}

/* The length of the address and what is before and after it; 0 for a type that there is not. */
static size_t request_len(const uint8_t *data)
{
    switch (data[3]) {
    case IP4:
        return 4 + 4 + 2;
    case NAME:
        return 4 + 1 + data[4] + 2u;
    case IP6:
        return 4 + 16 + 2;
    default:
        return 0;
    }
}

/* A name is one of few characters: it is looked up, and shown. */
static bool is_name(const uint8_t *name, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!g_ascii_isalnum(name[i]) && strchr("-._", name[i]) == NULL)
            return false;
    return len > 0;
}

/* "HOST:PORT"; NULL for a name that is none. */
static char *address_of(const uint8_t *data, size_t len)
{
    const unsigned port = (unsigned)data[len - 2] << 8 | data[len - 1];
    char text[INET6_ADDRSTRLEN] = "";
    switch (data[3]) {
    case IP4:
        inet_ntop(AF_INET, data + 4, text, sizeof text);
        return g_strdup_printf("%s:%u", text, port);
    case IP6:
        inet_ntop(AF_INET6, data + 4, text, sizeof text);
        return g_strdup_printf("[%s]:%u", text, port);
    default:
        return is_name(data + 5, data[4])
                   ? g_strdup_printf("%.*s:%u", (int)data[4], (const char *)data + 5, port)
                   : NULL;
    }
}

static bool take_request(struct proxy_visit *visit)
{
    const uint8_t *data = visit->heard->data;
    if (visit->heard->len < 5)
        return false;
    const size_t len = request_len(data);
    if (data[0] != VERSION) {
        visit_end(visit);
    } else if (data[1] != CONNECT) {
        reply(visit, NO_COMMAND);
    } else if (len == 0) {
        reply(visit, NO_ADDRESS_TYPE);
    } else if (visit->heard->len < len) {
        return false;
    } else {
        char *address = address_of(data, len);
        visit_understood(visit, len);
        if (address != NULL)
            visit_want(visit, address);
        else
            reply(visit, HOST_UNREACHABLE);
    }
    return true;
}

bool visit_socks_ask(struct proxy_visit *visit)
{
    switch ((enum step)visit->step) {
    case STEP_METHODS:
        return take_methods(visit);
    case STEP_LOGIN:
        return take_login(visit);
    case STEP_REQUEST:
        return take_request(visit);
    }
    g_assert_not_reached();
}

void visit_socks_opened(struct proxy_visit *visit)
{
    visit->phase = VISIT_TUNNEL;
    reply(visit, SUCCEEDED);
}

void visit_socks_not_opened(struct proxy_visit *visit, enum proxy_why why)
{
    static const enum reply replies[] = {[PROXY_UNKNOWN_NAME] = HOST_UNREACHABLE,
                                         [PROXY_REFUSED] = REFUSED,
                                         [PROXY_UNREACHABLE] = HOST_UNREACHABLE,
                                         [PROXY_TOO_LATE] = TOO_LATE};
    reply(visit, replies[why]);
}
