/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench_redis: loads Redis Streams.  One stream; a consumer group for each receiver, so
 * that each gets every message; XADD, XREADGROUP and XACK, all of them pipelined.
 *
 * The answers are read by hand.  hiredis makes a tree of an answer, with five objects
 * and the strings and arrays in them for every message; here a message is checked where
 * it lies in the buffer.
 *
 * Redis reads 16 KiB of a connection in a turn of its loop, and with `appendfsync always`
 * it syncs once a turn: a handful of pipelined XADDs to a sync.  Between MULTI and EXEC
 * they are executed, and synced, together.  So messages that can be sent at once are
 * sent in such transactions of up to --batch messages; --batch 1 sends plain XADDs.
 */
#include "load.h"

#include "fail.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_LEN 128
/* How much to ask for at once: much costs little a message, until the answers to all
 * receivers no longer fit into the caches.  Measured: Redis takes less CPU time for a
 * hundred receivers of 16 KiB when they ask for 32 messages than for 8 or for 200. */
#define ANSWER_LEN (512 * 1024)
#define COUNT_MIN 8
#define COUNT_MAX 500
#define ID_MAX_LEN 48 /* of an entry: two 64-bit numbers and a hyphen */

/* One element of an answer (RESP 2).  An array is its header alone: its elements follow
 * as tokens of their own. */
struct token {
    char type; /* one of + - : $ * */
    long long number;
    const uint8_t *bytes; /* of $, number bytes; of + and -, number bytes */
};

/* Reads a token: how many bytes it took, or 0 where it is not complete, and then in
 * `lacks` how many more it has at least. */
static size_t get_token(const uint8_t *in, size_t available, struct token *token, size_t *lacks)
{
    *lacks = 0;
    const uint8_t *end = memchr(in, '\n', available);
    if (end == NULL)
        return 0;
    size_t used = (size_t)(end - in) + 1;
    token->type = (char)in[0];
    if (token->type == '+' || token->type == '-') {
        token->bytes = in + 1;
        token->number = (long long)used - 3;
        return used;
    }
    token->number = strtoll((const char *)in + 1, NULL, 10); /* ends at the CR */
    if (token->type != '$' || token->number < 0)
        return used;
    token->bytes = in + used;
    used += (size_t)token->number + 2;
    if (used > available) {
        *lacks = used - available;
        return 0;
    }
    return used;
}

__attribute__((noreturn)) static void fail_at(const struct token *token)
{
    if (token->type == '-')
        fail("Redis says: %.*s", (int)token->number, (const char *)token->bytes);
    fail("Redis answers with '%c' where something else is due", token->type);
}

static void open_sender(struct load *load)
{
    link_open(&load->sender, load->port);
}

static void introduce(struct load *load, struct receiver *receiver)
{
    char line[LINE_MAX_LEN];
    int len =
        snprintf(line, sizeof line, "XGROUP CREATE bench group-%u $ MKSTREAM\r\n", receiver->index);
    link_open(&receiver->link, load->port);
    link_write_now(&receiver->link, line, (size_t)len);
    link_read_line(&receiver->link, line, sizeof line);
    if (strcmp(line, "+OK") != 0)
        fail("Redis does not make a consumer group: %s", line);
    link_close(&receiver->link);
}

/* The sender */

static void append_text(struct link *link, const char *text)
{
    link_append(link, text, strlen(text));
}

static void submit(struct load *load, uint32_t first, uint32_t count)
{
    char header[LINE_MAX_LEN];
    snprintf(header, sizeof header,
             "*5\r\n$4\r\nXADD\r\n$5\r\nbench\r\n$1\r\n*\r\n$1\r\nm\r\n$%u\r\n", load->size);
    if (count > 1)
        append_text(&load->sender, "*1\r\n$5\r\nMULTI\r\n");
    for (uint32_t i = first; i < first + count; i++) {
        append_text(&load->sender, header);
        link_append(&load->sender, load_message(load, i), load->size);
        append_text(&load->sender, "\r\n");
    }
    if (count > 1)
        append_text(&load->sender, "*1\r\n$4\r\nEXEC\r\n");
}

/* The answer to a XADD, and in EXEC's array that to each, is the id of the new entry. */
static size_t read_sender(struct load *load)
{
    size_t used = 0, len;
    struct token token;
    while ((len = get_token(load->sender.in + used, load->sender.in_len - used, &token,
                            &load->sender.lacks)) > 0) {
        if (token.type == '$' && token.number > 0)
            load_acked(load);
        else if (token.type != '+' && (token.type != '*' || token.number < 0))
            fail_at(&token);
        used += len;
    }
    return used;
}

/* The receivers */

static void ask_for_messages(const struct load *load, struct receiver *receiver)
{
    uint32_t most = ANSWER_LEN / load->size;
    most = most < COUNT_MIN ? COUNT_MIN : most > COUNT_MAX ? COUNT_MAX : most;
    char text[2 * LINE_MAX_LEN], group[32], count[16];
    int group_len = snprintf(group, sizeof group, "group-%u", receiver->index);
    int count_len = snprintf(count, sizeof count, "%u", most);
    snprintf(text, sizeof text,
             "*11\r\n$10\r\nXREADGROUP\r\n$5\r\nGROUP\r\n$%d\r\n%s\r\n$1\r\nc\r\n$5\r\nCOUNT\r\n"
             "$%d\r\n%s\r\n$5\r\nBLOCK\r\n$1\r\n0\r\n$7\r\nSTREAMS\r\n$5\r\nbench\r\n$1\r\n>\r\n",
             group_len, group, count_len, count);
    append_text(&receiver->link, text);
}

static void open_receiver(struct load *load, struct receiver *receiver)
{
    link_open(&receiver->link, load->port);
    ask_for_messages(load, receiver);
}

static void begin_ack(struct receiver *receiver)
{
    char text[LINE_MAX_LEN], group[32];
    int group_len = snprintf(group, sizeof group, "group-%u", receiver->index);
    snprintf(text, sizeof text, "*%u\r\n$4\r\nXACK\r\n$5\r\nbench\r\n$%d\r\n%s\r\n",
             receiver->num_left + 3, group_len, group);
    append_text(&receiver->link, text);
}

static void ack(struct receiver *receiver, const struct token *id)
{
    char text[LINE_MAX_LEN];
    if (id->number > ID_MAX_LEN)
        fail("Redis gives an entry an id of %lld bytes", id->number);
    int len = snprintf(text, sizeof text, "$%lld\r\n%.*s\r\n", id->number, (int)id->number,
                       (const char *)id->bytes);
    link_append(&receiver->link, text, (size_t)len);
}

/* XACK answers with the number of messages that were pending; its answer comes before the
 * next messages do. */
static void on_acked(struct load *load, struct receiver *receiver, long long count)
{
    receiver->num_acked += (uint32_t)count;
    if (receiver->num_acked != receiver->num_delivered)
        fail("Redis has %u acknowledgements of receiver %u for %u messages", receiver->num_acked,
             receiver->index, receiver->num_delivered);
    if (load_has_all(load, receiver))
        load_confirmed(load, receiver);
}

/*
 * What XREADGROUP answers, token by token:
 *
 *     *1  *2  $stream  *entries  and for each entry:  *2  $id  *2  $name  $message
 *
 * receiver->step says which of them is due; at the beginning it can be a XACK's answer.
 */
enum step { ANSWER, STREAM, STREAM_NAME, ENTRIES, ENTRY, ID, FIELDS, NAME, MESSAGE };

static const char type_at[] = {
    [ANSWER] = '*', [STREAM] = '*', [STREAM_NAME] = '$', [ENTRIES] = '*', [ENTRY] = '*',
    [ID] = '$',     [FIELDS] = '*', [NAME] = '$',        [MESSAGE] = '$',
};

static void on_token(struct load *load, struct receiver *receiver, const struct token *token)
{
    if (receiver->step == ANSWER && token->type == ':') {
        on_acked(load, receiver, token->number);
        return;
    }
    if (token->type != type_at[receiver->step] || token->number < 0)
        fail_at(token);
    if (receiver->step == ENTRIES) {
        receiver->num_left = (uint32_t)token->number;
        begin_ack(receiver);
    }
    if (receiver->step == ID)
        ack(receiver, token);
    if (receiver->step != MESSAGE) {
        receiver->step++;
        return;
    }
    load_delivered(load, receiver, token->bytes, (size_t)token->number);
    receiver->step = ENTRY;
    if (--receiver->num_left > 0)
        return;
    receiver->step = ANSWER;
    if (!load_has_all(load, receiver))
        ask_for_messages(load, receiver);
}

static size_t read_receiver(struct load *load, struct receiver *receiver)
{
    size_t used = 0, len;
    struct token token;
    while ((len = get_token(receiver->link.in + used, receiver->link.in_len - used, &token,
                            &receiver->link.lacks)) > 0) {
        on_token(load, receiver, &token);
        used += len;
    }
    return used;
}

static const struct peer redis = {
    .batch = 128,
    .open_sender = open_sender,
    .introduce = introduce,
    .open_receiver = open_receiver,
    .submit = submit,
    .read_sender = read_sender,
    .read_receiver = read_receiver,
};

int main(int argc, char **argv)
{
    return load_main(argc, argv, &redis);
}
