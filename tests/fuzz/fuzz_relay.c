/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The whole relay: authentication, queues, fanout, other relays, store, time, against
 * several connections that do as the input says.
 *
 * The first operation is the configuration (see configure()), the others are those of
 * `operations`.  A visitor is whoever is at the other end of a connection: a device, another
 * relay that has come, or one that was dialed.  What its habits are, it does by itself.
 */
#include "relay_world.h"

#include <sqlite3.h>

#include "core/encode.h"
#include "endpoint/internal.h"
#include "faulty_vfs.h"
#include "quick_sqlite.h"
#include "relay/hop.h"
#include "store/internal.h"

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
