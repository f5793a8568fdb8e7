/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fields/fields.h"

#include <epan/unit_strings.h>
#include <wsutil/wslog.h>

int proto_grvsstp = -1;
int proto_grvsstp_sstp = -1;

/* ------------------------------------------------------------------------
 * Value strings, from the engine's lists
 */

const value_string grvsstp_encapsulations[] = {{GRVSSTP_ENCAP_TCP, "TCP"},
                                               {GRVSSTP_ENCAP_SSTP_443, "SSTP over 443"},
                                               {GRVSSTP_ENCAP_SECURE_TUNNEL, "Secure Tunnel"},
                                               {GRVSSTP_ENCAP_SOCKS, "SOCKS"},
                                               {GRVSSTP_ENCAP_LONGLIVED, "LongLived"},
                                               {GRVSSTP_ENCAP_KEEPALIVE, "KeepAlive"},
                                               {GRVSSTP_ENCAP_POLLING, "Polling"},
                                               {0, NULL}};

const value_string grvsstp_certainties[] = {{1, "certain"}, {2, "likely"}, {0, NULL}};

/* Filled at registration from the command table. */
static value_string command_names[SSTP_COMMAND_ID_MAX + 1];

static const value_string *strings_of(enum sstp_field field)
{
#define MNEMONIC(constant, value, name) {value, name},
#define STRINGS_CASE(field, list, function)                                                        \
    case SSTP_FIELD_##field: {                                                                     \
        static const value_string strings[] = {list(MNEMONIC){0, NULL}};                           \
        return strings;                                                                            \
    }
    switch ((int)field) { /* most fields are no codes */
    case SSTP_FIELD_COMMAND_ID:
        return command_names;
        SSTP_CODED_FIELDS(STRINGS_CASE)
    }
    return NULL;
}

/* ------------------------------------------------------------------------
 * The bits of the flags bytes
 */

#define FLAG_POSITION(constant, field, mask, text, filter) POSITION_##constant,
enum { SSTP_FLAGS(FLAG_POSITION) NUM_FLAGS };

static const struct {
    enum sstp_field field;
    uint8_t mask;
    const char *text;
    const char *filter;
} flags[NUM_FLAGS] = {
#define FLAG_ROW(constant, field, mask, text, filter) {SSTP_FIELD_##field, mask, text, filter},
    SSTP_FLAGS(FLAG_ROW)};

static int hf_flags[NUM_FLAGS];
static bool is_flags_field[SSTP_FIELD_COUNT]; /* set at registration */

/* ------------------------------------------------------------------------
 * Registration
 */

const header_field_info *grvsstp_infos[SSTP_FIELD_COUNT];
const header_field_info *grvsstp_own_infos[GRVSSTP_OWN_FIELD_COUNT];
static const header_field_info *flags_infos[NUM_FLAGS];
static int hf_fields[SSTP_FIELD_COUNT];
static int hf_own[GRVSSTP_OWN_FIELD_COUNT];
static int etts[GRVSSTP_SUBTREE_COUNT];
static expert_field ei_findings[SSTP_FINDING_COUNT];

int grvsstp_hf(enum sstp_field field)
{
    return hf_fields[field];
}

int grvsstp_own_hf(enum grvsstp_own_field field)
{
    return hf_own[field];
}

int grvsstp_ett(enum grvsstp_subtree subtree)
{
    return etts[subtree];
}

expert_field *grvsstp_ei(enum sstp_finding finding)
{
    return &ei_findings[finding];
}

/* The whole filter name.  A name that exists with another type class would break the
 * filters of whoever owns it, Wireshark's own `sstp` for one, so ours steps aside. */
static const char *filter_name(const char *rest, enum ftenum type)
{
    const char *name = wmem_strdup_printf(wmem_epan_scope(), GRVSSTP_FILTER_PREFIX "%s", rest);
    const header_field_info *taken = proto_registrar_get_byname(name);
    if (taken == NULL || taken->type == type)
        return name;
    const char *fallback =
        wmem_strdup_printf(wmem_epan_scope(), GRVSSTP_FALLBACK_PREFIX "%s", rest);
    ws_warning("%s exists already with another type; the Groove SSTP field is called %s", name,
               fallback);
    return fallback;
}

static enum ftenum type_of(enum sstp_kind kind)
{
    switch (kind) {
    case SSTP_KIND_U8:
    case SSTP_KIND_STRINGS:
        return FT_UINT8;
    case SSTP_KIND_U16:
    case SSTP_KIND_ENTRIES:
    case SSTP_KIND_INDEXES:
        return FT_UINT16;
    case SSTP_KIND_U32:
        return FT_UINT32;
    case SSTP_KIND_U64:
        return FT_UINT64;
    case SSTP_KIND_STRING:
        return FT_STRINGZ;
    case SSTP_KIND_TOKEN:
    case SSTP_KIND_REST:
        return FT_BYTES;
    }
    return FT_NONE;
}

static int display_of(enum sstp_base base)
{
    switch (base) {
    case SSTP_BASE_NONE:
        return BASE_NONE;
    case SSTP_BASE_DEC:
        return BASE_DEC;
    case SSTP_BASE_HEX:
        return BASE_HEX;
    case SSTP_BASE_SECONDS:
        return BASE_DEC | BASE_UNIT_STRING;
    }
    return BASE_NONE;
}

/* Each list is registered once and lives as long as the program. */
static hf_register_info *new_infos(size_t count)
{
    return wmem_alloc0_array(wmem_epan_scope(), hf_register_info, count);
}

static void set_info(hf_register_info *info, int *hf, const char *name, const char *filter,
                     enum ftenum type, int display)
{
    *hf = -1;
    info->p_id = hf;
    info->hfinfo =
        (header_field_info){name, filter_name(filter, type), type, display, NULL, 0, NULL, HFILL};
}

static void register_command_fields(void)
{
    hf_register_info *infos = new_infos(SSTP_FIELD_COUNT);

    for (int id = SSTP_COMMAND_ID_MIN; id <= SSTP_COMMAND_ID_MAX; id++)
        command_names[id - SSTP_COMMAND_ID_MIN] =
            (value_string){(uint32_t)id, sstp_command_info((uint8_t)id)->name};
    for (int i = 0; i < SSTP_FIELD_COUNT; i++) {
        const struct sstp_field_info *field = &sstp_field_infos[i];
        set_info(&infos[i], &hf_fields[i], field->name, field->filter, type_of(field->kind),
                 display_of(field->base));
        if (field->base == SSTP_BASE_SECONDS)
            infos[i].hfinfo.strings = &units_seconds;
        else
            infos[i].hfinfo.strings = strings_of((enum sstp_field)i);
    }
    proto_register_field_array(proto_grvsstp, infos, SSTP_FIELD_COUNT);
}

static void register_flags(void)
{
    hf_register_info *infos = new_infos(NUM_FLAGS);

    for (int i = 0; i < NUM_FLAGS; i++) {
        const bool is_bit = (flags[i].mask & (flags[i].mask - 1)) == 0;
        /* For a bit of its own, `display` is the width of the byte it is shown in. */
        set_info(&infos[i], &hf_flags[i], flags[i].text, flags[i].filter,
                 is_bit ? FT_BOOLEAN : FT_UINT8, is_bit ? 8 : BASE_HEX);
        infos[i].hfinfo.bitmask = flags[i].mask;
        is_flags_field[flags[i].field] = true;
    }
    proto_register_field_array(proto_grvsstp, infos, NUM_FLAGS);
}

void grvsstp_register_rows(int protocol, const struct grvsstp_own_field_row *rows, int *hfs,
                           int count)
{
    hf_register_info *infos = new_infos((size_t)count);

    for (int i = 0; i < count; i++) {
        set_info(&infos[i], &hfs[i], rows[i].name, rows[i].filter, rows[i].type, rows[i].display);
        infos[i].hfinfo.strings = rows[i].strings;
        infos[i].hfinfo.blurb = rows[i].blurb;
    }
    proto_register_field_array(protocol, infos, count);
}

static void register_own_fields(void)
{
#define OWN_FIELD_ROW(constant, name, filter, type, display, strings, blurb)                       \
    {name, filter, FT_##type, display, strings, blurb},
    static const struct grvsstp_own_field_row rows[] = {GRVSSTP_OWN_FIELDS(OWN_FIELD_ROW)};

    grvsstp_register_rows(proto_grvsstp, rows, hf_own, GRVSSTP_OWN_FIELD_COUNT);
}

static int severity_of(enum sstp_severity severity)
{
    switch (severity) {
    case SSTP_SEVERITY_NOTE:
        return PI_NOTE;
    case SSTP_SEVERITY_WARNING:
        return PI_WARN;
    case SSTP_SEVERITY_ERROR:
        return PI_ERROR;
    }
    return PI_ERROR;
}

static int group_of(enum sstp_group group)
{
    switch (group) {
    case SSTP_GROUP_MALFORMED:
        return PI_MALFORMED;
    case SSTP_GROUP_PROTOCOL:
        return PI_PROTOCOL;
    case SSTP_GROUP_SEQUENCE:
        return PI_SEQUENCE;
    }
    return PI_PROTOCOL;
}

void grvsstp_register_findings(int protocol, const struct sstp_finding_info *findings,
                               expert_field *eis, int count)
{
    ei_register_info *infos = wmem_alloc0_array(wmem_epan_scope(), ei_register_info, (size_t)count);

    for (int i = 0; i < count; i++) {
        const struct sstp_finding_info *finding = &findings[i];
        const char *rest = wmem_strdup_printf(wmem_epan_scope(), "expert.%s", finding->filter);
        eis[i] = (expert_field)EI_INIT;
        infos[i].ids = &eis[i];
        infos[i].eiinfo.name = filter_name(rest, FT_NONE);
        infos[i].eiinfo.group = group_of(finding->group);
        infos[i].eiinfo.severity = severity_of(finding->severity);
        infos[i].eiinfo.summary =
            wmem_strdup_printf(wmem_epan_scope(), "%s (%s)", finding->sentence, finding->section);
        infos[i].eiinfo.hf_info =
            (hf_register_info){NULL, {NULL, NULL, FT_NONE, BASE_NONE, NULL, 0, NULL, HFILL}};
    }
    expert_register_field_array(expert_register_protocol(protocol), infos, count);
}

static void find_infos(const header_field_info **infos, const int *hfs, int count)
{
    for (int i = 0; i < count; i++)
        infos[i] = proto_registrar_get_nth((unsigned)hfs[i]);
}

void grvsstp_fields_register(void)
{
    static int *subtrees[GRVSSTP_SUBTREE_COUNT];

    register_command_fields();
    register_flags();
    register_own_fields();
    grvsstp_register_findings(proto_grvsstp, sstp_finding_infos, ei_findings, SSTP_FINDING_COUNT);
    for (int i = 0; i < GRVSSTP_SUBTREE_COUNT; i++) {
        etts[i] = -1;
        subtrees[i] = &etts[i];
    }
    proto_register_subtree_array(subtrees, GRVSSTP_SUBTREE_COUNT);
    find_infos(grvsstp_infos, hf_fields, SSTP_FIELD_COUNT);
    find_infos(grvsstp_own_infos, hf_own, GRVSSTP_OWN_FIELD_COUNT);
    find_infos(flags_infos, hf_flags, NUM_FLAGS);
}

void grvsstp_add_bare_name(proto_tree *tree, tvbuff_t *tvb, int offset)
{
    proto_item_set_hidden(proto_tree_add_item(tree, proto_grvsstp_sstp, tvb, offset, 0, ENC_NA));
}

proto_item *grvsstp_add_number(proto_tree *tree, enum sstp_field field, tvbuff_t *tvb, int offset,
                               int len)
{
    proto_item *item = tree;

    if (grvsstp_needs(tree, field))
        item = proto_tree_add_item(tree, hf_fields[field], tvb, offset, len, ENC_LITTLE_ENDIAN);
    if (!is_flags_field[field])
        return item;
    proto_tree *bits = proto_item_add_subtree(item, etts[GRVSSTP_TREE_FLAGS]);
    for (int i = 0; i < NUM_FLAGS; i++)
        if (flags[i].field == field && grvsstp_is_needed(tree, flags_infos[i]))
            proto_tree_add_item(bits, hf_flags[i], tvb, offset, len, ENC_LITTLE_ENDIAN);
    return item;
}

static bool is_one_marked(const header_field_info *const *infos, int count)
{
    for (int i = 0; i < count; i++)
        if (infos[i]->ref_type != HF_REF_TYPE_NONE)
            return true;
    return false;
}

bool grvsstp_is_field_marked(void)
{
    return is_one_marked(grvsstp_infos, SSTP_FIELD_COUNT) ||
           is_one_marked(grvsstp_own_infos, GRVSSTP_OWN_FIELD_COUNT) ||
           is_one_marked(flags_infos, NUM_FLAGS);
}

void grvsstp_show_finding(packet_info *pinfo, proto_tree *tree, proto_item *item, tvbuff_t *tvb,
                          enum sstp_finding finding, int offset, int len)
{
    if (item != NULL)
        expert_add_info(pinfo, item, grvsstp_ei(finding));
    else
        proto_tree_add_expert(tree, pinfo, grvsstp_ei(finding), tvb, offset, len);
}
