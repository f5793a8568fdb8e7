/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "henc/socks.h"

#include <string.h>

enum {
    VERSION_4 = 4,
    VERSION_5 = 5,
    CONNECT = 1,
    NO_METHOD = 0,
    METHOD_PASSWORD = 2,
    PASSWORD_VERSION = 1,
    ADDRESS_IPV4 = 1,
    ADDRESS_NAME = 3,
    ADDRESS_IPV6 = 4,
    GRANTED_4 = 0x5a
};

/* The bytes of one side that were not looked at; `is_bad` once there were too few. */
struct rest {
    const uint8_t *at;
    size_t len;
    bool is_bad;
};

static struct rest rest_of(struct sstp_span bytes)
{
    return (struct rest){bytes.data, bytes.len, false};
}

static void pass(struct rest *rest, size_t len)
{
    if (len > rest->len) {
        rest->is_bad = true;
        len = rest->len;
    }
    rest->at += len;
    rest->len -= len;
}

/* The next byte; 0 where there is none. */
static uint8_t next(struct rest *rest)
{
    const uint8_t byte = rest->len > 0 ? *rest->at : 0;
    pass(rest, 1);
    return byte;
}

/* A string that ends with 0x00. */
static void pass_string(struct rest *rest)
{
    const uint8_t *end = rest->len > 0 ? memchr(rest->at, 0, rest->len) : NULL;
    pass(rest, end != NULL ? (size_t)(end - rest->at) + 1 : rest->len + 1);
}

static bool is_done(const struct rest *rest)
{
    return !rest->is_bad && rest->len == 0;
}

/* Version, what is wanted or answered, a reserved byte, address and port. */
static bool is_request_or_reply(struct rest *rest, uint8_t second)
{
    if (next(rest) != VERSION_5 || next(rest) != second)
        return false;
    pass(rest, 1);
    switch (next(rest)) {
    case ADDRESS_IPV4:
        pass(rest, 4);
        break;
    case ADDRESS_NAME:
        pass(rest, next(rest));
        break;
    case ADDRESS_IPV6:
        pass(rest, 16);
        break;
    default:
        return false;
    }
    pass(rest, 2);
    return is_done(rest);
}

static bool is_version_5(struct rest client, struct rest server)
{
    pass(&client, 1);
    pass(&client, next(&client)); /* the methods that the client knows */
    if (next(&server) != VERSION_5)
        return false;
    const uint8_t method = next(&server);
    if (method == METHOD_PASSWORD) {
        if (next(&client) != PASSWORD_VERSION || next(&server) != PASSWORD_VERSION)
            return false;
        pass(&client, next(&client)); /* the user's name */
        pass(&client, next(&client)); /* the password */
        if (next(&server) != 0)
            return false;
    } else if (method != NO_METHOD) {
        return false;
    }
    return is_request_or_reply(&client, CONNECT) && is_request_or_reply(&server, 0);
}

static bool is_version_4(struct rest client, struct rest server)
{
    pass(&client, 1);
    if (next(&client) != CONNECT)
        return false;
    pass(&client, 2); /* the port */
    const bool has_name = client.len >= 4 && memcmp(client.at, "\0\0\0", 3) == 0 && client.at[3];
    pass(&client, 4);
    pass_string(&client); /* the user's name */
    if (has_name)
        pass_string(&client);
    if (next(&server) != 0 || next(&server) != GRANTED_4)
        return false;
    pass(&server, 6);
    return is_done(&client) && is_done(&server);
}

bool henc_socks_is_handshake(struct sstp_span client, struct sstp_span server)
{
    if (client.len == 0 || server.len == 0)
        return false;
    switch (client.data[0]) {
    case VERSION_4:
        return is_version_4(rest_of(client), rest_of(server));
    case VERSION_5:
        return is_version_5(rest_of(client), rest_of(server));
    }
    return false;
}
