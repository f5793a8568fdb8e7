/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "virtual_story.h"

void world_init(struct world *w, enum henc_kind kind)
{
    memset(w, 0, sizeof *w);
    counting_mem_init(&w->counting);
    henc_virtual_init(&w->v, &w->counting.mem, kind);
    w->log[0] = g_string_new(NULL);
    w->log[1] = g_string_new(NULL);
}

void world_clear(struct world *w)
{
    henc_virtual_clear(&w->v);
    g_assert_cmpuint(w->counting.num_blocks, ==, 0);
    g_string_free(w->log[0], TRUE);
    g_string_free(w->log[1], TRUE);
}

static void collect(struct world *w)
{
    const struct henc_deliveries *d = &w->result.deliveries;
    w->findings |= w->result.findings;
    for (size_t i = 0; i < d->num; i++) {
        GString *log = w->log[d->items[i].direction];
        if (d->items[i].after_gap)
            g_string_append_c(log, '|');
        g_string_append_len(log, (const char *)d->items[i].bytes.data,
                            (gssize)d->items[i].bytes.len);
        g_assert_cmpint(d->items[i].is_parked, ==, d->items[i].chunk != w->chunk);
    }
}

const char *body_of(const char *text)
{
    if (g_str_equal(text, "echo"))
        return HENC_ECHO_PREFIX "Ping\r\n";
    if (g_str_equal(text, "echo~"))
        return HENC_ECHO_PREFIX "Pi~";
    if (g_str_equal(text, "pong"))
        return HENC_ECHO_PREFIX "Pong\r\n";
    if (g_str_equal(text, "echo+ab"))
        return HENC_ECHO_PREFIX "Ping\r\nab";
    return g_str_equal(text, "html") ? HENC_EMPTY_ANSWER "\r\n" : text;
}

size_t write_polling(uint8_t *bytes, size_t size, bool is_response, uint32_t number,
                     struct sstp_span data)
{
    const struct henc_polling p = {.is_response = is_response,
                                   .version = sstp_span_of_string(HENC_POLLING_VERSION),
                                   .server = sstp_span_of_string("relay.example"),
                                   .guid = sstp_span_of_string(GUID),
                                   .sequence = number,
                                   .poll_max = 120,
                                   .poll_min = 5,
                                   .poll_repetitions = 3,
                                   .data = data};
    struct sstp_writer w = sstp_writer(bytes, size);
    henc_polling_write(&w, &p);
    g_assert_false(w.failed);
    return w.pos;
}

enum henc_error show(struct world *w, struct henc_message *m, struct sstp_span data,
                     bool has_number, uint32_t number)
{
    uint8_t bytes[512];
    struct henc_polling polling;
    size_t len = data.len;
    m->chunk = ++w->chunk;
    if (!w->is_fast)
        w->time_ns += INT64_C(10000000000);
    m->time_ns = w->time_ns;
    if (w->v.kind == HENC_KIND_POLLING && has_number) {
        len = write_polling(bytes, sizeof bytes, m->status != 0, number, data);
        g_assert_cmpint(henc_polling_parse(sstp_span(bytes, len), m->status != 0, &polling), ==,
                        HENC_POLLING_OK);
        m->polling = &polling;
    } else if (len > 0) {
        memcpy(bytes, data.data, len);
    }
    m->body = sstp_span(bytes, len);
    if (m->status == 0)
        w->halves[m->transport] = m->half;
    else
        m->half = w->halves[m->transport];
    const enum henc_error error = henc_virtual_message(&w->v, m, &w->result);
    collect(w);
    memset(bytes, '!', sizeof bytes);
    return error;
}

static void play_word(struct world *w, const char *word)
{
    char **parts = g_strsplit(word, "=", 2);
    char *text = g_strdup(parts[1] == NULL ? "" : body_of(parts[1]));
    const char *at = strchr(parts[0], '@');
    const char *hash = strchr(parts[0], '#');
    const uint64_t transport = at == NULL ? 0 : g_ascii_strtoull(at + 1, NULL, 10);
    const bool is_cut = g_str_has_suffix(text, "~");
    if (is_cut)
        text[strlen(text) - 1] = '\0';
    struct henc_message m = {.transport = transport,
                             .half = HENC_HALF_POST,
                             .from_start = g_str_has_suffix(parts[0], "+"),
                             .is_unaware = strchr(parts[0], '^') != NULL,
                             .opened = strchr(parts[0], '*') != NULL ? w->chunk + 1 : 1,
                             .lacks_header = strchr(parts[0], '%') != NULL,
                             .is_cut = is_cut};
    const struct sstp_span bytes = sstp_span_of_string(text);
    if (g_str_has_prefix(word, "finish")) {
        w->chunk++;
        henc_virtual_finish(&w->v, &w->result);
        collect(w);
    } else if (g_str_has_prefix(word, "wait")) {
        w->time_ns += INT64_C(1000000000) * (int64_t)g_ascii_strtoull(word + 4, NULL, 10);
    } else if (g_str_equal(word, "fast")) {
        w->is_fast = true;
    } else if (g_str_has_prefix(word, "stray@")) {
        henc_virtual_stray(&w->v, w->halves[transport], ++w->chunk, &w->result);
        collect(w);
    } else if (g_str_has_prefix(word, "end@")) {
        w->chunk++;
        henc_virtual_transport_end(&w->v, transport, &w->result);
        collect(w);
    } else if (g_str_has_prefix(word, "data@") || g_str_has_prefix(word, "lost@")) {
        const struct henc_piece piece = {++w->chunk, w->halves[transport], is_cut,
                                         g_str_has_prefix(word, "lost@"), bytes};
        henc_virtual_data(&w->v, &piece, &w->result);
        collect(w);
    } else {
        if (g_str_has_prefix(word, "get@"))
            m.half = HENC_HALF_GET;
        if (g_ascii_isdigit(word[0]))
            m.status = (unsigned)g_ascii_strtoull(word, NULL, 10);
        const uint32_t number = hash == NULL ? 0 : (uint32_t)g_ascii_strtoull(hash + 1, NULL, 10);
        g_assert_cmpint(show(w, &m, bytes, hash != NULL, number), ==, HENC_OK);
    }
    g_free(text);
    g_strfreev(parts);
}

void play(struct world *w, const char *story)
{
    char **words = g_strsplit(story, " ", -1);
    for (size_t i = 0; words[i] != NULL; i++)
        play_word(w, words[i]);
    g_strfreev(words);
}

char *finding_names(uint32_t findings)
{
    GString *names = g_string_new(NULL);
    for (unsigned id = 0; id < HENC_FINDING_COUNT; id++)
        if (henc_findings_has(findings, (enum henc_finding)id))
            g_string_append_printf(names, "%s%s", names->len > 0 ? " " : "",
                                   henc_finding_infos[id].filter);
    return g_string_free(names, FALSE);
}

void check_story(enum henc_kind kind, const struct story *row)
{
    struct world w;
    world_init(&w, kind);
    play(&w, row->story);
    char *findings = finding_names(w.findings);
    g_assert_cmpstr(findings, ==, row->findings);
    g_assert_cmpstr(henc_state_name(w.result.state), ==, row->state);
    g_assert_cmpstr(w.log[HENC_TO_SERVER]->str, ==, row->to_server);
    g_assert_cmpstr(w.log[HENC_TO_CLIENT]->str, ==, row->to_client);
    g_free(findings);
    world_clear(&w);
}
