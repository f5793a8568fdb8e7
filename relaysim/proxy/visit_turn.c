/* SPDX-License-Identifier: GPL-2.0-or-later */
/* visit_turn: what the two sides of a visit have in common, and what is done after each event. */
#include "proxy/visit_internal.h"

#include "endpoint/endpoint.h"

#define SOCKS_VERSION 5u

/* Of what a client sends before it is dealt with: a head, and what is read at once with it. */
#define HEARD_MAX (HENC_HTTP_HEAD_LEN_MAX + (64u << 10))

struct proxy_visit *proxy_visit_new(const struct proxy_visit_config *config, int64_t now_ms)
{
    struct proxy_visit *visit = g_new0(struct proxy_visit, 1);
    visit->config = config;
    visit->heard = g_byte_array_new();
    visit->request = g_byte_array_new();
    visit->answer = g_byte_array_new();
    for (unsigned i = 0; i < PROXY_SIDE_COUNT; i++)
        visit->outputs[i] = g_byte_array_new();
    visit->deadline = now_ms + config->request_ms;
    visit->is_known = config->login == NULL;
    visit->is_asking = true;
    return visit;
}

void proxy_visit_free(struct proxy_visit *visit)
{
    if (visit == NULL)
        return;
    g_byte_array_free(visit->heard, TRUE);
    g_byte_array_free(visit->request, TRUE);
    g_byte_array_free(visit->answer, TRUE);
    for (unsigned i = 0; i < PROXY_SIDE_COUNT; i++)
        g_byte_array_free(visit->outputs[i], TRUE);
    g_free(visit->address);
    g_free(visit);
}

/* ------------------------------------------------------------------------
 * For the speeches
 */

void visit_understood(struct proxy_visit *visit, size_t len)
{
    g_byte_array_remove_range(visit->heard, 0, (guint)len);
}

void visit_say(struct proxy_visit *visit, enum proxy_side to, const void *bytes, size_t len)
{
    g_byte_array_append(visit->outputs[to], bytes, (guint)len);
}

void visit_want(struct proxy_visit *visit, char *address)
{
    g_free(visit->address);
    visit->address = address;
    visit->phase = VISIT_OPENING;
    visit->is_wanted = true;
}

void visit_end(struct proxy_visit *visit)
{
    visit->phase = VISIT_OVER;
}

/* ------------------------------------------------------------------------
 * What comes
 */

static bool ask(struct proxy_visit *visit)
{
    if (visit->heard->len == 0)
        return false;
    if (visit->speech == VISIT_UNKNOWN)
        visit->speech = visit->heard->data[0] == SOCKS_VERSION ? VISIT_SOCKS : VISIT_HTTP;
    return visit->speech == VISIT_SOCKS ? visit_socks_ask(visit) : visit_http_ask(visit);
}

static bool pass(struct proxy_visit *visit)
{
    if (visit->heard->len == 0)
        return false;
    visit_say(visit, PROXY_SERVER, visit->heard->data, visit->heard->len);
    visit_understood(visit, visit->heard->len);
    return true;
}

/* Deals with what the client has sent, as far as that goes. */
static bool go_on(struct proxy_visit *visit)
{
    switch (visit->phase) {
    case VISIT_ASKING:
        return ask(visit);
    case VISIT_TUNNEL:
        return pass(visit);
    case VISIT_FORWARDING:
        return visit_http_forward(visit);
    case VISIT_SKIPPING:
        return visit_http_skip(visit);
    case VISIT_OPENING:
    case VISIT_OVER:
        return false;
    }
    g_assert_not_reached();
}

static bool is_on_its_way(const struct proxy_visit *visit)
{
    return visit->phase == VISIT_TUNNEL || visit->phase == VISIT_FORWARDING;
}

/* After each event.  A client has so long for a request as a whole, and so long without a byte on
 * its way and before its next request. */
static void settle(struct proxy_visit *visit, enum proxy_visit_phase before, int64_t now_ms)
{
    while (go_on(visit))
        ;
    const bool was_asking = visit->is_asking;
    visit->was_served = visit->was_served || visit->phase == VISIT_FORWARDING;
    visit->is_asking =
        visit->phase == VISIT_ASKING && (visit->heard->len > 0 || !visit->was_served);
    if (is_on_its_way(visit) || (visit->phase == VISIT_ASKING && !visit->is_asking))
        visit->deadline = now_ms + visit->config->idle_ms;
    else if (visit->phase != before || visit->is_asking != was_asking)
        visit->deadline = now_ms + visit->config->request_ms;
}

void proxy_visit_receive(struct proxy_visit *visit, enum proxy_side from, const void *data,
                         size_t len, int64_t now_ms)
{
    const enum proxy_visit_phase before = visit->phase;
    if (visit->phase == VISIT_OVER)
        return;
    if (from == PROXY_CLIENT)
        g_byte_array_append(visit->heard, data, (guint)len);
    else if (visit->is_server_over)
        return;
    else if (visit->phase == VISIT_TUNNEL)
        visit_say(visit, PROXY_CLIENT, data, len);
    else
        visit_http_answer(visit, data, len);
    settle(visit, before, now_ms);
}

bool proxy_visit_has_room(const struct proxy_visit *visit, enum proxy_side from)
{
    const enum proxy_side other = from == PROXY_CLIENT ? PROXY_SERVER : PROXY_CLIENT;
    if (visit->phase == VISIT_OVER)
        return true; /* to see the end */
    return visit->outputs[other]->len < PROXY_UNSENT_MAX &&
           (from == PROXY_SERVER || visit->heard->len < HEARD_MAX);
}

/* ------------------------------------------------------------------------
 * The server
 */

const char *proxy_visit_wanted(struct proxy_visit *visit)
{
    if (!visit->is_wanted || visit->is_server_over || visit->phase == VISIT_OVER)
        return NULL;
    visit->is_wanted = false;
    return visit->address;
}

bool proxy_visit_forwards(const struct proxy_visit *visit)
{
    return visit->speech == VISIT_HTTP && visit->request->len > 0;
}

void proxy_visit_opened(struct proxy_visit *visit, int64_t now_ms)
{
    const enum proxy_visit_phase before = visit->phase;
    visit->has_server = true;
    if (visit->phase != VISIT_OPENING)
        return;
    if (visit->speech == VISIT_SOCKS)
        visit_socks_opened(visit);
    else
        visit_http_opened(visit);
    settle(visit, before, now_ms);
}

void proxy_visit_not_opened(struct proxy_visit *visit, enum proxy_why why, int64_t now_ms)
{
    const enum proxy_visit_phase before = visit->phase;
    g_clear_pointer(&visit->address, g_free);
    if (visit->phase != VISIT_OPENING)
        return;
    if (visit->speech == VISIT_SOCKS)
        visit_socks_not_opened(visit, why);
    else
        visit_http_not_opened(visit, why);
    settle(visit, before, now_ms);
}

void proxy_visit_lost(struct proxy_visit *visit, enum proxy_side side, int64_t now_ms)
{
    const enum proxy_visit_phase before = visit->phase;
    if (side == PROXY_CLIENT) {
        visit_end(visit);
        g_byte_array_set_size(visit->outputs[PROXY_CLIENT], 0);
        return;
    }
    /* A server that is over may be gone after another one is wanted, whose address this is. */
    if (!visit->is_wanted)
        g_clear_pointer(&visit->address, g_free);
    visit->has_server = visit->is_server_over = false;
    g_byte_array_set_size(visit->outputs[PROXY_SERVER], 0);
    if (visit->phase == VISIT_TUNNEL)
        visit_end(visit);
    else if (visit->phase == VISIT_FORWARDING)
        visit_http_server_lost(visit);
    settle(visit, before, now_ms);
}

/* ------------------------------------------------------------------------
 * What goes, and when
 */

struct sstp_span proxy_visit_output(const struct proxy_visit *visit, enum proxy_side to)
{
    const GByteArray *output = visit->outputs[to];
    return sstp_span(output->data, output->len);
}

void proxy_visit_taken(struct proxy_visit *visit, enum proxy_side to, size_t len)
{
    g_byte_array_remove_range(visit->outputs[to], 0, (guint)len);
}

bool proxy_visit_is_over(const struct proxy_visit *visit, enum proxy_side side)
{
    return visit->phase == VISIT_OVER || (side == PROXY_SERVER && visit->is_server_over);
}

void proxy_visit_tick(struct proxy_visit *visit, int64_t now_ms)
{
    if (now_ms < visit->deadline || visit->phase == VISIT_OVER)
        return;
    if (visit->phase == VISIT_OPENING)
        proxy_visit_not_opened(visit, PROXY_TOO_LATE, now_ms);
    else if (visit->phase == VISIT_ASKING && visit->speech == VISIT_HTTP && visit->heard->len > 0)
        visit_http_refuse(visit, 408, "the request did not come in time");
    visit_end(visit);
}

int64_t proxy_visit_deadline(const struct proxy_visit *visit)
{
    return visit->phase == VISIT_OVER ? SSTP_EP_NEVER : visit->deadline;
}
