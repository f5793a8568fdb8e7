/* SPDX-License-Identifier: GPL-2.0-or-later */
/* selfcheck_told: what a comment says, by wsutil's parser of JSON. */
#include "statistics/selfcheck.h"

#include <wsutil/wsjson.h>

#include <string.h>

#define ANSWER_LEN_MAX 65535u
#define TOKENS_MAX 65536
#define BYTES_SUFFIX "_bytes"

void grvsstp_words_add(GString *words, const char *name, const char *value)
{
    g_string_append_printf(words, "%s\t%s\n", name, value);
}

struct told {
    char *text; /* strings in it are decoded in place */
    jsmntok_t *tokens;
    int num;
};

static size_t token_len(const jsmntok_t *token)
{
    return (size_t)(token->end - token->start);
}

static bool is_name(const struct told *told, int at, const char *name)
{
    const jsmntok_t *token = &told->tokens[at];
    return token_len(token) == strlen(name) &&
           memcmp(told->text + token->start, name, strlen(name)) == 0;
}

/* The token after a value and all that is in it. */
static int after(const struct told *told, int at)
{
    const int end = told->tokens[at].end;
    do {
        at++;
    } while (at < told->num && told->tokens[at].start < end);
    return at;
}

/* The value of a member; 0, which is the object's own place, where there is none. */
static int find(const struct told *told, const char *name)
{
    for (int at = 1; at + 1 < told->num; at = after(told, at + 1))
        if (is_name(told, at, name))
            return at + 1;
    return 0;
}

/* What a value says, to be freed. */
static char *value_text(const struct told *told, int at)
{
    char *text = g_strndup(told->text + told->tokens[at].start, token_len(&told->tokens[at]));
    if (told->tokens[at].type == JSMN_STRING && !json_decode_string_inplace(text))
        text[0] = '\0';
    return text;
}

static bool is_text(const struct told *told, const char *name, const char *wanted)
{
    const int at = find(told, name);
    return at != 0 && is_name(told, at, wanted);
}

static bool read_number(const struct told *told, const char *name, uint32_t *number)
{
    const int at = find(told, name);
    guint64 value;
    if (at == 0)
        return false;
    char *text = value_text(told, at);
    const bool is_good = g_ascii_string_to_unsigned(text, 10, 0, UINT32_MAX, &value, NULL);
    g_free(text);
    *number = is_good ? (uint32_t)value : 0;
    return is_good;
}

/* Members that say which command it is, and when. */
static bool is_about_it(const struct told *told, int at)
{
    static const char *const names[] = {"t", "stream", "event", "from", "session"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (is_name(told, at, names[i]))
            return true;
    return false;
}

/* Adds a member; the bytes of one that is no text stand in its place. */
static void add_member(GString *words, const struct told *told, int at)
{
    char *name = value_text(told, at);
    char *bytes_name = g_strconcat(name, BYTES_SUFFIX, NULL);
    const int bytes = find(told, bytes_name);
    const int value = bytes != 0 ? bytes : at + 1;
    GString *text = g_string_new(NULL);

    if (told->tokens[value].type == JSMN_ARRAY) {
        const int end = after(told, value);
        for (int element = value + 1; element < end; element = after(told, element)) {
            char *one = value_text(told, element);
            g_string_append_printf(text, "%s%s%s", element > value + 1 ? GRVSSTP_WORDS_BETWEEN : "",
                                   bytes != 0 ? GRVSSTP_WORDS_HEX : "", one);
            g_free(one);
        }
    } else {
        char *one = value_text(told, value);
        g_string_append_printf(text, "%s%s", bytes != 0 ? GRVSSTP_WORDS_HEX : "", one);
        g_free(one);
    }
    if (!g_str_has_suffix(name, BYTES_SUFFIX))
        grvsstp_words_add(words, name, text->str);
    g_string_free(text, TRUE);
    g_free(bytes_name);
    g_free(name);
}

static char *command_words(const struct told *told)
{
    GString *words = g_string_new(NULL);
    for (int at = 1; at + 1 < told->num; at = after(told, at + 1))
        if (!is_about_it(told, at))
            add_member(words, told, at);
    return g_string_free(words, FALSE);
}

static char *members_words(const struct told *told, const char *const *names)
{
    GString *words = g_string_new(NULL);
    for (; *names != NULL; names++) {
        const int at = find(told, *names);
        if (at != 0)
            add_member(words, told, at - 1);
    }
    return g_string_free(words, FALSE);
}

/* What ended it without a word. */
static bool is_silent(const struct told *told)
{
    static const char *const whys[] = {"transport lost", "timeout", "no memory",
                                       "connection closed"};
    for (size_t i = 0; i < G_N_ELEMENTS(whys); i++)
        if (is_text(told, "why", whys[i]))
            return true;
    return false;
}

static char *words_of(const struct told *told, enum grvsstp_answer_kind *kind)
{
    static const char *const of_connection[] = {"state", NULL};
    static const char *const of_session[] = {"session", "state", NULL};
    static const char *const of_message[] = {"session", "number", NULL};
    static const char *const of_acknowledged[] = {"number", NULL};
    if (is_text(told, "event", "command")) {
        *kind = GRVSSTP_ANSWER_COMMAND;
        return command_words(told);
    }
    if (is_text(told, "event", "message-sent")) {
        *kind = GRVSSTP_ANSWER_MESSAGE;
        return members_words(told, of_message);
    }
    if (is_text(told, "event", "message-acked")) {
        *kind = GRVSSTP_ANSWER_ACKNOWLEDGED;
        return members_words(told, of_acknowledged);
    }
    if (is_text(told, "event", "connection-state") && !is_silent(told)) {
        *kind = GRVSSTP_ANSWER_CONNECTION;
        return members_words(told, of_connection);
    }
    if (is_text(told, "event", "session-state") && !is_silent(told)) {
        *kind = GRVSSTP_ANSWER_SESSION;
        return members_words(told, of_session);
    }
    return NULL;
}

bool grvsstp_answer_read(struct grvsstp_answer *answer, const char *comment)
{
    const size_t len = strlen(comment);
    if (comment[0] != '{' || len > ANSWER_LEN_MAX)
        return false;
    const int num = json_parse(comment, NULL, 0);
    if (num < 3 || num > TOKENS_MAX)
        return false;
    struct told told = {g_strdup(comment), g_new0(jsmntok_t, (gsize)num), num};
    answer->words = NULL;
    if (json_parse(told.text, told.tokens, (unsigned)num) == num &&
        told.tokens[0].type == JSMN_OBJECT && read_number(&told, "stream", &answer->stream)) {
        answer->from_initiator = is_text(&told, "from", "initiator");
        answer->at_initiator = is_text(&told, "at", "initiator");
        answer->words = words_of(&told, &answer->kind);
        answer->session_id = 0;
        if (answer->words != NULL && answer->kind == GRVSSTP_ANSWER_SESSION)
            (void)read_number(&told, "session", &answer->session_id);
    }
    g_free(told.text);
    g_free(told.tokens);
    return answer->words != NULL;
}
