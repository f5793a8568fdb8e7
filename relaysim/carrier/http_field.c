/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "carrier/http_field.h"

#include "henc/text.h"

bool http_field_next(struct sstp_span *head, struct sstp_span *name, struct sstp_span *value)
{
    while (head->len > 0) {
        struct sstp_span line = henc_text_split(*head, '\n', head);
        if (line.len > 0 && line.data[line.len - 1] == '\r')
            line.len--;
        *name = henc_text_split(line, ':', value);
        *value = henc_text_trim(*value);
        if (value->len > 0)
            return true;
    }
    return false;
}

bool http_field_find(struct sstp_span head, const char *name, struct sstp_span *value)
{
    struct sstp_span at;
    while (http_field_next(&head, &at, value))
        if (henc_text_is(at, name))
            return true;
    return false;
}

struct sstp_span http_field_element(struct sstp_span *list)
{
    bool is_quoted = false;
    size_t len = 0;
    for (; len < list->len && (is_quoted || list->data[len] != ','); len++)
        if (list->data[len] == '"')
            is_quoted = !is_quoted;
    const struct sstp_span element = sstp_span(list->data, len);
    *list = henc_text_from(*list, len + 1);
    return henc_text_trim(element);
}

bool http_field_has_option(struct sstp_span head, const char *option)
{
    struct sstp_span name, value;
    while (http_field_next(&head, &name, &value)) {
        if (!henc_text_is(name, "Connection") && !henc_text_is(name, "Proxy-Connection"))
            continue;
        while (value.len > 0)
            if (henc_text_is(http_field_element(&value), option))
                return true;
    }
    return false;
}
