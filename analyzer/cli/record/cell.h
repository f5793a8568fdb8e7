/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cell: a record as a row of named cells, and how it is written: as a line of JSON, or as one of
 * CSV.  A type of record has the same cells in the same order every time; what is not known is an
 * empty cell, which JSON leaves out.
 *
 *     struct record record;
 *     record_begin(&record, "connection");
 *     record_unsigned(&record, "number", 3);
 *     record_text(&record, "device", url);
 *     record_json(&record, line);
 */
#ifndef ANALYZE_RECORD_CELL_H
#define ANALYZE_RECORD_CELL_H

#include <glib.h>

/* The version of the records, "schema" in each of them. */
#define RECORD_SCHEMA 1
#define RECORD_CELLS_MAX 64u

enum record_kind {
    RECORD_EMPTY,
    RECORD_SIGNED,
    RECORD_UNSIGNED,
    RECORD_REAL,
    RECORD_BOOLEAN,
    RECORD_WORD, /* ours: printable ASCII */
    RECORD_TEXT, /* somebody else's: any bytes but 0 */
    RECORD_WORDS,
    RECORD_NESTED /* JSON of its own */
};

/* Appends a value in JSON. */
typedef void (*record_append)(GString *line, gconstpointer of, guint index);

struct record_cell {
    const char *name;
    enum record_kind kind;
    union {
        gint64 number;
        guint64 count;
        double real;
        const char *text;
        const char *const *words; /* ended by NULL */
        struct {
            record_append append;
            gconstpointer of;
            guint index;
        } nested;
    };
};

struct record {
    const char *type;
    guint num;
    struct record_cell cells[RECORD_CELLS_MAX];
    gsize scratch_len;
    char scratch[2048]; /* see record_print() */
};

void record_begin(struct record *record, const char *type);

void record_empty(struct record *record, const char *name);
void record_signed(struct record *record, const char *name, gint64 value);
void record_unsigned(struct record *record, const char *name, guint64 value);
void record_real(struct record *record, const char *name, double value);
void record_boolean(struct record *record, const char *name, gboolean value);
/* Strings have to live as long as the record; NULL is an empty cell. */
void record_word(struct record *record, const char *name, const char *value);
void record_text(struct record *record, const char *name, const char *value);
void record_words(struct record *record, const char *name, const char *const *words);
/* The value is asked for when the record is written, with what is handed in here. */
void record_nested(struct record *record, const char *name, record_append append, gconstpointer of,
                   guint index);

/* Text that lives as long as the record, up to the room that it has; cut there. */
const char *record_print(struct record *record, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Appends the record as one line, its newline included. */
void record_json(const struct record *record, GString *line);
void record_csv(const struct record *record, GString *line);
/* The names of its cells, as the first line of a table. */
void record_csv_head(const struct record *record, GString *line);

/* Appends a string of JSON.  False where bytes were no UTF-8, and had to be replaced. */
gboolean record_json_string(GString *line, const char *text);

#endif
