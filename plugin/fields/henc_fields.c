/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fields/henc_fields.h"

#include <epan/unit_strings.h>

#include "henc/uri.h"

int proto_grvhenc = -1;

const value_string grvhenc_halves[] = {{HENC_HALF_GET, "GET"}, {HENC_HALF_POST, "POST"}, {0, NULL}};

const value_string grvhenc_checksum_states[] = {{PROTO_CHECKSUM_E_BAD, "Bad"},
                                                {PROTO_CHECKSUM_E_GOOD, "Good"},
                                                {PROTO_CHECKSUM_E_UNVERIFIED, "Unverified"},
                                                {0, NULL}};

static int hfs[GRVHENC_FIELD_COUNT];
static int ett = -1;
static expert_field eis[HENC_FINDING_COUNT];

int grvhenc_hf(enum grvhenc_field field)
{
    return hfs[field];
}

int grvhenc_ett(void)
{
    return ett;
}

expert_field *grvhenc_ei(enum henc_finding finding)
{
    return &eis[finding];
}

void grvhenc_fields_register(void)
{
#define FIELD_ROW(constant, name, filter, type, display, strings, blurb)                           \
    {name, "encap" filter, FT_##type, display, strings, blurb},
    static const struct grvsstp_own_field_row rows[] = {GRVHENC_FIELDS(FIELD_ROW)};
    static int *subtrees[] = {&ett};

    grvsstp_register_rows(proto_grvhenc, rows, hfs, GRVHENC_FIELD_COUNT);
    grvsstp_register_findings(proto_grvhenc, henc_finding_infos, eis, HENC_FINDING_COUNT);
    proto_register_subtree_array(subtrees, array_length(subtrees));
}

/* A field that is asked for, whatever its protocol says. */
static bool is_field_marked(void)
{
    for (int i = 0; i < GRVHENC_FIELD_COUNT; i++)
        if (proto_registrar_get_nth((unsigned)grvhenc_hf((enum grvhenc_field)i))->ref_type !=
            HF_REF_TYPE_NONE)
            return true;
    return grvsstp_is_field_marked();
}

bool grvsstp_is_asked_for(proto_tree *tree)
{
    return (GRVSSTP_PRINTS_MARKED_FIELDS && tree != NULL && is_field_marked()) ||
           proto_field_is_referenced(tree, proto_grvsstp) ||
           proto_field_is_referenced(tree, proto_grvsstp_sstp) ||
           proto_field_is_referenced(tree, proto_grvhenc);
}
