/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The whole relay: authentication, queues, fanout, other relays, store, time, against
 * several connections that do as the input says.
 *
 * The first operation is the configuration (see configure()), the others are those of
 * `operations`.  A visitor is whoever is at the other end of a connection: a device, another
 * relay that has come, or one that was dialed.  What its habits are, it does by itself.
 */
#include <sqlite3.h>

#include "core/encode.h"
#include "endpoint/internal.h"
#include "faulty_vfs.h"
#include "maker.h"
#include "quick_sqlite.h"
#include "relay/hop.h"
#include "relay_model.h"
#include "store/internal.h"
#include "watch.h"

#define VISITORS_MAX 8u
#define SESSIONS_MAX 128u
#define IDS_MAX 4u
/* A power of 2: the relay has 256 messages under way in each of a visitor's queues, one for
 * each identity, each of its devices or none, and each resource. */
#define QUEUE_SIZE 16384u
#define ROUNDS_MAX 2000u
#define WALL_MS 1700000000000
#define GONE_MS 10000 /* who is closed and takes nothing is cut off after so long */
#define ANSWERS_SIZE (64u << 10)
#define SECRET_VARIANTS 2u

/* Numbers of messages, oldest first. */
struct queue {
    int items[QUEUE_SIZE];
    unsigned first, end;
};

/* A session of a connection, whoever opened it. */
struct session {
    uint32_t id;
    int message; /* that is under way */
    bool has_data;
    uint32_t recipient; /* of one that the relay opened: the model's bit */
    unsigned resource;
};

enum habit {
    HABIT_OPENS = 1,        /* takes every session that is offered */
    HABIT_ACKNOWLEDGES = 2, /* and every message */
    HABIT_CONNECTS = 4,     /* dialed, it answers the Connect */
    HABIT_ABSENT = 8        /* takes nothing off */
};

struct world;

struct visitor {
    struct world *world;
    struct sstp_relay_connection *connection; /* NULL: there is nobody */
    uint64_t label;
    const char *url; /* its device */
    unsigned account, variant;
    unsigned habits;
    bool is_dialed, is_awake, is_held;
    int64_t closed_ms; /* since when; INT64_MAX */
    struct watch watch;
    struct sstp_sec_secret connect_nonce, attach_nonce;             /* that it asked with */
    struct sstp_sec_secret relay_connect_nonce, relay_attach_nonce; /* and was asked with */
    uint32_t next_id;            /* of the sessions that it opens without doing harm */
    unsigned open_ids;           /* a bit for each of its first eight ids: a session is open */
    uint32_t relay_ids[IDS_MAX]; /* of the last sessions that the relay opened */
    unsigned num_relay_ids;
    uint8_t last_response;                                  /* of an AttachResponse */
    uint8_t last_token;                                     /* the MessageID of the last token */
    struct session given[SESSIONS_MAX], sent[SESSIONS_MAX]; /* by id, the latest that fit */
    struct queue ended;    /* messages of its own, given and not taken in */
    struct queue arrived;  /* taken in and not acknowledged */
    struct queue received; /* the relay's, not acknowledged; with the recipient above it */
    size_t answers_len;
    uint8_t answers[ANSWERS_SIZE]; /* what its habits make it say next */
};

struct world {
    struct sstp_relay *relay;
    int64_t now_ms, slept_ms; /* of a machine that slept, the clock stood still */
    int64_t step_ms;          /* that the time since 1970 has been set */
    uint8_t random;
    struct sstp_relay_config config;
    bool is_durable, is_in_bulk, is_full, has_flooded;
    unsigned memory_left;           /* requests until one gets nothing; 0: all get something */
    struct sstp_store_batch *batch; /* that is under way for longer */
    bool holds_batches;
    unsigned num_dials[MAKER_RELAYS];  /* that have no answer yet; one may have been given up */
    uint64_t last_dials[MAKER_RELAYS]; /* the number of the last of them */
    uint64_t last_label;
    struct visitor visitors[VISITORS_MAX];
    struct model model;
    struct maker maker;
    uint8_t bytes[SSTP_COMMAND_LEN_MAX];
};

static struct world world;

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

static const struct sstp_mem memory = {.resize = resize};

static void fill(void *cookie, void *bytes, size_t len)
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

static struct sstp_sec_secret key_of(const char *url, unsigned variant)
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

static void on_sent(void *socket, const struct sstp_command *command)
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

static void on_noted(void *socket, const struct sstp_ep_note *note)
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

static void on_wake(void *cookie, void *socket)
{
    (void)cookie;
    ((struct visitor *)socket)->is_awake = true;
}

static void on_hold(void *cookie, void *socket, bool is_held)
{
    struct visitor *visitor = socket;
    (void)cookie;
    MUST(visitor->is_held != is_held);
    visitor->is_held = is_held;
}

static void on_dial(void *cookie, const char *url, uint64_t number)
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

static void on_log(void *cookie, void *socket, const char *text)
{
    (void)cookie;
    MUST(socket != NULL && text[0] != '\0');
}

static void on_store_failing(void *cookie, const char *why)
{
    (void)cookie;
    MUST(world.is_durable && (why == NULL || why[0] != '\0'));
}

static void on_store_full(void *cookie, bool is_full)
{
    (void)cookie;
    MUST(world.is_full != is_full);
    world.is_full = is_full;
}

static void on_discarded(void *cookie, const struct sstp_relay_discard *discard)
{
    (void)cookie;
    MUST(discard->reason < SSTP_RELAY_DISCARD_COUNT);
    MUST((discard->identity_url == NULL) == (discard->relay_url != NULL));
    model_discarded(&world.model, discard);
}

static uint64_t on_label(void *cookie, void *socket)
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

static bool has_own(const struct visitor *visitor, const struct program_step *step)
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

static void give(struct visitor *visitor, const uint8_t *bytes, size_t len)
{
    if (visitor->connection == NULL || visitor->is_held)
        return;
    watch_give(&visitor->watch, bytes, len);
    visitor->is_awake = true; /* it is looked at after what it was given */
}

static void say(struct visitor *visitor, const struct sstp_command *command)
{
    uint8_t *bytes = world.bytes;
    const size_t len = sstp_command_encode(command, bytes, SSTP_COMMAND_LEN_MAX);
    give(visitor, bytes, len);
}

/* ------------------------------------------------------------------------
 * Coming and going
 */

static void leave(struct visitor *visitor)
{
    watch_end(&visitor->watch);
    visitor->connection = NULL;
}

static void disconnect(struct visitor *visitor)
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

static struct visitor *enter(const char *url, unsigned habits)
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

static void answer_dial(unsigned relay, bool is_well, unsigned habits)
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

/* ------------------------------------------------------------------------
 * Turns of the loop
 */

static void finish_batch(void)
{
    struct sstp_store_batch *batch = world.batch;
    if (batch == NULL)
        return;
    world.batch = NULL;
    sstp_store_finish(sstp_relay_store(world.relay), batch, world.now_ms);
}

static bool write_store(void)
{
    if (world.batch != NULL)
        return false;
    world.batch = sstp_store_begin(sstp_relay_store(world.relay), world.now_ms);
    if (world.batch == NULL)
        return false;
    sstp_store_write(world.batch);
    if (!world.holds_batches)
        finish_batch();
    return true;
}

static bool look_at(struct visitor *visitor)
{
    struct sstp_ep *ep = visitor->watch.ep;
    if (visitor->connection == NULL)
        return false;
    const bool is_closed = sstp_ep_state(ep) == SSTP_CONNECTION_CLOSED;
    if (is_closed && visitor->closed_ms == INT64_MAX)
        visitor->closed_ms = world.now_ms;
    if (is_closed &&
        (sstp_ep_output_len(ep) == 0 || world.now_ms - visitor->closed_ms >= GONE_MS)) {
        disconnect(visitor);
        return true;
    }
    if ((visitor->habits & HABIT_ABSENT) != 0 || sstp_ep_output_len(ep) == 0)
        return false;
    MUST(visitor->is_awake); /* or nobody would have looked */
    (void)watch_take(&visitor->watch, SIZE_MAX);
    visitor->is_awake = false;
    if (sstp_ep_state(ep) != SSTP_CONNECTION_CLOSED)
        sstp_relay_output_is_empty(visitor->connection);
    if (sstp_ep_output_len(ep) > 0)
        visitor->is_awake = true;
    if (visitor->answers_len > 0) {
        const size_t len = visitor->answers_len;
        visitor->answers_len = 0;
        give(visitor, visitor->answers, len);
    }
    return true;
}

static void check_limits(void)
{
    const struct sstp_relay *relay = world.relay;
    const struct sstp_store *store = relay->store;
    size_t waiting = 0;
    for (unsigned i = 0; i < VISITORS_MAX; i++) {
        const struct visitor *visitor = &world.visitors[i];
        if (visitor->connection == NULL)
            continue;
        const struct sstp_ep *ep = visitor->watch.ep;
        const struct sstp_ep_limits *limits = &ep->config.limits;
        MUST(ep->num_sessions <= limits->max_sessions + visitor->connection->has_probe);
        MUST(ep->num_attaches <= limits->max_attaches);
        MUST(ep->num_assembling <= limits->max_assembling);
        MUST(sstp_ep_ledger_num(&ep->inbound) <= limits->max_unacknowledged);
        MUST(sstp_ep_ledger_num(&ep->outbound) <= limits->max_unacknowledged);
        waiting += visitor->connection->num_waiting_bytes;
    }
    MUST(relay->num_waiting_bytes == waiting);
    MUST(sstp_relay_num_established(relay) <= relay->config.max_connections);
    /* The last message may have made a queue, too. */
    MUST(store->limits.max_bytes == 0 || store->num_bytes <= store->limits.max_bytes + 8192);
}

static void settle(void)
{
    bool has_moved = true;
    for (unsigned rounds = 0; has_moved; rounds++) {
        MUST(rounds < ROUNDS_MAX);
        has_moved = false;
        for (unsigned i = 0; i < VISITORS_MAX; i++)
            has_moved = look_at(&world.visitors[i]) || has_moved;
        sstp_relay_tick(world.relay, world.now_ms);
        has_moved = write_store() || has_moved;
    }
    check_limits();
    MUST(world.batch != NULL || sstp_relay_next_deadline(world.relay) > world.now_ms);
}

/* What the store is told of the clocks in every turn. */
static void tell_clocks(void)
{
    (void)sstp_store_set_clocks(sstp_relay_store(world.relay), world.now_ms,
                                world.now_ms + world.slept_ms,
                                WALL_MS + world.now_ms + world.slept_ms + world.step_ms);
}

static void pass(int64_t ms)
{
    world.now_ms += ms;
    tell_clocks();
    for (unsigned i = 0; i < VISITORS_MAX; i++)
        if (world.visitors[i].connection != NULL) {
            sstp_ep_tick(world.visitors[i].watch.ep, world.now_ms);
            world.visitors[i].is_awake = true;
        }
    sstp_relay_tick(world.relay, world.now_ms);
}

/* ------------------------------------------------------------------------
 * The relay's life
 */

static struct sstp_store *open_store(void)
{
    char *error = NULL;
    struct sstp_store *store =
        sstp_store_open("s", FAULTY_VFS, world.now_ms,
                        WALL_MS + world.now_ms + world.slept_ms + world.step_ms, &error);
    if (store == NULL) {
        /* The disk has failed in between, and is well again. */
        MUST(error != NULL && faulty.num_calls > 0);
        g_free(error);
        faulty_vfs_reboot(0);
        error = NULL;
        store = sstp_store_open("s", FAULTY_VFS, world.now_ms,
                                WALL_MS + world.now_ms + world.slept_ms + world.step_ms, &error);
        MUST(store != NULL);
    }
    sstp_disk_set_checkpoint(store->disk, 20);
    return store;
}

static void start_relay(void)
{
    struct sstp_relay_config config = world.config;
    if (world.is_durable)
        config.store = open_store();
    world.relay = sstp_relay_new(&config, world.now_ms);
}

static void stop_relay(void)
{
    finish_batch();
    sstp_relay_free(world.relay);
    world.relay = NULL;
    for (unsigned i = 0; i < VISITORS_MAX; i++)
        if (world.visitors[i].connection != NULL)
            leave(&world.visitors[i]);
    memset(world.num_dials, 0, sizeof world.num_dials);
    world.is_full = false;
}

static void restart(bool is_crash, uint64_t seed)
{
    if (is_crash && world.is_durable)
        faulty.is_cut = true;
    stop_relay();
    if (is_crash && world.is_durable)
        faulty_vfs_reboot(seed);
    if (!world.is_durable)
        model_forget(&world.model);
    start_relay();
}

#define PICK(byte, ...)                                                                            \
    ((const int64_t[]){                                                                            \
        __VA_ARGS__})[(byte) % (sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t))]

static void configure(const uint8_t *bytes)
{
    static const char *const locked_out[] = {"dpp:///d", "grooveIdentity://d", "grooveAccount://c"};
    static const char *const *const urls = maker_relays;
    const uint8_t limits = bytes[3], times = bytes[4];
    world.is_durable = bytes[0] % 8 == 3;
    world.is_in_bulk = (bytes[0] & 0x40) != 0;
    world.config = (struct sstp_relay_config){
        .urls = urls,
        .num_urls = 1,
        .product_version = "Groove Relay",
        .minor_version = (bytes[1] & 1) != 0 ? 5 : 6,
        .auth =
            (enum sstp_relay_auth)PICK(bytes[1] >> 1, SSTP_RELAY_AUTH_OFF, SSTP_RELAY_AUTH_OPTIONAL,
                                       SSTP_RELAY_AUTH_REQUIRED, SSTP_RELAY_AUTH_OFF),
        .quota = (uint64_t)PICK(bytes[2], 0, 0, 2000, 20000),
        .max_bytes = (size_t)PICK(bytes[2] >> 2, 0, 0, 6000, 50000),
        .max_cached = (size_t)PICK(bytes[2] >> 4, 0, 1, 3000, 0),
        .max_assembling = (size_t)PICK(bytes[2] >> 5, 0, 70000, 0, 0),
        .max_queues = (size_t)PICK(bytes[2] >> 6, 0, 0, 1, 3),
        .supports_multi_drop = (bytes[1] & 0x10) == 0,
        .supports_single_hop = (bytes[1] & 0x20) == 0,
        .peer_urls = maker_relays + 1,
        .num_peers = (size_t)PICK(bytes[1] >> 6, 2, 2, 1, 0),
        .max_connections = (size_t)PICK(bytes[5], 0, 0, 3, 5),
        .max_connections_per_device = (size_t)PICK(bytes[5] >> 2, 0, 0, 1, 2),
        .locked_out = locked_out,
        .num_locked_out = (bytes[5] & 0x10) != 0 ? G_N_ELEMENTS(locked_out) : 0,
        .transport_timeout_ms = PICK(times, 0, 1000),
        .connect_timeout_ms = PICK(times >> 1, 0, 2000),
        .open_timeout_ms = PICK(times >> 2, 0, 3000),
        .outbound_idle_ms = PICK(times >> 3, 0, 4000),
        .inbound_idle_ms = PICK(times >> 4, 0, 5000),
        .idle_ms = PICK(times >> 5, 0, 100),
        .ack_delay_ms = PICK(times >> 6, 0, 1),
        .hung_ms = PICK(bytes[6], 0, 500),
        .auth_timeout_ms = PICK(bytes[6] >> 1, 0, 1500),
        .offline_ttl_ms = PICK(bytes[6] >> 2, 0, 2000),
        .peer_idle_ms = PICK(times >> 7, 0, 1000),
        .limits = {.max_sessions = (size_t)PICK(limits, 0, 3),
                   .max_attaches = (size_t)PICK(limits >> 1, 0, 2),
                   .max_fanout_entries = (size_t)PICK(limits >> 2, 0, 3),
                   .max_message = (size_t)PICK(limits >> 3, 0, 2500),
                   .max_unacknowledged = (size_t)PICK(limits >> 4, 0, 4),
                   .max_queued = (size_t)PICK(limits >> 5, 0, 3000),
                   .max_unread = (size_t)PICK(limits >> 6, 0, 5000),
                   .max_assembling = (size_t)PICK(limits >> 7, 0, 4000)},
        .random = {fill, NULL},
        .wake = on_wake,
        .hold = on_hold,
        .dial = on_dial,
        .log = on_log,
        .tell = on_log,
        .store_failing = on_store_failing,
        .store_full = on_store_full,
        .mem = &memory,
        .witness = {.sent = on_sent, .noted = on_noted},
        .discarded = on_discarded,
        .label = on_label};
}

/* ------------------------------------------------------------------------
 * Operations
 */

static size_t make_identities(struct visitor *visitor, struct rng *rng, uint8_t *room, size_t size)
{
    const char *urls[8];
    const size_t num = rng_is_one_in(rng, 8) ? rng_below(rng, 8) : 1 + rng_below(rng, 2);
    for (size_t i = 0; i < num; i++)
        urls[i] = rng_is_one_in(rng, 16) ? "" : maker_identities[rng_below(rng, MAKER_IDENTITIES)];
    const char *account = rng_is_one_in(rng, 8) ? maker_accounts[rng_below(rng, MAKER_ACCOUNTS)]
                                                : maker_accounts[visitor->account];
    return sstp_sec_identities_write(account, urls, num, room, size);
}

/* The token that belongs there, or something like it. */
static size_t make_token(void *cookie, const struct sstp_command *command, uint8_t *room,
                         size_t size)
{
    struct visitor *visitor = cookie;
    struct rng *rng = world.maker.rng;
    const struct sstp_sec_random random = {fill, NULL};
    const struct sstp_sec_secret key = key_of(visitor->url, visitor->variant);
    const struct sstp_sec_secret account_key =
        key_of(maker_accounts[visitor->account], visitor->variant);
    const struct sstp_sec_registration registration = {key, account_key, rng_is_one_in(rng, 2)};
    size_t len = 0;

    switch ((int)command->id) {
    case SSTP_CONNECT:
        if (rng_is_one_in(rng, 2))
            len = sstp_sec_challenge_write(SSTP_SEC_CONNECT, &key, &random, &visitor->connect_nonce,
                                           room, size);
        break;
    case SSTP_CONNECT_AUTHENTICATE:
        len = sstp_sec_authenticate_write(SSTP_SEC_CONNECT_AUTHENTICATE, &key,
                                          &visitor->relay_connect_nonce, room, size);
        break;
    case SSTP_ATTACH:
        len = sstp_sec_challenge_write(SSTP_SEC_ATTACH, &account_key, &random,
                                       &visitor->attach_nonce, room, size);
        break;
    case SSTP_ATTACH_AUTHENTICATE:
        len = sstp_sec_authenticate_write(SSTP_SEC_ATTACH_AUTHENTICATE, &account_key,
                                          &visitor->relay_attach_nonce, room, size);
        break;
    case SSTP_REGISTER:
        len = rng_is_one_in(rng, 3) ? sstp_sec_register_write(&registration, room, size)
                                    : make_identities(visitor, rng, room, size);
        break;
    default:
        len = sstp_sec_bare_write((enum sstp_sec_message)(1 + rng_below(rng, 17)), room, size);
        break;
    }
    if (rng_is_one_in(rng, 8))
        len = rng_below(rng, len + 1);
    if (len > 0 && rng_is_one_in(rng, 8))
        room[rng_below(rng, len)] ^= (uint8_t)(1u << rng_below(rng, 8));
    return len;
}

/* A session of the visitor's own, or one of the last that the relay opened. */
static uint32_t pick_id(const struct visitor *visitor, uint8_t byte, struct rng *rng)
{
    static const uint32_t odd[] = {0, 0x7fffffff, 0x80000000, UINT32_MAX, 9};
    const uint32_t side = visitor->is_dialed ? 0x80000000u : 0;
    if (byte % 16 < 8)
        return side | (1u + byte % 8u);
    if (byte % 16 < 15)
        return visitor->relay_ids[byte % IDS_MAX];
    return odd[rng_below(rng, G_N_ELEMENTS(odd))];
}

static void begin_making(struct visitor *visitor, struct program_step *step)
{
    struct maker *maker = &world.maker;
    maker->rng = &step->rng;
    maker->device_url = visitor->url;
    maker->target_url = maker_relays[0];
    maker->version = sstp_ep_version(visitor->watch.ep);
    maker->session_id = pick_id(visitor, step->bytes[3], &step->rng);
    maker->token = make_token;
    maker->cookie = visitor;
    maker->used = 0;
}

/* Any command, several times over: each is another. */
static void do_command(struct visitor *visitor, struct program_step *step)
{
    const unsigned num = 1 + step->bytes[4] % 16u;
    /* Most of the time one that a good peer might send, too. */
    static const uint8_t usual[] = {SSTP_NOOP,     SSTP_OPEN, SSTP_FANOUT_OPEN, SSTP_CLOSE,
                                    SSTP_REGISTER, SSTP_NOOP, SSTP_ATTACH,      SSTP_OPEN};
    const bool is_usual = step->bytes[5] % 4 != 0;
    const uint8_t any = (uint8_t)(SSTP_COMMAND_ID_MIN + step->bytes[2] % SSTP_COMMAND_ID_MAX);
    const uint8_t id = is_usual ? usual[step->bytes[2] % sizeof usual] : any;
    begin_making(visitor, step);
    for (unsigned i = 0; i < num && visitor->connection != NULL; i++) {
        struct sstp_command command;
        if (is_usual && id != SSTP_CLOSE)
            world.maker.session_id = (visitor->is_dialed ? 0x80000000u : 0) | visitor->next_id++;
        else if (is_usual)
            world.maker.session_id =
                (visitor->is_dialed ? 0x80000000u : 0) | (16 + step->bytes[3] % 64u + i);
        maker_command(&world.maker, (enum sstp_command_id)id, &command);
        const size_t len = maker_encode(&world.maker, &command, step->bytes[4] > 250, world.bytes);
        give(visitor, world.bytes, len);
    }
}

static void do_bytes(struct visitor *visitor, struct program_step *step)
{
    uint8_t bytes[64];
    const size_t len = rng_below(&step->rng, sizeof bytes);
    rng_fill(&step->rng, bytes, len);
    if (len > 2 && (step->bytes[4] & 1) != 0) {
        bytes[0] = (uint8_t)(1 + bytes[0] % 18u);
        bytes[1] &= 63;
        bytes[2] = 0;
    }
    give(visitor, bytes, len);
}

static void say_token(struct visitor *visitor, enum sstp_command_id id, uint32_t session_id,
                      size_t len, const uint8_t *token)
{
    uint8_t urls[200];
    struct sstp_writer w = sstp_writer(urls, sizeof urls);
    sstp_write_string(&w, sstp_span_of_string(visitor->url));
    say(visitor, &(struct sstp_command){
                     .id = (uint8_t)id,
                     .session_id = session_id,
                     .major_version = 1,
                     .minor_version = (uint8_t)(5 + (visitor->label & 1)),
                     .target_device_url = sstp_span_of_string(maker_relays[0]),
                     .device_urls = id == SSTP_CONNECT ? (struct sstp_list){1, sstp_writer_span(&w)}
                                                       : (struct sstp_list){0, {NULL, 0}},
                     .product_version = sstp_span_of_string("P"),
                     .resource_url = sstp_span_of_string(maker_relays[0]),
                     .account_url = sstp_span_of_string(maker_accounts[visitor->account]),
                     .token = sstp_span(token, len)});
    settle();
}

/* Everything that it takes to be online, as far as `stages` goes. */
static void log_in(struct visitor *visitor, unsigned stages, unsigned identities)
{
    static const struct sstp_sec_random random = {fill, NULL};
    const struct sstp_sec_secret key = key_of(visitor->url, visitor->variant);
    const struct sstp_sec_secret account_key =
        key_of(maker_accounts[visitor->account], visitor->variant);
    uint8_t token[SSTP_SEC_TOKEN_MAX];
    const char *urls[MAKER_IDENTITIES];
    size_t num = 0;

    const size_t len = sstp_sec_challenge_write(SSTP_SEC_CONNECT, &key, &random,
                                                &visitor->connect_nonce, token, sizeof token);
    say_token(visitor, SSTP_CONNECT, 0, stages % 8 == 7 ? 0 : len, token);
    if (visitor->last_token == SSTP_SEC_CONNECT_RESPONSE)
        say_token(visitor, SSTP_CONNECT_AUTHENTICATE, 0,
                  sstp_sec_authenticate_write(SSTP_SEC_CONNECT_AUTHENTICATE, &key,
                                              &visitor->relay_connect_nonce, token, sizeof token),
                  token);
    if (stages % 8 == 0 || stages % 8 == 7)
        return;
    say_token(visitor, SSTP_ATTACH, 7,
              sstp_sec_challenge_write(SSTP_SEC_ATTACH, &account_key, &random,
                                       &visitor->attach_nonce, token, sizeof token),
              token);
    if (stages % 8 == 1)
        return;
    if (visitor->last_response == SSTP_ATTACH_RESPONSE_AWAITING_REGISTER)
        say_token(visitor, SSTP_REGISTER, 7,
                  sstp_sec_register_write(
                      &(struct sstp_sec_registration){key, account_key, stages % 2 != 0}, token,
                      sizeof token),
                  token);
    else if (visitor->last_token == SSTP_SEC_ATTACH_RESPONSE)
        say_token(visitor, SSTP_ATTACH_AUTHENTICATE, 7,
                  sstp_sec_authenticate_write(SSTP_SEC_ATTACH_AUTHENTICATE, &account_key,
                                              &visitor->relay_attach_nonce, token, sizeof token),
                  token);
    for (unsigned i = 0; i < MAKER_IDENTITIES; i++)
        if ((identities >> i & 1) != 0)
            urls[num++] = maker_identities[i];
    say_token(
        visitor, SSTP_REGISTER, 8,
        sstp_sec_identities_write(maker_accounts[visitor->account], urls, num, token, sizeof token),
        token);
}

/* Somebody comes, and logs in. */
static void do_enter(struct visitor *visitor, struct program_step *step)
{
    const uint8_t who = step->bytes[2];
    if (visitor->connection != NULL)
        return;
    const char *url = who % 8 < 6 ? maker_devices[who % MAKER_DEVICES] : maker_relays[who % 2 + 1];
    visitor = enter(url, step->bytes[3] % 8u);
    if (visitor == NULL)
        return;
    if (step->bytes[4] == 0xee)
        sstp_relay_refuse(visitor->connection);
    visitor->account = (who >> 3) % 8u < 5 ? who % 2u : (who >> 3) % MAKER_ACCOUNTS;
    visitor->variant = who >> 6 == 3 ? 1 : 0;
    if (step->bytes[4] % 8 != 6)
        log_in(visitor, step->bytes[4], step->bytes[5]);
}

/* A message that is followed, on a session of the visitor's own. */
static void send_message(struct visitor *visitor, struct program_step *step, uint32_t session_id)
{
    static uint8_t data[SSTP_DATA_PAYLOAD_MAX];
    struct rng *rng = &step->rng;
    const bool is_special = rng_is_one_in(rng, 4);
    struct sstp_command message = {
        .id = SSTP_MESSAGE,
        .session_id = session_id,
        .flags = (uint8_t)(is_special ? rng_next(rng) & 0x77 : rng_next(rng) & 0x04),
        .ttl = (uint32_t)PICK(rng_next(rng), 0, 1, 60, 100000),
        .user_ref = rng_is_one_in(rng, 2) ? sstp_span_of_string("ref") : sstp_span(NULL, 0)};
    const bool may_expire = (message.flags & (SSTP_MESSAGE_FLAG_EPHEMERAL |
                                              SSTP_MESSAGE_FLAG_DO_NOT_DELIVER_IF_OFFLINE)) != 0;
    size_t len = (size_t)PICK(rng_next(rng), 5, 5, 30, 400, 2048);
    unsigned num_data = rng_is_one_in(rng, 8) ? (unsigned)rng_below(rng, 5) : 1;

    say(visitor, &message);
    memset(data, 'm', len);
    (void)model_new_message(&world.model, may_expire, data);
    for (; num_data > 0 && visitor->connection != NULL; num_data--) {
        say(visitor, &(struct sstp_command){
                         .id = SSTP_DATA, .session_id = session_id, .data = sstp_span(data, len)});
        len = (size_t)PICK(rng_next(rng), 0, 5, 2048);
        data[0] = 'm';
    }
    say(visitor, &(struct sstp_command){.id = SSTP_END_MESSAGE, .session_id = session_id});
}

static void do_send(struct visitor *visitor, struct program_step *step)
{
    unsigned own = 1u + step->bytes[3] % 8u;
    /* One that is open, if there is one. */
    if (visitor->open_ids != 0 && step->bytes[5] % 8 != 1)
        while ((visitor->open_ids >> own & 1) == 0)
            own = own % 8 + 1;
    const uint32_t id = (visitor->is_dialed ? 0x80000000u : 0) | own;
    for (unsigned num = 1 + step->bytes[4] % 16u; num > 0 && visitor->connection != NULL; num--)
        send_message(visitor, step, id);
}

/* Opens a session, most of the time to somebody who may come, and may send on it. */
static void do_open(struct visitor *visitor, struct program_step *step)
{
    const uint8_t to = step->bytes[2];
    const uint32_t id = (visitor->is_dialed ? 0x80000000u : 0) | (1u + step->bytes[3] % 8u);
    const char *device = to / 4 % 2 == 0 ? "" : maker_devices[to / 8 % MAKER_DEVICES];
    if (has_own(visitor, step) && step->bytes[5] % 8 != 0) {
        do_send(visitor, step);
        return;
    }
    say(visitor,
        &(struct sstp_command){
            .id = SSTP_OPEN,
            .session_id = id,
            .flags = device[0] == '\0',
            .resource_url = sstp_span_of_string(maker_resources[to / 32 % MAKER_RESOURCES]),
            .identity_url = sstp_span_of_string(maker_identities[to % MAKER_IDENTITIES]),
            .device_url = sstp_span_of_string(device)});
    if (step->bytes[4] >= 64)
        do_send(visitor, step);
}

/* As many recipients at another relay as fit into a FanoutOpen, to its last byte. */
static void fill_fanout(struct visitor *visitor, struct program_step *step)
{
    enum { NUM = 900, LEN_1_5 = 65535 - 13, EACH = LEN_1_5 / NUM };
    static uint8_t entries[SSTP_COMMAND_LEN_MAX];
    const uint32_t id = (visitor->is_dialed ? 0x80000000u : 0) | (1u + step->bytes[3] % 8u);
    const enum sstp_version form = sstp_ep_version(visitor->watch.ep);
    struct sstp_writer w = sstp_writer(entries, sizeof entries);
    const struct sstp_span relay_url = sstp_span_of_string(maker_relays[1]);
    char url[EACH + 80] = "grooveIdentity://";
    memset(url + strlen(url), 'x', sizeof url - strlen(url));
    for (unsigned i = 0; i < NUM; i++) {
        const size_t more = i < LEN_1_5 - NUM * EACH ? 1 : 0;
        const struct sstp_fanout_entry entry = {
            sstp_span(url, EACH - relay_url.len - 3 - (form == SSTP_VERSION_1_6) + more),
            {NULL, 0},
            relay_url,
            {NULL, 0}};
        sstp_fanout_entry_write(&w, &entry, form);
    }
    say(visitor, &(struct sstp_command){.id = SSTP_FANOUT_OPEN,
                                        .form = form,
                                        .session_id = id,
                                        .resource_url = sstp_span_of_string(maker_resources[0]),
                                        .fanout_entries = {NUM, sstp_writer_span(&w)}});
    settle();
}

/* The same to several, here and at the other relays. */
static void do_fanout(struct visitor *visitor, struct program_step *step)
{
    const uint32_t id = (visitor->is_dialed ? 0x80000000u : 0) | (1u + step->bytes[3] % 8u);
    const enum sstp_version form = sstp_ep_version(visitor->watch.ep);
    struct rng *rng = &step->rng;
    static uint8_t entries[SSTP_COMMAND_LEN_MAX];
    struct sstp_writer w = sstp_writer(entries, sizeof entries);
    const unsigned num = step->bytes[2] == 255 ? 150 : step->bytes[2] % 8u;
    if (has_own(visitor, step) && step->bytes[5] % 8 != 0) {
        do_send(visitor, step);
        return;
    }
    if (step->bytes[2] == 254) {
        fill_fanout(visitor, step);
        return;
    }
    for (unsigned i = 0; i < num; i++) {
        const struct sstp_fanout_entry entry = {
            sstp_span_of_string(maker_identities[rng_below(rng, MAKER_IDENTITIES)]),
            rng_is_one_in(rng, 2)
                ? sstp_span(NULL, 0)
                : sstp_span_of_string(maker_devices[rng_below(rng, MAKER_DEVICES)]),
            rng_is_one_in(rng, 2) ? sstp_span(NULL, 0)
                                  : sstp_span_of_string(maker_relays[rng_below(rng, MAKER_RELAYS)]),
            {NULL, 0}};
        sstp_fanout_entry_write(&w, &entry, form);
    }
    say(visitor, &(struct sstp_command){.id = SSTP_FANOUT_OPEN,
                                        .form = form,
                                        .session_id = id,
                                        .resource_url = sstp_span_of_string(maker_resources[0]),
                                        .fanout_entries = {(uint16_t)num, sstp_writer_span(&w)}});
    settle();
    if (step->bytes[4] >= 64 && visitor->connection != NULL)
        do_send(visitor, step);
}

/* What may be said of a session that the relay has opened. */
static void do_answer(struct visitor *visitor, struct program_step *step)
{
    const uint32_t id = visitor->relay_ids[step->bytes[3] % IDS_MAX];
    const enum sstp_version form = sstp_ep_version(visitor->watch.ep);
    const uint8_t code = step->bytes[4];
    static const uint8_t responses[] = {SSTP_OPEN_RESPONSE_OK,
                                        SSTP_OPEN_RESPONSE_OK_STOP_SENDING,
                                        SSTP_OPEN_RESPONSE_START_SENDING,
                                        SSTP_OPEN_RESPONSE_STOP_SENDING,
                                        SSTP_OPEN_RESPONSE_NO_RESOURCE,
                                        SSTP_OPEN_RESPONSE_UNKNOWN};
    uint8_t indexes[8];
    const unsigned num = code / 8u % 4u;
    for (unsigned i = 0; i < num; i++) {
        indexes[2 * i] = (uint8_t)(i + code / 32u);
        indexes[2 * i + 1] = 0;
    }
    switch (step->bytes[2] % 6) {
    case 0:
    case 1:
        say(visitor, &(struct sstp_command){.id = SSTP_OPEN_RESPONSE,
                                            .session_id = id,
                                            .response_id = responses[code % sizeof responses]});
        break;
    case 2:
        say(visitor,
            &(struct sstp_command){.id = SSTP_CLOSE, .session_id = id, .reason_id = code % 0x18});
        break;
    case 3:
    case 4:
        say(visitor, &(struct sstp_command){
                         .id = SSTP_SESSION_STATUS,
                         .form = form,
                         .session_id = id,
                         .status_id = 1 + code % 6u,
                         .identity_url = num != 0 && form == SSTP_VERSION_1_6
                                             ? sstp_span(NULL, 0)
                                             : sstp_span_of_string(maker_identities[num % 4]),
                         .device_url = form == SSTP_VERSION_1_6
                                           ? sstp_span(NULL, 0)
                                           : sstp_span_of_string(maker_devices[num % 4]),
                         .fanout_indexes = {(uint16_t)num, sstp_span(indexes, 2u * num)}});
        break;
    default:
        say(visitor, &(struct sstp_command){.id = SSTP_NOOP, .message_count = code % 8u});
        break;
    }
}

/* Whoever was dialed refuses the Connect. */
static void do_refuse(struct visitor *visitor, struct program_step *step)
{
    static const uint8_t responses[] = {
        SSTP_CONNECT_RESPONSE_WRONG_DEVICE, SSTP_CONNECT_RESPONSE_TRY_LATER,
        SSTP_CONNECT_RESPONSE_WILL_UPGRADE, SSTP_CONNECT_RESPONSE_NEW_VERSION_REQUIRED,
        SSTP_CONNECT_RESPONSE_AUTHENTICATION_FAILED};
    say(visitor, &(struct sstp_command){.id = SSTP_CONNECT_RESPONSE,
                                        .major_version = 1,
                                        .minor_version = 6,
                                        .response_id = responses[step->bytes[2] % sizeof responses],
                                        .wait_time = step->bytes[3]});
    if (step->bytes[4] % 4 != 0)
        say(visitor, &(struct sstp_command){.id = SSTP_CONNECT_CLOSE,
                                            .reason_id = SSTP_CONNECT_CLOSE_RESTING,
                                            .wait_time = step->bytes[3]});
}

/* One of the next requests for memory gets none. */
static void do_memory(struct visitor *visitor, struct program_step *step)
{
    (void)visitor;
    world.memory_left = 1 + step->bytes[3] % 64u;
}

/* More than a relay reads from somebody before it is safe. */
static void do_flood(struct visitor *visitor, struct program_step *step)
{
    static const uint8_t data[SSTP_DATA_PAYLOAD_MAX];
    const uint32_t id = 1u + step->bytes[3] % 8u;
    unsigned num = step->bytes[2] % 32u == 7 && world.is_durable ? 4300 : step->bytes[2] % 8u * 4;
    if (world.has_flooded)
        return;
    world.has_flooded = true;
    say(visitor, &(struct sstp_command){.id = SSTP_MESSAGE, .session_id = id});
    for (; num > 0 && visitor->connection != NULL; num--)
        say(visitor, &(struct sstp_command){
                         .id = SSTP_DATA, .session_id = id, .data = sstp_span(data, sizeof data)});
    say(visitor, &(struct sstp_command){.id = SSTP_END_MESSAGE, .session_id = id});
}

static void do_disconnect(struct visitor *visitor, struct program_step *step)
{
    (void)step;
    disconnect(visitor);
}

static void do_habits(struct visitor *visitor, struct program_step *step)
{
    visitor->habits = step->bytes[2] % 16u;
}

static void do_take(struct visitor *visitor, struct program_step *step)
{
    if (visitor->connection != NULL)
        (void)watch_take(&visitor->watch, (size_t)step->bytes[2] * 16);
}

static void do_pass(struct visitor *visitor, struct program_step *step)
{
    (void)visitor;
    pass(PICK(step->bytes[2], 1, 100, 1000, 2500, 5000, 10000, 30000, 60001, 180000, 300001, 600000,
              4000000));
}

static void do_deadline(struct visitor *visitor, struct program_step *step)
{
    int64_t deadline = sstp_relay_next_deadline(world.relay);
    (void)step;
    if (visitor->connection != NULL) {
        const int64_t own = sstp_ep_next_deadline(visitor->watch.ep);
        deadline = own < deadline ? own : deadline;
    }
    if (deadline != SSTP_EP_NEVER && deadline > world.now_ms &&
        deadline - world.now_ms < INT64_C(100000000))
        pass(deadline - world.now_ms);
}

static void do_dial(struct visitor *visitor, struct program_step *step)
{
    (void)visitor;
    answer_dial(1 + step->bytes[2] % 2u, step->bytes[3] % 4 != 0, step->bytes[4] % 16u);
}

static void do_restart(struct visitor *visitor, struct program_step *step)
{
    (void)visitor;
    if (!world.is_durable && step->bytes[2] % 4 != 0)
        return;
    restart(step->bytes[2] % 2 != 0, step->bytes[3]);
}

static void do_fault(struct visitor *visitor, struct program_step *step)
{
    (void)visitor;
    if (!world.is_durable)
        return;
    faulty.num_calls = 0;
    faulty.fail_at = step->bytes[3] % 16u;
    faulty.num_fails = 1 + step->bytes[4] % 32u;
    faulty.failure = (step->bytes[2] & 1) != 0 ? SQLITE_FULL : SQLITE_IOERR;
    faulty.fails_reads = (step->bytes[2] & 2) != 0;
}

static void do_batch(struct visitor *visitor, struct program_step *step)
{
    (void)visitor;
    world.holds_batches = (step->bytes[2] & 1) != 0;
    finish_batch();
}

static void do_close(struct visitor *visitor, struct program_step *step)
{
    (void)visitor;
    if (step->bytes[2] % 8 == 0)
        sstp_relay_close(world.relay, SSTP_CONNECT_CLOSE_RESTING, step->bytes[3]);
}

static void do_clock(struct visitor *visitor, struct program_step *step)
{
    const int64_t ms = PICK(step->bytes[3], 1000, 60000, 3600000, 86400000, INT64_C(31536000000));
    (void)visitor;
    switch (step->bytes[2] % 3) {
    case 0:
        world.slept_ms += step->bytes[4] % 8 * 60000;
        break;
    case 1:
        world.step_ms += ms;
        break;
    default:
        world.step_ms -= ms;
        break;
    }
    tell_clocks();
}

typedef void operation(struct visitor *visitor, struct program_step *step);

/* Those that lead on stand there more often. */
static operation *const operations[64] = {
    do_command,  do_command,  do_command,  do_command, do_command,    do_command, do_command,
    do_command,  do_command,  do_command,  do_enter,   do_enter,      do_enter,   do_enter,
    do_enter,    do_open,     do_open,     do_open,    do_open,       do_open,    do_fanout,
    do_fanout,   do_fanout,   do_fanout,   do_fanout,  do_fanout,     do_send,    do_send,
    do_send,     do_send,     do_send,     do_send,    do_answer,     do_answer,  do_answer,
    do_answer,   do_answer,   do_answer,   do_pass,    do_pass,       do_pass,    do_deadline,
    do_deadline, do_deadline, do_deadline, do_dial,    do_dial,       do_dial,    do_dial,
    do_habits,   do_habits,   do_take,     do_bytes,   do_disconnect, do_restart, do_restart,
    do_fault,    do_batch,    do_close,    do_clock,   do_refuse,     do_memory,  do_flood,
    do_refuse};

/* Those that need a visitor who is there. */
static bool needs_visitor(operation *op)
{
    return op == do_command || op == do_open || op == do_fanout || op == do_send ||
           op == do_bytes || op == do_habits || op == do_answer || op == do_refuse ||
           op == do_flood;
}

static void run_step(struct program_step *step)
{
    operation *op = operations[step->bytes[0] % G_N_ELEMENTS(operations)];
    struct visitor *visitor = &world.visitors[step->bytes[1] % VISITORS_MAX];
    for (unsigned i = 1; needs_visitor(op) && visitor->connection == NULL; i++) {
        if (i == VISITORS_MAX)
            return;
        visitor = &world.visitors[(step->bytes[1] + i) % VISITORS_MAX];
    }
    op(visitor, step);
    if ((step->bytes[1] & 0xc0) != 0xc0) /* or more comes in the same turn */
        settle();
}

/* All is well with the disk, and what is owed is there. */
static void finish(void)
{
    if (world.is_durable)
        faulty = (struct faulty){.num_calls = 0};
    world.holds_batches = false;
    world.memory_left = 0;
    finish_batch();
    settle();
    const int64_t retry_ms = sstp_store_next_retry(sstp_relay_store(world.relay));
    if (retry_ms != SSTP_EP_NEVER && retry_ms > world.now_ms)
        pass(retry_ms - world.now_ms);
    settle();
    MUST(!sstp_store_has_work(sstp_relay_store(world.relay)));
    model_check(&world.model, sstp_relay_store(world.relay), world.now_ms);
    stop_relay();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct program program = {data, size, 0};
    struct program_step step;

    if (!program_next(&program, &step))
        return 0;
    world.now_ms = 1000;
    world.slept_ms = world.step_ms = 0;
    world.random = 0;
    world.holds_batches = world.is_full = world.has_flooded = false;
    world.memory_left = 0;
    world.last_label = 0;
    model_reset(&world.model);
    configure(step.bytes);
    if (world.is_durable) {
        quick_sqlite_begin();
        faulty_vfs_reset();
    }
    start_relay();
    while (program_next(&program, &step))
        run_step(&step);
    finish();
    return 0;
}
