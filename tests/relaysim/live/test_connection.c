/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A connection on its socket knows its stream in the truth file, and its end. */
#include "live/connection.h"

#include "recorded.h"

#include "record/recording_file.h"

struct fixture {
    char *path;
    struct recording_file *file;
    struct recording recording;
};

static void set_up(struct fixture *f, gconstpointer data)
{
    (void)data;
    f->path = recorded_path();
    f->file = recorded_open(f->path);
    f->recording.truth = truth_new(f->file);
    recording_file_begin(f->file);
}

static void tear_down(struct fixture *f, gconstpointer data)
{
    (void)data;
    truth_free(f->recording.truth);
    g_assert_true(recording_file_close(f->file));
    recorded_remove(f->path);
}

static const struct sstp_ep_note connecting = {.kind = SSTP_EP_NOTE_CONNECTION_STATE,
                                               .connection_state = SSTP_CONNECTION_CONNECTING};

struct device {
    struct sstp_ep *ep;
    const struct recording *recording;
    bool is_connected, is_gone;
};

static void on_event(void *cookie, struct sstp_ep *ep, const struct sstp_ep_event *event)
{
    (void)cookie;
    (void)ep;
    (void)event;
}

static void on_gone(void *cookie)
{
    struct device *device = cookie;
    device->is_gone = true;
}

static void on_accepted(void *cookie, struct net_connection *connection)
{
    (void)cookie;
    (void)connection; /* not started, and so closed */
}

static void on_connected(void *cookie, struct net_connection *socket, const char *why)
{
    struct device *device = cookie;
    g_assert_cmpstr(why, ==, NULL);
    struct live_connection *connection = live_connection_new(socket, device->recording);
    live_connection_start(connection, device->ep, (struct live_handler){NULL, on_gone, device});
    device->is_connected = true;
    if (recording_truth(device->recording) == NULL)
        return;
    live_connection_noted(connection, &connecting);
    g_assert_cmpuint(live_connection_label(connection), ==, 1);
    net_reset(live_connection_socket(connection));
}

static void assert_line(const char *line, const char *rest)
{
    g_assert_nonnull(line);
    g_assert_true(g_str_has_prefix(line, "{\"t\":"));
    g_assert_cmpstr(strchr(line, ','), ==, rest);
}

/* Connects to a listener that closes at once, until the connection is gone. */
static void meet(const struct recording *recording)
{
    static const char *const url = "dpp:///device";
    const struct sstp_ep_config ep_config = {.mem = &sstp_mem_libc,
                                             .role = SSTP_EP_CLIENT,
                                             .is_originator = true,
                                             .device_urls = &url,
                                             .num_device_urls = 1,
                                             .product_version = "test",
                                             .event = on_event};
    const struct net_config config = {.tap = NULL};
    struct device device = {.recording = recording};
    struct net *net = net_new(&config);
    struct net_listener *listener;
    char *error = NULL;
    device.ep = sstp_ep_new(&ep_config);
    g_assert_true(net_listen(net, "127.0.0.1:0", 1, on_accepted, NULL, &listener, &error));
    char *address = net_listener_address(listener);
    g_assert_true(
        net_connect(net, address, (struct net_hosts){0, 0}, 0, on_connected, &device, &error));
    while (!device.is_gone)
        net_run_once(net, 1000);
    g_assert_true(device.is_connected);
    g_assert_cmpint(sstp_ep_state(device.ep), ==, SSTP_CONNECTION_CLOSED);
    net_free(net);
    sstp_ep_free(device.ep);
    g_free(address);
}

static void test_truth(struct fixture *f, gconstpointer data)
{
    char *text;
    (void)data;
    meet(&f->recording);
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

static void test_without(struct fixture *f, gconstpointer data)
{
    const struct recording nothing = {.truth = NULL};
    (void)f;
    (void)data;
    meet(NULL);
    meet(&nothing);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/live-connection/truth", struct fixture, NULL, set_up, test_truth, tear_down);
    g_test_add("/live-connection/without", struct fixture, NULL, set_up, test_without, tear_down);
    return g_test_run();
}
