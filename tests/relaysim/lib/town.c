/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "town.h"

#include "town_link.h"

static void fill(void *cookie, void *bytes, size_t len)
{
    struct town *town = cookie;
    for (uint8_t *at = bytes; len > 0; at++, len--)
        *at = town->random++;
}

struct town *town_new(void)
{
    struct town *town = g_new0(struct town, 1);
    town->links = g_ptr_array_new();
    town->commands = g_string_new(NULL);
    for (size_t i = 0; i < TOWN_RELAYS_MAX; i++) {
        struct town_relay *relay = &town->relays[i];
        relay->town = town;
        relay->retry_time = 7;
        g_snprintf(relay->name, sizeof relay->name, "%zu", i + 1);
        g_snprintf(relay->url, sizeof relay->url, "grooveDNS://relay%zu", i + 1);
    }
    return town;
}

void town_free(struct town *town)
{
    for (size_t i = 0; i < TOWN_RELAYS_MAX; i++) {
        sstp_relay_free(town->relays[i].relay);
        sstp_ep_free(town->relays[i].puppet);
        if (town->relays[i].numbers != NULL)
            g_array_free(town->relays[i].numbers, TRUE);
    }
    for (size_t i = 0; i < town->num_clients; i++) {
        sstp_client_free(town->clients[i].client);
        g_string_free(town->clients[i].received, TRUE);
        g_array_free(town->clients[i].numbers, TRUE);
    }
    for (guint i = 0; i < town->links->len; i++)
        g_free(g_ptr_array_index(town->links, i));
    g_ptr_array_free(town->links, TRUE);
    g_string_free(town->commands, TRUE);
    g_free(town);
}

/* ------------------------------------------------------------------------
 * Relays
 */

static void on_wake(void *cookie, void *socket)
{
    struct town_end *end = socket;
    (void)cookie;
    end->is_awake = true;
}

static void on_relay_sent(void *socket, const struct sstp_command *command)
{
    town_note(socket, command);
}

static void on_puppet_event(void *cookie, struct sstp_ep *ep, const struct sstp_ep_event *event)
{
    struct town_relay *relay = cookie;
    (void)ep;
    switch ((int)event->kind) { /* of interest here */
    case SSTP_EP_EVENT_CONNECT:
        event->connect_answer->response_id = relay->connect_response;
        event->connect_answer->retry_time = relay->retry_time;
        break;
    case SSTP_EP_EVENT_OPENED:
        relay->opened_id = event->session_id;
        relay->opened_flags = event->command->flags;
        break;
    case SSTP_EP_EVENT_MESSAGE:
        g_array_append_val(relay->numbers, event->number);
        break;
    }
}

static void on_puppet_sent(void *cookie, const struct sstp_command *command)
{
    const struct town_relay *relay = cookie;
    for (guint i = relay->town->links->len; i-- > 0;) {
        const struct town_link *link = g_ptr_array_index(relay->town->links, i);
        if (link->ends[1].relay == relay && !link->is_cut) {
            town_note(&link->ends[1], command);
            break;
        }
    }
}

struct town_relay *town_puppet(struct town *town, unsigned number, uint8_t minor_version)
{
    struct town_relay *relay = &town->relays[number - 1];
    static const char *urls[TOWN_RELAYS_MAX];
    urls[number - 1] = relay->url;
    const struct sstp_ep_config config = {.mem = &sstp_mem_libc,
                                          .role = SSTP_EP_RELAY,
                                          .device_urls = &urls[number - 1],
                                          .num_device_urls = 1,
                                          .major_version = 1,
                                          .minor_version = minor_version,
                                          .product_version = "Groove Relay 12.0 1336",
                                          .supports_multi_drop = true,
                                          .now_ms = relay->now_ms,
                                          .event = on_puppet_event,
                                          .witness = {.sent = on_puppet_sent, .cookie = relay},
                                          .cookie = relay};
    sstp_ep_free(relay->puppet);
    relay->puppet = sstp_ep_new(&config);
    relay->is_puppet = true;
    if (relay->numbers == NULL)
        relay->numbers = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    g_array_set_size(relay->numbers, 0);
    return relay;
}

static void on_dial(void *cookie, const char *url, uint64_t number)
{
    struct town_relay *from = cookie, *to = NULL;
    for (size_t i = 0; i < TOWN_RELAYS_MAX; i++)
        if (strcmp(from->town->relays[i].url, url) == 0)
            to = &from->town->relays[i];
    g_assert_nonnull(to);
    to->num_dials++;
    to->last_dial = number;
    if (to->is_dead_end)
        return;
    const bool is_there =
        to->relay != NULL ||
        (to->is_puppet && sstp_ep_state(to->puppet) == SSTP_CONNECTION_TRANSPORT_CONNECTED);
    if (!is_there || to->is_unreachable) {
        sstp_relay_not_dialed(from->relay, url, number, SSTP_SESSION_STATUS_HOST_NOT_REACHABLE);
        return;
    }
    struct town_link *link = town_link_new(from->town);
    link->ends[0].relay = from;
    link->ends[1].relay = to;
    if (!to->is_puppet)
        link->ends[1].connection = sstp_relay_accept(to->relay, &link->ends[1], to->now_ms);
    link->ends[0].connection =
        sstp_relay_dialed(from->relay, url, number, &link->ends[0], from->now_ms);
    g_assert_nonnull(link->ends[0].connection);
}

struct town_relay *town_relay(struct town *town, unsigned number,
                              const struct sstp_relay_config *config)
{
    struct town_relay *relay = &town->relays[number - 1];
    static const char *const all[] = {"grooveDNS://relay1", "grooveDNS://relay2",
                                      "grooveDNS://relay3", "grooveDNS://relay4"};
    struct sstp_relay_config made = config != NULL ? *config : (struct sstp_relay_config){0};
    const char *const *url = &all[number - 1];
    if (made.urls == NULL) {
        made.urls = url;
        made.num_urls = 1;
    }
    if (made.peer_urls == NULL) {
        made.peer_urls = all;
        made.num_peers = TOWN_RELAYS_MAX;
    }
    made.product_version = "Groove Relay 14.0 4006";
    if (made.minor_version == 0)
        made.minor_version = 6;
    made.supports_multi_drop = !made.supports_multi_drop;
    made.supports_single_hop = !made.supports_single_hop;
    made.random = (struct sstp_sec_random){fill, town};
    made.wake = on_wake;
    made.dial = on_dial;
    made.witness.sent = on_relay_sent;
    made.cookie = relay;
    relay->relay = sstp_relay_new(&made, relay->now_ms);
    return relay;
}

/* ------------------------------------------------------------------------
 * Clients
 */

static void on_event(void *cookie, struct sstp_ep *ep, const struct sstp_ep_event *event)
{
    struct town_client *client = cookie;
    if (client->look != NULL)
        client->look(event);
    switch ((int)event->kind) { /* of interest here */
    case SSTP_EP_EVENT_OPEN:
        *event->availability = client->is_unwilling ? SSTP_HANDLER_FAULT : SSTP_HANDLER_READY;
        break;
    case SSTP_EP_EVENT_OPENED:
        client->opened_id = event->session_id;
        client->num_opened++;
        break;
    case SSTP_EP_EVENT_MESSAGE:
        g_string_append_len(client->received, (const char *)event->message->data.data,
                            (gssize)event->message->data.len);
        g_string_append_c(client->received, ';');
        g_array_append_val(client->numbers, event->number);
        if (!client->is_held)
            (void)sstp_ep_complete(ep, event->number);
        break;
    case SSTP_EP_EVENT_ACKNOWLEDGED:
        client->num_acknowledged++;
        break;
    case SSTP_EP_EVENT_UNACKNOWLEDGED:
        client->num_unacknowledged++;
        break;
    case SSTP_EP_EVENT_SESSION_STATUS:
        client->num_lost++;
        break;
    case SSTP_EP_EVENT_SESSION_CLOSED:
        if (event->is_open_refused)
            client->open_response_id = event->response_id;
        else
            client->session_reason_id = event->reason_id;
        break;
    case SSTP_EP_EVENT_CLOSED:
        client->is_closed = true;
        client->close_reason_id = event->reason_id;
        break;
    }
}

static void on_ready(void *cookie, struct sstp_client *sstp_client)
{
    struct town_client *client = cookie;
    (void)sstp_client;
    client->is_ready = true;
}

static void on_client_sent(void *cookie, const struct sstp_command *command)
{
    const struct town_client *client = cookie;
    for (guint i = client->town->links->len; i-- > 0;) {
        const struct town_link *link = g_ptr_array_index(client->town->links, i);
        if (link->ends[0].client == client && !link->is_cut)
            town_note(&link->ends[0], command);
    }
}

struct town_client *town_client(struct town *town, char name, struct town_relay *at,
                                uint8_t minor_version, bool attaches)
{
    g_assert_cmpuint(town->num_clients, <, TOWN_CLIENTS_MAX);
    struct town_client *client = &town->clients[town->num_clients++];
    const char lower = (char)g_ascii_tolower(name);
    client->town = town;
    client->at = at;
    client->name[0] = name;
    g_snprintf(client->device_url, sizeof client->device_url, "dpp:///%c", lower);
    g_snprintf(client->identity_url, sizeof client->identity_url, "grooveIdentity://%c", lower);
    client->identity_urls[0] = client->identity_url;
    client->open_response_id = client->session_reason_id = client->close_reason_id = -1;
    client->received = g_string_new(NULL);
    client->numbers = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    const struct sstp_client_config config = {.device_url = client->device_url,
                                              .target_url = at->url,
                                              .is_originator = true,
                                              .attaches = attaches,
                                              .account_url = client->identity_url,
                                              .identity_urls = client->identity_urls,
                                              .num_identities = 1,
                                              .random = {fill, town},
                                              .major_version = 1,
                                              .minor_version = minor_version,
                                              .product_version = "Groove Client 14.0 4006",
                                              .now_ms = at->now_ms,
                                              .ready = on_ready,
                                              .event = on_event,
                                              .witness = {.sent = on_client_sent, .cookie = client},
                                              .cookie = client};
    client->client = sstp_client_new(&config);
    struct town_link *link = town_link_new(town);
    link->ends[0].client = client;
    link->ends[1].relay = at;
    link->ends[1].connection = sstp_relay_accept(at->relay, &link->ends[1], at->now_ms);
    g_assert_cmpint(sstp_client_start(client->client), ==, SSTP_EP_OK);
    town_settle(town);
    g_assert_true(client->is_ready);
    g_string_truncate(town->commands, 0);
    return client;
}

struct sstp_ep *town_ep(struct town_client *client)
{
    return sstp_client_ep(client->client);
}

/* ------------------------------------------------------------------------
 * What clients do
 */

uint32_t town_fanout(struct town_client *from, const char *names)
{
    const uint32_t id = town_fanout_unsettled(from, names);
    town_settle(from->town);
    return id;
}

uint32_t town_fanout_unsettled(struct town_client *from, const char *names)
{
    struct sstp_fanout_entry entries[16];
    char urls[16][3][32];
    size_t num = 0;
    uint32_t id;
    char **parts = g_strsplit(names, " ", 16);
    for (; parts[num] != NULL; num++) {
        const bool has_device = g_ascii_islower(parts[num][0]);
        g_snprintf(urls[num][0], 32, "grooveIdentity://%c", g_ascii_tolower(parts[num][0]));
        if (has_device)
            g_snprintf(urls[num][1], 32, "dpp:///%c", parts[num][0]);
        else
            urls[num][1][0] = 0;
        g_snprintf(urls[num][2], 32, "grooveDNS://relay%c", parts[num][1]);
        entries[num] = (struct sstp_fanout_entry){
            .identity_url = sstp_span_of_string(urls[num][0]),
            .device_url = sstp_span_of_string(urls[num][1]),
            .relay_url = sstp_span_of_string(parts[num][1] == '0' ? "" : urls[num][2])};
    }
    g_strfreev(parts);
    g_assert_cmpint(
        sstp_ep_fanout_open(town_ep(from), sstp_span_of_string("apphandler"), entries, num, &id),
        ==, SSTP_EP_OK);
    return id;
}

uint32_t town_open(struct town_client *from, char name, bool is_to_device, const char *resource)
{
    uint32_t id;
    char identity_url[32], device_url[32];
    g_snprintf(identity_url, sizeof identity_url, "grooveIdentity://%c", name);
    device_url[0] = '\0';
    if (is_to_device)
        g_snprintf(device_url, sizeof device_url, "dpp:///%c", name);
    g_assert_cmpint(sstp_ep_open(town_ep(from), sstp_span_of_string(resource),
                                 sstp_span_of_string(identity_url), sstp_span_of_string(device_url),
                                 &id),
                    ==, SSTP_EP_OK);
    town_settle(from->town);
    return id;
}

void town_complete(struct town_client *client)
{
    for (guint i = 0; i < client->numbers->len; i++)
        (void)sstp_ep_complete(town_ep(client), g_array_index(client->numbers, uint64_t, i));
    g_array_set_size(client->numbers, 0);
    town_settle(client->town);
}

void town_send(struct town_client *from, uint32_t session_id, const char *text, uint8_t flags)
{
    const struct sstp_ep_message message = {.flags = flags, .data = sstp_span_of_string(text)};
    g_assert_cmpint(sstp_ep_send_message(town_ep(from), session_id, &message, NULL), ==,
                    SSTP_EP_OK);
    town_settle(from->town);
}

int town_session_state(struct town_client *client, uint32_t session_id)
{
    enum sstp_session_state state;
    return sstp_ep_session_state(town_ep(client), session_id, &state) ? (int)state : -1;
}
