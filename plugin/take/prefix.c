/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "take/prefix.h"

#include "henc/http.h"
#include "henc/proxy_header.h"
#include "http/packet-grvhenc.h"

static const struct grvsstp_prefix none = {GRVSSTP_PREFIX_NONE, 0};

struct grvsstp_prefix grvsstp_prefix_before(struct sstp_span bytes)
{
    const size_t proxy_len = henc_proxy_header_len(bytes);
    if (proxy_len > 0)
        return (struct grvsstp_prefix){GRVSSTP_PREFIX_PROXY, (uint32_t)proxy_len};
    const size_t connect_len = henc_http_connect_len(bytes);
    if (connect_len > 0)
        return (struct grvsstp_prefix){GRVSSTP_PREFIX_HTTP, (uint32_t)connect_len};
    return none;
}

struct grvsstp_prefix grvsstp_prefix_answer(struct sstp_span bytes, bool *is_granted)
{
    struct henc_http http;

    if (bytes.len == 0 || bytes.data[0] != 'H' || henc_http_head(bytes, &http) != HENC_HTTP_DONE)
        return none;
    *is_granted = http.status / 100 == 2;
    return (struct grvsstp_prefix){GRVSSTP_PREFIX_HTTP, (uint32_t)http.head_len};
}

void grvsstp_prefix_show(const struct grvsstp_prefix *prefix, tvbuff_t *tvb, packet_info *pinfo,
                         proto_tree *tree)
{
    tvbuff_t *head = tvb_new_subset_length(tvb, 0, (int)prefix->len);
    heur_dtbl_entry_t *proxy = find_heur_dissector_by_unique_short_name("proxy_tcp");

    if (prefix->kind == GRVSSTP_PREFIX_HTTP)
        grvhenc_show_http(head, pinfo, tree, true);
    else if (proxy != NULL)
        call_heur_dissector_direct(proxy, head, pinfo, tree, NULL);
    col_set_fence(pinfo->cinfo, COL_INFO);
}
