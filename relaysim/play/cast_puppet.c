/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cast_puppet: the puppets of the cast. */
#include "play/cast.h"

#include "carrier/http_services.h"
#include "carrier/polling.h"

#include <string.h>

struct puppet *cast_puppet(struct cast *cast, const char *name, const char *url)
{
    g_assert(cast->num_puppets < CAST_PUPPETS_MAX);
    struct puppet *puppet = &cast->puppets[cast->num_puppets];
    puppet->cast = cast;
    puppet->name = name;
    puppet->place.url = url;
    puppet->place.host = (uint8_t)(CAST_PUPPET_HOST + cast->num_puppets);
    station_hurry(&puppet->place);
    cast->num_puppets++;
    return puppet;
}

static void on_there(void *cookie)
{
    struct puppet *puppet = cookie;
    puppet->has_been_there = true;
}

static void on_not_there(void *cookie, const char *why)
{
    struct puppet *puppet = cookie;
    g_free(puppet->failure);
    puppet->failure = g_strdup(why);
}

static void on_gone(void *cookie)
{
    (void)cookie; /* live_puppet_is_there() says so */
}

static struct live_puppet *live_of(struct puppet *puppet)
{
    const struct live_puppet_handler handler = {
        .there = on_there, .not_there = on_not_there, .gone = on_gone, .cookie = puppet};
    if (puppet->live == NULL)
        puppet->live = live_puppet_new(puppet->cast->net, puppet->cast->recording, handler);
    puppet->has_been_there = false;
    g_free(puppet->failure);
    puppet->failure = NULL;
    return puppet->live;
}

bool puppet_listen(struct puppet *puppet)
{
    struct cast *cast = puppet->cast;
    int sockets[STATION_DOORS];
    const char *name = station_name(&puppet->place);
    const struct http_options http = {.polling = &puppet->place.polling,
                                      .services = http_services,
                                      .server_names = &name,
                                      .num_server_names = 1};
    struct live_puppet *live = live_of(puppet);
    char *error = NULL;

    puppet->is_polling = false;
    if (puppet->place.addresses[STATION_SSTP] != NULL)
        return true;
    if (!station_claim_doors(cast->net, sockets, &error) ||
        !live_puppet_listen(live,
                            &(struct live_puppet_doors){.sockets = sockets,
                                                        .num_sockets = STATION_DOORS,
                                                        .ports = station_ports,
                                                        .http = &http},
                            &error))
        return cast_is_wrong(cast, error);
    station_keep_addresses(&puppet->place, live_puppet_address(live));
    return true;
}

bool puppet_call(struct puppet *puppet, const struct puppet *other,
                 const struct carrier_ops *carrier, const struct cast_proxy *proxy)
{
    struct cast *cast = puppet->cast;
    const struct station *place = &other->place;
    struct live_dial dial = {
        .carrier = carrier,
        .address = station_door(place, carrier->port),
        .http = &puppet->http,
        .hosts = {.initiator_host = puppet->place.host, .acceptor_host = place->host}};
    char *error = NULL, *address = NULL;

    puppet->is_polling = carrier == &carrier_polling;
    puppet->http = (struct http_options){.server_name = station_name(place)};
    if (proxy != NULL) {
        dial.address = address =
            g_strdup_printf("%s:%u", station_name(place), cast_port_behind(carrier));
        dial.proxy = proxy->address;
        dial.hosts.acceptor_host = proxy->host;
        if (proxy->login != NULL && puppet->login == NULL)
            puppet->login = proxy_login_new(proxy->login->scheme, proxy->login->user,
                                            proxy->login->password, &error);
        dial.login = puppet->login;
    }
    g_assert(error == NULL); /* the proxy's own login is one */
    const bool is_dialled = live_puppet_dial(live_of(puppet), &dial, &error);
    g_free(address);
    return is_dialled || cast_is_wrong(cast, error);
}

bool puppet_is_there(const struct puppet *puppet)
{
    return puppet->live != NULL && live_puppet_is_there(puppet->live);
}

void cast_puppet_end(struct puppet *puppet)
{
    live_puppet_end(puppet->live);
}

void cast_puppet_clear(struct puppet *puppet)
{
    live_puppet_free(puppet->live);
    for (size_t door = 0; door < STATION_DOORS; door++)
        g_free(puppet->place.addresses[door]);
    proxy_login_free(puppet->login);
    g_free(puppet->failure);
}
