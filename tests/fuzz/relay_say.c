/* SPDX-License-Identifier: GPL-2.0-or-later */
/* relay_say: the commands and bytes that visitors of the fuzzed relay say. */
#include "relay_world.h"

#include "core/encode.h"

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

void do_command(struct visitor *visitor, struct program_step *step)
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

void do_bytes(struct visitor *visitor, struct program_step *step)
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

void log_in(struct visitor *visitor, unsigned stages, unsigned identities)
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
