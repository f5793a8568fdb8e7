/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * LongLived and KeepAlive, the encapsulations with two halves, against peers that say anything: a
 * program of operations (program.h), the first of which chooses side and kind.  A client is
 * answered, a server is asked, rightly and in all ways wrongly, by several peers who know each
 * other's GUIDs; bytes come in pieces, transports break, time passes, the endpoint has something to
 * say or leaves.
 *
 * Besides the sanitizers: what either side says is HTTP, and of KeepAlive each message whole;
 * nobody's transport gets into a virtual connection of another address; what was due is done, and
 * who is gone has told its endpoint.
 */
#include "carrier/door.h"
#include "carrier/http_services.h"
#include "carrier/keepalive_client.h"
#include "carrier/longlived_client.h"

#include "pair.h"
#include "program.h"

#define NAME "relay.example"
#define ECHO "GroovePing: 1.0,Ping\r\n"
#define CARRIERS_MAX 12u
#define VIRTUAL_MAX 4u
#define UNSAID_MAX (3u << 16)

enum operation { ASK, BYTES, PIECES, OPEN, PICK, LOSE, WAIT, SPEAK, LEAVE, NUM_OPERATIONS };

struct fuzz {
    struct pair *pair;
    struct http_server *http;
    struct carrier *carriers[CARRIERS_MAX]; /* of a client one; of a server all */
    bool has_started;                       /* one of them has the endpoint */
    struct carrier_transport *at;           /* that is spoken over; NULL */
    uint8_t unsaid[UNSAID_MAX];             /* to it, up to `unsaid_len` */
    size_t unsaid_len;
    int64_t now_ms;
    bool is_server, is_keepalive;
};

static const char *const names[] = {NAME};

static void fill(void *cookie, void *bytes, size_t len)
{
    (void)cookie;
    memset(bytes, 7, len);
}

static struct sstp_ep *ep_of(const struct fuzz *fuzz)
{
    return fuzz->is_server ? fuzz->pair->b.ep : fuzz->pair->a.ep;
}

/* ------------------------------------------------------------------------
 * What it says
 */

/* A message of KeepAlive, or a refusal: whole, and as long as it says. */
static void check_message(struct sstp_span said, bool is_response)
{
    struct henc_http http;
    MUST(henc_http_head(said, &http) == HENC_HTTP_DONE);
    MUST(http.is_response == is_response);
    MUST(http.content_length == said.len - http.head_len);
    MUST(http.content_length <= HENC_BODY_LEN_MAX);
}

static void hear(const struct fuzz *fuzz, struct carrier_transport *transport)
{
    struct sstp_span piece;
    const size_t len = carrier_output_len(transport);
    if (len == 0 || carrier_output(transport, &piece, 1) == 0)
        return;
    MUST(piece.len > 0);
    if (fuzz->is_keepalive)
        check_message(piece, fuzz->is_server);
    carrier_taken(transport, piece.len);
}

static void hear_all(const struct fuzz *fuzz, struct carrier *carrier)
{
    struct carrier_transport *transport;
    for (unsigned i = 0; (transport = carrier_transport(carrier, i)) != NULL; i++) {
        if (transport->phase != CARRIER_OPEN)
            continue;
        /* Whoever came from one address is never where somebody of another is. */
        MUST(!fuzz->is_server ||
             carrier_config(carrier)->peer[0] == GPOINTER_TO_UINT(transport->owner));
        hear(fuzz, transport);
    }
}

/* ------------------------------------------------------------------------
 * The owner's work
 */

static void lose(struct fuzz *fuzz, struct carrier_transport *transport)
{
    if (fuzz->at == transport)
        fuzz->at = NULL;
    if (transport->phase == CARRIER_OPEN)
        carrier_lost(transport);
    else
        carrier_abandon(transport);
}

static void start(struct fuzz *fuzz, struct carrier *carrier)
{
    if (!carrier_is_ready(carrier) || carrier_ep(carrier) != NULL || carrier_is_lost(carrier))
        return;
    if (fuzz->has_started)
        carrier_lose(carrier);
    else
        carrier_set_ep(carrier, ep_of(fuzz));
    fuzz->has_started = true;
}

/* Closes what is over, as the sockets' owner does. */
static void close_over(struct fuzz *fuzz, struct carrier *carrier)
{
    for (unsigned i = CARRIER_TRANSPORTS_MAX; i > 0; i--) {
        struct carrier_transport *transport = carrier_transport(carrier, i - 1);
        if (transport != NULL && transport->phase == CARRIER_OPEN && carrier_is_over(transport) &&
            carrier_output_len(transport) == 0)
            lose(fuzz, transport);
    }
}

static void settle(struct fuzz *fuzz, struct carrier *carrier)
{
    struct carrier_transport *transport;
    start(fuzz, carrier);
    if (!carrier_is_lost(carrier))
        hear_all(fuzz, carrier);
    if (!carrier_is_lost(carrier))
        close_over(fuzz, carrier);
    if (!carrier_is_lost(carrier))
        return;
    carrier_lose(carrier);
    while ((transport = carrier_transport(carrier, 0)) != NULL)
        lose(fuzz, transport);
    MUST(carrier_is_gone(carrier));
    MUST(carrier_ep(carrier) == NULL || sstp_ep_state(ep_of(fuzz)) == SSTP_CONNECTION_CLOSED);
}

static void settle_all(struct fuzz *fuzz)
{
    for (unsigned i = 0; i < CARRIERS_MAX; i++) {
        struct carrier *carrier = fuzz->carriers[i];
        if (carrier == NULL)
            continue;
        settle(fuzz, carrier);
        if (!fuzz->is_server || !carrier_is_gone(carrier))
            continue;
        carrier_free(carrier);
        fuzz->carriers[i] = NULL;
    }
}

/* ------------------------------------------------------------------------
 * Operations
 */

static void open_door(struct fuzz *fuzz, uint8_t peer)
{
    unsigned i = 0;
    while (i < CARRIERS_MAX && fuzz->carriers[i] != NULL)
        i++;
    if (i == CARRIERS_MAX)
        return;
    fuzz->carriers[i] = carrier_new(&carrier_door, &(struct carrier_config){.is_server = true,
                                                                            .now_ms = fuzz->now_ms,
                                                                            .shared = fuzz->http,
                                                                            .peer = {peer}});
    fuzz->at = carrier_accepted(fuzz->carriers[i]);
    fuzz->at->owner = GUINT_TO_POINTER(peer);
}

static void open_transport(struct fuzz *fuzz, uint8_t how)
{
    fuzz->unsaid_len = 0;
    if (fuzz->is_server) {
        open_door(fuzz, how % 8 == 7);
        return;
    }
    struct carrier_transport *wanted = carrier_next_wanted(fuzz->carriers[0]);
    if (wanted == NULL)
        return;
    if (how % 8 == 7) {
        carrier_not_opened(wanted, "nobody is there");
        return;
    }
    fuzz->at = wanted;
    carrier_opened(wanted);
}

/* Another of those that are open. */
static void pick(struct fuzz *fuzz, uint8_t which)
{
    struct carrier_transport *open[CARRIERS_MAX * CARRIER_TRANSPORTS_MAX], *transport;
    size_t num = 0;
    for (unsigned i = 0; i < CARRIERS_MAX; i++)
        for (unsigned k = 0; fuzz->carriers[i] != NULL &&
                             (transport = carrier_transport(fuzz->carriers[i], k)) != NULL;
             k++)
            if (transport->phase == CARRIER_OPEN)
                open[num++] = transport;
    fuzz->unsaid_len = 0;
    fuzz->at = num > 0 ? open[which % num] : NULL;
}

/* Says the next `len` bytes, from memory of just that length. */
static void say(struct fuzz *fuzz, size_t len)
{
    if (fuzz->at == NULL || fuzz->unsaid_len == 0)
        return;
    len = MIN(len, fuzz->unsaid_len);
    uint8_t *bytes = g_memdup2(fuzz->unsaid, len);
    memmove(fuzz->unsaid, fuzz->unsaid + len, fuzz->unsaid_len - len);
    fuzz->unsaid_len -= len;
    if (carrier_has_room(fuzz->at))
        carrier_receive(fuzz->at, bytes, len);
    g_free(bytes);
}

static void add(struct fuzz *fuzz, const void *bytes, size_t len)
{
    len = MIN(len, sizeof fuzz->unsaid - fuzz->unsaid_len);
    if (len > 0)
        memcpy(fuzz->unsaid + fuzz->unsaid_len, bytes, len);
    fuzz->unsaid_len += len;
}

static void add_text(struct fuzz *fuzz, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void add_text(struct fuzz *fuzz, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = g_strdup_vprintf(format, args);
    va_end(args);
    add(fuzz, text, strlen(text));
    g_free(text);
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
static void add_message(struct fuzz *fuzz, struct program_step *step)
{
    static const char *const guids[] = {"m3u7m5ev6iz9hj6mx97s4kdrnk8khajvb3bwnba", "another", ""};
    static const unsigned statuses[] = {200, 400, 401, 407, 100, 500, 302, 999};
    static uint8_t body[2 * HENC_BODY_LEN_MAX];
    const uint8_t *b = step->bytes;
    const size_t len = make_body(step, body, sizeof body);
    const bool is_get = (b[1] & 1) != 0, is_keepalive = fuzz->is_keepalive != (b[2] % 16 == 15);
    const uint64_t says = b[4] % 8 == 0  ? rng_below(&step->rng, 3 * sizeof body)
                          : is_keepalive ? (uint64_t)len
                                         : UINT64_C(2147479552);
    if (!fuzz->is_server)
        add_text(fuzz, "HTTP/1.%u %u X\r\nContent-Length: %" G_GUINT64_FORMAT "\r\n\r\n", b[1] & 1,
                 statuses[b[2] % 4 == 0 ? b[5] % 8 : 0], says);
    else
        add_text(fuzz, "%s %s/2.%u/" NAME "%s/%s,ConnType=%s,ContentLength=%u HTTP/1.%u\r\n",
                 is_get ? "GET" : "POST", (b[1] & 2) != 0 ? "http://" NAME : "", b[5] % 32 == 31,
                 b[5] % 32 == 30 ? "x" : "", guids[b[2] % 16 < 12 ? 0 : b[2] % 3],
                 is_keepalive ? "KeepAlive" : "LongLived", 20u + b[6] % 64, (b[1] & 4) != 0);
    if (fuzz->is_server && !is_get)
        add_text(fuzz, "Content-Length: %" G_GUINT64_FORMAT "\r\n", says);
    if (fuzz->is_server)
        add_text(fuzz, "\r\n");
    if (!fuzz->is_server || !is_get)
        add(fuzz, body, len);
}

static void add_bytes(struct fuzz *fuzz, struct program_step *step)
{
    static const char *const words[] = {"POST ",
                                        "GET / HTTP/1.0\r\n",
                                        "HTTP/1.1 200 OK\r\n",
                                        "HTTP/1.1 100 Continue\r\n\r\n",
                                        "Content-Length: 99999999999999999999\r\n",
                                        "Content-Length: 5\r\n",
                                        "Transfer-Encoding: chunked\r\n",
                                        "\r\n",
                                        ECHO,
                                        "\x10\x07"};
    uint8_t bytes[64];
    const size_t word = step->bytes[1] % (G_N_ELEMENTS(words) + 2);
    if (word < G_N_ELEMENTS(words)) {
        add(fuzz, words[word], strlen(words[word]));
    } else {
        rng_fill(&step->rng, bytes, sizeof bytes);
        add(fuzz, bytes, step->bytes[2] % sizeof bytes);
    }
    if ((step->bytes[3] & 1) != 0)
        say(fuzz, SIZE_MAX);
}

static void wait(struct fuzz *fuzz, uint8_t how)
{
    static const int64_t waits[] = {1, 100, 2001, 5000, 10000, 45000, 90000, 300000};
    fuzz->now_ms += waits[how % G_N_ELEMENTS(waits)];
    for (unsigned i = 0; i < CARRIERS_MAX; i++) {
        struct carrier *carrier = fuzz->carriers[i];
        if (carrier == NULL)
            continue;
        carrier_tick(carrier, fuzz->now_ms);
        MUST(carrier_is_lost(carrier) || carrier_deadline(carrier) > fuzz->now_ms ||
             carrier_transport(carrier, 0) != NULL);
    }
}

static void speak(const struct fuzz *fuzz, uint8_t how)
{
    static uint8_t data[100000];
    struct sstp_ep *ep = ep_of(fuzz);
    uint32_t id;
    if (!fuzz->has_started)
        return;
    if (how % 3 != 0 ||
        sstp_ep_open(ep, span_text("apphandler"), span_text("grooveIdentity://x"),
                     span_text(fuzz->is_server ? "dpp:///a" : "dpp:///b"), &id) != SSTP_EP_OK)
        (void)sstp_ep_noop(ep);
    if (how % 5 == 0 &&
        sstp_ep_message_begin(ep, 1, &(struct sstp_ep_message){.ttl = 0}) == SSTP_EP_OK)
        (void)sstp_ep_message_data(ep, 1, sstp_span(data, sizeof data));
}

static void do_step(struct fuzz *fuzz, struct program_step *step)
{
    const uint8_t *b = step->bytes;
    switch ((enum operation)(b[0] % NUM_OPERATIONS)) {
    case ASK:
        if (fuzz->at == NULL)
            open_transport(fuzz, 1);
        add_message(fuzz, step);
        say(fuzz, b[7] % 4 == 0 ? rng_below(&step->rng, 400) : SIZE_MAX);
        break;
    case BYTES:
        add_bytes(fuzz, step);
        break;
    case PIECES:
        say(fuzz, b[1]);
        break;
    case OPEN:
        open_transport(fuzz, b[1]);
        break;
    case PICK:
        pick(fuzz, b[1]);
        break;
    case LOSE:
        if (fuzz->at != NULL)
            lose(fuzz, fuzz->at);
        break;
    case WAIT:
        wait(fuzz, b[1]);
        break;
    case SPEAK:
        speak(fuzz, b[1]);
        break;
    case LEAVE:
        if (fuzz->has_started && b[1] % 4 == 0)
            sstp_ep_close_connection(ep_of(fuzz), SSTP_CONNECT_CLOSE_NO_REASON, 0);
        break;
    case NUM_OPERATIONS:
        break;
    }
}

static void begin(struct fuzz *fuzz, uint8_t how)
{
    static const struct http_options client_options = {.server_name = NAME, .longlived_limit = 60};
    *fuzz =
        (struct fuzz){.is_server = (how & 1) != 0, .is_keepalive = (how & 2) != 0, .now_ms = 1000};
    fuzz->pair = pair_new(NULL);
    pair_connect(fuzz->pair);
    fuzz->http = http_server_new(&(struct http_options){.services = http_services,
                                                        .server_names = names,
                                                        .num_server_names = 1,
                                                        .max_virtual = VIRTUAL_MAX});
    if (!fuzz->is_server)
        fuzz->carriers[0] =
            carrier_new(fuzz->is_keepalive ? &carrier_keepalive : &carrier_longlived,
                        &(struct carrier_config){.now_ms = fuzz->now_ms,
                                                 .target = NAME ":80",
                                                 .has_proxy = (how & 4) != 0,
                                                 .http = &client_options,
                                                 .random = {fill, NULL}});
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct program program = {.data = data, .size = size};
    struct program_step step;
    static struct fuzz fuzz;
    if (!program_next(&program, &step))
        return 0;
    begin(&fuzz, step.bytes[0]);
    while (program_next(&program, &step)) {
        do_step(&fuzz, &step);
        settle_all(&fuzz);
        /* Nobody looks at what was told. */
        g_string_truncate(fuzz.pair->commands, 0);
        g_string_truncate(fuzz.pair->events, 0);
        g_string_truncate(fuzz.pair->notes, 0);
    }
    for (unsigned i = 0; i < CARRIERS_MAX; i++)
        carrier_free(fuzz.carriers[i]);
    http_server_free(fuzz.http);
    pair_free(fuzz.pair);
    return 0;
}
