/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "carrier/carrier.h"

#include <glib.h>

struct carrier {
    const struct carrier_ops *ops;
    struct carrier_config config;
    void *state;
    struct sstp_ep *ep; /* NULL before it is ready */
    int64_t now_ms;
    bool is_ready, is_lost;
    char *failure;
    unsigned num_transports;
    struct carrier_transport *transports[CARRIER_TRANSPORTS_MAX];
};

/* ------------------------------------------------------------------------
 * Beginning and end
 */

struct carrier *carrier_new(const struct carrier_ops *ops, const struct carrier_config *config)
{
    struct carrier *carrier = g_new0(struct carrier, 1);
    carrier->ops = ops;
    carrier->config = *config;
    if (carrier->config.timeout_ms == 0)
        carrier->config.timeout_ms = CARRIER_PROXY_TIMEOUT_MS;
    carrier->now_ms = config->now_ms;
    carrier->state = g_malloc0(ops->state_size);
    if (!config->is_server)
        ops->begin(carrier);
    return carrier;
}

static void clear_state(struct carrier *carrier)
{
    if (carrier->ops->clear != NULL)
        carrier->ops->clear(carrier);
    g_free(carrier->state);
    carrier->state = NULL;
}

static void free_transport(struct carrier_transport *transport)
{
    if (transport->state != NULL)
        transport->clear(transport->state);
    g_free(transport);
}

void carrier_free(struct carrier *carrier)
{
    if (carrier == NULL)
        return;
    clear_state(carrier);
    for (unsigned i = 0; i < carrier->num_transports; i++)
        free_transport(carrier->transports[i]);
    g_free(carrier->failure);
    g_free(carrier);
}

bool carrier_is_ready(const struct carrier *carrier)
{
    return carrier->is_ready;
}

void carrier_set_ep(struct carrier *carrier, struct sstp_ep *ep)
{
    g_assert(carrier->is_ready && carrier->ep == NULL);
    carrier->ep = ep;
    if (carrier->ops->started != NULL)
        carrier->ops->started(carrier);
}

const char *carrier_failure(const struct carrier *carrier)
{
    return carrier->failure;
}

bool carrier_is_lost(const struct carrier *carrier)
{
    return carrier->is_lost || carrier->failure != NULL;
}

bool carrier_is_gone(const struct carrier *carrier)
{
    return carrier_is_lost(carrier) && carrier->num_transports == 0;
}

/* ------------------------------------------------------------------------
 * Transports
 */

static struct carrier_transport *add(struct carrier *carrier, enum carrier_phase phase)
{
    g_assert(carrier->num_transports < CARRIER_TRANSPORTS_MAX);
    struct carrier_transport *transport = g_new0(struct carrier_transport, 1);
    transport->carrier = carrier;
    transport->phase = phase;
    carrier->transports[carrier->num_transports++] = transport;
    return transport;
}

static void take_out(struct carrier_transport *transport)
{
    struct carrier *carrier = transport->carrier;
    unsigned i = 0;
    while (carrier->transports[i] != transport)
        i++;
    carrier->num_transports--;
    for (; i < carrier->num_transports; i++)
        carrier->transports[i] = carrier->transports[i + 1];
    carrier->transports[carrier->num_transports] = NULL;
}

/* With the last transport of a carrier that is over, the endpoint's is lost. */
static void tell_if_gone(struct carrier *carrier)
{
    if (carrier_is_gone(carrier) && carrier->ep != NULL)
        sstp_ep_transport_lost(carrier->ep);
}

static void drop(struct carrier_transport *transport)
{
    struct carrier *carrier = transport->carrier;
    take_out(transport);
    free_transport(transport);
    tell_if_gone(carrier);
}

struct carrier_transport *carrier_transport(const struct carrier *carrier, unsigned i)
{
    return i < carrier->num_transports ? carrier->transports[i] : NULL;
}

void carrier_want(struct carrier *carrier, enum carrier_target target, unsigned number)
{
    struct carrier_transport *transport = add(carrier, CARRIER_WANTED);
    transport->target = target;
    transport->number = number;
}

struct carrier_transport *carrier_next_wanted(struct carrier *carrier)
{
    for (unsigned i = 0; i < carrier->num_transports && !carrier_is_lost(carrier); i++) {
        struct carrier_transport *transport = carrier->transports[i];
        if (transport->phase == CARRIER_WANTED) {
            transport->phase = CARRIER_OPENING;
            return transport;
        }
    }
    return NULL;
}

void carrier_opened(struct carrier_transport *transport)
{
    transport->phase = CARRIER_OPEN;
    transport->carrier->ops->opened(transport);
}

struct carrier_transport *carrier_accepted(struct carrier *carrier)
{
    struct carrier_transport *transport = add(carrier, CARRIER_OPEN);
    carrier->ops->opened(transport);
    return transport;
}

void carrier_not_opened(struct carrier_transport *transport, const char *why)
{
    transport->carrier->ops->not_opened(transport, why);
    drop(transport);
}

void carrier_lost(struct carrier_transport *transport)
{
    transport->carrier->ops->lost(transport);
    drop(transport);
}

void carrier_abandon(struct carrier_transport *transport)
{
    drop(transport);
}

void carrier_move(struct carrier_transport *transport, struct carrier *to)
{
    struct carrier *from = transport->carrier;
    g_assert(to->num_transports < CARRIER_TRANSPORTS_MAX);
    take_out(transport);
    from->is_lost = from->is_lost || (from->num_transports == 0 && !from->is_ready &&
                                      carrier_connection_name(from) == NULL);
    transport->carrier = to;
    to->transports[to->num_transports++] = transport;
    /* Whose transports come and go may have had none that told the time since long. */
    to->now_ms = MAX(to->now_ms, from->now_ms);
    if (to->ep != NULL)
        sstp_ep_tick(to->ep, to->now_ms);
}

/* ------------------------------------------------------------------------
 * Bytes and time
 */

void carrier_receive(struct carrier_transport *transport, const void *data, size_t len)
{
    transport->carrier->ops->receive(transport, data, len);
}

bool carrier_has_room(const struct carrier_transport *transport)
{
    return transport->carrier->ops->has_room(transport);
}

size_t carrier_output_len(const struct carrier_transport *transport)
{
    return transport->carrier->ops->output_len(transport);
}

size_t carrier_output(const struct carrier_transport *transport, struct sstp_span *pieces,
                      size_t max)
{
    return transport->carrier->ops->output(transport, pieces, max);
}

void carrier_taken(struct carrier_transport *transport, size_t len)
{
    transport->carrier->ops->taken(transport, len);
}

bool carrier_is_over(const struct carrier_transport *transport)
{
    return transport->carrier->ops->is_over(transport);
}

void carrier_tick(struct carrier *carrier, int64_t now_ms)
{
    carrier->now_ms = now_ms;
    if (carrier->ep != NULL)
        sstp_ep_tick(carrier->ep, now_ms);
    if (carrier->ops->tick != NULL)
        carrier->ops->tick(carrier);
}

int64_t carrier_deadline(const struct carrier *carrier)
{
    const int64_t own =
        carrier->ops->deadline != NULL ? carrier->ops->deadline(carrier) : SSTP_EP_NEVER;
    return carrier->ep != NULL ? MIN(own, sstp_ep_next_deadline(carrier->ep)) : own;
}

/* ------------------------------------------------------------------------
 * For the ways of travelling
 */

void *carrier_owner(const struct carrier *carrier)
{
    return carrier->config.owner;
}

const char *carrier_connection_name(const struct carrier *carrier)
{
    return carrier->ops->connection_name != NULL ? carrier->ops->connection_name(carrier) : NULL;
}

int64_t carrier_keepalive_ms(const struct carrier *carrier)
{
    return carrier->ops->keepalive_ms != NULL ? carrier->ops->keepalive_ms(carrier) : 0;
}

void *carrier_state(const struct carrier *carrier)
{
    return carrier->state;
}

const struct carrier_ops *carrier_ops(const struct carrier *carrier)
{
    return carrier->ops;
}

const struct carrier_config *carrier_config(const struct carrier *carrier)
{
    return &carrier->config;
}

struct sstp_ep *carrier_ep(const struct carrier *carrier)
{
    return carrier->ep;
}

int64_t carrier_now_ms(const struct carrier *carrier)
{
    return carrier->now_ms;
}

void carrier_set_ready(struct carrier *carrier)
{
    carrier->is_ready = true;
}

void carrier_fail(struct carrier *carrier, const char *why)
{
    g_assert(!carrier->is_ready);
    if (carrier->failure == NULL)
        carrier->failure = g_strdup(why);
}

void carrier_lose(struct carrier *carrier)
{
    if (carrier->is_lost)
        return;
    carrier->is_lost = true;
    /* Those that were only wanted are not opened any more. */
    for (unsigned i = carrier->num_transports; i > 0; i--) {
        struct carrier_transport *transport = carrier->transports[i - 1];
        if (transport->phase != CARRIER_WANTED)
            continue;
        take_out(transport);
        free_transport(transport);
    }
    tell_if_gone(carrier);
}

void carrier_become(struct carrier *carrier, const struct carrier_ops *ops)
{
    clear_state(carrier);
    carrier->ops = ops;
    carrier->state = g_malloc0(ops->state_size);
}
