/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "demo/stage.h"

#include "base/log.h"

#define RESOURCE "apphandler" /* as in GRVSSTP 4.2 */

bool demo_step(struct demo *demo, int64_t end_ms, const char *condition)
{
    return cast_turn(&demo->cast, end_ms) ||
           (!cast_is_stopped(&demo->cast) && demo_is_wrong(demo, condition));
}

bool demo_is_wrong(struct demo *demo, const char *condition)
{
    log_error("%s: it did not come to \"%s\"", demo->scene, condition);
    return false;
}

struct actor *demo_actor(struct demo *demo, const char *name)
{
    return cast_actor(&demo->cast, name);
}

struct station *demo_station(struct demo *demo, const char *url,
                             const struct sstp_relay_config *config)
{
    struct sstp_relay_config relay_config = *config;
    relay_config.idle_ms = DEMO_IDLE_MS;
    struct station *station = cast_station(&demo->cast, url);
    return station_start(&demo->cast, station, &relay_config) ? station : NULL;
}

bool demo_meet(struct demo *demo, struct actor *actor, struct actor *acceptor)
{
    DO(actor_listen(acceptor));
    DO(actor_dial_peer(actor, acceptor, acceptor->device_url));
    AWAIT(demo, actor->is_ready && acceptor->is_ready);
    actor_stop_listening(acceptor);
    return true;
}

bool demo_open(struct demo *demo, struct actor *actor, const struct actor *to, bool to_device,
               uint32_t *session_id)
{
    const enum sstp_ep_err err = sstp_ep_open(
        actor_ep(actor), sstp_span_of_string(RESOURCE), sstp_span_of_string(to->identity_url),
        sstp_span_of_string(to_device ? to->device_url : ""), session_id);
    EXPECT(demo, err == SSTP_EP_OK);
    actor_wake(actor);
    return true;
}

bool demo_send(struct demo *demo, struct actor *actor, uint32_t session_id, struct sstp_span data,
               uint8_t flags)
{
    const struct sstp_ep_message message = {.flags = flags, .data = data};
    EXPECT(demo, sstp_ep_send_message(actor_ep(actor), session_id, &message, NULL) == SSTP_EP_OK);
    actor_wake(actor);
    return true;
}

bool demo_leave(struct demo *demo, struct actor *actor, uint8_t reason_id)
{
    sstp_ep_close_connection(actor_ep(actor), reason_id, 0);
    actor_wake(actor);
    AWAIT(demo, actor->connection == NULL);
    return true;
}

GString *demo_mime(struct demo *demo, size_t len)
{
    static const char *const words[] = {"the",     "workspace", "meeting", "notes",  "were",
                                        "changed", "by",        "Anna",    "before", "lunch"};
    struct random_seeded *random = &demo->cast.random;
    GString *text = g_string_new("MIME-Version: 1.0\r\n"
                                 "Content-Type: multipart/related; boundary=\"groove-boundary\"\r\n"
                                 "\r\n"
                                 "--groove-boundary\r\n"
                                 "Content-Type: text/xml; charset=utf-8\r\n"
                                 "Content-Location: urn:groove.net:delta\r\n"
                                 "\r\n"
                                 "<urn:groove.net:Delta Sequence=\"");
    uint8_t byte;
    random_seeded_fill(random, &byte, 1);
    g_string_append_printf(text, "%u\">\r\n", byte);
    while (text->len < len) {
        random_seeded_fill(random, &byte, 1);
        g_string_append(text, words[byte % G_N_ELEMENTS(words)]);
        g_string_append(text, byte % 11 == 0 ? "\r\n" : " ");
    }
    g_string_append(text, "\r\n</urn:groove.net:Delta>\r\n--groove-boundary--\r\n");
    return text;
}

GByteArray *demo_binary(struct demo *demo, size_t len)
{
    GByteArray *bytes = g_byte_array_new();
    g_byte_array_set_size(bytes, (guint)len);
    random_seeded_fill(&demo->cast.random, bytes->data, len);
    return bytes;
}
