/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "random.h"

/* The fixed fields of no command are longer than this. */
#define FIXED_LEN_MAX 80u

struct rng rng(uint64_t seed)
{
    return (struct rng){seed};
}

/* splitmix64 */
uint64_t rng_next(struct rng *rng)
{
    rng->state += 0x9e3779b97f4a7c15u;
    uint64_t z = rng->state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

size_t rng_below(struct rng *rng, size_t below)
{
    return (size_t)(rng_next(rng) % below);
}

bool rng_is_one_in(struct rng *rng, size_t n)
{
    return rng_below(rng, n) == 0;
}

void rng_fill(struct rng *rng, uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)rng_next(rng);
}

/* A length from 0 to max, short ones most of the time. */
static size_t random_len(struct rng *rng, size_t max)
{
    const size_t len = rng_is_one_in(rng, 50)  ? rng_below(rng, max + 1)
                       : rng_is_one_in(rng, 4) ? 0
                                               : rng_below(rng, 40);
    return len < max ? len : max;
}

static struct sstp_span random_blob(struct rng *rng, struct random_store *store, size_t *room)
{
    const struct sstp_span blob = sstp_span(store->bytes + store->used, random_len(rng, *room));
    rng_fill(rng, store->bytes + store->used, blob.len);
    store->used += blob.len;
    *room -= blob.len;
    return blob;
}

/* A string of any bytes but 0x00, which is stored after it. */
static struct sstp_span random_string(struct rng *rng, struct random_store *store, size_t *room)
{
    const struct sstp_span text = random_blob(rng, store, room);
    for (size_t i = store->used - text.len; i < store->used; i++)
        if (store->bytes[i] == 0)
            store->bytes[i] = 'a';
    store->bytes[store->used++] = 0;
    return text;
}

static struct sstp_list random_strings(struct rng *rng, struct random_store *store, size_t *room)
{
    const size_t start = store->used;
    const size_t wanted = rng_is_one_in(rng, 50) ? 255 : rng_below(rng, 4);
    uint16_t count = 0;
    for (; count<wanted && * room> 0; count++) {
        (*room)--; /* of the 0x00 */
        (void)random_string(rng, store, room);
    }
    return (struct sstp_list){count, sstp_span(store->bytes + start, store->used - start)};
}

static struct sstp_list random_entries(struct rng *rng, struct random_store *store, size_t *room,
                                       size_t num_strings)
{
    const size_t start = store->used;
    const size_t wanted = rng_is_one_in(rng, 200) ? 65535 : rng_below(rng, 6);
    uint16_t count = 0;
    for (; count < wanted && *room >= num_strings; count++) {
        *room -= num_strings;
        for (size_t i = 0; i < num_strings; i++)
            (void)random_string(rng, store, room);
    }
    return (struct sstp_list){count, sstp_span(store->bytes + start, store->used - start)};
}

static struct sstp_list random_indexes(struct rng *rng, struct random_store *store, size_t *room)
{
    const size_t max = *room / 2;
    const size_t wanted = rng_is_one_in(rng, 20) ? max : rng_below(rng, 6);
    const size_t count = wanted < max ? wanted : max;
    const size_t start = store->used;
    rng_fill(rng, store->bytes + start, 2 * count);
    store->used += 2 * count;
    *room -= 2 * count;
    return (struct sstp_list){(uint16_t)count, sstp_span(store->bytes + start, 2 * count)};
}

/* One of the codes that the specification lists, or any at all. */
static uint8_t random_code(struct rng *rng)
{
    return rng_is_one_in(rng, 10) ? (uint8_t)rng_next(rng) : (uint8_t)rng_below(rng, 0x16);
}

static uint32_t random_number(struct rng *rng)
{
    return rng_is_one_in(rng, 2) ? (uint32_t)rng_below(rng, 100) : (uint32_t)rng_next(rng);
}

/* What decides about presence goes first, for the conditions are asked of it. */
static void choose_presence(struct rng *rng, struct sstp_command *command)
{
    command->form = SSTP_VERSION_1_5;
    if (command->id == SSTP_FANOUT_OPEN || command->id == SSTP_SESSION_STATUS)
        command->form = rng_is_one_in(rng, 2) ? SSTP_VERSION_1_5 : SSTP_VERSION_1_6;
    switch ((int)command->id) {
    case SSTP_CONNECT_RESPONSE:
    case SSTP_OPEN_RESPONSE:
    case SSTP_ATTACH_RESPONSE:
        command->response_id = random_code(rng);
        if (rng_is_one_in(rng, 3))
            command->response_id = SSTP_CONNECT_RESPONSE_OK;
        break;
    case SSTP_CONNECT_CLOSE:
    case SSTP_CLOSE:
        command->reason_id = random_code(rng);
        break;
    case SSTP_MESSAGE:
        command->flags = (uint8_t)rng_next(rng);
        if ((command->flags & SSTP_MESSAGE_FLAG_EPHEMERAL) != 0)
            command->ephemeral_reserved_len = (const uint8_t[]){0, 4, 5}[rng_below(rng, 3)];
        break;
    }
}

static void fill_step(struct rng *rng, struct random_store *store, struct sstp_command *command,
                      const struct sstp_step *step, size_t *room)
{
    void *member = (char *)command + step->member;
    switch (sstp_field_infos[step->field].kind) {
    case SSTP_KIND_U8:
        if (step->field == SSTP_FIELD_STATUS_ID)
            command->status_id = random_code(rng);
        else if (member != &command->response_id && member != &command->reason_id &&
                 (member != &command->flags || command->id != SSTP_MESSAGE))
            *(uint8_t *)member = rng_is_one_in(rng, 2) ? 1 : (uint8_t)rng_next(rng);
        break;
    case SSTP_KIND_U16:
        *(uint16_t *)member = rng_is_one_in(rng, 2) ? 0 : (uint16_t)rng_next(rng);
        break;
    case SSTP_KIND_U32:
        *(uint32_t *)member = random_number(rng);
        if (step->field == SSTP_FIELD_THIS_FRAGMENT)
            *(uint32_t *)member &= 0xffffffu;
        break;
    case SSTP_KIND_U64:
        *(uint64_t *)member = rng_next(rng);
        break;
    case SSTP_KIND_STRING:
        *(struct sstp_span *)member = random_string(rng, store, room);
        break;
    case SSTP_KIND_TOKEN:
    case SSTP_KIND_REST:
        *(struct sstp_span *)member = random_blob(rng, store, room);
        break;
    case SSTP_KIND_STRINGS:
        *(struct sstp_list *)member = random_strings(rng, store, room);
        break;
    case SSTP_KIND_ENTRIES:
        *(struct sstp_list *)member =
            random_entries(rng, store, room, command->form == SSTP_VERSION_1_6 ? 4 : 3);
        break;
    case SSTP_KIND_INDEXES:
        *(struct sstp_list *)member = random_indexes(rng, store, room);
        break;
    }
}

void random_command(struct rng *rng, struct random_store *store, struct sstp_command *command)
{
    store->used = 0;
    memset(command, 0, sizeof *command);
    command->id = (uint8_t)(SSTP_COMMAND_ID_MIN +
                            rng_below(rng, SSTP_COMMAND_ID_MAX - SSTP_COMMAND_ID_MIN + 1));
    choose_presence(rng, command);

    const struct sstp_command_info *info = sstp_command_info(command->id);
    size_t room = info->max_length > FIXED_LEN_MAX ? info->max_length - FIXED_LEN_MAX : 0;
    if (command->id == SSTP_DATA) /* nothing but the payload varies: up to the limit */
        room = SSTP_DATA_PAYLOAD_MAX;
    for (size_t i = 0; i < info->num_steps; i++)
        if (sstp_condition_holds(info->steps[i].condition, command))
            fill_step(rng, store, command, &info->steps[i], &room);
}
