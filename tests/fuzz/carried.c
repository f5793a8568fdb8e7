/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "carried.h"

#include "carrier/http_services.h"

static struct sstp_ep *ep_of(const struct carried *carried)
{
    return carried->is_server ? carried->pair->b.ep : carried->pair->a.ep;
}

void carried_fill(void *cookie, void *bytes, size_t len)
{
    (void)cookie;
    memset(bytes, 7, len);
}

void carried_check_message(struct sstp_span said, bool is_response, struct henc_http *http,
                           struct sstp_span *body)
{
    MUST(henc_http_head(said, http) == HENC_HTTP_DONE);
    MUST(http->is_response == is_response);
    MUST(http->content_length == said.len - http->head_len);
    MUST(http->content_length <= HENC_BODY_LEN_MAX);
    *body = sstp_span(said.data + http->head_len, said.len - http->head_len);
}

/* ------------------------------------------------------------------------
 * The owner's work
 */

static void lose(struct carried *carried, struct carrier_transport *transport)
{
    if (carried->at == transport)
        carried->at = NULL;
    if (transport->phase == CARRIER_OPEN)
        carrier_lost(transport);
    else
        carrier_abandon(transport);
}

static void start(struct carried *carried, struct carrier *carrier)
{
    if (!carrier_is_ready(carrier) || carrier_ep(carrier) != NULL || carrier_is_lost(carrier))
        return;
    if (carried->has_started)
        carrier_lose(carrier);
    else
        carrier_set_ep(carrier, ep_of(carried));
    carried->has_started = true;
}

/* Closes what is over, as the sockets' owner does. */
static void close_over(struct carried *carried, struct carrier *carrier)
{
    for (unsigned i = CARRIER_TRANSPORTS_MAX; i > 0; i--) {
        struct carrier_transport *transport = carrier_transport(carrier, i - 1);
        if (transport != NULL && transport->phase == CARRIER_OPEN && carrier_is_over(transport) &&
            carrier_output_len(transport) == 0)
            lose(carried, transport);
    }
}

static void settle(struct carried *carried, struct carrier *carrier)
{
    struct carrier_transport *transport;
    start(carried, carrier);
    if (!carrier_is_lost(carrier))
        carried->target->hear(carried, carrier);
    if (!carrier_is_lost(carrier) && carried->target->closes)
        close_over(carried, carrier);
    if (!carrier_is_lost(carrier))
        return;
    carrier_lose(carrier);
    while ((transport = carrier_transport(carrier, 0)) != NULL)
        lose(carried, transport);
    MUST(carrier_is_gone(carrier));
    MUST(carrier_ep(carrier) == NULL || sstp_ep_state(ep_of(carried)) == SSTP_CONNECTION_CLOSED);
}

static void settle_all(struct carried *carried)
{
    for (unsigned i = 0; i < CARRIED_MAX; i++) {
        struct carrier *carrier = carried->carriers[i];
        if (carrier == NULL)
            continue;
        settle(carried, carrier);
        if (!carried->is_server || !carrier_is_gone(carrier))
            continue;
        carrier_free(carrier);
        carried->carriers[i] = NULL;
    }
}

/* ------------------------------------------------------------------------
 * Transports
 */

static void open_door(struct carried *carried, uint8_t peer)
{
    unsigned i = 0;
    while (i < CARRIED_MAX && carried->carriers[i] != NULL)
        i++;
    if (i == CARRIED_MAX)
        return;
    carried->carriers[i] = carrier_new(
        &carrier_door,
        &(struct carrier_config){
            .is_server = true, .now_ms = carried->now_ms, .shared = carried->http, .peer = {peer}});
    carried->at = carrier_accepted(carried->carriers[i]);
    carried->at->owner = GUINT_TO_POINTER(peer);
}

void carried_open(struct carried *carried, uint8_t how)
{
    carried->unsaid_len = 0;
    if (carried->is_server) {
        open_door(carried, carried->target->has_peers && how % 8 == 7);
        return;
    }
    struct carrier_transport *wanted = carrier_next_wanted(carried->carriers[0]);
    if (wanted == NULL)
        return;
    if (how % 8 == carried->target->unreachable) {
        carrier_not_opened(wanted, "nobody is there");
        return;
    }
    carried->at = wanted;
    carrier_opened(wanted);
}

/* Another of those that are open. */
static void pick(struct carried *carried, uint8_t which)
{
    struct carrier_transport *open[CARRIED_MAX * CARRIER_TRANSPORTS_MAX], *transport;
    size_t num = 0;
    for (unsigned i = 0; i < CARRIED_MAX; i++)
        for (unsigned k = 0; carried->carriers[i] != NULL &&
                             (transport = carrier_transport(carried->carriers[i], k)) != NULL;
             k++)
            if (transport->phase == CARRIER_OPEN)
                open[num++] = transport;
    carried->unsaid_len = 0;
    carried->at = num > 0 ? open[which % num] : NULL;
}

/* ------------------------------------------------------------------------
 * What is said to it
 */

void carried_say(struct carried *carried, size_t len)
{
    if (carried->at == NULL || carried->unsaid_len == 0)
        return;
    len = MIN(len, carried->unsaid_len);
    uint8_t *bytes = g_memdup2(carried->unsaid, len);
    memmove(carried->unsaid, carried->unsaid + len, carried->unsaid_len - len);
    carried->unsaid_len -= len;
    if (carrier_has_room(carried->at))
        carrier_receive(carried->at, bytes, len);
    g_free(bytes);
}

void carried_add(struct carried *carried, const void *bytes, size_t len)
{
    len = MIN(len, sizeof carried->unsaid - carried->unsaid_len);
    if (len > 0)
        memcpy(carried->unsaid + carried->unsaid_len, bytes, len);
    carried->unsaid_len += len;
}

void carried_add_text(struct carried *carried, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = g_strdup_vprintf(format, args);
    va_end(args);
    carried_add(carried, text, strlen(text));
    g_free(text);
}

static void add_bytes(struct carried *carried, struct program_step *step)
{
    const char *const words[] = {"POST ",
                                 "GET / HTTP/1.0\r\n",
                                 "HTTP/1.1 200 OK\r\n",
                                 "HTTP/1.1 100 Continue\r\n\r\n",
                                 "Content-Length: 99999999999999999999\r\n",
                                 "Content-Length: 5\r\n",
                                 "Transfer-Encoding: chunked\r\n",
                                 "\r\n",
                                 carried->target->words[0],
                                 carried->target->words[1]};
    uint8_t bytes[64];
    const size_t word = step->bytes[1] % (G_N_ELEMENTS(words) + 2);
    if (word < G_N_ELEMENTS(words)) {
        carried_add(carried, words[word], strlen(words[word]));
    } else {
        rng_fill(&step->rng, bytes, sizeof bytes);
        carried_add(carried, bytes, step->bytes[2] % sizeof bytes);
    }
    if ((step->bytes[3] & 1) != 0)
        carried_say(carried, SIZE_MAX);
}

/* ------------------------------------------------------------------------
 * Operations
 */

static void wait(struct carried *carried, uint8_t how)
{
    carried->now_ms += carried->target->waits[how % G_N_ELEMENTS(carried->target->waits)];
    for (unsigned i = 0; i < CARRIED_MAX; i++) {
        struct carrier *carrier = carried->carriers[i];
        if (carrier == NULL)
            continue;
        carrier_tick(carrier, carried->now_ms);
        /* What was due is done, and what is not waits for something. */
        MUST(carrier_is_lost(carrier) || carrier_deadline(carrier) > carried->now_ms ||
             carrier_transport(carrier, 0) != NULL);
    }
}

static void speak(const struct carried *carried, uint8_t how)
{
    static uint8_t data[100000];
    struct sstp_ep *ep = ep_of(carried);
    uint32_t id;
    if (!carried->has_started)
        return;
    if (how % 3 != 0 ||
        sstp_ep_open(ep, span_text("apphandler"), span_text("grooveIdentity://x"),
                     span_text(carried->is_server ? "dpp:///a" : "dpp:///b"), &id) != SSTP_EP_OK)
        (void)sstp_ep_noop(ep);
    if (how % 5 == 0 &&
        sstp_ep_message_begin(ep, 1, &(struct sstp_ep_message){.ttl = 0}) == SSTP_EP_OK)
        (void)sstp_ep_message_data(ep, 1, sstp_span(data, sizeof data));
}

static void do_step(struct carried *carried, struct program_step *step)
{
    const uint8_t *b = step->bytes;
    switch (carried->target->operations[b[0] % carried->target->num_operations]) {
    case CARRIED_ASK:
        if (carried->at == NULL)
            carried_open(carried, 1);
        carried->target->ask(carried, step);
        break;
    case CARRIED_BYTES:
        add_bytes(carried, step);
        break;
    case CARRIED_PIECES:
        carried_say(carried, b[1]);
        break;
    case CARRIED_OPEN:
        carried_open(carried, b[1]);
        break;
    case CARRIED_PICK:
        pick(carried, b[1]);
        break;
    case CARRIED_LOSE:
        if (carried->at != NULL)
            lose(carried, carried->at);
        break;
    case CARRIED_WAIT:
        wait(carried, b[1]);
        break;
    case CARRIED_SPEAK:
        speak(carried, b[1]);
        break;
    case CARRIED_LEAVE:
        if (carried->has_started && b[1] % 4 == 0)
            sstp_ep_close_connection(ep_of(carried), SSTP_CONNECT_CLOSE_NO_REASON, 0);
        break;
    }
}

static void begin(struct carried *carried, const struct carried_target *target, uint8_t how)
{
    static const char *const names[] = {CARRIED_NAME};
    *carried = (struct carried){.target = target, .is_server = (how & 1) != 0, .now_ms = 1000};
    carried->pair = pair_new(NULL);
    pair_connect(carried->pair);
    carried->http = http_server_new(&(struct http_options){
        .services = http_services, .server_names = names, .num_server_names = 1, .max_virtual = 4});
    target->begin(carried, how);
}

int carried_run(const uint8_t *data, size_t size, const struct carried_target *target)
{
    struct program program = {.data = data, .size = size};
    struct program_step step;
    static struct carried carried;
    if (!program_next(&program, &step))
        return 0;
    begin(&carried, target, step.bytes[0]);
    while (program_next(&program, &step)) {
        do_step(&carried, &step);
        settle_all(&carried);
        /* Nobody looks at what was told. */
        g_string_truncate(carried.pair->commands, 0);
        g_string_truncate(carried.pair->events, 0);
        g_string_truncate(carried.pair->notes, 0);
    }
    for (unsigned i = 0; i < CARRIED_MAX; i++)
        carrier_free(carried.carriers[i]);
    http_server_free(carried.http);
    pair_free(carried.pair);
    return 0;
}
