/* SPDX-License-Identifier: GPL-2.0-or-later */
/* relay_visitor: who is at the other end of the fuzzed relay's connections: what the relay
 * says and does to them, what their habits make them answer, how they come and go. */
#include "relay_world.h"

#include "core/encode.h"
#include "relay/hop.h"

struct world world;

_Static_assert(QUEUE_SIZE >= 256 * MAKER_IDENTITIES * (MAKER_DEVICES + 1) * MAKER_RESOURCES,
               "what a visitor can have under way fits");

/* ------------------------------------------------------------------------
 * Small things
 */

static void push(struct queue *queue, int item)
{
    MUST(queue->end - queue->first < QUEUE_SIZE);
    queue->items[queue->end++ % QUEUE_SIZE] = item;
}

static int pop(struct queue *queue)
{
    MUST(queue->first != queue->end);
    return queue->items[queue->first++ % QUEUE_SIZE];
}

static void empty(struct queue *queue)
{
    queue->first = queue->end = 0;
}

static unsigned length(const struct queue *queue)
{
    return queue->end - queue->first;
}

/* The endpoints' memory, of which there may be none for once. */
static void *resize(void *cookie, void *block, size_t size)
{
    (void)cookie;
    if (size > 0 && world.memory_left > 0 && --world.memory_left == 0)
        return NULL;
    return sstp_mem_libc.resize(sstp_mem_libc.cookie, block, size);
}

const struct sstp_mem relay_world_memory = {.resize = resize};

void fill(void *cookie, void *bytes, size_t len)
{
    (void)cookie;
    for (uint8_t *at = bytes; len > 0; at++, len--)
        *at = world.random++;
}

/* A session by its id; one that is new takes the place of whoever is there. */
static struct session *session_of(struct session *sessions, uint32_t id)
{
    struct session *session = &sessions[(id >> 31) * SESSIONS_MAX / 2 + id % (SESSIONS_MAX / 2)];
    if (session->id == id)
        return session;
    if (session->recipient != 0)
        world.model.is_blurred = true;
    *session = (struct session){.id = id, .message = MODEL_NONE};
    return session;
}

struct sstp_sec_secret key_of(const char *url, unsigned variant)
{
    struct sstp_sec_secret key = {{0}};
    for (size_t i = 0; i < sizeof key.bytes && url[i] != '\0'; i++)
        key.bytes[i] = (uint8_t)url[strlen(url) - 1 - i % strlen(url)];
    key.bytes[0] = (uint8_t)(key.bytes[0] + variant);
    return key;
}

static const char *text_of(struct sstp_span span)
{
    static char texts[3][100];
    static unsigned next;
    char *text = texts[next++ % 3];
    const size_t len = span.len < sizeof texts[0] - 1 ? span.len : sizeof texts[0] - 1;
    if (len > 0)
        memcpy(text, span.data, len);
    text[len] = '\0';
    return text;
}

/* ------------------------------------------------------------------------
 * What the relay says and does
 */

/* A message goes either way: its number is at the beginning of its data. */
static void note_message(struct session *session, const struct sstp_command *command)
{
    if (command->id == SSTP_MESSAGE) {
        session->message = MODEL_NONE;
        session->has_data = false;
    } else if (command->id == SSTP_DATA && !session->has_data) {
        session->message = model_find(&world.model, command->data);
        session->has_data = true;
    }
}

void on_sent(void *socket, const struct sstp_command *command)
{
    struct visitor *visitor = socket;
    struct session *session = session_of(visitor->sent, command->session_id);
    watch_sent(&visitor->watch, command);
    switch ((enum sstp_command_id)command->id) {
    case SSTP_OPEN:
    case SSTP_FANOUT_OPEN:
        visitor->relay_ids[visitor->num_relay_ids++ % IDS_MAX] = command->session_id;
        session->recipient =
            command->id == SSTP_OPEN
                ? model_recipient(text_of(command->identity_url), text_of(command->device_url))
                : 0;
        session->resource =
            sstp_span_is_equal(command->resource_url, sstp_span_of_string(maker_resources[1]));
        if (!session->resource &&
            !sstp_span_is_equal(command->resource_url, sstp_span_of_string(maker_resources[0])))
            session->recipient = 0;
        break;
    case SSTP_MESSAGE:
    case SSTP_DATA:
        note_message(session, command);
        break;
    case SSTP_END_MESSAGE:
        if (session->recipient == 0)
            session->message = MODEL_NONE;
        model_sent(&world.model, session->message, session->recipient, session->resource);
        push(&visitor->received, session->message == MODEL_NONE
                                     ? MODEL_NONE
                                     : session->message | __builtin_ctz(session->recipient) << 16);
        break;
    default:
        break;
    }
    /* It never acknowledges what has not come. */
    MUST(command->message_count <= length(&visitor->arrived));
    for (uint32_t i = 0; i < command->message_count; i++)
        model_acknowledged(&world.model, pop(&visitor->arrived));
}

/* Those recipients of a session that the relay serves itself, and has not lost. */
static uint32_t recipients_of(const struct visitor *visitor, uint32_t session_id)
{
    const struct relay_inbound *inbound =
        g_hash_table_lookup(visitor->connection->inbound, GUINT_TO_POINTER(session_id));
    uint32_t owed = 0;
    if (inbound == NULL || (strcmp(inbound->resource_url, maker_resources[0]) != 0 &&
                            strcmp(inbound->resource_url, maker_resources[1]) != 0))
        return 0;
    for (size_t i = 0; i < inbound->num_recipients; i++) {
        const struct relay_recipient *recipient = &inbound->recipients[i];
        if (!recipient->is_gone && recipient->relay_url == NULL)
            owed |= model_recipient(recipient->identity_url, recipient->device_url);
    }
    return owed;
}

void on_noted(void *socket, const struct sstp_ep_note *note)
{
    struct visitor *visitor = socket;
    if (note->kind != SSTP_EP_NOTE_DELIVERED && note->kind != SSTP_EP_NOTE_DISCARDED)
        return;
    const int message = pop(&visitor->ended);
    if (note->kind == SSTP_EP_NOTE_DELIVERED)
        model_arrived(&world.model, message, visitor->label, note->number,
                      recipients_of(visitor, note->session_id));
    push(&visitor->arrived, message);
}

void on_wake(void *cookie, void *socket)
{
    (void)cookie;
    ((struct visitor *)socket)->is_awake = true;
}

void on_hold(void *cookie, void *socket, bool is_held)
{
    struct visitor *visitor = socket;
    (void)cookie;
    MUST(visitor->is_held != is_held);
    visitor->is_held = is_held;
}

void on_dial(void *cookie, const char *url, uint64_t number)
{
    (void)cookie;
    for (unsigned i = 1; i < MAKER_RELAYS; i++)
        if (strcmp(maker_relays[i], url) == 0) {
            world.num_dials[i]++;
            world.last_dials[i] = number;
            return;
        }
    MUST(false);
}

void on_log(void *cookie, void *socket, const char *text)
{
    (void)cookie;
    MUST(socket != NULL && text[0] != '\0');
}

void on_store_failing(void *cookie, const char *why)
{
    (void)cookie;
    MUST(world.is_durable && (why == NULL || why[0] != '\0'));
}

void on_store_full(void *cookie, bool is_full)
{
    (void)cookie;
    MUST(world.is_full != is_full);
    world.is_full = is_full;
}

void on_discarded(void *cookie, const struct sstp_relay_discard *discard)
{
    (void)cookie;
    MUST(discard->reason < SSTP_RELAY_DISCARD_COUNT);
    MUST((discard->identity_url == NULL) == (discard->relay_url != NULL));
    model_discarded(&world.model, discard);
}

uint64_t on_label(void *cookie, void *socket)
{
    (void)cookie;
    return ((struct visitor *)socket)->label;
}

/* ------------------------------------------------------------------------
 * What visitors are given and say
 */

/* A command is about to be taken in. */
static void on_received(void *cookie, const struct sstp_command *command)
{
    struct visitor *visitor = cookie;
    struct session *session = session_of(visitor->given, command->session_id);
    note_message(session, command);
    if (command->id == SSTP_END_MESSAGE) {
        push(&visitor->ended, session->message);
        session->message = MODEL_NONE;
    }
    const uint32_t num = command->message_count < length(&visitor->received)
                             ? command->message_count
                             : length(&visitor->received);
    for (uint32_t i = 0; i < num; i++) {
        const int item = pop(&visitor->received);
        if (item != MODEL_NONE)
            model_settled(&world.model, item & 0xffff, 1u << (item >> 16));
    }
}

static void answer(struct visitor *visitor, const struct sstp_command *command)
{
    const size_t left = sizeof visitor->answers - visitor->answers_len;
    visitor->answers_len +=
        sstp_command_encode(command, visitor->answers + visitor->answers_len, left);
}

static void read_challenge(struct visitor *visitor, const struct sstp_command *command)
{
    const struct sstp_sec_secret key = key_of(visitor->url, visitor->variant);
    const struct sstp_sec_secret account_key =
        key_of(maker_accounts[visitor->account], visitor->variant);
    visitor->last_token = sstp_sec_message_id(command->token);
    if (command->id == SSTP_CONNECT_RESPONSE)
        (void)sstp_sec_response_read(SSTP_SEC_CONNECT_RESPONSE, &key, command->token,
                                     &visitor->connect_nonce, &visitor->relay_connect_nonce);
    else
        (void)sstp_sec_response_read(SSTP_SEC_ATTACH_RESPONSE, &account_key, command->token,
                                     &visitor->attach_nonce, &visitor->relay_attach_nonce);
}

/* Whether a session of its own is open, as far as it has heard. */
static void note_own(struct visitor *visitor, uint32_t id, bool is_open)
{
    const unsigned bit = 1u << (id & 0xf);
    if ((id >> 31 != 0) != visitor->is_dialed || (id & 0x7fffffff) > 8)
        return;
    visitor->open_ids = is_open ? visitor->open_ids | bit : visitor->open_ids & ~bit;
}

bool has_own(const struct visitor *visitor, const struct program_step *step)
{
    return (visitor->open_ids >> (1 + step->bytes[3] % 8u) & 1) != 0;
}

/* A command has come from the relay. */
static void on_taken(void *cookie, const struct sstp_command *command)
{
    struct visitor *visitor = cookie;
    const bool opens = (visitor->habits & HABIT_OPENS) != 0;
    static uint8_t devices[100];
    struct sstp_writer w = sstp_writer(devices, sizeof devices);

    switch ((enum sstp_command_id)command->id) {
    case SSTP_CONNECT:
        sstp_write_string(&w, sstp_span_of_string(visitor->url));
        if ((visitor->habits & HABIT_CONNECTS) != 0)
            answer(visitor, &(struct sstp_command){.id = SSTP_CONNECT_RESPONSE,
                                                   .major_version = 1,
                                                   .minor_version = command->minor_version,
                                                   .flags = 3,
                                                   .device_urls = {1, sstp_writer_span(&w)}});
        break;
    case SSTP_CONNECT_RESPONSE:
    case SSTP_ATTACH_RESPONSE:
        visitor->last_response = command->response_id;
        read_challenge(visitor, command);
        break;
    case SSTP_OPEN_RESPONSE:
        note_own(visitor, command->session_id,
                 command->response_id == SSTP_OPEN_RESPONSE_OK ||
                     (command->response_id >= SSTP_OPEN_RESPONSE_START_SENDING &&
                      command->response_id <= SSTP_OPEN_RESPONSE_OK_STOP_SENDING));
        break;
    case SSTP_CLOSE:
        note_own(visitor, command->session_id, false);
        break;
    case SSTP_OPEN:
    case SSTP_FANOUT_OPEN:
        if (opens)
            answer(visitor, &(struct sstp_command){.id = SSTP_OPEN_RESPONSE,
                                                   .session_id = command->session_id});
        break;
    case SSTP_END_MESSAGE:
        if ((visitor->habits & HABIT_ACKNOWLEDGES) != 0)
            answer(visitor, &(struct sstp_command){.id = SSTP_NOOP, .message_count = 1});
        break;
    default:
        break;
    }
}

void give(struct visitor *visitor, const uint8_t *bytes, size_t len)
{
    if (visitor->connection == NULL || visitor->is_held)
        return;
    watch_give(&visitor->watch, bytes, len);
    visitor->is_awake = true; /* it is looked at after what it was given */
}

void say(struct visitor *visitor, const struct sstp_command *command)
{
    uint8_t *bytes = world.bytes;
    const size_t len = sstp_command_encode(command, bytes, SSTP_COMMAND_LEN_MAX);
    give(visitor, bytes, len);
}

/* ------------------------------------------------------------------------
 * Coming and going
 */

void leave(struct visitor *visitor)
{
    watch_end(&visitor->watch);
    visitor->connection = NULL;
}

void disconnect(struct visitor *visitor)
{
    if (visitor->connection == NULL)
        return;
    sstp_relay_disconnect(visitor->connection);
    leave(visitor);
}

static struct visitor *free_visitor(void)
{
    for (unsigned i = 0; i < VISITORS_MAX; i++)
        if (world.visitors[i].connection == NULL)
            return &world.visitors[i];
    return NULL;
}

static void set_up(struct visitor *visitor, const char *url, unsigned habits)
{
    visitor->world = &world;
    visitor->label = ++world.last_label;
    visitor->url = url;
    visitor->habits = habits;
    visitor->variant = visitor->account = 0;
    visitor->is_dialed = visitor->is_held = false;
    visitor->is_awake = true;
    visitor->closed_ms = INT64_MAX;
    memset(visitor->relay_ids, 0, sizeof visitor->relay_ids);
    visitor->num_relay_ids = visitor->open_ids = 0;
    visitor->next_id = 16;
    visitor->last_response = visitor->last_token = 0xff;
    memset(visitor->given, 0, sizeof visitor->given);
    memset(visitor->sent, 0, sizeof visitor->sent);
    visitor->given[0].message = visitor->sent[0].message = MODEL_NONE; /* those with id 0 */
    empty(&visitor->ended);
    empty(&visitor->arrived);
    empty(&visitor->received);
    visitor->answers_len = 0;
}

/* A relay that attaches, as clients do, gets FanoutOpens all the same, which an observer
 * would call wrong. */
static void begin_watch(struct visitor *visitor)
{
    const bool is_relay =
        strcmp(visitor->url, maker_relays[1]) == 0 || strcmp(visitor->url, maker_relays[2]) == 0;
    visitor->watch.is_initiator = visitor->is_dialed;
    visitor->watch.is_in_bulk = world.is_in_bulk;
    visitor->watch.is_observed = !world.is_in_bulk && (visitor->is_dialed || !is_relay);
    visitor->watch.received = on_received;
    visitor->watch.taken = on_taken;
    visitor->watch.cookie = visitor;
    watch_begin(&visitor->watch);
}

struct visitor *enter(const char *url, unsigned habits)
{
    struct visitor *visitor = free_visitor();
    if (visitor == NULL)
        return NULL;
    set_up(visitor, url, habits);
    begin_watch(visitor);
    visitor->connection = sstp_relay_accept(world.relay, visitor, world.now_ms);
    if (visitor->connection == NULL) {
        leave(visitor); /* for want of memory */
        return NULL;
    }
    visitor->watch.ep = sstp_relay_connection_ep(visitor->connection);
    return visitor;
}

void answer_dial(unsigned relay, bool is_well, unsigned habits)
{
    if (world.num_dials[relay] == 0)
        return;
    struct visitor *visitor = is_well ? free_visitor() : NULL;
    const uint64_t number = world.last_dials[relay] - --world.num_dials[relay]; /* the oldest */
    if (visitor == NULL) {
        sstp_relay_not_dialed(world.relay, maker_relays[relay], number,
                              habits % 2 ? SSTP_SESSION_STATUS_HOST_NOT_REACHABLE
                                         : SSTP_SESSION_STATUS_DNS_LOOKUP_FAILED);
        return;
    }
    set_up(visitor, maker_relays[relay], habits | HABIT_CONNECTS);
    visitor->is_dialed = true;
    if (habits % 16 == 5)
        visitor->habits &= ~(unsigned)HABIT_CONNECTS;
    begin_watch(visitor);
    visitor->connection =
        sstp_relay_dialed(world.relay, maker_relays[relay], number, visitor, world.now_ms);
    if (visitor->connection == NULL)
        leave(visitor); /* it had been given up */
    else
        visitor->watch.ep = sstp_relay_connection_ep(visitor->connection);
}
