/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * framing: a stream driven through chunks, its pieces written down.
 *
 * `log` has a line for each piece, "kind offset+len/command_len", and after
 * WHOLE and END "=captured", after BROKEN "!finding":
 *
 *     start 0+4/7
 *     end 0+3/7=7
 *
 * `commands` has the bytes of the commands that came out, one after another,
 * which is what was fed when nothing is wrong.  On the way it asserts that the
 * pieces of a chunk cover it without a gap and that the stream makes progress.
 */
#ifndef TESTS_LIB_FRAMING_H
#define TESTS_LIB_FRAMING_H

#include <glib.h>

#include "counting_mem.h"
#include "stream.h"

struct framing {
    struct sstp_stream stream;
    struct counting_mem memory;
    GString *log;
    GByteArray *commands;
    unsigned num_commands;
    unsigned num_broken;
    size_t num_skipped; /* bytes */
    bool is_out_of_memory;
};

void framing_init(struct framing *framing, enum sstp_stream_mode mode);

/* Frees all of it, and asserts that the stream has given its memory back. */
void framing_clear(struct framing *framing);

/* Starts over with a stream of this mode; memory is counted on. */
void framing_reset(struct framing *framing, enum sstp_stream_mode mode);

void framing_feed(struct framing *framing, struct sstp_span bytes);

/* A chunk of which only the first bytes were captured. */
void framing_feed_cut(struct framing *framing, struct sstp_span bytes, size_t wire_len);

#endif
