/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "line.h"

#include <string.h>

void line_begin(struct line *line)
{
    memset(line, 0, sizeof *line);
    line->scenario.strings = g_string_chunk_new(256);
    line->parser.scenario = &line->scenario;
    line->parser.file_name = "f";
    mistakes_init(&line->parser);
}

void line_end(struct line *line)
{
    parser_forget_words(&line->parser);
    mistakes_clear(&line->parser);
    g_string_chunk_free(line->scenario.strings);
}

bool line_split(struct line *line, const char *text)
{
    struct parser *p = &line->parser;
    parser_forget_words(p);
    p->line++;
    p->is_bad = false;
    g_array_set_size(p->mistakes, 0);
    return parser_split(p, text);
}

const char *line_mistake(const struct line *line)
{
    const GArray *mistakes = line->parser.mistakes;
    if (mistakes->len == 0)
        return "";
    const char *text = g_array_index(mistakes, struct mistake, 0).text;
    return strstr(text, ": ") + 2; /* after the file and the line */
}
