/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/client.h"

#include "client/hint.h"
#include "core/mnemonics.h"
#include "base/reason.h"

#include <stdio.h>

struct sstp_client {
    struct sstp_client_config config;
    struct sstp_ep *ep;
    bool is_ready;
    bool has_failed;
    bool is_registering_device;
    size_t num_registered; /* identities, with those of the Register under way */
    uint32_t attach_id;
    struct sstp_sec_secret connect_nonce, attach_nonce;
    uint8_t token[SSTP_SEC_REGISTER_MAX];
};

static void on_event(void *cookie, struct sstp_ep *ep, const struct sstp_ep_event *event);

struct sstp_client *sstp_client_new(const struct sstp_client_config *config)
{
    struct sstp_client *client = sstp_mem_libc.resize(sstp_mem_libc.cookie, NULL, sizeof *client);
    if (client == NULL)
        return NULL;
    memset(client, 0, sizeof *client);
    client->config = *config;
    const struct sstp_ep_config ep_config = {.mem = &sstp_mem_libc,
                                             .role = SSTP_EP_CLIENT,
                                             .is_originator = config->is_originator,
                                             .device_urls = &client->config.device_url,
                                             .num_device_urls = 1,
                                             .major_version = config->major_version,
                                             .minor_version = config->minor_version,
                                             .product_version = config->product_version,
                                             .now_ms = config->now_ms,
                                             .ack_delay_ms = config->ack_delay_ms,
                                             .connect_timeout_ms = config->connect_timeout_ms,
                                             .open_timeout_ms = config->open_timeout_ms,
                                             .auth_timeout_ms = config->auth_timeout_ms,
                                             .outbound_idle_ms = config->outbound_idle_ms,
                                             .inbound_idle_ms = config->inbound_idle_ms,
                                             .first_session_id = config->first_session_id,
                                             .limits = config->limits,
                                             .event = on_event,
                                             .cookie = client,
                                             .witness = config->witness};
    client->ep = sstp_ep_new(&ep_config);
    if (client->ep == NULL) {
        sstp_client_free(client);
        return NULL;
    }
    return client;
}

void sstp_client_free(struct sstp_client *client)
{
    if (client == NULL)
        return;
    sstp_ep_free(client->ep);
    sstp_mem_libc.resize(sstp_mem_libc.cookie, client, 0);
}

struct sstp_ep *sstp_client_ep(struct sstp_client *client)
{
    return client->ep;
}

enum sstp_ep_err sstp_client_start(struct sstp_client *client)
{
    size_t len = 0;
    if (client->config.attaches)
        len = sstp_sec_challenge_write(SSTP_SEC_CONNECT, &client->config.device_key,
                                       &client->config.random, &client->connect_nonce,
                                       client->token, SSTP_SEC_TOKEN_MAX);
    return sstp_ep_connect(client->ep, client->config.target_url, sstp_span(client->token, len));
}

static void fail(struct sstp_client *client, uint8_t reason_id, const char *why)
{
    if (client->has_failed)
        return;
    client->has_failed = true;
    if (client->config.failed != NULL)
        client->config.failed(client->config.cookie, client, why);
    sstp_ep_close_connection(client->ep, reason_id, 0);
}

/* The relay will not have it, and has said why. */
static void fail_for(struct sstp_client *client, const char *what, struct reason reason,
                     const char *hint)
{
    char why[256];
    snprintf(why, sizeof why, "%s: %s%s", what, reason.text, hint);
    fail(client, SSTP_CONNECT_CLOSE_NO_REASON, why);
}

/* Whether a step could be sent. */
static void check(struct sstp_client *client, enum sstp_ep_err err)
{
    if (err != SSTP_EP_OK)
        fail(client, SSTP_CONNECT_CLOSE_INTERNAL_ERROR, "out of memory, or a URL is too long");
}

static void become_ready(struct sstp_client *client)
{
    client->is_ready = true;
    if (client->config.ready != NULL)
        client->config.ready(client->config.cookie, client);
}

/* ------------------------------------------------------------------------
 * The steps, in order
 */

static void attach(struct sstp_client *client)
{
    const struct sstp_client_config *config = &client->config;
    const size_t len =
        sstp_sec_challenge_write(SSTP_SEC_ATTACH, &config->account_key, &config->random,
                                 &client->attach_nonce, client->token, SSTP_SEC_TOKEN_MAX);
    check(client, sstp_ep_attach(client->ep, sstp_span_of_string(config->target_url),
                                 sstp_span_of_string(config->account_url),
                                 sstp_span(client->token, len), &client->attach_id));
}

/* As many as one Register takes; the next one follows upon its answer. */
static void register_identities(struct sstp_client *client)
{
    const struct sstp_client_config *config = &client->config;
    const char *const *urls = config->identity_urls + client->num_registered;
    const size_t num_left = config->num_identities - client->num_registered;
    const size_t num =
        sstp_sec_identities_num_fitting(config->account_url, urls, num_left, sizeof client->token);
    uint32_t event_id;
    if (num == 0 && num_left > 0) {
        check(client, SSTP_EP_TOO_LONG);
        return;
    }
    const size_t len = sstp_sec_identities_write(config->account_url, urls, num, client->token,
                                                 sizeof client->token);
    client->num_registered += num;
    check(client, len == 0
                      ? SSTP_EP_TOO_LONG
                      : sstp_ep_register_new(client->ep, sstp_span(client->token, len), &event_id));
}

static void on_established(struct sstp_client *client, const struct sstp_ep_event *event)
{
    const struct sstp_client_config *config = &client->config;
    const struct sstp_span token = event->command->token;
    struct sstp_sec_secret nonce;

    if (!config->attaches) {
        become_ready(client);
        return;
    }
    if (sstp_sec_message_id(token) == SSTP_SEC_CONNECT_RESPONSE) {
        if (!sstp_sec_response_read(SSTP_SEC_CONNECT_RESPONSE, &config->device_key, token,
                                    &client->connect_nonce, &nonce)) {
            fail(client, SSTP_CONNECT_CLOSE_DECRYPTION_FAILED,
                 "the relay does not know the device's key");
            return;
        }
        const size_t len =
            sstp_sec_authenticate_write(SSTP_SEC_CONNECT_AUTHENTICATE, &config->device_key, &nonce,
                                        client->token, SSTP_SEC_TOKEN_MAX);
        check(client, sstp_ep_connect_authenticate(client->ep, sstp_span(client->token, len)));
    }
    /* No token at all: a relay that does not authenticate. */
    if (!client->has_failed)
        attach(client);
}

static void register_device(struct sstp_client *client, bool is_new_device)
{
    const struct sstp_sec_registration registration = {.device_key = client->config.device_key,
                                                       .account_key = client->config.account_key,
                                                       .is_new_device = is_new_device};
    const size_t len = sstp_sec_register_write(&registration, client->token, sizeof client->token);
    client->is_registering_device = true;
    check(client, sstp_ep_register(client->ep, client->attach_id, sstp_span(client->token, len)));
}

static void on_attach_response(struct sstp_client *client, const struct sstp_ep_event *event)
{
    const struct sstp_client_config *config = &client->config;
    const struct sstp_span token = event->command->token;
    struct sstp_sec_secret nonce;

    if (event->response_id == SSTP_ATTACH_RESPONSE_AWAITING_REGISTER) {
        register_device(client, sstp_sec_message_id(token) ==
                                    SSTP_SEC_ATTACH_RESPONSE_NEW_DEVICE_REGISTRATION_NEEDED);
    } else if (event->response_id != SSTP_ATTACH_RESPONSE_OK) {
        fail_for(client, "the relay rejected the account",
                 reason_of(sstp_attach_response_name(event->response_id), event->response_id), "");
    } else if (token.len == 0) {
        register_identities(client);
    } else if (!sstp_sec_response_read(SSTP_SEC_ATTACH_RESPONSE, &config->account_key, token,
                                       &client->attach_nonce, &nonce)) {
        fail(client, SSTP_CONNECT_CLOSE_DECRYPTION_FAILED,
             "the relay does not know the account's key");
    } else {
        const size_t len =
            sstp_sec_authenticate_write(SSTP_SEC_ATTACH_AUTHENTICATE, &config->account_key, &nonce,
                                        client->token, SSTP_SEC_TOKEN_MAX);
        check(client, sstp_ep_attach_authenticate(client->ep, client->attach_id,
                                                  sstp_span(client->token, len)));
        if (!client->has_failed)
            register_identities(client);
    }
}

static void on_register_response(struct sstp_client *client, const struct sstp_ep_event *event)
{
    if (!client->is_registering_device) {
        if (client->num_registered < client->config.num_identities)
            register_identities(client);
        else
            become_ready(client);
        return;
    }
    client->is_registering_device = false;
    if (sstp_sec_register_response_read(&client->config.device_key, event->command->token))
        register_identities(client);
    else
        fail(client, SSTP_CONNECT_CLOSE_DECRYPTION_FAILED,
             "the relay's answer to the registration is not in order");
}

static void on_event(void *cookie, struct sstp_ep *ep, const struct sstp_ep_event *event)
{
    struct sstp_client *client = cookie;
    const bool is_attaching = client->config.attaches && !client->is_ready;

    if (event->kind == SSTP_EP_EVENT_ESTABLISHED) {
        client->config.event(client->config.cookie, ep, event);
        if (sstp_ep_state(ep) == SSTP_CONNECTION_ESTABLISHED)
            on_established(client, event);
    } else if (event->kind == SSTP_EP_EVENT_ATTACH_RESPONSE && is_attaching) {
        on_attach_response(client, event);
    } else if (event->kind == SSTP_EP_EVENT_REGISTER_RESPONSE && is_attaching) {
        on_register_response(client, event);
    } else if (event->kind == SSTP_EP_EVENT_SESSION_CLOSED && is_attaching && !event->is_local) {
        fail_for(client, "the relay ended the registration",
                 reason_of(sstp_close_reason_name(event->reason_id), event->reason_id),
                 client_hint_register(event->reason_id));
    } else {
        client->config.event(client->config.cookie, ep, event);
    }
}
