/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/wire.h"

/* The next byte.  An empty span may have no address, to which C does not let
 * even 0 be added; a position above 0 has one. */
static const uint8_t *reader_place(const struct sstp_reader *r)
{
    return r->pos > 0 ? r->data + r->pos : r->data;
}

struct sstp_span sstp_read_bytes(struct sstp_reader *r, size_t n)
{
    if (r->failed)
        return sstp_span(NULL, 0);
    if (r->len - r->pos < n) {
        r->failed = SSTP_READER_SHORT;
        return sstp_span(NULL, 0);
    }
    const struct sstp_span bytes = sstp_span(reader_place(r), n);
    r->pos += n;
    return bytes;
}

struct sstp_span sstp_read_string(struct sstp_reader *r)
{
    if (r->failed)
        return sstp_span(NULL, 0);
    const uint8_t *start = reader_place(r);
    const size_t left = r->len - r->pos;
    const uint8_t *end = left > 0 ? memchr(start, 0, left) : NULL;
    if (end == NULL) {
        r->failed = SSTP_READER_UNTERMINATED;
        return sstp_span(NULL, 0);
    }
    const size_t len = (size_t)(end - start);
    r->pos += len + 1;
    return sstp_span(start, len);
}

uint64_t sstp_read_uint(struct sstp_reader *r, size_t size)
{
    const struct sstp_span bytes = sstp_read_bytes(r, size);
    uint64_t value = 0;
    for (size_t i = bytes.len; i > 0; i--)
        value = value << 8 | bytes.data[i - 1];
    return value;
}

/* Room for n more bytes, or NULL and a failed writer. */
static uint8_t *writer_take(struct sstp_writer *w, size_t n)
{
    if (w->failed || w->size - w->pos < n) {
        w->failed = true;
        return NULL;
    }
    uint8_t *place = w->pos > 0 ? w->data + w->pos : w->data; /* as reader_place */
    w->pos += n;
    return place;
}

void sstp_write_bytes(struct sstp_writer *w, struct sstp_span bytes)
{
    uint8_t *place = writer_take(w, bytes.len);
    if (place != NULL && bytes.len > 0)
        memcpy(place, bytes.data, bytes.len);
}

void sstp_write_string(struct sstp_writer *w, struct sstp_span characters)
{
    if (characters.len > 0 && memchr(characters.data, 0, characters.len) != NULL) {
        w->failed = true;
        return;
    }
    sstp_write_bytes(w, characters);
    sstp_write_uint(w, 1, 0);
}

void sstp_write_uint(struct sstp_writer *w, size_t size, uint64_t value)
{
    if (size < sizeof value && value >> (8 * size) != 0) {
        w->failed = true;
        return;
    }
    uint8_t *place = writer_take(w, size);
    for (size_t i = 0; place != NULL && i < size; i++)
        place[i] = (uint8_t)(value >> (8 * i));
}
