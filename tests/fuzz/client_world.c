/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client_world.h"

#include <sys/param.h>

#include "core/encode.h"

struct world world;

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

void world_hear(void)
{
    struct sstp_client_config *config = &world.config;
    config->random = (struct sstp_sec_random){fill, NULL};
    config->ready = on_ready;
    config->failed = on_failed;
    config->event = on_event;
    config->witness = (struct sstp_ep_witness){on_sent, on_noted, NULL};
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
size_t world_make_response(bool is_connect, uint8_t *token, uint8_t *response_id)
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
    len = world_make_response(command->id == SSTP_CONNECT, token, &response_id);
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

void world_give(const uint8_t *bytes, size_t len)
{
    if (world.client != NULL)
        watch_give(&world.watch, bytes, len);
}

/* ------------------------------------------------------------------------
 * Connections
 */

struct sstp_ep *world_ep(void)
{
    return sstp_client_ep(world.client);
}

void world_connect(void)
{
    struct sstp_client_config config = world.config;
    config.now_ms = world.now_ms;
    world.is_ready = world.has_failed = world.is_closed = false;
    world.wait_time = 0;
    world.num_numbers = world.num_own_ids = world.num_event_ids = 0;
    world.answers_len = 0;
    world.client = sstp_client_new(&config);
    MUST(world.client != NULL);
    world.watch.ep = world_ep();
    world.watch.is_initiator = config.is_originator;
    world.watch.is_in_bulk = world.is_in_bulk;
    world.watch.is_observed = !world.is_in_bulk;
    world.watch.received = on_received;
    world.watch.taken = on_taken;
    watch_begin(&world.watch);
    if (config.is_originator)
        MUST(sstp_client_start(world.client) == SSTP_EP_OK);
}

void world_free(void)
{
    if (world.client == NULL)
        return;
    watch_end(&world.watch);
    sstp_client_free(world.client);
    world.client = NULL;
}

void world_begin_retry(void)
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
    world_free();
    if (!may_go_on)
        world_begin_retry(); /* somebody starts it anew */
    world.next_ms = world.now_ms + (pause_ms < 60000 ? pause_ms : 60000);
}

static void check_limits(void)
{
    const struct sstp_ep *e = world_ep();
    const struct sstp_ep_limits *limits = &e->config.limits;
    MUST(e->num_sessions <= limits->max_sessions && e->num_attaches <= limits->max_attaches);
    MUST(e->num_assembling <= limits->max_assembling);
    MUST(sstp_ep_ledger_num(&e->inbound) <= limits->max_unacknowledged);
    MUST(sstp_ep_ledger_num(&e->outbound) <= limits->max_unacknowledged);
    MUST(!world.has_failed || world.is_closed);
    MUST(world.is_closed == (sstp_ep_state(e) == SSTP_CONNECTION_CLOSED));
}

/* Until nobody has anything to say. */
void world_settle(void)
{
    for (unsigned rounds = 0; world.client != NULL; rounds++) {
        MUST(rounds < ROUNDS_MAX);
        sstp_ep_tick(world_ep(), world.now_ms);
        const size_t num = watch_take(&world.watch, SIZE_MAX);
        const size_t len = world.answers_len;
        world.answers_len = 0;
        world_give(world.answers, len);
        if (num == 0 && len == 0)
            break;
    }
    if (world.client == NULL)
        return;
    check_limits();
    MUST(sstp_ep_next_deadline(world_ep()) > world.now_ms);
    if (world.is_closed)
        end_client(world.reason_id);
}

void world_pass(int64_t ms)
{
    world.now_ms += ms;
    if (world.client != NULL)
        sstp_ep_tick(world_ep(), world.now_ms);
    else if (world.now_ms >= world.next_ms)
        world_connect();
}
