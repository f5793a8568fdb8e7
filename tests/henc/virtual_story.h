/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtual_story: stories of virtual connections, a word a message, in capture order:
 *
 *     get@1 get@1+        GET request on TCP connection 1; + captured from its SYN
 *     post@2=abc          POST request with this body
 *     poll@3#7=abc        Polling request, number 7, this data; without '=' empty
 *     200@1=abc           answer on the connection of the request, with this body
 *     200@3#7=abc         the same for Polling
 *     data@2=abc lost@2=abc  a LongLived piece; after lost bytes
 *     end@1 finish        TCP connection 1 ends; the capture ends
 *     stray@1             bytes where no data may be
 *     wait5 fast          seconds pass, as ten do before each message; none do from here on
 *     post@2^ poll@2*#7 get@1%   its sender had nothing acknowledged that is not shown; TCP
 *                         connection 2 was opened after the message before, as all others were
 *                         before the first one; a header is missing
 *
 * The bodies `echo`, `pong` and `html` stand for the echo string, one with other
 * ping-data, and <html></html> with CRLF, `echo+ab` for data after it; `~` at the end of a body
 * cuts it, `echo~` in the echo string. A '|' before what is delivered says that it comes after a
 * gap.
 */
#ifndef TESTS_HENC_VIRTUAL_STORY_H
#define TESTS_HENC_VIRTUAL_STORY_H

#include <glib.h>

#include "counting_mem.h"
#include "henc/virtual.h"

#define GUID "a5s2fj8q55cxne2v4wr48ad9ciffsznzq9apczi"

#define TRANSPORTS_MAX 64u

struct world {
    struct counting_mem counting;
    struct henc_virtual v;
    struct henc_result result;
    uint64_t chunk;
    int64_t time_ns;                       /* ten seconds a message */
    bool is_fast;                          /* none */
    enum henc_half halves[TRANSPORTS_MAX]; /* of the last request on each */
    uint32_t findings;                     /* of all messages */
    GString *log[2];                       /* what was delivered, by direction */
};

/* The caller clears it; then no memory of the connection may be left. */
void world_init(struct world *w, enum henc_kind kind);
void world_clear(struct world *w);

/* Shows a message with `data` as its body, for Polling as number `number` if it has one; its body
 * is gone before the next one. */
enum henc_error show(struct world *w, struct henc_message *m, struct sstp_span data,
                     bool has_number, uint32_t number);

/* Plays the words of a story. */
void play(struct world *w, const char *story);

/* What comes of a story. */
struct story {
    const char *name, *story;
    const char *state;
    const char *findings;
    const char *to_server;
    const char *to_client;
};

/* The story ends as its row says. */
void check_story(enum henc_kind kind, const struct story *row);

/* What a word for a body stands for. */
const char *body_of(const char *text);

/* Writes a Polling body of this number; its length. */
size_t write_polling(uint8_t *bytes, size_t size, bool is_response, uint32_t number,
                     struct sstp_span data);

/* The filters of the findings, with blanks between; to be freed. */
char *finding_names(uint32_t findings);

#endif
