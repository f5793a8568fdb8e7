/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sequence: the part of Wireshark's flow graphs that is exported from its library,
 * and whose header is not installed.
 *
 * Declared is what flow.c uses, as far as it lies in front of what it does not use:
 * the library makes and frees the items.  GRVSSTP_HAS_FLOW is 1 for the versions
 * whose layout was compared: 4.0 and 4.4 with their sources, 4.6 with the code of its
 * library.
 */
#ifndef GRVSSTP_STATISTICS_SEQUENCE_H
#define GRVSSTP_STATISTICS_SEQUENCE_H

#include "fields/compat.h"

#include <epan/tap.h>

#if GRVSSTP_HAS_FLOW
/* An arrow. */
typedef struct _seq_analysis_item {
    uint32_t frame_number;
    address src_addr;
    uint16_t port_src;
    address dst_addr;
    uint16_t port_dst;
    char *frame_label; /* on the arrow; of g_malloc(), like the others */
    char *time_str;
    char *comment; /* beside it */
    uint16_t conv_num;
    unsigned fg_color, bg_color;
    grvsstp_bool has_color_filter;
    grvsstp_bool display;
    unsigned src_node, dst_node;
    uint16_t line_style;
} seq_analysis_item_t;

/* A graph. */
typedef struct _seq_analysis_info {
    const char *name;
    grvsstp_bool any_addr;
    int nconv;
    GQueue *items;
} seq_analysis_info_t;

WS_DLL_PUBLIC void register_seq_analysis(const char *name, const char *ui_name, const int proto_id,
                                         const char *tap_listener, unsigned tap_flags,
                                         tap_packet_cb tap_func);

/* An arrow with addresses and time, or NULL. */
WS_DLL_PUBLIC seq_analysis_item_t *
sequence_analysis_create_sai_with_addresses(packet_info *pinfo, seq_analysis_info_t *sainfo);
#endif

#endif
