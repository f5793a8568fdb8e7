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
#define grvsstp_mark_depended_upon(pinfo, frame) mark_frame_as_depended_upon((pinfo)->fd, (frame))
#else
typedef gboolean grvsstp_heuristic_result;
typedef gboolean grvsstp_preference;
#define grvsstp_mark_depended_upon(pinfo, frame) mark_frame_as_depended_upon((pinfo), (frame))
#endif

#if GRVSSTP_WIRESHARK_AT_LEAST(4, 6)
#define grvsstp_try_string(table, string, tvb, pinfo, tree, data)                                  \
    dissector_try_string_with_data((table), (string), (tvb), (pinfo), (tree), true, (data))
#else
#define grvsstp_try_string dissector_try_string
#endif

/* Whether HTTP's last exchange on a connection was a CONNECT that succeeded. */
static inline bool grvsstp_http_is_tunnel(const http_conv_t *http)
{
#if GRVSSTP_WIRESHARK_AT_LEAST(4, 4)
    const http_req_res_t *last = http->req_res_tail;
#else
    const http_conv_t *last = http;
#endif
    return last != NULL && last->response_code == 200 && last->request_method != NULL &&
           strcmp(last->request_method, "CONNECT") == 0;
}

#endif
