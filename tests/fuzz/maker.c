/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "maker.h"

#include "core/encode.h"

const char *const maker_devices[] = {"dpp:///a", "dpp:///b", "dpp:///c", "dpp:///d"};
const char *const maker_identities[] = {"grooveIdentity://a", "grooveIdentity://b",
                                        "grooveIdentity://c", "grooveIdentity://d"};
const char *const maker_accounts[] = {"grooveAccount://a", "grooveAccount://b",
                                      "grooveAccount://c"};
const char *const maker_resources[] = {"r", "s"};
const char *const maker_relays[] = {"grooveDNS://relay", "grooveDNS://peer", "grooveDNS://other"};

/* What stands where a name of the pools is expected. */
static const char *const strange[] = {"",
                                      "x",
                                      "dpp:///",
                                      "dpp:///e",
                                      "grooveIdentity://",
                                      "grooveIdentity://e",
                                      "grooveAccount://",
                                      "grooveDNS://",
                                      "grooveDNS://nobody",
                                      "grooveDNS://relay",
                                      "grooveWanDPP",
                                      "grooveWANDPP",
                                      "\xff\xfe\x1b[2J\n",
                                      "grooveIdentity://\xc3\x28\n\x1b"};

#define LONG_MAX 3000u

/* Room for `len` bytes, fewer where it ends. */
static uint8_t *take(struct maker *maker, size_t *len)
{
    uint8_t *room = maker->store + maker->used;
    if (*len > sizeof maker->store - maker->used)
        *len = sizeof maker->store - maker->used;
    maker->used += *len;
    return room;
}

static struct sstp_span long_string(struct maker *maker, const char *head)
{
    static const size_t lens[] = {60, 80, 81, 97, 98, 255, 256, 1000, 2040, 2048, LONG_MAX};
    size_t len = lens[rng_below(maker->rng, sizeof lens / sizeof lens[0])];
    uint8_t *room = take(maker, &len);
    memset(room, 'x', len);
    memcpy(room, head, strlen(head) < len ? strlen(head) : len);
    return sstp_span(room, len);
}

struct sstp_span maker_pick(struct maker *maker, const char *const *pool, size_t num)
{
    const size_t which = rng_below(maker->rng, 64);
    if (which == 0)
        return long_string(maker, "grooveIdentity://");
    if (which == 1)
        return long_string(maker, pool[0]);
    if (which < 6)
        return sstp_span_of_string(
            strange[rng_below(maker->rng, sizeof strange / sizeof strange[0])]);
    return sstp_span_of_string(pool[rng_below(maker->rng, num)]);
}

/* One of a pool, or nothing. */
static struct sstp_span pick_or_none(struct maker *maker, const char *const *pool, size_t num)
{
    return rng_is_one_in(maker->rng, 2) ? sstp_span(NULL, 0) : maker_pick(maker, pool, num);
}

static struct sstp_span pick_string(struct maker *maker, enum sstp_field field)
{
    static const char *const words[] = {"P", "Groove 14.0", "A;B"};
    switch ((int)field) {
    case SSTP_FIELD_TARGET_DEVICE_URL:
        if (!rng_is_one_in(maker->rng, 16))
            return sstp_span_of_string(maker->target_url);
        return maker_pick(maker, maker_relays, MAKER_RELAYS);
    case SSTP_FIELD_RESOURCE_URL:
        return maker_pick(maker, maker_resources, MAKER_RESOURCES);
    case SSTP_FIELD_IDENTITY_URL:
        return maker_pick(maker, maker_identities, MAKER_IDENTITIES);
    case SSTP_FIELD_DEVICE_URL:
        return pick_or_none(maker, maker_devices, MAKER_DEVICES);
    case SSTP_FIELD_RELAY_URL:
        return pick_or_none(maker, maker_relays, MAKER_RELAYS);
    case SSTP_FIELD_ACCOUNT_URL:
        return maker_pick(maker, maker_accounts, MAKER_ACCOUNTS);
    case SSTP_FIELD_FAILOVER_DEVICE_URLS:
        return rng_is_one_in(maker->rng, 32) ? sstp_span_of_string("x") : sstp_span(NULL, 0);
    default:
        return pick_or_none(maker, words, sizeof words / sizeof words[0]);
    }
}

/* ------------------------------------------------------------------------
 * Numbers
 */

static uint64_t pick_edge(struct maker *maker, const uint64_t *edges, size_t num)
{
    return edges[rng_below(maker->rng, num)];
}

#define EDGE(maker, ...)                                                                           \
    pick_edge(maker, (const uint64_t[]){__VA_ARGS__},                                              \
              sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))

/* A code of which most of the time it is the first that leads on. */
static uint64_t pick_code(struct maker *maker, uint64_t usual, size_t below)
{
    return rng_is_one_in(maker->rng, 3) ? rng_below(maker->rng, below) : usual;
}

static uint64_t pick_number(struct maker *maker, enum sstp_field field)
{
    struct rng *rng = maker->rng;
    switch ((int)field) {
    case SSTP_FIELD_SESSION_ID:
    case SSTP_FIELD_EVENT_ID:
        return maker->session_id;
    case SSTP_FIELD_MAJOR_VERSION:
        return rng_is_one_in(rng, 24) ? rng_below(rng, 4) : 1;
    case SSTP_FIELD_MINOR_VERSION:
        return rng_is_one_in(rng, 16) ? rng_below(rng, 9) : 5 + rng_below(rng, 2);
    case SSTP_FIELD_CONNECT_RESPONSE_ID:
        return pick_code(maker, SSTP_CONNECT_RESPONSE_OK, 11);
    case SSTP_FIELD_OPEN_RESPONSE_ID:
        return pick_code(maker, SSTP_OPEN_RESPONSE_OK, 13);
    case SSTP_FIELD_ATTACH_RESPONSE_ID:
        return pick_code(maker, SSTP_ATTACH_RESPONSE_OK, 5);
    case SSTP_FIELD_STATUS_ID:
    case SSTP_FIELD_CLOSE_REASON_ID:
    case SSTP_FIELD_CONNECT_CLOSE_REASON_ID:
        return rng_below(rng, 0x18);
    case SSTP_FIELD_CONNECT_FLAGS:
        return rng_below(rng, 4);
    case SSTP_FIELD_OPEN_FLAGS:
        return rng_below(rng, 2);
    case SSTP_FIELD_MESSAGE_FLAGS:
        return rng_is_one_in(rng, 3) ? rng_next(rng) & 0x77 : rng_next(rng) & 0x04;
    case SSTP_FIELD_MESSAGE_COUNT:
        return EDGE(maker, 0, 0, 0, 1, 1, 2, 3, 5, 17, 255, 0x80000000u, UINT32_MAX);
    case SSTP_FIELD_RETRY_TIME:
    case SSTP_FIELD_RETURN_TIME:
    case SSTP_FIELD_TTL:
        return EDGE(maker, 0, 1, 1, 2, 60, 3600, INT32_MAX, UINT32_MAX);
    case SSTP_FIELD_NUM_FRAGMENTS:
    case SSTP_FIELD_THIS_FRAGMENT:
        return EDGE(maker, 0, 1, 2, 0xffffff, UINT32_MAX);
    case SSTP_FIELD_CONNECT_RESERVED:
    case SSTP_FIELD_OPEN_RESERVED:
    case SSTP_FIELD_SESSION_STATUS_RESERVED:
    case SSTP_FIELD_EPHEMERAL_RESERVED1:
    case SSTP_FIELD_EPHEMERAL_RESERVED2:
        return rng_is_one_in(rng, 32) ? rng_below(rng, 200) : 0;
    default:
        return EDGE(maker, 0, 1, 7, 2048, UINT32_MAX, UINT64_MAX);
    }
}

/* ------------------------------------------------------------------------
 * Lists and bytes
 */

static uint16_t pick_count(struct maker *maker)
{
    return (uint16_t)(rng_is_one_in(maker->rng, 40) ? rng_below(maker->rng, 200)
                                                    : rng_below(maker->rng, 6));
}

static struct sstp_list make_strings(struct maker *maker)
{
    const uint16_t num = rng_is_one_in(maker->rng, 4) ? pick_count(maker) : 1;
    struct sstp_writer w =
        sstp_writer(maker->store + maker->used, sizeof maker->store - maker->used);
    for (unsigned i = 0; i < num; i++)
        sstp_write_string(
            &w, i == 0 && !rng_is_one_in(maker->rng, 16) ? sstp_span_of_string(maker->device_url)
                : rng_is_one_in(maker->rng, 8)
                    ? sstp_span(NULL, 0)
                    : sstp_span_of_string(maker_devices[rng_below(maker->rng, MAKER_DEVICES)]));
    maker->used += w.pos;
    return (struct sstp_list){num, sstp_writer_span(&w)};
}

static struct sstp_list make_entries(struct maker *maker, enum sstp_version form)
{
    const uint16_t num = pick_count(maker);
    struct sstp_fanout_entry entries[200];
    for (unsigned i = 0; i < num; i++)
        entries[i] = (struct sstp_fanout_entry){
            pick_string(maker, SSTP_FIELD_IDENTITY_URL), pick_string(maker, SSTP_FIELD_DEVICE_URL),
            pick_string(maker, SSTP_FIELD_RELAY_URL),
            pick_string(maker, SSTP_FIELD_FAILOVER_DEVICE_URLS)};
    struct sstp_writer w =
        sstp_writer(maker->store + maker->used, sizeof maker->store - maker->used);
    uint16_t written = 0;
    for (unsigned i = 0; i < num; i++) {
        sstp_fanout_entry_write(&w, &entries[i], form);
        written = (uint16_t)(written + !w.failed);
    }
    maker->used += w.pos;
    return (struct sstp_list){written, sstp_writer_span(&w)};
}

static struct sstp_list make_indexes(struct maker *maker)
{
    uint16_t num = pick_count(maker);
    size_t len = 2u * num;
    uint8_t *room = take(maker, &len);
    unsigned index = 0;
    num = (uint16_t)(len / 2);
    for (unsigned i = 0; i < num; i++) {
        index = rng_is_one_in(maker->rng, 8) ? (unsigned)rng_next(maker->rng)
                                             : index + (unsigned)rng_below(maker->rng, 3);
        room[2 * i] = (uint8_t)index;
        room[2 * i + 1] = (uint8_t)(index >> 8);
    }
    return (struct sstp_list){num, sstp_span(room, 2u * num)};
}

static struct sstp_span make_data(struct maker *maker)
{
    size_t len = (size_t)EDGE(maker, 0, 1, 7, 100, 100, 2047, 2048, 2049);
    uint8_t *room = take(maker, &len);
    memset(room, 'd', len);
    return sstp_span(room, len);
}

static struct sstp_span make_token(struct maker *maker, const struct sstp_command *command)
{
    uint8_t *room = maker->store + maker->used;
    const size_t len =
        maker->token(maker->cookie, command, room, sizeof maker->store - maker->used);
    maker->used += len;
    return sstp_span(room, len);
}

/* ------------------------------------------------------------------------
 * Commands
 */

static void set_number(struct sstp_command *command, const struct sstp_step *step, uint64_t value)
{
    uint8_t *member = (uint8_t *)command + step->member;
    switch ((int)sstp_field_infos[step->field].kind) {
    case SSTP_KIND_U8:
        *member = (uint8_t)value;
        break;
    case SSTP_KIND_U16:
        *(uint16_t *)(void *)member = (uint16_t)value;
        break;
    case SSTP_KIND_U32:
        *(uint32_t *)(void *)member = (uint32_t)value;
        break;
    default:
        *(uint64_t *)(void *)member = value;
        break;
    }
}

static void fill_in(struct maker *maker, struct sstp_command *command, const struct sstp_step *step)
{
    void *member = (uint8_t *)command + step->member;
    switch ((int)sstp_field_infos[step->field].kind) {
    case SSTP_KIND_STRING:
        *(struct sstp_span *)member = pick_string(maker, step->field);
        break;
    case SSTP_KIND_TOKEN:
        *(struct sstp_span *)member = make_token(maker, command);
        break;
    case SSTP_KIND_STRINGS:
        *(struct sstp_list *)member = make_strings(maker);
        break;
    case SSTP_KIND_ENTRIES:
        *(struct sstp_list *)member = make_entries(maker, command->form);
        break;
    case SSTP_KIND_INDEXES:
        *(struct sstp_list *)member = make_indexes(maker);
        break;
    case SSTP_KIND_REST:
        *(struct sstp_span *)member = make_data(maker);
        break;
    default:
        set_number(command, step, pick_number(maker, step->field));
        break;
    }
}

void maker_command(struct maker *maker, enum sstp_command_id id, struct sstp_command *command)
{
    const struct sstp_command_info *info = sstp_command_info((uint8_t)id);
    MUST(info != NULL);
    maker->used = 0;
    *command = (struct sstp_command){.id = (uint8_t)id, .form = maker->version};
    if (rng_is_one_in(maker->rng, 32))
        command->form = maker->version == SSTP_VERSION_1_6 ? SSTP_VERSION_1_5 : SSTP_VERSION_1_6;
    if (rng_is_one_in(maker->rng, 8))
        command->ephemeral_reserved_len = rng_is_one_in(maker->rng, 2) ? 4 : 5;
    for (size_t i = 0; i < info->num_steps; i++)
        fill_in(maker, command, &info->steps[i]);
    if ((command->flags & SSTP_MESSAGE_FLAG_EPHEMERAL) == 0 || id != SSTP_MESSAGE)
        command->ephemeral_reserved_len = 0;
}

size_t maker_encode(struct maker *maker, const struct sstp_command *command, bool is_damaged,
                    uint8_t *bytes)
{
    size_t len = sstp_command_encode(command, bytes, SSTP_COMMAND_LEN_MAX);
    if (!is_damaged || len < SSTP_HEADER_LEN)
        return len;
    switch (rng_below(maker->rng, 5)) {
    case 0: /* a byte is another */
        bytes[rng_below(maker->rng, len)] = (uint8_t)rng_next(maker->rng);
        return len;
    case 1: /* it ends early, and does not know */
        return rng_below(maker->rng, len + 1);
    case 2: /* it ends early */
        len = SSTP_HEADER_LEN + rng_below(maker->rng, len - SSTP_HEADER_LEN + 1);
        break;
    case 3: /* something is left */
        memset(bytes + len, 0, len + 2 <= SSTP_COMMAND_LEN_MAX ? 2 : 0);
        len += len + 2 <= SSTP_COMMAND_LEN_MAX ? 2 : 0;
        break;
    default: /* any length */
        bytes[1] = (uint8_t)rng_next(maker->rng);
        bytes[2] = (uint8_t)(rng_next(maker->rng) & 3);
        return len;
    }
    bytes[1] = (uint8_t)len;
    bytes[2] = (uint8_t)(len >> 8);
    return len;
}
