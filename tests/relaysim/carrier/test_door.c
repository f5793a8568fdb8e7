/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The door of a server for HTTP: who is sent away, with which status, and that no byte of it
 * matters where it is cut; what comes of silence; the table of virtual connections. */
#include "carrier/door.h"
#include "carrier/http_services.h"

#include "rows.h"

#include <string.h>

#define GUID "hczn5kctbrpxfgkgxzqs6zmkp9uwvswszvs6f72"
#define GET "GET /2.0/relay1.example/" GUID ",ConnType=LongLived,ContentLength=2147479552"

static const char *const names[] = {"relay1.example", "relay2.example"};

struct visit {
    struct http_server *server;
    struct carrier *carrier;
    struct carrier_transport *transport;
};

static void begin(struct visit *visit)
{
    visit->server = http_server_new(&(struct http_options){.services = http_services,
                                                           .server_names = names,
                                                           .num_server_names = 2,
                                                           .establish_ms = 5000});
    /* 17 Dec 2007 22:18:31, as the specification has it, at 1000 ms. */
    visit->carrier =
        carrier_new(&carrier_door, &(struct carrier_config){.is_server = true,
                                                            .shared = visit->server,
                                                            .now_ms = 1000,
                                                            .epoch_ms = 1197929911000 - 1000});
    visit->transport = carrier_accepted(visit->carrier);
}

static void end(struct visit *visit)
{
    carrier_lost(visit->transport);
    g_assert_true(carrier_is_gone(visit->carrier));
    carrier_free(visit->carrier);
    http_server_free(visit->server);
}

/* What it has said so far. */
static char *said(const struct visit *visit)
{
    struct sstp_span piece = {NULL, 0};
    if (carrier_output(visit->transport, &piece, 1) == 0)
        return g_strdup("");
    g_assert_cmpuint(piece.len, ==, carrier_output_len(visit->transport));
    return g_strndup((const char *)piece.data, piece.len);
}

struct refusal {
    const char *name, *bytes;
    unsigned status;
};

static const struct refusal refusals[] = {
    {"sstp", "\x01\xbc\r\n", 400},
    {"no-http", "SSH-2.0-OpenSSH_9.2\r\n", 400},
    {"an-answer", "HTTP/1.0 200 OK\r\n\r\n", 400},
    {"a-page", "GET /index.html HTTP/1.0\r\n\r\n", 404},
    {"a-form", "POST /form HTTP/1.1\r\nContent-Length: 1\r\n\r\nx", 404},
    {"another-type", "GET /2.0/relay1.example/" GUID ",ConnType=Eternal HTTP/1.0\r\n\r\n", 404},
    {"chunked",
     "POST /2.0/relay1.example/" GUID ",ConnType=LongLived HTTP/1.1\r\nTransfer-Encoding: "
     "chunked\r\n\r\n",
     501},
    {"version-3", "GET /3.0/relay1.example/" GUID ",ConnType=LongLived HTTP/1.0\r\n\r\n", 400},
    {"without-guid", "GET /2.0/relay1.example/,ConnType=LongLived HTTP/1.0\r\n\r\n", 400},
    {"length-of-letters",
     "GET /2.0/r/" GUID ",ConnType=LongLived,ContentLength=ten HTTP/1.0\r\n\r\n", 400},
    {"lengths-that-differ",
     "POST /2.0/relay1.example/" GUID ",ConnType=LongLived HTTP/1.0\r\nContent-Length: "
     "1\r\nContent-Length: 2\r\n\r\n",
     400},
    {"negative-length",
     "POST /2.0/relay1.example/" GUID ",ConnType=LongLived HTTP/1.0\r\nContent-Length: -1\r\n\r\n",
     400},
};

static void assert_refused(struct visit *visit, unsigned status)
{
    char *text = said(visit), *line = g_strdup_printf("HTTP/1.0 %u ", status);
    g_assert_true(g_str_has_prefix(text, line));
    g_assert_nonnull(strstr(text, "\r\nDate: Mon, 17 Dec 2007 22:18:31 GMT\r\n"));
    g_assert_true(g_str_has_suffix(text, "\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"));
    g_assert_true(carrier_is_over(visit->transport));
    g_assert_cmpint(carrier_deadline(visit->carrier), ==, SSTP_EP_NEVER);
    g_free(line);
    g_free(text);
}

/* Whole, a byte at a time; and what comes after it is not looked at. */
static void test_refusal(gconstpointer data)
{
    const struct refusal *row = data;
    for (size_t step = 1; step <= strlen(row->bytes); step += strlen(row->bytes) - 1) {
        struct visit visit;
        begin(&visit);
        for (size_t at = 0; at < strlen(row->bytes); at += step)
            carrier_receive(visit.transport, row->bytes + at, step);
        assert_refused(&visit, row->status);
        carrier_receive(visit.transport, row->bytes, strlen(row->bytes));
        assert_refused(&visit, row->status);
        end(&visit);
    }
}

/* A head that goes on and on. */
static void test_long_head(void)
{
    static const char field[] = "X-Nothing: 0123456789\r\n";
    struct visit visit;
    begin(&visit);
    carrier_receive(visit.transport, GET " HTTP/1.0\r\n", sizeof GET " HTTP/1.0\r\n" - 1);
    size_t len = 0;
    while (!carrier_is_over(visit.transport)) {
        carrier_receive(visit.transport, field, sizeof field - 1);
        len += sizeof field;
        g_assert_cmpuint(len, <, 2 * HENC_HTTP_HEAD_LEN_MAX);
    }
    assert_refused(&visit, 400);
    end(&visit);
}

/* More at once than is ever kept. */
static void test_flood(void)
{
    struct visit visit;
    char *bytes = g_strnfill(HTTP_HEARD_MAX + 1, 'G');
    begin(&visit);
    carrier_receive(visit.transport, bytes, HTTP_HEARD_MAX + 1);
    g_assert_true(carrier_is_over(visit.transport));
    g_assert_cmpuint(carrier_output_len(visit.transport), >=, 0);
    g_free(bytes);
    end(&visit);
}

/* Who says nothing, or a byte now and then. */
static void test_slow_head(void)
{
    struct visit visit;
    begin(&visit);
    g_assert_cmpint(carrier_deadline(visit.carrier), ==, 6000);
    for (int64_t now_ms = 1000; now_ms < 6000; now_ms += 1000) {
        carrier_tick(visit.carrier, now_ms);
        carrier_receive(visit.transport, "G", now_ms == 1000);
        g_assert_false(carrier_is_over(visit.transport));
    }
    carrier_tick(visit.carrier, 6000);
    char *text = said(&visit);
    g_assert_true(g_str_has_prefix(text, "HTTP/1.0 408 Request Time-out\r\n"));
    g_assert_true(carrier_is_over(visit.transport));
    g_free(text);
    end(&visit);
}

static void test_table(void)
{
    struct http_server *server = http_server_new(&(struct http_options){.max_virtual = 2});
    struct carrier *const carriers[] = {(void *)(uintptr_t) "one", (void *)(uintptr_t) "two"};
    http_server_enter(server, "a", carriers[0]);
    g_assert_false(http_server_is_full(server));
    http_server_enter(server, "b", carriers[1]);
    g_assert_true(http_server_is_full(server));
    g_assert_true(http_server_find(server, sstp_span_of_string("a")) == carriers[0]);
    g_assert_true(http_server_find(server, sstp_span_of_string("b")) == carriers[1]);
    g_assert_null(http_server_find(server, sstp_span_of_string("A")));
    g_assert_null(http_server_find(server, sstp_span_of_string("")));
    g_assert_null(http_server_find(server, sstp_span("a\0", 2)));
    char *name = g_strnfill(HTTP_GUID_LEN_MAX + 1, 'a');
    g_assert_null(http_server_find(server, sstp_span_of_string(name)));
    http_server_leave(server, "a");
    g_assert_null(http_server_find(server, sstp_span_of_string("a")));
    g_assert_true(http_server_is_named(server, sstp_span_of_string("whoever")));
    http_server_leave(server, "b");
    g_free(name);
    http_server_free(server);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_rows("/carrier/door/refusal", refusals, test_refusal);
    g_test_add_func("/carrier/door/long-head", test_long_head);
    g_test_add_func("/carrier/door/flood", test_flood);
    g_test_add_func("/carrier/door/slow-head", test_slow_head);
    g_test_add_func("/carrier/door/table", test_table);
    return g_test_run();
}
