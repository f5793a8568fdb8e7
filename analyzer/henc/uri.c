/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "henc/uri.h"

#include "henc/henc_findings.h"
#include "henc/text.h"

/* What can stand after the commas of the last path segment. */
enum token { TOKEN_CONN_TYPE, TOKEN_CONTENT_LENGTH, TOKEN_REQUEST_ID, TOKEN_COUNT };

static const char *const token_names[TOKEN_COUNT] = {
    [TOKEN_CONN_TYPE] = "ConnType",
    [TOKEN_CONTENT_LENGTH] = "ContentLength",
    [TOKEN_REQUEST_ID] = "ID",
};

static bool read_method(struct sstp_span method, enum henc_half *half)
{
    const bool is_get = sstp_span_is_equal(method, sstp_span_of_string("GET"));
    *half = is_get ? HENC_HALF_GET : HENC_HALF_POST;
    return is_get || sstp_span_is_equal(method, sstp_span_of_string("POST"));
}

/* Takes scheme and authority off an absolute URI and returns its path, which is
 * empty or begins with '/'. */
static struct sstp_span read_authority(struct sstp_span target, struct henc_uri *uri)
{
    static const char scheme[] = "http://";
    uri->is_absolute = henc_text_has_prefix(target, scheme);
    if (!uri->is_absolute)
        return target;
    const struct sstp_span after = henc_text_from(target, sizeof scheme - 1);
    struct sstp_span rest;
    uri->authority = henc_text_split(after, '/', &rest);
    return henc_text_from(after, uri->authority.len);
}

static bool read_kind(struct sstp_span value, enum henc_kind *kind)
{
    const bool is_longlived = henc_text_is(value, "LongLived");
    *kind = is_longlived ? HENC_KIND_LONGLIVED : HENC_KIND_KEEPALIVE;
    return is_longlived || henc_text_is(value, "KeepAlive");
}

/* Reads one token; returns whether it was a ConnType that we know. */
static bool read_token(struct sstp_span token, struct henc_uri *uri)
{
    struct sstp_span value;
    const struct sstp_span name = henc_text_trim(henc_text_split(token, '=', &value));
    if (name.len == token.len) {
        /* No '=': the GUID, wherever it stands. */
        if (uri->guid.len == 0)
            uri->guid = name;
        return false;
    }
    value = henc_text_trim(value);
    if (henc_text_is(name, token_names[TOKEN_CONN_TYPE]))
        return read_kind(value, &uri->kind);
    if (henc_text_is(name, token_names[TOKEN_REQUEST_ID]))
        uri->request_id = value;
    if (henc_text_is(name, token_names[TOKEN_CONTENT_LENGTH])) {
        uri->content_length_text = value;
        uri->has_content_length = henc_text_number(value, UINT64_MAX, &uri->content_length);
        uri->is_malformed |= !uri->has_content_length;
    }
    return false;
}

/* Whether the first part of a path is a version, whichever: digits and dots. */
static bool is_version(struct sstp_span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!henc_is_digit(text.data[i]) && text.data[i] != '.')
            return false;
    return text.len > 0;
}

bool henc_uri_parse(struct sstp_span method, struct sstp_span target, struct henc_uri *uri)
{
    *uri = (struct henc_uri){.kind = HENC_KIND_POLLING, .half = HENC_HALF_POST};
    if (!read_method(method, &uri->half))
        return false;
    struct sstp_span rest = read_authority(henc_text_trim(target), uri);
    if (henc_text_is(rest, "/") || (rest.len == 0 && uri->authority.len > 0))
        return uri->half == HENC_HALF_POST;
    if (!henc_text_has_prefix(rest, "/"))
        return false;
    uri->version = henc_text_trim(henc_text_split(henc_text_from(rest, 1), '/', &rest));
    uri->server = henc_text_trim(henc_text_split(rest, '/', &rest));
    bool is_ours = false;
    while (rest.len > 0) {
        const struct sstp_span token = henc_text_trim(henc_text_split(rest, ',', &rest));
        is_ours |= token.len > 0 && read_token(token, uri);
    }
    uri->is_malformed |= uri->guid.len == 0;
    return is_ours && is_version(uri->version);
}

bool henc_guid_is_regular(struct sstp_span guid)
{
    if (guid.len != HENC_GUID_LEN)
        return false;
    for (size_t i = 0; i < guid.len; i++)
        if (!henc_is_digit(guid.data[i]) && !henc_is_letter(guid.data[i]))
            return false;
    return true;
}

uint32_t henc_uri_findings(const struct henc_uri *uri)
{
    if (uri->kind == HENC_KIND_POLLING)
        return 0;
    uint32_t findings = 0;
    if (uri->is_malformed)
        findings |= henc_finding_bit(HENC_FINDING_ENCAP_MALFORMED);
    if (uri->guid.len > 0 && !henc_guid_is_regular(uri->guid))
        findings |= henc_finding_bit(HENC_FINDING_GUID_LENGTH);
    if (!henc_text_is(uri->version, HENC_VERSION))
        findings |= henc_finding_bit(HENC_FINDING_ENCAP_VERSION);
    if (uri->kind == HENC_KIND_LONGLIVED && uri->content_length > HENC_LONGLIVED_LENGTH_MAX)
        findings |= henc_finding_bit(HENC_FINDING_CONTENT_LENGTH_EXCEEDED);
    return findings;
}

/* Writes a part that a reader ends at '/', ',', a blank or a control character. */
static void write_part(struct sstp_writer *w, struct sstp_span part)
{
    bool is_fit = part.len > 0;
    for (size_t i = 0; i < part.len; i++) {
        const uint8_t c = part.data[i];
        is_fit &= c > ' ' && c < 0x7f && c != '/' && c != ',' && c != '=';
    }
    w->failed |= !is_fit;
    sstp_write_bytes(w, part);
}

void henc_uri_write(struct sstp_writer *w, const struct henc_uri *uri)
{
    if (uri->is_absolute) {
        henc_write_text(w, "http://");
        write_part(w, uri->authority.len > 0 ? uri->authority : uri->server);
    }
    if (uri->kind == HENC_KIND_POLLING) {
        if (!uri->is_absolute)
            henc_write_text(w, "/");
        return;
    }
    const bool is_longlived = uri->kind == HENC_KIND_LONGLIVED;
    henc_write_text(w, "/");
    write_part(w, uri->version);
    henc_write_text(w, "/");
    write_part(w, uri->server);
    henc_write_text(w, "/");
    write_part(w, uri->guid);
    henc_write_text(w, is_longlived ? ",ConnType=LongLived" : ",ConnType=KeepAlive");
    if (uri->half == HENC_HALF_POST)
        return;
    if (is_longlived) {
        henc_write_text(w, ",ContentLength=");
        henc_write_number(w, uri->content_length);
    }
    if (uri->request_id.len > 0) {
        henc_write_text(w, ",ID=");
        write_part(w, uri->request_id);
    }
}
