/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The encapsulations against any bytes.  The first byte selects the module; the
 * rest is its input.  Each module's own promises are asserted: views inside the
 * input, what is written is read back, deliveries no more than what came in.
 */
#include <assert.h>
#include <stdlib.h>

#include "henc/virtual.h"

#define TRANSPORTS 6u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_view(struct sstp_span whole, struct sstp_span part)
{
    assert(part.len == 0 ||
           (part.data >= whole.data && part.data + part.len <= whole.data + whole.len));
}

static void fuzz_uri(struct sstp_span input)
{
    static const char *const methods[] = {"GET", "POST"};
    for (size_t i = 0; i < 2; i++) {
        struct henc_uri uri;
        if (!henc_uri_parse(sstp_span_of_string(methods[i]), input, &uri))
            continue;
        check_view(input, uri.authority);
        check_view(input, uri.version);
        check_view(input, uri.server);
        check_view(input, uri.guid);
        check_view(input, uri.request_id);
        check_view(input, uri.content_length_text);
        (void)henc_uri_findings(&uri);
        uint8_t text[1024];
        struct sstp_writer w = sstp_writer(text, sizeof text);
        henc_uri_write(&w, &uri);
        if (w.failed)
            continue;
        struct henc_uri again;
        assert(henc_uri_parse(sstp_span_of_string(methods[i]), sstp_writer_span(&w), &again));
        assert(again.kind == uri.kind && sstp_span_is_equal(again.guid, uri.guid));
    }
}

static void fuzz_echo(struct sstp_span input)
{
    struct henc_echo open;
    struct henc_echo all;
    const enum henc_echo_result when_open = henc_echo_scan(input, false, &open);
    const enum henc_echo_result when_all = henc_echo_scan(input, true, &all);
    assert(when_all != HENC_ECHO_NEED_MORE);
    assert(when_open == HENC_ECHO_NEED_MORE || (when_open == when_all && open.len == all.len));
    assert(all.len <= input.len);
    check_view(input, all.ping_data);
    (void)henc_empty_answer_is(input);
    for (size_t len = 0; len < input.len && len < 64; len++) {
        struct henc_echo part;
        const enum henc_echo_result result =
            henc_echo_scan(sstp_span(input.data, len), false, &part);
        assert(result == HENC_ECHO_NEED_MORE || result == when_all);
    }
}

static void fuzz_polling(struct sstp_span input)
{
    for (int is_response = 0; is_response < 2; is_response++) {
        struct henc_polling p;
        const enum henc_polling_result result = henc_polling_parse(input, is_response, &p);
        check_view(input, p.server_url);
        check_view(input, p.guid);
        check_view(input, p.poll_text);
        check_view(input, p.data);
        if (result != HENC_POLLING_OK)
            continue;
        assert(p.header_len + p.data.len == input.len);
        (void)henc_polling_findings(&p, false);
        uint8_t *bytes = malloc(input.len + 64);
        struct sstp_writer w = sstp_writer(bytes, bytes == NULL ? 0 : input.len + 64);
        henc_polling_write(&w, &p);
        struct henc_polling again;
        if (!w.failed) {
            assert(henc_polling_parse(sstp_writer_span(&w), is_response, &again) ==
                   HENC_POLLING_OK);
            assert(again.sequence == p.sequence && sstp_span_is_equal(again.data, p.data));
            assert(henc_polling_checksum_is_good(again.checksum, henc_polling_checksum(p.data)));
        }
        free(bytes);
    }
}

static size_t octets_delivered(const struct henc_result *result)
{
    size_t octets = 0;
    assert(result->deliveries.num <= HENC_DELIVERIES_MAX);
    for (size_t i = 0; i < result->deliveries.num; i++) {
        const struct sstp_span bytes = result->deliveries.items[i].bytes;
        assert(bytes.len > 0);
        (void)henc_polling_checksum(bytes); /* reads each octet: the sanitizer watches */
        octets += bytes.len;
    }
    return octets;
}

/* Five bytes a message: what, where, Sequence-Number, status and length of its
 * body, which follows. */
static void fuzz_virtual(struct sstp_span input)
{
    static const enum henc_kind kinds[] = {HENC_KIND_LONGLIVED, HENC_KIND_KEEPALIVE,
                                           HENC_KIND_POLLING};
    static const unsigned statuses[] = {0, 200, 400, 401, 407, 500, 100, 200};
    struct sstp_reader r = sstp_reader(input);
    struct henc_virtual v;
    struct henc_result result;
    size_t octets_in = 0;
    size_t octets_out = 0;
    henc_virtual_init(&v, &sstp_mem_libc, kinds[sstp_read_u8(&r) % 3]);
    for (uint64_t chunk = 1; sstp_reader_left(&r) >= 5; chunk++) {
        const uint8_t what = sstp_read_u8(&r);
        const uint8_t where = sstp_read_u8(&r);
        const uint8_t number = sstp_read_u8(&r);
        const uint8_t status = sstp_read_u8(&r);
        const size_t wanted = sstp_read_u8(&r);
        const size_t len = wanted < sstp_reader_left(&r) ? wanted : sstp_reader_left(&r);
        const struct sstp_span body = sstp_read_bytes(&r, len);
        const enum henc_half half = (what & 0x10) != 0 ? HENC_HALF_POST : HENC_HALF_GET;
        const struct henc_polling polling = {.is_response = statuses[status % 8] != 0,
                                             .sequence_is_valid = (what & 0x20) == 0,
                                             .sequence = number,
                                             .data = body};
        const struct henc_message m = {.chunk = chunk,
                                       .transport = where % TRANSPORTS,
                                       .half = half,
                                       .status = statuses[status % 8],
                                       .from_start = (what & 0x40) != 0,
                                       .is_cut = (what & 0x80) != 0,
                                       .polling = v.kind == HENC_KIND_POLLING ? &polling : NULL,
                                       .body = body};
        const struct henc_piece piece = {chunk, half, (what & 0x80) != 0, (what & 0x20) != 0, body};
        octets_in += len;
        (void)henc_virtual_is_renewed_by(&v, &m);
        if ((what & 0x0f) == 0)
            henc_virtual_transport_end(&v, where % TRANSPORTS, &result);
        else if ((what & 0x0f) < 4 && v.kind == HENC_KIND_LONGLIVED)
            henc_virtual_data(&v, &piece, &result);
        else
            (void)henc_virtual_message(&v, &m, &result);
        octets_out += octets_delivered(&result);
        assert(result.findings >> HENC_FINDING_COUNT == 0);
    }
    henc_virtual_finish(&v, &result);
    octets_out += octets_delivered(&result);
    assert(octets_out <= octets_in);
    assert(v.flows[0].num_parked == 0 && v.flows[0].parked_octets == 0);
    assert(v.flows[1].num_parked == 0 && v.flows[1].parked_octets == 0);
    henc_virtual_clear(&v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const modules[])(struct sstp_span) = {fuzz_uri, fuzz_echo, fuzz_polling,
                                                        fuzz_virtual};
    if (size > 0)
        modules[data[0] % 4](sstp_span(data + 1, size - 1));
    return 0;
}
