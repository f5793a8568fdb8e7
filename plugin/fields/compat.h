/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * compat: all that differs between the Wireshark versions we build against
 * (4.0, 4.4, 4.6).  Everything else, here and in analyzer/cli, is the same for all of
 * them; the table of what a user sees of it is in plugin/README.md.
 */
#ifndef GRVSSTP_COMPAT_H
#define GRVSSTP_COMPAT_H

#include <wireshark.h>
#include <ws_version.h>
#include <epan/packet.h>
#include <epan/conversation_filter.h>
#include <epan/epan_dissect.h>
#include <epan/follow.h>
#include <epan/dissectors/packet-http.h>
#include <wiretap/wtap.h>
#include <wsutil/buffer.h>
#include <wsutil/filesystem.h>
#include <wsutil/wslog.h>

#define GRVSSTP_WIRESHARK_AT_LEAST(major, minor)                                                   \
    (WIRESHARK_VERSION_MAJOR > (major) ||                                                          \
     (WIRESHARK_VERSION_MAJOR == (major) && WIRESHARK_VERSION_MINOR >= (minor)))

/* Whether the layout of flow graphs is known (statistics/sequence.h). */
#define GRVSSTP_HAS_FLOW                                                                           \
    (WIRESHARK_VERSION_MAJOR == 4 &&                                                               \
     (WIRESHARK_VERSION_MINOR == 0 || WIRESHARK_VERSION_MINOR == 4 ||                              \
      WIRESHARK_VERSION_MINOR == 6))

/* Whether it is known where a session has the file that its packets come from (follow/source.c): of
 * 4.0 and 4.4 the sources were compared. */
#if WIRESHARK_VERSION_MAJOR == 4 && WIRESHARK_VERSION_MINOR <= 4
#define GRVSSTP_HAS_PROVIDER 1
#else
#define GRVSSTP_HAS_PROVIDER 0
#endif

/* Whether what prints the fields of -e marks them beforehand, with no need of a visible tree. */
#define GRVSSTP_PRINTS_MARKED_FIELDS GRVSSTP_WIRESHARK_AT_LEAST(4, 4)

/* Whether TCP begins another conversation at a SYN that was captured late (tcp/torn.h). */
#define GRVSSTP_TCP_TEARS GRVSSTP_WIRESHARK_AT_LEAST(4, 4)

/* ------------------------------------------------------------------------
 * 4.4
 */

#if GRVSSTP_WIRESHARK_AT_LEAST(4, 4)
#include <wsutil/plugins.h>

/* What Wireshark's callbacks and structures say yes or no with. */
typedef bool grvsstp_bool;
/* What a plugin says of itself. */
#define GRVSSTP_PLUGIN_KIND ((uint32_t)WS_PLUGIN_DESC_DISSECTOR)
#define grvsstp_mark_depended_upon(pinfo, frame) mark_frame_as_depended_upon((pinfo)->fd, (frame))
#define grvsstp_uncompress tvb_child_uncompress_zlib
#define grvsstp_get_uint8 tvb_get_uint8
#define grvsstp_follow_register_stream(proto, tap, by_packet, by_number, by_addresses, port, note, \
                                       count)                                                      \
    register_follow_stream((proto), (tap), (by_packet), (by_number), (by_addresses), (port),       \
                           (note), (count), NULL)
/* The callback `name` of a conversation filter, which is `function` of the packet. */
#define GRVSSTP_CONVERSATION_FILTER(type, name, function)                                          \
    static type name(struct _packet_info *pinfo, void *user_data)                                  \
    {                                                                                              \
        (void)user_data;                                                                           \
        return function(pinfo);                                                                    \
    }
#define grvsstp_register_conversation_filter(proto, name, is_valid, build)                         \
    register_conversation_filter((proto), (name), (is_valid), (build), NULL)
#else
typedef gboolean grvsstp_bool;
#define GRVSSTP_PLUGIN_KIND ((uint32_t)0) /* which nobody asks for */
#define grvsstp_mark_depended_upon(pinfo, frame) mark_frame_as_depended_upon((pinfo), (frame))
#define grvsstp_uncompress tvb_child_uncompress
#define grvsstp_get_uint8 tvb_get_guint8
#define grvsstp_follow_register_stream(proto, tap, by_packet, by_number, by_addresses, port, note, \
                                       count)                                                      \
    register_follow_stream((proto), (tap), (by_packet), (by_number), (by_addresses), (port), (note))
#define GRVSSTP_CONVERSATION_FILTER(type, name, function)                                          \
    static type name(struct _packet_info *pinfo)                                                   \
    {                                                                                              \
        return function(pinfo);                                                                    \
    }
#define grvsstp_register_conversation_filter register_conversation_filter
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

/* ------------------------------------------------------------------------
 * 4.6
 */

/* A packet as wiretap reads it. */
struct grvsstp_record {
    wtap_rec rec;
#if !GRVSSTP_WIRESHARK_AT_LEAST(4, 6)
    Buffer data; /* which is in the record since */
#endif
};

#if GRVSSTP_WIRESHARK_AT_LEAST(4, 6)
#define GRVSSTP_RECORD_DATA(record) (&(record)->rec.data)
#define grvsstp_try_string(table, string, tvb, pinfo, tree, data)                                  \
    dissector_try_string_with_data((table), (string), (tvb), (pinfo), (tree), true, (data))
/* libwireshark asks postdissectors by itself what they want of a frame. */
#define grvsstp_prime_for_postdissectors(edt) ((void)(edt))
#define grvsstp_fill_label(field, label) proto_item_fill_label((field), (label), NULL)
#define grvsstp_log_init(program, complain) ws_log_init(complain)
#define grvsstp_configuration_init(program) configuration_init(program)
#else
#define GRVSSTP_RECORD_DATA(record) (&(record)->data)
#define grvsstp_try_string dissector_try_string
#define grvsstp_prime_for_postdissectors prime_epan_dissect_with_postdissector_wanted_hfids
#define grvsstp_fill_label proto_item_fill_label
#define grvsstp_log_init(program, complain) ws_log_init((program), (complain))
#define grvsstp_configuration_init(program) configuration_init((program), NULL)
#endif

static inline void grvsstp_record_init(struct grvsstp_record *record)
{
#if GRVSSTP_WIRESHARK_AT_LEAST(4, 6)
    wtap_rec_init(&record->rec, 2048);
#else
    wtap_rec_init(&record->rec);
    ws_buffer_init(&record->data, 2048);
#endif
}

static inline void grvsstp_record_clear(struct grvsstp_record *record)
{
    wtap_rec_cleanup(&record->rec);
#if !GRVSSTP_WIRESHARK_AT_LEAST(4, 6)
    ws_buffer_free(&record->data);
#endif
}

/* As wtap_read(). */
static inline bool grvsstp_record_read(struct grvsstp_record *record, wtap *wth, int *err,
                                       char **detail, int64_t *offset)
{
#if GRVSSTP_WIRESHARK_AT_LEAST(4, 6)
    return wtap_read(wth, &record->rec, err, detail, offset);
#else
    return wtap_read(wth, &record->rec, &record->data, err, detail, offset);
#endif
}

/* As wtap_seek_read(); what is wrong with a file is for those to say who read it first. */
static inline bool grvsstp_record_seek(struct grvsstp_record *record, wtap *wth, int64_t offset)
{
    char *detail = NULL;
    int err;
#if GRVSSTP_WIRESHARK_AT_LEAST(4, 6)
    const bool is_read = wtap_seek_read(wth, offset, &record->rec, &err, &detail);
#else
    const bool is_read = wtap_seek_read(wth, offset, &record->rec, &record->data, &err, &detail);
#endif
    g_free(detail);
    return is_read;
}

/* Has a record look for its bytes at `bytes`, which stay the caller's. */
static inline void grvsstp_rec_point_at(wtap_rec *rec, uint8_t *bytes, size_t len)
{
#if GRVSSTP_WIRESHARK_AT_LEAST(4, 6)
    rec->data = (Buffer){.data = bytes, .allocated = len, .first_free = len};
#else
    (void)rec, (void)bytes, (void)len;
#endif
}

/* Dissects a packet whose bytes lie at `bytes`, which is where the record has them, too. */
static inline void grvsstp_dissect(epan_dissect_t *edt, int file_type, wtap_rec *rec,
                                   const uint8_t *bytes, frame_data *frame)
{
#if GRVSSTP_WIRESHARK_AT_LEAST(4, 6)
    (void)bytes;
    epan_dissect_run_with_taps(edt, file_type, rec, frame, NULL);
#else
    const wtap_packet_header *header = &rec->rec_header.packet_header;
    /* A file may claim any length. */
    const int len = (int)MIN(header->len, (uint32_t)G_MAXINT);
    epan_dissect_run_with_taps(edt, file_type, rec, tvb_new_real_data(bytes, header->caplen, len),
                               frame, NULL);
#endif
}

/* The addresses of a packet's IP header: since 4.6 HTTP puts the name of a tunnel's end in the
 * place of that which pinfo has, as long as what is in the tunnel is dissected. */
static inline const address *grvsstp_own_source(const packet_info *pinfo)
{
    return pinfo->net_src.type != AT_NONE ? &pinfo->net_src : &pinfo->src;
}

static inline const address *grvsstp_own_target(const packet_info *pinfo)
{
    return pinfo->net_dst.type != AT_NONE ? &pinfo->net_dst : &pinfo->dst;
}

/* ------------------------------------------------------------------------
 * All of them
 */

/* Takes a handle that a table uses off the list of those that Decode As offers for it, which
 * has no function for that: the list is sorted by the names of protocols, since 4.6 only when all
 * are there, and ours is not the only one.  Its first link is the table's, and stays. */
static inline void grvsstp_unlist_for_decode_as(dissector_table_t table, dissector_handle_t handle)
{
    GSList *list = dissector_table_get_dissector_handles(table);
    GSList *link = g_slist_find(list, handle);

    if (link == NULL || (link == list && link->next == NULL))
        return;
    if (link == list) {
        link = list->next;
        list->data = link->data;
    }
    (void)!g_slist_delete_link(list, link);
}

#endif
