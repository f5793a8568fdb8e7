/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a socket asks of its user, and tells it: by users that know nothing of SSTP, on the system's
 * sockets and on simulated ones. */
#include "net/net.h"

#include <glib.h>
#include <sys/socket.h>

/* Says what it has to say, and writes down what it hears. */
struct user {
    struct net *net;
    struct net_connection *socket;
    GByteArray *says; /* not taken yet */
    GString *heard;
    bool is_full;   /* wants to hear nothing for now */
    bool is_silent; /* ends once all is said */
    bool is_lost;
    int64_t deadline;
    unsigned num_ticks; /* at or after the deadline */
    GString *broken;
};

static void on_tick(void *cookie, int64_t now_ms)
{
    struct user *user = cookie;
    if (now_ms < user->deadline)
        return;
    user->num_ticks++;
    user->deadline = NET_NEVER;
}

static int64_t deadline_of(void *cookie)
{
    const struct user *user = cookie;
    return user->deadline;
}

static void on_receive(void *cookie, const void *data, size_t len)
{
    struct user *user = cookie;
    g_string_append_len(user->heard, data, (gssize)len);
}

static bool has_room(void *cookie)
{
    const struct user *user = cookie;
    return !user->is_full;
}

static size_t output_len(void *cookie)
{
    const struct user *user = cookie;
    return user->says->len;
}

/* In rows of three bytes. */
static size_t output(void *cookie, struct sstp_span *pieces, size_t max)
{
    const struct user *user = cookie;
    size_t num = 0;
    for (size_t at = 0; at < user->says->len && num < max; at += 3)
        pieces[num++] = sstp_span(user->says->data + at, MIN(3, user->says->len - at));
    return num;
}

static void on_taken(void *cookie, size_t len)
{
    struct user *user = cookie;
    g_byte_array_remove_range(user->says, 0, (guint)len);
}

static bool is_over(void *cookie)
{
    const struct user *user = cookie;
    return user->is_silent;
}

static void on_lost(void *cookie)
{
    struct user *user = cookie;
    g_assert_false(user->is_lost);
    user->is_lost = true;
    user->socket = NULL;
}

static void on_broken(void *cookie, const char *kind, const char *text)
{
    struct user *user = cookie;
    g_assert_nonnull(text);
    g_string_append_printf(user->broken, "%s ", kind);
}

static const struct net_user ops = {.tick = on_tick,
                                    .deadline = deadline_of,
                                    .receive = on_receive,
                                    .has_room = has_room,
                                    .output_len = output_len,
                                    .output = output,
                                    .taken = on_taken,
                                    .is_over = is_over,
                                    .lost = on_lost,
                                    .broken = on_broken};

static void user_init(struct user *user, const char *says)
{
    user->says = g_byte_array_new();
    g_byte_array_append(user->says, (const guint8 *)says, (guint)strlen(says));
    user->heard = g_string_new(NULL);
    user->broken = g_string_new(NULL);
    user->deadline = NET_NEVER;
}

static void user_clear(struct user *user)
{
    g_byte_array_free(user->says, TRUE);
    g_string_free(user->heard, TRUE);
    g_string_free(user->broken, TRUE);
}

/* Two of them, connected. */
struct fixture {
    struct simulation *simulation; /* NULL: the system's sockets */
    struct net *net;
    struct net_listener *listener;
    struct user caller, callee;
};

static void on_accepted(void *cookie, struct net_connection *socket)
{
    struct fixture *f = cookie;
    f->callee.socket = socket;
    net_start(socket, &ops, &f->callee);
}

static void on_connected(void *cookie, struct net_connection *socket, const char *why)
{
    struct fixture *f = cookie;
    g_assert_cmpstr(why, ==, NULL);
    f->caller.socket = socket;
    net_start(socket, &ops, &f->caller);
}

/* The suite has a time limit for what never comes. */
#define AWAIT(f, condition)                                                                        \
    while (!(condition))                                                                           \
    net_run_once((f)->net, 1000)

static void set_up(struct fixture *f, gconstpointer data)
{
    struct net_config config = {.capture = NULL};
    char *error = NULL;
    if (data != NULL)
        config.simulation = f->simulation = simulation_new(1, SIMULATION_START_NS);
    f->net = net_new(&config);
    user_init(&f->caller, "hello from the caller");
    user_init(&f->callee, "");
    g_assert_true(net_listen(f->net, "127.0.0.1:0", 1, on_accepted, f, &f->listener, &error));
    char *address = net_listener_address(f->listener);
    g_assert_true(net_connect(f->net, address, (struct net_hosts){0}, 0, on_connected, f, &error));
    g_free(address);
    AWAIT(f, f->caller.socket != NULL && f->callee.socket != NULL);
}

static void tear_down(struct fixture *f, gconstpointer data)
{
    (void)data;
    net_free(f->net);
    g_assert_true(f->caller.is_lost && f->callee.is_lost);
    user_clear(&f->caller);
    user_clear(&f->callee);
    simulation_free(f->simulation);
}

static void test_bytes(struct fixture *f, gconstpointer data)
{
    (void)data;
    AWAIT(f, f->callee.heard->len == strlen("hello from the caller"));
    g_assert_cmpstr(f->callee.heard->str, ==, "hello from the caller");
    g_assert_cmpuint(f->caller.says->len, ==, 0);
    char *here = net_connection_name(f->caller.socket);
    char *there = net_connection_name(f->callee.socket);
    g_assert_cmpstr(here, ==, there);
    g_free(here);
    g_free(there);
}

/* Raw bytes go after what there was, and before what comes later. */
static void test_raw(struct fixture *f, gconstpointer data)
{
    (void)data;
    AWAIT(f, f->caller.says->len == 0);
    g_byte_array_append(f->caller.says, (const guint8 *)"one", 3);
    net_send_raw(f->caller.socket, sstp_span("two", 3));
    g_byte_array_append(f->caller.says, (const guint8 *)"three", 5);
    net_wake(f->caller.socket);
    AWAIT(f, g_str_has_suffix(f->callee.heard->str, "onetwothree"));
    g_assert_cmpstr(f->caller.broken->str, ==, "bytes ");
}

static void test_deadline(struct fixture *f, gconstpointer data)
{
    (void)data;
    f->caller.deadline = net_now_ms(f->net) + 1;
    net_wake(f->caller.socket);
    AWAIT(f, f->caller.num_ticks > 0);
    g_assert_cmpuint(f->caller.num_ticks, ==, 1);
}

/* Who has no room is not read to; what came meanwhile is there when it has. */
static void test_room(struct fixture *f, gconstpointer data)
{
    (void)data;
    AWAIT(f, f->callee.heard->len > 0);
    f->callee.is_full = true;
    net_wake(f->callee.socket);
    net_run_once(f->net, 0);
    const size_t before = f->callee.heard->len;
    g_byte_array_append(f->caller.says, (const guint8 *)"later", 5);
    net_wake(f->caller.socket);
    AWAIT(f, f->caller.says->len == 0);
    AWAIT(f, net_has_unread(f->callee.socket));
    net_run_once(f->net, 0);
    g_assert_cmpuint(f->callee.heard->len, ==, before);
    f->callee.is_full = false;
    net_wake(f->callee.socket);
    AWAIT(f, g_str_has_suffix(f->callee.heard->str, "later"));
}

/* Who is over says all it has, then both are gone. */
static void test_over(struct fixture *f, gconstpointer data)
{
    (void)data;
    g_byte_array_append(f->caller.says, (const guint8 *)" bye", 4);
    f->caller.is_silent = true;
    net_wake(f->caller.socket);
    AWAIT(f, f->callee.is_lost && f->caller.is_lost);
    g_assert_true(g_str_has_suffix(f->callee.heard->str, " bye"));
}

static void test_reset(struct fixture *f, gconstpointer data)
{
    (void)data;
    net_reset(f->caller.socket);
    g_assert_true(f->caller.is_lost);
    g_assert_cmpstr(f->caller.broken->str, ==, "reset ");
    AWAIT(f, f->callee.is_lost);
    g_assert_cmpstr(f->callee.broken->str, ==, "");
}

/* Somebody else may take the socket over. */
static void test_handed_over(struct fixture *f, gconstpointer data)
{
    struct user other = {.net = f->net};
    (void)data;
    AWAIT(f, f->callee.heard->len == strlen("hello from the caller"));
    user_init(&other, "");
    net_start(f->callee.socket, &ops, &other);
    g_byte_array_append(f->caller.says, (const guint8 *)"other", 5);
    net_wake(f->caller.socket);
    AWAIT(f, other.heard->len == 5);
    f->callee.is_lost = true; /* who was there is told no more */
    net_reset(f->caller.socket);
    AWAIT(f, other.is_lost);
    user_clear(&other);
}

/* More than any socket takes at once. */
static void test_big(struct fixture *f, gconstpointer data)
{
    enum { LEN = 1 << 20 };
    (void)data;
    AWAIT(f, f->callee.heard->len == strlen("hello from the caller"));
    g_byte_array_set_size(f->caller.says, LEN);
    memset(f->caller.says->data, 'x', LEN);
    net_wake(f->caller.socket);
    AWAIT(f, f->caller.says->len == 0);
    AWAIT(f, f->callee.heard->len == LEN + strlen("hello from the caller"));
}

/* Nobody listens there; and nobody else gets the port. */
static void on_refused(void *cookie, struct net_connection *socket, const char *why)
{
    g_assert_null(socket);
    *(char **)cookie = g_strdup(why);
}

static void test_kept_port(struct fixture *f, gconstpointer data)
{
    char *error = NULL, *why = NULL;
    uint16_t port;
    (void)data;
    const int kept = net_keep_port(f->net, &port, &error);
    g_assert_cmpint(kept, >=, 0);
    char *address = g_strdup_printf("127.0.0.1:%u", port);
    g_assert_nonnull(
        net_connect(f->net, address, (struct net_hosts){0}, 0, on_refused, &why, &error));
    AWAIT(f, why != NULL);
    g_assert_cmpstr(why, ==, uv_strerror(UV_ECONNREFUSED));
    net_release_port(f->net, kept);
    g_free(address);
    g_free(why);
}

/* Done beside the loop, then told in it. */
static void do_work(void *cookie)
{
    g_string_append_c(cookie, 'w');
}

static void work_done(void *cookie)
{
    g_string_append_c(cookie, 'd');
}

static void test_work(struct fixture *f, gconstpointer data)
{
    GString *told = g_string_new(NULL);
    struct net_work work = {.work = do_work, .done = work_done, .cookie = told};
    (void)data;
    net_begin_work(f->net, &work);
    AWAIT(f, told->len == 2);
    g_assert_cmpstr(told->str, ==, "wd");
    g_string_free(told, TRUE);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*test)(struct fixture *f, gconstpointer data);
    } rows[] = {{"bytes", test_bytes},
                {"raw", test_raw},
                {"deadline", test_deadline},
                {"room", test_room},
                {"over", test_over},
                {"reset", test_reset},
                {"handed-over", test_handed_over},
                {"big", test_big},
                {"kept-port", test_kept_port},
                {"work", test_work}};
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        char *live = g_strconcat("/net-user/", rows[i].name, NULL);
        char *simulated = g_strconcat("/net-user/simulated/", rows[i].name, NULL);
        g_test_add(live, struct fixture, NULL, set_up, rows[i].test, tear_down);
        g_test_add(simulated, struct fixture, "simulated", set_up, rows[i].test, tear_down);
        g_free(live);
        g_free(simulated);
    }
    return g_test_run();
}
