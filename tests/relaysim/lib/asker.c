/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "asker.h"

#include "base/random.h"
#include "carrier/polling.h"

static struct random_seeded seed = {1};

bool asker_hear(struct asker *asker)
{
    struct sstp_span piece;
    asker->transport = carrier_next_wanted(asker->carrier);
    if (asker->transport == NULL)
        return false;
    g_assert_cmpint(asker->transport->target, ==, CARRIER_TO_SERVER);
    carrier_opened(asker->transport);
    g_assert_false(carrier_is_over(asker->transport));
    g_byte_array_set_size(asker->said, 0);
    while (carrier_output(asker->transport, &piece, 1) > 0) {
        g_assert_cmpuint(carrier_output_len(asker->transport), ==, piece.len);
        g_byte_array_append(asker->said, piece.data, 1);
        carrier_taken(asker->transport, 1);
    }
    const struct sstp_span said = sstp_span(asker->said->data, asker->said->len);
    g_assert_cmpint(henc_http_head(said, &asker->http), ==, HENC_HTTP_DONE);
    g_assert_cmpuint(asker->http.content_length, ==, said.len - asker->http.head_len);
    g_assert_cmpint(henc_polling_parse(sstp_span(said.data + asker->http.head_len,
                                                 said.len - asker->http.head_len),
                                       false, &asker->request),
                    ==, HENC_POLLING_OK);
    g_assert_cmpuint(henc_polling_findings(&asker->request, false), ==, 0);
    return true;
}

void asker_answer_bytes(struct asker *asker, const void *bytes, size_t len, size_t cut)
{
    for (size_t at = 0; at < len && !carrier_is_lost(asker->carrier); at += cut)
        carrier_receive(asker->transport, (const char *)bytes + at, MIN(cut, len - at));
}

void asker_answer_status(struct asker *asker, unsigned status)
{
    char *text = g_strdup_printf("HTTP/1.0 %u Whatever\r\nContent-Length: 0\r\n\r\n", status);
    asker_answer_bytes(asker, text, strlen(text), 1);
    g_free(text);
}

void asker_answer_ok(struct asker *asker, struct henc_polling answer, size_t cut)
{
    uint8_t bytes[HENC_BODY_LEN_MAX + 100];
    char head[64];
    struct sstp_writer w = sstp_writer(bytes + 100, HENC_BODY_LEN_MAX);
    answer.is_response = true;
    if (answer.version.len == 0)
        answer.version = asker->request.version;
    if (answer.server.len == 0)
        answer.server = asker->request.server;
    if (answer.guid.len == 0)
        answer.guid = asker->request.guid;
    henc_polling_write(&w, &answer);
    g_assert_false(w.failed);
    if (answer.checksum != 0)
        bytes[100 + w.pos - 1] ^= 1;
    const int len =
        g_snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", w.pos);
    memcpy(bytes + 100 - len, head, (size_t)len);
    asker_answer_bytes(asker, bytes + 100 - len, (size_t)len + w.pos, cut);
}

void asker_begin(struct asker *asker, const struct http_options *options)
{
    *asker = (struct asker){.now_ms = BEGIN_MS, .said = g_byte_array_new()};
    asker->pair = pair_new(&(struct pair_config){.a_minor = 6});
    pair_connect(asker->pair);
    asker->carrier = carrier_new(&carrier_polling,
                                 &(struct carrier_config){.now_ms = BEGIN_MS,
                                                          .target = NAME ":80",
                                                          .http = options,
                                                          .random = {random_seeded_fill, &seed}});
}

void asker_end(struct asker *asker)
{
    carrier_free(asker->carrier);
    pair_free(asker->pair);
    g_byte_array_free(asker->said, TRUE);
}

void asker_wait(struct asker *asker, int64_t ms)
{
    asker->now_ms += ms;
    carrier_tick(asker->carrier, asker->now_ms);
}

void asker_speak(struct asker *asker)
{
    g_assert_cmpint(sstp_ep_noop(asker->pair->a.ep), ==, SSTP_EP_OK);
    g_assert_cmpint(carrier_deadline(asker->carrier), <=, asker->now_ms);
    carrier_tick(asker->carrier, asker->now_ms);
}

void asker_go_to(struct asker *asker, enum state state)
{
    g_assert_true(asker_hear(asker));
    g_assert_cmpuint(asker->request.sequence, ==, 0);
    g_assert_cmpuint(asker->request.data.len, ==, 0);
    if (state == PROBING)
        return;
    asker_answer_status(asker, 400);
    g_assert_true(carrier_is_ready(asker->carrier) && carrier_is_over(asker->transport));
    carrier_lost(asker->transport);
    g_assert_null(carrier_next_wanted(asker->carrier));
    carrier_set_ep(asker->carrier, asker->pair->a.ep);
    g_assert_null(carrier_next_wanted(asker->carrier));
    asker_speak(asker);
    g_assert_true(asker_hear(asker));
    g_assert_cmpuint(asker->request.sequence, ==, 0);
    g_assert_cmpuint(asker->request.data.len, >, 0);
    if (state == CONNECTING)
        return;
    asker_answer_ok(asker, (struct henc_polling){.sequence = 0}, 100);
    carrier_lost(asker->transport);
    asker_wait(asker, 5000);
    g_assert_true(asker_hear(asker));
    g_assert_cmpuint(asker->request.sequence, ==, 1);
    g_assert_cmpuint(asker->request.data.len, ==, 0);
}
