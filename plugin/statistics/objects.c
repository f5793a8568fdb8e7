/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * objects.c: `--export-objects grvsstp,DIR` and File > Export Objects: the payload of
 * each whole message as it was sent, a MIME header included where there is one.
 * Messages without payload are no objects.  Nothing in a file's name is from the wire.
 */
#include "statistics/parts.h"
#include "show/payload.h"

#include <epan/export_object.h>
#include <epan/to_str.h>

/* A header longer than this is none. */
#define MIME_HEADER_MAX 8192u
#define CONTENT_TYPE_MAX 100u

/* ------------------------------------------------------------------------
 * MIME header
 */

/* The length of a line, its end included; 0 where it has none. */
static size_t line_length(struct sstp_span text)
{
    const uint8_t *end = text.len > 0 ? memchr(text.data, '\n', text.len) : NULL;
    return end != NULL ? (size_t)(end - text.data) + 1 : 0;
}

static bool is_blank(struct sstp_span line)
{
    return line.len == 1 || (line.len == 2 && line.data[0] == '\r');
}

/* The length of "Name:" where the line is a field, or 0 (RFC 822, 3.2). */
static size_t field_name_length(struct sstp_span line)
{
    size_t len = 0;

    while (len < line.len && line.data[len] > ' ' && line.data[len] < 0x7f && line.data[len] != ':')
        len++;
    return len > 0 && len < line.len && line.data[len] == ':' ? len + 1 : 0;
}

/* A type and subtype, without parameters; what is there else is no type. */
static char *content_type_of(struct sstp_span value)
{
    GString *type = g_string_new(NULL);
    size_t pos = 0;

    while (pos < value.len && (value.data[pos] == ' ' || value.data[pos] == '\t'))
        pos++;
    for (; pos < value.len && type->len < CONTENT_TYPE_MAX; pos++) {
        const char c = (char)value.data[pos];
        if (!g_ascii_isalnum(c) && (c == '\0' || strchr("/.+-_", c) == NULL))
            break;
        g_string_append_c(type, g_ascii_tolower(c));
    }
    if (type->len > 0 && strchr(type->str, '/') != NULL)
        return g_string_free(type, FALSE);
    g_string_free(type, TRUE);
    return NULL;
}

/* The Content-Type of a message that begins with a MIME header; NULL where there is
 * no such header or it names none. */
static char *find_content_type(struct sstp_span message)
{
    static const char wanted[] = "content-type:";
    struct sstp_span rest = {message.data, MIN(message.len, MIME_HEADER_MAX)};
    char *type = NULL;
    bool is_first = true;

    for (size_t len; (len = line_length(rest)) > 0; is_first = false) {
        const struct sstp_span line = {rest.data, len};
        const size_t name_len = field_name_length(line);
        const bool is_continued = !is_first && (line.data[0] == ' ' || line.data[0] == '\t');
        if (is_blank(line)) {
            if (!is_first)
                return type; /* the header is whole */
            break;
        }
        if (name_len == 0 && !is_continued)
            break;
        if (type == NULL && name_len == strlen(wanted) &&
            g_ascii_strncasecmp((const char *)line.data, wanted, name_len) == 0)
            type = content_type_of((struct sstp_span){line.data + name_len, len - name_len});
        rest = (struct sstp_span){rest.data + len, rest.len - len};
    }
    g_free(type);
    return NULL;
}

/* ------------------------------------------------------------------------
 * Objects
 */

/* "stream-0-session-0x00000021-initiator-message-14.bin" */
static char *name_of(const struct grvsstp_object *object, uint32_t frame, bool is_mime)
{
    const char *sender = object->from_initiator ? "initiator" : "acceptor";
    const char *extension = is_mime ? "eml" : "bin";

    if (object->number != 0)
        return g_strdup_printf("stream-%u-session-0x%08x-%s-message-%u.%s", object->stream,
                               object->session_id, sender, object->number, extension);
    return g_strdup_printf("stream-%u-session-0x%08x-%s-frame-%u.%s", object->stream,
                           object->session_id, sender, frame, extension);
}

static tap_packet_status note_object(void *tapdata, packet_info *pinfo, epan_dissect_t *edt,
                                     const void *data, tap_flags_t flags)
{
    export_object_list_t *list = tapdata;
    const struct grvsstp_object *object = data;

    (void)edt;
    (void)flags;
    if (object->payload.len == 0)
        return TAP_PACKET_DONT_REDRAW;
    export_object_entry_t *entry = g_new0(export_object_entry_t, 1);
    char *type = find_content_type(object->payload);
    entry->pkt_num = pinfo->num;
    entry->hostname = g_strdup(address_to_str(pinfo->pool, grvsstp_own_source(pinfo)));
    entry->filename = name_of(object, pinfo->num, type != NULL);
    entry->content_type = type != NULL ? type : g_strdup("application/octet-stream");
    entry->payload_len = object->payload.len;
    entry->payload_data = g_malloc(object->payload.len);
    memcpy(entry->payload_data, object->payload.data, object->payload.len);
    list->add_entry(list->gui_data, entry);
    return TAP_PACKET_REDRAW;
}

void grvsstp_objects_register(void)
{
    grvsstp_tap_object = register_export_object(proto_grvsstp, note_object, NULL);
}
