/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scenario_parser: what the parts of the parser share.  scenario_parse.c has lines,
 * words and names, scenario_option.c what stands behind them, scenario_declare.c the cast,
 * scenario_step.c and scenario_message.c what it does, scenario_expect.c what is expected.
 *
 * Every function that returns a bool has said what is wrong when it returns false; the
 * first thing said is the one that counts.
 */
#ifndef RELAYSIM_SCENARIO_PARSER_H
#define RELAYSIM_SCENARIO_PARSER_H

#include "scenario.h"

#define SCENARIO_WORDS_MAX 64u

enum name_kind { NAME_RELAY = 1, NAME_DEVICE = 2, NAME_SESSION = 4, NAME_MESSAGE = 8 };

struct parser {
    struct scenario *scenario;
    GHashTable *names;    /* to struct name */
    GHashTable *contents; /* GBytes to the name of its message */
    GArray *references;   /* struct reference, to names that come later */
    size_t num_content_bytes;
    /* Whom a device is connected with, as the steps so far go: indexes. */
    unsigned peers[SCENARIO_DEVICES_MAX];

    unsigned line;
    const char *line_text; /* interned */
    char *words[SCENARIO_WORDS_MAX];
    bool is_quoted[SCENARIO_WORDS_MAX];
    unsigned num_words;
    unsigned at; /* the next word */
    char *error;
};

struct name {
    enum name_kind kind;
    unsigned index;
};

/* Says what is wrong. */
void parser_say(struct parser *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same; always false, as the compiler can see. */
#define parser_fail(p, ...) (parser_say(p, __VA_ARGS__), false)

/* The next word, which is used up; NULL at the end of the line. */
const char *parser_next(struct parser *p);

/* The next word is this one: then it is used up.  Nothing is said if not. */
bool parser_accept(struct parser *p, const char *word);

/* The same, but it has to be. */
bool parser_need(struct parser *p, const char *word);

/* Nothing may be left on the line. */
bool parser_need_end(struct parser *p);

/* Whether there is another word. */
bool parser_has_more(const struct parser *p);

/* A string that lasts as long as the scenario. */
const char *parser_keep(struct parser *p, const char *string);

/* The next word as ...; `what` is for the sentence: "a number of bytes". */
bool parser_number(struct parser *p, const char *what, uint64_t min, uint64_t max, uint64_t *value);
bool parser_duration(struct parser *p, const char *what, uint64_t max_ms, uint64_t *ms);
bool parser_text(struct parser *p, const char *what, const char **text);

/* A URL: with a scheme, without blanks, of at most 500 bytes. */
bool parser_url(struct parser *p, const char *what, const char **url);

/* The mnemonic of an id (mnemonics.h); `name` gives that of a value, or NULL. */
bool parser_mnemonic(struct parser *p, const char *what, const char *(*name)(uint8_t), uint8_t *id);

/* "reason NAME", if it is there; *id keeps its value if not. */
bool parser_reason(struct parser *p, const char *(*name)(uint8_t), uint8_t *id);

/* A name that is known, of one of these kinds. */
bool parser_name(struct parser *p, unsigned kinds, struct name *name);
const struct name *parser_find(const struct parser *p, const char *word);

/* A name that is new. */
bool parser_new_name(struct parser *p, enum name_kind kind, unsigned index, const char **name);

const char *parser_name_of(const struct parser *p, enum name_kind kind, unsigned index);

/* ---- options: words behind a declaration or step, in any order ---- */

struct parser_option {
    const char *word;
    bool (*parse)(struct parser *p, void *target, const struct parser_option *option);
    size_t offset; /* of the member of the target */
    const char *what;
    uint64_t min, max;
};

bool parser_options(struct parser *p, const struct parser_option *options, size_t num,
                    void *target);

/* For the column `parse`. */
bool option_true(struct parser *p, void *target, const struct parser_option *option);
bool option_false(struct parser *p, void *target, const struct parser_option *option);
bool option_u32(struct parser *p, void *target, const struct parser_option *option);
bool option_u64(struct parser *p, void *target, const struct parser_option *option);
bool option_size(struct parser *p, void *target, const struct parser_option *option);
bool option_duration(struct parser *p, void *target, const struct parser_option *option);
bool option_text(struct parser *p, void *target, const struct parser_option *option);
bool option_url(struct parser *p, void *target, const struct parser_option *option);

/* ---- statements; the first word is used up ---- */

bool declare_title(struct parser *p);
bool declare_relay(struct parser *p);
bool declare_device(struct parser *p);
bool declare_fault(struct parser *p);
bool declare_finding(struct parser *p);
/* When all is read: names that were used before they were declared. */
bool declare_end(struct parser *p);

/* "SUBJECT [SUBJECT ...] VERB ...": nothing is used up. */
bool parse_step(struct parser *p);
bool parse_wait(struct parser *p);
bool parse_expect(struct parser *p);

/* A new step of this kind at the end of the story. */
struct scenario_step *parser_add_step(struct parser *p, enum scenario_kind kind);

/* "B", "B.identity", either with "@Relay1" or "@URL" behind. */
bool parse_destination(struct parser *p, struct scenario_destination *destination);

/* A session that the device may use: as its originator, or at either end. */
bool parse_session(struct parser *p, unsigned device, bool is_originator, unsigned *session);

/* What a device does with its messages: scenario_message.c. */
bool parse_send(struct parser *p, unsigned device);
bool parse_begin(struct parser *p, unsigned device);
bool parse_continue(struct parser *p, unsigned device);
bool parse_end(struct parser *p, unsigned device);
bool parse_complete(struct parser *p, unsigned device);

/* Whether a word may not be a name, for the language uses it. */
bool parser_is_verb(const char *word);
bool parser_is_predicate(const char *word);

#endif
