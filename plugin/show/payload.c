/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show/payload.h"

#include <epan/exceptions.h>
#include <epan/show_exception.h>
#include <epan/tap.h>

int grvsstp_tap_object;

static dissector_table_t resource_urls;
static heur_dissector_list_t heuristics;
static dissector_handle_t mime_handle;
/* Somebody is in the list, or in the table; found out at each opening of a capture. */
static bool has_heuristics, has_resource_urls;

static void note_heuristic(const char *table, struct heur_dtbl_entry *entry, void *data)
{
    (void)table;
    *(bool *)data |= entry->enabled;
}

static void note_resource_url(const char *table, ftenum_t type, void *key, void *value, void *data)
{
    (void)table;
    (void)type;
    (void)key;
    (void)value;
    *(bool *)data = true;
}

static void find_takers(void)
{
    has_heuristics = has_resource_urls = false;
    dissector_table_foreach("sstp.resource_url", note_resource_url, &has_resource_urls);
    heur_dissector_table_foreach("sstp.payload", note_heuristic, &has_heuristics);
}

void grvsstp_payload_register(void)
{
    enum { IS_CASE_INSENSITIVE = 1 };

    resource_urls = register_dissector_table("sstp.resource_url", "Groove SSTP ResourceURL",
                                             proto_grvsstp, FT_STRING, IS_CASE_INSENSITIVE);
    heuristics = register_heur_dissector_list("sstp.payload", proto_grvsstp);
    register_init_routine(find_takers);
}

void grvsstp_payload_handoff(void)
{
    mime_handle = find_dissector("imf");
}

static dissector_handle_t handle_of(const char *resource_url)
{
    return has_resource_urls && resource_url != NULL
               ? dissector_get_string_handle(resource_urls, resource_url)
               : NULL;
}

/* ------------------------------------------------------------------------
 * Who wants it
 */

bool grvsstp_payload_is_wanted_always(void)
{
    return has_heuristics || has_resource_urls ||
           (grvsstp_tap_object != 0 && have_tap_listener(grvsstp_tap_object));
}

bool grvsstp_payload_is_wanted(const struct grvsstp_envelope *envelope, struct sstp_span beginning)
{
    static const enum grvsstp_own_field fields[] = {GRVSSTP_MESSAGE_PAYLOAD, GRVSSTP_MESSAGE_LENGTH,
                                                    GRVSSTP_MESSAGE_SEGMENT};

    for (size_t i = 0; i < array_length(fields); i++)
        if (grvsstp_needs_own(envelope->tree, fields[i]))
            return true;
    return has_heuristics || handle_of(envelope->resource_url) != NULL ||
           (grvsstp_tap_object != 0 && have_tap_listener(grvsstp_tap_object)) ||
           (envelope->tree != NULL && grvsstp_is_mime(beginning));
}

/* ------------------------------------------------------------------------
 * Handing over
 */

/* The cookie is for the dissectors, which take it as they take any data. */
static void call(const struct grvsstp_envelope *envelope, tvbuff_t *tvb)
{
    packet_info *pinfo = envelope->place->pinfo;
    proto_tree *tree = envelope->place->tree;
    void *resource_url = (void *)envelope->resource_url;
    heur_dtbl_entry_t *entry;

    if (handle_of(envelope->resource_url) != NULL &&
        grvsstp_try_string(resource_urls, envelope->resource_url, tvb, pinfo, tree, resource_url) >
            0)
        return;
    if (has_heuristics &&
        dissector_try_heuristic(heuristics, tvb, pinfo, tree, &entry, resource_url))
        return;
    const unsigned len = tvb_captured_length(tvb);
    if (tree != NULL && mime_handle != NULL && len > 0 &&
        grvsstp_is_mime(sstp_span(tvb_get_ptr(tvb, 0, (int)len), len)))
        call_dissector_only(mime_handle, tvb, pinfo, tree, NULL);
}

static void tell_object(const struct grvsstp_envelope *envelope, tvbuff_t *tvb)
{
    const struct grvsstp_place *place = envelope->place;
    const unsigned len = tvb_captured_length(tvb);

    if (grvsstp_tap_object == 0 || !have_tap_listener(grvsstp_tap_object))
        return;
    struct grvsstp_object *object = wmem_new(place->pinfo->pool, struct grvsstp_object);
    *object = (struct grvsstp_object){
        place->connection->number, place->from_initiator,
        envelope->session_id,      envelope->number,
        envelope->resource_url,    sstp_span(len > 0 ? tvb_get_ptr(tvb, 0, (int)len) : NULL, len)};
    tap_queue_packet(grvsstp_tap_object, place->pinfo, object);
}

void grvsstp_payload_hand_over(const struct grvsstp_envelope *envelope, tvbuff_t *tvb)
{
    packet_info *pinfo = envelope->place->pinfo;
    const bool is_writable = col_get_writable(pinfo->cinfo, -1);
    const uint16_t can_desegment = pinfo->can_desegment;
    const char *match_string = pinfo->match_string;

    tell_object(envelope, tvb);
    col_set_writable(pinfo->cinfo, -1, false);
    pinfo->can_desegment = 0;
    /* The commands after this one are not to suffer from its payload. */
    TRY
    {
        call(envelope, tvb);
    }
    CATCH_NONFATAL_ERRORS
    {
        show_exception(tvb, pinfo, envelope->place->tree, EXCEPT_CODE, GET_MESSAGE);
    }
    ENDTRY;
    pinfo->can_desegment = can_desegment;
    pinfo->desegment_len = 0;
    pinfo->desegment_offset = 0;
    pinfo->match_string = match_string;
    col_set_writable(pinfo->cinfo, -1, is_writable);
}
