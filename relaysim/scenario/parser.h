/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * parser: what the parts of the parser share.  scenario/source.c has files, lines
 * and repetitions, scenario/mistake.c what is wrong with them, scenario/word.c words and
 * values, scenario/parse.c statements and names, scenario/option.c what stands after them,
 * scenario/declare.c the cast, scenario/step.c and scenario/message.c what it does,
 * scenario/expect.c what is expected, scenario/travel.c how connections travel, scenario/puppet.c
 * and scenario/say.c what is said word by word, scenario/speaker.c who says bytes of TCP.
 *
 * Every function that returns a bool has said what is wrong when it returns false.  The
 * first thing said of a line is the one that counts; parsing goes on with the next line,
 * and a later line is not blamed for what an earlier one has left unclear.
 */
#ifndef RELAYSIM_SCENARIO_PARSER_H
#define RELAYSIM_SCENARIO_PARSER_H

#include "scenario/scenario.h"

#define SCENARIO_WORDS_MAX 8192u

enum name_kind {
    NAME_RELAY = 1,
    NAME_DEVICE = 2,
    NAME_SESSION = 4,
    NAME_MESSAGE = 8,
    NAME_PROXY = 16,
    NAME_PUPPET = 32,
    NAME_SPEAKER = 64
};
#define NAME_ANY                                                                                   \
    (NAME_RELAY | NAME_DEVICE | NAME_SESSION | NAME_MESSAGE | NAME_PROXY | NAME_PUPPET |           \
     NAME_SPEAKER)

/* What is wrong with a line. */
struct mistake {
    unsigned place; /* of the line among all that were read */
    char *text;     /* "NAME:LINE: sentence" */
    unsigned more;  /* lines with the same mistake */
};

/* A file that is being read: the scenario's own, or one that it includes. */
struct source {
    const char *name;     /* for people; interned */
    const char *identity; /* of the file; NULL */
    struct source *from;  /* that includes it; NULL */
    const char *text;
    size_t len, at;       /* the next line */
    unsigned line;        /* the number of the last one */
    unsigned repetitions; /* that are open in it */
    bool has_title;
};

struct counter {
    const char *name;
    uint64_t value;
};

/* What a statement wants to be done with the lines after it. */
enum request { REQUEST_NONE, REQUEST_INCLUDE, REQUEST_REPEAT, REQUEST_REPEAT_PERHAPS, REQUEST_END };

struct parser {
    struct scenario *scenario;
    const struct scenario_reader *reader;
    GHashTable *names;    /* to struct name */
    GHashTable *contents; /* GBytes to the name of its message */
    GArray *references;   /* struct reference, to names that come later */
    size_t num_content_bytes;
    /* Whom a device is connected with, as the steps so far go: indexes. */
    unsigned peers[SCENARIO_DEVICES_MAX];

    struct source *source;
    const char *file_name; /* where mistakes are: its name, */
    unsigned line;         /* and its line */
    unsigned place; /* how many lines were read before: of all files, of repetitions each time */
    bool is_over;   /* nothing is read any more */
    bool has_step;  /* there was a line that declares nothing */
    bool has_lost;  /* there was one that may have been anything */
    enum request request;
    const char *file;    /* of REQUEST_INCLUDE */
    uint64_t num_times;  /* of REQUEST_REPEAT; 0: what it repeats is only skipped */
    const char *counter; /* of REQUEST_REPEAT; NULL */
    struct counter counters[SCENARIO_NESTING_MAX];
    unsigned num_counters;

    const char *line_text; /* interned */
    char *words[SCENARIO_WORDS_MAX];
    bool is_quoted[SCENARIO_WORDS_MAX];
    unsigned num_words;
    unsigned at;      /* the next word */
    bool has_counted; /* a counter stood in one of them */

    /* Mistakes: scenario/mistake.c. */
    GArray *mistakes;       /* struct mistake */
    GHashTable *by_key;     /* to the index of a mistake */
    GHashTable *bad;        /* places in files that something was said of, as "NAME:LINE" */
    GHashTable *unclear;    /* words that a bad line may have been meant to declare */
    unsigned lost_kinds;    /* of names that a bad line was meant to declare, whatever they are */
    unsigned unclear_peers; /* devices whose connection is not clear, by bits */
    bool is_bad;            /* the line; something was said of it, or before */
};

struct name {
    enum name_kind kind;
    unsigned index;
    unsigned place;  /* of the line that declares it */
    bool is_unclear; /* that line was bad: little is known of it */
};

/* ---- mistakes ---- */

void mistakes_init(struct parser *p);
void mistakes_clear(struct parser *p);

/* Says what is wrong with the line. */
void parser_say(struct parser *p, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* The same; always false, as the compiler can see. */
#define parser_fail(p, ...) (parser_say(p, __VA_ARGS__), false)

/* The same, but once for all lines that have the same mistake, as `key` tells. */
void parser_say_once(struct parser *p, const char *key, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
#define parser_fail_once(p, key, ...) (parser_say_once(p, key, __VA_ARGS__), false)

/* A list is full: said once, and those that find no place in it are lost. */
void parser_say_full(struct parser *p, enum name_kind kind, unsigned max, const char *what);
#define parser_fail_full(p, ...) (parser_say_full(p, __VA_ARGS__), false)

/* A word is no name of these kinds so far: says so, if that is news. */
void parser_say_unknown(struct parser *p, unsigned kinds, const char *word, const char *format, ...)
    G_GNUC_PRINTF(4, 5);
#define parser_fail_unknown(p, ...) (parser_say_unknown(p, __VA_ARGS__), false)

/* What is wrong with the line follows from what was said of another one. */
#define parser_follow(p) ((p)->is_bad = true, false)

/* A name whose line was bad, so that nothing can be concluded from what it lacks. */
bool parser_is_unclear(const struct parser *p, enum name_kind kind, unsigned index);

/* This name is one. */
void parser_leave_unclear(struct parser *p, const char *name);

/* What a bad line leaves unclear: words that may have been names, as they stand in it. */
void mistakes_after_line(struct parser *p, const char *line);

/* The same, before that, of a line that was not understood any more after some words. */
void mistakes_after_half_a_line(struct parser *p);

/* What was said, in the order of the lines, up to SCENARIO_MISTAKES_MAX: char *, to be
 * freed with the array.  NULL for nothing. */
GPtrArray *mistakes_list(const struct parser *p);

/* ---- files and lines ---- */

/* Reads the lines of a source, and what they include. */
void source_read(struct parser *p, struct source *source);

/* Guesses the request of a line that may be no good, from its words. */
void source_guess(struct parser *p, char *const *words, unsigned num);

/* The statements of files and repetitions; they only leave a request. */
bool parse_include(struct parser *p);
bool parse_repeat(struct parser *p);
bool parse_end_of_repetition(struct parser *p);

/* A line whose words are there: scenario/parse.c. */
bool parse_statement(struct parser *p);

/* ---- words ---- */

bool parser_split(struct parser *p, const char *line);
void parser_forget_words(struct parser *p);

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
bool parser_mnemonic(struct parser *p, const char *what, sstp_mnemonic *name, uint8_t *id);

/* "reason NAME", if it is there; *id keeps its value if not. */
bool parser_reason(struct parser *p, sstp_mnemonic *name, uint8_t *id);

/* How a connection travels: scenario/travel.c.  A carrier's word; a proxy's name; "over" and
 * "through" with either, where they are there, and otherwise both stay as they were; and whether
 * the two go together. */
bool parser_carrier(struct parser *p, enum scenario_carrier *carrier);
bool parser_proxy(struct parser *p, unsigned *proxy);
bool parser_way(struct parser *p, enum scenario_carrier *carrier, unsigned *proxy);
bool parser_check_way(struct parser *p, enum scenario_carrier carrier, unsigned proxy);

/* A name that is known, of one of these kinds. */
bool parser_name(struct parser *p, unsigned kinds, struct name *name);
/* It begins a statement: it is a word of the language, or a name so far. */
bool parser_is_known(const struct parser *p, const char *word);
const struct name *parser_find(const struct parser *p, const char *word);

/* Whether a word has the form of a name; false with what is wrong with it. */
bool parser_is_name(struct parser *p, const char *word);

/* A name that is new. */
bool parser_new_name(struct parser *p, enum name_kind kind, unsigned index, const char **name);

const char *parser_name_of(const struct parser *p, enum name_kind kind, unsigned index);

/* ---- options: words after a declaration or step, in any order ---- */

struct parser_option {
    const char *word;
    bool (*parse)(struct parser *p, void *target, const struct parser_option *option);
    size_t offset; /* of the member of the target */
    const char *what;
    uint64_t min, max; /* of a number */
};

/* For `max` of what is no number: it may be said again, for it is a list. */
#define PARSER_OPTION_LIST UINT64_MAX

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
bool declare_not_over(struct parser *p); /* scenario/travel.c */
bool declare_proxy(struct parser *p);    /* likewise */
bool declare_puppet(struct parser *p);   /* scenario/puppet.c */
bool declare_speaker(struct parser *p);  /* scenario/speaker.c */
/* When all is read: names that were used before they were declared. */
void declare_end(struct parser *p);

/* "SUBJECT [SUBJECT ...] VERB ...": nothing is used up. */
bool parse_step(struct parser *p);
bool parse_wait(struct parser *p);
bool parse_at(struct parser *p);
bool parse_expect(struct parser *p);

/* A new step of this kind at the end of the story. */
struct scenario_step *parser_add_step(struct parser *p, enum scenario_kind kind);

/* "B", "B.identity", either with "@Relay1" or "@URL" after it. */
bool parse_destination(struct parser *p, struct scenario_destination *destination);

/* A session that the device may use: as its originator, or at either end. */
bool parse_session(struct parser *p, unsigned device, bool is_originator, unsigned *session);

/* What a device does with its messages: scenario/message.c. */
bool parse_send(struct parser *p, unsigned device);
bool parse_begin(struct parser *p, unsigned device);
bool parse_continue(struct parser *p, unsigned device);
bool parse_end(struct parser *p, unsigned device);
bool parse_complete(struct parser *p, unsigned device);

/* What puppets do: scenario/puppet.c. */
bool parse_call(struct parser *p, unsigned puppet);
bool parse_say(struct parser *p, unsigned puppet);
bool parse_say_bytes(struct parser *p, unsigned puppet);
bool parse_hang_up(struct parser *p, unsigned puppet);
bool parse_break_off(struct parser *p, unsigned puppet);

/* "COMMAND [FIELD VALUE ...]", all of the line: its bytes are appended; scenario/say.c. */
bool parser_command(struct parser *p, GByteArray *bytes);

/* Words of hexadecimal digits, and texts in quotes, up to the end of the line; or one word, which
 * may be empty. */
bool parser_bytes(struct parser *p, GByteArray *bytes);
bool parser_hex(struct parser *p, const char *what, GByteArray *bytes);

/* What speakers do, and hear: scenario/speaker.c. */
bool parse_ring(struct parser *p, unsigned speaker);
bool parse_speak(struct parser *p, unsigned speaker);
bool parse_ring_off(struct parser *p, unsigned speaker);
bool parse_heard(struct parser *p, struct scenario_step *step);

/* Whether a word may not be a name, for the language uses it. */
bool parser_is_verb(const char *word);
bool parser_is_predicate(const char *word);

#endif
