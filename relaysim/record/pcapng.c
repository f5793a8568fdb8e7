/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "record/pcapng.h"

#include "record/recording_file.h"

#include <glib.h>

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SECTION 0x0a0d0d0au
#define BLOCK_INTERFACE 1u
#define BLOCK_STATISTICS 5u
#define BLOCK_ENHANCED_PACKET 6u
#define BYTE_ORDER_MAGIC 0x1a2b3c4du
#define SNAP_LEN 262144u
#define OPTION_END 0u
#define OPTION_COMMENT 1u
#define OPTION_APPLICATION 4u         /* shb_userappl */
#define OPTION_NAME 2u                /* if_name */
#define OPTION_PACKET_DROPPED 4u      /* epb_dropcount */
#define OPTION_STATISTICS_RECEIVED 4u /* isb_ifrecv */
#define OPTION_STATISTICS_DROPPED 5u  /* isb_ifdrop */
#define OPTION_RESOLUTION 9u          /* if_tsresol */
#define NANOSECONDS 9u                /* its value: 10^-9 */
#define SECTION_LEN_UNKNOWN UINT64_MAX

/* A packet's drop count and comment, or the counts of a statistics block. */
#define OPTIONS_MAX 160u

struct pcapng {
    struct recording_file *file;
    /* of the section */
    uint64_t num_frames, num_dropped;
    uint64_t num_dropped_before; /* the next one that is there */
    uint64_t last_ns;
};

static size_t padded(size_t len)
{
    return (len + 3) & ~(size_t)3;
}

static void write_option(struct sstp_writer *w, uint16_t code, const void *value, size_t len)
{
    sstp_write_uint(w, 2, code);
    sstp_write_uint(w, 2, len);
    sstp_write_bytes(w, sstp_span(value, len));
    for (size_t i = len; i < padded(len); i++)
        sstp_write_uint(w, 1, 0);
}

/* Puts type and both lengths around a body of three parts.  False when it was dropped. */
static bool put_block(struct recording_file *file, enum recording_file_part part, uint32_t type,
                      struct sstp_span head, struct sstp_span data, struct sstp_span options)
{
    static const uint8_t zeros[4] = {0};
    uint8_t around[8];
    struct sstp_writer w = sstp_writer(around, sizeof around);
    const size_t padding = padded(data.len) - data.len;

    sstp_write_uint(&w, 4, type);
    sstp_write_uint(&w, 4, 12 + head.len + data.len + padding + options.len);
    const struct sstp_span pieces[] = {
        sstp_span(around, 8),      head,    data,
        sstp_span(zeros, padding), options, sstp_span(around + 4, 4)};
    return recording_file_put(file, part, pieces, sizeof pieces / sizeof *pieces);
}

/* ------------------------------------------------------------------------
 * The head of the file
 */

static void put_section(struct recording_file *file, const char *application)
{
    uint8_t body[256];
    struct sstp_writer w = sstp_writer(body, sizeof body);
    sstp_write_uint(&w, 4, BYTE_ORDER_MAGIC);
    sstp_write_uint(&w, 2, 1); /* version 1.0 */
    sstp_write_uint(&w, 2, 0);
    sstp_write_uint(&w, 8, SECTION_LEN_UNKNOWN);
    write_option(&w, OPTION_APPLICATION, application, strlen(application));
    write_option(&w, OPTION_END, NULL, 0);
    assert(!w.failed);
    (void)put_block(file, RECORDING_FILE_HEAD, BLOCK_SECTION, sstp_writer_span(&w),
                    sstp_span(NULL, 0), sstp_span(NULL, 0));
}

static void put_interface(struct recording_file *file, uint16_t link_type)
{
    static const uint8_t resolution = NANOSECONDS;
    uint8_t body[64];
    struct sstp_writer w = sstp_writer(body, sizeof body);
    sstp_write_uint(&w, 2, link_type);
    sstp_write_uint(&w, 2, 0);
    sstp_write_uint(&w, 4, SNAP_LEN);
    write_option(&w, OPTION_NAME, "relaysim", strlen("relaysim"));
    write_option(&w, OPTION_RESOLUTION, &resolution, 1);
    write_option(&w, OPTION_END, NULL, 0);
    (void)put_block(file, RECORDING_FILE_HEAD, BLOCK_INTERFACE, sstp_writer_span(&w),
                    sstp_span(NULL, 0), sstp_span(NULL, 0));
}

struct pcapng *pcapng_new(struct recording_file *file, const char *application, uint16_t link_type)
{
    struct pcapng *pcapng = calloc(1, sizeof *pcapng);
    if (pcapng == NULL)
        return NULL;
    put_section(file, application);
    put_interface(file, link_type);
    pcapng->file = file;
    return pcapng;
}

/* ------------------------------------------------------------------------
 * Blocks
 */

static void write_u64_option(struct sstp_writer *w, uint16_t code, uint64_t value)
{
    sstp_write_uint(w, 2, code);
    sstp_write_uint(w, 2, 8);
    sstp_write_uint(w, 8, value);
}

static void write_time(struct sstp_writer *w, uint64_t time_ns)
{
    sstp_write_uint(w, 4, time_ns >> 32);
    sstp_write_uint(w, 4, time_ns & UINT32_MAX);
}

/* What a packet says of those that are missing before it. */
static void write_dropped(struct sstp_writer *w, uint64_t num)
{
    char comment[OPTIONS_MAX / 2];
    const int len =
        snprintf(comment, sizeof comment, "packets dropped before this one: %" PRIu64, num);
    write_option(w, OPTION_COMMENT, comment, (size_t)len);
    write_u64_option(w, OPTION_PACKET_DROPPED, num);
}

void pcapng_put(struct pcapng *pcapng, const struct pcapng_packet *packet)
{
    uint8_t head[20], own[OPTIONS_MAX], end[4] = {0};
    struct sstp_writer w = sstp_writer(head, sizeof head);
    struct sstp_writer o = sstp_writer(own, sizeof own);
    GByteArray *options = g_byte_array_new();

    sstp_write_uint(&w, 4, 0); /* the interface */
    write_time(&w, packet->time_ns);
    sstp_write_uint(&w, 4, packet->len);
    sstp_write_uint(&w, 4, packet->wire_len);
    if (packet->comments != NULL)
        g_byte_array_append(options, packet->comments->data, packet->comments->len);
    if (pcapng->num_dropped_before > 0)
        write_dropped(&o, pcapng->num_dropped_before);
    g_byte_array_append(options, own, (guint)sstp_writer_span(&o).len);
    if (options->len > 0)
        g_byte_array_append(options, end, sizeof end);
    pcapng->num_frames++;
    pcapng->last_ns = packet->time_ns;
    if (put_block(pcapng->file, RECORDING_FILE_RECORD, BLOCK_ENHANCED_PACKET, sstp_writer_span(&w),
                  sstp_span(packet->frame, packet->len), sstp_span(options->data, options->len))) {
        pcapng->num_dropped_before = 0;
    } else {
        pcapng->num_dropped++;
        pcapng->num_dropped_before++;
    }
    g_byte_array_free(options, TRUE);
}

bool pcapng_add_comment(GByteArray *comments, const char *text, size_t len)
{
    static const uint8_t zeros[4] = {0};
    uint8_t head[4];
    struct sstp_writer w = sstp_writer(head, sizeof head);

    if (len > PCAPNG_COMMENT_MAX || comments->len + sizeof head + padded(len) > PCAPNG_COMMENTS_MAX)
        return false;
    sstp_write_uint(&w, 2, OPTION_COMMENT);
    sstp_write_uint(&w, 2, len);
    g_byte_array_append(comments, head, sizeof head);
    g_byte_array_append(comments, (const guint8 *)text, (guint)len);
    g_byte_array_append(comments, zeros, (guint)(padded(len) - len));
    return true;
}

void pcapng_end_section(struct pcapng *pcapng)
{
    uint8_t head[12], options[OPTIONS_MAX];
    struct sstp_writer w = sstp_writer(head, sizeof head);
    struct sstp_writer o = sstp_writer(options, sizeof options);

    if (pcapng->num_frames > 0) {
        sstp_write_uint(&w, 4, 0); /* the interface */
        write_time(&w, pcapng->last_ns);
        write_u64_option(&o, OPTION_STATISTICS_RECEIVED, pcapng->num_frames);
        write_u64_option(&o, OPTION_STATISTICS_DROPPED, pcapng->num_dropped);
        write_option(&o, OPTION_END, NULL, 0);
        (void)put_block(pcapng->file, RECORDING_FILE_END, BLOCK_STATISTICS, sstp_writer_span(&w),
                        sstp_span(NULL, 0), sstp_writer_span(&o));
    }
    pcapng->num_frames = pcapng->num_dropped = pcapng->num_dropped_before = pcapng->last_ns = 0;
}

void pcapng_free(struct pcapng *pcapng)
{
    if (pcapng == NULL)
        return;
    pcapng_end_section(pcapng);
    free(pcapng);
}
