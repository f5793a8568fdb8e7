/* SPDX-License-Identifier: GPL-2.0-or-later */
/* group: ring files of one another are one point, and nothing else is. */
#include "points/group.h"

#include <string.h>

#define FILES_MAX 6u

static const struct {
    const char *name;
    struct {
        const char *name, *given, *signature;
        gint64 first, last;
        guint64 digest;
    } files[FILES_MAX];
    const char *points; /* of the files in the order of their times */
    const char *first_name;
} rows[] = {
    {"ring",
     {{"r_2", NULL, "a", 20, 30, 2}, {"r_1", NULL, "a", 10, 20, 1}, {"r_3", NULL, "a", 30, 40, 3}},
     "000",
     "r_*"},
    {"shuffled",
     {{"r_9", NULL, "a", 20, 30, 2}, {"r_11", NULL, "a", 10, 20, 1}, {"r_1", NULL, "a", 30, 40, 3}},
     "000",
     "r_*"},
    {"overlap", {{"r_1", NULL, "a", 10, 20, 1}, {"r_2", NULL, "a", 19, 30, 2}}, "01", "r_1"},
    {"two-rings",
     {{"a1", NULL, "a", 10, 20, 1},
      {"b1", NULL, "a", 11, 21, 1},
      {"a2", NULL, "a", 20, 30, 2},
      {"b2", NULL, "a", 21, 31, 2}},
     "0101",
     "a*"},
    {"two-rings-numbered",
     {{"eth0_00001_20260228121500.pcapng", NULL, "a", 10, 20, 1},
      {"eth1_00001_20260228121500.pcapng", NULL, "a", 11, 21, 1},
      {"eth0_00002_20260228121502.pcapng", NULL, "a", 22, 30, 2},
      {"eth1_00002_20260228121503.pcapng", NULL, "a", 23, 31, 2}},
     "0101",
     "eth0_*_*.pcapng"},
    {"two-rings-one-after-the-other",
     {{"eth0_00001_20260228121500.pcapng", NULL, "a", 10, 20, 1},
      {"eth0_00002_20260228121502.pcapng", NULL, "a", 20, 30, 2},
      {"eth1_00001_20260228121503.pcapng", NULL, "a", 30, 40, 3}},
     "001",
     "eth0_*_*.pcapng"},
    {"two-rings-of-two-numbers",
     {{"p1-r1", NULL, "a", 10, 20, 1},
      {"p2-r1", NULL, "a", 11, 21, 1},
      {"p1-r2", NULL, "a", 22, 30, 2},
      {"p2-r2", NULL, "a", 23, 31, 2}},
     "0101",
     "p*-r*"},
    {"interfaces", {{"r_1", NULL, "a", 10, 20, 1}, {"r_2", NULL, "b", 20, 30, 2}}, "01", "r_1"},
    {"folders", {{"x/r_1", NULL, "a", 10, 20, 1}, {"y/r_2", NULL, "a", 20, 30, 2}}, "01", "r_1"},
    {"hours-apart",
     {{"r_1", NULL, "a", 10, 20, 1}, {"r_2", NULL, "a", 7210, 7220, 1}},
     "01",
     "r_1"},
    {"given",
     {{"p", "here", "a", 10, 20, 1}, {"q", "here", "b", 15, 25, 2}, {"r", NULL, "a", 30, 40, 3}},
     "001",
     "here"},
    {"given-apart", {{"r_1", "x", "a", 10, 20, 1}, {"r_2", "y", "a", 20, 30, 2}}, "01", "x"},
    {"given-beside-ring", {{"r_1", "x", "a", 10, 20, 1}, {"r_2", NULL, "a", 20, 30, 2}}, "01", "x"},
};

static void test_row(gconstpointer data)
{
    const guint row = GPOINTER_TO_UINT(data);
    struct group_file *files = g_new0(struct group_file, FILES_MAX);
    guint num = 0, points[FILES_MAX], most = 0;

    for (; num < FILES_MAX && rows[row].files[num].name != NULL; num++) {
        files[num].name = rows[row].files[num].name;
        files[num].given = rows[row].files[num].given;
        files[num].signature = g_strdup(rows[row].files[num].signature);
        files[num].num_packets = 1;
        files[num].first_ns = rows[row].files[num].first;
        files[num].last_ns = rows[row].files[num].last;
        group_sample(&files[num], rows[row].files[num].digest);
    }
    group_sort(files, num);
    const guint num_points = group_files(files, num, points);
    g_assert_cmpuint(num, ==, strlen(rows[row].points));
    for (guint i = 0; i < num; i++) {
        g_assert_cmpuint(points[i], ==, (guint)(rows[row].points[i] - '0'));
        most = MAX(most, points[i] + 1);
    }
    g_assert_cmpuint(num_points, ==, most);
    char *name = group_name(files, num, points, 0);
    g_assert_cmpstr(name, ==, rows[row].first_name);
    g_free(name);
    for (guint i = 0; i < num; i++)
        g_free(files[i].signature);
    g_free(files);
}

/* Of many digests those with the lowest numbers are kept, each once. */
static void test_sample(void)
{
    struct group_file *file = g_new0(struct group_file, 1);

    for (guint i = 0; i < 5000; i++)
        group_sample(file, (guint64)(i * 7919u % 5000u));
    group_sample(file, 17);
    g_assert_cmpuint(file->num_sample, ==, GROUP_SAMPLE);
    for (guint i = 0; i < GROUP_SAMPLE; i++)
        g_assert_cmpuint(file->sample[i], ==, i);
    g_free(file);
}

int main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        char *name = g_strdup_printf("/group/%s", rows[i].name);
        g_test_add_data_func(name, GUINT_TO_POINTER(i), test_row);
        g_free(name);
    }
    g_test_add_func("/group/sample", test_sample);
    return g_test_run();
}
