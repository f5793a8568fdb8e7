/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client believes no relay that does not prove that it knows the keys (GRVSSTP
 * 3.2.4.1.1-3, 3.2.5.15, 3.2.5.18), with a relay that is told what to say. */
#include "client/client.h"

#include "rows.h"

#include <glib.h>

#define RELAY_URL "grooveDNS://relay"

/* What the relay does that it should not. */
enum fault {
    NONE,
    NO_TOKENS, /* it does not authenticate: no fault either */
    CONNECT_WITH_WRONG_KEY,
    ATTACH_WITH_WRONG_KEY,
    ATTACH_REJECTED,
    ATTACH_CLOSED,
    REGISTER_WITH_WRONG_KEY,
    REGISTER_CLOSED,
    IDENTITIES_CLOSED
};

struct scene {
    enum fault fault;
    bool knows_client; /* it has been registered before */
    struct sstp_client *client;
    struct sstp_ep *relay;
    uint8_t random, token[SSTP_SEC_TOKEN_MAX];
    struct sstp_sec_secret device_key, account_key;
    struct sstp_sec_secret nonce;
    bool is_ready;
    char *failure;
    int reason_id; /* of the client's ConnectClose, or -1 */
    unsigned num_attaches, num_registers;
};

static void fill(void *cookie, void *bytes, size_t len)
{
    struct scene *scene = cookie;
    for (uint8_t *at = bytes; len > 0; at++, len--)
        *at = scene->random++;
}

/* ------------------------------------------------------------------------
 * The relay
 */

/* Answers a challenge, as one who knows the key, or does not. */
static struct sstp_span respond(struct scene *scene, enum sstp_sec_message challenge,
                                enum sstp_sec_message response, const struct sstp_sec_secret *key,
                                struct sstp_span token, bool is_wrong)
{
    const struct sstp_sec_random random = {fill, scene};
    const struct sstp_sec_secret wrong = {{9}};
    struct sstp_sec_secret nonce;
    g_assert_true(sstp_sec_challenge_read(challenge, key, token, &nonce));
    const size_t len = sstp_sec_response_write(response, is_wrong ? &wrong : key, &random, &nonce,
                                               &scene->nonce, scene->token, sizeof scene->token);
    return sstp_span(scene->token, len);
}

static struct sstp_span bare(struct scene *scene, enum sstp_sec_message id)
{
    return sstp_span(scene->token, sstp_sec_bare_write(id, scene->token, sizeof scene->token));
}

static void on_connect(struct scene *scene, const struct sstp_ep_event *event)
{
    if (scene->fault == NO_TOKENS)
        return;
    event->connect_answer->token =
        scene->knows_client
            ? respond(scene, SSTP_SEC_CONNECT, SSTP_SEC_CONNECT_RESPONSE, &scene->device_key,
                      event->command->token, scene->fault == CONNECT_WITH_WRONG_KEY)
            : bare(scene, SSTP_SEC_CONNECT_RESPONSE_DEVICE_REGISTRATION_NEEDED);
}

static void on_attach(struct scene *scene, const struct sstp_ep_event *event)
{
    uint8_t response_id = SSTP_ATTACH_RESPONSE_OK;
    struct sstp_span token = {NULL, 0};

    scene->num_attaches++;
    if (scene->fault == ATTACH_CLOSED) {
        (void)sstp_ep_close_session(scene->relay, event->session_id, SSTP_CLOSE_INTERNAL_ERROR);
        return;
    }
    if (scene->fault == ATTACH_REJECTED) {
        response_id = SSTP_ATTACH_RESPONSE_ATTACH_REJECTED;
        token = bare(scene, SSTP_SEC_ATTACH_RESPONSE_AUTHENTICATION_FAILED);
    } else if (!scene->knows_client) {
        response_id = SSTP_ATTACH_RESPONSE_AWAITING_REGISTER;
        token = bare(scene, SSTP_SEC_ATTACH_RESPONSE_ACCOUNT_REGISTRATION_NEEDED);
    } else if (scene->fault != NO_TOKENS) {
        token = respond(scene, SSTP_SEC_ATTACH, SSTP_SEC_ATTACH_RESPONSE, &scene->account_key,
                        event->command->token, scene->fault == ATTACH_WITH_WRONG_KEY);
    }
    (void)sstp_ep_attach_response(scene->relay, event->session_id, response_id, token);
}

static void on_register(struct scene *scene, const struct sstp_ep_event *event)
{
    const struct sstp_sec_secret wrong = {{9}};
    const bool closes = event->is_attach_session ? scene->fault == REGISTER_CLOSED
                                                 : scene->fault == IDENTITIES_CLOSED;
    size_t len = 0;

    scene->num_registers++;
    if (closes) {
        (void)sstp_ep_close_session(scene->relay, event->session_id, SSTP_CLOSE_INTERNAL_ERROR);
        return;
    }
    if (event->is_attach_session)
        len = sstp_sec_register_response_write(
            scene->fault == REGISTER_WITH_WRONG_KEY ? &wrong : &scene->device_key, scene->token,
            sizeof scene->token);
    (void)sstp_ep_register_response(scene->relay, event->session_id, sstp_span(scene->token, len));
}

static void on_relay_event(void *cookie, struct sstp_ep *ep, const struct sstp_ep_event *event)
{
    struct scene *scene = cookie;
    (void)ep;
    switch ((int)event->kind) { /* of interest here */
    case SSTP_EP_EVENT_CONNECT:
        on_connect(scene, event);
        break;
    case SSTP_EP_EVENT_ATTACH:
        on_attach(scene, event);
        break;
    case SSTP_EP_EVENT_REGISTER:
        on_register(scene, event);
        break;
    case SSTP_EP_EVENT_CLOSED:
        scene->reason_id = event->reason_id;
        break;
    }
}

/* ------------------------------------------------------------------------
 * The client
 */

static void on_event(void *cookie, struct sstp_ep *ep, const struct sstp_ep_event *event)
{
    (void)cookie;
    (void)ep;
    (void)event;
}

static void on_ready(void *cookie, struct sstp_client *client)
{
    struct scene *scene = cookie;
    (void)client;
    scene->is_ready = true;
}

static void on_failed(void *cookie, struct sstp_client *client, const char *why)
{
    struct scene *scene = cookie;
    (void)client;
    g_assert_null(scene->failure); /* once */
    scene->failure = g_strdup(why);
}

static bool carry(struct sstp_ep *from, struct sstp_ep *to)
{
    const struct sstp_span output = sstp_ep_output(from);
    uint8_t *bytes = g_memdup2(output.data, output.len);
    sstp_ep_output_taken(from, output.len);
    sstp_ep_receive(to, bytes, output.len);
    g_free(bytes);
    return output.len > 0;
}

/* Plays the registration to its end. */
static void play(struct scene *scene)
{
    static const char *const relay_urls[] = {RELAY_URL};
    static const char *const identity_urls[] = {"grooveIdentity://bob"};
    scene->reason_id = -1;
    scene->device_key = sstp_sec_derive_key("secret", "dpp:///bob");
    scene->account_key = sstp_sec_derive_key("secret", "account");
    scene->relay = sstp_ep_new(&(struct sstp_ep_config){.mem = &sstp_mem_libc,
                                                        .role = SSTP_EP_RELAY,
                                                        .device_urls = relay_urls,
                                                        .num_device_urls = 1,
                                                        .product_version = "",
                                                        .event = on_relay_event,
                                                        .cookie = scene});
    scene->client = sstp_client_new(&(struct sstp_client_config){.device_url = "dpp:///bob",
                                                                 .target_url = RELAY_URL,
                                                                 .is_originator = true,
                                                                 .attaches = true,
                                                                 .account_url = "account",
                                                                 .identity_urls = identity_urls,
                                                                 .num_identities = 1,
                                                                 .device_key = scene->device_key,
                                                                 .account_key = scene->account_key,
                                                                 .random = {fill, scene},
                                                                 .product_version = "",
                                                                 .ready = on_ready,
                                                                 .failed = on_failed,
                                                                 .event = on_event,
                                                                 .cookie = scene});
    g_assert_cmpint(sstp_client_start(scene->client), ==, SSTP_EP_OK);
    struct sstp_ep *ep = sstp_client_ep(scene->client);
    for (unsigned rounds = 0; carry(ep, scene->relay) || carry(scene->relay, ep); rounds++)
        g_assert_cmpuint(rounds, <, 100);
    sstp_client_free(scene->client);
    sstp_ep_free(scene->relay);
}

#define REGISTRATION_ENDED                                                                         \
    "the relay ended the registration: InternalError (it takes 1000 identities of an account, or " \
    "see its --max-events)"

struct row {
    const char *name;
    bool knows_client;
    enum fault fault;
    const char *failure; /* NULL: it becomes ready */
    int reason_id;
    unsigned num_attaches, num_registers; /* how far it goes */
};

#define DECRYPTION_FAILED SSTP_CONNECT_CLOSE_DECRYPTION_FAILED
#define NO_REASON SSTP_CONNECT_CLOSE_NO_REASON

static const struct row rows[] = {
    {"new", false, NONE, NULL, -1, 1, 2},
    {"known", true, NONE, NULL, -1, 1, 1},
    {"no-tokens", true, NO_TOKENS, NULL, -1, 1, 1},
    {"3.2.4.1.1-connect-proof", true, CONNECT_WITH_WRONG_KEY,
     "the relay does not know the device's key", DECRYPTION_FAILED, 0, 0},
    {"3.2.5.15-attach-proof", true, ATTACH_WITH_WRONG_KEY,
     "the relay does not know the account's key", DECRYPTION_FAILED, 1, 0},
    {"3.2.5.15-attach-rejected", true, ATTACH_REJECTED,
     "the relay rejected the account: AttachRejected", NO_REASON, 1, 0},
    {"3.2.5.9-attach-closed", true, ATTACH_CLOSED, REGISTRATION_ENDED, NO_REASON, 1, 0},
    {"3.2.5.18-register-proof", false, REGISTER_WITH_WRONG_KEY,
     "the relay's answer to the registration is not in order", DECRYPTION_FAILED, 1, 1},
    {"3.2.5.9-register-closed", false, REGISTER_CLOSED, REGISTRATION_ENDED, NO_REASON, 1, 1},
    {"3.2.5.9-identities-closed", true, IDENTITIES_CLOSED, REGISTRATION_ENDED, NO_REASON, 1, 1},
};

static void test_row(gconstpointer data)
{
    const struct row *row = data;
    struct scene scene = {.fault = row->fault, .knows_client = row->knows_client};
    play(&scene);
    g_assert_cmpstr(scene.failure, ==, row->failure);
    g_assert_true(scene.is_ready == (row->failure == NULL));
    g_assert_cmpint(scene.reason_id, ==, row->reason_id);
    g_assert_cmpuint(scene.num_attaches, ==, row->num_attaches);
    g_assert_cmpuint(scene.num_registers, ==, row->num_registers);
    g_free(scene.failure);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_rows("/client", rows, test_row);
    return g_test_run();
}
