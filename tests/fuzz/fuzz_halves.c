/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * LongLived and KeepAlive, the encapsulations with two halves, against peers that say anything: a
 * program of operations (carried.h), the first of which chooses side and kind.  A client is
 * answered, a server is asked, rightly and in all ways wrongly, by several peers who know each
 * other's GUIDs.
 *
 * Beside what carried.h checks: what either side says is HTTP, and of KeepAlive each message whole;
 * nobody's transport gets into a virtual connection of another address.
 */
#include "carrier/keepalive_client.h"
#include "carrier/longlived_client.h"

#include "carried.h"

#define ECHO "GroovePing: 1.0,Ping\r\n"

static bool is_keepalive; /* else LongLived */

static void hear_one(const struct carried *carried, struct carrier_transport *transport)
{
    struct sstp_span piece, body;
    struct henc_http http;
    const size_t len = carrier_output_len(transport);
    if (len == 0 || carrier_output(transport, &piece, 1) == 0)
        return;
    MUST(piece.len > 0);
    if (is_keepalive)
        carried_check_message(piece, carried->is_server, &http, &body);
    carrier_taken(transport, piece.len);
}

static void hear(const struct carried *carried, struct carrier *carrier)
{
    struct carrier_transport *transport;
    for (unsigned i = 0; (transport = carrier_transport(carrier, i)) != NULL; i++) {
        if (transport->phase != CARRIER_OPEN)
            continue;
        /* Whoever came from one address is never where somebody of another is. */
        MUST(!carried->is_server ||
             carrier_config(carrier)->peer[0] == GPOINTER_TO_UINT(transport->owner));
        hear_one(carried, transport);
    }
}

/* The echo string, an empty answer, a command, nothing, or anything. */
static size_t make_body(struct program_step *step, uint8_t *body, size_t room)
{
    static const uint8_t noop[] = {0x10, 0x07, 0, 0, 0, 0, 0};
    static const char *const texts[] = {ECHO, "<html></html>\r\n", "GroovePing: 1.0,Pong\r\n",
                                        "GroovePing: 1.0,Ping", ECHO "\x10"};
    const unsigned which = step->bytes[3] % 10;
    if (which < G_N_ELEMENTS(texts)) {
        memcpy(body, texts[which], strlen(texts[which]));
        return strlen(texts[which]);
    }
    if (which < 7) {
        memcpy(body, noop, sizeof noop);
        return sizeof noop;
    }
    const size_t len = which == 7 ? 0 : rng_below(&step->rng, which == 8 ? 40 : room);
    rng_fill(&step->rng, body, len);
    return len;
}

/* A request or an answer, with a body that is as long as it says, or not. */
static void add_message(struct carried *carried, struct program_step *step)
{
    static const char *const guids[] = {"m3u7m5ev6iz9hj6mx97s4kdrnk8khajvb3bwnba", "another", ""};
    static const unsigned statuses[] = {200, 400, 401, 407, 100, 500, 302, 999};
    static uint8_t body[2 * HENC_BODY_LEN_MAX];
    const uint8_t *b = step->bytes;
    const size_t len = make_body(step, body, sizeof body);
    const bool is_get = (b[1] & 1) != 0, says_keepalive = is_keepalive != (b[2] % 16 == 15);
    const uint64_t says = b[4] % 8 == 0    ? rng_below(&step->rng, 3 * sizeof body)
                          : says_keepalive ? (uint64_t)len
                                           : UINT64_C(2147479552);
    if (!carried->is_server)
        carried_add_text(carried, "HTTP/1.%u %u X\r\nContent-Length: %" G_GUINT64_FORMAT "\r\n\r\n",
                         b[1] & 1, statuses[b[2] % 4 == 0 ? b[5] % 8 : 0], says);
    else
        carried_add_text(
            carried, "%s %s/2.%u/" CARRIED_NAME "%s/%s,ConnType=%s,ContentLength=%u HTTP/1.%u\r\n",
            is_get ? "GET" : "POST", (b[1] & 2) != 0 ? "http://" CARRIED_NAME : "", b[5] % 32 == 31,
            b[5] % 32 == 30 ? "x" : "", guids[b[2] % 16 < 12 ? 0 : b[2] % 3],
            says_keepalive ? "KeepAlive" : "LongLived", 20u + b[6] % 64, (b[1] & 4) != 0);
    if (carried->is_server && !is_get)
        carried_add_text(carried, "Content-Length: %" G_GUINT64_FORMAT "\r\n", says);
    if (carried->is_server)
        carried_add_text(carried, "\r\n");
    if (!carried->is_server || !is_get)
        carried_add(carried, body, len);
}

static void ask(struct carried *carried, struct program_step *step)
{
    add_message(carried, step);
    carried_say(carried, step->bytes[7] % 4 == 0 ? rng_below(&step->rng, 400) : SIZE_MAX);
}

static void begin(struct carried *carried, uint8_t how)
{
    static const struct http_options options = {.server_name = CARRIED_NAME, .longlived_limit = 60};
    is_keepalive = (how & 2) != 0;
    if (!carried->is_server)
        carried->carriers[0] =
            carrier_new(is_keepalive ? &carrier_keepalive : &carrier_longlived,
                        &(struct carrier_config){.now_ms = carried->now_ms,
                                                 .target = CARRIED_NAME ":80",
                                                 .has_proxy = (how & 4) != 0,
                                                 .http = &options,
                                                 .random = {carried_fill, NULL}});
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum carried_operation operations[] = {CARRIED_ASK,  CARRIED_BYTES, CARRIED_PIECES,
                                                        CARRIED_OPEN, CARRIED_PICK,  CARRIED_LOSE,
                                                        CARRIED_WAIT, CARRIED_SPEAK, CARRIED_LEAVE};
    static const struct carried_target target = {
        .operations = operations,
        .num_operations = G_N_ELEMENTS(operations),
        .waits = {1, 100, 2001, 5000, 10000, 45000, 90000, 300000},
        .words = {ECHO, "\x10\x07"},
        .unreachable = 7,
        .has_peers = true,
        .closes = true,
        .hear = hear,
        .ask = ask,
        .begin = begin};
    return carried_run(data, size, &target);
}
