/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "henc/echo.h"

#include "henc/text.h"

#define PREFIX_LEN (sizeof HENC_ECHO_PREFIX - 1)

enum henc_echo_result henc_echo_scan(struct sstp_span bytes, bool is_all, struct henc_echo *echo)
{
    *echo = (struct henc_echo){0, {NULL, 0}};
    const size_t compared = bytes.len < PREFIX_LEN ? bytes.len : PREFIX_LEN;
    if (compared > 0 && memcmp(bytes.data, HENC_ECHO_PREFIX, compared) != 0)
        return HENC_ECHO_NO;
    if (compared < PREFIX_LEN)
        return is_all ? HENC_ECHO_NO : HENC_ECHO_NEED_MORE;

    size_t end = PREFIX_LEN;
    while (end < bytes.len && end < HENC_ECHO_LEN_MAX && bytes.data[end] >= 0x20)
        end++;
    if (end == HENC_ECHO_LEN_MAX)
        return HENC_ECHO_NO;
    const size_t left = bytes.len - end;
    if (!is_all && (left == 0 || (left == 1 && bytes.data[end] == '\r')))
        return HENC_ECHO_NEED_MORE;
    const bool has_crlf = left >= 2 && bytes.data[end] == '\r' && bytes.data[end + 1] == '\n';
    echo->ping_data = sstp_span(bytes.data + PREFIX_LEN, end - PREFIX_LEN);
    echo->len = end + (has_crlf ? 2 : 0);
    return HENC_ECHO_YES;
}

bool henc_echo_is_cut_off(struct sstp_span bytes)
{
    struct henc_echo echo;
    return henc_echo_scan(bytes, false, &echo) == HENC_ECHO_NEED_MORE;
}

bool henc_empty_answer_is(struct sstp_span body)
{
    const struct sstp_span rest = henc_text_from(body, sizeof HENC_EMPTY_ANSWER - 1);
    return henc_text_has_prefix(body, HENC_EMPTY_ANSWER) &&
           (rest.len == 0 || henc_text_is(rest, "\r\n"));
}

void henc_echo_write(struct sstp_writer *w, struct sstp_span ping_data)
{
    w->failed |= ping_data.len == 0;
    for (size_t i = 0; i < ping_data.len; i++)
        w->failed |= ping_data.data[i] < 0x20;
    henc_write_text(w, HENC_ECHO_PREFIX);
    sstp_write_bytes(w, ping_data);
    henc_write_text(w, "\r\n");
}

void henc_empty_answer_write(struct sstp_writer *w)
{
    henc_write_text(w, HENC_EMPTY_ANSWER "\r\n");
}
