/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pair.h"

#include "core/decode.h"
#include "core/encode.h"
#include "core/summary.h"

#include <stdlib.h>

/* More rounds than any story has; a livelock fails here. */
#define ROUNDS_MAX 1000

static const char *const names[] = {
    [SSTP_EP_EVENT_CONNECT] = "connect",
    [SSTP_EP_EVENT_ESTABLISHED] = "established",
    [SSTP_EP_EVENT_REFUSED] = "refused",
    [SSTP_EP_EVENT_CONNECT_AUTHENTICATE] = "connect-authenticate",
    [SSTP_EP_EVENT_OPEN] = "open",
    [SSTP_EP_EVENT_FANOUT_OPEN] = "fanout-open",
    [SSTP_EP_EVENT_OPENED] = "opened",
    [SSTP_EP_EVENT_SESSION_STATE] = "session-state",
    [SSTP_EP_EVENT_SESSION_STATUS] = "session-status",
    [SSTP_EP_EVENT_SESSION_CLOSED] = "session-closed",
    [SSTP_EP_EVENT_MESSAGE] = "message",
    [SSTP_EP_EVENT_ACKNOWLEDGED] = "acknowledged",
    [SSTP_EP_EVENT_UNACKNOWLEDGED] = "unacknowledged",
    [SSTP_EP_EVENT_ACKNOWLEDGED_LATE] = "acknowledged-late",
    [SSTP_EP_EVENT_ATTACH] = "attach",
    [SSTP_EP_EVENT_ATTACH_RESPONSE] = "attach-response",
    [SSTP_EP_EVENT_ATTACH_AUTHENTICATE] = "attach-authenticate",
    [SSTP_EP_EVENT_REGISTER] = "register",
    [SSTP_EP_EVENT_REGISTER_RESPONSE] = "register-response",
    [SSTP_EP_EVENT_CLOSED] = "closed",
};

static const char *const ends[SSTP_EP_END_COUNT] = {
    [SSTP_EP_END_LOCAL] = "local",         [SSTP_EP_END_VIOLATION] = "violation",
    [SSTP_EP_END_REFUSED] = "refused",     [SSTP_EP_END_PEER] = "peer",
    [SSTP_EP_END_TIMEOUT] = "timeout",     [SSTP_EP_END_TRANSPORT_LOST] = "transport-lost",
    [SSTP_EP_END_NO_MEMORY] = "no-memory",
};

static void write_event(struct side *side, const struct sstp_ep_event *event)
{
    GString *events = side->pair->events;
    g_string_append_printf(events, "%s %s", side->name, names[event->kind]);
    switch (event->kind) {
    case SSTP_EP_EVENT_SESSION_STATE:
    case SSTP_EP_EVENT_OPENED:
        g_string_append_printf(events, " 0x%x %s", event->session_id,
                               sstp_session_state_name(event->session_state));
        break;
    case SSTP_EP_EVENT_SESSION_STATUS:
        g_string_append_printf(events, " 0x%x entry %u, %u left", event->session_id,
                               event->entry_index, event->num_active);
        break;
    case SSTP_EP_EVENT_SESSION_CLOSED:
        g_string_append_printf(events, " 0x%x %s", event->session_id,
                               event->is_open_refused ? sstp_open_response_name(event->response_id)
                                                      : sstp_close_reason_name(event->reason_id));
        break;
    case SSTP_EP_EVENT_MESSAGE:
        g_string_append_printf(events, " 0x%x #%u, %zu bytes", event->session_id,
                               (unsigned)event->number, event->message->data.len);
        break;
    case SSTP_EP_EVENT_ACKNOWLEDGED:
    case SSTP_EP_EVENT_UNACKNOWLEDGED:
    case SSTP_EP_EVENT_ACKNOWLEDGED_LATE:
        g_string_append_printf(events, " 0x%x #%u", event->session_id, (unsigned)event->number);
        break;
    case SSTP_EP_EVENT_REFUSED:
        g_string_append_printf(events, " %s", sstp_connect_response_name(event->response_id));
        break;
    case SSTP_EP_EVENT_CLOSED:
        g_string_append_printf(events, " %s", ends[event->end]);
        if (event->end != SSTP_EP_END_TRANSPORT_LOST)
            g_string_append_printf(events, " %s", sstp_connect_close_reason_name(event->reason_id));
        break;
    case SSTP_EP_EVENT_CONNECT:
    case SSTP_EP_EVENT_ESTABLISHED:
    case SSTP_EP_EVENT_CONNECT_AUTHENTICATE:
    case SSTP_EP_EVENT_OPEN:
    case SSTP_EP_EVENT_FANOUT_OPEN:
    case SSTP_EP_EVENT_ATTACH:
    case SSTP_EP_EVENT_ATTACH_RESPONSE:
    case SSTP_EP_EVENT_ATTACH_AUTHENTICATE:
    case SSTP_EP_EVENT_REGISTER:
    case SSTP_EP_EVENT_REGISTER_RESPONSE:
        break;
    }
    g_string_append_c(events, '\n');
}

static void on_event(void *cookie, struct sstp_ep *ep, const struct sstp_ep_event *event)
{
    struct side *side = cookie;

    if (event->kind == SSTP_EP_EVENT_CONNECT)
        *event->connect_answer = side->connect_answer;
    else if (event->kind == SSTP_EP_EVENT_OPEN)
        *event->availability = side->availability;
    else
        write_event(side, event);

    if (event->kind == SSTP_EP_EVENT_REFUSED || event->kind == SSTP_EP_EVENT_CLOSED)
        side->wait_time = event->wait_time;
    if (event->kind == SSTP_EP_EVENT_OPENED) {
        side->opened_id = event->session_id;
        if (side->closes_opened)
            (void)sstp_ep_close_session(ep, event->session_id, SSTP_CLOSE_NO_REASON);
    } else if (event->kind == SSTP_EP_EVENT_ATTACH || event->kind == SSTP_EP_EVENT_REGISTER) {
        side->event_id = event->session_id;
    } else if (event->kind == SSTP_EP_EVENT_MESSAGE) {
        g_array_append_val(side->numbers, event->number);
        g_byte_array_set_size(side->data, 0);
        g_byte_array_append(side->data, event->message->data.data, (guint)event->message->data.len);
        side->message = *event->message;
        if (!side->holds)
            (void)sstp_ep_complete(ep, event->number);
    }
}

static void on_sent(void *cookie, const struct sstp_command *command)
{
    struct side *side = cookie;
    char text[SSTP_SUMMARY_SIZE];
    sstp_summary(command, text, sizeof text);
    g_string_append_printf(side->pair->commands, "%s %s\n", side->name, text);
}

static void on_release(void *cookie, void *lender)
{
    struct side *side = cookie;
    (void)lender;
    side->num_released++;
}

static void on_noted(void *cookie, const struct sstp_ep_note *note)
{
    static const char *const session_ends[] = {"here", "there", "refused", "connection"};
    static const char *const kinds[] = {
        [SSTP_EP_NOTE_SENT] = "sent",
        [SSTP_EP_NOTE_DELIVERED] = "delivered",
        [SSTP_EP_NOTE_ACKNOWLEDGED] = "acknowledged",
        [SSTP_EP_NOTE_UNACKNOWLEDGED] = "unacknowledged",
        [SSTP_EP_NOTE_DISCARDED] = "discarded",
    };
    const struct side *side = cookie;
    GString *notes = side->pair->notes;
    g_string_append_printf(notes, "%s ", side->name);
    if (note->kind == SSTP_EP_NOTE_CONNECTION_STATE) {
        g_string_append(notes, sstp_connection_state_name(note->connection_state));
        if (note->connection_state == SSTP_CONNECTION_CLOSED)
            g_string_append_printf(notes, " %s", ends[note->end]);
    } else if (note->kind == SSTP_EP_NOTE_SESSION_STATE) {
        g_string_append_printf(notes, "%s 0x%x %s", note->is_ours ? "ours" : "theirs",
                               note->session_id, sstp_session_state_name(note->session_state));
        if (note->session_state == SSTP_SESSION_CLOSED)
            g_string_append_printf(notes, " %s", session_ends[note->session_end]);
    } else {
        g_string_append_printf(notes, "%s 0x%x #%u", kinds[note->kind], note->session_id,
                               (unsigned)note->number);
    }
    if (note->kind == SSTP_EP_NOTE_SENT)
        g_string_append_printf(notes, " begun as #%u", (unsigned)note->ordinal);
    if (note->kind == SSTP_EP_NOTE_SENT || note->kind == SSTP_EP_NOTE_DELIVERED)
        g_string_append_printf(notes, ", %u bytes", (unsigned)note->len);
    if (note->kind == SSTP_EP_NOTE_UNACKNOWLEDGED)
        g_string_append_printf(notes, " %s", session_ends[note->session_end]);
    if (note->is_given_up)
        g_string_append(notes, ", given up");
    g_string_append_c(notes, '\n');
}

static void set_up(struct side *side, struct pair *pair, const struct pair_config *config)
{
    const bool is_a = side == &pair->a;
    const enum sstp_ep_role role = is_a ? config->a_role : config->b_role;
    const uint8_t minor = is_a ? config->a_minor : config->b_minor;

    side->pair = pair;
    side->name = is_a ? "A" : "B";
    side->device_url = role == SSTP_EP_RELAY ? (is_a ? "grooveDNS://a" : "grooveDNS://b")
                       : is_a                ? "dpp:///a"
                                             : "dpp:///b";
    side->availability = SSTP_HANDLER_READY;
    side->numbers = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    side->data = g_byte_array_new();
    const struct sstp_ep_config ep_config = {
        .mem = config->mem != NULL ? config->mem : &sstp_mem_libc,
        .role = role,
        .is_originator = is_a,
        .device_urls = &side->device_url,
        .num_device_urls = 1,
        .major_version = is_a && config->a_major != 0 ? config->a_major : 1,
        .minor_version = minor != 0 ? minor : 6,
        .product_version = "Groove Client 14.0 4006",
        .supports_multi_drop = !is_a && config->multi_drop,
        .supports_single_hop = !is_a && config->single_hop,
        .upgrade_retry_time = 60,
        .ack_count = config->ack_count,
        .open_timeout_ms = is_a ? config->open_timeout_ms : 0,
        .outbound_idle_ms = is_a ? config->outbound_idle_ms : 0,
        .inbound_idle_ms = is_a ? config->inbound_idle_ms : 0,
        .limits = config->limits,
        .event = on_event,
        .release = on_release,
        .cookie = side,
        .witness = {on_sent, on_noted, side}};
    side->ep = sstp_ep_new(&ep_config);
}

struct pair *pair_new(const struct pair_config *config)
{
    static const struct pair_config none;
    struct pair *pair = g_new0(struct pair, 1);
    pair->commands = g_string_new(NULL);
    pair->events = g_string_new(NULL);
    pair->notes = g_string_new(NULL);
    set_up(&pair->a, pair, config != NULL ? config : &none);
    set_up(&pair->b, pair, config != NULL ? config : &none);
    return pair;
}

void pair_free(struct pair *pair)
{
    struct side *sides[] = {&pair->a, &pair->b};
    for (size_t i = 0; i < 2; i++) {
        sstp_ep_free(sides[i]->ep);
        g_array_free(sides[i]->numbers, TRUE);
        g_byte_array_free(sides[i]->data, TRUE);
    }
    g_string_free(pair->commands, TRUE);
    g_string_free(pair->events, TRUE);
    g_string_free(pair->notes, TRUE);
    g_free(pair);
}

/* Moves what one side has put out; false when that was nothing. */
static bool carry(struct side *from, struct side *to, size_t cut)
{
    const struct sstp_span output = sstp_ep_output(from->ep);
    if (output.len == 0)
        return false;
    /* A copy that ends where its bytes do, so that reading on is noticed. */
    const size_t len = cut == 0 || cut > output.len ? output.len : cut;
    uint8_t *bytes = g_memdup2(output.data, len);
    sstp_ep_output_taken(from->ep, len);
    sstp_ep_receive(to->ep, bytes, len);
    g_free(bytes);
    return true;
}

void pair_exchange_cut(struct pair *pair, size_t cut)
{
    size_t rounds = 0;
    bool has_moved;
    do {
        has_moved = carry(&pair->a, &pair->b, cut);
        has_moved = carry(&pair->b, &pair->a, cut) || has_moved;
        g_assert_cmpuint(++rounds, <, cut == 0 ? ROUNDS_MAX : 1000 * ROUNDS_MAX);
    } while (has_moved);
}

void pair_exchange(struct pair *pair)
{
    pair_exchange_cut(pair, 0);
}

static void forget(struct pair *pair)
{
    g_string_truncate(pair->commands, 0);
    g_string_truncate(pair->events, 0);
    g_string_truncate(pair->notes, 0);
}

void pair_connect(struct pair *pair)
{
    g_assert_cmpint(sstp_ep_connect(pair->a.ep, pair->b.device_url, sstp_span(NULL, 0)), ==,
                    SSTP_EP_OK);
    pair_exchange(pair);
    g_assert_cmpint(sstp_ep_state(pair->a.ep), ==, SSTP_CONNECTION_ESTABLISHED);
    g_assert_cmpint(sstp_ep_state(pair->b.ep), ==, SSTP_CONNECTION_ESTABLISHED);
    forget(pair);
}

uint32_t pair_open(struct pair *pair, struct side *from)
{
    uint32_t id;
    g_assert_cmpint(sstp_ep_open(from->ep, span_text("apphandler"),
                                 span_text("grooveIdentity://somebody"), span_text("dpp:///b"),
                                 &id),
                    ==, SSTP_EP_OK);
    pair_exchange(pair);
    forget(pair);
    return id;
}

void pair_advance(struct pair *pair, int64_t ms)
{
    pair->now_ms += ms;
    sstp_ep_tick(pair->a.ep, pair->now_ms);
    sstp_ep_tick(pair->b.ep, pair->now_ms);
    pair_exchange(pair);
}

void side_inject(struct side *side, const struct sstp_command *command)
{
    uint8_t bytes[SSTP_COMMAND_LEN_MAX];
    const size_t len = sstp_command_encode(command, bytes, sizeof bytes);
    g_assert_cmpuint(len, >, 0);
    sstp_ep_receive(side->ep, bytes, len);
}

void side_inject_bytes(struct side *side, const void *bytes, size_t len)
{
    sstp_ep_receive(side->ep, bytes, len);
}

struct sstp_command side_output(const struct side *side, size_t n)
{
    struct sstp_span output = sstp_ep_output(side->ep);
    struct sstp_command command;
    for (;; n--) {
        g_assert_cmpuint(output.len, >=, 3);
        const size_t len = output.data[1] | (size_t)output.data[2] << 8;
        g_assert_cmpuint(output.len, >=, len);
        g_assert_true(sstp_command_decode(sstp_span(output.data, len), sstp_ep_version(side->ep),
                                          NULL, &command));
        if (n == 0)
            return command;
        output = sstp_span(output.data + len, output.len - len);
    }
}

void side_send(struct side *side, uint32_t session_id, const char *text, uint8_t flags)
{
    const struct sstp_ep_message message = {.flags = flags, .data = span_text(text)};
    g_assert_cmpint(sstp_ep_send_message(side->ep, session_id, &message, NULL), ==, SSTP_EP_OK);
}

void side_complete(struct side *side, guint n)
{
    g_assert_cmpint(sstp_ep_complete(side->ep, g_array_index(side->numbers, uint64_t, n)), ==,
                    SSTP_EP_OK);
}
