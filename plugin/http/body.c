/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "http/body.h"

#include <epan/prefs-int.h>

#include "fields/compat.h"
#include "henc/text.h"

/* Whether the user has Wireshark's HTTP decompress bodies. */
static bool is_wanted(void)
{
    module_t *module = prefs_find_module("http");
    pref_t *preference = module != NULL ? prefs_find_preference(module, "decompress_body") : NULL;
    return preference == NULL || prefs_get_bool_value(preference, pref_current);
}

/* What Wireshark can decompress; NULL where it cannot. */
static tvbuff_t *decompress(struct sstp_span encoding, tvbuff_t *tvb)
{
    const int len = (int)tvb_captured_length(tvb);

    if (!is_wanted())
        return NULL;
    if (henc_text_is(encoding, "gzip") || henc_text_is(encoding, "x-gzip") ||
        henc_text_is(encoding, "deflate") || henc_text_is(encoding, "x-deflate"))
        return grvsstp_uncompress(tvb, tvb, 0, len);
    if (henc_text_is(encoding, "br"))
        return tvb_child_uncompress_brotli(tvb, tvb, 0, len);
    return NULL;
}

static const char *name_of(struct sstp_span encoding, wmem_allocator_t *pool)
{
    return wmem_strndup(pool, (const char *)encoding.data, encoding.len);
}

struct grvhenc_body grvhenc_body(const struct henc_http *http, struct sstp_span body, tvbuff_t *tvb,
                                 size_t offset, wmem_allocator_t *pool, packet_info *shown_in)
{
    struct grvhenc_body result = {NULL, NULL};

    if (body.len == 0)
        return result;
    if (http->is_chunked)
        result.tvb = tvb_new_child_real_data(tvb, body.data, (unsigned)body.len, (int)body.len);
    else
        result.tvb = tvb_new_subset_length(tvb, (int)(offset + http->head_len), (int)body.len);
    if (http->is_chunked && shown_in != NULL)
        add_new_data_source(shown_in, result.tvb, "De-chunked body");
    if (http->content_encoding.len == 0)
        return result;
    result.tvb = decompress(http->content_encoding, result.tvb);
    if (result.tvb == NULL)
        result.undecoded = name_of(http->content_encoding, pool);
    else if (shown_in != NULL)
        add_new_data_source(shown_in, result.tvb, "Uncompressed body");
    return result;
}

const char *grvhenc_endless_undecoded(const struct henc_http *http, wmem_allocator_t *pool)
{
    if (http->content_encoding.len > 0)
        return name_of(http->content_encoding, pool);
    return http->is_chunked ? "chunked" : NULL;
}
