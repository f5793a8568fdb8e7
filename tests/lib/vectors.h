/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vectors: commands as bytes, with what has to come out of them.
 *
 * The bytes and the places of the fields were written by hand from GRVSSTP 2.2
 * and SPECIFICATION.md; Connect, ConnectResponse and Noop marked "published" are the
 * wire bytes that GRVHENC 4.3 prints.  Every command and every presence
 * condition occurs.
 */
#ifndef TESTS_LIB_VECTORS_H
#define TESTS_LIB_VECTORS_H

#include "command.h"

struct vector {
    const char *name;
    enum sstp_version version; /* that makes it clean; 1.5 where any does */
    const char *hex;           /* as hex.h reads it */
    const char *fields;        /* as record.h writes them */
    const char *summary;
};

#define VECTOR_LEN_MAX 256u

extern const struct vector vectors[];
extern const size_t num_vectors;

/* The bytes of a vector to `bytes`, of VECTOR_LEN_MAX bytes; returns how many. */
size_t vector_bytes(const struct vector *vector, uint8_t *bytes);

#endif
