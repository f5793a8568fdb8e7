/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole commands, and what a capture leaves of them.  Broken rules are in
 * test_decode_findings.c, the two forms and Ephemeral in test_decode_forms.c. */
#include <setjmp.h>

#include "check.h"
#include "record.h"
#include "vectors.h"

/* Each field as the visitor hears of it: name, offset, length, value. */
static void test_vector(const void *data)
{
    const struct vector *vector = data;
    uint8_t bytes[VECTOR_LEN_MAX];
    const size_t len = vector_bytes(vector, bytes);
    struct record record;

    record_init(&record);
    record_decode(&record, sstp_span(bytes, len), vector->version);
    g_assert_cmpstr(record.text->str, ==, vector->fields);
    g_assert_true(record.is_trusted);
    g_assert_cmpuint(record.command.length, ==, len);

    /* Without a handshake in the capture nothing changes. */
    record_decode(&record, sstp_span(bytes, len), SSTP_VERSION_UNKNOWN);
    g_assert_cmpstr(record.text->str, ==, vector->fields);
    g_assert_true(record.is_trusted);
    record_clear(&record);
}

/* What lies after CommandLength is another command's. */
static void test_bytes_behind(const void *data)
{
    const struct vector *vector = data;
    uint8_t bytes[VECTOR_LEN_MAX + 3];
    const size_t len = vector_bytes(vector, bytes);
    struct record record;

    record_init(&record);
    for (uint8_t byte = 0; byte < 2; byte++) {
        memset(bytes + len, byte ? 0xff : 0, 3);
        record_decode(&record, sstp_span(bytes, len + 3), vector->version);
        g_assert_cmpstr(record.text->str, ==, vector->fields);
        g_assert_true(record.is_trusted);
    }
    record_clear(&record);
}

/* A capture cut at every byte: what is there is told of, nothing is called
 * wrong, and the command is not trusted.  Exact copies let the sanitizers see a
 * read after the end. */
static void test_cut(const void *data)
{
    const struct vector *vector = data;
    uint8_t bytes[VECTOR_LEN_MAX];
    const size_t len = vector_bytes(vector, bytes);
    struct record record;

    record_init(&record);
    for (size_t cut = 0; cut < len; cut++) {
        uint8_t *copy = g_memdup2(bytes, cut);
        const enum sstp_version versions[] = {SSTP_VERSION_UNKNOWN, vector->version};
        for (size_t i = 0; i < G_N_ELEMENTS(versions); i++) {
            record_decode(&record, sstp_span(copy, cut), versions[i]);
            if (strchr(vector->fields, '!') == NULL) /* what is there breaks no rule */
                g_assert_cmpstr(record.findings->str, ==, "");
            g_assert_false(record.is_trusted);
            if (cut >= SSTP_HEADER_LEN)
                g_assert_cmpuint(record.command.length, ==, len);
        }
        g_free(copy);
    }
    record_clear(&record);
}

/* The members that the fields go to. */
static void test_members(void)
{
    uint8_t bytes[VECTOR_LEN_MAX];
    struct sstp_command command;
    struct sstp_command expected;

    for (size_t i = 0; i < num_vectors; i++) {
        const size_t len = vector_bytes(&vectors[i], bytes);
        g_assert_true(
            sstp_command_decode(sstp_span(bytes, len), vectors[i].version, NULL, &command));
        if (g_str_equal(vectors[i].name, "Message, every field")) {
            g_assert_cmphex(command.session_id, ==, 0x80000021);
            g_assert_cmpuint(command.message_count, ==, 7);
            g_assert_cmphex(command.flags, ==, 0x77);
            g_assert_true(sstp_span_is_equal(command.user_ref, sstp_span_of_string("u1")));
            g_assert_cmpuint(command.ttl, ==, 3600);
            g_assert_cmpuint(command.ephemeral_reserved_len, ==, 0);
            g_assert_cmpuint(command.byte_stream_size, ==, 1);
            g_assert_cmpuint(command.session_size, ==, 2);
            g_assert_cmphex(command.message_size, ==, 0x0102030405060708);
            g_assert_cmpuint(command.num_fragments, ==, 3);
            g_assert_cmpuint(command.this_fragment, ==, 2);
            g_assert_true(sstp_span_is_equal(command.fragment_id, sstp_span_of_string("f")));
            g_assert_cmphex(command.fragment_offset, ==, UINT64_MAX);
        } else if (g_str_equal(vectors[i].name, "FanoutOpen, 1.6")) {
            g_assert_cmpint((int)command.form, ==, SSTP_VERSION_1_6);
            g_assert_cmpuint(command.fanout_entries.count, ==, 2);
            g_assert_true(command.fanout_entries.bytes.data == bytes + 14);
            g_assert_cmpuint(command.fanout_entries.bytes.len, ==, 16);
        } else if (g_str_equal(vectors[i].name, "SessionStatus, 1.6 with indexes")) {
            g_assert_cmpint((int)command.form, ==, SSTP_VERSION_1_6);
            g_assert_cmpuint(command.fanout_indexes.count, ==, 2);
            check_same_bytes(command.fanout_indexes.bytes.data, command.fanout_indexes.bytes.len,
                             "\0\0\5\1", 4);
        } else if (g_str_equal(vectors[i].name, "Connect, two source devices")) {
            g_assert_cmpuint(command.device_urls.count, ==, 2);
            check_same_bytes(command.device_urls.bytes.data, command.device_urls.bytes.len,
                             "dpp:///a\0b\0", 11);
            g_assert_true(sstp_span_is_equal(command.token, sstp_span("\xff", 1)));
        } else if (g_str_equal(vectors[i].name, "EndMessage")) {
            /* Members that the command has not are zero. */
            expected = (struct sstp_command){
                .id = 0x0f, .length = 7, .form = SSTP_VERSION_1_5, .session_id = 0x21};
            g_assert_cmpuint(command.id, ==, expected.id);
            g_assert_cmpuint(command.message_count, ==, 0);
            g_assert_cmpuint(command.data.len, ==, 0);
            g_assert_cmpint((int)command.form, ==, SSTP_VERSION_1_5);
        }
    }
}

static void count_value(void *cookie, const struct sstp_value *value)
{
    (void)value;
    ++*(unsigned *)cookie;
}

/* Each member of a visitor may be NULL, and the visitor itself. */
static void test_partial_visitors(void)
{
    uint8_t bytes[VECTOR_LEN_MAX];
    for (size_t i = 0; i < num_vectors; i++) {
        const size_t len = vector_bytes(&vectors[i], bytes);
        unsigned count = 0;
        const struct sstp_visitor none = {NULL, NULL, NULL, NULL};
        const struct sstp_visitor values = {count_value, NULL, NULL, &count};
        struct sstp_command command;
        const struct sstp_span span = sstp_span(bytes, len);
        g_assert_true(sstp_command_decode(span, vectors[i].version, NULL, &command));
        g_assert_true(sstp_command_decode(span, vectors[i].version, &none, &command));
        g_assert_true(sstp_command_decode(span, vectors[i].version, &values, &command));
        unsigned expected = 0;
        for (const char *p = vectors[i].fields; *p != '\0'; p++)
            expected += *p == '\n';
        for (const char *p = vectors[i].fields; (p = strstr(p, " entry ")) != NULL; p++)
            expected--;
        for (const char *p = vectors[i].fields; (p = strchr(p, '!')) != NULL; p++)
            expected--; /* a finding */
        g_assert_cmpuint(count, ==, expected);
    }
}

struct leaving {
    jmp_buf out;
    unsigned after; /* so many values */
};

static void leave(void *cookie, const struct sstp_value *value)
{
    struct leaving *leaving = cookie;
    (void)value;
    if (leaving->after == 0)
        longjmp(leaving->out, 1);
    leaving->after--;
}

/* A visitor may leave by longjmp; the next decode knows nothing of it. */
static void test_leaving_visitor(void)
{
    uint8_t bytes[VECTOR_LEN_MAX];
    struct record record;
    volatile unsigned num_left = 0;

    record_init(&record);
    for (volatile size_t i = 0; i < num_vectors; i++) {
        const size_t len = vector_bytes(&vectors[i], bytes);
        for (volatile unsigned after = 0; after < 4; after++) {
            struct leaving leaving;
            const struct sstp_visitor visitor = {leave, NULL, NULL, &leaving};
            struct sstp_command command;
            leaving.after = after;
            if (setjmp(leaving.out) == 0)
                (void)sstp_command_decode(sstp_span(bytes, len), vectors[i].version, &visitor,
                                          &command);
            else
                num_left++;
            record_decode(&record, sstp_span(bytes, len), vectors[i].version);
            g_assert_cmpstr(record.text->str, ==, vectors[i].fields);
        }
    }
    g_assert_cmpuint(num_left, >=, 3 * num_vectors);
    record_clear(&record);
}

static void add_for_each_vector(const char *prefix, GTestDataFunc test)
{
    for (size_t i = 0; i < num_vectors; i++) {
        char *path = g_strconcat(prefix, vectors[i].name, NULL);
        g_test_add_data_func(path, &vectors[i], test);
        g_free(path);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_for_each_vector("/decode/vector/", test_vector);
    add_for_each_vector("/decode/bytes-after/", test_bytes_behind);
    add_for_each_vector("/decode/cut/", test_cut);
    g_test_add_func("/decode/members", test_members);
    g_test_add_func("/decode/partial-visitors", test_partial_visitors);
    g_test_add_func("/decode/leaving-visitor", test_leaving_visitor);
    return g_test_run();
}
