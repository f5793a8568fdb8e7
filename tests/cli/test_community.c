/* SPDX-License-Identifier: GPL-2.0-or-later */
/* community: the values that the Community ID's own test captures give for TCP. */
#include "record/community.h"

#include <glib.h>
#include <stdio.h>

static struct packet_end end_v4(const char *text, guint16 port)
{
    struct packet_end end = {.family = 4, .port = port};
    guint parts[4];

    g_assert_cmpint(sscanf(text, "%u.%u.%u.%u", &parts[0], &parts[1], &parts[2], &parts[3]), ==, 4);
    for (int i = 0; i < 4; i++)
        end.address[i] = (guint8)parts[i];
    return end;
}

static void test_published(void)
{
    const struct packet_end one = end_v4("128.232.110.120", 34855),
                            other = end_v4("66.35.250.204", 80);
    char id[COMMUNITY_ID_SIZE];

    community_id(&one, &other, id);
    g_assert_cmpstr(id, ==, "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
    community_id(&other, &one, id);
    g_assert_cmpstr(id, ==, "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
}

/* Equal addresses are put in order by their ports. */
static void test_ports(void)
{
    const struct packet_end one = end_v4("127.0.0.1", 1), other = end_v4("127.0.0.1", 2);
    char id[COMMUNITY_ID_SIZE], again[COMMUNITY_ID_SIZE];

    community_id(&one, &other, id);
    community_id(&other, &one, again);
    g_assert_cmpstr(id, ==, again);
}

int main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/community/published", test_published);
    g_test_add_func("/community/ports", test_ports);
    return g_test_run();
}
