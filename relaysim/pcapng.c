/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pcapng.h"

#include "wire.h"

#include <stdio.h>
#include <stdlib.h>

#define BLOCK_SECTION 0x0a0d0d0au
#define BLOCK_INTERFACE 1u
#define BLOCK_ENHANCED_PACKET 6u
#define BYTE_ORDER_MAGIC 0x1a2b3c4du
#define LINKTYPE_ETHERNET 1u
#define SNAP_LEN 262144u
#define OPTION_END 0u
#define OPTION_APPLICATION 4u /* shb_userappl */
#define OPTION_NAME 2u        /* if_name */
#define OPTION_RESOLUTION 9u  /* if_tsresol */
#define NANOSECONDS 9u        /* its value: 10^-9 */
#define SECTION_LEN_UNKNOWN UINT64_MAX

struct pcapng {
    FILE *file;
    bool has_failed;
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

/* Puts type and both lengths around a body and writes it. */
static bool write_block(struct pcapng *pcapng, uint32_t type, struct sstp_span head,
                        struct sstp_span data)
{
    static const uint8_t zeros[4] = {0};
    uint8_t around[8];
    struct sstp_writer w = sstp_writer(around, sizeof around);
    const size_t padding = padded(data.len) - data.len;
    const uint32_t len = (uint32_t)(12 + head.len + data.len + padding);

    sstp_write_uint(&w, 4, type);
    sstp_write_uint(&w, 4, len);
    FILE *file = pcapng->file;
    pcapng->has_failed = pcapng->has_failed || fwrite(around, 1, 8, file) != 8 ||
                         fwrite(head.data, 1, head.len, file) != head.len ||
                         (data.len > 0 && fwrite(data.data, 1, data.len, file) != data.len) ||
                         fwrite(zeros, 1, padding, file) != padding ||
                         fwrite(around + 4, 1, 4, file) != 4 || fflush(file) != 0;
    return !pcapng->has_failed;
}

static bool write_section(struct pcapng *pcapng, const char *application)
{
    uint8_t body[256];
    struct sstp_writer w = sstp_writer(body, sizeof body);
    sstp_write_uint(&w, 4, BYTE_ORDER_MAGIC);
    sstp_write_uint(&w, 2, 1); /* version 1.0 */
    sstp_write_uint(&w, 2, 0);
    sstp_write_uint(&w, 8, SECTION_LEN_UNKNOWN);
    write_option(&w, OPTION_APPLICATION, application, strlen(application));
    write_option(&w, OPTION_END, NULL, 0);
    return !w.failed &&
           write_block(pcapng, BLOCK_SECTION, sstp_writer_span(&w), sstp_span(NULL, 0));
}

static bool write_interface(struct pcapng *pcapng)
{
    static const uint8_t resolution = NANOSECONDS;
    uint8_t body[64];
    struct sstp_writer w = sstp_writer(body, sizeof body);
    sstp_write_uint(&w, 2, LINKTYPE_ETHERNET);
    sstp_write_uint(&w, 2, 0);
    sstp_write_uint(&w, 4, SNAP_LEN);
    write_option(&w, OPTION_NAME, "relaysim", strlen("relaysim"));
    write_option(&w, OPTION_RESOLUTION, &resolution, 1);
    write_option(&w, OPTION_END, NULL, 0);
    return write_block(pcapng, BLOCK_INTERFACE, sstp_writer_span(&w), sstp_span(NULL, 0));
}

struct pcapng *pcapng_open(const char *path, const char *application)
{
    struct pcapng *pcapng = calloc(1, sizeof *pcapng);
    if (pcapng == NULL)
        return NULL;
    pcapng->file = fopen(path, "wb");
    if (pcapng->file == NULL)
        goto free;
    if (!write_section(pcapng, application) || !write_interface(pcapng))
        goto close;
    return pcapng;

close:
    fclose(pcapng->file);
free:
    free(pcapng);
    return NULL;
}

bool pcapng_packet(struct pcapng *pcapng, uint64_t time_ns, const void *frame, size_t len)
{
    uint8_t head[20];
    struct sstp_writer w = sstp_writer(head, sizeof head);
    sstp_write_uint(&w, 4, 0); /* the interface */
    sstp_write_uint(&w, 4, time_ns >> 32);
    sstp_write_uint(&w, 4, time_ns & UINT32_MAX);
    sstp_write_uint(&w, 4, len); /* captured, and on the wire */
    sstp_write_uint(&w, 4, len);
    return write_block(pcapng, BLOCK_ENHANCED_PACKET, sstp_writer_span(&w), sstp_span(frame, len));
}

bool pcapng_close(struct pcapng *pcapng)
{
    if (pcapng == NULL)
        return true;
    const bool is_closed = fclose(pcapng->file) == 0;
    const bool is_good = is_closed && !pcapng->has_failed;
    free(pcapng);
    return is_good;
}
