/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proxies that say anything to a client's carriers, and clients and servers that say anything to
 * our own proxy.  The first byte chooses who is tried, the second how long the pieces are in which
 * bytes come.  The rest comes as it is, but that 0xfe and the byte after it are an event.
 *
 * Besides the sanitizers: a carrier that is ready has not failed, one that does neither has a
 * deadline after which it has failed; of a visit nothing waits without bounds or for ever.
 */
#include "carrier/connect.h"
#include "carrier/proxy_login.h"
#include "carrier/socks.h"
#include "endpoint/endpoint.h"
#include "proxy/visit.h"

#include <string.h>

#define EVENT 0xfeu
#define UNSENT_MAX (PROXY_UNSENT_MAX + (64u << 10) + (64u << 10))

enum subject {
    CONNECT,
    CONNECT_BASIC,
    CONNECT_NTLM,
    SOCKS,
    SOCKS_LOGIN,
    VISIT,
    VISIT_BASIC,
    VISIT_NTLM,
    NUM_SUBJECTS
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct proxy_login *login_of(enum subject subject)
{
    char *error;
    if (subject == CONNECT || subject == SOCKS || subject == VISIT)
        return NULL;
    return proxy_login_new(subject == CONNECT_NTLM || subject == VISIT_NTLM ? PROXY_NTLM
                                                                            : PROXY_BASIC,
                           "alice", "sesame", &error);
}

/* The length of what comes before the next event. */
static size_t plain_len(const uint8_t *data, size_t size, size_t max)
{
    size_t len = 0;
    while (len < size && len < max && data[len] != EVENT)
        len++;
    return len;
}

/* ------------------------------------------------------------------------
 * Carriers
 */

static void take_all(struct carrier_transport *transport)
{
    struct sstp_span piece;
    while (carrier_output(transport, &piece, 1) > 0)
        carrier_taken(transport, piece.len);
}

/* The newest transport, opened if it is wanted. */
static struct carrier_transport *newest(struct carrier *carrier)
{
    struct carrier_transport *transport = carrier_next_wanted(carrier), *last = NULL;
    if (transport != NULL)
        carrier_opened(transport);
    for (unsigned i = 0; carrier_transport(carrier, i) != NULL; i++)
        last = carrier_transport(carrier, i);
    return last;
}

static void fill(void *cookie, void *bytes, size_t len)
{
    (void)cookie;
    memset(bytes, 7, len);
}

static void try_carrier(const struct carrier_ops *ops, struct proxy_login *login, size_t max,
                        const uint8_t *data, size_t size)
{
    struct carrier *carrier = carrier_new(
        ops, &(struct carrier_config){
                 .target = "relay1.example:2492", .login = login, .random = {fill, NULL}});
    while (size > 0 && !carrier_is_lost(carrier) && !carrier_is_ready(carrier)) {
        struct carrier_transport *transport = newest(carrier);
        take_all(transport);
        const size_t len = plain_len(data, size, max);
        if (len > 0)
            carrier_receive(transport, data, len);
        else if (size > 1 && data[1] % 2 == 0)
            carrier_lost(transport);
        data += len > 0 ? len : MIN(size, 2);
        size -= len > 0 ? len : MIN(size, 2);
    }
    g_assert(!carrier_is_ready(carrier) || carrier_failure(carrier) == NULL);
    if (!carrier_is_ready(carrier) && !carrier_is_lost(carrier)) {
        (void)newest(carrier);
        g_assert(carrier_deadline(carrier) != SSTP_EP_NEVER);
        carrier_tick(carrier, carrier_deadline(carrier));
        g_assert(carrier_failure(carrier) != NULL);
    }
    carrier_free(carrier);
}

/* ------------------------------------------------------------------------
 * Visits
 */

static void happen(struct proxy_visit *visit, uint8_t event, enum proxy_side *from, int64_t now_ms)
{
    switch (event % 6) {
    case 0:
        *from = *from == PROXY_CLIENT ? PROXY_SERVER : PROXY_CLIENT;
        break;
    case 1:
        for (unsigned i = 0; i < PROXY_SIDE_COUNT; i++)
            proxy_visit_taken(visit, (enum proxy_side)i,
                              proxy_visit_output(visit, (enum proxy_side)i).len);
        break;
    case 2:
        proxy_visit_tick(visit, now_ms);
        break;
    default:
        break;
    }
}

/* The server is what the visit wants, and goes, as the event says. */
static void serve(struct proxy_visit *visit, uint8_t event, bool *has_server, int64_t now_ms)
{
    if (*has_server && event % 6 == 3) {
        proxy_visit_lost(visit, PROXY_SERVER, now_ms);
        *has_server = false;
    }
    if (*has_server || proxy_visit_wanted(visit) == NULL)
        return;
    if (event % 6 == 4) {
        proxy_visit_not_opened(visit, PROXY_UNREACHABLE, now_ms);
        return;
    }
    *has_server = true;
    proxy_visit_opened(visit, now_ms);
}

static void try_visit(const struct proxy_login *login, size_t max, const uint8_t *data, size_t size)
{
    const struct proxy_visit_config config = {
        .login = login, .random = {fill, NULL}, .request_ms = 1000, .idle_ms = 5000};
    struct proxy_visit *visit = proxy_visit_new(&config, 0);
    enum proxy_side from = PROXY_CLIENT;
    bool has_server = false;
    int64_t now_ms = 0;
    while (size > 0) {
        const size_t len = plain_len(data, size, max);
        const uint8_t event = len == 0 && size > 1 ? data[1] : 5;
        now_ms += event;
        if (len > 0 && (from == PROXY_CLIENT || has_server) && proxy_visit_has_room(visit, from))
            proxy_visit_receive(visit, from, data, len, now_ms);
        if (len == 0)
            happen(visit, event, &from, now_ms);
        serve(visit, event, &has_server, now_ms);
        for (unsigned i = 0; i < PROXY_SIDE_COUNT; i++)
            g_assert(proxy_visit_output(visit, (enum proxy_side)i).len <= UNSENT_MAX);
        data += len > 0 ? len : MIN(size, 2);
        size -= len > 0 ? len : MIN(size, 2);
    }
    while (!proxy_visit_is_over(visit, PROXY_CLIENT)) {
        const int64_t deadline = proxy_visit_deadline(visit);
        g_assert(deadline != SSTP_EP_NEVER);
        proxy_visit_tick(visit, deadline);
    }
    proxy_visit_free(visit);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    const enum subject subject = (enum subject)(data[0] % NUM_SUBJECTS);
    const size_t max = data[1] == 0 ? SIZE_MAX : data[1];
    struct proxy_login *login = login_of(subject);
    if (subject >= VISIT)
        try_visit(login, max, data + 2, size - 2);
    else
        try_carrier(subject >= SOCKS ? &carrier_socks : &carrier_connect, login, max, data + 2,
                    size - 2);
    proxy_login_free(login);
    return 0;
}
