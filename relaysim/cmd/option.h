/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * option: the options of a command line as rows of a table.
 *
 * A row says all there is to say of an option: its name, what values it takes, from where to
 * where, where the value goes, and its line in --help.  So an option is added with one line:
 *
 *     OPTION_NUMBER("rate", &o.rate, 0, RATE_MAX, "N", "Send so many a second (0: at once)"),
 *
 * and `o.rate` holds the default before options_parse() (cmd/options.h), and a value within the
 * bounds after it.  Whoever wants to know whether the option was given takes a default that is
 * out of bounds, such as -1.  The range goes into the sentence about any other value by itself.
 *
 * Every option can be given once, but for OPTION_TEXTS, which collects.  A flag takes no value:
 * --verbose=no is refused.  Options that exclude each other are the caller's to check, after.
 *
 * Designators may follow the help in every row: `.letter = 'w'` for -w, `.is_hidden = true` to
 * leave it out of --help, `.check = f` for texts and files that not every text is good for,
 * `.is_secret = true` for what nobody is to see in the list of processes: it is overwritten there
 * once it has been read.
 */
#ifndef RELAYSIM_CMD_OPTION_H
#define RELAYSIM_CMD_OPTION_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/named_files.h"

enum option_kind {
    OPTION_KIND_FLAG,
    OPTION_KIND_NUMBER,
    OPTION_KIND_UNSIGNED,
    OPTION_KIND_SIZE,
    OPTION_KIND_TIME,
    OPTION_KIND_TIMER,
    OPTION_KIND_CHOICE,
    OPTION_KIND_TEXT,
    OPTION_KIND_TEXTS,
    OPTION_KIND_FILE,
    OPTION_KIND_LATER
};

struct option_row {
    const char *name; /* without the dashes; NULL ends a table */
    char letter;      /* '\0' for none */
    enum option_kind kind;
    union {
        bool *flag;
        int64_t *number; /* of a time or timer: milliseconds */
        uint64_t *any;
        unsigned *choice;
        char **text;
        char ***texts;
    } to;
    int64_t min, max;
    const char *const *choices; /* up to NULL */
    enum named_file_use file;
    const char *argument; /* the value's name in --help, NULL for a flag */
    const char *help;
    char *(*check)(const char *value); /* NULL, or a sentence that begins with the option */
    bool is_hidden;
    bool is_secret;
    bool hides_arguments; /* with it, what is no option is secret */
    bool is_given;        /* set by options_parse() */
};

/* The longest time: some 31 years, in milliseconds. */
#define OPTION_TIME_MAX INT64_C(1000000000000)
/* What a timer is set to by 0: never, some centuries, which can be added to any time. */
#define OPTION_NEVER_MS (INT64_C(1) << 44)

/* clang-format off */

/* bool: set to true. */
#define OPTION_FLAG(name_, to_, ...)                                                               \
    {.name = name_, .kind = OPTION_KIND_FLAG, .to.flag = to_, .help = __VA_ARGS__}

/* int64_t: a decimal number from `min_` to `max_`. */
#define OPTION_NUMBER(name_, to_, min_, max_, argument_, ...)                                      \
    {.name = name_, .kind = OPTION_KIND_NUMBER, .to.number = to_, .min = min_, .max = max_,        \
     .argument = argument_, .help = __VA_ARGS__}

/* uint64_t: any number from 0 to UINT64_MAX, such as a seed. */
#define OPTION_UNSIGNED(name_, to_, argument_, ...)                                                \
    {.name = name_, .kind = OPTION_KIND_UNSIGNED, .to.any = to_, .argument = argument_,            \
     .help = __VA_ARGS__}

/* int64_t: bytes, with units (option_value_size()). */
#define OPTION_SIZE(name_, to_, min_, max_, ...)                                                   \
    {.name = name_, .kind = OPTION_KIND_SIZE, .to.number = to_, .min = min_, .max = max_,          \
     .argument = "BYTES", .help = __VA_ARGS__}

/* int64_t: milliseconds, given as seconds or with a unit (option_value_time()).  `min_ms` may be 0
 * or 1, and `max_ms` is at most OPTION_TIME_MAX. */
#define OPTION_TIME(name_, to_, min_ms, max_ms, ...)                                               \
    {.name = name_, .kind = OPTION_KIND_TIME, .to.number = to_, .min = min_ms, .max = max_ms,      \
     .argument = "SECONDS", .help = __VA_ARGS__}

/* The same for a timer that 0 switches off: it is set to OPTION_NEVER_MS then. */
#define OPTION_TIMER(name_, to_, ...)                                                              \
    {.name = name_, .kind = OPTION_KIND_TIMER, .to.number = to_, .min = 0, .max = OPTION_TIME_MAX, \
     .argument = "SECONDS", .help = __VA_ARGS__}

/* unsigned: the index of one of `choices_`, an array of names that ends with NULL. */
#define OPTION_CHOICE(name_, to_, choices_, argument_, ...)                                        \
    {.name = name_, .kind = OPTION_KIND_CHOICE, .to.choice = to_, .choices = choices_,             \
     .argument = argument_, .help = __VA_ARGS__}

/* char *: any bytes, NULL unless given; option_rows_clear() frees it. */
#define OPTION_TEXT(name_, to_, argument_, ...)                                                    \
    {.name = name_, .kind = OPTION_KIND_TEXT, .to.text = to_, .argument = argument_,               \
     .help = __VA_ARGS__}

/* char **: the same, any number of times, NULL unless given, ended by NULL. */
#define OPTION_TEXTS(name_, to_, argument_, ...)                                                   \
    {.name = name_, .kind = OPTION_KIND_TEXTS, .to.texts = to_, .argument = argument_,             \
     .help = __VA_ARGS__}

/* char *: a file's name, as of OPTION_TEXT, but never empty; `file_` says what for. */
#define OPTION_FILE(name_, to_, file_, argument_, ...)                                             \
    {.name = name_, .kind = OPTION_KIND_FILE, .to.text = to_, .file = file_,                       \
     .argument = argument_, .help = __VA_ARGS__}

/* An option of the interface that this version does not have: refused with one sentence. */
#define OPTION_LATER(name_)                                                                        \
    {.name = name_, .kind = OPTION_KIND_LATER, .is_hidden = true, .argument = ""}

#define OPTION_END {.name = NULL}

/* clang-format on */

/* The row of a name (as long as `len` says) or of a letter; NULL when there is none. */
const struct option_row *option_row_find(const struct option_row *rows, const char *name,
                                         size_t len);
const struct option_row *option_row_find_letter(const struct option_row *rows, char letter);

/* The name that is most like a wrong one; NULL when none is. */
const char *option_row_nearest(const struct option_row *rows, const char *name, size_t len);

/* Sets the option to what was said for it (NULL for a flag).  NULL, or a sentence on why not, for
 * g_free().  Whether it was given before is the caller's to know. */
char *option_row_set(const struct option_row *row, const char *value);

/* Frees all that the options were set to. */
void option_rows_clear(const struct option_row *rows);

#endif
