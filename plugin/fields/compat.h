/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * compat: all that differs between the Wireshark versions we build against
 * (4.0, 4.4, 4.6).  Everything else in this folder is the same for all of them.
 */
#ifndef GRVSSTP_COMPAT_H
#define GRVSSTP_COMPAT_H

#include <wireshark.h>
#include <ws_version.h>
#include <epan/packet.h>
#include <epan/dissectors/packet-http.h>

#define GRVSSTP_WIRESHARK_AT_LEAST(major, minor)                                                   \
    (WIRESHARK_VERSION_MAJOR > (major) ||                                                          \
     (WIRESHARK_VERSION_MAJOR == (major) && WIRESHARK_VERSION_MINOR >= (minor)))

#if GRVSSTP_WIRESHARK_AT_LEAST(4, 4)
#include <wsutil/plugins.h> /* WS_PLUGIN_DESC_DISSECTOR */

/* What a heuristic dissector returns. */
typedef bool grvsstp_heuristic_result;
/* What a preference of yes or no is kept in. */
typedef bool grvsstp_preference;
/* What is asked of each node of a tree returns: whether that is enough. */
typedef bool grvsstp_foreach_result;
#define grvsstp_mark_depended_upon(pinfo, frame) mark_frame_as_depended_upon((pinfo)->fd, (frame))
#define grvsstp_uncompress tvb_child_uncompress_zlib
#define grvsstp_get_uint8 tvb_get_uint8
#else
typedef gboolean grvsstp_heuristic_result;
typedef gboolean grvsstp_preference;
typedef gboolean grvsstp_foreach_result;
#define grvsstp_mark_depended_upon(pinfo, frame) mark_frame_as_depended_upon((pinfo), (frame))
#define grvsstp_uncompress tvb_child_uncompress
#define grvsstp_get_uint8 tvb_get_guint8
#endif

#if GRVSSTP_WIRESHARK_AT_LEAST(4, 6)
#define grvsstp_try_string(table, string, tvb, pinfo, tree, data)                                  \
    dissector_try_string_with_data((table), (string), (tvb), (pinfo), (tree), true, (data))
/* libwireshark asks postdissectors by itself what they want of a frame. */
#define grvsstp_prime_for_postdissectors(edt) ((void)(edt))
#else
#define grvsstp_try_string dissector_try_string
#define grvsstp_prime_for_postdissectors prime_epan_dissect_with_postdissector_wanted_hfids
#endif

/* The value of a field of text; it lives as long as the tree. */
static inline const char *grvsstp_field_string(const field_info *field)
{
#if GRVSSTP_WIRESHARK_AT_LEAST(4, 4)
    return fvalue_get_string(field->value);
#else
    return fvalue_get_string((fvalue_t *)&field->value);
#endif
}

/* HTTP's last exchange on a connection, and where a CONNECT in it wants to go; NULL where it is
 * none.  *status is that of the answer, 0 as long as there is none. */
static inline const char *grvsstp_http_tunnel_target(const http_conv_t *http, unsigned *status)
{
#if GRVSSTP_WIRESHARK_AT_LEAST(4, 4)
    const http_req_res_t *last = http->req_res_tail;
#else
    const http_conv_t *last = http;
#endif
    if (last == NULL || last->request_method == NULL ||
        strcmp(last->request_method, "CONNECT") != 0)
        return NULL;
    *status = last->response_code;
    return last->request_uri;
}

/* Takes a handle that a table uses off the list of those that Decode As offers for it, which
 * has no function for that: the list is sorted by the names of protocols, and ours is never
 * the first. */
static inline void grvsstp_unlist_for_decode_as(dissector_table_t table, dissector_handle_t handle)
{
    GSList *list = dissector_table_get_dissector_handles(table);
    if (list != NULL && list->data != handle)
        (void)!g_slist_remove(list, handle);
}

#endif
