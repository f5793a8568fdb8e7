/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How TCP connections begin and end. */
#include "scenario/ending.h"

#define A 1
#define B 2

/* What goes by, at its place in the row in nanoseconds times 10; upper case is from A. */
static struct ending ending_of(const char *segments, gint64 t_ns)
{
    struct endings *endings = endings_new();
    struct packet_end ends[2] = {{.address = {9}, .port = A, .family = 4},
                                 {.address = {7}, .port = B, .family = 4}};
    for (gint64 i = 0; segments[i] != '\0'; i++) {
        const gboolean from_a = g_ascii_isupper(segments[i]);
        struct packet_segment segment = {.source = ends[!from_a], .destination = ends[from_a]};
        switch (g_ascii_toupper(segments[i])) {
        case 'S':
            segment.flags = from_a ? PACKET_SYN : PACKET_SYN | PACKET_ACK;
            break;
        case 'F':
            segment.flags = PACKET_FIN | PACKET_ACK;
            break;
        case 'R':
            segment.flags = PACKET_RST;
            break;
        default:
            segment.flags = PACKET_ACK;
        }
        endings_segment(endings, &segment, i * 10);
    }
    const struct ending found = endings_find(endings, ends, t_ns);
    const struct ending turned =
        endings_find(endings, (struct packet_end[]){ends[1], ends[0]}, t_ns);
    g_assert_cmpint(found.ended_ns, ==, turned.ended_ns);
    ends[0].port = 99;
    g_assert_cmpint(endings_find(endings, ends, t_ns).kind, ==, ENDING_UNKNOWN);
    endings_free(endings);
    return found;
}

static const struct {
    const char *name, *segments;
    gint64 t_ns;
    gboolean has_begun;
    gint64 begun_ns;
    enum ending_kind kind;
    gint64 ended_ns;
    guint16 by;
} rows[] = {
    {"closed", "SsaaFfA", 20, TRUE, 0, ENDING_CLOSED, 40, A},
    {"closed-by-the-other", "SsaafFA", 20, TRUE, 0, ENDING_CLOSED, 40, B},
    {"reset", "SsaAr", 20, TRUE, 0, ENDING_RESET, 40, B},
    {"reset-after-its-end", "SsaFR", 20, TRUE, 0, ENDING_CLOSED, 30, A},
    {"goes-on", "SsaA", 20, TRUE, 0, ENDING_UNKNOWN, 0, 0},
    {"begins-before", "aAf", 10, FALSE, 0, ENDING_CLOSED, 20, B},
    {"SYN-again", "SSSsaF", 40, TRUE, 0, ENDING_CLOSED, 50, A},
    {"first-of-two", "SsaFfSsaR", 20, TRUE, 0, ENDING_CLOSED, 30, A},
    {"second-of-two", "SsaFfSsaR", 70, TRUE, 50, ENDING_RESET, 80, A},
    {"nothing", "", 10, FALSE, 0, ENDING_UNKNOWN, 0, 0},
};

static void test_rows(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        const struct ending ending = ending_of(rows[i].segments, rows[i].t_ns);
        g_test_message("%s", rows[i].name);
        g_assert_cmpint(ending.has_begun, ==, rows[i].has_begun);
        g_assert_cmpint(ending.begun_ns, ==, rows[i].begun_ns);
        g_assert_cmpint(ending.kind, ==, rows[i].kind);
        g_assert_cmpint(ending.ended_ns, ==, rows[i].ended_ns);
        g_assert_cmpuint(ending.by.port, ==, rows[i].by);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ending/rows", test_rows);
    return g_test_run();
}
