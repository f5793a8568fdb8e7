/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "play/speaker.h"

#include <string.h>

void speaker_init(struct speaker *speaker, struct cast *cast, uint8_t host)
{
    *speaker = (struct speaker){
        .cast = cast, .host = host, .says = g_byte_array_new(), .heard = g_byte_array_new()};
}

void speaker_clear(struct speaker *speaker)
{
    if (speaker->says != NULL)
        g_byte_array_free(speaker->says, TRUE);
    if (speaker->heard != NULL)
        g_byte_array_free(speaker->heard, TRUE);
}

/* ------------------------------------------------------------------------
 * As the user of its socket
 */

static void on_tick(void *cookie, int64_t now_ms)
{
    (void)cookie;
    (void)now_ms;
}

static int64_t deadline_of(void *cookie)
{
    (void)cookie;
    return NET_NEVER;
}

static void on_receive(void *cookie, const void *data, size_t len)
{
    struct speaker *speaker = cookie;
    const size_t room = SPEAKER_HEARD_MAX - speaker->heard->len;
    g_byte_array_append(speaker->heard, data, (guint)MIN(len, room));
}

static bool has_room(void *cookie)
{
    (void)cookie;
    return true;
}

static size_t output_len(void *cookie)
{
    const struct speaker *speaker = cookie;
    return speaker->says->len;
}

static size_t output(void *cookie, struct sstp_span *pieces, size_t max)
{
    const struct speaker *speaker = cookie;
    if (speaker->says->len == 0 || max == 0)
        return 0;
    pieces[0] = sstp_span(speaker->says->data, speaker->says->len);
    return 1;
}

static void on_taken(void *cookie, size_t len)
{
    struct speaker *speaker = cookie;
    g_byte_array_remove_range(speaker->says, 0, (guint)len);
}

static bool is_over(void *cookie)
{
    const struct speaker *speaker = cookie;
    return speaker->is_hanging_up;
}

static void on_lost(void *cookie)
{
    struct speaker *speaker = cookie;
    speaker->socket = NULL;
    speaker->is_open = false;
}

static const struct net_user user = {.tick = on_tick,
                                     .deadline = deadline_of,
                                     .receive = on_receive,
                                     .has_room = has_room,
                                     .output_len = output_len,
                                     .output = output,
                                     .taken = on_taken,
                                     .is_over = is_over,
                                     .lost = on_lost};

/* ------------------------------------------------------------------------
 * Connections
 */

static void start(struct speaker *speaker, struct net_connection *socket)
{
    speaker->socket = socket;
    speaker->is_open = true;
    net_start(socket, &user, speaker);
}

static void on_connected(void *cookie, struct net_connection *socket, const char *why)
{
    struct speaker *speaker = cookie;
    speaker->socket = NULL;
    if (socket != NULL)
        start(speaker, socket);
    else
        (void)cast_is_wrong(speaker->cast, g_strdup_printf("a speaker is not connected: %s", why));
}

static void on_accepted(void *cookie, struct net_connection *socket)
{
    struct speaker *speaker = cookie;
    if (speaker->socket == NULL)
        start(speaker, socket);
    net_listener_close(speaker->listener);
    speaker->listener = NULL;
}

/* For a new connection. */
static void forget(struct speaker *speaker)
{
    g_byte_array_set_size(speaker->says, 0);
    g_byte_array_set_size(speaker->heard, 0);
    speaker->is_hanging_up = false;
}

bool speaker_call(struct speaker *speaker, const char *address, struct net_hosts hosts)
{
    char *error = NULL;
    forget(speaker);
    speaker->socket =
        net_connect(speaker->cast->net, address, hosts, 0, on_connected, speaker, &error);
    return speaker->socket != NULL || cast_is_wrong(speaker->cast, error);
}

bool speaker_call_peer(struct speaker *speaker, struct speaker *peer, uint16_t port)
{
    char *error = NULL;
    forget(peer);
    if (peer->listener == NULL &&
        !net_listen(peer->cast->net, "127.0.0.1:0", 1, on_accepted, peer, &peer->listener, &error))
        return cast_is_wrong(peer->cast, error);
    char *address = net_listener_address(peer->listener);
    const bool is_called =
        speaker_call(speaker, address, (struct net_hosts){speaker->host, peer->host, port});
    g_free(address);
    return is_called;
}

bool speaker_can_speak(const struct speaker *speaker)
{
    return speaker->socket != NULL || speaker->listener != NULL;
}

/* What is said before there is a connection goes when it starts. */
static void wake(struct speaker *speaker)
{
    if (!speaker->is_open)
        return;
    net_wake(speaker->socket);
    net_settle(speaker->cast->net);
}

void speaker_say(struct speaker *speaker, struct sstp_span bytes)
{
    g_byte_array_append(speaker->says, bytes.data, (guint)bytes.len);
    wake(speaker);
}

void speaker_hang_up(struct speaker *speaker)
{
    speaker->is_hanging_up = true;
    wake(speaker);
}

bool speaker_takes(struct speaker *speaker, struct sstp_span bytes)
{
    const GByteArray *heard = speaker->heard;
    size_t at = 0;
    while (at + bytes.len <= heard->len && memcmp(heard->data + at, bytes.data, bytes.len) != 0)
        at++;
    if (at + bytes.len > heard->len)
        return false;
    g_byte_array_remove_range(speaker->heard, 0, (guint)(at + bytes.len));
    return true;
}
