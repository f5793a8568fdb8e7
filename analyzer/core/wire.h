/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wire: reading and writing little-endian integers and byte strings.
 *
 * Both cursors keep an error once it has happened: every later call does
 * nothing and yields zero, so a decoder is a straight list of reads with one
 * check at its end.  Nothing here allocates; what is read are views into the
 * caller's bytes.  All integers are little-endian (GRVSSTP 2.1).
 *
 *     struct sstp_reader r = sstp_reader(bytes);
 *     uint8_t id = sstp_read_u8(&r);
 *     uint16_t length = sstp_read_u16(&r);
 *     if (r.failed) ...
 */
#ifndef SSTP_CORE_WIRE_H
#define SSTP_CORE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A view of bytes that somebody else owns.  data may be NULL when len is 0. */
struct sstp_span {
    const uint8_t *data;
    size_t len;
};

static inline struct sstp_span sstp_span(const void *data, size_t len)
{
    return (struct sstp_span){(const uint8_t *)data, len};
}

/* The characters of a C string, its terminator left out. */
static inline struct sstp_span sstp_span_of_string(const char *string)
{
    return sstp_span(string, strlen(string));
}

static inline bool sstp_span_is_equal(struct sstp_span a, struct sstp_span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static inline uint16_t sstp_get_u16(const uint8_t *p)
{
    return (uint16_t)(p[0] | (unsigned)p[1] << 8);
}

static inline uint32_t sstp_get_u32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Why a reader has failed. */
enum sstp_reader_failure {
    SSTP_READER_OK,
    SSTP_READER_SHORT,       /* fewer bytes were left than a read asked for */
    SSTP_READER_UNTERMINATED /* a string had no 0x00 before the end */
};

struct sstp_reader {
    const uint8_t *data;
    size_t len;
    size_t pos; /* of the next byte; after a failure, of the read that failed */
    enum sstp_reader_failure failed;
};

static inline struct sstp_reader sstp_reader(struct sstp_span bytes)
{
    return (struct sstp_reader){bytes.data, bytes.len, 0, SSTP_READER_OK};
}

static inline size_t sstp_reader_left(const struct sstp_reader *r)
{
    return r->failed ? 0 : r->len - r->pos;
}

/* The next n bytes, or an empty span and SSTP_READER_SHORT. */
struct sstp_span sstp_read_bytes(struct sstp_reader *r, size_t n);

/* The characters before the next 0x00, which is consumed and not part of the
 * view; or an empty span and SSTP_READER_UNTERMINATED. */
struct sstp_span sstp_read_string(struct sstp_reader *r);

/* An integer of `size` bytes, 1 to 8. */
uint64_t sstp_read_uint(struct sstp_reader *r, size_t size);

static inline uint8_t sstp_read_u8(struct sstp_reader *r)
{
    return (uint8_t)sstp_read_uint(r, 1);
}

static inline uint16_t sstp_read_u16(struct sstp_reader *r)
{
    return (uint16_t)sstp_read_uint(r, 2);
}

static inline uint32_t sstp_read_u32(struct sstp_reader *r)
{
    return (uint32_t)sstp_read_uint(r, 4);
}

struct sstp_writer {
    uint8_t *data;
    size_t size; /* bytes that fit */
    size_t pos;  /* bytes written */
    bool failed; /* something did not fit; pos stands before it */
};

static inline struct sstp_writer sstp_writer(void *data, size_t size)
{
    return (struct sstp_writer){(uint8_t *)data, size, 0, false};
}

void sstp_write_bytes(struct sstp_writer *w, struct sstp_span bytes);

/* The characters and a 0x00 after them.  Fails on a 0x00 among them, for the
 * reader would end there. */
void sstp_write_string(struct sstp_writer *w, struct sstp_span characters);

/* An integer of `size` bytes, 1 to 8; fails when value needs more. */
void sstp_write_uint(struct sstp_writer *w, size_t size, uint64_t value);

/* What has been written so far. */
static inline struct sstp_span sstp_writer_span(const struct sstp_writer *w)
{
    return sstp_span(w->data, w->pos);
}

#endif
