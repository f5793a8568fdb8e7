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
WS_DLL_PUBLIC uint32_t plugin_describe(void);

uint32_t plugin_describe(void)
{
    return GRVSSTP_PLUGIN_KIND;
}

/* A program that has the protocols linked in (analyzer/cli) registers them first, and asks by
 * this symbol whether an installed plugin steps back then: two of a name end Wireshark. */
WS_DLL_PUBLIC_DEF const int grvsstp_yields = 1;

static bool is_sstp_there, are_encapsulations_there;

static void register_sstp(void)
{
    is_sstp_there = proto_get_id_by_filter_name("grvsstp") >= 0;
    if (!is_sstp_there)
        proto_register_grvsstp();
}

static void handoff_sstp(void)
{
    if (!is_sstp_there)
        proto_reg_handoff_grvsstp();
}

static void register_encapsulations(void)
{
    are_encapsulations_there = proto_get_id_by_filter_name("grvhenc") >= 0;
    if (!are_encapsulations_there)
        proto_register_grvhenc();
}

static void handoff_encapsulations(void)
{
    if (!are_encapsulations_there)
        proto_reg_handoff_grvhenc();
}

void plugin_register(void)
{
    static const proto_plugin sstp = {register_sstp, handoff_sstp};
    static const proto_plugin encapsulations = {register_encapsulations, handoff_encapsulations};
    proto_register_plugin(&sstp);
    proto_register_plugin(&encapsulations);
}
