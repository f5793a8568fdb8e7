/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A connection on its sockets: what its handler is told, how many sockets there are, and
 * that it knows its stream in the truth file. */
#include "live/connection.h"

#include "carrier/direct.h"
#include "carrier/pass.h"
#include "recorded.h"
#include "record/recording_file.h"

struct device {
    struct live_connection *connection;
    struct sstp_ep *ep; /* NULL: it wants none */
    char *failure;
    unsigned num_ready;
    bool is_gone;
};

struct fixture {
    char *path;
    struct recording_file *file;
    struct recording recording;
    struct net *net;
    struct net_listener *listener;
    char *address;
    struct device caller, callee;
    const struct recording *used; /* by the caller */
};

/* The suite has a time limit for what never comes. */
#define AWAIT(f, condition)                                                                        \
    while (!(condition))                                                                           \
    net_run_once((f)->net, 1000)

static void on_event(void *cookie, struct sstp_ep *ep, const struct sstp_ep_event *event)
{
    (void)cookie;
    (void)ep;
    if (event->kind == SSTP_EP_EVENT_OPEN)
        *event->availability = SSTP_HANDLER_READY;
}

static struct sstp_ep *new_ep(struct net *net, bool is_originator)
{
    static const char *const url = "dpp:///device";
    const struct sstp_ep_config config = {.mem = &sstp_mem_libc,
                                          .role = SSTP_EP_CLIENT,
                                          .is_originator = is_originator,
                                          .device_urls = &url,
                                          .num_device_urls = 1,
                                          .product_version = "test",
                                          .now_ms = net_now_ms(net),
                                          .event = on_event};
    return sstp_ep_new(&config);
}

static struct sstp_ep *on_ready(void *cookie, struct live_connection *connection)
{
    struct device *device = cookie;
    device->connection = connection;
    device->num_ready++;
    return device->ep;
}

static void on_failed(void *cookie, const char *why)
{
    struct device *device = cookie;
    g_assert_null(device->failure);
    device->failure = g_strdup(why);
}

static void on_gone(void *cookie)
{
    struct device *device = cookie;
    g_assert_false(device->is_gone);
    device->is_gone = true;
    device->connection = NULL;
}

static struct live_handler handler_of(struct device *device)
{
    return (struct live_handler){
        .ready = on_ready, .failed = on_failed, .gone = on_gone, .cookie = device};
}

static void on_accepted(void *cookie, struct net_connection *socket)
{
    struct fixture *f = cookie;
    live_connection_accept(socket, &carrier_direct, NULL, NULL, handler_of(&f->callee));
}

static void set_up(struct fixture *f, gconstpointer data)
{
    const struct net_config config = {.capture = NULL};
    char *error = NULL;
    (void)data;
    f->path = recorded_path();
    f->file = recorded_open(f->path);
    f->recording.truth = truth_new(f->file, NULL);
    recording_file_begin(f->file);
    f->net = net_new(&config);
    f->caller.ep = new_ep(f->net, true);
    f->callee.ep = new_ep(f->net, false);
    g_assert_true(net_listen(f->net, "127.0.0.1:0", 9, on_accepted, f, &f->listener, &error));
    f->address = net_listener_address(f->listener);
}

static void tear_down(struct fixture *f, gconstpointer data)
{
    (void)data;
    net_free(f->net);
    g_assert_true(f->caller.connection == NULL && f->callee.connection == NULL);
    sstp_ep_free(f->caller.ep);
    sstp_ep_free(f->callee.ep);
    g_free(f->caller.failure);
    g_free(f->address);
    truth_free(f->recording.truth);
    g_assert_true(recording_file_close(f->file));
    recorded_remove(f->path);
}

static struct live_connection *dial(struct fixture *f, const struct carrier_ops *carrier)
{
    char *error = NULL;
    const struct live_dial dial = {.carrier = carrier, .address = f->address};
    struct live_connection *connection =
        live_connection_dial(f->net, &dial, f->used, handler_of(&f->caller), &error);
    g_assert_nonnull(connection);
    return connection;
}

static void establish(struct fixture *f)
{
    AWAIT(f, f->caller.connection != NULL && f->callee.connection != NULL);
    g_assert_cmpint(sstp_ep_connect(f->caller.ep, "dpp:///device", sstp_span(NULL, 0)), ==,
                    SSTP_EP_OK);
    live_connection_wake(f->caller.connection);
    AWAIT(f, sstp_ep_state(f->caller.ep) == SSTP_CONNECTION_ESTABLISHED);
}

/* ------------------------------------------------------------------------
 * By one socket
 */

static void test_direct(struct fixture *f, gconstpointer data)
{
    (void)data;
    (void)dial(f, &carrier_direct);
    establish(f);
    g_assert_cmpuint(f->caller.num_ready, ==, 1);
    g_assert_cmpuint(live_connection_number(f->caller.connection), >, 0);
    sstp_ep_close_connection(f->caller.ep, SSTP_CONNECT_CLOSE_NO_REASON, 0);
    live_connection_wake(f->caller.connection);
    AWAIT(f, f->caller.is_gone && f->callee.is_gone);
    g_assert_cmpint(sstp_ep_state(f->callee.ep), ==, SSTP_CONNECTION_CLOSED);
}

static void test_nobody_there(struct fixture *f, gconstpointer data)
{
    (void)data;
    net_listener_close(f->listener);
    (void)dial(f, &carrier_direct);
    AWAIT(f, f->caller.failure != NULL);
    g_assert_cmpstr(f->caller.failure, ==, "connection refused");
    g_assert_cmpuint(net_num_connections(f->net), ==, 0);
}

static void test_no_address(struct fixture *f, gconstpointer data)
{
    char *error = NULL;
    const struct live_dial dial = {.carrier = &carrier_direct, .address = "nowhere"};
    (void)data;
    g_assert_null(live_connection_dial(f->net, &dial, NULL, handler_of(&f->caller), &error));
    g_assert_cmpstr(error, ==, "nowhere is not an address and a port, such as 127.0.0.1:2492");
    g_free(error);
    g_assert_null(f->caller.failure);
}

/* Who has lost interest is told nothing. */
static void test_dropped(struct fixture *f, gconstpointer data)
{
    (void)data;
    live_connection_drop(dial(f, &carrier_direct));
    g_assert_cmpuint(net_num_connections(f->net), ==, 0);
    AWAIT(f, f->callee.num_ready == 0 || f->callee.is_gone);
    g_assert_cmpuint(f->caller.num_ready, ==, 0);
    g_assert_null(f->caller.failure);
}

static void test_not_wanted(struct fixture *f, gconstpointer data)
{
    struct sstp_ep *ep = f->caller.ep;
    (void)data;
    f->caller.ep = NULL;
    (void)dial(f, &carrier_direct);
    AWAIT(f, f->callee.is_gone);
    g_assert_cmpuint(f->caller.num_ready, ==, 1);
    g_assert_false(f->caller.is_gone);
    f->caller.connection = NULL;
    f->caller.ep = ep;
}

static void test_drop(struct fixture *f, gconstpointer data)
{
    (void)data;
    (void)dial(f, &carrier_direct);
    establish(f);
    if (GPOINTER_TO_INT(data) == 1)
        live_connection_reset(f->caller.connection);
    else
        live_connection_drop(f->caller.connection);
    g_assert_true(f->caller.is_gone);
    g_assert_cmpint(sstp_ep_state(f->caller.ep), ==, SSTP_CONNECTION_CLOSED);
    AWAIT(f, f->callee.is_gone);
}

static const struct sstp_ep_note connecting = {.kind = SSTP_EP_NOTE_CONNECTION_STATE,
                                               .connection_state = SSTP_CONNECTION_CONNECTING};

static void assert_line(const char *line, const char *rest)
{
    g_assert_nonnull(line);
    g_assert_true(g_str_has_prefix(line, "{\"t\":"));
    g_assert_cmpstr(strchr(line, ','), ==, rest);
}

static void test_truth(struct fixture *f, gconstpointer data)
{
    char *text;
    (void)data;
    f->used = &f->recording;
    (void)dial(f, &carrier_direct);
    AWAIT(f, f->caller.connection != NULL);
    live_connection_noted(f->caller.connection, &connecting);
    g_assert_cmpuint(live_connection_label(f->caller.connection), ==, 1);
    live_connection_reset(f->caller.connection);

    recording_file_flush(f->file);
    g_assert_true(g_file_get_contents(f->path, &text, NULL, NULL));
    char **lines = g_strsplit(text, "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), ==, 3);
    assert_line(lines[0], ",\"stream\":0,\"event\":\"connection-state\",\"at\":\"initiator\","
                          "\"state\":\"connecting\"}");
    assert_line(lines[1], ",\"stream\":0,\"event\":\"fault\",\"fault\":\"reset\","
                          "\"text\":\"the connection is reset\"}");
    g_strfreev(lines);
    g_free(text);
}

/* ------------------------------------------------------------------------
 * By several sockets: the first for SSTP; and one more, which is lost and wanted again after a
 * pause in which, too, somebody has to keep the time
 */

struct restless {
    unsigned num_lost; /* extra ones */
    int64_t again_ms;  /* 0: not waiting */
};

static void restless_begin(struct carrier *carrier)
{
    carrier_want(carrier, CARRIER_TO_SERVER, 0);
}

static void restless_opened(struct carrier_transport *transport)
{
    struct restless *restless = carrier_state(transport->carrier);
    if (transport->number == 0 && restless->num_lost < 3) {
        restless->again_ms = carrier_now_ms(transport->carrier) + 1;
    } else {
        g_assert_false(carrier_is_ready(transport->carrier));
        carrier_set_ready(transport->carrier);
    }
}

static void restless_not_opened(struct carrier_transport *transport, const char *why)
{
    carrier_fail(transport->carrier, why);
}

/* The first three are given up from here, after which there is none for a while. */
static void restless_lost(struct carrier_transport *transport)
{
    struct restless *restless = carrier_state(transport->carrier);
    if (carrier_is_ready(transport->carrier)) {
        carrier_lose(transport->carrier);
        return;
    }
    restless->num_lost++;
    restless->again_ms = carrier_now_ms(transport->carrier) + 1;
}

static void restless_tick(struct carrier *carrier)
{
    struct restless *restless = carrier_state(carrier);
    if (restless->again_ms == 0 || carrier_now_ms(carrier) < restless->again_ms ||
        carrier_transport(carrier, 0) != NULL)
        return;
    restless->again_ms = 0;
    carrier_want(carrier, CARRIER_TO_SERVER, restless->num_lost < 3 ? 0 : 1);
}

static int64_t restless_deadline(const struct carrier *carrier)
{
    const struct restless *restless = carrier_state(carrier);
    return restless->again_ms != 0 ? restless->again_ms : SSTP_EP_NEVER;
}

static bool restless_is_over(const struct carrier_transport *transport)
{
    return !carrier_is_ready(transport->carrier) || carrier_pass_is_over(transport);
}

static size_t restless_output_len(const struct carrier_transport *transport)
{
    return carrier_is_ready(transport->carrier) ? carrier_pass_output_len(transport) : 0;
}

static bool restless_has_room(const struct carrier_transport *transport)
{
    (void)transport;
    return true;
}

static const struct carrier_ops restless = {.name = "restless",
                                            .state_size = sizeof(struct restless),
                                            .begin = restless_begin,
                                            .opened = restless_opened,
                                            .not_opened = restless_not_opened,
                                            .lost = restless_lost,
                                            .receive = carrier_pass_receive,
                                            .has_room = restless_has_room,
                                            .output_len = restless_output_len,
                                            .output = carrier_pass_output,
                                            .taken = carrier_pass_taken,
                                            .is_over = restless_is_over,
                                            .tick = restless_tick,
                                            .deadline = restless_deadline};

static void test_restless(struct fixture *f, gconstpointer data)
{
    (void)data;
    (void)dial(f, &restless);
    /* Those that were given up have been accepted, too. */
    while (f->caller.connection == NULL) {
        net_run_once(f->net, 1000);
        if (f->callee.is_gone) {
            sstp_ep_free(f->callee.ep);
            f->callee =
                (struct device){.ep = new_ep(f->net, false), .num_ready = f->callee.num_ready};
        }
    }
    establish(f);
    g_assert_cmpuint(f->caller.num_ready, ==, 1);
    g_assert_cmpuint(f->callee.num_ready, ==, 4);
    /* Only the one of that number, without which there is none here. */
    g_assert_false(live_connection_lose(f->caller.connection, 0));
    g_assert_false(f->caller.is_gone);
    g_assert_true(live_connection_lose(f->caller.connection, 1));
    g_assert_true(f->caller.is_gone);
    AWAIT(f, f->callee.is_gone);
}

static void add(const char *path, gconstpointer data,
                void (*test)(struct fixture *f, gconstpointer data))
{
    g_test_add(path, struct fixture, data, set_up, test, tear_down);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("/live-connection/direct", NULL, test_direct);
    add("/live-connection/nobody-there", NULL, test_nobody_there);
    add("/live-connection/no-address", NULL, test_no_address);
    add("/live-connection/dropped", NULL, test_dropped);
    add("/live-connection/not-wanted", NULL, test_not_wanted);
    add("/live-connection/drop", GINT_TO_POINTER(0), test_drop);
    add("/live-connection/reset", GINT_TO_POINTER(1), test_drop);
    add("/live-connection/truth", NULL, test_truth);
    add("/live-connection/several-sockets", NULL, test_restless);
    return g_test_run();
}
