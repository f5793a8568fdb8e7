/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Polling against peers that say anything: a program of operations (carried.h), the first of which
 * chooses the side.  A client is answered, a server is asked, rightly and in all ways wrongly.
 *
 * Beside what carried.h checks: what either side says is whole HTTP that the observer of the
 * analyzer finds no fault with, and no request goes out while another one has no answer.
 */
#include "carrier/polling.h"
#include "carrier/polling_options.h"

#include "carried.h"

static uint32_t number; /* of the next request, or answer */

static void check_said(const struct carried *carried, struct sstp_span said)
{
    struct henc_http http;
    struct henc_polling polling;
    struct sstp_span body;
    carried_check_message(said, carried->is_server, &http, &body);
    if (http.is_response && http.status != 200)
        return;
    MUST(henc_polling_parse(body, carried->is_server, &polling) == HENC_POLLING_OK);
    MUST(henc_polling_findings(&polling, false) == 0);
}

/* All that there is to be said, over each transport; each says one message, and all of it. */
static void hear(const struct carried *carried, struct carrier *carrier)
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
        check_said(carried, piece);
        carrier_taken(transport, piece.len);
        MUST(carrier_output_len(transport) == 0);
    }
    MUST(carried->is_server || num_asking <= 1);
}

/* The GUID that a client has made. */
static struct sstp_span guid_of(const struct carried *carried)
{
    return sstp_span_of_string(carried->is_server ? CARRIED_GUID
                                                  : carrier_connection_name(carried->carriers[0]));
}

/* A request or an answer, which is what is awaited but for what the step says. */
static void add_message(struct carried *carried, struct program_step *step)
{
    static const uint8_t noop[] = {0x10, 0x07, 0, 0, 0, 0, 0};
    static const char *const others[] = {"", "x", "1.2", "\x80\xff", CARRIED_NAME "2"};
    static const unsigned statuses[] = {200, 400, 401, 407, 100, 500, 302, 999};
    uint8_t body[HENC_BODY_LEN_MAX], data[HENC_BODY_LEN_MAX];
    const uint8_t *b = step->bytes;
    struct henc_polling fields = {.is_response = !carried->is_server,
                                  .version = sstp_span_of_string("1.2"),
                                  .server = sstp_span_of_string(CARRIED_NAME),
                                  .guid = guid_of(carried),
                                  .sequence = number + (b[1] & 3) - (b[1] >> 2 & 1),
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
    const bool has_body = carried->is_server || status == 200;
    char *head = carried->is_server
                     ? g_strdup_printf("POST / HTTP/1.0\r\nContent-Length: %zu\r\n\r\n", len)
                     : g_strdup_printf("HTTP/1.%u %u X\r\nContent-Length: %zu\r\n\r\n", b[4] & 1,
                                       status, has_body ? len : 0);
    carried_add(carried, head, strlen(head));
    if (has_body)
        carried_add(carried, body, len);
    g_free(head);
}

/* What is answered and asked by the rules goes on by one. */
static void ask(struct carried *carried, struct program_step *step)
{
    if (!carried->is_server && (step->bytes[4] & 0x80) != 0) {
        static const char probed[] = "HTTP/1.0 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
        carried_add(carried, probed, sizeof probed - 1);
    } else {
        add_message(carried, step);
        if ((step->bytes[4] & 0x40) != 0)
            number++;
    }
    carried_say(carried, (step->bytes[4] & 0x20) != 0 ? rng_below(&step->rng, 400) : SIZE_MAX);
}

static void begin(struct carried *carried, uint8_t how)
{
    static const struct polling_options polling = POLLING_OPTIONS_DEFAULT;
    static const struct http_options options = {.server_name = CARRIED_NAME, .polling = &polling};
    (void)how;
    number = 0;
    if (!carried->is_server)
        carried->carriers[0] =
            carrier_new(&carrier_polling, &(struct carrier_config){.now_ms = carried->now_ms,
                                                                   .target = CARRIED_NAME ":80",
                                                                   .http = &options,
                                                                   .random = {carried_fill, NULL}});
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum carried_operation operations[] = {
        CARRIED_ASK,  CARRIED_BYTES, CARRIED_PIECES, CARRIED_OPEN,
        CARRIED_LOSE, CARRIED_WAIT,  CARRIED_SPEAK,  CARRIED_LEAVE};
    static const struct carried_target target = {
        .operations = operations,
        .num_operations = G_N_ELEMENTS(operations),
        .waits = {1, 50, 200, 5000, 60000, 120000, 300000, 4000000},
        .words = {"5\r\nabcde\r\n0\r\n\r\n", "1.2"},
        .unreachable = 0,
        .hear = hear,
        .ask = ask,
        .begin = begin};
    return carried_run(data, size, &target);
}
