/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net/fault_line.h"

#include "net/net.h"
#include "net/timer.h"

#include <glib.h>

/* What waits to be handed on. */
struct piece {
    int64_t due_ms;
    ssize_t num; /* negative: the end */
    char data[];
};

struct fault_line {
    struct faults *faults;
    struct fault_line_handler handler;
    struct net *net;
    struct net_timer hand_timer, pause_timer;
    unsigned num_handles;
    bool is_paused, is_closed;
    GQueue pieces;
    uint64_t drop_left; /* 0: it is not dropped */
};

static void on_due(void *cookie);
static void on_pause_over(void *cookie);

struct fault_line *fault_line_new(struct faults *faults, struct net *net,
                                  struct fault_line_handler handler)
{
    struct fault_line *line = g_new0(struct fault_line, 1);
    line->faults = faults;
    line->net = net;
    line->handler = handler;
    line->num_handles = 2;
    net_timer_init(&line->hand_timer, net, on_due, line);
    net_timer_init(&line->pause_timer, net, on_pause_over, line);
    g_queue_init(&line->pieces);
    return line;
}

static void on_closed(void *cookie)
{
    struct fault_line *line = cookie;
    if (--line->num_handles > 0)
        return;
    g_queue_clear_full(&line->pieces, g_free);
    g_free(line);
}

void fault_line_close(struct fault_line *line)
{
    line->is_closed = true;
    net_timer_close(&line->hand_timer, on_closed, line);
    net_timer_close(&line->pause_timer, on_closed, line);
}

/* ------------------------------------------------------------------------
 * Writing
 */

static void on_pause_over(void *cookie)
{
    struct fault_line *line = cookie;
    line->is_paused = false;
    line->handler.go_on(line->handler.cookie);
}

size_t fault_line_cut(struct fault_line *line, size_t len)
{
    if (line->is_paused)
        return 0;
    if (line->drop_left != 0)
        len = (size_t)MIN(len, line->drop_left);
    const size_t num = faults_cut(line->faults, len);
    /* With a turn of the loop between them, so that the peer reads them apart. */
    if (num < len) {
        line->is_paused = true;
        net_timer_start(&line->pause_timer, faults_pause_ms(line->faults));
    }
    return num;
}

/* ------------------------------------------------------------------------
 * Reading
 */

static void set_timer(struct fault_line *line)
{
    const struct piece *piece = g_queue_peek_head(&line->pieces);
    const int64_t now = net_now_ms(line->net);
    if (piece != NULL)
        net_timer_start(&line->hand_timer,
                        piece->due_ms > now ? (uint64_t)(piece->due_ms - now) : 0);
}

static void on_due(void *cookie)
{
    struct fault_line *line = cookie;
    struct piece *piece = g_queue_pop_head(&line->pieces);
    /* The callback may close the line; it is freed later. */
    line->handler.hand_on(line->handler.cookie, piece->data, piece->num);
    g_free(piece);
    if (!line->is_closed)
        set_timer(line);
}

static void add_piece(struct fault_line *line, const void *data, ssize_t num)
{
    const size_t len = num > 0 ? (size_t)num : 0;
    struct piece *piece = g_malloc(sizeof *piece + len);
    piece->due_ms = net_now_ms(line->net) + faults_pause_ms(line->faults);
    piece->num = num;
    memcpy(piece->data, data, len);
    g_queue_push_tail(&line->pieces, piece);
}

void fault_line_arrived(struct fault_line *line, const void *data, ssize_t num)
{
    const bool was_empty = g_queue_is_empty(&line->pieces);
    const char *at = data;
    if (num < 0)
        add_piece(line, "", num);
    while (num > 0) {
        const ssize_t part = (ssize_t)faults_cut(line->faults, (size_t)num);
        add_piece(line, at, part);
        at += part;
        num -= part;
    }
    if (was_empty)
        set_timer(line);
}

/* ------------------------------------------------------------------------
 * The reset
 */

void fault_line_drop_within(struct fault_line *line, uint64_t num)
{
    line->drop_left = faults_number(line->faults, num);
}

bool fault_line_is_over(struct fault_line *line, size_t num)
{
    if (line->drop_left == 0)
        return false;
    if (line->drop_left > num) {
        line->drop_left -= num;
        return false;
    }
    line->drop_left = 0;
    return true;
}
