/* SPDX-License-Identifier: GPL-2.0-or-later */
/* option: options of declarations and steps. */
#include "scenario/parser.h"

#include <string.h>

bool parser_options(struct parser *p, const struct parser_option *options, size_t num, void *target)
{
    uint64_t seen = 0;
    bool is_good = true;
    g_assert(num <= 64);
    while (parser_has_more(p)) {
        const char *word = parser_next(p);
        size_t i = 0;
        while (i < num && strcmp(options[i].word, word) != 0)
            i++;
        /* After a mistake the others are read all the same: later lines rely on them. */
        if (i == num) {
            is_good = parser_fail(p, "there is no option \"%s\" here", word);
            continue;
        }
        const uint64_t bit = UINT64_C(1) << i;
        if ((seen & bit) != 0 && options[i].max != PARSER_OPTION_LIST)
            is_good = parser_fail(p, "\"%s\" is said twice", word);
        seen |= bit;
        is_good = options[i].parse(p, target, &options[i]) && is_good;
    }
    return is_good;
}

static void *member(void *target, const struct parser_option *option)
{
    return (char *)target + option->offset;
}

bool option_true(struct parser *p, void *target, const struct parser_option *option)
{
    (void)p;
    *(bool *)member(target, option) = true;
    return true;
}

bool option_false(struct parser *p, void *target, const struct parser_option *option)
{
    (void)p;
    *(bool *)member(target, option) = false;
    return true;
}

bool option_u64(struct parser *p, void *target, const struct parser_option *option)
{
    uint64_t value;
    if (!parser_number(p, option->what, option->min, option->max, &value))
        return false;
    memcpy(member(target, option), &value, sizeof value);
    return true;
}

bool option_u32(struct parser *p, void *target, const struct parser_option *option)
{
    uint64_t value;
    if (!parser_number(p, option->what, option->min, option->max, &value))
        return false;
    memcpy(member(target, option), &(uint32_t){(uint32_t)value}, sizeof(uint32_t));
    return true;
}

bool option_size(struct parser *p, void *target, const struct parser_option *option)
{
    uint64_t value;
    if (!parser_number(p, option->what, option->min, option->max, &value))
        return false;
    memcpy(member(target, option), &(size_t){(size_t)value}, sizeof(size_t));
    return true;
}

bool option_duration(struct parser *p, void *target, const struct parser_option *option)
{
    uint64_t ms;
    if (!parser_duration(p, option->what, 3600000, &ms))
        return false;
    memcpy(member(target, option), &(int64_t){(int64_t)ms}, sizeof(int64_t));
    return true;
}

bool option_text(struct parser *p, void *target, const struct parser_option *option)
{
    const char *text;
    if (!parser_text(p, option->what, &text))
        return false;
    memcpy(member(target, option), &text, sizeof text);
    return true;
}

bool option_url(struct parser *p, void *target, const struct parser_option *option)
{
    const char *url;
    if (!parser_url(p, option->what, &url))
        return false;
    memcpy(member(target, option), &url, sizeof url);
    return true;
}
