/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * window: each row is a sequence of packets, put in in the order of time, and the order in which
 * they have to come out.  A packet is its name, its point (A or B), its direction (> or <), the
 * moment in milliseconds, the number of its first byte and how many it has:
 *
 *     "1A>0:100+10"    "s" after it: a SYN; "r": a RST
 */
#include "points/window.h"

#include <stdio.h>
#include <string.h>

#define MS G_GINT64_CONSTANT(1000000)

struct story {
    GString *out;
    guint main_point, num_dropped;
    guint per_direction; /* the main point of <, where it is not that of > */
    struct window *window;
};

static void emit(void *cookie, gpointer content)
{
    struct story *story = cookie;
    g_string_append_c(story->out, (char)GPOINTER_TO_INT(content));
}

static void drop(void *cookie, gpointer content)
{
    struct story *story = cookie;
    (void)content;
    story->num_dropped++;
}

static guint main_point(void *cookie, const struct packet_segment *segment)
{
    const struct story *story = cookie;
    return segment->source.port == 1 ? story->main_point : story->per_direction;
}

static void put(struct story *story, const char *text)
{
    char name, point, way, flag = ' ';
    int moment;
    guint sequence, len;

    g_assert_cmpint(
        sscanf(text, "%c%c%c%d:%u+%u%c", &name, &point, &way, &moment, &sequence, &len, &flag), >=,
        6);
    struct window_packet packet = {.t_ns = moment * MS,
                                   .point = point == 'B',
                                   .is_segment = way != '=',
                                   .size = 100,
                                   .content = GINT_TO_POINTER(name)};
    packet.segment.source.family = packet.segment.destination.family = 4;
    packet.segment.source.port = way == '>' ? 1 : 2;
    packet.segment.destination.port = way == '>' ? 2 : 1;
    packet.segment.sequence = sequence;
    packet.segment.len = len;
    packet.segment.num_seq = len + (flag == 's');
    packet.segment.flags = flag == 's' ? PACKET_SYN : flag == 'r' ? PACKET_RST : PACKET_ACK;
    if (window_passes(story->window, &packet))
        g_string_append_c(story->out, name);
    else
        window_put(story->window, &packet);
}

static const struct {
    const char *name;
    guint num_points, main_point, other_main;
    const char *in, *out;
} rows[] = {
    {"in-order", 1, 0, 0, "1A>0:100+10 2A<1:500+10 3A>2:110+10", "123"},
    {"late", 1, 0, 0, "1A>0:100+10 2A>1:120+10 3A<2:500+5 4A>3:110+10", "1423"},
    {"late-by-two", 1, 0, 0, "1A>0:100+10 2A>1:130+10 3A>2:120+10 4A>3:110+10", "1432"},
    {"too-late", 1, 0, 0, "1A>0:100+10 2A>1:120+10 3A>2000:130+10 4A>2001:110+10", "1234"},
    {"never", 1, 0, 0, "1A>0:100+10 2A>1:120+10 3A>2:130+10", "123"},
    {"sent-again", 1, 0, 0, "1A>0:100+10 2A>1:110+10 3A>2:100+10 4A>3:120+5", "1234"},
    {"wrapping", 1, 0, 0, "1A>0:4294967290+10 2A>1:14+10 3A>2:4+10", "132"},
    {"wrong-number", 1, 0, 0, "1A>0:100+10 2A>1:900000000+10 3A>2:120+5 4A>3:110+10 5A>4:125+5",
     "12435"},
    {"new-connection", 1, 0, 0, "1A>0:100+10 2A>1:7000+0s 3A>2:7011+5 4A>3:7001+10", "1243"},
    {"no-segments", 1, 0, 0, "1A>0:100+10 2A>1:120+10 3A=2:0+0 4A>3:110+10", "1423"},
    {"both-have-all", 2, 0, 0, "1A>0:100+10 aB>1:100+10 2A>2:110+10 bB>3:110+10", "12"},
    {"main-sees-later", 2, 1, 1, "1A>0:100+10 aB>1:100+10 2A>2:110+10 bB>3:110+10", "ab"},
    {"main-lacks-one", 2, 0, 0, "1A>0:100+10 aB>1:100+10 bB>3:110+10 3A>4:120+10 cB>5:120+10",
     "1b3"},
    {"main-lacks-the-first", 2, 0, 0, "aB>1:100+10 2A>2:110+10 bB>3:110+10", "a2"},
    {"main-lacks-the-last", 2, 0, 0, "1A>0:100+10 aB>1:100+10 bB>3:110+10", "1b"},
    {"super-segment", 2, 0, 0, "1A>0:100+30 aB>1:100+10 bB>2:110+10 cB>3:120+10 dB>4:130+10", "1d"},
    {"pieces-for-one", 2, 1, 1, "1A>0:100+30 aB>1:100+10 cB>3:120+10", "1ac"},
    {"acks-of-others", 2, 0, 0, "1A>0:100+10 aB>1:110+0 2A>2:110+0", "12"},
    {"each-sees-one-way", 2, 0, 1, "1A>0:100+10 aB<1:500+10 2A>2:110+10 bB<3:510+10", "1a2b"},
    {"reset", 2, 0, 0, "1A>0:100+10 aB>1:110+0r", "1a"},
    {"reset-seen-by-both", 2, 0, 0, "1A>0:100+10 aB>1:110+0r 2A>2:110+0r", "12"},
    /* B sees this way 20 ms earlier: what A lacks is put where A would have seen it. */
    {"its-time", 2, 0, 0,
     "aB>0:100+10 bB>5:110+10 1A>20:100+10 2A<22:500+5 3A<27:505+5 4A>30:120+5", "12b34"},
};

static void test_row(gconstpointer data)
{
    const guint row = GPOINTER_TO_UINT(data);
    struct story story = {g_string_new(NULL), rows[row].main_point, 0, rows[row].other_main, NULL};
    const struct window_calls calls = {emit, drop, main_point, &story};
    char **packets = g_strsplit(rows[row].in, " ", -1);

    story.window = window_new(rows[row].num_points, 1000 * MS, &calls);
    for (char **packet = packets; *packet != NULL; packet++)
        put(&story, *packet);
    window_flush(story.window);
    g_assert_cmpstr(story.out->str, ==, rows[row].out);
    g_assert_cmpuint(story.num_dropped + story.out->len, ==, g_strv_length(packets));
    window_free(story.window);
    g_string_free(story.out, TRUE);
    g_strfreev(packets);
}

/* Whatever comes: every packet leaves once, and no more wait than may. */
static void test_chance(void)
{
    struct story story = {g_string_new(NULL), 0, 0, 1, NULL};
    const struct window_calls calls = {emit, drop, main_point, &story};
    GRand *chance = g_rand_new_with_seed(2492);
    const guint num = 20000;

    story.window = window_new(2, 1000 * MS, &calls);
    for (guint i = 0; i < num; i++) {
        char *text = g_strdup_printf(
            "x%c%c%d:%u+%u%c", g_rand_boolean(chance) ? 'A' : 'B',
            "><="[g_rand_int_range(chance, 0, 3)], (int)i / 10 + g_rand_int_range(chance, -50, 50),
            i * 3 + (guint)g_rand_int_range(chance, 0, 300), (guint)g_rand_int_range(chance, 0, 20),
            " rs     "[g_rand_int_range(chance, 0, 8)]);
        put(&story, text);
        g_free(text);
    }
    window_flush(story.window);
    g_assert_cmpuint(story.num_dropped + story.out->len, ==, num);
    window_free(story.window);
    g_string_free(story.out, TRUE);
    g_rand_free(chance);
}

int main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        char *name = g_strdup_printf("/window/%s", rows[i].name);
        g_test_add_data_func(name, GUINT_TO_POINTER(i), test_row);
        g_free(name);
    }
    g_test_add_func("/window/chance", test_chance);
    return g_test_run();
}
