/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "henc/polling.h"

#include "henc/henc_findings.h"
#include "henc/text.h"
#include "henc/uri.h"

/* Why a version ends: no version that was ever printed is longer. */
#define VERSION_LEN_MAX 16u

bool henc_polling_is_body(struct sstp_span bytes)
{
    size_t len = 0;
    while (len < bytes.len && len <= VERSION_LEN_MAX &&
           (henc_is_digit(bytes.data[len]) || bytes.data[len] == '.'))
        len++;
    return len > 0 && len <= VERSION_LEN_MAX && len < bytes.len && bytes.data[len] == 0 &&
           henc_text_has_prefix(henc_text_from(bytes, len + 1), HENC_POLLING_SCHEME);
}

static bool read_u32(struct sstp_span text, uint32_t *value)
{
    uint64_t number;
    const bool is_valid = henc_text_number(text, UINT32_MAX, &number);
    *value = (uint32_t)number;
    return is_valid;
}

static bool read_i64(struct sstp_span text, int64_t *value)
{
    const bool is_negative = text.len > 0 && text.data[0] == '-';
    const struct sstp_span digits = is_negative ? henc_text_from(text, 1) : text;
    const uint64_t max = (uint64_t)INT64_MAX + (is_negative ? 1 : 0);
    uint64_t number;
    const bool is_valid = henc_text_number(digits, max, &number);
    *value = (int64_t)(is_negative ? 0 - number : number);
    return is_valid;
}

static bool read_poll(struct sstp_span text, struct henc_polling *p)
{
    struct sstp_span rest;
    const bool has_max = read_u32(henc_text_trim(henc_text_split(text, ',', &rest)), &p->poll_max);
    const bool has_min = read_u32(henc_text_trim(henc_text_split(rest, ',', &rest)), &p->poll_min);
    return has_max && has_min && read_u32(henc_text_trim(rest), &p->poll_repetitions);
}

enum henc_polling_result henc_polling_parse(struct sstp_span body, bool is_response,
                                            struct henc_polling *polling)
{
    struct henc_polling p = {.is_response = is_response};
    struct sstp_reader r = sstp_reader(body);
    if (henc_polling_is_body(body)) {
        p.version = sstp_read_string(&r);
        p.server_url = sstp_read_string(&r);
        p.server = henc_text_from(p.server_url, sizeof HENC_POLLING_SCHEME - 1);
        p.guid = sstp_read_string(&r);
        p.sequence_text = sstp_read_string(&r);
        p.checksum_text = sstp_read_string(&r);
        p.poll_text = is_response ? sstp_read_string(&r) : sstp_span(NULL, 0);
        p.sequence_is_valid = read_u32(p.sequence_text, &p.sequence);
        p.checksum_is_valid = read_i64(p.checksum_text, &p.checksum);
        p.poll_is_valid = is_response && read_poll(p.poll_text, &p);
        p.header_len = r.pos;
        p.data = r.failed ? sstp_span(NULL, 0) : henc_text_from(body, r.pos);
    }
    *polling = p;
    if (p.header_len == 0)
        return HENC_POLLING_NOT;
    return r.failed ? HENC_POLLING_CUT : HENC_POLLING_OK;
}

int64_t henc_polling_checksum(struct sstp_span data)
{
    /* Unsigned, for it wraps where signed would be undefined; that takes more
     * than 2 GiB of data. */
    uint64_t sum = 0;
    for (size_t i = 0; i < data.len; i++)
        sum += (uint64_t)((int64_t)(int8_t)data.data[i] + 1) * ((uint64_t)i + 1);
    return (int64_t)sum;
}

bool henc_polling_checksum_is_good(int64_t printed, int64_t calculated)
{
    const bool fits_32_bits = printed >= INT32_MIN && printed <= (int64_t)UINT32_MAX;
    return printed == calculated || (fits_32_bits && (uint32_t)printed == (uint32_t)calculated);
}

uint32_t henc_polling_findings(const struct henc_polling *polling, bool data_is_cut)
{
    uint32_t findings = 0;
    if (!polling->sequence_is_valid || !polling->checksum_is_valid || polling->guid.len == 0 ||
        polling->server.len == 0 || (polling->is_response && !polling->poll_is_valid))
        findings |= henc_finding_bit(HENC_FINDING_ENCAP_MALFORMED);
    if (polling->guid.len > 0 && !henc_guid_is_regular(polling->guid))
        findings |= henc_finding_bit(HENC_FINDING_GUID_LENGTH);
    if (!henc_text_is(polling->version, HENC_POLLING_VERSION))
        findings |= henc_finding_bit(HENC_FINDING_ENCAP_VERSION);
    if (polling->checksum_is_valid && !data_is_cut &&
        !henc_polling_checksum_is_good(polling->checksum, henc_polling_checksum(polling->data)))
        findings |= henc_finding_bit(HENC_FINDING_CHECKSUM_BAD);
    return findings;
}

static void write_field(struct sstp_writer *w, struct sstp_span field)
{
    w->failed |= field.len == 0;
    sstp_write_string(w, field);
}

static void write_checksum(struct sstp_writer *w, int64_t checksum)
{
    if (checksum < 0)
        henc_write_text(w, "-");
    henc_write_number(w, checksum < 0 ? 0 - (uint64_t)checksum : (uint64_t)checksum);
    sstp_write_uint(w, 1, 0);
}

void henc_polling_write(struct sstp_writer *w, const struct henc_polling *polling)
{
    const size_t start = w->pos;
    write_field(w, polling->version);
    henc_write_text(w, HENC_POLLING_SCHEME);
    write_field(w, polling->server);
    write_field(w, polling->guid);
    henc_write_number(w, polling->sequence);
    sstp_write_uint(w, 1, 0);
    write_checksum(w, henc_polling_checksum(polling->data));
    if (polling->is_response) {
        henc_write_number(w, polling->poll_max);
        henc_write_text(w, ",");
        henc_write_number(w, polling->poll_min);
        henc_write_text(w, ",");
        henc_write_number(w, polling->poll_repetitions);
        sstp_write_uint(w, 1, 0);
    }
    sstp_write_bytes(w, polling->data);
    w->failed |= w->pos - start > HENC_BODY_LEN_MAX;
}
