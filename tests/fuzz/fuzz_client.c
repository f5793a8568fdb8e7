/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The whole client, with its attempts to come back, against a relay or a peer device that
 * does as the input says.
 *
 * The first operation is the configuration (see configure()), the others are those of
 * `operations`: some are the other side's, some the owner's.  What the other side's habits
 * are, it does by itself.
 */
#include <sys/param.h>

#include "client/client.h"
#include "client/retry.h"
#include "core/encode.h"
#include "endpoint/internal.h"
#include "maker.h"
#include "watch.h"

#define TAGS_MAX 512u
#define NUMBERS_MAX 64u
#define IDS_MAX 4u
#define ANSWERS_SIZE (64u << 10)
#define ROUNDS_MAX 2000u

enum habit {
    HABIT_CONNECTS = 1, /* answers Connect, Attach and Register as a good relay does */
    HABIT_OPENS = 2,
    HABIT_ACKNOWLEDGES = 4,
    HABIT_COMPLETES = 8, /* the owner's: takes every message at once */
    HABIT_AVAILABLE = 16 /* likewise: sessions are ready from the beginning */
};

/* What a good relay says to a Connect and an Attach. */
enum profile { PROFILE_OFF, PROFILE_NEW, PROFILE_KNOWN, PROFILE_STRANGER, PROFILE_REJECTS };

/* What has become of a message of the owner's. */
enum fate { FATE_NONE, FATE_SENT, FATE_ACKNOWLEDGED, FATE_LOST };

struct world {
    struct sstp_client *client; /* NULL: between two connections */
    struct client_retry retry;
    struct sstp_client_config config;
    int64_t now_ms, next_ms;
    uint8_t random;
    unsigned habits;
    enum profile profile;
    bool is_in_bulk, attaches;
    bool is_ready, has_failed, is_closed;
    uint32_t wait_time;
    uint8_t reason_id; /* of its end */
    uint8_t fates[TAGS_MAX];
    size_t num_tags;
    uint64_t numbers[NUMBERS_MAX]; /* of messages that the owner has not completed */
    size_t num_numbers;
    uint32_t own_ids[IDS_MAX], event_ids[IDS_MAX]; /* of the last that the client opened */
    unsigned num_own_ids, num_event_ids;
    struct sstp_sec_secret nonce, attach_nonce; /* that the client asked with */
    struct sstp_sec_secret relay_nonce;         /* that it was asked with */
    struct watch watch;
    struct maker maker;
    size_t answers_len;
    uint8_t answers[ANSWERS_SIZE];
    uint8_t bytes[SSTP_COMMAND_LEN_MAX];
};

static struct world world;

/* The last is too long for any command. */
static char long_identity[9000];
static const char *const identities[] = {"grooveIdentity://a", "grooveIdentity://b", long_identity};

/* ------------------------------------------------------------------------
 * What the owner is told
 */

static void fill(void *cookie, void *bytes, size_t len)
{
    (void)cookie;
    for (uint8_t *at = bytes; len > 0; at++, len--)
        *at = world.random++;
}

/* A tag is the place of a fate, and is told of once; late acknowledgements may follow. */
static void tell(const struct sstp_ep_event *event)
{
    uint8_t *fate = event->tag;
    MUST(fate >= world.fates && fate < world.fates + TAGS_MAX);
    if (event->kind == SSTP_EP_EVENT_ACKNOWLEDGED_LATE) {
        MUST(*fate == FATE_LOST);
        *fate = FATE_ACKNOWLEDGED;
        return;
    }
    MUST(*fate == FATE_SENT);
    *fate = event->kind == SSTP_EP_EVENT_ACKNOWLEDGED ? FATE_ACKNOWLEDGED : FATE_LOST;
    if (event->kind == SSTP_EP_EVENT_ACKNOWLEDGED)
        client_retry_acknowledged(&world.retry);
}

static void keep_number(uint64_t number)
{
    if (world.num_numbers < NUMBERS_MAX)
        world.numbers[world.num_numbers++] = number;
}

static void on_event(void *cookie, struct sstp_ep *ep, const struct sstp_ep_event *event)
{
    (void)cookie;
    MUST(!world.is_closed); /* it was the last */
    switch (event->kind) {
    case SSTP_EP_EVENT_CONNECT:
        MUST(!world.config.is_originator);
        break;
    case SSTP_EP_EVENT_REFUSED:
        world.wait_time = event->wait_time;
        break;
    case SSTP_EP_EVENT_OPEN:
        *event->availability =
            (world.habits & HABIT_AVAILABLE) != 0 ? SSTP_HANDLER_READY : SSTP_HANDLER_NOT_READY;
        break;
    case SSTP_EP_EVENT_MESSAGE:
        client_retry_received(&world.retry);
        if ((world.habits & HABIT_COMPLETES) != 0)
            MUST(sstp_ep_complete(ep, event->number) == SSTP_EP_OK);
        else
            keep_number(event->number);
        break;
    case SSTP_EP_EVENT_ACKNOWLEDGED:
    case SSTP_EP_EVENT_UNACKNOWLEDGED:
    case SSTP_EP_EVENT_ACKNOWLEDGED_LATE:
        tell(event);
        break;
    case SSTP_EP_EVENT_CLOSED:
        world.is_closed = true;
        if (event->wait_time != 0)
            world.wait_time = event->wait_time;
        world.reason_id = event->reason_id;
        for (size_t i = 0; i < world.num_tags; i++)
            MUST(world.fates[i] != FATE_SENT); /* it knows of all what became of them */
        break;
    case SSTP_EP_EVENT_CONNECT_AUTHENTICATE:
    case SSTP_EP_EVENT_FANOUT_OPEN:
    case SSTP_EP_EVENT_ATTACH:
    case SSTP_EP_EVENT_ATTACH_AUTHENTICATE:
    case SSTP_EP_EVENT_REGISTER:
        MUST(false); /* a relay's */
        break;
    case SSTP_EP_EVENT_ESTABLISHED:
    case SSTP_EP_EVENT_OPENED:
    case SSTP_EP_EVENT_SESSION_STATE:
    case SSTP_EP_EVENT_SESSION_STATUS:
    case SSTP_EP_EVENT_SESSION_CLOSED:
    case SSTP_EP_EVENT_ATTACH_RESPONSE:
    case SSTP_EP_EVENT_REGISTER_RESPONSE:
        break;
    }
}

static void on_ready(void *cookie, struct sstp_client *client)
{
    (void)cookie;
    MUST(client == world.client && !world.is_ready && !world.has_failed);
    MUST(sstp_ep_state(sstp_client_ep(client)) == SSTP_CONNECTION_ESTABLISHED);
    world.is_ready = true;
    client_retry_ready(&world.retry, world.now_ms);
}

static void on_failed(void *cookie, struct sstp_client *client, const char *why)
{
    (void)cookie;
    (void)client;
    MUST(!world.has_failed && !world.is_ready && why[0] != '\0');
    world.has_failed = true;
}

static void on_sent(void *cookie, const struct sstp_command *command)
{
    (void)cookie;
    watch_sent(&world.watch, command);
    if (command->id == SSTP_OPEN || command->id == SSTP_FANOUT_OPEN)
        world.own_ids[world.num_own_ids++ % IDS_MAX] = command->session_id;
    if (command->id == SSTP_ATTACH || command->id == SSTP_REGISTER)
        world.event_ids[world.num_event_ids++ % IDS_MAX] = command->session_id;
}

static void on_noted(void *cookie, const struct sstp_ep_note *note)
{
    (void)cookie;
    MUST(note->kind < SSTP_EP_NOTE_COUNT);
}

/* ------------------------------------------------------------------------
 * The other side
 */

static void on_received(void *cookie, const struct sstp_command *command)
{
    (void)cookie;
    (void)command;
}

static void answer(const struct sstp_command *command)
{
    world.answers_len += sstp_command_encode(command, world.answers + world.answers_len,
                                             sizeof world.answers - world.answers_len);
}

/* As the profile has it: what is known of the device, or of the account. */
static size_t make_response(bool is_connect, uint8_t *token, uint8_t *response_id)
{
    const struct sstp_sec_random random = {fill, NULL};
    const bool is_right = world.profile != PROFILE_STRANGER;
    struct sstp_sec_secret key = is_connect ? world.config.device_key : world.config.account_key;
    key.bytes[0] = (uint8_t)(key.bytes[0] + !is_right);
    if (world.profile == PROFILE_REJECTS && !is_connect)
        *response_id = SSTP_ATTACH_RESPONSE_ATTACH_REJECTED;
    if (world.profile == PROFILE_OFF || world.profile == PROFILE_REJECTS)
        return 0;
    if (world.profile == PROFILE_NEW) {
        *response_id = is_connect ? 0 : SSTP_ATTACH_RESPONSE_AWAITING_REGISTER;
        return sstp_sec_bare_write(is_connect
                                       ? SSTP_SEC_CONNECT_RESPONSE_DEVICE_REGISTRATION_NEEDED
                                       : SSTP_SEC_ATTACH_RESPONSE_ACCOUNT_REGISTRATION_NEEDED,
                                   token, SSTP_SEC_TOKEN_MAX);
    }
    return sstp_sec_response_write(is_connect ? SSTP_SEC_CONNECT_RESPONSE
                                              : SSTP_SEC_ATTACH_RESPONSE,
                                   &key, &random, is_connect ? &world.nonce : &world.attach_nonce,
                                   &world.relay_nonce, token, SSTP_SEC_TOKEN_MAX);
}

static void answer_registration(const struct sstp_command *command)
{
    static uint8_t token[SSTP_SEC_TOKEN_MAX];
    uint8_t response_id = 0;
    size_t len;
    if (command->id == SSTP_REGISTER) {
        len = sstp_sec_message_id(command->token) == SSTP_SEC_IDENTITY_REGISTER
                  ? 0
                  : sstp_sec_register_response_write(&world.config.device_key, token, sizeof token);
        answer(&(struct sstp_command){.id = SSTP_REGISTER_RESPONSE,
                                      .session_id = command->session_id,
                                      .token = sstp_span(token, len)});
        return;
    }
    len = make_response(command->id == SSTP_CONNECT, token, &response_id);
    answer(&(struct sstp_command){.id = command->id == SSTP_CONNECT ? SSTP_CONNECT_RESPONSE
                                                                    : SSTP_ATTACH_RESPONSE,
                                  .session_id = command->session_id,
                                  .major_version = 1,
                                  .minor_version = command->minor_version,
                                  .response_id = response_id,
                                  .token = sstp_span(token, len)});
}

static void on_taken(void *cookie, const struct sstp_command *command)
{
    (void)cookie;
    switch ((int)command->id) {
    case SSTP_CONNECT:
        (void)sstp_sec_challenge_read(SSTP_SEC_CONNECT, &world.config.device_key, command->token,
                                      &world.nonce);
        break;
    case SSTP_ATTACH:
        (void)sstp_sec_challenge_read(SSTP_SEC_ATTACH, &world.config.account_key, command->token,
                                      &world.attach_nonce);
        break;
    default:
        break;
    }
    switch ((int)command->id) {
    case SSTP_CONNECT:
    case SSTP_ATTACH:
    case SSTP_REGISTER:
        if ((world.habits & HABIT_CONNECTS) != 0)
            answer_registration(command);
        break;
    case SSTP_OPEN:
    case SSTP_FANOUT_OPEN:
        if ((world.habits & HABIT_OPENS) != 0)
            answer(&(struct sstp_command){.id = SSTP_OPEN_RESPONSE,
                                          .session_id = command->session_id});
        break;
    case SSTP_END_MESSAGE:
        if ((world.habits & HABIT_ACKNOWLEDGES) != 0)
            answer(&(struct sstp_command){.id = SSTP_NOOP, .message_count = 1});
        break;
    default:
        break;
    }
}

static void give(const uint8_t *bytes, size_t len)
{
    if (world.client != NULL)
        watch_give(&world.watch, bytes, len);
}

/* ------------------------------------------------------------------------
 * Connections
 */

static struct sstp_ep *ep(void)
{
    return sstp_client_ep(world.client);
}

static void connect_client(void)
{
    struct sstp_client_config config = world.config;
    config.now_ms = world.now_ms;
    world.is_ready = world.has_failed = world.is_closed = false;
    world.wait_time = 0;
    world.num_numbers = world.num_own_ids = world.num_event_ids = 0;
    world.answers_len = 0;
    world.client = sstp_client_new(&config);
    MUST(world.client != NULL);
    world.watch.ep = ep();
    world.watch.is_initiator = config.is_originator;
    world.watch.is_in_bulk = world.is_in_bulk;
    world.watch.is_observed = !world.is_in_bulk;
    world.watch.received = on_received;
    world.watch.taken = on_taken;
    watch_begin(&world.watch);
    if (config.is_originator)
        MUST(sstp_client_start(world.client) == SSTP_EP_OK);
}

static void free_client(void)
{
    if (world.client == NULL)
        return;
    watch_end(&world.watch);
    sstp_client_free(world.client);
    world.client = NULL;
}

static void begin_retry(void)
{
    world.retry = (struct client_retry){.first_until_ms = world.now_ms + 5000};
}

/* It is over: perhaps it comes again, and not at once. */
static void end_client(uint8_t reason_id)
{
    const bool may_go_on = client_retry_may_go_on(&world.retry, reason_id, world.now_ms) &&
                           client_retry_is_worth(&world.retry, world.wait_time, world.now_ms);
    const int64_t pause_ms =
        client_retry_pause(&world.retry, world.wait_time, world.now_ms, world.random * 0x01010101u);
    const int64_t asked_ms = (int64_t)world.wait_time * 1000;
    if (world.retry.has_been_ready)
        MUST(pause_ms >= CLIENT_RETRY_PAUSE_FIRST_MS / 2 && pause_ms >= asked_ms);
    MUST(pause_ms >= 0 && pause_ms <= MAX(CLIENT_RETRY_PAUSE_LAST_MS, asked_ms + asked_ms / 4));
    free_client();
    if (!may_go_on)
        begin_retry(); /* somebody starts it anew */
    world.next_ms = world.now_ms + (pause_ms < 60000 ? pause_ms : 60000);
}

static void check_limits(void)
{
    const struct sstp_ep *e = ep();
    const struct sstp_ep_limits *limits = &e->config.limits;
    MUST(e->num_sessions <= limits->max_sessions && e->num_attaches <= limits->max_attaches);
    MUST(e->num_assembling <= limits->max_assembling);
    MUST(sstp_ep_ledger_num(&e->inbound) <= limits->max_unacknowledged);
    MUST(sstp_ep_ledger_num(&e->outbound) <= limits->max_unacknowledged);
    MUST(!world.has_failed || world.is_closed);
    MUST(world.is_closed == (sstp_ep_state(e) == SSTP_CONNECTION_CLOSED));
}

/* Until nobody has anything to say. */
static void settle(void)
{
    for (unsigned rounds = 0; world.client != NULL; rounds++) {
        MUST(rounds < ROUNDS_MAX);
        sstp_ep_tick(ep(), world.now_ms);
        const size_t num = watch_take(&world.watch, SIZE_MAX);
        const size_t len = world.answers_len;
        world.answers_len = 0;
        give(world.answers, len);
        if (num == 0 && len == 0)
            break;
    }
    if (world.client == NULL)
        return;
    check_limits();
    MUST(sstp_ep_next_deadline(ep()) > world.now_ms);
    if (world.is_closed)
        end_client(world.reason_id);
}

static void pass(int64_t ms)
{
    world.now_ms += ms;
    if (world.client != NULL)
        sstp_ep_tick(ep(), world.now_ms);
    else if (world.now_ms >= world.next_ms)
        connect_client();
}

/* ------------------------------------------------------------------------
 * Operations
 */

static size_t make_token(void *cookie, const struct sstp_command *command, uint8_t *room,
                         size_t size)
{
    struct rng *rng = world.maker.rng;
    uint8_t response_id;
    size_t len = 0;
    (void)cookie;
    (void)size;
    switch ((int)command->id) {
    case SSTP_CONNECT_RESPONSE:
    case SSTP_ATTACH_RESPONSE:
        len = make_response(command->id == SSTP_CONNECT_RESPONSE, room, &response_id);
        break;
    case SSTP_REGISTER_RESPONSE:
        len = sstp_sec_register_response_write(&world.config.device_key, room, size);
        break;
    default:
        break;
    }
    if (rng_is_one_in(rng, 4))
        len = sstp_sec_bare_write((enum sstp_sec_message)(1 + rng_below(rng, 17)), room, size);
    if (rng_is_one_in(rng, 8))
        len = rng_below(rng, len + 1);
    if (len > 0 && rng_is_one_in(rng, 8))
        room[rng_below(rng, len)] ^= (uint8_t)(1u << rng_below(rng, 8));
    return len;
}

/* The other side's sessions, and the client's. */
static uint32_t pick_id(uint8_t byte)
{
    const uint32_t side = world.config.is_originator ? 0x80000000u : 0;
    if (byte % 16 < 6)
        return side | (1u + byte % 6u);
    if (byte % 16 < 11)
        return world.own_ids[byte % IDS_MAX];
    if (byte % 16 < 15)
        return world.event_ids[byte % IDS_MAX];
    return (side ^ 0x80000000u) | byte / 16u;
}

static void do_command(struct program_step *step)
{
    struct maker *maker = &world.maker;
    const unsigned num = 1 + step->bytes[4] % 16u;
    maker->rng = &step->rng;
    maker->device_url = world.config.target_url;
    maker->target_url = world.config.device_url;
    maker->session_id = pick_id(step->bytes[3]);
    maker->token = make_token;
    for (unsigned i = 0; i < num && world.client != NULL; i++) {
        struct sstp_command command;
        maker->version = sstp_ep_version(ep());
        maker_command(
            maker,
            (enum sstp_command_id)(SSTP_COMMAND_ID_MIN + step->bytes[2] % SSTP_COMMAND_ID_MAX),
            &command);
        give(world.bytes, maker_encode(maker, &command, step->bytes[4] > 250, world.bytes));
    }
}

/* The other side opens a session, and sends on it. */
static void do_messages(struct program_step *step)
{
    static const uint8_t data[SSTP_DATA_PAYLOAD_MAX] = "d";
    const uint32_t id = (world.config.is_originator ? 0x80000000u : 0) | (1u + step->bytes[3] % 6u);
    struct rng *rng = &step->rng;
    const struct sstp_command commands[] = {
        {.id = SSTP_OPEN,
         .session_id = id,
         .resource_url = sstp_span_of_string(maker_resources[0]),
         .identity_url = sstp_span_of_string(identities[0])},
        {.id = SSTP_MESSAGE,
         .session_id = id,
         .flags = (uint8_t)(rng_next(rng) & 0x77),
         .message_count = (uint32_t)rng_below(rng, 3)},
        {.id = SSTP_DATA,
         .session_id = id,
         .data = sstp_span(data, rng_is_one_in(rng, 4) ? sizeof data : rng_below(rng, 50))},
        {.id = SSTP_END_MESSAGE, .session_id = id}};
    const unsigned num = step->bytes[4] % 16u;
    if ((step->bytes[2] & 1) == 0)
        give(world.bytes, sstp_command_encode(&commands[0], world.bytes, sizeof world.bytes));
    for (unsigned i = 0; i < 3 * num; i++)
        give(world.bytes,
             sstp_command_encode(&commands[1 + i % 3], world.bytes, sizeof world.bytes));
}

static void do_bytes(struct program_step *step)
{
    uint8_t bytes[64];
    const size_t len = rng_below(&step->rng, sizeof bytes);
    rng_fill(&step->rng, bytes, len);
    if (len > 2 && (step->bytes[4] & 1) != 0) {
        bytes[0] = (uint8_t)(1 + bytes[0] % 18u);
        bytes[1] &= 63;
        bytes[2] = 0;
    }
    give(bytes, len);
}

/* The owner opens a session. */
static void do_open(struct program_step *step)
{
    const uint8_t to = step->bytes[2];
    struct sstp_fanout_entry entries[8];
    struct maker *maker = &world.maker;
    uint32_t id;
    maker->rng = &step->rng;
    maker->used = 0;
    if (to % 2 == 0) {
        (void)sstp_ep_open(
            ep(), sstp_span_of_string(maker_resources[to / 8 % MAKER_RESOURCES]),
            sstp_span_of_string(maker_identities[rng_below(&step->rng, MAKER_IDENTITIES)]),
            to % 4 == 0 ? sstp_span(NULL, 0) : maker_pick(maker, maker_devices, MAKER_DEVICES),
            &id);
        return;
    }
    for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++)
        entries[i] = (struct sstp_fanout_entry){
            sstp_span_of_string(maker_identities[rng_below(&step->rng, MAKER_IDENTITIES)]),
            maker_pick(maker, maker_devices, MAKER_DEVICES),
            maker_pick(maker, maker_relays, MAKER_RELAYS),
            {NULL, 0}};
    (void)sstp_ep_fanout_open(ep(), sstp_span_of_string(maker_resources[0]), entries,
                              step->bytes[3] % 9u, &id);
}

/* The owner sends whole messages. */
static void do_send(struct program_step *step)
{
    static const uint8_t data[10000] = "m";
    const uint32_t id = world.own_ids[step->bytes[2] % IDS_MAX];
    struct rng *rng = &step->rng;
    for (unsigned num = 1 + step->bytes[4] % 8u; num > 0 && world.num_tags < TAGS_MAX; num--) {
        const struct sstp_ep_message message = {
            .flags = (uint8_t)(rng_next(rng) & 0x77),
            .ttl = (uint32_t)rng_next(rng),
            .num_fragments = (uint32_t)rng_below(rng, 5),
            .data = sstp_span(data, rng_is_one_in(rng, 4) ? rng_below(rng, sizeof data)
                                                          : rng_below(rng, 50))};
        uint8_t *fate = &world.fates[world.num_tags];
        *fate = FATE_SENT; /* it may be lost before this returns */
        world.num_tags++;
        if (sstp_ep_send_message(ep(), id, &message, fate) != SSTP_EP_OK)
            *fate = FATE_NONE;
    }
}

/* The same in parts, of several sessions at a time. */
static void do_part(struct program_step *step)
{
    static const uint8_t data[5000] = "p";
    const uint32_t id = world.own_ids[step->bytes[3] % IDS_MAX];
    const struct sstp_ep_message message = {.flags = step->bytes[4] & 0x77};
    switch (step->bytes[2] % 4) {
    case 0:
        (void)sstp_ep_message_begin(ep(), id, &message);
        break;
    case 1:
    case 2:
        (void)sstp_ep_message_data(ep(), id, sstp_span(data, rng_below(&step->rng, sizeof data)));
        break;
    default:
        if (world.num_tags < TAGS_MAX) {
            uint8_t *fate = &world.fates[world.num_tags++];
            *fate = FATE_SENT;
            if (sstp_ep_message_end(ep(), id, fate) != SSTP_EP_OK)
                *fate = FATE_NONE;
        }
        break;
    }
}

/* Whatever else the owner can do, at any time. */
static void do_owner(struct program_step *step)
{
    static const uint16_t indexes[] = {0, 2, 3};
    const uint32_t id = pick_id(step->bytes[3]);
    struct sstp_span token = sstp_span("token", step->bytes[4] % 6u);
    uint32_t new_id;
    const unsigned what = step->bytes[2] % 13u;
    /* When these are in order, the owner has to know. */
    if (what >= 5 && what <= 9)
        world.watch.is_observed = false;
    switch (what) {
    case 0:
        if (world.num_numbers > 0)
            (void)sstp_ep_complete(ep(), world.numbers[--world.num_numbers]);
        break;
    case 1:
        (void)sstp_ep_close_session(ep(), id,
                                    step->bytes[4] % 2 != 0 ? SSTP_CLOSE_NO_REASON
                                                            : SSTP_CLOSE_QUOTA_WOULD_BE_EXCEEDED);
        break;
    case 2:
        (void)sstp_ep_set_availability(ep(), id, (enum sstp_availability)(step->bytes[4] % 3),
                                       SSTP_CLOSE_NO_REASON);
        break;
    case 3:
        (void)sstp_ep_noop(ep());
        break;
    case 4:
        (void)sstp_ep_session_status(ep(), id, SSTP_SESSION_STATUS_LOCKED_OUT, indexes,
                                     step->bytes[4] % 4u);
        break;
    case 5:
        (void)sstp_ep_attach(ep(), sstp_span_of_string(world.config.target_url),
                             sstp_span_of_string(maker_accounts[step->bytes[4] % MAKER_ACCOUNTS]),
                             token, &new_id);
        break;
    case 6:
        (void)sstp_ep_attach_authenticate(ep(), id, token);
        break;
    case 7:
        (void)sstp_ep_register(ep(), id, token);
        break;
    case 8:
        (void)sstp_ep_register_new(ep(), token, &new_id);
        break;
    case 9:
        (void)sstp_ep_connect_authenticate(ep(), token);
        break;
    case 10:
        (void)sstp_ep_complete(ep(), step->bytes[4]);
        break;
    case 11:
        if (step->bytes[4] % 4 == 0)
            sstp_ep_close_connection(ep(), SSTP_CONNECT_CLOSE_RESTING, step->bytes[4]);
        break;
    default:
        if (step->bytes[4] % 4 == 0)
            sstp_ep_transport_lost(ep());
        break;
    }
}

static void do_habits(struct program_step *step)
{
    world.habits = step->bytes[2] % 32u;
    world.profile = (enum profile)(step->bytes[3] % 5u);
}

static void do_take(struct program_step *step)
{
    (void)watch_take(&world.watch, (size_t)step->bytes[2] * 16);
}

static void do_pass(struct program_step *step)
{
    static const int64_t times[] = {1,     100,   250,   1000,   2500,   5000,
                                    10000, 30000, 60001, 180000, 300000, 600000};
    pass(times[step->bytes[2] % (sizeof times / sizeof times[0])]);
}

static void do_deadline(struct program_step *step)
{
    const int64_t deadline = world.client != NULL ? sstp_ep_next_deadline(ep()) : world.next_ms;
    (void)step;
    if (deadline != SSTP_EP_NEVER && deadline > world.now_ms)
        pass(deadline - world.now_ms);
}

typedef void operation(struct program_step *step);

static operation *const operations[32] = {
    do_command,  do_command, do_command,  do_command,  do_command,  do_command,  do_command,
    do_command,  do_command, do_command,  do_messages, do_messages, do_messages, do_messages,
    do_messages, do_open,    do_open,     do_open,     do_open,     do_send,     do_send,
    do_send,     do_part,    do_part,     do_owner,    do_owner,    do_owner,    do_habits,
    do_take,     do_pass,    do_deadline, do_bytes};

static void configure(const uint8_t *bytes)
{
    const uint8_t limits = bytes[3], times = bytes[4];
    world.is_in_bulk = (bytes[0] & 0x40) != 0;
    world.habits = bytes[1] % 32u;
    world.profile = (enum profile)(bytes[2] % 5u);
    world.config =
        (struct sstp_client_config){.device_url = maker_devices[0],
                                    .target_url = maker_relays[0],
                                    .is_originator = bytes[0] % 4 != 3,
                                    .attaches = bytes[0] % 4 < 2,
                                    .account_url = maker_accounts[0],
                                    .identity_urls = identities,
                                    .num_identities = bytes[2] >= 250 ? 3 : bytes[2] / 5 % 3u,
                                    .device_key = {{1, 2, 3}},
                                    .account_key = {{4, 5, 6}},
                                    .random = {fill, NULL},
                                    .major_version = 1,
                                    .minor_version = (bytes[0] & 0x10) != 0 ? 5 : 6,
                                    .product_version = "Groove Client",
                                    .ack_delay_ms = (times & 1) != 0 ? 1 : 0,
                                    .connect_timeout_ms = (times & 2) != 0 ? 2000 : 0,
                                    .open_timeout_ms = (times & 4) != 0 ? 3000 : 0,
                                    .auth_timeout_ms = (times & 8) != 0 ? 1000 : 0,
                                    .outbound_idle_ms = (times & 16) != 0 ? 4000 : 0,
                                    .inbound_idle_ms = (times & 32) != 0 ? 5000 : 0,
                                    .first_session_id = (times & 64) != 0 ? 0x7ffffffe : 0,
                                    .limits = {.max_sessions = (limits & 1) != 0 ? 3 : 0,
                                               .max_attaches = (limits & 2) != 0 ? 2 : 0,
                                               .max_message = (limits & 4) != 0 ? 2500 : 0,
                                               .max_unacknowledged = (limits & 8) != 0 ? 4 : 0,
                                               .max_queued = (limits & 16) != 0 ? 3000 : 0,
                                               .max_unread = (limits & 32) != 0 ? 5000 : 0,
                                               .max_assembling = (limits & 64) != 0 ? 4000 : 0},
                                    .ready = on_ready,
                                    .failed = on_failed,
                                    .event = on_event,
                                    .witness = {on_sent, on_noted, NULL}};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct program program = {data, size, 0};
    struct program_step step;

    if (!program_next(&program, &step))
        return 0;
    world.now_ms = 1000;
    world.random = 0;
    world.num_tags = 0;
    begin_retry();
    configure(step.bytes);
    memset(long_identity, 'x', sizeof long_identity - 1);
    connect_client();
    while (program_next(&program, &step)) {
        operation *op = operations[step.bytes[0] % (sizeof operations / sizeof operations[0])];
        if (world.client == NULL && op != do_pass && op != do_deadline && op != do_habits)
            pass(world.next_ms - world.now_ms); /* it comes again first */
        op(&step);
        if ((step.bytes[1] & 0xc0) != 0xc0)
            settle();
    }
    free_client();
    return 0;
}
