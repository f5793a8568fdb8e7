/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Polling against peers that say anything: a program of operations (program.h), the first of which
 * chooses the side.  A client is answered, a server is asked, rightly and in all ways wrongly;
 * bytes come in pieces, transports break, time passes, the endpoint has something to say or leaves.
 *
 * Besides the sanitizers: what either side says is whole HTTP that the observer of the analyzer
 * finds no fault with, no request goes out while another one has no answer, nothing waits that
 * could go on, and who is gone has told its endpoint.
 */
#include "carrier/http_options.h"
#include "carrier/http_services.h"
#include "carrier/polling.h"
#include "carrier/polling_options.h"

#include "pair.h"
#include "program.h"

#define NAME "relay.example"
#define GUID "m3u7m5ev6iz9hj6mx97s4kdrnk8khajvb3bwnba"
#define CARRIERS_MAX 12u

enum operation {
    ASK,    /* or answer: by the rules, but for what the bytes after it say */
    BYTES,  /* any */
    PIECES, /* what was to be said goes on */
    OPEN,
    LOSE,
    WAIT,
    SPEAK,
    LEAVE,
    NUM_OPERATIONS
};

struct fuzz {
    struct pair *pair;
    struct http_server *http;
    struct carrier *carriers[CARRIERS_MAX]; /* of a client one; of a server all doors */
    bool has_started;                       /* one of them has the endpoint */
    struct carrier_transport *at;           /* that is spoken over; NULL */
    uint8_t unsaid[4 * HENC_BODY_LEN_MAX];  /* to it, up to `unsaid_len` */
    size_t unsaid_len;
    uint32_t number; /* of the next request, or answer */
    int64_t now_ms;
    bool is_server;
};

static const struct polling_options polling_options = POLLING_OPTIONS_DEFAULT;
static const char *const names[] = {NAME};

static void fill(void *cookie, void *bytes, size_t len)
{
    (void)cookie;
    memset(bytes, 7, len);
}

/* ------------------------------------------------------------------------
 * What it says
 */

static void check_said(const struct fuzz *fuzz, struct sstp_span said)
{
    struct henc_http http;
    struct henc_polling polling;
    MUST(henc_http_head(said, &http) == HENC_HTTP_DONE);
    MUST(http.is_response == fuzz->is_server);
    MUST(http.content_length == said.len - http.head_len);
    MUST(http.content_length <= HENC_BODY_LEN_MAX);
    if (http.is_response && http.status != 200)
        return;
    const struct sstp_span body = sstp_span(said.data + http.head_len, said.len - http.head_len);
    MUST(henc_polling_parse(body, fuzz->is_server, &polling) == HENC_POLLING_OK);
    MUST(henc_polling_findings(&polling, false) == 0);
}

/* All that there is to be said, over each transport; each says one message, and all of it. */
static void hear(const struct fuzz *fuzz, struct carrier *carrier)
{
    struct carrier_transport *transport;
    unsigned num_asking = 0;
    for (unsigned i = 0; (transport = carrier_transport(carrier, i)) != NULL; i++) {
        struct sstp_span piece;
        if (transport->phase != CARRIER_OPEN)
            continue;
        num_asking += !carrier_is_over(transport);
        if (carrier_output(transport, &piece, 1) == 0)
            continue;
        MUST(carrier_output_len(transport) == piece.len);
        check_said(fuzz, piece);
        carrier_taken(transport, piece.len);
        MUST(carrier_output_len(transport) == 0);
    }
    MUST(fuzz->is_server || num_asking <= 1);
}

/* ------------------------------------------------------------------------
 * The owner's work
 */

static struct sstp_ep *ep_of(const struct fuzz *fuzz)
{
    return fuzz->is_server ? fuzz->pair->b.ep : fuzz->pair->a.ep;
}

static void lose(struct fuzz *fuzz, struct carrier_transport *transport)
{
    if (fuzz->at == transport)
        fuzz->at = NULL;
    if (transport->phase == CARRIER_OPEN)
        carrier_lost(transport);
    else
        carrier_abandon(transport);
}

static void settle(struct fuzz *fuzz, struct carrier *carrier)
{
    struct carrier_transport *transport;
    if (carrier_is_ready(carrier) && carrier_ep(carrier) == NULL && !carrier_is_lost(carrier)) {
        if (fuzz->has_started)
            carrier_lose(carrier);
        else
            carrier_set_ep(carrier, ep_of(fuzz));
        fuzz->has_started = true;
    }
    if (!carrier_is_lost(carrier)) {
        hear(fuzz, carrier);
        return;
    }
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

static void open_door(struct fuzz *fuzz)
{
    unsigned i = 0;
    while (i < CARRIERS_MAX && fuzz->carriers[i] != NULL)
        i++;
    if (i == CARRIERS_MAX)
        return;
    fuzz->carriers[i] = carrier_new(
        &carrier_door,
        &(struct carrier_config){.is_server = true, .now_ms = fuzz->now_ms, .shared = fuzz->http});
    fuzz->at = carrier_accepted(fuzz->carriers[i]);
}

static void open_transport(struct fuzz *fuzz, uint8_t how)
{
    fuzz->unsaid_len = 0;
    if (fuzz->is_server) {
        open_door(fuzz);
        return;
    }
    struct carrier_transport *wanted = carrier_next_wanted(fuzz->carriers[0]);
    if (wanted == NULL)
        return;
    if (how % 8 == 0) {
        carrier_not_opened(wanted, "nobody is there");
        return;
    }
    fuzz->at = wanted;
    carrier_opened(wanted);
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

/* The GUID that a client has made. */
static struct sstp_span guid_of(const struct fuzz *fuzz)
{
    return sstp_span_of_string(fuzz->is_server ? GUID : carrier_connection_name(fuzz->carriers[0]));
}

/* A request or an answer, which is what is awaited but for what the step says. */
static void add_message(struct fuzz *fuzz, struct program_step *step)
{
    static const uint8_t noop[] = {0x10, 0x07, 0, 0, 0, 0, 0};
    static const char *const others[] = {"", "x", "1.2", "\x80\xff", NAME "2"};
    static const unsigned statuses[] = {200, 400, 401, 407, 100, 500, 302, 999};
    uint8_t body[HENC_BODY_LEN_MAX], data[HENC_BODY_LEN_MAX];
    const uint8_t *b = step->bytes;
    struct henc_polling fields = {.is_response = !fuzz->is_server,
                                  .version = sstp_span_of_string("1.2"),
                                  .server = sstp_span_of_string(NAME),
                                  .guid = guid_of(fuzz),
                                  .sequence = fuzz->number + (b[1] & 3) - (b[1] >> 2 & 1),
                                  .poll_max = b[5],
                                  .poll_min = b[6] % 16,
                                  .poll_repetitions = b[7] % 4};
    const unsigned wrong = b[2] >> 4;
    if ((b[3] & 3) == 1)
        fields.data = sstp_span(noop, sizeof noop);
    if ((b[3] & 3) == 2) {
        const size_t len = rng_below(&step->rng, sizeof data - 200);
        rng_fill(&step->rng, data, len);
        fields.data = sstp_span(data, len);
    }
    struct sstp_span *const spans[] = {&fields.version, &fields.server, &fields.guid};
    if (wrong >= 1 && wrong <= 3)
        *spans[wrong - 1] = sstp_span_of_string(others[b[2] % 4 + 1]);
    struct sstp_writer w = sstp_writer(body, sizeof body);
    henc_polling_write(&w, &fields);
    if (wrong == 4 && w.pos > 0)
        body[rng_below(&step->rng, w.pos)] ^= 1;
    const size_t len = wrong == 5 ? rng_below(&step->rng, w.pos + 1) : w.pos;
    const unsigned status = statuses[wrong == 6 ? b[2] % 8 : 0];
    const bool has_body = fuzz->is_server || status == 200;
    char *head = fuzz->is_server
                     ? g_strdup_printf("POST / HTTP/1.0\r\nContent-Length: %zu\r\n\r\n", len)
                     : g_strdup_printf("HTTP/1.%u %u X\r\nContent-Length: %zu\r\n\r\n", b[4] & 1,
                                       status, has_body ? len : 0);
    add(fuzz, head, strlen(head));
    if (has_body)
        add(fuzz, body, len);
    g_free(head);
}

/* What is answered and asked by the rules goes on by one. */
static void ask_or_answer(struct fuzz *fuzz, struct program_step *step)
{
    if (fuzz->at == NULL)
        open_transport(fuzz, 1);
    if (!fuzz->is_server && (step->bytes[4] & 0x80) != 0) {
        static const char probed[] = "HTTP/1.0 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
        add(fuzz, probed, sizeof probed - 1);
    } else {
        add_message(fuzz, step);
        if ((step->bytes[4] & 0x40) != 0)
            fuzz->number++;
    }
    say(fuzz, (step->bytes[4] & 0x20) != 0 ? rng_below(&step->rng, 400) : SIZE_MAX);
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
                                        "5\r\nabcde\r\n0\r\n\r\n",
                                        "1.2"};
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
    static const int64_t waits[] = {1, 50, 200, 5000, 60000, 120000, 300000, 4000000};
    fuzz->now_ms += waits[how % G_N_ELEMENTS(waits)];
    for (unsigned i = 0; i < CARRIERS_MAX; i++) {
        struct carrier *carrier = fuzz->carriers[i];
        if (carrier == NULL)
            continue;
        carrier_tick(carrier, fuzz->now_ms);
        /* What was due is done, and what is not waits for something. */
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
    switch ((enum operation)(step->bytes[0] % NUM_OPERATIONS)) {
    case ASK:
        ask_or_answer(fuzz, step);
        break;
    case BYTES:
        add_bytes(fuzz, step);
        break;
    case PIECES:
        say(fuzz, step->bytes[1]);
        break;
    case OPEN:
        open_transport(fuzz, step->bytes[1]);
        break;
    case LOSE:
        if (fuzz->at != NULL)
            lose(fuzz, fuzz->at);
        break;
    case WAIT:
        wait(fuzz, step->bytes[1]);
        break;
    case SPEAK:
        speak(fuzz, step->bytes[1]);
        break;
    case LEAVE:
        if (fuzz->has_started && step->bytes[1] % 4 == 0)
            sstp_ep_close_connection(ep_of(fuzz), SSTP_CONNECT_CLOSE_NO_REASON, 0);
        break;
    case NUM_OPERATIONS:
        break;
    }
}

static void begin(struct fuzz *fuzz, bool is_server)
{
    static const struct http_options client_options = {.server_name = NAME,
                                                       .polling = &polling_options};
    *fuzz = (struct fuzz){.is_server = is_server, .now_ms = 1000};
    fuzz->pair = pair_new(NULL);
    pair_connect(fuzz->pair);
    fuzz->http = http_server_new(&(struct http_options){
        .services = http_services, .server_names = names, .num_server_names = 1, .max_virtual = 4});
    if (!is_server)
        fuzz->carriers[0] =
            carrier_new(&carrier_polling, &(struct carrier_config){.now_ms = fuzz->now_ms,
                                                                   .target = NAME ":80",
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
    begin(&fuzz, (step.bytes[0] & 1) != 0);
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
