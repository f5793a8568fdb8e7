/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plugin: the symbols that Wireshark looks for in a plugin.
 */
#define WS_BUILD_DLL
#include "fields/compat.h"

#include <epan/proto.h>

#include "http/packet-grvhenc.h"
#include "packet-grvsstp.h"

WS_DLL_PUBLIC_DEF const char plugin_version[] = GRVSSTP_VERSION;
WS_DLL_PUBLIC_DEF const int plugin_want_major = WIRESHARK_VERSION_MAJOR;
WS_DLL_PUBLIC_DEF const int plugin_want_minor = WIRESHARK_VERSION_MINOR;

WS_DLL_PUBLIC void plugin_register(void);
#if GRVSSTP_WIRESHARK_AT_LEAST(4, 4)
WS_DLL_PUBLIC uint32_t plugin_describe(void);

uint32_t plugin_describe(void)
{
    return WS_PLUGIN_DESC_DISSECTOR;
}
#endif

void plugin_register(void)
{
    static const proto_plugin sstp = {proto_register_grvsstp, proto_reg_handoff_grvsstp};
    static const proto_plugin encapsulations = {proto_register_grvhenc, proto_reg_handoff_grvhenc};
    proto_register_plugin(&sstp);
    proto_register_plugin(&encapsulations);
}
