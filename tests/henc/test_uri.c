/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>

#include "henc/henc_findings.h"
#include "bytes.h"
#include "henc/uri.h"

#define GUID "hczn5kctbrpxfgkgxzqs6zmkp9uwvswszvs6f72"
#define ID "ugqrvphxsc2yqfjqh8ijah6crkziz8qrspvh9ja"
#define HOST "server.domain.net"
#define PATH "/2.0/" HOST "/" GUID

#define BIT(finding) (UINT32_C(1) << HENC_FINDING_##finding)

static const struct {
    const char *name;
    const char *method;
    const char *target;
    const char *seen; /* kind half version server guid id length, or "no" */
    uint32_t findings;
} rows[] = {
    {"longlived-get", "GET", PATH ",ConnType=LongLived,ContentLength=2147479552",
     "4 0 2.0 " HOST " " GUID " - 2147479552", 0},
    {"longlived-get-through-proxy", "GET",
     "http://" HOST PATH ",ConnType=LongLived,ContentLength=2147479552, ID=" ID,
     "4 0 2.0 " HOST " " GUID " " ID " 2147479552", 0},
    {"longlived-post", "POST", PATH ",ConnType=LongLived", "4 1 2.0 " HOST " " GUID " - -", 0},
    {"longlived-post-with-all-tokens", "POST",
     PATH ",ConnType=LongLived,ContentLength=2147479552,ID=" ID,
     "4 1 2.0 " HOST " " GUID " " ID " 2147479552", 0},
    {"keepalive-get", "GET", PATH ",ConnType=KeepAlive", "5 0 2.0 " HOST " " GUID " - -", 0},
    {"keepalive-post-through-proxy", "POST",
     "HTTP://" HOST ":8080" PATH ",ConnType=KeepAlive,ID=" ID, "5 1 2.0 " HOST " " GUID " " ID " -",
     0},
    {"tokens-in-another-order", "GET",
     "/2.0/" HOST "/ID=" ID ",ContentLength=7,ConnType=LongLived," GUID,
     "4 0 2.0 " HOST " " GUID " " ID " 7", 0},
    {"blanks", "GET", " /2.0/" HOST "/ " GUID " , ConnType = KeepAlive ,\tID = " ID " ",
     "5 0 2.0 " HOST " " GUID " " ID " -", 0},
    {"case-of-names", "GET", PATH ",conntype=longlived", "4 0 2.0 " HOST " " GUID " - -", 0},
    {"unknown-token", "GET", PATH ",Colour=red,ConnType=KeepAlive,,",
     "5 0 2.0 " HOST " " GUID " - -", 0},
    {"polling", "POST", "/", "6 1 - - - - -", 0},
    {"polling-through-proxy", "POST", "http://" HOST, "6 1 - - - - -", 0},
    {"polling-through-proxy-with-slash", "POST", "http://" HOST ":80/", "6 1 - - - - -", 0},
    {"guid-of-42", "GET", "/2.0/" HOST "/" GUID "abc,ConnType=KeepAlive",
     "5 0 2.0 " HOST " " GUID "abc - -", BIT(GUID_LENGTH)},
    {"guid-of-38", "GET", "/2.0/" HOST "/hczn5kctbrpxfgkgxzqs6zmkp9uwvswszvs6f7,ConnType=KeepAlive",
     "5 0 2.0 " HOST " hczn5kctbrpxfgkgxzqs6zmkp9uwvswszvs6f7 - -", BIT(GUID_LENGTH)},
    {"guid-of-other-characters", "GET",
     "/2.0/" HOST "/hczn5kctbrpxfgkgxzqs6zmkp9uwvswszvs6f7-,ConnType=KeepAlive",
     "5 0 2.0 " HOST " hczn5kctbrpxfgkgxzqs6zmkp9uwvswszvs6f7- - -", BIT(GUID_LENGTH)},
    {"no-guid", "GET", "/2.0/" HOST "/,ConnType=KeepAlive", "5 0 2.0 " HOST " - - -",
     BIT(ENCAP_MALFORMED)},
    {"version-2.1", "GET", "/2.1/" HOST "/" GUID ",ConnType=KeepAlive",
     "5 0 2.1 " HOST " " GUID " - -", BIT(ENCAP_VERSION)},
    {"length-one-above", "GET", PATH ",ConnType=LongLived,ContentLength=2147479553",
     "4 0 2.0 " HOST " " GUID " - 2147479553", BIT(CONTENT_LENGTH_EXCEEDED)},
    {"length-one-below", "GET", PATH ",ConnType=LongLived,ContentLength=2147479551",
     "4 0 2.0 " HOST " " GUID " - 2147479551", 0},
    {"length-no-number", "GET", PATH ",ConnType=LongLived,ContentLength=many",
     "4 0 2.0 " HOST " " GUID " - -", BIT(ENCAP_MALFORMED)},
    {"length-above-64-bits", "GET", PATH ",ConnType=LongLived,ContentLength=18446744073709551616",
     "4 0 2.0 " HOST " " GUID " - -", BIT(ENCAP_MALFORMED)},
    {"other-method", "PUT", PATH ",ConnType=KeepAlive", "no", 0},
    {"method-in-lower-case", "get", PATH ",ConnType=KeepAlive", "no", 0},
    {"get-of-the-root", "GET", "/", "no", 0},
    {"no-conntype", "GET", PATH, "no", 0},
    {"other-conntype", "GET", PATH ",ConnType=Polling", "no", 0},
    {"other-path", "GET", "/index.html", "no", 0},
    {"authority-form", "POST", HOST ":443", "no", 0},
    {"asterisk", "POST", "*", "no", 0},
    {"empty", "POST", "", "no", 0},
    {"scheme-alone", "POST", "http://", "no", 0},
    {"slashes", "GET", "////", "no", 0},
};

static char *show(struct sstp_span span)
{
    return span.len == 0 ? g_strdup("-") : g_strndup((const char *)span.data, span.len);
}

static void test_parse(gconstpointer data)
{
    const size_t row = GPOINTER_TO_SIZE(data);
    struct henc_uri uri;
    const bool is_ours = henc_uri_parse(sstp_span_of_string(rows[row].method),
                                        sstp_span_of_string(rows[row].target), &uri);
    char *seen = g_strdup("no");
    if (is_ours) {
        char *parts[] = {show(uri.version), show(uri.server), show(uri.guid), show(uri.request_id)};
        char *length = uri.has_content_length
                           ? g_strdup_printf("%" G_GUINT64_FORMAT, uri.content_length)
                           : g_strdup("-");
        g_free(seen);
        seen = g_strdup_printf("%d %d %s %s %s %s %s", (int)uri.kind, (int)uri.half, parts[0],
                               parts[1], parts[2], parts[3], length);
        for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
            g_free(parts[i]);
        g_free(length);
        g_assert_cmphex(henc_uri_findings(&uri), ==, rows[row].findings);
    }
    g_assert_cmpstr(seen, ==, rows[row].seen);
    g_free(seen);
}

/* Every prefix of every target: nothing but a clean answer. */
static void test_prefixes(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        for (size_t len = 0; len <= strlen(rows[i].target); len++) {
            uint8_t *copy = g_memdup2(rows[i].target, len);
            struct henc_uri uri;
            if (henc_uri_parse(sstp_span_of_string(rows[i].method), sstp_span(copy, len), &uri))
                g_assert_cmpuint(uri.guid.len, <=, len);
            g_free(copy);
        }
}

static const struct {
    const char *name;
    enum henc_kind kind;
    enum henc_half half;
    bool is_absolute;
    const char *id;
    const char *target;
} written[] = {
    {"longlived-get", HENC_KIND_LONGLIVED, HENC_HALF_GET, false, "",
     PATH ",ConnType=LongLived,ContentLength=2147479552"},
    {"longlived-get-through-proxy", HENC_KIND_LONGLIVED, HENC_HALF_GET, true, ID,
     "http://" HOST PATH ",ConnType=LongLived,ContentLength=2147479552,ID=" ID},
    {"longlived-post", HENC_KIND_LONGLIVED, HENC_HALF_POST, false, ID, PATH ",ConnType=LongLived"},
    {"keepalive-get", HENC_KIND_KEEPALIVE, HENC_HALF_GET, false, "", PATH ",ConnType=KeepAlive"},
    {"keepalive-get-through-proxy", HENC_KIND_KEEPALIVE, HENC_HALF_GET, true, ID,
     "http://" HOST PATH ",ConnType=KeepAlive,ID=" ID},
    {"keepalive-post", HENC_KIND_KEEPALIVE, HENC_HALF_POST, true, ID,
     "http://" HOST PATH ",ConnType=KeepAlive"},
    {"polling", HENC_KIND_POLLING, HENC_HALF_POST, false, "", "/"},
    {"polling-through-proxy", HENC_KIND_POLLING, HENC_HALF_POST, true, "", "http://" HOST},
};

static struct henc_uri uri_of(size_t row)
{
    return (struct henc_uri){.kind = written[row].kind,
                             .half = written[row].half,
                             .is_absolute = written[row].is_absolute,
                             .has_content_length = true,
                             .content_length = HENC_LONGLIVED_LENGTH_MAX,
                             .version = sstp_span_of_string(HENC_VERSION),
                             .server = sstp_span_of_string(HOST),
                             .guid = sstp_span_of_string(GUID),
                             .request_id = sstp_span_of_string(written[row].id)};
}

static void test_write(gconstpointer data)
{
    const size_t row = GPOINTER_TO_SIZE(data);
    const struct henc_uri uri = uri_of(row);
    const size_t len = strlen(written[row].target);
    char text[300];
    for (size_t size = 0; size <= len; size++) {
        struct sstp_writer w = sstp_writer(text, size);
        henc_uri_write(&w, &uri);
        g_assert_cmpint(w.failed, ==, size < len);
    }
    assert_bytes(text, len, written[row].target, len);
    struct henc_uri back;
    g_assert_true(henc_uri_parse(sstp_span_of_string(uri.half == HENC_HALF_GET ? "GET" : "POST"),
                                 sstp_span(text, len), &back));
    g_assert_cmpint(back.kind, ==, uri.kind);
    g_assert_cmpint(back.is_absolute, ==, uri.is_absolute);
    g_assert_cmphex(henc_uri_findings(&back), ==, 0);
}

/* A proxy has to be told the port where it is another one than HTTP's. */
static void test_write_authority(void)
{
    struct henc_uri uri = uri_of(0);
    char text[300];
    uri.is_absolute = true;
    uri.authority = sstp_span_of_string(HOST ":8000");
    struct sstp_writer w = sstp_writer(text, sizeof text);
    henc_uri_write(&w, &uri);
    g_assert_false(w.failed);
    static const char expected[] = "http://" HOST ":8000" PATH ",ConnType=";
    g_assert_cmpuint(w.pos, >, sizeof expected);
    assert_bytes(text, sizeof expected - 1, expected, sizeof expected - 1);
    uri.authority = sstp_span_of_string("a/b");
    w = sstp_writer(text, sizeof text);
    henc_uri_write(&w, &uri);
    g_assert_true(w.failed);
}

static void test_write_refuses(void)
{
    static const char *const bad[] = {"", "a/b", "a,b", "a b", "a=b", "a\rb", "a\x7f"};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
        for (size_t part = 0; part < 3; part++) {
            struct henc_uri uri = uri_of(0);
            struct sstp_span *parts[] = {&uri.version, &uri.server, &uri.guid};
            *parts[part] = sstp_span_of_string(bad[i]);
            char text[300];
            struct sstp_writer w = sstp_writer(text, sizeof text);
            henc_uri_write(&w, &uri);
            g_assert_true(w.failed);
        }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        char *path = g_strdup_printf("/henc/uri/parse/%s", rows[i].name);
        g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_parse);
        g_free(path);
    }
    g_test_add_func("/henc/uri/prefixes", test_prefixes);
    g_test_add_func("/henc/uri/write-authority", test_write_authority);
    for (size_t i = 0; i < G_N_ELEMENTS(written); i++) {
        char *path = g_strdup_printf("/henc/uri/write/%s", written[i].name);
        g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_write);
        g_free(path);
    }
    g_test_add_func("/henc/uri/write-refuses", test_write_refuses);
    return g_test_run();
}
