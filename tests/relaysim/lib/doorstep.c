/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "doorstep.h"

#include "carrier/http_services.h"
#include "spoken.h"

void doorstep_begin(struct doorstep *doorstep, struct http_options options)
{
    options.services = http_services;
    doorstep->http = http_server_new(&options);
    doorstep->pair = pair_new(&(struct pair_config){.a_minor = 6});
    doorstep->carriers = g_ptr_array_new();
}

void doorstep_end(struct doorstep *doorstep)
{
    for (guint i = 0; i < doorstep->carriers->len; i++)
        carrier_free(g_ptr_array_index(doorstep->carriers, i));
    g_ptr_array_free(doorstep->carriers, TRUE);
    pair_free(doorstep->pair);
    http_server_free(doorstep->http);
}

struct carrier_transport *doorstep_visit_from(struct doorstep *doorstep, uint8_t peer)
{
    struct carrier *carrier = carrier_new(
        &carrier_door,
        &(struct carrier_config){.is_server = true, .shared = doorstep->http, .peer = {127, peer}});
    g_ptr_array_add(doorstep->carriers, carrier);
    return carrier_accepted(carrier);
}

struct carrier_transport *doorstep_visit(struct doorstep *doorstep)
{
    return doorstep_visit_from(doorstep, 1);
}

void doorstep_say(struct doorstep *doorstep, struct carrier_transport *transport, const char *text)
{
    spoken_to(transport, text, 0);
    if (carrier_is_ready(transport->carrier) && carrier_ep(transport->carrier) == NULL)
        carrier_set_ep(transport->carrier, doorstep->pair->b.ep);
}

void doorstep_assert_status(struct carrier_transport *transport, const char *status)
{
    if (status == NULL) {
        assert_spoken(transport, "");
        return;
    }
    char *line = g_strconcat("HTTP/1.0 ", status, " ", NULL);
    assert_spoken_prefix(transport, line);
    g_free(line);
}

void doorstep_enter(struct doorstep *doorstep, doorstep_shake *shake,
                    struct carrier_transport **get, struct carrier_transport **post)
{
    doorstep_begin(doorstep, (struct http_options){0});
    shake(doorstep, get, post, true);
}

void doorstep_enter_in_any_order(doorstep_shake *shake,
                                 void (*then)(struct doorstep *doorstep,
                                              struct carrier_transport *get,
                                              struct carrier_transport *post))
{
    for (unsigned get_first = 0; get_first < 2; get_first++) {
        struct doorstep doorstep;
        struct carrier_transport *get, *post;
        doorstep_begin(&doorstep, (struct http_options){0});
        shake(&doorstep, &get, &post, get_first);
        if (then != NULL)
            then(&doorstep, get, post);
        doorstep_end(&doorstep);
    }
}

void doorstep_reach(struct doorstep *doorstep, const struct doorstep_request *request,
                    doorstep_shake *shake, const char *get_words, struct carrier_transport **get,
                    struct carrier_transport **post)
{
    if (request->is_ready) {
        doorstep_enter(doorstep, shake, get, post);
        return;
    }
    doorstep_begin(doorstep, (struct http_options){0});
    *post = NULL;
    *get = doorstep_visit(doorstep);
    doorstep_say(doorstep, *get, get_words);
}

struct carrier_transport *doorstep_ask(struct doorstep *doorstep,
                                       const struct doorstep_request *request,
                                       struct carrier_transport *get,
                                       struct carrier_transport *post)
{
    struct carrier_transport *transports[] = {get, post, doorstep_visit(doorstep),
                                              doorstep_visit_from(doorstep, 2)};
    struct carrier_transport *transport = transports[request->on];
    doorstep_say(doorstep, transport, request->bytes);
    doorstep_assert_status(transport, request->status);
    g_assert_cmpint(carrier_is_over(get), ==, request->is_closed);
    return transport;
}

void doorstep_assert_joined(const struct doorstep *doorstep, const struct carrier_transport *get,
                            const struct carrier_transport *post, const char *guid)
{
    g_assert_true(get->carrier == post->carrier);
    g_assert_true(carrier_ep(get->carrier) == doorstep->pair->b.ep);
    g_assert_cmpstr(carrier_connection_name(get->carrier), ==, guid);
}
