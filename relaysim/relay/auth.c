/* SPDX-License-Identifier: GPL-2.0-or-later */
/* auth: who is there: Connect, Attach, Register (GRVSSTP 3.3.5.1, 3.3.5.3,
 * 3.3.5.14-17), with the tokens of the private profile of security/security.h. */
#include "relay/hop.h"

#include "base/url.h"

void relay_attach_free(void *data)
{
    struct relay_attach *attach = data;
    g_free(attach->account_url);
    g_free(attach);
}

static bool uses_tokens(const struct sstp_relay *relay)
{
    return relay->config.auth != SSTP_RELAY_AUTH_OFF;
}

/* ------------------------------------------------------------------------
 * Device authentication
 */

/* The token and ResponseId that a SecConnect earns (GRVSSTPS 3.3.5.1). */
static void check_sec_connect(struct sstp_relay_connection *connection, struct sstp_span token,
                              struct sstp_ep_connect_answer *answer)
{
    struct sstp_relay *relay = connection->relay;
    const struct sstp_registry_device *device =
        sstp_registry_find_device(relay->registry, connection->device_url);
    struct sstp_sec_secret nonce;
    size_t len;

    if (sstp_sec_message_id(token) == SSTP_SEC_CONNECT && device == NULL) {
        len = sstp_sec_bare_write(SSTP_SEC_CONNECT_RESPONSE_DEVICE_REGISTRATION_NEEDED,
                                  connection->token, sizeof connection->token);
        connection->has_token = true;
    } else if (device != NULL &&
               sstp_sec_challenge_read(SSTP_SEC_CONNECT, &device->key, token, &nonce)) {
        len = sstp_sec_response_write(SSTP_SEC_CONNECT_RESPONSE, &device->key,
                                      &relay->config.random, &nonce, &connection->nonce,
                                      connection->token, sizeof connection->token);
        connection->has_token = true;
        connection->awaits_authenticate = true;
    } else {
        len = sstp_sec_bare_write(SSTP_SEC_CONNECT_RESPONSE_AUTHENTICATION_FAILED,
                                  connection->token, sizeof connection->token);
        answer->response_id = SSTP_CONNECT_RESPONSE_AUTHENTICATION_FAILED;
    }
    answer->token = sstp_span(connection->token, len);
}

bool relay_connection_is_device(const struct sstp_relay_connection *connection, const char *url)
{
    for (guint i = 0; i < connection->device_urls->len; i++)
        if (strcmp(g_ptr_array_index(connection->device_urls, i), url) == 0)
            return true;
    return false;
}

/* Keeps the SourceDeviceURLs as far as they count; returns whether any of all is locked
 * out. */
static bool take_devices(struct sstp_relay_connection *connection, const struct sstp_list *urls)
{
    const struct sstp_relay *relay = connection->relay;
    struct sstp_reader r = sstp_reader(urls->bytes);
    bool is_locked_out = false;
    for (unsigned i = 0; i < urls->count; i++) {
        char *url = relay_string(sstp_read_string(&r));
        is_locked_out = is_locked_out || relay_is_locked_out(relay, url);
        if (i == 0)
            connection->device_url = g_strdup(url);
        if ((i == 0 || !uses_tokens(relay)) && !relay_connection_is_device(connection, url))
            g_ptr_array_add(connection->device_urls, url);
        else
            g_free(url);
    }
    return is_locked_out;
}

/* Other relays have no account, and no proof either (GRVSSTP 3.1.4.1): those that this
 * one is told of are believed. */
static bool is_peer(const struct sstp_relay *relay, struct sstp_relay_connection *connection)
{
    connection->is_trusted = relay_peer_find(relay, connection->device_url) != NULL;
    return connection->is_trusted;
}

/* In the order of GRVSSTP 3.1.5.1, from there on. */
void relay_judge_connect(struct sstp_relay_connection *connection, struct sstp_span token,
                         struct sstp_ep_connect_answer *answer)
{
    struct sstp_relay *relay = connection->relay;
    const struct sstp_relay_config *config = &relay->config;

    if (relay->is_resting || connection->is_unwelcome ||
        relay->num_established >= config->max_connections) {
        answer->response_id = SSTP_CONNECT_RESPONSE_TRY_LATER;
        answer->retry_time = config->retry_time;
        if (!relay->is_resting && !connection->is_unwelcome)
            relay_tell(connection, RELAY_REFUSAL_CONNECTION,
                       "%s is refused, there are %zu connections: see --max-connections",
                       connection->device_url, relay->num_established);
    } else if (uses_tokens(relay) && token.len > 0) {
        check_sec_connect(connection, token, answer);
    } else if (config->auth == SSTP_RELAY_AUTH_REQUIRED && !is_peer(relay, connection)) {
        answer->response_id = SSTP_CONNECT_RESPONSE_AUTHENTICATION_FAILED;
    }
}

void relay_on_connect(struct sstp_relay_connection *connection, const struct sstp_ep_event *event)
{
    const struct sstp_command *connect = event->command;
    struct sstp_ep_connect_answer *answer = event->connect_answer;
    const bool is_locked_out = take_devices(connection, &connect->device_urls);

    if (is_locked_out) {
        answer->response_id = SSTP_CONNECT_RESPONSE_CONNECT_REJECTED;
    } else if (!connection->is_unwelcome && relay_is_crossed(connection)) {
        relay_crossed_await(connection, connect->token, answer);
    } else {
        relay_judge_connect(connection, connect->token, answer);
    }
}

void relay_on_connect_authenticate(struct sstp_relay_connection *connection,
                                   const struct sstp_ep_event *event)
{
    struct sstp_relay *relay = connection->relay;
    const struct sstp_registry_device *device =
        sstp_registry_find_device(relay->registry, connection->device_url);

    if (!uses_tokens(relay))
        return;
    if (connection->awaits_authenticate && device != NULL &&
        sstp_sec_authenticate_read(SSTP_SEC_CONNECT_AUTHENTICATE, &device->key,
                                   event->command->token, &connection->nonce)) {
        connection->awaits_authenticate = false;
        connection->is_authenticated = true;
        relay_log(connection, "device authenticated");
        return;
    }
    sstp_ep_close_connection(connection->ep, SSTP_CONNECT_CLOSE_STALE_CONNECT_AUTHENTICATE, 0);
}

/* ------------------------------------------------------------------------
 * Account authentication
 */

static void answer_attach(struct sstp_relay_connection *connection, uint32_t event_id,
                          uint8_t response_id, enum sstp_sec_message id)
{
    const size_t len = sstp_sec_bare_write(id, connection->token, sizeof connection->token);
    (void)sstp_ep_attach_response(connection->ep, event_id, response_id,
                                  sstp_span(connection->token, len));
}

static void reject_attach(struct sstp_relay_connection *connection, uint32_t event_id)
{
    answer_attach(connection, event_id, SSTP_ATTACH_RESPONSE_ATTACH_REJECTED,
                  SSTP_SEC_ATTACH_RESPONSE_AUTHENTICATION_FAILED);
    g_hash_table_remove(connection->attaches, GUINT_TO_POINTER(event_id));
    (void)sstp_ep_close_session(connection->ep, event_id, SSTP_CLOSE_USER_AUTHENTICATION_FAILED);
}

void relay_on_attach(struct sstp_relay_connection *connection, const struct sstp_ep_event *event)
{
    struct sstp_relay *relay = connection->relay;
    const uint32_t id = event->session_id;
    struct relay_attach *attach = g_new0(struct relay_attach, 1);
    struct sstp_sec_secret nonce;

    attach->account_url = relay_string(event->command->account_url);
    g_hash_table_insert(connection->attaches, GUINT_TO_POINTER(id), attach);
    if (relay_is_locked_out(relay, attach->account_url)) {
        reject_attach(connection, id);
        return;
    }
    if (!uses_tokens(relay)) {
        attach->is_authenticated = true;
        (void)sstp_ep_attach_response(connection->ep, id, SSTP_ATTACH_RESPONSE_OK,
                                      sstp_span(NULL, 0));
        return;
    }
    const struct sstp_registry_device *device =
        sstp_registry_find_device(relay->registry, connection->device_url);
    const struct sstp_registry_account *account =
        sstp_registry_find_account(relay->registry, attach->account_url);
    if (!connection->has_token || (device != NULL && !connection->is_authenticated)) {
        reject_attach(connection, id); /* who does not say which device it is */
    } else if (account == NULL) {
        answer_attach(connection, id, SSTP_ATTACH_RESPONSE_AWAITING_REGISTER,
                      SSTP_SEC_ATTACH_RESPONSE_ACCOUNT_REGISTRATION_NEEDED);
    } else if (!sstp_sec_challenge_read(SSTP_SEC_ATTACH, &account->key, event->command->token,
                                        &nonce)) {
        reject_attach(connection, id);
    } else if (device == NULL ||
               !g_hash_table_contains(device->account_urls, attach->account_url)) {
        answer_attach(connection, id, SSTP_ATTACH_RESPONSE_AWAITING_REGISTER,
                      SSTP_SEC_ATTACH_RESPONSE_NEW_DEVICE_REGISTRATION_NEEDED);
    } else {
        attach->awaits_authenticate = true;
        const size_t len = sstp_sec_response_write(SSTP_SEC_ATTACH_RESPONSE, &account->key,
                                                   &relay->config.random, &nonce, &attach->nonce,
                                                   connection->token, sizeof connection->token);
        (void)sstp_ep_attach_response(connection->ep, id, SSTP_ATTACH_RESPONSE_OK,
                                      sstp_span(connection->token, len));
    }
}

void relay_on_attach_authenticate(struct sstp_relay_connection *connection,
                                  const struct sstp_ep_event *event)
{
    struct sstp_relay *relay = connection->relay;
    struct relay_attach *attach =
        g_hash_table_lookup(connection->attaches, GUINT_TO_POINTER(event->session_id));

    if (attach == NULL || !uses_tokens(relay))
        return;
    const struct sstp_registry_account *account =
        sstp_registry_find_account(relay->registry, attach->account_url);
    if (attach->awaits_authenticate && account != NULL &&
        sstp_sec_authenticate_read(SSTP_SEC_ATTACH_AUTHENTICATE, &account->key,
                                   event->command->token, &attach->nonce)) {
        attach->awaits_authenticate = false;
        attach->is_authenticated = true;
        relay_log(connection, "account %s attached", attach->account_url);
        return;
    }
    g_hash_table_remove(connection->attaches, GUINT_TO_POINTER(event->session_id));
    (void)sstp_ep_close_session(connection->ep, event->session_id,
                                SSTP_CLOSE_STALE_ATTACH_AUTHENTICATE);
}

/* ------------------------------------------------------------------------
 * Registration
 */

static void go_online(struct sstp_relay_connection *connection, const char *identity_url)
{
    GHashTable *online = connection->relay->online;
    relay_auth_timer_stop(connection); /* it has said all that there is to prove */
    if (g_hash_table_contains(connection->identities, identity_url))
        return;
    g_hash_table_add(connection->identities, g_strdup(identity_url));
    GPtrArray *connections = g_hash_table_lookup(online, identity_url);
    if (connections == NULL) {
        connections = g_ptr_array_new();
        g_hash_table_insert(online, g_strdup(identity_url), connections);
    }
    g_ptr_array_add(connections, connection);
}

/* A Register whose answer waits until the store has what it says. */
struct registering {
    struct sstp_relay_connection *connection; /* NULL once it is gone */
    uint32_t event_id;
    struct sstp_sec_secret device_key;
    GPtrArray *identity_urls; /* NULL: a device and its account */
    GList link;               /* in connection->registering */
};

static void answer_register(struct sstp_relay_connection *connection,
                            const struct registering *registering)
{
    const GPtrArray *urls = registering->identity_urls;
    size_t len = 0;

    if (urls == NULL)
        len = sstp_sec_register_response_write(&registering->device_key, connection->token,
                                               sizeof connection->token);
    if (sstp_ep_register_response(connection->ep, registering->event_id,
                                  sstp_span(connection->token, len)) != SSTP_EP_OK)
        return;
    relay_wake(connection);
    for (guint i = 0; urls != NULL && i < urls->len; i++)
        go_online(connection, g_ptr_array_index(urls, i));
    for (guint i = 0; urls != NULL && i < urls->len; i++)
        relay_deliver_all(connection->relay, g_ptr_array_index(urls, i));
}

static void on_registered(void *cookie)
{
    struct registering *registering = cookie;
    if (registering->connection != NULL) {
        struct sstp_relay *relay = registering->connection->relay;
        relay_turn_begin(relay);
        g_queue_unlink(&registering->connection->registering, &registering->link);
        answer_register(registering->connection, registering);
        relay_turn_end(relay);
    }
    if (registering->identity_urls != NULL)
        g_ptr_array_unref(registering->identity_urls);
    g_free(registering);
}

static void answer_when_safe(struct sstp_relay_connection *connection, uint32_t event_id,
                             const struct sstp_sec_secret *device_key, GPtrArray *identity_urls)
{
    struct registering *registering = g_new0(struct registering, 1);
    registering->connection = connection;
    registering->event_id = event_id;
    if (device_key != NULL)
        registering->device_key = *device_key;
    if (identity_urls != NULL)
        registering->identity_urls = g_ptr_array_ref(identity_urls);
    registering->link.data = registering;
    g_queue_push_tail_link(&connection->registering, &registering->link);
    sstp_store_await_registry(connection->relay->store, on_registered, registering);
}

void relay_forget_registering(struct sstp_relay_connection *connection)
{
    GList *link;
    while ((link = g_queue_pop_head_link(&connection->registering)) != NULL) {
        struct registering *registering = link->data;
        registering->connection = NULL;
    }
}

static void refuse_register(struct sstp_relay_connection *connection, uint32_t event_id,
                            uint8_t reason_id)
{
    g_hash_table_remove(connection->attaches, GUINT_TO_POINTER(event_id));
    (void)sstp_ep_close_session(connection->ep, event_id, reason_id);
}

/* The store cannot keep what they say: that is a reason, and no silence. */
void relay_on_registry_failing(void *cookie)
{
    struct sstp_relay *relay = cookie;
    GHashTableIter iter;
    gpointer key;
    relay_turn_begin(relay);
    g_hash_table_iter_init(&iter, relay->connections);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        struct sstp_relay_connection *connection = key;
        GList *link;
        while ((link = g_queue_pop_head_link(&connection->registering)) != NULL) {
            struct registering *registering = link->data;
            registering->connection = NULL;
            relay_log(connection, "a Register is refused, for the store cannot be written");
            refuse_register(connection, registering->event_id, SSTP_CLOSE_INTERNAL_ERROR);
            relay_wake(connection);
        }
    }
    relay_turn_end(relay);
}

static void register_device(struct sstp_relay_connection *connection, uint32_t event_id,
                            struct relay_attach *attach, struct sstp_span token)
{
    struct sstp_sec_registration registration;

    if (!connection->has_token || !sstp_sec_register_read(token, &registration) ||
        !sstp_registry_has_keys(connection->relay->registry, connection->device_url,
                                &registration.device_key, attach->account_url,
                                &registration.account_key)) {
        relay_log(connection,
                  "is not registered with %s: the token is none, or another key is known",
                  attach->account_url);
        refuse_register(connection, event_id, SSTP_CLOSE_PROTOCOL_ERROR);
        return;
    }
    if (!sstp_registry_add(connection->relay->registry, connection->device_url,
                           &registration.device_key, attach->account_url,
                           &registration.account_key)) {
        relay_tell(connection, RELAY_REFUSAL_REGISTRY,
                   "%s is not registered with %s: there are %u devices or accounts, or as many "
                   "bytes of them as there may be",
                   connection->device_url, attach->account_url, SSTP_REGISTRY_MAX);
        refuse_register(connection, event_id, SSTP_CLOSE_INTERNAL_ERROR);
        return;
    }
    connection->is_authenticated = true;
    attach->is_authenticated = true;
    relay_log(connection, "account %s registered", attach->account_url);
    answer_when_safe(connection, event_id, &registration.device_key, NULL);
}

/* The attach of an account on this connection that has gone well. */
static bool has_attached(const struct sstp_relay_connection *connection, const char *account_url)
{
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, connection->attaches);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const struct relay_attach *attach = value;
        if (attach->is_authenticated && strcmp(attach->account_url, account_url) == 0)
            return true;
    }
    return false;
}

static void collect(void *cookie, struct sstp_span url)
{
    if (sstp_url_is_identity(url))
        g_ptr_array_add(cookie, relay_string(url));
}

/* Whether the connection may have these identities beside those that it has; without
 * accounts nothing else limits them. */
static bool has_room(const struct sstp_relay_connection *connection, const GPtrArray *urls)
{
    guint num = g_hash_table_size(connection->identities);
    for (guint i = 0; i < urls->len; i++)
        num += !g_hash_table_contains(connection->identities, g_ptr_array_index(urls, i));
    return num <= SSTP_REGISTRY_IDENTITIES_MAX;
}

/* Whether the account may have all of these: none is locked out, or belongs to another. */
static bool may_have(struct sstp_relay_connection *connection, const char *account_url,
                     const GPtrArray *urls)
{
    const struct sstp_relay *relay = connection->relay;
    for (guint i = 0; i < urls->len; i++) {
        const char *url = g_ptr_array_index(urls, i);
        if (relay_is_locked_out(relay, url)) {
            relay_tell(connection, RELAY_REFUSAL_LOCKED_OUT, "%s is not registered: see --lock-out",
                       url);
            return false;
        }
        if (uses_tokens(relay) && sstp_registry_is_of_another(relay->registry, account_url, url)) {
            relay_tell(connection, RELAY_REFUSAL_IDENTITY,
                       "%s is not registered for %s: it belongs to another account", url,
                       account_url);
            return false;
        }
    }
    return true;
}

static void register_identities(struct sstp_relay_connection *connection, uint32_t event_id,
                                struct sstp_span token)
{
    struct sstp_relay *relay = connection->relay;
    GPtrArray *urls = g_ptr_array_new_with_free_func(g_free);
    struct sstp_span account_span;
    const bool is_good = sstp_sec_identities_read(token, &account_span, collect, urls);
    char *account_url = relay_string(is_good ? account_span : sstp_span(NULL, 0));
    const struct sstp_registry_account *account =
        sstp_registry_find_account(relay->registry, account_url);

    uint8_t reason_id = SSTP_CLOSE_NO_REASON;
    if (!is_good)
        reason_id = SSTP_CLOSE_PROTOCOL_ERROR;
    else if (!has_attached(connection, account_url) || (uses_tokens(relay) && account == NULL) ||
             !may_have(connection, account_url, urls))
        reason_id = SSTP_CLOSE_USER_AUTHENTICATION_FAILED;
    else if (!has_room(connection, urls))
        reason_id = SSTP_CLOSE_INTERNAL_ERROR;
    /* What nobody has proven is not kept: it would keep the identity from whoever can. */
    for (guint i = 0; i < urls->len && reason_id == SSTP_CLOSE_NO_REASON; i++)
        if (uses_tokens(relay) &&
            !sstp_registry_add_identity(relay->registry, account_url, g_ptr_array_index(urls, i)))
            reason_id = SSTP_CLOSE_INTERNAL_ERROR;
    if (reason_id == SSTP_CLOSE_INTERNAL_ERROR)
        relay_tell(connection, RELAY_REFUSAL_IDENTITIES,
                   "identities of %s are not registered: it has more than %u, or the relay more "
                   "than it has room for",
                   account_url, SSTP_REGISTRY_IDENTITIES_MAX);
    if (reason_id != SSTP_CLOSE_NO_REASON)
        (void)sstp_ep_close_session(connection->ep, event_id, reason_id);
    else
        answer_when_safe(connection, event_id, NULL, urls);
    g_free(account_url);
    g_ptr_array_unref(urls);
}

void relay_on_register(struct sstp_relay_connection *connection, const struct sstp_ep_event *event)
{
    const struct sstp_span token = event->command->token;
    const bool is_for_identities = sstp_sec_message_id(token) == SSTP_SEC_IDENTITY_REGISTER;
    struct relay_attach *attach =
        g_hash_table_lookup(connection->attaches, GUINT_TO_POINTER(event->session_id));

    /* GRVSSTP 3.3.5.17: identities on a new EventId, all else on an Attach's. */
    if (is_for_identities == event->is_attach_session) {
        sstp_ep_close_connection(connection->ep, SSTP_CONNECT_CLOSE_TOO_MANY_UNKNOWN_SESSION_CMDS,
                                 0);
    } else if (is_for_identities) {
        register_identities(connection, event->session_id, token);
    } else if (attach != NULL) {
        register_device(connection, event->session_id, attach, token);
    }
}
