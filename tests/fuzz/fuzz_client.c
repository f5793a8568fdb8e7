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

#include "client_world.h"
#include "core/encode.h"
#include "program.h"

/* The last is too long for any command. */
static char long_identity[9000];
static const char *const identities[] = {"grooveIdentity://a", "grooveIdentity://b", long_identity};

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
        len = world_make_response(command->id == SSTP_CONNECT_RESPONSE, room, &response_id);
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
        maker->version = sstp_ep_version(world_ep());
        maker_command(
            maker,
            (enum sstp_command_id)(SSTP_COMMAND_ID_MIN + step->bytes[2] % SSTP_COMMAND_ID_MAX),
            &command);
        world_give(world.bytes, maker_encode(maker, &command, step->bytes[4] > 250, world.bytes));
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
        world_give(world.bytes, sstp_command_encode(&commands[0], world.bytes, sizeof world.bytes));
    for (unsigned i = 0; i < 3 * num; i++)
        world_give(world.bytes,
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
    world_give(bytes, len);
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
            world_ep(), sstp_span_of_string(maker_resources[to / 8 % MAKER_RESOURCES]),
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
    (void)sstp_ep_fanout_open(world_ep(), sstp_span_of_string(maker_resources[0]), entries,
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
        if (sstp_ep_send_message(world_ep(), id, &message, fate) != SSTP_EP_OK)
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
        (void)sstp_ep_message_begin(world_ep(), id, &message);
        break;
    case 1:
    case 2:
        (void)sstp_ep_message_data(world_ep(), id,
                                   sstp_span(data, rng_below(&step->rng, sizeof data)));
        break;
    default:
        if (world.num_tags < TAGS_MAX) {
            uint8_t *fate = &world.fates[world.num_tags++];
            *fate = FATE_SENT;
            if (sstp_ep_message_end(world_ep(), id, fate) != SSTP_EP_OK)
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
            (void)sstp_ep_complete(world_ep(), world.numbers[--world.num_numbers]);
        break;
    case 1:
        (void)sstp_ep_close_session(world_ep(), id,
                                    step->bytes[4] % 2 != 0 ? SSTP_CLOSE_NO_REASON
                                                            : SSTP_CLOSE_QUOTA_WOULD_BE_EXCEEDED);
        break;
    case 2:
        (void)sstp_ep_set_availability(world_ep(), id, (enum sstp_availability)(step->bytes[4] % 3),
                                       SSTP_CLOSE_NO_REASON);
        break;
    case 3:
        (void)sstp_ep_noop(world_ep());
        break;
    case 4:
        (void)sstp_ep_session_status(world_ep(), id, SSTP_SESSION_STATUS_LOCKED_OUT, indexes,
                                     step->bytes[4] % 4u);
        break;
    case 5:
        (void)sstp_ep_attach(world_ep(), sstp_span_of_string(world.config.target_url),
                             sstp_span_of_string(maker_accounts[step->bytes[4] % MAKER_ACCOUNTS]),
                             token, &new_id);
        break;
    case 6:
        (void)sstp_ep_attach_authenticate(world_ep(), id, token);
        break;
    case 7:
        (void)sstp_ep_register(world_ep(), id, token);
        break;
    case 8:
        (void)sstp_ep_register_new(world_ep(), token, &new_id);
        break;
    case 9:
        (void)sstp_ep_connect_authenticate(world_ep(), token);
        break;
    case 10:
        (void)sstp_ep_complete(world_ep(), step->bytes[4]);
        break;
    case 11:
        if (step->bytes[4] % 4 == 0)
            sstp_ep_close_connection(world_ep(), SSTP_CONNECT_CLOSE_RESTING, step->bytes[4]);
        break;
    default:
        if (step->bytes[4] % 4 == 0)
            sstp_ep_transport_lost(world_ep());
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
    world_pass(times[step->bytes[2] % (sizeof times / sizeof times[0])]);
}

static void do_deadline(struct program_step *step)
{
    const int64_t deadline =
        world.client != NULL ? sstp_ep_next_deadline(world_ep()) : world.next_ms;
    (void)step;
    if (deadline != SSTP_EP_NEVER && deadline > world.now_ms)
        world_pass(deadline - world.now_ms);
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
                                               .max_assembling = (limits & 64) != 0 ? 4000 : 0}};
    world_hear();
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
    world_begin_retry();
    configure(step.bytes);
    memset(long_identity, 'x', sizeof long_identity - 1);
    world_connect();
    while (program_next(&program, &step)) {
        operation *op = operations[step.bytes[0] % (sizeof operations / sizeof operations[0])];
        if (world.client == NULL && op != do_pass && op != do_deadline && op != do_habits)
            world_pass(world.next_ms - world.now_ms); /* it comes again first */
        op(&step);
        if ((step.bytes[1] & 0xc0) != 0xc0)
            world_settle();
    }
    world_free();
    return 0;
}
